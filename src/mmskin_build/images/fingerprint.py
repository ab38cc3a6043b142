"""What near duplicates are found by: a small gray copy of a picture and hashed local features.

A fingerprint is made once a picture and is all that is ever compared. Uniform margins are taken off
first. It holds

* a gray copy of about 3,000 pixels (64 x 48), by which a suspected pair is registered and compared;
* up to 96 SIFT features (Lowe, IJCV 60, 2004) of the picture at 160 x 120 pixels, each with its
  place, size and direction, so that one pair of equal features tells the turn, scale and shift
  between two pictures;
* four 30-bit keys a feature: signs of fixed projections of the centered square root of the
  descriptor (locality-sensitive hashing after Charikar, STOC 2002; RootSIFT after Arandjelovic and
  Zisserman, CVPR 2012). Equal keys find pairs in an index without comparing all pictures.

A mirrored picture has mirrored descriptors, which is a permutation of their 128 numbers. The key is
the smaller of the two keys of a descriptor and its mirror image, with a bit that says which it was:
a picture and its mirror image have the same keys, and the bits tell that one is mirrored.

Gray is the plain mean of the channels: it keeps lesions visible that differ in one channel only,
and hardly changes when hues are turned.

Packages looked at: ImageHash describes a picture as a whole, and a crop of a tenth or a turn of
five degrees changes such hashes; faiss (19 MB), usearch and hnswlib (no wheels) search vectors, not
equal keys, and their graphs answer differently for another order of books. Equal keys need only an
ordered table, which SQLite has (`duplicates.py`).
"""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.read import gray_of

# Area of the picture that features are sought in. At 160 x 120 px a crop by a tenth and a panel of
# a two-by-two plate still share features, and the fine noise of JPEG is gone. The area and not a
# side, so that a strip does not shrink to a few rows.
FEATURE_AREA_PX = 160 * 120
FEATURE_COUNT = 96
# Far below SIFT's usual 0.04, because skin is soft; the strongest are taken.
SIFT_CONTRAST = 0.004
SIFT_EDGE = 12.0
THUMBNAIL_AREA_PX = 64 * 48
LONGEST_SIDE_PX = 512  # of either, for strips
# A row or column at the edge that varies by no more gray levels than this is margin; JPEG at low
# quality leaves about so much on white paper.
MARGIN_LEVELS = 12.0
MARGIN_KEPT = 0.02  # of the long side, so that a row more or less changes little
SMALLEST_SIDE_PX = 8  # nothing is sought in a picture that is narrower than this
KEY_TABLES = 4
KEY_BITS = 30  # with the mirror bit it fits a number of 32 bits
MIRROR_BIT = 1 << KEY_BITS

# The mean descriptor, which is taken off so that each sign is as often + as -: weights of the 4 x 4
# cells (the window favors the middle) times those of the 8 directions (the feature's own direction
# is the first). Measured on noise with a 1/f spectrum and on photographs, which agree.
_CELL_MEANS = (
    (0.056, 0.067, 0.067, 0.056),
    (0.066, 0.087, 0.087, 0.066),
    (0.066, 0.087, 0.087, 0.066),
    (0.056, 0.067, 0.067, 0.056),
)
_DIRECTION_MEANS = (0.103, 0.077, 0.058, 0.056, 0.059, 0.056, 0.058, 0.077)
_MEAN_LENGTH = 0.81  # of the mean of descriptors of length 1

