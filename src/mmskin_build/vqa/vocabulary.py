"""The names of dermatology, by kind and group, and where a text has them.

``vocabulary/dermatology.json`` is written for this program, ``icd10cm.json`` is drawn from a public
classification; each file tells its source. ``book_terms`` adds what
a book's headings and index name.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from mmskin_build.vqa.words import Token, find_words

Kind = Literal[
    "diagnosis", "lesion", "surface", "color", "arrangement", "border", "distribution", "site",
    "dermoscopic structure", "histologic structure", "cell", "level", "deposit", "organism",
    "modality", "course", "size",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
_NESTING = frozenset({"dermoscopic structure", "histologic structure"})
_NESTED = frozenset({"level", "color", "cell"})
_ENDINGS = (
    "oma", "omas", "omata", "itis", "osis", "iasis", "emia", "aemia", "syndrome", "disease",
    "derma", "dermia", "pemphigus", "pemphigoid", "keratosis", "nevus", "naevus", "porphyria",
)  # fmt: skip
_FOLDER = Path(__file__).parent / "vocabulary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One notion: its name, what it is, and the group of its like."""

    name: str
    kind: Kind
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A term in a text: its characters and its tokens, `first` to `last` (exclusive)."""

    term: Term
    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """All terms by the keys of their names; two are equal if they are the same object."""

    terms: Mapping[tuple[str, ...], Term]
    longest: int
    groups: Mapping[tuple[Kind, str], tuple[Term, ...]] = field(default_factory=dict)

    def find(self, tokens: Sequence[Token]) -> tuple[Mention, ...]:
        """Find the terms of a text, the longest at each place; marks inside a name count not."""
        words = [(place, token.key) for place, token in enumerate(tokens) if token.is_word]
        found: list[Mention] = []
        position = 0
        while position < len(words):
            for length in range(min(self.longest, len(words) - position), 0, -1):
                inside = words[position : position + length]
                first, last = inside[0][0], inside[-1][0] + 1
                term = self.terms.get(tuple(key for _, key in inside))
                if term is not None and _is_one_name(tokens[first:last]):
                    found.append(
                        Mention(
                            term=term,
                            start=tokens[first].start,
                            end=tokens[last - 1].end,
                            first=first,
                            last=last,
                        )
                    )
                    if length > 1 and term.kind in _NESTING:
                        found += self._inside(tokens, inside)
                    position += length
                    break
            else:
                position += 1
        return tuple(found)

    def _inside(self, tokens: Sequence[Token], words: Sequence[tuple[int, str]]) -> list[Mention]:
        """Single words within a longer name that are terms of their own: its level, its color."""
        found: list[Mention] = []
        for place, key in words:
            term = self.terms.get((key,))
            if term is not None and term.kind in _NESTED:
                token = tokens[place]
                found.append(
                    Mention(
                        term=term, start=token.start, end=token.end, first=place, last=place + 1
                    )
                )
        return found


@functools.cache
def load_vocabulary() -> Vocabulary:
    """Read the vocabulary that comes with the program; its own names win over the public ones."""
    terms: dict[tuple[str, ...], Term] = {}
    own: dict[tuple[str, ...], Term] = {}
    for file in ("dermatology.json", "icd10cm.json"):
        content = json.loads((_FOLDER / file).read_text("utf-8"))
        for kind in KINDS:
            for group, lines in content.get(kind, {}).items():
                for line in lines:
                    _add(terms, line.split("|"), kind, group)
        own = own or dict(terms)
    return _made(terms, own)


@functools.cache
def proper_words() -> frozenset[str]:
    """Return the words that names of this vocabulary write with a capital: Bowen, Spitz, Kaposi."""
    content = json.loads((_FOLDER / "dermatology.json").read_text("utf-8"))
    lines = [line for kind in KINDS for lines in content.get(kind, {}).values() for line in lines]
    return frozenset(
        word.removesuffix("'s")
        for line in lines
        for word in re.findall(r"[A-Z][a-z]+(?:'s)?", line)
    )


def names_disease(word: str) -> bool:
    """Whether a word has the ending of a disease's name.

    >>> names_disease("Adenodermatosis"), names_disease("features")
    (True, False)
    """
    word = word.lower()
    return word.endswith(_ENDINGS) and len(word) > 4


def _add(terms: dict[tuple[str, ...], Term], names: Sequence[str], kind: Kind, group: str) -> None:
    term = Term(name=names[0], kind=kind, group=group)
    for name in names:
        keys = tuple(token.key for token in find_words(name) if token.is_word)
        # Another name of a notion never takes a place that is taken, as of "cyst" by a disease.
        if keys:
            terms.setdefault(keys, term)


def _made(terms: dict[tuple[str, ...], Term], own: dict[tuple[str, ...], Term]) -> Vocabulary:
    """Groups hold the names written for this program: those of a classification read oddly."""
    groups: dict[tuple[Kind, str], dict[str, Term]] = {}
    for term in own.values():
        groups.setdefault((term.kind, term.group), {})[term.name] = term
    return Vocabulary(
        terms,
        max(map(len, terms)),
        {key: tuple(sorted(same.values(), key=lambda t: t.name)) for key, same in groups.items()},
    )


def _is_one_name(tokens: Sequence[Token]) -> bool:
    return all(token.is_word or token.text in "-–'’&" for token in tokens)
