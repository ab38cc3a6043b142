"""Several files at a time: results in order, and one that cannot go on ends all."""

from __future__ import annotations

import threading

import pytest

from mmskin_build.cli.at_once import each_at_once
from mmskin_build.cli.console import Progress


def ignore(book_id: str, stage: str, done: int, total: int) -> None:
    pass


@pytest.mark.parametrize("threads", [1, 3])
def test_results_keep_the_order_of_the_items(threads: int) -> None:
    later = threading.Event()

    def work(item: int, progress: Progress) -> int:
        if item == 0 and threads > 1:
            later.wait(60)  # the first ends last
        later.set()
        progress("book", "stage", item, 5)
        return item * item

    assert each_at_once(range(5), work, threads, ignore, lambda: None) == [0, 1, 4, 9, 16]


def test_what_one_raises_ends_the_others() -> None:
    is_stopped, under_way = threading.Event(), threading.Event()
    begun: list[int] = []

    def work(item: int, progress: Progress) -> None:
        begun.append(item)
        if item == 0:
            under_way.wait(60)
            raise OSError("disk full")
        under_way.set()
        is_stopped.wait(60)
        progress("book", "stage", 1, 2)
        raise AssertionError("went on")

    with pytest.raises(OSError, match="disk full"):
        each_at_once(range(9), work, 2, ignore, is_stopped.set)
    assert set(begun) <= {0, 1, 2}  # the third may begin before the first is known to have ended
