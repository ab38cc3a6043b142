"""Write a release: records and pictures as an immutable, checksummed folder.

It is made under a temporary name, its manifest last, then renamed to ``<name>/<version>``. A
release that exists is never touched again.
"""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mmskin_build import __version__
from mmskin_build.cache import make_temporary, sweep_temporary
from mmskin_build.config import Config, config_sha256
from mmskin_build.dataset.card import card_page
from mmskin_build.dataset.changes import changes_page, compare
from mmskin_build.dataset.croissant import croissant_json
from mmskin_build.dataset.manifest import (
    CAPTION_TABLE,
    CAPTIONS,
    CARD,
    CHANGES,
    CROISSANT,
    DEMOGRAPHICS,
    DEMOGRAPHICS_VQA,
    IMAGES,
    MANIFEST,
    SUMS,
    Manifest,
    Parent,
    ReleasedBook,
    Subset,
    content_digest,
)
from mmskin_build.dataset.mmskin_d import build_mmskin_d, has_demographics
from mmskin_build.dataset.splits import Side, assign_splits
from mmskin_build.dataset.summary import BuildSummary, add_counts, count
from mmskin_build.errors import ConfigError, ReleaseError, ReleaseExistsError, StorageError
from mmskin_build.records import SCHEMA_VERSION, Book, Record
from mmskin_build.store import (
    file_sha256,
    from_json,
    plain,
    pretty_json,
    storage_errors,
    sync_folder,
    write_bytes,
)

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHOWN = 10  # ids in one message
# The parts of Config that a release depends on.
_SETTINGS = ("pdf", "figures", "images", "privacy", "dataset", "split")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG file of the store and the sha256 that its bytes must have."""

    path: Path
    sha256: str


def parse_version(text: str) -> tuple[int, int, int]:
    """Return a semantic version as numbers.

    Raises:
        ReleaseError: If it is not three numbers joined by points.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ReleaseError(f"{text!r} is not a version; write three numbers, as in 1.0.0")
    return int(match[1]), int(match[2]), int(match[3])


def released_versions(folder: Path) -> list[str]:
    """Return the versions of the finished releases in ``releases/<name>``, the oldest first."""
    found = [path.parent.name for path in folder.glob(f"*/{MANIFEST}")]
    return sorted((v for v in found if _VERSION.fullmatch(v)), key=parse_version)


def read_manifest(release: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        StorageError: If it cannot be read.
        SchemaError: If it is not a manifest.
    """
    path = release / MANIFEST
    with storage_errors(path):
        content = path.read_bytes()
    return from_json(content, Manifest, str(path))


def read_records(release: Path) -> tuple[Record, ...]:
    """Read the records of a release.

    Raises:
        StorageError: If the file cannot be read.
        SchemaError: If it does not hold a list of records; the message names the first bad one.
    """
    path = release / CAPTIONS
    with storage_errors(path):
        content = path.read_bytes()
    return from_json(content, tuple[Record, ...], str(path))


def check_request(folder: Path, name: str, version: str) -> str | None:
    """Make sure that ``folder/version`` may be written and return the version before it, if any.

    Raises:
        ConfigError: If the name of the data set cannot be a folder's.
        ReleaseExistsError: If the version is there already.
        ReleaseError: If it is not a version, or not above the last one.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"dataset.name = {name!r}: use letters, digits, '-', '_' and '.'")
    wanted = parse_version(version)
    before = released_versions(folder)
    if (folder / version).exists():
        raise ReleaseExistsError(
            f"{folder / version}: this release exists; releases are never edited, "
            "so choose the next version"
        )
    if before and wanted <= parse_version(before[-1]):
        raise ReleaseError(f"{version} is not above the last release, {before[-1]}; count on")
    return before[-1] if before else None


