"""Panels: letters printed beside pictures, panels inside one raster, parts bound to panels.

Consistency decides. A part of the caption goes to a panel only where letters, panels and parts
agree; where they do not, the panel keeps no words of its own and the figure says so
(`panels_disagree`): better no text than another panel's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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
_CLEARER = 1.6  # times the widest gap left that the narrowest gutter must have
_LOOSE = 70  # grey levels for a thin gutter, which compression blurs
_LINE_SHARE = 0.95
_FLANK_PX = 5  # this far beside a thin gutter the picture has begun
_FLANK_SHARE = 0.6
_SEAM_BLOCKS = 16  # pieces of a seam that are looked at one by one
_SEAM_RATIO = 2.0  # times the usual step, in a piece of a seam
_SEAM_SHARE = 0.75  # of the pieces must step
_SEAM_MARGIN = 0.12  # of the side; no panel is thinner
_SEAM_NOISE = 2.0  # grey levels
_READ_SHARE = 0.6  # of the panels bear a letter that was read: those keep their words
_ALIKE = 1.35  # largest over smallest side of panels in one grid
_MIN_SIDE_SHARE = 0.06  # a panel's side, of the whole picture's
_MIN_SIDE_PX = 24
_EDGE_INK_SHARE = 0.55  # of a panel's edge that is not paper, for a panel without a letter


def part_count(caption: str) -> int:
    """Number of panels that a caption names, 0 where it names none."""
    return len(split_caption(caption).parts)


def named_letters(caption: str) -> tuple[str, ...]:
    """The panel letters that a caption names, empty where it names panels otherwise or not."""
    split = split_caption(caption)
    return tuple(split.parts) if split.kind == "letters" else ()


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
    """A line as a whole, or its letters one by one: "(a)    (b)" may reach us as one line."""
    if LETTER.match(line.text):
        return [(line.text, line.bbox)]
    inked = [(span.text, span.bbox) for span in line.spans if span.text.strip()]
    pieces: list[tuple[str, Bbox]] = []
    for text, box in inked:
        tokens = list(re.finditer(r"\S+", text))
        if not all(LETTER.match(token[0]) for token in tokens):
            pieces.append((text, box))
            continue
        step = box.width / max(len(text.rstrip()), 1)
        for token in tokens:
            x0, x1 = box.x0 + token.start() * step, box.x0 + token.end() * step
            pieces.append((token[0], Bbox(x0, box.y0, x1, box.y1)))
    return pieces


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


@dataclass(frozen=True, slots=True)
class _Paper:
    """Where a picture has the color of its gutters: within a few grey levels, and roughly."""

    strict: NDArray[np.uint8]
    loose: NDArray[np.uint8]


def split_raster(rgb: NDArray[np.uint8], expected: int) -> list[PixelBox]:
    """Find the panels inside one picture by its gutters.

    Args:
        rgb: ``(H, W, 3) uint8``.
        expected: Number of panels that the caption names, 0 for none.

    Returns:
        Boxes ``(x0, y0, x1, y1)`` in pixels, in reading order; empty where the picture is one.
        With a number expected, exactly that many or none; without, only where clean gutters set
        off rectangles that are filled to their edges, or the like panels of a regular grid.
    """
    if expected == 1 or min(rgb.shape[:2]) < 2 * _MIN_SIDE_PX:
        return []
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    white, black = _paper(cv2.bitwise_not(gray)), _paper(gray)
    content = _trim(white.strict, (0, 0, width, height))
    for paper in (white, black):
        boxes, is_clear = _cut(paper, content, expected)
        filled = len(boxes) >= 2 and all(_is_filled(paper.strict, box) for box in boxes)
        if expected and len(boxes) == expected and (is_clear or filled):
            return _rows(boxes)
        if expected or paper is black:
            continue
        if filled:
            return _rows(boxes)
        grid = _cut_grid(paper.strict, content)
        if grid:
            return _rows(grid)
    return _rows(_cut_seams(gray, content, expected)) if expected else []


def _paper(distance: NDArray[np.uint8]) -> _Paper:
    return _Paper((distance <= _TOLERANCE).astype(np.uint8), (distance <= _LOOSE).astype(np.uint8))


def _cut(paper: _Paper, content: PixelBox, expected: int) -> tuple[list[PixelBox], bool]:
    """Cut at the widest gutter first, until the expected number is there or none is left.

    Also returns whether the cuts are clear: every gutter used is much wider than any that is left.
    A drawing on white paper has gaps of every width, and where it was cut means nothing.
    """
    height, width = paper.strict.shape
    leaves = [content]
    smallest = (
        max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * width),
        max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * height),
    )
    cuts: dict[PixelBox, _Gutter | None] = {}
    narrowest = float("inf")
    while True:
        best: tuple[float, int] | None = None
        for index, leaf in enumerate(leaves):
            if leaf not in cuts:
                cuts[leaf] = _widest_gutter(paper, leaf, smallest)
            cut = cuts[leaf]
            if cut is not None and (best is None or cut[0] > best[0]):
                best = (cut[0], index)
        if best is None:
            return leaves, True
        if expected and len(leaves) >= expected:
            return leaves, narrowest >= _CLEARER * best[0]
        narrowest = min(narrowest, best[0])
        chosen = cuts[leaves[best[1]]]
        if chosen is not None:
            pieces = [_trim(paper.strict, piece) for piece in chosen[1:]]
            if any(_is_sliver(piece, smallest) for piece in pieces):
                cuts[leaves[best[1]]] = None  # a letter or a scale bar beside the picture
                continue
            leaves[best[1] : best[1] + 1] = pieces


def _is_sliver(box: PixelBox, smallest: tuple[float, float]) -> bool:
    return box[2] - box[0] < smallest[0] or box[3] - box[1] < smallest[1]


_Gutter = tuple[float, PixelBox, PixelBox]


def _widest_gutter(paper: _Paper, box: PixelBox, smallest: tuple[float, float]) -> _Gutter | None:
    """The widest gutter across a box with the boxes on its sides, or None.

    A gutter is a band of paper at least two pixels wide, or a thin line that compression has
    blurred: nearly all of it bright, and the picture on both of its sides not.
    """
    x0, y0, x1, y1 = box
    strict, loose = paper.strict[y0:y1, x0:x1], paper.loose[y0:y1, x0:x1]
    best: _Gutter | None = None
    for axis in (0, 1):
        length = strict.shape[axis]
        limit = smallest[1 - axis]
        bands = [
            (float(end - start), start, end)
            for start, end in _runs(_profile(strict, axis) >= _GUTTER_SHARE)
            if end - start >= _MIN_GUTTER_PX
        ]
        profile = _profile(loose, axis)
        for start, end in _runs(profile >= _LINE_SHARE):
            flanks = (start - _FLANK_PX, end + _FLANK_PX - 1)
            sharp = 0 <= flanks[0] and flanks[1] < length
            if sharp and all(profile[i] <= _FLANK_SHARE for i in flanks):
                bands.append((0.5 * min(end - start, _FLANK_PX), start, end))
        for width, start, end in bands:
            if start < limit or length - end < limit or (best is not None and width <= best[0]):
                continue
            if axis == 0:
                best = (width, (x0, y0, x1, y0 + start), (x0, y0 + end, x1, y1))
            else:
                best = (width, (x0, y0, x0 + start, y1), (x0 + end, y0, x1, y1))
    return best


def _profile(mask: NDArray[np.uint8], axis: int) -> NDArray[np.float32]:
    """Share of set pixels in each row (`axis` 0) or column (1)."""
    sums = cv2.reduce(mask, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    shares: NDArray[np.float32] = (sums / mask.shape[1 - axis]).astype(np.float32)
    return shares


def _cut_seams(gray: NDArray[np.uint8], content: PixelBox, expected: int) -> list[PixelBox]:
    """Cut where pictures meet without a gutter: straight steps from edge to edge.

    Empty unless exactly the expected number of panels comes of it.
    """
    leaves = [content]
    while len(leaves) < expected:
        best: tuple[float, int, PixelBox, PixelBox] | None = None
        for index, leaf in enumerate(leaves):
            cut = _sharpest_seam(gray, leaf)
            if cut is not None and (best is None or cut[0] > best[0]):
                best = (cut[0], index, cut[1], cut[2])
        if best is None:
            return []
        leaves[best[1] : best[1] + 1] = best[2:]
    return leaves


def _sharpest_seam(gray: NDArray[np.uint8], box: PixelBox) -> _Gutter | None:
    """The line along which brightness steps everywhere, as no object's outline does."""
    x0, y0, x1, y1 = box
    part = gray[y0:y1, x0:x1].astype(np.int16)
    best: _Gutter | None = None
    for axis in (0, 1):
        turned = part if axis == 0 else part.T
        length, across = turned.shape
        margin = max(_MIN_SIDE_PX, round(_SEAM_MARGIN * length))
        if length <= 2 * margin or across < _SEAM_BLOCKS * 4:
            continue
        steps = np.abs(np.diff(turned, axis=0))
        blocks = np.stack(
            [block.mean(axis=1) for block in np.array_split(steps, _SEAM_BLOCKS, axis=1)], axis=1
        )  # (length - 1, blocks)
        usual = np.maximum(np.median(blocks, axis=0), _SEAM_NOISE)
        sharp = (blocks >= _SEAM_RATIO * usual).mean(axis=1)
        strength = np.median(blocks / usual, axis=1)
        strength[sharp < _SEAM_SHARE] = 0.0
        strength[:margin] = 0.0
        strength[length - 1 - margin :] = 0.0
        at = int(strength.argmax())
        if strength[at] <= 0 or (best is not None and strength[at] <= best[0]):
            continue
        if axis == 0:
            pieces = (x0, y0, x1, y0 + at + 1), (x0, y0 + at + 1, x1, y1)
        else:
            pieces = (x0, y0, x0 + at + 1, y1), (x0 + at + 1, y0, x1, y1)
        best = (float(strength[at]), *pieces)
    return best


