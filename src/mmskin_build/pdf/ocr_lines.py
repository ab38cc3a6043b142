"""Recognized words become lines as `records` has them: in points, with size and weight.

Tesseract joins what stands on one height, misreads labels in small capitals and knows no fonts;
this puts it right as far as the page image tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmskin_build.geometry import Bbox, px_to_pt, union_all
from mmskin_build.pdf.scan_paper import PixelBox
from mmskin_build.pdf.tesseract import RecognizedLine, RecognizedWord
from mmskin_build.records import Line, Span

Ink = NDArray[np.float32]  # (H, W), 0 paper to 1 ink

OCR_FONT = "ocr"  # Tesseract does not know fonts
_EM_PER_HEIGHT = 1.04  # font size over the height from descender to ascender
_NO_WORD = 0.2  # less confident words are noise, unless their line has at least the median _TEXT
_TEXT = 0.7
_BOLD = 1.3  # density of ink over that of the page's typical word
_SAME_HEIGHT = 0.12  # relative difference of lines in one font
_WIDE_GAP = 2.5  # line heights; words further apart are of two lines
_HIGH, _LOW = re.compile(r"[A-Zbdfhkl\d]"), re.compile(r"[gjpqy]")  # letters that rise, and sink
_COLUMN_GAP = 0.9  # line heights; between words of justified text it is less
_LABELS = ("figure", "fig.", "figs", "table", "plate", "abbildung", "abb.")
_LABEL_NUMBER = re.compile(r"(?P<number>[\d|l][\d|l.–-]*[A-Za-z]?)(?P<end>[.:;,]?)")
_LABEL_ALONE = re.compile(rf"(?i)(?:{'|'.join(map(re.escape, _LABELS))})\s*\d[\d.–-]*[a-z]?[.:]?")
_BAR = re.compile(r"[|l]")


@dataclass(frozen=True, slots=True)
class Turn:
    """How the image was changed before recognition: the way back for boxes.

    `to_image` maps pixels of the changed image to pixels of the original (2 x 3), `scale` is
    changed over original size, `direction` the reading direction on the original page.
    """

    to_image: NDArray[np.float64]
    scale: float
    direction: int

    def back(self, box: PixelBox) -> tuple[float, float, float, float]:
        """Map a box; it keeps its size, so that a skewed line does not swell."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        cx, cy = self.to_image @ np.array([x, y, 1.0])
        w, h = (box[2] - box[0]) / self.scale, (box[3] - box[1]) / self.scale
        if self.direction in (90, 270):
            w, h = h, w
        return float(cx - w / 2), float(cy - h / 2), float(cx + w / 2), float(cy + h / 2)


def split_columns(lines: Sequence[RecognizedLine]) -> list[RecognizedLine]:
    """Cut lines that run across the gap between two columns, or between two captions.

    Tesseract joins what stands on one height. A gap between columns is wider than one between
    words, and goes on in the lines above or below.
    """
    lines = [_without_marks(line) for line in lines]
    gaps = [_wide_gaps(line) for line in lines]
    cut: list[RecognizedLine] = []
    for number, line in enumerate(lines):
        ends = [
            index
            for index, (start, end) in gaps[number]
            if any(
                min(end, other_end) - max(start, other_start) >= 0.8 * line.height_px
                for neighbor, others in enumerate(gaps)
                if neighbor != number and _is_next_row(line, lines[neighbor])
                for _, (other_start, other_end) in others
            )
        ]
        edges = [0, *ends, len(line.words)]
        cut.extend(_piece(line, line.words[a:b]) for a, b in pairwise(edges))
    return cut


def _piece(line: RecognizedLine, words: Sequence[RecognizedWord]) -> RecognizedLine:
    """A part of a line; where letters go up and down in it, its own height is measured anew.

    What was joined may be set in two sizes: a caption beside running text.
    """
    text = "".join(word.text for word in words)
    is_part = len(words) < len(line.words) and line.direction == 0
    if is_part and _HIGH.search(text) and _LOW.search(text):
        height = max(word.box[3] for word in words) - min(word.box[1] for word in words)
        return replace(line, words=tuple(words), height_px=float(height))
    return replace(line, words=tuple(words))


