"""Teach the network of `figures/glyphs.py` on letters drawn with the fonts of this machine.

Usage: .venv/bin/python tools/train_glyphs.py [--out FILE]

Needs scikit-learn and these Debian packages, for the training alone: fonts-liberation
fonts-freefont-otf fonts-urw-base35 fonts-roboto-unhinted fonts-open-sans fonts-lato
fonts-crosextra-carlito fonts-crosextra-caladea fonts-linuxlibertine fonts-cantarell fonts-dejavu.
Letters are drawn small and large, bright and dark, on plain and textured ground, blurred and
compressed, and cut out as `glyphs.shapes_in` does it. What is no letter are digits, brackets,
strokes, halves of letters, and shapes in generated pictures. DejaVu, of the generated figures of
tests/bench, is held out and measured.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.neural_network import MLPClassifier

from mmskin_build.demo.pictures import draw_clinical, draw_dermoscopic, draw_histology
from mmskin_build.figures.glyphs import (
    BRIGHT_LEVELS,
    CLASSES,
    DARK_LEVELS,
    MODEL_FILE,
    SAME_IN_BOTH_CASES,
    features,
    shapes_in,
)

SEED = 20261128
FAMILIES = (
    "Liberation(Sans|Serif)", "FreeS(ans|erif)", "Nimbus(Sans|Roman)", "P052", "C059", "URWGothic",
    "URWBookman", "Roboto", "OpenSans", "Lato", "Carlito", "Caladea", "Cantarell", "LinBiolinum",
    "LinLibertine_(R|RB|RI|RBI)",
)  # fmt: skip
LEFT_OUT = re.compile(r"Thin|Hairline|Black|Narrow-(Bold)?(Italic|Oblique)|_K|CondLight")
HELD_OUT = re.compile(r"DejaVuS(ans|erif)(-Bold)?(-Oblique|-Italic)?\.ttf")
NO_LETTERS = "23456789()[]{}/%&?!+*=<>#@$§µ→✓"
TEXTS = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"abcdefghijklmnopqrstuvwxyz")
DRAWN_EACH = 16
HIDDEN = 160


def font_files() -> tuple[list[Path], list[Path]]:
    """Return the fonts to learn from and those held out, sorted by name."""
    listed = subprocess.run(
        ["fc-list", "--format", "%{file}\n"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    paths = {Path(line).name: Path(line) for line in sorted(listed) if line}
    wanted = re.compile("|".join(FAMILIES))
    taught = [
        path
        for name, path in sorted(paths.items())
        if wanted.match(name) and path.suffix in (".ttf", ".otf") and not LEFT_OUT.search(name)
    ]
    return taught, [path for name, path in sorted(paths.items()) if HELD_OUT.fullmatch(name)]


def draw_ground(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Draw what a letter stands on: 0 plain to 1 textured, as shares of the ground's tone."""
    kind = rng.integers(0, 3)
    if kind == 0:
        return np.zeros((side, side), np.float32)
    cells = rng.normal(0, 1, (max(2, side // int(rng.integers(3, 12))),) * 2).astype(np.float32)
    return cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC)


def draw_shapes(
    rng: np.random.Generator, text: str, path: Path, *, half: bool = False
) -> list[NDArray[np.float32]]:
    """Draw a text and return the features of the shape that it leaves at one level."""
    size = int(rng.choice([10, 11, 12, 13, 14, 16, 18, 20, 24, 30, 40, 56]))
    font = ImageFont.truetype(str(path), size)
    left, top, right, bottom = font.getbbox(text)
    if right - left < 2 or bottom - top < 5:
        return []
    side = int(max(right - left, bottom - top) + 16)
    picture = Image.new("L", (side, side), 0)
    at = (8 - left + rng.uniform(0, 1), 8 - top + rng.uniform(0, 1))
    ImageDraw.Draw(picture).text(at, text, fill=255, font=font)
    ink = np.asarray(picture, np.float32) / 255
    if half:
        cut = int(rng.integers(0, 4))
        middle = side // 2
        if cut == 0:
            ink[:middle] = 0
        elif cut == 1:
            ink[middle:] = 0
        elif cut == 2:
            ink[:, :middle] = 0
        else:
            ink[:, middle:] = 0
    if rng.random() < 0.5:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.3, 0.9)))
    bright = rng.random() < 0.5
    tone, contrast = rng.uniform(0, 90), rng.uniform(120, 255)
    ground = tone + draw_ground(rng, side) * rng.uniform(0, 45)
    gray = ground * (1 - ink) + ink * max(tone + contrast, 200)
    gray = np.clip(gray + rng.normal(0, rng.uniform(0, 6), gray.shape), 0, 255).astype(np.uint8)
    if not bright:
        gray = 255 - gray
    if rng.random() < 0.6:
        quality = int(rng.integers(45, 95))
        _, packed = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
        gray = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    levels = [level for level in BRIGHT_LEVELS if level < int(gray.max()) - 15]
    if not bright:
        levels = [level for level in DARK_LEVELS if level > int(gray.min()) + 15]
    if not levels:
        return []
    level = levels[int(rng.integers(0, len(levels)))]
    mask = (gray >= level) if bright else (gray <= level)
    found, _ = shapes_in(mask.astype(np.uint8), side)
    rows = np.flatnonzero(ink.max(axis=1) > 0.5)
    columns = np.flatnonzero(ink.max(axis=0) > 0.5)
    if len(rows) == 0 or len(columns) == 0:
        return []
    if text in "ij":  # the dot is a shape of its own
        rows = (
            rows[np.flatnonzero(np.diff(rows) > 1)[-1] + 1 :] if np.any(np.diff(rows) > 1) else rows
        )
        columns = np.flatnonzero(ink[rows].max(axis=0) > 0.5)
    true = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    slack = max(1.5, 0.08 * size)
    letters = [
        own
        for box, own in found
        if all(abs(a - b) <= slack for a, b in zip(box, true, strict=True))
    ]
    return list(features(letters))


