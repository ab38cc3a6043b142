"""How far reviewers agree, field by field, and whether they attend: known cases told right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from mmskin_build.decisions import Decision, Standing, undone_ids, verdict_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two reviewers on one field; `kappa` is None where chance alone decides nothing.

    `items` were decided by both, `same` of them alike.
    """

    field: str
    reviewers: tuple[str, str]
    items: int
    same: int
    kappa: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How many of the known cases that a reviewer was given were answered right."""

    reviewer: str
    known: int
    right: int


def measure_agreement(standing: Iterable[Standing]) -> tuple[Agreement, ...]:
    """Compare each two reviewers on each field, by what both decided.

    Choices count, not the words beside them, but for fields whose choice says only that something
    is changed: there two different changes differ.
    """
    pairs: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for one in standing:
        by_reviewer = one.by_reviewer
        for first, second in combinations(sorted(by_reviewer), 2):
            given = by_reviewer[first], by_reviewer[second]
            pairs[given[0].field, first, second].append((_answer(given[0]), _answer(given[1])))
    return tuple(
        Agreement(
            field=field,
            reviewers=(first, second),
            items=len(answers),
            same=sum(a == b for a, b in answers),
            kappa=cohen_kappa(answers),
        )
        for (field, first, second), answers in sorted(pairs.items())
    )


def _answer(decision: Decision) -> str:
    is_open = decision.field in ("figure", "demographics", "qa")
    return verdict_of(decision) if is_open else decision.value


def cohen_kappa(answers: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa (1960): agreement beyond chance, over what was possible beyond chance.

    None where nothing was answered, or both gave one answer only, so that nothing is possible.

    >>> cohen_kappa([("a", "a"), ("a", "a"), ("b", "b"), ("b", "a")])
    0.5
    >>> cohen_kappa([("a", "a")]) is None
    True
    """
    if not answers:
        return None
    count = len(answers)
    observed = sum(a == b for a, b in answers) / count
    first, second = Counter(a for a, _ in answers), Counter(b for _, b in answers)
    expected = sum(first[name] * second[name] for name in first) / count**2
    return None if expected >= 1.0 else round((observed - expected) / (1.0 - expected), 4)


def measure_attention(decisions: Iterable[Decision]) -> tuple[Attention, ...]:
    """Count the known cases of each reviewer, and those that were answered right."""
    given = tuple(decisions)
    undone = undone_ids(given)
    known: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for decision in given:
        if decision.known is not None and decision.id not in undone:
            known[decision.reviewer] += 1
            right[decision.reviewer] += decision.value == decision.known
    return tuple(
        Attention(reviewer=name, known=known[name], right=right[name]) for name in sorted(known)
    )
