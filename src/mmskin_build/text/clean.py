"""A caption without what is not about the picture; what was taken off is kept with its kind.

Taken off: what is left of the label, credits, cross references, citations, the letter of the one
panel that the text belongs to, page furniture. Everything else stays as printed: stain,
magnification, body site, diagnosis, numbers. No word is added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mmskin_build.records import Removed, RemovedKind
from mmskin_build.text.credits import find_credits

_PASSES = 8  # what a removal brings together may be another one; a caption needs two or three

_FIGURE = (
    r"(?:e?fig(?:ure)?s?|abb(?:ildung(?:en)?)?|figuras?|plates?|photos?|tafeln?|bild"
    r"(?:er)?|planches?"
    r"|lámina|supplementary fig(?:ure)?|\u56fe|\u5716)"
)
_NUMBER = (
    r"[A-Z]?\d{1,4}(?:[.:\u2013\u2014-]\d{1,4}){0,3}(?:[A-Za-z](?:[\u2013-][A-Za-z])?(?![A-Za-z]))?"
)
_LABEL = re.compile(
    rf"\s*(?:{_FIGURE})\.?\s*{_NUMBER}(?![\w%])(?:\s*\((?:continued|cont(?:['\u2019]?d"
    rf"|\.)?|fortsetzung|suite|continuación)\))?"
    r"\s*(?:[.:|\u2013\u2014-](?!\d)|(?=[A-Z(\u4e00-\u9fff])|$)\s*",
    re.IGNORECASE,
)
_CASED_AFTER_LABEL = re.compile(r"[a-z]")

_PLACES = (
    r"(?:figs?\.?|figures?|tables?|tab\.|chapters?|chaps?\.?|ch\.|plates?|pages?|pp?\."
    r"|sections?|box(?:es)?|appendix|appendices"
    r"|videos?|boxes|parts?|panels?|abb(?:ildung(?:en)?|\.)|tab(?:elle|\.)|kap(?:itel|\.)"
    r"|s\.|seiten?|tableaux?|chapitres?|planches?"
    r"|tablas?|capítulos?|páginas?|figuras?|láminas?)"
)
_REF_NUMBER = (
    r"(?:[A-Z]?\d{1,4}(?:[.:\u2013-]\d{1,4}){0,3}[A-Za-z]?(?:\([A-Za-z]\))?|[IVXL]{1,7}\b|[A-H]\b)"
)
_REF_LIST = (
    rf"{_REF_NUMBER}"
    rf"(?:\s?(?:,|and|&|to|\u2013|-|und|et|y|;)\s?(?:{_PLACES}\s?)?{_REF_NUMBER}){{0,6}}"
)
_SEE = (
    r"(?:see(?: also)?|cf\.?|compare(?: with)?|confer|refer to|as (?:shown |seen )?in"
    r"|same as(?: in)?|shown in|siehe(?: auch)?|s\. ?a\.|s\.|vgl\.|vergleiche"
    r"|voir(?: aussi)?|comparer|véase(?: también)?|ver(?: también)?|comparar con)"
)
_THE = r"(?:the |also |der |die |la |le |les |el |previous |next |preceding |following )?"
_REFERENCES = (
    # the whole of a parenthesis
    re.compile(rf"\s*[(\[]\s*(?:{_SEE}\s+)?{_THE}{_PLACES}\s?{_REF_LIST}\s*[)\]]", re.IGNORECASE),
    re.compile(
        rf"\s*[(\[]\s*(?:{_SEE})\s+(?:text|above|below|opposite|overleaf|oben|unten|text"
        rf"|ci-dessus|arriba|texto)\s*[)\]]",
        re.IGNORECASE,
    ),
    re.compile(
        r"\s*[(\uff08]\s*(?:\u89c1|\u53c2\u89c1|\u53c2\u8003)?\s*(?:\u56fe|\u8868"
        r"|\u7b2c)\s?\d[\d.-]{0,8}\s?(?:\u7ae0|\u8282|\u9875)?\s*[)\uff09]"
    ),
    re.compile(
        r"[,;\uff0c]?\s*(?:\u89c1|\u53c2\u89c1|\u53c2\u8003)\s*(?:\u56fe|\u8868"
        r"|\u7b2c)\s?\d[\d.-]{0,8}\s?(?:\u7ae0|\u8282|\u9875)?"
    ),
    # a sentence of its own
    re.compile(
        rf"(?:(?<=[.!?;])\s+|^\s*)(?:{_SEE})\s+{_THE}{_PLACES}\s?{_REF_LIST}(?:\s+(?:for|on"
        rf"|f\u00fcr|pour|para)\s[^.;()]{{1,60}})?\s*(?:\.(?!\d)|$)",
        re.IGNORECASE,
    ),
    # inside a sentence
    re.compile(rf"[,;]?\s*\b(?:{_SEE})\s+{_THE}{_PLACES}\s?{_REF_LIST}", re.IGNORECASE),
    re.compile(rf"[,;]\s*{_PLACES}\s?{_REF_LIST}(?=\s*\))", re.IGNORECASE),
)
_CITATIONS = (
    re.compile(r"\s?\[\s?\d{1,3}(?:\s?[,;\u2013-]\s?\d{1,3}){0,12}\s?\]"),
    re.compile(
        r"\s?\((?:(?:see|cf\.?|from|after|modified from"
        r"|e\.g\.,?)\s)?[A-Z\u00c0-\u00de][\w'\u2019-]{1,30}(?:,? [A-Z]{1,3}\b\.?)?"
        r"(?:(?:,| and| &| et| und| y) [A-Z\u00c0-\u00de][\w'\u2019-]{1,30}){0,4}(?:,? et"
        r" al\.?)?,? (?:19|20)\d\d[a-z]?"
        r"(?:[;,] [^()]{0,80}?(?:19|20)\d\d[a-z]?){0,4}\)"
    ),
    re.compile(
        r"(?<=[^\W\d_.,;)])(?<!mm)(?<!cm)(?<!\bm)(?<!km)(?<!\u00b5m)"
        r"(?<!\bin)[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,3}"
        r"(?:[,\u2013-][\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,3}){0,8}"
    ),
    re.compile(
        r"(?<=[.,;)])[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,3}"
        r"(?:[,\u2013-][\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,3}){0,8}"
    ),
    # a superscript that was set down: "disease.12 The"
    re.compile(r"(?<=[a-z]{4}[.,])\d{1,3}(?:[,\u2013-]\d{1,3}){0,8}(?=\s+[A-Z]|\s*$)"),
)
_FURNITURE = (
    re.compile(
        r"\s*\((?:continued|cont(?:['\u2019]d|\.)|fortsetzung|suite|continuaci\u00f3n)\)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:(?<=[.;])|^)\s*(?:continued|fortsetzung)(?: (?:on|from|auf) [^.()]{1,30})?\.?\s*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"\s*\((?:see )?(?:colou?r (?:plate|insert|figure|version)|this figure (?:is|appears)"
        r" (?:also )?in colou?r)[^()]{0,80}\)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:(?<=[.;])|^)\s*(?:(?:for|to view) (?:a |the )?colou?r (?:version|figure|plate)|"
        r"(?:this|the) figure (?:is |can be |appears )[^.]{0,30}in colou?r"
        r"|(?:a )?colou?r (?:version|figure)s? of this figure|colou?r (?:version|figure) "
        r"(?:is )?available)[^.]{0,120}(?:\.|$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\s*(?:downloaded|available) (?:from|at|online at):? (?:https?://|www\.)\S{1,200}",
        re.IGNORECASE,
    ),
    re.compile(r"\s*\(?(?:https?://|www\.)[^\s()]{1,200}[\w/]\)?", re.IGNORECASE),
    re.compile(r"\s*\(?\bdoi:? ?10\.\d{4,6}/[^\s()]{1,100}[\w)]", re.IGNORECASE),
    re.compile(r"\s*\bISBN:? ?[\d-]{10,17}\b", re.IGNORECASE),
)
_LETTER_MARK = re.compile(r"\(\s?([A-Za-z])\s?\)")
_LETTER_START = re.compile(r"\s*(?:\(\s?[A-Za-z]\s?\)|[A-Za-z]\))\s*[.:,\u2013-]?\s*(?=\S)")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanCaption:
    """A caption as it trains a model, and what was taken off, in the order of the print."""

    text: str
    removed: tuple[Removed, ...]


def clean_caption(
    caption: str, language: str | None = "eng", *, panel: str | None = None
) -> CleanCaption:
    """Take off what is not about the picture.

    Cleaning what is clean changes nothing.

    Args:
        caption: As printed, of any length.
        language: The book's; all languages' words are looked for in any case, it is recorded by
            the caller.
        panel: The letter of the panel that the text belongs to, if it is one panel's; its mark
            then goes wherever it stands.

    Returns:
        The text, and the parts taken off with their places in `caption`.

    >>> found = clean_caption("Fig. 3.4 Melasma [12]. Courtesy of L. Venn.")
    >>> found.text, [part.kind for part in found.removed]
    ('Melasma.', ['label', 'citation', 'credit'])
    """
    removed: list[Removed] = []
    text, places = _tidy(caption, ())  # one space at most, so that no pattern runs over many
    for _ in range(_PASSES):
        spans = _find(text, panel)
        for start, end, kind in spans:
            first, last = places[start], places[end - 1] + 1
            removed.append(
                Removed(kind=kind, start=first, end=last, text=caption[first:last].strip())
            )
        tidy, kept = _tidy(text, spans)
        if tidy == text:
            break
        text = tidy
        places = [places[i] for i in kept]
    else:  # what never comes to rest is left as it is
        text, removed = _only_spaces(caption), []
    ordered = sorted((r for r in removed if r.text), key=lambda r: (r.start, r.end))
    return CleanCaption(text=text, removed=tuple(ordered))


def _find(text: str, panel: str | None) -> list[tuple[int, int, RemovedKind]]:
    """The parts to take off in one pass, in order and apart."""
    found: list[tuple[int, int, RemovedKind]] = []
    finders: Sequence[tuple[RemovedKind, Callable[[str], Iterator[tuple[int, int]]]]] = (
        ("label", _labels),
        ("credit", lambda t: iter(find_credits(t))),
        ("page_furniture", lambda t: _matches(_FURNITURE, t)),
        ("cross_reference", lambda t: _matches(_REFERENCES, t)),
        ("citation", lambda t: _matches(_CITATIONS, t)),
        ("panel_letter", lambda t: _panel_letters(t, panel)),
    )
    taken = bytearray(len(text))
    for kind, finder in finders:
        for start, end in finder(text):
            while start < end and text[start].isspace():
                start += 1
            if start < end and not any(taken[start:end]):
                taken[start:end] = b"\x01" * (end - start)
                found.append((start, end, kind))
    return sorted(found)


def _labels(text: str) -> Iterator[tuple[int, int]]:
    match = _LABEL.match(text)
    if match is not None and not _CASED_AFTER_LABEL.match(text, match.end()):
        yield match.span()  # "Figure 3 shows ..." is a sentence


def _matches(patterns: Sequence[re.Pattern[str]], text: str) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield match.span()


def _panel_letters(text: str, panel: str | None) -> Iterator[tuple[int, int]]:
    marks = list(_LETTER_MARK.finditer(text))
    own = [m for m in marks if panel and m[1].lower() == panel.lower()]
    if panel is not None:
        start = re.match(rf"\s*{re.escape(panel)}\s?[.,:)]\s+(?=\S)", text, re.IGNORECASE)
        if start is not None:
            yield start.span()
    if own and len({m[1].lower() for m in marks}) == 1:
        for mark in own:
            yield mark.span()
        return
    start = _LETTER_START.match(text)
    if start is not None and len(marks) <= 1 and (not marks or marks[0].start() < start.end()):
        yield start.span()


# -------------------------------------------------------------------------------------- tidying

_SPACE_BEFORE = frozenset(",.;:!?)]%")
_OPENING = frozenset("([")
_LOOSE_START = frozenset(" ,;:.)-\u2013\u2014|\u3002\uff0c")
_LOOSE_END = frozenset(" ,;:-\u2013\u2014|([")


def _tidy(text: str, spans: Sequence[tuple[int, int, RemovedKind]]) -> tuple[str, list[int]]:
    """Take `spans` out and mend white space and punctuation where they were; keep the places.

    White space is one space everywhere. Punctuation is mended only beside a gap: what is printed
    oddly stays as printed.
    """
    letters: list[str] = []
    kept: list[int] = []
    gap = False
    position = 0

    def put(index: int) -> None:
        nonlocal gap
        letter = text[index]
        if _INVISIBLE.match(letter):
            return
        if letter.isspace():
            if letters and letters[-1] != " ":
                letters.append(" ")
                kept.append(index)
            return
        if gap:
            last = letters[-1] if letters else ""
            if last == " " and letter in _SPACE_BEFORE and len(letters) > 1:
                letters.pop()
                kept.pop()
                last = letters[-1]
            if last and (
                (letter in ".,;:" and last in ".,;:") or (letter in ")]" and last in _OPENING)
            ):
                if letter in ")]":
                    while letters and letters[-1] in _OPENING | {" "}:
                        letters.pop()
                        kept.pop()
                    if letters and index + 1 < len(text) and text[index + 1].isalnum():
                        letters.append(" ")
                        kept.append(index)
                elif letter == "." and last in ",;:":
                    letters[-1], kept[-1] = ".", index
                return
            if letter.isalnum() and last and (last.isalnum() or last in ".,;:)"):
                letters.append(" ")
                kept.append(index)
            if last in _OPENING and letter in ",;:":
                return
            gap = False
        letters.append(letter)
        kept.append(index)

    for start, end, _ in spans:
        for index in range(position, start):
            put(index)
        gap, position = True, end
    for index in range(position, len(text)):
        put(index)
    first, last = 0, len(letters)
    if spans and spans[0][0] == 0 or (letters and letters[0] == " "):
        while first < last and letters[first] in _LOOSE_START:
            first += 1
    if gap:
        while last > first and letters[last - 1] in _LOOSE_END:
            last -= 1
    while last > first and letters[last - 1] == " ":
        last -= 1
    return "".join(letters[first:last]), kept[first:last]


def _only_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", _INVISIBLE.sub("", text)).strip()
