"""Find identifiable faces: whole, half, eyes only, lower face, turned, dark, barred.

The detector knows faces as parts of people. On the picture alone it finds ordinary portraits; a
face that fills the frame, an eye or a mouth it finds on a smaller copy with a wide black margin,
where they have the size that it learned. A logistic model weighs both answers; its weights stand
in ``face_model.json``, with how they were fitted.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.bodyparts import FACES, PLAIN_SIDE_PX, Parts, find_parts
from mmskin_build.images.eye_bars import find_eye_bars, is_barred

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]

MODEL_FILE = "face_model.json"

PADDED_SIDE_PX, PADDED_SHARE = 192, 0.7  # the smaller copy in its margin
_LIGHT_WANTED = 230.0  # brightest tone of the padded copy of a dark picture
_LIGHT_ENOUGH = 200.0
_LIGHT_LEAST = 20.0
_BOX_SHARE = 0.3  # boxes at least this good beside the best one are faces, too
_BOX_LEAST = 0.05
_BARRED_SCORE = 0.75  # a bar among skin, where the detector sees no face behind it
_BAR_WIDTH = 0.35  # of the face; a narrower one covers no eyes
_TINY = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFinding:
    """What a picture says of faces; boxes in its pixels, origin top left.

    `score` in [0, 1] is that of an identifiable face or part of one. `parts` and `padded` are the
    detector's answers, for whoever looks for other parts.
    """

    score: float
    boxes: tuple[Box, ...]
    eyes_barred: bool
    parts: Parts
    padded: Parts


def find_faces(rgb: RgbImage, *, prior: float = 0.0, parts: Parts | None = None) -> FaceFinding:
    """Look for faces in a picture ``(H, W, 3) uint8``.

    Args:
        rgb: The picture.
        prior: Log odds to add for what is known otherwise, for instance from the caption.
        parts: The detector's answer for the picture alone, where it was asked before
            (`bodyparts.look`).

    Raises:
        MissingDependencyError: If the detector is not installed.
    """
    parts, padded = look_twice(rgb, parts)
    score = combine(parts.score(*FACES), padded.score(*FACES), prior)
    bars = find_eye_bars(rgb)
    boxes = _face_boxes(parts, padded) if score >= 0.5 else ()
    barred = any(is_barred(rgb, box) for box in boxes)
    for bar in bars:
        near = [box for box in boxes if _covers_eyes(bar, box)]
        barred |= bool(near) or not boxes
        if not near:
            boxes = (*boxes, _face_of_bar(bar, rgb.shape))
    if bars:
        score = max(score, _BARRED_SCORE)
    return FaceFinding(
        score=round(score, 4), boxes=boxes, eyes_barred=barred, parts=parts, padded=padded
    )


def look_twice(rgb: RgbImage, parts: Parts | None = None) -> tuple[Parts, Parts]:
    """Return the detector's answers: for the picture alone, unless given; for a padded copy."""
    return (
        find_parts(rgb, side_px=PLAIN_SIDE_PX) if parts is None else parts,
        find_parts(_lit(rgb), side_px=PADDED_SIDE_PX, share=PADDED_SHARE),
    )


def combine(first: float, padded: float, prior: float = 0.0) -> float:
    """Return the score of a face from the detector's two scores, each in [0, 1]."""
    model = load_model()
    odds = model["bias"] + model["first"] * log_odds(first) + model["padded"] * log_odds(padded)
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds + prior))))


def log_odds(score: float) -> float:
    """Log odds of a score, kept from the ends."""
    return math.log((score + _TINY) / (1.0 - score + _TINY))


@functools.cache
def load_model() -> dict[str, float]:
    """Read the shipped weights `bias`, `first` and `padded`."""
    text = resources.files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights


def _lit(rgb: RgbImage) -> RgbImage:
    """Raise a dark picture to full light; others as they are."""
    light = float(np.percentile(rgb[::4, ::4], 99.5))
    if light >= _LIGHT_ENOUGH:
        return rgb
    factor = _LIGHT_WANTED / max(light, _LIGHT_LEAST)
    return np.asarray(np.clip(rgb.astype(np.float32) * factor, 0, 255), np.uint8)


def _face_boxes(parts: Parts, padded: Parts) -> tuple[Box, ...]:
    """The boxes of faces in both answers, each face once."""
    found = [part for one in (parts, padded) for part in one.boxes if part.name in FACES]
    best = max((part.score for part in found), default=0.0)
    least = max(_BOX_LEAST, _BOX_SHARE * best)
    kept: list[Box] = []
    for part in sorted(found, key=lambda p: (-p.score, p.box)):
        fresh = all(_shared(part.box, box) < 0.3 for box in kept)
        if fresh and (part.score >= least or not kept):
            kept.append(part.box)
    return tuple(kept)


def _covers_eyes(bar: Box, face: Box) -> bool:
    """Whether the bar lies across the upper two thirds of the face."""
    width, height = face[2] - face[0], face[3] - face[1]
    across = min(bar[2], face[2]) - max(bar[0], face[0])
    middle = (bar[1] + bar[3]) / 2
    inside = face[1] - 0.2 * height <= middle <= face[1] + 0.67 * height
    return across >= _BAR_WIDTH * width and inside


def _face_of_bar(bar: Box, shape: tuple[int, ...]) -> Box:
    """Where the face behind a bar would lie: as wide as the bar, eyes at two fifths."""
    width = bar[2] - bar[0]
    middle = (bar[1] + bar[3]) // 2
    return (
        bar[0],
        max(0, middle - round(0.6 * width)),
        bar[2],
        min(shape[0], middle + round(0.9 * width)),
    )


def _shared(a: Box, b: Box) -> float:
    """Shared area over that of the smaller box."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(wide, 0) * max(high, 0) / max(least, 1)
