"""Panel letters that are burnt into the pictures are read, or left alone."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from drawn_pages import Rgb, photograph
from mmskin_build.errors import InputPdfError, MissingDependencyError
from mmskin_build.pdf import lettering
from mmskin_build.pdf.lettering import read_panel_letters

pytestmark = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed; see mmskin doctor"
)

LIMIT_S = 60.0
CORNERS = ["top left", "top right", "bottom left", "bottom right"]


def panel(
    seed: int, letter: str, corner: str = "top left", color: int = 255, size: int = 34
) -> Rgb:
    """A photograph with `letter` in a corner, 10 pixels from its edges."""
    picture = Image.fromarray(photograph(seed, 400, 300))
    font = ImageFont.load_default(size=size)
    pen = ImageDraw.Draw(picture)
    x0, y0, x1, y1 = pen.textbbox((0, 0), letter, font)
    x = 10 - x0 if "left" in corner else 390 - x1
    y = 10 - y0 if "top" in corner else 290 - y1
    pen.text((x, y), letter, (color, color, color), font)
    return np.asarray(picture)


def read(panels: list[Rgb], letters: str = "abcdef") -> list[str | None]:
    return read_panel_letters(panels, list(letters), LIMIT_S)


@pytest.mark.parametrize("color", [255, 0], ids=["white", "black"])
@pytest.mark.parametrize("corner", CORNERS)
def test_letters_in_any_corner_are_read(corner: str, color: int) -> None:
    panels = [panel(n, letter, corner, color) for n, letter in enumerate("ABCD")]
    assert read(panels, "abcd") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("size", [16, 24, 34, 48])
@pytest.mark.parametrize("printed", ["abcd", "efgh", "ABCD", "EFGH"])
def test_no_letter_is_taken_for_another(printed: str, size: int) -> None:
    panels = [panel(n, letter, size=size) for n, letter in enumerate(printed)]
    for letter, found in zip(printed.lower(), read(panels, "abcdefgh"), strict=True):
        assert found in (letter, None)


def test_letters_are_read_as_printed_and_not_in_order() -> None:
    panels = [panel(n, letter) for n, letter in enumerate("DBAC")]
    assert read(panels, "abcd") == ["d", "b", "a", "c"]


def test_pictures_without_letters_have_none() -> None:
    assert read([photograph(n, 400, 300) for n in range(3)]) == [None, None, None]


def test_a_letter_that_the_caption_does_not_name_is_not_believed() -> None:
    panels = [panel(n, letter) for n, letter in enumerate("ABK")]
    assert read(panels, "abc")[2] is None


def test_one_letter_on_two_panels_is_not_believed() -> None:
    panels = [panel(n, letter) for n, letter in enumerate("ABAA")]
    found = read(panels, "abcd")
    assert found.count("a") <= 1
    assert found[2] is None


def test_one_letter_alone_is_no_lettering() -> None:
    panels = [panel(0, "A"), *(photograph(n, 400, 300) for n in (1, 2))]
    assert read(panels, "abc") == [None, None, None]


def test_nothing_to_read_needs_no_recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> list[object]:
        raise AssertionError("called")

    monkeypatch.setattr(lettering, "recognize_lines", refuse)
    assert read([np.full((300, 400, 3), 128, np.uint8)] * 2) == [None, None]
    assert read([]) == []


def test_a_recognizer_that_fails_leaves_the_letters_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> list[object]:
        raise InputPdfError("tesseract: failed")

    monkeypatch.setattr(lettering, "recognize_lines", fail)
    assert read([panel(0, "A"), panel(1, "B")]) == [None, None]


def test_a_missing_recognizer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> list[object]:
        raise MissingDependencyError("tesseract: not installed")

    monkeypatch.setattr(lettering, "recognize_lines", missing)
    with pytest.raises(MissingDependencyError):
        read([panel(0, "A"), panel(1, "B")])
