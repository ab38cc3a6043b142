from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demographic_sentences import ALL
from mmskin_build.records import Demographics
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.text.top_coding import top_code

OLD = [
    ("A 94-year-old man with a horn.", "A 90+-year-old man with a horn."),
    ("Ninety-five-year-old woman.", "90+-year-old woman."),
    ("A woman aged 93 with prurigo.", "A woman aged 90+ with prurigo."),
    ("Woman in her nineties.", "Woman aged 90+ years."),
    ("A nonagenarian with xerosis.", "A 90+-year-old with xerosis."),
    ("Xerosis (F, 97).", "Xerosis (F, 90+)."),
    ("Her 101-year-old mother had it, too.", "Her 90+-year-old mother had it, too."),
    ("An 85- to 95-year-old man.", "An 85- to 90+-year-old man."),
    ("95-jährige Patientin mit Prurigo.", "90+-jährige Patientin mit Prurigo."),
    ("Fünfundneunzigjährige Frau mit Ekzem.", "90+-jährige Frau mit Ekzem."),
    ("Mélanome chez une femme de 95 ans.", "Mélanome chez une femme de 90+ ans."),
    ("Mujer de 93 años con prurigo.", "Mujer de 90+ años con prurigo."),
    ("九十五岁女性，湿疹。", "90+岁女性，湿疹。"),
]
DATES = [
    ("A 94-year-old man, born in 1915.", "A 90+-year-old man."),
    ("A farmer (born 12 March 1950) with a scar.", "A farmer with a scar."),
    ("Photographed on 12 May 2009.", "Photographed in 2009."),
    ("Admitted 12/05/2009 with fever.", "Admitted 2009 with fever."),
    ("Seen March 3, 1999.", "Seen 1999."),
    ("A. Venn (1900-1995) had a cancer.", "A. Venn had a cancer."),
    ("Frau, geb. 1910, mit Ekzem.", "Frau, mit Ekzem."),
    ("Femme née en 1912 avec un prurigo.", "Femme avec un prurigo."),
    ("Mujer nacida en 1920, con prurigo.", "Mujer, con prurigo."),
    ("女，生于1915年，湿疹。", "女，湿疹。"),
    ("2009年5月12日就诊。", "2009年就诊。"),
]
LEFT = [
    "A 89-year-old man with a horn.",
    "Lesion for 95 days, thickness 95 µm, ×100.",
    "See Figure 95 and page 120.",
    "In 1998 the study began (1990-1999).",
    "May be seen in 95 % of patients.",
]


@pytest.mark.parametrize(("text", "coded"), [*OLD, *DATES])
def test_old_ages_and_dates_leave_the_text(text: str, coded: str) -> None:
    found, _ = top_code(text, Demographics(), None)
    assert found == coded
    assert top_code(found, Demographics(), None)[0] == coded


@pytest.mark.parametrize("text", LEFT)
def test_everything_else_stays(text: str) -> None:
    assert top_code(text, Demographics(), None)[0] == text


@pytest.mark.parametrize(("text", "coded"), OLD)
def test_values_follow_the_text(text: str, coded: str) -> None:
    read = extract_demographics(text, None)
    new, found = top_code(text, read, None)
    assert found.age_years is None
    assert found.age_max is None
    assert (found.age_group, found.sex) == (read.age_group, read.sex)
    if read.age_years is not None:
        assert found.age_min == 90
    for before, after in zip(read.evidence, found.evidence, strict=True):
        part = new[after.start : after.end]
        assert "90+" in part or part == text[before.start : before.end]
    assert (new, found) == top_code(new, found, None)


@pytest.mark.parametrize("text", [text for text, *_ in ALL], ids=lambda text: text[:50])
def test_what_is_not_old_reads_the_same_afterwards(text: str) -> None:
    read = extract_demographics(text, None)
    new, found = top_code(text, read, None)
    assert top_code(new, found, None) == (new, found)
    if (read.age_years or 0) < 90 and new == text:
        assert found == read
    assert not re.search(r"\b(?:9\d|1[01]\d)-year-old", new)


@given(st.text(alphabet="0123456789 -/.+,()年岁yearsoldbornin*geb", max_size=80))
@settings(deadline=None)
def test_twice_is_as_good_as_once(text: str) -> None:
    once, found = top_code(text, extract_demographics(text, None), None)
    assert top_code(once, found, None)[0] == once
