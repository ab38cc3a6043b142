"""Supervised classification: a linear classifier on a model's features of a set's pictures.

As upstream: features are standardized, C is chosen by cross-validation on training and validation
pictures, the classifier is fitted on the training pictures and tested on the test pictures. Beside
it stand classifiers that learn from few pictures a class.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import TrainingError
from mmskin_build.evaluate.class_metrics import Ints
from mmskin_build.evaluate.class_sets import ClassItem, ClassSet
from mmskin_build.evaluate.features import Features, extract_features, feature_folder
from mmskin_build.evaluate.predictions import PREDICTIONS, Prediction, Tell
from mmskin_build.evaluate.probe import Probe, choose_c, fit_probe
from mmskin_build.evaluate.shots import DRAWS, SHOTS, Learning, Shot, learn_from_few
from mmskin_build.evaluate.zero_shot import class_predictions
from mmskin_build.public.items import PublicSplit
from mmskin_build.skinvl.generate import Answerer
from mmskin_build.store import write_jsonl


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What came of it: the test pictures with probabilities, the classifier, the curve of few.

    `unread` are pictures that could not be decoded, with why; those of the test are in the
    predictions with their failure, those of training were not learned from.
    """

    predictions: tuple[Prediction, ...]
    probe: Probe
    shots: tuple[Shot, ...]
    learned: int  # pictures that the classifier was fitted on
    unread: dict[str, str]
    made: int  # features computed now
    notes: tuple[str, ...]


def classify_supervised(
    answerer: Answerer,
    chosen: ClassSet,
    folder: Path,
    store: Path,
    *,
    shots: Sequence[int] = SHOTS,
    draws: int = DRAWS,
    seed: int = 0,
    tell: Tell = lambda done, total: None,
) -> Supervised:
    """Learn from the training pictures of a set and tell the classes of its test pictures.

    Args:
        answerer: A loaded model; only its vision tower and projector are used.
        chosen: The set.
        folder: For the predictions.
        store: Folder of features, shared by all sets and models.
        shots: Pictures a class of the classifiers that learn from few; none leaves them out.
        draws: Of each of them.
        seed: Of folds and draws.
        tell: Called with pictures that have features, and all.

    Raises:
        TrainingError: If there are not two classes to learn from, or no test picture.
        StorageError: If a folder cannot be written.
    """
    place = feature_folder(store, answerer)
    features, digests = extract_features(
        answerer, [item.path for item in chosen.items], place, tell=tell
    )
    named = dict(zip([(i.image, i.split) for i in chosen.items], digests, strict=True))

    def read(items: Sequence[ClassItem]) -> list[ClassItem]:
        return [item for item in items if named[item.image, item.split] in features.rows]

    def rows(items: Sequence[ClassItem]) -> NDArray[np.float32]:
        return features.of([named[item.image, item.split] for item in items])

    train, test = read(chosen.of("train")), read(chosen.of("test"))
    both = [*train, *read(chosen.of("validation"))]
    _refuse(chosen, train, test)
    kinds = len(chosen.classes)
    labels, groups = _numbers(both, chosen.classes)
    c, curve = choose_c(rows(both), labels, groups, kinds, seed=seed)
    fitted = rows(train)
    probe = fit_probe(fitted, labels[: len(train)], kinds, c=c, curve=curve)
    tested = rows(test)
    learning = Learning(
        classes=chosen.classes,
        features=fitted,
        labels=labels[: len(train)],
        groups=groups[: len(train)],
        tested=tested,
        truth=_numbers(test, chosen.classes)[0],
    )
    found = _predictions(chosen, probe, test, tested, answerer, features, named)
    write_jsonl(folder / PREDICTIONS, found)
    return Supervised(
        predictions=found,
        probe=probe,
        shots=learn_from_few(learning, shots=shots, draws=draws, seed=seed),
        learned=len(train),
        unread={
            item.image: features.unread[named[item.image, item.split]]
            for item in chosen.items
            if named[item.image, item.split] in features.unread
        },
        made=features.made,
        notes=(*chosen.notes, *_notes(chosen, train, test, probe)),
    )


def _refuse(chosen: ClassSet, train: Sequence[ClassItem], test: Sequence[ClassItem]) -> None:
    kinds = sorted({item.label for item in train})
    if len(kinds) < 2:
        there = ", ".join(kinds) or "none"
        raise TrainingError(
            f"{chosen.name}: {len(train)} training pictures of the classes: {there}; two classes "
            "are needed to learn from"
        )
    if not test:
        raise TrainingError(f"{chosen.name}: has no test picture that can be read")


def _numbers(items: Sequence[ClassItem], classes: Sequence[str]) -> tuple[Ints, Ints]:
    """Return labels and groups as numbers, (N,) each."""
    place = {name: at for at, name in enumerate(classes)}
    names = sorted({item.group for item in items})
    group = {name: at for at, name in enumerate(names)}
    return (
        np.array([place[item.label] for item in items], dtype=np.int64),
        np.array([group[item.group] for item in items], dtype=np.int64),
    )


def _predictions(
    chosen: ClassSet,
    probe: Probe,
    test: Sequence[ClassItem],
    tested: NDArray[np.float32],
    answerer: Answerer,
    features: Features,
    named: Mapping[tuple[str, PublicSplit], str],
) -> tuple[Prediction, ...]:
    """Return all test pictures, each with its probabilities or with why it has none."""
    told = [answerer.identity, answerer.geometry, chosen.digest, probe.c, len(test)]
    run = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    rows = dict(zip([item.image for item in test], probe.probabilities(tested), strict=True))
    found = []
    for item, blank in zip(
        chosen.of("test"),
        class_predictions(chosen.of("test"), chosen.name, "supervised"),
        strict=True,
    ):
        row = rows.get(item.image)
        if row is None:
            why = features.unread[named[item.image, item.split]]
            found.append(dataclasses.replace(blank, run=run, failure=why))
            continue
        label = chosen.classes[int(row.argmax())]
        shares = {name: float(p) for name, p in zip(chosen.classes, row, strict=True)}
        found.append(
            dataclasses.replace(blank, run=run, prediction=label, label=label, probabilities=shares)
        )
    return tuple(found)


def _notes(
    chosen: ClassSet, train: Sequence[ClassItem], test: Sequence[ClassItem], probe: Probe
) -> list[str]:
    learned, tested = {item.label for item in train}, {item.label for item in test}
    told = []
    for names, words in (
        (tested - learned, "classes without a picture to learn from, told wrong"),
        (learned - tested, "classes without a test picture, in no mean over classes"),
    ):
        if names:
            told.append(f"{words}: {', '.join(sorted(names))}")
    if not probe.curve:
        told.append("C could not be chosen, there are too few patients: it is the grid's middle")
    if not probe.converged:
        told.append("the solver stopped before it came to an end")
    return told
