"""Flat grounds at a picture of a scan: frames, bars and boxes that bear its caption.

On paper a tint and the photograph on it are one printed part. What tells them apart is that a
ground has one tone, on which nothing but words is set. Only words that were truly read there prove
a ground; the black margin of a radiograph looks the same but for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.pdf.scan_paper import WORK_DPI, Paper, PixelBox
from mmskin_build.pdf.scan_tones import Rgb, is_one_print

_SAME_TONE = 18  # of 255, in each channel
_CLEAN_SHARE, _LINE_SHARE = 0.85, 0.2  # of a row without words, and with, that shows the ground
_LETTER_IN = 0.2  # the highest line of words
_STRIP_SHARE = 0.45  # a strip takes less of its picture; what goes on is the picture's own ground
_FRAME_PX = 3  # a frame's line at the edge of the ground, at `WORK_DPI`
_LINE_IN = 0.13  # the lowest strip with a line of words
_EDGE_IN = 0.04  # at the edges of a ground, where frame and picture are
_INSET_LIGHT, _INSET_FILLED = 190, 0.8  # of 255; share of its outline's box that an inset fills
_INSET_CLEAN = 0.6  # share of an inset without letters
_INSET_IN = 0.8  # the narrowest inset with words
_CONTRAST = 60.0  # of 255, between ground and words that are surely ink


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip of one tone along a side of a picture.

    `side` is the place in the picture's box of the edge that moves to `edge` without the strip,
    `box` where the strip lies, both in pixels of the page, `gray` the mean of its tone in [0, 255].
    """

    side: int
    edge: int
    box: PixelBox
    gray: float


@dataclass(frozen=True, slots=True)
class Inset:
    """A light box of one tone within a picture, in pixels of the page; `gray` as of a strip."""

    box: PixelBox
    gray: float


@dataclass(frozen=True, slots=True)
class Grounded:
    """A picture, with what it lies on as it was found, and the strips that may be its ground.

    `insets` are light boxes within it.
    """

    box: PixelBox
    strips: tuple[Strip, ...]
    insets: tuple[Inset, ...] = ()

    def picture(self, has_words: Callable[[PixelBox], bool]) -> PixelBox:
        """The box without its ground: strips with words and others of the same tone."""
        worded = [strip.gray for strip in self.strips if has_words(strip.box)]
        inner = list(self.box)
        for strip in self.strips:
            if any(abs(strip.gray - gray) <= _SAME_TONE for gray in worded):
                inner[strip.side] = strip.edge
        return inner[0], inner[1], inner[2], inner[3]


def find_ground(image: Rgb, dpi: float, box: PixelBox, paper: Paper) -> Grounded | None:
    """Look for strips of one tone along the edges of a picture, and boxes in it; None without any.

    Args:
        image: The page, ``(H, W, 3) uint8``.
        dpi: Its resolution.
        box: The picture in pixels of `image`.
        paper: The page's paper, against which tones are compared.
    """
    x0, y0, x1, y1 = box
    scale = min(1.0, WORK_DPI / dpi)
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    if min(size) < 4 * _FRAME_PX or min(x0, y0) < 0:
        return None
    shrunk = cv2.resize(image[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    small = np.asarray(shrunk, np.uint8)
    around = [round(side * paper.scale) for side in box]
    part = paper.color[around[1] : around[3], around[0] : around[2]]
    under = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), np.float32)
    width, height = size
    top, top_gray = _strip(small, under)
    bottom, bottom_gray = _strip(small[::-1], under[::-1])
    middle = np.ascontiguousarray(np.transpose(small[top : height - bottom], (1, 0, 2)))
    under_middle = np.ascontiguousarray(np.transpose(under[top : height - bottom], (1, 0, 2)))
    left, left_gray = _strip(middle, under_middle)
    right, right_gray = _strip(middle[::-1], under_middle[::-1])
    insets = tuple(
        Inset(
            (
                x0 + round(a / scale),
                y0 + round(b / scale),
                x0 + round(c / scale),
                y0 + round(d / scale),
            ),
            tone,
        )
        for (a, b, c, d), tone in _light_boxes(small, under)
    )
    if max(top, bottom, left, right) < _LINE_IN * WORK_DPI:
        return Grounded(box, (), insets) if insets else None
    edges = [round(edge / scale) for edge in (left, top, width - right, height - bottom)]
    ix0, iy0, ix1, iy1 = x0 + edges[0], y0 + edges[1], x0 + edges[2], y0 + edges[3]
    strips = (
        Strip(1, iy0, (x0, y0, x1, iy0), top_gray),
        Strip(3, iy1, (x0, iy1, x1, y1), bottom_gray),
        Strip(0, ix0, (x0, iy0, ix0, iy1), left_gray),
        Strip(2, ix1, (ix1, iy0, x1, iy1), right_gray),
    )
    shown = tuple(s for s in strips if s.box[0] < s.box[2] and s.box[1] < s.box[3])
    return Grounded(box, shown, insets)


