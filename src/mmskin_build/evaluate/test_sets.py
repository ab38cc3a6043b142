"""Questions with their right answers: of a release, a LLaVA JSON, or upstream's test table.

`train` has what a guesser may learn from; it is empty where a file brings no training side.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mmskin_build.dataset.manifest import MANIFEST
from mmskin_build.dataset.released import read_released
from mmskin_build.errors import ReleaseError, SchemaError
from mmskin_build.evaluate.predictions import Prediction, Subgroup
from mmskin_build.skinvl.examples import read_conversations
from mmskin_build.store import storage_errors, to_json

_QUESTIONS = "MM-Skin-O.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSet:
    """Items to be answered, and what is known beside them; `captions` by id of item.

    `images` is the folder below which the items' pictures lie.
    """

    __test__ = False  # for pytest, which takes the name for a test

    name: str
    items: tuple[Prediction, ...]
    images: Path
    captions: Mapping[str, str] = field(default_factory=dict)
    train: tuple[Prediction, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Return a digest of the questions and their right answers."""
        digest = hashlib.sha256()
        for item in self.items:
            digest.update(to_json(item) + b"\n")
        return digest.hexdigest()


def read_release_set(release: Path) -> TestSet:
    """Read the test side of MM-Skin-O of a release; clusters are its groups of near duplicates.

    Raises:
        ReleaseError: If it is not there, has no questions, or none on the test side.
        SchemaError: If a file does not have its form.
    """
    if not (release / MANIFEST).is_file():
        raise ReleaseError(f"{release}: no such release; make one: mmskin release 1.0.0")
    released = read_released(release)
    records = {record.id: record for record in released.records}
    sides: dict[str, list[Prediction]] = {"train": [], "test": []}
    captions: dict[str, str] = {}
    for entry in released.parts.get(_QUESTIONS, []):
        record = records.get(str(entry.get("record_id")))
        side = sides.get(str(entry.get("split")))
        if record is None or side is None or entry.get("follows"):
            continue  # a follow-up cannot be asked alone
        item = Prediction(
            id=str(entry["id"]),
            set=f"{release.parent.name} {release.name}",
            task="vqa",
            image=record.image,
            question=str(entry["question"]),
            reference=str(entry["answer"]),
            cluster=record.group_id,
            book=record.id.split("_")[0],
            modality=None if record.modality is None else record.modality.value,
            kind=str(entry["kind"]),
            subgroup=Subgroup(age_group=record.demographics.age_group, sex=record.demographics.sex),
        )
        captions[item.id] = record.figure_caption or record.caption
        side.append(item)
    if not sides["test"]:
        raise ReleaseError(
            f"{release}: has no questions on its test side; run mmskin vqa before mmskin release, "
            "with a test_share (in [split] of mmskin.toml) above 0"
        )
    test = tuple(sides["test"])
    return TestSet(
        name=test[0].set, items=test, images=release, captions=captions, train=tuple(sides["train"])
    )


def read_llava_set(path: Path, images: Path | None = None) -> TestSet:
    """Read a LLaVA JSON; each question is asked on its own, a figure is a cluster.

    Raises:
        SchemaError: If it is no array of conversations, or none can be used.
    """
    talks, problems = read_conversations(path, images)
    folder = path.parent if images is None else images
    items = [
        Prediction(
            id=f"{talk.id}#{number}", set=path.stem, task="vqa",
            image=_below(talk.image, folder), question=question, reference=answer,
            cluster=_figure(_below(talk.image, folder)), book=_book(talk.image.name),
        )
        for talk in talks
        for number, (question, answer) in enumerate(talk.turns, 1)
    ]  # fmt: skip
    notes = (f"{len(problems)} entries cannot be used and are left out",) if problems else ()
    return _file_set(path, items, folder, notes)


def read_table_set(path: Path, images: Path | None = None, captions: Path | None = None) -> TestSet:
    """Read upstream's test table, ``image,question,answer``; a figure is a cluster.

    Args:
        path: The table.
        images: Folder of the pictures, by default that of the table.
        captions: Upstream's ``caption.csv``; gives the modality of a picture, and its caption.

    Raises:
        SchemaError: If a column is missing.
    """
    rows = _read_columns(path, ("image", "question", "answer"))
    told = {row["image"]: row for row in _read_columns(captions, ("image",))} if captions else {}
    asked: Counter[str] = Counter()
    items: list[Prediction] = []
    known: dict[str, str] = {}
    for row in rows:
        image = row["image"]
        asked[image] += 1
        about = told.get(image, {})
        item = Prediction(
            id=f"{image}#{asked[image]}", set=path.stem, task="vqa", image=image,
            question=row["question"], reference=row["answer"],
            cluster=_figure(image), book=_book(image), modality=about.get("modality") or None,
        )  # fmt: skip
        items.append(item)
        if about.get("caption"):
            known[item.id] = about["caption"]
    missing = sum(1 for item in items if told and item.modality is None)
    notes = (f"{missing} questions are on pictures without a modality",) if missing else ()
    found = _file_set(path, items, path.parent if images is None else images, notes)
    return TestSet(
        name=found.name, items=found.items, images=found.images, captions=known, notes=notes
    )


def _file_set(path: Path, items: list[Prediction], folder: Path, notes: tuple[str, ...]) -> TestSet:
    doubled = [name for name, number in Counter(item.id for item in items).items() if number > 1]
    if not items or doubled:
        what = f"has id {doubled[0]!r} twice" if doubled else "holds no question that can be asked"
        raise SchemaError(f"{path}: {what}; mend the file")
    return TestSet(name=path.stem, items=tuple(items), images=folder, notes=notes)


def _read_columns(path: Path, wanted: tuple[str, ...]) -> list[dict[str, str]]:
    with storage_errors(path):
        raw = path.read_bytes()
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(f"{path}: not a CSV in UTF-8: {error}; save it again") from None
    missing = [name for name in wanted if name not in (reader.fieldnames or ())]
    if missing:
        raise SchemaError(
            f"{path}: has no column {', '.join(missing)}, only {', '.join(reader.fieldnames or ())}"
            "; rename the column in its first line"
        )
    return [{key: value or "" for key, value in row.items() if key is not None} for row in rows]


def _below(image: Path, folder: Path) -> str:
    return image.relative_to(folder).as_posix() if image.is_relative_to(folder) else str(image)


def _book(image: str) -> str | None:
    """Return the book of a name of MM-Skin's ("bk3_1_2.png"), None of another."""
    head = PurePosixPath(image).name.split("_")[0]
    return head if head.startswith("bk") else None


def _figure(image: str) -> str:
    """Return a picture's name without the letter of its panel."""
    stem = PurePosixPath(image).stem
    head, _, tail = stem.rpartition("_")
    return head if head and len(tail) == 1 and tail.isalpha() else stem
