"""What would tell the test to training is found, and joined before it can."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np

from builders import make_provenance, make_record
from mmskin_build.dataset.groups import MIN_CAPTION_LENGTH, join_groups
from mmskin_build.dataset.leaks import find_crossings, join_pictures, join_released
from mmskin_build.images.fingerprint import fingerprint
from mmskin_build.records import Record

LONG = "Violaceous flat-topped papules on the flexor wrist."


def made(name: str, **fields: Any) -> Record:
    defaults = {
        "image_sha256": name.encode().hex().ljust(64, "0"),
        "caption": f"Caption of {name}.",
        "figure_caption": f"Figure caption of {name}.",
        "provenance": make_provenance(figure_id=name),
        "group_id": name,
        "split": "train",
    }
    return make_record(name, **(defaults | fields))


def drawn(seed: int) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC))


def test_a_sound_release_has_no_crossing() -> None:
    assert find_crossings([made("a"), made("b", split="test")], ()) == []


def test_each_kind_of_crossing_is_told_with_its_records() -> None:
    first = made("a", caption=LONG)
    for other, said in (
        ({"group_id": "a"}, "the group a"),
        ({"provenance": first.provenance}, "the figure"),
        ({"image_sha256": first.image_sha256}, "the picture"),
        ({"caption": LONG.upper().replace(" ", "\n ")}, "of b (test) and a (train)"),
        ({"figure_caption": LONG}, "the caption 'violaceous"),
    ):
        (problem,) = find_crossings([first, made("b", split="test", **other)], ())
        assert said in problem
    pair = (first.image_sha256, made("b").image_sha256)
    (problem,) = find_crossings([first, made("b", split="test")], [pair])
    assert "a (train) and b (test) are near duplicates" in problem


def test_a_short_caption_may_stand_twice() -> None:
    short = "x" * (MIN_CAPTION_LENGTH - 1)
    records = [made("a", caption=short), made("b", caption=short, split="test")]
    assert find_crossings(records, ()) == []
    assert {r.group_id for r in join_groups(records, {})} == {"a", "b"}


def test_records_with_one_caption_are_one_group() -> None:
    records = [made("a", caption=LONG), made("b", figure_caption=f"{LONG} "), made("c")]
    assert [r.group_id for r in join_groups(records, {})] == ["a", "a", "c"]


def test_near_duplicates_are_found_among_the_released_pictures() -> None:
    rgb = drawn(1)
    darker = np.asarray(rgb[8:, 6:] * 0.9, np.uint8)
    prints = {name * 64: fingerprint(p) for name, p in (("a", rgb), ("b", darker), ("c", drawn(2)))}
    joins = join_pictures(prints)
    assert joins == (("a" * 64, "b" * 64),)
    records = [made(name, image_sha256=name * 64) for name in "abc"]
    assert [r.group_id for r in join_released(records, joins)] == ["a", "a", "c"]
    apart = [dataclasses.replace(records[0], split="test"), *records[1:]]
    assert len(find_crossings(apart, joins)) == 1
