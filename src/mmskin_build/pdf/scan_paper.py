"""Model the paper of a scanned page: its tint, noise and uneven light.

Boxes here and in the modules that build on it are in pixels, ``(x0, y0, x1, y1)`` with x1 and y1
exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.pdf.scan_tones import Mask, Rgb, is_one_print

PixelBox = tuple[int, int, int, int]
WORK_DPI = 100.0  # enough to tell letters from pictures, few enough pixels to be quick
_PAPER_CHROMA, _PAPER_BLUE = 80, 25  # paper is white to brown: spread of channels, blue over red
_PLAIN_CHROMA, _PLAIN_THRESHOLD = 55.0, 24.0  # beyond either a page without words is a picture
_DARK = 100  # of 255; a darker page bears light words


@dataclass(frozen=True, slots=True)
class Paper:
    """What the empty page looks like at `WORK_DPI`.

    `color` is (H, W, 3) float32, `distance` (H, W) float32 the largest difference from it over the
    channels, `threshold` the difference that is more than noise, `scale` work pixels for one image
    pixel.
    """

    color: NDArray[np.float32]
    distance: NDArray[np.float32]
    threshold: float
    scale: float

    @property
    def is_plain(self) -> bool:
        """Whether it looks like paper: hardly colored and smooth, unlike skin or cloth."""
        tint = np.median(self.color.reshape(-1, 3), axis=0)
        return float(np.ptp(tint)) <= _PLAIN_CHROMA and self.threshold <= _PLAIN_THRESHOLD

    @property
    def marked(self) -> Mask:
        """Where something is printed."""
        marked: Mask = self.distance > self.threshold
        return marked


def find_paper(image: Rgb, dpi: float) -> Paper:
    """Model the paper as a smooth surface through the most frequent bright color of the page.

    Tint, uneven light and noise thus count as paper. On a page without any paper (a photograph
    from edge to edge) white takes its place.
    """
    scale = min(1.0, WORK_DPI / dpi)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    gray = small.mean(axis=2)
    counts = np.bincount(gray.astype(np.uint8).ravel(), minlength=256)
    smooth = np.convolve(counts, np.ones(7), mode="same")
    mode = 128 + int(smooth[128:].argmax())
    near = np.abs(gray - mode) < 14
    tint = np.median(small[near], axis=0)
    if near.mean() < 0.03 or np.ptp(tint) > _PAPER_CHROMA or tint[2] - tint[0] > _PAPER_BLUE:
        color = np.full_like(small, 255.0)
        return Paper(color, np.abs(small - color).max(axis=2), 24.0, scale)
    near &= np.abs(small - tint).max(axis=2) < 18
    color = np.broadcast_to(tint, small.shape).astype(np.float32)
    for _ in range(2):
        color = _fit_surface(small, near)
        near = np.abs(small - color).max(axis=2) < 12
    residual = np.abs(small - color).max(axis=2)
    sigma = 1.4826 * float(np.median(residual[near])) if near.any() else 2.0
    return Paper(color, residual, float(np.clip(5.0 * sigma, 9.0, 26.0)), scale)


def is_dark_paper(image: Rgb, dpi: float) -> bool:
    """Whether most of a page is one dark tone as a press prints it."""
    scale = min(1.0, WORK_DPI / dpi)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    dark = float(np.median(small)) < _DARK
    return dark and is_one_print(np.asarray(small, np.uint8), np.full(small.shape, 255, np.float32))


def _fit_surface(small: NDArray[np.float32], near: Mask) -> NDArray[np.float32]:
    """Fit one quadratic in x and y to each channel over the pixels in `near`."""
    height, width = near.shape
    ys, xs = np.nonzero(near)
    step = max(1, len(xs) // 10_000)
    ys, xs = ys[::step], xs[::step]
    terms = _quadratic(xs / width - 0.5, ys / height - 0.5)
    weights, *_ = np.linalg.lstsq(terms, small[ys, xs].astype(np.float64), rcond=None)
    # A quadratic is smooth: a coarse grid of it, enlarged, is as good as all of its values.
    rows, columns = max(2, height // 8), max(2, width // 8)
    grid_y, grid_x = np.mgrid[0:rows, 0:columns]
    x, y = (grid_x + 0.5) / columns - 0.5, (grid_y + 0.5) / rows - 0.5
    surface = np.clip(_quadratic(x.ravel(), y.ravel()) @ weights, 0, 255)
    coarse = surface.reshape(rows, columns, 3).astype(np.float32)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32)


def _quadratic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
