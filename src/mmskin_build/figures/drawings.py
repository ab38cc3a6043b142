"""Drawings and specimens that stand free on paper, each given to the letter beside it.

Such plates have no gutters from edge to edge: what belongs together are strokes near one another,
and a letter stands beside, below, above or inside what it names. Boxes are ``(x0, y0, x1, y1)`` in
pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.assignment import assign
from mmskin_build.figures.gutters import MarkBox
from mmskin_build.figures.paper import Paper, PixelBox, share_of

GROUND_SHARE = 0.3  # of a plate of drawings that is paper
_UNREAD_GROUND = 0.5  # the same, where letters were not read
_UNREAD_AREA = 0.2  # of the usual drawing's area that the drawing of an unread letter has
_WORK_PX = 900  # longer side at which drawings are looked at
_FRAME_AREA, _FRAME_INK = 0.9, 0.08  # of the plate that a frame encloses; of that, its ink
_LINE_INK = 0.08  # of the box around lines that run to both edges: gutters are no drawing
_OWNED_SHARE = 0.85  # of the ink belongs to letters: the blobs of a dark field go to none
_JOINS = (0.5, 0.3, 0.15, 0.05)  # letter heights over which strokes belong together
_PART_HEIGHTS = 1.3  # letter heights that a drawing measures at least
_REACH = 7.0  # letter heights from a letter to its drawing
_VIEW_REACH = 10.0  # letter heights from a letter to a further view of its drawing
_STRAY_REACH = 5.0  # weighted letter heights from a drawing to small things that belong to it
_AREA_WEIGHT = 0.05  # letter heights a unit of logarithm of area: large drawings have letters
_SIDE_WEIGHT = 1.0  # letter heights that the usual side is worth
_SIDE_SHARE, _VIEW_SIDE = 0.6, 3.0  # of letters on one side; what that is worth to further views
_LEVEL = 0.6  # of its height that a further view shares with the first
_GAP_WEIGHT = 2.5  # a letter's drawing may stand this much farther from it than from another one
_CHAMFER = 0.95  # the least that OpenCV's distance transform makes of a distance of 1


@dataclass(frozen=True, slots=True)
class _Ink:
    """The outlines of all parts, pixel by pixel: what is nearest to anything outside lies there."""

    labels: NDArray[np.int32]  # the part of each pixel, 0 for the ground
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    parts: NDArray[np.int32]  # the part that each pixel of an outline belongs to

    @classmethod
    def of(cls, labels: NDArray[np.int32]) -> Self:
        ink = (labels > 0).astype(np.uint8)
        inner = cv2.erode(ink, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        rows, columns = np.nonzero(ink > inner)
        return cls(labels, rows, columns, labels[rows, columns])


def find_drawings(
    gray: NDArray[np.uint8], paper: Paper, marks: Mapping[str, MarkBox], unread: int = 0
) -> tuple[dict[str, PixelBox], list[PixelBox]]:
    """Find drawings on paper, and which letter each of them has.

    Args:
        gray: ``(H, W) uint8``, letters painted over.
        paper: Where it is paper.
        marks: Boxes of the letters, in pixels.
        unread: How many letters the caption names besides: so many drawings must stand where none
            of `marks` is near.

    Returns:
        The box of each letter's drawing, and those of the unread letters; empty where letters and
        drawings do not go together.
    """
    if share_of(paper.strict) < (_UNREAD_GROUND if unread else GROUND_SHARE):
        return {}, []
    height, width = gray.shape
    scale = min(1.0, _WORK_PX / max(height, width))
    ink = (paper.loose == 0).astype(np.uint8)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = (cv2.resize(ink * np.uint8(255), size, interpolation=cv2.INTER_AREA) >= 64).astype(
        np.uint8
    )
    small = _without_frames(small)
    letters = sorted(marks)
    boxes = np.array([marks[letter] for letter in letters]) * scale
    unit = float(np.median(boxes[:, 3] - boxes[:, 1]))
    for join in _JOINS:
        found = _assign_parts(small, boxes, unit, max(1, round(join * unit)), unread)
        if found is not None:
            grown = [_grown(box, scale, (width, height)) for box in found]
            return dict(zip(letters, grown, strict=False)), grown[len(letters) :]
    return {}, []


def _grown(box: PixelBox, scale: float, size: tuple[int, int]) -> PixelBox:
    """A box at full size again."""
    return (
        max(0, int(box[0] / scale)),
        max(0, int(box[1] / scale)),
        min(size[0], round(box[2] / scale)),
        min(size[1], round(box[3] / scale)),
    )


def _without_frames(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Leave out a frame around the plate, a margin of another tone, or thin lines across it."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    around = wide * high
    is_frame = (around >= _FRAME_AREA * ink.size) & (
        stats[:, cv2.CC_STAT_AREA] <= _FRAME_INK * around
    )
    height, width = ink.shape
    thin = np.minimum(wide, high) <= _LINE_INK * min(height, width)
    thin |= stats[:, cv2.CC_STAT_AREA] <= _LINE_INK * around
    is_frame |= thin & ((wide == width) | (high == height))
    is_frame[0] = False
    return np.where(is_frame[labels], np.uint8(0), ink)


def _assign_parts(
    ink: NDArray[np.uint8], marks: NDArray[np.float64], unit: float, radius: int, unread: int
) -> list[PixelBox] | None:
    """The box of each letter's drawing, where strokes closer than `radius` belong together.

    Those of the `unread` letters follow: the largest drawings that no letter is near.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    _, joined = cv2.connectedComponents(cv2.dilate(ink, kernel))
    labels = np.where(ink > 0, np.asarray(joined, np.int32), np.int32(0))
    count = int(labels.max()) + 1
    if count <= len(marks):
        return None
    drawn = _Ink.of(labels)
    boxes = _boxes_of(drawn, count)
    away = np.stack([_distances(drawn, count, mark) for mark in marks]) / unit  # (marks, parts)
    sides = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    main = np.flatnonzero((longer >= _PART_HEIGHTS * unit) & (sides >= 0.5 * unit))
    main = main[main > 0]
    if len(main) < len(marks):
        return None
    cost = away[:, main] - _AREA_WEIGHT * np.log(sides[main] * longer[main])[None, :]
    rows, columns = np.arange(len(marks)), _assigned(cost)
    # Letters of one plate stand on one side of their drawings: the side that most stand on first.
    on_side = _sides(marks, boxes[main])
    usual = np.bincount(on_side[rows, columns], minlength=5).argmax()
    columns = _assigned(cost - _SIDE_WEIGHT * (on_side == usual))
    if (on_side[rows, columns] == usual).mean() >= _SIDE_SHARE:
        away[:, main] += _VIEW_SIDE * (on_side != usual)
    owner = np.full(count, -1)
    for row, column in zip(rows, columns, strict=True):
        if away[row, main[column]] > _REACH + _VIEW_SIDE:
            return None
        owner[main[column]] = row
    lonely = [k for k in main if owner[k] < 0 and away[:, k].min() > _REACH]
    usual_area = float(np.median((sides * longer)[main[columns]]))
    lonely = [k for k in lonely if sides[k] * longer[k] >= _UNREAD_AREA * usual_area]
    if len(lonely) < unread:
        return None
    lonely.sort(key=lambda k: float(-sides[k] * longer[k]))
    for number, k in enumerate(lonely[:unread]):
        owner[k] = len(marks) + number
    away = np.vstack([away, np.full((unread, count), np.inf)])
    return _gather(drawn, boxes, away, owner, main, unit, len(away))


