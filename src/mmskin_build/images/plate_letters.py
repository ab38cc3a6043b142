"""Find letters on the paper between pictures: the picture is several, and its words name each.

Where a plate is printed as one picture, its panels stand apart by strips of paper, from one side to
the other, and what is on both sides ends in a straight line. What is printed in such a strip, or in
the margin along with it, is small, dark and does not touch the strip's edges. White glass between
pieces of tissue has no straight edges, and a frame has a picture on one side only.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.paper import runs
from mmskin_build.images.mark_shapes import LETTER_MIN

RgbImage = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Box = tuple[int, int, int, int]

_PAPER_MIN = 232  # of the least channel
_INK_MAX = 150  # of the least channel; small letters are gray where they are thin
_PAPER_SHARE = 0.85  # of a line; a letter takes the rest
_LEAST_STRIP = 0.015  # of the longer side
_LEAST_PAPER = _PAPER_SHARE * _LEAST_STRIP  # of the picture: the thinnest strip across it
_WITHIN = 0.012  # of the longer side: how soon the picture begins beside a strip
_STRAIGHT = 0.8  # of a line, where it begins


def find_plate_letters(rgb: RgbImage) -> tuple[Box, ...]:
    """Return letters on the paper between and around the pictures of a plate.

    Args:
        rgb: Pixels, (H, W, 3) uint8.

    Returns:
        Boxes x0 y0 x1 y1 in pixels, origin top left; none where no strip parts two pictures.
    """
    red, green, blue = cv2.split(rgb)
    least = np.asarray(cv2.min(red, cv2.min(green, blue)), np.uint8)
    if cv2.countNonZero((least >= _PAPER_MIN).view(np.uint8)) < _LEAST_PAPER * least.size:
        return ()
    found: set[Box] = set()
    lowest = LETTER_MIN * max(least.shape)
    for turned in (False, True):
        lines = np.ascontiguousarray(least.T) if turned else least
        strips = _strips(lines)
        if not any(parts for _, _, parts in strips):
            continue
        for start, end, _ in strips:
            for x0, y0, x1, y1 in _letters(lines[start:end]):
                box = (x0, y0 + start, x1, y1 + start)
                found.add((box[1], box[0], box[3], box[2]) if turned else box)
    return tuple(sorted(box for box in found if box[3] - box[1] >= lowest))


def _strips(lines: Gray) -> list[tuple[int, int, bool]]:
    """Strips of paper: first line, line after the last, whether it parts two pictures."""
    side = max(lines.shape)
    paper = (lines >= _PAPER_MIN).view(np.uint8)
    share = cv2.reduce(paper, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] / lines.shape[1]
    reach = max(2, round(_WITHIN * side))
    strips = []
    for start, end in runs(share >= _PAPER_SHARE):
        if end - start < max(3.0, _LEAST_STRIP * side):
            continue
        before, after = paper[max(0, start - reach) : start], paper[end : end + reach]
        parts = len(before) == len(after) == reach and all(
            1.0 - float(beside.min(axis=0).mean()) >= _STRAIGHT for beside in (before, after)
        )
        strips.append((start, end, parts))
    return strips


def _letters(strip: Gray) -> list[Box]:
    """Boxes of small dark pieces that do not touch the first or the last line of a strip."""
    ink = (strip <= _INK_MAX).view(np.uint8)
    if not ink.any():
        return []
    near = cv2.dilate(ink, np.ones((1, 3), np.uint8))  # thin letters fall apart
    _, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    found = []
    for left, top, wide, high, _ in stats[1:].tolist():
        inside = top > 0 and top + high < len(strip)
        found += [(left, top, left + wide, top + high)] if inside else []
    return found
