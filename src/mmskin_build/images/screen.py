"""Everything that is asked of one picture, in order, once it is decoded.

Features are measured on one working copy, once, and both networks look at the plain picture once,
for its kind and for faces. What a detector could not tell is in `failed`, and
whoever decides about the picture holds it then: 'could not tell' is never 'absent'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.annotated import Severity, annotated_score, annotated_severity
from mmskin_build.images.bodyparts import look
from mmskin_build.images.description import describe_picture
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.images.imagenet import select_things
from mmskin_build.images.kinds import KindModel, classify_kind
from mmskin_build.images.marks import Mark, find_marks
from mmskin_build.images.modality import ModalityVote, classify_modality
from mmskin_build.images.photo import PhotoVote, classify_photo
from mmskin_build.images.policy import DETECTOR_FAILED
from mmskin_build.images.quality import assess_quality
from mmskin_build.images.read import working_copy
from mmskin_build.images.sensitive import find_sensitive
from mmskin_build.records import Flag

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What is known of one picture; scores in [0, 1].

    `kinds` are the probabilities of `kinds.KINDS`. `boxes` say where each sensitive category lies:
    (x0, y0, x1, y1) in pixels, origin top left, as for `marks`. `fingerprint` is for finding
    duplicates. `failed` names the detectors that could not tell; their fields are then empty.
    """

    kinds: dict[str, float]
    photo: PhotoVote
    modality: ModalityVote
    marks: tuple[Mark, ...]
    annotated: float
    severity: Severity
    sensitive: tuple[Flag, ...]
    boxes: dict[str, tuple[Box, ...]]
    quality: tuple[Flag, ...]
    fingerprint: Fingerprint | None
    failed: tuple[str, ...] = ()


def screen_picture(
    rgb: RgbImage,
    *,
    hints: Sequence[str] = (),
    painted: Sequence[Mark] = (),
    model: KindModel | None = None,
    language: str = "eng",
    read_all_words: bool = False,
) -> Screening:
    """Ask all detectors about one picture, (H, W, 3) uint8 of any size.

    Args:
        rgb: The picture.
        hints: Sensitive categories that its words name (`text.sensitive_words`).
        painted: What its page is known to paint over it (`marks.marks_of_overlays`).
        model: The model of kinds; the shipped one if None.
        language: Tesseract's codes, for names and numbers in the picture.
        read_all_words: Read the words of annotated pictures, too. They cost most to read; where the
            settings hold or drop such pictures anyway, unread words count as a doubt.
    """
    failed: list[str] = []
    seen = look(rgb)
    small = working_copy(rgb)
    described = describe_picture(small, seen)
    kinds = classify_kind(described, model)
    modality = classify_modality(kinds)
    marks = (*painted, *(_ask("marks", lambda: find_marks(rgb, small), failed) or ()))
    delicate = _ask(
        "sensitive",
        lambda: find_sensitive(
            rgb,
            modality.probabilities,
            [(hint,) for hint in hints],
            marks=marks,
            language=language,
            read_words=read_all_words or annotated_severity(marks) != "major",
            seen=seen,
            things=select_things(described),
        ),
        failed,
    )
    if delicate is not None and any(flag.name == DETECTOR_FAILED for flag in delicate.flags):
        failed.append("sensitive")
    return Screening(
        kinds={name: round(value, 4) for name, value in kinds.items()},
        photo=classify_photo(kinds),
        modality=modality,
        marks=marks,
        annotated=annotated_score(marks),
        severity=annotated_severity(marks),
        sensitive=() if delicate is None else delicate.flags,
        boxes={}
        if delicate is None
        else {name: tuple(found) for name, found in delicate.boxes.items()},
        quality=_ask("quality", lambda: assess_quality(rgb), failed) or (),
        fingerprint=_ask("fingerprint", lambda: fingerprint(rgb), failed),
        failed=tuple(dict.fromkeys(failed)),
    )


def _ask(name: str, detector: Callable[[], T], failed: list[str]) -> T | None:
    """Ask one detector; one that raises is noted in `failed`."""
    try:
        return detector()
    except MemoryError:
        raise  # says nothing of the picture
    except Exception as error:  # whatever it raises, it could not tell
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        failed.append(name)
        return None
