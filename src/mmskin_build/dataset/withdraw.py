"""Take-down: a picture and its words leave every release and export, and do not come back.

Steps, in order; each may be interrupted, and the same command (or any other withdrawal) goes on:

1. the tombstone is written (`withdrawn`): from now on no build, and no release, has the picture;
2. each release that has it is written anew beside itself, without it, and takes its own place;
3. each export that was made of such a release is made again, or deleted where it cannot be.

A release is never edited in place. The new one lies in ``.withdrawing/<version>`` until it is
whole, the old one is moved there as ``<version>.old``, the new one takes its name, and only then
the old one is deleted. `finish_moves` ends what a killed run began.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmskin_build.dataset.exports import NOTE, renew_export
from mmskin_build.dataset.manifest import CHANGES, MANIFEST, Manifest, Withdrawn
from mmskin_build.dataset.parts import count_records, derived_files, protect, write_parts
from mmskin_build.dataset.released import read_manifest, read_records, released_versions
from mmskin_build.dataset.summary import natural_order
from mmskin_build.dataset.withdrawn import (
    Tombstone,
    find_withdrawn,
    read_tombstones,
)
from mmskin_build.errors import MmskinError, ReleaseError, StorageError
from mmskin_build.images.copies import trace_of
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.records import Record
from mmskin_build.store import file_sha256, parse_json, storage_errors, sync_folder

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much is done."""

