"""A typesetter for the pages of `layouts`: paragraphs, pictures, charts, and what is true of them.

Independent of the code under test and of the demo book: words are broken into lines here, drawn
with reportlab, and the boxes and captions noted down. Boxes are points from the top left.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from layout_pictures import Rgb, draw_picture
from layout_words import make_heading, make_paragraph
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

Color = tuple[float, float, float]
BLACK: Color = (0.0, 0.0, 0.0)
BLUE: Color = (0.05, 0.25, 0.6)
RED: Color = (0.7, 0.1, 0.1)
pdfmetrics.registerFont(UnicodeCIDFont("HeiseiKakuGo-W5"))
JAPANESE = "HeiseiKakuGo-W5"


class Box(NamedTuple):
    """Left, top, right, bottom in points from the top left of the page."""

    x0: float
    y0: float
    x1: float
    y1: float

    def union(self, other: Box) -> Box:
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )


@dataclass(frozen=True, slots=True)
class Type:
    """A font of reportlab, its size in points, its color."""

    font: str = "Times-Roman"
    size: float = 10.0
    color: Color = BLACK

    def width(self, text: str) -> float:
        return float(pdfmetrics.stringWidth(text, self.font, self.size))


Run = tuple[str, Type]
Word = list[Run]  # pieces in different type without a space between


@dataclass(frozen=True, slots=True)
class Truth:
    """One figure: where it is, and the caption without its label."""

    page: int
    bbox: Box
    label: str | None
    caption: str
    panels: int | None
    kind: str


def to_words(runs: Sequence[Run]) -> list[Word]:
    """Cut runs of text at their spaces."""
    words: list[Word] = []
    glue = False
    for text, kind in runs:
        pieces = [c for c in text] if kind.font == JAPANESE else text.split(" ")
        for index, piece in enumerate(pieces):
            if index or kind.font == JAPANESE:
                glue = False
            if not piece:
                continue
            if glue and words:
                words[-1].append((piece, kind))
            else:
                words.append([(piece, kind)])
            glue = True
    return words


@dataclass(slots=True)
class Sheet:
    """One document in the making."""

    path: Path
    seed: int
    page_size: tuple[float, float] = (595.0, 842.0)
    body: Type = field(default_factory=lambda: Type("Times-Roman", 10))
    body_leading: float = 12.0
    language: str = "en"
    canvas: Canvas = field(init=False)
    rng: random.Random = field(init=False)
    pixels: np.random.Generator = field(init=False)
    page: int = field(default=0, init=False)
    truths: list[Truth] = field(default_factory=list, init=False)
    references: list[str] = field(default_factory=list, init=False)
    _body: list[Word] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.canvas = Canvas(str(self.path), pagesize=self.page_size, invariant=1)
        self.rng = random.Random(self.seed)
        self.pixels = np.random.default_rng(self.seed)

    @property
    def width(self) -> float:
        return self.page_size[0]

    @property
    def height(self) -> float:
        return self.page_size[1]

    def set_up(
        self, size: tuple[float, float], body: Type, leading: float, language: str = "en"
    ) -> None:
        """Choose page size and running text before anything is drawn."""
        self.page_size, self.body, self.body_leading = size, body, leading
        self.language = language
        self.canvas.setPageSize(size)

    def next_page(self) -> None:
        self.canvas.showPage()
        self.page += 1

    def save(self) -> None:
        self.canvas.save()

    # ---------------------------------------------------------------------------------- text

    def measure(self, words: Sequence[Word], width: float, leading: float) -> float:
        """Return the height of a paragraph."""
        return leading * sum(1 for _ in self._break(list(words), width, seed=0))

    def write(
        self,
        runs: Sequence[Run] | Sequence[Word],
        x: float,
        y: float,
        width: float,
        leading: float,
        *,
        align: str = "left",
        bottom: float = 1e9,
        indent: float = 0.0,
    ) -> tuple[float, list[Word]]:
        """Set a paragraph from `y` on; return where it ends and the words that found no room."""
        words = [list(w) for w in runs] if runs and isinstance(runs[0], list) else to_words(runs)  # type: ignore[arg-type]
        lines = list(self._break(words, width, seed=len(words), indent=indent))
        for number, line in enumerate(lines):
            if y + leading > bottom + 0.01:
                rest = [word for later in lines[number:] for word in later]
                return y, _unbroken(rest)
            left = x + (indent if number == 0 else 0)
            room = width - (indent if number == 0 else 0)
            self._line(line, left, y + leading * 0.8, room, align, last=line is lines[-1])
            y += leading
        return y, []

    def _break(
        self, words: list[Word], width: float, seed: int, indent: float = 0.0
    ) -> Iterator[list[Word]]:
        chance = random.Random(seed)
        line: list[Word] = []
        used, room = 0.0, width - indent
        queue = list(words)
        while queue:
            word = queue.pop(0)
            size = sum(kind.width(text) for text, kind in word)
            japanese = word[0][1].font == JAPANESE
            space = 0.0 if japanese or not line else word[0][1].width(" ")
            if not line or used + space + size <= room:
                line.append(word)
                used += space + size
                continue
            text, kind = word[0]
            cut = len(text) // 2
            if len(word) == 1 and len(text) > 8 and text.isalpha() and chance.random() < 0.5:
                head: Word = [(text[:cut] + "-", kind)]
                if used + space + kind.width(head[0][0]) <= room:
                    line.append(head)
                    queue.insert(0, [(text[cut:], kind)])
                    yield line
                    line, used, room = [], 0.0, width
                    continue
            queue.insert(0, word)
            yield line
            line, used, room = [], 0.0, width
        if line:
            yield line

    def _line(
        self, words: list[Word], x: float, y: float, width: float, align: str, last: bool
    ) -> None:
        """Draw a line with its baseline at `y`, run by run, with the spaces stretched."""
        gaps = [0.0 if w[0][1].font == JAPANESE else w[0][1].width(" ") for w in words[1:]]
        size = sum(kind.width(text) for word in words for text, kind in word) + sum(gaps)
        stretch = 0.0
        if align == "center":
            x += (width - size) / 2
        elif align == "right":
            x += width - size
        elif align == "justify" and not last and len(words) > 1:
            stretch = (width - size) / (len(words) - 1)
        runs: list[tuple[str, Type]] = []
        for index, word in enumerate(words):
            for piece, (text, kind) in enumerate(word):
                lead = " " if index and piece == 0 and kind.font != JAPANESE else ""
                if runs and runs[-1][1] == kind:
                    runs[-1] = (runs[-1][0] + lead + text, kind)
                elif runs and lead:
                    runs[-1] = (runs[-1][0] + " ", runs[-1][1])
                    runs.append((text, kind))
                else:
                    runs.append((text, kind))
        for text, kind in runs:
            pen = self.canvas.beginText(x, self.height - y)
            pen.setFont(kind.font, kind.size)
            pen.setFillColorRGB(*kind.color)
            pen.setWordSpace(stretch)
            pen.textOut(text)
            self.canvas.drawText(pen)
            x += kind.width(text) + stretch * text.count(" ")

    def label(self, text: str, x: float, y: float, kind: Type, align: str = "left") -> Box:
        """Set one line with its baseline at `y`; `x` is its left, middle or right."""
        size = kind.width(text)
        x -= {"left": 0.0, "center": size / 2, "right": size}[align]
        self._line([[(text, kind)]], x, y, size, "left", last=True)
        return Box(x, y - kind.size * 0.8, x + size, y + kind.size * 0.2)

    def fill(self, x: float, y: float, width: float, bottom: float) -> None:
        """Fill a piece of a column with running text."""
        while y + 2 * self.body_leading <= bottom:
            if not self._body:
                if self.rng.random() < 0.15 and y + 5 * self.body_leading < bottom:
                    head = Type(self.body.font.replace("Roman", "Bold"), self.body.size + 2)
                    if head.font == "Helvetica":
                        head = Type("Helvetica-Bold", self.body.size + 2)
                    self.label(make_heading(self.rng), x, y + 16, head)
                    y += 24
                text = make_paragraph(
                    self.rng, self.references[-6:], self.language, self.rng.randint(3, 8)
                )
                self._body = to_words([(text, self.body)])
            y, self._body = self.write(
                self._body,
                x,
                y,
                width,
                self.body_leading,
                align="justify",
                bottom=bottom,
                indent=10,
            )
            if self._body:
                return

    def fill_around(
        self,
        columns: Sequence[tuple[float, float]],
        top: float,
        bottom: float,
        taken: Sequence[Box],
    ) -> None:
        """Fill columns, each ``(x, width)``, with running text where nothing else stands."""
        for x, width in columns:
            y = top
            blocks = sorted(
                (b.y0 - 9, b.y1 + 12) for b in taken if b.x0 < x + width - 2 and b.x1 > x + 2
            )
            for start, end in [*blocks, (bottom, bottom)]:
                if start - y > 3 * self.body_leading:
                    self.fill(x, y, width, start)
                y = max(y, end)

    # ------------------------------------------------------------------------------- pictures

    def photo(
        self,
        box: Box,
        *,
        kind: str | None = None,
        stored: str = "jpeg",
        dpi: float = 200.0,
        turn: bool = False,
    ) -> Box:
        """Draw a picture; `stored` as jpeg, flate, strips, tiles or clip (more than is shown)."""
        wide, high = box.x1 - box.x0, box.y1 - box.y0
        pixels = draw_picture(self.pixels, round(wide * dpi / 72), round(high * dpi / 72), kind)
        if turn:
            pixels = np.ascontiguousarray(np.rot90(pixels))
        if stored == "strips":
            edges = np.linspace(0, pixels.shape[0], self.rng.randint(3, 6)).round().astype(int)
            for top, end in zip(edges, edges[1:], strict=False):
                part = Box(
                    box.x0,
                    box.y0 + high * top / pixels.shape[0],
                    box.x1,
                    box.y0 + high * end / pixels.shape[0],
                )
                self._embed(pixels[top:end], part, jpeg=False)
        elif stored == "clip":
            self.canvas.saveState()
            path = self.canvas.beginPath()
            path.rect(box.x0, self.height - box.y1, wide, high)
            self.canvas.clipPath(path, stroke=0, fill=0)
            spread = Box(box.x0 - 0.1 * wide, box.y0 - 12, box.x1 + 0.15 * wide, box.y1 + 30)
            self._embed(pixels, spread, jpeg=True)
            self.canvas.restoreState()
        else:
            self._embed(pixels, box, jpeg=stored == "jpeg")
        return box

    def _embed(self, pixels: Rgb, box: Box, jpeg: bool) -> None:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG" if jpeg else "PNG", quality=88)
        buffer.seek(0)
        self.canvas.drawImage(
            ImageReader(buffer), box.x0, self.height - box.y1, box.x1 - box.x0, box.y1 - box.y0
        )

    def rect(
        self,
        box: Box,
        *,
        fill: Color | None = None,
        stroke: Color | None = None,
        width: float = 0.6,
    ) -> None:
        if fill is not None:
            self.canvas.setFillColorRGB(*fill)
        if stroke is not None:
            self.canvas.setStrokeColorRGB(*stroke)
        self.canvas.setLineWidth(width)
        self.canvas.rect(
            box.x0,
            self.height - box.y1,
            box.x1 - box.x0,
            box.y1 - box.y0,
            fill=int(fill is not None),
            stroke=int(stroke is not None),
        )

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6) -> None:
        self.canvas.setStrokeColorRGB(0, 0, 0)
        self.canvas.setLineWidth(width)
        self.canvas.line(x0, self.height - y0, x1, self.height - y1)

    def chart(self, box: Box) -> Box:
        """Draw axes with ticks and bars or curves; the box holds the lettering as well."""
        small = Type("Helvetica", 7)
        left, base, right, top = box.x0 + 34, box.y1 - 28, box.x1 - 6, box.y0 + 8
        self.rule(left, top, left, base, 0.8)
        self.rule(left, base, right, base, 0.8)
        for step in range(5):
            y = base - step * (base - top) / 4.5
            self.rule(left - 3, y, left, y)
            self.label(str(step * 20), left - 5, y + 2, small, "right")
        count = self.rng.randint(4, 7)
        bars = self.rng.random() < 0.5
        last: tuple[float, float] | None = None
        for step in range(count):
            x = left + (step + 0.5) * (right - left) / count
            value = self.rng.uniform(0.2, 0.95) * (base - top)
            self.rule(x, base, x, base + 3)
            self.label(f"T{step + 1}", x, base + 11, small, "center")
            if bars:
                self.rect(Box(x - 7, base - value, x + 7, base), fill=(0.35, 0.5, 0.75))
            else:
                if last is not None:
                    self.rule(last[0], last[1], x, base - value, 1.0)
                last = (x, base - value)
                self.rect(Box(x - 2, base - value - 2, x + 2, base - value + 2), fill=RED)
        self.label("Weeks of follow-up", (left + right) / 2, box.y1 - 4, small, "center")
        self.canvas.saveState()
        self.canvas.translate(box.x0 + 8, self.height - (top + base) / 2)
        self.canvas.rotate(90)
        self.canvas.setFont(small.font, small.size)
        self.canvas.setFillColorRGB(0, 0, 0)
        self.canvas.drawCentredString(0, 0, "Patients (%)")
        self.canvas.restoreState()
        return Box(box.x0 + 2, top, right, box.y1 - 2)

    def flow_chart(self, box: Box) -> Box:
        """Draw an algorithm: boxes with words, arrows between."""
        small = Type("Helvetica", 8)
        rows, wide = 4, (box.x1 - box.x0 - 40) / 2
        step = (box.y1 - box.y0) / rows
        for row in range(rows):
            y = box.y0 + row * step
            cells = [box.x0 + (box.x1 - box.x0 - wide) / 2] if row == 0 else [box.x0, box.x1 - wide]
            for x in cells:
                cell = Box(x, y, x + wide, y + step * 0.62)
                self.rect(cell, fill=(0.92, 0.95, 1.0), stroke=BLUE)
                words = self.rng.choice(
                    (
                        "Biopsy of the lesion",
                        "Topical steroid",
                        "No response after 6 weeks",
                        "Refer",
                    )
                )
                self.label(words, x + wide / 2, y + step * 0.36, small, "center")
                if row < rows - 1:
                    middle = x + wide / 2
                    self.rule(middle, cell.y1, middle, y + step, 0.8)
        return box

    def record(
        self,
        box: Box,
        label: str | None,
        caption: str,
        *,
        panels: int | None = 1,
        kind: str = "photo",
        page: int | None = None,
    ) -> None:
        """Note down a figure of this page."""
        at = self.page if page is None else page
        self.truths.append(Truth(at, box, label, caption, panels, kind))


def _unbroken(words: list[Word]) -> list[Word]:
    """Words that were cut for a line that is not set now, whole again."""
    whole: list[Word] = []
    join = False
    for word in words:
        text, kind = word[0]
        if join:
            head, head_kind = whole[-1][0]
            whole[-1] = [(head[:-1] + text, head_kind)]
            join = False
        else:
            whole.append(word)
        if len(word) == 1 and text.endswith("-") and text[:-1].isalpha() and len(text) > 4:
            join = True
    return whole
