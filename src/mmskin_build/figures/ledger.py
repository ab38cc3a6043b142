"""The book's figure numbers as a ledger: which are never seen, seen twice, or out of order.

Numbers run by series ("Figure", "Plate") and, where labels carry one, by chapter. A book printed
its numbers without a gap, so a gap is most often a figure that was missed, a break in the order
most often a caption on the wrong picture. Nothing is repaired here: the ledger tells a person.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, permutations
from typing import Literal

from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure

GapKind = Literal["missing", "duplicate", "out_of_order"]
Order = Literal["follows", "holds", "broken"]

# The first number seen may be this high before the book counts as an excerpt of a longer one.
MAX_LEADING_GAP = 3

_HABIT_MIN = 3  # pairs of figures that must show a book's reading order
_HABIT_SHARE = 0.75

_SLACK_PT = 3.0  # by which boxes may overlap and still lie one after the other

_LABEL = re.compile(
    r"^\s*(?P<word>(?:(?![IVXLC]+\b)[^\W\d_]{2,}[.\s]\s*)+|[^\W\d_]{2,}(?=\d)|)(?P<number>\S.*)$"
)
_NUMBER = re.compile(
    r"^(?P<chapter>(?:(?:[A-Z]{1,2}|\d+|[A-Z]\d+)\s?[.\-‐‑–—−:]\s?)*)"
    r"(?:(?P<prefix>[A-Z]?)(?P<arabic>\d+)|(?P<roman>[IVXLC]{2,}|[IVX]))"
    r"(?:\s?[.\-–]?\s?\(?(?P<part>[A-Za-z](?:\s?[-–,]\s?[A-Za-z])*)\)?)?[.:]?$"
)
_JOINED = re.compile(r"\s*(?:,|;|&|\band\b|\bund\b|\bet\b|\by\b|\bto\b|\bbis\b)\s*")
_DASH = re.compile(r"\s*[-‐‑–—−]\s*")
_PLURAL = ("figs", "figures", "plates", "abbn", "abbildungen", "tafeln", "figuras", "efigures")
_SERIES = {"fig": "figure", "figs": "figure", "figures": "figure", "plates": "plate"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureNumber:
    """A label taken apart: "FIG. 3-4A" is series "figure", chapter "3", number 4, part "A".

    `stem` is the label as printed up to the number ("FIG. 3-").
    """

    series: str
    chapter: str
    number: int
    part: str = ""
    stem: str
    roman: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerGap:
    """One entry of the ledger that wants a look.

    `label` names the figure ("Figure 12.4") or the range that is `missing`; `detail` is a sentence.
    The pages to look at run from `page_index` to `until_page_index`, 0-based and inclusive.
    `figure_ids` are the figures concerned: the neighbours of a gap, all of a duplicate, the one out
    of order.
    """

    kind: GapKind
    label: str
    detail: str
    page_index: int
    until_page_index: int
    figure_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    number: FigureNumber
    figure: Figure
    run: int = 0

    @property
    def page_index(self) -> int:
        page_index = self.figure.caption_page_index
        return self.figure.page_index if page_index is None else page_index

    @property
    def bbox(self) -> Bbox | None:
        return self.figure.bbox or self.figure.caption_bbox


def parse_numbers(label: str, *, dashed_chapters: bool = False) -> tuple[FigureNumber, ...]:
    """Take a printed label apart; a plural one ("Figs. 2 and 3", "Figures 1.2-1.4") gives several.

    A label without a number gives none. Ranges are read as such only after a plural word, for
    "FIG. 1-2" is the second figure of chapter 1; with `dashed_chapters` "Figs. 1-2" is so, too.

    >>> [(n.chapter, n.number, n.part) for n in parse_numbers("Fig. 12.3b")]
    [('12', 3, 'b')]
    >>> [n.number for n in parse_numbers("Figures 1.2-1.4")]
    [2, 3, 4]
    """
    text = re.sub(r"\(?\bcontinued\b\.?\)?|\(?\bcont[.']?d?\b\.?\)?", "", label, flags=re.I)
    match = _LABEL.match(text.strip())
    if match is None:
        return ()
    word = match["word"]
    name = re.sub(r"[^\w]+", " ", word).strip().lower()
    series = _SERIES.get(name, name)
    body = match["number"].strip()
    if name not in _PLURAL:
        one = _parse_one(body, series, word)
        return () if one is None else (one,)
    numbers: list[FigureNumber] = []
    for piece in _JOINED.split(body):
        numbers += _parse_range(piece, series, word, dashed_chapters)
    return tuple(numbers)


def figure_ledger(figures: Sequence[Figure]) -> tuple[LedgerGap, ...]:
    """List numbers never seen, seen twice, or out of order, by page.

    Labels count wherever they stand, also with a caption whose picture was not found. Parts of one
    figure ("4A", "4B"), continued figures and figures with one caption are no duplicates. On one
    page a figure comes after those above or left of it; one at the upper right and one at the lower
    left have no order, unless the book's other pages show that it goes column by column. Books
    whose numbers begin again with each chapter, without naming it, are followed chapter by chapter.
    """
    gaps: list[LedgerGap] = []
    for ordered in _ordered_series(figures):
        gaps += _out_of_order(ordered)
        by_chapter = sorted(ordered, key=lambda entry: (entry.run, entry.number.chapter))
        for _, chapter in groupby(by_chapter, key=lambda e: (e.run, e.number.chapter)):
            members = list(chapter)
            gaps += _missing(members)
            gaps += _duplicates(members)
    return tuple(sorted(gaps, key=lambda g: (g.page_index, g.kind, g.label, g.figure_ids)))


def number_order(figures: Sequence[Figure]) -> dict[str, Order]:
    """Say how each numbered figure stands to the ones before and after it in its series.

    Returns:
        By `figure_id`: ``follows`` where it is the next number on both sides, ``holds`` where it
        is not lower than the one before nor higher than the one after, else ``broken``. Figures
        without a number, and those alone in their series, are left out.
    """
    found: dict[str, Order] = {}
    for ordered in _ordered_series(figures):
        for place, entry in enumerate(ordered if len(ordered) > 1 else ()):
            around = ordered[max(0, place - 1) : place + 2]
            values = [(e.run, *_value(e)) for e in around]
            order: Order = "holds" if values == sorted(values) else "broken"
            if order == "holds" and all(_is_next(a, b) for a, b in pairwise(around)):
                order = "follows"
            known = found.get(entry.figure.figure_id)
            found[entry.figure.figure_id] = order if known in (None, "follows") else known
    return found


def _is_next(before: _Entry, after: _Entry) -> bool:
    """Whether `after` is the same number, the next one, or the first of another chapter."""
    if (before.run, before.number.chapter) != (after.run, after.number.chapter):
        return after.number.number == 1
    return after.number.number - before.number.number in (0, 1)


def _ordered_series(figures: Sequence[Figure]) -> list[list[_Entry]]:
    """The numbers of each series in the order in which a reader meets them."""
    labels = [figure.label for figure in figures if figure.label]
    dashed = any(_DASH.search(n.stem) and n.chapter for t in labels for n in parse_numbers(t))
    entries = [
        _Entry(number=number, figure=figure)
        for figure in figures
        for number in parse_numbers(figure.label or "", dashed_chapters=dashed)
    ]
    entries.sort(key=lambda entry: (entry.number.series, entry.page_index))
    by_columns = _reads_by_columns(entries)
    by_series = groupby(entries, key=lambda entry: entry.number.series)
    return [_number_runs(_reading_order(list(series), by_columns)) for _, series in by_series]


def _reads_by_columns(entries: Sequence[_Entry]) -> bool:
    """Whether this book's numbers run down one column before the next one begins.

    What a figure at the lower left and one at the upper right tell, page by page; few of them tell
    nothing.
    """
    votes: Counter[bool] = Counter()
    for _, page in groupby(entries, key=lambda e: (e.number.series, e.page_index)):
        for a, b in permutations(list(page), 2):
            if _in_columns(a, b) and _value(a) != _value(b):
                votes[_value(a) < _value(b)] += 1
    return votes[True] >= _HABIT_MIN and votes[True] >= _HABIT_SHARE * votes.total()


def _in_columns(first: _Entry, second: _Entry) -> bool:
    """Whether `first` is lower than `second`, in a column left of it."""
    a, b = first.bbox, second.bbox
    if a is None or b is None or _in_row(a, b):
        return False
    return a.y0 > b.y0 and a.x1 <= b.x0 + _SLACK_PT


def _in_row(a: Bbox, b: Bbox) -> bool:
    return a.y_overlap(b) > 0.5 * min(a.height, b.height)


def _parse_one(text: str, series: str, word: str) -> FigureNumber | None:
    match = _NUMBER.match(text.strip())
    if match is None:
        return None
    roman = match["roman"] is not None
    number = _from_roman(match["roman"]) if roman else int(match["arabic"])
    if number is None:
        return None
    prefix = match["prefix"] or ""
    chapter = _DASH.sub(".", match["chapter"]).replace(":", ".").replace(" ", "").strip(".")
    return FigureNumber(
        series=f"{series} {prefix}".strip(),
        chapter=chapter,
        number=number,
        part=(match["part"] or "").replace(" ", ""),
        stem=word + match["chapter"] + prefix,
        roman=roman,
    )


def _parse_range(text: str, series: str, word: str, dashed: bool) -> list[FigureNumber]:
    for dash in _DASH.finditer(text):
        first = _parse_one(text[: dash.start()], series, word)
        last = _parse_one(text[dash.end() :], series, word)
        if first is None or last is None or first.number >= last.number:
            continue
        if last.chapter in (first.chapter, "") and (first.chapter or not dashed):
            return [replace(first, number=n) for n in range(first.number, last.number + 1)]
    one = _parse_one(text, series, word)
    return [] if one is None else [one]


def _from_roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral up to 399, else None."""
    values = [_ROMAN[letter] for letter in text]
    total = sum(-a if a < b else a for a, b in pairwise([*values, 0]))
    return total if _to_roman(total) == text else None


