"""Whose age, whose sex: relatives, populations, things and clauses.

What is said of the patient's mother, of a scar, of mice or of "most patients" is not the patient's.
The rules here look at the words around a mention inside its clause.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mmskin_build.text.folding import Folded, clause_start, fold
from mmskin_build.text.languages import LANGUAGES
from mmskin_build.text.languages.table import AgeForm, Language, any_of

Noun = Literal["person", "crowd", "relative", "thing", "animal"]

_CLAUSE_END = re.compile(
    r"(?<!\bdr)(?<!\bfig)(?<!\by)(?<!\bo)(?<!\byrs)(?<!\byr)(?<!\bapprox)(?<!\bca)(?<!\bj)"
    r"[.;!?](?=\s|$)|:(?=\s)|\u3002|;"
)
_WORD = re.compile(r"[^\W_](?:[\w'#-]*\w)?'?|#(?:[\w'#-]*\w)?|[^\w\s]")
_HEAD_REACH = 90  # characters after an age in which its noun is looked for
_HEAD_WORDS = 9
_HEAD_UNSPACED = 14  # characters, where words are not parted by spaces
_PAUSE = re.compile(r"[,;:.!?()\u3001\u3002]")
_LEFT_REACH = 120  # characters before a mention that can say whose it is
_NEAR_WORDS = 5
_ANIMAL_WORDS = 2  # between a sex and the animal that it is of
_MOST_SHOWN = 6  # "three boys" are shown, "120 men" were studied
_SHOWN_NEAR = 40


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one language, compiled."""

    language: Language
    numbers: re.Pattern[str]
    forms: tuple[tuple[AgeForm, re.Pattern[str]], ...]
    nouns: re.Pattern[str]
    patterns: Mapping[str, re.Pattern[str]]

    def find(self, name: str, text: str) -> re.Match[str] | None:
        """Search `text` for the language's pattern `name`."""
        return self.patterns[name].search(text)


@functools.cache
def rules_of(code: str) -> Rules:
    """Compile the table of a language, once."""
    known = LANGUAGES[code]

    def words(alternation: str) -> str:
        return rf"\b(?:{alternation})(?!\w)" if known.spaced else f"(?:{alternation})"

    person, crowd = any_of(known.people), any_of(known.crowds)
    relative = any_of(known.relatives)
    possessor = rf"(?:\b|(?<=\W)){known.possessors}" if known.spaced else known.possessors
    space = " " if known.spaced else ""
    adjectives = rf"(?:(?!(?:{known.stops})\b)[\w#'-]+ ){{0,4}}" if known.spaced else ".{0,6}?"
    texts = {
        "animal": words(known.animals),
        "aging_thing": rf"{words(known.aging_things)}{space}?,? ?$"
        if known.aging_things
        else "(?!)",
        "thing_is": rf"{words(known.things)} ?(?:{known.more_is})$",
        "stop": rf"(?:{known.stops})",
        "possessed": rf"{possessor}{space}{adjectives}$",
        "own_child": rf"(?:{known.own}){space}{adjectives}$",
        "coordinated": rf"(?:{words(f'{person}|{relative}')})(?:{known.coordination}){adjectives}$",
        "of_patient": rf"^{known.of_patient}",
        "born_to": known.born_to,
        "population": known.population,
        "mean_age": known.mean_age,
        "reporter": known.reporter,
        "event": rf"(?P<history>{words(known.history)})|(?P<shown>{words(known.shown)})",
        "shown": words(known.shown),
        "at": known.at,
        "never_at": known.never_at,
        "after_age": known.after_age,
        "duration": known.duration,
        "between": known.between,
        "over": known.over,
        "under": known.under,
        "bare_person": (
            rf"{words(f'(?P<person>{person})|(?P<relative>{relative})')}(?:{known.bare_link})"
        ),
        "grown_up": rf"^(?:{known.grown_up})$",
        "counted": rf"(?:{known.quantifiers}){space}{adjectives}$",
        "one": rf"\b(?:{known.singular}) {adjectives}$" if known.singular else "(?!)",
        "group": words(any_of(known.groups)),
        "group_adjective": rf"^(?:{known.group_adjectives})$",
        "group_block": rf"^[ -]?(?:{known.group_blocks})(?!\w)",
        "generic_before": known.generic_before,
        "pronoun": words(any_of(known.pronouns)) if known.pronouns else "(?!)",
        "male": known.anatomy["male"],
        "female": known.anatomy["female"],
        "pregnancy": known.pregnancy,
        "no_pregnancy": known.no_pregnancy,
        "not_sex": known.not_sex,
        "stated_sex": known.stated_sex,
    }
    return Rules(
        language=known,
        numbers=re.compile(known.numbers()),
        forms=tuple((form, re.compile(form.pattern)) for form in known.forms),
        nouns=re.compile(
            words(
                f"(?P<animal>{known.animals})|(?P<crowd>{crowd})|(?P<relative>{relative})"
                f"|(?P<person>{person})|(?P<thing>{known.things})"
            )
        ),
        patterns={name: re.compile(text) for name, text in texts.items()},
    )


