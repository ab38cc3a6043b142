"""A published LLaVA-Med or merged SkinVL checkpoint becomes a folder that `transformers` loads.

Shard by shard, so that memory stays under one shard and its largest tensor. Every tensor is read
back and compared with its source; a tensor that is missing, unknown, twice there or of another
shape stops the conversion with its name. LLaVA's own loader ignores the vision tower inside the
checkpoint with a warning and takes OpenAI's; here that is a choice, and it is recorded.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import (
    AddedToken,
    AutoTokenizer,
    CLIPVisionConfig,
    GenerationConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaImageProcessorPil,
    MistralConfig,
)

from mmskin_build.errors import ModelError, StorageError
from mmskin_build.skinvl.layout import (
    EMBEDDING,
    HEAD,
    VISION,
    VisionTower,
    clip_name,
    module_name,
)
from mmskin_build.skinvl.weights import (
    Shards,
    find_shards,
    fingerprint,
    iter_tensors,
    read_json,
    shard_name,
    write_index,
    write_shard,
)
from mmskin_build.store import pretty_json, storage_errors, write_bytes

IMAGE_TOKEN, PAD_TOKEN = "<image>", "<pad>"
CONVERSION = "conversion.json"
_VOCABULARY_MULTIPLE = 64  # rows of the embedding; matrix products are faster at such sizes
_CLIP_HEAD_WIDTH = 64  # of every CLIP vision tower; the checkpoint does not say its heads
_KINDS = ("llava_mistral", "mistral")
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What a conversion did; written beside the model as ``conversion.json``.

    `unused` are tensors of the source that were left out by choice: its own vision tower.
    """

    source: str  # fingerprint
    vision_tower: VisionTower
    clip: str | None  # fingerprint of the folder that the vision tower came from
    tensors: int
    unused: int
    vocabulary: int  # entries before `<image>` and `<pad>`
    padded_vocabulary: int
    dtype: str


