"""MM-Skin-D: the records whose caption tells age or sex, as entries and as questions.

A question is chosen from several wordings by the record's id, so that the same records give the
same file. An answer is one sentence that says what the caption tells and no more: no finding, no
guess, no "it is difficult to determine". Ages over 89 are told as 90 or older.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mmskin_build.records import Demographics, Record

QuestionField = Literal["age", "age_group", "decade", "sex", "age_and_sex"]

OLDEST_TOLD_YEARS = 89
_TOP = 90
_DAYS_A_YEAR = 365.25
_NEONATE_DAYS = 28
_MONTHS_UNTIL_YEARS = 2  # a child of 18 months is told in months
_WHOLE = 0.06  # of a month or a week: so near a whole number is one
_DECADES = {
    20: "twenties", 30: "thirties", 40: "forties", 50: "fifties", 60: "sixties", 70: "seventies",
    80: "eighties",
}  # fmt: skip
_GROUPS = {
    "neonate": "a neonate, less than 28 days old",
    "infant": "an infant, less than one year old",
    "child": "a child between 1 and 11 years of age",
    "adolescent": "an adolescent between 12 and 17 years of age",
    "adult": "an adult between 18 and 64 years of age",
    "elderly": "an elderly person, 65 years of age or older",
}
_QUESTIONS: dict[QuestionField, tuple[str, ...]] = {
    "age": (
        "How old is the patient shown in this image?",
        "What is the age of the patient?",
        "What age does the record give for this patient?",
        "Can you tell the patient's age?",
        "At what age was the patient seen with these findings?",
    ),
    "age_group": (
        "Which age group does the patient belong to?",
        "Is the patient a neonate, an infant, a child, an adolescent, an adult or elderly?",
        "To which stage of life does this patient belong?",
        "What is the age group of the person in this image?",
    ),
    "decade": (
        "In which decade of age is the patient?",
        "Is the patient in the twenties, thirties, forties or another decade of age?",
        "Roughly, by decade, how old is the patient?",
    ),
    "sex": (
        "What is the sex of the patient?",
        "Is the patient male or female?",
        "What is the gender of the person shown?",
        "Which sex does the record give for this patient?",
    ),
    "age_and_sex": (
        "What are the age and the sex of the patient?",
        "Who is the patient in this image, by age and sex?",
        "Please describe the patient's demographics.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemographicQuestion:
    """One question with its answer; `field` is what it asks for."""

    field: QuestionField
    question: str
    answer: str


def has_demographics(record: Record) -> bool:
    """Whether the caption of a record tells the age, the age group or the sex of one patient."""
    found = record.demographics
    told = (found.age_years, found.age_min, found.age_max, found.age_group)
    return any(value is not None for value in told) or found.sex in ("male", "female")


def build_questions(record: Record) -> tuple[DemographicQuestion, ...]:
    """Ask what the caption tells of the patient: age, age group, decade, sex.

    Returns:
        The questions in an order that the record's id decides; none if nothing is told.
    """
    found = record.demographics
    answers: dict[QuestionField, str] = {}
    age = describe_age(found)
    if age is not None:
        answers["age"] = f"The patient is {age}."
    if found.age_group in _GROUPS:
        answers["age_group"] = f"The patient is {_GROUPS[found.age_group]}."
    decade = _decade(found)
    if decade is not None:
        answers["decade"] = f"The patient is in the {decade}."
    if found.sex in ("male", "female"):
        answers["sex"] = f"The patient is {found.sex}."
        if age is not None:
            answers["age_and_sex"] = f"The patient is {found.sex} and {age}."
    asked = [
        DemographicQuestion(
            field=field, question=_choose(_QUESTIONS[field], record.id, field), answer=answer
        )
        for field, answer in answers.items()
    ]
    return tuple(sorted(asked, key=lambda q: _number(record.id, f"order {q.field}")))


def describe_age(found: Demographics) -> str | None:
    """Return the age as it follows "The patient is", None if no number is told.

    >>> describe_age(Demographics(age_years=0.25)), describe_age(Demographics(age_years=94.0))
    ('3 months old', '90 years old or older')
    >>> describe_age(Demographics(age_min=60.0, age_max=69.0))
    'between 60 and 69 years old'
    """
    years = found.age_years
    least, most = found.age_min, found.age_max
    if years is not None:
        return _exact(years)
    if least is not None and (most is None or most > OLDEST_TOLD_YEARS):
        return f"{_plain(min(least, _TOP))} years old or older"
    if most is not None and least is None:
        return f"at most {_plain(most)} years old"
    if least is not None and most is not None:
        if most < _MONTHS_UNTIL_YEARS:
            return f"between {_plain(12 * least)} and {_plain(12 * most)} months old"
        return f"between {_plain(least)} and {_plain(most)} years old"
    return None


def build_entry(record: Record) -> dict[str, Any]:
    """Return the entry of `MM-Skin-D.json` for a record.

    The quotations are the characters of `figure_caption` that tell each value.
    """
    found = record.demographics
    return {
        "id": record.id,
        "image": record.image,
        "caption": record.caption,
        "modality": None if record.modality is None else record.modality.value,
        "age_years": found.age_years if _is_released(found.age_years) else None,
        "age_min": found.age_min if _is_released(found.age_years) else float(_TOP),
        "age_max": found.age_max,
        "age_group": found.age_group,
        "sex": found.sex,
        "evidence": [
            {"field": item.field, "quote": record.figure_caption[item.start : item.end]}
            for item in found.evidence
        ],
        "group_id": record.group_id,
        "split": record.split,
    }


def build_conversation(record: Record) -> dict[str, Any] | None:
    """Return the questions on a record in LLaVA's form, None if there are none."""
    turns: list[dict[str, str]] = []
    for question in build_questions(record):
        head = "" if turns else "<image>\n"
        turns.append({"from": "human", "value": head + question.question})
        turns.append({"from": "gpt", "value": question.answer})
    if not turns:
        return None
    return {"id": record.id, "image": record.image, "conversations": turns}


def build_mmskin_d(
    records: Iterable[Record],
) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
    """Return the entries and the conversations of MM-Skin-D, in the order of the ids."""
    told = sorted((r for r in records if has_demographics(r)), key=lambda record: record.id)
    talks = [talk for talk in map(build_conversation, told) if talk is not None]
    return [build_entry(record) for record in told], talks


def _exact(years: float) -> str:
    if not _is_released(years):
        return f"{_TOP} years old or older"
    days = years * _DAYS_A_YEAR
    if round(days) < _NEONATE_DAYS:
        whole = round(days)
        return "less than one day old" if whole < 1 else f"{whole} {_unit('day', whole)} old"
    if years < _MONTHS_UNTIL_YEARS:
        weeks, months = days / 7, years * 12
        if abs(months - round(months)) > _WHOLE and abs(weeks - round(weeks)) < _WHOLE:
            return f"{round(weeks)} {_unit('week', round(weeks))} old"
        if abs(months - round(months)) <= _WHOLE and round(months) != 12:
            return f"{round(months)} {_unit('month', round(months))} old"
    return f"{_plain(years)} {_unit('year', years)} old"


def _is_released(years: float | None) -> bool:
    return years is None or years <= OLDEST_TOLD_YEARS


def _decade(found: Demographics) -> str | None:
    if found.age_years is not None:
        return _DECADES.get(int(found.age_years // 10 * 10))
    if found.age_min is None or found.age_max is None:
        return None
    first, last = found.age_min // 10 * 10, found.age_max // 10 * 10
    return _DECADES.get(int(first)) if first == last else None


def _plain(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _unit(name: str, count: float) -> str:
    return name if count == 1 else name + "s"


def _choose(wordings: Sequence[str], record_id: str, field: str) -> str:
    return wordings[_number(record_id, field) % len(wordings)]


def _number(record_id: str, purpose: str) -> int:
    digest = hashlib.sha256(f"{record_id}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