def _without_marks(line: RecognizedLine) -> RecognizedLine:
    """A line without the strokes that Tesseract sees in the gap between two columns."""
    words = tuple(
        word
        for word in line.words
        if word.confidence >= _NO_WORD or any(map(str.isalnum, word.text))
    )
    return replace(line, words=words) if words else line


def _wide_gaps(line: RecognizedLine) -> list[tuple[int, tuple[int, int]]]:
    """The word after each wide gap of an upright line, and where the gap begins and ends."""
    if line.direction in (90, 270):
        return []
    return [
        (index, (before.box[2], after.box[0]))
        for index, (before, after) in enumerate(pairwise(line.words), start=1)
        if after.box[0] - before.box[2] > _COLUMN_GAP * line.height_px
    ]


def _is_next_row(line: RecognizedLine, other: RecognizedLine) -> bool:
    """Whether `other` stands right above or below `line`."""
    step = abs(line.words[0].box[1] - other.words[0].box[1])
    return 0.5 * line.height_px < step <= 2.0 * line.height_px


def split_and_repair(line: RecognizedLine) -> list[RecognizedLine]:
    """Take out noise, cut a line where two columns or panel letters were joined, mend labels."""
    in_text = float(np.median([word.confidence for word in line.words])) >= _TEXT
    in_text = in_text or is_label(line.words)
    pieces: list[list[RecognizedWord]] = []
    for word in line.words:
        # Amid sure words an unsure one is misread, not noise: "Ficure" in small capitals.
        is_word = in_text and any(map(str.isalnum, word.text))
        if word.confidence < _NO_WORD and not is_word:
            continue
        if pieces and _gap(pieces[-1][-1], word, line) <= _WIDE_GAP * line.height_px:
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return [_piece(line, _repair_label(words)) for words in pieces]


def apart_by_column(lines: Sequence[RecognizedLine]) -> list[RecognizedLine]:
    """Number the columns that Tesseract took for one paragraph as paragraphs of their own.

    Lines stand in one column where others, above or below, join them.
    """
    columns: dict[int, list[list[RecognizedLine]]] = {}
    for line in lines:
        here = columns.setdefault(line.paragraph, [])
        same = [column for column in here if any(_share_column(line, other) for other in column)]
        here[:] = [column for column in here if column not in same]
        here.append([other for column in same for other in column] + [line])
    fresh = max(columns, default=0) + 1
    numbers: dict[int, int] = {}
    for paragraph, found in columns.items():
        for index, column in enumerate(found):
            numbers.update(dict.fromkeys(map(id, column), fresh if index else paragraph))
            fresh += bool(index)
    return [replace(line, paragraph=numbers[id(line)]) for line in lines]


def is_label(words: Sequence[RecognizedWord]) -> bool:
    """Whether a line is a label and nothing else, which noise never is, however unsure it is."""
    return _LABEL_ALONE.fullmatch(" ".join(word.text for word in words)) is not None


def _gap(before: RecognizedWord, after: RecognizedWord, line: RecognizedLine) -> int:
    """Space between two words of a line along its direction, in pixels."""
    match line.direction:
        case 270:
            return after.box[1] - before.box[3]
        case 90:
            return before.box[1] - after.box[3]
        case _:
            return after.box[0] - before.box[2]


