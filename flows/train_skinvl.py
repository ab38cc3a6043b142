"""SkinVL as a Prefect flow: ask, release, fine-tune, merge the adapter into its base, evaluate.

One task is one step of one model; tasks exchange paths. Whoever holds the GPU holds the one slot of
the limit `gpu`, so that flows that start together train one after the other. Prefect does not try
again what an error of ours ended; a run that was stopped goes on from its last checkpoint when the
flow is started again. Call `environment.prepare` before this module is imported.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from mmskin_build.flows.evaluate_skinvl import evaluate_skinvl
from mmskin_build.flows.server import embedded_server
from mmskin_build.flows.tasks import as_task, hold_gpu
from prefect import flow
from prefect.tasks import Task

from mmskin_build import builds
from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.questions import make_questions
from mmskin_build.skinvl.merge import merge_adapters
from mmskin_build.skinvl.run import prepare_run
from mmskin_build.skinvl.sources import Variant
from mmskin_build.skinvl.train import train

P = ParamSpec("P")
R = TypeVar("R")


def _step(function: Callable[P, R]) -> Task[P, R]:
    """Make a step of one model a task."""
    made: Task[P, R] = as_task(function, retries=1, delay_s=10)
    return made


@_step
def ask_questions(data: str, settings: str) -> str:
    """Ask about the records of the last build and return the folder of the pairs."""
    cfg = parse_config(json.loads(settings), "the flow's settings")
    workspace = Workspace(Path(data), cfg.store.remote)
    summary = builds.read_build(workspace)
    records = builds.read_records(workspace, summary)
    return str(make_questions(workspace, cfg.vqa, summary, records).folder)


@_step
def release_questions(data: str, settings: str) -> str:
    """Release the last build with its questions, unless that was done, and return the version."""
    cfg = parse_config(json.loads(settings), "the flow's settings")
    return builds.renew_release(Workspace(Path(data), cfg.store.remote), cfg).name


@_step
def fine_tune(
    data: str, settings: str, variant: Variant, model: str, release: str | None = None
) -> str:
    """Fine-tune one variant, going on where it was, and return the folder of its adapter."""
    cfg = parse_config(json.loads(settings), "the flow's settings")
    with hold_gpu():
        run = prepare_run(variant, cfg, Workspace(Path(data)), model=model, release=release)
        return str(train(run, resume=True).adapter)


@_step
def merge(data: str, variant: Variant, model: str, adapter: str) -> str:
    """Merge an adapter into its base, unless that was done, and return the model's folder."""
    workspace = Workspace(Path(data))
    base = workspace.models / "tiny" if model == "tiny" else Path(model)
    out = workspace.models / f"skinvl-{variant}-merged"
    with hold_gpu():
        if not out.exists():
            merge_adapters(base, [(Path(adapter), 1.0)], out)
    return str(out)


@flow(name="train-skinvl", persist_result=False, validate_parameters=False)
def train_skinvl(
    data: str, settings: str, variant: Variant, model: str, release: str | None = None
) -> tuple[str, str]:
    """Fine-tune a variant, merge it, and evaluate it on all sets that there are.

    Without a release to take, the last build gets its questions and is released with them; what
    waits for a person's decision is left out.

    Args:
        data: The data folder.
        settings: `Config` as JSON.
        variant: Which of the three models.
        model: The base model's folder, or `tiny`.
        release: Version of the release, None to make it of the last build where there is one.

    Returns:
        The folder of the merged model, and the page of its evaluation.
    """
    if release is None and variant != "pub" and Workspace(Path(data)).current.exists():
        ask_questions(data, settings)
        release = release_questions(data, settings)
    adapter = fine_tune(data, settings, variant, model, release)
    merged = merge(data, variant, model, adapter)
    return merged, evaluate_skinvl(data, settings, merged)


def run_training(
    workspace: Workspace, cfg: Config, variant: Variant, model: str, release: str | None = None
) -> tuple[Path, Path]:
    """Run the flow on a server of our own, or on that of ``PREFECT_API_URL``.

    Returns:
        The folder of the merged model, and the page of its evaluation.

    Raises:
        MmskinError: As `questions.make_questions`, `builds.renew_release`, `skinvl.train`,
            `skinvl.merge` and `evaluate.whole.run_evaluation`.
    """
    settings = json.dumps(dataclasses.asdict(cfg))
    with embedded_server():
        merged, report = train_skinvl(
            str(workspace.data.resolve()), settings, variant, model, release
        )
    return Path(merged), Path(report)
