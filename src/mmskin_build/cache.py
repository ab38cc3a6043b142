"""The content-addressed store of stage outputs.

A stage's output lies under a key made of the digests of all that it depends on, so there is nothing
to invalidate: what changed has another key. It is made in a temporary folder of the same store, its
manifest is written last, and the folder is renamed: an entry is whole or not there. An entry whose
files are not what its manifest says is set aside and made again, so the store needs no `fsync` of
its own: what a power cut tears is found and redone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmskin_build.errors import StorageError
from mmskin_build.store import (
    file_sha256,
    is_abandoned,
    parse_json,
    pretty_json,
    process_name,
    storage_errors,
    sync_folder,
    write_bytes,
)

MANIFEST = "manifest.json"
_TEMPORARY = ".tmp"
_DESCRIPTION = ("stage", "version", "config_sha256", "inputs", "models")  # what the key stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one stage's output depends on.

    `inputs` are digests by name (a file, another stage's output), `version` stands for the code,
    `config_sha256` for the settings that the stage sees, `models` for digests of model files.
    """

    name: str
    version: str
    config_sha256: str
    inputs: Mapping[str, str]
    models: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The sha256 of all of it."""
        return _digest(self.description())

    def description(self) -> dict[str, Any]:
        """Return the same as plain data, for the manifest."""
        return {
            "stage": self.name,
            "version": self.version,
            "config_sha256": self.config_sha256,
            "inputs": dict(self.inputs),
            "models": dict(self.models),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of an entry: its digest and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A finished stage output in the store; `outputs` by path relative to `folder`."""

    folder: Path
    key: str
    outputs: Mapping[str, Output]
    fresh: bool

    def path(self, name: str) -> Path:
        """Return where output `name` lies.

        Raises:
            KeyError: If the stage did not write it.
        """
        if name not in self.outputs:
            raise KeyError(f"{self.folder} has no output {name}")
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of stage outputs: ``<stage>/<first two of the key>/<key>/``.

    Several processes may use it at once without a lock: each works in a folder of its own, the
    first to rename wins, and the others take what it made, which by construction is the same.
    """

    root: Path

    def folder(self, stage: Stage) -> Path:
        """Return where the entry of `stage` lies once it exists."""
        return self.root / stage.name / stage.key[:2] / stage.key

    def find(self, stage: Stage, *, deep: bool = False) -> Entry | None:
        """Return the finished entry of `stage`, or None if it is absent or damaged.

        All sizes are compared, and the digests of the JSON outputs; with `deep` also those of the
        pictures.
        """
        return read_entry(self.folder(stage), deep=deep)

    def entry(self, stage_name: str, key: str) -> Entry:
        """Return the entry of a stage by its key.

        Raises:
            StorageError: If it is not there or damaged.
        """
        folder = self.root / stage_name / key[:2] / key
        found = read_entry(folder)
        if found is None:
            raise StorageError(f"{folder}: missing or damaged; run: mmskin build")
        return found

    def run(self, stage: Stage, produce: Callable[[Path], None], *, deep: bool = False) -> Entry:
        """Return the entry of `stage`; if there is none, make it with `produce(folder)`.

        `produce` writes its files below the (empty, temporary) folder it is given. If it raises,
        nothing is kept.

        Raises:
            StorageError: If the disk is full or the store cannot be written.
        """
        found = self.find(stage, deep=deep)
        if found is not None:
            return found
        final = self.folder(stage)
        temporary = make_temporary(self.root, f"{stage.name}-{stage.key[:12]}")
        try:
            produce(temporary)
            with storage_errors(self.root):
                outputs = {
                    path.relative_to(temporary).as_posix(): Output(
                        sha256=file_sha256(path), size=path.stat().st_size
                    )
                    for path in sorted(temporary.rglob("*"))
                    if path.is_file()
                }
                manifest = {"key": stage.key, **stage.description()}
                manifest["outputs"] = {
                    name: {"sha256": out.sha256, "size": out.size} for name, out in outputs.items()
                }
                write_bytes(temporary / MANIFEST, pretty_json(manifest))
                final.parent.mkdir(parents=True, exist_ok=True)
                _publish(temporary, final)
                sync_folder(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Entry(folder=final, key=stage.key, outputs=outputs, fresh=True)

    def remove(self, stage: Stage) -> None:
        """Take an entry out, so that it is made again.

        Raises:
            StorageError: If it cannot be moved away.
        """
        aside = make_temporary(self.root, f"removed-{stage.name}")
        try:
            with storage_errors(self.root), contextlib.suppress(FileNotFoundError):
                self.folder(stage).rename(aside / "entry")
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def sweep(self) -> int:
        """Remove what killed processes of this machine left behind; return how many folders."""
        return sweep_temporary(self.root)

    def size_bytes(self) -> int:
        """Return how much the store takes on the disk."""
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())


def _digest(description: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def make_temporary(root: Path, name: str) -> Path:
    """Make an empty folder of this process's own below `root`, on the same file system.

    Raises:
        StorageError: If `root` cannot be written.
    """
    folder = root / _TEMPORARY / f"{name}-{secrets.token_hex(4)}@{process_name()}"
    with storage_errors(folder):
        folder.mkdir(parents=True)
    return folder


def sweep_temporary(root: Path) -> int:
    """Remove the temporary folders of processes of this machine that have ended; count them."""
    found = find_temporary(root)
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return len(found)


def find_temporary(root: Path) -> tuple[Path, ...]:
    """Return the temporary folders of processes of this machine that have ended."""
    return tuple(f for f in sorted((root / _TEMPORARY).glob("*")) if is_abandoned(f.name))


def read_entry(folder: Path, *, deep: bool = False) -> Entry | None:
    """Return the entry in `folder`, or None if there is none or a file is not what it should be."""
    try:
        manifest = parse_json((folder / MANIFEST).read_bytes())
        outputs = {name: Output(**value) for name, value in manifest["outputs"].items()}
        key = str(manifest["key"])
        described = {name: manifest[name] for name in _DESCRIPTION}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if key != folder.name or key != _digest(described):
        return None  # the manifest itself is damaged
    for name, output in outputs.items():
        path = folder / name
        try:
            if path.stat().st_size != output.size:
                return None
            if (deep or path.suffix != ".png") and file_sha256(path) != output.sha256:
                return None
        except (OSError, StorageError):
            return None
    return Entry(folder=folder, key=key, outputs=outputs, fresh=False)


def _publish(temporary: Path, final: Path) -> None:
    """Rename `temporary` to `final`; give way to a sound entry, replace a damaged one."""
    for _ in range(3):
        try:
            temporary.rename(final)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
        if read_entry(final, deep=True) is not None:
            return
        aside = temporary.with_name(f"damaged-{secrets.token_hex(4)}-{temporary.name}")
        with contextlib.suppress(FileNotFoundError):  # another process may have moved it already
            final.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    raise StorageError(f"{final}: cannot be replaced; remove that folder and run again")
