"""What is asked about a picture's label: open, by yes and no, among labels of the same set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mmskin_build.public.about import LabelKind
from mmskin_build.public.items import PublicItem
from mmskin_build.qa import QAKind
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.wordings import wordings
from mmskin_build.vqa.words import find_words

#: All questions about a label have one topic, so that a picture is asked one of them.
TOPIC = "label"
_LETTERS = "ABCD"
_OPEN: dict[LabelKind, tuple[str, ...]] = {
    "disease": wordings("diagnosis", plural=False),
    "group": (
        "To which group of skin diseases does this picture belong?",
        "Which group of skin diseases is shown?",
        "Name the group of skin diseases that this picture shows.",
        "In which group of diseases would you place this picture?",
        "Can you name the group of skin diseases?",
        "Please name the group of diseases.",
    ),
    "tissue": (
        "Which tissue is shown in this section?",
        "What does this section show?",
        "Name the tissue or tumor in this section.",
        "Can you name what the section shows?",
        "Identify the tissue or tumor that is seen.",
        "Please name the tissue that is seen here.",
    ),
}
_ANSWERS: dict[LabelKind, tuple[str, ...]] = {
    "disease": (
        "The diagnosis is {label}.",
        "This is a case of {label}.",
        "The condition shown is {label}.",
    ),
    "group": ("It belongs to the group {label}.", "The group is {label}."),
    "tissue": ("The section shows {label}.", "It shows {label}."),
}
_YES_NO: dict[LabelKind, tuple[str, ...]] = {
    "disease": (
        "Is the diagnosis {label}?",
        "Does the image show {label}?",
        "Would you diagnose {label}?",
    ),
    "group": (
        "Does the picture belong to the group {label}?",
        "Is the group {label}?",
    ),
    "tissue": ("Does the section show {label}?", "Do you see {label} in this section?"),
}
_SAID: dict[LabelKind, str] = {
    "disease": "the diagnosis is {label}.",
    "group": "it belongs to the group {label}.",
    "tissue": "it shows {label}.",
}
_CHOICE: dict[LabelKind, tuple[str, ...]] = {
    "disease": (),  # the wordings of MM-Skin-O
    "group": (
        "To which of these groups does the picture belong: {options}?",
        "Choose the group of diseases: {options}.",
        "From these groups, choose the one that is shown: {options}.",
    ),
    "tissue": (
        "Which of these does the section show: {options}?",
        "Choose what the section shows: {options}.",
        "Of the following, what is seen in this section: {options}?",
    ),
}
_CHOSEN: dict[LabelKind, str] = {
    "disease": "({letter}) The diagnosis is {label}.",
    "group": "({letter}) It belongs to the group {label}.",
    "tissue": "({letter}) The section shows {label}.",
}
_KINDS: dict[LabelKind, QAKind] = {
    "disease": "diagnosis", "group": "diagnosis", "tissue": "structure",
}  # fmt: skip


def draw_others(item: PublicItem, labels: Sequence[str], seed: int) -> tuple[str, ...]:
    """Return three other labels of the set to choose from, fewer if there are no more.

    A label whose words are all in the picture's own, or the other way round ("melanoma in situ"),
    is none: it would not be wrong.
    """
    own = words_of(item.label)
    apart = [
        label
        for label in labels
        if label != item.label and not (own <= words_of(label) or words_of(label) <= own)
    ]
    return tuple(sorted(apart, key=lambda label: _number(seed, item, label))[: len(_LETTERS) - 1])


def build_label_candidates(
    item: PublicItem, kind: LabelKind, others: Sequence[str], seed: int
) -> tuple[Candidate, ...]:
    """Return the questions about a picture's label.

    Args:
        item: The picture.
        kind: What labels of its set name.
        others: Labels that it does not have, of `draw_others`; empty where that is not known.
        seed: Another number orders the options otherwise.
    """
    label = item.label
    made = [
        Candidate(
            kind=_KINDS[kind],
            topic=TOPIC,
            questions=_OPEN[kind],
            answers=tuple(answer.format(label=label) for answer in _ANSWERS[kind]),
        )
    ]
    if not others:
        return tuple(made)
    said = _SAID[kind].format(label=label)
    made.append(_yes_no(kind, label, f"Yes, {said}", "yes"))
    made.append(_yes_no(kind, others[0], f"No, {said}", "no"))
    if len(others) == len(_LETTERS) - 1:
        order = sorted([label, *others], key=lambda name: _number(seed, item, f"order {name}"))
        options = ", ".join(f"({a}) {name}" for a, name in zip(_LETTERS, order, strict=True))
        words = _CHOICE[kind] or wordings("choice", plural=False, options="{options}")
        letter = _LETTERS[order.index(label)]
        made.append(
            Candidate(
                kind="choice",
                topic=TOPIC,
                questions=tuple(text.format(options=options) for text in words),
                answers=(_CHOSEN[kind].format(letter=letter, label=label),),
            )
        )
    return tuple(made)


def _yes_no(kind: LabelKind, asked: str, answer: str, says: str) -> Candidate:
    return Candidate(
        kind="yes_no",
        topic=TOPIC,
        questions=tuple(text.format(label=asked) for text in _YES_NO[kind]),
        answers=(answer,),
        says=says,
    )


def words_of(label: str) -> frozenset[str]:
    """Return the keys of a label's words, which inflections share."""
    return frozenset(token.key for token in find_words(label) if token.is_word)


def _number(seed: int, item: PublicItem, purpose: str) -> int:
    digest = hashlib.sha256(f"{seed}\n{item.set}/{item.image}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
