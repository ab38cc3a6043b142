"""Find an opaque bar over the eyes: a flat black or white rectangle with skin around it.

A bar does not make a face unidentifiable (mouth, chin, hair and ears stay), so a barred face is
flagged like any other; the bar is noted for the reviewer, and where no detector sees a face behind
it, the bar itself says that one is there.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.skin import find_skin

RgbImage = NDArray[np.uint8]

_SIDE_PX = 256
_BLACK_MAX, _WHITE_MIN = 24, 246
_FLAT_EDGE = 12  # gray levels within 1 pixel; JPEG noise stays below
_AREA = (0.006, 0.2)  # share of the picture
_ASPECT = (1.7, 10.0)
_FILL = 0.9  # of its own, perhaps turned, rectangle
_SKIN_AROUND = 0.55
_TURN_MAX_DEG = 40.0
_FACE_INSET = 0.2  # of a face's width, left out at either side
_FACE_ROWS = 64
_FACE_MIN_PX = 8
_EYES_ABOVE = 0.7  # of a face's height
_ROW_FILL = 0.9
_BAR_ROWS = (0.08, 0.5)  # height of a bar over that of the face
_EDGE_SPAN = 0.98  # a strip from one edge of the picture to the other is its frame


def find_eye_bars(rgb: RgbImage) -> tuple[tuple[int, int, int, int], ...]:
    """Return the boxes (x0, y0, x1, y1) of bars in a picture ``(H, W, 3) uint8``."""
    scale = min(1.0, _SIDE_PX / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    flat = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) <= _FLAT_EDGE
    skin: NDArray[np.bool_] | None = None
    found = []
    for paint in (gray <= _BLACK_MAX, gray >= _WHITE_MIN):
        mask = (paint & flat).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for index in range(1, count):
            left, top, wide, high, area = (int(value) for value in stats[index])
            if not _AREA[0] * gray.size <= area <= _AREA[1] * gray.size:
                continue
            if wide >= _EDGE_SPAN * size[0] and (top == 0 or top + high >= size[1]):
                continue
            piece = (labels[top : top + high, left : left + wide] == index).astype(np.uint8)
            if not _is_bar(piece, area):
                continue
            if skin is None:
                skin = find_skin(small)
            if _skin_around(skin, labels == index) >= _SKIN_AROUND:
                box = np.array([left - 1, top - 1, left + wide + 1, top + high + 1]) / scale
                limit = [rgb.shape[1], rgb.shape[0]] * 2
                x0, y0, x1, y1 = (int(v) for v in np.clip(np.round(box), 0, limit))
                found.append((x0, y0, x1, y1))
    return tuple(sorted(found))


def is_barred(rgb: RgbImage, face: tuple[int, int, int, int]) -> bool:
    """Whether a level bar lies across the eyes of a face whose box is known.

    Dark hair that touches a black bar makes one piece with it; inside the face, rows tell.
    """
    x0, y0, x1, y1 = face
    inset = round(_FACE_INSET * (x1 - x0))
    inside = rgb[y0:y1, x0 + inset : x1 - inset]
    if min(inside.shape[:2]) < _FACE_MIN_PX:
        return False
    small = cv2.resize(inside, (_FACE_ROWS, _FACE_ROWS), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[: round(_EYES_ABOVE * _FACE_ROWS)]
    for paint in (gray <= _BLACK_MAX, gray >= _WHITE_MIN):
        rows = paint.mean(axis=1) >= _ROW_FILL
        edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
        runs = edges.reshape(-1, 2)
        # It neither reaches the top of the face, as hair does, nor covers most of it.
        if any(
            top > 0 and _BAR_ROWS[0] <= (low - top) / _FACE_ROWS <= _BAR_ROWS[1]
            for top, low in runs
        ):
            return True
    return False


def _is_bar(piece: NDArray[np.uint8], area: int) -> bool:
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    _, (one, other), angle = cv2.minAreaRect(max(contours, key=cv2.contourArea))
    long, short = max(one, other) + 1, min(one, other) + 1
    turn = angle if one >= other else angle - 90
    turn = abs((turn + 90) % 180 - 90)
    return bool(
        _ASPECT[0] <= long / short <= _ASPECT[1]
        and area >= _FILL * long * short
        and turn <= _TURN_MAX_DEG
    )


def _skin_around(skin: NDArray[np.bool_], bar: NDArray[np.bool_]) -> float:
    grown = bar.astype(np.uint8)
    inner = cv2.dilate(grown, np.ones((7, 7), np.uint8))
    outer = cv2.dilate(grown, np.ones((21, 21), np.uint8))
    ring = (outer > 0) & (inner == 0)
    return float(skin[ring].mean()) if ring.any() else 0.0
