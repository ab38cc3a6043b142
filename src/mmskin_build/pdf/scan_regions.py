"""Find the pictures of a scanned page by their pixels.

What differs from the page's paper (`scan_paper`) falls into connected parts; letters are small
parts, photographs large filled ones (`find_photographs`, before OCR), drawings large thin ones that
are no words (`find_drawings`, after OCR). All boxes here are in pixels of the image that was given,
``(x0, y0, x1, y1)`` with x1 and y1 exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.pdf.scan_paper import WORK_DPI, Paper, PixelBox, find_paper
from mmskin_build.pdf.scan_tones import Mask, Rgb, Tones, judge_tones

_SMALLEST_SIDE_IN = 0.4  # a picture is larger; letters, even of titles, are smaller
_SMALLEST_DRAWING_IN = (0.8, 0.5)  # long and short side
_LETTER_PX, _SOLID_SHARE = 9, 0.93  # at `WORK_DPI`; of a picture's marks, without letters
_HELD, _REACHES = 0.5, 0.01  # shares of a part's pixels that lie in the box of another
_SPARSE = 0.1  # share of its box that a frame marks at most
_RULE_IN = 0.05  # a thinner part is a rule, not a drawing
_EDGE_STRIP = 0.04  # share of the page; narrower dark parts at its border are the scanner's
_PHOTO_SCORE = 0.5
_MOST_OF_GROUND = 0.8  # share of a ground; what covers more of it is its one picture
_EDGE_PX = 9  # around the outline of a ground, where it runs into the paper, at `WORK_DPI`
_DRAWING_SCORE = 0.1  # of what is found by its shape, after its tones have said no
_DRAWING_GAP_IN = 0.13  # parts of a drawing lie closer together
_TABLE_WORDS = 0.12  # share of a drawing's box under words; above it is a table or a text box
_TEXT_BOX_WORDS = 8


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture; `photo_score` in [0, 1]; `flat` when it may be a tinted box with text in it."""

    box: PixelBox
    photo_score: float
    flat: bool = False


def find_photographs(image: Rgb, paper: Paper) -> list[FoundPicture]:
    """Find continuous-tone pictures, top to bottom, then left to right.

    Pictures are apart where a line of paper separates them. Those marked `flat` need a look at
    their words (see `without_text_boxes`).
    """
    found = []
    for part in _judged_parts(_at_work_size(image, paper), paper):
        if part.tones.photo_score >= _PHOTO_SCORE:
            exact = _refine(image, paper, part.box)
            found.append(FoundPicture(exact, round(part.tones.photo_score, 3), part.tones.flat))
    return sorted(found, key=lambda picture: (picture.box[1], picture.box[0]))


def with_printed_grounds(image: Rgb, paper: Paper) -> Paper:
    """Count tinted boxes that hold photographs as paper, of their own color.

    Other tints stay what they are: the ground of a chart, of a text or of one picture.
    """
    small = _at_work_size(image, paper)
    color, distance = paper.color.copy(), paper.distance.copy()
    for part in _judged_parts(small, paper):
        if not part.tones.printed_ground:
            continue
        x0, y0, x1, y1 = part.box
        view = np.ascontiguousarray(small[y0:y1, x0:x1])
        tint = find_paper(view, WORK_DPI)
        shape = _outline_filled(paper.marked[y0:y1, x0:x1])
        inner = cv2.erode(shape, np.ones((_EDGE_PX, _EDGE_PX), np.uint8), borderValue=0) > 0
        inside = replace(tint, distance=np.where(inner, tint.distance, 0.0).astype(np.float32))
        if not any(
            held.tones.photo_score >= _PHOTO_SCORE
            and _area(held.box) < _MOST_OF_GROUND * _area(part.box)
            for held in _judged_parts(view, inside)
        ):
            continue
        around = cv2.dilate(shape, np.ones((_EDGE_PX, _EDGE_PX), np.uint8)) > 0
        color[y0:y1, x0:x1][shape > 0] = inside.color[shape > 0]
        distance[y0:y1, x0:x1][around] = inside.distance[around]
    return Paper(color, distance, paper.threshold, paper.scale)


