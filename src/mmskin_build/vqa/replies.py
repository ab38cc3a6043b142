"""What a language model is asked, and what is made of its reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from mmskin_build.qa import QAKind
from mmskin_build.store import parse_json
from mmskin_build.vqa.drafts import Draft
from mmskin_build.vqa.manner import MOST_ANSWER, MOST_QUESTION
from mmskin_build.vqa.told import Told

#: Raise with any change of the prompt.
MODEL_PROMPT_VERSION = "model-1"
MOST_PAIRS = 20  # of one reply; what comes after is not read
MOST_CHARACTERS = 60_000  # of one reply; a longer one is not read at all
KINDS: tuple[QAKind, ...] = get_args(QAKind)

_SYSTEM = """\
You write questions and answers on a picture out of a textbook of dermatology, for training a \
model that sees the picture only. You are given what the book says of it.
Write {count} pairs. Rules:
- An answer follows from the words given, word by word: no knowledge from elsewhere, no guess.
- An answer is one whole sentence. It never hedges, never advises, never says what is usual.
- Ask only what can be seen in the picture, or what it is: diagnosis, lesions, color, shape, \
place, stain, age group, sex. Not history, treatment, symptoms or outlook.
- A question does not hold its answer. No two questions ask the same.
- Never speak of the text, the caption, the figure or its number. No names, no dates.
- As many questions are answered by yes as by no; no only where the words deny it.
Reply with JSON only: {{"pairs": [{{"kind": "...", "question": "...", "answer": "..."}}]}}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The pairs of a reply, and what is wrong with it; "" if nothing is."""

    drafts: tuple[Draft, ...] = ()
    fault: str = ""


def build_messages(told: Told, count: int) -> list[dict[str, str]]:
    """Return the messages that ask for pairs on one record."""
    words = " ".join(told.text.split())
    kind = f"Kind of picture: {told.modality}\n" if told.modality else ""
    return [
        {"role": "system", "content": _SYSTEM.format(count=count)},
        {"role": "user", "content": f"{kind}What the book says: {words}"},
    ]


def reply_schema(count: int) -> dict[str, Any]:
    """Return the JSON Schema of a reply, for servers that hold a model to one."""
    text = {"type": "string", "minLength": 1}
    pair = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": list(KINDS)},
            "question": {**text, "maxLength": MOST_QUESTION},
            "answer": {**text, "maxLength": MOST_ANSWER},
        },
        "required": ["kind", "question", "answer"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"pairs": {"type": "array", "items": pair, "maxItems": count}},
        "required": ["pairs"],
        "additionalProperties": False,
    }


def parse_reply(text: str) -> Parsed:
    """Read the pairs of a reply; JSON that is fenced, chatted around or cut off is mended.

    >>> parse_reply('Sure! {"pairs": [{"question": "Where?", "answer": "On the lip."}').drafts
    (Draft(kind='other', question='Where?', answer='On the lip.', follows=None),)
    >>> parse_reply("I cannot do that.").fault
    'no_json'
    """
    if not text.strip():
        return Parsed(fault="empty_reply")
    if len(text) > MOST_CHARACTERS:
        return Parsed(fault="endless_reply")
    start = min((place for mark in "{[" if (place := text.find(mark)) >= 0), default=-1)
    if start < 0:
        return Parsed(fault="no_json")
    value = _load(text[start:])
    pairs = value.get("pairs") if isinstance(value, Mapping) else value
    if not isinstance(pairs, list):
        return Parsed(fault="no_pairs")
    drafts = tuple(draft for pair in pairs[:MOST_PAIRS] if (draft := _draft(pair)) is not None)
    if not drafts:
        return Parsed(fault="no_pairs")
    return Parsed(
        drafts=drafts, fault="broken_pairs" if len(drafts) < len(pairs[:MOST_PAIRS]) else ""
    )


def _load(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        from json_repair import repair_json

        try:
            return repair_json(text, return_objects=True)
        except (ValueError, RecursionError):
            return None


def _draft(pair: Any) -> Draft | None:
    if not isinstance(pair, Mapping):
        return None
    question, answer, kind = pair.get("question"), pair.get("answer"), pair.get("kind")
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    if any("\ud800" <= letter <= "\udfff" for letter in question + answer):
        return None
    known: QAKind = cast(QAKind, kind) if kind in KINDS and kind != "follow_up" else "other"
    return Draft(kind=known, question=question, answer=answer)