MOVING = ".withdrawing"
_OLD = ".old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What a withdrawal did.

    `releases` has the ids that left each release, ``<name>/<version>`` to ids; `exports` the
    folders that were made again; `deleted` those that could not be, with the reason; `unknown`
    those whose release is not here any more, so that only a person can say what is in them.
    """

    releases: Mapping[str, tuple[str, ...]]
    exports: tuple[str, ...]
    deleted: Mapping[str, str]
    unknown: tuple[str, ...]


def all_releases(releases: Path) -> list[Path]:
    """Return the folders of all finished releases of all names, versions in order."""
    names = sorted(path for path in releases.glob("*") if path.is_dir())
    return [name / version for name in names for version in released_versions(name)]


def find_targets(
    releases: Path, record_ids: Sequence[str], release: Path | None
) -> list[tuple[Path, Record]]:
    """Return the records to withdraw, each with the last release that has it.

    Args:
        releases: The folder of all releases.
        record_ids: What to withdraw.
        release: The only release to look in; None looks in all, the newest of each name first.

    Raises:
        ReleaseError: If an id is in none; the message names similar ones.
    """
    folders = [release] if release is not None else all_releases(releases)[::-1]
    missing = dict.fromkeys(record_ids)
    found: list[tuple[Path, Record]] = []
    known: set[str] = set()
    for folder in folders:
        records = {record.id: record for record in read_records(folder)}
        known |= records.keys()
        for name in [name for name in missing if name in records]:
            found.append((folder, records[name]))
            del missing[name]
    if missing:
        name = next(iter(missing))
        near = difflib.get_close_matches(name, sorted(known, key=natural_order), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        where = str(release) if release is not None else f"any release in {releases}"
        raise ReleaseError(f"{name}: no such record in {where}{hint}")
    return found


def make_tombstones(
    targets: Iterable[tuple[Path, Record]], *, reason: str, withdrawn_on: str
) -> tuple[Tombstone, ...]:
    """Return tombstones of records.

    Raises:
        StorageError: If a picture cannot be read.
    """
    made = []
    for folder, record in targets:
        print_ = _fingerprint(folder / record.image)
        made.append(
            Tombstone(
                record_id=record.id,
                image_sha256=record.image_sha256,
                trace=None if print_ is None else trace_of(print_),
                reason=" ".join(reason.split()),
                withdrawn_on=withdrawn_on,
            )
        )
    return tuple(made)


def find_affected(
    releases: Path, tombstones: Sequence[Tombstone], progress: Progress
) -> dict[Path, dict[str, Tombstone]]:
    """Return the releases that have withdrawn pictures or copies of them: record id to tombstone.

    A picture that several releases have is looked at once.

    Raises:
        StorageError: If a release cannot be read.
        SchemaError: If its records are none.
    """
    held = {folder: read_records(folder) for folder in all_releases(releases)}
    files = {r.image_sha256: folder / r.image for folder, some in held.items() for r in some}
    prints: dict[str, Fingerprint] = {}
    bare: list[str] = []
    for done, (digest, path) in enumerate(sorted(files.items()), 1):
        print_ = _fingerprint(path)
        if print_ is None:
            bare.append(digest)
        else:
            prints[digest] = print_
        progress("look for copies", done, len(files))
    gone = find_withdrawn(tombstones, prints, bare)
    return {
        folder: affected
        for folder, records in held.items()
        if (affected := {r.id: gone[r.image_sha256] for r in records if r.image_sha256 in gone})
    }


def withdraw(
    releases: Path,
    tombstones: Path,
    ledger: Path,
    *,
    affected: Mapping[Path, Mapping[str, Tombstone]] | None = None,
    decisions: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Withdrawal:
    """Take everything that has a tombstone in the list out of all releases and exports.

    Args:
        releases: The folder of all releases.
        tombstones: ``data/withdrawn.jsonl``.
        ledger: ``data/exports.jsonl``.
        affected: What `find_affected` returned for all tombstones, if it was asked already.
        decisions: See `exports.export_release`.
        progress: Told of each picture, release and export.

    Raises:
        StorageError: If the disk is full or a folder cannot be written; run it again then.
        SchemaError: If a release is damaged.
    """
    finish_moves(releases)
    if affected is None:
        affected = find_affected(releases, read_tombstones(tombstones), progress)
    for done, (folder, gone) in enumerate(affected.items(), 1):
        _replace_release(folder, gone)
        progress("releases", done, len(affected))
    # Exports are known by what their note says, so those that a killed run left are found, too.
    made, deleted, unknown = _renew_exports(releases, ledger, decisions, progress)
    return Withdrawal(
        releases={_name(f): tuple(sorted(ids, key=natural_order)) for f, ids in affected.items()},
        exports=tuple(made),
        deleted=deleted,
        unknown=tuple(unknown),
    )


def find_evaluations(evaluations: Path, withdrawn: Mapping[str, Sequence[str]]) -> tuple[Path, ...]:
    """Return the files of evaluations with questions on withdrawn records; nothing is changed.

    Args:
        evaluations: The folder of all evaluations.
        withdrawn: Ids by release, as `Withdrawal.releases`.

    Raises:
        StorageError: If a file cannot be read.
    """
    wanted = [f'/{name}.png"'.encode() for ids in withdrawn.values() for name in ids]
    found = []
    for path in sorted(evaluations.rglob("predictions*.jsonl")) if wanted else ():
        with storage_errors(path):
            content = path.read_bytes()
        if any(name in content for name in wanted):
            found.append(path)
    return tuple(found)


def finish_moves(releases: Path) -> None:
    """End what a killed withdrawal began: no release is missing, no old one left.

    Raises:
        StorageError: If a folder cannot be moved or deleted.
    """
    for moving in sorted(releases.glob(f"*/{MOVING}")):
        with storage_errors(moving):
            for old in sorted(moving.glob(f"*{_OLD}")):
                new = moving / old.name.removesuffix(_OLD)
                final = moving.parent / new.name
                if not final.exists():
                    (new if (new / MANIFEST).is_file() else old).rename(final)
                    sync_folder(moving.parent)
            shutil.rmtree(moving)


# ------------------------------------------------------------------------------------ releases


def _replace_release(folder: Path, gone: Mapping[str, Tombstone]) -> None:
    moving = folder.parent / MOVING
    new, old = moving / folder.name, moving / f"{folder.name}{_OLD}"
    with storage_errors(moving):
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
    _write_without(folder, new, gone)
    protect(new)
    with storage_errors(folder):
        folder.rename(old)
        new.rename(folder)
        sync_folder(folder.parent)
        shutil.rmtree(moving)


def _write_without(release: Path, folder: Path, gone: Mapping[str, Tombstone]) -> None:
    """Write a release without some records; it has the version that it had."""
    manifest = read_manifest(release)
    kept = tuple(record for record in read_records(release) if record.id not in gone)
    for record in kept:
        with storage_errors(folder):
            (folder / record.image).parent.mkdir(exist_ok=True)
            _link(release / record.image, folder / record.image)
    parts = {
        name: _entries_without(release / name, gone)
        for name in question_files(manifest)
        if (release / name).is_file()
    }
    noted = tuple(
        Withdrawn(record_id=name, reason=t.reason, withdrawn_on=t.withdrawn_on)
        for name, t in sorted(gone.items(), key=lambda pair: natural_order(pair[0]))
    )
    with storage_errors(release / CHANGES):
        changes = (release / CHANGES).read_text(encoding="utf-8")
    there = {record.image_sha256 for record in kept}
    manifest = dataclasses.replace(
        manifest,
        withdrawn=(*manifest.withdrawn, *noted),
        told_apart=tuple(pair for pair in manifest.told_apart if there.issuperset(pair)),
    )
    write_parts(
        folder,
        count_records(manifest, kept, parts),
        kept,
        derived=derived_files(kept),
        picture_digests={record.image: file_sha256(folder / record.image) for record in kept},
        changes=changes.rstrip("\n") + "\n" + _changes_lines(noted, gone),
        question_files=parts,
    )


def question_files(manifest: Manifest) -> tuple[str, ...]:
    """Return the files of MM-Skin-O, the list of entries first."""
    subset = manifest.subsets.get("MM-Skin-O")
    if subset is None or subset.file is None:
        return ()
    return subset.file, f"{Path(subset.file).stem}_vqa.json"


def _changes_lines(noted: Sequence[Withdrawn], gone: Mapping[str, Tombstone]) -> str:
    lines = ["", "## Withdrawn", ""]
    for one in noted:
        origin = gone[one.record_id].record_id
        like = "" if origin == one.record_id else f" (shows the same as {origin})"
        lines.append(f"- {one.record_id}{like}, {one.withdrawn_on}: {one.reason}")
    return "\n".join(lines) + "\n"


def _entries_without(path: Path, gone: Mapping[str, Tombstone]) -> list[dict[str, Any]]:
    with storage_errors(path):
        entries = parse_json(path.read_bytes())
    return [e for e in entries if e.get("record_id", e.get("id")) not in gone]


def _link(source: Path, target: Path) -> None:
    """Give a file of a release, which nobody writes to, a second name, or copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _fingerprint(path: Path) -> Fingerprint | None:
    """What a picture is known by; None if it has no features or cannot be decoded."""
    with storage_errors(path):
        content = path.read_bytes()
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if bgr is None:
        return None
    print_ = fingerprint(np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8))
    return print_ if print_.keys else None


