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
from layouts import spoil
from numpy.typing import NDArray

from mmskin_build.geometry import Bbox, iou
from mmskin_build.images.classify import find_pictures
from mmskin_build.images.read import Picture, read_picture
from mmskin_build.pdf.scan_paper import find_paper
from mmskin_build.pdf.scan_regions import find_photographs

DPI = 150
LONG_SIDE_PX, PAGE_PX, MARGIN_PX = 450, (900, 800), 100
Rgb = NDArray[np.uint8]


def scan(picture: Rgb, seed: int, gray: bool) -> tuple[Rgb, Bbox]:
    """Return a scanned page ``(H, W, 3)`` with the picture on it, and its place in pixels."""
    scale = LONG_SIDE_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    page = np.full((*PAGE_PX, 3), 255, np.uint8)
    page[MARGIN_PX : MARGIN_PX + height, MARGIN_PX : MARGIN_PX + width] = small
    pixels, _ = spoil(page, 0.0, np.random.default_rng(seed))
    if gray:
        pixels = np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)
    return pixels, Bbox(MARGIN_PX, MARGIN_PX, MARGIN_PX + width, MARGIN_PX + height)


def is_found(page: Rgb, box: Bbox) -> bool:
    """Whether a photograph shares more than half of its area with `box` (IoU)."""
    found = find_photographs(page, find_paper(page, DPI))
    return any(iou(Bbox(*picture.box), box) > 0.5 for picture in found)


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
