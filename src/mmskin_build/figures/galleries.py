"""Documents without running text: galleries, slide shows and cards, whose words are captions.

In them the type of most words says nothing against a caption; elsewhere it is that of running text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.regions import Picture
from mmskin_build.geometry import Bbox

_PICTURES_MIN = 3
_WORDED_SHARE = 0.7  # of the pictures that have words right below them
_UNDER_SHARE = 0.6  # of the words in the commonest type that stand there
_LINES_MAX = 6  # of a caption; more are a paragraph under a picture
_REACH_PT = 20.0


def without_running_text(book: BookLayout, pictures: Mapping[int, Sequence[Picture]]) -> BookLayout:
    """Return `book` without the style of running text where that is the style of its captions."""
    size = sum(len(pictures[layout.page_index]) for layout in book.pages)
    if size < _PICTURES_MIN:
        return book
    every = under = worded = 0
    largest = book.body.size_pt
    for layout in book.pages:
        lines = [line for line in layout.lines if line.direction == 0]
        every += sum(len(line.text) for line in lines if book.body.matches(line))
        boxes = [picture.bbox for picture in pictures[layout.page_index]]
        for box in boxes:
            block = _words_below(box, lines, boxes)
            if not block or len(block) > _LINES_MAX or parse_label(block[0].text):
                continue
            count = sum(len(line.text) for line in block if book.body.matches(line))
            worded += count > 0
            under += count
            if count:
                largest = max(largest, block[0].size_pt)
    if worded < max(_PICTURES_MIN, _WORDED_SHARE * size) or under < _UNDER_SHARE * every:
        return book
    return replace(book, body=BodyStyle("", largest))


def _words_below(
    picture: Bbox, lines: Sequence[TextLine], pictures: Sequence[Bbox]
) -> list[TextLine]:
    """The lines that begin right below a picture and follow on each other, down to the next."""
    end = min((box.y0 for box in pictures if box.y0 >= picture.y1), default=float("inf"))
    found: list[TextLine] = []
    last = picture
    for line in sorted(lines, key=lambda line: (line.bbox.y0, line.bbox.x0)):
        box = line.bbox
        reach = 0.8 * line.height_pt if found else _REACH_PT
        step = box.y0 - last.y1
        beside = box.x_overlap(last) < 0.3 * min(box.width, last.width)
        if not beside and -0.3 * line.height_pt <= step <= reach and box.y1 <= end + 2:
            found.append(line)
            last = box
    return found
