"""Scanned pages drawn for tests: words, photographs, skew, noise and shade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmskin_build.geometry import Bbox

DPI = 150
SIZE_PT = (420.0, 595.0)  # A5
LEFT = 40.0
BODY = (
    "The plaques were sharply bordered and covered by silvery",
    "scales; their removal left small points of bleeding. Both",
    "elbows and knees were involved, the nails showed pitting.",
    "Topical treatment was begun and the lesions cleared within",
    "eight weeks. No relapse was seen during the next year.",
)

Rgb = NDArray[np.uint8]


@dataclass
class Sheet:
    """A page drawn in points, at `DPI`, on paper of the given color."""

    paper: tuple[int, int, int] = (246, 243, 232)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", tuple(map(px, SIZE_PT)), self.paper)
        self.pen = ImageDraw.Draw(self.image)

    def text(self, lines: tuple[str, ...], y: float, size: float = 10.0, bold: float = 0) -> Bbox:
        """Write lines from `y` down; return the box around them."""
        font = ImageFont.load_default(size=size * DPI / 72)
        box = None
        for number, line in enumerate(lines):
            place = (px(LEFT), px(y + number * size * 1.35))
            self.pen.text(place, line, (20, 20, 24), font, stroke_width=bold)
            drawn = self.pen.textbbox(place, line, font)
            box = drawn if box is None else (*box[:2], max(box[2], drawn[2]), drawn[3])
        assert box is not None
        return Bbox(*(side * 72 / DPI for side in box))

    def photograph(self, box: Bbox, light: float = 0.0) -> Bbox:
        """Paste a smooth, colorful picture."""
        size = (px(box.width), px(box.height))
        rng = np.random.default_rng(7)
        coarse = rng.uniform(60 + light, 215 + light / 6, (7, 6, 3)).astype(np.uint8)
        picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        self.image.paste(picture, (px(box.x0), px(box.y0)))
        return box

    def scan(self, skew: float = 0.0, noise: float = 2.0, shade: float = 0.0) -> Rgb:
        turned = self.image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=self.paper)
        pixels = np.asarray(turned, np.float64)
        rng = np.random.default_rng(3)
        pixels = pixels + rng.normal(0, noise, (*pixels.shape[:2], 1))
        pixels -= shade * np.linspace(0, 1, pixels.shape[1])[None, :, None]
        return np.clip(pixels, 0, 255).astype(np.uint8)


def px(points: float) -> int:
    return round(points * DPI / 72)
