"""Doubts about a picture itself: too small, blank, blurred, badly exposed, cut, moire, upside down.

Each flag has a score in [0, 1]: 0.5 at the threshold, 1 where nothing is left of the picture. What
is measured does not depend on the number of pixels, but for `too_small` and `moire`, which are
about pixels: blur and exposure are judged on a copy of at most 512 x 384 pixels, what a model sees.

* `too_small`: the short side, against the 336 pixels that the vision encoder of SkinVL takes.
* `blank`: hardly any gray level but one.
* `blurred`: the sharpest tenth of the picture has no detail of a pixel or two beside its detail of
  several (pixels of the copy). Skin, lesions and tissue are soft, but pores, hairs, nuclei and the
  grain of the sensor are not; a blurred picture has none of them anywhere.
* `underexposed`, `overexposed`: even the brightest (darkest) parts are dark (bright). A black or a
  white background alone is neither.
* `cut`: a uniform band along one to three sides that ends in a straight line right across the
  picture: the edge of a page or a scan; or a straight gutter near an edge with something else
  beyond it: a piece of the neighbouring picture. A frame round all four sides is not a cut.
* `moire`: the dots of a halftone in a scan: sharp peaks in the spectrum in two directions or more.
  The block grid of JPEG, rulers and weaves along the axes are left out.
* `upside_down`: only from lettering that somebody has read and found to stand on its head. Skin and
  tissue have no up and down, and nothing is guessed from them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft2

from mmskin_build.images.read import gray_of
from mmskin_build.records import Flag

Gray = NDArray[np.float32]

# A third of the vision encoder's 336 pixels; an icon has 16.
MIN_SHORT_SIDE_PX = 112
_HOPELESS_SIDE_PX = 16
# Gray levels between the darkest and the brightest thousandth; the coder's noise alone makes 6.
MIN_RANGE_LEVELS = 14.0
# Blur and exposure are judged at this area.
_JUDGED_AREA_PX = 512 * 384
_SLIGHTLY = 0.7  # reduced by no more, no pixel is left out where each new one is mixed of four
# Fine against middle detail (see `_sharpness`): sharp photographs have 0.4 and more, a Gaussian
# blur of one hundredth of the long side leaves 0.03 to 0.06, tissue 0.3.
MIN_SHARPNESS = 0.15
_NO_SHARPNESS = 0.02
_SHARPEST_PERCENTILE = 90
_SHARPNESS_WINDOW_PX = 49
_SOFTENED_PX = 1.8  # of half the pixels, each a mean of four: as much as 3.6 of all of them
_ROUNDING_POWER = 1 / 12  # of rounding to whole gray levels, in levels squared
_FLAT_POWER = 0.25  # parts with less detail, in levels squared, have no say
# Gray level that the brightest twentieth of a picture reaches, and that the darkest hundredth stays
# under. Dark skin in good light reaches 90.
MIN_BRIGHTEST = 55.0
MAX_DARKEST = 200.0
# Uniform: all but a fiftieth of the pixels of a row within so many levels.
_BAND_LEVELS = 14.0
# A band is at least this share of the side, and at most that: a wider one is a background.
MIN_BAND_SHARE = 0.02
_MAX_BAND_SHARE = 0.5
# At the end of a band this share of the row's pixels must change by this many levels within
# `_STEP_SHARE` of the side.
MIN_STEP_SHARE = 0.8
_STEP_LEVELS = 20.0
_STEP_WITHIN = 0.012
# How near an edge a gutter cuts off a neighbour's piece, rather than parts two panels.
_NEIGHBOR_SHARE = 0.15
# Blocks whose spectra are averaged, and how far a peak stands over its surroundings (ratio of
# amplitudes). Halftone screens have 0.1 to 0.45 periods a pixel in scans that show them.
_BLOCK_PX = 128
_MOST_BLOCKS = 48
MIN_PEAK_RATIO = 4.0
_CLEAR_PEAK_RATIO = 20.0
_SLOWEST_PERIODS_PER_PX = 0.1
_AROUND_BINS = 15  # whose median is the surroundings of a bin
_AXIS_BINS = 3  # peaks so near an axis are rulers, weaves, scan lines or JPEG
_MIN_ANGLE_DEGREES = 20.0  # between the two directions of a screen
# Lettering within this many degrees of 180 stands on its head.
_ON_ITS_HEAD_DEGREES = 30.0


def assess_quality(
    rgb: NDArray[np.uint8], *, lettering_degrees: Sequence[float] = ()
) -> tuple[Flag, ...]:
    """Return the doubts about a picture, by name.

    Args:
        rgb: Pixels, (H, W, 3) uint8.
        lettering_degrees: Reading directions of lettering found in the picture, one for each piece,
            0 for upright and 180 for upside down. Without it `upside_down` is never told.

    Raises:
        ValueError: If the array has another shape or type, or no pixels.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"pixels must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    scores: dict[str, float] = {}
    short = min(rgb.shape[:2])
    if short < MIN_SHORT_SIDE_PX:
        scores["too_small"] = _beyond(short, MIN_SHORT_SIDE_PX, _HOPELESS_SIDE_PX)
    copy = _judged_copy(rgb)
    gray = gray_of(copy)
    levels = max(_levels(copy, channel) for channel in range(3))
    if levels < MIN_RANGE_LEVELS:
        scores["blank"] = _beyond(levels, MIN_RANGE_LEVELS, 0.0)
    else:
        scores |= _exposure(gray)
        sharpness = _sharpness(gray)
        if sharpness < MIN_SHARPNESS:
            scores["blurred"] = _beyond(
                np.log(sharpness), np.log(MIN_SHARPNESS), np.log(_NO_SHARPNESS)
            )
        if (cut := _cut(gray)) >= 0.5:
            scores["cut"] = cut
        if (moire := _moire(rgb, gray if copy is rgb else None)) >= MIN_PEAK_RATIO:
            scores["moire"] = _beyond(moire, MIN_PEAK_RATIO, _CLEAR_PEAK_RATIO)
    turned = [abs((angle % 360) - 180) <= _ON_ITS_HEAD_DEGREES for angle in lettering_degrees]
    if turned and sum(turned) * 2 > len(turned):
        scores["upside_down"] = sum(turned) / len(turned)
    return tuple(
        Flag(name=name, score=round(float(score), 3), source="rule")
        for name, score in sorted(scores.items())
    )


