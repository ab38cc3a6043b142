"""The letters inside the pictures of one figure, read together.

A shape alone says little: tissue is full of rings and bars. But the letters of a figure are known
from its caption, each stands once, and all are set in one size and case. So the size, case and
tone are chosen that explain most of the named letters, and each letter is the shape that fits them
best. Boxes are in points, as those of the pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.assignment import assign
from mmskin_build.figures.glyphs import CLASSES, SAME_IN_BOTH_CASES, GlyphBox, find_glyphs
from mmskin_build.geometry import Bbox

Rgb = NDArray[np.uint8]

_SCALE = (2.2, 3.2)  # pixels a point at which letters are looked for
_MOST_PX = 5_000_000
_HEIGHT_PT = (2.6, 30.0)  # of a letter
_HEIGHT_SHARE = 0.3  # of the smaller side of its picture, at most
_TALL = "bdfhklgpqyjt"  # lower-case letters that are taller than an x
_TALLER = 1.38
_HANGING = 0.23  # logarithm: in some fonts J and Q hang below the line
_FOUND = 4.0  # nats that a letter is worth that stands where no other explains it
_LEAST_CHANCE = 0.12
_LIKELY = 0.25  # chance of no letter below which a shape makes a word with its neighbor
_SIZE_SPREAD = 0.07  # logarithm of height, within one figure
_SIZE_LIMIT = 0.2
_CROWDED = 3.0  # nats against a letter inside a word, or at a scale bar
_LISTED = 1.5  # nats against one that may stand in a list: "F, G, I, J"
_WORD_GAP, _LIST_GAP = 0.9, 1.3  # letter heights between the letters of a word, of a list
_OTHER_TONE = 0.7  # nats against a bright letter among dark ones
_FOUND_SHARE = 0.6  # of the named letters must be found, and two
# Letter heights beside, above and below a letter that are painted over: with the brackets of a
# small letter, with those of a capital, without.
_ROOM = ((1.2, 0.8, 0.8), (0.85, 0.3, 0.4), (0.12, 0.12, 0.12))
_NO_PRIME = 0.1  # of its chance that a letter keeps where a prime is missing, or one too many
_ANCHORS = 60  # shapes that are tried as the measure of all


@dataclass(frozen=True, slots=True)
class Mark:
    """A letter in a picture: which picture of the figure, where, and how well it fits, in nats."""

    picture: int
    box: Bbox
    worth: float


@dataclass(frozen=True, slots=True)
class _Shapes:
    """All shapes of a figure as columns."""

    picture: NDArray[np.int64]
    boxes: NDArray[np.float64]  # (N, 4), points
    is_bright: NDArray[np.bool_]
    chances: NDArray[np.float32]  # (N, classes)
    against: NDArray[np.float64]  # nats
    primed: NDArray[np.bool_]


def read_marks(
    pictures: Sequence[tuple[Rgb, Bbox]], letters: Sequence[str], *, one_each: bool = False
) -> dict[str, Mark]:
    """Read the letters that a caption names in the pictures of its figure.

    Args:
        pictures: ``(H, W, 3) uint8`` each, with what it shows in points.
        letters: Lower case, as the caption names them; ``b'`` has a prime.
        one_each: Whether each picture bears one letter at most.

    Returns:
        The letters found, empty where too few fit together to be believed.
    """
    classes = {_class_of(letter, is_upper) for letter in letters for is_upper in (True, False)}
    shapes = _find_shapes(pictures, sorted(classes)) if len(letters) >= 2 else None
    if shapes is None:
        return {}
    best: dict[str, Mark] = {}
    most = 0.0
    for is_upper in (True, False):
        columns = [_class_of(letter, is_upper) for letter in letters]
        sizes = np.array([_size_of(letter, is_upper) for letter in letters])
        chances = shapes.chances[:, columns].T.astype(np.float64)  # (letters, N)
        for row, letter in enumerate(letters):
            if len(letter) > 1 or f"{letter}'" in letters:  # only a prime tells b from b'
                chances[row, shapes.primed != (len(letter) > 1)] *= _NO_PRIME
        hanging = np.array([letter[0] in "jq" for letter in letters])
        heights = shapes.boxes[:, 3] - shapes.boxes[:, 1]
        plain = np.log(np.maximum(chances, 1e-4)) + _FOUND - shapes.against
        plain[chances < _LEAST_CHANCE] = -np.inf
        for row, shape in _anchors(plain):
            unit = heights[shape] / sizes[row]
            off = np.log(heights[None, :] / (unit * sizes[:, None]))
            if is_upper:
                lower = off[hanging] - _HANGING
                off[hanging] = np.where(np.abs(lower) < np.abs(off[hanging]), lower, off[hanging])
            worth = plain - 0.5 * (off / _SIZE_SPREAD) ** 2
            worth -= _OTHER_TONE * (shapes.is_bright != shapes.is_bright[shape])
            worth[np.abs(off) > _SIZE_LIMIT] = -np.inf
            total = float(np.maximum(worth.max(axis=1), 0).sum())
            if total <= most:
                continue
            chosen = _choose(worth, shapes.picture, one_each)
            total = sum(float(worth[r, s]) for r, s in chosen)
            if total > most:
                most = total
                best = {
                    letters[r]: Mark(
                        int(shapes.picture[s]),
                        Bbox(*map(float, shapes.boxes[s])),
                        float(worth[r, s]),
                    )
                    for r, s in chosen
                }
    return best if len(best) >= max(2, _FOUND_SHARE * len(letters)) else {}


def _anchors(plain: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The shapes that are most surely one of the letters, with the letter."""
    rows, shapes = np.nonzero(plain > 0)
    order = np.argsort(-plain[rows, shapes], kind="stable")[:_ANCHORS]
    return [(int(rows[i]), int(shapes[i])) for i in order]


