"""A cut picture is what the page shows, in the very pixels that were embedded.

Pictures lie at two pixels a point, so that edges of pixels and points coincide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pymupdf
import pytest
from skimage.metrics import structural_similarity

from builders import make_figure
from drawn_pages import Embedded, Rgb, draw_page, embed, photograph, place
from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox, union_all
from mmskin_build.pdf.document import Document, open_document
from mmskin_build.pdf.jobs import PageJob, PanelPart, PictureView, PixelRequest, ReadSettings
from mmskin_build.pdf.pixels import PageCutter, cut_figures
from mmskin_build.pdf.reader import read_page
from mmskin_build.records import Panel
from mmskin_build.store import pixel_digest

PHOTO = photograph()  # 240 x 160 pixels
HEIGHT = 792
AT = (100, 600, 120, 80)  # x, y upwards, width, height in points
BOX = Bbox(100, 112, 220, 192)  # the same as a box of the page
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@contextmanager
def cutter(path: Path) -> Iterator[PageCutter]:
    with pymupdf.open(path) as pdf:
        yield PageCutter(pdf[0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "page.pdf"


def assert_shown(pages: PageCutter, rgb: Rgb, box: Bbox, at_least: float = 0.97) -> None:
    """The page, rendered at the picture's own resolution, looks the same."""
    height, width = rgb.shape[:2]
    rendered = pages.render(box, width / box.width, height / box.height)
    alike = structural_similarity(rgb, rendered[:height, :width], channel_axis=2)
    assert alike >= at_least


# ------------------------------------------------------------------------------ color spaces


def one_bit() -> tuple[Embedded, Rgb]:
    shape = np.zeros((160, 240), np.uint8)
    cv2.circle(shape, (120, 80), 60, 1, -1)
    return (
        Embedded(np.packbits(shape, axis=1).tobytes(), 240, 160, "/DeviceGray", 1),
        np.repeat(shape[..., None] * 255, 3, axis=2),
    )


def indexed() -> tuple[Embedded, Rgb]:
    palette = np.random.default_rng(1).integers(0, 256, (16, 3), dtype=np.uint8)
    places = cv2.resize(
        np.random.default_rng(2).integers(0, 16, (10, 15), dtype=np.uint8),
        (240, 160),
        interpolation=cv2.INTER_NEAREST,
    )
    space = pikepdf.Array(
        [pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 15, pikepdf.String(palette.tobytes())]
    )
    return embed(places, space), palette[places]


def gray() -> tuple[Embedded, Rgb]:
    return embed(PHOTO[..., 0].copy(), "/DeviceGray"), np.repeat(PHOTO[..., :1], 3, axis=2)


def sixteen_bit() -> tuple[Embedded, Rgb]:
    return embed((PHOTO.astype(">u2") * 257), bits=16), PHOTO


def inverted() -> tuple[Embedded, Rgb]:
    decode = pikepdf.Array([1, 0, 1, 0, 1, 0])
    return embed(PHOTO, entries={"/Decode": decode}), 255 - PHOTO


@pytest.mark.parametrize(
    ("image", "shown"),
    [(embed(PHOTO), PHOTO), gray(), indexed(), sixteen_bit(), one_bit(), inverted()],
    ids=["rgb", "gray", "indexed", "16 bit", "1 bit", "decode"],
)
def test_pixels_are_those_that_were_embedded(file: Path, image: Embedded, shown: Rgb) -> None:
    with cutter(draw_page(file, place(*AT), {"Im0": image})) as page:
        picture = page.cut(BOX)
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, shown)
        assert picture.bbox == pytest.approx(BOX, abs=0.01)
        assert picture.overlays == ()
        assert_shown(page, picture.rgb, picture.bbox)


def test_inks_become_the_colors_that_the_screen_shows(file: Path) -> None:
    inks = np.dstack([255 - PHOTO, np.zeros(PHOTO.shape[:2], np.uint8)])
    with cutter(draw_page(file, place(*AT), {"Im0": embed(inks, "/DeviceCMYK")})) as page:
        picture = page.cut(BOX)
        assert picture.source == "native"
        assert picture.rgb.shape == PHOTO.shape
        assert_shown(page, picture.rgb, picture.bbox)
        for channel in range(3):  # no ink swapped or inverted
            same = np.corrcoef(picture.rgb[..., channel].ravel(), PHOTO[..., channel].ravel())[0, 1]
            assert same > 0.8


