"""The state of a run between two steps, and one step: forward, back, one exchange, one move."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from transformers import LlavaForConditionalGeneration

from mmskin_build.errors import TrainingError
from mmskin_build.skinvl.batches import Batch, MicroBatches, iter_batches
from mmskin_build.skinvl.guard import LossGuard
from mmskin_build.skinvl.lora import attach_adapters, base_of, trained_tensors
from mmskin_build.skinvl.loss import AnswerLoss, to_device
from mmskin_build.skinvl.model import load_model
from mmskin_build.skinvl.optimizer import MasterAdamW, learning_rate_share
from mmskin_build.skinvl.pictures import picture_processor
from mmskin_build.skinvl.plan import count_work, measure_ceiling, micro_batches
from mmskin_build.skinvl.run import RUN, Run
from mmskin_build.skinvl.signals import stop_asked
from mmskin_build.skinvl.state import (
    Progress,
    prune_checkpoints,
    read_checkpoint,
    save_checkpoint,
)

_COMPILED_LENGTHS = 64  # fixed lengths that the layers may be compiled at before torch gives up
_MOST_VALIDATION_ROWS = 256


class DivergedError(Exception):
    """A step that may not count; the message says why."""


class Trainer:
    """The state of a run between two steps."""

    def __init__(
        self,
        run: Run,
        accelerator: Accelerator,
        model: LlavaForConditionalGeneration | None = None,
    ) -> None:
        """Set everything to where a run begins; the base is loaded, unless a `model` is given."""
        self.run, self.accelerator = run, accelerator
        if model is None:
            model = load_model(run.model.folder, device=accelerator.device, dtype=run.dtype)
        self.adapted = attach_adapters(model, run.cfg)
        if run.plan.checkpointing:
            model.activation_checkpointing_enable({"use_reentrant": False})
        if accelerator.device.type == "cuda":
            torch.set_float32_matmul_precision("high")  # tf32, as upstream
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
            DivergedError: If loss or gradients are no numbers, or the loss leaps.
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
        summed[1] = float(stop_asked())
        summed = accelerator.reduce(summed, "sum")
        # Data parallelism averages gradients over the processes; the loss is a sum over them.
        scale = accelerator.num_processes / tokens
        share = learning_rate_share(number, len(run.steps), run.cfg.warmup_share)
        mean = float(summed[0]) / tokens
        if not math.isfinite(mean):
            self.optimizer.forget()
            raise DivergedError(f"the loss is {mean}")
        norm = self.optimizer.step(share, scale)
        wrong = self.guard.judge(mean, norm)
        if wrong is not None:
            raise DivergedError(wrong)
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
            what = (
                "another base model" if progress.base != self.run.base else "other data or settings"
            )
            raise TrainingError(
                f"{path}: belongs to a run with {what}; {path.parent.parent / RUN} tells which. "
                "Use the same, or another --out"
            )
        self.optimizer.restore(masters, moments)
        self.guard = LossGuard(self.run.cfg.spike_factor, progress.losses)
        self.progress = progress


def _seed(seed: int, step: int, part: int) -> int:
    """Mix the numbers that decide a micro batch's dropout into one of 63 bits."""
    mixed = (seed * 1_000_003 + step) * 1_000_003 + part
    return mixed % (2**63 - 1)


def _compile_layers(core: Any) -> None:
    """Compile each decoder layer at fixed lengths; one graph serves all layers of a length."""
    torch._dynamo.config.recompile_limit = _COMPILED_LENGTHS
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
