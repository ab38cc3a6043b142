"""Single letters in a picture: shapes of a letter's size, and which letter each of them is.

Shapes are connected pixels darker or brighter than a few fixed levels, so that a letter is found on
plain ground, on tissue, in a box and in a disc alike. A small network, taught on letters drawn by
code (``tools/train_glyphs.py``; how it was made is told in ``glyph_model.json``), says for each
shape which letter it is, or none. Boxes are ``(x0, y0, x1, y1)`` in pixels from the top left.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
GlyphBox = tuple[int, int, int, int]

#: The classes of the network: letters whose two cases have one shape are their capital.
SAME_IN_BOTH_CASES = "cosvwxz"
CLASSES = (
    *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    *(letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in SAME_IN_BOTH_CASES),
    "",  # no letter
)
MODEL_FILE = "glyph_model.json"

DARK_LEVELS = (50, 100, 150)  # grey levels at or below which a pixel may be a letter's
BRIGHT_LEVELS = (160, 205, 240)  # at or above which
_SIDE_PX = 20  # of the square that a shape is brought to
_MIN_HEIGHT_PX = 7
_ASPECT = (0.08, 1.7)  # width over height
_FILL = (0.12, 0.96)  # share of its box that a letter inks
_MOST_SHAPES = 1500  # of one level; a picture with more is texture there
_BAR_ASPECT = 5.0  # width over height of a scale bar
_NO_LETTER = 0.9  # chance of no letter from which a shape is left out
_SAME_PX = 2  # two levels find one shape when their boxes differ by no more


@dataclass(frozen=True, slots=True)
class Glyph:
    """A shape of a letter's size; `chances` are those of `CLASSES`, and sum to 1."""

    box: GlyphBox
    is_bright: bool
    chances: NDArray[np.float32]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True)
class Shapes:
    """What looks like letters in one picture, and like scale bars: long, thin and level."""

    glyphs: tuple[Glyph, ...]
    bars: tuple[GlyphBox, ...]


def find_glyphs(gray: Gray, tallest_px: float) -> Shapes:
    """Find the shapes of a letter's size, no taller than `tallest_px`, in ``(H, W) uint8``."""
    boxes: list[GlyphBox] = []
    is_bright: list[bool] = []
    masks: list[NDArray[np.uint8]] = []
    bars: list[GlyphBox] = []
    levels = [(level, False) for level in DARK_LEVELS] + [(level, True) for level in BRIGHT_LEVELS]
    for level, bright in levels:
        last, way = (level - 1, cv2.THRESH_BINARY) if bright else (level, cv2.THRESH_BINARY_INV)
        inked = cv2.threshold(gray, last, 1, way)[1]
        found, thin = shapes_in(np.asarray(inked, np.uint8), tallest_px)
        bars.extend(thin)
        for box, mask in found:
            boxes.append(box)
            is_bright.append(bright)
            masks.append(mask)
    if not boxes:
        return Shapes((), tuple(bars))
    chances = classify_shapes(features(masks))
    glyphs = [
        Glyph(box, bright, row)
        for box, bright, row in zip(boxes, is_bright, chances, strict=True)
        if row[-1] <= _NO_LETTER
    ]
    return Shapes(_without_doubles(glyphs), tuple(dict.fromkeys(bars)))


def shapes_in(
    mask: NDArray[np.uint8], tallest_px: float
) -> tuple[list[tuple[GlyphBox, NDArray[np.uint8]]], list[GlyphBox]]:
    """Return the connected shapes of a letter's size with their own pixels, and the bars.

    In `mask` pixels of shapes are 1; of the shapes returned they are 255.
    """
    labels, (left, top, w, h), area = label_shapes(mask)
    if len(area) <= 1:
        return [], []
    fill = area / np.maximum(w * h, 1)  # the ground may be empty
    fits = (h >= _MIN_HEIGHT_PX) & (h <= tallest_px)
    fits &= (w >= _ASPECT[0] * h) & (w <= _ASPECT[1] * h)
    fits &= (fill >= _FILL[0]) & ((fill <= _FILL[1]) | (w <= 0.4 * h))
    fits[0] = False
    thin = (w >= _BAR_ASPECT * h) & (w >= 2 * _MIN_HEIGHT_PX) & (h <= 0.5 * tallest_px)
    thin &= fill >= 0.5
    thin[0] = False
    found = []
    for index in np.flatnonzero(fits)[:_MOST_SHAPES].tolist():
        x0, y0, x1, y1 = box = _box_of(index, left, top, w, h)
        own = (labels[y0:y1, x0:x1] == index).view(np.uint8)
        found.append((box, own * np.uint8(255)))
    bars = [
        _box_of(index, left, top, w, h) for index in np.flatnonzero(thin)[:_MOST_SHAPES].tolist()
    ]
    return found, bars


