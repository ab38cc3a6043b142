"""Fit the model of kinds to examples, so that no single source decides.

Every kind weighs the same, and within a kind a source weighs by the root of its number: a large
collection must not teach its own look. How much confidence is worth is learned from examples whose
source was left out, since confidence on known sources says nothing about new ones.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from mmskin_build.errors import SchemaError
from mmskin_build.images.examples import DRAWN, Examples, pack_examples
from mmskin_build.images.kinds import FORM, KINDS, STEP_LIMIT, KindModel, Table, distance, softmax

_FREEDOM = 0.01  # inverse pull of the logistic weights towards zero
_WEIGHT = 5000.0  # of all examples together, whatever their number
_FAR_SHARE = 0.995  # of what was learned from lies within the trusted distance
_PRIOR_PULL = 0.002  # of the priors of kinds towards equality
_OTHER_SHARE = 0.05  # photographs of other things are that much rarer in books than in the examples
_REST = 3  # kinds behind the modalities: other, radiology, drawing
_DIGITS = 5

Linear = tuple[Table, Table]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Linear classifiers before calibration, with what standardizes their features."""

    center: Table
    scale: Table
    linear: tuple[Linear, ...]

    def odds(self, rows: Table) -> list[Table]:
        """Return the log odds of each classifier, (pictures, kinds)."""
        near = np.clip((rows - self.center) / self.scale, -STEP_LIMIT, STEP_LIMIT)
        return [np.einsum("ij,jk->ik", near, weights) + bias for weights, bias in self.linear]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What each classifier's log odds are divided by, and what is added to those of each kind."""

    temperatures: tuple[float, ...]
    priors: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is said of the `plain` examples of one source by models that never saw the source."""

    source: str
    kinds: NDArray[np.int64]
    odds: tuple[Table, ...]
    fitted: Fitted
    rows: Table


def example_weights(examples: Examples) -> Table:
    """Return weights: equal for kinds, by the root of their number for sources within a kind."""
    groups = list(zip(examples.kinds.tolist(), examples.sources, strict=True))
    counts = Counter(groups)
    roots: Counter[int] = Counter()
    for (kind, _), count in counts.items():
        roots[kind] += np.sqrt(count)
    each = {
        group: np.sqrt(count) / roots[group[0]] / count / len(roots)
        for group, count in counts.items()
    }
    return _WEIGHT * np.array([each[group] for group in groups], np.float64)


def fit_linear(examples: Examples) -> Fitted:
    """Fit a logistic and a discriminant classifier.

    Raises:
        SchemaError: If a kind has no example.
    """
    missing = [KINDS[k] for k in range(len(KINDS)) if not (examples.kinds == k).any()]
    if missing:
        raise SchemaError(f"no example of {', '.join(missing)}: add pictures of them")
    center = np.median(examples.rows, axis=0)
    scale = examples.rows.std(axis=0) + 1e-6
    near = np.clip((examples.rows - center) / scale, -STEP_LIMIT, STEP_LIMIT)
    weights = example_weights(examples)
    with threadpool_limits(1):  # the same sums in the same order
        logistic = LogisticRegression(C=_FREEDOM, max_iter=300, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it could be fitted a little closer
            logistic.fit(near, examples.kinds, sample_weight=weights)
        linear = (
            (logistic.coef_.T.astype(np.float64), logistic.intercept_.astype(np.float64)),
            _discriminant(near, examples, weights),
        )
    return Fitted(center=center, scale=scale, linear=linear)


def _discriminant(near: Table, examples: Examples, weights: Table) -> Linear:
    """Fisher's linear discriminant with equal priors and a shrunken pooled covariance.

    How far the covariance is drawn towards a multiple of the identity is estimated after Ledoit and
    Wolf (J. Multivariate Anal. 88, 2004), from pictures alone: altered copies are no further
    evidence, and would make it seem better known than it is.
    """
    kinds = examples.kinds
    means = np.array(
        [np.average(near[kinds == k], 0, weights[kinds == k]) for k in range(len(KINDS))]
    )
    away = (near - means[kinds]) * np.sqrt(weights)[:, None]
    counted = examples.plain if examples.plain.sum() > 1 else np.ones(len(near), np.bool_)
    shrink = ledoit_wolf_shrinkage(away[counted], assume_centered=True)
    pooled = away.T @ away / weights.sum()
    flat = np.trace(pooled) / len(pooled) * np.eye(len(pooled))
    slopes = np.linalg.solve((1 - shrink) * pooled + shrink * flat, means.T)
    return slopes, -0.5 * np.einsum("kj,jk->k", means, slopes)


def leave_sources_out(
    examples: Examples,
    sources: Sequence[str] | None = None,
    progress: Progress = lambda done, total: None,
) -> list[LeftOut]:
    """Fit without each source in turn and ask about its plain pictures.

    Sources are those of `sources`, else all but the drawn ones. One whose loss leaves a kind
    without examples cannot be left out and is passed over.
    """
    given = np.array(examples.sources)
    wanted = sorted(set(sources if sources is not None else examples.sources) - {DRAWN})
    found: list[LeftOut] = []
    for number, source in enumerate(wanted):
        tested = (given == source) & examples.plain
        rest = examples.of(given != source)
        if tested.any() and len(set(rest.kinds.tolist())) == len(KINDS):
            fitted = fit_linear(rest)
            rows = examples.rows[tested]
            odds = tuple(fitted.odds(rows))
            kinds = examples.kinds[tested]
            found.append(LeftOut(source=source, kinds=kinds, odds=odds, fitted=fitted, rows=rows))
        progress(number + 1, len(wanted))
    return found


def fit_calibration(folds: Sequence[LeftOut]) -> Calibration:
    """Find temperatures and priors under which left-out pictures are least surprising."""
    if not folds:
        return Calibration(temperatures=(2.0, 4.0), priors=np.zeros(len(KINDS)))  # doubt
    kinds = np.concatenate([fold.kinds for fold in folds])
    odds = [np.concatenate([f.odds[part] for f in folds]) for part in range(len(folds[0].odds))]
    at = np.arange(len(kinds))
    weights = np.where(kinds == KINDS.index("other"), _OTHER_SHARE, 1.0)

    def surprise(values: Table) -> float:
        priors = _of_kinds(values[len(odds) :])
        parts = [softmax(o / np.exp(t) + priors) for o, t in zip(odds, values, strict=False)]
        likely = np.mean(parts, axis=0)[at, kinds]
        pull = _PRIOR_PULL * float((priors**2).sum())
        loss = -np.log(np.maximum(likely, 1e-6))
        return float((weights * loss).sum() / weights.sum()) + pull

    start = np.concatenate([np.log([1.5, 3.0]), np.zeros(_REST)])
    limits = [(np.log(0.3), np.log(20.0))] * len(odds) + [(-3.0, 3.0)] * _REST
    found = minimize(surprise, start, bounds=limits, method="L-BFGS-B").x
    return Calibration(
        temperatures=tuple(round(float(np.exp(t)), 3) for t in found[: len(odds)]),
        priors=np.round(_of_kinds(found[len(odds) :]), 3),
    )


def _of_kinds(rest: Table) -> Table:
    """Priors of all kinds; none of the modalities is preferred, whatever the collections hold."""
    return np.concatenate([np.zeros(len(KINDS) - _REST), rest])


def build_model(
    fitted: Fitted, names: tuple[str, ...], calibration: Calibration, rows: Table
) -> KindModel:
    """Return the calibrated model; `rows` are the examples that its distance is measured on."""
    linear = tuple(
        (np.round(weights / t, _DIGITS), np.round(bias / t + calibration.priors, _DIGITS))
        for (weights, bias), t in zip(fitted.linear, calibration.temperatures, strict=True)
    )
    center, scale = np.round(fitted.center, 6), np.round(fitted.scale, 6)
    far = float(np.quantile(distance((rows - center) / scale), _FAR_SHARE))
    return KindModel(
        names=names, center=center, scale=scale, linear=linear, far=round(far, _DIGITS)
    )


def fit_model(examples: Examples, folds: Sequence[LeftOut]) -> KindModel:
    """Fit to all examples, calibrated by what the folds of `leave_sources_out` have shown."""
    fitted = fit_linear(examples)
    return build_model(fitted, examples.names, fit_calibration(folds), examples.rows)


def model_content(model: KindModel, examples: Examples, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model file's content: what `kinds.parse_model` and `unpack_examples` read."""
    return {
        "form": FORM,
        "card": dict(card),
        "kinds": list(KINDS),
        "features": list(model.names),
        "center": model.center.tolist(),
        "scale": model.scale.tolist(),
        "linear": [
            {"weights": weights.tolist(), "bias": bias.tolist()} for weights, bias in model.linear
        ],
        "far": model.far,
        "examples": pack_examples(examples),
    }
