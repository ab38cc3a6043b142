"""The least total cost, against SciPy's solver."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmskin_build.figures.assignment import assign


def _rows(table: np.ndarray) -> list[dict[int, float]]:
    return [dict(enumerate(row)) for row in table.tolist()]


@pytest.mark.parametrize("seed", range(40))
def test_the_total_is_the_least_that_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height = int(rng.integers(1, 12))
    table = rng.normal(size=(height, height + int(rng.integers(0, 9))))
    if seed % 2:
        table = np.round(table)  # many equal costs
    found = assign(_rows(table))
    assert len(set(found)) == height
    total = sum(table[row, column] for row, column in enumerate(found))
    assert total == pytest.approx(table[linear_sum_assignment(table)].sum())


@pytest.mark.parametrize("seed", range(40))
def test_a_row_stays_alone_where_that_costs_less(seed: int) -> None:
    rng = random.Random(seed)
    height, width, alone = rng.randint(1, 9), rng.randint(1, 7), 2.0
    rows = [
        {column: rng.uniform(0, 5) for column in range(width) if rng.random() < 0.5}
        for _ in range(height)
    ]
    table = np.full((height, width + height), 1e6)
    for number, row in enumerate(rows):
        table[number, list(row)] = list(row.values())
        table[number, width + number] = alone
    found = assign(rows, alone)
    taken = [column for column in found if column is not None]
    assert len(taken) == len(set(taken))
    total = sum(alone if column is None else rows[row][column] for row, column in enumerate(found))
    assert total == pytest.approx(table[linear_sum_assignment(table)].sum())


def test_rows_that_want_one_column_cannot_all_have_it() -> None:
    with pytest.raises(ValueError, match="row 1"):
        assign([{0: 1.0}, {0: 2.0}])
    assert assign([]) == []
