"""The spot check: a random sample of accepted pairs, and the error rate that it shows.

Drawn pairs become tasks in ``manual_review/sample/sample.jsonl``; whoever judges one decides the
field `sample`. The error rate of all pairs is estimated with the interval of Clopper and Pearson
(1934), which holds whatever the rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmskin_build.decisions import Standing, content_key, ground_digest
from mmskin_build.records import Record
from mmskin_build.review.queue import Placed, task_of
from mmskin_build.review.tasks import Task, TaskPage
from mmskin_build.store import read_jsonl, write_jsonl

FILE = "sample.jsonl"
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheck:
    """What a spot check shows: of `pairs` accepted ones `drawn` were, `judged` of them by people.

    `error_rate` is the share of wrong ones among the judged, `low` and `high` its 95 % interval;
    all None where nothing was judged. `reasons` count what was wrong. `seed` draws the same again.
    """

    pairs: int
    drawn: int
    judged: int
    wrong: int
    error_rate: float | None
    low: float | None
    high: float | None
    reasons: dict[str, int]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleNote:
    """How a sample was drawn: what of, and with which seed."""

    pairs: int
    seed: int


def draw_sample(
    records: Sequence[Record],
    pages: Mapping[tuple[str, int], TaskPage],
    *,
    size: int,
    seed: int,
) -> tuple[Task, ...]:
    """Draw accepted pairs (records that nothing holds), each equally likely, without repeats.

    Args:
        records: Of a build.
        pages: By book id and page index.
        size: How many; all where there are fewer.
        seed: The same seed and records draw the same pairs.
    """
    accepted = sorted((r for r in records if not r.held), key=lambda record: record.id)
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(accepted))[:size].tolist())
    return tuple(_task(accepted[number], pages) for number in chosen)


def _task(record: Record, pages: Mapping[tuple[str, int], TaskPage]) -> Task:
    page = pages.get((record.provenance.book_id, record.provenance.place[0]))
    shown = () if page is None else (page,)
    one = Placed(record=record, original=record.image_sha256, pages=shown)
    return replace(
        task_of(one, "sample", content_key("sample", image_sha256=record.image_sha256)),
        proposed="right",
        ground=ground_digest(record.image_sha256, record.caption),
        group=f"sample {record.id}",
    )


def write_sample(folder: Path, tasks: Sequence[Task], *, pairs: int, seed: int) -> Path:
    """Write a sample as tasks, and beside it how it was drawn; an earlier one gives way to it.

    Raises:
        StorageError: If the folder cannot be written.
    """
    path = folder / FILE
    write_jsonl(path, tasks)
    write_jsonl(folder / "drawn" / FILE, [SampleNote(pairs=pairs, seed=seed)])
    return path


def read_spot_check(folder: Path, standing: Mapping[str, Standing]) -> SpotCheck | None:
    """Return what the last sample shows; None where none was drawn.

    Args:
        folder: ``manual_review/sample``.
        standing: What was decided, by `decisions.key_of`.

    Raises:
        SchemaError: If the sample cannot be read.
    """
    if not (folder / FILE).is_file() or not (folder / "drawn" / FILE).is_file():
        return None
    tasks = read_jsonl(folder / FILE, Task)
    (note,) = read_jsonl(folder / "drawn" / FILE, SampleNote)
    judged = [
        one.holds
        for task in tasks
        if (one := standing.get(task.id)) is not None and one.holds.ground == task.ground
    ]
    wrong = [decision for decision in judged if decision.value == "wrong"]
    low, high = error_interval(len(wrong), len(judged))
    return SpotCheck(
        pairs=note.pairs,
        drawn=len(tasks),
        judged=len(judged),
        wrong=len(wrong),
        error_rate=round(len(wrong) / len(judged), 4) if judged else None,
        low=low,
        high=high,
        reasons=_count(decision.details.get("reason", "") for decision in wrong),
        seed=note.seed,
    )


def _count(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in sorted(names):
        found[name or "not told"] = found.get(name or "not told", 0) + 1
    return found


def error_interval(wrong: int, judged: int) -> tuple[float | None, float | None]:
    """Return the 95 % interval of Clopper and Pearson for a share.

    >>> error_interval(0, 200)
    (0.0, 0.0183)
    >>> error_interval(4, 200)
    (0.0055, 0.0504)
    """
    from scipy.stats import beta

    if not judged:
        return None, None
    tail = (1.0 - _CONFIDENCE) / 2.0
    low = 0.0 if wrong == 0 else float(beta.ppf(tail, wrong, judged - wrong + 1))
    high = 1.0 if wrong == judged else float(beta.ppf(1.0 - tail, wrong + 1, judged - wrong))
    return round(low, 4), round(high, 4)


def spot_check_words(found: SpotCheck) -> str:
    """Return the result of a spot check in a sentence for the card of a release."""
    if found.error_rate is None or found.low is None or found.high is None:
        return f"A sample of {found.drawn} pairs was drawn, and none of them is judged yet."
    return (
        f"A person judged {found.judged} of {found.pairs} pairs, drawn at random: {found.wrong} "
        f"wrong, an error rate of {found.error_rate:.1%} "
        f"(95 % interval {found.low:.1%} to {found.high:.1%})."
    )
