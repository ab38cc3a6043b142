from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_figure
from mmskin_build.figures.ledger import figure_ledger, number_order, parse_numbers
from mmskin_build.records import Figure


def book(*labels: str, per_page: int = 1) -> list[Figure]:
    return [
        make_figure(f"f{place}", page_index=place // per_page, label=label)
        for place, label in enumerate(labels)
    ]


def told(figures: list[Figure]) -> list[tuple[str, str]]:
    return [(gap.kind, gap.label) for gap in figure_ledger(figures)]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Figure 12.3", [("figure", "12", 3, "")]),
        ("Fig. 3-4A", [("figure", "3", 4, "A")]),
        ("FIG. 1–2", [("figure", "1", 2, "")]),
        ("Fig.12", [("figure", "", 12, "")]),
        ("FIGURE 12 - 3", [("figure", "12", 3, "")]),
        ("Fig. 9-1.", [("figure", "9", 1, "")]),
        ("Figure 2.1.4", [("figure", "2.1", 4, "")]),
        ("Figure A.2", [("figure", "A", 2, "")]),
        ("Figure S3", [("figure S", "", 3, "")]),
        ("Figure 5a–c", [("figure", "", 5, "a–c")]),
        ("Figure 30-12 A, B", [("figure", "30", 12, "A,B")]),
        ("Plate IV", [("plate", "", 4, "")]),
        ("Figure XII", [("figure", "", 12, "")]),
        ("eFigure 2", [("efigure", "", 2, "")]),
        ("Abb. 3", [("abb", "", 3, "")]),
        ("Supplementary Figure 3", [("supplementary figure", "", 3, "")]),
        ("3.2", [("", "3", 2, "")]),
        ("Figure 3 (continued)", [("figure", "", 3, "")]),
        ("Figs. 3-5", [("figure", "", 3, ""), ("figure", "", 4, ""), ("figure", "", 5, "")]),
        ("Figures 12.3 and 12.4", [("figure", "12", 3, ""), ("figure", "12", 4, "")]),
        ("Figures 1.2–1.3", [("figure", "1", 2, ""), ("figure", "1", 3, "")]),
        ("Plate IIX", []),  # no Roman numeral
        ("Plate C", []),  # a letter, not a hundred
        ("Figure", []),
        ("", []),
    ],
)
def test_labels_are_taken_apart(label: str, expected: list[tuple[str, str, int, str]]) -> None:
    assert [(n.series, n.chapter, n.number, n.part) for n in parse_numbers(label)] == expected


def test_after_a_plural_a_dash_is_a_chapter_where_the_book_writes_chapters_so() -> None:
    assert [(n.chapter, n.number) for n in parse_numbers("Figs. 3-5", dashed_chapters=True)] == [
        ("3", 5)
    ]
    assert told(book("Fig. 3-4", "Figs. 3-5 and 3-6", "Fig. 3-7", "Fig. 3-1", "Fig. 3-2")) == [
        ("missing", "Fig. 3-3"),
        ("out_of_order", "Fig. 3-1"),
        ("out_of_order", "Fig. 3-2"),
    ]


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    for number in parse_numbers(text):
        assert number.number >= 0


def test_a_whole_book_has_an_empty_ledger() -> None:
    labels = [f"Figure {chapter}.{n}" for chapter in (1, 2, 3) for n in range(1, 12)]
    assert figure_ledger(book(*labels)) == ()


def test_a_number_never_seen_is_told_with_the_pages_to_search() -> None:
    (gap,) = figure_ledger(book("Figure 12.1", "Figure 12.2", "Figure 12.3", "Figure 12.5"))
    assert (gap.kind, gap.label) == ("missing", "Figure 12.4")
    assert gap.detail == "Figure 12.4 is never seen"
    assert (gap.page_index, gap.until_page_index) == (2, 3)
    assert gap.figure_ids == ("f2", "f3")


def test_a_longer_gap_is_one_entry() -> None:
    (gap,) = figure_ledger(book("Fig. 1", "Fig. 2", "Fig. 7"))
    assert gap.detail == "Fig. 3 to Fig. 6 are never seen"


def test_a_chapter_that_starts_late_lacks_its_first_figure() -> None:
    assert told(book("Figure 4.2", "Figure 4.3")) == [("missing", "Figure 4.1")]


