"""Run everything that touches a PDF library in worker processes of its own.

PDF libraries are C: a damaged file can end their process (segmentation fault), keep it busy for
ever where no Python exception reaches, or eat all memory. So each page is read by a worker, a fresh
interpreter (never a fork, never a thread) with a cap on its memory; this process watches the clock.
What goes wrong with a page becomes a `PageFailure` of that page alone, and the run goes on.

``concurrent.futures`` is not used: there one dead worker breaks the whole pool, and a running task
has no time limit. ``multiprocessing.Process`` is not used: it imports the caller's ``__main__``
again (scripts without a guard break) and refuses to start below a daemonic process, as Dask's
workers are. Workers need POSIX; the memory cap needs Linux and is left out elsewhere.
"""

from __future__ import annotations

import math
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar, cast

from mmskin_build.config import PdfConfig
from mmskin_build.errors import (
    EncryptedPdfError,
    InputPdfError,
    MissingBookError,
    MmskinError,
    ResourceError,
)
from mmskin_build.pdf.crew import Crew, Share
from mmskin_build.pdf.jobs import PageJob, PdfInfo, PdfSource
from mmskin_build.pdf.process import Broken, Chunk, Failed, NotOpened, Opened, Result, WorkerProcess
from mmskin_build.records import PageFailure

if TYPE_CHECKING:
    from mmskin_build.pdf.document import Document

P = TypeVar("P")
R = TypeVar("R")

FAILURES: Final = {
    "page_crashed": "the PDF library ended its process on this page, twice",
    "page_timed_out": "the page took longer than page_time_limit_s",
    "page_out_of_memory": "the page needs more memory than memory_limit_mib, twice",
    "page_unreadable": "the page raised an error; the detail says which",
}

#: Those that another machine, or another hour, may not show.
MACHINE_FAILURES: Final = ("page_crashed", "page_timed_out", "page_out_of_memory")

_CHUNK_PAGES = 50  # one message to a worker; also how unevenly work can end
_ATTEMPTS = 2  # the second in a fresh worker, so that no earlier page can be to blame


Opener = Callable[[Path, str | None], "Document"]


@dataclass(slots=True)
class _Task:
    """One call of `WorkerPool.run`: what is left to do and what has been done."""

    source: PdfSource
    jobs: Sequence[PageJob[object]]
    call: bytes  # pickled (opener, work)
    waiting: deque[list[int]]  # chunks of positions in `jobs`
    results: dict[int, object]
    attempts: dict[int, int]
    on_page: Callable[[int], None] | None
    share: Share
    failed_openings: int = 0
    failed_starts: int = 0
    info: PdfInfo | None = None

    def finish(self, position: int, result: object) -> None:
        self.results[position] = result
        self.share.pages_left -= 1
        if self.on_page is not None:
            self.on_page(self.jobs[position].page_index)


