"""Do the same for several files at a time, and stop all of them when one cannot go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mmskin_build.cli.console import Progress

T = TypeVar("T")
R = TypeVar("R")


class _StoppedError(Exception):
    """Raised in the threads whose results nobody waits for any more."""


def each_at_once(
    items: Sequence[T],
    work: Callable[[T, Progress], R],
    threads: int,
    progress: Progress,
    stop: Callable[[], None],
) -> list[R]:
    """Return what `work` makes of each item, in their order.

    What `work` raises, or an interrupt, ends all: `stop` is called, which must let the other
    threads go on, and the next call of their progress raises.

    Args:
        items: What to work at.
        work: Called with an item and where to tell its progress.
        threads: Items that are worked at at the same time.
        progress: Told of all items, from any thread.
        stop: Called from this thread.
    """
    if min(threads, len(items)) <= 1:
        return [work(item, progress) for item in items]
    is_stopped = threading.Event()

    def tell(book_id: str, stage: str, done: int, total: int) -> None:
        if is_stopped.is_set():
            raise _StoppedError
        progress(book_id, stage, done, total)

    with ThreadPoolExecutor(min(threads, len(items))) as pool:
        running = [pool.submit(work, item, tell) for item in items]
        try:
            return [future.result() for future in running]
        except BaseException:
            is_stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise
