"""The build on a Dask cluster, over a folder that all machines see, or over shared storage.

    a call a book   on any worker, goes through the stages of `steps` and leaves its place free
      calls a range of pages, of pictures   on all workers, so that one large book uses them all
    near duplicates, data/work/build.json   in this process, as with the other engines

Results are the same bytes as with the other engines: ranges change nothing in a page's result, and
an entry of the store is whole or not there, whoever makes it, however often. Lost workers' calls
are done by others; what a lost scheduler knew is asked for again. Passwords of books must stand in
the workers' environment. With `store.remote` and a scheduler the workers need no folder of ours:
what they need travels (`travel`).
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import get_worker, worker_client
from distributed.worker import thread_state
from mmskin_build.flows import travel
from mmskin_build.flows.cluster import Cluster, connect
from mmskin_build.flows.spread import Apart, Spreading, check_code, program_code

from mmskin_build import builds, steps
from mmskin_build.cache import open_store
from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.dataset.summary import BuildSummary, reject_book
from mmskin_build.errors import AdobeExtractError, ClusterError, InputPdfError
from mmskin_build.records import Book

_TOPIC = "mmskin-progress"


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
        workspace: Where all lies; without `store.remote` every worker must see it under the same
            path.
        cfg: Settings; `build.workers` is the size of a cluster of this machine.
        progress: Called with book, stage, what is done and what there is.
        scheduler: The address of a Dask scheduler, None for a cluster of this machine.
        check: Compare the digests of kept pictures, too.

    Raises:
        ClusterError: If the cluster cannot be reached, has another version of this program, does
            not see the folder or the storage, or ends for good.
        MmskinError: As `builds.build`.
    """
    books = builds.begin_build(workspace)
    workspace = dataclasses.replace(workspace, data=workspace.data.resolve())
    is_apart = scheduler is not None and bool(workspace.remote)
    outcomes: dict[int, builds.BookOutcome] = {}
    with connect(scheduler, cfg.workers()) as cluster:
        if not is_apart:
            check_workers(cluster, workspace)
        numbers: list[int] = []  # of the books that were handed out, in this order

        def make_calls() -> Iterator[BookCall]:
            parcel = travel.send_parcel(workspace, cfg) if is_apart else None
            if parcel is not None:
                _check_storage(cluster, parcel.url)
            for number, book in enumerate(books):
                sent = None
                if parcel is not None:
                    try:
                        sent = travel.send_book(workspace, book, parcel)
                    except (InputPdfError, AdobeExtractError) as error:
                        rejected = reject_book(book, str(error))
                        outcomes[number] = builds.BookOutcome(summary=rejected)
                        continue
                numbers.append(number)
                yield BookCall(
                    workspace=workspace,
                    settings=json.dumps(dataclasses.asdict(cfg)),
                    book=book,
                    books=len(books),
                    check=check,
                    code=program_code(),
                    sent=sent,
                )

        cluster.listen(_TOPIC, lambda told: progress(*told))
        for position, outcome in cluster.map(build_book, make_calls()):
            outcomes[numbers[position]] = outcome
            if is_apart:
                _fetch_outputs(workspace, outcome)
    ordered = tuple(outcomes[number] for number in range(len(books)))
    return builds.finish_build(workspace, cfg, ordered), ordered


def _fetch_outputs(workspace: Workspace, outcome: builds.BookOutcome) -> None:
    """Fetch what `builds.finish_build` reads of a book, while others are still worked on."""
    store = open_store(workspace)
    for name in ("read_book", "screen_pictures", "assemble_book"):
        if name in outcome.summary.stages:
            store.entry(name, outcome.summary.stages[name])


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
                "under the same path on all machines, or share storage (store.remote)"
            )


def _sees(path: Path) -> bool:
    return path.is_file()


def _check_storage(cluster: Cluster, url: str) -> None:
    tell = functools.partial(travel.tell_trouble, url)
    for address, trouble in sorted(cluster.ask_all(tell).items()):
        if trouble:
            raise ClusterError(f"{address}: the worker cannot use the shared storage: {trouble}")


# ---------------------------------------------------------------------------- on the workers


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCall:
    """A book to build, with all that a worker needs to know; `code` is the caller's program.

    `books` is how many are built; `sent` is where the book and the rest are if the worker does not
    see `workspace`.
    """

    workspace: Workspace
    settings: str
    book: Book
    books: int
    check: bool
    code: str
    sent: travel.Sent | None = None


def build_book(call: BookCall) -> builds.BookOutcome:
    """Take one book through all stages, from a worker; ranges of it go to all workers."""
    check_code(call.code)
    cfg = parse_config(json.loads(call.settings), "the build's settings")
    if call.sent is None:
        with open_spread_job(call.workspace, cfg, check=call.check, books=call.books) as job:
            return builds.build_book(job, call.book)
    parcel = call.sent.parcel
    apart = Apart(
        url=parcel.url,
        book_sha256=call.book.sha256,
        shown=call.sent.shown,
        model=parcel.model,
    )
    with (
        travel.settle(call.sent, call.book) as settled,
        open_spread_job(
            settled.workspace, cfg, check=call.check, books=call.books, apart=apart
        ) as job,
    ):
        outcome = builds.build_book(dataclasses.replace(job, model=settled.model), settled.book)
    message = outcome.summary.message.replace(str(settled.path), call.sent.shown)
    return dataclasses.replace(
        outcome, summary=dataclasses.replace(outcome.summary, message=message)
    )


def is_on_a_worker() -> bool:
    """Whether this thread runs a call for a cluster."""
    return getattr(thread_state, "execution_state", None) is not None


@contextmanager
def open_spread_job(
    workspace: Workspace,
    cfg: Config,
    *,
    check: bool = False,
    books: int = 1,
    apart: Apart | None = None,
) -> Iterator[steps.Job]:
    """Provide a job to a call that runs on a worker: all workers read and screen for it.

    The call's own thread is freed for others meanwhile.
    """
    with worker_client() as client:
        spreading = Spreading(client, cfg.pdf, books=books, apart=apart)
        yield steps.Job(
            workspace=workspace,
            cfg=cfg,
            pool=spreading,
            screen=spreading.screen,
            progress=_tell,
            check=check,
        )


def _tell(book_id: str, stage: str, done: int, total: int) -> None:
    get_worker().log_event(_TOPIC, (book_id, stage, done, total))
