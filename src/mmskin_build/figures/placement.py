"""How boxes of pictures and captions lie to one another: sides, rows, what stands between."""

from __future__ import annotations

from mmskin_build.figures.profile import Side
from mmskin_build.geometry import Bbox

_SAME_EDGE_PT = 2.0  # edges of panels in one row or column differ by no more
_LEVEL_SHARE = 0.7  # of the lower one's height, by which panels of a row stand level


def comes_before(a: Bbox, b: Bbox) -> bool:
    """Whether a picture stands clearly before another: left of it in one row, or above it."""
    if a.y_overlap(b) > 0.5 * min(a.height, b.height):
        return a.x1 <= b.x0
    return a.y1 <= b.y0 and a.x_overlap(b) > 0.5 * min(a.width, b.width)


def runs_under(text: Bbox, whole: Bbox, box: Bbox) -> bool:
    """Whether a caption runs below (or above) both a figure and `box`, which stand level."""
    level = box.y_overlap(whole) >= _LEVEL_SHARE * min(box.height, whole.height)
    return level and all(text.x_overlap(b) >= 0.5 * b.width for b in (whole, box))


def fills_column(text: Bbox, whole: Bbox, box: Bbox) -> bool:
    """Whether a caption is set to the width of its figure, and `box` stands beside that width."""
    beside = box.x0 >= whole.x1 - 2 or box.x1 <= whole.x0 + 2
    outside = text.x_overlap(box) <= 0.15 * box.width
    several_lines = text.height > 0.04 * max(text.width, 1.0) and text.height > 16
    set_to_width = abs(text.x0 - whole.x0) <= 8 and text.x1 <= whole.x1 + 12
    return beside and outside and several_lines and set_to_width


def in_line(a: Bbox, b: Bbox) -> bool:
    """Whether two pictures share both edges, as panels in one row or one column do."""
    edges = ((a.x0, b.x0, a.x1, b.x1), (a.y0, b.y0, a.y1, b.y1))
    return any(max(abs(p - q), abs(r - s)) <= _SAME_EDGE_PT for p, q, r, s in edges)


def side_of(box: Bbox, text: Bbox) -> tuple[Side, float]:
    """On which side of `box` the text stands, and the gap in points."""
    across, down = box.x_overlap(text), box.y_overlap(text)
    if text.covered_by(box) > 0.5:
        return "inside", 0.0
    if across > 0 and (text.center[1] >= box.y1 or text.y0 >= box.y1 - 4):
        return "below", max(0.0, text.y0 - box.y1)
    if across > 0 and (text.center[1] <= box.y0 or text.y1 <= box.y0 + 4):
        return "above", max(0.0, box.y0 - text.y1)
    if down > 0 and text.center[0] >= box.center[0]:
        return "right", max(0.0, text.x0 - box.x1)
    if down > 0:
        return "left", max(0.0, box.x0 - text.x1)
    return "diagonal", box.gap(text)


def space_between(a: Bbox, b: Bbox) -> Bbox | None:
    """The rectangle between two boxes where they face each other."""
    x0, x1 = max(a.x0, b.x0), min(a.x1, b.x1)
    y0, y1 = max(a.y0, b.y0), min(a.y1, b.y1)
    if x1 > x0 and y0 > y1:
        return Bbox(x0 - 2, y1, x1 + 2, y0)
    if y1 > y0 and x0 > x1:
        return Bbox(x1, y0 - 2, x0, y1 + 2)
    if x0 > x1 and y0 > y1:
        return Bbox(x1, y1, x0, y0)
    return None


def stands_between(other: Bbox, a: Bbox, b: Bbox) -> bool:
    """Whether a good part of `other` lies where two boxes face each other."""
    space = space_between(a, b)
    if space is None:
        return False
    common = other.intersect(space)
    return common.area > 0.2 * min(other.area, max(space.area, 1e-6)) and common.height > 2
