"""The loop: from rows to an adapter, resumable to the bit.

One step is: the micro batches of this process forward and back, one exchange of gradients, one move
of the optimizer. All of it is a function of the settings and the step's number, so that a run that
was killed and goes on from its last checkpoint ends with the same bits as one that was not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from mmskin_build.errors import ModelError, TrainingError, TrainingStopped
from mmskin_build.skinvl.finish import Trained, finish
from mmskin_build.skinvl.journal import Journal
from mmskin_build.skinvl.model import choose_device
from mmskin_build.skinvl.run import Run, write_run
from mmskin_build.skinvl.signals import seen_signals
from mmskin_build.skinvl.state import drop_after, find_checkpoints
from mmskin_build.skinvl.trainer import DivergedError, Trainer

CHECKPOINTS = "checkpoints"

Report = Callable[[dict[str, Any]], None]
"""Called after each step with what is logged of it, `steps` and `seconds_left` besides."""


def open_accelerator() -> Accelerator:
    """Return the engine of the processes that share a run; one process where none was launched."""
    return Accelerator(cpu=choose_device().type == "cpu")


def train(
    run: Run,
    *,
    resume: bool = False,
    report: Report = lambda entry: None,
    say: Callable[[str], None] = lambda words: None,
    accelerator: Accelerator | None = None,
) -> Trained:
    """Train a run to its end and return where its adapter lies.

    Args:
        run: What `prepare_run` made.
        resume: Go on from the last whole checkpoint in the run's folder, if there is one.
        report: Called after each step.
        say: Called with what a person should know: a damaged checkpoint, a roll back.
        accelerator: Of a run over several processes.

    Raises:
        TrainingError: If the folder holds another run, memory is short, or the loss diverges.
        TrainingStopped: If the process was asked to stop; its state is saved.
        ModelError: If the base model cannot be loaded.
    """
    accelerator = accelerator or open_accelerator()
    folder = run.out / CHECKPOINTS
    begun = bool(find_checkpoints(folder))
    accelerator.wait_for_everyone()  # all have looked before one writes
    if begun and not resume:
        raise TrainingError(f"{run.out}: holds a run already; go on with --resume, or name --out")
    with seen_signals():
        trainer = Trainer(run, accelerator)
        main = accelerator.is_main_process
        if not (begun and _resume(trainer, folder, say)):
            if resume:
                say("no checkpoint to go on from; starting at the beginning")
            trainer.save(folder, 0)  # what a roll back before the first checkpoint goes back to
        start = trainer.progress.step
        if main:
            run.out.mkdir(parents=True, exist_ok=True)
            write_run(run)
        title = f"SkinVL-{run.variant}"
        journal = (
            Journal(run.out, resumed_at=start, wandb_project=run.cfg.wandb_project, title=title)
            if main
            else None
        )
        try:
            _loop(trainer, folder, start, journal, report, say)
        finally:
            if journal is not None:
                journal.close()
        return finish(trainer, folder, title)


def _loop(
    trainer: Trainer,
    folder: Path,
    start: int,
    journal: Journal | None,
    report: Report,
    say: Callable[[str], None],
) -> None:
    run, number = trainer.run, start
    batches = trainer.batches(number)
    recent: list[float] = []
    while number < len(run.steps):
        if number in trainer.progress.skipped:
            number += 1
            continue
        try:
            entry = trainer.step(number, batches)
        except DivergedError as diverged:
            number = _roll_back(trainer, folder, number, str(diverged), say)
            if journal is not None:
                journal.forget_after(number)
            batches = trainer.batches(number)
            continue
        except torch.cuda.OutOfMemoryError:
            trainer.optimizer.forget()
            torch.cuda.empty_cache()
            if trainer.micro_rows == 1 or trainer.accelerator.num_processes > 1:
                raise TrainingError(
                    f"step {number + 1}: the device's memory is full with {trainer.micro_rows} "
                    f"rows at once; set train.micro_rows = {max(1, trainer.micro_rows // 2)} or "
                    "train.checkpointing = 'on' and go on with --resume"
                ) from None
            trainer.micro_rows //= 2
            say(f"memory is full: {trainer.micro_rows} rows at once from here on")
            batches = trainer.batches(number)
            continue
        number += 1
        stop = entry.pop("stop") > 0
        if journal is not None:
            journal.write(entry)
        recent = [*recent[-19:], entry["seconds"]]
        left = (len(run.steps) - number) * sum(recent) / len(recent)
        report({**entry, "steps": len(run.steps), "seconds_left": left})
        if stop or number % run.cfg.checkpoint_steps == 0 or number == len(run.steps):
            path = trainer.save(folder, number)
            if stop and number < len(run.steps):
                raise TrainingStopped(
                    f"asked to stop after step {number} of {len(run.steps)}; the state is in "
                    f"{path}, the same command with --resume goes on"
                )


def _resume(trainer: Trainer, folder: Path, say: Callable[[str], None]) -> bool:
    """Go back to the newest checkpoint that is whole; false if there is none."""
    for path in find_checkpoints(folder):
        try:
            trainer.restore(path)
        except ModelError as error:
            say(f"{error}; trying the checkpoint before it")
            continue
        _drop_after(trainer, folder, trainer.progress.step)
        return True
    _drop_after(trainer, folder, -1)
    return False


def _drop_after(trainer: Trainer, folder: Path, step: int) -> None:
    """Delete damaged checkpoints after `step`, when all processes have looked at them."""
    trainer.accelerator.wait_for_everyone()
    if trainer.accelerator.is_main_process:
        drop_after(folder, step)
    trainer.accelerator.wait_for_everyone()


def _roll_back(
    trainer: Trainer, folder: Path, number: int, reason: str, say: Callable[[str], None]
) -> int:
    """Go back to the last checkpoint, leave the offending step out, and return where to go on.

    Raises:
        TrainingError: If the settings say stop, or it happened too often.
    """
    cfg, progress = trainer.run.cfg, trainer.progress
    ids = ", ".join(trainer.run.rows[at].id for at in trainer.run.steps[number][:8])
    told = f"step {number + 1}: {reason} (rows {ids})"
    if cfg.on_divergence == "stop" or progress.rollbacks >= cfg.max_rollbacks:
        raise TrainingError(
            f"{told}; stopped after {progress.rollbacks} roll backs. Look at these rows, or lower "
            "train.learning_rate; the last checkpoint is whole"
        )
    newest = find_checkpoints(folder)[0]
    rollbacks, skipped = progress.rollbacks + 1, (*progress.skipped, number)
    trainer.restore(newest)
    trainer.progress = dataclasses.replace(
        trainer.progress, rollbacks=rollbacks, skipped=tuple(sorted(set(skipped)))
    )
    say(f"{told}; back to step {trainer.progress.step}, leaving that step out")
    return trainer.progress.step
