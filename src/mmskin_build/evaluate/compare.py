"""Compare models on the items that all of them have: paired, clustered, corrected for number.

The first folder is what the others are compared with. p-values of one score are corrected, after
Holm, for all models and groups together; different scores are different questions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.answers import JUDGMENTS
from mmskin_build.evaluate.intervals import (
    Floats,
    Statistic,
    compare_paired,
    find_intervals,
    holm,
)
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction, Task, read_predictions
from mmskin_build.evaluate.results import Provenance, Result, read_result
from mmskin_build.evaluate.text_metrics import Preset
from mmskin_build.evaluate.vqa import find_groups, score_items

#: Scores of which less is better.
LESS_IS_BETTER = frozenset({"contradicted", "hedged", "unanswered"})
_LEAST_CLUSTERS = 5  # a group of fewer figures or patients says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A score of a model in a group."""

    by: str
    group: str
    model: str
    score: str
    value: float
    low: float | None
    high: float | None
    n: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """A model's score minus that of the first model, in a group.

    `p_holm` is corrected for number; `detectable` is the smallest difference that these items show
    in four of five cases.
    """

    by: str
    group: str
    model: str
    score: str
    value: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None = None
    detectable: float | None
    n: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models on one set: all scores, all differences, and what each model's answers hang on."""

    set: str
    task: Task
    models: tuple[str, ...]
    n: int
    clusters: int
    scores: tuple[ScoreRow, ...]
    differences: tuple[DifferenceRow, ...]
    provenance: dict[str, Provenance]
    notes: tuple[str, ...] = ()


def compare_folders(folders: Sequence[Path], *, seed: int = 0) -> Comparison:
    """Compare the evaluations in some folders with that in the first.

    Raises:
        SchemaError: If a folder holds no evaluation, or they are of different tasks or sets.
    """
    results = [read_result(folder) for folder in folders]
    answers = [read_predictions(folder / PREDICTIONS) for folder in folders]
    names = _names(results)
    first = results[0]
    for folder, result in zip(folders, results, strict=True):
        for what, own, other in (
            ("task", result.task, first.task),
            ("set", result.set, first.set),
            ("preset", result.provenance.preset, first.provenance.preset),
        ):
            if own != other:
                raise SchemaError(
                    f"{folder}: its {what} is {own}, that of {folders[0]} is {other}; compare "
                    "evaluations of one set, made alike"
                )
    aligned = _common(folders, answers)
    preset: Preset = "upstream" if first.provenance.preset == "upstream" else "standard"
    scored = [_statistics(items, first.task, preset) for items in aligned]
    score_names = scored[0][0]
    scores: list[ScoreRow] = []
    rows: list[DifferenceRow] = []
    for by, group, chosen in _groups(aligned[0]):
        clusters = [aligned[0][at].cluster for at in chosen]
        if by != "all" and len(set(clusters)) < _LEAST_CLUSTERS:
            continue
        statistics = [make(chosen) for _, make in scored]
        for model, statistic in zip(names, statistics, strict=True):
            intervals = find_intervals(statistic, clusters, seed=seed)
            for name, i in zip(score_names, intervals, strict=True):
                if np.isfinite(i.value):
                    scores.append(
                        ScoreRow(
                            by=by, group=group, model=model, score=name, value=i.value, low=i.low,
                            high=i.high, n=i.n, clusters=i.clusters,
                        )
                    )  # fmt: skip
        for model, statistic in list(zip(names, statistics, strict=True))[1:]:
            found = compare_paired(statistic, statistics[0], clusters, seed=seed)
            rows += [
                DifferenceRow(
                    by=by, group=group, model=model, score=name, value=d.value, low=d.low,
                    high=d.high, p=d.p, detectable=d.detectable, n=d.n, clusters=d.clusters,
                )
                for name, d in zip(score_names, found, strict=True)
                if np.isfinite(d.value)
            ]  # fmt: skip
    most = max(map(len, answers))
    notes = (f"{most - len(aligned[0])} items are not in all evaluations and are left out",)
    return Comparison(
        set=first.set,
        task=first.task,
        models=names,
        n=len(aligned[0]),
        clusters=len({item.cluster for item in aligned[0]}),
        scores=tuple(scores),
        differences=_corrected(rows),
        provenance={n: r.provenance for n, r in zip(names, results, strict=True)},
        notes=notes if most > len(aligned[0]) else (),
    )


def _names(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the models' names, numbered where two are alike."""
    names: list[str] = []
    for result in results:
        count = sum(1 for other in results[: len(names)] if other.model == result.model)
        names.append(f"{result.model} ({count + 1})" if count else result.model)
    return tuple(names)


def _common(
    folders: Sequence[Path], answers: Sequence[Sequence[Prediction]]
) -> list[tuple[Prediction, ...]]:
    """Return the answers to the items that all have, in the order of the first."""
    by_id = [{item.id: item for item in items} for items in answers]
    common = [item.id for item in answers[0] if all(item.id in own for own in by_id)]
    if not common:
        raise SchemaError(f"{folders[0]}: shares no item with the others; are they of one set?")
    for folder, own in zip(folders, by_id, strict=True):
        for name in common:
            if own[name].reference != by_id[0][name].reference:
                raise SchemaError(
                    f"{folder}: item {name} has another right answer than in {folders[0]}; "
                    "evaluate both on the same version of the set"
                )
    return [tuple(own[name] for name in common) for own in by_id]


def _groups(items: Sequence[Prediction]) -> list[tuple[str, str, list[int]]]:
    return [("all", "", list(range(len(items)))), *find_groups(items)]


_Make = Callable[[Sequence[int]], Statistic]


def _statistics(
    items: Sequence[Prediction], task: Task, preset: Preset
) -> tuple[tuple[str, ...], _Make]:
    """Return names and statistics of the scores of a task."""
    if task == "vqa":
        scored = score_items(items, {}, preset=preset)
        return scored.names, scored.statistic
    right = np.array([item.label == item.reference for item in items], np.float64)
    _, codes = np.unique([item.reference for item in items], return_inverse=True)
    unread = np.array([item.label is None for item in items], np.float64)

    def make(chosen: Sequence[int]) -> Statistic:
        own = right[np.asarray(chosen)]
        classes = np.eye(codes.max() + 1)[codes[np.asarray(chosen)]]
        missed = unread[np.asarray(chosen)]

        def scores(weights: Floats) -> Floats:
            total = weights.sum(axis=1)
            seen = weights @ classes
            with np.errstate(divide="ignore", invalid="ignore"):
                recall = np.where(seen > 0, (weights @ (classes * own[:, None])) / seen, 0.0)
                balanced = recall.sum(axis=1) / (seen > 0).sum(axis=1)
            return np.stack([weights @ own / total, balanced, weights @ missed / total], axis=1)

        return scores

    return ("accuracy", "balanced_accuracy", JUDGMENTS[-1]), make


def _corrected(rows: Sequence[DifferenceRow]) -> tuple[DifferenceRow, ...]:
    found = list(rows)
    for score in sorted({row.score for row in rows}):
        places = [at for at, row in enumerate(rows) if row.score == score]
        corrected = holm([rows[at].p for at in places])
        for at, p in zip(places, corrected, strict=True):
            found[at] = replace(rows[at], p_holm=p)
    return tuple(found)
