"""Pixels: decoded, turned, set edge to edge; nothing here knows a page.

Pictures are ``(H, W, 3) uint8`` RGB; boxes ``(x0, y0, x1, y1)`` in pixels from the top left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray
from pymupdf import mupdf

from mmskin_build.pdf.jobs import PixelBox
from mmskin_build.pdf.jpeg import decode_inks

RgbImage = NDArray[np.uint8]

_SEAM_STEP = 1.7  # times the step beside the seam at which a picture breaks off
_STEP_NOISE = 3.0  # grey levels from pixel to pixel that mean nothing
_SEAM_LENGTH_PX = 8
_MOST_PANELS = 40  # more pieces are strips, and no figure's panels
_GAP_PX = 12  # tiles farther apart do not meet at all
_PNG_LEVEL = 3


def encode_png(rgb: RgbImage) -> bytes:
    """Encode pixels as PNG without any metadata."""
    ok, data = cv2.imencode(
        ".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL]
    )
    if not ok:
        raise ValueError(f"cannot encode a picture of shape {rgb.shape} as PNG")
    return bytes(data.tobytes())


def decode_image(image: Any) -> pymupdf.Pixmap:
    """Decode an image object in its own colors."""
    pixmap = decode_inks(image)
    if pixmap is None:
        pixmap = pymupdf.Pixmap("raw", image.fz_get_unscaled_pixmap_from_image())
    return pixmap


def convert_image(image: Any, pixmap: pymupdf.Pixmap) -> RgbImage:
    """Convert a decoded image object to ``(H, W, 3) uint8`` RGB; transparency goes over white.

    CMYK, Indexed, ICC, Lab, JPX, CCITT and JBIG2 are converted by MuPDF as it does for the screen.
    """
    rgb = to_rgb(pixmap)
    if image.m_internal.mask is None:
        return rgb
    mask = decode_image(mupdf.FzImage(mupdf.ll_fz_keep_image(image.m_internal.mask)))
    rows = np.frombuffer(mask.samples_mv, np.uint8).reshape(mask.height, mask.stride)
    gray = rows[:, : mask.width * mask.n : mask.n]
    if gray.shape != rgb.shape[:2]:
        size = (rgb.shape[1], rgb.shape[0])
        resized = cv2.resize(np.ascontiguousarray(gray), size, interpolation=cv2.INTER_LINEAR)
        gray = np.asarray(resized, np.uint8)
    opaque = gray[..., None].astype(np.uint16)
    mixed = (rgb.astype(np.uint16) * opaque + 255 * (255 - opaque) + 127) // 255
    return np.asarray(mixed, np.uint8)


def is_foreign(image: Any) -> bool:
    """Whether an image object's colors are neither device RGB nor gray."""
    space = image.m_internal.colorspace
    return bool(space) and mupdf.ll_fz_colorspace_name(space) not in ("DeviceRGB", "DeviceGray")


def to_rgb(pixmap: pymupdf.Pixmap) -> RgbImage:
    """Convert any pixmap to ``(H, W, 3) uint8`` RGB, what is transparent over white."""
    name = pixmap.colorspace.name if pixmap.colorspace is not None else ""
    if name == "DeviceGray" and not pixmap.alpha:
        rows = np.frombuffer(pixmap.samples_mv, np.uint8).reshape(pixmap.height, pixmap.stride)
        gray = np.ascontiguousarray(rows[:, : pixmap.width])
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
    if pixmap.n == 1 and pixmap.colorspace is not None:
        # One ink or an ICC gray: convert each of its 256 shades once, not each pixel.
        shades = pymupdf.Pixmap(pixmap.colorspace, 256, 1, bytes(range(256)), False)
        table = np.frombuffer(pymupdf.Pixmap(pymupdf.csRGB, shades).samples, np.uint8)
        rows = np.frombuffer(pixmap.samples_mv, np.uint8).reshape(pixmap.height, pixmap.stride)
        gray = np.ascontiguousarray(rows[:, : pixmap.width])
        shaded = cv2.LUT(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), table.reshape(256, 1, 3))
        return np.asarray(shaded, np.uint8)
    if name != "DeviceRGB" and "sRGB" not in name:
        pixmap = pymupdf.Pixmap(pymupdf.csRGB, pixmap)
    samples = np.frombuffer(pixmap.samples_mv, np.uint8)
    samples = samples.reshape(pixmap.height, pixmap.stride)[:, : pixmap.width * pixmap.n]
    array = samples.reshape(pixmap.height, pixmap.width, pixmap.n)
    if pixmap.alpha:
        # MuPDF's samples are premultiplied: what is transparent adds white.
        white = 255 - array[..., 3:4].astype(np.uint16)
        return np.asarray(np.minimum(array[..., :3] + white, 255), np.uint8)
    return np.array(array[..., :3])


