"""Give each row a column of its own at the least total cost.

The shortest augmenting path of Jonker and Volgenant (Computing 38, 1987), on sparse rows: a caption
reaches the pictures of a few pages, a letter a few shapes. SciPy's two solvers give the same, but
importing them takes longer than reading a chapter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush


def assign(costs: Sequence[Mapping[int, float]], alone: float = math.inf) -> list[int | None]:
    """Choose a column for each row, none twice, so that the sum of their costs is least.

    Args:
        costs: For each row the columns that it may have, from 0, with what each costs.
        alone: What a row costs that stays without; infinite where each must have a column.

    Returns:
        The column of each row; None for a row that is better off alone.

    Raises:
        ValueError: If rows that must have a column cannot all have one.

    >>> assign([{0: 1.0, 1: 2.0}, {0: 1.0, 1: 4.0}])
    [1, 0]
    >>> assign([{0: 1.0}, {0: 0.5}], alone=3.0)
    [None, 0]
    """
    first_own = 1 + max((column for row in costs for column in row), default=-1)
    rows = [dict(row) for row in costs]
    if alone < math.inf:
        for number, row in enumerate(rows):
            row[first_own + number] = alone
    row_prices = [0.0] * len(rows)
    column_prices: dict[int, float] = {}
    owners: dict[int, int] = {}
    chosen = [-1] * len(rows)
    for start in range(len(rows)):
        _augment(rows, start, row_prices, column_prices, owners, chosen)
    return [column if column < first_own else None for column in chosen]


def _augment(
    rows: Sequence[Mapping[int, float]],
    start: int,
    row_prices: list[float],
    column_prices: dict[int, float],
    owners: dict[int, int],
    chosen: list[int],
) -> None:
    """Give row `start` a column along the cheapest path of exchanges, and set the prices anew."""
    reached = {start: 0.0}  # rows of the tree, with the length of the path to each
    shortest: dict[int, float] = {}
    came_from: dict[int, int] = {}
    settled: set[int] = set()
    waiting: list[tuple[float, bool, int]] = []
    row, length = start, 0.0
    while True:
        for column, cost in rows[row].items():
            if column in settled:
                continue
            total = length + cost - row_prices[row] - column_prices.get(column, 0.0)
            if total < shortest.get(column, math.inf):
                shortest[column], came_from[column] = total, row
                heappush(waiting, (total, column in owners, column))
        while waiting and waiting[0][2] in settled:
            heappop(waiting)  # a longer path to it, found before
        if not waiting:
            raise ValueError(f"row {start} cannot have a column of its own")
        length, is_owned, column = heappop(waiting)
        if not is_owned:
            break
        settled.add(column)
        row = owners[column]
        reached[row] = length
    for tree_row, path in reached.items():
        row_prices[tree_row] += length - path
    for tree_column in settled:
        column_prices[tree_column] = (
            column_prices.get(tree_column, 0.0) - length + shortest[tree_column]
        )
    while True:
        row = came_from[column]
        owners[column] = row
        chosen[row], column = column, chosen[row]
        if row == start:
            return
