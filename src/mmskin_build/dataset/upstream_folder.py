"""A folder with the published MM-Skin, read as it is: captions, questions, pictures.

It has ``caption.csv`` (image, caption, modality), and may have ``vqa_MM.json`` (talks to train on),
``MM-Skin_test.csv`` (image, question, answer) and the pictures, in ``dataset/`` or beside the
tables. Columns may stand in any order, and others with them. What cannot be used is a reject with
its reason; the reject names picture and line and quotes no words.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build.dataset.export_upstream import CAPTION_TABLE, TEST, TRAIN
from mmskin_build.dataset.summary import natural_order
from mmskin_build.errors import SchemaError
from mmskin_build.records import Reject
from mmskin_build.store import parse_json, storage_errors

PICTURES = "dataset"  # the folder of the pictures

# bk<book>, then chapter, index, panel: bk3_12.png, bk3_c18_12.png, bk11_736_c.png.
_NAME = re.compile(r"((bk[1-9]\d*)(?:_[A-Za-z0-9]+)+)\.(?:png|jpe?g)", re.IGNORECASE)
_PANEL = re.compile(r"(.*\d)_?([a-z])")
# How the published tables and scripts call the kinds of pictures, by how the word begins.
_MODALITIES = {
    "clinic": "clinical",
    "dermo": "dermoscopic",
    "dermato": "dermoscopic",
    "patho": "pathological",
    "histo": "pathological",
}
_MOST_CELL_CHARS = 10_000_000  # of one cell of a table; Python's own limit is 131,072
_IMAGE_MARK = re.compile(r"^\s*<image>\s*|\s*<image>\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPair:
    """A row of ``caption.csv``: `id` is the picture's name without ending, `panel` its letter.

    `path` is the picture's file, None if there is none. `modality` is None where it is unknown.
    """

    id: str
    book_id: str
    figure_id: str
    panel: str | None
    caption: str
    modality: str | None
    path: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamQuestion:
    """A question with its answer; `talk` numbers the talk it stands in, -1 for the test table."""

    pair_id: str
    question: str
    answer: str
    talk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFolder:
    """What a folder holds. Pairs are in natural order; `tested` and `trained` are picture names."""

    pairs: tuple[UpstreamPair, ...]
    questions: tuple[UpstreamQuestion, ...]
    tested: frozenset[str]
    trained: frozenset[str]
    has_test_table: bool
    rejects: tuple[Reject, ...]


def read_upstream(folder: Path) -> UpstreamFolder:
    """Read the tables of a folder and look its pictures up; no picture is opened.

    Raises:
        SchemaError: If there is no caption table, or it lacks a column.
        StorageError: If the folder cannot be read.
    """
    if not folder.is_dir():
        raise SchemaError(f"{folder}: no folder; name the one that has {CAPTION_TABLE}")
    files = _list_pictures(folder)
    rejects: list[Reject] = []
    pairs = _read_pairs(folder, files, rejects)
    known = {pair.id for pair in pairs}
    questions: list[UpstreamQuestion] = []
    trained = _read_talks(folder / TRAIN, questions, rejects)
    tested = _read_test(folder / TEST, questions, rejects)
    for name in sorted(files.keys() - known, key=natural_order):
        detail = f"{files[name].name} has no usable row in {CAPTION_TABLE}"
        rejects.append(_reject(name, "image_without_caption", detail))
    return UpstreamFolder(
        pairs=tuple(sorted(pairs, key=lambda pair: natural_order(pair.id))),
        questions=tuple(_without_repeats(questions, rejects)),
        tested=frozenset(tested or ()),
        trained=frozenset(trained),
        has_test_table=tested is not None,
        rejects=tuple(rejects),
    )


def _reject(item_id: str, reason: str, detail: str) -> Reject:
    return Reject(item_id=item_id, stage="import", reason=reason, detail=detail)


def _list_pictures(folder: Path) -> dict[str, Path]:
    """Picture files by name without ending; those in ``dataset/`` go before those beside it."""
    found: dict[str, Path] = {}
    for place in (folder / PICTURES, folder):
        if not place.is_dir():
            continue
        with storage_errors(place):
            paths = sorted(place.iterdir())
        for path in paths:
            match = _NAME.fullmatch(path.name)
            if match and path.is_file():
                found.setdefault(match[1].lower(), path)
    return found


def _name_of(cell: object) -> re.Match[str] | None:
    """The parts of a picture's name as a table gives it, with or without ``dataset/``."""
    if not isinstance(cell, str):
        return None
    name = cell.strip().replace("\\", "/").removeprefix("./").removeprefix(f"{PICTURES}/")
    return _NAME.fullmatch(name)


def _read_pairs(
    folder: Path, files: Mapping[str, Path], rejects: list[Reject]
) -> list[UpstreamPair]:
    path = folder / CAPTION_TABLE
    if not path.is_file():
        raise SchemaError(f"{path}: missing; a folder of the published MM-Skin has this table")
    rows = _read_table(path, ("image", "caption"), ("modality",), rejects)
    if rows is None:
        raise SchemaError(f"{path}: {rejects[-1].detail}")
    pairs: dict[str, UpstreamPair] = {}
    for where, row in rows:
        match = _name_of(row["image"])
        if match is None:
            rejects.append(_reject(where, "name_unknown", "the cell image"))
            continue
        name = match[1].lower()
        caption = row["caption"].strip()
        if not caption:
            rejects.append(_reject(name, "caption_empty", where))
            continue
        modality = _modality(row["modality"])
        first = pairs.get(name)
        if first is not None:
            same = (first.caption, first.modality) == (caption, modality)
            rejects.append(_reject(name, "row_repeated" if same else "row_contradicts", where))
            continue
        if modality is None and row["modality"].strip():
            rejects.append(_reject(f"{name}:modality", "modality_unknown", where))
        panel = _PANEL.fullmatch(name)
        pairs[name] = UpstreamPair(
            id=name,
            book_id=match[2].lower(),
            figure_id=panel[1] if panel else name,
            panel=panel[2] if panel else None,
            caption=caption,
            modality=modality,
            path=files.get(name),
        )
    return list(pairs.values())


