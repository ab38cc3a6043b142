"""One page written by hand: its content stream, its images, its boxes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class Embedded:
    """An image object: its samples as stored, and what tells how to read them."""

    samples: bytes
    width: int
    height: int
    space: Any = "/DeviceRGB"
    bits: int = 8
    mask: Embedded | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)


def embed(samples: NDArray[Any], space: Any = "/DeviceRGB", **fields: Any) -> Embedded:
    """Store ``(H, W)`` or ``(H, W, n)`` samples without loss."""
    return Embedded(samples.tobytes(), samples.shape[1], samples.shape[0], space, **fields)


def photograph(seed: int = 0, width: int = 240, height: int = 160) -> Rgb:
    """A smooth, colorful picture without a plain edge or a straight line."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 200, (max(3, height // 32), max(3, width // 32), 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    grain = rng.integers(-4, 5, (height, width, 1))
    return np.clip(smooth + grain, 30, 230).astype(np.uint8)


def draw_page(
    path: Path,
    content: str | bytes,
    images: Mapping[str, Embedded] | None = None,
    *,
    media: tuple[float, ...] = (0, 0, 612, 792),
    crop: tuple[float, ...] | None = None,
    rotate: int = 0,
    states: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write a file of one page; ``/F1`` is Helvetica, `states` are graphics states by name."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(media[2] - media[0], media[3] - media[1]))
        page.MediaBox = pikepdf.Array([float(v) for v in media])
        if crop is not None:
            page.CropBox = pikepdf.Array([float(v) for v in crop])
        if rotate:
            page.Rotate = rotate
        helvetica = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        objects = {f"/{name}": _stream(pdf, image) for name, image in (images or {}).items()}
        page.Resources = pikepdf.Dictionary(
            {
                "/XObject": pikepdf.Dictionary(objects),
                "/Font": pikepdf.Dictionary(F1=helvetica),
                "/ExtGState": pikepdf.Dictionary(
                    {
                        f"/{name}": pikepdf.Dictionary(state)
                        for name, state in (states or {}).items()
                    }
                ),
            }
        )
        data = content.encode("latin-1") if isinstance(content, str) else content
        page.Contents = pikepdf.Stream(pdf, data)
        pdf.save(path, deterministic_id=True)
    return path


def _stream(pdf: pikepdf.Pdf, image: Embedded) -> pikepdf.Object:
    stream = pikepdf.Stream(pdf, zlib.compress(image.samples))
    space = pikepdf.Name(image.space) if isinstance(image.space, str) else image.space
    entries: dict[str, Any] = {
        "/Type": pikepdf.Name.XObject,
        "/Subtype": pikepdf.Name.Image,
        "/Width": image.width,
        "/Height": image.height,
        "/ColorSpace": space,
        "/BitsPerComponent": image.bits,
        "/Filter": pikepdf.Name.FlateDecode,
        **image.entries,
    }
    if image.mask is not None:
        entries["/SMask"] = _stream(pdf, image.mask)
    for key, value in entries.items():
        stream[key] = value
    return pdf.make_indirect(stream)


def place(x: float, y: float, width: float, height: float, name: str = "Im0") -> str:
    """Paint an image upright with its lower left corner at (x, y), y upwards as in the PDF."""
    return f"q {width} 0 0 {height} {x} {y} cm /{name} Do Q\n"
