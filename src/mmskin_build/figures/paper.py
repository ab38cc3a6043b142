"""Where a picture is paper: what lies between its panels, of one color."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

PixelBox = tuple[int, int, int, int]

TOLERANCE = 18  # grey levels that a gutter may differ from pure white or black
PURE = 5  # grey levels that painted white or black differs from it, after compression
_GLASS_SHARE = 0.03  # of a picture that is white or black, but not purely
GUTTER_SHARE = 0.985  # pixels of a gutter's row or column that are of its color
MIN_GUTTER_PX = 2  # across a gutter
MIN_SIDE_PX = 24  # of a panel
_BAND_SPREAD = 4.0  # grey levels along a gray gutter
_BAND_STEP = 10.0  # grey levels from one line of a gutter to the next, at most
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


def painted_of(distance: NDArray[np.uint8]) -> Paper | None:
    """Return where a picture is white, or black, as a program paints it; `distance` to that tone.

    The glass around a section is bright and the field of a fluorescence micrograph dark, but a
    photograph of them is not pure: so gutters are told from what lies beside them. None where it
    would say nothing that `paper_of` does not.
    """
    pure, near = (
        np.asarray(cv2.threshold(distance, reach, 1, cv2.THRESH_BINARY_INV)[1], np.uint8)
        for reach in (PURE, TOLERANCE)
    )
    if not pure.any() or share_of(near) - share_of(pure) < _GLASS_SHARE:
        return None
    return Paper(pure, pure)


def share_of(mask: NDArray[np.uint8]) -> float:
    """Return the share of pixels of a mask that are set; much faster than its mean."""
    return cv2.countNonZero(mask) / mask.size


def band_papers(rgb: NDArray[np.uint8], gray: NDArray[np.uint8], content: PixelBox) -> list[Paper]:
    """Return where a picture has the tones of its gray or colored gutters, then their colors.

    Brightness alone is exact at a thin gutter, where compression smears colors; but skin as bright
    as a gray gutter is told from it by color alone. `rgb` is ``(H, W, 3) uint8``, `gray` the same
    picture, which may be smaller.
    """
    bands = _bands(gray, content)
    papers: list[Paper] = []
    for tone, (x0, y0, x1, y1) in bands.items():
        alike = paper_of(np.asarray(cv2.absdiff(gray, np.full_like(gray, tone)), np.uint8))
        papers.append(alike)
        rgb = at_size(rgb, gray)
        color = np.median(rgb[y0:y1, x0:x1].reshape(-1, 3), axis=0).astype(np.uint8)
        apart = cv2.absdiff(rgb, np.broadcast_to(color, rgb.shape).copy())
        colored = paper_of(np.asarray(apart.max(axis=2), np.uint8))
        if share_of(alike.strict) - share_of(colored.strict) >= _GLASS_SHARE:
            papers.append(colored)
    return papers


def at_size(rgb: NDArray[np.uint8], gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture in color at the resolution of the same one in gray."""
    if rgb.shape[:2] == gray.shape:
        return rgb
    size = (gray.shape[1], gray.shape[0])
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _bands(gray: NDArray[np.uint8], content: PixelBox) -> dict[int, PixelBox]:
    """Bands of one tone that run straight from edge to edge and hold nothing else, by tone."""
    x0, y0, x1, y1 = content
    part = gray[y0:y1, x0:x1]
    found: dict[int, PixelBox] = {}
    for axis in (0, 1):
        across = part.shape[1 - axis]
        mean = cv2.reduce(part, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / across
        squares = cv2.reduce(part, 1 - axis, cv2.REDUCE_SUM2, dtype=cv2.CV_64F).ravel() / across
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
        for start, end in _level_runs(mean, spread <= _BAND_SPREAD):
            margin = MIN_SIDE_PX
            if start < margin or part.shape[axis] - end < margin or end - start < MIN_GUTTER_PX:
                continue
            tone = round(float(mean[start:end].mean()))
            if all(abs(tone - other) > TOLERANCE for other in (0, 255, *found)):
                found[tone] = (
                    (x0, y0 + start, x1, y0 + end) if axis == 0 else (x0 + start, y0, x0 + end, y1)
                )
    return dict(list(found.items())[:_BAND_TONES])


def paper_shares(mask: NDArray[np.uint8], axis: int) -> NDArray[np.float32]:
    """Return the share of set pixels in each row (`axis` 0) or column (1)."""
    sums = cv2.reduce(mask, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    shares: NDArray[np.float32] = (sums / mask.shape[1 - axis]).astype(np.float32)
    return shares


def trim(mask: NDArray[np.uint8], box: PixelBox) -> PixelBox:
    """Take a margin of paper off a box."""
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    rows = np.flatnonzero(paper_shares(part, 0) < GUTTER_SHARE)
    columns = np.flatnonzero(paper_shares(part, 1) < GUTTER_SHARE)
    if rows.size == 0 or columns.size == 0:
        return box
    return (
        x0 + int(columns[0]),
        y0 + int(rows[0]),
        x0 + int(columns[-1]) + 1,
        y0 + int(rows[-1]) + 1,
    )


def _level_runs(mean: NDArray[np.float64], even: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where lines are even, cut where one gutter borders on the plain edge of a picture."""
    pieces: list[tuple[int, int]] = []
    for start, end in runs(even):
        steps = np.flatnonzero(np.abs(np.diff(mean[start:end])) > _BAND_STEP)
        pieces.extend(pairwise([start, *(start + 1 + steps).tolist(), end]))
    return pieces


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where flags are set without a break, as ``(start, end)``."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    turns = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(turns[::2], turns[1::2], strict=True))
