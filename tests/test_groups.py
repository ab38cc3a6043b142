"""What belongs together bears one group, whatever the order in which it is found."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from builders import make_record
from mmskin_build.dataset.groups import join_groups
from mmskin_build.records import Record


def record(name: str, group: str, picture: str) -> Record:
    return make_record(name, group_id=group, image_sha256=picture)


def groups(records: list[Record], same: dict[str, str] | None = None) -> dict[str, str]:
    return {found.id: found.group_id for found in join_groups(records, same or {})}


def test_figures_without_a_common_picture_stay_apart() -> None:
    records = [record("bk1_1_a", "bk1_1", "p1"), record("bk1_1_b", "bk1_1", "p2")]
    assert groups([*records, record("bk1_2", "bk1_2", "p3")]) == {
        "bk1_1_a": "bk1_1",
        "bk1_1_b": "bk1_1",
        "bk1_2": "bk1_2",
    }
    assert join_groups([], {}) == ()


def test_near_duplicates_join_their_figures_across_books() -> None:
    records = [
        record("bk10_3_a", "bk10_3", "p1"),
        record("bk10_3_b", "bk10_3", "p2"),
        record("bk2_7", "bk2_7", "p3"),
        record("bk4_1", "bk4_1", "p4"),
    ]
    same = {"p2": "p2", "p3": "p2", "p4": "p4"}
    assert groups(records, same) == {
        "bk10_3_a": "bk2_7",
        "bk10_3_b": "bk2_7",
        "bk2_7": "bk2_7",
        "bk4_1": "bk4_1",
    }


def test_the_same_picture_twice_joins_without_being_told() -> None:
    records = [record("bk1_1", "bk1_1", "p1"), record("bk1_9", "bk1_9", "p1")]
    assert set(groups(records).values()) == {"bk1_1"}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20), st.randoms())
def test_the_order_of_records_does_not_matter(pairs: list[tuple[int, int]], random: Random) -> None:
    records = [
        record(f"bk1_{figure}_{number}", f"bk1_{figure}", f"p{picture}")
        for number, (figure, picture) in enumerate(pairs)
    ]
    shuffled = list(records)
    random.shuffle(shuffled)
    assert groups(shuffled) == groups(records)