_POINT_UNITS = 65535.0  # fixed-point places: the long side is 1
_SIZE_UNIT = 1 / 16384.0  # fixed-point feature sizes, in long sides
_TURN_UNITS = 65536.0  # fixed-point directions: a full turn

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A picture as far as duplicates go; about 7 kB of JSON.

    `size_px` is (width, height) of the picture, `thumbnail_px` of its gray copy. The rest is
    base64: `thumbnail` has the gray copy's bytes by rows from the top; `points` four little-endian
    uint16 a feature (x, y, size, direction); `keys` as many times four little-endian uint32.
    """

    size_px: tuple[int, int]
    thumbnail_px: tuple[int, int]
    thumbnail: str
    points: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A fingerprint as arrays.

    `gray` is (h, w) float32 in 0 to 255. `places` are complex numbers x + iy with the long side as
    unit, origin at the top left edge after margins are taken off, y downwards; `sizes` are in long
    sides, `directions` in radians from x to y. `keys` is (n, 4) int64, each with its table in the
    upper bits and without the mirror bit, which `mirrored` (n, 4) has.
    """

    gray: NDArray[np.float32]
    places: NDArray[np.complex128]
    sizes: NDArray[np.float64]
    directions: NDArray[np.float64]
    keys: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


def fingerprint(rgb: Rgb) -> Fingerprint:
    """Return the fingerprint of a picture.

    Args:
        rgb: Pixels, (H, W, 3) uint8.

    Raises:
        ValueError: If the array has another shape or type, or no pixels.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"pixels must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    gray = gray_of(_fit_content(rgb))
    thumbnail = _to_bytes(_fit(gray, THUMBNAIL_AREA_PX))
    points, keys = _find_features(_to_bytes(gray))
    return Fingerprint(
        size_px=(rgb.shape[1], rgb.shape[0]),
        thumbnail_px=(thumbnail.shape[1], thumbnail.shape[0]),
        thumbnail=_encode(thumbnail),
        points=_encode(points),
        keys=_encode(keys),
    )


def read_features(print_: Fingerprint) -> Features:
    """Return a fingerprint as arrays.

    Raises:
        ValueError: If its parts do not fit together.
    """
    width, height = print_.thumbnail_px
    gray = np.frombuffer(base64.b64decode(print_.thumbnail), np.uint8).reshape(height, width)
    points = np.frombuffer(base64.b64decode(print_.points), "<u2").reshape(-1, 4).astype(float)
    raw = _read_raw_keys(print_)
    if len(points) != len(raw):
        raise ValueError(f"{len(points)} features with keys for {len(raw)}")
    return Features(
        gray=gray.astype(np.float32),
        places=(points[:, 0] + 1j * points[:, 1]) / _POINT_UNITS,
        sizes=points[:, 2] * _SIZE_UNIT,
        directions=points[:, 3] * (2 * np.pi / _TURN_UNITS),
        keys=_with_tables(raw),
        mirrored=(raw & MIRROR_BIT) != 0,
    )


def read_keys(print_: Fingerprint) -> NDArray[np.int64]:
    """Return the `Features.keys` of a fingerprint alone.

    Raises:
        ValueError: If they are not whole.
    """
    return _with_tables(_read_raw_keys(print_))


def _read_raw_keys(print_: Fingerprint) -> NDArray[np.uint32]:
    return np.frombuffer(base64.b64decode(print_.keys), "<u4").reshape(-1, KEY_TABLES)


def _with_tables(raw: NDArray[np.uint32]) -> NDArray[np.int64]:
    tables = np.arange(KEY_TABLES, dtype=np.int64) << KEY_BITS
    return np.asarray((raw & (MIRROR_BIT - 1)).astype(np.int64) | tables)


def _find_features(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Places and keys of the strongest features, in a settled order."""
    none = np.zeros((0, 4), "<u2"), np.zeros((0, KEY_TABLES), "<u4")
    if min(gray.shape) < SMALLEST_SIDE_PX:
        return none
    sift = cv2.SIFT.create(
        nfeatures=FEATURE_COUNT, contrastThreshold=SIFT_CONTRAST, edgeThreshold=SIFT_EDGE
    )
    found, computed = sift.detectAndCompute(gray, None)  # in one go: half of it is the pyramid
    if computed is None or not len(found):
        return none
    kept = sorted(  # more than asked for where several are equally strong
        range(len(found)),
        key=lambda i: (-found[i].response, found[i].pt, found[i].size, found[i].angle),
    )[:FEATURE_COUNT]
    points, computed = [found[i] for i in kept], computed[kept]
    unit = max(gray.shape)
    places = np.array([[k.pt[0] + 0.5, k.pt[1] + 0.5] for k in points]) / unit * _POINT_UNITS
    sizes = np.array([k.size for k in points]) / unit / _SIZE_UNIT
    turns = np.array([k.angle for k in points]) / 360.0 * _TURN_UNITS
    rows = np.column_stack([places, sizes, np.round(turns) % _TURN_UNITS])
    return np.clip(np.round(rows), 0, 65535).astype("<u2"), _hash(np.asarray(computed, np.float32))


