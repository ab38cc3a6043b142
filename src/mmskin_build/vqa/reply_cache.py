"""Replies of language models, kept by what was asked, so that nothing is asked twice.

A reply is written as soon as it is there: a run that is killed goes on from the next question.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build.errors import StorageError
from mmskin_build.store import storage_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model said, with the tokens that went in and came out."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0


_TABLE = (
    "CREATE TABLE IF NOT EXISTS replies "
    "(key TEXT PRIMARY KEY, text TEXT, tokens_in INTEGER, tokens_out INTEGER)"
)
_BESIDE = ("-journal", "-wal", "-shm")  # files of SQLite that belong to one


def request_key(model: str, messages: Sequence[dict[str, str]], **options: Any) -> str:
    """Return the digest of a request: the model, the messages, what bears on the reply."""
    content = json.dumps([model, list(messages), options], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


class ReplyCache:
    """A file of replies; several threads may use it."""

    def __init__(self, path: Path) -> None:
        """Open the file `path`, or make it.

        Raises:
            StorageError: If it cannot be opened or is no such file.
        """
        self._path = path
        self._lock = threading.Lock()
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute(_TABLE)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def find(self, key: str) -> Reply | None:
        """Return the reply to a request that was made before."""
        try:
            with self._lock:
                row = self._file.execute(
                    "SELECT text, tokens_in, tokens_out FROM replies WHERE key = ?", (key,)
                ).fetchone()
        except sqlite3.Error as error:
            raise self._error(error) from error
        return None if row is None else Reply(text=row[0], tokens_in=row[1], tokens_out=row[2])

    def keep(self, key: str, reply: Reply) -> None:
        """Write a reply; it is there after a crash."""
        try:
            with self._lock:
                self._file.execute(
                    "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)",
                    (key, reply.text, reply.tokens_in, reply.tokens_out),
                )
        except sqlite3.Error as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _error(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"{self._path}: {error}; mmskin doctor --repair keeps what can be read")


def find_damage(path: Path) -> str | None:
    """Return what is wrong with a file of replies, None where it is sound or not there."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as file:
            rows = file.execute("PRAGMA integrity_check(1)").fetchall()
            file.execute("SELECT key, text, tokens_in, tokens_out FROM replies LIMIT 1").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return None if rows == [("ok",)] else str(rows[0][0])


def save_replies(path: Path) -> int:
    """Put what can be read of a damaged file into a new one in its place; return the replies kept.

    The damaged file is left beside it as ``<name>.damaged``.

    Raises:
        StorageError: If the folder cannot be written.
    """
    aside = path.with_name(f"{path.name}.damaged")
    with storage_errors(path):
        for suffix in ("", *_BESIDE):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    kept = 0
    with closing(ReplyCache(path)) as cache:
        for key, text, tokens_in, tokens_out in _readable(aside):
            if isinstance(key, str) and isinstance(text, str):
                cache.keep(key, Reply(text=text, tokens_in=tokens_in, tokens_out=tokens_out))
                kept += 1
    return kept


def _readable(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows from either end of the table, up to where it cannot be read."""
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(path)) as file:
                yield from file.execute(
                    f"SELECT key, text, tokens_in, tokens_out FROM replies ORDER BY rowid {order}"
                )
        except (sqlite3.Error, UnicodeDecodeError):
            continue
