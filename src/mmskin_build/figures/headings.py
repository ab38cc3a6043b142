"""Headings of chapters and sections, and which of them are in force on a page.

A heading is larger than the running text. It holds until one of its own size or a larger one
follows, over all pages between: what a chapter is called says something about its pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.records import PageHeadings

_LARGER = 1.2  # times the size of running text that a heading has at least
_LONGEST = 160  # characters; larger text that is longer is an abstract or a quotation
_LINE_GAP = 0.9  # of the line height, between two lines of one heading
_LETTER = re.compile(r"[^\W\d_]{2}")


def find_headings(book: BookLayout) -> tuple[PageHeadings, ...]:
    """Return the headings in force on each page that has any, in page order.

    A page on which a section ends and another begins has both.
    """
    stack: list[tuple[float, str]] = []  # size in points and text, the largest first
    found = []
    for layout in book.pages:
        here = list(stack)
        for size_pt, text in _headings_of(layout.lines, book.body):
            stack = [entry for entry in stack if entry[0] > size_pt + 0.25]
            stack.append((size_pt, text))
            here.append((size_pt, text))
        if here:
            here.sort(key=lambda entry: -entry[0])  # stable: in reading order within one size
            texts = tuple(text for _, text in here)
            found.append(PageHeadings(page_index=layout.page_index, texts=texts))
    return tuple(found)


def _headings_of(lines: Sequence[TextLine], body: BodyStyle) -> list[tuple[float, str]]:
    """The headings of a page in reading order: lines of one size that follow on each other."""
    found: list[tuple[float, str]] = []
    previous: TextLine | None = None
    for line in lines:
        if not _is_large(line, body):
            previous = None
            continue
        text = " ".join(line.text.split())
        if previous is not None and _goes_on(previous, line):
            size_pt, before = found[-1]
            found[-1] = (size_pt, f"{before} {text}")
        else:
            found.append((line.size_pt, text))
        previous = line
    return [
        (size_pt, text)
        for size_pt, text in found
        if len(text) <= _LONGEST and _LETTER.search(text) and parse_label(text) is None
    ]


def _is_large(line: TextLine, body: BodyStyle) -> bool:
    return line.direction == 0 and line.size_pt >= _LARGER * body.size_pt


def _goes_on(previous: TextLine, line: TextLine) -> bool:
    gap = line.bbox.y0 - previous.bbox.y1
    return abs(line.size_pt - previous.size_pt) <= 0.25 and gap <= _LINE_GAP * previous.height_pt
