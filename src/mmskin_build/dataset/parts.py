"""The files of a release but its pictures: what they say, their digests, how they are sealed."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from mmskin_build.dataset.card import card_files
from mmskin_build.dataset.croissant import croissant_json
from mmskin_build.dataset.manifest import (
    CAPTION_TABLE,
    CAPTIONS,
    CHANGES,
    CROISSANT,
    DEMOGRAPHICS,
    DEMOGRAPHICS_VQA,
    IMAGES,
    MANIFEST,
    PLOTS,
    SUMS,
    Manifest,
    Subset,
    content_digest,
)
from mmskin_build.dataset.mmskin_d import build_mmskin_d, has_demographics
from mmskin_build.dataset.summary import count
from mmskin_build.records import Record
from mmskin_build.store import (
    file_sha256,
    plain,
    pretty_json,
    storage_errors,
    sync_folder,
    write_bytes,
)

_SYNCED_AT_ONCE = 8  # files


def write_parts(
    folder: Path,
    manifest: Manifest,
    records: Sequence[Record],
    *,
    derived: Mapping[str, bytes],
    changes: str,
    question_files: Mapping[str, Sequence[Mapping[str, Any]]],
    picture_digests: Mapping[str, str],
) -> None:
    """Write all files of a release but its pictures, which are there already; the manifest last.

    Args:
        folder: Where to; not yet the release's own name.
        manifest: Complete but for `sums_sha256`.
        records: In order.
        derived: The `derived_files` of the records.
        changes: What ``CHANGES.md`` says.
        question_files: The files of MM-Skin-O, the list of its entries first; none if not made.
        picture_digests: The sha256 of each picture's file by its name.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    contents = {
        CAPTIONS: pretty_json([plain(record) for record in records]),
        **derived,
        **{name: pretty_json(entries) for name, entries in question_files.items()},
        CHANGES: changes.encode(),
        **card_files(manifest, records, next(iter(question_files.values()), ())),
    }
    sums = dict(picture_digests)
    sums |= {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    contents[CROISSANT] = croissant_json(manifest, sums)
    sums[CROISSANT] = hashlib.sha256(contents[CROISSANT]).hexdigest()
    contents[SUMS] = sums_page(sums)
    sums_sha256 = hashlib.sha256(contents[SUMS]).hexdigest()
    manifest = dataclasses.replace(manifest, sums_sha256=sums_sha256)
    contents[MANIFEST] = pretty_json(plain(manifest))
    for name, content in contents.items():
        write_bytes(folder / name, content, durable=False)


def count_records(
    manifest: Manifest,
    records: Sequence[Record],
    question_files: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Manifest:
    """Return a manifest whose counts and digest of the content are those of the records.

    Args:
        manifest: What it says of anything else stays.
        records: In order.
        question_files: See `write_parts`.
    """
    open_questions = manifest.subsets["MM-Skin-O"]
    if question_files:
        name, entries = next(iter(question_files.items()))
        open_questions = dataclasses.replace(open_questions, file=name, entries=len(entries))
    by_book = Counter(record.provenance.book_id for record in records)
    sides = count(record.split for record in records if record.split)
    rest = {name: number for name, number in manifest.counts.items() if name == "doubtful_pairs"}
    return dataclasses.replace(
        manifest,
        content_digest=content_digest(records),
        subsets={
            "MM-Skin-C": Subset(file=CAPTIONS, entries=len(records)),
            "MM-Skin-O": open_questions,
            "MM-Skin-D": Subset(file=DEMOGRAPHICS, entries=sum(map(has_demographics, records))),
        },
        counts={
            "records": len(records),
            **sides,
            **rest,
            "figures": len({record.group_id for record in records}),
            "books": len(by_book),
        },
        books=tuple(dataclasses.replace(book, records=by_book[book.id]) for book in manifest.books),
    )


def derived_files(records: Sequence[Record]) -> dict[str, bytes]:
    """Return the files that say what records say in another form, by name."""
    entries, conversations = build_mmskin_d(records)
    return {
        CAPTION_TABLE: caption_table(records),
        DEMOGRAPHICS: pretty_json(entries),
        DEMOGRAPHICS_VQA: pretty_json(conversations),
    }


def caption_table(records: Iterable[Record]) -> bytes:
    """Return ``caption.csv`` with the columns that MM-Skin's scripts read."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("image", "caption", "modality"))
    writer.writerows(caption_rows(records))
    return table.getvalue().encode()


def caption_rows(records: Iterable[Record]) -> Iterator[tuple[str, str, str]]:
    """Yield picture, caption and modality ("" if unknown) of each record."""
    for record in records:
        yield record.image, record.caption, record.modality.value if record.modality else ""


def digest_files(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file below a folder by its name, parts joined by ``/``."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


def sums_page(files: Mapping[str, str]) -> bytes:
    """Return ``SHA256SUMS``."""
    ordered = sorted(files, key=PurePosixPath)
    return "".join(f"{files[name]}  {name}\n" for name in ordered).encode()


def protect(folder: Path) -> None:
    """Bring a whole release to the disk, and make its files read-only.

    Raises:
        StorageError: If the folder cannot be changed.
    """
    with storage_errors(folder):
        _sync(folder)
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(0o444)


def _sync(folder: Path) -> None:
    """Bring every file below a folder to the disk.

    Several at a time: the disk then waits for many at once, and that is most of the cost.
    """

    def sync(path: Path) -> None:
        with path.open("rb") as file:
            os.fsync(file.fileno())

    with ThreadPoolExecutor(_SYNCED_AT_ONCE) as pool:
        deque(pool.map(sync, (path for path in folder.rglob("*") if path.is_file())), maxlen=0)
    for name in ("", IMAGES, PLOTS):
        sync_folder(folder / name)
