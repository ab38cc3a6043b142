"""Where something is by a word's prefix or by a preposition: "periocular" is around the eyes.

Latin and Greek prefixes on the stems of sites say what prepositions say in English, so that both
forms answer each other, and "subungual" contradicts "around the nail".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmskin_build.vqa.relations import is_within, same_keys
from mmskin_build.vqa.word_lists import plain_words
from mmskin_build.vqa.words import Token, key_of

Relation = Literal["around", "beside", "under", "above", "in", "between", "behind", "before"]

_PREFIXES: dict[str, Relation] = {
    "peri": "around", "circum": "around", "para": "beside", "juxta": "beside", "sub": "under",
    "infra": "under", "supra": "above", "intra": "in", "endo": "in", "inter": "between",
    "retro": "behind", "post": "behind", "pre": "before",
}  # fmt: skip
_STEMS: dict[str, tuple[str, ...]] = {
    "ocul": ("eye",), "orbit": ("eye", "orbit"), "ophthalm": ("eye",), "palpebr": ("eyelid",),
    "or": ("mouth",), "nas": ("nose",), "aur": ("ear",), "auricul": ("ear",), "labi": ("lip",),
    "gingiv": ("gum", "gingiva"), "lingu": ("tongue",), "bucc": ("cheek",), "ment": ("chin",),
    "mandibul": ("jaw",), "an": ("anus",), "genit": ("genitals",), "vulv": ("vulva",),
    "ungu": ("nail",), "umbilic": ("umbilicus", "navel"), "mamm": ("breast",),
    "areol": ("areola", "nipple"), "axill": ("axilla", "armpit"), "inguin": ("groin",),
    "stern": ("sternum",), "scapul": ("scapula",), "clavicul": ("clavicle", "collarbone"),
    "patell": ("patella", "kneecap"), "malleol": ("malleolus", "ankle"), "tibi": ("tibia", "shin"),
    "digit": ("finger", "toe", "digit"), "follicul": ("follicle", "hair"), "pil": ("hair",),
    "vascul": ("vessel",), "neur": ("nerve",), "stom": ("stoma",), "lesion": ("lesion",),
    "epiderm": ("epidermis",), "derm": ("dermis",), "corne": ("horny", "corneum"),
    "cutan": ("skin",), "adnex": ("adnexa", "appendage"),
}  # fmt: skip
_COMPOUNDS = {
    "thumbnail": ("thumb", "nail"), "fingernail": ("finger", "nail"), "toenail": ("toe", "nail"),
    "eyelash": ("eye", "lash"), "earlobe": ("ear", "lobe"), "fingertip": ("finger", "tip"),
}  # fmt: skip
_WORD = re.compile(
    rf"({'|'.join(_PREFIXES)})-?({'|'.join(sorted(_STEMS, key=len, reverse=True))})"
    r"(?:al|ar|ic|ary|ous|eous|ine|ally|arly)",
    re.IGNORECASE,
)
_PREPOSITIONS: dict[str, Relation] = {
    "around": "around", "surrounding": "around", "encircling": "around", "beside": "beside",
    "near": "beside", "close": "beside", "next": "beside", "adjacent": "beside",
    "adjoining": "beside", "under": "under", "beneath": "under", "below": "under",
    "underneath": "under", "above": "above", "in": "in", "inside": "in", "within": "in",
    "between": "between", "behind": "behind",
}  # fmt: skip
_GOES_ON = frozenset(
    {"the", "a", "an", "both", "his", "her", "its", "their", "and", "or", "to", ",", "each"}
)
_STOPS = plain_words("function") - _GOES_ON
_LONGEST = 8  # words that a preposition reaches over
_IMPLIED: dict[Relation, frozenset[Relation]] = {"beside": frozenset({"around"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A word that stands in a relation to a thing.

    `keys` are the thing, `index` is its token, `told_at` that of the preposition, or of the same
    word if it is told by a prefix.
    """

    relation: Relation
    keys: frozenset[str]
    index: int
    told_at: int

    @property
    def by_prefix(self) -> bool:
        """Whether one word tells all of it."""
        return self.told_at == self.index

    def answers(self, other: Placed) -> bool:
        """Whether what `other` tells follows from this."""
        fits = self.relation == other.relation or self.relation in _IMPLIED.get(
            other.relation, frozenset()
        )
        return fits and bool(self.keys & other.keys)


def find_placed(tokens: Sequence[Token]) -> Iterator[Placed]:
    """Find what a text says to be around, under, in ... something, in the order of its words.

    >>> from mmskin_build.vqa.words import find_words
    >>> [placed.relation for placed in find_placed(find_words("Subungual, around the eyes"))]
    ['under', 'around']
    """
    for index, token in enumerate(tokens):
        match = _WORD.fullmatch(token.text)
        if match is not None:
            things = frozenset(key_of(word) for word in _STEMS[match[2].lower()])
            relation = _PREFIXES[match[1].lower()]
            yield Placed(relation=relation, keys=things, index=index, told_at=index)
        preposition = _PREPOSITIONS.get(token.text.lower())
        if preposition is None:
            continue
        for place in range(index + 1, min(index + _LONGEST, len(tokens))):
            word = tokens[place]
            if word.text.lower() in _GOES_ON:
                continue
            if not word.is_word or word.text.lower() in _STOPS:
                break
            keys = same_keys(word.key) | parts_of(word)
            yield Placed(relation=preposition, keys=keys, index=place, told_at=index)


def lies_in(site: str, keys: frozenset[str]) -> bool:
    """Whether a site of the vocabulary is or lies in one of the things with these keys."""
    wholes = [word for words in _STEMS.values() for word in words if key_of(word) in keys]
    return any(site == whole or is_within(site, whole) for whole in wholes)


def parts_of(token: Token) -> frozenset[str]:
    """Return the keys of the words that a compound is made of: thumb and nail of "thumbnails"."""
    word = token.text.lower()
    parts = _COMPOUNDS.get(word) or _COMPOUNDS.get(word.removesuffix("s")) or ()
    return frozenset(key_of(part) for part in parts)
