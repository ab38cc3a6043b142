"""How many pictures are found as photographs on a drawn page that was scanned, in color and gray.

usage: python tests/bench/scanned.py DIR [--most N]

DIR holds pictures by class, a folder each (``nonphoto`` for charts and drawings, which should not
be found). Each is set on white paper at 300 pixels an edge and 100 dpi, then spoiled as a scanner
does: tint, uneven light, blur, noise.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.classify import find_pictures
from mmskin_build.images.read import Picture, read_picture
from mmskin_build.pdf.scan_paper import find_paper
from mmskin_build.pdf.scan_regions import find_photographs

DPI = 150
LONG_SIDE_PX, PAGE_PX, MARGIN_PX = 450, (900, 800), 100
NOISE = 2.5  # of 255
Rgb = NDArray[np.uint8]


def scan(picture: Rgb, seed: int, gray: bool) -> tuple[Rgb, tuple[int, int, int, int]]:
    """Return a scanned page with the picture on it, and where it stands."""
    rng = np.random.default_rng(seed)
    scale = LONG_SIDE_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    page = np.full((*PAGE_PX, 3), 250.0, np.float32)
    page[MARGIN_PX : MARGIN_PX + height, MARGIN_PX : MARGIN_PX + width] = small
    light = np.linspace(0.95, 1.0, PAGE_PX[1], dtype=np.float32)[None, :, None]
    page *= rng.uniform((236, 232, 220), (254, 253, 250)).astype(np.float32) / 255 * light
    noisy = cv2.GaussianBlur(page, (3, 3), 0.5) + rng.normal(0, NOISE, page.shape)
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    if gray:
        pixels = np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)
    return pixels, (MARGIN_PX, MARGIN_PX, MARGIN_PX + width, MARGIN_PX + height)


def is_found(page: Rgb, box: tuple[int, int, int, int]) -> bool:
    """Whether a photograph shares more than half of its area with `box` (IoU)."""
    for x0, y0, x1, y1 in (found.box for found in find_photographs(page, find_paper(page, DPI))):
        shared = max(0, min(x1, box[2]) - max(x0, box[0])) * max(
            0, min(y1, box[3]) - max(y0, box[1])
        )
        both = (x1 - x0) * (y1 - y0) + (box[2] - box[0]) * (box[3] - box[1]) - shared
        if shared > 0.5 * both:
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=1000)
    args = parser.parse_args()
    found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for number, file in enumerate(find_pictures([args.folder])[: args.most]):
        picture = read_picture(file.path)
        if isinstance(picture, Picture):
            color, gray = (is_found(*scan(picture.rgb, number, way)) for way in (False, True))
            found[file.path.parent.name].append((color, gray))
    print(f"{'class':16} {'pictures':>9} {'color':>7} {'gray':>7}")
    for name, pairs in sorted(found.items()):
        shares = np.mean(pairs, axis=0)
        print(f"{name:16} {len(pairs):9} {shares[0]:7.3f} {shares[1]:7.3f}")


if __name__ == "__main__":
    main()
