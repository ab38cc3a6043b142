"""The build on a Dask cluster, over a folder that all machines see.

    a call a book   on any worker, goes through the stages of `steps` and leaves its place free
      calls a range of pages, of pictures   on all workers, so that one large book uses them all
    near duplicates, data/work/build.json   in this process, as with the other engines

Results are the same bytes as with the other engines: ranges change nothing in a page's result, and
an entry of the store is whole or not there, whoever makes it, however often. Lost workers' calls
are done by others; what a lost scheduler knew is asked for again. Passwords of books must stand in
the workers' environment.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from distributed import Client, as_completed, get_worker, worker_client
from distributed.worker import thread_state
from mmskin_build.flows.cluster import Cluster, connect

from mmskin_build import builds, steps
from mmskin_build.books import read_books
from mmskin_build.config import Config, PdfConfig, Workspace, parse_config
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.errors import ClusterError
from mmskin_build.images.classify import (
    PictureFile,
    Progress,
    ScreenedPicture,
    screen_files,
)
from mmskin_build.pdf.document import Document
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PageJob, PdfInfo, PdfSource
from mmskin_build.records import PageFailure

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")

_RANGE_PAGES = 50  # of one call: some seconds, beside which handing it out costs nothing
_RANGE_PICTURES = 256  # beside which starting the process that decodes them costs little
_RANGES_A_THREAD = 4  # how unevenly calls can end
_FIRST = 10  # priority of ranges: a book that was begun is finished first
_TOPIC = "mmskin-progress"
_ROOMS = ("pdf", "figures", "images", "text", "dataset", "steps", "builds")


def run_build(
    workspace: Workspace,
    cfg: Config,
    progress: steps.Progress = steps.no_progress,
    *,
    scheduler: str | None = None,
    check: bool = False,
) -> tuple[BuildSummary, tuple[builds.BookOutcome, ...]]:
    """Build all registered books on a cluster; the same bytes as `builds.build`.

    Args:
        workspace: Where all lies; every worker must see it under the same path.
        cfg: Settings; `build.workers` is the size of a cluster of this machine.
        progress: Called with book, stage, what is done and what there is.
        scheduler: The address of a Dask scheduler, None for a cluster of this machine.
        check: Compare the digests of kept pictures, too.

    Raises:
        ClusterError: If the cluster cannot be reached, has another version of this program, does
            not see the folder, or ends for good.
        MmskinError: As `builds.build`.
    """
    books = builds.begin_build(workspace)
    workspace = Workspace(workspace.data.resolve())
    calls = [
        BookCall(
            workspace=workspace,
            settings=json.dumps(dataclasses.asdict(cfg)),
            book_id=book.id,
            check=check,
            code=steps.stage_version(*_ROOMS),
        )
        for book in books
    ]
    outcomes: dict[int, builds.BookOutcome] = {}
    with connect(scheduler, cfg.workers()) as cluster:
        check_workers(cluster, workspace)
        cluster.listen(_TOPIC, lambda told: progress(*told))
        for number, outcome in cluster.map(build_book, calls):
            outcomes[number] = outcome
    ordered = tuple(outcomes[number] for number in range(len(books)))
    return builds.finish_build(workspace, cfg, ordered), ordered


def check_workers(cluster: Cluster, workspace: Workspace) -> None:
    """Refuse a cluster whose workers see other folders; their program is checked with each call.

    Raises:
        ClusterError: With the address of the worker.
    """
    see = functools.partial(_sees, workspace.books_toml)
    for address, sees in sorted(cluster.ask_all(see).items()):
        if not sees:
            raise ClusterError(
                f"{address}: the worker does not see {workspace.books_toml}; mount the data folder "
                "under the same path on all machines"
            )


def _sees(path: Path) -> bool:
    return path.is_file()


# ---------------------------------------------------------------------------- on the workers


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCall:
    """A book to build, with all that a worker needs to know; `code` is the caller's program."""

    workspace: Workspace
    settings: str
    book_id: str
    check: bool
    code: str


