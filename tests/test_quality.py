"""What is doubted about a picture, on pictures drawn by code; good ones are not doubted."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn_pictures import Rgb, blur, clipped, code_jpeg, draw_tissue, print_name, resize
from mmskin_build.images.quality import assess_quality

_GIVEN = os.environ.get("MMSKIN_IMAGES")
IMAGES = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2] / "shared" / "images"
GOOD_FOLDERS = ("clinical", "dermoscopic", "pathological")


def names(rgb: Rgb, **fields: object) -> list[str]:
    flags = assess_quality(rgb, **fields)  # type: ignore[arg-type]
    assert all(0.5 <= flag.score <= 1 and flag.source == "rule" for flag in flags)
    return [flag.name for flag in flags]


def draw_lesion(side: int = 500, spread: float = 0.15) -> Rgb:
    """A dark spot with a soft edge on skin with fine grain: a dermoscopic picture."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    spot = 110 * np.exp(-(x * x + y * y) / (2 * spread**2))
    grain = np.random.default_rng(5).normal(0, 2.5, (side, side))
    return clipped(np.array([210, 160, 140]) - (spot + grain)[..., None])


def draw_cells(side: int = 500) -> Rgb:
    """Dark nuclei on a white slide, tissue on one half only."""
    rgb = np.full((side, side, 3), 252, np.uint8)
    rng = np.random.default_rng(6)
    for _ in range(700):
        x, y = (int(v) for v in rng.uniform(0, [side * 0.6, side]))
        cv2.circle(rgb, (x, y), int(rng.integers(3, 9)), (120, 60, 140), -1, cv2.LINE_AA)
    return rgb


def draw_hand(width: int = 600, height: int = 400) -> Rgb:
    """Skin on a black cloth."""
    rgb = np.zeros((height, width, 3), np.uint8)
    skin = draw_tissue(8, width, height, contrast=18)
    inside = np.zeros((height, width), np.uint8)
    cv2.ellipse(inside, (width // 2, height // 2), (width // 3, height // 3), 20, 0, 360, 1, -1)
    return np.where(inside[..., None] == 1, skin, rgb)


def print_halftone(rgb: Rgb, period_px: float = 5.0) -> Rgb:
    """Three screens at 15, 45 and 75 degrees, scanned a little softly."""
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    dots = np.zeros(rgb.shape)
    for channel, degrees in enumerate((15, 45, 75)):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        waves = [np.cos(2 * np.pi * place / period_px) for place in (x * c + y * s, y * c - x * s)]
        dots[..., channel] = 255 * (rgb[..., channel] / 255 > sum(waves) / 4 + 0.5)
    return blur(clipped(dots), 1.2)


GOOD = {
    "tissue": draw_tissue(1, 640, 480),
    "lesion": draw_lesion(),
    "cells": draw_cells(),
    "hand": draw_hand(),
    "watermark": print_name(draw_tissue(2, 640, 480)),
    "coded": code_jpeg(draw_lesion(), 40),
    "framed": np.pad(draw_tissue(3, 500, 400), ((30, 30), (30, 30), (0, 0)), constant_values=255),
}


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_a_good_picture_is_not_doubted_at_any_resolution(kind: str, factor: float) -> None:
    assert names(resize(GOOD[kind], factor)) == []


@pytest.mark.parametrize("factor", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("kind", ["tissue", "lesion", "cells", "hand"])
def test_a_blurred_picture_is_told_at_any_resolution(kind: str, factor: float) -> None:
    rgb = resize(GOOD[kind], factor)
    assert names(blur(rgb, 0.015 * max(rgb.shape))) == ["blurred"]


def test_a_picture_that_is_sharp_in_one_part_is_not_blurred() -> None:
    rgb = blur(GOOD["tissue"], 8)
    rgb[120:380, 200:480] = GOOD["tissue"][120:380, 200:480]
    assert names(rgb) == []


@pytest.mark.parametrize("size", [(111, 600), (600, 60), (16, 16), (1, 1)])
def test_a_small_picture_is_told(size: tuple[int, int]) -> None:
    assert "too_small" in names(draw_tissue(4, 600, 600)[: size[0], : size[1]])


def test_the_smaller_the_worse() -> None:
    scores = [assess_quality(draw_tissue(4, side, side))[0].score for side in (100, 60, 24)]
    assert scores == sorted(scores)
    assert names(draw_tissue(4, 112, 112)) == []


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_blank_picture_is_blank_and_nothing_else(level: int) -> None:
    noise = np.random.default_rng(level).integers(-2, 3, (300, 400, 3))
    assert names(clipped(noise + level)) == ["blank"]


def test_a_picture_in_colors_of_one_brightness_is_not_blank() -> None:
    rgb = np.full((300, 400, 3), 128, np.uint8)
    rgb[:, 200:] = (178, 128, 78)
    assert "blank" not in names(rgb)


def test_exposure() -> None:
    rgb = draw_tissue(5, 640, 480)
    assert names(clipped(rgb * 0.15)) == ["underexposed"]
    assert names(clipped(rgb * 0.25 + 200)) == ["overexposed"]
    assert names(clipped(rgb * 0.5)) == []  # dark skin


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("paper", [0, 255])
def test_a_band_along_one_side_is_a_cut(turns: int, paper: int) -> None:
    rgb = draw_tissue(6, 640, 480)
    rgb[:30] = paper
    assert names(np.ascontiguousarray(np.rot90(rgb, turns))) == ["cut"]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_piece_of_the_neighboring_picture_is_a_cut(turns: int) -> None:
    rgb = draw_tissue(6, 640, 480)
    rgb[:25] = draw_tissue(7, 640, 480)[:25]
    rgb[25:35] = 255
    assert names(np.ascontiguousarray(np.rot90(rgb, turns))) == ["cut"]


@pytest.mark.parametrize("period_px", [3.5, 5.0, 7.0])
def test_a_scanned_halftone_is_moire(period_px: float) -> None:
    assert "moire" in names(print_halftone(draw_tissue(8, 640, 480), period_px))


def test_stripes_in_one_direction_are_no_moire() -> None:
    y, x = np.mgrid[:480, :640]
    stripes = 30 * np.sin(2 * np.pi * (x * 0.8 + y * 0.6) / 5)
    assert names(clipped(draw_tissue(9, 640, 480) + stripes[..., None])) == []


def test_upside_down_rests_on_lettering_alone() -> None:
    rgb = print_name(draw_tissue(10, 640, 480))
    turned = np.ascontiguousarray(rgb[::-1, ::-1])
    assert names(turned) == []
    assert names(turned, lettering_degrees=(178.0, -175.0, 90.0)) == ["upside_down"]
    assert names(turned, lettering_degrees=(0.0, 180.0)) == []


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        assess_quality(np.zeros((10, 10), np.uint8))


def test_real_pictures_are_hardly_doubted() -> None:
    files = [path for folder in GOOD_FOLDERS for path in sorted(IMAGES.glob(f"{folder}/*"))[::8]]
    if not files:
        pytest.skip(f"no pictures in {IMAGES}; set MMSKIN_IMAGES to a folder with {GOOD_FOLDERS}")
    doubted = [
        path.name
        for path in files
        if names(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))  # type: ignore[arg-type]
    ]
    assert len(doubted) <= 0.05 * len(files), doubted
