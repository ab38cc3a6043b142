"""How probable it is that a caption belongs to a figure, and what speaks for and against it.

Logistic models over the facts of `facts`; each fact becomes one line of evidence. The weights stand
in ``confidence_model.json``, fitted by `calibrate` on books whose truth is known; that file says
how it was made and what was measured.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from mmskin_build.figures.facts import LoneFacts, PairFacts
from mmskin_build.records import Evidence

MODEL_FILE = "confidence_model.json"

_FAR_NATS = 4.0  # a rival as far off as this is none
_MANY_WORDS = 25  # of running text in between; more say no more
_MANY_SPARE = 3
_MANY_NEAR = 12  # words beside a picture; a caption is rarely shorter
_CLOSE_PT = 40.0  # pictures of two figures rarely stand closer
_LIMIT = 30.0  # log odds beyond this are certainty
_SHOWN_NATS = 4.0  # log odds that are shown as a weight of 1

Features = dict[str, float]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A probability in [0, 1] and its evidence, in the order in which a person would look."""

    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model: log odds are `bias` plus weight times value of each feature."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability, in [0, 1]; features without a weight count nothing."""
        known = sorted(features.items())
        log_odds = self.bias + sum(self.weights.get(name, 0.0) * value for name, value in known)
        return 1.0 / (1.0 + math.exp(-_clamp(log_odds, -_LIMIT, _LIMIT)))


def pair_features(facts: PairFacts) -> Features:
    """Return the numbers that the model of pairs weighs, by name."""
    agree = facts.parts >= 2 and facts.parts == facts.pictures
    return {
        "cost": facts.cost,
        "caption_margin": _clamp(facts.caption_margin, -2.0, _FAR_NATS),
        "picture_margin": _clamp(facts.picture_margin, -2.0, _FAR_NATS),
        "form": facts.form - 0.5,
        "order_follows": float(facts.order == "follows"),
        "order_holds": float(facts.order == "holds"),
        "order_broken": float(facts.order == "broken"),
        "text_between": float(min(facts.blocked_words, _MANY_WORDS)),
        "page_break": float(facts.side == "facing"),
        "no_label": float(not facts.labeled),
        "panels_agree": float(agree),
        "panels_missing": float(facts.parts > facts.pictures > 1),
        "panels_over": float(facts.pictures > max(1, facts.parts)),
        "repeated": float(facts.repeated),
        "style_share": facts.style_share if facts.labeled else 0.5,
        "side_share": facts.side_share,
        "mentioned_near": float(facts.mention == "near"),
        "mentioned_far": float(facts.mention == "far"),
        "scan": float(facts.scanned),
        "few_words": float(facts.words < 3),
        "unfinished": float(facts.unfinished),
        "loose": min(facts.loose_pt, _CLOSE_PT) / _CLOSE_PT,
        "crowded": max(0.0, 1.0 - facts.apart_pt / _CLOSE_PT),
        "small": max(0.0, 0.08 - facts.area_share) / 0.08,
        "spare_pictures": float(min(facts.spare_pictures, _MANY_SPARE)),
        "spare_captions": float(min(facts.spare_captions, _MANY_SPARE)),
    }


def lone_features(facts: LoneFacts) -> Features:
    """Return the numbers that the models of single halves weigh, by name."""
    shared = {
        "spare_here": float(min(facts.spare_here, _MANY_SPARE)),
        "spare_beside": float(min(facts.spare_beside, _MANY_SPARE)),
        "captioned_share": facts.captioned_share,
        "contested": 1.0 - _clamp(facts.contested_pt, 0.0, _CLOSE_PT) / _CLOSE_PT,
        "scan": float(facts.scanned),
    }
    if facts.half == "picture":
        return shared | {
            "area_share": min(facts.area_share, 0.5),
            "photo": float(facts.photo),
            "near_words": min(facts.near_words, _MANY_NEAR) / _MANY_NEAR,
            "number_missing": float(facts.number_missing),
        }
    return shared | {
        "form": facts.form - 0.5,
        "few_words": float(facts.words < 3),
        "repeated": float(facts.repeated),
        "order_follows": float(facts.order == "follows"),
        "order_broken": float(facts.order == "broken"),
        "mentioned_near": float(facts.mention == "near"),
    }


