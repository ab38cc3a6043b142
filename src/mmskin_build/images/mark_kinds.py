"""Put pieces of ink together and say what they are: word, arrow, outline, bar, letter.

All rules are of shape and place. Lengths are shares of the picture's longer side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

MarkKind = Literal[
    "arrow", "letter", "label", "circle", "contour", "box", "line", "scale_bar", "ruler",
    "watermark", "corner_letter", "symbol", "bar",
]  # fmt: skip
MINOR: frozenset[str] = frozenset({"scale_bar", "ruler", "watermark", "corner_letter"})

_LETTER_MIN, _LETTER_MAX = 0.008, 0.13  # height of letters
_LETTER_ASPECT_MAX = 1.6  # width over height
_SAME_INK = 0.25  # letters of a word differ less in any channel, thin ones are paler
_LETTER_SOLID_MAX = 0.82
_BAR_EXTENT = 0.8  # a bar fills its box
_BAR_ASPECT = 4.0
_BAR_HEIGHT = 0.06  # its ends included
_BAR_EDGE = 0.16  # a scale bar lies this near an edge
_CORNER = 0.14  # the letter of a panel lies this near a corner, on both axes
_MARGIN = 0.36  # an owner's mark lies in this outer part of the height
_HOLE = 0.35  # of the box; an outline encloses this much
_HOLE_MIN_PX = 3
_STRAIGHT = 0.12  # spread across over spread along
_RULER_TICKS = 6
_RULER_WIDE = 0.25  # a ruler lies in this outer strip
_RULER_LONG = 0.4  # of the edge that it lies along
_TICK_ASPECT = 1.8  # a tick is longer across the ruler than along it
_LIKELY = 0.4
_WORD_LETTERS = 4
_OWNER_PIECES = 5
_OWNER_WIDE = 0.5  # of the picture's width
_OWNER_GAP = 0.06  # its words stand no farther apart
_OWNER_SIDE = 0.16  # of the width; and no farther from a side edge


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One mark; `letters` is the number of pieces where it is words, `bright` white or nearly.

    `holes` counts what a single piece encloses: a sign or a name in one piece has many.
    """

    kind: MarkKind
    score: float
    box: tuple[int, int, int, int]
    letters: int = 0
    holes: int = 0
    bright: bool = False

    @property
    def pieces(self) -> int:
        """How many pieces of ink it counts for."""
        return max(1, self.letters, self.holes)


def group_pieces(pieces: Sequence[Piece], shape: tuple[int, int]) -> list[Group]:
    """Return the marks that the pieces make; `shape` (H, W) of the reduced picture."""
    pieces = _without_doubles(pieces)
    side = max(shape)
    written = [
        p
        for p in pieces
        if _LETTER_MIN <= p.height / side <= _LETTER_MAX
        and p.width <= _LETTER_ASPECT_MAX * p.height
    ]
    words = _words(written)
    in_words = {id(piece) for word in words for piece in word}
    groups = []
    for word in words:
        box = _union([p.box for p in word])
        best = sorted((p.score for p in word), reverse=True)
        if sum(p.score >= _LIKELY for p in word) >= _WORD_LETTERS:
            score = 1.0 - (1.0 - best[0]) * (1.0 - best[1])  # letters bear each other out
        else:
            score = (best[0] * best[1]) ** 0.5  # one sure letter beside a speck is no word
        kind: MarkKind = "label"
        if len(word) >= _RULER_TICKS and _are_ticks(word):
            kind = "ruler"
        groups.append(
            Group(kind=kind, score=score, box=box, letters=len(word), bright=_bright(word))
        )
    for piece in pieces:
        if id(piece) not in in_words:
            kind = _kind(piece, shape)
            groups.append(
                Group(
                    kind=kind,
                    score=piece.score,
                    box=piece.box,
                    holes=_holes(piece, shape),
                    bright=piece.bright,
                )
            )
    return _settle(groups, shape)


def _bright(word: Sequence[Piece]) -> bool:
    return sum(piece.bright for piece in word) >= 0.7 * len(word)


