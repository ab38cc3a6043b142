"""The stages in order, and the only place that knows them all.

    book.pdf -> read_book -> align_book -> cut_pictures -> assemble_book -> finish_build
                 pages        figures       pictures        records         data/work/build.json

Each stage of each book is kept in the store under the digests of what it depends on; a stage reads
what the one before wrote, so a resumed build and a fresh one see the same bytes. The local engine
(`build`) and the Prefect flow call the same functions in the same order.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from mmskin_build import __version__
from mmskin_build.alignment import check_conserved, cut_figures, pair_figures, read_pages
from mmskin_build.books import adobe_path, book_source, check_book, pages_to_read, read_books
from mmskin_build.cache import Entry, Stage, Store
from mmskin_build.config import Config, Workspace, config_sha256
from mmskin_build.dataset.assemble import assemble_records
from mmskin_build.dataset.release import Picture, check_request, write_release
from mmskin_build.dataset.summary import (
    BookSummary,
    BuildSummary,
    PageNote,
    natural_order,
    reject_book,
    summarize_book,
)
from mmskin_build.errors import AdobeExtractError, BookRegistryError, InputPdfError, ReleaseError
from mmskin_build.pdf.adobe import digest_extract, load_extract
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.records import Alignment, Book, Figure, Page, PageFailure, Record, Reject
from mmskin_build.store import (
    code_digest,
    from_json,
    read_jsonl,
    storage_errors,
    to_json,
    write_bytes,
    write_jsonl,
)

PAGES, NOTES, FAILURES = "pages.jsonl.gz", "page_notes.jsonl", "failures.jsonl"
FIGURES, REJECTS, PICTURES = "figures.jsonl", "rejects.jsonl", "pictures"
HEADINGS = "headings.jsonl"
RECORDS, SUMMARY = "records.jsonl", "summary.jsonl"

_LIBRARIES = ("pymupdf", "opencv-python-headless", "numpy")

STAGES = ("read_book", "align_book", "cut_pictures", "assemble_book")

Progress = Callable[[str, str, int, int], None]
"""Called with book id, stage, pages done and pages in all."""


def no_progress(book_id: str, stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every stage needs: where things lie, the settings, the workers, whom to tell."""

    workspace: Workspace
    cfg: Config
    pool: WorkerPool
    progress: Progress = no_progress
    check_pictures: bool = False  # compare the digests of kept pictures, too

    def keep(self, stage: Stage, produce: Callable[[Path], None]) -> Entry:
        """Return the kept output of `stage`, or make it."""
        return Store(self.workspace.store).run(stage, produce, deep=self.check_pictures)


@contextmanager
def open_job(
    workspace: Workspace,
    cfg: Config,
    progress: Progress = no_progress,
    *,
    check_pictures: bool = False,
) -> Iterator[Job]:
    """Provide a job with a pool of workers, which start when they are first needed."""
    with WorkerPool(cfg.pdf, cfg.workers()) as pool:
        yield Job(
            workspace=workspace,
            cfg=cfg,
            pool=pool,
            progress=progress,
            check_pictures=check_pictures,
        )


# ------------------------------------------------------------------------- stages of one book


def read_book(job: Job, book: Book) -> Entry:
    """Turn a book's file into pages: `PAGES`, `NOTES`, `FAILURES`."""
    indices = pages_to_read(book)
    language = book.language or job.cfg.pdf.ocr_language
    adobe = adobe_path(job.workspace, book)
    stage = Stage(
        name="read_book",
        version=_version("pdf"),
        config_sha256=config_sha256(job.cfg.pdf),
        inputs={
            "book": book.sha256,
            "pages": hashlib.sha256(repr(indices).encode()).hexdigest(),
            "language": language,
            **({} if adobe is None else {"adobe": digest_extract(adobe)}),
        },
    )

    def produce(folder: Path) -> None:
        done = _Counting(job, book.id, "read_book", len(indices))
        source = book_source(job.workspace, book)
        extract = None if adobe is None else load_extract(adobe, book.page_count)
        pages, failures = read_pages(job.pool, source, job.cfg, indices, language, done, extract)
        write_jsonl(folder / PAGES, pages, durable=False)
        write_jsonl(folder / FAILURES, failures, durable=False)
        notes = [
            PageNote(page_index=page.page_index, page_label=page.page_label, flags=page.flags)
            for page in pages
        ]
        write_jsonl(folder / NOTES, notes, durable=False)

    return job.keep(stage, produce)


