"""Letters, gutters and the caption's count together decide what the panels of a picture are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from drawn_pages import Rgb, photograph
from mmskin_build.figures.cutting import find_panels
from mmskin_build.figures.standing import mark_spread
from mmskin_build.geometry import Bbox, iou
from mmskin_build.pdf.jobs import PanelPart, PictureView

Box = tuple[int, int, int, int]
FONT = str(Path(reportlab.__file__).parent / "fonts" / "VeraBd.ttf")
DOTS_A_POINT = 3.0


class Plate:
    """A plate that is drawn step by step; `letters` are 28 pixels high."""

    def __init__(self, width: int = 900, height: int = 600, paper: str = "white") -> None:
        self.picture = Image.new("RGB", (width, height), paper)
        self.pen = ImageDraw.Draw(self.picture)

    def photo(self, box: Box, seed: int) -> None:
        pixels = photograph(seed, box[2] - box[0], box[3] - box[1])
        self.picture.paste(Image.fromarray(pixels), box[:2])

    def letter(self, x: float, y: float, text: str, color: str = "black") -> None:
        self.pen.text((x, y), text, color, ImageFont.truetype(FONT, 38))

    def oval(self, box: Box) -> None:
        """A line drawing with a few strokes inside."""
        x0, y0, x1, y1 = box
        self.pen.ellipse((x0, y0, x1 - 1, y1 - 1), outline="black", width=3)
        self.pen.line((x0 + 20, (y0 + y1) / 2, x1 - 20, (y0 + y1) / 2), fill="black", width=2)

    def view(self) -> PictureView:
        rgb = np.asarray(self.picture)
        return view_of(rgb)


def view_of(rgb: Rgb, x_pt: float = 0.0, **fields: object) -> PictureView:
    height, width = rgb.shape[:2]
    bbox = Bbox(x_pt, 0, x_pt + width / DOTS_A_POINT, height / DOTS_A_POINT)
    return PictureView(rgb=rgb, bbox=bbox, **fields)  # type: ignore[arg-type]


def found_in(plate: Plate, letters: str) -> dict[str | None, Box]:
    (parts,) = find_panels([plate.view()], len(letters), list(letters))
    return {part.letter: part.box for part in parts}


def alike(found: dict[str | None, Box], wanted: dict[str, Box], least: float = 0.9) -> bool:
    return set(found) == set(wanted) and all(
        iou(Bbox(*map(float, found[letter])), Bbox(*map(float, box))) >= least
        for letter, box in wanted.items()
    )


def test_drawings_with_letters_between_them_are_told_apart() -> None:
    """A botanist's plate: no straight gutter, letters below what they name."""
    plate = Plate()
    wanted: dict[str, Box] = {
        "a": (40, 60, 330, 500),
        "b": (300, 20, 520, 180),
        "c": (420, 230, 760, 420),
        "d": (640, 40, 860, 200),
    }
    for letter, box in wanted.items():
        plate.oval(box)
        plate.letter((box[0] + box[2]) / 2 - 12, box[3] + 4, letter.upper())
    assert alike(found_in(plate, "abcd"), wanted)


def test_two_views_of_one_thing_are_one_panel() -> None:
    plate = Plate()
    for box in ((40, 60, 200, 300), (260, 60, 420, 300), (560, 60, 860, 300)):
        plate.oval(box)
    plate.letter(215, 305, "A")
    plate.letter(700, 305, "B")
    assert alike(found_in(plate, "ab"), {"a": (40, 60, 420, 300), "b": (560, 60, 860, 300)})


def test_specimens_on_black_have_a_box_of_their_own() -> None:
    plate = Plate(paper="black")
    wanted: dict[str, Box] = {"a": (60, 80, 400, 260), "b": (500, 60, 850, 330)}
    wanted["c"] = (200, 360, 620, 560)
    for seed, (letter, box) in enumerate(wanted.items()):
        mask = Image.new("L", plate.picture.size, 0)
        ImageDraw.Draw(mask).ellipse((box[0], box[1], box[2] - 1, box[3] - 1), fill=255)
        whole = Image.fromarray(photograph(seed, 900, 600))
        plate.picture.paste(whole, mask=mask)
        plate.letter(box[0], box[1] - 30, letter, "white")
    assert alike(found_in(plate, "abc"), wanted)