def _without_doubles(pieces: Sequence[Piece]) -> list[Piece]:
    """Of pieces of two layers at one place keep the surer."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: (-p.score, p.box)):
        if not any(_overlap(piece.box, other.box) > 0.5 for other in kept):
            kept.append(piece)
    return sorted(kept, key=lambda p: (p.box[1], p.box[0], p.box))


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Sets of two and more pieces that stand on one line, close together."""
    owner = list(range(len(pieces)))

    def root(index: int) -> int:
        while owner[index] != index:
            index = owner[index]
        return index

    for first, a in enumerate(pieces):
        for second in range(first + 1, len(pieces)):
            b = pieces[second]
            tall, low = max(a.height, b.height), min(a.height, b.height)
            gap = max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])
            level = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
            alike = max(abs(x - y) for x, y in zip(a.color, b.color, strict=True)) < _SAME_INK
            if alike and low > 0.45 * tall and gap < 1.0 * tall and level > 0.5 * low:
                owner[root(second)] = root(first)
    sets: dict[int, list[Piece]] = {}
    for index, piece in enumerate(pieces):
        sets.setdefault(root(index), []).append(piece)
    return [word for word in sets.values() if len(word) >= 2]


def _are_ticks(word: Sequence[Piece]) -> bool:
    """Whether most pieces are upright strokes at equal distances."""
    thin = [p for p in word if p.height > 2.5 * p.width or p.width > 2.5 * p.height]
    if len(thin) < 0.7 * len(word):
        return False
    steps = np.diff(sorted((p.box[0] + p.box[2]) / 2 for p in thin))
    return bool(steps.size and np.std(steps) < 0.35 * max(float(np.mean(steps)), 1.0))


def _kind(piece: Piece, shape: tuple[int, int]) -> MarkKind:
    side = max(shape)
    extent = len(piece.pixels) / max(piece.width * piece.height, 1)
    long, short = max(piece.width, piece.height), min(piece.width, piece.height)
    if extent > _BAR_EXTENT and long > _BAR_ASPECT * short:
        return "scale_bar" if _edge(piece.box, shape) < _BAR_EDGE * side else "line"
    flat = piece.width > _BAR_ASPECT * piece.height and piece.height < _BAR_HEIGHT * side
    if flat and _edge(piece.box, shape) < _BAR_EDGE * side and _spread_ratio(piece, shape) < 0.12:
        return "scale_bar"  # with upright ends
    hole, roundness, squareness = _outline(piece, shape)
    if hole > _HOLE and long > _LETTER_MAX * side / 2:
        return "box" if squareness > 0.93 else ("circle" if roundness > 0.85 else "contour")
    if _spread_ratio(piece, shape) < _STRAIGHT:
        return "line" if len(piece.pixels) < 0.1 * long * long else "arrow"
    if _LETTER_MIN * 2 <= piece.height / side <= _LETTER_MAX and long < _LETTER_MAX * side:
        is_letter = _in_corner(piece.box, shape) and _solidity(piece, shape) < _LETTER_SOLID_MAX
        return "corner_letter" if is_letter else "symbol"
    return "arrow"


def _settle(groups: Sequence[Group], shape: tuple[int, int]) -> list[Group]:
    """Judge by the company: the number at a scale bar, several letters, words at the rim."""
    side = max(shape)
    bars = [g for g in groups if g.kind == "scale_bar"]
    settled = []
    for group in groups:
        x0, y0, x1, y1 = group.box
        kind = group.kind
        if kind == "label" and any(
            x0 < b.box[2] and b.box[0] < x1 and _gap(group.box, b.box) < 0.06 * side for b in bars
        ):
            kind = "scale_bar"
        elif kind == "label" and _in_corner(group.box, shape) and x1 - x0 < 2.2 * (y1 - y0):
            kind = "corner_letter"  # "(a)", "A." or a letter in two pieces
        settled.append(replace(group, kind=kind))
    mark = _owners_mark(settled, shape)
    if mark is not None:
        settled = [
            replace(g, kind="watermark") if _overlap(g.box, mark) > 0.5 else g for g in settled
        ]
    settled = _with_rulers(settled, shape)
    letters = [g for g in settled if g.kind == "corner_letter" and g.score >= 0.5]
    if len(letters) > 1:  # the picture is several, or the letters name something in it
        settled = [replace(g, kind="letter") if g.kind == "corner_letter" else g for g in settled]
    return settled