def align_book(job: Job, book: Book, pages: Entry) -> Entry:
    """Turn pages into figures: `FIGURES`, `REJECTS`, `HEADINGS`."""
    stage = Stage(
        name="align_book",
        version=_version("figures"),
        config_sha256=config_sha256(job.cfg.figures),
        inputs={"pages": pages.outputs[PAGES].sha256},
    )

    def produce(folder: Path) -> None:
        job.progress(book.id, "align_book", 0, 0)
        found = pair_figures(read_jsonl(pages.path(PAGES), Page), job.cfg)
        write_jsonl(folder / FIGURES, found.figures, durable=False)
        write_jsonl(folder / REJECTS, found.rejects, durable=False)
        write_jsonl(folder / HEADINGS, found.headings, durable=False)

    return job.keep(stage, produce)


def cut_pictures(job: Job, book: Book, aligned: Entry) -> Entry:
    """Cut the figures' pictures: `FIGURES` complete, `REJECTS`, and the folder `PICTURES`."""
    stage = Stage(
        name="cut_pictures",
        version=_version("pdf", "figures"),
        config_sha256=config_sha256(job.cfg.pdf, job.cfg.figures),
        inputs={"book": book.sha256, "figures": aligned.outputs[FIGURES].sha256},
    )

    def produce(folder: Path) -> None:
        figures = read_jsonl(aligned.path(FIGURES), Figure)
        with_pictures = {figure.page_index for figure in figures if figure.panels}
        done = _Counting(job, book.id, "cut_pictures", len(with_pictures))
        source, out_dir = book_source(job.workspace, book), folder / PICTURES
        figures, rejects = cut_figures(job.pool, source, job.cfg, figures, out_dir, done)
        write_jsonl(folder / FIGURES, figures, durable=False)
        write_jsonl(folder / REJECTS, rejects, durable=False)

    return job.keep(stage, produce)


def assemble_book(job: Job, book: Book, pages: Entry, aligned: Entry, cut: Entry) -> Entry:
    """Turn a book's figures into records: `RECORDS`, `REJECTS` of all stages, `SUMMARY`."""
    settings = config_sha256(job.cfg.pdf, job.cfg.figures)
    stage = Stage(
        name="assemble_book",
        version=_version("dataset/assemble", "dataset/summary"),
        config_sha256=settings,
        inputs={
            "book": hashlib.sha256(to_json(book)).hexdigest(),
            "notes": pages.outputs[NOTES].sha256,
            "failures": pages.outputs[FAILURES].sha256,
            "left_out": aligned.outputs[REJECTS].sha256,
            "figures": cut.outputs[FIGURES].sha256,
            "not_cut": cut.outputs[REJECTS].sha256,
        },
    )

    def produce(folder: Path) -> None:
        from mmskin_build.pdf.reader import FALLBACK_FLAGS

        job.progress(book.id, "assemble_book", 0, 0)
        notes = read_jsonl(pages.path(NOTES), PageNote)
        figures = read_jsonl(cut.path(FIGURES), Figure)
        labels = {note.page_index: note.page_label for note in notes}
        records, without = assemble_records(book, figures, labels, settings)
        _check_figures_end(figures, records, without)
        before = (aligned.path(REJECTS), cut.path(REJECTS))
        rejects = [*chain.from_iterable(read_jsonl(path, Reject) for path in before), *without]
        summary = summarize_book(
            book,
            notes=notes,
            failures=read_jsonl(pages.path(FAILURES), PageFailure),
            figures=figures,
            records=records,
            rejects=rejects,
            doubtful_below=job.cfg.figures.doubtful_below,
            fallback_flags=FALLBACK_FLAGS,
            max_fallback_share=job.cfg.pdf.max_fallback_share,
        )
        write_jsonl(folder / RECORDS, records, durable=False)
        write_jsonl(folder / REJECTS, rejects, durable=False)
        write_jsonl(folder / SUMMARY, [summary], durable=False)

    return job.keep(stage, produce)


