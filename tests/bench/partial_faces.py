"""Partial faces out of whole ones, and how many of them `images.faces` finds.

usage: partial_faces.py [--pictures DIR] [--fit FILE]

DIR (else the environment variable MMSKIN_IMAGES) holds ``faces/`` (portraits, one face each) and
``clinical/``, ``dermoscopic/``, ``pathological/`` without identifiable faces. Prints the recall by
kind of crop, the false alarms by kind of picture, and the same cross-validated: a portrait and all
its crops are held out together. With --fit the weights are fitted and written to FILE
(``images/face_model.json``).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from mmskin_build.images.augment import augment
from mmskin_build.images.bodyparts import FACES, find_parts
from mmskin_build.images.drawn_skin import draw_clinical
from mmskin_build.images.faces import STEP_LIMIT, find_faces, is_settled, log_odds
from mmskin_build.images.imagenet import extract_imagenet
from mmskin_build.images.read import working_copy

RgbImage = NDArray[np.uint8]

FALSE_HOLDS = 0.02  # of close-ups without a face, by each model: where its score is 0.5
FREEDOM = 0.003  # inverse pull of the weights of things towards zero: portraits are few
FOLDS = 8
DRAWN = 240  # close-ups drawn by code, on skin of all tones, learned from beside the real ones
ALTERED = 3  # copies of a close-up: few real ones show dark skin, and portraits do
DARKEST = 2.8  # gamma of such a copy
SOFTEST = 0.02  # of the longer side; what is blurred is no face for that
EMPTY = ("clinical", "clinical_altered", "dermoscopic", "pathological", "drawn")
CROP_SIDE_PX = 512
# Windows as shares of the box of the face: x0, y0, x1, y1.
WINDOWS = {
    "head": (-0.4, -0.4, 1.4, 1.3),
    "fills_frame": (0.0, 0.0, 1.0, 1.0),
    "left_half": (-0.2, -0.15, 0.5, 1.1),
    "right_half": (0.5, -0.15, 1.2, 1.1),
    "eyes_only": (-0.05, 0.2, 1.05, 0.55),
    "one_eye": (-0.05, 0.15, 0.52, 0.6),
    "lower_face": (-0.1, 0.5, 1.1, 1.1),
    "upper_face": (-0.1, -0.2, 1.1, 0.55),
    "nose_and_mouth": (0.1, 0.4, 0.9, 1.0),
}
# Close-ups of one part, as clinical pictures are; each is learned from a second time, altered.
DETAILS = {
    "left_ear": (-0.3, 0.1, 0.25, 0.8),
    "right_ear": (0.75, 0.1, 1.3, 0.8),
    "left_cheek": (-0.05, 0.4, 0.5, 0.95),
    "right_cheek": (0.5, 0.4, 1.05, 0.95),
    "mouth": (0.2, 0.6, 0.8, 1.0),
    "nose": (0.25, 0.3, 0.75, 0.75),
    "mouth_close": (0.3, 0.68, 0.7, 0.92),
    "chin": (0.1, 0.75, 0.9, 1.25),
    "brow": (0.0, 0.0, 1.0, 0.35),
}
LEAST_CROP_PX = 12


def partial_faces(rgb: RgbImage) -> Iterator[tuple[str, RgbImage]]:
    """Crops, turns and darkened copies of one portrait, by kind."""
    whole = find_parts(rgb, side_px=640)
    x0, y0, x1, y1 = next(part.box for part in whole.boxes if part.name in FACES)
    wide, high = x1 - x0, y1 - y0
    crops = {}
    for kind, (a, b, c, d) in (WINDOWS | DETAILS).items():
        left, top = max(0, round(x0 + a * wide)), max(0, round(y0 + b * high))
        cut = rgb[top : round(y0 + d * high), left : round(x0 + c * wide)]
        if min(cut.shape[:2]) < LEAST_CROP_PX:  # beyond the edge of the picture
            continue
        scale = CROP_SIDE_PX / max(cut.shape[:2])
        mode = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        crops[kind] = np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=mode))
        yield kind, crops[kind]
    for angle in (30, -30):
        yield f"turned_{angle}", _turned(rgb, angle)
    yield "turned_90", np.ascontiguousarray(np.rot90(rgb))
    yield "turned_-90", np.ascontiguousarray(np.rot90(rgb, 3))
    yield "head_turned_90", np.ascontiguousarray(np.rot90(crops["head"]))
    yield "darkened", (rgb * 0.3).astype(np.uint8)
    yield "head_darkened", (255 * (crops["head"] / 255.0) ** 2.5).astype(np.uint8)
    yield "lower_face_darkened", (crops["lower_face"] * 0.4).astype(np.uint8)
    barred = rgb.copy()
    barred[round(y0 + 0.3 * high) : round(y0 + 0.5 * high), x0:x1] = 0
    yield "eyes_barred", barred


def _turned(rgb: RgbImage, degrees: float) -> RgbImage:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REFLECT))


def pictures(folder: Path) -> Iterator[tuple[str, RgbImage]]:
    """All pictures of a folder with their names, in order."""
    for path in sorted(folder.iterdir()):
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is not None:
            yield path.name, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


@dataclass(frozen=True)
class Seen:
    """All pictures: kind, group, the detector's two answers, what `imagenet` sees, today's score.

    A portrait and all that is made of it are one group.
    """

    kinds: NDArray[np.str_]
    groups: NDArray[np.str_]
    answers: NDArray[np.float64]
    things: NDArray[np.float64]
    scores: NDArray[np.float64]
    barred: NDArray[np.bool_]

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Pictures without a face."""
        return np.isin(self.kinds, EMPTY)

    @property
    def used(self) -> NDArray[np.bool_]:
        """Pictures that may be learned from."""
        return self.kinds != "clinical_with_face"


