"""Plans of figures: pictures, letters and captions that belong together, before any page exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from mmskin_build.demo.chapters import Chapter
from mmskin_build.demo.charts import CHARTS
from mmskin_build.demo.pictures import draw_face, draw_picture
from mmskin_build.demo.placing import (
    FigurePlan,
    LetterPlace,
    PanelPlan,
    burn_letter,
    join_grid,
)
from mmskin_build.demo.stored import Storage, store_picture
from mmskin_build.demo.text import (
    CREDITS,
    Modality,
    capitalized,
    fill,
    make_caption,
    make_panel_text,
    make_person,
    make_topic,
    pick,
)

CaptionForm = Literal["(a)", "A,", "range", "sides", "places", "last", "together"]
MODALITIES: tuple[Modality, ...] = ("clinical", "clinical", "dermoscopic", "pathological")
ASPECTS = (0.64, 0.7, 0.75, 0.82)
WIDE_PX, COLUMN_PX, PANEL_PX = 560, 400, 320


def draw_modality(rng: np.random.Generator) -> Modality:
    """Draw what a figure shows; clinical pictures are the commonest."""
    return MODALITIES[int(rng.integers(len(MODALITIES)))]


def _adapt(chapter: Chapter, text: str) -> str:
    """Replace what the chapter's caption font lacks."""
    if chapter.style.caption.font == "Vera":
        return text.replace("α", "alpha").replace("γ", "gamma")
    return text


def plan_single(
    chapter: Chapter,
    storage: Storage = "jpeg",
    *,
    modality: Modality | None = None,
    width_px: int = WIDE_PX,
    aspect: float | None = None,
    long: bool = False,
    letter_suffix: str = "",
    arrows: tuple[tuple[float, float], ...] = (),
    traps: Sequence[str] = (),
) -> FigurePlan:
    """Plan a figure of one picture; `letter_suffix` makes labels such as ``Fig. 4-2A``."""
    rng = chapter.rng
    modality = modality or draw_modality(rng)
    aspect = aspect or ASPECTS[int(rng.integers(len(ASPECTS)))]
    if modality == "dermoscopic":
        aspect = max(aspect, 0.75)
    picture = draw_picture(rng, modality, width_px, round(width_px * aspect))
    caption = _adapt(chapter, make_caption(rng, modality, long=long))
    if arrows:
        caption += " The arrows point to the margin."
    label = chapter.next_label()
    return FigurePlan(
        label=f"{label}{letter_suffix}" if label else None,
        caption=caption,
        panels=(PanelPlan(stored=store_picture(picture, storage), arrows=arrows),),
        traps=(
            *traps,
            *(() if storage == "jpeg" else (storage,)),
            *(("arrows",) if arrows else ()),
        ),
    )


