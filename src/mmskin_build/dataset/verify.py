"""Prove that a release on disk is what its manifest says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmskin_build.dataset.manifest import (
    CAPTIONS,
    IMAGES,
    MANIFEST,
    SUMS,
    Manifest,
    content_digest,
)
from mmskin_build.dataset.release import derived_files, read_manifest, released_versions
from mmskin_build.dataset.splits import find_leaks
from mmskin_build.errors import MmskinError, SchemaError, VerificationError
from mmskin_build.records import SCHEMA_VERSION, Record
from mmskin_build.store import file_sha256, from_json, pixel_digest, plain

_SUM_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_PNG_HEADER = b"\x89PNG\r\n\x1a\n"
_SHOWN = 20  # problems in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """What was found: `problems` name the file and what is wrong; none means a sound release."""

    release: str
    content_digest: str
    files: int
    records: int
    problems: tuple[str, ...]


def verify_release(release: Path, withdrawn: Collection[str] = ()) -> ReleaseCheck:
    """Check files, digests, records, counts and pictures of a release.

    Args:
        release: The folder.
        withdrawn: Digests of pictures that must not be in it any more.

    Raises:
        VerificationError: If it is no release at all: no folder, no manifest.
        SchemaError: If the manifest is not one.
    """
    if not (release / MANIFEST).is_file():
        inside = released_versions(release) if release.is_dir() else []
        hint = f"; name a version: {release / inside[-1]}" if inside else ""
        raise VerificationError(f"{release}: not a release, it has no {MANIFEST}{hint}")
    manifest = read_manifest(release)
    problems: list[str] = []
    listed = _check_files(release, manifest, problems)
    records = _check_records(release, problems)
    _check_manifest(manifest, records, problems)
    _check_pictures(release, records, listed, problems)
    leaks = find_leaks(records)
    if leaks and "division" in manifest.notes:  # an imported one may be known to leak
        problems.append(manifest.notes["division"])
    problems.extend(leaks)
    problems.extend(f"{CAPTIONS}: {r.id} waits for a decision: {r.held}" for r in records if r.held)
    problems.extend(
        f"{record.image}: was withdrawn; run mmskin withdraw to take it out"
        for record in records
        if record.image_sha256 in withdrawn
    )
    for name, content in derived_files(records).items() if records else ():
        if (release / name).is_file() and (release / name).read_bytes() != content:
            problems.append(f"{name}: does not say what {CAPTIONS} says")
    return ReleaseCheck(
        release=f"{manifest.name} {manifest.version}",
        content_digest=manifest.content_digest,
        files=len(listed) + 2,
        records=len(records),
        problems=tuple(problems),
    )


def raise_problems(release: Path, check: ReleaseCheck) -> None:
    """Do nothing for a sound release.

    Raises:
        VerificationError: With the problems found, the first ones in full.
    """
    if not check.problems:
        return
    shown = "\n".join(f"  {problem}" for problem in check.problems[:_SHOWN])
    more = len(check.problems) - _SHOWN
    tail = f"\n  and {more} more" if more > 0 else ""
    raise VerificationError(
        f"{release}: {len(check.problems)} problems; get an intact copy, or make the release "
        f"again under the next version\n{shown}{tail}"
    )


def _check_files(release: Path, manifest: Manifest, problems: list[str]) -> set[str]:
    sums = release / SUMS
    if not sums.is_file():
        problems.append(f"{SUMS}: missing")
        return set()
    if file_sha256(sums) != manifest.sums_sha256:
        problems.append(f"{SUMS}: is not the one that {MANIFEST} names")
    listed: set[str] = set()
    for number, line in enumerate(sums.read_text("utf-8", "replace").splitlines(), 1):
        match = _SUM_LINE.fullmatch(line)
        if match is None or Path(match[2]).is_absolute() or ".." in Path(match[2]).parts:
            problems.append(f"{SUMS} line {number}: not a digest and a file of this folder")
            continue
        listed.add(match[2])
        path = release / match[2]
        if not path.is_file():
            problems.append(f"{match[2]}: missing")
        elif file_sha256(path) != match[1]:
            problems.append(f"{match[2]}: its bytes were changed (another sha256)")
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    problems.extend(
        f"{name}: does not belong here" for name in sorted(there - listed - {SUMS, MANIFEST})
    )
    return listed


def _check_records(release: Path, problems: list[str]) -> tuple[Record, ...]:
    path = release / CAPTIONS
    try:
        entries = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()  # reported with the files
    except ValueError as error:
        problems.append(f"{CAPTIONS}: not valid JSON: {error}")
        return ()
    if not isinstance(entries, list):
        problems.append(f"{CAPTIONS}: not a list of records")
        return ()
    records: list[Record] = []
    for number, entry in enumerate(entries):
        where = f"{CAPTIONS} record {number}"
        try:
            record = from_json(json.dumps(entry).encode(), Record, where)
        except SchemaError as error:
            problems.append(str(error))
            continue
        if plain(record) != entry:
            extra = sorted(set(entry) - set(plain(record)))
            problems.append(f"{where}: has fields or values that a record has not {extra}")
        records.append(record)
    for name, times in Counter(record.id for record in records).items():
        if times > 1:
            problems.append(f"{CAPTIONS}: the id {name} stands there {times} times")
    return tuple(records)


def _check_manifest(manifest: Manifest, records: tuple[Record, ...], problems: list[str]) -> None:
    if manifest.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        problems.append(
            f"{MANIFEST}: schema {manifest.schema_version} needs another mmskin; this one knows "
            f"{SCHEMA_VERSION}"
        )
    if content_digest(records) != manifest.content_digest:
        problems.append(f"{CAPTIONS}: is not the content that {MANIFEST} names (content_digest)")
    found = {
        "records": len(records),
        "figures": len({record.group_id for record in records}),
        "books": len({record.provenance.book_id for record in records}),
    }
    for name, number in found.items():
        if manifest.counts.get(name) != number:
            said = manifest.counts.get(name)
            problems.append(f"{MANIFEST}: counts {said} {name}, there are {number}")
    by_book = Counter(record.provenance.book_id for record in records)
    for book in manifest.books:
        if by_book[book.id] != book.records:
            there = by_book[book.id]
            problems.append(f"{MANIFEST}: counts {book.records} records of {book.id}, not {there}")


def _check_pictures(
    release: Path, records: tuple[Record, ...], listed: set[str], problems: list[str]
) -> None:
    for record in records:
        if record.image != f"{IMAGES}/{record.id}.png":
            problems.append(f"{CAPTIONS}: {record.id} names the picture {record.image!r}")
            continue
        if not (release / record.image).is_file():
            if record.image not in listed:  # otherwise reported with the files
                problems.append(f"{record.image}: missing")
            continue
        wrong = _wrong_picture(release / record.image, record)
        if wrong:
            problems.append(f"{record.image}: {wrong}")
    known = {record.image for record in records}
    problems.extend(
        f"{name}: no record names this picture"
        for name in sorted(listed - known)
        if name.startswith(f"{IMAGES}/")
    )


def _wrong_picture(path: Path, record: Record) -> str | None:
    """Say what is wrong with a picture; its size is read first, so that none is a bomb."""
    content = path.read_bytes()
    if not content.startswith(_PNG_HEADER) or len(content) < 24:
        return "not a PNG file"
    size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if size != (record.width_px, record.height_px):
        return f"{size[0]} x {size[1]} pixels, not {record.width_px} x {record.height_px}"
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        bgr = None
    if bgr is None:
        return "cannot be decoded"
    if pixel_digest(np.asarray(bgr[..., ::-1], dtype=np.uint8)) != record.image_sha256:
        return "its pixels are not those of the record (image_sha256)"
    return None


def verify_or_raise(release: Path, withdrawn: Collection[str] = ()) -> ReleaseCheck:
    """Check a release and return what was found; `withdrawn` as in `verify_release`.

    Raises:
        VerificationError: If it is not what its manifest says.
    """
    try:
        check = verify_release(release, withdrawn)
    except VerificationError:
        raise
    except MmskinError as error:
        raise VerificationError(str(error)) from error
    raise_problems(release, check)
    return check
