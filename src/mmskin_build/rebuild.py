"""A release out of its metadata and the same books: ``mmskin rebuild``.

1. The books that the metadata name are found among one's own by sha256, whatever their ids here.
2. They are built with the recorded settings, under the recorded ids, in a workspace of its own.
3. Each record is held against its description; questions get back the words that they refer to.
4. If all is as recorded, so is the content digest, and the release is written. Otherwise what
   differs is listed, and only `partial` releases the rest, under a name of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from mmskin_build import __version__
from mmskin_build.books import adobe_path, book_path, check_book, read_registry
from mmskin_build.builds import (
    build,
    find_pictures,
    read_prints,
    read_records,
    read_told_apart,
)
from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.dataset.leaks import find_joins_to_make, join_released
from mmskin_build.dataset.manifest import ReleasedBook, content_digest
from mmskin_build.dataset.metadata import (
    METADATA,
    Metadata,
    describe_record,
    differing_fields,
    read_decisions,
    read_descriptions,
    read_metadata,
    read_part,
    text_sha256,
    texts_of,
)
from mmskin_build.dataset.metadata_decisions import resolve_decisions
from mmskin_build.dataset.pictures import fingerprint_pictures
from mmskin_build.dataset.references import resolve_all
from mmskin_build.dataset.release import check_request, write_release
from mmskin_build.dataset.splits import Side, assign_splits
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.errors import (
    BookRegistryError,
    ConfigError,
    InputPdfError,
    MissingBookError,
    ReleaseError,
)
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.records import Book, Record
from mmskin_build.steps import Progress, no_progress
from mmskin_build.store import pretty_json, storage_errors, write_bytes, write_jsonl

DIFFERENCES = "differences.jsonl"
_SHOWN = 20  # lines in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A record or a file that came out otherwise than recorded; `fields` says in what."""

    item: str
    what: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of it: the release, whether it is the recorded one, and what differs."""

    release: Path
    content_digest: str
    is_same: bool
    records: int
    differences: tuple[Difference, ...]


def rebuild(
    workspace: Workspace,
    metadata_folder: Path,
    *,
    registry: Path,
    workers: int = 0,
    partial: bool = False,
    progress: Progress = no_progress,
) -> Rebuilt:
    """Build the release that the metadata describe, out of one's own copies of its books.

    Args:
        workspace: Its releases get the new one; the build goes to ``rebuilds/`` in it.
        metadata_folder: What ``mmskin export --to metadata`` has written.
        registry: The ``books.toml`` where one's own books are registered.
        workers: Processes; 0 is one a processor.
        partial: Release what came out as recorded, where not everything does, as
            ``<name>-partial``.
        progress: Told of the stages of the build.

    Raises:
        VerificationError: If the folder holds no metadata or was changed.
        MissingBookError: If books are not there; the message names them with their sha256.
        ChangedBookError: If a file is not the one that is registered.
        ConfigError: If this program does not know the recorded settings.
        ReleaseError: If something differs and `partial` is not asked for, or nothing is as
            recorded, or the version is there already.
        StorageError: If the disk is full or a folder cannot be written.
    """
    metadata = read_metadata(metadata_folder)
    told = read_descriptions(metadata_folder)
    cfg = _recorded_config(metadata, metadata_folder, workers)
    own = Workspace(workspace.data / "rebuilds" / metadata.name / metadata.version / "data")
    books, missing = _find_books(metadata, registry)
    if missing and not (partial and books):
        raise MissingBookError(_missing_message(missing, registry))
    _register(own, books)
    _take_withdrawals(workspace, own)
    shutil.rmtree(_decisions_folder(own), ignore_errors=True)  # of metadata that were here before
    name = metadata.name
    if not partial:  # a partial one gets another name, or none if all is as recorded
        check_request(workspace.releases / name, name, metadata.version)
    for book in books:
        check_book(own, book)
    summary, built, lacking = _build(own, cfg, read_decisions(metadata_folder), progress)
    if summary.rejected and not partial:
        raise InputPdfError("\n".join(book.message for book in summary.rejected))
    built, prints = _regroup(own, summary, told, built)
    kept, differences = _compare(told, built, metadata)
    differences += [Difference(item=i, what="a decision whose words are not here") for i in lacking]
    questions, more = _questions(metadata, metadata_folder, kept)
    differences += more
    digest = content_digest(kept)
    if digest != metadata.content_digest and not differences:
        what = "all fields are as recorded, but the settings or their order are not"
        differences.append(Difference(item="records", what=what))
    is_same = digest == metadata.content_digest and not differences
    report = own.data.parent / DIFFERENCES
    write_jsonl(report, differences)
    if not is_same and not partial:
        raise ReleaseError(_differing_message(metadata, differences, report))
    if not kept:
        raise ReleaseError(f"{metadata.name} {metadata.version}: no record came out as recorded")
    if not is_same:
        name = f"{name}-partial"
        cfg = dataclasses.replace(cfg, dataset=dataclasses.replace(cfg.dataset, name=name))
    release = _write(workspace, own, cfg, metadata, summary, books, kept, questions, prints)
    return Rebuilt(
        release=release,
        content_digest=digest,
        is_same=is_same,
        records=len(kept),
        differences=tuple(differences),
    )


def _recorded_config(metadata: Metadata, folder: Path, workers: int) -> Config:
    try:
        settings = {key: dict(values) for key, values in metadata.config.items()}
        cfg = parse_config(settings, str(folder / METADATA))
    except ConfigError as error:
        raise ConfigError(
            f"{error}\nThe release was made by mmskin {metadata.code_version}, this is "
            f"{__version__}; its settings need that version"
        ) from None
    return dataclasses.replace(cfg, workspace=dataclasses.replace(cfg.workspace, workers=workers))


# ------------------------------------------------------------------------------------- books


def _find_books(
    metadata: Metadata, registry: Path
) -> tuple[tuple[Book, ...], tuple[ReleasedBook, ...]]:
    """One's own copies of the books that gave records, under the recorded ids, and what lacks."""
    if not registry.exists():
        raise BookRegistryError(
            f"{registry}: no book is registered there; register yours with: "
            "mmskin books add BOOK.pdf --id bk1"
        )
    home = Workspace(registry.parent)
    mine = {book.sha256: book for book in read_registry(registry) if book.path}
    books: list[Book] = []
    missing: list[ReleasedBook] = []
    for wanted in metadata.books:
        book = mine.get(wanted.sha256)
        if book is None or not book_path(home, book).exists():
            missing.append(wanted)
            continue
        extract = adobe_path(home, book) if wanted.adobe else None
        if wanted.adobe and extract is None:
            raise BookRegistryError(
                f"{wanted.id} ({wanted.title}): its text was read by Adobe PDF Extract; "
                f"name the folder with Adobe's output as adobe of {book.id} in {registry}"
            )
        books.append(
            Book(
                id=wanted.id,
                title=wanted.title,
                path=str(book_path(home, book).resolve()),
                sha256=wanted.sha256,
                page_count=wanted.page_count,
                edition=wanted.edition,
                publisher=wanted.publisher,
                rights=book.rights,
                language=wanted.language,
                password_env=book.password_env,
                skip_pages=wanted.skip_pages,
                adobe=None if extract is None else str(extract.resolve()),
            )
        )
    return tuple(books), tuple(missing)