def _name(release: Path) -> str:
    return f"{release.parent.name}/{release.name}"


# ------------------------------------------------------------------------------------- exports


def _renew_exports(
    releases: Path, ledger: Path, decisions: Path | None, progress: Progress
) -> tuple[list[str], dict[str, str], list[str]]:
    """Make again, or delete, the exports that are not of what their release is now."""
    made: list[str] = []
    unknown: list[str] = []
    deleted: dict[str, str] = {}
    entries = list(_iter_ledger(ledger))
    for done, (name, path) in enumerate(entries, 1):
        release = releases / name
        if not (path / NOTE).is_file():
            pass  # moved or deleted, or not an export any more
        elif not (release / MANIFEST).is_file():
            unknown.append(str(path))
        elif not _is_current(path, release):
            try:
                renew_export(path, release, ledger=ledger, decisions=decisions)
                made.append(str(path))
            except StorageError:
                raise
            except MmskinError as error:
                with storage_errors(path):
                    shutil.rmtree(path)
                deleted[str(path)] = str(error)
        progress("exports", done, len(entries))
    return made, deleted, unknown


def _iter_ledger(ledger: Path) -> Iterator[tuple[str, Path]]:
    """The release and the folder of each export; a line that says neither is passed over."""
    if not ledger.exists():
        return
    with storage_errors(ledger):
        lines = ledger.read_bytes().splitlines()
    seen: set[tuple[str, str]] = set()
    for pair in map(read_ledger, lines):
        if pair is not None and pair not in seen:
            seen.add(pair)
            yield pair[0], Path(pair[1])


def read_ledger(line: bytes) -> tuple[str, str] | None:
    """Return the release and the folder that a line of the list of exports tells; None if none."""
    try:
        entry = parse_json(line)
        return str(entry["release"]), str(entry["path"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_current(export: Path, release: Path) -> bool:
    """Whether an export is of the release as it is."""
    try:
        note = parse_json((export / NOTE).read_bytes())
        said = note["sums_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(said == read_manifest(release).sums_sha256)
