"""Pictures of scanned pages are told from text, tints and charts; what they hide is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFont

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox, iou
from mmskin_build.pdf.ocr import ScanResult, read_scan
from mmskin_build.pdf.ocr_reading import columns_below
from scan_sheet import BODY, DPI, SIZE_PT, Rgb, Sheet, px

CFG = PdfConfig()
LABEL = ImageFont.load_default(size=9 * DPI / 72)


def read(image: Rgb) -> ScanResult:
    return read_scan(image, DPI, CFG, "eng")


def text_of(result: ScanResult) -> str:
    return " ".join(line.text for line in result.lines)


def without_color(image: Rgb) -> Rgb:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.repeat(np.asarray(gray, np.uint8)[:, :, None], 3, axis=2)


def plain_picture(sheet: Sheet, box: Bbox, tone: float, spread: float, seed: int) -> Bbox:
    """Paste a picture of few grays that run into one another, as pale skin or a dark field has."""
    size = (px(box.width), px(box.height))
    rng = np.random.default_rng(seed)
    coarse = (tone + spread * rng.standard_normal((7, 6))).clip(0, 255).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    sheet.image.paste(smooth.convert("RGB"), (px(box.x0), px(box.y0)))
    return box


@pytest.mark.parametrize(("tone", "spread"), [(190, 9), (170, 14), (120, 10), (40, 14)])
def test_photographs_of_few_grays_are_photographs(tone: float, spread: float) -> None:
    sheet = Sheet((252, 251, 248))
    boxes = [
        plain_picture(sheet, Bbox(50, 40, 200, 170), tone, spread, seed=1),
        plain_picture(sheet, Bbox(206, 40, 356, 170), tone, spread, seed=2),
    ]
    sheet.text(BODY, 260)

    regions = read(without_color(sheet.scan())).regions

    assert [iou(region.bbox, box) > 0.95 for region, box in zip(regions, boxes, strict=True)]
    assert all(region.photo_score >= 0.5 for region in regions)


def test_a_chart_on_a_gray_ground_is_no_photograph() -> None:
    sheet = Sheet((255, 255, 255))
    box = Bbox(60, 60, 360, 260)
    sheet.pen.rectangle(tuple(map(px, box)), (228, 228, 230))
    for number, height in enumerate((120, 60, 150, 90)):
        left = 90 + 65 * number
        bar = (px(left), px(250 - height), px(left + 30), px(250))
        sheet.pen.rectangle(bar, (90 + 30 * number,) * 3)
    sheet.text(BODY, 320)

    regions = read(without_color(sheet.scan())).regions

    assert all(region.photo_score < 0.5 for region in regions)


def test_text_and_photograph_in_a_tinted_box_are_both_found() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.pen.rectangle((px(20), px(50), px(400), px(420)), (216, 218, 222), (90, 90, 90), 2)
    sheet.pen.rectangle((px(20), px(50), px(400), px(72)), (96, 96, 96))
    sheet.text(BODY, 90)
    picture = sheet.photograph(Bbox(60, 190, 330, 380))
    sheet.pen.text((px(60), px(390)), "Figure 4.1 Plaques of both elbows.", (20, 20, 24), LABEL)

    result = read(without_color(sheet.scan(skew=0.6)))

    (region,) = result.regions
    assert iou(region.bbox, picture) > 0.9
    assert " ".join(BODY) in text_of(result)
    assert "Figure 4.1 Plaques of both elbows." in text_of(result)


def test_a_frame_around_photograph_and_words_swallows_neither() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.pen.rectangle((px(20), px(50), px(400), px(420)), None, (40, 40, 40), 2)
    sheet.text(BODY, 70)
    picture = sheet.photograph(Bbox(60, 170, 330, 380))

    result = read(sheet.scan())

    photographs = [r for r in result.regions if r.photo_score >= 0.5]
    assert [iou(region.bbox, picture) > 0.95 for region in photographs] == [True]
    assert " ".join(BODY) in text_of(result)


def test_the_dark_sides_of_a_photograph_under_a_bar_with_its_caption_stay() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.text(BODY, 400)
    sheet.pen.rectangle((px(60), px(60), px(360), px(84)), (70, 90, 120))
    white = (255, 255, 255)
    sheet.pen.text((px(66), px(66)), "FIGURE 4.1 Tense bullae on the lower leg.", white, LABEL)
    picture = Bbox(60, 84, 360, 290)
    sheet.pen.rectangle(tuple(map(px, picture)), (8, 8, 10))
    sheet.photograph(Bbox(140, 130, 280, 250))

    result = read(sheet.scan())

    (region,) = result.regions
    assert iou(region.bbox, picture) > 0.9
    assert "Tense bullae on the lower leg." in text_of(result)


@pytest.mark.parametrize("skew", [0.0, 0.6])
def test_labels_that_stand_alone_under_pictures_are_read(skew: float) -> None:
    sheet = Sheet((255, 255, 255))
    for number in range(6):
        x, y = 40 + 178 * (number % 2), 40 + 180 * (number // 2)
        plain_picture(sheet, Bbox(x, y, x + 166, y + 150), 150, 12, seed=number)
        place = (px(x), px(y + 154))
        sheet.pen.text(place, f"Fig. {number + 3}", (20, 20, 24), LABEL, stroke_width=0.5)

    result = read(without_color(sheet.scan(skew=skew)))

    found = sorted(line.text.replace(" ", "") for line in result.lines)
    assert found == [f"Fig.{n}" for n in range(3, 9)]
    assert len(result.regions) == 6


def test_a_page_of_light_words_on_black_is_read() -> None:
    sheet = Sheet((4, 4, 6))
    picture = sheet.photograph(Bbox(60, 60, 300, 220))
    font = ImageFont.load_default(size=10 * DPI / 72)
    for number, line in enumerate(BODY):
        sheet.pen.text((px(60), px(260 + 14 * number)), line, (250, 250, 250), font)

    result = read(sheet.scan())

    (region,) = result.regions
    assert iou(region.bbox, picture) > 0.95
    assert text_of(result) == " ".join(BODY)


def test_a_dark_page_without_words_is_one_picture() -> None:
    sheet = Sheet((4, 4, 6))
    sheet.photograph(Bbox(60, 60, 300, 420))

    (region,) = read(sheet.scan()).regions

    assert region.bbox.covered_by(Bbox(0, 0, *SIZE_PT)) > 0.99
    assert region.bbox.width > 0.95 * SIZE_PT[0]


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_turned_caption_alone_on_its_page_is_read(quarters: int) -> None:
    sheet = Sheet((255, 255, 255))
    plain_picture(sheet, Bbox(60, 60, 360, 280), 150, 12, seed=3)
    words = "Figure 5.2. Hyperkeratosis and fissuring of the palm of a farmer."
    sheet.pen.text((px(60), px(288)), words, (20, 20, 24), LABEL)

    result = read(np.rot90(sheet.scan(), quarters).copy())

    assert text_of(result) == words


def test_words_that_touch_a_photograph_are_no_part_of_it() -> None:
    sheet = Sheet((255, 255, 255))
    picture = plain_picture(sheet, Bbox(40, 60, 240, 200), 150, 12, seed=4)
    for number, line in enumerate(BODY):
        sheet.pen.text((px(236 if number == 2 else 246), px(80 + 14 * number)), line[:24], 0, LABEL)

    (region,) = read(sheet.scan()).regions

    assert iou(region.bbox, picture) > 0.95


@pytest.mark.parametrize("skew", [0.0, 0.5])
def test_a_caption_in_a_white_box_in_a_picture_to_the_edges_is_read(skew: float) -> None:
    sheet = Sheet((120, 110, 100))
    sheet.photograph(Bbox(0, 0, *SIZE_PT))
    sheet.pen.rectangle((px(40), px(500), px(300), px(540)), (250, 249, 246))
    for number, line in enumerate(("Fig. 2-2 Multiple comedones on the cheek", "of a farmer.")):
        sheet.pen.text((px(48), px(508 + 13 * number)), line, (20, 20, 24), LABEL)

    result = read(sheet.scan(skew=skew))

    (region,) = result.regions
    assert region.bbox.area > 0.98 * SIZE_PT[0] * SIZE_PT[1]
    assert text_of(result) == "Fig. 2-2 Multiple comedones on the cheek of a farmer."


def test_a_bar_that_bends_around_a_photograph_is_no_part_of_it() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.pen.rectangle((px(20), px(50), px(400), px(80)), (96, 96, 96))
    sheet.pen.rectangle((px(360), px(50), px(400), px(160)), (96, 96, 96))
    picture = sheet.photograph(Bbox(60, 100, 340, 260))
    sheet.text(BODY, 320)

    (region,) = [r for r in read(without_color(sheet.scan())).regions if r.photo_score >= 0.5]

    assert iou(region.bbox, picture) > 0.95


def ink_with(*words: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Ink of a page of 400 by 600 pixels, a block for each line of words."""
    ink = np.zeros((600, 400), np.float32)
    for x0, y0, x1, y1 in words:
        ink[y0:y1, x0:x1] = 1.0
    return ink


