"""What is done with a picture by category: keep, hold for a person, drop, or mask on a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.images.annotated import Severity
from mmskin_build.records import Flag

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]

DETECTOR_FAILED = "detector_failed"

_BLOCKS = 6  # of the longer side of a masked region
_MARGIN = 0.15  # of a box's longer side; hair and ears identify, too
_BLUR = 0.5  # standard deviation over the side of a block


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What happens to a picture: `masks` are regions to be made unrecognizable on a copy.

    `reasons` are sorted, snake_case; a dropped picture is not held.
    """

    held: bool
    dropped: bool
    masks: tuple[Box, ...]
    reasons: tuple[str, ...]


def decide(
    flags: Sequence[Flag],
    annotated: Severity,
    privacy: PrivacyConfig | None = None,
    images: ImagesConfig | None = None,
    *,
    boxes: Mapping[str, Sequence[Box]] | None = None,
) -> Verdict:
    """Return what the policy does with a picture.

    A detector that failed holds the picture, whatever the policy says, as does a flag that the
    policy has no word for, and a region to be masked of which nobody knows where it lies.

    Args:
        flags: The picture's flags.
        annotated: How much it is annotated.
        privacy: Actions for sensitive pictures.
        images: Actions for annotated ones.
        boxes: Where each flagged category lies (pixels, origin top left), for masking.
    """
    privacy = privacy or PrivacyConfig()
    images = images or ImagesConfig()
    held, dropped = set(), set()
    masks: list[Box] = []
    for flag in flags:
        if flag.name == DETECTOR_FAILED:
            held.add(DETECTOR_FAILED)
            continue
        if flag.score < privacy.hold_from:
            continue
        action = getattr(privacy, flag.name, "hold")
        if action == "mask":
            known = (boxes or {}).get(flag.name, ())
            masks.extend(known)
            if not known:
                held.add(f"{flag.name}_not_masked")
        elif action == "drop":
            dropped.add(flag.name)
        elif action != "keep":  # "hold", and whatever is no action
            held.add(flag.name)
    if annotated != "none":
        plain = images.annotated_major if annotated == "major" else images.annotated_minor
        if plain != "keep":
            (dropped if plain == "drop" else held).add(f"annotated_{annotated}")
    return Verdict(
        held=bool(held) and not dropped,
        dropped=bool(dropped),
        masks=() if dropped else tuple(sorted(set(masks))),
        reasons=tuple(sorted(held | dropped)),
    )


def mask_regions(rgb: RgbImage, boxes: Sequence[Box]) -> RgbImage:
    """Return a copy of a picture ``(H, W, 3) uint8`` whose regions cannot be recognized.

    Each region, with a margin, becomes at most `_BLOCKS` blocks along its longer side, each of one
    mean color, and the blocks are blurred into each other. Every block's mean has replaced hundreds
    to thousands of pixels before the blur, so that no filter brings them back: what is left of a
    face is about thirty numbers, which depend on nothing but these means. A blur alone could be
    sharpened again. The region's own size limits the blocks: none is smaller than 8 pixels.
    """
    result = rgb.copy()
    height, width = rgb.shape[:2]
    for x0, y0, x1, y1 in boxes:
        margin = round(_MARGIN * max(x1 - x0, y1 - y0))
        left, top = max(0, x0 - margin), max(0, y0 - margin)
        right, low = min(width, x1 + margin), min(height, y1 + margin)
        if right <= left or low <= top:
            continue
        wide, high = right - left, low - top
        block = max(8, -(-max(wide, high) // _BLOCKS))
        small = cv2.resize(
            result[top:low, left:right],
            (max(1, round(wide / block)), max(1, round(high / block))),
            interpolation=cv2.INTER_AREA,
        )
        blocks = cv2.resize(small, (wide, high), interpolation=cv2.INTER_NEAREST)
        result[top:low, left:right] = cv2.GaussianBlur(blocks, (0, 0), _BLUR * block)
    return result
