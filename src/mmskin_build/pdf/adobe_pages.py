"""One page as Adobe read it: its text and figures, with the pictures of the PDF itself.

The text is Adobe's. Of the PDF's images and drawings those stay that lie in a figure of Adobe's, so
that pictures keep the pixels that the publisher embedded. A figure in which the PDF paints nothing
of its own, as on a scanned page, is a region of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pymupdf
from pymupdf import mupdf

from mmskin_build.errors import AdobeExtractError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.adobe import AdobePage
from mmskin_build.pdf.document import Document, load_page
from mmskin_build.pdf.jobs import ReadSettings
from mmskin_build.pdf.painting import Painting, fz_page
from mmskin_build.pdf.reader import SCAN_COVERAGE, read_painted
from mmskin_build.records import Line, Page, ScanRegion

if TYPE_CHECKING:
    from mmskin_build.pdf.jobs import PageJob

_SAME_SIDE_PT = 1.0
_INSIDE = 0.5  # share of an image or path in the figure that it belongs to
_FILLED = 0.2  # share of a figure that its images cover, at least
_DRAWN = 5  # or the paths in it


@dataclass(frozen=True, slots=True, kw_only=True)
class AdobeJob:
    """What reading a page with Adobe's output depends on."""

    adobe: AdobePage
    settings: ReadSettings


def check_page(document: Document, job: PageJob[AdobePage]) -> None:
    """Make sure that a page is the one that Adobe read.

    Raises:
        AdobeExtractError: If its size is another one, or most text lies outside of it.
    """
    _to_display(document.pdf.load_page(job.page_index), job.payload)


def read_adobe_page(document: Document, job: PageJob[AdobeJob]) -> Page:
    """Read one page with Adobe's text and figures; the `work` of a worker.

    Raises:
        AdobeExtractError: As `check_page`.
        InputPdfError: As `reader.read_page`.
    """
    adobe, settings = job.payload.adobe, job.payload.settings
    page = load_page(document, job.page_index, settings.cfg)
    matrix = _to_display(page, adobe)
    painting, flags = read_painted(document, page, settings.cfg)
    lines = tuple(_shown(line, matrix, page.rotation) for line in adobe.lines)
    area = Bbox(0.0, 0.0, page.rect.width, page.rect.height)
    figures = [_move(box, matrix).intersect(area) for box in adobe.figures]
    images = tuple(p.item for p in painting.images if _is_inside(p.item.bbox, figures))
    paths = tuple(path for path in painting.paths if _is_inside(path.bbox, figures))
    # Images that no figure holds, and that are the page: a scan.
    scanned = adobe.scanned or any(
        area.covered_by(p.item.bbox) >= SCAN_COVERAGE and p.item not in images
        for p in painting.images
    )
    regions: tuple[ScanRegion, ...] = ()
    for box in figures:
        filled = sum(item.bbox.intersect(box).area for item in images) >= _FILLED * box.area
        if not filled and sum(_is_inside(path.bbox, [box]) for path in paths) < _DRAWN:
            regions = _regions(page, painting, lines, figures, settings, scanned=scanned)
            break
    noted = ("adobe", *(("adobe_rendition_missing",) if adobe.rendition_missing else ()))
    return Page(
        page_index=job.page_index,
        page_label=page.get_label() or "",
        width_pt=round(page.rect.width, 2),
        height_pt=round(page.rect.height, 2),
        lines=lines,
        images=images,
        paths=paths,
        scan_regions=regions,
        text_source="none" if not lines else "ocr" if scanned else "digital",
        flags=(*flags, *noted),
    )


def _to_display(page: pymupdf.Page, adobe: AdobePage) -> pymupdf.Matrix:
    """Return the matrix from Adobe's boxes to display coordinates, for the page that they are of.

    MuPDF gives the one from user space, with CropBox, ``/Rotate`` and ``UserUnit``; Adobe's boxes
    have y downwards here.
    """
    crop, ctm = mupdf.FzRect(), mupdf.FzMatrix()
    mupdf.pdf_page_transform(mupdf.pdf_page_from_fz_page(fz_page(page)), crop, ctm)
    sides = (crop.x1 - crop.x0, crop.y1 - crop.y0)
    told = (adobe.width_pt, adobe.height_pt)
    if adobe.crop is not None:
        told = (adobe.crop.width, adobe.crop.height)
    differs = any(
        abs(a - b) > _SAME_SIDE_PT for a, b in zip(sorted(sides), sorted(told), strict=True)
    )
    if any(told) and differs:
        raise AdobeExtractError(
            f"{adobe.where}: {told[0]:.0f} x {told[1]:.0f} pt, but page index {page.number} of the "
            f"PDF is {sides[0]:.0f} x {sides[1]:.0f} pt; it was made of another PDF, or of other "
            "pages of it: extract this file again"
        )
    seen = Bbox(crop.x0, -crop.y1, crop.x1, -crop.y0)
    outside = [line for line in adobe.lines if line.bbox.covered_by(seen) < _INSIDE]
    if len(outside) > len(adobe.lines) / 2:
        raise AdobeExtractError(
            f"{adobe.where}: {len(outside)} of {len(adobe.lines)} lines lie outside of the page; "
            "boxes must be in PDF user space: extract this file again"
        )
    return pymupdf.Matrix(ctm.a, ctm.b, -ctm.c, -ctm.d, ctm.e, ctm.f)


def _move(box: Bbox, matrix: pymupdf.Matrix) -> Bbox:
    return Bbox(*(pymupdf.Rect(box) * matrix)).rounded()


def _shown(line: Line, matrix: pymupdf.Matrix, rotation: int) -> Line:
    spans = tuple(replace(span, bbox=_move(span.bbox, matrix)) for span in line.spans)
    return replace(
        line,
        spans=spans,
        bbox=_move(line.bbox, matrix),
        direction=(line.direction - rotation) % 360,
    )


def _is_inside(box: Bbox, figures: list[Bbox]) -> bool:
    # A rule has no area: it lies where its middle does.
    grown = box.expand(0.05)
    return any(grown.covered_by(figure) >= _INSIDE for figure in figures)


def _regions(
    page: pymupdf.Page,
    painting: Painting,
    lines: tuple[Line, ...],
    figures: list[Bbox],
    settings: ReadSettings,
    *,
    scanned: bool,
) -> tuple[ScanRegion, ...]:
    """Adobe's figures as regions; on a scanned page the pixels say which are photographs."""
    found: tuple[ScanRegion, ...] = ()
    if scanned and lines:
        from mmskin_build.pdf import scans

        scan = scans.read_scanned_page(page, painting, lines, settings.cfg, settings.language)
        found = scan.regions
    images = [painted.item for painted in painting.images]

    def score(box: Bbox) -> float:
        if not scanned:
            return float(any(item.bbox.covered_by(box) >= _INSIDE for item in images))
        near = [r for r in found if r.bbox.intersect(box).area >= _INSIDE * box.area]
        return max((r.photo_score for r in near), default=0.5)

    return tuple(ScanRegion(bbox=box, photo_score=score(box)) for box in figures)
