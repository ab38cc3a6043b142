"""Picture files of a release: copied, decoded and fingerprinted, each read once.

Work is done in a few threads, because the libraries behind it leave the interpreter's lock; results
come in the order of what is given, so the number of threads changes nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mmskin_build.errors import StorageError
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.records import Record
from mmskin_build.store import storage_errors

Progress = Callable[[str, int, int], None]
"""Called with what is being done, items done and items in all."""

_T = TypeVar("_T")
_R = TypeVar("_R")
# Pictures may be large and are held decoded, one a thread.
_MAX_THREADS = 4
_AT_ONCE = 64  # items handed to the threads; the next ones wait for them


def no_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG file of the store and the sha256 that its bytes must have."""

    path: Path
    sha256: str


def map_in_threads(
    work: Callable[[_T], _R], items: Sequence[_T], what: str, progress: Progress = no_progress
) -> Iterator[_R]:
    """Yield what `work` makes of each item, in their order; `what` names it to `progress`."""
    waiting, done = iter(items), 0
    progress(what, 0, len(items))
    # One thread of the linear algebra each: more of them wait for each other, which costs many
    # times the small products of a fingerprint.
    with threadpool_limits(1), ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as pool:
        while batch := list(islice(waiting, _AT_ONCE)):
            for result in pool.map(work, batch):
                done += 1
                progress(what, done, len(items))
                yield result


def decode_picture(content: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels of a picture file, (H, W, 3) RGB, or None if it cannot be decoded."""
    try:
        bgr: NDArray[Any] | None = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if bgr is None else np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)


def copy_pictures(
    records: Sequence[Record],
    pictures: Mapping[str, Picture],
    folder: Path,
    prints: Mapping[str, Fingerprint],
    progress: Progress = no_progress,
) -> tuple[dict[str, str], dict[str, Fingerprint]]:
    """Copy the picture of each record to its place below `folder`.

    Args:
        records: Their `image` is the place.
        pictures: By the record's id.
        folder: Of the release; the folders of the pictures are there.
        prints: Fingerprints that are known, by `image_sha256`.
        progress: Told of each picture.

    Returns:
        The sha256 of each file by its name, and the fingerprint of each picture by `image_sha256`.

    Raises:
        StorageError: If a picture cannot be read or is not what its sha256 says, or the disk full.
    """

    def copy(record: Record) -> tuple[str, Fingerprint]:
        picture = pictures[record.id]
        content = _read(picture)
        target = folder / record.image
        with storage_errors(target), target.open("xb") as file:
            file.write(content)
        known = prints.get(record.image_sha256)
        return picture.sha256, known or _fingerprint(picture.path, content)

    files: dict[str, str] = {}
    found: dict[str, Fingerprint] = {}
    done = map_in_threads(copy, records, "write pictures", progress)
    for record, (digest, print_) in zip(records, done, strict=True):
        files[record.image] = digest
        found[record.image_sha256] = print_
    return files, found


def fingerprint_pictures(
    records: Sequence[Record],
    pictures: Mapping[str, Picture],
    prints: Mapping[str, Fingerprint],
) -> dict[str, Fingerprint]:
    """Return the fingerprint of each record's picture by `image_sha256`; known ones are taken over.

    Raises:
        StorageError: If a picture cannot be read or is not what its sha256 says.
    """

    def look(record: Record) -> Fingerprint:
        picture = pictures[record.id]
        return prints.get(record.image_sha256) or _fingerprint(picture.path, _read(picture))

    done = map_in_threads(look, records, "look at pictures")
    return {r.image_sha256: print_ for r, print_ in zip(records, done, strict=True)}


def _read(picture: Picture) -> bytes:
    with storage_errors(picture.path):
        content = picture.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise _damaged(picture.path)
    return content


def _fingerprint(path: Path, content: bytes) -> Fingerprint:
    rgb = decode_picture(content)
    if rgb is None:
        raise _damaged(path)
    return fingerprint(rgb)


def _damaged(path: Path) -> StorageError:
    return StorageError(f"{path}: damaged since it was made; run: mmskin build --check")
