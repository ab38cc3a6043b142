from __future__ import annotations

from builders import SHA, make_decision, make_image, make_lines, make_page
from mmskin_build.calibrate.decided import decided_examples
from mmskin_build.config import FiguresConfig
from mmskin_build.decisions import CaptionPlace, Decision
from mmskin_build.figures.book import align_book
from mmskin_build.records import Figure, Page

CFG = FiguresConfig()


def pages() -> list[Page]:
    """Three pages with a picture and its caption each, and one with a picture alone."""
    found = [
        make_page(
            number,
            lines=[
                *make_lines(f"Figure {number + 1}. A plaque on the forearm {number}.", 72, 410),
                *make_lines("Running text about the course of the disease. " * 2, 72, 500),
            ],
            images=[make_image((72, 200, 372, 400), image_key=f"image{number}")],
        )
        for number in range(3)
    ]
    return [*found, make_page(3, images=[make_image((72, 200, 372, 400), image_key="alone")])]


def decide(figure: Figure, value: str, text: str | None = None) -> Decision:
    place = None
    if text is not None and figure.caption_bbox is not None:
        place = CaptionPlace(page_index=figure.page_index, bbox=figure.caption_bbox, text=text)
    return make_decision(
        "figure",
        value,
        decision_id=f"{figure.figure_id} {value}",
        page_index=figure.page_index,
        bbox=figure.bbox,
        caption=place,
    )


def test_verdicts_on_figures_are_examples_of_right_and_wrong_pairs() -> None:
    figures = {figure.page_index: figure for figure in align_book(pages(), CFG).figures}
    verdicts = [
        decide(figures[0], "accepted", figures[0].caption),
        decide(figures[1], "caption", "Another caption."),
        decide(figures[2], "no_caption"),
        decide(figures[3], "no_caption"),
    ]
    found = decided_examples(SHA, pages(), verdicts, CFG)
    assert {(e.figure_id, e.half, e.right) for e in found} == {
        (figures[0].figure_id, "pair", True),
        (figures[1].figure_id, "pair", False),
        (figures[2].figure_id, "pair", False),
        (figures[3].figure_id, "picture", True),
    }
    assert {example.document for example in found} == {SHA}
    assert all(example.features for example in found)


def test_verdicts_about_something_else_teach_nothing() -> None:
    figures = align_book(pages(), CFG).figures
    moved = make_decision("figure", "accepted", page_index=9, bbox=figures[0].bbox)
    verdicts = [moved, decide(figures[0], "no_figure"), make_decision("modality", "clinical")]
    assert decided_examples(SHA, pages(), verdicts, CFG) == []
