"""Where the panels of a generated figure lie: rows, columns, grids and less regular plates.

A plate is drawn from nested rows and columns with weights. Nothing here is taken from the code that
finds panels; boxes are ``(x0, y0, x1, y1)`` in pixels from the top left of the plate.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PixelBox = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """A panel; `fill` is the share of its cell that it takes from the top left."""

    fill: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Split:
    """Parts side by side (`across`) or one below the other, sized by `weights`."""

    across: bool
    parts: tuple[Cell | Split | None, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plate:
    """The panels of one figure in the order of their letters."""

    name: str
    size_px: tuple[int, int]
    boxes: tuple[PixelBox, ...]
    rows: int
    columns: int

    def with_head(self, room_px: int) -> Plate:
        """The same panels below a strip of paper, `room_px` high, for letters above them."""
        boxes = tuple((x0, y0 + room_px, x1, y1 + room_px) for x0, y0, x1, y1 in self.boxes)
        width, height = self.size_px
        return Plate(self.name, (width, height + room_px), boxes, self.rows, self.columns)


def _even(across: bool, parts: list[Cell | Split | None]) -> Split:
    return Split(across, tuple(parts), (1.0,) * len(parts))


def _grid(rows: int, columns: int, missing: int = 0) -> Split:
    cells: list[Cell | Split | None] = [Cell() for _ in range(rows * columns)]
    for index in range(missing):
        cells[-1 - index] = None
    lines = [_even(True, cells[r * columns : (r + 1) * columns]) for r in range(rows)]
    return _even(False, list(lines))


def _uneven(rng: random.Random, across: bool, count: int) -> Split:
    weights = tuple(rng.uniform(0.6, 1.6) for _ in range(count))
    return Split(across, tuple(Cell() for _ in range(count)), weights)


def _tall_and_stack(rng: random.Random, count: int, mirrored: bool) -> Split:
    stack = _even(False, [Cell() for _ in range(count)])
    wide = rng.uniform(0.8, 1.8)
    parts: tuple[Cell | Split | None, ...] = (stack, Cell()) if mirrored else (Cell(), stack)
    return Split(True, parts, (1.0, wide) if mirrored else (wide, 1.0))


LAYOUTS = (
    ("row", 16),
    ("column", 9),
    ("grid", 22),
    ("missing cell", 6),
    ("tall and stack", 9),
    ("stack and tall", 4),
    ("wide over row", 7),
    ("row over wide", 4),
    ("unequal row", 8),
    ("unequal column", 4),
    ("rows of two and three", 5),
    ("ragged row", 4),
    ("big L", 4),
)


def draw_plate(rng: random.Random, gutter_px: int, width_px: int, name: str | None = None) -> Plate:
    """Draw a plate `width_px` wide whose panels stand `gutter_px` apart."""
    if name is None:
        names, weights = zip(*LAYOUTS, strict=True)
        name = rng.choices(names, weights)[0]
    tree, rows, columns = _tree(rng, name)
    panel_width = (width_px - (columns - 1) * gutter_px) / columns
    aspect = rng.uniform(0.62, 1.15) if columns <= 3 else rng.uniform(0.8, 1.3)
    height_px = round(rows * panel_width * aspect + (rows - 1) * gutter_px)
    height_px = min(height_px, round(1.35 * width_px))
    boxes: list[PixelBox] = []
    _place(tree, (0, 0, width_px, height_px), gutter_px, boxes)
    return Plate(name, (width_px, height_px), tuple(boxes), rows, columns)


def _tree(rng: random.Random, name: str) -> tuple[Split, int, int]:
    """The tree of a layout with about how many rows and columns it has."""
    if name == "row":
        count = rng.choice((2, 2, 2, 3, 3, 4, 5))
        return _grid(1, count), 1, count
    if name == "column":
        count = rng.choice((2, 2, 3, 4))
        return _grid(count, 1), count, 1
    if name == "missing cell":
        rows, columns = rng.choice(((2, 2), (2, 3), (3, 2), (3, 3)))
        return _grid(rows, columns, 1), rows, columns
    if name in ("tall and stack", "stack and tall"):
        count = rng.choice((2, 2, 3))
        return _tall_and_stack(rng, count, name == "stack and tall"), count, 2
    if name in ("wide over row", "row over wide"):
        count = rng.choice((2, 2, 3))
        row, wide = _even(True, [Cell() for _ in range(count)]), Cell()
        parts: tuple[Cell | Split | None, ...] = (wide, row) if name[0] == "w" else (row, wide)
        return Split(False, parts, (rng.uniform(0.8, 1.4), 1.0)), 2, count
    if name == "unequal row":
        count = rng.choice((2, 2, 3, 4))
        return _uneven(rng, True, count), 1, count
    if name == "unequal column":
        count = rng.choice((2, 3))
        return _uneven(rng, False, count), count, 1
    if name == "rows of two and three":
        counts = rng.choice(((2, 3), (3, 2), (1, 3), (2, 3, 2), (3, 4)))
        rows_of = [_even(True, [Cell() for _ in range(count)]) for count in counts]
        return _even(False, list(rows_of)), len(counts), max(counts)
    if name == "ragged row":
        count = rng.choice((2, 3))
        cells: list[Cell | Split | None] = [Cell((1.0, rng.uniform(0.6, 0.85))), Cell()]
        cells += [Cell((1.0, rng.uniform(0.6, 1.0))) for _ in range(count - 2)]
        return _even(True, cells), 1, count
    if name == "big L":
        # One large panel with two beside it and three below.
        top = _tall_and_stack(rng, 2, mirrored=False)
        return Split(False, (top, _even(True, [Cell(), Cell(), Cell()])), (2.0, 1.0)), 3, 3
    rows, columns = rng.choice(((2, 2), (2, 2), (2, 2), (2, 3), (3, 2), (2, 4), (3, 3), (3, 4)))
    return _grid(rows, columns), rows, columns


def _place(part: Cell | Split | None, box: PixelBox, gutter: int, found: list[PixelBox]) -> None:
    if part is None:
        return
    x0, y0, x1, y1 = box
    if isinstance(part, Cell):
        across, down = part.fill
        found.append((x0, y0, x0 + round((x1 - x0) * across), y0 + round((y1 - y0) * down)))
        return
    total = (x1 - x0 if part.across else y1 - y0) - gutter * (len(part.parts) - 1)
    at, spent = 0.0, 0.0
    for index, (child, weight) in enumerate(zip(part.parts, part.weights, strict=True)):
        start = round(spent) + index * gutter
        at += weight
        spent = total * at / sum(part.weights)
        end = round(spent) + index * gutter
        beside, below = (x0 + start, y0, x0 + end, y1), (x0, y0 + start, x1, y0 + end)
        inner = beside if part.across else below
        _place(child, inner, gutter, found)
