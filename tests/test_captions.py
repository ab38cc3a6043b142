"""Captions are found whole, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from builders import (
    make_body,
    make_caption_lines,
    make_line,
    make_lines,
    make_page,
    make_path,
    make_span,
    turn_line,
)
from mmskin_build.figures.captions import CaptionBlock, find_captions, join_lines
from mmskin_build.figures.layout import build_layout
from mmskin_build.geometry import Bbox
from mmskin_build.records import Line, Page, Span

PICTURE = Bbox(72, 200, 372, 400)


def find(*pages: Page, pictures: dict[int, list[Bbox]] | None = None) -> list[CaptionBlock]:
    obstacles = {page.page_index: [] for page in pages} | (pictures or {})
    return find_captions(build_layout(pages), obstacles)


def find_on_page(*lines: Line, body: bool = True) -> list[CaptionBlock]:
    return find(make_page(0, lines=(*lines, *(make_body() if body else ()))))


def texts(blocks: list[CaptionBlock]) -> list[tuple[str | None, str]]:
    return [(block.label.text if block.label else None, block.text) for block in blocks]


# ------------------------------------------------------------------------------ whole captions


def test_a_bold_label_and_plain_words_are_a_caption() -> None:
    (block,) = find_on_page(*make_caption_lines("Figure 1.2", "Plaques of the elbow."))
    assert block.label is not None
    assert (block.label.text, block.text) == ("Figure 1.2", "Plaques of the elbow.")
    assert (block.direction, block.continued, block.page_index) == (0, False, 0)
    assert block.prior > 0.7


@pytest.mark.parametrize("bold", [True, False])
@pytest.mark.parametrize("label", ["Figure 3.", "Fig. 3-4:", "FIGURE 7.", "Abb. 3:", "Plate IV."])
def test_labels_of_many_books_head_captions(label: str, bold: bool) -> None:
    lines = make_caption_lines(label, "Plaques of the elbow.", bold_label=bold)
    assert texts(find_on_page(*lines)) == [(label.rstrip(".:"), "Plaques of the elbow.")]


def test_all_lines_of_a_caption_belong_to_it() -> None:
    text = "Plaques of the elbow with\nsilvery scales and sharp\nborders, before treatment."
    lines = make_caption_lines("Figure 1.2", text)
    (block,) = find_on_page(*lines)
    assert block.text == text.replace("\n", " ")
    assert all(block.bbox.contains(line.bbox, 0.1) for line in lines)
    assert block.bbox.y1 == pytest.approx(lines[-1].bbox.y1)


def test_a_label_alone_on_its_line_heads_what_follows() -> None:
    lines = make_caption_lines("Figure 1.2", "\nPlaques of the elbow with\nsilvery scales.")
    assert texts(find_on_page(*lines)) == [
        ("Figure 1.2", "Plaques of the elbow with silvery scales.")
    ]


def test_the_parts_that_a_caption_names_are_counted() -> None:
    lines = make_caption_lines("Figure 1.2", "Lichen. (a) Papules.\n(b, c) Plaques.")
    (block,) = find_on_page(*lines)
    assert block.part_count == 3


def test_running_text_in_another_style_ends_a_caption() -> None:
    caption = make_caption_lines("Figure 1.2", "Plaques of the elbow with\nsilvery scales.")
    body = make_body(y0=caption[-1].bbox.y1 + 2, block=1)
    (block,) = find(make_page(0, lines=(*caption, *body)))
    assert block.text == "Plaques of the elbow with silvery scales."


def test_running_text_in_the_same_style_ends_a_caption_at_the_gap() -> None:
    caption = make_caption_lines(
        "Figure 1.2.",
        "Plaques of the elbow with\nsilvery scales.",
        font="Times-Roman",
        size_pt=10.0,
    )
    body = make_body(y0=caption[-1].bbox.y1 + 9)
    (block,) = find(make_page(0, lines=(*caption, *body)))
    assert block.text == "Plaques of the elbow with silvery scales."


def test_a_picture_ends_a_caption() -> None:
    above = make_caption_lines("Figure 1.2", "Plaques of the elbow.", y0=188.0)
    below = make_lines("Plaques of the knee.", 72, 402, size_pt=8, font="Helvetica")
    page = make_page(0, lines=(*above, *below, *make_body()))
    (block,) = find(page, pictures={0: [PICTURE]})
    assert block.text == "Plaques of the elbow."


def test_the_next_caption_ends_a_caption() -> None:
    first = make_caption_lines("Figure 1.2", "Plaques of the elbow.")
    second = make_caption_lines("Figure 1.3", "Plaques of the knee.", y0=419.0)
    alone = make_caption_lines("Figure 1.1", "Plaques of the hand.")
    pages = [
        make_page(n, lines=(*lines, *make_body()))
        for n, lines in enumerate([alone, (*first, *second)])
    ]
    assert texts(find(*pages)) == [
        ("Figure 1.1", "Plaques of the hand."),
        ("Figure 1.2", "Plaques of the elbow."),
        ("Figure 1.3", "Plaques of the knee."),
    ]


def test_a_table_ends_a_caption() -> None:
    caption = make_caption_lines("Figure 1.2", "Plaques of the elbow.")
    table = make_caption_lines("Table 1.1", "Drugs.", y0=419.0)
    assert texts(find_on_page(*caption, *table)) == [("Figure 1.2", "Plaques of the elbow.")]


def test_captions_side_by_side_do_not_mix() -> None:
    left = make_caption_lines("Figure 1.2", "Plaques of the elbow with\nsilvery scales.")
    right = make_caption_lines("Figure 1.3", "Papules of the knee with\nviolet borders.", x0=320)
    page = [line for pair in zip(left, right, strict=True) for line in pair]
    assert texts(find_on_page(*page)) == [
        ("Figure 1.2", "Plaques of the elbow with silvery scales."),
        ("Figure 1.3", "Papules of the knee with violet borders."),
    ]


def test_captions_that_run_on_in_one_paragraph_are_told_apart_at_their_labels() -> None:
    def words(text: str, x0: float, y0: float, bold: bool = False) -> Span:
        box = (x0, y0, x0 + 4.0 * len(text), y0 + 9.6)
        font = "Helvetica-Bold" if bold else "Helvetica"
        return make_span(text, box, font=font, size_pt=8.0, bold=bold)

    first = (
        words("Fig. 4 ", 72, 408, True),
        words("Plaques of the elbow (see Fig. 5). ", 100, 408),
        words("Fig. 5 ", 240, 408, True),
        words("Papules of the", 268, 408),
    )
    second = (
        words("knee. Compare Fig. 6 and ", 72, 418),
        words("Fig. 6", 172, 418, True),
        words(". ", 196, 418),
        words("Fig. 6 ", 204, 418, True),
        words("Scars.", 232, 418),
    )
    lines = [make_line(spans=spans, block=1) for spans in (first, second)]
    assert texts(find_on_page(*lines)) == [
        ("Fig. 4", "Plaques of the elbow (see Fig. 5)."),
        ("Fig. 5", "Papules of the knee. Compare Fig. 6 and Fig. 6."),
        ("Fig. 6", "Scars."),
    ]


@pytest.mark.parametrize(
    ("sign", "font"),
    [("\u25b2", "DejaVuSans"), ("\u25c0", "Arial"), ("\uf06e", "Wingdings"), ("n", "ZapfDingbats")],
)
def test_a_sign_that_points_from_a_label_to_its_picture_is_no_word(sign: str, font: str) -> None:
    (line,) = make_caption_lines("Fig. 4", "Plaques of the elbow.", x0=82)
    pointer = make_span(f"{sign} ", (72, 408, 82, 417.6), font=font, size_pt=8.0)
    label, words = line.spans
    for spans in ((pointer, label, words), (pointer, label, pointer, words)):
        lines = [make_line(spans=spans, block=1)]
        assert texts(find_on_page(*lines)) == [("Fig. 4", "Plaques of the elbow.")]


def test_a_label_may_be_broken_at_the_end_of_a_line_inside_a_paragraph_of_captions() -> None:
    words = ["Fig. 4. Plaques of the elbow. Fig. 5. Papules. Fig.", "6. Scars of Fig. 7. All."]
    lines = [
        make_line(text, 72, 408 + 10 * n, font="Times-Italic", size_pt=8.5, block=1)
        for n, text in enumerate(words)
    ]
    assert texts(find_on_page(*lines)) == [
        ("Fig. 4", "Plaques of the elbow."),
        ("Fig. 5", "Papules."),
        ("Fig. 6", "Scars of Fig. 7. All."),
    ]


def test_words_that_hang_beside_the_label_of_a_neighbor_are_no_second_column() -> None:
    small = {"size_pt": 8.0, "font": "Helvetica"}
    lines = []
    for number, x0 in enumerate((72, 332), start=1):
        words = ["Plaques of the", "elbow with scales", "and borders."]
        label = make_line(f"Figure 33.{number}", x0, 408.5, block=2 * number, **small)
        hanging = [
            make_line(t, x0 + 66, 408 + 10 * n, block=2 * number, **small)
            for n, t in enumerate(words)
        ]
        lines += [*hanging, label] if number == 2 else [label, *hanging]
    pictures = [Bbox(72, 200, 322, 400), Bbox(332, 200, 582, 400)]
    found = find(make_page(0, lines=(*lines, *make_body())), pictures={0: pictures})
    assert texts(found) == [
        ("Figure 33.1", "Plaques of the elbow with scales and borders."),
        ("Figure 33.2", "Plaques of the elbow with scales and borders."),
    ]


def test_a_label_may_stand_on_two_lines_beside_its_words() -> None:
    bold = {"size_pt": 8.0, "font": "Helvetica-Bold", "bold": True, "block": 1}
    label = [make_line("FIGURE", 72, 408, **bold), make_line("12.3", 72, 418, **bold)]
    words = ["Plaques of the elbow", "with silvery scales."]
    beside = [
        make_line(text, 120, 408 + 10 * n, size_pt=8.0, font="Helvetica", block=2)
        for n, text in enumerate(words)
    ]
    page = make_page(0, lines=(*label, *beside, *make_body()))
    (block,) = find(page, pictures={0: [PICTURE]})
    assert texts([block]) == [("FIGURE 12.3", "Plaques of the elbow with silvery scales.")]


def test_a_recognized_sentence_about_a_figure_is_no_caption_whatever_its_size() -> None:
    said = make_line("FIG 9-2 and the text above show", 72, 408, font="ocr", size_pt=8.0, bold=True)
    page = make_page(0, lines=(said, *make_body()), text_source="ocr")
    assert find(page) == []


@pytest.mark.parametrize("misread", ["<q", ")", "4", "<<", "mu"])
def test_a_pointer_that_a_recognizer_took_for_letters_is_no_word(misread: str) -> None:
    line = make_line(f"{misread} Fig. 4 Plaques of the elbow.", 72, 408, font="ocr", size_pt=8.0)
    page = make_page(0, lines=(line, *make_body()), text_source="ocr")
    assert texts(find(page)) == [("Fig. 4", "Plaques of the elbow.")]


def test_recognized_labels_without_a_mark_head_captions_in_a_book_of_captions_alone() -> None:
    words = ["Fig. 4 Plaques of the elbow with", "silvery scales and sharp", "borders."]
    lines = [make_line(text, 72, 408 + 10 * n, font="ocr") for n, text in enumerate(words)]
    said = make_line("Fig. 4 shows a typical case of", 72, 480, font="ocr")
    (block,) = find(make_page(0, lines=(*lines, said), text_source="ocr"))
    assert texts([block]) == [
        ("Fig. 4", "Plaques of the elbow with silvery scales and sharp borders.")
    ]


def test_recognized_captions_set_tightly_below_one_another_are_told_apart() -> None:
    words = ["Fig. 4 Plaques of the", "elbow.", "Fig. 5 Papules of", "the knee."]
    lines = [
        make_line(text, 72, 408 + 10 * n, font="ocr", size_pt=8.0, block=1)
        for n, text in enumerate(words)
    ]
    page = make_page(0, lines=(*lines, *make_body()), text_source="ocr")
    assert texts(find(page)) == [
        ("Fig. 4", "Plaques of the elbow."),
        ("Fig. 5", "Papules of the knee."),
    ]


def test_a_caption_may_hang_in_a_column_beside_its_label() -> None:
    small = {"size_pt": 8.0, "font": "Helvetica"}
    words = ["Plaques of the elbow", "with silvery scales", "and borders."]
    label = make_line("Figure 33.2", 72, 408, block=1, **small)
    hanging = [make_line(t, 146, 408 + 10 * n, block=2, **small) for n, t in enumerate(words)]
    beside = make_body(x0=390, y0=408, rows=6, columns=30)
    page = make_page(0, lines=(label, *hanging, *beside, *make_body()))
    (block,) = find(page, pictures={0: [PICTURE]})
    assert texts([block]) == [
        ("Figure 33.2", "Plaques of the elbow with silvery scales and borders.")
    ]


def test_a_caption_goes_on_in_the_next_column() -> None:
    foot = make_caption_lines("Figure 1.2", "Plaques of the elbow with\nsilvery scales and", y0=700)
    head = make_lines("sharp borders, before\ntreatment.", 320, 60, size_pt=8, font="Helvetica")
    left = make_body(columns=40, y0=400)
    right = make_body(x0=320, columns=40, y0=120, block=9)
    (block,) = find(make_page(0, lines=(*left, *foot, *head, *right)))
    assert block.text == (
        "Plaques of the elbow with silvery scales and sharp borders, before treatment."
    )
    assert block.bbox.x1 < 320  # the box is that of its own column


@pytest.mark.parametrize("direction", [90, 180, 270])
def test_a_turned_caption_is_read_along_its_own_lines(direction: int) -> None:
    upright = make_caption_lines("Figure 1.2", "Plaques of the elbow with\nsilvery scales.")
    turned = [turn_line(line, direction) for line in upright]
    (block,) = find(make_page(0, lines=(*make_body(), *turned)))
    assert block.text == "Plaques of the elbow with silvery scales."
    assert block.direction == direction
    assert all(block.bbox.contains(line.bbox, 0.1) for line in turned)
    assert block.bbox.area < 1.5 * sum(line.bbox.area for line in turned)
    assert Bbox(0, 0, 612, 792).contains(block.bbox)


def test_one_figure_may_say_that_it_is_continued() -> None:
    first = make_page(0, lines=(*make_caption_lines("Figure 1.2", "Plaques."), *make_body()))
    lines = make_caption_lines("Figure 1.2", "(continued) Plaques of the knee.")
    blocks = find(first, make_page(1, lines=(*lines, *make_body())))
    assert [(block.text, block.continued) for block in blocks] == [
        ("Plaques.", False),
        ("Plaques of the knee.", True),
    ]


# ------------------------------------------------------------------------------ no captions


@pytest.mark.parametrize(
    "sentence",
    [
        "Figure 3 shows a typical plaque with silvery scales and a sharp border.",
        "Figure 3 demonstrates that plaques may persist for many years in adults.",
        "Fig. 3 and the text above explain how such lesions come about in time.",
        "Figure 3, in which the plaque is larger, was taken two years afterwards.",
        "Figure 3) and clear up within weeks when they are treated with steroids.",
        "Figures 3 and 4 are discussed below together with the other examples.",
    ],
)
def test_a_sentence_about_a_figure_is_no_caption(sentence: str) -> None:
    body = make_body(y0=300, rows=4)
    line = make_line(sentence, 72, 348, block=8)
    rest = make_body(y0=360, rows=8)
    assert find(make_page(0, lines=(*body, line, *rest))) == []


def test_a_sentence_about_a_figure_at_the_head_of_a_paragraph_is_no_caption() -> None:
    pages = [
        make_page(n, lines=(*make_caption_lines(f"Figure 1.{n}", "Plaques."), *make_body()))
        for n in range(1, 5)
    ]
    sentence = make_line("Figure 1.2 shows plaques of the elbow and of the knee.", 72, 100)
    page = make_page(5, lines=(sentence, *make_body(y0=112, rows=5), *make_body()))
    blocks = find(*pages, page)
    assert [block.page_index for block in blocks] == [1, 2, 3, 4]


def test_a_list_of_figures_holds_no_captions() -> None:
    entries = [
        make_line(f"Figure 1.{n} Plaques of the elbow . . . . . . . . . {n + 20}", 72, 80 + 20 * n)
        for n in range(1, 9)
    ]
    captions = [
        make_page(n, lines=(*make_caption_lines(f"Figure 1.{n}", "Plaques."), *make_body()))
        for n in range(1, 9)
    ]
    blocks = find(make_page(0, lines=entries), *captions)
    assert [block.page_index for block in blocks] == list(range(1, 9))
    assert find(make_page(0, lines=entries)) == []


def test_a_table_is_no_caption() -> None:
    assert find_on_page(*make_caption_lines("Table 1.2", "Drugs against psoriasis.")) == []


def test_a_page_without_text_has_no_captions() -> None:
    assert find(make_page(0)) == []
    assert find() == []


# ------------------------------------------------------------------------------ joined lines


def joined(text: str, words: str = "") -> str:
    layout = build_layout([make_page(0, lines=make_lines(text))])
    return join_lines(layout.pages[0].lines, frozenset(words.split()))


@pytest.mark.parametrize(
    ("printed", "words", "text"),
    [
        ("Plaques of\nthe elbow.", "", "Plaques of the elbow."),
        ("A kera-\ntotic plaque.", "keratotic", "A keratotic plaque."),
        ("A kera-\ntotic plaque.", "", "A keratotic plaque."),
        ("A well-\ndefined plaque.", "well-defined", "A well-defined plaque."),
        ("A 34-year-\nold man.", "", "A 34-year-old man."),
        ("A thresh-\nold dose.", "", "A threshold dose."),
        ("A kera\u00ad\ntotic plaque.", "", "A keratotic plaque."),
        ("A kera\u00ad\ntotic plaque.", "kera-totic", "A keratotic plaque."),
        ("A kera\u2010\ntotic plaque.", "keratotic", "A keratotic plaque."),
        ("A kerato\u00adtic plaque.", "", "A keratotic plaque."),
        ("Ages 20–\n30 years.", "", "Ages 20–30 years."),
        ("Anti-\nTNF therapy.", "", "Anti-TNF therapy."),
        ("Plaques  of\u00a0the   elbow.", "", "Plaques of the elbow."),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_goes_where_the_books_words_say_so(
    printed: str, words: str, text: str
) -> None:
    assert joined(printed, words) == text


def test_the_book_teaches_its_own_words() -> None:
    body = make_lines("All of it is well-defined and keratotic in the\nend.", 72, 560, block=8)
    text = "A kera-\ntotic, well-\ndefined plaque."
    page = make_page(0, lines=(*make_caption_lines("Figure 1.2", text), *body, *make_body(y0=600)))
    (block,) = find(page)
    assert block.text == "A keratotic, well-defined plaque."


def test_a_label_in_one_span_with_its_words_is_cut_off() -> None:
    span = make_span("Figure 1.2. Plaques.", (72, 408, 200, 418), font="Helvetica", size_pt=8)
    assert texts(find_on_page(make_line(spans=[span]))) == [("Figure 1.2", "Plaques.")]


def test_a_caption_at_the_top_of_each_page_is_no_running_head() -> None:
    """Captions that differ in their numbers alone, always at one height: an atlas."""
    pages = [
        make_page(index, lines=(make_line(f"Fig. 2.{index + 1}: Psoriasis.", y0=40), *make_body()))
        for index in range(8)
    ]
    assert [block.text for block in find(*pages)] == ["Psoriasis."] * 8


# ------------------------------------------------------------------------- layouts of publishers


SMALL = {"size_pt": 8.0, "font": "Helvetica"}


def test_the_lettering_of_an_axis_beside_a_caption_does_not_end_it() -> None:
    lines = make_caption_lines("Figure 1.2", "Plaques of the elbow\nbefore treatment.", 320, 200)
    axis = turn_line(make_line("Patients (%)", 540, 60, size_pt=7, font="Helvetica"), 90)
    assert lines[0].bbox.y0 < axis.bbox.center[1]
    assert texts(find_on_page(lines[0], axis, lines[1])) == [
        ("Figure 1.2", "Plaques of the elbow before treatment.")
    ]


def test_an_entry_in_a_list_of_two_figures_is_no_caption() -> None:
    entries = [
        make_line("Figure 1. Plaques . . . . . . . . . . . . . 2", 72, 150, **SMALL),
        make_line("Figure 2. Papules", 72, 170, **SMALL),
        make_line("3", 500, 170, **SMALL),
    ]
    real = make_caption_lines("Figure 1.", "Plaques", bold_label=False)
    found = find(make_page(0, lines=entries), make_page(1, lines=(*real, *make_body())))
    assert [(block.page_index, block.text) for block in found] == [(1, "Plaques")]


def test_a_label_line_in_larger_type_heads_the_words_below_it_beside_another_column() -> None:
    head = make_line("FIGURE 7-2", 72, 300, size_pt=9, font="Helvetica-Bold", bold=True)
    words = make_lines("Plaques of the elbow\nbefore treatment.", 72, 312, **SMALL)
    column = make_body(x0=330, y0=290, rows=8, columns=40)
    assert texts(find_on_page(head, *column, *words)) == [
        ("FIGURE 7-2", "Plaques of the elbow before treatment.")
    ]


@pytest.mark.parametrize(("letters", "taken"), [("ABC", 3), ("ADC", 1)])
def test_letters_without_a_mark_begin_parts_only_in_their_order(letters: str, taken: int) -> None:
    """Set a little apart, as paragraphs of a scanned legend beside its picture are."""
    parts = ("Rings on the cheek.", "Plaques of both palms.", "Scars of the scalp.")
    lines = [make_line("Figure 9.1 Fissures of the trunk.", y0=410, size_pt=8, font="ocr")]
    for number, (letter, words) in enumerate(zip(letters, parts, strict=True)):
        text = f"{letter} {words}"
        y0 = 421 + 17 * number
        lines.append(make_line(text, y0=y0, size_pt=8, font="ocr", block=number + 1))
    body = make_lines("\n".join(["A careful history must be taken."] * 20), y0=60, font="ocr")

    (block,) = find(make_page(0, lines=(*lines, *body), text_source="ocr"))

    assert sum(words in block.text for words in parts) == taken


def test_the_legend_of_a_plate_stands_off_under_its_centered_number() -> None:
    head = make_line("PLATE II", 180, 80, size_pt=11, font="Times-Bold", bold=True)
    first = make_line("1. Plaques of the elbow.", 90, 112, size_pt=9)
    second = make_line("2. Papules of the palms, many of them pitted.", 90, 132, size_pt=9)
    (block,) = find_on_page(head, first, second)
    assert block.text == "1. Plaques of the elbow. 2. Papules of the palms, many of them pitted."


def test_running_text_under_a_label_line_is_no_caption() -> None:
    head = make_line("Figure 3", 72, 480, size_pt=10, font="Times-Bold", bold=True)
    assert texts(find_on_page(head, *make_body(y0=508), body=False)) == [("Figure 3", "")]


def test_an_index_that_stands_apart_in_its_line_does_not_end_a_caption() -> None:
    first, second = make_caption_lines("Figure 1.2", "Levels of the factor\nin ten patients.")
    index = make_line("21", first.bbox.x1 + 1, first.bbox.y0 + 4, size_pt=5, font="Helvetica")
    assert texts(find_on_page(first, index, second)) == [
        ("Figure 1.2", "Levels of the factor 21 in ten patients.")
    ]


def test_a_caption_in_two_columns_under_a_wide_figure_is_read_down_and_across() -> None:
    wide = Bbox(72, 200, 540, 400)
    left = make_caption_lines("Figure 1.2", "Plaques of the elbow and\nof both knees, which had")
    right = make_lines("been present for years\nbefore treatment.", 320, 408, **SMALL)
    lines = (*left, *right, *make_body())
    (block,) = find(make_page(0, lines=lines), pictures={0: [wide]})
    assert block.text == (
        "Plaques of the elbow and of both knees, which had been present for years before treatment."
    )
    assert block.bbox.x1 == max(line.bbox.x1 for line in right)


def test_the_second_line_of_a_neighbors_higher_caption_is_not_the_second_column() -> None:
    pictures = [Bbox(72, 200, 282, 400), Bbox(320, 200, 540, 390)]
    left = make_caption_lines("Figure 1.2", "Plaques of the elbow\nbefore treatment.")
    right = make_caption_lines("Figure 1.3", "Papules of the palm\nafter treatment.", 320, 398)
    found = find(make_page(0, lines=(*left, *right, *make_body())), pictures={0: pictures})
    assert texts(found) == [
        ("Figure 1.2", "Plaques of the elbow before treatment."),
        ("Figure 1.3", "Papules of the palm after treatment."),
    ]


def test_a_rule_parts_a_caption_from_a_footnote_in_its_own_type() -> None:
    lines = make_caption_lines("Figure 1.2", "Plaques of the elbow.")
    note = make_line("3 By kindness of a friend.", 72, 422, block=1, **SMALL)
    rule = make_path((72, 419.5, 172, 420), shape="line", stroke=0)
    page = make_page(0, lines=(*lines, note, *make_body()), paths=[rule])
    assert texts(find(page)) == [("Figure 1.2", "Plaques of the elbow.")]
    page = make_page(0, lines=(*lines, note, *make_body()))
    assert texts(find(page)) == [("Figure 1.2", "Plaques of the elbow. 3 By kindness of a friend.")]


def test_a_caption_that_goes_on_in_the_next_column_passes_over_the_running_head() -> None:
    first = make_caption_lines("Figure 1.2", "Plaques of the elbow and of", 72, 740)
    head = make_line("Volume 3", 330, 40, **SMALL)
    rest = make_line("both knees.", 330, 72, **SMALL)
    lines = (*make_body(rows=6, columns=40), *first, head, rest)
    assert texts(find(make_page(0, lines=lines))) == [
        ("Figure 1.2", "Plaques of the elbow and of both knees.")
    ]


def test_a_running_head_is_no_rest_of_a_caption_that_ends_with_a_full_stop() -> None:
    first = make_caption_lines("Figure 1.2", "Plaques of the elbow.", 72, 740)
    head = make_line("Diseases of the skin", 330, 40, **SMALL)
    lines = (*make_body(rows=6, columns=40), *first, head)
    assert texts(find(make_page(0, lines=lines))) == [("Figure 1.2", "Plaques of the elbow.")]


def test_a_caption_printed_again_in_another_language_is_one_with_both() -> None:
    first = make_caption_lines("Figura 2.", "Placas del codo\nantes del tratamiento.")
    second = make_caption_lines("Figure 2.", "Plaques of the elbow.", y0=432, block=2)
    assert texts(find_on_page(*first, *second)) == [
        ("Figura 2", "Placas del codo antes del tratamiento. Figure 2. Plaques of the elbow.")
    ]


def test_the_numbers_along_the_axes_of_charts_make_no_list_of_figures() -> None:
    captions = [
        make_caption_lines(f"Figure {n}.", "Course of the disease.", 72, 100 + 100 * n)
        for n in range(1, 5)
    ]
    axes = [make_line("2   4   6", 300, 90 + 100 * n, size_pt=5) for n in range(1, 5)]
    lines = [line for part in captions for line in part]
    assert len(find_on_page(*lines, *axes)) == 4


def test_a_bold_title_heads_a_legend_in_smaller_type() -> None:
    title = make_lines("FIGURE 1: Plaques", 72, 408, size_pt=9, font="Helvetica-Bold", bold=True)
    legend = make_lines("They had been there\nfor years.", 72, 421, size_pt=8, font="Helvetica")
    assert texts(find_on_page(*title, *legend)) == [
        ("FIGURE 1", "Plaques They had been there for years.")
    ]


def test_words_behind_the_letters_of_panels_are_no_legend_of_the_title_above_them() -> None:
    title = make_lines("FIGURE 1: Plaques", 72, 408, size_pt=9, font="Helvetica-Bold", bold=True)
    heads = (
        make_line("A Before treatment", 72, 421, size_pt=8, font="Helvetica"),
        make_line("B After a month", 300, 421, size_pt=8, font="Helvetica"),
    )
    assert texts(find_on_page(*title, *heads)) == [("FIGURE 1", "Plaques")]


def test_a_credit_under_a_bold_title_is_no_legend() -> None:
    title = make_lines("FIGURE 1: Plaques", 72, 408, size_pt=9, font="Helvetica-Bold", bold=True)
    credit = make_lines("Courtesy of M. Hale.", 72, 421, size_pt=8, font="Helvetica")
    assert texts(find_on_page(*title, *credit)) == [("FIGURE 1", "Plaques")]


def test_centered_lines_in_the_type_of_running_text_are_one_caption() -> None:
    """Each centered line is a block of its own, and a sentence may end with it."""
    lines = [
        make_line("Figure 1.2. Plaques of the elbow.", 100, 408, block=90),
        make_line("Silvery scales.", 140, 419.5, block=91),
    ]
    middle = lines[0].bbox.center[0] - lines[1].bbox.width / 2
    lines[1] = make_line("Silvery scales.", middle, 419.5, block=91)
    body = make_body(y0=431, block=92)
    assert texts(find(make_page(0, lines=(*lines, *body)))) == [
        ("Figure 1.2", "Plaques of the elbow. Silvery scales.")
    ]


@pytest.mark.parametrize(("end", "taken"), [("sharp borders in a man", True), ("skin", False)])
def test_a_sentence_that_ends_with_its_full_line_does_not_end_a_caption(
    end: str, taken: bool
) -> None:
    """Lines set far apart are blocks of their own; an end with room for a word is an end."""
    first = f"Figure 1.2. Plaques of both elbows with silvery scales and {end}."
    lines = [make_line(first, 72, 408, block=90), make_line("Treatment helped.", 72, 423, block=91)]
    (found,) = find(make_page(0, lines=(*lines, *make_body(y0=520, block=94))))
    assert found.text.endswith("Treatment helped.") is taken


@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 3, 2)])
def test_captions_in_the_only_type_of_a_handout_are_known_by_their_growing_numbers(
    numbers: tuple[int, ...],
) -> None:
    pages = [
        make_page(n, lines=[make_line(f"Fig. {number} Plaques of the elbow", 72, 408)])
        for n, number in enumerate(numbers)
    ]
    assert len(find(*pages)) == (3 if numbers == (1, 2, 3) else 0)


def test_a_caption_set_as_wide_apart_as_the_running_text_is_whole() -> None:
    text = "Figure 1.2. Plaques of both elbows with silvery scales and sharp borders in a boy"
    lines = [
        make_line(line, 72, 408 + 19 * n, block=90 + n)
        for n, line in enumerate([text, "who was treated with tar.", "Other words in a paragraph."])
    ]
    body = [line for n in range(8) for line in make_body(y0=500 + 19 * n, rows=1, block=n)]
    (found,) = find(make_page(0, lines=(*lines, *body)))
    assert found.text.endswith("in a boy who was treated with tar.")


def test_words_of_a_justified_line_that_stand_far_apart_are_all_read() -> None:
    """As in a narrow column without hyphens."""
    first = make_line("Figure 1.2. Plaques of the elbow in a man aged", 72, 408, block=90, **SMALL)
    words = [make_line(w, x, 418, block=90, **SMALL) for w, x in (("29.", 72), ("Culture", 150))]
    last = make_line("grew nothing.", 72, 428, block=90, **SMALL)
    (found,) = find_on_page(first, *words, last)
    assert found.text == "Plaques of the elbow in a man aged 29. Culture grew nothing."


def test_captions_on_one_line_hardly_apart_are_two() -> None:
    left = make_line("Figure 1.2 Plaques", 72, 408, block=90, **SMALL)
    right = make_line("Figure 1.3 Papules", left.bbox.x1 + 14, 408, block=90, **SMALL)
    assert texts(find_on_page(left, right)) == [
        ("Figure 1.2", "Plaques"),
        ("Figure 1.3", "Papules"),
    ]
