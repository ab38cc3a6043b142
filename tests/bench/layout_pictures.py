"""Pictures for the pages of `layouts`: crops of scikit-image's own data and textures by code."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H, W, 3)

_STORED = (
    "astronaut.png", "chelsea.png", "coffee.png", "ihc.png", "retina.jpg", "rocket.jpg",
    "motorcycle_left.png", "hubble_deep_field.jpg", "coins.png", "moon.png", "grass.png",
    "gravel.png", "camera.png", "cell.png",
)  # fmt: skip
KINDS = (*("stored",) * 5, "lesion", "lesion", "pale", "tissue", "dark", "film")


@functools.cache
def _load(name: str) -> Rgb:
    path = Path(skimage.__file__).parent / "data" / name
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return np.asarray(bgr[:, :, ::-1], np.uint8)


def _noise(rng: np.random.Generator, height: int, width: int, cell: int) -> NDArray[np.float32]:
    coarse = rng.normal(size=(height // cell + 3, width // cell + 3)).astype(np.float32)
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def _lesion(rng: np.random.Generator, height: int, width: int, ground: str) -> NDArray[np.float32]:
    tone = {"lesion": (205, 160, 135), "pale": (250, 249, 248), "dark": (22, 18, 20)}[ground]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    image = np.broadcast_to(np.array(tone, np.float32), (height, width, 3)).copy()
    if ground == "pale":  # a limb on white paper, cut by the edges of the picture
        middle = width * (0.5 + 0.12 * np.sin(y / height * 3 + rng.uniform(0, 3)))
        limb = np.abs(x - middle) < width * rng.uniform(0.2, 0.34)
        image[limb] = (214, 170, 146)
    inside = image.mean(axis=2) < 245
    image += (7 * _noise(rng, height, width, 24) + 4 * _noise(rng, height, width, 4))[..., None] * (
        inside[..., None] if ground == "pale" else 1
    )
    for _ in range(int(rng.integers(3, 12))):
        cx, cy = rng.uniform(0.2, 0.8) * width, rng.uniform(0.15, 0.85) * height
        radius = rng.uniform(0.04, 0.16) * min(width, height)
        wobble = 1 + 0.25 * _noise(rng, height, width, max(8, int(radius)))
        spot = np.clip(1.6 - np.hypot(x - cx, y - cy) / radius * wobble, 0, 1)[..., None]
        color = np.array((rng.uniform(110, 190), rng.uniform(40, 90), rng.uniform(40, 90)))
        image = image * (1 - 0.75 * spot) + 0.75 * spot * color
    return image


def _tissue(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    field = _noise(rng, height, width, 40) + 0.5 * _noise(rng, height, width, 12)
    pink = np.clip(0.5 + 0.4 * field, 0, 1)[..., None]
    image = 255 - pink * np.array((25, 95, 45), np.float32)
    for _ in range(height * width // 900):
        cx, cy = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(image, (cx, cy), int(rng.integers(2, 5)), (110.0, 60.0, 140.0), -1)
    return image + 4 * _noise(rng, height, width, 2)[..., None]


def _film(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    bone = np.exp(-((x - 0.2 * np.sin(3 * y)) ** 2) / 0.12)
    gray = 20 + 170 * bone + 12 * _noise(rng, height, width, 10) + 5 * _noise(rng, height, width, 2)
    return np.repeat(gray[..., None], 3, axis=2)


def draw_picture(rng: np.random.Generator, width: int, height: int, kind: str | None = None) -> Rgb:
    """Return a picture of `width` times `height` pixels."""
    kind = kind or str(rng.choice(KINDS))
    if kind == "stored":
        source = _load(str(rng.choice(_STORED)))
        rows, columns = source.shape[:2]
        share = rng.uniform(0.55, 0.95)
        wide = min(columns, rows * width / height) * share
        high = wide * height / width
        x, y = rng.uniform(0, columns - wide), rng.uniform(0, rows - high)
        part = source[int(y) : int(y + high) + 1, int(x) : int(x + wide) + 1]
        return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if kind == "tissue":
        image = _tissue(rng, height, width)
    elif kind == "film":
        image = _film(rng, height, width)
    else:
        image = _lesion(rng, height, width, kind)
    return np.clip(image, 0, 255).astype(np.uint8)
