"""Other readers of one page, asked only in doubt: a layout network, pdfplumber, Tesseract.

The network is PyMuPDF's own (`Page.get_layout`): it tells which boxes look like captions and which
like pictures, for about half a second a page. pdfplumber reads the text layer with a code of its
own and says which glyphs have no meaning; Tesseract reads what is printed, whatever the layer says.
Nothing is decided here: `figures.opinions` weighs what they say.

The second reader gets a copy of the one page. So it need not understand the whole file (damaged,
encrypted or long), and the cost does not grow with the book.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from mmskin_build.errors import InputPdfError
from mmskin_build.geometry import POINTS_PER_INCH, Bbox
from mmskin_build.pdf.document import Document, load_page
from mmskin_build.pdf.jobs import CaptionReading, LayoutBox, LookRequest, PageJob, SecondLook
from mmskin_build.pdf.painting import read_painting
from mmskin_build.pdf.pixels import PageCutter
from mmskin_build.pdf.tesseract import recognize_lines
from mmskin_build.pdf.text import read_lines
from mmskin_build.records import Line

_ASKED = frozenset({"caption", "picture"})  # the network's classes that bear on figures
_INSIDE = 0.5  # share of a line inside a box that belongs to it
_FRAME_PX = 12  # white around the caption: Tesseract misses letters at the very edge
_MARGIN_PT = 1.5  # around a caption's box: ascenders reach out of it
_TESSERACT_SHARE = 0.5  # of the page's time limit
_CODE = re.compile(r"\(cid:\d+\)")  # pdfplumber's way to write a glyph without meaning
_SPACE_SHARE = 0.15  # of the font size; a wider gap between two letters parts two words
_QUARTER_TURNS = {90: 3, 180: 2, 270: 1}  # counter-clockwise, to turn a direction upright

UNKNOWN = "\ufffd"  # stands for a character that has no meaning


def look_again(document: Document, job: PageJob[LookRequest]) -> SecondLook:
    """Ask the other readers about one page; a worker's `work`.

    Raises:
        InputPdfError: If the page is not there or larger than the configured limit.
        MissingDependencyError: If Tesseract or the language is missing.
    """
    request = job.payload
    page = load_page(document, job.page_index, request.cfg)
    boxes = _ask_network(page) if request.layout else None
    readings: tuple[CaptionReading, ...] = ()
    if request.captions:
        lines = read_lines(page)[0]
        other = read_with_pdfplumber(page, request.captions)
        readings = tuple(
            CaptionReading(
                bbox=bbox,
                pdfplumber=text,
                tesseract=_recognize(page, bbox, lines, request) if request.recognize else None,
            )
            for bbox, text in zip(request.captions, other, strict=True)
        )
    return SecondLook(page_index=job.page_index, boxes=boxes, readings=readings)


def _ask_network(page: pymupdf.Page) -> tuple[LayoutBox, ...]:
    import pymupdf.layout  # noqa: F401  # makes `get_layout` work; takes a second, so only here

    # The network sees lettering; pictures take the extent of the image objects and paths there.
    page.get_layout(filter_img_bboxes=True, expand_by_vectors=True, do_sort=False)
    lines = read_lines(page)[0]
    images = [painted.item.bbox for painted in read_painting(page).images]
    found = []
    seen: list[list[Any]] = page.layout_information or []
    for *sides, kind in seen:
        if kind not in _ASKED:
            continue
        bbox = _displayed(page, sides)
        found.append(
            LayoutBox(
                kind=kind,
                bbox=bbox,
                lines=tuple(line for line in lines if line.bbox.covered_by(bbox) > _INSIDE),
                image_share=round(min(1.0, sum(bbox.covered_by(image) for image in images)), 3),
            )
        )
    return tuple(sorted(found, key=lambda box: (box.bbox.y0, box.bbox.x0, box.kind)))


def _displayed(page: pymupdf.Page, sides: Sequence[float]) -> Bbox:
    """The network's box, given in the unrotated page, as the page is displayed."""
    rect = pymupdf.Rect(sides)
    if page.rotation:
        rect = rect * page.rotation_matrix
    return Bbox(float(rect.x0), float(rect.y0), float(rect.x1), float(rect.y1)).rounded()


# ------------------------------------------------------------------------------- other readings


def read_with_pdfplumber(page: pymupdf.Page, boxes: Sequence[Bbox]) -> list[str | None]:
    """Return pdfplumber's text inside each box (points, as displayed), None where it fails.

    Characters without meaning come back as `UNKNOWN`. Lines follow one another parted by a newline.
    """
    import pdfplumber

    try:
        with pymupdf.open() as copy:
            copy.insert_pdf(page.parent, from_page=page.number, to_page=page.number)
            data = copy.tobytes()
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            plumbed = pdf.pages[0].dedupe_chars()  # bold by printing twice
            left, top = plumbed.cropbox[:2]  # its boxes count from the MediaBox
            return [
                _plumbed_text(plumbed.chars, Bbox(b.x0 + left, b.y0 + top, b.x1 + left, b.y1 + top))
                for b in boxes
            ]
    except MemoryError:
        raise
    except Exception:
        # A second opinion that cannot be had is none: pdfminer raises anything on odd files.
        return [None] * len(boxes)


def _plumbed_text(chars: Sequence[dict[str, object]], box: Bbox) -> str | None:
    """The characters inside `box` in the order in which the page shows them."""
    from pdfplumber.utils.text import extract_text

    area = box.expand(_MARGIN_PT)
    inside = [
        {**char, "text": _CODE.sub(UNKNOWN, str(char["text"]))}
        for char in chars
        if Bbox(
            float(str(char["x0"])),
            float(str(char["top"])),
            float(str(char["x1"])),
            float(str(char["bottom"])),
        ).covered_by(area)
        > _INSIDE
    ]
    if not inside:
        return None
    if not all(char["upright"] for char in inside):
        return None  # turned text: another order of reading, which Tesseract is asked about
    return str(extract_text(inside, x_tolerance_ratio=_SPACE_SHARE)) or None


def _recognize(
    page: pymupdf.Page, bbox: Bbox, lines: Sequence[Line], request: LookRequest
) -> str | None:
    """Tesseract's text of the caption's box as it is drawn; None where it fails."""
    scale = request.cfg.ocr_max_dpi / POINTS_PER_INCH
    inside = [line for line in lines if line.bbox.covered_by(bbox.expand(_MARGIN_PT)) > _INSIDE]
    rgb = PageCutter(page, request.cfg.ocr_max_dpi).render(bbox.expand(_MARGIN_PT), scale, scale)
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    direction = inside[0].direction if inside else 0
    if direction in _QUARTER_TURNS:
        gray = np.ascontiguousarray(np.rot90(gray, _QUARTER_TURNS[direction]))
    try:
        found = recognize_lines(
            _framed(gray),
            request.cfg.ocr_max_dpi,
            request.language,
            request.cfg.page_time_limit_s * _TESSERACT_SHARE,
            block=True,
        )
    except InputPdfError:
        return None
    text = "\n".join(" ".join(word.text for word in line.words) for line in found)
    return text or None


def _framed(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frame = cv2.copyMakeBorder(
        gray, _FRAME_PX, _FRAME_PX, _FRAME_PX, _FRAME_PX, cv2.BORDER_REPLICATE
    )
    return np.asarray(frame, np.uint8)
