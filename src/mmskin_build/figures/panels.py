"""Panels: letters printed beside pictures, panels inside one raster, parts bound to panels.

Consistency decides. A part of the caption goes to a panel only where letters, panels and parts
agree; where they do not, the panel keeps no words of its own and the figure says so
(`panels_disagree`): better no text than another panel's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.layout import TextLine
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, Panel

PixelBox = tuple[int, int, int, int]

LETTER = re.compile(r"^\s*[(\[]?\s*([A-Za-z])\s*['’]?\s*[)\].:]?\s*$")
_LETTER_REACH_PT = 22.0  # a letter printed outside of its panel stands this near
_TOLERANCE = 18  # grey levels that a gutter may differ from pure white or black
_GUTTER_SHARE = 0.985  # pixels of a gutter's row or column that are of its color
_MIN_GUTTER_PX = 2
_MIN_SIDE_SHARE = 0.06  # a panel's side, of the whole picture's
_MIN_SIDE_PX = 24
_EDGE_INK_SHARE = 0.55  # of a panel's edge that is not paper, for a panel without a letter


def part_count(caption: str) -> int:
    """Number of panels that a caption names, 0 where it names none."""
    return len(split_caption(caption).parts)


# ------------------------------------------------------------------------------------- letters


def find_letters(boxes: Sequence[Bbox], lines: Sequence[TextLine]) -> dict[int, str]:
    """Return the letter of each picture that has one of its own in the text layer.

    Letters stand in a corner of their picture, or below, above or beside it; nearest pairs first.
    `boxes` are the pictures of one figure, in points; keys of the result are their positions.
    """
    marks: list[tuple[str, Bbox]] = []
    for line in lines:
        for text, box in _pieces(line):
            match = LETTER.match(text)
            if match is not None:
                marks.append((match[1].lower(), box))
    pairs = []
    for i, box in enumerate(boxes):
        for j, (_, mark) in enumerate(marks):
            distance = _letter_distance(box, mark)
            if distance is not None:
                pairs.append((distance, i, j))
    found: dict[int, str] = {}
    used: set[int] = set()
    for _, i, j in sorted(pairs):
        letter = marks[j][0]
        if i not in found and j not in used and letter not in found.values():
            found[i] = letter
            used.add(j)
    return found


def _pieces(line: TextLine) -> list[tuple[str, Bbox]]:
    """A line as a whole, and its spans: "(a)    (b)" may reach us as one line."""
    spans = [(span.text, span.bbox) for span in line.spans if span.text.strip()]
    return spans if len(spans) > 1 and not LETTER.match(line.text) else [(line.text, line.bbox)]


def _letter_distance(box: Bbox, mark: Bbox) -> float | None:
    x, y = mark.center
    if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1:
        corner = min(
            (x - cx) ** 2 + (y - cy) ** 2 for cx in (box.x0, box.x1) for cy in (box.y0, box.y1)
        )
        return float(corner**0.5) * 0.2
    gap = box.gap(mark)
    if gap > _LETTER_REACH_PT:
        return None
    below = mark.y0 >= box.y1 - 2 and box.x0 <= x <= box.x1
    above = mark.y1 <= box.y0 + 2 and box.x0 <= x <= box.x1
    return gap + (0.0 if below else 6.0 if above else 10.0)


# ------------------------------------------------------------------------- panels inside a raster


def split_raster(rgb: NDArray[np.uint8], expected: int) -> list[PixelBox]:
    """Find the panels inside one picture by its gutters.

    Args:
        rgb: ``(H, W, 3) uint8``.
        expected: Number of panels that the caption names, 0 for none.

    Returns:
        Boxes ``(x0, y0, x1, y1)`` in pixels, in reading order; empty where the picture is one.
        With a number expected, exactly that many or none; without, only where clean gutters set
        off rectangles that are filled to their edges.
    """
    if expected == 1 or min(rgb.shape[:2]) < 2 * _MIN_SIDE_PX:
        return []
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    for paper in (255, 0):
        mask = (np.abs(gray.astype(np.int16) - paper) <= _TOLERANCE).astype(np.uint8)
        boxes = _cut(mask, expected)
        if len(boxes) < 2:
            continue
        if expected and len(boxes) != expected:
            continue
        if not expected and (paper == 0 or not all(_is_filled(mask, box) for box in boxes)):
            continue
        return _rows(boxes)
    return []


def _cut(mask: NDArray[np.uint8], expected: int) -> list[PixelBox]:
    """Cut at the widest gutter first, until the expected number is there or none is left."""
    height, width = mask.shape
    leaves = [_trim(mask, (0, 0, width, height))]
    smallest = (
        max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * width),
        max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * height),
    )
    while not expected or len(leaves) < expected:
        best: tuple[int, int, PixelBox, PixelBox] | None = None
        for index, leaf in enumerate(leaves):
            cut = _widest_gutter(mask, leaf, smallest)
            if cut is not None and (best is None or cut[0] > best[0]):
                best = (cut[0], index, cut[1], cut[2])
        if best is None:
            break
        _, index, first, second = best
        leaves[index : index + 1] = [_trim(mask, first), _trim(mask, second)]
    return leaves


def _widest_gutter(
    mask: NDArray[np.uint8], box: PixelBox, smallest: tuple[float, float]
) -> tuple[int, PixelBox, PixelBox] | None:
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    best: tuple[int, PixelBox, PixelBox] | None = None
    for axis in (0, 1):
        share = part.mean(axis=1 - axis)
        for start, end in _runs(share >= _GUTTER_SHARE):
            length = part.shape[axis]
            if end - start < _MIN_GUTTER_PX:
                continue
            if start < smallest[1 - axis] or length - end < smallest[1 - axis]:
                continue
            if best is None or end - start > best[0]:
                if axis == 0:
                    pieces = (x0, y0, x1, y0 + start), (x0, y0 + end, x1, y1)
                else:
                    pieces = (x0, y0, x0 + start, y1), (x0 + end, y0, x1, y1)
                best = (end - start, *pieces)
    return best


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    padded = np.concatenate([[False], flags, [False]]).astype(np.int8)
    steps = np.diff(padded)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _trim(mask: NDArray[np.uint8], box: PixelBox) -> PixelBox:
    """Take a margin of paper off a box."""
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    rows = np.flatnonzero(part.mean(axis=1) < _GUTTER_SHARE)
    columns = np.flatnonzero(part.mean(axis=0) < _GUTTER_SHARE)
    if rows.size == 0 or columns.size == 0:
        return box
    return (
        x0 + int(columns[0]),
        y0 + int(rows[0]),
        x0 + int(columns[-1]) + 1,
        y0 + int(rows[-1]) + 1,
    )


def _is_filled(mask: NDArray[np.uint8], box: PixelBox) -> bool:
    """Whether a rectangle's four edges are picture, not paper: a photograph, not a drawing."""
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    edges = (part[:2], part[-2:], part[:, :2], part[:, -2:])
    return all(1.0 - float(edge.mean()) >= _EDGE_INK_SHARE for edge in edges)


