"""Near duplicates: what joins, what does not, and that the order of adding never matters."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn_pictures import Rgb, clipped, code_jpeg, draw_tissue, print_name, resize, turn
from mmskin_build.errors import StorageError
from mmskin_build.images import duplicates
from mmskin_build.images import joins as at_once
from mmskin_build.images.duplicates import (
    MAX_HOLDERS,
    MIN_KEPT,
    DuplicateIndex,
    connect,
)
from mmskin_build.images.fingerprint import Fingerprint, fingerprint, read_features
from mmskin_build.images.joins import find_candidates, find_joins, group_duplicates
from mmskin_build.images.registration import Overlap
from mmskin_build.store import from_json, pixel_digest, to_json

COUNT = 6
PICTURES = [draw_tissue(seed) for seed in range(COUNT)]
PRINTS = [(f"{number:064x}", fingerprint(rgb)) for number, rgb in enumerate(PICTURES)]


@pytest.fixture(scope="module")
def index() -> DuplicateIndex:
    made = DuplicateIndex()
    made.add(PRINTS)
    return made


def inverted_hues(rgb: Rgb) -> Rgb:
    return np.ascontiguousarray(rgb[:, :, ::-1])


def gray(rgb: Rgb) -> Rgb:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


CHANGES: dict[str, Callable[[Rgb], Rgb]] = {
    "same": lambda rgb: rgb,
    "crop": lambda rgb: rgb[20:290, 30:390],
    "mirror": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "upside down": lambda rgb: np.ascontiguousarray(rgb[::-1, ::-1]),
    "quarter turn": lambda rgb: np.ascontiguousarray(np.rot90(rgb)),
    "jpeg": lambda rgb: code_jpeg(rgb, 40),
    "half": lambda rgb: resize(rgb, 0.5),
    "twice": lambda rgb: resize(rgb, 2.0),
    "gray": gray,
    "hues": inverted_hues,
    "gamma": lambda rgb: clipped(255 * (rgb / 255.0) ** [0.7, 1.0, 1.4]),
    "turn": lambda rgb: turn(rgb, 5),
    "border": lambda rgb: np.pad(rgb, ((30, 30), (30, 30), (0, 0)), constant_values=255),
    "lettering": print_name,
    "mirrored crop, turned, coded": lambda rgb: code_jpeg(turn(rgb[15:, 40:][:, ::-1], -4), 60),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_finds_its_original_and_no_other(change: str, index: DuplicateIndex) -> None:
    for number, rgb in enumerate(PICTURES):
        hits = index.query(fingerprint(np.ascontiguousarray(CHANGES[change](rgb))))
        assert [hit.second for hit in hits] == [PRINTS[number][0]]


def test_different_pictures_with_one_watermark_are_not_joined() -> None:
    marked = [(f"{n:064x}", fingerprint(print_name(rgb))) for n, rgb in enumerate(PICTURES)]
    assert set(group_duplicates(marked).values()) == {sha256 for sha256, _ in marked}


def test_neighboring_fields_of_one_slide_are_not_joined_but_a_crop_is() -> None:
    slide = draw_tissue(77, 1200, 300)
    left, middle, right = (fingerprint(slide[:, x : x + 400]) for x in (0, 300, 800))
    half = fingerprint(slide[:, 60:340])
    groups = group_duplicates([("a", left), ("b", middle), ("c", right), ("d", half)])
    assert groups == {"a": "a", "b": "b", "c": "c", "d": "a"}


def test_the_evidence_tells_how_one_lies_in_the_other(index: DuplicateIndex) -> None:
    shown = fingerprint(resize(turn(PICTURES[3], 30)[60:240, 80:320], 0.7))
    (join,) = index.query(shown)
    assert join.overlap.turn_degrees == pytest.approx(30, abs=2)
    assert join.overlap.scale == pytest.approx(240 / 400, rel=0.03)
    assert not join.overlap.mirrored
    assert join.overlap.share > 0.95
    (join,) = index.query(fingerprint(np.ascontiguousarray(PICTURES[3][::-1])))
    assert join.overlap.mirrored
    assert join.overlap.similarity > 0.95


def test_a_panel_is_joined_with_the_plate_that_shows_it() -> None:
    panels = [draw_tissue(seed, 400, 300) for seed in (1, 2)]
    gutter = np.full((300, 16, 3), 255, np.uint8)
    plate = np.hstack([panels[0], gutter, panels[1]])
    items = [("a", fingerprint(panels[0])), ("b", fingerprint(plate))]
    assert set(group_duplicates(items).values()) == {"a"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 3), (7, 7), (40, 40), (300, 400)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_and_tiny_pictures_have_a_fingerprint_that_joins_nothing(
    shape: tuple[int, int], level: int, index: DuplicateIndex
) -> None:
    assert index.query(fingerprint(np.full((*shape, 3), level, np.uint8))) == ()


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        fingerprint(pixels)


def test_a_fingerprint_survives_json_and_does_not_depend_on_threads() -> None:
    line = to_json(PRINTS[0][1])
    assert from_json(line, Fingerprint) == PRINTS[0][1]
    assert len(line) < 9000
    before = cv2.getNumThreads()
    try:
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            assert fingerprint(PICTURES[0]) == PRINTS[0][1]
    finally:
        cv2.setNumThreads(before)


def test_mirror_images_have_the_same_keys_but_for_the_bit() -> None:
    one = read_features(fingerprint(PICTURES[0]))
    other = read_features(fingerprint(np.ascontiguousarray(PICTURES[0][:, ::-1])))
    shared = set(one.keys.ravel().tolist()) & set(other.keys.ravel().tolist())
    assert len(shared) > one.keys.size / 3
    bits = dict(zip(one.keys.ravel().tolist(), one.mirrored.ravel().tolist(), strict=True))
    others = dict(zip(other.keys.ravel().tolist(), other.mirrored.ravel().tolist(), strict=True))
    assert sum(bits[key] != others[key] for key in shared) > 0.9 * len(shared)


def test_a_fingerprint_with_missing_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="features with keys"):
        read_features(replace(PRINTS[0][1], keys=""))


def families() -> list[tuple[str, Fingerprint]]:
    """Three pictures with copies, digests in no order of family."""
    copies = [
        (number, change(PICTURES[number]))
        for number in range(3)
        for change in (CHANGES["same"], CHANGES["crop"], CHANGES["mirror"])
    ]
    return [(pixel_digest(np.ascontiguousarray(rgb)), fingerprint(rgb)) for _, rgb in copies]


def test_groups_do_not_depend_on_the_order_and_bear_the_smallest_digest() -> None:
    items = families()
    groups = group_duplicates(items)
    names = [sha256 for sha256, _ in items]
    for start in range(0, 9, 3):
        family = names[start : start + 3]
        assert {groups[name] for name in family} == {min(family)}
    assert list(groups) == sorted(names)
    assert group_duplicates(reversed(items)) == groups


def test_books_may_be_added_in_any_order_and_one_by_one() -> None:
    items = families()
    books = [items[0::3], items[1::3], items[2::3]]
    expected = group_duplicates(items)
    for order in permutations(books):
        index = DuplicateIndex()
        for book in order:
            index.add(book)
        assert index.groups(expected) == expected


def test_what_many_pictures_share_does_not_make_the_order_of_books_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (duplicates, at_once):  # so that a few pictures are many
        monkeypatch.setattr(module, "MAX_HOLDERS", 3)
    pictures = [print_name(draw_tissue(seed, 160, 120)) for seed in range(64)]
    copies = [code_jpeg(turn(rgb[4:, 5:], 3), 50) for rgb in pictures[::8]]
    marked = [
        (pixel_digest(np.ascontiguousarray(rgb)), fingerprint(rgb)) for rgb in pictures + copies
    ]
    names = [sha256 for sha256, _ in marked]
    expected = group_duplicates(marked)
    pairs = zip(names[:64:8], names[64:], strict=True)
    found = sum(expected[one] == expected[copy] for one, copy in pairs)
    assert found >= 7
    assert len(set(expected.values())) == len(names) - found
    shuffled = [marked[number] for number in np.random.default_rng(1).permutation(len(marked))]
    joins = set()
    for order, book in ((marked, 24), (marked[::-1], 7), (shuffled, 1)):
        index = DuplicateIndex()
        for start in range(0, len(order), book):
            index.add(order[start : start + book])
        assert index.groups(names) == expected
        joins.add(index.joins())
    assert joins == {find_joins(dict(marked))}


def test_which_pictures_may_join_depends_on_the_set_of_pictures_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = Overlap(
        similarity=1.0, share=1.0, scale=1.0, turn_degrees=0.0, mirrored=False, agreeing=9
    )
    for module in (duplicates, at_once):
        monkeypatch.setattr(module, "MAX_HOLDERS", 5)
        monkeypatch.setattr(module, "find_overlap", lambda *pair: always)
    marked = [
        (f"{number:064x}", fingerprint(print_name(draw_tissue(number, 160, 120))))
        for number in range(80)
    ]
    shuffled = [marked[number] for number in np.random.default_rng(2).permutation(80)]
    may_join = find_joins(dict(marked))
    joins = [{(join.first, join.second) for join in may_join}]
    for order, book in ((marked, 80), (marked[::-1], 7), (shuffled, 1)):
        index = DuplicateIndex()
        compared = 0
        for start in range(0, 80, book):
            compared += len(index.add(order[start : start + book]))
        joins.append({(join.first, join.second) for join in index.joins()})
    assert joins[0] == joins[1] == joins[2] == joins[3]
    assert 0 < len(joins[0]) < compared  # some were compared before so many shared so much


def test_a_picture_that_is_there_often_is_one_group_in_any_order() -> None:
    rng = np.random.default_rng(5)
    copies = []
    for _ in range(3 * MAX_HOLDERS):
        top, left = rng.integers(0, 24, 2)
        rgb = turn(PICTURES[0][top : top + 276, left : left + 368], float(rng.uniform(-4, 4)))
        copies.append(clipped(rgb + rng.normal(0, 4, rgb.shape)))
    items = [(pixel_digest(rgb), fingerprint(rgb)) for rgb in copies]
    smallest = min(sha256 for sha256, _ in items)
    for order in (items, items[::-1]):
        index = DuplicateIndex()
        for item in [*order, *PRINTS[1:]]:
            index.add([item])
        groups = index.groups(sha256 for sha256, _ in [*items, *PRINTS[1:]])
        assert {groups[sha256] for sha256, _ in items} == {smallest}
        assert len(set(groups.values())) == COUNT


def test_what_is_on_more_pictures_than_may_be_compared_is_compared_with_its_keepers() -> None:
    screen = np.arange(4) + np.zeros((96, 1), np.int64)  # ruled paper: all features are alike
    count = 2 * MAX_HOLDERS
    pairs = [tuple(pair) for pair in find_candidates([screen] * count).tolist()]
    assert pairs == [(one, other) for one in range(2) for other in range(one + 1, count)]


def test_few_common_features_are_not_enough_and_rare_ones_are() -> None:
    marks = np.arange(4 * MIN_KEPT).reshape(-1, 4)
    many = 2 * MAX_HOLDERS
    for shared, expected in ((marks, 2 * many - 3), (marks[:-1], 0)):
        assert len(find_candidates([shared] * many)) == expected
    own = 1000 + np.arange(4 * many).reshape(-1, 1, 4)
    pictures = [np.vstack([marks[:-1], features]) for features in own]
    assert len(find_candidates(pictures)) == 0
    for one in (3, 9):
        pictures[one] = np.vstack([pictures[one], 5000 + np.arange(8).reshape(2, 4)])
    assert find_candidates(pictures).tolist() == [[3, 9]]


def test_without_pictures_or_features_nothing_is_joined() -> None:
    blank = fingerprint(np.zeros((9, 9, 3), np.uint8))
    assert find_joins({}) == ()
    assert find_joins({"a": blank, "b": blank}) == ()
    assert find_joins({"a": PRINTS[0][1], "b": blank}) == ()


def test_pairs_that_are_not_open_are_passed_over() -> None:
    copies = {"a": PRINTS[0][1], "b": PRINTS[0][1], "c": PRINTS[0][1]}
    every = [("a", "b"), ("a", "c"), ("b", "c")]
    assert [(j.first, j.second) for j in find_joins(copies)] == every
    told: list[int] = []
    joins = find_joins(
        copies, lambda one, other: other == "c", lambda done, total: told.append(total)
    )
    assert [(j.first, j.second) for j in joins] == [("a", "c"), ("b", "c")]
    assert told == [2, 2]


def test_what_left_the_books_connects_nothing() -> None:
    names = ["a", "b", "c"]
    pairs = [("a", "b"), ("b", "c")]
    assert connect(names, pairs) == {"a": "a", "b": "a", "c": "a"}
    assert connect(["a", "c"], pairs) == {"a": "a", "c": "c"}
    assert connect(["c", "b"], pairs) == {"b": "b", "c": "b"}


def test_the_index_file_is_opened_again_and_knows_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "work" / "duplicates.sqlite"
    items = sorted(families())
    with DuplicateIndex(path) as index:
        index.add(items[:5])
    with DuplicateIndex(path) as index:
        assert len(index) == 5
        assert items[0][0] in index
        assert items[5][0] not in index
        index.add(items)
        assert len(index) == 9
        assert index.add(items) == ()
        assert index.groups(dict(items)) == group_duplicates(items)
        for join in index.joins():
            assert join.first < join.second


def test_an_interrupted_addition_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    items = sorted(families())
    broken = (items[4][0], replace(items[4][1], keys=""))
    with DuplicateIndex(tmp_path / "index") as index:
        index.add(items[:2])
        with pytest.raises(ValueError, match="features with keys"):
            index.add([*items[2:4], broken])
        assert len(index) == 2


def test_an_index_of_another_version_or_a_damaged_one_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with DuplicateIndex(path) as index:
        index.add(PRINTS[:2])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE about SET version = 'of old'")
    db.close()
    with DuplicateIndex(path) as index:
        assert len(index) == 0
        index.add(PRINTS[:2])
    path.write_bytes(b"not a data base" * 1000)
    with DuplicateIndex(path) as index:
        assert len(index) == 0


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="stands where a folder is needed"):
        DuplicateIndex(tmp_path / "file" / "index")
