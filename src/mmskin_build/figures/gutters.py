"""Panels inside one raster: gutters, grids of charts, and seams without a gutter.

Boxes are ``(x0, y0, x1, y1)`` in pixels from the top left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.charts import cut_charts
from mmskin_build.figures.paper import (
    GUTTER_SHARE,
    MIN_GUTTER_PX,
    MIN_SIDE_PX,
    Paper,
    PixelBox,
    band_papers,
    painted_of,
    paper_of,
    paper_shares,
    runs,
    share_of,
    trim,
)
from mmskin_build.geometry import Bbox, reading_order

MarkBox = tuple[float, float, float, float]  # of a letter

_CLEARER = 1.6  # times the widest gap left that the narrowest gutter must have
_LINE_SHARE = 0.95
_FLANK_PX = 5  # this far beside a thin gutter the picture has begun
_FLANK_SHARE = 0.6
_SEAM_BLOCKS = 16  # pieces of a seam that are looked at one by one
_SEAM_RATIO = 2.0  # times the usual step, in a piece of a seam
_SEAM_SHARE = 0.75  # of the pieces must step
_SEAM_MARGIN = 0.12  # of the side; no panel is thinner
_SEAM_NOISE = 2.0  # grey levels
_MIN_SIDE_SHARE = 0.06  # a panel's side, of the whole picture's
_SNAP_SHARE = 0.3  # of the panels are filled, for the others to have edges like theirs
_BLUR_PX = 5  # pixels from an edge within which compression blurs it
_JPEG_PX = 8  # of a block, whose noise spreads over all of it
_BLOCK_SIDES = 20  # times that, for a side on which as much is the edge still
_SAME_EDGE_PX = 3  # edges of panels in one row or column differ by no more
_EDGE_INK_SHARE = 0.55  # of a panel's edge that is not paper, for a panel without a letter


def split_raster(rgb: NDArray[np.uint8], expected: int, *, at_seams: bool = True) -> list[PixelBox]:
    """Find the panels inside one picture by its gutters.

    Args:
        rgb: ``(H, W, 3) uint8``.
        expected: Number of panels that the caption names, 0 for none.
        at_seams: Whether to cut where pictures meet without a gutter, to reach that number.

    Returns:
        Boxes ``(x0, y0, x1, y1)`` in pixels, in reading order; empty where the picture is one.
        With a number expected, exactly that many or none; without, only where clean gutters set
        off rectangles that are filled to their edges, or the like panels of a regular grid.
    """
    if expected == 1 or min(rgb.shape[:2]) < 2 * MIN_SIDE_PX:
        return []
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = gray.shape
    white, black = np.asarray(255 - gray, np.uint8), gray
    content = trim(paper_of(white).strict, (0, 0, width, height))
    for distance in (white, black):
        paper = paper_of(distance)
        painted = _cut_painted(distance, expected)
        boxes, is_clear = _cut(paper, content, expected)
        filled = len(boxes) >= 2 and are_filled(paper, boxes)
        if expected and len(boxes) == expected and (is_clear or filled):
            if painted and not are_alike(boxes, painted):
                return painted
            if not is_clear and _has_more(paper, content, expected):
                return []
            # White between two sections on glass is none: rectangles on other ground go before.
            others = [] if filled else _cut_filled(rgb, gray, content, expected)
            return others or _rows(boxes)
        if painted or (filled and not expected):
            return painted or _rows(boxes)
        if distance is black or expected:
            continue
        charts = cut_charts(rgb, paper.strict, content)
        if charts:
            return _rows(charts)
    for paper in band_papers(rgb, gray, content):
        boxes, _ = _cut(paper, content, expected)
        if len(boxes) < 2 or (expected and len(boxes) != expected):
            continue
        if expected or are_filled(paper, boxes):
            return _rows(boxes)
    return _rows(_cut_seams(rgb, content, expected)) if expected and at_seams else []


def _cut_painted(distance: NDArray[np.uint8], expected: int) -> list[PixelBox]:
    """Cut along gutters of painted white or black beside glass or a dark field; else empty."""
    paper = painted_of(distance)
    if paper is None:
        return []
    height, width = distance.shape
    boxes, is_clear = _cut(paper, trim(paper.strict, (0, 0, width, height)), expected)
    filled = len(boxes) >= 2 and are_filled(paper, boxes)
    fits = len(boxes) == expected and (is_clear or filled) if expected else filled
    return _rows(boxes) if fits else []


def _cut_filled(
    rgb: NDArray[np.uint8], gray: NDArray[np.uint8], content: PixelBox, expected: int
) -> list[PixelBox]:
    """Cut along black or colored gutters into the expected number of rectangles; else empty."""
    for paper in (paper_of(gray), *band_papers(rgb, gray, content)):
        boxes, _ = _cut(paper, content, expected)
        if len(boxes) == expected and are_filled(paper, boxes):
            return _rows(boxes)
    return []


def are_alike(boxes: Sequence[PixelBox], others: Sequence[PixelBox]) -> bool:
    """Whether two cuts differ by no more than what compression blurs at the panels' edges."""
    pairs = zip(sorted(boxes), sorted(others), strict=False)
    return len(boxes) == len(others) and all(
        abs(a - b) <= _BLUR_PX for box, other in pairs for a, b in zip(box, other, strict=True)
    )