def _to_roman(number: int) -> str:
    signs = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"))
    text = ""
    for value, sign in (*signs, (4, "IV"), (1, "I")):
        text += sign * (number // value)
        number %= value
    return text


def _printed(model: FigureNumber, number: int) -> str:
    return model.stem + (_to_roman(number) if model.roman else str(number))


def _chapter_key(chapter: str) -> tuple[tuple[int, str], ...]:
    parts = chapter.split(".") if chapter else []
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in parts)


def _reading_order(entries: list[_Entry], by_columns: bool) -> list[_Entry]:
    """Sort by page; on a page by place where places have an order, else by number."""
    ordered: list[_Entry] = []
    for _, group in groupby(entries, key=lambda entry: entry.page_index):
        waiting = sorted(group, key=_value)
        while waiting:
            free = (
                e for e in waiting if not any(_precedes(other, e, by_columns) for other in waiting)
            )
            first = next(free, waiting[0])  # boxes thinner than the slack may run in a circle
            waiting.remove(first)
            ordered.append(first)
    return ordered


def _precedes(first: _Entry, second: _Entry, by_columns: bool) -> bool:
    """Whether any reader meets `first` before `second`: it is above, left, or both."""
    a, b = first.bbox, second.bbox
    if a is None or b is None or a == b:
        return False
    if by_columns and _in_columns(first, second):
        return True
    above, left = a.y1 <= b.y0 + _SLACK_PT, a.x1 <= b.x0 + _SLACK_PT
    in_column = a.x_overlap(b) > 0.5 * min(a.width, b.width) or a.x0 <= b.x0 + _SLACK_PT
    return (above and in_column) or (left and _in_row(a, b))


