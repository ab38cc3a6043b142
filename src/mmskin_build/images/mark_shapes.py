"""What a single piece of ink is by its shape and place, and how boxes lie to each other.

Lengths are shares of the picture's longer side; boxes are x0 y0 x1 y1 of the reduced picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

MarkKind = Literal[
    "arrow", "letter", "label", "circle", "contour", "box", "line", "scale_bar", "ruler",
    "watermark", "corner_letter", "symbol", "bar", "inset",
]  # fmt: skip

LETTER_MIN, LETTER_MAX = 0.008, 0.13  # height of letters
_LETTER_SOLID_MAX = 0.82
_BAR_EXTENT = 0.8  # a bar fills its box
_BAR_ASPECT = 4.0
_BAR_HEIGHT = 0.06  # its ends included
_BAR_ROW = 0.9  # of its width, in the row that is fullest
_BAR_EDGE = 0.16  # a scale bar lies this near an edge
_CORNER = 0.14  # the letter of a panel lies this near a corner, on both axes
PLATE = 0.17  # the longest side of a letter with the plate or disc that it stands on
_PLATE_ASPECT = 0.25  # a letter is this wide over its height
_MARGIN = 0.36  # an owner's mark lies in this outer part of the height
_HOLE = 0.35  # of the box; an outline encloses this much
_HOLE_MIN_PX = 3
_STRAIGHT = 0.12  # spread across over spread along


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of ink: `box` x0 y0 x1 y1 and `pixels` (flat indices) of the reduced picture."""

    score: float
    box: tuple[int, int, int, int]
    pixels: NDArray[np.int64]
    bright: bool
    color: tuple[float, float, float]  # mean, each channel in [0, 1]

    @property
    def width(self) -> int:
        """Width of the box."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Height of the box."""
        return self.box[3] - self.box[1]


def name_shape(piece: Piece, shape: tuple[int, int]) -> MarkKind:
    """Say what a piece is that is no letter of a word; `shape` (H, W) of the reduced picture."""
    side = max(shape)
    extent = len(piece.pixels) / max(piece.width * piece.height, 1)
    long, short = max(piece.width, piece.height), min(piece.width, piece.height)
    if extent > _BAR_EXTENT and long > _BAR_ASPECT * short:
        return "scale_bar" if _edge(piece.box, shape) < _BAR_EDGE * side else "line"
    flat = piece.width > _BAR_ASPECT * piece.height and piece.height < _BAR_HEIGHT * side
    if flat and _edge(piece.box, shape) < _BAR_EDGE * side and _has_full_row(piece, shape):
        return "scale_bar"  # with upright ends, or its length written on it
    hole, roundness, squareness = _outline(piece, shape)
    if hole > _HOLE and long > LETTER_MAX * side / 2:
        return "box" if squareness > 0.93 else ("circle" if roundness > 0.85 else "contour")
    if _spread_ratio(piece, shape) < _STRAIGHT:
        return "line" if len(piece.pixels) < 0.1 * long * long else "arrow"
    if LETTER_MIN * 2 <= piece.height / side <= LETTER_MAX and long < LETTER_MAX * side:
        return "symbol"
    return "arrow"


