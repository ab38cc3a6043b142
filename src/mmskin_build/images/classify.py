"""A folder of pictures becomes one line a picture, in worker processes.

A picture that crashes its worker, or cannot be read, is a line with a reason; the others go on.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from mmskin_build.errors import StorageError
from mmskin_build.images.kinds import KindModel, read_model
from mmskin_build.images.read import PICTURE_SUFFIXES, UnreadPicture, read_picture
from mmskin_build.images.screen import Detectors, Screening, screen_picture
from mmskin_build.store import pixel_digest

REASONS = {"picture_crashed": "the picture ended the process that decoded it"}

_CHUNK = 8  # pictures a task: enough that passing them on costs nothing
_DIGITS = 4

Line = dict[str, Any]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A file to classify and the name that it is told by."""

    name: str
    path: Path


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


def classify_picture(
    file: PictureFile, model: KindModel | None = None, detectors: Detectors | None = None
) -> Line:
    """Read and screen one picture and return its line."""
    found = read_picture(file.path)
    if isinstance(found, UnreadPicture):
        return rejected(file.name, found.reason, found.detail)
    try:
        screening = screen_picture(found.rgb, model=model, detectors=detectors)
    except MemoryError:
        return rejected(file.name, "picture_too_large", "no memory")
    return _line(file.name, pixel_digest(found.rgb), found.notes, screening)


def _line(name: str, digest: str, notes: Sequence[str], found: Screening) -> Line:
    marks = found.annotated
    return {
        "file": name,
        "sha256": digest,
        "photo": round(found.photo.probability, _DIGITS),
        "sort": found.photo.sort,
        "modality": found.modality.value,
        "probabilities": found.modality.probabilities,
        "annotated": None if marks is None else round(marks.score, _DIGITS),
        "marks": None if marks is None else [list(box) for box in marks.boxes],
        "face": None if found.face is None else round(found.face, _DIGITS),
        "sensitive": found.sensitive,
        "quality": found.quality,
        "held": found.held,
        "notes": list(notes),
        "reject": None,
    }


def rejected(name: str, reason: str, detail: str = "") -> Line:
    """Return the line of a picture that could not be read: the fields of any other, without values.

    It is held: what was not looked at was not found harmless.
    """
    return {
        "file": name,
        "sha256": None,
        "photo": None,
        "sort": None,
        "modality": None,
        "probabilities": None,
        "annotated": None,
        "marks": None,
        "face": None,
        "sensitive": None,
        "quality": None,
        "held": True,
        "notes": [detail] if detail else [],
        "reject": reason,
    }


def classify_files(
    files: Sequence[PictureFile],
    *,
    workers: int = 1,
    model_path: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Line, ...]:
    """Classify pictures in worker processes; one line each, in the order of `files`.

    The lines are the same for any number of workers.

    Raises:
        StorageError, SchemaError: If the model file cannot be used.
    """
    read_model(model_path)  # a bad model is told once, before any work
    chunks = [tuple(files[at : at + _CHUNK]) for at in range(0, len(files), _CHUNK)]
    lines: dict[int, list[Line]] = {}
    done = 0
    for index, found in _run(chunks, workers, model_path):
        lines[index] = found
        done += len(found)
        progress(done, len(files))
    return tuple(line for index in range(len(chunks)) for line in lines[index])


def _run(
    chunks: Sequence[tuple[PictureFile, ...]], workers: int, model_path: Path | None
) -> Iterator[tuple[int, list[Line]]]:
    """Yield (number, lines) of each chunk; pictures of those that break the pool go alone."""
    left: dict[Future[list[Line]], int] = {}
    broken: list[int] = []
    with _pool(max(1, min(workers, len(chunks)))) as pool:
        try:
            for index, chunk in enumerate(chunks):
                left[pool.submit(_classify_chunk, chunk, model_path)] = index
        except BrokenProcessPool:
            broken += range(len(left), len(chunks))
        for future in as_completed(left):
            try:
                yield left[future], future.result()
            except BrokenProcessPool:
                broken.append(left[future])
    for index in sorted(broken):
        yield index, [_classify_alone(file, model_path) for file in chunks[index]]


def _classify_alone(file: PictureFile, model_path: Path | None) -> Line:
    with _pool(1) as pool:
        try:
            (line,) = pool.submit(_classify_chunk, (file,), model_path).result()
        except BrokenProcessPool:
            return rejected(file.name, "picture_crashed")
    return line


def _pool(workers: int) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")  # a fork of a threaded process may hang
    return ProcessPoolExecutor(
        workers, mp_context=spawn, initializer=cv2.setNumThreads, initargs=(1,)
    )


def _classify_chunk(files: Sequence[PictureFile], model_path: Path | None) -> list[Line]:
    model = read_model(model_path)
    return [classify_picture(file, model) for file in files]