LEFT_PICTURE, RIGHT_PICTURE = (20, 50, 180, 200), (200, 50, 380, 220)
LEFT_WORDS, RIGHT_WORDS, ACROSS = (20, 225, 170, 235), (200, 230, 370, 240), (20, 300, 380, 310)


def test_words_below_the_right_one_of_two_pictures_are_read_apart_down_to_running_text() -> None:
    ink = ink_with(LEFT_WORDS, RIGHT_WORDS, ACROSS)

    ((x0, y0, x1, y1),) = columns_below(ink, 100, [RIGHT_PICTURE, LEFT_PICTURE])

    assert 180 < x0 < 200
    assert x1 == 400
    assert 180 < y0 < 225
    assert 240 <= y1 <= 300


def test_of_three_captions_side_by_side_the_middle_one_is_read_apart() -> None:
    pictures = [(10, 50, 120, 200), (135, 50, 245, 200), (260, 50, 370, 200)]
    ink = ink_with((10, 210, 118, 218), (135, 214, 240, 222), (260, 210, 368, 218))

    ((x0, _, x1, _),) = columns_below(ink, 100, pictures)

    assert 120 < x0 < 135
    assert 245 < x1 < 260


@pytest.mark.parametrize(
    "words", [(), (RIGHT_WORDS,), (LEFT_WORDS,), ((20, 225, 380, 235), (20, 240, 380, 250))]
)
def test_nothing_is_read_apart_where_no_two_captions_stand(
    words: tuple[tuple[int, int, int, int], ...],
) -> None:
    assert columns_below(ink_with(*words), 100, [LEFT_PICTURE, RIGHT_PICTURE]) == []
