"""A linear classifier on features, as MM-Skin's supervised test has it.

Features are standardized by the training pictures; then logistic regression with an L2 penalty,
whose strength C is chosen from `C_GRID` by cross-validation on the area under the ROC curve, one
class against the rest (see `choose_c`). Folds never divide a group (patient, lesion, near
duplicates). A class that has no pictures to learn from cannot be told; it gets probability 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmskin_build.evaluate.class_metrics import Floats, Ints, from_probabilities, score

C_GRID = tuple(10.0 ** np.linspace(-5, 1, 10))  # upstream's
MIDDLE_C = C_GRID[len(C_GRID) // 2]  # where there is too little to choose by
FOLDS = 5
_STEPS = 1000  # of the solver, upstream's
_LEAST_PROBABILITY = 1e-12  # where one is 0, as of a class that was not learned
_LEAST_SPREAD = 1e-12  # of a feature; what spreads less is constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A fitted classifier.

    Attributes:
        classes: How many classes there are, K, those without pictures to learn from counted.
        learned: The classes that it can tell, in order.
        weights: (D, len(learned)) on features as they come, with `offsets` (len(learned),).
        c: The inverse strength of the penalty.
        curve: For each C of the grid the area under the ROC curve in cross-validation; empty if
            there was too little to choose by, then `c` is `MIDDLE_C`.
        converged: Whether the solver came to an end.
    """

    classes: int
    learned: tuple[int, ...]
    weights: Floats
    offsets: Floats
    c: float
    curve: tuple[tuple[float, float], ...]
    converged: bool

    def probabilities(self, features: NDArray[np.floating]) -> Floats:
        """Return the probability of each class, (N, K), for features (N, D)."""
        return _spread(features @ self.weights + self.offsets, self.learned, self.classes)


def fit_probe(
    features: NDArray[np.floating],
    labels: Ints,
    classes: int,
    *,
    c: float,
    curve: tuple[tuple[float, float], ...] = (),
) -> Probe:
    """Fit on features (N, D) with labels (N,), 0 to `classes` - 1, at least one picture."""
    learned = tuple(int(kind) for kind in np.unique(labels))
    scale = _standardize(features)
    coefficients, offsets, converged = _solve(scale.points(features), labels, c)
    unfolded = coefficients if scale.axes is None else scale.axes @ coefficients
    weights = unfolded / scale.spread[:, None]
    return Probe(
        classes=classes,
        learned=learned,
        weights=weights,
        offsets=offsets - scale.middle @ weights,
        c=c,
        curve=curve,
        converged=converged,
    )


