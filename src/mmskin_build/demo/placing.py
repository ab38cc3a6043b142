"""Put figures on sheets: panels side by side, letters, arrows, bars, clips, captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmskin_build.demo.charts import DrawChart
from mmskin_build.demo.pictures import Rgb
from mmskin_build.demo.render import font_path
from mmskin_build.demo.sheet import (
    DrawnFigure,
    DrawnPanel,
    PictureOp,
    ShapeOp,
    Sheet,
    TextStyle,
    break_lines,
    make_words,
    set_lines,
)
from mmskin_build.demo.stored import StoredPicture
from mmskin_build.demo.truth import BoxPx, PaintedTruth
from mmskin_build.geometry import Bbox, union_all
from mmskin_build.records import FigureKind

LetterPlace = Literal["inside", "below", "burnt", "none"]
LETTER_PT = 10.0
BURNT_PX = 26
GUTTER_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlan:
    """One picture to be placed: a stored one, or a vector drawing of `aspect` (height over width).

    `part_px` is the part of the stored picture that a clip path shows. `arrows` are tips in the
    unit square; `bar_px` is painted black.
    """

    stored: StoredPicture | None = None
    chart: DrawChart | None = None
    aspect: float = 0.75
    letter: str | None = None
    text: str | None = None
    part_px: BoxPx | None = None
    round_clip: bool = False
    arrows: tuple[tuple[float, float], ...] = ()
    bar_px: BoxPx | None = None


_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePlan:
    """A figure to be placed; `caption` is without the label, ``^`` marks superscripts.

    `grid_px` are the panels' boxes when one raster, the stored picture of the first panel, holds
    them all.
    """

    label: str | None
    caption: str | None
    panels: tuple[PanelPlan, ...]
    letters: LetterPlace = "none"
    columns: int = 1
    gap_pt: float = 4.0
    kind: FigureKind = "photo"
    traps: tuple[str, ...] = ()
    ignore: bool = False
    grid_px: tuple[BoxPx, ...] = ()


def plain_caption(text: str) -> str:
    """Return a caption as it is read: what stands between ``^`` as superscript characters."""
    pieces = text.split("^")
    return "".join(
        piece.translate(_SUPERSCRIPTS) if index % 2 else piece for index, piece in enumerate(pieces)
    )


def burn_letter(picture: Rgb, letter: str) -> Rgb:
    """Return a copy of `picture` with `letter` in a white square in its upper left corner."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(font_path("VeraBd")), BURNT_PX * 0.8)
    pen.rectangle((6, 6, 6 + BURNT_PX, 6 + BURNT_PX), fill="white")
    middle = 6 + BURNT_PX / 2
    pen.text((middle, middle), letter, fill="black", font=font, anchor="mm")
    return np.asarray(image, dtype=np.uint8)


