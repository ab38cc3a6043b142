from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.text.panel_patients import demographics_of

TWO = "Sarcoidosis. (a) Plaque on the nose of a 5-year-old girl. (b) Papules in a 44-year-old man."
ONE = "Psoriasis in a 30-year-old woman. (a) Elbow. (b) Scalp. (c) Same patient 5 years later."
SAME = "(a) Warts in a 9-year-old boy. (b) Detail of the same patient. (c) Hand of another patient."
MOTHER = "Tinea in a mother and her son. (a) The mother, aged 34. (b) The son, aged 8."
HISTOLOGY = "(a) Nodule in a 61-year-old man. (b) Spindle cells (H&E, x100)."


@pytest.mark.parametrize(
    ("caption", "panel", "age", "sex"),
    [
        (TWO, "a", 5, "female"),
        (TWO, "b", 44, "male"),
        (ONE, "a", 30, "female"),
        (ONE, "b", 30, "female"),
        (ONE, "c", None, "female"),
        (SAME, "a", 9, "male"),
        (SAME, "b", 9, "male"),
        (SAME, "c", None, None),
        (MOTHER, "a", 34, "female"),
        (MOTHER, "b", 8, "male"),
        (HISTOLOGY, "a", 61, "male"),
        (HISTOLOGY, "b", None, None),
    ],
)
def test_each_panel_has_its_own_patient(
    caption: str, panel: str, age: float | None, sex: str | None
) -> None:
    found = demographics_of(split_caption(caption).parts[panel], caption)
    assert (found.age_years, found.sex) == (age, sex)
    for item in found.evidence:
        assert caption[item.start : item.end].strip()


def test_evidence_is_of_the_figure_caption() -> None:
    found = demographics_of(split_caption(TWO).parts["b"], TWO)
    assert [TWO[e.start : e.end] for e in found.evidence] == ["44-year-old", "man"]


def test_an_undivided_caption_is_read_whole() -> None:
    assert demographics_of(None, "A 45-year-old man.").age_years == 45
    assert demographics_of(None, TWO).age_years is None
    assert demographics_of(None, TWO).sex == "both"


def test_common_words_may_be_given() -> None:
    found = demographics_of(
        "Elbow", "(a) Elbow. (b) Knee. A 30-year-old woman.", "A 30-year-old woman."
    )
    assert (found.age_years, found.sex) == (30, "female")


def test_a_text_that_is_not_in_the_caption_loses_what_cannot_be_shown() -> None:
    found = demographics_of("Plaque of a 5-year-old girl", "Another caption about a girl.")
    assert (found.age_years, found.sex) == (None, "female")


@given(st.text(max_size=80), st.text(max_size=120))
@settings(deadline=None)
def test_no_text_is_an_error(panel: str, caption: str) -> None:
    for item in demographics_of(panel, caption, language=None).evidence:
        assert 0 <= item.start < item.end <= len(caption)
