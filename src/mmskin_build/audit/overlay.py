"""Page pictures with the boxes drawn in, for a quick look without a browser."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from mmskin_build.audit.report import LETTER_PT, pages_of_interest
from mmskin_build.geometry import Bbox
from mmskin_build.records import Alignment, Figure
from mmskin_build.store import write_bytes

COLORS = {
    "paired": "#0b6e4f",
    "doubtful": "#b45309",
    "image_without_caption": "#9d174d",
    "caption_without_image": "#5b21b6",
    "reject": "#475569",
}
_LINE_PX = 3


def write_overlays(
    alignment: Alignment,
    page_pictures: Mapping[int, Path | bytes],
    out: Path,
    *,
    page_sizes: Mapping[int, tuple[float, float]],
    doubtful_below: float = 0.9,
) -> tuple[Path, ...]:
    """Write one PNG a page that has a picture and something to show; return the files by page.

    Figures, captions and the line between them are drawn in the color of their status (`COLORS`),
    panels thin with their letter, rejects gray with their reason.

    Raises:
        StorageError: If a file cannot be written.
    """
    written = []
    for page_index in pages_of_interest(alignment):
        if page_index not in page_pictures:
            continue
        picture = page_pictures[page_index]
        source = io.BytesIO(picture) if isinstance(picture, bytes) else picture
        with Image.open(source) as opened:
            canvas = opened.convert("RGB")
        width_pt, height_pt = page_sizes.get(page_index, LETTER_PT)
        pen = _Pen(canvas, canvas.width / width_pt, canvas.height / height_pt)
        for reject in alignment.rejects:
            if reject.page_index == page_index and reject.bbox is not None:
                pen.box(reject.bbox, COLORS["reject"], 1, reject.reason)
        for figure in alignment.figures:
            _draw(pen, figure, page_index, doubtful_below)
        path = out / f"p{page_index + 1:05d}.png"
        buffer = io.BytesIO()
        canvas.save(buffer, "PNG", optimize=False)
        write_bytes(path, buffer.getvalue())
        written.append(path)
    return tuple(written)


class _Pen:
    """Draws boxes given in points onto a picture of the page."""

    def __init__(self, canvas: Image.Image, sx: float, sy: float) -> None:
        self._draw = ImageDraw.Draw(canvas)
        self._sx, self._sy = sx, sy

    def box(self, bbox: Bbox, color: str, width_px: int, text: str | None = None) -> None:
        x0, x1 = sorted((bbox.x0 * self._sx, bbox.x1 * self._sx))
        y0, y1 = sorted((bbox.y0 * self._sy, bbox.y1 * self._sy))
        self._draw.rectangle((x0, y0, x1, y1), outline=color, width=width_px)
        if text:
            tag = self._draw.textbbox((x0 + 2, y0 + 1), text)
            self._draw.rectangle((tag[0] - 2, tag[1] - 1, tag[2] + 2, tag[3] + 1), fill=color)
            self._draw.text((x0 + 2, y0 + 1), text, fill="white")

    def line(self, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
        points = [(x * self._sx, y * self._sy) for x, y in (start, end)]
        self._draw.line(points, fill=color, width=_LINE_PX)


def _draw(pen: _Pen, figure: Figure, page_index: int, doubtful_below: float) -> None:
    doubtful = figure.status == "paired" and figure.confidence < doubtful_below
    color = COLORS["doubtful" if doubtful else figure.status]
    has_figure = figure.bbox is not None and figure.page_index == page_index
    has_caption = figure.caption_bbox is not None and figure.caption_page_index == page_index
    if has_figure and figure.bbox is not None:
        for panel in figure.panels:
            pen.box(panel.bbox, color, 1, panel.label)
        pen.box(figure.bbox, color, _LINE_PX, f"{figure.label or '?'} {figure.confidence:.2f}")
    if has_caption and figure.caption_bbox is not None:
        pen.box(figure.caption_bbox, color, _LINE_PX)
        if has_figure and figure.bbox is not None:
            pen.line(figure.caption_bbox.center, figure.bbox.center, color)
