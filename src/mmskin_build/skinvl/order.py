"""Rows become steps: shuffled from (seed, epoch), rows of like length together.

A step holds rows of at most `batch` questions, so that the effective batch is counted in what is
learned, not in pictures. The order is a pure function of its arguments; a run that goes on needs
to know nothing but the number of its step.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from mmskin_build.skinvl.rows import Row

_GROUP_STEPS = 32  # steps whose rows are sorted by length together; as the Trainer's groups


def order_steps(
    rows: Sequence[Row], *, batch: int, seed: int, epoch: int
) -> tuple[tuple[int, ...], ...]:
    """Return the steps of an epoch, each the indices of its rows; each row is in one step.

    Args:
        rows: All rows.
        batch: Questions a step; a step is closed before it would hold more.
        seed: Of the run.
        epoch: From 0.
    """
    shuffled = list(range(len(rows)))
    dice = random.Random(f"{seed} {epoch}")
    dice.shuffle(shuffled)
    steps: list[tuple[int, ...]] = []
    for group in _groups(shuffled, rows, batch * _GROUP_STEPS):
        by_length = sorted(group, key=lambda index: -rows[index].length)
        steps.extend(tuple(step) for step in _groups(by_length, rows, batch))
    dice.shuffle(steps)
    return tuple(steps)


def cut_step(step: Sequence[int], micro_rows: int) -> tuple[tuple[int, ...], ...]:
    """Cut a step into what is computed at once.

    >>> cut_step((5, 3, 8), 2)
    ((5, 3), (8,))
    """
    return tuple(tuple(step[at : at + micro_rows]) for at in range(0, len(step), micro_rows))


def _groups(order: Sequence[int], rows: Sequence[Row], questions: int) -> Iterator[list[int]]:
    group: list[int] = []
    held = 0
    for index in order:
        if group and held + rows[index].questions > questions:
            yield group
            group, held = [], 0
        group.append(index)
        held += rows[index].questions
    if group:
        yield group
