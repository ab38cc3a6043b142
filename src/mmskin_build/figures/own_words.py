"""Words that are printed below each panel of a figure, besides the caption of the whole.

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
    found = [_words_below(box, lines, words) for box in boxes]
    known = [own for own in found if own is not None]
    if len(known) < len(boxes):
        return []
    letters = [known[i][0] for i in reading_order(boxes)]
    run_on = letters == [chr(ord("a") + n) for n in range(len(letters))]
    return known if run_on else []


def _words_below(
    box: Bbox, lines: Sequence[TextLine], words: frozenset[str]
) -> tuple[str, str] | None:
    inside = sorted(
        (
            line
            for line in lines
            if line.direction == 0
            and line.bbox.y0 >= box.y1 - 2.0
            and line.bbox.x0 >= box.x0 - _BESIDE_PT
            and line.bbox.x1 <= box.x1 + _BESIDE_PT
        ),
        key=lambda line: (line.bbox.y0, line.bbox.x0),
    )
    first = inside[0] if inside else None
    mark = _MARK.match(first.text) if first is not None else None
    if first is None or mark is None or first.bbox.y0 - box.y1 > _REACH_PT:
        return None
    taken = [first]
    for line in inside[1:_MAX_LINES]:
        last = taken[-1]
        alike = abs(line.size_pt - last.size_pt) <= 0.4 and line.block == last.block
        step = line.bbox.y0 - last.bbox.y1
        if not alike or step > _SOLID * line.height_pt or _MARK.match(line.text):
            break
        taken.append(line)
    text = join_lines(taken, words)
    letter = (mark["paren"] or mark["bare"]).lower()
    return letter, text[mark.end() :].strip().removesuffix(".")
