"""Figure labels, as the many houses print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.figures.labels import (
    CONTINUED,
    OTHER_LABEL,
    REFERENCE_TAIL,
    close_up,
    parse_label,
)

DASHES = "-‐‑–—−"


@pytest.mark.parametrize(
    ("line", "key", "letter"),
    [
        ("Figure 12.3 Plaques of the elbow.", "figure 12.3", None),
        ("Figure 12.3. Plaques of the elbow.", "figure 12.3", None),
        ("Fig. 3-4A Plaques of the scalp", "figure 3-4", "a"),
        ("Fig. 3-4a Plaques of the scalp", "figure 3-4", "a"),
        ("FIG. 1–2 Plaques", "figure 1-2", None),
        ("FIGURE 12 - 3 Plaques", "figure 12-3", None),
        ("FIGURE 7", "figure 7", None),
        ("Fig.12 Plaques", "figure 12", None),
        ("Fig 9: Plaques", "figure 9", None),
        ("Figure 4 | Plaques", "figure 4", None),
        ("Figure 2.1.4 Plaques", "figure 2.1.4", None),
        ("Figure A.2 Plaques", "figure A.2", None),
        ("Plate IV. Ulcers", "plate IV", None),
        ("PLATE 12 Ulcers", "plate 12", None),
        ("Tafel 3. Geschwüre", "plate 3", None),
        ("eFigure 2. Plaques", "efigure 2", None),
        ("e-Figure 2. Plaques", "efigure 2", None),
        ("Abb. 3 Plaques am Ellenbogen", "figure 3", None),
        ("3. ábra. Plakkok", "figure 3", None),
        ("2.1. attēls. Plāksnes", "figure 2.1", None),
        ("4 pav. Plokštelės", "figure 4", None),
        ("Abbildung 3.1: Plaques", "figure 3.1", None),
        ("Figura 2. Placas", "figure 2", None),
        ("Fig. S2. Plaques", "figure S2", None),
        ("Supplementary Figure 3. Plaques", "sfigure 3", None),
        ("图 3 斑块", "figure 3", None),
        ("图3-2 斑块", "figure 3-2", None),
        ("그림 3-2. 홍반", "figure 3-2", None),
        ("그림4 홍반", "figure 4", None),
        ("사진 4. 홍반", "photo 4", None),
        ("Hình 2. Ban", "figure 2", None),
        ("Εικόνα 3. Εξάνθημα", "figure 3", None),
        ("Фиг. 4. Обрив", "figure 4", None),
        ("figure 12.3 Plaques", "figure 12.3", None),  # small capitals that came as lower case
        ("Image 5. Plaques", "image 5", None),
        ("  Figure 5. Plaques", "figure 5", None),
        ("Figure 2: 1907 and after", "figure 2", None),
        ("Fig. 2. 45-year-old woman", "figure 2", None),
        ("Figure 3 - 2 weeks after treatment", "figure 3", None),
        ("Figure 7.—3 weeks later", "figure 7", None),
        ("Fig. 6.12-1 Plaques", "figure 6.12-1", None),
        ("Figure 3A–C. Plaques", "figure 3", None),
        ("Figure 4a, A woman", "figure 4", "a"),
        ("Bild 3.1: Plaques", "figure 3.1", None),
        ("Рис. 3. Бляшки", "figure 3", None),
        ("图4–2 斑块", "figure 4-2", None),
        ("図 3 斑", "figure 3", None),
        ("Slide 4. Plaques", "slide 4", None),
        ("Photomicrograph 3. Plaques", "photo 3", None),
        ("Lámina 3. Placas", "plate 3", None),
        ("(Fig. 2.3) Plaques", "figure 2.3", None),
        ("(Figure S2) Plaques", "figure S2", None),
        ("Σχήμα 3: Εξάνθημα", "figure 3", None),
        ("Obrázok 3. Ložiská", "figure 3", None),
        ("Слика 2.1. Плакови", "figure 2.1", None),
        ("3.1. ábra. Plakkok", "figure 3.1", None),
        ("2. irudia: Plakak", "figure 2", None),
        ("4 pav. Plokštelės", "figure 4", None),
        ("5. attēls. Plankumi", "figure 5", None),
    ],
)
def test_labels_of_many_forms_are_known(line: str, key: str, letter: str | None) -> None:
    label = parse_label(line)
    assert label is not None
    assert (label.key, label.letter) == (key, letter)


@pytest.mark.parametrize(
    ("line", "text", "rest"),
    [
        ("Figs 5 and 6. Plaques", "Figs 5 and 6", " Plaques"),
        ("Figs. 1.5, 1.6 & 1.7 Plaques", "Figs. 1.5, 1.6 & 1.7", " Plaques"),
        ("Figures 5, 6: Plaques", "Figures 5, 6", " Plaques"),
        ("Figs 5 and six plaques", "Figs 5", " and six plaques"),
        ("Figs 5, 45-year-old woman", "Figs 5", ", 45-year-old woman"),
        ("Fig. 5 and 6 papules", "Fig. 5", " and 6 papules"),
    ],
)
def test_a_label_may_count_several_figures(line: str, text: str, rest: str) -> None:
    label = parse_label(line)
    assert label is not None
    assert (label.text, line[label.end :], label.parts[-1]) == (text, rest, 5)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Plaques of the elbow.",
        "Figures are drawn by the authors.",
        "Figure skating and the skin",
        "Figure",
        "As Figure 3 shows, plaques are common.",
        "(see Figure 3)",
        "(Fig. 3). The biopsy",
        "(Fig. 3) and the trunk",
        "(Fig. 3, arrow) The trunk",
        "Table 3. Drugs",
        "Box 2 Key points",
        "Configure 3 servers",
        "3.2 Plaques",
        "Fig trees cause phytophotodermatitis.",
        "Plateau 5 of the study",
        "figure i would draw",  # no small roman numeral
        "Photographic documentation 3",
    ],
)
def test_other_lines_have_no_label(line: str) -> None:
    assert parse_label(line) is None


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_names_the_same_figure(dash: str) -> None:
    label, plain = parse_label(f"Fig. 3{dash}4 Plaques"), parse_label("Figure 3-4. Plaques")
    assert label is not None
    assert plain is not None
    assert label.key == plain.key
    assert label.parts == (3, 4)


def test_a_label_whose_glyphs_have_no_meaning_is_known_by_its_number() -> None:
    label = parse_label("F\ufffd\ufffd\ufffd\ufffd 12.3. Plaques")
    assert label is not None
    assert (label.key, label.text) == ("figure 12.3", "Figure 12.3")


@pytest.mark.parametrize(
    ("line", "text", "rest"),
    [
        ("Figure 12.3. Plaques.", "Figure 12.3", "Plaques."),
        ("Fig. 3-4A Plaques.", "Fig. 3-4A", "Plaques."),
        ("FIG. 1–2: Plaques.", "FIG. 1–2", "Plaques."),
        ("Plate IV", "Plate IV", ""),
        ("Figure 4 | Plaques.", "Figure 4", "Plaques."),
    ],
)
def test_the_caption_begins_behind_the_label(line: str, text: str, rest: str) -> None:
    label = parse_label(line)
    assert label is not None
    assert label.text == text
    assert line[label.end :].strip() == rest


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("Figure 12.3", (12, 3)),
        ("Figure 7", (7,)),
        ("Plate IV", (4,)),
        ("Plate XXIX", (29,)),
        ("Fig. 2.1-4", (2, 1, 4)),
    ],
)
def test_numbers_count_as_printed(line: str, parts: tuple[int, ...]) -> None:
    label = parse_label(line)
    assert label is not None
    assert label.parts == parts


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    label = parse_label(text)
    if label is not None:
        assert 0 < label.end <= len(text)
        assert label.parts


@given(
    st.sampled_from(["Figure ", "Fig. ", "Plate ", "eFigure ", "F\ufffd\ufffd\ufffd "]), st.text()
)
def test_no_text_after_a_label_word_breaks_the_parser(word: str, text: str) -> None:
    label = parse_label(word + text)
    if label is not None:
        assert label.key == label.key.strip()
        assert label.parts


@pytest.mark.parametrize(
    "text", ["Table 3. Drugs", "Tab. 2", "BOX 1 Key points", "Tabelle 4", "Video 2", "Table IV"]
)
def test_tables_and_boxes_are_told_from_figures(text: str) -> None:
    assert OTHER_LABEL.match(text)
    assert parse_label(text) is None


@pytest.mark.parametrize(
    "text", ["(continued)", " (cont'd)", "(Continued).", " [continued]", ", cont.", "(Fortsetzung)"]
)
def test_a_continuation_is_known(text: str) -> None:
    assert CONTINUED.match(text)


@pytest.mark.parametrize(
    "text", ["Continuous plaques", "Control of plaques", "Plaques (continued)"]
)
def test_other_words_are_no_continuation(text: str) -> None:
    assert not CONTINUED.match(text)


@pytest.mark.parametrize(
    "tail", [" shows plaques", " and Figure 4", ", in which", " is from", " demonstrates", ")"]
)
def test_running_text_goes_on_after_a_reference(tail: str) -> None:
    assert REFERENCE_TAIL.match(tail)


@pytest.mark.parametrize("tail", [" Plaques", ". Plaques", " (a) Plaques", " Isolated plaques"])
def test_a_caption_does_not_go_on_so(tail: str) -> None:
    assert not REFERENCE_TAIL.match(tail)


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ("F I G U R E 4 A deep ulcer", "FIGURE 4 A deep ulcer"),
        ("F I G . 1 2 . 3 Plaques", "FIG. 12.3 Plaques"),
        ("P L A T E 2", "PLATE 2"),
        ("a b c 1 x", "a b c 1 x"),  # the letters of panels over their numbers
        ("A B C D", "A B C D"),
    ],
)
def test_a_label_whose_letters_are_set_apart_is_read(line: str, closed: str) -> None:
    assert close_up(line) == closed
