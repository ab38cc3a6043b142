"""Flat grounds around a picture of a scan: tinted frames and colored bars that bear its caption.

On paper a tint and the photograph on it are one printed part. What tells them apart is that a
ground has one tone, on which nothing but words is set. Only words that were truly read there prove
a ground; the black margin of a radiograph looks the same but for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.pdf.scan_regions import WORK_DPI, PixelBox, Rgb

_SAME_TONE = 18  # of 255, in each channel
_CLEAN_SHARE, _LINE_SHARE = 0.85, 0.2  # of a row without words, and with, that shows the ground
_LETTER_IN = 0.2  # the highest line of words
_STRIP_SHARE = 0.45  # a strip takes less of its picture; what goes on is the picture's own ground
_FRAME_PX = 3  # a frame's line at the edge of the ground, at `WORK_DPI`
_LINE_IN = 0.13  # the lowest strip with a line of words
_EDGE_IN = 0.04  # at the edges of a ground, where frame and picture are
_CONTRAST = 60.0  # of 255, between ground and words that are surely ink


@dataclass(frozen=True, slots=True)
class Grounded:
    """A picture that may lie on a ground: `inner` without it, the strips around, each its gray."""

    inner: PixelBox
    strips: tuple[tuple[PixelBox, float], ...]


def find_ground(image: Rgb, dpi: float, box: PixelBox) -> Grounded | None:
    """Look for strips of one tone along the edges of a picture; None where there are none.

    Args:
        image: The page, ``(H, W, 3) uint8``.
        dpi: Its resolution.
        box: The picture in pixels of `image`.
    """
    x0, y0, x1, y1 = box
    scale = min(1.0, WORK_DPI / dpi)
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    if min(size) < 4 * _FRAME_PX or min(x0, y0) < 0:
        return None
    small = cv2.resize(image[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA).astype(np.int16)
    width, height = size
    top, top_gray = _strip(small)
    bottom, bottom_gray = _strip(small[::-1])
    middle = np.transpose(small[top : height - bottom], (1, 0, 2))
    left, left_gray = _strip(middle)
    right, right_gray = _strip(middle[::-1])
    if max(top, bottom, left, right) < _LINE_IN * WORK_DPI:
        return None
    edges = [round(edge / scale) for edge in (left, top, width - right, height - bottom)]
    inner = (x0 + edges[0], y0 + edges[1], x0 + edges[2], y0 + edges[3])
    strips = (
        ((x0, y0, x1, inner[1]), top_gray),
        ((x0, inner[3], x1, y1), bottom_gray),
        ((x0, inner[1], inner[0], inner[3]), left_gray),
        ((inner[2], inner[1], x1, inner[3]), right_gray),
    )
    return Grounded(inner, tuple((s, gray) for s, gray in strips if s[0] < s[2] and s[1] < s[3]))


def _strip(rows: NDArray[np.int16]) -> tuple[int, float]:
    """How many of the first rows show one tone but for lines of words, and its gray in [0, 255]."""
    tone = np.median(rows[_FRAME_PX : 2 * _FRAME_PX].reshape(-1, 3), axis=0)
    shares = (np.abs(rows - tone).max(axis=2) <= _SAME_TONE).mean(axis=1)
    shares[: 2 * _FRAME_PX] = 1.0  # the line of a frame, askew
    end = row = 0
    while row < len(rows) and shares[row] >= _LINE_SHARE:
        if shares[row] >= _CLEAN_SHARE:
            end = row + 1
        elif row - end > _LETTER_IN * WORK_DPI:
            break
        row += 1
    end = end if end > 2 * _FRAME_PX and end < _STRIP_SHARE * len(rows) else 0
    return end, float(tone.mean())


def ink_on_grounds(
    gray: NDArray[np.float32], ink: NDArray[np.float32], dpi: float, grounds: Sequence[Grounded]
) -> None:
    """Write into `ink` what differs from each ground, be it darker or lighter, in place.

    Both are ``(H, W)``, `gray` in [0, 255], `ink` in [0, 1].
    """
    for ground in grounds:
        for (x0, y0, x1, y1), level in ground.strips:
            view = np.abs(gray[y0:y1, x0:x1] - level)
            contrast = max(_CONTRAST, float(np.percentile(view, 99))) if view.size else _CONTRAST
            ink[y0:y1, x0:x1] = np.clip(view / contrast, 0.0, 1.0)
            margin = max(1, min(round(_EDGE_IN * dpi), (y1 - y0) // 4, (x1 - x0) // 4))
            ink[y0 : y0 + margin, x0:x1] = 0.0  # the frame's line, the picture's edge
            ink[y1 - margin : y1, x0:x1] = 0.0
            ink[y0:y1, x0 : x0 + margin] = 0.0
            ink[y0:y1, x1 - margin : x1] = 0.0
