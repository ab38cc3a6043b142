"""What a picture looks like, as named numbers: color, stains, layout, small things.

The numbers must tell how a picture was made, not where it was published. So paper margins are cut
off, the rest is brought to one area, tiles with lettering are left out, and what is left is
summarized by shares, quantiles and medians over tiles, which a watermark in a corner hardly moves.
No feature knows the size, the shape or the file format. Texture is left to the networks
(`embedding`, `imagenet`): beside these, measures of texture told kinds apart no better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import hed_from_rgb

from mmskin_build.images.read import crop_margins, working_copy

RgbImage = NDArray[np.uint8]
Gray = NDArray[np.float32]
Mask = NDArray[np.bool_]
Features = dict[str, float]

SIDE_PX = 192  # the square root of the area on which all is measured; smaller than any source's own
_MOST_SIDE_PX = 4 * SIDE_PX  # the longer side of very long pictures
_GRID = 8  # tiles each way
_SPARSE = 2  # every second pixel each way is enough for colors and for where they lie
_LETTER_TILE = 0.05  # share of thin, colorless, extreme strokes from which a tile bears lettering
_LETTER_STEP = 50  # grey levels by which a stroke stands out
_KEPT_TILES = 0.6  # where fewer tiles are free of strokes, strokes are what the picture is made of
_NEUTRAL = 8.0  # CIELAB chroma below which a pixel has no color of its own
_HUES = (20.0, 45.0, 75.0, 110.0, 170.0, 240.0, 285.0, 320.0, 350.0)  # CIELAB hue limits, degrees
_HAIR_STEP = 14.0  # grey levels by which a hair or a thin line is darker than both its sides
_EPS = 1e-6
# As `skimage.color.rgb2hed`, with the logarithms of all 256 values taken once.
_STAIN_LOGS = (np.log(np.maximum(np.arange(256) / 255.0, _EPS)) / np.log(_EPS)).astype(np.float32)
_STAINS = hed_from_rgb.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _View:
    """One picture, brought to a common scale, in the spaces that the features need."""

    rgb: RgbImage  # (h / 2, w / 2, 3): every second pixel each way
    lab: Gray  # (h / 2, w / 2, 3): L 0..100, a and b about -128..127
    gray: Gray  # (h, w), 0..255
    used: Mask  # (h, w): false on tiles with lettering
    lettered: float  # share of tiles with lettering

    @property
    def kept(self) -> Mask:
        """The same as `used` for the pixels of `rgb` and `lab`."""
        return np.ascontiguousarray(self.used[::_SPARSE, ::_SPARSE])


def extract_features(rgb: RgbImage, content: RgbImage | None = None) -> Features:
    """Measure a picture.

    Args:
        rgb: Pixels, (H, W, 3) uint8, of any size.
        content: The working copy of the picture without its margins, where somebody has it.

    Returns:
        Finite numbers by name, always the same names in the same order.

    Raises:
        ValueError: If the array is of another shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"pixels must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    view = _view_of(crop_margins(working_copy(rgb)) if content is None else content)
    found = {
        **_color(view),
        **_stains(view),
        **_layout(view),
        **_strokes(view),
    }
    return {name: round(float(value), 5) for name, value in found.items()}


