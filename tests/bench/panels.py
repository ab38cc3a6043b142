"""Panels and their own words on generated figures of many layouts.

Usage: make bench-panels   (or: python tests/bench/panels.py --out panels.json [--only 3,17])

300 figures of two to twelve panels, 60 that are one picture and 120 less regular plates (drawings,
insets, holes, specimens on black), each a PDF of one page, go through `alignment.align_document` in
a worker. The figures are drawn by `panel_layouts`, `panel_captions`, `panel_pages` and
`panel_plates`, which share nothing with the code that splits pictures and captions. The plates
are counted apart.

Panels carry no score, so all detections count with confidence 1: the precision-recall curve has one
point, and average precision is the area under it, precision times recall. A part of the caption
is right where it equals the panel's own words, spaces and the final stop aside. The worst error is
counted apart, as a share of all panels found: words that are another panel's, words where the panel
has none, and words on a box that shows more than one panel.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from panel_pages import Case, PanelTruth, draw_case, draw_single
from panel_plates import PLATES, draw_plate_case
from scipy.optimize import linear_sum_assignment

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.geometry import Bbox, iou
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Figure, Panel

FIGURES, SINGLES = 300, 60
TRAITS = (
    "kind",
    "layout",
    "storage",
    "gutter",
    "paper",
    "lettering",
    "mark",
    "caption",
    "content",
    "frame",
)


def normal(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().rstrip(".").strip()


def judge(case: Case, figures: Sequence[Figure]) -> tuple[Counter[str], list[str]]:
    """Count what was found of one case, and say what went wrong."""
    panels = [panel for figure in figures for panel in figure.panels]
    row, wrong = Counter[str](), []
    pairs = _matched(case, panels)
    if len(case.panels) == 1:
        row.update(singles=1, whole=len(panels) == 1 and panels[0].text is None)
        if len(panels) != 1:
            wrong.append(f"single figure cut into {len(panels)}")
        row["stray"] += sum(panel.text is not None for panel in panels)
        row["found"] += len(panels)
        return row, wrong + [f"single with words {p.text!r}" for p in panels if p.text]
    row.update(panels=len(case.panels), predicted=len(panels), right=len(pairs))
    row["exact_figures"] += len(pairs) == len(panels) == len(case.panels)
    row["figures"] += 1
    if not len(pairs) == len(panels) == len(case.panels):
        wrong.append(f"{len(case.panels)} panels, {len(panels)} found, {len(pairs)} at IoU 0.5")
    partner = {j: i for i, j in pairs}
    row["found"] += len(panels)
    row["lettered"] += sum(p.letter is not None for p in case.panels)
    row["worded"] += sum(p.text is not None for p in case.panels)
    for j, panel in enumerate(panels):
        truth = case.panels[partner[j]] if j in partner else _home(case, panel)
        if j in partner and truth is not None and truth.letter is not None:
            row["letter_right"] += panel.label == truth.letter
            if panel.label != truth.letter:
                wrong.append(f"letter {truth.letter} read as {panel.label}")
        own = truth.text if truth is not None else None
        if panel.text is None:
            if own is not None:
                wrong.append(f"no words; its own: {own!r}")
        elif own is not None and normal(panel.text) == normal(own):
            row["text_right"] += j in partner
        else:
            others = {normal(p.text) for p in case.panels if p.text and p.text != own}
            strange = own is None or any(
                other and other.casefold() in normal(panel.text).casefold() for other in others
            )
            row["stray"] += strange
            note = "STRAY WORDS" if strange else "inexact"
            wrong.append(f"{note}: {panel.text!r}; its own: {own!r}")
    return row, wrong


def _home(case: Case, panel: Panel) -> PanelTruth | None:
    """The panel that a box shows, though not by its measures: it shows hardly any other."""
    shown = [Bbox(*truth.bbox).intersect(panel.bbox).area for truth in case.panels]
    most = max(shown)
    if most == 0 or sum(shown) - most > 0.1 * most:
        return None
    return case.panels[shown.index(most)]


def _matched(case: Case, panels: Sequence[Panel]) -> list[tuple[int, int]]:
    if not panels:
        return []
    table = np.array([[iou(Bbox(*t.bbox), p.bbox) for p in panels] for t in case.panels])
    rows, columns = linear_sum_assignment(-table)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if table[i, j] >= 0.5]


def rates(row: Counter[str]) -> dict[str, float | int | None]:
    def share(part: str, whole: str) -> float | None:
        return round(row[part] / row[whole], 4) if row[whole] else None

    precision, recall = share("right", "predicted") or 0.0, share("right", "panels") or 0.0
    both = precision + recall
    return {
        "figures": row["figures"],
        "panels": row["panels"],
        "precision": precision,
        "recall": recall,
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
        "ap50_single_point": round(precision * recall, 4),
        "all_panels_right": share("exact_figures", "figures"),
        "letter": share("letter_right", "lettered"),
        "text_exact": share("text_right", "worded"),
        "stray": share("stray", "found"),
        "singles": row["singles"],
        "single_whole": share("whole", "singles"),
    }


def drawer(number: int) -> Callable[[int, Path], Case]:
    """What draws the case of a number: ordinary figures, single ones, less regular plates."""
    if number < FIGURES:
        return draw_case
    return draw_single if number < FIGURES + SINGLES else draw_plate_case


def run(numbers: Sequence[int], folder: Path) -> Iterator[tuple[Case, tuple[Figure, ...]]]:
    """Draw each case, align it, and give both."""
    cfg = Config()
    with WorkerPool(cfg.pdf, 1) as pool:
        for number in numbers:
            case = drawer(number)(number, folder)
            source = PdfSource(path=folder / f"case{number:03d}.pdf")
            found = align_document(
                pool, source, cfg, book_sha256=f"{number:064d}", page_indices=(0,)
            )
            yield case, found.figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--only", help="numbers of cases, comma-separated, or a range 0-99")
    parser.add_argument("--keep", type=Path, help="folder for the pages [a temporary one]")
    given = parser.parse_args()
    numbers = _numbers(given.only)
    by_set, by_trait = (
        defaultdict[str, Counter[str]](Counter),
        defaultdict[str, Counter[str]](Counter),
    )
    failures = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for case, figures in run(numbers, folder):
            row, wrong = judge(case, figures)
            by_set["ordinary" if case.number < FIGURES + SINGLES else "plates"] += row
            for trait in TRAITS:
                if trait in case.traits:
                    by_trait[f"{trait}: {case.traits[trait]}"] += row
            if wrong:
                failures.append({**asdict(case), "wrong": wrong})
                print(f"case {case.number}: {case.traits}\n  caption: {case.caption}")
                print("".join(f"  {line}\n" for line in wrong), end="")
    _show(by_set, by_trait)
    report = {
        **{name: rates(row) for name, row in sorted(by_set.items())},
        "by_trait": {name: rates(row) for name, row in sorted(by_trait.items())},
        "failures": failures,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _numbers(only: str | None) -> list[int]:
    if only is None:
        return list(range(FIGURES + SINGLES + PLATES))
    numbers: list[int] = []
    for word in only.split(","):
        first, _, last = word.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def _show(by_set: dict[str, Counter[str]], by_trait: dict[str, Counter[str]]) -> None:
    print(f"{'trait':34} {'figures':>7} {'F1':>7} {'letter':>7} {'text':>7} {'stray':>7}")
    for name, row in [*sorted(by_trait.items()), *sorted(by_set.items())]:
        found: dict[str, Any] = rates(row)
        cells = [found[key] for key in ("f1", "letter", "text_exact", "stray")]
        shown = " ".join(f"{'-' if cell is None else format(cell, '.3f'):>7}" for cell in cells)
        print(f"{name:34} {found['figures']:7} {shown}")
    for name, row in sorted(by_set.items()):
        print(name, json.dumps(rates(row)))


if __name__ == "__main__":
    main()
