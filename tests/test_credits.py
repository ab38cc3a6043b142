from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.text.credits import blank_credits, find_credits


def credits_of(text: str) -> list[str]:
    return [text[start:end] for start, end in find_credits(text)]


@pytest.mark.parametrize(
    "credit",
    [
        "Courtesy of L. Venn, MD.",
        "(Courtesy of the Department of Dermatology, Norbury Infirmary.)",
        "Photographs by Lou Jost.",
        "Reprinted with permission from Venn L, et al. J Warts 2010;62:1-10.",
        "(From Venn L, Quill J: Atlas. Press, 2004, with permission.)",
        "© 2010 Norbury Press.",
        "Image kindly provided by Prof. K. Orr.",
        "Adapted from Venn (1999).",
        "Mit freundlicher Genehmigung von Dr. K. Maier.",
    ],
)
def test_a_credit_is_found_whole(credit: str) -> None:
    text = f"Wart on a thumb. {credit}"
    assert [part.strip() for part in credits_of(text)] == [credit]
    assert credits_of(f"{text} (b) Detail.")[0].strip() == credit


@pytest.mark.parametrize(
    "text",
    [
        "Biopsy taken from the edge.",
        "Nodules from the neck to the wrist.",
        "The picture is typical. Modified after scratching.",
        "Source of infection; images show a wart.",
        "A photograph of a wart.",
    ],
)
def test_ordinary_words_are_no_credit(text: str) -> None:
    assert credits_of(text) == []


def test_a_credit_ends_before_the_next_panel() -> None:
    text = "(a) Wart. Courtesy of L. Venn (b) Detail."
    assert credits_of(text) == ["Courtesy of L. Venn "]


@given(st.text(max_size=200))
def test_blanking_keeps_all_offsets(text: str) -> None:
    assert len(blank_credits(text)) == len(text)
