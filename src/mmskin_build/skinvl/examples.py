r"""LLaVA's JSON becomes questions with answers; what cannot be used is listed before training.

Read is what every export of ours and upstream's ``vqa_MM.json`` has: an array of ``{"id", "image",
"conversations": [{"from": "human", "value": "<image>\n..."}, {"from": "gpt", "value": "..."}]}``.
Nothing in a file raises but a file that is no such array; an entry that cannot be used becomes a
`Problem` with its id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmskin_build.errors import SchemaError
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.store import parse_json, storage_errors

ProblemReason = Literal[
    "no_conversation",
    "no_image",
    "image_outside",
    "no_answer",
    "no_question",
    "roles_out_of_order",
    "several_pictures",
    "image_missing",
    "image_unreadable",
    "row_too_long",
]

#: Why an entry cannot be learned from.
PROBLEMS: dict[ProblemReason, str] = {
    "no_conversation": "the entry is no conversation in LLaVA's form",
    "no_image": "the entry names no picture",
    "image_outside": "the picture's path leads out of the folder of pictures",
    "no_answer": "a question has no answer, or an empty one",
    "no_question": "a question is empty",
    "roles_out_of_order": "human and gpt do not take turns",
    "several_pictures": "<image> stands there more than once, or not in the first question",
    "image_missing": "there is no such file",
    "image_unreadable": "the file cannot be decoded",
    "row_too_long": "picture, question and answer are longer than train.max_length",
}

_IMAGE = "<image>"
_ROLES = {"human": "human", "user": "human", "gpt": "gpt", "assistant": "gpt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Questions with answers on one picture; `image` is absolute or relative to the process."""

    id: str
    image: Path
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An entry that cannot be used."""

    id: str
    reason: ProblemReason
    detail: str


def read_conversations(
    path: Path, images: Path | None = None
) -> tuple[tuple[Conversation, ...], tuple[Problem, ...]]:
    """Read a file of conversations; pictures are looked for below `images`, else beside the file.

    Raises:
        SchemaError: If the file is missing or no JSON array.
        StorageError: If it cannot be read.
    """
    try:
        with storage_errors(path):
            entries = parse_json(path.read_bytes())
    except ValueError as error:
        raise SchemaError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(entries, list):
        raise SchemaError(f"{path}: not an array of conversations in LLaVA's form")
    folder = path.parent if images is None else images
    read: list[Conversation] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        found = _read_entry(entry, f"{path.name}[{number}]", folder)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            read.append(found)
    return tuple(read), tuple(problems)


def _read_entry(entry: Any, place: str, folder: Path) -> Conversation | Problem:
    def problem(reason: ProblemReason, detail: str) -> Problem:
        return Problem(id=name, reason=reason, detail=detail)

    name = place
    if not isinstance(entry, dict):
        return problem("no_conversation", f"a {type(entry).__name__}, not an object")
    if isinstance(entry.get("id"), str | int):
        name = str(entry["id"])
    image, talk = entry.get("image"), entry.get("conversations")
    if not isinstance(image, str) or not image or "\0" in image:
        return problem("no_image", f"image is {image!r}")
    if Path(image).is_absolute() or ".." in Path(image).parts:
        return problem("image_outside", image)
    if not isinstance(talk, list) or not talk:
        return problem("no_conversation", "conversations is empty or no list")
    said: list[str] = []
    for number, turn in enumerate(talk):
        role = _ROLES.get(str(turn.get("from", "")).lower()) if isinstance(turn, dict) else None
        if role != ("human", "gpt")[number % 2]:
            return problem(
                "roles_out_of_order", f"turn {number} is not of the one whose turn it is"
            )
        if not isinstance(turn.get("value"), str):
            return problem("no_conversation", f"turn {number} has no text")
        said.append(turn["value"])
    if len(said) % 2:
        return problem("no_answer", f"the last of {len(said)} turns is a question")
    marks = [text.count(_IMAGE) for text in said]
    if sum(marks) > 1 or any(marks[1:]):
        return problem("several_pictures", f"{sum(marks)} times {_IMAGE}")
    said[0] = said[0].replace(_IMAGE, "")
    texts = [text.strip() for text in said]
    turns = tuple(zip(texts[::2], texts[1::2], strict=True))
    for number, (question, answer) in enumerate(turns, 1):
        if not answer:
            return problem("no_answer", f"answer {number} is empty")
        if not question:
            return problem("no_question", f"question {number} is empty")
    return Conversation(id=name, image=folder / image, turns=turns)


def check_pictures(
    conversations: Sequence[Conversation], workers: int
) -> tuple[tuple[Conversation, ...], tuple[Problem, ...]]:
    """Decode each picture once; conversations whose picture cannot be had become problems."""
    paths = sorted({talk.image for talk in conversations})
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        wrong = dict(zip(paths, pool.map(_wrong_picture, paths), strict=True))
    good = tuple(talk for talk in conversations if wrong[talk.image] is None)
    problems = tuple(
        Problem(id=talk.id, reason=found[0], detail=f"{talk.image}: {found[1]}")
        for talk in conversations
        if (found := wrong[talk.image]) is not None
    )
    return good, problems


def _wrong_picture(path: Path) -> tuple[ProblemReason, str] | None:
    if not path.is_file():
        return "image_missing", PROBLEMS["image_missing"]
    found = read_picture(path)
    return ("image_unreadable", found.detail) if isinstance(found, UnreadPicture) else None


def digest_conversations(conversations: Iterable[Conversation]) -> str:
    """Return a digest of ids, words and the bytes of pictures, the same on every machine."""
    digest = hashlib.sha256()
    pictures: dict[Path, str] = {}
    for talk in conversations:
        if talk.image not in pictures:
            with storage_errors(talk.image), talk.image.open("rb") as file:
                pictures[talk.image] = hashlib.file_digest(file, "sha256").hexdigest()
        line = json.dumps([talk.id, pictures[talk.image], talk.turns], ensure_ascii=True)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def describe_problems(problems: Sequence[Problem], shown: int = 20) -> Iterator[str]:
    """Yield one line a problem, the first `shown` of them, and how many more there are."""
    for problem in problems[:shown]:
        yield f"{problem.id}: {problem.reason}: {problem.detail}"
    if len(problems) > shown:
        yield f"and {len(problems) - shown} more"
