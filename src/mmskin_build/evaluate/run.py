"""One evaluation from answers to ``scores.json``: scores, groups, guessers, what they hang on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from mmskin_build.evaluate.answer_files import join_answers
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction
from mmskin_build.evaluate.results import (
    Provenance,
    Result,
    code_version,
    package_versions,
    write_result,
)
from mmskin_build.evaluate.test_sets import TestSet
from mmskin_build.evaluate.text_metrics import PACKAGES, Preset
from mmskin_build.evaluate.vqa import guess_answers, score_groups, score_items
from mmskin_build.store import file_sha256, write_jsonl

_PACKAGES = (*PACKAGES, "numpy", "scikit-learn", "torch", "transformers")


def score_run(
    test: TestSet,
    answered: Sequence[Prediction],
    model: str,
    provenance: Provenance,
    *,
    preset: Preset = "standard",
    bert: str | None = None,
) -> Result:
    """Score a model's answers and the guessers beside it.

    Raises:
        MissingDependencyError: If the extra ``evaluate`` is not installed.
        ModelError: If the model for BERTScore cannot be loaded.
    """
    guessed = guess_answers(test)
    notes = () if guessed else ("no training side: nothing to guess by, so no baselines",)
    groups = {
        name: score_groups(items, score_items(items, test.captions, preset=preset, bert=bert))
        for name, items in {"": tuple(answered), **guessed}.items()
    }
    return Result(
        task="vqa",
        set=test.name,
        model=model,
        groups=groups.pop(""),
        baselines=groups,
        provenance=dataclasses.replace(
            provenance,
            versions=package_versions(_PACKAGES),
            code=code_version(),
            notes=(*provenance.notes, *notes),
        ),
    )


def score_answer_file(
    test: TestSet,
    path: Path,
    model: str,
    folder: Path,
    *,
    preset: Preset = "standard",
    bert: str | None = None,
) -> Result:
    """Join a file of any model's answers to the test set, score them and write both to `folder`.

    Raises:
        SchemaError: If the file is not of a known form.
        MissingDependencyError, ModelError: As `score_run`.
        StorageError: If a file cannot be read or written.
    """
    joined = join_answers(path, test.items)
    told = Provenance(
        identity=file_sha256(path),
        prompt="not known",
        decoding={"name": "not known"},
        preset=preset,
        data=test.name,
        data_digest=test.digest,
        versions={},
        code="",
        notes=(*test.notes, *joined.notes()),
    )
    result = score_run(test, joined.predictions, model, told, preset=preset, bert=bert)
    write_jsonl(folder / PREDICTIONS, joined.predictions)
    write_result(folder, result)
    return result
