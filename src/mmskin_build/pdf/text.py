"""The text layer of a page as lines and spans, in display coordinates."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pymupdf

from mmskin_build.geometry import Bbox, union_all
from mmskin_build.records import Line, Span

# MuPDF's own bits; see "Span dictionary" in the PyMuPDF documentation.
_SUPERSCRIPT, _ITALIC, _BOLD = 1, 2, 16
_FILLED, _STROKED = 16, 32
_FLAGS = (
    pymupdf.TEXT_PRESERVE_WHITESPACE
    | pymupdf.TEXT_MEDIABOX_CLIP
    | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
)
_SAME_SIZE_PT = 0.05
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|(?:^|[-,])bd", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"italic|oblique|(?:^|[-,])it(?:$|[-,])", re.IGNORECASE)

#: Accents that fonts without accented letters set over a letter: TeX prints "¨o" for "ö".
_ACCENTS = {
    "¨": "\u0308", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304",
    "˘": "\u0306", "˙": "\u0307", "˚": "\u030a", "ˇ": "\u030c", "˝": "\u030b", "¸": "\u0327",
}  # fmt: skip
#: Acute and grave accents also serve as apostrophes and quotes: those inside a word alone count.
_ACCENTED = re.compile(
    r"(?P<mark>[¨ˆ˜¯˘˙˚ˇ˝])(?P<letter>[^\W\d_])|(?P<inner>(?<=[^\W\d_])[´`])(?P<vowel>[aeiouyıAEIOUY])"
    r"|(?P<base>[cCsS])(?P<tail>¸)|(?P<head>¸)(?P<hung>[cCsS])"
)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
#: Where TeX's two encodings keep ligatures, quotes and dashes: codes that mean nothing elsewhere.
_TEX_CODES = (
    {0x1B: "ff", 0x1C: "fi", 0x1D: "fl", 0x1E: "ffi", 0x1F: "ffl"}
    | {0x10: "“", 0x11: "”", 0x12: "„", 0x15: "–", 0x16: "—"},
    {0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl"},
)


def read_lines(page: pymupdf.Page) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return the visible and the invisible lines of `page`.

    Invisible text (render mode 3, or fully transparent) is what scanners put behind a page image.
    Ligatures come apart into letters; boxes are in display coordinates (page rotation applied).
    """
    content = page.get_text("dict", flags=_FLAGS, sort=False)
    rotation = page.rotation
    turn = page.rotation_matrix if rotation else None
    codes = _find_codes(content)
    visible: list[Line] = []
    invisible: list[Line] = []
    for number, block in enumerate(content["blocks"]):
        for raw in block.get("lines", ()):
            direction = _direction(raw["dir"], rotation)
            shown: list[_Run] = []
            hidden: list[_Run] = []
            for item in raw["spans"]:
                if item["font"] in codes:
                    item["text"] = item["text"].translate(codes[item["font"]])
                if item["text"]:
                    _append(shown if _is_painted(item) else hidden, item, turn)
            for runs, lines in ((shown, visible), (hidden, invisible)):
                spans = [run.span() for run in runs]
                inked = [span.bbox for span in spans if not span.text.isspace()]
                if inked:
                    lines.append(
                        Line(
                            spans=tuple(spans),
                            bbox=inked[0] if len(inked) == 1 else union_all(inked),
                            direction=direction,
                            block=number,
                        )
                    )
    return tuple(visible), tuple(invisible)


def _find_codes(content: dict[str, Any]) -> dict[str, dict[int, str]]:
    """The fonts of a page whose ligatures came as bare codes of TeX, each with what they mean.

    A font with any other control character has an encoding of its own, and nothing is known.
    """
    seen: dict[str, set[int]] = {}
    for block in content["blocks"]:
        for line in block.get("lines", ()):
            for item in line["spans"]:
                text = item["text"]
                for char in () if text.isprintable() else _CONTROL.findall(text):
                    seen.setdefault(item["font"], set()).add(ord(char))
    return {
        font: table for font, found in seen.items() for table in _TEX_CODES if found <= table.keys()
    }