def _modality(word: str) -> str | None:
    folded = word.strip().casefold()
    return next((kind for start, kind in _MODALITIES.items() if folded.startswith(start)), None)


def _read_table(
    path: Path, needed: Sequence[str], spare: Sequence[str], rejects: list[Reject]
) -> Iterator[tuple[str, dict[str, str]]] | None:
    """The rows of a table with where they stand, or None after a reject of the whole table."""
    with storage_errors(path):
        content = path.read_bytes()
    # What is no UTF-8 becomes surrogates, so that only its own rows are rejected.
    text = content.decode("utf-8-sig", "surrogateescape")
    csv.field_size_limit(_MOST_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        heads = [head.strip().casefold() for head in next(reader, [])]
    except csv.Error as error:
        rejects.append(_reject(path.name, "table_unreadable", str(error)))
        return None
    missing = [name for name in needed if name not in heads]
    if missing:
        detail = f"has no column {', '.join(missing)}; it needs {', '.join(needed)}"
        rejects.append(_reject(path.name, "table_unreadable", detail))
        return None
    places = {name: heads.index(name) for name in (*needed, *spare) if name in heads}
    return _rows(path.name, reader, len(heads), places, spare, rejects)


def _rows(
    table: str,
    reader: Any,
    width: int,
    places: Mapping[str, int],
    spare: Sequence[str],
    rejects: list[Reject],
) -> Iterator[tuple[str, dict[str, str]]]:
    number = 0
    while True:
        number += 1
        where = f"{table} row {number}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rejects.append(_reject(where, "row_malformed", str(error)))
            continue
        if not cells:
            continue
        if len(cells) != width:
            detail = f"{len(cells)} cells below {width} headings"
            rejects.append(_reject(where, "row_malformed", detail))
        elif not all(_is_text(cells[place]) for place in places.values()):
            rejects.append(_reject(where, "row_malformed", "not UTF-8"))
        else:
            row = {name: cells[place] for name, place in places.items()}
            yield where, dict.fromkeys(spare, "") | row


def _is_text(value: object) -> bool:
    """Whether a value is a text of characters, which a lone surrogate is not."""
    if not isinstance(value, str):
        return False
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _read_talks(path: Path, questions: list[UpstreamQuestion], rejects: list[Reject]) -> set[str]:
    """Add the questions of the talks and return the names of their pictures."""
    if not path.is_file():
        return set()
    with storage_errors(path):
        content = path.read_bytes()
    try:
        talks = parse_json(content)
    except ValueError as error:
        detail = f"not valid JSON: {error}"
        rejects.append(_reject(path.name, "table_unreadable", detail))
        return set()
    if not isinstance(talks, list):
        rejects.append(_reject(path.name, "table_unreadable", "not a list of talks"))
        return set()
    seen: set[str] = set()
    for number, talk in enumerate(talks):
        where = f"{path.name} talk {number}"
        turns = _turns(talk)
        if turns is None:
            detail = "needs an image, and conversations of human and gpt in turn"
            rejects.append(_reject(where, "row_malformed", detail))
            continue
        match = _name_of(talk["image"])
        if match is None:
            rejects.append(_reject(where, "name_unknown", "image"))
            continue
        name = match[1].lower()
        seen.add(name)
        questions.extend(
            UpstreamQuestion(pair_id=name, question=asked, answer=told, talk=number)
            for asked, told in turns
        )
    return seen


def _turns(talk: object) -> list[tuple[str, str]] | None:
    """Questions and answers of a talk, None if it is none."""
    if not isinstance(talk, dict) or "image" not in talk:
        return None
    turns = talk.get("conversations")
    if not isinstance(turns, list) or not turns or len(turns) % 2:
        return None
    values: list[str] = []
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict) or turn.get("from") != ("human", "gpt")[number % 2]:
            return None
        value = turn.get("value")
        if not isinstance(value, str) or not _is_text(value):
            return None
        values.append(_IMAGE_MARK.sub("", value).strip())
    return list(zip(values[::2], values[1::2], strict=True)) if all(values) else None


def _read_test(
    path: Path, questions: list[UpstreamQuestion], rejects: list[Reject]
) -> set[str] | None:
    """Add the questions of the test table and return the names of its pictures, None without it."""
    if not path.is_file():
        return None
    rows = _read_table(path, ("image", "question", "answer"), (), rejects)
    if rows is None:
        return None
    seen: set[str] = set()
    for where, row in rows:
        match = _name_of(row["image"])
        if match is None:
            rejects.append(_reject(where, "name_unknown", "the cell image"))
            continue
        name, asked, told = match[1].lower(), row["question"].strip(), row["answer"].strip()
        seen.add(name)
        if asked and told:
            questions.append(UpstreamQuestion(pair_id=name, question=asked, answer=told, talk=-1))
        else:
            rejects.append(_reject(where, "row_malformed", "no question or no answer"))
    return seen


def _without_repeats(
    questions: Sequence[UpstreamQuestion], rejects: list[Reject]
) -> Iterator[UpstreamQuestion]:
    seen: set[tuple[str, str, str]] = set()
    for question in questions:
        key = question.pair_id, question.question, question.answer
        if key in seen:
            rejects.append(_reject(question.pair_id, "row_repeated", "a question and its answer"))
            continue
        seen.add(key)
        yield question
