"""Training and generation in the 7B shape with random weights: upstream's way beside ours.

usage: gpu.py [--shape 7b|tiny] [--steps N] [--out FILE.json]

On a GPU the shape is that of LLaVA-Med v1.5 in bf16; without one, `tiny` in float32 shows that the
bench is whole and says nothing about speed. Both sides train in the same process on the same
questions with the same hyperparameters: LoRA r=128, alpha=64, dropout 0.05, 16 questions a step.

B0 mirrors upstream's script on one GPU: the Trainer, `peft`, gradient checkpointing, one question a
row. `ours` is `skinvl.trainer` with its defaults. Generation: 5 beams with sampling one by one, as
upstream tests, beside greedy batches.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from PIL import Image
from torch.utils.data import Dataset
from transformers import (
    CLIPVisionConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaImageProcessorPil,
    MistralConfig,
    TrainerCallback,
    TrainingArguments,
)
from transformers import Trainer as PlainTrainer

from mmskin_build.config import TrainConfig
from mmskin_build.skinvl.batches import collate_rows
from mmskin_build.skinvl.conversation import choose_conventions
from mmskin_build.skinvl.generate import UPSTREAM
from mmskin_build.skinvl.lora import attach_adapters
from mmskin_build.skinvl.model import ModelFolder, be_quiet, choose_device
from mmskin_build.skinvl.order import count_step_rows, order_steps
from mmskin_build.skinvl.pictures import picture_processor, read_pixels
from mmskin_build.skinvl.plan import GIB, count_work, make_plan, measure_ceiling
from mmskin_build.skinvl.rows import Row
from mmskin_build.skinvl.run import Run
from mmskin_build.skinvl.trainer import Trainer

QUESTIONS_A_PICTURE = (2, 2, 3, 2, 3, 3, 2)  # 2.43 on the mean, as upstream's
TEXT_TOKENS = (60, 100)  # of a question with its answer; 80 on the mean
ANSWER_SHARE = 0.4
NEW_TOKENS = 40
WARM_STEPS = 3  # compiling and the first allocations; not counted
PICTURES = 96


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=["7b", "tiny"])
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    be_quiet()
    device = choose_device()
    shape = given.shape or ("7b" if device.type == "cuda" else "tiny")
    steps = given.steps or (12 if device.type == "cuda" else 4)
    result: dict[str, Any] = {
        "device": _device_name(device),
        "shape": shape,
        "torch": torch.__version__,
    }
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), shape, device)
        result["ceiling_tflops"] = round(bench.ceiling, 3)
        for label, measure in (
            ("B0", bench.upstream_training),
            ("ours", bench.our_training),
        ):
            result[label] = measure(steps)
            print(json.dumps({label: result[label]}), flush=True)
        result["generation"] = bench.generation()
    result["training_times_faster"] = round(
        result["ours"]["questions_per_second"] / result["B0"]["questions_per_second"], 2
    )
    rates = result["generation"]
    best = max(value for key, value in rates.items() if key != "upstream")
    result["generation_times_faster"] = round(best / rates["upstream"], 1)
    print(json.dumps(result, indent=2))
    if device.type != "cuda":
        print("no GPU: the CPU form ran; these numbers say nothing about the speed of training")
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


class Bench:
    """Pictures, rows and a configuration that both sides use."""

    def __init__(self, folder: Path, shape: str, device: torch.device) -> None:
        self.device = device
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.config = _config(shape)
        side = self.config.vision_config.image_size
        self.folder = folder
        LlavaImageProcessorPil(
            do_pad=True, size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        ).save_pretrained(folder)
        self.processor = picture_processor(folder, "pad")
        self.ceiling = measure_ceiling(device, self.dtype)
        self.cfg = TrainConfig(
            lora_rank=128 if shape == "7b" else 8,
            lora_alpha=64 if shape == "7b" else 16,
            workers=12 if device.type == "cuda" else 0,
            precision="bf16" if device.type == "cuda" else "float32",
        )
        dice = np.random.default_rng(0)
        self.images = []
        for number in range(PICTURES):
            rgb = dice.integers(0, 255, (450, 600, 3), dtype=np.uint8)
            self.images.append(folder / f"{number}.jpg")
            Image.fromarray(rgb).save(self.images[-1], quality=85)
        self.talks = [
            (image, [self._branch(dice) for _ in range(count)])
            for image, count in zip(self.images, _cycle(QUESTIONS_A_PICTURE, PICTURES), strict=True)
        ]

    def _branch(self, dice: np.random.Generator) -> tuple[np.ndarray[Any, Any], int]:
        length = int(dice.integers(*TEXT_TOKENS))
        return dice.integers(10, 250, length), round(length * ANSWER_SHARE)

    def rows(self, shared: bool) -> tuple[Row, ...]:
        """The questions as shared rows, or each in a row of its own."""
        rows = []
        for number, (image, branches) in enumerate(self.talks):
            groups = [branches] if shared else [[branch] for branch in branches]
            rows += [self._row(f"{number}", image, group) for group in groups]
        return tuple(rows)

    def _row(self, name: str, image: Path, group: list[tuple[np.ndarray[Any, Any], int]]) -> Row:
        start = np.array([1, *[self.config.image_token_id] * self.config.image_seq_length])
        sizes = [len(ids) for ids, _ in group]
        learned = [
            np.arange(size) >= size - answer for size, (_, answer) in zip(sizes, group, strict=True)
        ]
        places = [len(start) + np.arange(size) for size in sizes]
        return Row(
            id=name,
            image=image,
            ids=np.concatenate([start, *(ids for ids, _ in group)]).astype(np.int32),
            positions=np.concatenate([np.arange(len(start)), *places]).astype(np.int32),
            branches=np.repeat(np.arange(len(sizes) + 1), [len(start), *sizes]).astype(np.int32),
            learned=np.concatenate([np.zeros(len(start), np.bool_), *learned]),
            questions=len(group),
        )

    def model(self) -> LlavaForConditionalGeneration:
        """The shape with random weights, made on the device."""
        torch.manual_seed(0)
        before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        try:
            with self.device:
                model = LlavaForConditionalGeneration(self.config)
        finally:
            torch.set_default_dtype(before)
        return model.requires_grad_(False)

    # --------------------------------------------------------------------------- training

    def upstream_training(self, steps: int) -> dict[str, float]:
        """Measure the Trainer with peft, as upstream's script sets it."""
        rows = self.rows(shared=False)
        adapted = attach_adapters(self.model(), self.cfg)
        adapted.enable_input_require_grads()
        clock = Clock(self.device)
        on_gpu = self.device.type == "cuda"
        trainer = PlainTrainer(
            model=adapted,
            args=TrainingArguments(
                output_dir=str(self.folder / "b0"),
                per_device_train_batch_size=self.cfg.batch,
                max_steps=steps + WARM_STEPS,
                learning_rate=self.cfg.learning_rate,
                weight_decay=self.cfg.weight_decay,
                lr_scheduler_type="cosine",
                bf16=on_gpu,
                tf32=on_gpu or None,
                gradient_checkpointing=True,
                gradient_checkpointing_kwargs={"use_reentrant": False},
                dataloader_num_workers=self.cfg.workers,
                report_to=[],
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                remove_unused_columns=False,
                use_cpu=not on_gpu,
            ),
            train_dataset=PlainRows(rows, self.processor),
            data_collator=self._collate_plain,
            callbacks=[clock],
        )
        trainer.train()
        return self._told(clock.seconds, self.cfg.batch, rows, clock.peak())

    def _collate_plain(self, items: list[tuple[Row, torch.Tensor]]) -> dict[str, torch.Tensor]:
        width = max(row.length for row, _ in items)
        pad = self.config.text_config.pad_token_id
        ids = torch.full((len(items), width), pad)
        mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
        for at, (row, _) in enumerate(items):
            ids[at, : row.length] = torch.from_numpy(row.ids)
            mask[at, : row.length] = 1
            learned = torch.from_numpy(row.learned)
            labels[at, : row.length][learned] = ids[at, : row.length][learned]
        pixels = torch.stack([pixels for _, pixels in items]).to(self.dtype)
        return {"input_ids": ids, "attention_mask": mask, "labels": labels, "pixel_values": pixels}

    def our_training(self, steps: int) -> dict[str, float]:
        """Measure `skinvl.trainer` with its defaults."""
        rows = self.rows(shared=True)
        size = count_step_rows(rows, self.cfg.batch, "shared")
        order: list[tuple[int, ...]] = []
        while len(order) < steps + WARM_STEPS:
            order += order_steps(rows, rows_a_step=size, seed=0, epoch=len(order))
        made = tuple(order[: steps + WARM_STEPS])
        model = self.model()
        plan = make_plan(
            rows, made, self.config, self.cfg, device=self.device, dtype=self.dtype,
            free_bytes=_total_memory(self.device), ceiling=self.ceiling,
        )  # fmt: skip
        run = Run(
            variant="mm", cfg=self.cfg, out=self.folder / "run",
            model=ModelFolder(folder=self.folder, config=self.config, tokenizer=None), base="bench",
            conventions=choose_conventions(self.cfg), rows=rows, validation=(), steps=made,
            problems=(), plan=plan, device=self.device, dtype=self.dtype, files=(),
            release_digest=None, data_digest="bench",
        )  # fmt: skip
        clock = Clock(self.device)
        trainer = Trainer(run, Accelerator(cpu=self.device.type == "cpu"), model)
        batches = trainer.batches(0)
        entries = []
        for number in range(len(made)):
            clock.begin()
            entries.append(trainer.step(number, batches))
            clock.end()
        entries = entries[WARM_STEPS:]
        questions = statistics.fmean(entry["questions"] for entry in entries)
        told = self._told(clock.seconds, questions, rows, clock.peak())
        waited = sum(entry["input_wait_share"] * entry["seconds"] for entry in entries)
        told["input_wait_share"] = round(waited / sum(entry["seconds"] for entry in entries), 4)
        told["micro_rows"], told["checkpointing"] = trainer.micro_rows, plan.checkpointing
        return told

    def _told(
        self, seconds: list[float], questions: float, rows: Sequence[Row], peak: float
    ) -> dict[str, float]:
        counted = seconds[WARM_STEPS:]
        mean = statistics.median(counted)  # a step that compiles a new length is no usual one
        work = sum(count_work(rows, self.config, self.cfg)) / sum(row.questions for row in rows)
        _free(self.device)
        return {
            "questions_per_second": round(questions / mean, 3),
            "mfu": round(questions * work / 1e12 / mean / self.ceiling, 4),
            "peak_gib": round(peak, 2),
            "set_up_s": round(sum(seconds) - mean * len(seconds), 2),
        }

    # ------------------------------------------------------------------------- generation

    def generation(self) -> dict[str, float]:
        """Measure questions a second: upstream's one by one, and greedy batches."""
        model = self.model().eval()
        batches = (16, 64, 192) if self.device.type == "cuda" else (4, 16)
        rates = {"upstream": self._generate(model, 1, 2, UPSTREAM)}
        for size in batches:
            try:
                rates[f"greedy_{size}"] = self._generate(model, size, 1, {"do_sample": False})
            except torch.cuda.OutOfMemoryError:
                _free(self.device)
        return rates

    def _generate(self, model: Any, size: int, times: int, how: dict[str, Any]) -> float:
        rows = [self.rows(shared=False)[at % PICTURES] for at in range(size)]
        pixels = [read_pixels(row.image, self.processor) for row in rows]
        batch = collate_rows(
            rows, pixels, image_id=self.config.image_token_id,
            pad_id=self.config.text_config.pad_token_id, pad_to=1,
        )  # fmt: skip
        ids = batch["ids"].flip(1).to(self.device)  # padded on the left; order means nothing here
        arguments = {
            "input_ids": ids,
            "attention_mask": (ids != self.config.text_config.pad_token_id).long(),
            "pixel_values": batch["pixels"].to(self.device, self.dtype),
            "pad_token_id": self.config.text_config.pad_token_id,
            "suppress_tokens": [self.config.image_token_id],
            **{**how, "min_new_tokens": NEW_TOKENS, "max_new_tokens": NEW_TOKENS},
        }
        with torch.no_grad():
            model.generate(**arguments)
            _wait(self.device)
            begun = time.perf_counter()
            for _ in range(times):
                model.generate(**arguments)
            _wait(self.device)
        return round(size * times / (time.perf_counter() - begun), 3)


