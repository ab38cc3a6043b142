"""Captions that stand together in a block and belong to several pictures of their page.

Distance says little of them: the first one may stand nearest to every picture. Their numbers do,
where the block has as many captions as pictures are left: they follow the pictures in reading
order, or the numbers printed at the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.figures.captions import CaptionBlock
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox, reading_order

_LINE_GAP = 1.3  # sizes of type between captions of one block at most
_EDGE_PT = 3.0
_SAME_SIZE_PT = 0.45
_NUMBER_REACH_PT = 18.0  # a number printed below its picture stands this near
_NUMBER = re.compile(r"\s*(?:fig(?:ure)?s?\.?\s*)?(?:\d+[.\-–])*(\d{1,3})\.?\s*", re.IGNORECASE)


def find_stacked(captions: Sequence[CaptionBlock]) -> list[int]:
    """Return the positions of the captions that stand in a block with others, by their numbers."""
    numbered = sorted(
        (caption.label.prefix, caption.label.parts, caption.label.letter or "", i)
        for i, caption in enumerate(captions)
        if caption.label is not None and caption.text and not caption.continued
    )
    order = [entry[-1] for entry in numbered]
    found: list[int] = []
    for first, second in zip(order, order[1:], strict=False):
        if _follows(captions[first], captions[second]):
            found += [i for i in (first, second) if i not in found]
    return found


def deal_in_order(
    stacked: Sequence[int],
    captions: Sequence[CaptionBlock],
    boxes: Sequence[Bbox],
    lines: Sequence[TextLine],
) -> dict[int, list[int]]:
    """Give the captions of a block the pictures at `boxes`, all of them, or return nothing.

    One each, or as many as each names panels. Keys are positions of captions, values of boxes.
    """
    if not stacked or not boxes:
        return {}
    if len(stacked) == len(boxes):
        by_number = _by_printed_number(stacked, captions, boxes, lines)
        if by_number:
            return by_number
        shares = [1] * len(stacked)
    else:
        shares = [max(1, captions[i].part_count) for i in stacked]
        if sum(shares) != len(boxes):
            return {}
    order = reading_order(boxes)
    dealt: dict[int, list[int]] = {}
    start = 0
    for i, share in zip(stacked, shares, strict=True):
        dealt[i] = order[start : start + share]
        start += share
    return dealt


def _follows(a: CaptionBlock, b: CaptionBlock) -> bool:
    """Whether `b` goes on where `a` ends: in its paragraph or on the next line."""
    if b.runs_on:
        return True
    if a.direction != b.direction or a.direction != 0:
        return False
    if a.font != b.font or abs(a.size_pt - b.size_pt) > _SAME_SIZE_PT:
        return False
    p, q = a.bbox, b.bbox
    gap = q.y0 - p.y1
    return -b.size_pt < gap <= _LINE_GAP * b.size_pt and abs(p.x0 - q.x0) <= _EDGE_PT


def _by_printed_number(
    stacked: Sequence[int],
    captions: Sequence[CaptionBlock],
    boxes: Sequence[Bbox],
    lines: Sequence[TextLine],
) -> dict[int, list[int]]:
    """The pictures at which the numbers of all the captions are printed, or nothing."""
    printed: dict[int, list[int]] = {}
    for line in lines:
        match = _NUMBER.fullmatch(line.text)
        if match is None:
            continue
        for row, box in enumerate(boxes):
            x, y = line.bbox.center
            if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 + _NUMBER_REACH_PT:
                printed.setdefault(int(match[1]), []).append(row)
    dealt: dict[int, list[int]] = {}
    for i in stacked:
        label = captions[i].label
        rows = printed.get(label.parts[-1], []) if label is not None else []
        if len(rows) != 1 or rows in dealt.values():
            return {}
        dealt[i] = rows
    return dealt
