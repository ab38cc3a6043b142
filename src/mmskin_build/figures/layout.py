"""Lines of text with their style, the body style of a book, and its furniture.

Furniture is what returns page after page: running heads, page numbers, a publisher's logo.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from mmskin_build.figures.labels import parse_label
from mmskin_build.geometry import Bbox, turn_upright, union_all
from mmskin_build.records import Line, Page, Span

_MARGIN_SHARE = 0.13  # top and bottom part of a page where running heads stand
_REPEATS_MIN = 3  # pages on which furniture returns at least
_REPEATS_SHARE = 0.2  # of all pages; running heads alternate and change by chapter
_BASELINE_SHARE = 0.6  # common height of two pieces of one printed line
_WORD_GAP_EM = 0.9  # widest gap inside a line across reader blocks
_MIN_LINK_WORDS, _MAX_LINK_WORDS = 2, 6
_LINKED_SHARE, _PICTURE_PT2 = 0.6, 4000.0  # of the pictures, no icons, that have the same link
_LINK_CHROMA = 48  # by which the channels of a link's color differ at least
_CELL_WORDS = 3  # words of a cell that has another to its right on the same line
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_BLOCK_GAP_EM = 2.2  # widest gap inside a line of one reader block (justified text)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line in one style; `bold`, `italic` hold for most of its characters."""

    page_index: int
    bbox: Bbox
    text: str
    font: str
    size_pt: float
    bold: bool
    italic: bool
    color: int
    direction: int
    block: int
    spans: tuple[Span, ...]

    @property
    def height_pt(self) -> float:
        """Height across the reading direction."""
        return self.bbox.height if self.direction in (0, 180) else self.bbox.width


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
    lines = [_printed_lines(page) for page in pages]
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
        and _is_colored(line.color)
    )
    return frozenset(text for text, count in counts.items() if count >= enough)


def _is_colored(color: int) -> bool:
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


def _printed_lines(page: Page) -> list[TextLine]:
    """Join the reader's pieces that stand on one baseline, and read from top to bottom by block."""
    pieces = [_text_line(page.page_index, (line,)) for line in page.lines if line.text.strip()]
    starts = {
        round(piece.bbox.x0)
        for last, piece in zip([None, *pieces], pieces, strict=False)
        if last is None or not _continues(last, piece)
    }
    joined: list[TextLine] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and _continues(last, piece) and not _opens_cell(last, piece, starts):
            joined[-1] = _join(last, piece)
        else:
            joined.append(piece)
    return joined


def _opens_cell(left: TextLine, right: TextLine, starts: Set[int]) -> bool:
    """Whether words after a wide gap stand where other lines start: the next cell of a table.

    After a label or a mark they are the words that it heads, with lines indented below.
    """
    gap = right.bbox.x0 - left.bbox.x1
    if gap <= _WORD_GAP_EM * max(left.size_pt, right.size_pt):
        return False
    if parse_label(right.text) and parse_label(left.text):
        return True  # captions side by side
    return len(left.text.split()) >= _CELL_WORDS and round(right.bbox.x0) in starts


def _continues(left: TextLine, right: TextLine) -> bool:
    if left.direction != 0 or right.direction != 0:
        return False
    common = left.bbox.y_overlap(right.bbox)
    if common < _BASELINE_SHARE * min(left.bbox.height, right.bbox.height):
        return False
    gap = right.bbox.x0 - left.bbox.x1
    em = max(left.size_pt, right.size_pt)
    limit = _BLOCK_GAP_EM if left.block == right.block else _WORD_GAP_EM
    return -0.5 * em <= gap <= limit * em


def _join(left: TextLine, right: TextLine) -> TextLine:
    gap = right.bbox.x0 - left.bbox.x1
    spans = left.spans
    if gap > 0.12 * left.size_pt and not left.text.endswith(" "):
        tail = spans[-1]
        space = Span(text=" ", bbox=tail.bbox, font=tail.font, size_pt=tail.size_pt)
        spans = (*spans, space)
    return _styled(left.page_index, (*spans, *right.spans), left.direction, left.block)


def _text_line(page_index: int, lines: Sequence[Line]) -> TextLine:
    spans = tuple(span for line in lines for span in line.spans)
    return _styled(page_index, spans, lines[0].direction, lines[0].block)


def _styled(page_index: int, spans: tuple[Span, ...], direction: int, block: int) -> TextLine:
    weights: dict[tuple[str, float, bool, bool, int], int] = defaultdict(int)
    for span in spans:
        size = len(span.text.strip())
        weights[span.font, span.size_pt, span.bold, span.italic, span.color] += size
    font, size_pt, bold, italic, color = max(weights.items(), key=lambda item: item[1])[0]
    inked = [span.bbox for span in spans if not span.text.isspace()] or [s.bbox for s in spans]
    return TextLine(
        page_index=page_index,
        bbox=union_all(inked),
        text="".join(_raised(span) for span in spans),
        font=font,
        size_pt=size_pt,
        bold=bold,
        italic=italic,
        color=color,
        direction=direction,
        block=block,
        spans=spans,
    )


def _raised(span: Span) -> str:
    """The text of a span; raised digits and signs as superscript characters: 10⁵ stays 10⁵."""
    return span.text.translate(_SUPERSCRIPTS) if span.superscript else span.text


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
