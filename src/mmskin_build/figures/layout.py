"""The pages of a book as printed lines, its body style, and its furniture.

Furniture is what returns page after page: running heads, page numbers, a publisher's logo.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.line_numbers import find_line_numbers
from mmskin_build.figures.printed_lines import TextLine, printed_lines
from mmskin_build.geometry import Bbox, turn_upright
from mmskin_build.records import Page

_MARGIN_SHARE = 0.13  # top and bottom part of a page where running heads stand
_REPEATS_MIN = 3  # pages on which furniture returns at least
_REPEATS_SHARE = 0.2  # of all pages; running heads alternate and change by chapter
_MIN_LINK_WORDS, _MAX_LINK_WORDS = 2, 6
_LINKED_SHARE, _PICTURE_PT2 = 0.6, 4000.0  # of the pictures, no icons, that have the same link
_LINK_CHROMA = 48  # by which the channels of a link's color differ at least


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """The font and size (points) in which most of a book is set; no font without running text."""

    font: str
    size_pt: float

    def matches(self, line: TextLine) -> bool:
        """Whether `line` could be running text."""
        return abs(line.size_pt - self.size_pt) <= 0.35 and line.font == self.font


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page with its printed lines in reading order and without its furniture."""

    page: Page
    lines: tuple[TextLine, ...]
    furniture: tuple[TextLine, ...]

    @property
    def page_index(self) -> int:
        """0-based index of the page."""
        return self.page.page_index

    @property
    def is_scanned(self) -> bool:
        """Whether a recognizer measured the type of the lines: no font, and sizes that scatter."""
        return self.page.text_source == "ocr"

    @property
    def area(self) -> Bbox:
        """The whole page."""
        return Bbox(0.0, 0.0, self.page.width_pt, self.page.height_pt)

    def turned(self, direction: int) -> PageLayout:
        """The page turned so that text of `direction` runs upright, with only that text on it.

        The boxes of the lines are turned; `page` stays as it is (see `geometry.turn_back`).
        """
        width, height = self.page.width_pt, self.page.height_pt
        lines = [
            replace(line, bbox=turn_upright(line.bbox, direction, width, height), direction=0)
            for line in self.lines
            if line.direction == direction
        ]
        return PageLayout(self.page, tuple(lines), ())


@dataclass(frozen=True, slots=True)
class BookLayout:
    """All pages of a book, its body style and its words (for mending hyphens).

    `links` are lines that a web page prints beside each of its figures: "Open in a new tab".
    `line_gap_pt` is the commonest gap between two lines of running text.
    """

    pages: tuple[PageLayout, ...]
    body: BodyStyle
    words: frozenset[str]
    links: frozenset[str] = frozenset()
    line_gap_pt: float = 0.0

    def is_link(self, line: TextLine) -> bool:
        """Whether `line` is one of `links`."""
        return line.text.strip() in self.links


def build_layout(pages: Sequence[Page]) -> BookLayout:
    """Lay out all pages of one book."""
    numbers = find_line_numbers(pages)
    lines = [printed_lines(page, numbers.get(page.page_index, frozenset())) for page in pages]
    body = find_body_style([line for page in lines for line in page])
    furniture = _furniture_keys(pages, lines)
    layouts = []
    for page, page_lines in zip(pages, lines, strict=True):
        kept = [line for line in page_lines if not _is_furniture(page, line, furniture)]
        dropped = [line for line in page_lines if _is_furniture(page, line, furniture)]
        layouts.append(PageLayout(page, tuple(kept), tuple(dropped)))
    words: Counter[str] = Counter()
    for page_lines in lines:
        for line in page_lines:
            words.update(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.text.lower())[1:-1])
    links, gap = _find_links(layouts, body), _line_gap(layouts, body)
    return BookLayout(tuple(layouts), body, frozenset(words), links, gap)


