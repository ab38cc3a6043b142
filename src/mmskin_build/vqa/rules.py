"""Facts become questions and answers, by rule: the backend that needs no model and no network.

An answer is a whole sentence around the caption's own words. A question is asked only of what the
caption says plainly: what it denies, doubts, compares or tells of another place or time is left
out, but for a denial itself, which makes a question whose answer is no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmskin_build.dataset.mmskin_d import describe_age
from mmskin_build.qa import QAKind
from mmskin_build.text.terms import TermKind
from mmskin_build.vqa.facts import panel_spans
from mmskin_build.vqa.findings import (
    LESIONS,
    Findings,
    find_findings,
    is_lesion,
    said_of_things,
    seen_phrases,
)
from mmskin_build.vqa.phrases import (
    Phrase,
    Place,
)
from mmskin_build.vqa.reading import Said
from mmskin_build.vqa.told import Told
from mmskin_build.vqa.wordings import listed, sentence, wordings

MODALITY_NAMES = {
    "clinical": "a clinical photograph",
    "dermoscopic": "a dermoscopic image",
    "pathological": "a histopathological image",
}


_COMPARED = frozenset({"lesion", "dermoscopic structure", "histologic structure"})


_MICROSCOPIC = frozenset({"histologic structure", "cell"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question that the facts allow, in several wordings, with its answers in several wordings.

    `topic` names what is asked, so that it is asked once. `says` is set for yes-or-no questions.
    `parent` is the topic that must be asked before, for a question that refers to it.
    """

    kind: QAKind
    topic: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    says: str | None = None
    parent: str | None = None


def build_candidates(told: Told) -> tuple[Candidate, ...]:
    """Return every question that the facts allow; what to ask is chosen later."""
    found = find_findings(told)
    made: list[Candidate] = []
    for maker in (
        _diagnosis, _modality, _morphology, _site, _qualities, _count, _microscopy, _making,
        _person, _description, _comparison,
    ):  # fmt: skip
        made += maker(found)
    return tuple(made)


def _diagnosis(found: Findings) -> Iterator[Candidate]:
    if found.diagnosis is None:
        return
    name = found.diagnosis[0]
    yield Candidate(
        kind="diagnosis",
        topic="diagnosis",
        questions=wordings("diagnosis", plural=False),
        answers=(
            f"The diagnosis is {name}.",
            f"This is a case of {name}.",
            f"The condition shown is {name}.",
        ),
    )


def _modality(found: Findings) -> Iterator[Candidate]:
    name = MODALITY_NAMES.get(found.told.modality or "")
    if name is not None:
        yield Candidate(
            kind="modality",
            topic="modality",
            questions=wordings("modality", plural=False),
            answers=(f"This is {name}.", f"It is {name}.", f"The image is {name}."),
        )


def described(found: Findings, phrase: Phrase) -> str:
    """Return a lesion with what it goes with: "papules with Wickham striae"."""
    reading = found.told.reading
    text, end, plural = phrase.text, phrase.end, phrase.is_plural
    joined = [text]
    for other in found.phrases:
        between = reading.text[end : other.start].lower().strip()
        if other.start <= end:
            continue
        if between == "and" and other.head.mention.term.kind in LESIONS and len(joined) < 2:
            joined.append(other.text)
            end = other.end
        elif between == "with" and other.head.mention.term.kind in (
            "surface", "dermoscopic structure", "lesion",
        ):  # fmt: skip
            joined[-1] += f" with {other.text}"
            end = other.end
            break
        else:
            break
    return " and ".join(joined) if plural or len(joined) < 2 else " and ".join(joined)


def _morphology(found: Findings) -> Iterator[Candidate]:
    phrase = found.main
    if phrase is None or phrase.head.mention.term.group == "any lesion" and not phrase.has_quality:
        return
    if found.told.modality == "pathological":
        return
    text = described(found, phrase)
    be = "are" if phrase.is_plural else "is"
    yield Candidate(
        kind="morphology",
        topic="morphology",
        questions=wordings("morphology", plural=phrase.is_plural),
        answers=(
            f"There {be} {text}.",
            f"The image shows {text}.",
            sentence(f"{text} {_seen(text, be)}"),
        ),
    )


def _seen(text: str, be: str) -> str:
    return f"{'are' if ' and ' in text and be == 'is' and ' with ' not in text else be} visible"


def _subject(found: Findings, place: Place) -> tuple[str, bool] | None:
    """Return the thing that is said to be at a place, where the words stand beside it."""
    best: Phrase | None = None
    for phrase in found.phrases:
        if (
            phrase.end <= place.start
            and phrase.head.mention.term.kind in LESIONS
            and is_lesion(phrase)
        ):
            best = phrase
    if best is None:
        return None
    between = found.told.reading.text[best.end : place.start].lower().split()
    if len(between) == 1 and between[0] in ("on", "over", "in", "at", "around", "along", "of"):
        return best.noun, best.is_plural
    return None


