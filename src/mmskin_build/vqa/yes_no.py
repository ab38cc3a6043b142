"""Questions with given answers: yes or no, and multiple choice.

A caption that does not name a finding is no proof that it is absent. So a question gets "no" only
where the caption itself shuts out what is asked: it denies it, or says another value where only
one can be true (another side, sex, modality, stain, shape of the same thing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.choices import build_choices, distractors, number_of
from mmskin_build.vqa.clauses import extend
from mmskin_build.vqa.contraries import FAR_SITES, far_values
from mmskin_build.vqa.findings import Findings, said_of_things, seen_phrases
from mmskin_build.vqa.phrases import Phrase, Place, is_plural, lowered
from mmskin_build.vqa.relations import is_within
from mmskin_build.vqa.rules import MODALITY_NAMES, affected, is_diagnosis

_WIDE = ("generalized", "symmetrical distribution", "arrangement", "bilateral")


_STAINS = ("haematoxylin and eosin", "Giemsa", "Congo red", "alcian blue", "periodic acid–Schiff")


def build_yes_no(found: Findings) -> tuple[Candidate, ...]:
    """Return all yes-or-no questions and choices that the facts allow."""
    made: list[Candidate] = []
    for maker in (
        _presence, _denials, _sites, _values, _persons, _modality, _stain, _diagnosis,
        build_choices,
    ):  # fmt: skip
        made += maker(found)
    return tuple(made)


def _both(
    topic: str,
    questions: Sequence[str],
    answers: Sequence[str],
    says: str,
    plain: Sequence[str] = (),
) -> Candidate:
    return Candidate(
        kind="yes_no",
        topic=topic,
        questions=tuple(questions),
        answers=tuple(answers),
        plain=tuple(plain),
        says=says,
    )


def _presence(found: Findings) -> Iterator[Candidate]:
    """What the caption names is there."""
    modality = found.told.modality
    kinds = {
        "dermoscopic": ("dermoscopic structure",),
        "pathological": ("histologic structure", "cell"),
    }.get(modality or "", ("surface",))
    for kind in kinds:
        for phrase in seen_phrases(found, kind):
            if kind == "cell" and not phrase.is_plural:
                continue
            asked = _asked_name(found, phrase)
            if asked is None:
                continue
            be = "are" if phrase.is_plural else "is"
            yield _both(
                f"there {phrase.head.mention.term.name}",
                (
                    f"{be.capitalize()} there {asked}?",
                    f"{be.capitalize()} {asked} present?",
                    f"Can {asked} be seen?",
                    f"Do you see {asked}?",
                ),
                (f"Yes, there {be} {extend(found.told.reading, phrase).text}.",),
                "yes",
                (f"Yes, there {be} {phrase.text}.", f"Yes, {phrase.text} {be} visible."),
            )


def _asked_name(found: Findings, phrase: Phrase) -> str | None:
    mention = phrase.head.mention
    if phrase.last != mention.last - 1 or not (phrase.start <= mention.start):
        return None
    name = lowered(found.told.text[mention.start : mention.end], found.told.reading, mention.start)
    return phrase.text if phrase.text in (f"a {phrase.bare}", f"an {phrase.bare}") else name


def _denials(found: Findings) -> Iterator[Candidate]:
    """What the caption says is not there."""
    reading = found.told.reading
    kinds = {
        "dermoscopic": ("dermoscopic structure",),
        "pathological": ("histologic structure", "cell"),
        "clinical": ("surface", "lesion"),
    }.get(found.told.modality or "", ("surface", "lesion", "dermoscopic structure"))
    for item in reading.said:
        mention = item.mention
        if (
            item.status != "absent"
            or mention.term.kind not in kinds
            or mention.term.name in ("lesion", "rash", "eruption")
        ):
            continue
        if mention.last - mention.first > 1 and mention.term.kind == "cell":
            continue
        last = reading.tokens[mention.last - 1]
        name = lowered(reading.text[mention.start : mention.end], reading, mention.start).lower()
        before = reading.text[: mention.start].rstrip().lower()
        plain = before.endswith(
            (
                "no",
                "without",
                "absence of",
                "without any",
                "no evidence of",
                "lack of",
                "no sign of",
                "and",
                "or",
                "nor",
                ",",
            )
        )
        after = reading.text[mention.end :].lstrip().lower()
        after_plain = after.startswith(
            (
                "is absent",
                "are absent",
                "was absent",
                "were absent",
                "is not seen",
                "are not seen",
                "is lacking",
                "are lacking",
            )
        )
        ends = (
            not after
            or not after[0].isalpha()
            or after.split()[0]
            in (
                "is",
                "are",
                "was",
                "were",
                "or",
                "and",
                "on",
                "in",
                "of",
                "at",
                "with",
                "present",
                "seen",
                "visible",
            )
        )
        if not (plain or after_plain) or not ends or not _is_noun(last.text):
            continue
        plural = is_plural(last.text)
        be = "are" if plural else "is"
        yield _both(
            f"there {mention.term.name}",
            (
                f"{be.capitalize()} there any {name}?",
                f"{be.capitalize()} {name} present?",
                f"Can {name} be seen?",
            ),
            (f"No, there {be} no {name}.", f"No, {name} {be} absent."),
            "no",
        )


def _is_noun(word: str) -> bool:
    return not word.lower().endswith(("ous", "al", "ar", "ic", "ed", "y", "ular"))


def _sites(found: Findings) -> Iterator[Candidate]:
    if found.told.modality == "pathological":
        return
    reading = found.told.reading
    for place in found.places[:1]:
        bare = (
            place.bare if place.bare.lower().startswith(("the ", "both ")) else f"the {place.bare}"
        )
        be = "Are" if place.is_plural else "Is"
        yield _both(
            f"at {bare}",
            (
                f"{be} {bare} affected?",
                f"Does the image show changes of {bare}?",
                f"Do you see skin changes on {bare}?",
            ),
            (f"Yes, {affected(place)}.",),
            "yes",
        )
        yield from _other_side(place, bare)
        yield from _other_site(found, place)
    for item in reading.said:
        if item.mention.term.kind == "site" and item.status == "absent":
            start = item.mention.start
            before = reading.text[:start].lower()
            name = reading.text[start : item.mention.end]
            if (
                not before.endswith(("the ", "sparing ", "spares "))
                or item.mention.last - item.mention.first > 2
            ):
                continue
            end_word = (
                reading.tokens[item.mention.last].text.lower()
                if item.mention.last < len(reading.tokens)
                else "."
            )
            if end_word not in (".", ",", "is", "are", "was", "were", "and", "or", ";"):
                continue
            plural = is_plural(name.split()[-1])
            be = "are" if plural else "is"
            yield _both(
                f"at {name.lower()}",
                (
                    f"{be.capitalize()} the {name} affected?",
                    f"{be.capitalize()} there changes on the {name}?"
                    if plural
                    else f"Does the disease affect the {name}?",
                ),
                (f"No, the {name} {be} spared.",),
                "no",
            )


def _other_side(place: Place, bare: str) -> Iterator[Candidate]:
    words = bare.split()
    sides = [w for w in words if w in ("left", "right")]
    if len(sides) != 1 or place.is_plural or len(place.sites) != 1:
        return
    other = "right" if sides[0] == "left" else "left"
    turned = " ".join(other if w == sides[0] else w for w in words)
    yield _both(
        f"side {bare}",
        (f"Is {turned} affected?", f"Does the image show {turned}?", f"Is this {turned}?"),
        (f"No, {affected(place)}.",),
        "no",
    )


def _other_site(found: Findings, place: Place) -> Iterator[Candidate]:
    reading = found.told.reading
    terms = [s.mention.term for s in reading.said]
    if any(t.name in _WIDE or t.group == "extent" for t in terms) or len(found.places) > 1:
        return
    known = [t for t in terms if t.kind == "site"]
    options = FAR_SITES.get(place.sites[0].mention.term.group, ())
    fit = [
        site
        for site in options
        if not any(
            t.name == site or is_within(t.name, site) or is_within(site, t.name) for t in known
        )
    ]
    for site in fit[:2]:
        yield _both(
            f"at other {site}",
            (
                f"Is the {site} affected?",
                f"Does the image show the {site}?",
                f"Was the picture taken of the {site}?",
            ),
            (f"No, {affected(place)}.",),
            "no",
        )


def _values(found: Findings) -> Iterator[Candidate]:
    """Color, shape and border: as said, and as they cannot be beside that."""
    for (noun, plural), said in said_of_things(found).items():
        be = "are" if plural else "is"
        for text, item in said:
            term = item.mention.term
            same = [other for other, i in said if i.mention.term.kind == term.kind]
            if len(same) != 1:
                continue
            question = (
                f"{be.capitalize()} the {noun} {text}?",
                f"Would you call the {noun} {text}?",
            )
            yield _both(f"{term.kind} {noun}", question, (f"Yes, the {noun} {be} {text}.",), "yes")
            for other in far_values(term):
                if other in found.told.text.lower():
                    continue
                question = (
                    f"{be.capitalize()} the {noun} {other}?",
                    f"Would you call the {noun} {other}?",
                )
                yield _both(
                    f"{term.kind} {noun}", question, (f"No, the {noun} {be} {text}.",), "no"
                )


def _persons(found: Findings) -> Iterator[Candidate]:
    who = found.told.record.demographics
    if who.sex in ("male", "female"):
        other = "female" if who.sex == "male" else "male"
        answer = f"the patient is {who.sex}."
        yield _both("sex", (f"Is the patient {who.sex}?",), (f"Yes, {answer}",), "yes")
        yield _both("sex", (f"Is the patient {other}?",), (f"No, {answer}",), "no")
    groups = {
        "neonate": "an adult",
        "infant": "an adult",
        "child": "an adult",
        "adult": "a child",
        "elderly": "a child",
    }
    if who.age_group in groups:
        group = who.age_group
        own = "elderly" if group == "elderly" else f"a{'n' * (group[0] in 'aeio')} {group}"
        yield _both(
            "age_group",
            (
                f"Is the patient {own}?",
                "Does the image show an elderly patient?"
                if group == "elderly"
                else f"Is the person shown {own}?",
            ),
            (f"Yes, the patient is {own}.",),
            "yes",
        )
        yield _both(
            "age_group",
            (f"Is the patient {groups[group]}?", f"Is the person shown {groups[group]}?"),
            (f"No, the patient is {own}.",),
            "no",
        )


def _modality(found: Findings) -> Iterator[Candidate]:
    own = found.told.modality
    if own is None:
        return
    name = MODALITY_NAMES[own]
    yield _both(
        "modality",
        (f"Is this {name}?", f"Does this look like {name}?", f"Are we looking at {name}?"),
        (f"Yes, it is {name}.", f"Yes, this is {name}."),
        "yes",
    )
    for other, text in MODALITY_NAMES.items():
        if other != own:
            yield _both(
                "modality",
                (f"Is this {text}?", f"Does this look like {text}?", f"Are we looking at {text}?"),
                (f"No, it is {name}.", f"No, this is {name}."),
                "no",
            )


def _stain(found: Findings) -> Iterator[Candidate]:
    stain = "; ".join(sorted({m.value for m in found.told.reading.told_of("stain")}))
    if found.told.modality != "pathological" or not stain or ";" in stain or "immuno" in stain:
        return
    yield _both(
        "stain",
        (f"Was {stain} used as the stain?", f"Is the section stained with {stain}?"),
        (f"Yes, the section is stained with {stain}.",),
        "yes",
    )
    other = [s for s in _STAINS if s != stain][
        number_of(found.told.record.id, "stain") % (len(_STAINS) - 1)
    ]
    yield _both(
        "stain",
        (f"Was {other} used as the stain?", f"Is the section stained with {other}?"),
        (f"No, the section is stained with {stain}.",),
        "no",
    )


def _diagnosis(found: Findings) -> Iterator[Candidate]:
    if found.diagnosis is None:
        return
    name, item = found.diagnosis
    yield _both(
        "is diagnosis",
        (
            f"Is the diagnosis {name}?",
            f"Does the image show {name}?",
            f"Would you diagnose {name}?",
        ),
        (f"Yes, {is_diagnosis(found)}.",),
        "yes",
    )
    for other in distractors(found, 2):
        yield _both(
            "is diagnosis",
            (
                f"Is the diagnosis {other}?",
                f"Does the image show {other}?",
                f"Would you diagnose {other}?",
            ),
            (f"No, {is_diagnosis(found)}.",),
            "no",
        )
