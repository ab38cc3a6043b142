"""What a build found: counts by book and the reasons of all that was left out.

``data/work/build.json`` is a `BuildSummary`; it also names the stage outputs, so it is where
`release` and the audit start.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mmskin_build.records import Book, Figure, PageFailure, Record, Reject

MANY_FALLBACK_PAGES = "many_fallback_pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNote:
    """How one page was read, without its content; sizes in points, 0 where nobody knows."""

    page_index: int
    page_label: str
    width_pt: float = 0.0
    height_pt: float = 0.0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSummary:
    """What was found in one book.

    A `rejected` book could not be used at all; `message` says why and what to do. `page_count`
    counts the pages to read. The dictionaries count by name: pages by flag, failed pages by reason,
    figures by status, records by modality, those that wait for a person's decision by what is to be
    decided, rejected items by reason. `doubtful` are pairs of low confidence. `stages`
    are the keys of its stage outputs.
    """

    id: str
    title: str
    sha256: str
    status: Literal["built", "rejected"]
    message: str = ""
    page_count: int = 0
    failed_pages: dict[str, int] = field(default_factory=dict)
    page_flags: dict[str, int] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    doubtful: int = 0
    records: int = 0
    modalities: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    stages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSummary:
    """What was found in all books, in the order of their ids.

    `content_digest` is the sha256 of all records as JSON lines, and so of all pixels and words.
    `joined` is the key of the stage output that holds them. `withdrawn` are pictures of the books
    that were left out because they, or ones like them, had been withdrawn; `withdrawn_sha256` is
    the digest of the list of those ("" without one).
    """

    books: tuple[BookSummary, ...]
    content_digest: str
    joined: str = ""
    withdrawn: tuple[Reject, ...] = ()
    withdrawn_sha256: str = ""

    @property
    def rejected(self) -> tuple[BookSummary, ...]:
        """The books that could not be used."""
        return tuple(book for book in self.books if book.status == "rejected")

    @property
    def record_count(self) -> int:
        """Number of records of all books."""
        return sum(book.records for book in self.books)


def summarize_book(
    book: Book,
    *,
    notes: Sequence[PageNote],
    failures: Sequence[PageFailure],
    figures: Sequence[Figure],
    records: Sequence[Record],
    rejects: Iterable[Reject],
    doubtful_below: float,
    fallback_flags: Iterable[str],
    max_fallback_share: float,
) -> BookSummary:
    """Count what the stages of one book gave."""
    pages = len(notes) + len(failures)
    fallback = frozenset(fallback_flags)
    another_way = len(failures) + sum(1 for note in notes if fallback & set(note.flags))
    flags = (MANY_FALLBACK_PAGES,) if pages and another_way / pages > max_fallback_share else ()
    return BookSummary(
        id=book.id,
        title=book.title,
        sha256=book.sha256,
        status="built",
        page_count=pages,
        failed_pages=count(failure.reason for failure in failures),
        page_flags=count(flag for note in notes for flag in note.flags),
        figures=count(figure.status for figure in figures),
        doubtful=sum(1 for f in figures if f.status == "paired" and f.confidence < doubtful_below),
        records=len(records),
        modalities=count(r.modality.value for r in records if r.modality),
        held=count(reason for record in records for reason in record.held),
        rejects=count(reject.reason for reject in rejects),
        flags=flags,
    )


def reject_book(book: Book, message: str) -> BookSummary:
    """Return the summary of a book that could not be used."""
    return BookSummary(
        id=book.id, title=book.title, sha256=book.sha256, status="rejected", message=message
    )


def count(names: Iterable[str]) -> dict[str, int]:
    """Count equal names; the result is in the order of the names."""
    return dict(sorted(Counter(names).items()))


def add_counts(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by name.

    >>> add_counts([{"a": 1}, {"a": 2, "b": 1}])
    {'a': 3, 'b': 1}
    """
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key that puts bk2 before bk10.

    >>> sorted(["bk10", "bk2", "bk2_10", "bk2_9"], key=natural_order)
    ['bk2', 'bk2_9', 'bk2_10', 'bk10']
    """
    parts = re.findall(r"\d+|\D+", name)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
