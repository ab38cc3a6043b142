"""Pages of ordinary chapters: figures in one column, captions below or beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmskin_build.demo.chapters import (
    LEFT_PT,
    RIGHT_PT,
    Chapter,
    Column,
    fill_page,
    fill_text,
    full_column,
)
from mmskin_build.demo.pictures import draw_clinical
from mmskin_build.demo.placing import FigurePlan, PanelPlan, place_caption, place_figure
from mmskin_build.demo.plans import (
    COLUMN_PX,
    plan_panels,
    plan_single,
)
from mmskin_build.demo.sheet import Sheet
from mmskin_build.demo.stored import store_picture
from mmskin_build.demo.text import LESIONS, SHORT_SENTENCES, SITES, capitalized, fill, pick
from mmskin_build.geometry import Bbox

FIGURE_GAP_PT = 7.0  # figure to caption
TEXT_GAP_PT = 15.0  # caption to running text


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A way to make `pages` pages that follow each other; `make` paints them."""

    make: Callable[[Chapter, Sequence[Sheet]], None]
    pages: int = 1


def put_figure(
    chapter: Chapter,
    column: Column,
    plan: FigurePlan,
    *,
    share: float = 1.0,
    above: bool = False,
    box_color: int | None = None,
) -> Bbox:
    """Put figure and caption into `column` and move on below them; return the caption's box.

    `share` is the figure's part of the column's width; it is centered, and so is its caption.
    """
    width = column.width_pt * share
    x = column.x + (column.width_pt - width) / 2
    sheet, style = column.sheet, chapter.style
    inset = 5.0 if box_color is not None else 0.0

    def set_caption(y: float) -> Bbox:
        return place_caption(
            sheet,
            sheet.figures[-1:],
            plan.label,
            style.separator,
            plan.caption or "",
            x + inset,
            y,
            width - 2 * inset,
            style.caption,
            font=style.caption_font,
            box_color=box_color,
        )

    if above:
        # The caption's height is known only once it is set: measure on a sheet of its own.
        trial = Sheet(page_index=sheet.page_index, width_pt=width, height_pt=800.0)
        high = place_caption(
            trial, [], plan.label, style.separator, plan.caption or "", 0, 0, width, style.caption
        ).height
        place_figure(sheet, plan, x, column.y + high + FIGURE_GAP_PT, width)
        sheet.figures[-1].traps.append("caption_above")
        caption = set_caption(column.y)
        column.y = max(p.box.y1 for p in sheet.figures[-1].panels) + TEXT_GAP_PT
        return caption
    placed = place_figure(sheet, plan, x, column.y, width)
    caption = set_caption(placed.y1 + FIGURE_GAP_PT + (3 if box_color is not None else 0))
    column.y = caption.y1 + TEXT_GAP_PT
    return caption


def put_beside(
    chapter: Chapter, column: Column, plan: FigurePlan, *, caption_left: bool, share: float = 0.6
) -> None:
    """Put figure and caption side by side into `column` and move on below the lower of them."""
    wide = column.width_pt * share
    narrow = column.width_pt - wide - 12
    figure_x = column.x + (narrow + 12 if caption_left else 0)
    caption_x = column.x + (0 if caption_left else wide + 12)
    sheet, style = column.sheet, chapter.style
    placed = place_figure(sheet, plan, figure_x, column.y, wide)
    figure = sheet.figures[-1]
    figure.traps.append("caption_left" if caption_left else "caption_right")
    caption = place_caption(
        sheet,
        [figure],
        plan.label,
        style.separator,
        plan.caption or "",
        caption_x,
        column.y,
        narrow,
        style.caption,
        font=style.caption_font,
    )
    column.y = max(placed.y1, caption.y1) + TEXT_GAP_PT


# -------------------------------------------------------------------------------- one column


