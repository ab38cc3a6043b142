"""The evaluation of a model as a Prefect flow: one task is one test on one set, then one report.

Whoever holds the GPU holds the one slot of the limit `gpu`. A test that was stopped goes on from
its last line when the flow is started again. Call `environment.prepare` before this module is
imported.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from mmskin_build.flows.server import embedded_server
from mmskin_build.flows.tasks import as_task, hold_gpu
from prefect import flow

from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.evaluate.whole import (
    Planned,
    plan_evaluations,
    report_evaluations,
    run_evaluation,
)
from mmskin_build.store import from_json, to_json


def _evaluate(data: str, settings: str, model: str, planned: str) -> str:
    cfg = parse_config(json.loads(settings), "the flow's settings")
    with hold_gpu():
        one = from_json(planned.encode(), Planned, "the flow's plan")
        return run_evaluation(one, Workspace(Path(data)), cfg, Path(model))


def _report(data: str, model: str, done: list[tuple[str, str]]) -> str:
    return str(report_evaluations(Workspace(Path(data)), Path(model), tuple(done)))


evaluate = as_task(_evaluate, retries=1, delay_s=10)
report = as_task(_report, retries=1, delay_s=10)


@flow(name="evaluate-skinvl", persist_result=False, validate_parameters=False)
def evaluate_skinvl(data: str, settings: str, model: str) -> str:
    """Evaluate a model on all sets that there are.

    Args:
        data: The data folder.
        settings: `Config` as JSON.
        model: The model's folder.

    Returns:
        The page of the report.
    """
    workspace = Workspace(Path(data))
    cfg = parse_config(json.loads(settings), "the flow's settings")
    done = [
        (planned.name, evaluate(data, settings, model, to_json(planned).decode()))
        for planned in plan_evaluations(workspace, cfg)
    ]
    return str(report(data, model, done))


def run_evaluations(workspace: Workspace, cfg: Config, model: Path) -> Path:
    """Run the flow on a server of our own, or on that of ``PREFECT_API_URL``.

    Raises:
        MmskinError: As `evaluate.whole.run_evaluation`.
    """
    settings = json.dumps(dataclasses.asdict(cfg))
    with embedded_server():
        made = evaluate_skinvl(str(workspace.data.resolve()), settings, str(model.resolve()))
    return Path(made)
