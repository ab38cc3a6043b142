"""The audit of a build: one report a book, from the stage outputs that the last build names."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.audit.document import audit_document
from mmskin_build.books import book_source, check_book, read_books
from mmskin_build.builds import read_alignment, read_build
from mmskin_build.cache import Store
from mmskin_build.config import Workspace
from mmskin_build.dataset.summary import BookSummary, PageNote
from mmskin_build.errors import BookRegistryError, InputPdfError
from mmskin_build.figures.ledger import figure_ledger
from mmskin_build.records import Book
from mmskin_build.steps import NOTES, Job
from mmskin_build.store import read_jsonl


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReport:
    """Where the report of a book lies, or why there is none; `gaps` counts ledger entries."""

    book_id: str
    index: Path | None = None
    gaps: int = 0
    message: str = ""


def report_folder(workspace: Workspace, book_id: str) -> Path:
    """The folder of a book's report."""
    return workspace.work / "audit" / book_id


def write_reports(
    job: Job, book_ids: Collection[str] = (), *, table: bool = False, overlays: bool = False
) -> tuple[BookReport, ...]:
    """Write the reports of the books of the last build, in its order.

    A book that was rejected, or whose file has changed since, gets a message instead of a report.

    Args:
        job: Workspace, settings, workers, progress.
        book_ids: The books to report; all where none is named.
        table: Also write ``figures.csv``.
        overlays: Also write ``overlays/``, a PNG a page.

    Raises:
        BookRegistryError: If `book_ids` names a book that the last build does not have.
        ReleaseError: If there was no build.
        StorageError: If a report cannot be written.
    """
    summaries = {summary.id: summary for summary in read_build(job.workspace).books}
    unknown = sorted(set(book_ids) - summaries.keys())
    if unknown:
        raise BookRegistryError(
            f"{', '.join(unknown)}: not in the last build, which has "
            f"{', '.join(summaries)}; check the id or run: mmskin build"
        )
    books = {book.id: book for book in read_books(job.workspace)}
    return tuple(
        _report(job, summary, books.get(summary.id), table=table, overlays=overlays)
        for summary in summaries.values()
        if not book_ids or summary.id in book_ids
    )


def _report(
    job: Job, summary: BookSummary, book: Book | None, *, table: bool, overlays: bool
) -> BookReport:
    if summary.status != "built":
        return BookReport(book_id=summary.id, message=summary.message)
    if book is None or book.sha256 != summary.sha256:
        message = f"{summary.id}: registered anew since the last build; run: mmskin build"
        return BookReport(book_id=summary.id, message=message)
    pages = Store(job.workspace.store).entry("read_book", summary.stages["read_book"])
    notes = read_jsonl(pages.path(NOTES), PageNote)
    alignment = read_alignment(job.workspace, summary)
    done = 0

    def on_page(page_index: int) -> None:
        nonlocal done
        done += 1
        job.progress(summary.id, "audit", done, book.page_count)

    try:
        check_book(job.workspace, book)
        index = audit_document(
            job.pool,
            book_source(job.workspace, book),
            dataclasses.replace(alignment, page_count=book.page_count),
            report_folder(job.workspace, summary.id),
            title=f"{summary.id}: {book.title}",
            page_labels={note.page_index: note.page_label for note in notes},
            page_flags={note.page_index: note.flags for note in notes},
            doubtful_below=job.cfg.figures.doubtful_below,
            table=table,
            overlays=overlays,
            on_page=on_page,
        )
    except InputPdfError as error:
        return BookReport(book_id=summary.id, message=str(error))
    return BookReport(book_id=summary.id, index=index, gaps=len(figure_ledger(alignment.figures)))
