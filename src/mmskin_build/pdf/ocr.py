"""Read an image-only page: its lines by Tesseract, its pictures by their pixels.

Steps: model the paper, find the photographs, take them and the paper's tint away, straighten,
recognize, find the drawings among what is left. All boxes that leave here are in points with the
origin at the top left of the image, as it was given: straightening is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox, pt_to_px, union_all
from mmskin_build.pdf.ocr_lines import (
    Ink,
    Turn,
    split_and_repair,
    split_columns,
    to_lines,
    to_points,
    whole,
)
from mmskin_build.pdf.scan_grounds import Grounded, find_ground, ink_on_grounds
from mmskin_build.pdf.scan_regions import (
    WORK_DPI,
    FoundPicture,
    Paper,
    PixelBox,
    Rgb,
    find_drawings,
    find_paper,
    find_photographs,
    without_text_boxes,
)
from mmskin_build.pdf.tesseract import (
    RecognizedLine,
    find_orientation,
    recognize_lines,
)
from mmskin_build.pdf.text_layer import is_same_text
from mmskin_build.records import Line, ScanRegion

Gray = NDArray[np.uint8]  # (H, W)

#: What `ScanResult.flags` may say.
_TESSERACT_SHARE = 0.8  # of the page's time limit; the rest is for the pixels
_SKEW_LIMIT, _SKEW_IGNORED, _SKEW_FLAGGED = 5.0, 0.15, 0.5  # degrees
_DOUBTFUL_WORD, _DOUBTFUL_PAGE = 0.6, 0.25  # confidence; share of such words
_TEXT_WORDS, _TEXT_CONFIDENCE = 3, 0.7  # a line of running text
_STRIP_LINES = 6
_LETTER_IN = 0.3  # higher parts are no letters


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """A read page image.

    `lines` and `regions` have boxes in points; each word is a `Span` with its confidence, `block`
    is Tesseract's paragraph. `skew_degrees` is by how much the page is turned counter-clockwise.
    `confidence` is the mean over all words, 0 without words. `flags` are among `reader.PAGE_FLAGS`.
    `on_paper` says whether what was taken for paper looks like it.
    """

    lines: tuple[Line, ...]
    regions: tuple[ScanRegion, ...]
    skew_degrees: float
    confidence: float
    flags: tuple[str, ...]
    on_paper: bool = True


def read_scan(image: Rgb, dpi: float, cfg: PdfConfig, language: str) -> ScanResult:
    """Read the image of a page.

    Args:
        image: ``(H, W, 3) uint8``, as the page is displayed (page rotation applied).
        dpi: Pixels an inch of the displayed page.
        cfg: Resolution for OCR, and the page's time limit.
        language: Tesseract's language codes joined by ``+``.

    Raises:
        MissingDependencyError: If Tesseract or the language is not installed.
        InputPdfError: If Tesseract fails on the page or runs out of time.
    """
    if dpi > cfg.ocr_max_dpi:  # finer than any text or edge needs
        scale = cfg.ocr_max_dpi / dpi
        shrunk = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image, dpi = np.asarray(shrunk, np.uint8), shrunk.shape[1] / image.shape[1] * dpi
    paper = find_paper(image, dpi)
    photographs = find_photographs(image, paper)
    grounds = {p.box: find_ground(image, dpi, p.box) for p in photographs if not p.flat}
    ink = _find_ink(image, dpi, paper, grounds)
    skew = estimate_skew(ink, dpi)
    lines, turn = _recognize_upright(ink, dpi, skew, cfg, language)

    words = [whole(turn.back(word.box)) for line in lines for word in line.words]
    photographs = without_text_boxes(photographs, words)
    printed = photographs  # with the grounds on which they lie
    photographs = _off_grounds(photographs, grounds, lines, turn)
    lines = _outside(lines, turn, [p.box for p in photographs])
    text = [whole(turn.back(word.box)) for line in lines if _is_text(line) for word in line.words]
    drawings = find_drawings(paper, printed, words, text)
    lines = _outside(lines, turn, [d.box for d in drawings], sure=_DOUBTFUL_WORD)
    pictures = [*photographs, *drawings]
    return ScanResult(
        lines=to_lines(lines, turn, ink, dpi),
        regions=tuple(_to_region(picture, dpi) for picture in pictures),
        skew_degrees=round(skew, 2),
        confidence=round(_mean_confidence(lines), 4),
        flags=_flags(lines, turn, skew),
        on_paper=paper.is_plain,
    )


def find_pictures(image: Rgb, dpi: float, lines: Sequence[Line]) -> tuple[ScanRegion, ...]:
    """Find the pictures of a page image whose text is known.

    Args:
        image: ``(H, W, 3) uint8``, the page as displayed.
        dpi: Its resolution.
        lines: The text of the page, boxes in points.
    """
    paper = find_paper(image, dpi)
    spans = [span for line in lines for span in line.spans if span.text.strip()]
    words = [_box_px(span.bbox, dpi) for span in spans]
    photographs = without_text_boxes(find_photographs(image, paper), words)
    drawings = find_drawings(paper, photographs, words, words)
    return tuple(_to_region(picture, dpi) for picture in (*photographs, *drawings))


def _box_px(box: Bbox, dpi: float) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(pt_to_px(side, dpi)) for side in box)
    return x0, y0, x1, y1


def agrees_with_layer(
    image: Rgb, dpi: float, hidden: Sequence[Line], cfg: PdfConfig, language: str
) -> bool:
    """Recognize a strip of the page and tell whether its hidden text layer says the same there.

    The strip holds the longest run of text. Without any text to compare the answer is False.

    Args:
        image: ``(H, W, 3) uint8``, the page as displayed.
        dpi: Its resolution.
        hidden: Lines of the hidden layer, boxes in points.
        cfg: Settings.
        language: Tesseract's language codes joined by ``+``.
    """
    upright = [line for line in hidden if line.direction == 0 and len(line.text.strip()) > 3]
    if not upright:
        return False
    longest = max(range(len(upright)), key=lambda i: (len(upright[i].text), -i))
    near = [
        line
        for line in upright[max(0, longest - _STRIP_LINES // 2) : longest + _STRIP_LINES // 2]
        if line.block == upright[longest].block
    ]
    area = union_all(line.bbox for line in near).expand(3)
    x0, y0, x1, y1 = (round(pt_to_px(side, dpi)) for side in area)
    strip = image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    if strip.size == 0:
        return False
    scale = _scale(dpi, cfg)
    large = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, 10, 10, 10, 10, cv2.BORDER_REPLICATE)
    gray = np.asarray(cv2.cvtColor(framed, cv2.COLOR_RGB2GRAY), np.uint8)
    limit_s = cfg.page_time_limit_s * _TESSERACT_SHARE / 2
    lines = recognize_lines(gray, dpi * scale, language, limit_s, block=True)
    inside = [line.text for line in upright if line.bbox.covered_by(area) > 0.5]
    read = " ".join(word.text for line in lines for word in line.words)
    return is_same_text(" ".join(inside), read)


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


# --------------------------------------------------------------------------------- recognition


def _find_ink(
    image: Rgb, dpi: float, paper: Paper, pictures: Mapping[PixelBox, Grounded | None]
) -> Ink:
    """Return how dark each pixel is against its paper or ground, with pictures taken out."""
    height, width = image.shape[:2]
    level = cv2.cvtColor(paper.color, cv2.COLOR_RGB2GRAY)
    level = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ink: Ink = np.clip(1.0 - gray / np.maximum(level, 1.0), 0.0, 1.0).astype(np.float32)
    for x0, y0, x1, y1 in pictures:
        ink[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 0.0
    ink_on_grounds(gray, ink, dpi, [ground for ground in pictures.values() if ground is not None])
    return ink


def _off_grounds(
    photographs: Sequence[FoundPicture],
    grounds: Mapping[PixelBox, Grounded | None],
    lines: Sequence[RecognizedLine],
    turn: Turn,
) -> list[FoundPicture]:
    """Take those photographs off their ground on which words were truly read."""
    text = [whole(turn.back(word.box)) for line in lines if _is_text(line) for word in line.words]
    found = []
    for picture in photographs:
        ground = grounds.get(picture.box)
        if ground is not None:
            strips = [strip for strip, _ in ground.strips]
            on_ground = sum(any(_holds(strip, word) for strip in strips) for word in text)
            if on_ground >= _TEXT_WORDS:
                picture = replace(picture, box=ground.inner)
        found.append(picture)
    return found


def _holds(box: PixelBox, word: PixelBox) -> bool:
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _recognize_upright(
    ink: Ink, dpi: float, skew: float, cfg: PdfConfig, language: str
) -> tuple[list[RecognizedLine], Turn]:
    """Recognize; where the result is poor, look whether the page lies on its side."""
    lines, turn = _recognize_turned(ink, dpi, skew, 0, cfg, language)
    if _is_poor(lines) and float((ink > 0.3).mean()) > 0.001:
        scale = _scale(dpi, cfg)
        large = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        limit_s = cfg.page_time_limit_s * _TESSERACT_SHARE / 3
        direction = find_orientation(_to_gray(np.asarray(large)), dpi * scale, limit_s)
        if direction:
            others, other_turn = _recognize_turned(ink, dpi, 0.0, direction, cfg, language)
            if _evidence(others) > _evidence(lines):
                return others, other_turn
    return lines, turn


def _recognize_turned(
    ink: Ink, dpi: float, skew: float, direction: int, cfg: PdfConfig, language: str
) -> tuple[list[RecognizedLine], Turn]:
    scale = _scale(dpi, cfg)
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
    limit_s = cfg.page_time_limit_s * _TESSERACT_SHARE / (2 if quarters else 1)
    lines = recognize_lines(_to_gray(changed), dpi * scale, language, limit_s)
    back = np.asarray(cv2.invertAffineTransform(forward), np.float64)
    pieces = [piece for line in split_columns(lines) for piece in split_and_repair(line)]
    return pieces, Turn(back, scale, direction)


def _scale(dpi: float, cfg: PdfConfig) -> float:
    return float(np.clip(dpi, cfg.ocr_min_dpi, cfg.ocr_max_dpi)) / dpi


def _to_gray(ink: Ink) -> Gray:
    gray: Gray = (255 - 255 * np.clip(ink, 0, 1)).astype(np.uint8)
    return gray


def _is_poor(lines: Sequence[RecognizedLine]) -> bool:
    words = [word for line in lines for word in line.words]
    sure = sum(word.confidence >= _DOUBTFUL_WORD and len(word.text) > 2 for word in words)
    return sure < 0.4 * max(1, len(words))


def _evidence(lines: Sequence[RecognizedLine]) -> float:
    """How much was read: letters of confident words."""
    return sum(
        len(word.text) * word.confidence
        for line in lines
        for word in line.words
        if word.confidence >= _DOUBTFUL_WORD
    )


def _is_text(line: RecognizedLine) -> bool:
    sure = [word for word in line.words if word.confidence >= _TEXT_CONFIDENCE]
    return len(sure) >= _TEXT_WORDS and sum(len(word.text) for word in sure) >= 8


def _outside(
    lines: Sequence[RecognizedLine],
    turn: Turn,
    pictures: Sequence[PixelBox],
    sure: float = np.inf,
) -> list[RecognizedLine]:
    """Take out the words that lie in a picture: they belong to it, if they are words at all.

    Words with at least the confidence `sure` stay: the lettering of a drawing.
    """
    kept = []
    for line in lines:
        words = []
        for word in line.words:
            x0, y0, x1, y1 = turn.back(word.box)
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            inside = any(p[0] <= x <= p[2] and p[1] <= y <= p[3] for p in pictures)
            if not inside or word.confidence >= sure:
                words.append(word)
        if words:
            kept.append(replace(line, words=tuple(words)))
    return kept


# -------------------------------------------------------------------------------------- results


def _to_region(picture: FoundPicture, dpi: float) -> ScanRegion:
    return ScanRegion(bbox=to_points(picture.box, dpi), photo_score=picture.photo_score)


def _mean_confidence(lines: Sequence[RecognizedLine]) -> float:
    values = [word.confidence for line in lines for word in line.words]
    return sum(values) / len(values) if values else 0.0


def _flags(lines: Sequence[RecognizedLine], turn: Turn, skew: float) -> tuple[str, ...]:
    words = [word for line in lines for word in line.words]
    doubtful = sum(word.confidence < _DOUBTFUL_WORD for word in words)
    flags = []
    if words and doubtful > _DOUBTFUL_PAGE * len(words):
        flags.append("ocr_doubtful")
    turned = sum(len(line.words) for line in lines if line.direction)
    if turn.direction or turned > len(words) / 2:
        flags.append("ocr_turned")
    if abs(skew) > _SKEW_FLAGGED:
        flags.append("scan_skewed")
    return tuple(flags)