def without_text_boxes(
    pictures: Sequence[FoundPicture], words: Sequence[PixelBox]
) -> list[FoundPicture]:
    """Drop those flat pictures that turn out to be text on a tint; `words` in image pixels."""
    return [
        picture
        for picture in pictures
        if not picture.flat
        or len(inside := [w for w in words if _share_inside(w, picture.box) > 0.8])
        < _TEXT_BOX_WORDS
        or _word_share(inside, picture.box) < _TABLE_WORDS
    ]


def find_drawings(
    paper: Paper,
    photographs: Sequence[FoundPicture],
    words: Sequence[PixelBox],
    text: Sequence[PixelBox],
) -> list[FoundPicture]:
    """Find line drawings and charts: printed parts that are neither photograph nor text.

    Args:
        paper: The page without its paper.
        photographs: What is known already.
        words: All recognized words, in image pixels: many of them in a drawing make it a table.
        text: The words of running text among them; they belong to no drawing.
    """
    marked = paper.marked
    height, width = marked.shape
    for picture in photographs:
        _erase(marked, picture.box, paper.scale, 4)
    for word in text:
        _erase(marked, word, paper.scale, 2)
    rule = round(_RULE_IN * WORK_DPI)
    ink = np.zeros(marked.shape, np.uint8)
    count, labels, stats = _parts(marked)
    for part in range(1, count):
        x, y, w, h, area = stats[part]
        # Specks are dust; a lone rule divides the page's text.
        if area >= 4 and (min(w, h) > rule or max(w, h) < 4 * rule):
            view = labels[y : y + h, x : x + w] == part
            ink[y : y + h, x : x + w][view] = 1
    reach = round(_DRAWING_GAP_IN * WORK_DPI)
    joined = cv2.dilate(ink, np.ones((reach, reach), np.uint8))
    found: list[FoundPicture] = []
    long_side, short_side = (side * WORK_DPI for side in _SMALLEST_DRAWING_IN)
    for x0, y0, x1, y1 in _part_boxes(joined > 0):
        rows, columns = np.nonzero(ink[y0:y1, x0:x1])
        box = (
            x0 + int(columns.min()),
            y0 + int(rows.min()),
            x0 + int(columns.max()) + 1,
            y0 + int(rows.max()) + 1,
        )
        w, h = box[2] - box[0], box[3] - box[1]
        if max(w, h) < long_side or min(w, h) < short_side:
            continue
        if _is_scanner_edge(box, width, height) or not _has_large_part(stats, box, short_side):
            continue
        exact = tuple(round(side / paper.scale) for side in box)
        pixels: PixelBox = (exact[0], exact[1], exact[2], exact[3])
        inside = [word for word in words if _share_inside(word, pixels) > 0.8]
        if _word_share(inside, pixels) < _TABLE_WORDS:
            found.append(FoundPicture(pixels, _DRAWING_SCORE))
    boxes = _merge_overlapping([picture.box for picture in found])
    return [FoundPicture(box, _DRAWING_SCORE) for box in sorted(boxes, key=lambda b: (b[1], b[0]))]


# ------------------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class _Part:
    """A large printed part of the page: its box in work pixels and what its tones say."""

    box: PixelBox
    tones: Tones


def _judged_parts(small: Rgb, paper: Paper) -> list[_Part]:
    """Judge the parts of a page at `WORK_DPI` that are as large as pictures."""
    marked = paper.marked
    height, width = marked.shape
    _, labels, stats = _parts(marked)
    held = _large_parts(labels, stats, round(_SMALLEST_SIDE_IN * WORK_DPI))
    parts = []
    for own, (box, _, _) in enumerate(held):
        if not _is_scanner_edge(box, width, height):
            view = np.s_[box[1] : box[3], box[0] : box[2]]
            others = [
                number
                for index, (other, numbers, _) in enumerate(held)
                if index != own and _overlap(other, box)
                for number in numbers
            ]
            seen = marked[view] & ~np.isin(labels[view], others) if others else marked[view]
            parts.append(_Part(box, judge_tones(small[view], paper.color[view], seen)))
    return parts


