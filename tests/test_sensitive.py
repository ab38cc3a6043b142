"""Flags of pictures: what is looked for, what words add, and what a failure does."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from drawn_people import RgbImage, lesion, skin
from mmskin_build.errors import MissingDependencyError
from mmskin_build.images import bodyparts, identifiers, sensitive
from mmskin_build.images.identifiers import find_identifiers, is_identifier
from mmskin_build.images.marks import Mark
from mmskin_build.images.policy import decide
from mmskin_build.images.sensitive import CATEGORIES, find_sensitive, is_clearly_close

CLINICAL = {"clinical": 0.9, "dermoscopic": 0.06, "pathological": 0.04}
MICROSCOPE = {"clinical": 0.01, "dermoscopic": 0.01, "pathological": 0.98}


def scores(rgb: RgbImage, modality: dict[str, float], *said: str, **more: Any) -> dict[str, float]:
    hints = [(word, "from", "caption") for word in said]
    return {f.name: f.score for f in find_sensitive(rgb, modality, hints, **more).flags}


def label(text: str) -> tuple[RgbImage, list[Mark]]:
    rgb = skin()
    cv2.rectangle(rgb, (60, 200), (360, 250), (255, 255, 255), -1)
    cv2.putText(rgb, text, (70, 235), cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
    return rgb, [Mark(kind="label", box=(68, 212, 352, 240), score=1.0)]


def test_a_harmless_close_up_has_every_category_and_none_is_held() -> None:
    rgb = lesion(skin(), (200, 150), 45)
    flags = find_sensitive(rgb, CLINICAL, ()).flags
    assert {f.name for f in flags} == set(CATEGORIES)
    assert not decide(flags, "none").held


def test_flags_are_sorted_and_the_same_each_time() -> None:
    flags = find_sensitive(skin(), {}, ()).flags
    assert flags == find_sensitive(skin(), {}, ()).flags
    assert [f.name for f in flags] == sorted(f.name for f in flags)
    assert all(0.0 <= f.score <= 1.0 for f in flags)


def test_faces_are_not_looked_for_under_the_microscope_unless_a_word_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("looked for faces")

    monkeypatch.setattr(sensitive, "find_faces", refuse)
    assert "face" not in scores(skin(), MICROSCOPE)
    assert "detector_failed" not in scores(skin(), MICROSCOPE)
    assert scores(skin(), MICROSCOPE, "face")["detector_failed"] == 1.0


@pytest.mark.parametrize(
    "modality",
    [{}, {"dermoscopic": 0.9, "clinical": 0.1}, {"pathological": 0.96}, {"clinical": 1.0}],
)
def test_in_doubt_faces_are_looked_for(modality: dict[str, float]) -> None:
    assert not is_clearly_close(modality)


@pytest.mark.parametrize("word", ["genitals", "breast", "tattoo", "identifier"])
def test_what_the_caption_names_is_held(word: str) -> None:
    flags = find_sensitive(skin(), CLINICAL, [(word,)]).flags
    named = next(f for f in flags if f.name == word)
    assert named.score >= 0.5
    assert named.source == "rule"
    assert decide(flags, "none").held


def test_a_word_for_the_face_is_seen_but_a_patch_of_cheek_is_not_held() -> None:
    found = scores(lesion(skin(), (200, 150), 45), CLINICAL, "face")
    assert 0.3 <= found["face"] < 0.5


def test_a_bare_child_is_held_a_child_alone_is_not() -> None:
    wall = np.full((300, 400, 3), (90, 110, 170), np.uint8)
    wall[120:180, 150:250] = skin(size=(60, 100))
    assert scores(wall, CLINICAL, "child")["child_unclothed"] < 0.5
    assert scores(skin(), CLINICAL, "child")["child_unclothed"] >= 0.5
    assert scores(wall, CLINICAL, "child", "genitals")["child_unclothed"] >= 0.5


def test_a_detector_that_raises_holds_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(sensitive, "find_faces", broken)
    flags = find_sensitive(skin(), CLINICAL, [("breast",)]).flags
    assert decide(flags, "none").reasons == ("breast", "detector_failed")


def test_a_detector_that_is_not_installed_holds_the_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_: str) -> None:
        return None

    bodyparts._sessions.cache_clear()
    monkeypatch.setattr(bodyparts.importlib.util, "find_spec", missing)
    try:
        with pytest.raises(MissingDependencyError, match="pip install nudenet"):
            bodyparts.find_parts(skin())
        assert decide(find_sensitive(skin(), {}, ()).flags, "none").reasons == ("detector_failed",)
    finally:
        bodyparts._sessions.cache_clear()


def test_words_that_cannot_be_read_for_want_of_a_reader_hold_the_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingDependencyError("no tesseract")

    monkeypatch.setattr(identifiers, "recognize_lines", missing)
    rgb, marks = label("Epidermis")
    assert scores(rgb, MICROSCOPE, marks=marks)["detector_failed"] == 1.0


@pytest.mark.parametrize(
    "text",
    ["MRN: 4711", "Name: Doe", "12.03.1987", "1987-03-12", "0049 171 2233", "Mrs Doe", "DOB."],
)
def test_names_numbers_and_dates_identify(text: str) -> None:
    assert is_identifier(text)


@pytest.mark.parametrize("text", ["Papillary layer", "x 400", "5 mm", "", "Fig. 3", "A", "pH 7.4"])
def test_what_a_figure_says_does_not(text: str) -> None:
    assert not is_identifier(text)


def test_a_hospital_number_in_the_picture_is_read() -> None:
    rgb, marks = label("MRN: 48215093")
    score, boxes = find_identifiers(rgb, marks)
    assert score >= 0.9
    assert len(boxes) == 1


def test_an_anatomical_word_is_read_and_is_nobodys_name() -> None:
    score, boxes = find_identifiers(*label("Epidermis"))
    assert (score < 0.5, boxes) == (True, ())


def test_words_that_cannot_be_made_out_may_be_a_name() -> None:
    rgb, marks = label("")
    rgb[212:240:3, 68:352:2] = 0
    assert find_identifiers(rgb, marks)[0] >= 0.5


def test_words_that_nobody_reads_may_be_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(identifiers, "recognize_lines", refuse)
    rgb, marks = label("Epidermis")
    assert scores(rgb, MICROSCOPE, marks=marks, read_words=False)["identifier"] >= 0.5


def test_without_words_nothing_is_read() -> None:
    assert find_identifiers(skin(), [Mark(kind="arrow", box=(1, 1, 9, 9), score=1.0)]) == (0.0, ())


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (2000, 4, 3)])
def test_odd_sizes_give_flags(shape: tuple[int, int, int]) -> None:
    flags = find_sensitive(np.zeros(shape, np.uint8), {}, ()).flags
    assert {f.name for f in flags} >= set(CATEGORIES)


def test_an_empty_picture_is_held() -> None:
    flags = find_sensitive(np.zeros((0, 5, 3), np.uint8), {}, ()).flags
    assert decide(flags, "none").held
