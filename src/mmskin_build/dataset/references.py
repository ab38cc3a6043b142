"""Texts by reference: what a text has in common with captions stands as places in them.

Who has the captions gets the text back, letter for letter; who has not sees only the words that no
caption lends. Every word that stands in the text's own caption becomes a reference, however short
the run; of other captions, runs of `FOREIGN_RUN` words do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mmskin_build.errors import SchemaError

FOREIGN_RUN = 5  # words in a row that are told to be another caption's
KEY = "@text"  # of the object that stands for a text with references

_WORD = re.compile(r"\w+")
_CASES: dict[str, Callable[[str], str]] = {
    "": lambda word: word,
    "lower": str.lower,
    "upper": str.upper,
    "capitalize": str.capitalize,
}

#: The texts of one record, by their field; of all records, by id.
Texts = Mapping[str, str]


def refer(text: str, own: Texts, owner: str = "") -> list[Any]:
    """Return `text` as parts: letters as they are, and places ``[owner, field, start, end, case]``.

    The longest run in common wins, so that the parts are few.

    >>> refer("Scaly plaque, here.", {"caption": "A scaly plaque."})
    [['', 'caption', 2, 7, 'capitalize'], ' ', ['', 'caption', 8, 14, ''], ', here.']
    """
    places: dict[str, list[tuple[str, int]]] = {}
    for field, source in own.items():
        for word in _WORD.finditer(source):
            places.setdefault(word[0].casefold(), []).append((field, word.start()))
    parts: list[Any] = []
    written = 0
    for word in _WORD.finditer(text):
        if word.start() < written:
            continue
        found = _longest(text, word, own, places.get(word[0].casefold(), ()))
        if found is None:
            continue
        field, start, length, case = found
        if word.start() > written:
            parts.append(text[written : word.start()])
        parts.append([owner, field, start, start + length, case])
        written = word.start() + length
    if written < len(text) or not parts:
        parts.append(text[written:])
    return parts


def _longest(
    text: str, word: re.Match[str], own: Texts, places: Iterable[tuple[str, int]]
) -> tuple[str, int, int, str] | None:
    best: tuple[str, int, int, str] | None = None
    for field, start in places:
        source, length = own[field], word.end() - word.start()
        if source[start : start + length] == word[0]:
            run = _run(text, word.start(), source, start)
            if best is None or best[3] or run > best[2]:
                best = field, start, run, ""
        elif best is None:
            taken = source[start : start + length]
            case = next((name for name, change in _CASES.items() if change(taken) == word[0]), None)
            if case is not None:
                best = field, start, length, case
    return best


def _run(text: str, at: int, source: str, start: int) -> int:
    """How many letters both have in common from there, up to the end of a word of both."""
    most = min(len(text) - at, len(source) - start)
    length = next((n for n in range(most) if text[at + n] != source[start + n]), most)
    while length and not (_ends(text, at + length) and _ends(source, start + length)):
        length -= 1
    return length


def _ends(text: str, at: int) -> bool:
    """Whether a word ends before `at`."""
    inside = at < len(text) and re.match(r"\w", text[at]) is not None
    return re.match(r"\w", text[at - 1]) is not None and not inside


def resolve(parts: Sequence[Any], texts: Callable[[str], Texts]) -> str:
    """Return the text that `refer` took apart.

    Args:
        parts: As `refer` returned them.
        texts: The texts of a record by its id; "" is the text's own.

    Raises:
        KeyError: If a record or a field is not there.
        SchemaError: If a part is none.
    """
    found = []
    for part in parts:
        match part:
            case str():
                found.append(part)
            case [str(owner), str(field), int(start), int(end), str(change)] if change in _CASES:
                found.append(_CASES[change](texts(owner)[field][start:end]))
            case _:
                raise SchemaError(f"not a part of a text: {part!r}; get the folder again")
    return "".join(found)


class CaptionRuns:
    """Which runs of `FOREIGN_RUN` words stand in the texts of which record.

    Args:
        texts: The texts of all records by id.
    """

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        """Take in all texts."""
        self._texts = texts
        self._owner: dict[int, str] = {}
        for record_id, fields in texts.items():
            for text in fields.values():
                for run in word_runs(text):
                    self._owner.setdefault(hash(run), record_id)

    def refer(self, text: str, record_id: str) -> list[Any]:
        """Return `text` as parts, without a run of any caption: see `refer`."""
        own = self._texts.get(record_id, {})
        own_runs = {run for source in own.values() for run in word_runs(source)}
        parts: list[Any] = []
        written = 0
        for word, run in zip(_WORD.finditer(text), word_runs(text), strict=False):
            owner = self._owner.get(hash(run))
            if word.start() < written or owner is None or run in own_runs:
                continue
            taken = refer(text[word.start() :], self._texts[owner], owner)[0]
            if isinstance(taken, str):  # another run of the same hash
                continue
            if word.start() > written:
                parts.extend(refer(text[written : word.start()], own))
            parts.append(taken)
            written = word.start() + taken[3] - taken[2]
        if written < len(text) or not parts:
            parts.extend(refer(text[written:], own))
        return parts

    def refer_named(self, text: str, record_id: str) -> list[Any]:
        """Return `text` as `refer` does, with `record_id` named in each place of its captions."""
        parts = self.refer(text, record_id)
        return [p if isinstance(p, str) else [p[0] or record_id, *p[1:]] for p in parts]


def word_runs(text: str, length: int = FOREIGN_RUN) -> Iterable[tuple[str, ...]]:
    """Yield all runs of `length` words of a text, in small letters and without punctuation."""
    words = _WORD.findall(text.casefold())
    return (tuple(words[n : n + length]) for n in range(len(words) - length + 1))


def refer_all(value: Any, refer_text: Callable[[str], list[Any]]) -> Any:
    """Return plain data with every text that lends from a caption as ``{KEY: parts}``."""
    if isinstance(value, str):
        parts = refer_text(value)
        return value if parts == [value] else {KEY: parts}
    if isinstance(value, list):
        return [refer_all(part, refer_text) for part in value]
    if isinstance(value, dict):
        return {key: refer_all(part, refer_text) for key, part in value.items()}
    return value


def resolve_all(value: Any, texts: Callable[[str], Texts]) -> Any:
    """Return the data that `refer_all` was given.

    Raises:
        KeyError: If a record or a field is not there.
        SchemaError: If a part of a text is none.
    """
    if isinstance(value, list):
        return [resolve_all(part, texts) for part in value]
    if isinstance(value, dict):
        if value.keys() == {KEY}:
            return resolve(value[KEY], texts)
        return {key: resolve_all(part, texts) for key, part in value.items()}
    return value
