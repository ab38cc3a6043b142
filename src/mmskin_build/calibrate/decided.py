"""What people decided about figures as examples: the program's own pairs, right or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmskin_build.calibrate.examples import Example, Half
from mmskin_build.config import FiguresConfig
from mmskin_build.decisions import Decision
from mmskin_build.figures.book import align_book
from mmskin_build.figures.confidence import lone_features, pair_features
from mmskin_build.figures.facts import PairFacts
from mmskin_build.geometry import iou
from mmskin_build.records import Figure, Page

_SAME_PLACE = 0.9  # IoU from which a figure is the one that was decided about


def decided_examples(
    document: str, pages: Sequence[Page], verdicts: Iterable[Decision], cfg: FiguresConfig
) -> list[Example]:
    """Align a book and hold each pair and single half that a person decided against the verdict.

    Args:
        document: What the examples are held out by: the book's sha256.
        pages: Of the book.
        verdicts: Those on its figures that hold.
        cfg: Settings of alignment.
    """
    found = align_book(pages, cfg)
    examples: list[Example] = []
    for verdict in sorted(verdicts, key=lambda d: d.id):
        if verdict.field != "figure" or verdict.value == "no_figure" or verdict.bbox is None:
            continue
        figure = _find(found.figures, verdict)
        if figure is None:
            continue
        facts = found.facts[figure.figure_id]
        half: Half = "pair" if isinstance(facts, PairFacts) else facts.half
        if half == "caption" and verdict.value == "no_caption":
            continue  # a person drew its picture, and took the words away: neither right nor wrong
        features = pair_features(facts) if isinstance(facts, PairFacts) else lone_features(facts)
        examples.append(
            Example(
                half=half,
                document=document,
                figure_id=figure.figure_id,
                features=features,
                right=_is_right(half, figure, verdict),
            )
        )
    return examples


def _find(figures: Sequence[Figure], verdict: Decision) -> Figure | None:
    for figure in figures:
        box = figure.bbox or figure.caption_bbox
        if box is None or verdict.bbox is None or figure.page_index != verdict.page_index:
            continue
        if iou(box, verdict.bbox) >= _SAME_PLACE:
            return figure
    return None


def _is_right(half: Half, figure: Figure, verdict: Decision) -> bool:
    if half == "picture":
        return verdict.value == "no_caption"
    if half == "caption":
        return not verdict.panels
    if verdict.caption is None:
        return False
    same = (figure.caption or "").split() == verdict.caption.text.split()
    return verdict.value in ("accepted", "caption") and same
