"""One picture as another camera, lamp, scanner or publisher would have given it.

Used while learning only: what a picture is must not depend on what is changed here.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

RgbImage = NDArray[np.uint8]
Rng = np.random.Generator

_LEAST_SIDE_PX = 64
_WORDS = ("clinic", "Copyright 2019", "Health", "www.atlas.example", "A", "b", "1 mm", "100 um")


def augment(rgb: RgbImage, rng: Rng) -> RgbImage:
    """Return the picture cropped, turned, recolored, softened, lettered, framed, compressed.

    Args:
        rgb: Pixels, (H, W, 3) uint8.
        rng: Decides what is done; the same state gives the same picture.
    """
    rgb = _cropped(rgb, rng)
    rgb = _turned(rgb, rng)
    steps: tuple[tuple[float, Callable[[RgbImage, Rng], RgbImage]], ...] = (
        (0.9, _relit),
        (0.25, _softened),
        (0.25, _grained),
        (0.35, _lettered),
        (0.25, _framed),
        (0.05, _grayed),
        (0.6, _compressed),
    )
    for chance, step in steps:
        if rng.random() < chance:
            rgb = step(rgb, rng)
    return rgb


def _cropped(rgb: RgbImage, rng: Rng) -> RgbImage:
    height, width = rgb.shape[:2]
    part = rng.uniform(0.6, 1.0, 2)
    h, w = (
        max(min(_LEAST_SIDE_PX, side), round(side * p))
        for side, p in zip((height, width), part, strict=True)
    )
    top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    return rgb[top : top + h, left : left + w]


def _turned(rgb: RgbImage, rng: Rng) -> RgbImage:
    if rng.random() < 0.5:
        rgb = rgb[:, ::-1]
    if rng.random() < 0.3:
        rgb = np.rot90(rgb, int(rng.integers(1, 4)))
    return np.ascontiguousarray(rgb)


def _relit(rgb: RgbImage, rng: Rng) -> RgbImage:
    """Another white balance, exposure, contrast, saturation."""
    light = (rgb.astype(np.float32) / 255.0) ** float(np.exp(rng.normal(0, 0.2)))
    light *= np.exp(rng.normal(0, 0.07, 3)).astype(np.float32)
    gray = light @ np.array([0.299, 0.587, 0.114], np.float32)
    light = gray[..., None] + (light - gray[..., None]) * float(np.exp(rng.normal(0, 0.2)))
    light = (light - light.mean()) * float(np.exp(rng.normal(0, 0.12))) + light.mean()
    return np.asarray(np.clip(light * 255.0, 0, 255), np.uint8)


def _softened(rgb: RgbImage, rng: Rng) -> RgbImage:
    sigma = float(rng.uniform(0.5, 0.006 * max(rgb.shape[:2]) + 0.6))
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def _grained(rgb: RgbImage, rng: Rng) -> RgbImage:
    noise = rng.normal(0, rng.uniform(1, 8), rgb.shape)
    return np.asarray(np.clip(rgb + noise, 0, 255), np.uint8)


def _lettered(rgb: RgbImage, rng: Rng) -> RgbImage:
    """A watermark, a panel letter, a scale bar or an arrow."""
    image = Image.fromarray(rgb)
    canvas = ImageDraw.Draw(image)
    width, height = image.size
    white = rng.random() < 0.7
    color = (255, 255, 255) if white else (0, 0, 0)
    size = max(8, round(float(rng.uniform(0.04, 0.1)) * height))
    x, y = (float(rng.choice([0.03, 0.6])) * width, float(rng.choice([0.04, 0.8])) * height)
    kind = rng.integers(0, 4)
    if kind <= 1:
        canvas.text((x, y), str(rng.choice(_WORDS)), color, font=ImageFont.load_default(size))
    if kind == 1:
        canvas.ellipse((x, y - size, x + size, y), outline=color, width=max(1, size // 6))
    elif kind == 2:
        canvas.line((x, y, x + width * 0.2, y), fill=color, width=max(2, size // 5))
    elif kind == 3:
        tip = rng.uniform(0.2, 0.8, 2) * (width, height)
        foot = tip + rng.uniform(-0.15, 0.15, 2) * (width, height)
        canvas.line((*tip, *foot), fill=color, width=max(2, size // 5))
    return np.array(image, np.uint8)


def _framed(rgb: RgbImage, rng: Rng) -> RgbImage:
    most = max(3, round(0.08 * min(rgb.shape[:2])))
    top, bottom, left, right = (int(edge) for edge in rng.integers(2, most, 4))
    color = [int(v) for v in rng.choice(np.array([[255] * 3, [0] * 3, [240, 240, 235]]))]
    framed = cv2.copyMakeBorder(rgb, top, bottom, left, right, cv2.BORDER_CONSTANT, value=color)
    return np.asarray(framed, np.uint8)


def _grayed(rgb: RgbImage, rng: Rng) -> RgbImage:
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _compressed(rgb: RgbImage, rng: Rng) -> RgbImage:
    quality = int(rng.integers(25, 92))
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(decoded, np.uint8)[..., ::-1])
