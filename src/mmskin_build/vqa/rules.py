"""Facts become questions and answers, by rule: the backend that needs no model and no network.

An answer is a whole sentence around the caption's own words. A question is asked only of what the
caption says plainly: what it denies, doubts, compares or tells of another place or time is left
out, but for a denial itself, which makes a question whose answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mmskin_build.dataset.mmskin_d import describe_age
from mmskin_build.qa import QAKind
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.clauses import Extended, extend, find_own_sentences, follow
from mmskin_build.vqa.facts import panel_spans
from mmskin_build.vqa.findings import (
    LESIONS,
    Findings,
    is_lesion,
    said_of_things,
    seen_phrases,
)
from mmskin_build.vqa.phrases import (
    Phrase,
    Place,
    is_plural,
)
from mmskin_build.vqa.reading import Said
from mmskin_build.vqa.wordings import listed, sentence, wordings

MODALITY_NAMES = {
    "clinical": "a clinical photograph",
    "dermoscopic": "a dermoscopic image",
    "pathological": "a histopathological image",
}


# What the picture of a lens shows first of all.
_SHOWN = {
    "dermoscopic": ("dermoscopic structure", "lesion"),
    "pathological": ("histologic structure", "surface", "cell"),
}
_COUNTS = ("multiple", "several", "numerous", "many", "few", "single", "solitary")


_COMPARED = frozenset({"lesion", "dermoscopic structure", "histologic structure"})


_MOST_SENTENCES = 2  # of the caption's own in a description


def build_candidates(found: Findings) -> tuple[Candidate, ...]:
    """Return every question that the facts allow; what to ask is chosen later."""
    made: list[Candidate] = []
    for maker in (
        _diagnosis, _modality, _morphology, _site, _qualities, _count, _person, _description,
        _comparison,
    ):  # fmt: skip
        made += maker(found)
    return tuple(made)


def _diagnosis(found: Findings) -> Iterator[Candidate]:
    if found.diagnosis is None:
        return
    name, item = found.diagnosis
    reading, mention = found.told.reading, item.mention
    where = reading.text[mention.end : follow(reading, mention.last - 1, mention.start)]
    shown = shown_with(found, unless=name)
    answers = [f"{sentence(is_diagnosis(found))[:-1]}{where}."] if where else []
    if shown is not None:
        answers = [sentence(f"{is_diagnosis(found)}; the image shows {shown.text}")]
        if " with " not in shown.text:
            answers.append(f"This is a case of {name} with {shown.text}.")
    yield Candidate(
        kind="diagnosis",
        topic="diagnosis",
        questions=wordings("diagnosis", plural=False),
        answers=(*answers, f"This is a case of {name}{where}.")[: max(len(answers), 1)],
        plain=(sentence(is_diagnosis(found)),),
    )


def is_diagnosis(found: Findings) -> str:
    """Return "the diagnosis is melanoma", "the lesions are keloids" where the name is a plural."""
    name, item = found.diagnosis or ("", None)
    if item is not None and is_plural(name) and not is_plural(item.mention.term.name):
        return f"the lesions are {name}"
    return f"the diagnosis is {name}"


def _modality(found: Findings) -> Iterator[Candidate]:
    name = MODALITY_NAMES.get(found.told.modality or "")
    if name is None:
        return
    plain = (f"This is {name}.", f"It is {name}.", f"The image is {name}.")
    shown = shown_with(found)
    answers: tuple[str, ...] = plain
    if shown is not None:
        answers = (
            f"This is {name} that shows {shown.text}.",
            f"It is {name} showing {shown.text}.",
        )
    elif found.diagnosis is not None:
        answers = (f"This is {name} of {found.diagnosis[0]}.",)
    yield Candidate(
        kind="modality",
        topic="modality",
        questions=wordings("modality", plural=False),
        answers=answers,
        plain=plain,
    )


def main_phrase(found: Findings) -> Phrase | None:
    """Return what a picture shows first of all, by its kind: a lesion, a structure, a change."""
    kinds = _SHOWN.get(found.told.modality or "", ())
    if not kinds:
        return found.main
    return next((p for kind in kinds for p in seen_phrases(found, kind)), None)


def shown_with(found: Findings, unless: str = "") -> Extended | None:
    """Return what a picture shows with what its clause says on, None if that says `unless`."""
    phrase = main_phrase(found)
    if phrase is None:
        return None
    shown = extend(found.told.reading, phrase)
    if unless and unless.lower() in shown.text.lower():
        return None
    return shown if shown.words > 2 or phrase.has_quality else None


def own_sentences(found: Findings, told: Phrase | None) -> tuple[str, ...]:
    """Return the caption's own sentences that do not say again what has been told."""
    sentences = find_own_sentences(found.told.reading)
    if told is None:
        return sentences
    return tuple(s for s in sentences if told.noun not in re.findall(r"\w+", s.lower()))


