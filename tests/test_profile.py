"""What a book's captions look like is learned from the book, and from priors where it is short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.figures.profile import PRIOR, Profile, Side, learn_profile

sides = st.sampled_from(sorted(PRIOR))
observations = st.lists(st.tuples(sides, st.floats(0, 500)), max_size=40)


def test_before_a_book_is_seen_captions_stand_below() -> None:
    profile = Profile()
    assert profile.side_cost("below") == 0
    assert all(profile.side_cost(side) > 0 for side in PRIOR if side != "below")


@pytest.mark.parametrize("side", ["above", "left", "right"])
def test_a_book_teaches_its_own_side(side: Side) -> None:
    profile = learn_profile([(side, 8.0)] * 20)
    assert profile.side_cost(side) == 0
    assert profile.side_cost("below") > 1
    assert profile.share(side) > 0.7


def test_one_caption_above_does_not_make_a_rule() -> None:
    profile = learn_profile([("above", 8.0)])
    assert profile.side_cost("below") == 0
    assert profile.side_cost("above") < Profile().side_cost("above")


def test_the_usual_gap_follows_the_book() -> None:
    near, far = learn_profile([("below", 3.0)] * 30), learn_profile([("below", 30.0)] * 30)
    assert near.gap_pt < Profile().gap_pt < far.gap_pt
    assert far.gap_pt == pytest.approx(30, abs=4)


def test_one_caption_far_off_hardly_moves_the_usual_gap() -> None:
    usual = [("below", 9.0)] * 20
    assert learn_profile([*usual, ("below", 400.0)]).gap_pt < 13


@given(observations)
def test_shares_are_shares_whatever_was_seen(observed: list[tuple[Side, float]]) -> None:
    profile = learn_profile(observed)
    assert sum(profile.share(side) for side in PRIOR) == pytest.approx(1)
    assert all(0 < profile.share(side) < 1 for side in PRIOR)
    assert all(profile.side_cost(side) >= 0 for side in PRIOR)
    assert profile.learned_from == len(observed)


@given(observations, st.randoms())
def test_the_order_of_pages_does_not_matter(
    observed: list[tuple[Side, float]], random: object
) -> None:
    shuffled = list(observed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert learn_profile(shuffled) == learn_profile(observed)
