"""Answers: in batches of like length, greedy or as upstream samples, resumable line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from mmskin_build.config import GenerateConfig
from mmskin_build.errors import SchemaError
from mmskin_build.skinvl.card import asking_conventions
from mmskin_build.skinvl.conversation import (
    Geometry,
    TemplateName,
    tokenize_prefix,
    tokenize_question,
)
from mmskin_build.skinvl.lora import apply_adapters, base_of, open_adapter
from mmskin_build.skinvl.model import (
    ModelFolder,
    choose_device,
    choose_dtype,
    load_model,
    read_model_folder,
)
from mmskin_build.skinvl.pictures import picture_processor, read_pixels
from mmskin_build.skinvl.weights import fingerprint
from mmskin_build.store import from_json, storage_errors, to_json, write_jsonl

Tell = Callable[[int, int], None]

# What MM-Skin's VQA_test.py gives to `generate`.
UPSTREAM = {
    "do_sample": True,
    "temperature": 0.2,
    "top_p": 0.9,
    "num_beams": 5,
    "min_new_tokens": 20,
}
# And its test of zero-shot classification.
UPSTREAM_CHOICE = {**UPSTREAM, "temperature": 0.5, "min_new_tokens": 1}
_DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False, "num_beams": 1},
    "upstream": UPSTREAM,
    "upstream-choice": UPSTREAM_CHOICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question on a picture file."""

    id: str
    image: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with the model's answer."""

    id: str
    image: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """A loaded model that can be asked; `identity` tells models and adapters apart."""

    folder: ModelFolder
    model: Any
    processor: Any
    template: TemplateName
    geometry: Geometry
    identity: str


def load_answerer(
    model: Path,
    *,
    adapter: Path | None = None,
    template: TemplateName | None = None,
    geometry: Geometry | None = None,
    precision: str = "auto",
) -> Answerer:
    """Load a merged model, or a base with an adapter on it.

    Template and geometry are those that the model was trained to be asked with, unless given.

    Raises:
        ModelError: If the folder or the adapter cannot be used.
    """
    folder = read_model_folder(model)
    device = choose_device()
    core = load_model(model, device=device, dtype=choose_dtype(precision, device))
    identity = fingerprint(model)
    used: Any = core
    if adapter is not None:
        opened = open_adapter(adapter, identity)
        used = apply_adapters(core, [(opened, 1.0)])
        sums = hashlib.sha256()
        for name, tensor in sorted(opened.tensors.items()):
            sums.update(name.encode() + tensor.float().numpy().tobytes())
        identity = sums.hexdigest()
    told = asking_conventions(*([adapter] if adapter is not None else []), model)
    chosen = geometry or told[1]
    return Answerer(
        folder=folder,
        model=base_of(used).eval(),
        processor=picture_processor(model, chosen),
        template=template or told[0],
        geometry=chosen,
        identity=identity,
    )


def answer_questions(
    answerer: Answerer,
    asked: Sequence[Asked],
    cfg: GenerateConfig,
    *,
    out: Path | None = None,
    seed: int = 0,
    tell: Tell = lambda done, total: None,
) -> tuple[Answered, ...]:
    """Answer questions and return the answers in their order.

    Args:
        answerer: From `load_answerer`.
        asked: Questions; pictures are read when their batch comes.
        cfg: Decoding, questions at once, the longest answer.
        out: A JSONL file for the answers. What a stopped run has answered is kept beside it, line
            by line, and not asked again.
        seed: Of the sampling.
        tell: Called with questions answered and in all.

    Raises:
        TrainingError: If a picture cannot be read.
        StorageError: If `out` cannot be written.
    """
    partial = None if out is None else out.with_name(f".{out.name}.partial")
    key = _key(answerer, asked, cfg, seed)
    done = {} if partial is None else _read_partial(partial, key)
    prompts = [_prompt(answerer, item.question) for item in asked]
    order = sorted(range(len(asked)), key=lambda at: (-len(prompts[at]), at))
    waiting = [at for at in order if at not in done]
    tell(len(done), len(asked))
    for start in range(0, len(waiting), cfg.batch):
        batch = waiting[start : start + cfg.batch]
        torch.manual_seed(seed + batch[0])
        answers = _generate(
            answerer, [prompts[at] for at in batch], [Path(asked[at].image) for at in batch], cfg
        )
        fresh = {at: text for at, text in zip(batch, answers, strict=True)}
        done.update(fresh)
        if partial is not None:
            _append(partial, key, fresh)
        tell(len(done), len(asked))
    found = tuple(
        Answered(id=item.id, image=item.image, question=item.question, answer=done[at])
        for at, item in enumerate(asked)
    )
    if out is not None and partial is not None:
        write_jsonl(out, found)
        partial.unlink(missing_ok=True)
    return found


def read_answers(path: Path) -> tuple[Answered, ...]:
    """Read what `answer_questions` wrote.

    Raises:
        SchemaError: If a line is no answer.
    """
    from mmskin_build.store import read_jsonl

    return read_jsonl(path, Answered)


def _prompt(answerer: Answerer, question: str) -> tuple[int, ...]:
    folder = answerer.folder
    prefix = tokenize_prefix(folder.tokenizer, answerer.template, folder.image_id, folder.patches)
    return prefix.ids + tokenize_question(folder.tokenizer, answerer.template, question).ids


def _generate(
    answerer: Answerer,
    prompts: Sequence[tuple[int, ...]],
    images: Sequence[Path],
    cfg: GenerateConfig,
) -> list[str]:
    """Generate one batch; prompts are padded on the left, where answers do not grow."""
    model, tokenizer = answerer.model, answerer.folder.tokenizer
    pad = answerer.folder.config.text_config.pad_token_id or 0
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    pixels = torch.stack([read_pixels(path, answerer.processor) for path in images])
    with torch.no_grad():
        out = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            pixel_values=pixels.to(model.device, model.dtype),
            max_new_tokens=cfg.max_new_tokens,
            pad_token_id=pad,
            suppress_tokens=_unspeakable(answerer),
            **_DECODINGS[cfg.decoding],
        )
    texts = tokenizer.batch_decode(out[:, width:].tolist(), skip_special_tokens=True)
    return [text.strip() for text in texts]


def _unspeakable(answerer: Answerer) -> list[int]:
    """Return what a model must not say: the token of the picture, and rows that are padding."""
    told = answerer.model.generation_config.suppress_tokens or ()
    return sorted({answerer.folder.image_id, *told})


# ---------------------------------------------------------------------------------- going on


def _key(answerer: Answerer, asked: Sequence[Asked], cfg: GenerateConfig, seed: int) -> str:
    told = [answerer.identity, answerer.template, answerer.geometry, asdict(cfg), seed]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for item in asked:
        digest.update(to_json(item) + b"\n")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    key: str
    number: int
    answer: str


def _read_partial(path: Path, key: str) -> dict[int, str]:
    """Return the answers that an interrupted run with the same key has written."""
    if not path.is_file():
        return {}
    done: dict[int, str] = {}
    with storage_errors(path):
        lines = path.read_bytes().split(b"\n")
    for line in lines:
        try:
            entry = from_json(line, _Line)
        except SchemaError:
            continue  # the line that was being written, or the empty end
        if entry.key == key:
            done[entry.number] = entry.answer
    return done


def _append(path: Path, key: str, answers: dict[int, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A line that broke off ends here, so that the next one stays whole.
    torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with storage_errors(path), path.open("ab") as file:
        file.write(b"\n" if torn else b"")
        for number, text in sorted(answers.items()):
            file.write(to_json(_Line(key=key, number=number, answer=text)) + b"\n")
