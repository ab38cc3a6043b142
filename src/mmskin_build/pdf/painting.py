"""What a page paints, in painting order: embedded images with their clips, and vector paths.

PyMuPDF's own lists say where an image object would lie, not what a clip path leaves of it, nor what
is painted over it later. A device of our own on MuPDF's interpreter sees both: every painting
operation in order, under the clips in force. Only images and paths are called back into Python,
never text, so a page costs a few milliseconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pymupdf
from pymupdf import mupdf

from mmskin_build.geometry import Bbox
from mmskin_build.records import ImageObject, PathObject

Matrix = tuple[float, float, float, float, float, float]
_KEY_SAMPLE_BYTES = 65_536  # an image is told from others by the ends of its stream
_SKEW_TOLERANCE = 1e-3  # off-axis share of a matrix that still counts as upright
BORDER_PT = 2.5  # from a picture's edge to that of a border drawn around it


@dataclass(frozen=True, slots=True)
class PaintedImage:
    """An `ImageObject` and MuPDF's handle on its pixels; never leaves the process."""

    item: ImageObject
    image: Any  # mupdf.FzImage; the bindings are untyped


@dataclass(frozen=True, slots=True)
class Painting:
    """Everything that one page paints apart from text, in painting order."""

    images: tuple[PaintedImage, ...]
    paths: tuple[PathObject, ...]


@dataclass(slots=True)
class _Clip:
    area: Bbox
    shape: bool  # not a rectangle
    soft_mask_of: Matrix | None = None  # a mask that belongs to the image painted next


