"""JPEG streams whose samples are inks or shades, decoded by libjpeg-turbo.

MuPDF's own decoder takes three times as long. Both compute the inverse transform to the bit as the
Independent JPEG Group does ("islow"); they differ in how they spread coarser chroma and round
YCbCr to RGB. So only streams without either are taken from here, and their samples are the same.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import pymupdf
from PIL import Image
from pymupdf import mupdf

_UPRIGHT: Final = (0.0, 1.0)  # the range of a Decode array that changes nothing


def decode_inks(image: Any) -> pymupdf.Pixmap | None:
    """Decode MuPDF's image object in its own colors; None where MuPDF might decode it otherwise.

    That is all but JPEG of one sample or four of 8 bits a pixel, as many as its color space has.
    Decode arrays are applied, masks are not.
    """
    raw = image.m_internal
    if (
        mupdf.ll_fz_compressed_image_type(raw) != mupdf.FZ_IMAGE_JPEG
        or raw.n not in (1, 4)
        or raw.bpc != 8
        or raw.imagemask
        or raw.use_colorkey
        or mupdf.ll_fz_colorspace_is_indexed(raw.colorspace)
    ):
        return None
    is_inverted = False
    if raw.use_decode:
        ends = [mupdf.floats_getitem(raw.decode, i) for i in range(2 * raw.n)]
        ranges = set(zip(ends[::2], ends[1::2], strict=True))
        if ranges not in ({_UPRIGHT}, {_UPRIGHT[::-1]}):
            return None
        is_inverted = ranges != {_UPRIGHT}
    samples = _read(raw, is_inverted)
    if samples is None:
        return None
    space = mupdf.FzColorspace(mupdf.ll_fz_keep_colorspace(raw.colorspace))
    return pymupdf.Pixmap(pymupdf.Colorspace(space), raw.w, raw.h, samples, False)


def _read(raw: Any, is_inverted: bool) -> bytes | None:
    """The samples of a stream, row by row, as they mean ink or light."""
    held = mupdf.ll_fz_compressed_image_buffer(raw).buffer
    stream = mupdf.fz_buffer_storage_memoryview(mupdf.FzBuffer(mupdf.ll_fz_keep_buffer(held)))
    try:
        with Image.open(io.BytesIO(stream), formats=["JPEG"]) as jpeg:
            if jpeg.size != (raw.w, raw.h) or not _is_plain(jpeg, raw.n):
                return None
            samples = jpeg.tobytes()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    # Pillow turns Adobe's inks around by itself, as most files ask for by their Decode array.
    if is_inverted == (raw.n == 4):
        return samples
    return (255 - np.frombuffer(samples, np.uint8)).tobytes()


def _is_plain(jpeg: Image.Image, count: int) -> bool:
    """Whether samples are stored one for one, without a change of color."""
    if count == 1:
        return jpeg.mode == "L"
    layers = getattr(jpeg, "layer", ())
    return (
        jpeg.mode == "CMYK"
        and len({(across, down) for _, across, down, _ in layers}) == 1
        and jpeg.info.get("adobe_transform") == 0
    )
