"""Where a picture is paper: what lies between its panels, of one color."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PixelBox = tuple[int, int, int, int]

TOLERANCE = 18  # grey levels that a gutter may differ from pure white or black
_PURE = 5  # grey levels that painted white differs from white, after compression
_GLASS_SHARE = 0.03  # of a picture that is white, but not purely
MIN_GUTTER_PX = 2  # across a gutter
MIN_SIDE_PX = 24  # of a panel
_BAND_SPREAD = 4.0  # grey levels along a gray gutter
_BAND_TONES = 3  # gray tones tried
_LOOSE = 70  # grey levels for a thin gutter, which compression blurs


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a picture has the color of its gutters: within a few grey levels, and roughly."""

    strict: NDArray[np.uint8]
    loose: NDArray[np.uint8]


def paper_of(distance: NDArray[np.uint8]) -> Paper:
    """Return where a picture is paper, from each pixel's distance to the paper's tone."""
    strict, loose = (
        cv2.threshold(distance, level, 1, cv2.THRESH_BINARY_INV)[1] for level in (TOLERANCE, _LOOSE)
    )
    return Paper(np.asarray(strict, np.uint8), np.asarray(loose, np.uint8))


def pure_white(gray: NDArray[np.uint8]) -> Paper | None:
    """Return where a picture is white as a program paints it, if much of it is white otherwise.

    The glass around a section is bright, but a photograph of it is not pure: so gutters are told
    from the glass beside them. None where it would say nothing that `paper_of` does not.
    """
    pure, bright = (
        np.asarray(cv2.threshold(gray, 254 - reach, 1, cv2.THRESH_BINARY)[1], np.uint8)
        for reach in (_PURE, TOLERANCE)
    )
    if not pure.any() or share_of(bright) - share_of(pure) < _GLASS_SHARE:
        return None
    return Paper(pure, pure)


def share_of(mask: NDArray[np.uint8]) -> float:
    """Return the share of pixels of a mask that are set; much faster than its mean."""
    return cv2.countNonZero(mask) / mask.size


def band_tones(gray: NDArray[np.uint8], content: PixelBox) -> list[int]:
    """Tones of gray bands that run straight from edge to edge and hold nothing else."""
    x0, y0, x1, y1 = content
    part = gray[y0:y1, x0:x1]
    found: list[int] = []
    for axis in (0, 1):
        across = part.shape[1 - axis]
        mean = cv2.reduce(part, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / across
        squares = cv2.reduce(part, 1 - axis, cv2.REDUCE_SUM2, dtype=cv2.CV_64F).ravel() / across
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
        for start, end in runs(spread <= _BAND_SPREAD):
            margin = MIN_SIDE_PX
            if start < margin or part.shape[axis] - end < margin or end - start < MIN_GUTTER_PX:
                continue
            tone = round(float(mean[start:end].mean()))
            if all(abs(tone - other) > TOLERANCE for other in (0, 255, *found)):
                found.append(tone)
    return found[:_BAND_TONES]


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where flags are set without a break, as ``(start, end)``."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    turns = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(turns[::2], turns[1::2], strict=True))
