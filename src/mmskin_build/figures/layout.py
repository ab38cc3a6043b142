"""Lines of text with their style, the body style of a book, and its furniture.

Furniture is what returns page after page: running heads, page numbers, a publisher's logo.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from mmskin_build.figures.labels import close_up, parse_label
from mmskin_build.figures.line_numbers import find_line_numbers
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
_PICTOGRAPHS = re.compile(r"dingbat|wingding|webding", re.IGNORECASE)  # fonts without letters
_SIGN = re.compile("[\u2022\u2023\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ue000-\uf8ff]")
_MISREAD = re.compile(
    r"\s*(?:(?!(?i:in|of|to|as|by|on|at|or|an)\s)[^\W_]{1,2}"
    r"|\w?[^\w\s(\[\u2018\u201c'\"]{1,2}\w?)\s+(?=[A-Z])"
)
_LABEL_WORD = re.compile(r"\s*(?:figure|fig\.?)\s*", re.IGNORECASE)
_LABEL_NUMBER = re.compile(r"\s*[A-Z]?\d+(?:[.\-\u2013]\d+)*[A-Za-z]?[.:]?\s*")
_COLUMN_GAP_EM = 0.5  # least gap between captions side by side
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
    numbers = find_line_numbers(pages)
    lines = [_printed_lines(page, numbers.get(page.page_index, frozenset())) for page in pages]
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


def _printed_lines(page: Page, left_out: frozenset[int]) -> list[TextLine]:
    """Join the reader's pieces that stand on one baseline, and read from top to bottom by block.

    `left_out` are the places in `page.lines` of what is no text, the numbers of lines.
    """
    pieces = [
        _text_line(page.page_index, (line,))
        for index, line in enumerate(page.lines)
        if line.text.strip() and index not in left_out
    ]
    gaps = [None, *(_gap_on_one_line(last, piece, page) for last, piece in pairwise(pieces))]
    starts = {round(piece.bbox.x0) for gap, piece in zip(gaps, pieces, strict=False) if gap is None}
    joined: list[TextLine] = []
    columns: list[TextLine] = []  # captions that begin beside another one
    for piece in pieces:
        last = joined[-1] if joined else None
        gap = None if last is None else _gap_on_one_line(last, piece, page)
        if last is None or gap is None:
            joined.append(piece)
        elif _begins_beside(last, piece, gap):
            columns.append(piece)
            joined.append(piece)
        elif not _in_column(piece, columns, gap) and not _opens_cell(last, piece, gap, starts):
            joined[-1] = _join(last, piece, gap)
        else:
            joined.append(piece)
    joined = _join_labels(joined)
    recognized = page.text_source == "ocr"
    return [_without_pointers(line, recognized=recognized) for line in joined]


def _join_labels(lines: Sequence[TextLine]) -> list[TextLine]:
    """Join a label that stands on two lines, its word over its number, as in a narrow margin."""
    joined: list[TextLine] = []
    for line in lines:
        last = joined[-1] if joined else None
        if (
            last is not None
            and _LABEL_WORD.fullmatch(last.text)
            and _LABEL_NUMBER.fullmatch(line.text)
            and last.direction == line.direction == 0
            and (last.font, last.size_pt) == (line.font, line.size_pt)
            and -0.5 * line.size_pt <= line.bbox.y0 - last.bbox.y1 <= 0.5 * line.size_pt
            and line.bbox.x_overlap(last.bbox) > 0
        ):
            joined[-1] = glue_lines(last, line)
        else:
            joined.append(line)
    return joined


def _opens_cell(left: TextLine, right: TextLine, gap: float, starts: Set[int]) -> bool:
    """Whether words after a wide gap stand where other lines start: the next cell of a table.

    After a label or a mark they are the words that it heads, with lines indented below.
    """
    if left.direction != 0 or gap <= _WORD_GAP_EM * max(left.size_pt, right.size_pt):
        return False
    if parse_label(right.text) and parse_label(left.text):
        return True  # captions side by side
    return len(left.text.split()) >= _CELL_WORDS and round(right.bbox.x0) in starts


def cut_line(line: TextLine, *offsets: int) -> list[TextLine | None]:
    """Cut a line before the characters at `offsets`; None for a piece without a letter or sign."""
    pieces: list[TextLine | None] = []
    bounds = [0, *offsets, len(line.text)]
    for start, end in pairwise(bounds):
        spans, passed = [], 0
        for span in line.spans:
            first, last = max(start - passed, 0), min(end - passed, len(span.text))
            passed += len(span.text)
            if first >= last:
                continue
            step = span.bbox.width / len(span.text)
            x0 = span.bbox.x0
            box = span.bbox._replace(x0=x0 + first * step, x1=x0 + last * step)
            spans.append(replace(span, text=span.text[first:last], bbox=box))
        inked = any(span.text.strip() for span in spans)
        cut = _styled(line.page_index, tuple(spans), line.direction, line.block) if inked else None
        pieces.append(cut)
    return pieces


def _without_pointers(line: TextLine, *, recognized: bool) -> TextLine:
    """A line without the signs that only point from a label to its picture: "▲ Fig. 3 ■ Nevi".

    A recognizer takes them for a character or two: "<q Fig. 3", "4 Fig. 3".
    """
    misread = _MISREAD.match(line.text) if recognized else None
    if misread is not None:
        rest = cut_line(line, misread.end())[1]
        label = None if rest is None else parse_label(rest.text)
        if rest is None or label is None:
            return line
        again = re.match(r"\s*(?:[^\w\s(\[]|[a-z])\s+(?=[A-Z])", rest.text[label.end :])
        return rest if again is None else _cut_out(rest, label.end, label.end + again.end())
    if not _SIGN.search(line.text) and not any(_PICTOGRAPHS.search(s.font) for s in line.spans):
        return line
    lead = _pointer_length(line)
    if lead:
        rest = cut_line(line, lead)[1]
        if rest is None or parse_label(rest.text) is None:
            return line
        line = rest
    label = parse_label(line.text)
    if label is None:
        return line
    end = len(line.text[: label.end].rstrip())
    after = cut_line(line, end)[1]
    length = _pointer_length(after) if after is not None else 0
    return _cut_out(line, end, end + length) if length else line


def _cut_out(line: TextLine, start: int, end: int) -> TextLine:
    """A line without its characters from `start` to `end`, a space in their place."""
    before, _, after = cut_line(line, start, end)
    if before is None or after is None:
        return before or after or line
    return glue_lines(before, after)


def glue_lines(left: TextLine, right: TextLine) -> TextLine:
    """Two pieces as one line, with a space between."""
    tail = left.spans[-1]
    space = Span(text=" ", bbox=tail.bbox, font=tail.font, size_pt=tail.size_pt, bold=tail.bold)
    spans = (*left.spans, space, *right.spans)
    return _styled(left.page_index, spans, left.direction, left.block)


def _pointer_length(line: TextLine) -> int:
    """How many characters at the beginning of a line are signs and the spaces around them."""
    length, signs = 0, 0
    for span in line.spans:
        pictograph = _PICTOGRAPHS.search(span.font) is not None and len(span.text.strip()) <= 2
        for char in span.text:
            if not (pictograph or char.isspace() or _SIGN.match(char)):
                return length if signs else 0
            signs += not char.isspace()
            length += 1
    return length if signs else 0


def _gap_on_one_line(left: TextLine, right: TextLine, page: Page) -> float | None:
    """The gap in points between two pieces of one printed line, None where they are not that."""
    if left.direction != right.direction:
        return None
    turn = (left.direction, page.width_pt, page.height_pt)
    before, after = turn_upright(left.bbox, *turn), turn_upright(right.bbox, *turn)
    if before.y_overlap(after) < _BASELINE_SHARE * min(before.height, after.height):
        return None
    gap = after.x0 - before.x1
    em = max(left.size_pt, right.size_pt)
    limit = _BLOCK_GAP_EM if left.block == right.block else _WORD_GAP_EM
    return gap if -0.5 * em <= gap <= limit * em else None


def _begins_beside(left: TextLine, piece: TextLine, gap: float) -> bool:
    """Whether a caption begins in `piece`, beside another one in one row."""
    if gap <= _COLUMN_GAP_EM * piece.size_pt:
        return False
    return parse_label(piece.text) is not None and parse_label(left.text) is not None


def _in_column(piece: TextLine, columns: Sequence[TextLine], gap: float) -> bool:
    """Whether `piece` goes on with a caption that began beside another one."""
    return gap > _COLUMN_GAP_EM * piece.size_pt and any(
        piece.block == head.block
        and abs(piece.bbox.x0 - head.bbox.x0) <= 1.0
        and abs(piece.size_pt - head.size_pt) <= 0.5
        for head in columns
    )


def _join(left: TextLine, right: TextLine, gap: float) -> TextLine:
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
        text=close_up("".join(_raised(span) for span in spans)),
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
