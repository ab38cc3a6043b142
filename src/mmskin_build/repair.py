"""A damaged work folder: what is wrong in it, and how it is mended.

Looked at, in this order: the registers and the books; stage outputs, all digests compared; what
ended processes left unfinished; the file of the last build; the queue of the review; decisions;
what was withdrawn; the two SQLite files; releases. What a build can make again is removed, or made
again at once. What it cannot is never changed: decisions with a line that breaks off are kept aside
as a copy, books and releases are only named. A link is removed, never what it leads to.

Every stage output and release is read in full, so that a look takes as long as the disk takes to
read the work folder. What cannot be looked at or mended is told, and all else goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mmskin_build.books import check_book, read_registry
from mmskin_build.builds import read_build
from mmskin_build.cache import find_temporary, read_entry
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.exports import LEDGER
from mmskin_build.dataset.verify import verify_release
from mmskin_build.dataset.withdraw import MOVING, read_ledger
from mmskin_build.dataset.withdrawn import read_tombstones
from mmskin_build.errors import MmskinError
from mmskin_build.images.duplicates import is_sound_index
from mmskin_build.public.registry import read_registry as read_public_registry
from mmskin_build.questions import REPLIES
from mmskin_build.queues import write_build_queue
from mmskin_build.review.decisions import read_decisions
from mmskin_build.review.tasks import Task
from mmskin_build.store import find_abandoned, read_jsonl, storage_errors, write_bytes
from mmskin_build.vqa.reply_cache import find_damage as find_reply_damage
from mmskin_build.vqa.reply_cache import save_replies

What = Literal[
    "register", "book", "stage output", "unfinished", "last build", "queue", "decisions",
    "withdrawn", "exports", "duplicates", "replies", "release",
]  # fmt: skip

SET_ASIDE = "set_aside"  # below manual_review/: copies of decision files with broken lines
STORE = "stage outputs"  # what `Progress` calls the longest look, which counts megabytes
_MB = 1_000_000
_BACKUP = "correct it by hand, or take it from a backup"

Progress = Callable[[str, str, int, int], None]


def no_progress(book_id: str, stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it should be.

    `mend` says what `repair` does, or what a person has to do; `by_person` is the latter. `done` is
    whether it has been done.
    """

    what: What
    path: str
    found: str
    mend: str
    by_person: bool = False
    done: bool = False


def find_damage(workspace: Workspace, progress: Progress = no_progress) -> tuple[Damage, ...]:
    """Return all that is wrong in a work folder; nothing is changed."""
    if not workspace.data.exists():
        return ()
    entries = tuple(_look("stage output", workspace.store, _damaged_entries(workspace, progress)))
    decisions = workspace.review / "decisions"
    return (
        *_look("register", workspace.books_toml, _books(workspace)),
        *_look("register", workspace.public_toml, _public_sets(workspace)),
        *entries,
        *_look("unfinished", workspace.work, _unfinished(workspace)),
        *_last_build(workspace, {Path(entry.path).name for entry in entries}),
        *_look("queue", workspace.review, _queue(workspace)),
        *_look("decisions", decisions, _decisions(workspace)),
        *_look("withdrawn", workspace.withdrawn, _withdrawn(workspace)),
        *_look("exports", workspace.data / LEDGER, _exports(workspace)),
        *_look("duplicates", workspace.duplicates, _duplicates(workspace)),
        *_look("replies", workspace.work / REPLIES, _replies(workspace)),
        *_look("release", workspace.releases, _releases(workspace, progress)),
    )


def _look(what: What, path: Path, found: Iterator[Damage]) -> Iterator[Damage]:
    """Yield what is found, and at last what kept from looking on."""
    try:
        with storage_errors(path):
            yield from found
    except MmskinError as error:
        yield Damage(what=what, path=str(path), found=str(error), mend="see there", by_person=True)


def repair(
    workspace: Workspace, cfg: Config, progress: Progress = no_progress
) -> tuple[Damage, ...]:
    """Mend what `find_damage` finds and return it, with `done` where it is mended.

    No build may run meanwhile. A build afterwards gives what it gave before. What cannot be mended,
    as on a full disk, says why in `mend`.
    """
    found = find_damage(workspace, progress)
    mended: list[Damage] = []
    for damage in found:
        if damage.by_person or damage.done:
            mended.append(damage)
            continue
        try:
            _mend(workspace, damage)
        except MmskinError as error:
            mended.append(replace(damage, mend=f"not mended: {error}"))
        else:
            mended.append(replace(damage, done=True))
    if any(damage.what == "queue" and damage.done for damage in mended):
        why = _write_queue(workspace, cfg)
        if why:
            mended = [
                replace(d, done=False, mend=f"removed; not made again: {why}")
                if d.what == "queue" and d.done
                else d
                for d in mended
            ]
    return tuple(mended)


