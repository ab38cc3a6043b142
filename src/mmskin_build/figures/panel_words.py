"""Words printed right under, or over, the single pictures of a figure, each behind its letter.

"(a) Before" and "(b) After" under two pictures, the figure's own caption below or above both: the
words are their panels', and no part of that caption.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.align import Group
from mmskin_build.figures.captions import PanelWords, join_lines
from mmskin_build.figures.layout import BookLayout, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox, reading_order, union_all

_REACH_PT = 16.0  # between a picture and its words
_WIDER_PT = 8.0
_MOST_LINES = 6
_SOLID = 0.5  # heights of a line between lines of one paragraph
_MARKED = re.compile(r"\s*(?:\(\s*([A-Za-z])\s*\)|([A-Za-z])[.):])\s*(?=[^\W_])")


def bind_panel_words(layout: PageLayout, groups: Sequence[Group], book: BookLayout) -> None:
    """Give the panels of a page the words under or over them, in place: all of a figure or none."""
    here = [
        g.caption.bbox for g in groups if g.caption and g.caption.page_index == layout.page_index
    ]
    lines = [
        line
        for line in layout.lines
        if line.direction == 0 and not any(line.bbox.covered_by(box) > 0.5 for box in here)
    ]
    marked = sum(_MARKED.match(line.text) is not None for line in lines)
    for group in groups:
        if len(group.pictures) < 2 or marked < len(group.pictures):
            continue
        if group.caption is not None and group.caption.part_count >= 2:
            continue
        boxes = [picture.bbox for picture in group.pictures]
        for place in (_under, _over):
            found = [_read(box, place(box, _within(box, lines)), book.words) for box in boxes]
            words = [each for each in found if each is not None]
            letters = [found[i] for i in reading_order(boxes)]
            run = [each.letter for each in letters if each is not None]
            if run == [chr(ord("a") + n) for n in range(len(boxes))]:
                group.panel_words = words
                break


def _within(picture: Bbox, lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines no wider than a picture, from top to bottom."""
    inside = (
        line
        for line in lines
        if line.bbox.x0 >= picture.x0 - _WIDER_PT and line.bbox.x1 <= picture.x1 + _WIDER_PT
    )
    return sorted(inside, key=lambda line: (line.bbox.y0, line.bbox.x0))


def _under(picture: Bbox, lines: Sequence[TextLine]) -> list[TextLine]:
    below = [line for line in lines if line.bbox.y0 >= picture.y1 - 2.0]
    if not below or below[0].bbox.y0 - picture.y1 > _REACH_PT:
        return []
    return _paragraph(below)


def _over(picture: Bbox, lines: Sequence[TextLine]) -> list[TextLine]:
    above = [line for line in lines if line.bbox.y1 <= picture.y0 + 2.0]
    if not above or picture.y0 - above[-1].bbox.y1 > _REACH_PT:
        return []
    for start in range(len(above) - 1, max(-1, len(above) - 1 - _MOST_LINES), -1):
        if _MARKED.match(above[start].text):
            taken = _paragraph(above[start:])
            return taken if taken[-1] is above[-1] else []
    return []


def _paragraph(lines: Sequence[TextLine]) -> list[TextLine]:
    """The first line and those that go on with it."""
    taken = [lines[0]]
    for line in lines[1:]:
        last = taken[-1]
        like = line.font == last.font and abs(line.size_pt - last.size_pt) <= 0.4
        gap = line.bbox.y0 - last.bbox.y1
        if not like or gap > _SOLID * line.height_pt or _MARKED.match(line.text):
            break
        taken.append(line)
    return taken


def _read(picture: Bbox, lines: Sequence[TextLine], words: frozenset[str]) -> PanelWords | None:
    """The words of a picture that begin with its letter; None where `lines` do not."""
    match = _MARKED.match(lines[0].text) if lines else None
    if match is None or len(lines) > _MOST_LINES:
        return None
    text = join_lines(lines, words)
    return PanelWords(
        picture=picture,
        letter=(match[1] or match[2]).lower(),
        text=text[match.end() :].strip().removesuffix("."),
        printed=text,
        bbox=union_all(line.bbox for line in lines),
    )
