"""Storage that machines share by address instead of by folder: S3, or whatever fsspec reaches.

    store/<stage>/<first two of the key>/<key>.tar   stage outputs, packed (`packing`)
    books/<sha256>.pdf                               registered books
    files/<sha256>.tar                               what else workers need: decisions, a model
    passing/<random>.tar                             pictures between workers; taken and deleted

An object is whole or not there: object stores write so, elsewhere it is renamed into its place.
Address and credentials are what fsspec takes from the environment; nothing of them stands in a
file of ours. Nothing here is imported, and no connection opened, unless `store.remote` is set.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

from mmskin_build.errors import (
    ConfigError,
    DamagedObjectError,
    MissingDependencyError,
    MmskinError,
    StorageError,
)
from mmskin_build.packing import read_piece, unpack, write_pack
from mmskin_build.store import process_name, storage_errors

R = TypeVar("R")

_PAUSES_S = (0.5, 2.0)  # before the second and the third try; fsspec and botocore try, too
_BLOCK = 16 * 2**20  # bytes of one request
_PIECE = 2**20
_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})  # whole when closed
_MARK, _FORM = "mmskin.json", b'{"form": 1}\n'  # says what lies there, for later versions
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs"}


@dataclass(frozen=True, slots=True)
class Remote:
    """The objects below one address."""

    url: str
    root: str
    fs: Any

    def check(self) -> None:
        """Make sure that the place is there, can be read and written, and is of this form.

        Raises:
            StorageError: If not, with what to do.
        """
        found = self._ask(_MARK, lambda: self._read_small(_MARK))
        if found is None:
            self._ask(_MARK, lambda: self._write(_MARK, lambda file: file.write(_FORM)))
            return
        if found != _FORM:
            raise StorageError(
                f"{self.url}: written by another version of this program; name an empty prefix"
            )

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, None where there is none.

        Raises:
            StorageError: If that cannot be told.
        """

        def look() -> int | None:
            try:
                return int(self.fs.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

        return self._ask(name, look)

    def put_file(self, name: str, path: Path) -> None:
        """Put a file there, over what may be there.

        Raises:
            StorageError: If it cannot be read, or not be put.
        """

        def write(target: IO[bytes]) -> None:
            with storage_errors(path):
                source = path.open("rb")
            with source:
                while piece := read_piece(source, path, _PIECE):
                    target.write(piece)

        self._ask(name, lambda: self._write(name, write))

    def fetch_file(self, name: str, path: Path, sha256: str) -> bool:
        """Fetch an object to `path`, whole or not at all; False where there is none.

        Raises:
            DamagedObjectError: If its digest is another one.
            StorageError: If it cannot be fetched, or `path` not be written.
        """

        def fetch() -> bool:
            with self._open(name) as source:
                if source is None:
                    return False
                with _new_file(path) as target:
                    digest = hashlib.sha256()
                    while piece := source.read(_PIECE):
                        digest.update(piece)
                        with storage_errors(path):
                            target.write(piece)
                    if digest.hexdigest() != sha256:
                        raise DamagedObjectError(
                            f"{self.url}/{name}: has other bytes than its name tells; delete it "
                            "and run the same command again"
                        )
            return True

        return self._ask(name, fetch)

    def put_pack(self, name: str, folder: Path) -> None:
        """Pack a folder with a manifest and put it there, over what may be there.

        Raises:
            StorageError: If the folder cannot be read, or the pack not be put.
        """
        self._ask(name, lambda: self._write(name, lambda target: write_pack(target, folder)))

    def fetch_pack(self, name: str, make_folder: Callable[[], Path]) -> tuple[Path, bytes] | None:
        """Unpack an object into a new folder; return it with its manifest, None without an object.

        Raises:
            DamagedObjectError: If it is not what `put_pack` puts.
            StorageError: If it cannot be fetched, or the folder not be written.
        """

        def fetch() -> tuple[Path, bytes] | None:
            with self._open(name) as source:
                if source is None:
                    return None
                folder = make_folder()
                return folder, unpack(source, folder)

        try:
            return self._ask(name, fetch)
        except DamagedObjectError as error:
            raise DamagedObjectError(f"{self.url}/{name}: {error}") from None

    def remove(self, name: str) -> None:
        """Delete an object, if it is there and that works."""
        with contextlib.suppress(Exception):  # it is of no more use, and no harm
            self.fs.rm_file(self._path(name))

    # ------------------------------------------------------------------------------ inside

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _ask(self, name: str, what: Callable[[], R]) -> R:
        """Do something there, and again after a pause where that may help.

        Each file system has exceptions of its own, so all but ours are taken for its trouble.
        """
        for pause in (*_PAUSES_S, None):
            try:
                return what()
            except MmskinError:
                raise
            except Exception as error:
                final = pause is None or isinstance(error, (PermissionError, FileNotFoundError))
                if final:
                    raise StorageError(
                        f"{self.url}/{name}: {_in_one_line(error)}; check the address, the "
                        "credentials and the network, and run the same command again: what is "
                        "finished is kept"
                    ) from error
            time.sleep(pause or 0)
        raise RuntimeError("the last try returns or raises")

    def _read_small(self, name: str) -> bytes | None:
        with self._open(name) as source:
            return None if source is None else source.read(len(_FORM) + 1)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes] | None]:
        try:
            opened = self.fs.open(self._path(name), "rb", block_size=_BLOCK, cache_type="readahead")
        except FileNotFoundError:
            yield None
            return
        with opened:
            yield opened

    def _write(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        path = self._path(name)
        if urlsplit(self.url).scheme in _ATOMIC:
            file = self.fs.open(path, "wb", block_size=_BLOCK, autocommit=False)
            try:
                write(file)
                file.close()
                file.commit()
            except BaseException:
                file.closed = True  # or it would be finished when it is forgotten
                with contextlib.suppress(Exception):
                    file.discard()
                raise
            return
        folder, _, last = path.rpartition("/")
        self.fs.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{last}.{secrets.token_hex(8)}.tmp"
        try:
            with self.fs.open(temporary, "wb") as file:
                write(file)
            self.fs.mv(temporary, path)
        except BaseException:
            with contextlib.suppress(Exception):
                self.fs.rm_file(temporary)
            raise


@functools.cache
def open_remote(url: str) -> Remote:
    """Return the storage at an address, as in ``s3://bucket/prefix``; nothing is asked of it yet.

    Raises:
        ConfigError: If it is no address that fsspec knows, or holds a password.
        MissingDependencyError: If the package that speaks with it is not installed.
    """
    parts = urlsplit(url)
    scheme = parts.scheme
    if not scheme or not (parts.netloc or parts.path.strip("/")):
        raise ConfigError(f"store.remote = {url!r}: write an address, as in s3://bucket/prefix")
    if "@" in parts.netloc:
        raise ConfigError(
            "store.remote holds a user or a password; put credentials into the environment, as "
            "docs/scale.md tells"
        )
    try:
        from fsspec.core import url_to_fs

        fs, root = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        package = _PACKAGES.get(scheme, f"the fsspec package for {scheme}://")
        raise MissingDependencyError(
            f"store.remote = {url!r} needs {package} ({error}): pip install 'mmskin-build[s3]'"
        ) from None
    except ValueError as error:
        raise ConfigError(f"store.remote = {url!r}: {error}") from None
    return Remote(url=url.rstrip("/"), root=root.rstrip("/"), fs=fs)


def new_passing_name() -> str:
    """Return a name for pictures that one worker puts and another takes."""
    return f"passing/{secrets.token_hex(16)}.tar"


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """As `store.atomic_open`; what the storage raises meanwhile stays what it is."""
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}@{process_name()}.tmp"
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = temporary.open("xb")
    try:
        with file:
            yield file
        with storage_errors(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