def _cut(paper: Paper, content: PixelBox, expected: int) -> tuple[list[PixelBox], bool]:
    """Cut at the widest gutter first, until the expected number is there or none is left.

    Also returns whether the cuts are clear: every gutter used is much wider than any that is left.
    A drawing on white paper has gaps of every width, and where it was cut means nothing.
    """
    height, width = paper.strict.shape
    leaves = [content]
    smallest = (
        max(MIN_SIDE_PX, _MIN_SIDE_SHARE * width),
        max(MIN_SIDE_PX, _MIN_SIDE_SHARE * height),
    )
    cuts: dict[PixelBox, _Gutter | None] = {}
    cells: dict[PixelBox, PixelBox] = {}
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
            return snap(paper, content, leaves, cells), True
        if expected and len(leaves) >= expected:
            return snap(paper, content, leaves, cells), narrowest >= _CLEARER * best[0]
        narrowest = min(narrowest, best[0])
        chosen = cuts[leaves[best[1]]]
        if chosen is not None:
            pieces = [trim(paper.strict, piece) for piece in chosen[1:]]
            if any(is_sliver(piece, smallest) for piece in pieces):
                cuts[leaves[best[1]]] = None  # a letter or a scale bar beside the picture
                continue
            cells.pop(leaves[best[1]], None)
            cells.update(zip(pieces, chosen[1:], strict=True))
            leaves[best[1] : best[1] + 1] = pieces


def snap(
    paper: Paper, content: PixelBox, leaves: Sequence[PixelBox], cells: Mapping[PixelBox, PixelBox]
) -> list[PixelBox]:
    """Move an edge out to where the edge of another panel in the same row or column is.

    A section on white glass, or a dark field beside black gutters, is trimmed to its object; its
    neighbors, or the plate's own edge, tell where it ends. Never farther than the gutter (`cells`),
    not among drawings, and not where the picture goes up to the edge: that is where it ends.
    """
    filled = sum(is_filled(paper.strict, leaf) for leaf in leaves)
    if filled < _SNAP_SHARE * len(leaves):
        return list(leaves)
    snapped = []
    for leaf in leaves:
        cell = cells.get(leaf, leaf)
        edges = list(leaf)
        for side in range(4):
            low = side < 2
            limit, tight = cell[side], leaf[side]
            if limit == tight or _edge_ink(paper.strict, leaf, side) >= _EDGE_INK_SHARE:
                continue
            others = [
                other[side]
                for other in leaves
                if other is not leaf and _edge_ink(paper.strict, other, side) >= _EDGE_INK_SHARE
            ]
            others.append(content[side])
            if any(abs(v - tight) <= _SAME_EDGE_PX for v in others):
                continue
            outside = [v for v in others if (limit <= v < tight if low else tight < v <= limit)]
            if outside:
                edges[side] = max(outside) if low else min(outside)
        snapped.append((edges[0], edges[1], edges[2], edges[3]))
    return snapped


