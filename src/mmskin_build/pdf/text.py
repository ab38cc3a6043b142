"""The text layer of a page as lines and spans, in display coordinates."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
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


def read_lines(page: pymupdf.Page) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return the visible and the invisible lines of `page`.

    Invisible text (render mode 3, or fully transparent) is what scanners put behind a page image.
    Ligatures come apart into letters; boxes are in display coordinates (page rotation applied).
    """
    content = page.get_text("dict", flags=_FLAGS, sort=False)
    rotation = page.rotation
    turn = page.rotation_matrix if rotation else None
    visible: list[Line] = []
    invisible: list[Line] = []
    for number, block in enumerate(content["blocks"]):
        for raw in block.get("lines", ()):
            direction = _direction(raw["dir"], rotation)
            shown: list[Span] = []
            hidden: list[Span] = []
            for item in raw["spans"]:
                span = _span(item, turn)
                if span is not None:
                    _append(shown if _is_painted(item) else hidden, span)
            for spans, lines in ((shown, visible), (hidden, invisible)):
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


def _span(item: dict[str, Any], turn: pymupdf.Matrix | None) -> Span | None:
    text = item["text"]
    if not text:
        return None
    rect = item["bbox"]
    if turn is not None:
        rect = tuple(pymupdf.Rect(rect) * turn)
    x0, y0, x1, y1 = rect
    flags, font = item["flags"], item["font"]
    bold, italic = _style(font)
    return Span(
        text=text,
        bbox=Bbox(round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)),
        font=font,
        size_pt=round(item["size"], 2),
        bold=bold or bool(flags & _BOLD),
        italic=italic or bool(flags & _ITALIC),
        superscript=bool(flags & _SUPERSCRIPT),
        color=item["color"],
    )


def _append(spans: list[Span], span: Span) -> None:
    """Add `span`, joined to the last one where the style is the same: writers cut at each word."""
    last = spans[-1] if spans else None
    if (
        last is not None
        and last.font == span.font
        and abs(last.size_pt - span.size_pt) <= _SAME_SIZE_PT
        and last.superscript == span.superscript
        and last.color == span.color
        and last.bold == span.bold
        and last.italic == span.italic
    ):
        spans[-1] = Span(
            text=last.text + span.text,
            bbox=last.bbox.union(span.bbox),
            font=last.font,
            size_pt=last.size_pt,
            bold=last.bold,
            italic=last.italic,
            superscript=last.superscript,
            color=last.color,
        )
    else:
        spans.append(span)


@cache
def _style(font: str) -> tuple[bool, bool]:
    """Whether a font's name says bold, and italic; flags inside the PDF are often missing."""
    return bool(_BOLD_NAME.search(font)), bool(_ITALIC_NAME.search(font))


def _direction(vector: tuple[float, float], rotation: int) -> int:
    """Reading direction as displayed, in steps of 90 degrees counter-clockwise.

    `vector` is MuPDF's, in the unrotated page with y downwards; /Rotate turns the page clockwise.
    """
    x, y = vector
    across = 0 if x >= 0 else 180
    angle = across if abs(x) >= abs(y) else (90 if y < 0 else 270)
    return (angle - rotation) % 360
