"""Ages of the patients that a caption shows, with their places.

An age is a number with words that make it one ("45-year-old", "aged 7", "(F, 34)"), a decade or a
word ("newborn"). Durations, doses and dates never look like that. Each age found is then kept
only if it is a patient's (`scope.Scope`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mmskin_build.text.languages.table import AgeForm, Group, Sex
from mmskin_build.text.scope import Scope

DAYS_A_YEAR = 365.25
#: Days of a unit.
DAYS = {"year": DAYS_A_YEAR, "month": DAYS_A_YEAR / 12, "week": 7.0, "day": 1.0, "hour": 1 / 24}
OLDEST_YEARS = 125
_YOUNGEST_ALONE = 1  # "man of 0" is no age
_CHILD_UNTIL = 13  # years; "a woman, 6 months ..." is not her age
_DIGITS = 4

_ARTICLE = re.compile(r"(?:^|\b(?:an?|this|our|une?|una|eine[nrms]?) )$")  # "an elderly"
_LETTER_AFTER = re.compile(r"[ ,/-]{1,2}([A-Z])\b(?![\w'-])")  # "41 yo F"

Precision = Literal["exact", "range", "word"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeMention:
    """An age of a patient; `start` and `end` are offsets into the folded text of its scope."""

    start: int
    end: int
    precision: Precision
    least: float | None = None
    most: float | None = None
    group: Group | None = None
    sex: Sex | None = None  # where the form tells it: "(F, 34)"
    shown: bool = False  # the text says that the picture shows this age
    shared: bool = False  # of several patients: "twin boys aged 4"


def find_ages(scope: Scope) -> tuple[AgeMention, ...]:
    """Find the ages of patients in a caption, in order."""
    taken = bytearray(len(scope.text))  # 1 where an age was read, so that none is read twice
    found: list[AgeMention] = []
    spaced = scope.rules.language.spaced
    in_digits = bool(scope.folded.numbers) or not spaced or "old" in scope.text
    for form, pattern in scope.rules.forms:
        if not in_digits and form.kind != "decade" and "nth" not in pattern.groupindex:
            continue  # without a number most forms cannot be there
        for match in pattern.finditer(scope.folded.cased if form.cased else scope.text):
            if taken.find(1, *match.span()) >= 0:
                continue
            mentions = _read(scope, form, match)
            if mentions is not None:
                taken[match.start() : match.end()] = b"\x01" * len(match[0])
                found += mentions
    found += _find_groups(scope, taken)
    return tuple(sorted(found, key=lambda mention: (mention.start, mention.end)))


def is_age(
    scope: Scope, form: AgeForm, match: re.Match[str]
) -> list[tuple[float | None, float | None]] | None:
    """Return least and most years that a match tells, whoever's age it is; None if it is no age."""
    if form.kind == "decade":
        span = _decade(scope, form, match)
        return None if span is None else [span]
    values = _values(scope, form, match)
    if values is None or (
        form.kind == "bare" and not _follows_person(scope, form, match, values[0])
    ):
        return None
    return values


def _read(scope: Scope, form: AgeForm, match: re.Match[str]) -> list[AgeMention] | None:
    """The ages that a match tells; empty if they are not a patient's, None if it is no age."""
    groups = match.groupdict()
    values = is_age(scope, form, match)
    if values is None:
        return None
    kind = form.kind
    letter = _LETTER_AFTER.match(scope.folded.cased, match.end()) if kind == "adjective" else None
    plain_sex = (groups.get("s") or (letter[1] if letter else "")).lower()
    sex = scope.rules.language.letters.get(plain_sex) or form.sex
    shared = kind != "decade" and _is_list(scope, match)
    shown = False
    if form.needs_person and not _stands_after_person(scope, match.start()):
        return []
    if kind != "letter":
        verdict = _verdict(scope, form, match)
        if verdict == "other":
            return []
        shared, shown = shared or verdict == "shared", verdict == "shown"
    start, end = match.span()
    return [
        AgeMention(
            start=start,
            end=end,
            precision="exact" if least is not None and least == most else "range",
            least=least,
            most=most,
            sex=sex,
            shown=shown,
            shared=shared,
        )
        for least, most in values
    ]


