"""Panel letters that are part of the picture: found in the corners, read by Tesseract.

A letter alone is hard for a recognizer that was made for words, so each candidate is set three
times in a row of its own; all rows of a figure are read in one go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import InputPdfError
from mmskin_build.pdf.tesseract import recognize_lines

Rgb = NDArray[np.uint8]
Gray = NDArray[np.uint8]

_CORNER_SHARE = 0.2  # of the shorter side of a panel
_CORNER_PX = (36, 260)
_BRIGHT, _DARK = 200, 60  # grey levels beyond which a pixel may be a letter's
_HEIGHT_SHARE = (0.08, 0.8)  # of the corner
_MIN_HEIGHT_PX = 7
_ASPECT = (0.15, 1.5)  # width over height
_BRACKET_ASPECT = 0.42
_FILL = (0.15, 0.9)  # share of its box that a letter inks
_PER_CORNER = 5
_ROW_PX, _GLYPH_PX = 72, 40
_DPI = 200.0
_LOOKALIKES = str.maketrans({"8": "b", "6": "g", "€": "c", "©": "c", "|": "i", "0": "d", "£": "e"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    panel: int
    corner: int  # 0 top left, 1 top right, 2 bottom left, 3 bottom right
    is_bright: bool
    glyph: Gray  # (H, W), 255 where inked


def read_panel_letters(
    panels: Sequence[Rgb], letters: Sequence[str], time_limit_s: float
) -> list[str | None]:
    """Read the letter of each panel; None where none of `letters` is read for certain.

    The panels of one figure bear their letters in one corner: the one that explains most panels
    is believed, the others are not.

    Args:
        panels: Pictures ``(H, W, 3) uint8`` of one figure.
        letters: The letters that the caption names, lower case.
        time_limit_s: For Tesseract.

    Raises:
        MissingDependencyError: If Tesseract or its English data is not installed.
    """
    candidates = [c for index, rgb in enumerate(panels) for c in _find_candidates(index, rgb)]
    if not candidates:
        return [None] * len(panels)
    try:
        read = _read(candidates, time_limit_s)
    except InputPdfError:  # Tesseract failed on this sheet: the letters stay unread
        return [None] * len(panels)
    best: dict[int, str] = {}
    # One color for all letters is the rule; dark and light panels in one figure break it.
    colors = ((True,), (False,), (True, False), (False, True))
    for corner, order in product(range(4), colors):
        found: dict[int, str] = {}
        for is_bright in order:
            for candidate, letter in zip(candidates, read, strict=True):
                if candidate.corner != corner or candidate.is_bright != is_bright:
                    continue
                if letter is not None and letter in letters:
                    found.setdefault(candidate.panel, letter)
        unique = {
            panel: letter
            for panel, letter in found.items()
            if list(found.values()).count(letter) == 1
        }
        if len(unique) > len(best):
            best = unique
    if len(best) < max(2, 0.5 * len(panels)):
        best = {}
    return [best.get(index) for index in range(len(panels))]


def _find_candidates(panel: int, rgb: Rgb) -> list[_Candidate]:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    side = round(min(max(_CORNER_SHARE * min(height, width), _CORNER_PX[0]), _CORNER_PX[1]))
    side = min(side, height, width)
    found: list[_Candidate] = []
    for corner in range(4):
        y0 = 0 if corner < 2 else height - side
        x0 = 0 if corner % 2 == 0 else width - side
        crop = gray[y0 : y0 + side, x0 : x0 + side]
        for is_bright in (True, False):
            mask = (crop >= _BRIGHT) if is_bright else (crop <= _DARK)
            glyphs = _letter_shapes(mask.astype(np.uint8) * 255, corner)
            found.extend(_Candidate(panel, corner, is_bright, glyph) for glyph in glyphs)
    return found


def _letter_shapes(mask: Gray, corner: int) -> list[Gray]:
    """Connected shapes of a letter's size and proportions, the nearest to the corner first."""
    side = mask.shape[0]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    shapes: list[tuple[float, Gray]] = []
    for index in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[index])
        if not max(_MIN_HEIGHT_PX, _HEIGHT_SHARE[0] * side) <= h <= _HEIGHT_SHARE[1] * side:
            continue
        if not _ASPECT[0] * h <= w <= _ASPECT[1] * h or not _FILL[0] <= area / (w * h) <= _FILL[1]:
            continue
        if x == 0 or y == 0 or x + w == side or y + h == side:
            continue
        dx = x if corner % 2 == 0 else side - x - w
        dy = y if corner < 2 else side - y - h
        glyph = np.where(labels[y : y + h, x : x + w] == index, 255, 0).astype(np.uint8)
        narrow = w < _BRACKET_ASPECT * h  # brackets around a letter, last in line
        shapes.append((float(dx + dy) + (side if narrow else 0.0), glyph))
    shapes.sort(key=lambda item: item[0])
    return [glyph for _, glyph in shapes[:_PER_CORNER]]


def _read(candidates: Sequence[_Candidate], time_limit_s: float) -> list[str | None]:
    """Read each candidate; a row of the sheet holds it three times."""
    width = 3 * 2 * _GLYPH_PX + 80
    sheet = np.full((_ROW_PX * len(candidates) + 40, width), 255, np.uint8)
    for row, candidate in enumerate(candidates):
        h, w = candidate.glyph.shape
        scale = _GLYPH_PX / h
        size = (max(4, round(w * scale)), _GLYPH_PX)
        glyph = 255 - cv2.resize(candidate.glyph, size, interpolation=cv2.INTER_AREA)
        for copy in range(3):
            x, y = 40 + copy * (size[0] + 24), 20 + row * _ROW_PX
            room = width - x
            sheet[y : y + _GLYPH_PX, x : x + min(size[0], room)] = glyph[:, :room]
    found: list[list[str]] = [[] for _ in candidates]
    for line in recognize_lines(sheet, _DPI, "eng", time_limit_s, block=True):
        for word in line.words:
            row = int(((word.box[1] + word.box[3]) / 2 - 20) // _ROW_PX)
            if 0 <= row < len(candidates):
                found[row].extend(word.text.lower().translate(_LOOKALIKES))
    result: list[str | None] = []
    for chars in found:
        counts = Counter(char for char in chars if char.isalpha())
        top = counts.most_common(1)
        result.append(top[0][0] if top and top[0][1] >= 2 else None)
    return result