def _large_parts(
    labels: NDArray[np.int32], stats: NDArray[np.int32], smallest: int
) -> list[tuple[PixelBox, list[int], int]]:
    """The box, labels and area of the connected parts at least `smallest` wide and high.

    Parts that reach into one another are one. A bar that bends around a picture shares its box, but
    none of its pixels lie there.
    """
    found: list[tuple[PixelBox, list[int], int]] = []
    for number, (x, y, w, h, area) in enumerate(stats[1:].tolist(), start=1):
        if min(w, h) < smallest or area < _SPARSE * w * h:
            continue
        here: tuple[PixelBox, list[int], int] = ((x, y, x + w, y + h), [number], area)
        while True:
            partner = next((other for other in found if _reach(labels, here, other)), None)
            if partner is None:
                break
            found.remove(partner)
            box = _around(here[0], partner[0])
            here = (box, here[1] + partner[1], here[2] + partner[2])
        found.append(here)
    return found


def _reach(
    labels: NDArray[np.int32],
    a: tuple[PixelBox, list[int], int],
    b: tuple[PixelBox, list[int], int],
) -> bool:
    """Whether most of one part lies in the box of the other, or some of each in the other's."""
    if _overlap(a[0], b[0]) == 0:
        return False
    shares = [
        np.isin(labels[y0:y1, x0:x1], numbers).sum() / area
        for (_, numbers, area), (x0, y0, x1, y1) in ((a, b[0]), (b, a[0]))
    ]
    return bool(max(shares) >= _HELD or min(shares) >= _REACHES)


def _around(a: PixelBox, b: PixelBox) -> PixelBox:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _at_work_size(image: Rgb, paper: Paper) -> Rgb:
    height, width = paper.distance.shape
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _outline_filled(marked: Mask) -> NDArray[np.uint8]:
    """1 inside the outlines of the parts of a mask, 0 outside."""
    filled = np.zeros(marked.shape, np.uint8)
    outlines, _ = cv2.findContours(
        marked.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled


def _part_boxes(mask: Mask) -> list[PixelBox]:
    """Boxes of the connected parts of a mask, neighbors at corners included."""
    _, _, stats = _parts(mask)
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:]]


