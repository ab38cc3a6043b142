"""Panels: letters printed beside pictures, and parts of the caption bound to panels.

Consistency decides. A part of the caption goes to a panel only where letters, panels and parts
agree; where they do not, the panel keeps no words of its own and the figure says so
(`panels_disagree`): better no text than another panel's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.subcaptions import split_caption, split_lone
from mmskin_build.geometry import Bbox, reading_order
from mmskin_build.records import Figure, Line, Panel

LETTER = re.compile(r"^\s*[(\[]?\s*([A-Za-z])\s*['’]?\s*[)\].:]?\s*$")
_PLACES = ("inside", "below", "above", "left", "right")
_LETTER_REACH_PT = 22.0  # a letter printed outside of its panel stands this near
_TOUCH_PT = 0.3
_LEAST_GRID, _ONE_SIZE = 4, 1.08  # panels of a grid; largest over smallest of their sides
_ONE_COLUMN = 0.8  # of the wider of two panels that stand above one another
_LISTED_HEIGHTS = 2.0  # of a letter, between the letters of a list
_INSIDE = 0.5  # of a letter that lies over a picture and not beside it
_READ_SHARE = 0.6  # of the panels bear a letter that was read: those keep their words


def part_count(caption: str) -> int:
    """Number of panels that a caption names, 0 where it names none or rows of them."""
    split = split_caption(caption)
    return 0 if split.kind == "rows" else len(split.parts)


def named_letters(caption: str) -> tuple[str, ...]:
    """The panel letters that a caption names, empty where it names panels otherwise or not."""
    split = split_caption(caption)
    return tuple(split.parts) if split.kind == "letters" else ()


# ------------------------------------------------------------------------------------- letters


def find_letters(boxes: Sequence[Bbox], lines: Sequence[TextLine]) -> dict[int, str]:
    """Return the letter of each picture that has one of its own in the text layer.

    Letters stand in a corner of their picture, or below, above or beside it, and in one figure all
    at the same place: the place that gives most pictures a letter is theirs.
    `boxes` are the pictures of one figure, in points; keys of the result are their positions.
    """
    marks: list[tuple[str, Bbox]] = []
    for line in lines:
        for text, box in _pieces(line):
            match = LETTER.match(text)
            if match is not None:
                marks.append((match[1].lower(), box))
    best: dict[int, str] = {}
    best_distance = 0.0
    for place in _PLACES:
        found, distance = _match_letters(boxes, marks, place)
        more = len(found) - len(best)
        if more > 0 or (more == 0 and found and distance < best_distance):
            best, best_distance = found, distance
    return best


def letters_beside(
    boxes: Sequence[Bbox], lines: Sequence[Line], named: Sequence[str]
) -> tuple[tuple[tuple[str, Bbox], ...], ...]:
    """Return the letters of `named` that the text layer prints beside each picture, at one place.

    For pictures that hold several panels each, with a letter below or beside every panel: one
    letter a picture (`find_letters`) is not enough. A letter that stands twice tells nothing,
    nor does a list of letters.
    """
    marks = [
        (match[1].lower(), box)
        for line in lines
        for text, box in _pieces(line)
        if (match := LETTER.match(text)) is not None
    ]
    marks = [
        (letter, mark)
        for letter, mark in marks
        if letter in named and not any(mark.covered_by(box) > _INSIDE for box in boxes)
    ]
    best: list[tuple[int, str, Bbox]] = []
    for place in _PLACES[1:]:
        near: list[tuple[int, str, Bbox]] = []
        for letter, mark in marks:
            away = [_letter_distance(box, mark, place) for box in boxes]
            at = [(distance, i) for i, distance in enumerate(away) if distance is not None]
            if at:
                near.append((min(at)[1], letter, mark))
        letters = [letter for _, letter, _ in near]
        found = [entry for entry in near if letters.count(entry[1]) == 1]
        if len(found) > len(best) and not _are_listed([mark for _, _, mark in found]):
            best = found
    return tuple(
        tuple((letter, mark) for owner, letter, mark in best if owner == i)
        for i in range(len(boxes))
    )


def _are_listed(marks: Sequence[Bbox]) -> bool:
    """Whether letters stand closer together than panels can: a list, or a key to the picture."""
    return any(
        a.gap(b) < _LISTED_HEIGHTS * a.height for i, a in enumerate(marks) for b in marks[i + 1 :]
    )


def _match_letters(
    boxes: Sequence[Bbox], marks: Sequence[tuple[str, Bbox]], place: str
) -> tuple[dict[int, str], float]:
    """Bind letters that all stand at one place of their panel; also the distances summed."""
    pairs = []
    for i, box in enumerate(boxes):
        for j, (_, mark) in enumerate(marks):
            distance = _letter_distance(box, mark, place)
            if distance is not None:
                pairs.append((distance, i, j))
    found: dict[int, str] = {}
    used: set[int] = set()
    total = 0.0
    for distance, i, j in sorted(pairs):
        letter = marks[j][0]
        if i not in found and j not in used and letter not in found.values():
            found[i] = letter
            used.add(j)
            total += distance
    return found, total


def _pieces(line: TextLine | Line) -> list[tuple[str, Bbox]]:
    """A line as a whole, or its letters one by one: "(a)    (b)" may reach us as one line."""
    if LETTER.match(line.text):
        return [(line.text, line.bbox)]
    inked = [(span.text, span.bbox) for span in line.spans if span.text.strip()]
    pieces: list[tuple[str, Bbox]] = []
    for text, box in inked:
        tokens = list(re.finditer(r"\S+", text))
        if not all(LETTER.match(token[0]) for token in tokens):
            pieces.append((text, box))
            continue
        step = box.width / max(len(text.rstrip()), 1)
        for token in tokens:
            x0, x1 = box.x0 + token.start() * step, box.x0 + token.end() * step
            pieces.append((token[0], Bbox(x0, box.y0, x1, box.y1)))
    return pieces


def _letter_distance(box: Bbox, mark: Bbox, place: str) -> float | None:
    """Distance in points of a letter from where it belongs at `place`; None where it is not."""
    x, y = mark.center
    across, down = box.x0 <= x <= box.x1, box.y0 <= y <= box.y1
    if place == "inside":
        if not (across and down):
            return None
        corner = min(
            (x - cx) ** 2 + (y - cy) ** 2 for cx in (box.x0, box.x1) for cy in (box.y0, box.y1)
        )
        return 0.2 * float(corner**0.5)
    gaps = {
        "below": mark.y0 - box.y1 if across else None,
        "above": box.y0 - mark.y1 if across else None,
        "left": box.x0 - mark.x1 if down else None,
        "right": mark.x0 - box.x1 if down else None,
    }
    gap = gaps[place]
    return max(0.0, gap) if gap is not None and -2.0 <= gap <= _LETTER_REACH_PT else None


# ---------------------------------------------------------------------------- parts to panels


def bind_panels(figure: Figure) -> Figure:
    """Give each panel its letter and its own part of the caption, where all of them agree.

    A figure that stayed whole although its caption names panels by their letters is flagged, too:
    a person should look whether it has them.
    """
    panels = [_with_letter(panel) for panel in figure.panels]
    if not figure.caption or not panels:
        return replace(figure, panels=tuple(panels))
    split = split_caption(figure.caption)
    if len(panels) == 1:
        is_named = split.kind == "letters" and len(split.parts) > 1
        flags = (*figure.flags, "panels_disagree") if is_named else figure.flags
        return replace(figure, panels=tuple(panels), flags=flags)
    boxes = [panel.bbox for panel in panels]
    named: Mapping[int, str] | None = None
    if split.kind == "letters":
        named = _by_letter(panels, tuple(split.parts))
    elif split.kind in ("places", "rows"):
        named = _by_place(boxes, tuple(split.parts))
    elif split.kind == "clockwise" and len(panels) == len(split.parts):
        named = {i: str(rank + 1) for rank, i in enumerate(_clockwise(boxes))}
    elif split.kind == "none":
        lone = split_lone(figure.caption, sorted({p.label for p in panels if p.label}))
        worded = [
            replace(panel, text=panel.text or lone.get(panel.label or ""))
            if [p.label for p in panels].count(panel.label) == 1
            else panel
            for panel in panels
        ]
        return replace(figure, panels=tuple(worded))
    flags = figure.flags
    if named is None:
        flags = (*flags, "panels_disagree")
        named = _read_only(panels, tuple(split.parts)) if split.kind == "letters" else {}
        if len(named) < _READ_SHARE * len(panels):
            return replace(figure, panels=tuple(panels), flags=flags)
    bound = []
    for index, panel in enumerate(panels):
        key = named.get(index)
        label = panel.label
        if key is not None and split.kind != "clockwise":
            label = key
        bound.append(
            replace(panel, label=label, text=split.parts.get(key) if key is not None else None)
        )
    return replace(figure, panels=tuple(bound), flags=flags)


def _with_letter(panel: Panel) -> Panel:
    """A panel with the letter that the page prints over it, if it has none yet."""
    if panel.label is not None:
        return panel
    letters = {
        match[1].lower()
        for overlay in panel.overlays
        if overlay.text and (match := LETTER.match(overlay.text))
    }
    return replace(panel, label=letters.pop()) if len(letters) == 1 else panel


def _by_letter(panels: Sequence[Panel], keys: Sequence[str]) -> dict[int, str] | None:
    """Panel positions to letters: as printed, else in reading order where the numbers agree."""
    printed = [panel.label for panel in panels]
    known = [label for label in printed if label is not None]
    if len(known) == len(panels) and len(set(known)) == len(known):
        named = {i: label for i, label in enumerate(printed) if label is not None}
        is_whole = _leave_none_out(known, keys)
        return named if set(known) & set(keys) and is_whole else None
    if len(panels) != len(keys):
        return None
    if len(known) == len(panels) - 1 and len(known) >= 2 and len(set(known)) == len(known):
        left = [key for key in keys if key not in known]
        if len(left) == 1:
            return {i: label if label is not None else left[0] for i, label in enumerate(printed)}
    boxes = [panel.bbox for panel in panels]
    is_guess = _touch(boxes) and not _is_grid(boxes)
    if len(known) < 0.5 * len(panels) and (is_guess or not _is_plain(boxes)):
        return None
    orders: Sequence[Callable[[Sequence[Bbox]], list[int]]] = (reading_order, _column_order)
    for order in orders:
        named = dict(zip(order(boxes), sorted(keys), strict=True))
        if all(label is None or named[i] == label for i, label in enumerate(printed)):
            return named
    return None


def _leave_none_out(known: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether no letter that a caption names is missing between those that panels bear.

    A figure may go on on another page; but where "a" and "c" are found, the panel of "a" or "c"
    shows "b", too.
    """
    return all(key in known for key in keys if min(known) < key < max(known))


