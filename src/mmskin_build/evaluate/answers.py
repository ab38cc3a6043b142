"""What overlap with a reference hides: right or wrong, contradicted, hedged, unsupported answers.

Every judgment is 1, 0, or NaN where it does not apply. The facts are those of the check that every
generated pair passes (`vqa.ground`), so they share its limits: English, and words it knows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from mmskin_build.evaluate.intervals import Floats, Statistic
from mmskin_build.evaluate.predictions import Prediction, is_answered
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.manner import is_soft
from mmskin_build.vqa.reading import read_text
from mmskin_build.vqa.slots import is_yes_no, offers_choice, polarity

#: Names of the judgments; the first three count for a model, the others against it.
JUDGMENTS = (
    "exact_closed", "diagnosis_named", "grounded", "contradicted", "hedged", "unanswered",
)  # fmt: skip
_OPTION_LETTER = re.compile(r"^\W*([A-Ha-h])\b(?:\W|$)")


def judge_answers(items: Sequence[Prediction], captions: Mapping[str, str]) -> Floats:
    """Return the judgments of answers, (items, judgments).

    Args:
        items: Answered items.
        captions: Caption by id of item, as far as known; without it an answer is neither grounded
            nor not, and contradicts only the reference.
    """
    rows = [judge_answer(item, captions.get(item.id, "")) for item in items]
    return np.asarray(rows, np.float64).reshape(len(rows), len(JUDGMENTS))


def judge_answer(item: Prediction, caption: str) -> tuple[float, ...]:
    """Return the judgments of one answer in the order of `JUDGMENTS`."""
    answer = item.prediction.strip()
    closed = is_closed(item)
    asked = _diagnoses(item.reference) if item.kind in ("diagnosis", None, "other") else frozenset()
    if not is_answered(item):
        wrong = 0.0 if closed else math.nan
        return wrong, 0.0 if asked else math.nan, 0.0 if caption else math.nan, 0.0, 0.0, 1.0
    known = f"{caption.rstrip('. ')}. {item.reference}" if caption else item.reference
    against = check_pair(known, item.question, answer, modality=item.modality)
    supported = math.nan
    if caption:
        supported = check_pair(caption, item.question, answer, modality=item.modality).accept
    other_side = (
        closed and polarity(item.reference) is not None
        and polarity(answer) not in (None, polarity(item.reference))
    )  # fmt: skip
    return (
        float(matches_closed(item)) if closed else math.nan,
        float(bool(asked & _diagnoses(answer))) if asked else math.nan,
        float(supported),
        float(other_side or against.reason == "contradiction"),
        float(against.reason == "hedge" or is_soft(answer) is not None),
        0.0,
    )


def is_closed(item: Prediction) -> bool:
    """Whether a question has few possible answers: yes or no, or one of its choices."""
    if item.kind in ("yes_no", "choice"):
        return True
    yes_no = is_yes_no(item.question) and polarity(item.reference) is not None
    return yes_no or offers_choice(item.question)


def matches_closed(item: Prediction) -> bool:
    """Whether a closed question is answered rightly: the same side, choice, or letter."""
    wanted = polarity(item.reference)
    if wanted is not None and is_yes_no(item.question):
        return polarity(item.prediction) == wanted
    said, right = _plain(item.prediction), _plain(item.reference)
    if said == right:
        return True
    one, other = _OPTION_LETTER.match(item.prediction), _OPTION_LETTER.match(item.reference)
    if one is not None and other is not None:
        return one.group(1).lower() == other.group(1).lower()
    return f" {right} " in f" {said} " and polarity(item.prediction) != "no"


def judgment_statistic(judged: Floats) -> Statistic:
    """Return the shares of judgments, each among the items that it applies to."""
    applies = ~np.isnan(judged)
    values = np.where(applies, judged, 0.0)

    def shares(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = (weights @ values) / (weights @ applies.astype(np.float64))
        return found

    return shares


def _diagnoses(text: str) -> frozenset[str]:
    """Return the names of the diseases that a text states, synonyms under one name."""
    return frozenset(
        said.mention.term.name
        for said in read_text(text).said
        if said.mention.term.kind == "diagnosis" and said.status in ("present", "uncertain")
    )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
