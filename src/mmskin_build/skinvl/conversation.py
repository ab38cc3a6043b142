"""Prompts, and which of their tokens are learned.

A conversation is spelled as LLaVA spells it (``mistral_instruct`` and ``v1``, the vicuna form) and
tokenized in the pieces in which a model meets it: what stands before the picture, then each turn.
A turn is tokenized as one string; a token is learned if its characters, by the tokenizer's own
offsets, lie in the answer, and so is the end of the answer. Words of the data that look like a
control token (``</s>``, ``<image>``) stay words.

`upstream-parity` keeps upstream's mismatch: it trains with ``v1`` and padded pictures, one dialogue
a row, and asks with ``mistral_instruct`` and centre-cropped ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mmskin_build.config import TrainConfig

TemplateName = Literal["mistral_instruct", "v1"]
Geometry = Literal["pad", "crop"]
RowForm = Literal["shared", "separate", "dialogue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How a conversation is spelled; `{}` stands for the question or the answer.

    `</s>` ends each answer as a control token and is not spelled here.
    """

    before_picture: str
    first_question: str  # follows the picture
    next_question: str  # follows the end of an answer
    answer: str


TEMPLATES: dict[TemplateName, Template] = {
    # LLaVA's LLAMA_2 style without a system text: "[INST] <image>\nq [/INST] a </s>".
    "mistral_instruct": Template(
        before_picture="[INST] ",
        first_question="\n{} [/INST]",
        next_question="[INST] {} [/INST]",
        answer=" {} ",
    ),
    # LLaVA's TWO style: "system USER: <image>\nq ASSISTANT: a</s>USER: ...".
    "v1": Template(
        before_picture=(
            "A chat between a curious user and an artificial intelligence assistant. "
            "The assistant gives helpful, detailed, and polite answers to the user's questions. "
            "USER: "
        ),
        first_question="\n{} ASSISTANT:",
        next_question="USER: {} ASSISTANT:",
        answer=" {}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Template and picture geometry, of training and of asking, and how rows are made."""

    template: TemplateName
    geometry: Geometry
    rows: RowForm
    asking_template: TemplateName
    asking_geometry: Geometry


def choose_conventions(cfg: TrainConfig) -> Conventions:
    """Return the conventions that the settings name; the preset `upstream-parity` wins.

    >>> choose_conventions(TrainConfig(preset="upstream-parity")).asking_geometry
    'crop'
    """
    if cfg.preset == "upstream-parity":
        return Conventions(
            template="v1",
            geometry="pad",
            rows="dialogue",
            asking_template="mistral_instruct",
            asking_geometry="crop",
        )
    return Conventions(
        template=cfg.template,
        geometry=cfg.geometry,
        rows=cfg.rows,
        asking_template=cfg.template,
        asking_geometry=cfg.geometry,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Tokens in a row, and which of them are learned."""

    ids: tuple[int, ...]
    learned: tuple[bool, ...]


def tokenize_prefix(tokenizer: Any, template: TemplateName, image_id: int, patches: int) -> Piece:
    """Return what stands before the first question: start, words, one token a picture patch."""
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    words = _encode(tokenizer, TEMPLATES[template].before_picture)["input_ids"]
    ids = (*start, *words, *[image_id] * patches)
    return Piece(ids=ids, learned=(False,) * len(ids))


def tokenize_turn(
    tokenizer: Any, template: TemplateName, question: str, answer: str, *, first: bool = True
) -> Piece:
    """Return a question with its answer; the answer's tokens and its end are learned.

    A token whose characters belong to both question and answer is not learned.
    """
    asked = _asked(template, question, first)
    encoded = _encode(tokenizer, asked + TEMPLATES[template].answer.format(answer))
    learned = tuple(start >= len(asked) for start, _ in encoded["offset_mapping"])
    return Piece(
        ids=(*encoded["input_ids"], tokenizer.eos_token_id),
        learned=(*learned, True),
    )


def tokenize_question(tokenizer: Any, template: TemplateName, question: str) -> Piece:
    """Return a question to which the model gives the answer."""
    ids = tuple(_encode(tokenizer, _asked(template, question, True))["input_ids"])
    return Piece(ids=ids, learned=(False,) * len(ids))


def spell(template: TemplateName, turns: Sequence[tuple[str, str | None]]) -> str:
    r"""Return a whole conversation as text, as LLaVA's `get_prompt` spells it.

    >>> spell("mistral_instruct", [("Where?", "Arm."), ("Why?", None)])
    '[INST] <image>\nWhere? [/INST] Arm. </s>[INST] Why? [/INST]'
    """
    text = TEMPLATES[template].before_picture + "<image>"
    for number, (question, answer) in enumerate(turns):
        text += _asked(template, question, number == 0)
        if answer is not None:
            text += TEMPLATES[template].answer.format(answer) + "</s>"
    return text


def _asked(template: TemplateName, question: str, first: bool) -> str:
    form = TEMPLATES[template]
    return (form.first_question if first else form.next_question).format(question)


def _encode(tokenizer: Any, text: str) -> Any:
    return tokenizer(
        text,
        add_special_tokens=False,
        split_special_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )
