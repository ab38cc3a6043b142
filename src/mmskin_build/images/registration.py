"""Whether two fingerprints show the same picture, and how one lies in the other.

1. Each pair of features with an equal key proposes one way to lay the first picture on the second
   (turn, scale, shift, mirrored or not). The way that most pairs agree on is taken, and fitted to
   them by least squares. Fewer than `MIN_AGREEING` features agreeing: no duplicate.
2. The gray copy of the first is laid on that of the second, what both show is compared. Both are
   brought to equal local contrast, so that every part of a picture has the same weight: a shared
   watermark, ruler or black frame is only as much as its area. If the likeness is promising but not
   enough, the fit is improved by the enhanced correlation coefficient (Evangelidis and Psarakis,
   PAMI 30, 2008).

Places are complex numbers (see `fingerprint.Features`), so that turning and scaling is one factor
and mirroring is conjugation.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.fingerprint import THUMBNAIL_AREA_PX, Features

# Features that must agree on one way to lay one picture on the other.
MIN_AGREEING = 2
# How far features that agree may be apart: place in long sides, size as a factor, direction.
_PLACE_TOLERANCE = 0.04
_SIZE_TOLERANCE = 1.5
_TURN_TOLERANCE_RAD = np.radians(25.0)
_MAX_PROPOSALS = 64
# Pairs of features that are looked at, spread over all: a screen or ruled paper has thousands.
_MAX_PAIRS = 1024
# A picture may be this many times smaller inside another (a panel in a plate), no more.
_MAX_SCALE = 5.0

# Correlation of the two, local contrast made equal, from which they show the same.
MIN_SIMILARITY = 0.5
# The same where few features agree on the way, which happens by chance.
_MIN_SIMILARITY_OF_FEW = 0.65
# And where they also say that one is much smaller in the other: of all chance fits most are such.
_MIN_SIMILARITY_OF_FEW_RESCALED = 0.8
_RESCALED = 1.5
_MANY_AGREEING = 5
# Below this the fit by features is hopeless; better fits are sought only above. Pictures that show
# the same had 0.36 or more before the fit was improved, those that share a big watermark about 0.2;
# to improve a fit costs more than all the rest.
_PROMISING = 0.25
# Few pixels correlate by chance: a detail takes about this many, and a likeness must stand this
# many standard deviations above none (Fisher's z; one is one over the root of the number).
_DETAIL_AREA_PX = 6.0
_MIN_DEVIATIONS = 6.0
# What both show, as a share of the smaller picture. Neighbouring fields of a slide share less.
MIN_SHARE = 0.5
# Gray-copy pixels that both must show at least: a panel of a plate of three by four.
_MIN_SHARED_PX = THUMBNAIL_AREA_PX // 12
# Structure of this size (gray-copy pixels, Gaussian sigma) is compared; coarser is taken off,
# because most lesions are a dark spot on light skin.
_DETAIL_PX = 2.5
_CONTRAST_WINDOW_PX = 4.0
# Local contrast under this many gray levels is taken for noise of the coder, not made larger.
_NOISE_LEVELS = 2.0
_REFINE_STEPS = 25
# The better fit may move the corners by this share of the long side.
_MAX_REFINEMENT = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How the first picture lies in the second.

    `similarity` is the correlation of what both show, `share` how much of the smaller picture that
    is, both in [0, 1]. `scale` is the size of the first in the second relative to their long sides,
    `turn_degrees` the turn from x to y, after mirroring (top to bottom) if `mirrored`. `agreeing`
    counts the features that proposed it.
    """

    similarity: float
    share: float
    scale: float
    turn_degrees: float
    mirrored: bool
    agreeing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualKeys:
    """Features of two pictures that have a key in common.

    `pairs` is (n, 2), numbers of the features in the first and the second picture, `keys` (n,) the
    key, `mirrored` (n,) whether it comes from mirrored sides.
    """

    pairs: NDArray[np.int64]
    keys: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Way:
    """Places z of the first go to ``factor * z + shift``, or with conj(z) if mirrored."""

    factor: complex
    shift: complex
    mirrored: bool
    agreeing: int


@dataclass(frozen=True, slots=True)
class _Likeness:
    """Correlation of what both show, its share of the smaller, how many details that rests on."""

    similarity: float
    share: float
    details: float

    def is_enough(self, way: _Way) -> bool:
        """Whether the two show the same, given how many features agree on which way."""
        wanted = MIN_SIMILARITY
        if way.agreeing < _MANY_AGREEING:
            rescaled = not 1 / _RESCALED <= abs(way.factor) <= _RESCALED
            wanted = _MIN_SIMILARITY_OF_FEW_RESCALED if rescaled else _MIN_SIMILARITY_OF_FEW
        if self.share < MIN_SHARE or self.similarity < wanted:
            return False
        deviations = np.arctanh(min(self.similarity, 0.999)) * np.sqrt(self.details)
        return bool(deviations >= _MIN_DEVIATIONS)


