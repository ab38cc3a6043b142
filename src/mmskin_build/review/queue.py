"""The queue on disk: one file a book, written by each build, in the order of value.

Privacy comes first, then what changes the release most for a second of work. Tasks of one group
(a figure with its panels) stay together, in the order of their best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mmskin_build.config import ReviewConfig
from mmskin_build.decisions import Standing, content_key, ground_digest
from mmskin_build.images.duplicates import Join
from mmskin_build.records import Evidence, Record
from mmskin_build.review.doubts import is_drawn
from mmskin_build.review.tasks import KINDS, SECONDS, Task, TaskKind, TaskPage, TaskPicture
from mmskin_build.store import storage_errors, write_jsonl

_ALIKE = 0.9  # similarity from which near duplicates are not asked about


class Ordered(Protocol):
    """What the order of tasks rests on."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> TaskKind: ...  # noqa: D102
    @property
    def group(self) -> str: ...  # noqa: D102
    @property
    def page_index(self) -> int: ...  # noqa: D102
    @property
    def gain(self) -> float: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102


T = TypeVar("T", bound=Ordered)


def order_tasks(tasks: Iterable[T]) -> tuple[T, ...]:
    """Return tasks in the order in which they are worth doing; the same for any order given."""
    given = sorted(tasks, key=lambda task: task.id)
    best: dict[tuple[bool, str], float] = {}
    for task in given:
        key = (task.kind == "sensitive", task.group)
        best[key] = max(best.get(key, 0.0), task.gain / task.seconds)

    def place(task: T) -> tuple[object, ...]:
        private = task.kind == "sensitive"
        worth = best[private, task.group]
        return (not private, -worth, task.group, KINDS.index(task.kind), task.page_index, task.id)

    return tuple(sorted(given, key=place))


def write_queue(folder: Path, tasks: Iterable[Task], book_ids: Sequence[str]) -> dict[str, int]:
    """Write ``<book>.jsonl`` for each book and return the numbers of tasks.

    Files of books that are no longer built are removed: a queue can always be made again.

    Raises:
        StorageError: If the folder cannot be written.
    """
    by_book: dict[str, list[Task]] = {book_id: [] for book_id in book_ids}
    for task in tasks:
        by_book[task.book_id].append(task)
    for book_id, some in by_book.items():
        write_jsonl(folder / f"{book_id}.jsonl", order_tasks(some), durable=False)
    with storage_errors(folder):
        for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
            if path.stem not in by_book:
                path.unlink()
    return {book_id: len(some) for book_id, some in by_book.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A record with the picture it was made from: the digest before masking."""

    record: Record
    original: str
    pages: tuple[TaskPage, ...] = ()


def duplicate_tasks(
    joins: Sequence[Join],
    placed: Sequence[Placed],
    standing: Mapping[str, Standing],
    cfg: ReviewConfig,
) -> Iterator[Task]:
    """Yield a task for each two pictures of the data set that look alike, but not quite."""
    by_picture = {one.original: one for one in reversed(placed)}
    for join in joins:
        if join.overlap.similarity >= _ALIKE:
            continue
        one, other = by_picture.get(join.first), by_picture.get(join.second)
        if one is None or other is None:
            continue
        key = content_key("duplicate", image_sha256=join.first, other_sha256=join.second)
        double = is_drawn(key, "double", cfg.double_share)
        decided = standing.get(key)
        if decided is not None and not (double and len(decided.by_reviewer) < 2):
            continue
        overlap = join.overlap
        yield replace(
            task_of(one, "duplicate", key),
            pictures=(_picture_of(one), _picture_of(other)),
            proposed="same",
            why=("duplicate_unsure",),
            confidence=round(overlap.similarity, 4),
            evidence=(
                Evidence(
                    name="similarity", value=f"{overlap.similarity:.2f}", weight=overlap.similarity
                ),
                Evidence(name="in common", value=f"{overlap.share:.0%}", weight=overlap.share),
            ),
            ground=ground_digest(join.first, join.second),
            gain=round(1.0 - overlap.similarity, 4),
            double=double,
        )


def answer_tasks(
    lines: Iterable[Mapping[str, Any]],
    placed: Sequence[Placed],
    standing: Mapping[str, Standing],
    cfg: ReviewConfig,
) -> Iterator[Task]:
    """Yield a task for each question and answer that its maker doubts.

    Args:
        lines: ``{"item": {...}, "why": ...}``; the item names its record or the digest of its
            picture, its question and its answer.
        placed: The records there are.
        standing: What was decided.
        cfg: How much is asked twice.
    """
    by_name = {one.record.id: one for one in placed}
    by_name |= {one.record.image_sha256: one for one in placed}
    by_name |= {one.original: one for one in placed}
    seen: set[str] = set()
    for line in lines:
        item = line.get("item")
        if not isinstance(item, dict):
            continue
        names = [str(item.get(name)) for name in ("image_sha256", "record_id")]
        one = next((by_name[name] for name in names if name in by_name), None)
        question, answer = item.get("question"), item.get("answer")
        if one is None or not isinstance(question, str) or not isinstance(answer, str):
            continue
        digest = one.record.image_sha256
        key = content_key("qa", image_sha256=digest, question=question, answer=answer)
        double = is_drawn(key, "double", cfg.double_share)
        decided = standing.get(key)
        if key in seen or (
            decided is not None
            and decided.holds.ground == ground_digest(one.record.caption)
            and not (double and len(decided.by_reviewer) < 2)
        ):
            continue
        seen.add(key)
        changed = decided is not None and decided.holds.ground != ground_digest(one.record.caption)
        yield replace(
            task_of(one, "qa", key),
            pictures=(replace(_picture_of(one), image_sha256=digest),),
            question=question,
            answer=answer,
            proposed="accepted",
            why=("answer_unsure", str(line.get("why") or "")),
            ground=ground_digest(one.record.caption),
            gain=0.3,
            double=double,
            before=decided.holds if decided is not None and changed else None,
        )


def task_of(one: Placed, kind: TaskKind, key: str) -> Task:
    """Return the task of one record, with the picture that it was cut as."""
    record = one.record
    where = record.provenance
    page_index, bbox = where.place
    return Task(
        id=key,
        kind=kind,
        book_id=where.book_id,
        book_sha256=where.book_sha256,
        page_index=page_index,
        bbox=bbox,
        figure_id=where.figure_id,
        figure_label=where.figure_label,
        record_id=record.id,
        pictures=(_picture_of(one),),
        pages=one.pages,
        caption=record.caption,
        group=f"{where.book_id} {where.figure_id}",
        seconds=SECONDS[kind],
    )


def _picture_of(one: Placed) -> TaskPicture:
    record = one.record
    page_index, bbox = record.provenance.place
    return TaskPicture(
        item_id=record.id,
        image_sha256=one.original,
        book_id=record.provenance.book_id,
        page_index=page_index,
        bbox=bbox,
        width_px=record.width_px,
        height_px=record.height_px,
        label=record.provenance.panel,
        text=record.panel_text,
    )
