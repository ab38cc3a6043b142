"""Exported pixels against the truth, by the rule that the way of storing allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from mmskin_build.demo.pictures import Rgb
from mmskin_build.demo.truth import PaintedTruth, PixelRule

JPEG_MEAN = 3.0  # grey levels by which two right JPEG decoders may differ on average
COLOR_MEAN, COLOR_CORRELATION = 48.0, 0.9  # unmanaged CMYK: any profile, but not a negative
SCAN_MEAN, SCAN_GRID_PX = 12.0, 32
CUT_SLACK_PX = 3  # a panel cut out of a raster may miss its gutter by this much
SIZE_SLACK_PX = 2
BLACK = 40  # an opaque bar is darker
MARK_SHARE = 0.03  # of the box of an arrow or a letter must differ from the bare picture
MARK_LEVELS = 40
SURROUND_PX = 2  # pixels around what is painted that smoothing may touch


def find_pixel_fault(
    truth: Rgb, exported: Rgb, rule: PixelRule, painted: Sequence[PaintedTruth] = ()
) -> str | None:
    """Return in words what is wrong with `exported`, or None.

    Both are ``(height, width, 3) uint8``; `truth` lacks what the page paints over it, `painted`
    says where that must be seen in `exported`.
    """
    if rule == "none":
        return None
    if exported.ndim != 3 or exported.shape[2] != 3 or exported.dtype != np.uint8:
        return f"not an RGB picture: shape {exported.shape}, {exported.dtype}"
    if rule == "scan":
        return _find_scan_fault(truth, exported)
    if rule == "cut" and exported.shape != truth.shape:
        return _find_cut_fault(truth, exported)
    drift = max(abs(a - b) for a, b in zip(truth.shape, exported.shape, strict=True))
    if drift > (0 if rule in ("exact", "cut") else SIZE_SLACK_PX):
        return f"size {_size(exported)} instead of {_size(truth)}"
    if drift:
        height, width = truth.shape[:2]
        resized = Image.fromarray(exported).resize((width, height), Image.Resampling.BICUBIC)
        exported = np.asarray(resized, dtype=np.uint8)
    return _find_painting_fault(truth, exported, painted) or _find_level_fault(
        truth, exported, rule, painted
    )


def _size(picture: Rgb) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"


def _difference(truth: Rgb, exported: Rgb) -> npt.NDArray[np.int16]:
    return np.abs(truth.astype(np.int16) - exported.astype(np.int16))


def _find_level_fault(
    truth: Rgb, exported: Rgb, rule: PixelRule, painted: Sequence[PaintedTruth]
) -> str | None:
    height, width = truth.shape[:2]
    counted = np.ones((height, width), dtype=bool)
    for item in painted:
        x0, y0, x1, y1 = item.box_px
        around = SURROUND_PX
        counted[max(0, y0 - around) : y1 + around, max(0, x0 - around) : x1 + around] = False
    if rule == "outline":
        counted &= ~_near_ellipse(height, width)
    difference = _difference(truth, exported)[counted]
    mean, worst = float(difference.mean()), int(difference.max())
    if rule in ("exact", "cut"):
        return None if worst == 0 else f"differs by up to {worst} levels, {mean:.2f} on average"
    if rule == "soft":
        return None if worst <= 2 else f"differs by up to {worst} levels where 2 are allowed"
    if rule == "color":
        # All channels at once: one of them alone may hardly vary.
        levels = (truth[counted].ravel(), exported[counted].ravel())
        alike = float(np.corrcoef(*levels)[0, 1])
        if mean <= COLOR_MEAN and alike >= COLOR_CORRELATION:
            return None
        return f"colors differ by {mean:.1f} levels on average, correlation {alike:.2f}"
    return None if mean <= JPEG_MEAN else f"differs by {mean:.2f} levels on average"


def _near_ellipse(height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return the pixels that the edge of the inscribed ellipse may have smoothed."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    radius = np.hypot(2 * x / width - 1, 2 * y / height - 1)
    return np.asarray(np.abs(radius - 1) < 3.0 / min(height, width) * 2)


def _find_painting_fault(truth: Rgb, exported: Rgb, painted: Sequence[PaintedTruth]) -> str | None:
    for item in painted:
        x0, y0, x1, y1 = item.box_px
        if item.kind == "bar":
            inside = exported[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2]
            if inside.max() >= BLACK:
                return f"the bar over the eyes is not black: level {inside.max()}"
            continue
        marked = _difference(truth, exported)[y0:y1, x0:x1].max(axis=2) > MARK_LEVELS
        if marked.mean() < MARK_SHARE:
            return f"the {item.kind} painted over the picture is missing"
    return None


def _find_cut_fault(truth: Rgb, exported: Rgb) -> str | None:
    """Compare where the edges of both differ by a few pixels: the best offset counts."""
    drift = max(abs(a - b) for a, b in zip(truth.shape, exported.shape, strict=True))
    if drift > 2 * CUT_SLACK_PX:
        return f"size {_size(exported)} instead of {_size(truth)}"
    best = 255
    for dy in range(-CUT_SLACK_PX, CUT_SLACK_PX + 1):
        for dx in range(-CUT_SLACK_PX, CUT_SLACK_PX + 1):
            a = truth[max(0, dy) :, max(0, dx) :]
            b = exported[max(0, -dy) :, max(0, -dx) :]
            height, width = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
            best = min(best, int(_difference(a[:height, :width], b[:height, :width]).max()))
    return None if best == 0 else f"differs by up to {best} levels at the best offset"


def _find_scan_fault(truth: Rgb, exported: Rgb) -> str | None:
    if exported.shape[1] < 0.9 * truth.shape[1] or exported.shape[0] < 0.9 * truth.shape[0]:
        return f"size {_size(exported)} is less than the scan's {_size(truth)}"
    grid = (SCAN_GRID_PX, SCAN_GRID_PX)
    small = [
        np.asarray(Image.fromarray(p).resize(grid, Image.Resampling.BOX), dtype=np.uint8)
        for p in (truth, exported)
    ]
    mean = float(_difference(small[0], small[1]).mean())
    return None if mean <= SCAN_MEAN else f"differs by {mean:.1f} levels on average when reduced"
