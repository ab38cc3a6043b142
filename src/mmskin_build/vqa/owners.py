"""A quality must be said of the thing that the answer says it of."""

from __future__ import annotations

from typing import Literal

from mmskin_build.vqa.lookup import Ledger, content_tokens
from mmskin_build.vqa.reading import PARTS, Reading
from mmskin_build.vqa.relations import is_within, same_keys
from mmskin_build.vqa.sides import BOTH, ONE, named_half, sides_told
from mmskin_build.vqa.words import Token, key_of

_COLOR = key_of("color")
_SIDES = frozenset({key_of("left"), key_of("right")})


def check_owners(
    ledger: Ledger, caption: Reading, question: Reading, answer: Reading, start: int
) -> None:
    """A quality must be said of the thing that the answer says it of."""
    target = find_target(question, caption)
    owned = dict(answer.owners)
    for index, token in content_tokens(answer, start):
        if index in owned:
            thing = answer.tokens[owned[index]].key
            if answer.tokens[owned[index]].start < start:
                continue
        elif (
            target is not None and token.key not in BOTH | ONE and _is_quality_here(caption, token)
        ):
            thing = target
        else:
            continue
        owners = frozenset().union(*(caption.owner_keys(key) for key in same_keys(token.key)))
        if not owners or owners & same_keys(thing):
            continue
        if not _is_specific(caption, thing) or any(not _is_specific(caption, o) for o in owners):
            continue
        if index not in owned and answer.tokens and _names_owner(answer, owners, start):
            continue
        ledger.no("contradiction", f"{token.text!r} is said of another thing")


def check_sides(
    ledger: Ledger, caption: Reading, question: Reading, answer: Reading, start: int
) -> None:
    """A side told of the site that a question names must be the side of that site."""
    named = [s.mention.term.name for s in question.said if s.mention.term.kind == "site"]
    owned = dict(answer.owners)
    for index, token in content_tokens(answer, start):
        if token.key not in _SIDES or index in owned or not named:
            continue
        sites = _sites_on(caption, token.key)
        fits = [s for s in sites for n in named if s == n or is_within(s, n) or is_within(n, s)]
        if sites and not fits:
            ledger.no("contradiction", f"{token.text!r} is said of another site")


def check_laterality(
    ledger: Ledger,
    caption: Reading,
    question: Reading,
    answer: Reading,
    said: Literal["yes", "no"] | None,
    start: int,
) -> None:
    """Both sides may not be told where the caption has one, nor one where it has both."""
    told = sides_told(answer, start)
    if told is None and said == "yes":
        told = sides_told(question)
    known = sides_told(caption) or named_half(caption)
    if told is not None and known is not None and told != known:
        ledger.no("contradiction", f"{told} told, where {known} said of the sides")


def _sites_on(caption: Reading, side: str) -> list[str]:
    terms = [
        caption.term_ending(thing)
        for quality, thing in caption.owners
        if caption.tokens[quality].key == side
    ]
    return [t.mention.term.name for t in terms if t is not None and t.mention.term.kind == "site"]


def _names_owner(answer: Reading, owners: frozenset[str], start: int) -> bool:
    return any(t.key in owners for t in answer.tokens if t.start >= start)


def _is_quality_here(caption: Reading, token: Token) -> bool:
    return bool(caption.owner_keys(token.key))


def find_target(question: Reading, caption: Reading) -> str | None:
    """Return the thing that a question asks about, if the caption names it."""
    keys = {token.key for token in caption.tokens}
    things = [
        token.key
        for index, token in enumerate(question.tokens)
        if token.key != _COLOR
        and (token.key in PARTS or _names_thing(question, index))
        and same_keys(token.key) & keys
    ]
    return things[-1] if len(set(things)) == 1 else None


def _names_thing(reading: Reading, index: int) -> bool:
    item = reading.term_at(index)
    kinds = ("lesion", "site", "dermoscopic structure", "histologic structure", "surface", "cell")
    return item is not None and item.mention.term.kind in kinds and index == item.mention.last - 1


def _is_specific(caption: Reading, key: str) -> bool:
    """Whether a thing is one of its own in the caption, not the picture's subject as a whole."""
    for index, token in enumerate(caption.tokens):
        if token.key in same_keys(key):
            item = caption.term_at(index)
            if item is not None and item.mention.term.kind == "diagnosis":
                return False
            if token.key in PARTS or (item is not None and item.mention.term.group != "any lesion"):
                return True
    return False
