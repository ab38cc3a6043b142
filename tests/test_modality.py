"""Votes of picture and words: kept apart, combined, disagreement told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.images.kinds import KINDS, shipped_file, shipped_model
from mmskin_build.images.modality import MODALITIES, classify_modality, combine
from mmskin_build.images.photo import classify_photo


def votes(clinical: float, dermoscopic: float, pathological: float) -> dict[str, float]:
    return dict(zip(MODALITIES, (clinical, dermoscopic, pathological), strict=True))


def kinds(**given: float) -> dict[str, float]:
    return {kind: given.get(kind, 0.0) for kind in KINDS}


def test_a_sure_picture_without_words_stands_alone() -> None:
    found = combine(votes(0.95, 0.02, 0.01))
    assert (found.value, found.doubt, found.words) == ("clinical", None, None)


def test_an_unsure_picture_goes_to_a_person_and_words_can_settle_it() -> None:
    assert combine(votes(0.55, 0.4, 0.01)).doubt == "unsure"
    settled = combine(votes(0.55, 0.4, 0.01), {"clinical": 1.0})
    assert settled.doubt is None and settled.confidence > 0.9


def test_disagreement_is_told_and_both_votes_are_kept() -> None:
    picture, words = votes(0.02, 0.96, 0.01), {"pathological": 0.9}
    found = combine(picture, words)
    assert found.doubt == "votes_disagree"
    assert found.picture == picture and found.words == votes(0, 0, 0.9)


def test_words_make_no_skin_of_an_x_ray() -> None:
    found = combine(votes(0.02, 0.01, 0.01), {"clinical": 1.0})
    assert found.value == "other" and found.doubt == "not_skin"


def test_words_that_say_nothing_are_no_vote() -> None:
    assert combine(votes(0.95, 0, 0), {"clinical": 0.0}) == combine(votes(0.95, 0, 0))


@given(st.tuples(*[st.floats(0, 1)] * 6))
def test_a_combination_is_a_probability(six: tuple[float, ...]) -> None:
    a, b, c, d, e, f = six
    total = max(1.0, a + b + c)
    found = combine(votes(a / total, b / total, c / total), votes(d, e, f))
    assert 0.0 <= found.confidence <= 1.0


def test_votes_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="needs"):
        combine({"clinical": 1.0})
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        combine(votes(0.5, 0.2, 0.1), {"clinical": 3.0})


def test_kinds_that_are_not_skin_are_other_and_photographs_or_not() -> None:
    scan = kinds(radiology=0.9, clinical=0.1)
    assert classify_modality(scan).value == "other" and classify_photo(scan).sort == "radiology"
    assert classify_photo(scan).probability == pytest.approx(0.1)
    flower = kinds(other=0.8, clinical=0.2)
    assert classify_photo(flower).probability == 1.0 and classify_modality(flower).value == "other"


def test_what_looks_like_nothing_learned_gets_low_confidence() -> None:
    model = shipped_model()
    strange = model.center + 50 * model.scale * np.where(np.arange(len(model.names)) % 2, 1, -1)
    assert model.probabilities(strange[None]).max() < 0.4


def test_the_shipped_model_has_a_card_and_no_picture() -> None:
    content = shipped_file()
    card = content["card"]
    assert card["left_out"]["pictures"] > 500
    assert set(card["pictures"]) == set(KINDS)
    assert all(len(counts) >= 2 for counts in card["pictures"].values())
    assert set(content) == {
        "form", "card", "kinds", "features", "center", "scale", "linear", "far", "examples",
    }  # fmt: skip
