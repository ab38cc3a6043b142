"""Captions as typesetting programs and manuscripts set them: wide lines, ragged left, justified."""

from __future__ import annotations

from collections.abc import Sequence

from builders import make_body, make_line, make_lines, make_page, make_span
from mmskin_build.figures.captions import find_captions
from mmskin_build.figures.layout import build_layout
from mmskin_build.records import Line, Page

ROMAN, BOLD = "Times-Roman", "Times-Bold"
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
