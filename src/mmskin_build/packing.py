"""A folder of files as one file: a tar of one fixed form, so that equal folders are equal bytes.

The manifest comes first: JSON with ``outputs``, digest and size of each file by its name. The files
follow in the order of their names, without times, owners or rights. Whoever unpacks knows from the
manifest what each header must be and takes no other: a link, another name or another order is
refused, and a name is never more than plain parts below the folder.
"""

from __future__ import annotations

import functools
import hashlib
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mmskin_build.errors import DamagedObjectError, StorageError
from mmskin_build.store import (
    file_sha256,
    parse_json,
    pretty_json,
    storage_errors,
    write_bytes,
)

MANIFEST = "manifest.json"

_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_PIECE = 2**20  # bytes read at a time
_MOST_MANIFEST = 2**28  # bytes; a book of 10,000 pages has one of some 10 MB
_MOST_BYTES = 2**40  # of one pack; a large book takes some GB
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # of a name, between slashes
_MOST_PARTS = 4
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of a pack, or of an entry of the store: its digest and its size in bytes."""

    sha256: str
    size: int


def write_pack(target: IO[bytes], folder: Path) -> None:
    """Write the manifest of `folder` and the files that it lists.

    Raises:
        StorageError: If a file cannot be read or is not what the manifest tells.
        DamagedObjectError: If the manifest lists what no pack may hold.
    """
    with storage_errors(folder):
        manifest = (folder / MANIFEST).read_bytes()
    outputs = read_outputs(manifest)
    target.write(_header(MANIFEST, len(manifest)) + manifest + _padding(len(manifest)))
    for name, output in sorted(outputs.items()):
        target.write(_header(name, output.size))
        path, left, digest = folder / name, output.size, hashlib.sha256()
        with storage_errors(path):
            file = path.open("rb")
        with file:
            while piece := read_piece(file, path, min(_PIECE, left)):
                target.write(piece)
                digest.update(piece)
                left -= len(piece)
        if left or digest.hexdigest() != output.sha256:
            raise StorageError(f"{path}: not as it was written; run: mmskin build --check")
        target.write(_padding(output.size))
    target.write(_END)


def read_piece(file: IO[bytes], path: Path, size: int) -> bytes:
    """Read from a file of this machine.

    Raises:
        StorageError: If that fails.
    """
    with storage_errors(path):
        return file.read(size)


def unpack(source: IO[bytes], folder: Path) -> bytes:
    """Write what `source` packs into the empty `folder` and return its manifest.

    Raises:
        DamagedObjectError: If it is cut off, has other bytes than its manifest tells, or is of any
            other form than `write_pack` gives; the folder is then of no use.
        StorageError: If the folder cannot be written.
    """
    head = _take(source, _BLOCK, MANIFEST)
    size = _manifest_size(head)
    manifest = _take(source, size, MANIFEST)
    _expect(source, _padding(size), MANIFEST)
    outputs = read_outputs(manifest)
    for name, output in sorted(outputs.items()):
        _expect(source, _header(name, output.size), name)
        _unpack_file(source, folder / name, output)
        _expect(source, _padding(output.size), name)
    _expect(source, _END, "the end")
    if source.read(1):
        raise DamagedObjectError("something follows after the end")
    write_bytes(folder / MANIFEST, manifest, durable=False)
    return manifest


def _manifest_size(head: bytes) -> int:
    try:
        size = tarfile.TarInfo.frombuf(head, "utf-8", "strict").size
    except (tarfile.TarError, ValueError):
        raise DamagedObjectError("no pack of this program (no tar)") from None
    if not 0 <= size <= _MOST_MANIFEST or head != _header(MANIFEST, size):
        raise DamagedObjectError("no pack of this program (it begins with another member)")
    return size


def _unpack_file(source: IO[bytes], path: Path, output: Output) -> None:
    digest, left = hashlib.sha256(), output.size
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    with file:
        while left:
            piece = source.read(min(_PIECE, left))
            if not piece:
                raise DamagedObjectError(f"breaks off in {path.name}")
            digest.update(piece)
            left -= len(piece)
            with storage_errors(path):
                file.write(piece)
        with storage_errors(path):
            file.flush()
    if digest.hexdigest() != output.sha256:
        raise DamagedObjectError(f"{path.name} has another digest than the manifest tells")


def _take(source: IO[bytes], size: int, name: str) -> bytes:
    pieces: list[bytes] = []
    while size and (piece := source.read(min(_PIECE, size))):
        pieces.append(piece)
        size -= len(piece)
    if size:
        raise DamagedObjectError(f"breaks off in {name}")
    return b"".join(pieces)


def _expect(source: IO[bytes], wanted: bytes, name: str) -> None:
    if _take(source, len(wanted), name) != wanted:
        raise DamagedObjectError(f"another member, or another form, where {name} should be")


def describe_outputs(folder: Path) -> dict[str, Output]:
    """Return digest and size of each file below `folder`, by name.

    Raises:
        StorageError: If a file cannot be read.
    """
    with storage_errors(folder):
        return {
            path.relative_to(folder).as_posix(): Output(
                sha256=file_sha256(path), size=path.stat().st_size
            )
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def write_manifest(folder: Path, described: Mapping[str, object]) -> dict[str, Output]:
    """Write the manifest of all files below `folder` after `described`, and return the files.

    Raises:
        StorageError: If the folder cannot be read or written.
    """
    outputs = describe_outputs(folder)
    listed = {name: {"sha256": out.sha256, "size": out.size} for name, out in outputs.items()}
    write_bytes(folder / MANIFEST, pretty_json({**described, "outputs": listed}))
    return outputs


def read_outputs(manifest: bytes) -> dict[str, Output]:
    """Return what a manifest lists.

    Raises:
        DamagedObjectError: If it is no manifest, or lists a name, a digest or a size that no file
            of ours has.
    """
    try:
        listed = parse_json(manifest)["outputs"]
        outputs = {name: Output(**value) for name, value in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DamagedObjectError("no manifest of this program") from None
    for name, output in outputs.items():
        if not is_plain_name(name):
            raise DamagedObjectError(f"the name {name[:100]!r} is none that this program gives")
        sound = isinstance(output.size, int) and not isinstance(output.size, bool)
        if not sound or output.size < 0 or not _SHA256.fullmatch(str(output.sha256)):
            raise DamagedObjectError(f"digest or size of {name} is none")
        parents = (name.rsplit("/", count)[0] for count in range(1, name.count("/") + 1))
        if any(parent in outputs for parent in parents):
            raise DamagedObjectError(f"{name} lies below a file")
    if sum(output.size for output in outputs.values()) > _MOST_BYTES:
        raise DamagedObjectError("larger than anything that this program makes")
    return outputs


def is_plain_name(name: str) -> bool:
    """Whether `name` is relative, of plain parts, and not that of the manifest.

    >>> [is_plain_name(name) for name in ("pictures/a.png", "../x", "/x", "a//b", "manifest.json")]
    [True, False, False, False, False]
    """
    parts = name.split("/")
    return (
        name != MANIFEST
        and len(parts) <= _MOST_PARTS
        and all(_PART.fullmatch(part) for part in parts)
    )


@functools.lru_cache(maxsize=4096)
def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    try:
        return member.tobuf(tarfile.USTAR_FORMAT)
    except ValueError as error:
        raise DamagedObjectError(f"{name}: {error}") from None


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)
