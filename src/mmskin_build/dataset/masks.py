"""Make regions of a record's picture unrecognizable, on a copy that takes the picture's place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmskin_build.errors import StorageError
from mmskin_build.images.policy import mask_regions
from mmskin_build.records import Flag, Record
from mmskin_build.store import pixel_digest, storage_errors, write_bytes

MASKED = "masked"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedPicture:
    """A masked picture by the digest of its pixels, and that of the picture it was made from."""

    image_sha256: str
    made_from: str


def mask_record(
    record: Record, boxes: Sequence[tuple[int, int, int, int]], picture: Path, out: Path
) -> tuple[Record, MaskedPicture]:
    """Write the masked copy to ``out/<image_sha256>.png`` and return the record with it.

    The record bears a flag `masked` and no trace of the original's digest.

    Args:
        record: A record whose picture is to be masked.
        boxes: Regions (x0, y0, x1, y1) in pixels, origin top left.
        picture: The original, a PNG file.
        out: Folder for the copy.

    Raises:
        StorageError: If the original cannot be read or the copy not be written.
    """
    with storage_errors(picture):
        bgr = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise StorageError(f"{picture}: damaged since it was made; run: mmskin build --check")
    rgb = mask_regions(np.ascontiguousarray(bgr[..., ::-1]), boxes)
    digest = pixel_digest(rgb)
    _, encoded = cv2.imencode(".png", rgb[..., ::-1])
    write_bytes(out / f"{digest}.png", encoded.tobytes(), durable=False)
    flags = dataclasses.replace(
        record.flags,
        sensitive=(*record.flags.sensitive, Flag(name=MASKED, score=1.0, source="rule")),
    )
    return (
        dataclasses.replace(record, image_sha256=digest, flags=flags),
        MaskedPicture(image_sha256=digest, made_from=record.image_sha256),
    )
