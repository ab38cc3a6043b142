"""Steps, memory, time and cost of a run, reckoned before any weight is loaded.

Work is counted exactly from the tokens of the rows; memory and speed are estimates, with the
constants and where they come from below. Where the memory is short the plan tries fewer rows at
once, then gradient checkpointing, and then says what would fit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch
from transformers import LlavaConfig

from mmskin_build.config import TrainConfig
from mmskin_build.errors import TrainingError
from mmskin_build.skinvl.order import cut_step
from mmskin_build.skinvl.rows import Row

GIB = 2**30
# Activations kept for the backward pass, in numbers a token and layer: so many times the width and
# the inner width. Fitted to 60.2 GiB of the 7B shape, compiled, 42 questions a step, on an H100.
_KEPT_WIDTHS, _KEPT_INNER = 8.0, 1.2
_EAGER_FACTOR = 1.9  # element-wise results that compiling fuses away are kept, too
_MARGIN = 1.15  # fragmentation and workspaces
_TRAINED_BYTES = 12  # float32 master and two moments; the copy and its gradient come besides
_MOST_MICRO_ROWS = 64
# Share of the matrix ceiling that training reaches: 0.38 measured on an H100 with compiled layers.
_REACHED_GPU, _REACHED_CPU = 0.35, 0.2
_CEILING_SIDE = {"cuda": 8192, "cpu": 512}
_CEILING_S = 0.05  # of measuring, on a CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run will take. `tflop` is the work of all epochs; `seconds` and `cost` are guesses."""

    rows: int
    questions: int
    tokens: int
    learned_tokens: int
    longest_row: int
    steps: int
    micro_rows: int
    checkpointing: bool
    compiled: bool
    memory_gib: float
    free_gib: float
    tflop: float
    tflop_per_second: float
    seconds: float
    cost: float