def test_a_soft_mask_lets_white_paper_through(file: Path) -> None:
    alpha = np.tile(np.linspace(0, 255, 240).round().astype(np.uint8), (160, 1))
    image = embed(PHOTO, mask=embed(alpha, "/DeviceGray"))
    with cutter(draw_page(file, place(*AT), {"Im0": image})) as page:
        picture = page.cut(BOX)
        share = alpha[..., None] / 255
        expected = PHOTO * share + 255 * (1 - share)
        assert np.abs(picture.rgb - expected).max() <= 1
        assert_shown(page, picture.rgb, picture.bbox)


def test_a_coarser_soft_mask_is_spread_over_the_picture(file: Path) -> None:
    alpha = np.zeros((80, 120), np.uint8)
    alpha[:, 60:] = 255
    image = embed(PHOTO, mask=embed(alpha, "/DeviceGray"))
    with cutter(draw_page(file, place(*AT), {"Im0": image})) as page:
        picture = page.cut(BOX)
        assert (picture.rgb[:, :116] == 255).all()
        assert np.array_equal(picture.rgb[:, 124:], PHOTO[:, 124:])


def test_an_inline_image_is_a_picture_too(file: Path) -> None:
    data = b"q 120 0 0 80 100 600 cm BI /W 240 /H 160 /CS /RGB /BPC 8 ID " + PHOTO.tobytes()
    with cutter(draw_page(file, data + b" EI Q")) as page:
        assert np.array_equal(page.cut(BOX).rgb, PHOTO)


# ------------------------------------------------------------------------------ turned pages


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ("-120 0 0 80 220 600", PHOTO[:, ::-1]),
        ("120 0 0 -80 100 680", PHOTO[::-1]),
        ("-120 0 0 -80 220 680", PHOTO[::-1, ::-1]),
    ],
    ids=["mirrored", "upside down mirrored", "half turn"],
)
def test_a_mirrored_picture_is_mirrored(file: Path, matrix: str, shown: Rgb) -> None:
    with cutter(draw_page(file, f"q {matrix} cm /Im0 Do Q", {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        assert np.array_equal(picture.rgb, shown)
        assert_shown(page, picture.rgb, picture.bbox)


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ("0 120 -80 0 180 600", np.rot90(PHOTO)),
        ("0 -120 80 0 100 720", np.rot90(PHOTO, -1)),
        ("0 120 80 0 100 600", np.rot90(PHOTO)[:, ::-1]),
    ],
    ids=["left", "right", "left mirrored"],
)
def test_a_picture_turned_by_its_matrix_is_turned(file: Path, matrix: str, shown: Rgb) -> None:
    with cutter(draw_page(file, f"q {matrix} cm /Im0 Do Q", {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(Bbox(100, 72, 180, 192))
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, shown)
        assert_shown(page, picture.rgb, picture.bbox)


@pytest.mark.parametrize(
    ("rotate", "box", "turns"),
    [
        (90, Bbox(600, 100, 680, 220), -1),
        (180, Bbox(392, 600, 512, 680), 2),
        (270, Bbox(112, 392, 192, 512), 1),
    ],
)
def test_a_turned_page_turns_its_pictures(file: Path, rotate: int, box: Bbox, turns: int) -> None:
    with cutter(draw_page(file, place(*AT), {"Im0": embed(PHOTO)}, rotate=rotate)) as page:
        picture = page.cut(box)
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, np.rot90(PHOTO, turns))
        assert_shown(page, picture.rgb, picture.bbox)


def test_boxes_begin_at_the_corner_of_the_crop_box(file: Path) -> None:
    path = draw_page(file, place(*AT), {"Im0": embed(PHOTO)}, crop=(60, 90, 500, 720))
    with cutter(path) as page:
        picture = page.cut(Bbox(40, 40, 160, 120))
        assert np.array_equal(picture.rgb, PHOTO)
        assert_shown(page, picture.rgb, picture.bbox)


def test_a_media_box_that_does_not_begin_at_zero_changes_nothing(file: Path) -> None:
    path = draw_page(file, place(*AT), {"Im0": embed(PHOTO)}, media=(50, 50, 662, 842))
    with cutter(path) as page:
        picture = page.cut(Bbox(50, 162, 170, 242))
        assert np.array_equal(picture.rgb, PHOTO)


def test_what_lies_off_the_page_is_cut(file: Path) -> None:
    with cutter(draw_page(file, place(-30, 752, 120, 80), {"Im0": embed(PHOTO)})) as page:
        (painted,) = page.painting.images
        assert painted.item.bbox == Bbox(0, 0, 90, 40)
        picture = page.cut(painted.item.bbox)
        assert np.array_equal(picture.rgb, PHOTO[80:, 60:])


# ------------------------------------------------------------------------------ clips


def test_a_rectangular_clip_crops_exactly(file: Path) -> None:
    clip = "q 110 610 70 45 re W n " + place(*AT) + "Q"
    with cutter(draw_page(file, clip, {"Im0": embed(PHOTO)})) as page:
        (painted,) = page.painting.images
        assert (painted.item.clip, painted.item.bbox) == ("rect", Bbox(110, 137, 180, 182))
        picture = page.cut(painted.item.bbox)
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, PHOTO[50:140, 20:160])
        assert_shown(page, picture.rgb, picture.bbox)


def test_a_clip_between_pixels_lets_nothing_from_outside_through(file: Path) -> None:
    marked = PHOTO.copy()
    marked[:, :21] = (255, 0, 0)  # the pixel that the clip's edge cuts, and all left of it
    clip = "q 110.25 600 80 80 re W n " + place(*AT) + "Q"
    with cutter(draw_page(file, clip, {"Im0": embed(marked)})) as page:
        picture = page.cut(page.painting.images[0].item.bbox)
        assert np.array_equal(picture.rgb, marked[:, 21:180])


def test_clips_within_clips_leave_what_all_of_them_leave(file: Path) -> None:
    clip = "q 110 600 110 80 re W n q 90 600 110 80 re W n " + place(*AT) + "Q Q"
    with cutter(draw_page(file, clip, {"Im0": embed(PHOTO)})) as page:
        assert page.painting.images[0].item.bbox == Bbox(110, 112, 200, 192)
        picture = page.cut(Bbox(110, 112, 200, 192))
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, PHOTO[:, 20:200])


