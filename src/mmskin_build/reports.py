"""The audit of a build: one report a book, from the stage outputs that the last build names."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.audit.document import audit_document
from mmskin_build.audit.sheets import SheetItem, write_sheets
from mmskin_build.books import book_source, check_book, read_books
from mmskin_build.builds import picture_entries, read_alignment, read_build
from mmskin_build.cache import open_store
from mmskin_build.config import Workspace
from mmskin_build.dataset.assemble import panel_id
from mmskin_build.dataset.judge import REASONS as JUDGED
from mmskin_build.dataset.summary import BookSummary, PageNote
from mmskin_build.errors import BookRegistryError, InputPdfError
from mmskin_build.figures.ledger import figure_ledger
from mmskin_build.images.modality import MODALITIES
from mmskin_build.images.sensitive import CATEGORIES
from mmskin_build.records import Alignment, Book, Record, Reject
from mmskin_build.steps import NOTES, PICTURES, RECORDS, REJECTS, Job
from mmskin_build.store import read_jsonl

#: What is decided about a picture that is shown blurred until somebody asks for it.
SENSITIVE = {*CATEGORIES, "detector_failed"}


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


def picture_sheets(
    workspace: Workspace, summary: BookSummary, alignment: Alignment
) -> dict[str, list[SheetItem]]:
    """Sort the pictures of a built book into contact sheets.

    One for each modality, one for each thing that a person has to decide, and one for each reason
    for which the detectors or the settings left pictures out.
    """
    store = open_store(workspace)
    cut, masked = picture_entries(workspace, summary)
    assembled = store.entry("assemble_book", summary.stages["assemble_book"])
    sheets: dict[str, list[SheetItem]] = {name: [] for name in MODALITIES}
    for record in read_jsonl(assembled.path(RECORDS), Record):
        name = f"{PICTURES}/{record.image_sha256}.png"
        modality = record.modality
        confidence = modality.confidence if modality else 0.0
        scores = {flag.name: flag.score for flag in record.flags.sensitive}
        item = SheetItem(
            name=record.id,
            picture=(masked if name in masked.outputs else cut).path(name),
            image_sha256=record.image_sha256,
            figure_id=record.provenance.figure_id,
            caption=record.caption,
            note=f"{modality.value if modality else 'unknown'} {confidence:.2f}",
            confidence=confidence,
            veiled=bool(SENSITIVE & set(record.held)),
        )
        if modality is not None:
            sheets.setdefault(modality.value, []).append(item)
        for reason in record.held:
            score = scores.get(reason, confidence)
            held = dataclasses.replace(item, confidence=score, note=f"{item.note}, {score:.2f}")
            sheets.setdefault(f"held: {reason}", []).append(held)
    panels = {
        panel_id(figure, index): (figure, panel)
        for figure in alignment.figures
        for index, panel in enumerate(figure.panels)
    }
    for reject in read_jsonl(assembled.path(REJECTS), Reject):
        if reject.reason not in JUDGED or reject.item_id not in panels:
            continue
        figure, panel = panels[reject.item_id]
        sheets.setdefault(f"left out: {reject.reason}", []).append(
            SheetItem(
                name=reject.item_id,
                picture=cut.path(f"{PICTURES}/{panel.image_sha256}.png"),
                image_sha256=panel.image_sha256 or "",
                figure_id=figure.figure_id,
                caption=panel.text or figure.caption or "",
                note=reject.detail,
                confidence=0.0,
                veiled=True,
            )
        )
    return dict(sorted(sheets.items(), key=lambda sheet: (":" in sheet[0], sheet[0])))


def _report(
    job: Job, summary: BookSummary, book: Book | None, *, table: bool, overlays: bool
) -> BookReport:
    if summary.status != "built":
        return BookReport(book_id=summary.id, message=summary.message)
    if book is None or book.sha256 != summary.sha256:
        message = f"{summary.id}: registered anew since the last build; run: mmskin build"
        return BookReport(book_id=summary.id, message=message)
    pages = open_store(job.workspace).entry("read_book", summary.stages["read_book"])
    notes = read_jsonl(pages.path(NOTES), PageNote)
    alignment = read_alignment(job.workspace, summary)
    done = 0

    def on_page(page_index: int) -> None:
        nonlocal done
        done += 1
        job.progress(summary.id, "audit", done, book.page_count)

    try:
        check_book(job.workspace, book)
        folder = report_folder(job.workspace, summary.id)
        title = f"{summary.id}: {book.title}"
        sheets = write_sheets(
            picture_sheets(job.workspace, summary, alignment), folder, title=title
        )
        index = audit_document(
            job.pool,
            book_source(job.workspace, book),
            dataclasses.replace(alignment, page_count=book.page_count),
            folder,
            title=title,
            page_labels={note.page_index: note.page_label for note in notes},
            page_flags={note.page_index: note.flags for note in notes},
            doubtful_below=job.cfg.figures.doubtful_below,
            table=table,
            overlays=overlays,
            sheets=sheets.name,
            on_page=on_page,
        )
    except InputPdfError as error:
        return BookReport(book_id=summary.id, message=str(error))
    return BookReport(book_id=summary.id, index=index, gaps=len(figure_ledger(alignment.figures)))
