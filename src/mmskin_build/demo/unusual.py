"""Pages of unusual chapters: margins, facing pages, turned pages, captions above, plates, scans."""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.demo.chapters import (
    BOTTOM_PT,
    LEFT_PT,
    RIGHT_PT,
    TOP_PT,
    Chapter,
    Column,
    fill_page,
    fill_text,
    full_column,
    split_columns,
)
from mmskin_build.demo.layouts import FIGURE_GAP_PT, TEXT_GAP_PT, put_beside, put_figure
from mmskin_build.demo.pictures import draw_picture
from mmskin_build.demo.placing import (
    FigurePlan,
    PanelPlan,
    place_caption,
    place_figure,
    plain_caption,
)
from mmskin_build.demo.plans import (
    COLUMN_PX,
    plan_clipped,
    plan_panels,
    plan_single,
)
from mmskin_build.demo.sheet import DrawnFigure, Run, Sheet, TextOp
from mmskin_build.demo.stored import store_picture
from mmskin_build.demo.text import Modality, make_caption, make_panel_text, make_topic
from mmskin_build.geometry import Bbox

MARGIN_PT = 118.0  # width of the caption column beside the text
GARBLED = str.maketrans("aeiourstnlcdm", "4ûø¡çx7z$¬w§q")


def _caption_for(
    chapter: Chapter, sheet: Sheet, figures: Sequence[DrawnFigure], plan: FigurePlan, box: Bbox
) -> Bbox:
    return place_caption(
        sheet,
        figures,
        plan.label,
        chapter.style.separator,
        plan.caption or "",
        box.x0,
        box.y0,
        box.width,
        chapter.style.caption,
        font=chapter.style.caption_font,
    )


# ------------------------------------------------------------------------------ margin chapter


