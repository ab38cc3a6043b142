"""MM-Skin-O: questions and answers on released pictures, as entries and as talks for training."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmskin_build.qa import QAItem
from mmskin_build.records import Record
from mmskin_build.store import plain

# Measured on MM-Skin's own test table.
UPSTREAM_ANSWER_WORDS = 21.7
#: Kinds whose answers say what is there; the others have an answer of one value, yes or no.
OPEN_KINDS = frozenset(
    {
        "diagnosis", "morphology", "site", "structure", "cell", "description", "comparison",
        "modality", "color", "arrangement", "border",
    }
)  # fmt: skip
_LENGTHS = (5, 10, 15, 25)  # words up to which answers are counted together
UPSTREAM_OPENINGS = "what is 17 %, are there 13 %, is there 12 %, what type 9 %, how does 8 %"
_SHOWN = 15  # openings in the card


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """The pairs on a build's records; `note` tells who wrote them and what was refused."""

    items: tuple[QAItem, ...]
    note: str = ""


def build_mmskin_o(
    records: Iterable[Record], items: Iterable[QAItem]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the entries and the conversations of MM-Skin-O, in the order of the records' ids.

    Only pairs on the given records, with the very pixels that they were written for, are taken;
    each bears the side of its record.
    """
    by_record: dict[str, list[QAItem]] = defaultdict(list)
    for item in items:
        by_record[item.record_id].append(item)
    entries: list[dict[str, Any]] = []
    talks: list[dict[str, Any]] = []
    for record in sorted(records, key=lambda r: r.id):
        own = [i for i in by_record[record.id] if i.image_sha256 == record.image_sha256]
        if own:
            entries += [build_entry(record, item) for item in own]
            talks.append(build_talk(record, own))
    return entries, talks


def build_entry(record: Record, item: QAItem) -> dict[str, Any]:
    """Return the entry of one pair; the quotations are the caption's words that carry it."""
    quotes = [
        {"field": e.field, "quote": record.figure_caption[e.start : e.end]} for e in item.evidence
    ]
    return {
        **plain(item),
        "image": record.image,
        "evidence": quotes,
        "group_id": record.group_id,
        "split": record.split,
    }


def build_talk(record: Record, items: Sequence[QAItem]) -> dict[str, Any]:
    """Return the pairs on one picture in LLaVA's form; a follow-up stands after its question."""
    return talk_of_pairs(
        record.id, record.image, [(i.id, i.follows, i.question, i.answer) for i in items]
    )


def talk_of_pairs(
    name: str, image: str, pairs: Sequence[tuple[str, str | None, str, str]]
) -> dict[str, Any]:
    """Return a talk of pairs (id, the id it follows, question, answer)."""
    after: dict[str | None, list[tuple[str, str | None, str, str]]] = defaultdict(list)
    known = {pair[0] for pair in pairs}
    for pair in pairs:
        after[pair[1] if pair[1] in known else None].append(pair)
    turns: list[dict[str, str]] = []
    waiting = list(reversed(after[None]))
    while waiting:
        pair = waiting.pop()
        head = "" if turns else "<image>\n"
        turns.append({"from": "human", "value": head + pair[2]})
        turns.append({"from": "gpt", "value": pair[3]})
        waiting.extend(reversed(after[pair[0]]))
    return {"id": name, "image": image, "conversations": turns}


def conversations_of(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the conversations that entries of MM-Skin-O make; the two files must agree.

    Raises:
        KeyError, TypeError: If an entry is not of MM-Skin-O's form.
    """
    by_record: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        by_record[entry["record_id"]].append(entry)
    return [
        talk_of_pairs(
            name,
            own[0]["image"],
            [(e["id"], e["follows"], e["question"], e["answer"]) for e in own],
        )
        for name, own in by_record.items()
    ]


def vqa_card(entries: Sequence[Mapping[str, Any]], note: str = "") -> list[str]:
    """Return the card's lines on MM-Skin-O: kinds, lengths, openings, balance, what guessing gives.

    `note` tells who wrote the pairs and what was refused (`QuestionSet.note`).
    """
    kinds = Counter(str(entry["kind"]) for entry in entries)
    openings = Counter(_opening(str(entry["question"])) for entry in entries)
    words = sorted(len(str(entry["answer"]).split()) for entry in entries)
    says = Counter(_says(str(e["answer"])) for e in entries if e["kind"] == "yes_no")
    total = len(entries)
    pictures = len({entry["record_id"] for entry in entries})
    yes_no = says["yes"] + says["no"]
    right, asked = majority_guesser(entries)
    lines = [
        "## MM-Skin-O",
        "",
        f"{total} pairs on {pictures} pictures; every answer was looked up in the caption, word by",
        "word, whoever wrote it.",
        "",
        "| kind | pairs | share | words of an answer |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {number} | {_share(number, total)} | {_mean(_words(entries, name)):.1f} |"
            for name, number in _ordered(kinds)
        ),
        "",
        f"- words of an answer: {_mean(words):.1f} on average, median "
        f"{words[total // 2] if words else 0}, longest {words[-1] if words else 0} "
        f"(MM-Skin's own: {UPSTREAM_ANSWER_WORDS} on average); {_mean(_open_words(entries)):.1f} "
        f"on average of kinds that ask for a description or a finding; {_spread(words)}",
        f"- openings: {len(openings)} different ones; "
        + ", ".join(f"{n} {_share(c, total)}" for n, c in _ordered(openings)[:_SHOWN])
        + f" (MM-Skin's own: {UPSTREAM_OPENINGS})",
        f"- yes or no: {says['yes']} yes, {says['no']} no ({_share(says['yes'], yes_no)} yes)",
        f"- a guesser that sees no picture, only the kind of a question, and gives the answer that "
        f"is most frequent in training: right on {right} of {asked} test pairs "
        f"({_share(right, asked)})",
    ]
    lines += [f"- written {note}"] if note else []
    return lines


def majority_guesser(entries: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Score a text-only guesser on the test side: right answers, pairs asked.

    It gives the most frequent training answer to a question with the same words, else of the same
    kind; of equally frequent ones the first in the alphabet.
    """
    by_question: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if entry["split"] == "train":
            by_question[str(entry["question"])][_answer(entry)] += 1
            by_kind[str(entry["kind"])][_answer(entry)] += 1
    right = asked = 0
    for entry in entries:
        if entry["split"] != "test":
            continue
        asked += 1
        known = by_question.get(str(entry["question"])) or by_kind.get(str(entry["kind"]))
        if known:
            guess = min(known, key=lambda answer: (-known[answer], answer))
            right += guess == _answer(entry)
    return right, asked


def _words(entries: Sequence[Mapping[str, Any]], kind: str) -> list[int]:
    return [len(str(e["answer"]).split()) for e in entries if e["kind"] == kind]


def _open_words(entries: Sequence[Mapping[str, Any]]) -> list[int]:
    return [number for kind in sorted(OPEN_KINDS) for number in _words(entries, kind)]


def _spread(words: Sequence[int]) -> str:
    """The shares of answers by their length, each up to a number of words."""
    parts = []
    least = 1
    for most in (*_LENGTHS, None):
        inside = sum(least <= number <= (most or number) for number in words)
        name = f"over {least - 1}" if most is None else f"{least} to {most}"
        parts.append(f"{name}: {_share(inside, len(words))}")
        least = (most or 0) + 1
    return "of all answers " + ", ".join(parts) + " words"


def _answer(entry: Mapping[str, Any]) -> str:
    answer = str(entry["answer"])
    return _says(answer) if entry["kind"] == "yes_no" else answer


def _says(answer: str) -> str:
    return answer.split()[0].strip(",.").lower() if answer.split() else ""


def _opening(question: str) -> str:
    return " ".join(question.lower().replace(",", "").rstrip("?").split()[:2])


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _mean(numbers: Sequence[int]) -> float:
    return math.fsum(numbers) / len(numbers) if numbers else 0.0
