"""A text read once: its words, terms, what is said of them, and which word belongs to which thing.

Captions, questions and answers are read the same way, so that they can be compared.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmskin_build.records import Demographics
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.text.terms import TermKind, TermMention, find_terms
from mmskin_build.vqa.anatomy import Placed, find_placed
from mmskin_build.vqa.assertion import Scope, Status, find_scopes, split_sentences, status_of
from mmskin_build.vqa.vocabulary import Mention, Vocabulary, load_vocabulary
from mmskin_build.vqa.word_lists import word_keys
from mmskin_build.vqa.words import Token, find_words, key_of

#: Kinds of terms that are things, and of those that are said of things.
THINGS = frozenset(
    {
        "diagnosis",
        "lesion",
        "site",
        "dermoscopic structure",
        "histologic structure",
        "cell",
        "organism",
    }
)
QUALITIES = frozenset({"color", "arrangement", "border", "surface", "size", "distribution"})
PARTS = word_keys("parts")
_SIDES = frozenset(key_of(name) for name in ("left", "right", "upper", "lower", "inner", "outer"))
_LINKS = frozenset(
    {"be", "appear", "look", "remain", "seem", "becom", "turn", "also", "both", "all"}
)  # fmt: skip
_QUALITY_WORDS = word_keys("qualities")
_NUMBER_UNITS = {
    "year": "year", "yr": "year", "month": "month", "week": "week", "day": "day", "hour": "hour",
    "mm": "mm", "cm": "cm", "μm": "um", "um": "um", "µm": "um", "mg": "mg", "kg": "kg",
    "%": "%", "percent": "%", "per": "%",
    "×": "×", "x": "×", "fold": "×", "times": "×", "diameters": "×", "o": "clock",
}  # fmt: skip

Role = Literal["thing", "quality", "link", "join", "end", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with its unit ("year", "mm", "×", "" for a count) and the key of what it counts.

    `unit_end` is where a unit after the number ends: the end of "fold" in "20-fold".
    """

    value: float
    unit: str
    head: str | None
    start: int
    end: int
    is_age: bool
    unit_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A term mentioned with its status."""

    mention: Mention
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text and all that was read in it; positions are offsets into `text`."""

    text: str
    tokens: tuple[Token, ...]
    said: tuple[Said, ...]
    scopes: tuple[Scope, ...]
    sentences: tuple[tuple[int, int], ...]
    demographics: Demographics
    making: tuple[TermMention, ...]
    quantities: tuple[Quantity, ...]
    owners: tuple[tuple[int, int], ...]
    roles: tuple[Role, ...] = ()
    placed: tuple[Placed, ...] = ()

    def told_of(self, kind: TermKind) -> tuple[TermMention, ...]:
        """Return the mentions of a stain, a magnification and their like."""
        return tuple(mention for mention in self.making if mention.kind == kind)

    def status_at(self, token: Token) -> Status:
        """Return what is said of a token."""
        return status_of(self.scopes, token.start, token.end)

    def term_at(self, index: int) -> Said | None:
        """Return the term that a token is part of, the shortest of several."""
        around = [s for s in self.said if s.mention.first <= index < s.mention.last]
        return min(around, key=lambda s: s.mention.last - s.mention.first, default=None)

    def term_ending(self, index: int) -> Said | None:
        """Return the longest term whose last word a token is."""
        ends = [s for s in self.said if s.mention.last - 1 == index]
        return max(ends, key=lambda s: s.mention.last - s.mention.first, default=None)

    def owner_keys(self, key: str) -> frozenset[str]:
        """Return the keys of the things that a quality is said of."""
        return frozenset(self.tokens[b].key for a, b in self.owners if self.tokens[a].key == key)


@functools.lru_cache(maxsize=4096)
def read_text(text: str, vocabulary: Vocabulary | None = None) -> Reading:
    """Read a text with a vocabulary, the program's own by default."""
    tokens = find_words(text)
    scopes = find_scopes(text)
    mentions = (vocabulary or load_vocabulary()).find(tokens)
    found = extract_demographics(text)
    said = tuple(Said(mention=m, status=status_of(scopes, m.start, m.end)) for m in mentions)
    roles = _roles(tokens, said)
    return Reading(
        text=text,
        tokens=tokens,
        said=said,
        scopes=scopes,
        sentences=split_sentences(text),
        demographics=found,
        making=find_terms(text),
        quantities=tuple(_quantities(tokens, roles, found)),
        owners=tuple(_owners(tokens, roles)),
        roles=tuple(roles),
        placed=tuple(find_placed(tokens)),
    )


