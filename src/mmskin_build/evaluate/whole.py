"""All evaluations of one model: which there are, each into its folder, one report of them.

What cannot be done for want of data, such as a release whose test pictures are all of one kind, is
told in the report and does not stop the others.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.released import released_versions
from mmskin_build.errors import (
    MissingDependencyError,
    ReleaseError,
    SchemaError,
    TrainingError,
)
from mmskin_build.evaluate.ask import evaluate_model
from mmskin_build.evaluate.class_page import write_report
from mmskin_build.evaluate.class_sets import RELEASE_SET, known_sets, read_class_set
from mmskin_build.evaluate.classification import evaluate_supervised, evaluate_zero_shot
from mmskin_build.evaluate.predictions import Task, Tell
from mmskin_build.evaluate.test_sets import read_release_set
from mmskin_build.evaluate.zero_shot import ZeroShot
from mmskin_build.skinvl.card import read_about
from mmskin_build.skinvl.generate import Answerer, load_answerer
from mmskin_build.skinvl.weights import fingerprint

REPORT = "index.html"
Kind = Literal["vqa", "supervised", "generated", "likelihood"]
_TASKS: dict[Kind, Task] = {
    "vqa": "vqa",
    "supervised": "supervised",
    "generated": "zero-shot",
    "likelihood": "zero-shot",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One evaluation of a task on a set; `kind` tells how."""

    task: Task
    kind: Kind
    set: str

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.set}-{self.kind}"


def plan_evaluations(workspace: Workspace, cfg: Config) -> tuple[Planned, ...]:
    """Return what can be evaluated with the sets there are, in order; questions of the release."""
    return tuple(
        Planned(task=task, kind=kind, set=name)
        for name in known_sets(workspace, cfg)
        for kind, task in _TASKS.items()
        if kind != "vqa" or name == RELEASE_SET
    )


def evaluation_folder(workspace: Workspace, model: Path) -> Path:
    """Return where the evaluations of a model go."""
    return workspace.data / "evaluations" / model.resolve().name


def run_evaluation(
    planned: Planned,
    workspace: Workspace,
    cfg: Config,
    model: Path,
    *,
    release: str | None = None,
    tell: Tell = lambda done, total: None,
) -> str:
    """Evaluate a model in one way; return "" or, for want of data, why that cannot be.

    Raises:
        ModelError: If the model cannot be loaded.
        StorageError: If its folder cannot be written.
    """
    folder = evaluation_folder(workspace, model) / planned.name
    name = model.resolve().name
    try:
        answerer = _load(model, cfg.train.precision, fingerprint(model))
        if planned.kind == "vqa":
            _ask_questions(answerer, name, workspace, cfg, folder, release, tell)
            return ""
        chosen = read_class_set(planned.set, workspace, cfg, release=release)
        if planned.kind == "supervised":
            store = workspace.work / "features"
            evaluate_supervised(answerer, name, chosen, folder, store, tell=tell)
        else:
            how = ZeroShot(how="likelihood" if planned.kind == "likelihood" else "generate")
            evaluate_zero_shot(answerer, name, chosen, how, cfg.generate, folder, tell=tell)
    except (MissingDependencyError, ReleaseError, SchemaError, TrainingError) as error:
        return str(error)
    return ""


def _ask_questions(
    answerer: Answerer,
    name: str,
    workspace: Workspace,
    cfg: Config,
    folder: Path,
    release: str | None,
    tell: Tell,
) -> None:
    """Put the test questions of a release to a model and score its answers."""
    top = workspace.releases / cfg.dataset.name
    test = read_release_set(top / (release or released_versions(top)[-1]))
    evaluate_model(test, answerer, name, cfg.generate, folder, tell=tell)


@functools.lru_cache(maxsize=1)
def _load(model: Path, precision: str, identity: str) -> Answerer:
    """Load a model, once for all its evaluations in a row; `identity` tells if it has changed."""
    return load_answerer(model, precision=precision)


def report_evaluations(
    workspace: Workspace, model: Path, done: tuple[tuple[str, str], ...]
) -> Path:
    """Write the page of all that was evaluated and return its path.

    Args:
        workspace: Where evaluations lie.
        model: The model's folder.
        done: The folder name of each evaluation, and why it could not be, or "".

    Raises:
        SchemaError: If an evaluation that was done is not there.
        StorageError: If the page cannot be written.
    """
    top = evaluation_folder(workspace, model)
    about = read_about(model)
    told = [("model", model.resolve().name)]
    told += [
        (key.replace("_", " "), str(about[key]))
        for key in ("base", "rule", "logit_difference")
        if key in about
    ]
    for adapter in about.get("adapters", ()):
        inside = adapter.get("about", {})
        told += [
            (key.replace("_", " "), str(inside[key]))
            for key in ("variant", "release_digest", "data_digest", "code_version")
            if inside.get(key)
        ]
    told += [(f"not done: {name}", why) for name, why in done if why]
    folders = [top / name for name, why in done if not why]
    return write_report(top / REPORT, f"{model.resolve().name}: evaluation", folders, told)
