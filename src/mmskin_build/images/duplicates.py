"""Near duplicates within and across books: an index on disk, joins with evidence, groups.

The index is one SQLite file: fingerprints by picture, pictures by key, joins found. A new picture
is added, asks for each of its keys which pictures hold it, and registers itself with those that it
shares features with (`registration.py`). Adding a book compares nothing that was compared before.

Many pictures may share something: a watermark, a printed letter, a ruler. A key is crowded if more
than `MAX_HOLDERS` pictures hold it, a feature is common if `COMMON_KEYS` of its keys are. Two
pictures are compared if they share `MIN_AGREEING` features that are not common by keys that are
not crowded, or `MIN_KEPT` features by keys that one of the two is a keeper of: the `MAX_KEEPERS`
holders of each key with the smallest numbers, which are hashes of the digests. So a picture that is
there a hundred times is still one group. A picture is compared with the keepers of what it shares,
and it becomes a keeper itself, to be compared with all holders, as much more rarely as there are
more of them. Keys are long (`fingerprint.KEY_BITS`), so that few are equal by chance and few get
crowded by it, however many pictures there are: with shorter ones, large indexes lost their copies.

What joins depends on the set of pictures and not on the order they came in. Whether two pictures
show the same rests on the two alone. Whether they may join, on the keys they share and the holders
of these: as pictures come, features get common and keepers lose their place, never the reverse, so
whatever may join in the end was compared when the later of the two came. What was joined and may no
longer (because the pattern that led from one to the other has turned out to be on many pictures) is
passed over when groups are made: for two real copies that is rare, as they share much else. The set
is all that was ever added, also pictures that have left the books since; delete the file to forget.

A group's name is the smallest sha256 of its members.

The file is a cache that belongs to one version of this code: an index of another version, or a
damaged one, is begun anew. A change is made as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmskin_build.errors import StorageError
from mmskin_build.images.fingerprint import Features, Fingerprint, read_features
from mmskin_build.images.registration import (
    MIN_AGREEING,
    EqualKeys,
    Overlap,
    find_equal_keys,
    find_overlap,
)
from mmskin_build.store import code_digest, from_json, storage_errors, to_json

# Pictures that hold a key at most for the features that have it not to be common.
MAX_HOLDERS = 12
# Keys of a feature that must be crowded for it to be common. One in many is so by chance in a large
# index; those of a watermark all are.
COMMON_KEYS = 2
# Holders of each key that all its holders may be compared with.
MAX_KEEPERS = 2
# Features that a picture must share with a keeper. Two copies share dozens, two pictures with one
# watermark hardly as many, unless one is a keeper of its most usual keys.
MIN_KEPT = 12
# Pictures whose features are kept decoded (20 kB each): keepers are asked for again and again.
_DECODED = 256

_TABLES = """
CREATE TABLE about (version TEXT NOT NULL);
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, fingerprint BLOB NOT NULL);
CREATE TABLE holders (key INTEGER, picture INTEGER, PRIMARY KEY (key, picture)) WITHOUT ROWID;
CREATE TABLE joins (
    first TEXT, second TEXT, overlap BLOB NOT NULL, PRIMARY KEY (first, second)) WITHOUT ROWID;
"""
_CACHE_KIB = 65536  # of the file that SQLite keeps in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two pictures that show the same, by sha256 of their pixels.

    In what `DuplicateIndex.joins` returns `first` is the smaller digest; `overlap` tells how the
    picture `first` lies in `second`.
    """

    first: str
    second: str
    overlap: Overlap


