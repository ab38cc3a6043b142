"""The parts of a caption that questions are made of: diagnosis, lesions, places, qualities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmskin_build.vqa.phrases import (
    Phrase,
    Place,
    find_phrases,
    find_places_told,
    is_plural,
    lowered,
)
from mmskin_build.vqa.reading import Said
from mmskin_build.vqa.told import Told
from mmskin_build.vqa.word_lists import plain_words

LESIONS = frozenset({"lesion"})


_MOST_LISTED = 4  # findings in one answer


@dataclass(frozen=True, slots=True)
class Findings:
    """The parts of a caption that questions are made of."""

    told: Told
    diagnosis: tuple[str, Said] | None
    main: Phrase | None
    phrases: tuple[Phrase, ...]
    places: tuple[Place, ...]


def find_findings(told: Told) -> Findings:
    """Read what may be asked about: present phrases and places of the first sentences."""
    reading = told.reading
    phrases = tuple(p for p in find_phrases(reading) if p.status == "present")
    phrases = _own_first(told, phrases)
    lesions = [p for p in phrases if p.head.mention.term.kind in LESIONS and is_lesion(p)]
    places = tuple(p for p in find_places_told(reading) if p.status == "present" and _is_plain(p))
    return Findings(
        told=told,
        diagnosis=find_diagnosis(told),
        main=lesions[0] if lesions else None,
        phrases=phrases,
        places=_own_or_common(told, _outermost(places)),
    )


def _own_first(told: Told, phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    """What the panel's own words tell comes before what holds for the whole figure."""
    start, end = told.own
    return tuple(sorted(phrases, key=lambda p: (not start <= p.start < end, p.start)))


def _own_or_common(told: Told, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places of the panel's own words; those of the whole figure only where it names none."""
    start, end = told.own
    sites = [s for s in told.reading.said if s.mention.term.kind == "site"]
    own = tuple(p for p in places if start <= p.start < end)
    if own or any(start <= s.mention.start < end for s in sites):
        return own
    return places


def find_diagnosis(told: Told) -> tuple[str, Said] | None:
    """Return the one diagnosis that a caption gives its picture, as it is printed, or None.

    It is the title of the caption, or the only disease that it names; a disease whose name goes on
    in words that are not known is none.
    """
    reading = told.reading
    named = [s for s in reading.said if s.mention.term.kind == "diagnosis"]
    present = [s for s in named if s.status == "present"]
    if not present:
        return None
    first = present[0]
    names = {s.mention.term.name for s in present}
    opens = not any(t.is_word for t in reading.tokens[: first.mention.first])
    if len(names) > 1 and not opens:
        return None
    if not _is_whole_name(told, first):
        return None
    mention = first.mention
    text = lowered(reading.text[mention.start : mention.end], reading, mention.start)
    return text, first


_GOES_ON = plain_words("after_a_diagnosis")


def _is_whole_name(told: Told, item: Said) -> bool:
    tokens, mention = told.reading.tokens, item.mention
    after = tokens[mention.last : mention.last + 2]
    if after and after[0].text in "-–'’/" and after[0].start == tokens[mention.last - 1].end:
        return False
    before = tokens[mention.first - 1] if mention.first else None
    if before is not None and before.text in "-–/" and before.end == mention.start:
        return False
    if not after or not after[0].is_word:
        return True
    return after[0].text.lower() in _GOES_ON or after[0].number is not None


def is_lesion(phrase: Phrase) -> bool:
    """Whether a phrase is about a lesion of its own, not a part or a neighbor of one."""
    return phrase.head.mention.term.name not in ("sinus", "cord", "growth", "satellite lesion")


def _is_plain(place: Place) -> bool:
    word = place.bare.split()[0].lower()
    return word not in ("his", "her", "its", "their", "each", "a", "an", "some")


def _outermost(places: Sequence[Place]) -> tuple[Place, ...]:
    kept: list[Place] = []
    for place in places:
        if not any(k.start <= place.start and place.end <= k.end for k in kept):
            kept.append(place)
    return tuple(kept)


def said_of_things(found: Findings) -> dict[tuple[str, bool], list[tuple[str, Said]]]:
    """Return by thing (its noun, whether in the plural) the qualities that are said of it."""
    reading = found.told.reading
    result: dict[tuple[str, bool], list[tuple[str, Said]]] = {}
    for item in reading.said:
        mention = item.mention
        if mention.term.kind not in ("color", "arrangement", "border") or item.status != "present":
            continue
        owner = next((b for a, b in reading.owners if a == mention.first), None)
        if owner is None:
            continue
        thing = reading.tokens[owner]
        head = reading.term_ending(owner)
        if head is None or head.mention.term.kind not in (
            "lesion",
            "surface",
            "dermoscopic structure",
        ):
            continue
        if (
            head.mention.first < mention.last <= head.mention.last
            or reading.status_at(thing) != "present"
        ):
            continue
        if not any(p.last == owner for p in found.phrases):
            continue
        around = reading.text[max(mention.start - 1, 0) : mention.end + 1]
        if around[0] in "-–" or around[-1] in "-–":
            continue  # "white-red" is one color
        text = reading.text[mention.start : mention.end]
        text = lowered(text, reading, mention.start)
        if _is_quality_noun(text):
            continue
        noun = (thing.text.lower(), is_plural(thing.text))
        result.setdefault(noun, []).append((text, item))
    return {noun: _one_each(said) for noun, said in result.items()}


def _is_quality_noun(text: str) -> bool:
    return text.lower().split()[-1].endswith(("tion", "ema", "ness", "nests", "or", "ion"))


def _one_each(said: list[tuple[str, Said]]) -> list[tuple[str, Said]]:
    return list({text: (text, item) for text, item in said}.values())


def seen_phrases(found: Findings, kind: str) -> list[Phrase]:
    """Return the phrases about things of one kind, each notion once."""
    result: dict[str, Phrase] = {}
    for phrase in found.phrases:
        term = phrase.head.mention.term
        if term.kind == kind:
            result.setdefault(term.name, phrase)
    return list(result.values())[:_MOST_LISTED]