class Scope:
    """One folded caption with the questions that can be asked about places in it."""

    def __init__(self, text: str, rules: Rules) -> None:
        """Fold `text` and find its clauses."""
        self.rules = rules
        self.folded: Folded = fold(text, rules.numbers, rules.language.number_words)
        self.text = self.folded.text
        self.breaks = [match.end() for match in _CLAUSE_END.finditer(self.text)]

    def left(self, start: int, reach: int = _LEFT_REACH) -> str:
        """The clause before `start`, at most `reach` characters of it."""
        return self.text[max(clause_start(self.breaks, start), start - reach) : start]

    def clause_after(self, end: int) -> str:
        """What follows `end` in its clause."""
        index = bisect.bisect_left(self.breaks, end)
        stop = self.breaks[index] if index < len(self.breaks) else len(self.text)
        return self.text[end : min(stop, end + _LEFT_REACH)]

    def right(self, end: int, reach: int = _LEFT_REACH) -> str:
        """What follows `end`, across clauses."""
        return self.text[end : end + reach]

    def head(self, end: int) -> tuple[Noun, int, int] | None:
        """The noun that an adjective ending at `end` belongs to: its kind and place.

        "45-year-old melanoma patient" is about a patient, "17-year-old scar of a man" about a scar,
        "8-week-old female mice" about mice.
        """
        found: dict[Noun, tuple[int, int]] = {}
        spaced = self.rules.language.spaced
        limit = end + _HEAD_REACH
        if not spaced:
            pause = _PAUSE.search(self.text, end, end + _HEAD_UNSPACED)
            stop = pause.start() if pause else end + _HEAD_UNSPACED
            match = self.rules.nouns.search(self.text, end, stop)
            kind = _kind(match)
            return (kind, match.start(), match.end()) if match and kind else None
        for count, match in enumerate(_WORD.finditer(self.text, end, limit)):
            word = match[0]
            if not word[0].isalnum() and word not in "-'/\"#":
                break
            if count > _HEAD_WORDS or re.fullmatch(self.rules.patterns["stop"], word):
                break
            noun = self.rules.nouns.match(self.text, match.start(), match.end())
            if noun is None and "-" in word:  # "burn-scar", "mother-to-be"
                last = match.start() + word.rfind("-") + 1
                noun = self.rules.nouns.match(self.text, last, match.end())
            kind = _kind(noun)
            if noun is not None and kind is not None:
                if kind == "person" and "animal" in found:
                    found[kind] = (noun.start(), noun.end())
                found.setdefault(kind, (noun.start(), noun.end()))
        if "animal" in found and found.get("person", (-1, 0))[0] > found["animal"][0]:
            del found["animal"]  # "pig farmer"
        for kind in ("animal", "crowd", "relative", "person", "thing"):
            if kind in found:
                return (kind, *found[kind])
        return None

    def noun_before(self, start: int) -> tuple[Noun, int, int] | None:
        """The last noun before `start` in its clause, a few words away at most."""
        left_at = start - len(self.left(start))
        last = None
        for match in self.rules.nouns.finditer(self.text, left_at, start):
            if _kind(last) == "relative" and last is not None:
                owner = self.rules.patterns["of_patient"].match(
                    self.text[last.end() :][:_LEFT_REACH]
                )
                if owner is not None and match.end() <= last.end() + owner.end():
                    continue  # "the mother of the patient, 60 years": the mother's age
            last = match
        if last is None:
            return None
        kind = _kind(last)
        between = self.text[last.end() : start]
        if kind is None or len(between.split()) > _NEAR_WORDS:
            return None
        return kind, last.start(), last.end()

    def _noun_ending(self, left: str) -> re.Match[str] | None:
        """The noun that ends `left`."""
        last = left.rfind(" ") + 1
        return self.rules.nouns.fullmatch(left, last)

    def is_counted(self, start: int) -> bool:
        """Whether the crowd that starts at `start` is shown: "two women", "twin boys"."""
        left = self.left(start)
        noun = self.rules.nouns.match(self.text, start)
        if self.rules.find("one", left) or (noun and noun[0] in self.rules.language.families):
            return True
        counted = self.rules.find("counted", left)
        if counted is None:
            return False
        numbers = self.folded.numbers
        first = start - len(left) + counted.start()
        return all(numbers[i] <= _MOST_SHOWN for i in range(first, start) if i in numbers)

    def is_one(self, start: int) -> bool:
        """Whether an article makes one person of a noun in the plural: "einem Patienten"."""
        return self.rules.find("one", self.left(start)) is not None

    def is_of_relative(self, start: int, end: int) -> bool:
        """Whether the relative named at [start, end) is another person than the patient."""
        left = self.left(start)
        if not self.rules.language.spaced:  # the possessor may be the noun's own first character
            left = self.left(start + 1)
        if self.rules.find("coordinated", left) or self._is_reported_by_parent(left):
            return False
        return bool(
            self.rules.find("possessed", left)
            or self.rules.find("of_patient", self.right(end))
            or self.rules.find("born_to", left)
        )

    def is_of_own_child(self, start: int) -> bool:
        """Whether a person noun at `start` is "her child", another than the patient."""
        left = self.left(start)
        return bool(self.rules.find("own_child", left)) and not (
            self.rules.find("coordinated", left) or self._is_reported_by_parent(left)
        )

    def _is_reported_by_parent(self, left: str) -> bool:
        """Whether "her son" is the patient: "The mother reported that her son ..."."""
        found = self.rules.find("reporter", left)
        return found is not None and not self.rules.find("possessed", left[: found.start()])

    def is_reporter(self, start: int) -> bool:
        """Whether the relative at `start` only tells of the patient."""
        return self.rules.patterns["reporter"].match(self.text, start) is not None

    def is_of_population(self, start: int) -> bool:
        """Whether the clause before `start` is a statement on many people."""
        return self.rules.find("population", self.left(start)) is not None

    def is_of_animal(self, start: int, end: int) -> bool:
        """Whether an animal is named right beside a word for a sex or an age."""
        if not self.rules.language.spaced:
            return self.rules.patterns["animal"].search(self.text, end, end + 6) is not None
        before = " ".join(self.text[max(0, start - 30) : start].split()[-1:])
        if self.rules.find("animal", before):
            return True
        words = [match[0] for match in _WORD.finditer(self.text, end, end + _HEAD_REACH)]
        others = 0
        for index, word in enumerate(words):
            if self.rules.patterns["animal"].fullmatch(word):
                following = words[index + 1] if index + 1 < len(words) else ""
                return _kind(self.rules.nouns.fullmatch(following)) != "person"  # "dog owner"
            noun = _kind(self.rules.nouns.fullmatch(word))
            if noun == "person" or word in self.rules.language.joins:
                continue  # "male and female lice"
            others += 1
            stops = self.rules.patterns["stop"].fullmatch(word) or not word[0].isalnum()
            if stops or others > _ANIMAL_WORDS:
                return False
        return False

    def age_of_event(self, start: int, end: int) -> Literal["other", "shown"] | None:
        """Whether an age is that of an event: "other" is not the one shown, "shown" says it is.

        "Onset at age 12", "died at the age of 70", "since age 3" against "photographed at age 8".
        """
        left, right = self.left(start), self.clause_after(end)
        if self.rules.find("never_at", left):
            return "other"
        at = self.rules.find("at", left)
        if at is None:
            return None
        spaced = self.rules.language.spaced
        if spaced and _kind(self._noun_ending(left[: at.start()].rstrip())) == "person":
            return None  # "a woman at the age of 79 years"
        last = None
        for match in self.rules.patterns["event"].finditer(left):
            last = match
        if last is not None:
            return "shown" if last["shown"] else "other"
        if self.rules.find("after_age", right) and not self.rules.find(
            "shown", right[:_SHOWN_NEAR]
        ):
            return "other"
        return None


def _kind(match: re.Match[str] | None) -> Noun | None:
    kind = match.lastgroup if match else None
    return kind if kind in ("person", "crowd", "relative", "thing", "animal") else None  # type: ignore[return-value]
