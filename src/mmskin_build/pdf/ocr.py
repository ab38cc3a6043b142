"""Read an image-only page: its lines by Tesseract, its pictures by their pixels.

Steps: model the paper, find the photographs, take them and the paper's tint away, straighten,
recognize, find the drawings among what is left. All boxes that leave here are in points with the
origin at the top left of the image, as it was given: straightening is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox, pt_to_px, union_all
from mmskin_build.pdf.ocr_lines import Ink, Turn, to_lines, to_points, whole
from mmskin_build.pdf.ocr_reading import (
    DOUBTFUL_WORD,
    TESSERACT_SHARE,
    columns_below,
    estimate_skew,
    is_mostly_turned,
    ocr_scale,
    recognize_upright,
)
from mmskin_build.pdf.scan_grounds import Grounded, find_ground, ink_on_grounds
from mmskin_build.pdf.scan_paper import Paper, PixelBox, find_paper, is_dark_paper
from mmskin_build.pdf.scan_regions import (
    FoundPicture,
    find_drawings,
    find_photographs,
    with_printed_grounds,
    without_text_boxes,
)
from mmskin_build.pdf.scan_tones import Rgb
from mmskin_build.pdf.tesseract import RecognizedLine, recognize_lines
from mmskin_build.pdf.text_layer import is_same_text
from mmskin_build.records import Line, ScanRegion

_SKEW_FLAGGED = 0.5  # degrees
_DOUBTFUL_PAGE = 0.25  # share of doubtful words
_TEXT_WORDS, _TEXT_CONFIDENCE = 3, 0.7  # a line of running text
_PAGE_WORDS = 6  # fewer light words on a dark page are the marks of a picture
_STRIP_LINES = 6
_SLIVER_IN, _FAINT = 0.06, 0.1  # how far a picture stands out of its box; ink that may be its


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
    if is_dark_paper(image, dpi):
        inverted = _read_on_paper(255 - image, dpi, cfg, language)
        words = sum(len(line.spans) for line in inverted.lines)
        if words >= _PAGE_WORDS and inverted.confidence >= _TEXT_CONFIDENCE:
            return inverted
    return _read_on_paper(image, dpi, cfg, language)


def _read_on_paper(image: Rgb, dpi: float, cfg: PdfConfig, language: str) -> ScanResult:
    """Read a page of dark words on light paper."""
    paper = with_printed_grounds(image, find_paper(image, dpi))
    photographs = find_photographs(image, paper)
    grounds = {p.box: find_ground(image, dpi, p.box, paper) for p in photographs if not p.flat}
    ink = _find_ink(image, dpi, paper, grounds)
    skew = estimate_skew(ink, dpi)
    columns = columns_below(ink, dpi, [p.box for p in photographs])
    lines, turn = recognize_upright(ink, dpi, skew, columns, cfg, language)

    words = [whole(turn.back(word.box)) for line in lines for word in line.words]
    photographs = without_text_boxes(photographs, words)
    printed = photographs  # with the grounds on which they lie
    photographs = _off_grounds(photographs, grounds, lines, turn)
    captions = _worded_insets(grounds, lines, turn)
    lines = _outside(lines, turn, [p.box for p in photographs], captions)
    text = [whole(turn.back(word.box)) for line in lines if _is_text(line) for word in line.words]
    drawings = find_drawings(paper, printed, words, text)
    lines = _outside(lines, turn, [d.box for d in drawings], captions, sure=DOUBTFUL_WORD)
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
    paper = with_printed_grounds(image, find_paper(image, dpi))
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
    scale = ocr_scale(dpi, cfg)
    large = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, 10, 10, 10, 10, cv2.BORDER_REPLICATE)
    gray = np.asarray(cv2.cvtColor(framed, cv2.COLOR_RGB2GRAY), np.uint8)
    limit_s = cfg.page_time_limit_s * TESSERACT_SHARE / 2
    lines = recognize_lines(gray, dpi * scale, language, limit_s, block=True)
    inside = [line.text for line in upright if line.bbox.covered_by(area) > 0.5]
    read = " ".join(word.text for line in lines for word in line.words)
    return is_same_text(" ".join(inside), read)


def _find_ink(
    image: Rgb, dpi: float, paper: Paper, pictures: Mapping[PixelBox, Grounded | None]
) -> Ink:
    """Return how dark each pixel is against its paper or ground, with pictures taken out."""
    height, width = image.shape[:2]
    level = cv2.cvtColor(paper.color, cv2.COLOR_RGB2GRAY)
    level = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ink: Ink = np.clip(1.0 - gray / np.maximum(level, 1.0), 0.0, 1.0).astype(np.float32)
    for box in pictures:
        _take_out(ink, box, dpi)
    ink_on_grounds(gray, ink, dpi, [ground for ground in pictures.values() if ground is not None])
    return ink


def _take_out(ink: Ink, box: PixelBox, dpi: float) -> None:
    """Clear a picture, and what of it stands out of its box where the page lies askew."""
    reach = round(_SLIVER_IN * dpi)
    left, top = max(0, box[0] - reach), max(0, box[1] - reach)
    around = ink[top : box[3] + reach, left : box[2] + reach]
    _, parts = cv2.connectedComponents((around > _FAINT).astype(np.uint8), connectivity=8)
    core = np.s_[
        max(0, box[1] - 2 - top) : box[3] + 2 - top, max(0, box[0] - 2 - left) : box[2] + 2 - left
    ]
    own = np.zeros(int(parts.max()) + 1, np.bool_)
    own[parts[core]] = True
    own[0] = False
    around[own[parts]] = 0.0
    around[core] = 0.0


def _off_grounds(
    photographs: Sequence[FoundPicture],
    grounds: Mapping[PixelBox, Grounded | None],
    lines: Sequence[RecognizedLine],
    turn: Turn,
) -> list[FoundPicture]:
    """Take those photographs off their ground on which words were truly read."""
    has_words = _word_finder(lines, turn)
    found = []
    for picture in photographs:
        ground = grounds.get(picture.box)
        found.append(replace(picture, box=ground.picture(has_words)) if ground else picture)
    return found


def _worded_insets(
    grounds: Mapping[PixelBox, Grounded | None], lines: Sequence[RecognizedLine], turn: Turn
) -> list[PixelBox]:
    """The boxes within photographs in which words were truly read."""
    has_words = _word_finder(lines, turn)
    insets = [inset.box for ground in grounds.values() if ground for inset in ground.insets]
    return [box for box in insets if has_words(box)]


def _word_finder(lines: Sequence[RecognizedLine], turn: Turn) -> Callable[[PixelBox], bool]:
    """A function that tells whether a box of the page holds words of running text."""
    text = [whole(turn.back(word.box)) for line in lines if _is_text(line) for word in line.words]
    return lambda box: sum(_holds(box, word) for word in text) >= _TEXT_WORDS


def _holds(box: PixelBox, word: PixelBox) -> bool:
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _is_text(line: RecognizedLine) -> bool:
    sure = [word for word in line.words if word.confidence >= _TEXT_CONFIDENCE]
    return len(sure) >= _TEXT_WORDS and sum(len(word.text) for word in sure) >= 8


def _outside(
    lines: Sequence[RecognizedLine],
    turn: Turn,
    pictures: Sequence[PixelBox],
    captions: Sequence[PixelBox],
    sure: float = np.inf,
) -> list[RecognizedLine]:
    """Take out the words that lie in a picture: they belong to it, if they are words at all.

    Words in `captions`, boxes within pictures, stay, and those with at least the confidence `sure`:
    the lettering of a drawing.
    """
    kept = []
    for line in lines:
        words = []
        for word in line.words:
            place = whole(turn.back(word.box))
            inside = any(_holds(box, place) for box in pictures)
            in_caption = any(_holds(box, place) for box in captions)
            if not inside or in_caption or word.confidence >= sure:
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
    doubtful = sum(word.confidence < DOUBTFUL_WORD for word in words)
    flags = []
    if words and doubtful > _DOUBTFUL_PAGE * len(words):
        flags.append("ocr_doubtful")
    if turn.direction or is_mostly_turned(lines):
        flags.append("ocr_turned")
    if abs(skew) > _SKEW_FLAGGED:
        flags.append("scan_skewed")
    return tuple(flags)
