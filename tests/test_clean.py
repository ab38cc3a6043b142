from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmskin_build.text.clean import clean_caption

TAKEN_OFF = [
    ("Fig. 3.4 Melasma.", "Melasma.", ["label"]),
    ("Figure 12–3A: Melasma of the cheek", "Melasma of the cheek", ["label"]),
    ("Plate IV. Melasma", "Plate IV. Melasma", []),
    ("Abb. 3: Ekzem (s. Abb. 4).", "Ekzem.", ["label", "cross_reference"]),
    ("图3 银屑病（见图4）。", "银屑病。", ["label", "cross_reference"]),
    ("Figure 3 shows a nodule.", "Figure 3 shows a nodule.", []),
    ("Psoriasis (see Figure 3) of the knee.", "Psoriasis of the knee.", ["cross_reference"]),
    ("Scabies (arrow; see also Chapter 4).", "Scabies (arrow).", ["cross_reference"]),
    ("Scabies, see p. 12.", "Scabies.", ["cross_reference"]),
    ("Wart. See Table 2 for treatment.", "Wart.", ["cross_reference"]),
    ("Verrue (voir figure 3).", "Verrue.", ["cross_reference"]),
    ("Verruga (véase la figura 3).", "Verruga.", ["cross_reference"]),
    ("Same patient as in Fig. 3.4, later.", "Same patient, later.", ["cross_reference"]),
    ("Melanoma [12, 14–16] of the back.", "Melanoma of the back.", ["citation"]),
    ("Melanoma (Venn et al., 2004) of the back.", "Melanoma of the back.", ["citation"]),
    ("Melanoma (Venn and Quill 2004; Orr 2010).", "Melanoma.", ["citation"]),
    ("White plaque.12 Note the border.", "White plaque. Note the border.", ["citation"]),
    ("White plaque¹²,¹³ on the tongue.", "White plaque on the tongue.", ["citation"]),
    ("Wart. Courtesy of L. Venn, MD.", "Wart.", ["credit"]),
    ("Wart (courtesy of Dr. A. B. Venn, Boston).", "Wart.", ["credit"]),
    ("Wart. Photo: J. Doe.", "Wart.", ["credit"]),
    ("Wart (A, courtesy of J. Doe; B, from the author).", "Wart.", ["credit"]),
    ("Reprinted with permission from Venn L. Wart.", "", ["credit"]),
    (
        "Wart. From Venn L, et al. Warts. J Warts 2010;62:1–10, with permission. © 2010 Press.",
        "Wart.",
        ["credit"],
    ),
    ("Wart. Mit freundlicher Genehmigung von Dr. K. Maier.", "Wart.", ["credit"]),
    ("Verrue. Collection du Pr A. Durand.", "Verrue.", ["credit"]),
    ("Verruga. Cortesía del Dr. A. Pérez.", "Verruga.", ["credit"]),
    ("(b) Detail of the same lesion.", "Detail of the same lesion.", ["panel_letter"]),
    ("(a) Face. (b) Back.", "(a) Face. (b) Back.", []),
    ("Eczema (continued)", "Eczema", ["page_furniture"]),
    ("Eczema. doi: 10.1000/182abc", "Eczema.", ["page_furniture"]),
]
KEPT = [
    "Basal cell carcinoma (H&E, original magnification ×40).",
    "Nodule of 3 cm² on the left cheek of a 45-year-old man.",
    "Biopsy taken from the edge shows acanthosis.",
    "C. albicans and P. acnes; vitamin B12; CD4+ cells.",
    "Before (left) and after (right) treatment.",
    "Nodules extend from the neck to the wrist.",
    "S-100, 1:400; 2 × 3 mm; Breslow 1.2 mm.",
    "Papules (arrows) and plaques (arrowheads) [both arms].",
    "Lesion modified after scratching; adapted from birth.",
    "IL-17 and TNF-α in 12 patients (Group 2).",
]


@pytest.mark.parametrize(("caption", "text", "kinds"), TAKEN_OFF)
def test_what_is_not_about_the_picture_is_taken_off(
    caption: str, text: str, kinds: list[str]
) -> None:
    found = clean_caption(caption)
    assert found.text == text
    assert [part.kind for part in found.removed] == kinds


@pytest.mark.parametrize("caption", KEPT)
def test_facts_stay(caption: str) -> None:
    found = clean_caption(caption)
    assert (found.text, found.removed) == (caption, ())


@pytest.mark.parametrize(("caption", "text", "kinds"), TAKEN_OFF)
def test_what_is_taken_off_is_kept_with_its_place(
    caption: str, text: str, kinds: list[str]
) -> None:
    for part in clean_caption(caption).removed:
        assert caption[part.start : part.end].strip() == part.text


def test_the_mark_of_the_panel_goes_wherever_it_stands() -> None:
    assert clean_caption("Papules on the arm (b).", panel="b").text == "Papules on the arm."
    assert clean_caption("B, Papules on the arm.", panel="b").text == "Papules on the arm."
    assert clean_caption("Vitamin (c) crystals.", panel="b").text == "Vitamin (c) crystals."


def test_white_space_and_invisible_characters_are_mended() -> None:
    assert clean_caption("  A\u00adcne \u200b on\n\tthe   back\x00 ").text == "Acne on the back"
    assert clean_caption("").text == clean_caption(" \n").text == ""


PIECES = st.sampled_from(
    [
        "Fig. 3 ", "(see Fig. 4)", "[12]", "Courtesy of L. Venn.", "(", ")", "[", "]", "1", ",",
        ".", " ", "a", "A", "(a)", "², ", "see p. 3", "© 2010", "et al.", "2004", "\n", "–", ";",
        "From Venn L, ", "Figure", "图3", "（见图4）", "wart", "(continued)", "Smith",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=600, deadline=None)
def test_cleaning_twice_changes_nothing(caption: str) -> None:
    once = clean_caption(caption).text
    assert clean_caption(once).text == once


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost_or_added(caption: str) -> None:
    found = clean_caption(caption)
    kept = [letter for letter in found.text if letter.isalnum()]
    taken = [letter for part in found.removed for letter in part.text if letter.isalnum()]
    given_letters = [letter for letter in caption if letter.isalnum()]
    assert sorted(kept + taken) == sorted(given_letters)
    assert clean_caption(found.text).text == found.text


@pytest.mark.parametrize(
    "caption",
    [
        "[1" * 50_000,
        "[1]" * 33_000,
        "(see Fig. " * 10_000,
        "(see Fig. 3) " * 8_000,
        "courtesy of (" * 8_000,
        "From Venn L, " * 8_000,
        "(" * 100_000,
        "1," * 50_000,
        " " * 100_000,
        "A. " * 33_000,
        "(Smith, " * 12_000,
        "² " * 50_000,
        "银屑病（见图4）" * 12_000,
        "see Figure 1, 2, 3, " * 5_000,
        "a wart. " * 12_000,
    ],
    ids=lambda caption: caption[:12],
)
def test_a_long_caption_comes_to_an_end(caption: str) -> None:
    found = clean_caption(caption)
    assert clean_caption(found.text).text == found.text
