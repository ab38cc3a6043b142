"""Find what was drawn on a picture: arrows, letters, outlines, bars, rulers, watermarks, insets.

`strokes` finds pieces that could be ink, a small network weighs their facts, `mark_kinds` puts the
pieces together. The network's weights stand in ``mark_model.json``, which says how they were made:
from marks drawn by `drawn_marks` on pictures, so that the truth is known to the pixel.

What a PDF itself paints over a picture is known exactly; see `marks_of_overlays`.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.insets import find_insets
from mmskin_build.images.mark_kinds import group_pieces
from mmskin_build.images.mark_shapes import MarkKind, Piece
from mmskin_build.images.plate_letters import find_plate_letters
from mmskin_build.images.read import working_copy
from mmskin_build.images.strokes import FACTS, LAYERS, find_strokes
from mmskin_build.records import Overlay, Panel

RgbImage = NDArray[np.uint8]

MODEL_FILE = "mark_model.json"

_PIECE_MIN = 0.3  # pieces below this are not looked at further
_PIECES_MAX = 250  # of one picture, the surest; more ink than this is a drawing anyhow
_RED, _DARKEST = FACTS.index("red"), FACTS.index("darkest")
_BRIGHT_MIN = 0.45  # of the least channel; white that lets a colored ground shine through
_BAR_ASPECT = 2.5  # an opaque rectangle at least this long over its height covers something
_CORNER = 0.2
_SCALE_UNITS = ("µm", "μm", "um", "mm", "cm", "nm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something drawn on a picture; `box` x0 y0 x1 y1 in its pixels, origin top left.

    `score` is the probability in [0, 1] that it was drawn.
    """

    kind: MarkKind
    box: tuple[int, int, int, int]
    score: float


def find_marks(rgb: RgbImage, small: RgbImage | None = None) -> tuple[Mark, ...]:
    """Return the marks in the pixels of a picture ``(H, W, 3) uint8``, the surest first.

    `small` is its `read.working_copy`, where somebody has it; a mark is drawn for the whole
    picture's size, so it can be seen there.
    """
    if min(rgb.shape[:2]) < 8:
        return ()
    small = working_copy(rgb) if small is None else small
    scale = max(small.shape[:2]) / max(rgb.shape[:2])
    marks = [Mark(kind="inset", box=box, score=score) for box, score in find_insets(small)]
    marks += [Mark(kind="letter", box=box, score=1.0) for box in find_plate_letters(small)]
    marks += _find_ink(small)
    found = (replace(mark, box=_enlarged(mark.box, scale, rgb.shape)) for mark in marks)
    return tuple(sorted(found, key=lambda m: (-m.score, m.box, m.kind)))


def _find_ink(rgb: RgbImage) -> list[Mark]:
    """All marks that are drawn with one ink."""
    strokes = find_strokes(rgb)
    if not len(strokes.boxes):
        return []
    scores = load_model().scores(strokes.facts)
    order = np.argsort(-scores, kind="stable")[:_PIECES_MAX]
    pieces = [
        Piece(
            score=s,
            box=tuple(strokes.boxes[i].tolist()),
            pixels=strokes.pixels[i],
            bright=LAYERS[strokes.layers[i]] in ("thin_bright", "white")
            or bool(strokes.facts[i, _DARKEST] >= _BRIGHT_MIN),
            color=tuple(strokes.facts[i, _RED : _RED + 3].tolist()),
        )
        for i in order
        if (s := float(scores[i])) >= _PIECE_MIN
    ]
    return [
        Mark(kind=g.kind, score=round(g.score, 4), box=_enlarged(g.box, strokes.scale, rgb.shape))
        for g in group_pieces(pieces, strokes.shape)
    ]


def marks_of_overlays(panel: Panel) -> tuple[Mark, ...]:
    """Return what the page paints over a panel as marks in its exported pixels, all certain.

    Words are letters in a corner, units of a scale bar, or labels; drawn paths are lines, bars or
    arrows by their boxes. A panel without `pixel_size` has no pixels, and so no marks.
    """
    if panel.pixel_size is None or panel.bbox.width <= 0 or panel.bbox.height <= 0:
        return ()
    width, height = panel.pixel_size
    sx, sy = width / panel.bbox.width, height / panel.bbox.height
    marks = []
    for overlay in panel.overlays:
        x0 = math.floor((overlay.bbox.x0 - panel.bbox.x0) * sx)
        y0 = math.floor((overlay.bbox.y0 - panel.bbox.y0) * sy)
        x1 = math.ceil((overlay.bbox.x1 - panel.bbox.x0) * sx)
        y1 = math.ceil((overlay.bbox.y1 - panel.bbox.y0) * sy)
        box = (max(x0, 0), max(y0, 0), min(x1, width), min(y1, height))
        if box[2] > box[0] and box[3] > box[1]:
            marks.append(
                Mark(kind=_overlay_kind(overlay, box, (width, height)), box=box, score=1.0)
            )
    return tuple(sorted(marks, key=lambda m: (m.box, m.kind)))


def _overlay_kind(
    overlay: Overlay, box: tuple[int, int, int, int], size: tuple[int, int]
) -> MarkKind:
    wide, high = box[2] - box[0], box[3] - box[1]
    near_x, near_y = min(box[0], size[0] - box[2]), min(box[1], size[1] - box[3])
    edge = _CORNER * max(size)
    if overlay.kind == "text":
        text = (overlay.text or "").strip()
        if any(text.endswith(unit) for unit in _SCALE_UNITS) and text[:1].isdigit():
            return "scale_bar"
        if len(text.strip("().:")) == 1:
            return "corner_letter" if max(near_x, near_y) < edge else "letter"
        return "label"
    if overlay.kind == "image":
        return "symbol"
    if wide > 8 * high and min(near_x, near_y) < edge:
        return "scale_bar"
    if wide > _BAR_ASPECT * high or high > _BAR_ASPECT * wide:
        return "line" if min(wide, high) < 0.02 * max(size) else "bar"
    return "arrow"


def _enlarged(
    box: tuple[int, int, int, int], scale: float, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    return (
        math.floor(x0 / scale),
        math.floor(y0 / scale),
        min(math.ceil(x1 / scale), shape[1]),
        min(math.ceil(y1 / scale), shape[0]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkModel:
    """A network of dense layers with rectified units, over standardized facts of pieces."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: tuple[NDArray[np.float64], ...]
    biases: tuple[NDArray[np.float64], ...]
    picture: dict[str, float]

    def scores(self, facts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each row of facts (n, len(FACTS)) the probability of being ink."""
        values = (facts - self.mean) / self.scale
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values = np.maximum(values @ weights + bias, 0.0)
        odds = (values @ self.weights[-1] + self.biases[-1])[:, 0]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30))))


@functools.cache
def load_model() -> MarkModel:
    """Read the shipped weights.

    Raises:
        ValueError: If they were made for other facts than `strokes.FACTS`.
    """
    text = resources.files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8")
    return parse_model(json.loads(text))


def parse_model(found: dict[str, Any]) -> MarkModel:
    """Turn the content of ``mark_model.json`` into a model.

    Raises:
        ValueError: If it was made for other facts than `strokes.FACTS`.
    """
    if tuple(found["facts"]) != FACTS:
        raise ValueError(f"{MODEL_FILE} weighs other facts than strokes.FACTS; train it again")
    return MarkModel(
        mean=np.array(found["mean"]),
        scale=np.array(found["scale"]),
        weights=tuple(np.array(layer) for layer in found["weights"]),
        biases=tuple(np.array(layer) for layer in found["biases"]),
        picture=dict(found["picture"]),
    )
