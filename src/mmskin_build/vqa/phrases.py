"""Phrases of a caption that an answer may take over whole: things with their qualities, places.

A phrase is taken only where all of its words are known and what follows cannot belong to it, so
that "nodule formation" gives no nodule and "dome-shaped" is not cut at its hyphen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmskin_build.vqa.assertion import Status
from mmskin_build.vqa.reading import Reading, Role, Said
from mmskin_build.vqa.vocabulary import proper_words
from mmskin_build.vqa.word_lists import plain_words
from mmskin_build.vqa.words import Token

# What may follow a phrase: grammar, verbs of captions, marks.
_FOLLOWS = plain_words("after_a_phrase")
_PERSONS = frozenset(
    {"patient", "man", "woman", "boy", "girl", "child", "infant", "neonate", "newborn", "mother"}
)
_PLACE_WORDS = {
    "on": "on", "over": "over", "in": "in", "at": "at", "around": "around", "along": "along",
    "of": "on",
    "affecting": "on", "involving": "on", "across": "across",
}  # fmt: skip
_DETERMINERS = frozenset({"the", "a", "an", "both", "his", "her", "its", "their", "each"})
_ASPECTS = plain_words("aspects")
_COUNTED = plain_words("counted")
# Last words of names that need an article in the singular, whatever they are names of.
_COUNTED_LAST = plain_words("counted_last")
_GERUND = re.compile(r"(?<!swell)ing$", re.IGNORECASE)  # fissuring is not counted, a fissure is
_SINGULAR_S = ("ss", "us", "is", "os")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A thing with its qualities: characters `start` to `end`, `head` is the thing's term.

    `text` is as an answer says it: small letters, with its article where it needs one.
    """

    start: int
    end: int
    first: int
    last: int
    text: str
    bare: str
    head: Said
    noun: str
    is_plural: bool
    has_quality: bool
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is: "on the left cheek"; `sites` are the terms in it."""

    start: int
    end: int
    text: str
    bare: str
    sites: tuple[Said, ...]
    is_plural: bool
    status: Status


def find_phrases(reading: Reading) -> tuple[Phrase, ...]:
    """Find the things with their qualities, in order."""
    roles = reading.roles
    return tuple(_phrases(reading, roles))


def find_places_told(reading: Reading) -> tuple[Place, ...]:
    """Find the phrases that tell where something is, in order."""
    found: list[Place] = []
    roles = reading.roles
    for index, token in enumerate(reading.tokens):
        preposition = _PLACE_WORDS.get(token.text.lower())
        if preposition is None:
            continue
        place = _place(reading, roles, index, preposition)
        if place is not None:
            found.append(place)
    return tuple(found)


def lowered(text: str, reading: Reading, start: int) -> str:
    """Return a phrase without the capital that only the beginning of a sentence gives it."""
    head = text[:1]
    word = re.match(r"\w+", text)
    if not head.isupper() or word is None:
        return text
    if any(letter.isupper() for letter in word[0][1:]) or (len(word[0]) == 1 and text[1:2] != " "):
        return text
    if word[0].removesuffix("s") in proper_words() or word[0] in proper_words():
        return text
    for item in reading.said:
        if item.mention.start == start and item.mention.term.name[:1].isupper():
            return text
    opens = any(a + _spaces(reading.text[a:]) == start for a, _ in reading.sentences)
    after_mark = re.search(r"[.:;)(\]\-–—,]\s*$", reading.text[:start]) is not None
    known = any(item.mention.start <= start < item.mention.end for item in reading.said)
    return head.lower() + text[1:] if opens or after_mark or known else text


def with_article(text: str) -> str:
    """Put "a" or "an" before a phrase.

    >>> with_article("ulcer"), with_article("unilateral plaque"), with_article("pearly nodule")
    ('an ulcer', 'a unilateral plaque', 'a pearly nodule')
    """
    vowel = re.match(r"(?:[aeio]|u(?!n[iu]|se|ro|ti))", text, re.IGNORECASE)
    return f"an {text}" if vowel else f"a {text}"


def is_plural(word: str) -> bool:
    """Whether a noun of a caption is in the plural.

    >>> [is_plural(w) for w in ("papules", "striae", "pus", "mass", "sarcoidosis", "naevi")]
    [True, True, False, False, False, True]
    """
    lower = word.lower()
    if lower.endswith("s"):
        return not lower.endswith(_SINGULAR_S)
    return lower in ("feet", "teeth") or lower.endswith(("ae", "oedemata", "omata")) or (
        lower.endswith("i") and len(lower) > 3
    )  # fmt: skip


def _spaces(text: str) -> int:
    return len(text) - len(text.lstrip())


def _phrases(reading: Reading, roles: Sequence[Role]) -> Iterator[Phrase]:
    tokens = reading.tokens
    index = 0
    while index < len(tokens):
        if roles[index] not in ("quality", "thing"):
            index += 1
            continue
        last = index
        while (
            last < len(tokens)
            and roles[last] in ("quality", "join")
            or (last < len(tokens) and roles[last] == "thing" and _goes_on(roles, last))
        ):
            last += 1
        if last < len(tokens) and roles[last] == "thing" and _may_end(tokens, last):
            phrase = _phrase(reading, index, last)
            if phrase is not None:
                yield phrase
        index = last + 1


def _goes_on(roles: Sequence[Role], index: int) -> bool:
    return index + 1 < len(roles) and roles[index + 1] == "thing"


def _may_end(tokens: Sequence[Token], last: int) -> bool:
    if last + 1 >= len(tokens):
        return True
    after = tokens[last + 1]
    if not after.is_word:
        return after.text not in "-–'’/" or tokens[last + 1].start > tokens[last].end
    return after.text.lower() in _FOLLOWS


def _phrase(reading: Reading, first: int, last: int) -> Phrase | None:
    tokens = reading.tokens
    if first and tokens[first - 1].text in "-–'’/" and tokens[first - 1].end == tokens[first].start:
        return None
    head = reading.term_ending(last)
    if head is None:
        return None
    while first < last and (
        not tokens[first].is_word or tokens[first].text.lower() in ("and", "or", "to")
    ):
        first += 1
    start, end = tokens[first].start, tokens[last].end
    bare = lowered(reading.text[start:end], reading, start)
    if re.search(r"[;:()\[\]]|  |\n", bare):
        return None
    name = head.mention.term.name
    plural = is_plural(tokens[last].text)
    first_word = tokens[first]
    counts = first_word.number is not None or tokens[first].text.lower() in (
        "multiple",
        "several",
        "numerous",
        "many",
        "few",
    )
    before = tokens[first - 1].text.lower() if first else ""
    counted = (
        (name in _COUNTED and not _GERUND.search(tokens[last].text))
        or tokens[last].text.lower() in _COUNTED_LAST
        or before in ("a", "an")
    )
    needs = (
        counted
        and not plural
        and not (
            first_word.number is not None and first_word.text.lower() not in ("single", "solitary")
        )
    )
    statuses = {reading.status_at(token) for token in tokens[first : last + 1] if token.is_word}
    status: Status = statuses.pop() if len(statuses) == 1 else "other"
    return Phrase(
        start=start,
        end=end,
        first=first,
        last=last,
        text=with_article(bare) if needs else bare,
        bare=bare,
        head=head,
        noun=tokens[last].text.lower(),
        is_plural=plural or (counts and plural),
        has_quality=first < head.mention.first or bool(bare.count(" ")),
        status=status,
    )


def _place(reading: Reading, roles: Sequence[Role], index: int, preposition: str) -> Place | None:
    tokens = reading.tokens
    first = last = index + 1
    sites: list[Said] = []
    determined = False
    until = index
    while last < len(tokens):
        word = tokens[last].text.lower()
        item = reading.term_at(last)
        if (
            item is not None
            and item.mention.term.kind == "site"
            and not _is_adjective_use(tokens, item)
        ):
            sites.append(item)
            last = item.mention.last
            until = last
            continue
        if word in _DETERMINERS:
            determined = determined or not sites
        elif (
            word in ("and", ",")
            and sites
            or roles[last] == "quality"
            and tokens[last].is_word
            and tokens[last].number is None
            or word in _ASPECTS
        ):
            pass
        elif word == "-" and tokens[last].start == tokens[last - 1].end:
            return None
        else:
            break
        last += 1
    if not sites or until <= first:
        return None
    if not _may_end(tokens, until - 1) or _is_of_unknown(reading, roles, until):
        return None
    start, end = tokens[first].start, tokens[until - 1].end
    bare = reading.text[start:end]
    if re.search(r"[;:()\[\]]|  |\n", bare):
        return None
    several = len(sites) > 1 and re.search(r",| and ", bare) is not None
    plural = several or is_plural(tokens[until - 1].text)
    if not determined and not plural:
        return None
    statuses = {reading.status_at(tokens[i]) for i in range(first, until)}
    status: Status = statuses.pop() if len(statuses) == 1 else "other"
    return Place(
        start=start, end=end, text=f"{preposition} {bare}", bare=bare, sites=tuple(sites),
        is_plural=plural, status=status,
    )  # fmt: skip


def _is_of_unknown(reading: Reading, roles: Sequence[Role], after: int) -> bool:
    """Whether a site goes on to be one of something unknown: "lip | of the bladder"."""
    words = [token.text.lower() for token in reading.tokens[after : after + 2]]
    if words != ["of", "the"] or after + 2 >= len(roles):
        return False
    place = after + 2
    return roles[place] == "other" and reading.tokens[place].text.lower() not in _PERSONS


_ADJECTIVE_SITE = re.compile(
    r"(?:al|ar|ic|ary|ous|ile|ual|ein|eal|ital)$", re.IGNORECASE
)  # facial, palmar


def _is_adjective_use(tokens: Sequence[Token], item: Said) -> bool:
    word = tokens[item.mention.last - 1].text
    return _ADJECTIVE_SITE.search(word) is not None and item.mention.last - item.mention.first == 1
