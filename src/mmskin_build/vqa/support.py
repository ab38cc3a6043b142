"""Does the answer follow from the caption? Each content word, number, negation and side counts.

A word of the answer is supported if the caption has it, inflected or as a name of the same notion,
said of the same thing with the same negation. What the caption says otherwise is a contradiction:
the contrary of the word, its denial, or another value of what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmskin_build.records import TextEvidence
from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.vqa.lookup import (
    GROUP_KEYS,
    PERSON_WORDS,
    SINGLE,
    SPARING,
    Ledger,
    Problem,
    content_tokens,
    find_other_relation,
    find_places,
    find_rival,
    is_decade,
    is_shut_out,
    modality_fits,
    says_contrary,
)
from mmskin_build.vqa.owners import check_laterality, check_owners, check_sides
from mmskin_build.vqa.persons import check_person, check_quantities
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.slots import (
    ELSEWHERE,
    OPTION,
    SLOT_KINDS,
    is_yes_no,
    offers_choice,
    polarity,
    slot_of,
    without_polarity,
)
from mmskin_build.vqa.words import Token, key_of
from mmskin_build.vqa.yes_answers import check_polarity

_PANEL_WORDS = frozenset(
    key_of(w) for w in ("panel", "part", "picture", "image", "photograph", "and")
)


_AGE = key_of("age")
_MOST_COUNTED = 2  # up to which number words are looked up as words, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What was found: problems in words, and the caption's characters that carry the answer."""

    problems: tuple[Problem, ...] = ()
    evidence: tuple[TextEvidence, ...] = ()
    doubt: str | None = None


def find_support(
    caption: Reading, question: Reading, answer: Reading, *, modality: str | None = None
) -> Support:
    """Look up everything that an answer says in the caption.

    Args:
        caption: What is known, or the named panel's part of it.
        question: What was asked.
        answer: The whole answer.
        modality: What the picture is, where that is known from elsewhere.
    """
    ledger = Ledger()
    said = polarity(answer.text)
    start = len(answer.text) - len(without_polarity(answer.text))
    slot = slot_of(question.text)
    asks_yes_no = is_yes_no(question.text)
    check_quantities(ledger, caption, question, answer, slot)
    check_person(ledger, caption, answer, slot, start)
    stained = _check_stain(ledger, caption, answer)
    wanted = SLOT_KINDS.get(slot, frozenset())
    for index, token in content_tokens(answer, start):
        if token.number is not None and (not token.text.isalpha() or token.number > _MOST_COUNTED):
            continue  # compared as a number
        if any(q.unit and q.start <= token.start < q.unit_end for q in answer.quantities):
            continue  # "20-fold": the number's unit
        if len(token.text) == 1 and (offers_choice(question.text) or _is_letter(answer, index)):
            continue
        if token.text.lower() in PERSON_WORDS or token.key in GROUP_KEYS or is_decade(token):
            continue
        if token.text.lower() == "group" and answer.tokens[index - 1].key == _AGE:
            continue
        if any(first <= token.start and token.end <= last for first, last in stained):
            continue
        if said is None and not asks_yes_no and _is_frame(question, answer, index):
            continue
        _check_token(
            ledger, caption, question, answer, index, token,
            wanted=wanted, asks_yes_no=asks_yes_no, modality=modality,
        )  # fmt: skip
    check_owners(ledger, caption, question, answer, start)
    check_sides(ledger, caption, question, answer, start)
    check_laterality(ledger, caption, question, answer, said, start)
    other = find_other_relation(caption, answer, start)
    if other is not None and said != "no":
        ledger.no("contradiction", f"{other[0]} it, where the caption has it {other[1]}")
    if said is not None:
        check_polarity(ledger, caption, question, answer, said, start, modality)
    elif asks_yes_no and not _has_content(answer, 0):
        ledger.no("unsupported", "neither yes nor no")
    doubt = _overclaim(ledger, caption, answer, start)
    return Support(
        problems=tuple(ledger.problems), evidence=tuple(_merged(ledger.evidence)), doubt=doubt
    )


_VERB = re.compile(r"(?:ed|s|ing|ate|ain|ie)$")


def _is_frame(question: Reading, answer: Reading, index: int) -> bool:
    """Whether a word is the verb that the question lent: "Which cells predominate?".

    A word of an option is none, though it may end like a verb: "(A) nevus".
    """
    token = answer.tokens[index]
    if answer.term_at(index) is not None or not token.text.islower():
        return False
    options = [match.span(2) for match in OPTION.finditer(question.text)]
    lent = [
        t
        for t in question.tokens
        if t.key == token.key and not any(start <= t.start < end for start, end in options)
    ]
    return any(_VERB.search(t.text) or _VERB.search(token.text) for t in lent)


def _is_letter(reading: Reading, index: int) -> bool:
    """Whether a word is the letter of a panel: "panel b", "(b)"."""
    before = reading.tokens[index - 1] if index else None
    return before is not None and (before.key in _PANEL_WORDS or before.text == "(")


