"""Pages and pictures of one book, range by range on all workers of a cluster.

Ranges change nothing in a page's result. Where workers share no folder (`travel`), a range fetches
its book and passes on the pictures that it cuts.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from distributed import Client, as_completed, get_worker
from mmskin_build.flows import travel

from mmskin_build.cache import stage_version
from mmskin_build.config import PdfConfig
from mmskin_build.errors import ClusterError
from mmskin_build.images.classify import (
    PictureFile,
    Progress,
    ScreenedPicture,
    screen_files,
)
from mmskin_build.pdf.document import Document
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PageJob, PdfInfo, PdfSource, PixelRequest
from mmskin_build.records import PageFailure
from mmskin_build.remote import open_remote
from mmskin_build.store import storage_errors

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")

RANGE_PAGES = 50  # of one call: some seconds, beside which handing it out costs nothing
RANGE_PICTURES = 256  # beside which starting the process that decodes them costs little
_RANGES_A_THREAD = 4  # how unevenly calls can end
_FIRST = 10  # priority of ranges: a book that was begun is finished first
_ROOMS = ("pdf", "figures", "images", "text", "dataset", "steps", "builds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What workers that share no folder fetch, and from where.

    `shown` is the book's path where the program runs, `model` the digest of a model of one's own.
    """

    url: str
    book_sha256: str
    shown: str
    model: str | None