def make_plan(
    rows: Sequence[Row],
    steps: Sequence[Sequence[int]],
    config: LlavaConfig,
    cfg: TrainConfig,
    *,
    device: torch.device,
    dtype: torch.dtype,
    processes: int = 1,
    free_bytes: int | None = None,
    ceiling: float | None = None,
) -> Plan:
    """Reckon a run; `steps` are those of all epochs, `ceiling` the matrix speed in TFLOP/s.

    Raises:
        TrainingError: If not even one row with checkpointing fits; says what would.
    """
    free = free_memory(device) if free_bytes is None else free_bytes
    compiled = cfg.compile == "on" or (cfg.compile == "auto" and device.type == "cuda")
    longest = max(row.length for row in rows)
    padded = -(-longest // cfg.pad_to) * cfg.pad_to
    most = max(len(step) for step in steps)
    fixed = _fixed_bytes(config, cfg, dtype)
    choice = _choose_micro_rows(config, cfg, dtype, padded, most, free - fixed, compiled)
    if choice is None:
        one = _row_bytes(config, dtype, padded, checkpointing=True, compiled=compiled)
        raise TrainingError(
            f"{free / GIB:.1f} GiB of memory are free, at least {(fixed + one) / GIB:.1f} GiB are "
            f"needed ({fixed / GIB:.1f} for weights, adapters and optimizer, {one / GIB:.1f} for "
            f"one row of {longest} tokens with checkpointing); {_what_would_fit(config, cfg, free)}"
        )
    micro_rows, checkpointing = choice
    epoch_work = sum(row_flop(row.length, _counts(config, cfg)) for row in rows)
    work = epoch_work * cfg.epochs * (4 / 3 if checkpointing else 1)
    if cfg.effective_tflops:
        speed = cfg.effective_tflops
    else:
        reached = _REACHED_GPU if device.type == "cuda" else _REACHED_CPU
        speed = (measure_ceiling(device, dtype) if ceiling is None else ceiling) * reached
    seconds = work / 1e12 / speed / processes
    used = fixed + micro_rows * _row_bytes(
        config, dtype, padded, checkpointing=checkpointing, compiled=compiled
    )
    return Plan(
        rows=len(rows),
        questions=sum(row.questions for row in rows),
        tokens=sum(row.length for row in rows),
        learned_tokens=sum(int(row.learned.sum()) for row in rows),
        longest_row=longest,
        steps=len(steps),
        micro_rows=micro_rows,
        checkpointing=checkpointing,
        compiled=compiled,
        memory_gib=round(used / GIB, 3),
        free_gib=round(free / GIB, 3),
        tflop=round(work / 1e12, 6),
        tflop_per_second=round(speed, 4),
        seconds=round(seconds, 1),
        cost=round(seconds / 3600 * cfg.price_per_hour * processes, 2),
    )


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on the device, or in the machine for a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def measure_ceiling(device: torch.device, dtype: torch.dtype) -> float:
    """Return how many TFLOP/s one large matrix product reaches here and now."""
    side = _CEILING_SIDE["cuda" if device.type == "cuda" else "cpu"]
    left = torch.ones(side, side, dtype=dtype, device=device)
    left @ left  # wakes the device
    begun, times = time.perf_counter(), 0
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        begun = time.perf_counter()
        for _ in range(20):
            left @ left
        torch.cuda.synchronize(device)
        times = 20
    else:
        while time.perf_counter() - begun < _CEILING_S:
            left @ left
            times += 1
    return times * 2 * side**3 / (time.perf_counter() - begun) / 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Parameters by what is done with them; `attention` is layers times the width of all heads."""

    language: int
    embedding: int
    adapters: int
    projector: int
    vision: int
    attention: int
    places: int  # of a picture in the vision tower


def _counts(config: LlavaConfig, cfg: TrainConfig) -> Counts:
    text, vision = config.text_config, config.vision_config
    width, inner, layers = text.hidden_size, text.intermediate_size, text.num_hidden_layers
    heads = text.num_attention_heads * text.head_dim
    keys = text.num_key_value_heads * text.head_dim
    maps = [(width, heads), (width, keys), (width, keys), (heads, width)]
    maps += [(width, inner), (width, inner), (inner, width)]
    seen = vision.hidden_size
    return Counts(
        language=layers * sum(a * b for a, b in maps),
        embedding=text.vocab_size * width,
        adapters=layers * sum(cfg.lora_rank * (a + b) for a, b in maps),
        projector=seen * width + width * width + 2 * width,
        vision=vision.num_hidden_layers * (4 * seen**2 + 2 * seen * vision.intermediate_size),
        attention=layers * heads,
        places=config.image_seq_length + 1,
    )


def row_flop(length: int, counts: Counts) -> float:
    """Return the operations that training needs for a row, without any that are done twice.

    A frozen weight costs 2 a token forward and 2 for the gradient of what came in, a trained one 2
    more; the vision tower is only run forward; attention costs 4 a pair of places and width forward
    and twice that back, halved because it is causal. The head is counted where all tokens use it
    in other programs but only learned ones here, so it is left out.
    """
    words = 4 * counts.language + 6 * counts.adapters
    pairs = 12 * counts.attention * length / 2
    picture = 2 * counts.vision * counts.places + 6 * counts.projector * (counts.places - 1)
    return float(length * (words + pairs) + picture)


def count_work(rows: Sequence[Row], config: LlavaConfig, cfg: TrainConfig) -> list[float]:
    """Return the operations of each row."""
    counts = _counts(config, cfg)
    return [row_flop(row.length, counts) for row in rows]


def _fixed_bytes(config: LlavaConfig, cfg: TrainConfig, dtype: torch.dtype) -> int:
    counts, size = _counts(config, cfg), dtype.itemsize
    frozen = counts.language + 2 * counts.embedding + counts.vision
    trained = counts.adapters + counts.projector
    return int(frozen * size + trained * (2 * size + _TRAINED_BYTES))


def _row_bytes(
    config: LlavaConfig,
    dtype: torch.dtype,
    length: int,
    *,
    checkpointing: bool,
    compiled: bool,
) -> int:
    text = config.text_config
    layer = dtype.itemsize * (
        _KEPT_WIDTHS * text.hidden_size + _KEPT_INNER * text.intermediate_size
    )
    layer *= 1.0 if compiled else _EAGER_FACTOR
    layers = text.num_hidden_layers
    kept = layer + layers * dtype.itemsize * text.hidden_size if checkpointing else layer * layers
    logits = 3 * 4 * text.vocab_size / 4  # float32, about a quarter of the tokens are learned
    return int(_MARGIN * length * (kept + logits))


def _choose_micro_rows(
    config: LlavaConfig,
    cfg: TrainConfig,
    dtype: torch.dtype,
    length: int,
    most: int,
    room: int,
    compiled: bool,
) -> tuple[int, bool] | None:
    """Return rows at once and whether gradients are checkpointed, None if nothing fits."""
    modes = {"auto": (False, True), "on": (True,), "off": (False,)}[cfg.checkpointing]
    for checkpointing in modes:
        one = _row_bytes(config, dtype, length, checkpointing=checkpointing, compiled=compiled)
        fits = min(room // one, most, _MOST_MICRO_ROWS) if room > 0 else 0
        if fits >= max(1, cfg.micro_rows):
            turns = -(-most // int(fits))  # as few as fit, and as even as can be
            return cfg.micro_rows or -(-most // turns), checkpointing
    return None


def _what_would_fit(config: LlavaConfig, cfg: TrainConfig, free: int) -> str:
    tried: list[str] = []
    for rank in (64, 32, 16, 8):
        if rank < cfg.lora_rank:
            smaller = TrainConfig(lora_rank=rank)
            if _fixed_bytes(config, smaller, torch.bfloat16) < free:
                tried.append(f"train.lora_rank = {rank} with train.precision = 'bf16'")
                break
    if cfg.micro_rows > 1:
        tried.insert(0, "train.micro_rows = 1")
    if cfg.checkpointing == "off":
        tried.insert(0, "train.checkpointing = 'auto'")
    need = _fixed_bytes(config, cfg, torch.bfloat16) / GIB
    return "try " + ", ".join([*tried, f"a device with over {math.ceil(need * 1.2)} GiB"])


def micro_batches(
    step: Sequence[int], micro_rows: int, rank: int, ranks: int
) -> list[tuple[int, tuple[int, ...] | None]]:
    """Return the micro batches of one process: their number in the step, and their rows.

    All processes get equally many, so that each takes part in every exchange; the rows of one that
    is only there to keep step are None.

    >>> micro_batches((4, 7, 9), 1, rank=1, ranks=2)
    [(1, (7,)), (3, None)]
    """
    cut = cut_step(step, micro_rows)
    each = -(-len(cut) // ranks)
    numbers = [rank + ranks * turn for turn in range(each)]
    return [(number, cut[number] if number < len(cut) else None) for number in numbers]
