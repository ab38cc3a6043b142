"""What a user gives for a set: folders, ZIP and TAR files, seen as one list of files.

Folders are walked; archives are looked into, also those that lie in the folders and those within
other archives (PAD-UFES-20 comes so). An archive beside the folder of its own name is passed over:
it has been unpacked there. A member of an archive never becomes a path: members of ZIP files are
read where they are, those of TAR files and inner archives are unpacked under numbers.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import struct
import tarfile
import threading
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from mmskin_build.errors import PublicSetError
from mmskin_build.images.read import MOST_BYTES, PICTURE_SUFFIXES, UnreadPicture
from mmskin_build.store import atomic_open, storage_errors

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
TABLE_SUFFIXES = (".csv", ".tab", ".tsv", "")
MOST_TABLE_BYTES = 500_000_000
# Archives within archives; the makers' have one, an endless nest of them has more.
_MOST_DEPTH = 3
_COPY_BYTES = 1 << 20
_MEND = "it is cut off or no archive; download it again and compare its size with the makers' page"

# A place before the begin or behind all files is a `ValueError`, an `OverflowError`, or EINVAL.
_BadArchive = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, TypeError, struct.error,  # a gzip head that ends: `TypeError`
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in a source: its path there with ``/``, its size in bytes unpacked.

    `stamp` changes when the file does. `path` is where it lies as a file of its own, None for a
    member of a ZIP file, which `archive` and `member` tell.
    """

    name: str
    size: int
    stamp: str
    path: Path | None = None
    archive: Path | None = None
    member: str = ""

    @property
    def basename(self) -> str:
        """The last part of its name."""
        return self.name.rsplit("/", 1)[-1]


