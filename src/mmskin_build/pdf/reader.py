"""Open a document; one page becomes a `records.Page`, whether digital or scanned.

Everything here runs inside a worker of `isolation`, because PyMuPDF can crash or hang on a damaged
file in ways that Python cannot catch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf

from mmskin_build.config import PdfConfig
from mmskin_build.errors import EncryptedPdfError, InputPdfError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.painting import Painting, read_painting
from mmskin_build.pdf.text import broken_share, read_lines
from mmskin_build.pdf.text_layer import judge_layer, layer_facts
from mmskin_build.records import Line, Page, ScanRegion, TextSource

if TYPE_CHECKING:
    from mmskin_build.pdf.isolation import PageJob

READER_VERSION = "1"

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
_PDF_HEADER_WINDOW = 1024  # bytes in which "%PDF-" must stand (PDF 1.7, implementation note 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """What reading a page depends on; `language` are Tesseract codes joined by ``+``."""

    cfg: PdfConfig
    language: str


class Document:
    """An open PDF. Only for use inside one worker process; not for threads."""

    def __init__(self, path: Path, pdf: pymupdf.Document) -> None:
        """Wrap an opened `pdf`; use `open_document`."""
        self.path = path
        self.pdf = pdf

    @property
    def page_count(self) -> int:
        """Number of pages."""
        return int(self.pdf.page_count)

    @property
    def repaired(self) -> bool:
        """Whether the file's structure was damaged and rebuilt while opening."""
        return bool(self.pdf.is_repaired)

    def close(self) -> None:
        """Close the file."""
        self.pdf.close()


def open_document(path: Path, password: str | None = None) -> Document:
    """Open `path`, with `password` where it is encrypted.

    Raises:
        InputPdfError: If it is empty, not a PDF, damaged beyond repair or has no pages.
        EncryptedPdfError: If the password is missing or wrong.
    """
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    try:
        with path.open("rb") as stream:
            head = stream.read(_PDF_HEADER_WINDOW)
    except OSError as error:
        raise InputPdfError(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    if not head:
        raise InputPdfError(f"{path}: the file is empty; fetch it again")
    if b"%PDF-" not in head:
        raise InputPdfError(f"{path}: not a PDF (no %PDF- header); give the PDF file of the book")
    try:
        pdf = pymupdf.open(path, filetype="pdf")
        locked = bool(pdf.needs_pass)
        if locked and not (password and pdf.authenticate(password)):
            if password:
                raise EncryptedPdfError(f"{path}: the given password does not open it")
            raise EncryptedPdfError(
                f"{path}: encrypted; name the environment variable that holds its password "
                "(password_env in data/books.toml, or --password-env)"
            )
        page_count = pdf.page_count
    except EncryptedPdfError:
        raise
    except Exception as error:
        raise InputPdfError(
            f"{path}: damaged beyond repair ({_one_line(error)}); fetch the file again, "
            "or rewrite it with `qpdf IN OUT`"
        ) from error
    if page_count < 1:
        raise InputPdfError(f"{path}: has no pages; fetch the file again")
    return Document(path, pdf)


def load_page(document: Document, index: int, cfg: PdfConfig) -> pymupdf.Page:
    """Load one page.

    Raises:
        InputPdfError: If the page is not there or larger than the configured limit.
    """
    page: pymupdf.Page = document.pdf.load_page(index)
    width, height = page.rect.width, page.rect.height
    if not (0 < width <= cfg.max_page_side_pt and 0 < height <= cfg.max_page_side_pt):
        raise InputPdfError(
            f"{document.path} page index {index}: {width:.0f} x {height:.0f} pt is outside the "
            f"limit of {cfg.max_page_side_pt:.0f} pt a side (pdf.max_page_side_pt)"
        )
    return page


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
                f"{document.path} page index {page.number}: an image of {painted.item.width_px} x "
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


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