def plan_clipped(chapter: Chapter, *, round_clip: bool, width_px: int = WIDE_PX) -> FigurePlan:
    """Plan a figure of which a clip path shows only a part, whole pixels of a lossless image."""
    plan = plan_single(chapter, "flate", modality="clinical", width_px=width_px, aspect=0.75)
    panel = plan.panels[0]
    if round_clip:
        return replace(
            plan, panels=(replace(panel, round_clip=True),), traps=("clip_ellipse", "flate")
        )
    high = round(width_px * 0.75)
    part = (width_px // 8, high // 6, width_px - width_px // 5, high - high // 8)
    return replace(plan, panels=(replace(panel, part_px=part),), traps=("clip_rect", "flate"))


def plan_face(chapter: Chapter, width_px: int = COLUMN_PX) -> FigurePlan:
    """Plan a drawn face whose eyes are covered by an opaque bar, painted by the page."""
    picture, eyes = draw_face(chapter.rng, width_px, round(width_px * 1.1))
    left, top, right, bottom = eyes
    bar = (left, top, right, bottom)
    caption = fill(chapter.rng, "Symmetrical {quality} patches on both cheeks of ")
    caption += make_person(chapter.rng) + " with rosacea."
    return FigurePlan(
        label=chapter.next_label(),
        caption=_adapt(chapter, capitalized(caption)),
        panels=(PanelPlan(stored=store_picture(picture, "flate"), bar_px=bar),),
        traps=("eye_bar", "flate"),
    )


def plan_chart(chapter: Chapter, which: int) -> FigurePlan:
    """Plan a vector drawing: 0 bars, 1 curves, 2 a diagram."""
    text = (
        "Clearance after twelve weeks in five treatment groups of {disease}.",
        "Share of patients with {disease} free of relapse, by treatment.",
        "Diagram of the layers of the skin; the ovals stand for adnexal structures.",
    )[which]
    return FigurePlan(
        label=chapter.next_label(),
        caption=_adapt(chapter, fill(chapter.rng, text)),
        panels=(PanelPlan(chart=CHARTS[which], aspect=0.6),),
        kind="nonphoto",
        traps=("vector",),
    )


def plan_panels(
    chapter: Chapter,
    count: int,
    *,
    form: CaptionForm = "(a)",
    letters: LetterPlace = "inside",
    columns: int | None = None,
    storage: Storage = "jpeg",
    modalities: Sequence[Modality] | None = None,
    first_letter: str = "a",
    width_px: int = PANEL_PX,
    one_raster: bool = False,
    topic: bool = True,
    traps: Sequence[str] = (),
) -> FigurePlan:
    """Plan a figure of `count` panels with a caption of `form`.

    Forms: ``(a)`` and ``A,`` name each panel; ``range`` gives the last two one text, ``(b, c)``;
    ``sides`` and ``places`` name no letters but left and right, or the four corners; ``last`` ends
    with a sentence that belongs to all; ``together`` says nothing of the single panels.
    """
    rng = chapter.rng
    letters_used = [chr(ord(first_letter) + i) for i in range(count)]
    if form == "A,":
        letters_used = [letter.upper() for letter in letters_used]
    modalities = modalities or [draw_modality(rng) for _ in range(count)]
    if form == "range":
        modalities = [*modalities[:-1], modalities[-2]]
    aspect = 0.76
    pictures = [draw_picture(rng, m, width_px, round(width_px * aspect)) for m in modalities]
    texts = [_adapt(chapter, make_panel_text(rng, m)) for m in modalities]
    while len(set(texts)) < count:
        texts = [_adapt(chapter, make_panel_text(rng, m)) for m in modalities]
    if form == "range":
        texts[-1] = texts[-2]
    head = _adapt(chapter, make_topic(rng)) + " " if topic else ""
    caption, names = _join_caption(rng, form, head, letters_used, texts)
    own: list[str | None] = [None] * count if form == "together" else list(texts)
    if letters == "burnt":
        pictures = [burn_letter(p, n) for p, n in zip(pictures, letters_used, strict=True)]
    panels: tuple[PanelPlan, ...]
    grid: tuple[tuple[int, int, int, int], ...] = ()
    columns = columns or count
    if one_raster:
        raster, grid = join_grid(pictures, columns)
        stored = [store_picture(raster, storage)] * count
    else:
        stored = [store_picture(p, storage) for p in pictures]
    panels = tuple(
        PanelPlan(stored=s, letter=name, text=text)
        for s, name, text in zip(stored, names, own, strict=True)
    )
    return FigurePlan(
        label=chapter.next_label(),
        caption=caption,
        panels=panels,
        letters=letters,
        columns=columns,
        traps=(
            f"panels_{form}",
            f"letters_{letters}",
            *(("one_raster",) if one_raster else ()),
            *(() if storage == "jpeg" else (storage,)),
            *traps,
        ),
        grid_px=grid,
    )


def _join_caption(
    rng: np.random.Generator, form: CaptionForm, head: str, letters: list[str], texts: list[str]
) -> tuple[str, list[str | None]]:
    """Return the caption and the panels' names for the truth."""
    names: list[str | None] = list(letters)
    if form == "together":
        return f"{head}Two views of the same lesions.", [None] * len(letters)
    if form == "A,":
        return head + " ".join(f"{n}, {t}." for n, t in zip(letters, texts, strict=True)), names
    if form == "range":
        single = [f"({n}) {t}." for n, t in zip(letters[:-2], texts[:-2], strict=True)]
        both = f"({letters[-2]}, {letters[-1]}) {texts[-1]}."
        return head + " ".join([*single, both]), names
    if form in ("sides", "places"):
        places = ("Left", "Right") if form == "sides" else PLACES
        parts = [f"{p}: {t}." for p, t in zip(places, texts, strict=True)]
        return head + " ".join(parts), list(places)
    parts = [f"({n}) {t}." for n, t in zip(letters, texts, strict=True)]
    if form == "last":
        parts.append(pick(rng, CREDITS))
    return head + " ".join(parts), names


PLACES = ("Top left", "Top right", "Bottom left", "Bottom right")
