"""What becomes of a picture: its modality and flags, and whether it is kept, held or left out.

The detectors have answered (`images.screen`), the words are read (`words`); here the settings
decide. A picture that is held stays in the build and needs a person's decision before it can be
released; one that is dropped is a reject with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmskin_build.config import Action, ImagesConfig, PrivacyConfig
from mmskin_build.images.modality import MODALITIES, combine
from mmskin_build.images.policy import DETECTOR_FAILED, decide
from mmskin_build.images.screen import Screening
from mmskin_build.records import Flag, Flags, Label, ModalityVotes

#: Why a picture is left out.
REASONS = {
    "not_a_photograph": "a chart, a drawing, a table or a logo, by the look of its pixels",
    "other_modality": "an X-ray, another scan, or a photograph that shows no skin",
    "too_small": "too few pixels to show anything",
    "blank": "one even color",
    "dropped_by_policy": "the settings leave such pictures out; the detail names the flags",
}
#: What a person has to decide before a picture is released.
HELD = {
    "face": "a face, or a part of one, may be recognized",
    "eyes_barred": "a face with a bar over the eyes may be recognized",
    "genitals": "genitals may be seen",
    "breast": "a breast may be seen",
    "child": "a child may be seen",
    "child_unclothed": "an unclothed child may be seen",
    "tattoo": "a tattoo may be recognized",
    "identifier": "a name or a number may be read in the picture",
    "detector_failed": "a detector could not tell",
    "annotated_major": "arrows, words or outlines are drawn on the picture",
    "annotated_minor": "a scale bar, a letter or a watermark is drawn on the picture",
    "modality_disputed": "the picture and its words name different modalities",
    "other_modality": "the picture looks like none of the three modalities",
    "panels_disputed": "which part of the caption belongs to the picture is not known",
    "too_small": "too few pixels to show anything",
    "blank": "one even color",
}
_SHOWN_FROM = 0.1  # flags of a lower score are noise and are not recorded
_FLAGGED_FROM = 0.5  # a flag of quality at its threshold
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was decided about one picture.

    `reject` is the reason for which it is left out, with a detail, or None; `masks` are boxes
    (pixels, origin top left) to be made unrecognizable before it goes anywhere.
    """

    modality: Label
    votes: ModalityVotes
    flags: Flags
    held: tuple[str, ...] = ()
    reject: tuple[str, str] | None = None
    masks: tuple[tuple[int, int, int, int], ...] = ()


def judge_picture(
    found: Screening,
    images: ImagesConfig,
    privacy: PrivacyConfig,
    *,
    vote: str | None = None,
    is_disputed: bool = False,
) -> Judgement:
    """Decide about one picture.

    Args:
        found: What the detectors say.
        images: What is done with pictures of one kind.
        privacy: What is done with sensitive ones.
        vote: What its caption and headings call it; None if they are silent.
        is_disputed: It is not known which part of the caption belongs to it.
    """
    told = vote if vote in MODALITIES else None
    both = combine(found.modality.probabilities, {told: 1.0} if told else None)
    is_other = both.value == "other" or vote == "other"
    verdict = decide(found.sensitive, found.severity, privacy, images, boxes=found.boxes)
    quality = {flag.name for flag in found.quality if flag.score >= _FLAGGED_FROM}
    asked: list[tuple[str, Action]] = [
        ("other_modality", images.other_modality if is_other else "keep"),
        (
            "modality_disputed",
            images.modality_disputed if both.doubt == "votes_disagree" else "keep",
        ),
        ("too_small", images.too_small if "too_small" in quality else "keep"),
        ("blank", images.blank if "blank" in quality else "keep"),
        ("panels_disputed", images.panels_disputed if is_disputed else "keep"),
    ]
    held = set(verdict.reasons) if verdict.held else set()
    held |= {name for name, action in asked if action == "hold"}
    if found.failed:
        held.add(DETECTOR_FAILED)
    return Judgement(
        modality=Label(
            value="other" if is_other else both.value,
            confidence=round(both.confidence, _DIGITS),
            source="model",
        ),
        votes=ModalityVotes(
            clinical=round(both.picture["clinical"], _DIGITS),
            dermoscopic=round(both.picture["dermoscopic"], _DIGITS),
            pathological=round(both.picture["pathological"], _DIGITS),
            words=vote,
        ),
        flags=_flags(found),
        held=tuple(sorted(held)),
        reject=_reject(found, images, asked, verdict.reasons if verdict.dropped else ()),
        masks=verdict.masks,
    )


def _reject(
    found: Screening,
    images: ImagesConfig,
    asked: list[tuple[str, Action]],
    dropped: tuple[str, ...],
) -> tuple[str, str] | None:
    """Why a picture is left out; the plainest reason counts."""
    if found.photo.probability < images.photo_from and found.photo.sort != "radiology":
        return "not_a_photograph", f"probability of a photograph {found.photo.probability:.2f}"
    for name, action in asked:
        if action == "drop":
            return (name, "") if name in REASONS else ("dropped_by_policy", name)
    return ("dropped_by_policy", ", ".join(dropped)) if dropped else None


def _flags(found: Screening) -> Flags:
    annotated = {mark.kind: mark.score for mark in sorted(found.marks, key=lambda m: m.score)}
    return Flags(
        sensitive=tuple(flag for flag in found.sensitive if flag.score >= _SHOWN_FROM),
        annotated=tuple(
            Flag(name=kind, score=round(score, _DIGITS), source="model")
            for kind, score in sorted(annotated.items())
            if score >= _SHOWN_FROM
        ),
        quality=tuple(flag for flag in found.quality if flag.score >= _SHOWN_FROM),
    )
