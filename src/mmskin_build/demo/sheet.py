"""A page as a list of things to paint, before it becomes PDF or bitmap; and typesetting.

Coordinates are points with the origin top left of the page as displayed, y downwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from reportlab.pdfbase.pdfmetrics import stringWidth

from mmskin_build.demo.pictures import Rgb
from mmskin_build.demo.stored import StoredPicture
from mmskin_build.demo.truth import PaintedTruth, PixelRule
from mmskin_build.geometry import Bbox
from mmskin_build.records import FigureKind

ASCENT, DESCENT = 0.74, 0.22  # of the font size, good for all fonts used
MAX_WORD_SPACE_PT = 7.5  # a line that would need more stays ragged
INSEPARABLE = ("bl", "br", "cl", "cr", "dr", "fl", "fr", "gl", "gr", "pl", "pr", "tr")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Characters in one font; `rise_pt` lifts superscripts."""

    text: str
    font: str
    size_pt: float
    color: int = 0
    rise_pt: float = 0.0

    @property
    def width_pt(self) -> float:
        """Advance width on the page."""
        return float(stringWidth(self.text, self.font, self.size_pt))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """Fonts and measures of a kind of text; `leading_pt` is the distance of baselines."""

    font: str
    bold: str
    italic: str
    size_pt: float
    leading_pt: float
    color: int = 0
    label_color: int = 0
    ligatures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOp:
    """A line of text with its baseline at `y`; `invisible` text is only there to be read."""

    x: float
    y: float
    runs: tuple[Run, ...]
    word_space_pt: float = 0.0
    invisible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOp:
    """A stored picture filling `box`; `clip` limits what is seen, as ellipse where `round_clip`."""

    stored: StoredPicture
    box: Bbox
    clip: Bbox | None = None
    round_clip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeOp:
    """A path through `points`; colors 0xRRGGBB or None. `oval` is the ellipse in their box."""

    points: tuple[Point, ...]
    fill: int | None = None
    stroke: int | None = None
    width_pt: float = 0.6
    closed: bool = True
    oval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedOp:
    """The paintings of `sheet`, turned by 90 degrees counter-clockwise, top left at (`x`, `y`)."""

    sheet: Sheet
    x: float
    y: float


Op = TextOp | PictureOp | ShapeOp | TurnedOp


@dataclass(slots=True, kw_only=True)
class DrawnPanel:
    """A panel as placed; `painted` boxes are in pixels of `pixels`."""

    box: Bbox
    letter: str | None = None
    text: str | None = None
    pixels: Rgb | None = None
    rule: PixelRule = "none"
    painted: list[PaintedTruth] = field(default_factory=list)

    def turned(self, width_pt: float, x: float, y: float) -> DrawnPanel:
        """Return the panel of a sheet `width_pt` wide after `TurnedOp`."""
        painted = self.painted
        if self.pixels is not None:
            wide = self.pixels.shape[1]
            painted = [
                PaintedTruth(
                    kind=p.kind,
                    box_px=(p.box_px[1], wide - p.box_px[2], p.box_px[3], wide - p.box_px[0]),
                )
                for p in self.painted
            ]
        return DrawnPanel(
            box=turn_box(self.box, width_pt, x, y),
            letter=self.letter,
            text=self.text,
            pixels=None if self.pixels is None else np.rot90(self.pixels),
            rule=self.rule,
            painted=painted,
        )


@dataclass(slots=True, kw_only=True)
class DrawnFigure:
    """A figure as placed; the caption may be set later and on another page."""

    page_index: int
    panels: list[DrawnPanel]
    kind: FigureKind = "photo"
    traps: list[str] = field(default_factory=list)
    ignore: bool = False
    label: str | None = None
    caption: str | None = None
    caption_text: str | None = None
    caption_box: Bbox | None = None
    caption_page: int | None = None


