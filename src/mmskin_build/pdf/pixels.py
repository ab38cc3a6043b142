"""A region of a page as pixels: what the page shows, at the resolution the publisher embedded.

Four ways, the first that is exact wins, and the panel's `source` tells which:

* ``native``: one upright image object, cut to what the page shows of it;
* ``scan``: the same, cut out of the picture of a whole page;
* ``composed``: strips and tiles joined at their own resolution, or whatever is painted over the
  picture (a bar over the eyes, arrows, letters) laid into the native pixels;
* ``rendered``: drawn by MuPDF at the finest resolution among its parts, where a picture is skewed,
  cut by a shape, blended, or made of vectors.

Pictures are ``(H, W, 3) uint8`` RGB as displayed (page rotation applied), soft masks over white.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pymupdf

from mmskin_build.geometry import POINTS_PER_INCH, Bbox, reading_order, union_all
from mmskin_build.pdf.document import Document
from mmskin_build.pdf.jobs import PageJob, PictureView, PixelBox, PixelRequest
from mmskin_build.pdf.overlays import find_overlays, find_patches, place_part, without_bars
from mmskin_build.pdf.painting import PaintedImage, Painting, draw_page, read_painting
from mmskin_build.pdf.raster import (
    RgbImage,
    convert_image,
    decode_image,
    encode_png,
    is_foreign,
    lies_on_side,
    orient,
    separate_pictures,
    tile_offsets,
    to_rgb,
)
from mmskin_build.pdf.text import read_lines
from mmskin_build.records import Figure, ImageObject, Line, Overlay, Panel, PanelSource
from mmskin_build.store import pixel_digest, write_bytes

_MIN_SHARE = 0.01  # an object that covers less of a panel than this is no part of it
_FULL = 0.985  # coverage from which a panel counts as filled
_SAME_SCALE = 0.01  # relative difference of resolution that tiles of one picture may have
_GRID_SLACK_PX = 0.06  # a visible edge this near to a pixel's edge lies on it
_MAX_RENDER_PX = 50_000_000
_LETTER = re.compile(r"\s*[(\[]?\s*([A-Za-z])\s*[)\].:]?\s*")  # as printed over a panel
_APART_PT = 0.25  # paper between image objects that belong to different pictures
_OBJECT_SHARE = 0.02  # of a figure's area that an image object covers, as a panel
_PAGE_SHARE = 0.75  # an image object over this share of the page is the scan of the page


@dataclass(frozen=True, slots=True)
class _Exact:
    """Native pixels of a region: `size` is (width, height); they are converted when asked for.

    `is_foreign` tells that drawing them means converting the colors of the whole object again.
    """

    size: tuple[int, int]
    bbox: Bbox  # what the pixels show, in points
    pixels: Callable[[], RgbImage]
    pieces: tuple[PixelBox, ...] = ()
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class _Picture:
    rgb: RgbImage
    source: PanelSource
    bbox: Bbox  # what the pixels show, in points
    overlays: tuple[Overlay, ...] = ()
    pieces: tuple[PixelBox, ...] = ()  # pictures set edge to edge, taken for tiles of one


def cut_figures(document: Document, job: PageJob[PixelRequest]) -> tuple[Figure, ...]:
    """Complete the panels of one page's figures with digest, size and source; a worker's `work`.

    `find_panels` says which of their pictures hold several.
    """
    request = job.payload
    page = document.pdf.load_page(job.page_index)
    painting, lines = document.take_read(job.page_index)
    lines = lines if request.lines is None else request.lines
    cutter = PageCutter(page, request.render_dpi, painting, lines)
    done: list[Figure] = []
    around = request.beside or ((),) * len(request.figures)
    wanted = zip(request.figures, request.expected, request.letters, around, strict=True)
    for figure, expected, letters, beside in wanted:
        panels = figure.panels
        if len(panels) == 1 and figure.kind == "photo":
            panels = _by_objects(cutter, panels[0], expected)
        pictures = [cutter.cut(panel.bbox) for panel in panels]
        may_split = len(panels) < max(2, expected) and figure.kind == "photo"
        near = beside if len(beside) == len(panels) else ((),) * len(panels)
        views = [
            PictureView(
                rgb=picture.rgb,
                bbox=picture.bbox,
                pieces=picture.pieces,
                printed=_printed_letters(picture.overlays),
                beside=own,
                is_lettered=panel.label is not None,
                may_split=may_split,
            )
            for panel, picture, own in zip(panels, pictures, near, strict=True)
        ]
        cuts: list[tuple[Panel, _Picture]] = []
        found = request.find_panels(views, expected, letters)
        for panel, picture, view, every in zip(panels, pictures, views, found, strict=True):
            size = picture.rgb.shape[1], picture.rgb.shape[0]
            parts = without_bars(every, size, picture.bbox, picture.overlays)
            if len(parts) == 1:
                # One of several letters is not the letter of a picture that could not be cut.
                own = {letter for letter, _ in (*view.printed, *view.beside) if letter in letters}
                label = None if len(own) > 1 else panel.label or parts[0].letter
                cuts.append((replace(panel, label=label), picture))
                continue
            for part in parts:
                inner = _part(picture, part.box)
                cuts.append((replace(panel, bbox=inner.bbox.rounded(), label=part.letter), inner))
        finished = tuple(_finish(panel, picture, request.out_dir) for panel, picture in cuts)
        done.append(replace(figure, panels=finished))
    return tuple(done)


def _by_objects(cutter: PageCutter, panel: Panel, expected: int) -> tuple[Panel, ...]:
    """The image objects of a picture as panels, where paper shows between as many as expected."""
    boxes = cutter.find_objects(panel.bbox) if expected >= 2 else ()
    if not boxes or len(boxes) != expected:
        return (panel,)
    return tuple(replace(panel, bbox=boxes[i].rounded()) for i in reading_order(boxes))


def _printed_letters(overlays: Sequence[Overlay]) -> tuple[tuple[str, Bbox], ...]:
    """The single letters that the text layer prints over a picture."""
    found = []
    for overlay in overlays:
        match = _LETTER.fullmatch(overlay.text or "")
        if match is not None:
            found.append((match[1].lower(), overlay.bbox))
    return tuple(found)


def _part(picture: _Picture, box: PixelBox) -> _Picture:
    x0, y0, x1, y1 = box
    height, width = picture.rgb.shape[:2]
    bbox = place_part(box, (width, height), picture.bbox)
    overlays = tuple(o for o in picture.overlays if o.bbox.covered_by(bbox) > 0.5)
    return _Picture(np.ascontiguousarray(picture.rgb[y0:y1, x0:x1]), picture.source, bbox, overlays)


def _finish(panel: Panel, picture: _Picture, out_dir: Path | None) -> Panel:
    height, width = picture.rgb.shape[:2]
    digest = pixel_digest(picture.rgb)
    if out_dir is not None:
        path = out_dir / f"{digest}.png"
        if not path.exists():
            write_bytes(path, encode_png(picture.rgb), durable=False)
    return replace(
        panel,
        image_sha256=digest,
        pixel_size=(width, height),
        source=picture.source,
        overlays=picture.overlays,
    )


class PageCutter:
    """Cuts regions out of one page; decodes each image object at most once."""

    def __init__(
        self,
        page: pymupdf.Page,
        render_dpi: int = 300,
        painting: Painting | None = None,
        lines: tuple[Line, ...] | None = None,
    ) -> None:
        """Prepare for cutting; vectors are drawn at `render_dpi`.

        What the page paints and its visible `lines` are read if need be.
        """
        self.page = page
        self.render_dpi = render_dpi
        self.area = Bbox(0.0, 0.0, page.rect.width, page.rect.height)
        self._painting = painting
        self._lines = lines
        self._decoded: dict[int, pymupdf.Pixmap] = {}
        self._converted: dict[int, RgbImage] = {}

    @property
    def painting(self) -> Painting:
        """What the page paints apart from text."""
        if self._painting is None:
            self._painting = read_painting(self.page)
        return self._painting

    @property
    def lines(self) -> tuple[Line, ...]:
        """The visible lines of text of the page."""
        if self._lines is None:
            self._lines = read_lines(self.page)[0]
        return self._lines

    def cut(self, bbox: Bbox) -> _Picture:
        """Return what the page shows inside `bbox` (points) at the best resolution there is."""
        parts = [
            painted
            for painted in self.painting.images
            if bbox.covered_by(painted.item.bbox) >= _MIN_SHARE
        ]
        if sum(bbox.covered_by(p.item.bbox) for p in parts) < _FULL:
            # Some writers store a photograph as strips of one row of pixels.
            parts = [
                painted
                for painted in self.painting.images
                if bbox.covered_by(painted.item.bbox) >= _MIN_SHARE
                or painted.item.bbox.covered_by(bbox) > 0.5
            ]
        parts = self._visible(parts, bbox)
        exact = self._exact(parts, bbox)
        if exact is None:
            return self._rendered(parts, bbox)
        box = exact.bbox
        first = min(p.item.order for p in parts)
        overlays = find_overlays(
            self.painting, self.lines, box, first, {p.item.order for p in parts}
        )
        is_scan = (
            self.area.covered_by(parts[0].item.bbox) >= _PAGE_SHARE
            and not self.area.covered_by(box) >= _PAGE_SHARE
        )
        source: PanelSource = "scan" if is_scan else ("native" if len(parts) == 1 else "composed")
        if overlays:
            return _Picture(
                self._painted_over(exact, overlays), "composed", box, overlays, exact.pieces
            )
        return _Picture(exact.pixels(), source, box, overlays, exact.pieces)

    def find_objects(self, bbox: Bbox) -> tuple[Bbox, ...]:
        """Return the image objects of a figure where paper shows between all of them.

        Strips and tiles of one photograph touch; pictures that a writer set close do not.
        """
        parts = [p for p in self.painting.images if bbox.covered_by(p.item.bbox) >= _OBJECT_SHARE]
        boxes = [p.item.bbox.intersect(bbox) for p in self._visible(parts, bbox)]
        for index, box in enumerate(boxes):
            if any(box.expand(_APART_PT).intersect(other).area > 0 for other in boxes[:index]):
                return ()
        return tuple(boxes)

    # -- native pixels -------------------------------------------------------------------

    def _visible(self, parts: list[PaintedImage], bbox: Bbox) -> list[PaintedImage]:
        """Leave out what a later, opaque picture hides wholly."""
        kept: list[PaintedImage] = []
        for index, part in enumerate(parts):
            seen = part.item.bbox.intersect(bbox)
            hidden = any(
                later.item.bbox.contains(seen, 0.1)
                and later.item.clip != "shape"
                and later.item.opacity >= 1.0
                and not later.item.blended
                and later.item.upright
                for later in parts[index + 1 :]
            )
            if not hidden:
                kept.append(part)
        return kept

    def _exact(self, parts: list[PaintedImage], bbox: Bbox) -> _Exact | None:
        """Native pixels of `bbox`, or None where only rendering shows what the page shows."""
        if not parts or not all(_is_plain(p.item) for p in parts):
            return None
        if len(parts) > 1:
            # Small pictures over a large one (an inset, a stamp) are overlays, not tiles.
            base = max(parts, key=lambda p: p.item.bbox.intersect(bbox).area)
            if bbox.covered_by(base.item.bbox) >= _FULL and base.item.order == min(
                p.item.order for p in parts
            ):
                del parts[:]
                parts.append(base)
        shown = [p.item.bbox.intersect(bbox) for p in parts]
        if sum(box.area for box in shown) < _FULL * bbox.area:
            return None
        if len(parts) == 1:
            return self._crop(parts[0], shown[0])
        return self._join(parts, shown)

    def _crop(self, part: PaintedImage, shown: Bbox, *, nearest: bool = False) -> _Exact | None:
        """The pixels of one image object inside `shown`.

        Only pixels that are wholly visible, so that nothing from outside a clip path comes along;
        with `nearest`, those whose middle is, so that tiles meet without a seam.
        """
        placed = part.item.placed_bbox
        width, height = self._size(part)
        sx, sy = width / placed.width, height / placed.height
        slack_x, slack_y = (0.5, 0.5) if nearest else (_slack(sx), _slack(sy))
        x0 = max(0, math.ceil((shown.x0 - placed.x0) * sx - slack_x))
        y0 = max(0, math.ceil((shown.y0 - placed.y0) * sy - slack_y))
        x1 = min(width, math.floor((shown.x1 - placed.x0) * sx + slack_x))
        y1 = min(height, math.floor((shown.y1 - placed.y0) * sy + slack_y))
        if x1 <= x0 or y1 <= y0:
            return None
        box = Bbox(
            placed.x0 + x0 / sx, placed.y0 + y0 / sy, placed.x0 + x1 / sx, placed.y0 + y1 / sy
        )
        return _Exact(
            (x1 - x0, y1 - y0),
            box,
            lambda: np.ascontiguousarray(self._pixels(part)[y0:y1, x0:x1]),
            is_foreign=is_foreign(part.image),
        )

    def _join(self, parts: Sequence[PaintedImage], shown: Sequence[Bbox]) -> _Exact | None:
        """Join strips or tiles that share one resolution on a canvas of their own pixels.

        Where the picture breaks off at a seam, they are no tiles but pictures set edge to edge:
        these come back as pieces.
        """
        crops = []
        for part, box in zip(parts, shown, strict=True):
            crop = self._crop(part, box, nearest=True)
            if crop is None:
                return None
            crops.append((crop.pixels(), crop.bbox))
        scales = [(rgb.shape[1] / box.width, rgb.shape[0] / box.height) for rgb, box in crops]
        for axis in (0, 1):
            values = [scale[axis] for scale in scales]
            # A thin strip's own scale is uncertain by a pixel over its height.
            slack = max(_SAME_SCALE, 1.0 / min(rgb.shape[1 - axis] for rgb, _ in crops))
            if max(values) > min(values) * (1 + slack):
                return None
        columns = tile_offsets(
            [(box.x0, rgb.shape[1], s[0]) for (rgb, box), s in zip(crops, scales, strict=True)]
        )
        rows = tile_offsets(
            [(box.y0, rgb.shape[0], s[1]) for (rgb, box), s in zip(crops, scales, strict=True)]
        )
        width = max(x + rgb.shape[1] for (rgb, _), x in zip(crops, columns, strict=True))
        height = max(y + rgb.shape[0] for (rgb, _), y in zip(crops, rows, strict=True))
        canvas = np.full((height, width, 3), 255, np.uint8)
        seen = np.zeros((height, width), bool)
        for (rgb, _), x, y in zip(crops, columns, rows, strict=True):
            canvas[y : y + rgb.shape[0], x : x + rgb.shape[1]] = rgb
            seen[y : y + rgb.shape[0], x : x + rgb.shape[1]] = True
        if seen.mean() < _FULL:
            return None
        tiles = [
            (x, y, x + rgb.shape[1], y + rgb.shape[0])
            for (rgb, _), x, y in zip(crops, columns, rows, strict=True)
        ]
        return _Exact(
            (width, height),
            union_all(box for _, box in crops),
            lambda: canvas,
            separate_pictures(canvas, tiles),
        )

    def _size(self, part: PaintedImage) -> tuple[int, int]:
        """Width and height of an image object as displayed, in the pixels that it really has."""
        converted = self._converted.get(part.item.order)
        if converted is not None:
            return converted.shape[1], converted.shape[0]
        pixmap = self._decode(part)
        if lies_on_side(part.item.matrix):
            return pixmap.height, pixmap.width
        return pixmap.width, pixmap.height

    def _decode(self, part: PaintedImage) -> pymupdf.Pixmap:
        order = part.item.order
        if order not in self._decoded:
            self._decoded[order] = decode_image(part.image)
        return self._decoded[order]

    def _pixels(self, part: PaintedImage) -> RgbImage:
        """The whole image object as displayed: converted to RGB, turned and mirrored."""
        order = part.item.order
        if order not in self._converted:
            rgb = convert_image(part.image, self._decode(part))
            self._converted[order] = orient(rgb, part.item.matrix)
            del self._decoded[order]
        return self._converted[order]

    # -- rendering -----------------------------------------------------------------------

    def _rendered(self, parts: Sequence[PaintedImage], bbox: Bbox) -> _Picture:
        base = self.render_dpi / POINTS_PER_INCH
        sx = max([base] if not parts else [_native_scale(p.item) for p in parts])
        most = math.sqrt(_MAX_RENDER_PX / max(bbox.area, 1e-6))
        sx = min(sx, most)
        rgb = self.render(bbox, sx, sx)
        first = min((p.item.order for p in parts), default=None)
        overlays = (
            find_overlays(self.painting, self.lines, bbox, first, {p.item.order for p in parts})
            if first is not None
            else ()
        )
        return _Picture(rgb, "rendered", bbox, overlays)

    def render(self, bbox: Bbox, sx: float, sy: float) -> RgbImage:
        """Draw `bbox` with `sx` and `sy` pixels a point; its corner falls on a pixel's corner."""
        return to_rgb(draw_page(self.page, bbox, sx, sy))

    # -- what is painted over ------------------------------------------------------------

    def _painted_over(self, exact: _Exact, overlays: Sequence[Overlay]) -> RgbImage:
        """Lay what is painted over a picture into its pixels, and leave the rest untouched.

        Where all of it is painted over, its own pixels are not even converted.
        """
        bbox, (width, height) = exact.bbox, exact.size
        sx, sy = width / bbox.width, height / bbox.height
        patches = find_patches(overlays, bbox, exact.size)
        is_covered = (0, 0, width, height) in patches
        result = np.empty((height, width, 3), np.uint8) if is_covered else exact.pixels().copy()
        for run in [patches] if exact.is_foreign and patches else [[patch] for patch in patches]:
            left, top = min(p[0] for p in run), min(p[1] for p in run)
            right, bottom = max(p[2] for p in run), max(p[3] for p in run)
            x0, y0 = bbox.x0 + left / sx, bbox.y0 + top / sy
            drawn = self.render(Bbox(x0, y0, bbox.x0 + right / sx, bbox.y0 + bottom / sy), sx, sy)
            for a, b, c, d in run:
                result[b:d, a:c] = drawn[b - top : d - top, a - left : c - left]
        return result


def _is_plain(item: ImageObject) -> bool:
    return item.upright and item.clip != "shape" and item.opacity >= 1.0 and not item.blended


def _native_scale(item: ImageObject) -> float:
    """Pixels a point of an image object, along its finer axis, whatever its rotation."""
    a, b, c, d = item.matrix[:4]
    across, down = math.hypot(a, b), math.hypot(c, d)
    return max(item.width_px / max(across, 1e-6), item.height_px / max(down, 1e-6))


def _slack(scale: float) -> float:
    """Boxes are kept to a hundredth of a point: as many pixels are noise."""
    return max(_GRID_SLACK_PX, 0.012 * scale)
