"""How far apart the lines of captions stand, where a paragraph ended, what goes on overleaf.

Manuscripts are set in double lines, which the reader takes for paragraphs of one line each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from mmskin_build.figures.caption_flow import (
    PITCH_LIMIT,
    SAME_SIZE_PT,
    lines_below,
    text_style_of,
)
from mmskin_build.figures.caption_starts import Start
from mmskin_build.figures.labels import OTHER_LABEL
from mmskin_build.figures.layout import BookLayout, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox, union_all

_LEADING_SLACK = 0.25  # sizes of the type by which the pitch of wide lines differs
_LEADING_MAX = 3.2  # sizes of the type from line to line


@dataclass(frozen=True, slots=True)
class Leading:
    """How a book sets the lines of captions that stand wide.

    `pitch` is from line to line, in sizes of their type, 0 where lines are set solid; `apart` says
    that what follows a caption stands off from it.
    """

    pitch: float = 0.0
    apart: bool = False


def find_leading(book: BookLayout, views: Sequence[tuple[PageLayout, Sequence[Start]]]) -> Leading:
    """Return how the captions of a book are set.

    Manuscripts are set in double lines, captions too: then most captions go on as far below their
    first line as running text does. Where captions are set solid, what stands so far off is text.
    """
    wide: list[list[TextLine]] = []
    solid = 0
    for layout, starts in views:
        heads = {start.line_index for start in starts}
        for start in starts:
            column = _column_below(layout, start, heads)
            if len(column) < 2:
                continue
            first, following = column[:2]
            if following.bbox.y0 - first.bbox.y1 <= (PITCH_LIMIT - 1) * following.height_pt:
                solid += 1
            elif not leaves_room(first, following, first.bbox):
                wide.append(column)
    if len(wide) <= solid:
        return Leading()
    usual = _usual_pitch(book)
    in_step = [
        column for column in wide if keeps_pitch(column[0], column[1], usual * column[0].size_pt)
    ]
    if len(in_step) <= solid:
        return Leading()
    ends = [_stands_off(column, usual * column[0].size_pt) for column in in_step]
    return Leading(usual, ends.count(True) > ends.count(False))


def _column_below(layout: PageLayout, start: Start, heads: set[int]) -> list[TextLine]:
    """The first line of a caption and those of its type below it, down to the next caption."""
    first = layout.lines[start.line_index]
    font, size_pt = text_style_of(first, start.label)
    column = [first]
    for index in lines_below(layout, start.line_index):
        line = layout.lines[index]
        if line.bbox.y0 <= column[-1].bbox.center[1] or line.bbox.x_overlap(first.bbox) <= 0:
            continue
        if index in heads or line.font != font or abs(line.size_pt - size_pt) > SAME_SIZE_PT:
            break
        column.append(line)
    return column


def _stands_off(column: Sequence[TextLine], pitch_pt: float) -> bool | None:
    """Whether there is a wider gap where the paragraph that `column` begins with ends."""
    box = union_all(line.bbox for line in column)
    for last, line in pairwise(column):
        if not keeps_pitch(last, line, pitch_pt):
            return True
        if leaves_room(last, line, box):
            return False
    return None


def keeps_pitch(last: TextLine, line: TextLine, pitch_pt: float) -> bool:
    """Whether `line` follows `last` in step; an index moves one edge of a line, not both."""
    steps = (line.bbox.y0 - last.bbox.y0, line.bbox.y1 - last.bbox.y1)
    return any(abs(step - pitch_pt) <= _LEADING_SLACK * line.size_pt for step in steps)


def _usual_pitch(book: BookLayout) -> float:
    """From line to line of running text, in sizes of its type."""
    steps = [
        (b.bbox.y0 - a.bbox.y0) / b.size_pt
        for layout in book.pages
        for a, b in pairwise(layout.lines)
        if book.body.matches(a) and book.body.matches(b) and a.bbox.x_overlap(b.bbox) > 0
    ]
    inside = [step for step in steps if 0 < step <= _LEADING_MAX]
    return median(inside) if inside else 0.0


def leaves_room(last: TextLine, line: TextLine, column: Bbox) -> bool:
    """Whether the first word of `line` would have fitted on the line before: a paragraph ended."""
    words = line.text.split()
    if not words:
        return False
    word = line.bbox.width * (len(words[0]) + 1) / max(1, len(line.text))
    return last.bbox.x1 + word < max(column.x1, line.bbox.x1)


def has_parted(members: Sequence[TextLine], line: TextLine) -> bool:
    """Whether the reader's blocks say nothing: it parted a sentence of `members` before.

    It does so where lines are set ragged left. `line` then goes on at the same pitch and no wider.
    """
    parted = any(
        a.block != b.block and not re.search(r"[.:;?!)]\s*$", a.text) for a, b in pairwise(members)
    )
    if not parted:
        return False
    last, box = members[-1], union_all(member.bbox for member in members)
    pitch = last.bbox.y0 - members[-2].bbox.y0
    in_step = abs(line.bbox.y0 - last.bbox.y0 - pitch) <= 0.1 * line.height_pt
    wider = max(box.x0 - line.bbox.x0, line.bbox.x1 - box.x1)
    return in_step and wider <= 2 * line.size_pt


def find_overleaf(
    layout: PageLayout,
    members: Sequence[int],
    following: PageLayout,
    heads: set[int],
    style: tuple[str, float],
    leading: float,
) -> list[TextLine]:
    """Lines at the top of the page `following` that go on with the last caption of a list.

    Only in the middle of a sentence; `heads` are the lines there that begin captions.
    """
    last = layout.lines[members[-1]]
    lower = [line for line in layout.lines if line.bbox.y0 > last.bbox.y1]
    if lower or re.search(r"[.!?)\]]\s*$", last.text):
        return []
    found: list[TextLine] = []
    limit = max(PITCH_LIMIT - 1, leading)
    for index in sorted(range(len(following.lines)), key=lambda i: following.lines[i].bbox.y0):
        line = following.lines[index]
        same = line.font == style[0] and abs(line.size_pt - style[1]) <= SAME_SIZE_PT
        if index in heads or not same or OTHER_LABEL.match(line.text):
            break
        before = found[-1] if found else None
        if before is None and not line.text.lstrip()[0].islower():
            break
        if before is not None:
            gap = (line.bbox.y0 - before.bbox.y1) / max(1.0, line.height_pt)
            if gap > limit or leaves_room(before, line, last.bbox):
                break
        found.append(line)
    return found