def test_a_clip_ends_with_its_graphics_state(file: Path) -> None:
    clip = "q 110 610 20 20 re W n Q " + place(*AT)
    with cutter(draw_page(file, clip, {"Im0": embed(PHOTO)})) as page:
        assert page.painting.images[0].item.clip == "none"
        picture = page.cut(BOX)
        assert picture.source == "native"
        assert np.array_equal(picture.rgb, PHOTO)


def test_an_elliptical_clip_shows_nothing_outside(file: Path) -> None:
    k = 0.5523
    x, y, a, b = 160, 640, 60, 40
    ellipse = (
        f"{x + a} {y} m {x + a} {y + k * b} {x + k * a} {y + b} {x} {y + b} c "
        f"{x - k * a} {y + b} {x - a} {y + k * b} {x - a} {y} c "
        f"{x - a} {y - k * b} {x - k * a} {y - b} {x} {y - b} c "
        f"{x + k * a} {y - b} {x + a} {y - k * b} {x + a} {y} c h W n "
    )
    path = draw_page(file, f"q {ellipse}{place(*AT)} Q", {"Im0": embed(PHOTO)})
    with cutter(path) as page:
        assert page.painting.images[0].item.clip == "shape"
        picture = page.cut(BOX)
        assert picture.source == "rendered"
        height, width = picture.rgb.shape[:2]
        rows, columns = np.mgrid[0:height, 0:width]
        radius = np.hypot((columns + 0.5) / width * 2 - 1, (rows + 0.5) / height * 2 - 1)
        assert (picture.rgb[radius > 1.03] == 255).all()
        assert (picture.rgb[radius < 0.97] < 255).any(axis=-1).all()


# ------------------------------------------------------------------------------ strips, tiles


def stacked(*heights_px: int) -> tuple[str, dict[str, Embedded]]:
    content, images, top = "", {}, 0
    for number, height in enumerate(heights_px):
        images[f"S{number}"] = embed(PHOTO[top : top + height].copy())
        content += place(100, 680 - (top + height) / 2, 120, height / 2, f"S{number}")
        top += height
    return content, images


