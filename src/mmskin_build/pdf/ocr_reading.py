"""Recognize the words of a scanned page: straightened, column by column, and on its side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.config import PdfConfig
from mmskin_build.pdf.ocr_lines import Ink, Turn, apart_by_column, split_and_repair, split_columns
from mmskin_build.pdf.ocr_missed import read_missed
from mmskin_build.pdf.scan_paper import WORK_DPI, PixelBox
from mmskin_build.pdf.tesseract import RecognizedLine, find_orientation, recognize_lines

Gray = NDArray[np.uint8]  # (H, W)

TESSERACT_SHARE = 0.8  # of the page's time limit; the rest is for the pixels
DOUBTFUL_WORD = 0.6  # confidence
_SKEW_LIMIT, _SKEW_IGNORED = 5.0, 0.15  # degrees
_GUTTER_IN = (0.06, 0.6)  # least and widest gap of two pictures with captions of their own
_INK = 0.3  # of what is surely printed
_LETTER_IN = 0.3  # higher parts are no letters


def estimate_skew(ink: Ink, dpi: float) -> float:
    """Return by how many degrees the text is turned counter-clockwise, at most 5; 0 if unclear.

    The rows of printed text are densest and its gaps emptiest along the true direction.
    """
    scale = min(1.0, WORK_DPI / dpi)
    small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    printed = (small > 0.3).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(printed, connectivity=8)
    letters = stats[:, cv2.CC_STAT_HEIGHT] <= _LETTER_IN * WORK_DPI  # pictures have no direction
    letters[0] = False
    ys, xs = np.nonzero(letters[labels])
    if len(xs) < 500:
        return 0.0
    step = max(1, len(xs) // 40_000)
    xs, ys = xs[::step] - small.shape[1] // 2, ys[::step] - small.shape[0] // 2
    reach = int(np.hypot(*small.shape) / 2) + 2

    def sharpness(degrees: float) -> float:
        angle = np.deg2rad(degrees)
        rows = np.floor(ys * np.cos(angle) + xs * np.sin(angle) + 0.25).astype(np.int64) + reach
        profile = np.bincount(rows, minlength=2 * reach).astype(np.float64)
        return float((np.diff(profile) ** 2).sum())

    coarse = max(np.arange(-_SKEW_LIMIT, _SKEW_LIMIT + 0.01, 0.25), key=sharpness)
    fine = max(np.arange(coarse - 0.25, coarse + 0.251, 0.05), key=sharpness)
    level = sharpness(0.0)
    # A page of drawings has no direction: demand a clear gain before turning anything.
    return round(float(fine), 2) if sharpness(float(fine)) > 1.05 * level else 0.0


def columns_below(ink: Ink, dpi: float, pictures: Sequence[PixelBox]) -> list[PixelBox]:
    """Where words stand below every second of pictures side by side, apart from the others'.

    Tesseract reads the captions of neighbors as one text where their lines are not level.

    Args:
        ink: The page, ``(H, W)``, 0 paper to 1 ink, without its pictures.
        dpi: Its resolution.
        pictures: Boxes of the pictures in its pixels.
    """
    columns: list[PixelBox] = []
    for left, right in sorted(permutations(pictures, 2), key=lambda pair: pair[0]):
        gap = right[0] - left[2]
        low, high = max(left[1], right[1]), min(left[3], right[3])
        if not _GUTTER_IN[0] * dpi < gap < _GUTTER_IN[1] * dpi or high - low < 0.5 * min(
            left[3] - left[1], right[3] - right[1]
        ):
            continue
        x, half = (left[2] + right[0]) // 2, max(1, gap // 4)
        crossed = np.flatnonzero(ink[high:, x - half : x + half + 1].max(axis=1) > _INK)
        end = high + int(crossed[0]) if len(crossed) else len(ink)
        if any(x0 < x <= x1 + 1 and y0 < end and high < y1 for x0, y0, x1, y1 in columns):
            continue  # the left one is apart already
        next_to = [
            p[0] for p in pictures if p[0] >= right[2] and min(p[3], high) - max(p[1], low) > 0
        ]
        x1 = (right[2] + min(next_to)) // 2 if next_to else ink.shape[1]
        words = ink[high:end] > _INK
        blank = np.flatnonzero(~words[:, left[0] : x1].any(axis=1))
        end = high + int(blank[-1]) if len(crossed) and len(blank) else end  # through no letter
        words = words[: end - high]
        if words[:, x:x1].any() and words[:, left[0] : x].any():
            columns.append((x, high, x1, end))
    return columns


def recognize_upright(
    ink: Ink,
    dpi: float,
    skew: float,
    columns: Sequence[PixelBox],
    cfg: PdfConfig,
    language: str,
) -> tuple[list[RecognizedLine], Turn]:
    """Recognize; where the result is poor or on its side, look how the page lies.

    Args:
        ink: The page, ``(H, W)``, 0 paper to 1 ink.
        dpi: Its resolution.
        skew: By how many degrees it is turned counter-clockwise.
        columns: Parts to be read by themselves.
        cfg: Resolution for OCR, and the page's time limit.
        language: Tesseract's language codes joined by ``+``.

    Returns:
        The lines in pixels of the image that was recognized, and the way back to `ink`.

    Raises:
        MissingDependencyError: If Tesseract or the language is not installed.
        InputPdfError: If Tesseract fails on the page or runs out of time.
    """
    best = _recognize_apart(ink, dpi, skew, columns, cfg, language)
    in_doubt = _is_poor(best[0]) or is_mostly_turned(best[0])
    if in_doubt and float((ink > 0.3).mean()) > 0.001:
        for direction in _other_directions(ink, dpi, best[0], cfg):
            other = _recognize_turned(ink, dpi, 0.0, direction, cfg, language)
            if _evidence(other[0]) > _evidence(best[0]):
                best = other
    return best


def _recognize_apart(
    ink: Ink,
    dpi: float,
    skew: float,
    columns: Sequence[PixelBox],
    cfg: PdfConfig,
    language: str,
) -> tuple[list[RecognizedLine], Turn]:
    """Recognize an upright page, and what stands in `columns` by itself."""
    if not columns:
        return _recognize_turned(ink, dpi, skew, 0, cfg, language)
    rest, apart = ink.copy(), np.zeros_like(ink)
    for x0, y0, x1, y1 in columns:
        apart[y0:y1, x0:x1] = ink[y0:y1, x0:x1]
        rest[y0:y1, x0:x1] = 0.0
    lines, turn = _recognize_turned(rest, dpi, skew, 0, cfg, language)
    first = 1 + max((line.paragraph for line in lines), default=-1)
    beside, _ = _recognize_turned(apart, dpi, skew, 0, cfg, language)
    return [*lines, *(replace(line, paragraph=first + line.paragraph) for line in beside)], turn


def _other_directions(
    ink: Ink, dpi: float, lines: Sequence[RecognizedLine], cfg: PdfConfig
) -> tuple[int, ...]:
    """How a page in doubt may lie; Tesseract takes a turned line for one turned the other way."""
    if is_mostly_turned(lines):
        return 90, 270
    scale = ocr_scale(dpi, cfg)
    large = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    limit_s = cfg.page_time_limit_s * TESSERACT_SHARE / 3
    direction = find_orientation(_to_gray(np.asarray(large)), dpi * scale, limit_s)
    return (direction,) if direction else ()


def _recognize_turned(
    ink: Ink, dpi: float, skew: float, direction: int, cfg: PdfConfig, language: str
) -> tuple[list[RecognizedLine], Turn]:
    scale = ocr_scale(dpi, cfg)
    height, width = ink.shape
    quarters = direction // 90
    new_width, new_height = (height, width) if quarters % 2 else (width, height)
    # Original to changed image: turn about the middle by quarters and skew, then enlarge.
    angle = np.deg2rad(direction + (skew if abs(skew) > _SKEW_IGNORED else 0.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    new_middle = np.array([new_width * scale - 1, new_height * scale - 1]) / 2
    forward = np.column_stack([turn, new_middle - turn @ middle])
    size = (round(new_width * scale), round(new_height * scale))
    method = cv2.INTER_CUBIC if scale >= 1 else cv2.INTER_AREA
    if quarters == 0 and abs(skew) <= _SKEW_IGNORED:
        changed = np.asarray(cv2.resize(ink, size, interpolation=method), np.float32)
    else:
        turned = cv2.warpAffine(ink, forward, size, flags=cv2.INTER_CUBIC)
        changed = np.asarray(turned, np.float32)
    limit_s = cfg.page_time_limit_s * TESSERACT_SHARE / (2 if quarters else 1)
    gray = _to_gray(changed)
    lines = recognize_lines(gray, dpi * scale, language, limit_s)
    pieces = apart_by_column(
        [piece for line in split_columns(lines) for piece in split_and_repair(line)]
    )
    pieces += read_missed(gray, dpi * scale, pieces, language, limit_s)
    back = np.asarray(cv2.invertAffineTransform(forward), np.float64)
    return pieces, Turn(back, scale, direction)


def ocr_scale(dpi: float, cfg: PdfConfig) -> float:
    """How much larger than `dpi` Tesseract sees the page."""
    return float(np.clip(dpi, cfg.ocr_min_dpi, cfg.ocr_max_dpi)) / dpi


def _to_gray(ink: Ink) -> Gray:
    gray: Gray = (255 - 255 * np.clip(ink, 0, 1)).astype(np.uint8)
    return gray


def _is_poor(lines: Sequence[RecognizedLine]) -> bool:
    words = [word for line in lines for word in line.words]
    sure = sum(word.confidence >= DOUBTFUL_WORD and len(word.text) > 2 for word in words)
    return sure < 0.4 * max(1, len(words))


def is_mostly_turned(lines: Sequence[RecognizedLine]) -> bool:
    """Whether most words stand in lines that do not run from left to right."""
    turned = sum(len(line.words) for line in lines if line.direction)
    return turned > sum(len(line.words) for line in lines) / 2


def _evidence(lines: Sequence[RecognizedLine]) -> float:
    """How much was read: letters of confident words."""
    return sum(
        len(word.text) * word.confidence
        for line in lines
        for word in line.words
        if word.confidence >= DOUBTFUL_WORD
    )
