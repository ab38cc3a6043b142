"""The reviewer's desk: which tasks are open, the next one, saving a verdict and taking it back.

One object for all requests of a server; every method may be called from several threads.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mmskin_build.config import Workspace
from mmskin_build.decisions import Decision, Standing, key_of, verdict_of
from mmskin_build.geometry import Bbox
from mmskin_build.review.decisions import Conflict, DecisionLog
from mmskin_build.review.index import Row, TaskIndex
from mmskin_build.review.tasks import KINDS, Task, TaskKind

CLAIMED_S = 300.0  # a task that one reviewer has on the screen is not given to another so long
_LOOK_AGAIN_S = 1.0  # between two looks at the files of the queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tasks are wanted; "" is any."""

    kind: str = ""
    book_id: str = ""

    def takes(self, row: Row) -> bool:
        """Whether a task is wanted; those of a sample only where they are asked for."""
        if self.kind != "sample" and row.kind == "sample":
            return False
        return self.kind in ("", row.kind) and self.book_id in ("", row.book_id)


@dataclass(slots=True)
class _Cursor:
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the review is, of what a filter takes."""

    total: int
    done: int
    seconds_left: float
    blocking: int

    @property
    def left(self) -> int:
        """Number of open tasks."""
        return self.total - self.done


@dataclass(slots=True)
class Desk:
    """Queue and decisions of one workspace.

    Args:
        workspace: Where queue and decisions lie.
        clock: Seconds, for claims; not for time stamps.
    """

    workspace: Workspace
    clock: Callable[[], float] = time.monotonic
    index: TaskIndex = field(init=False)
    log: DecisionLog = field(init=False)
    _mutex: Any = field(init=False, default_factory=threading.RLock)
    _cursors: dict[tuple[str, Filter], _Cursor] = field(init=False, default_factory=dict)
    _claims: dict[str, tuple[str, float]] = field(init=False, default_factory=dict)
    _done: Counter[tuple[TaskKind, str]] = field(init=False, default_factory=Counter)
    _total: Counter[tuple[TaskKind, str]] = field(init=False, default_factory=Counter)
    _blocking: Counter[tuple[TaskKind, str]] = field(init=False, default_factory=Counter)
    _veiled: dict[tuple[str, int], list[tuple[Bbox, str]]] = field(init=False, default_factory=dict)
    _private: dict[str, str] = field(init=False, default_factory=dict)
    _looked: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Read queue and decisions."""
        review = self.workspace.review
        self.log = DecisionLog(review / "decisions")
        self.index = TaskIndex(review / "queue", review / "sample")
        self._count()

    # ------------------------------------------------------------------------------- being current

    def refresh(self) -> None:
        """Take in what a build or another server has written."""
        with self._mutex:
            now = self.clock()
            if now - self._looked >= _LOOK_AGAIN_S:
                self._looked = now
                if self.index.refresh() | self.log.refresh():
                    self._count()

    def _count(self) -> None:
        self._cursors.clear()
        self._done, self._total, self._blocking = Counter(), Counter(), Counter()
        self._veiled, self._private = {}, {}
        for row in self.index.rows:
            key = (row.kind, row.book_id)
            self._total[key] += 1
            if self.is_decided(row):
                self._done[key] += 1
            elif row.blocks:
                self._blocking[key] += 1
            if row.image_sha256 and row.bbox:
                self._private[row.image_sha256] = row.id
                self._veiled.setdefault((row.book_id, row.page_index), []).append(
                    (row.bbox, row.id)
                )

    # ------------------------------------------------------------------------------------- tasks

    def row(self, task_id: str) -> Row | None:
        """Return a task in short by its id."""
        return self.index.by_id.get(task_id)

    def task(self, row: Row) -> Task:
        """Return a task in full."""
        return self.index.read(row)

    def standing(self, row: Row) -> Standing | None:
        """Return what was decided about a task as it is now."""
        found = self.log.standing(row.id)
        return None if found is None or found.holds.ground != row.ground else found

    def is_decided(self, row: Row) -> bool:
        """Whether anybody has decided a task."""
        if row.known:
            return any(d.known is not None for d in self.log.all_of(row.id))
        return self.standing(row) is not None

    def is_open(self, row: Row, reviewer: str) -> bool:
        """Whether a task is for this reviewer to do."""
        if row.known:
            return not self.log.has_known(row.id, reviewer)
        standing = self.standing(row)
        if standing is None:
            return True
        by_reviewer = standing.by_reviewer
        return row.double and len(by_reviewer) < 2 and reviewer not in by_reviewer

    def next_rows(
        self, reviewer: str, wanted: Filter, *, most: int = 1, after: str = "", alike: bool = False
    ) -> list[Row]:
        """Return the next open tasks and claim them.

        Args:
            reviewer: Whose tasks.
            wanted: Which.
            most: How many at most.
            after: Begin behind this task, to pass over one; from the front if there is none there.
            alike: Only those with the proposal of the first.
        """
        with self._mutex:
            found: list[Row] = []
            for row in self._open_rows(reviewer, wanted, after):
                if alike and found and row.proposed != found[0].proposed:
                    continue
                found.append(row)
                if len(found) == most:
                    break
            until = self.clock() + CLAIMED_S
            for row in found:
                self._claims[row.id] = (reviewer, until)
            return found

    def _open_rows(self, reviewer: str, wanted: Filter, after: str) -> Iterator[Row]:
        rows = self.index.rows
        cursor = self._cursors.setdefault((reviewer, wanted), _Cursor())
        while cursor.position < len(rows):
            row = rows[cursor.position]
            if wanted.takes(row) and self.is_open(row, reviewer):
                break
            cursor.position += 1
        start = cursor.position
        if after:
            behind = next((i for i in range(start, len(rows)) if rows[i].id == after), None)
            start = start if behind is None else behind + 1
        for place in (range(start, len(rows)), range(cursor.position, start)):
            for number in place:
                row = rows[number]
                if (
                    wanted.takes(row)
                    and row.id != after
                    and self.is_open(row, reviewer)
                    and not self._is_claimed(row.id, reviewer)
                ):
                    yield row

    def _is_claimed(self, task_id: str, reviewer: str) -> bool:
        owner, until = self._claims.get(task_id, ("", 0.0))
        return bool(owner) and owner != reviewer and until > self.clock()

    def siblings(self, row: Row, reviewer: str) -> list[Row]:
        """Return the other open tasks of one kind in a task's group."""
        rows = (self.index.by_id[name] for name in self.index.groups.get(row.group, ()))
        return [
            other
            for other in rows
            if other.kind == row.kind
            and other.id != row.id
            and not other.known
            and self.is_open(other, reviewer)
        ]

    def progress(self, wanted: Filter) -> Progress:
        """Return how far the review is."""
        total = done = blocking = 0
        seconds = 0.0
        with self._mutex:
            pace = self.log.pace()
            for (kind, book_id), count in self._total.items():
                is_wanted = wanted.kind in ("", kind) and wanted.book_id in ("", book_id)
                if is_wanted and not (kind == "sample" and wanted.kind != "sample"):
                    total += count
                    done += self._done[kind, book_id]
                    blocking += self._blocking[kind, book_id]
                    seconds += pace[kind] * (count - self._done[kind, book_id])
        return Progress(total=total, done=done, seconds_left=seconds, blocking=blocking)

    def kinds(self) -> Mapping[str, int]:
        """Return the number of tasks by kind, of kinds that have any."""
        counts: Counter[str] = Counter()
        for (kind, _), count in self._total.items():
            counts[kind] += count
        return {kind: counts[kind] for kind in KINDS if counts[kind]}

    def books(self) -> Sequence[str]:
        """Return the ids of the books with tasks."""
        return sorted({book_id for _, book_id in self._total})

    def disputes(self) -> list[tuple[Row, Standing]]:
        """Return the tasks that two reviewers decided differently."""
        found = []
        for key in self.log.decided_keys():
            row, standing = self.row(key), self.log.standing(key)
            if row is not None and standing is not None and standing.is_disputed:
                found.append((row, standing))
        return found

    # ------------------------------------------------------------------------------------ privacy

    def is_veiled(self, image_sha256: str | None) -> bool:
        """Whether a picture is shown blurred: its privacy is undecided, or it is not to be seen."""
        task_id = self._private.get(image_sha256 or "")
        if task_id is None:
            return False
        row = self.index.by_id[task_id]
        standing = self.standing(row)
        return standing is None or standing.holds.value != "keep"

    def veils(self, book_id: str, page_index: int) -> list[Bbox]:
        """Return the boxes of a page that are shown covered, in points."""
        found = self._veiled.get((book_id, page_index), ())
        return [box for box, task_id in found if self._is_covered(task_id)]

    def _is_covered(self, task_id: str) -> bool:
        standing = self.standing(self.index.by_id[task_id])
        return standing is None or standing.holds.value != "keep"

    # ------------------------------------------------------------------------------------- saving

    def save(self, decision: Decision) -> Conflict | None:
        """Save a verdict (see `DecisionLog.save`); it counts at once.

        Raises:
            StorageError: If it could not be written.
        """
        with self._mutex:
            row = self.index.by_id.get(key_of(decision))
            before = row is not None and self.is_decided(row)
            size = len(self.log)
            conflict = self.log.save(decision)
            if conflict is None and row is not None:
                if len(self.log) > size + 1:  # others have written, too
                    self._count()
                elif not before and self.is_decided(row):
                    key = (row.kind, row.book_id)
                    self._done[key] += 1
                    self._blocking[key] -= row.blocks
            return conflict

    def undo(self, decision_id: str, undo: Decision) -> Decision | None:
        """Take back one of a reviewer's last decisions and return it; None if it is not one.

        Raises:
            StorageError: If it could not be written.
        """
        with self._mutex:
            mine = {d.id: d for d in self.log.recent(undo.reviewer)}
            if decision_id not in mine:
                return None
            self.log.save(replace(undo, undoes=decision_id))
            self._count()
            return mine[decision_id]


def in_short(decision: Decision) -> str:
    """Return a verdict in words for people."""
    return verdict_of(decision).replace("|", ", ").replace("_", " ")
