"""The ways in which captions mark their panels, each with what finds its marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mmskin_build.figures.caption_marks import (
    BARE_LIST,
    BARE_LOWER,
    BARE_UPPER,
    FIGURE_LETTER,
    PANEL_WORD,
    PAREN_GROUP,
    PAREN_REMARK,
    PLAIN_LOWER,
    PLAIN_UPPER,
    STRONG_LOWER,
    STRONG_UPPER,
    Mark,
    find_marks,
)


@dataclass(frozen=True, slots=True)
class Form:
    """One way of marking panels.

    `needs_two`: one mark alone may be a word or a name. `may_trail`: marks may stand behind the
    words that they mark.
    """

    find: Callable[[str], list[Mark]]
    needs_two: bool = False
    may_trail: bool = False


def _bare_list(text: str) -> list[Mark]:
    """Bare small letters; of several "a" the last one before "b", for the others are articles."""
    marks = find_marks(BARE_LIST, text)
    second = next((i for i, mark in enumerate(marks) if mark.keys[0] > "a"), len(marks))
    kept = marks[max(0, second - 1) :]
    return kept if kept and kept[0].keys[0] == "a" else []


def _figure_letters(text: str) -> list[Mark]:
    """Marks with the number of the figure: "Fig. 3A: … Fig. 3B: …", all of one figure."""
    figures = {match["figure"] for match in FIGURE_LETTER.finditer(text)}
    marks = find_marks(FIGURE_LETTER, text)
    return marks if len(figures) == 1 and marks and marks[0].keys[0] == "a" else []


def _remarks_only(text: str) -> list[Mark]:
    """Marks behind their words, some with a remark: "Dermoscopy (A). Histology (B; H&E)"."""
    remarks = find_marks(PAREN_REMARK, text)
    marks = find_marks(PAREN_GROUP, text) if remarks else []
    return sorted(remarks + marks, key=lambda mark: mark.start)


def _without_stops(text: str) -> list[Mark]:
    marks = find_marks(PLAIN_UPPER, text)
    return [mark for mark in marks if "." not in text[mark.start : mark.end]]


def _with_remarks(text: str) -> list[Mark]:
    """Marks before their words, and those that end a remark behind them: "(E; 600×)"."""
    remarks = [replace(mark, trails=True) for mark in find_marks(PAREN_REMARK, text)]
    return sorted(find_marks(PLAIN_UPPER, text) + remarks, key=lambda mark: mark.start)


#: The one that is tried first wins where two name equally many panels.
FORMS: Sequence[Form] = (
    Form(partial(find_marks, PAREN_GROUP), may_trail=True),
    Form(partial(find_marks, PLAIN_UPPER)),
    Form(partial(find_marks, PLAIN_LOWER), needs_two=True),
    Form(partial(find_marks, BARE_LOWER)),
    Form(partial(find_marks, BARE_UPPER), needs_two=True),
    Form(_with_remarks),
    Form(_without_stops),
    Form(partial(find_marks, PANEL_WORD), needs_two=True),
    Form(partial(find_marks, STRONG_UPPER), needs_two=True),
    Form(partial(find_marks, STRONG_LOWER), needs_two=True),
    Form(_figure_letters, needs_two=True),
    Form(_remarks_only, needs_two=True, may_trail=True),
    Form(_bare_list, needs_two=True),
)
