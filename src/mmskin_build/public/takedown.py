"""What was withdrawn leaves the prepared sets, and what is asked about them, with its copies.

A public set may show a picture that a book shows. Where that was withdrawn (`mmskin withdraw`), the
set goes on without it: `prepare` leaves it out, and `withdraw_from_sets` prepares the sets anew
that have it. What the user was given by the set's makers is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmskin_build.config import Workspace
from mmskin_build.dataset.withdrawn import find_withdrawn_in, read_tombstones
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.public.columns import reject
from mmskin_build.public.drafts import Draft
from mmskin_build.public.items import IMAGES, ITEMS, PublicItem, read_items
from mmskin_build.public.sets import SETS
from mmskin_build.records import Reject
from mmskin_build.store import parse_json, storage_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class InSets:
    """What prepared sets have of what was withdrawn.

    `pictures` are the names of pictures by set. `unknown` are sets with pictures that the index of
    duplicates does not hold, so that copies among them cannot be told.
    """

    pictures: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]


def take_out(
    workspace: Workspace, index: DuplicateIndex, drafts: dict[str, list[Draft]]
) -> list[Reject]:
    """Take what was withdrawn out of drafts and out of the prepared folders.

    Args:
        workspace: Where tombstones and prepared sets lie.
        index: Has the fingerprints of all drafts.
        drafts: By set; changed.

    Returns:
        What was taken out.

    Raises:
        StorageError: If a picture cannot be deleted.
    """
    tombstones = read_tombstones(workspace.withdrawn)
    digests = {draft.image_sha256 for members in drafts.values() for draft in members}
    gone = find_withdrawn_in(index, tombstones, digests) if tombstones else {}
    rejects: list[Reject] = []
    for name, members in drafts.items():
        for draft in [draft for draft in members if draft.image_sha256 in gone]:
            path = workspace.public / name / IMAGES / draft.image
            with storage_errors(path):
                path.unlink(missing_ok=True)
            tombstone = gone[draft.image_sha256]
            detail = f"like {tombstone.record_id}, withdrawn on {tombstone.withdrawn_on}"
            rejects.append(reject("withdrawn", draft.key, detail))
        drafts[name] = [draft for draft in members if draft.image_sha256 not in gone]
    return rejects


def find_in_sets(workspace: Workspace, index: DuplicateIndex) -> InSets:
    """Return the pictures of prepared sets that were withdrawn, or are copies of such.

    Raises:
        SchemaError: If the items of a set are damaged.
        StorageError: If a file cannot be read.
    """
    items = prepared_items(workspace)
    digests = {item.image_sha256 for members in items.values() for item in members}
    gone = find_withdrawn_in(index, read_tombstones(workspace.withdrawn), digests)
    found = {
        name: tuple(item.image for item in members if item.image_sha256 in gone)
        for name, members in items.items()
    }
    unknown = [
        name
        for name, members in items.items()
        if any(item.image_sha256 not in index for item in members)
    ]
    return InSets(
        pictures={name: images for name, images in found.items() if images},
        unknown=tuple(unknown),
    )


def prepared_items(workspace: Workspace) -> dict[str, tuple[PublicItem, ...]]:
    """Return the items of all prepared sets, by set."""
    folders = [workspace.public / one.about.name for one in SETS]
    return {f.name: read_items(f) for f in folders if (f / ITEMS).is_file()}


def asks_about_others(workspace: Workspace, questions: Sequence[str]) -> bool:
    """Whether files of questions on the sets ask about a picture that is no item any more.

    Raises:
        SchemaError: If the items of a set are damaged.
        StorageError: If a file cannot be read.
    """
    there = {
        f"{name}/{IMAGES}/{item.image}"
        for name, members in prepared_items(workspace).items()
        for item in members
    }
    for path in [workspace.public / name for name in questions]:
        if not path.is_file():
            continue
        try:
            with storage_errors(path):
                asked = {talk["image"] for talk in parse_json(path.read_bytes())}
        except (ValueError, KeyError, TypeError):
            return True  # damaged: to be written again
        if not asked <= there:
            return True
    return False
