"""What people decided about figures: caption, box, panels, letters.

A verdict on a figure is bound to a place (file, page, box) and to the caption it is about, by place
and by words. Where the figure's box has moved, or the caption reads otherwise now, the verdict is
not applied: it comes back as a task. In a new file of the same book a figure is the one that was
decided about if it has the same pixels, wherever it stands now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mmskin_build.decisions import CaptionPlace, Decision, PanelVerdict, Standing
from mmskin_build.figures.panels import bind_panels
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox, iou, union_all
from mmskin_build.records import Book, Figure, Panel

SAME_PLACE = 0.9  # IoU from which a box is the one that was decided about
NEAR_PLACE = 0.5  # and from which it is that one, changed
_SAME_PANEL = 0.98  # IoU from which a drawn panel has the pixels that there are already
CAPTION_TAKEN = "caption_taken"  # flag of a figure whose caption a person gave to another

OutcomeKind = Literal["applied", "ground_changed", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a decision in a build.

    `changed` says that it differs from what the program would have chosen. `item_id` names the
    figure or panel it was applied to, or that now lies where it was made; None where nothing does.
    """

    decision_id: str
    field: str
    reviewer: str
    outcome: OutcomeKind
    changed: bool = False
    item_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedFigures:
    """The figures of a book after verdicts, in the order given.

    `decided` has the verdict that was applied, by figure id; `dropped` are those that are none;
    `touched` those whose words or panels changed, so that their pictures must be seen anew;
    `uncut` those with a drawn panel whose pixels are still to be had.
    """

    figures: tuple[Figure, ...]
    decided: Mapping[str, Decision] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    uncut: frozenset[str] = frozenset()
    outcomes: tuple[Outcome, ...] = ()


def place_of(figure: Figure) -> tuple[int, Bbox | None]:
    """Return the page and the box by which a figure is known: its own, else its caption's."""
    return figure.page_index, figure.bbox or figure.caption_bbox


def caption_place(figure: Figure) -> CaptionPlace | None:
    """Return the printed caption of a figure, None where it has none."""
    if figure.caption is None or figure.caption_bbox is None:
        return None
    page = figure.page_index if figure.caption_page_index is None else figure.caption_page_index
    return CaptionPlace(
        page_index=page, bbox=figure.caption_bbox, text=figure.caption, label=figure.label
    )


def is_of_book(verdict: Decision, book: Book) -> bool:
    """Return whether a verdict was given on a book, this file of it or another."""
    return verdict.book_sha256 == book.sha256 or verdict.book_id == book.id


def decide_figures(
    figures: Sequence[Figure], standing: Mapping[str, Standing], book: Book
) -> DecidedFigures:
    """Apply the verdicts on the figures of one book; a caption is never lost by it.

    A figure whose caption went to another one is left without, flagged `CAPTION_TAKEN`; a caption
    that no figure has any longer stays as one without a picture.
    """
    verdicts = [
        s.holds
        for s in standing.values()
        if s.holds.field == "figure" and is_of_book(s.holds, book)
    ]
    if not verdicts:
        return DecidedFigures(figures=tuple(figures))
    ordered = sorted(verdicts, key=lambda d: (d.book_sha256 == book.sha256, d.decided_at, d.id))
    found, outcomes = _match(figures, ordered, book)
    captions = [caption_place(figure) for figure in figures]
    wanted: dict[int, int | None] = {}  # figure to the figure whose caption it gets
    applied: dict[int, Decision] = {}
    for index, verdict in sorted(found.items()):
        source = _find_caption(verdict.caption, captions) if verdict.caption else None
        if verdict.caption is not None and source is None:
            outcomes.append(_outcome(verdict, "ground_changed", figures[index]))
            continue
        wanted[index] = source
        applied[index] = verdict
        changed = verdict.value != "accepted" or bool(verdict.panels or verdict.details)
        changed |= source is not None and source != index
        outcomes.append(_outcome(verdict, "applied", figures[index], changed=changed))
    given = {source for source in wanted.values() if source is not None}
    result: list[Figure] = []
    touched: set[str] = set()
    uncut: set[str] = set()
    for index, figure in enumerate(figures):
        if index in applied:
            verdict, source = applied[index], wanted[index]
            new = _with_caption(figure, verdict, None if source is None else captions[source])
            new = _with_panels(new, verdict, recaptioned=source != index)
            if new != replace(figure, confidence=new.confidence):
                touched.add(figure.figure_id)
            if any(panel.image_sha256 is None for panel in new.panels):
                uncut.add(figure.figure_id)
            result.append(new)
            if captions[index] is not None and index not in given:
                result.append(_left_caption(figure))
        elif index in given:
            if figure.bbox is None:
                continue  # a caption that has found its picture
            bare = replace(figure, caption=None, caption_bbox=None, caption_page_index=None)
            flags = (*figure.flags, CAPTION_TAKEN)
            alone = replace(
                bare, status="image_without_caption", label=None, confidence=0.0, flags=flags
            )
            result.append(alone)
        else:
            result.append(figure)
    return DecidedFigures(
        figures=tuple(result),
        decided={figures[index].figure_id: verdict for index, verdict in applied.items()},
        dropped=frozenset(
            figures[i].figure_id for i, verdict in applied.items() if verdict.value == "no_figure"
        ),
        touched=frozenset(touched),
        uncut=frozenset(uncut),
        outcomes=tuple(outcomes),
    )


