"""Ages over 89, and dates that show such an age, leave the text that is released.

The Safe Harbor rule of HIPAA (45 CFR 164.514(b)(2)): ages over 89 become one class of 90 or older;
of dates of a person only the year stays, and the year of birth not even that, because with any
other year it shows an age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mmskin_build.records import Demographics, TextEvidence
from mmskin_build.text.ages import is_age
from mmskin_build.text.languages import languages_of
from mmskin_build.text.scope import Scope, rules_of

OLDEST_RELEASED_YEARS = 89
TOP = "90+"
_TOP_YEARS = 90.0
#: Without a number, one of these is in every way to write such an age.
_OLD_WORDS = ("ninet", "tenth", "genarian", "centen", "nonag", "neunzig", "décima", "neuvième")

_MONTHS = (
    r"(?:jan(?:uary|uar|vier)?|enero|feb(?:ruary|ruar|rero)?|février|mar(?:ch|zo)?|märz"
    r"|mars|apr(?:il)?|avril|abril"
    r"|may|mai|mayo|june?|juni|juin|junio|july?|juli|juillet|julio|aug(?:ust)?|août"
    r"|agosto|sept?(?:ember|embre|iembre)?"
    r"|oct(?:ober|obre|ubre)?|okt(?:ober)?|nov(?:ember|embre|iembre)?|de[cz](?:ember"
    r"|iembre)?|décembre)"
)
_YEAR = r"(?:1[89]|20)\d\d"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_DATE = (
    rf"(?:{_DAY}(?:st|nd|rd|th|\.|er)?,? ?(?:of |de |-)?{_MONTHS}\.?,? ?(?:de |del |-)?"
    rf"(?P<y1>{_YEAR})"
    rf"|{_MONTHS}\.? {_DAY}(?:st|nd|rd|th)?,? (?P<y2>{_YEAR})"
    rf"|{_MONTHS}\.?,? (?:of |de |del )?(?P<y6>{_YEAR})"
    rf"|{_DAY}[./-](?:1[0-2]|0?[1-9])[./-](?P<y3>{_YEAR})|(?:1[0-2]|0?[1-9])/{_DAY}/(?P<y4>{_YEAR})"
    rf"|(?P<y5>{_YEAR})-(?:1[0-2]|0[1-9])-(?:3[01]|[12]\d|0[1-9])"
    rf"|(?P<y7>{_YEAR}) ?年 ?(?:1[0-2]|0?[1-9]) ?月(?: ?{_DAY} ?[日号])?)"
)
_DATES = re.compile(
    rf"(?:(?P<lead>\b(?:on|am|le|el|vom|du|del|on the) )(?:the )?)?(?<![\d./-]){_DATE}(?![\d/-])",
    re.IGNORECASE,
)
_ANY_YEAR = rf"(?:{re.sub(r'[?]P<y[0-9]>', '?:', _DATE)}|{_YEAR})"
_DAY_ZHO = r"(?: ?\d{1,2} ?月)?(?: ?\d{1,2} ?[日号])?"
_BIRTHS = re.compile(
    rf"[,;]? ?\(?(?:\b(?:who (?:was|were) )?(?:born|b\.|d\.?o\.?b\.?:?|date of birth:?"
    rf"|birth date:?|birth year:?|year of birth:?|born:)"
    rf"|\b(?:geboren|geb\.?|jahrgang|geburtsdatum:?|geburtsjahr:?)|\bnée?s?\b|\bdate de"
    rf" naissance ?:?|\bnacid[oa]s?\b|\bfecha de nacimiento:?|(?<!\w)\*)"
    rf" ?(?:in|on|im jahre?|im|am|en|le|el|the|de)?(?: the year| año)? ?{_ANY_YEAR}(?!\d)\)?"
    rf"|[,，]? ?(?:出生于|生于|出生日期[:：]?) ?{_YEAR} ?年?{_DAY_ZHO}(?:出生)?"
    rf"|[,，]? ?{_YEAR} ?年{_DAY_ZHO}(?:出生|生)(?!存)",
    re.IGNORECASE,
)
_LIFE = re.compile(
    rf" ?\(? ?(?P<from>{_YEAR}) ?(?:-|\u2013|\u2014|to|bis|à|a|至) ?(?P<to>{_YEAR}) ?\)?"
)
#: What stands in place of a decade or a word for one, by language.
_INSTEAD = {
    "eng": ("aged 90+ years", "90+-year-old"),
    "deu": ("im Alter von 90+ Jahren", "90+-jährige Person"),
    "fra": ("de 90+ ans", "de 90+ ans"),
    "spa": ("de 90+ años", "de 90+ años"),
    "zho": ("90+岁", "90+岁"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    start: int
    end: int
    text: str


def top_code(
    text: str, demographics: Demographics, language: str | None = "eng"
) -> tuple[str, Demographics]:
    """Rewrite ages over 89 as ``90+`` and take out birth dates and days of dates.

    Everyone's age is rewritten, a relative's too. Doing it twice changes nothing more.

    Args:
        text: What is to be released, for instance a caption.
        demographics: What was read from `text`; its evidence has offsets into it.
        language: Tesseract's codes joined by ``+``, None if not known.

    Returns:
        The text, and the demographics with ages over 89 as 90 to open and offsets into that text.

    >>> top_code("A 94-year-old man, born in 1915.", Demographics())[0]
    'A 90+-year-old man.'
    """
    edits = _edits(text, language)
    coded = text
    for edit in reversed(edits):
        coded = coded[: edit.start] + edit.text + coded[edit.end :]
    evidence = tuple(
        item for item in (_moved(e, edits) for e in demographics.evidence) if item is not None
    )
    return coded, replace(_top_ages(demographics), evidence=evidence)


def _top_ages(found: Demographics) -> Demographics:
    if found.age_years is not None and found.age_years > OLDEST_RELEASED_YEARS:
        return replace(found, age_years=None, age_min=_TOP_YEARS, age_max=None)
    least, most = found.age_min, found.age_max
    if most is not None and most > OLDEST_RELEASED_YEARS:
        most = None
        least = None if least is None else min(least, _TOP_YEARS)
    elif least is not None:
        least = min(least, _TOP_YEARS)
    return replace(found, age_min=least, age_max=most)


def _edits(text: str, language: str | None) -> list[_Edit]:
    """All changes, in order and apart; of two that overlap the longer one."""
    found = [*_births(text), *_lives(text), *_dates(text)]
    for known in languages_of(text, language):
        found += _old_ages(Scope(text, rules_of(known.code)), known.code)
    kept: list[_Edit] = []
    for edit in sorted(found, key=lambda e: (e.start, -e.end)):
        if edit.text == text[edit.start : edit.end]:
            continue
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


def _births(text: str) -> Iterator[_Edit]:
    for match in _BIRTHS.finditer(text):
        start = match.start()
        opened, closed = match[0].count("("), match[0].count(")")
        end = match.end() - (1 if closed > opened else 0)
        if opened > closed:  # "(born 1915, a farmer)"
            start += match[0].index("(") + 1
        yield _Edit(start=start, end=end, text="")


def _lives(text: str) -> Iterator[_Edit]:
    for match in _LIFE.finditer(text):
        if int(match["to"]) - int(match["from"]) > OLDEST_RELEASED_YEARS:
            yield _Edit(start=match.start(), end=match.end(), text="")


def _dates(text: str) -> Iterator[_Edit]:
    for match in _DATES.finditer(text):
        year = next(match[f"y{n}"] for n in range(1, 8) if match[f"y{n}"])
        lead = (match["lead"] or "").lower().strip()
        before = {"on": "in ", "on the": "in ", "am": "", "le": "en ", "el": "en "}.get(
            lead, match["lead"] or ""
        )
        after = "年" if match["y7"] else ""
        yield _Edit(start=match.start(), end=match.end(), text=before + year + after)


def _old_ages(scope: Scope, code: str) -> Iterator[_Edit]:
    folded = scope.folded
    if not folded.numbers and not any(word in scope.text for word in _OLD_WORDS):
        return
    phrase, word = _INSTEAD.get(code, _INSTEAD["eng"])
    for form, pattern in scope.rules.forms:
        source = folded.cased if form.cased else scope.text
        for match in pattern.finditer(source):
            values = is_age(scope, form, match)
            if values is None or not any(
                (most or least or 0) > OLDEST_RELEASED_YEARS for least, most in values
            ):
                continue
            if form.kind == "decade":
                start, end = folded.span(*match.span())
                is_word = " " not in match[0]
                yield _Edit(start=start, end=end, text=word if is_word else phrase)
                continue
            for position in range(match.start(), match.end()):
                value = folded.numbers.get(position, 0.0)
                if value > OLDEST_RELEASED_YEARS and position not in folded.open_ended:
                    start, end = folded.starts[position], folded.ends[position]
                    glued = code == "deu" and folded.text[position + 1 : position + 2].isalpha()
                    yield _Edit(start=start, end=end, text=TOP + ("-" if glued else ""))


def _moved(evidence: TextEvidence, edits: Sequence[_Edit]) -> TextEvidence | None:
    """Where evidence stands after the edits; None where all of it was taken out."""

    def moved(position: int, *, is_end: bool) -> int:
        shift = 0
        for edit in edits:
            if edit.end <= position and not (is_end and edit.start >= position):
                shift += len(edit.text) - (edit.end - edit.start)
            elif edit.start < position:
                return edit.start + shift + (len(edit.text) if is_end else 0)
        return position + shift

    start, end = moved(evidence.start, is_end=False), moved(evidence.end, is_end=True)
    return TextEvidence(start=start, end=end, field=evidence.field) if start < end else None
