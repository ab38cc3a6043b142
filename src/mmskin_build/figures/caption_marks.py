"""The marks of panels in a caption, and its sentences: ``(a)``, ``B,``, ``(c–e)``.

A mark counts only in a chain of letters that run on without a gap; later mentions are references.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DASH = "-–—‐‑"
_JOINER = rf"(?:\s*(?:,\s*and|,|and|&|{'|'.join(_DASH)}|to)\s*)"
_OPEN = r"\(\s*"
PAREN_GROUP = re.compile(
    rf"{_OPEN}(?P<letters>[A-Za-z](?:{_JOINER}[A-Za-z])*)\s*\)"
    rf"(?:{_JOINER}{_OPEN}[A-Za-z](?:{_JOINER}[A-Za-z])*\s*\))*"
)
PAREN_REMARK = re.compile(r"\(\s*(?P<letters>[A-Z])\s*[;,:]\s[^()]*\)")
_CLAUSE = rf"(?:^|(?<=[.;:!?)])\s+|(?<=[{_DASH}])\s+|(?<=\sand)\s+|(?<=,)\s+(?=[A-Z]['’]))"
PLAIN_UPPER = re.compile(
    rf"{_CLAUSE}(?P<letters>[A-Z]['’]?(?:{_JOINER}[A-Z]['’]?(?![\w'’]|\.\s+[a-z]))*)\s?(?:[,:)]|\.(?!\s?-))\s+(?=\S)"
)
PLAIN_LOWER = re.compile(rf"{_CLAUSE}(?P<letters>[a-z](?:{_JOINER}[a-z](?!\w))*)\s?[,.:)]\s+(?=\S)")
BARE_LOWER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<letters>[a-z](?:\s*,\s*[a-z](?!\w))*)\s+(?=[A-Z(])"
)
BARE_UPPER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<letters>[A-Z](?:\s*,\s*[A-Z](?!\w))*)\s+(?=[A-Z][a-z])"
)
_INITIAL = re.compile(
    r"(?:(?:^|[\s(.])(?:(?:of|by|from|and|Dr\.?|Prof\.?|&|[A-Z][\w.'’-]+,?)\s|[A-Z]\.?\s?)|^)"
    r"[A-Z]\.$"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|Dr|Prof|St|al|sp|spp|var|approx|ca|Fig|Figs|No|Vol|ed|mag|orig"
    r"|resp|incl|viz|no|pp|p))\.$"
)
#: What stands before the initial of a name: "Dr. M. Hale", "Photo: M. Hale".
_NAME_AHEAD = re.compile(
    r"(?:\b(?:Drs?|Prof|Mr|Mrs|Ms)\.|\b(?:photo\w*|images?|courtesy|credits?|source)\s?:)\s*$",
    re.IGNORECASE,
)

#: How a line begins that tells whose picture it is, and is no caption; "Photo: M. Hale".
CREDIT = re.compile(
    r"\s*\(?(?:©|\(c\)|copyright|courtesy|photo(?:graph)?s? (?:by|courtesy)|images? (?:by|courtesy)"
    r"|reproduced|reprinted|adapted|with (?:kind )?permission|source:|from "
    r"|(?:photo\w*|pictures?|images?|foto\w*|bild)(?: credits?)?\s?:"
    r"(?=(?:[\s/&,|()]+(?:and|of|for|the|von|de|(?-i:[A-ZÀ-Þ])[\w.'’-]*))+[)\s]*$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark from `start` to `end` of a caption, and the panels that it names."""

    start: int
    end: int
    keys: tuple[str, ...]
    trails: bool = False  # stands at the end of its own words, among marks that stand before them


def letters_in(group: str) -> tuple[str, ...]:
    """Expand a group of letters: ``b–d`` and ``a, c and d``.

    >>> letters_in("a, c–e")
    ('a', 'c', 'd', 'e')
    """
    tokens = re.findall(rf"\b[A-Za-z]\b['’]?|[{_DASH}]", group.replace(" to ", " – "))
    found: list[str] = []
    ranged = False
    for token in tokens:
        if token in _DASH:
            ranged = True
        elif re.fullmatch(r"[A-Za-z]['’]?", token):
            letter = token.lower().replace("’", "'")
            if ranged and found and len(letter) == 1 and len(found[-1]) == 1:
                first, last = ord(found[-1]), ord(letter)
                if first < last <= first + 25:
                    found.extend(chr(code) for code in range(first + 1, last))
            found.append(letter)
            ranged = False
    return tuple(dict.fromkeys(found))


