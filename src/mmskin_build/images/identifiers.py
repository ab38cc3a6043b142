"""Read the words in a picture and say whether they could tell who the patient is.

Only what `marks` found to be words is read, and only that much of the picture: a whole picture
costs seconds. What cannot be read may be a name, and counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.marks import Mark
from mmskin_build.pdf.tesseract import recognize_lines

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]

IDENTIFIER_SCORE = 0.95  # a number, a date or a title was read
UNREAD_SCORE = 0.5  # there are words, and nobody knows which
WORDS_SCORE = 0.1  # read, and nothing in it names anybody

_LIKELY = 0.8  # a mark's score; reading costs more than all else
_BLOCKS_MAX = 3  # the largest are read; with more, the rest counts as unread
_NEAR_SHARE = 0.03  # of the picture's longer side; words this near are read together
_PAD = 0.35  # of a block's height
_WANTED_HEIGHT_PX = 40  # of a line; Tesseract's best
_SCALE_MAX = 6.0
_DPI = 200.0
_TRUST = 0.5  # of a word
_TIME_LIMIT_S = 20.0

_IDENTIFIER = re.compile(
    r"""
      \d[\d\s./-]{4,}\d                                     # long numbers, dates
    | \b(?:mrn|dob|d\.o\.b|hosp\w*|patient\w*|pat\.|name|nom|nombre|vorname|geb\w*|born|n[ée]e?
        |ward|clinic|case\s*(?:no|nr|\#)|reg\w*\s*(?:no|nr)|id(?:\s*(?:no|nr))?)\s*[:#.]
    | \b(?:mr|mrs|ms|miss|dr|herr|frau|mme|sr|sra)\.?\s+[A-Z][a-z]+
    """,
    re.VERBOSE | re.IGNORECASE,
)


def find_identifiers(
    rgb: RgbImage,
    marks: Sequence[Mark],
    *,
    language: str = "eng",
    read_watermarks: bool = False,
    read: bool = True,
) -> tuple[float, tuple[Box, ...]]:
    """Return the score in [0, 1] of names or numbers in a picture ``(H, W, 3) uint8``, with boxes.

    Args:
        rgb: The picture.
        marks: What `marks.find_marks` found in it.
        language: Tesseract's language codes joined by ``+``.
        read_watermarks: Whether an owner's mark is read, too; it is the same in every picture.
        read: Whether words are read at all; unread ones may be a name, which costs no time.

    Raises:
        MissingDependencyError: If there are words, and Tesseract or the language is not installed.
    """
    kinds = {"label", "watermark"} if read_watermarks else {"label"}
    words = [m.box for m in marks if m.kind in kinds and m.score >= _LIKELY]
    blocks = _join(words, _NEAR_SHARE * max(rgb.shape[:2]))
    if not blocks:
        return 0.0, ()
    if not read:
        return UNREAD_SCORE, tuple(sorted(blocks))
    largest = sorted(blocks, key=lambda b: (-(b[2] - b[0]) * (b[3] - b[1]), b))
    score = UNREAD_SCORE if len(blocks) > _BLOCKS_MAX else 0.0
    found: list[Box] = []
    for block in largest[:_BLOCKS_MAX]:
        own = _score(_read(rgb, block, words, language))
        score = max(score, own)
        if own >= UNREAD_SCORE:
            found.append(block)
    return score, tuple(sorted(found))


def is_identifier(text: str) -> bool:
    """Whether words hold a long number, a date, a title with a name, or a form's heading.

    >>> is_identifier("MRN: 12"), is_identifier("12.03.1987"), is_identifier("Papillary layer")
    (True, True, False)
    """
    return _IDENTIFIER.search(text) is not None


def _score(text: str | None) -> float:
    if text is None:
        return UNREAD_SCORE
    return IDENTIFIER_SCORE if is_identifier(text) else WORDS_SCORE


def _read(rgb: RgbImage, block: Box, words: Sequence[Box], language: str) -> str | None:
    """The words of a block, or None where they cannot be made out."""
    lines = [
        w[3] - w[1] for w in words if w[0] >= block[0] and w[1] >= block[1] and w[3] <= block[3]
    ]
    line = float(np.median(lines)) if lines else float(block[3] - block[1])
    pad = round(_PAD * line) + 2
    x0, y0 = max(0, block[0] - pad), max(0, block[1] - pad)
    gray = cv2.cvtColor(rgb[y0 : block[3] + pad, x0 : block[2] + pad], cv2.COLOR_RGB2GRAY)
    scale = min(_SCALE_MAX, _WANTED_HEIGHT_PX / max(line, 1.0))
    mode = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=mode)
    _, ink = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if ink.mean() < 127:  # bright words on dark
        gray = 255 - gray
    found = recognize_lines(np.asarray(gray, np.uint8), _DPI, language, _TIME_LIMIT_S, block=True)
    trusted = [w for one in found for w in one.words if w.confidence >= _TRUST]
    if not any(len(re.sub(r"\W", "", w.text)) >= 2 for w in trusted):
        return None
    return " ".join(w.text for w in trusted)


def _join(boxes: Sequence[Box], near: float) -> list[Box]:
    """Boxes that lie near each other, as one."""
    blocks: list[Box] = []
    for box in sorted(boxes):
        merged = box
        grew = True
        while grew:
            close = [b for b in blocks if _gap(b, merged) <= near]
            blocks = [b for b in blocks if b not in close]
            grew = bool(close)
            for b in close:
                merged = (
                    min(b[0], merged[0]), min(b[1], merged[1]),
                    max(b[2], merged[2]), max(b[3], merged[3]),
                )  # fmt: skip
        blocks.append(merged)
    return blocks


def _gap(a: Box, b: Box) -> int:
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0)
