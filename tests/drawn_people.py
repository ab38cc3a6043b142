"""Skin, schematic faces and other pictures drawn by code, for tests of `images`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]

# From very light to very dark.
TONES = (
    (246, 214, 196),
    (224, 172, 140),
    (190, 130, 95),
    (140, 90, 62),
    (92, 58, 42),
    (60, 38, 30),
)


def skin(
    tone: tuple[int, int, int] = TONES[1], size: tuple[int, int] = (300, 400), seed: int = 0
) -> RgbImage:
    """Skin of one tone with soft shades and fine grain, ``(height, width)`` of `size`."""
    rng = np.random.default_rng(seed)
    height, width = size
    coarse = cv2.resize(rng.normal(0, 9, (6, 8)), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(0, 10, (height, width)), (0, 0), 1.2)
    shade = (coarse + grain)[..., None] * (np.array(tone) / 255)
    return np.clip(np.array(tone) + shade, 0, 255).astype(np.uint8)


def lesion(rgb: RgbImage, middle: tuple[int, int], radius: int) -> RgbImage:
    """A soft red patch."""
    mask = np.zeros(rgb.shape[:2], np.float32)
    cv2.circle(mask, middle, radius, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), radius / 4)[..., None] * 0.6
    return (rgb * (1 - mask) + np.array([170, 60, 60]) * mask).astype(np.uint8)


def hairs(rgb: RgbImage, count: int = 12, seed: int = 3) -> RgbImage:
    """Curved, tapering, soft-edged brown hairs."""
    rng = np.random.default_rng(seed)
    height, width = rgb.shape[:2]
    mask = np.zeros((height * 4, width * 4), np.uint8)
    for _ in range(count):
        x, y = rng.uniform(0, width * 4), rng.uniform(0, height * 4)
        angle, bend = rng.uniform(0, 6.3), rng.normal(0, 0.02)
        for step in range(60):
            nx, ny = x + np.cos(angle) * 10, y + np.sin(angle) * 10
            thick = max(1, round(7 * np.sin(np.pi * (step + 1) / 62)))
            cv2.line(mask, (round(x), round(y)), (round(nx), round(ny)), 255, thick)
            x, y, angle = nx, ny, angle + bend
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    alpha = cv2.GaussianBlur(small.astype(np.float32) / 255, (0, 0), 1.4)[..., None] * 0.6
    return (rgb * (1 - alpha) + np.array([70, 50, 42]) * alpha).astype(np.uint8)


def face(tone: tuple[int, int, int] = TONES[1], size: int = 320) -> RgbImage:
    """A schematic head: hair, brows, eyes, nose, mouth, on a plain wall."""
    rgb = np.full((size, size, 3), (120, 140, 160), np.uint8)
    s = size / 320

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * s), round(y * s)

    dark = tuple(int(c * 0.65) for c in tone)
    cv2.ellipse(rgb, at(160, 150), at(86, 105), 0, 0, 360, (45, 32, 25), -1, cv2.LINE_AA)
    cv2.rectangle(rgb, at(130, 230), at(190, 319), dark, -1)
    cv2.ellipse(rgb, at(160, 165), at(70, 92), 0, 0, 360, tone, -1, cv2.LINE_AA)
    for x in (132, 188):
        cv2.ellipse(rgb, at(x, 150), at(14, 8), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(rgb, at(x, 150), round(7 * s), (70, 45, 30), -1, cv2.LINE_AA)
        cv2.circle(rgb, at(x, 150), round(3 * s), (5, 5, 5), -1, cv2.LINE_AA)
        cv2.ellipse(
            rgb, at(x, 132), at(18, 6), 0, 190, 350, (50, 35, 28), round(4 * s), cv2.LINE_AA
        )
    cv2.ellipse(rgb, at(160, 188), at(14, 7), 0, 20, 160, dark, round(3 * s), cv2.LINE_AA)
    cv2.ellipse(rgb, at(160, 218), at(28, 9), 0, 0, 360, (170, 70, 75), -1, cv2.LINE_AA)
    cv2.line(rgb, at(134, 218), at(186, 218), (110, 40, 45), round(2 * s), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0 * s), np.uint8)
