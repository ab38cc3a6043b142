"""A file becomes pixels, or a reason why not; nothing that a file holds raises.

Pictures are ``(H, W, 3) uint8`` sRGB as a viewer shows them: the first frame, turned as EXIF says,
over white where transparent, color profiles applied. Size is asked for before anything is decoded.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

RgbImage = NDArray[np.uint8]
Unread = Literal[
    "file_unreadable",
    "file_empty",
    "file_too_large",
    "not_a_picture",
    "picture_damaged",
    "picture_too_large",
]
Note = Literal[
    "suffix_differs", "first_frame", "turned", "color_profile", "cmyk", "transparent", "deep",
    "reduced",
]  # fmt: skip

REASONS: dict[Unread, str] = {
    "file_unreadable": "there is no such regular file, or it may not be read",
    "file_empty": "the file has no bytes",
    "file_too_large": "the file is larger than a picture's file should be",
    "not_a_picture": "the content is of no picture format that is read here",
    "picture_damaged": "the picture breaks off or does not decode",
    "picture_too_large": "the picture has more pixels than are decoded",
}

MOST_PIXELS = 120_000_000  # decoded; 360 MB, and as much again while converting
MOST_BYTES = 1_000_000_000  # of a file
WORKING_SIDE_PX = 512  # the longer side of the copy that the detectors share

# Formats that are decoded by libraries made for untrusted files; EPS, for one, would run a program.
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
_SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"),
    "AVIF": (".avif", ".avifs"),
}
PICTURE_SUFFIXES = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)

_SUM_OF_CHANNELS = np.ones((1, 3), np.float32)
_EVEN_STEP = 14  # grey levels within which a row of border differs; JPEG adds some to paper
_EVEN_SHARE = 0.985  # of its pixels
_LEAST_KEPT = 0.2  # of a side: what is left less of is no picture in a border
_FRINGE = 0.008  # of a side; the border's edge is blurred


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Decoded pixels, (H, W, 3) uint8, and what was done to get them."""

    rgb: RgbImage
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPicture:
    """Why there are no pixels; `detail` is for people."""

    reason: Unread
    detail: str = ""


def read_picture(
    source: Path | bytes, *, most_pixels: int = MOST_PIXELS
) -> Picture | UnreadPicture:
    """Decode a picture file, or the bytes of one, whatever is in it.

    JPEG files with more than `most_pixels` are decoded at a half, a quarter or an eighth of their
    size; other formats, which cannot be, are refused.
    """
    suffix = ""
    if isinstance(source, Path):
        suffix = source.suffix.lower()
        content = _read_file(source)
        if isinstance(content, UnreadPicture):
            return content
    else:
        content = source
    if not content:
        return UnreadPicture(reason="file_empty")
    with _pillow_at_peace():
        try:
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        except Exception as error:  # a decoder may raise anything on bytes that were made up
            return UnreadPicture(reason="not_a_picture", detail=_words(error))
        with image:
            size = f"{image.width} x {image.height} pixels"
            try:
                return _decode(image, content, suffix, most_pixels)
            except _TooLargeError:
                return UnreadPicture(reason="picture_too_large", detail=size)
            except MemoryError:
                return UnreadPicture(reason="picture_too_large", detail=f"{size}: no memory")
            except Exception as error:  # as above
                return UnreadPicture(reason="picture_damaged", detail=_words(error))


def working_copy(rgb: RgbImage, side_px: int = WORKING_SIDE_PX) -> RgbImage:
    """Return the picture with its longer side at most `side_px`; small ones as they are."""
    height, width = rgb.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def gray_of(rgb: RgbImage) -> NDArray[np.float32]:
    """Return the plain mean of the channels, (H, W), in 0 to 255."""
    total = cv2.transform(rgb.astype(np.float32), _SUM_OF_CHANNELS)  # whole numbers, so exact
    return np.asarray(total / np.float32(3), np.float32)


def crop_margins(rgb: RgbImage) -> RgbImage:
    """Cut off borders of one color, also one within the other; the pixels are not copied.

    A picture that is even all over, or nearly so, is returned whole.
    """
    top, bottom, left, right = find_content(rgb)
    return rgb[top:bottom, left:right]


def find_content(rgb: RgbImage) -> tuple[int, int, int, int]:
    """Return the top, bottom, left and right of what `crop_margins` keeps, in pixels."""
    top, bottom, left, right = 0, rgb.shape[0], 0, rgb.shape[1]
    for _ in range(2):
        rows = _even_run(rgb[top:bottom, left:right])
        columns = _even_run(rgb[top:bottom, left:right].transpose(1, 0, 2))
        if not any((*rows, *columns)):
            break
        top, bottom = top + rows[0], bottom - rows[1]
        left, right = left + columns[0], right - columns[1]
        if bottom - top < _LEAST_KEPT * rgb.shape[0] or right - left < _LEAST_KEPT * rgb.shape[1]:
            return 0, rgb.shape[0], 0, rgb.shape[1]
    return top, bottom, left, right


def _even_run(rgb: RgbImage) -> tuple[int, int]:
    """How many rows at the top and at the bottom are of one color, with the blurred edge."""
    first = _even_rows(rgb)
    if first == len(rgb):
        return 0, 0
    last = _even_rows(rgb[::-1])
    fringe = max(1, round(_FRINGE * len(rgb)))
    return (first + fringe if first else 0), (last + fringe if last else 0)