def test_a_drawing_without_a_letter_near_it_is_the_one_whose_letter_was_not_read() -> None:
    plate = Plate(1200, 600)
    boxes = ((40, 40, 300, 200), (40, 330, 300, 500), (900, 40, 1160, 200), (560, 240, 700, 420))
    for letter, box in zip("abcd", boxes, strict=True):
        plate.oval(box)
        if letter != "d":
            plate.letter((box[0] + box[2]) / 2 - 12, box[3] + 4, letter.upper())
    (parts,) = find_panels([plate.view()], 4, list("abcd"))
    assert [part.letter for part in parts].count(None) == 1
    unread = next(part.box for part in parts if part.letter is None)
    assert iou(Bbox(*map(float, unread)), Bbox(*map(float, boxes[3]))) > 0.9


def test_a_panel_in_the_corner_of_another_leaves_it_whole() -> None:
    plate = Plate()
    plate.photo((0, 0, 440, 600), 1)
    plate.photo((460, 0, 900, 600), 2)
    plate.pen.rectangle((674, 394, 900, 600), fill="white")
    plate.photo((680, 400, 900, 600), 3)
    plate.letter(10, 4, "A")
    plate.letter(470, 4, "B")
    plate.letter(690, 404, "C")
    wanted: dict[str, Box] = {"a": (0, 0, 440, 600), "b": (460, 0, 900, 600)}
    wanted["c"] = (680, 400, 900, 600)
    assert alike(found_in(plate, "abc"), wanted)


def test_two_specimens_in_one_panel_do_not_make_it_two() -> None:
    """A wide black gap inside the last panel, thin gutters elsewhere: the letters know better."""
    plate = Plate(paper="black")
    plate.photo((0, 0, 448, 298), 1)
    plate.photo((452, 0, 900, 298), 2)
    plate.photo((0, 302, 448, 600), 3)
    plate.photo((460, 330, 890, 420), 4)
    plate.photo((460, 500, 890, 590), 5)
    for x, y, letter in ((8, 4, "A"), (460, 4, "B"), (8, 306, "C"), (460, 290, "D")):
        plate.letter(x, y, letter, "white")
    found = found_in(plate, "abcd")
    assert set(found) == set("abcd")
    x0, y0, x1, y1 = found["d"]
    assert y0 < 340 and y1 > 580


def test_letters_below_panels_of_one_raster_are_not_cut_off_with_the_row_beneath() -> None:
    plate = Plate(height=720)
    wanted: dict[str, Box] = {}
    for index, letter in enumerate("abcd"):
        x, y = 460 * (index % 2), 360 * (index // 2)
        wanted[letter] = (x, y, x + 440, y + 300)
        plate.photo(wanted[letter], index)
        plate.letter(x + 208, y + 306, letter.upper())
    assert alike(found_in(plate, "abcd"), wanted)


@pytest.mark.parametrize("gone", [1, 2, 4])
def test_a_cell_left_empty_is_no_panel(gone: int) -> None:
    plate = Plate()
    wanted: dict[str, Box] = {}
    cells = [(305 * c, 305 * r, 305 * c + 295, 305 * r + 295) for r in (0, 1) for c in (0, 1, 2)]
    cells.pop(gone)
    for letter, box in zip("abcde", cells, strict=True):
        wanted[letter] = box
        plate.photo(box, ord(letter))
        plate.letter(box[0] + 10, box[1] + 6, letter, "white")
    assert alike(found_in(plate, "abcde"), wanted)


def test_a_letter_that_cannot_be_read_is_left_to_its_neighbors() -> None:
    plate = Plate()
    boxes: list[Box] = [(0, 0, 440, 290), (460, 0, 900, 290), (0, 310, 440, 600)]
    boxes.append((460, 310, 900, 600))
    for letter, box in zip("abcd", boxes, strict=True):
        plate.photo(box, ord(letter))
        if letter != "c":
            plate.letter(box[0] + 10, box[1] + 6, letter, "white")
    found = found_in(plate, "abcd")
    assert set(found) == {"a", "b", "d", None}
    assert iou(Bbox(*map(float, found[None])), Bbox(*map(float, boxes[2]))) > 0.9


def dark_grid() -> tuple[Plate, dict[str, Box]]:
    """Photographs left, dark fields right, edge to edge: two fields meet without a line."""
    plate = Plate(800, 600, "black")
    wanted: dict[str, Box] = {
        "a": (0, 0, 400, 300),
        "b": (400, 0, 800, 300),
        "c": (0, 300, 400, 600),
        "d": (400, 300, 800, 600),
    }
    for number, (letter, box) in enumerate(wanted.items()):
        if letter in "ac":
            plate.photo(box, number)
        else:
            plate.pen.line((box[0], box[1] + 150, box[2], box[1] + 190), "green", 12)
    return plate, wanted


def test_letters_of_a_grid_tell_where_two_dark_fields_meet() -> None:
    plate, wanted = dark_grid()
    for letter, box in wanted.items():
        plate.letter(box[2] - 50, box[3] - 60, letter.upper(), "white")
    assert alike(found_in(plate, "abcd"), wanted, 0.97)


def test_a_letter_that_was_not_read_has_its_place_in_a_grid() -> None:
    plate, wanted = dark_grid()
    for letter, box in wanted.items():
        if letter != "c":
            plate.letter(box[2] - 50, box[3] - 60, letter.upper(), "white")
    found = found_in(plate, "abcd")
    assert alike({letter or "c": box for letter, box in found.items()}, wanted, 0.97)


def test_an_empty_cell_beside_framed_photographs_is_no_part_of_one() -> None:
    plate = Plate(604, 604)
    wanted: dict[str, Box] = {
        "a": (0, 0, 300, 300),
        "b": (304, 0, 604, 300),
        "c": (0, 304, 300, 604),
    }
    for number, (letter, (x0, y0, x1, y1)) in enumerate(wanted.items()):
        plate.photo((x0, y0, x1, y1), number)
        plate.pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline="black", width=2)
        plate.letter(x0 + 16, y1 - 60, letter.upper(), "white")
    assert alike(found_in(plate, "abc"), wanted)


