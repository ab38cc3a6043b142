"""Vector drawings: charts and diagrams painted as paths, with their own lettering."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from reportlab.pdfbase.pdfmetrics import stringWidth

from mmskin_build.demo.sheet import ShapeOp, Sheet
from mmskin_build.geometry import Bbox

DrawChart = Callable[[np.random.Generator, Sheet, Bbox], None]

FONT, SIZE_PT = "Helvetica", 6.5
COLORS = (0x2F5D8A, 0xB5553C, 0x6A8F3F, 0x8A6FA8)
GROUPS = ("Group A", "Group B", "Group C", "Group D", "Placebo")


def _draw_frame(sheet: Sheet, box: Bbox, x_title: str, y_title: str) -> Bbox:
    """Paint axes with titles inside `box`; return the plot's area."""
    sheet.fill_box(box, 0xFFFFFF, 0x808080)
    plot = Bbox(box.x0 + 34, box.y0 + 22, box.x1 - 14, box.y1 - 30)
    sheet.draw_line((plot.x0, plot.y0), (plot.x0, plot.y1), (plot.x1, plot.y1), width_pt=0.8)
    sheet.write_centered(plot.center[0], box.y1 - 6, x_title, FONT, SIZE_PT)
    sheet.write(box.x0 + 6, box.y0 + 12, y_title, FONT, SIZE_PT)
    for step in range(5):
        y = plot.y1 - plot.height * step / 4
        sheet.draw_line((plot.x0 - 3, y), (plot.x0, y))
        sheet.write(plot.x0 - 18, y + 2, str(step * 25), FONT, SIZE_PT)
    return plot


def draw_bars(rng: np.random.Generator, sheet: Sheet, box: Bbox) -> None:
    """Paint a bar chart that fills `box`."""
    plot = _draw_frame(sheet, box, "Treatment group", "Clearance (%)")
    slot = plot.width / len(GROUPS)
    for index, group in enumerate(GROUPS):
        high = plot.height * float(rng.uniform(0.15, 0.95))
        left = plot.x0 + slot * (index + 0.2)
        bar = Bbox(left, plot.y1 - high, left + slot * 0.6, plot.y1)
        sheet.fill_box(bar, COLORS[index % len(COLORS)], 0x303030)
        sheet.write_centered(left + slot * 0.3, plot.y1 + 9, group, FONT, SIZE_PT)


def draw_curves(rng: np.random.Generator, sheet: Sheet, box: Bbox) -> None:
    """Paint falling curves with a legend that fill `box`."""
    plot = _draw_frame(sheet, box, "Weeks after treatment", "Free of relapse (%)")
    for tick in range(7):
        x = plot.x0 + plot.width * tick / 6
        sheet.write_centered(x, plot.y1 + 9, str(tick * 4), FONT, SIZE_PT)
    for index, name in enumerate(("Cream", "Phototherapy", "Both")):
        rate, points = float(rng.uniform(0.3, 1.4)), []
        for step in range(25):
            share = step / 24
            level = float(np.exp(-rate * share))
            points.append((plot.x0 + plot.width * share, plot.y1 - plot.height * level))
        sheet.draw_line(*points, color=COLORS[index], width_pt=1.4)
        y = plot.y0 + 8 + 10 * index
        sheet.draw_line((plot.x1 - 66, y - 2), (plot.x1 - 54, y - 2), color=COLORS[index])
        sheet.write(plot.x1 - 50, y, name, FONT, SIZE_PT)


def draw_diagram(rng: np.random.Generator, sheet: Sheet, box: Bbox) -> None:
    """Paint a section through the skin with named layers that fills `box`."""
    layers = (
        ("Horny layer", 0.12, 0xE8D2A8),
        ("Epidermis", 0.2, 0xE3B3A0),
        ("Papillary dermis", 0.22, 0xF0CFC4),
        ("Reticular dermis", 0.28, 0xF6E2DC),
        ("Subcutis", 0.18, 0xF4E7A6),
    )
    widest = max(stringWidth(name, FONT, SIZE_PT + 0.5) for name, _, _ in layers)
    split, top = box.x1 - 13 - float(widest), box.y0  # the longest name ends at the box
    for name, share, color in layers:
        bottom = top + share * box.height
        sheet.fill_box(Bbox(box.x0, top, split, bottom), color, 0x705040)
        middle = (top + bottom) / 2
        sheet.draw_line((split - 12, middle), (split + 10, middle))
        sheet.write(split + 13, middle + 2, name, FONT, SIZE_PT + 0.5)
        top = bottom
    for _ in range(9):
        x = float(rng.uniform(box.x0 + 12, split - 12))
        y = float(rng.uniform(box.y0 + box.height * 0.4, box.y1 - 12))
        points = ((x - 5, y - 4), (x + 5, y + 4))
        sheet.ops.append(ShapeOp(points=points, fill=0x9B6B9E, stroke=0x503050, oval=True))


CHARTS: tuple[DrawChart, ...] = (draw_bars, draw_curves, draw_diagram)