@dataclass(slots=True, kw_only=True)
class Sheet:
    """One page in the making, with what it truly holds.

    `turned_page` gives the page a /Rotate of 90; `crop_pt` puts a margin outside its CropBox.
    """

    page_index: int
    width_pt: float
    height_pt: float
    label: str = ""
    turned_page: bool = False
    crop_pt: float = 0.0
    scan: bool = False
    scan_gray: bool = False
    hidden_text: bool = False
    ops: list[Op] = field(default_factory=list)
    figures: list[DrawnFigure] = field(default_factory=list)
    orphans: list[tuple[Bbox, str, str]] = field(default_factory=list)
    not_figures: list[tuple[Bbox, str]] = field(default_factory=list)

    def write(
        self, x: float, y: float, text: str, font: str, size_pt: float, color: int = 0
    ) -> Bbox:
        """Write one line with its baseline at `y`; return its box."""
        run = Run(text=text, font=font, size_pt=size_pt, color=color)
        self.ops.append(TextOp(x=x, y=y, runs=(run,)))
        return Bbox(x, y - ASCENT * size_pt, x + run.width_pt, y + DESCENT * size_pt)

    def write_centered(self, x: float, y: float, text: str, font: str, size_pt: float) -> Bbox:
        """Write one line centered on `x`; return its box."""
        return self.write(x - stringWidth(text, font, size_pt) / 2, y, text, font, size_pt)

    def fill_box(self, box: Bbox, fill: int | None, stroke: int | None = None) -> None:
        """Paint a rectangle."""
        corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
        self.ops.append(ShapeOp(points=corners, fill=fill, stroke=stroke))

    def draw_line(self, *points: Point, color: int = 0, width_pt: float = 0.6) -> None:
        """Paint an open line through `points`."""
        self.ops.append(ShapeOp(points=points, stroke=color, width_pt=width_pt, closed=False))

    def turn_in(self, inner: Sheet, x: float, y: float) -> None:
        """Paint `inner` turned by 90 degrees counter-clockwise, and take over its truth."""
        self.ops.append(TurnedOp(sheet=inner, x=x, y=y))
        for figure in inner.figures:
            figure.panels = [p.turned(inner.width_pt, x, y) for p in figure.panels]
            if figure.caption_box is not None:
                figure.caption_box = turn_box(figure.caption_box, inner.width_pt, x, y)
            self.figures.append(figure)


def turn_box(box: Bbox, width_pt: float, x: float, y: float) -> Bbox:
    """Return where `box` of a sheet `width_pt` wide lies after `TurnedOp` to (`x`, `y`)."""
    return Bbox(x + box.y0, y + width_pt - box.x1, x + box.y1, y + width_pt - box.x0)


# ------------------------------------------------------------------------------- typesetting

Word = tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidLine:
    """A broken line: runs with their spaces, natural width, number of spaces."""

    runs: tuple[Run, ...]
    width_pt: float
    spaces: int
    hyphenated: bool = False


def make_words(text: str, font: str, style: TextStyle, color: int | None = None) -> list[Word]:
    """Cut `text` at spaces; ``^...^`` is set as a superscript, fi and fl as ligatures if asked."""
    shade = style.color if color is None else color
    words: list[Word] = []
    for token in text.split():
        runs = []
        for index, piece in enumerate(token.split("^")):
            if not piece:
                continue
            if style.ligatures:
                piece = piece.replace("fi", "ﬁ").replace("fl", "ﬂ")
            raised = index % 2 == 1
            runs.append(
                Run(
                    text=piece,
                    font=font,
                    size_pt=style.size_pt * (0.66 if raised else 1.0),
                    color=shade,
                    rise_pt=style.size_pt * 0.33 if raised else 0.0,
                )
            )
        words.append(tuple(runs))
    return words


def find_hyphen_points(word: str) -> list[int]:
    """Return where a lower-case word may be broken: before a consonant that a vowel follows.

    >>> find_hyphen_points("erythematous")
    [6, 8]
    >>> find_hyphen_points("pustules")
    [3, 5]
    """
    if not re.fullmatch(r"[a-z]{7,}[.,;:]?", word):
        return []
    letters = word.rstrip(".,;:")
    return [
        i
        for i in range(3, len(letters) - 2)
        if letters[i] not in "aeiouyh"
        and letters[i + 1] in "aeiouy"
        and letters[i - 1 : i + 1] not in INSEPARABLE
    ]


