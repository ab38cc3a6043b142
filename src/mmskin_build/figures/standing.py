"""Where letters stand at their panels: in one figure, all alike.

Boxes are ``(x0, y0, x1, y1)`` in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmskin_build.figures.gutters import MarkBox
from mmskin_build.figures.paper import PixelBox

ALIKE = 0.8  # letter heights that letters may differ in, for a cut that needs no other witness
PLACES = ("inside", "above", "below", "left", "right")
_APART = 0.2  # of the panels whose letter may stand apart from where the others do
_CORNER_SPREAD = 3.0  # letter heights that letters may differ in from one corner of their panels
_OVER_EDGE = 0.4  # letter heights that a letter beside its panel may reach over its edge
#: The way into a panel from each of its corners; from the middles of its top and bottom.
_CORNERS, _MIDDLES = ((1, 1), (-1, 1), (1, -1), (-1, -1)), ((0, 1), (0, -1))


def stand_exactly(boxes: Mapping[str, PixelBox], marks: Mapping[str, MarkBox], place: str) -> bool:
    """Return whether every letter stands at one `place` of its panel, none left out."""
    spread = mark_spread(boxes, marks, place, apart=0.0)
    return spread is not None and spread <= ALIKE


def stand_alike(boxes: Mapping[str, PixelBox], marks: Mapping[str, MarkBox]) -> bool:
    """Return whether all letters stand at one place of their panels, give or take a little."""
    spreads = [mark_spread(boxes, marks, place) for place in PLACES]
    return any(spread is not None and spread <= ALIKE for spread in spreads)


def match_marks(
    boxes: Sequence[PixelBox], marks: Mapping[str, MarkBox], places: Sequence[str] = ()
) -> dict[int, str]:
    """Give boxes the letters that stand at one place of them all; empty where some do not fit."""
    best: tuple[float, dict[int, str]] | None = None
    for place in places or PLACES:
        named: dict[int, str] = {}
        for letter, mark in marks.items():
            x, y = probe_of(mark, place)
            at = [i for i, b in enumerate(boxes) if b[0] <= x <= b[2] and b[1] <= y <= b[3]]
            if len(at) > 1:  # an inset lies in another
                at = [min(at, key=lambda i: _area(boxes[i]))]
            if len(at) != 1 or at[0] in named:
                break
            named[at[0]] = letter
        if len(named) < len(marks):
            continue
        spread = mark_spread({letter: boxes[i] for i, letter in named.items()}, marks, place)
        if spread is not None and (best is None or spread < best[0]):
            best = (spread, named)
    return {} if best is None else best[1]


def mark_spread(
    boxes: Mapping[str, PixelBox],
    marks: Mapping[str, MarkBox],
    place: str,
    apart: float = _APART,
) -> float | None:
    """Return in letter heights how far letters are from standing alike; None where too far.

    Inside, they keep one distance to one corner, or to the middle of the top or bottom; outside,
    one distance to one side, at one end of it or in its middle. A panel trimmed to what it shows
    may have lost its edge: a share of `apart` may stand elsewhere, but not in middles.
    """
    letters = sorted(boxes)
    m = np.array([marks[letter] for letter in letters])
    b = np.array([boxes[letter] for letter in letters], float)
    unit = float(np.median(m[:, 3] - m[:, 1]))
    left, right = (m[:, 0] - b[:, 0]) / unit, (m[:, 2] - b[:, 2]) / unit
    top, bottom = (m[:, 1] - b[:, 1]) / unit, (m[:, 3] - b[:, 3]) / unit
    across = (left + right) / 2
    down = (top + bottom) / 2
    if place == "inside":
        pairs = [(left, top), (right, top), (left, bottom), (right, bottom)]
        pairs += [(across, top), (across, bottom)]
    elif place in ("above", "below"):
        edge = top if place == "above" else (m[:, 1] - b[:, 3]) / unit
        within = edge + 1 if place == "above" else -edge
        pairs = [(left, edge), (across, edge), (right, edge)]
    else:
        edge = left if place == "left" else (m[:, 0] - b[:, 2]) / unit
        within = (m[:, 2] - b[:, 0]) / unit if place == "left" else -edge
        pairs = [(edge, top), (edge, down), (edge, bottom)]
    if place != "inside" and float(np.median(within)) > _OVER_EDGE:
        return None  # letters over the pictures stand in one of their corners, or not alike
    spreads = []
    for number, pair in enumerate(pairs):
        table = np.stack(pair, axis=1)
        table -= np.median(table, axis=0)
        away = np.sort(np.abs(table).max(axis=1))
        most = float(away[int((1 - apart) * (len(away) - 1))])
        if most > ALIKE or number >= len(_CORNERS):
            most = float(away[-1])  # where the others stand only roughly alike, none may be apart
        if place == "inside":  # one farther inside has a box that goes on beyond its panel
            farthest = float((table * np.array((_CORNERS + _MIDDLES)[number])).max())
            most = farthest if farthest > max(most, ALIKE) else most
        spreads.append(most)
    least = min(spreads)
    return least if least <= _CORNER_SPREAD else None


def probe_of(mark: MarkBox, place: str) -> tuple[float, float]:
    """Return a point that lies in the letter's panel where letters stand at `place` of it."""
    x, y = (mark[0] + mark[2]) / 2, (mark[1] + mark[3]) / 2
    high = mark[3] - mark[1]
    return {
        "inside": (x, y),
        "above": (x, mark[3] + 1.2 * high),
        "below": (x, mark[1] - 1.2 * high),
        "left": (mark[2] + 1.5 * high, y),
        "right": (mark[0] - 1.5 * high, y),
    }[place]


def _area(box: PixelBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
