"""Logistic models whose weights have the sign that a person would give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from mmskin_build.calibrate.examples import Example, Half
from mmskin_build.figures.confidence import Model

_L2 = 1.0  # pull of the weights towards zero, in observations
_DIGITS = 4

#: 1 where more of a feature speaks for a result being right, -1 against it, 0 where either may be.
SIGNS: Mapping[Half, Mapping[str, int]] = {
    "pair": {
        "cost": -1,
        "caption_margin": 1,
        "picture_margin": 1,
        "form": 1,
        "order_follows": 1,
        "order_holds": 1,
        "order_broken": -1,
        "text_between": -1,
        "page_break": -1,
        "no_label": -1,
        "panels_agree": 1,
        "panels_missing": -1,
        "panels_over": -1,
        "repeated": -1,
        "style_share": 1,
        "side_share": 1,
        "mentioned_near": 1,
        "mentioned_far": -1,
        "scan": 0,
        "few_words": -1,
        "unfinished": -1,
        "loose": -1,
        "crowded": -1,
        "small": -1,
        "spare_pictures": -1,
        "spare_captions": -1,
    },
    "picture": {
        "spare_here": -1,
        "spare_beside": -1,
        "captioned_share": -1,
        "contested": -1,
        "scan": 0,
        "area_share": 0,
        "photo": 0,
        "near_words": -1,
        "number_missing": -1,
    },
    "caption": {
        "spare_here": -1,
        "spare_beside": -1,
        "captioned_share": 0,
        "contested": -1,
        "scan": 0,
        "form": 0,
        "few_words": 0,
        "repeated": 0,
        "order_follows": 0,
        "order_broken": 0,
        "mentioned_near": 0,
    },
}


def fit_model(half: Half, examples: Sequence[Example]) -> Model:
    """Fit the model of one half to the examples of that half.

    Raises:
        ValueError: If they are not of both kinds, right and wrong.
    """
    names = list(SIGNS[half])
    counted = count_alike(half, examples)
    if not any(row[-1] == 1.0 for row in counted) or not any(row[-1] == 0.0 for row in counted):
        raise ValueError(f"a model of {half} needs right and wrong examples, and has one kind only")
    table = np.array(list(counted), dtype=np.float64)
    counts = np.array(list(counted.values()), dtype=np.float64)
    inputs = np.hstack([np.ones((len(table), 1)), table[:, :-1]])
    right = table[:, -1]
    limits: dict[int, tuple[float | None, float | None]]
    limits = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [(None, None), *(limits[SIGNS[half][name]] for name in names)]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        # einsum, not BLAS: the same sums in the same order on every machine
        odds = np.einsum("ij,j->i", inputs, weights)
        pull = np.concatenate([[0.0], weights[1:]])
        wrongness = np.logaddexp(0.0, np.where(right > 0, -odds, odds))
        total = float((counts * wrongness).sum() + 0.5 * _L2 * (pull**2).sum())
        slope = np.einsum("ij,i->j", inputs, counts * (expit(odds) - right))
        return total, slope + _L2 * pull

    start = np.zeros(inputs.shape[1])
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    rounded = [round(float(weight), _DIGITS) + 0.0 for weight in found.x]
    return Model(rounded[0], dict(zip(names, rounded[1:], strict=True)))


def count_alike(half: Half, examples: Sequence[Example]) -> dict[tuple[float, ...], int]:
    """Count equal examples: the features in the order of `SIGNS`, then 1 for right, 0 for wrong."""
    counted: dict[tuple[float, ...], int] = {}
    for example in examples:
        if example.half == half:
            values = [round(example.features[name], _DIGITS) for name in SIGNS[half]]
            row = (*values, float(example.right))
            counted[row] = counted.get(row, 0) + 1
    return dict(sorted(counted.items()))
