"""Accents set over letters, and ligatures that come as codes of TeX, are read as they look."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pymupdf
import pytest

from mmskin_build.pdf.text import compose_accents, read_lines


def read(*spans: tuple[str, str]) -> list[str]:
    """The lines of a page with one line for each font and text."""
    lines = [
        {
            "dir": (1.0, 0.0),
            "spans": [
                {
                    "text": text,
                    "font": font,
                    "size": 10.0,
                    "flags": 0,
                    "color": 0,
                    "bbox": (72.0, 100.0 + 12 * row, 200.0, 112.0 + 12 * row),
                }
            ],
        }
        for row, (font, text) in enumerate(spans)
    ]
    content: dict[str, Any] = {"blocks": [{"lines": lines}]}
    page = SimpleNamespace(get_text=lambda *_, **__: content, rotation=0)
    return [
        "".join(span.text for span in line.spans)
        for line in read_lines(cast(pymupdf.Page, page))[0]
    ]


@pytest.mark.parametrize(
    ("text", "composed"),
    [
        ("Sj¨ogren and M¨uller", "Sjögren and Müller"),
        ("na¨ıve l´esion, voil`a", "naïve lésion, voilà"),
        ("fa¸cade, fac¸ade", "façade, façade"),
        ("Dvoˇr´ak, 37 ˚C", "Dvořák, 37 ˚C"),
        ("the patient´s hand", "the patient´s hand"),
        ("plain words", "plain words"),
    ],
)
def test_an_accent_before_its_letter_becomes_one_with_it(text: str, composed: str) -> None:
    assert compose_accents(text) == composed


def test_ligatures_that_come_as_codes_of_tex_are_letters() -> None:
    assert read(("T", "an in\x1damed \x1cve, di\x1berent")) == ["an inflamed five, different"]
    assert read(("O", "an in\x0damed \x0cve, di\x0berent")) == ["an inflamed five, different"]


def test_a_font_with_an_encoding_of_its_own_keeps_its_codes() -> None:
    text = "\x01\x02an in\x1damed \x1cve"
    assert read(("own", text), ("other", "in\x1damed")) == [text, "inflamed"]
