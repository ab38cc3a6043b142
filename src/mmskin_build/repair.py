"""A damaged work folder: what is wrong in it, and how it is mended.

Looked at, in this order: the register and the books; stage outputs, all digests compared; what
ended processes left unfinished; the file of the last build; the queue of the review; decisions;
the two SQLite files; releases. What a build can make again is removed, or made again at once. What
it cannot is never changed: decisions with a line that breaks off are kept aside as a copy, books
and releases are only named.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mmskin_build.books import check_book, read_registry
from mmskin_build.builds import read_build
from mmskin_build.cache import find_temporary, read_entry
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.verify import verify_release
from mmskin_build.errors import MmskinError
from mmskin_build.images.duplicates import is_sound_index
from mmskin_build.questions import REPLIES
from mmskin_build.queues import write_build_queue
from mmskin_build.review.decisions import read_decisions
from mmskin_build.review.tasks import Task
from mmskin_build.store import find_abandoned, read_jsonl, storage_errors, write_bytes
from mmskin_build.vqa.reply_cache import find_damage as find_reply_damage
from mmskin_build.vqa.reply_cache import save_replies

What = Literal[
    "register", "book", "stage output", "unfinished", "last build", "queue", "decisions",
    "duplicates", "replies", "release",
]  # fmt: skip

SET_ASIDE = "set_aside"  # below manual_review/: copies of decision files with broken lines

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
    entries = tuple(_damaged_entries(workspace, progress))
    return (
        *_books(workspace),
        *entries,
        *_unfinished(workspace),
        *_last_build(workspace, {Path(entry.path).name for entry in entries}),
        *_queue(workspace),
        *_decisions(workspace),
        *_duplicates(workspace),
        *_replies(workspace),
        *_releases(workspace, progress),
    )


def repair(
    workspace: Workspace, cfg: Config, progress: Progress = no_progress
) -> tuple[Damage, ...]:
    """Mend what `find_damage` finds and return it, with `done` where it is mended.

    No build may run meanwhile. A build afterwards gives what it gave before.

    Raises:
        StorageError: If something cannot be removed or written.
    """
    found = find_damage(workspace, progress)
    mended: list[Damage] = []
    for damage in found:
        path = Path(damage.path)
        if damage.by_person:
            mended.append(damage)
            continue
        with storage_errors(path):
            match damage.what:
                case "stage output" | "unfinished":
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink(missing_ok=True)
                case "last build" | "queue":
                    path.unlink(missing_ok=True)
                case "decisions":
                    copy = _copy_of(workspace, path)
                    if not copy.exists():
                        write_bytes(copy, path.read_bytes())
                case "duplicates":
                    _remove_sqlite(path)
                case "replies":
                    save_replies(path)
        mended.append(replace(damage, done=True))
    if any(damage.what == "queue" for damage in mended):
        _write_queue(workspace, cfg)
    return tuple(mended)


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
            mend="correct it by hand, or take it from a backup",
            by_person=True,
        )
        return
    for book in books:
        try:
            if book.path:
                check_book(workspace, book)
        except MmskinError as error:
            yield Damage(
                what="book", path=book.path, found=str(error), mend="see there", by_person=True
            )


def _damaged_entries(workspace: Workspace, progress: Progress) -> Iterator[Damage]:
    folders = [
        path
        for path in (*workspace.store.glob("*/??/*"), *workspace.work.glob("vqa/??/*"))
        if not path.parent.parent.name.startswith(".")
    ]
    for number, folder in enumerate(sorted(folders), start=1):
        progress("", "stage outputs", number, len(folders))
        if read_entry(folder, deep=True) is None:
            yield Damage(
                what="stage output",
                path=str(folder),
                found="a file is missing or has other bytes",
                mend="removed; mmskin build makes it again",
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


def _write_queue(workspace: Workspace, cfg: Config) -> None:
    """Write the queue out of the last build; without one, the next build does."""
    with contextlib.suppress(MmskinError):
        books = read_registry(workspace.books_toml)
        write_build_queue(workspace, cfg, read_build(workspace), books)


def _decisions(workspace: Workspace) -> Iterator[Damage]:
    folder = workspace.review / "decisions"
    _, bad_lines = read_decisions(folder)
    by_file: dict[str, list[str]] = {}
    for bad in bad_lines:
        by_file.setdefault(bad.file, []).append(f"line {bad.line}: {bad.message}")
    for name, problems in by_file.items():
        yield Damage(
            what="decisions",
            path=str(folder / name),
            found="; ".join(problems),
            mend=f"not changed; copied to {_copy_of(workspace, folder / name)}; "
            "all other lines count",
        )


def _copy_of(workspace: Workspace, path: Path) -> Path:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return workspace.review / SET_ASIDE / f"{path.stem}.{digest[:12]}.jsonl"


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
        if folder.name == ".tmp" or not folder.is_dir():
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


def _remove_sqlite(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
