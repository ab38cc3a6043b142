from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.text.sensitive_words import find_sensitive_words


@pytest.mark.parametrize(
    ("caption", "categories"),
    [
        ("Rosacea of the face.", {"face"}),
        ("Heliotrope rash of the eyelids.", {"face", "eyes"}),
        ("Warts on the penis of a man.", {"genitals"}),
        ("Lichen sclerosus, vulva.", {"genitals"}),
        ("Paget disease of the nipple.", {"breast"}),
        ("Diaper dermatitis in an infant.", {"genitals", "child"}),
        ("Impetigo in a 5-year-old.", {"child"}),
        ("Red tattoo reaction.", {"tattoo"}),
        ("Mrs. Miller, hospital number 123456.", {"identifier"}),
        ("Before and after laser treatment of the face.", {"face"}),
        ("Ekzem im Gesicht eines Säuglings.", {"face", "child"}),
        ("面部红斑", {"face"}),
        ("Plaque on the knee of a 45-year-old man.", set()),
        ("The cut surface of the nodule.", set()),
        ("Plaque. Courtesy of the Children's Eye Hospital.", set()),
        ("", set()),
    ],
)
def test_words_hint_at_categories(caption: str, categories: set[str]) -> None:
    assert {name for name, *_ in find_sensitive_words(caption)} == categories


@given(st.text(max_size=200))
def test_no_text_is_an_error(caption: str) -> None:
    for _, start, end in find_sensitive_words(caption):
        assert 0 <= start < end <= len(caption)
