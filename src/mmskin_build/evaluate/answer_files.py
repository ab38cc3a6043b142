"""Answers of any other model: plain files, joined to the items of a test set.

A file has the columns (CSV, TSV) or keys (JSON lines, a JSON array) ``id`` and ``prediction``, or
``image``, ``question`` and ``prediction``. The names that upstream's script and LLaVA's write are
known as well. A column ``answer`` alone is never taken for the model's: in upstream's table it is
the right one.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.predictions import Prediction, is_answered
from mmskin_build.store import parse_json, storage_errors

_IDS = ("id", "question_id")
_ANSWERS = ("prediction", "predicted_answer", "text")  # ours, upstream's VQA_test.py, LLaVA's
_SHOWN = 3  # examples in a message
_CELL = 10_000_000  # characters of one cell, at most

Row = Mapping[str, Any]
Key = Callable[[str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A test set with the answers of a file.

    Every item is in `predictions`; one without an answer bears its `failure` and counts as wrong.
    `missing` are ids of items that no row answers, `empty` those with a blank answer; `doubled`
    rows answer an item that another row has answered (the first one counts, unless it is blank),
    `unknown` rows belong to no item, `unreadable` ones are no row.
    """

    predictions: tuple[Prediction, ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]
    doubled: int
    unknown: int
    unreadable: int

    def notes(self) -> tuple[str, ...]:
        """Return what a person must know of the file, a sentence each; none if all fits."""
        shown = ", ".join(self.missing[:_SHOWN])
        more = ", …" if len(self.missing) > _SHOWN else ""
        told = (
            (len(self.missing), f"items have no row and count as wrong: {shown}{more}"),
            (len(self.empty), "items have an empty answer and count as wrong"),
            (self.doubled, "rows answer an item twice; the first answer counts"),
            (self.unknown, "rows belong to no item of the test set and are left out"),
            (self.unreadable, "lines cannot be read and are left out"),
        )
        return tuple(f"{number} {words}" for number, words in told if number)


def join_answers(path: Path, items: Sequence[Prediction]) -> Joined:
    """Read the answers of a file and give each to its item.

    By id where the file has ids of this test set, else by picture and question; where a test set
    asks the same twice of a picture, the rows count in their order. Pictures are compared by their
    whole path, or by name where no path fits.

    Raises:
        SchemaError: If columns are missing or no row belongs to the test set.
        StorageError: If the file cannot be read.
    """
    rows, unreadable = _read_rows(path)
    answer_key = _column(path, rows, _ANSWERS)
    ids = {item.id: item for item in items}
    id_key = next((name for name in _IDS if rows and name in rows[0]), None)
    has_pairs = bool(rows) and {"image", "question"} <= set(rows[0])
    found: list[tuple[str, Row]] = []
    if id_key is not None:
        found = [(str(row.get(id_key)), row) for row in rows if str(row.get(id_key)) in ids]
    if not found and has_pairs:
        found = _by_pair(rows, items, _whole) or _by_pair(rows, items, _named)
    if not found:
        raise SchemaError(_no_match(path, rows, id_key, has_pairs, items))
    answered: dict[str, Prediction] = {}
    seen: Counter[str] = Counter()
    for name, row in found:
        seen[name] += 1
        fresh = _answer(ids[name], row, answer_key)
        if name not in answered or (is_answered(fresh) and not is_answered(answered[name])):
            answered[name] = fresh
    predictions = tuple(
        answered.get(item.id) or dataclasses.replace(item, failure="no row") for item in items
    )
    return Joined(
        predictions=predictions,
        missing=tuple(item.id for item in items if item.id not in answered),
        empty=tuple(name for name, item in answered.items() if not is_answered(item)),
        doubled=sum(number - 1 for number in seen.values()),
        unknown=len(rows) - len(found),
        unreadable=unreadable,
    )


def _answer(item: Prediction, row: Row, answer_key: str) -> Prediction:
    text = row.get(answer_key)
    probabilities = row.get("probabilities") or None
    if isinstance(probabilities, str):
        try:
            probabilities = parse_json(probabilities)
        except ValueError:
            probabilities = None
    if not (
        isinstance(probabilities, dict) and all(_is_probability(p) for p in probabilities.values())
    ):
        probabilities = None
    label = row.get("label") or None
    answered = dataclasses.replace(
        item,
        prediction="" if text is None else str(text).strip(),
        probabilities=probabilities and {str(k): float(p) for k, p in probabilities.items()},
        label=None if label is None else str(label),
    )
    if is_answered(answered):
        return answered
    return dataclasses.replace(answered, failure="empty answer")


