"""Figures with captions against the truth: one scorer for all who look for them.

A figure counts when its box overlaps the true one (IoU at least 0.5) and its caption is the printed
one (similarity at least 0.9, the label aside; where nothing but the label is printed, the label).
Precision is over the figures that were found with a caption or a label, recall over the true ones.
Boxes are points from the top left of the page as displayed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from layout_sheet import Box, Truth
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from mmskin_build.figures.labels import parse_label
from mmskin_build.geometry import Bbox, iou

OVERLAP = 0.5  # IoU from which a figure is located
SIMILAR = 90.0  # per cent of the characters of a caption


@dataclass(frozen=True, slots=True)
class Found:
    """A figure as somebody found it; caption and label None where there is none."""

    page_index: int
    bbox: Box
    label: str | None
    caption: str | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document and what is true of its `pages`; figures in `ignored` count neither way."""

    name: str
    path: Path
    pages: frozenset[int]
    truths: tuple[Truth, ...]
    ignored: tuple[tuple[int, Box], ...] = ()


def read_found(path: Path) -> list[Found]:
    """Read figures of JSON lines, the form of `mmskin align`; those without a box are left out."""
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Found(e["page_index"], Box(*e["bbox"]), e.get("label"), e.get("caption"))
        for e in entries
        if e.get("bbox")
    ]


def write_found(path: Path, found: Sequence[Found]) -> None:
    """Write figures so that `read_found` reads them."""
    path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in found), "utf-8")


def is_printed(truth: Truth, figure: Found) -> bool:
    """Whether a figure bears the printed caption; spaces, marks and the label aside."""
    said, meant = _letters(figure.caption), _letters(truth.caption)
    if not meant and truth.label:
        printed, read = parse_label(truth.label), parse_label(figure.label or figure.caption or "")
        return printed is not None and read is not None and printed.parts == read.parts
    return bool(said and meant) and fuzz.ratio(meant, said) >= SIMILAR


def _letters(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").replace("\u00ad", "")
    label = parse_label(plain)
    return re.sub(r"[\W_]+", "", plain[label.end if label else 0 :].lower())


def score_document(document: Labelled, found: Sequence[Found]) -> tuple[Counter[str], list[str]]:
    """Score what was found on the labelled pages, less what overlaps figures to be ignored."""
    return score(
        document.truths,
        [
            figure
            for figure in found
            if figure.page_index in document.pages
            and not any(
                page == figure.page_index and iou(Bbox(*box), Bbox(*figure.bbox)) >= OVERLAP
                for page, box in document.ignored
            )
        ],
    )


def score(truths: Sequence[Truth], found: Sequence[Found]) -> tuple[Counter[str], list[str]]:
    """Count labelled, located, predicted and correct figures; say what went wrong."""
    row = Counter(labelled=len(truths), predicted=sum(bool(f.caption or f.label) for f in found))
    wrong = []
    table = np.array(
        [
            [iou(Bbox(*t.bbox), Bbox(*f.bbox)) if f.page_index == t.page else 0.0 for f in found]
            for t in truths
        ]
    ).reshape(len(truths), len(found))
    taken, used = set(), set()
    for i, j in zip(*linear_sum_assignment(-table), strict=True):
        if table[i, j] < OVERLAP:
            continue
        taken.add(int(i))
        used.add(int(j))
        row["located"] += 1
        if is_printed(truths[i], found[j]):
            row["correct"] += 1
        else:
            wrong.append(
                f"page {truths[i].page} {truths[i].label}: {found[j].label} {found[j].caption!r} "
                f"instead of {truths[i].caption!r}"
            )
    for i, truth in enumerate(truths):
        if i not in taken:
            wrong.append(f"page {truth.page} {truth.label}: not located at {_rounded(truth.bbox)}")
    for j, figure in enumerate(found):
        if j not in used and (figure.caption or figure.label):
            wrong.append(
                f"page {figure.page_index}: no figure at {_rounded(figure.bbox)}: "
                f"{figure.label} {figure.caption!r}"
            )
    return row, wrong


def _rounded(box: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(side) for side in box)


def rates(row: Counter[str]) -> dict[str, Any]:
    """Precision, recall, F1 and share located of counted figures."""
    precision = row["correct"] / row["predicted"] if row["predicted"] else 0.0
    recall = row["correct"] / row["labelled"] if row["labelled"] else 0.0
    both = precision + recall
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
        "located": round(row["located"] / max(1, row["labelled"]), 4),
        "figures": row["labelled"],
    }
