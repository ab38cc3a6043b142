"""Printed lines out of the reader's pieces: joined, cut, and freed of signs that only point."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from mmskin_build.figures.labels import close_up, parse_label
from mmskin_build.geometry import Bbox, turn_upright, union_all
from mmskin_build.records import Line, Page, Span

_BASELINE_SHARE = 0.6  # common height of two pieces of one printed line
_WORD_GAP_EM = 0.9  # widest gap inside a line across reader blocks
_CELL_WORDS = 3  # words of a cell that has another to its right on the same line
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_PICTOGRAPHS = re.compile(r"dingbat|wingding|webding", re.IGNORECASE)  # fonts without letters
_SIGN = re.compile("[\u2022\u2023\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ue000-\uf8ff]")
_LABEL_WORD = re.compile(r"\s*(?:figure|fig\.?)\s*", re.IGNORECASE)
_LABEL_NUMBER = re.compile(r"\s*[A-Z]?\d+(?:[.\-\u2013]\d+)*[A-Za-z]?[.:]?\s*")
_COLUMN_GAP_EM = 0.5  # least gap between captions side by side
_BLOCK_GAP_EM = 2.2  # widest gap inside a line of one reader block (justified text)
_MISREAD = re.compile(
    r"\s*(?:(?!(?i:in|of|to|as|by|on|at|or|an)\s)[^\W_]{1,2}"
    r"|\w?[^\w\s(\[\u2018\u201c'\"]{1,2}\w?)\s+(?=[A-Z])"
)


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


def printed_lines(page: Page, left_out: frozenset[int]) -> list[TextLine]:
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
    before, after = left.bbox, right.bbox
    if left.direction != 0:
        turn = (left.direction, page.width_pt, page.height_pt)
        before, after = turn_upright(before, *turn), turn_upright(after, *turn)
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