def _site(found: Findings) -> Iterator[Candidate]:
    if not found.places or found.told.modality == "pathological":
        return
    place = found.places[0]
    subject = _subject(found, place)
    answers: tuple[str, ...]
    if subject is not None:
        noun, plural = subject
        be = "are" if plural else "is"
        answers = (f"The {noun} {be} {place.text}.", sentence(affected(place)))
    else:
        noun, plural = "skin change", False
        answers = (sentence(affected(place)),)
    words = wordings("site", plural=plural, noun=noun)
    if subject is None:
        words = tuple(w for w in words if "skin change" not in w)
    yield Candidate(kind="site", topic="site", questions=words, answers=answers)
    if subject is not None and found.main is not None and subject[0] == found.main.noun:
        be = "are" if plural else "is"
        they = "they" if plural else "it"
        yield Candidate(
            kind="follow_up",
            topic="site",
            questions=wordings("follow_site", plural=plural),
            answers=(sentence(f"{they} {be} {place.text}"),),
            parent="morphology",
        )


def affected(place: Place) -> str:
    """Return "the left cheek is affected" for a place."""
    bare = place.bare
    if not bare.lower().startswith(("the ", "both ")):
        bare = f"the {bare}"
    return f"{bare} {'are' if place.is_plural else 'is'} affected"


def _qualities(found: Findings) -> Iterator[Candidate]:
    """Color, shape, arrangement and border of things of which the caption says them."""
    for (noun, plural), said in said_of_things(found).items():
        be = "are" if plural else "is"
        for kind, slot in (
            ("color", "color"),
            ("arrangement", "shape"),
            ("arrangement", "grouping"),
            ("border", "border"),
        ):
            values = [
                text
                for text, item in said
                if item.mention.term.kind == kind and _slot(item) == slot
            ]
            if not values or (slot == "grouping" and not plural) or len(values) > 2:
                continue
            value = listed(list(dict.fromkeys(values)))
            qa_kind: QAKind = (
                "color" if kind == "color" else "border" if kind == "border" else "arrangement"
            )
            yield Candidate(
                kind=qa_kind,
                topic=f"{slot} {noun}",
                questions=wordings(slot, plural=plural, noun=noun),
                answers=(f"The {noun} {be} {value}.",),
            )
            if slot == "color" and found.main is not None and noun == found.main.noun:
                they = "they" if plural else "it"
                yield Candidate(
                    kind="follow_up",
                    topic=f"color {noun}",
                    questions=wordings("follow_color", plural=plural),
                    answers=(sentence(f"{they} {be} {value}"),),
                    parent="site",
                )


def _slot(item: Said) -> str:
    term = item.mention.term
    return {"shape": "shape", "grouping": "grouping"}.get(term.group, term.kind)


def _count(found: Findings) -> Iterator[Candidate]:
    reading = found.told.reading
    for phrase in found.phrases:
        first = reading.tokens[phrase.first]
        word = first.text.lower()
        term = phrase.head.mention.term
        if term.kind not in ("lesion", "dermoscopic structure") or not is_lesion(phrase):
            continue
        is_number = first.number is not None and word not in ("both", "pair", "dozen", "one")
        is_count = is_number or word in ("multiple", "several", "numerous")
        if not is_count or any(
            q.start == first.start and (q.unit or q.is_age) for q in reading.quantities
        ):
            continue
        plural = phrase.is_plural
        if plural == (word in ("single", "solitary")):
            continue
        amount = word if plural else f"a {word}"
        be = "are" if plural else "is"
        yield Candidate(
            kind="count",
            topic=f"count {phrase.noun}",
            questions=wordings("count", plural=plural, noun=phrase.noun),
            answers=(f"There {be} {amount} {phrase.noun}.",),
        )


def _microscopy(found: Findings) -> Iterator[Candidate]:
    modality = found.told.modality
    structures = seen_phrases(found, "dermoscopic structure")
    if structures and modality == "dermoscopic":
        text = listed([p.text for p in structures])
        yield Candidate(
            kind="structure",
            topic="dermoscopic",
            questions=wordings("dermoscopic", plural=True),
            answers=(f"Dermoscopy shows {text}.", sentence(f"{text} {_are(structures)} visible")),
        )
    changes = seen_phrases(found, "histologic structure")
    if changes and modality == "pathological":
        text = listed([p.text for p in changes])
        yield Candidate(
            kind="structure",
            topic="histologic",
            questions=wordings("histologic", plural=True),
            answers=(f"The section shows {text}.", sentence(f"{text} {_are(changes)} visible")),
        )
    cells = [p for p in seen_phrases(found, "cell") if p.is_plural]
    if cells and modality == "pathological":
        text = listed([p.text for p in cells])
        questions = tuple(q for q in wordings("cell", plural=False) if "infiltrate" not in q)
        yield Candidate(
            kind="cell",
            topic="cell",
            questions=questions,
            answers=(sentence(f"{text} are visible"), f"The section shows {text}."),
        )


