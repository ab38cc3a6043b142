"""Where a caption says what a word says, and what it says to the contrary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mmskin_build.records import TextEvidence
from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.vqa.anatomy import lies_in, parts_of
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.relations import is_within, opposite_keys, same_keys
from mmskin_build.vqa.sides import BOTH, sides_told
from mmskin_build.vqa.vocabulary import Term
from mmskin_build.vqa.word_lists import word_keys
from mmskin_build.vqa.words import Token, key_of

# Words of grammar, and words that any picture of skin would bear.
PLAIN = word_keys("function") | word_keys("generic")


PERSON_WORDS = {
    "male": "male", "man": "male", "boy": "male", "men": "male", "he": "male", "his": "male",
    "him": "male", "gentleman": "male", "female": "female", "woman": "female", "girl": "female",
    "women": "female", "she": "female", "her": "female", "lady": "female", "hers": "female",
}  # fmt: skip


_AGE_GROUPS = {
    "neonate": "neonate", "newborn": "neonate", "neonatal": "neonate", "infant": "infant",
    "baby": "infant",
    "child": "child", "adolescent": "adolescent", "teenager": "adolescent", "teenage": "adolescent",
    "adult": "adult", "elderly": "elderly", "boy": "minor", "girl": "minor",
}  # fmt: skip


GROUP_KEYS = {key_of(word): group for word, group in _AGE_GROUPS.items()}


DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80,
}  # fmt: skip


# Kinds of which a caption gives one value: another one is a contradiction even if not asked for.
SINGLE: frozenset[str] = frozenset({"level", "modality", "diagnosis", "site"})


_ORDINALS = frozenset(
    key_of(w)
    for w in (
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    )
)  # fmt: skip


SPARING = frozenset(
    key_of(word)
    for word in (
        "spared", "unaffected", "uninvolved", "absent", "lack", "free", "negative", "normal",
        "absence",
    )
)  # fmt: skip


_NEGATING = frozenset(
    key_of(w)
    for w in ("absent", "absence", "lack", "lacking", "free", "without", "missing", "negative")
)


# What any lesions together may be called.
_ANY_LESIONS = ("rash", "eruption")

Problem = tuple[Literal["contradiction", "unsupported"], str]


@dataclass(slots=True)
class Ledger:
    """What was found so far: what speaks against an answer, and the words that carry it."""

    problems: list[Problem] = field(default_factory=list)
    evidence: list[TextEvidence] = field(default_factory=list)

    def no(self, kind: Literal["contradiction", "unsupported"], detail: str) -> None:
        """Note what speaks against the answer."""
        self.problems.append((kind, detail))


def content_tokens(reading: Reading, start: int = 0) -> Iterator[tuple[int, Token]]:
    """Give the words of a text that say something, with their places, from character `start`."""
    for index, token in enumerate(reading.tokens):
        if token.start < start or not token.is_word:
            continue
        if token.key not in PLAIN or _is_of_color(reading, index):
            yield index, token


def _is_of_color(reading: Reading, index: int) -> bool:
    """Whether a plain word is part of the name of a color: "skin-colored"."""
    item = reading.term_at(index)
    return item is not None and item.mention.term.kind == "color"


def is_decade(token: Token) -> bool:
    """Whether a word names ten years of life: "sixties"."""
    return token.text.lower() in DECADES


def find_places(caption: Reading, text: Reading, index: int) -> list[Token]:
    """Return the caption's words that say what a word of another text says."""
    token = text.tokens[index]
    keys = same_keys(token.key)
    found = [other for other in caption.tokens if other.key in keys]
    if found:
        return found
    if token.key in _NEGATING and any(scope.status == "absent" for scope in caption.scopes):
        return [t for t in caption.tokens if caption.status_at(t) == "absent"][:1]
    item = text.term_at(index)
    if item is not None:
        same = [s for s in caption.said if s.mention.term == item.mention.term]
        if not same and item.mention.term.name in _ANY_LESIONS:
            same = [s for s in caption.said if s.mention.term.kind == "lesion"]
        if same:
            return [caption.tokens[s.mention.last - 1] for s in same]
    return _find_placed(caption, text, index)


