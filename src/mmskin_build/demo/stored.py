"""How a picture is kept in a PDF: one or several image objects, and what they show.

`StoredPicture.pixels` is what a right reader gets back, ``(height, width, 3) uint8``; `rule` says
how closely.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from mmskin_build.demo.pictures import Rgb
from mmskin_build.demo.truth import Box, PixelRule

Storage = Literal[
    "jpeg",
    "flate",
    "jpx",
    "gray",
    "gray_jpeg",
    "indexed",
    "cmyk_jpeg",
    "cmyk_flate",
    "soft_mask",
    "strips",
    "tiles",
]
ColorSpace = Literal["DeviceRGB", "DeviceGray", "DeviceCMYK", "Indexed", "inside"]

JPEG_QUALITY = 86
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedImage:
    """One image object; `data` is encoded by `filter`, ``inside`` means that it says its colors.

    Flate data use the PNG predictor 'up' where `predicted`. `inverted` asks for a
    ``/Decode [1 0 ...]``, as for Adobe's CMYK JPEG.
    """

    data: bytes
    filter: Literal["DCTDecode", "FlateDecode", "JPXDecode"]
    width: int
    height: int
    color_space: ColorSpace
    predicted: bool = False
    inverted: bool = False
    palette: bytes = b""
    mask: EmbeddedImage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image object and the part of the picture that it covers, in the unit square, y down."""

    box: Box
    image: EmbeddedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture as kept in the file, and what it shows."""

    parts: tuple[ImagePart, ...]
    pixels: Rgb
    rule: PixelRule

    @property
    def aspect(self) -> float:
        """Height over width."""
        height, width = self.pixels.shape[:2]
        return float(height / width)


def _encode_flate(samples: npt.NDArray[np.uint8], color_space: ColorSpace) -> EmbeddedImage:
    height, width = samples.shape[:2]
    rows = samples.reshape(height, -1)
    above = np.vstack([np.zeros((1, rows.shape[1]), np.uint8), rows[:-1]])
    tagged = np.hstack([np.full((height, 1), 2, np.uint8), rows - above])
    return EmbeddedImage(
        data=zlib.compress(tagged.tobytes(), 6),
        filter="FlateDecode",
        width=width,
        height=height,
        color_space=color_space,
        predicted=True,
    )


def _encode_jpeg(samples: npt.NDArray[np.uint8], mode: str) -> tuple[EmbeddedImage, Image.Image]:
    buffer = io.BytesIO()
    size = (samples.shape[1], samples.shape[0])
    image = Image.frombytes(mode, size, samples.tobytes())
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    spaces: dict[str, ColorSpace] = {"RGB": "DeviceRGB", "L": "DeviceGray", "CMYK": "DeviceCMYK"}
    embedded = EmbeddedImage(
        data=buffer.getvalue(),
        filter="DCTDecode",
        width=samples.shape[1],
        height=samples.shape[0],
        color_space=spaces[mode],
        inverted=mode == "CMYK",  # Pillow writes CMYK the way Adobe does
    )
    return embedded, Image.open(buffer)


def _whole(image: EmbeddedImage, pixels: Rgb, rule: PixelRule) -> StoredPicture:
    return StoredPicture(parts=(ImagePart(box=WHOLE, image=image),), pixels=pixels, rule=rule)


def _to_cmyk(rgb: Rgb) -> npt.NDArray[np.uint8]:
    inks = 255.0 - rgb.astype(np.float32)
    black = 0.7 * inks.min(axis=2, keepdims=True)
    rest = (inks - black) / np.maximum(255.0 - black, 1) * 255.0
    return np.concatenate([rest, black], axis=2).round().astype(np.uint8)


def _as_rgb(image: Image.Image) -> Rgb:
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _store_pieces(rgb: Rgb, rows: list[int], columns: list[int], jpeg: bool) -> StoredPicture:
    """Cut `rgb` at pixel `rows` and `columns` (both with 0 and the end) into image objects."""
    height, width = rgb.shape[:2]
    shown, parts = rgb.copy(), []
    for top, bottom in zip(rows, rows[1:], strict=False):
        for left, right in zip(columns, columns[1:], strict=False):
            piece = np.ascontiguousarray(rgb[top:bottom, left:right])
            if jpeg:
                image, decoded = _encode_jpeg(piece, "RGB")
                shown[top:bottom, left:right] = _as_rgb(decoded)
            else:
                image = _encode_flate(piece, "DeviceRGB")
            box = (left / width, top / height, right / width, bottom / height)
            parts.append(ImagePart(box=box, image=image))
    return StoredPicture(parts=tuple(parts), pixels=shown, rule="jpeg" if jpeg else "exact")


def store_picture(rgb: Rgb, storage: Storage = "jpeg") -> StoredPicture:
    """Encode `rgb` ``(height, width, 3) uint8`` the way `storage` names."""
    height, width = rgb.shape[:2]
    if storage == "flate":
        return _whole(_encode_flate(rgb, "DeviceRGB"), rgb, "exact")
    if storage == "strips":
        cuts = [0, height // 24 * 8, height // 16 * 12, height]
        return _store_pieces(rgb, cuts, [0, width], jpeg=True)
    if storage == "tiles":
        return _store_pieces(
            rgb, [0, height // 2, height], [0, width // 3, 2 * width // 3, width], jpeg=False
        )
    if storage == "jpx":
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "JPEG2000", irreversible=False)
        image = EmbeddedImage(
            data=buffer.getvalue(),
            filter="JPXDecode",
            width=width,
            height=height,
            color_space="inside",
        )
        return _whole(image, rgb, "exact")
    if storage in ("gray", "gray_jpeg"):
        gray = np.asarray(Image.fromarray(rgb).convert("L"), dtype=np.uint8)
        if storage == "gray":
            shown = np.repeat(gray[..., None], 3, axis=2)
            return _whole(_encode_flate(gray, "DeviceGray"), shown, "exact")
        image, decoded = _encode_jpeg(gray, "L")
        return _whole(image, _as_rgb(decoded), "jpeg")
    if storage == "indexed":
        reduced = Image.fromarray(rgb).quantize(96, dither=Image.Dither.NONE)
        palette = bytes(reduced.getpalette() or [])[: 96 * 3]
        plain = _encode_flate(np.asarray(reduced, dtype=np.uint8), "Indexed")
        image = EmbeddedImage(
            data=plain.data,
            filter="FlateDecode",
            width=width,
            height=height,
            color_space="Indexed",
            predicted=True,
            palette=palette,
        )
        return _whole(image, _as_rgb(reduced), "exact")
    if storage in ("cmyk_jpeg", "cmyk_flate"):
        cmyk = _to_cmyk(rgb)
        if storage == "cmyk_flate":
            return _whole(_encode_flate(cmyk, "DeviceCMYK"), rgb, "color")
        return _whole(_encode_jpeg(cmyk, "CMYK")[0], rgb, "color")
    if storage == "soft_mask":
        return _store_soft(rgb)
    image, decoded = _encode_jpeg(rgb, "RGB")
    return _whole(image, _as_rgb(decoded), "jpeg")


def _store_soft(rgb: Rgb) -> StoredPicture:
    """Fade the picture out towards its edges by a soft mask."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inset = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    alpha = np.clip(40 + inset * 215 / (0.08 * height), 0, 255).round().astype(np.uint8)
    plain = _encode_flate(rgb, "DeviceRGB")
    image = EmbeddedImage(
        data=plain.data,
        filter="FlateDecode",
        width=width,
        height=height,
        color_space="DeviceRGB",
        predicted=True,
        mask=_encode_flate(alpha, "DeviceGray"),
    )
    share = alpha[..., None].astype(np.float32) / 255
    shown = (rgb * share + 255 * (1 - share)).round().astype(np.uint8)
    return _whole(image, shown, "soft")
