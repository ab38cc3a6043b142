"""Features have names and an order, and do not read watermarks, borders or sizes."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mmskin_build.images.description import describe_picture
from mmskin_build.images.drawn import draw_nonphoto
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.features import _quantiles, extract_features
from mmskin_build.images.kinds import KINDS, classify_kind

MOVED = 0.3  # of probability, at most, on average a good deal less
MOVED_ON_AVERAGE = 0.06


def pictures() -> list[np.ndarray]:
    found = []
    for seed in range(6):
        found += [
            draw_clinical(np.random.default_rng([1, seed])),
            draw_dermoscopy(np.random.default_rng([2, seed])),
        ]
    return found


def watermarked(rgb: np.ndarray) -> np.ndarray:
    image = Image.fromarray(rgb)
    canvas = ImageDraw.Draw(image)
    w, h = image.size
    font = ImageFont.load_default(max(9, h // 16))
    canvas.text((0.05 * w, 0.85 * h), "Clinic of Skin", (255, 255, 255), font=font)
    canvas.ellipse((0.05 * w, 0.72 * h, 0.13 * w, 0.8 * h), outline=(255, 255, 255), width=3)
    return np.array(image)


def framed(rgb: np.ndarray) -> np.ndarray:
    white = cv2.copyMakeBorder(rgb, 30, 18, 25, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.asarray(cv2.copyMakeBorder(white, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def enlarged(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)


def reduced(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)


def stretched(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, None, fx=1.25, fy=1.0, interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("change", [watermarked, framed, enlarged, reduced, stretched])
def test_what_a_publisher_does_to_a_picture_moves_the_answer_little(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    moved = []
    for rgb in pictures():
        before, after = (classify_kind(describe_picture(p)) for p in (rgb, change(rgb)))
        moved.append(max(abs(before[kind] - after[kind]) for kind in KINDS))
    assert np.mean(moved) <= MOVED_ON_AVERAGE and np.quantile(moved, 0.9) <= MOVED, moved


def test_names_are_the_same_for_every_picture() -> None:
    names = tuple(extract_features(draw_nonphoto(np.random.default_rng(99))))
    assert len(set(names)) == len(names) > 50
    for seed in range(5):
        assert tuple(extract_features(draw_nonphoto(np.random.default_rng(seed)))) == names


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_numbers_are_finite_whatever_the_picture(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3), np.uint8)
    assert np.isfinite(list(extract_features(rgb).values())).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (600, 400)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_even_pictures_of_any_shape_are_measured(shape: tuple[int, int], value: int) -> None:
    found = extract_features(np.full((*shape, 3), value, np.uint8))
    assert np.isfinite(list(found.values())).all()


def test_what_is_no_picture_is_refused() -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            extract_features(wrong)


def test_dark_corners_and_hairs_and_stains_are_told() -> None:
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    field = np.full((200, 200, 3), (220, 170, 150), np.uint8)
    field[np.hypot(x, y) > 1] = 0
    plain = np.full((200, 200, 3), (220, 170, 150), np.uint8)
    plain[:3, :3] = 0
    assert extract_features(field)["corner_black"] > 0.9 > extract_features(plain)["corner_black"]
    hairy = plain.copy()
    for at in range(10, 190, 20):
        cv2.line(hairy, (at, 5), (at + 15, 195), (40, 25, 20), 2)
    assert extract_features(hairy)["hair_share"] > extract_features(plain)["hair_share"] + 0.02
    purple = np.full((200, 200, 3), (120, 70, 150), np.uint8)
    purple[::3, ::3] = (230, 150, 190)
    assert extract_features(purple)["hematoxylin_mid"] > extract_features(plain)["hematoxylin_mid"]


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_own_quantiles_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    shares = (0.0, 0.1, 0.5, 0.84, 1.0)
    assert np.allclose(_quantiles(values, shares), np.quantile(values, shares), atol=1e-6)
