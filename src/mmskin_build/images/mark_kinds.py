"""Put pieces of ink together and say what they are: word, arrow, outline, bar, letter.

All rules are of shape and place. Lengths are shares of the picture's longer side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmskin_build.images.mark_shapes import (
    LETTER_MAX,
    LETTER_MIN,
    PLATE,
    MarkKind,
    Piece,
    count_holes,
    gap_of,
    is_in_corner,
    is_in_margin,
    is_letter_shaped,
    longest_side,
    name_shape,
    overlap_of,
    overlaps_of,
    union_of,
)

MINOR: frozenset[str] = frozenset({"scale_bar", "ruler", "watermark", "corner_letter"})

_LETTER_ASPECT_MAX = 1.6  # width over height
_SAME_INK = 0.25  # letters of a word differ less in any channel, thin ones are paler
_BAR_WORDS = 0.07  # height of what is written at it
_PLATE_GAP = 0.01  # between a letter and what belongs to it
_FAR_CORNER = (
    0.1  # whatever small thing lies wholly in this square at a corner is taken for a letter
)
_CORNER_LETTERS = 4  # at most, as in "(a1)"; more is a word, which may be a name
_WORD_ASPECT = 2.2  # what is wider over its height is a word, too
_RULER_TICKS = 6
_RULER_WIDE = 0.25  # a ruler lies in this outer strip
_RULER_LONG = 0.4  # of the edge that it lies along
_TICK_ASPECT = 1.8  # a tick is longer across the ruler than along it
_LIKELY = 0.4
_SURE = 0.8  # of a letter that makes another one a sign in the picture
_ONE_SIZE = 1.4  # the larger of two such letters over the smaller
_WORD_LETTERS = 4
_OWNER_PIECES = 5
_OWNER_WIDE = 0.5  # of the picture's width
_OWNER_GAP = 0.045  # its words stand no farther apart
_OWNER_SIDE = 0.16  # of the width; and no farther from a side edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One mark; `letters` is the number of pieces where it is words, `bright` white or nearly.

    `holes` counts what a single piece encloses: a sign or a name in one piece has many.
    `is_letter` says that it lies in a corner and its shape is a letter's, or that of a plate that
    a letter is cut out of.
    """

    kind: MarkKind
    score: float
    box: tuple[int, int, int, int]
    letters: int = 0
    holes: int = 0
    bright: bool = False
    is_letter: bool = False

    @property
    def pieces(self) -> int:
        """How many pieces of ink it counts for."""
        return max(1, self.letters, self.holes)


def group_pieces(pieces: Sequence[Piece], shape: tuple[int, int]) -> list[Group]:
    """Return the marks that the pieces make; `shape` (H, W) of the reduced picture."""
    pieces = _without_doubles(pieces)
    side = max(shape)
    written = [
        p
        for p in pieces
        if LETTER_MIN <= p.height / side <= LETTER_MAX and p.width <= _LETTER_ASPECT_MAX * p.height
    ]
    words = _words(written)
    in_words = {id(piece) for word in words for piece in word}
    groups = []
    for word in words:
        box = union_of([p.box for p in word])
        best = sorted((p.score for p in word), reverse=True)
        if sum(p.score >= _LIKELY for p in word) >= _WORD_LETTERS:
            score = 1.0 - (1.0 - best[0]) * (1.0 - best[1])  # letters bear each other out
        else:
            score = (best[0] * best[1]) ** 0.5  # one sure letter beside a speck is no word
        kind: MarkKind = "label"
        if len(word) >= _RULER_TICKS and _are_ticks(word):
            kind = "ruler"
        groups.append(
            Group(
                kind=kind,
                score=score,
                box=box,
                letters=len(word),
                bright=_bright(word),
                is_letter=len(word) <= _CORNER_LETTERS
                and box[2] - box[0] < _WORD_ASPECT * (box[3] - box[1]),
            )
        )
    for piece in pieces:
        if id(piece) not in in_words:
            kind = name_shape(piece, shape)
            groups.append(
                Group(
                    kind=kind,
                    score=piece.score,
                    box=piece.box,
                    holes=count_holes(piece, shape),
                    bright=piece.bright,
                    is_letter=is_letter_shaped(piece, shape),
                )
            )
    return _settle(groups, shape)


