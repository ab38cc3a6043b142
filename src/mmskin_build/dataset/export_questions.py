"""The questions and answers of a release, out of all its parts, as exports take them.

A caption answers an open question for a description; MM-Skin-O and MM-Skin-D bring their own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mmskin_build.dataset.export_source import PART_NAMES, Part, Source, read_file
from mmskin_build.dataset.manifest import DEMOGRAPHICS, DEMOGRAPHICS_VQA
from mmskin_build.errors import SchemaError
from mmskin_build.store import parse_json

# Questions that the whole caption answers, for the captions among questions and answers.
_DESCRIBE = (
    "What does this image show?",
    "Please describe what can be seen in this image.",
    "How would you describe the findings in this picture?",
    "Can you describe this dermatological image?",
    "What is seen in this image?",
    "Write a description of this image.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a record with its answer; `part` is where it comes from.

    `follows` is the id of the question before it that this one refers to.
    """

    id: str
    record_id: str
    part: Part
    kind: str
    question: str
    answer: str
    follows: str | None = None


def read_questions(source: Source) -> list[Question]:
    """Return the questions on the chosen records of all chosen parts, by record, then by part.

    A caption answers an open question for a description, chosen by the record's id. A question that
    refers to another comes after it.

    Raises:
        VerificationError: If a file was changed.
        SchemaError: If a file does not have the form of its part.
    """
    readers = {"C": _described, "O": read_open, "D": _demographic}
    place = {record.id: number for number, record in enumerate(source.records)}
    found = [q for part in source.parts for q in readers[part](source) if q.record_id in place]
    return sorted(found, key=lambda question: (place[question.record_id], question.part))


def _described(source: Source) -> Iterator[Question]:
    for record in source.records:
        if record.caption:
            yield Question(
                id=f"{record.id}:C",
                record_id=record.id,
                part="C",
                kind="description",
                question=_describe(record.id),
                answer=record.caption,
            )


def _describe(record_id: str) -> str:
    digest = hashlib.sha256(f"{record_id}\ndescription".encode()).digest()
    return _DESCRIBE[int.from_bytes(digest[:8], "big") % len(_DESCRIBE)]


def read_open(source: Source) -> Iterator[Question]:
    """Yield the questions of MM-Skin-O, each before those that refer to it.

    Raises:
        VerificationError: If the file was changed.
        SchemaError: If it is not a list of entries with record_id, question and answer.
    """
    found = list(_open_questions(source))
    known = {question.id for question in found}
    after: dict[str | None, list[Question]] = defaultdict(list)
    for question in found:
        after[question.follows if question.follows in known else None].append(question)
    waiting = after[None][::-1]
    told = 0
    while waiting:
        question = waiting.pop()
        yield question
        told += 1
        waiting.extend(after[question.id][::-1])
    if told < len(found):
        name = source.manifest.subsets[PART_NAMES["O"]].file
        raise SchemaError(f"{name}: questions refer to each other in a circle (follows)")


def _open_questions(source: Source) -> Iterator[Question]:
    for number, entry in enumerate(read_list(source, "O")):
        where = f"{source.manifest.subsets[PART_NAMES['O']].file} entry {number}"
        yield Question(
            id=_text(entry, "id", where),
            record_id=_text(entry, "record_id", where),
            part="O",
            kind=_text(entry, "kind", where),
            question=_text(entry, "question", where),
            answer=_text(entry, "answer", where),
            follows=None if entry.get("follows") is None else _text(entry, "follows", where),
        )


def read_list(source: Source, part: Part) -> list[dict[str, Any]]:
    """Return the entries of a part's file as they stand.

    Raises:
        VerificationError: If the file was changed.
        SchemaError: If it is not a list of objects.
    """
    name = source.manifest.subsets[PART_NAMES[part]].file or ""
    return _objects(read_file(source, name), name)


def _objects(content: bytes, name: str) -> list[dict[str, Any]]:
    try:
        entries = parse_json(content)
    except ValueError as error:
        raise SchemaError(f"{name}: not valid JSON: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SchemaError(f"{name}: not a list of entries")
    return entries


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise SchemaError(f"{where}: {key} is not a text; make the release again")
    return value


def _demographic(source: Source) -> Iterator[Question]:
    for talk in _objects(read_file(source, DEMOGRAPHICS_VQA), DEMOGRAPHICS_VQA):
        turns = talk.get("conversations", [])
        where = f"{DEMOGRAPHICS_VQA}: {talk.get('id')}"
        pairs = zip(turns[::2], turns[1::2], strict=True)
        for number, (asked, told) in enumerate(pairs, 1):
            yield Question(
                id=f"{talk['id']}:D{number}",
                record_id=_text(talk, "id", where),
                part="D",
                kind="demographics",
                question=_text(asked, "value", where).removeprefix("<image>\n"),
                answer=_text(told, "value", where),
            )


def read_demographics(source: Source) -> list[dict[str, Any]]:
    """Return the entries of MM-Skin-D on the chosen records.

    Raises:
        VerificationError: If the file was changed.
        SchemaError: If it is not a list of entries.
    """
    known = {record.id for record in source.records}
    return [
        e for e in _objects(read_file(source, DEMOGRAPHICS), DEMOGRAPHICS) if e.get("id") in known
    ]


def build_conversations(
    questions: Iterable[Question], images: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return questions in LLaVA's form: one conversation a record and part.

    The parts are not joined into one conversation, for a caption among the turns before a question
    would hand the model its answer.

    Args:
        questions: In the order of `read_questions`.
        images: Record id to the name of its picture.
    """
    talks: list[dict[str, Any]] = []
    for (record_id, part), group in groupby(questions, key=lambda q: (q.record_id, q.part)):
        turns: list[dict[str, str]] = []
        for question in group:
            head = "" if turns else "<image>\n"
            turns.append({"from": "human", "value": head + question.question})
            turns.append({"from": "gpt", "value": question.answer})
        talks.append(
            {"id": f"{record_id}:{part}", "image": images[record_id], "conversations": turns}
        )
    return talks
