"""What workers need that share no folder with anybody, through the storage of `store.remote`.

    from the program to a book's worker    the book's file, decisions, Adobe's output, a model
    between workers                        pictures: cut ones to the book's worker, from there to
                                           those that screen them

Files go by their digest and stay, pictures go once and are deleted when they have come. A worker
keeps the last books beside Dask's own files (`dask worker --local-directory`); all else that it
lays out lives as long as its call.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distributed import get_worker

from mmskin_build.books import adobe_path, book_object, book_path, push_book
from mmskin_build.cache import make_temporary, sweep_temporary
from mmskin_build.config import Config, Workspace
from mmskin_build.errors import InputPdfError, StorageError
from mmskin_build.packing import MANIFEST, write_manifest
from mmskin_build.pdf.adobe import part_files
from mmskin_build.records import Book
from mmskin_build.remote import Remote, new_passing_name, open_remote
from mmskin_build.store import file_sha256, storage_errors

_KEPT_BOOKS = 32  # files of books on a worker's machine; of 100 MB each, 3 GB
_ADOBE = "adobe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What all books of a build need beside themselves; digests of files in shared storage."""

    url: str
    decisions: str | None
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A book in shared storage; `shown` is its path where the program runs, for messages."""

    parcel: Parcel
    shown: str
    adobe: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a worker has laid out of it."""

    workspace: Workspace
    book: Book
    path: Path  # of the book's file
    model: Path | None


# ------------------------------------------------------------------------------ the program's side


def send_parcel(workspace: Workspace, cfg: Config) -> Parcel:
    """Put there what all books need.

    Raises:
        StorageError: If the storage cannot be used.
    """
    remote = open_remote(workspace.remote)
    remote.check()
    model = cfg.images.modality_model
    return Parcel(
        url=workspace.remote,
        decisions=_send_files(
            workspace, remote, sorted((workspace.review / "decisions").glob("*.jsonl"))
        ),
        model=_send_model(remote, Path(model)) if model else None,
    )


def send_book(workspace: Workspace, book: Book, parcel: Parcel) -> Sent:
    """Put a book there, if it is not there yet.

    Raises:
        InputPdfError, AdobeExtractError: If its file is not what is registered.
        StorageError: If the storage cannot be used.
    """
    remote = open_remote(parcel.url)
    push_book(workspace, book, remote)
    adobe = adobe_path(workspace, book)
    return Sent(
        parcel=parcel,
        shown=str(book_path(workspace, book)),
        adobe=None if adobe is None else _send_adobe(workspace, remote, adobe),
    )


def _send_model(remote: Remote, path: Path) -> str:
    digest = file_sha256(path)
    name = _model_object(digest)
    with storage_errors(path):
        size = path.stat().st_size
    if remote.size(name) != size:
        remote.put_file(name, path)
    return digest


def _send_files(workspace: Workspace, remote: Remote, paths: Sequence[Path]) -> str | None:
    """Put files of one folder there as one, under its digest; None without a file."""
    if not paths:
        return None
    with _temporary(workspace.store, "sending") as folder:
        for path in paths:
            with storage_errors(path):
                shutil.copyfile(path, folder / path.name)
        return _send_folder(remote, folder)


def _send_adobe(workspace: Workspace, remote: Remote, adobe: Path) -> str:
    """Put Adobe's output there: its parts in their order; of renditions only the names count."""
    parts = part_files(adobe)
    with _temporary(workspace.store, "sending") as folder:
        for number, path in enumerate(parts, start=1):
            part = folder / f"{number:05d}"
            with storage_errors(path):
                (part / "figures").mkdir(parents=True)
                shutil.copyfile(path, part / path.name)
                for rendition in path.parent.glob("figures/*"):
                    (part / "figures" / rendition.name).touch()
        return _send_folder(remote, folder)


def _send_folder(remote: Remote, folder: Path) -> str:
    write_manifest(folder, {})
    digest = file_sha256(folder / MANIFEST)
    name = _folder_object(digest)
    if remote.size(name) is None:
        remote.put_pack(name, folder)
    return digest


def _folder_object(digest: str) -> str:
    return f"files/{digest}.tar"


def _model_object(digest: str) -> str:
    return f"files/{digest}.json"


# ----------------------------------------------------------------------------- the workers' side


def tell_trouble(url: str) -> str:
    """Return why this worker cannot use the storage, "" if it can."""
    try:
        open_remote(url).check()
    except Exception as error:
        return str(error)
    return ""


