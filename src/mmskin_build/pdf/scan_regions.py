"""Find the pictures of a scanned page by their pixels.

Steps: `find_paper` models the paper's color; what differs from it falls into connected parts;
letters are small parts, photographs large filled ones (`find_photographs`, before OCR), drawings
large thin ones that are no words (`find_drawings`, after OCR). All boxes here are in pixels of the
image that was given, ``(x0, y0, x1, y1)`` with x1 and y1 exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H, W, 3)
Mask = NDArray[np.bool_]  # (H, W)
PixelBox = tuple[int, int, int, int]

WORK_DPI = 100.0  # enough to tell letters from pictures, few enough pixels to be quick
_PAPER_CHROMA, _PAPER_BLUE = 80, 25  # paper is white to brown: spread of channels, blue over red
_PLAIN_CHROMA, _PLAIN_THRESHOLD = 55.0, 24.0  # beyond either a page without words is a picture
_SMALLEST_SIDE_IN = 0.4  # a picture is larger; letters, even of titles, are smaller
_SMALLEST_DRAWING_IN = (0.8, 0.5)  # long and short side
_RULE_IN = 0.05  # a thinner part is a rule, not a drawing
_EDGE_STRIP = 0.04  # share of the page; narrower dark parts at its border are the scanner's
_PHOTO_COVER = 0.35  # share of its box that a photograph darkens or colors, at least
_PHOTO_SCORE = 0.5
_DRAWING_SCORE = 0.1  # of what is found by its shape, after its tones have said no
_FLAT_TONE = 0.55  # one light tone on more than this share: perhaps a tinted text box
_GROUND = 0.5  # share of one tone from which it is the ground that a chart is drawn on
_SOLID = 0.93  # one tone on more than this share: a bar or a box, not a picture
_DRAWING_GAP_IN = 0.13  # parts of a drawing lie closer together
_TABLE_WORDS = 0.12  # share of a drawing's box under words; above it is a table or a text box
_TEXT_BOX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Paper:
    """What the empty page looks like at `WORK_DPI`.

    `color` is (H, W, 3) float32, `distance` (H, W) float32 the largest difference from it over the
    channels, `threshold` the difference that is more than noise, `scale` work pixels for one image
    pixel.
    """

    color: NDArray[np.float32]
    distance: NDArray[np.float32]
    threshold: float
    scale: float

    @property
    def is_plain(self) -> bool:
        """Whether it looks like paper: hardly colored and smooth, unlike skin or cloth."""
        tint = np.median(self.color.reshape(-1, 3), axis=0)
        return float(np.ptp(tint)) <= _PLAIN_CHROMA and self.threshold <= _PLAIN_THRESHOLD

    @property
    def marked(self) -> Mask:
        """Where something is printed."""
        marked: Mask = self.distance > self.threshold
        return marked


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture; `photo_score` in [0, 1]; `flat` when it may be a tinted box with text in it."""

    box: PixelBox
    photo_score: float
    flat: bool = False


def find_paper(image: Rgb, dpi: float) -> Paper:
    """Model the paper as a smooth surface through the most frequent bright color of the page.

    Tint, uneven light and noise thus count as paper. On a page without any paper (a photograph
    from edge to edge) white takes its place.
    """
    scale = min(1.0, WORK_DPI / dpi)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    gray = small.mean(axis=2)
    counts = np.bincount(gray.astype(np.uint8).ravel(), minlength=256)
    smooth = np.convolve(counts, np.ones(7), mode="same")
    mode = 128 + int(smooth[128:].argmax())
    near = np.abs(gray - mode) < 14
    tint = np.median(small[near], axis=0)
    if near.mean() < 0.03 or np.ptp(tint) > _PAPER_CHROMA or tint[2] - tint[0] > _PAPER_BLUE:
        color = np.full_like(small, 255.0)
        return Paper(color, np.abs(small - color).max(axis=2), 24.0, scale)
    near &= np.abs(small - tint).max(axis=2) < 18
    color = np.broadcast_to(tint, small.shape).astype(np.float32)
    for _ in range(2):
        color = _fit_surface(small, near)
        near = np.abs(small - color).max(axis=2) < 12
    residual = np.abs(small - color).max(axis=2)
    sigma = 1.4826 * float(np.median(residual[near])) if near.any() else 2.0
    return Paper(color, residual, float(np.clip(5.0 * sigma, 9.0, 26.0)), scale)


