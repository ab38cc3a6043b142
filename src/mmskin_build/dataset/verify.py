"""Prove that a release on disk is what its manifest says."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.dataset.leaks import find_crossing_joins, find_crossings
from mmskin_build.dataset.manifest import (
    CAPTIONS,
    CROISSANT,
    IMAGES,
    MANIFEST,
    QUESTIONS_VQA,
    SUMS,
    Manifest,
    content_digest,
)
from mmskin_build.dataset.mmskin_o import conversations_of
from mmskin_build.dataset.parts import derived_files
from mmskin_build.dataset.pictures import (
    Progress,
    decode_picture,
    map_in_threads,
    no_progress,
)
from mmskin_build.dataset.released import read_manifest, released_versions
from mmskin_build.dataset.splits import SIDES
from mmskin_build.errors import MmskinError, SchemaError, VerificationError
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.records import SCHEMA_VERSION, Record
from mmskin_build.store import (
    file_sha256,
    from_json,
    is_file,
    parse_json,
    pixel_digest,
    plain,
    pretty_json,
    storage_errors,
)

_SUM_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_PNG_HEADER = b"\x89PNG\r\n\x1a\n"
_CHANGED = "its bytes were changed (another sha256)"
_SHOWN = 20  # problems in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """What was found: `problems` name the file and what is wrong; none means a sound release."""

    release: str
    content_digest: str
    files: int
    records: int
    problems: tuple[str, ...]


def verify_release(
    release: Path, progress: Progress = no_progress, *, withdrawn: Collection[str] = ()
) -> ReleaseCheck:
    """Check files, digests, records, counts, pictures and splits of a release.

    Each file is read once. Near duplicates are sought among the pictures as they lie there.

    Args:
        release: The folder.
        progress: Told of the pictures.
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
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    sums = _read_sums(release, manifest, there, problems)
    for name, digest in sums.items():
        path = release / name
        if name in there and not _is_picture(name) and file_sha256(path) != digest:
            problems.append(f"{name}: {_CHANGED}")
    records = _check_records(release, problems)
    _check_manifest(manifest, records, problems)
    prints = _check_pictures(release, records, sums, problems, progress)
    joins = find_crossing_joins(records, prints, manifest.told_apart, progress)
    leaks = find_crossings(records, joins)
    if leaks and "division" in manifest.notes:  # an imported one may be known to leak
        problems.append(manifest.notes["division"])
    problems.extend(leaks)
    problems.extend(f"{CAPTIONS}: {r.id} waits for a decision: {r.held}" for r in records if r.held)
    problems.extend(
        f"{record.image}: was withdrawn; run mmskin withdraw to take it out"
        for record in records
        if record.image_sha256 in withdrawn
    )
    derived = derived_files(records) if records else {}
    for name, content in derived.items():
        if (release / name).is_file() and (release / name).read_bytes() != content:
            problems.append(f"{name}: does not say what {CAPTIONS} says")
    _check_lists(release, records, sums.keys() - derived.keys(), problems)
    _check_questions(release, manifest, records, problems)
    return ReleaseCheck(
        release=f"{manifest.name} {manifest.version}",
        content_digest=manifest.content_digest,
        files=len(sums) + 2,
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


def _read_sums(
    release: Path, manifest: Manifest, there: Collection[str], problems: list[str]
) -> dict[str, str]:
    """The sha256 of each file by its name, as listed; what is missing or too many is told."""
    path = release / SUMS
    if not path.is_file():
        problems.append(f"{SUMS}: missing")
        return {}
    if file_sha256(path) != manifest.sums_sha256:
        problems.append(f"{SUMS}: is not the one that {MANIFEST} names")
    sums: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        match = _SUM_LINE.fullmatch(line)
        if match is None or Path(match[2]).is_absolute() or ".." in Path(match[2]).parts:
            problems.append(f"{SUMS} line {number}: not a digest and a file of this folder")
            continue
        sums[match[2]] = match[1]
        if match[2] not in there:
            problems.append(f"{match[2]}: missing")
    problems.extend(
        f"{name}: does not belong here"
        for name in sorted({*there} - sums.keys() - {SUMS, MANIFEST})
    )
    return sums


def _is_picture(name: str) -> bool:
    return name.startswith(f"{IMAGES}/")


def _check_records(release: Path, problems: list[str]) -> tuple[Record, ...]:
    path = release / CAPTIONS
    try:
        entries = parse_json(path.read_bytes())
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
    sides = Counter(record.split for record in records if record.split)
    for side in SIDES:
        if manifest.counts.get(side, 0) != sides[side]:
            said = manifest.counts.get(side, 0)
            problems.append(
                f"{MANIFEST}: counts {said} records for {side}, there are {sides[side]}"
            )
    for name, subset in manifest.subsets.items():
        if subset.file == CAPTIONS and subset.entries != len(records):
            problems.append(f"{MANIFEST}: counts {subset.entries} entries of {name}")
    by_book = Counter(record.provenance.book_id for record in records)
    for book in manifest.books:
        if by_book[book.id] != book.records:
            there = by_book[book.id]
            problems.append(f"{MANIFEST}: counts {book.records} records of {book.id}, not {there}")


def _check_questions(
    release: Path, manifest: Manifest, records: tuple[Record, ...], problems: list[str]
) -> None:
    """The pairs are on records of the release, on their side, and the talks are made of them."""
    subset = manifest.subsets.get("MM-Skin-O")
    if subset is None or subset.file is None or not is_file(release / subset.file):
        return  # not made; a missing file is reported with the files
    sides = {record.id: (record.image, record.split) for record in records}
    try:
        entries = parse_json((release / subset.file).read_bytes())
        for entry in entries:
            if sides.get(entry["record_id"]) != (entry["image"], entry["split"]):
                problems.append(f"{subset.file}: {entry['id']} does not agree with its record")
        talks = pretty_json(conversations_of(entries))
    except (ValueError, KeyError, TypeError) as error:
        problems.append(f"{subset.file}: not a list of questions: {error!r}")
        return
    if len(entries) != subset.entries:
        problems.append(f"{MANIFEST}: counts {subset.entries} questions, there are {len(entries)}")
    path = release / QUESTIONS_VQA
    if path.is_file() and path.read_bytes() != talks:
        problems.append(f"{QUESTIONS_VQA}: does not say what {subset.file} says")


def _check_pictures(
    release: Path,
    records: Sequence[Record],
    sums: Mapping[str, str],
    problems: list[str],
    progress: Progress,
) -> dict[str, Fingerprint]:
    """Check the pictures and return their fingerprints by the digest of their pixels."""
    by_name: dict[str, Record] = {}
    for record in records:
        if record.image != f"{IMAGES}/{record.id}.png":
            problems.append(f"{CAPTIONS}: {record.id} names the picture {record.image!r}")
            continue
        by_name.setdefault(record.image, record)
        if record.image not in sums and not is_file(release / record.image):
            problems.append(f"{record.image}: missing")  # otherwise reported with the sums
    listed = {name for name in sums if _is_picture(name)}
    problems.extend(
        f"{name}: no record names this picture"
        for name in sorted(listed - {record.image for record in records})
    )
    names = [n for n in sorted(listed | by_name.keys()) if is_file(release / n)]

    def look(name: str) -> tuple[str | None, Fingerprint | None]:
        return _look(release / name, sums.get(name), by_name.get(name))

    prints: dict[str, Fingerprint] = {}
    done = map_in_threads(look, names, "read pictures", progress)
    for name, (wrong, print_) in zip(names, done, strict=True):
        if wrong is not None:
            problems.append(f"{name}: {wrong}")
        if print_ is not None:
            prints[by_name[name].image_sha256] = print_
    return prints


def _look(
    path: Path, sha256: str | None, record: Record | None
) -> tuple[str | None, Fingerprint | None]:
    """What is wrong with a picture, if anything, and its fingerprint if it is the record's."""
    with storage_errors(path):
        content = path.read_bytes()
    is_changed = sha256 is not None and hashlib.sha256(content).hexdigest() != sha256
    changed = _CHANGED if is_changed else None
    if record is None:
        return changed, None
    if not content.startswith(_PNG_HEADER) or len(content) < 24:
        return changed or "not a PNG file", None
    # The size is read first, so that no picture is a bomb.
    size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if size != (record.width_px, record.height_px):
        expected = f"{record.width_px} x {record.height_px}"
        return changed or f"{size[0]} x {size[1]} pixels, not {expected}", None
    rgb = decode_picture(content)
    if rgb is None:
        return changed or "cannot be decoded", None
    if pixel_digest(rgb) != record.image_sha256:
        return changed or "its pixels are not those of the record (image_sha256)", None
    return changed, fingerprint(rgb)


def _check_lists(
    release: Path, records: Sequence[Record], names: Collection[str], problems: list[str]
) -> None:
    """Check that the other lists, such as those of MM-Skin-O, name pictures and records there."""
    images = {record.image for record in records}
    ids = {record.id for record in records}
    for name in sorted(set(names) - {CAPTIONS, CROISSANT}):
        path = release / name
        if path.suffix != ".json" or not path.is_file():
            continue
        try:
            entries = parse_json(path.read_bytes())
        except ValueError as error:
            problems.append(f"{name}: not valid JSON: {error}")
            continue
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            told = entry if isinstance(entry, dict) else {}
            image, record_id = str(told.get("image")), told.get("record_id")
            if image not in images:
                problems.append(f"{name} entry {number}: no picture {image!r}")
            elif record_id is not None and str(record_id) not in ids:
                problems.append(f"{name} entry {number}: no record {str(record_id)!r}")


def verify_or_raise(
    release: Path, progress: Progress = no_progress, *, withdrawn: Collection[str] = ()
) -> ReleaseCheck:
    """Check a release and return what was found; arguments as of `verify_release`.

    Raises:
        VerificationError: If it is not what its manifest says.
    """
    try:
        check = verify_release(release, progress, withdrawn=withdrawn)
    except VerificationError:
        raise
    except MmskinError as error:
        raise VerificationError(str(error)) from error
    raise_problems(release, check)
    return check
