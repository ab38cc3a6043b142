"""Captions as typesetting programs and manuscripts set them: wide lines, ragged left, justified."""

from __future__ import annotations

from collections.abc import Sequence

from builders import make_body, make_line, make_lines, make_page, make_span, turn_line
from mmskin_build.figures.captions import find_captions
from mmskin_build.figures.layout import build_layout
from mmskin_build.geometry import Bbox
from mmskin_build.records import Line, Page

BOLD = "Times-Bold"
PICTURE = Bbox(72, 100, 372, 390)
SENTENCE = "the course of the disease is long and relapses are seen in most patients over"


def captions_of(*pages: Page) -> list[str]:
    found = find_captions(build_layout(pages), {page.page_index: [] for page in pages})
    return [block.text for block in found]


def set_wide(texts: Sequence[str], y0: float, *, block: int) -> tuple[Line, ...]:
    """Lines at double their pitch, each a block of its own to the reader."""
    return tuple(
        make_line(text, 72, y0 + 24 * number, block=block + number)
        for number, text in enumerate(texts)
    )


def test_the_captions_of_a_manuscript_in_double_lines_are_whole() -> None:
    text = set_wide([SENTENCE] * 20, 100, block=0)
    legends = [
        "Figure 1. Plaques of the elbow with silvery scale and sharp borders in a man.",
        "The knees were affected as well, and the scalp had been for a year and more.",
        "Biopsy.",
        "Figure 2. Annular lesions of the trunk in a child of six, which had come within",
        "three days.",
    ]
    lines = (*set_wide(legends[:3], 100, block=0), *set_wide(legends[3:], 190, block=5))
    assert captions_of(make_page(0, lines=text), make_page(1, lines=lines)) == [
        " ".join(legends[:3]).removeprefix("Figure 1. "),
        " ".join(legends[3:]).removeprefix("Figure 2. "),
    ]


def test_a_list_of_captions_in_double_lines_goes_on_overleaf() -> None:
    text = set_wide([SENTENCE] * 20, 100, block=0)
    first = [
        "Figure 1. Plaques of the elbow with silvery scale and sharp borders in a man, in",
        "summer. Biopsy.",
        "Figure 2. Annular lesions of the trunk in a child of six, which had come within",
    ]
    second = [
        "three days. Nothing else was found.",
        "Figure 3. A nodule of the nose in a farmer of eighty, which he had had for months",
        "and more.",
    ]
    pages = (text, set_wide(first, 640, block=0), set_wide(second, 100, block=0))
    assert captions_of(*(make_page(n, lines=lines) for n, lines in enumerate(pages))) == [
        f"{first[0]} {first[1]}".removeprefix("Figure 1. "),
        f"{first[2]} {second[0]}".removeprefix("Figure 2. "),
        f"{second[1]} {second[2]}".removeprefix("Figure 3. "),
    ]


def test_text_in_double_lines_after_a_full_stop_is_no_part_of_the_caption_of_a_picture() -> None:
    captions = [
        "Figure 1. Plaques of the elbow with silvery scale and sharp borders in a man and",
        "his son.",
        "Figure 2. Annular lesions of the trunk in a child of six that had come in March.",
    ]
    text = set_wide([SENTENCE] * 10, 400 + 24, block=9)
    pages = [
        make_page(
            0, lines=(*set_wide(captions[:2], 400, block=0), *set_wide([SENTENCE], 448, block=5))
        ),
        make_page(1, lines=(*set_wide(captions[2:], 400, block=0), *text)),
    ]
    pictures = {0: [PICTURE], 1: [PICTURE]}
    found = [block.text for block in find_captions(build_layout(pages), pictures)]
    assert found[1] == captions[2].removeprefix("Figure 2. ")


def test_a_caption_in_double_lines_goes_on_after_a_full_stop_where_text_stands_off() -> None:
    captions = (
        "Figure 1. Plaques of the elbow with silvery scale and sharp borders in a grown man.",
        "His son had them as well.",
        "Figure 2. Annular lesions of the trunk in a child of six that had come in the week",
        "before.",
    )
    pages = [
        make_page(n, lines=(*set_wide(part, 400, block=0), *set_wide([SENTENCE] * 9, 484, block=5)))
        for n, part in enumerate((captions[:2], captions[2:]))
    ]
    found = find_captions(build_layout(pages), {0: [PICTURE], 1: [PICTURE]})
    assert [block.text for block in found] == [
        " ".join(captions[:2]).removeprefix("Figure 1. "),
        " ".join(captions[2:]).removeprefix("Figure 2. "),
    ]


