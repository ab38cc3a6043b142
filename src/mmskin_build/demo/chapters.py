"""A chapter in the making: house style, figure numbers, running text; and page furniture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mmskin_build.demo.pictures import draw_logo
from mmskin_build.demo.sheet import (
    ASCENT,
    DESCENT,
    PictureOp,
    Sheet,
    TextStyle,
    Word,
    make_words,
    set_lines,
    take_lines,
)
from mmskin_build.demo.stored import StoredPicture, store_picture
from mmskin_build.demo.text import HEADINGS, make_paragraph, make_reference, pick
from mmskin_build.geometry import Bbox

PAGE_WIDTH_PT, PAGE_HEIGHT_PT = 540.0, 720.0
LEFT_PT, RIGHT_PT, TOP_PT, BOTTOM_PT = 54.0, 486.0, 70.0, 652.0
COLUMN_GAP_PT = 18.0
INDENT_PT = 12.0
BOOK_TITLE = "Atlas of Invented Skin Disease"

TIMES = TextStyle(
    font="Times-Roman", bold="Times-Bold", italic="Times-Italic", size_pt=10.0, leading_pt=12.4
)
HELVETICA = TextStyle(
    font="Helvetica",
    bold="Helvetica-Bold",
    italic="Helvetica-Oblique",
    size_pt=8.0,
    leading_pt=9.8,
)
VERA = TextStyle(font="Vera", bold="VeraBd", italic="VeraIt", size_pt=7.4, leading_pt=9.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterStyle:
    """The conventions of one chapter; ``{c}`` and ``{n}`` in `label` are chapter and figure."""

    label: str
    separator: str
    caption: TextStyle
    body: TextStyle = TIMES
    columns: int = 1
    caption_font: str | None = None


STYLES: dict[str, ChapterStyle] = {
    "one column": ChapterStyle(label="Figure {c}.{n}", separator=". ", caption=HELVETICA),
    "two columns": ChapterStyle(
        label="Fig. {c}-{n}",
        separator=" ",
        caption=replace(TIMES, size_pt=8.6, leading_pt=10.2),
        body=replace(TIMES, size_pt=9.4, leading_pt=11.4),
        columns=2,
    ),
    "margin": ChapterStyle(
        label="FIG. {c}–{n}",
        separator=". ",
        caption=replace(HELVETICA, label_color=0x1F4E79),
        body=replace(HELVETICA, size_pt=9.0, leading_pt=12.0),
    ),
    "above": ChapterStyle(
        label="Figure {c}.{n}",
        separator=": ",
        caption=replace(VERA, ligatures=True, label_color=0x7A1F1F),
        columns=2,
        body=replace(TIMES, size_pt=9.6, leading_pt=11.6),
    ),
    "unnumbered": ChapterStyle(
        label="",
        separator="",
        caption=replace(TIMES, size_pt=8.4, leading_pt=10.0),
        caption_font="Times-Italic",
    ),
    "plates": ChapterStyle(label="Plate {r}", separator=". ", caption=TIMES),
    "scan": ChapterStyle(
        label="Fig. {c}.{n}",
        separator=". ",
        caption=replace(VERA, size_pt=7.6, leading_pt=10.0),
        body=replace(VERA, size_pt=9.0, leading_pt=12.0),
    ),
}


@dataclass(slots=True, kw_only=True)
class Chapter:
    """Number, style and state of a chapter while its pages are made."""

    number: int
    title: str
    style: ChapterStyle
    rng: np.random.Generator
    plate_count: int = 0
    figure_count: int = 0
    table_count: int = 0
    pending: list[tuple[str, list[Word]]] = field(default_factory=list)

    def next_label(self) -> str | None:
        """Return the next figure's label as printed; None in a chapter without numbers."""
        if not self.style.label:
            return None
        self.figure_count += 1
        return self.style.label.format(
            c=self.number, n=self.figure_count, r=to_roman(self.plate_count + self.figure_count)
        )

    def refer(self, label: str | None) -> None:
        """Let the running text go on with a paragraph that begins with `label`."""
        if label is not None:
            self._push("body", make_reference(self.rng, label))

    def next_block(self) -> tuple[str, list[Word]]:
        """Return the next piece of running text: ``body``, ``rest`` of one, or ``heading``."""
        if self.pending:
            return self.pending.pop(0)
        if self.rng.random() < 0.14:
            self._push("heading", pick(self.rng, HEADINGS))
        self._push("body", make_paragraph(self.rng, int(self.rng.integers(3, 7))))
        return self.pending.pop(0)

    def _push(self, role: str, text: str) -> None:
        style = self.style.body
        if style.font == "Vera":  # has no Greek
            text = text.replace("α", "alpha").replace("γ", "gamma")
        font = style.bold if role == "heading" else style.font
        self.pending.append((role, make_words(text, font, style)))


