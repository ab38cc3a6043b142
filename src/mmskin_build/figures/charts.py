"""A plate of like charts, cut along its rows and columns.

Boxes are ``(x0, y0, x1, y1)`` in pixels from the top left.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.paper import (
    GUTTER_SHARE,
    MIN_GUTTER_PX,
    PixelBox,
    paper_shares,
    runs,
    trim,
)

_INK_CHROMA, _INK_COLORED = 40, 0.3  # spread of channels of color; share of colored ink in charts
_FRAME_SHARE = 0.02  # of the plate's side: thinner ends are its frame
_GRID_GUTTERS, _GRID_CUTS = 8, 5  # widest gutters looked at, cuts an axis
_GRID_GUTTER_SHARE = 0.018  # of the plate's side: between bars of one chart there is less
_EVEN_GUTTERS = 0.4  # narrowest over widest gutter of a grid
_ALIKE = 1.35  # largest over smallest side of panels in one grid


def cut_charts(
    rgb: NDArray[np.uint8], mask: NDArray[np.uint8], content: PixelBox
) -> list[PixelBox]:
    """Cut a plate of like charts along its rows and columns; empty where it is none.

    Charts are full of white themselves, so only gutters from edge to edge count, and only where
    they leave three or more cells of about one size. `rgb` is ``(H, W, 3) uint8``, `mask` set where
    it is paper.
    """
    x0, y0, x1, y1 = content
    part = mask[y0:y1, x0:x1]
    rows, columns = _alike_segments(part, 0), _alike_segments(part, 1)
    cells = [(x0 + a, y0 + c, x0 + b, y0 + d) for c, d in rows for a, b in columns]
    boxes = [
        trim(mask, cell) for cell in cells if not mask[cell[1] : cell[3], cell[0] : cell[2]].all()
    ]
    if len(boxes) < 3:
        return []
    widths = [b - a for a, _, b, _ in boxes]
    heights = [b - a for _, a, _, b in boxes]
    alike = max(widths) <= _ALIKE * min(widths) and max(heights) <= _ALIKE * min(heights)
    plump = 0.4 <= float(np.median(widths)) / float(np.median(heights)) <= 2.5
    return boxes if alike and plump and _is_chart(rgb, mask) else []


def _alike_segments(part: NDArray[np.uint8], axis: int) -> list[tuple[int, int]]:
    """Cut an axis at gutters that leave segments of about one length; the widest such set wins.

    A thin segment at either end is a frame around the plate, and no cell.
    """
    length = part.shape[axis]
    gutters = [
        (start, end)
        for start, end in runs(paper_shares(part, axis) >= GUTTER_SHARE)
        if end - start >= max(2 * MIN_GUTTER_PX, _GRID_GUTTER_SHARE * length)
        and not _is_crossed(part, axis, start, end)
    ]
    first, last = 0, length
    if gutters and gutters[0][0] <= _FRAME_SHARE * length:
        first = gutters.pop(0)[1]
    if gutters and length - gutters[-1][1] <= _FRAME_SHARE * length:
        last = gutters.pop()[0]
    inner = sorted(gutters, key=lambda gutter: gutter[0] - gutter[1])[:_GRID_GUTTERS]
    best, best_width = [(first, last)], 0
    for count in range(1, min(len(inner), _GRID_CUTS) + 1):
        for chosen in combinations(inner, count):
            widths = [end - start for start, end in chosen]
            ordered = sorted(chosen)
            starts = [first, *(end for _, end in ordered)]
            ends = [*(start for start, _ in ordered), last]
            sizes = [end - start for start, end in zip(starts, ends, strict=True)]
            if max(sizes) > _ALIKE * min(sizes) or min(widths) < _EVEN_GUTTERS * max(widths):
                continue
            if sum(widths) > best_width:
                best, best_width = list(zip(starts, ends, strict=True)), sum(widths)
    return best


def _is_crossed(part: NDArray[np.uint8], axis: int, start: int, end: int) -> bool:
    """Whether a line runs across a gutter, as the axis does below the bars of one chart.

    Lines at both ends of the gutter are the frame of the plate.
    """
    gutter = part[start:end] if axis == 0 else part[:, start:end].T
    crossed = (gutter == 0).all(axis=0)
    margin = max(1, round(_FRAME_SHARE * len(crossed)))
    ends = crossed[:margin].any(), crossed[-margin:].any()
    return bool(crossed[margin:-margin].any() or ends[0] != ends[1])


def _is_chart(rgb: NDArray[np.uint8], paper: NDArray[np.uint8]) -> bool:
    """Whether what is not paper is black, gray or few pixels: ink, not tissue on glass."""
    inked = paper.size - cv2.countNonZero(paper)
    if inked == 0:
        return False
    red, green, blue = cv2.split(rgb)
    brightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    spread = cv2.subtract(brightest, darkest)
    colored = cv2.subtract(cv2.threshold(spread, _INK_CHROMA, 1, cv2.THRESH_BINARY)[1], paper)
    return cv2.countNonZero(colored) / inked < _INK_COLORED
