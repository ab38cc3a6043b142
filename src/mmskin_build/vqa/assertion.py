"""What a text says is there, denies, doubts, or says of something else.

Cue words reach over the words beside them up to the end of their clause, as NegEx (Chapman et al.
2001) and ConText (Harkema et al. 2009) have it, with the cues of captions: "spared", "sparing",
"differential diagnosis includes", "argues against".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Status = Literal["present", "absent", "uncertain", "other", "past"]

_SENTENCE_END = re.compile(
    r"(?<!\bvs)(?<!\bFig)(?<!\bDr)(?<!\be\.g)(?<!\bi\.e)(?<!\bca)(?<!\bapprox)(?<!\b[A-Z])"
    r"[.!?](?=\s|$|[\"”)])|;|\n"
)
_STOP = re.compile(
    r"[:()\[\]]|,? (?:but|however|although|though|except|whereas|while|which|who|yet|apart from)\b"
    r"| (?:with|showing|shows?|showed|on|in|of the|from|containing|surrounded by|elsewhere"
    r"|argues?|arguing|helps?) ",
    re.IGNORECASE,
)
# A listing goes on over a comma only if "or" or "nor" closes it: "no scale, crust or bleeding".
_COMMA = re.compile(r",")
_CLOSES = re.compile(r"\b(?:n?or)\b", re.IGNORECASE)
_BEFORE: tuple[tuple[Status, str], ...] = (
    (
        "absent",
        r"no evidence of|no signs? of|without(?: any)?|absence of|lack(?:s|ed|ing)?(?: of)?|free of"
        r"|free from|negative for|never|neither|nor|not|no longer|no|none of|sparing(?: of)?"
        r"|spares?"
        r"|spared|excludes?|excluding|ruled out|cannot see|fails? to show|devoid of|non(?=-)",
    ),
    (
        "uncertain",
        r"possibl[ey]|probabl[ey]|suspected|suspicious (?:of|for)|presumed|presumptive|likely"
        r"|suggest(?:s|ed|ing|ive)?(?: of)?|may(?: be| have| represent)?|might(?: be| have)?"
        r"|could(?: be)?|questionable|query|apparent(?:ly)?|perhaps|tentative",
    ),
    (
        "other",
        r"(?:differential diagnos[ei]s|differential(?= (?:is|are|include))|ddx|dd(?= ?:))"
        r"(?: is| are| of| includes?| include)?(?: ?:)?"
        r"|resembl(?:es?|ed|ing)|(?:characteristic|typical) (?:of|for)(?=[^.;]*\bwhereas\b)"
        r"|mimic(?:s|ked|king)?|simulat(?:es|ed|ing)|reminiscent of|unlike|in contrast to"
        r"|as opposed to|(?:to be )?distinguish(?:ed)?(?: it)? from|differentiate[sd]? from"
        r"|instead of|rather than"
        r"|versus|vs\.?|compared? (?:with|to)|cf\.?|argues? against|arguing against"
        r"|misdiagnosed as|mistaken for|confused with|whereas in|whereas|associat(?:ed|ion) with"
        r"|initially thought to be|family history of",
    ),
    (
        "past",
        r"history of|previous(?:ly)?|prior|former(?:ly)?|healed|resolved|after(?: treatment with"
        r"| treatment of| excision of)?|treated (?:with|by|for)|status post|had been|following",
    ),
)
_AFTER: tuple[tuple[Status, str], ...] = (
    (
        "absent",
        r"(?:is|are|was|were|being)? ?(?:absent|lacking|missing|spared|not (?:seen|present|found"
        r"|observed|visible|involved|affected|evident)|uninvolved|unaffected|normal|negative"
        r"|ruled out|excluded)",
    ),
    ("uncertain", r"(?:is|was|are|were) (?:suspected|possible|likely|probable|questionable)"),
    ("absent", r"(?:has|have|had) (?:resolved|healed|cleared|disappeared|faded)"),
)
_PREPOSITION = re.compile(
    r"\b(?:on|of|over|in|at|around|along|affecting|involving)\b", re.IGNORECASE
)
_AFTER_REACH = 45  # characters before a cue that it speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Characters `start` to `end` (exclusive) that a cue speaks of."""

    status: Status
    start: int
    end: int


