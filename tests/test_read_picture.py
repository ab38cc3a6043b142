"""Any file gives pixels as a viewer shows them, or a reason; never an exception."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mmskin_build.images import read
from mmskin_build.images.read import (
    REASONS,
    Picture,
    UnreadPicture,
    crop_margins,
    read_picture,
    working_copy,
)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 60, height: int = 40) -> Image.Image:
    """Left half red, right half green, a blue first row."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2] = (200, 30, 30)
    rgb[:, width // 2 :] = (30, 180, 30)
    rgb[:4] = (20, 20, 220)
    return Image.fromarray(rgb)


def picture(source: Path | bytes) -> Picture:
    found = read_picture(source)
    assert isinstance(found, Picture), found
    assert found.rgb.dtype == np.uint8 and found.rgb.ndim == 3 and found.rgb.shape[2] == 3
    return found


def reason(source: Path | bytes) -> str:
    found = read_picture(source)
    assert isinstance(found, UnreadPicture)
    assert found.reason in REASONS
    return found.reason


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG"])
def test_the_usual_formats_are_read(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = picture(encoded(scene(), kind, **options))
    away = np.abs(found.rgb.astype(int) - np.asarray(scene()))
    assert away.mean() <= 5 if kind == "JPEG" else away.max() == 0
    assert found.notes == ()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    source = Image.new("RGB", (9, 7), (128, 128, 128))
    image = ImageCms.applyTransform(source, _to_lab()) if mode == "LAB" else source.convert(mode)
    kind = "TIFF" if mode in ("CMYK", "LAB", "YCbCr") else "PNG"
    assert picture(encoded(image, kind)).rgb.shape == (7, 9, 3)


def _to_lab() -> Any:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(srgb, lab, "RGB", "LAB")


def test_cmyk_is_converted_with_and_without_a_profile() -> None:
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    plain = picture(encoded(cyan, "JPEG", quality=95))
    assert "cmyk" in plain.notes and "color_profile" not in plain.notes
    assert plain.rgb[4, 4, 0] < 60 < 180 < plain.rgb[4, 4, 2]
    broken = picture(encoded(cyan, "JPEG", quality=95, icc_profile=b"no profile at all"))
    assert "color_profile" not in broken.notes


def test_an_embedded_profile_is_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = picture(encoded(scene(), "PNG", icc_profile=profile))
    assert "color_profile" in found.notes
    assert np.abs(found.rgb.astype(int) - np.asarray(scene())).max() <= 2


def test_sixteen_bits_become_eight() -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None, :].repeat(4, axis=0)
    found = picture(encoded(Image.fromarray(ramp), "PNG"))
    assert "deep" in found.notes
    assert found.rgb[0, 0, 0] == 0 and found.rgb[0, -1, 0] == 255


def test_sixteen_bit_color_tiff_is_read() -> None:
    tifffile = pytest.importorskip("tifffile")
    buffer = io.BytesIO()
    deep = np.zeros((6, 5, 3), np.uint16)
    deep[..., 0] = 65535
    tifffile.imwrite(buffer, deep, photometric="rgb")
    found = picture(buffer.getvalue())
    assert found.rgb[0, 0].tolist() == [255, 0, 0]


def test_floats_and_nonsense_floats_are_read() -> None:
    values = np.array([[0.0, 0.5], [np.nan, np.inf]], np.float32)
    found = picture(encoded(Image.fromarray(values), "TIFF"))
    assert found.rgb.shape == (2, 2, 3)


def test_what_is_transparent_lies_over_white() -> None:
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    image.putpixel((0, 0), (10, 20, 30, 255))
    found = picture(encoded(image))
    assert found.rgb[0, 0].tolist() == [10, 20, 30] and found.rgb[2, 2].tolist() == [255] * 3
    assert found.notes == ("transparent",)
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([200, 0, 0] + [0] * 765)
    assert picture(encoded(palette, transparency=0)).rgb[0, 0].tolist() == [255] * 3


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (5, 5), color) for color in ("red", "lime", "blue")]
    found = picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert found.rgb[2, 2].tolist() == [255, 0, 0] and "first_frame" in found.notes