class PlainRows(Dataset[tuple[Row, torch.Tensor]]):
    """Rows with their pixels, as the Trainer's workers read them."""

    def __init__(self, rows: Sequence[Row], processor: Any) -> None:
        self.rows, self.processor = rows, processor

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Row, torch.Tensor]:
        return self.rows[index], read_pixels(self.rows[index].image, self.processor)


class Clock(TrainerCallback):
    """Seconds of each step, with the device waited for."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds, self._begun = device, [], 0.0  # type: ignore[var-annotated]
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def begin(self) -> None:
        _wait(self.device)
        self._begun = self._begun or time.perf_counter()

    def end(self) -> None:
        _wait(self.device)
        now = time.perf_counter()
        self.seconds.append(now - self._begun)
        self._begun = now

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.begin()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.end()

    def peak(self) -> float:
        on_gpu = self.device.type == "cuda"
        return torch.cuda.max_memory_allocated(self.device) / GIB if on_gpu else 0.0


def _config(shape: str) -> LlavaConfig:
    rope = {"rope_type": "default", "rope_theta": 1_000_000.0}
    if shape == "7b":
        vision = CLIPVisionConfig(
            hidden_size=1024, intermediate_size=4096, num_hidden_layers=24,
            num_attention_heads=16, image_size=336, patch_size=14,
        )  # fmt: skip
        text = MistralConfig(
            vocab_size=32064, sliding_window=None, rope_parameters=rope, pad_token_id=32001,
        )  # fmt: skip
        return LlavaConfig(
            vision_config=vision, text_config=text, image_token_index=32000, image_seq_length=576
        )
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=1,
        image_size=56, patch_size=14,
    )  # fmt: skip
    text = MistralConfig(
        vocab_size=320, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, sliding_window=None, rope_parameters=rope,
        pad_token_id=301,
    )  # fmt: skip
    return LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=300, image_seq_length=16
    )


def _cycle(values: Sequence[int], count: int) -> list[int]:
    return [values[at % len(values)] for at in range(count)]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _free(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _total_memory(device: torch.device) -> int | None:
    """All memory of the device: the base model that is loaded already is part of the plan."""
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


if __name__ == "__main__":
    main()