def _check_figures_end(
    figures: Sequence[Figure], records: Sequence[Record], rejects: Sequence[Reject]
) -> None:
    """Each figure must be in a record or in a reject, and nothing else may be there."""
    ended = {record.provenance.figure_id for record in records}
    ended |= {reject.item_id.partition("#")[0] for reject in rejects}
    check_conserved("assemble_book", [figure.figure_id for figure in figures], ended)


def _version(*rooms: str) -> str:
    """Stand for the code behind a stage: its rooms, the ground, the libraries that read PDFs."""
    code = code_digest(*rooms, "geometry", "records", "store")
    return " ".join([__version__, code, *(f"{name}={version(name)}" for name in _LIBRARIES)])


@dataclass(slots=True)
class _Counting:
    """Tells the progress of one stage of one book; called with each finished page."""

    job: Job
    book_id: str
    stage: str
    total: int
    done: int = 0

    def __post_init__(self) -> None:
        self.job.progress(self.book_id, self.stage, 0, self.total)

    def __call__(self, page_index: int) -> None:
        self.done += 1
        self.job.progress(self.book_id, self.stage, self.done, self.total)


# ------------------------------------------------------------------------------ a whole build


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOutcome:
    """How a book ended: its summary and the stages that had to be computed this time."""

    summary: BookSummary
    computed: tuple[str, ...] = ()


def build_book(job: Job, book: Book) -> BookOutcome:
    """Take one book through all stages; a file that cannot be used rejects the book."""
    try:
        check_book(job.workspace, book)
        pages = read_book(job, book)
        aligned = align_book(job, book, pages)
        cut = cut_pictures(job, book, aligned)
        assembled = assemble_book(job, book, pages, aligned, cut)
    except (InputPdfError, AdobeExtractError) as error:
        return BookOutcome(summary=reject_book(book, str(error)))
    return book_outcome([pages, aligned, cut, assembled])


def book_outcome(entries: Sequence[Entry]) -> BookOutcome:
    """Return how a book ended that went through all `STAGES`; `entries` in their order."""
    stages = {name: entry.key for name, entry in zip(STAGES, entries, strict=True)}
    summary = read_jsonl(entries[-1].path(SUMMARY), BookSummary)[0]
    computed = tuple(name for name, e in zip(STAGES, entries, strict=True) if e.fresh)
    return BookOutcome(summary=dataclasses.replace(summary, stages=stages), computed=computed)


def begin_build(workspace: Workspace) -> tuple[Book, ...]:
    """Clear away what killed runs left and return the books to build, in the order of their ids.

    Raises:
        BookRegistryError: If no book is registered or the registry contradicts itself.
        StorageError: If the work folder cannot be written.
    """
    books = sorted(read_books(workspace), key=lambda book: natural_order(book.id))
    if not books:
        raise BookRegistryError(
            f"{workspace.books_toml}: no book has a file yet; "
            "register one with: mmskin books add BOOK.pdf --id bk1"
        )
    with storage_errors(workspace.work):
        workspace.work.mkdir(parents=True, exist_ok=True)
    Store(workspace.store).sweep()
    return tuple(books)


def finish_build(workspace: Workspace, outcomes: Sequence[BookOutcome]) -> BuildSummary:
    """Write ``data/work/build.json``: from now on this is the build to release."""
    store = Store(workspace.store)
    digest = hashlib.sha256()
    for outcome in outcomes:
        if outcome.summary.status == "built":
            entry = store.entry("assemble_book", outcome.summary.stages["assemble_book"])
            digest.update(entry.path(RECORDS).read_bytes())
    summary = BuildSummary(
        books=tuple(outcome.summary for outcome in outcomes), content_digest=digest.hexdigest()
    )
    write_bytes(workspace.current, to_json(summary) + b"\n")
    return summary