def _is_probability(value: object) -> bool:
    """Whether a number can be one as a float; models write logits, too, and JSON has no limit."""
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


# ------------------------------------------------------------------------------------- joining


def _by_pair(rows: Sequence[Row], items: Sequence[Prediction], key: Key) -> list[tuple[str, Row]]:
    """Return the id of the item of each row that belongs to one; the nth row to the nth item."""
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        waiting[key(item.image, item.question)].append(item.id)
    taken: Counter[tuple[str, str]] = Counter()
    found: list[tuple[str, Row]] = []
    for row in rows:
        pair = key(str(row.get("image") or ""), str(row.get("question") or ""))
        names = waiting.get(pair)
        if names:
            found.append((names[taken[pair] % len(names)], row))
            taken[pair] += 1
    return found


def _whole(image: str, question: str) -> tuple[str, str]:
    return image, plain_question(question)


def _named(image: str, question: str) -> tuple[str, str]:
    return PurePosixPath(image).name, plain_question(question)


def plain_question(question: str) -> str:
    r"""Return a question without LLaVA's mark of the picture and without needless spaces.

    >>> plain_question("<image>\nWhat  is shown?")
    'What is shown?'
    """
    return " ".join(question.replace("<image>", " ").split())


def _no_match(
    path: Path,
    rows: Sequence[Row],
    id_key: str | None,
    has_pairs: bool,
    items: Sequence[Prediction],
) -> str:
    example = items[0] if items else None
    wanted = f"such as id {example.id!r}, image {example.image!r}" if example else "which is empty"
    if id_key is None and not has_pairs:
        return (
            f"{path}: has the columns {_names(rows)}; a file of answers needs id and prediction, "
            "or image, question and prediction"
        )
    given = [str(row.get(id_key or "image")) for row in rows[:_SHOWN]]
    return (
        f"{path}: none of its {len(rows)} rows belongs to the test set ({wanted}); it has "
        f"{id_key or 'image'} {', '.join(given)}; is it of another test set?"
    )


# ------------------------------------------------------------------------------------- reading


def _column(path: Path, rows: Sequence[Row], names: Sequence[str]) -> str:
    if not rows:
        raise SchemaError(f"{path}: holds no row; a file of answers has one row an item")
    for name in names:
        if name in rows[0]:
            return name
    right = "; its column answer is read as the right answer" if "answer" in rows[0] else ""
    raise SchemaError(
        f"{path}: has no column prediction, only {_names(rows)}{right}; rename the column with "
        "what the model said to prediction"
    )


def _names(rows: Sequence[Row]) -> str:
    return ", ".join(str(name) for name in rows[0]) if rows else "none"


def _read_rows(path: Path) -> tuple[list[Row], int]:
    with storage_errors(path):
        raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None
    if path.suffix.lower() in (".csv", ".tsv"):
        return _read_table(path, text, "\t" if path.suffix.lower() == ".tsv" else ",")
    if path.suffix.lower() == ".json":
        try:
            entries = parse_json(text)
        except ValueError as error:
            raise SchemaError(f"{path}: not JSON: {error}") from None
        entries = entries if isinstance(entries, list) else []
        found: list[Row] = [entry for entry in entries if isinstance(entry, dict)]
        return found, len(entries) - len(found)
    rows: list[Row] = []
    unreadable = 0
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            entry = parse_json(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            rows.append(entry)
        else:
            unreadable += 1
    return rows, unreadable


def _read_table(path: Path, text: str, delimiter: str) -> tuple[list[Row], int]:
    csv.field_size_limit(_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        found = list(reader)
    except csv.Error as error:
        raise SchemaError(f"{path} line {reader.line_num}: {error}; save it as CSV again") from None
    # A row with too few or too many cells has None as a value or as a name.
    rows = [row for row in found if None not in row and None not in row.values()]
    return list(rows), len(found) - len(rows)
