"""Small page pictures for the audit: what a person needs to judge boxes, not what is exported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymupdf

from mmskin_build.errors import InputPdfError

if TYPE_CHECKING:
    from mmskin_build.pdf.document import Document
    from mmskin_build.pdf.jobs import PageJob

_JPEG_QUALITY = 70
_MAX_SIDE_PX = 8_000  # of a page that is far higher than wide


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """One page as a JPEG file of `width_px` by `height_px`, and the page's size in points."""

    jpeg: bytes
    width_px: int
    height_px: int
    width_pt: float
    height_pt: float


def draw_page(document: Document, job: PageJob[int]) -> PagePicture:
    """Render a page, rotation applied, at the width in pixels that the job asks for.

    Raises:
        InputPdfError: If the page cannot be loaded or drawn.
        ValueError: If the width asked for is below 1.
    """
    if job.payload < 1:
        raise ValueError(f"a page picture is at least 1 pixel wide, not {job.payload}")
    where = f"{document.path}: page {job.page_index + 1}"
    try:
        page = document.pdf[job.page_index]
        area = page.rect
        if area.is_empty:
            raise InputPdfError(f"{where} has no area; there is nothing to draw")
        scale = min(job.payload / area.width, _MAX_SIDE_PX / area.height)
        pixmap = page.get_pixmap(
            matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False
        )
        jpeg = pixmap.tobytes("jpeg", jpg_quality=_JPEG_QUALITY)
    except (IndexError, RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise InputPdfError(f"{where} cannot be drawn: {error}") from error
    return PagePicture(
        jpeg=jpeg,
        width_px=pixmap.width,
        height_px=pixmap.height,
        width_pt=float(area.width),
        height_pt=float(area.height),
    )