def gather(root: Path, with_faces: set[str]) -> Seen:
    """Look at all pictures and at parts of the portraits."""
    rows: list[tuple[str, str, tuple[float, float], list[float], float, bool]] = []

    def look(kind: str, group: str, rgb: RgbImage) -> None:
        things = extract_imagenet(working_copy(rgb))
        found = find_faces(rgb, things=things, thorough=True)
        score = 0.0 if is_settled(found.parts, things) else found.score
        answers = (log_odds(found.parts.score(*FACES)), log_odds(found.padded.score(*FACES)))
        rows.append((kind, group, answers, list(things.values()), score, found.eyes_barred))

    for number, (name, rgb) in enumerate(pictures(root / "faces")):
        look("portrait", name, rgb)
        for kind, crop in partial_faces(rgb):
            look(kind, name, crop)
            if kind in DETAILS:
                rng = np.random.default_rng([number, len(kind)])
                look(f"{kind}_altered", name, augment(crop, rng))
    for kind in ("clinical", "dermoscopic", "pathological"):
        for name, rgb in pictures(root / kind):
            look("clinical_with_face" if name in with_faces else kind, name, rgb)
            for copy in range(ALTERED if kind == "clinical" and name not in with_faces else 0):
                rng = np.random.default_rng([13, copy, sum(name.encode())])
                dark = 255 * (rgb / 255.0) ** rng.uniform(1.0, DARKEST)
                sigma = rng.uniform(0.3, SOFTEST * max(rgb.shape[:2]))
                soft = cv2.GaussianBlur(dark, (0, 0), sigma)
                look("clinical_altered", name, augment(np.asarray(soft, np.uint8), rng))
    for seed in range(DRAWN):
        look("drawn", f"drawn {seed}", draw_clinical(np.random.default_rng([12, seed])))
    kinds, groups, answers, things, scores, barred = zip(*rows, strict=True)
    return Seen(
        np.array(kinds), np.array(groups), np.array(answers), np.array(things), np.array(scores),
        np.array(barred),
    )  # fmt: skip


@dataclass(frozen=True)
class Linear:
    """A logistic model over standardized numbers."""

    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of rows (n, numbers)."""
        near = np.clip((rows - self.center) / self.scale, -STEP_LIMIT, STEP_LIMIT)
        return np.asarray(near @ self.weights + self.bias)


def fit_answers(seen: Seen, rows: NDArray[np.int64]) -> Linear:
    """The model of the detector's answers; details and altered copies are left to the other."""
    others = [*DETAILS, *(f"{kind}_altered" for kind in (*DETAILS, "clinical")), "drawn"]
    rows = rows[~np.isin(seen.kinds[rows], others)]
    chosen, truth = seen.answers[rows], ~seen.empty[rows]
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(chosen, truth)
    plain = Linear(np.zeros(2), np.ones(2), model.coef_[0], 0.0)
    clinical = chosen[seen.kinds[rows] == "clinical"] @ model.coef_[0]
    return replace(plain, bias=-float(np.quantile(clinical, 1 - FALSE_HOLDS)))