class Source:
    """The files that a user gave for a set, opened.

    Args:
        paths: Folders, archives or single files.
        scratch: Where TAR files and inner archives are unpacked; what is there already is used.

    Raises:
        PublicSetError: If a path is missing, or an archive cannot be read.
        StorageError: If the disk is full or a folder cannot be read.
    """

    def __init__(self, paths: Sequence[Path], scratch: Path) -> None:
        """List all files."""
        self.scratch = scratch
        self._zips: dict[Path, zipfile.ZipFile] = {}
        self._lock = threading.Lock()
        self.paths = tuple(paths)
        self.archives: list[Path] = []
        entries: list[Entry] = []
        try:
            for path in paths:
                entries += self._open(path)
        except BaseException:
            self.close()
            raise
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            self._by_name[entry.basename.casefold()].append(entry)

    def __enter__(self) -> Self:
        """Return the source itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the archives."""
        self.close()

    def close(self) -> None:
        """Close the archives."""
        for archive in self._zips.values():
            archive.close()

    def find(self, names: Sequence[str]) -> Entry | None:
        """Return the file that has one of the names (letter case aside), the least deep one."""
        for name in names:
            found = self._by_name.get(name.casefold(), [])
            if found:
                return min(found, key=lambda entry: (entry.name.count("/"), entry.name))
        return None

    def pictures(self) -> Iterator[Entry]:
        """Yield all files whose names end as those of pictures do."""
        for entry in self.entries:
            if PurePosixPath(entry.name).suffix.lower() in PICTURE_SUFFIXES:
                yield entry

    def read_table(self, entry: Entry) -> bytes:
        """Return the content of a table.

        Raises:
            PublicSetError: If it is damaged or far too large.
            StorageError: If it cannot be read.
        """
        if entry.size > MOST_TABLE_BYTES:
            raise PublicSetError(f"{entry.name}: {entry.size} bytes are no table; check the file")
        try:
            with storage_errors(entry.path or entry.archive or Path(entry.name)):
                return self._read(entry)
        except _BadArchive as error:
            raise PublicSetError(f"{self._where(entry)}: {error}; {_MEND}") from None

    def read_picture_file(self, entry: Entry) -> bytes | UnreadPicture:
        """Return the bytes of a picture's file, or why there are none."""
        if entry.size > MOST_BYTES:
            return UnreadPicture(reason="file_too_large", detail=f"{entry.size} bytes")
        try:
            return self._read(entry)
        except _BadArchive as error:
            return UnreadPicture(reason="picture_damaged", detail=f"in its archive: {error}")
        except OSError as error:
            return UnreadPicture(reason="file_unreadable", detail=(error.strerror or "").lower())

    def _read(self, entry: Entry) -> bytes:
        if entry.path is not None:
            return entry.path.read_bytes()
        assert entry.archive is not None
        # The handle of a ZIP file is shared by the threads.
        with self._lock, _places(), self._zips[entry.archive].open(entry.member) as file:
            return file.read()

    def _where(self, entry: Entry) -> str:
        return str(entry.path) if entry.path is not None else f"{entry.archive}: {entry.member}"

    def _open(self, path: Path) -> Iterator[Entry]:
        if not path.exists():
            raise PublicSetError(
                f"{path}: there is no such file or folder; name it anew: mmskin public add SET PATH"
            )
        if path.is_dir():
            yield from self._open_folder(path)
        elif is_archive(path):
            yield from self._open_archive(path, "", 0)
        else:
            yield _file_entry(path, path.name)

    def _open_folder(self, folder: Path) -> Iterator[Entry]:
        with storage_errors(folder):
            for at, folders, files in os.walk(folder, followlinks=False):
                folders[:] = sorted(name for name in folders if not _is_hidden(name))
                here = Path(at)
                unpacked = {name.casefold() for name in folders}
                for name in sorted(files):
                    path = here / name
                    inside = path.relative_to(folder).as_posix()
                    if _is_hidden(name) or not path.is_file():
                        continue
                    if not is_archive(path):
                        yield _file_entry(path, inside)
                    elif _stem(name).casefold() not in unpacked:
                        yield from self._open_archive(path, f"{inside}/", 0)

    def _open_archive(self, path: Path, inside: str, depth: int) -> Iterator[Entry]:
        self.archives.append(path)
        try:
            with storage_errors(path), _places():
                if path.name.lower().endswith(".zip"):
                    yield from self._open_zip(path, inside, depth)
                else:
                    yield from self._open_tar(path, inside, depth)
        except _BadArchive as error:
            raise PublicSetError(f"{path}: {error}; {_MEND}") from None

    def _open_zip(self, path: Path, inside: str, depth: int) -> Iterator[Entry]:
        archive = self._zips[path] = zipfile.ZipFile(path)
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            name = info.filename.replace("\\", "/")
            if not name or info.is_dir() or _is_hidden(name):
                continue
            if is_archive(Path(name)) and depth < _MOST_DEPTH:
                with archive.open(info) as file:
                    inner = self._unpack(path, name, file, info.file_size)
                yield from self._open_archive(inner, f"{inside}{name}/", depth + 1)
                continue
            yield Entry(
                name=inside + name,
                size=info.file_size,
                stamp=f"{info.file_size}-{info.CRC:08x}",
                archive=path,
                member=info.filename,
            )

    def _open_tar(self, path: Path, inside: str, depth: int) -> Iterator[Entry]:
        with tarfile.open(path, "r|*") as archive:  # read once, from front to back
            for info in archive:
                name = info.name.replace("\\", "/")
                if not info.isreg() or _is_hidden(name) or not _is_of_use(name):
                    continue
                file = archive.extractfile(info)
                if file is None:
                    continue
                unpacked = self._unpack(path, name, file, info.size)
                if is_archive(Path(name)) and depth < _MOST_DEPTH:
                    yield from self._open_archive(unpacked, f"{inside}{name}/", depth + 1)
                else:
                    yield Entry(
                        name=inside + name,
                        size=info.size,
                        stamp=f"{info.size}-{int(info.mtime)}",
                        path=unpacked,
                    )
            # Cut off between two members, the module takes a plain archive for a whole one.
            is_plain = path.name.lower().endswith(".tar")
            if is_plain and path.stat().st_size < archive.offset + tarfile.BLOCKSIZE:
                raise EOFError("the archive breaks off")

    def _unpack(self, archive: Path, name: str, file: IO[bytes], size: int) -> Path:
        """Copy a member to the scratch folder under a name of our own; one that is there stays."""
        key = hashlib.sha256(f"{archive}\n{archive.stat().st_size}\n{name}".encode()).hexdigest()
        ending = next((s for s in ARCHIVE_SUFFIXES if name.lower().endswith(s)), "")
        target = self.scratch / key[:2] / (key[:24] + (ending or PurePosixPath(name).suffix[:8]))
        if not (target.is_file() and target.stat().st_size == size):
            with atomic_open(target, durable=False) as out:
                shutil.copyfileobj(file, out, _COPY_BYTES)
            if target.stat().st_size != size:
                target.unlink()
                raise EOFError(f"{name} breaks off")
        return target


@contextlib.contextmanager
def _places() -> Iterator[None]:
    """Tell a place where no file has one, and what gzip says, from refusals of the disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):
            raise
        raise EOFError(f"points to where nothing is ({error})") from None


def is_archive(path: Path) -> bool:
    """Whether a file is taken for an archive, by its name."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def store_file(entry: Entry, content: bytes, target: Path) -> None:
    """Put a picture's file into a prepared folder: a hard link to the user's, else a copy.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    if entry.path is not None:
        with storage_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another file system, or one without hard links
            os.link(entry.path.resolve(), target)
            return
    with atomic_open(target, durable=False) as file:
        file.write(content)


def _file_entry(path: Path, name: str) -> Entry:
    with storage_errors(path):
        status = path.stat()
    return Entry(
        name=name, size=status.st_size, stamp=f"{status.st_size}-{status.st_mtime_ns}", path=path
    )


def _stem(name: str) -> str:
    ending = next(s for s in sorted(ARCHIVE_SUFFIXES, key=len)[::-1] if name.lower().endswith(s))
    return name[: -len(ending)]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/") if part)


def _is_of_use(name: str) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in PICTURE_SUFFIXES or suffix in TABLE_SUFFIXES or is_archive(Path(name))
