"""Draw the pages of one document and write its report.

Page pictures are drawn once: they stay in the report's folder with a note of the file and width
they were made from, and a second report of the same file draws only the pages that are new to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmskin_build.audit.checks import check_pages
from mmskin_build.audit.overlay import write_overlays
from mmskin_build.audit.report import pages_of_interest, picture_name, write_audit
from mmskin_build.audit.table import write_table
from mmskin_build.pdf.jobs import PageJob, PagePool, PdfSource
from mmskin_build.records import Alignment, PageFailure
from mmskin_build.store import parse_json, pretty_json, storage_errors, write_bytes

PICTURE_WIDTH_PX = 900
_NOTE = "made.json"
_BATCH_PAGES = 100  # page pictures that are held in memory at the same time


def audit_document(
    pool: PagePool,
    source: PdfSource,
    alignment: Alignment,
    out: Path,
    *,
    title: str,
    page_labels: Mapping[int, str] | None = None,
    page_flags: Mapping[int, Sequence[str]] | None = None,
    doubtful_below: float = 0.9,
    width_px: int = PICTURE_WIDTH_PX,
    table: bool = False,
    overlays: bool = False,
    sheets: str | None = None,
    on_page: Callable[[int], None] | None = None,
) -> Path:
    """Write the report of one document into the folder `out` and return its ``index.html``.

    Args:
        pool: Where the pages are drawn.
        source: The document that `alignment` was made from.
        alignment: What was found; pages without anything are neither drawn nor shown.
        out: Folder for the report; made if missing.
        title: What the report is called.
        page_labels: Printed page numbers, by 0-based page index.
        page_flags: How pages were read, by page index.
        doubtful_below: Figures with less confidence count as doubtful; 0 to 1.
        width_px: Width of the page pictures.
        table: Also write ``figures.csv``.
        overlays: Also write ``overlays/``, a PNG a page with the boxes drawn in.
        sheets: File beside the report with its pictures as contact sheets, to be linked.
        on_page: Called with each page index as soon as that page is drawn or has failed.

    Raises:
        InputPdfError: If the document cannot be opened.
        StorageError: If `out` cannot be written.
    """
    wanted = pages_of_interest(alignment)
    pictures, sizes = draw_pages(
        pool,
        source,
        wanted,
        out / "pages",
        book_sha256=alignment.book_sha256,
        width_px=width_px,
        on_page=on_page,
    )
    checks = check_pages(pool, source, alignment, wanted, out / "checks")
    index = write_audit(
        alignment,
        pictures,
        out,
        title=title,
        page_sizes=sizes,
        page_labels=page_labels,
        page_flags=page_flags,
        checks=checks,
        doubtful_below=doubtful_below,
        sheets=sheets,
    )
    if table:
        write_table(alignment, out / "figures.csv", checks=checks)
    if overlays:
        write_overlays(
            alignment, pictures, out / "overlays", page_sizes=sizes, doubtful_below=doubtful_below
        )
    return index


def draw_pages(
    pool: PagePool,
    source: PdfSource,
    page_indices: Sequence[int],
    folder: Path,
    *,
    book_sha256: str,
    width_px: int = PICTURE_WIDTH_PX,
    on_page: Callable[[int], None] | None = None,
) -> tuple[dict[int, Path], dict[int, tuple[float, float]]]:
    """Return the picture file and the size in points of each page that could be drawn.

    Pictures that `folder` holds from the same file at the same width are taken as they are.

    Raises:
        InputPdfError: If the document cannot be opened.
        StorageError: If `folder` cannot be written.
    """
    from mmskin_build.pdf.preview import draw_page

    made_from = {"sha256": book_sha256, "width_px": width_px}
    sizes = _sizes_made(folder, made_from)
    missing = [index for index in page_indices if index not in sizes]
    for start in range(0, len(missing), _BATCH_PAGES):
        jobs = [
            PageJob(page_index=index, payload=width_px)
            for index in missing[start : start + _BATCH_PAGES]
        ]
        for job, picture in zip(jobs, pool.run(source, jobs, draw_page, on_page), strict=True):
            if isinstance(picture, PageFailure):
                continue  # the report shows a blank sheet
            write_bytes(folder / _file(job.page_index), picture.jpeg, durable=False)
            sizes[job.page_index] = (picture.width_pt, picture.height_pt)
    kept = {index: sizes[index] for index in sorted(page_indices) if index in sizes}
    if kept:
        note = {**made_from, "sizes_pt": {str(index): list(size) for index, size in kept.items()}}
        write_bytes(folder / _NOTE, pretty_json(note))
    return {index: folder / _file(index) for index in kept}, kept


def _sizes_made(folder: Path, made_from: Mapping[str, object]) -> dict[int, tuple[float, float]]:
    """Page sizes of the pictures in `folder`, if they were made from the same; else nothing."""
    path = folder / _NOTE
    with storage_errors(path):
        if not path.is_file():
            return {}
        try:
            note: Any = parse_json(path.read_bytes())
            if any(note[key] != value for key, value in made_from.items()):
                return {}
            sizes = {int(key): (float(w), float(h)) for key, (w, h) in note["sizes_pt"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {}  # not a note of ours: draw everything anew
        return {index: size for index, size in sizes.items() if (folder / _file(index)).is_file()}


def _file(page_index: int) -> str:
    return picture_name(page_index, "jpg")
