"""What a reader sees as one picture is one; what is no picture of the book leaves with a reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from builders import make_body, make_image, make_line, make_lines, make_page, make_path
from mmskin_build.figures.layout import build_layout
from mmskin_build.figures.regions import Picture, find_pictures
from mmskin_build.geometry import Bbox
from mmskin_build.records import ImageObject, Line, Page, PathObject, Reject, ScanRegion

PHOTO = (72, 200, 372, 400)
KEY = "0123456789abcdef01234567"  # a digest, as painting makes them


def find(*pages: Page) -> tuple[list[list[Picture]], list[Reject]]:
    return find_pictures(build_layout(pages))


def find_on_page(
    *images: ImageObject, paths: Sequence[PathObject] = (), **fields: object
) -> tuple[list[Picture], list[Reject]]:
    fields.setdefault("lines", make_body())
    page = make_page(0, images=images, paths=paths, **fields)  # type: ignore[arg-type]
    pictures, rejects = find(page)
    return pictures[0], rejects


def reasons(rejects: Sequence[Reject]) -> list[str]:
    return [reject.reason for reject in rejects]


# ------------------------------------------------------------------------------ image objects


def test_an_image_object_is_a_picture() -> None:
    (picture,), rejects = find_on_page(make_image(PHOTO))
    assert picture == Picture(0, Bbox(*PHOTO), "photo", "image", 600 * 400)
    assert rejects == []


def test_strips_are_one_picture() -> None:
    strips = [
        make_image((72, 200 + 40 * n, 372, 240 + 40 * n), width_px=600, height_px=80, order=n)
        for n in range(5)
    ]
    (picture,), rejects = find_on_page(*strips)
    assert (picture.bbox, picture.origin) == (Bbox(*PHOTO), "strips")
    assert rejects == []


def test_the_last_strip_may_be_a_sliver() -> None:
    strips = [
        make_image((72, 200, 372, 399), width_px=600, height_px=398),
        make_image((72, 399, 372, 400), width_px=600, height_px=2, order=1),
    ]
    (picture,), rejects = find_on_page(*strips)
    assert picture.bbox == Bbox(*PHOTO)
    assert rejects == []


def test_tiles_are_one_picture() -> None:
    tiles = [
        make_image(
            (72 + 100 * x, 200 + 100 * y, 172 + 100 * x, 300 + 100 * y),
            width_px=200,
            height_px=200,
            order=3 * y + x,
        )
        for y in range(2)
        for x in range(3)
    ]
    (picture,), _ = find_on_page(*tiles)
    assert picture.bbox == Bbox(*PHOTO)


@pytest.mark.parametrize("gutter", [2.0, 4.0, 12.0])
def test_photographs_with_a_gutter_between_are_two(gutter: float) -> None:
    left = make_image((72, 200, 222, 300), width_px=300, height_px=200)
    right = make_image((222 + gutter, 200, 372 + gutter, 300), width_px=300, height_px=200, order=1)
    pictures, _ = find_on_page(left, right)
    assert [p.bbox for p in pictures] == [left.bbox, right.bbox]


def test_photographs_of_different_resolution_are_two_even_edge_to_edge() -> None:
    left = make_image((72, 200, 222, 300), width_px=300, height_px=200)
    right = make_image((222, 200, 372, 300), width_px=900, height_px=600, order=1)
    pictures, _ = find_on_page(left, right)
    assert len(pictures) == 2


def test_photographs_of_different_height_are_two_even_edge_to_edge() -> None:
    left = make_image((72, 200, 222, 300), width_px=300, height_px=200)
    right = make_image((222, 200, 372, 340), width_px=300, height_px=280, order=1)
    pictures, _ = find_on_page(left, right)
    assert len(pictures) == 2


def test_an_inset_belongs_to_its_picture() -> None:
    inset = make_image((300, 330, 368, 396), order=1, image_key="inset")
    (picture,), _ = find_on_page(make_image(PHOTO), inset)
    assert picture.bbox == Bbox(*PHOTO)


def test_pictures_come_in_reading_order() -> None:
    boxes = [(320, 100, 500, 200), (72, 300, 300, 400), (72, 100, 300, 200)]
    images = [
        make_image(box, order=n, image_key=str(n), width_px=100 + n) for n, box in enumerate(boxes)
    ]
    pictures, _ = find_on_page(*images)
    assert [p.bbox for p in pictures] == [Bbox(*boxes[2]), Bbox(*boxes[0]), Bbox(*boxes[1])]


# ------------------------------------------------------------------------------ no pictures


def test_a_logo_on_each_page_is_no_picture() -> None:
    logo = make_image((480, 40, 540, 80), image_key=KEY, width_px=90, height_px=60)
    pages = [make_page(n, images=(logo, make_image(PHOTO, image_key=str(n)))) for n in range(6)]
    pictures, rejects = find(*pages)
    assert [[p.bbox for p in page] for page in pictures] == [[Bbox(*PHOTO)]] * 6
    assert reasons(rejects) == ["repeated_image"] * 6
    assert [reject.page_index for reject in rejects] == list(range(6))
    assert {reject.bbox for reject in rejects} == {logo.bbox}
    assert len({reject.item_id for reject in rejects}) == 6


def test_a_small_ornament_that_wanders_is_no_picture() -> None:
    pages = [
        make_page(n, images=(make_image((72, 100 + 90 * n, 130, 150 + 90 * n), image_key=KEY),))
        for n in range(6)
    ]
    pictures, rejects = find(*pages)
    assert not any(pictures)
    assert reasons(rejects) == ["repeated_image"] * 6


def test_different_photographs_of_one_layout_are_kept() -> None:
    pages = [
        make_page(n, images=(make_image(PHOTO, image_key=f"{n:024x}", width_px=500 + n),))
        for n in range(6)
    ]
    pictures, rejects = find(*pages)
    assert all(len(page) == 1 for page in pictures)
    assert rejects == []


def test_different_photographs_of_one_size_at_one_place_are_kept() -> None:
    pages = [
        make_page(n, images=(make_image(PHOTO, image_key=f"{n:024x}"),), lines=make_body())
        for n in range(6)
    ]
    pictures, rejects = find(*pages)
    assert all(len(page) == 1 for page in pictures)
    assert rejects == []


def test_a_page_tint_under_the_text_is_no_picture() -> None:
    tint = make_image((0, 0, 612, 792), image_key="tint")
    pictures, rejects = find_on_page(tint, lines=make_body(rows=30, y0=100))
    assert pictures == []
    assert reasons(rejects) == ["page_background"]


def test_a_box_of_text_with_a_tint_is_no_picture() -> None:
    tint = make_image((60, 100, 520, 320), image_key="tint")
    pictures, rejects = find_on_page(tint, lines=make_body(rows=16, y0=110))
    assert pictures == []
    assert reasons(rejects) == ["page_background"]


def test_a_photograph_that_fills_its_page_is_a_picture() -> None:
    (picture,), _ = find_on_page(
        make_image((0, 0, 612, 792)), lines=make_lines("Figure 1.2 Plaques.", 72, 760, size_pt=8)
    )
    assert picture.bbox == Bbox(0, 0, 612, 792)


@pytest.mark.parametrize("box", [(72, 200, 90, 218), (72, 200, 500, 210), (72, 200, 73, 700)])
def test_icons_and_rules_are_too_small(box: tuple[float, ...]) -> None:
    pictures, rejects = find_on_page(make_image(box))
    assert pictures == []
    assert reasons(rejects) == ["too_small"]


def test_every_image_object_ends_in_a_picture_or_a_reject() -> None:
    images = [
        make_image(PHOTO, order=0, image_key="a"),
        make_image((400, 200, 410, 210), order=1, image_key="b"),
        make_image((300, 330, 368, 396), order=2, image_key="c"),
        make_image((0, 0, 612, 792), order=3, image_key="d"),
    ]
    pictures, rejects = find_on_page(*images, lines=make_body(rows=40, y0=60))
    ended = [p.bbox for p in pictures] + [r.bbox for r in rejects if r.bbox is not None]
    for item in images:
        assert any(item.bbox.covered_by(box) > 0.99 for box in ended)


# ------------------------------------------------------------------------------ drawings


def chart(x0: float = 100, y0: float = 200) -> list[PathObject]:
    """Two axes, a curve of ten pieces, and a bar."""
    axes = [
        make_path((x0, y0, x0, y0 + 150), stroke=0, shape="line"),
        make_path((x0, y0 + 150, x0 + 200, y0 + 150), stroke=0, shape="line"),
    ]
    curve = [
        make_path((x0 + 20 * n, y0 + 10 * n, x0 + 20 * n + 20, y0 + 10 * n + 12), stroke=0xFF)
        for n in range(10)
    ]
    return [*axes, *curve, make_path((x0 + 150, y0 + 60, x0 + 170, y0 + 150), fill=0xCC)]


def test_a_chart_of_vectors_is_a_picture_but_no_photograph() -> None:
    (picture,), rejects = find_on_page(paths=chart())
    assert (picture.kind, picture.origin) == ("nonphoto", "vector")
    assert picture.bbox.covered_by(Bbox(95, 195, 305, 355)) > 0.99
    assert rejects == []


def test_the_labels_of_its_axes_belong_to_a_chart() -> None:
    label = make_line("Years", 180, 353, size_pt=7, font="Helvetica")
    (picture,), _ = find_on_page(paths=chart(), lines=(label, *make_body()))
    assert picture.bbox.contains(label.bbox, 0.1)


def test_two_charts_apart_are_two_pictures() -> None:
    pictures, _ = find_on_page(paths=[*chart(72, 100), *chart(330, 100)])
    assert len(pictures) == 2


def test_arrows_over_a_photograph_are_no_drawing() -> None:
    arrows = [
        make_path((100 + 30 * n, 250, 120 + 30 * n, 300), stroke=0xFF0000, order=n + 1)
        for n in range(8)
    ]
    (picture,), rejects = find_on_page(make_image(PHOTO), paths=arrows)
    assert (picture.kind, picture.bbox) == ("photo", Bbox(*PHOTO))
    assert rejects == []


def test_a_frame_around_a_photograph_is_no_drawing() -> None:
    sides = [(70, 198, 374, 199), (70, 401, 374, 402), (70, 198, 71, 402), (373, 198, 374, 402)]
    frame = [make_path(side, stroke=0, shape="line") for side in sides] * 2
    (picture,), _ = find_on_page(make_image(PHOTO), paths=frame)
    assert (picture.kind, picture.bbox) == ("photo", Bbox(*PHOTO))


def ruled(rows: int) -> list[PathObject]:
    across = [
        make_path((72, 200 + 20 * n, 320, 200.5 + 20 * n), stroke=0, shape="line")
        for n in range(rows + 1)
    ]
    down = [
        make_path((x, 200, x + 0.5, 200 + 20 * rows), stroke=0, shape="line")
        for x in (72, 190, 320)
    ]
    return across + down


def test_a_table_is_no_picture() -> None:
    cells = [make_line("Prednisone", 80, 203 + 20 * n, block=n) for n in range(9)]
    pictures, rejects = find_on_page(paths=ruled(9), lines=(*cells, *make_body()))
    assert pictures == []
    assert reasons(rejects) == ["table"]


def test_a_heading_makes_a_table_of_few_rows() -> None:
    head = make_line("Table 3.1 Drugs", 72, 180, size_pt=8, font="Helvetica-Bold")
    pictures, rejects = find_on_page(paths=ruled(3), lines=(head, *make_body()))
    assert pictures == []
    assert reasons(rejects) == ["table"]


def test_ruled_cells_with_a_picture_and_its_caption_are_no_drawing() -> None:
    level = [(65, 195, 520, 195.5), (65, 347, 520, 347.5)]
    upright = [(x, 195, x + 0.5, 348) for x in (65, 292, 519)]
    paths = [make_path(box, shape="rect", fill=None, stroke=0) for box in (*level, *upright)]
    words = make_lines("Figure 1\nPlaques of the elbow.", 300, 210, size_pt=8, font="Helvetica")
    pictures, _ = find_on_page(
        make_image((80, 196, 278, 341)), paths=paths, lines=(*words, *make_body())
    )
    assert [picture.bbox for picture in pictures] == [Bbox(80, 196, 278, 341)]


def test_running_text_in_a_frame_is_no_picture() -> None:
    frame = [make_path((66, 196 + n, 520, 330 - n), stroke=0, shape="path") for n in range(6)]
    text = make_body(y0=200, rows=10)
    pictures, rejects = find_on_page(paths=frame, lines=(*text, *make_body(y0=500)))
    assert pictures == []
    assert reasons(rejects) == ["text_box"]


def test_rules_between_columns_and_under_heads_are_no_pictures() -> None:
    rules = [
        make_path((72, 60, 540, 61), stroke=0, shape="line"),
        make_path((306, 80, 306.5, 740), stroke=0, shape="line"),
        make_path((0, 0, 612, 792), fill=0xFFFFFF, shape="rect"),
    ]
    assert find_on_page(paths=rules) == ([], [])


def test_a_drawing_that_holds_photographs_is_one_picture_with_them() -> None:
    small = make_image((180, 220, 240, 260))
    (picture,), _ = find_on_page(small, paths=chart())
    assert picture.bbox.contains(small.bbox)
    assert picture.kind == "nonphoto"


# ------------------------------------------------------------------------------ scans


def test_the_pictures_of_a_scanned_page_are_its_regions() -> None:
    page = make_page(
        0,
        images=(make_image((0, 0, 612, 792)),),
        scan_regions=(
            ScanRegion(bbox=Bbox(*PHOTO), photo_score=0.9),
            ScanRegion(bbox=Bbox(72, 420, 372, 500), photo_score=0.2),
        ),
        text_source="ocr",
        lines=make_body(),
    )
    (pictures,), rejects = find(page)
    assert [(p.kind, p.origin) for p in pictures] == [("photo", "scan"), ("nonphoto", "scan")]
    assert rejects == []


def test_heads_that_are_images_and_change_by_chapter_are_no_pictures() -> None:
    pages = [
        make_page(n, images=(make_image((72, 30, 300, 70), image_key=f"{n // 2:024x}"),))
        for n in range(6)
    ]
    pictures, rejects = find(*pages)
    assert not any(pictures)
    assert reasons(rejects) == ["repeated_image"] * 6


def test_large_images_known_by_size_alone_are_kept() -> None:
    pages = [make_page(n, images=(make_image(PHOTO, image_key="600x400"),)) for n in range(6)]
    pictures, rejects = find(*pages)
    assert all(len(page) == 1 for page in pictures)
    assert rejects == []


def test_a_watermark_behind_every_page_is_no_picture() -> None:
    mark = make_image((100, 200, 500, 600), image_key=KEY)
    pages = [make_page(n, images=(mark,), lines=make_body(rows=3)) for n in range(6)]
    pictures, rejects = find(*pages)
    assert not any(pictures)
    assert reasons(rejects) == ["repeated_image"] * 6


# ------------------------------------------------------------------------- layouts of publishers


def draw_plot(x0: float = 100, y0: float = 200, width: float = 330) -> list[PathObject]:
    """A plot with long axes, marks on them, one curve, and a grid of rules."""
    x1, y1 = x0 + width, y0 + 160
    paths = [
        make_path((x0, y0, x0 + 0.8, y1), shape="line", stroke=0),
        make_path((x0, y1, x1, y1 + 0.8), shape="line", stroke=0),
        make_path((x0 + 10, y0 + 20, x1 - 10, y1 - 20), shape="path", stroke=0),
    ]
    for step in range(6):
        x, y = x0 + 10 + 50 * step, y0 + 10 + 25 * step
        paths.append(make_path((x, y1, x + 0.5, y1 + 4), shape="line", stroke=0))
        paths.append(make_path((x0 - 4, y, x0, y + 0.5), shape="line", stroke=0))
        paths.append(make_path((x0, y, x1, y + 0.5), shape="line", stroke=0))
    return paths


def draw_numbers(x0: float = 100, y0: float = 200) -> list[Line]:
    return [
        make_line(str(10 * step), x0 + 10 + 50 * step, y0 + 130, size_pt=7, font="Helvetica")
        for step in range(6)
    ] + [
        make_line(str(step), x0 + 3, y0 + 10 + 25 * step, size_pt=7, font="Helvetica")
        for step in range(5)
    ]


def test_a_plot_keeps_its_long_axes_and_is_no_table() -> None:
    lines = [*draw_numbers(), *make_body()]
    (plot,), rejects = find_on_page(paths=draw_plot(), lines=lines)
    assert plot.kind == "nonphoto"
    assert plot.bbox.intersect(Bbox(100, 200, 430, 360)).area >= 0.98 * 330 * 160
    assert rejects == []


def test_a_table_title_below_the_caption_of_a_plot_makes_it_no_table() -> None:
    titles = [
        make_line("Figure 1. Course of the disease.", 100, 366, size_pt=8),
        make_line("Table 1. Patients.", 100, 384, size_pt=8),
    ]
    (plot,), rejects = find_on_page(paths=draw_plot(), lines=[*titles, *make_body()])
    assert plot.kind == "nonphoto"
    assert rejects == []