class _PaintDevice(mupdf.FzDevice2):  # type: ignore[misc]
    """Records images and paths with the clip in force; coordinates are display points."""

    def __init__(self, page_area: Bbox) -> None:
        super().__init__()
        for name in (
            "fill_path",
            "stroke_path",
            "clip_path",
            "clip_stroke_path",
            "clip_text",
            "clip_stroke_text",
            "clip_image_mask",
            "pop_clip",
            "fill_image",
            "fill_image_mask",
            "fill_shade",
            "begin_mask",
            "end_mask",
            "begin_group",
            "end_group",
        ):
            getattr(self, f"use_virtual_{name}")()
        self.images: list[PaintedImage] = []
        self.paths: list[PathObject] = []
        self._order = 0
        self._clips = [_Clip(page_area, shape=False)]
        self._blends: list[bool] = []
        self._in_mask = 0
        self._rgb_space = mupdf.FzColorspace(mupdf.FzColorspace.Fixed_RGB)
        self._rgb_params = mupdf.FzColorParams()

    # -- clips ---------------------------------------------------------------------------

    def _push(self, area: Bbox, shape: bool, soft_mask_of: Matrix | None = None) -> None:
        current = self._clips[-1]
        self._clips.append(
            _Clip(current.area.intersect(area), current.shape or shape, soft_mask_of)
        )

    def clip_path(self, ctx: Any, path: Any, even_odd: int, ctm: Any, scissor: Any) -> None:
        box = _bbox(mupdf.ll_fz_bound_path(path, None, ctm))
        is_rect = mupdf.ll_fz_path_is_rect(path, ctm) or _is_rectangle(path, ctm)
        self._push(box, shape=not is_rect)

    def clip_stroke_path(self, ctx: Any, path: Any, stroke: Any, ctm: Any, scissor: Any) -> None:
        self._push(_bbox(mupdf.ll_fz_bound_path(path, stroke, ctm)), shape=True)

    def clip_text(self, ctx: Any, text: Any, ctm: Any, scissor: Any) -> None:
        self._push(_bbox(mupdf.ll_fz_bound_text(text, None, ctm)), shape=True)

    def clip_stroke_text(self, ctx: Any, text: Any, stroke: Any, ctm: Any, scissor: Any) -> None:
        self._push(_bbox(mupdf.ll_fz_bound_text(text, stroke, ctm)), shape=True)

    def clip_image_mask(self, ctx: Any, image: Any, ctm: Any, scissor: Any) -> None:
        matrix = _matrix(ctm)
        self._push(_unit_square(matrix), shape=False, soft_mask_of=matrix)

    def begin_mask(self, ctx: Any, area: Any, luminosity: int, cs: Any, bc: Any, cp: Any) -> None:
        self._in_mask += 1

    def end_mask(self, ctx: Any, *_: Any) -> None:
        self._in_mask -= 1
        self._push(self._clips[-1].area, shape=True)

    def pop_clip(self, ctx: Any) -> None:
        if len(self._clips) > 1:
            self._clips.pop()

    def begin_group(
        self, ctx: Any, area: Any, cs: Any, iso: int, ko: int, mode: int, a: float
    ) -> None:
        self._blends.append(mode != 0 or a < 1.0)

    def end_group(self, ctx: Any) -> None:
        if self._blends:
            self._blends.pop()

    # -- paint ---------------------------------------------------------------------------

    def fill_image(self, ctx: Any, image: Any, ctm: Any, alpha: float, cp: Any) -> None:
        self._image(image, _matrix(ctm), alpha)

    def fill_image_mask(
        self, ctx: Any, image: Any, ctm: Any, cs: Any, color: Any, alpha: float, cp: Any
    ) -> None:
        # A stencil painted in one color is ink, like a path.
        self._path(_unit_square(_matrix(ctm)), fill=self._rgb(cs, color), opacity=alpha)

    def fill_path(
        self,
        ctx: Any,
        path: Any,
        even_odd: int,
        ctm: Any,
        cs: Any,
        color: Any,
        alpha: float,
        cp: Any,
    ) -> None:
        is_rect = bool(mupdf.ll_fz_path_is_rect(path, ctm))
        self._path(
            _bbox(mupdf.ll_fz_bound_path(path, None, ctm)),
            fill=self._rgb(cs, color),
            opacity=alpha,
            shape="rect" if is_rect else "path",
        )

    def stroke_path(
        self, ctx: Any, path: Any, stroke: Any, ctm: Any, cs: Any, color: Any, alpha: float, cp: Any
    ) -> None:
        box = _bbox(mupdf.ll_fz_bound_path(path, stroke, ctm))
        scale = abs(ctm.a * ctm.d - ctm.b * ctm.c) ** 0.5
        width = stroke.linewidth * scale
        if mupdf.ll_fz_path_is_rect(path, ctm) or (
            self._runs_around_image(path, ctm) and _is_rectangle(path, ctm)
        ):
            shape = "rect"
        else:
            shape = "line" if min(box.width, box.height) <= 2 * width + 0.5 else "path"
        self._path(box, stroke=self._rgb(cs, color), opacity=alpha, shape=shape, width_pt=width)

    def _runs_around_image(self, path: Any, ctm: Any) -> bool:
        """Whether a path reaches as far as a picture below it: worth asking if it is its border."""
        if not self.images:
            return False
        box = _bbox(mupdf.ll_fz_bound_path(path, None, ctm))
        return any(
            max(abs(p - q) for p, q in zip(box, painted.item.bbox, strict=True)) <= BORDER_PT
            for painted in self.images
        )

    def _rgb(self, colorspace: Any, color: Any) -> int:
        if not colorspace:
            return 0
        values: tuple[float, ...]
        values = mupdf.ll_fz_convert_color(
            colorspace, color, self._rgb_space.m_internal, None, self._rgb_params.internal()
        )
        red, green, blue = (max(0, min(255, round(255 * v))) for v in values[:3])
        return (red << 16) | (green << 8) | blue

    def fill_shade(self, ctx: Any, shade: Any, ctm: Any, alpha: float, cp: Any) -> None:
        self._path(self._clips[-1].area, fill=0x808080, opacity=alpha, shape="shading")

    def _path(
        self,
        box: Bbox,
        *,
        fill: int | None = None,
        stroke: int | None = None,
        opacity: float = 1.0,
        shape: Any = "path",
        width_pt: float = 0.0,
    ) -> None:
        self._order += 1
        clip = self._clips[-1]
        # Lines have no area: keep what touches the clip, not what has area inside it.
        if self._in_mask or opacity <= 0 or box.gap(clip.area) > 0:
            return
        cut = Bbox(
            max(box.x0, clip.area.x0),
            max(box.y0, clip.area.y0),
            min(box.x1, clip.area.x1),
            min(box.y1, clip.area.y1),
        )
        self.paths.append(
            PathObject(
                bbox=cut.rounded(),
                order=self._order,
                fill=fill,
                stroke=stroke,
                opacity=round(opacity, 3),
                stroke_width_pt=round(width_pt, 3),
                shape=shape,
            )
        )

    def _image(self, image: Any, matrix: Matrix, alpha: float) -> None:
        self._order += 1
        clip = self._clips[-1]
        placed = _unit_square(matrix)
        box = placed.intersect(clip.area)
        if self._in_mask or alpha <= 0 or box.is_empty:
            return
        a, b, c, d = matrix[:4]
        size = max(abs(a), abs(b), abs(c), abs(d))
        upright = (abs(b) + abs(c) <= _SKEW_TOLERANCE * size) or (
            abs(a) + abs(d) <= _SKEW_TOLERANCE * size
        )
        cut = max(abs(p - q) for p, q in zip(placed, box, strict=True)) > 0.25
        masks = [c for c in self._clips if c.soft_mask_of is not None]
        foreign_mask = any(c.soft_mask_of != matrix for c in masks)
        shaped = clip.shape or foreign_mask
        handle = mupdf.FzImage(mupdf.ll_fz_keep_image(image))
        self.images.append(
            PaintedImage(
                ImageObject(
                    bbox=box.rounded(4),
                    placed_bbox=placed.rounded(4),
                    matrix=tuple(round(v, 5) for v in matrix),  # type: ignore[arg-type]
                    width_px=image.w,
                    height_px=image.h,
                    order=self._order,
                    image_key=_image_key(image),
                    upright=upright,
                    clip="shape" if shaped else ("rect" if cut else "none"),
                    opacity=round(alpha, 3),
                    blended=any(self._blends),
                ),
                handle,
            )
        )