def write_release(
    releases: Path,
    version: str,
    *,
    cfg: Config,
    summary: BuildSummary,
    books: Sequence[Book],
    records: Sequence[Record],
    pictures: Mapping[str, Picture],
    leave_out_held: bool = False,
    sides: Mapping[str, Side] | None = None,
    question_files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write ``releases/<name>/<version>`` and return it.

    Args:
        releases: The folder of all releases; the name comes from ``cfg.dataset``.
        version: Above that of the last release of that name.
        cfg: The settings that the records were built with.
        summary: What was left out, and which books.
        books: The registered books.
        records: In the order in which they are to stand.
        pictures: The PNG file of each record, by the record's id.
        leave_out_held: Release without the pictures that a person has yet to decide about, and
            count them; otherwise one of them refuses the release.
        sides: The side of each picture by `image_sha256`; None takes those of the release before.
        question_files: The files of MM-Skin-O as they are to be, the list of its entries first.

    Raises:
        ReleaseError: See `check_request`; also if there are no records, or undecided ones.
        StorageError: If a picture of the store is damaged, the disk full or a folder not writable.
    """
    folder = releases / cfg.dataset.name
    parent_version = check_request(folder, cfg.dataset.name, version)
    if not records:
        raise ReleaseError("the build has no records, so there is nothing to release")
    held = count_held(records)
    if held and not leave_out_held:
        raise ReleaseError(_undecided(records, held))
    kept = tuple(record for record in records if not record.held)
    if not kept:
        raise ReleaseError(
            "every picture of the build waits for a person's decision, so there is nothing to "
            f"release: {_in_words(held)}"
        )
    parent: Parent | None = None
    old: tuple[Record, ...] = ()
    if parent_version is not None:
        digest = read_manifest(folder / parent_version).content_digest
        parent = Parent(version=parent_version, content_digest=digest)
        old = read_records(folder / parent_version)
    before = {record.image_sha256: record.split for record in old if record.split}
    if sides is not None:
        before = dict(sides)
    kept = assign_splits(kept, cfg.split, before)
    sweep_temporary(folder)
    temporary = make_temporary(folder, version)
    try:
        with storage_errors(temporary):
            (temporary / IMAGES).mkdir()
        for record in kept:
            _copy_picture(pictures[record.id], temporary / record.image)
        changes = changes_page(version, parent_version, compare(old, kept))
        manifest = _manifest(version, cfg, summary, books, parent, held)
        parts = {name: json.loads(content) for name, content in (question_files or {}).items()}
        write_parts(temporary, manifest, kept, changes=changes, question_files=parts)
        publish(temporary, folder / version)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / version


def write_parts(
    folder: Path,
    manifest: Manifest,
    records: Sequence[Record],
    *,
    changes: str,
    question_files: Mapping[str, Sequence[Mapping[str, Any]]],
) -> None:
    """Write all files of a release but its pictures, which are there already; the manifest last.

    Args:
        folder: Where to; not yet the release's own name.
        manifest: Counts of records and digests in it are renewed.
        records: In order.
        changes: What ``CHANGES.md`` says.
        question_files: The files of MM-Skin-O, the list of its entries first; none if not made.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    manifest = dataclasses.replace(manifest, **_counted(manifest, records, question_files))
    write_bytes(folder / CAPTIONS, pretty_json([plain(record) for record in records]))
    for name, content in derived_files(records).items():
        write_bytes(folder / name, content)
    for name, entries in question_files.items():
        write_bytes(folder / name, pretty_json(entries))
    write_bytes(folder / CHANGES, changes.encode())
    write_bytes(folder / CARD, card_page(manifest, tuple(records)).encode())
    files = digest_files(folder)
    write_bytes(folder / CROISSANT, croissant_json(manifest, files))
    files[CROISSANT] = file_sha256(folder / CROISSANT)
    write_bytes(folder / SUMS, sums_page(files))
    manifest = dataclasses.replace(manifest, sums_sha256=file_sha256(folder / SUMS))
    write_bytes(folder / MANIFEST, pretty_json(plain(manifest)))


def _counted(
    manifest: Manifest,
    records: Sequence[Record],
    question_files: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    """The fields of a manifest that follow from the records."""
    open_questions = manifest.subsets["MM-Skin-O"]
    if question_files:
        name, entries = next(iter(question_files.items()))
        open_questions = dataclasses.replace(open_questions, file=name, entries=len(entries))
    by_book = Counter(record.provenance.book_id for record in records)
    sides = count(record.split for record in records if record.split)
    rest = {name: number for name, number in manifest.counts.items() if name == "doubtful_pairs"}
    return {
        "content_digest": content_digest(records),
        "subsets": {
            "MM-Skin-C": Subset(file=CAPTIONS, entries=len(records)),
            "MM-Skin-O": open_questions,
            "MM-Skin-D": Subset(file=DEMOGRAPHICS, entries=sum(map(has_demographics, records))),
        },
        "counts": {
            "records": len(records),
            **sides,
            **rest,
            "figures": len({record.group_id for record in records}),
            "books": len(by_book),
        },
        "books": tuple(
            dataclasses.replace(book, records=by_book[book.id]) for book in manifest.books
        ),
    }


def count_held(records: Iterable[Record]) -> dict[str, int]:
    """Count the records that wait for a person's decision by what is to be decided."""
    return count(reason for record in records for reason in record.held)


def _undecided(records: Sequence[Record], held: Mapping[str, int]) -> str:
    names = [record.id for record in records if record.held]
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return (
        f"{len(names)} of {len(records)} pictures wait for a person's decision "
        f"({_in_words(held)}): {shown}; mmskin audit shows them. Decide about them, or release "
        "without them: --leave-out-held"
    )


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def _copy_picture(picture: Picture, target: Path) -> None:
    with storage_errors(picture.path):
        content = picture.path.read_bytes()
    write_bytes(target, content)
    if file_sha256(target) != picture.sha256:
        raise StorageError(f"{picture.path}: damaged since it was made; run: mmskin build --check")


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


def _manifest(
    version: str,
    cfg: Config,
    summary: BuildSummary,
    books: Sequence[Book],
    parent: Parent | None,
    held: dict[str, int],
) -> Manifest:
    """The manifest without what `write_parts` adds of the records."""
    built = {book.id: book for book in summary.books if book.status == "built"}
    settings = {name: dataclasses.asdict(getattr(cfg, name)) for name in _SETTINGS}
    return Manifest(
        name=cfg.dataset.name,
        version=version,
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        content_digest="",
        build_digest=summary.content_digest,
        sums_sha256="",
        parent=parent,
        subsets={
            "MM-Skin-O": Subset(file=None, entries=0, note="questions and answers: not made yet"),
        },
        counts={"doubtful_pairs": sum(book.doubtful for book in built.values())},
        rejects=add_counts(
            [*(book.rejects for book in built.values()), count(r.reason for r in summary.withdrawn)]
        ),
        left_out_held=held,
        books=tuple(
            ReleasedBook(
                id=book.id,
                title=book.title,
                edition=book.edition,
                publisher=book.publisher,
                rights=book.rights,
                sha256=book.sha256,
                page_count=book.page_count,
                records=0,
                language=book.language,
                skip_pages=book.skip_pages,
                adobe=book.adobe is not None,
            )
            for book in books
            if book.id in built
        ),
        left_out_books={book.id: book.title for book in summary.rejected},
        config=json.loads(json.dumps(settings)),
        config_sha256=config_sha256(*(getattr(cfg, name) for name in _SETTINGS)),
    )


def protect(folder: Path) -> None:
    """Make the files of a whole release read-only, and their names durable.

    Raises:
        StorageError: If the folder cannot be changed.
    """
    with storage_errors(folder):
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(0o444)
        sync_folder(folder)


def publish(temporary: Path, final: Path) -> None:
    """Make a whole folder read-only and give it its final name.

    Raises:
        ReleaseExistsError: If the name was taken meanwhile.
        StorageError: If the folder cannot be changed.
    """
    protect(temporary)
    try:
        temporary.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise ReleaseExistsError(f"{final}: another process has just made it") from None
        raise StorageError(f"{final}: {error.strerror}; check the folder") from error
    sync_folder(final.parent)
