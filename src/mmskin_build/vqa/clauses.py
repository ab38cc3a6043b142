"""What a caption's clause says on about a thing, taken over as it is printed.

"Scaly plaques | over both elbows | and the sacrum | with a silvery scale": pieces that begin with a
preposition, "with" or "and" and end in a known thing follow a phrase as long as all of it is there
to be seen; a person, a treatment, a denial or a doubt ends it. A sentence of the caption that
speaks of the picture by itself may be taken over whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmskin_build.vqa.lookup import GROUP_KEYS, PERSON_WORDS
from mmskin_build.vqa.manner import asks_beyond_picture, tells_course
from mmskin_build.vqa.phrases import Phrase
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.word_lists import plain_words

_JOINERS = frozenset(
    {
        "on", "over", "in", "at", "around", "along", "of", "within", "between", "under", "beneath",
        "below", "above", "near", "across", "throughout", "affecting", "involving", "covering",
        "surrounding", "overlying", "containing", "with", "and",
    }
)  # fmt: skip
# Participles that a preposition must follow: "surrounded by".
_PARTICIPLES = frozenset(
    {
        "surrounded", "covered", "studded", "filled", "composed", "lined", "extending", "scattered",
        "distributed", "arranged", "localized", "localised", "located", "limited", "confined",
    }
)  # fmt: skip
_ARRANGED = re.compile(
    r"in (?:an? )?(?:[a-z-]+ )?(?:arrangement|distribution|pattern|configuration|line|row|band"
    r"|groups?|clusters?|crops|rings?)\b(?! of)"
)
_NO_PART = (
    plain_words("function") - {"the", "a", "an", "both", "its", "and", "all", "very", "more"}
) | plain_words("after_a_phrase")
_LISTED = re.compile(r"(?:, [\w' -]+?)+,? and ")  # a list that "and" closes
# Parts of a site that say with "of" whose they are.
_ASPECTS = frozenset(
    {"surface", "surfaces", "side", "sides", "aspect", "aspects", "half", "third", "tip", "dorsum"}
)
_DETERMINERS = frozenset({"the", "a", "an", "both", "its", "all"})
# After these a noun follows, known or not; after "in", "at", "of" it may be a time, a person.
_BEFORE_UNKNOWN = frozenset(
    {"with", "around", "between", "within", "containing", "surrounding", "covering", "overlying"}
)
_ON = frozenset({"on", "over", "along"})
_MOST_PIECES = 4
_MOST_WORDS = 26  # of a phrase with all its pieces
_LONGEST_PIECE = 9  # words of one piece
_MOST_SENTENCE = 28  # words of a sentence that is taken over
_VERBS = (
    "is|are|shows?|extends?|consists?|contains?|has|have|surrounds?|covers?|occup(?:y|ies)"
    "|involves?|affects?|predominates?|lines?|fills?|forms?|spares?"
)
_WHOLE = re.compile(
    r"^(?:The|There|A|An|Both|All|Some|Several|Multiple|Numerous|Many) [^,:()\[\]]*?"
    rf"\b(?:{_VERBS})\b"
)
# What a sentence of a picture by itself never has.
_NOT_OF_IT = re.compile(
    r"\b(?:arrows?|arrowheads?|asterisks?|stars?|insets?|bars?|bracket|circles?|box|compare\w*"
    r"|left|right|top|bottom|panels?|figs?|figures?|plates?|tables?|see|note|same|similar|this|that"
    r"|these|those|it|they|he|she|his|her|their|would|could|may|might|can|should|usually|often"
    r"|typically|generally|commonly|most|rarely|sometimes|patients?|cases?|diseases?|authors?"
    r"|photographs?|pictures?|images?|courtesy|first|second|previous|earlier|later|now|which|who"
    r"|diagnos\w+|not|no|also|without|biops\w+|cm|mm|μm|µm)\b|[\d?!]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A phrase with what its clause says on: its text, and where the pieces end in the caption."""

    text: str
    bare: str
    end: int

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())


