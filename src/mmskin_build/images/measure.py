"""How well the model tells kinds of pictures of sources that it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from mmskin_build.images.examples import Examples
from mmskin_build.images.kinds import KINDS, Table
from mmskin_build.images.learn import LeftOut, build_model, fit_calibration
from mmskin_build.images.modality import MODALITIES

SURE_XRAY = 0.8  # confidence in a skin modality that an X-ray must not reach
_BINS = 10
_SKIN = len(MODALITIES)  # KINDS begins with the modalities


def judge_left_out(folds: Sequence[LeftOut], examples: Examples) -> tuple[Table, NDArray[np.int64]]:
    """Return probabilities and true kinds of all left-out pictures, fold after fold.

    The calibration for a source is learned from the other sources alone.
    """
    found = []
    sources = np.array(examples.sources)
    for fold in folds:
        others = [other for other in folds if other is not fold]
        rest = examples.rows[sources != fold.source]
        model = build_model(fold.fitted, examples.names, fit_calibration(others), rest)
        found.append(model.probabilities(fold.rows))
    return np.concatenate(found), np.concatenate([fold.kinds for fold in folds])


def score(probabilities: Table, kinds: NDArray[np.int64]) -> dict[str, Any]:
    """Return the measures of the issue: F1, calibration, photographs, X-rays.

    `f1` takes the best of the three modalities; `f1_with_other` counts a picture of skin that is
    called anything else as missed. Measures that need kinds which are absent are None.
    """
    skin = kinds < _SKIN
    truth, three = kinds[skin], probabilities[skin, :_SKIN]
    best, confidence = three.argmax(axis=1), three.max(axis=1)
    present = sorted(set(truth.tolist()))
    each = f1_score(truth, best, average=None, labels=present, zero_division=0)
    every = probabilities[skin].argmax(axis=1)
    strict = f1_score(truth, every, average=None, labels=present, zero_division=0)
    right = best == truth
    rest = np.isin(kinds, [KINDS.index("radiology"), KINDS.index("drawing")])
    asked = skin | rest
    photo = probabilities[:, : KINDS.index("radiology")].sum(axis=1)
    scans = kinds == KINDS.index("radiology")
    return {
        "pictures": int(len(kinds)),
        "f1": {KINDS[k]: round(float(v), 4) for k, v in zip(present, each, strict=True)},
        "f1_macro": round(float(np.mean(each)), 4) if len(each) else None,
        "f1_macro_with_other": round(float(np.mean(strict)), 4) if len(strict) else None,
        "accuracy": round(float(right.mean()), 4) if len(right) else None,
        "calibration_error": round(calibration_error(confidence, right), 4) if len(right) else None,
        "photo_auc": round(float(roc_auc_score(skin[asked], photo[asked])), 4)
        if skin.any() and rest.any()
        else None,
        "radiology_called_skin": round(
            float((probabilities[scans, :_SKIN].max(axis=1) > SURE_XRAY).mean()), 4
        )
        if scans.any()
        else None,
        "confusion": [
            [int(((truth == a) & (best == b)).sum()) for b in range(_SKIN)] for a in range(_SKIN)
        ],
    }


def calibration_error(confidence: Table, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of confidence.

    >>> calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, True, False]))
    0.0
    """
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in range(_BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def scores_by_source(
    folds: Sequence[LeftOut], probabilities: Table
) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return, by source and true kind, how many pictures there are and how many came out right."""
    found: dict[str, dict[str, dict[str, float | int]]] = {}
    start = 0
    for fold in folds:
        part = probabilities[start : start + len(fold.kinds)]
        start += len(fold.kinds)
        for kind in sorted(set(fold.kinds.tolist())):
            at = fold.kinds == kind
            columns = _SKIN if kind < _SKIN else len(KINDS)
            right = part[at, :columns].argmax(axis=1) == kind
            found.setdefault(fold.source, {})[KINDS[kind]] = {
                "pictures": int(at.sum()),
                "right": round(float(right.mean()), 4),
            }
    return found
