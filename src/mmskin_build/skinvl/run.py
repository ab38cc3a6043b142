"""A run before its first step: what it learns from, with what, and what that will take."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mmskin_build import __version__
from mmskin_build.config import Config, TrainConfig, Workspace
from mmskin_build.errors import TrainingError
from mmskin_build.skinvl.conversation import Conventions, choose_conventions
from mmskin_build.skinvl.examples import Conversation, Problem
from mmskin_build.skinvl.model import (
    ModelFolder,
    be_quiet,
    choose_device,
    choose_dtype,
    read_model_folder,
)
from mmskin_build.skinvl.order import count_step_rows, order_steps
from mmskin_build.skinvl.plan import Plan, make_plan
from mmskin_build.skinvl.rows import Row, build_rows
from mmskin_build.skinvl.sources import Variant, gather_sources, refuse_problems
from mmskin_build.skinvl.tiny import write_tiny_model
from mmskin_build.skinvl.weights import fingerprint
from mmskin_build.store import pretty_json, write_bytes

RUN = "run.json"
TINY = "tiny"
# Settings that change how fast a run is but not what it computes, so that they may differ between
# stop and start. Rows at once only change the order of sums.
_FREE = (
    "workers", "keep_last", "effective_tflops", "price_per_hour", "wandb_project",
    "checkpoint_steps", "on_divergence", "max_rollbacks", "public_data", "broken_examples",
)  # fmt: skip
# The tiny model has random weights and learns nothing at the rates of a trained one.
_TINY_SETTINGS: dict[str, Any] = {
    "lora_rank": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.0,
    "learning_rate": 1e-2,
    "projector_learning_rate": 1e-2,
    "epochs": 120,
    "pad_to": 8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that the loop needs; no weight is loaded yet."""

    variant: Variant
    cfg: TrainConfig
    out: Path
    model: ModelFolder
    base: str  # fingerprint of the base model
    conventions: Conventions
    rows: tuple[Row, ...]
    validation: tuple[Row, ...]
    steps: tuple[tuple[int, ...], ...]  # of all epochs
    problems: tuple[Problem, ...]
    plan: Plan
    device: torch.device
    dtype: torch.dtype
    files: tuple[str, ...]
    release_digest: str | None
    data_digest: str

    @property
    def identity(self) -> str:
        """A digest of what must not change between stop and start."""
        settings = dataclasses.asdict(self.cfg)
        kept = {key: value for key, value in settings.items() if key not in _FREE}
        told = [self.base, self.data_digest, kept, self.variant]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def prepare_run(
    variant: Variant,
    cfg: Config,
    workspace: Workspace,
    *,
    model: Path | str,
    out: Path | None = None,
    release: str | None = None,
    data: Sequence[Path] = (),
    images: Path | None = None,
    processes: int = 1,
) -> Run:
    """Read model folder and examples, make rows and steps, and reckon what they take.

    Args:
        variant: Which of the three models.
        cfg: All settings.
        workspace: Where releases lie and where the run goes, unless `out` is given.
        model: A model folder, or `tiny` for the one made from nothing.
        out: Folder of the run.
        release: Version of the release, None for the last.
        data: Files of examples instead of a release or public sets.
        images: Folder of their pictures.
        processes: That share the steps.

    Raises:
        MmskinError: As `gather_sources`, `read_model_folder` and `make_plan`.
    """
    be_quiet()
    settings = cfg.train
    if str(model) == TINY:
        settings = tiny_settings(settings)
        cfg = dataclasses.replace(cfg, train=settings)
        model = write_tiny_model(workspace.models / TINY)
    folder = read_model_folder(Path(model))
    sources = gather_sources(variant, cfg, workspace, release=release, data=data, images=images)
    conventions = choose_conventions(settings)
    rows, long = make_rows(sources.training, folder, settings)
    refuse_problems(long, settings.broken_examples)
    if not rows:
        raise TrainingError("there is nothing to learn from: all rows are too long")
    validation, _ = make_rows(sources.validation, folder, settings)
    rows_a_step = count_step_rows(rows, settings.batch, conventions.rows)
    steps = tuple(
        step
        for epoch in range(settings.epochs)
        for step in order_steps(rows, rows_a_step=rows_a_step, seed=settings.seed, epoch=epoch)
    )
    device = choose_device()
    dtype = choose_dtype(settings.precision, device)
    plan = make_plan(
        rows, steps, folder.config, settings, device=device, dtype=dtype, processes=processes
    )
    return Run(
        variant=variant,
        cfg=settings,
        out=out if out is not None else workspace.models / f"skinvl-{variant}",
        model=folder,
        base=fingerprint(folder.folder),
        conventions=conventions,
        rows=rows,
        validation=validation,
        steps=steps,
        problems=(*sources.problems, *long),
        plan=plan,
        device=device,
        dtype=dtype,
        files=sources.files,
        release_digest=sources.release_digest,
        data_digest=sources.digest,
    )


def make_rows(
    talks: Sequence[Conversation], folder: ModelFolder, cfg: TrainConfig
) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Turn conversations into rows as the settings say."""
    conventions = choose_conventions(cfg)
    return build_rows(
        talks,
        folder.tokenizer,
        template=conventions.template,
        form=conventions.rows,
        image_id=folder.image_id,
        patches=folder.patches,
        max_length=cfg.max_length,
        max_questions=cfg.batch,
    )


def tiny_settings(cfg: TrainConfig) -> TrainConfig:
    """Return the settings for the tiny model: what was left at its default is made to fit it."""
    usual = TrainConfig()
    changed = {
        key: value
        for key, value in _TINY_SETTINGS.items()
        if getattr(cfg, key) == getattr(usual, key)
    }
    return dataclasses.replace(cfg, **changed)


def write_run(run: Run) -> None:
    """Write ``run.json``: settings, digests and the plan."""
    content = {
        "variant": run.variant,
        "identity": run.identity,
        "base": run.base,
        "base_folder": str(run.model.folder.resolve()),
        "release_digest": run.release_digest,
        "data_digest": run.data_digest,
        "files": run.files,
        "left_out": [dataclasses.asdict(problem) for problem in run.problems],
        "conventions": dataclasses.asdict(run.conventions),
        "settings": dataclasses.asdict(run.cfg),
        "plan": dataclasses.asdict(run.plan),
        "code_version": __version__,
        "torch": torch.__version__,
    }
    write_bytes(run.out / RUN, pretty_json(content))