def _view_of(rgb: RgbImage) -> _View:
    height, width = rgb.shape[:2]
    scale = SIDE_PX / float(np.sqrt(height * width))
    size = [
        _GRID * max(1, min(_MOST_SIDE_PX // _GRID, round(side * scale / _GRID)))
        for side in (width, height)
    ]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(rgb, size, interpolation=way), np.uint8)
    sparse = np.ascontiguousarray(small[::_SPARSE, ::_SPARSE])
    lab = cv2.cvtColor(sparse.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lettered = _tile_means(_lettering(small).astype(np.float32)) > _LETTER_TILE
    used = np.ones(gray.shape, np.bool_)
    if (~lettered).mean() >= _KEPT_TILES:
        step_y, step_x = gray.shape[0] // _GRID, gray.shape[1] // _GRID
        used = np.kron(~lettered.reshape(_GRID, _GRID), np.ones((step_y, step_x), np.bool_))
    return _View(sparse, np.asarray(lab), gray, used, float(lettered.mean()))


def _lettering(rgb: RgbImage) -> Mask:
    """Thin strokes of white or black, as letters, logos and scale bars are drawn."""
    red, green, blue = cv2.split(rgb)
    low, high = cv2.min(red, cv2.min(green, blue)), cv2.max(red, cv2.max(green, blue))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    light = cv2.morphologyEx(low, cv2.MORPH_TOPHAT, kernel)
    dark = cv2.morphologyEx(high, cv2.MORPH_BLACKHAT, kernel)
    white = (light > _LETTER_STEP) & (low > 190)
    black = (dark > _LETTER_STEP) & (high < 60)
    return np.asarray(white | black, np.bool_)


def _tile_means(values: Gray) -> NDArray[np.float64]:
    """Means over the tiles, row by row."""
    tiles = cv2.resize(values, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(tiles, np.float64).ravel()


def _tile_spread(values: Gray) -> NDArray[np.float64]:
    square = _tile_means(values**2) - _tile_means(values) ** 2
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), np.float64)


# ------------------------------------------------------------------------------------- color


def _color(view: _View) -> Features:
    kept, rgb = view.kept, view.rgb
    lab = view.lab[kept]
    channels = light, red, yellow = np.ascontiguousarray(lab.T)
    found: Features = {}
    for values, name in zip(channels, ("light", "red_green", "yellow_blue"), strict=True):
        low, middle, high = _quantiles(values, (0.1, 0.5, 0.9))
        found |= {f"{name}_low": low, f"{name}_mid": middle, f"{name}_high": high}
        found[f"{name}_spread"] = values.std()
    chroma, hue = cv2.cartToPolar(red, yellow, angleInDegrees=True)
    chroma, hue = np.asarray(chroma)[:, 0], np.asarray(hue)[:, 0]
    weight = chroma.sum() + _EPS
    found["chroma_mean"] = chroma.mean()
    (found["chroma_high"],) = _quantiles(chroma, (0.95,))
    found["chroma_spread"] = chroma.std()
    found["neutral_share"] = (chroma < _NEUTRAL).mean()
    bins = np.searchsorted(_HUES, hue) % len(_HUES)
    share = np.bincount(bins, weights=chroma, minlength=len(_HUES)) / weight
    found |= {f"hue_{round(_HUES[i - 1])}": share[i] for i in range(len(_HUES))}
    found["hue_x"] = red.sum() / weight
    found["hue_y"] = yellow.sum() / weight
    found["hue_unity"] = np.hypot(found["hue_x"], found["hue_y"])
    spread = np.cov(channels[1:]) if len(lab) > 1 else np.zeros((2, 2))
    narrow, wide = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0.0))
    found["hue_line"] = narrow / (wide + 1.0)
    found["tie_light_red"] = _correlation(light, red)
    found["tie_light_yellow"] = _correlation(light, yellow)
    found["tie_red_yellow"] = _correlation(red, yellow)
    # Skin lies between these limits of chrominance in most light (Chai and Ngan 1999).
    skin = cv2.inRange(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), (0, 133, 77), (255, 178, 131))
    found["skin_share"] = skin.view(np.bool_)[kept].mean()
    found["white_share"] = ((light > 93) & (chroma < _NEUTRAL)).mean()
    found["black_share"] = (light < 8).mean()
    counts = cv2.calcHist(
        [rgb], [0, 1, 2], kept.view(np.uint8), [16, 16, 16], [0, 256, 0, 256, 0, 256]
    )
    counts = np.asarray(counts, np.float64).ravel()
    counts = np.sort(counts[counts > 0])[::-1]
    share = counts / max(1.0, counts.sum())
    found["colors_top"] = share[0]
    found["colors_top8"] = share[:8].sum()
    found["colors_entropy"] = -(share * np.log(share)).sum()
    return found


def _correlation(a: Gray, b: Gray) -> float:
    a, b = a - a.mean(), b - b.mean()
    count = max(1, len(a))
    spread = float(np.sqrt(np.dot(a, a)) * np.sqrt(np.dot(b, b))) / count
    return float(np.dot(a, b)) / count / (spread + 0.5)


def _stains(view: _View) -> Features:
    """Hematoxylin, eosin and DAB by color deconvolution (Ruifrok and Johnston 2001)."""
    hed = np.maximum(_STAINS.T @ _STAIN_LOGS[view.rgb[view.kept].T], 0.0)
    found: Features = {}
    for values, name in zip(hed, ("hematoxylin", "eosin", "dab"), strict=True):
        low, middle, high = 100.0 * _quantiles(values, (0.1, 0.5, 0.9))
        found |= {f"{name}_mid": middle, f"{name}_range": high - low}
    found["stain_tie"] = _correlation(100.0 * hed[0], 100.0 * hed[1])
    return found


# ------------------------------------------------------------------------------------ layout


@dataclass(frozen=True, slots=True)
class _Zones:
    """Parts of a picture by their distance from its middle, as masks (h, w)."""

    center: Mask
    ring: Mask
    field: Mask
    corners: tuple[Mask, ...]  # four


@lru_cache(maxsize=16)  # sides are multiples of the grid, so sizes recur
def _zones(height: int, width: int) -> _Zones:
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[None, :]
    radius = np.hypot(y, x)
    return _Zones(
        center=radius < 0.4,
        ring=(radius > 0.6) & (radius < 0.95),
        field=radius < 0.9,
        corners=tuple(
            (radius > 1.2) & (np.sign(y) == v) & (np.sign(x) == h) for v in (-1, 1) for h in (-1, 1)
        ),
    )