def test_an_excerpt_of_a_book_may_start_high() -> None:
    assert told(book("Figure 118", "Figure 119")) == []


def test_plates_count_in_roman_numerals_and_apart_from_figures() -> None:
    labels = ["Figure 1", "Plate I", "Figure 2", "Plate II", "Plate IV", "Figure 3"]
    assert told(book(*labels)) == [("missing", "Plate III")]


def test_a_caption_whose_picture_was_not_found_still_counts_as_seen() -> None:
    figures = book("Figure 1", "Figure 3")
    figures.append(make_figure("x", status="caption_without_image", label="Figure 2"))
    assert "missing" not in {gap.kind for gap in figure_ledger(figures)}


def test_a_number_seen_twice_is_told_once_with_both_pages() -> None:
    (gap,) = figure_ledger(book("Figure 1", "Figure 2", "Figure 2", "Figure 3"))
    assert (gap.kind, gap.figure_ids) == ("duplicate", ("f1", "f2"))
    assert gap.detail == "Figure 2 is seen 2 times, on pages 2, 3 of the file"


def test_parts_and_continuations_are_no_duplicates() -> None:
    assert told(book("Fig. 1A", "Fig. 1B", "Fig. 2", "Fig. 2 (continued)", "Fig. 3")) == []


def test_a_figure_over_two_pages_with_one_caption_is_no_duplicate() -> None:
    halves = [make_figure(f"f{n}", page_index=n, caption_page_index=1) for n in (0, 1)]
    assert told(halves) == []


def test_a_figure_that_is_flagged_as_continued_is_no_duplicate() -> None:
    first, second = book("Fig. 1", "Fig. 1")
    assert told([first, replace(second, flags=("continued",))]) == []


def test_a_misplaced_figure_is_one_break_not_many() -> None:
    labels = ["Figure 1", "Figure 2", "Figure 9", "Figure 3", "Figure 4", "Figure 5"]
    labels += ["Figure 6", "Figure 7", "Figure 8", "Figure 10"]
    (gap,) = figure_ledger(book(*labels))
    assert (gap.kind, gap.label) == ("out_of_order", "Figure 9")
    assert gap.detail == "Figure 9 stands after Figure 2 and before Figure 3"


def test_a_figure_of_another_chapter_is_a_break() -> None:
    labels = ["Figure 1.1", "Figure 1.2", "Figure 3.1", "Figure 1.3", "Figure 2.1", "Figure 3.2"]
    assert ("out_of_order", "Figure 3.1") in told(book(*labels))


LEFT_TOP, RIGHT_TOP = (72, 100, 272, 300), (300, 100, 500, 300)
LEFT_BELOW, RIGHT_BELOW = (72, 400, 272, 600), (300, 400, 500, 600)
WIDE_BELOW = (72, 620, 500, 720)


@pytest.mark.parametrize(
    ("places", "breaks"),
    [
        ((LEFT_TOP, LEFT_BELOW), 0),
        ((LEFT_BELOW, LEFT_TOP), 1),
        ((LEFT_TOP, RIGHT_TOP), 0),
        ((RIGHT_TOP, LEFT_TOP), 1),
        ((RIGHT_TOP, LEFT_BELOW), 0),  # row by row
        ((LEFT_BELOW, RIGHT_TOP), 0),  # column by column
        ((LEFT_TOP, RIGHT_BELOW), 0),
        ((RIGHT_BELOW, LEFT_TOP), 1),
        ((LEFT_TOP, LEFT_BELOW, RIGHT_TOP, RIGHT_BELOW, WIDE_BELOW), 0),
        ((LEFT_TOP, RIGHT_TOP, LEFT_BELOW, RIGHT_BELOW, WIDE_BELOW), 0),
        ((LEFT_TOP, RIGHT_TOP, LEFT_BELOW, WIDE_BELOW, RIGHT_BELOW), 1),
        ((LEFT_TOP, LEFT_TOP), 0),  # one place cannot come before itself
    ],
)
def test_on_one_page_figures_go_down_and_to_the_right(
    places: tuple[tuple[int, int, int, int], ...], breaks: int
) -> None:
    figures = [
        make_figure(f"f{number}", label=f"Fig. {number}", bbox=place)
        for number, place in enumerate(places, start=1)
    ]
    assert [kind for kind, _ in told(figures)] == ["out_of_order"] * breaks


