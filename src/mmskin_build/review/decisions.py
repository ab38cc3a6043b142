"""Decisions on disk: one append-only file of JSON lines a reviewer, nothing ever deleted.

A line is written whole, by one call, and is on the disk before its reviewer is told. Writers of
all processes take one lock for the folder, so that a decision made on an old version is seen as
such; where the file system has no locks, each still writes only its reviewer's own file. A line
that is no decision, and a last line that breaks off, is reported and passed over; the next line
begins on a line of its own.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mmskin_build.decisions import Decision, Standing, key_of, latest
from mmskin_build.errors import SchemaError, StorageError
from mmskin_build.review.tasks import SECONDS, TaskKind
from mmskin_build.store import from_json, storage_errors, sync_folder, to_json

REVIEWER = re.compile(r"[a-z][a-z0-9-]{0,30}")
EDITABLE = 10  # decisions of a reviewer that can be taken back
_LOCK = ".lock"
_PACE_FROM, _PACE_OF = 10, 200  # answers from which a pace is measured; how many count
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that is no decision; `line` counts from 1."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A decision that was not saved: `current` holds, and its reviewer did not know of it."""

    current: Decision


@dataclass(slots=True)
class _File:
    """How far a file was read: bytes and lines of whole lines, and which file it was."""

    inode: int = -1
    size: int = 0
    lines: int = 0


