"""Intervals that cover the truth as often as they say, on simulated test sets."""

from __future__ import annotations

import numpy as np
import pytest

from mmskin_build.evaluate.intervals import (
    compare_paired,
    draw_weights,
    find_intervals,
    holm,
    mean_of,
)


def simulate(
    generator: np.random.Generator, clusters: int, rate: float, together: float = 0.3
) -> tuple[np.ndarray, list[str]]:
    """Right (1) and wrong (0) answers, 1 to 7 a figure, that are right together."""
    sizes = generator.integers(1, 8, clusters)
    own = generator.beta(rate * (1 / together - 1), (1 - rate) * (1 / together - 1), clusters)
    right = np.concatenate([generator.random(n) < p for n, p in zip(sizes, own, strict=True)])
    names = [f"f{at}" for at, n in enumerate(sizes) for _ in range(n)]
    return right.astype(float), names


def coverage(sets: int, clusters: int, rate: float, resamples: int) -> float:
    generator = np.random.default_rng(round(1000 * rate) + clusters)
    inside = 0
    for number in range(sets):
        right, names = simulate(generator, clusters, rate)
        (found,) = find_intervals(mean_of(right), names, resamples=resamples, seed=number)
        assert found.low is not None and found.high is not None
        inside += found.low <= rate <= found.high
    return inside / sets


@pytest.mark.parametrize(("clusters", "rate"), [(40, 0.3), (150, 0.9)])
def test_intervals_cover_the_truth_in_small(clusters: int, rate: float) -> None:
    # With 100 sets the share itself is known to 2 points; the slow test has the bar.
    assert 0.89 <= coverage(100, clusters, rate, 400) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [40, 150, 600])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_intervals_of_95_percent_cover_93_to_97_of_100_truths(clusters: int, rate: float) -> None:
    assert 0.93 <= coverage(300, clusters, rate, 1000) <= 0.97


def test_items_of_one_figure_make_the_interval_wider() -> None:
    right, names = simulate(np.random.default_rng(1), 60, 0.5, together=0.8)
    (clustered,) = find_intervals(mean_of(right), names)
    (alone,) = find_intervals(mean_of(right), [str(at) for at in range(len(right))])
    assert clustered.value == alone.value == right.mean()
    assert clustered.standard_error > 1.3 * alone.standard_error
    assert (clustered.n, clustered.clusters) == (len(right), 60)


def test_drawing_books_asks_for_other_books() -> None:
    generator = np.random.default_rng(2)
    books = [f"b{at % 8}" for at in range(400)]
    level = generator.random(8)
    right = np.array([generator.random() < level[int(b[1:])] for b in books], float)
    figures = [f"f{at // 2}" for at in range(400)]
    (inner,) = find_intervals(mean_of(right), figures)
    (outer,) = find_intervals(mean_of(right), figures, outer=books)
    assert outer.clusters == 8
    assert outer.high - outer.low > 2 * (inner.high - inner.low)


def test_where_nothing_is_wrong_the_interval_says_what_may_be_unseen() -> None:
    (found,) = find_intervals(mean_of(np.ones(30)), [f"f{at}" for at in range(30)])
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.025 ** (1 / 30))  # Clopper and Pearson, 0 of 30


def test_one_cluster_or_no_value_has_no_interval() -> None:
    (found,) = find_intervals(mean_of(np.array([1.0, 0.0])), ["f", "f"])
    assert (found.value, found.low, found.high) == (0.5, None, None)
    (found,) = find_intervals(
        lambda weights: np.full(len(weights), np.nan), [f"f{at}" for at in range(9)]
    )
    assert found.low is None


def test_the_same_seed_gives_the_same_interval_and_several_values_share_the_draws() -> None:
    right, names = simulate(np.random.default_rng(3), 50, 0.4)
    both = find_intervals(mean_of(np.stack([right, 1 - right], axis=1)), names, seed=7)
    (alone,) = find_intervals(mean_of(right), names, seed=7)
    assert both[0] == alone
    assert both[0].low == pytest.approx(1 - both[1].high)


def test_every_draw_has_as_many_clusters_as_the_set() -> None:
    blocks = list(draw_weights(["a", "b", "b", "c"], resamples=300, seed=1))
    weights = np.concatenate(blocks)
    assert weights.shape == (300, 4)
    assert (weights[:, 1] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_a_paired_difference_is_narrower_than_the_two_scores() -> None:
    generator = np.random.default_rng(4)
    first, names = simulate(generator, 200, 0.6)
    second = np.where(generator.random(len(first)) < 0.05, 1 - first, first)
    (found,) = compare_paired(mean_of(first), mean_of(second), names)
    (one,) = find_intervals(mean_of(first), names)
    assert found.high - found.low < 0.6 * (one.high - one.low)
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_equal_models_differ_by_chance_in_one_of_twenty_sets() -> None:
    generator = np.random.default_rng(5)
    found = 0
    for number in range(200):
        right, names = simulate(generator, 80, 0.5)
        flips = generator.random(len(right))
        first = np.where(flips < 0.2, 1 - right, right)
        second = np.where(flips > 0.8, 1 - right, right)
        (told,) = compare_paired(mean_of(first), mean_of(second), names, resamples=300, seed=number)
        found += told.p < 0.05
    assert found <= 20  # 10 expected, standard deviation 3


def test_a_difference_as_large_as_the_detectable_one_is_found_in_four_of_five_sets() -> None:
    generator = np.random.default_rng(6)
    found, sizes = 0, []
    for number in range(200):
        right, names = simulate(generator, 100, 0.5)
        better = np.where((right == 0) & (generator.random(len(right)) < 0.136), 1, right)
        (told,) = compare_paired(mean_of(better), mean_of(right), names, resamples=300, seed=number)
        found += told.p < 0.05
        sizes.append(told.detectable)
    # The true difference is 0.5 * 0.136; sets that could just show it find it at least so often.
    assert found / 200 >= 0.8 if np.mean(sizes) <= 0.068 else found / 200 < 0.9


def test_models_that_always_agree_differ_by_no_more_than_what_is_unseen() -> None:
    right, names = simulate(np.random.default_rng(8), 30, 0.5)
    (told,) = compare_paired(mean_of(right), mean_of(right), names)
    assert (told.value, told.p) == (0, 1)
    assert told.low == -told.high == -told.detectable
    assert told.high == pytest.approx(1 - 0.025 ** (1 / 30))


def test_holm_keeps_the_order_and_leaves_out_what_has_no_value() -> None:
    assert holm([0.5, None, 0.001]) == (0.5, None, 0.002)
    assert holm([]) == ()