def _value(entry: _Entry) -> tuple[tuple[tuple[int, str], ...], int, str]:
    number = entry.number
    return _chapter_key(number.chapter), number.number, number.part


def _number_runs(entries: list[_Entry]) -> list[_Entry]:
    """Count how often numbers without a chapter begin again at 1 and go on from there."""
    run = 0
    seen: set[int] = set()
    numbered = []
    for place, entry in enumerate(entries):
        number = entry.number.number
        if not entry.number.chapter:
            follower = next((e.number.number for e in entries[place + 1 :]), None)
            if number == 1 and {1, 2} <= seen and follower in (2, 3):
                run, seen = run + 1, set()
            seen.add(number)
        numbered.append(replace(entry, run=run))
    return numbered


def _missing(entries: list[_Entry]) -> list[LedgerGap]:
    by_number = sorted(entries, key=lambda entry: (entry.number.number, entry.page_index))
    first = by_number[0]
    gaps = []
    if 1 < first.number.number <= 1 + min(MAX_LEADING_GAP, len(by_number)):
        gaps.append(_gap(None, first, 1, first.number.number - 1))
    for before, after in pairwise(by_number):
        if after.number.number - before.number.number > 1:
            gaps.append(_gap(before, after, before.number.number + 1, after.number.number - 1))
    return gaps