def break_lines(words: Sequence[Word], width_pt: float) -> list[LaidLine]:
    """Break `words` into lines of at most `width_pt`, hyphenating lower-case words."""
    return take_lines(words, width_pt)[0]


def take_lines(
    words: Sequence[Word], width_pt: float, *, indent_pt: float = 0.0, limit: int | None = None
) -> tuple[list[LaidLine], list[Word]]:
    """Break `words` into at most `limit` lines; return them and the words that are left.

    The first line is `indent_pt` shorter.
    """
    lines: list[LaidLine] = []
    pending = list(words)
    while pending and (limit is None or len(lines) < limit):
        room = width_pt - (indent_pt if not lines else 0.0)
        taken: list[Word] = []
        used, hyphenated = 0.0, False
        while pending:
            word = pending[0]
            space = stringWidth(" ", word[0].font, word[0].size_pt) if taken else 0.0
            wide = sum(run.width_pt for run in word)
            if used + space + wide <= room or (not taken and not find_hyphen_points(word[0].text)):
                taken.append(pending.pop(0))
                used += space + wide
                continue
            head_tail = _split_word(word, room - used - space)
            if head_tail is not None:
                head, tail = head_tail
                taken.append((head,))
                used += space + head.width_pt
                pending[0] = (tail,)
                hyphenated = True
            break
        if not taken:  # the room is narrower than the first syllable
            taken.append(pending.pop(0))
        runs: list[Run] = []
        for index, word in enumerate(taken):
            if index:
                before = runs[-1]
                runs[-1] = _with_text(before, before.text + " ")
            runs.extend(word)
        lines.append(
            LaidLine(
                runs=_join_runs(runs),
                width_pt=used,
                spaces=len(taken) - 1,
                hyphenated=hyphenated,
            )
        )
    return lines, pending


def _with_text(run: Run, text: str) -> Run:
    return Run(text=text, font=run.font, size_pt=run.size_pt, color=run.color, rise_pt=run.rise_pt)


def _split_word(word: Word, room_pt: float) -> tuple[Run, Run] | None:
    if len(word) != 1:
        return None
    run = word[0]
    for point in reversed(find_hyphen_points(run.text)):
        head = _with_text(run, run.text[:point] + "-")
        if head.width_pt <= room_pt:
            return head, _with_text(run, run.text[point:])
    return None


def _join_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and (last.font, last.size_pt, last.color, last.rise_pt) == (
            run.font,
            run.size_pt,
            run.color,
            run.rise_pt,
        ):
            joined[-1] = _with_text(last, last.text + run.text)
        else:
            joined.append(run)
    return tuple(joined)


def set_lines(
    sheet: Sheet,
    lines: Sequence[LaidLine],
    x: float,
    y: float,
    width_pt: float,
    style: TextStyle,
    *,
    justify: bool = False,
    indent_pt: float = 0.0,
    ends: bool = True,
) -> Bbox:
    """Put `lines` on `sheet` below `y`; return the box of the ink.

    `ends` says that the last line ends its paragraph and is not stretched.
    """
    right = x
    for index, line in enumerate(lines):
        start = x + (indent_pt if index == 0 else 0.0)
        last = ends and index == len(lines) - 1
        slack = width_pt - (start - x) - line.width_pt
        stretch = slack / line.spaces if justify and line.spaces and not last else 0.0
        if stretch > MAX_WORD_SPACE_PT:
            stretch = 0.0
        baseline = y + ASCENT * style.size_pt + index * style.leading_pt
        sheet.ops.append(
            TextOp(x=start, y=baseline, runs=line.runs, word_space_pt=round(stretch, 3))
        )
        right = max(right, start + line.width_pt + stretch * line.spaces)
    height = (len(lines) - 1) * style.leading_pt + (ASCENT + DESCENT) * style.size_pt
    return Bbox(x, y, right, y + max(0.0, height))