def _check_token(
    ledger: Ledger,
    caption: Reading,
    question: Reading,
    answer: Reading,
    index: int,
    token: Token,
    *,
    wanted: frozenset[str],
    asks_yes_no: bool,
    modality: str | None,
) -> None:
    item = answer.term_at(index)
    denied = answer.status_at(token) == "absent"
    places = find_places(caption, answer, index)
    if places:
        statuses = {caption.status_at(place) for place in places}
        spared = token.key in SPARING
        if not denied and statuses == {"absent"} and not spared:
            if _is_of_denied(caption, answer, index, places):
                return
            ledger.no("contradiction", f"{token.text!r} is denied")
        elif (
            denied
            and "absent" not in statuses
            and statuses & {"present", "uncertain"}
            and not spared
        ):
            if not _denied_with_others(caption, answer, token, places):
                ledger.no("contradiction", f"{token.text!r} is there")
        elif (
            not denied
            and statuses == {"other"}
            and (
                (item is not None and item.mention.term.kind == "diagnosis")
                or ("diagnosis" in wanted and not asks_yes_no)
            )
        ):
            ledger.no("contradiction", f"{token.text!r} is said of something else")
        ledger.evidence += [
            TextEvidence(start=p.start, end=p.end, field=token.text.lower()) for p in places[:1]
        ]
        return
    if item is not None and item.mention.term.kind == "modality":
        if modality_fits(caption, item.mention.term, modality):
            return
        known = modality or find_modality_words(caption.text).vote
        if known is not None and not denied:
            ledger.no("contradiction", f"the picture is {known}")
            return
    if denied and asks_yes_no and is_shut_out(caption, item.mention.term if item else None, token):
        return
    if says_contrary(caption, token):
        ledger.no("contradiction", f"the contrary of {token.text!r} is said")
        return
    if item is None:
        ledger.no("unsupported", f"{token.text!r} is not said")
        return
    term = item.mention.term
    rival = find_rival(caption, term)
    asked = term.kind in wanted
    more = ELSEWHERE.search(question.text) or ELSEWHERE.search(answer.text)
    alone = term.kind in SINGLE and not more and not denied
    if (
        rival is not None
        and not denied
        and ((asked and not asks_yes_no) or alone)
        or (
            rival is not None
            and not denied
            and asks_yes_no
            and term.kind in ("color", "arrangement", "border")
        )
    ):
        ledger.no("contradiction", f"{term.name!r}, where {rival.name!r} is said")
    else:
        ledger.no("unsupported", f"{token.text!r} is not said")


def _denied_with_others(
    caption: Reading, answer: Reading, token: Token, places: Sequence[Token]
) -> bool:
    """Whether a word only names what is denied of it: "no ulceration of the plaque"."""
    scope = next(
        (s for s in answer.scopes if s.status == "absent" and s.start <= token.start <= s.end), None
    )
    if scope is None:
        return False
    inside = [
        (i, t) for i, t in content_tokens(answer) if scope.start <= t.start and t.end <= scope.end
    ]
    for index, other in inside:
        if other is token:
            continue
        found = find_places(caption, answer, index)
        if found and any(caption.status_at(p) == "absent" for p in found):
            return True
    return False


def _is_of_denied(caption: Reading, answer: Reading, index: int, places: Sequence[Token]) -> bool:
    """Whether a word says what something denied would be of: "no invasion of the dermis".

    The caption must deny both in one.
    """
    scopes = [
        scope for scope in caption.scopes
        if scope.status == "absent" and any(scope.start <= p.start <= scope.end for p in places)
    ]  # fmt: skip
    for place in range(index - 1, -1, -1):
        before = answer.tokens[place]
        if before.text.lower() in ("of", "in", "on", "at", "the", "a", "an", "within"):
            continue
        if answer.status_at(before) != "absent":
            return False
        return any(
            scope.start <= found.start <= scope.end
            for found in find_places(caption, answer, place)
            for scope in scopes
        )
    return False


def _check_stain(ledger: Ledger, caption: Reading, answer: Reading) -> list[tuple[int, int]]:
    """Compare the stains; return the characters of the answer that were settled by that."""
    told = answer.told_of("stain")
    known = caption.told_of("stain")
    for mention in told:
        same = [m for m in known if m.value == mention.value]
        if same:
            ledger.evidence.append(
                TextEvidence(start=same[0].start, end=same[0].end, field="stain")
            )
        elif known:
            ledger.no("contradiction", f"the stain is {known[0].value}")
        else:
            ledger.no("unsupported", "the stain is not said")
    return [(m.start, m.end) for m in told]


def _has_content(reading: Reading, start: int) -> bool:
    return any(True for _ in content_tokens(reading, start))


def _overclaim(ledger: Ledger, caption: Reading, answer: Reading, start: int) -> str | None:
    """A diagnosis that the caption doubts may not be told as certain."""
    doubts = re.compile(
        r"\b(?:possibl|probabl|suspect|likely|suggest|presum|may|might|could|query|differential"
        r"|resembl|compatible|consistent)",
        re.IGNORECASE,
    )
    for item in answer.said:
        if item.mention.start < start or item.mention.term.kind != "diagnosis":
            continue
        same = [s for s in caption.said if s.mention.term == item.mention.term]
        if same and all(s.status == "uncertain" for s in same) and not doubts.search(answer.text):
            ledger.no("unsupported", f"{item.mention.term.name!r} is only suspected")
        elif same and all(s.status == "past" for s in same):
            return f"{item.mention.term.name!r} may be of the past"
    return None


def _merged(evidence: Sequence[TextEvidence]) -> Iterator[TextEvidence]:
    seen: set[tuple[int, int, str]] = set()
    for item in sorted(evidence, key=lambda e: (e.start, e.end, e.field)):
        key = (item.start, item.end, item.field)
        if key not in seen:
            seen.add(key)
            yield item
