"""Picture files are screened in worker processes.

A picture that crashes its worker, or cannot be read, ends with a reason; the others go on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import cv2
from threadpoolctl import threadpool_limits

from mmskin_build.errors import StorageError
from mmskin_build.images.kinds import KindModel, read_model
from mmskin_build.images.marks import Mark
from mmskin_build.images.read import PICTURE_SUFFIXES, UnreadPicture, read_picture
from mmskin_build.images.screen import Screening, screen_picture
from mmskin_build.store import pixel_digest

NO_MEMORY = "no memory"  # ends the detail of a picture that the machine had no memory for
REASONS = {"picture_crashed": "the picture ended the process that decoded it"}

_ATTEMPTS = 2  # of a picture alone, so that no other process can be to blame
_CHUNK = 8  # pictures a task: enough that passing them on costs nothing
_LOOK_S = 1.0  # how often is looked whether the pool is still there while nothing ends
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A file to screen and the name that it is told by.

    `hints` are sensitive categories that the words around it name, `painted` what its page is known
    to paint over it.
    """

    name: str
    path: Path
    hints: tuple[str, ...] = ()
    painted: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedPicture:
    """A picture with what was found in it, or with the `reason` why nothing was.

    `sha256` is the digest of the decoded pixels; `notes` say what decoding had to do.
    """

    name: str
    sha256: str | None = None
    notes: tuple[str, ...] = ()
    screening: Screening | None = None
    reason: str | None = None
    detail: str = ""


Coming = Future[list["ScreenedPicture"]]
Ended = Callable[[Iterable[Coming]], Iterator[Coming]]


class ScreenFiles(Protocol):
    """Screens pictures in the order of `files`: `screen_files`, or the same on many machines."""

    def __call__(
        self,
        files: Sequence[PictureFile],
        *,
        workers: int = 1,
        model_path: Path | None = None,
        language: str = "eng",
        read_all_words: bool = False,
        progress: Progress = lambda done, total: None,
    ) -> tuple[ScreenedPicture, ...]:
        """Return what is found in each picture."""


def is_machine_to_blame(picture: ScreenedPicture) -> bool:
    """Whether a picture may come out another way on a machine with more memory or peace."""
    failed = picture.screening is not None and bool(picture.screening.failed)
    return failed or picture.reason == "picture_crashed" or picture.detail.endswith(NO_MEMORY)


def find_pictures(given: Sequence[Path]) -> tuple[PictureFile, ...]:
    """List the pictures of files and folders, sorted by name.

    In a folder, files with a picture's suffix count, at any depth, named relative to the folder;
    hidden ones do not. A file that is named itself counts whatever its suffix, by its own name.

    Raises:
        StorageError: If something named does not exist.
    """
    found: dict[str, Path] = {}
    for path in given:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                name = file.relative_to(path)
                hidden = any(part.startswith(".") for part in name.parts)
                if not hidden and file.suffix.lower() in PICTURE_SUFFIXES and not file.is_dir():
                    found.setdefault(_free_name(name.as_posix(), file, found), file)
        elif path.exists() or path.is_symlink():
            found.setdefault(_free_name(path.name, path, found), path)
        else:
            raise StorageError(f"{path}: there is no such file or folder")
    return tuple(PictureFile(name=name, path=found[name]) for name in sorted(found))


def _free_name(name: str, path: Path, found: dict[str, Path]) -> str:
    """The name, with its folder before it where another picture has the name already."""
    if name not in found or found[name] == path:
        return name
    return path.as_posix().lstrip("/")


def screen_file(file: PictureFile, model: KindModel, task: _Task) -> ScreenedPicture:
    """Read and screen one picture file."""
    found = read_picture(file.path)
    if isinstance(found, UnreadPicture):
        return ScreenedPicture(name=file.name, reason=found.reason, detail=found.detail)
    try:
        screening = screen_picture(
            found.rgb,
            hints=file.hints,
            painted=file.painted,
            model=model,
            language=task.language,
            read_all_words=task.read_all_words,
        )
    except MemoryError:
        return ScreenedPicture(name=file.name, reason="picture_too_large", detail=NO_MEMORY)
    digest = pixel_digest(found.rgb)
    return ScreenedPicture(name=file.name, sha256=digest, notes=found.notes, screening=screening)


