"""The build as a Prefect flow: one task is one stage of one book.

Tasks exchange digests, never pages or pixels: a task returns the key of its entry in the store, and
the next one opens it. Prefect's own cache stays off, because it hashes arguments and the task's
source, and would miss a changed file behind a path; the store misses neither. Call
`environment.prepare` before this module is imported.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from mmskin_build.flows.server import embedded_server
from mmskin_build.flows.tasks import as_task
from prefect import flow
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from mmskin_build import builds, steps
from mmskin_build.books import check_book, read_books
from mmskin_build.cache import Entry, open_store
from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.dataset.summary import BuildSummary, reject_book
from mmskin_build.errors import AdobeExtractError, InputPdfError
from mmskin_build.records import Book

P = ParamSpec("P")
R = TypeVar("R")
Key = tuple[str, bool]
"""The key of an entry in the store, and whether the entry has just been computed."""


def _stage(function: Callable[P, R]) -> Task[P, R]:
    """Make a stage of one book a task."""
    made: Task[P, R] = as_task(function, retries=2, delay_s=2)
    return made


@_stage
def read_book(data: str, settings: str, book_id: str, check: bool) -> Key:
    """Turn a book's file into pages."""
    with _job(data, settings, book_id, check) as (job, book):
        check_book(job.workspace, book)
        return _key(steps.read_book(job, book))


@_stage
def align_book(data: str, settings: str, book_id: str, pages: Key) -> Key:
    """Turn pages into figures."""
    with _job(data, settings, book_id) as (job, book):
        return _key(steps.align_book(job, book, _entry(job, "read_book", pages)))


@_stage
def cut_pictures(data: str, settings: str, book_id: str, aligned: Key, check: bool) -> Key:
    """Cut the figures' pictures."""
    with _job(data, settings, book_id, check) as (job, book):
        return _key(steps.cut_pictures(job, book, _entry(job, "align_book", aligned)))


@_stage
def screen_pictures(
    data: str, settings: str, book_id: str, aligned: Key, cut: Key, check: bool
) -> Key:
    """Ask the detectors about the pictures."""
    with _job(data, settings, book_id, check) as (job, book):
        entries = _entry(job, "align_book", aligned), _entry(job, "cut_pictures", cut)
        return _key(steps.screen_pictures(job, book, *entries))


@_stage
def assemble_book(data: str, settings: str, book_id: str, keys: list[Key]) -> Key:
    """Turn a book's figures into records; `keys` are those of the stages before, in order."""
    with _job(data, settings, book_id) as (job, book):
        names = steps.STAGES[:-1]
        entries = [_entry(job, name, key) for name, key in zip(names, keys, strict=True)]
        return _key(steps.assemble_book(job, book, *entries))


@flow(name="build-dataset", persist_result=False, validate_parameters=False)
def build_dataset(
    data: str, settings: str, book_ids: list[str], check: bool = False
) -> dict[str, list[Key] | str]:
    """Take each book through all stages; a book that cannot be used does not stop the others.

    Args:
        data: The data folder.
        settings: `Config` as JSON.
        book_ids: The books to build, in this order.
        check: Compare the digests of kept pictures, and try again what the machine failed.

    Returns:
        By book id the keys of its stages in order, or why its file cannot be used.
    """
    chains: dict[str, list[PrefectFuture[Key]]] = {}
    for book_id in book_ids:
        at = data, settings, book_id
        pages = _hand_over(read_book, *at, check)
        aligned = _hand_over(align_book, *at, pages)
        cut = _hand_over(cut_pictures, *at, aligned, check)
        screened = _hand_over(screen_pictures, *at, aligned, cut, check)
        before = [pages, aligned, cut, screened]
        chains[book_id] = [*before, _hand_over(assemble_book, *at, before)]
    ended: dict[str, list[Key] | str] = {}
    for book_id, chain in chains.items():
        try:  # the first that failed says why; those after it only that it did
            ended[book_id] = [future.result() for future in chain]
        except (InputPdfError, AdobeExtractError) as error:
            ended[book_id] = str(error)
    return ended


def _hand_over(stage: Task[Any, Key], *given: object) -> PrefectFuture[Key]:
    """Hand a stage to whatever runs the tasks; futures among `given` are waited for there."""
    future: PrefectFuture[Key] = stage.submit(*given)
    return future


def run_build(
    workspace: Workspace,
    cfg: Config,
    *,
    scheduler: str | None = None,
    check: bool = False,
) -> tuple[BuildSummary, tuple[builds.BookOutcome, ...]]:
    """Build all registered books by the flow; the same bytes as `builds.build`.

    Args:
        workspace: Where all lies.
        cfg: Settings.
        scheduler: The address of a Dask scheduler whose workers run the tasks; they must see the
            folder under the same path and reach the flow's server. None runs them here, one by one.
        check: Compare the digests of kept pictures, too.

    Raises:
        ClusterError: If the cluster cannot be used.
        MmskinError: As `builds.build`.
    """
    books = builds.begin_build(workspace)
    settings = json.dumps(dataclasses.asdict(cfg))
    with embedded_server(), _runner(scheduler, workspace) as runner:
        ended = build_dataset.with_options(task_runner=runner)(
            str(workspace.data.resolve()), settings, [book.id for book in books], check
        )
    store = open_store(workspace)
    outcomes: list[builds.BookOutcome] = []
    for book in books:
        keys = ended[book.id]
        if isinstance(keys, str):
            outcomes.append(builds.BookOutcome(summary=reject_book(book, keys)))
            continue
        entries = [
            dataclasses.replace(store.entry(name, key), fresh=fresh)
            for name, (key, fresh) in zip(steps.STAGES, keys, strict=True)
        ]
        outcomes.append(builds.book_outcome(entries))
    return builds.finish_build(workspace, cfg, outcomes), tuple(outcomes)


@contextmanager
def _runner(scheduler: str | None, workspace: Workspace) -> Iterator[TaskRunner[Any]]:
    """Provide what runs the tasks: one thread of this process, or the workers of a cluster."""
    if scheduler is None:
        yield ThreadPoolTaskRunner(max_workers=1)
        return
    from mmskin_build.flows.cluster import connect
    from mmskin_build.flows.dask_build import check_workers
    from prefect_dask import DaskTaskRunner

    with connect(scheduler, 1) as cluster:
        check_workers(cluster, workspace)
    yield DaskTaskRunner(address=scheduler)


@contextmanager
def _job(
    data: str, settings: str, book_id: str, check: bool = False
) -> Iterator[tuple[steps.Job, Book]]:
    cfg = parse_config(json.loads(settings), "the flow's settings")
    workspace = Workspace(Path(data), cfg.store.remote)
    (book,) = (book for book in read_books(workspace) if book.id == book_id)
    with _opener()(workspace, cfg, check=check) as job:
        yield job, book


def _opener() -> Callable[..., AbstractContextManager[steps.Job]]:
    """Who opens a job: on a worker of Dask all workers take part."""
    if "distributed" not in sys.modules:  # as it is on every worker
        return steps.open_job
    from mmskin_build.flows.dask_build import is_on_a_worker, open_spread_job

    return open_spread_job if is_on_a_worker() else steps.open_job


def _key(entry: Entry) -> Key:
    return entry.key, entry.fresh


def _entry(job: steps.Job, stage: str, key: Key) -> Entry:
    return open_store(job.workspace).entry(stage, key[0])