class DuplicateIndex:
    """The pictures seen so far and the joins among them.

    Args:
        path: The index file, made if it is missing; None keeps the index in memory.

    Raises:
        StorageError: If the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the index at `path`."""
        self._path = path
        version = _version()
        with self._errors():
            if path is not None:
                with storage_errors(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                if not _is_current(path, version):
                    _remove(path)
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._read = functools.lru_cache(_DECODED)(self._read_picture)
            if not self._db.execute("SELECT name FROM sqlite_master").fetchone():
                with self._transaction():
                    for statement in _TABLES.strip().split(";\n"):
                        self._db.execute(statement)
                    self._db.execute("INSERT INTO about VALUES (?)", (version,))

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; what was added is in it already."""
        self._db.close()

    def __len__(self) -> int:
        """Return how many pictures the index holds."""
        with self._errors():
            return int(self._db.execute("SELECT count(*) FROM pictures").fetchone()[0])

    def __contains__(self, image_sha256: object) -> bool:
        """Return whether a picture is in the index."""
        with self._errors():
            wanted = "SELECT 1 FROM pictures WHERE sha256 = ?"
            return self._db.execute(wanted, (image_sha256,)).fetchone() is not None

    def add(self, items: Iterable[tuple[str, Fingerprint]]) -> tuple[Join, ...]:
        """Add pictures and return their joins with each other and with those there before.

        Pictures are taken in the order of their digests, those that are there already are passed
        over. All are added, or none if it is interrupted. A join that counts now may count no more
        when other pictures have been added (see above).

        Raises:
            StorageError: If the file cannot be written.
        """
        found: list[Join] = []
        with self._errors(), self._transaction():
            for sha256, print_ in sorted(items, key=lambda item: item[0]):
                if sha256 in self:
                    continue
                features = read_features(print_)
                number = self._insert(sha256, print_, features)
                for join in self._search(sha256, number, features):
                    found.append(join)
                    self._db.execute(
                        "INSERT INTO joins VALUES (?, ?, ?)",
                        (join.first, join.second, to_json(join.overlap)),
                    )
            return tuple(join for join in found if self._counts(join.first, join.second))

    def query(self, print_: Fingerprint) -> tuple[Join, ...]:
        """Return which pictures of the index show what `print_` shows, best first; add nothing.

        In the joins `first` is empty and stands for the picture asked about.
        """
        with self._errors():
            joins = tuple(self._search("", None, read_features(print_)))
        return tuple(sorted(joins, key=lambda join: (-join.overlap.similarity, join.second)))

    def find_sharing(self, keys: NDArray[np.int64], least: int) -> dict[str, Fingerprint]:
        """Return the pictures that have at least some number of `keys`, by digest."""
        shared: Counter[int] = Counter()
        with self._errors():
            for key in np.unique(keys).tolist():
                select = "SELECT picture FROM holders WHERE key = ?"
                shared.update(row[0] for row in self._db.execute(select, (key,)))
            wanted = sorted(number for number, count in shared.items() if count >= least)
            select = "SELECT sha256, fingerprint FROM pictures WHERE number = ?"
            rows = [self._db.execute(select, (number,)).fetchone() for number in wanted]
        return {sha256: from_json(line, Fingerprint, "duplicate index") for sha256, line in rows}

    def joins(self) -> tuple[Join, ...]:
        """Return the joins that count among the pictures there are, ordered by digests."""
        with self._errors():
            rows = self._db.execute("SELECT * FROM joins ORDER BY first, second").fetchall()
            return tuple(
                Join(first=one, second=other, overlap=from_json(line, Overlap, "duplicate index"))
                for one, other, line in rows
                if self._counts(one, other)
            )

    def groups(self, images_sha256: Iterable[str]) -> dict[str, str]:
        """Return for each picture the name of its group, the smallest digest of its members.

        Only the given pictures count: what left the books connects nothing. A picture that the
        index does not hold is a group of its own.
        """
        given = set(images_sha256)
        with self._errors():
            rows = self._db.execute("SELECT first, second FROM joins ORDER BY first").fetchall()
            return connect(
                given, ((a, b) for a, b in rows if a in given and b in given and self._counts(a, b))
            )

    def _search(self, sha256: str, number: int | None, features: Features) -> Iterator[Join]:
        """The joins of one picture with the others; `number` is None if it is not in the index."""
        for picture in self._find_candidates(number, features):
            other_sha256, other_features = self._read(picture)
            if sha256 <= other_sha256:
                first, second, pair = sha256, other_sha256, (features, other_features)
            else:
                first, second, pair = other_sha256, sha256, (other_features, features)
            equal = find_equal_keys(*pair)
            if not self._may_join(number, picture, *pair, equal):
                continue
            overlap = find_overlap(*pair, equal)
            if overlap is not None:
                yield Join(first=first, second=second, overlap=overlap)

    def _find_candidates(self, number: int | None, features: Features) -> list[int]:
        """Pictures that share enough features with one, as far as its own keys tell."""
        owners: dict[int, int] = defaultdict(int)  # key to its features, one bit each
        for own, keys in enumerate(features.keys.tolist()):
            for key in keys:
                owners[key] |= 1 << own
        holders = {key: self._find_holders(key) for key in sorted(owners)}
        crowded = {key for key, held in holders.items() if _is_crowded(held, number)}
        common = 0
        for own, keys in enumerate(features.keys.tolist()):
            if sum(key in crowded for key in keys) >= COMMON_KEYS:
                common |= 1 << own
        rare: dict[int, int] = defaultdict(int)  # picture to features shared, one bit each
        kept: dict[int, int] = defaultdict(int)
        for key, own_bits in owners.items():
            if own_bits & ~common and key not in crowded:
                for picture in holders[key]:
                    rare[picture] |= own_bits & ~common
            keepers = holders[key][:MAX_KEEPERS]
            if number in keepers:
                select = "SELECT picture FROM holders WHERE key = ?"
                keepers = [row[0] for row in self._db.execute(select, (key,))]
            for picture in keepers:
                kept[picture] |= own_bits
        found = {picture for picture, bits in rare.items() if bits.bit_count() >= MIN_AGREEING}
        found |= {picture for picture, bits in kept.items() if bits.bit_count() >= MIN_KEPT}
        return sorted(found - {number})

    def _find_holders(self, key: int) -> list[int]:
        """The holders of a key with the smallest numbers, in order: all, or one too many."""
        select = "SELECT picture FROM holders WHERE key = ? ORDER BY picture LIMIT ?"
        return [row[0] for row in self._db.execute(select, (key, MAX_HOLDERS + 1))]

    def _may_join(
        self,
        number: int | None,
        picture: int,
        first: Features,
        second: Features,
        equal: EqualKeys,
    ) -> bool:
        """Whether two pictures share enough features that are not common, or kept by one of them.

        `equal` is of `first` and `second`, whichever of the two pictures is which.
        """
        holders = functools.cache(self._find_holders)
        is_crowded = functools.cache(lambda key: _is_crowded(holders(key), number))

        def is_common(keys: NDArray[np.int64]) -> bool:
            return sum(map(is_crowded, keys.tolist())) >= COMMON_KEYS

        commons = functools.cache(lambda one: is_common(first.keys[one]))
        others = functools.cache(lambda other: is_common(second.keys[other]))
        rare: tuple[set[int], set[int]] = set(), set()
        kept: tuple[set[int], set[int]] = set(), set()
        for (one, other), key in zip(equal.pairs.tolist(), equal.keys.tolist(), strict=True):
            if not is_crowded(key) and not commons(one) and not others(other):
                rare[0].add(one)
                rare[1].add(other)
            if not {number, picture}.isdisjoint(holders(key)[:MAX_KEEPERS]):
                kept[0].add(one)
                kept[1].add(other)
            if min(map(len, rare)) >= MIN_AGREEING or min(map(len, kept)) >= MIN_KEPT:
                return True
        return False

    def _counts(self, first: str, second: str) -> bool:
        """Whether two pictures that were joined may join still."""
        one, other = picture_number(first), picture_number(second)
        pair = self._read(one)[1], self._read(other)[1]
        return self._may_join(one, other, *pair, find_equal_keys(*pair))

    def _read_picture(self, number: int) -> tuple[str, Features]:
        sha256, line = self._db.execute(
            "SELECT sha256, fingerprint FROM pictures WHERE number = ?", (number,)
        ).fetchone()
        return sha256, read_features(from_json(line, Fingerprint, "duplicate index"))

    def _insert(self, sha256: str, print_: Fingerprint, features: Features) -> int:
        number = picture_number(sha256)
        self._db.execute("INSERT INTO pictures VALUES (?, ?, ?)", (number, sha256, to_json(print_)))
        self._db.executemany(
            "INSERT INTO holders VALUES (?, ?)",
            [(key, number) for key in np.unique(features.keys).tolist()],
        )
        return number

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._read.cache_clear()
            raise
        self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            where = self._path or "the duplicate index in memory"
            raise StorageError(
                f"{where}: {error}; see that the disk has room and the folder can be written, "
                "or delete the file: it is made again"
            ) from error


def connect(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each name the smallest name that `pairs` connect it with (union-find).

    Pairs with another name than those of `names` do not count.
    """
    parent = {name: name for name in sorted(names)}

    def top(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in pairs:
        if one in parent and other in parent:
            smaller, larger = sorted((top(one), top(other)))
            parent[larger] = smaller
    return {name: top(name) for name in parent}


def picture_number(image_sha256: str) -> int:
    """Return a picture's number: 63 bits that tell nothing of the order that pictures came in."""
    return int.from_bytes(hashlib.sha256(image_sha256.encode()).digest()[:8], "big") >> 1


def _is_crowded(holders: list[int], number: int | None) -> bool:
    """Whether a key has too many holders, counting a picture that is not in the index (None)."""
    return len(holders) + (number is None) > MAX_HOLDERS


def _is_current(path: Path, version: str) -> bool:
    """Whether `path` is a sound index of this version, or absent."""
    if not path.exists():
        return True
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            return bool(db.execute("SELECT version FROM about").fetchone() == (version,))
    except sqlite3.Error:
        return False


def is_sound_index(path: Path) -> bool:
    """Whether `path` is an index of this version that SQLite finds nothing wrong with."""
    if not _is_current(path, _version()):
        return False
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            return bool(db.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)])
    except sqlite3.Error:
        return False


def _version() -> str:
    return code_digest("images/fingerprint", "images/registration", "images/duplicates")


def _remove(path: Path) -> None:
    with storage_errors(path):
        for file in (path, path.with_name(path.name + "-journal")):
            file.unlink(missing_ok=True)
