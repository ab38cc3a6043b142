"""Pictures find their captions, as a reader would join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import (
    make_body,
    make_caption_lines,
    make_image,
    make_line,
    make_lines,
    make_page,
    make_path,
    turn_line,
)
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import BookFigures, align_book
from mmskin_build.figures.captions import find_captions
from mmskin_build.figures.layout import build_layout
from mmskin_build.figures.panels import bind_panels
from mmskin_build.figures.regions import find_pictures
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, ImageObject, Line, Page, ScanRegion

Box = tuple[float, float, float, float]


def align(*pages: Page) -> BookFigures:
    return align_book(pages, FiguresConfig())


def photo(box: Box, key: int = 0) -> ImageObject:
    return make_image(box, order=key, image_key=f"{key:024x}", width_px=600 + 7 * key)


def page(
    index: int, pictures: Sequence[Box], *lines: Sequence[Line], body: Sequence[Line] | None = None
) -> Page:
    images = [photo(box, 100 * index + n) for n, box in enumerate(pictures)]
    text = make_body(y0=640, rows=8) if body is None else body
    return make_page(index, images=images, lines=[line for part in (*lines, text) for line in part])


def caption(
    label: str, x0: float, y0: float, text: str = "Plaques of the elbow."
) -> Sequence[Line]:
    return make_caption_lines(label, text, x0, y0)


def pairs(book: BookFigures) -> dict[str | None, list[Box]]:
    """The boxes of the panels of each pair, by label."""
    return {
        figure.label: [tuple(panel.bbox) for panel in figure.panels]
        for figure in book.figures
        if figure.status == "paired"
    }


def statuses(book: BookFigures) -> list[str]:
    return sorted(figure.status for figure in book.figures)


A, B, C, D = (
    (72.0, 100.0, 282.0, 250.0),
    (300.0, 100.0, 510.0, 250.0),
    (72.0, 320.0, 282.0, 470.0),
    (300.0, 320.0, 510.0, 470.0),
)


# ------------------------------------------------------------------------------ sides


@pytest.mark.parametrize(
    ("picture", "x0", "y0"),
    [
        ((72, 100, 372, 300), 72, 308),  # below
        ((72, 120, 372, 320), 72, 100),  # above
        ((240, 100, 500, 300), 72, 180),  # left
        ((72, 100, 332, 300), 345, 180),  # right
    ],
    ids=["below", "above", "left", "right"],
)
def test_a_caption_on_any_side_is_found(picture: Box, x0: float, y0: float) -> None:
    book = align(page(0, [picture], caption("Figure 1.1", x0, y0)))
    assert pairs(book) == {"Figure 1.1": [picture]}
    assert statuses(book) == ["paired"]


@pytest.mark.parametrize("direction", [90, 270])
def test_a_caption_that_runs_up_or_down_beside_its_picture_is_found(direction: int) -> None:
    # On the page turned upright the caption stands below the picture.
    text = make_caption_lines("Figure 1.1", "Plaques of the elbow.", 200, 500)
    lines = [turn_line(line, direction) for line in text]
    box = lines[0].bbox
    picture = (
        (box.x0 - 308, 100, box.x0 - 8, 500)
        if direction == 90
        else (box.x1 + 8, 100, box.x1 + 308, 500)
    )
    book = align(page(0, [picture], lines, body=()))
    assert pairs(book) == {"Figure 1.1": [picture]}


@pytest.mark.parametrize("above", [False, True])
def test_between_two_pictures_the_books_own_side_decides(above: bool) -> None:
    usual = [
        page(
            n,
            [(72, 130, 372, 300)],
            caption(f"Figure 1.{n}", 72, 112 if above else 308),
        )
        for n in range(1, 6)
    ]
    upper, lower = (72, 80, 372, 240), (72, 270, 372, 430)
    unsure = page(6, [upper, lower], caption("Figure 1.6", 72, 250))
    figures = [f for f in align(*usual, unsure).figures if f.page_index == 6]
    (own,) = [f for f in figures if f.label == "Figure 1.6"]
    assert (lower if above else upper) in [tuple(panel.bbox) for panel in own.panels]


def test_evidence_tells_on_which_side_the_caption_stands() -> None:
    book = align(page(0, [(72, 100, 372, 300)], caption("Figure 1.1", 72, 308)))
    (figure,) = book.figures
    told = {evidence.name: evidence.value for evidence in figure.evidence}
    assert told["side"].startswith("caption below")
    assert told["distance"] == "8.0 pt"
    assert figure.confidence > 0.5


# ------------------------------------------------------------------------------ several on a page


def test_pictures_side_by_side_keep_their_own_captions() -> None:
    book = align(page(0, [A, B], caption("Figure 1.1", 72, 258), caption("Figure 1.2", 300, 258)))
    assert pairs(book) == {"Figure 1.1": [A], "Figure 1.2": [B]}


def test_numbers_of_one_series_decide_between_captions_that_fit_alike() -> None:
    middle = 195  # both captions stand below both pictures
    told = {"Figure 1.1": [A], "Figure 1.2": [B]}
    for first in (258, 276):
        lines = caption("Figure 1.1", middle, first), caption("Figure 1.2", middle, 534 - first)
        assert pairs(align(page(0, [A, B], *lines))) == told
    plate = caption("Figure 3", middle, 258), caption("Plate 2", middle, 276)
    turned = caption("Figure 2", middle, 258), caption("Plate 3", middle, 276)
    boxes = [sorted(pairs(align(page(0, [A, B], *lines))).items()) for lines in (plate, turned)]
    assert [box for _, box in boxes[0]] == [box for _, box in boxes[1]]  # whatever their numbers


def test_pictures_one_below_the_other_keep_their_own_captions() -> None:
    book = align(page(0, [A, C], caption("Figure 1.1", 72, 258), caption("Figure 1.2", 72, 478)))
    assert pairs(book) == {"Figure 1.1": [A], "Figure 1.2": [C]}


def test_four_pictures_with_four_captions() -> None:
    book = align(
        page(
            0,
            [A, B, C, D],
            caption("Figure 1.1", 72, 258),
            caption("Figure 1.2", 300, 258),
            caption("Figure 1.3", 72, 478),
            caption("Figure 1.4", 300, 478),
        )
    )
    assert pairs(book) == {
        "Figure 1.1": [A],
        "Figure 1.2": [B],
        "Figure 1.3": [C],
        "Figure 1.4": [D],
    }


def test_panels_are_gathered_under_one_caption() -> None:
    panels = [
        (72.0, 100.0, 282.0, 250.0),
        (288.0, 100.0, 498.0, 250.0),
        (72.0, 256.0, 282.0, 406.0),
        (288.0, 256.0, 498.0, 406.0),
    ]
    text = "Lichen. (a) Papules. (b) Plaques. (c) Erosions. (d) Crusts."
    book = align(page(0, panels, caption("Figure 1.1", 72, 414, text)))
    assert pairs(book) == {"Figure 1.1": panels}
    assert book.figures[0].bbox == Bbox(72, 100, 498, 406)


def test_panels_come_in_reading_order_whatever_the_order_of_painting() -> None:
    panels = [A, B, (72.0, 256.0, 282.0, 406.0), (300.0, 256.0, 510.0, 406.0)]
    book = align(page(0, panels[::-1], caption("Figure 1.1", 72, 414)))
    assert pairs(book) == {"Figure 1.1": panels}


def test_letters_of_the_text_layer_go_to_their_panels() -> None:
    letters = [
        make_line("(a)", 170, 252, size_pt=7, font="Helvetica", block=4),
        make_line("(b)", 400, 252, size_pt=7, font="Helvetica", block=5),
    ]
    text = "Lichen. (a) Papules. (b) Plaques."
    book = align(page(0, [A, B], letters, caption("Figure 1.1", 72, 270, text)))
    (figure,) = book.figures
    assert [panel.label for panel in figure.panels] == ["a", "b"]


def test_a_picture_far_from_the_others_is_no_panel() -> None:
    far = (72.0, 560.0, 282.0, 700.0)
    book = align(page(0, [A, far], caption("Figure 1.1", 72, 258), body=()))
    assert pairs(book) == {"Figure 1.1": [A]}
    assert statuses(book) == ["image_without_caption", "paired"]


def test_a_caption_that_lost_its_picture_takes_no_panel_of_another() -> None:
    text = "Lichen. (a) Papules of the elbow, of the knee and of the hand in a woman. (b) Plaques."
    book = align(
        page(0, [A, B], caption("Figure 1.1", 72, 258, text), caption("Figure 1.2", 300, 290))
    )
    assert pairs(book) == {"Figure 1.1": [A, B]}
    assert statuses(book) == ["caption_without_image", "paired"]


@pytest.mark.parametrize(("text", "joins"), [("(a) Papules. (b) Plaques.", True), ("", False)])
def test_a_panel_farther_up_its_column_joins_a_caption_that_names_more(
    text: str, joins: bool
) -> None:
    upper, lower = (72.0, 100.0, 272.0, 220.0), (72.0, 280.0, 272.0, 400.0)
    words = f"Lichen of the elbow, of the knee and of the hand. {text}"
    book = align(page(0, [upper, lower], caption("Figure 1.1", 72, 408, words)))
    assert pairs(book) == {"Figure 1.1": [upper, lower] if joins else [lower]}


# ------------------------------------------------------------------------------ across pages


def test_a_caption_on_the_facing_page_is_found() -> None:
    plate = page(0, [(60, 60, 550, 720)], body=())
    book = align(plate, page(1, [], caption("Figure 1.1", 72, 100)))
    (figure,) = book.figures
    assert (figure.status, figure.page_index, figure.caption_page_index) == ("paired", 0, 1)
    assert "page_break" in {evidence.name for evidence in figure.evidence}


def test_two_captions_on_the_facing_page_keep_the_order_of_their_pictures() -> None:
    upper, lower = (60.0, 60.0, 550.0, 340.0), (60.0, 440.0, 550.0, 720.0)
    words = [make_line("Plates are by L. Venn and were taken in Oslo.", 60, 385)]
    book = align(
        page(0, [upper, lower], words, body=()),
        page(1, [], caption("Figure 1.1", 72, 100), caption("Figure 1.2", 72, 160)),
    )
    assert pairs(book) == {"Figure 1.1": [upper], "Figure 1.2": [lower]}


def test_captions_in_one_block_beside_the_first_picture_follow_the_order_of_all() -> None:
    boxes = [(190.0, y, 545.0, y + 200.0) for y in (60.0, 268.0, 476.0)]
    block = [caption(f"Figure 1.{n}", 60, 50 + 10 * n) for n in (1, 2, 3)]
    book = align(page(0, boxes, *block, body=()))
    assert pairs(book) == {f"Figure 1.{n + 1}": [box] for n, box in enumerate(boxes)}


def test_captions_in_one_block_go_to_the_pictures_that_bear_their_numbers() -> None:
    boxes = [(x, y, x + 240.0, y + 200.0) for x in (50.0, 305.0) for y in (60.0, 270.0)]
    numbers = [make_line(str(n + 1), box[2] - 12, box[3] - 14) for n, box in enumerate(boxes)]
    block = [caption(f"Figure 1.{n}", 60, 480 + 10 * n) for n in (1, 2, 3, 4)]
    book = align(page(0, boxes, numbers, *block, body=()))
    assert pairs(book) == {f"Figure 1.{n + 1}": [box] for n, box in enumerate(boxes)}


def test_captions_for_the_facing_page_may_stand_below_a_figure_of_their_own_page() -> None:
    own, upper, lower = (
        (60.0, 60.0, 550.0, 400.0),
        (60.0, 60.0, 550.0, 380.0),
        (60.0, 390.0, 550.0, 720.0),
    )
    block = [caption(f"Figure 1.{n}", 60, 396 + 10 * n) for n in (1, 2, 3)]
    book = align(page(0, [own], *block), page(1, [upper, lower], body=()))
    assert pairs(book) == {"Figure 1.1": [own], "Figure 1.2": [upper], "Figure 1.3": [lower]}


@pytest.mark.parametrize("head", ["Figure 2. ", "Figure. "])
def test_a_title_above_a_picture_goes_with_the_legend_below_it(head: str) -> None:
    bold = {"size_pt": 8.5, "font": "Helvetica-Bold", "bold": True, "block": 1}
    title = make_line(f"{head}Lichen planus before treatment", 72, 180, **bold)
    below = [
        make_line(
            "A, Papules of the wrist. B, The same area", 72, 406, size_pt=7.5, font="Helvetica"
        ),
        make_line("after a month of treatment.", 72, 415, size_pt=7.5, font="Helvetica"),
    ]
    (figure,) = align(page(0, [(72.0, 200.0, 372.0, 400.0)], [title, *below])).figures
    assert figure.caption == (
        "Lichen planus before treatment. A, Papules of the wrist. B, The same area after a month"
        " of treatment."
    )
    assert figure.label == ("Figure 2" if "2" in head else None)


def test_a_footnote_below_a_picture_is_no_legend_of_its_title() -> None:
    bold = {"size_pt": 8.5, "font": "Helvetica-Bold", "bold": True, "block": 1}
    title = make_line("Figure 2. Lichen planus before treatment", 72, 180, **bold)
    note = make_line(
        "1 Address: Clinic of Skin Diseases, Oslo.", 72, 412, size_pt=7.5, font="Helvetica"
    )
    (figure,) = align(
        make_page(
            0,
            images=[photo((72.0, 200.0, 372.0, 400.0))],
            lines=[title, note, *make_body(y0=640, rows=8)],
            paths=[make_path((72, 406, 172, 406.5), shape="line")],
        )
    ).figures
    assert figure.caption == "Lichen planus before treatment"


def test_captions_of_an_opening_on_its_right_page_begin_with_the_pictures_of_the_left() -> None:
    upper, lower = (60.0, 40.0, 550.0, 330.0), (60.0, 340.0, 550.0, 630.0)
    pages, true = [], {}
    for opening in (0, 1):
        labels = [f"Figure 1.{3 * opening + n}" for n in (1, 2, 3)]
        block = [caption(label, 60, 326 + 10 * n) for n, label in enumerate(labels, start=1)]
        pages += [
            page(2 * opening, [upper, lower], body=()),
            page(2 * opening + 1, [upper], *block),
        ]
        true |= dict(zip(labels, ([upper], [lower], [upper]), strict=True))
    assert pairs(align(*pages)) == true


def test_a_picture_without_caption_before_a_figure_whose_neighbor_is_lost_takes_no_caption() -> (
    None
):
    upper = (60.0, 40.0, 550.0, 330.0)
    block = [caption(f"Figure 1.{n}", 60, 326 + 10 * n) for n in (1, 2)]
    book = align(page(0, [upper]), page(1, [upper], *block))
    (own,) = [f for f in book.figures if f.page_index == 1 and f.status == "paired"]
    assert own.label == "Figure 1.1"


def test_words_of_two_scanned_pictures_with_lost_plain_edges_are_two_captions() -> None:
    regions = [(90.0, 60.0, 270.0, 220.0), (306.0, 60.0, 546.0, 220.0)]
    words = [
        make_line("Plaques of the elbow in a woman.", x, 226, font="ocr", size_pt=8.0, block=n)
        for n, x in enumerate((72, 306))
    ]
    body = make_body(y0=300, rows=8)
    scan = make_page(
        0,
        lines=[*words, *(replace_font(line) for line in body)],
        scan_regions=[ScanRegion(bbox=Bbox(*box), photo_score=1.0) for box in regions],
        text_source="ocr",
    )
    found = [(f.caption, len(f.panels)) for f in align(scan).figures]
    assert found == [("Plaques of the elbow in a woman.", 1)] * 2


def test_the_recognized_end_of_a_paragraph_under_a_picture_is_no_caption() -> None:
    end = make_line("and no treatment is needed.", 72, 406, font="ocr", size_pt=8.0)
    scan = make_page(
        0,
        lines=[end, *(replace_font(line) for line in make_body(y0=500, rows=8))],
        scan_regions=[ScanRegion(bbox=Bbox(72, 200, 372, 400), photo_score=1.0)],
        text_source="ocr",
    )
    assert [f.status for f in align(scan).figures] == ["image_without_caption"]


def replace_font(line: Line) -> Line:
    """A line as a recognizer gives it: without its font."""
    return replace(line, spans=tuple(replace(span, font="ocr") for span in line.spans))


def _worded_panels(*, captioned: bool) -> BookFigures:
    left, right = (72.0, 200.0, 272.0, 400.0), (290.0, 200.0, 490.0, 400.0)
    small = {"size_pt": 8.0, "font": "Helvetica"}
    words = [
        make_line("(a) Papules of", 72, 404, **small, block=1),
        make_line("the wrist", 72, 414, **small, block=1),
        make_line("(b) A scar", 290, 404, **small, block=2),
    ]
    below = caption("Figure 1.1", 72, 430) if captioned else ()
    return align(page(0, [left, right], words, below))


def test_words_behind_a_letter_under_each_picture_are_its_panels_own() -> None:
    (figure,) = _worded_panels(captioned=True).figures
    assert figure.caption == "Plaques of the elbow."
    assert [(p.label, p.text) for p in bind_panels(figure).panels] == [
        ("a", "Papules of the wrist"),
        ("b", "A scar"),
    ]


def test_words_behind_a_letter_under_each_picture_are_the_caption_where_there_is_no_other() -> None:
    (figure,) = _worded_panels(captioned=False).figures
    assert figure.caption == "(a) Papules of the wrist (b) A scar"
    assert [p.text for p in bind_panels(figure).panels] == ["Papules of the wrist", "A scar"]


def test_a_plate_of_several_pages_has_one_caption() -> None:
    text = "Lichen. (a) Papules. (b) Plaques. (c) Erosions."
    full = (60.0, 60.0, 550.0, 720.0)
    book = align(
        page(0, [], caption("Figure 1.1", 72, 100, text)),
        *(page(n, [full], body=()) for n in (1, 2, 3)),
    )
    assert [(f.page_index, f.label, f.caption) for f in book.figures] == [
        (n, "Figure 1.1", text) for n in (1, 2, 3)
    ]


def test_a_figure_takes_the_words_of_its_continued_caption() -> None:
    book = align(
        page(0, [A], caption("Figure 1.1", 72, 258, "Plaques of the elbow.")),
        page(1, [], caption("Figure 1.1", 72, 100, "(continued) Courtesy of L. Venn.")),
    )
    (figure,) = book.figures
    assert figure.caption == "Plaques of the elbow. Courtesy of L. Venn."


def test_a_plate_that_bears_its_label_alone_takes_the_words_under_that_label() -> None:
    book = align(
        page(0, [A], caption("Figure 1.1", 72, 258, "")),
        page(1, []),
        page(2, [], caption("Figure 1.1", 72, 100, "Plaques of the elbow.")),
    )
    (figure,) = book.figures
    assert (figure.page_index, figure.caption_page_index) == (0, 2)
    assert figure.caption == "Plaques of the elbow."


def test_a_caption_two_pages_off_is_left_alone() -> None:
    book = align(
        page(0, [(60, 60, 550, 720)], body=()),
        page(1, []),
        page(2, [], caption("Figure 1.1", 72, 100)),
    )
    assert statuses(book) == ["caption_without_image", "image_without_caption"]


# ------------------------------------------------------------------------------ halves


def test_a_caption_whose_picture_is_missing_stays_alone() -> None:
    book = align(page(0, [], caption("Figure 1.1", 72, 100)))
    (figure,) = book.figures
    assert (figure.status, figure.bbox, figure.panels) == ("caption_without_image", None, ())
    assert (figure.label, figure.caption) == ("Figure 1.1", "Plaques of the elbow.")


def test_a_picture_without_a_caption_stays_alone() -> None:
    (figure,) = align(page(0, [A])).figures
    assert (figure.status, figure.label, figure.caption) == ("image_without_caption", None, None)
    assert [panel.bbox for panel in figure.panels] == [Bbox(*A)]


def test_running_text_between_keeps_picture_and_caption_apart() -> None:
    text = make_body(y0=260, rows=24)
    book = align(page(0, [(72, 60, 372, 200)], text, caption("Figure 1.1", 72, 700), body=()))
    assert statuses(book) == ["caption_without_image", "image_without_caption"]


def test_an_unnumbered_caption_in_its_own_type_is_found() -> None:
    words = make_line(
        "Plaques of the elbow before treatment.", 72, 256, size_pt=8, font="Helvetica", block=3
    )
    (figure,) = align(page(0, [A], [words])).figures
    assert (figure.status, figure.label) == ("paired", None)
    assert figure.caption == "Plaques of the elbow before treatment."


def test_four_pictures_with_unnumbered_captions_of_their_own_are_four_figures() -> None:
    boxes = [(72.0, 60.0, 282.0, 200.0), (298.0, 60.0, 508.0, 190.0)]
    boxes += [(72.0, 250.0, 282.0, 380.0), (298.0, 250.0, 508.0, 390.0)]
    words = ["Plaques of the elbow.", "Papules of the palm.", "Ulcers of the shin."]
    words.append("Nodules of the nose.")
    lines = [
        make_line(text, box[0], box[3] + 5, size_pt=9, font="Times-Italic", italic=True, block=n)
        for n, (text, box) in enumerate(zip(words, boxes, strict=True))
    ]
    figures = align(page(0, boxes, lines)).figures
    assert [figure.caption for figure in figures] == words
    assert [[tuple(p.bbox) for p in figure.panels] for figure in figures] == [[b] for b in boxes]


def test_unnumbered_captions_as_wide_as_the_cells_of_a_table_stay_with_their_pictures() -> None:
    """Words of neighboring cells stand on one line, one block to the reader, hardly apart."""
    boxes = [(80.0, 60.0, 284.0, 200.0), (306.0, 60.0, 510.0, 200.0)]
    boxes += [(80.0, 230.0, 284.0, 370.0), (306.0, 230.0, 510.0, 370.0)]
    words = ["Plaques of the elbow.", "Papules of the palm.", "u" * 20 + " of the" + " v" * 12]
    words.append("Nodules of the nose.")
    lines = [
        make_line(text, box[0] - 9, box[3] + 5, size_pt=8.5, block=int(box[1]))
        for text, box in zip(words, boxes, strict=True)
    ]
    span = replace(lines[2].spans[0], bbox=Bbox(71, 375, 285, 385))
    lines[2] = replace(lines[2], spans=(span,), bbox=span.bbox)
    figures = align(page(0, boxes, lines)).figures
    assert [figure.caption for figure in figures] == words
    assert [[tuple(p.bbox) for p in figure.panels] for figure in figures] == [[b] for b in boxes]


def web_figure(index: int, title: str, legend: str) -> Page:
    """A page of a web site: a bold title, the picture, an underlined link, its legend below."""
    box = (72.0, 120.0, 372.0, 320.0)
    kinds = {"size_pt": 8.0, "font": "Helvetica"}
    lines = [
        make_line(title, 72, 106, size_pt=9, font="Helvetica-Bold", bold=True, block=1),
        make_line("Open in a new tab", 72, 323, color=0x2060A0, block=2, **kinds),
        make_line(legend, 72, 338, block=3, **kinds),
        make_line("Full size image", 72, 348, color=0x2060A0, block=4, **kinds),
    ]
    underline = make_path((72, 331, 140, 331.6), shape="line", stroke=0)
    return replace(page(index, [box], lines), paths=(underline,))


LEGENDS = ["Plaques of the elbow.", "Papules of the palm.", "Ulcers of the shin."]


@pytest.mark.parametrize("title", ["", ": Itching for years"])
def test_a_legend_under_a_picture_goes_with_the_title_over_it_and_links_do_not(title: str) -> None:
    book = align(*(web_figure(n, f"Fig. {n + 1}{title}", LEGENDS[n]) for n in range(3)))
    assert [figure.label for figure in book.figures] == ["Fig. 1", "Fig. 2", "Fig. 3"]
    said = [figure.caption for figure in book.figures]
    said_above = f"{title[2:]}. " if title else ""
    assert said == [said_above + legend for legend in LEGENDS]


def test_a_title_over_one_picture_of_a_book_takes_no_words_below_it() -> None:
    book = align(web_figure(0, "Fig. 1: Itching for years", LEGENDS[0]))
    assert [figure.caption for figure in book.figures] == ["Itching for years"]


def test_a_credit_between_a_picture_and_its_unnumbered_caption_is_passed_over() -> None:
    credit = make_line("Photo: M. Hale / Regional Press", 72, 252, size_pt=7, block=3)
    words = make_line("Plaques of the elbow.", 72, 264, size_pt=8, font="Helvetica", block=4)
    (figure,) = align(page(0, [A], [credit, words])).figures
    assert figure.caption == "Plaques of the elbow."


def test_captions_below_a_row_stay_with_pictures_of_different_height() -> None:
    """In the frames of a gallery a low picture stands in the middle of its row."""
    boxes = [
        (72.0, 100.0, 172.0, 200.0),
        (190.0, 118.0, 290.0, 182.0),
        (308.0, 100.0, 408.0, 200.0),
    ]
    words = [
        "Reticulate hyperpigmentation\nof the shin.",
        "Papules of the palm.",
        "Ulcers of a leg.",
    ]
    lines = [
        line
        for n, (text, box) in enumerate(zip(words, boxes, strict=True))
        for line in make_lines(text, box[0] - 4, 206, size_pt=8, font="Helvetica", block=n)
    ]
    figures = align(page(0, boxes, lines)).figures
    said = {figure.bbox: figure.caption for figure in figures}
    assert [said[Bbox(*box)] for box in boxes] == [text.replace("\n", " ") for text in words]


def test_a_label_without_a_number_heads_a_caption_in_the_type_of_running_text() -> None:
    box = (72.0, 100.0, 272.0, 250.0)
    text = "Figure. Plaques of the elbow in a man who was treated for years\nwith tar."
    words = make_lines(text, y0=258, block=3)
    (figure,) = align(page(0, [box], words, make_body(y0=290, rows=8))).figures
    assert figure.label is None
    assert figure.caption == "Plaques of the elbow in a man who was treated for years with tar."


@pytest.mark.parametrize(
    ("names", "figures"),
    [
        (("Scabies", "Tinea pedis", "Rosacea", "Vitiligo"), 4),
        (("Before", "After", "Before", "After"), 1),
        (("Day 1", "Day 7", "Day 14", "Day 28"), 1),
    ],
)
def test_names_under_all_pictures_of_a_page_are_captions_and_times_are_not(
    names: Sequence[str], figures: int
) -> None:
    boxes = [(72.0 + 110 * n, 100.0, 172.0 + 110 * n, 200.0) for n in range(4)]
    lines = [
        make_line(name, box[0] + 20, 204, size_pt=8, font="Helvetica", block=n)
        for n, (name, box) in enumerate(zip(names, boxes, strict=True))
    ]
    found = align(page(0, boxes, lines)).figures
    assert [figure.caption for figure in found] == (list(names) if figures == 4 else [None])


def test_words_beside_stacked_pictures_stay_with_their_pictures() -> None:
    boxes = [(72.0, 100.0 + 110 * n, 222.0, 200.0 + 110 * n) for n in range(3)]
    lines = [
        make_lines(f"{text}\nIn winter.", 232, box[1] + 4, size_pt=8, font="Helvetica", block=n)
        for n, (text, box) in enumerate(zip(LEGENDS, boxes, strict=True))
    ]
    figures = align(page(0, boxes, *lines)).figures
    assert [figure.caption for figure in figures] == [f"{text} In winter." for text in LEGENDS]


def test_a_colored_name_that_returns_at_a_few_pictures_is_a_caption_and_no_link() -> None:
    names = ["Plaques of the elbow."] * 3 + ["Papules of the palm.", "Ulcers of the shin."]
    names.append("Nodules of the nose.")
    pages = [
        page(n, [A], [make_line(name, 72, 254, size_pt=8, font="Helvetica", color=0x0645AD)])
        for n, name in enumerate(names)
    ]
    assert [figure.caption for figure in align(*pages).figures] == names


CARDS = [(A, "Plaques"), (B, "Papules of a palm"), (C, "Ulcers"), (D, "Nodules of a nose")]


def test_cards_whose_captions_are_the_only_words_of_a_document_are_read() -> None:
    """A title in bold, then the words in the type in which most of the document is set."""
    lines = [
        line
        for n, (box, title) in enumerate(CARDS)
        for line in (
            make_line(title, box[0] + 5, box[3] + 5, size_pt=9, bold=True, block=2 * n),
            make_line(f"Seen in winter {n}.", box[0] + 5, box[3] + 17, size_pt=8, block=2 * n + 1),
        )
    ]
    figures = align(page(0, [box for box, _ in CARDS], lines, body=())).figures
    said = {figure.bbox: figure.caption for figure in figures}
    assert said == {Bbox(*b): f"{title} Seen in winter {n}." for n, (b, title) in enumerate(CARDS)}


def test_a_paragraph_under_each_picture_of_running_text_is_no_caption() -> None:
    boxes = [(72.0, 60.0, 272.0, 200.0), (72.0, 300.0, 272.0, 440.0)]
    pages = []
    for n in range(2):
        text = [make_body(y0=box[3] + 8, rows=7, block=n) for n, box in enumerate(boxes)]
        pages.append(page(n, boxes, *text, body=()))
    assert statuses(align(*pages)) == ["image_without_caption"] * 4


def test_a_centered_unnumbered_caption_may_be_far_wider_than_its_picture() -> None:
    box = (250.0, 100.0, 330.0, 250.0)
    words = "Papules of the palm of the left hand"  # 180 points
    line = make_line(words, 200, 254, size_pt=10, font="Times-Italic", italic=True, block=3)
    (figure,) = align(page(0, [box], [line])).figures
    assert figure.caption == words


def test_captions_below_one_another_under_two_pictures_follow_their_order() -> None:
    """Both stand under both pictures: only their numbers say which is whose."""
    long = "Plaques of the elbow and of the knee in a man who had been treated for years."
    words = "Papules of the palm of the left hand in the same man after his treatment."
    first, second = caption("Figure 1.", 72, 256, long), caption("Figure 2.", 72, 272, words)
    book = align(page(0, [A, B], first, second))
    assert pairs(book) == {"Figure 1": [A], "Figure 2": [B]}


def test_a_label_in_the_margin_takes_the_words_under_its_picture() -> None:
    box = (150.0, 100.0, 500.0, 300.0)
    pages = []
    for index in range(3):
        label = make_line(f"Fig. 4.{index + 1}", 60, 102, size_pt=9, bold=True, block=1)
        words = make_line(
            "Grouped vesicles on an inflamed base.", 150, 305, size_pt=9,
            font="Times-Italic", italic=True, block=2,
        )  # fmt: skip
        pages.append(page(index, [box], [label], [words]))
    figures = align(*pages).figures
    assert [(figure.label, figure.caption) for figure in figures] == [
        (f"Fig. 4.{number}", "Grouped vesicles on an inflamed base.") for number in (1, 2, 3)
    ]


def test_numbers_that_grow_through_the_captions_of_a_book_are_their_labels() -> None:
    pages = []
    for index in range(3):
        lines = [
            make_line(
                f"12.{2 * index + n + 1} Plaques of the elbow.",
                box[0],
                box[3] + 6,
                size_pt=8,
                font="Helvetica",
                block=n + 1,
            )  # fmt: skip
            for n, box in enumerate((A, B))
        ]
        pages.append(page(index, [A, B], lines))
    figures = align(*pages).figures
    assert [figure.label for figure in figures] == [f"12.{n}" for n in range(1, 7)]
    assert {figure.caption for figure in figures} == {"Plaques of the elbow."}


def test_a_number_that_begins_one_caption_is_no_label() -> None:
    words = ["12 Papules of the palm.", "Plaques of the elbow."]
    lines = [
        make_line(text, box[0], box[3] + 6, size_pt=8, font="Helvetica", block=n)
        for n, (text, box) in enumerate(zip(words, (A, B), strict=True))
    ]
    figures = align(page(0, [A, B], lines)).figures
    assert [(figure.label, figure.caption) for figure in figures] == [(None, w) for w in words]


def test_the_tightly_set_lines_of_an_unnumbered_caption_stay_together() -> None:
    lines = [
        make_line(text, 72, 256 + 8 * n, size_pt=9, font="Helvetica", block=1)
        for n, text in enumerate(("Plaques of the elbow in a man", "who had been treated."))
    ]
    assert lines[1].bbox.y0 < lines[0].bbox.y1 - 1
    (figure,) = align(page(0, [A], lines)).figures
    assert figure.caption == "Plaques of the elbow in a man who had been treated."


def test_the_life_of_an_author_beside_a_portrait_is_no_caption_in_a_numbered_book() -> None:
    numbered = [
        page(index, [A], caption(f"Figure {index + 1}.", 72, 256, "Plaques of the elbow."))
        for index in range(3)
    ]
    life = make_line("Anna Author studied medicine in Rome.", 300, 120, size_pt=8, font="Helvetica")
    book = align(*numbered, page(3, [A], [life]))
    assert statuses(book) == ["image_without_caption", "paired", "paired", "paired"]


def test_an_empty_book_has_no_figures() -> None:
    assert align().figures == ()
    assert align(make_page(0)).figures == ()


# ------------------------------------------------------------------------------ any book


@st.composite
def books(draw: st.DrawFn) -> list[Page]:
    pages, number = [], 0
    for index in range(draw(st.integers(1, 4))):
        cells = draw(st.lists(st.sampled_from(range(6)), unique=True, max_size=6))
        boxes, lines = [], []
        for cell in sorted(cells):
            x, y = 72 + 240 * (cell % 2), 80 + 180 * (cell // 2)
            if draw(st.booleans()):
                width, height = draw(st.integers(10, 220)), draw(st.integers(10, 140))
                boxes.append((float(x), float(y), float(x + width), float(y + height)))
            if draw(st.booleans()):
                number += 1
                lines.append(caption(f"Figure 1.{number}", x, y + 150, f"Plaques, case {number}."))
        pages.append(page(index, boxes, *lines, body=draw(st.sampled_from([None, ()]))))
    return pages


def same(figures: Sequence[Figure]) -> list[Figure]:
    return sorted(figures, key=lambda figure: figure.figure_id)


@given(books())
def test_every_picture_ends_in_one_figure_or_reject(pages: list[Page]) -> None:
    book = align(*pages)
    (found, _) = find_pictures(build_layout(pages))
    shown = [(figure.page_index, panel.bbox) for figure in book.figures for panel in figure.panels]
    assert sorted(shown) == sorted((p.page_index, p.bbox.rounded()) for on in found for p in on)
    dropped = [(reject.page_index, reject.bbox) for reject in book.rejects]
    for each in pages:
        for item in each.images:
            ends = [box for index, box in (*shown, *dropped) if index == each.page_index and box]
            assert any(item.bbox.covered_by(box) > 0.9 for box in ends)


@given(books())
def test_every_caption_ends_in_one_figure(pages: list[Page]) -> None:
    layout = build_layout(pages)
    pictures, _ = find_pictures(layout)
    boxes = {
        each.page_index: [p.bbox for p in on] for each, on in zip(pages, pictures, strict=True)
    }
    wanted = sorted((block.page_index, block.bbox) for block in find_captions(layout, boxes))
    ended = [
        (figure.caption_page_index, figure.caption_bbox)
        for figure in align(*pages).figures
        if figure.label is not None
    ]
    assert sorted(ended) == wanted  # type: ignore[type-var]


@given(books())
def test_ids_are_unique_and_confidence_is_a_probability(pages: list[Page]) -> None:
    book = align(*pages)
    ids = [item.figure_id for item in book.figures] + [item.item_id for item in book.rejects]
    assert len(set(ids)) == len(ids)
    assert all(0.0 <= figure.confidence <= 1.0 for figure in book.figures)


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_pages_does_not_matter(pages: list[Page], random: object) -> None:
    shuffled = list(pages)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert align(*shuffled) == align(*pages)


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_painting_does_not_matter(pages: list[Page], random: object) -> None:
    mixed = []
    for each in pages:
        images = list(each.images)
        random.shuffle(images)  # type: ignore[attr-defined]
        mixed.append(replace(each, images=tuple(images)))
    assert same(align(*mixed).figures) == same(align(*pages).figures)
