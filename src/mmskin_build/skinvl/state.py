"""Checkpoints: whole or not there, read back after writing, found again after a crash.

A checkpoint is a folder ``step_000100`` with the adapter and the projector as float32 masters, the
optimizer's moments, and ``meta.json``, which is written last and holds the step (from which
schedule and data position follow), the losses the guard remembers, what was skipped, and the
sha256 of every file. Randomness needs no state of its own: each micro batch seeds it from (seed,
step, number), so that a run that goes on draws what the uninterrupted one draws.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from mmskin_build.errors import ModelError, SchemaError, StorageError
from mmskin_build.skinvl.lora import (
    ADAPTER,
    ADAPTER_CONFIG,
    META,
    PROJECTOR_FILE,
    split_tensors,
)
from mmskin_build.skinvl.weights import iter_tensors, write_shard
from mmskin_build.store import (
    file_sha256,
    from_json,
    is_file,
    parse_json,
    pretty_json,
    storage_errors,
    sync_folder,
    write_bytes,
)

OPTIMIZER = "optimizer.safetensors"
_NAME = re.compile(r"step_(\d{6,})")
_NUMBERS = ("step", "loss")  # of a line of the log, where it has them
Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. `step` counts the steps done; `skipped` are those left out after a leap."""

    run: str  # digest of what must not change between stop and start
    base: str  # fingerprint of the base model
    step: int
    seed: int
    losses: tuple[float, ...] = ()
    skipped: tuple[int, ...] = ()
    rollbacks: int = 0
    best_step: int | None = None
    best_loss: float | None = None
    files: dict[str, str] = field(default_factory=dict)  # name to sha256


def save_checkpoint(
    folder: Path,
    progress: Progress,
    *,
    masters: Tensors,
    moments: Tensors,
    adapter_config: Mapping[str, Any],
) -> Path:
    """Write a checkpoint below `folder`, read it back, compare, and only then give it its name.

    Raises:
        StorageError: If the disk is full, or what was written reads back otherwise.
    """
    final = folder / f"step_{progress.step:06d}"
    building = folder / f".{final.name}.building"
    with storage_errors(folder):
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
    adapter, projector = split_tensors(masters)
    written: dict[str, Tensors] = {ADAPTER: adapter, PROJECTOR_FILE: projector, OPTIMIZER: moments}
    for name, tensors in written.items():
        on_cpu = {key: value.detach().cpu() for key, value in tensors.items()}
        write_shard(building / name, on_cpu)
        _compare(building / name, on_cpu)
    write_bytes(building / ADAPTER_CONFIG, pretty_json(dict(adapter_config)))
    sums = {path.name: file_sha256(path) for path in sorted(building.iterdir())}
    meta = {**asdict(progress), "files": sums}
    write_bytes(building / META, pretty_json(meta))
    with storage_errors(final):
        if final.exists():  # of a run that was rolled back to before this step
            shutil.rmtree(final)
        building.rename(final)
    sync_folder(folder)
    return final


def read_checkpoint(
    folder: Path,
) -> tuple[Progress, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Read progress, masters and moments of a checkpoint.

    Raises:
        ModelError: If it is not whole, or a file is not the one that was written.
    """
    progress = read_progress(folder)
    for name, digest in progress.files.items():
        if not is_file(folder / name) or file_sha256(folder / name) != digest:
            raise ModelError(f"{folder / name}: not the file that was written")
    masters = dict(iter_tensors(folder / ADAPTER))
    masters.update(iter_tensors(folder / PROJECTOR_FILE))
    return progress, masters, dict(iter_tensors(folder / OPTIMIZER))


def read_progress(folder: Path) -> Progress:
    """Read what a checkpoint or a finished adapter says of itself.

    Raises:
        ModelError: If the file is missing or has another form.
    """
    try:
        return from_json((folder / META).read_bytes(), Progress, str(folder / META))
    except OSError:
        raise ModelError(f"{folder}: no {META}; it is not whole, or not made here") from None
    except SchemaError as error:
        raise ModelError(str(error)) from None


def find_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints below `folder` that have their last file, the newest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    whole = [path for path in found if (path / META).is_file()]
    return sorted(whole, key=checkpoint_step, reverse=True)


def checkpoint_step(folder: Path) -> int:
    """Return the step in a checkpoint's name.

    >>> checkpoint_step(Path("checkpoints/step_000200"))
    200
    """
    match = _NAME.fullmatch(folder.name)
    if match is None:
        raise ValueError(f"{folder} is not named like a checkpoint")
    return int(match[1])


def prune_checkpoints(folder: Path, *, keep_last: int, best_step: int | None) -> None:
    """Delete all but the last `keep_last` checkpoints and the best."""
    for path in find_checkpoints(folder)[keep_last:]:
        if checkpoint_step(path) != best_step:
            shutil.rmtree(path, ignore_errors=True)


def drop_after(folder: Path, step: int) -> None:
    """Delete the checkpoints of steps after `step`, which a roll back has undone."""
    for path in find_checkpoints(folder):
        if checkpoint_step(path) > step:
            shutil.rmtree(path, ignore_errors=True)


def truncate_log(path: Path, step: int) -> None:
    """Forget the lines of a JSONL log that are of steps after `step` or break off."""
    if not path.is_file():
        return
    kept = [line for line, entry in iter_log(path) if entry.get("step", 0) <= step]
    write_bytes(path, b"".join(line + b"\n" for line in kept))


def iter_log(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the lines of a JSONL log, and what they say; those that break off are passed over."""
    with storage_errors(path):
        lines = path.read_bytes().splitlines()
    for line in lines:
        try:
            entry = parse_json(line)
        except ValueError:
            continue  # the line that was being written
        if isinstance(entry, dict) and all(_is_number(entry.get(key, 0)) for key in _NUMBERS):
            yield line, entry


def _is_number(value: object) -> bool:
    is_short = isinstance(value, int) and abs(value) <= sys.float_info.max
    return is_short or isinstance(value, float)


def _compare(path: Path, tensors: Tensors) -> None:
    back = load_file(path)
    for name, value in tensors.items():
        if name not in back or not torch.equal(back[name], value):
            raise StorageError(f"{path}: {name} reads back otherwise than written; check the disk")