@pytest.mark.parametrize("heights", [(80, 80), (48, 48, 48, 16), (20,) * 8, (8,) * 20, (1,) * 160])
def test_strips_become_the_picture_that_they_were(file: Path, heights: tuple[int, ...]) -> None:
    with cutter(draw_page(file, *stacked(*heights))) as page:
        picture = page.cut(BOX)
        assert picture.source == "composed"
        assert np.array_equal(picture.rgb, PHOTO)
        assert (picture.pieces, picture.overlays) == ((), ())


def test_strips_set_with_rounded_places_leave_no_seam(file: Path) -> None:
    upper, lower = embed(PHOTO[:81].copy()), embed(PHOTO[81:].copy())
    content = place(100, 639.6, 120, 40.4, "S0") + place(100, 600, 120, 39.1, "S1")
    with cutter(draw_page(file, content, {"S0": upper, "S1": lower})) as page:
        assert np.array_equal(page.cut(BOX).rgb, PHOTO)


def test_tiles_become_the_picture_that_they_were(file: Path) -> None:
    content, images = "", {}
    for row in range(2):
        for column in range(3):
            name = f"T{row}{column}"
            part = PHOTO[80 * row : 80 * row + 80, 80 * column : 80 * column + 80]
            images[name] = embed(part.copy())
            content += place(100 + 40 * column, 640 - 40 * row, 40, 40, name)
    with cutter(draw_page(file, content, images)) as page:
        picture = page.cut(BOX)
        assert np.array_equal(picture.rgb, PHOTO)
        assert picture.pieces == ()


def test_photographs_set_edge_to_edge_come_back_one_by_one(file: Path) -> None:
    upper, lower = photograph(11, 240, 80), 255 - photograph(12, 240, 80)
    content = place(100, 640, 120, 40, "A") + place(100, 600, 120, 40, "B")
    with cutter(draw_page(file, content, {"A": embed(upper), "B": embed(lower)})) as page:
        picture = page.cut(BOX)
        assert picture.pieces == ((0, 0, 240, 80), (0, 80, 240, 160))
        shown = [picture.rgb[y0:y1, x0:x1] for x0, y0, x1, y1 in picture.pieces]
        assert np.array_equal(shown[0], upper)
        assert np.array_equal(shown[1], lower)


# ------------------------------------------------------------------------------ painted over