def test_the_lines_of_a_turned_caption_are_joined_after_a_full_stop() -> None:
    first = make_line(
        "Figure 1: Plaques of both palms. They had been seen before.", 100, 500, block=1
    )
    second = make_line("The eruption had come in March.", 100, 512, block=2)
    lines = [turn_line(line, 90) for line in (first, second)]
    assert captions_of(make_page(0, lines=(*lines, *make_body()))) == [
        "Plaques of both palms. They had been seen before. The eruption had come in March."
    ]


def test_running_text_in_double_lines_is_no_part_of_a_caption_set_solid() -> None:
    caption = make_lines(
        "Figure 1. Plaques of the elbow with silvery scale and sharp borders in a\n"
        "man, before treatment was begun, and in summer.",
        block=1,
    )
    text = set_wide([SENTENCE] * 20, caption[-1].bbox.y1 + 12, block=2)
    assert captions_of(make_page(0, lines=(*caption, *text))) == [
        "Plaques of the elbow with silvery scale and sharp borders in a man, before treatment was"
        " begun, and in summer."
    ]


def test_a_label_line_heads_words_in_the_type_of_running_text() -> None:
    label = make_line("Figure 1", y0=408, font=BOLD, bold=True, block=1)
    words = make_lines("Plaques of the elbow with silvery\nscales.", y0=420, block=1)
    assert captions_of(make_page(0, lines=(label, *words, *make_body()))) == [
        "Plaques of the elbow with silvery scales."
    ]


def test_a_paragraph_below_a_label_line_is_no_caption() -> None:
    label = make_line("Figure 1", y0=408, font=BOLD, bold=True, block=1)
    text = make_body(y0=428)
    assert captions_of(make_page(0, lines=(label, *text))) == [""]


def test_a_caption_set_ragged_left_goes_on_after_a_full_stop() -> None:
    texts = ("Figure 1: Tense", "bullae on the", "forearm of a", "woman.", "They had come", "fast.")
    lines = [
        make_line(text, 172 - 5.0 * len(text), 200 + 13.0 * number, block=block)
        for number, (text, block) in enumerate(zip(texts, (1, 2, 2, 3, 4, 5), strict=True))
    ]
    assert captions_of(make_page(0, lines=(*lines, *make_body()))) == [
        "Tense bullae on the forearm of a woman. They had come fast."
    ]


def test_a_word_pushed_to_the_far_end_of_the_labels_line_is_read() -> None:
    label = make_span("Figure 5:", (72, 200, 117, 212), font=BOLD, bold=True)
    lines = (
        make_line(spans=(label,), block=1),
        make_line("Erythematous", 177, 200, block=1),
        make_line("plaques with silver scales on the", 72, 212, block=1),
        make_line("cheek in an infant.", 72, 224, block=1),
    )
    assert captions_of(make_page(0, lines=(*lines, *make_body()))) == [
        "Erythematous plaques with silver scales on the cheek in an infant."
    ]


def test_a_watermark_over_a_caption_does_not_end_it() -> None:
    caption = make_lines(
        "Figure 1: Plaques of the elbow with\nsilvery scales and sharp borders, as\nseen in May.",
        block=1,
    )
    stamp = make_line("DRAFT", 180, 113, size_pt=26, block=2)
    assert captions_of(make_page(0, lines=(*caption, stamp, *make_body()))) == [
        "Plaques of the elbow with silvery scales and sharp borders, as seen in May."
    ]


def test_a_formula_in_upright_type_is_the_last_line_of_a_caption_in_italics() -> None:
    caption = make_lines(
        "Plate IV: Plaques of the elbow. The\ndepth of the invasion had been",
        font="Times-Italic",
        italic=True,
        block=1,
    )
    formula = make_line("1.2 ± 0.3 mm.", 72, 124, block=1)
    assert captions_of(make_page(0, lines=(*caption, formula, *make_body()))) == [
        "Plaques of the elbow. The depth of the invasion had been 1.2 ± 0.3 mm."
    ]


