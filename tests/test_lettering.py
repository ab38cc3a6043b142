"""Panel letters that are burnt into the pictures are read, or left alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from drawn_pages import Rgb, photograph
from mmskin_build.figures.glyphs import CLASSES, classify_shapes, features, label_shapes
from mmskin_build.figures.lettering import erase_marks, read_marks
from mmskin_build.geometry import Bbox

CORNERS = ["top left", "top right", "bottom left", "bottom right"]
FONTS = Path(reportlab.__file__).parent / "fonts"


def font_of(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "VeraBd.ttf"), size)


def panel(
    seed: int,
    letter: str,
    corner: str = "top left",
    color: int = 255,
    size: int = 34,
    ground: str = "",
) -> Rgb:
    """A photograph with `letter` in a corner, plain, or on a box or a disc in the very corner."""
    picture = Image.fromarray(photograph(seed, 400, 300))
    font, pen = font_of(size), ImageDraw.Draw(picture)
    x0, y0, x1, y1 = pen.textbbox((0, 0), letter, font)
    margin = size // 3 if ground else 10
    x = margin - x0 if "left" in corner else 400 - margin - x1
    y = margin - y0 if "top" in corner else 300 - margin - y1
    frame = (x + x0 - margin, y + y0 - margin, x + x1 + margin, y + y1 + margin)
    if ground == "box":
        pen.rectangle(frame, fill=(255 - color,) * 3)
    elif ground == "disc":
        pen.ellipse(frame, fill=(255 - color,) * 3)
    pen.text((x, y), letter, (color,) * 3, font)
    return np.asarray(picture)


def read(panels: list[Rgb], letters: str = "abcdef") -> list[str | None]:
    """The letter of each panel; a panel measures 200 by 150 points."""
    placed = [(rgb, Bbox(0, 0, 200, 150)) for rgb in panels]
    found = read_marks(placed, list(letters), one_each=True)
    by_panel = {mark.picture: letter for letter, mark in found.items()}
    return [by_panel.get(index) for index in range(len(panels))]


@pytest.mark.parametrize("color", [255, 0], ids=["white", "black"])
@pytest.mark.parametrize("corner", CORNERS)
def test_letters_in_any_corner_are_read(corner: str, color: int) -> None:
    panels = [panel(n, letter, corner, color) for n, letter in enumerate("ABCD")]
    assert read(panels, "abcd") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("ground", ["box", "disc"])
@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("color", [255, 0], ids=["white", "black"])
def test_letters_in_a_box_or_disc_in_the_very_corner_are_read(
    ground: str, corner: str, color: int
) -> None:
    panels = [panel(n, x, corner, color, 26, ground) for n, x in enumerate("abcdef")]
    assert read(panels) == list("abcdef")


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


def test_one_letter_on_two_panels_is_not_believed_twice() -> None:
    panels = [panel(n, letter) for n, letter in enumerate("ABAA")]
    found = read(panels, "abcd")
    assert found.count("a") <= 1


def test_one_letter_alone_is_no_lettering() -> None:
    panels = [panel(0, "A"), *(photograph(n, 400, 300) for n in (1, 2))]
    assert read(panels, "abc") == [None, None, None]


def sheet(*words: tuple[int, int, str], size: int = 30) -> Rgb:
    picture = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(picture)
    for x, y, text in words:
        pen.text((x, y), text, "black", font_of(size))
    return np.asarray(picture)


def test_a_letter_that_tells_whose_scale_a_bar_is_is_not_the_panels() -> None:
    drawn = Image.fromarray(sheet((60, 40, "A"), (400, 40, "B"), (430, 310, "A"), (430, 350, "B")))
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((300, 325, 422, 329), fill="black")
    pen.rectangle((340, 365, 422, 369), fill="black")
    found = read_marks([(np.asarray(drawn), Bbox(0, 0, 300, 200))], ["a", "b"])
    assert found["a"].box.y0 < 50 and found["b"].box.y0 < 50


def test_letters_of_a_word_are_not_the_panels() -> None:
    found = read_marks(
        [(sheet((60, 40, "A"), (400, 40, "B"), (200, 300, "CAB")), Bbox(0, 0, 300, 200))],
        ["a", "b"],
    )
    assert found["a"].box.y0 < 50 and found["b"].box.y0 < 50


def test_a_prime_tells_two_letters_apart() -> None:
    drawn = sheet((60, 40, "A"), (400, 40, "B"), (60, 300, "B\u2032".replace("\u2032", "'")))
    found = read_marks([(drawn, Bbox(0, 0, 300, 200))], ["a", "b", "b'"])
    assert found["b"].box.y0 < 50 < found["b'"].box.y0


def test_letters_on_plain_ground_are_painted_over_with_their_brackets() -> None:
    drawn = sheet((60, 40, "(a)"), (400, 40, "(b)"))
    found = read_marks([(drawn, Bbox(0, 0, 300, 200))], ["a", "b"])
    boxes = {letter: tuple(2 * v for v in mark.box) for letter, mark in found.items()}
    assert (erase_marks(drawn, boxes) == 255).all()  # type: ignore[arg-type]


def test_the_network_knows_capitals_of_a_font_that_it_never_saw() -> None:
    shapes = []
    for letter in "ABCDEFGHKLMN":
        picture = Image.new("L", (80, 80), 0)
        pen = ImageDraw.Draw(picture)
        pen.text((20, 10), letter, 255, font_of(40))
        box = picture.getbbox()
        assert box is not None
        shapes.append(np.where(np.asarray(picture.crop(box)) >= 128, 255, 0).astype(np.uint8))
    chances = classify_shapes(features(shapes))
    assert "".join(CLASSES[i] for i in chances.argmax(axis=1)) == "ABCDEFGHKLMN"
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (37, 53), (200, 150)])
def test_boxes_and_areas_of_shapes_are_those_that_opencv_counts(
    size: tuple[int, int], share: float
) -> None:
    mask = (np.random.default_rng(7).random(size) < share).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found, sides, area = label_shapes(mask)
    assert (found == labels).all()
    assert len(area) == count
    own = np.column_stack([*sides, area])[1:]
    assert (own == stats[1:]).all()