def _missing_message(missing: Sequence[ReleasedBook], registry: Path) -> str:
    lines = [
        f"  {book.id} ({', '.join(p for p in (book.title, book.edition, book.publisher) if p)}): "
        f"sha256 {book.sha256}, {book.records} records"
        for book in missing
    ]
    return (
        f"{registry}: {len(missing)} of the books are not there as the very files that the "
        "release was made of:\n" + "\n".join(lines) + "\nRegister your copies with: mmskin books "
        "add BOOK.pdf --id ID (other ids will do); or build the others alone: --partial"
    )


def _register(own: Workspace, books: Sequence[Book]) -> None:
    tables = tomlkit.aot()
    for book in books:
        fields = {k: v for k, v in dataclasses.asdict(book).items() if v not in (None, "", ())}
        tables.append(
            tomlkit.item({k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()})
        )
    write_bytes(own.books_toml, tomlkit.dumps({"book": tables}).encode())


def _take_withdrawals(workspace: Workspace, own: Workspace) -> None:
    """What was withdrawn here does not come back out of somebody's metadata."""
    with storage_errors(own.withdrawn):
        if workspace.withdrawn.exists():
            write_bytes(own.withdrawn, workspace.withdrawn.read_bytes())
        else:
            own.withdrawn.unlink(missing_ok=True)


# ----------------------------------------------------------------------------------- records


def _decisions_folder(own: Workspace) -> Path:
    """Where a build of that workspace looks for what people decided."""
    return own.review / "decisions"


def _build(
    own: Workspace, cfg: Config, decisions: Sequence[Mapping[str, Any]], progress: Progress
) -> tuple[BuildSummary, dict[str, Record], list[str]]:
    """Build with all decisions that hold; also the ids of those that cannot be had.

    A decision may quote a caption. It is there once the record is, so that what is built with the
    other decisions is built again with that one; stages that it does not touch are kept.
    """
    waiting = list(decisions)
    texts: dict[str, dict[str, str]] = {}
    lines: dict[str, bytes] = {}
    while True:
        fresh, lacking = resolve_decisions(waiting, texts.__getitem__)
        waiting = [entry for entry in waiting if entry["id"] in lacking]
        for name, content in fresh.items():
            lines[name] = lines.get(name, b"") + content
            write_bytes(_decisions_folder(own) / name, lines[name])
        summary, _ = build(own, cfg, progress)
        built = {record.id: record for record in read_records(own, summary)}
        texts = {name: texts_of(record) for name, record in built.items()}
        if not waiting or not resolve_decisions(waiting, texts.__getitem__)[0]:
            return summary, built, [str(entry["id"]) for entry in waiting]