def _hash(descriptors: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Keys of SIFT descriptors, (n, 128) to (n, KEY_TABLES), mirror bit included."""
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))
    mean, projections, mirror = _hashing()

    def signs(values: NDArray[np.float32]) -> NDArray[np.int64]:
        bits = ((values - mean) @ projections > 0).reshape(len(values), KEY_TABLES, KEY_BITS)
        return np.asarray(bits @ (1 << np.arange(KEY_BITS, dtype=np.int64)))

    plain, mirrored = signs(root), signs(root[:, mirror])
    smaller = np.minimum(plain, mirrored)
    return np.where(mirrored < plain, smaller | MIRROR_BIT, smaller).astype("<u4")


@functools.cache
def _hashing() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The mean descriptor, the fixed projections (128, tables x bits), the mirror permutation.

    The projections are the bits of a SHAKE-256 stream, +1 or -1: the same with every numpy.
    """
    mean = np.outer(np.ravel(_CELL_MEANS), _DIRECTION_MEANS).ravel()
    count = 128 * KEY_TABLES * KEY_BITS
    stream = hashlib.shake_256(b"mmskin_build.images.fingerprint").digest(count // 8)
    bits = np.unpackbits(np.frombuffer(stream, np.uint8)).reshape(128, KEY_TABLES * KEY_BITS)
    index = np.arange(128).reshape(4, 4, 8)  # rows across the feature's direction, columns along it
    mirror = index[::-1][:, :, -np.arange(8) % 8].ravel()
    return mean * (_MEAN_LENGTH / np.linalg.norm(mean)), bits * 2.0 - 1.0, mirror


def _fit_content(rgb: Rgb) -> Rgb:
    """Take uniform margins off, and bring what is left to `FEATURE_AREA_PX`.

    Margins are paper round a figure, a frame, a border that somebody added.
    """
    small = _fit(rgb, FEATURE_AREA_PX)
    gray = gray_of(small)
    rows = np.flatnonzero(np.ptp(gray, axis=1) > MARGIN_LEVELS)
    columns = np.flatnonzero(np.ptp(gray, axis=0) > MARGIN_LEVELS)
    if not len(rows) or not len(columns):
        return small
    spare = MARGIN_KEPT * max(gray.shape)
    y_scale, x_scale = rgb.shape[0] / gray.shape[0], rgb.shape[1] / gray.shape[1]
    y0, y1 = max(0.0, rows[0] - spare) * y_scale, (rows[-1] + 1 + spare) * y_scale
    x0, x1 = max(0.0, columns[0] - spare) * x_scale, (columns[-1] + 1 + spare) * x_scale
    content = rgb[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
    return small if content.shape == rgb.shape else _fit(content, FEATURE_AREA_PX)


def _fit(pixels: NDArray[Any], area_px: int) -> NDArray[Any]:
    """Bring a picture to `area_px` pixels, its sides in proportion, at least one pixel each."""
    height, width = pixels.shape[:2]
    scale = min((area_px / (height * width)) ** 0.5, LONGEST_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how))


def _to_bytes(gray: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.round(np.asarray(gray, np.float32)), 0, 255).astype(np.uint8)


def _encode(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