def _box_of(index: int, *sides: NDArray[np.int64]) -> GlyphBox:
    left, top, wide, high = (int(side[index]) for side in sides)
    return left, top, left + wide, top + high


def label_shapes(
    mask: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], tuple[NDArray[np.int64], ...], NDArray[np.int64]]:
    """Label the connected shapes (8 neighbors) of a mask of 0 and 1, ``(H, W)``.

    The boxes and areas are those of `cv2.connectedComponentsWithStats`, but taken from the runs of
    set pixels in each row, of which there are far fewer than pixels: half the time.

    Returns:
        Labels ``(H, W)``, 0 for the ground; left, top, width and height of each label, and its
        area in pixels. Those of the ground mean nothing.
    """
    count, found = cv2.connectedComponentsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
    labels = np.asarray(found, np.int32)
    height, width = mask.shape
    padded = np.zeros(height * (width + 1) + 1, np.uint8)  # no run goes on in the next row
    padded[1:].reshape(height, width + 1)[:, :width] = mask
    turns = np.flatnonzero(padded[1:] != padded[:-1])
    starts, ends = turns[0::2], turns[1::2]
    rows, columns = np.divmod(starts, width + 1)
    lengths = ends - starts
    label = labels[rows, columns]
    right, top, bottom = (np.zeros(count, np.int64) for _ in range(3))
    left = np.full(count, width, np.int64)
    np.minimum.at(left, label, columns)
    np.maximum.at(right, label, columns + lengths)
    top[label[::-1]] = rows[::-1]  # rows ascend, and of several values the last one stays
    bottom[label] = rows + 1
    area = np.bincount(label, weights=lengths, minlength=count).astype(np.int64)
    return labels, (left, top, right - left, bottom - top), area


def features(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return shapes (their pixels 255) as the network sees them, a row each.

    Each is centered in a square, its proportions beside it.
    """
    squares = np.zeros((len(masks), _SIDE_PX, _SIDE_PX), np.uint8)
    table = np.empty((len(masks), _SIDE_PX * _SIDE_PX + 1), np.float32)
    for number, mask in enumerate(masks):
        high, wide = mask.shape
        scale = _SIDE_PX / max(high, wide)
        width, height = max(1, round(wide * scale)), max(1, round(high * scale))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        x, y = (_SIDE_PX - width) // 2, (_SIDE_PX - height) // 2
        place = squares[number, y : y + height, x : x + width]
        place[...] = cv2.resize(mask, (width, height), interpolation=way)
        table[number, -1] = wide / high
    np.divide(squares.reshape(-1, _SIDE_PX**2), np.float32(255), out=table[:, :-1])
    return table


def classify_shapes(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the chances of `CLASSES` for rows of `features`, ``(N, len(CLASSES))``."""
    values = table
    layers = _model()
    for number, (weights, bias) in enumerate(layers):
        # OpenCV's product runs in one thread: starting BLAS threads costs more than it saves here.
        values = np.asarray(cv2.gemm(values, weights, 1.0, np.zeros(0), 0.0), np.float32) + bias
        if number + 1 < len(layers):
            values = np.maximum(values, 0)
    values = values - values.max(axis=1, keepdims=True)
    powers = np.exp(values)
    chances: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return chances


@cache
def _model() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    text = resources.files("mmskin_build.figures").joinpath(MODEL_FILE).read_text("utf-8")
    layers = []
    for layer in json.loads(text)["layers"]:
        arrays = [
            np.frombuffer(base64.b64decode(layer[name]), "<f2").astype(np.float32)
            for name in ("weights", "bias")
        ]
        layers.append((arrays[0].reshape(layer["shape"]), arrays[1]))
    return tuple(layers)


def _without_doubles(glyphs: Sequence[Glyph]) -> tuple[Glyph, ...]:
    """Keep of shapes that several levels found the one that is most surely a letter."""
    ordered = sorted(glyphs, key=lambda g: (float(g.chances[-1]), g.box))
    boxes = np.array([(*g.box, 10_000 * g.is_bright) for g in ordered]).reshape(-1, 5)
    kept = np.zeros(len(ordered), bool)
    for index, box in enumerate(boxes):
        near = np.abs(boxes[:index][kept[:index]] - box).max(axis=1) <= _SAME_PX
        kept[index] = not near.any()
    return tuple(glyph for glyph, keep in zip(ordered, kept, strict=True) if keep)