def test_letters_in_the_middle_of_the_top_stand_alike_in_panels_of_any_width() -> None:
    plate = Plate(1000, 700)
    wanted: dict[str, Box] = {
        "a": (0, 0, 1000, 346),
        "b": (0, 350, 300, 700),
        "c": (304, 350, 1000, 700),
    }
    for number, (letter, box) in enumerate(wanted.items()):
        plate.photo(box, number)
        plate.letter((box[0] + box[2]) / 2 - 14, box[1] + 10, letter.upper(), "white")
    assert alike(found_in(plate, "abc"), wanted)


def test_a_letter_far_inside_its_box_tells_that_the_box_is_too_large() -> None:
    marks = {letter: (x, 10.0, x + 20.0, 40.0) for letter, x in (("a", 10.0), ("c", 710.0))}
    marks["b"] = (410.0, 10.0, 430.0, 40.0)
    panels: dict[str, Box] = {"a": (0, 0, 400, 400), "b": (400, 0, 700, 400)}
    panels["c"] = (700, 0, 1100, 400)
    assert mark_spread(panels, marks, "inside") == pytest.approx(0.0, abs=1e-6)
    panels |= {"a": (0, 0, 110, 400), "b": (110, 0, 700, 400)}
    assert mark_spread(panels, marks, "inside") is None
    assert mark_spread(panels, marks, "above") is None


