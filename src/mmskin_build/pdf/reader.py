"""One page of an open document becomes a `records.Page`, whether digital or scanned.

Everything here runs inside a worker of `isolation`, because PyMuPDF can crash or hang on a damaged
file in ways that Python cannot catch.
"""

from __future__ import annotations

import pymupdf

from mmskin_build.config import PdfConfig
from mmskin_build.errors import InputPdfError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.document import Document, load_page
from mmskin_build.pdf.jobs import PageJob, ReadSettings
from mmskin_build.pdf.painting import Painting, read_painting
from mmskin_build.pdf.text import broken_share, read_lines
from mmskin_build.pdf.text_layer import judge_layer, layer_facts
from mmskin_build.records import Line, Page, ScanRegion, TextSource

#: What a page's `flags` may say. The ones in `FALLBACK_FLAGS` count as "read another way".
PAGE_FLAGS = {
    "ocr": "the page is an image; its text was recognized by Tesseract",
    "hidden_text_layer": "the page is an image with a usable hidden text layer",
    "text_layer_broken": "characters have no meaning in the PDF; the page was recognized by OCR",
    "text_layer_doubtful": "some characters have no meaning in the PDF",
    "repaired": "the file was damaged and has been repaired while opening",
    "ocr_doubtful": "Tesseract is unsure of a good part of the words",
    "ocr_turned": "the page image lies on its side or upside down",
    "scan_skewed": "the page image is skewed by more than half a degree",
    "painting_unreadable": "the page's drawing operations break off; what came before is kept",
    "adobe": "text and figures are those of Adobe PDF Extract",
    "adobe_rendition_missing": "a rendition that Adobe's output names is not in its folder",
}
FALLBACK_FLAGS = frozenset({"ocr", "text_layer_broken", "painting_unreadable"})

_DOUBTFUL_LAYER = 0.005
SCAN_COVERAGE = 0.75  # share of the page that one image covers on an image-only page
_FEW_CHARACTERS = 40  # a scanned page bears at most a stamp or a page number as real text


def read_painted(
    document: Document, page: pymupdf.Page, cfg: PdfConfig
) -> tuple[Painting, list[str]]:
    """Return what `page` paints, and flags on how that could be read.

    Raises:
        InputPdfError: If an image is larger than the configured limit.
    """
    flags = ["repaired"] if document.repaired else []
    try:
        painting = read_painting(page)
    except MemoryError:
        raise
    except Exception as error:
        if _is_out_of_memory(error):
            raise
        painting = Painting((), ())
        flags.append("painting_unreadable")
    for painted in painting.images:
        if painted.item.width_px * painted.item.height_px > cfg.max_image_px:
            raise InputPdfError(
                f"page index {page.number}: an image of {painted.item.width_px} x "
                f"{painted.item.height_px} pixels is over the limit (pdf.max_image_px); raise it "
                "if the file is trusted"
            )
    return painting, flags


def read_page(document: Document, job: PageJob[ReadSettings]) -> Page:
    """Read one page; the `work` of a worker.

    Raises:
        InputPdfError: If the page is not there or larger than the configured limit.
    """
    cfg, index = job.payload.cfg, job.page_index
    page = load_page(document, index, cfg)
    width, height = page.rect.width, page.rect.height
    visible, hidden = read_lines(page)
    painting, flags = read_painted(document, page, cfg)
    document.keep_read(index, painting, visible)
    area = Bbox(0.0, 0.0, width, height)
    lines, regions = visible, tuple[ScanRegion, ...]()
    source: TextSource = "digital" if visible else "none"
    broken = broken_share(visible or hidden)
    cover = max((area.covered_by(p.item.bbox) for p in painting.images), default=0.0)
    verdict = judge_layer(layer_facts(cover, visible, hidden, broken))
    if cover >= SCAN_COVERAGE and _is_page_image(painting, visible, hidden, area):
        from mmskin_build.pdf import scans

        layer = () if verdict == "recognize" else hidden
        scan = scans.read_scanned_page(
            page, painting, layer, cfg, job.payload.language, compare=verdict == "compare"
        )
        lines, regions, source = scan.lines or visible, scan.regions, scan.text_source
        flags.extend(scan.flags)
    elif visible and verdict == "recognize":
        from mmskin_build.pdf import scans

        lines, source = scans.recognize_page(page, cfg, job.payload.language), "ocr"
        flags.append("text_layer_broken")
    elif broken > _DOUBTFUL_LAYER:
        flags.append("text_layer_doubtful")
    return Page(
        page_index=index,
        page_label=page.get_label() or "",
        width_pt=round(width, 2),
        height_pt=round(height, 2),
        lines=lines,
        images=tuple(painted.item for painted in painting.images),
        paths=painting.paths,
        scan_regions=regions,
        text_source=source,
        flags=tuple(flags),
    )


def _is_page_image(
    painting: Painting, visible: tuple[Line, ...], hidden: tuple[Line, ...], area: Bbox
) -> bool:
    """Whether one image is the page: it covers it, and hardly any real text stands beside it."""
    covering = [p.item for p in painting.images if area.covered_by(p.item.bbox) >= SCAN_COVERAGE]
    if not covering:
        return False
    scan = max(covering, key=lambda item: item.bbox.area)
    outside = sum(
        len(line.text.strip()) for line in visible if line.bbox.covered_by(scan.bbox) < 0.5
    )
    inside = sum(len(line.text.strip()) for line in visible) - outside
    if hidden:
        return outside < _FEW_CHARACTERS and inside < _FEW_CHARACTERS
    # A full-bleed photograph with its caption printed on or beside it is no scan.
    return outside + inside < _FEW_CHARACTERS


def _is_out_of_memory(error: Exception) -> bool:
    """Whether MuPDF ran out of memory; the page then fails instead of losing its pictures."""
    return "alloc" in str(error).lower() or "out of memory" in str(error).lower()
