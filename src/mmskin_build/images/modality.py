"""Clinical, dermoscopic or pathological: what the picture says, what the words say, and both.

The two votes are kept apart. Where they disagree, or neither is sure, a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MODALITIES = ("clinical", "dermoscopic", "pathological")

Verdict = Literal["clinical", "dermoscopic", "pathological", "other"]
#: The picture and its words speak for different modalities; neither speaks clearly; the picture
#: looks like none of the three.
Doubt = Literal["votes_disagree", "unsure", "not_skin"]

SURE = 0.8  # probability from which a vote stands alone
_WORDS_TRUST = 0.9  # how often a caption that names one modality is right about its own picture


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityVote:
    """What the pixels say.

    `probabilities` are of the three modalities and sum to less than 1: the rest is that of
    anything else. `value` is `other` where that rest outweighs each of the three.
    """

    value: Verdict
    confidence: float
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinedModality:
    """Both votes and what comes of them; `doubt` sends the picture to a person."""

    value: Verdict
    confidence: float
    picture: dict[str, float]
    words: dict[str, float] | None
    doubt: Doubt | None


def classify_modality(kinds: Mapping[str, float]) -> ModalityVote:
    """Tell the modality by the probabilities of `kinds.classify_kind`.

    >>> vote = classify_modality({"clinical": 0.9, "dermoscopic": 0.02, "pathological": 0.01,
    ...                           "other": 0.05, "radiology": 0.01, "drawing": 0.01})
    >>> vote.value, vote.confidence
    ('clinical', 0.9)
    """
    probabilities = {name: round(kinds[name], 4) for name in MODALITIES}
    return _vote(probabilities)


def _vote(probabilities: Mapping[str, float]) -> ModalityVote:
    best = max(MODALITIES, key=lambda name: probabilities[name])
    rest = max(0.0, 1.0 - sum(probabilities[name] for name in MODALITIES))
    if rest > probabilities[best]:
        return ModalityVote(
            value="other", confidence=round(rest, 4), probabilities=dict(probabilities)
        )
    value: Verdict = best  # type: ignore[assignment]
    return ModalityVote(
        value=value, confidence=round(probabilities[best], 4), probabilities=dict(probabilities)
    )


def combine(
    picture: Mapping[str, float], words: Mapping[str, float] | None = None
) -> CombinedModality:
    """Combine the vote of the picture with that of its caption and chapter.

    The words are weighed as an independent witness that is right in nine of ten cases; they never
    make a skin modality of a picture that looks like none.

    Args:
        picture: Probabilities of the three modalities, as in `ModalityVote`.
        words: What the words say for each, in [0, 1]; missing ones count 0, None or nothing above
            0 is no vote.

    Raises:
        ValueError: If a modality of the picture is missing or a number is no probability.
    """
    for source in (picture, words or {}):
        if any(not 0.0 <= value <= 1.0 for value in source.values()):
            raise ValueError(f"votes must lie in [0, 1]: {dict(source)}")
    if set(picture) != set(MODALITIES):
        raise ValueError(f"the picture's vote needs {', '.join(MODALITIES)}: {dict(picture)}")
    seen = _vote(picture)
    told = {name: float((words or {}).get(name, 0.0)) for name in MODALITIES}
    kept = dict(picture)
    if not any(told.values()):
        doubt: Doubt | None = "not_skin" if seen.value == "other" else None
        if doubt is None and seen.confidence < SURE:
            doubt = "unsure"
        return CombinedModality(
            value=seen.value, confidence=seen.confidence, picture=kept, words=None, doubt=doubt
        )
    total = sum(told.values())
    floor = (1 - _WORDS_TRUST) / 2
    weight = {n: floor + (_WORDS_TRUST - floor) * told[n] / max(total, 1.0) for n in MODALITIES}
    rest = max(0.0, 1.0 - sum(picture.values()))
    joint = {name: picture[name] * weight[name] for name in MODALITIES}
    everything = sum(joint.values()) + rest / 3
    joined = _vote({name: round(joint[name] / max(everything, 1e-9), 4) for name in MODALITIES})
    favorite = max(MODALITIES, key=lambda name: told[name])
    if seen.value == "other":
        doubt = "not_skin"
    elif seen.value != favorite:
        doubt = "votes_disagree"
    else:
        doubt = None if joined.confidence >= SURE else "unsure"
    return CombinedModality(
        value=joined.value, confidence=joined.confidence, picture=kept, words=told, doubt=doubt
    )
