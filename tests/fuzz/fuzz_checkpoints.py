"""Targets of `fuzz` of models: checkpoints, adapters, the state of a training that stopped."""

from __future__ import annotations

import io
import json
import os
import random
from pathlib import Path
from typing import Any

from fuzz_mutations import mutate_bytes, mutate_json, mutate_jsonl
from fuzz_target import Target, as_jsonl, in_a_copy
from mmskin_build.store import file_sha256


def checkpoint_targets(folder: Path) -> list[Target]:
    """Return targets of checkpoints; none where torch is not installed."""
    try:
        import torch
        from safetensors.torch import save

        from mmskin_build.skinvl.convert import convert_checkpoint
        from mmskin_build.skinvl.journal import LOG, write_summary
        from mmskin_build.skinvl.lora import open_adapter
        from mmskin_build.skinvl.model import read_model_folder
        from mmskin_build.skinvl.state import (
            OPTIMIZER,
            Progress,
            find_checkpoints,
            read_checkpoint,
            save_checkpoint,
            truncate_log,
        )
        from mmskin_build.skinvl.tiny import write_tiny_checkpoint
        from mmskin_build.skinvl.weights import find_shards, iter_tensors
    except ModuleNotFoundError:
        return []
    write_tiny_checkpoint(folder)
    tensors = {"a.weight": torch.ones(4, 3), "b.weight": torch.zeros(2)}
    pickled = io.BytesIO()
    torch.save(tensors, pickled)
    adapter = {"peft_type": "LORA", "lora_alpha": 8, "r": 4, "target_modules": ["q_proj"]}
    index = {"metadata": {}, "weight_map": {"a.weight": "model.safetensors"}}

    def use_tensors(path: Path) -> None:
        for _ in iter_tensors(path):
            pass

    def use_index(path: Path) -> None:
        (path.parent / "model.safetensors").write_bytes(save(tensors))
        for file in find_shards(path.parent).files:
            use_tensors(path.parent / file)

    def use_adapter(path: Path) -> None:
        (path.parent / "adapter_model.safetensors").write_bytes(save(tensors))
        open_adapter(path.parent, None)

    def use_config(copy: Path) -> None:
        convert_checkpoint(copy, copy.parent / "out", vision_tower="checkpoint")
        read_model_folder(copy.parent / "out")

    progress = Progress(run="r", base="b", step=3, seed=1, losses=(2.0, 1.5))
    masters = {"base_model.layer.lora_A.weight": torch.ones(2, 3)}
    state = save_checkpoint(
        folder / "training", progress, masters=masters, moments=tensors, adapter_config=adapter
    )
    log = [{"step": step, "loss": 2.0 / step, "lr": 1e-4} for step in (1, 2, 3)]

    def use_state(copy: Path) -> None:
        for found in find_checkpoints(copy.parent):
            read_checkpoint(found)
        read_checkpoint(copy)

    def use_spoiled(copy: Path) -> None:
        """The same, where the digests say what the file is: the makers of a file make them, too."""
        meta = json.loads((copy / "meta.json").read_bytes())
        meta["files"] = {name: file_sha256(copy / name) for name in meta["files"]}
        (copy / "meta.json").write_text(json.dumps(meta))
        read_checkpoint(copy)

    def use_log(path: Path) -> None:
        write_summary(path.parent, title="t", verdict="v", tables=[])
        truncate_log(path, 2)

    return [
        Target(
            name="training log",
            seeds=[as_jsonl(log)],
            mutate=mutate_jsonl,
            use=use_log,
            file=LOG,
        ),
        in_a_copy("training", state, state / "meta.json", use_state),
        in_a_copy("training", state, state / OPTIMIZER, use_spoiled),
        Target(
            name="safetensors",
            seeds=[save(tensors)],
            mutate=_mutate_safetensors,
            use=use_tensors,
            file="model.safetensors",
        ),
        Target(
            name="pickled weights",
            seeds=[pickled.getvalue(), _evil_pickle(folder)],
            mutate=mutate_bytes,
            use=use_tensors,
            file="pytorch_model.bin",
        ),
        Target(
            name="index of shards",
            seeds=[json.dumps(index).encode()],
            mutate=mutate_json,
            use=use_index,
            file="model.safetensors.index.json",
        ),
        Target(
            name="adapter",
            seeds=[json.dumps(adapter).encode()],
            mutate=mutate_json,
            use=use_adapter,
            file="adapter_config.json",
        ),
        in_a_copy("checkpoint", folder, folder / "config.json", use_config),
    ]


def _mutate_safetensors(rng: random.Random, content: bytes) -> bytes:
    """Change the header, which is JSON after its length; keep the length right or not."""
    if rng.random() < 0.3:
        return mutate_bytes(rng, content)
    length = int.from_bytes(content[:8], "little")
    header = mutate_json(rng, content[8 : 8 + length])
    told = len(header) if rng.random() < 0.8 else rng.choice((0, 2**40, 2**63, length * 3))
    return told.to_bytes(8, "little") + header + content[8 + length :]


def _evil_pickle(folder: Path) -> bytes:
    """A pickle that makes a folder ``owned`` when it is loaded."""
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(folder / "owned"),)

    return pickle.dumps({"a.weight": Evil()})
