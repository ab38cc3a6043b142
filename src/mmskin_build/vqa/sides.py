"""One side or both: what a text says of the two halves of the body."""

from __future__ import annotations

from typing import Literal

from mmskin_build.vqa.phrases import is_plural
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.words import Token, key_of

Sides = Literal["one", "both"]

BOTH = frozenset({key_of("bilateral"), key_of("bilaterally")})
ONE = frozenset({key_of("unilateral"), key_of("unilaterally")})
_TELLING, _COUNTING = BOTH | ONE, frozenset({"both", "either", "one", "single"})
_HALVES = {key_of("left"): "left", key_of("right"): "right"}
_REACH = 4  # words from "both" or "one" to the site that it counts


def sides_told(reading: Reading, start: int = 0) -> Sides | None:
    """Return whether a text speaks of one side or of both; None if of neither or of each in turn.

    >>> from mmskin_build.vqa.reading import read_text
    >>> [sides_told(read_text(t)) for t in ("Both shins.", "Only one side.", "Both red and dry.")]
    ['both', 'one', None]
    """
    found: set[Sides] = set()
    for index, token in enumerate(reading.tokens):
        word = token.text.lower()
        if token.start < start or (token.key not in _TELLING and word not in _COUNTING):
            continue
        if reading.status_at(token) == "absent":
            continue
        if token.key in BOTH or (word in ("both", "either") and _counts_sites(reading, index)):
            found.add("both")
        elif token.key in ONE or (word in ("one", "single") and _counts_sites(reading, index)):
            found.add("one")
    return found.pop() if len(found) == 1 else None


def named_half(caption: Reading) -> Sides | None:
    """Return "one", if a caption names only the left or only the right of its sites."""
    halves = {
        _HALVES[caption.tokens[quality].key]
        for quality, thing in caption.owners
        if caption.tokens[quality].key in _HALVES
        and _is_site(caption, thing)
        and caption.status_at(caption.tokens[thing]) == "present"
    }
    sites = {s.mention.term.name for s in caption.said if s.mention.term.kind == "site"}
    return "one" if len(halves) == 1 and len(sites) == 1 else None


def _counts_sites(reading: Reading, index: int) -> bool:
    """Whether "both" or "one" counts sites or sides: "both lower legs", "one side"."""
    word = reading.tokens[index].text.lower()
    for place in range(index + 1, min(index + 1 + _REACH, len(reading.tokens))):
        token = reading.tokens[place]
        if not token.is_word:
            return False
        if _is_side(token) or _is_site(reading, place):
            return word != "both" or is_plural(token.text)
        if reading.roles[place] not in ("quality", "other") or token.text.lower() == "of":
            return False
    return False


def _is_side(token: Token) -> bool:
    return token.text.lower() in ("side", "sides", "half", "halves")


def _is_site(reading: Reading, index: int) -> bool:
    item = reading.term_ending(index)
    return item is not None and item.mention.term.kind == "site"