def _fit_surface(small: NDArray[np.float32], near: Mask) -> NDArray[np.float32]:
    """Fit one quadratic in x and y to each channel over the pixels in `near`."""
    height, width = near.shape
    ys, xs = np.nonzero(near)
    step = max(1, len(xs) // 10_000)
    ys, xs = ys[::step], xs[::step]
    terms = _quadratic(xs / width - 0.5, ys / height - 0.5)
    weights, *_ = np.linalg.lstsq(terms, small[ys, xs].astype(np.float64), rcond=None)
    # A quadratic is smooth: a coarse grid of it, enlarged, is as good as all of its values.
    rows, columns = max(2, height // 8), max(2, width // 8)
    grid_y, grid_x = np.mgrid[0:rows, 0:columns]
    x, y = (grid_x + 0.5) / columns - 0.5, (grid_y + 0.5) / rows - 0.5
    surface = np.clip(_quadratic(x.ravel(), y.ravel()) @ weights, 0, 255)
    coarse = surface.reshape(rows, columns, 3).astype(np.float32)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32)


def _quadratic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def find_photographs(image: Rgb, paper: Paper) -> list[FoundPicture]:
    """Find continuous-tone pictures, top to bottom, then left to right.

    Pictures are apart where a line of paper separates them. Those marked `flat` need a look at
    their words (see `without_text_boxes`).
    """
    work_dpi = WORK_DPI
    marked = paper.marked
    smallest = round(_SMALLEST_SIDE_IN * work_dpi)
    boxes = [
        box
        for box in _part_boxes(marked)
        if box[2] - box[0] >= smallest and box[3] - box[1] >= smallest
    ]
    height, width = marked.shape
    found: list[FoundPicture] = []
    shrunk = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    small = np.asarray(shrunk, np.uint8)
    for box in _merge_overlapping(boxes):
        if _is_scanner_edge(box, width, height):
            continue
        score, flat = _judge(small, paper, marked, box)
        if score >= _PHOTO_SCORE:
            exact = _refine(image, paper, box)
            found.append(FoundPicture(exact, round(score, 3), flat))
    return sorted(found, key=lambda picture: (picture.box[1], picture.box[0]))


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
        left.append(
            (
                min(box[0], partner[0]),
                min(box[1], partner[1]),
                max(box[2], partner[2]),
                max(box[3], partner[3]),
            )
        )
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


# ------------------------------------------------------------------------------------- judging


def _judge(small: Rgb, paper: Paper, marked: Mask, box: PixelBox) -> tuple[float, bool]:
    """Return how much a part looks like a photograph, in [0, 1], and whether it is one light tone.

    A photograph marks most of its box and has many tones. A drawing marks little, a chart has few.
    """
    x0, y0, x1, y1 = box
    inside = marked[y0:y1, x0:x1]
    cover = float(inside.mean())
    # Without noise, which would spread one tone over several.
    pixels = cv2.GaussianBlur(small[y0:y1, x0:x1], (5, 5), 0)[inside].astype(np.int32)
    codes, counts = np.unique((pixels // 16) @ np.array([256, 16, 1]), return_counts=True)
    mode = int(codes[counts.argmax()])
    tone = np.array([mode // 256, mode // 16 % 16, mode % 16]) * 16 + 8
    same = np.abs(pixels - tone).max(axis=1) <= 13
    flat_share = float(same.mean())
    flat = float(tone.mean()) > 150 and flat_share > _FLAT_TONE
    # Tones beside the most frequent one: a dark cloth behind the object has only one.
    others = np.delete(counts, counts.argmax())
    shares = others / max(1, others.sum())
    entropy = float(-(shares * np.log2(shares)).sum()) if flat_share < _SOLID else 0.0
    by_cover = float(np.clip((cover - _PHOTO_COVER) / 0.25, 0, 1))
    # Without color there are fewer tones to tell; but then no tone rules, as a chart's ground does.
    least, span = (1.0, 1.3) if flat_share < _GROUND else (1.5, 2.0)
    by_tones = float(np.clip((entropy - least) / span, 0, 1))
    return by_tones * by_cover, flat


def _refine(image: Rgb, paper: Paper, box: PixelBox) -> PixelBox:
    """Put each edge of a box, given in work pixels, to the pixel of the full image.

    The edge of a picture is where half of its difference from the paper is reached.
    """
    x0, y0, x1, y1 = _trim(paper, box)
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
