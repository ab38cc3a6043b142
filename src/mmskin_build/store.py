"""Records to bytes and back, digests, and files that are whole or not there.

A file under its final name is always whole: everything is written under a temporary name in the
same folder and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import gzip
import hashlib
import json
import os
import secrets
import socket
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from mmskin_build.errors import SchemaError, StorageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic import TypeAdapter

T = TypeVar("T")


# ------------------------------------------------------------------------------- records, JSON


_adapters: dict[Any, TypeAdapter[Any]] = {}  # making one costs milliseconds


def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Here and below Pydantic is imported by those alone who read or write records, which workers
    # that cut pictures do not.
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(record: object) -> bytes:
    """Return a record as one line of JSON in UTF-8: fields in their declared order, no spaces.

    Floats keep their value exactly: whoever makes a record rounds it, so that what is read back
    equals what was written.

    Raises:
        SchemaError: If a string cannot be encoded (a lone surrogate).
    """
    from pydantic_core import PydanticSerializationError

    try:
        return _adapter(type(record)).dump_json(record)
    except PydanticSerializationError as error:
        raise SchemaError(f"{type(record).__name__} cannot be written as JSON: {error}") from None


def from_json(line: bytes, kind: type[T], where: str = "JSON") -> T:
    """Return the record of type `kind` that `to_json` wrote; `where` names it in messages.

    Raises:
        SchemaError: If `line` is not such a record.
    """
    from pydantic import ValidationError

    try:
        record: T = _adapter(kind).validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the line"
        raise SchemaError(f"{where}: not a {kind.__name__}: {key}: {first['msg']}") from None
    return record


def parse_json(content: bytes | str) -> Any:
    """Return what a file of others holds as JSON.

    Raises:
        ValueError: If it is no JSON, no UTF-8, or nested deeper than any file of sense is.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def to_jsonl(records: Iterable[object]) -> bytes:
    """Return records as JSON lines."""
    return b"".join(to_json(record) + b"\n" for record in records)


