"""Put the questions of a test set to a model, batch by batch, so that a stopped run goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from mmskin_build.config import GenerateConfig
from mmskin_build.evaluate.predictions import Prediction, answer_items
from mmskin_build.evaluate.results import Provenance, Result, write_result
from mmskin_build.evaluate.run import score_run
from mmskin_build.evaluate.test_sets import TestSet
from mmskin_build.evaluate.text_metrics import Preset
from mmskin_build.skinvl.generate import UPSTREAM, Answerer, Asked, answer_questions


def ask_model(
    test: TestSet,
    answerer: Answerer,
    cfg: GenerateConfig,
    folder: Path,
    *,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Prediction, ...]:
    """Return the test set with the model's answers; `folder` keeps them line by line.

    Questions are asked the longest first, so that those of a batch are of like length. One that got
    no answer is asked once more, from another seed.

    Raises:
        TrainingError: If a picture cannot be read.
        StorageError: If the folder cannot be written.
    """
    order = sorted(test.items, key=lambda item: (-len(item.question), item.id))

    def ask(waiting: Sequence[Prediction], attempt: int) -> list[Prediction]:
        asked = [
            Asked(id=item.id, image=str(test.images / item.image), question=item.question)
            for item in waiting
        ]
        found = answer_questions(answerer, asked, cfg, seed=seed + 1000 * attempt)
        return [
            dataclasses.replace(item, prediction=told.answer)
            for item, told in zip(waiting, found, strict=True)
        ]

    run = run_digest(test, answerer, cfg, seed)
    answered = answer_items(order, ask, folder, run, batch=cfg.batch, tell=tell)
    by_id = {item.id: item for item in answered}
    return tuple(by_id[item.id] for item in test.items)


def evaluate_model(
    test: TestSet,
    answerer: Answerer,
    name: str,
    cfg: GenerateConfig,
    folder: Path,
    *,
    preset: Preset = "standard",
    bert: str | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Ask a model the test set, score its answers and write both to `folder`.

    Raises:
        MissingDependencyError: If the extra ``evaluate`` is not installed.
        ModelError: If the model for BERTScore cannot be loaded.
        TrainingError: If a picture cannot be read.
        StorageError: If the folder cannot be written.
    """
    answered = ask_model(test, answerer, cfg, folder, tell=tell)
    failed = sum(1 for item in answered if item.failure)
    notes = (f"{failed} questions got no answer and count as wrong",) if failed else ()
    told = Provenance(
        identity=answerer.identity,
        prompt=f"{answerer.template}, picture {answerer.geometry}",
        decoding=decoding_of(cfg, 0),
        preset=preset,
        data=test.name,
        data_digest=test.digest,
        versions={},
        code="",
        notes=(*test.notes, *notes),
    )
    result = score_run(test, answered, name, told, preset=preset, bert=bert)
    write_result(folder, result)
    return result


def run_digest(test: TestSet, answerer: Answerer, cfg: GenerateConfig, seed: int) -> str:
    """Return a digest of all that an answer hangs on."""
    told = [answerer.identity, answerer.template, answerer.geometry, dataclasses.asdict(cfg), seed]
    return hashlib.sha256(json.dumps([*told, test.digest], sort_keys=True).encode()).hexdigest()


def decoding_of(cfg: GenerateConfig, seed: int) -> dict[str, str]:
    """Return how answers are drawn, for people."""
    how = UPSTREAM if cfg.decoding == "upstream" else {"do_sample": False, "num_beams": 1}
    told = {"name": cfg.decoding, **how, "max_new_tokens": cfg.max_new_tokens, "seed": seed}
    return {key: str(value) for key, value in told.items()}
