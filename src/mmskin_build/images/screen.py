"""Everything that is asked of one picture, in order, once it is decoded.

The detectors see one working copy of bounded size; features are measured once. What a detector
could not tell is None, never 0, and holds the picture: 'could not tell' is never 'absent'.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.features import extract_features
from mmskin_build.images.kinds import KindModel, classify_kind
from mmskin_build.images.modality import ModalityVote, classify_modality
from mmskin_build.images.photo import PhotoVote, classify_photo
from mmskin_build.images.read import working_copy

RgbImage = NDArray[np.uint8]
T = TypeVar("T")
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How annotated a picture is, in [0, 1], and where: (x0, y0, x1, y1), shares of its sides."""

    score: float
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectors:
    """The other detectors; each gets the working copy, (H, W, 3) uint8."""

    annotated: Callable[[RgbImage], Marks] | None = None
    face: Callable[[RgbImage], float] | None = None
    sensitive: Callable[[RgbImage], Mapping[str, float]] | None = None
    quality: Callable[[RgbImage], Mapping[str, float]] | None = None
    holds: Callable[[Screening], bool] | None = None  # the policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What is known of one picture; scores in [0, 1], None where it could not be told.

    `held` is true where the policy, or a detector that failed or is missing, keeps the picture for
    a person.
    """

    kinds: dict[str, float]
    photo: PhotoVote
    modality: ModalityVote
    annotated: Marks | None
    face: float | None
    sensitive: dict[str, float] | None
    quality: dict[str, float] | None
    held: bool = True
    failed: tuple[str, ...] = ()


def screen_picture(
    rgb: RgbImage, *, model: KindModel | None = None, detectors: Detectors | None = None
) -> Screening:
    """Ask all detectors about one picture, (H, W, 3) uint8 of any size.

    Raises:
        ValueError: If the array is no picture.
    """
    ask = detectors or Detectors()
    small = working_copy(rgb)
    kinds = classify_kind(extract_features(small), model)
    failed: list[str] = []
    annotated = _ask("annotated", ask.annotated, small, failed)
    face = _ask("face", ask.face, small, failed)
    sensitive = _ask("sensitive", ask.sensitive, small, failed)
    quality = _ask("quality", ask.quality, small, failed)
    found = Screening(
        kinds={name: round(value, 4) for name, value in kinds.items()},
        photo=classify_photo(kinds),
        modality=classify_modality(kinds),
        annotated=annotated,
        face=face,
        sensitive=None if sensitive is None else dict(sensitive),
        quality=None if quality is None else dict(quality),
        failed=tuple(failed),
    )
    held = True
    if not failed and ask.holds is not None:
        with contextlib.suppress(Exception):  # a policy that fails holds
            held = ask.holds(found)
    return dataclasses.replace(found, held=held)


def _ask(
    name: str, detector: Callable[[RgbImage], T] | None, rgb: RgbImage, failed: list[str]
) -> T | None:
    """Ask one detector; one that is missing or raises is noted in `failed`."""
    if detector is not None:
        with contextlib.suppress(Exception):  # whatever it raises, the picture is held
            return detector(rgb)
    failed.append(name)
    return None
