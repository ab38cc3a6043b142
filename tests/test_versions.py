"""The version of a release says how far it departs from the one before."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from builders import make_record
from mmskin_build.dataset.changes import compare
from mmskin_build.dataset.versions import check_step, needed_step, next_version, step_between
from mmskin_build.errors import ReleaseError
from mmskin_build.records import Record

OLD = tuple(make_record(f"bk1_1_{n}", image_sha256=f"{n:064x}", split="train") for n in range(4))


def other(record: Record, **fields: object) -> Record:
    return dataclasses.replace(record, **fields)  # type: ignore[arg-type]


NEW = other(OLD[0], id="bk1_2_1", image_sha256="f" * 64)
CASES: list[tuple[str, Sequence[Record], str]] = [
    ("nothing", OLD, "patch"),
    ("another order", OLD[::-1], "patch"),
    ("settings alone", [other(r, config_sha256="9" * 64) for r in OLD], "patch"),
    ("program alone", [other(r, code_version="9.9.9") for r in OLD], "patch"),
    ("added", [*OLD, NEW], "minor"),
    ("removed", OLD[1:], "major"),
    ("edited", [other(OLD[0], caption="Other."), *OLD[1:]], "major"),
    ("moved", [other(OLD[0], split="test"), *OLD[1:]], "major"),
    ("renamed", [other(OLD[0], id="bk1_9"), *OLD[1:]], "major"),
    ("added and removed", [*OLD[1:], NEW], "major"),
]


@pytest.mark.parametrize(("new", "step"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_step_follows_from_what_changed(new: Sequence[Record], step: str) -> None:
    changes = compare(OLD, new)
    assert needed_step(changes) == step
    steps = {"major": "3.0.0", "minor": "2.6.0", "patch": "2.5.2"}
    for name, version in steps.items():
        if version < steps[step]:
            with pytest.raises(ReleaseError, match=steps[step]):
                check_step("2.5.1", version, changes)
        else:
            check_step("2.5.1", version, changes)
            assert step_between("2.5.1", version) == name


def test_a_refusal_lists_each_record_and_why() -> None:
    new = [other(OLD[0], caption="Other."), other(OLD[1], split="test"), OLD[3]]
    with pytest.raises(ReleaseError) as refused:
        check_step("1.0.0", "1.1.0", compare(OLD, new))
    text = str(refused.value)
    assert "must be 2.0.0 at least" in text
    for line in (
        "bk1_1_0: edited (caption)",
        "bk1_1_1: moved from train to test",
        "bk1_1_2: removed",
    ):
        assert f"\n  {line}" in text
    assert "bk1_1_3" not in text


def test_a_long_list_ends_with_the_number_of_the_rest() -> None:
    many = [make_record(f"bk1_{n}", image_sha256=f"{n:064x}") for n in range(60)]
    with pytest.raises(ReleaseError, match="and 10 more"):
        check_step("1.0.0", "1.0.1", compare([], many))


def test_questions_count_like_records() -> None:
    before = {"O.json": [{"id": "q1", "answer": "a"}, {"id": "q2", "answer": "b"}]}
    after = {"O.json": [{"id": "q1", "answer": "a"}]}
    assert needed_step(compare(OLD, OLD, old_parts=before, new_parts=before)) == "patch"
    assert needed_step(compare(OLD, OLD, old_parts=after, new_parts=before)) == "minor"
    assert needed_step(compare(OLD, OLD, old_parts=before, new_parts=after)) == "major"
    with pytest.raises(ReleaseError, match=r"O\.json: q2 removed"):
        check_step("1.0.0", "1.1.0", compare(OLD, OLD, old_parts=before, new_parts=after))


def test_the_first_version_and_the_numbers_after_ten() -> None:
    assert next_version(None, "major") == "1.0.0"
    assert next_version("9.10.11", "major") == "10.0.0"
    assert next_version("9.10.11", "minor") == "9.11.0"
    assert next_version("9.10.11", "patch") == "9.10.12"
