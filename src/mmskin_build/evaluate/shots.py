"""How a linear classifier does that learns from few pictures a class, over several draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmskin_build.evaluate.class_metrics import Ints, Told, from_probabilities
from mmskin_build.evaluate.probe import MIDDLE_C, choose_c, fit_probe

SHOTS = (1, 2, 4, 8, 16)
DRAWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What was said of the test pictures by classifiers that saw few.

    Attributes:
        shots: Pictures a class.
        learned: Pictures in all, of each draw; less than `shots` a class where a class has fewer.
        draws: One `Told` a draw.
    """

    shots: int
    learned: tuple[int, ...]
    draws: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Pictures to learn from and to be tested on: features (N, D), labels and groups (N,)."""

    classes: tuple[str, ...]
    features: NDArray[np.floating]
    labels: Ints
    groups: Ints
    tested: NDArray[np.floating]  # (M, D)
    truth: Ints  # (M,)


def learn_from_few(
    learning: Learning,
    *,
    shots: Sequence[int] = SHOTS,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Shot, ...]:
    """Return the curve up to the number at which no class has more pictures.

    C is chosen within each draw, as `choose_c` does, and is the middle one for a single picture a
    class, which leaves nothing to choose by.
    """
    most = max(np.bincount(learning.labels))
    found: list[Shot] = []
    for count in sorted(set(shots)):
        if count >= most:
            break
        told, sizes = [], []
        for draw in range(draws):
            rows = draw_shots(learning.labels, learning.groups, count, seed=(seed, count, draw))
            features, labels = learning.features[rows], learning.labels[rows]
            kinds = len(learning.classes)
            c = MIDDLE_C
            if count > 1:
                c, _ = choose_c(features, labels, learning.groups[rows], kinds, seed=draw)
            probe = fit_probe(features, labels, kinds, c=c)
            sizes.append(len(rows))
            told.append(
                from_probabilities(
                    learning.classes, learning.truth, probe.probabilities(learning.tested)
                )
            )
        found.append(Shot(shots=count, learned=tuple(sizes), draws=tuple(told)))
    return tuple(found)


def draw_shots(labels: Ints, groups: Ints, count: int, *, seed: tuple[int, ...]) -> Ints:
    """Return rows of `count` pictures of each class, of different groups as long as there are."""
    numbers = np.random.default_rng(seed)
    chosen: list[int] = []
    for kind in np.unique(labels):
        rows = numbers.permutation(np.flatnonzero(labels == kind))
        _, first = np.unique(groups[rows], return_index=True)
        fresh = np.zeros(len(rows), dtype=np.bool_)
        fresh[first] = True
        chosen += [int(row) for row in np.concatenate([rows[fresh], rows[~fresh]])[:count]]
    return np.array(sorted(chosen), dtype=np.int64)