def _choose(
    worth: NDArray[np.float64], picture: NDArray[np.int64], one_each: bool
) -> list[tuple[int, int]]:
    """A shape for each letter; no shape twice, and with `one_each` no picture twice."""
    if one_each:
        count = int(picture.max()) + 1
        best = np.full((len(worth), count), -np.inf)
        where = np.zeros((len(worth), count), int)
        for index in range(count):
            own = np.flatnonzero(picture == index)
            if len(own):
                best[:, index] = worth[:, own].max(axis=1)
                where[:, index] = own[worth[:, own].argmax(axis=1)]
        costs = [
            {index: -value for index, value in enumerate(row) if value > 0} for row in best.tolist()
        ]
        taken = enumerate(assign(costs, alone=0.0))
        return [(row, int(where[row, index])) for row, index in taken if index is not None]
    chosen: dict[int, int] = {}
    for row in np.argsort(-worth.max(axis=1), kind="stable"):
        for shape in np.argsort(-worth[row], kind="stable"):
            if worth[row, shape] <= 0:
                break
            if shape not in chosen.values():
                chosen[int(row)] = int(shape)
                break
    return sorted(chosen.items())


def _class_of(letter: str, is_upper: bool) -> int:
    base = letter[0].upper() if is_upper or letter[0] in SAME_IN_BOTH_CASES else letter[0]
    return CLASSES.index(base)


def _size_of(letter: str, is_upper: bool) -> float:
    """Height of a letter, in heights of a capital or of an x."""
    return _TALLER if not is_upper and letter[0] in _TALL else 1.0


def _find_shapes(pictures: Sequence[tuple[Rgb, Bbox]], classes: Sequence[int]) -> _Shapes | None:
    """The shapes of all pictures that may be a letter of `classes`."""
    columns: list[tuple[int, Bbox, bool, NDArray[np.float32], float, bool]] = []
    wanted = np.array(classes)
    for index, (rgb, bbox) in enumerate(pictures):
        gray, sx, sy = _scaled(rgb, bbox)
        side = min(bbox.width, bbox.height)
        tallest = min(_HEIGHT_PT[1], max(_HEIGHT_SHARE * side, 8.0)) * sy
        shapes = find_glyphs(gray, tallest)
        boxes = np.array([g.box for g in shapes.glyphs], float).reshape(-1, 4)
        bright = np.array([g.is_bright for g in shapes.glyphs], bool)
        likely = np.array([g.chances[-1] < _LIKELY for g in shapes.glyphs], bool)
        bars = np.array(shapes.bars, float).reshape(-1, 4)
        for glyph in shapes.glyphs:
            if glyph.height < _HEIGHT_PT[0] * sy or glyph.chances[wanted].max() < _LEAST_CHANCE:
                continue
            x0, y0, x1, y1 = glyph.box
            placed = Bbox(
                bbox.x0 + x0 / sx, bbox.y0 + y0 / sy, bbox.x0 + x1 / sx, bbox.y0 + y1 / sy
            )
            against = _in_a_row(
                glyph.box, boxes[bright == glyph.is_bright], likely[bright == glyph.is_bright]
            )
            if _at_a_bar(glyph.box, bars):
                against = _CROWDED
            primed = _has_prime(gray, glyph.box, glyph.is_bright)
            columns.append((index, placed, glyph.is_bright, glyph.chances, against, primed))
    if not columns:
        return None
    picture, placed_all, tone, chances, against_all, primes = zip(*columns, strict=True)
    return _Shapes(
        np.array(picture),
        np.array(placed_all, float),
        np.array(tone, bool),
        np.stack(chances),
        np.array(against_all, float),
        np.array(primes, bool),
    )