def build_book(call: BookCall) -> builds.BookOutcome:
    """Take one book through all stages, from a worker; ranges of it go to all workers."""
    _check_code(call.code)
    cfg = parse_config(json.loads(call.settings), "the build's settings")
    (book,) = (book for book in read_books(call.workspace) if book.id == call.book_id)
    with open_spread_job(call.workspace, cfg, check=call.check) as job:
        return builds.build_book(job, book)


def is_on_a_worker() -> bool:
    """Whether this thread runs a call for a cluster."""
    return getattr(thread_state, "execution_state", None) is not None


@contextmanager
def open_spread_job(
    workspace: Workspace, cfg: Config, *, check: bool = False
) -> Iterator[steps.Job]:
    """Provide a job to a call that runs on a worker: all workers read and screen for it.

    The call's own thread is freed for others meanwhile.
    """
    with worker_client() as client:
        spreading = Spreading(client, cfg.pdf, steps.stage_version(*_ROOMS))
        yield steps.Job(
            workspace=workspace,
            cfg=cfg,
            pool=spreading,
            screen=spreading.screen,
            progress=_tell,
            check=check,
        )


class Spreading:
    """A `PagePool` of all workers, and the screening of pictures by all."""

    def __init__(self, client: Client, limits: PdfConfig, code: str) -> None:
        """Take a worker's client; nothing is handed out yet."""
        self._client, self._limits, self._code = client, limits, code

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
            PagesCall(source=source, jobs=some, work=work, limits=self._limits, code=self._code)
            for some in self._cut(jobs, _RANGE_PAGES, _RANGES_A_THREAD)
        ]
        results: dict[int, list[Any]] = {}
        for number, result in self._hand_out(read_range, calls):
            results[number] = result
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
        calls = [
            PicturesCall(
                files=some,
                model_path=model_path,
                language=language,
                read_all_words=read_all_words,
                code=self._code,
            )
            for some in self._cut(files, _RANGE_PICTURES, 1)
        ]
        results: dict[int, tuple[ScreenedPicture, ...]] = {}
        for number, result in self._hand_out(screen_range, calls):
            results[number] = result
            progress(sum(map(len, results.values())), len(files))
        return tuple(picture for number in range(len(calls)) for picture in results[number])

    def _cut(self, items: Sequence[T], most: int, a_thread: int) -> list[tuple[T, ...]]:
        threads = max(1, sum(self._client.nthreads().values()))
        size = max(1, min(most, math.ceil(len(items) / (threads * a_thread))))
        return [tuple(items[at : at + size]) for at in range(0, len(items), size)]

    def _hand_out(self, function: Callable[[T], R], calls: Sequence[T]) -> Iterator[tuple[int, R]]:
        futures = {
            self._client.submit(function, call, pure=False, priority=_FIRST): number
            for number, call in enumerate(calls)
        }
        for future in as_completed(list(futures)):
            yield futures.pop(future), future.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesCall:
    """A range of pages of one document and what to do with each."""

    source: PdfSource
    jobs: tuple[PageJob[Any], ...]
    work: Callable[[Document, PageJob[Any]], Any]
    limits: PdfConfig
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesCall:
    """Some picture files to screen."""

    files: tuple[PictureFile, ...]
    model_path: Path | None
    language: str
    read_all_words: bool
    code: str


def read_range(call: PagesCall) -> list[Any]:
    """Apply the work to the pages of a range, in a process beside this worker."""
    _check_code(call.code)
    return _own_pool(call.limits).run(call.source, call.jobs, call.work)


def screen_range(call: PicturesCall) -> tuple[ScreenedPicture, ...]:
    """Screen some pictures in a process beside this worker."""
    _check_code(call.code)
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


def _check_code(code: str) -> None:
    if steps.stage_version(*_ROOMS) != code:
        raise ClusterError(
            f"{get_worker().address}: the worker has another version of this program or its "
            "libraries; install the same on all machines (constraints.txt)"
        )


def _tell(book_id: str, stage: str, done: int, total: int) -> None:
    get_worker().log_event(_TOPIC, (book_id, stage, done, total))