def _roles(tokens: tuple[Token, ...], said: tuple[Said, ...]) -> list[Role]:
    """What each token does in its phrase: names a thing, says a quality of one, links, ends."""
    roles: list[Role] = []
    for token in tokens:
        if token.key in _LINKS:
            roles.append("link")
        elif token.key in PARTS:
            roles.append("thing")
        elif token.key in _QUALITY_WORDS or token.key in _SIDES or token.number is not None:
            roles.append("quality")
        elif token.text in ",-–" or token.text.lower() in ("and", "or", "to"):
            roles.append("join")
        elif not token.is_word:
            roles.append("end")
        else:
            roles.append("other")
    for item in said:
        mention = item.mention
        last = mention.last - 1
        if mention.term.kind in THINGS and not _is_adjective(tokens[last].text, mention.term.kind):
            for place in range(mention.first, last):
                roles[place] = "quality"
            roles[last] = "thing"
        elif mention.term.kind in QUALITIES | THINGS:
            noun = mention.term.kind == "surface" and _is_noun(tokens[last].text)
            for place in range(mention.first, mention.last):
                roles[place] = "quality"
            roles[last] = "thing" if noun else "quality"
    return roles


_ADJECTIVE = re.compile(r"(?:ous|al|ar|ic|ed|y|tic|like|oid|ular|ant|ent|ive)$")
_NOUN = re.compile(r"(?:s|e|ation|ing|ion|a|ia|ias|ae|oma|osis|us|um|ness|ment)$")


def _is_adjective(word: str, kind: str) -> bool:
    if kind in ("diagnosis", "organism"):
        return False
    return _ADJECTIVE.search(word.lower()) is not None and word.lower() not in ("body", "scalp")


def _is_noun(word: str) -> bool:
    lower = word.lower()
    return _NOUN.search(lower) is not None and _ADJECTIVE.search(lower) is None


def _owners(tokens: tuple[Token, ...], roles: list[Role]) -> Iterator[tuple[int, int]]:
    """Pairs (quality, thing): before it in its phrase, or after it by "is" and its like."""
    for index, role in enumerate(roles):
        if role != "quality" or not tokens[index].is_word:
            continue
        owner = _owner_after(tokens, roles, index)
        if owner is None:
            owner = _owner_before(roles, index)
        if owner is not None:
            yield index, owner


def _owner_after(tokens: tuple[Token, ...], roles: list[Role], index: int) -> int | None:
    for place in range(index + 1, len(roles)):
        role = roles[place]
        if role == "thing":
            after = place + 1  # of "papule border" the border is meant
            while after < len(roles) and roles[after] == "thing":
                after += 1
            return after - 1
        if role == "quality" or (role == "join" and tokens[place].text.lower() != "to"):
            continue
        return None
    return None


def _owner_before(roles: list[Role], index: int) -> int | None:
    linked = False
    for place in range(index - 1, -1, -1):
        role = roles[place]
        if role == "thing":
            return place if linked else None
        if role == "link":
            linked = True
        elif role not in ("quality", "join"):
            return None
    return None


def _quantities(
    tokens: tuple[Token, ...], roles: list[Role], found: Demographics
) -> Iterator[Quantity]:
    ages = [(e.start, e.end) for e in found.evidence if e.field.startswith("age")]
    for index, token in enumerate(tokens):
        value = token.number
        if value is None:
            continue
        is_age = any(start <= token.start and token.end <= end for start, end in ages)
        unit, start, unit_end = _unit(tokens, index)
        owner = None if unit else _owner_after(tokens, roles, index)
        yield Quantity(
            value=value,
            unit=unit,
            head=None if owner is None else tokens[owner].key,
            start=start,
            end=token.end,
            is_age=is_age,
            unit_end=unit_end,
        )


def _unit(tokens: tuple[Token, ...], index: int) -> tuple[str, int, int]:
    """The unit of a number, and the characters of both."""
    number = tokens[index]
    before = tokens[index - 1] if index else None
    if before is not None and before.text in ("×", "x", "X"):
        return "×", before.start, number.end
    for token in tokens[index + 1 : index + 3]:
        if token.text in "-–":
            continue
        unit = _NUMBER_UNITS.get(token.text.lower()) or _NUMBER_UNITS.get(token.key)
        return unit or "", number.start, token.end if unit else number.end
    return "", number.start, number.end