def _bright(word: Sequence[Piece]) -> bool:
    return sum(piece.bright for piece in word) >= 0.7 * len(word)


def _without_doubles(pieces: Sequence[Piece]) -> list[Piece]:
    """Of pieces of two layers at one place keep the surer."""
    ordered = sorted(pieces, key=lambda p: (-p.score, p.box))
    doubles = overlaps_of([p.box for p in ordered]) > 0.5
    kept: list[int] = []
    for index in range(len(ordered)):
        if not doubles[index, kept].any():
            kept.append(index)
    return sorted((ordered[i] for i in kept), key=lambda p: (p.box[1], p.box[0], p.box))


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Sets of two and more pieces that stand on one line, close together."""
    if len(pieces) < 2:
        return []
    owner = list(range(len(pieces)))

    def root(index: int) -> int:
        while owner[index] != index:
            index = owner[index]
        return index

    x0, y0, x1, y1 = np.array([piece.box for piece in pieces]).T
    high, colors = y1 - y0, np.array([piece.color for piece in pieces])
    tall, low = np.maximum(high[:, None], high), np.minimum(high[:, None], high)
    near = np.maximum(x0[:, None], x0) - np.minimum(x1[:, None], x1) < 1.0 * tall
    near &= np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0) > 0.5 * low
    near &= low > 0.45 * tall
    near &= np.abs(colors[:, None] - colors).max(axis=2) < _SAME_INK
    for first, second in np.argwhere(np.triu(near, 1)).tolist():
        owner[root(second)] = root(first)
    sets: dict[int, list[Piece]] = {}
    for index, piece in enumerate(pieces):
        sets.setdefault(root(index), []).append(piece)
    return [word for word in sets.values() if len(word) >= 2]


def _are_ticks(word: Sequence[Piece]) -> bool:
    """Whether most pieces are upright strokes at equal distances."""
    thin = [p for p in word if p.height > 2.5 * p.width or p.width > 2.5 * p.height]
    if len(thin) < 0.7 * len(word):
        return False
    steps = np.diff(sorted((p.box[0] + p.box[2]) / 2 for p in thin))
    return bool(steps.size and np.std(steps) < 0.35 * max(float(np.mean(steps)), 1.0))


def _are_several(groups: Sequence[Group]) -> bool:
    """Whether two sure letters of one size and brightness stand in corners."""
    letters = [g for g in groups if g.kind == "corner_letter" and g.score >= _SURE]
    return any(
        a.bright == b.bright and longest_side(a.box) < _ONE_SIZE * longest_side(b.box)
        and longest_side(b.box) < _ONE_SIZE * longest_side(a.box)
        for number, a in enumerate(letters) for b in letters[:number]
    )  # fmt: skip


def _settle(groups: Sequence[Group], shape: tuple[int, int]) -> list[Group]:
    """Judge by the company: the number at a scale bar, several letters, words at the rim."""
    side = max(shape)
    bars = [g for g in groups if g.kind == "scale_bar" and g.score >= _LIKELY]
    settled = []
    for group in groups:
        x0, y0, x1, y1 = group.box
        kind = group.kind
        if y1 - y0 < _BAR_WORDS * side and any(
            x0 < b.box[2] and b.box[0] < x1 and gap_of(group.box, b.box) < 0.06 * side for b in bars
        ):
            kind = "scale_bar"
        settled.append(replace(group, kind=kind))
    mark = _owners_mark(settled, shape)
    if mark is not None:
        settled = [
            replace(g, kind="watermark") if overlap_of(g.box, mark) > 0.5 else g for g in settled
        ]
    settled = _with_corner_letters(_with_rulers(settled, shape), shape)
    if _are_several(settled):  # the picture is several, or the letters name something in it
        settled = [replace(g, kind="letter") if g.kind == "corner_letter" else g for g in settled]
    return settled


def _with_corner_letters(groups: Sequence[Group], shape: tuple[int, int]) -> list[Group]:
    """Make one mark of a letter in a corner and of the plate, disc or outline that it stands on.

    A plate is found as a piece with a hole, as its edges, or by what the letter encloses: small
    things that touch a letter belong to it, but no words.
    """
    side = max(shape)
    left: list[Group] = []
    settled: list[Group] = []
    for group in groups:
        x0, y0, x1, y1 = group.box
        small = max(x1 - x0, y1 - y0) <= PLATE * side
        is_word = group.kind == "label" and not group.is_letter
        told = group.kind in ("watermark", "ruler") or is_word or not small
        (settled if told else left).append(group)
    seeds = [g for g in left if _is_corner_letter(g, shape)]
    while seeds:
        box, members, near = seeds[0].box, [seeds[0]], [seeds[0]]
        left.remove(seeds[0])
        while near:
            near = [g for g in left if gap_of(g.box, box) <= _PLATE_GAP * side]
            near = [g for g in near if longest_side(union_of([box, g.box])) <= PLATE * side]
            left = [g for g in left if g not in near]
            members += near
            box = union_of([box, *(g.box for g in near)])
        settled.append(replace(max(members, key=lambda g: g.score), kind="corner_letter", box=box))
        seeds = [g for g in seeds if g in left]
    return settled + left


def _is_corner_letter(group: Group, shape: tuple[int, int]) -> bool:
    if not is_in_corner(group.box, shape):
        return False
    if group.kind == "corner_letter" or group.is_letter:
        return True
    far = _FAR_CORNER * max(shape)  # nothing is left here that a sign could point out
    x0, y0, x1, y1 = group.box
    height, width = shape
    return min(x1, width - x0) <= far and min(y1, height - y0) <= far


def _with_rulers(groups: Sequence[Group], shape: tuple[int, int]) -> list[Group]:
    """Call ruler what stands in a row along an edge: ticks, and the numbers at them."""
    height, width = shape
    side = max(shape)
    settled = list(groups)
    for axis, low in ((0, True), (0, False), (1, True), (1, False)):
        size = shape[1 - axis]  # across the edge: x for the left and right ones
        strip = [
            index
            for index, g in enumerate(settled)
            if g.score >= _LIKELY
            and g.kind != "watermark"
            and (
                g.box[axis + 2] < _RULER_WIDE * side
                if low
                else g.box[axis] > size - _RULER_WIDE * side
            )
        ]
        ticks = [
            i
            for i in strip
            if settled[i].box[axis + 2] - settled[i].box[axis]
            >= _TICK_ASPECT * (settled[i].box[3 - axis] - settled[i].box[1 - axis])
        ]
        if len(ticks) < max(_RULER_TICKS, 0.5 * len(strip)):
            continue
        span = union_of([settled[i].box for i in ticks])
        length = span[3 - axis] - span[1 - axis]
        if length >= _RULER_LONG * (height if axis == 0 else width):
            for i in strip:
                settled[i] = replace(settled[i], kind="ruler")
    return settled


def _owners_mark(
    groups: Sequence[Group], shape: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The block of bright ink in a corner that names the owner: words, a sign, or both.

    A sign may be seen by its shadow, one dark piece with many holes.

    Labels stand at what they name, with lines that lead into the picture; an owner's mark is one
    dense block of many pieces, which keeps to an upper or a lower corner.
    """
    height, width = shape
    left = [g for g in groups if g.kind != "ruler"]  # a sign's stripes look like bars
    best: tuple[int, tuple[int, int, int, int]] | None = None
    while left:
        block, members, near = left[0].box, [left[0]], [left[0]]
        left = left[1:]
        while near:
            near = [g for g in left if gap_of(g.box, block) < _OWNER_GAP * max(shape)]
            left = [g for g in left if g not in near]
            block = union_of([block, *(g.box for g in near)])
            members += near
        pieces = sum(g.pieces for g in members)
        bright = sum(g.pieces for g in members if g.bright or g.holes >= _OWNER_PIECES)
        x0, _, x1, _ = block
        if (
            pieces >= _OWNER_PIECES
            and bright >= 0.5 * pieces
            and is_in_margin(block, shape)
            and x1 - x0 <= _OWNER_WIDE * width
            and min(x0, width - x1) <= _OWNER_SIDE * width
            and (best is None or pieces > best[0])
        ):
            best = pieces, block
    return None if best is None else best[1]
