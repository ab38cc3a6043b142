from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.text.folding import DIGITS, DIGITS_COMMA, fold
from mmskin_build.text.languages import LANGUAGES, languages_of

NUMBERS = re.compile(DIGITS)


@pytest.mark.parametrize(
    ("text", "folded", "values"),
    [
        ("A 45–year‑old", "a #-year-old", [45]),
        ("2½ or 2 1/2 or 2-1/2", "# or # or #", [2.5, 2.5, 2.5]),
        ("(F,34)", "(f,#)", [34]),
        ("1.5; ½; 90+", "#; #; #", [1.5, 0.5, 90]),
        ("12/05/2009", "#/05/2009", [12]),
        ("ﬁfty ﬂat", "fifty flat", []),
        ("ca\u0301lido pa\u00adtient", "cálido patient", []),
        ("４５岁", "#岁", [45]),
        ("a # b²", "a   b ", []),
    ],
)
def test_a_caption_is_folded(text: str, folded: str, values: list[float]) -> None:
    found = fold(text, NUMBERS)
    assert found.text == folded
    assert list(found.numbers.values()) == values


def test_commas_are_decimal_where_the_language_says_so() -> None:
    assert list(fold("3,5", re.compile(DIGITS_COMMA)).numbers.values()) == [3.5]
    assert list(fold("3, 5", re.compile(DIGITS_COMMA)).numbers.values()) == [3, 5]


def test_an_open_number_is_known() -> None:
    found = fold("90+-year-old", NUMBERS)
    assert (found.text, found.open_ended) == ("#-year-old", frozenset({0}))


@given(st.text(max_size=100))
def test_places_lead_back_to_the_print(text: str) -> None:
    found = fold(text, NUMBERS)
    assert len(found.text) == len(found.cased) == len(found.starts) - 1
    assert list(found.starts) == sorted(found.starts)
    for position in found.numbers:
        assert any(c.isnumeric() for c in text[found.starts[position] : found.ends[position]])


@pytest.mark.parametrize(
    ("text", "asked", "first"),
    [
        ("A woman with a rash on the arm", None, "eng"),
        ("Eine Frau mit einem Ekzem", "eng", "deu"),
        ("Une femme avec un eczéma de la main", None, "fra"),
        ("Una mujer con un eczema en la mano", "eng", "spa"),
        ("女性，湿疹", "eng", "zho"),
        ("A woman with a rash", "deu", "eng"),
        ("", "chi_sim", "zho"),
    ],
)
def test_the_words_tell_the_language(text: str, asked: str | None, first: str) -> None:
    found = [language.code for language in languages_of(text, asked)]
    assert "eng" in found
    if text:
        assert found[0] == first
    else:
        assert first in found


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_number_word_is_found_whole(code: str) -> None:
    known = LANGUAGES[code]
    pattern = re.compile(known.numbers())
    unit = {"eng": " years", "deu": " Jahre", "fra": " ans", "spa": " años", "zho": "岁"}[code]
    one = {"deu": {"ein"}, "fra": {"un"}, "spa": {"un", "uno"}}.get(code, set())
    for word, value in known.number_words.items():
        if word in one:
            continue
        found = fold(f"({word}{unit})", pattern, known.number_words)
        assert list(found.numbers.values()) == [value], word
        assert found.text == f"(#{unit.lower()})", word
