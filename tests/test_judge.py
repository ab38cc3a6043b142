"""What the settings do with a picture, given what detectors and words say."""

from __future__ import annotations

from typing import Any

import pytest

from builders import make_screening
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.dataset.judge import HELD, REASONS, Judgement, judge_picture
from mmskin_build.images.kinds import KINDS
from mmskin_build.images.marks import Mark
from mmskin_build.images.modality import classify_modality
from mmskin_build.images.photo import classify_photo
from mmskin_build.images.screen import Screening
from mmskin_build.records import Flag

ARROW = Mark(kind="arrow", box=(10, 10, 60, 40), score=0.98)


def looks(kind: str, share: float = 0.95, **fields: Any) -> Screening:
    """A picture that looks like one of the kinds."""
    kinds = dict.fromkeys(KINDS, (1 - share) / (len(KINDS) - 1)) | {kind: share}
    return make_screening(
        kinds=kinds, photo=classify_photo(kinds), modality=classify_modality(kinds), **fields
    )


def judge(found: Screening, images: Any = None, privacy: Any = None, **words: Any) -> Judgement:
    return judge_picture(
        found, ImagesConfig(**(images or {})), PrivacyConfig(**(privacy or {})), **words
    )


def flagged(name: str, score: float = 0.9, **fields: Any) -> Screening:
    return make_screening(sensitive=(Flag(name=name, score=score, source="model"),), **fields)


def test_a_harmless_picture_is_kept() -> None:
    judged = judge(make_screening())
    assert (judged.reject, judged.held, judged.masks) == (None, (), ())
    assert (judged.modality.value, judged.modality.confidence) == ("clinical", 0.97)


@pytest.mark.parametrize("kind", ["drawing", "radiology", "other"])
def test_what_is_no_picture_of_skin_is_left_out_with_its_reason(kind: str) -> None:
    reason = "not_a_photograph" if kind == "drawing" else "other_modality"
    judged = judge(looks(kind))
    assert judged.reject is not None and judged.reject[0] == reason
    assert reason in REASONS


def test_words_for_another_method_count_against_the_look() -> None:
    judged = judge(looks("clinical"), vote="other")
    assert judged.reject is not None and judged.reject[0] == "other_modality"
    assert judge(looks("clinical"), {"other_modality": "keep"}, vote="other").reject is None


def test_picture_and_words_vote_apart_and_a_person_decides_where_they_disagree() -> None:
    agreed = judge(looks("pathological"), vote="pathological")
    assert agreed.held == () and agreed.votes.words == "pathological"
    disputed = judge(looks("clinical"), vote="pathological")
    assert disputed.held == ("modality_disputed",)
    assert disputed.votes.clinical == 0.95
    assert judge(looks("clinical"), {"modality_disputed": "keep"}, vote="pathological").held == ()


@pytest.mark.parametrize(
    "name", ["face", "eyes_barred", "genitals", "breast", "child_unclothed", "tattoo", "identifier"]
)
def test_each_sensitive_category_is_held_unless_the_settings_say_otherwise(name: str) -> None:
    assert judge(flagged(name)).held == (name,)
    assert judge(flagged(name, 0.3)).held == ()
    assert judge(flagged(name), privacy={name: "keep"}).held == ()
    dropped = judge(flagged(name), privacy={name: "drop"})
    assert dropped.reject == ("dropped_by_policy", name)


def test_a_face_may_be_masked_where_it_is_known_to_lie() -> None:
    masked = judge(flagged("face", boxes={"face": ((5, 6, 50, 60),)}), privacy={"face": "mask"})
    assert (masked.held, masked.masks) == ((), ((5, 6, 50, 60),))
    lost = judge(flagged("face"), privacy={"face": "mask"})
    assert lost.held == ("face_not_masked",)


def test_a_detector_that_could_not_tell_holds_whatever_the_settings() -> None:
    lax = dict.fromkeys(("face", "eyes_barred", "identifier"), "keep")
    assert judge(make_screening(failed=("marks",)), privacy=lax).held == ("detector_failed",)


def test_annotation_and_quality_follow_the_settings() -> None:
    drawn = make_screening(marks=(ARROW,), annotated=0.9, severity="major")
    assert judge(drawn).held == ("annotated_major",)
    assert judge(drawn, {"annotated_major": "keep"}).held == ()
    assert [flag.name for flag in judge(drawn).flags.annotated] == ["arrow"]
    blank = make_screening(quality=(Flag(name="blank", score=0.9, source="rule"),))
    assert judge(blank).reject == ("blank", "")
    assert judge(blank, {"blank": "hold"}).held == ("blank",)


def test_disputed_panels_are_held() -> None:
    assert judge(make_screening(), is_disputed=True).held == ("panels_disputed",)
    assert set(judge(make_screening(), is_disputed=True).held) <= set(HELD)
