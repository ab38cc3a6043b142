"""Adapters are added to the base model, shard by shard, in float32.

What is written is ``base + sum of weight * alpha / r * B A`` for each adapted map, and for the
projector the base's plus the weighted differences, rounded once to the type of the base. With DARE
(Yu et al. 2024) each number of a difference is dropped with a probability and the rest enlarged, so
that the sum keeps its mean; what is dropped depends on seed, adapter and tensor, not on the order.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mmskin_build.errors import ModelError, StorageError
from mmskin_build.skinvl.card import read_about, write_about, write_card
from mmskin_build.skinvl.convert import CONVERSION
from mmskin_build.skinvl.layout import PROJECTOR, module_name
from mmskin_build.skinvl.lora import PEFT_PREFIX, Adapter, open_adapter
from mmskin_build.skinvl.merge_check import compare_logits
from mmskin_build.skinvl.model import read_model_folder
from mmskin_build.skinvl.weights import (
    copy_files,
    find_shards,
    fingerprint,
    iter_tensors,
    shard_name,
    write_index,
    write_shard,
)
from mmskin_build.store import storage_errors

Tell = Callable[[str, int, int], None]
_SMALL_FILES = (
    "config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model", CONVERSION,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge made; `logit_difference` is None where it was not compared."""

    folder: Path
    base: str
    tensors_changed: int
    logit_difference: float | None


def merge_adapters(
    base: Path,
    adapters: Sequence[tuple[Path, float]],
    out: Path,
    *,
    dare: float = 0.0,
    seed: int = 0,
    check: bool = True,
    tell: Tell = lambda stage, done, total: None,
) -> Merged:
    """Merge adapters with their weights into the new folder `out`.

    Args:
        base: The model folder that the adapters were trained on.
        adapters: Adapter folders and weights; one adapter with weight 1 is the plain merge.
        out: The folder to make; it appears when it is whole.
        dare: Probability with which each number of a difference is dropped, 0 for the linear merge.
        seed: Of what is dropped.
        check: Compare the logits of the merged and the unmerged model; not with `dare`, which has
            no unmerged counterpart.
        tell: Called with stage, shards done and shards in all.

    Raises:
        ModelError: If an adapter is for another base, a tensor is wrong, or the logits differ.
        StorageError: If `out` exists already or cannot be written.
    """
    if out.exists():
        raise StorageError(f"{out}: exists already; choose another folder")
    if not 0 <= dare < 1:
        raise ModelError(f"DARE drops a share of the numbers, at least 0 and below 1, not {dare}")
    folder = read_model_folder(base)
    identity = fingerprint(base)
    opened = [(open_adapter(path, identity), weight) for path, weight in adapters]
    building = out.with_name(f".{out.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    with storage_errors(building):
        building.mkdir(parents=True)
    try:
        copy_files(base, building, _SMALL_FILES)
        changed = _write_merged(base, opened, building, dare, seed, tell)
        difference = None
        if check and not dare:
            difference = compare_logits(folder, opened, building)
        about = _describe(identity, opened, dare, seed, difference)
        write_about(building, about)
        write_card(building, out.name, about)
        with storage_errors(out):
            building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Merged(folder=out, base=identity, tensors_changed=changed, logit_difference=difference)


def _write_merged(
    base: Path,
    adapters: Sequence[tuple[Adapter, float]],
    out: Path,
    dare: float,
    seed: int,
    tell: Tell,
) -> int:
    shards = find_shards(base)
    used: set[str] = set()
    written: dict[str, dict[str, int]] = {}
    changed = 0
    for number, file in enumerate(shards.files, 1):
        shard: dict[str, torch.Tensor] = {}
        for name, tensor in iter_tensors(base / file):
            merged = _merge_tensor(name, tensor, adapters, used, dare, seed)
            changed += merged is not tensor
            shard[name] = merged
        target = shard_name(number, len(shards.files))
        write_shard(out / target, shard)
        for name, tensor in iter_tensors(out / target):
            if not torch.equal(tensor, shard[name]):
                raise StorageError(f"{out / target}: {name} reads back otherwise than written")
        written[target] = {name: tensor.nbytes for name, tensor in shard.items()}
        tell("merge", number, len(shards.files))
    write_index(out, written)
    for adapter, _ in adapters:
        for name in sorted(set(adapter.tensors) - used):
            raise ModelError(f"{adapter.folder}: {name} fits no tensor of {base}: another base")
    return changed


def _merge_tensor(
    name: str,
    tensor: torch.Tensor,
    adapters: Sequence[tuple[Adapter, float]],
    used: set[str],
    dare: float,
    seed: int,
) -> torch.Tensor:
    """Return a tensor of the base with all differences added; the same object if there are none."""
    inside = module_name(name)
    if inside is None:
        return tensor
    stem = PEFT_PREFIX + inside.removesuffix(".weight")
    names = (f"{stem}.lora_A.weight", f"{stem}.lora_B.weight")
    total: torch.Tensor | None = None
    for number, (adapter, weight) in enumerate(adapters):
        if inside.startswith(PROJECTOR) and inside in adapter.tensors:
            used.add(inside)
            trained = adapter.tensors[inside].float()
            _check_shape(adapter, inside, trained, tensor)
            difference = trained - tensor.float()
        elif names[0] in adapter.tensors and names[1] in adapter.tensors:
            used.update(names)
            down, up = (adapter.tensors[key].float() for key in names)
            difference = adapter.scale * (up @ down)
            _check_shape(adapter, names[1], difference, tensor)
        else:
            continue
        if dare:
            difference = _drop(difference, dare, f"{seed} {number} {inside}")
        total = weight * difference if total is None else total + weight * difference
    return tensor if total is None else (tensor.float() + total).to(tensor.dtype)


def _check_shape(adapter: Adapter, name: str, found: torch.Tensor, base: torch.Tensor) -> None:
    if found.shape != base.shape:
        raise ModelError(
            f"{adapter.folder}: {name} makes {tuple(found.shape)}, the base has "
            f"{tuple(base.shape)}; the adapter is for another base"
        )


def _drop(difference: torch.Tensor, share: float, key: str) -> torch.Tensor:
    dice = torch.Generator().manual_seed(
        int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big")
    )
    kept = torch.rand(difference.shape, generator=dice) >= share
    return difference * kept / (1 - share)


def _describe(
    base: str,
    adapters: Sequence[tuple[Adapter, float]],
    dare: float,
    seed: int,
    difference: float | None,
) -> dict[str, Any]:
    abouts = [read_about(adapter.folder) for adapter, _ in adapters]
    told = [about["conventions"] for about in abouts if "conventions" in about]
    if any(other != told[0] for other in told):
        raise ModelError("the adapters were trained with different conventions; merge none of them")
    return {
        "base": base,
        "rule": f"DARE, {dare} dropped, seed {seed}" if dare else "linear, in float32",
        "logit_difference": "not compared" if difference is None else f"{difference:.3g}",
        "conventions": told[0] if told else {},
        "adapters": [
            {"weight": weight, "about": about}
            for (_, weight), about in zip(adapters, abouts, strict=True)
        ],
    }