def make_opener(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A chapter's first page: number, title, a picture that bears no caption, text."""
    sheet = sheets[0]
    font = chapter.style.body.bold
    sheet.write(LEFT_PT, 100, f"Chapter {chapter.number}", font, 13, 0x1F4E79)
    sheet.write(LEFT_PT, 128, chapter.title, font, 20)
    top = 160.0
    if not sheet.scan:
        picture = store_picture(draw_clinical(chapter.rng, 480, 120), "jpeg")
        plan = FigurePlan(
            label=None,
            caption=None,
            panels=(PanelPlan(stored=picture),),
            ignore=True,
            traps=("chapter_opener", "no_caption"),
        )
        top = place_figure(sheet, plan, LEFT_PT, 146, RIGHT_PT - LEFT_PT).y1 + 22
    fill_page(chapter, sheet, top)


def make_one_figure(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """One figure between running text, caption below; the text goes on with a reference to it."""
    column = full_column(sheets[0])
    fill_text(chapter, column, 11)
    column.y += 10
    plan = plan_single(chapter, long=True)
    chapter.refer(plan.label)
    put_figure(chapter, column, plan, share=0.74)
    fill_text(chapter, column)


def make_two_figures(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Two figures on a page, one at the top, one below the middle."""
    column = full_column(sheets[0])
    first = plan_single(chapter, aspect=0.64)
    put_figure(chapter, column, first, share=0.62)
    chapter.refer(first.label)
    fill_text(chapter, column, 8)
    column.y += 10
    put_figure(chapter, column, plan_single(chapter, "cmyk_jpeg", aspect=0.64), share=0.62)
    fill_text(chapter, column)


def make_beside(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Two figures with their captions beside them, right and left."""
    column = full_column(sheets[0])
    fill_text(chapter, column, 4)
    column.y += 8
    put_beside(chapter, column, plan_single(chapter, aspect=0.75), caption_left=False)
    fill_text(chapter, column, 7)
    column.y += 8
    put_beside(chapter, column, plan_single(chapter, aspect=0.75, long=True), caption_left=True)
    fill_text(chapter, column)


def make_panel_pair(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Two panels with letters on the pictures, then a single figure."""
    column = full_column(sheets[0])
    put_figure(chapter, column, plan_panels(chapter, 2, form="(a)"))
    fill_text(chapter, column, 9)
    column.y += 10
    plan = plan_single(chapter, aspect=0.64, traps=("reference",))
    chapter.refer(plan.label)
    put_figure(chapter, column, plan, share=0.55)
    fill_text(chapter, column)


def make_raster_grid(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """One raster of four panels, white gutters, burnt-in letters, caption ``A, ... B, ...``."""
    column = full_column(sheets[0])
    fill_text(chapter, column, 5)
    column.y += 10
    plan = plan_panels(
        chapter, 4, form="A,", letters="burnt", columns=2, storage="flate", one_raster=True
    )
    put_figure(chapter, column, plan, share=0.84)
    fill_text(chapter, column)


def make_arrows_and_table(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A picture with arrows painted over it, and a table, which is no figure."""
    column = full_column(sheets[0])
    arrows = ((0.45, 0.4), (0.7, 0.62))
    plan = plan_single(chapter, "flate", width_px=COLUMN_PX, aspect=0.7, arrows=arrows)
    put_figure(chapter, column, plan, share=0.62)
    fill_text(chapter, column, 6)
    column.y += 12
    _put_table(chapter, column)
    fill_text(chapter, column)


def _put_table(chapter: Chapter, column: Column) -> None:
    sheet, style, rng = column.sheet, chapter.style.caption, chapter.rng
    chapter.table_count += 1
    label = f"Table {chapter.number}.{chapter.table_count}"
    top = column.y
    place_caption(
        sheet, [], label, ". ", "Sites and lesions by frequency.", column.x, top, 400, style
    )
    y = top + 16
    sheet.draw_line((column.x, y), (column.x + column.width_pt, y), width_pt=1.0)
    for row in range(7):
        cells = (
            ("Site", "Lesion", "Patients", "Share")
            if row == 0
            else (
                capitalized(pick(rng, SITES)),
                capitalized(pick(rng, LESIONS)),
                str(int(rng.integers(4, 90))),
                f"{int(rng.integers(2, 60))} %",
            )
        )
        y += 14
        for index, cell in enumerate(cells):
            font = style.bold if row == 0 else style.font
            sheet.write(column.x + (4, 140, 290, 370)[index], y - 4, cell, font, 8.0)
        if row in (0, 6):
            sheet.draw_line((column.x, y), (column.x + column.width_pt, y))
    sheet.not_figures.append((Bbox(column.x, top, column.x + column.width_pt, y), "table"))
    column.y = y + TEXT_GAP_PT


def make_text_box(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A figure and a shaded text box, which is no figure."""
    sheet = sheets[0]
    column = full_column(sheet)
    put_figure(chapter, column, plan_panels(chapter, 2, form="(a)", letters="burnt"), share=0.84)
    fill_text(chapter, column, 6)
    column.y += 10
    box = Bbox(column.x, column.y, column.x + column.width_pt, column.y + 92)
    sheet.fill_box(box, 0xF3EBDD, 0xB09A70)
    sheet.write(box.x0 + 10, box.y0 + 18, "Key points", chapter.style.body.bold, 11)
    for index, sentence in enumerate(SHORT_SENTENCES):
        point = capitalized(fill(chapter.rng, sentence))
        sheet.write(box.x0 + 12, box.y0 + 35 + 14 * index, f"• {point}", "Times-Roman", 9)
    sheet.not_figures.append((box, "text box"))
    column.y = box.y1 + TEXT_GAP_PT
    fill_text(chapter, column)


def make_text_only(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Running text and nothing else."""
    fill_page(chapter, sheets[0])
