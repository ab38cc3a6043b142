"""Faces on drawn heads, and on real portraits where a folder of them is at hand."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from partial_faces import partial_faces, pictures

from drawn_people import TONES, hairs, lesion, skin
from mmskin_build.config import PrivacyConfig
from mmskin_build.images import faces
from mmskin_build.images.bodyparts import PLAIN_SIDE_PX, Parts, find_parts
from mmskin_build.images.eye_bars import find_eye_bars
from mmskin_build.images.faces import combine, find_faces, score_things
from mmskin_build.images.imagenet import extract_imagenet
from mmskin_build.images.policy import decide
from mmskin_build.images.read import working_copy
from mmskin_build.images.skin import skin_share
from mmskin_build.records import Flag

_GIVEN = os.environ.get("MMSKIN_IMAGES")
IMAGES = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2] / "shared" / "images"
FEW = 5


def portraits() -> list[np.ndarray]:
    if not (IMAGES / "faces").is_dir():
        pytest.skip(f"no portraits in {IMAGES}; set MMSKIN_IMAGES to a folder with faces/")
    found = [rgb for _, rgb in pictures(IMAGES / "faces")]
    return found[:: max(1, len(found) // FEW)]


@pytest.mark.parametrize("tone", TONES)
def test_skin_of_every_tone_is_skin(tone: tuple[int, int, int]) -> None:
    assert skin_share(skin(tone)) > 0.9


@pytest.mark.parametrize("color", [(30, 60, 160), (40, 140, 60), (128, 128, 128), (0, 0, 0)])
def test_cloth_and_walls_are_no_skin(color: tuple[int, int, int]) -> None:
    assert skin_share(np.full((50, 50, 3), color, np.uint8)) < 0.05


@pytest.mark.parametrize("tone", TONES[:5])
def test_a_close_up_of_skin_shows_no_face(tone: tuple[int, int, int]) -> None:
    found = find_faces(hairs(lesion(skin(tone), (200, 150), 50)))
    assert (found.score < 0.5, found.boxes, found.eyes_barred) == (True, (), False)


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("angle", [0, 15])
def test_a_bar_among_skin_is_a_barred_face(color: tuple[int, int, int], angle: float) -> None:
    rgb = skin(TONES[2])
    corners = cv2.boxPoints(((200, 130), (180, 45), angle)).round().astype(np.int32)
    cv2.fillConvexPoly(rgb, corners, color, cv2.LINE_AA)
    found = find_faces(rgb)
    assert found.score >= 0.5
    assert found.eyes_barred
    assert any(box[0] <= 200 <= box[2] and box[1] <= 130 <= box[3] for box in found.boxes)


def test_a_frame_a_square_and_a_bar_off_the_skin_are_no_eye_bars() -> None:
    framed = skin()
    framed[:30] = 0
    square = skin()
    square[100:180, 100:180] = 0
    wall = np.full((300, 400, 3), (120, 140, 200), np.uint8)
    wall[120:150, 100:250] = 0
    assert find_eye_bars(framed) == find_eye_bars(square) == find_eye_bars(wall) == ()


def test_both_answers_and_the_caption_raise_the_score() -> None:
    assert combine(0.6, 0.1) > combine(0.1, 0.1)
    assert combine(0.1, 0.6) > combine(0.1, 0.1)
    assert combine(0.1, 0.1, prior=1.0) > combine(0.1, 0.1)


def test_what_is_seen_already_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = hairs(lesion(skin(TONES[1]), (200, 150), 50))
    alone = find_faces(rgb)
    things = extract_imagenet(working_copy(rgb))
    monkeypatch.setattr(faces, "extract_imagenet", None)
    assert find_faces(rgb, things=things) == alone


def test_a_second_look_is_taken_where_something_speaks_for_a_face(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close_up = skin(TONES[1])
    parts = find_parts(close_up, side_px=PLAIN_SIDE_PX)
    calls: list[float] = []

    def counted(rgb: np.ndarray, *, side_px: int, share: float) -> Parts:
        calls.append(share)
        return parts

    monkeypatch.setattr(faces, "find_parts", counted)
    monkeypatch.setattr(faces, "is_settled", lambda parts, things: True)
    find_faces(close_up, parts=parts)
    assert not calls
    find_faces(close_up, parts=parts, thorough=True)
    find_faces(close_up, parts=parts, prior=1.0)
    monkeypatch.setattr(faces, "is_settled", lambda parts, things: False)
    find_faces(close_up, parts=parts)
    assert len(calls) == 3


def test_words_raise_the_score_of_what_is_seen() -> None:
    things = extract_imagenet(skin())
    assert score_things(things, prior=1.0) > score_things(things) >= 0.0


def test_a_part_of_a_face_without_a_place_is_held_where_faces_are_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faces, "score_things", lambda things, prior=0.0: 0.9)
    found = find_faces(skin())
    assert (found.score, found.boxes) == (0.9, ())
    flag = Flag(name="face", score=found.score, source="model")
    verdict = decide([flag], "none", PrivacyConfig(face="mask"), boxes={"face": found.boxes})
    assert verdict.held and verdict.reasons == ("face_not_masked",)


def test_portraits_are_faces() -> None:
    for rgb in portraits():
        found = find_faces(rgb)
        assert found.score >= 0.5
        assert found.boxes


def test_most_parts_of_portraits_are_faces() -> None:
    scores = [
        find_faces(crop).score >= 0.5 for rgb in portraits()[:3] for _, crop in partial_faces(rgb)
    ]
    assert np.mean(scores) >= 0.9


def test_a_bar_over_the_eyes_of_a_portrait_is_noted_and_it_stays_a_face() -> None:
    noted = []
    for rgb in portraits():
        found = find_faces(dict(partial_faces(rgb))["eyes_barred"])
        assert found.score >= 0.5
        noted.append(found.eyes_barred)
    assert np.mean(noted) >= 0.6


def test_a_dark_picture_is_raised_without_many_copies_of_it() -> None:
    dark = np.full((1500, 2000, 3), 40, np.uint8)
    tracemalloc.start()
    try:
        raised = faces._lit(dark)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert raised.mean() > 200
    assert peak < 2 * dark.nbytes
