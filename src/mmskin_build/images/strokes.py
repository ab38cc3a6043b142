"""Find what could have been drawn on a picture: flat, sharp-edged pieces of one color.

A mark is ink: black, white or a pure color, the same all along, with an edge that is over within a
pixel or two, in strokes of one width. Hair, nuclei, scales and reflections share some of this, not
all; `marks` weighs the facts that are gathered here.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

WORKING_SIDE_PX = 512  # larger pictures are reduced: a mark is drawn for the whole picture's size

LAYERS = ("thin_dark", "thin_bright", "black", "white", "color")
FACTS = (
    "log_area", "log_width", "log_height", "log_aspect", "extent", "log_stroke", "log_length",
    "evenness", "spread_major", "spread_ratio", "red", "green", "blue", "chroma", "lightest",
    "darkest", "unevenness", "color_unevenness", "inner_edge", "contrast", "sharpness", "border",
    "touching", "neighbors", "log_company", "layer_share", "layer_sharpness", "layer_contrast",
    "is_thin_dark", "is_thin_bright", "is_black", "is_white", "is_color",
)  # fmt: skip

_THIN_SHARE = 0.013  # half the widest thin stroke, share of the longer side
_STEP = 42  # gray levels between a thin stroke and what surrounds it
_BLACK_MAX = 62
_WHITE_MIN = 222
_CHROMA_MIN = 90
_PURE_CHROMA_MIN = 165  # where much of the picture has the color, as with a blue drape
_MUCH = 0.12
_AREA_MIN_PX = 9
_AREA_MAX = 0.06  # share of the picture; more is no ink
_SPAN_MIN_PX = 4
_CORE_PX = 2.5  # this far inside a piece its edge is no longer seen
_RIM_PX = 1.5  # this near its edge a pixel is one of the rim
_PIECES_MAX = 110  # a layer; the most contrasting are kept
_BYTES = ("red", "green", "blue", "gray", "lightest", "darkest", "step", "edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """Candidate pieces: `facts` (n, len(FACTS)), `boxes` (n, 4) x0 y0 x1 y1 of the reduced picture.

    `layers` (n) indexes `LAYERS`; `shape` (H, W) is that of the reduced picture, `scale` its size
    over the original's; `pixels` holds for each piece where it lies, as flat indices of `shape`.
    """

    facts: Floats
    boxes: NDArray[np.int64]
    layers: NDArray[np.int64]
    pixels: tuple[NDArray[np.int64], ...]
    shape: tuple[int, int]
    scale: float


@dataclass(frozen=True, slots=True)
class _Maps:
    rgb: RgbImage
    gray: Gray
    lightest: Gray
    darkest: Gray
    step: Gray  # gray levels between the lightest and the darkest within 3 pixels
    together: NDArray[np.uint64]  # (H * W): the bytes of `_BYTES` of each pixel in one number


def find_strokes(rgb: RgbImage) -> Strokes:
    """Return the pieces of a picture ``(H, W, 3) uint8`` that could be ink, with their facts."""
    longer = max(rgb.shape[:2])
    scale = min(1.0, WORKING_SIDE_PX / longer)
    if scale < 1.0:
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    maps = _maps(rgb)
    facts, boxes, layers, pixels = [], [], [], []
    for layer, mask in _masks(maps):
        found = _pieces(maps, mask, layer)
        if found is None:
            continue
        facts.append(found[0])
        boxes.append(found[1])
        layers.append(np.full(len(found[1]), layer, np.int64))
        pixels.extend(found[2])
    return Strokes(
        facts=np.concatenate(facts) if facts else np.zeros((0, len(FACTS))),
        boxes=np.concatenate(boxes) if boxes else np.zeros((0, 4), np.int64),
        layers=np.concatenate(layers) if layers else np.zeros(0, np.int64),
        pixels=tuple(pixels),
        shape=(rgb.shape[0], rgb.shape[1]),
        scale=scale,
    )


def _maps(rgb: RgbImage) -> _Maps:
    red, green, blue = cv2.split(rgb)
    gray = _gray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    lightest = _gray(cv2.max(red, cv2.max(green, blue)))
    darkest = _gray(cv2.min(red, cv2.min(green, blue)))
    step = _gray(cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((7, 7), np.uint8)))
    edge = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))  # within 1 pixel
    together = _gray(cv2.merge([red, green, blue, gray, lightest, darkest, step, edge]))
    return _Maps(
        rgb=rgb,
        gray=gray,
        lightest=lightest,
        darkest=darkest,
        step=step,
        together=together.view(np.uint64).ravel(),
    )


def _gray(values: object) -> Gray:
    return np.asarray(values, np.uint8)


def _masks(maps: _Maps) -> list[tuple[int, Gray]]:
    """The layers in which ink would stand out, as masks of 0 and 1."""
    width = 2 * max(2, round(max(maps.gray.shape) * _THIN_SHARE)) + 1
    kernel = np.ones((width, width), np.uint8)
    dark = cv2.morphologyEx(maps.gray, cv2.MORPH_BLACKHAT, kernel)
    bright = cv2.morphologyEx(maps.gray, cv2.MORPH_TOPHAT, kernel)
    masks = [
        (0, (dark >= _STEP).astype(np.uint8)),
        (1, (bright >= _STEP).astype(np.uint8)),
        (2, (maps.lightest <= _BLACK_MAX).astype(np.uint8)),
        (3, (maps.darkest >= _WHITE_MIN).astype(np.uint8)),
    ]
    chroma = cv2.subtract(maps.lightest, maps.darkest)
    vivid = chroma >= _CHROMA_MIN
    if not vivid.any():
        return masks
    middle = cv2.addWeighted(maps.lightest, 0.5, maps.darkest, 0.5, 0)
    hue = np.zeros_like(maps.gray)
    for channel, bit in zip(cv2.split(maps.rgb), (4, 2, 1), strict=True):
        hue |= (channel > middle).view(np.uint8) * np.uint8(bit)
    hue *= vivid.view(np.uint8)
    counts = cv2.calcHist([hue], [0], None, [8], [0, 8]).ravel()
    for value in range(1, 7):  # blue, green, cyan, red, magenta, yellow
        if counts[value] < _AREA_MIN_PX:
            continue
        mask = (hue == value).view(np.uint8)
        if counts[value] > _MUCH * hue.size:
            mask &= (chroma >= _PURE_CHROMA_MIN).view(np.uint8)
        masks.append((4, mask))
    return masks


def _pieces(
    maps: _Maps, mask: Gray, layer: int
) -> tuple[Floats, NDArray[np.int64], list[NDArray[np.int64]]] | None:
    """The connected pieces of one layer that have the size of ink, with facts and boxes."""
    if cv2.countNonZero(mask) < _AREA_MIN_PX:
        return None
    # The algorithm is the fastest here; the default takes twice as long. It would box all pieces;
    # boxing those of the right area, which are few, takes half as long.
    count, labels = cv2.connectedComponentsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
    index = np.flatnonzero(mask.view(np.bool_))
    owner = labels.ravel()[index]
    area = np.bincount(owner, minlength=count)
    sized = np.flatnonzero((area >= _AREA_MIN_PX) & (area <= _AREA_MAX * mask.size))
    if not len(sized):
        return None
    place = np.full(count, -1, np.int16)  # numbers of 16 bits are sorted fastest
    place[sized] = np.arange(len(sized))
    placed = place[owner]
    chosen = placed >= 0
    index = index[chosen][np.argsort(placed[chosen], kind="stable")]
    area = area[sized]
    boxes = _boxes(index, np.cumsum(area) - area, mask.shape[1])
    span = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    fits = span >= _SPAN_MIN_PX
    company = int(fits.sum())
    if company == 0:
        return None
    if company > _PIECES_MAX:
        total = np.add.reduceat(maps.step.ravel()[index], np.cumsum(area) - area, dtype=np.int64)
        strength = np.where(fits, total / area * np.minimum(span, 40.0) ** 0.5, -1.0)
        fits[np.argsort(-strength, kind="stable")[_PIECES_MAX:]] = False
    index, area, boxes = index[np.repeat(fits, area)], area[fits], boxes[fits]
    ends = np.cumsum(area)
    starts = ends - area
    thick = cv2.distanceTransform(mask, cv2.DIST_L2, 3).ravel()[index].astype(float)
    facts = _facts(maps, layer, index, starts, area, boxes, thick, company, mask)
    return facts, boxes, [index[first:end] for first, end in zip(starts, ends, strict=True)]


def _boxes(index: NDArray[np.int64], starts: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """The boxes of pieces, whose pixels stand one piece after the other."""
    ys = index // width
    xs = index - ys * width
    low = [np.minimum.reduceat(values, starts) for values in (xs, ys)]
    high = [np.maximum.reduceat(values, starts) + 1 for values in (xs, ys)]
    return np.stack([*low, *high], axis=1)


def _facts(
    maps: _Maps,
    layer: int,
    index: NDArray[np.int64],
    starts: NDArray[np.int64],
    area: NDArray[np.int64],
    boxes: NDArray[np.int64],
    thick: Floats,
    company: int,
    mask: Gray,
) -> Floats:
    """The facts of pieces whose pixels stand one piece after the other, each from its start on."""
    count = len(starts)
    height, width = mask.shape
    side = float(max(height, width))
    left, top, right, bottom = boxes.T.astype(float)
    wide, high = right - left, bottom - top

    def total(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, starts))

    def mean(values: Floats) -> Floats:
        return total(values) / area

    ys = (index // width).astype(float)
    xs = index - ys * width
    x, y = mean(xs), mean(ys)
    xx, yy, xy = mean(xs * xs) - x * x, mean(ys * ys) - y * y, mean(xs * ys) - x * y
    half, skew = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    major, minor = half + skew, np.maximum(half - skew, 0.0)

    together = maps.together[index].view(np.uint8).reshape(-1, len(_BYTES))
    red, green, blue, gray, lightest, darkest, step, edge = together.T.astype(float)
    widest = np.maximum.reduceat(thick, starts)
    rim = (thick < _RIM_PX).astype(float)
    rim_count = np.maximum(total(rim), 1.0)
    rim_step, rim_edge = total(step * rim) / rim_count, total(edge * rim) / rim_count
    gray_mean = mean(gray)
    chroma, core = lightest - darkest, (thick >= _CORE_PX).astype(float)
    chroma_mean = mean(chroma)
    core_edge = total(edge * core) / np.maximum(total(core), 1)
    border = np.minimum(np.minimum(left, top), np.minimum(width - right, height - bottom))
    sharp = rim_edge / np.maximum(rim_step, 1.0)
    facts = np.zeros((count, len(FACTS)))
    columns = [
        np.log(area / side), np.log(wide / side), np.log(high / side), np.log(wide / high),
        area / (wide * high), np.log(2 * widest / side), np.log(area / (2 * widest) / side),
        mean(thick) / widest, np.sqrt(major) / side, np.sqrt(minor / np.maximum(major, 1e-9)),
        mean(red) / 255, mean(green) / 255, mean(blue) / 255,
        chroma_mean / 255, mean(lightest) / 255, mean(darkest) / 255,
        np.sqrt(np.maximum(mean(gray**2) - gray_mean**2, 0)) / 64,
        np.sqrt(np.maximum(mean(chroma**2) - chroma_mean**2, 0)) / 64,
        core_edge / 64,
        rim_step / 255, sharp,
        border / side, (border <= 0).astype(float),
        _neighbors(boxes) / 4, np.log1p(company) / 4,
        cv2.countNonZero(mask) / mask.size, _median(sharp), _median(rim_step) / 255,
    ]  # fmt: skip
    for number, column in enumerate(columns):
        facts[:, number] = column
    facts[:, len(columns) + layer] = 1.0
    return facts


def _median(values: Floats) -> float:
    """As `numpy.median`, which takes far longer for as few values as there are here."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _neighbors(boxes: NDArray[np.int64]) -> Floats:
    """How many pieces of like height stand beside each on its line, as letters do; 4 at most."""
    left, top, right, bottom = boxes.T
    wide, high = right - left, bottom - top
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    tall, low = np.maximum(high[:, None], high), np.minimum(high[:, None], high)
    beside = (gap < 1.2 * tall) & (low > 0.55 * tall)
    beside &= np.abs(bottom[:, None] - bottom) < 0.35 * tall
    narrow = wide < 2.5 * high
    beside &= narrow[:, None] & narrow
    np.fill_diagonal(beside, False)
    return np.asarray(np.minimum(beside.sum(axis=1), 4), np.float64)