def _rows(boxes: Sequence[PixelBox]) -> list[PixelBox]:
    order = _reading_order([Bbox(*map(float, box)) for box in boxes])
    return [boxes[i] for i in order]


# ---------------------------------------------------------------------------- parts to panels


def bind_panels(figure: Figure) -> Figure:
    """Give each panel its letter and its own part of the caption, where all of them agree."""
    panels = [_with_letter(panel) for panel in figure.panels]
    if not figure.caption or len(panels) < 2:
        return replace(figure, panels=tuple(panels))
    split = split_caption(figure.caption)
    boxes = [panel.bbox for panel in panels]
    named: Mapping[int, str] | None = None
    if split.kind == "letters":
        named = _by_letter(panels, tuple(split.parts))
    elif split.kind == "places":
        named = _by_place(boxes, tuple(split.parts))
    elif split.kind == "clockwise" and len(panels) == len(split.parts):
        named = {i: str(rank + 1) for rank, i in enumerate(_clockwise(boxes))}
    elif split.kind == "none":
        return replace(figure, panels=tuple(panels))
    if named is None:
        return replace(figure, panels=tuple(panels), flags=(*figure.flags, "panels_disagree"))
    bound = []
    for index, panel in enumerate(panels):
        key = named.get(index)
        label = panel.label
        if key is not None and split.kind != "clockwise":
            label = key
        bound.append(
            replace(panel, label=label, text=split.parts.get(key) if key is not None else None)
        )
    return replace(figure, panels=tuple(bound))


