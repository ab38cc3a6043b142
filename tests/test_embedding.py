"""What the network's inner layers see of a picture: one run, and no eye for frames or sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mmskin_build.images import bodyparts, faces, sensitive
from mmskin_build.images.bodyparts import PLAIN_SIDE_PX, find_parts, look, read_parts
from mmskin_build.images.description import describe_picture, description_names
from mmskin_build.images.drawn import draw_nonphoto
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.embedding import extract_embedding
from mmskin_build.images.features import extract_features
from mmskin_build.images.imagenet import extract_imagenet
from mmskin_build.images.screen import screen_picture
from publisher_changes import enlarged, framed, mirrored, watermarked


def vector(rgb: np.ndarray) -> np.ndarray:
    return np.array(list(extract_embedding(rgb).values()))


def pictures() -> list[np.ndarray]:
    found = [draw_clinical(np.random.default_rng([1, seed])) for seed in range(3)]
    return found + [draw_dermoscopy(np.random.default_rng([2, seed])) for seed in range(3)]


@pytest.mark.parametrize("change", [watermarked, framed, enlarged, mirrored])
def test_what_a_publisher_does_moves_it_less_than_another_picture_would(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    shown = pictures()
    seen = np.array([vector(rgb) for rgb in shown])
    changed = np.array([vector(change(rgb)) for rgb in shown])
    scale = seen.std(axis=0) + 1e-3
    moved = np.linalg.norm((changed - seen) / scale, axis=1)
    apart = np.linalg.norm((seen[:, None] - seen[None]) / scale, axis=2)
    assert np.median(moved) < 0.6 * np.median(apart[apart > 0])


def test_it_is_named_the_same_for_every_picture_and_the_same_each_time() -> None:
    first, second = (draw_nonphoto(np.random.default_rng(seed)) for seed in (1, 2))
    assert list(extract_embedding(first)) == list(extract_embedding(second))
    assert extract_embedding(first) == extract_embedding(first)
    described = describe_picture(first)
    assert tuple(described) == description_names()
    parts = (extract_features(first), extract_embedding(first), extract_imagenet(first))
    assert described == {name: value for part in parts for name, value in part.items()}


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (31, 700), (600, 400)])
@pytest.mark.parametrize("value", [0, 255])
def test_pictures_of_any_shape_are_seen(shape: tuple[int, int], value: int) -> None:
    assert np.isfinite(vector(np.full((*shape, 3), value, np.uint8))).all()
    rng = np.random.default_rng(value)
    assert np.isfinite(vector(rng.integers(0, 256, (*shape, 3), np.uint8))).all()


def test_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 4 pixels"):
        extract_embedding(np.zeros((4, 0, 3), np.uint8))


def test_looking_says_of_parts_what_the_detector_says() -> None:
    for rgb in pictures()[:2]:
        assert read_parts(look(rgb)) == find_parts(rgb, side_px=PLAIN_SIDE_PX)


def test_the_black_rest_of_the_canvas_is_not_seen() -> None:
    (rgb,) = pictures()[:1]
    wide = rgb[: rgb.shape[1] * 3 // 10]  # below it the canvas is empty
    seen = look(wide)
    shown = wide.shape[0] * seen.scale
    assert shown < seen.canvas[0]
    for cells in seen.maps:
        first_empty = int(shown / (seen.canvas[0] / cells.shape[1])) + 1
        cells[:, first_empty:] = 1e6
    assert max(extract_embedding(wide, seen).values()) < 1e3


@pytest.mark.parametrize(("hints", "looks"), [((), 1), (("face",), 2), (("genitals",), 2)])
def test_a_screening_looks_at_the_plain_picture_once_and_again_where_words_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, hints: tuple[str, ...], looks: int
) -> None:
    runs: list[tuple[int, ...]] = []
    look_once = bodyparts._canvas_of

    def counted(*how: Any) -> Any:
        canvas, corner, scale = look_once(*how)
        runs.append(canvas.shape)
        return canvas, corner, scale

    monkeypatch.setattr(bodyparts, "_canvas_of", counted)
    monkeypatch.setattr(sensitive, "is_clearly_close", lambda _: False)
    monkeypatch.setattr(faces, "is_settled", lambda parts, things: True)
    screen_picture(pictures()[0], hints=hints)
    assert len(runs) == looks and max(runs[0]) == PLAIN_SIDE_PX
    assert all(max(again) < PLAIN_SIDE_PX for again in runs[1:])


def test_parts_of_a_body_are_not_asked_for_in_a_picture_through_a_microscope(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensitive, "read_parts", None)  # fails if it is called
    monkeypatch.setattr(sensitive, "is_clearly_close", lambda _: True)
    assert screen_picture(pictures()[0]).failed == ()
    monkeypatch.setattr(sensitive, "is_clearly_close", lambda _: False)
    assert screen_picture(pictures()[0]).failed == ("sensitive",)
