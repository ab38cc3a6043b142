"""Less regular plates: drawings with letters between them, insets, holes, specimens on black.

Each kind is made as publishers make it, with a lettered caption. The truth of a drawing or of a
specimen is the box around its ink, that of a photograph its edges.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from panel_captions import draw_caption
from panel_layouts import PixelBox, draw_plate
from panel_pages import (
    Case,
    Look,
    Page,
    PanelTruth,
    draw_panel,
    letter_font,
    letter_mark,
    stamp_letter,
)
from PIL import Image, ImageDraw

KINDS = ("drawings", "specimens", "inset", "hole", "gray gutters", "close objects", "glass", "pair")
PLATES = 120
_FORMS = ("(a)", "A,", "A:", "a)", "A.")

Drawn = tuple[Image.Image, list[PixelBox]]


def draw_plate_case(number: int, folder: Path) -> Case:
    """Write ``case<number>.pdf`` with a plate of one of `KINDS`; equal numbers, equal pages."""
    rng = random.Random(f"plates {number}")
    kind = KINDS[number % len(KINDS)]
    look = Look(
        style=rng.choice(("bare", "bare", "box", "circle")),
        corner=rng.choice((0, 0, 0, 1, 2)),
        bright=rng.random() < 0.5,
        size=0.12,
        margin=rng.choice((0.0, 0.02, 0.04)),
        bold=rng.random() < 0.6,
        upper=rng.random() < 0.6,
        suffix=rng.choice(("", "", "()", ")")),
    )
    page = Page(folder / f"case{number:03d}.pdf", rng)
    draw = _DRAWS[kind]
    picture, boxes = draw(rng, look)
    caption = draw_caption(rng, "plate", len(boxes), 9, 9, rng.choice(_FORMS))
    scale = page.place_plate(picture.size, 0)
    if kind == "close objects":
        for box in boxes:
            page.picture(picture.crop(box), box, rng)
    else:
        page.picture(picture, (0, 0, *picture.size), rng)
    page.finish(caption.text, number)
    panels = tuple(
        PanelTruth(page.to_points(box), letter, part)
        for box, letter, part in zip(boxes, caption.letters, caption.parts, strict=True)
    )
    traits = {
        "kind": kind,
        "lettering": look.style,
        "mark": {"()": "(a)", ")": "a)", "": "a"}[look.suffix],
        "caption": caption.form,
        "storage": page.stored,
        "scale": f"{scale:.2f}",
    }
    return Case(number, panels, caption.text, traits)


def _letters(count: int, look: Look) -> list[str]:
    return [letter_mark(look, chr(ord("a") + index)) for index in range(count)]


def _scattered(rng: random.Random, width: int, height: int) -> list[PixelBox]:
    """Cells of a loose plate: rows of unequal height, each cut at its own places."""
    cells: list[PixelBox] = []
    rows = rng.choice((1, 2, 2, 3))
    edges = [0, *sorted(rng.uniform(i + 0.75, i + 1.25) / rows for i in range(rows - 1)), 1]
    for top, bottom in zip(edges, edges[1:], strict=False):
        columns = rng.choice((2, 3, 3, 4)) if rows > 1 else rng.choice((3, 4))
        cuts = [0, *sorted(rng.uniform(i + 0.75, i + 1.25) / columns for i in range(columns - 1))]
        for left, right in zip(cuts, [*cuts[1:], 1], strict=True):
            cells.append(
                (
                    round(width * left),
                    round(height * top),
                    round(width * right),
                    round(height * bottom),
                )
            )
    return cells


def _inked(ink: Image.Image, box: PixelBox) -> PixelBox:
    """The box around what is not empty in a part of a mask."""
    found = ink.crop(box).getbbox()
    assert found is not None
    return (box[0] + found[0], box[1] + found[1], box[0] + found[2], box[1] + found[3])


def _outline(rng: random.Random, box: PixelBox) -> list[tuple[float, float]]:
    """A closed, wavy outline that touches most of its box."""
    x0, y0, x1, y1 = box
    turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 1 - 0.25 * rng.random() * (1 + np.sin(turns * rng.randint(2, 6) + rng.uniform(0, 6)))
    xs = (x0 + x1) / 2 + (x1 - x0) / 2 * radius * np.cos(turns)
    ys = (y0 + y1) / 2 + (y1 - y0) / 2 * radius * np.sin(turns)
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def _draw_part(rng: random.Random, pen: ImageDraw.ImageDraw, box: PixelBox) -> None:
    """An outline with veins or dots, as a botanist or a surgeon's illustrator draws it."""
    line = _outline(rng, box)
    pen.line([*line, line[0]], fill=255, width=rng.choice((2, 3)))
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    for index in range(0, len(line), rng.choice((4, 6, 9))):
        x, y = line[index]
        end = (middle[0] + 0.8 * (x - middle[0]), middle[1] + 0.8 * (y - middle[1]))
        pen.line([middle, end], fill=255, width=1)
    for _ in range(40):
        x = middle[0] + rng.uniform(-0.3, 0.3) * (box[2] - box[0])
        y = middle[1] + rng.uniform(-0.3, 0.3) * (box[3] - box[1])
        pen.ellipse((x, y, x + 2, y + 2), fill=255)


