"""Each panel gets its letter and its own words, or none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_figure, make_line, make_page
from mmskin_build.figures.layout import build_layout
from mmskin_build.figures.panels import (
    bind_panels,
    find_letters,
    letters_beside,
    named_letters,
    part_count,
)
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, Line, Overlay, Panel

# ------------------------------------------------------------------------------ what captions name


@pytest.mark.parametrize(
    ("caption", "count", "letters"),
    [
        ("(a) Papules. (b) Plaques.", 2, ("a", "b")),
        ("Left: Papules. Right: Plaques.", 2, ()),
        ("Top row: Papules. Bottom row: Plaques.", 0, ()),
        ("Plaques of the elbow.", 0, ()),
    ],
)
def test_panels_that_a_caption_names(caption: str, count: int, letters: tuple[str, ...]) -> None:
    assert part_count(caption) == count
    assert named_letters(caption) == letters


# ------------------------------------------------------------------------------ printed letters


def letters_at(*marks: tuple[str, float, float]) -> dict[int, str]:
    lines: list[Line] = [
        make_line(text, x, y, size_pt=7, block=n) for n, (text, x, y) in enumerate(marks)
    ]
    layout = build_layout([make_page(0, lines=lines)])
    return find_letters([Bbox(72, 200, 272, 350), Bbox(300, 200, 500, 350)], layout.pages[0].lines)


@pytest.mark.parametrize(
    "marks",
    [
        [("A", 76, 204), ("B", 304, 204)],
        [("(a)", 165, 353), ("(b)", 395, 353)],
        [("a)", 165, 190), ("b)", 395, 190)],
        [("a.", 62, 204), ("b.", 290, 204)],
        [("[b]", 304, 338), ("[a]", 76, 338)],
    ],
    ids=["in a corner", "below", "above", "beside", "written in any order"],
)
def test_a_letter_belongs_to_the_nearest_picture(marks: list[tuple[str, float, float]]) -> None:
    assert letters_at(*marks) == {0: "a", 1: "b"}


def test_letters_of_one_line_are_told_apart() -> None:
    assert letters_at(("(a)" + " " * 60 + "(b)", 165, 353)) == {0: "a", 1: "b"}


def test_letters_beside_pictures_of_several_panels_stand_at_one_place() -> None:
    lines = [
        make_line("(a)" + " " * 30 + "(b)", 120, 353, size_pt=7, block=0),
        make_line("c", 395, 353, size_pt=7, block=1),
        make_line("d", 310, 204, size_pt=7, block=2),  # over a picture, not beside it
        make_line("x", 420, 353, size_pt=7, block=3),  # no letter of the caption
    ]
    boxes = [Bbox(72, 200, 272, 350), Bbox(300, 200, 500, 350)]
    found = letters_beside(boxes, lines, ["a", "b", "c", "d"])
    assert [[letter for letter, _ in own] for own in found] == [["a", "b"], ["c"]]


def test_a_key_of_letters_beside_a_picture_names_no_panels() -> None:
    lines = [make_line(letter, 55, 210 + 12 * n, block=n) for n, letter in enumerate("abc")]
    assert letters_beside([Bbox(72, 200, 272, 350)], lines, ["a", "b", "c"]) == ((),)


def test_words_and_far_letters_are_no_panel_letters() -> None:
    assert letters_at(("Ab", 76, 204), ("a", 76, 500), ("scale bar", 300, 353)) == {}


# ------------------------------------------------------------------------------ words to panels

ROW = ((72, 100, 172, 200), (182, 100, 282, 200), (292, 100, 392, 200))
SQUARE = ((72, 100, 172, 200), (182, 100, 282, 200), (72, 210, 172, 310), (182, 210, 282, 310))
TALL = ((72, 100, 172, 310), (182, 100, 282, 200), (182, 210, 282, 310))
INSET = ((72, 100, 372, 310), (82, 110, 142, 170))
ABC = "Lichen. (a) Papules. (b) Plaques. (c) Erosions."
ABCD = "Lichen. (a) Papules. (b) Plaques. (c) Erosions. (d) Crusts."
AB = "Lichen. (a) Papules. (b) Plaques."


def figure(
    caption: str, boxes: Sequence[tuple[float, ...]], printed: Sequence[str | None] = ()
) -> Figure:
    labels = [*printed, *([None] * (len(boxes) - len(printed)))]
    panels = tuple(
        Panel(bbox=Bbox(*box), label=label) for box, label in zip(boxes, labels, strict=True)
    )
    return make_figure(caption=caption, panels=panels)


def bound(*args: object) -> list[tuple[str | None, str | None]]:
    return [(panel.label, panel.text) for panel in bind_panels(figure(*args)).panels]  # type: ignore[arg-type]


def test_panels_in_a_row_take_their_words_in_order() -> None:
    assert bound(ABC, ROW) == [("a", "Papules"), ("b", "Plaques"), ("c", "Erosions")]


def test_printed_letters_win_over_the_order() -> None:
    assert bound(ABC, ROW, ["c", "a", "b"]) == [
        ("c", "Erosions"),
        ("a", "Papules"),
        ("b", "Plaques"),
    ]


def test_one_missing_letter_is_the_one_that_is_left() -> None:
    assert bound(ABC, ROW, ["b", None, "a"]) == [
        ("b", "Plaques"),
        ("c", "Erosions"),
        ("a", "Papules"),
    ]


def test_letters_may_run_column_by_column() -> None:
    assert [label for label, _ in bound(ABCD, SQUARE, ["a", "c", None, "d"])] == [
        "a",
        "c",
        "b",
        "d",
    ]


def test_a_letter_that_the_page_prints_over_its_panel_counts() -> None:
    overlays = [
        (Overlay(kind="text", bbox=Bbox(74, 102, 80, 110), text=text),) for text in ("B", "A")
    ]
    panels = tuple(
        Panel(bbox=Bbox(*box), overlays=over) for box, over in zip(ROW, overlays, strict=False)
    )
    done = bind_panels(make_figure(caption=AB, panels=panels))
    assert [(panel.label, panel.text) for panel in done.panels] == [
        ("b", "Plaques"),
        ("a", "Papules"),
    ]


def test_shared_words_go_to_each_panel_that_they_name() -> None:
    assert bound("(a) Papules. (b, c) Plaques.", ROW) == [
        ("a", "Papules"),
        ("b", "Plaques"),
        ("c", "Plaques"),
    ]


@pytest.mark.parametrize(
    ("caption", "boxes", "printed"),
    [
        (ABCD, ROW, ()),  # four parts, three panels
        (AB, ROW, ()),  # two parts, three panels
        (ABC, ROW, ("b", "b", None)),  # one letter twice
        (ABC, ROW[:2], ("a", "c")),  # one of them shows b, too
        (ABC, ROW, ("c", None, None)),  # no order of the panels begins with c
        (ABC, TALL, ()),  # a tall panel beside two: no order is certain
        (AB, INSET, ()),
        ("Left: Papules. Right: Plaques.", SQUARE[::2], ()),  # one above the other
    ],
)
def test_where_letters_panels_and_words_disagree_no_panel_gets_words(
    caption: str, boxes: Sequence[tuple[float, ...]], printed: Sequence[str | None]
) -> None:
    done = bind_panels(figure(caption, boxes, printed))
    assert "panels_disagree" in done.flags
    assert all(panel.text is None for panel in done.panels)


def test_panels_edge_to_edge_take_words_in_order_only_where_they_are_a_regular_grid() -> None:
    caption = "(a) Papules. (b) Plaques. (c) Erosions. (d) Crusts."
    grid = [(x, y, x + 100.0, y + 80.0) for y in (0.0, 80.0) for x in (0.0, 100.0)]
    words = ["Papules", "Plaques", "Erosions", "Crusts"]
    assert [text for _, text in bound(caption, grid)] == words
    uneven = [(0, 0, 60, 80), (60, 0, 200, 80), (0, 80, 100, 160), (100, 80, 200, 160)]
    done = bind_panels(figure(caption, [tuple(map(float, box)) for box in uneven]))
    assert "panels_disagree" in done.flags


def test_letters_that_were_read_keep_their_words_though_one_panel_is_missing() -> None:
    done = bind_panels(figure(ABCD, ROW, ("a", "b", None)))
    assert "panels_disagree" in done.flags
    assert [panel.text for panel in done.panels] == ["Papules", "Plaques", None]


def test_a_caption_without_parts_leaves_its_panels_alone() -> None:
    done = bind_panels(figure("Plaques of the elbow.", ROW))
    assert done.flags == ()
    assert [(panel.label, panel.text) for panel in done.panels] == [(None, None)] * 3


def test_a_panel_named_alone_gets_its_words_where_its_letter_is_printed() -> None:
    caption = "Nodule of the wall, with marked uptake of contrast medium (c)."
    done = bind_panels(figure(caption, ROW, ("a", "b", "c")))
    words = [None, None, "with marked uptake of contrast medium"]
    assert [panel.text for panel in done.panels] == words


def test_a_figure_of_one_picture_takes_no_part_of_its_caption() -> None:
    assert bound(AB, ROW[:1]) == [(None, None)]


@pytest.mark.parametrize(
    ("caption", "boxes", "words"),
    [
        ("Left: Papules. Right: Plaques.", ROW[:2], ["Papules", "Plaques"]),
        ("Papules (right), plaques (left).", ROW[:2], ["plaques", "Papules"]),
        ("Top: Papules. Bottom: Plaques.", SQUARE[::2], ["Papules", "Plaques"]),
        (
            "Left: Papules. Center: Plaques. Right: Erosions.",
            ROW,
            ["Papules", "Plaques", "Erosions"],
        ),
        (
            "Top left: Papules. Top right: Plaques. Bottom left: Erosions. Bottom right: Crusts.",
            SQUARE,
            ["Papules", "Plaques", "Erosions", "Crusts"],
        ),
        (
            "Clockwise from top left: papules; plaques; erosions; crusts.",
            SQUARE,
            ["papules", "plaques", "crusts", "erosions"],
        ),
    ],
)
def test_places_name_panels(
    caption: str, boxes: Sequence[tuple[float, ...]], words: list[str]
) -> None:
    assert [text for _, text in bound(caption, boxes)] == words


boxes_anywhere = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(1, 150), st.integers(1, 150)),
    max_size=6,
).map(lambda found: [(x, y, x + w, y + h) for x, y, w, h in found])


@given(
    boxes_anywhere,
    st.lists(st.sampled_from([None, "a", "b", "c", "z"]), min_size=6, max_size=6),
    st.sampled_from(
        [
            ABC,
            ABCD,
            AB,
            "Left: Papules. Right: Plaques.",
            "Clockwise from top left: a; b.",
            "Plain.",
        ]
    ),
)
def test_binding_changes_no_place_and_gives_no_letter_twice(
    boxes: list[tuple[float, ...]], printed: list[str | None], caption: str
) -> None:
    before = figure(caption, boxes, printed[: len(boxes)])
    after = bind_panels(before)
    assert [panel.bbox for panel in after.panels] == [panel.bbox for panel in before.panels]
    if caption not in (ABC, ABCD, AB):  # "left" may mean a whole column
        return
    worded = [panel.label for panel in after.panels if panel.text]
    assert len(set(worded)) == len(worded)
    for old, new in zip(before.panels, after.panels, strict=True):
        if old.label is not None and new.text is not None:
            assert new.label == old.label
