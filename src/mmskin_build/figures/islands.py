"""Words under a picture that stand by themselves, on scanned pages.

A scan tells no italics, and the sizes of its lines scatter, so that the type of a caption without a
label does not set it off from running text. Its place does: a few lines right below a picture, no
wider than it, with room under them.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.figures.labels import OTHER_LABEL, parse_label
from mmskin_build.figures.panels import LETTER
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox

_REACH_PT = 20.0
_WIDER_PT = 6.0
_TRIMMED_SHARE = 0.2  # of a scanned picture's width that may be taken for paper at each side
_MOST_LINES = 6
_LEAST_WORDS = 3
_ROOM = 0.8  # of a line's height that parts a caption from what stands below it
_SIZE_SCATTER = 0.25  # relative difference of the sizes of lines set in one type
_HEADING_WORDS = 12  # a bold line with fewer is a heading


def words_alone_under(picture: Bbox, lines: Sequence[TextLine]) -> list[TextLine]:
    """Return the lines that stand by themselves right below `picture`; none where text runs on."""
    found: list[TextLine] = []
    area = picture
    for line in sorted(lines, key=lambda ln: (ln.bbox.y0, ln.bbox.x0)):
        box = line.bbox
        if line.direction != 0 or box.x_overlap(area) < 0.3 * min(box.width, area.width):
            continue
        if not found:
            if -2.0 <= box.y0 - picture.y1 <= _REACH_PT:
                if not _may_begin(line):
                    return []
                found, area = [line], box
            continue
        if box.y0 - found[-1].bbox.y1 > _ROOM * found[-1].height_pt:
            break
        found.append(line)
        area = area.union(box)
    slack = max(_WIDER_PT, _TRIMMED_SHARE * picture.width)
    fits = area.x0 >= picture.x0 - slack and area.x1 <= picture.x1 + slack
    fits &= all(abs(line.size_pt / found[0].size_pt - 1) <= _SIZE_SCATTER for line in found)
    words = sum(len(line.text.split()) for line in found)
    return found if fits and words >= _LEAST_WORDS and len(found) <= _MOST_LINES else []


def _may_begin(line: TextLine) -> bool:
    """Whether a caption without a label may begin with a line."""
    text = line.text.lstrip()
    if text[:1].islower() or (line.bold and len(text.split()) < _HEADING_WORDS):
        return False
    return not (parse_label(text) or OTHER_LABEL.match(text) or LETTER.match(text))