def test_exif_turns_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    found = picture(encoded(scene(), "JPEG", exif=exif, quality=95, subsampling=0))
    assert found.rgb.shape == (60, 40, 3) and "turned" in found.notes
    assert found.rgb[30, -1, 2] > 150  # the blue row is now at the right


def test_one_pixel_is_a_picture() -> None:
    assert picture(encoded(Image.new("RGB", (1, 1), (1, 2, 3)))).rgb.tolist() == [[[1, 2, 3]]]


def test_a_wrong_suffix_is_noted_and_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(scene()))
    assert picture(path).notes == ("suffix_differs",)


def test_no_bytes_and_other_files_have_their_reasons(tmp_path: Path) -> None:
    assert reason(b"") == "file_empty"
    assert reason(b"%PDF-1.7 not a picture") == "not_a_picture"
    assert reason(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage") == "not_a_picture"
    assert reason(tmp_path) == "file_unreadable"
    assert reason(tmp_path / "missing.png") == "file_unreadable"
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    assert reason(loop) == "file_unreadable"
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert reason(pipe) == "file_unreadable"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"])
def test_a_file_that_breaks_off_has_a_reason(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    whole = encoded(noise, kind)
    for share in (0.3, 0.6, 0.9):
        found = read_picture(whole[: int(len(whole) * share)])
        assert isinstance(found, UnreadPicture)
        assert found.reason in ("picture_damaged", "not_a_picture")


def _png_of(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_bomb_is_refused_by_its_size_before_it_is_decoded() -> None:
    bomb = _png_of(20_000, 15_000, zlib.compress(b"\0" * 1000))
    found = read_picture(bomb)
    assert isinstance(found, UnreadPicture) and found.reason == "picture_too_large"
    assert "20000 x 15000" in found.detail
    assert reason(_png_of(2**31 - 1, 2**31 - 1, b"")) in ("picture_too_large", "not_a_picture")


def test_a_jpeg_of_many_pixels_is_decoded_reduced() -> None:
    found = read_picture(encoded(scene(800, 600), "JPEG"), most_pixels=20_000)
    assert isinstance(found, Picture)
    assert "reduced" in found.notes
    assert found.rgb.shape[0] * found.rgb.shape[1] <= 20_000
    assert found.rgb.shape[1] / found.rgb.shape[0] == pytest.approx(800 / 600, rel=0.03)


def test_the_limit_of_pillow_is_as_before() -> None:
    before = Image.MAX_IMAGE_PIXELS
    read_picture(b"nothing")
    assert before == Image.MAX_IMAGE_PIXELS


@given(
    st.binary(max_size=400), st.integers(0, 300), st.sampled_from(["PNG", "JPEG", "GIF", "TIFF"])
)
def test_bytes_that_were_spoiled_never_raise(noise: bytes, at: int, kind: str) -> None:
    whole = encoded(scene(16, 16), kind)
    read_picture(whole[:at] + noise + whole[at + len(noise) :])


def test_the_working_copy_is_bounded_and_keeps_its_shape() -> None:
    small = np.zeros((20, 30, 3), np.uint8)
    assert working_copy(small) is small
    assert working_copy(np.zeros((2000, 1000, 3), np.uint8)).shape == (512, 256, 3)
    assert working_copy(np.zeros((3000, 1, 3), np.uint8)).shape == (512, 1, 3)


def test_margins_are_cut_off() -> None:
    inside = np.random.default_rng(3).integers(0, 255, (80, 90, 3), np.uint8)
    framed = np.full((120, 140, 3), 255, np.uint8)
    framed[20:100, 25:115] = inside
    double = np.zeros((140, 160, 3), np.uint8)
    double[10:130, 10:150] = framed
    for around in (framed, double):
        height, width = crop_margins(around).shape[:2]
        assert 74 <= height <= 80 and 84 <= width <= 90
    assert crop_margins(inside).shape == inside.shape
    assert crop_margins(np.full((50, 50, 3), 9, np.uint8)).shape == (50, 50, 3)


def test_only_formats_for_untrusted_files_are_opened() -> None:
    assert "EPS" not in read._FORMATS and "PDF" not in read._FORMATS