class Spreading:
    """A `PagePool` of all workers, and the screening of pictures by all."""

    def __init__(
        self, client: Client, limits: PdfConfig, *, books: int = 1, apart: Apart | None = None
    ) -> None:
        """Take a worker's client; nothing is handed out yet.

        Args:
            client: Hands out the ranges.
            limits: Of time and memory.
            books: How many are built; the more, the fewer workers one of them needs.
            apart: Set where workers share no folder.
        """
        self._client, self._limits, self._books, self._apart = client, limits, books, apart
        self._code = program_code()

    def inspect(self, source: PdfSource) -> PdfInfo:
        """Open a document and tell its number of pages (`WorkerPool.inspect`)."""
        return _own_pool(self._limits).inspect(source)

    def run(
        self,
        source: PdfSource,
        jobs: Sequence[PageJob[P]],
        work: Callable[[Document, PageJob[P]], R],
        on_page: Callable[[int], None] | None = None,
    ) -> list[R | PageFailure]:
        """Apply `work` to each page, range by range on all workers (`WorkerPool.run`)."""
        calls = [
            PagesCall(
                source=source,
                jobs=some,
                work=work,
                limits=self._limits,
                code=self._code,
                apart=self._apart,
            )
            for some in self._cut(jobs, RANGE_PAGES, _RANGES_A_THREAD)
        ]
        results: dict[int, list[Any]] = {}
        for number, done in self.hand_out(read_range, calls):
            if done.pictures is not None and self._apart is not None:
                travel.take(self._apart.url, done.pictures, _out_dir(calls[number].jobs))
                travel.forget(self._apart.url, done.pictures)
            results[number] = done.results
            for job in calls[number].jobs if on_page is not None else ():
                cast("Callable[[int], None]", on_page)(job.page_index)
        return [result for number in range(len(calls)) for result in results[number]]

    def screen(
        self,
        files: Sequence[PictureFile],
        *,
        workers: int = 1,
        model_path: Path | None = None,
        language: str = "eng",
        read_all_words: bool = False,
        progress: Progress = lambda done, total: None,
    ) -> tuple[ScreenedPicture, ...]:
        """Screen pictures, range by range on all workers (`images.classify.screen_files`)."""
        sent: dict[int, str] = {}

        def make_calls() -> Iterator[PicturesCall]:
            for number, some in enumerate(self._cut(files, RANGE_PICTURES, 1)):
                if self._apart is not None:
                    sent[number] = _pass_pictures(self._apart.url, some)
                yield PicturesCall(
                    files=some,
                    pictures=sent.get(number),
                    apart=self._apart,
                    model_path=model_path,
                    language=language,
                    read_all_words=read_all_words,
                    code=self._code,
                )

        results: dict[int, tuple[ScreenedPicture, ...]] = {}
        for number, result in self.hand_out(screen_range, make_calls()):
            results[number] = result
            if self._apart is not None:
                travel.forget(self._apart.url, sent[number])
            progress(sum(map(len, results.values())), len(files))
        return tuple(picture for number in range(len(results)) for picture in results[number])

    def _cut(self, items: Sequence[T], most: int, a_thread: int) -> list[tuple[T, ...]]:
        threads = max(1, sum(self._client.nthreads().values()) // self._books)
        return cut_ranges(items, most, threads, a_thread)

    def hand_out(self, function: Callable[[T], R], calls: Iterable[T]) -> Iterator[tuple[int, R]]:
        """Yield (position, result) of each call of this book as it ends."""
        futures = {
            self._client.submit(function, call, pure=False, priority=_FIRST): number
            for number, call in enumerate(calls)
        }
        for future in as_completed(list(futures)):
            yield futures.pop(future), future.result()


def cut_ranges(items: Sequence[T], most: int, threads: int, a_thread: int) -> list[tuple[T, ...]]:
    """Cut into ranges of about one size, as many for each thread: none waits long for another.

    Args:
        items: Pages or pictures, in order.
        most: In a range.
        threads: Of all workers that the book has.
        a_thread: Ranges for each thread, at least; fewer where there is too little.
    """
    turns = max(a_thread, math.ceil(len(items) / (threads * most)))
    size = max(1, math.ceil(len(items) / (threads * turns)))
    return [tuple(items[at : at + size]) for at in range(0, len(items), size)]


def _out_dir(jobs: Sequence[PageJob[Any]]) -> Path:
    """The folder into which the pictures of jobs go, the same for all of one run."""
    (folder,) = {job.payload.out_dir for job in jobs}
    return cast("Path", folder)


def _pass_pictures(url: str, files: Sequence[PictureFile]) -> str:
    with travel.working_folder("passed-on") as folder:
        for path in sorted({file.path for file in files}):
            with storage_errors(path):
                os.link(path, folder / path.name)
        name: str = travel.pass_on(url, folder)
    return name


# ---------------------------------------------------------------------------- on any worker


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesCall:
    """A range of pages of one document and what to do with each."""

    source: PdfSource
    jobs: tuple[PageJob[Any], ...]
    work: Callable[[Document, PageJob[Any]], Any]
    limits: PdfConfig
    code: str
    apart: Apart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesDone:
    """The results of a range in its order; `pictures` names those that were passed on."""

    results: list[Any]
    pictures: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesCall:
    """Some picture files to screen; `pictures` names them where they were passed on."""

    files: tuple[PictureFile, ...]
    model_path: Path | None
    language: str
    read_all_words: bool
    code: str
    apart: Apart | None = None
    pictures: str | None = None


def read_range(call: PagesCall) -> PagesDone:
    """Apply the work to the pages of a range, in a process beside this worker."""
    check_code(call.code)
    pool = _own_pool(call.limits)
    if call.apart is None:
        return PagesDone(results=pool.run(call.source, call.jobs, call.work))
    with travel.working_folder("range") as folder:
        path = travel.place_book(open_remote(call.apart.url), call.apart.book_sha256, folder)
        out = folder / "pictures"
        out.mkdir()
        jobs = [_into(job, out) for job in call.jobs]
        with travel.showing(path, call.apart.shown):
            results = pool.run(replace(call.source, path=path), jobs, call.work)
        passed = travel.pass_on(call.apart.url, out) if any(out.iterdir()) else None
        return PagesDone(results=results, pictures=passed)


def _into(job: PageJob[Any], out: Path) -> PageJob[Any]:
    if not isinstance(job.payload, PixelRequest) or job.payload.out_dir is None:
        return job
    return replace(job, payload=replace(job.payload, out_dir=out))


def screen_range(call: PicturesCall) -> tuple[ScreenedPicture, ...]:
    """Screen some pictures in a process beside this worker."""
    check_code(call.code)
    if call.apart is None or call.pictures is None:
        return _screen(call)
    with travel.working_folder("range") as folder:
        travel.take(call.apart.url, call.pictures, folder)
        model = travel.fetch_model(open_remote(call.apart.url), call.apart.model, folder)
        files = tuple(replace(file, path=folder / file.path.name) for file in call.files)
        return _screen(replace(call, files=files, model_path=model))


def _screen(call: PicturesCall) -> tuple[ScreenedPicture, ...]:
    # Dask's workers are daemonic, which is no more than a ban on children.
    multiprocessing.current_process().daemon = False
    return screen_files(
        call.files,
        workers=1,
        model_path=call.model_path,
        language=call.language,
        read_all_words=call.read_all_words,
    )


_threads = threading.local()


def _own_pool(limits: PdfConfig) -> WorkerPool:
    """The process in which this thread reads pages; it stays for the next call."""
    pools: dict[PdfConfig, WorkerPool] = _threads.__dict__.setdefault("pools", {})
    if limits not in pools:
        for pool in pools.values():
            pool.close()
        pools.clear()
        pools[limits] = WorkerPool(limits, 1)
    return pools[limits]


def program_code() -> str:
    """Stand for this program and its libraries, which must be the same on all machines."""
    return stage_version(*_ROOMS)


def check_code(code: str) -> None:
    """Refuse a call of another version of this program.

    Raises:
        ClusterError: With the worker's address.
    """
    if program_code() != code:
        raise ClusterError(
            f"{get_worker().address}: the worker has another version of this program or its "
            "libraries; install the same on all machines (constraints.txt)"
        )
