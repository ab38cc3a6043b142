"""The page of results for people: tables of scores with intervals, plots, what they hang on.

One page shows one result or several; it opens from disk and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mmskin_build.evaluate.class_metrics import calibration, confusion
from mmskin_build.evaluate.class_scores import SUBGROUPS, told_by
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction, read_predictions
from mmskin_build.evaluate.results import Group, Result, Score, read_result
from mmskin_build.evaluate.score_plots import Point, calibration_plot, curve_plot
from mmskin_build.store import write_bytes

PAGE = "index.html"
_CURVES = ("balanced_accuracy", "auc")
_MOST_CLASSES = 24  # of a table of confusions
_PARTS = ("all", *SUBGROUPS, "modality", "kind")
_PARTED = {"skin_type": "skin type", "age_group": "age"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def write_class_page(
    folder: Path, result: Result, predictions: Sequence[Prediction], classes: Sequence[str]
) -> Path:
    """Write the page of one result and return its path.

    Raises:
        StorageError: If it cannot be written.
    """
    title = f"{result.task}: {result.set} by {result.model}"
    return _write(folder / PAGE, title, [_section(result, predictions, classes)], ())


def write_report(
    path: Path, title: str, folders: Sequence[Path], told: Sequence[tuple[str, str]] = ()
) -> Path:
    """Write one page of several results and return its path.

    Args:
        path: The page.
        title: Above it.
        folders: Of results, each with its scores and predictions.
        told: What else belongs to them: pairs of a name and a text.

    Raises:
        SchemaError: If a folder holds no result.
        StorageError: If the page cannot be written.
    """
    sections = []
    for folder in folders:
        result = read_result(folder)
        predictions = read_predictions(folder / PREDICTIONS)
        classes = sorted(
            {item.reference for item in predictions}
            | {name for item in predictions for name in item.probabilities or {}}
        )
        sections.append(_section(result, predictions, () if result.task == "vqa" else classes))
    return _write(path, title, sections, told)


def _write(
    path: Path, title: str, sections: Sequence[dict[str, Any]], told: Sequence[tuple[str, str]]
) -> Path:
    template = files(__package__).joinpath("templates/scores.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(template)
    content = page.render(title=title, sections=sections, told=told)
    write_bytes(path, content.encode())
    return path


def _section(
    result: Result, predictions: Sequence[Prediction], classes: Sequence[str]
) -> dict[str, Any]:
    plots = []
    curve = [group for group in result.groups if group.by == "shots"]
    whole = result.groups[0]
    for name in _CURVES if curve else ():
        points = [_point(group.value, _find(group, name)) for group in curve]
        points.append(_point("all", _find(whole, name)))
        title = f"{_spoken(name)} by pictures a class"
        plots.append((title, Markup(curve_plot(title, "pictures a class to learn from", points))))
    confusions = None
    if classes:
        told = told_by(predictions, classes)
        bins = calibration(told)
        if bins:
            title = "calibration: share told right by probability"
            plots.append((title, Markup(calibration_plot(title, bins))))
        if len(classes) <= _MOST_CLASSES:
            names = (*classes, "none of them")
            table = confusion(told)
            used = [at for at in range(len(names)) if at < len(classes) or table[:, at].any()]
            confusions = _Table(
                columns=tuple(names[at] for at in used),
                rows=tuple(
                    (name, tuple(str(table[row, at]) for at in used))
                    for row, name in enumerate(classes)
                    if table[row].any()
                ),
            )
    provenance = result.provenance
    rows = [
        ("model", f"{result.model} ({provenance.identity[:12]})"),
        ("data", f"{provenance.data} ({provenance.data_digest[:12]})"),
        ("asked", provenance.prompt or "-"),
        *((name.replace("_", " "), text) for name, text in provenance.decoding.items()),
        ("preset", provenance.preset or "-"),
        ("versions", ", ".join(f"{k} {v}" for k, v in provenance.versions.items())),
        ("program", provenance.code),
    ]
    return {
        "title": f"{result.set}: {result.task}"
        + (f", {provenance.preset}" if provenance.preset else ""),
        "model": result.model,
        "tables": _tables(result),
        "plots": plots,
        "confusions": confusions,
        "provenance": rows,
        "notes": provenance.notes,
    }


def _tables(result: Result) -> list[tuple[str, _Table]]:
    groups = [group for group in result.groups if group.by in _PARTS]
    lines = [(_name(group), group) for group in groups]
    for baseline, found in result.baselines.items():
        lines.append((f"baseline: {baseline}", found[0]))
    columns = tuple(dict.fromkeys(score.name for group in groups[:1] for score in group.scores))
    tables = [
        (
            "Scores, with 95 % intervals",
            _Table(
                columns=("items", "clusters", *map(_spoken, columns)),
                rows=tuple(
                    (name, (*_sizes(group), *(_shown(_find(group, each)) for each in columns)))
                    for name, group in lines
                ),
            ),
        )
    ]
    curve = [group for group in result.groups if group.by == "shots"]
    if curve:
        names = tuple(score.name for score in curve[0].scores)
        rows = [
            (f"{group.value} a class", tuple(_shown(_find(group, each)) for each in names))
            for group in curve
        ]
        tables.append(
            ("Learned from few", _Table(columns=tuple(map(_spoken, names)), rows=tuple(rows)))
        )
    return tables


def _name(group: Group) -> str:
    return "all" if group.by == "all" else f"{_PARTED.get(group.by, group.by)}: {group.value}"


def _sizes(group: Group) -> tuple[str, str]:
    first = group.scores[0]
    return str(first.n), str(first.clusters)


def _find(group: Group, name: str) -> Score | None:
    return next((score for score in group.scores if score.name == name), None)


def _shown(score: Score | None) -> str:
    if score is None or score.value is None:
        return "-"
    if score.low is None or score.high is None:
        return f"{score.value:.3f} (-)"
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _point(label: str, score: Score | None) -> Point:
    if score is None:
        return Point(label=label, value=None, low=None, high=None)
    return Point(label=label, value=score.value, low=score.low, high=score.high)


def _spoken(name: str) -> str:
    """Return a score's name as it is printed in papers."""
    for spelled in ("BLEU", "ROUGE"):
        if name.startswith(spelled.lower()):
            return f"{spelled}-{name.rpartition('_')[2].upper()}"
    usual = {"auc": "AUC", "ece": "ECE", "macro_f1": "macro F1", "meteor": "METEOR"}
    return usual.get(name, name.replace("meteor", "METEOR").replace("_", " "))