def find_marks(pattern: re.Pattern[str], text: str) -> list[Mark]:
    """Return the marks of one form in a caption, in order."""
    found = []
    for match in pattern.finditer(text):
        group = text[match.start("letters") : match.end()]
        group = re.sub(r"[()]", " ", group) if "(" in match[0] else match["letters"]
        start = match.start() + (len(match[0]) - len(match[0].lstrip()))
        keys = letters_in(group)
        if keys and not _NAME_AHEAD.search(text, 0, start):
            found.append(Mark(start, match.end(), keys))
    return found


def find_chain(marks: Sequence[Mark]) -> list[Mark]:
    """The marks whose letters run on in order without a gap; later mentions are references."""
    best: list[Mark] = []
    for position, first in enumerate(marks):
        if first.keys[0] != "a" and best:
            continue
        chain, last = [first], first.keys[-1]
        if not _runs_on(first.keys):
            continue
        for mark in marks[position + 1 :]:
            if _follows(last, mark.keys[0]) and _runs_on(mark.keys):
                chain.append(mark)
                last = mark.keys[-1]
        if sum(len(m.keys) for m in chain) > sum(len(m.keys) for m in best):
            best = chain
    if best:
        # "A-C, one species; D-F, another; A, D, leaf; B, E, stem; C, F, root": the latter say more
        later = [mark for mark in marks if mark.start > best[-1].start]
        again = sorted(key for mark in later for key in mark.keys)
        if len(later) > len(best) and again == sorted(k for mark in best for k in mark.keys):
            return later
    every = sorted(key for mark in marks for key in mark.keys)
    longer = len(every) > sum(len(mark.keys) for mark in best)
    if longer and every[0] == "a" == marks[0].keys[0] and _runs_on(every):
        return list(marks)  # interleaved lists: "A, C, before treatment; B, D, after it"
    return best


def _follows(last: str, following: str) -> bool:
    if following == f"{last}'":
        return True
    return len(following) == 1 and ord(following) == ord(last[0]) + 1


def _runs_on(keys: Sequence[str]) -> bool:
    return all(_follows(a, b) for a, b in zip(keys, keys[1:], strict=False))


def sentence_end(text: str, start: int) -> int:
    """Where the first sentence after `start` ends; abbreviations and initials do not end one."""
    for match in re.finditer(r"[.!?](?=\s+[^\W\da-z_]|\s*$|\s+\()", text[start:]):
        end = start + match.end()
        if not _is_abbreviation(text[start:end]) and end - start > 2:
            return end
    return len(text)


def _is_abbreviation(text: str) -> bool:
    """Whether the full stop that ends `text` belongs to an abbreviation or an initial.

    "Courtesy of L. Venn" has an initial, "hepatitis B." ends a sentence.
    """
    return bool(_ABBREVIATION.search(text) or _INITIAL.search(text))


def sentence_start(text: str, end: int) -> int:
    """Return where the sentence that holds `end` starts."""
    start = 0
    while True:
        following = sentence_end(text, start)
        if following >= end:
            return start
        start = following


def trim_part(text: str) -> str:
    """Return a part without the punctuation around it."""
    text = re.sub(r"^[\s,;:.)\-–—]+", "", text)
    text = re.sub(r"(?:[\s,;:\-–—(]|\band)+$", "", text)
    return text[:-1].rstrip() if text.endswith(".") and not _is_abbreviation(text) else text


def join_common(pieces: Sequence[str]) -> str:
    """Return the pieces that hold for all panels as one text."""
    kept = [re.sub(r"^[\s,;:.)]+|[\s,;:\-–—(]+$", "", piece) for piece in pieces]
    return " ".join(piece for piece in kept if piece)
