"""What a publisher does to a picture: (H, W, 3) uint8 to the same form."""

from __future__ import annotations

import cv2
import numpy as np


def watermarked(rgb: np.ndarray) -> np.ndarray:
    place = (5, rgb.shape[0] - 12)
    return cv2.putText(rgb.copy(), "Clinic", place, 0, 0.9, (255, 255, 255), 2)


def framed(rgb: np.ndarray) -> np.ndarray:
    return cv2.copyMakeBorder(rgb, 30, 18, 25, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def enlarged(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)


def mirrored(rgb: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rgb[:, ::-1])