def _find_placed(caption: Reading, text: Reading, index: int) -> list[Token]:
    """Return the caption's words that say in another form where a word of a text is.

    "Periocular" is found in "around the eyes", the mouth of "around the mouth" in "perioral",
    a thumb in "thumbnail", "intraoral" in the name of any site in the mouth.
    """
    key = text.tokens[index].key
    if key in BOTH and sides_told(caption) == "both":
        return [token for token in caption.tokens if token.text.lower() == "both"]
    found = [other for other in caption.tokens if key in parts_of(other)]
    for told in text.placed:
        if index not in (told.index, told.told_at):
            continue
        for known in caption.placed:
            other_form = known.by_prefix or told.by_prefix or index == told.told_at
            if other_form and known.answers(told):
                found.append(caption.tokens[known.index])
        if told.relation == "in" and told.by_prefix:
            found += [
                caption.tokens[s.mention.last - 1]
                for s in caption.said
                if s.mention.term.kind == "site" and lies_in(s.mention.term.name, told.keys)
            ]
    return found


def find_other_relation(caption: Reading, text: Reading, start: int) -> tuple[str, str] | None:
    """Return where a text has a thing from `start` on, and where the caption has it; None if so.

    Of a thing that the caption does not place there is nothing to compare.
    """
    known = [k for k in caption.placed if k.by_prefix or k.relation != "in"]
    for told in text.placed:
        if text.tokens[told.index].start < start or (told.relation == "in" and not told.by_prefix):
            continue
        same = [k for k in known if k.keys & told.keys]
        if same and not any(k.answers(told) for k in same):
            return told.relation, same[0].relation
    return None


def says_contrary(caption: Reading, token: Token) -> bool:
    """Whether the caption plainly says the contrary of a word, or another number of its row."""
    opposite = frozenset().union(*(opposite_keys(key) for key in same_keys(token.key)))
    if token.key in _ORDINALS:
        opposite = _ORDINALS - {token.key}
    return any(
        other.key in opposite and caption.status_at(other) == "present" for other in caption.tokens
    )


def find_rival(caption: Reading, term: Term) -> Term | None:
    """Return another value that the caption gives of the same kind, if it cannot be the same."""
    for item in caption.said:
        other = item.mention.term
        if other.kind != term.kind or item.status != "present" or other == term:
            continue
        if term.kind == "arrangement" and other.group != term.group:
            continue
        if (
            term.kind == "site"
            and "appendage" in (term.group, other.group)
            and term.group != other.group
        ):
            continue  # hair and nails are everywhere
        if is_within(other.name, term.name) or is_within(term.name, other.name):
            continue
        words, others = _name_keys(term), _name_keys(other)
        if words < others or others < words:
            continue
        return other
    return None


def _name_keys(term: Term) -> frozenset[str]:
    return frozenset(key_of(word) for word in re.findall(r"[^\W\d_]+", term.name))


def is_shut_out(caption: Reading, term: Term | None, token: Token) -> bool:
    """Whether the caption says something that a denied word cannot stand beside."""
    if any(other.key in opposite_keys(token.key) for other in caption.tokens):
        return True
    if term is None:
        return False
    if term.kind in ("site", "level", "modality", "diagnosis", "color", "arrangement", "border"):
        return find_rival(caption, term) is not None
    return False


def modality_fits(caption: Reading, term: Term, modality: str | None) -> bool:
    """Whether a picture is of the kind that a term names."""
    if modality is not None:
        return term.group == modality
    vote = find_modality_words(caption.text).vote
    if vote is None and term.group == "clinical":
        return not any(
            s.mention.term.kind in ("histologic structure", "dermoscopic structure")
            for s in caption.said
        )
    return vote == term.group
