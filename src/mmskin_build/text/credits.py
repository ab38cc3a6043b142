"""Credits in captions: who gave, made or printed the picture before.

"Courtesy of L. Venn, MD.", "(From Venn L, et al. ... with permission.)", "© 2010 ...", in any of
the languages that books are read in. Credits name people who are not the patient.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_PICTURE = (
    r"(?:(?:clinical |original )?(?:photo(?:graph|micrograph)?|image|picture|figure|slide"
    r"|micrograph|illustration)s? )"
)
_NAME = (
    r"(?-i:(?:(?:Drs?|Prof)\.? )?(?:[A-ZÄÖÜÉ]\.[ -]?){0,3}[A-ZÄÖÜÉ][\w'’-]+(?: [A-ZÄÖÜÉ][\w'’-]+)?)"
)
# What opens a credit that ends with its sentence.
_SENTENCE_OPENERS = (
    rf"{_PICTURE}?(?:is |are |was |were )?(?:(?:by|with|through) )?(?:the )?(?:kind"
    rf" )?courtesy (?:of|from)\b",
    r"\bcourtesy ?:",
    rf"{_PICTURE}(?:kindly |generously )?(?:provided|supplied|contributed|donated"
    rf"|furnished|taken|lent) (?:by|courtesy)\b",
    r"\b(?:kindly|generously) (?:provided|supplied|contributed|donated|lent)\b(?: by)?",
    rf"\b(?:photo(?:graph)?|image|picture|micrograph)s?(?: credits?)? ?(?:\bby|:) ?(?={_NAME})",
    rf"\bcredits? ?: (?={_NAME})",
    rf"\b(?:drawings?|drawn|illustrations?|illustrated|artwork|photographed) by (?={_NAME})",
    r"\bfrom (?:the collection|dermnet|the archives?|the files?|the teaching collection)\b",
    r"(?:mit )?freundlicher(?:weise)? (?:genehmigung|überlassung|zur verfügung)",
    r"\baus der sammlung\b|\b(?:foto|bild|abbildung|quelle) ?: ?(?=\w)|\bfoto von\b",
    r"\bcollection (?:du|de la|de l['’]|de|personnelle)\b|\bcrédits? ?:|\b(?:photo|cliché"
    r"|iconographie) (?:: |d[eu] )",
    r"\bcortesía del?\b|\b(?:fotografía|imagen|foto|fuente) ?(?:: |cedida |de (?:la|el) d)",
    r"图片来源|承蒙",
)
# What opens a reference to a printed work; it runs on to year, pages and permission.
_WORK_OPENERS = (
    r"\b(?:reprinted|reproduced|redrawn|republished) (?:\w+,? ){0,4}?(?:from|after)\b",
    r"\b(?:adapted|modified|reused|borrowed|taken) (?:\w+,? ){0,3}?(?:from|after) (?="
    r"(?:the )?(?-i:(?!Patient|Case|Fig|Table)[A-Z]))",
    r"\b(?:reprinted|reproduced|redrawn|adapted|published|used)(?: here)? (?:with|by) "
    r"(?:the )?(?:kind )?permission\b",
    r"\bwith (?:the )?(?:kind )?permission (?:of|from)\b",
    r"\bdata from (?=(?-i:[A-Z]))",
    r"©|\(c\) ?(?=(?:19|20)\d\d)|\bcopyright\b",
    rf"\bfrom:? (?={_NAME},? (?-i:[A-Z]{{1,3}})\b[.,;:])",
    rf"\bfrom:? (?={_NAME},? (?:et al|and (?-i:[A-Z])|& (?-i:[A-Z])))",
    rf"\bfrom:? (?={_NAME}[^.()]{{0,80}}(?:with permission|\((?:19|20)\d\d\)))",
    r"\bmit (?:freundlicher )?genehmigung\b|\b(?:abdruck|nachdruck) (?:mit|aus)\b"
    r"|\bmodifiziert nach\b",
    r"\bavec (?:l['’])?(?:aimable )?(?:autorisation|permission)\b|\breproduite?s? (?:de"
    r"|d['’]après|avec)\b",
    r"\breproducid[oa]s? (?:de|con)\b|\bcon (?:permiso|autorización) de\b|\bmodificad[oa] de\b",
    r"经许可|引自",
)
_OPENER = re.compile(
    f"(?P<work>{'|'.join(_WORK_OPENERS)})|(?P<own>{'|'.join(_SENTENCE_OPENERS)})", re.IGNORECASE
)
_END = re.compile(r"[.!?](?=\s|$|\))|\u3002")
_NO_END = re.compile(
    r"(?:\b[A-Z]|\b(?:Dr|Drs|Prof|St|Mr|Mrs|Ms|et al|al|Inc|Ltd|Co|Univ|Dept|Hosp|Med|Am"
    r"|Acad|Br|Int|Clin|Arch"
    r"|Ed|Eds|eds|ed|vol|Vol|no|No|pp|p|Fig|fig|Figs|J|Jr|Sr|Ph|phil|nat|rer|h\.c|Priv|Doz|med))\.$"
)
_SIGN_OF_WORK = re.compile(
    r"\b(?:19|20)\d\d\b|\bpermission\b|\bet al\b|\bPress\b|\bElsevier\b|\bSpringer\b|\bWiley\b"
    r"|\bSaunders\b|\bMosby\b|©|\bcopyright\b|rights reserved|\d+ ?[:;(] ?\d+|\bEds?\b|\bDermatol\b"
    r"|\bGenehmigung\b|\bautorisation\b|\bpermiso\b",
    re.IGNORECASE,
)
_PANEL = re.compile(r"\([A-Za-z]\)|(?<=[.;] )[A-Z][,:] ")
_LONGEST = 800  # characters of a credit
_LOOK_AHEAD = 4  # sentences of a reference: authors, title, journal, permission
_LETTERS = re.compile(r"\((?:[A-Za-z](?: ?(?:,|and|&|-|\u2013) ?)?){1,4}$")
_LEAD = re.compile(r"[\s,;:(\[\u2013\u2014-]*$")


def find_credits(text: str) -> tuple[tuple[int, int], ...]:
    """Find the credits in a caption: characters [start, end) of each, in order, apart.

    Args:
        text: A caption as printed.

    Returns:
        The places. A credit in parentheses includes them.

    >>> text = "Melasma (courtesy of L. Venn, MD). Cheek."
    >>> [text[start:end] for start, end in find_credits(text)]
    ['(courtesy of L. Venn, MD)']
    """
    if len(text) > 3 and not _may_have_one(text):
        return ()
    found: list[tuple[int, int]] = []
    ends = [match.end() for match in _END.finditer(text) if not _is_abbreviation(text, match.end())]
    opens = _parentheses(text)
    position = 0
    while True:
        match = _OPENER.search(text, position)
        if match is None:
            return tuple(found)
        start, end = _extent(text, match, ends, opens)
        if found and start < found[-1][1]:
            start = found[-1][1]
        if end > start:
            found.append((start, end))
        position = max(end, match.end())


def blank_credits(text: str) -> str:
    """Return `text` with spaces for the characters of its credits, so that offsets stay.

    >>> blank_credits("Wart. Courtesy of A. Young.")
    'Wart.                      '
    """
    pieces: list[str] = []
    position = 0
    for start, end in find_credits(text):
        pieces += (text[position:start], " " * (end - start))
        position = end
    return "".join((*pieces, text[position:]))


_HINT = re.compile(
    r"courtesy|permission|printed|produced|adapted|modified|redrawn|borrowed|credit"
    r"|provided|supplied|contributed"
    r"|donated|furnished|taken|lent|kindly|drawing|drawn|illustrat|artwork|©|\(c\)"
    r"|copyright|from|photo|image|genehmigung|sammlung|quelle|bild"
    r"|foto|druck|freundlich|nach |autorisation|collection|crédit|cliché|iconographie"
    r"|cortesía|permiso|fuente"
    r"|autorización|来源|许可|承蒙|引自",
    re.IGNORECASE,
)


def _may_have_one(text: str) -> bool:
    return _HINT.search(text) is not None


def _is_abbreviation(text: str, end: int) -> bool:
    return _NO_END.search(text, max(0, end - 12), end) is not None


def _parentheses(text: str) -> dict[int, int]:
    """The closing of each opening parenthesis or bracket, innermost rightly matched."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for match in re.finditer(r"[()\[\]]", text):
        if match[0] in "([":
            waiting.append(match.start())
        elif waiting:
            pairs[waiting.pop()] = match.end()
    return pairs


