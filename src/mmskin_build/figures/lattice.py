"""A grid of panels, told by its letters alone.

Each letter of a grid stands at one place of its panel, so the letters form rows and columns that
are the panels' own, moved. That says where each panel ends to within a part of a letter, even
where two dark fields or two pieces of skin meet without a line between them; a gutter, or a step
in brightness or color over a part of the way, must confirm it. Boxes are ``(x0, y0, x1, y1)`` in
pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.gutters import MarkBox, bands_across, steps_across
from mmskin_build.figures.paper import Paper, PixelBox, share_of, trim

_SAME_LINE = 0.8  # letter heights that letters of one row or column may differ in
_REACH = 0.5  # letter heights from where the letters say that a panel ends to where it does
_STEP_RATIO, _STEP_SHARE = 1.5, 0.4  # of the way, for a step that the letters foretell
_GROUND_SHARE = 0.5  # of the plate is paper: drawings, which end where their ink does
_LEAST_READ = 0.75  # of the letters of a grid
_MIN_SHARE = 0.05  # of the plate's side: no row or column is thinner

_Cut = tuple[int, int]  # where one panel ends and where the next begins


def cut_lattice(
    picture: NDArray[np.uint8], papers: Sequence[Paper], marks: Mapping[str, MarkBox], count: int
) -> dict[PixelBox, str | None]:
    """Find the panels of a grid from the rows and columns of their letters.

    Args:
        picture: ``(H, W) uint8`` or ``(H, W, 3) uint8``; in color, more borders can be seen.
        papers: Where it may be paper; the first is what its outer margin is taken for.
        marks: Boxes of the letters, in pixels; a few may not have been read.
        count: How many panels there are.

    Returns:
        The panels with their letters; empty where letters are no grid or a border is not there.
    """
    letters, table, unit = _in_lines(marks)
    if len(letters) < _LEAST_READ * count:
        return {}
    columns = _lines(table[:, 0] + table[:, 2], 2 * _SAME_LINE * unit)
    rows = _lines(table[:, 1] + table[:, 3], 2 * _SAME_LINE * unit)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))
    high, wide = int(max(rows)) + 1, int(max(columns)) + 1
    if min(high, wide) < 2 or count != high * wide or len(set(cells)) < len(cells):
        return {}
    if share_of(papers[0].strict) >= _GROUND_SHARE:
        return {}
    height, width = picture.shape[:2]
    plate = trim(papers[0].strict, (0, 0, width, height))
    across = _borders(picture, papers, plate, table[:, (0, 2)], columns, unit, 1)
    down = _borders(picture, papers, plate, table[:, (1, 3)], rows, unit, 0)
    if across is None or down is None:
        return {}
    lefts, rights = [plate[0], *(b for _, b in across)], [*(a for a, _ in across), plate[2]]
    tops, bottoms = [plate[1], *(b for _, b in down)], [*(a for a, _ in down), plate[3]]
    letter_of = dict(zip(cells, letters, strict=True))
    misread = [letter for letter in marks if letter not in letters]
    rest = misread if len(misread) == count - len(cells) == 1 else []
    return {
        (lefts[column], tops[row], rights[column], bottoms[row]): letter_of.get(
            (row, column), rest[0] if rest else None
        )
        for row in range(high)
        for column in range(wide)
    }


def _in_lines(marks: Mapping[str, MarkBox]) -> tuple[list[str], NDArray[np.float64], float]:
    """The letters that share a row or a column with others, their boxes, and a letter's height.

    One that stands alone in both was misread from what a panel shows.
    """
    letters = sorted(marks)
    table = np.array([marks[letter] for letter in letters])
    unit = float(np.median(table[:, 3] - table[:, 1]))
    alone = np.ones(len(letters), bool)
    for low, high in ((0, 2), (1, 3)):
        numbers = _lines(table[:, low] + table[:, high], 2 * _SAME_LINE * unit)
        alone &= np.bincount(numbers)[numbers] == 1
    kept = np.flatnonzero(~alone)
    return [letters[i] for i in kept], table[kept], unit


def _lines(places: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """The number of the row, or column, of each letter; a gap wider than `reach` ends one."""
    order = np.argsort(places, kind="stable")
    numbers = np.zeros(len(places), np.int64)
    numbers[order[1:]] = np.cumsum(np.diff(places[order]) > reach)
    return numbers


def _borders(
    picture: NDArray[np.uint8],
    papers: Sequence[Paper],
    plate: PixelBox,
    ends: NDArray[np.float64],
    numbers: NDArray[np.int64],
    unit: float,
    axis: int,
) -> list[_Cut] | None:
    """Where panels end and begin along an axis (1: columns); None where a border is not there.

    Letters keep one distance either from the beginning of their panels or from their end.
    """
    lines = [ends[numbers == number] for number in range(int(max(numbers)) + 1)]
    if len(lines) == 1:
        return []
    low, high = plate[1 - axis], plate[3 - axis]
    first = [float(np.median(line[:, 0])) for line in lines]
    last = [float(np.median(line[:, 1])) for line in lines]
    foretold = (
        [place - (first[0] - low) for place in first[1:]],
        [place + (high - last[-1]) for place in last[:-1]],
    )
    thinnest = _MIN_SHARE * (high - low)
    steps = steps_across(picture, plate, axis, _STEP_RATIO, _STEP_SHARE)
    bands = [
        (low + band.start, low + band.end)
        for paper in papers
        for band in bands_across(paper, plate, (thinnest, thinnest))
        if band.axis == axis
    ]
    best: tuple[float, list[_Cut]] | None = None
    for side, places in enumerate(foretold):
        found: list[_Cut] = []
        away = 0.0
        for place in places:
            near = [(abs(band[1 - side] - place), band) for band in bands]
            near = [pair for pair in near if pair[0] <= _REACH * unit]
            cut = min(near)[1] if near else _step_near(steps, place - low, _REACH * unit, low)
            if cut is None:
                break
            away += abs(cut[1 - side] - place)
            found.append(cut)
        if len(found) == len(places) and (best is None or away < best[0]):
            best = (away, found)
    return None if best is None else best[1]


def _step_near(steps: NDArray[np.float32], place: float, reach: float, low: int) -> _Cut | None:
    """The sharpest step within reach of a place, as a border without width."""
    start, end = max(0, round(place - reach)), min(len(steps), round(place + reach) + 1)
    if start >= end or not steps[start:end].any():
        return None
    at = low + start + int(steps[start:end].argmax()) + 1
    return at, at
