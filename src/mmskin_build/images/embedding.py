"""What a network that learned from many photographs sees in a picture, as a few numbers.

The network is that of `bodyparts`, the detector NudeNet 320n (AGPL-3.0). Two inner layers of it
answer to textures and small shapes; the mean and the spread of each channel over the picture say
what it is made of, wherever that lies. Only cells inside the margins count, so that a frame or
the shape of the picture is hardly seen.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.bodyparts import Glance, look
from mmskin_build.images.read import find_content

RgbImage = NDArray[np.uint8]
Table = NDArray[np.float64]


def extract_embedding(
    rgb: RgbImage,
    seen: Glance | None = None,
    content: tuple[int, int, int, int] | None = None,
) -> dict[str, float]:
    """Return the channels' means and spreads by name, always in the same order.

    Args:
        rgb: Pixels, (H, W, 3) uint8.
        seen: What `bodyparts.look` saw in the picture, at any size; looked at now for None.
        content: What `read.find_content` found in the picture, where somebody has it.

    Raises:
        MissingDependencyError: If the network is not installed.
        ValueError: If the picture is empty.
    """
    seen = look(rgb) if seen is None else seen
    height, width = rgb.shape[:2]
    top, bottom, left, right = find_content(rgb) if content is None else content
    tall, wide = (side * seen.scale for side in seen.picture)
    found: dict[str, float] = {}
    for layer, cells in enumerate(seen.maps):
        stride = seen.canvas[0] / cells.shape[1]
        rows = _inside(top / height * tall / stride, bottom / height * tall / stride)
        columns = _inside(left / width * wide / stride, right / width * wide / stride)
        kept = cells[:, rows, columns].reshape(len(cells), -1).astype(np.float64)
        for name, values in (("mean", kept.mean(axis=1)), ("spread", kept.std(axis=1))):
            names = _names(f"seen{layer}_{name}_", len(values))
            found.update(zip(names, np.round(values, 5).tolist(), strict=True))
    return found


@cache
def _names(what: str, count: int) -> tuple[str, ...]:
    return tuple(f"{what}{number}" for number in range(count))


def _inside(first: float, last: float) -> slice:
    """The cells that lie wholly between two places, or the one in the middle if none does."""
    start, stop = math.ceil(first), math.floor(last)
    if stop <= start:
        start = int((first + last) / 2)
        stop = start + 1
    return slice(start, stop)