_BEFORE_CUES = tuple(
    (status, re.compile(rf"(?<![\w-])(?:{text})(?![\w])", re.IGNORECASE))
    for status, text in _BEFORE
)
_AFTER_CUES = tuple(
    (status, re.compile(rf"(?<![\w-])(?:{text})(?![\w-])", re.IGNORECASE))
    for status, text in _AFTER
)
_WORD = re.compile(r"\w+")
_QUERY = re.compile(r"\?(?=[A-Za-z])")
# A sentence that begins so tells of another place or picture.
_ELSEWHERE = re.compile(r"\s*(?:Similar|Other|Further|Additional|Identical|The same|Compare)\b")
_ORDER: tuple[Status, ...] = ("other", "absent", "uncertain", "past")


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the characters of each sentence or part between semicolons."""
    parts: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        parts.append((start, match.end()))
        start = match.end()
    if text[start:].strip():
        parts.append((start, len(text)))
    return tuple(parts)


def find_scopes(text: str) -> tuple[Scope, ...]:
    """Find what is not simply said to be there, in the order of the text."""
    found: list[Scope] = []
    for start, end in split_sentences(text):
        found += _scopes(text, start, end)
    return tuple(sorted(found, key=lambda scope: (scope.start, scope.end)))


def _scopes(text: str, start: int, end: int) -> Iterator[Scope]:
    if _ELSEWHERE.match(text, start, end):
        yield Scope(status="other", start=start, end=end)
    for status, pattern in _BEFORE_CUES:
        for match in pattern.finditer(text, start, end):
            if status == "absent" and text[match.end() :].lstrip().lower().startswith("only"):
                continue
            if text[match.end() : match.end() + 1] == "-":  # non-scaly: the one word
                word = _WORD.match(text, match.end() + 1)
                until = match.end() if word is None else word.end()
            else:
                until = _reach(text, match.end(), end, lists=status == "other")
            yield Scope(status=status, start=match.start(), end=until)
    for match in _QUERY.finditer(text, start, end):
        yield Scope(status="uncertain", start=match.start(), end=_reach(text, match.end(), end))
    for status, pattern in _AFTER_CUES:
        for match in pattern.finditer(text, start, end):
            least = max(start, match.start() - _AFTER_REACH)
            before = text[least : match.start()]
            cut = max(before.rfind(mark) for mark in (",", ":", "(", ")", " but ", " with "))
            joined = before.rfind(" and the ")
            if joined > cut and _PREPOSITION.search(before, cut + 1, joined):
                cut = joined  # "nodules on the shins and the thighs were spared"
            yield Scope(status=status, start=least + max(cut, 0), end=match.end())


def _reach(text: str, start: int, end: int, *, lists: bool = False) -> int:
    """Where what begins at `start` ends; `lists`: a comma does not end it."""
    stop = _STOP.search(text, start, end)
    until = end if stop is None else stop.start()
    comma = None if lists else _COMMA.search(text, start, until)
    if comma is not None and not _CLOSES.search(text, comma.end(), until):
        until = comma.start()
    return until


def status_of(scopes: tuple[Scope, ...], start: int, end: int) -> Status:
    """Return what is said of characters `start` to `end`; the strongest scope decides.

    >>> text = "No satellite lesions; possible sarcoidosis of the cheek."
    >>> scopes = find_scopes(text)
    >>> status_of(scopes, 3, 12), status_of(scopes, 31, 42), status_of(scopes, 50, 55)
    ('absent', 'uncertain', 'present')
    """
    around = {scope.status for scope in scopes if scope.start <= start and end <= scope.end}
    return next((status for status in _ORDER if status in around), "present")
