"""The queue of a build: what its books leave in doubt, written for the review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.cache import Entry, Store, open_store, read_entry
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.assemble import Judged
from mmskin_build.dataset.figure_verdicts import Outcome
from mmskin_build.dataset.masks import MaskedPicture
from mmskin_build.dataset.summary import BookSummary, BuildSummary, PageNote
from mmskin_build.decisions import Standing, standing_decisions
from mmskin_build.images.duplicates import Join
from mmskin_build.questions import find_doubtful
from mmskin_build.records import Book, Figure, Record
from mmskin_build.review.decisions import BadLine, read_decisions
from mmskin_build.review.doubts import BuiltBook, find_tasks
from mmskin_build.review.queue import (
    Placed,
    answer_tasks,
    duplicate_tasks,
    write_queue,
)
from mmskin_build.review.sample import SpotCheck, draw_sample, read_spot_check, write_sample
from mmskin_build.review.tasks import Task, TaskPage
from mmskin_build.steps import FIGURES, JOINS, JUDGED, MASKED, NOTES, OUTCOMES, RECORDS
from mmskin_build.store import read_jsonl


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReport:
    """What verdicts did in a build, counted by field.

    `applied` verdicts are in the records, `changed` are those among them that differ from what the
    program chose; of verdicts that `came_back` the ground has changed, so that they are tasks
    again; `lost` are about something that is not there any more. `new` were not in the build
    before. `disputed` things were decided differently by two reviewers. `bad_lines` are no
    decisions.
    """

    applied: dict[str, int]
    changed: dict[str, int]
    came_back: dict[str, int]
    lost: dict[str, int]
    new: dict[str, int]
    disputed: int = 0
    bad_lines: tuple[BadLine, ...] = ()


def write_build_queue(
    workspace: Workspace, cfg: Config, summary: BuildSummary, books: Sequence[Book]
) -> dict[str, int]:
    """Write the queue of a build and return the number of tasks by book.

    Raises:
        StorageError: If the store is damaged or the queue cannot be written.
    """
    standing = standing_decisions(read_decisions(workspace.review / "decisions")[0])
    store = open_store(workspace)
    by_id = {book.id: book for book in books}
    tasks: list[Task] = []
    pages: dict[tuple[str, int], TaskPage] = {}
    originals: dict[str, str] = {}
    built = [book for book in summary.books if book.status == "built" and book.id in by_id]
    for book in built:
        found = _read_book(store, by_id[book.id], book, cfg.figures.doubtful_below)
        tasks += find_tasks(found, standing, cfg.review)
        for note in found.notes:
            pages[book.id, note.page_index] = _page(note)
        assembled = store.entry("assemble_book", book.stages["assemble_book"])
        for made in read_jsonl(assembled.path(MASKED), MaskedPicture):
            originals[made.image_sha256] = made.made_from
    joined = store.entry("join_books", summary.joined)
    placed = _placed(read_jsonl(joined.path(RECORDS), Record), originals, pages)
    joins = read_jsonl(joined.path(JOINS), Join)
    tasks += duplicate_tasks(joins, placed, standing, cfg.review)
    lines = find_doubtful(workspace, cfg.vqa, summary)
    tasks += answer_tasks(lines, placed, standing, cfg.review)
    return write_queue(workspace.review / "queue", tasks, [book.id for book in built])


def _read_book(store: Store, book: Book, summary: BookSummary, doubtful_below: float) -> BuiltBook:
    assembled = store.entry("assemble_book", summary.stages["assemble_book"])
    pages = store.entry("read_book", summary.stages["read_book"])
    return BuiltBook(
        book=book,
        figures=read_jsonl(assembled.path(FIGURES), Figure),
        judged=read_jsonl(assembled.path(JUDGED), Judged),
        notes=read_jsonl(pages.path(NOTES), PageNote),
        outcomes=read_jsonl(assembled.path(OUTCOMES), Outcome),
        doubtful_below=doubtful_below,
    )


def _placed(
    records: Sequence[Record],
    originals: Mapping[str, str],
    pages: Mapping[tuple[str, int], TaskPage],
) -> list[Placed]:
    return [
        Placed(
            record=record,
            original=originals.get(record.image_sha256, record.image_sha256),
            pages=tuple(
                page
                for page in [pages.get((record.provenance.book_id, record.provenance.place[0]))]
                if page is not None
            ),
        )
        for record in records
    ]


def report_verdicts(
    workspace: Workspace, summary: BuildSummary, before: BuildSummary | None
) -> VerdictReport:
    """Return what people's verdicts did in a build, and which are new since the one before."""
    decisions, bad_lines = read_decisions(workspace.review / "decisions")
    standing = standing_decisions(decisions)
    outcomes = _outcomes(workspace, summary)
    known = set() if before is None else {o.decision_id for o in _outcomes(workspace, before)}

    def counted(some: Sequence[Outcome]) -> dict[str, int]:
        return dict(sorted(Counter({o.decision_id: o.field for o in some}.values()).items()))

    pairs = [one.holds for one in standing.values() if one.holds.field == "duplicate"]
    applied = [o for o in outcomes if o.outcome == "applied"]
    applied += [
        Outcome(
            decision_id=d.id,
            field=d.field,
            reviewer=d.reviewer,
            outcome="applied",
            changed=d.value != d.proposed,
        )
        for d in pairs
    ]
    known |= {d.id for d in pairs} if before is not None else set()
    return VerdictReport(
        applied=counted(applied),
        changed=counted([o for o in applied if o.changed]),
        came_back=counted([o for o in outcomes if o.outcome == "ground_changed"]),
        lost=counted([o for o in outcomes if o.outcome == "lost"]),
        new=counted([o for o in applied if o.decision_id not in known]),
        disputed=sum(one.is_disputed for one in _asked(standing)),
        bad_lines=bad_lines,
    )


