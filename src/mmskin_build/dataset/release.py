"""Write a release: records and pictures as an immutable, checksummed folder.

It is made under a temporary name, its manifest last, then renamed to ``<name>/<version>``. A
release that exists is never touched again.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mmskin_build import __version__
from mmskin_build.cache import make_temporary, sweep_temporary
from mmskin_build.config import Config, config_sha256
from mmskin_build.dataset.changes import compare
from mmskin_build.dataset.changes_page import changes_page
from mmskin_build.dataset.leaks import find_crossings, find_joins_to_make, join_released
from mmskin_build.dataset.manifest import (
    IMAGES,
    PLOTS,
    QUESTIONS,
    QUESTIONS_VQA,
    Manifest,
    Parent,
    ReleasedBook,
    SpotCheck,
    Subset,
)
from mmskin_build.dataset.mmskin_o import QuestionSet, build_mmskin_o
from mmskin_build.dataset.parts import count_records, derived_files, protect, write_parts
from mmskin_build.dataset.pictures import Picture, Progress, copy_pictures, no_progress
from mmskin_build.dataset.released import Released, read_parts, read_released, released_versions
from mmskin_build.dataset.splits import Side, assign_splits
from mmskin_build.dataset.summary import BuildSummary, add_counts, count
from mmskin_build.dataset.versions import check_step, needed_step, next_version, parse_version
from mmskin_build.errors import (
    ConfigError,
    ReleaseError,
    ReleaseExistsError,
    StorageError,
)
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.records import SCHEMA_VERSION, Book, Record
from mmskin_build.store import (
    storage_errors,
    sync_folder,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHOWN = 10  # ids in one message
# The parts of Config that a release depends on.
_SETTINGS = ("pdf", "figures", "images", "privacy", "dataset", "split")


def check_request(folder: Path, name: str, version: str | None) -> str | None:
    """Make sure that ``folder/version`` may be written and return the version before it, if any.

    A version of None is one that is yet to be chosen.

    Raises:
        ConfigError: If the name of the data set cannot be a folder's.
        ReleaseExistsError: If the version is there already.
        ReleaseError: If it is not a version, or not above the last one.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"dataset.name = {name!r}: use letters, digits, '-', '_' and '.'")
    before = released_versions(folder)
    if version is None:
        return before[-1] if before else None
    wanted = parse_version(version)
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
    version: str | None,
    *,
    cfg: Config,
    summary: BuildSummary,
    books: Sequence[Book],
    records: Sequence[Record],
    pictures: Mapping[str, Picture],
    leave_out_held: bool = False,
    sides: Mapping[str, Side] | None = None,
    questions: QuestionSet | None = None,
    question_files: Mapping[str, bytes] | None = None,
    prints: Mapping[str, Fingerprint] | None = None,
    spot_check: SpotCheck | None = None,
    told_apart: Iterable[tuple[str, str]] = (),
    any_step: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Write ``releases/<name>/<version>`` and return it.

    Args:
        releases: The folder of all releases; the name comes from ``cfg.dataset``.
        version: Above that of the last release of that name, as far as its changes call for (see
            `versions`); None chooses the least that is.
        cfg: The settings that the records were built with.
        summary: What was left out, and which books.
        books: The registered books.
        records: In the order in which they are to stand.
        pictures: The PNG file of each record, by the record's id.
        leave_out_held: Release without the pictures that a person has yet to decide about, and
            count them; otherwise one of them refuses the release.
        sides: The side of each picture by `image_sha256`; None takes those of the release before.
        questions: The pairs on the records, None if they have not been made.
        question_files: The files of MM-Skin-O as they are to be, the list of its entries first,
            instead of `questions`.
        prints: Fingerprints that are known, by `image_sha256`; others are made while copying.
        spot_check: What a person found in a sample of the records, for the card.
        told_apart: Pairs of pictures, by `image_sha256`, that a person called different; the
            smaller digest first.
        any_step: Take any version above the last, as where a release is made again elsewhere.
        progress: Told of pictures written and compared.

    Raises:
        ReleaseError: See `check_request`; also if there are no records, or undecided ones, if
            something crosses the splits, or the version is too small a step.
        StorageError: If a picture of the store is damaged, the disk full or a folder not writable.
    """
    folder = releases / cfg.dataset.name
    before = check_request(folder, cfg.dataset.name, version)
    kept, held = _choose(records, leave_out_held=leave_out_held)
    old = read_released(folder / before) if before is not None else Released()
    sweep_temporary(folder)
    temporary = make_temporary(folder, version or "next")
    try:
        for name in (IMAGES, PLOTS):
            with storage_errors(temporary):
                (temporary / name).mkdir()
        files, prints = copy_pictures(kept, pictures, temporary, prints or {}, progress)
        apart = _released_pairs(told_apart, kept)
        joins = find_joins_to_make(kept, prints, apart, progress)
        kept = assign_splits(
            join_released(kept, joins), cfg.split, old.sides if sides is None else sides
        )
        crossings = find_crossings(kept, joins)
        if crossings:
            raise ReleaseError(f"{len(crossings)} leaks between splits\n{_lines(crossings)}")
        parts = read_parts(question_files or {})
        if questions is not None:
            parts[QUESTIONS], parts[QUESTIONS_VQA] = build_mmskin_o(kept, questions.items)
        manifest = _manifest(cfg, summary, books, old.parent, held)
        if questions is not None:
            manifest.subsets["MM-Skin-O"] = Subset(file=QUESTIONS, entries=0, note=questions.note)
        manifest = dataclasses.replace(
            count_records(manifest, kept, parts), spot_check=spot_check, told_apart=apart
        )
        derived = derived_files(kept)
        changes = compare(
            old.records,
            kept,
            old.manifest,
            manifest,
            old_parts=old.parts,
            new_parts={**read_parts(derived), **parts},
        )
        if version is None:
            version = next_version(before, needed_step(changes))
            check_request(folder, cfg.dataset.name, version)
        elif before is not None and not any_step:
            check_step(before, version, changes)
        manifest = dataclasses.replace(manifest, version=version)
        write_parts(
            temporary,
            manifest,
            kept,
            derived=derived,
            changes=changes_page(version, before, changes),
            question_files=parts,
            picture_digests=files,
        )
        publish(temporary, folder / version)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / version


def _choose(
    records: Sequence[Record], *, leave_out_held: bool
) -> tuple[tuple[Record, ...], dict[str, int]]:
    """The records to release, and what the others wait for."""
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
    return kept, held


def _released_pairs(
    pairs: Iterable[tuple[str, str]], records: Sequence[Record]
) -> tuple[tuple[str, str], ...]:
    """Those of which both pictures are released, in order."""
    there = {record.image_sha256 for record in records}
    return tuple(sorted(pair for pair in pairs if there.issuperset(pair)))


def _lines(found: Sequence[str]) -> str:
    more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join([*(f"  {line}" for line in found[:_SHOWN]), *more])


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


def _manifest(
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
        version="",  # depends on what changed
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        content_digest="",
        build_digest=summary.content_digest,
        sums_sha256="",
        parent=parent,
        subsets={
            "MM-Skin-O": Subset(
                file=None,
                entries=0,
                note="questions and answers: not made; run mmskin vqa before a release",
            ),
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
