"""Cuts a plate along its paper so that each part bears one letter.

Gutters first, the widest that leaves letters on both sides; then a panel set into a corner of
another; then, where they are asked for, seams without a gutter. Boxes are ``(x0, y0, x1, y1)`` in
pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmskin_build.figures.drawings import GROUND_SHARE
from mmskin_build.figures.gutters import (
    Band,
    bands_across,
    divide,
    is_sliver,
    snap,
    steps_across,
)
from mmskin_build.figures.paper import Paper, PixelBox, paper_shares, runs, share_of, trim

_MIN_SIDE_SHARE, _MIN_SIDE_PX = 0.045, 20  # of a panel, of the plate's side
_INSET_SHARE = 0.94  # of an inset's border that is paper
_INSET_START = 0.15  # of the side: where borders of an inset are looked for
_INSET_STEP, _INSET_INSIDE = 4, 0.6  # pixels inside its border; share of paper there, at most
_INSET_MIN = 0.12  # of the side
_MOST_INSETS = 40


@dataclass(frozen=True, slots=True)
class Seams:
    """Where seams without a gutter are looked for, and how clear they must be.

    `picture` is ``(H, W, 3) uint8``, of the paper's size; `ratio` and `share` are those of
    `gutters.steps_across`.
    """

    picture: NDArray[np.uint8]
    ratio: float
    share: float


class PlateCutter:
    """Cuts a plate along one kind of paper, letters on both sides of each cut.

    The same boxes come up wherever the letters are taken to stand: what is found on the paper of a
    box is kept for the next cut.
    """

    def __init__(self, paper: Paper) -> None:
        """Take the paper of a plate, which says where its gutters may be."""
        self.paper = paper
        self.is_loose = share_of(paper.strict) >= GROUND_SHARE
        height, width = paper.strict.shape
        self.whole = trim(paper.strict, (0, 0, width, height))
        self.smallest = (
            max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * width),
            max(_MIN_SIDE_PX, _MIN_SIDE_SHARE * height),
        )
        self._bands: dict[PixelBox, list[Band]] = {}
        self._insets: dict[PixelBox, list[PixelBox]] = {}
        self._trimmed: dict[PixelBox, PixelBox] = {}

    def cut(
        self, probes: Mapping[str, tuple[float, float]], seams: Seams | None = None
    ) -> dict[str, PixelBox] | None:
        """Return the panel of each letter, or None where some letters cannot be parted.

        Args:
            probes: Where each letter counts as standing, (x, y) in pixels.
            seams: Where no gutter is found, cut at seams, too.
        """
        self.probes, self.seams = probes, seams
        self.cells: dict[PixelBox, PixelBox] = {}
        found = self._cut(self.whole, sorted(probes))
        if found is None:
            return None
        leaves = snap(self.paper, self.whole, list(found.values()), self.cells)
        return dict(zip(found, leaves, strict=True))

    def _cut(self, box: PixelBox, letters: Sequence[str]) -> dict[str, PixelBox] | None:
        if len(letters) == 1:
            return {letters[0]: box}
        for band in self._bands_of(box):
            parted = self._part(box, band, letters)
            if parted is not None:
                return self._both(box, band, parted)
        inset = self._inset(box, letters)
        if inset is not None or self.seams is None:
            return inset
        seam = self._seam(box, letters, self.seams)
        parted = None if seam is None else self._part(box, seam, letters)
        return None if seam is None or parted is None else self._both(box, seam, parted)

    def _bands_of(self, box: PixelBox) -> list[Band]:
        """The clean gutters across a box, widest first."""
        if box not in self._bands:
            found = bands_across(self.paper, box, self.smallest)
            clean = [band for band in found if self._is_clean(box, band)]
            self._bands[box] = sorted(clean, key=lambda b: (-b.width, b.axis, b.start))
        return self._bands[box]

    def _is_clean(self, box: PixelBox, band: Band) -> bool:
        """Whether no stroke crosses a band, on a plate that is mostly paper: thin ones would."""
        if not self.is_loose:
            return True
        x0, y0, x1, y1 = box
        part = self.paper.loose[y0:y1, x0:x1]
        lines = part[band.start : band.end] if band.axis == 0 else part[:, band.start : band.end]
        return bool(lines.all(axis=1 - band.axis).any())

    def _both(
        self, box: PixelBox, band: Band, parted: tuple[list[str], list[str]]
    ) -> dict[str, PixelBox] | None:
        found: dict[str, PixelBox] = {}
        for piece, letters in zip(divide(box, band), parted, strict=True):
            if piece not in self._trimmed:
                self._trimmed[piece] = trim(self.paper.strict, piece)
            trimmed = self._trimmed[piece]
            if is_sliver(trimmed, self.smallest):
                return None
            self.cells[trimmed] = piece
            inner = self._cut(trimmed, letters)
            if inner is None:
                return None
            found.update(inner)
        return found

    def _part(
        self, box: PixelBox, band: Band, letters: Sequence[str]
    ) -> tuple[list[str], list[str]] | None:
        """The letters on both sides of a cut; None where one side has none."""
        middle = box[1 - band.axis] + (band.start + band.end) / 2
        before = [x for x in letters if self.probes[x][1 - band.axis] < middle]
        after = [x for x in letters if self.probes[x][1 - band.axis] >= middle]
        return (before, after) if before and after else None

    def _seam(self, box: PixelBox, letters: Sequence[str], seams: Seams) -> Band | None:
        best: Band | None = None
        for axis in (0, 1):
            strength = steps_across(seams.picture, box, axis, seams.ratio, seams.share)
            if len(strength) == 0:
                continue
            at = sorted(self.probes[x][1 - axis] - box[1 - axis] for x in letters)
            places = np.arange(len(strength))
            strength[(places <= at[0]) | (places >= at[-1])] = 0
            line = int(strength.argmax())
            if strength[line] > 0 and (best is None or strength[line] > best.width):
                best = Band(float(strength[line]), axis, line + 1, line + 1)
        return best

    def _inset(self, box: PixelBox, letters: Sequence[str]) -> dict[str, PixelBox] | None:
        """A panel set into a corner of another, whose box it leaves whole."""
        for inner in self._insets_of(box):
            held = [x for x in letters if _holds(inner, self.probes[x])]
            if len(held) == 1:
                rest = self._cut(box, [x for x in letters if x != held[0]])
                return None if rest is None else {held[0]: inner, **rest}
        return None

    def _insets_of(self, box: PixelBox) -> list[PixelBox]:
        """Rectangles that may be set into the corners of a box."""
        if box not in self._insets:
            self._insets[box] = _corner_insets(self.paper.strict, box)
        return self._insets[box]


def _corner_insets(mask: NDArray[np.uint8], box: PixelBox) -> list[PixelBox]:
    """Rectangles in any corner of a box, set off by lines of paper (`_find_insets`)."""
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    found: list[PixelBox] = []
    for flip_y in (False, True):
        for flip_x in (False, True):
            turned = part[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
            for a, b, c, d in _find_insets(np.ascontiguousarray(turned)):
                if flip_x:
                    a, c = part.shape[1] - c, part.shape[1] - a
                if flip_y:
                    b, d = part.shape[0] - d, part.shape[0] - b
                found.append((x0 + a, y0 + b, x0 + c, y0 + d))
    return found


def _find_insets(paper: NDArray[np.uint8]) -> list[PixelBox]:
    """Rectangles in the lower right corner, set off by a line of paper above and at their left."""
    height, width = paper.shape
    low, right = round(height * (1 - _INSET_START)), round(width * (1 - _INSET_START))
    if low >= height or right >= width:
        return []
    columns = paper_shares(paper[low:], 1) >= _INSET_SHARE
    rows = paper_shares(paper[:, right:], 0) >= _INSET_SHARE
    xs = [end - 1 for _, end in runs(columns) if end < width * (1 - _INSET_MIN)]
    ys = [end - 1 for _, end in runs(rows) if end < height * (1 - _INSET_MIN)]
    if not xs or not ys:
        return []
    below = np.cumsum(paper[:, xs], axis=0, dtype=np.int32)
    beside = np.cumsum(paper[ys], axis=1, dtype=np.int32)
    found: list[PixelBox] = []
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            if x <= 0 or y <= 0:
                continue
            down = (below[-1, i] - below[y, i]) / (height - 1 - y)
            across = (beside[j, -1] - beside[j, x]) / (width - 1 - x)
            if down < _INSET_SHARE or across < _INSET_SHARE:
                continue
            inside = paper[y + _INSET_STEP :, x + _INSET_STEP], paper[y + _INSET_STEP, x:]
            if all(line.mean() <= _INSET_INSIDE for line in inside):
                found.append((int(x) + 1, int(y) + 1, width, height))
    # The innermost line of the border is its edge.
    return sorted(found, key=lambda box: box[0] + box[1], reverse=True)[:_MOST_INSETS]


def _holds(box: PixelBox, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