def _cut_grid(mask: NDArray[np.uint8], content: PixelBox) -> list[PixelBox]:
    """Cut a plate of like charts along its rows and columns; empty where it is none.

    Charts are full of white themselves, so only gutters from edge to edge count, and only where
    they leave three or more cells of about one size.
    """
    x0, y0, x1, y1 = content
    part = mask[y0:y1, x0:x1]
    rows, columns = _alike_segments(part, 0), _alike_segments(part, 1)
    cells = [(x0 + a, y0 + c, x0 + b, y0 + d) for c, d in rows for a, b in columns]
    boxes = [
        _trim(mask, cell) for cell in cells if not mask[cell[1] : cell[3], cell[0] : cell[2]].all()
    ]
    if len(boxes) < 3:
        return []
    widths = [b - a for a, _, b, _ in boxes]
    heights = [b - a for _, a, _, b in boxes]
    alike = max(widths) <= _ALIKE * min(widths) and max(heights) <= _ALIKE * min(heights)
    plump = 0.4 <= float(np.median(widths)) / float(np.median(heights)) <= 2.5
    return boxes if alike and plump else []


def _alike_segments(part: NDArray[np.uint8], axis: int) -> list[tuple[int, int]]:
    """Cut an axis at its widest gutters into as many segments of about one length as there are."""
    length = part.shape[axis]
    inner = [
        (end - start, start, end)
        for start, end in _runs(_profile(part, axis) >= _GUTTER_SHARE)
        if start > 0 and end < length and end - start >= 2 * _MIN_GUTTER_PX
    ]
    inner.sort(reverse=True)
    best = [(0, length)]
    for count in range(1, min(len(inner), 7) + 1):
        gutters = sorted((start, end) for _, start, end in inner[:count])
        starts = [0, *(end for _, end in gutters)]
        ends = [*(start for start, _ in gutters), length]
        segments = list(zip(starts, ends, strict=True))
        sizes = [end - start for start, end in segments]
        if max(sizes) <= _ALIKE * min(sizes):
            best = segments
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
    rows = np.flatnonzero(_profile(part, 0) < _GUTTER_SHARE)
    columns = np.flatnonzero(_profile(part, 1) < _GUTTER_SHARE)
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
    flags = figure.flags
    if named is None:
        flags = (*flags, "panels_disagree")
        named = _read_only(panels, tuple(split.parts)) if split.kind == "letters" else {}
        if len(named) < _READ_SHARE * len(panels):
            return replace(figure, panels=tuple(panels), flags=flags)
    bound = []
    for index, panel in enumerate(panels):
        key = named.get(index)
        label = panel.label
        if key is not None and split.kind != "clockwise":
            label = key
        bound.append(
            replace(panel, label=label, text=split.parts.get(key) if key is not None else None)
        )
    return replace(figure, panels=tuple(bound), flags=flags)


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
    if len(known) == len(panels) - 1 and len(known) >= 2 and len(set(known)) == len(known):
        left = [key for key in keys if key not in known]
        if len(left) == 1:
            return {i: label if label is not None else left[0] for i, label in enumerate(printed)}
    if len(known) < 0.5 * len(panels) and not _is_plain([panel.bbox for panel in panels]):
        return None
    orders: Sequence[Callable[[Sequence[Bbox]], list[int]]] = (_reading_order, _column_order)
    for order in orders:
        named = dict(zip(order([p.bbox for p in panels]), sorted(keys), strict=True))
        if all(label is None or named[i] == label for i, label in enumerate(printed)):
            return named
    return None


def _read_only(panels: Sequence[Panel], keys: Sequence[str]) -> dict[int, str]:
    """The panels whose printed letter is one of the caption's and stands once."""
    printed = [panel.label for panel in panels]
    return {
        i: label
        for i, label in enumerate(printed)
        if label is not None and label in keys and printed.count(label) == 1
    }


def _is_plain(boxes: Sequence[Bbox]) -> bool:
    """Whether panels stand in clear rows, so that reading order needs no printed letter.

    A tall panel beside two small ones, or an inset, can be counted in more than one way.
    """
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            common = a.y_overlap(b)
            if common > 0.1 * min(a.height, b.height) and common < 0.6 * max(a.height, b.height):
                return False
            if a.covered_by(b) > 0.1 or b.covered_by(a) > 0.1:
                return False
    return True


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