def judge_pair(facts: PairFacts, model: Model | None = None) -> Judgement:
    """Judge a paired figure, by the shipped model unless another is given."""
    model = model or shipped_model("pair")
    features = pair_features(facts)
    mention = {
        "near": "running text near by refers to it",
        "far": "running text refers to it only far away",
        "none": "running text does not refer to it",
    }[facts.mention]
    panels = f"{facts.pictures} pictures, the caption names {facts.parts or 'none'}"
    lines = [
        (
            "side",
            f"caption {facts.side}, as in {facts.side_share:.0%} of this book",
            ("side_share",),
            True,
        ),
        ("distance", f"{facts.gap_pt:.1f} pt", ("cost",), True),
        (
            "rivals",
            f"next best caption costs {features['caption_margin']:+.1f}",
            ("caption_margin", "spare_captions"),
            True,
        ),
        (
            "rival_pictures",
            f"next best picture costs {features['picture_margin']:+.1f}",
            ("picture_margin", "spare_pictures"),
            features["picture_margin"] < _FAR_NATS,
        ),
        ("caption_form", f"{facts.form:.2f}", ("form",), True),
        (
            "caption_text",
            "breaks off" if facts.unfinished else f"{facts.words} words",
            ("few_words", "unfinished"),
            facts.unfinished or facts.words < 3,
        ),
        (
            "label_style",
            f"as {facts.style_share:.0%} of the labels",
            ("style_share",),
            facts.labeled,
        ),
        (
            "number_order",
            facts.order or "unknown",
            ("order_follows", "order_holds", "order_broken"),
            True,
        ),
        ("number_repeated", "another caption has the same number", ("repeated",), facts.repeated),
        ("reference", mention, ("mentioned_near", "mentioned_far"), facts.labeled),
        (
            "panels",
            panels,
            ("panels_agree", "panels_missing", "panels_over"),
            facts.parts > 1 or facts.pictures > 1,
        ),
        (
            "text_between",
            f"{facts.blocked_words} words of running text",
            ("text_between",),
            facts.blocked_words > 0,
        ),
        ("page_break", "caption on a neighboring page", ("page_break",), facts.side == "facing"),
        ("no_label", "caption known by place and type only", ("no_label",), not facts.labeled),
        (
            "next_figure",
            f"another picture {facts.apart_pt:.0f} pt away",
            ("crowded",),
            features["crowded"] > 0,
        ),
        ("spread", f"{facts.loose_pt:.0f} pt between its pictures", ("loose",), facts.loose_pt > 0),
        ("size", f"{facts.area_share:.1%} of the page", ("small",), features["small"] > 0),
        ("scan", "page recognized from a scan", ("scan",), facts.scanned),
    ]
    return _judgement(model, features, lines)


def judge_lone(facts: LoneFacts, model: Model | None = None) -> Judgement:
    """Judge a picture without caption or a caption without picture: is it truly alone?"""
    model = model or shipped_model(facts.half)
    features = lone_features(facts)
    other = "caption" if facts.half == "picture" else "picture"
    name = f"no_{other}"
    spare = f"{facts.spare_here} spare on this page, {facts.spare_beside} on the pages beside"
    lines = [
        (name, spare, ("spare_here", "spare_beside"), True),
        (
            "book",
            f"{facts.captioned_share:.0%} of its figures have a caption",
            ("captioned_share",),
            True,
        ),
        ("caption_form", f"{facts.form:.2f}", ("form", "few_words"), facts.half == "caption"),
        ("number_repeated", "another caption has the same number", ("repeated",), facts.repeated),
        (
            "size",
            f"{facts.area_share:.1%} of the page",
            ("area_share", "photo"),
            facts.half == "picture",
        ),
        ("scan", "page recognized from a scan", ("scan",), facts.scanned),
    ]
    return _judgement(model, features, lines)


@functools.cache
def shipped_model(name: str) -> Model:
    """Return the shipped model ``pair``, ``picture`` or ``caption``."""
    text = resources.files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8")
    return read_model(json.loads(text)["models"][name])


def read_model(data: Mapping[str, Any]) -> Model:
    """Read one model of a model file."""
    weights = {str(name): float(weight) for name, weight in data["weights"].items()}
    return Model(float(data["bias"]), weights)


_Line = tuple[str, str, tuple[str, ...], bool]


def _judgement(model: Model, features: Features, lines: list[_Line]) -> Judgement:
    """Weigh the features; each shown line bears the log odds of its features."""
    evidence = []
    for name, value, of, shown in lines:
        if shown:
            weight = sum(model.weights.get(f, 0.0) * features.get(f, 0.0) for f in of)
            weight = _clamp(weight / _SHOWN_NATS, -1.0, 1.0)
            evidence.append(Evidence(name=name, value=value, weight=round(weight, 3)))
    return Judgement(round(model.probability(features), 4), tuple(evidence))


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
