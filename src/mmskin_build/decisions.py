"""A person's decisions: one line each, and which of many hold.

What a decision is about is told by content, so that it survives a rebuild that numbers anew. The
latest wins; what was taken back does not count.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from typing import Literal

from mmskin_build.geometry import Bbox

DecisionField = Literal[
    "figure",
    "modality",
    "annotated",
    "sensitive",
    "demographics",
    "duplicate",
    "qa",
    "sample",
    "undo",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionPlace:
    """A caption by where it is printed; `text` is as found there, without its `label`."""

    page_index: int
    bbox: Bbox
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelVerdict:
    """A panel as a person drew or named it; `text` is its part of the caption, None to find it."""

    bbox: Bbox
    label: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of ``manual_review/decisions/<reviewer>.jsonl``: a person's verdict.

    What it is about is told by content, never by a number that a rebuild may change: a picture by
    `image_sha256` (and `other_sha256`, for two pictures), a figure by `book_sha256`, `page_index`
    and `bbox` (points), questions and answers by their words. A figure also has the `image_sha256`
    of its first picture, and everything its `book_id`, so that what a new file of a book has kept
    is found, and what it has changed is asked again. `record_id` is for readers only.
    `value` is the choice in a word; what a choice needs beside is in `details`, `caption`, `panels`
    and `boxes` (pixels of the picture, origin top left). `ground` is the digest of what the
    reviewer saw. `made_on` is the id of the decision that was in force then, "" for none;
    `overrides` says that the reviewer knew it and decided otherwise. A line of the field `undo`
    takes back the decision that `undoes` names. `known` is the answer of a case that was mixed in
    to measure attention; such a line decides nothing. `proposed` is what the program had chosen,
    `seconds` how long the reviewer took.
    """

    id: str
    field: DecisionField
    value: str
    reviewer: str
    decided_at: str
    ground: str = ""
    image_sha256: str | None = None
    other_sha256: str | None = None
    book_sha256: str | None = None
    book_id: str | None = None
    page_index: int | None = None
    bbox: Bbox | None = None
    question: str | None = None
    answer: str | None = None
    record_id: str | None = None
    details: dict[str, str] = _field(default_factory=dict)
    caption: CaptionPlace | None = None
    panels: tuple[PanelVerdict, ...] = ()
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    made_on: str = ""
    overrides: bool = False
    undoes: str | None = None
    known: str | None = None
    proposed: str | None = None
    seconds: float | None = None
    note: str = ""


#: Fields that are about one picture, whatever figure it belongs to.
PICTURE_FIELDS = ("modality", "annotated", "sensitive", "demographics", "sample")
_KEY_LENGTH = 24  # hexadecimal digits


def content_key(
    field: DecisionField,
    *,
    image_sha256: str | None = None,
    other_sha256: str | None = None,
    book_sha256: str | None = None,
    page_index: int | None = None,
    bbox: Bbox | None = None,
    question: str | None = None,
    answer: str | None = None,
) -> str:
    """Return the name of what a decision of `field` is about, equal for equal content."""
    parts: tuple[object, ...]
    if field in PICTURE_FIELDS:
        parts = (image_sha256,)
    elif field == "duplicate":
        parts = tuple(sorted((image_sha256 or "", other_sha256 or "")))
    elif field == "qa":
        parts = (image_sha256, question, answer)
    else:
        parts = (book_sha256, page_index, None if bbox is None else tuple(bbox.rounded(0)))
    text = "\0".join([field, *map(repr, parts)])
    return f"{field}-{hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]}"


def key_of(decision: Decision) -> str:
    """Return the `content_key` of a decision."""
    return content_key(
        decision.field,
        image_sha256=decision.image_sha256,
        other_sha256=decision.other_sha256,
        book_sha256=decision.book_sha256,
        page_index=decision.page_index,
        bbox=decision.bbox,
        question=decision.question,
        answer=decision.answer,
    )


def ground_digest(*parts: object) -> str:
    """Return the digest of what a reviewer sees: texts, numbers and boxes, in this order."""
    text = "\0".join(
        repr(tuple(part.rounded(0))) if isinstance(part, Bbox) else repr(part) for part in parts
    )
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def undone_ids(decisions: Iterable[Decision]) -> frozenset[str]:
    """Return the ids of the decisions that were taken back."""
    return frozenset(d.undoes for d in decisions if d.field == "undo" and d.undoes)


def latest(decisions: Sequence[Decision]) -> Decision | None:
    """Return the one of several decisions about one thing that holds.

    One that was made in the knowledge of another comes after it, whatever their clocks say; else
    the time stamp decides, and the id where these are equal.
    """
    superseded = {d.made_on for d in decisions if d.made_on}
    last = [d for d in decisions if d.id not in superseded] or list(decisions)
    return max(last, key=lambda d: (d.decided_at, d.id), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The decisions about one thing that were not taken back, the one that holds among them."""

    holds: Decision
    all: tuple[Decision, ...]

    @property
    def by_reviewer(self) -> Mapping[str, Decision]:
        """The last decision of each reviewer."""
        found: dict[str, list[Decision]] = defaultdict(list)
        for decision in self.all:
            found[decision.reviewer].append(decision)
        return {name: last for name in sorted(found) if (last := latest(found[name]))}

    @property
    def is_disputed(self) -> bool:
        """Whether reviewers decided differently and nobody settled it knowingly."""
        values = {verdict_of(d) for d in self.by_reviewer.values()}
        return len(values) > 1 and not self.holds.overrides


def verdict_of(decision: Decision) -> str:
    """Return a decision's verdict in one comparable text, the way to it left out."""
    parts = [decision.value, *(f"{k}={v}" for k, v in sorted(decision.details.items()))]
    if decision.caption is not None:
        parts.append(f"caption={decision.caption.page_index} {decision.caption.text}")
    parts += [f"panel={p.label} {p.text} {p.bbox.rounded(0)}" for p in decision.panels]
    return "|".join(parts)


def standing_decisions(decisions: Iterable[Decision]) -> dict[str, Standing]:
    """Return by `key_of` what was decided and holds; known cases and lines of undoing left out."""
    given = tuple(decisions)
    undone = undone_ids(given)
    found: dict[str, list[Decision]] = defaultdict(list)
    for decision in given:
        if decision.field != "undo" and decision.known is None and decision.id not in undone:
            found[key_of(decision)].append(decision)
    return {
        key: Standing(holds=holds, all=tuple(some))
        for key, some in sorted(found.items())
        if (holds := latest(some)) is not None
    }


def verdict_on_answer(
    standing: Mapping[str, Standing],
    *,
    image_sha256: str,
    question: str,
    answer: str,
    caption: str,
) -> Decision | None:
    """Return what was decided about a question and its answer, None where nothing holds now.

    Its `value` is accepted, changed (`details` has the new `question` and `answer`) or rejected
    (`details` has the `reason`). A verdict given on another caption does not hold.
    """
    key = content_key("qa", image_sha256=image_sha256, question=question, answer=answer)
    found = standing.get(key)
    if found is None or found.holds.ground != ground_digest(caption):
        return None
    return found.holds