def read_jsonl(path: Path, kind: type[T]) -> tuple[T, ...]:
    """Read the records of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises:
        SchemaError: If a line is not a record of type `kind`; the message names file and line.
        StorageError: If the file cannot be read.
    """
    with storage_errors(path):
        raw = path.read_bytes()
        if path.suffix == ".gz":
            try:
                raw = gzip.decompress(raw)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise SchemaError(f"{path}: not a whole gzip file: {error}") from None
    lines = raw.split(b"\n")
    return tuple(
        from_json(line, kind, f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def plain(record: object) -> Any:
    """Return a record as the lists, dictionaries and numbers that JSON knows."""
    return json.loads(to_json(record))


def pretty_json(value: object) -> bytes:
    """Return plain data as indented JSON for people, keys in the order given.

    Raises:
        ValueError: If a number is none, or a text is not Unicode.
        TypeError: If JSON does not know a value.
    """
    import pydantic_core

    json.dumps(value, allow_nan=False)  # refuses what is no plain data; fast without an indent
    return pydantic_core.to_json(value, indent=2) + b"\n"


# ------------------------------------------------------------------------------------- digests


def pixel_digest(rgb: NDArray[np.uint8]) -> str:
    """Return the sha256 of a picture's pixels, which survives another encoder.

    The digest covers ``RGB8 <width>x<height>`` and a newline, then the rows from the top.

    Args:
        rgb: Pixels, (H, W, 3) uint8.

    Raises:
        ValueError: If the array has another shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or str(rgb.dtype) != "uint8":
        raise ValueError(f"pixels must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    digest = hashlib.sha256(b"RGB8 %dx%d\n" % (rgb.shape[1], rgb.shape[0]))
    digest.update(rgb.data if rgb.flags.c_contiguous else rgb.tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Raises:
        StorageError: If the file cannot be read.
    """
    with storage_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def code_digest(*rooms: str) -> str:
    """Return a digest of the source files of `rooms` (modules or packages of this program).

    The models that a package ships as JSON belong to its sources. The digest stands for the
    version of a stage: a changed helper changes it, where a number kept by hand would be forgotten.
    """
    top = Path(__file__).parent
    digest = hashlib.sha256()
    for room in rooms:
        path = top / room
        inside = (*path.rglob("*.py"), *path.rglob("*.json"))
        files = sorted(inside) if path.is_dir() else [path.with_suffix(".py")]
        for file in files:
            digest.update(f"{file.relative_to(top).as_posix()} {_source_sha256(file)}\n".encode())
    return digest.hexdigest()


_source_sha256 = functools.cache(file_sha256)  # many stages rest on one file


# -------------------------------------------------------------------------------- atomic files

_MENDS = {
    errno.ENOSPC: "the disk is full: free some space (mmskin doctor shows how much the work takes)",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EFBIG: "the file would be larger than is allowed here (ulimit -f, or the file system)",
    errno.EIO: "the disk does not read or write here: check it, run the same command again, and "
    "then mmskin doctor --repair",
    errno.EACCES: "no permission: make it writable or choose another folder (--data, --out)",
    errno.EPERM: "no permission: make it writable or choose another folder (--data, --out)",
    errno.EROFS: "the file system is read-only: choose another folder (--data, --out)",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another folder (--data, --out)",
    errno.EEXIST: "a file stands where a folder is needed: choose another folder (--data, --out)",
    errno.EISDIR: "a folder stands where a file is needed: choose another name",
    errno.ENOENT: "there is no such file or folder",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into `StorageError` with a mend."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{error.filename or path}: {mend_of(error)}") from error


def mend_of(error: OSError) -> str:
    """Return what the operating system refused, and what to do about it."""
    return _MENDS.get(error.errno or 0, error.strerror or str(error))


def is_file(path: Path) -> bool:
    """Whether there is a file of a name that others gave; a name that no file can have is none.

    >>> is_file(Path("x" * 5000))
    False
    """
    try:
        return path.is_file()
    except OSError:  # too long, or below what is no folder of ours
        return False


@contextlib.contextmanager
def atomic_open(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open `path` for writing bytes; it appears, whole, when the block ends well.

    Missing parent folders are made. If the block raises, nothing is left behind. With `durable` the
    file also survives a power cut; without, for files that can be made again, it costs less.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}@{process_name()}.tmp"
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if durable:
            sync_folder(path.parent)


def process_name() -> str:
    """Return ``<machine>.<number>`` of this process, the end of names of what is unfinished."""
    return f"{socket.gethostname()}.{os.getpid()}"


def is_abandoned(name: str) -> bool:
    """Whether `name`, of something unfinished, tells of an ended process of this machine."""
    machine, _, number = name.removesuffix(".tmp").rpartition("@")[2].rpartition(".")
    return machine == socket.gethostname() and number.isdigit() and not _is_running(int(number))


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def find_abandoned(folder: Path) -> tuple[Path, ...]:
    """Return the unfinished files that ended processes of this machine left in `folder` itself."""
    return tuple(path for path in sorted(folder.glob(".*@*.tmp")) if is_abandoned(path.name))


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a whole file atomically (see `atomic_open`)."""
    with atomic_open(path, durable=durable) as file:
        file.write(content)


def write_jsonl(path: Path, records: Iterable[object], *, durable: bool = True) -> None:
    """Write JSON lines atomically; gzipped, without a time stamp, if `path` ends in ``.gz``."""
    content = to_jsonl(records)
    if path.suffix == ".gz":
        content = gzip.compress(content, compresslevel=1, mtime=0)
    write_bytes(path, content, durable=durable)


def append_lines(path: Path, lines: bytes) -> None:
    """Add whole lines to a file in one write, durably; the file and its folder are made if missing.

    A last line that was cut off, for instance by a full disk, is ended first.

    Raises:
        StorageError: If the file cannot be written.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        known = path.read_bytes() if path.exists() else b""
        head = b"\n" if known and not known.endswith(b"\n") else b""
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, head + lines)
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
