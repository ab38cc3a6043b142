"""The merged model and the unmerged one are asked the same; their logits must agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mmskin_build.errors import ModelError
from mmskin_build.skinvl.conversation import tokenize_prefix, tokenize_question
from mmskin_build.skinvl.lora import Adapter, apply_adapters, base_of
from mmskin_build.skinvl.model import ModelFolder, choose_device, load_model

_QUESTIONS = ("What is shown in this picture?", "How old is the patient?", "Describe the lesion.")
# Of the spread of the logits: float32 rounds in the order of sums only, bf16 each product.
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.25, torch.float16: 0.05}


def compare_logits(
    base: ModelFolder, adapters: Sequence[tuple[Adapter, float]], merged: Path
) -> float:
    """Return the largest difference of logits on drawn pictures and a few questions.

    One model is in memory at a time.

    Raises:
        ModelError: If they differ by more than the arithmetic explains.
    """
    device = choose_device()
    dtype = getattr(torch, str(base.config.dtype or "float32").removeprefix("torch."))
    model = load_model(base.folder, device=device, dtype=dtype)
    apart = _logits(base, apply_adapters(model, adapters), device)
    del model
    together = _logits(base, load_model(merged, device=device, dtype=dtype), device)
    difference = float((apart - together).abs().max())
    limit = _TOLERANCE[dtype] * float(apart.std())
    if not difference <= limit:
        raise ModelError(
            f"the merged model's logits differ by {difference:.3g} from the unmerged model's, "
            f"{limit:.3g} would be rounding; the merge is not kept"
        )
    return difference


def _logits(folder: ModelFolder, model: Any, device: torch.device) -> torch.Tensor:
    """Return the logits of each question's last token, (questions, vocabulary) float32."""
    side = folder.config.vision_config.image_size
    dice = torch.Generator().manual_seed(0)
    core = base_of(model).eval()
    found: list[torch.Tensor] = []
    for question in _QUESTIONS:
        prefix = tokenize_prefix(
            folder.tokenizer, "mistral_instruct", folder.image_id, folder.patches
        )
        asked = tokenize_question(folder.tokenizer, "mistral_instruct", question)
        pixels = torch.randn(1, 3, side, side, generator=dice).to(device, core.dtype)
        ids = torch.tensor([[*prefix.ids, *asked.ids]], device=device)
        with torch.no_grad():
            found.append(core(input_ids=ids, pixel_values=pixels).logits[0, -1].float().cpu())
    return torch.stack(found)
