"""A question that facts allow, in several wordings, with its answers."""

from __future__ import annotations

from dataclasses import dataclass

from mmskin_build.qa import QAKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question that the facts allow, in several wordings, with its answers in several wordings.

    `answers` say all that the caption's clause tells, `plain` ones only what is asked: they are
    given where the check refuses the others. `topic` names what is asked, so that it is asked once.
    `says` is set for yes-or-no questions. `parent` is the topic that must be asked before, for a
    question that refers to it.
    """

    kind: QAKind
    topic: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    plain: tuple[str, ...] = ()
    says: str | None = None
    parent: str | None = None