def _with_letter(panel: Panel) -> Panel:
    """A panel with the letter that the page prints over it, if it has none yet."""
    if panel.label is not None:
        return panel
    letters = {
        match[1].lower()
        for overlay in panel.overlays
        if overlay.text and (match := LETTER.match(overlay.text))
    }
    return replace(panel, label=letters.pop()) if len(letters) == 1 else panel


def _by_letter(panels: Sequence[Panel], keys: Sequence[str]) -> dict[int, str] | None:
    """Panel positions to letters: as printed, else in reading order where the numbers agree."""
    printed = [panel.label for panel in panels]
    known = [label for label in printed if label is not None]
    if len(known) == len(panels) and len(set(known)) == len(known):
        named = {i: label for i, label in enumerate(printed) if label is not None}
        return named if set(known) & set(keys) else None
    if len(panels) != len(keys):
        return None
    orders: Sequence[Callable[[Sequence[Bbox]], list[int]]] = (_reading_order, _column_order)
    for order in orders:
        named = dict(zip(order([p.bbox for p in panels]), sorted(keys), strict=True))
        if all(label is None or named[i] == label for i, label in enumerate(printed)):
            return named
    return None


def _by_place(boxes: Sequence[Bbox], places: Sequence[str]) -> dict[int, str] | None:
    """Panel positions to places, where each place means exactly one panel, or one row of them."""
    x0, x1 = min(b.x0 for b in boxes), max(b.x1 for b in boxes)
    y0, y1 = min(b.y0 for b in boxes), max(b.y1 for b in boxes)
    named: dict[int, str] = {}
    for index, box in enumerate(boxes):
        x, y = box.center
        across = (x - x0) / max(x1 - x0, 1e-6)
        down = (y - y0) / max(y1 - y0, 1e-6)
        fitting = [place for place in places if _is_at(place, across, down, len(places))]
        if len(fitting) != 1:
            return None
        named[index] = fitting[0]
    if set(named.values()) != set(places):
        return None
    return named


def _is_at(place: str, across: float, down: float, count: int) -> bool:
    """Whether a panel's center (shares of the figure's width and height) lies at `place`."""
    words = place.split()
    thirds = "centre" in words or count % 3 == 0
    low, high = (1 / 3, 2 / 3) if thirds else (0.5, 0.5)
    if words == ["centre"]:
        return low <= across <= high
    checks = {
        "left": across < low,
        "right": across > high,
        "top": down < low if "centre" not in words or thirds else down < 0.5,
        "bottom": down > high,
        "far": True,
        "centre": low <= across <= high if {"top", "bottom"} & set(words) else low <= down <= high,
    }
    return all(checks.get(word, False) for word in words)


def _reading_order(boxes: Sequence[Bbox]) -> list[int]:
    """Positions of boxes row by row, left to right."""
    rows: list[list[int]] = []
    for i in sorted(range(len(boxes)), key=lambda k: (boxes[k].y0, boxes[k].x0)):
        for row in rows:
            first = boxes[row[0]]
            common = first.y_overlap(boxes[i])
            if common >= 0.5 * min(first.height, boxes[i].height):
                row.append(i)
                break
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda k: boxes[k].x0)]


def _column_order(boxes: Sequence[Bbox]) -> list[int]:
    """Positions of boxes column by column, top to bottom."""
    turned = [Bbox(box.y0, box.x0, box.y1, box.x1) for box in boxes]
    return _reading_order(turned)


def _clockwise(boxes: Sequence[Bbox]) -> list[int]:
    """Positions of boxes clockwise around their common middle, from the top left one."""
    x = sum(box.center[0] for box in boxes) / len(boxes)
    y = sum(box.center[1] for box in boxes) / len(boxes)
    angles = [float(np.arctan2(b.center[1] - y, b.center[0] - x)) for b in boxes]
    first = min(range(len(boxes)), key=lambda i: boxes[i].center[0] + boxes[i].center[1])
    return sorted(range(len(boxes)), key=lambda i: (angles[i] - angles[first]) % (2 * np.pi))
