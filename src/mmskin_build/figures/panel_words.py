"""Words printed right under the single pictures of a figure, each behind its panel's letter.

"(a) Before" and "(b) After" under two pictures, the figure's own caption below or above both: the
words are their panels', and no part of that caption.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.align import Group
from mmskin_build.figures.captions import PanelWords, join_lines
from mmskin_build.figures.layout import BookLayout, PageLayout, TextLine
from mmskin_build.geometry import Bbox, union_all

_REACH_PT = 14.0  # between a picture and its words
_WIDER_PT = 8.0
_MOST_LINES = 5
_MARKED = re.compile(r"\s*(?:\(\s*([A-Za-z])\s*\)|([A-Za-z])[.):])\s*(?=[^\W_])")


def bind_panel_words(layout: PageLayout, groups: Sequence[Group], book: BookLayout) -> None:
    """Give the panels of a page the words under them, in place: all of a figure or none."""
    here = [
        g.caption.bbox for g in groups if g.caption and g.caption.page_index == layout.page_index
    ]
    lines = [
        line
        for line in layout.lines
        if line.direction == 0 and not any(line.bbox.covered_by(box) > 0.5 for box in here)
    ]
    marked = [line for line in lines if _MARKED.match(line.text)]
    for group in groups:
        if len(group.pictures) < 2 or len(marked) < len(group.pictures):
            continue
        if group.caption is not None and group.caption.part_count >= 2:
            continue
        found = [_words_under(p.bbox, lines, book.words) for p in group.pictures]
        words = [each for each in found if each is not None]
        letters = sorted(each.letter for each in words)
        if letters == [chr(ord("a") + n) for n in range(len(group.pictures))]:
            group.panel_words = words


def _words_under(
    picture: Bbox, lines: Sequence[TextLine], words: frozenset[str]
) -> PanelWords | None:
    """The words that begin with a letter right under a picture, no wider than it."""
    own: list[TextLine] = []
    for line in sorted(lines, key=lambda ln: ln.bbox.y0):
        box = line.bbox
        if box.x0 < picture.x0 - _WIDER_PT or box.x1 > picture.x1 + _WIDER_PT:
            continue
        if not own:
            if -2.0 <= box.y0 - picture.y1 <= _REACH_PT and _MARKED.match(line.text):
                own.append(line)
            continue
        last = own[-1]
        like = line.font == last.font and abs(line.size_pt - last.size_pt) <= 0.4
        gap = box.y0 - last.bbox.y1
        if not like or gap > 0.5 * line.height_pt or _MARKED.match(line.text):
            break
        own.append(line)
    match = _MARKED.match(own[0].text) if own else None
    if match is None or len(own) > _MOST_LINES:
        return None
    text = join_lines(own, words)
    return PanelWords(
        picture=picture,
        letter=(match[1] or match[2]).lower(),
        text=text[match.end() :].strip(),
        printed=text,
        bbox=union_all(line.bbox for line in own),
    )
