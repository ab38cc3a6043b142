"""Confidence is a probability, and falls where a person would doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_caption, make_picture
from mmskin_build.figures.align import Group, Link
from mmskin_build.figures.confidence import judge_pair
from mmskin_build.figures.profile import PRIOR, Profile, Side

SURE = Link(side="below", gap_pt=8.0, cost=0.0)


def pair(link: Link = SURE, rival: float = 6.0, **caption: object) -> Group:
    return Group(0, [make_picture()], make_caption(**caption), link, rival)  # type: ignore[arg-type]


def confidence(group: Group, in_order: bool | None = True) -> float:
    return judge_pair(group, Profile(), in_order).confidence


def test_a_plain_pair_is_nearly_certain() -> None:
    assert confidence(pair()) > 0.97


@pytest.mark.parametrize(
    ("doubtful", "in_order"),
    [
        (pair(replace(SURE, gap_pt=90.0, cost=3.5)), True),
        (pair(rival=0.2), True),
        (pair(), None),
        (pair(), False),
        (pair(prior=0.1), True),
        (pair(label=None), True),
        (pair(replace(SURE, blocked_words=20)), True),
        (pair(replace(SURE, side="facing", cost=2.5)), True),
    ],
    ids=["far", "rival", "no order", "broken order", "form", "no label", "text between", "facing"],
)
def test_each_doubt_lowers_confidence(doubtful: Group, in_order: bool | None) -> None:
    assert confidence(doubtful, in_order) < confidence(pair(), True)


def test_a_broken_order_is_worse_than_an_unknown_one() -> None:
    assert confidence(pair(), False) < confidence(pair(), None) < confidence(pair(), True)


def test_a_pair_with_all_doubts_is_improbable() -> None:
    link = Link(side="diagonal", gap_pt=200.0, cost=8.5, blocked_words=30)
    assert confidence(pair(link, rival=2.0, prior=0.1, label=None), False) < 0.1


@given(
    st.sampled_from(sorted(PRIOR)),
    st.floats(0, 60),
    st.floats(0, 60),
    st.floats(0, 1),
    st.integers(0, 10_000),
    st.sampled_from([None, True, False]),
)
def test_confidence_is_a_probability(
    side: Side, cost: float, rival: float, prior: float, words: int, in_order: bool | None
) -> None:
    group = pair(Link(side, 10.0, cost, words), rival, prior=prior)
    judgement = judge_pair(group, Profile(), in_order)
    assert 0.0 <= judgement.confidence <= 1.0
    assert all(-1.0 <= evidence.weight <= 1.0 for evidence in judgement.evidence)


@given(st.floats(0, 8), st.floats(0, 8))
def test_a_costlier_link_is_never_more_probable(a: float, b: float) -> None:
    cheap, dear = sorted((a, b))
    assert confidence(pair(replace(SURE, cost=dear))) <= confidence(pair(replace(SURE, cost=cheap)))


@given(st.floats(0, 8), st.floats(0, 8))
def test_a_nearer_rival_never_makes_a_pair_more_probable(a: float, b: float) -> None:
    near, far = sorted((a, b))
    assert confidence(pair(rival=near)) <= confidence(pair(rival=far))


def test_every_doubt_is_told_as_evidence() -> None:
    link = Link(side="facing", gap_pt=0.0, cost=2.5, blocked_words=7)
    told = {e.name: e.value for e in judge_pair(pair(link, label=None), Profile(), False).evidence}
    assert told["number_order"] == "broken"
    assert told["text_between"] == "7 words of running text"
    assert {"page_break", "no_label", "side", "distance", "rivals"} <= told.keys()


def test_only_a_pair_can_be_judged() -> None:
    with pytest.raises(ValueError, match="paired"):
        judge_pair(Group(0, [make_picture()]), Profile(), None)
