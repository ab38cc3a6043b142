"""Other diseases of the same group, to choose from or to deny."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from mmskin_build.vqa.book_terms import HEADING, INDEX
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.findings import Findings
from mmskin_build.vqa.relations import load_relations
from mmskin_build.vqa.rules import is_diagnosis
from mmskin_build.vqa.vocabulary import load_vocabulary
from mmskin_build.vqa.wordings import sentence, wordings
from mmskin_build.vqa.words import find_words, key_of

_MOST_OPTIONS = 4


_LETTERS = "ABCD"


# Words that names of different diseases share.
_SHARED = frozenset(
    key_of(word)
    for word in (
        "disease",
        "syndrome",
        "skin",
        "cutaneous",
        "of",
        "the",
        "cell",
        "lichen",
        "tinea",
        "pityriasis",
        "erythema",
    )
)


_NO_CHOICE = (HEADING, INDEX, "other skin disease", "artefact")


def distractors(found: Findings, count: int) -> list[str]:
    """Return diseases of the same group that the caption names in no way, drawn by the id."""
    if found.diagnosis is None:
        return []
    own = found.diagnosis[1].mention.term
    if own.group in _NO_CHOICE:
        return []
    text = found.told.text.lower()
    words = _keys(own.name) | _keys(found.diagnosis[0])
    broad = load_relations().broad
    if own.name in broad:
        return []
    like = [
        t.name
        for t in load_vocabulary().groups.get(("diagnosis", own.group), ())
        if t.name != own.name
        and t.name.lower() not in text
        and t.name not in broad
        and not words & _keys(t.name)
        and not any(s.mention.term == t for s in found.told.reading.said)
    ]
    return sorted(like, key=lambda name: number_of(found.told.record.id, name))[:count]


def build_choices(found: Findings) -> Iterator[Candidate]:
    """The diagnosis among diseases of its group, in an order that the record's id decides."""
    others = distractors(found, _MOST_OPTIONS - 1)
    if found.diagnosis is None or len(others) < _MOST_OPTIONS - 1:
        return
    name = found.diagnosis[0]
    names = sorted([name, *others], key=lambda n: number_of(found.told.record.id, f"order {n}"))
    options = ", ".join(f"({letter}) {n}" for letter, n in zip(_LETTERS, names, strict=True))
    letter = _LETTERS[names.index(name)]
    yield Candidate(
        kind="choice",
        topic="choice",
        questions=wordings("choice", plural=False, options=options),
        answers=(f"({letter}) {sentence(is_diagnosis(found))}",),
    )


def _keys(name: str) -> set[str]:
    return {token.key for token in find_words(name) if token.is_word} - _SHARED


def number_of(record_id: str, purpose: str) -> int:
    """Return a number that a record's id and a purpose decide."""
    digest = hashlib.sha256(f"{record_id}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
