"""The loop: from rows to an adapter, resumable to the bit.

One step is: the micro batches of this process forward and back, one exchange of gradients, one move
of the optimizer. All of it is a function of the settings and the step's number, so that a run that
was killed and goes on from its last checkpoint ends with the same bits as one that was not.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

from mmskin_build import __version__
from mmskin_build.errors import ModelError, TrainingError, TrainingStopped
from mmskin_build.skinvl.batches import Batch, MicroBatches, iter_batches
from mmskin_build.skinvl.card import write_about
from mmskin_build.skinvl.guard import LossGuard
from mmskin_build.skinvl.journal import Journal, read_log, write_summary
from mmskin_build.skinvl.lora import attach_adapters, base_of, trained_tensors
from mmskin_build.skinvl.loss import AnswerLoss, to_device
from mmskin_build.skinvl.model import load_model
from mmskin_build.skinvl.optimizer import MasterAdamW, learning_rate_share
from mmskin_build.skinvl.pictures import picture_processor
from mmskin_build.skinvl.plan import count_work, measure_ceiling, micro_batches
from mmskin_build.skinvl.run import RUN, Run, write_run
from mmskin_build.skinvl.state import (
    Progress,
    drop_after,
    find_checkpoints,
    prune_checkpoints,
    read_checkpoint,
    save_checkpoint,
)

CHECKPOINTS, ADAPTER_FOLDER = "checkpoints", "adapter"
_COMPILED_LENGTHS = 64  # fixed lengths that the layers may be compiled at before torch gives up
_MOST_VALIDATION_ROWS = 256

Report = Callable[[dict[str, Any]], None]
"""Called after each step with what is logged of it, `steps` and `seconds_left` besides."""


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


class _DivergedError(Exception):
    """A step that may not count; the message says why."""


class _Trainer:
    """The state of a run between two steps."""

    def __init__(self, run: Run, accelerator: Accelerator) -> None:
        self.run, self.accelerator = run, accelerator
        model = load_model(run.model.folder, device=accelerator.device, dtype=run.dtype)
        self.adapted = attach_adapters(model, run.cfg)
        if run.plan.checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        if run.plan.compiled:
            _compile_layers(base_of(self.adapted))
        self.adapted.train()
        self.optimizer = MasterAdamW(trained_tensors(self.adapted), run.cfg)
        self.loss = accelerator.prepare_model(AnswerLoss(self.adapted))
        self.processor = picture_processor(run.model.folder, run.conventions.geometry)
        self.guard = LossGuard(run.cfg.spike_factor)
        self.progress = Progress(run=run.identity, base=run.base, step=0, seed=run.cfg.seed)
        self.micro_rows = run.plan.micro_rows
        self.work = count_work(run.rows, run.model.config, run.cfg)
        self.ceiling = measure_ceiling(accelerator.device, run.dtype)

    # ------------------------------------------------------------------------------ one step

    def step(self, number: int, batches: Iterator[Batch]) -> dict[str, Any]:
        """Make step `number` (from 0) and return what is logged of it.

        Raises:
            _DivergedError: If loss or gradients are no numbers, or the loss leaps.
        """
        run, accelerator = self.run, self.accelerator
        begun, waited = time.perf_counter(), 0.0
        parts = self._parts(number)
        rows = [run.rows[at] for at in run.steps[number]]
        tokens = sum(int(row.learned.sum()) for row in rows)
        summed = torch.zeros(2, dtype=torch.float64, device=accelerator.device)
        for turn, (part, indices) in enumerate(parts):
            asked = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - asked
            torch.manual_seed(_seed(run.cfg.seed, number, part))
            last = turn == len(parts) - 1
            with contextlib.nullcontext() if last else accelerator.no_sync(self.loss):
                loss = self.loss(**to_device(batch, accelerator.device))
                counts = 1.0 if indices is not None else 0.0
                (loss * counts).backward()
            summed[0] += loss.detach().double() * counts
        summed[1] = float(_stop_asked())
        summed = accelerator.reduce(summed, "sum")
        # Data parallelism averages gradients over the processes; the loss is a sum over them.
        scale = accelerator.num_processes / tokens
        share = learning_rate_share(number, len(run.steps), run.cfg.warmup_share)
        mean = float(summed[0]) / tokens
        if not math.isfinite(mean):
            self.optimizer.forget()
            raise _DivergedError(f"the loss is {mean}")
        norm = self.optimizer.step(share, scale)
        wrong = self.guard.judge(mean, norm)
        if wrong is not None:
            raise _DivergedError(wrong)
        seconds = time.perf_counter() - begun
        work = sum(self.work[at] for at in run.steps[number]) / 1e12
        return {
            "step": number + 1,
            "loss": mean,
            "gradient_norm": norm,
            "learning_rate": run.cfg.learning_rate * share,
            "questions": sum(row.questions for row in rows),
            "tokens": sum(row.length for row in rows),
            "learned_tokens": tokens,
            "questions_per_second": sum(row.questions for row in rows) / seconds,
            "mfu": work / seconds / self.ceiling / accelerator.num_processes,
            "seconds": seconds,
            "input_wait_share": waited / seconds,
            "stop": float(summed[1]),
        }

    def batches(self, start: int) -> Iterator[Batch]:
        """Yield the micro batches of this process from step `start` on."""
        plan: list[tuple[int, ...]] = []
        for number in range(start, len(self.run.steps)):
            if number in self.progress.skipped:
                continue
            first = self.run.steps[number][:1]
            plan += [indices or first for _, indices in self._parts(number)]
        cuda = self.accelerator.device.type == "cuda"
        made = MicroBatches(
            self.run.rows,
            plan,
            processor=self.processor,
            image_id=self.run.model.image_id,
            pad_id=int(self.run.model.config.text_config.pad_token_id or 0),
            pad_to=self.run.cfg.pad_to,
        )
        return iter_batches(made, workers=self.run.cfg.workers, pin=cuda)

    def _parts(self, number: int) -> list[tuple[int, tuple[int, ...] | None]]:
        accelerator = self.accelerator
        return micro_batches(
            self.run.steps[number],
            self.micro_rows,
            accelerator.process_index,
            accelerator.num_processes,
        )

    def validate(self) -> float:
        """Return the mean loss a token on the validation rows, else that of the last steps."""
        rows = self.run.validation[:_MOST_VALIDATION_ROWS]
        if not rows:
            return self.guard.mean
        made = MicroBatches(
            rows,
            [(at,) for at in range(len(rows))],
            processor=self.processor,
            image_id=self.run.model.image_id,
            pad_id=int(self.run.model.config.text_config.pad_token_id or 0),
            pad_to=self.run.cfg.pad_to,
        )
        loss = AnswerLoss(self.adapted).eval()
        with torch.no_grad():
            total = sum(
                float(loss(**to_device(batch, self.accelerator.device)))
                for batch in iter_batches(made, workers=0, pin=False)
            )
        self.adapted.train()
        return total / sum(int(row.learned.sum()) for row in rows)

    # --------------------------------------------------------------------------- checkpoints

    def save(self, folder: Path, done: int) -> Path:
        """Write a checkpoint after `done` steps and delete the old ones."""
        judged = self.validate()
        best = self.progress.best_loss
        if best is None or judged < best:
            self.progress = dataclasses.replace(
                self.progress, best_loss=judged if math.isfinite(judged) else None, best_step=done
            )
        self.progress = dataclasses.replace(
            self.progress, step=done, losses=self.guard.losses, files={}
        )
        path = folder / f"step_{done:06d}"
        if self.accelerator.is_main_process:
            path = save_checkpoint(
                folder,
                self.progress,
                masters=self.optimizer.masters(),
                moments=self.optimizer.state(),
                adapter_config=_adapter_config(self.adapted, self.run),
            )
            prune_checkpoints(
                folder, keep_last=self.run.cfg.keep_last, best_step=self.progress.best_step
            )
        self.accelerator.wait_for_everyone()
        return path

    def restore(self, path: Path) -> None:
        """Go back to a checkpoint.

        Raises:
            ModelError: If it is damaged.
            TrainingError: If it is of a run with other settings, data or base.
        """
        progress, masters, moments = read_checkpoint(path)
        if progress.run != self.run.identity:
            what = "another base model" if progress.base != self.run.base else "other data or settings"
            raise TrainingError(
                f"{path}: belongs to a run with {what}; {path.parent.parent / RUN} tells which. "
                "Use the same, or another --out"
            )
        self.optimizer.restore(masters, moments)
        self.guard = LossGuard(self.run.cfg.spike_factor, progress.losses)
        self.progress = progress


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
    accelerator = accelerator or Accelerator(cpu=run.device.type == "cpu")
    folder = run.out / CHECKPOINTS
    if find_checkpoints(folder) and not resume:
        raise TrainingError(f"{run.out}: holds a run already; go on with --resume, or name --out")
    with _seen_signals():
        trainer = _Trainer(run, accelerator)
        start = _resume(trainer, folder, say) if resume else 0
        main = accelerator.is_main_process
        if main:
            run.out.mkdir(parents=True, exist_ok=True)
            write_run(run)
        title = f"SkinVL-{run.variant}"
        journal = (
            Journal(
                run.out, resumed_at=start, wandb_project=run.cfg.wandb_project, title=title
            )
            if main
            else None
        )
        try:
            _loop(trainer, folder, start, journal, report, say)
        finally:
            if journal is not None:
                journal.close()
        return _finish(trainer, folder, title)


def _loop(
    trainer: _Trainer,
    folder: Path,
    start: int,
    journal: Journal | None,
    report: Report,
    say: Callable[[str], None],
) -> None:
    run, number = trainer.run, start
    if not find_checkpoints(folder):
        trainer.save(folder, 0)  # what a roll back before the first checkpoint goes back to
    batches = trainer.batches(number)
    recent: list[float] = []
    while number < len(run.steps):
        if number in trainer.progress.skipped:
            number += 1
            continue
        try:
            entry = trainer.step(number, batches)
        except _DivergedError as diverged:
            number = _roll_back(trainer, folder, number, str(diverged), say)
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


def _resume(trainer: _Trainer, folder: Path, say: Callable[[str], None]) -> int:
    """Go on from the newest checkpoint that is whole and return the steps it has done."""
    for path in find_checkpoints(folder):
        try:
            trainer.restore(path)
        except ModelError as error:
            say(f"{error}; trying the checkpoint before it")
            continue
        if trainer.accelerator.is_main_process:
            drop_after(folder, trainer.progress.step)
        return trainer.progress.step
    say("no checkpoint to go on from; starting at the beginning")
    if trainer.accelerator.is_main_process:
        drop_after(folder, -1)
    return 0


def _roll_back(
    trainer: _Trainer, folder: Path, number: int, reason: str, say: Callable[[str], None]
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


def _finish(trainer: _Trainer, folder: Path, title: str) -> Trained:
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


# ------------------------------------------------------------------------------------ small parts


def _seed(seed: int, step: int, part: int) -> int:
    """Mix the numbers that decide a micro batch's dropout into one of 63 bits."""
    mixed = (seed * 1_000_003 + step) * 1_000_003 + part
    return mixed % (2**63 - 1)


def _compile_layers(core: Any) -> None:
    """Compile each decoder layer at fixed lengths; one graph serves all layers of a length."""
    torch._dynamo.config.cache_size_limit = _COMPILED_LENGTHS
    for layer in core.model.language_model.layers:
        layer.compile(dynamic=False)


def _adapter_config(adapted: Any, run: Run) -> dict[str, Any]:
    """Return `peft`'s configuration as plain data, naming the base without a path."""
    config = adapted.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = run.model.folder.name
    config["inference_mode"] = True
    plain = json.loads(json.dumps(config, default=_plain))
    return {key: plain[key] for key in sorted(plain)}


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set) else str(value)


_asked = False


def _stop_asked() -> bool:
    return _asked


@contextlib.contextmanager
def _seen_signals() -> Iterator[None]:
    """Note SIGTERM instead of dying of it, while a run goes."""
    global _asked
    _asked = False

    def note(number: int, frame: FrameType | None) -> None:
        global _asked
        _asked = True

    try:
        before = signal.signal(signal.SIGTERM, note)
    except ValueError:  # not the main thread, as in some flows; SIGTERM then ends the process
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
