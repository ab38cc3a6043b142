"""The panels of a figure's pictures: letters, gutters and the caption's count taken together.

What three witnesses agree on is believed first: boxes that gutters give, in the number that the
caption names, each with one letter at one place. Where they disagree and the letters are all there,
the letters lead (`plates`). Without letters, the gutters and the number decide (`gutters`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from mmskin_build.figures.gutters import MarkBox, split_raster
from mmskin_build.figures.lettering import Mark, erase_marks, read_marks
from mmskin_build.figures.panels import letters_run_on
from mmskin_build.figures.paper import PixelBox
from mmskin_build.figures.plates import cut_by_marks, find_grid, find_unread
from mmskin_build.figures.standing import match_marks, stand_alike
from mmskin_build.geometry import Bbox, reading_order
from mmskin_build.pdf.jobs import PanelPart, PictureView
from mmskin_build.pdf.raster import RgbImage

_PRINTED_SHARE = 0.6  # of the named letters in the text layer: pixels need not be read
_BLANK = 2.0  # grey levels of spread below which there is nothing to be seen
_LEADING_SHARE = 0.75  # of the named letters must be found, to lead the cuts


def find_panels(
    views: Sequence[PictureView], expected: int, letters: Sequence[str]
) -> list[list[PanelPart]]:
    """Find the panels in the pictures of one figure, and their letters.

    Args:
        views: The pictures as the page has them; those that may not be cut are only read.
        expected: How many panels the caption names, 0 for none.
        letters: Their letters, empty where it names none.

    Returns:
        For each picture its panels, boxes in its pixels; the whole picture where it is one panel.
    """
    marks, are_read = _find_marks(views, letters)
    found = _cut_views(views, expected, marks, len(letters))
    if are_read and not _run_on(views, found):
        return [[_whole(view, {})] for view in views]
    return found


def _cut_views(
    views: Sequence[PictureView], expected: int, marks: Mapping[str, Mark], named: int
) -> list[list[PanelPart]]:
    found: list[list[PanelPart]] = []
    for index, view in enumerate(views):
        own = {
            letter: _in_pixels(mark.box, view)
            for letter, mark in marks.items()
            if mark.picture == index
        }
        is_shared = len(views) < named and len(own) >= 2  # several panels in one picture
        count = expected if len(views) == 1 else len(own) if is_shared else 1
        if count == 1 and not view.pieces:
            found.append([_whole(view, own)])
        else:
            found.append(_cut_view(view, count, own))
    return found


def _run_on(views: Sequence[PictureView], found: Sequence[Sequence[PanelPart]]) -> bool:
    """Whether the letters of all panels stand in an order that letters may have."""
    boxes: list[Bbox] = []
    letters: list[str | None] = []
    for view, parts in zip(views, found, strict=True):
        height, width = view.rgb.shape[:2]
        sx, sy = view.bbox.width / width, view.bbox.height / height
        for part in parts:
            x0, y0, x1, y1 = part.box
            left, top = view.bbox.x0, view.bbox.y0
            boxes.append(Bbox(left + x0 * sx, top + y0 * sy, left + x1 * sx, top + y1 * sy))
            letters.append(part.letter)
    return letters_run_on(boxes, letters)


def keep_whole(
    views: Sequence[PictureView], expected: int, letters: Sequence[str]
) -> list[list[PanelPart]]:
    """Take each picture as one panel, as a person drew it."""
    return [[_whole(view, {})] for view in views]


def _find_marks(
    views: Sequence[PictureView], letters: Sequence[str]
) -> tuple[dict[str, Mark], bool]:
    """The letters on the pictures, and whether they were read from the pixels.

    The others are as the text layer prints them.
    """
    if not letters:
        return {}, False
    printed: dict[str, Mark] = {}
    doubled: set[str] = set()
    for index, view in enumerate(views):
        for letter, box in view.printed:
            if letter in letters:
                if letter in printed:
                    doubled.add(letter)
                printed[letter] = Mark(index, box, 0.0)
    printed = {letter: mark for letter, mark in printed.items() if letter not in doubled}
    if len(views) < len(letters):
        for index, view in enumerate(views):
            for letter, box in view.beside:
                printed.setdefault(letter, Mark(index, box, 0.0))
    if len(printed) >= max(2, _PRINTED_SHARE * len(letters)):
        return printed, False
    if any(view.is_lettered for view in views):  # beside the pictures, as `find_letters` tells
        return {}, False
    pictures = [(view.rgb, view.bbox) for view in views]
    return read_marks(pictures, letters, one_each=len(views) == len(letters)), True


def _in_pixels(box: Bbox, view: PictureView) -> MarkBox:
    height, width = view.rgb.shape[:2]
    sx, sy = width / view.bbox.width, height / view.bbox.height
    x0, y0 = (box.x0 - view.bbox.x0) * sx, (box.y0 - view.bbox.y0) * sy
    return x0, y0, x0 + box.width * sx, y0 + box.height * sy


def _whole(view: PictureView, marks: Mapping[str, MarkBox]) -> PanelPart:
    height, width = view.rgb.shape[:2]
    return PanelPart((0, 0, width, height), next(iter(marks)) if len(marks) == 1 else None)


def _cut_view(view: PictureView, count: int, marks: Mapping[str, MarkBox]) -> list[PanelPart]:
    """The panels of one picture that should hold `count` of them (0: unknown)."""
    if view.pieces and (len(marks) < 2 or len(view.pieces) == count):
        named = match_marks(view.pieces, marks) if marks else {}
        return _ordered({box: named.get(i) for i, box in enumerate(view.pieces)})
    if not view.may_split:
        return [_whole(view, marks)]
    if not marks:
        boxes = _split(view.rgb, count)
        return [PanelPart(box, None) for box in boxes] or [_whole(view, marks)]
    height, width = view.rgb.shape[:2]
    over = {k: box for k, box in marks.items() if box[3] > 0 < box[2]}
    over = {k: box for k, box in over.items() if box[0] < width and box[1] < height}
    clean = erase_marks(view.rgb, over)
    free = _split(clean, 0) if len(marks) < count else []
    # Where gutters part the others, a seam sets off no panel whose letter would be missing.
    boxes = _split(clean, count, at_seams=len(free) < 2)
    if len(marks) == count:
        cut = cut_by_marks(clean, marks, boxes)
        if cut:
            return _ordered({box: letter for letter, box in cut.items()})
        return [_whole(view, marks)]  # gutters that part no letters are none
    grid = find_grid(clean, marks, count)
    if grid:
        return _ordered(grid)
    if boxes:
        named = match_marks(boxes, marks)
        if named:
            return _ordered({box: named.get(i) for i, box in enumerate(boxes)})
    named = match_marks(free, marks) if len(free) == len(marks) else {}
    if len(named) == len(free) > 1:  # the caption names more than there are
        return _ordered({box: named[i] for i, box in enumerate(free)})
    if len(marks) >= max(2, _LEADING_SHARE * count):
        led = _led_by_marks(clean, count, marks)
        if led:
            return led
    return [PanelPart(box, None) for box in boxes] or [_whole(view, marks)]


def _split(rgb: RgbImage, count: int, *, at_seams: bool = True) -> list[PixelBox]:
    """The panels that gutters set off (`split_raster`); none where one of them would be blank."""
    boxes = split_raster(rgb, count, at_seams=at_seams)
    spreads = [cv2.meanStdDev(rgb[b:d, a:c])[1] for a, b, c, d in boxes]
    return [] if any(float(spread.max()) < _BLANK for spread in spreads) else boxes


def _led_by_marks(rgb: RgbImage, count: int, marks: Mapping[str, MarkBox]) -> list[PanelPart]:
    """Cut along the letters; panels whose letter was not read must come from a clear gutter."""
    cut = cut_by_marks(rgb, marks, ())
    missing = count - len(marks)
    parts: dict[PixelBox, str | None] = {box: letter for letter, box in cut.items()}
    for box in sorted(cut.values(), key=lambda b: (b[0] - b[2]) * (b[3] - b[1])):
        x0, y0, x1, y1 = box
        inner = split_raster(np.ascontiguousarray(rgb[y0:y1, x0:x1]), 0)
        if 2 <= len(inner) <= missing + 1:
            placed = [(a + x0, b + y0, c + x0, d + y0) for a, b, c, d in inner]
            own = parts.pop(box)
            named = match_marks(placed, {own: marks[own]}) if own is not None else {}
            parts.update({piece: named.get(i) for i, piece in enumerate(placed)})
            missing -= len(inner) - 1
        if missing == 0:
            break
    named_boxes = {letter: box for box, letter in parts.items() if letter is not None}
    if cut and missing == 0 and len(named_boxes) == len(marks) and stand_alike(named_boxes, marks):
        return _ordered(parts)
    drawn, others = find_unread(rgb, marks, count - len(marks))
    return _ordered({**{box: letter for letter, box in drawn.items()}, **dict.fromkeys(others)})


def _ordered(parts: Mapping[PixelBox, str | None]) -> list[PanelPart]:
    boxes = list(parts)
    order = reading_order([Bbox(*map(float, box)) for box in boxes])
    return [PanelPart(boxes[i], parts[boxes[i]]) for i in order]