def pages_of(places: Sequence[Sequence[tuple[int, int, int, int]]]) -> list[Figure]:
    numbered = [(page, place) for page, here in enumerate(places) for place in here]
    return [
        make_figure(f"f{number}", label=f"Fig. {number}", bbox=place, page_index=page)
        for number, (page, place) in enumerate(numbered, start=1)
    ]


def test_a_book_that_goes_column_by_column_shows_where_it_does_not() -> None:
    by_columns, by_rows = (LEFT_BELOW, RIGHT_TOP), (RIGHT_TOP, LEFT_BELOW)
    assert told(pages_of([by_columns, by_rows])) == []  # two pages show no habit
    assert told(pages_of([by_rows, by_rows, by_rows, by_columns])) == []
    figures = pages_of([by_columns, by_columns, by_columns, by_rows])
    assert [kind for kind, _ in told(figures)] == ["out_of_order"]


def test_the_order_of_a_number_is_known_from_the_ones_beside_it() -> None:
    figures = book("Figure 1", "Figure 2", "Figure 3", "Figure 5", "Figure 4", "Figure 7")
    order = number_order([*figures, make_figure("alone", label="Plate 1", page_index=9)])
    assert [order[figure.figure_id] for figure in figures] == [
        "follows",
        "follows",
        "holds",  # 5 comes next
        "broken",
        "broken",
        "holds",
    ]
    assert "alone" not in order


def test_a_new_chapter_follows_the_one_before() -> None:
    figures = book("Fig. 1.1", "Fig. 1.2", "Fig. 2.1", "Fig. 2.2")
    assert set(number_order(figures).values()) == {"follows"}


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 4), st.integers(0, 4)),
        max_size=7,
    )
)
def test_any_boxes_have_an_order(places: list[tuple[int, int, int, int]]) -> None:
    figures = [
        make_figure(f"f{n}", label=f"Fig. {n}", bbox=(x, y, x + width, y + height))
        for n, (x, y, width, height) in enumerate(places, start=1)
    ]
    assert {kind for kind, _ in told(figures)} <= {"out_of_order"}


def test_numbers_that_begin_again_with_each_chapter_are_followed_chapter_by_chapter() -> None:
    assert told(book(*[f"Fig. {n}" for n in (1, 2, 3, 4, 1, 2, 4, 1, 2)])) == [
        ("missing", "Fig. 3")
    ]


def test_a_single_late_figure_one_is_a_duplicate_not_a_new_chapter() -> None:
    assert ("duplicate", "Fig. 1") in told(book("Fig. 1", "Fig. 2", "Fig. 3", "Fig. 1"))


@given(st.integers(2, 25), st.data())
def test_every_inner_gap_is_told_and_nothing_else(count: int, data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.integers(2, count - 1), max_size=count)) if count > 2 else set()
    gaps = figure_ledger(book(*[f"Figure 3.{n}" for n in range(1, count + 1) if n not in lost]))
    assert {gap.kind for gap in gaps} <= {"missing"}
    found: set[int] = set()
    for gap in gaps:
        ends = [int(part.rsplit(".", 1)[1]) for part in gap.label.split(" to ")]
        found |= set(range(ends[0], ends[-1] + 1))
    assert found == lost


@given(st.integers(3, 30), st.integers(0, 10_000))
def test_swapped_neighbors_are_flagged(count: int, seed: int) -> None:
    labels = [f"Figure 7.{n}" for n in range(1, count + 1)]
    at = random.Random(seed).randrange(count - 1)
    labels[at], labels[at + 1] = labels[at + 1], labels[at]
    (gap,) = figure_ledger(book(*labels))
    assert gap.kind == "out_of_order"
    assert gap.page_index in (at, at + 1)


@given(st.permutations(book("Fig. 1", "Fig. 2", "Fig. 2", "Fig. 4", "Fig. 7", "Fig. 3")))
def test_the_order_of_the_input_does_not_matter(figures: list[Figure]) -> None:
    assert figure_ledger(figures) == figure_ledger(
        sorted(figures, key=lambda figure: figure.page_index)
    )
