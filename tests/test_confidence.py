"""Confidence is a probability, and falls where a person would doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.figures.confidence import judge_lone, judge_pair, read_model
from mmskin_build.figures.facts import LoneFacts, PairFacts
from mmskin_build.figures.profile import PRIOR

SURE = PairFacts()

MODEL = {"bias": 2.0, "weights": {"cost": -1.0}}


def confidence(**facts: object) -> float:
    return judge_pair(replace(SURE, **facts)).confidence  # type: ignore[arg-type]


def test_a_plain_pair_is_nearly_certain() -> None:
    assert confidence() > 0.9  # not listed as doubtful


@pytest.mark.parametrize(
    "doubt",
    [
        {"gap_pt": 90.0, "cost": 5.0},
        {"caption_margin": -1.0},
        {"order": "broken"},
        {"form": 0.1},
        {"blocked_words": 25},
    ],
    ids=["far", "rival", "broken order", "form", "text between"],
)
def test_no_doubt_raises_confidence(doubt: dict[str, object]) -> None:
    assert confidence(**doubt) <= confidence()


def test_many_doubts_make_a_pair_improbable() -> None:
    doubtful = confidence(
        side="diagonal",
        side_share=0.02,
        gap_pt=200.0,
        cost=8.5,
        caption_margin=-2.0,
        picture_margin=-2.0,
        form=0.1,
        order="broken",
        blocked_words=25,
        style_share=0.05,
        mention="none",
        spare_captions=2,
        spare_pictures=2,
    )
    assert doubtful < 0.5 < confidence()


facts = st.builds(
    PairFacts,
    side=st.sampled_from(sorted(PRIOR)),
    side_share=st.floats(0, 1),
    cost=st.floats(0, 60),
    caption_margin=st.floats(-60, 60),
    picture_margin=st.floats(-60, 60),
    form=st.floats(0, 1),
    order=st.sampled_from([None, "follows", "holds", "broken"]),
    blocked_words=st.integers(0, 10_000),
    labeled=st.booleans(),
    parts=st.integers(0, 30),
    pictures=st.integers(1, 30),
    mention=st.sampled_from(["near", "far", "none"]),
    words=st.integers(0, 500),
    area_share=st.floats(0, 1),
)


@given(facts)
def test_confidence_is_a_probability(pair: PairFacts) -> None:
    judgement = judge_pair(pair)
    assert 0.0 <= judgement.confidence <= 1.0
    assert all(-1.0 <= evidence.weight <= 1.0 for evidence in judgement.evidence)


@given(facts, st.floats(0, 60), st.floats(0, 60))
def test_a_costlier_link_is_never_more_probable(pair: PairFacts, a: float, b: float) -> None:
    cheap, dear = sorted((a, b))
    assert (
        judge_pair(replace(pair, cost=dear)).confidence
        <= judge_pair(replace(pair, cost=cheap)).confidence
    )


@given(
    st.sampled_from(["picture", "caption"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_single_half_is_judged_as_a_probability(
    half: str, here: int, beside: int, captioned: float, area: float
) -> None:
    lone = LoneFacts(
        half=half,  # type: ignore[arg-type]
        spare_here=here,
        spare_beside=beside,
        captioned_share=captioned,
        area_share=area,
    )
    assert 0.0 <= judge_lone(lone).confidence <= 1.0


def test_every_doubt_is_told_as_evidence() -> None:
    doubtful = replace(SURE, side="facing", blocked_words=7, order="broken", labeled=False)
    told = {evidence.name: evidence.value for evidence in judge_pair(doubtful).evidence}
    assert told["number_order"] == "broken"
    assert told["text_between"] == "7 words of running text"
    assert {"page_break", "no_label", "side", "distance", "rivals"} <= told.keys()


def test_a_model_weighs_what_it_knows() -> None:
    model = read_model(MODEL)
    assert model.probability({"cost": 2.0}) == 0.5
    assert model.probability({"cost": 0.0, "unheard_of": 9.0}) == pytest.approx(0.8808, abs=1e-4)
    assert model.probability({"cost": 1e9}) == pytest.approx(0.0, abs=1e-9)
    assert model.probability({"cost": -1e9}) == pytest.approx(1.0, abs=1e-9)