@dataclass(slots=True, kw_only=True)
class Column:
    """Where the next thing goes: from `x`, below `y`, above `bottom`, `width_pt` wide."""

    sheet: Sheet
    x: float
    y: float
    width_pt: float
    bottom: float

    @property
    def room_pt(self) -> float:
        """Height left."""
        return self.bottom - self.y


def fill_text(chapter: Chapter, column: Column, lines: int | None = None) -> None:
    """Set running text in `column`: all the room that is left, or at most `lines` lines."""
    style = chapter.style.body
    room = int((column.room_pt - (ASCENT + DESCENT) * style.size_pt) / style.leading_pt) + 1
    left = room if lines is None else min(lines, room)
    while left > 0:
        role, words = chapter.next_block()
        if role == "heading" and left < 4:
            chapter.pending.insert(0, (role, words))
            return
        indent = INDENT_PT if role == "body" else 0.0
        laid, rest = take_lines(words, column.width_pt, indent_pt=indent, limit=left)
        set_lines(
            column.sheet,
            laid,
            column.x,
            column.y,
            column.width_pt,
            style,
            justify=role != "heading",
            indent_pt=indent,
            ends=not rest,
        )
        left -= len(laid)
        column.y += len(laid) * style.leading_pt
        if rest:
            chapter.pending.insert(0, ("rest", rest))


def split_columns(sheet: Sheet, top: float = TOP_PT, bottom: float = BOTTOM_PT) -> list[Column]:
    """Return the two text columns of `sheet`."""
    width = (RIGHT_PT - LEFT_PT - COLUMN_GAP_PT) / 2
    return [
        Column(sheet=sheet, x=x, y=top, width_pt=width, bottom=bottom)
        for x in (LEFT_PT, LEFT_PT + width + COLUMN_GAP_PT)
    ]


def full_column(sheet: Sheet, top: float = TOP_PT, bottom: float = BOTTOM_PT) -> Column:
    """Return the whole text area of `sheet` as one column."""
    return Column(sheet=sheet, x=LEFT_PT, y=top, width_pt=RIGHT_PT - LEFT_PT, bottom=bottom)


def fill_page(chapter: Chapter, sheet: Sheet, top: float = TOP_PT) -> None:
    """Set running text on the page below `top`, in the chapter's number of columns."""
    areas = [full_column(sheet, top)] if chapter.style.columns == 1 else split_columns(sheet, top)
    for area in areas:
        fill_text(chapter, area)


class Furniture:
    """What stands on every page: running head, folio, the publisher's device."""

    def __init__(self) -> None:
        """Draw the device once; all pages show the same image object."""
        self._logo: StoredPicture = store_picture(draw_logo(), "flate")

    def dress(self, sheet: Sheet, running_head: str) -> None:
        """Paint head, folio and device on `sheet`; they count as no figure."""
        middle, even = sheet.width_pt / 2, sheet.page_index % 2 == 0
        bottom = sheet.height_pt
        font = "Vera" if sheet.scan else "Times-Italic"
        if running_head:
            head = running_head if even else BOOK_TITLE
            sheet.write_centered(middle, 46, head, font, 9)
            sheet.draw_line((LEFT_PT, 52), (sheet.width_pt - LEFT_PT, 52), width_pt=0.4)
        sheet.write_centered(middle, bottom - 30, sheet.label, font, 9)
        left = LEFT_PT if even else sheet.width_pt - LEFT_PT - 18
        box = Bbox(left, bottom - 46, left + 18, bottom - 28)
        sheet.ops.append(PictureOp(stored=self._logo, box=box))
        sheet.not_figures.append((box, "publisher's logo"))


def to_roman(number: int) -> str:
    """Return `number` in upper-case Roman figures.

    >>> to_roman(14)
    'XIV'
    """
    steps = (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
        (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    )  # fmt: skip
    text = ""
    for value, sign in steps:
        text += sign * (number // value)
        number %= value
    return text
