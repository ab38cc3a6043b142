"""Skin through a dermatoscope and before a camera, drawn by code to learn from.

Collections of either come from few places. These are made the way the pictures come
about: light that melanin and blood absorb (Beer and Lambert), fine even texture, one lesion with
pigment network, dots or veil, hairs, bubbles of gel, a scale, the field of the lens; or, before a
camera, pores, many lesions, the roundness of the body, one lamp, a backdrop.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
Gray = NDArray[np.float32]
Rng = np.random.Generator

# Absorbance of red, green and blue light by a unit of melanin and of hemoglobin (Jacques 2013).
_MELANIN = np.array([0.35, 0.62, 0.95], np.float32)
_BLOOD = np.array([0.12, 0.85, 0.62], np.float32)

_BACKDROPS = (
    (20, 60, 150), (40, 110, 100), (15, 15, 15), (10, 10, 40), (200, 200, 200), (90, 90, 95),
    (120, 85, 60), (150, 170, 190), (60, 30, 30), (225, 220, 205),
)  # fmt: skip


def draw_dermoscopy(rng: Rng) -> RgbImage:
    """Draw one dermoscopic picture, (H, W, 3) uint8, 224 to 420 pixels wide."""
    width = int(rng.integers(224, 420))
    height = round(width * float(rng.choice([0.75, 0.67, 1.0])))
    melanin = _skin(rng, width, height)
    blood = 0.25 + 0.08 * _cloud(rng, width, height, 0.15) + rng.uniform(0, 0.3)
    blood += rng.uniform(0.02, 0.08) * _cloud(rng, width, height, 0.008)
    lesion = _lesion(rng, width, height)
    melanin = melanin + lesion * rng.uniform(0.0, 2.2) * _structure(rng, width, height)
    blood = blood + lesion * rng.uniform(0.0, 0.9) * (1 + 0.4 * _cloud(rng, width, height, 0.05))
    light = np.exp(-melanin[..., None] * _MELANIN - blood[..., None] * _BLOOD)
    light = _paler(light, rng, 0.0, 0.5)
    veil = lesion * max(0.0, rng.uniform(-0.25, 0.25))
    light = light * (1 - veil[..., None]) + veil[..., None] * np.array([0.45, 0.5, 0.62])
    light *= np.exp(rng.normal(0, 0.08, 3)) * rng.uniform(1.0, 1.35)
    rgb = np.clip(light.astype(np.float32), 0, 1) ** float(rng.uniform(0.7, 1.0))
    rgb = _hairs(rgb, rng)
    rgb = _gel(rgb, rng)
    rgb = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.3, 1.0)))
    rgb = _lens(np.asarray(rgb, np.float32), rng)
    rgb = rgb + rng.normal(0, rng.uniform(0.004, 0.016), rgb.shape)
    return np.asarray(np.clip(rgb * 255, 0, 255), np.uint8)


def _cloud(rng: Rng, width: int, height: int, size: float) -> Gray:
    """Smooth noise of mean 0 and deviation 1; `size` of its waves in widths."""
    cells = max(2, round(1 / size))
    rough = rng.normal(0, 1, (max(2, round(cells * height / width)), cells)).astype(np.float32)
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((smooth - smooth.mean()) / (smooth.std() + 1e-6), np.float32)


def _skin(rng: Rng, width: int, height: int) -> Gray:
    """Melanin of the skin around: even, with faint furrows and blotches."""
    level = float(rng.choice([0.15, 0.25, 0.35, 0.6]))
    blotches = 0.05 * _cloud(rng, width, height, 0.2) + 0.03 * _cloud(rng, width, height, 0.05)
    furrows = 0.03 * np.abs(_cloud(rng, width, height, rng.uniform(0.01, 0.03)))
    return np.asarray(level + rng.uniform(0.3, 1.8) * (blotches + furrows), np.float32)


def _lesion(rng: Rng, width: int, height: int) -> Gray:
    """How much of a lesion is at each pixel, 0 to 1; it may fill the field."""
    y = (np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0.35, 0.65)) / height
    x = (np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0.35, 0.65)) / height
    turn = np.arctan2(y, x)
    reach = np.full(turn.shape, rng.uniform(0.1, 0.5), np.float32)
    for order in range(1, 6):
        reach *= 1 + 0.25 / order * rng.normal() * np.cos(order * turn + rng.uniform(0, 6.3))
    away = np.hypot(x * np.exp(rng.normal(0, 0.2)), y) + 0.02 * _cloud(rng, width, height, 0.06)
    return np.asarray(1 / (1 + np.exp(-(reach - away) / rng.uniform(0.01, 0.06))), np.float32)


def _structure(rng: Rng, width: int, height: int) -> Gray:
    """Pigment inside the lesion: blotches, a network, dots or nothing."""
    inside = 1 + rng.uniform(0, 0.5) * _cloud(rng, width, height, rng.uniform(0.06, 0.25))
    kind = rng.integers(0, 4)
    fine = _cloud(rng, width, height, rng.uniform(0.012, 0.03))
    if kind == 0:
        inside += 0.6 * np.exp(-((fine / 0.35) ** 2))
    elif kind == 1:
        inside += 1.2 * (fine > rng.uniform(1.2, 2.0))
    elif kind == 2:
        inside += 0.25 * fine
    return np.asarray(np.maximum(inside, 0), np.float32)


def _hairs(rgb: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    canvas = np.ascontiguousarray(rgb, np.float32)
    height, width = rgb.shape[:2]
    color = (0.12, 0.08, 0.06) if rng.random() < 0.8 else (0.85, 0.8, 0.75)
    for _ in range(int(rng.integers(0, 14)) if rng.random() < 0.5 else 0):
        start = rng.uniform(0, 1, 2) * (width, height)
        turn, bend = rng.uniform(0, 6.3), rng.normal(0, 0.02)
        points = [start]
        for _ in range(60):
            points.append(points[-1] + 0.012 * width * np.array([np.cos(turn), np.sin(turn)]))
            turn += bend
        line = np.array(points, np.float32).round().astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [line], False, color, int(rng.integers(1, 3)), cv2.LINE_AA)
    return canvas


def _gel(rgb: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Bubbles and small reflections, ticks of a scale."""
    height, width = rgb.shape[:2]
    for _ in range(int(rng.integers(1, 12)) if rng.random() < 0.4 else 0):
        x, y = (int(v) for v in rng.uniform(0, 1, 2) * (width, height))
        cv2.circle(rgb, (x, y), int(rng.integers(1, 9)), (0.95, 0.95, 0.95), 1, cv2.LINE_AA)
    if rng.random() < 0.25:
        y = round(height * float(rng.choice([0.06, 0.92])))
        for x in np.arange(0.1, 0.9, rng.uniform(0.03, 0.08)) * width:
            cv2.line(rgb, (round(x), y), (round(x), y + height // 30), (0.1, 0.1, 0.1), 1)
    return rgb


def _lens(rgb: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Light falls off towards the edge; some lenses leave the corners black."""
    height, width = rgb.shape[:2]
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / (height / 2)
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / (height / 2)
    radius = np.hypot(x, y)
    fall = 1 - max(0.0, rng.uniform(-0.1, 0.3)) * np.minimum(radius / 1.4, 1) ** 2
    if rng.random() < 0.2:
        fall = fall / (1 + np.exp((radius - rng.uniform(0.95, 1.3)) / 0.02))
    return np.asarray(rgb * fall[..., None], np.float32)


def draw_clinical(rng: Rng) -> RgbImage:
    """Draw one clinical picture: a curved body part in uneven light, close up or before a cloth."""
    width = int(rng.integers(256, 480))
    height = round(width * float(rng.choice([0.67, 0.75, 1.0, 1.33])))
    lamp = np.array([1.0, rng.uniform(0.82, 1.0), rng.uniform(0.65, 1.0)])
    melanin = float(rng.choice([0.25, 0.4, 0.6, 1.0])) + 0.06 * _cloud(rng, width, height, 0.25)
    blood = rng.uniform(0.3, 0.6) + 0.08 * _cloud(rng, width, height, 0.2)
    pores = np.abs(_cloud(rng, width, height, float(rng.uniform(0.008, 0.02))))
    melanin = melanin + rng.uniform(0.01, 0.06) * pores
    for _ in range(int(rng.choice([1, 3, 12]))):
        lesion = _spot(rng, width, height) * rng.uniform(0.2, 1.0)
        blood = blood + lesion * rng.uniform(0.1, 0.8) * (
            1 + 0.4 * _cloud(rng, width, height, 0.03)
        )
        melanin = melanin + lesion * max(0.0, rng.uniform(-0.6, 0.9))
    skin = np.exp(-melanin[..., None] * _MELANIN - blood[..., None] * _BLOOD)
    skin = _paler(skin, rng, 0.25, 0.75)
    bumps = 0.04 * _cloud(rng, width, height, 0.06) + rng.uniform(0, 0.06) * pores
    bumps = bumps + _relief(rng, width, height)
    turn = rng.uniform(0, 6.3)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    across = x * np.cos(turn) + y * np.sin(turn)
    shade = 1 - rng.uniform(0, 0.45) * (across + rng.uniform(-0.7, 0.7)) ** 2 + bumps
    light = skin * lamp * shade[..., None] * rng.uniform(1.1, 1.6)
    if rng.random() < 0.6:
        light = _before_cloth(light, rng)
    light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), float(rng.uniform(0.3, 0.9)))
    light = np.clip(light, 0, 1) ** float(rng.uniform(0.75, 1.1))
    light = _hairs(light, rng) if rng.random() < 0.3 else light
    light = light + rng.normal(0, rng.uniform(0.004, 0.02), light.shape)
    return np.asarray(np.clip(light * 255, 0, 255), np.uint8)


def _paler(light: NDArray[np.float32], rng: Rng, low: float, high: float) -> NDArray[np.float32]:
    """Light from the surface, which no pigment has colored, mixed in by a share of low to high."""
    gray = light.mean(axis=2, keepdims=True)
    return np.asarray(light + (gray - light) * rng.uniform(low, high), np.float32)


def _relief(rng: Rng, width: int, height: int) -> Gray:
    """Skin lines, scales and shine under a lamp from the side; absent under a gel or glass."""
    lines = _cloud(rng, width, height, float(rng.uniform(0.005, 0.012)))
    turn = float(rng.uniform(0.006, 0.02))
    lines = lines + 0.7 * _cloud(rng, width, height, turn) + 0.5 * _cloud(rng, width, height, 0.04)
    relief = rng.uniform(0.01, 0.07) * lines
    if rng.random() < 0.5:  # sharp furrows
        relief = relief - rng.uniform(0.02, 0.12) * np.exp(-((lines / 0.25) ** 2))
    if rng.random() < 0.4:  # wet or scaly spots that shine
        relief = relief + rng.uniform(0.2, 0.6) * (lines > rng.uniform(2.0, 3.2))
    return np.asarray(relief, np.float32)


def _spot(rng: Rng, width: int, height: int) -> Gray:
    y = (np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0, 1)) / width
    x = (np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0, 1)) / width
    away = np.hypot(x * np.exp(rng.normal(0, 0.3)), y) + 0.03 * _cloud(rng, width, height, 0.08)
    reach, soft = rng.uniform(0.02, 0.25), rng.uniform(0.005, 0.04)
    return np.asarray(1 / (1 + np.exp(np.clip((away - reach) / soft, -30, 30))), np.float32)


def _before_cloth(light: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """A limb or the edge of a body before a backdrop: cloth, wall or darkness."""
    height, width = light.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    turn = rng.uniform(0, 6.3)
    across = x * np.cos(turn) + y * np.sin(turn) + 0.08 * _cloud(rng, width, height, 0.3)
    low = rng.uniform(-1.0, -0.2)
    high = low + rng.uniform(0.5, 2.2)
    inside = 1 / (1 + np.exp(-np.clip((across - low) * (high - across) * 60, -30, 30)))
    backdrop = np.array(_BACKDROPS[int(rng.integers(0, len(_BACKDROPS)))], np.float32) / 255
    folds = 1 + rng.uniform(0, 0.25) * _cloud(rng, width, height, float(rng.uniform(0.05, 0.4)))
    round_off = np.clip(1 - (2 * (across - low) / (high - low) - 1) ** 4 * 0.6, 0.2, 1)
    lit = light * round_off[..., None] * inside[..., None]
    return np.asarray(lit + backdrop * folds[..., None] * (1 - inside[..., None]), np.float32)