def join_grid(pictures: Sequence[Rgb], columns: int) -> tuple[Rgb, tuple[BoxPx, ...]]:
    """Put equal-sized `pictures` into one raster with white gutters; also return their boxes."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    size = (
        rows * height + (rows - 1) * GUTTER_PX,
        columns * width + (columns - 1) * GUTTER_PX,
        3,
    )
    raster = np.full(size, 255, np.uint8)
    boxes = []
    for index, picture in enumerate(pictures):
        top = index // columns * (height + GUTTER_PX)
        left = index % columns * (width + GUTTER_PX)
        raster[top : top + height, left : left + width] = picture
        boxes.append((left, top, left + width, top + height))
    return raster, tuple(boxes)


def place_figure(sheet: Sheet, plan: FigurePlan, x: float, y: float, width_pt: float) -> Bbox:
    """Paint the panels of `plan` from (`x`, `y`), `width_pt` wide; keep the truth in `sheet`.

    Returns:
        The box of all that was painted, letters below the panels included.
    """
    figure = DrawnFigure(
        page_index=sheet.page_index,
        panels=[],
        kind=plan.kind,
        traps=list(plan.traps),
        ignore=plan.ignore,
    )
    bottom = y
    if plan.grid_px:
        bottom = _place_grid(sheet, figure, plan, x, y, width_pt)
    else:
        cell = (width_pt - plan.gap_pt * (plan.columns - 1)) / plan.columns
        for start in range(0, len(plan.panels), plan.columns):
            top = bottom + plan.gap_pt if start else y
            row = plan.panels[start : start + plan.columns]
            high = 0.0
            for column, panel in enumerate(row):
                left = x + column * (cell + plan.gap_pt)
                aspect = _shown_aspect(panel)
                box = Bbox(left, top, left + cell, top + cell * aspect)
                figure.panels.append(_place_panel(sheet, panel, box, plan.letters))
                high = max(high, box.height)
            bottom = top + high + (LETTER_PT + 4 if plan.letters == "below" else 0.0)
    sheet.figures.append(figure)
    shown = union_all(panel.box for panel in figure.panels)
    return Bbox(shown.x0, shown.y0, shown.x1, max(shown.y1, bottom))


def _shown_aspect(panel: PanelPlan) -> float:
    if panel.part_px is not None:
        left, top, right, bottom = panel.part_px
        return (bottom - top) / (right - left)
    return panel.stored.aspect if panel.stored is not None else panel.aspect


def _place_grid(
    sheet: Sheet, figure: DrawnFigure, plan: FigurePlan, x: float, y: float, width_pt: float
) -> float:
    stored = plan.panels[0].stored
    if stored is None:
        raise ValueError(f"{plan.label}: a raster of several panels needs a stored picture")
    scale = width_pt / stored.pixels.shape[1]
    box = Bbox(x, y, x + width_pt, y + stored.pixels.shape[0] * scale)
    sheet.ops.append(PictureOp(stored=stored, box=box))
    for panel, (left, top, right, bottom) in zip(plan.panels, plan.grid_px, strict=True):
        figure.panels.append(
            DrawnPanel(
                box=Bbox(x + left * scale, y + top * scale, x + right * scale, y + bottom * scale),
                letter=panel.letter,
                text=panel.text,
                pixels=stored.pixels[top:bottom, left:right],
                rule="cut" if stored.rule == "exact" else stored.rule,
            )
        )
    return box.y1


def _place_panel(sheet: Sheet, panel: PanelPlan, box: Bbox, letters: LetterPlace) -> DrawnPanel:
    drawn = DrawnPanel(box=box, letter=panel.letter, text=panel.text)
    if panel.stored is not None:
        _paint_stored(sheet, panel, panel.stored, box, drawn)
    elif panel.chart is not None:
        panel.chart(np.random.default_rng(len(sheet.ops) + 7 * sheet.page_index), sheet, box)
    if panel.letter is None:
        return drawn
    if letters == "inside":
        color = _pick_letter_color(drawn)
        ink = sheet.write(box.x0 + 6, box.y1 - 6, panel.letter, "Helvetica-Bold", LETTER_PT, color)
        _note_painted(drawn, "letter", ink)
    elif letters == "below":
        sheet.write_centered(
            box.center[0], box.y1 + LETTER_PT + 1, panel.letter, "Helvetica-Bold", LETTER_PT - 1
        )
    return drawn


def _paint_stored(
    sheet: Sheet, panel: PanelPlan, stored: StoredPicture, box: Bbox, drawn: DrawnPanel
) -> None:
    height, width = stored.pixels.shape[:2]
    left, top, right, bottom = panel.part_px or (0, 0, width, height)
    scale = box.width / (right - left)
    whole = Bbox(
        box.x0 - left * scale,
        box.y0 - top * scale,
        box.x0 + (width - left) * scale,
        box.y0 + (height - top) * scale,
    )
    clipped = panel.part_px is not None or panel.round_clip
    sheet.ops.append(
        PictureOp(
            stored=stored,
            box=whole,
            clip=box if clipped else None,
            round_clip=panel.round_clip,
        )
    )
    drawn.pixels = stored.pixels[top:bottom, left:right]
    drawn.rule = stored.rule
    if panel.round_clip:
        drawn.pixels = _whiten_outside(drawn.pixels)
        drawn.rule = "outline"
    for tip_x, tip_y in panel.arrows:
        _paint_arrow(sheet, drawn, box, tip_x, tip_y)
    if panel.bar_px is not None:
        a, b, c, d = panel.bar_px
        bar = Bbox(box.x0 + a * scale, box.y0 + b * scale, box.x0 + c * scale, box.y0 + d * scale)
        sheet.fill_box(bar, 0x000000)
        drawn.painted.append(PaintedTruth(kind="bar", box_px=panel.bar_px))


def _whiten_outside(pixels: Rgb) -> Rgb:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width] + 0.5
    outside = (2 * x / width - 1) ** 2 + (2 * y / height - 1) ** 2 > 1
    shown = pixels.copy()
    shown[outside] = 255
    return shown


def _pick_letter_color(drawn: DrawnPanel) -> int:
    """Return black for a bright lower left corner, else white."""
    if drawn.pixels is None:
        return 0x000000
    height, width = drawn.pixels.shape[:2]
    corner = drawn.pixels[height * 7 // 8 :, : width // 8]
    return 0x000000 if corner.mean() > 165 else 0xFFFFFF


def _note_painted(drawn: DrawnPanel, kind: Literal["bar", "arrow", "letter"], ink: Bbox) -> None:
    if drawn.pixels is None:
        return
    height, width = drawn.pixels.shape[:2]
    sx, sy = width / drawn.box.width, height / drawn.box.height
    inside = ink.expand(1.0).intersect(drawn.box)
    drawn.painted.append(
        PaintedTruth(
            kind=kind,
            box_px=(
                int((inside.x0 - drawn.box.x0) * sx),
                int((inside.y0 - drawn.box.y0) * sy),
                min(width, int((inside.x1 - drawn.box.x0) * sx) + 1),
                min(height, int((inside.y1 - drawn.box.y0) * sy) + 1),
            ),
        )
    )


def _paint_arrow(sheet: Sheet, drawn: DrawnPanel, box: Bbox, tip_x: float, tip_y: float) -> None:
    x, y = box.x0 + tip_x * box.width, box.y0 + tip_y * box.height
    sheet.draw_line((x - 20, y - 20), (x - 4, y - 4), color=0xFFFF00, width_pt=2.0)
    head = ((x, y), (x - 9, y - 3.5), (x - 3.5, y - 9))
    sheet.ops.append(ShapeOp(points=head, fill=0xFFFF00))
    _note_painted(drawn, "arrow", Bbox(x - 21, y - 21, x, y))


def place_caption(
    sheet: Sheet,
    figures: Sequence[DrawnFigure],
    label: str | None,
    separator: str,
    text: str,
    x: float,
    y: float,
    width_pt: float,
    style: TextStyle,
    *,
    font: str | None = None,
    box_color: int | None = None,
) -> Bbox:
    """Set a caption with its top at `y` and bind it to `figures`; return the box of its text.

    The label, with `separator` after it, is bold; the text is in `font` (default: the style's).
    """
    words = make_words((label or "") + separator.rstrip(), style.bold, style, style.label_color)
    words += make_words(text, font or style.font, style)
    lines = break_lines(words, width_pt)
    if box_color is not None:
        high = (len(lines) - 1) * style.leading_pt + style.size_pt
        sheet.fill_box(Bbox(x - 5, y - 4, x + width_pt + 5, y + high + 4), box_color)
    box = set_lines(sheet, lines, x, y, width_pt, style)
    printed = f"{label}{separator}{plain_caption(text)}" if label else plain_caption(text)
    for figure in figures:
        figure.label = label
        figure.caption = " ".join(printed.split())
        figure.caption_text = plain_caption(text)
        figure.caption_box = box
        figure.caption_page = sheet.page_index
        if any(line.hyphenated for line in lines):
            figure.traps.append("hyphenation")
    return box
