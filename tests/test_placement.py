"""Captions in a list of their own, over panels far apart, or with a label without a number."""

from __future__ import annotations

from collections.abc import Sequence

from builders import make_body, make_caption_lines, make_image, make_line, make_page
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import align_book
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, Line, Page

LEFT, RIGHT = (72.0, 100.0, 250.0, 250.0), (332.0, 100.0, 510.0, 250.0)
PLATE = (100.0, 100.0, 500.0, 400.0)
TITLES = ("Plaques of the elbow.", "Annular lesions.", "A nodule of the nose.", "Bullae.")


def align(*pages: Page) -> tuple[Figure, ...]:
    return align_book(pages, FiguresConfig()).figures


def make_plate(
    index: int, *lines: Line, pictures: Sequence[tuple[float, float, float, float]] = (PLATE,)
) -> Page:
    images = [
        make_image(box, order=n, image_key=f"{10 * index + n:024x}", width_px=600 + index)
        for n, box in enumerate(pictures)
    ]
    return make_page(index, images=images, lines=lines)


def make_list(index: int, titles: Sequence[str] = TITLES) -> Page:
    captions = [
        line
        for number, title in enumerate(titles, start=1)
        for line in make_caption_lines(
            f"Figure {number}.", title, y0=60 + 40.0 * number, block=number
        )
    ]
    return make_page(index, lines=captions)


def told(figures: Sequence[Figure]) -> list[tuple[int, str | None]]:
    """The captions of all pictures, by page."""
    return [(f.page_index, f.caption) for f in figures if f.bbox is not None]


def test_a_list_of_captions_is_dealt_to_the_plates_after_it_in_order() -> None:
    text = make_page(0, lines=make_body(rows=30, y0=100))
    plates = [make_plate(2 + n) for n in range(len(TITLES))]
    found = align(text, make_list(1), *plates)
    assert told(found) == [(2 + n, title) for n, title in enumerate(TITLES)]
    assert len(found) == len(TITLES)


def test_a_list_of_captions_stays_alone_beyond_its_neighbor_where_plates_are_missing() -> None:
    found = align(make_list(0), *(make_plate(1 + n) for n in range(3)))
    assert [caption for page, caption in told(found) if page > 1] == [None, None]


def test_a_bare_label_takes_its_words_from_a_list_many_pages_before() -> None:
    titles = [f"Plaques of the elbow, case {n}." for n in range(1, 13)]
    plates = [make_plate(1 + n, make_line(f"Figure {n + 1}", 270, 420)) for n in range(12)]
    assert told(align(make_list(0, titles), *plates)) == list(enumerate(titles, start=1))


def test_panels_at_the_two_ends_of_a_line_are_one_figure_over_a_caption_below_both() -> None:
    words = "Plaques of the elbow before treatment, and the same two months later on, in spring,"
    caption = make_caption_lines("Figure 1.", f"{words}\nafter all drugs were stopped.", y0=258)
    (figure,) = align(make_plate(0, *caption, *make_body(), pictures=(LEFT, RIGHT)))
    assert [panel.bbox for panel in figure.panels] == [Bbox(*LEFT), Bbox(*RIGHT)]


def test_a_picture_far_beside_a_caption_of_its_neighbors_width_is_another_figure() -> None:
    caption = make_caption_lines("Figure 1.", "Plaques of the elbow before\ntreatment.", y0=258)
    found = align(make_plate(0, *caption, *make_body(), pictures=(LEFT, RIGHT)))
    assert [(f.bbox, f.caption is not None) for f in found] == [
        (Bbox(*LEFT), True),
        (Bbox(*RIGHT), False),
    ]


def test_the_word_figure_without_a_number_is_no_part_of_a_caption() -> None:
    words = make_line("Figure: Plaques of both elbows", 100, 408, size_pt=8, font="Helvetica")
    (figure,) = align(make_plate(0, words, *make_body()))
    assert (figure.label, figure.caption) == (None, "Plaques of both elbows")
