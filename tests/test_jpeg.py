"""Inks and shades decoded by libjpeg-turbo are MuPDF's to the bit; all else is left to MuPDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pymupdf
import pytest
from PIL import Image

from drawn_pages import Embedded, draw_page, photograph, place
from mmskin_build.pdf.jpeg import decode_inks
from mmskin_build.pdf.painting import read_painting

PHOTO = photograph(width=243, height=161)  # no whole number of blocks
INKS = np.dstack([255 - PHOTO, PHOTO[..., :1] // 3])
DCT = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.DCTDecode])
INVERTED = pikepdf.Array([1, 0] * 4)


def jpeg(samples: np.ndarray, mode: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples, mode).save(file, "JPEG", quality=85, **options)
    return file.getvalue()


def without_marker(stream: bytes, code: bytes) -> bytes:
    """Take a marker segment (``FF`` and `code`) out of a JPEG stream."""
    at = stream.index(b"\xff" + code)
    return stream[:at] + stream[at + 2 + int.from_bytes(stream[at + 2 : at + 4]) :]


def embedded(stream: bytes, space: Any, **entries: Any) -> Embedded:
    named = {f"/{name}": value for name, value in entries.items()}
    return Embedded(stream, 243, 161, space, entries={"/Filter": DCT, **named})


@contextmanager
def image(tmp_path: Path, given: Embedded) -> Iterator[Any]:
    path = draw_page(tmp_path / "page.pdf", place(100, 600, 120, 80), {"Im0": given})
    with pymupdf.open(path) as pdf:
        yield read_painting(pdf[0]).images[0].image


GRAY = PHOTO[..., 0].copy()
SEPARATION = pikepdf.Array(
    [
        pikepdf.Name.Separation,
        pikepdf.Name.Black,
        pikepdf.Name.DeviceCMYK,
        pikepdf.Dictionary(FunctionType=2, Domain=[0, 1], C0=[0, 0, 0, 0], C1=[0, 0, 0, 1], N=1),
    ]
)


EXACT = {
    "gray": embedded(jpeg(GRAY, "L"), "/DeviceGray"),
    "progressive gray": embedded(jpeg(GRAY, "L", progressive=True), "/DeviceGray"),
    "inverted gray": embedded(jpeg(GRAY, "L"), "/DeviceGray", Decode=pikepdf.Array([1, 0])),
    "one ink": embedded(jpeg(GRAY, "L"), SEPARATION),
    "inks": embedded(jpeg(INKS, "CMYK"), "/DeviceCMYK"),
    "progressive inks": embedded(jpeg(INKS, "CMYK", progressive=True), "/DeviceCMYK"),
    "inverted inks": embedded(jpeg(INKS, "CMYK"), "/DeviceCMYK", Decode=INVERTED),
    "inks with a range": embedded(
        jpeg(INKS, "CMYK"), "/DeviceCMYK", Decode=pikepdf.Array([0, 1] * 4)
    ),
}


@pytest.mark.parametrize("given", EXACT.values(), ids=EXACT)
def test_inks_and_shades_are_those_that_mupdf_decodes(tmp_path: Path, given: Embedded) -> None:
    with image(tmp_path, given) as handle:
        mine = decode_inks(handle)
        assert mine is not None
        theirs = pymupdf.Pixmap("raw", handle.fz_get_unscaled_pixmap_from_image())
        assert (mine.width, mine.height, mine.n, mine.alpha) == (243, 161, theirs.n, 0)
        assert mine.colorspace.name == theirs.colorspace.name
        assert mine.samples == theirs.samples


OTHERS = {
    "coarser chroma": embedded(jpeg(PHOTO, "RGB"), "/DeviceRGB"),
    "YCbCr": embedded(jpeg(PHOTO, "RGB", subsampling=0), "/DeviceRGB"),
    "no word on the transform": embedded(
        without_marker(jpeg(INKS, "CMYK"), b"\xee"), "/DeviceCMYK"
    ),
    "coarser inks": embedded(jpeg(INKS, "CMYK", subsampling=2), "/DeviceCMYK"),
    "half a range": embedded(jpeg(INKS, "CMYK"), "/DeviceCMYK", Decode=pikepdf.Array([0, 0.5] * 4)),
    "one ink inverted": embedded(
        jpeg(INKS, "CMYK"), "/DeviceCMYK", Decode=pikepdf.Array([1, 0, *[0, 1] * 3])
    ),
    "color key": embedded(jpeg(GRAY, "L"), "/DeviceGray", Mask=pikepdf.Array([0, 60])),
    "other size than told": embedded(jpeg(GRAY[:-8], "L"), "/DeviceGray"),
    "cut off": embedded(jpeg(GRAY, "L")[:2000], "/DeviceGray"),
    "no JPEG": embedded(b"no JPEG", "/DeviceGray"),
    "no DCT": Embedded(GRAY.tobytes(), 243, 161, "/DeviceGray"),
    "palette": embedded(
        jpeg(GRAY // 16, "L"),
        pikepdf.Array(
            [pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 15, pikepdf.String(bytes(48))]
        ),
    ),
}


@pytest.mark.parametrize("given", OTHERS.values(), ids=OTHERS)
def test_what_may_come_out_otherwise_is_left_to_mupdf(tmp_path: Path, given: Embedded) -> None:
    with image(tmp_path, given) as handle:
        assert decode_inks(handle) is None
