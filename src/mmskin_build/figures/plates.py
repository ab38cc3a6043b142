"""The panels of one picture, found by the letters in it.

Where letters are known, they say how many panels there are and roughly where: a cut is right where
each side keeps a letter, whatever else looks like a gutter. Gutters are tried first, then seams
without a gutter, then a panel set into the corner of another, then drawings or specimens that stand
free on paper and share no straight gutter. Boxes are ``(x0, y0, x1, y1)`` in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.drawings import find_drawings
from mmskin_build.figures.gutters import (
    MarkBox,
    are_alike,
    is_filled,
    is_sliver,
    snap,
)
from mmskin_build.figures.lattice import cut_lattice
from mmskin_build.figures.paper import (
    PURE,
    Paper,
    PixelBox,
    at_size,
    band_papers,
    painted_of,
    paper_of,
    share_of,
    trim,
)
from mmskin_build.figures.plate_cuts import PlateCutter, Seams
from mmskin_build.figures.standing import (
    ALIKE,
    PLACES,
    mark_spread,
    match_marks,
    probe_of,
    stand_exactly,
)
from mmskin_build.geometry import Bbox

_SEAMS = ((2.0, 0.75), (1.5, 0.6))  # ratio, share of steps; letters beside a seam confirm it
_DRAWN_SHARE = 0.5  # of a plate is paper: drawings, where no seam is to be seen
_FILLED_SHARE = 0.7  # of the panels are filled to their edges, in a plate of photographs
_CUT_PX = 1600  # longer side at which gutters are looked at
_COMMON, _WITHIN = 0.05, 0.95  # of the smaller of two boxes: they overlap; it lies within
_COMMON_DRAWN = 0.5  # the same of specimens on black; drawings reach around one another
_DARK = 128  # grey level below which the ground of a plate is black
_LEAST_SIDE = 2.5  # letter heights that a panel measures at least


def cut_by_marks(
    rgb: NDArray[np.uint8], marks: Mapping[str, MarkBox], proposed: Sequence[PixelBox]
) -> dict[str, PixelBox]:
    """Cut a picture so that each part bears one letter.

    Args:
        rgb: ``(H, W, 3) uint8``, letters on plain ground painted over.
        marks: Boxes of the letters, in pixels.
        proposed: Panels that gutters alone gave; believed where the letters stand in them alike.

    Returns:
        The box of each letter's panel; empty where no cut keeps all letters apart.
    """
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, _CUT_PX / max(gray.shape))
    if scale < 1.0:
        height, width = gray.shape
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
        cut = _cut_gray(
            rgb,
            small,
            {k: (a * scale, b * scale, c * scale, d * scale) for k, (a, b, c, d) in marks.items()},
            [_scaled(box, scale, size) for box in proposed],
        )
        exact = {_scaled(box, scale, size): box for box in proposed}
        return {
            letter: exact.get(box) or _scaled(box, 1 / scale, (width, height))
            for letter, box in cut.items()
        }
    return _cut_gray(rgb, gray, marks, proposed)


def find_unread(
    rgb: NDArray[np.uint8], marks: Mapping[str, MarkBox], unread: int
) -> tuple[dict[str, PixelBox], list[PixelBox]]:
    """Find drawings or specimens where `unread` of the letters were not read (`find_drawings`)."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    for paper in _papers(rgb, gray)[:2]:
        found = find_drawings(gray, paper, marks, unread)
        if found[0]:
            return found
    return {}, []