def test_a_thin_gray_line_between_round_fields_on_black_is_no_drawing() -> None:
    plate = Plate(804, 804, "black")
    plate.pen.line((0, 402, 804, 402), fill=(128, 128, 128), width=2)
    plate.pen.line((402, 0, 402, 402), fill=(128, 128, 128), width=2)
    wanted: dict[str, Box] = {
        "a": (40, 40, 360, 360),
        "b": (444, 40, 764, 360),
        "c": (242, 444, 562, 764),
    }
    for box in wanted.values():
        plate.pen.ellipse(box, fill=(190, 120, 100))
    for x, y, letter in ((8, 4, "A"), (412, 4, "B"), (8, 408, "C")):
        plate.letter(x, y, letter, "white")
    boxes = [Bbox(*map(float, box)) for box in found_in(plate, "abc").values()]
    assert all(a.intersect(b).area == 0 for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_letters_that_stand_in_no_order_were_misread() -> None:
    views = []
    for number, letter in enumerate("CABD"):
        plate = Plate(300, 300)
        plate.photo((0, 0, 300, 300), number)
        plate.letter(8, 4, letter)
        views.append(view_of(np.asarray(plate.picture), number * 110.0))
    found = find_panels(views, 4, ["a", "b", "c", "d"])
    assert [part.letter for parts in found for part in parts] == [None] * 4


def test_one_photograph_stays_whole_whatever_the_caption_names() -> None:
    parts = find_panels([view_of(photograph(3, 900, 600))], 3, ["a", "b", "c"])
    assert parts == [[PanelPart((0, 0, 900, 600), None)]]


def test_two_pictures_that_hold_three_panels_are_cut_where_two_letters_stand() -> None:
    left, right = Plate(600, 300), Plate(300, 300)
    left.photo((0, 0, 290, 300), 1)
    left.photo((310, 0, 600, 300), 2)
    right.photo((0, 0, 300, 300), 3)
    for plate, x, letter in ((left, 8, "A"), (left, 318, "B"), (right, 8, "C")):
        plate.letter(x, 4, letter)
    views = [view_of(np.asarray(left.picture)), view_of(np.asarray(right.picture), 210.0)]
    first, second = find_panels(views, 3, ["a", "b", "c"])
    assert [part.letter for part in first] == ["a", "b"]
    assert second == [PanelPart((0, 0, 300, 300), "c")]


def test_letters_of_the_text_layer_lead_as_those_in_the_pixels_do() -> None:
    plate = Plate()
    for box, seed in (((0, 0, 440, 600), 1), ((460, 0, 900, 290), 2), ((460, 310, 900, 600), 3)):
        plate.photo(box, seed)
    printed: Sequence[tuple[str, Bbox]] = (
        ("a", Bbox(4, 4, 10, 12)),
        ("b", Bbox(157, 4, 163, 12)),
        ("c", Bbox(157, 107, 163, 115)),
    )
    view = view_of(np.asarray(plate.picture), printed=tuple(printed))
    (parts,) = find_panels([view], 3, ["a", "b", "c"])
    assert {part.letter for part in parts} == {"a", "b", "c"}


def test_letters_of_the_text_layer_below_a_picture_tell_its_panels_apart() -> None:
    plate = Plate(900, 300)
    plate.photo((0, 0, 448, 300), 1)
    plate.photo((452, 0, 900, 300), 2)
    other = Plate(900, 300)
    other.photo((0, 0, 900, 300), 3)
    first = view_of(
        np.asarray(plate.picture),
        beside=(("b", Bbox(222, 103, 228, 112)), ("a", Bbox(72, 103, 78, 112))),
        is_lettered=True,
    )
    second = view_of(np.asarray(other.picture), 320.0, beside=(("c", Bbox(467, 103, 473, 112)),))
    left, right = find_panels([first, second], 3, ["a", "b", "c"])
    assert [(part.letter, part.box[0] < 400) for part in left] == [("a", True), ("b", False)]
    assert [part.letter for part in right] == ["c"]


def test_a_photograph_is_not_cut_for_a_letter_that_is_not_there() -> None:
    plate = Plate(906, 400)
    wanted: dict[str, Box] = {"a": (0, 0, 450, 400), "b": (456, 0, 906, 400)}
    for number, (letter, box) in enumerate(wanted.items()):
        plate.photo(box, number)
        plate.letter(box[0] + 12, 8, letter.upper())
    plate.pen.rectangle((0, 220, 449, 399), fill=(120, 60, 40))  # a cloth below the skin
    assert alike(found_in(plate, "abc"), wanted)


def test_a_blank_stretch_between_rows_is_no_panel() -> None:
    plate = Plate(600, 700)
    for y, seed in ((0, 1), (280, 2), (560, 3)):
        plate.photo((0, y, 600, y + 140), seed)
    (parts,) = find_panels([plate.view()], 5, [])
    assert [part.box for part in parts] == [(0, 0, 600, 700)]


def test_no_picture_makes_it_fail() -> None:
    rng = np.random.default_rng(5)
    for shape in ((1, 1, 3), (3, 900, 3), (200, 300, 3), (40, 40, 3)):
        for value in (0, 128, 255, None):
            pixels = rng.integers(0, 256, shape) if value is None else np.full(shape, value)
            (parts,) = find_panels([view_of(pixels.astype(np.uint8))], 4, list("abcd"))
            assert parts
