"""Words that are printed below or above each panel of a figure, besides the caption of the whole.

``(a) Before treatment`` under one picture and ``(b) After it`` under the next, as LaTeX sets them:
taken only where every panel has a line of its own and the letters run on without a gap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.captions import join_lines
from mmskin_build.figures.layout import TextLine
from mmskin_build.geometry import Bbox, reading_order

_REACH_PT = 16.0  # between a panel and its words
_BESIDE_PT = 8.0  # by which they may be wider on each side
_SOLID = 0.5  # heights of a line between lines of one sentence
_MAX_LINES = 6
_MARK = re.compile(r"\s*(?:\(\s*(?P<paren>[A-Za-z])\s*\)|(?P<bare>[A-Za-z])[.):])\s+(?=\S)")


def find_own_words(
    boxes: Sequence[Bbox], lines: Sequence[TextLine], words: frozenset[str]
) -> list[tuple[str, str]]:
    """Return the letter and the words of each panel, or nothing.

    `boxes` are the panels of one figure, `lines` those of its page that are in no caption, `words`
    those of the book.
    """
    if len(boxes) < 2:
        return []
    for place in (_words_below, _words_above):
        found = [place(box, lines, words) for box in boxes]
        known = [own for own in found if own is not None]
        if len(known) < len(boxes):
            continue
        letters = [known[i][0] for i in reading_order(boxes)]
        if letters == [chr(ord("a") + n) for n in range(len(letters))]:
            return known
    return []


def _words_below(
    box: Bbox, lines: Sequence[TextLine], words: frozenset[str]
) -> tuple[str, str] | None:
    below = [line for line in _within(box, lines) if line.bbox.y0 >= box.y1 - 2.0]
    if not below or below[0].bbox.y0 - box.y1 > _REACH_PT:
        return None
    return _read(_run(below), words)


def _words_above(
    box: Bbox, lines: Sequence[TextLine], words: frozenset[str]
) -> tuple[str, str] | None:
    above = [line for line in _within(box, lines) if line.bbox.y1 <= box.y0 + 2.0]
    if not above or box.y0 - above[-1].bbox.y1 > _REACH_PT:
        return None
    for start in range(len(above) - 1, max(-1, len(above) - 1 - _MAX_LINES), -1):
        if _MARK.match(above[start].text):
            taken = _run(above[start:])
            return _read(taken, words) if taken[-1] is above[-1] else None
    return None


def _within(box: Bbox, lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines that are no wider than a panel, from top to bottom."""
    inside = (
        line
        for line in lines
        if line.direction == 0
        and line.bbox.x0 >= box.x0 - _BESIDE_PT
        and line.bbox.x1 <= box.x1 + _BESIDE_PT
    )
    return sorted(inside, key=lambda line: (line.bbox.y0, line.bbox.x0))


def _run(lines: Sequence[TextLine]) -> list[TextLine]:
    """The first line and those that go on with it in one paragraph."""
    taken = [lines[0]]
    for line in lines[1:_MAX_LINES]:
        last = taken[-1]
        alike = abs(line.size_pt - last.size_pt) <= 0.4 and line.block == last.block
        step = line.bbox.y0 - last.bbox.y1
        if not alike or step > _SOLID * line.height_pt or _MARK.match(line.text):
            break
        taken.append(line)
    return taken


def _read(taken: Sequence[TextLine], words: frozenset[str]) -> tuple[str, str] | None:
    text = join_lines(taken, words)
    mark = _MARK.match(text)
    if mark is None:
        return None
    letter = (mark["paren"] or mark["bare"]).lower()
    return letter, text[mark.end() :].strip().removesuffix(".")