def _even_rows(rgb: RgbImage) -> int:
    for number, row in enumerate(rgb):
        channels = np.ascontiguousarray(row.T)
        half = channels.shape[1] // 2
        middle = np.partition(channels, half, axis=1)[:, half]
        red, green, blue = (
            np.abs(values.astype(np.int16) - level) <= _EVEN_STEP
            for values, level in zip(channels, middle.astype(np.int16), strict=True)
        )
        if np.count_nonzero(red & green & blue) < _EVEN_SHARE * len(row):
            return number
    return len(rgb)


class _TooLargeError(Exception):
    """More pixels than are to be decoded."""


def _read_file(path: Path) -> bytes | UnreadPicture:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return UnreadPicture(reason="file_unreadable", detail="not a regular file")
        if status.st_size > MOST_BYTES:
            return UnreadPicture(reason="file_too_large", detail=f"{status.st_size} bytes")
        return path.read_bytes()
    except (
        OSError,
        ValueError,
    ) as error:  # a loop of links, no permission, a name with a zero byte
        detail = (getattr(error, "strerror", None) or str(error)).lower()
        return UnreadPicture(reason="file_unreadable", detail=detail)


@contextlib.contextmanager
def _pillow_at_peace() -> Iterator[None]:
    """Keep Pillow from warning, and from refusing a large JPEG that can be decoded reduced."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _decode(image: Image.Image, content: bytes, suffix: str, most_pixels: int) -> Picture:
    notes: list[Note] = []
    if suffix and suffix not in _SUFFIXES.get(image.format or "", (suffix,)):
        notes.append("suffix_differs")
    if image.width * image.height > most_pixels:
        if image.format not in ("JPEG", "MPO"):
            raise _TooLargeError
        # A decoder halves the sides; what it makes is up to twice as wide as what is asked for.
        part = 0.5 * (most_pixels / (image.width * image.height)) ** 0.5
        image.draft(None, (int(image.width * part), int(image.height * part)))
        if image.width * image.height > most_pixels:
            raise _TooLargeError
        notes.append("reduced")
    if getattr(image, "n_frames", 1) > 1:
        image.seek(0)
        notes.append("first_frame")
    try:
        image.load()
    except (OSError, ValueError, SyntaxError):
        # 16 bit TIFF with several channels is beyond Pillow, and within OpenCV.
        return _decode_deep(content, notes)
    size, direction = image.size, image.getexif().get(0x0112, 1)
    ImageOps.exif_transpose(image, in_place=True)  # a large picture is not copied more than needed
    if image.size != size or direction not in (0, 1):
        notes.append("turned")
    rgb = _to_rgb(image, notes)
    return Picture(rgb=np.ascontiguousarray(rgb), notes=tuple(notes))


def _to_rgb(image: Image.Image, notes: list[Note]) -> RgbImage:
    """Convert any mode of Pillow to sRGB."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        notes.append("deep")
        return _stretched(np.asarray(image))
    if image.mode == "CMYK":
        notes.append("cmyk")
    if "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode in ("P", "1"):
        image = image.convert("RGB")
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if alpha is not None:
        image = image.convert("RGB")
    image = _to_srgb(image, notes)
    if alpha is not None and alpha.getextrema() != (255, 255):
        notes.append("transparent")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=alpha)
        image = white
    return np.array(image, np.uint8)


def _to_srgb(image: Image.Image, notes: list[Note]) -> Image.Image:
    """Apply an embedded color profile; one that is broken or of another color space is ignored."""
    embedded = image.info.get("icc_profile")
    if embedded and image.mode in ("RGB", "CMYK", "L", "LAB"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if converted is not None:
                notes.append("color_profile")
                return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _decode_deep(content: bytes, notes: list[Note]) -> Picture:
    """Decode what has more than 8 bits a channel by OpenCV; alpha goes over white."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype == np.uint8:
        raise OSError("the picture breaks off or is damaged")
    notes.append("deep")
    values: NDArray[np.generic] = np.asarray(decoded)
    whole = values.dtype == np.uint16
    if values.ndim == 3 and values.shape[2] == 4:
        most = 65535.0 if whole else 1.0
        deep = np.asarray(values, np.float64)
        values = most + (deep[..., :3] - most) * (deep[..., 3:] / most)
        notes.append("transparent")
    if values.ndim == 3:
        values = values[..., ::-1]
    return Picture(rgb=_stretched(values, whole=whole), notes=tuple(notes))


def _stretched(values: NDArray[np.generic], *, whole: bool = False) -> RgbImage:
    """Bring deep grey or color values to 8 bits: the range in use, or the `whole` of 16 bits."""
    deep = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    low, high = (0.0, 65535.0) if whole else (float(deep.min()), float(deep.max()))
    if not whole and low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    eight = np.clip((deep - low) * (255.0 / max(high - low, 1e-9)) + 0.5, 0, 255).astype(np.uint8)
    return eight if eight.ndim == 3 else np.repeat(eight[..., None], 3, axis=2)


def _words(error: BaseException) -> str:
    """The error in words that are the same each time: without addresses in memory."""
    said = re.sub(r"\s*<[^>]*>|0x[0-9a-f]+", "", str(error))[:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