def find_equal_keys(first: Features, second: Features) -> EqualKeys:
    """Return which features of two pictures have which keys in common."""
    one, other, table = np.nonzero(first.keys[:, None, :] == second.keys[None, :, :])
    return EqualKeys(
        pairs=np.column_stack([one, other]),
        keys=first.keys[one, table],
        mirrored=first.mirrored[one, table] != second.mirrored[other, table],
    )


def count_agreeing(first: Features, second: Features, equal: EqualKeys) -> int:
    """Return how many features agree on one way to lay `first` on `second`; no pixel is compared.

    Args:
        first: Features of one picture; the gray copy is not looked at.
        second: Features of the other.
        equal: What `find_equal_keys` returns for the two.
    """
    way = _agree(first, second, equal)
    if way is None or not 1 / _MAX_SCALE <= abs(way.factor) <= _MAX_SCALE:
        return 0
    return way.agreeing


def find_overlap(first: Features, second: Features, equal: EqualKeys) -> Overlap | None:
    """Return how `first` lies in `second`, or None if they do not show the same.

    Args:
        first: Features of one picture.
        second: Features of the other.
        equal: What `find_equal_keys` returns for the two.
    """
    way = _agree(first, second, equal)
    if way is None or not 1 / _MAX_SCALE <= abs(way.factor) <= _MAX_SCALE:
        return None
    # The picture that shows the shared part larger is laid on the other, never the reverse:
    # shrinking loses nothing that the other has.
    ratio = abs(way.factor) * max(second.gray.shape) / max(first.gray.shape)
    if ratio <= 1.0:
        moving, fixed, matrix = first.gray, second.gray, _matrix(way, first, second)
    else:
        moving, fixed = second.gray, first.gray
        matrix = np.asarray(cv2.invertAffineTransform(_matrix(way, first, second)))
        ratio = 1 / ratio
    if ratio < 0.8:  # soften, or shrinking aliases
        moving = np.asarray(cv2.GaussianBlur(moving, (0, 0), 0.4 / ratio), np.float32)
    likeness = _compare(moving, fixed, matrix)
    if likeness.similarity >= _PROMISING and not likeness.is_enough(way):
        better = _refine(moving, fixed, matrix)
        if better is not None:
            found = _compare(moving, fixed, better)
            likeness = max(likeness, found, key=lambda each: each.similarity)
    if not likeness.is_enough(way):
        return None
    return Overlap(
        similarity=round(likeness.similarity, 4),
        share=round(likeness.share, 4),
        scale=round(float(abs(way.factor)), 4),
        turn_degrees=round(float(np.degrees(np.angle(way.factor))), 2),
        mirrored=way.mirrored,
        agreeing=way.agreeing,
    )


def _agree(first: Features, second: Features, equal: EqualKeys) -> _Way | None:
    """The way to lay the first on the second that most features agree on."""
    if len(equal.pairs) < MIN_AGREEING:
        return None
    rows = np.unique(np.column_stack([equal.mirrored, equal.pairs]).astype(np.int64), axis=0)
    rows = rows[_spread(len(rows), _MAX_PAIRS)]
    flip = rows[:, 0].astype(bool)
    a, b = rows[:, 1], rows[:, 2]
    sign = np.where(flip, -1.0, 1.0)
    source = np.where(flip, first.places[a].conj(), first.places[a])
    target = second.places[b]
    factors = (second.sizes[b] / np.maximum(first.sizes[a], 1e-6)) * np.exp(
        1j * (second.directions[b] - sign * first.directions[a])
    )
    tried = _spread(len(rows), _MAX_PROPOSALS)
    shifts = target - factors * source
    misses = np.abs(factors[tried, None] * source + shifts[tried, None] - target)
    twist = factors[None, :] / factors[tried, None]
    # An error of a feature's size or direction is an error of place that grows with distance;
    # only the far features suffer, and two near ones are enough to begin with.
    agree = (
        (misses <= _PLACE_TOLERANCE + 0.15 * np.abs(target - target[tried, None]))
        & (np.abs(np.log(np.abs(twist))) <= np.log(_SIZE_TOLERANCE))
        & (np.abs(np.angle(twist)) <= _TURN_TOLERANCE_RAD)
        & (flip[tried, None] == flip)
    )
    best: _Way | None = None
    for row in np.argsort(-agree.sum(axis=1), kind="stable")[:3]:
        inside = np.flatnonzero(agree[row])
        way = _fit(source[inside], target[inside], bool(flip[tried[row]]), factors[tried[row]])
        near = np.abs(way.factor * source + way.shift - target) <= _PLACE_TOLERANCE
        near &= flip == way.mirrored
        count = min(len(np.unique(a[near])), len(np.unique(b[near])))
        if count >= MIN_AGREEING and (best is None or count > best.agreeing):
            fitted = _fit(source[near], target[near], way.mirrored, way.factor)
            best = _Way(fitted.factor, fitted.shift, way.mirrored, count)
    return best