def _beyond(value: float, threshold: float, worst: float) -> float:
    """0.5 at the threshold, 1 at the worst and past it."""
    return 0.5 + 0.5 * float(np.clip((value - threshold) / (worst - threshold), 0.0, 1.0))


def _judged_copy(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = (_JUDGED_AREA_PX / (height * width)) ** 0.5
    if scale >= 1.0:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < _SLIGHTLY else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, size, interpolation=way))


def _levels(rgb: NDArray[np.uint8], channel: int) -> int:
    """Levels between the darkest and the brightest thousandth of a channel."""
    counts = np.cumsum(cv2.calcHist([rgb], [channel], None, [256], [0, 256]).ravel())
    low, high = np.searchsorted(counts, [0.001 * counts[-1], 0.999 * counts[-1]])
    return int(high - low)


def _exposure(gray: Gray) -> dict[str, float]:
    ordered = np.sort(gray[::4, ::4], axis=None)  # more pixels would say the same
    darkest, brightest = (float(ordered[int(part * len(ordered))]) for part in (0.01, 0.95))
    if brightest < MIN_BRIGHTEST:
        return {"underexposed": _beyond(brightest, MIN_BRIGHTEST, 0.0)}
    if darkest > MAX_DARKEST:
        return {"overexposed": _beyond(darkest, MAX_DARKEST, 255.0)}
    return {}


