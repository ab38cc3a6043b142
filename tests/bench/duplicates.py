"""Recall and false joins of near duplicates, cost a picture, growth with the number of pictures.

Usage: python tests/bench/duplicates.py FOLDER --out FILE [--pictures 300] [--sheet PNG]
       python tests/bench/duplicates.py --out FILE --growth 1000 4000 12000 [--unmarked]

FOLDER (or the environment variable MMSKIN_IMAGES) holds pictures, in subfolders or not. As many as
asked for, spread evenly over the sorted names, are indexed; each is changed in every way below and
asked for. Recall counts those that find their original. A pair of a changed picture and another
original that are joined is false unless the two originals are joined themselves; those pairs are
listed, and drawn with `--sheet`, to be looked at. Growth is measured on pictures drawn by code that
all bear one watermark, the worst case for an index of local features, or with `--unmarked` none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.duplicates import DuplicateIndex, connect
from mmskin_build.images.fingerprint import fingerprint
from mmskin_build.store import pixel_digest

Rgb = NDArray[np.uint8]
Change = Callable[[Rgb, np.random.Generator], Rgb]
ENDINGS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


def clipped(values: NDArray[Any]) -> Rgb:
    return np.clip(values, 0, 255).astype(np.uint8)


def cropped(rgb: Rgb, rng: np.random.Generator, share: float = 0.1) -> Rgb:
    """`share` of width and height off, at a random place."""
    height, width = rgb.shape[:2]
    h, w = round(height * (1 - share)), round(width * (1 - share))
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    return np.ascontiguousarray(rgb[y : y + h, x : x + w])


def coded(rgb: Rgb, quality: int) -> Rgb:
    _, code = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)


def resized(rgb: Rgb, x: float, y: float) -> Rgb:
    return np.asarray(cv2.resize(rgb, None, fx=x, fy=y, interpolation=cv2.INTER_AREA))


def turned(rgb: Rgb, degrees: float, paper: int) -> Rgb:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(rgb, matrix, (width, height), borderValue=(paper,) * 3))


def recolored(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """Gray, hues turned, a gamma a channel, or a gain a channel."""
    way = rng.integers(4)
    if way == 0:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))
    if way == 1:
        hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(int)
        hsv[..., 0] = (hsv[..., 0] + rng.integers(15, 166)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.5, 1.5), 0, 255)
        return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))
    if way == 2:
        return clipped(255 * (rgb / 255.0) ** rng.uniform(0.6, 1.6, 3))
    return clipped(rgb * rng.uniform(0.7, 1.3, 3))


def lettered(rgb: Rgb) -> Rgb:
    drawn, width, height = rgb.copy(), rgb.shape[1], rgb.shape[0]
    place = (width // 20, height // 7)
    cv2.putText(drawn, "Fig. 12a", place, cv2.FONT_HERSHEY_SIMPLEX, width / 400, (255,) * 3, 2)
    start, end = (width // 4, height // 4), (width // 2, height // 2)
    cv2.arrowedLine(drawn, start, end, (0, 0, 0), max(2, width // 150))
    return drawn


def bordered(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    edge = round(0.06 * max(rgb.shape))
    return np.asarray(
        cv2.copyMakeBorder(
            rgb, *(edge,) * 4, cv2.BORDER_CONSTANT, value=(int(rng.choice([0, 255])),) * 3
        )
    )


def sharpened(rgb: Rgb) -> Rgb:
    return clipped(2.2 * rgb - 1.2 * cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 2))


def in_plate(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """One of four panels of a plate; the others are noise with a 1/f spectrum."""
    height, width = rgb.shape[:2]
    panels = [rgb, *(drawn(int(rng.integers(2**31)), width, height) for _ in range(3))]
    order = rng.permutation(4)
    gutter = max(4, width // 40)
    plate = np.full((2 * height + gutter, 2 * width + gutter, 3), 255, np.uint8)
    for place, which in enumerate(order):
        y, x = (place // 2) * (height + gutter), (place % 2) * (width + gutter)
        plate[y : y + height, x : x + width] = panels[which]
    return plate


ASKED: dict[str, Change] = {
    "crop 10 %": lambda rgb, rng: cropped(rgb, rng),
    "mirror": lambda rgb, rng: np.ascontiguousarray(rgb[:, ::-1]),
    "JPEG 40": lambda rgb, rng: coded(rgb, 40),
    "half size": lambda rgb, rng: resized(rgb, 0.5, 0.5),
    "recolor": recolored,
    "turn 5 degrees": lambda rgb, rng: turned(
        rgb, float(rng.choice([-5, 5])), int(rng.choice([0, 255]))
    ),
}
OTHERS: dict[str, Change] = {
    "crop 15 %": lambda rgb, rng: cropped(rgb, rng, 0.15),
    "crop 30 %": lambda rgb, rng: cropped(rgb, rng, 0.3),
    "brighter, crop 10 %, JPEG 50": lambda rgb, rng: coded(
        clipped(cropped(rgb, rng) * 1.25 + 10.0), 50
    ),
    "mirror, crop 10 %, turn 4, JPEG 60": lambda rgb, rng: coded(
        turned(np.ascontiguousarray(cropped(rgb, rng)[:, ::-1]), 4, 255), 60
    ),
    "letters and arrow": lambda rgb, rng: lettered(rgb),
    "border": bordered,
    "sharpen": lambda rgb, rng: sharpened(rgb),
    "noise": lambda rgb, rng: clipped(rgb + rng.normal(0, 8, rgb.shape)),
    "quarter size": lambda rgb, rng: resized(rgb, 0.25, 0.25),
    "turn 90 degrees": lambda rgb, rng: np.ascontiguousarray(np.rot90(rgb)),
    "8 % narrower": lambda rgb, rng: resized(rgb, 0.92, 1.0),
    "panel of four": in_plate,
}


def drawn(seed: int, width: int = 400, height: int = 300) -> Rgb:
    """Colored noise with a 1/f spectrum: no two look alike, all look like skin or tissue."""
    rng = np.random.default_rng(seed)
    fy, fx = np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij")
    power = np.hypot(fy, fx)
    power[0, 0] = np.inf
    noise = np.fft.irfft2(
        np.fft.rfft2(rng.normal(size=(height, width))) / power**1.2, s=(height, width)
    )
    noise = noise / noise.std()
    return clipped(
        rng.uniform(90, 200, 3) + noise[..., None] * rng.uniform(15, 40) * rng.uniform(0.5, 1, 3)
    )


def read(path: Path) -> Rgb:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path}: not a picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def measure(folder: Path, count: int, sheet: Path | None) -> dict[str, Any]:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    if not paths:
        raise SystemExit(f"{folder}: no pictures")
    step = max(1.0, len(paths) / count)
    paths = [paths[int(i * step)] for i in range(min(count, len(paths)))]
    pictures = {pixel_digest(rgb): (path, rgb) for path in paths for rgb in [read(path)]}
    began = time.process_time()
    prints = {sha: fingerprint(rgb) for sha, (_, rgb) in pictures.items()}
    print_ms = 1000 * (time.process_time() - began) / len(pictures)
    index = DuplicateIndex()
    began = time.process_time()
    joins = index.add(prints.items())
    add_ms = 1000 * (time.process_time() - began) / len(pictures)
    groups = index.groups(pictures)
    print(f"{len(pictures)} pictures; fingerprint {print_ms:.1f} ms, adding {add_ms:.1f} ms each")
    for join in joins:
        names = pictures[join.first][0].name, pictures[join.second][0].name
        print(f"  among the originals: {names[0]} {names[1]} {join.overlap}")
    shown = [(pictures[j.first][1], pictures[j.second][1]) for j in joins]
    rows, all_false, all_pairs, query_s, asked = {}, 0, 0, 0.0, 0
    for name, change in (ASKED | OTHERS).items():
        found, false, missed, kinds = 0, 0, [], defaultdict(lambda: [0, 0])
        for number, (sha, (path, rgb)) in enumerate(pictures.items()):
            changed = fingerprint(change(rgb, np.random.default_rng(number)))
            began = time.process_time()
            hits = index.query(changed)
            query_s, asked = query_s + time.process_time() - began, asked + 1
            is_found = any(hit.second == sha for hit in hits)
            found += is_found
            kinds[path.parent.name][0] += is_found
            kinds[path.parent.name][1] += 1
            if not is_found:
                missed.append(path.name)
            for hit in hits:
                if groups[hit.second] != groups[sha]:
                    false += 1
                    other = pictures[hit.second]
                    print(f"  {name}: {path.name} joined {other[0].name} {hit.overlap}")
                    shown.append((change(rgb, np.random.default_rng(number)), other[1]))
        pairs = len(pictures) * (len(pictures) - 1)
        all_false, all_pairs = all_false + false, all_pairs + pairs
        rows[name] = {
            "asked_for": name in ASKED,
            "recall": found / len(pictures),
            "recall_by_folder": {kind: one / of for kind, (one, of) in sorted(kinds.items())},
            "false_joins": false,
            "pairs": pairs,
            "missed": missed,
        }
        print(f"{name:36} recall {found / len(pictures):.4f}  false joins {false}  {missed[:5]}")
    if sheet is not None and shown:
        draw(shown[:60], sheet)
    return {
        "pictures": len(pictures),
        "fingerprint_ms": print_ms,
        "add_ms": add_ms,
        "query_ms": 1000 * query_s / asked,
        "joins_among_originals": len(joins),
        "groups": len(set(connect(pictures, [(j.first, j.second) for j in joins]).values())),
        "false_share": all_false / all_pairs,
        "changes": rows,
    }


def draw(pairs: list[tuple[Rgb, Rgb]], path: Path, side: int = 160) -> None:
    """Joined pairs side by side, five pairs a row."""
    tiles = []
    for pair in pairs:
        tile = np.full((side + 4, 2 * side + 16, 3), 255, np.uint8)
        for place, rgb in enumerate(pair):
            scale = side / max(rgb.shape)
            small = resized(rgb, scale, scale)[:side, :side]
            x = place * (side + 2)
            tile[: small.shape[0], x : x + small.shape[1]] = small
        tiles.append(tile)
    while len(tiles) % 5:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.hstack(tiles[i : i + 5]) for i in range(0, len(tiles), 5)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def grow(counts: list[int], *, marked: bool) -> list[dict[str, Any]]:
    """Cost of adding a picture to an index of each size, its file and the memory."""
    rows, batch = [], 500
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "duplicates.sqlite"
        with DuplicateIndex(path) as index:
            done, print_s = 0, 0.0
            for count in sorted(counts):
                add_s, before = 0.0, done
                while done < count:
                    items = []
                    for seed in range(done, min(done + batch, count)):
                        rgb = drawn(seed, 160, 120)
                        if marked:
                            where = (8, 112)
                            cv2.putText(rgb, "owner.org", where, 0, 0.7, (255, 255, 255), 2)
                        items.append((f"{seed:064x}", rgb))
                    began = time.process_time()
                    prints = [(sha, fingerprint(rgb)) for sha, rgb in items]
                    print_s += time.process_time() - began
                    began = time.process_time()
                    index.add(prints)
                    last_s = time.process_time() - began
                    add_s, done = add_s + last_s, done + len(items)
                rows.append(
                    {
                        "pictures": count,
                        "fingerprint_ms": 1000 * print_s / count,
                        "add_ms": 1000 * add_s / (count - before),
                        "add_ms_last_batch": 1000 * last_s / len(items),
                        "file_kb_a_picture": path.stat().st_size / count / 1000,
                        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                        / 1024,
                        "joins": len(index.joins()),
                    }
                )
                print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="pictures [MMSKIN_IMAGES]")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--sheet", type=Path, help="PNG of pairs joined among originals or falsely")
    parser.add_argument("--growth", type=int, nargs="+", default=[])
    parser.add_argument("--unmarked", action="store_true", help="growth without a watermark")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    folder = given.folder or (os.environ.get("MMSKIN_IMAGES") or None)
    if folder is None and not given.growth:
        parser.error("name a folder of pictures, set MMSKIN_IMAGES, or ask for --growth")
    report: dict[str, Any] = {}
    if folder is not None:
        report["recall"] = measure(Path(folder), given.pictures, given.sheet)
    if given.growth:
        report["growth"] = grow(given.growth, marked=not given.unmarked)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