def _line_gap(layouts: Sequence[PageLayout], body: BodyStyle) -> float:
    """The commonest gap in points between two lines of running text that follow on each other."""
    gaps = Counter(
        round(2 * (line.bbox.y0 - last.bbox.y1)) / 2
        for layout in layouts
        for last, line in pairwise(line for line in layout.lines if body.matches(line))
        if line.bbox.x_overlap(last.bbox) > 0 and line.bbox.y0 > last.bbox.y0
    )
    return max(gaps.items(), key=lambda item: (item[1], -item[0]))[0] if gaps else 0.0


def _find_links(layouts: Sequence[PageLayout], body: BodyStyle) -> frozenset[str]:
    """Short lines in a color of their own that return verbatim at nearly every picture.

    They are no larger than running text. A name that returns at a few pictures is a caption.
    """
    pictures = {
        item.image_key
        for layout in layouts
        for item in layout.page.images
        if item.bbox.area >= _PICTURE_PT2
    }
    enough = max(_REPEATS_MIN, _LINKED_SHARE * len(pictures))
    counts = Counter(
        line.text.strip()
        for layout in layouts
        for line in layout.lines
        if line.size_pt <= body.size_pt
        and not line.bold
        and _MIN_LINK_WORDS <= len(line.text.split()) <= _MAX_LINK_WORDS
        and is_colored(line.color)
    )
    return frozenset(text for text, count in counts.items() if count >= enough)


def is_colored(color: int) -> bool:
    """Whether a color, 0xRRGGBB, is neither black nor gray: that of a link, perhaps."""
    channels = color >> 16, color >> 8 & 255, color & 255
    return max(channels) - min(channels) >= _LINK_CHROMA


def find_body_style(lines: Sequence[TextLine]) -> BodyStyle:
    """Return the style that most characters are set in."""
    weights: Counter[tuple[str, float]] = Counter()
    for line in lines:
        if line.direction == 0:
            weights[line.font, round(line.size_pt * 2) / 2] += len(line.text)
    if not weights:
        return BodyStyle("", 10.0)
    (font, size), _ = max(weights.items(), key=lambda item: (item[1], item[0]))
    return BodyStyle(font, size)


_FurnitureKey = tuple[str, int]


def _furniture_keys(
    pages: Sequence[Page], lines: Sequence[Sequence[TextLine]]
) -> frozenset[_FurnitureKey]:
    """Texts (digits made equal) that stand at one height in the margin of several pages."""
    seen: Counter[_FurnitureKey] = Counter()
    for page, page_lines in zip(pages, lines, strict=True):
        seen.update({_furniture_key(line) for line in page_lines if _in_margin(page, line)})
    enough = max(_REPEATS_MIN, min(8, round(_REPEATS_SHARE * len(pages))))
    return frozenset(key for key, count in seen.items() if count >= enough)


def _furniture_key(line: TextLine) -> _FurnitureKey:
    text = re.sub(r"[\divxlc]+", "#", line.text.lower())
    return re.sub(r"\s+", "", text), round(line.bbox.center[1] / 4)


def _in_margin(page: Page, line: TextLine) -> bool:
    edge = _MARGIN_SHARE * page.height_pt
    return line.bbox.y1 <= edge or line.bbox.y0 >= page.height_pt - edge


def _is_furniture(page: Page, line: TextLine, keys: frozenset[_FurnitureKey]) -> bool:
    if not _in_margin(page, line) or parse_label(line.text) is not None:
        return False  # a caption at the top of its page is no running head
    text, height = _furniture_key(line)
    if any((text, height + step) in keys for step in (-1, 0, 1)):
        return True
    # A number alone at the edge of the page is a page number, however rare its height.
    at_edge = line.bbox.y1 <= 0.08 * page.height_pt or line.bbox.y0 >= 0.92 * page.height_pt
    return (
        at_edge
        and re.fullmatch(r"\s*[-–—]?\s*[\divxlcIVXLC]{1,5}\s*[-–—]?\s*", line.text) is not None
    )
