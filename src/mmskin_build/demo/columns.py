"""Pages of ordinary chapters in two columns, captions below the figures."""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.demo.chapters import (
    LEFT_PT,
    RIGHT_PT,
    Chapter,
    fill_page,
    fill_text,
    full_column,
    split_columns,
)
from mmskin_build.demo.layouts import FIGURE_GAP_PT, TEXT_GAP_PT, put_figure
from mmskin_build.demo.placing import place_caption, place_figure
from mmskin_build.demo.plans import (
    COLUMN_PX,
    plan_chart,
    plan_clipped,
    plan_face,
    plan_panels,
    plan_single,
)
from mmskin_build.demo.sheet import Sheet
from mmskin_build.demo.stored import Storage
from mmskin_build.demo.text import Modality

CAPTION_TINT = 0xE7EEF5


def make_column_figures(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Figures in two columns at different heights, captions below."""
    left, right = split_columns(sheets[0])
    for column, lines in ((left, 0), (left, 7), (right, 8), (right, 5)):
        if lines:
            fill_text(chapter, column, lines)
            column.y += 10
        plan = plan_single(chapter, width_px=COLUMN_PX, aspect=0.72, traps=("two_columns",))
        put_figure(chapter, column, plan)
        chapter.refer(plan.label)
    fill_text(chapter, left)
    fill_text(chapter, right)


def make_wide_figure(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Three panels across both columns, letters below the pictures, text in two columns."""
    column = full_column(sheets[0])
    plan = plan_panels(chapter, 3, form="range", letters="below", width_px=220)
    put_figure(chapter, column, plan)
    for half, lines in zip(split_columns(sheets[0], column.y), (9, 4), strict=True):
        fill_text(chapter, half, lines)
        half.y += 8
        put_figure(chapter, half, plan_single(chapter, width_px=COLUMN_PX))
        fill_text(chapter, half)


def make_split_label(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """``Fig. 2-4A`` and ``Fig. 2-4B``, two figures with a caption each, side by side."""
    columns = split_columns(sheets[0])
    plans = []
    for suffix in "AB":
        plans.append(
            plan_single(
                chapter, width_px=COLUMN_PX, aspect=0.76, letter_suffix=suffix, traps=("suffix",)
            )
        )
        if suffix == "A":
            chapter.figure_count -= 1
    for column, plan in zip(columns, plans, strict=True):
        put_figure(chapter, column, plan)
        fill_text(chapter, column)


def make_strips_and_bar(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A photograph kept as strips, and a face whose eyes are under an opaque bar."""
    left, right = split_columns(sheets[0])
    fill_text(chapter, left, 9)
    left.y += 8
    put_figure(chapter, left, plan_single(chapter, "strips", width_px=COLUMN_PX, aspect=0.7))
    fill_text(chapter, left, 5)
    left.y += 8
    put_figure(chapter, left, plan_single(chapter, width_px=COLUMN_PX, aspect=0.7))
    fill_text(chapter, left)
    put_figure(chapter, right, plan_face(chapter))
    fill_text(chapter, right)


def make_chart_and_photo(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Two vector charts in one column, a photograph kept as tiles in the other."""
    left, right = split_columns(sheets[0])
    put_figure(chapter, left, plan_chart(chapter, 0))
    fill_text(chapter, left, 9)
    left.y += 8
    put_figure(chapter, left, plan_chart(chapter, 1))
    fill_text(chapter, left)
    fill_text(chapter, right, 20)
    right.y += 8
    put_figure(chapter, right, plan_single(chapter, "tiles", width_px=COLUMN_PX))
    fill_text(chapter, right)


def make_boxed_caption(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A clipped photograph whose caption stands in a colored box; a diagram."""
    left, right = split_columns(sheets[0])
    fill_text(chapter, left, 6)
    left.y += 8
    put_figure(chapter, left, plan_clipped(chapter, round_clip=False), box_color=CAPTION_TINT)
    left.y += 4
    fill_text(chapter, left)
    put_figure(chapter, right, plan_chart(chapter, 2))
    fill_text(chapter, right, 14)
    right.y += 8
    put_figure(chapter, right, plan_single(chapter, "gray_jpeg", width_px=COLUMN_PX))
    fill_text(chapter, right)


def make_continued(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Four panels, and overleaf their continuation with two more and a caption of its own."""
    column = full_column(sheets[0])
    plan = plan_panels(
        chapter, 4, letters="inside", columns=2, modalities=["clinical"] * 4, traps=("continued",)
    )
    put_figure(chapter, column, plan, share=0.94)
    fill_page(chapter, sheets[0], column.y)
    column = full_column(sheets[1])
    chapter.figure_count -= 1
    rest = plan_panels(
        chapter,
        2,
        letters="inside",
        first_letter="e",
        modalities=["pathological", "dermoscopic"],
        topic=False,
        traps=("continued",),
    )
    placed = place_figure(sheets[1], rest, column.x, column.y, column.width_pt)
    caption = place_caption(
        sheets[1],
        sheets[1].figures[-1:],
        rest.label,
        " ",
        f"(continued) {rest.caption}",
        column.x,
        placed.y1 + FIGURE_GAP_PT,
        column.width_pt,
        chapter.style.caption,
    )
    fill_page(chapter, sheets[1], caption.y1 + TEXT_GAP_PT)


def make_four_figures(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Four figures of different height; the first shows two views that no letter names."""
    columns = split_columns(sheets[0])
    for column in columns:
        for _ in range(2):
            if column.sheet.figures:
                plan = plan_single(chapter, width_px=COLUMN_PX)
            else:
                views: tuple[Modality, ...] = ("clinical", "clinical")
                plan = plan_panels(
                    chapter, 2, form="together", letters="none", modalities=views, width_px=240
                )
            put_figure(chapter, column, plan)
            fill_text(chapter, column, 3)
            column.y += 10
    for column in columns:
        fill_text(chapter, column)


def make_two_column_opener(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A chapter's first page with its title across both columns and a figure in the second."""
    sheet = sheets[0]
    sheet.write(LEFT_PT, 92, f"{chapter.number}", chapter.style.body.bold, 30, 0x1F4E79)
    sheet.write(LEFT_PT + 40, 92, chapter.title, chapter.style.body.bold, 20)
    sheet.draw_line((LEFT_PT, 104), (RIGHT_PT, 104), width_pt=1.2)
    left, right = split_columns(sheet, 122)
    fill_text(chapter, left)
    fill_text(chapter, right, 15)
    right.y += 8
    put_figure(chapter, right, plan_single(chapter, width_px=COLUMN_PX))
    fill_text(chapter, right)


def make_page_grid(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A page of four figures in two columns; one has panels named by their places."""
    left, right = split_columns(sheets[0])
    stored: tuple[Storage, ...] = ("cmyk_flate", "gray", "jpeg")
    plans = [
        plan_panels(chapter, 4, form="places", letters="none", columns=2, width_px=200),
        *(
            plan_single(chapter, storage, modality="clinical", width_px=COLUMN_PX, aspect=0.7)
            for storage in stored
        ),
    ]
    for column, plan in zip((left, left, right, right), plans, strict=True):
        put_figure(chapter, column, plan)
        fill_text(chapter, column, 4)
        column.y += 10
    for column in (left, right):
        fill_text(chapter, column)
