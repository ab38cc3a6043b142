"""A sheet becomes a page: with reportlab as PDF, or with Pillow as the bitmap of a scan."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from mmskin_build.demo.pictures import Rgb, make_noise
from mmskin_build.demo.sheet import PictureOp, ShapeOp, Sheet, TextOp, TurnedOp
from mmskin_build.demo.stored import EmbeddedImage
from mmskin_build.geometry import Bbox, pt_to_px

SCAN_DPI = 200.0
PAPER = (250, 248, 242)
INVISIBLE = 3  # PDF text render mode
TRUETYPE = ("Vera", "VeraBd", "VeraIt")


def font_path(name: str) -> Path:
    """Return the file of a TrueType font that comes with reportlab."""
    return Path(reportlab.__file__).parent / "fonts" / f"{name}.ttf"


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the TrueType fonts that come with reportlab known to it, once a process."""
    for name in TRUETYPE:
        pdfmetrics.registerFont(TTFont(name, str(font_path(name))))


def _rgb(color: int) -> tuple[int, int, int]:
    return color >> 16 & 255, color >> 8 & 255, color & 255


# ---------------------------------------------------------------------------------------- PDF


class PdfPages:
    """Paints sheets into one reportlab canvas; image objects are named and added later.

    `images` lists, per page, the names used in the content stream with their objects.
    """

    def __init__(self, path: Path) -> None:
        """Begin a PDF that `finish` writes to `path`."""
        register_fonts()
        self._canvas = Canvas(str(path), pageCompression=1, invariant=1)
        self.images: list[dict[str, EmbeddedImage]] = []
        self._names: dict[int, str] = {}
        self._height = 0.0

    def add(self, sheet: Sheet) -> None:
        """Paint `sheet` as the next page."""
        canvas, crop = self._canvas, sheet.crop_pt
        wide, high = sheet.width_pt, sheet.height_pt
        self.images.append({})
        self._names = {}
        if sheet.turned_page:
            canvas.setPageSize((wide, high))  # as displayed: reportlab turns the MediaBox itself
            canvas.setPageRotation(90)
            canvas.transform(0, 1, -1, 0, high, 0)
        else:
            canvas.setPageSize((wide + 2 * crop, high + 2 * crop))
            canvas.setPageRotation(0)
            canvas.setCropBox((crop, crop, wide + crop, high + crop) if crop else None)
            canvas.translate(crop, crop)
        self._paint(sheet)
        canvas.showPage()

    def finish(self) -> None:
        """Write the file; pages still lack their image objects."""
        self._canvas.save()

    def _paint(self, sheet: Sheet) -> None:
        outer = self._height
        self._height = sheet.height_pt
        for op in sheet.ops:
            if isinstance(op, TextOp):
                self._paint_text(op)
            elif isinstance(op, ShapeOp):
                self._paint_shape(op)
            elif isinstance(op, PictureOp):
                self._paint_picture(op)
            else:
                self._paint_turned(op, sheet.height_pt)
        self._height = outer

    def _paint_turned(self, op: TurnedOp, height_pt: float) -> None:
        inner = op.sheet
        self._canvas.saveState()
        self._canvas.transform(
            0, 1, -1, 0, op.x + inner.height_pt, height_pt - op.y - inner.width_pt
        )
        self._paint(inner)
        self._canvas.restoreState()

    def _paint_text(self, op: TextOp) -> None:
        text = self._canvas.beginText(op.x, self._height - op.y)
        text.setTextRenderMode(INVISIBLE if op.invisible else 0)
        text.setWordSpace(op.word_space_pt)
        for run in op.runs:
            text.setFont(run.font, run.size_pt)
            text.setRise(run.rise_pt)
            text.setFillColorRGB(*(v / 255 for v in _rgb(run.color)))
            text.textOut(run.text)
        if op.invisible:
            text.setTextRenderMode(0)
        self._canvas.drawText(text)

    def _paint_shape(self, op: ShapeOp) -> None:
        canvas = self._canvas
        canvas.setLineWidth(op.width_pt)
        if op.fill is not None:
            canvas.setFillColorRGB(*(v / 255 for v in _rgb(op.fill)))
        if op.stroke is not None:
            canvas.setStrokeColorRGB(*(v / 255 for v in _rgb(op.stroke)))
        points = [(x, self._height - y) for x, y in op.points]
        filled, stroked = int(op.fill is not None), int(op.stroke is not None)
        if op.oval:
            (x0, y0), (x1, y1) = points[0], points[-1]
            canvas.ellipse(x0, y0, x1, y1, stroke=stroked, fill=filled)
            return
        if op.closed and len(points) == 4 and points[0][0] == points[3][0]:
            (x0, y0), (x1, y1) = points[0], points[2]
            canvas.rect(x0, y1, x1 - x0, y0 - y1, stroke=stroked, fill=filled)
            return
        path = canvas.beginPath()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        if op.closed:
            path.close()
        canvas.drawPath(path, stroke=stroked, fill=filled)

    def _paint_picture(self, op: PictureOp) -> None:
        canvas, box = self._canvas, op.box
        canvas.saveState()
        if op.clip is not None:
            path = canvas.beginPath()
            low = self._height - op.clip.y1
            shape = path.ellipse if op.round_clip else path.rect
            shape(op.clip.x0, low, op.clip.width, op.clip.height)
            canvas.clipPath(path, stroke=0, fill=0)
        for part in op.stored.parts:
            x0, y0, x1, y1 = part.box
            wide, high = (x1 - x0) * box.width, (y1 - y0) * box.height
            left = box.x0 + x0 * box.width
            bottom = self._height - (box.y0 + y1 * box.height)
            name = self._name(part.image)
            canvas.addLiteral(
                f"q {wide:.4f} 0 0 {high:.4f} {left:.4f} {bottom:.4f} cm /{name} Do Q"
            )
        canvas.restoreState()

    def _name(self, image: EmbeddedImage) -> str:
        here = self.images[-1]
        name = self._names.setdefault(id(image), f"Im{len(here)}")
        here[name] = image
        return name


