"""From records to a trained model as a Prefect flow; its first step asks the questions.

Tasks exchange keys of stage outputs, never records. Call `environment.prepare` before this module
is imported.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from mmskin_build.flows.server import embedded_server
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from mmskin_build import builds
from mmskin_build.config import Config, Workspace, parse_config
from mmskin_build.questions import make_questions


@task(cache_policy=NO_CACHE, persist_result=False)
def ask_questions(data: str, settings: str) -> tuple[str, bool]:
    """Ask about the records of the last build: the folder of the pairs, and whether it is done."""
    workspace = Workspace(Path(data))
    cfg = parse_config(json.loads(settings), "the flow's settings")
    summary = builds.read_build(workspace)
    made = make_questions(workspace, cfg.vqa, summary, builds.read_records(workspace, summary))
    return str(made.folder), made.is_finished


@flow(name="train-skinvl", persist_result=False, validate_parameters=False)
def train_skinvl(data: str, settings: str) -> tuple[str, bool]:
    """Take the last build to questions and answers.

    Args:
        data: The data folder.
        settings: `Config` as JSON.
    """
    return ask_questions(data, settings)


def run_training(workspace: Workspace, cfg: Config) -> tuple[str, bool]:
    """Run the flow with a server of its own; the same bytes as ``mmskin vqa``.

    Raises:
        MmskinError: As `questions.make_questions`.
    """
    settings = json.dumps(dataclasses.asdict(cfg))
    with embedded_server():
        return train_skinvl(str(workspace.data.resolve()), settings)
