"""A release as an export reads it: chosen records, and files whose bytes are checked as they come.

Nothing is read twice to be checked: ``manifest.json`` names the digest of ``SHA256SUMS``, which
names those of all other files, and each file is digested while it is copied.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mmskin_build.dataset.manifest import (
    CAPTIONS,
    MANIFEST,
    SUMS,
    Manifest,
)
from mmskin_build.dataset.released import read_manifest, released_versions
from mmskin_build.dataset.splits import SIDES, Side
from mmskin_build.errors import ReleaseError, VerificationError
from mmskin_build.records import Record
from mmskin_build.store import from_json, storage_errors

Part = Literal["C", "O", "D"]
PARTS: tuple[Part, ...] = get_args(Part)
#: The parts as the manifest names them.
PART_NAMES: dict[Part, str] = {"C": "MM-Skin-C", "O": "MM-Skin-O", "D": "MM-Skin-D"}

Progress = Callable[[int, int], None]
"""Called with pictures done and pictures in all."""

_SUM_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
# Ids become names of files and keys of shards, so nothing else may be in them.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MEND = "run mmskin verify on it, and get an intact copy or make the release again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A release to export: `records` are those of the chosen sides, `parts` the chosen ones.

    `sums` has the sha256 of each file by its name, `pictures` whom to tell about each picture done.
    """

    folder: Path
    manifest: Manifest
    sums: Mapping[str, str]
    records: tuple[Record, ...]
    parts: tuple[Part, ...]
    sides: tuple[Side, ...]
    progress: Progress


def open_release(
    folder: Path,
    *,
    parts: Sequence[str] = (),
    sides: Sequence[str] = (),
    progress: Progress = lambda done, total: None,
) -> Source:
    """Open a release for exporting.

    Args:
        folder: ``releases/<name>/<version>``.
        parts: Of `PARTS`; none takes those that the release has.
        sides: Of `splits.SIDES`; none takes all.
        progress: Called with pictures done and in all.

    Raises:
        VerificationError: If it is no release, or a file of it was changed.
        ReleaseError: If a part is asked for that it does not have, or nothing would be left.
    """
    if not (folder / MANIFEST).is_file():
        inside = released_versions(folder) if folder.is_dir() else []
        hint = f"; name a version: {folder / inside[-1]}" if inside else ""
        raise VerificationError(f"{folder}: not a release, it has no {MANIFEST}{hint}")
    manifest = read_manifest(folder)
    sums = _read_sums(folder, manifest)
    content = _checked(folder, CAPTIONS, sums)
    records = from_json(content, tuple[Record, ...], str(folder / CAPTIONS))
    for record in records:
        if not _ID.fullmatch(record.id):
            raise VerificationError(f"{folder / CAPTIONS}: {record.id!r} is no id; {_MEND}")
        if record.split is None:
            raise ReleaseError(f"{folder / CAPTIONS}: {record.id} has no side (split)")
    chosen = tuple(side for side in SIDES if not sides or side in sides)
    kept = tuple(record for record in records if record.split in chosen)
    if not kept:
        raise ReleaseError(
            f"{folder}: has no record in {', '.join(chosen)}; choose another --split"
        )
    return Source(
        folder=folder,
        manifest=manifest,
        sums=sums,
        records=kept,
        parts=_choose_parts(folder, manifest, parts),
        sides=chosen,
        progress=progress,
    )


def _choose_parts(folder: Path, manifest: Manifest, asked: Sequence[str]) -> tuple[Part, ...]:
    subsets = manifest.subsets
    there = [p for p in PARTS if (name := PART_NAMES[p]) in subsets and subsets[name].file]
    for part in PARTS:
        if part in asked and part not in there:
            note = subsets[PART_NAMES[part]].note if PART_NAMES[part] in subsets else ""
            raise ReleaseError(
                f"{folder}: has no {PART_NAMES[part]}{f' ({note})' if note else ''}; "
                "leave it out of --subset, or release again once it is made"
            )
    return tuple(part for part in there if not asked or part in asked)


def _read_sums(folder: Path, manifest: Manifest) -> dict[str, str]:
    path = folder / SUMS
    with storage_errors(path):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest.sums_sha256:
        raise VerificationError(f"{path}: is not the one that {MANIFEST} names; {_MEND}")
    sums: dict[str, str] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        match = _SUM_LINE.fullmatch(line)
        if match is None or Path(match[2]).is_absolute() or ".." in Path(match[2]).parts:
            raise VerificationError(f"{path} line {number}: not a digest and a file of this folder")
        sums[match[2]] = match[1]
    return sums


def read_file(source: Source, name: str) -> bytes:
    """Return the bytes of a file of the release.

    Raises:
        VerificationError: If they are not those that the release was made with; names the file.
        StorageError: If the file cannot be read.
    """
    return _checked(source.folder, name, source.sums)


def _checked(folder: Path, name: str, sums: Mapping[str, str]) -> bytes:
    path = folder / name
    if name not in sums:
        raise VerificationError(f"{path}: {SUMS} does not name this file; {_MEND}")
    if not path.is_file():
        raise VerificationError(f"{path}: missing; {_MEND}")
    with storage_errors(path):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise VerificationError(f"{path}: its bytes were changed (another sha256); {_MEND}")
    return content


def read_pictures(source: Source, records: Iterable[Record]) -> Iterator[tuple[Record, bytes]]:
    """Yield records with the PNG file of each, one at a time.

    Raises:
        VerificationError: See `read_file`.
    """
    for record in records:
        yield record, read_file(source, record.image)


def counting(
    progress: Progress, pairs: Iterable[tuple[Record, bytes]], done: int, total: int
) -> Iterator[tuple[Record, bytes]]:
    """Pass pictures on and tell the progress after each; `done` counts those before."""
    for number, pair in enumerate(pairs, done + 1):
        yield pair
        progress(number, total)


def read_all(source: Source, records: Sequence[Record]) -> Iterator[tuple[Record, bytes]]:
    """Yield all records to export, in this order, with their pictures, and tell the progress.

    Raises:
        VerificationError: See `read_file`.
    """
    return counting(source.progress, read_pictures(source, records), 0, len(records))


def copy_pictures(source: Source, folder: Path, names: Mapping[str, str]) -> None:
    """Copy the pictures of all records.

    Args:
        source: The release.
        folder: Where to; it is made.
        names: Record id to the name of its picture below `folder`.

    Raises:
        VerificationError: See `read_file`.
        OSError: If the disk is full or the folder cannot be written.
    """
    for parent in {(folder / name).parent for name in names.values()}:
        parent.mkdir(parents=True, exist_ok=True)
    for record, png in read_all(source, source.records):
        (folder / names[record.id]).write_bytes(png)


def by_side(source: Source) -> dict[Side, list[Record]]:
    """Return the records of each chosen side that has any."""
    found = {side: [r for r in source.records if r.split == side] for side in source.sides}
    return {side: records for side, records in found.items() if records}
