"""The index at the back of a book: its pages are known by how they are made.

Columns of short lines that end in page numbers or point on ("see ..."), in alphabetical order, in
the second half of the book. Sub-entries are indented or led by a dash, or run on in one paragraph
behind semicolons; an entry may go on in the next column or on the next page.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.layout import BookLayout, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.records import IndexEntry

_HEADING = re.compile(
    r"(?:(?:subject|general|alphabetical|medical|index of subjects|disease) )*(?:index|register"
    r"|sachverzeichnis|sachregister|stichwortverzeichnis|índice(?: alfabético| analítico"
    r"| de materias)?|indice(?: analitico)?|index alphabétique)(?: \(?continued\)?)?",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\W*[A-ZÄÖÜÉÑ](?:\W{1,3}[A-ZÄÖÜÉÑ])?\W*"
)  # what parts the alphabet: "A", "X-Z"
# OCR reads l, I and O for 1 and 0; at least one digit must be one.
_PAGE = r"(?=[\dlIO]{0,3}\d)[\dlIO]{1,4}(?:\s?[–—-]\s?[\dlIO]{1,4})?(?:\s?ff?|[abtfn])?\b\.?"
_PAGES = re.compile(
    rf"[\s,.·…:;_]*(?<![\w.])(?P<pages>(?:(?:pp?|S)\.\s?)?{_PAGE}(?:\s?[,;]\s?{_PAGE})*)[\s.,;]*$"
)
_SEE = re.compile(
    r"[\s,.;(–—-]*\b(?P<word>see(?: also| under)?|s\. ?a\.|s\.(?= ?[A-Z])|siehe(?: auch)?"
    r"|voir(?: aussi)?|véase(?: también)?|vedi(?: anche)?)\s+(?P<to>[^\W\d].*?)[).\s]*$",
    re.IGNORECASE,
)
_DASH = re.compile(r"^[–—−~-]+\s*")
_GOES_ON = re.compile(r"(?:[,(/&-]|\b(?:and|or|of|the|with|in|und|der|de|du|et|y))$", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b\s?[;:)]")

_FIRST_SHARE = 0.5  # of a book, before which no index stands
_LEAST_ROWS = 10  # rows of a page of an index
_LEAST_ENTRIES = 6  # of them main entries
_NARROW_SHARE = 0.6  # of the width of the page: a row of a column is narrower
_GUTTER_SHARE = 0.04  # of the rows may cross a gutter
_MOST_LETTERS = 52  # of a row on average
_POINTING_SHARE = 0.5  # of rows end in page numbers or point on
_ORDER_SHARE, _ORDER_SHARE_HEADED = 0.85, 0.7  # of main entries come after the one before
_INDENT_EM = 0.45  # that tells one level from the next
_RUN_IN_SHARE = 0.2  # of main entries with sub-entries behind semicolons
_OTHER_SHARE = 0.2  # of rows that look like captions or references


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of an index: `level` 0 is a main entry's."""

    text: str
    level: int


def find_index(book: BookLayout) -> tuple[IndexEntry, ...]:
    """Return the entries of a book's index in its order; none if it has no index."""
    found: list[IndexEntry] = []
    path: list[str] = []
    after_heading = False
    for layout in book.pages[int(_FIRST_SHARE * len(book.pages)) :]:
        lines = _narrow_lines(layout)
        rows = _rows_of(lines, layout.page.width_pt) if _points_on(lines) else []
        if not rows or not _is_ordered(rows, after_heading or _is_headed(layout)):
            after_heading = False
            continue
        after_heading = True
        found += _entries(rows, layout.page_index, path)
    return tuple(found)


def _is_headed(layout: PageLayout) -> bool:
    """Whether a line of a page says that this is the index."""
    return any(
        _HEADING.fullmatch(_spaced(line.text).strip(" ."))
        for line in (*layout.lines, *layout.furniture)
    )


def _spaced(text: str) -> str:
    """Text with single spaces."""
    return " ".join(text.split())


def _narrow_lines(layout: PageLayout) -> list[TextLine]:
    """The lines of a page that are no wider than a column, without headings and letters."""
    return [
        line
        for line in layout.lines
        if line.direction == 0
        and line.bbox.width < _NARROW_SHARE * layout.page.width_pt
        and not _HEADING.fullmatch(_spaced(line.text).strip(" ."))
        and not _LETTER.fullmatch(line.text.strip())
    ]


def _points_on(lines: Sequence[TextLine]) -> bool:
    """Whether lines are short and point to pages, as hardly a page does; asked of all of them."""
    texts = [_spaced(line.text) for line in lines]
    if len(texts) < _LEAST_ROWS or sum(map(len, texts)) / len(texts) > _MOST_LETTERS:
        return False
    pointing = sum(bool(_PAGES.search(text) or _SEE.search(text)) for text in texts)
    if pointing < _POINTING_SHARE * len(texts):
        return False
    other = sum(bool(parse_label(text) or _YEAR.search(text)) for text in texts)
    return other < _OTHER_SHARE * len(texts)


def _rows_of(lines: Sequence[TextLine], width_pt: float) -> list[_Row]:
    """The rows of a page's columns, one column after the other."""
    rows: list[_Row] = []
    for column in _columns(lines, width_pt):
        levels = _levels(column)
        rows += [
            _Row(_spaced(line.text), level) for line, level in zip(column, levels, strict=True)
        ]
    return rows