class DecisionLog:
    """The decisions of all reviewers in one folder, kept up with what other processes write.

    Args:
        folder: ``manual_review/decisions``; made with the first decision.

    Raises:
        StorageError: If a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Read the folder."""
        self.folder = folder
        self.bad_lines: dict[tuple[str, int], BadLine] = {}
        self._mutex = threading.RLock()
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._files: dict[str, _File] = {}
        self._by_id: dict[str, Decision] = {}
        self._by_key: dict[str, list[Decision]] = defaultdict(list)
        self._undone: set[str] = set()
        self._pace: dict[TaskKind, float] = dict(SECONDS)
        self._pace_at = 0
        self.bad_lines.clear()

    def refresh(self) -> bool:
        """Read what has been written since; return whether there was anything."""
        with self._mutex, storage_errors(self.folder):
            try:
                found = {e.name: e.stat() for e in os.scandir(self.folder) if _is_log(e.name)}
            except FileNotFoundError:
                found = {}
            for name, known in self._files.items():
                now = found.get(name)
                if now is None or now.st_ino != known.inode or now.st_size < known.size:
                    self._forget()  # exchanged or cut short: read everything again
                    break
            changed = False
            for name in sorted(found):
                known = self._files.setdefault(name, _File(inode=found[name].st_ino))
                if found[name].st_size > known.size:
                    changed |= self._read(name, known)
            return changed

    def _read(self, name: str, known: _File) -> bool:
        with (self.folder / name).open("rb") as file:
            file.seek(known.size)
            fresh = file.read()
        whole, newline, torn = fresh.rpartition(b"\n")
        if newline:
            for line in whole.split(b"\n"):
                known.lines += 1
                self.bad_lines.pop((name, known.lines), None)
                self._take(name, known.lines, line)
            known.size += len(whole) + 1
        if torn:  # may be another process in the midst of writing, or all that a crash left
            number = known.lines + 1
            message = "breaks off; it counts once it is whole, or stays as it is"
            self.bad_lines[name, number] = BadLine(file=name, line=number, message=message)
        return bool(newline)

    def _take(self, name: str, number: int, line: bytes) -> None:
        if not line.strip():
            return
        try:
            self._add(from_json(line, Decision, f"{name} line {number}"))
        except SchemaError as error:
            self.bad_lines[name, number] = BadLine(file=name, line=number, message=str(error))

    def _add(self, decision: Decision) -> None:
        if decision.id in self._by_id:
            return
        self._by_id[decision.id] = decision
        if decision.field == "undo":
            self._undone.add(decision.undoes or "")
        else:
            self._by_key[key_of(decision)].append(decision)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All lines that are decisions, undoing lines included, by time."""
        with self._mutex:
            return tuple(sorted(self._by_id.values(), key=lambda d: (d.decided_at, d.id)))

    def __len__(self) -> int:
        """Return the number of lines that are decisions."""
        return len(self._by_id)

    def find(self, decision_id: str) -> Decision | None:
        """Return a decision by its id."""
        return self._by_id.get(decision_id)

    def standing(self, key: str) -> Standing | None:
        """Return what was decided about one thing and holds; None where nothing was."""
        with self._mutex:
            some = [
                d for d in self._by_key.get(key, ()) if d.known is None and d.id not in self._undone
            ]
            holds = latest(some)
            return None if holds is None else Standing(holds=holds, all=tuple(some))

    def all_of(self, key: str) -> tuple[Decision, ...]:
        """Return all that was decided about one thing and not taken back, known cases, too."""
        with self._mutex:
            return tuple(d for d in self._by_key.get(key, ()) if d.id not in self._undone)

    def pace(self) -> dict[TaskKind, float]:
        """Return the median seconds of an answer by kind, as shown by the last answers."""
        with self._mutex:
            if self._pace_at != len(self._by_id):
                self._pace_at = len(self._by_id)
                shown: dict[str, list[float]] = defaultdict(list)
                for decision in self._by_id.values():
                    if decision.seconds is not None:
                        shown[decision.field].append(decision.seconds)
                self._pace = {
                    kind: median(shown[kind][-_PACE_OF:])
                    if len(shown[kind]) >= _PACE_FROM
                    else usual
                    for kind, usual in SECONDS.items()
                }
            return self._pace

    def decided_keys(self) -> tuple[str, ...]:
        """Return the keys of all that was ever decided."""
        with self._mutex:
            return tuple(self._by_key)

    def has_known(self, key: str, reviewer: str) -> bool:
        """Return whether a reviewer has answered a known case."""
        with self._mutex:
            return any(
                d.known is not None and d.reviewer == reviewer and d.id not in self._undone
                for d in self._by_key.get(key, ())
            )

    def recent(self, reviewer: str, most: int = EDITABLE) -> tuple[Decision, ...]:
        """Return a reviewer's last decisions that were not taken back, the latest first."""
        with self._mutex:
            mine = [
                d
                for d in self._by_id.values()
                if d.reviewer == reviewer and d.field != "undo" and d.id not in self._undone
            ]
            return tuple(sorted(mine, key=lambda d: (d.decided_at, d.id), reverse=True)[:most])

    def save(self, decision: Decision) -> Conflict | None:
        """Write a decision, durable before this returns; a second time with one id writes nothing.

        Returns:
            A conflict, and nothing is written, where another decision holds than the one that this
            one was made on. One made on the other, with `overrides`, is taken.

        Raises:
            StorageError: If it cannot be written; then it may be tried again.
            ValueError: If the reviewer's name cannot be a file's.
        """
        if not REVIEWER.fullmatch(decision.reviewer):
            raise ValueError(f"{decision.reviewer!r} is no name: small letters, digits, '-'")
        with self._mutex, self._lock():
            self.refresh()
            if decision.id in self._by_id:
                return None
            if decision.field != "undo" and decision.known is None:
                standing = self.standing(key_of(decision))
                if standing is not None and standing.holds.id != decision.made_on:
                    return Conflict(current=standing.holds)
            self._append(decision)
            self.refresh()
            if decision.id not in self._by_id:
                raise StorageError(
                    f"{self.folder}: a decision was written and cannot be read back; check the disk"
                )
            return None

    def _append(self, decision: Decision) -> None:
        path = self.folder / f"{decision.reviewer}.jsonl"
        is_new = not path.exists()
        with storage_errors(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                size = os.fstat(handle).st_size
                ends = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
                line = (b"" if ends else b"\n") + to_json(decision) + b"\n"
                written = os.write(handle, line)
                if written < len(line):  # the disk is full: what is there is no whole line
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
                os.fsync(handle)
            finally:
                os.close(handle)
        if is_new:
            sync_folder(self.folder)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise StorageError(f"{self.folder}: cannot be locked: {error}") from error
            yield
        finally:
            os.close(handle)


def _is_log(name: str) -> bool:
    return name.endswith(".jsonl") and not name.startswith(".")


def read_decisions(folder: Path) -> tuple[tuple[Decision, ...], tuple[BadLine, ...]]:
    """Return all decisions of a folder by time, and the lines that are none.

    Raises:
        StorageError: If a file cannot be read.
    """
    log = DecisionLog(folder)
    return log.decisions, tuple(line for _, line in sorted(log.bad_lines.items()))
