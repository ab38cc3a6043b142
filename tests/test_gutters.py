"""Panels inside one raster are found by their gutters; one photograph stays whole."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_pages import Rgb, photograph
from mmskin_build.figures.gutters import split_raster
from mmskin_build.geometry import Bbox

Box = tuple[int, int, int, int]


def sheet(boxes: Sequence[Box], size: tuple[int, int], paper: int = 255, margin: int = 0) -> Rgb:
    """Photographs at `boxes` on plain paper of `size` (width, height)."""
    pixels = np.full((size[1] + 2 * margin, size[0] + 2 * margin, 3), paper, np.uint8)
    for seed, (x0, y0, x1, y1) in enumerate(boxes):
        inside = slice(y0 + margin, y1 + margin), slice(x0 + margin, x1 + margin)
        pixels[inside] = photograph(seed, x1 - x0, y1 - y0)
    return pixels


def grid(columns: int, rows: int, gutter: int, width: int = 200, height: int = 150) -> list[Box]:
    return [
        (x, y, x + width, y + height)
        for y in range(0, rows * (height + gutter), height + gutter)
        for x in range(0, columns * (width + gutter), width + gutter)
    ]


def extent(boxes: Sequence[Box]) -> tuple[int, int]:
    return max(box[2] for box in boxes), max(box[3] for box in boxes)


def near(found: Sequence[Box], wanted: Sequence[Box], slack: int = 2) -> bool:
    return len(found) == len(wanted) and all(
        abs(a - b) <= slack
        for box, other in zip(found, wanted, strict=True)
        for a, b in zip(box, other, strict=True)
    )


# ------------------------------------------------------------------------------ gutters


@pytest.mark.parametrize("expected", [0, -1], ids=["unknown number", "known number"])
@pytest.mark.parametrize("gutter", [3, 8, 30])
@pytest.mark.parametrize(("columns", "rows"), [(2, 1), (1, 2), (2, 2), (3, 2), (3, 3)])
def test_white_gutters_set_panels_off(columns: int, rows: int, gutter: int, expected: int) -> None:
    boxes = grid(columns, rows, gutter)
    found = split_raster(sheet(boxes, extent(boxes)), len(boxes) if expected else 0)
    assert near(found, boxes, 0)


@pytest.mark.parametrize("gutter", [3, 8, 30])
@pytest.mark.parametrize(("columns", "rows"), [(2, 1), (1, 3), (2, 2)])
def test_black_gutters_set_panels_off_where_the_number_is_known(
    columns: int, rows: int, gutter: int
) -> None:
    boxes = grid(columns, rows, gutter)
    assert near(split_raster(sheet(boxes, extent(boxes), paper=0), len(boxes)), boxes, 0)


@pytest.mark.parametrize("quality", [60, 75, 90])
@pytest.mark.parametrize("gutter", [2, 3, 4])
def test_thin_gutters_blurred_by_jpeg_are_found(gutter: int, quality: int) -> None:
    boxes = grid(2, 2, gutter)
    _, data = cv2.imencode(".jpg", sheet(boxes, extent(boxes)), [cv2.IMWRITE_JPEG_QUALITY, quality])
    found = split_raster(cv2.imdecode(data, cv2.IMREAD_COLOR), 4)
    assert near(found, boxes, 4)


def test_a_section_on_white_glass_keeps_its_glass_beside_painted_gutters() -> None:
    boxes = grid(2, 2, 12)
    pixels = sheet(boxes, extent(boxes))
    x0, y0, x1, y1 = boxes[1]
    grain = np.random.default_rng(3).integers(241, 249, (y1 - y0, x1 - x0, 1), np.uint8)
    tissue_only = pixels[y0 + 30 : y1 - 30, x0 + 60 : x1 - 60].copy()
    pixels[y0:y1, x0:x1] = grain
    pixels[y0 + 30 : y1 - 30, x0 + 60 : x1 - 60] = tissue_only
    assert near(split_raster(pixels, 4), boxes, 1)


def on_glass(pixels: Rgb, box: Box, pieces: int = 1) -> None:
    """Put a section into a box: pieces of its photograph on bright glass that is not pure white."""
    x0, y0, x1, y1 = box
    tissue = pixels[y0:y1, x0:x1].copy()
    glass = np.random.default_rng(3).integers(241, 249, (y1 - y0, x1 - x0, 1), np.uint8)
    pixels[y0:y1, x0:x1] = glass
    y, x = np.mgrid[0 : y1 - y0, 0 : x1 - x0]
    for part in np.array_split(np.arange(x1 - x0), pieces):
        across = (x - part.mean()) / (0.42 * len(part))
        inside = across**2 + ((y - (y1 - y0) / 2) / (0.42 * (y1 - y0))) ** 2 < 1
        pixels[y0:y1, x0:x1][inside] = tissue[inside]


@pytest.mark.parametrize("expected", [0, 4])
def test_painted_gutters_set_sections_on_glass_off(expected: int) -> None:
    boxes = grid(2, 2, 12)
    pixels = sheet(boxes, extent(boxes))
    on_glass(pixels, boxes[1])
    on_glass(pixels, boxes[2], 2)
    assert near(split_raster(pixels, expected), boxes, 1)


def test_white_between_two_sections_is_no_gutter_beside_a_black_one() -> None:
    boxes = grid(2, 1, 8, 300)
    pixels = sheet(boxes, extent(boxes), paper=0)
    on_glass(pixels, boxes[1], 2)
    assert near(split_raster(pixels, 2), boxes, 14)  # white at its outer edge is margin


@pytest.mark.parametrize("expected", [0, 4])
def test_painted_black_gutters_set_dark_fields_off(expected: int) -> None:
    boxes = grid(2, 2, 8)
    pixels = sheet(boxes, extent(boxes), paper=0)
    for x0, y0, x1, y1 in boxes[1::2]:
        field = np.random.default_rng(x0 + y0).integers(8, 16, (y1 - y0, x1 - x0, 3), np.uint8)
        pixels[y0:y1, x0:x1] = field
        pixels[y0 + 60 : y0 + 70, x0:x1, 1] = 200
    assert near(split_raster(pixels, expected), boxes, 1)


def test_a_gray_gutter_as_bright_as_skin_is_told_by_its_color() -> None:
    boxes = grid(2, 1, 6)
    pixels = sheet(boxes, extent(boxes), paper=152)
    for x0, y0, x1, y1 in boxes:  # its gray is 150
        grain = np.random.default_rng(x0).integers(-12, 12, (y1 - y0, x1 - x0, 1))
        pixels[y0:y1, x0:x1] = np.clip(np.array([200, 135, 100]) + grain, 0, 255)
    assert near(split_raster(pixels, 0), boxes, 0)


def test_a_gutter_on_the_plain_edge_of_a_picture_ends_where_that_begins() -> None:
    boxes = grid(1, 2, 8)
    pixels = sheet(boxes, extent(boxes), paper=60)
    x0, y0, x1, _ = boxes[1]
    pixels[y0 : y0 + 40, x0:x1] = 180
    assert near(split_raster(pixels, 0), boxes, 0)


def test_a_seam_between_equally_bright_colors_is_seen() -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    grain = np.random.default_rng(5).integers(-3, 3, (300, 400, 1))
    pixels[:150] = np.clip(np.array([40, 92, 110]) + grain[:150], 0, 255)
    pixels[150:] = np.clip(np.array([110, 70, 50]) + grain[150:], 0, 255)
    assert near(split_raster(pixels, 2), [(0, 0, 400, 150), (0, 150, 400, 300)], 1)


def test_a_margin_of_paper_is_no_panel() -> None:
    boxes = grid(2, 1, 10)
    found = split_raster(sheet(boxes, extent(boxes), margin=25), 2)
    assert near(found, [(x0 + 25, y0 + 25, x1 + 25, y1 + 25) for x0, y0, x1, y1 in boxes], 0)


def test_panels_of_unlike_size_are_found() -> None:
    boxes = [(0, 0, 200, 300), (210, 0, 400, 140), (210, 150, 400, 300)]
    assert near(split_raster(sheet(boxes, (400, 300)), 3), boxes, 0)


def test_panels_without_a_gutter_are_cut_at_their_seams_where_the_number_is_known() -> None:
    boxes = grid(2, 2, 0)
    pixels = sheet(boxes, extent(boxes))
    assert near(split_raster(pixels, 4), boxes, 1)
    assert split_raster(pixels, 0) == []


def test_like_charts_in_a_grid_are_panels() -> None:
    boxes = grid(2, 2, 40, 160, 160)
    pixels = np.full((400, 400, 3), 255, np.uint8)
    for x0, y0, x1, y1 in boxes:
        cv2.rectangle(pixels, (x0, y0), (x1 - 1, y1 - 1), (0, 0, 0), 2)
        cv2.line(pixels, (x0, y1), (x1, y0), (200, 0, 0), 2)
    assert near(split_raster(pixels, 0), boxes, 2)


# ------------------------------------------------------------------------------ one picture


def lesion_on_white() -> Rgb:
    pixels = np.full((300, 400, 3), 255, np.uint8)
    cv2.ellipse(pixels, (200, 150), (120, 90), 20, 0, 360, (150, 90, 80), -1)
    return pixels


def tissue() -> Rgb:
    """Stained tissue with clefts of bare glass, none of them straight."""
    pixels = photograph(4, 400, 300)
    xs = np.arange(400)
    for offset, phase in ((90, 0.0), (190, 1.3)):
        ys = (offset + 18 * np.sin(xs / 31 + phase)).astype(int)
        for dy in range(-9, 10):
            pixels[np.clip(ys + dy, 0, 299), xs] = 250
    return pixels


def clear_sky() -> Rgb:
    pixels = photograph(6, 400, 300)
    pixels[:110] = 255
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [photograph(1, 400, 300), lesion_on_white(), tissue(), clear_sky()],
    ids=["photograph", "lesion on white", "histology", "white at one side"],
)
@pytest.mark.parametrize("expected", [0, 1])
def test_one_picture_stays_whole(pixels: Rgb, expected: int) -> None:
    assert split_raster(pixels, expected) == []


@pytest.mark.parametrize("expected", [2, 3, 4])
def test_one_photograph_is_never_cut_into_a_number_that_a_caption_names(expected: int) -> None:
    assert split_raster(photograph(2, 400, 300), expected) == []
    assert split_raster(tissue(), expected) == []


@pytest.mark.parametrize("expected", [3, 5, 6])
def test_another_number_than_expected_leaves_the_picture_whole(expected: int) -> None:
    boxes = grid(2, 2, 10)
    assert split_raster(sheet(boxes, extent(boxes)), expected) == []


def test_bars_on_one_axis_are_one_chart() -> None:
    rgb = np.full((400, 640, 3), 255, np.uint8)
    rgb[20:340, 60:62] = 0
    rgb[338:340, 60:620] = 0
    for x, top in ((62, 120), (232, 125), (402, 130)):
        rgb[top:338, x : x + 110] = 90
        rgb[top - 30 : top, x + 54 : x + 57] = 0  # how far the values spread
    assert split_raster(rgb, 0) == []


@pytest.mark.parametrize("expected", [0, 2, 3])
def test_gaps_in_a_drawing_on_white_paper_are_no_gutters(expected: int) -> None:
    pixels = np.full((300, 700, 3), 255, np.uint8)
    for x, y, radius in ((60, 150, 40), (235, 120, 100), (405, 170, 35), (560, 150, 85)):
        cv2.circle(pixels, (x, y), radius, (40, 40, 120), 3)
    assert split_raster(pixels, expected) == []


def test_two_small_pictures_are_too_small_to_split() -> None:
    boxes = grid(2, 1, 4, 20, 20)
    assert split_raster(sheet(boxes, extent(boxes)), 2) == []


@pytest.mark.parametrize("value", [0, 127, 255])
@pytest.mark.parametrize("expected", [0, 2, 4])
def test_a_plain_surface_has_no_panels(value: int, expected: int) -> None:
    assert split_raster(np.full((200, 300, 3), value, np.uint8), expected) == []


@given(
    st.integers(1, 4), st.integers(1, 3), st.integers(0, 20), st.integers(0, 9), st.integers(0, 255)
)
def test_what_is_split_lies_apart_and_inside(
    columns: int, rows: int, gutter: int, expected: int, paper: int
) -> None:
    boxes = grid(columns, rows, gutter, 60, 50)
    width, height = extent(boxes)
    found = split_raster(sheet(boxes, (width, height), paper), expected)
    assert len(found) != 1
    assert not expected or len(found) in (0, expected)
    for x0, y0, x1, y1 in found:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
    areas = [Bbox(*map(float, box)) for box in found]
    for i, a in enumerate(areas):
        assert all(a.intersect(b).area == 0 for b in areas[i + 1 :])