def _has_more(paper: Paper, content: PixelBox, expected: int) -> bool:
    """Whether its gutters set off more photographs than the caption names: one would hold two."""
    boxes, _ = _cut(paper, content, 0)
    return len(boxes) > expected and are_filled(paper, boxes)


def is_sliver(box: PixelBox, smallest: tuple[float, float]) -> bool:
    """Whether a box is thinner than the `smallest` (width, height) of a panel."""
    return box[2] - box[0] < smallest[0] or box[3] - box[1] < smallest[1]


_Gutter = tuple[float, PixelBox, PixelBox]


def _widest_gutter(paper: Paper, box: PixelBox, smallest: tuple[float, float]) -> _Gutter | None:
    """The widest gutter across a box with the boxes on its sides, or None."""
    best: Band | None = None
    for band in bands_across(paper, box, smallest):
        if best is None or band.width > best.width:
            best = band
    return None if best is None else (best.width, *divide(box, best))


@dataclass(frozen=True, slots=True)
class Band:
    """A gutter across a box: `axis` 0 cuts above from below; ends in pixels from the box's start.

    `width` is its worth: thin, blurred lines count half.
    """

    width: float
    axis: int
    start: int
    end: int


def divide(box: PixelBox, band: Band) -> tuple[PixelBox, PixelBox]:
    """Return the parts of a box on both sides of a gutter."""
    x0, y0, x1, y1 = box
    if band.axis == 0:
        return (x0, y0, x1, y0 + band.start), (x0, y0 + band.end, x1, y1)
    return (x0, y0, x0 + band.start, y1), (x0 + band.end, y0, x1, y1)


def bands_across(paper: Paper, box: PixelBox, smallest: tuple[float, float]) -> list[Band]:
    """Find the gutters across a box that leave more than `smallest` (width, height) beside them.

    A gutter is a band of paper at least two pixels wide, or a thin line that compression has
    blurred: nearly all of it bright, and the picture on both of its sides not.
    """
    x0, y0, x1, y1 = box
    strict, loose = paper.strict[y0:y1, x0:x1], paper.loose[y0:y1, x0:x1]
    found: list[Band] = []
    for axis in (0, 1):
        length = strict.shape[axis]
        limit = smallest[1 - axis]
        bands = [
            (float(end - start), start, end)
            for start, end in runs(paper_shares(strict, axis) >= GUTTER_SHARE)
            if end - start >= MIN_GUTTER_PX
        ]
        profile = paper_shares(loose, axis)
        for start, end in runs(profile >= _LINE_SHARE):
            flanks = (start - _FLANK_PX, end + _FLANK_PX - 1)
            sharp = flanks[0] >= 0 and flanks[1] < length
            if sharp and all(profile[i] <= _FLANK_SHARE for i in flanks):
                bands.append((0.5 * min(end - start, _FLANK_PX), start, end))
        found.extend(
            Band(width, axis, start, end)
            for width, start, end in bands
            if start >= limit and length - end >= limit
        )
    return found


def _cut_seams(rgb: NDArray[np.uint8], content: PixelBox, expected: int) -> list[PixelBox]:
    """Cut where pictures meet without a gutter: straight steps from edge to edge.

    Empty unless exactly the expected number of panels comes of it.
    """
    leaves = [content]
    seams: dict[PixelBox, _Gutter | None] = {}
    while len(leaves) < expected:
        best: tuple[float, int, PixelBox, PixelBox] | None = None
        for index, leaf in enumerate(leaves):
            if leaf not in seams:
                seams[leaf] = _sharpest_seam(rgb, leaf)
            cut = seams[leaf]
            if cut is not None and (best is None or cut[0] > best[0]):
                best = (cut[0], index, cut[1], cut[2])
        if best is None:
            return []
        leaves[best[1] : best[1] + 1] = best[2:]
    return leaves


