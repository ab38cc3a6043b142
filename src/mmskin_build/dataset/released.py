"""Reading finished releases, but for their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mmskin_build.dataset.manifest import (
    CAPTIONS,
    MANIFEST,
    Manifest,
    Parent,
)
from mmskin_build.dataset.splits import Side
from mmskin_build.dataset.versions import is_version, parse_version
from mmskin_build.errors import SchemaError
from mmskin_build.records import Record
from mmskin_build.store import from_json, parse_json, storage_errors


def released_versions(folder: Path) -> list[str]:
    """Return the versions of the finished releases in ``releases/<name>``, the oldest first."""
    found = [path.parent.name for path in folder.glob(f"*/{MANIFEST}")]
    return sorted((v for v in found if is_version(v)), key=parse_version)


def read_manifest(release: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        StorageError: If it cannot be read.
        SchemaError: If it is not a manifest.
    """
    path = release / MANIFEST
    with storage_errors(path):
        content = path.read_bytes()
    return from_json(content, Manifest, str(path))


def read_records(release: Path) -> tuple[Record, ...]:
    """Read the records of a release.

    Raises:
        StorageError: If the file cannot be read.
        SchemaError: If it does not hold a list of records; the message names the first bad one.
    """
    path = release / CAPTIONS
    with storage_errors(path):
        content = path.read_bytes()
    return from_json(content, tuple[Record, ...], str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a finished release holds, but for its pictures; empty before the first one.

    `parts` are the lists of entries beside the records, such as MM-Skin-O, by file name.
    """

    manifest: Manifest | None = None
    records: tuple[Record, ...] = ()
    parts: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def parent(self) -> Parent | None:
        """How the next release names this one."""
        if self.manifest is None:
            return None
        return Parent(version=self.manifest.version, content_digest=self.manifest.content_digest)

    @property
    def sides(self) -> dict[str, Side]:
        """The side of each picture by `image_sha256`."""
        return {record.image_sha256: record.split for record in self.records if record.split}


def read_released(release: Path) -> Released:
    """Read a release, but for its pictures.

    Raises:
        StorageError: If a file cannot be read.
        SchemaError: If one does not have its form.
    """
    manifest = read_manifest(release)
    contents: dict[str, bytes] = {}
    for path in sorted(release.glob("MM-Skin-*.json")):
        if path.name != CAPTIONS:
            with storage_errors(path):
                contents[path.name] = path.read_bytes()
    return Released(manifest=manifest, records=read_records(release), parts=read_parts(contents))


def read_parts(contents: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of the files that are lists of them, but for the records, by file name.

    Raises:
        SchemaError: If a file is not JSON.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for name, content in contents.items():
        if PurePosixPath(name).suffix != ".json":
            continue
        try:
            entries = parse_json(content)
        except ValueError as error:
            raise SchemaError(f"{name}: not JSON: {error}") from None
        if isinstance(entries, list):
            found[name] = [entry for entry in entries if isinstance(entry, dict)]
    return found
