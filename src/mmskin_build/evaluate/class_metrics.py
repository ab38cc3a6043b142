"""Scores of a classifier, each as a function of weights on the pictures.

Weights make resampling cheap: a bootstrap draw is how often each picture was drawn, and all draws
are scored at once by products of matrices. A score of all ones is the score itself.

* `accuracy`: pictures told right; one without a prediction is told wrong.
* `balanced_accuracy`, which is macro recall: the mean over classes of the share told right.
* `macro_precision`, `macro_f1`: means over classes; a class that is never predicted has precision
  and F1 0. Means go over the classes that occur among the pictures (of the draw).
* `auc`: area under the ROC curve; of two classes that of either, of more the mean over classes of
  one against the rest. Ties count half.
* `ece`: expected calibration error (Guo et al. 2017): `ECE_BINS` bins of equal width by the largest
  probability, the mean distance of its mean to the share told right. It is biased upwards where
  pictures are few.
* `brier`: the mean over pictures of the squared distances of all probabilities to 1 for the true
  class and 0 for the others, summed over classes (Brier 1950): 0 to 2, for two classes twice what
  scikit-learn's `brier_score_loss` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Metric = Literal[
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_f1",
    "auc",
    "ece",
    "brier",
]
#: What needs no probabilities.
BY_LABEL: tuple[Metric, ...] = ("accuracy", "balanced_accuracy", "macro_precision", "macro_f1")
BY_PROBABILITY: tuple[Metric, ...] = ("auc", "ece", "brier")
ECE_BINS = 15
NONE = -1  # a picture without a prediction
_CHUNK = 16_000_000  # numbers of a matrix of weights that are worked on at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is true of N pictures and what was said of them.

    Attributes:
        classes: Names of the K classes.
        truth: The true class of each picture, (N,), 0 to K - 1.
        predicted: The class that was said, (N,), `NONE` where none was.
        probabilities: (N, K), rows sum to 1; None if only classes were said.
    """

    classes: tuple[str, ...]
    truth: Ints
    predicted: Ints
    probabilities: Floats | None = None

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.truth)

    def part(self, rows: NDArray[np.bool_]) -> Told:
        """Return the pictures of `rows`, (N,)."""
        chosen = None if self.probabilities is None else self.probabilities[rows]
        return Told(
            classes=self.classes,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            probabilities=chosen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bin of the calibration: pictures, their mean largest probability, the share right."""

    low: float
    high: float
    pictures: int
    confidence: float
    right: float


def from_probabilities(classes: Sequence[str], truth: Ints, probabilities: Floats) -> Told:
    """Say the class of the largest probability, the first one among equals."""
    return Told(
        classes=tuple(classes),
        truth=truth,
        predicted=probabilities.argmax(axis=1).astype(np.int64),
        probabilities=probabilities,
    )


def metrics_of(told: Told) -> tuple[Metric, ...]:
    """Return the scores that there are: those of probabilities only where there are some."""
    return BY_LABEL if told.probabilities is None else (*BY_LABEL, *BY_PROBABILITY)


def score(told: Told, weights: Floats | None = None) -> dict[Metric, Floats]:
    """Return each score for each row of weights.

    Args:
        told: N pictures.
        weights: (R, N), how often each picture counts; None is once each.

    Returns:
        By name (R,); NaN where a score has no meaning: no pictures, or no class with pictures both
        of it and of others.
    """
    if weights is None:
        weights = np.ones((1, len(told)))
    step = max(1, _CHUNK // max(1, len(told)))
    parts = [_score(told, weights[at : at + step]) for at in range(0, len(weights), step)]
    return {name: np.concatenate([part[name] for part in parts]) for name in metrics_of(told)}


def calibration(told: Told) -> tuple[Bin, ...]:
    """Return the bins of `ece` that hold pictures; none without probabilities."""
    if told.probabilities is None:
        return ()
    confidence, right, places = _bins(told, told.probabilities)
    edges = np.linspace(0, 1, ECE_BINS + 1)
    return tuple(
        Bin(
            low=float(edges[at]),
            high=float(edges[at + 1]),
            pictures=int(inside.sum()),
            confidence=float(confidence[inside].mean()),
            right=float(right[inside].mean()),
        )
        for at in range(ECE_BINS)
        if (inside := places == at).any()
    )


def confusion(told: Told) -> Ints:
    """Return pictures by true class and by class said, (K, K + 1); the last column is none."""
    count = len(told.classes)
    said = np.where(told.predicted == NONE, count, told.predicted)
    flat = np.bincount(told.truth * (count + 1) + said, minlength=count * (count + 1))
    return flat.reshape(count, count + 1).astype(np.int64)


def _score(told: Told, weights: Floats) -> dict[Metric, Floats]:
    found = _by_label(told, weights)
    if told.probabilities is not None:
        found["auc"] = _auc(told.probabilities, told.truth, weights)
        found["ece"] = _ece(*_bins(told, told.probabilities), weights)
        wanted = np.eye(len(told.classes))[told.truth]
        distance = ((told.probabilities - wanted) ** 2).sum(axis=1)
        found["brier"] = _ratio(weights @ distance, weights.sum(axis=1))
    return found


def _by_label(told: Told, weights: Floats) -> dict[Metric, Floats]:
    kinds = np.arange(len(told.classes))
    true = (told.truth[:, None] == kinds).astype(np.float64)  # (N, K)
    said = (told.predicted[:, None] == kinds).astype(np.float64)
    right = weights @ (true * said)  # (R, K)
    support, claimed = weights @ true, weights @ said
    occurs = support > 0
    recall = _ratio(right, support)
    precision = np.where(occurs, _ratio(right, claimed, none=0.0), np.nan)
    f1 = np.where(occurs, _ratio(2 * right, support + claimed, none=0.0), np.nan)
    return {
        "accuracy": _ratio(right.sum(axis=1), weights.sum(axis=1)),
        "balanced_accuracy": _mean(recall),
        "macro_precision": _mean(precision),
        "macro_f1": _mean(f1),
    }


def _auc(probabilities: Floats, truth: Ints, weights: Floats) -> Floats:
    count = probabilities.shape[1]
    areas = [
        _area(probabilities[:, kind], truth == kind, weights)
        for kind in (range(1, 2) if count == 2 else range(count))
    ]
    return _mean(np.stack(areas, axis=1))


def _area(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the area under the ROC curve by weights, (R,); pairs that tie count half."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    yes = np.add.reduceat(weights[:, order] * positive[order], starts, axis=1)
    no = np.add.reduceat(weights[:, order] * ~positive[order], starts, axis=1)
    below = np.cumsum(no, axis=1) - no
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    return _ratio((yes * (below + no / 2)).sum(axis=1), pairs)


def _bins(told: Told, probabilities: Floats) -> tuple[Floats, Floats, Ints]:
    """Return the largest probability, whether it is right, and its bin, (N,) each."""
    confidence = probabilities.max(axis=1)
    right = (told.predicted == told.truth).astype(np.float64)
    places = np.minimum((confidence * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    return confidence, right, places


def _ece(confidence: Floats, right: Floats, places: Ints, weights: Floats) -> Floats:
    inside = (places[:, None] == np.arange(ECE_BINS)).astype(np.float64)  # (N, bins)
    gaps = np.abs(weights @ (inside * (confidence - right)[:, None])).sum(axis=1)
    return _ratio(gaps, weights.sum(axis=1))


def _ratio(above: Floats, below: Floats, none: float = np.nan) -> Floats:
    found: Floats = np.divide(above, below, out=np.full_like(above, none), where=below > 0)
    return found


def _mean(values: Floats) -> Floats:
    """Return the mean of each row, (R,), over what is a number; NaN where nothing is."""
    there = ~np.isnan(values)
    return _ratio(np.where(there, values, 0.0).sum(axis=1), there.sum(axis=1).astype(np.float64))