def _mend(workspace: Workspace, damage: Damage) -> None:
    path = Path(damage.path)
    with storage_errors(path):
        match damage.what:
            case "stage output" | "unfinished" | "last build" | "queue":
                _remove(path)
            case "decisions":
                copy = _copy_of(workspace, path)
                if not copy.exists():
                    write_bytes(copy, path.read_bytes())
            case "duplicates":
                for suffix in ("", "-journal", "-wal", "-shm"):
                    _remove(path.with_name(path.name + suffix))
            case "replies":
                save_replies(path)


def _remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, whatever its permissions."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(0o700)
    for at, folders, _ in os.walk(path):  # from the top, and never through links
        for name in folders:
            folder = Path(at, name)
            if not folder.is_symlink():
                folder.chmod(0o700)
    shutil.rmtree(path)


# ---------------------------------------------------------------------------------- one by one


def _books(workspace: Workspace) -> Iterator[Damage]:
    registry = workspace.books_toml
    if not registry.exists():
        return
    try:
        books = read_registry(registry)
    except MmskinError as error:
        yield Damage(
            what="register",
            path=str(registry),
            found=str(error),
            mend=_BACKUP,
            by_person=True,
        )
        return
    yield from _lost_books(workspace, {book.id for book in books if book.path})
    for book in books:
        try:
            if book.path:
                check_book(workspace, book)
        except MmskinError as error:
            yield Damage(
                what="book", path=book.path, found=str(error), mend="see there", by_person=True
            )


def _lost_books(workspace: Workspace, registered: set[str]) -> Iterator[Damage]:
    """A register that was cut off in the middle may still be sound TOML."""
    try:
        built = {book.id for book in read_build(workspace).books}
    except MmskinError:
        return  # there is none, or it is told apart
    for book_id in sorted(built - registered):
        yield Damage(
            what="register",
            path=str(workspace.books_toml),
            found=f"has no file for {book_id}, which the last build has",
            mend="take it from a backup or register the book again; if you took it out: "
            "mmskin build",
            by_person=True,
        )


def _public_sets(workspace: Workspace) -> Iterator[Damage]:
    try:
        read_public_registry(workspace)
    except MmskinError as error:
        path = str(workspace.public_toml)
        yield Damage(what="register", path=path, found=str(error), mend=_BACKUP, by_person=True)