def _layout(view: _View) -> Features:
    """Circular field, dark corners, a lesion in the middle, background, even light."""
    zones = _zones(view.lab.shape[0], view.lab.shape[1])
    light = view.lab[..., 0]
    chroma = np.hypot(view.lab[..., 1], view.lab[..., 2])
    found: Features = {}
    for name, values in (
        ("light", light),
        ("red_green", view.lab[..., 1]),
        ("yellow_blue", view.lab[..., 2]),
    ):
        found[f"center_{name}"] = _median(values[zones.center]) - _median(values[zones.ring])
    quarters = [_median(light[quarter]) for quarter in zones.corners]
    field = _median(light[zones.field])
    found["corner_fall"] = _median(np.array(quarters)) - field
    found["corner_least"] = max(quarters) - field
    corner = np.concatenate([light[quarter] for quarter in zones.corners])
    found["corner_black"] = (corner < 15).mean() - (light[zones.ring] < 15).mean()
    tile_light, tile_chroma = _tile_means(light), _tile_means(chroma)
    tile_a = _tile_means(view.lab[..., 1])
    tile_b = _tile_means(view.lab[..., 2])
    inside = _tile_spread(light)
    found["tiles_light"] = _middle_spread(tile_light)
    found["tiles_color"] = float(np.hypot(_middle_spread(tile_a), _middle_spread(tile_b)))
    found["tiles_share"] = found["tiles_light"] / (found["tiles_light"] + _median(inside) + 1.0)
    found["tile_spread_low"], found["tile_spread_mid"], found["tile_spread_high"] = _quantiles(
        inside, (0.1, 0.5, 0.9)
    )
    found["tiles_empty"] = (inside < 2.0).mean()
    found["tiles_white"] = ((tile_light > 92) & (tile_chroma < _NEUTRAL)).mean()
    found["tiles_black"] = (tile_light < 10).mean()
    border = np.zeros((_GRID, _GRID), bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    edge, body = border.ravel(), ~border.ravel()
    found["edge_color"] = float(
        np.hypot(
            _median(tile_a[edge]) - _median(tile_a[body]),
            _median(tile_b[edge]) - _median(tile_b[body]),
        )
    )
    found["edge_spread"] = _median(inside[edge]) - _median(inside[body])
    skinlike = (tile_a > 4) & (tile_b > 2) & (tile_chroma > _NEUTRAL)
    found["tiles_cold"] = ((tile_b < -2) | (tile_a < -3)).mean()
    found["tiles_skin"] = skinlike.mean()
    return found


def _quantiles(values: NDArray[Any], shares: Sequence[float]) -> NDArray[np.float64]:
    """As `numpy.quantile`, which takes far longer for as few values as there are here."""
    ordered = np.sort(values, axis=None)
    found = []
    for share in shares:
        place = share * (len(ordered) - 1)
        below = int(place)
        low = float(ordered[below])
        high = float(ordered[min(below + 1, len(ordered) - 1)])
        found.append(low + (high - low) * (place - below))
    return np.array(found)


def _median(values: NDArray[Any]) -> float:
    return float(_quantiles(values, (0.5,))[0])


def _middle_spread(values: NDArray[np.float64]) -> float:
    """Half the distance of the 16th from the 84th percentile: a spread that outliers spare."""
    low, high = _quantiles(values, (0.16, 0.84))
    return float(high - low) / 2


# ----------------------------------------------------------------------------------- strokes


def _strokes(view: _View) -> Features:
    """Nuclei, hairs, lettering: small things of a certain form."""
    found: Features = {}
    gray = view.gray
    small = cv2.GaussianBlur(gray, (0, 0), 1.0)
    for scale in (1.6, 3.2):
        blob = cv2.GaussianBlur(gray, (0, 0), scale) - cv2.GaussianBlur(gray, (0, 0), 1.6 * scale)
        least = cv2.erode(blob, np.ones((5, 5), np.uint8))
        most = cv2.dilate(blob, np.ones((5, 5), np.uint8))
        dark = ((blob == least) & (blob < -4)).astype(np.float32)
        light = ((blob == most) & (blob > 4)).astype(np.float32)
        name = round(scale)
        found[f"dark_spots_{name}"] = 1000 * _median(_tile_means(dark))
        found[f"light_spots_{name}"] = 1000 * _median(_tile_means(light))
    hat = cv2.morphologyEx(
        small, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    )
    thin = hat > _HAIR_STEP
    found["hair_share"] = thin[view.used].mean()
    found["hair_tiles"] = (_tile_means(thin.astype(np.float32)) > 0.02).mean()
    found["lettered_tiles"] = view.lettered
    return found