def fit_things(seen: Seen, rows: NDArray[np.int64]) -> Linear:
    """The model of what `imagenet` sees.

    The score of 0.5 is set on close-ups that were left out, since those learned from are too easy.
    """
    odds = np.full(len(seen.kinds), np.nan)
    for train, test in GroupKFold(FOLDS).split(rows, groups=seen.groups[rows]):
        odds[rows[test]] = _fit_logistic(seen, rows[train]).odds(seen.things[rows[test]])
    clinical = odds[rows][seen.kinds[rows] == "clinical"]
    model = _fit_logistic(seen, rows)
    return replace(model, bias=model.bias - float(np.quantile(clinical, 1 - FALSE_HOLDS)))


def _fit_logistic(seen: Seen, rows: NDArray[np.int64]) -> Linear:
    chosen = seen.things[rows]
    center, scale = chosen.mean(axis=0), chosen.std(axis=0) + 1e-6
    near = np.clip((chosen - center) / scale, -STEP_LIMIT, STEP_LIMIT)
    with threadpool_limits(1):
        model = LogisticRegression(C=FREEDOM, class_weight="balanced", max_iter=500)
        model.fit(near, ~seen.empty[rows])
    return Linear(center, scale, model.coef_[0], float(model.intercept_[0]))


def cross_validate(seen: Seen) -> dict[str, NDArray[np.float64]]:
    """Log odds of both models for each picture, its group left out."""
    found = {name: np.zeros(len(seen.kinds)) for name in ("answers", "things")}
    for train, test in GroupKFold(FOLDS).split(seen.answers, groups=seen.groups):
        rows = train[seen.used[train]]
        found["answers"][test] = fit_answers(seen, rows).odds(seen.answers[test])
        found["things"][test] = fit_things(seen, rows).odds(seen.things[test])
    return found


def report(seen: Seen) -> dict[str, dict[str, float]]:
    """Shares that are found, by kind and of all parts: shipped, and cross-validated by model."""
    crossed = cross_validate(seen)
    either = np.maximum(*crossed.values())
    groups = {kind: seen.kinds == kind for kind in dict.fromkeys(seen.kinds.tolist())}
    groups["all_partial"] = (seen.kinds != "portrait") & ~seen.empty & seen.used
    groups["partial_and_clinical"] = (seen.kinds != "portrait") & ~seen.empty
    return {
        kind: {
            "pictures": int(mine.sum()),
            "found": round(float((seen.scores[mine] >= 0.5).mean()), 4),
            "found_cross_validated": round(float((either[mine] >= 0).mean()), 4),
            "by_detector": round(float((crossed["answers"][mine] >= 0).mean()), 4),
            "by_things": round(float((crossed["things"][mine] >= 0).mean()), 4),
            "bar_noted": round(float(seen.barred[mine].mean()), 4),
        }
        for kind, mine in groups.items()
    }


def fit_models(seen: Seen, found: dict[str, dict[str, float]]) -> dict[str, Any]:
    """The content of the model file, with what `report` has found in its card."""
    rows = np.flatnonzero(seen.used)
    answers, things = fit_answers(seen, rows), fit_things(seen, rows)
    return {
        "weights": {
            "bias": round(answers.bias, 4),
            "first": round(float(answers.weights[0]), 4),
            "padded": round(float(answers.weights[1]), 4),
        },
        "things": {
            "bias": round(things.bias, 4),
            "weights": np.round(things.weights, 4).tolist(),
            "center": np.round(things.center, 4).tolist(),
            "scale": np.round(things.scale, 4).tolist(),
        },
        "card": {
            "made_by": "tests/bench/partial_faces.py --fit",
            "pictures": len(rows),
            "rule": f"0.5 holds {FALSE_HOLDS:.0%} of clinical close-ups without a face, by "
            "each of the two models",
            "left_out": "clinical pictures that show a part of a face; they only test",
            "cross_validated": {
                kind: numbers["found_cross_validated"] for kind, numbers in found.items()
            },
        },
    }


def main() -> None:
    """Measure, and fit where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=os.environ.get("MMSKIN_IMAGES"))
    parser.add_argument("--with-face", nargs="*", default=[], help="clinical files with a face")
    parser.add_argument("--fit", type=Path)
    args = parser.parse_args()
    if args.pictures is None:
        parser.error("name a folder by --pictures or MMSKIN_IMAGES")
    seen = gather(Path(args.pictures), set(args.with_face))
    found = report(seen)
    print(json.dumps(found, indent=1))
    if args.fit:
        content = fit_models(seen, found)
        args.fit.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
