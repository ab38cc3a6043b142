"""Find identifiable faces: whole, half, eyes only, lower face, turned, dark, barred.

The detector knows faces as parts of people. On the picture alone it finds ordinary portraits; a
face that fills the frame or an eye it finds on a smaller copy with a wide black margin, where they
have the size that it learned. A logistic model weighs both answers. A second one, over what
`imagenet` sees, knows close-ups of an ear, a mouth, a nose or a cheek, which the detector does not;
it cannot say where. The higher score counts. The weights of both stand in ``face_model.json``, with
how they were fitted.

The second copy costs as much as all else here. It is left out where the first look sees nothing of
a face or a bare part, what `imagenet` sees is far from a face, and no word speaks of either.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.bodyparts import FACES, PLAIN_SIDE_PX, Parts, find_parts
from mmskin_build.images.eye_bars import find_eye_bars, is_barred
from mmskin_build.images.imagenet import extract_imagenet
from mmskin_build.images.read import working_copy

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]

MODEL_FILE = "face_model.json"

PADDED_SIDE_PX, PADDED_SHARE = 192, 0.7  # the smaller copy in its margin
# What the first look must not see for the second to be left out: faces, and parts that both looks
# must agree on (`sensitive`).
WANTED = FACES | {
    "anus_exposed", "belly_exposed", "buttocks_exposed", "female_breast_exposed",
    "female_genitalia_exposed", "male_breast_exposed", "male_genitalia_exposed",
}  # fmt: skip
_NO_PART = 0.02  # score of the first look below which it sees none of them
_NO_FACE = 0.1  # score of things below which they are no face's
_LIGHT_WANTED = 230.0  # brightest tone of the padded copy of a dark picture
_LIGHT_ENOUGH = 200.0
_LIGHT_LEAST = 20.0
_BOX_SHARE = 0.3  # boxes at least this good beside the best one are faces, too
_BOX_LEAST = 0.05
_BARRED_SCORE = 0.75  # a bar among skin, where the detector sees no face behind it
_BAR_WIDTH = 0.35  # of the face; a narrower one covers no eyes
_TINY = 1e-3
STEP_LIMIT = 4.0  # standardized values beyond this say no more


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFinding:
    """What a picture says of faces; boxes in its pixels, origin top left.

    `score` in [0, 1] is that of an identifiable face or part of one; there may be one without a
    box, and nobody knows then where it lies. `parts` and `padded` are the detector's answers, for
    whoever looks for other parts.
    """

    score: float
    boxes: tuple[Box, ...]
    eyes_barred: bool
    parts: Parts
    padded: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceModel:
    """Weights of the detector's two answers, and of what `imagenet` sees, standardized (n,)."""

    bias: float
    first: float
    padded: float
    things_bias: float
    things: NDArray[np.float64]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]


def find_faces(
    rgb: RgbImage,
    *,
    prior: float = 0.0,
    parts: Parts | None = None,
    things: Mapping[str, float] | None = None,
    thorough: bool = False,
) -> FaceFinding:
    """Look for faces in a picture ``(H, W, 3) uint8``.

    Args:
        rgb: The picture.
        prior: Log odds to add for what is known otherwise, for instance from the caption.
        parts: The detector's answer for the picture alone, at `PLAIN_SIDE_PX`, where it was asked
            before.
        things: What `imagenet.extract_imagenet` sees in it, where it was asked before.
        thorough: Look twice, whatever the first look sees.

    Raises:
        MissingDependencyError: If a network is not installed.
    """
    parts = find_parts(rgb, side_px=PLAIN_SIDE_PX) if parts is None else parts
    things = extract_imagenet(working_copy(rgb)) if things is None else things
    if is_settled(parts, things) and not prior and not thorough:
        padded = parts
    else:
        padded = find_parts(_lit(rgb), side_px=PADDED_SIDE_PX, share=PADDED_SHARE)
    score = combine(parts.score(*FACES), padded.score(*FACES), prior)
    bars = find_eye_bars(rgb)
    boxes = _face_boxes(parts, padded) if score >= 0.5 else ()
    barred = any(is_barred(rgb, box) for box in boxes)
    for bar in bars:
        near = [box for box in boxes if _covers_eyes(bar, box)]
        barred |= bool(near) or not boxes
        if not near:
            boxes = (*boxes, _face_of_bar(bar, rgb.shape))
    score = max(score, score_things(things, prior), _BARRED_SCORE if bars else 0.0)
    return FaceFinding(
        score=round(score, 4), boxes=boxes, eyes_barred=barred, parts=parts, padded=padded
    )


def is_settled(parts: Parts, things: Mapping[str, float]) -> bool:
    """Whether neither the first look nor what `imagenet` sees speaks for a face or a bare part."""
    return parts.score(*WANTED) < _NO_PART and score_things(things) < _NO_FACE


def combine(first: float, padded: float, prior: float = 0.0) -> float:
    """Return the score of a face from the detector's two scores, each in [0, 1]."""
    model = load_model()
    odds = model.bias + model.first * log_odds(first) + model.padded * log_odds(padded)
    return _probability(odds + prior)


def score_things(things: Mapping[str, float], prior: float = 0.0) -> float:
    """Return the score of a part of a face from what `imagenet.extract_imagenet` returns."""
    model = load_model()
    standard = (np.array(list(things.values())) - model.center) / model.scale
    near = np.clip(standard, -STEP_LIMIT, STEP_LIMIT)
    return _probability(model.things_bias + math.fsum(near * model.things) + prior)


def _probability(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def log_odds(score: float) -> float:
    """Log odds of a score, kept from the ends."""
    return math.log((score + _TINY) / (1.0 - score + _TINY))


@functools.cache
def load_model() -> FaceModel:
    """Read the shipped weights."""
    text = resources.files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8")
    found = json.loads(text)
    weights, things = found["weights"], found["things"]
    return FaceModel(
        bias=weights["bias"],
        first=weights["first"],
        padded=weights["padded"],
        things_bias=things["bias"],
        things=np.array(things["weights"], np.float64),
        center=np.array(things["center"], np.float64),
        scale=np.array(things["scale"], np.float64),
    )


def _lit(rgb: RgbImage) -> RgbImage:
    """Raise a dark picture to full light; others as they are."""
    light = float(np.percentile(rgb[::4, ::4], 99.5))
    if light >= _LIGHT_ENOUGH:
        return rgb
    factor = np.float32(_LIGHT_WANTED / max(light, _LIGHT_LEAST))
    raised = np.clip(np.arange(256, dtype=np.float32) * factor, 0, 255)
    return np.asarray(cv2.LUT(rgb, raised.astype(np.uint8)), np.uint8)


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