def extend(
    reading: Reading, phrase: Phrase, *, before: int | None = None, only_places: bool = False
) -> Extended:
    """Return a phrase with the pieces of its clause that follow it.

    Args:
        reading: The text it stands in.
        phrase: A thing with its qualities.
        before: The character before which the pieces must end; the text's end by default.
        only_places: Take pieces only as long as they tell where it is on the body.
    """
    end = follow(reading, phrase.last, phrase.start, before=before, only_places=only_places)
    added = reading.text[phrase.end : end]
    return Extended(text=phrase.text + added, bare=phrase.bare + added, end=end)


def follow(
    reading: Reading,
    last: int,
    start: int,
    *,
    before: int | None = None,
    only_places: bool = False,
) -> int:
    """Return the character after the pieces that follow token `last`; see `extend`.

    `start` is where the whole begins, which has a greatest length.
    """
    tokens = reading.tokens
    end = whole = tokens[last].end  # `whole` is where no list stands open
    for _ in range(_MOST_PIECES):
        piece = _piece(reading, last + 1)
        if piece is None or (only_places and not _tells_place(reading, last + 1, piece)):
            break
        until = tokens[piece - 1].end
        if _lacks_of(reading, piece):
            break
        words = len(reading.text[start:until].split())
        if words > _MOST_WORDS or (before is not None and until > before):
            break
        begins = [token.text.lower() for token in tokens[last + 1 : last + 3]]
        is_open = begins[0] == "," and begins[1] not in _JOINERS | _PARTICIPLES
        if not is_open and (whole == end or "and" in begins):
            whole = until
        last, end = piece - 1, until
    return whole


def _lacks_of(reading: Reading, after: int) -> bool:
    """Whether a piece ends in a noun that means nothing without what follows: "loss | of the".

    A site may stand alone: what follows it is whose it is.
    """
    following = reading.tokens[after : after + 1]
    if not following or following[0].text.lower() != "of":
        return False
    item = reading.term_ending(after - 1)
    is_place = item is not None and item.mention.term.kind in ("site", "diagnosis")
    return not is_place and _piece(reading, after) is None


def _tells_place(reading: Reading, first: int, end: int) -> bool:
    """Whether a piece says where on the body: "on the left cheek", not "and white plaques"."""
    item = reading.term_ending(end - 1)
    if item is None or item.mention.term.kind != "site":
        return False
    return reading.tokens[first].text.lower() not in ("with", "and", "of", "containing", ",")


def _piece(reading: Reading, first: int) -> int | None:
    """Return the token after the piece that begins at `first`, None if none begins there."""
    tokens = reading.tokens
    if first >= len(tokens):
        return None
    start = first
    if tokens[start].text == "," and start + 1 < len(tokens):
        start += 1
        if tokens[start].text.lower() not in _JOINERS | _PARTICIPLES:
            if not _LISTED.match(reading.text, tokens[first].start):
                return None
            thing = _thing_end(reading, start, may_be_unknown=False)
            return thing if thing is not None and _is_seen(reading, first, thing) else None
    arranged = _ARRANGED.match(reading.text, tokens[start].start)
    if arranged is not None:
        after = [i for i, t in enumerate(tokens) if t.start >= arranged.end()]
        end = after[0] if after else len(tokens)
        return end if _is_seen(reading, start, end) else None
    word = tokens[start].text.lower()
    if word in _PARTICIPLES:
        start += 1
        if start >= len(tokens) or tokens[start].text.lower() not in (
            "by", "with", "on", "over", "in", "along", "around", "to", "of", "across", "throughout",
        ):  # fmt: skip
            return None
    elif word not in _JOINERS:
        return None
    unknown = word in _BEFORE_UNKNOWN or (
        word in _ON and tokens[start + 1 : start + 2] and tokens[start + 1].text.lower() == "the"
    )
    thing = _thing_end(reading, start + 1, may_be_unknown=bool(unknown))
    return thing if thing is not None and _is_seen(reading, first, thing) else None