def _extent(
    text: str, match: re.Match[str], ends: list[int], pairs: dict[int, int]
) -> tuple[int, int]:
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    lead = _LEAD.search(text, max(0, start - 8), start)
    before = lead.start() if lead else start
    letters = _LETTERS.search(text, max(0, before - 12), before)
    if letters is not None and letters.start() in pairs:  # "(A, courtesy of ...; B, from ...)"
        return letters.start(), pairs[letters.start()]
    opening = max((i for i in range(before, start) if text[i] in "([" and i in pairs), default=None)
    if opening is not None and pairs[opening] - opening <= _LONGEST:
        end = pairs[opening]
        rest = _END.match(text, end)
        closes_sentence = before > 0 and text[before - 1] in ".!?"
        return opening, (rest.end() if rest and closes_sentence else end)
    limit = min(len(text), start + _LONGEST)
    limit = _closing(text, start, limit)
    panel = _PANEL.search(text, match.end(), limit)
    if panel is not None:
        limit = panel.start()
    end = _sentence_end(ends, match.end(), limit)
    if match["work"]:
        last = end
        for _ in range(_LOOK_AHEAD):
            following = _sentence_end(ends, last + 1, limit)
            if following <= last:
                break
            if _SIGN_OF_WORK.search(text, last, following):
                end = following
            last = following
    return (start if text[before:start].strip(" ") in ("", "(", "[") else before), end


def _closing(text: str, start: int, limit: int) -> int:
    """Where the parenthesis around `start` closes, if that is before `limit`."""
    depth = 0
    for index in range(start, limit):
        if text[index] in "([":
            depth += 1
        elif text[index] in ")]":
            depth -= 1
            if depth < 0:
                return index
    return limit


def _sentence_end(ends: list[int], position: int, limit: int) -> int:
    index = bisect_right(ends, position)
    return min(ends[index], limit) if index < len(ends) else limit
