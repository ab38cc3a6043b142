"""What kind of picture it is, with a probability each: the model and its file.

The mean of two calibrated linear classifiers over standardized features, and a distance beyond
which the answer is taken back: what looks like nothing that was learned from gets low confidence.
The file holds numbers, no picture; `learn` writes it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import SchemaError
from mmskin_build.store import parse_json, storage_errors

MODEL_FILE = "modality_model.json"
FORM = 2  # of the file

#: Skin through a camera, a dermatoscope, a microscope; other photographs; X-rays, CT, MRI, electron
#: micrographs and other grey scans; what is no photograph at all.
KINDS = ("clinical", "dermoscopic", "pathological", "other", "radiology", "drawing")

Table = NDArray[np.float64]

STEP_LIMIT = 4.0  # standardized values beyond this say no more
_FAR_LIMIT = 12.0  # the same where the distance is measured
_FAR_FALL = 4.0  # power with which trust falls beyond the distance that examples reach


@dataclass(frozen=True, slots=True, kw_only=True)
class KindModel:
    """A fitted model; `linear` holds (weights (features, kinds), bias (kinds,)) pairs."""

    names: tuple[str, ...]
    center: Table
    scale: Table
    linear: tuple[tuple[Table, Table], ...]
    far: float

    def probabilities(self, rows: Table) -> Table:
        """Return probabilities, (pictures, kinds), of raw features, (pictures, features)."""
        standard = (np.asarray(rows, np.float64) - self.center) / self.scale
        near = np.clip(standard, -STEP_LIMIT, STEP_LIMIT)
        parts = [
            softmax(np.einsum("ij,jk->ik", near, weights) + bias) for weights, bias in self.linear
        ]
        away = distance(standard)
        trust = np.minimum(1.0, (self.far / np.maximum(away, 1e-9)) ** _FAR_FALL)[:, None]
        return np.asarray(trust * np.mean(parts, axis=0) + (1 - trust) / len(KINDS), np.float64)


def distance(standard: Table) -> Table:
    """How far standardized rows are from the middle of what was learned from."""
    far = np.clip(standard, -_FAR_LIMIT, _FAR_LIMIT)
    return np.asarray(np.sqrt((far**2).mean(axis=1)), np.float64)


def softmax(odds: Table) -> Table:
    """Return log odds, (pictures, kinds), as probabilities."""
    raised = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def classify_kind(
    features: Mapping[str, float], model: KindModel | None = None
) -> dict[str, float]:
    """Return the probability of each of `KINDS`, by the shipped model if none is given.

    Raises:
        ValueError: If the features are not those that the model was fitted to.
    """
    model = model or shipped_model()
    if tuple(features) != model.names:
        raise ValueError("the features are not those of the model; train it again")
    (row,) = model.probabilities(np.array([list(features.values())], np.float64))
    return {kind: float(probability) for kind, probability in zip(KINDS, row, strict=True)}


@functools.cache
def shipped_model() -> KindModel:
    """Return the model that comes with the program."""
    return parse_model(shipped_file(), MODEL_FILE)


def shipped_file() -> dict[str, Any]:
    """Return the content of the shipped model file: model, card and examples."""
    text = resources.files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def read_model(path: Path | None) -> KindModel:
    """Read a model file, the shipped one for None.

    Raises:
        StorageError: If it cannot be read.
        SchemaError: If it is no model file, or made for other features or another version.
    """
    return shipped_model() if path is None else parse_model(read_model_file(path), str(path))


def read_model_file(path: Path) -> dict[str, Any]:
    """Read the whole content of a model file.

    Raises:
        StorageError: If it cannot be read.
        SchemaError: If it is no JSON object.
    """
    with storage_errors(path):
        raw = path.read_bytes()
    try:
        content = parse_json(raw)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SchemaError(f"{path}: no model file; mmskin modality train writes one")
    return content


def parse_model(content: Mapping[str, Any], where: str) -> KindModel:
    """Make a model of a model file's content; `where` names it in messages.

    Raises:
        SchemaError: As for `read_model`.
    """
    mend = "make it again with mmskin modality train"
    try:
        if content["form"] != FORM or tuple(content["kinds"]) != KINDS:
            raise SchemaError(f"{where}: a model file of another version; {mend}")
        linear = [
            (np.array(part["weights"], np.float64), np.array(part["bias"], np.float64))
            for part in content["linear"]
        ]
        model = KindModel(
            names=tuple(content["features"]),
            center=np.array(content["center"], np.float64),
            scale=np.array(content["scale"], np.float64),
            linear=tuple(linear),
            far=float(content["far"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SchemaError(f"{where}: no model file ({error}); {mend}") from None
    count = len(model.names)
    shapes = [model.center.shape == (count,), model.scale.shape == (count,), bool(linear)]
    shapes += [w.shape == (count, len(KINDS)) and b.shape == (len(KINDS),) for w, b in linear]
    numbers = [model.center, model.scale, *(part for pair in linear for part in pair)]
    if not all(shapes) or not all(np.isfinite(values).all() for values in numbers):
        raise SchemaError(f"{where}: the tables do not fit one another; {mend}")
    return model