def _drawings(rng: random.Random, look: Look) -> Drawn:
    """Black on white; letters below, above or beside; some parts are two views side by side."""
    width = rng.randint(1000, 1500)
    height = round(width * rng.uniform(0.7, 1.2))
    look.style = "between"
    look.suffix = rng.choice(("", "", ")"))
    size = round(width * rng.uniform(0.02, 0.035))
    ink = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(ink)
    boxes: list[PixelBox] = []
    cells = [c for c in _scattered(rng, width, height) if rng.random() < 0.92] or [(0, 0, 1, 1)]
    side = rng.choice(("below", "right", "above"))
    font = letter_font(size, look.bold)
    picture = Image.new("RGB", (width, height), "white")
    letter_pen = ImageDraw.Draw(picture)
    for cell, mark in zip(cells, _letters(len(cells), look), strict=True):
        x0, y0, x1, y1 = cell
        pad = size * 1.6
        room = (x1 - x0 - 2 * pad, y1 - y0 - 2 * pad)
        w, h = room[0] * rng.uniform(0.7, 1), room[1] * rng.uniform(0.7, 1)
        x = x0 + pad + rng.uniform(0, room[0] - w)
        y = y0 + pad + rng.uniform(0, room[1] - h)
        part = (round(x), round(y), round(x + w), round(y + h))
        if w > 1.4 * h and rng.random() < 0.5:
            middle, gap = (part[0] + part[2]) // 2, round(0.04 * w)
            _draw_part(rng, pen, (part[0], part[1], middle - gap, part[3]))
            _draw_part(rng, pen, (middle + gap, part[1], part[2], part[3]))
        else:
            _draw_part(rng, pen, part)
        box = _inked(ink, cell)
        boxes.append(box)
        long = letter_pen.textlength(mark, font=font)
        at = {
            "below": ((box[0] + box[2]) / 2 - long / 2, box[3] + 0.1 * size),
            "right": (box[2] + 0.15 * size, box[3] - 1.2 * size),
            "above": (box[0], box[1] - 1.3 * size),
        }[side]
        letter_pen.text(at, mark, fill="black", font=font)
    picture.paste("black", mask=ink)
    return picture, boxes


def _specimens(rng: random.Random, look: Look) -> Drawn:
    """Specimens cut out on black, white letters at the top left of each."""
    width = rng.randint(900, 1400)
    height = round(width * rng.uniform(0.55, 0.9))
    look.style, look.bright = "between", True
    size = round(width * rng.uniform(0.024, 0.035))
    picture = Image.new("RGB", (width, height), "black")
    font = letter_font(size, look.bold)
    pen = ImageDraw.Draw(picture)
    boxes: list[PixelBox] = []
    cells = _scattered(rng, width, height)
    for cell, mark in zip(cells, _letters(len(cells), look), strict=True):
        x0, y0, x1, y1 = cell
        pad = round(size * 1.2)
        part = (x0 + pad, y0 + round(1.6 * size), x1 - pad, y1 - pad)
        mask = Image.new("L", picture.size, 0)
        ImageDraw.Draw(mask).polygon(_outline(rng, part), fill=255)
        skin = draw_panel(rng, "clinical", part[2] - part[0], part[3] - part[1])
        whole = Image.new("RGB", picture.size)
        whole.paste(skin, part[:2])
        picture.paste(whole, mask=mask)
        box = _inked(mask, cell)
        boxes.append(box)
        pen.text((box[0], box[1] - 0.9 * size), mark, fill="white", font=font)
    return picture, boxes


