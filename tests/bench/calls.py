"""What handing out the calls of a large library costs: calls a second, memory, bytes.

usage: calls.py --out FILE [--books N] [--pages N] [--pictures N] [--share S] [--work-ms MS]

The books of a library go through `Cluster.map`, each on a worker that hands out its ranges by
`Spreading.hand_out`, as in a build; but nothing is read: a range sleeps `--work-ms` and answers
with as many bytes as a real one, times `--share` (the bytes of all answers of 10,000 books are
some hundred GB, and tell no more than a part of them). Seen are the calls a second, and every few
seconds the resident memory of this program, of the scheduler and of the workers: it must stay
level, however many calls have been.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from distributed import worker_client
from mmskin_build.flows.cluster import Cluster
from mmskin_build.flows.spread import RANGE_PAGES, RANGE_PICTURES, Spreading
from scale import cluster

from mmskin_build.config import PdfConfig

_LOOK_EVERY_S = 2.0
#: Bytes of a page, of a page with pictures and of a picture in a message there and back, as
#: `footprint.py` finds them in articles (docs/scale.json), rounded up.
READ, CUT, SCREEN = (40, 20_000), (1_500, 1_500), (400, 8_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Calls of one kind of one book: how many, bytes there and back."""

    number: int
    given: int
    answer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOfRanges:
    """A book that is nothing but calls."""

    ranges: tuple[Ranges, ...]
    work_s: float
    books: int


def hand_out_book(book: BookOfRanges) -> int:
    """Hand out all ranges of a book, one kind after the other; return how many there were."""
    done = 0
    with worker_client() as client:
        spreading = Spreading(client, PdfConfig(), books=book.books)
        for some in book.ranges:
            call = (bytes(some.given), some.answer, book.work_s)
            for _, answer in spreading.hand_out(answer_range, [call] * some.number):
                done += len(answer) == some.answer
    return done


def answer_range(call: tuple[bytes, int, float]) -> bytes:
    """Sleep, and answer with as many bytes as asked for."""
    _, answer, work_s = call
    time.sleep(work_s)
    return bytes(answer)


def ranges_of(pages: int, pictures: int, share: float) -> tuple[Ranges, ...]:
    """The calls of a book: pages read, pages with pictures cut, pictures screened."""
    with_pictures = min(pages, pictures)
    kinds = ((pages, RANGE_PAGES, READ), (with_pictures, RANGE_PAGES, CUT))
    made = [
        Ranges(
            number=math.ceil(items / most),
            given=int(min(items, most) * there),
            answer=int(min(items, most) * back * share),
        )
        for items, most, (there, back) in (*kinds, (pictures, RANGE_PICTURES, SCREEN))
        if items
    ]
    return tuple(made)


class Watch:
    """Resident memory and processor seconds of this program, of the scheduler, of the workers."""

    def __init__(self, head: psutil.Process, nannies: list[psutil.Process]) -> None:
        self._who = {"program": [psutil.Process()], "scheduler": [head], "workers": nannies}
        self._over = threading.Event()
        self.seen: list[dict[str, float]] = []
        self.done = 0
        self._start = time.perf_counter()
        self._cpu = self.cpu_s()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _family(self, name: str) -> Iterator[psutil.Process]:
        for process in self._who[name]:
            yield process
            if name != "program":
                yield from process.children(recursive=True)

    def cpu_s(self) -> dict[str, float]:
        return {name: sum(sum(p.cpu_times()[:2]) for p in self._family(name)) for name in self._who}

    def spent_cpu_s(self) -> dict[str, float]:
        now = self.cpu_s()
        return {name: round(now[name] - self._cpu[name], 1) for name in now}

    def _run(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            mib = {
                f"{name}_mib": round(max(p.memory_info().rss for p in self._family(name)) / 2**20)
                for name in self._who
            }
            at = round(time.perf_counter() - self._start, 1)
            self.seen.append({"second": at, "calls": self.done, **mib})

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--books", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=500, help="of a book")
    parser.add_argument("--pictures", type=int, default=250, help="of a book")
    parser.add_argument("--share", type=float, default=0.1, help="of the bytes of answers")
    parser.add_argument("--work-ms", type=float, default=0.0, help="that a range sleeps")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--threads", type=int, default=4, help="of each; sleeping costs nothing")
    given = parser.parse_args()
    ranges = ranges_of(given.pages, given.pictures, given.share)
    calls = given.books * (1 + sum(some.number for some in ranges))
    with (
        tempfile.TemporaryDirectory() as name,
        cluster(given.workers, Path(name), threads=given.threads) as (address, nannies),
    ):
        hands = Cluster(address)
        watch = Watch(head_of(nannies), nannies)
        book = BookOfRanges(ranges=ranges, work_s=given.work_ms / 1000, books=given.books)
        start = time.perf_counter()
        for _, done in hands.map(hand_out_book, (book for _ in range(given.books))):
            watch.done += 1 + done
        spent, cpu_s = time.perf_counter() - start, watch.spent_cpu_s()
        watch.end()
        hands.close()
    result = {
        "books": given.books,
        "pages": given.books * given.pages,
        "calls": calls,
        "calls_done": watch.done,
        "threads": given.workers * given.threads,
        "seconds": round(spent, 1),
        "calls_a_second": round(calls / spent, 1),
        "cpu_s": cpu_s,
        "scheduler_cpu_ms_a_call": round(1000 * cpu_s["scheduler"] / calls, 3),
        "program_cpu_ms_a_call": round(1000 * cpu_s["program"] / calls, 3),
        "answers_gb": round(given.books * sum(r.number * r.answer for r in ranges) / 1e9, 2),
        "mib": {name: level(watch.seen, f"{name}_mib") for name in ("program", "scheduler")},
        "largest_worker_mib": level(watch.seen, "workers_mib"),
        "seen": watch.seen[:: max(1, len(watch.seen) // 50)],
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "seen"}, indent=1))


def level(seen: list[dict[str, Any]], name: str) -> dict[str, float]:
    """The median of the second and of the last tenth of a run, and the most."""
    tenth = max(1, len(seen) // 10)
    values = [look[name] for look in seen]
    return {
        "early": statistics.median(values[tenth : 2 * tenth] or values[:1]),
        "late": statistics.median(values[-tenth:]),
        "most": max(values),
    }


def head_of(nannies: list[psutil.Process]) -> psutil.Process:
    """The scheduler: the other program that this one has started."""
    mine = set(psutil.Process().children()) - set(nannies)
    (head,) = (process for process in mine if "dask_scheduler" in " ".join(process.cmdline()))
    return head


if __name__ == "__main__":
    main()
