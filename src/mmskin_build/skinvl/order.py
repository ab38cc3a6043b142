"""Rows become steps: shuffled from (seed, epoch), rows of like length together.

All steps have equally many rows, so that compiled layers meet few shapes: as many as hold `batch`
questions on the mean where rows are shared, else `batch` rows, as upstream counts. The order is a
pure function of its arguments; a run that goes on needs to know nothing but the number of its step.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from mmskin_build.skinvl.conversation import RowForm
from mmskin_build.skinvl.rows import Row

_GROUP_STEPS = 32  # steps whose rows are sorted by length together; as the Trainer's groups


def order_steps(
    rows: Sequence[Row], *, rows_a_step: int, seed: int, epoch: int
) -> tuple[tuple[int, ...], ...]:
    """Return the steps of an epoch, each the indices of its rows; each row is in one step.

    Args:
        rows: All rows.
        rows_a_step: From `count_step_rows`; one step may have less.
        seed: Of the run.
        epoch: From 0.
    """
    shuffled = list(range(len(rows)))
    dice = random.Random(f"{seed} {epoch}")
    dice.shuffle(shuffled)
    steps: list[tuple[int, ...]] = []
    for group in cut_step(shuffled, rows_a_step * _GROUP_STEPS):
        by_length = sorted(group, key=lambda index: -rows[index].length)
        steps.extend(cut_step(by_length, rows_a_step))
    dice.shuffle(steps)
    return tuple(steps)


def count_step_rows(rows: Sequence[Row], batch: int, form: RowForm) -> int:
    """Return how many rows a step has for an effective batch of `batch`.

    Of shared rows as many as hold `batch` questions on the mean; a dialogue counts once.
    """
    if form != "shared":
        return batch
    return max(1, round(batch * len(rows) / sum(row.questions for row in rows)))


def cut_step(step: Sequence[int], micro_rows: int) -> tuple[tuple[int, ...], ...]:
    """Cut a step into what is computed at once.

    >>> cut_step((5, 3, 8), 2)
    ((5, 3), (8,))
    """
    return tuple(tuple(step[at : at + micro_rows]) for at in range(0, len(step), micro_rows))