def _morphology(found: Findings) -> Iterator[Candidate]:
    phrase = found.main
    if phrase is None or found.told.modality == "pathological":
        return
    told = extend(found.told.reading, phrase)
    if phrase.head.mention.term.group == "any lesion" and not phrase.has_quality:
        return
    be = "are" if phrase.is_plural else "is"
    answers = [f"There {be} {told.text}.", f"The image shows {told.text}."]
    if phrase.is_plural or " and " not in told.text:
        answers.append(sentence(f"{told.text} {be} visible"))
    own = own_sentences(found, phrase)
    yield Candidate(
        kind="morphology",
        topic="morphology",
        questions=wordings("morphology", plural=phrase.is_plural),
        answers=tuple(" ".join((answer, *own[:1])) for answer in answers),
        plain=(*answers, f"There {be} {phrase.text}.", f"The image shows {phrase.text}."),
    )


def _subject(found: Findings, place: Place) -> Phrase | None:
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
        return best
    return None


def _site(found: Findings) -> Iterator[Candidate]:
    if not found.places or found.told.modality == "pathological":
        return
    place = found.places[0]
    subject = _subject(found, place)
    if subject is None:
        words = wordings("site", plural=False, noun="skin change")
        plain = (sentence(affected(place)),)
        yield Candidate(
            kind="site",
            topic="site",
            questions=tuple(w for w in words if "skin change" not in w),
            answers=_affected_by(found, place) or plain,
            plain=plain,
        )
        return
    be = "are" if subject.is_plural else "is"
    noun = subject.noun
    told = extend(found.told.reading, subject)
    first = found.told.reading.tokens[subject.first]
    counts = first.number is not None or first.text.lower() in _COUNTS
    answers = [] if counts else [f"The {subject.bare} {be} {place.text}."]
    if told.end >= place.end:
        answers.append(f"There {be} {told.text}.")
    yield Candidate(
        kind="site",
        topic="site",
        questions=wordings("site", plural=subject.is_plural, noun=noun),
        answers=tuple(answers) or (f"The {noun} {be} {place.text}.",),
        plain=(f"The {noun} {be} {place.text}.", sentence(affected(place))),
    )
    if found.main is not None and noun == found.main.noun:
        yield Candidate(
            kind="follow_up",
            topic="site",
            questions=wordings("follow_site", plural=subject.is_plural),
            answers=(sentence(f"{'they' if subject.is_plural else 'it'} {be} {place.text}"),),
            parent="morphology",
        )


def _affected_by(found: Findings, place: Place) -> tuple[str, ...]:
    """Return "The wrist is affected by lichen planus." of "lichen planus of the wrist"."""
    if found.diagnosis is None:
        return ()
    name, item = found.diagnosis
    between = found.told.reading.text[item.mention.end : place.start].lower().split()
    if between not in (["of"], ["on"], ["in"], ["affecting"], ["involving"], ["over"], ["at"]):
        return ()
    return (sentence(f"{affected(place)} by {name}"),)


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
                answers=(f"The {_without(found, noun, values)} {be} {value}.",),
                plain=(f"The {noun} {be} {value}.",),
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