def orient(rgb: RgbImage, matrix: tuple[float, ...]) -> RgbImage:
    """Turn and mirror stored pixels into what the page shows; `matrix` is upright."""
    a, b, c, d = matrix[:4]
    if lies_on_side(matrix):
        rgb = rgb.transpose(1, 0, 2)
        flip_rows, flip_columns = b < 0, c < 0
    else:
        flip_rows, flip_columns = d < 0, a < 0
    if flip_rows:
        rgb = rgb[::-1]
    if flip_columns:
        rgb = rgb[:, ::-1]
    return np.ascontiguousarray(rgb)


def lies_on_side(matrix: tuple[float, ...]) -> bool:
    """Whether an upright matrix turns rows of stored pixels into columns."""
    a, b, c, d = matrix[:4]
    return abs(b) + abs(c) > abs(a) + abs(d)


def tile_offsets(edges: Sequence[tuple[float, int, float]]) -> list[int]:
    """Pixel offsets of tiles along one axis from ``(start in points, pixels, pixels a point)``.

    Tiles that follow one another within two pixels are set edge to edge: writers round the
    position of each strip, and a seam of one white row must not come of it.
    """
    origin = min(start for start, _, _ in edges)
    scale = float(np.median([s for _, _, s in edges]))
    wanted = [(start - origin) * scale for start, _, _ in edges]
    order = sorted(range(len(edges)), key=lambda i: wanted[i])
    result = [0] * len(edges)
    for position, i in enumerate(order):
        place = round(wanted[i])
        for j in order[:position]:
            end = result[j] + edges[j][1]
            thinner = min(edges[i][1], edges[j][1])
            same_start = abs(wanted[i] - wanted[j]) <= min(1.0, 0.5 * thinner)
            if same_start:
                place = result[j]
                break
            if abs(end - wanted[i]) <= 2.0:
                place = end
        result[i] = place
    return result


def separate_pictures(canvas: RgbImage, tiles: Sequence[PixelBox]) -> tuple[PixelBox, ...]:
    """The tiles where they are pictures of their own; empty where all are one picture.

    One photograph runs on over every seam; pictures set edge to edge break off at most of them.
    """
    if len(tiles) > _MOST_PANELS:
        return ()
    steps = [
        _seam_step(canvas, a, b)
        for i, a in enumerate(tiles)
        for b in tiles[i + 1 :]
        if not _is_between(a, b, tiles)
    ]
    seams = [step for step in steps if step is not None]
    broken = sum(step > _SEAM_STEP for step in seams)
    if not seams or broken < 0.5 * len(seams):
        return ()
    return tuple(sorted(tiles, key=lambda box: (box[1], box[0])))


def _is_between(a: PixelBox, b: PixelBox, tiles: Sequence[PixelBox]) -> bool:
    """Whether another tile lies in the gap of two tiles, which are then no neighbors."""
    x0, x1 = sorted((max(a[0], b[0]), min(a[2], b[2])))
    y0, y1 = sorted((max(a[1], b[1]), min(a[3], b[3])))
    return any(
        tile not in (a, b) and tile[0] < x1 and tile[2] > x0 and tile[1] < y1 and tile[3] > y0
        for tile in tiles
    )


def _seam_step(canvas: RgbImage, a: PixelBox, b: PixelBox) -> float | None:
    """Step over the seam of two tiles, in steps from pixel to pixel beside it; None if apart."""
    x0, x1, y0, y1 = max(a[0], b[0]), min(a[2], b[2]), max(a[1], b[1]), min(a[3], b[3])
    if abs(y1 - y0) <= 1 and x1 - x0 >= _SEAM_LENGTH_PX:
        seam = min(a[3], b[3])
        band = canvas[max(0, seam - 4) : seam + 4, x0:x1].astype(np.int16)
    elif abs(x1 - x0) <= 1 and y1 - y0 >= _SEAM_LENGTH_PX:
        seam = min(a[2], b[2])
        band = canvas[y0:y1, max(0, seam - 4) : seam + 4].astype(np.int16).transpose(1, 0, 2)
    elif -_GAP_PX <= y1 - y0 < -1 and x1 - x0 >= _SEAM_LENGTH_PX:
        # Paper shows between them, or a thin strip of the same picture.
        return math.inf if (canvas[y1:y0, x0:x1] == 255).all() else None
    elif -_GAP_PX <= x1 - x0 < -1 and y1 - y0 >= _SEAM_LENGTH_PX:
        return math.inf if (canvas[y0:y1, x1:x0] == 255).all() else None
    else:
        return None
    if band.shape[0] < 4:
        return None
    steps = np.abs(np.diff(band, axis=0)).mean(axis=(1, 2))
    at = min(seam, 4) - 1
    usual = float(np.median(np.delete(steps, at)))
    return float(steps[at]) / max(usual, _STEP_NOISE)
