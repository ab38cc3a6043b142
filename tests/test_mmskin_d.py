from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import make_record
from mmskin_build.dataset.mmskin_d import (
    build_conversation,
    build_entry,
    build_mmskin_d,
    build_questions,
    describe_age,
    has_demographics,
)
from mmskin_build.records import Demographics, Record, TextEvidence


def record(record_id: str = "bk1_1_1", **told: Any) -> Record:
    return replace(make_record(record_id), demographics=Demographics(**told))


def answers(given: Record) -> dict[str, str]:
    return {q.field: q.answer for q in build_questions(given)}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"age_years": 45.0}, "45 years old"),
        ({"age_years": 1.0}, "1 year old"),
        ({"age_years": 2.5}, "2.5 years old"),
        ({"age_years": 1.5}, "18 months old"),
        ({"age_years": 0.0833}, "1 month old"),
        ({"age_years": 0.115}, "6 weeks old"),
        ({"age_years": 0.0027}, "1 day old"),
        ({"age_years": 0.0007}, "less than one day old"),
        ({"age_years": 0.0137}, "5 days old"),
        ({"age_years": 89.0}, "89 years old"),
        ({"age_years": 90.0}, "90 years old or older"),
        ({"age_years": 104.0}, "90 years old or older"),
        ({"age_min": 90.0}, "90 years old or older"),
        ({"age_min": 85.0, "age_max": 95.0}, "85 years old or older"),
        ({"age_min": 60.0, "age_max": 69.0}, "between 60 and 69 years old"),
        ({"age_min": 0.25, "age_max": 0.5}, "between 3 and 6 months old"),
        ({"age_max": 5.0}, "at most 5 years old"),
        ({"age_group": "elderly"}, None),
        ({}, None),
    ],
)
def test_an_age_is_told_as_people_tell_it(told: dict[str, Any], words: str | None) -> None:
    assert describe_age(Demographics(**told)) == words


def test_each_value_is_asked_for_once() -> None:
    found = answers(record(age_years=45.0, age_group="adult", sex="female"))
    assert found == {
        "age": "The patient is 45 years old.",
        "age_group": "The patient is an adult between 18 and 64 years of age.",
        "decade": "The patient is in the forties.",
        "sex": "The patient is female.",
        "age_and_sex": "The patient is female and 45 years old.",
    }


def test_nothing_is_asked_that_is_not_told() -> None:
    assert answers(record(sex="male")) == {"sex": "The patient is male."}
    assert set(answers(record(age_group="neonate"))) == {"age_group"}
    assert answers(record(sex="both")) == {}
    assert answers(record()) == {}


def test_no_age_over_89_leaves() -> None:
    old = record(age_years=97.0, age_group="elderly", sex="male")
    entry = build_entry(old)
    assert (entry["age_years"], entry["age_min"]) == (None, 90.0)
    assert "97" not in str((entry, build_conversation(old)))
    assert "decade" not in answers(old)


def test_a_range_across_decades_has_no_decade() -> None:
    assert "decade" not in answers(record(age_min=35.0, age_max=44.0))
    assert answers(record(age_min=60.0, age_max=69.0))["decade"].endswith("sixties.")


def test_questions_vary_with_the_record_and_never_with_the_run() -> None:
    many = [record(f"bk1_1_{n}", age_years=45.0, sex="female") for n in range(60)]
    first = [build_questions(r) for r in many]
    assert first == [build_questions(r) for r in many]
    ages = {q.question for questions in first for q in questions if q.field == "age"}
    assert len(ages) > 2
    assert len({tuple(q.field for q in questions) for questions in first}) > 2


def test_a_conversation_has_llavas_form() -> None:
    given = record(age_years=45.0, sex="female")
    talk = build_conversation(given)
    assert talk is not None
    assert (talk["id"], talk["image"]) == (given.id, given.image)
    turns = talk["conversations"]
    assert [t["from"] for t in turns] == ["human", "gpt"] * (len(turns) // 2)
    assert [t["value"].startswith("<image>\n") for t in turns] == [True] + [False] * (
        len(turns) - 1
    )
    assert build_conversation(record()) is None


def test_an_entry_quotes_its_evidence() -> None:
    caption = "Rosacea in a 51-year-old woman."
    given = replace(
        make_record(figure_caption=caption, caption=caption),
        demographics=Demographics(
            age_years=51.0,
            age_group="adult",
            sex="female",
            evidence=(
                TextEvidence(start=13, end=24, field="age_years"),
                TextEvidence(start=25, end=30, field="sex"),
            ),
        ),
    )
    assert build_entry(given)["evidence"] == [
        {"field": "age_years", "quote": "51-year-old"},
        {"field": "sex", "quote": "woman"},
    ]


def test_the_subset_has_the_records_that_tell_something_in_order() -> None:
    given = [
        record("b", sex="male"),
        record("c"),
        record("a", age_years=3.0),
        record("d", sex="both"),
    ]
    entries, talks = build_mmskin_d(given)
    assert [entry["id"] for entry in entries] == ["a", "b"] == [talk["id"] for talk in talks]
    assert not has_demographics(given[3])
