"""One-page PDFs with one generated figure each, and the truth about its panels.

The plate is set from image objects of its own, or is one raster with gutters, frames and letters in
its pixels. Drawn with Pillow, numpy and reportlab only; boxes are in points from the top left.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import reportlab
from numpy.typing import NDArray
from panel_captions import COMMON_LAST, SINGLE, Caption, draw_caption
from panel_layouts import PixelBox, Plate, draw_plate
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from mmskin_build.demo.pictures import draw_clinical, draw_dermoscopic, draw_histology

PAGE_PT = (595.0, 842.0)
Box = tuple[float, float, float, float]
BODY = (
    "The course of the disease is chronic, and relapses are common once treatment has been stopped."
    " Biopsies are best taken from the edge of a fresh lesion. In children the flexures are"
    " affected more often than in adults, and itching may be severe at night. The figure shows"
    " typical findings. Patients should be told that the condition is harmless."
)
LETTERING = (
    ("bare", 30),
    ("box", 16),
    ("rounded box", 8),
    ("circle", 8),
    ("text layer", 10),
    ("below", 10),
    ("outside", 8),
    ("none", 10),
)


@dataclass(frozen=True, slots=True)
class PanelTruth:
    """One panel: its box, its letter and its own words, None where it has none."""

    bbox: Box
    letter: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One page; `traits` say how it was drawn."""

    number: int
    panels: tuple[PanelTruth, ...]
    caption: str
    traits: dict[str, str]


@dataclass(slots=True)
class Look:
    """How the letters of a figure look; `size` is a share of the panel's shorter side.

    `size_px` is the one size of all letters, 0 where they grow with their panels.
    """

    style: str
    corner: int
    bright: bool
    size: float
    margin: float
    bold: bool
    upper: bool
    suffix: str
    size_px: float = 0.0
    marks: list[str | None] = field(default_factory=list)


# ------------------------------------------------------------------------------------ pictures


def draw_panel(rng: random.Random, kind: str, width: int, height: int) -> Image.Image:
    """Draw one picture of `kind`."""
    source = np.random.default_rng(rng.getrandbits(32))
    small = min(1.0, 420 / max(width, height))  # drawn small and enlarged: photographs are soft
    size = (max(48, round(width * small)), max(48, round(height * small)))
    if kind == "fluorescence":
        array = _fluorescence(source, *size)
    elif kind == "cut out":
        array = _cut_out(source, *size)
    elif kind == "section":
        array = _section(source, *size)
    else:
        draw = {"clinical": draw_clinical, "dermoscopic": draw_dermoscopic}
        array = draw.get(kind, draw_histology)(source, *size)
    return Image.fromarray(array).resize((width, height), Image.Resampling.BICUBIC)