class WorkerPool:
    """Worker processes that read pages; a context manager, to be used for many documents.

    Workers start when first needed, live until the pool is closed, and keep the last document open.
    They die with this process, however it ends. Calls from several threads share them (`Crew`).
    """

    def __init__(
        self, limits: PdfConfig, workers: int = 1, *, opener: Opener | None = None
    ) -> None:
        """Prepare a pool of at most `workers` processes; nothing is started yet.

        Args:
            limits: Time and memory a page may take, pages a document may have.
            workers: Processes at work at the same time, at least 1.
            opener: Top-level function that opens a document; `pdf.reader.open_document` by default.

        Raises:
            ValueError: If `workers` is below 1.
        """
        if workers < 1:
            raise ValueError(f"a pool needs at least 1 worker, not {workers}")
        self._limits = limits
        self._opener = opener
        self._crew = Crew(limits, workers)

    def __enter__(self) -> Self:
        """Return the pool; nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """End all workers at once; the pool may be used again and then starts new ones.

        A call that another thread is in raises RuntimeError.
        """
        self._crew.close()

    def inspect(self, source: PdfSource) -> PdfInfo:
        """Open a document and tell its number of pages.

        Raises:
            MissingBookError: If the file is not there.
            EncryptedPdfError: If it needs a password, or another one.
            InputPdfError: If it is not a PDF, empty, damaged beyond repair, without pages, has more
                than ``limits.max_pages``, or if opening it crashes, hangs or takes too much memory.
        """
        task = self._task(source, (), _no_work, None)
        task.waiting.append([])
        self._execute(task)
        if task.info is None:
            raise RuntimeError(f"{source.path}: a worker neither opened nor refused the file")
        return task.info

    def run(
        self,
        source: PdfSource,
        jobs: Sequence[PageJob[P]],
        work: Callable[[Document, PageJob[P]], R],
        on_page: Callable[[int], None] | None = None,
    ) -> list[R | PageFailure]:
        """Apply `work` to each page, each under its limits of time and memory.

        A page that ends its worker is tried once more in a fresh one, a page that runs out of time
        is not. `work` sees one page at a time and must not depend on the pages before it.

        Args:
            source: The document.
            jobs: The pages, in any order; a page may occur twice.
            work: A function at the top level of an importable module; its result must pickle.
            on_page: Called here with each page index as soon as that page is done or has failed.

        Returns:
            A result or a failure for each job, in the order of `jobs`.

        Raises:
            MissingBookError, EncryptedPdfError, InputPdfError: As `inspect`.
            MmskinError: Raised by `work`, except `InputPdfError`, which fails only its page: a
                missing program or a wrong setting would fail all pages alike.
            ValueError: If `work` cannot be imported by a worker.
        """
        task = self._task(source, jobs, work, on_page)
        count = len(jobs)
        size = min(_CHUNK_PAGES, math.ceil(count / self._crew.worth(count))) if count else 1
        task.waiting.extend(
            list(range(start, min(start + size, count))) for start in range(0, count, size)
        )
        if count:
            self._execute(task)
        return [cast("R | PageFailure", task.results[position]) for position in range(count)]

    # ------------------------------------------------------------------------------ inside

    def _task(
        self,
        source: PdfSource,
        jobs: Sequence[PageJob[P]],
        work: Callable[[Document, PageJob[P]], R],
        on_page: Callable[[int], None] | None,
    ) -> _Task:
        check_file(source.path)
        try:
            call = pickle.dumps((self._opener, work))
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            raise ValueError(f"{work!r} must stand at the top level of a module") from error
        return _Task(
            source=source,
            jobs=cast("Sequence[PageJob[object]]", jobs),
            call=call,
            waiting=deque(),
            results={},
            attempts={},
            on_page=on_page,
            share=Share(source.path.absolute(), len(jobs)),
        )

    def _execute(self, task: _Task) -> None:
        with self._crew.serve(task.share):
            self._assign(task)
            while task.share.workers:
                self._await_news(task)
                self._assign(task)

    def _assign(self, task: _Task) -> None:
        """Give waiting chunks to workers, and let others have those with nothing to do."""
        for done in [w for w in task.share.workers if not w.busy]:
            self._crew.give_back(task.share, done)
        while task.waiting:
            worker = self._crew.take(task.share)
            if worker is None:
                return
            positions = task.waiting.popleft()
            password = task.source.password_env and os.environ.get(task.source.password_env)
            chunk = Chunk(
                path=task.share.path,
                password=password or None,
                call=task.call,
                jobs=tuple(task.jobs[p] for p in positions),
            )
            if not worker.send(chunk, positions):
                # It died while it had nothing to do: nobody's fault, unless it never started.
                _, detail = worker.cause_of_death()
                self._crew.discard(task.share, worker)
                self._crew.check_open()
                if not worker.ready:
                    _count_failed_start(task, detail)
                task.waiting.appendleft(positions)

    def _await_news(self, task: _Task) -> None:
        busy = list(task.share.workers)
        pause = max(0.0, min(w.deadline for w in busy) - time.monotonic())
        ready = set(wait([w.connection for w in busy], timeout=pause))
        for worker in busy:
            if worker.connection in ready:
                self._receive(task, worker)
            elif worker.deadline <= time.monotonic():
                self._crew.discard(task.share, worker)
                self._blame(task, worker, "page_timed_out", "")

    def _receive(self, task: _Task, worker: WorkerProcess) -> None:
        message = worker.receive()
        match message:
            case Opened(page_count=count, repaired=repaired):
                task.info = PdfInfo(page_count=count, repaired=repaired)
                self._check_page_count(task)
            case NotOpened():
                raise _opening_error(task.source, message)
            case Result(pickled=pickled):
                task.finish(worker.pop_position(), pickle.loads(pickled))
            case Failed(reason="page_out_of_memory", detail=detail):
                # What is left of the worker's memory may be in pieces: go on with a fresh one.
                self._crew.discard(task.share, worker)
                self._blame(task, worker, "page_out_of_memory", detail)
            case Failed(reason=reason, detail=detail):
                position = worker.pop_position()
                task.finish(position, _failure(task, position, reason, detail))
            case Broken(error=error):
                raise error
            case None:
                reason, detail = worker.cause_of_death()
                self._crew.discard(task.share, worker)
                self._crew.check_open()
                self._blame(task, worker, reason, detail)

    def _blame(self, task: _Task, worker: WorkerProcess, reason: str, detail: str) -> None:
        """Note why a worker was lost, and put its pages back into the queue."""
        if reason == "page_timed_out":
            detail = f"gave no result within {self._limits.page_time_limit_s:g} s"
        left = list(worker.positions)
        if not worker.ready:
            _count_failed_start(task, detail)
        elif not worker.opened:
            task.failed_openings += 1
            if task.failed_openings >= _ATTEMPTS or reason == "page_timed_out":
                raise InputPdfError(
                    f"{task.source.path}: opening the file {_OPENING[reason]} ({detail}); "
                    "repair it with another program (for instance qpdf or mutool clean) "
                    "and try again"
                )
        else:
            position = left[0]
            task.attempts[position] = task.attempts.get(position, 0) + 1
            if task.attempts[position] >= _ATTEMPTS or reason == "page_timed_out":
                task.finish(position, _failure(task, position, reason, detail))
                left = left[1:]
                if not left:
                    return
        task.waiting.appendleft(left)

    def _check_page_count(self, task: _Task) -> None:
        count = task.info.page_count if task.info else 0
        if count < 1:
            raise InputPdfError(
                f"{task.source.path}: no page can be found in it; get a complete copy of the file"
            )
        if count > self._limits.max_pages:
            raise InputPdfError(
                f"{task.source.path}: {count} pages are more than max_pages = "
                f"{self._limits.max_pages}; raise max_pages under [pdf] in mmskin.toml "
                "or split the file"
            )


_OPENING: Final = {
    "page_crashed": "crashes the PDF library",
    "page_timed_out": "does not end",
    "page_out_of_memory": "takes more memory than memory_limit_mib allows",
}


def check_file(path: Path) -> None:
    """Refuse what cannot be read as a file, without asking a PDF library.

    Raises:
        MissingBookError: If there is no such file.
        InputPdfError: If it is a folder or may not be read.
    """
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise MissingBookError(f"{path}: there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputPdfError(f"{path}: this is a folder; name a PDF file in it") from error
    except OSError as error:
        raise InputPdfError(
            f"{path}: the file cannot be read ({error.strerror}); check its permissions"
        ) from error


def _opening_error(source: PdfSource, message: NotOpened) -> MmskinError:
    """Say why a file did not open, with what only this side knows: the password's variable."""
    if not issubclass(message.kind, EncryptedPdfError):
        cut = " (its end is missing: no %%EOF)" if _is_cut(source.path) else ""
        return message.kind(message.detail + cut)
    name = source.password_env
    if name is None:
        mend = (
            "put its password into an environment variable and name that with --password-env "
            "or as password_env in data/books.toml"
        )
        return EncryptedPdfError(f"{source.path}: the file is encrypted; {mend}")
    if not os.environ.get(name):
        return EncryptedPdfError(
            f"{source.path}: the file is encrypted and the environment variable {name} is not set; "
            "put the password there"
        )
    return EncryptedPdfError(
        f"{source.path}: the password in the environment variable {name} does not open the file; "
        "correct it"
    )


def _is_cut(path: Path) -> bool:
    """Whether the file starts as a PDF but does not end as one."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            return False
        file.seek(max(0, path.stat().st_size - 2048))
        return b"%%EOF" not in file.read()


def _count_failed_start(task: _Task, detail: str) -> None:
    """Note that a worker ended before it was ready; the second one in a task ends the run."""
    task.failed_starts += 1
    if task.failed_starts >= _ATTEMPTS:
        raise ResourceError(
            f"a worker process did not start ({detail}); end other programs or give fewer "
            "--workers, and run the same command again"
        )


def _failure(task: _Task, position: int, reason: str, detail: str) -> PageFailure:
    return PageFailure(page_index=task.jobs[position].page_index, reason=reason, detail=detail)


def _no_work(document: Document, job: PageJob[object]) -> None:
    """Stand in for work where only the opening counts."""
