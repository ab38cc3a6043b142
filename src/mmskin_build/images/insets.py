"""Find insets: a smaller picture set into a corner of a larger one.

An inset is a rectangle whose sides are parallel to those of the picture. Where it ends, all rows
(columns) change at the same column (row), over the whole side of the inset and not beyond it: a
straight step, or a line where it is framed. Skin, tissue and instruments have straight edges, but
none that meet in a corner of the frame's own directions, both sharp to a pixel.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
Map = NDArray[np.float32]
Box = tuple[int, int, int, int]

_SIDE_PX = 256  # larger pictures are reduced
_LEAST_SIDE_PX = 96
_STEP_LEVELS = 12  # of the channel that changes most, over three pixels
_EVEN_LEVELS = 10
_AROUND_PX = (3, 9)  # how far beside a side nothing may change as much as there
_LEAST, _MOST = 0.15, 0.6  # of the picture's width and height
_LEAST_AREA, _MOST_AREA = 0.03, 0.3  # of the picture's
_GAP = 0.035  # of the longer side, between an inset and the picture's edges
_PLAIN = 0.04  # spread of what is inside, over 255: a plate for a letter is flat
_BEYOND = 0.27  # the most of the lines that go on beyond the inset
_STARTS = 0.3  # as the next, of the part of a side that is nearest to the edge
INSET_FROM = 0.5  # how much of both sides must stand out


def find_insets(rgb: RgbImage) -> tuple[tuple[Box, float], ...]:
    """Return insets of a picture ``(H, W, 3) uint8``, each box with its score in [0, 1].

    Boxes are x0 y0 x1 y1 in pixels, origin top left. At most one a corner; the score is the share
    of the two inner sides at which the picture changes as it does nowhere near them.
    """
    scale = _SIDE_PX / max(rgb.shape[:2])
    if scale < 1.0:
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        small, scale = rgb, 1.0
    height, width = small.shape[:2]
    if min(height, width) < _LEAST_SIDE_PX:
        return ()
    across, down = _steps(small, 1), _steps(small, 0)
    found = []
    for flip in ((False, False), (False, True), (True, False), (True, True)):
        place = _inset_at_corner(
            [_flipped(values, flip) for values in across],
            [_flipped(values, flip) for values in down],
        )
        if place is None:
            continue
        x, y, score = place
        x0, x1 = (width - x, width) if flip[1] else (0, x)
        y0, y1 = (height - y, height) if flip[0] else (0, y)
        inside = small[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2]
        if float(inside.std(axis=(0, 1)).max()) >= 255 * _PLAIN:
            box = (x0 / scale, y0 / scale, x1 / scale, y1 / scale)
            found.append((_whole(box, rgb.shape), round(score, 4)))
    return tuple(sorted(found, key=lambda inset: (-inset[1], inset[0])))


def _whole(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = (round(value) for value in box)
    return x0, y0, min(x1, shape[1]), min(y1, shape[0])


def _steps(rgb: RgbImage, axis: int) -> tuple[Map, Map]:
    """Where the picture changes sharply along an axis, and where a line crosses that axis.

    Each 1 or 0, less the same beside it. On a line nothing changes along the line.
    """
    change = _change(rgb, axis, 1, 2)
    edge = [slice(None), slice(None)]
    for end in (slice(None, 2), slice(-2, None)):  # what is rolled in is no neighbor
        edge[axis] = end
        change[tuple(edge)] = 0
    sharp = np.asarray(change >= _STEP_LEVELS, np.float32)
    even = np.asarray(_change(rgb, 1 - axis, 1, 1) <= _EVEN_LEVELS, np.float32)
    near, far = _AROUND_PX
    kernel = np.zeros(2 * far + 1, np.float32)
    kernel[: far - near + 1] = kernel[far + near :] = 0.5 / (far - near + 1)
    kernel = kernel[:, None] if axis == 0 else kernel[None]
    return (
        np.asarray(sharp - cv2.filter2D(sharp, -1, kernel), np.float32),
        np.asarray(even - cv2.filter2D(even, -1, kernel), np.float32),
    )


def _change(rgb: RgbImage, axis: int, back: int, ahead: int) -> NDArray[np.uint8]:
    """By how much the pixels `back` and `ahead` differ in the channel that differs most."""
    moved = cv2.absdiff(np.roll(rgb, -ahead, axis), np.roll(rgb, back, axis))
    red, green, blue = cv2.split(moved)
    return np.asarray(cv2.max(red, cv2.max(green, blue)), np.uint8)


def _flipped(values: Map, flip: tuple[bool, bool]) -> Map:
    return values[:: -1 if flip[0] else 1, :: -1 if flip[1] else 1]


def _inset_at_corner(across: list[Map], down: list[Map]) -> tuple[int, int, float] | None:
    """The width, the height and the score of the likeliest inset at the upper left, or None."""
    height, width = across[0].shape
    gap = round(_GAP * max(height, width))
    least = round(_LEAST * height), round(_LEAST * width)
    high, wide = round(_MOST * height), round(_MOST * width)
    # Only few columns and rows stand out near the edge at which a side of an inset ends.
    columns = least[1] + _standing_out([v[gap : least[0], least[1] : wide].T for v in across])
    rows = least[0] + _standing_out([v[least[0] : high, gap : least[1]] for v in down])
    if not columns.size or not rows.size:
        return None
    right = np.maximum(*(np.cumsum(v[gap:high, columns], axis=0)[rows - gap] for v in across))
    low = np.maximum(*(np.cumsum(v[rows, gap:wide], axis=1)[:, columns - gap] for v in down))
    score = np.minimum(right / (rows - gap + 1)[:, None], low / (columns - gap + 1))
    area = (rows + 1)[:, None] * (columns + 1) / (width * height)
    score = np.where((area >= _LEAST_AREA) & (area <= _MOST_AREA), score, 0.0)
    at = divmod(int(score.argmax()), len(columns))
    if score[at] < INSET_FROM:
        return None
    row, column = int(rows[at[0]]), int(columns[at[1]])
    beyond = [
        max(v[row + 4 : 2 * row, column].mean() for v in across),
        max(v[row, column + 4 : 2 * column].mean() for v in down),
    ]
    if max(beyond) > _BEYOND:  # a gutter between panels, a table's rule
        return None
    return column + 1, row + 1, float(score[at])


def _standing_out(lines: list[Map]) -> NDArray[np.int64]:
    """Which lines (rows of the maps) stand out over most of their length."""
    share = np.maximum(*(values.mean(axis=1) for values in lines))
    return np.asarray(np.flatnonzero(share >= _STARTS), np.int64)