def letters_run_on(boxes: Sequence[Bbox], letters: Sequence[str | None]) -> bool:
    """Whether letters run row by row, column by column, or clockwise; None is one not known.

    Letters of one figure that do not were misread. Where panels stand in no clear rows, one that
    meets another below it comes before that one in any order.
    """
    if not _is_plain(boxes):
        return not any(
            first is not None and second is not None and first > second and _stands_above(a, b)
            for a, first in zip(boxes, letters, strict=True)
            for b, second in zip(boxes, letters, strict=True)
        )
    orders = [order(boxes) for order in (reading_order, _column_order, _clockwise)]
    runs = [[letter for i in order if (letter := letters[i]) is not None] for order in orders]
    return any(run == sorted(run) for run in runs)


def _stands_above(a: Bbox, b: Bbox) -> bool:
    touch = abs(a.y1 - b.y0) <= _TOUCH_PT
    return touch and a.x_overlap(b) > _ONE_COLUMN * max(a.width, b.width)


def _read_only(panels: Sequence[Panel], keys: Sequence[str]) -> dict[int, str]:
    """The panels whose printed letter is one of the caption's and stands once.

    None where panels are fewer than letters and some are left out: one of them shows two.
    """
    printed = [panel.label for panel in panels]
    known = [label for label in printed if label is not None]
    shows_two = len(panels) < len(keys) and known and not _leave_none_out(known, keys)
    if shows_two:
        return {}
    return {
        i: label
        for i, label in enumerate(printed)
        if label is not None and label in keys and printed.count(label) == 1
    }


