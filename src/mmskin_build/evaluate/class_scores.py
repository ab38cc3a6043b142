"""Scores of predicted classes with intervals, over all pictures and by who is shown.

Intervals are those of `intervals`, by patient, lesion or figure: pictures of one patient stand and
fall together. The calibration error is biased upwards by chance, in a sample and again in each draw
from it; so its interval reaches from the score less `_ECE_BIASES` times the bias seen in the draws,
and less 1.96 standard errors, to the score and 1.96 standard errors: wider than need be, not too
narrow.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.category_names import (
    OUTCOMES,
    Outcome,
    Reading,
    build_categories,
    find_category,
)
from mmskin_build.evaluate.class_metrics import NONE, Floats, Metric, Told, metrics_of, score
from mmskin_build.evaluate.intervals import (
    Interval,
    Statistic,
    draw_weights,
    find_intervals,
    mean_of,
)
from mmskin_build.evaluate.predictions import Prediction, is_answered
from mmskin_build.evaluate.results import Group, Score, score_of
from mmskin_build.evaluate.shots import Shot

SUBGROUPS = ("skin_type", "age_group", "sex")
LEAST = 10  # pictures of a subgroup that is scored
_DEVIATIONS = 1.96
_ECE_BIASES = 3
_ECE_DRAWS = 400


def told_by(predictions: Sequence[Prediction], classes: Sequence[str]) -> Told:
    """Return what predictions say.

    Probabilities count if the answers have them; a picture without an answer then gets equal ones
    and no class. Classes that the set does not have are dropped from probabilities.

    Raises:
        SchemaError: If a true class is none of `classes`.
    """
    place = {name: at for at, name in enumerate(classes)}
    for item in predictions:
        if item.reference not in place:
            raise SchemaError(
                f"{item.id}: its class {item.reference!r} is none of the set's; the predictions "
                "are of another set"
            )
    truth = np.array([place[item.reference] for item in predictions], dtype=np.int64)
    said = np.array([place.get(item.label or "", NONE) for item in predictions], dtype=np.int64)
    if all(item.probabilities is None for item in predictions):
        return Told(classes=tuple(classes), truth=truth, predicted=said)
    shares = np.full((len(predictions), len(classes)), 1 / len(classes))
    for row, item in enumerate(predictions):
        given = np.array([(item.probabilities or {}).get(name, 0.0) for name in classes])
        if np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0:
            shares[row] = given / given.sum()
    return Told(classes=tuple(classes), truth=truth, predicted=said, probabilities=shares)


def read_labels(
    predictions: Sequence[Prediction], classes: Sequence[str], reading: Reading = "words"
) -> tuple[tuple[Prediction, ...], tuple[Outcome | None, ...]]:
    """Say the class of each prediction: as its file tells, of its probabilities, or of its text.

    Returns:
        The predictions with their labels, and how each text was read; None where none had to be.
    """
    categories = build_categories(classes)
    found: list[Prediction] = []
    outcomes: list[Outcome | None] = []
    for item in predictions:
        label = item.label if item.label in classes else None
        shares = {k: p for k, p in (item.probabilities or {}).items() if k in classes}
        outcome: Outcome | None = None if shares else "named"
        if label is None and shares:
            label = max(classes, key=lambda name: shares.get(name, 0.0))
        elif label is None:
            read = find_category(item.prediction, categories, reading)
            label, outcome = read.category, read.outcome
        found.append(dataclasses.replace(item, label=label if is_answered(item) else None))
        outcomes.append(outcome if is_answered(item) else "empty")
    return tuple(found), tuple(outcomes)


def score_groups(
    told: Told, predictions: Sequence[Prediction], *, seed: int = 0
) -> tuple[Group, ...]:
    """Score all pictures, and those of each skin type, age group and sex that is told often."""
    found = [_group("all", "all", told, predictions, seed)]
    for by in SUBGROUPS:
        values = [getattr(item.subgroup, by) for item in predictions]
        for value, count in sorted(Counter(v for v in values if v is not None).items()):
            if count >= LEAST:
                rows = np.array([other == value for other in values])
                part = [item for item, chosen in zip(predictions, rows, strict=True) if chosen]
                found.append(_group(by, value, told.part(rows), part, seed))
    return tuple(found)


def outcome_scores(
    predictions: Sequence[Prediction], outcomes: Sequence[Outcome | None], *, seed: int = 0
) -> tuple[Score, ...]:
    """Return the share of answers that was read in each way, and the accuracy of those named."""
    clusters = [item.cluster for item in predictions]
    found = []
    for name in OUTCOMES:
        shares = np.array([outcome == name for outcome in outcomes], dtype=np.float64)
        (interval,) = find_intervals(mean_of(shares), clusters, seed=seed)
        found.append(score_of(f"answers_{name}", interval))
    rows = [at for at, outcome in enumerate(outcomes) if outcome == "named"]
    if rows:
        right = [predictions[at].label == predictions[at].reference for at in rows]
        (interval,) = find_intervals(
            mean_of(np.array(right, dtype=np.float64)), [clusters[at] for at in rows], seed=seed
        )
        found.append(score_of("accuracy_of_named", interval))
    return tuple(found)


def score_shots(
    shots: Sequence[Shot], clusters: Sequence[str], *, seed: int = 0
) -> tuple[Group, ...]:
    """Score classifiers that learned from few: the mean over draws of their pictures.

    On each side, what the draws add is put to the interval over test sets as variances are.
    """
    found = []
    for shot in shots:
        whole = np.ones((1, len(shot.draws[0])))
        points = np.stack([_values(told)(whole)[0] for told in shot.draws])
        error = points.std(axis=0, ddof=min(1, len(points) - 1)) / math.sqrt(len(points))
        intervals = find_intervals(_mean(shot.draws), clusters, seed=seed)
        names = metrics_of(shot.draws[0])
        scores = [
            score_of(name, _rescaled(_wider(interval, _DEVIATIONS * reach), _top(name)))
            for name, interval, reach in zip(names, intervals, error, strict=True)
        ]
        found.append(Group(by="shots", value=str(shot.shots), scores=tuple(scores)))
    return tuple(found)


def _group(by: str, value: str, told: Told, predictions: Sequence[Prediction], seed: int) -> Group:
    clusters = [item.cluster for item in predictions]
    names = metrics_of(told)
    scores = []
    for name, unit in zip(names, find_intervals(_values(told), clusters, seed=seed), strict=True):
        interval = _rescaled(unit, _top(name))
        if name == "ece" and interval.standard_error is not None:
            interval = _widened(told, interval, clusters, seed)
        scores.append(score_of(name, interval))
    return Group(by=by, value=value, scores=tuple(scores))


def _top(name: Metric) -> float:
    """Return the largest value that a score can have."""
    return 2.0 if name == "brier" else 1.0


def _values(told: Told) -> Statistic:
    """Return all scores as one statistic, each divided by its largest value."""
    names = metrics_of(told)
    tops = np.array([_top(name) for name in names])

    def statistic(weights: Floats) -> Floats:
        found = score(told, weights)
        values: Floats = np.stack([found[name] for name in names], axis=1) / tops
        return values

    return statistic


def _mean(draws: Sequence[Told]) -> Statistic:
    statistics = [_values(told) for told in draws]

    def mean(weights: Floats) -> Floats:
        found: Floats = np.mean([statistic(weights) for statistic in statistics], axis=0)
        return found

    return mean


def _rescaled(interval: Interval, top: float) -> Interval:
    def times(value: float | None) -> float | None:
        return None if value is None else value * top

    return dataclasses.replace(
        interval,
        value=interval.value * top,
        low=times(interval.low),
        high=times(interval.high),
        standard_error=times(interval.standard_error),
    )


def _wider(interval: Interval, reach: float) -> Interval:
    """Return an interval of a share to which an independent error adds `reach` on both sides."""
    if interval.low is None or interval.high is None:
        return interval
    below = math.hypot(interval.value - interval.low, reach)
    above = math.hypot(interval.high - interval.value, reach)
    return dataclasses.replace(
        interval, low=max(0.0, interval.value - below), high=min(1.0, interval.value + above)
    )


def _widened(told: Told, interval: Interval, clusters: Sequence[str], seed: int) -> Interval:
    """Return the interval of the calibration error, down to where its bias may have begun."""
    drawn = np.concatenate(
        [
            score(told, weights)["ece"]
            for weights in draw_weights(clusters, resamples=_ECE_DRAWS, seed=seed)
        ]
    )
    bias = max(0.0, float(np.nanmean(drawn)) - interval.value)
    reach = _DEVIATIONS * (interval.standard_error or 0.0)
    return dataclasses.replace(
        interval,
        low=max(0.0, interval.value - _ECE_BIASES * bias - reach),
        high=min(1.0, interval.value + reach),
    )
