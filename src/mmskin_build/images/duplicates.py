"""Near duplicates within and across books: an index on disk, joins with evidence, groups.

The index is one SQLite file: fingerprints by picture, features by key, joins found. A new picture
asks for each of its keys which features have it, registers itself with the pictures that share the
most keys (`registration.py`), and is added. What it costs depends on the features of one picture,
not on how many pictures there are: of a key that many pictures share (a watermark, a printed
letter) only the first `MAX_HOLDERS` are looked at, and of all the likeliest `MAX_CANDIDATES`.
Adding a book compares nothing that was compared before.

A join rests on two pictures alone. Groups are what joins connect, so they may grow together when a
book is added but never come apart. A group's name is the smallest sha256 of its members.

The file is a cache that belongs to one version of this code: an index of another version, or a
damaged one, is begun anew. A change is made as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mmskin_build.errors import StorageError
from mmskin_build.images.fingerprint import Features, Fingerprint, read_features
from mmskin_build.images.registration import MIN_AGREEING, Overlap, find_overlap
from mmskin_build.store import code_digest, from_json, storage_errors, to_json

# Features looked at of one key. A picture that is there oftener still finds its first copies.
MAX_HOLDERS = 48
# Pictures that one picture is registered with at most, those that share most keys first.
MAX_CANDIDATES = 128

_TABLES = """
CREATE TABLE about (version TEXT NOT NULL);
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, fingerprint BLOB NOT NULL);
CREATE TABLE features (
    key INTEGER, picture INTEGER, feature INTEGER, mirrored INTEGER,
    PRIMARY KEY (key, picture, feature)) WITHOUT ROWID;
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
        version = code_digest("images/fingerprint", "images/registration", "images/duplicates")
        with self._errors():
            if path is not None:
                with storage_errors(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                if not _is_current(path, version):
                    _remove(path)
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
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
        over. All are added, or none if it is interrupted.

        Raises:
            StorageError: If the file cannot be written.
        """
        found: list[Join] = []
        with self._errors(), self._transaction():
            for sha256, print_ in sorted(items, key=lambda item: item[0]):
                if sha256 in self:
                    continue
                features = read_features(print_)
                for join in self._search(sha256, features):
                    found.append(join)
                    self._db.execute(
                        "INSERT INTO joins VALUES (?, ?, ?)",
                        (join.first, join.second, to_json(join.overlap)),
                    )
                self._insert(sha256, print_, features)
        return tuple(found)

    def query(self, print_: Fingerprint) -> tuple[Join, ...]:
        """Return which pictures of the index show what `print_` shows, best first; add nothing.

        In the joins `first` is empty and stands for the picture asked about.
        """
        with self._errors():
            joins = self._search("", read_features(print_))
        return tuple(sorted(joins, key=lambda join: (-join.overlap.similarity, join.second)))

    def joins(self) -> tuple[Join, ...]:
        """Return all joins, ordered by digests."""
        with self._errors():
            rows = self._db.execute("SELECT * FROM joins ORDER BY first, second").fetchall()
        return tuple(
            Join(first=first, second=second, overlap=from_json(line, Overlap, "duplicate index"))
            for first, second, line in rows
        )

    def groups(self, images_sha256: Iterable[str]) -> dict[str, str]:
        """Return for each picture the name of its group, the smallest digest of its members.

        Only the given pictures count: what left the books connects nothing. A picture that the
        index does not hold is a group of its own.
        """
        with self._errors():
            rows = self._db.execute("SELECT first, second FROM joins").fetchall()
        return connect(images_sha256, rows)

    def _search(self, sha256: str, features: Features) -> Iterator[Join]:
        """The joins of one picture with those in the index."""
        shared: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
        select = "SELECT picture, feature, mirrored FROM features WHERE key = ? LIMIT ?"
        for own in range(len(features.keys)):
            for key, mirrored in zip(
                features.keys[own].tolist(), features.mirrored[own].tolist(), strict=True
            ):
                for picture, feature, other in self._db.execute(select, (key, MAX_HOLDERS)):
                    shared[picture].append((own, feature, mirrored != bool(other)))
        votes = {picture: len({own for own, _, _ in rows}) for picture, rows in shared.items()}
        likely = sorted(
            (picture for picture, count in votes.items() if count >= MIN_AGREEING),
            key=lambda picture: (-votes[picture], picture),
        )
        for picture in likely[:MAX_CANDIDATES]:
            other_sha256, line = self._db.execute(
                "SELECT sha256, fingerprint FROM pictures WHERE number = ?", (picture,)
            ).fetchone()
            other_features = read_features(from_json(line, Fingerprint, "duplicate index"))
            rows = np.array(shared[picture], np.int64)
            pairs, mirrored_rows = rows[:, :2], rows[:, 2].astype(bool)
            if sha256 <= other_sha256:
                first, second = sha256, other_sha256
                overlap = find_overlap(features, other_features, pairs, mirrored_rows)
            else:
                first, second = other_sha256, sha256
                overlap = find_overlap(other_features, features, pairs[:, ::-1], mirrored_rows)
            if overlap is not None:
                yield Join(first=first, second=second, overlap=overlap)

    def _insert(self, sha256: str, print_: Fingerprint, features: Features) -> None:
        number = self._db.execute(
            "INSERT INTO pictures (sha256, fingerprint) VALUES (?, ?)", (sha256, to_json(print_))
        ).lastrowid
        self._db.executemany(
            "INSERT OR IGNORE INTO features VALUES (?, ?, ?, ?)",
            sorted(
                (key, number, own, int(mirrored))
                for own in range(len(features.keys))
                for key, mirrored in zip(
                    features.keys[own].tolist(), features.mirrored[own].tolist(), strict=True
                )
            ),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
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


def group_duplicates(items: Iterable[tuple[str, Fingerprint]]) -> dict[str, str]:
    """Return for each picture the name of its group, whatever the order of `items`.

    Args:
        items: sha256 of a picture's pixels, and its fingerprint.

    Returns:
        Digest to the smallest digest of its group, ordered by digest.
    """
    kept = dict(items)
    with DuplicateIndex() as index:
        index.add(kept.items())
        return index.groups(kept)


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


def _is_current(path: Path, version: str) -> bool:
    """Whether `path` is a sound index of this version, or absent."""
    if not path.exists():
        return True
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            return bool(db.execute("SELECT version FROM about").fetchone() == (version,))
    except sqlite3.Error:
        return False


def _remove(path: Path) -> None:
    with storage_errors(path):
        for file in (path, path.with_name(path.name + "-journal")):
            file.unlink(missing_ok=True)
