"""Image-only pages: the page's picture goes through OCR and comes back as lines and pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pymupdf

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import POINTS_PER_INCH, Bbox
from mmskin_build.pdf import ocr
from mmskin_build.pdf.painting import Painting
from mmskin_build.pdf.pixels import PageCutter
from mmskin_build.records import Line, ScanRegion, TextSource

_FULL_PAGE = 0.9  # one picture over this share of the page, and hardly a word: no scan
_FEW_WORDS = 6


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """Lines and pictures of an image-only page in points, and how they were had."""

    lines: tuple[Line, ...]
    regions: tuple[ScanRegion, ...]
    text_source: TextSource
    flags: tuple[str, ...]


def read_scanned_page(
    page: pymupdf.Page,
    painting: Painting,
    hidden: tuple[Line, ...],
    cfg: PdfConfig,
    language: str,
    *,
    compare: bool = False,
) -> ScannedPage:
    """Read an image-only page: its pictures by their pixels, its text by OCR or hidden layer.

    A page that is one photograph to its edges is no scan: it comes back without lines and regions.

    Args:
        page: The page.
        painting: What it paints.
        hidden: Lines of a hidden text layer that looks usable; empty recognizes the page.
        cfg: Settings.
        language: Tesseract's language codes joined by ``+``.
        compare: Whether to believe `hidden` only where a recognized strip says the same.

    Raises:
        MissingDependencyError: If Tesseract or the language is missing.
    """
    area = Bbox(0.0, 0.0, page.rect.width, page.rect.height)
    picture = PageCutter(page, cfg.ocr_max_dpi, painting).cut(area)
    dpi = picture.rgb.shape[1] / max(picture.bbox.width, 1e-6) * POINTS_PER_INCH
    dx, dy = picture.bbox.x0, picture.bbox.y0
    layer = tuple(_moved(line, -dx, -dy) for line in hidden)
    if layer and compare and not ocr.agrees_with_layer(picture.rgb, dpi, layer, cfg, language):
        layer = ()
    if layer:
        found = ocr.find_pictures(picture.rgb, dpi, layer)
        moved = tuple(replace(r, bbox=_shift(r.bbox, dx, dy)) for r in found)
        return ScannedPage(hidden, moved, "digital", ("hidden_text_layer",))
    scan = ocr.read_scan(picture.rgb, dpi, cfg, language)
    lines = tuple(_moved(line, dx, dy) for line in scan.lines)
    regions = tuple(replace(r, bbox=_shift(r.bbox, dx, dy)) for r in scan.regions)
    words = sum(len(line.text.split()) for line in lines)
    to_the_edges = any(area.covered_by(r.bbox) > _FULL_PAGE for r in regions)
    if words < _FEW_WORDS and (to_the_edges or not scan.on_paper):
        return ScannedPage((), (), "none", ())
    return ScannedPage(lines, regions, "ocr", ("ocr", *scan.flags))


def recognize_page(page: pymupdf.Page, cfg: PdfConfig, language: str) -> tuple[Line, ...]:
    """Recognize a page whose text layer is broken; its pictures stay the PDF's own.

    Raises:
        MissingDependencyError: If Tesseract or the language is missing.
    """
    area = Bbox(0.0, 0.0, page.rect.width, page.rect.height)
    scale = cfg.ocr_max_dpi / POINTS_PER_INCH
    rgb = PageCutter(page, cfg.ocr_max_dpi).render(area, scale, scale)
    return ocr.read_scan(rgb, cfg.ocr_max_dpi, cfg, language).lines


def _moved(line: Line, dx: float, dy: float) -> Line:
    spans = tuple(replace(span, bbox=_shift(span.bbox, dx, dy)) for span in line.spans)
    return replace(line, spans=spans, bbox=_shift(line.bbox, dx, dy))


def _shift(box: Bbox, dx: float, dy: float) -> Bbox:
    return Bbox(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy).rounded()
