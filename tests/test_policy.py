"""What happens to a flagged picture, and what masking leaves of it."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_people import face
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.images.policy import (
    decide,
    mask_regions,
)
from mmskin_build.images.sensitive import CATEGORIES
from mmskin_build.records import Flag


def flag(name: str, score: float = 0.9) -> Flag:
    return Flag(name=name, score=score, source="model")


def test_nothing_found_is_kept() -> None:
    verdict = decide([flag("face", 0.1)], "none")
    assert (verdict.held, verdict.dropped, verdict.reasons) == (False, False, ())


@pytest.mark.parametrize("name", [name for name in CATEGORIES if name != "child"])
def test_by_default_every_category_holds(name: str) -> None:
    assert decide([flag(name)], "none").reasons == (name,)
    assert decide([flag(name)], "none").held


def test_a_child_alone_is_kept_unless_asked() -> None:
    assert not decide([flag("child")], "none").held
    assert decide([flag("child")], "none", PrivacyConfig(child="drop")).dropped


def test_a_failed_detector_holds_whatever_the_policy_says() -> None:
    lax = PrivacyConfig(
        hold_from=1.0, face="keep", eyes_barred="keep", genitals="keep", breast="keep",
        child_unclothed="keep", tattoo="keep", identifier="keep",
    )  # fmt: skip
    assert decide([flag("detector_failed", 0.0)], "none", lax).held


def test_a_flag_without_a_word_in_the_policy_holds() -> None:
    assert decide([flag("something_new")], "none").held


@pytest.mark.parametrize("name", ["hold_from", "__class__"])
def test_a_flag_named_like_a_setting_holds(name: str) -> None:
    assert decide([flag(name)], "none").held


def test_masking_needs_to_know_where() -> None:
    policy = PrivacyConfig(face="mask")
    known = decide([flag("face")], "none", policy, boxes={"face": [(1, 2, 30, 40)]})
    assert (known.held, known.masks) == (False, ((1, 2, 30, 40),))
    blind = decide([flag("face")], "none", policy)
    assert (blind.held, blind.reasons) == (True, ("face_not_masked",))


def test_a_dropped_picture_is_not_held_and_bears_all_reasons() -> None:
    verdict = decide([flag("face"), flag("breast")], "none", PrivacyConfig(breast="drop"))
    assert (verdict.held, verdict.dropped) == (False, True)
    assert verdict.reasons == ("breast", "face")


def test_annotation_follows_its_own_policy() -> None:
    assert not decide([], "minor").held
    assert decide([], "major").reasons == ("annotated_major",)
    assert not decide([], "major", images=ImagesConfig(annotated_major="keep")).held
    assert decide([], "minor", images=ImagesConfig(annotated_minor="drop")).dropped


def test_a_mask_leaves_the_original_and_the_rest_untouched() -> None:
    rgb = face()
    before = rgb.copy()
    masked = mask_regions(rgb, [(100, 80, 220, 250)])
    assert np.array_equal(rgb, before)
    assert np.array_equal(masked[:40], rgb[:40])
    assert not np.array_equal(masked[80:250, 100:220], rgb[80:250, 100:220])


def test_faces_with_equal_block_means_are_masked_to_the_same_pixels() -> None:
    """Not invertible: what the mask depends on are the means, so details make no difference."""
    rng = np.random.default_rng(0)
    plain = np.full((160, 160, 3), 120, np.uint8)
    detail = plain.copy()
    noise = rng.integers(-60, 61, (80, 160, 3))
    detail[0::2] += noise.astype(np.int16).astype(np.uint8)  # equal and opposite in pairs of rows
    detail[1::2] -= noise.astype(np.int16).astype(np.uint8)
    box = [(0, 0, 160, 160)]
    difference = mask_regions(plain, box).astype(int) - mask_regions(detail, box)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (-50, -50, 5, 5), (310, 310, 900, 900), (5, 5, 6, 6)]
)
def test_boxes_at_and_over_the_edge_are_cut(box: tuple[int, int, int, int]) -> None:
    assert mask_regions(face(), [box]).shape == (320, 320, 3)