def _grid(
    rng: random.Random,
    look: Look,
    gutter: int,
    paper: int,
    kinds: tuple[str, ...],
    layout: str = "grid",
) -> tuple[Image.Image, list[PixelBox]]:
    """A plate of photographs without its letters."""
    plate = draw_plate(rng, gutter, rng.randint(900, 1500), layout)
    picture = Image.new("RGB", plate.size_px, (paper,) * 3)
    for index, (x0, y0, x1, y1) in enumerate(plate.boxes):
        picture.paste(draw_panel(rng, kinds[index % len(kinds)], x1 - x0, y1 - y0), (x0, y0))
    sides = sorted(min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in plate.boxes)
    look.size_px = look.size * sides[len(sides) // 2]
    return picture, list(plate.boxes)


def _stamped(picture: Image.Image, boxes: list[PixelBox], look: Look) -> Drawn:
    for box, mark in zip(boxes, _letters(len(boxes), look), strict=True):
        stamp_letter(picture, box, mark, look)
    return picture, boxes


def _inset(rng: random.Random, look: Look) -> Drawn:
    """One panel in the lower right corner of the last, set off by a white border."""
    look.corner, look.size = 0, 0.09
    look.suffix = ""
    picture, boxes = _grid(
        rng,
        look,
        rng.choice((4, 8, 14)),
        255,
        ("clinical", "histology"),
        rng.choice(("row", "grid")),
    )
    x0, y0, x1, y1 = boxes[-1]
    share = rng.uniform(0.35, 0.48)
    inner = (round(x1 - share * (x1 - x0)), round(y1 - share * (y1 - y0)), x1, y1)
    border = rng.choice((3, 5, 8))
    ImageDraw.Draw(picture).rectangle(
        (inner[0] - border, inner[1] - border, x1 - 1, y1 - 1), fill="white"
    )
    picture.paste(
        draw_panel(rng, "dermoscopic", inner[2] - inner[0], inner[3] - inner[1]), inner[:2]
    )
    return _stamped(picture, [*boxes, inner], look)


def _hole(rng: random.Random, look: Look) -> Drawn:
    """A grid with a cell left empty anywhere but in the corner above left."""
    picture, boxes = _grid(rng, look, rng.choice((3, 6, 12)), 255, ("clinical", "histology"))
    gone = rng.randrange(1, len(boxes))
    x0, y0, x1, y1 = boxes.pop(gone)
    ImageDraw.Draw(picture).rectangle((x0, y0, x1, y1), fill="white")
    return _stamped(picture, boxes, look)


def _gray_gutters(rng: random.Random, look: Look) -> Drawn:
    layout = rng.choice(("grid", "wide over row", "tall and stack", "rows of two and three"))
    kinds = ("clinical", "dermoscopic", "histology")
    paper = rng.randint(110, 215)
    picture, boxes = _grid(rng, look, rng.choice((3, 6, 12)), paper, kinds, layout)
    return _stamped(picture, boxes, look)


def _close_objects(rng: random.Random, look: Look) -> Drawn:
    """Image objects less than a point apart, the last cell of the grid empty."""
    layout = rng.choice(("missing cell", "missing cell", "grid", "rows of two and three"))
    picture, boxes = _grid(rng, look, 2, 255, ("clinical", "histology"), layout)
    return _stamped(picture, boxes, look)


def _glass(rng: random.Random, look: Look) -> Drawn:
    """Sections on white glass, white gutters: where a picture ends is not to be seen."""
    look.style, look.suffix = "box", ""
    picture, boxes = _grid(rng, look, rng.choice((6, 10, 16)), 255, ("histology", "section"))
    return _stamped(picture, boxes, look)


def _pair(rng: random.Random, look: Look) -> Drawn:
    """A grid without gutters; one panel shows two specimens on black."""
    look.style, look.bright = rng.choice((("bare", True), ("box", False))), True
    look.style = look.style[0]
    picture, boxes = _grid(rng, look, rng.choice((0, 1, 2)), 255, ("clinical", "histology"))
    x0, y0, x1, y1 = boxes[-1]
    pen = ImageDraw.Draw(picture)
    pen.rectangle((x0, y0, x1 - 1, y1 - 1), fill="black")
    high = y1 - y0
    for share in (0.3, 0.72):
        middle = y0 + round(share * high)
        part = (x0 + 10, middle - round(0.12 * high), x1 - 10, middle + round(0.12 * high))
        pen.polygon(_outline(rng, part), fill=(190, 140, 120))
    return _stamped(picture, boxes, look)


_DRAWS: dict[str, Callable[[random.Random, Look], Drawn]] = {
    "drawings": _drawings,
    "specimens": _specimens,
    "inset": _inset,
    "hole": _hole,
    "gray gutters": _gray_gutters,
    "close objects": _close_objects,
    "glass": _glass,
    "pair": _pair,
}