def convert_checkpoint(
    source: Path,
    out: Path,
    *,
    vision_tower: VisionTower,
    clip: Path | None = None,
    tell: Tell = lambda stage, done, total: None,
) -> Conversion:
    """Convert the checkpoint in `source` into the new folder `out`.

    Args:
        source: A folder with LLaVA-Med's layout, weights in safetensors or pickled shards.
        out: The folder to make; it appears when everything in it was verified.
        vision_tower: `checkpoint` takes the tower inside the checkpoint, `openai` that of `clip`.
        clip: A folder of ``openai/clip-vit-large-patch14-336``, for `openai` only.
        tell: Called with stage, shards done and shards in all.

    Raises:
        ModelError: If the checkpoint is of another kind, or a tensor is wrong; names the tensor.
        StorageError: If `out` exists already or cannot be written.
    """
    if out.exists():
        raise StorageError(f"{out}: exists already; choose another folder")
    if vision_tower == "openai" and clip is None:
        raise ModelError("vision tower openai: name its folder (--clip FOLDER)")
    settings = read_json(source / "config.json")
    _refuse_other_kinds(source, settings)
    parts = [_Part(find_shards(source), module_name, drop_vision=vision_tower == "openai")]
    if vision_tower == "openai" and clip is not None:
        parts.append(_Part(find_shards(clip), clip_name, drop_vision=False))
    shapes, unused = _read_shapes(parts)
    vision = _vision_config(source, shapes, clip if vision_tower == "openai" else None)
    config, vocabulary = _llava_config(source, settings, shapes, vision)
    _check_names(source, config, shapes, vision_tower)

    building = out.with_name(f".{out.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    with storage_errors(building):
        building.mkdir(parents=True)
    try:
        _write_tokenizer(source, building, config, vocabulary)
        dtype = _write_weights(parts, building, config, tell)
        config.dtype = dtype
        config.architectures = ["LlavaForConditionalGeneration"]
        config.save_pretrained(building)
        _write_settings(building, config, vocabulary)
        done = Conversion(
            source=fingerprint(source),
            vision_tower=vision_tower,
            clip=None if clip is None or vision_tower != "openai" else fingerprint(clip),
            tensors=len(shapes),
            unused=unused,
            vocabulary=vocabulary,
            padded_vocabulary=config.text_config.vocab_size,
            dtype=dtype,
        )
        write_bytes(building / CONVERSION, pretty_json(asdict(done)))
        with storage_errors(out):
            building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return done


@dataclass(frozen=True, slots=True)
class _Part:
    """Shards of one folder, how their names translate, and whether their vision tower counts."""

    shards: Shards
    rename: Callable[[str], str | None]
    drop_vision: bool

    def name(self, old: str) -> str | None:
        """Return the new name of a tensor, None if it is not taken."""
        new = self.rename(old)
        return None if new is None or (self.drop_vision and new.startswith(VISION)) else new


def _refuse_other_kinds(source: Path, settings: Mapping[str, Any]) -> None:
    kind = settings.get("model_type")
    if kind == "llava":
        raise ModelError(f"{source}: is a folder for transformers already; use it as it is")
    if kind not in _KINDS:
        raise ModelError(
            f"{source}: holds a model of type {kind!r}, not LLaVA-Med v1.5 (llava_mistral); "
            "get microsoft/llava-med-v1.5-mistral-7b or a SkinVL made of it"
        )
    projector = settings.get("mm_projector_type", "mlp2x_gelu")
    if projector != "mlp2x_gelu":
        raise ModelError(f"{source}: its projector is {projector!r}, not mlp2x_gelu of LLaVA-Med")


def _read_shapes(parts: list[_Part]) -> tuple[dict[str, tuple[int, ...]], int]:
    """Return the shapes of all tensors by new name, and how many were left out by choice."""
    shapes: dict[str, tuple[int, ...]] = {}
    unused = 0
    for part in parts:
        for file in part.shards.files:
            for old, shape in _shapes(part.shards.folder / file):
                new = part.name(old)
                if new is None:
                    renamed = part.rename(old)
                    unused += renamed is not None and renamed.startswith(VISION)
                elif new in shapes:
                    raise ModelError(f"{part.shards.folder / file}: {old} is there twice")
                else:
                    shapes[new] = shape
        there = {name for name in part.shards.index if part.name(name) is not None}
        for old in sorted(there):
            if part.name(old) not in shapes:
                raise ModelError(
                    f"{part.shards.folder / part.shards.index[old]}: has no tensor {old}, which "
                    "the index names; get the file again"
                )
    return shapes, unused


def _shapes(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    if path.suffix != ".safetensors":
        return [(name, tuple(tensor.shape)) for name, tensor in iter_tensors(path)]
    try:
        with safe_open(path, "pt") as file:
            return [(name, tuple(file.get_slice(name).get_shape())) for name in sorted(file.keys())]
    except Exception as error:  # SafetensorError and what the slices raise
        raise ModelError(
            f"{path}: it breaks off or is damaged; get the file again ({error})"
        ) from None


def _vision_config(
    source: Path, shapes: Mapping[str, tuple[int, ...]], clip: Path | None
) -> CLIPVisionConfig:
    """Read the vision tower's sizes off its tensors; the rest is the same in all CLIP towers."""
    try:
        width = shapes[VISION + "embeddings.class_embedding"][0]
        patch = shapes[VISION + "embeddings.patch_embedding.weight"][-1]
        places = shapes[VISION + "embeddings.position_embedding.weight"][0]
        inner = shapes[VISION + "encoder.layers.0.mlp.fc1.weight"][0]
    except KeyError as error:
        name = str(error.args[0]).removeprefix(VISION)
        folder, mend = (
            (clip, "it is no CLIP vision tower; get openai/clip-vit-large-patch14-336")
            if clip is not None
            else (source, "take OpenAI's: --vision-tower openai --clip FOLDER")
        )
        raise ModelError(f"{folder}: has no tensor vision_model.{name}; {mend}") from None
    layers = {name.split(".")[4] for name in shapes if name.startswith(VISION + "encoder.layers.")}
    heads = max(1, width // _CLIP_HEAD_WIDTH)
    if clip is not None:
        told = read_json(clip / "config.json")
        told = told.get("vision_config", told)
        heads = told.get("num_attention_heads", heads)
        if not isinstance(heads, int):
            raise ModelError(f"{clip / 'config.json'}: num_attention_heads is no number")
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=len(layers),
        num_attention_heads=heads,
        patch_size=patch,
        image_size=math.isqrt(places - 1) * patch,
        projection_dim=width,
    )


def _llava_config(
    source: Path,
    settings: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    vision: CLIPVisionConfig,
) -> tuple[LlavaConfig, int]:
    """Return the configuration, and the vocabulary of the source before it is padded."""
    try:
        vocabulary = int(settings["vocab_size"])
        rows = shapes[EMBEDDING][0]
        if rows != vocabulary:
            raise ModelError(
                f"{source}: config.json tells a vocabulary of {vocabulary}, but "
                f"model.embed_tokens.weight has {rows} rows; get a whole copy"
            )
        padded = -(-(vocabulary + 2) // _VOCABULARY_MULTIPLE) * _VOCABULARY_MULTIPLE
        text = MistralConfig(
            vocab_size=padded,
            hidden_size=settings["hidden_size"],
            intermediate_size=settings["intermediate_size"],
            num_hidden_layers=settings["num_hidden_layers"],
            num_attention_heads=settings["num_attention_heads"],
            num_key_value_heads=settings["num_key_value_heads"],
            rms_norm_eps=settings.get("rms_norm_eps", 1e-5),
            max_position_embeddings=settings.get("max_position_embeddings", 32768),
            rope_parameters={
                "rope_type": "default",
                "rope_theta": float(settings.get("rope_theta", 10_000.0)),
            },
            sliding_window=None,  # rows are shorter than any window that Mistral was made with
            bos_token_id=settings.get("bos_token_id", 1),
            eos_token_id=settings.get("eos_token_id", 2),
            pad_token_id=vocabulary + 1,
        )
    except KeyError as error:
        raise ModelError(
            f"{source}: has no {error.args[0]}; get a whole copy of the checkpoint"
        ) from None
    except ModelError:
        raise
    except Exception as error:  # transformers raises many kinds
        said = " ".join(str(error).split())
        raise ModelError(f"{source / 'config.json'}: {said}; get a whole copy of it") from None
    patches = (vision.image_size // vision.patch_size) ** 2
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=vocabulary,
        image_seq_length=patches,
        vision_feature_layer=_vision_layer(source, settings),
        vision_feature_select_strategy="default",
    )
    return config, vocabulary


def _vision_layer(source: Path, settings: Mapping[str, Any]) -> int:
    layer = settings.get("mm_vision_select_layer", -2)
    if not isinstance(layer, int):
        raise ModelError(f"{source / 'config.json'}: mm_vision_select_layer is no number")
    return layer


def _check_names(
    source: Path,
    config: LlavaConfig,
    shapes: Mapping[str, tuple[int, ...]],
    vision_tower: VisionTower,
) -> None:
    layers = config.text_config.num_hidden_layers
    if layers > len(shapes):  # or they would be made, however many
        raise ModelError(
            f"{source / 'config.json'}: tells of {layers} layers, the weights have "
            f"{len(shapes)} tensors; they do not belong together"
        )
    try:
        with torch.device("meta"):
            expected = LlavaForConditionalGeneration(config).state_dict()
    except Exception as error:  # transformers and torch raise many kinds
        said = " ".join(str(error).split())
        raise ModelError(f"{source / 'config.json'}: {said}; get a whole copy of it") from None
    for name in sorted(set(expected) - set(shapes)):
        raise ModelError(f"{source}: has no tensor for {name}; get a whole copy of it")
    for name in sorted(set(shapes) - set(expected)):
        raise ModelError(f"{source}: has a tensor {name} that LLaVA-Med v1.5 does not have")
    for name, tensor in expected.items():
        wanted = tuple(tensor.shape)
        if name in (EMBEDDING, HEAD):  # before padding
            wanted = (config.image_token_id, *wanted[1:])
        if shapes[name] != wanted:
            raise ModelError(f"{source}: {name} is {shapes[name]}, not {wanted} ({vision_tower})")


def _write_weights(parts: list[_Part], out: Path, config: LlavaConfig, tell: Tell) -> str:
    """Write all shards, read each back, and return the type of the language model's numbers."""
    files = [(part, file) for part in parts for file in part.shards.files]
    written: dict[str, dict[str, int]] = {}
    dtype = "float32"
    for number, (part, file) in enumerate(files, 1):
        shard: dict[str, torch.Tensor] = {}
        for old, tensor in iter_tensors(part.shards.folder / file):
            new = part.name(old)
            if new is not None:
                shard[new] = pad_vocabulary(new, tensor, config.text_config.vocab_size)
        if not shard:
            continue
        name = shard_name(number, len(files))
        write_shard(out / name, shard)
        _read_back(out / name, shard)
        written[name] = {key: tensor.nbytes for key, tensor in shard.items()}
        if EMBEDDING in shard:
            dtype = str(shard[EMBEDDING].dtype).removeprefix("torch.")
        tell("convert", number, len(files))
    write_index(out, written)
    return dtype


def pad_vocabulary(name: str, tensor: torch.Tensor, rows: int) -> torch.Tensor:
    """Give embedding and head `rows` rows; new ones are the mean of the old, in float32.

    A mean is what no word is near to, so that a model does not say what it never learned.
    """
    if name not in (EMBEDDING, HEAD) or tensor.shape[0] == rows:
        return tensor
    mean = tensor.to(torch.float32).mean(dim=0, keepdim=True).to(tensor.dtype)
    return torch.cat([tensor, mean.expand(rows - tensor.shape[0], -1)])


def _read_back(path: Path, shard: Mapping[str, torch.Tensor]) -> None:
    seen = 0
    for name, tensor in iter_tensors(path):
        source = shard[name]
        if tensor.dtype != source.dtype or not torch.equal(
            tensor.view(torch.uint8), source.contiguous().view(torch.uint8)
        ):
            raise StorageError(f"{path}: {name} reads back otherwise than written; check the disk")
        seen += 1
    if seen != len(shard):
        raise StorageError(f"{path}: {len(shard) - seen} tensors are missing; check the disk")


def _write_tokenizer(source: Path, out: Path, config: LlavaConfig, vocabulary: int) -> None:
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    except Exception as error:  # transformers raises many kinds
        raise ModelError(f"{source}: its tokenizer cannot be read: {error}") from None
    if len(tokenizer) != vocabulary:
        raise ModelError(
            f"{source}: the tokenizer knows {len(tokenizer)} entries, the model {vocabulary}; "
            "they do not belong together"
        )
    tokenizer.add_tokens(
        [AddedToken(token, special=True, normalized=False) for token in (IMAGE_TOKEN, PAD_TOKEN)]
    )
    tokenizer.pad_token = PAD_TOKEN
    ids = tokenizer.convert_tokens_to_ids([IMAGE_TOKEN, PAD_TOKEN])
    if ids != [config.image_token_id, config.text_config.pad_token_id]:
        raise ModelError(f"{source}: {IMAGE_TOKEN} and {PAD_TOKEN} became {ids}")
    tokenizer.save_pretrained(out)


def _write_settings(out: Path, config: LlavaConfig, vocabulary: int) -> None:
    side = config.vision_config.image_size
    LlavaImageProcessorPil(
        do_pad=True, size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    ).save_pretrained(out)
    GenerationConfig(
        bos_token_id=config.text_config.bos_token_id,
        eos_token_id=config.text_config.eos_token_id,
        pad_token_id=config.text_config.pad_token_id,
        suppress_tokens=list(range(vocabulary, config.text_config.vocab_size)),
    ).save_pretrained(out)
