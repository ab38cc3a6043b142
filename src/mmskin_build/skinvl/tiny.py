"""LLaVA-Med in a few thousand parameters, made from nothing: the model of tests and dry runs.

It has everything of the large one: a SentencePiece tokenizer with byte fallback, a CLIP vision
tower, the two-layer projector, grouped heads, and the published layout with its names, which the
converter turns into the layout of `transformers`. Its weights are random.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import sentencepiece
import torch
from transformers import (
    CLIPVisionConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    MistralConfig,
)

from mmskin_build.skinvl.convert import CONVERSION, convert_checkpoint
from mmskin_build.skinvl.layout import EMBEDDING, HEAD, VISION, upstream_name
from mmskin_build.skinvl.weights import INDEX
from mmskin_build.store import pretty_json, write_bytes

Weights = Literal["safetensors", "bin"]

_WORDS = (
    "What is shown in this picture? What is the age of the patient? How old is the patient?",
    "The patient is male and 34 years old. The patient is female. Which sex does the record give?",
    "Red scaly plaques on the elbow with silvery scales. A pearly nodule with fine vessels.",
    "An asymmetric brown macule with an atypical pigment network. Nests of basaloid cells.",
    "A chat between a curious user and an artificial intelligence assistant. USER: ASSISTANT:",
    "[INST] Describe the lesion in the image. [/INST] Which age group does the patient belong to?",
)
_VOCABULARY = 384  # 256 bytes, 3 controls, the rest pieces
_SIDE_PX = 28  # of the picture; patches of 14 give 4 picture tokens
_SHARDS = 2
_SPREAD = 0.2  # standard deviation of the random weights; wide, so that pictures differ


def write_tiny_model(folder: Path, *, seed: int = 0) -> Path:
    """Write a tiny model as `transformers` loads it, unless it is there; the same each time."""
    if not (folder / CONVERSION).is_file():
        source = folder.with_name(f".{folder.name}.published")
        write_tiny_checkpoint(source, seed=seed)
        convert_checkpoint(source, folder, vision_tower="checkpoint")
        for path in source.iterdir():
            path.unlink()
        source.rmdir()
    return folder


def write_tiny_checkpoint(folder: Path, *, seed: int = 0, weights: Weights = "safetensors") -> None:
    """Write a tiny checkpoint in the layout of ``microsoft/llava-med-v1.5-mistral-7b``."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "tokenizer.model", train_tokenizer(_WORDS, _VOCABULARY))
    words = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "legacy": True,
    }
    write_bytes(folder / "tokenizer_config.json", pretty_json(words))
    write_bytes(folder / "config.json", pretty_json(_published_config()))
    state = {upstream_name(name): tensor for name, tensor in sorted(_random_weights(seed).items())}
    names = list(state)
    pieces = [names[start::_SHARDS] for start in range(_SHARDS)]
    index: dict[str, str] = {}
    for number, piece in enumerate(pieces, 1):
        tensors = {name: state[name] for name in piece}
        if weights == "safetensors":
            file = f"model-{number:05d}-of-{_SHARDS:05d}.safetensors"
            save_file(tensors, folder / file, metadata={"format": "pt"})
        else:
            file = f"pytorch_model-{number:05d}-of-{_SHARDS:05d}.bin"
            torch.save(tensors, folder / file)
        index.update(dict.fromkeys(piece, file))
    name = INDEX if weights == "safetensors" else "pytorch_model.bin.index.json"
    write_bytes(folder / name, json.dumps({"metadata": {}, "weight_map": index}).encode())


def write_tiny_clip(folder: Path, *, seed: int = 1) -> None:
    """Write a vision tower in the layout of ``openai/clip-vit-large-patch14-336``."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "vision_model." + name.removeprefix(VISION): tensor
        for name, tensor in _random_weights(seed).items()
        if name.startswith(VISION)
    }
    state["logit_scale"] = torch.tensor(1.0)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"model_type": "clip", "vision_config": tiny_vision().to_dict()}
    write_bytes(folder / "config.json", json.dumps(config).encode())


def train_tokenizer(sentences: Iterable[str], vocabulary: int) -> bytes:
    """Train a SentencePiece model like Mistral's: BPE, bytes for what it does not know."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*sentences] * 4),
        model_writer=model,
        vocab_size=vocabulary,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
    )
    return model.getvalue()


def tiny_vision() -> CLIPVisionConfig:
    """Return the configuration of the tiny vision tower."""
    return CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=1,
        image_size=_SIDE_PX,
        patch_size=14,
        projection_dim=32,
    )


def _published_config() -> dict[str, Any]:
    return {
        "architectures": ["LlavaMistralForCausalLM"],
        "model_type": "llava_mistral",
        "vocab_size": _VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1_000_000.0,
        "sliding_window": None,
        "max_position_embeddings": 4096,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "mm_vision_tower": "openai/clip-vit-large-patch14-336",
        "mm_hidden_size": 32,
        "mm_vision_select_layer": -2,
        "mm_vision_select_feature": "patch",
        "mm_projector_type": "mlp2x_gelu",
        "image_aspect_ratio": "pad",
        "tie_word_embeddings": False,
    }


def _random_weights(seed: int) -> dict[str, torch.Tensor]:
    """Return random weights by the names of the classes, before the vocabulary is padded."""
    told = _published_config()
    keys = (
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads", "num_key_value_heads",
    )  # fmt: skip
    text = MistralConfig(**{key: told[key] for key in keys})
    config = LlavaConfig(vision_config=tiny_vision(), text_config=text, image_token_index=3)
    with torch.device("meta"):
        shapes = LlavaForConditionalGeneration(config).state_dict()
    numbers = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}
    for name, tensor in sorted(shapes.items()):
        if "norm" in name and name.endswith("weight"):
            state[name] = torch.ones(tensor.shape)
        elif name.endswith("bias"):
            state[name] = torch.zeros(tensor.shape)
        else:
            wide = 1.0 if name in (EMBEDDING, HEAD) else _SPREAD
            state[name] = wide * torch.randn(tensor.shape, generator=numbers)
    return state