def _verdict(
    scope: Scope, form: AgeForm, match: re.Match[str]
) -> Literal["other", "shared", "shown"] | None:
    """Whose age it is: "other" is none of a patient shown, "shared" is of several of them."""
    start, end = match.span()
    left = scope.left(start)
    find = scope.rules.find
    if find("mean_age", left) or find("born_to", left):
        return "other"
    event = scope.age_of_event(start, end)
    if event == "other":
        return "other"
    if form.kind == "adjective":
        head = scope.head(end)
        if head is not None:
            kind, noun_start, noun_end = head
            if kind in ("thing", "animal"):
                return "other"
            if kind == "crowd":
                return "shared" if scope.is_counted(noun_start) else "other"
            if kind == "relative" and scope.is_of_relative(noun_start, noun_end):
                return "other"
            if kind == "person" and scope.is_of_own_child(start):
                return "other"
            return "shown" if event == "shown" else None
    before = scope.noun_before(start)
    if before is not None:
        kind, noun_start, noun_end = before
        if kind == "crowd":
            return "shared" if _is_list(scope, match) or scope.is_counted(noun_start) else "other"
        if kind == "relative" and scope.is_of_relative(noun_start, noun_end):
            return "other"
        if kind == "thing" and (find("thing_is", left) or find("aging_thing", left)):
            return "other"
        if kind == "animal":
            return "other"
    whole = match["a"] is None if "a" in match.groupdict() else True
    is_range = form.kind == "decade" or whole or "b" in match.groupdict() and match["b"] is not None
    if is_range and scope.is_of_population(start):
        return "other"
    if form.kind == "stated" and (before is None) and scope.is_of_population(start):
        return "other"
    return "shown" if event == "shown" else None


def _follows_person(
    scope: Scope, form: AgeForm, match: re.Match[str], value: tuple[float | None, float | None]
) -> bool:
    """Whether "45 years" or "60" stands right after a person whose age it can be."""
    person = scope.rules.find("bare_person", scope.left(match.start()))
    if person is None or scope.rules.find("duration", scope.right(match.end(), 30)):
        return False
    word = person["person"] or person["relative"]
    known = {**scope.rules.language.people, **scope.rules.language.relatives}
    plain = person[0] == f"{word} "  # "boy 9 years"
    if form.unitless or plain:
        is_child = scope.rules.language.groups.get(word) == "child" and "(" not in person[0]
        if known.get(word) is None and not is_child:
            return False
        if form.unitless and (plain or (value[0] or 0) < _YOUNGEST_ALONE):
            return False
    return not (scope.rules.find("grown_up", word) and (value[1] or value[0] or 0) < _CHILD_UNTIL)


def _stands_after_person(scope: Scope, start: int) -> bool:
    before = scope.noun_before(start)
    return (
        before is not None and before[0] == "person" and not scope.text[before[2] : start].strip()
    )


