"""What is known about a pair is what a person sees on the page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from builders import make_body, make_caption_lines, make_image, make_line, make_page
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.align import Group
from mmskin_build.figures.book import align_book
from mmskin_build.figures.facts import FactFinder, LoneFacts, PairFacts
from mmskin_build.figures.layout import build_layout
from mmskin_build.figures.profile import Profile
from mmskin_build.records import Line, Page

BOX = (72, 200, 332, 400)


def figure_page(
    index: int,
    caption: str | None = "A plaque on the forearm of a woman.",
    *,
    label: str | None = None,
    extra: Sequence[Line] = (),
    boxes: Sequence[Sequence[float]] = (BOX,),
    **fields: object,
) -> Page:
    lines = [*make_body(72, 520), *extra]
    if caption is not None:
        lines += make_caption_lines(label or f"Figure {index + 1}.", caption, 72, 408)
    images = [
        make_image(box, order=n, image_key=f"{index:012x}{n:012x}") for n, box in enumerate(boxes)
    ]
    return make_page(index, lines=lines, images=images, **fields)


def facts_of(pages: Sequence[Page], figure_id: str = "p0001-f1") -> PairFacts:
    facts = align_book(pages, FiguresConfig()).facts[figure_id]
    assert isinstance(facts, PairFacts)
    return facts


def lone_facts_of(pages: Sequence[Page], figure_id: str) -> LoneFacts:
    facts = align_book(pages, FiguresConfig()).facts[figure_id]
    assert isinstance(facts, LoneFacts)
    return facts


PLAIN = [figure_page(index) for index in range(4)]


def test_a_plain_pair_has_nothing_against_it() -> None:
    facts = facts_of(PLAIN)
    assert (facts.side, facts.order, facts.labeled, facts.repeated) == (
        "below",
        "follows",
        True,
        False,
    )
    assert facts.gap_pt == pytest.approx(8.0, abs=0.5)
    assert (facts.spare_pictures, facts.spare_captions, facts.blocked_words) == (0, 0, 0)
    assert not facts.unfinished and not facts.scanned
    assert facts.style_share == 1.0
    assert facts.words == 8


def test_a_number_out_of_order_is_known() -> None:
    pages = [figure_page(0), figure_page(1, label="Figure 3."), figure_page(2, label="Figure 2.")]
    assert facts_of([*pages, figure_page(3)]).order == "broken"


def test_the_same_number_twice_is_known() -> None:
    assert facts_of([*PLAIN[:3], figure_page(3, label="Figure 2.")]).repeated


def test_a_caption_that_breaks_off_stands_out_in_a_book_where_the_others_end() -> None:
    cut = figure_page(1, "A plaque on the")
    assert facts_of([PLAIN[0], cut, *PLAIN[2:]]).unfinished
    openly = [figure_page(index, "A plaque on the forearm") for index in range(4)]
    assert not facts_of(openly).unfinished


@pytest.mark.parametrize(
    ("page", "mention"), [(0, "near"), (3, "near"), (5, "none"), (11, "far"), (None, "none")]
)
def test_references_in_running_text_are_found(page: int | None, mention: str) -> None:
    text = make_line("It begins at the margin (Fig. 2) and spreads over weeks.", 72, 700)
    pages = [figure_page(index, extra=[text] if index == page else []) for index in range(12)]
    assert facts_of(pages).mention == mention


def test_a_picture_close_by_that_is_not_of_the_figure_is_known() -> None:
    facts = facts_of(PLAIN)
    assert facts.apart_pt == 100.0
    boxes = (BOX, (72, 60, 332, 130))
    extra = make_caption_lines("Figure 9.", "Another plaque on the forearm.", 72, 138)
    near = facts_of([PLAIN[0], figure_page(1, boxes=boxes, extra=extra), *PLAIN[2:]], "p0001-f2")
    assert near.apart_pt == pytest.approx(70.0, abs=1.0)


def test_gaps_between_the_pictures_of_a_figure_are_known() -> None:
    boxes = ((72, 200, 192, 400), (212, 200, 332, 400))
    facts = facts_of([PLAIN[0], figure_page(1, boxes=boxes), *PLAIN[2:]])
    assert (facts.pictures, facts.loose_pt) == (2, 20.0)


def test_single_halves_know_what_else_is_left_over() -> None:
    pages = [PLAIN[0], figure_page(1, None), *PLAIN[2:]]
    facts = lone_facts_of(pages, "p0001-f1")
    assert (facts.half, facts.spare_here, facts.spare_beside) == ("picture", 0, 0)
    assert facts.captioned_share == 0.75
    alone = lone_facts_of([PLAIN[0], figure_page(1, boxes=()), *PLAIN[2:]], "p0001-c1")
    assert (alone.half, alone.words, alone.repeated) == ("caption", 8, False)


def test_only_a_pair_has_the_facts_of_one() -> None:
    finder = FactFinder(build_layout(PLAIN), {}, Profile(), [])
    with pytest.raises(ValueError, match="paired"):
        finder.of_pair("p0000-f1", Group(0, []))
