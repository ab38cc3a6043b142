"""The numbers of lines along the margins of manuscripts, which are no words of anything.

They run down the page by one step (1, 2, 3, … or 5, 10, 15, …), in one type, flush at one side. An
axis or a table has such numbers, too, but no text stands beside those of an axis, and a table is
shorter than a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from mmskin_build.records import Line, Page

_LEAST_RUN = 12  # numbers down one page that are those of its lines
_STEPS = (1, 5, 10)
_FLUSH_PT = 1.5

_Column = tuple[str, float, str, int]  # font, size, side, and where it is flush


def find_line_numbers(pages: Sequence[Page]) -> dict[int, frozenset[int]]:
    """Return where in `page.lines` the numbers of lines stand, by page index."""
    numbers = {page.page_index: _numbers(page) for page in pages}
    columns: set[_Column] = set()
    for page in pages:
        by_column: dict[_Column, list[Line]] = defaultdict(list)
        for index in numbers[page.page_index]:
            for column in _columns(page.lines[index]):
                by_column[column].append(page.lines[index])
        for column, lines in by_column.items():
            if len(lines) >= _LEAST_RUN and _runs_down(lines) and _beside_text(lines, page):
                columns.add(column)
    if not columns:
        return {}
    return {
        page.page_index: frozenset(
            index
            for index in numbers[page.page_index]
            if any(column in columns for column in _columns(page.lines[index], 1))
        )
        for page in pages
    }


def _numbers(page: Page) -> list[int]:
    found = []
    for index, line in enumerate(page.lines):
        text = line.spans[0].text.strip() if len(line.spans) == 1 else ""
        if line.direction == 0 and len(text) <= 4 and text.isascii() and text.isdigit():
            found.append(index)
    return found


def _columns(line: Line, slack: int = 0) -> list[_Column]:
    """The columns that a number may stand in: flush left or right, up to `slack` steps off."""
    span = line.spans[0]
    places = (("left", line.bbox.x0), ("right", line.bbox.x1))
    return [
        (span.font, span.size_pt, side, round(x / _FLUSH_PT) + step)
        for side, x in places
        for step in range(-slack, slack + 1)
    ]


def _runs_down(lines: Sequence[Line]) -> bool:
    values = [int(line.text) for line in sorted(lines, key=lambda line: line.bbox.y0)]
    steps = {b - a for a, b in pairwise(values)}
    return len(steps) == 1 and steps.pop() in _STEPS


def _beside_text(lines: Sequence[Line], page: Page) -> bool:
    """Whether nearly all numbers have words on their line."""
    worded = [line.bbox for line in page.lines if len(line.text.split()) > 1]
    beside = sum(any(box.y0 <= line.bbox.center[1] <= box.y1 for box in worded) for line in lines)
    return beside >= 0.8 * len(lines)
