from __future__ import annotations

import json
import os
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demographic_grammar import GRAMMARS, Case, group_of_exact
from demographic_sentences import ALL, Age
from mmskin_build.records import Demographics
from mmskin_build.text.demographics import extract_demographics, group_of

_GIVEN = os.environ.get("MMSKIN_DEMOGRAPHICS")
LABELLED = Path(_GIVEN) if _GIVEN else Path(__file__).parents[2] / "shared" / "demographics.jsonl"


def same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return abs(found - expected) < 0.01


def group(least: float | None, most: float | None) -> str | None:
    if least is None:
        return None
    if most is None:
        return "elderly" if least >= 65 else None
    low, high = group_of_exact(least), group_of_exact(most)
    return low if low == high else None


@pytest.mark.parametrize(("text", "age", "sex"), ALL, ids=[text[:60] for text, *_ in ALL])
def test_a_caption_tells_age_and_sex(text: str, age: Age, sex: str | None) -> None:
    found = extract_demographics(text, None)
    if isinstance(age, str):
        expected: tuple[Any, ...] = (None, None, None, age)
    elif isinstance(age, tuple):
        expected = (None, *age, group(*age))
    elif age is None:
        expected = (None, None, None, None)
    else:
        expected = (age, None, None, group_of_exact(age))
    numbers = (found.age_years, found.age_min, found.age_max)
    assert all(map(same, numbers, expected)), numbers
    assert (found.age_group, found.sex) == (expected[3], sex)


@pytest.mark.parametrize(("text", "age", "sex"), ALL, ids=[text[:60] for text, *_ in ALL])
def test_every_value_shows_its_characters(text: str, age: Age, sex: str | None) -> None:
    found = extract_demographics(text, None)
    fields = {item.field for item in found.evidence}
    assert ("sex" in fields) == (found.sex is not None)
    assert bool(fields - {"sex"}) == (found.age_group is not None or has_age(found))
    for item in found.evidence:
        part = text[item.start : item.end]
        assert part == part.strip() != ""


def has_age(found: Demographics) -> bool:
    return any(v is not None for v in (found.age_years, found.age_min, found.age_max))


def test_labelled_sentences_come_out_as_labelled() -> None:
    if not LABELLED.is_file():
        pytest.skip(f"no labelled sentences at {LABELLED}; MMSKIN_DEMOGRAPHICS names a file")
    wrong = []
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        true = json.loads(line)
        found = extract_demographics(true["text"], None)
        right = all(
            same(getattr(found, name), true[name]) for name in ("age_years", "age_min", "age_max")
        )
        if not right or (found.age_group, found.sex) != (true["age_group"], true["sex"]):
            wrong.append((true, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("strategy", "language", "count"), [g[1:] for g in GRAMMARS], ids=[g[0] for g in GRAMMARS]
)
def test_generated_captions_come_out_as_made(
    strategy: st.SearchStrategy[Case], language: str, count: int
) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def check(case: Case) -> None:
        found = extract_demographics(case.text, language)
        assert same(found.age_years, case.age_years), (case, found)
        assert same(found.age_min, case.age_min), (case, found)
        assert same(found.age_max, case.age_max), (case, found)
        assert found.sex == case.sex, (case, found)
        if case.age_years is not None:
            assert found.age_group == group_of_exact(case.age_years), (case, found)

    check()


def test_there_are_five_thousand_generated_captions() -> None:
    assert sum(count for *_, count in GRAMMARS) >= 5000


@pytest.mark.parametrize(
    ("least", "most", "name"),
    [
        (27 / 365.25, 27 / 365.25, "neonate"),
        (28 / 365.25, 28 / 365.25, "infant"),
        (0.99, 0.99, "infant"),
        (1, 1, "child"),
        (11.9, 11.9, "child"),
        (12, 12, "adolescent"),
        (17.9, 17.9, "adolescent"),
        (18, 64, "adult"),
        (60, 69, None),
        (65, 65, "elderly"),
        (None, 5, None),
        (40, None, None),
    ],
)
def test_groups_begin_and_end_as_agreed(
    least: float | None, most: float | None, name: str | None
) -> None:
    assert group_of(least, most) == name


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
def test_no_text_is_an_error(text: str) -> None:
    for item in extract_demographics(text, None).evidence:
        assert 0 <= item.start < item.end <= len(text)


@given(
    st.text(
        alphabet=string.digits + " -–/(),.½'yearsoldFMmw岁男jährige\u0301\ufb01\u00ad", max_size=120
    )
)
@settings(max_examples=500, deadline=None, database=None, derandomize=True)
def test_no_heap_of_ages_is_an_error(text: str) -> None:
    for item in extract_demographics(text, "eng+deu+fra+spa+chi_sim").evidence:
        assert 0 <= item.start < item.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a 45-year-old man " * 6000,
        "1" * 100_000,
        "1-" * 50_000,
        "her " * 25_000,
        "the patient's " * 8_000,
        "(" * 100_000,
        "courtesy of " * 9_000,
        "one hundred and " * 7_000,
        "45 years, " * 10_000,
        "岁" * 100_000,
        "女，" * 50_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_long_caption_comes_to_an_end(text: str) -> None:
    for item in extract_demographics(text, "eng+deu+fra+spa+chi_sim").evidence:
        assert 0 <= item.start < item.end <= len(text)