def _spread(count: int, kept: int) -> NDArray[np.int64]:
    """Numbers below `count`, all or `kept` of them evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, kept)).astype(np.int64))


def _fit(
    source: NDArray[np.complex128],
    target: NDArray[np.complex128],
    mirrored: bool,
    factor: complex,
) -> _Way:
    """Least squares for factor and shift; the factor stays if the places lie together."""
    middle_a, middle_b = source.mean(), target.mean()
    spread = float(np.sum(np.abs(source - middle_a) ** 2))
    if spread > len(source) * 0.05**2:
        factor = complex(np.sum((target - middle_b) * (source - middle_a).conj()) / spread)
    return _Way(factor, complex(middle_b - factor * middle_a), mirrored, len(source))


def _matrix(way: _Way, first: Features, second: Features) -> NDArray[np.float64]:
    """The way as a 2 x 3 matrix from pixel centers of one gray copy to those of the other."""
    into, out_of = max(second.gray.shape), max(first.gray.shape)
    turn = np.array(
        [[way.factor.real, -way.factor.imag], [way.factor.imag, way.factor.real]]
    ) @ np.diag([1.0, -1.0 if way.mirrored else 1.0])
    linear = turn * (into / out_of)
    shift = np.array([way.shift.real, way.shift.imag]) * into
    return np.column_stack([linear, shift + linear @ [0.5, 0.5] - 0.5])


def _compare(
    moving: NDArray[np.float32], fixed: NDArray[np.float32], matrix: NDArray[np.float64]
) -> _Likeness:
    """How alike the two are at equal local contrast where both show something."""
    size = (fixed.shape[1], fixed.shape[0])
    laid = np.asarray(cv2.warpAffine(moving, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
    inside = np.asarray(cv2.warpAffine(np.ones_like(moving), matrix, size)) > 0.99
    shared_px = int(inside.sum())
    moving_px = moving.size * abs(float(np.linalg.det(matrix[:, :2])))
    share = min(1.0, shared_px / max(1.0, min(moving_px, fixed.size)))
    if shared_px < _MIN_SHARED_PX:
        return _Likeness(0.0, share, 0.0)
    a, b = _equal_contrast(laid, inside)[inside], _equal_contrast(fixed, inside)[inside]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    if norm < 1e-6:
        return _Likeness(0.0, share, 0.0)
    # Where both are blank nothing is compared: pixels count by their part in the contrast of both.
    power = a * a + b * b
    busy_px = 2.0 * float(np.sum(power)) ** 2 / float(np.sum(power * power))
    return _Likeness(float(np.sum(a * b)) / norm, share, busy_px / _DETAIL_AREA_PX)


def _equal_contrast(gray: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Take the coarse off and divide by the local contrast; only pixels `inside` count."""
    weight = inside.astype(np.float32)
    cover = np.maximum(cv2.GaussianBlur(weight, (0, 0), _DETAIL_PX), 1e-3)
    fine = (gray - cv2.GaussianBlur(gray * weight, (0, 0), _DETAIL_PX) / cover) * weight
    cover = np.maximum(cv2.GaussianBlur(weight, (0, 0), _CONTRAST_WINDOW_PX), 1e-3)
    power = cv2.GaussianBlur(fine * fine, (0, 0), _CONTRAST_WINDOW_PX) / cover
    return np.asarray(fine / np.sqrt(power + _NOISE_LEVELS**2), np.float32)


def _refine(
    moving: NDArray[np.float32], fixed: NDArray[np.float32], matrix: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """A better matrix near `matrix`, or None if there is none."""
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float32)  # fixed to moving, as ECC has
    whole = np.ones(moving.shape, bool), np.ones(fixed.shape, bool)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _REFINE_STEPS, 1e-4)
    inside = np.full(moving.shape, 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(
            _equal_contrast(fixed, whole[1]),
            _equal_contrast(moving, whole[0]),
            back.copy(),
            cv2.MOTION_AFFINE,
            stop,
            inside,
            3,
        )
    except cv2.error:  # it did not converge, or nothing overlaps
        return None
    height, width = fixed.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    moved = np.abs(corners @ (np.asarray(found, float) - back).T).max()
    if moved > _MAX_REFINEMENT * max(moving.shape) or abs(np.linalg.det(found[:, :2])) < 1e-3:
        return None
    return np.asarray(cv2.invertAffineTransform(np.asarray(found, np.float64)))