def find_grid(
    rgb: NDArray[np.uint8], marks: Mapping[str, MarkBox], count: int
) -> dict[PixelBox, str | None]:
    """Find the `count` panels of a grid of which a few letters were not read (`cut_lattice`)."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return cut_lattice(rgb, _papers(rgb, gray), marks, count)


def _scaled(box: PixelBox, scale: float, size: tuple[int, int]) -> PixelBox:
    """A box at another resolution, inside `size` (width, height)."""
    x0, y0, x1, y1 = (round(value * scale) for value in box)
    return max(0, x0), max(0, y0), min(size[0], x1), min(size[1], y1)


def _cut_gray(
    rgb: NDArray[np.uint8],
    gray: NDArray[np.uint8],
    marks: Mapping[str, MarkBox],
    proposed: Sequence[PixelBox],
) -> dict[str, PixelBox]:
    papers = _papers(rgb, gray)
    # Glass around a section, or a dark field, is then a part of its picture.
    distances = (np.asarray(255 - gray, np.uint8), gray)
    pures = [paper for distance in distances if (paper := painted_of(distance)) is not None]
    papers[2:2] = pures
    cut = _cut_papers(rgb, gray, papers, pures, marks, proposed)
    empty = Paper((gray >= 255 - PURE).astype(np.uint8), papers[0].loose)
    return {letter: _without_empty(empty, box) for letter, box in cut.items()}


def _without_empty(paper: Paper, box: PixelBox) -> PixelBox:
    """A panel without the empty cell beside it, which lines of another color may leave with it."""
    trimmed = trim(paper.strict, box)
    return trimmed if is_filled(paper.strict, trimmed) else box


def _cut_papers(
    rgb: NDArray[np.uint8],
    gray: NDArray[np.uint8],
    papers: Sequence[Paper],
    pures: Sequence[Paper],
    marks: Mapping[str, MarkBox],
    proposed: Sequence[PixelBox],
) -> dict[str, PixelBox]:
    """The cut of `cut_by_marks` by gutters of any of the papers, else by drawings and seams."""
    cuts: list[tuple[float, str, dict[str, PixelBox]]] = []
    cutters = [PlateCutter(paper) for paper in papers]
    for place in PLACES:
        named = match_marks(proposed, marks, (place,)) if proposed else {}
        if named:
            _judge(cuts, {letter: proposed[i] for i, letter in named.items()}, marks, place)
        probes = {letter: probe_of(box, place) for letter, box in marks.items()}
        for paper, cutter in zip(papers, cutters, strict=True):
            cut = cutter.cut(probes)
            known = [boxes for _, _, boxes in cuts]
            if (
                any(paper is pure for pure in pures)
                and cut
                and any(are_alike(list(cut.values()), list(other.values())) for other in known)
            ):
                continue
            if cut is not None:
                _judge(cuts, cut, marks, place)
        if cuts and min(cuts, key=lambda c: c[0])[0] <= ALIKE:
            break
    best = min(cuts, key=lambda c: c[0]) if cuts else None
    if best is None or not stand_exactly(best[2], marks, best[1]):
        cells = cut_lattice(at_size(rgb, gray), papers, marks, len(marks))
        grid = {letter: box for box, letter in cells.items() if letter is not None}
        if grid and (best is None or stand_exactly(grid, marks, "inside")):
            return grid
    if best is not None and (
        (best[0] <= ALIKE and best[1] == "inside")
        or _are_filled(papers[0], best[2])
        or any(_are_filled(pure, best[2]) for pure in pures)
    ):
        return best[2]
    for paper in papers[:2]:
        parts, _ = find_drawings(gray, paper, marks)
        if parts and _stand_free(list(parts.values()), gray, paper):
            whole = trim(paper.strict, (0, 0, gray.shape[1], gray.shape[0]))
            boxes = list(parts.values())
            return dict(
                zip(parts, snap(paper, whole, boxes, _free_cells(boxes, whole)), strict=True)
            )
    if share_of(papers[0].strict) >= _DRAWN_SHARE:
        return min(cuts, key=lambda c: c[0])[2] if cuts else {}
    colored = at_size(rgb, gray)
    for ratio, share in _SEAMS:
        for place in PLACES[:1]:
            probes = {letter: probe_of(box, place) for letter, box in marks.items()}
            for cutter in cutters:
                cut = cutter.cut(probes, Seams(colored, ratio, share))
                if cut is not None:
                    _judge(cuts, cut, marks, place)
        if cuts:
            break
    return min(cuts, key=lambda c: c[0])[2] if cuts else {}


def _free_cells(boxes: Sequence[PixelBox], whole: PixelBox) -> dict[PixelBox, PixelBox]:
    """The room of each box up to its neighbors, or to the edge of the plate."""
    cells: dict[PixelBox, PixelBox] = {}
    for box in boxes:
        x0, y0, x1, y1 = whole
        for a, b, c, d in boxes:
            if b < box[3] and d > box[1]:
                x0, x1 = (
                    (max(x0, c), x1) if c <= box[0] else (x0, min(x1, a) if a >= box[2] else x1)
                )
            if a < box[2] and c > box[0]:
                y0, y1 = (
                    (max(y0, d), y1) if d <= box[1] else (y0, min(y1, b) if b >= box[3] else y1)
                )
        cells[box] = (min(x0, box[0]), min(y0, box[1]), max(x1, box[2]), max(y1, box[3]))
    return cells


def _judge(
    cuts: list[tuple[float, str, dict[str, PixelBox]]],
    cut: dict[str, PixelBox],
    marks: Mapping[str, MarkBox],
    place: str,
) -> None:
    """Add a cut with its spread, if letters stand in it alike at all and no panel is a letter.

    A panel set into another lies within it: boxes that only overlap are no panels.
    """
    spread = mark_spread(cut, marks, place)
    least = _LEAST_SIDE * float(np.median([mark[3] - mark[1] for mark in marks.values()]))
    if (
        spread is not None
        and not any(is_sliver(box, (least, least)) for box in cut.values())
        and not _overlap(list(cut.values()))
    ):
        cuts.append((spread, place, cut))


def _stand_free(boxes: Sequence[PixelBox], gray: NDArray[np.uint8], paper: Paper) -> bool:
    """Whether boxes may be drawings or specimens: none holds another from edge to edge.

    Drawings reach around one another, specimens on black do not.
    """
    height, width = gray.shape
    spans = [box for box in boxes if box[3] - box[1] >= height or box[2] - box[0] >= width]
    if any(_holds(span, box) for span in spans for box in boxes if box != span):
        return False
    is_dark = float(cv2.mean(gray, mask=paper.strict)[0]) < _DARK
    return not (is_dark and _overlap(boxes, _COMMON_DRAWN))


def _holds(box: PixelBox, other: PixelBox) -> bool:
    return Bbox(*map(float, other)).covered_by(Bbox(*map(float, box))) >= _WITHIN


def _overlap(boxes: Sequence[PixelBox], common: float = _COMMON) -> bool:
    """Whether two boxes have a part in common, and neither lies within the other."""
    placed = [Bbox(*map(float, box)) for box in boxes]
    return any(
        common <= a.intersect(b).area / max(min(a.area, b.area), 1.0) < _WITHIN
        for i, a in enumerate(placed)
        for b in placed[i + 1 :]
    )


def _are_filled(paper: Paper, boxes: Mapping[str, PixelBox]) -> bool:
    """Whether most panels are pictures to their edges."""
    filled = sum(is_filled(paper.strict, box) for box in boxes.values())
    return filled >= _FILLED_SHARE * len(boxes)


def _papers(rgb: NDArray[np.uint8], gray: NDArray[np.uint8]) -> list[Paper]:
    """What may be paper here: white, black, or the color of other bands."""
    height, width = gray.shape
    white, black = paper_of(np.asarray(255 - gray, np.uint8)), paper_of(gray)
    papers = [white, black]
    if share_of(black.strict) > share_of(white.strict):
        papers.reverse()
    return papers + band_papers(rgb, gray, (0, 0, width, height))