def _columns(lines: Sequence[TextLine], width_pt: float) -> list[list[TextLine]]:
    """Part lines where hardly one crosses, each column from top to bottom."""
    if not lines:
        return []
    crossing = Counter[int]()
    for line in lines:
        crossing.update(range(max(0, int(line.bbox.x0)), int(min(line.bbox.x1, width_pt)) + 1))
    inked = {x for x, count in crossing.items() if count > _GUTTER_SHARE * len(lines)}
    starts = sorted(x for x in inked if x - 1 not in inked)
    columns: list[list[TextLine]] = [[] for _ in starts] or [[]]
    for line in lines:
        middle = int((line.bbox.x0 + line.bbox.x1) / 2)
        columns[max(bisect_right(starts, middle) - 1, 0)].append(line)
    return [sorted(column, key=lambda line: line.bbox.y0) for column in columns if column]


def _levels(column: Sequence[TextLine]) -> list[int]:
    """How deep each line of a column is indented: 0, 1, 2 ..."""
    size = median(line.size_pt for line in column)
    edges: list[float] = []
    for x0 in sorted(line.bbox.x0 for line in column):
        if not edges or x0 - edges[-1] > _INDENT_EM * size:
            edges.append(x0)
    return [
        max(i for i, edge in enumerate(edges) if edge <= line.bbox.x0 + 1e-6) for line in column
    ]


def _is_ordered(rows: Sequence[_Row], headed: bool) -> bool:
    """Whether main entries stand in the order of the alphabet."""
    mains = [
        _alphabetic(row.text)
        for row in rows
        if row.level == 0 and not _DASH.match(row.text) and _alphabetic(row.text)
    ]
    if len(mains) < _LEAST_ENTRIES:
        return False
    ordered = sum(one[:2] <= other[:2] for one, other in zip(mains, mains[1:], strict=False))
    wished = _ORDER_SHARE_HEADED if headed else _ORDER_SHARE
    return ordered >= wished * (len(mains) - 1) and len({main[:1] for main in mains}) > 1 - headed


def _alphabetic(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalpha() or c == " ").strip()


def _entries(rows: Sequence[_Row], page_index: int, path: list[str]) -> Iterator[IndexEntry]:
    """Read rows as entries; `path` is the entry that the page before left open, and is kept up."""
    whole = list(_joined(rows))
    mains = [row for row in whole if row.level == 0]
    runs_in = sum("; " in row.text for row in mains) > _RUN_IN_SHARE * max(len(mains), 1)
    if runs_in:
        whole = _paragraphs(whole)
    for row in whole:
        parts = re.split(r";\s+", row.text) if runs_in else [row.text]
        for number, part in enumerate(parts):
            level = row.level + (number > 0)
            dash = _DASH.match(part)
            if dash is not None:
                part, level = part[dash.end() :], max(level, 1)
            text, pages, see = _read(part)
            if not re.search(r"[^\W\d_]{2}", text):
                continue
            level = min(level, len(path))
            path[level:] = [text]
            yield IndexEntry(page_index=page_index, terms=tuple(path), pages=pages, see=see)


def _joined(rows: Sequence[_Row]) -> Iterator[_Row]:
    """Join what was broken at the end of a line: page numbers alone, an open comma, a hyphen."""
    held: _Row | None = None
    for row in rows:
        if held is None:
            held = row
            continue
        open_end = _GOES_ON.search(held.text) is not None and not _PAGES.search(held.text)
        numbers = _PAGES.fullmatch(row.text) is not None or (
            held.text.endswith((",", "–")) and re.match(r"\d", row.text) is not None
        )
        points_on = re.match(r"see\b|siehe\b", row.text) or (
            _SEE.search(held.text) is not None and not _PAGES.search(row.text)
        )
        turned_over = row.level >= held.level + 2  # a sub-entry is one level deeper
        goes_on = points_on and row.level > held.level
        if numbers or (open_end and row.level >= held.level) or goes_on or turned_over:
            held = replace(held, text=_glue(held.text, row.text))
        else:
            yield held
            held = row
    if held is not None:
        yield held


def _paragraphs(rows: Sequence[_Row]) -> list[_Row]:
    """Where sub-entries run in, indented rows go on from the row before."""
    made: list[_Row] = []
    for row in rows:
        if row.level and made:
            made[-1] = replace(made[-1], text=_glue(made[-1].text, row.text))
        else:
            made.append(row)
    return made


def _glue(one: str, other: str) -> str:
    if re.search(r"[^\W\d_]-$", one) and other[:1].islower():
        return one[:-1] + other
    return f"{one} {other}"


def _read(text: str) -> tuple[str, tuple[str, ...], str | None]:
    """Part an entry from its page numbers and from the entry that it points to."""
    see = _SEE.search(text)
    to = None
    if see is not None:
        to = see["to"] if "al" not in see["word"].lower() and "au" not in see["word"] else None
        text = text[: see.start()]
    pages = _PAGES.search(text)
    numbers: tuple[str, ...] = ()
    if pages is not None:
        plain = pages["pages"].translate(str.maketrans("lIO", "110"))
        numbers = tuple(re.findall(r"\d+(?:\s?[–—-]\s?\d+)?", plain))
        text = text[: pages.start()]
    return text.strip(" ,;:.·…()–—-"), numbers, to
