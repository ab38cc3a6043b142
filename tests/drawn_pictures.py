"""Pictures drawn by code that behave like photographs: noise with a 1/f spectrum, no two alike."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


def clipped(values: NDArray[Any]) -> Rgb:
    return np.clip(values, 0, 255).astype(np.uint8)


def draw_tissue(
    seed: int,
    width: int = 400,
    height: int = 300,
    *,
    color: tuple[int, int, int] = (190, 140, 120),
    contrast: float = 30.0,
) -> Rgb:
    """(height, width, 3): noise with a 1/f spectrum around `color`."""
    rng = np.random.default_rng(seed)
    fy, fx = np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij")
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = np.inf
    white = np.fft.rfft2(rng.normal(size=(height, width)))
    noise = np.fft.irfft2(white / frequency**1.2, s=(height, width))
    return clipped(np.array(color) + noise[..., None] / noise.std() * [contrast, contrast, 20.0])


def print_name(rgb: Rgb, name: str = "owner.org") -> Rgb:
    """The same lettering at the same place, as a watermark has it."""
    marked = rgb.copy()
    place = (rgb.shape[1] // 20, rgb.shape[0] - rgb.shape[0] // 15)
    cv2.putText(marked, name, place, cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 3)
    return marked


def turn(rgb: Rgb, degrees: float) -> Rgb:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(rgb, matrix, (width, height)), np.uint8)


def resize(rgb: Rgb, factor: float) -> Rgb:
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def code_jpeg(rgb: Rgb, quality: int) -> Rgb:
    _, code = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)


def blur(rgb: Rgb, sigma_px: float) -> Rgb:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px), np.uint8)