def _light_boxes(pixels: Rgb, paper: NDArray[np.float32]) -> list[tuple[PixelBox, float]]:
    """Boxes of one light tone with room for a caption, and their gray.

    What is as light, but has another outline or runs into other tones, is the picture's own.
    """
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    light = (gray >= _INSET_LIGHT).astype(np.uint8)
    letters, line = (round(side * WORK_DPI) for side in (_LETTER_IN, _LINE_IN))
    filled = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((letters, letters), np.uint8))
    solid = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((line, 3 * line), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    found = []
    for x, y, w, h, area in stats[1:].tolist():
        view = np.s_[y : y + h, x : x + w]
        fits = w >= _INSET_IN * WORK_DPI and w * h <= _STRIP_SHARE * gray.size
        is_box = area >= _INSET_FILLED * w * h and light[view].mean() >= _INSET_CLEAN
        if fits and is_box and is_one_print(pixels[view], paper[view]):
            found.append(((x, y, x + w, y + h), float(np.median(gray[view]))))
    return found


def _strip(pixels: Rgb, paper: NDArray[np.float32]) -> tuple[int, float]:
    """How many of the first rows show one tone but for lines of words, and its gray in [0, 255]."""
    rows = pixels.astype(np.int16)
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
    is_strip = 2 * _FRAME_PX < end < _STRIP_SHARE * len(rows)
    if not is_strip or not is_one_print(pixels[_FRAME_PX:end], paper[_FRAME_PX:end]):
        end = 0
    return end, float(tone.mean())


def ink_on_grounds(
    gray: NDArray[np.float32], ink: NDArray[np.float32], dpi: float, grounds: Sequence[Grounded]
) -> None:
    """Write into `ink` what differs from each ground, be it darker or lighter, in place.

    Both are ``(H, W)``, `gray` in [0, 255], `ink` in [0, 1].
    """
    for ground in grounds:
        toned = [(strip.box, strip.gray) for strip in ground.strips]
        toned += [(inset.box, inset.gray) for inset in ground.insets]
        for (x0, y0, x1, y1), tone in toned:
            view = np.abs(gray[y0:y1, x0:x1] - tone)
            contrast = max(_CONTRAST, float(np.percentile(view, 99))) if view.size else _CONTRAST
            ink[y0:y1, x0:x1] = np.clip(view / contrast, 0.0, 1.0)
            margin = max(1, min(round(_EDGE_IN * dpi), (y1 - y0) // 4, (x1 - x0) // 4))
            ink[y0 : y0 + margin, x0:x1] = 0.0  # the frame's line, the picture's edge
            ink[y1 - margin : y1, x0:x1] = 0.0
            ink[y0:y1, x0 : x0 + margin] = 0.0
            ink[y0:y1, x1 - margin : x1] = 0.0
