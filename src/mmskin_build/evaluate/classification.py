"""A model, or a file of predictions, on a set with classes: predictions, scores and a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from mmskin_build.config import GenerateConfig
from mmskin_build.evaluate.answer_files import join_answers
from mmskin_build.evaluate.category_names import Reading
from mmskin_build.evaluate.class_metrics import ECE_BINS
from mmskin_build.evaluate.class_page import write_class_page
from mmskin_build.evaluate.class_questions import ask_for_category
from mmskin_build.evaluate.class_scores import (
    outcome_scores,
    read_labels,
    score_groups,
    score_shots,
    told_by,
)
from mmskin_build.evaluate.class_sets import ClassSet
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction, Task, Tell
from mmskin_build.evaluate.results import (
    Group,
    Provenance,
    Result,
    code_version,
    package_versions,
    write_result,
)
from mmskin_build.evaluate.shots import DRAWS, SHOTS
from mmskin_build.evaluate.supervised import classify_supervised
from mmskin_build.evaluate.zero_shot import ZeroShot, ask_zero_shot, class_predictions
from mmskin_build.skinvl.generate import Answerer
from mmskin_build.store import file_sha256, write_jsonl

_PACKAGES = ("numpy", "scikit-learn", "scipy", "torch", "transformers")
_DEFINITIONS = {
    "means over classes": "over those with test pictures; one never predicted has precision 0",
    "ECE": f"{ECE_BINS} bins of equal width by the largest probability",
    "Brier": "squared distances summed over classes, 0 to 2",
}


def evaluate_supervised(
    answerer: Answerer,
    model: str,
    chosen: ClassSet,
    folder: Path,
    store: Path,
    *,
    shots: Sequence[int] = SHOTS,
    draws: int = DRAWS,
    seed: int = 0,
    tell: Tell = lambda done, total: None,
) -> Result:
    """Fit on a set's training pictures, test on its test pictures, write it all to `folder`.

    Args:
        answerer: A loaded model.
        model: What it is called in tables.
        chosen: The set.
        folder: For ``predictions.jsonl``, ``scores.json`` and ``index.html``.
        store: Folder of features.
        shots: Pictures a class of classifiers that learn from few.
        draws: Of each of them.
        seed: Of folds, draws and resampling.
        tell: Called with pictures that have features, and all.

    Raises:
        TrainingError: If there is too little to learn from or to test on.
        StorageError: If a folder cannot be written.
    """
    done = classify_supervised(
        answerer, chosen, folder, store, shots=shots, draws=draws, seed=seed, tell=tell
    )
    read = [item for item in done.predictions if item.failure is None]
    probe = done.probe
    area = dict(probe.curve).get(probe.c)
    notes = [*done.notes]
    if done.unread:
        first = min(done.unread)
        notes.append(
            f"{len(done.unread)} pictures cannot be decoded, the first is {first} "
            f"({done.unread[first]}); those of the test count as wrong"
        )
    result = _result(
        "supervised",
        model,
        chosen,
        done.predictions,
        identity=answerer.identity,
        prompt="",
        decoding={
            "features": f"mean over patches behind the projector, {len(probe.weights)} numbers",
            "pictures": answerer.geometry,
            "classifier": f"logistic regression on standardized features, C {probe.c:.3g}",
            "C chosen by": "the grid's middle"
            if area is None
            else f"cross-validation by patient, area under the curve {area:.3f}",
            "learned from": f"{done.learned} pictures",
        },
        notes=notes,
        seed=seed,
    )
    groups = score_shots(done.shots, [item.cluster for item in read], seed=seed)
    result = dataclasses.replace(
        result,
        groups=(*result.groups, *groups),
        baselines=_majority(chosen, done.predictions, seed),
    )
    return _written(result, done.predictions, chosen, folder)


def evaluate_zero_shot(
    answerer: Answerer,
    model: str,
    chosen: ClassSet,
    how: ZeroShot,
    cfg: GenerateConfig,
    folder: Path,
    *,
    tell: Tell = lambda done, total: None,
) -> Result:
    """Ask a model for the categories of a set's test pictures, write it all to `folder`.

    Raises:
        StorageError: If the folder cannot be written.
    """
    found = ask_zero_shot(answerer, chosen, how, cfg, folder, tell=tell)
    questions = ask_for_category(chosen.asked, chosen.classes)
    if how.how == "likelihood":
        decoding = {
            "by": "mean log probability of a name's tokens and its end, over "
            f"{len(questions)} wordings",
            "calibrated": "less that without a picture" if how.calibrated else "no",
        }
    else:
        used = how.decoding(cfg)
        decoding = {"by": "generated text"} | {
            key: str(value) for key, value in dataclasses.asdict(used).items()
        }
    result = _result(
        "zero-shot",
        model,
        chosen,
        found,
        identity=answerer.identity,
        prompt=f"{answerer.template}: {questions[0]}",
        decoding={**decoding, "seed": str(how.seed), "pictures": answerer.geometry},
        preset=how.name,
        reading=how.reading,
        notes=chosen.notes,
        seed=how.seed,
    )
    baselines = _majority(chosen, found, how.seed)
    return _written(dataclasses.replace(result, baselines=baselines), found, chosen, folder)


def score_file(
    path: Path,
    model: str,
    chosen: ClassSet,
    task: Task,
    folder: Path,
    *,
    reading: Reading = "words",
    seed: int = 0,
) -> Result:
    """Score predictions of any model for a set's test pictures, write it all to `folder`.

    Raises:
        SchemaError: If the file is none of predictions, or of another set.
        StorageError: If a file cannot be read or written.
    """
    blank = class_predictions(chosen.of("test"), chosen.name, task)
    question = ask_for_category(chosen.asked, chosen.classes)[0]
    joined = join_answers(path, [dataclasses.replace(item, question=question) for item in blank])
    found, _ = read_labels(joined.predictions, chosen.classes, reading)
    result = _result(
        task,
        model,
        chosen,
        found,
        identity=file_sha256(path),
        prompt="",
        decoding={"by": f"the file {path.name}"},
        preset="upstream" if reading == "exact" else "",
        reading=reading,
        notes=[*chosen.notes, *joined.notes()],
        seed=seed,
    )
    write_jsonl(folder / PREDICTIONS, found)
    baselines = _majority(chosen, found, seed)
    return _written(dataclasses.replace(result, baselines=baselines), found, chosen, folder)


def _result(
    task: Task,
    model: str,
    chosen: ClassSet,
    predictions: Sequence[Prediction],
    *,
    identity: str,
    prompt: str,
    decoding: dict[str, str],
    notes: Sequence[str],
    preset: str = "",
    reading: Reading = "words",
    seed: int,
) -> Result:
    labelled, outcomes = read_labels(predictions, chosen.classes, reading)
    groups = score_groups(told_by(labelled, chosen.classes), labelled, seed=seed)
    if any(outcome is not None for outcome in outcomes):
        told = outcome_scores(labelled, outcomes, seed=seed)
        first = dataclasses.replace(groups[0], scores=(*groups[0].scores, *told))
        groups = (first, *groups[1:])
    failed = [item for item in labelled if item.failure is not None]
    told_notes = list(notes)
    if failed and task == "zero-shot":
        told_notes.append(
            f"{len(failed)} pictures have no answer and count as wrong, the first is "
            f"{failed[0].id} ({failed[0].failure})"
        )
    told_notes += [f"{count} rows {why} are left out" for why, count in chosen.left_out.items()]
    return Result(
        task=task,
        set=chosen.name,
        model=model,
        groups=groups,
        provenance=Provenance(
            identity=identity,
            prompt=prompt,
            decoding={**decoding, **_DEFINITIONS},
            preset=preset,
            data=chosen.source,
            data_digest=chosen.digest,
            versions=package_versions(_PACKAGES),
            code=code_version(),
            notes=tuple(told_notes),
        ),
    )


def _majority(
    chosen: ClassSet, predictions: Sequence[Prediction], seed: int
) -> dict[str, tuple[Group, ...]]:
    """Return the scores of saying the commonest class of the training pictures of everything."""
    learned = [item.label for item in chosen.of("train", "validation")]
    if not learned:
        return {}
    name = max(sorted(set(learned)), key=learned.count)
    said = [dataclasses.replace(p, label=name, probabilities=None) for p in predictions]
    groups = score_groups(told_by(said, chosen.classes), said, seed=seed)
    return {f"always {name}": groups[:1]}


def _written(
    result: Result, predictions: Sequence[Prediction], chosen: ClassSet, folder: Path
) -> Result:
    write_result(folder, result)
    write_class_page(folder, result, predictions, chosen.classes)
    return result
