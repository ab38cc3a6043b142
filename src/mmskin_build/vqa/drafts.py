"""What a backend gives: pairs not yet checked. `rules` is one, language models are others."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mmskin_build.config import VqaConfig
from mmskin_build.qa import QAKind
from mmskin_build.records import LabelSource
from mmskin_build.vqa.choose import Balance, choose
from mmskin_build.vqa.findings import find_findings
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.micrographs import build_of_lenses
from mmskin_build.vqa.reasons import Verdict
from mmskin_build.vqa.rules import build_candidates
from mmskin_build.vqa.told import Told
from mmskin_build.vqa.wordings import PROMPT_VERSION
from mmskin_build.vqa.yes_no import build_yes_no


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A pair as a backend wrote it; `follows` is the place in its list of the one it refers to."""

    kind: QAKind
    question: str
    answer: str
    follows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """All that a backend gave for one record; `faults` are replies that held no pairs, and why."""

    record_id: str
    drafts: tuple[Draft, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Usage:
    """What a backend has used so far."""

    requests: int = 0
    cached: int = 0
    retries: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    stopped: str = ""
    faults: dict[str, int] = field(default_factory=dict)


class Backend(Protocol):
    """Whoever writes questions and answers."""

    name: str
    source: LabelSource
    prompt_version: str
    usage: Usage

    def write(self, told: Sequence[Told]) -> Iterator[Drafted]:
        """Give the drafts of each record, in the order given; a record may have none."""
        ...


class RulesBackend:
    """The backend of `rules`, `yes_no` and `choose`: no model, no network, always the same."""

    name = "rules"
    source: LabelSource = "rule"
    prompt_version = PROMPT_VERSION

    def __init__(self, cfg: VqaConfig) -> None:
        """Use the settings of the section ``vqa``."""
        self.usage = Usage()
        self._cfg = cfg
        self._balance = Balance()

    def write(self, told: Sequence[Told]) -> Iterator[Drafted]:
        """Give the pairs of each record that keep the set in balance.

        What the check would refuse is counted as a fault and not offered.
        """
        for item in told:
            found = find_findings(item)
            candidates = (*build_candidates(found), *build_of_lenses(found), *build_yes_no(found))
            chosen, refused = choose(
                item.record.id,
                candidates,
                self._balance,
                functools.partial(check_draft, item),
                self._cfg,
            )
            for _, _, _, verdict in refused:
                name = str(verdict.reason)
                self.usage.faults[name] = self.usage.faults.get(name, 0) + 1
            yield Drafted(
                record_id=item.record.id,
                drafts=tuple(
                    Draft(kind=c.kind, question=c.question, answer=c.answer, follows=c.parent)
                    for c in chosen
                ),
            )


def check_draft(told: Told, question: str, answer: str) -> Verdict:
    """Check a pair on a record; what no picture can show is refused."""
    return check_pair(
        told.text,
        question,
        answer,
        modality=told.modality,
        is_visual=True,
        vocabulary=told.vocabulary,
    )