def _sharpness(gray: Gray) -> float:
    """Contrast of detail under a pixel against detail of four to eight, where that is greatest."""

    def local_power(detail: Gray, window_px: int) -> Gray:
        return np.asarray(cv2.blur(detail * detail, (window_px, window_px)))

    detail = np.asarray(gray - cv2.GaussianBlur(gray, (0, 0), 1.0), np.float32)
    fine = local_power(detail, _SHARPNESS_WINDOW_PX)
    # What is softened by four pixels may be looked at on half the pixels each way.
    size = (-(-gray.shape[1] // 2), -(-gray.shape[0] // 2))
    half = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(half, (0, 0), _SOFTENED_PX)
    coarse = coarse - cv2.GaussianBlur(coarse, (0, 0), 3.5)
    middle = local_power(np.asarray(coarse, np.float32), _SHARPNESS_WINDOW_PX // 2)
    fine = np.maximum(fine[::2, ::2] - _ROUNDING_POWER, 0.0)
    ratio = (fine / (middle + 1.0))[fine + middle > _FLAT_POWER]
    if not ratio.size:
        return _NO_SHARPNESS
    return max(_NO_SHARPNESS, float(np.percentile(ratio, _SHARPEST_PERCENTILE) ** 0.5))


def _cut(gray: Gray) -> float:
    """0.5 to 1 by how straight the line is along which the picture is cut, or 0."""
    found: list[float] = []
    sides = 0
    for lines in (gray, gray.T):
        uniform = _uniform(lines)
        for order in (slice(None), slice(None, None, -1)):
            band, straight = _band(lines[order], uniform[order])
            sides += band
            found.append(straight if band else _neighbor(lines[order], uniform[order]))
    if sides == 4:  # a frame, or paper round the picture
        return 0.0
    best = max(found)
    return _beyond(best, MIN_STEP_SHARE, 1.0) if best >= MIN_STEP_SHARE else 0.0


def _uniform(lines: Gray) -> NDArray[np.bool_]:
    ordered = np.sort(lines[:, ::3], axis=1)
    few = round(0.01 * ordered.shape[1])
    return np.asarray(ordered[:, -1 - few] - ordered[:, few] <= _BAND_LEVELS)


def _band(lines: Gray, uniform: NDArray[np.bool_]) -> tuple[bool, float]:
    """Whether the first lines are a uniform band, and how straight it ends."""
    end = len(uniform) if uniform.all() else int(np.argmin(uniform))
    if not MIN_BAND_SHARE * len(lines) <= end <= _MAX_BAND_SHARE * len(lines):
        return False, 0.0
    level = float(np.median(lines[:end]))
    return True, _step(lines, end, 1, level)


def _neighbor(lines: Gray, uniform: NDArray[np.bool_]) -> float:
    """How straight a gutter is that leaves a strip of something else at the first lines."""
    near = np.flatnonzero(uniform[: int(_NEIGHBOR_SHARE * len(lines))])
    if not len(near) or near[0] < 2:
        return 0.0
    start = int(near[0])
    end = start + int(np.argmin(uniform[start:])) if not uniform[start:].all() else len(uniform)
    if end - start < 2 or end > 2 * _NEIGHBOR_SHARE * len(lines):
        return 0.0
    level = float(np.median(lines[start:end]))
    return min(_step(lines, end, 1, level), _step(lines, start - 1, -1, level))


def _step(lines: Gray, start: int, direction: int, level: float) -> float:
    """Share of the pixels that leave `level` within a few lines of `start`."""
    reach = max(2, round(_STEP_WITHIN * len(lines)))
    stop = start + direction * reach
    chosen = lines[start:stop] if direction > 0 else lines[max(0, stop + 1) : start + 1]
    if not len(chosen):
        return 0.0
    return float((np.abs(chosen - level).max(axis=0) > _STEP_LEVELS).mean())


def _moire(rgb: NDArray[np.uint8], gray: Gray | None) -> float:
    """How far the second direction of a screen stands over the spectrum around it; 1 is not at all.

    The amplitude spectra of blocks spread over the picture are averaged (Welch), each bin divided
    by the median of its surroundings. `gray` is that of the whole picture, where somebody has it.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < _BLOCK_PX:
        return 0.0
    places = [
        (y, x)
        for y in range(0, height - _BLOCK_PX + 1, _BLOCK_PX)
        for x in range(0, width - _BLOCK_PX + 1, _BLOCK_PX)
    ]
    places = places[:: -(-len(places) // _MOST_BLOCKS)]
    bins = _bins()
    cuts = [np.s_[y : y + _BLOCK_PX, x : x + _BLOCK_PX] for y, x in places]
    blocks = np.stack([gray_of(rgb[cut]) if gray is None else gray[cut] for cut in cuts])
    blocks = (blocks - blocks.mean(axis=(1, 2), keepdims=True)) * bins.window
    half = np.abs(rfft2(blocks, workers=1)).sum(axis=0)  # of a real block; the rest mirrors it
    turned = np.roll(half[::-1], 1, axis=0)[:, -2:0:-1]
    spectrum = np.fft.fftshift(np.hstack([half, turned])).astype(np.float32)
    # What lies above the middle mirrors what lies below it.
    spectrum = spectrum[_BLOCK_PX // 2 - _AROUND_BINS // 2 :]
    log = np.log(spectrum + 1e-3 * float(spectrum.mean()) + 1e-6)
    low, high = float(log.min()), float(log.max())
    if high - low < 1e-6:
        return 0.0
    coded = np.round((log - low) / (high - low) * 255).astype(np.uint8)
    around = cv2.medianBlur(coded, _AROUND_BINS).astype(np.float32) / 255 * (high - low) + low
    ratio = np.exp(log - around)[_AROUND_BINS // 2 :]
    ratio[~bins.allowed] = 0.0
    y, x = divmod(int(np.argmax(ratio)), _BLOCK_PX)
    first = float(ratio[y, x])
    if first < MIN_PEAK_RATIO:  # no second one stands higher
        return first
    apart = np.abs((bins.degrees - bins.degrees[y, x] + 90) % 180 - 90) >= _MIN_ANGLE_DEGREES
    # A screen has the same pitch in both directions.
    pitch = np.log(np.maximum(bins.radius, 1e-3) / bins.radius[y, x])
    return min(first, float((ratio * (apart & (np.abs(pitch) < np.log(1.25)))).max()))


@dataclass(frozen=True, slots=True)
class _Bins:
    """A block's window, (`_BLOCK_PX`, `_BLOCK_PX`), and facts of the lower half of its spectrum.

    `radius` is in periods a pixel; `allowed` is where a screen's peak may stand.
    """

    window: Gray
    radius: NDArray[np.float64]
    degrees: NDArray[np.float64]
    allowed: NDArray[np.bool_]


@functools.cache
def _bins() -> _Bins:
    middle = _BLOCK_PX // 2
    fy, fx = np.mgrid[:middle, -middle:middle]
    near_axis = (np.abs(fy) < _AXIS_BINS) | (np.abs(fx) < _AXIS_BINS)
    grid = _BLOCK_PX // 8  # harmonics of JPEG blocks
    on_grid = (np.abs((fy + grid // 2) % grid - grid // 2) < 2) & (
        np.abs((fx + grid // 2) % grid - grid // 2) < 2
    )
    radius = np.hypot(fy, fx) / _BLOCK_PX
    return _Bins(
        window=np.outer(np.hanning(_BLOCK_PX), np.hanning(_BLOCK_PX)).astype(np.float32),
        radius=radius,
        degrees=np.degrees(np.arctan2(fy, fx)),
        allowed=(radius >= _SLOWEST_PERIODS_PER_PX) & ~near_axis & ~on_grid,
    )