def _with_rulers(groups: Sequence[Group], shape: tuple[int, int]) -> list[Group]:
    """Call ruler what stands in a row along an edge: ticks, and the numbers at them."""
    height, width = shape
    side = max(shape)
    settled = list(groups)
    for axis, low in ((0, True), (0, False), (1, True), (1, False)):
        size = shape[1 - axis]  # across the edge: x for the left and right ones
        strip = [
            index
            for index, g in enumerate(settled)
            if g.score >= _LIKELY
            and g.kind != "watermark"
            and (
                g.box[axis + 2] < _RULER_WIDE * side
                if low
                else g.box[axis] > size - _RULER_WIDE * side
            )
        ]
        ticks = [
            i
            for i in strip
            if settled[i].box[axis + 2] - settled[i].box[axis]
            >= _TICK_ASPECT * (settled[i].box[3 - axis] - settled[i].box[1 - axis])
        ]
        if len(ticks) < max(_RULER_TICKS, 0.5 * len(strip)):
            continue
        span = _union([settled[i].box for i in ticks])
        length = span[3 - axis] - span[1 - axis]
        if length >= _RULER_LONG * (height if axis == 0 else width):
            for i in strip:
                settled[i] = replace(settled[i], kind="ruler")
    return settled


def _owners_mark(
    groups: Sequence[Group], shape: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The block of bright ink in a corner that names the owner: words, a sign, or both.

    A sign may be seen by its shadow, one dark piece with many holes.

    Labels stand at what they name, with lines that lead into the picture; an owner's mark is one
    dense block of many pieces, which keeps to an upper or a lower corner.
    """
    height, width = shape
    left = [g for g in groups if g.kind not in ("scale_bar", "ruler")]
    best: tuple[int, tuple[int, int, int, int]] | None = None
    while left:
        block, members, near = left[0].box, [left[0]], [left[0]]
        left = left[1:]
        while near:
            near = [g for g in left if _gap(g.box, block) < _OWNER_GAP * max(shape)]
            left = [g for g in left if g not in near]
            block = _union([block, *(g.box for g in near)])
            members += near
        pieces = sum(g.pieces for g in members)
        bright = sum(g.pieces for g in members if g.bright or g.holes >= _OWNER_PIECES)
        x0, _, x1, _ = block
        if (
            pieces >= _OWNER_PIECES
            and bright >= 0.5 * pieces
            and _in_margin(block, shape)
            and x1 - x0 <= _OWNER_WIDE * width
            and min(x0, width - x1) <= _OWNER_SIDE * width
            and (best is None or pieces > best[0])
        ):
            best = pieces, block
    return None if best is None else best[1]


def _outline(piece: Piece, shape: tuple[int, int]) -> tuple[float, float, float]:
    """Enclosed share of the box, and how near the outline is to an ellipse and to a rectangle."""
    outer, holes = _areas(piece, shape)
    area = float(piece.width * piece.height)
    ellipse = area * np.pi / 4
    roundness = 1.0 - abs(outer - ellipse) / ellipse * 2
    return max(holes, default=0.0) / area, roundness, outer / area


def _holes(piece: Piece, shape: tuple[int, int]) -> int:
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


def _in_corner(box: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    side, (height, width) = max(shape), shape
    x, y = min(box[0], width - box[2]), min(box[1], height - box[3])
    return max(x, y) < _CORNER * side and min(x, y) < _CORNER * side * 0.7


def _in_margin(box: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    """Whether the whole box lies in the upper or the lower margin."""
    return box[3] < _MARGIN * shape[0] or box[1] > (1 - _MARGIN) * shape[0]


def _edge(box: tuple[int, int, int, int], shape: tuple[int, int]) -> int:
    return min(box[0], box[1], shape[1] - box[2], shape[0] - box[3])


def _gap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> int:
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0)


def _union(boxes: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Shared area over that of the smaller box."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return wide * high / max(least, 1)
