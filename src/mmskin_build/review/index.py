"""The tasks of a queue in memory: what is needed to find the next one; the rest stays on disk.

50,000 tasks with their captions would take hundreds of megabytes; a row takes a few hundred bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.errors import SchemaError
from mmskin_build.geometry import Bbox
from mmskin_build.review.queue import order_tasks
from mmskin_build.review.tasks import Task, TaskKind
from mmskin_build.store import from_json, storage_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One task in short; `start` and `length` say where it stands in `file`.

    `image_sha256` and `bbox` are kept of matters of privacy only: what is to be veiled.
    """

    id: str
    kind: TaskKind
    book_id: str
    group: str
    page_index: int
    proposed: str
    ground: str
    gain: float
    seconds: float
    blocks: bool
    double: bool
    known: bool
    file: Path
    start: int
    length: int
    image_sha256: str | None = None
    bbox: Bbox | None = None


class TaskIndex:
    """All tasks of the files of some folders, in the order in which they are worth doing.

    Args:
        folders: Where ``*.jsonl`` files of tasks lie; a missing one has none.

    Raises:
        SchemaError: If a line is no task.
        StorageError: If a file cannot be read.
    """

    def __init__(self, *folders: Path) -> None:
        """Read the folders."""
        self._folders = folders
        self._seen: dict[Path, tuple[int, int]] | None = None
        self.rows: tuple[Row, ...] = ()
        self.by_id: dict[str, Row] = {}
        self.groups: dict[str, list[str]] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Read the files again if one has changed; return whether they were read."""
        now = dict(self._files())
        if now == self._seen:
            return False
        rows = [row for path in sorted(now) for row in _read_rows(path)]
        ordered: tuple[Row, ...] = order_tasks(rows)
        self.by_id = {}
        for row in ordered:
            self.by_id.setdefault(row.id, row)  # one picture may be in two books: asked once
        self.rows = tuple(self.by_id.values())
        self.groups = {}
        for row in self.rows:
            self.groups.setdefault(row.group, []).append(row.id)
        self._seen = now
        return True

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for folder in self._folders:
            with storage_errors(folder):
                if not folder.is_dir():
                    continue
                for entry in os.scandir(folder):
                    if entry.name.endswith(".jsonl") and not entry.name.startswith("."):
                        stat = entry.stat()
                        yield Path(entry.path), (stat.st_mtime_ns, stat.st_size)

    def read(self, row: Row) -> Task:
        """Return a task in full.

        Raises:
            SchemaError: If the file has changed under its row; refresh and try again.
        """
        with storage_errors(row.file), row.file.open("rb") as file:
            file.seek(row.start)
            line = file.read(row.length)
        task = from_json(line, Task, f"{row.file}")
        if task.id != row.id:
            raise SchemaError(f"{row.file}: written anew just now; load the page again")
        return task


def _read_rows(path: Path) -> Iterator[Row]:
    start = 0
    with storage_errors(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                task = from_json(line, Task, f"{path} line {number}")
                private = task.kind == "sensitive"
                yield Row(
                    id=task.id,
                    kind=sys.intern(task.kind),  # type: ignore[arg-type]
                    book_id=sys.intern(task.book_id),
                    group=sys.intern(task.group),
                    page_index=task.page_index,
                    proposed=sys.intern(task.proposed),
                    ground=task.ground,
                    gain=task.gain,
                    seconds=task.seconds,
                    blocks=task.blocks,
                    double=task.double,
                    known=task.known is not None,
                    file=path,
                    start=start,
                    length=len(line),
                    image_sha256=task.pictures[0].image_sha256 if private else None,
                    bbox=task.bbox if private else None,
                )
            start += len(line)
