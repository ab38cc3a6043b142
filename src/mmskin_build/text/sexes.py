"""The sex of the patients that a caption shows, with its places.

Nouns come first ("woman", "boy", a mother who is the patient), then pronouns, then anatomy and
pregnancy: each is asked only where those before it are silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mmskin_build.text.languages.table import Sex
from mmskin_build.text.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SexMention:
    """A sex of a patient; `start` and `end` are offsets into the folded text of its scope."""

    start: int
    end: int
    sex: Sex


def find_sexes(scope: Scope, *, with_age: bool, is_first: bool = True) -> tuple[SexMention, ...]:
    """Find what tells the patients' sex in a caption: the strongest kind of evidence only.

    Args:
        scope: The caption, read by the table of a language.
        with_age: Whether that language's table finds an age of a patient in it.
        is_first: Whether the caption is in that language. If it is not, a word counts only beside
            an age, and pronouns never do: "man" and "her" are words of German, "son" of French.
    """
    blocked = [match.span() for match in scope.rules.patterns["not_sex"].finditer(scope.text)]
    for finder in (_nouns, _pronouns, _anatomy) if is_first else (_nouns,) * with_age:
        found = tuple(
            mention
            for mention in finder(scope, with_age)
            if not any(mention.start < end and start < mention.end for start, end in blocked)
        )
        if found:
            return found
    return ()


def _nouns(scope: Scope, with_age: bool) -> Iterator[SexMention]:
    language = scope.rules.language
    sexes = {**language.people, **language.crowds, **language.relatives}
    relatives: list[SexMention] = []
    other_patient = False
    for match in scope.rules.patterns["stated_sex"].finditer(scope.text):
        yield SexMention(start=match.start(), end=match.end(), sex=language.letters[match["s"]])
    for match in scope.rules.nouns.finditer(scope.text):
        start, end = match.span()
        kind, sex = match.lastgroup, sexes.get(match[0])
        if kind in ("thing", "animal"):
            continue
        if kind == "crowd":
            if not scope.is_counted(start) or scope.is_of_relative(start, end):
                continue
            if match[0] in language.generic_crowds and not scope.is_one(start):
                sex = None
        elif kind == "relative":
            if scope.is_of_relative(start, end) or scope.is_reporter(start):
                continue
            if sex is not None:
                relatives.append(SexMention(start=start, end=end, sex=sex))
            continue
        elif scope.is_of_own_child(start) or _owns_relative(scope, end):
            continue
        if scope.is_of_animal(start, end) or (scope.is_of_population(start) and not with_age):
            continue
        other_patient = True
        if sex is not None:
            yield SexMention(start=start, end=end, sex=sex)
    # "The mother had lupus" beside a newborn is not shown; "a mother and her newborn" are.
    for mention in relatives:
        if not other_patient or _is_coordinated(scope, mention):
            yield mention


def _owns_relative(scope: Scope, end: int) -> bool:
    """Whether a noun that ends at `end` only says whose relative is meant: "a man's wife"."""
    if not scope.text.startswith("'s", end):
        return False
    head = scope.head(end + 2)
    return head is not None and head[0] == "relative"


def _is_coordinated(scope: Scope, mention: SexMention) -> bool:
    """Whether a relative stands beside another patient: "a mother (34) and her newborn"."""
    if scope.rules.find("coordinated", scope.left(mention.start)):
        return True
    after = scope.text[mention.start : mention.end + 60]
    return any(
        scope.rules.find("coordinated", after[: match.start()])
        for match in scope.rules.nouns.finditer(after, mention.end - mention.start)
    )


def _pronouns(scope: Scope, with_age: bool) -> Iterator[SexMention]:
    for match in scope.rules.patterns["pronoun"].finditer(scope.text):
        if scope.folded.cased[match.start() : match.end()] == "HE":  # haematoxylin and eosin
            continue
        yield SexMention(
            start=match.start(), end=match.end(), sex=scope.rules.language.pronouns[match[0]]
        )


def _anatomy(scope: Scope, with_age: bool) -> Iterator[SexMention]:
    find = scope.rules.find
    sexes: tuple[Sex, ...] = ("male", "female")
    for sex in sexes:
        for match in scope.rules.patterns[sex].finditer(scope.text):
            yield SexMention(start=match.start(), end=match.end(), sex=sex)
    for match in scope.rules.patterns["pregnancy"].finditer(scope.text):
        start, end = match.span()
        if scope.is_of_animal(start, end) or scope.is_of_population(start):
            continue
        clause = scope.left(start) + scope.right(end, 60)
        if find("no_pregnancy", clause) or _is_of_child(scope):
            continue
        yield SexMention(start=start, end=end, sex="female")


def _is_of_child(scope: Scope) -> bool:
    """Whether the patient is a newborn or an infant, so that a pregnancy is the mother's."""
    groups = scope.rules.language.groups
    return any(
        groups[match[0]] in ("neonate", "infant")
        for match in scope.rules.patterns["group"].finditer(scope.text)
    )
