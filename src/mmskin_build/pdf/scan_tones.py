"""Tell photographs from drawings, charts and boxes of text by their tones.

What a press prints as a ground has one tone to within the scan's noise. Skin, tissue and shadow
never have: their tones run into one another, in color and in gray alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H, W, 3)
Mask = NDArray[np.bool_]  # (H, W)

_COVER = 0.35  # share of its box that a photograph darkens or colors, at least
_FILLED = 0.85  # share from which it fills its box, as no line drawing does
_FLAT_TONE = 0.55  # one light tone on more than this share: perhaps a tinted text box
_GROUND = 0.5  # share of one tone from which it is the ground that a chart is drawn on
_SOLID = 0.93  # one tone on more than this share: a bar or a box, not a picture
_LIGHT = 150.0  # of 255, from which a tone may be a tint under text
_STROKE_PX = 9  # of a median that leaves no strokes of letters at `WORK_DPI`
_SAME, _EVEN, _AROUND = 5, 2, 7  # of 255, about a tone: alike; a printed ground; its neighborhood
_EVEN_SHARE = 0.8  # of a tone's neighborhood that is the tone, where it was printed
_BLACK = 40  # of 255; shadows of a photograph end there as evenly as ink


@dataclass(frozen=True, slots=True)
class Tones:
    """What the tones of a part say.

    `photo_score` in [0, 1] is how much it looks like a photograph, `flat` whether it may be a
    tinted box with text in it, `printed_ground` whether most of it is one light tone that was
    printed, on which text, charts or photographs may stand.
    """

    photo_score: float
    flat: bool
    printed_ground: bool


def judge_tones(pixels: Rgb, paper: NDArray[np.float32], marked: Mask) -> Tones:
    """Judge a part of a scanned page.

    A photograph marks most of its box and has many tones. A drawing marks little, a chart has few.

    Args:
        pixels: The part, ``(H, W, 3) uint8``, at `scan_regions.WORK_DPI`.
        paper: The color of the paper there, ``(H, W, 3)``.
        marked: Where something is printed, ``(H, W)``.
    """
    cover = float(marked.mean())
    if cover == 0.0:
        return Tones(0.0, flat=False, printed_ground=False)
    by_color, flat = _by_color(pixels, marked)
    score = by_color * float(np.clip((cover - _COVER) / 0.25, 0, 1))
    gray = _by_gray(pixels, paper, marked)
    flat = gray.printed_ground or (flat and gray.ruling)
    if cover < _FILLED:
        return Tones(score, flat, printed_ground=False)
    return Tones(max(score, gray.score), flat, gray.printed_ground)


def _by_color(pixels: Rgb, marked: Mask) -> tuple[float, bool]:
    """Return how varied the colors are, in [0, 1], and whether one light tone rules."""
    # Without noise, which would spread one tone over several.
    colors = cv2.GaussianBlur(pixels, (5, 5), 0)[marked].astype(np.int32)
    codes, counts = np.unique((colors // 16) @ np.array([256, 16, 1]), return_counts=True)
    mode = int(codes[counts.argmax()])
    tone = np.array([mode // 256, mode // 16 % 16, mode % 16]) * 16 + 8
    flat_share = float((np.abs(colors - tone).max(axis=1) <= 13).mean())
    flat = float(tone.mean()) > _LIGHT and flat_share > _FLAT_TONE
    # Tones beside the most frequent one: a dark cloth behind the object has only one.
    others = np.delete(counts, counts.argmax())
    entropy = _entropy(others) if flat_share < _SOLID else 0.0
    # Without color there are fewer tones to tell; but then no tone rules, as a chart's ground does.
    least, span = (1.0, 1.3) if flat_share < _GROUND else (1.5, 2.0)
    return float(np.clip((entropy - least) / span, 0, 1)), flat


@dataclass(frozen=True, slots=True)
class _Grays:
    """How varied the grays are, in [0, 1]; whether one rules; whether it is light and printed."""

    score: float
    ruling: bool
    printed_ground: bool


def _by_gray(pixels: Rgb, paper: NDArray[np.float32], marked: Mask) -> _Grays:
    """Judge by the tones of gray: there are as many without color as with it."""
    shares = _gray_shares(pixels, paper, marked)
    tone = _frequent_tone(shares)
    ruling, even = _rules(shares, tone), _is_even(shares, tone)
    if even and tone > _BLACK:
        return _Grays(0.0, ruling, printed_ground=tone > _LIGHT)
    others = shares.copy()
    others[max(0, tone - _SAME) : tone + _SAME + 1] = 0.0
    entropy = _entropy(others.reshape(64, 4).sum(axis=1))
    least, span = (3.5, 2.0) if even else (2.0, 1.2)
    return _Grays(float(np.clip((entropy - least) / span, 0, 1)), ruling, printed_ground=False)


def is_one_print(pixels: Rgb, paper: NDArray[np.float32]) -> bool:
    """Whether most of a part is one tone as a press prints it; arguments as of `judge_tones`."""
    shares = _gray_shares(pixels, paper, np.ones(pixels.shape[:2], np.bool_))
    return _is_even(shares, _frequent_tone(shares))


def _gray_shares(pixels: Rgb, paper: NDArray[np.float32], marked: Mask) -> NDArray[np.float64]:
    """Share of each of 256 grays, against the paper, without letters and lines."""
    level = pixels.mean(axis=2) / np.maximum(paper.mean(axis=2), 1.0) * 255.0
    smooth = cv2.medianBlur(np.clip(level, 0, 255).astype(np.uint8), _STROKE_PX)
    return np.asarray(np.bincount(smooth[marked], minlength=256) / marked.sum(), np.float64)


def _frequent_tone(shares: NDArray[np.float64]) -> int:
    return int(_around(shares, _EVEN).argmax())


def _rules(shares: NDArray[np.float64], tone: int) -> bool:
    return bool(_around(shares, _SAME)[tone] >= _GROUND)


def _is_even(shares: NDArray[np.float64], tone: int) -> bool:
    exact, near = (float(_around(shares, reach)[tone]) for reach in (_EVEN, _AROUND))
    return _rules(shares, tone) and exact >= _EVEN_SHARE * near


def _around(shares: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """For each tone the share of it and of those up to `reach` away."""
    return np.convolve(shares, np.ones(2 * reach + 1), mode="same")


def _entropy(counts: NDArray[np.float64] | NDArray[np.int64]) -> float:
    """Entropy in bits of a distribution that is given by its counts; 0 without any."""
    shares = counts[counts > 0] / max(counts.sum(), 1e-9)
    return float(-(shares * np.log2(shares)).sum())