def _are(phrases: Sequence[Phrase]) -> str:
    return "are" if len(phrases) > 1 or phrases[0].is_plural else "is"


def _one(found: Findings, kind: TermKind) -> str | None:
    """The one stain or magnification that a caption tells, None for none or several."""
    values = {mention.value for mention in found.told.reading.told_of(kind)}
    return values.pop() if len(values) == 1 else None


def _making(found: Findings) -> Iterator[Candidate]:
    stain, magnification = _one(found, "stain"), _one(found, "magnification")
    if found.told.modality not in (None, "pathological"):
        return
    if stain is not None:
        immune = any(w in stain for w in ("immuno", "smear", "hydroxide", "ink"))
        answer = f"It is {stain}." if immune else f"The section is stained with {stain}."
        if "immunostain" in stain:
            answer = f"The stain is a {stain}."
            answer = (
                answer.replace(" a S", " an S").replace(" a M", " an M").replace(" a E", " an E")
            )
        yield Candidate(
            kind="stain",
            topic="stain",
            questions=wordings("stain", plural=False),
            answers=(answer,),
        )
    if magnification is not None and "objective" not in magnification:
        yield Candidate(
            kind="magnification",
            topic="magnification",
            questions=wordings("magnification", plural=False),
            answers=(
                f"The magnification is {magnification}.",
                f"The image was taken at {magnification}.",
            ),
        )


def _person(found: Findings) -> Iterator[Candidate]:
    who = found.told.record.demographics
    age = describe_age(who)
    if age is not None:
        yield Candidate(
            kind="age",
            topic="age",
            questions=wordings("age", plural=False),
            answers=(f"The patient is {age}.",),
        )
    if who.age_group is not None:
        group = {"elderly": "elderly"}.get(
            who.age_group, f"a{'n' * (who.age_group[0] in 'aeio')} {who.age_group}"
        )
        yield Candidate(
            kind="age_group",
            topic="age_group",
            questions=wordings("age_group", plural=False),
            answers=(f"The patient is {group}.",),
        )
    if who.sex in ("male", "female"):
        yield Candidate(
            kind="sex",
            topic="sex",
            questions=wordings("sex", plural=False),
            answers=(f"The patient is {who.sex}.",),
        )


def _description(found: Findings) -> Iterator[Candidate]:
    """One sentence of what is plainly said: lesion, place, diagnosis, patient."""
    parts: list[str] = []
    modality = found.told.modality
    name = MODALITY_NAMES.get(modality or "", "an image")
    what = _what(found)
    if what is None:
        return
    parts.append(what)
    if found.diagnosis is not None and found.diagnosis[0] not in what:
        parts.append(f"the diagnosis is {found.diagnosis[0]}")
    if len(parts) < 2 and " " not in what.removeprefix("a ").removeprefix("an "):
        return  # "The image shows lesions" describes nothing
    shown = parts[0] + ("; " + parts[1] if len(parts) > 1 else "")
    start = "This" if modality is None else f"This is {name} that"
    lead = "The image shows" if modality is None else f"{start} shows"
    yield Candidate(
        kind="description",
        topic="description",
        questions=wordings("description", plural=False),
        answers=(f"{lead} {shown}.", f"The image shows {shown}."),
    )


def _what(found: Findings) -> str | None:
    if found.told.modality == "pathological":
        changes = [p.text for p in seen_phrases(found, "histologic structure")]
        return listed(changes) if changes else None
    if found.told.modality == "dermoscopic":
        structures = [p.text for p in seen_phrases(found, "dermoscopic structure")]
        return listed(structures) if structures else None
    if found.main is None:
        return None
    text = described(found, found.main)
    if found.places and _subject(found, found.places[0]) is not None and " with " not in text:
        place = found.places[0]
        if _subject(found, place) == (found.main.noun, found.main.is_plural):
            text += f" {place.text}"
    return text


def _comparison(found: Findings) -> Iterator[Candidate]:
    """What two lettered panels of one picture show, where their words name different things."""
    told = found.told
    if told.record.panel_text is not None:
        return
    shown: dict[str, Phrase] = {}
    for label, start, end in panel_spans(told.record.figure_caption):
        for phrase in found.phrases:
            kind = phrase.head.mention.term.kind
            inside = start <= phrase.start and phrase.end <= end
            if inside and kind in _COMPARED and len(label) == 1:
                shown.setdefault(label, phrase)
    labels = sorted(shown)[:2]
    if len(labels) < 2 or shown[labels[0]].text == shown[labels[1]].text:
        return
    one, other = labels
    yield Candidate(
        kind="comparison",
        topic="comparison",
        questions=wordings("comparison", plural=True, a=one, b=other),
        answers=(f"Panel {one} shows {shown[one].text}; panel {other} shows {shown[other].text}.",),
    )
