"""The pictures of the last release of MM-Skin and their sides, that public sets are held to."""

from __future__ import annotations

from collections.abc import Callable

from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.pictures import map_in_threads
from mmskin_build.dataset.released import read_records, released_versions
from mmskin_build.dataset.splits import Side
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.records import Record

Show = Callable[[str, str, int, int], None]
"""Called with the set, what is being done, items done and items in all."""


def no_show(name: str, what: str, done: int, total: int) -> None:
    """Tell nobody."""


def read_release_sides(
    workspace: Workspace, cfg: Config, index: DuplicateIndex, show: Show = no_show
) -> tuple[str | None, dict[str, Side]]:
    """Return the name of the last release and the side of each of its pictures, by `image_sha256`.

    Fingerprints that the index lacks are made and added. A record without a side counts as trained
    on. Without a release, the name is None and there are no sides.

    Raises:
        StorageError: If the release or the index cannot be read.
        SchemaError: If the release does not hold records.
    """
    home = workspace.releases / cfg.dataset.name
    versions = released_versions(home)
    if not versions:
        return None, {}
    folder = home / versions[-1]
    records = read_records(folder)
    waiting = [record for record in records if record.image_sha256 not in index]

    def look(record: Record) -> tuple[str, Fingerprint] | None:
        read = read_picture(folder / record.image)
        if isinstance(read, UnreadPicture):
            return None
        return record.image_sha256, fingerprint(read.rgb)

    def progress(what: str, done: int, total: int) -> None:
        show("MM-Skin", what, done, total)

    looked = map_in_threads(look, waiting, "look at pictures", progress)
    index.add(found for found in looked if found is not None)
    sides: dict[str, Side] = {r.image_sha256: r.split or "train" for r in records}
    return f"{cfg.dataset.name} {versions[-1]}", sides
