"""A model folder becomes a model, its tokenizer and its sizes; what does not fit is named."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer, LlavaConfig, LlavaForConditionalGeneration
from transformers.utils import logging as transformers_logging

from mmskin_build.errors import ModelError
from mmskin_build.skinvl.convert import IMAGE_TOKEN
from mmskin_build.skinvl.weights import find_shards, read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """What a folder says of its model before any weight is loaded."""

    folder: Path
    config: LlavaConfig
    tokenizer: Any

    @property
    def image_id(self) -> int:
        """The token that stands for one patch of the picture."""
        return int(self.config.image_token_id)

    @property
    def patches(self) -> int:
        """Picture tokens a picture."""
        return int(self.config.image_seq_length)


def be_quiet() -> None:
    """Keep `transformers` from drawing bars and from asking the network, for this process."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the loader's workers are forks
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # peft 0.21 asks transformers 5.24 for a property by its old name.
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")


def read_model_folder(folder: Path) -> ModelFolder:
    """Read configuration and tokenizer of a model folder.

    Raises:
        ModelError: If it is no LLaVA model of `transformers`, weights are missing, or tokenizer and
            model do not belong together.
    """
    be_quiet()
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; name a model folder, or tiny")
    settings = read_json(folder / "config.json")
    kind = settings.get("model_type")
    if kind == "llava_mistral":
        raise ModelError(
            f"{folder}: has LLaVA-Med's published layout; convert it once: "
            f"mmskin convert {folder} --out FOLDER"
        )
    if kind != "llava":
        raise ModelError(f"{folder}: holds a model of type {kind!r}; LLaVA-Med v1.5 is needed")
    find_shards(folder)
    try:
        config = LlavaConfig.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # transformers raises many kinds
        raise ModelError(f"{folder}: cannot be read: {error}") from None
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise ModelError(f"{folder}: its tokenizer gives no offsets or has no end token")
    known, rows = len(tokenizer), config.text_config.vocab_size
    image_id = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
    if known > rows or image_id != config.image_token_id:
        raise ModelError(
            f"{folder}: the tokenizer knows {known} entries with {IMAGE_TOKEN} as {image_id}, the "
            f"model has {rows} rows and expects it as {config.image_token_id}; convert it again"
        )
    return ModelFolder(folder=folder, config=config, tokenizer=tokenizer)


def load_model(
    folder: Path, *, device: torch.device, dtype: torch.dtype
) -> LlavaForConditionalGeneration:
    """Load the weights of a model folder; nothing is trainable yet.

    Raises:
        ModelError: If a shard is damaged, or a tensor is missing, unknown or of another shape.
    """
    be_quiet()
    try:
        model, found = LlavaForConditionalGeneration.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation="sdpa",
            output_loading_info=True,
            local_files_only=True,
        )
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{folder}: its weights cannot be loaded: {error}") from None
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        for name in sorted(map(str, found[what])):
            raise ModelError(f"{folder}: {what.replace('_keys', '')} tensor {name}")
    model.requires_grad_(False)
    return model.to(device)


def choose_device() -> torch.device:
    """Return the GPU of this process if there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of the frozen weights and of the arithmetic.

    >>> choose_dtype("auto", torch.device("cpu"))
    torch.float32
    """
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32
