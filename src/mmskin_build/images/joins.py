"""Near duplicates among a whole set of pictures at once, in memory: what releases are proved by.

`duplicates.DuplicateIndex` asks a file on disk, picture by picture, because books are added one by
one. Here all pictures are there, and all keys are put in order once: pictures that share keys then
lie side by side. The rule is that of the index, and so are the joins, whatever the order in which
an index got its pictures: which two may join by the keys that they share, and how often those keys
are there, is worked out for all pairs together; only those that may are laid on each other
(`registration`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mmskin_build.images.duplicates import (
    COMMON_KEYS,
    MAX_HOLDERS,
    MAX_KEEPERS,
    MIN_KEPT,
    Join,
    connect,
    picture_number,
)
from mmskin_build.images.fingerprint import (
    KEY_TABLES,
    Features,
    Fingerprint,
    read_features,
    read_keys,
)
from mmskin_build.images.registration import MIN_AGREEING, find_equal_keys, find_overlap

IsOpen = Callable[[str, str], bool]
"""Whether it is yet to be known if two pictures show the same; the smaller digest is the first."""
Progress = Callable[[int, int], None]
"""Called with the pairs looked at and the pairs in all."""

_Ints = NDArray[np.int64]
_DECODED = 512  # pictures whose features are kept decoded, 20 kB each
_MANY_PAIRS = 1 << 21  # pairs of features that are held before equal ones are put together


def find_joins(
    prints: Mapping[str, Fingerprint],
    is_open: IsOpen = lambda first, second: True,
    progress: Progress = lambda done, total: None,
) -> tuple[Join, ...]:
    """Return the joins among pictures, ordered by digests: those of an index that holds just these.

    Args:
        prints: Fingerprints by the sha256 of the pixels.
        is_open: Pairs for which it returns False are passed over.
        progress: Told of pairs that are laid on each other.

    Raises:
        ValueError: If the parts of a fingerprint do not fit together.
    """
    names = sorted(prints, key=picture_number)
    pairs = sorted(
        pair
        for one, other in find_candidates([read_keys(prints[name]) for name in names]).tolist()
        if is_open(*(pair := (min(names[one], names[other]), max(names[one], names[other]))))
    )

    @functools.lru_cache(_DECODED)
    def read(name: str) -> Features:
        return read_features(prints[name])

    found: list[Join] = []
    for done, (first, second) in enumerate(pairs, 1):
        one, other = read(first), read(second)
        overlap = find_overlap(one, other, find_equal_keys(one, other))
        if overlap is not None:
            found.append(Join(first=first, second=second, overlap=overlap))
        progress(done, len(pairs))
    return tuple(found)


def group_duplicates(items: Iterable[tuple[str, Fingerprint]]) -> dict[str, str]:
    """Return for each picture the name of its group, whatever the order of `items`.

    Args:
        items: sha256 of a picture's pixels, and its fingerprint.

    Returns:
        Digest to the smallest digest of its group, ordered by digest.
    """
    kept = dict(items)
    return connect(kept, ((join.first, join.second) for join in find_joins(kept)))


def find_candidates(keys: Sequence[_Ints]) -> _Ints:
    """Return which pictures share enough keys to be compared, (n, 2), the smaller position first.

    Args:
        keys: Of each picture those of its features, (n, KEY_TABLES); the pictures in the order of
            their numbers (`duplicates.picture_number`).
    """
    counts = np.array([len(each) for each in keys], np.int64)
    if not counts.sum():
        return np.zeros((0, 2), np.int64)
    pictures = np.repeat(np.arange(len(keys)), counts)  # of each feature
    flat = np.concatenate(keys).ravel()
    order = np.argsort(flat, kind="stable")  # key by key, the holders of each in order
    held = _Held(flat[order], order // KEY_TABLES, pictures)
    held = held.where(held.holders > 1)
    crowded = held.holders > MAX_HOLDERS
    common = np.bincount(held.features[crowded], minlength=len(pictures)) >= COMMON_KEYS
    rare = held.where(~crowded & ~common[held.features])
    first = np.cumsum(counts) - counts  # feature of each picture
    found = [
        _select(rare.pairs(np.arange(len(rare.keys))), pictures, first, MIN_AGREEING),
        _select(held.pairs(np.flatnonzero(held.place < MAX_KEEPERS)), pictures, first, MIN_KEPT),
    ]
    codes = np.unique(np.concatenate(found))
    return np.column_stack([codes // len(keys), codes % len(keys)])


class _Held:
    """Keys in order, each with one feature that has it.

    `place` numbers the pictures that hold the same key from 0, `holders` is how many those are,
    `ends` where the next key begins; all (n,).
    """

    def __init__(self, keys: _Ints, features: _Ints, pictures: _Ints) -> None:
        """Count who holds which key; `pictures` has the picture of each feature there is."""
        self.keys, self.features, self._pictures = keys, features, pictures
        owners = pictures[features]
        begins = np.ones(len(keys), bool)
        begins[1:] = keys[1:] != keys[:-1]
        is_next = begins.copy()
        is_next[1:] |= owners[1:] != owners[:-1]
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(keys))[: len(starts)]
        lengths = ends - starts
        nth = np.cumsum(is_next)
        self.place = nth - np.repeat(nth[starts], lengths)
        self.ends = np.repeat(ends, lengths)
        self.holders = self.place[self.ends - 1] + 1

    def where(self, chosen: NDArray[np.bool_]) -> _Held:
        """Return those that are `chosen`, counted anew."""
        return _Held(self.keys[chosen], self.features[chosen], self._pictures)

    def pairs(self, firsts: _Ints) -> Iterator[tuple[_Ints, _Ints]]:
        """Yield features of two pictures with one key, for those at `firsts` and all after them."""
        apart = 1
        while len(firsts := firsts[firsts + apart < self.ends[firsts]]):
            one, other = self.features[firsts], self.features[firsts + apart]
            differ = self._pictures[one] != self._pictures[other]
            yield one[differ], other[differ]
            apart += 1


def _select(
    pairs: Iterable[tuple[_Ints, _Ints]], pictures: _Ints, first: _Ints, wanted: int
) -> _Ints:
    """Pairs of pictures of which either has `wanted` features in `pairs` with the other.

    A pair is one number, the position of one picture times their number plus that of the other.
    """
    size = int(np.diff(np.append(first, len(pictures))).max())  # features of one picture
    sides: tuple[list[_Ints], list[_Ints]] = [], []
    waiting = 0
    for one, other in pairs:
        pair = pictures[one] * len(first) + pictures[other]
        for side, features in zip(sides, (one, other), strict=True):
            side.append(pair * size + features - first[pictures[features]])
        waiting += len(pair)
        if waiting > _MANY_PAIRS:
            for side in sides:
                side[:] = [np.unique(np.concatenate(side))]
            waiting = 0
    one_enough, other_enough = (_with_enough(side, size, wanted) for side in sides)
    return np.intersect1d(one_enough, other_enough, assume_unique=True)


def _with_enough(side: Sequence[_Ints], size: int, wanted: int) -> _Ints:
    """Pairs with `wanted` features of one of the two; `side` as `_select` fills it."""
    alike = np.unique(np.concatenate(side)) if side else np.zeros(0, np.int64)
    pair, count = np.unique(alike // size, return_counts=True)
    return np.asarray(pair[count >= wanted], np.int64)