def _parts(mask: Mask) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """Number of parts and background together, labels (H, W), and x, y, w, h, area of each."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    return count, np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def _has_large_part(stats: NDArray[np.int32], box: PixelBox, side: float) -> bool:
    """Whether a drawing holds a part larger than letters are: scattered specks are no drawing."""
    x, y, w, h = stats[1:, 0], stats[1:, 1], stats[1:, 2], stats[1:, 3]
    inside = (x >= box[0]) & (y >= box[1]) & (x + w <= box[2]) & (y + h <= box[3])
    return bool((inside & (np.maximum(w, h) >= side)).any())


def _merge_overlapping(boxes: Sequence[PixelBox]) -> list[PixelBox]:
    """Join boxes that share area, until none do."""
    left = sorted(boxes)
    merged: list[PixelBox] = []
    while left:
        box = left.pop(0)
        partner = next((other for other in left if _overlap(box, other) > 0), None)
        if partner is None:
            merged.append(box)
            continue
        left.remove(partner)
        left.append(_around(box, partner))
        left = sorted(left + merged)
        merged = []
    return merged


def _overlap(a: PixelBox, b: PixelBox) -> int:
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def _area(box: PixelBox) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def _share_inside(box: PixelBox, outer: PixelBox) -> float:
    return _overlap(box, outer) / max(1, _area(box))


def _word_share(words: Sequence[PixelBox], box: PixelBox) -> float:
    return sum(_overlap(word, box) for word in words) / max(1, _area(box))


def _is_scanner_edge(box: PixelBox, width: int, height: int) -> bool:
    """Whether a part hugs the image's border: the shadow of the binding, or the lid's edge."""
    x0, y0, x1, y1 = box
    return (
        ((x0 <= 1 or x1 >= width - 1) and x1 - x0 < _EDGE_STRIP * width)
        or ((y0 <= 1 or y1 >= height - 1) and y1 - y0 < _EDGE_STRIP * height)
    )  # fmt: skip


def _erase(mask: Mask, box: PixelBox, scale: float, margin: int) -> None:
    x0, y0, x1, y1 = box
    mask[
        max(0, int(y0 * scale) - margin) : int(np.ceil(y1 * scale)) + margin,
        max(0, int(x0 * scale) - margin) : int(np.ceil(x1 * scale)) + margin,
    ] = False


# ------------------------------------------------------------------------------------- edges


def _refine(image: Rgb, paper: Paper, box: PixelBox) -> PixelBox:
    """Put each edge of a box, given in work pixels, to the pixel of the full image.

    The edge of a picture is where half of its difference from the paper is reached.
    """
    x0, y0, x1, y1 = _trim(paper, _without_strokes(paper, box))
    reach = 2
    left, top = max(0, x0 - reach), max(0, y0 - reach)
    right, bottom = min(paper.distance.shape[1], x1 + reach), min(len(paper.distance), y1 + reach)
    near = (left, top, right, bottom)
    full = [round(side / paper.scale) for side in near]
    full[2], full[3] = min(full[2], image.shape[1]), min(full[3], image.shape[0])
    view = image[full[1] : full[3], full[0] : full[2]].astype(np.float32)
    size = (view.shape[1], view.shape[0])
    color = cv2.resize(paper.color[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)
    # Strong differences say no more about where the edge is than clear ones do.
    distance = np.clip(np.abs(view - color).max(axis=2) - paper.threshold / 2, 0, 60)
    depth = round(2 * reach / paper.scale) + 1
    first_row, last_row = _extent(distance.mean(axis=1), depth)
    first_column, last_column = _extent(distance.mean(axis=0), depth)
    return full[0] + first_column, full[1] + first_row, full[0] + last_column, full[1] + last_row


def _without_strokes(paper: Paper, box: PixelBox) -> PixelBox:
    """Cut off the words that touch a picture: what no square of a letter's size fits into."""
    x0, y0, x1, y1 = box
    marked = paper.marked[y0:y1, x0:x1].astype(np.uint8)
    solid = cv2.morphologyEx(marked, cv2.MORPH_OPEN, np.ones((_LETTER_PX, _LETTER_PX), np.uint8))
    if solid.sum() < _SOLID_SHARE * marked.sum():
        return box  # a picture of fine parts
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return (
        x0 + int(columns[0]),
        y0 + int(rows[0]),
        x0 + int(columns[-1]) + 1,
        y0 + int(rows[-1]) + 1,
    )


def _trim(paper: Paper, box: PixelBox) -> PixelBox:
    """Cut off what sticks out of a picture, dust and shadows: lines of which hardly any is marked.

    At most a tenth of the box is cut at each side.
    """
    x0, y0, x1, y1 = box
    marked = paper.distance[y0:y1, x0:x1] > 1.5 * paper.threshold
    rows, columns = marked.mean(axis=1) >= 0.06, marked.mean(axis=0) >= 0.06

    def empty(lines: Mask) -> int:
        most = len(lines) // 10
        return int(np.argmax(lines[: most + 1])) if lines[: most + 1].any() else 0

    return (
        x0 + empty(columns),
        y0 + empty(rows),
        x1 - empty(columns[::-1]),
        y1 - empty(rows[::-1]),
    )


def _extent(profile: NDArray[np.float32], depth: int) -> tuple[int, int]:
    """First and last (exclusive) index at which a profile has half of its value just inside."""
    depth = max(1, min(depth, len(profile) // 2))

    def first(values: NDArray[np.float32]) -> int:
        return int(np.argmax(values[:depth] >= 0.5 * values[depth // 2 : depth].max()))

    return first(profile), len(profile) - first(profile[::-1])
