"""What there is of each set and what is missing, without opening a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmskin_build.config import Workspace
from mmskin_build.public.about import PublicSet
from mmskin_build.public.items import ITEMS, image_path, read_items
from mmskin_build.public.prepare import missing_pictures, open_source
from mmskin_build.public.registry import read_registry

_MOST_EXAMPLES = 5


def describe_sets(workspace: Workspace, sets: Sequence[PublicSet]) -> list[dict[str, Any]]:
    """Return what is published of each set and how far it is here: missing, added or prepared."""
    registry = read_registry(workspace)
    found: list[dict[str, Any]] = []
    for one in sets:
        about = one.about
        status = "missing"
        if about.name in registry:
            status = "added"
        if (workspace.public / about.name / ITEMS).is_file():
            status = "prepared"
        found.append(
            {
                "set": about.name,
                "title": about.title,
                "aliases": list(about.aliases),
                "modality": about.modality,
                "published_pictures": about.pictures,
                "published_classes": about.classes,
                "status": status,
                "license": about.license,
                "source": about.source,
                "paper": about.paper,
                "split": about.split,
                "unverified": about.unverified,
                "files": [
                    {"names": list(w.names), "what": w.what, "is_needed": w.is_needed}
                    for w in about.wanted
                ],
            }
        )
    return found


def check_set(workspace: Workspace, one: PublicSet, paths: Sequence[Path]) -> dict[str, Any]:
    """Read the tables of a set and look its pictures up; of a prepared one, also those in place.

    Raises:
        PublicSetError: If a file or a column is missing, or an archive is cut off.
        StorageError: If a file cannot be read.
    """
    about = one.about
    with open_source(workspace, about, paths) as source:
        reading = one.read(source)
        size = sum(entry.size for entry in source.entries)
    rejects = Counter(reject.reason for reject in reading.rejects)
    examples = [
        f"{reject.reason}: {reject.item_id}: {reject.detail}"
        for reason in sorted(rejects)
        for reject in [r for r in reading.rejects if r.reason == reason][:1]
    ]
    message = missing_pictures(about, reading) or ""
    folder = workspace.public / about.name
    gone = 0
    if (folder / ITEMS).is_file():
        gone = sum(not image_path(folder, item).is_file() for item in read_items(folder))
        if gone and not message:
            message = (
                f"{about.name}: {gone} pictures are gone from {folder}; "
                f"run: mmskin public prepare {about.name}"
            )
    return {
        "set": about.name,
        "status": "incomplete" if message else "ok",
        "message": message,
        "listed": reading.listed,
        "usable": len(reading.rows),
        "published_pictures": about.pictures,
        "bytes": size,
        "classes": dict(sorted(Counter(row.label for row in reading.rows).items())),
        "rejects": dict(sorted(rejects.items())),
        "examples": examples[:_MOST_EXAMPLES],
        "gone": gone,
    }
