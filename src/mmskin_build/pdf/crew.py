"""The worker processes of a pool, and whose turn it is to have one.

Calls from several threads share them: a call that has none comes before one that wants another, in
the order in which they ask, and a worker that has the call's document open is given first.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mmskin_build.config import PdfConfig
from mmskin_build.pdf.process import WorkerProcess

_PAGES_WORTH_A_WORKER = 8  # starting an interpreter costs about as much as reading this many pages


@dataclass(slots=True, eq=False)
class Share:
    """What one call has of a crew: the workers that it holds, and how many pages it has left."""

    path: Path
    pages_left: int
    workers: list[WorkerProcess] = field(default_factory=list)


class Crew:
    """At most `size` worker processes, started while the pages left are worth it."""

    def __init__(self, limits: PdfConfig, size: int) -> None:
        """Start nothing yet."""
        self._limits = limits
        self._size = size
        self._news = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._shares: list[Share] = []
        self._queue: deque[Share] = deque()  # those that wait and have no worker
        self._is_closing = False

    def worth(self, pages: int) -> int:
        """How many workers so many pages are worth, 1 at least and `size` at most."""
        return max(1, min(self._size, math.ceil(pages / _PAGES_WORTH_A_WORKER)))

    @contextmanager
    def serve(self, share: Share) -> Iterator[None]:
        """Serve one call; workers that it still holds at its end are ended.

        It does where an error or an interrupt ends it: their pages are of no use any more.
        """
        with self._news:
            self._shares.append(share)
            self._news.notify_all()
        try:
            yield
        finally:
            try:
                for worker in list(share.workers):
                    self.discard(share, worker)
            finally:
                with self._news:
                    self._shares.remove(share)
                    self._news.notify_all()

    def take(self, share: Share) -> WorkerProcess | None:
        """Add a worker to a share; None where it has some and no other is to be had.

        Raises:
            RuntimeError: If the crew is closed meanwhile.
        """
        with self._news:
            if share.workers:
                if self._queue or not self._has_room():
                    return None
            else:
                self._queue.append(share)
                try:
                    self._news.wait_for(
                        lambda: self._is_closing or (self._queue[0] is share and self._has_room())
                    )
                finally:
                    self._queue.remove(share)
                    self._news.notify_all()
            self.check_open()
            worker = self._pick(share.path) or WorkerProcess(self._limits)
            share.workers.append(worker)
            return worker

    def give_back(self, share: Share, worker: WorkerProcess) -> None:
        """Let another call have a worker that has nothing to do."""
        with self._news:
            share.workers.remove(worker)
            self._idle.append(worker)
            self._news.notify_all()

    def discard(self, share: Share, worker: WorkerProcess) -> None:
        """End a worker, whatever it is at."""
        with self._news:
            share.workers.remove(worker)
        worker.kill()
        with self._news:
            self._news.notify_all()

    def check_open(self) -> None:
        """Make sure that workers which ended did not do so because the crew is being closed.

        Raises:
            RuntimeError: If they did.
        """
        if self._is_closing:
            raise RuntimeError("the pool was closed while pages were read")

    def close(self) -> None:
        """End all workers at once, those that calls in other threads hold with them.

        Those calls raise RuntimeError; when the last has ended, the crew may be used again.
        """
        with self._news:
            self._is_closing = True
            self._news.notify_all()
            for share in self._shares:
                for worker in share.workers:
                    worker.interrupt()
            while self._idle:
                self._idle.pop().kill()
            try:
                self._news.wait_for(lambda: not self._shares)
            finally:
                self._is_closing = False

    def _has_room(self) -> bool:
        if self._idle:
            return True
        held = sum(len(share.workers) for share in self._shares)
        return held < self.worth(sum(share.pages_left for share in self._shares))

    def _pick(self, path: Path) -> WorkerProcess | None:
        self._idle.sort(key=lambda worker: worker.path == path)
        while self._idle:
            worker = self._idle.pop()
            if not worker.is_worn():
                return worker
            worker.kill()
        return None
