"""A caption in the one spelling that all rules read, with the way back to the printed one.

Dashes become ``-``, quotation marks ``'``, white space and control characters a space, ligatures
and full-width forms their plain letters; soft hyphens and zero-width characters go. Each number,
in digits or in words, becomes one ``#``, so that a rule says ``#-year-old`` and fits "45-year-old"
and "forty-five-year-old" alike.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NUMBER = "#"

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u00b4`\uff07"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
_ONE_TO_ONE = str.maketrans(
    {
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_QUOTES, "'"),
        **dict.fromkeys(_SPACES + "\u205f\u3000\u2028\u2029\u0085" + NUMBER, " "),
        **{chr(code): " " for code in (*range(32), 127)},
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if code != 0xFF03},
        "\uff03": " ",
        "\u00d7": "x",
        "\u02da": "\u00b0",
        **dict.fromkeys("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", " "),
    }
)
_LONGER = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u0301\u0308", ""),
}
# A decomposed accent is put together where it is one of the common ones, otherwise it goes.
_COMPOSED = {
    "\u0301": dict(zip("aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ", strict=True)),
    "\u0300": dict(zip("aeiouAEIOU", "àèìòùÀÈÌÒÙ", strict=True)),
    "\u0308": dict(zip("aeiouAEIOU", "äëïöüÄËÏÖÜ", strict=True)),
    "\u0302": dict(zip("aeiouAEIOU", "âêîôûÂÊÎÔÛ", strict=True)),
    "\u0303": dict(zip("anoANO", "ãñõÃÑÕ", strict=True)),
    "\u0327": dict(zip("cC", "çÇ", strict=True)),
}
_UNUSUAL = re.compile("[" + "".join(_LONGER) + "".join(_COMPOSED) + "]")
_HALVES = {"½": 0.5, "¼": 0.25, "¾": 0.75, "1/2": 0.5, "1/4": 0.25, "3/4": 0.75}
_FRACTION = r"(?:[ -]?(?P<part>[½¼¾])|[ -](?P<slash>1/2|1/4|3/4)(?![/\d]))"
DIGITS = rf"(?<![\d.])(?<!\d[,/])\d{{1,6}}(?:\.\d{{1,2}}(?![\d.]))?(?!\d)(?:{_FRACTION}|\+)?|[½¼¾]"
DIGITS_COMMA = (
    rf"(?<![\d.])(?<!\d[,/])\d{{1,6}}(?:[.,]\d{{1,2}}(?![\d.,]))?(?!\d)(?:{_FRACTION}|\+)?|[½¼¾]"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded caption.

    `text` is in lower case, `cased` the same with its capitals; ``#`` stands for the number
    ``numbers[position]``, which is the least of an open range where the position is in `open_ended`
    ("90+"). `starts` and `ends` have the offsets in the printed caption of each character.
    """

    text: str
    cased: str
    starts: Sequence[int]
    ends: Sequence[int]
    numbers: Mapping[int, float]
    open_ended: frozenset[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the printed characters [start, end) of the folded ones, white space trimmed."""
        while start < end and self.text[start] in " ,;:(":
            start += 1
        while end > start and self.text[end - 1] in " ,;:(.":
            end -= 1
        return self.starts[start], self.ends[max(end - 1, start)]


def fold(
    text: str, numbers: re.Pattern[str] | None = None, words: Mapping[str, float] | None = None
) -> Folded:
    """Fold `text`; `numbers` finds numbers, `words` has the values of those that are no digits.

    >>> fold("A 45\u2013year\u2013old", re.compile(DIGITS)).text
    'a #-year-old'
    """
    plain, starts, ends = _one_spelling(text)
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    values: dict[int, float] = {}
    open_ended: set[int] = set()
    position = length = 0
    for match in numbers.finditer(plain) if numbers is not None else ():
        value = _value(match, words or {})
        if value is None:
            continue
        pieces += (plain[position : match.start()], NUMBER)
        new_starts += starts[position : match.start()]
        new_ends += ends[position : match.start()]
        length += match.start() - position
        values[length] = value
        if match[0].endswith("+"):
            open_ended.add(length)
        new_starts.append(starts[match.start()])
        new_ends.append(ends[match.end() - 1])
        length += 1
        position = match.end()
    pieces.append(plain[position:])
    new_starts += starts[position:]
    new_ends += ends[position:]
    cased = "".join(pieces)
    lower = cased.lower()
    if len(lower) != len(cased):  # a capital whose small letter has two characters
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in cased)
    return Folded(
        lower,
        cased,
        (*new_starts, len(text)),
        (*new_ends, len(text)),
        values,
        frozenset(open_ended),
    )


def _one_spelling(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    plain = text.translate(_ONE_TO_ONE)
    if _UNUSUAL.search(plain) is None:
        return plain, range(len(text)), range(1, len(text) + 1)
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, letter in enumerate(plain):
        composed = _COMPOSED.get(letter)
        if composed is not None:
            if letters and letters[-1] in composed:
                letters[-1] = composed[letters[-1]]
                ends[-1] = index + 1
            continue
        for part in _LONGER.get(letter, letter):
            letters.append(part)
            starts.append(index)
            ends.append(index + 1)
    return "".join(letters), starts, ends


def _value(match: re.Match[str], words: Mapping[str, float]) -> float | None:
    found = match[0].rstrip("+")
    if found[0].isdigit() or found in _HALVES:
        if found in _HALVES:
            return _HALVES[found]
        part = match["part"] or match["slash"]
        whole = found[: len(found) - len(part)].rstrip(" -") if part else found
        return float(whole.replace(",", ".")) + (_HALVES[part] if part else 0.0)
    return words.get(re.sub(r"[\s-]+", " ", found.lower()))


def clause_start(breaks: Sequence[int], position: int) -> int:
    """Return where the clause around `position` starts, given where clauses end, in order."""
    index = bisect.bisect_right(breaks, position)
    return breaks[index - 1] if index else 0