def _match(
    figures: Sequence[Figure], verdicts: Sequence[Decision], book: Book
) -> tuple[dict[int, Decision], list[Outcome]]:
    """The verdict on each figure, by its position, and what became of the other verdicts."""
    found: dict[int, Decision] = {}
    near: list[tuple[Decision, int]] = []
    outcomes: list[Outcome] = []
    for verdict in verdicts:  # a later one on the same figure takes the place of an earlier one
        index, share = _at_place(figures, verdict)
        is_same = share >= SAME_PLACE
        if verdict.book_sha256 != book.sha256 and verdict.image_sha256 is not None:
            alike = _with_picture(figures, verdict.image_sha256)
            is_same = alike is not None and not verdict.panels  # drawn boxes are of one file
            index, share = (index, share) if alike is None else (alike, 1.0)
        if is_same:
            found[index] = verdict
        elif share >= NEAR_PLACE:
            near.append((verdict, index))
        else:
            outcomes.append(_outcome(verdict, "lost", None))
    for verdict, index in near:
        if index not in found:
            outcomes.append(_outcome(verdict, "ground_changed", figures[index]))
    return found, outcomes


def _at_place(figures: Sequence[Figure], verdict: Decision) -> tuple[int, float]:
    """The figure that lies most where the verdict was given, and their IoU."""
    best, share = -1, 0.0
    for index, figure in enumerate(figures):
        page_index, box = place_of(figure)
        if page_index == verdict.page_index and box is not None and verdict.bbox is not None:
            overlap = iou(box, verdict.bbox)
            if overlap > share:
                best, share = index, overlap
    return best, share


def _with_picture(figures: Sequence[Figure], image_sha256: str) -> int | None:
    """The one figure whose first picture has these pixels."""
    some = [
        i for i, f in enumerate(figures) if f.panels and f.panels[0].image_sha256 == image_sha256
    ]
    return some[0] if len(some) == 1 else None


def _outcome(
    verdict: Decision, kind: OutcomeKind, figure: Figure | None, *, changed: bool = False
) -> Outcome:
    return Outcome(
        decision_id=verdict.id,
        field=verdict.field,
        reviewer=verdict.reviewer,
        outcome=kind,
        changed=changed,
        item_id=None if figure is None else figure.figure_id,
    )


def _find_caption(wanted: CaptionPlace, captions: Sequence[CaptionPlace | None]) -> int | None:
    """Where the caption is that a person chose, if it has the same words still.

    It is looked for at its place; it may have moved, and counts then if it is the only one.
    """
    words = wanted.text.split()
    best: int | None = None
    share = NEAR_PLACE
    for index, caption in enumerate(captions):
        if caption is None or caption.page_index != wanted.page_index:
            continue
        overlap = iou(caption.bbox, wanted.bbox)
        if overlap >= share and caption.text.split() == words:
            best, share = index, overlap
    if best is None:
        same = [i for i, c in enumerate(captions) if c is not None and c.text.split() == words]
        best = same[0] if len(same) == 1 else None
    return best


def _with_caption(figure: Figure, verdict: Decision, caption: CaptionPlace | None) -> Figure:
    typed = verdict.details.get("text")
    if caption is None and typed is None:
        status: Literal["image_without_caption", "caption_without_image"] = "image_without_caption"
        return replace(
            figure,
            status=status,
            label=None,
            caption=None,
            caption_bbox=None,
            caption_page_index=None,
            confidence=1.0,
        )
    has_picture = figure.bbox is not None or bool(verdict.panels)
    return replace(
        figure,
        status="paired" if has_picture else "caption_without_image",
        label=caption.label if caption else verdict.details.get("label"),
        caption=typed if typed is not None else caption.text if caption else None,
        caption_bbox=caption.bbox if caption else None,
        caption_page_index=caption.page_index if caption else figure.page_index,
        confidence=1.0,
    )


def _with_panels(figure: Figure, verdict: Decision, *, recaptioned: bool) -> Figure:
    """The figure with the panels that a person drew, or with its own and the new caption's parts.

    A panel that has no part of its own, although the caption has parts, bears the whole caption:
    that is what was shown when the verdict was given.
    """
    flags = tuple(f for f in figure.flags if f not in ("panels_disagree", CAPTION_TAKEN))
    panels = figure.panels
    rebind = recaptioned or "text" in verdict.details
    if verdict.panels:
        panels = tuple(_drawn(panel, figure.panels) for panel in verdict.panels)
        rebind = all(panel.text is None for panel in verdict.panels)
        box = union_all(panel.bbox for panel in panels).rounded()
        figure = replace(figure, bbox=box)
    if rebind:
        bare = tuple(replace(panel, text=None) for panel in panels)
        panels = bind_panels(replace(figure, panels=bare, flags=())).panels
    whole = figure.caption
    has_parts = any(panel.text for panel in panels) or bool(whole and split_caption(whole).parts)
    if whole and len(panels) > 1 and has_parts:
        panels = tuple(replace(panel, text=panel.text or whole) for panel in panels)
    return replace(figure, panels=panels, flags=flags)


def _drawn(wanted: PanelVerdict, panels: Sequence[Panel]) -> Panel:
    for panel in panels:
        if iou(panel.bbox, wanted.bbox) >= _SAME_PANEL:
            return replace(panel, label=wanted.label, text=wanted.text)
    return Panel(bbox=wanted.bbox.rounded(), label=wanted.label, text=wanted.text)


def _left_caption(figure: Figure) -> Figure:
    """The caption that a figure had and that is nobody's now."""
    page = figure.page_index if figure.caption_page_index is None else figure.caption_page_index
    return replace(
        figure,
        figure_id=f"{figure.figure_id}_caption",
        status="caption_without_image",
        page_index=page,
        bbox=None,
        panels=(),
        confidence=0.0,
        evidence=(),
        flags=(CAPTION_TAKEN,),
    )