def _without(found: Findings, noun: str, values: Sequence[str]) -> str:
    """Return a thing with its place and its qualities, but for those asked about."""
    same = [p for p in found.phrases if p.noun == noun]
    if len(same) != 1:
        return noun
    reading = found.told.reading
    bare, place = same[0].bare, extend(reading, same[0], only_places=True).bare
    kept = [w for w in bare.split() if w.strip(",").lower() not in _COUNTS]
    text = " ".join(kept)
    for value in values:
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-]),? ?(?:and )?", "", text)
    text = text.removeprefix("and ")
    whole = text.endswith(noun) and not re.search(r",? and (?=\w+$)|, (?=\w+$)|  ", text)
    return (text if whole else noun) + place[len(bare) :]


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
            answers=(f"There {be} {extend(reading, phrase).text}.",),
            plain=(f"There {be} {amount} {phrase.noun}.",),
        )


def _person(found: Findings) -> Iterator[Candidate]:
    who = found.told.record.demographics
    age = describe_age(who)
    sex = who.sex if who.sex in ("male", "female") else None
    both = (f"The patient is {sex} and {age}.",) if sex is not None and age is not None else ()
    if age is not None:
        plain = (f"The patient is {age}.",)
        yield Candidate(
            kind="age",
            topic="age",
            questions=wordings("age", plural=False),
            answers=both or plain,
            plain=plain,
        )
    if who.age_group is not None:
        group = {"elderly": "elderly"}.get(
            who.age_group, f"a{'n' * (who.age_group[0] in 'aeio')} {who.age_group}"
        )
        plain = (f"The patient is {group}.",)
        yield Candidate(
            kind="age_group",
            topic="age_group",
            questions=wordings("age_group", plural=False),
            answers=plain if age is None else (f"The patient, who is {age}, is {group}.",),
            plain=plain,
        )
    if sex is not None:
        plain = (f"The patient is {sex}.",)
        yield Candidate(
            kind="sex",
            topic="sex",
            questions=wordings("sex", plural=False),
            answers=both or plain,
            plain=plain,
        )


def _description(found: Findings) -> Iterator[Candidate]:
    """What is plainly said: the kind of picture, what it shows and where, diagnosis, patient."""
    shown = shown_with(found)
    if shown is None:
        return
    name = MODALITY_NAMES.get(found.told.modality or "")
    lead = "The image shows" if name is None else f"This is {name} that shows"
    first = f"{lead} {shown.text}"
    if found.diagnosis is not None and found.diagnosis[0].lower() not in shown.text.lower():
        first += f"; {is_diagnosis(found)}"
    elif shown.words < 2:
        return  # "The image shows lesions" describes nothing
    who = found.told.record.demographics
    told = [who.sex] if who.sex in ("male", "female") else []
    age = describe_age(who)
    told += [] if age is None else [age]
    patient = (f"The patient is {' and '.join(told)}.",) if told else ()
    phrase = main_phrase(found)
    own = own_sentences(found, phrase)[:_MOST_SENTENCES]
    yield Candidate(
        kind="description",
        topic="description",
        questions=wordings("description", plural=False),
        answers=(" ".join((f"{first}.", *own, *patient)),),
        plain=(" ".join((f"{first}.", *patient)), f"{first}."),
    )


def _comparison(found: Findings) -> Iterator[Candidate]:
    """What two lettered panels of one picture show, where their words name different things."""
    told = found.told
    if told.record.panel_text is not None:
        return
    shown: dict[str, Phrase] = {}
    ends: dict[str, int] = {}
    for label, start, end in panel_spans(told.record.figure_caption):
        for phrase in found.phrases:
            kind = phrase.head.mention.term.kind
            inside = start <= phrase.start and phrase.end <= end
            if inside and kind in _COMPARED and len(label) == 1:
                shown.setdefault(label, phrase)
                ends[label] = end
    labels = sorted(shown)[:2]
    if len(labels) < 2 or shown[labels[0]].text == shown[labels[1]].text:
        return
    one, other = labels
    reading = told.reading
    long = [extend(reading, shown[label], before=ends[label]).text for label in labels]
    yield Candidate(
        kind="comparison",
        topic="comparison",
        questions=wordings("comparison", plural=True, a=one, b=other),
        answers=(f"Panel {one} shows {long[0]}; panel {other} shows {long[1]}.",),
        plain=(f"Panel {one} shows {shown[one].text}; panel {other} shows {shown[other].text}.",),
    )