def _regroup(
    own: Workspace,
    summary: BuildSummary,
    told: Sequence[Mapping[str, Any]],
    built: Mapping[str, Record],
) -> tuple[dict[str, Record], dict[str, Fingerprint]]:
    """The records that are described, with the groups that a release of them has; fingerprints."""
    records = [built[entry["id"]] for entry in told if entry["id"] in built]
    files = find_pictures(own, summary)
    pictures = {record.id: files[record.image_sha256] for record in records}
    prints = fingerprint_pictures(records, pictures, read_prints(own, summary))
    joins = find_joins_to_make(records, prints, read_told_apart(own, summary))
    joined = join_released(records, joins)
    return {record.id: record for record in joined}, prints


def _compare(
    told: Sequence[Mapping[str, Any]], built: Mapping[str, Record], metadata: Metadata
) -> tuple[tuple[Record, ...], list[Difference]]:
    """The records that came out as recorded, with their sides; and what did not."""
    kept: list[Record] = []
    differences: list[Difference] = []
    if metadata.code_version != __version__:
        what = f"made by mmskin {metadata.code_version}, this is {__version__}"
        differences.append(Difference(item="program", what=what))
    for description in told:
        name = description["id"]
        record = built.get(name)
        if record is None:
            origin = description["provenance"]
            book = origin.get("book_id") if isinstance(origin, dict) else None
            differences.append(Difference(item=name, what=f"was not built out of {book}"))
            continue
        record = dataclasses.replace(record, split=description["split"])
        found = describe_record(record)
        fields = differing_fields(description, found)
        if fields:
            differences.append(Difference(item=name, what="came out otherwise", fields=fields))
        else:
            kept.append(record)
    return tuple(kept), differences


def _questions(
    metadata: Metadata, folder: Path, kept: Sequence[Record]
) -> tuple[dict[str, bytes], list[Difference]]:
    """The files with questions, with the words of the captions; entries on other records left out.

    A file that is whole must have the recorded bytes.
    """
    texts = {record.id: texts_of(record) for record in kept}
    files: dict[str, bytes] = {}
    differences: list[Difference] = []
    for name, digest in metadata.parts.items():
        given = read_part(folder, name)
        owners = [Path(str(entry["image"])).stem for entry in given]
        entries: list[Any] = []
        for entry, owner in zip(given, owners, strict=True):
            with suppress(KeyError):
                entries.append(resolve_all(entry, functools.partial(_texts, texts, owner)))
        lost = len(given) - len(entries)
        content = pretty_json(entries)
        if entries:
            files[name] = content
        if lost:
            what = f"{lost} entries are on records that did not come out as recorded"
            differences.append(Difference(item=name, what=what))
        elif text_sha256(content.decode()) != digest:
            differences.append(Difference(item=name, what="its bytes are not the recorded ones"))
    return files, differences


def _texts(texts: Mapping[str, Mapping[str, str]], owner: str, other: str) -> Mapping[str, str]:
    return texts[other or owner]


def _differing_message(metadata: Metadata, differences: Sequence[Difference], report: Path) -> str:
    lines = [
        f"  {d.item}: {d.what}{': ' if d.fields else ''}{', '.join(d.fields)}"
        for d in differences[:_SHOWN]
    ]
    more = len(differences) - _SHOWN
    tail = [f"  and {more} more"] if more > 0 else []
    return "\n".join(
        [
            f"{metadata.name} {metadata.version}: {len(differences)} differences from what is "
            f"recorded, all of them in {report}",
            *lines,
            *tail,
            f"Use mmskin {metadata.code_version} with the libraries of its constraints.txt, or "
            "release what is the same: --partial",
        ]
    )


def _write(
    workspace: Workspace,
    own: Workspace,
    cfg: Config,
    metadata: Metadata,
    summary: BuildSummary,
    books: Sequence[Book],
    kept: Sequence[Record],
    questions: Mapping[str, bytes],
    prints: Mapping[str, Fingerprint],
) -> Path:
    sides: dict[str, Side] = {r.image_sha256: r.split for r in kept if r.split is not None}
    if assign_splits(kept, cfg.split, sides) != tuple(kept):
        raise ReleaseError(
            f"{metadata.name} {metadata.version}: the recorded sides break the rule of its own "
            "settings; get the metadata again"
        )
    files = find_pictures(own, summary)
    return write_release(
        workspace.releases,
        metadata.version,
        cfg=cfg,
        summary=summary,
        books=books,
        records=kept,
        pictures={record.id: files[record.image_sha256] for record in kept},
        sides=sides,
        question_files=questions,
        prints=prints,
        told_apart=read_told_apart(own, summary),
        any_step=True,
    )