# --------------------------------------------------------------------------------------- scan


class _Bitmap:
    def __init__(self, sheet: Sheet) -> None:
        width = round(pt_to_px(sheet.width_pt, SCAN_DPI))
        size = (width, round(pt_to_px(sheet.height_pt, SCAN_DPI)))
        self.image = Image.new("RGB", size, PAPER)
        self._pen = ImageDraw.Draw(self.image)

    def paint(self, op: TextOp | ShapeOp | PictureOp) -> None:
        if isinstance(op, TextOp):
            self._paint_text(op)
        elif isinstance(op, PictureOp):
            left, top, right, bottom = (round(pt_to_px(v, SCAN_DPI)) for v in op.box)
            picture = Image.fromarray(op.stored.pixels)
            size = (right - left, bottom - top)
            self.image.paste(picture.resize(size, Image.Resampling.LANCZOS), (left, top))
        else:
            self._paint_shape(op)

    def _paint_text(self, op: TextOp) -> None:
        x = op.x
        for run in op.runs:
            font = ImageFont.truetype(str(font_path(run.font)), pt_to_px(run.size_pt, SCAN_DPI))
            # Word by word, or Pillow's rounded advances would drift from the laid-out widths.
            for index, word in enumerate(run.text.split(" ")):
                if index:
                    x += pdfmetrics.stringWidth(" ", run.font, run.size_pt) + op.word_space_pt
                place = (pt_to_px(x, SCAN_DPI), pt_to_px(op.y - run.rise_pt, SCAN_DPI))
                self._pen.text(place, word, fill=_rgb(run.color), font=font, anchor="ls")
                x += pdfmetrics.stringWidth(word, run.font, run.size_pt)

    def _paint_shape(self, op: ShapeOp) -> None:
        points = [(pt_to_px(x, SCAN_DPI), pt_to_px(y, SCAN_DPI)) for x, y in op.points]
        fill = None if op.fill is None else _rgb(op.fill)
        stroke = None if op.stroke is None else _rgb(op.stroke)
        width = max(1, round(pt_to_px(op.width_pt, SCAN_DPI)))
        if op.closed:
            self._pen.polygon(points, fill=fill, outline=stroke, width=width)
        else:
            self._pen.line(points, fill=stroke, width=width)


def scan_sheet(sheet: Sheet, rng: np.random.Generator) -> tuple[Rgb, float]:
    """Return `sheet` as if scanned at `SCAN_DPI`, and its skew in degrees, counter-clockwise.

    The paper is off-white and slightly noisy; the skew is at most 0.3 degrees around the middle.

    Raises:
        ValueError: If the sheet holds turned parts, which scans here do not have.
    """
    bitmap = _Bitmap(sheet)
    for op in sheet.ops:
        if isinstance(op, TurnedOp):
            raise ValueError(f"sheet {sheet.page_index}: a scan cannot hold turned parts")
        bitmap.paint(op)
    skew = float(rng.uniform(0.08, 0.3)) * (1 if rng.random() < 0.5 else -1)
    turned = bitmap.image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=PAPER)
    width, height = turned.size
    noise = make_noise(rng, width, height, 2) * 1.6 + make_noise(rng, width, height, 300) * 1.5
    pixels = np.asarray(turned, np.float32) + noise[..., None]
    return np.clip(pixels, 0, 255).astype(np.uint8), skew


def skew_box(box: Bbox, sheet: Sheet, degrees: float) -> Bbox:
    """Return the box around `box` of `sheet` after the skew of `scan_sheet`."""
    angle = np.deg2rad(degrees)
    cx, cy = sheet.width_pt / 2, sheet.height_pt / 2
    corners = [(x - cx, y - cy) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
    xs = [cx + x * np.cos(angle) + y * np.sin(angle) for x, y in corners]
    ys = [cy - x * np.sin(angle) + y * np.cos(angle) for x, y in corners]
    return Bbox(float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys)))