def _thing_end(reading: Reading, first: int, *, may_be_unknown: bool) -> int | None:
    """Return the token after a noun phrase that begins at `first`, None if it is not plainly one.

    It ends in a known thing, or, if it `may_be_unknown`, before a mark, "with" or a preposition.
    """
    tokens, roles = reading.tokens, reading.roles
    for place in range(first, min(first + _LONGEST_PIECE, len(tokens))):
        token = tokens[place]
        word = token.text.lower()
        if not token.is_word and token.text not in "-–,":
            return None
        if word in _ASPECTS and tokens[place + 1 : place + 2]:
            if tokens[place + 1].text.lower() == "of":
                continue
        elif word == "of" and tokens[place - 1].text.lower() in _ASPECTS:
            continue
        after_of = tokens[place - 1].text.lower() == "of"
        is_last = not (place + 1 < len(roles) and roles[place + 1] == "thing")
        if roles[place] == "thing" and is_last:
            return place + 1 if _may_stop(reading, place) else None
        if (roles[place] == "other" and word in _NO_PART) or (
            place > first and word in _DETERMINERS and not after_of
        ):
            return None
        if token.text == "," and roles[place - 1] != "quality":
            return None
        if may_be_unknown and roles[place] == "other" and word not in _DETERMINERS:
            after = tokens[place + 1] if place + 1 < len(tokens) else None
            if after is None or after.text in ".;(" or after.text.lower() in _JOINERS - {"and"}:
                return place + 1
    return None


def _may_stop(reading: Reading, last: int) -> bool:
    """Whether what follows leaves a phrase whole: a mark, a preposition, a verb."""
    after = reading.tokens[last + 1 : last + 2]
    if not after:
        return True
    if not after[0].is_word:
        return after[0].text not in "-–'’/" or after[0].start > reading.tokens[last].end
    return after[0].text.lower() in plain_words("after_a_phrase")


def _is_seen(reading: Reading, first: int, end: int) -> bool:
    """Whether tokens are plainly there, in one piece of print, and a picture can show them."""
    tokens = reading.tokens[first:end]
    text = reading.text[tokens[0].start : tokens[-1].end]
    if re.search(r"[;:()\[\]]|  |\n", text) or asks_beyond_picture(text) or tells_course(text):
        return False
    for token in tokens:
        word = token.text.lower()
        if word in PERSON_WORDS or token.key in GROUP_KEYS or word in ("patient", "patients"):
            return False
        if token.is_word and reading.status_at(token) != "present":
            return False
        if token.number is not None and token.text[0].isdecimal():
            return False
    return True


def find_own_sentences(reading: Reading) -> tuple[str, ...]:
    """Return the caption's whole sentences that say of the picture what is there to be seen.

    >>> from mmskin_build.vqa.reading import read_text
    >>> find_own_sentences(read_text("Papules. The surface is scaly. They healed."))
    ('The surface is scaly.',)
    """
    found = []
    for start, end in reading.sentences:
        text = reading.text[start:end].strip()
        if (
            text.endswith(".")
            and len(text.split()) <= _MOST_SENTENCE
            and _WHOLE.match(text)
            and not _NOT_OF_IT.search(text)
            and not re.search(r"  |\n", text)
            and not asks_beyond_picture(text)
            and not tells_course(text)
            and _says_something(reading, start, end)
        ):
            found.append(text)
    return tuple(found)


_SEEN_KINDS = frozenset(
    {
        "lesion",
        "surface",
        "color",
        "border",
        "dermoscopic structure",
        "histologic structure",
        "cell",
    }
)


def _says_something(reading: Reading, start: int, end: int) -> bool:
    inside = [s for s in reading.said if start <= s.mention.start < end]
    known = any(s.mention.term.kind in _SEEN_KINDS for s in inside)
    return known and all(s.status == "present" for s in inside)
