"""The end of a run: its adapter under a name of its own, and the summary page."""

from __future__ import annotations

import dataclasses
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build import __version__
from mmskin_build.skinvl.card import write_about
from mmskin_build.skinvl.journal import read_log, write_summary
from mmskin_build.skinvl.run import Run
from mmskin_build.skinvl.state import Progress, find_checkpoints
from mmskin_build.skinvl.trainer import Trainer

ADAPTER_FOLDER = "adapter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a finished run made."""

    adapter: Path
    summary: Path
    steps: int
    first_loss: float
    last_loss: float
    best_step: int | None
    rollbacks: int


def finish(trainer: Trainer, folder: Path, title: str) -> Trained:
    """Publish the last checkpoint as the adapter and write the summary page."""
    run, progress = trainer.run, trainer.progress
    adapter, summary = run.out / ADAPTER_FOLDER, run.out / "index.html"
    log = [entry for entry in read_log(run.out) if "loss" in entry]
    if trainer.accelerator.is_main_process:
        last = find_checkpoints(folder)[0]
        building = adapter.with_name(f".{adapter.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        shutil.copytree(last, building, ignore=shutil.ignore_patterns("optimizer.*"))
        write_about(building, _about(run, log, progress))
        shutil.rmtree(adapter, ignore_errors=True)
        building.rename(adapter)
        summary = write_summary(
            run.out,
            title=title,
            verdict=_verdict(log, progress),
            tables=_tables(run, log, progress),
        )
    return Trained(
        adapter=adapter,
        summary=summary,
        steps=len(run.steps),
        first_loss=log[0]["loss"] if log else math.nan,
        last_loss=log[-1]["loss"] if log else math.nan,
        best_step=progress.best_step,
        rollbacks=progress.rollbacks,
    )


def _about(run: Run, log: list[dict[str, Any]], progress: Progress) -> dict[str, Any]:
    """Return what the adapter says of itself, and the card of a model merged with it."""
    metrics = {
        "steps": len(run.steps),
        "first_loss": log[0]["loss"] if log else None,
        "last_loss": log[-1]["loss"] if log else None,
        "best_step": progress.best_step,
        "best_loss": progress.best_loss,
    }
    return {
        "variant": run.variant,
        "base": run.base,
        "release_digest": run.release_digest,
        "data_digest": run.data_digest,
        "files": run.files,
        "conventions": dataclasses.asdict(run.conventions),
        "settings": dataclasses.asdict(run.cfg),
        "metrics": metrics,
        "code_version": __version__,
    }


def _verdict(log: list[dict[str, Any]], progress: Progress) -> str:
    if not log:
        return "No step was made."
    words = f"{log[-1]['step']} steps; the loss went from {log[0]['loss']:.3f} to "
    words += f"{log[-1]['loss']:.3f}. "
    if progress.rollbacks:
        words += f"{progress.rollbacks} roll backs left out {len(progress.skipped)} steps. "
    return words + f"Best checkpoint: step {progress.best_step}."


def _tables(
    run: Run, log: list[dict[str, Any]], progress: Progress
) -> list[tuple[str, list[tuple[str, object]]]]:
    seconds = sum(entry["seconds"] for entry in log)
    asked = sum(entry["questions"] for entry in log)
    waited = sum(entry["input_wait_share"] * entry["seconds"] for entry in log)
    measured: list[tuple[str, object]] = [
        ("seconds", round(seconds, 1)),
        ("questions a second", round(asked / seconds, 2) if seconds else "-"),
        ("waiting for pictures", f"{100 * waited / seconds:.1f} %" if seconds else "-"),
        ("mean MFU", f"{100 * sum(e['mfu'] for e in log) / len(log):.1f} %" if log else "-"),
    ]
    origin: list[tuple[str, object]] = [
        ("base model", f"{run.model.folder.name} ({run.base[:12]})"),
        ("files", ", ".join(run.files)),
        ("data digest", run.data_digest),
        ("release digest", run.release_digest or "-"),
        ("left out", len(run.problems)),
    ]
    return [
        ("Measured", measured),
        ("Made of", origin),
        ("Plan", list(dataclasses.asdict(run.plan).items())),
        ("Conventions", list(dataclasses.asdict(run.conventions).items())),
        ("Settings", list(dataclasses.asdict(run.cfg).items())),
    ]
