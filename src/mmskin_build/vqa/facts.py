"""A caption becomes facts: what is told, where it stands, and whether it is denied or in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.records import TextEvidence
from mmskin_build.text.terms import find_terms
from mmskin_build.vqa.assertion import Status
from mmskin_build.vqa.reading import Reading, read_text
from mmskin_build.vqa.vocabulary import Kind, Vocabulary

FactKind = Literal[
    "diagnosis", "differential", "morphology", "surface", "arrangement", "color", "border", "size",
    "site", "distribution", "age", "sex", "course", "stain", "magnification", "modality",
    "dermoscopic structure", "histologic structure", "cell", "level", "deposit", "organism",
    "count", "measure", "panel", "comparison",
]  # fmt: skip
_OF_TERM: dict[Kind, FactKind] = {
    "diagnosis": "diagnosis", "lesion": "morphology", "surface": "surface", "color": "color",
    "arrangement": "arrangement", "border": "border", "distribution": "distribution",
    "site": "site", "dermoscopic structure": "dermoscopic structure",
    "histologic structure": "histologic structure", "cell": "cell", "level": "level",
    "deposit": "deposit", "organism": "organism", "modality": "modality", "course": "course",
    "size": "size",
}  # fmt: skip
_COMPARED = ("before", "after", "compared", "contrast", "same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that a caption tells.

    `name` and `group` are the vocabulary's ("" outside of it), `value` is as printed, `evidence`
    has its characters in the caption. `panel` is the letter of the panel whose words they are.
    """

    kind: FactKind
    name: str
    value: str
    status: Status
    evidence: TextEvidence
    group: str = ""
    panel: str | None = None


def find_facts(caption: str, vocabulary: Vocabulary | None = None) -> tuple[Fact, ...]:
    """Find what a caption tells, in the order of its words.

    >>> [(f.kind, f.value, f.status) for f in find_facts("Lichen planus, no scale.")]
    [('diagnosis', 'Lichen planus', 'present'), ('surface', 'scale', 'absent')]
    """
    reading = read_text(caption, vocabulary)
    spans = panel_spans(caption)
    found = [*_of_terms(reading), *_of_making(caption), *_of_person(reading), *_of_numbers(reading)]
    found += _of_panels(caption, spans)
    found += _of_comparison(reading)
    placed = [_with_panel(fact, spans) for fact in found]
    return tuple(sorted(placed, key=lambda f: (f.evidence.start, f.evidence.end, f.kind)))


def panel_spans(caption: str) -> tuple[tuple[str, int, int], ...]:
    """Return the letter (or place) of each panel with the characters of its words."""
    divided = split_caption(caption)
    spans: list[tuple[str, int, int]] = []
    for label, text in divided.parts.items():
        start = caption.find(text)
        if start >= 0 and text:
            spans.append((label, start, start + len(text)))
    return tuple(spans)


def _of_terms(reading: Reading) -> Iterator[Fact]:
    for item in reading.said:
        mention = item.mention
        kind = _OF_TERM[mention.term.kind]
        if kind == "diagnosis" and item.status == "other":
            kind = "differential"
        yield Fact(
            kind=kind,
            name=mention.term.name,
            value=reading.text[mention.start : mention.end],
            status=item.status,
            evidence=TextEvidence(start=mention.start, end=mention.end, field=kind),
            group=mention.term.group,
        )


def _of_making(caption: str) -> Iterator[Fact]:
    for term in find_terms(caption):
        if term.kind in ("stain", "magnification"):
            yield Fact(
                kind="stain" if term.kind == "stain" else "magnification",
                name=term.value,
                value=caption[term.start : term.end],
                status="present",
                evidence=TextEvidence(start=term.start, end=term.end, field=term.kind),
            )


def _of_person(reading: Reading) -> Iterator[Fact]:
    found = reading.demographics
    for item in found.evidence:
        kind: FactKind = "sex" if item.field == "sex" else "age"
        name = str(found.sex if kind == "sex" else getattr(found, item.field, ""))
        yield Fact(
            kind=kind,
            name=name,
            value=reading.text[item.start : item.end],
            status="present",
            evidence=item,
        )


def _of_numbers(reading: Reading) -> Iterator[Fact]:
    for quantity in reading.quantities:
        if quantity.is_age or quantity.unit in ("×", "clock"):
            continue
        kind: FactKind = "measure" if quantity.unit else "count"
        if kind == "count" and quantity.head is None:
            continue
        yield Fact(
            kind=kind,
            name=f"{quantity.value:g} {quantity.unit}".strip(),
            value=reading.text[quantity.start : quantity.end],
            status="present",
            evidence=TextEvidence(start=quantity.start, end=quantity.end, field=kind),
        )


def _of_panels(caption: str, spans: tuple[tuple[str, int, int], ...]) -> Iterator[Fact]:
    for label, start, end in spans:
        yield Fact(
            kind="panel",
            name=label,
            value=caption[start:end],
            status="present",
            evidence=TextEvidence(start=start, end=end, field="panel"),
            panel=label,
        )


def _of_comparison(reading: Reading) -> Iterator[Fact]:
    for token in reading.tokens:
        if token.text.lower() in _COMPARED:
            yield Fact(
                kind="comparison",
                name=token.text.lower(),
                value=token.text,
                status="present",
                evidence=TextEvidence(start=token.start, end=token.end, field="comparison"),
            )


def _with_panel(fact: Fact, spans: tuple[tuple[str, int, int], ...]) -> Fact:
    inside = [label for label, a, b in spans if a <= fact.evidence.start and fact.evidence.end <= b]
    if fact.panel is not None or len(inside) != 1:
        return fact
    return Fact(
        kind=fact.kind,
        name=fact.name,
        value=fact.value,
        status=fact.status,
        evidence=fact.evidence,
        group=fact.group,
        panel=inside[0],
    )
