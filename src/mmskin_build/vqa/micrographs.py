"""Questions about what a lens shows, structures and cells, and about how a section was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmskin_build.text.terms import TermKind
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.clauses import extend, find_own_sentences
from mmskin_build.vqa.findings import Findings, seen_phrases
from mmskin_build.vqa.phrases import Phrase
from mmskin_build.vqa.rules import own_sentences, shown_with
from mmskin_build.vqa.wordings import listed, sentence, wordings

_MOST_ADDED = 2  # further structures that an answer names after the first clause


def build_of_lenses(found: Findings) -> tuple[Candidate, ...]:
    """Return the questions about structures, cells, stain and magnification."""
    return (*_structures(found), *_cells(found), *_making(found))


def _structures(found: Findings) -> Iterator[Candidate]:
    for modality, kind, topic, subject in (
        ("dermoscopic", "dermoscopic structure", "dermoscopic", "Dermoscopy"),
        ("pathological", "histologic structure", "histologic", "The section"),
    ):
        phrases = seen_phrases(found, kind)
        if not phrases or found.told.modality != modality:
            continue
        text = listed([p.text for p in phrases])
        plain = (f"{subject} shows {text}.", sentence(f"{text} {_are(phrases)} visible"))
        yield Candidate(
            kind="structure",
            topic=topic,
            questions=wordings(topic, plural=True),
            answers=tuple(_told(found, phrases, subject)),
            plain=plain,
        )


def _told(found: Findings, phrases: Sequence[Phrase], subject: str) -> Iterator[str]:
    """Answers with the first clause whole, then what it has not named, then a whole sentence."""
    reading = found.told.reading
    first = extend(reading, phrases[0])
    rest = [p for p in phrases[1:] if not phrases[0].start <= p.start < first.end]
    own = " ".join(own_sentences(found, phrases[0])[:1])
    named = [p for p in rest if p.bare not in own][:_MOST_ADDED]
    also = ""
    if named:
        also = f"There {_are(named[:1])} also {listed([p.text for p in named])}."
    yield " ".join(filter(None, (f"{subject} shows {first.text}.", also, own)))
    if not named and (phrases[0].is_plural or " and " not in first.text):
        be = _are(phrases[:1])
        yield " ".join(filter(None, (sentence(f"{first.text} {be} visible"), own)))


def _cells(found: Findings) -> Iterator[Candidate]:
    cells = [p for p in seen_phrases(found, "cell") if p.is_plural]
    if not cells or found.told.modality != "pathological":
        return
    text = listed([p.text for p in cells])
    plain = (sentence(f"{text} are visible"), f"The section shows {text}.")
    told = extend(found.told.reading, cells[0])
    answers: tuple[str, ...] = plain
    if all(cells[0].start <= p.start < told.end for p in cells):
        answers = (f"There are {told.text}.", f"The section shows {told.text}.")
    whole = [
        text for text in find_own_sentences(found.told.reading)
        if all(p.bare in text for p in cells)
    ]  # fmt: skip
    answers = tuple(whole[:1]) or answers
    questions = tuple(q for q in wordings("cell", plural=False) if "infiltrate" not in q)
    yield Candidate(kind="cell", topic="cell", questions=questions, answers=answers, plain=plain)


def _is_of_another(found: Findings) -> bool:
    """Whether the making that is told may be that of other panels.

    A picture that is labelled as something else, a radiograph, has none.
    """
    told = found.told
    if told.modality == "pathological":
        return False
    label = told.record.modality
    if label is not None and label.value == "other":
        return True
    start, end = told.own
    return told.record.panel_text is not None and not any(
        start <= mention.start < end for mention in told.reading.making
    )


def _are(phrases: Sequence[Phrase]) -> str:
    return "are" if len(phrases) > 1 or phrases[0].is_plural else "is"


def _one(found: Findings, kind: TermKind) -> str | None:
    """The one stain or magnification that a caption tells, None for none or several."""
    values = {mention.value for mention in found.told.reading.told_of(kind)}
    return values.pop() if len(values) == 1 else None


def _making(found: Findings) -> Iterator[Candidate]:
    stain, magnification = _one(found, "stain"), _one(found, "magnification")
    if found.told.modality not in (None, "pathological") or _is_of_another(found):
        return
    shown = shown_with(found) if found.told.modality is not None else None
    if stain is not None:
        immune = any(w in stain for w in ("immuno", "smear", "hydroxide", "ink"))
        answer = f"It is {stain}." if immune else f"The section is stained with {stain}."
        if "immunostain" in stain:
            answer = f"The stain is a {stain}."
            answer = (
                answer.replace(" a S", " an S").replace(" a M", " an M").replace(" a E", " an E")
            )
        told = (f"The section is stained with {stain} and shows {shown.text}.",) if shown else ()
        yield Candidate(
            kind="stain",
            topic="stain",
            questions=wordings("stain", plural=False),
            answers=told if told and answer.startswith("The section") else (answer,),
            plain=(answer,),
        )
    if magnification is not None and "objective" not in magnification:
        plain = (
            f"The magnification is {magnification}.",
            f"The image was taken at {magnification}.",
        )
        yield Candidate(
            kind="magnification",
            topic="magnification",
            questions=wordings("magnification", plural=False),
            answers=plain
            if shown is None
            else (
                f"The magnification is {magnification}, and the image shows {shown.text}.",
                f"The image, which shows {shown.text}, was taken at {magnification}.",
            ),
            plain=plain,
        )
