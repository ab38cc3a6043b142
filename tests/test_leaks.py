"""What would tell the test to training is found, and joined before it can."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np

from builders import make_provenance, make_record
from mmskin_build.dataset.groups import MIN_CAPTION_LENGTH, join_groups
from mmskin_build.dataset.leaks import (
    find_crossing_joins,
    find_crossings,
    find_joins_to_make,
    join_released,
)
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
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


def released_pictures() -> tuple[list[Record], dict[str, Fingerprint]]:
    """Three records; b shows what a shows, darker and cropped."""
    rgb = drawn(1)
    darker = np.asarray(rgb[8:, 6:] * 0.9, np.uint8)
    pictures = (("a", rgb), ("b", darker), ("c", drawn(2)))
    prints = {name * 64: fingerprint(picture) for name, picture in pictures}
    return [made(name, image_sha256=name * 64) for name in "abc"], prints


PAIR = ("a" * 64, "b" * 64)


def test_near_duplicates_are_found_among_the_released_pictures() -> None:
    records, prints = released_pictures()
    joins = find_joins_to_make(records, prints)
    assert joins == (PAIR,)
    joined = join_released(records, joins)
    assert [r.group_id for r in joined] == ["a", "a", "c"]
    assert find_joins_to_make(joined, prints) == ()  # they are together already


def test_near_duplicates_on_two_sides_are_told() -> None:
    records, prints = released_pictures()
    assert find_crossing_joins(records, prints) == ()
    apart = [dataclasses.replace(records[0], split="test"), *records[1:]]
    joins = find_crossing_joins(apart, prints)
    assert joins == (PAIR,)
    assert len(find_crossings(apart, joins)) == 1


def test_pictures_that_a_person_called_different_are_no_near_duplicates() -> None:
    records, prints = released_pictures()
    assert find_joins_to_make(records, prints, [PAIR]) == ()
    apart = [dataclasses.replace(records[0], split="test"), *records[1:]]
    assert find_crossing_joins(apart, prints, [PAIR]) == ()