def screen_files(
    files: Sequence[PictureFile],
    *,
    workers: int = 1,
    model_path: Path | None = None,
    language: str = "eng",
    read_all_words: bool = False,
    progress: Progress = lambda done, total: None,
) -> tuple[ScreenedPicture, ...]:
    """Screen pictures in worker processes, in the order of `files`.

    The result is the same for any number of workers. `read_all_words` as for `screen_picture`.

    Raises:
        StorageError, SchemaError: If the model file cannot be used.
    """
    read_model(model_path)  # a bad model is told once, before any work
    chunks = [tuple(files[at : at + _CHUNK]) for at in range(0, len(files), _CHUNK)]
    screened: dict[int, list[ScreenedPicture]] = {}
    done = 0
    task = _Task(model_path=model_path, language=language, read_all_words=read_all_words)
    for index, found in _run(chunks, workers, task):
        screened[index] = found
        done += len(found)
        progress(done, len(files))
    return tuple(picture for index in range(len(chunks)) for picture in screened[index])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What a worker needs beside the files."""

    model_path: Path | None
    language: str
    read_all_words: bool


def _run(
    chunks: Sequence[tuple[PictureFile, ...]], workers: int, task: _Task
) -> Iterator[tuple[int, list[ScreenedPicture]]]:
    """Yield (number, pictures) of each chunk; those of chunks that break the pool go alone."""
    left: dict[Future[list[ScreenedPicture]], int] = {}
    broken: list[int] = []
    with _pool(max(1, min(workers, len(chunks)))) as (pool, ended):
        try:
            for index, chunk in enumerate(chunks):
                left[pool.submit(_screen_chunk, chunk, task)] = index
        except BrokenProcessPool:
            broken += range(len(left), len(chunks))
        for future in ended(left):
            try:
                yield left[future], future.result()
            except BrokenProcessPool:
                broken.append(left[future])
    for index in sorted(broken):
        yield index, [_screen_alone(file, task) for file in chunks[index]]


def _screen_alone(file: PictureFile, task: _Task) -> ScreenedPicture:
    for _ in range(_ATTEMPTS):
        with _pool(1) as (pool, ended), contextlib.suppress(BrokenProcessPool):
            for future in ended([pool.submit(_screen_chunk, (file,), task)]):
                (picture,) = future.result()
                return picture
    return ScreenedPicture(name=file.name, reason="picture_crashed")


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[tuple[ProcessPoolExecutor, Ended]]:
    """Provide worker processes, and what yields their futures as these end.

    Where the pool fails half-way, the workers that have started are ended: else one that could not
    start its thread would wait for them at the end of this process. And where the thread ends that
    hands out the work (it starts another, for which memory may be short), no future would ever
    end: then the error of that thread is raised here.
    """
    before = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")  # a fork of a threaded process may hang
    lost: list[BaseException] = []
    told = threading.excepthook

    def note(raised: threading.ExceptHookArgs) -> None:
        if type(raised.thread).__module__ == ProcessPoolExecutor.__module__:
            lost.append(raised.exc_value or RuntimeError(str(raised.exc_type)))
        else:
            told(raised)

    def ended(futures: Iterable[Coming]) -> Iterator[Coming]:
        waiting = set(futures)
        while waiting:
            done, waiting = wait_for(waiting, timeout=_LOOK_S, return_when="FIRST_COMPLETED")
            if not done and lost:
                raise lost[0]
            yield from done

    threading.excepthook = note
    try:
        with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin_worker) as pool:
            yield pool, ended
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        raise
    finally:
        threading.excepthook = told


def _begin_worker() -> None:
    """Run in each worker first: one thread, and an end when the parent ends, however it does."""
    cv2.setNumThreads(1)
    threadpool_limits(1)  # threads that wait for each other cost more than they do
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGKILL)


def _screen_chunk(files: Sequence[PictureFile], task: _Task) -> list[ScreenedPicture]:
    model = read_model(task.model_path)
    return [screen_file(file, model, task) for file in files]
