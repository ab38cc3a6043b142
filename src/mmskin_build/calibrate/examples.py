"""The pairs and single halves that alignment makes of a labelled book, each right or wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from mmskin_build.calibrate.labelled import LabelledBook, TrueFigure
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import align_book
from mmskin_build.figures.confidence import lone_features, pair_features
from mmskin_build.figures.facts import PairFacts
from mmskin_build.geometry import iou
from mmskin_build.records import Figure

Half = Literal["pair", "picture", "caption"]
HALVES: tuple[Half, ...] = ("pair", "picture", "caption")

_IOU = 0.5
_SAME = 90.0  # per cent of the characters of equal captions, white space and signs left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One output of alignment: its features, and whether it is right.

    A pair is right when the box is that of a true figure (IoU >= 0.5) and the caption is its own; a
    single half is right when the book has no other half for it.
    """

    half: Half
    document: str
    figure_id: str
    features: Mapping[str, float]
    right: bool


def examples_of(book: LabelledBook, cfg: FiguresConfig) -> list[Example]:
    """Align the book and hold each result against its truth."""
    found = align_book(book.pages, cfg)
    placed = [f for f in found.figures if f.page_index in book.labelled]
    true = [f for f in book.figures if f.page in book.labelled]
    partner = _partners(true, placed)
    examples = []
    for figure in placed:
        match = partner.get(figure.figure_id)
        if match is not None and match.ignore:
            continue
        facts = found.facts[figure.figure_id]
        half: Half = "pair" if isinstance(facts, PairFacts) else facts.half
        if half == "pair":
            right = match is not None and is_same(match.caption, match.label, figure)
        elif half == "picture":
            right = not any(_covers(t, figure) and t.caption is not None for t in true)
        else:
            right = not any(
                abs(t.page - figure.page_index) <= 1 and is_same(t.caption, t.label, figure)
                for t in true
            )
        features = pair_features(facts) if isinstance(facts, PairFacts) else lone_features(facts)
        examples.append(
            Example(
                half=half,
                document=book.document,
                figure_id=figure.figure_id,
                features=features,
                right=right,
            )
        )
    return examples


def is_same(caption: str | None, label: str | None, found: Figure) -> bool:
    """Whether `found` bears the true caption, or the true label where that is all there is."""
    if caption is None:
        return False
    printed, said = _letters(caption), _letters(found.caption or "")
    if not printed:
        return re.findall(r"\d+", label or "") == re.findall(r"\d+", found.label or "")
    return fuzz.ratio(printed, said) >= _SAME


def _letters(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower().removeprefix("(continued)")
    return re.sub(r"[\W_]+", "", text)


def _covers(true: TrueFigure, found: Figure) -> bool:
    if found.bbox is None or true.page != found.page_index:
        return False
    return found.bbox.covered_by(true.bbox) > _IOU or iou(found.bbox, true.bbox) > _IOU


def _partners(true: Sequence[TrueFigure], found: Sequence[Figure]) -> dict[str, TrueFigure]:
    """True figures by the id of the one found in their place, one to one."""
    partner: dict[str, TrueFigure] = {}
    for page in sorted({f.page for f in true}):
        here = [f for f in true if f.page == page]
        there = [f for f in found if f.page_index == page and f.bbox is not None]
        table = np.array(
            [[0.0 if f.bbox is None else iou(t.bbox, f.bbox) for f in there] for t in here]
        )
        if not table.size:
            continue
        for row, column in zip(*linear_sum_assignment(-table), strict=True):
            if table[row, column] >= _IOU:
                partner[there[column].figure_id] = here[row]
    return partner
