"""What a yes or a no says beside the words after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.vqa.lookup import (
    GROUP_KEYS,
    PERSON_WORDS,
    SINGLE,
    SPARING,
    Ledger,
    content_tokens,
    find_places,
    find_rival,
    is_shut_out,
    modality_fits,
    says_contrary,
)
from mmskin_build.vqa.owners import find_target
from mmskin_build.vqa.persons import check_group
from mmskin_build.vqa.reading import Reading
from mmskin_build.vqa.slots import ELSEWHERE, offers_choice
from mmskin_build.vqa.words import Token


def check_polarity(
    ledger: Ledger,
    caption: Reading,
    question: Reading,
    answer: Reading,
    said: Literal["yes", "no"],
    start: int,
    modality: str | None,
) -> None:
    """What a question puts forward must be said where the answer is yes, and denied where no."""
    if offers_choice(question.text):
        return
    stains = question.told_of("stain")
    asked = [
        (i, t) for i, t in content_tokens(question)
        if t.number is None and t.text.lower() not in PERSON_WORDS and t.key not in GROUP_KEYS
        and not any(m.start <= t.start < m.end for m in stains)
    ]  # fmt: skip
    if stains and _stain_answered(ledger, caption, {m.value for m in stains}, said):
        return
    found = {t.key: find_places(caption, question, i) for i, t in asked}
    missing = [
        (i, t) for i, t in asked if not found[t.key] and not _modal(caption, question, i, modality)
    ]
    persons = [t for t in question.tokens if t.text.lower() in PERSON_WORDS or t.key in GROUP_KEYS]
    numbers = [q for q in question.quantities]
    negated_question = any(s.status == "absent" for s in question.scopes)
    if said == "yes":
        for index, token in missing:
            item = question.term_at(index)
            term = item.mention.term if item else None
            if says_contrary(caption, token) or (
                term is not None and term.kind in (*SINGLE, "color", "arrangement", "border")
                and find_rival(caption, term) is not None
                and not ELSEWHERE.search(question.text) and not ELSEWHERE.search(answer.text)
            ):  # fmt: skip
                ledger.no("contradiction", f"yes to {token.text!r}, of which the contrary is said")
            elif _is_given_by_answer(question, answer, token, start):
                continue
            else:
                ledger.no("unsupported", f"yes to {token.text!r}, which is not said")
        for _index, token in asked:
            places = found[token.key]
            if (
                places
                and all(caption.status_at(p) == "absent" for p in places)
                and not negated_question
                and token.key not in SPARING
            ):
                ledger.no("contradiction", f"yes to {token.text!r}, which is denied")
        _check_question_person(ledger, caption, persons)
        return
    if negated_question or (modality is not None and _modality_shut(caption, question, modality)):
        return
    denied = any(p and any(caption.status_at(q) == "absent" for q in p) for p in found.values())
    shut = any(
        is_shut_out(caption, item.mention.term if (item := question.term_at(i)) else None, t)
        for i, t in missing
    )
    if persons or numbers:
        shut = shut or _person_shut_out(caption, persons) or bool(numbers)
    if denied or shut:
        return
    if asked and not missing and not persons and not numbers:
        if _owner_denied(caption, question):
            return
        ledger.no("contradiction", "no to what is said")
    elif (missing or not asked) and not _modality_shut(caption, question, modality):
        ledger.no("unsupported", "no to what is neither said nor denied")


def _stain_answered(
    ledger: Ledger, caption: Reading, asked: set[str], said: Literal["yes", "no"]
) -> bool:
    """Whether a question of a stain has been settled by what the caption says of stains."""
    known = {m.value for m in caption.told_of("stain")}
    if not known:
        ledger.no("unsupported", "the stain is not said")
    elif (said == "yes") != bool(asked & known):
        ledger.no("contradiction", f"the stain is {min(known)}")
    return True


def _modal(caption: Reading, question: Reading, index: int, modality: str | None) -> bool:
    item = question.term_at(index)
    return (
        item is not None
        and item.mention.term.kind == "modality"
        and modality_fits(caption, item.mention.term, modality)
    )


def _modality_shut(caption: Reading, question: Reading, modality: str | None) -> bool:
    known = modality or find_modality_words(caption.text).vote
    asked = {s.mention.term.group for s in question.said if s.mention.term.kind == "modality"}
    return known is not None and bool(asked) and known not in asked


def _owner_denied(caption: Reading, question: Reading) -> bool:
    """Whether all words are there, but the quality asked for is said of another thing."""
    for quality, thing in question.owners:
        owners = caption.owner_keys(question.tokens[quality].key)
        if owners and question.tokens[thing].key not in owners:
            return True
    target = find_target(question, caption)
    if target is None:
        return False
    for _, token in content_tokens(question):
        owners = caption.owner_keys(token.key)
        if owners and target not in owners and token.key != target:
            return True
    return False


def _is_given_by_answer(question: Reading, answer: Reading, token: Token, start: int) -> bool:
    """Whether the answer itself repeats the word, so that it has been looked up already."""
    return any(t.key == token.key and t.start >= start for t in answer.tokens)


def _check_question_person(ledger: Ledger, caption: Reading, persons: Sequence[Token]) -> None:
    known = caption.demographics
    for token in persons:
        sex = PERSON_WORDS.get(token.text.lower())
        if sex is not None and known.sex not in (sex, "both"):
            kind: Literal["contradiction", "unsupported"] = (
                "unsupported" if known.sex is None else "contradiction"
            )
            ledger.no(kind, f"the sex {sex} is not said")
        group = GROUP_KEYS.get(token.key)
        if group is not None and group != "minor":
            check_group(ledger, caption, token, group, denied=False)


def _person_shut_out(caption: Reading, persons: Sequence[Token]) -> bool:
    known = caption.demographics
    for token in persons:
        sex = PERSON_WORDS.get(token.text.lower())
        if sex is not None and known.sex not in (None, "both", sex):
            return True
        group = GROUP_KEYS.get(token.key)
        if group not in (None, "minor") and known.age_group not in (None, group):
            return True
    return False
