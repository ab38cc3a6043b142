"""Why a question with its answer goes no further: one closed list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mmskin_build.records import TextEvidence

PairReason = Literal[
    "malformed",
    "names",
    "refers_to_caption",
    "hedge",
    "advice",
    "leak",
    "needs_no_picture",
    "not_visible",
    "contradiction",
    "unsupported",
    "repeat",
    "unbalanced",
]
PAIR_REASONS: tuple[PairReason, ...] = get_args(PairReason)

#: What each reason means, for people.
REASONS = {
    "malformed": "empty, endless, cut off, or no question with an answer",
    "names": "names a person, a date of a day or a number of a patient",
    "refers_to_caption": "speaks of the caption, the text or the number of the figure",
    "hedge": "does not answer: difficult to determine, cannot be said, may be",
    "advice": "advises, or tells what is usual, where the caption tells of this patient",
    "leak": "the question holds its answer",
    "needs_no_picture": "general knowledge that is answered without the picture",
    "not_visible": "asks a picture what none can show: history, treatment, symptoms",
    "contradiction": "says otherwise than the caption, or than another pair on the picture",
    "unsupported": "says what the caption does not",
    "repeat": "asks what another pair on the picture has asked",
    "unbalanced": "one more yes (or no) than keeps both even",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one pair.

    `reason` is None where it is accepted, `detail` says what decided in words. The `evidence` of an
    accepted pair lies in the caption: its characters, `field` the words of the answer. `doubt` says
    why a person might look at an accepted pair, None where nothing is in doubt.
    """

    accept: bool
    reason: PairReason | None = None
    detail: str = ""
    evidence: tuple[TextEvidence, ...] = ()
    doubt: str | None = None


def reject(reason: PairReason, detail: str) -> Verdict:
    """Return the verdict on a pair that goes no further."""
    return Verdict(accept=False, reason=reason, detail=detail)