def _touch(boxes: Sequence[Bbox]) -> bool:
    """Whether panels meet without a gutter: where one ends is then itself a guess."""
    return any(a.gap(b) <= _TOUCH_PT for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def _is_grid(boxes: Sequence[Bbox]) -> bool:
    """Whether four panels or more are of one size: no photograph breaks off so regularly."""
    widths, heights = [box.width for box in boxes], [box.height for box in boxes]
    alike = all(max(sizes) <= _ONE_SIZE * min(sizes) for sizes in (widths, heights))
    return len(boxes) >= _LEAST_GRID and alike


def _is_plain(boxes: Sequence[Bbox]) -> bool:
    """Whether panels stand in clear rows, so that reading order needs no printed letter.

    A tall panel beside two small ones, or an inset, can be counted in more than one way.
    """
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            common = a.y_overlap(b)
            if common > 0.1 * min(a.height, b.height) and common < 0.6 * max(a.height, b.height):
                return False
            if a.covered_by(b) > 0.1 or b.covered_by(a) > 0.1:
                return False
    return True


def _by_place(boxes: Sequence[Bbox], places: Sequence[str]) -> dict[int, str] | None:
    """Panel positions to places, where each place means exactly one panel, or one row of them."""
    x0, x1 = min(b.x0 for b in boxes), max(b.x1 for b in boxes)
    y0, y1 = min(b.y0 for b in boxes), max(b.y1 for b in boxes)
    middles = [box.center[0] for box in boxes]
    is_column = max(middles) - min(middles) < 0.15 * (x1 - x0)
    named: dict[int, str] = {}
    for index, box in enumerate(boxes):
        x, y = box.center
        across = (x - x0) / max(x1 - x0, 1e-6)
        down = (y - y0) / max(y1 - y0, 1e-6)
        fitting = [place for place in places if _is_at(place, across, down, len(places), is_column)]
        if len(fitting) != 1:
            return None
        named[index] = fitting[0]
    if set(named.values()) != set(places):
        return None
    return named


def _is_at(place: str, across: float, down: float, count: int, is_column: bool) -> bool:
    """Whether a panel's center (shares of the figure's width and height) lies at `place`."""
    words = place.split()
    thirds = "centre" in words or count % 3 == 0
    low, high = (1 / 3, 2 / 3) if thirds else (0.5, 0.5)
    if words == ["centre"]:
        return low <= (down if is_column else across) <= high
    checks = {
        "left": across < low,
        "right": across > high,
        "top": down < low if "centre" not in words or thirds else down < 0.5,
        "bottom": down > high,
        "far": True,
        "centre": low <= across <= high if {"top", "bottom"} & set(words) else low <= down <= high,
    }
    return all(checks.get(word, False) for word in words)


def _column_order(boxes: Sequence[Bbox]) -> list[int]:
    """Positions of boxes column by column, top to bottom."""
    turned = [Bbox(box.y0, box.x0, box.y1, box.x1) for box in boxes]
    return reading_order(turned)


def _clockwise(boxes: Sequence[Bbox]) -> list[int]:
    """Positions of boxes clockwise around their common middle, from the top left one."""
    x = sum(box.center[0] for box in boxes) / len(boxes)
    y = sum(box.center[1] for box in boxes) / len(boxes)
    angles = [math.atan2(b.center[1] - y, b.center[0] - x) for b in boxes]
    first = min(range(len(boxes)), key=lambda i: boxes[i].center[0] + boxes[i].center[1])
    return sorted(range(len(boxes)), key=lambda i: (angles[i] - angles[first]) % (2 * math.pi))