def build(
    workspace: Workspace,
    cfg: Config,
    progress: Progress = no_progress,
    *,
    check_pictures: bool = False,
) -> tuple[BuildSummary, tuple[BookOutcome, ...]]:
    """Build all registered books in this process and its workers.

    With `check_pictures` the digests of kept pictures are compared, and damaged ones cut again.

    Raises:
        BookRegistryError: If there is nothing to build.
        MissingDependencyError: If Tesseract or one of its languages is missing.
        StorageError: If the disk is full or the work folder cannot be written.
    """
    books = begin_build(workspace)
    with open_job(workspace, cfg, progress, check_pictures=check_pictures) as job:
        outcomes = tuple(build_book(job, book) for book in books)
    return finish_build(workspace, outcomes), outcomes


def read_build(workspace: Workspace) -> BuildSummary:
    """Return what the last build made.

    Raises:
        ReleaseError: If there was none.
    """
    if not workspace.current.exists():
        raise ReleaseError(f"{workspace.current}: nothing has been built yet; run: mmskin build")
    return from_json(workspace.current.read_bytes(), BuildSummary, str(workspace.current))


def read_alignment(workspace: Workspace, book: BookSummary) -> Alignment:
    """Return the finished figures, rejects and failures of a built book."""
    store = Store(workspace.store)
    pages, aligned, cut = (store.entry(name, book.stages[name]) for name in STAGES[:3])
    rejects = (aligned.path(REJECTS), cut.path(REJECTS))
    return Alignment(
        book_sha256=book.sha256,
        page_count=book.page_count,
        figures=read_jsonl(cut.path(FIGURES), Figure),
        rejects=tuple(chain.from_iterable(read_jsonl(path, Reject) for path in rejects)),
        failures=read_jsonl(pages.path(FAILURES), PageFailure),
    )


def pictures_folder(workspace: Workspace, book: BookSummary) -> Path:
    """Return the folder with the pictures of a built book, ``<image_sha256>.png``."""
    return Store(workspace.store).entry("cut_pictures", book.stages["cut_pictures"]).folder


def make_release(
    workspace: Workspace, cfg: Config, version: str, *, leave_out_held: bool = False
) -> Path:
    """Release what the last build made as ``data/releases/<name>/<version>`` and return it.

    Raises:
        ReleaseError: If nothing has been built, the settings are others than those of the build,
            pictures wait for a decision (see `dataset.release.write_release`), or the version is
            not acceptable.
        StorageError: If the store is damaged or the release cannot be written.
    """
    folder = workspace.releases / cfg.dataset.name
    check_request(folder, cfg.dataset.name, version)
    summary = read_build(workspace)
    store = Store(workspace.store)
    records: list[Record] = []
    pictures: dict[str, Picture] = {}
    for book in summary.books:
        if book.status != "built":
            continue
        found = read_jsonl(
            store.entry("assemble_book", book.stages["assemble_book"]).path(RECORDS), Record
        )
        cut = store.entry("cut_pictures", book.stages["cut_pictures"])
        for record in found:
            name = f"{PICTURES}/{record.image_sha256}.png"
            pictures[record.id] = Picture(path=cut.path(name), sha256=cut.outputs[name].sha256)
        records.extend(found)
    settings = config_sha256(cfg.pdf, cfg.figures)
    if any(record.config_sha256 != settings for record in records):
        raise ReleaseError("the settings have changed since the last build; run: mmskin build")
    return write_release(
        workspace.releases,
        version,
        cfg=cfg,
        summary=summary,
        books=read_books(workspace),
        records=records,
        pictures=pictures,
        leave_out_held=leave_out_held,
    )
