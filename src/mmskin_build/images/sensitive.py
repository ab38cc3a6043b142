"""Look for what must not be published without a person's consent, or a second look.

Categories: `face` (identifiable, whole or in part), `eyes_barred` (a face with a bar over the eyes,
which is still a face), `genitals`, `breast`, `child`, `child_unclothed`, `tattoo`, `identifier` (a
name or a number in the picture), and `detector_failed`: what could not be looked for is never
absent. Pixels and the words of the caption are heard apart; each flag says which spoke.

Tattoos, jewelry and age have no detector here: only the caption tells of them, and the words that
`marks` finds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.bodyparts import Glance, Parts, read_parts
from mmskin_build.images.faces import find_faces
from mmskin_build.images.identifiers import find_identifiers
from mmskin_build.images.marks import Mark
from mmskin_build.images.policy import DETECTOR_FAILED
from mmskin_build.images.skin import skin_share
from mmskin_build.records import Flag

RgbImage = NDArray[np.uint8]
Box = tuple[int, int, int, int]

CATEGORIES = (
    "face", "eyes_barred", "genitals", "breast", "child", "child_unclothed", "tattoo", "identifier",
)  # fmt: skip

_CLEAR = 0.95  # of a dermoscopic or pathological picture, in which no face is looked for
_CLINICAL_MAX = 0.03
_FACE_PRIOR = 1.0  # log odds that a caption's word for the face adds
_EYES_PRIOR = 1.5
_SAID = 0.7  # score of what a caption names and the detector cannot rule out
_SAID_MAYBE = 0.3  # the caption says face; a detail of one need not be identifiable
_UNBACKED = 0.9  # of a detector's score that no word confirms
_BARE_MIN = 0.15  # a part's score that makes a child unclothed
_BARE_SKIN = 0.75  # share of skin that does so alone
_GENITALS = ("female_genitalia_exposed", "male_genitalia_exposed", "anus_exposed")
_BREAST = ("female_breast_exposed",)
_BARE = (*_GENITALS, *_BREAST, "buttocks_exposed", "belly_exposed", "male_breast_exposed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveFinding:
    """Flags of one picture, and for each category where it lies (pixels, origin top left)."""

    flags: tuple[Flag, ...]
    boxes: Mapping[str, tuple[Box, ...]]


def find_sensitive(
    rgb: RgbImage,
    modality_probabilities: Mapping[str, float],
    hints: Sequence[tuple[str, ...]] = (),
    *,
    marks: Sequence[Mark] = (),
    language: str = "eng",
    read_words: bool = True,
    seen: Glance | None = None,
    things: Mapping[str, float] | None = None,
) -> SensitiveFinding:
    """Look for everything sensitive in a picture ``(H, W, 3) uint8``.

    Faces and body parts are not looked for where the picture is clearly dermoscopic or
    pathological and no word speaks of them; then there is no flag of that name. All other
    categories are always answered, with a score near 0 where nothing was found.

    Args:
        rgb: The picture.
        modality_probabilities: `clinical`, `dermoscopic`, `pathological`; empty if unknown.
        hints: What the caption says: the category first (`face`, `eyes`, `genitals`, `breast`,
            `child`, `tattoo`, `identifier`), anything after it.
        marks: What `marks.find_marks` found; its words are read for names and numbers.
        language: Tesseract's language codes for that.
        read_words: Whether words are read; without, any word may be a name, and holds.
        seen: What `bodyparts.look` saw in the picture alone, if it was asked before.
        things: What `imagenet.extract_imagenet` sees in it, if it was asked before.

    Returns:
        Flags sorted by name, and boxes. A detector that raises is a flag `detector_failed`.
    """
    said = {hint[0] for hint in hints if hint}
    flags: list[Flag] = []
    boxes: dict[str, tuple[Box, ...]] = {}
    failed = False
    bodily = said & {"face", "eyes", "genitals", "breast", "child"}
    if bodily or not is_clearly_close(modality_probabilities):
        try:
            body, found = _screen_body(rgb, said, seen, things)
            flags += body
            boxes |= found
        except Exception:  # whatever went wrong, the picture was not looked at
            failed = True
            flags += [Flag(name=name, score=_SAID, source="rule") for name in sorted(bodily)]
    try:
        score, where = find_identifiers(rgb, marks, language=language, read=read_words)
    except Exception:  # as above
        failed, score, where = True, 0.0, ()
    flags.append(_flag("identifier", score, said))
    boxes["identifier"] = where
    flags.append(_flag("tattoo", 0.0, said))
    flags.append(Flag(name="child", score=0.9 if "child" in said else 0.0, source="rule"))
    if failed:
        flags.append(Flag(name=DETECTOR_FAILED, score=1.0, source="rule"))
    unique = {flag.name: flag for flag in flags}
    return SensitiveFinding(flags=tuple(unique[name] for name in sorted(unique)), boxes=boxes)


def is_clearly_close(modality_probabilities: Mapping[str, float]) -> bool:
    """Whether a picture is certainly taken through a dermatoscope or a microscope."""
    close = max(
        modality_probabilities.get("dermoscopic", 0.0),
        modality_probabilities.get("pathological", 0.0),
    )
    return close >= _CLEAR and modality_probabilities.get("clinical", 1.0) <= _CLINICAL_MAX


def _screen_body(
    rgb: RgbImage, said: set[str], seen: Glance | None, things: Mapping[str, float] | None
) -> tuple[list[Flag], dict[str, tuple[Box, ...]]]:
    prior = (_FACE_PRIOR if "face" in said else 0.0) + (_EYES_PRIOR if "eyes" in said else 0.0)
    parts = None if seen is None else read_parts(seen)
    face = find_faces(rgb, prior=prior, parts=parts, things=things, thorough=bool(said))
    score = face.score
    source = "model"
    if prior and score < _SAID_MAYBE:
        score, source = _SAID_MAYBE, "rule"
    genitals = _agreed(face.parts, face.padded, _GENITALS)
    breast = _agreed(face.parts, face.padded, _BREAST)
    flags = [
        Flag(name="face", score=score, source="model" if source == "model" else "rule"),
        Flag(name="eyes_barred", score=score if face.eyes_barred else 0.0, source="rule"),
        _flag("genitals", genitals, said),
        _flag("breast", breast, said),
    ]
    if "child" in said:
        bare = _agreed(face.parts, face.padded, _BARE)
        is_bare = bare >= _BARE_MIN or skin_share(rgb) >= _BARE_SKIN
        is_bare = is_bare or bool(said & {"genitals", "breast"})
        unclothed = max(_SAID, min(1.0, bare)) if is_bare else _SAID_MAYBE
    else:
        unclothed = 0.0
    flags.append(Flag(name="child_unclothed", score=round(unclothed, 4), source="rule"))
    where = {
        "face": face.boxes,
        "eyes_barred": face.boxes if face.eyes_barred else (),
        "genitals": _where(face.parts, _GENITALS),
        "breast": _where(face.parts, _BREAST),
    }
    return flags, where


def _agreed(first: Parts, padded: Parts, names: Sequence[str]) -> float:
    """The score on which both sizes of the picture agree: their geometric mean.

    Fingers, toes and folds look like other parts at one size, rarely at two.
    """
    return math.sqrt(first.score(*names) * padded.score(*names))


def _flag(name: str, score: float, said: set[str]) -> Flag:
    """A detector's score, raised to `_SAID` where the caption says so, else a little lowered."""
    if name in said:
        return Flag(name=name, score=round(max(score, _SAID), 4), source="rule")
    factor = 1.0 if name == "identifier" else _UNBACKED
    return Flag(name=name, score=round(score * factor, 4), source="model")


def _where(parts: Parts, names: Sequence[str]) -> tuple[Box, ...]:
    return tuple(p.box for p in parts.boxes if p.name in names and p.score >= _BARE_MIN)
