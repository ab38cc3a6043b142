"""Whether pictures without a numbered caption bear words of their own, and so are figures apart.

In a gallery or the cells of a table each picture has its caption below or beside it; the panels of
one figure have none, or letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mmskin_build.figures.islands import words_alone_under
from mmskin_build.figures.layout import BodyStyle
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox

_REACH_PT = 20.0  # between a picture and the caption under or beside it
_WORDS_MIN = 3
_OVERHANG_PT = 6.0  # by which words are wider than a picture that stands alone in its row
_NAMES_MIN, _NAMES_SHARE = 4, 0.6  # names under pictures, and how many of them differ
_NAME_LETTERS = 4
#: Words that begin a part of a caption, not one: "(a) Before", "B. After".
PART_MARK = re.compile(r"\s*(?:\(\s*[A-Za-z\d]\s*\)|[A-Za-z][.):])")


def are_names(texts: Sequence[str]) -> bool:
    """Whether the one or two words under each of several pictures say what they show.

    "Scabies", "Tinea pedis", not "Before", "After" again and again, nor "Day 1", "Day 7".
    """
    words = [re.sub(r"[\W\d_]", "", text).lower() for text in texts]
    if len(words) < _NAMES_MIN or any(len(word) < _NAME_LETTERS for word in words):
        return False
    return len(set(words)) >= _NAMES_SHARE * len(words)


@dataclass(frozen=True)
class OwnWords:
    """The words of a page outside its captions, and where its pictures are.

    `scanned` says that the type of the lines was measured by a recognizer.
    """

    lines: Sequence[TextLine]
    pictures: Sequence[Bbox]
    body: BodyStyle
    scanned: bool

    def have_both(self, a: Bbox, b: Bbox) -> bool:
        """Whether each of two pictures bears an unnumbered caption of its own."""
        first, second = self.under(a), self.under(b)
        if first is not None and second is not None and first is not second:
            return True
        upper, lower = sorted((a, b), key=lambda box: box.y0)
        above, below = self._beside(upper), self._beside(lower)
        if not above or not below or upper.y1 > lower.y0:
            return False
        gap = min(line.bbox.y0 for line in below) - max(line.bbox.y1 for line in above)
        return gap > below[0].height_pt

    @cached_property
    def _least(self) -> int:
        """Words that a caption has at least: one where every picture has its name below it."""
        found = [self._line_under(box) for box in self.pictures]
        named = [line.text for line in found if line is not None]
        return 1 if len(named) == len(found) and are_names(named) else _WORDS_MIN

    def under(self, box: Bbox) -> TextLine | None:
        """The first line of an unnumbered caption below a picture."""
        if self.scanned:
            return next(iter(words_alone_under(box, self.lines)), None)
        line = self._line_under(box)
        return line if line is not None and self._words_from(line) >= self._least else None

    def _line_under(self, box: Bbox) -> TextLine | None:
        """The line of a caption's type right below a picture or its row, within its own cell."""
        row = [other for other in self.pictures if other.y_overlap(box) > 0.5 * box.height]
        start, end = _cell(box, row)
        bottom = max(other.y1 for other in row)
        return next(
            (
                line
                for line in self.lines
                if line.direction == 0
                and box.y1 - 2.0 <= line.bbox.y0 <= bottom + _REACH_PT
                and start <= line.bbox.x0
                and line.bbox.x1 <= end
                and box.x0 < line.bbox.center[0] < box.x1
                and self._is_of_captions(line)
            ),
            None,
        )

    def _beside(self, box: Bbox) -> list[TextLine]:
        """The lines of a caption's type to the right of a picture, level with it."""
        return [
            line
            for line in self.lines
            if line.direction == 0
            and box.y0 <= line.bbox.center[1] <= box.y1
            and -1.0 <= line.bbox.x0 - box.x1 <= _REACH_PT
            and self._is_of_captions(line)
            and self._words_from(line) >= _WORDS_MIN
        ]

    def _is_of_captions(self, line: TextLine) -> bool:
        own = line.italic or not self.body.matches(line)
        return own and line.size_pt <= self.body.size_pt + 0.4 and not PART_MARK.match(line.text)

    def _words_from(self, line: TextLine) -> int:
        """Number of words of the paragraph that begins with `line`."""
        return sum(
            len(other.text.split())
            for other in self.lines
            if other.block == line.block and other.bbox.x_overlap(line.bbox) > 0
        )


def _cell(box: Bbox, row: Sequence[Bbox]) -> tuple[float, float]:
    """Where words under a picture may begin and end: between its neighbors in its row."""
    before = min((box.x0 - other.x1 for other in row if other.x1 <= box.x0), default=0.0)
    after = min((other.x0 - box.x1 for other in row if other.x0 >= box.x1), default=0.0)
    start, end = before or after, after or before
    return box.x0 - max(start, _OVERHANG_PT), box.x1 + max(end, _OVERHANG_PT)
