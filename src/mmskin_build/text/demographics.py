"""Age and sex of the patient that a caption shows, with the characters that say so.

Conventions: a neonate is under 28 days old, an infant under 1 year, a child 1 to 11, an adolescent
12 to 17, an adult 18 to 64, the elderly 65 and over. A decade is a range (60s: 60 to 69, early
thirties: 30 to 34); it has a group only where the whole range lies in one. A word ("newborn",
"elderly") gives a group and no number. Where a caption shows several patients of different ages,
there is no age; where it shows a man and a woman, the sex is "both".
"""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.records import Demographics, TextEvidence
from mmskin_build.text.ages import DAYS_A_YEAR, AgeMention, find_ages
from mmskin_build.text.credits import blank_credits
from mmskin_build.text.languages import languages_of
from mmskin_build.text.languages.table import Group
from mmskin_build.text.scope import Scope, rules_of
from mmskin_build.text.sexes import SexMention, find_sexes

NEONATE_UNTIL_DAYS = 28
#: Group by the age in years at which the next one begins.
GROUP_UNTIL_YEARS: tuple[tuple[float, Group], ...] = (
    (NEONATE_UNTIL_DAYS / DAYS_A_YEAR, "neonate"),
    (1, "infant"),
    (12, "child"),
    (18, "adolescent"),
    (65, "adult"),
)
_SAME_YEARS = 0.02  # 18 months and 1.5 years are one age
_ROUNDING_YEARS = 0.0002  # of a number of weeks in years
_LONGEST_TEXT = 20_000  # characters read of a caption; no patient is introduced later


def extract_demographics(text: str, language: str | None = "eng") -> Demographics:
    """Read age and sex of the patient that a caption shows.

    Never the age of the lesion, of a relative, of a population, at onset or at follow-up. Credits
    are not read: their names and titles are of other people.

    Args:
        text: A caption, or a panel's part of one.
        language: Tesseract's codes joined by ``+``, None if not known. English is read in any
            case, and so is the language that the words belong to.

    Returns:
        What is told, with the places in `text`; a field that is not told is None.

    >>> found = extract_demographics("Rosacea in a 51-year-old woman.")
    >>> found.age_years, found.age_group, found.sex
    (51.0, 'adult', 'female')
    """
    read = blank_credits(text[:_LONGEST_TEXT])
    scopes = [Scope(read, rules_of(known.code)) for known in languages_of(read, language)]
    ages: tuple[AgeMention, ...] = ()
    sexes: tuple[SexMention, ...] = ()
    age_scope = sex_scope = scopes[0]
    for scope in scopes:  # the first language that tells a thing tells it
        told_here = find_ages(scope)
        if not ages:
            ages, age_scope = told_here, scope
        if not sexes:
            is_first = scope is scopes[0]
            sexes = find_sexes(scope, with_age=bool(told_here), is_first=is_first)
            sex_scope = scope
        if ages and sexes:
            break
    told, age_evidence = _age(age_scope, ages, _is_of_several(age_scope, ages))
    sex, sex_evidence = _sex(age_scope, ages, sex_scope, sexes)
    return Demographics(
        age_years=told.age_years,
        age_min=told.age_min,
        age_max=told.age_max,
        age_group=told.age_group,
        sex=sex,
        evidence=(*age_evidence, *sex_evidence),
    )


def group_of(least: float | None, most: float | None) -> Group | None:
    """Return the age group in which all ages from `least` to `most` years lie, else None.

    >>> group_of(0.5, 0.5), group_of(60, 69), group_of(70, None)
    ('infant', None, 'elderly')
    """
    if least is None:
        return None
    low = _group(least)
    return low if (low == "elderly" if most is None else low == _group(most)) else None


def _group(years: float) -> Group:
    for until, group in GROUP_UNTIL_YEARS:
        if years + _ROUNDING_YEARS < until:
            return group
    return "elderly"


def _age(
    scope: Scope, ages: Sequence[AgeMention], several: bool
) -> tuple[Demographics, tuple[TextEvidence, ...]]:
    nothing = Demographics(), ()
    exact = [age for age in ages if age.precision == "exact"]
    if exact:
        shown = [age for age in exact if age.shown]
        used = exact if _agree(exact) else shown
        if not _agree(used) or (several and not any(age.shared for age in used)):
            return nothing
        years = used[0].least
        return (
            Demographics(age_years=years, age_group=group_of(years, years)),
            tuple(_evidence(scope, age, "age_years") for age in used),
        )
    ranges = [age for age in ages if age.precision == "range"]
    if ranges:
        least, most = ranges[0].least, ranges[0].most
        same = all((age.least, age.most) == (least, most) for age in ranges)
        if not same or (several and not any(age.shared for age in ranges)):
            return nothing
        fields = [name for name, v in (("age_min", least), ("age_max", most)) if v is not None]
        return (
            Demographics(age_min=least, age_max=most, age_group=group_of(least, most)),
            tuple(_evidence(scope, ranges[0], name) for name in fields),
        )
    groups = {age.group for age in ages}
    if "child" in groups and groups - {"child"}:
        groups.discard("child")  # "a newborn child"
    if "infant" in groups and "neonate" in groups:
        groups.discard("infant")  # "a newborn infant"
    if len(groups) != 1 or several:
        return nothing
    (group,) = groups
    return (
        Demographics(age_group=group),
        tuple(_evidence(scope, age, "age_group") for age in ages if age.group == group),
    )


def _agree(ages: Sequence[AgeMention]) -> bool:
    return bool(ages) and all(
        abs((age.least or 0) - (ages[0].least or 0)) < _SAME_YEARS for age in ages
    )


def _is_of_several(scope: Scope, ages: Sequence[AgeMention]) -> bool:
    """Whether the caption shows a second patient beside the one whose age it tells."""
    if not ages:
        return False
    patterns = scope.rules.patterns
    for match in scope.rules.nouns.finditer(scope.text):
        if match.lastgroup not in ("person", "relative"):
            continue
        left = scope.left(match.start())
        if patterns["coordinated"].search(left) and not patterns["not_sex"].search(
            left[-30:] + match[0]
        ):
            return True
    return False


def _sex(
    age_scope: Scope,
    ages: Sequence[AgeMention],
    sex_scope: Scope,
    sexes: Sequence[SexMention],
) -> tuple[str | None, tuple[TextEvidence, ...]]:
    told = [(age_scope, age.start, age.end, age.sex) for age in ages if age.sex is not None]
    told += [(sex_scope, mention.start, mention.end, mention.sex) for mention in sexes]
    values = {sex for *_, sex in told}
    if not values:
        return None, ()
    if len(values) == 2 and not _from_nouns(sex_scope, sexes):
        return None, ()
    kept = tuple(
        TextEvidence(start=a, end=b, field="sex")
        for a, b in dict.fromkeys(scope.folded.span(start, end) for scope, start, end, _ in told)
    )
    return ("both" if len(values) == 2 else values.pop()), kept


def _from_nouns(scope: Scope, sexes: Sequence[SexMention]) -> bool:
    return any(
        scope.rules.nouns.fullmatch(scope.text, mention.start, mention.end) for mention in sexes
    )


def _evidence(scope: Scope, age: AgeMention, field: str) -> TextEvidence:
    start, end = scope.folded.span(age.start, age.end)
    return TextEvidence(start=start, end=end, field=field)