def _repair_label(words: Sequence[RecognizedWord]) -> list[RecognizedWord]:
    """Mend what Tesseract commonly misreads in "Figure 1:" at the start of a line.

    Small capitals give "Ficure", a 1 without serifs a bar, the colon a semicolon. A word is only
    taken for a label when a number, or what stands for a 1, follows.
    """
    if len(words) < 2 or not (number := _LABEL_NUMBER.fullmatch(words[1].text)):
        return list(words)
    label = words[0].text
    alike = [
        (sum(a != b for a, b in zip(label.lower(), name, strict=True)), name)
        for name in _LABELS
        if len(name) == len(label)
    ]
    differences, name = min(alike, default=(len(label), ""))
    if not name or differences > max(1, len(name) // 4):
        return list(words)
    mended = name.upper() if label.isupper() else name.capitalize()
    digits = _BAR.sub("1", number["number"])
    end = ":" if number["end"] == ";" else number["end"]
    first = replace(words[0], text=mended)
    return [first, replace(words[1], text=digits + end), *words[2:]]


def to_lines(lines: Sequence[RecognizedLine], turn: Turn, ink: Ink, dpi: float) -> tuple[Line, ...]:
    """Turn what was recognized into lines with boxes in points of the original image.

    Args:
        lines: Lines in pixels of the image that was recognized.
        turn: The way back to the original image.
        ink: The original image, for the weight of the letters.
        dpi: Resolution of the original image.
    """
    densities = _densities(lines, turn, ink)
    known = [value for row in densities for value in row if value > 0]
    typical = float(np.median(known)) if known else 1.0
    found = []
    for line, row, size in zip(lines, densities, _sizes(lines, turn, dpi), strict=True):
        spans = [
            Span(
                text=word.text + (" " if index < len(line.words) - 1 else ""),
                bbox=to_points(turn.back(word.box), dpi),
                font=OCR_FONT,
                size_pt=size,
                bold=bold,
                confidence=round(word.confidence, 3),
            )
            for index, (word, bold) in enumerate(
                zip(line.words, _bold([value / typical for value in row]), strict=True)
            )
        ]
        found.append(
            Line(
                spans=tuple(spans),
                bbox=union_all(span.bbox for span in spans),
                direction=(turn.direction + line.direction) % 360,
                block=line.paragraph,
            )
        )
    return tuple(found)


def _densities(lines: Sequence[RecognizedLine], turn: Turn, ink: Ink) -> list[list[float]]:
    """Ink of each word over the area of its line's height and its own width; 0 for short words.

    Bold letters hold half as much ink again. Unlike the width of strokes, the sum of the ink does
    not depend on how sharp the scan is.
    """
    rows = []
    for line in lines:
        row = []
        for word in line.words:
            x0, y0, x1, y1 = whole(turn.back(word.box))
            view = ink[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]
            side = 1 if line.direction in (90, 270) else 0
            area = (word.box[side + 2] - word.box[side]) * line.height_px / turn.scale**2
            letters = sum(map(str.isalpha, word.text))
            row.append(float(view.sum()) / area if letters >= 3 and area > 0 else 0.0)
        rows.append(row)
    return rows


def _bold(relative: Sequence[float]) -> list[bool]:
    """Tell bold words by their density over the page's typical one; 0 stands for unmeasured.

    An unmeasured word is like the one before it. A single dense word amid a line is chance.
    """
    known = [value for value in relative if value > 0]
    bold = bool(known) and float(np.median(known)) > _BOLD
    result = []
    for value in relative:
        bold = value > _BOLD if value > 0 else bold
        result.append(bold)
    for index in range(1, len(result)):
        after = result[index + 1] if index + 1 < len(result) else False
        if result[index] and not result[index - 1] and not after:
            result[index] = False
    return result


def _sizes(lines: Sequence[RecognizedLine], turn: Turn, dpi: float) -> list[float]:
    """Font size of each line: the median over the lines of its paragraph that are about as high.

    A line without high or low letters is measured badly; its neighbors put that right.
    """
    sizes = []
    for line in lines:
        heights = [
            other.height_px
            for other in lines
            if other.paragraph == line.paragraph
            and _share_column(other, line)
            and abs(other.height_px - line.height_px) <= _SAME_HEIGHT * line.height_px
        ]
        height = float(np.median(heights)) / turn.scale
        sizes.append(round(px_to_pt(height, dpi) * _EM_PER_HEIGHT, 1))
    return sizes


def _share_column(a: RecognizedLine, b: RecognizedLine) -> bool:
    """Whether two lines stand above one another, if they are upright."""
    if a.direction or b.direction:
        return True
    start = max(a.words[0].box[0], b.words[0].box[0])
    return start < min(a.words[-1].box[2], b.words[-1].box[2])


def to_points(box: Sequence[float], dpi: float) -> Bbox:
    """Convert a box in pixels to points, rounded."""
    return Bbox(*(px_to_pt(side, dpi) for side in box)).rounded()


def whole(box: Sequence[float]) -> PixelBox:
    """Round a box to whole pixels."""
    x0, y0, x1, y1 = (round(side) for side in box)
    return x0, y0, x1, y1