def _gap(before: _Entry | None, after: _Entry, first: int, last: int) -> LedgerGap:
    label = _printed(after.number, first)
    if last > first:
        label += " to " + _printed(after.number, last)
    pages = sorted(entry.page_index for entry in (before, after) if entry is not None)
    return LedgerGap(
        kind="missing",
        label=label,
        detail=f"{label} {'are' if last > first else 'is'} never seen",
        page_index=pages[0],
        until_page_index=pages[-1],
        figure_ids=tuple(e.figure.figure_id for e in (before, after) if e is not None),
    )


def _duplicates(entries: list[_Entry]) -> list[LedgerGap]:
    gaps = []
    by_number = sorted(entries, key=lambda e: (e.number.number, e.number.part.lower()))
    for (_, _), group in groupby(by_number, key=lambda e: (e.number.number, e.number.part.lower())):
        same = sorted(group, key=lambda entry: (entry.page_index, entry.figure.figure_id))
        captions = {_caption_place(entry.figure): entry for entry in reversed(same)}
        same = [entry for entry in same if captions[_caption_place(entry.figure)] is entry]
        same = [e for n, e in enumerate(same) if n == 0 or not _is_continued(e.figure)]
        ids = tuple(dict.fromkeys(entry.figure.figure_id for entry in same))
        if len(ids) < 2:
            continue
        label = _printed(same[0].number, same[0].number.number) + same[0].number.part
        pages = ", ".join(str(entry.page_index + 1) for entry in same)
        gaps.append(
            LedgerGap(
                kind="duplicate",
                label=label,
                detail=f"{label} is seen {len(ids)} times, on pages {pages} of the file",
                page_index=same[0].page_index,
                until_page_index=same[-1].page_index,
                figure_ids=ids,
            )
        )
    return gaps


def _caption_place(figure: Figure) -> object:
    """Equal for figures that share one caption, as those do that run over two pages."""
    if figure.caption_bbox is None:
        return figure.figure_id
    return figure.caption_page_index, figure.caption_bbox


def _is_continued(figure: Figure) -> bool:
    if "continued" in figure.flags:
        return True
    text = f"{figure.label or ''} {(figure.caption or '')[:40]}".lower()
    return "continued" in text or "cont." in text or "cont’d" in text or "cont'd" in text


def _out_of_order(entries: list[_Entry]) -> list[LedgerGap]:
    """The fewest entries whose removal leaves the numbers ascending."""
    values = [(entry.run, *_value(entry)) for entry in entries]
    keep = set(_longest_ascent(values))
    gaps = []
    for place, entry in enumerate(entries):
        if place in keep:
            continue
        label = _printed(entry.number, entry.number.number) + entry.number.part
        around = sorted(keep)
        left = next((p for p in reversed(around) if p < place), None)
        right = next((p for p in around if p > place), None)
        stands = " and ".join(
            f"{side} {_printed(entries[p].number, entries[p].number.number)}"
            for side, p in (("after", left), ("before", right))
            if p is not None
        )
        gaps.append(
            LedgerGap(
                kind="out_of_order",
                label=label,
                detail=f"{label} stands {stands}",
                page_index=entry.page_index,
                until_page_index=entry.page_index,
                figure_ids=(entry.figure.figure_id,),
            )
        )
    return gaps


def _longest_ascent(values: Sequence[tuple[object, ...]]) -> list[int]:
    """Places of a longest subsequence that never descends."""
    tails: list[tuple[object, ...]] = []
    tail_places: list[int] = []
    before: list[int | None] = []
    for place, value in enumerate(values):
        # the place value as second part makes equal values ascend
        at = bisect_left(tails, (value, place))
        before.append(tail_places[at - 1] if at else None)
        tails[at : at + 1] = [(value, place)]
        tail_places[at : at + 1] = [place]
    chain: list[int] = []
    current = tail_places[-1] if tail_places else None
    while current is not None:
        chain.append(current)
        current = before[current]
    return chain[::-1]
