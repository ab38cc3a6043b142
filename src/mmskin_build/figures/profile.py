"""What a book's own captions look like, learned from the book.

A first, unambiguous pass tells on which side of their pictures captions stand and how far off; the
second pass resolves the rest with that. What was learned from too little falls back on priors:
each side starts with a pseudo-count (captions below are by far the most common in print).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["below", "above", "right", "left", "inside", "diagonal", "facing"]

#: How often captions stand on each side before a book has been seen, as pseudo-observations.
PRIOR: Mapping[Side, float] = {
    "below": 4.0,
    "above": 0.6,
    "right": 0.5,
    "left": 0.5,
    "inside": 0.15,
    "diagonal": 0.05,
    "facing": 0.2,
}
_GAP_PRIOR_PT, _GAP_PRIOR_WEIGHT = 9.0, 4.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Sides with their counts and the usual gap in points between picture and caption."""

    sides: Mapping[Side, float] = field(default_factory=lambda: dict(PRIOR))
    gap_pt: float = _GAP_PRIOR_PT
    learned_from: int = 0

    def share(self, side: Side) -> float:
        """Share of captions on `side`, in (0, 1)."""
        return self.sides[side] / sum(self.sides.values())

    def side_cost(self, side: Side) -> float:
        """Cost in nats of a caption on `side`, zero for the commonest one."""
        return math.log(max(self.sides.values()) / self.sides[side])


def learn_profile(observed: Iterable[tuple[Side, float]]) -> Profile:
    """Learn from ``(side, gap in points)`` of unambiguous pairs."""
    counts: Counter[Side] = Counter()
    gaps: list[float] = []
    for side, gap in observed:
        counts[side] += 1
        gaps.append(min(gap, 60.0))
    sides = {side: prior + counts[side] for side, prior in PRIOR.items()}
    total = _GAP_PRIOR_PT * _GAP_PRIOR_WEIGHT + sum(sorted(gaps))
    return Profile(sides, round(total / (_GAP_PRIOR_WEIGHT + len(gaps)), 2), len(gaps))