@contextlib.contextmanager
def settle(sent: Sent, book: Book) -> Iterator[Settled]:
    """Lay out a data folder for one book; its stage outputs go to the shared storage.

    Raises:
        StorageError: If something does not come.
    """
    url = sent.parcel.url
    remote = open_remote(url)
    with working_folder(book.id) as folder:
        workspace = Workspace(folder / "data", url)
        path = place_book(remote, book.sha256, workspace.data / "books")
        if sent.parcel.decisions is not None:
            _fetch_folder(remote, sent.parcel.decisions, workspace.review / "decisions")
        if sent.adobe is not None:
            _fetch_folder(remote, sent.adobe, workspace.data / _ADOBE)
        model = fetch_model(remote, sent.parcel.model, folder)
        yield Settled(
            workspace=workspace,
            book=replace(
                book,
                path=path.relative_to(workspace.data).as_posix(),
                adobe=None if sent.adobe is None else _ADOBE,
            ),
            path=path,
            model=model,
        )


def fetch_model(remote: Remote, digest: str | None, folder: Path) -> Path | None:
    """Return where the file of a model lies in `folder` now, None for the shipped model.

    Raises:
        StorageError: If it does not come.
    """
    if digest is None:
        return None
    name, path = _model_object(digest), folder / "model.json"
    if not remote.fetch_file(name, path, digest):
        raise _not_there(remote, name)
    return path


@contextlib.contextmanager
def showing(path: Path, shown: str) -> Iterator[None]:
    """Tell the user's path of a book instead of a worker's in what is wrong with it."""
    try:
        yield
    except InputPdfError as error:
        raise type(error)(str(error).replace(str(path), shown)) from None


def place_book(remote: Remote, sha256: str, folder: Path) -> Path:
    """Return the file of a book in `folder`; fetched unless this machine has it.

    Raises:
        StorageError: If it does not come.
    """
    name = book_object(sha256)
    kept, path = _home() / name, folder / f"{sha256}.pdf"
    with storage_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        while not path.exists():
            try:
                os.link(kept, path)  # lasts, whoever makes room meanwhile
                os.utime(kept)
            except FileNotFoundError:
                if not remote.fetch_file(name, kept, sha256):
                    raise _not_there(remote, name) from None
                _make_room(kept.parent)
    return path


def _make_room(folder: Path) -> None:
    used: list[tuple[float, Path]] = []
    for path in folder.glob("*.pdf"):
        with contextlib.suppress(FileNotFoundError):
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used, reverse=True)[_KEPT_BOOKS:]:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def working_folder(name: str) -> Iterator[Path]:
    """Provide an empty folder of this call's own; what ended workers left is removed, too."""
    home = _home()
    sweep_temporary(home)
    with _temporary(home, name) as folder:
        yield folder


@contextlib.contextmanager
def _temporary(root: Path, name: str) -> Iterator[Path]:
    folder = make_temporary(root, name)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _home() -> Path:
    """Where the workers of one machine keep what they fetch."""
    return Path(get_worker().local_directory).parent / "mmskin"


def pass_on(url: str, folder: Path) -> str:
    """Put the files of a folder there for another worker, and return their name.

    Raises:
        StorageError: If they cannot be put.
    """
    write_manifest(folder, {})
    name = new_passing_name()
    open_remote(url).put_pack(name, folder)
    return name


def take(url: str, name: str, folder: Path) -> None:
    """Move into `folder` what another worker passed on.

    Raises:
        StorageError: If it does not come.
    """
    with working_folder("taken") as empty:
        remote = open_remote(url)
        _unpack(remote, name, empty)
        (empty / MANIFEST).unlink()
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(empty.iterdir()):
                shutil.move(path, folder / path.name)


def forget(url: str, name: str) -> None:
    """Delete what was passed on and has come."""
    open_remote(url).remove(name)


def _fetch_folder(remote: Remote, digest: str, folder: Path) -> None:
    name = _folder_object(digest)
    with storage_errors(folder):
        folder.mkdir(parents=True)
    if hashlib.sha256(_unpack(remote, name, folder)).hexdigest() != digest:
        raise StorageError(f"{remote.url}/{name}: is of another name; delete it and run again")


def _unpack(remote: Remote, name: str, folder: Path) -> bytes:
    def make_folder() -> Path:
        shutil.rmtree(folder)  # of a try before
        folder.mkdir()
        return folder

    found = remote.fetch_pack(name, make_folder)
    if found is None:
        raise _not_there(remote, name)
    return found[1]


def _not_there(remote: Remote, name: str) -> StorageError:
    return StorageError(f"{remote.url}/{name}: is not there any more; run the same command again")