def stray_shapes(rng: np.random.Generator, count: int) -> list[NDArray[np.float32]]:
    """Shapes of generated pictures, strokes, ovals and boxes: none is a letter."""
    rows: list[NDArray[np.float32]] = []
    draws = (draw_clinical, draw_dermoscopic, draw_histology)
    while len(rows) < count:
        kind = int(rng.integers(0, 5))
        if kind < 3:
            gray = cv2.cvtColor(draws[kind](rng, 300, 240), cv2.COLOR_RGB2GRAY)
            gray = cv2.resize(gray, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
        elif kind == 3:
            cells = rng.normal(128, 60, (24, 32)).astype(np.float32)
            gray = np.clip(cv2.resize(cells, (640, 480), interpolation=cv2.INTER_CUBIC), 0, 255)
            gray = gray.astype(np.uint8)
        else:
            picture = Image.new("L", (640, 480), 255)
            pen = ImageDraw.Draw(picture)
            for _ in range(60):
                x, y = rng.integers(0, 600), rng.integers(0, 440)
                w, h = rng.integers(4, 40, 2)
                wide = int(rng.integers(1, 5))
                shape = int(rng.integers(0, 5))
                if shape == 0:
                    pen.ellipse((x, y, x + w, y + h), outline=0, width=wide)
                elif shape == 1:
                    pen.arc((x, y, x + w, y + h), *rng.integers(0, 360, 2), fill=0, width=wide)
                elif shape == 2:
                    pen.line(
                        [(x, y), (x + w, y + h), *map(tuple, rng.integers(0, 40, (1, 2)) + [x, y])],
                        fill=0,
                        width=wide,
                    )
                elif shape == 3:
                    pen.rectangle((x, y, x + w, y + h), fill=0)
                else:
                    pen.polygon([tuple(p) for p in rng.integers(0, 40, (3, 2)) + [x, y]], fill=0)
            gray = np.asarray(picture)
        for level in (*DARK_LEVELS, *BRIGHT_LEVELS):
            mask = (gray <= level) if level in DARK_LEVELS else (gray >= level)
            found, _ = shapes_in(mask.astype(np.uint8), 90)
            picked = rng.permutation(len(found))[:25]
            rows.extend(features([found[i][1] for i in picked]))
    return rows[:count]


def examples(fonts: list[Path], each: int, seed: int) -> tuple[NDArray[np.float32], list[str]]:
    """Draw `each` examples of every letter in every font, and what is no letter."""
    rng = np.random.default_rng(seed)
    rows: list[NDArray[np.float32]] = []
    names: list[str] = []
    for path in fonts:
        for text in TEXTS:
            name = text.upper() if text in SAME_IN_BOTH_CASES else text
            for _ in range(each):
                found = draw_shapes(rng, text, path)
                rows += found
                names += [name] * len(found)
        for _ in range(each):
            for text in NO_LETTERS:
                found = draw_shapes(rng, text, path)
                rows += found
                names += [""] * len(found)
            for _ in range(12):
                pair = "".join(rng.choice(list(TEXTS), 1))
                found = draw_shapes(rng, pair, path, half=True)
                rows += found
                names += [""] * len(found)
    stray = stray_shapes(rng, len(rows) // 3)
    return np.stack([*rows, *stray]), [*names, *([""] * len(stray))]


def main() -> None:
    """Draw, teach, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    home = Path(__file__).resolve().parents[1] / "src/mmskin_build/figures"
    parser.add_argument("--out", type=Path, default=home / MODEL_FILE)
    given = parser.parse_args()
    taught, held_out = font_files()
    table, names = examples(taught, DRAWN_EACH, SEED)
    print(f"{len(taught)} fonts, {len(names)} shapes")
    model = MLPClassifier(
        (HIDDEN,), alpha=1e-4, batch_size=256, max_iter=16, random_state=SEED, verbose=True
    )
    model.fit(table, names)
    order = [list(model.classes_).index(name) for name in CLASSES]
    layers: list[dict[str, Any]] = []
    for number, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        if number + 1 == len(model.coefs_):
            weights, bias = weights[:, order], bias[order]
        layers.append(
            {
                "shape": list(weights.shape),
                "weights": base64.b64encode(weights.astype("<f2").tobytes()).decode(),
                "bias": base64.b64encode(bias.astype("<f2").tobytes()).decode(),
            }
        )
    test, true = examples(held_out, 4, SEED + 1)
    found = model.predict(test)
    letters = [i for i, name in enumerate(true) if name]
    right = sum(found[i].lower() == true[i].lower() for i in letters) / len(letters)
    others = [i for i, name in enumerate(true) if not name]
    false = sum(found[i] != "" for i in others) / len(others)
    card = {
        "made_by": "tools/train_glyphs.py",
        "seed": SEED,
        "fonts": [path.name for path in taught],
        "shapes": len(names),
        "held_out_fonts": [path.name for path in held_out],
        "held_out_letters_right": round(right, 4),
        "held_out_no_letters_taken_for_letters": round(false, 4),
        "inputs": "20 x 20 shares of ink, centered, and width over height",
        "hidden": HIDDEN,
        "layers": layers,
    }
    given.out.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print({k: v for k, v in card.items() if k.startswith("held_out_")})


if __name__ == "__main__":
    main()