def test_a_bar_over_the_eyes_stays_black_and_all_else_untouched(file: Path) -> None:
    content = place(*AT) + "0 g 130 640 60 10 re f"
    with cutter(draw_page(file, content, {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        assert (picture.rgb[60:80, 60:180] == 0).all()
        outside = np.ones(PHOTO.shape[:2], bool)
        outside[58:82, 58:182] = False
        assert np.array_equal(picture.rgb[outside], PHOTO[outside])
        assert picture.rgb.shape == PHOTO.shape
        assert picture.source == "composed"
        (bar,) = picture.overlays
        assert bar.kind == "path"
        assert bar.bbox == pytest.approx((130, 142, 190, 152), abs=0.1)
        assert_shown(page, picture.rgb, picture.bbox)


def test_a_bar_over_strips_stays_black(file: Path) -> None:
    content, images = stacked(80, 80)
    with cutter(draw_page(file, content + "0 g 130 630 60 20 re f", images)) as page:
        picture = page.cut(BOX)
        assert (picture.rgb[60:100, 60:180] == 0).all()
        assert np.array_equal(picture.rgb[:56], PHOTO[:56])


def test_a_bar_that_is_an_image_stays_black(file: Path) -> None:
    bar = embed(np.zeros((4, 24, 3), np.uint8))
    content = place(*AT) + place(130, 640, 60, 10, "Bar")
    with cutter(draw_page(file, content, {"Im0": embed(PHOTO), "Bar": bar})) as page:
        picture = page.cut(BOX)
        assert (picture.rgb[60:80, 60:180] == 0).all()
        assert [overlay.kind for overlay in picture.overlays] == ["image"]


def test_a_bar_on_a_turned_page_stays_where_it_is_seen(file: Path) -> None:
    content = place(*AT) + "0 g 130 640 60 10 re f"
    path = draw_page(file, content, {"Im0": embed(PHOTO)}, rotate=90, crop=(20, 40, 600, 780))
    with cutter(path) as page:
        picture = page.cut(page.painting.images[0].item.bbox)
        upright = np.rot90(picture.rgb)
        assert (upright[60:80, 60:180] == 0).all()
        assert np.array_equal(upright[:56], PHOTO[:56])


def test_bars_over_inks_stay_black_and_all_between_them_untouched(file: Path) -> None:
    inks = {"Im0": embed(np.dstack([255 - PHOTO, np.zeros((160, 240), np.uint8)]), "/DeviceCMYK")}
    with cutter(draw_page(file, place(*AT), inks)) as page:
        bare = page.cut(BOX).rgb
    bars = "0 g 105 660 20 10 re f 190 605 20 10 re f"
    with cutter(draw_page(file, place(*AT) + bars, inks)) as page:
        picture = page.cut(BOX)
        for rows, columns in ((slice(20, 40), slice(10, 50)), (slice(130, 150), slice(180, 220))):
            assert (picture.rgb[rows, columns] < 60).all()
        touched = (slice(16, 44), slice(6, 54)), (slice(126, 154), slice(176, 224))
        for part in touched:
            picture.rgb[part] = bare[part]
        assert np.array_equal(picture.rgb, bare)


def test_a_picture_under_a_veil_is_what_the_page_shows(file: Path) -> None:
    veil = place(*AT) + "/Half gs 1 g 90 590 140 100 re f"
    path = draw_page(file, veil, {"Im0": embed(PHOTO)}, states={"Half": {"/ca": 0.5}})
    with cutter(path) as page:
        picture = page.cut(BOX)
        assert (picture.source, picture.rgb.shape) == ("composed", PHOTO.shape)
        assert np.abs(picture.rgb.astype(float) - (PHOTO / 2 + 127.5)).max() <= 2


def test_a_letter_over_the_picture_is_seen_and_told(file: Path) -> None:
    content = place(*AT) + "BT /F1 16 Tf 1 g 105 662 Td (A) Tj ET"
    with cutter(draw_page(file, content, {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        (letter,) = picture.overlays
        assert (letter.kind, letter.text) == ("text", "A")
        assert (picture.rgb[:40, :60] == 255).all(axis=-1).any()
        assert np.array_equal(picture.rgb[60:], PHOTO[60:])
        assert_shown(page, picture.rgb, picture.bbox)


def test_an_arrow_over_the_picture_is_told(file: Path) -> None:
    arrow = "2 w 1 0 0 RG 130 630 m 150 650 l S 1 0 0 rg 150 650 m 142 648 l 148 642 l f"
    with cutter(draw_page(file, place(*AT) + arrow, {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        assert {overlay.kind for overlay in picture.overlays} == {"path"}
        assert (picture.rgb == (255, 0, 0)).all(axis=-1).sum() > 20
        assert_shown(page, picture.rgb, picture.bbox)


@pytest.mark.parametrize(
    "content",
    [
        "0 g 130 640 60 10 re f " + place(*AT),
        place(*AT) + "0 g 130 550 60 10 re f",
        place(*AT) + "0 G 0.5 w 100 600 120 80 re S",
        place(*AT) + "0 G 0.5 w 100 600 m 140 600 180 600 220 600 c 220 620 220 660 220 680 c "
        "180 680 140 680 100 680 c 100 660 100 620 100 600 c S",
        place(*AT) + "BT /F1 10 Tf 0 g 100 585 Td (Figure 1) Tj ET",
    ],
    ids=["painted before", "elsewhere", "frame around it", "frame of curves", "caption below"],
)
def test_what_is_not_painted_over_the_picture_changes_nothing(file: Path, content: str) -> None:
    with cutter(draw_page(file, content, {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        assert picture.source == "native"
        assert picture.overlays == ()
        assert np.array_equal(picture.rgb, PHOTO)


def test_an_ellipse_as_large_as_the_picture_is_painted_over_it(file: Path) -> None:
    ellipse = "1 0 0 RG 2 w 160 600 m 233 600 233 680 160 680 c 87 680 87 600 160 600 c S"
    with cutter(draw_page(file, place(*AT) + ellipse, {"Im0": embed(PHOTO)})) as page:
        picture = page.cut(BOX)
        assert [overlay.kind for overlay in picture.overlays] == ["path"]
        assert (picture.rgb == (255, 0, 0)).all(axis=-1).sum() > 200


def test_a_picture_hidden_under_another_is_not_shown(file: Path) -> None:
    upper = photograph(5)
    content = place(*AT, "Under") + place(*AT, "Over")
    path = draw_page(file, content, {"Under": embed(PHOTO), "Over": embed(upper)})
    with cutter(path) as page:
        picture = page.cut(BOX)
        assert np.array_equal(picture.rgb, upper)
        assert (picture.source, picture.overlays) == ("native", ())


# ------------------------------------------------------------------------------ resolution


@pytest.mark.parametrize("size", [(300, 200), (30, 20)])
def test_pixels_are_never_enlarged(file: Path, size: tuple[int, int]) -> None:
    small = photograph(3, 60, 40)
    content = place(100, 500, *size) + "0 g 120 510 2 2 re f"
    with cutter(draw_page(file, content, {"Im0": embed(small)})) as page:
        picture = page.cut(page.painting.images[0].item.bbox)
        assert picture.rgb.shape == small.shape


@pytest.mark.parametrize(
    ("content", "states"),
    [
        ("q 0.985 0.174 -0.174 0.985 150 500 cm 120 0 0 80 0 0 cm /Im0 Do Q", {}),
        ("/Half gs " + place(*AT), {"Half": {"/ca": 0.5}}),
        ("/Multiply gs " + place(*AT), {"Multiply": {"/BM": pikepdf.Name.Multiply}}),
    ],
    ids=["skew", "half transparent", "blended"],
)
def test_what_pixels_alone_cannot_show_is_rendered_no_coarser(
    file: Path, content: str, states: dict[str, dict[str, object]]
) -> None:
    path = draw_page(
        file, "0 0.6 0 rg 90 480 200 250 re f " + content, {"Im0": embed(PHOTO)}, states=states
    )
    with cutter(path) as page:
        picture = page.cut(page.painting.images[0].item.bbox)
        assert picture.source == "rendered"
        assert picture.rgb.shape[1] >= 2 * picture.bbox.width - 1
        assert_shown(page, picture.rgb, picture.bbox)


def test_a_part_of_a_page_that_is_one_image_is_a_scan(file: Path) -> None:
    sheet = photograph(8, 306, 396)
    with cutter(draw_page(file, place(0, 0, 612, 792), {"Im0": embed(sheet)})) as page:
        picture = page.cut(Bbox(100, 200, 300, 400))
        assert picture.source == "scan"
        assert np.array_equal(picture.rgb, sheet[100:200, 50:150])


# ------------------------------------------------------------------------------ whole figures


def no_split(
    views: Sequence[PictureView], expected: int, letters: Sequence[str]
) -> list[list[PanelPart]]:
    return [[PanelPart((0, 0, view.rgb.shape[1], view.rgb.shape[0]), None)] for view in views]


def request(*panels: Bbox, expected: int = 0, out_dir: Path | None = None, **fields: object):  # type: ignore[no-untyped-def]
    figure = make_figure(bbox=BOX, panels=tuple(Panel(bbox=box) for box in panels))
    settings = {"letters": ((),), "find_panels": no_split, **fields}
    return PageJob(
        page_index=0,
        payload=PixelRequest(
            figures=(figure,), expected=(expected,), render_dpi=300, out_dir=out_dir, **settings
        ),
    )


def read_first_page(path: Path) -> Document:
    document = open_document(path)
    read_page(
        document,
        PageJob(page_index=0, payload=ReadSettings(cfg=PdfConfig(), language="eng")),
    )
    return document


def test_what_was_read_of_a_page_serves_its_cutting_once(file: Path) -> None:
    content = place(*AT) + "0 g 130 640 60 10 re f BT /F1 16 Tf 1 g 105 662 Td (A) Tj ET"
    path = draw_page(file, content, {"Im0": embed(PHOTO)})
    document = read_first_page(path)
    (figure,) = cut_figures(document, request(BOX))
    assert [overlay.kind for overlay in figure.panels[0].overlays] == ["path", "text"]
    assert (figure,) == cut_figures(open_document(path), request(BOX))
    assert document.take_read(0) == (None, None)


def test_what_was_read_is_kept_while_there_is_room(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_page(file, place(*AT), {"Im0": embed(PHOTO)})
    assert read_first_page(path).take_read(0) != (None, None)
    monkeypatch.setattr("mmskin_build.pdf.document._KEPT_ITEMS", 0)
    assert read_first_page(path).take_read(0) == (None, None)


def test_a_panel_is_told_by_its_pixels_and_written_once(file: Path, tmp_path: Path) -> None:
    document = open_document(draw_page(file, place(*AT), {"Im0": embed(PHOTO)}))
    (figure,) = cut_figures(document, request(BOX, out_dir=tmp_path / "pictures"))
    (panel,) = figure.panels
    assert panel.image_sha256 == pixel_digest(PHOTO)
    assert (panel.pixel_size, panel.source) == ((240, 160), "native")
    (written,) = (tmp_path / "pictures").iterdir()
    assert written.name == f"{panel.image_sha256}.png"
    assert np.array_equal(cv2.imread(str(written))[..., ::-1], PHOTO)


def test_equal_pictures_have_equal_digests_wherever_they_stand(tmp_path: Path) -> None:
    digests = set()
    for number, place_pt in enumerate([AT, (50, 60, 240, 160)]):
        path = draw_page(tmp_path / f"{number}.pdf", place(*place_pt), {"Im0": embed(PHOTO)})
        x, y, width, height = place_pt
        box = Bbox(x, HEIGHT - y - height, x + width, HEIGHT - y)
        (figure,) = cut_figures(open_document(path), request(box))
        digests.add(figure.panels[0].image_sha256)
    assert len(digests) == 1


def test_a_raster_of_two_panels_becomes_two(file: Path) -> None:
    document = open_document(draw_page(file, place(*AT), {"Im0": embed(PHOTO)}))

    def halves(
        views: Sequence[PictureView], expected: int, letters: Sequence[str]
    ) -> list[list[PanelPart]]:
        assert expected == 2
        return [[PanelPart((0, 0, 120, 160), "a"), PanelPart((124, 0, 240, 160), "b")]]

    (figure,) = cut_figures(document, request(BOX, expected=2, find_panels=halves))
    left, right = figure.panels
    assert left.image_sha256 == pixel_digest(np.ascontiguousarray(PHOTO[:, :120]))
    assert right.image_sha256 == pixel_digest(np.ascontiguousarray(PHOTO[:, 124:]))
    assert right.bbox == Bbox(162, 112, 220, 192)
    assert (left.label, right.label) == ("a", "b")


def test_a_bar_with_the_caption_over_a_picture_is_no_panel(file: Path) -> None:
    words = (
        "BT /F1 8 Tf 1 g 105 612 Td (Plaques of both elbows and) Tj 0 -9 Td (knees of a man) Tj ET"
    )
    content = place(*AT) + f"0.2 g 100 600 120 20 re f {words}"
    document = open_document(draw_page(file, content, {"Im0": embed(PHOTO)}))

    def cut_off(
        views: Sequence[PictureView], expected: int, letters: Sequence[str]
    ) -> list[list[PanelPart]]:
        return [[PanelPart((0, 0, 240, 118), None), PanelPart((0, 120, 240, 160), "a")]]

    (figure,) = cut_figures(document, request(BOX, find_panels=cut_off))
    assert [(panel.bbox, panel.label) for panel in figure.panels] == [(BOX, None)]


def test_pictures_set_less_than_a_point_apart_stay_apart(file: Path) -> None:
    """Five in a grid of six: joined, they would be cut anew, across the empty cell."""
    cells = [(x, y, 40.0, 30.0) for y in (100.0, 130.6) for x in (60.0, 100.6, 141.2)][:5]
    painted = "".join(place(*cell, name=f"Im{i}") for i, cell in enumerate(cells))
    images = {f"Im{i}": embed(photograph(i, 80, 60)) for i in range(5)}
    document = open_document(draw_page(file, painted, images))
    box = union_all(Bbox(x, HEIGHT - y - h, x + w, HEIGHT - y) for x, y, w, h in cells)
    (figure,) = cut_figures(document, request(box, expected=5))
    assert len(figure.panels) == 5
    assert all(panel.pixel_size == (80, 60) for panel in figure.panels)
    (figure,) = cut_figures(document, request(box, expected=4))
    assert len(figure.panels) == 1