def _values(
    scope: Scope, form: AgeForm, match: re.Match[str]
) -> list[tuple[float | None, float | None]] | None:
    """Least and most years of the patients that a match tells of; None if that is no age."""
    groups = match.groupdict()

    def number(name: str) -> float | None:
        return scope.folded.numbers[match.start(name)] if groups.get(name) else None

    def years(value: float, unit: str) -> float:
        return round(value * DAYS[unit] / DAYS_A_YEAR, _DIGITS)

    unit = _unit(scope, groups.get("u"), form.unit)
    first = number("a")
    if groups.get("nth"):
        first = scope.rules.language.ordinals[groups["nth"]]
    elif first is None:
        first = 0.5 if groups.get("half") else 1.0
    elif groups.get("half"):
        first += 0.5
    age = years(first, _unit(scope, groups.get("ju"), unit))
    more = number("a2")
    if more is not None and scope.rules.find("duration", scope.right(match.end(), 30)):
        more = None  # "aged 23 years, 2 weeks after the biopsy"
    if more is not None:
        smaller = _unit(scope, groups.get("u2"), "month")
        if DAYS[smaller] >= DAYS[unit]:  # "at 2 days and 6 months of age"
            return [(age, age), (years(more, smaller),) * 2]
        age = round(age + years(more, smaller), _DIGITS)
    last, other = number("b"), number("c")
    left = scope.left(match.start())
    if other is not None and not _is_list(scope, match):
        last, other = other, None
    values: list[tuple[float | None, float | None]]
    if _is_list(scope, match):
        if groups.get("list"):
            places = range(match.start("list"), match.end("list"))
            others = [v for k, v in scope.folded.numbers.items() if k in places]
        else:
            others = []
        others += [value for value in (other, last) if value is not None]
        all_ages = sorted(years(value, unit) for value in (first, *others))
        values = [(all_ages[0], all_ages[-1])]  # of several patients, in one list
    elif last is not None:
        until = years(last, unit)
        values = [(age, until) if age < until else (until, until)]
    else:
        is_open = match.start("a") in scope.folded.open_ended if groups.get("a") else False
        inside = scope.text[match.start() : match.start("a")] if groups.get("a") else ""
        before = left + inside
        if is_open or scope.rules.find("over", before):
            values = [(age, None)]
        elif scope.rules.find("under", before):
            values = [(None, age)]
        else:
            values = [(age, age)]
    return values if all((a or b or 0) <= OLDEST_YEARS for a, b in values) else None


def _is_list(scope: Scope, match: re.Match[str]) -> bool:
    """Whether a match tells the ages of several: "aged 5 and 8", not "between 5 and 8"."""
    groups = match.groupdict()
    if groups.get("list"):
        return True
    if not groups.get("c"):
        return False
    before = scope.left(match.start()) + scope.text[match.start() : match.start("a")]
    return scope.rules.find("between", before) is None


def _unit(scope: Scope, word: str | None, otherwise: str) -> str:
    if not word:
        return otherwise
    units = scope.rules.language.units
    lower = word.lower()
    return next(
        (units[key] for key in sorted(units, key=len, reverse=True) if lower.startswith(key)),
        otherwise,
    )


def _decade(
    scope: Scope, form: AgeForm, match: re.Match[str]
) -> tuple[float | None, float | None] | None:
    groups = match.groupdict()
    language = scope.rules.language
    if groups.get("word"):
        least, most = language.decades[groups["word"]]
    else:
        number = scope.folded.numbers[match.start("a")]
        least = (number - 1) * form.step if form.step else number
        if least % 10 or not 10 <= least <= 110:
            return None
        most = least + 9
    part = groups.get("part")
    if part:
        first, last = language.early[part]
        least, most = least + first, least + last
    return float(least), float(most)


def _find_groups(scope: Scope, taken: bytearray) -> list[AgeMention]:
    """Words that tell an age group of a patient and no number: "newborn", "elderly woman"."""
    rules, text = scope.rules, scope.text
    found = []
    for match in rules.patterns["group"].finditer(text):
        start, end = match.span()
        left, right = scope.left(start), scope.right(end, 40)
        if taken.find(1, start, end) >= 0:
            continue
        if rules.find("group_block", right) or rules.find("mean_age", left):
            continue
        if scope.is_of_animal(start, end) or scope.is_of_population(start):
            continue
        head = scope.head(end)
        if head is not None and head[0] in ("crowd", "animal"):
            if not scope.is_counted(head[1]):
                continue
        elif head is not None and head[0] == "relative" and scope.is_of_relative(*head[1:]):
            continue
        if rules.find("generic_before", left) and (head is None or head[0] != "person"):
            continue
        if scope.is_of_own_child(start) or rules.find("possessed", left):
            continue
        is_bare = rules.find("group_adjective", match[0]) and (
            head is None or head[0] not in ("person", "relative", "crowd")
        )
        if is_bare and not _ARTICLE.search(left):
            continue
        found.append(
            AgeMention(
                start=start, end=end, precision="word", group=rules.language.groups[match[0]]
            )
        )
    return found
