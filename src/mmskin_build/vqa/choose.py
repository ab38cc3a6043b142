"""Which of the possible questions are asked, and how they are put.

Records are taken in order; counts of what has been asked so far decide, so that kinds, yes and no,
and the first words of questions stay even over the whole set. Equal records give equal questions.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mmskin_build.config import VqaConfig
from mmskin_build.qa import QAKind
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.reasons import Verdict

_MOST_YES_NO = 2  # of one record
# How often a kind is asked beside the others, where captions allow all of them.
_WORTH = {
    "yes_no": 2.0, "morphology": 1.5, "structure": 1.5, "diagnosis": 1.3, "site": 1.3,
    "choice": 0.8, "description": 0.8, "modality": 0.7, "magnification": 0.5, "stain": 0.7,
    "age": 0.4, "age_group": 0.4, "sex": 0.5, "follow_up": 0.8, "comparison": 1.5,
}  # fmt: skip
Check = Callable[[str, str], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A question as it is put, with its answer; `parent` is the place of the one it refers to."""

    kind: QAKind
    question: str
    answer: str
    verdict: Verdict
    parent: int | None = None


@dataclass(slots=True)
class Balance:
    """What has been asked so far: pairs by kind, by first word, answers by yes and no."""

    kinds: Counter[str] = field(default_factory=Counter)
    openings: Counter[str] = field(default_factory=Counter)
    wordings: Counter[str] = field(default_factory=Counter)
    says: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


def choose(
    record_id: str,
    candidates: Sequence[Candidate],
    balance: Balance,
    check: Check,
    cfg: VqaConfig,
) -> tuple[list[Chosen], list[tuple[Candidate, str, str, Verdict]]]:
    """Choose at most ``cfg.pairs_a_picture`` of the candidates of one record and put them.

    Returns:
        What is asked, in order, and what the check refused, with its wording.
    """
    chosen: list[Chosen] = []
    refused: list[tuple[Candidate, str, str, Verdict]] = []
    topics: dict[str, int] = {}
    waiting = list(candidates)
    given: list[str] = []
    while waiting and len(chosen) < cfg.pairs_a_picture:
        room = cfg.pairs_a_picture - len(chosen)
        fit = [
            c
            for c in waiting
            if c.topic not in topics
            and (c.parent is None or c.parent in topics)
            and (c.says is None or _may_say(c.says, given, room, balance, cfg))
        ]
        if not fit:
            break
        # A yes is followed at once by a no, so that any part of the records is even, too.
        due = [c for c in fit if c.says is not None] if len(given) == 1 else []
        best = min(due or fit, key=lambda c: _rank(c, record_id, balance, cfg))
        waiting.remove(best)
        question, answer = _put(best, record_id, balance, cfg)
        verdict = check(question, answer)
        for plain in () if verdict.accept else best.plain:
            shorter = check(question, plain)
            if shorter.accept:
                answer, verdict = plain, shorter
                break
        if not verdict.accept:
            refused.append((best, question, answer, verdict))
            continue
        topics[best.topic] = len(chosen)
        parent = topics.get(best.parent) if best.parent is not None else None
        chosen.append(
            Chosen(kind=best.kind, question=question, answer=answer, verdict=verdict, parent=parent)
        )
        given += [best.says] if best.says is not None else []
        balance.kinds[best.kind] += 1
        balance.openings[_opening(question)] += 1
        balance.wordings[question] += 1
        if best.says is not None:
            balance.says[best.says] += 1
    return chosen, refused


def _may_say(says: str, given: list[str], room: int, balance: Balance, cfg: VqaConfig) -> bool:
    """Whether one more yes (or no) may be asked for: the one that is behind, then the other."""
    if says in given or len(given) >= _MOST_YES_NO:
        return False
    if given:
        return cfg.yes_share == 0.5
    return room >= min(_MOST_YES_NO, cfg.pairs_a_picture) and is_due(says, balance.says, cfg)


def is_due(says: str, said: Mapping[str, int], cfg: VqaConfig) -> bool:
    """Whether one more yes (or no) keeps the share of yes near the wished one."""
    yes, no = said["yes"], said["no"]
    total = yes + no + 1
    share = (yes + (says == "yes")) / total
    now = yes / max(yes + no, 1) if yes + no else cfg.yes_share
    near = abs(share - cfg.yes_share) <= max(abs(now - cfg.yes_share), 1 / total)
    return (
        near
        and 0 < cfg.yes_share < 1
        or (cfg.yes_share in (0, 1) and (says == "yes") == bool(cfg.yes_share))
    )


def _rank(
    candidate: Candidate, record_id: str, balance: Balance, cfg: VqaConfig
) -> tuple[float, int]:
    total = sum(balance.kinds.values()) + 1
    share = balance.kinds[candidate.kind] / total
    over = 1.0 if share > cfg.most_of_a_kind else 0.0
    return over + share / _WORTH.get(candidate.kind, 1.0), _number(
        record_id, candidate.topic, cfg.seed
    )


def _put(candidate: Candidate, record_id: str, balance: Balance, cfg: VqaConfig) -> tuple[str, str]:
    """Take the wording whose first word has been used least so far."""
    question = min(
        candidate.questions,
        key=lambda q: (
            balance.openings[_opening(q)],
            balance.wordings[q],
            _number(record_id, q, cfg.seed),
        ),
    )
    return question, candidate.answers[
        _number(record_id, candidate.topic, cfg.seed) % len(candidate.answers)
    ]


def _opening(question: str) -> str:
    return question.split()[0].lower().strip(",")


def _number(record_id: str, purpose: str, seed: int) -> int:
    digest = hashlib.sha256(f"{seed}\n{record_id}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
