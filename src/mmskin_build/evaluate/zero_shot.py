"""Zero-shot classification: a model that was not trained on a set's classes is asked for them.

By generated text (`generate`): the question lists the categories, the answer is read for one of
them. By likelihood (`likelihood`): how probable each category's name is as the answer. Preset
``upstream`` asks, decodes and reads as MM-Skin's script does.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.special import softmax

from mmskin_build.config import GenerateConfig
from mmskin_build.errors import TrainingError
from mmskin_build.evaluate.category_names import Reading, build_categories, find_category
from mmskin_build.evaluate.class_questions import ask_for_category
from mmskin_build.evaluate.class_sets import ClassItem, ClassSet
from mmskin_build.evaluate.likelihood import name_scores, prior_scores
from mmskin_build.evaluate.predictions import Prediction, Task, Tell, answer_items
from mmskin_build.skinvl.generate import Answerer, Asked, answer_questions
from mmskin_build.skinvl.weights import fingerprint

How = Literal["generate", "likelihood"]
Preset = Literal["words", "upstream"]

_LIKELIHOOD_BATCH = 32  # pictures between two lines of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroShot:
    """How a model is asked for a category.

    `calibrated` subtracts from each name's score what it has without a picture; only by likelihood.
    """

    how: How = "generate"
    preset: Preset = "words"
    calibrated: bool = False
    seed: int = 0

    @property
    def reading(self) -> Reading:
        """How answers are read."""
        return "exact" if self.preset == "upstream" else "words"

    def decoding(self, cfg: GenerateConfig) -> GenerateConfig:
        """Return how answers are generated; the preset ``upstream`` brings its own decoding."""
        if self.preset == "upstream":
            return GenerateConfig(decoding="upstream-choice", batch=cfg.batch)
        return cfg

    @property
    def name(self) -> str:
        """What this is called in tables and folders.

        >>> ZeroShot(how="likelihood", calibrated=True).name
        'likelihood-calibrated'
        """
        if self.how == "likelihood":
            return "likelihood-calibrated" if self.calibrated else "likelihood"
        return "generated-upstream" if self.preset == "upstream" else "generated"


def class_predictions(items: Sequence[ClassItem], name: str, task: Task) -> tuple[Prediction, ...]:
    """Return the pictures of a set as items without answers."""
    return tuple(
        Prediction(
            id=item.image,
            set=name,
            task=task,
            image=item.image,
            reference=item.label,
            cluster=item.group,
            book=item.book,
            modality=item.modality,
            kind="category",
            subgroup=item.subgroup,
        )
        for item in items
    )


def ask_zero_shot(
    answerer: Answerer,
    chosen: ClassSet,
    how: ZeroShot,
    cfg: GenerateConfig,
    folder: Path,
    *,
    tell: Tell = lambda done, total: None,
) -> tuple[Prediction, ...]:
    """Ask for the category of each test picture; lines go to `folder` as they come.

    Args:
        answerer: A loaded model.
        chosen: The set; its test pictures are asked about, all its classes are listed.
        how: By text or by likelihood.
        cfg: Decoding, for answers by text; the preset ``upstream`` brings its own.
        folder: For the predictions; what a stopped run has answered there is not asked again.
        tell: Called with pictures answered and in all.

    Raises:
        StorageError: If `folder` cannot be written.
    """
    cfg = how.decoding(cfg)
    items = class_predictions(chosen.of("test"), chosen.name, "zero-shot")
    questions = ask_for_category(chosen.asked, chosen.classes)
    told = [
        answerer.identity,
        fingerprint(answerer.folder.folder),
        answerer.template,
        answerer.geometry,
        dataclasses.asdict(how),
        dataclasses.asdict(cfg),
        questions,
        chosen.classes,
        chosen.digest,
    ]
    run = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    paths = {item.image: item.path for item in chosen.of("test")}
    if how.how == "likelihood":
        ask = _by_likelihood(answerer, paths, questions, chosen.classes, how.calibrated)
        batch, tries = _LIKELIHOOD_BATCH, 1
    else:
        ask = _by_text(answerer, paths, questions[0], chosen.classes, how, cfg)
        # A greedy answer is the same again, so an empty one is not asked for twice.
        batch, tries = cfg.batch, 1 if cfg.decoding == "greedy" else 2
    return answer_items(items, _one_by_one(ask), folder, run, batch=batch, tries=tries, tell=tell)


_Ask = Callable[[Sequence[Prediction], int], list[Prediction]]


def _one_by_one(ask: _Ask) -> Callable[[Sequence[Prediction], int], Iterable[Prediction]]:
    """Ask in batches; where a picture cannot be read, it alone fails."""

    def asked(items: Sequence[Prediction], attempt: int) -> list[Prediction]:
        try:
            return ask(items, attempt)
        except TrainingError as error:
            if len(items) == 1:
                return [dataclasses.replace(items[0], failure=str(error))]
        return [found for item in items for found in asked([item], attempt)]

    return asked


def _by_text(
    answerer: Answerer,
    paths: Mapping[str, Path],
    question: str,
    names: Sequence[str],
    how: ZeroShot,
    cfg: GenerateConfig,
) -> _Ask:
    categories = build_categories(names)

    def ask(items: Sequence[Prediction], attempt: int) -> list[Prediction]:
        asked = [Asked(id=item.id, image=str(paths[item.id]), question=question) for item in items]
        answers = answer_questions(answerer, asked, cfg, seed=how.seed + attempt)
        return [
            dataclasses.replace(
                item,
                question=question,
                prediction=found.answer,
                label=find_category(found.answer, categories, how.reading).category,
            )
            for item, found in zip(items, answers, strict=True)
        ]

    return ask


def _by_likelihood(
    answerer: Answerer,
    paths: Mapping[str, Path],
    questions: Sequence[str],
    names: Sequence[str],
    calibrated: bool,
) -> _Ask:
    prior = prior_scores(answerer, questions, names) if calibrated else np.zeros(len(names))

    def ask(items: Sequence[Prediction], attempt: int) -> list[Prediction]:
        scores = name_scores(answerer, [paths[item.id] for item in items], questions, names)
        shares = softmax(scores - prior, axis=1)
        return [
            dataclasses.replace(
                item,
                question=questions[0],
                prediction=names[int(row.argmax())],
                label=names[int(row.argmax())],
                probabilities={name: float(p) for name, p in zip(names, row, strict=True)},
            )
            for item, row in zip(items, shares, strict=True)
        ]

    return ask