def _fluorescence(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Green deposits along a line on black."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    line = height * 0.45 + height * 0.12 * np.sin(x / width * rng.uniform(4, 11))
    glow = np.exp(-(((y - line) / (0.04 * height + 1)) ** 2)) * rng.uniform(140, 230)
    grain = rng.normal(0, 5, (height, width)) + rng.uniform(4, 22)
    green = np.clip(glow + grain, 0, 255)
    return np.dstack([green * 0.15, green, green * 0.2 + 6]).astype(np.uint8)


def _cut_out(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """A limb before a plain pale or dark ground."""
    skin = draw_clinical(rng, width, height).astype(np.float32)
    ground = float(rng.choice([252.0, 236.0, 20.0]))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = width * 0.06 * np.sin(y / height * 5 + rng.uniform(0, 6))
    half = width * rng.uniform(0.22, 0.34)
    inside = np.abs(x - width / 2 - bend) < half
    mixed = np.where(inside[..., None], skin, ground)
    return np.asarray(mixed, np.uint8)


def _section(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Pieces of tissue on white glass; the gaps between them may run from edge to edge."""
    tissue = draw_histology(rng, width, height).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.zeros((height, width), bool)
    count = int(rng.integers(1, 4))
    for index in range(count):
        middle = width * (index + 0.5) / count
        wave = 0.03 * width * np.sin(y / height * rng.uniform(5, 12))
        reach = (
            0.46
            * height
            * np.sqrt(np.clip(1 - ((x - middle - wave) / (0.4 * width / count)) ** 2, 0, 1))
        )
        inside |= np.abs(y - height / 2) < reach
    glass = 246 + rng.normal(0, 1.5, (height, width, 1))
    return np.clip(np.where(inside[..., None], tissue, glass), 0, 255).astype(np.uint8)


# ------------------------------------------------------------------------------------ lettering


def _draw_look(rng: random.Random, separate: bool, gutter: int) -> Look:
    names, weights = zip(*LETTERING, strict=True)
    style = rng.choices(names, weights)[0]
    if style in ("below", "outside") and not separate and gutter == 0:
        style = "bare"
    return Look(
        style=style,
        corner=rng.choice((0, 0, 0, 1, 2, 2, 3)),
        bright=rng.random() < 0.6,
        size=rng.uniform(0.07, 0.13),
        margin=rng.uniform(0.025, 0.05),
        bold=rng.random() < 0.7,
        upper=rng.random() < 0.6,
        suffix=rng.choice(("", "", "", ")", "()")),
    )


def letter_font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    path = Path(reportlab.__file__).parent / "fonts" / ("VeraBd.ttf" if bold else "Vera.ttf")
    return ImageFont.truetype(str(path), max(10, round(size)))


def letter_mark(look: Look, letter: str) -> str:
    text = letter.upper() if look.upper else letter
    return f"({text})" if look.suffix == "()" else text + look.suffix


def stamp_letter(picture: Image.Image, box: PixelBox, text: str, look: Look) -> None:
    """Draw a letter into a corner of its panel."""
    pen = ImageDraw.Draw(picture)
    x0, y0, x1, y1 = box
    side = min(x1 - x0, y1 - y0)
    font = letter_font(max(look.size_px or look.size * side, 15), look.bold)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    wide, high = right - left, bottom - top
    pad = {"bare": 0.0, "box": 0.35, "rounded box": 0.4, "circle": 0.6}[look.style] * high
    margin = look.margin * side
    if look.style in ("box", "rounded box") and look.margin < 0.035:
        margin = 0.0  # the box stands in the very corner
    x = x0 + margin + pad if look.corner % 2 == 0 else x1 - margin - pad - wide
    y = y0 + margin + pad if look.corner < 2 else y1 - margin - pad - high
    bright = look.bright
    if look.style == "bare":  # legible, as any publisher would see to
        spot = picture.crop((round(x), round(y), round(x + wide) + 1, round(y + high) + 1))
        level = float(np.asarray(spot.convert("L")).mean())
        bright = level < 150 if abs(level - (255 if bright else 0)) < 110 else bright
    ink, ground = ("white", "black") if bright else ("black", "white")
    frame = (x - pad, y - pad, x + wide + pad, y + high + pad)
    if look.style == "box":
        pen.rectangle(frame, fill=ground)
    elif look.style == "rounded box":
        pen.rounded_rectangle(frame, radius=pad, fill=ground)
    elif look.style == "circle":
        middle, radius = ((frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2), 0.0
        radius = max(wide, high) / 2 + pad
        pen.ellipse(
            (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius),
            fill=ground,
        )
    pen.text((x - left, y - top), text, fill=ink, font=font)


# ----------------------------------------------------------------------------------- whole cases


def draw_case(number: int, folder: Path) -> Case:
    """Write ``case<number>.pdf`` to `folder`; equal numbers give equal pages."""
    rng = random.Random(f"panels {number}")
    separate = rng.random() < 0.3
    gray = rng.randint(120, 225)
    paper = rng.choice((255, 255, 255, 255, 0, 0, gray))
    gutter = 0 if rng.random() < 0.14 else rng.choice((1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20))
    width_px = rng.randint(950, 1700)
    look = _draw_look(rng, separate, gutter)
    if look.style in ("below", "outside"):
        paper = 255
    room = round(width_px * 0.045) if look.style in ("below", "outside") else 0
    plate = draw_plate(rng, max(gutter, room), width_px)
    if len(plate.boxes) > 8 and look.size < 0.1:
        look.size = 0.12
    caption = draw_caption(rng, plate.name, len(plate.boxes), plate.rows, plate.columns)
    if look.style == "outside" and not separate:
        plate = plate.with_head(room)
    regular = plate.name in ("row", "column", "grid", "unequal row", "unequal column")
    lettered = caption.letters[0] is not None
    if rng.random() < 0.75:
        sides = sorted(min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in plate.boxes)
        look.size_px = look.size * sides[len(sides) // 2]
    if not lettered:
        look.style = "none"
        if caption.form == "no parts":
            gutter = max(gutter, 4)
            plate = draw_plate(rng, gutter, width_px, plate.name)
            none = (None,) * len(plate.boxes)
            caption = Caption(caption.form, caption.text, none, none)
    elif look.style == "none" and not regular:
        look.style = "box"
    if plate.name == "ragged row":
        paper = 255
    order = list(range(len(plate.boxes)))
    if plate.name == "grid" and lettered and look.style != "none" and rng.random() < 0.1:
        order = [c * plate.rows + r for r in range(plate.rows) for c in range(plate.columns)]
    letters = [caption.letters[k] for k in order]
    parts = [caption.parts[k] for k in order]
    look.marks = [None if letter is None else letter_mark(look, letter) for letter in letters]
    kinds = rng.choice(
        (
            ("clinical",),
            ("histology",),
            ("clinical", "histology"),
            ("clinical", "dermoscopic", "histology"),
            ("dermoscopic",),
            ("histology", "fluorescence"),
            ("clinical", "cut out"),
            ("histology", "section"),
        )
    )
    if gutter == 0 and not separate and (len(kinds) == 1 or "section" in kinds):
        kinds = ("clinical", "histology")  # white glass edge to edge has no border to be seen
    pictures = [
        draw_panel(rng, kinds[index % len(kinds)], x1 - x0, y1 - y0)
        for index, (x0, y0, x1, y1) in enumerate(plate.boxes)
    ]
    framed = not separate and gutter >= 4 and paper == 255 and rng.random() < 0.15
    page = Page(folder / f"case{number:03d}.pdf", rng)
    scale = page.place_plate(plate.size_px, room)
    if separate:
        _set_objects(page, plate, pictures, look, rng)
    else:
        raster = _compose(
            plate, pictures, look, paper, room if look.style == "below" else 0, framed
        )
        page.picture(raster, (0, 0, *raster.size), rng)
        if look.style == "text layer":
            _print_letters(page, plate, look)
    page.finish(caption.text, number)
    panels = tuple(
        PanelTruth(page.to_points(box), letter, part)
        for box, letter, part in zip(plate.boxes, letters, parts, strict=True)
    )
    traits = {
        "layout": plate.name,
        "storage": "objects" if separate else page.stored,
        "gutter": "none" if gutter == 0 else "1-3 px" if gutter < 4 else "4-20 px",
        "paper": {255: "white", 0: "black"}.get(paper, "gray"),
        "lettering": look.style,
        "mark": {"()": "(a)", ")": "a)", "": "a"}[look.suffix],
        "caption": caption.form,
        "content": "+".join(kinds),
        "frame": "framed" if framed else "plain",
        "scale": f"{scale:.2f}",
    }
    return Case(number, panels, caption.text, traits)


def draw_single(number: int, folder: Path) -> Case:
    """Write ``case<number>.pdf`` with a figure that is one picture, whatever it looks like."""
    rng = random.Random(f"single {number}")
    kind = rng.choice(("section", "section", "two objects", "cut out", "clinical", "fluorescence"))
    width, height = rng.randint(700, 1300), rng.randint(500, 900)
    if kind == "two objects":
        picture = _two_objects(rng, width, height)
    else:
        picture = draw_panel(rng, kind, width, height)
    if rng.random() < 0.25:  # a ruler or a scale bar
        pen = ImageDraw.Draw(picture)
        pen.rectangle((width * 0.75, height * 0.92, width * 0.95, height * 0.94), fill="black")
    page = Page(folder / f"case{number:03d}.pdf", rng)
    page.place_plate(picture.size, 0)
    page.picture(picture, (0, 0, *picture.size), rng)
    text = rng.choice(SINGLE) + (" " + rng.choice(COMMON_LAST) if rng.random() < 0.3 else "")
    page.finish(text, number)
    panels = (PanelTruth(page.to_points((0, 0, *picture.size)), None, None),)
    return Case(number, panels, text, {"layout": "single", "content": kind, "storage": page.stored})


def _two_objects(rng: random.Random, width: int, height: int) -> Image.Image:
    """Two hands on one ground: between them a band that runs from edge to edge."""
    ground = rng.choice((253, 240, 12))
    canvas = Image.new("RGB", (width, height), (ground,) * 3)
    source = np.random.default_rng(rng.getrandbits(32))
    skin = Image.fromarray(draw_clinical(source, width // 2, height // 2)).resize((width, height))
    mask = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(mask)
    for middle in (0.27, 0.73):
        pen.ellipse(
            (width * (middle - 0.19), height * 0.3, width * (middle + 0.19), height * 0.8), fill=255
        )
        for finger in range(4):
            x = width * (middle - 0.16 + 0.09 * finger)
            pen.rounded_rectangle((x, height * 0.08, x + width * 0.06, height * 0.5), 20, fill=255)
    canvas.paste(skin, mask=mask)
    return canvas


def _compose(
    plate: Plate,
    pictures: Sequence[Image.Image],
    look: Look,
    paper: int,
    below: int,
    framed: bool,
) -> Image.Image:
    """One raster of all panels, with gutters, frames and letters in its pixels."""
    width, height = plate.size_px
    canvas = Image.new("RGB", (width, height + below), (paper,) * 3)
    pen = ImageDraw.Draw(canvas)
    for box, picture, mark in zip(plate.boxes, pictures, look.marks, strict=True):
        canvas.paste(picture, box[:2])
        if framed:
            pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline="black", width=2)
        if mark is None or look.style in ("none", "text layer"):
            continue
        if look.style in ("below", "outside"):
            font = letter_font(width * 0.024, look.bold)
            wide = pen.textlength(mark, font=font)
            if look.style == "below":
                at = ((box[0] + box[2] - wide) / 2, box[3] + width * 0.006)
            else:
                at = (box[0] + 2, box[1] - width * 0.038)
            pen.text(at, mark, fill="black", font=font)
        else:
            stamp_letter(canvas, box, mark, look)
    return canvas


def _set_objects(
    page: Page,
    plate: Plate,
    pictures: Sequence[Image.Image],
    look: Look,
    rng: random.Random,
) -> None:
    """Each panel an image object of its own; letters in its pixels or in the text layer."""
    for box, picture, mark in zip(plate.boxes, pictures, look.marks, strict=True):
        if mark is not None and look.style in ("bare", "box", "rounded box", "circle"):
            stamp_letter(picture, (0, 0, *picture.size), mark, look)
        page.picture(picture, box, rng)
    if look.style in ("text layer", "below", "outside"):
        _print_letters(page, plate, look)


def _print_letters(page: Page, plate: Plate, look: Look) -> None:
    """Letters as text of the page: over, below or above their panels."""
    size = 9.0
    for box, mark in zip(plate.boxes, look.marks, strict=True):
        if mark is None:
            continue
        x0, y0, x1, y1 = page.to_points(box)
        wide = page.canvas.stringWidth(mark, "Helvetica-Bold", size)
        if look.style == "below":
            page.text(mark, (x0 + x1 - wide) / 2, y1 + size + 1, size, 0)
        elif look.style == "outside":
            page.text(mark, x0, y0 - 3, size, 0)
        else:
            x = x0 + 4 if look.corner % 2 == 0 else x1 - 4 - wide
            y = y0 + 4 + size * 0.8 if look.corner < 2 else y1 - 5
            page.text(mark, x, y, size, 1 if look.bright else 0)


class Page:
    """A page with running text, a plate and its caption; y runs downwards from the top."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.canvas = Canvas(str(path), pagesize=PAGE_PT, invariant=1, pageCompression=1)
        self.stored = "flate"
        self._rng = rng
        self._serif = rng.random() < 0.6
        self._top = 60 + self._body(54, rng.choice((1, 2, 3))) + 14
        self._scale = self._left = self._bottom = 0.0

    def place_plate(self, size_px: tuple[int, int], room_px: int) -> float:
        """Decide where the plate goes; return points a pixel."""
        width, height = size_px
        most = self._rng.uniform(330, 487)
        scale = min(most / width, 480 / (height + 2 * room_px))
        self._scale, self._left = scale, (PAGE_PT[0] - width * scale) / 2
        self._top += room_px * scale
        self._bottom = self._top + (height + room_px) * scale
        return scale

    def to_points(self, box: PixelBox) -> Box:
        x0, y0, x1, y1 = (value * self._scale for value in box)
        return x0 + self._left, y0 + self._top, x1 + self._left, y1 + self._top

    def picture(self, image: Image.Image, box: PixelBox, rng: random.Random) -> None:
        x0, y0, x1, y1 = self.to_points(box)
        buffer = io.BytesIO()
        if rng.random() < 0.8:
            quality = rng.randint(40, 95)
            image.save(buffer, "JPEG", quality=quality)
            self.stored = "jpeg 40-69" if quality < 70 else "jpeg 70-95"
        else:
            image.save(buffer, "PNG")
            self.stored = "flate"
        buffer.seek(0)
        self.canvas.drawImage(ImageReader(buffer), x0, PAGE_PT[1] - y1, x1 - x0, y1 - y0)

    def text(self, text: str, x: float, y: float, size: float, gray: float) -> None:
        self.canvas.setFillGray(gray)
        self.canvas.setFont("Helvetica-Bold", size)
        self.canvas.drawString(x, PAGE_PT[1] - y, text)
        self.canvas.setFillGray(0)

    def finish(self, caption: str, number: int) -> None:
        label = self._rng.choice(
            ("Figure {}.", "Fig. {}.", "FIGURE {}", "Figure 4.{}", "Fig. 7-{}:")
        )
        font = self._rng.choice(("Helvetica", "Times-Roman"))
        style = ParagraphStyle("caption", fontName=font, fontSize=8.5, leading=10.5)
        markup = f"<b>{label.format(number % 40 + 1)}</b> {escape(caption)}"
        below = self._bottom + self._paragraph(markup, style, self._bottom + 7) + 20
        while below < PAGE_PT[1] - 130:
            below += self._body(below, 1) + 6
        self.canvas.showPage()
        self.canvas.save()

    def _body(self, top: float, count: int) -> float:
        font = "Times-Roman" if self._serif else "Helvetica"
        style = ParagraphStyle("body", fontName=font, fontSize=10, leading=12)
        return sum(self._paragraph(BODY, style, top + 0.0, index) for index in range(count))

    def _paragraph(self, markup: str, style: ParagraphStyle, top: float, skip: int = 0) -> float:
        paragraph = Paragraph(markup, style)
        _, height = paragraph.wrap(PAGE_PT[0] - 108, PAGE_PT[1])
        paragraph.drawOn(self.canvas, 54, PAGE_PT[1] - top - height * (skip + 1))
        return float(height)