def make_margin_page(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Text and figures in a narrow column, captions in the outer margin, level with the figures."""
    sheet = sheets[0]
    even = sheet.page_index % 2 == 0
    margin_x = RIGHT_PT - MARGIN_PT if even else LEFT_PT
    column_x = LEFT_PT if even else LEFT_PT + MARGIN_PT + 14
    width = RIGHT_PT - LEFT_PT - MARGIN_PT - 14
    column = Column(sheet=sheet, x=column_x, y=TOP_PT, width_pt=width, bottom=BOTTOM_PT)
    shown: tuple[tuple[int, Modality], ...] = ((3, "clinical"), (5, "pathological"))
    for lines, modality in shown:
        fill_text(chapter, column, lines)
        column.y += 8
        plan = plan_single(chapter, modality=modality, aspect=0.64, width_px=420)
        placed = place_figure(sheet, plan, column.x, column.y, width)
        figure = sheet.figures[-1]
        figure.traps.append("caption_right" if even else "caption_left")
        figure.traps.append("caption_margin")
        area = Bbox(margin_x, column.y, margin_x + MARGIN_PT, BOTTOM_PT)
        caption = _caption_for(chapter, sheet, [figure], plan, area)
        column.y = max(placed.y1, caption.y1) + TEXT_GAP_PT
    fill_text(chapter, column)


def make_facing(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A full-page picture whose caption stands at the top of the facing page, before its text."""
    plan = plan_single(chapter, aspect=1.25, modality="clinical", width_px=420, long=True)
    place_figure(sheets[0], plan, LEFT_PT, TOP_PT + 4, RIGHT_PT - LEFT_PT)
    figure = sheets[0].figures[-1]
    figure.traps.append("caption_facing")
    column = full_column(sheets[1])
    caption = _caption_for(
        chapter, sheets[1], [figure], plan, Bbox(column.x, column.y, RIGHT_PT - 60, BOTTOM_PT)
    )
    fill_page(chapter, sheets[1], caption.y1 + 20)


def make_turned_page(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A landscape page by /Rotate 90: three panels with letters on them, caption below."""
    sheet = sheets[0]
    plan = plan_panels(
        chapter, 3, form="last", letters="inside", width_px=300, traps=("page_rotate_90",)
    )
    width = sheet.width_pt - 2 * LEFT_PT
    placed = place_figure(sheet, plan, LEFT_PT, 90, width)
    area = Bbox(LEFT_PT, placed.y1 + FIGURE_GAP_PT, sheet.width_pt - LEFT_PT, sheet.height_pt)
    caption = _caption_for(chapter, sheet, sheet.figures[-1:], plan, area)
    column = Column(
        sheet=sheet,
        x=LEFT_PT,
        y=caption.y1 + 20,
        width_pt=width,
        bottom=sheet.height_pt - 68,
    )
    fill_text(chapter, column)


def make_turned_figure(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A figure and its caption typeset sideways on an upright page."""
    inner = Sheet(
        page_index=sheets[0].page_index,
        width_pt=BOTTOM_PT - TOP_PT,
        height_pt=RIGHT_PT - LEFT_PT,
    )
    plan = plan_single(chapter, "flate", aspect=0.62, traps=("typeset_rotated",))
    placed = place_figure(inner, plan, 16, 4, inner.width_pt - 32)
    area = Bbox(16, placed.y1 + FIGURE_GAP_PT, inner.width_pt - 16, inner.height_pt)
    _caption_for(chapter, inner, inner.figures[-1:], plan, area)
    sheets[0].turn_in(inner, LEFT_PT, TOP_PT)


# ------------------------------------------------------------------------------ captions above


def make_above_columns(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Captions above the figures: a JPX image in one column, an indexed one in the other."""
    left, right = split_columns(sheets[0])
    put_figure(
        chapter, left, plan_single(chapter, "jpx", width_px=COLUMN_PX, aspect=0.75), above=True
    )
    fill_text(chapter, left)
    fill_text(chapter, right, 14)
    right.y += 8
    put_figure(
        chapter,
        right,
        plan_single(chapter, "indexed", modality="pathological", width_px=COLUMN_PX, aspect=0.75),
        above=True,
    )
    fill_text(chapter, right)


def make_above_masked(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Captions above: a picture with a soft mask, and one clipped to an ellipse."""
    left, right = split_columns(sheets[0])
    fill_text(chapter, left, 5)
    left.y += 8
    put_figure(
        chapter,
        left,
        plan_single(chapter, "soft_mask", modality="clinical", width_px=COLUMN_PX, aspect=0.75),
        above=True,
    )
    fill_text(chapter, left)
    put_figure(
        chapter, right, plan_clipped(chapter, round_clip=True, width_px=COLUMN_PX), above=True
    )
    fill_text(chapter, right)


def make_above_sides(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Captions above: two pictures called left and right; a picture that is not available."""
    sheet = sheets[0]
    column = full_column(sheet)
    plan = plan_panels(chapter, 2, form="sides", letters="none")
    put_figure(chapter, column, plan, above=True, share=0.9)
    label = chapter.next_label() or ""
    left, right = split_columns(sheet, column.y)
    fill_text(chapter, left)
    text = make_caption(chapter.rng, "pathological")
    style = chapter.style
    caption = place_caption(
        sheet, [], label, style.separator, text, right.x, right.y, right.width_pt, style.caption
    )
    frame = Bbox(right.x, caption.y1 + 6, right.x + right.width_pt, caption.y1 + 116)
    sheet.fill_box(frame, None, 0x606060)
    sheet.write_centered(frame.center[0], frame.center[1], "Image not available", "Helvetica", 8)
    sheet.orphans.append((caption, label, f"{label}{style.separator}{plain_caption(text)}"))
    sheet.not_figures.append((frame, "frame of a picture that is not available"))
    right.y = frame.y1 + TEXT_GAP_PT
    fill_text(chapter, right)


# ---------------------------------------------------------------------------- without numbers


def make_unnumbered(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """Two photographs whose captions bear no number: small italics below."""
    column = full_column(sheets[0])
    fill_text(chapter, column, 6)
    column.y += 8
    plan = plan_single(chapter, aspect=0.64, traps=("unnumbered",))
    put_figure(chapter, column, plan, share=0.6)
    fill_text(chapter, column, 7)
    column.y += 8
    plan = plan_single(chapter, aspect=0.64, traps=("unnumbered",))
    put_figure(chapter, column, plan, share=0.6)
    fill_text(chapter, column)


# -------------------------------------------------------------------------------------- plates


def make_plate(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A plate of four pictures on each page but the last, which bears its one caption block.

    The pages of the plate are figures of their own; each carries the whole block.
    """
    label = chapter.next_label() or ""
    rng, figures, parts = chapter.rng, [], []
    letter = "a"
    for page, sheet in enumerate(sheets[:-1]):
        sheet.write_centered(sheet.width_pt / 2, TOP_PT + 4, label.upper(), "Times-Roman", 11)
        panels = []
        for _ in range(4):
            modality: Modality = "clinical" if page == 0 else "pathological"
            stored = store_picture(draw_picture(rng, modality, 280, 320), "jpeg")
            text = make_panel_text(rng, modality)
            panels.append(PanelPlan(stored=stored, letter=letter, text=text))
            parts.append(f"({letter}) {text}.")
            letter = chr(ord(letter) + 1)
        plan = FigurePlan(
            label=label,
            caption=None,
            panels=tuple(panels),
            letters="inside",
            columns=2,
            gap_pt=6.0,
            traps=("plate", "caption_facing", "panels_(a)"),
        )
        place_figure(sheet, plan, LEFT_PT, TOP_PT + 16, RIGHT_PT - LEFT_PT)
        figures.append(sheet.figures[-1])
    last = sheets[-1]
    text = f"{make_topic(rng)} {' '.join(parts)}"
    block = FigurePlan(label=label, caption=text, panels=())
    area = Bbox(LEFT_PT, TOP_PT, RIGHT_PT, BOTTOM_PT)
    caption = _caption_for(chapter, last, figures, block, area)
    fill_page(chapter, last, caption.y1 + 24)


# --------------------------------------------------------------------------------------- scans


def make_scanned_one(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A scanned page with one figure between its text."""
    column = full_column(sheets[0])
    fill_text(chapter, column, 10)
    column.y += 12
    put_figure(chapter, column, plan_single(chapter, aspect=0.64, traps=("scan",)), share=0.72)
    fill_text(chapter, column)


def make_scanned_two(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A scanned page with two figures; one has its caption beside it."""
    column = full_column(sheets[0])
    put_figure(
        chapter,
        column,
        plan_single(chapter, modality="clinical", aspect=0.64, traps=("scan",)),
        share=0.62,
    )
    column.y += 4
    fill_text(chapter, column, 8)
    column.y += 10
    plan = plan_single(chapter, modality="clinical", aspect=0.75, traps=("scan",))
    put_beside(chapter, column, plan, caption_left=False)
    fill_text(chapter, column)


def make_scanned_hidden(chapter: Chapter, sheets: Sequence[Sheet]) -> None:
    """A scanned page with a figure, under which lies an invisible text layer of nonsense."""
    sheet = sheets[0]
    sheet.hidden_text = True
    column = full_column(sheet)
    fill_text(chapter, column, 7)
    column.y += 12
    plan = plan_single(chapter, modality="dermoscopic", aspect=0.75, traps=("scan", "hidden_text"))
    put_figure(chapter, column, plan, share=0.6)
    fill_text(chapter, column)


def garble(op: TextOp) -> TextOp:
    """Return `op` as a bad OCR of long ago would have left it: invisible, letters mistaken."""
    text = "".join(run.text for run in op.runs).translate(GARBLED)
    size = op.runs[0].size_pt
    return TextOp(
        x=op.x,
        y=op.y,
        runs=(Run(text=text, font="Helvetica", size_pt=size),),
        invisible=True,
    )
