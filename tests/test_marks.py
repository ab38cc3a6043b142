"""Ink is found on drawn skin, and hair, lesions and grain are not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawn_people import TONES, RgbImage, hairs, lesion, skin
from mmskin_build.geometry import Bbox
from mmskin_build.images.annotated import annotated_score, annotated_severity
from mmskin_build.images.drawn_marks import MAJOR, MINOR, draw_marks
from mmskin_build.images.insets import find_insets
from mmskin_build.images.marks import Mark, find_marks, marks_of_overlays, parse_model
from mmskin_build.images.plate_letters import find_plate_letters
from mmskin_build.records import Overlay, Panel


def arrow(rgb: RgbImage, color: tuple[int, int, int]) -> RgbImage:
    shown = rgb.copy()
    cv2.arrowedLine(shown, (90, 220), (170, 150), color, 3, cv2.LINE_AA, tipLength=0.3)
    return shown


def words(rgb: RgbImage, text: str, at: tuple[int, int], color: tuple[int, int, int]) -> RgbImage:
    shown = rgb.copy()
    cv2.putText(shown, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, color, 2, cv2.LINE_AA)
    return shown


def covers(marks: tuple[Mark, ...], x: int, y: int) -> bool:
    return any(
        m.score >= 0.5 and m.box[0] - 4 <= x <= m.box[2] + 4 and m.box[1] - 4 <= y <= m.box[3] + 4
        for m in marks
    )


@pytest.mark.parametrize("tone", TONES)
def test_bare_skin_of_any_tone_has_no_marks(tone: tuple[int, int, int]) -> None:
    rgb = lesion(skin(tone), (200, 150), 40)
    assert annotated_severity(find_marks(rgb)) == "none"


def test_hair_is_no_ink() -> None:
    assert annotated_severity(find_marks(hairs(skin()))) != "major"


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (255, 255, 0), (0, 0, 255)])
def test_an_arrow_of_any_color_is_major_and_lies_where_it_was_drawn(
    color: tuple[int, int, int],
) -> None:
    marks = find_marks(arrow(lesion(skin(), (200, 120), 30), color))
    assert annotated_score(marks) >= 0.5
    assert covers(marks, 130, 185)


@pytest.mark.parametrize("kind", ["circle", "contour", "label", "bracket", "asterisk"])
def test_most_drawn_marks_of_a_kind_are_major(kind: str) -> None:
    found = 0
    for seed in range(6):
        shown, _ = draw_marks(
            skin(TONES[seed % 4], (360, 480), seed), [kind], np.random.default_rng(seed)
        )
        found += annotated_severity(find_marks(shown)) == "major"
    assert found >= (4 if kind == "asterisk" else 5)  # one is taken for the letter of a panel


def test_a_letter_in_the_corner_alone_is_minor_two_are_not() -> None:
    one = words(skin(), "A", (10, 30), (0, 0, 0))
    assert annotated_severity(find_marks(one)) == "minor"
    two = words(one, "B", (375, 290), (0, 0, 0))
    assert annotated_severity(find_marks(two)) == "major"


@pytest.mark.parametrize("shape", ["plate", "disc"])
def test_a_letter_on_a_plate_or_a_disc_in_the_corner_is_minor(shape: str) -> None:
    rgb = skin()
    if shape == "plate":
        cv2.rectangle(rgb, (0, 262), (36, 300), (255, 255, 255), -1)
    else:
        cv2.circle(rgb, (24, 276), 18, (255, 255, 255), -1, cv2.LINE_AA)
    shown = words(rgb, "B", (17, 283), (0, 0, 0))
    assert annotated_severity(find_marks(shown)) == "minor"


def test_a_name_in_the_corner_is_a_label_whose_words_are_read() -> None:
    shown = words(skin(), "A. Author 4711", (8, 24), (0, 0, 0))
    assert any(m.kind == "label" for m in find_marks(shown))


@pytest.mark.parametrize("corner", ["upper_left", "upper_right", "lower_left", "lower_right"])
def test_a_framed_inset_in_any_corner_is_major(corner: str) -> None:
    rgb = lesion(skin(TONES[0]), (200, 150), 40)
    inset = cv2.resize(lesion(hairs(skin(TONES[2])), (200, 150), 90), (130, 100))
    cv2.rectangle(inset, (0, 0), (129, 99), (255, 255, 255), 3)
    y = 0 if corner.startswith("upper") else 200
    x = 0 if corner.endswith("left") else 270
    rgb[y : y + 100, x : x + 130] = inset
    marks = find_marks(rgb)
    assert annotated_severity(marks) == "major"
    (box,) = (m.box for m in marks if m.kind == "inset")
    assert np.abs(np.array(box) - (x, y, x + 130, y + 100)).max() <= 6


def test_two_panels_side_by_side_are_no_inset() -> None:
    rgb = np.hstack([skin(TONES[0]), skin(TONES[2])])
    rgb[:, 396:404] = 255
    assert not find_insets(rgb)


def test_a_scale_bar_alone_is_minor() -> None:
    rgb = skin()
    cv2.rectangle(rgb, (300, 280), (380, 284), (0, 0, 0), -1)
    marks = find_marks(rgb)
    assert annotated_severity(marks) == "minor"
    assert {m.kind for m in marks if m.score >= 0.5} == {"scale_bar"}


def test_an_owners_name_in_a_lower_corner_is_minor() -> None:
    rgb = words(skin(TONES[2]), "Skin Atlas", (20, 270), (255, 255, 255))
    assert annotated_severity(find_marks(rgb)) == "minor"


def test_boxes_are_those_of_the_picture_however_large() -> None:
    large = cv2.resize(arrow(skin(), (0, 0, 0)), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    marks = find_marks(np.asarray(large, np.uint8))
    assert annotated_score(marks) >= 0.5
    assert covers(marks, 520, 740)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (7, 7, 3), (64, 2000, 3)])
def test_odd_sizes_give_a_value(shape: tuple[int, int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert 0.0 <= annotated_score(find_marks(rgb)) <= 1.0


def test_the_same_picture_gives_the_same_marks() -> None:
    rgb = arrow(hairs(skin()), (255, 0, 0))
    assert find_marks(rgb) == find_marks(rgb.copy())


def test_minor_marks_never_add_up_to_major() -> None:
    marks = [Mark(kind="scale_bar", box=(0, 0, 9, 2), score=1.0)] * 20
    assert annotated_score(marks) < 0.5
    assert annotated_severity(marks) == "minor"


def test_what_the_page_paints_over_a_panel_is_known_exactly() -> None:
    panel = Panel(
        bbox=Bbox(100, 100, 300, 200),
        pixel_size=(800, 400),
        overlays=(
            Overlay(kind="text", bbox=Bbox(102, 102, 110, 112), text="A"),
            Overlay(kind="text", bbox=Bbox(180, 140, 220, 150), text="Epidermis"),
            Overlay(kind="path", bbox=Bbox(240, 190, 290, 192)),
            Overlay(kind="path", bbox=Bbox(150, 120, 190, 135)),
        ),
    )
    marks = marks_of_overlays(panel)
    assert {m.kind for m in marks} == {"corner_letter", "label", "scale_bar", "bar"}
    assert next(m.box for m in marks if m.kind == "label") == (320, 160, 480, 200)
    assert annotated_severity(marks) == "major"
    assert all(m.score == 1.0 for m in marks)


def test_a_panel_without_pixels_has_no_marks() -> None:
    assert marks_of_overlays(Panel(bbox=Bbox(0, 0, 10, 10))) == ()


def test_weights_for_other_facts_are_refused() -> None:
    with pytest.raises(ValueError, match="train it again"):
        parse_model({"facts": ["color"]})


def test_drawn_marks_say_where_their_ink_lies() -> None:
    for kind in [*MAJOR, *MINOR]:
        shown, drawn = draw_marks(skin(), [kind], np.random.default_rng(4))
        assert shown.shape == (300, 400, 3)
        assert [m.kind for m in drawn] == [kind]
        assert drawn[0].mask.any(), kind
        assert drawn[0].minor == (kind in MINOR)


def plate(across: bool, *, letter: str, gap: int = 26, ground: int = 255) -> RgbImage:
    """Two pictures of skin on paper, a letter in the gutter between them."""
    one, other = lesion(skin(TONES[0]), (200, 150), 40), hairs(skin(TONES[1]))
    axis = 1 if across else 0
    shape = list(one.shape)
    shape[axis] = gap
    gutter = np.full(shape, ground, np.uint8)
    middle = (gutter.shape[1] // 2 - 5, gutter.shape[0] // 2 + 6)
    cv2.putText(gutter, letter, middle, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([one, gutter, other], axis=axis)


@pytest.mark.parametrize("across", [False, True])
def test_pictures_with_a_letter_on_the_paper_between_them_are_annotated(across: bool) -> None:
    shown = plate(across, letter="a")
    marks = find_marks(shown)
    assert annotated_severity(marks) == "major"
    middle = (shown.shape[1] // 2, shown.shape[0] // 2)
    assert covers(tuple(m for m in marks if m.kind == "letter"), *middle)


@pytest.mark.parametrize("across", [False, True])
def test_paper_without_a_letter_and_a_letter_without_paper_are_none_of_the_gutter(
    across: bool,
) -> None:
    assert find_plate_letters(plate(across, letter="")) == ()
    assert find_plate_letters(plate(across, letter="a", ground=150)) == ()


def test_white_glass_between_two_strips_of_tissue_is_no_gutter() -> None:
    rng = np.random.default_rng(5)
    shown = np.full((300, 400, 3), 245, np.uint8)
    shore = 110 + np.cumsum(rng.integers(-4, 5, (2, 400)), axis=1)
    for x in range(400):  # tissue ends where it likes
        shown[: shore[0, x], x] = (200, 120, 170)
        shown[300 - shore[1, x] :, x] = (190, 110, 160)
    cv2.circle(shown, (200, 150), 5, (90, 60, 110), -1)
    assert find_plate_letters(shown) == ()


def test_a_letter_in_the_margin_of_one_picture_is_not_between_two() -> None:
    one = plate(False, letter="b")
    assert find_plate_letters(one[: one.shape[0] // 2 + 12]) == ()