def _asked(standing: Mapping[str, Standing]) -> list[Standing]:
    return [one for one in standing.values() if one.holds.field != "sample"]


def _outcomes(workspace: Workspace, summary: BuildSummary) -> list[Outcome]:
    store = open_store(workspace)
    found: list[Outcome] = []
    for book in summary.books:
        key = book.stages.get("assemble_book")
        folder = None if key is None else _entry(store, key)
        if folder is not None and OUTCOMES in folder.outputs:
            found += read_jsonl(folder.path(OUTCOMES), Outcome)
    return found


def _entry(store: Store, key: str) -> Entry | None:
    return read_entry(Path(store.root) / "assemble_book" / key[:2] / key)


def draw_spot_check(
    workspace: Workspace, cfg: Config, summary: BuildSummary, *, size: int, seed: int
) -> tuple[Path, int]:
    """Draw a random sample of accepted pairs of a build; return its file and how many there are.

    Raises:
        StorageError: If the store is damaged or the sample cannot be written.
    """
    store = open_store(workspace)
    pages: dict[tuple[str, int], TaskPage] = {}
    for book in summary.books:
        if book.status == "built":
            entry = store.entry("read_book", book.stages["read_book"])
            for note in read_jsonl(entry.path(NOTES), PageNote):
                pages[book.id, note.page_index] = _page(note)
    joined = store.entry("join_books", summary.joined)
    records = read_jsonl(joined.path(RECORDS), Record)
    tasks = draw_sample(records, pages, size=size, seed=seed)
    pairs = sum(not record.held for record in records)
    folder = workspace.review / "sample"
    return write_sample(folder, tasks, pairs=pairs, seed=seed), len(tasks)


def spot_check(workspace: Workspace) -> SpotCheck | None:
    """Return what the last spot check shows, for the card of a release; None without one."""
    standing = standing_decisions(read_decisions(workspace.review / "decisions")[0])
    return read_spot_check(workspace.review / "sample", standing)


def _page(note: PageNote) -> TaskPage:
    return TaskPage(
        page_index=note.page_index,
        label=note.page_label,
        width_pt=note.width_pt,
        height_pt=note.height_pt,
    )
