"""Pictures of a set are decoded once and put into its prepared folder; stopped, it goes on.

What was seen of a picture is kept in the work folder, in files of some hundreds, with a stamp that
changes when the user's file does. Its fingerprint goes to the index of duplicates, which keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.dataset.pictures import Progress, map_in_threads, no_progress
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.images.read import REASONS, UnreadPicture, read_picture
from mmskin_build.public.about import Row
from mmskin_build.public.columns import reject
from mmskin_build.public.items import IMAGES
from mmskin_build.public.sources import Source, store_file
from mmskin_build.records import Reject
from mmskin_build.store import pixel_digest, read_jsonl, storage_errors, write_jsonl

_AT_ONCE = 256  # pictures between two notes of what is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A picture that is in its place: `stamp` is that of the file it came from."""

    image: str
    stamp: str
    image_sha256: str


def take_in(
    rows: Sequence[Row],
    source: Source,
    folder: Path,
    notes: Path,
    index: DuplicateIndex,
    progress: Progress = no_progress,
) -> tuple[dict[str, Seen], list[Reject]]:
    """Put the pictures of rows into a prepared folder.

    Args:
        rows: What the set's tables tell.
        source: Where the pictures lie.
        folder: Of the prepared set.
        notes: Folder for what was seen, to go on from.
        index: Gets the fingerprints.
        progress: Told of each picture.

    Returns:
        The pictures that are in their places, by `Row.image`, and those that cannot be read.

    Raises:
        StorageError: If the disk is full or a folder cannot be written.
    """
    known = {seen.image: seen for seen in _read_notes(notes)}
    found: dict[str, Seen] = {}
    waiting: list[Row] = []
    for row in rows:
        seen = known.get(row.image)
        if (
            seen is not None
            and seen.stamp == row.entry.stamp
            and seen.image_sha256 in index
            and (folder / IMAGES / row.image).is_file()
        ):
            found[row.image] = seen
        else:
            waiting.append(row)

    def look(row: Row) -> tuple[Seen, Fingerprint] | Reject:
        content = source.read_picture_file(row.entry)
        if isinstance(content, UnreadPicture):
            return _unread(row, content)
        picture = read_picture(content)
        if isinstance(picture, UnreadPicture):
            return _unread(row, picture)
        store_file(row.entry, content, folder / IMAGES / row.image)
        digest = pixel_digest(picture.rgb)
        seen = Seen(image=row.image, stamp=row.entry.stamp, image_sha256=digest)
        return seen, fingerprint(picture.rgb)

    rejects: list[Reject] = []
    fresh: list[tuple[Seen, Fingerprint]] = []
    try:
        for result in map_in_threads(look, waiting, "take in pictures", progress):
            if isinstance(result, Reject):
                rejects.append(result)
                continue
            fresh.append(result)
            found[result[0].image] = result[0]
            if len(fresh) >= _AT_ONCE:
                _keep(fresh, notes, index)
    finally:
        _keep(fresh, notes, index)
    return found, rejects


def _unread(row: Row, why: UnreadPicture) -> Reject:
    return reject(why.reason, row.entry.name, why.detail or REASONS[why.reason])


def _keep(fresh: list[tuple[Seen, Fingerprint]], notes: Path, index: DuplicateIndex) -> None:
    if not fresh:
        return
    index.add((seen.image_sha256, print_) for seen, print_ in fresh)
    number = len(list(notes.glob("seen-*.jsonl"))) + 1 if notes.is_dir() else 1
    write_jsonl(notes / f"seen-{number:06d}.jsonl", [seen for seen, _ in fresh], durable=False)
    fresh.clear()


def _read_notes(notes: Path) -> list[Seen]:
    if not notes.is_dir():
        return []
    with storage_errors(notes):
        files = sorted(notes.glob("seen-*.jsonl"))
    return [seen for file in files for seen in read_jsonl(file, Seen)]