def choose_c(
    features: NDArray[np.floating], labels: Ints, groups: Ints, classes: int, *, seed: int = 0
) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Choose C by cross-validation on the area under the ROC curve.

    Of all C whose mean area is within one standard error over the folds of the best one, that with
    the likeliest truth. The area alone, as upstream has it, does not see where the border between
    classes lies: it may take a penalty so strong that every picture is told the commonest class.

    Args:
        features: (N, D).
        labels: (N,).
        groups: (N,), equal for pictures that no fold may divide.
        classes: How many there are.
        seed: Of the folds.

    Returns:
        C and the mean area of each C of the grid; `MIDDLE_C` and nothing if no fold has two classes
        both to learn from and to be tested on.
    """
    areas: list[list[float]] = [[] for _ in C_GRID]
    surprise = np.zeros(len(C_GRID))  # minus the log probability of the true classes
    for train, test in _folds(labels, groups, seed):
        learned = tuple(int(kind) for kind in np.unique(labels[train]))
        scale = _standardize(features[train])
        points, tested = scale.points(features[train]), scale.points(features[test])
        start: Floats | None = None
        for at, c in enumerate(C_GRID):
            coefficients, offsets, _ = _solve(points, labels[train], c, start)
            start = np.vstack([coefficients, offsets])
            told = _spread(tested @ coefficients + offsets, learned, classes)
            names = [str(kind) for kind in range(classes)]
            given = told[np.arange(len(told)), labels[test]]
            surprise[at] -= np.log(np.maximum(given, _LEAST_PROBABILITY)).sum()
            area = float(score(from_probabilities(names, labels[test], told))["auc"][0])
            if not np.isnan(area):
                areas[at].append(area)
    if not areas[0]:
        return MIDDLE_C, ()
    table = np.array(areas)  # (C, folds)
    means = table.mean(axis=1)
    best = int(means.argmax())
    error = table[best].std(ddof=1) / np.sqrt(table.shape[1]) if table.shape[1] > 1 else 0.0
    near = np.flatnonzero(means >= means[best] - error)
    chosen = int(near[surprise[near].argmin()])
    curve = tuple((c, float(mean)) for c, mean in zip(C_GRID, means, strict=True))
    return C_GRID[chosen], curve


def _folds(labels: Ints, groups: Ints, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield rows to learn from and to test on, so that two classes at least are in every fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    sizes = sorted(len(np.unique(groups[labels == kind])) for kind in np.unique(labels))
    if len(sizes) < 2 or sizes[-2] < 2:
        return
    count = min(FOLDS, sizes[-2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a class with fewer pictures than folds
        folds = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
        for train, test in folds.split(np.zeros((len(labels), 1)), labels, groups):
            if len(np.unique(labels[train])) >= 2:
                yield train, test


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Mean and spread of features, and the axes, (D, M), in which they are written; None: theirs.

    The penalty does not see in which axes features are written down, so fewer pictures than
    features need no more axes than pictures: the same classifier, found much sooner.
    """

    middle: Floats
    spread: Floats
    axes: Floats | None

    def points(self, features: NDArray[np.floating]) -> Floats:
        """Return standardized features, (N, M)."""
        standard = (np.asarray(features, dtype=np.float64) - self.middle) / self.spread
        return standard if self.axes is None else standard @ self.axes


def _standardize(features: NDArray[np.floating]) -> _Scale:
    from scipy.linalg import qr

    wide = np.asarray(features, dtype=np.float64)
    middle, spread = wide.mean(axis=0), wide.std(axis=0)
    spread = np.where(spread > _LEAST_SPREAD, spread, 1.0)
    axes = None
    if len(wide) < wide.shape[1]:
        axes = qr(((wide - middle) / spread).T, mode="economic")[0]
    return _Scale(middle=middle, spread=spread, axes=axes)


def _solve(
    points: Floats, labels: Ints, c: float, start: Floats | None = None
) -> tuple[Floats, Floats, bool]:
    """Return coefficients (M, L), offsets (L,) of the L classes of `labels`, and if it ended."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    count = len(np.unique(labels))
    if count == 1 or points.shape[1] == 0:
        shares = np.unique(labels, return_counts=True)[1] / len(labels)
        return np.zeros((points.shape[1], count)), np.log(shares), True
    model = LogisticRegression(C=c, max_iter=_STEPS, warm_start=start is not None)
    if start is not None:
        # Of two classes scikit-learn keeps one function, the difference of ours.
        given = (start[:, 1:] - start[:, :1]) if count == 2 else start
        model.coef_, model.intercept_ = given[:-1].T.copy(), given[-1].copy()
        model.classes_ = np.unique(labels)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(points, labels)
    converged = not any(issubclass(entry.category, ConvergenceWarning) for entry in told)
    coefficients, offsets = model.coef_.T, model.intercept_
    if count == 2:
        coefficients = np.hstack([np.zeros_like(coefficients), coefficients])
        offsets = np.concatenate([np.zeros(1), offsets])
    return coefficients, offsets, converged


def _spread(scores: Floats, learned: tuple[int, ...], classes: int) -> Floats:
    """Return probabilities of all classes, (N, K), of the scores of those learned."""
    from scipy.special import softmax

    found = np.zeros((len(scores), classes))
    found[:, list(learned)] = softmax(scores, axis=1)
    return found