def _scaled(rgb: Rgb, bbox: Bbox) -> tuple[NDArray[np.uint8], float, float]:
    """The picture in gray, at a resolution that letters need, and its pixels a point."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = gray.shape
    now = width / max(bbox.width, 1e-6)
    wanted = min(max(now, _SCALE[0]), _SCALE[1])
    wanted *= min(1.0, (_MOST_PX / max(bbox.area * wanted**2, 1.0)) ** 0.5)
    if abs(wanted / now - 1) > 0.02:
        size = (max(1, round(bbox.width * wanted)), max(1, round(bbox.height * wanted)))
        way = cv2.INTER_AREA if wanted < now else cv2.INTER_CUBIC
        gray = np.asarray(cv2.resize(gray, size, interpolation=way), np.uint8)
    return gray, gray.shape[1] / max(bbox.width, 1e-6), gray.shape[0] / max(bbox.height, 1e-6)


def _in_a_row(box: GlyphBox, others: NDArray[np.float64], likely: NDArray[np.bool_]) -> float:
    """Nats against a letter beside which others stand on one line: a word, or a list of letters.

    A neighbor is a `likely` letter of about its height, or any shape of just its height and level.
    """
    if len(others) == 0:
        return 0.0
    x0, y0, x1, y1 = box
    high = y1 - y0
    heights = others[:, 3] - others[:, 1]
    level = np.minimum(others[:, 3], y1) - np.maximum(others[:, 1], y0) >= 0.6 * np.minimum(
        heights, high
    )
    like = likely & (heights >= 0.6 * high) & (heights <= 1.6 * high)
    like |= (np.abs(heights - high) <= 0.1 * high) & (np.abs(others[:, 3] - y1) <= 0.1 * high)
    gaps = np.maximum(others[:, 0] - x1, x0 - others[:, 2])
    gaps = gaps[level & like & (gaps > -0.1 * high)] / high
    least = float(gaps.min()) if len(gaps) else np.inf
    return _CROWDED if least < _WORD_GAP else _LISTED if least < _LIST_GAP else 0.0


def _at_a_bar(box: GlyphBox, bars: NDArray[np.float64]) -> bool:
    """Whether a letter stands at the end of a scale bar: it then tells whose scale it is."""
    if len(bars) == 0:
        return False
    x0, y0, x1, y1 = box
    middle = (bars[:, 1] + bars[:, 3]) / 2
    gaps = np.maximum(bars[:, 0] - x1, x0 - bars[:, 2])
    thin = bars[:, 3] - bars[:, 1] <= 0.5 * (y1 - y0)
    return bool((thin & (middle > y0) & (middle < y1) & (gaps >= 0) & (gaps < y1 - y0)).any())


def _has_prime(gray: NDArray[np.uint8], box: GlyphBox, is_bright: bool) -> bool:
    """Whether a small stroke stands at the upper right of a letter, and nothing below it."""
    x0, y0, x1, y1 = box
    high = y1 - y0
    beside = gray[max(0, y0 - round(0.1 * high)) : y1, x1 + 1 : x1 + round(0.5 * high)]
    if beside.size == 0:
        return False
    inked = (beside >= 180) if is_bright else (beside <= 110)
    half = round(0.5 * inked.shape[0])
    return bool(inked[:half].mean() > 0.06 and inked[half + 1 :].mean() < 0.01)


def erase_marks(rgb: Rgb, boxes: Mapping[str, tuple[float, float, float, float]]) -> Rgb:
    """Paint over letters (boxes in pixels) that stand on plain ground, brackets with them.

    A letter between pictures must not be taken for a part of one, nor stand in a gutter's way.
    """
    clean = rgb.copy()
    height, width = rgb.shape[:2]
    for x0, y0, x1, y1 in boxes.values():
        high = y1 - y0
        for wide, above, below in _ROOM:
            left, right = round(x0 - wide * high), round(x1 + wide * high)
            top, bottom = round(y0 - above * high), round(y1 + below * high)
            left, top = max(0, left), max(0, top)
            right, bottom = min(width, right), min(height, bottom)
            part = clean[top:bottom, left:right]
            if part.size == 0:
                break
            edge = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]]).astype(np.int16)
            ground = np.median(edge, axis=0)
            if (np.abs(edge - ground).max(axis=1) <= 40).mean() >= 0.97:
                clean[top:bottom, left:right] = ground.astype(np.uint8)
                break
    return clean