def test_a_running_head_is_no_part_of_a_whole_caption_at_the_foot_of_a_column() -> None:
    caption = make_lines("Figure 1.2: Plaques of the elbow.", 72, 740, size_pt=8, font="Helvetica")
    head = make_line("Diseases of the nails", 330, 40, size_pt=8, font="Helvetica", block=3)
    text = make_body(x0=330, y0=80, columns=40)
    assert captions_of(make_page(0, lines=(*caption, head, *text))) == ["Plaques of the elbow."]


def test_the_pieces_of_a_turned_justified_line_are_one_line() -> None:
    pieces = [
        make_line("Figure 1: Plaques of both palms.", 100, 500, block=1),
        make_line("Note the edge.", 270, 500, block=1),
        make_line("Direct", 350, 500, block=1),
        make_line("immunofluorescence showed nothing.", 100, 512, block=2),
    ]
    lines = [turn_line(line, 90) for line in pieces]
    assert captions_of(make_page(0, lines=(*lines, *make_body()))) == [
        "Plaques of both palms. Note the edge. Direct immunofluorescence showed nothing."
    ]


def number_lines(lines: Sequence[Line], x1: float, first: int = 1) -> tuple[Line, ...]:
    """The numbers of `lines`, small and flush right at `x1`."""
    return tuple(
        make_line(str(n), x1 - 2.5 * len(str(n)), line.bbox.y0 + 3, size_pt=5, font="Helvetica")
        for n, line in enumerate(lines, start=first)
    )


def test_the_numbers_of_lines_in_the_gutter_are_no_part_of_a_caption_beside_them() -> None:
    caption = make_lines(
        "Figure 1: Plaques of the elbow with silvery scales\n"
        "and sharp borders in a man of no\ngreat age.",
        block=1,
    )
    left = make_body(y0=200, rows=20, columns=48)
    right = make_body(x0=340, y0=96, rows=30, columns=48, block=9)
    numbers = (*number_lines(left, 62), *number_lines(right, 322, first=21))
    assert captions_of(make_page(0, lines=(*caption, *left, *right, *numbers))) == [
        "Plaques of the elbow with silvery scales and sharp borders in a man of no great age."
    ]


def test_the_numbers_of_an_axis_are_no_numbers_of_lines() -> None:
    text = make_body(y0=560)
    axis = [make_line(str(n), 100, 100 + 15.0 * n, size_pt=5) for n in range(1, 20)]
    (layout,) = build_layout([make_page(0, lines=(*axis, *text))]).pages
    assert {line.text for line in layout.lines} >= {str(n) for n in range(1, 20)}


def test_captions_side_by_side_in_one_block_are_not_joined() -> None:
    left = ("Fig. 16 Livedo in the left axilla and on", "the arm of a man of seventy years or so.")
    right = ("Fig. 17 Annular lesions of the leg and", "the foot of a child.")
    lines = [
        line
        for row in range(2)
        for line in (
            make_line(left[row], 72, 400 + 10 * row, size_pt=8, block=1),
            make_line(right[row], 242, 400 + 10 * row, size_pt=8, block=1),
        )
    ]
    assert captions_of(make_page(0, lines=(*lines, *make_body()))) == [
        "Livedo in the left axilla and on the arm of a man of seventy years or so.",
        "Annular lesions of the leg and the foot of a child.",
    ]


def test_a_page_whose_lines_are_blocks_of_their_own_has_no_paragraphs() -> None:
    lines = (
        make_line("Figure 2: Plaques of both palms in a woman of sixty years.", 100, 400, block=1),
        make_line("Arrows mark the border.", 100, 412, block=2),
        make_line("Biopsy.", 300, 600, block=3),
    )
    assert captions_of(
        make_page(0, lines=lines), make_page(1, lines=make_body(rows=40, y0=90))
    ) == ["Plaques of both palms in a woman of sixty years. Arrows mark the border."]
