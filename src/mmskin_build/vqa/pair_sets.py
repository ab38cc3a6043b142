"""The check of all pairs on one picture: no two may ask the same or contradict each other.

Each pair has passed the check of its own; the first one that asks a thing stays.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from mmskin_build.vqa.reading import read_text
from mmskin_build.vqa.reasons import Verdict, reject
from mmskin_build.vqa.slots import is_yes_no, offers_choice, polarity, slot_of
from mmskin_build.vqa.word_lists import word_keys
from mmskin_build.vqa.words import find_words

_FRAME = word_keys("question_frame")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question asks, however it is put."""

    slot: str
    keys: frozenset[str]
    yes_no: bool
    denied: bool


def asked_by(question: str) -> Asked:
    """Return what a question asks for, so that equal ones can be told.

    >>> asked_by("Where is the plaque?") == asked_by("Where is this plaque seen?")
    True
    """
    reading = read_text(question)
    keys = frozenset(t.key for t in find_words(question) if t.is_word and t.key not in _FRAME)
    return Asked(
        slot=slot_of(question),
        keys=keys,
        yes_no=is_yes_no(question) or offers_choice(question),
        denied=any(scope.status == "absent" for scope in reading.scopes),
    )


def check_sets(
    pairs: Iterable[tuple[Hashable, str, str]], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """Reject the pairs that repeat or contradict an accepted one on the same picture.

    Args:
        pairs: The picture, the question and the answer of each pair.
        verdicts: What the check of each pair alone gave, in the same order.

    Returns:
        The verdicts, changed where two accepted pairs do not go together.
    """
    before: dict[tuple[Hashable, Asked], str] = {}
    result: list[Verdict] = []
    for (picture, question, answer), verdict in zip(pairs, verdicts, strict=True):
        if not verdict.accept:
            result.append(verdict)
            continue
        asked = asked_by(question)
        first = before.get((picture, asked))
        if first is not None:
            differ = polarity(first) != polarity(answer) and None not in (
                polarity(first),
                polarity(answer),
            )
            result.append(
                reject("contradiction", "another pair answers otherwise")
                if differ
                else reject("repeat", "another pair asks the same")
            )
            continue
        before[(picture, asked)] = answer
        result.append(verdict)
    return result
