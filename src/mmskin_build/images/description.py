"""All that the model of kinds is told of a picture: how it looks, what two networks see in it."""

from __future__ import annotations

from functools import cache

import numpy as np

from mmskin_build.images.bodyparts import Glance
from mmskin_build.images.embedding import extract_embedding
from mmskin_build.images.features import SIDE_PX, Features, RgbImage, extract_features
from mmskin_build.images.imagenet import extract_imagenet
from mmskin_build.images.read import find_content, working_copy


def describe_picture(rgb: RgbImage, seen: Glance | None = None) -> Features:
    """Measure a picture.

    Args:
        rgb: Pixels, (H, W, 3) uint8; `read.working_copy` is large enough.
        seen: What `bodyparts.look` saw in the picture, at any size; looked at now for None.

    Returns:
        Finite numbers by name, always the same names in the same order.

    Raises:
        MissingDependencyError: If a network is not installed.
        ValueError: If the array is of another shape or type.
    """
    if rgb.ndim != 3 or rgb.size == 0:
        raise ValueError(f"pixels must be (H, W, 3) uint8, not {rgb.shape}")
    rgb = working_copy(rgb)
    top, bottom, left, right = box = find_content(rgb)  # once for all three
    content = rgb[top:bottom, left:right]
    return {
        **extract_features(rgb, content),
        **extract_embedding(rgb, seen, box),
        **extract_imagenet(rgb, content),
    }


@cache
def description_names() -> tuple[str, ...]:
    """Return the names in the order of `describe_picture`."""
    return tuple(describe_picture(np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)))
