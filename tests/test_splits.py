"""Sides are given by group, evenly, and kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_provenance, make_record
from mmskin_build.config import SplitConfig
from mmskin_build.dataset.splits import Side, assign_splits, find_leaks
from mmskin_build.records import Label, Record

CFG = SplitConfig()


def book(
    book_id: str, figures: int, *, panels: int = 1, modality: str = "clinical"
) -> list[Record]:
    return [
        make_record(
            f"{book_id}_{modality[0]}{figure}_{panel}",
            group_id=f"{book_id}_{modality[0]}{figure}",
            image_sha256=f"{book_id} {modality} {figure} {panel}",
            provenance=make_provenance(book_id=book_id, figure_id=f"f{modality[0]}{figure}"),
            modality=Label(value=modality, confidence=0.9, source="model"),
        )
        for figure in range(figures)
        for panel in range(panels)
    ]


def sides(records: list[Record], cfg: SplitConfig = CFG, **before: Side) -> dict[str, Side]:
    split = assign_splits(records, cfg, before)
    return {record.id: record.split for record in split if record.split is not None}


def test_a_group_is_on_one_side() -> None:
    split = assign_splits(book("bk1", 40, panels=3), CFG, {})
    assert len({(record.group_id, record.split) for record in split}) == 40


@pytest.mark.parametrize("figures", [10, 57, 400])
def test_each_book_and_modality_is_divided_by_the_shares(figures: int) -> None:
    records = book("bk1", figures) + book("bk2", figures, modality="dermoscopic")
    found = sides(records)
    for prefix in ("bk1", "bk2"):
        counts = Counter(side for name, side in found.items() if name.startswith(prefix))
        assert abs(counts["test"] - 0.1 * figures) <= 2
        assert abs(counts["validation"] - 0.1 * figures) <= 2


def test_many_small_books_are_divided_by_the_shares_together() -> None:
    records = [record for number in range(600) for record in book(f"bk{number}", 1)]
    counts = Counter(sides(records).values())
    assert 40 <= counts["test"] <= 80 and 40 <= counts["validation"] <= 80


def test_no_record_changes_its_side_when_books_come_and_go() -> None:
    books = {f"bk{number}": book(f"bk{number}", 30) for number in range(1, 7)}
    five = sides([r for name in list(books)[:5] for r in books[name]])
    six = sides([r for name in books for r in books[name]])
    four = sides([r for name in list(books)[1:5] for r in books[name]])
    assert {name: six[name] for name in five} == five
    assert {name: five[name] for name in four} == four


def test_a_group_that_grows_keeps_its_side_and_a_joined_one_follows_the_rule() -> None:
    first = book("bk1", 60)
    before = {r.image_sha256: r.split for r in assign_splits(first, CFG, {}) if r.split}
    by_side: dict[Side, Record] = {}
    for record in first:
        by_side.setdefault(before[record.image_sha256], record)
    for old, new, expected in (
        ("test", None, "test"),
        ("test", "train", "train"),
        ("test", "validation", "validation"),
    ):
        group = by_side[old].group_id  # type: ignore[index]
        grown = replace(book("bk2", 1)[0], group_id=group)
        joined = [
            replace(r, group_id=group) if new and r is by_side[new] else r  # type: ignore[index]
            for r in first
        ]
        found = assign_splits([*joined, grown], CFG, before)
        assert {r.split for r in found if r.group_id == group} == {expected}
        assert all(
            r.split == before[r.image_sha256]
            for r in found
            if r.group_id != group and r.image_sha256 in before
        )


def test_a_held_out_book_is_test_with_all_its_duplicates() -> None:
    records = book("bk1", 20) + book("bk2", 20)
    records[3] = replace(records[3], group_id=records[25].group_id)
    found = sides(records, SplitConfig(test_books=("bk2",)))
    assert {side for name, side in found.items() if name.startswith("bk2")} == {"test"}
    assert found[records[3].id] == "test"


@given(st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(random: Random) -> None:
    records = book("bk1", 12, panels=2) + book("bk2", 5)
    shuffled = list(records)
    random.shuffle(shuffled)
    assert sides(shuffled) == sides(records)


def test_what_stands_on_two_sides_is_a_leak() -> None:
    records = list(assign_splits(book("bk1", 30, panels=2), CFG, {}))
    assert find_leaks(records) == []
    one = next(n for n, r in enumerate(records) if r.split == "train")
    records[one] = replace(records[one], split="test")
    (group, figure) = find_leaks(records)
    assert group == f"the group {records[one].group_id} is in test and in train"
    assert figure.startswith("the figure")
    other = next(n for n, r in enumerate(records) if r.split == "validation")
    records[other] = replace(records[other], image_sha256=records[one].image_sha256)
    assert any(leak.startswith("the picture") for leak in find_leaks(records))