def compose_accents(text: str) -> str:
    """Return `text` with accents that stand before their letters in the letters.

    >>> compose_accents("Sj¨ogren, na¨ıve, l´esion, the patient´s")
    'Sjögren, naïve, lésion, the patient´s'
    """
    if text.isascii() and "`" not in text:
        return text
    return _ACCENTED.sub(_composed, text)


def _composed(match: re.Match[str]) -> str:
    parts = match.groupdict()
    mark = parts["mark"] or parts["inner"] or parts["tail"] or parts["head"]
    letter = parts["letter"] or parts["vowel"] or parts["base"] or parts["hung"]
    whole = unicodedata.normalize("NFC", letter.replace("ı", "i") + _ACCENTS[mark])
    return whole if len(whole) == 1 else match[0]


def broken_share(lines: tuple[Line, ...]) -> float:
    """Share of characters that no font maps to a letter: replacement, private use or control.

    A page above a few per cent has a text layer that cannot be trusted.
    """
    counts = Counter("".join(span.text for line in lines for span in line.spans))
    total = sum(count for char, count in counts.items() if not char.isspace())
    broken = sum(
        count
        for char, count in counts.items()
        if not char.isspace() and (char == "�" or unicodedata.category(char) in ("Co", "Cc", "Cn"))
    )
    return broken / total if total else 0.0


def _is_painted(item: dict[str, Any]) -> bool:
    flags = item.get("char_flags", _FILLED)
    return bool(flags & (_FILLED | _STROKED)) and item.get("alpha", 255) > 0


@dataclass(slots=True)
class _Run:
    """A span while it still grows: writers cut at each word, and records are dear to make."""

    texts: list[str]
    x0: float
    y0: float
    x1: float
    y1: float
    size_pt: float
    style: tuple[str, bool, bool, bool, int]  # font, bold, italic, superscript, color

    def span(self) -> Span:
        font, bold, italic, superscript, color = self.style
        return Span(
            text=compose_accents("".join(self.texts)),
            bbox=Bbox(round(self.x0, 2), round(self.y0, 2), round(self.x1, 2), round(self.y1, 2)),
            font=font,
            size_pt=self.size_pt,
            bold=bold,
            italic=italic,
            superscript=superscript,
            color=color,
        )


def _append(runs: list[_Run], item: dict[str, Any], turn: pymupdf.Matrix | None) -> None:
    """Add a span of MuPDF's, joined to the last one where the style is the same."""
    rect = item["bbox"]
    if turn is not None:
        rect = tuple(pymupdf.Rect(rect) * turn)
    x0, y0, x1, y1 = rect
    size_pt = round(item["size"], 2)
    style = _style(item["font"], item["flags"], item["color"])
    last = runs[-1] if runs else None
    if last is None or last.style != style or abs(last.size_pt - size_pt) > _SAME_SIZE_PT:
        runs.append(_Run([item["text"]], x0, y0, x1, y1, size_pt, style))
        return
    last.texts.append(item["text"])
    last.x0, last.y0 = min(last.x0, x0), min(last.y0, y0)
    last.x1, last.y1 = max(last.x1, x1), max(last.y1, y1)


@lru_cache(maxsize=1024)
def _style(font: str, flags: int, color: int) -> tuple[str, bool, bool, bool, int]:
    """The style of a span; a font's name says bold and italic where flags are missing."""
    bold, italic = _BOLD_NAME.search(font), _ITALIC_NAME.search(font)
    return (
        font,
        bold is not None or bool(flags & _BOLD),
        italic is not None or bool(flags & _ITALIC),
        bool(flags & _SUPERSCRIPT),
        color,
    )


def _direction(vector: tuple[float, float], rotation: int) -> int:
    """Reading direction as displayed, in steps of 90 degrees counter-clockwise.

    `vector` is MuPDF's, in the unrotated page with y downwards; /Rotate turns the page clockwise.
    """
    x, y = vector
    across = 0 if x >= 0 else 180
    angle = across if abs(x) >= abs(y) else (90 if y < 0 else 270)
    return (angle - rotation) % 360
