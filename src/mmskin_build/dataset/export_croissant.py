"""The release as it is, with ``croissant.json`` for ``mlcroissant`` and dataset searches.

A release of today has its ``croissant.json`` already; that of an older one is made here.
"""

from __future__ import annotations

from pathlib import Path

from mmskin_build.dataset.croissant import croissant_json
from mmskin_build.dataset.export_source import Source, copy_pictures, read_file
from mmskin_build.dataset.manifest import CROISSANT, MANIFEST, SUMS


def write_croissant(source: Source, folder: Path) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Raises:
        VerificationError: If a file of the release was changed.
        OSError: If the disk is full or the folder cannot be written.
    """
    images = {record.id: record.image for record in source.records}
    copy_pictures(source, folder, images)
    pictures = set(images.values())
    for name in source.sums:
        if name not in pictures:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(read_file(source, name))
    for name in (MANIFEST, SUMS):
        (folder / name).write_bytes((source.folder / name).read_bytes())
    if CROISSANT not in source.sums:
        (folder / CROISSANT).write_bytes(croissant_json(source.manifest, source.sums))
    return {"records": len(images), "files": len(source.sums)}
