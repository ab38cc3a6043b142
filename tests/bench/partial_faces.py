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
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from mmskin_build.images.bodyparts import FACES, find_parts
from mmskin_build.images.faces import find_faces, log_odds, look_twice

RgbImage = NDArray[np.uint8]

FALSE_HOLDS = 0.04  # of close-ups without a face: where the fitted score is 0.5
FOLDS = 8
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


def partial_faces(rgb: RgbImage) -> Iterator[tuple[str, RgbImage]]:
    """Crops, turns and darkened copies of one portrait, by kind."""
    whole = find_parts(rgb, side_px=640)
    x0, y0, x1, y1 = next(part.box for part in whole.boxes if part.name in FACES)
    wide, high = x1 - x0, y1 - y0
    crops = {}
    for kind, (a, b, c, d) in WINDOWS.items():
        left, top = max(0, round(x0 + a * wide)), max(0, round(y0 + b * high))
        cut = rgb[top : round(y0 + d * high), left : round(x0 + c * wide)]
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


def gather(
    root: Path, with_faces: set[str]
) -> tuple[list[str], list[str], list[tuple[float, float]], list[float], list[bool]]:
    """Kind, group, the detector's two answers, today's score and the noted bars of all pictures."""
    kinds, groups, answers, scores, bars = [], [], [], [], []

    def look(kind: str, group: str, rgb: RgbImage) -> None:
        first, padded = look_twice(rgb)
        kinds.append(kind)
        groups.append(group)
        answers.append((first.score(*FACES), padded.score(*FACES)))
        found = find_faces(rgb)
        scores.append(found.score)
        bars.append(found.eyes_barred)

    for name, rgb in pictures(root / "faces"):
        look("portrait", name, rgb)
        for kind, crop in partial_faces(rgb):
            look(kind, name, crop)
    for kind in ("clinical", "dermoscopic", "pathological"):
        for name, rgb in pictures(root / kind):
            look("clinical_with_face" if name in with_faces else kind, name, rgb)
    return kinds, groups, answers, scores, bars


def fit(
    features: NDArray[np.float64], truth: NDArray[np.bool_], closeups: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Bias and the two weights, shifted so that 0.5 holds `FALSE_HOLDS` of the close-ups."""
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(features, truth)
    first, padded = (float(w) for w in model.coef_[0])
    bias = -float(np.quantile(features[closeups] @ model.coef_[0], 1 - FALSE_HOLDS))
    return bias, first, padded


def main() -> None:
    """Measure, and fit where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=os.environ.get("MMSKIN_IMAGES"))
    parser.add_argument("--with-face", nargs="*", default=[], help="clinical files with a face")
    parser.add_argument("--fit", type=Path)
    args = parser.parse_args()
    if args.pictures is None:
        parser.error("name a folder by --pictures or MMSKIN_IMAGES")
    named, grouped, answers, scored, barred = gather(Path(args.pictures), set(args.with_face))
    kinds, groups, scores = np.array(named), np.array(grouped), np.array(scored)
    features = np.array([[log_odds(a), log_odds(b)] for a, b in answers])
    empty = np.isin(kinds, ["clinical", "dermoscopic", "pathological"])
    used = kinds != "clinical_with_face"
    crossed = np.zeros(len(kinds))
    for train, test in GroupKFold(FOLDS).split(features, groups=groups):
        rows = train[used[train]]
        bias, first, padded = fit(features[rows], ~empty[rows], kinds[rows] == "clinical")
        crossed[test] = bias + features[test] @ [first, padded]
    report = {}
    for kind in dict.fromkeys(named):
        mine = kinds == kind
        report[kind] = {
            "pictures": int(mine.sum()),
            "found": round(float((scores[mine] >= 0.5).mean()), 4),
            "found_cross_validated": round(float((crossed[mine] >= 0).mean()), 4),
            "bar_noted": round(float(np.array(barred)[mine].mean()), 4),
        }
    whole = (kinds != "portrait") & ~empty & used
    report["all_partial"] = {
        "pictures": int(whole.sum()),
        "found": round(float((scores[whole] >= 0.5).mean()), 4),
        "found_cross_validated": round(float((crossed[whole] >= 0).mean()), 4),
    }
    print(json.dumps(report, indent=1))
    if args.fit:
        bias, first, padded = fit(features[used], ~empty[used], kinds[used] == "clinical")
        weights = {"bias": bias, "first": first, "padded": padded}
        card = {
            "made_by": "tests/bench/partial_faces.py --fit",
            "pictures": int(used.sum()),
            "rule": f"0.5 holds {FALSE_HOLDS:.0%} of clinical close-ups without a face",
            "cross_validated": {
                kind: numbers["found_cross_validated"] for kind, numbers in report.items()
            },
        }
        rounded = {name: round(value, 4) for name, value in weights.items()}
        args.fit.write_text(
            json.dumps({"weights": rounded, "card": card}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