def _sharpest_seam(rgb: NDArray[np.uint8], box: PixelBox) -> _Gutter | None:
    """The line along which brightness steps everywhere, as no object's outline does."""
    best: Band | None = None
    for axis in (0, 1):
        strength = steps_across(rgb, box, axis, _SEAM_RATIO, _SEAM_SHARE)
        at = int(strength.argmax()) if len(strength) else 0
        if len(strength) and strength[at] > 0 and (best is None or strength[at] > best.width):
            best = Band(float(strength[at]), axis, at + 1, at + 1)
    return None if best is None else (best.width, *divide(box, best))


def steps_across(
    picture: NDArray[np.uint8], box: PixelBox, axis: int, ratio: float, share: float
) -> NDArray[np.float32]:
    """How sharply brightness or color steps at each line across a box; 0 where not everywhere.

    A line is looked at in pieces: it counts where `share` of them step by `ratio` times what is
    usual there. Entry `i` is the step from line `i` to the next; empty where the box is too small.
    """
    x0, y0, x1, y1 = box
    part = picture[y0:y1, x0:x1]
    length, across = part.shape[axis], part.shape[1 - axis]
    margin = max(MIN_SIDE_PX, round(_SEAM_MARGIN * length))
    if length <= 2 * margin or across < _SEAM_BLOCKS * 4:
        return np.zeros(0, np.float32)
    if axis == 0:
        steps = np.asarray(cv2.absdiff(part[1:], part[:-1]), np.uint8)
    else:
        steps = np.asarray(cv2.absdiff(part[:, 1:], part[:, :-1]), np.uint8)
    if steps.ndim == 3:  # teal and brown may be equally bright
        red, green, blue = cv2.split(steps)
        steps = np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
    blocks = np.stack(
        [
            cv2.reduce(block, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
            / block.shape[1 - axis]
            for block in np.array_split(steps, _SEAM_BLOCKS, axis=1 - axis)
        ],
        axis=1,
    )  # (length - 1, blocks)
    usual = np.maximum(np.median(blocks, axis=0), _SEAM_NOISE)
    sharp = (blocks >= ratio * usual).mean(axis=1)
    strength: NDArray[np.float32] = np.median(blocks / usual, axis=1).astype(np.float32)
    strength[sharp < share] = 0.0
    strength[:margin] = 0.0
    strength[length - 1 - margin :] = 0.0
    return strength


def are_filled(paper: Paper, boxes: Sequence[PixelBox]) -> bool:
    """Whether all panels are pictures to their edges."""
    return all(is_filled(paper.strict, box) for box in boxes)


def is_filled(mask: NDArray[np.uint8], box: PixelBox) -> bool:
    """Whether a rectangle's four edges are picture, not paper: a photograph, not a drawing."""
    return all(_edge_ink(mask, box, side) >= _EDGE_INK_SHARE for side in range(4))


def _edge_ink(mask: NDArray[np.uint8], box: PixelBox, side: int) -> float:
    """Share of an edge (0 left, 1 top, 2 right, 3 bottom) that is picture.

    The outermost pixels may be blurred by compression: those inside of them count as well.
    """
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    reaches = [slice(2), slice(2, _BLUR_PX)]
    if part.shape[1 - side % 2] >= _BLOCK_SIDES * _JPEG_PX:
        reaches.append(slice(_BLUR_PX, _JPEG_PX))
    if side >= 2:
        reaches = [slice(-reach.stop, -reach.start if reach.start else None) for reach in reaches]
    strips = [part[:, reach] if side % 2 == 0 else part[reach] for reach in reaches]
    return max((1.0 - share_of(strip) for strip in strips if strip.size), default=0.0)


def _rows(boxes: Sequence[PixelBox]) -> list[PixelBox]:
    order = reading_order([Bbox(*map(float, box)) for box in boxes])
    return [boxes[i] for i in order]
