"""Words below each panel of a figure belong to that panel, and only where all agree."""

from __future__ import annotations

from builders import make_body, make_caption_lines, make_image, make_line, make_page
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import align_book
from mmskin_build.figures.panels import bind_panels
from mmskin_build.records import Line

BOXES = ((72.0, 100.0, 282.0, 250.0), (300.0, 100.0, 510.0, 250.0))
CAPTION = make_caption_lines("Figure 1.", "A man with plaques of both arms.", y0=300)


def own_words(*lines: Line) -> list[tuple[str | None, str | None]]:
    images = [
        make_image(box, order=n, image_key=f"{n:024x}", width_px=600 + n)
        for n, box in enumerate(BOXES)
    ]
    page = make_page(0, images=images, lines=(*lines, *CAPTION, *make_body()))
    (figure,) = align_book([page], FiguresConfig()).figures
    assert figure.caption == "A man with plaques of both arms."
    return [(panel.label, panel.text) for panel in bind_panels(figure).panels]


def small(text: str, x0: float, y0: float = 254.0, block: int = 2) -> Line:
    return make_line(text, x0, y0, size_pt=8, font="Helvetica", block=block)


def test_words_below_each_panel_are_that_panels_own() -> None:
    left = (small("(a) Plaques of the elbow", 80), small("before treatment.", 80, 263.6))
    right = small("(b) The same arm, in spring", 310, block=3)
    assert own_words(*left, right) == [
        ("a", "Plaques of the elbow before treatment"),
        ("b", "The same arm, in spring"),
    ]


def test_words_above_each_panel_are_that_panels_own() -> None:
    left = (small("(a) Plaques of the elbow", 80, 78), small("before treatment.", 80, 87.6))
    right = small("(b) The same arm, in spring", 310, 87.6, block=3)
    assert own_words(*left, right) == [
        ("a", "Plaques of the elbow before treatment"),
        ("b", "The same arm, in spring"),
    ]


def test_no_panel_has_words_of_its_own_where_one_has_none() -> None:
    assert own_words(small("(a) Plaques of the elbow", 80)) == [(None, None), (None, None)]


def test_letters_that_do_not_run_on_give_no_panel_words() -> None:
    lines = (small("(b) Plaques of the elbow", 80), small("(d) The same arm", 310, block=3))
    assert [text for _, text in own_words(*lines)] == [None, None]
