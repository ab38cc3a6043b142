"""The loss: cross entropy of answer tokens only, inside a module's `forward`.

Inside, because data parallelism hooks into `forward`. Logits are computed where a token is learned
and nowhere else, the vision tower runs without gradients, and places come as indices.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mmskin_build.skinvl.batches import Batch
from mmskin_build.skinvl.lora import base_of


class AnswerLoss(nn.Module):
    """A model with adapters, and the summed loss of a micro batch as its output."""

    def __init__(self, adapted: nn.Module) -> None:
        """Wrap a model, with `peft` around it or without."""
        super().__init__()
        self.adapted = adapted

    def forward(self, **batch: torch.Tensor) -> torch.Tensor:
        """Return the sum over the learned tokens, float32; see `batches.collate_rows`."""
        core = base_of(self.adapted)
        hidden = hidden_states(core, batch)
        picked = hidden.flatten(0, 1).index_select(0, batch["predict_index"])
        logits = core.lm_head(picked).float()  # (N, V)
        return functional.cross_entropy(logits, batch["targets"], reduction="sum")


def hidden_states(core: Any, batch: Batch) -> torch.Tensor:
    """Return the last hidden states, (B, L, H), with pictures, if any, set into their places."""
    inner = core.model
    mixed = inner.language_model.embed_tokens(batch["ids"])
    if "pixels" in batch:
        features = picture_features(core, batch["pixels"]).flatten(0, 1)
        flat = mixed.flatten(0, 1).index_copy(0, batch["picture_index"], features)
        mixed = flat.view_as(mixed)
    outputs = inner.language_model(
        inputs_embeds=mixed,
        attention_mask=batch.get("mask"),
        position_ids=batch["positions"],
        use_cache=False,
    )
    states: torch.Tensor = outputs.last_hidden_state
    return states


def picture_features(core: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Return what the decoder sees of pictures, (B, P, H): patches through tower and projector."""
    inner = core.model
    dtype = inner.multi_modal_projector.linear_1.weight.dtype
    with torch.no_grad():
        seen = inner.vision_tower(
            pixels.to(dtype), output_hidden_states=True, return_dict=True
        ).hidden_states[core.config.vision_feature_layer]
    features: torch.Tensor = inner.multi_modal_projector(seen[:, 1:])  # without the class token
    return features


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch without waiting for it."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
