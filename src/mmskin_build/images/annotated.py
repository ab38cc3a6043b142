"""Say from a picture's marks how much it is annotated: not at all, a little, or so that it matters.

A scale bar, a ruler, the letter of a panel in its corner and a watermark leave the picture what it
is: minor. Arrows, words, letters, outlines and boxes tell a reader what to see, and an inset is a
second picture: major.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from mmskin_build.images.mark_kinds import MINOR
from mmskin_build.images.marks import Mark, load_model

Severity = Literal["none", "minor", "major"]

MAJOR_FROM = 0.5  # a score of `annotated_score`
_MINOR_SCORE = 0.2  # a certain minor mark; below MAJOR_FROM, whatever their number
_MINOR_FROM = 0.5  # a mark's own score
_TINY = 1e-4


def is_minor(mark: Mark) -> bool:
    """Whether the mark leaves the picture what it is."""
    return mark.kind in MINOR


def annotated_score(marks: Sequence[Mark]) -> float:
    """Return how probable it is that a picture is annotated in a way that matters, in [0, 1].

    The surest major mark counts, and the second surest; weights of a logistic model that was fitted
    with the network of `marks`. An inset speaks for itself. Minor marks alone stay far below
    `MAJOR_FROM`.
    """
    weights = load_model().picture
    major = ink_scores(marks)
    inset = max((m.score for m in marks if m.kind == "inset"), default=0.0)
    minor = max((m.score for m in marks if is_minor(m)), default=0.0)
    facts = picture_facts(major)
    odds = weights["bias"] + sum(weights[name] * value for name, value in facts.items())
    score = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))
    return round(max(score, inset, _MINOR_SCORE * minor), 4)


def ink_scores(marks: Sequence[Mark]) -> list[float]:
    """Scores of major marks that are drawn with ink, best first."""
    ink = (m.score for m in marks if not is_minor(m) and m.kind != "inset")
    return sorted(ink, reverse=True)


def picture_facts(major: Sequence[float]) -> dict[str, float]:
    """The numbers that the model of pictures weighs, from scores of major marks, best first."""
    first, second = [*major, 0.0, 0.0][:2]
    return {"first": _log_odds(first), "second": _log_odds(second)}


def annotated_severity(marks: Sequence[Mark]) -> Severity:
    """Return `major` from `MAJOR_FROM` on, `minor` for a likely minor mark alone, else `none`."""
    if annotated_score(marks) >= MAJOR_FROM:
        return "major"
    return "minor" if any(is_minor(m) and m.score >= _MINOR_FROM for m in marks) else "none"


def _log_odds(score: float) -> float:
    share = min(max(score, _TINY), 1.0 - _TINY)
    return math.log(share / (1.0 - share))