def _has_full_row(piece: Piece, shape: tuple[int, int]) -> bool:
    rows = np.bincount(piece.pixels // shape[1] - piece.box[1])
    return bool(rows.max() >= _BAR_ROW * piece.width)


def is_letter_shaped(piece: Piece, shape: tuple[int, int]) -> bool:
    """Whether a piece in a corner has a letter's size and is not full, or is a letter's plate."""
    if not is_in_corner(piece.box, shape):
        return False
    side = max(shape)
    low, high = min(piece.width, piece.height), max(piece.width, piece.height)
    if not 2 * LETTER_MIN <= high / side <= PLATE or low < _PLATE_ASPECT * high:
        return False
    return _solidity(piece, shape) < _LETTER_SOLID_MAX or count_holes(piece, shape) > 0


def _outline(piece: Piece, shape: tuple[int, int]) -> tuple[float, float, float]:
    """Enclosed share of the box, and how near the outline is to an ellipse and to a rectangle."""
    outer, holes = _areas(piece, shape)
    area = float(piece.width * piece.height)
    ellipse = area * np.pi / 4
    roundness = 1.0 - abs(outer - ellipse) / ellipse * 2
    return max(holes, default=0.0) / area, roundness, outer / area


def count_holes(piece: Piece, shape: tuple[int, int]) -> int:
    """How many spots a piece encloses."""
    return sum(area >= _HOLE_MIN_PX for area in _areas(piece, shape)[1])


def _areas(piece: Piece, shape: tuple[int, int]) -> tuple[float, list[float]]:
    """What the outer line of a piece encloses, and each of its holes, in square pixels."""
    x0, y0, x1, y1 = piece.box
    window = np.zeros((y1 - y0 + 2, x1 - x0 + 2), np.uint8)
    ys, xs = piece.pixels // shape[1] - y0 + 1, piece.pixels % shape[1] - x0 + 1
    window[ys, xs] = 1
    contours, tree = cv2.findContours(window, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    areas = [float(cv2.contourArea(contour)) for contour in contours]
    parents = [int(entry[3]) for entry in np.asarray(tree).reshape(-1, 4)]
    outer = max(area for area, parent in zip(areas, parents, strict=True) if parent < 0)
    return outer, [area for area, parent in zip(areas, parents, strict=True) if parent >= 0]


def _solidity(piece: Piece, shape: tuple[int, int]) -> float:
    """Area over that of the convex hull: near 1 for an arrowhead, less for a letter."""
    points = np.stack([piece.pixels % shape[1], piece.pixels // shape[1]], axis=1)
    hull = cv2.convexHull(points.astype(np.int32))
    around = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1  # pixels have a size
    return float(len(piece.pixels) / around)


def _spread_ratio(piece: Piece, shape: tuple[int, int]) -> float:
    xs, ys = piece.pixels % shape[1], piece.pixels // shape[1]
    if len(xs) < 3:
        return 1.0
    low, high = np.linalg.eigvalsh(np.cov(np.stack([xs, ys]).astype(float)))
    return float(np.sqrt(max(low, 0.0) / max(high, 1e-9)))


def is_in_corner(box: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    """Whether a box begins near a corner, on both axes."""
    side, (height, width) = max(shape), shape
    x, y = min(box[0], width - box[2]), min(box[1], height - box[3])
    return max(x, y) < _CORNER * side and min(x, y) < _CORNER * side * 0.7


def is_in_margin(box: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    """Whether the whole box lies in the upper or the lower margin."""
    return box[3] < _MARGIN * shape[0] or box[1] > (1 - _MARGIN) * shape[0]


def _edge(box: tuple[int, int, int, int], shape: tuple[int, int]) -> int:
    return min(box[0], box[1], shape[1] - box[2], shape[0] - box[3])


def gap_of(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> int:
    """How far two boxes are apart, along the axis on which that is more; 0 where they meet."""
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0)


def longest_side(box: tuple[int, int, int, int]) -> int:
    """The longer side of a box."""
    return max(box[2] - box[0], box[3] - box[1])


def union_of(boxes: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """The least box around boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def overlap_of(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Shared area over that of the smaller box."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return wide * high / max(least, 1)


def overlaps_of(boxes: Sequence[tuple[int, int, int, int]]) -> NDArray[np.float64]:
    """`overlap_of` of each two boxes, (n, n)."""
    x0, y0, x1, y1 = np.array(boxes, np.int64).reshape(-1, 4).T
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    high = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    area = (x1 - x0) * (y1 - y0)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    return np.asarray(shared / np.maximum(np.minimum(area[:, None], area), 1))
