"""Read the short lines that Tesseract's layout analysis leaves out.

It passes over a label that stands alone under a picture. Such lines are found by their ink, set
below one another in one small image, and recognized there as one block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.pdf.ocr_lines import is_label
from mmskin_build.pdf.scan_paper import PixelBox
from mmskin_build.pdf.tesseract import RecognizedLine, recognize_lines

Gray = NDArray[np.uint8]  # (H, W)

_DPI = 100.0  # at which lines are looked for
_INK = 64  # of 255, from which a pixel is ink
_LETTER_IN = (0.03, 0.25)  # least and greatest height of letters
_WIDEST_IN = 0.5  # of what may be one letter, or some that touch
_SPACE_IN = 0.25  # least gap between two lines on one height
_LINE_IN = (0.06, 0.12)  # least height and width of a line
_PARTS, _LEAST_LETTERS = 2, 3  # letters may touch; read are more
_LONG = 1.5  # width of a line over its height, at least
_MOST_LINES = 40  # more is the lettering of a drawing, or dust
_MARGIN_IN = 0.08  # of white around a line
_SURE = 0.6  # confidence of a word


def read_missed(
    gray: Gray, dpi: float, lines: Sequence[RecognizedLine], language: str, time_limit_s: float
) -> list[RecognizedLine]:
    """Recognize what looks like lines of text and was not read.

    Args:
        gray: The image that was recognized, ``(H, W) uint8``, dark on light, without its pictures.
        dpi: Its resolution.
        lines: What was read, in its pixels.
        language: Tesseract's language codes joined by ``+``.
        time_limit_s: Tesseract is ended when it takes longer.

    Returns:
        Further lines in pixels of `gray`, each a paragraph of its own.

    Raises:
        MissingDependencyError: If Tesseract or the language is missing.
        InputPdfError: If Tesseract fails or runs out of time.
    """
    boxes = _find_missed(gray, dpi, lines)
    if not boxes or len(boxes) > _MOST_LINES:
        return []
    margin = round(_MARGIN_IN * dpi)
    height = sum(box[3] - box[1] + 2 * margin for box in boxes)
    width = max(box[2] - box[0] for box in boxes) + 2 * margin
    sheet = np.full((height, width), 255, np.uint8)
    tops = []
    top = 0
    for x0, y0, x1, y1 in boxes:
        sheet[top + margin : top + margin + y1 - y0, margin : margin + x1 - x0] = gray[y0:y1, x0:x1]
        tops.append(top)
        top += y1 - y0 + 2 * margin
    paragraph = 1 + max((line.paragraph for line in lines), default=-1)
    found = []
    for line in recognize_lines(sheet, dpi, language, time_limit_s, block=True):
        sure = tuple(word for word in line.words if word.confidence >= _SURE)
        words = line.words if is_label(line.words) else sure
        if sum(map(str.isalnum, "".join(word.text for word in words))) < _LEAST_LETTERS:
            continue
        row = int(np.searchsorted(tops, (words[0].box[1] + words[0].box[3]) / 2, "right")) - 1
        dx, dy = boxes[row][0] - margin, boxes[row][1] - margin - tops[row]
        moved = tuple(replace(word, box=_moved(word.box, dx, dy)) for word in words)
        found.append(replace(line, words=moved, paragraph=paragraph + row))
    return found


def _find_missed(gray: Gray, dpi: float, lines: Sequence[RecognizedLine]) -> list[PixelBox]:
    """Boxes in `gray` of letters that stand on one line and in no word, top to bottom."""
    scale = min(1.0, _DPI / dpi)
    small = cv2.resize(255 - gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for line in lines:
        for word in line.words:
            x0, y0, x1, y1 = (round(side * scale) for side in word.box)
            small[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (small > _INK).astype(np.uint8), connectivity=8
    )
    least, most = (side * _DPI for side in _LETTER_IN)
    x, y, w, h = (stats[:, i] for i in range(4))
    is_letter = (h >= least) & (h <= most) & (w <= _WIDEST_IN * _DPI)
    is_letter[0] = False
    letters = is_letter[labels].astype(np.uint8)
    across = np.ones((1, round(_SPACE_IN * _DPI)), np.uint8)
    joined = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, across)
    _, _, groups, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[PixelBox] = []
    for gx, gy, gw, gh, _ in groups[1:]:
        held = is_letter & (x >= gx) & (x + w <= gx + gw) & (y >= gy) & (y + h <= gy + gh)
        large_enough = gh >= _LINE_IN[0] * _DPI and gw >= _LINE_IN[1] * _DPI
        if large_enough and gh <= most and gw >= _LONG * gh and held.sum() >= _PARTS:
            found.append(_grown((gx, gy, gx + gw, gy + gh), scale, gray.shape))
    return sorted(found, key=lambda box: (box[1], box[0]))


def _grown(box: tuple[int, int, int, int], scale: float, shape: tuple[int, ...]) -> PixelBox:
    """A box at `_DPI`, two pixels larger on each side, in pixels of the image."""
    x0, y0, x1, y1 = ((side + step) / scale for side, step in zip(box, (-2, -2, 2, 2), strict=True))
    return max(0, int(x0)), max(0, int(y0)), min(shape[1], int(x1)), min(shape[0], int(y1))


def _moved(box: PixelBox, dx: int, dy: int) -> PixelBox:
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy
