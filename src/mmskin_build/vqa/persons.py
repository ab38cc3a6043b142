"""Numbers, ages and sexes of an answer against those of the caption."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmskin_build.records import Demographics, TextEvidence
from mmskin_build.text.demographics import group_of
from mmskin_build.vqa.lookup import (
    DECADES,
    GROUP_KEYS,
    PERSON_WORDS,
    PLAIN,
    Ledger,
    content_tokens,
    is_decade,
)
from mmskin_build.vqa.phrases import is_plural
from mmskin_build.vqa.reading import Quantity, Reading
from mmskin_build.vqa.relations import same_keys
from mmskin_build.vqa.slots import Slot
from mmskin_build.vqa.words import Token, key_of

_JOINS = re.compile(r"both\b[^.,;]*? and ", re.IGNORECASE)  # "both red and scaly" counts nothing
# What a length measures, by the words beside the number or in the question.
_DEPTH = frozenset(map(key_of, ("thick", "thickness", "deep", "depth", "Breslow", "invasion")))
_BREADTH = frozenset(
    map(key_of, ("across", "diameter", "large", "big", "wide", "width", "broad", "size"))
)
_LENGTHS = ("mm", "cm", "um")
_BESIDE = 3  # words before a length, and after it, that say what it measures
_SAME = 1e-6  # numbers that differ by less are one
_YEARS_OF = {"month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}


def check_quantities(
    ledger: Ledger, caption: Reading, question: Reading, answer: Reading, slot: Slot
) -> None:
    """Each number must be the caption's, with its unit and of the same thing; ages come after."""
    for quantity in answer.quantities:
        is_age = quantity.is_age or (
            slot == "age" and quantity.unit in ("", "year", "month", "week", "day")
        )
        if is_age:
            continue  # compared as an age with `check_person`
        if quantity.unit == "clock" or _JOINS.match(answer.text, quantity.start):
            continue
        same = [
            q for q in caption.quantities
            if abs(q.value - quantity.value) < _SAME and _units_agree(q.unit, quantity.unit)
            and not q.is_age
        ]  # fmt: skip
        if quantity.unit == "×" or (slot == "magnification" and not quantity.unit):
            same = [q for q in same if q.unit in ("×", "")]
        if same and quantity.unit in _LENGTHS and _other_dimension(caption, same, question):
            ledger.no("contradiction", "the number is that of another measure")
            continue
        if same and _counts_agree(same, quantity, question, slot):
            place = same[0]
            ledger.evidence.append(TextEvidence(start=place.start, end=place.end, field="number"))
            continue
        if (
            quantity.unit == ""
            and quantity.value in (1.0, 2.0)
            and _is_word_supported(caption, answer, quantity)
        ):
            continue
        text = answer.text[quantity.start : quantity.end]
        rivals = [
            q for q in caption.quantities
            if q.unit == quantity.unit and not q.is_age
            and (quantity.unit or _same_head(q, quantity, question, slot))
        ]  # fmt: skip
        many = slot == "count" and any(_is_many(t) for t in caption.tokens)
        ledger.no(
            "contradiction" if rivals or (many and quantity.value < 3) else "unsupported",
            f"the number {text!r} is not said",
        )


def _other_dimension(caption: Reading, same: Sequence[Quantity], question: Reading) -> bool:
    """Whether a question asks for a breadth and all the caption's such numbers are depths."""
    asked = {token.key for token in question.tokens}
    for wanted, other in ((_DEPTH, _BREADTH), (_BREADTH, _DEPTH)):
        if asked & wanted and not asked & other:
            return all(
                beside & other and not beside & wanted
                for beside in (_words_beside(caption, q) for q in same)
            )
    return False


def _words_beside(caption: Reading, quantity: Quantity) -> set[str]:
    """The words before and after a number, within its clause."""
    place = next(i for i, t in enumerate(caption.tokens) if t.start >= quantity.start)
    after = caption.tokens[place : place + 2 + _BESIDE]
    beside: set[str] = set()
    for tokens in (reversed(caption.tokens[max(0, place - _BESIDE) : place]), after):
        for token in tokens:
            if token.text in ",;()." or token.text == "and":
                break
            beside.add(token.key)
    return beside


def _is_many(token: Token) -> bool:
    return token.key in same_keys(key_of("multiple"))


def _is_word_supported(caption: Reading, answer: Reading, quantity: Quantity) -> bool:
    """Whether "one" or "both" is carried by "solitary", "bilateral" or a thing in the singular."""
    keys = {token.key for token in caption.tokens}
    if quantity.value == 2.0:
        return bool(keys & {key_of("bilateral"), key_of("bilaterally"), key_of("both")})
    if keys & same_keys(key_of("solitary")):
        return True
    word = answer.text[quantity.start : quantity.end].lower()
    several = any(t.key == quantity.head and is_plural(t.text) for t in caption.tokens)
    return word == "one" and not several and not keys & same_keys(key_of("multiple"))


def _units_agree(one: str, other: str) -> bool:
    return one == other or not one or not other


def _counts_agree(
    same: Sequence[Quantity], quantity: Quantity, question: Reading, slot: Slot
) -> bool:
    if quantity.unit or slot != "count":
        return (
            quantity.unit != ""
            or quantity.head is None
            or any(q.head in (None, quantity.head) or q.unit for q in same)
        )
    wanted = quantity.head or next((t.key for _, t in content_tokens(question)), None)
    if wanted is None or any(q.head in (None, wanted) for q in same):
        return True
    return wanted in PLAIN and len({q.value for q in same}) == 1


def _same_head(one: Quantity, other: Quantity, question: Reading, slot: Slot) -> bool:
    if slot != "count":
        return one.head is not None and one.head == other.head
    wanted = other.head or next((t.key for _, t in content_tokens(question)), None)
    return one.head is not None and (wanted is None or one.head == wanted or wanted in PLAIN)


def check_person(ledger: Ledger, caption: Reading, answer: Reading, slot: Slot, start: int) -> None:
    """Compare age and sex of an answer with those of the caption."""
    known, told = caption.demographics, answer.demographics
    sexes = {
        PERSON_WORDS[t.text.lower()] for t in answer.tokens
        if t.start >= start and t.text.lower() in PERSON_WORDS and answer.status_at(t) != "absent"
    }  # fmt: skip
    if sexes and known.sex not in (None, "both") and known.sex not in sexes:
        ledger.no("contradiction", f"the patient is {known.sex}")
    elif sexes and known.sex is not None:
        ledger.evidence += [e for e in known.evidence if e.field == "sex"]
    elif sexes and known.sex is None:
        nouns = {t.text.lower() for t in answer.tokens if t.start >= start} & set(PERSON_WORDS)
        pronouns = {"he", "his", "him", "she", "her", "hers"}
        if nouns - pronouns or slot == "sex":
            ledger.no("unsupported", "the sex is not said")
        elif nouns:
            ledger.no("unsupported", "a sex is implied that is not said")
    years = [
        q
        for q in answer.quantities
        if q.is_age or (slot == "age" and q.unit in ("", "year", "month", "week", "day"))
    ]
    span = _age_span(told, years)
    if span is not None:
        _compare_age(ledger, caption, *span)
    for token in answer.tokens:
        group = GROUP_KEYS.get(token.key)
        if token.start < start or (group is None and not is_decade(token)):
            continue
        denied = answer.status_at(token) == "absent"
        check_group(ledger, caption, token, group, denied=denied)


def _age_span(told: Demographics, years: Sequence[Quantity]) -> tuple[float, float] | None:
    """Return the least and the greatest age in years that an answer tells, None without one."""
    if told.age_years is not None:
        return told.age_years, told.age_years
    if told.age_min is not None and years:
        return told.age_min, told.age_min if told.age_max is None else told.age_max
    if not years:
        return None
    unit = _YEARS_OF.get(years[0].unit, 1.0)
    values = [quantity.value * unit for quantity in years]
    return min(values), max(values)


def _compare_age(ledger: Ledger, caption: Reading, low: float, high: float) -> None:
    known = caption.demographics
    least = known.age_years if known.age_years is not None else known.age_min
    most = known.age_years if known.age_years is not None else known.age_max
    if least is None and most is None:
        if known.age_group is not None:
            ledger.no("unsupported", "an age where only a group is said")
            return
        ledger.no("unsupported", "the age is not said")
        return
    near = 0.02
    if (
        least is not None
        and most is not None
        and low <= least + near
        and most <= high + near
        or least is not None
        and most is None
        and abs(low - least) < near
    ):
        ledger.evidence += [e for e in known.evidence if e.field.startswith("age")]
    else:
        ledger.no("contradiction", "the age is another one")


def check_group(
    ledger: Ledger, caption: Reading, token: Token, group: str | None, *, denied: bool
) -> None:
    """A word for an age ("adult", "sixties") must be that of the patient."""
    known = caption.demographics
    if group == "minor":
        is_known = known.age_group is not None
        fits = known.age_group in ("child", "adolescent", "infant", "neonate")
    elif group is None:
        low = DECADES.get(token.text.lower(), 0)
        years = known.age_years if known.age_years is not None else known.age_min
        is_known, fits = years is not None, years is not None and low <= years < low + 10
    else:
        known_group = known.age_group or group_of(known.age_min, known.age_max)
        is_known, fits = known_group is not None, known_group == group
        if any(t.key == token.key and caption.status_at(t) == "present" for t in caption.tokens):
            is_known = fits = True
    if fits and not denied:
        ledger.evidence += [e for e in known.evidence if e.field.startswith("age")]
    elif fits == denied and is_known:
        ledger.no("contradiction", f"the patient is {known.age_group}")
    elif not is_known:
        ledger.no("unsupported", f"{token.text!r} is not said")
