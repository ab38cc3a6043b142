"""The marks of panels in a caption, and its sentences: ``(a)``, ``B,``, ``(c–e)``.

A mark counts only in a chain of letters that run on without a gap; later mentions are references.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DASH = "-–—‐‑"
_JOINER = rf"(?:\s*(?:,\s*and|,|and|&|{'|'.join(_DASH)}|to)\s*)"
_OPEN = r"[(\[]\s*(?:[Pp]anels?\s+)?"
_CLOSE = r"\s*[)\]]"
PAREN_GROUP = re.compile(
    rf"{_OPEN}(?P<letters>[A-Za-z](?:{_JOINER}[A-Za-z])*){_CLOSE}"
    rf"(?:{_JOINER}{_OPEN}[A-Za-z](?:{_JOINER}[A-Za-z])*{_CLOSE})*"
)
PAREN_REMARK = re.compile(rf"{_OPEN}(?P<letters>[A-Z])\s*[;,:]\s(?:(?![;,]\s[A-Z]\s?[:,])[^()])*\)")
_CLAUSE = rf"(?:^|(?<=[.;:!?)])\s+|(?<=[{_DASH}])\s+|(?<=\sand)\s+|(?<=,)\s+(?=[A-Z]['’]))"
_AFTER_COMMA = rf"(?:^|(?<=[.;:,!?)])\s+|(?<=[{_DASH}])\s+|(?<=\sand)\s+)"
# "B, H&E" and "C, S-100" go on with a word, "B, C" and "B-D" with a letter.
_ENDS = rf"(?![\w'’&+/²]|[{_DASH}](?![A-Za-z](?!\w)))"
_UPPERS = rf"(?P<letters>[A-Z]['’]?(?:{_JOINER}[A-Z]['’]?{_ENDS}(?!\.\s+[a-z]))*)"
_LOWERS = rf"(?P<letters>[a-z](?:{_JOINER}[a-z]{_ENDS})*)"
PLAIN_UPPER = re.compile(rf"{_CLAUSE}{_UPPERS}\s?(?:[,:)]|\.(?!\s?-))\s+(?=\S)")
PLAIN_LOWER = re.compile(rf"{_CLAUSE}{_LOWERS}\s?[,.:)]\s+(?=\S)")
#: After a comma, too, for what follows leaves no doubt: "A: hand, B: knee", "A – hand, B – knee".
_STRONG = r"(?:\s?[:)]|\s[–—=]|—)\s+(?=\S)"
STRONG_UPPER = re.compile(rf"{_AFTER_COMMA}{_UPPERS}{_STRONG}")
STRONG_LOWER = re.compile(rf"{_AFTER_COMMA}{_LOWERS}{_STRONG}")
BARE_LOWER = re.compile(rf"(?:^|(?<=[.;:])\s+){_LOWERS}\s+(?=[A-Z(])")
BARE_UPPER = re.compile(rf"(?:^|(?<=[.;:])\s+){_UPPERS}\s+(?=[A-Z][A-Za-z&])")
#: "a hand, b knee, c face": only lower case, and only in order, for "A" begins many a sentence.
BARE_LIST = re.compile(rf"(?:^|(?<=[.;:,])\s+|(?<=\sand)\s+){_LOWERS}\s+(?=\w)")
PANEL_WORD = re.compile(
    rf"(?:^|(?<=[.;:!?,)])\s+|(?<=\sand)\s+)(?:(?:in|the)\s+)?panels?\s+"
    rf"(?P<letters>[A-Z](?:{_JOINER}[A-Z](?!\w))*)"
    r"(?:\s?[:.,]|\s[–—]|\s(?:shows?|depicts?|displays?|illustrates?|demonstrates?|gives?))"
    r"\s+(?=\S)",
    re.IGNORECASE,
)
#: "Fig. 3A: … Fig. 3B: …"
FIGURE_LETTER = re.compile(
    r"(?:^|(?<=[.;])\s+)fig(?:ure|\.)?\s?(?P<figure>\d+(?:[.\-–]\d+)?)\s?"
    r"(?P<letters>[A-Z](?!\w))\s?(?:[:.,)]\s*)?\s(?=\S)",
    re.IGNORECASE,
)
#: What stands before a letter that names a panel of a figure: "as in Figs. 4 (a) and 4 (b)".
_NUMBER = r"\d+(?:[.\-–]\d+)*"
_LETTER_OF_IT = r"(?:\s?[(\[][A-Za-z][)\]]|[A-Za-z](?!\w))"
_REFERENCE = re.compile(
    rf"\bfig(?:ure)?s?\.?\s*(?:{_NUMBER}{_LETTER_OF_IT}?\s*(?:,|and|&|[{_DASH}])\s*)*"
    rf"(?:{_NUMBER}\s*,?|{_NUMBER}\s?\([A-Za-z]\)\s*(?:and|&|[{_DASH}]))\s*$",
    re.IGNORECASE,
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
_REFERENCE_REACH = 60  # characters before a letter in which its figure is named

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
        group = match["letters"]
        if pattern is PAREN_GROUP:  # "(a)–(c)" goes on behind its first letters
            group = re.sub(r"[()\[\]]", " ", text[match.start("letters") : match.end()])
        start = match.start() + (len(match[0]) - len(match[0].lstrip()))
        keys = letters_in(group)
        if keys and not _NAME_AHEAD.search(text, 0, start) and not _is_reference(text, start):
            found.append(Mark(start, match.end(), keys))
    return found


def _is_reference(text: str, start: int) -> bool:
    """Whether the letter at `start` of a caption names a panel of a figure given by its number."""
    found = _REFERENCE.search(text, max(0, start - _REFERENCE_REACH), start)
    return found is not None and found.start() > 0


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


def mend_chain(text: str, marks: Sequence[Mark], chain: Sequence[Mark]) -> list[Mark]:
    """The chain with marks that stand out of order, or behind one letter that the caption skips.

    "(B) Histology. (A) Nodule." and "(a) Nodule; (b) dermoscopy; (d) histology": what begins a
    clause with a mark of its own belongs to that panel, and to no other.
    """
    leading = [mark for mark in marks if _begins_clause(text, mark.start)]
    every = sorted(key for mark in leading for key in mark.keys)
    if len(leading) > 1 and len(every) > sum(len(mark.keys) for mark in chain):
        steps = [ord(b[0]) - ord(a[0]) for a, b in zip(every, every[1:], strict=False)]
        in_order = [mark.keys for mark in leading] == sorted(mark.keys for mark in leading)
        most = 2 if in_order else 1  # letters from one to the next
        if every[0] == "a" and all(1 <= step <= most for step in steps) and steps.count(2) <= 1:
            return leading
    return list(chain)


def _begins_clause(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".;:!?"


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
    return text[:-1].rstrip() if text.endswith(".") and not _ABBREVIATION.search(text) else text


def join_common(pieces: Sequence[str]) -> str:
    """Return the pieces that hold for all panels as one text."""
    kept = [re.sub(r"^[\s,;:.)]+|[\s,;:\-–—(]+$", "", piece) for piece in pieces]
    return " ".join(piece for piece in kept if piece)