class _CornerWalker(mupdf.FzPathWalker2):  # type: ignore[misc]
    """Collects the corners of a path; `straight` is False once it bends."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("moveto", "lineto", "curveto", "closepath"):
            getattr(self, f"use_virtual_{name}")()
        self.corners: list[tuple[float, float]] = []
        self.straight = True
        self.pieces = 0

    def moveto(self, ctx: Any, x: float, y: float) -> None:
        self.pieces += 1
        self.corners.append((x, y))

    def lineto(self, ctx: Any, x: float, y: float) -> None:
        self.corners.append((x, y))

    def curveto(
        self, ctx: Any, x1: float, y1: float, x2: float, y2: float, x3: float, y3: float
    ) -> None:
        """Some programs draw straight lines as curves, with all points on the line."""
        x0, y0 = self.corners[-1] if self.corners else (x3, y3)
        on_line = all(x == x0 for x in (x1, x2, x3)) or all(y == y0 for y in (y1, y2, y3))
        self.straight = self.straight and on_line
        self.corners.append((x3, y3))

    def closepath(self, ctx: Any) -> None:
        pass


def _is_rectangle(path: Any, ctm: Any) -> bool:
    """Whether a path is an upright rectangle, drawn in a way that MuPDF's own test misses.

    As four lines, or as four curves that are straight.
    """
    walker = _CornerWalker()
    mupdf.fz_walk_path(mupdf.FzPath(mupdf.ll_fz_keep_path(path)), walker, walker.m_internal)
    if not walker.straight or walker.pieces != 1 or not 4 <= len(walker.corners) <= 6:
        return False
    if abs(ctm.b) + abs(ctm.c) > 0 and abs(ctm.a) + abs(ctm.d) > 0:
        return False  # turned by an angle that is not a multiple of 90 degrees
    distinct = set(walker.corners)
    xs, ys = {x for x, _ in distinct}, {y for _, y in distinct}
    if len(distinct) != 4 or len(xs) != 2 or len(ys) != 2:
        return False
    steps = zip(walker.corners, walker.corners[1:], strict=False)
    return all(a[0] == b[0] or a[1] == b[1] for a, b in steps)


def read_painting(page: pymupdf.Page) -> Painting:
    """Interpret `page` once and return what it paints, in display points."""
    area = Bbox(0.0, 0.0, page.rect.width, page.rect.height)
    device = _PaintDevice(area)
    mupdf.fz_run_page(fz_page(page), device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    return Painting(tuple(device.images), tuple(device.paths))


def hold_only_streams(painting: Painting) -> bool:
    """Whether its pictures are held as in the file, none decoded on loading (JPX, some masks)."""
    return all(
        mupdf.ll_fz_compressed_image_buffer(painted.image.m_internal) is not None
        for painted in painting.images
    )


def draw_page(page: pymupdf.Page, bbox: Bbox, sx: float, sy: float) -> pymupdf.Pixmap:
    """Draw `bbox` of a page over white, with `sx` and `sy` pixels a point."""
    width, height = max(1, round(bbox.width * sx)), max(1, round(bbox.height * sy))
    matrix = mupdf.FzMatrix(sx, 0, 0, sy, -bbox.x0 * sx, -bbox.y0 * sy)
    pixmap = mupdf.fz_new_pixmap_with_bbox(
        mupdf.fz_device_rgb(), mupdf.FzIrect(0, 0, width, height), mupdf.FzSeparations(), 0
    )
    mupdf.fz_clear_pixmap_with_value(pixmap, 255)
    device = mupdf.fz_new_draw_device(matrix, pixmap)
    mupdf.fz_run_page(fz_page(page), device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    return pymupdf.Pixmap("raw", pixmap)


def fz_page(page: pymupdf.Page) -> Any:
    """MuPDF's own handle of `page`; running it with the identity gives display points."""
    this = page.this
    return mupdf.FzPage(this) if isinstance(this, mupdf.PdfPage) else this


def _bbox(rect: Any) -> Bbox:
    return Bbox(rect.x0, rect.y0, max(rect.x0, rect.x1), max(rect.y0, rect.y1))


def _matrix(ctm: Any) -> Matrix:
    return (ctm.a, ctm.b, ctm.c, ctm.d, ctm.e, ctm.f)


def _unit_square(matrix: Matrix) -> Bbox:
    a, b, c, d, e, f = matrix
    xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
    return Bbox(min(xs), min(ys), max(xs), max(ys))


def _image_key(image: Any) -> str:
    """Digest that equal embedded images share; cheap, so it looks at the ends of long streams."""
    digest = hashlib.blake2b(f"{image.w}x{image.h}".encode(), digest_size=12)
    compressed = mupdf.ll_fz_compressed_image_buffer(image)
    if compressed is None or compressed.buffer is None:
        # Decoded on loading (JPX, some masks): told apart by size alone.
        return f"{image.w}x{image.h}"
    buffer = mupdf.FzBuffer(mupdf.ll_fz_keep_buffer(compressed.buffer))
    view = mupdf.fz_buffer_storage_memoryview(buffer)
    digest.update(str(len(view)).encode())
    digest.update(view[:_KEY_SAMPLE_BYTES])
    digest.update(view[-_KEY_SAMPLE_BYTES:])
    return digest.hexdigest()
