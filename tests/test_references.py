from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.dataset.references import (
    FOREIGN_RUN,
    KEY,
    CaptionRuns,
    refer,
    refer_all,
    resolve,
    resolve_all,
    word_runs,
)
from mmskin_build.errors import SchemaError

WORDS = st.sampled_from(
    ["Plaque", "plaque", "on", "the", "The", "arm", "übel", "15\u00d7", "scaly"]
)
TEXTS = st.lists(st.one_of(WORDS, st.sampled_from([" ", ", ", ".\n", "-", "\u0130"]))).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_a_text_comes_back_letter_for_letter(text: str, caption: str, panel: str) -> None:
    own = {"caption": caption, "panel_text": panel}
    parts = refer(text, own)
    assert resolve(parts, lambda owner: own) == text


@given(st.lists(WORDS, min_size=1), st.lists(WORDS, min_size=1))
def test_what_stays_has_no_word_of_the_caption(text: list[str], caption: list[str]) -> None:
    parts = refer(" ".join(text), {"caption": " ".join(caption)})
    words = {word for part in parts if isinstance(part, str) for word in part.split()}
    assert not words & set(caption)


def test_the_longest_run_is_taken() -> None:
    own = {"caption": "A plaque. The plaque on the arm, a plaque on the leg."}
    assert refer("plaque on the leg", own) == [["", "caption", 35, 52, ""]]
    assert refer("no such words", own) == ["no such words"]
    assert refer("", own) == [""]


def test_a_word_is_not_part_of_another() -> None:
    assert refer("arm", {"caption": "an armed man, unarm"}) == ["arm"]
    assert refer("the army", {"caption": "the arm"}) == [["", "caption", 0, 3, ""], " army"]


def test_words_in_other_letters_are_known() -> None:
    own = {"caption": "scaly plaque"}
    parts = refer("SCALY, Plaque", own)
    assert [part[4] for part in parts if isinstance(part, list)] == ["upper", "capitalize"]
    assert resolve(parts, lambda owner: own) == "SCALY, Plaque"


def test_a_run_of_another_caption_is_told_as_that_ones() -> None:
    texts = {
        "a": {"caption": "A nodule on the neck."},
        "b": {"caption": "Fine white scales cover the whole scalp of a child."},
    }
    runs = CaptionRuns(texts)
    text = "The nodule; elsewhere fine white scales cover the whole scalp, and more."
    parts = runs.refer(text, "a")
    own = texts["a"]
    assert resolve(parts, lambda owner: texts[owner] if owner else own) == text
    assert {part[0] for part in parts if isinstance(part, list)} == {"", "b"}
    stays = " ".join(part for part in parts if isinstance(part, str))
    assert not set(word_runs(stays)) & set(word_runs(texts["b"]["caption"]))
    assert runs.refer("a wholly other text with many words in it", "c") == [
        "a wholly other text with many words in it"
    ]


def test_data_of_any_form_come_back() -> None:
    own = {"caption": "scaly plaque"}
    value: Any = {"a": ["a scaly plaque", 3, None, {"b": "x", "c": "plaque"}], "d": True}
    told = refer_all(value, lambda text: refer(text, own))
    assert told["a"][3] == {"b": "x", "c": {KEY: [["", "caption", 6, 12, ""]]}}
    assert resolve_all(told, lambda owner: own) == value


def test_parts_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(KeyError):
        resolve([["other", "caption", 0, 1, ""]], lambda owner: {}[owner])
    for part in ([1, 2], ["", "caption", 0, 1, "swap"], ["", "caption", "0", 1, ""], None):
        with pytest.raises(SchemaError, match="not a part"):
            resolve([part], lambda owner: {"caption": "text"})


def test_runs_do_not_see_case_or_punctuation() -> None:
    assert list(word_runs("A b, c: D e")) == [("a", "b", "c", "d", "e")]
    assert FOREIGN_RUN == 5
    assert list(word_runs("A b c d")) == []