def _damaged_entries(workspace: Workspace, progress: Progress) -> Iterator[Damage]:
    store = workspace.store
    if store.is_symlink() and not store.exists() or store.exists() and not store.is_dir():
        found = "is no folder" if store.exists() else "a link that leads nowhere"
        mend = "removed; mmskin build makes all again"
        yield Damage(what="stage output", path=str(store), found=found, mend=mend)
        return
    folders = [
        path
        for path in (*store.glob("*/??/*"), *workspace.work.glob("vqa/??/*"))
        if not path.parent.parent.name.startswith(".")
    ]
    sizes = {folder: _size(folder) for folder in sorted(folders)}
    done, total = 0, sum(sizes.values())
    for folder, size in sizes.items():
        done += size
        progress("", STORE, done // _MB, max(1, total // _MB))
        if folder.is_symlink():
            yield Damage(
                what="stage output",
                path=str(folder),
                found=f"a link to {os.readlink(folder)}",  # noqa: PTH115 (a text, to be shown)
                mend="removed, and not what it leads to; mmskin build makes it again",
            )
        elif read_entry(folder, deep=True) is None:
            yield Damage(
                what="stage output",
                path=str(folder),
                found="a file is missing or has other bytes",
                mend="removed; mmskin build makes it again",
            )


def _size(folder: Path) -> int:
    """How many bytes are below a folder, as far as that can be told; links count for nothing."""
    return sum(
        entry.lstat().st_size
        for at, _, names in os.walk(folder)
        for entry in (Path(at, name) for name in names)
        if not entry.is_symlink()
    )


def _unfinished(workspace: Workspace) -> Iterator[Damage]:
    roots = (workspace.store, workspace.work, *sorted(workspace.releases.glob("*")))
    found = [path for root in roots for path in find_temporary(root)]
    for folder in (workspace.data, workspace.work, *sorted(workspace.review.glob("*"))):
        found += find_abandoned(folder)
    for path in found:
        yield Damage(
            what="unfinished",
            path=str(path),
            found="left by a process that has ended",
            mend="removed",
        )


def _last_build(workspace: Workspace, damaged: set[str]) -> Iterator[Damage]:
    path = workspace.current
    if not path.exists():
        return
    try:
        summary = read_build(workspace)
    except MmskinError as error:
        problem = str(error)
    else:
        named = {(name, key) for book in summary.books for name, key in book.stages.items()}
        named.add(("join_books", summary.joined))
        gone = sorted(
            f"{name} {key[:12]}"
            for name, key in named
            if key in damaged or not _is_kept(workspace, name, key)
        )
        if not gone:
            return
        problem = f"names stage outputs that are not there: {', '.join(gone)}"
    mend = "removed; mmskin build writes it again"
    yield Damage(what="last build", path=str(path), found=problem, mend=mend)


def _is_kept(workspace: Workspace, name: str, key: str) -> bool:
    """Whether an entry is in the work folder, or is fetched from elsewhere when it is needed."""
    return bool(workspace.remote) or (workspace.store / name / key[:2] / key).is_dir()


def _queue(workspace: Workspace) -> Iterator[Damage]:
    for path in sorted((workspace.review / "queue").glob("*.jsonl")):
        try:
            read_jsonl(path, Task)
        except MmskinError as error:
            mend = "made again from the last build, or by the next one"
            yield Damage(what="queue", path=str(path), found=str(error), mend=mend)


def _write_queue(workspace: Workspace, cfg: Config) -> str:
    """Write the queue out of the last build, if there is one, or return why it cannot be.

    The next build writes it, too.
    """
    if not workspace.current.exists():
        return ""
    try:
        books = read_registry(workspace.books_toml)
        write_build_queue(workspace, cfg, read_build(workspace), books)
    except MmskinError as error:
        return str(error)
    return ""


def _decisions(workspace: Workspace) -> Iterator[Damage]:
    folder = workspace.review / "decisions"
    _, bad_lines = read_decisions(folder)
    by_file: dict[str, list[str]] = {}
    for bad in bad_lines:
        by_file.setdefault(bad.file, []).append(f"line {bad.line}: {bad.message}")
    for name, problems in by_file.items():
        copy = _copy_of(workspace, folder / name)
        yield Damage(
            what="decisions",
            path=str(folder / name),
            found="; ".join(problems),
            mend=f"not changed; copied to {copy}; all other lines count",
            done=copy.exists(),
        )


def _copy_of(workspace: Workspace, path: Path) -> Path:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return workspace.review / SET_ASIDE / f"{path.stem}.{digest[:12]}.jsonl"


def _withdrawn(workspace: Workspace) -> Iterator[Damage]:
    path = workspace.withdrawn
    try:
        read_tombstones(path)
    except MmskinError as error:
        yield Damage(
            what="withdrawn",
            path=str(path),
            found=str(error),
            mend="take it from a backup; or remove a last line that breaks off, and withdraw that "
            "record again",
            by_person=True,
        )


def _exports(workspace: Workspace) -> Iterator[Damage]:
    path = workspace.data / LEDGER
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    broken = [n for n, line in enumerate(lines, 1) if line.strip() and read_ledger(line) is None]
    if broken:
        yield Damage(
            what="exports",
            path=str(path),
            found=f"line {', '.join(map(str, broken[:3]))}: does not say what was exported where",
            mend="a withdrawal does not find that export: export it anew, then remove the line",
            by_person=True,
        )


def _duplicates(workspace: Workspace) -> Iterator[Damage]:
    path = workspace.duplicates
    if path.exists() and not is_sound_index(path):
        yield Damage(
            what="duplicates",
            path=str(path),
            found="damaged, or of another version of the program",
            mend="removed; mmskin build makes it again",
        )


def _replies(workspace: Workspace) -> Iterator[Damage]:
    path = workspace.work / REPLIES
    problem = find_reply_damage(path)
    if problem is not None:
        yield Damage(
            what="replies",
            path=str(path),
            found=problem,
            mend="what can be read is kept in a new file; the rest is asked again",
        )


def _releases(workspace: Workspace, progress: Progress) -> Iterator[Damage]:
    for folder in sorted(workspace.releases.glob("*/*")):
        if folder.name == MOVING:
            yield Damage(
                what="release",
                path=str(folder),
                found="a withdrawal was interrupted",
                mend="run mmskin withdraw, which ends it",
                by_person=True,
            )
        if folder.name in (".tmp", MOVING) or not folder.is_dir():
            continue
        progress("", f"release {folder.name}", 0, 0)
        try:
            problems = verify_release(folder).problems
        except MmskinError as error:
            problems = (str(error),)
        if problems:
            yield Damage(
                what="release",
                path=str(folder),
                found="; ".join(problems[:3]) + (" ..." if len(problems) > 3 else ""),
                mend="never changed here: take it from a backup, or release the next version",
                by_person=True,
            )
