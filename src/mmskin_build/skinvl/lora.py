"""Adapters: where they go, which numbers are trained, and the files they are kept in.

Kept are `peft`'s own files (``adapter_config.json``, ``adapter_model.safetensors``), which
`PeftModel.from_pretrained` reads, and beside them ``projector.safetensors``, because the projector
is trained whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import LlavaForConditionalGeneration

from mmskin_build.config import TrainConfig
from mmskin_build.errors import ModelError
from mmskin_build.skinvl.layout import LORA_TARGETS, PROJECTOR, VISION
from mmskin_build.skinvl.weights import read_json

ADAPTER, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
PROJECTOR_FILE = "projector.safetensors"
META = "meta.json"
PEFT_PREFIX = "base_model.model."
_UNSUPPORTED = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save")


def attach_adapters(model: LlavaForConditionalGeneration, cfg: TrainConfig) -> PeftModel:
    """Add LoRA to all linear maps of the decoder, and make the projector trainable.

    Adapters have the type of the model; the optimizer keeps their float32 masters.
    """
    settings = LoraConfig(
        r=cfg.lora_rank,
        lora_alpha=cfg.lora_alpha,
        lora_dropout=cfg.lora_dropout,
        bias="none",
        target_modules=LORA_TARGETS,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(cfg.seed)  # of the first, random half of each adapter
        adapted = get_peft_model(model, settings, autocast_adapter_dtype=False)
    if not isinstance(adapted, PeftModel):
        raise ModelError("peft made no adapters")
    for name, parameter in adapted.named_parameters():
        if PROJECTOR in name:
            parameter.requires_grad_(cfg.projector_learning_rate > 0)
        if parameter.requires_grad and VISION in name:
            raise ModelError(f"{name} of the vision tower would be trained")
    return adapted


def trained_tensors(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Return what is trained by its name in the files, in the order of the names."""
    named = {
        file_name(name): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    return dict(sorted(named.items()))


def file_name(name: str) -> str:
    """Return the name under which a trained tensor is kept.

    >>> file_name("base_model.model.model.multi_modal_projector.linear_1.bias")
    'model.multi_modal_projector.linear_1.bias'
    >>> file_name("base_model.model.lm_head.lora_A.default.weight")
    'base_model.model.lm_head.lora_A.weight'
    """
    if PROJECTOR in name:
        return name[name.index(PROJECTOR) :]
    return name.replace(".default.", ".")


def split_tensors(
    tensors: Mapping[str, torch.Tensor],
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Part trained tensors into those of the adapter and those of the projector."""
    projector = {name: value for name, value in tensors.items() if name.startswith(PROJECTOR)}
    return {name: value for name, value in tensors.items() if name not in projector}, projector


def read_trained(folder: Path) -> dict[str, torch.Tensor]:
    """Read adapter and projector of a folder.

    Raises:
        ModelError: If a file is missing or damaged.
    """
    tensors: dict[str, torch.Tensor] = {}
    for file in (ADAPTER, PROJECTOR_FILE):
        if file == PROJECTOR_FILE and not (folder / file).exists():
            continue  # an adapter made by peft alone
        try:
            tensors.update(load_file(folder / file))
        except Exception as error:  # SafetensorError, OSError
            raise ModelError(f"{folder / file}: cannot be read: {error}") from None
    return tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter folder: its tensors by file name, and what one product of them is scaled with."""

    folder: Path
    tensors: dict[str, torch.Tensor]
    scale: float


def open_adapter(folder: Path, base: str | None) -> Adapter:
    """Read an adapter and make sure that it belongs to a base model.

    Args:
        folder: With `peft`'s files; `meta.json` beside them tells the base.
        base: Fingerprint of the base model, None to take any.

    Raises:
        ModelError: If it is no plain LoRA, damaged, or made for another base.
    """
    settings = read_json(folder / ADAPTER_CONFIG)
    unknown = [key for key in _UNSUPPORTED if settings.get(key)]
    if settings.get("peft_type") != "LORA" or unknown:
        kind = ", ".join(unknown) or settings.get("peft_type")
        raise ModelError(f"{folder}: is no plain LoRA adapter ({kind})")
    if base is not None and (folder / META).is_file():
        made_for = read_json(folder / META).get("base")
        if made_for != base:
            raise ModelError(
                f"{folder}: was trained on the base {str(made_for)[:12]}, this one is {base[:12]}; "
                "name the folder it was trained on"
            )
    try:
        scale = float(settings["lora_alpha"]) / float(settings["r"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        scale = math.nan
    if not math.isfinite(scale):
        raise ModelError(
            f"{folder / ADAPTER_CONFIG}: lora_alpha and r are not two numbers above 0; "
            "get the adapter again"
        )
    return Adapter(folder=folder, tensors=read_trained(folder), scale=scale)


def apply_adapters(
    model: LlavaForConditionalGeneration, adapters: Sequence[tuple[Adapter, float]]
) -> Any:
    """Put adapters with their weights on a model, unmerged, and return what `peft` makes of it.

    The projector becomes the base's plus the weighted differences of the adapters' projectors.

    Raises:
        ModelError: If an adapter does not fit the model.
    """
    names = [f"a{number}" for number in range(len(adapters))]
    before = {
        name: value.detach().clone()
        for name, value in model.named_parameters()
        if name.startswith(PROJECTOR)
    }
    adapted: Any = None
    try:
        for name, (adapter, _) in zip(names, adapters, strict=True):
            if adapted is None:
                adapted = PeftModel.from_pretrained(model, adapter.folder, adapter_name=name)
            else:
                adapted.load_adapter(adapter.folder, adapter_name=name)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{adapter.folder}: does not fit this base: {error}") from None
    adapted.base_model.set_adapter(names)
    for module in adapted.modules():
        if isinstance(getattr(module, "scaling", None), dict):
            for name, (_, weight) in zip(names, adapters, strict=True):
                module.scaling[name] *= weight
    with torch.no_grad():
        for name, value in model.named_parameters():
            kept = [(a.tensors[name], w) for a, w in adapters if name in a.tensors]
            if name in before and kept:
                start = before[name].float()
                moved = sum((w * (t.to(start.device) - start) for t, w in kept), start)
                value.copy_(moved)
    return adapted


def base_of(model: Any) -> LlavaForConditionalGeneration:
    """Return LLaVA's model, with its adapters inside, whether `peft` is around it or not."""
    found = model.get_base_model() if isinstance(model, PeftModel) else model
    if not isinstance(found, LlavaForConditionalGeneration):
        raise ModelError(f"{type(found).__name__} is not LLaVA's model")
    return found
