"""The form of a language's table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Sex = Literal["male", "female"]
Group = Literal["neonate", "infant", "child", "adolescent", "adult", "elderly"]
Kind = Literal[
    "adjective",  # "45-year-old", before the noun that it belongs to
    "stated",  # "aged 45", "45 years of age", after the noun or for itself
    "bare",  # "45 years": an age only right after a person
    "letter",  # "(F, 34)": sex and age in short
    "decade",  # "in her 60s"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeForm:
    """One way to write an age.

    `pattern` may have the groups ``a`` (a number), ``b`` (the end of a range), ``ju`` (the unit of
    its beginning), ``c`` or ``list`` (the ages of others), ``u`` (unit), ``a2`` and ``u2`` (a
    smaller unit besides), ``half`` (half a year more),
    ``nth`` (an ordinal number in words), ``s`` (a letter or a word for the sex),
    ``part`` (early, mid, late), ``word`` (a decade's name). `sex` is what the grammatical form
    tells.
    """

    kind: Kind
    pattern: str
    sex: Sex | None = None
    cased: bool = False  # the pattern is over the text with its capitals
    step: float | None = None  # "sixth decade": # stands for the number of the decade
    unit: str = "year"  # where there is no group u
    needs_person: bool = False  # "in the sixth decade": only right after a person
    unitless: bool = False  # "man of 60": only after a noun that tells the sex


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """All that is known of one language; see the field comments."""

    code: str
    usual_words: frozenset[str]  # tell the language; lower case
    spaced: bool = True  # words are parted by spaces
    number_words: Mapping[str, float]
    number_pattern: str  # alternation over the unfolded text, any case
    decimal_comma: bool = False
    forms: tuple[AgeForm, ...]
    units: Mapping[str, str]  # beginning of a unit's word -> year, month, week, day, hour
    people: Mapping[str, Sex | None]  # nouns for one person
    crowds: Mapping[str, Sex | None]  # nouns for several
    generic_crowds: frozenset[str] = (
        frozenset()
    )  # of those, the ones that tell no sex ("Patienten")
    families: frozenset[str]  # of those, the ones that are shown whenever named ("twins")
    relatives: Mapping[str, Sex | None]
    groups: Mapping[str, Group]  # words that tell an age group and no number
    group_adjectives: str  # of those, the ones that need a person after them
    group_blocks: str  # what follows a group word that is not about a patient ("abuse")
    decades: Mapping[str, tuple[float, float]]  # "sixties", "septuagenarian"
    things: str  # nouns that have an age and are no person
    aging_things: str  # of those, the ones whose age is told after a comma ("scar, 17 years old")
    animals: str
    joins: frozenset[str]  # "and", "or", "of": between a sex and its animal
    stops: str  # words that end a noun phrase
    possessors: str  # what makes a relative out of "mother": "her", "the patient's"
    reporter: str  # a relative who only tells: "the mother noticed"
    own: str  # of those, the ones that make another person of "child"
    more_is: str  # what stands between a thing and its age: "was", "aged"
    of_patient: str  # "of the patient", after a relative
    born_to: str  # before a relative: "infant of a"
    population: str  # a statement on many people
    mean_age: str  # a number that is no one's age
    history: str  # what happened at an age that is not the one shown
    shown: str  # what says that the age is the one shown
    between: str  # "between": two numbers are one range
    at: str  # "at the age of", "when she was": the age of an event, which may not be the one shown
    never_at: str  # "since", "until": an age after these is not the one shown
    after_age: str  # what follows an age that is not the one shown
    duration: str  # what follows "45 years" where that is a time
    bare_link: str  # what stands between a person and "45 years"
    over: str  # "over": an age that is only known to be higher
    under: str
    early: Mapping[str, tuple[int, int]]  # part of a decade -> its years
    grown_up: str  # people who are no children: "a woman, 6 months ..." is not her age
    coordination: str  # "and his", "and a": another patient follows
    generic_before: str  # "in the", before "newborn": no patient
    quantifiers: str  # "two", "twin": a crowd that is shown
    singular: str = ""  # articles that make one person of a noun in `crowds`
    pronouns: Mapping[str, Sex]
    letters: Mapping[str, Sex]  # "M", "F"
    anatomy: Mapping[Sex, str]
    pregnancy: str
    no_pregnancy: str  # what takes the meaning from a word of `pregnancy`
    stated_sex: str = "(?!)"  # "sex: M", with a letter in the group s
    ordinals: Mapping[str, float] = field(default_factory=dict)  # of a group nth
    not_sex: str  # words of sex that are none of a patient: "male-pattern", "both sexes"

    def numbers(self) -> str:
        """The pattern that finds all numbers of this language."""
        from mmskin_build.text.folding import DIGITS, DIGITS_COMMA

        digits = DIGITS_COMMA if self.decimal_comma else DIGITS
        return f"{digits}|{self.number_pattern}" if self.number_pattern else digits


def any_of(words: Iterable[str]) -> str:
    """Return an alternation of `words`, the longest first.

    >>> any_of(["a", "abc", "ab"])
    'abc|ab|a'
    """
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))


def by_sex(*, male: str = "", female: str = "", unknown: str = "") -> dict[str, Sex | None]:
    """Return nouns, given apart by commas, with the sex that they tell.

    >>> by_sex(male="man", unknown="patient, child")
    {'man': 'male', 'patient': None, 'child': None}
    """
    sexes: tuple[tuple[str, Sex | None], ...] = (
        (male, "male"),
        (female, "female"),
        (unknown, None),
    )
    return {word.strip(): sex for words, sex in sexes for word in words.split(",") if word.strip()}


def by_group(
    *,
    neonate: str = "",
    infant: str = "",
    child: str = "",
    adolescent: str = "",
    adult: str = "",
    elderly: str = "",
) -> dict[str, Group]:
    """Return words, given apart by commas, with the age group that they tell.

    >>> by_group(infant="infant, baby")
    {'infant': 'infant', 'baby': 'infant'}
    """
    groups: tuple[tuple[str, Group], ...] = (
        (neonate, "neonate"),
        (infant, "infant"),
        (child, "child"),
        (adolescent, "adolescent"),
        (adult, "adult"),
        (elderly, "elderly"),
    )
    return {
        word.strip(): group for words, group in groups for word in words.split(",") if word.strip()
    }
