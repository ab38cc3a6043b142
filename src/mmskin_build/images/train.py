"""Make a model file, or measure one, on sources left out one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmskin_build.errors import SchemaError
from mmskin_build.images.description import description_names
from mmskin_build.images.examples import (
    CHANGED,
    CLOSE,
    DRAWN,
    Examples,
    Labelled,
    draw_examples,
    join,
    measure_pictures,
    unpack_examples,
)
from mmskin_build.images.kinds import KINDS, read_model_file, shipped_file
from mmskin_build.images.learn import LeftOut, fit_model, leave_sources_out, model_content
from mmskin_build.images.measure import judge_left_out, score, scores_by_source

Progress = Callable[[str, int, int], None]


def gather_examples(
    labelled: Sequence[Labelled],
    *,
    base: Path | None = None,
    fresh: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> tuple[Examples, tuple[str, ...]]:
    """Measure labelled pictures and add what a model file has learned from before.

    Pictures of a source that the model file knows by name replace its examples of that source.

    Args:
        labelled: Pictures of one's own.
        base: The model file to add to, the shipped one for None.
        fresh: Add to no model file; draw the drawn pictures anew.
        progress: Told the stage, how many are done and how many there are.

    Raises:
        SchemaError: If the model file does not fit, or no picture can be read.
    """
    names = description_names()
    own, unread = measure_pictures(
        labelled, names, progress=lambda done, total: progress("measure", done, total)
    )
    if labelled and not len(own.rows):
        raise SchemaError(f"none of {len(labelled)} pictures can be read; the first: {unread[0]}")
    if fresh:
        drawn = draw_examples(names, lambda done, total: progress("draw", done, total))
        return join([own, drawn]), unread
    content = shipped_file() if base is None else read_model_file(base)
    known = unpack_examples(content, str(base or "the shipped model"))
    if known.names != names:
        raise SchemaError(f"{base or 'the shipped model'}: it has other features; train --fresh")
    replaced = set(own.sources)
    kept = known.of(np.array([source not in replaced for source in known.sources], np.bool_))
    return join([own, kept]), unread


def train_model(
    examples: Examples, *, note: str = "", progress: Progress = lambda stage, done, total: None
) -> dict[str, Any]:
    """Fit, calibrate and measure; return the content of the model file with its card."""
    folds = leave_sources_out(
        examples, progress=lambda done, total: progress("leave_out", done, total)
    )
    model = fit_model(examples, folds)
    plain = examples.rows[examples.plain]
    card = {
        "what": "kinds of pictures: " + ", ".join(KINDS),
        "how": "mean of a logistic and a linear discriminant classifier over "
        f"{len(model.names)} features: color, stains, layout and small things, what two inner "
        "layers of the detector NudeNet 320n (AGPL-3.0) see, and what EfficientNet-Lite0 "
        "(ImageNet, Apache-2.0) "
        f"sees; {CHANGED} altered copies of each picture, {CLOSE} "
        "details of each clinical one; calibrated on sources left out",
        "note": note,
        "pictures": _counts(examples),
        "left_out": _left_out(folds, examples),
        "in_sample": score(model.probabilities(plain), examples.kinds[examples.plain]),
    }
    return model_content(model, examples, card)


def evaluate_sources(
    examples: Examples,
    sources: Sequence[str] | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, Any]:
    """Measure with each of `sources` left out in turn, all for None.

    Raises:
        SchemaError: If no source can be left out.
    """
    folds = leave_sources_out(
        examples, sources, progress=lambda done, total: progress("leave_out", done, total)
    )
    if not folds:
        raise SchemaError("no source can be left out: each kind needs two sources at least")
    return _left_out(folds, examples)


def _left_out(folds: Sequence[LeftOut], examples: Examples) -> dict[str, Any]:
    if not folds:
        return {}
    probabilities, kinds = judge_left_out(folds, examples)
    return {**score(probabilities, kinds), "sources": scores_by_source(folds, probabilities)}


def _counts(examples: Examples) -> dict[str, dict[str, int]]:
    """Pictures by kind and source; of the drawn ones all that were drawn."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for kind, source, plain in zip(examples.kinds, examples.sources, examples.plain, strict=True):
        if plain or source == DRAWN:
            counts[KINDS[kind]][source] += 1
    return {kind: dict(sorted(found.items())) for kind, found in counts.items()}
