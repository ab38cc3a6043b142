"""Boxes in page space.

One coordinate system holds everywhere outside ``pdf/``: PDF points (1/72 inch), origin at the top
left of the CropBox, x to the right, y downwards, page rotation applied. Pixels appear only together
with their resolution; `pt_to_px` and `px_to_pt` are the only conversions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

POINTS_PER_INCH = 72.0


class Bbox(NamedTuple):
    """An axis-aligned box ``(x0, y0, x1, y1)`` in points; serialized as a list of four numbers."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in points; zero for an inverted box."""
        return max(0.0, self.x1 - self.x0)

    @property
    def height(self) -> float:
        """Height in points; zero for an inverted box."""
        return max(0.0, self.y1 - self.y0)

    @property
    def area(self) -> float:
        """Area in square points."""
        x0, y0, x1, y1 = self
        return max(0.0, x1 - x0) * max(0.0, y1 - y0)

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def is_empty(self) -> bool:
        """Whether the box encloses no area."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def intersect(self, other: Bbox) -> Bbox:
        """Return the common part; empty (zero area) when the boxes do not meet.

        >>> Bbox(0, 0, 2, 2).intersect(Bbox(1, 1, 3, 3))
        Bbox(x0=1, y0=1, x1=2, y1=2)
        """
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Bbox(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def union(self, other: Bbox) -> Bbox:
        """Return the smallest box around both."""
        ax0, ay0, ax1, ay1 = self
        bx0, by0, bx1, by1 = other
        return Bbox(min(ax0, bx0), min(ay0, by0), max(ax1, bx1), max(ay1, by1))

    def expand(self, dx: float, dy: float | None = None) -> Bbox:
        """Return the box grown by `dx` points left and right, `dy` (default `dx`) up and down."""
        dy = dx if dy is None else dy
        return Bbox(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def contains(self, other: Bbox, slack_pt: float = 0.0) -> bool:
        """Whether `other` lies inside, give or take `slack_pt` at each edge."""
        return (
            other.x0 >= self.x0 - slack_pt
            and other.y0 >= self.y0 - slack_pt
            and other.x1 <= self.x1 + slack_pt
            and other.y1 <= self.y1 + slack_pt
        )

    def covered_by(self, other: Bbox) -> float:
        """Share of this box's area that `other` covers, in [0, 1]; 0 for an empty box."""
        ax0, ay0, ax1, ay1 = self
        bx0, by0, bx1, by1 = other
        x0, x1 = ax0 if ax0 > bx0 else bx0, ax1 if ax1 < bx1 else bx1
        y0, y1 = ay0 if ay0 > by0 else by0, ay1 if ay1 < by1 else by1
        # Most boxes that are asked about lie apart; this is asked more often than all else.
        if x1 <= x0 or y1 <= y0 or ax1 <= ax0 or ay1 <= ay0:
            return 0.0
        area = (ax1 - ax0) * (ay1 - ay0)
        return (x1 - x0) * (y1 - y0) / area if area > 0 else 0.0

    def x_overlap(self, other: Bbox) -> float:
        """Length in points that both boxes share on the x axis."""
        return max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))

    def y_overlap(self, other: Bbox) -> float:
        """Length in points that both boxes share on the y axis."""
        return max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))

    def gap(self, other: Bbox) -> float:
        """Shortest distance in points between the boxes; 0 where they touch or overlap."""
        dx = max(0.0, other.x0 - self.x1, self.x0 - other.x1)
        dy = max(0.0, other.y0 - self.y1, self.y0 - other.y1)
        return float((dx * dx + dy * dy) ** 0.5)

    def rounded(self, digits: int = 2) -> Bbox:
        """Return the box with coordinates rounded, so that equal inputs give equal bytes."""
        return Bbox(*(round(float(v), digits) + 0.0 for v in self))


def union_all(boxes: Iterable[Bbox]) -> Bbox:
    """Return the smallest box around all of `boxes`.

    Raises:
        ValueError: If `boxes` is empty.
    """
    items = list(boxes)
    if not items:
        raise ValueError("union of no boxes")
    return Bbox(
        min(b.x0 for b in items),
        min(b.y0 for b in items),
        max(b.x1 for b in items),
        max(b.y1 for b in items),
    )


def iou(a: Bbox, b: Bbox) -> float:
    """Intersection over union of two boxes, in [0, 1].

    >>> iou(Bbox(0, 0, 2, 2), Bbox(0, 0, 2, 1))
    0.5
    """
    common = a.intersect(b).area
    total = a.area + b.area - common
    return common / total if total > 0 else 0.0


def pt_to_px(value_pt: float, dpi: float) -> float:
    """Convert points to pixels at `dpi` pixels an inch."""
    return value_pt * dpi / POINTS_PER_INCH


def px_to_pt(value_px: float, dpi: float) -> float:
    """Convert pixels at `dpi` pixels an inch to points."""
    return value_px * POINTS_PER_INCH / dpi


def reading_order(boxes: Sequence[Bbox]) -> list[int]:
    """Return the positions of `boxes` row by row, left to right in a row.

    Boxes stand in one row when they share half of the lower one's height.
    """
    rows: list[list[int]] = []
    for i in sorted(range(len(boxes)), key=lambda k: (boxes[k].y0, boxes[k].x0)):
        for row in rows:
            first = boxes[row[0]]
            if first.y_overlap(boxes[i]) >= 0.5 * min(first.height, boxes[i].height):
                row.append(i)
                break
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda k: boxes[k].x0)]


def turn_upright(box: Bbox, direction: int, width_pt: float, height_pt: float) -> Bbox:
    """Return `box` on a page turned so that text of reading direction `direction` runs upright.

    `width_pt` and `height_pt` are those of the unturned page; `direction` is 0, 90 (bottom to top),
    180 or 270 (top to bottom), as in `records.Line`. `turn_back` is the inverse.

    >>> turn_upright(Bbox(0, 90, 10, 100), 90, 50, 100)
    Bbox(x0=0, y0=0, x1=10, y1=10)
    """
    x0, y0, x1, y1 = box
    if direction == 90:
        return Bbox(height_pt - y1, x0, height_pt - y0, x1)
    if direction == 180:
        return Bbox(width_pt - x1, height_pt - y1, width_pt - x0, height_pt - y0)
    if direction == 270:
        return Bbox(y0, width_pt - x1, y1, width_pt - x0)
    return box


def turn_back(box: Bbox, direction: int, width_pt: float, height_pt: float) -> Bbox:
    """Undo `turn_upright`; `width_pt` and `height_pt` are again those of the unturned page."""
    x0, y0, x1, y1 = box
    if direction == 90:
        return Bbox(y0, height_pt - x1, y1, height_pt - x0)
    if direction == 180:
        return Bbox(width_pt - x1, height_pt - y1, width_pt - x0, height_pt - y0)
    if direction == 270:
        return Bbox(width_pt - y1, x0, width_pt - y0, x1)
    return box