def _assigned(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """The column of each row, at the least total cost."""
    return np.array(assign([dict(enumerate(row)) for row in cost.tolist()]), np.int64)


def _sides(marks: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """On which side of each box each letter stands: 0 above, 1 below, 2 left, 3 right, 4 inside."""
    x, y = (marks[:, [0]] + marks[:, [2]]) / 2, (marks[:, [1]] + marks[:, [3]]) / 2
    out = np.stack(
        [
            boxes[:, 1] - y,
            y - boxes[:, 3],
            boxes[:, 0] - x,
            x - boxes[:, 2],
            np.zeros_like(x - boxes[:, 0]),
        ]
    )
    return np.asarray(out.argmax(axis=0), np.int64)


def _gather(
    drawn: _Ink,
    boxes: NDArray[np.float64],
    away: NDArray[np.float64],
    owner: NDArray[np.int64],
    main: NDArray[np.int64],
    unit: float,
    count: int,
) -> list[PixelBox] | None:
    """Give what is left to the nearest letter or drawing, and return each letter's box.

    A second view stands near its letter, a loose petal near its flower: the nearest of all is
    given first, and draws others after it. None where much of the ink is near none of them.
    """
    near = np.where(np.isfinite(away), away, 1e6)
    is_main = np.zeros(len(boxes), bool)
    is_main[main] = True
    owned = [int(part) for part in np.flatnonzero(owner >= 0)]
    for part in owned:
        near[owner[part]] -= _VIEW_SIDE * _are_level(boxes[part], boxes)
    near[:, ~is_main] = 1e6  # small things belong to drawings, not to letters
    reach = np.where(is_main, _VIEW_REACH, _STRAY_REACH)

    farthest_px = max(_VIEW_REACH, _STRAY_REACH) * unit / _GAP_WEIGHT

    def draw_after(part: int) -> None:
        gaps = _GAP_WEIGHT * _pixel_distances(drawn, boxes, part, farthest_px) / unit
        near[owner[part]] = np.minimum(near[owner[part]], gaps)

    for part in owned:
        draw_after(part)
    left = [int(part) for part in range(1, len(boxes)) if owner[part] < 0]
    while left:
        part = min(left, key=lambda k: float(near[:, k].min()))
        if near[:, part].min() > reach[part]:
            left.remove(part)
            continue
        owner[part] = int(near[:, part].argmin())
        left.remove(part)
        if is_main[part]:
            draw_after(part)
    area = np.bincount(drawn.labels.ravel(), minlength=len(boxes))[1:]
    if area[owner[1:] >= 0].sum() < _OWNED_SHARE * area.sum():
        return None
    found: list[PixelBox] = []
    for row in range(count):
        own = boxes[owner == row]
        found.append(
            (
                int(own[:, 0].min()),
                int(own[:, 1].min()),
                int(own[:, 2].max()),
                int(own[:, 3].max()),
            )
        )
    return found


def _are_level(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether boxes stand beside one, at its level and of its height: views of one thing do."""
    high = box[3] - box[1]
    heights = np.maximum(others[:, 3] - others[:, 1], 1e-6)
    common = np.minimum(others[:, 3], box[3]) - np.maximum(others[:, 1], box[1])
    level: NDArray[np.bool_] = (common >= _LEVEL * high) & (common >= _LEVEL * heights)
    return level


def _boxes_of(drawn: _Ink, count: int) -> NDArray[np.float64]:
    """Boxes of labeled parts; row 0, the ground, and those of parts without ink are empty."""
    low, high = np.full((2, count), np.inf), np.zeros((2, count))
    for axis, places in enumerate((drawn.columns, drawn.rows)):
        values = places.astype(np.float64)  # `at` is thirty times slower where it must convert
        np.minimum.at(low[axis], drawn.parts, values)
        np.maximum.at(high[axis], drawn.parts, values + 1)
    low[np.isinf(low)] = 0.0
    return np.vstack([low, high]).T


def _distances(drawn: _Ink, count: int, mark: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in pixels from a letter's box to the nearest pixel of each part."""
    x, y = np.arange(drawn.columns.max() + 1), np.arange(drawn.rows.max() + 1)
    dx = np.maximum(np.maximum(mark[0] - x, x - mark[2]), 0)
    dy = np.maximum(np.maximum(mark[1] - y, y - mark[3]), 0)
    found = _least(np.hypot(dx[drawn.columns], dy[drawn.rows]), drawn.parts, count)
    left, top = np.ceil(np.maximum(mark[:2], 0)).astype(int)
    right, bottom = np.floor(np.maximum(mark[2:], -1)).astype(int) + 1
    found[drawn.labels[top:bottom, left:right]] = 0.0  # a letter in the midst of ink
    found[0] = np.inf
    return found


def _pixel_distances(
    drawn: _Ink, boxes: NDArray[np.float64], part: int, farthest_px: float
) -> NDArray[np.float64]:
    """Distance in pixels from one part to the nearest pixel of each.

    Distances over `farthest_px` may come out infinite: the transform is computed no farther.
    """
    room = int(farthest_px / _CHAMFER) + 2
    x0, y0, x1, y1 = (int(v) for v in boxes[part])
    left, top = max(0, x0 - room), max(0, y0 - room)
    part_of = drawn.labels[top : y1 + room, left : x1 + room]
    field = cv2.distanceTransform((part_of != part).astype(np.uint8), cv2.DIST_L2, 3)
    rows, columns = drawn.rows - top, drawn.columns - left
    near = (rows >= 0) & (rows < field.shape[0]) & (columns >= 0) & (columns < field.shape[1])
    values = np.asarray(field[rows[near], columns[near]], np.float64)
    return _least(values, drawn.parts[near], len(boxes))


def _least(
    values: NDArray[np.float64], parts: NDArray[np.int32], count: int
) -> NDArray[np.float64]:
    """The least value of each part; infinite for the ground and parts without any."""
    found = np.full(count, np.inf)
    np.minimum.at(found, parts, values)
    return found
