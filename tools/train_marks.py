"""Make ``images/mark_model.json`` again: draw marks on pictures, learn to tell them from the rest.

usage: train_marks.py PICTURES... [--font FILE]... [--marked FOLDER SHARE] [--lettered FOLDER]...
                      [--keep-network] [--out FILE]

PICTURES are folders of photographs and micrographs on which nothing is drawn; none of them enters
the file, only weights do. Where their owner's mark stands at the foot of a folder's pictures,
--marked keeps only the upper SHARE of these. Pictures with a letter in a corner, a scale bar or an
owner's mark and nothing else, as books print them, may be named by --lettered: what lies in a
corner or along an edge of these teaches nothing. Every fourth picture, and every third font, is
held out: on these the second stage, which judges a picture by its marks, is fitted and everything
is measured; --keep-network fits it alone, after a change of `mark_kinds`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier

from mmskin_build.images import marks
from mmskin_build.images.annotated import ink_scores, picture_facts
from mmskin_build.images.drawn_marks import MAJOR, MINOR, DrawnMark, RgbImage, draw_marks
from mmskin_build.images.marks import MODEL_FILE, find_marks, load_model, parse_model
from mmskin_build.images.strokes import FACTS, Strokes, find_strokes

PICTURES_A_PHOTO = 6  # the first without any mark
PLAIN_HELD_OUT = 2  # of a held-out photo without any mark
FEW_MARKS = (1, 1, 1, 2, 3)
LETTERED_TURNS = 3  # of a lettered picture; nothing is drawn on any of them
MARGIN = 0.22  # of each side: where a lettered picture may bear its letter or bar
LONGEST_PX = 640  # of a lettered picture
FALSE_ALARMS = 0.04  # of pictures without any mark: where the score is 0.5


def read_pictures(folders: list[Path], marked: dict[Path, float]) -> Iterator[tuple[int, RgbImage]]:
    """All pictures in a fixed order, numbered."""
    paths = sorted(
        p for folder in folders for p in folder.rglob("*") if p.suffix in {".jpg", ".png"}
    )
    for number, path in enumerate(paths):
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is not None:
            rows = round(bgr.shape[0] * marked.get(path.parent, 1.0))
            yield number, cv2.cvtColor(bgr[:rows], cv2.COLOR_BGR2RGB)


def inner_labels(found: Strokes) -> np.ndarray:
    """0 for pieces of a lettered picture that lie off its edges, -1 for the rest."""
    height, width = found.shape
    x, y = (found.boxes[:, :2] + found.boxes[:, 2:]).T / 2
    inner_x = (x > MARGIN * width) & (x < (1 - MARGIN) * width)
    inner_y = (y > MARGIN * height) & (y < (1 - MARGIN) * height)
    middle = (y > MARGIN / 2 * height) & (y < (1 - MARGIN) * height)
    return np.where((inner_x & middle) | inner_y, 0.0, -1.0)


def label_pieces(found: Strokes, drawn: tuple[DrawnMark, ...]) -> np.ndarray:
    """1 for ink, 0 for none, -1 where neither can be said."""
    height, width = found.shape
    ink = np.zeros((height, width), np.uint8)
    for mark in drawn:
        mask = mark.mask.astype(np.uint8)
        ink |= cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    ink = cv2.dilate(ink, np.ones((3, 3), np.uint8)).ravel()
    labels = np.zeros(len(found.boxes))
    for index, pixels in enumerate(found.pixels):
        share = ink[pixels].mean()
        labels[index] = 1 if share > 0.6 else (0 if share < 0.1 else -1)
    return labels


def fitted(rgb: RgbImage) -> RgbImage:
    """The picture, reduced where it is large."""
    factor = min(1.0, LONGEST_PX / max(rgb.shape[:2]))
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def vary(rgb: RgbImage, rng: np.random.Generator) -> RgbImage:
    """The picture at another size or mirrored, now and then."""
    if rng.random() < 0.4:
        factor = float(rng.uniform(0.6, 1.8))
        mode = cv2.INTER_CUBIC
        rgb = np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=mode))
    return np.ascontiguousarray(rgb[:, ::-1]) if rng.random() < 0.3 else rgb


def cut_out(rgb: RgbImage, rng: np.random.Generator) -> RgbImage:
    """A random window of half to nine tenths of each side."""
    height, width = rgb.shape[:2]
    high, wide = (round(side * rng.uniform(0.5, 0.9)) for side in (height, width))
    top, left = rng.integers(height - high + 1), rng.integers(width - wide + 1)
    return np.ascontiguousarray(rgb[top : top + high, left : left + wide])


def train_network(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Fit the network on facts and labels of pieces; -1 is left out."""
    x, y = x[y >= 0], y[y >= 0]
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    network = MLPClassifier(
        (48, 24), alpha=1e-2, max_iter=60, random_state=0, early_stopping=True, batch_size=256,
        learning_rate_init=2e-3,
    ).fit((x - mean) / scale, y)  # fmt: skip
    return {
        "facts": list(FACTS),
        "mean": np.round(mean, 5).tolist(),
        "scale": np.round(scale, 5).tolist(),
        "weights": [np.round(layer, 4).tolist() for layer in network.coefs_],
        "biases": [np.round(layer, 4).tolist() for layer in network.intercepts_],
    }


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--font", action="append", default=[])
    parser.add_argument("--marked", action="append", nargs=2, default=[])
    parser.add_argument("--lettered", action="append", type=Path, default=[])
    parser.add_argument("--keep-network", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(marks.__file__).with_name(MODEL_FILE))
    args = parser.parse_args()
    rng = np.random.default_rng(20)
    kinds = [*MAJOR, *MINOR]
    fonts = {False: ["", *args.font[0::3], *args.font[1::3]], True: args.font[2::3] or [""]}
    rows, labels, held = [], [], []
    count = 0
    for number, rgb in read_pictures(
        args.pictures, {Path(folder): float(share) for folder, share in args.marked}
    ):
        is_held = number % 4 == 3
        count += 1
        if args.keep_network and not is_held:
            continue
        for turn in range(PICTURES_A_PHOTO + (PLAIN_HELD_OUT if is_held else 0)):
            picture = vary(rgb, rng)
            if rng.random() < 0.3:
                picture = cut_out(picture, rng)
            plain_turns = PLAIN_HELD_OUT if is_held else 1
            chosen = (
                [] if turn < plain_turns else list(rng.choice(kinds, size=rng.choice(FEW_MARKS)))
            )
            used = fonts[is_held]
            shown, drawn = draw_marks(picture, chosen, rng, [f for f in used if f])
            found = find_strokes(shown)
            if is_held:
                held.append((shown, drawn, label_pieces(found, drawn), found))
            else:
                rows.append(found.facts)
                labels.append(label_pieces(found, drawn))
    lettered = 0
    for number, rgb in read_pictures(args.lettered, {}):
        lettered += 1
        if number % 4 == 3 or args.keep_network:
            continue
        for turn in range(LETTERED_TURNS):
            found = find_strokes(vary(fitted(rgb), rng) if turn else fitted(rgb))
            rows.append(found.facts)
            labels.append(inner_labels(found))
    if args.keep_network:
        model = json.loads(args.out.read_text(encoding="utf-8"))
    else:
        model = train_network(np.concatenate(rows), np.concatenate(labels))
    model["picture"] = {"bias": 0.0, "first": 1.0, "second": 0.0}
    args.out.write_text(json.dumps(model) + "\n", encoding="utf-8")
    load_model.cache_clear()
    weigh = parse_model(model)
    piece_y = np.concatenate([labels for _, _, labels, _ in held])
    piece_p = np.concatenate([weigh.scores(found.facts) for _, _, _, found in held])
    piece_auc = roc_auc_score(piece_y[piece_y >= 0], piece_p[piece_y >= 0])

    facts, truth, kinds_of = [], [], []
    for shown, drawn, _, _ in held:
        facts.append(list(picture_facts(ink_scores(find_marks(shown))).values()))
        truth.append(any(not mark.minor for mark in drawn))
        kinds_of.append([m.kind for m in drawn])
    wanted, plain = np.array(truth), np.array([not kinds for kinds in kinds_of])
    table = np.array(facts)
    # Marks that are minor by their kind teach nothing about what is ink.
    second = LogisticRegression(C=1.0).fit(table[wanted | plain], wanted[wanted | plain])
    odds = table @ second.coef_[0]
    bias = -float(np.quantile(odds[plain], 1 - FALSE_ALARMS))
    model["picture"] = {
        "bias": round(bias, 4),
        **{n: round(float(w), 4) for n, w in zip(picture_facts([]), second.coef_[0], strict=True)},
    }
    scores = 1 / (1 + np.exp(-(odds + bias)))
    alone = {
        kind: round(
            float(
                np.mean([s >= 0.5 for s, k in zip(scores, kinds_of, strict=True) if k == [kind]])
            ),
            3,
        )
        for kind in kinds
        if any(k == [kind] for k in kinds_of)
    }
    model["card"] = {
        "made_by": "tools/train_marks.py",
        "pictures": count,
        "lettered_pictures": lettered,
        "held_out_without_marks": int(plain.sum()),
        "held_out_with_major_marks": int(wanted.sum()),
        "held_out": "every fourth picture, every third font; `picture` is fitted there",
        "piece_auc": round(float(piece_auc), 4),
        "picture_auc": round(
            float(roc_auc_score(wanted[wanted | plain], scores[wanted | plain])), 4
        ),
        "recall_at_half": round(float(np.mean(scores[wanted] >= 0.5)), 4),
        "false_alarms_at_half": round(float(np.mean(scores[plain] >= 0.5)), 4),
        "called_major_when_alone": alone,
    }
    args.out.write_text(json.dumps(model) + "\n", encoding="utf-8")
    print(json.dumps(model["card"] | model["picture"], indent=1))


if __name__ == "__main__":
    main()
