"""How probable it is that a caption belongs to a figure, and what speaks for and against it.

A logistic model over a few facts that a person can check; each becomes one line of evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmskin_build.figures.align import Group
from mmskin_build.figures.profile import Profile
from mmskin_build.records import Evidence

_WEIGHTS = {
    "bias": 3.4,
    "cost": -0.75,  # nats of the chosen link
    "margin": 0.35,  # nats to the next best caption, at most 4
    "prior": 1.6,  # how much the text looks like a caption, minus a half
    "order": 1.0,  # +1 number order holds, -1 it is broken
    "blocked": -0.12,  # words of running text in between
    "facing": -0.6,
    "unlabeled": -1.2,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A probability in [0, 1] and its evidence, the weightiest first."""

    confidence: float
    evidence: tuple[Evidence, ...]


def judge_pair(group: Group, profile: Profile, in_order: bool | None) -> Judgement:
    """Judge a paired figure; `in_order` is None where its number cannot be checked.

    Raises:
        ValueError: If the group has no caption.
    """
    if group.caption is None or group.link is None:
        raise ValueError("only a paired figure can be judged")
    link, caption = group.link, group.caption
    margin = max(-2.0, min(4.0, group.rival_cost - link.cost))
    order = 0.0 if in_order is None else (1.0 if in_order else -1.0)
    parts = [
        ("side", f"caption {link.side}, as in {profile.share(link.side):.0%} of this book", 0.0),
        ("distance", f"{link.gap_pt:.1f} pt", _WEIGHTS["cost"] * link.cost),
        ("rivals", f"next best caption costs {margin:+.1f}", _WEIGHTS["margin"] * margin),
        ("caption_form", f"{caption.prior:.2f}", _WEIGHTS["prior"] * (caption.prior - 0.5)),
        (
            "number_order",
            {None: "unknown", True: "holds", False: "broken"}[in_order],
            _WEIGHTS["order"] * order,
        ),
    ]
    if link.blocked_words:
        parts.append(
            (
                "text_between",
                f"{link.blocked_words} words of running text",
                _WEIGHTS["blocked"] * min(link.blocked_words, 25),
            )
        )
    if link.side == "facing":
        parts.append(("page_break", "caption on a neighboring page", _WEIGHTS["facing"]))
    if caption.label is None:
        parts.append(("no_label", "caption known by place and type only", _WEIGHTS["unlabeled"]))
    total = _WEIGHTS["bias"] + sum(weight for _, _, weight in parts)
    confidence = 1.0 / (1.0 + math.exp(-total))
    evidence = tuple(
        Evidence(name=name, value=value, weight=round(max(-1.0, min(1.0, weight / 4)), 3))
        for name, value, weight in parts
    )
    return Judgement(round(confidence, 4), evidence)
