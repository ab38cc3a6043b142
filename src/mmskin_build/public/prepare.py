"""Registered sets become prepared ones: pictures in their places, sides drawn, tables written.

What one set tells is read first (`intake`), set by set; then the sides of all prepared sets are
drawn together (`sides`), as what one set shares with another changes them. A run that was stopped
goes on; the same sets, settings and release give the same items.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmskin_build.config import Config, Workspace
from mmskin_build.errors import PublicSetError
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.public.about import About, PublicSet, Reading
from mmskin_build.public.drafts import Draft, build_draft
from mmskin_build.public.intake import take_in
from mmskin_build.public.items import IMAGES, PublicItem, write_items
from mmskin_build.public.release_sides import Show, no_show, read_release_sides
from mmskin_build.public.sets import SETS
from mmskin_build.public.sides import Divided, Moved, divide, find_leaks
from mmskin_build.public.sources import Source
from mmskin_build.public.tables import write_tables
from mmskin_build.public.takedown import take_out
from mmskin_build.records import Reject
from mmskin_build.store import (
    file_sha256,
    from_json,
    plain,
    pretty_json,
    read_jsonl,
    storage_errors,
    to_json,
    write_bytes,
    write_jsonl,
)

PREPARED, REJECTS, REPORT = "prepared.json", "rejects.jsonl", "report.json"
INDEX = "duplicates.sqlite"
_DRAFTS, _READ = "drafts.jsonl", "read.json"
#: Share of a set's rows without a picture above which it is not prepared unless that is asked for.
MOST_MISSING = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file or folder that a set was read from; a folder has no sha256 but a number of files."""

    name: str
    size: int
    sha256: str | None = None
    files: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSet:
    """What was read of a set: files, rows of its tables, and what was refused, by reason."""

    set: str
    given: tuple[GivenFile, ...]
    listed: int
    accepted: int
    rejects: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSet:
    """What ``prepared.json`` says of a prepared set."""

    read: ReadSet
    pictures: int
    classes: Mapping[str, int]
    sides: Mapping[str, int]
    groups: int
    moved: Mapping[str, int]
    rejects: Mapping[str, int]
    published_pictures: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All prepared sets, what was moved or left out, and the release that they were held to."""

    sets: tuple[PreparedSet, ...]
    moved: tuple[Moved, ...]
    left_out: tuple[Reject, ...]
    release: str | None


def prepare(
    workspace: Workspace,
    cfg: Config,
    sets: Sequence[tuple[PublicSet, Sequence[Path]]],
    *,
    is_partial: bool = False,
    show: Show = no_show,
) -> Prepared:
    """Prepare sets and draw the sides of all that are prepared.

    Args:
        workspace: Where prepared sets lie.
        cfg: Settings; `split` has shares and seed.
        sets: The sets to prepare with the paths that the user gave for them.
        is_partial: Prepare also a set that many pictures are missing of.
        show: Told what is being done.

    Raises:
        PublicSetError: If a set lacks a file, a column or many pictures; the message has the mend.
        StorageError: If the disk is full or a folder cannot be written.
    """
    with DuplicateIndex(workspace.public_work / INDEX) as index:
        for one, paths in sets:
            _take_set(workspace, one, paths, index, is_partial, show)
        return settle(workspace, cfg, index, show)


def open_source(workspace: Workspace, about: About, paths: Sequence[Path]) -> Source:
    """Open what the user gave for a set.

    Raises:
        PublicSetError: If a path is missing or an archive cannot be read.
    """
    return Source(paths, workspace.public_work / about.name / "archives")


def missing_pictures(about: About, reading: Reading) -> str | None:
    """Return what to say where too many rows have no picture, None where it is well."""
    missing = sum(reject.reason == "row_without_picture" for reject in reading.rejects)
    if missing <= MOST_MISSING * max(reading.listed, 1):
        return None
    needed = ", ".join(wanted.names[0] for wanted in about.wanted if wanted.is_needed)
    return (
        f"{about.name}: {missing} of {reading.listed} rows have no picture; is an archive missing? "
        f"needed are {needed}; add them with `mmskin public add {about.name} PATH...`, or take "
        "what there is with --partial"
    )


def _take_set(
    workspace: Workspace,
    one: PublicSet,
    paths: Sequence[Path],
    index: DuplicateIndex,
    is_partial: bool,
    show: Show,
) -> None:
    about = one.about
    work, folder = workspace.public_work / about.name, workspace.public / about.name
    with open_source(workspace, about, paths) as source:
        reading = one.read(source)
        lack = missing_pictures(about, reading)
        if lack is not None and not is_partial:
            raise PublicSetError(lack)
        if not reading.rows:
            reasons = Counter(reject.reason for reject in reading.rejects)
            most = reasons.most_common(1)
            why = f"; most often: {most[0][0]}, as in {reading.rejects[0].detail}" if most else ""
            raise PublicSetError(f"{about.name}: none of {reading.listed} rows can be used{why}")
        seen, unread = take_in(
            reading.rows,
            source,
            folder,
            work / "seen",
            index,
            lambda what, done, total: show(about.name, what, done, total),
        )
        given = _list_given(source, lambda done, all_: show(about.name, "checksums", done, all_))
    _remove_others(folder / IMAGES, seen)
    drafts = [
        build_draft(about, row, seen[row.image].image_sha256)
        for row in reading.rows
        if row.image in seen
    ]
    rejects = [*reading.rejects, *unread]
    read = ReadSet(
        set=about.name,
        given=given,
        listed=reading.listed,
        accepted=len(drafts),
        rejects=dict(sorted(Counter(reject.reason for reject in rejects).items())),
        notes=reading.notes,
    )
    ordered: list[Draft] = sorted(drafts, key=lambda draft: draft.image)
    write_jsonl(work / _DRAFTS, ordered, durable=False)
    write_jsonl(work / REJECTS, rejects, durable=False)
    write_bytes(work / _READ, to_json(read) + b"\n")  # last: with it the set is read
    shutil.rmtree(work / "archives", ignore_errors=True)


def _remove_others(images: Path, kept: Container[str]) -> None:
    """Take out pictures of an earlier run that are no longer the set's; the user's files stay."""
    with storage_errors(images):
        for path in images.rglob("*"):
            if path.is_file() and path.relative_to(images).as_posix() not in kept:
                path.unlink()


def settle(
    workspace: Workspace,
    cfg: Config,
    index: DuplicateIndex,
    show: Show = no_show,
) -> Prepared:
    """Draw the sides of all sets that were read and write items, tables and reports.

    Raises:
        StorageError: If the disk is full or a folder cannot be written.
    """
    drafts: dict[str, list[Draft]] = {}
    reads: dict[str, ReadSet] = {}
    for one in SETS:
        name = one.about.name
        work = workspace.public_work / name
        if (work / _READ).is_file() and (workspace.public / name).is_dir():
            with storage_errors(work):
                reads[name] = from_json((work / _READ).read_bytes(), ReadSet, str(work / _READ))
            drafts[name] = list(read_jsonl(work / _DRAFTS, Draft))
    gone = take_out(workspace, index, drafts)
    release, released = read_release_sides(workspace, cfg, index, show)
    together = [draft for members in drafts.values() for draft in members]
    there = {draft.image_sha256 for draft in together} | released.keys()
    show("all sets", "duplicates", 0, 0)
    pairs = [
        (join.first, join.second)
        for join in index.joins()
        if join.first in there and join.second in there
    ]
    divided = divide(together, pairs, released, cfg.split)
    leaks = find_leaks(divided.items)
    if leaks:  # the rule was broken: a mistake of this program
        raise RuntimeError(f"pictures of public sets on two sides: {leaks[0]}")
    made = tuple(
        _write_set(workspace, one.about, reads[one.about.name], divided, gone)
        for one in SETS
        if one.about.name in reads
    )
    left_out = (*gone, *divided.left_out)
    prepared = Prepared(sets=made, moved=divided.moved, left_out=left_out, release=release)
    write_bytes(workspace.public / REPORT, pretty_json(plain(prepared)))
    return prepared


def _write_set(
    workspace: Workspace, about: About, read: ReadSet, divided: Divided, gone: Sequence[Reject]
) -> PreparedSet:
    folder = workspace.public / about.name
    items = [item for item in divided.items if item.set == about.name]
    rejects = list(read_jsonl(workspace.public_work / about.name / REJECTS, Reject))
    rejects += [r for r in (*gone, *divided.left_out) if r.item_id.startswith(f"{about.name}/")]
    moved = Counter(f"{m.before} to {m.after}" for m in divided.moved if m.set == about.name)
    prepared = PreparedSet(
        read=read,
        pictures=len(items),
        classes=dict(sorted(Counter(item.label for item in items).items())),
        sides=dict(sorted(Counter(str(item.split) for item in items).items())),
        groups=len({item.group_id for item in items}),
        moved=dict(sorted(moved.items())),
        rejects=dict(sorted(Counter(reject.reason for reject in rejects).items())),
        published_pictures=about.pictures,
    )
    write_items(folder, items)
    write_tables(
        folder,
        about.label_table or about.name,
        items,
        lambda item: about.table_names.get(item.label, item.label),
    )
    if about.coarse_table is not None:
        write_tables(folder, about.coarse_table, items, _coarse)
    write_jsonl(folder / REJECTS, rejects, durable=False)
    write_bytes(folder / PREPARED, pretty_json(plain(prepared)), durable=False)
    return prepared


def _coarse(item: PublicItem) -> str | None:
    return item.coarse


def _list_given(source: Source, progress: Callable[[int, int], None]) -> tuple[GivenFile, ...]:
    """The folders, archives and tables that a set was read from, with their checksums."""
    given: list[GivenFile] = []
    for path in source.paths:
        if path.is_dir():
            inside = [entry for entry in source.entries if _is_below(entry.path, path)]
            size = sum(entry.size for entry in inside)
            if inside:
                given.append(GivenFile(name=path.name, size=size, files=len(inside)))
    single = [path for path in source.paths if path.is_file()]
    tables = [
        entry.path
        for entry in source.entries
        if entry.path is not None and entry.path.suffix.lower() in (".csv", ".tab", ".tsv")
    ]
    scratch = source.scratch
    files = sorted({*single, *source.archives, *tables})
    files = [path for path in files if not path.is_relative_to(scratch)]
    for number, path in enumerate(files, 1):
        with storage_errors(path):
            size = path.stat().st_size
        given.append(GivenFile(name=path.name, size=size, sha256=file_sha256(path)))
        progress(number, len(files))
    return tuple(given)


def _is_below(path: Path | None, folder: Path) -> bool:
    return path is not None and path.is_relative_to(folder)
