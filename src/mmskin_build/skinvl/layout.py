"""Names of tensors: LLaVA-Med's, those of saved `transformers` folders, and those of the classes.

Three layouts hold the same tensors under other names. The names of the classes of today's
`transformers` (``LlavaForConditionalGeneration.state_dict()``) are the ones used everywhere here.
"""

from __future__ import annotations

import re
from typing import Literal

VisionTower = Literal["checkpoint", "openai"]

VISION, PROJECTOR, LANGUAGE, HEAD = (
    "model.vision_tower.",
    "model.multi_modal_projector.",
    "model.language_model.",
    "lm_head.weight",
)
EMBEDDING = LANGUAGE + "embed_tokens.weight"

# Ordered: the first prefix that fits is replaced. LLaVA's own names come first, because its
# `model.vision_tower.vision_tower.` begins like a name of the classes.
_PREFIXES: tuple[tuple[str, str], ...] = (
    ("model.vision_tower.vision_tower.vision_model.", VISION),
    ("model.vision_tower.vision_tower.", VISION),
    ("model.vision_tower.vision_model.", VISION),
    ("model.mm_projector.0.", PROJECTOR + "linear_1."),
    ("model.mm_projector.2.", PROJECTOR + "linear_2."),
    ("model.embed_tokens.", LANGUAGE + "embed_tokens."),
    ("model.layers.", LANGUAGE + "layers."),
    ("model.norm.", LANGUAGE + "norm."),
    ("language_model.lm_head.", "lm_head."),
    ("language_model.model.", LANGUAGE),
    ("multi_modal_projector.", PROJECTOR),
    ("vision_tower.vision_model.", VISION),
    ("vision_tower.", VISION),
)
# Buffers that older versions saved and that are computed from the configuration.
_COMPUTED = re.compile(r"(rotary_emb\.inv_freq|embeddings\.position_ids)$")

#: Where LoRA goes: all linear maps of the decoder layers, as upstream, and nothing of the vision
#: tower, whose projections bear the same last names.
LORA_TARGETS = (
    r"model\.language_model\.layers\.\d+\."
    r"(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj)"
)


def module_name(name: str) -> str | None:
    """Return the name that the classes give a tensor, None for a buffer that is computed.

    >>> module_name("model.layers.0.self_attn.q_proj.weight")
    'model.language_model.layers.0.self_attn.q_proj.weight'
    >>> module_name("model.vision_tower.vision_tower.vision_model.post_layernorm.bias")
    'model.vision_tower.post_layernorm.bias'
    >>> module_name("language_model.model.norm.weight")
    'model.language_model.norm.weight'
    """
    if _COMPUTED.search(name):
        return None
    for old, new in _PREFIXES:
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def clip_name(name: str) -> str | None:
    """Return the name that the classes give a tensor of a CLIP folder, None for its text half.

    >>> clip_name("vision_model.pre_layrnorm.weight")
    'model.vision_tower.pre_layrnorm.weight'
    """
    if _COMPUTED.search(name) or name.startswith(("text_model.", "text_projection.")):
        return None
    if name in ("logit_scale", "visual_projection.weight"):
        return None
    return VISION + name.removeprefix("vision_model.")


def upstream_name(name: str) -> str:
    """Return the name under which LLaVA-Med's checkpoints hold a tensor of the classes.

    >>> upstream_name("model.multi_modal_projector.linear_2.bias")
    'model.mm_projector.2.bias'
    """
    for new, old in (
        (VISION, "model.vision_tower.vision_tower.vision_model."),
        (PROJECTOR + "linear_1.", "model.mm_projector.0."),
        (PROJECTOR + "linear_2.", "model.mm_projector.2."),
        (LANGUAGE, "model."),
    ):
        if name.startswith(new):
            return old + name.removeprefix(new)
    return name
