"""The content-addressed store of stage outputs.

A stage's output lies under a key made of the digests of all that it depends on, so there is nothing
to invalidate: what changed has another key. It is made in a temporary folder of the same store, its
manifest is written last, and the folder is renamed: an entry is whole or not there. An entry whose
files are not what its manifest says is set aside and made again, so the store needs no `fsync` of
its own: what a power cut tears is found and redone.

Machines that share no folder share a `remote.Remote`: what is not here is fetched from there by its
key, and what was made is put there. All work is done on the entry in the folder.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import logging
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmskin_build import __version__
from mmskin_build.config import Workspace
from mmskin_build.errors import DamagedObjectError, StorageError
from mmskin_build.packing import MANIFEST, Output, write_manifest
from mmskin_build.store import (
    code_digest,
    file_sha256,
    is_abandoned,
    parse_json,
    process_name,
    storage_errors,
    sync_folder,
)

if TYPE_CHECKING:
    from mmskin_build.remote import Remote

_LOG = logging.getLogger(__name__)
_TEMPORARY = ".tmp"
_LIBRARIES = (  # of every stage
    "pymupdf",
    "pdfplumber",
    "opencv-python-headless",
    "pillow",
    "numpy",
)
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
    remote: Remote | None = None

    def folder(self, stage: Stage) -> Path:
        """Return where the entry of `stage` lies once it exists."""
        return self.root / stage.name / stage.key[:2] / stage.key

    def find(self, stage: Stage, *, deep: bool = False) -> Entry | None:
        """Return the finished entry of `stage`, or None if it is absent or damaged.

        All sizes are compared, and the digests of the JSON outputs; with `deep` also those of the
        pictures. What is not here, or damaged, is fetched where the store has a remote.

        Raises:
            StorageError: If the remote cannot be reached, or this folder not be written.
        """
        return read_entry(self.folder(stage), deep=deep) or self._fetch(stage.name, stage.key)

    def entry(self, stage_name: str, key: str) -> Entry:
        """Return the entry of a stage by its key.

        Raises:
            StorageError: If it is not there or damaged.
        """
        folder = self.root / stage_name / key[:2] / key
        found = read_entry(folder) or self._fetch(stage_name, key)
        if found is None:
            raise StorageError(f"{folder}: missing or damaged; run: mmskin build")
        return found

    def run(
        self,
        stage: Stage,
        produce: Callable[[Path], None],
        *,
        deep: bool = False,
        anew: bool = False,
    ) -> Entry:
        """Return the entry of `stage`; if there is none, make it with `produce(folder)`.

        `produce` writes its files below the (empty, temporary) folder it is given. If it raises,
        nothing is kept. An entry that the remote lacks is put there. With `anew` it is made
        whatever is there, in place of it.

        Raises:
            StorageError: If the disk is full, the store cannot be written or its remote not be
                reached.
        """
        if anew:
            self._remove(stage)
        elif (found := read_entry(self.folder(stage), deep=deep)) is not None:
            self._share(stage.name, stage.key)
            return found
        elif (found := self._fetch(stage.name, stage.key)) is not None:
            return found
        final = self.folder(stage)
        temporary = make_temporary(self.root, f"{stage.name}-{stage.key[:12]}")
        try:
            produce(temporary)
            with storage_errors(self.root):
                outputs = write_manifest(temporary, {"key": stage.key, **stage.description()})
                final.parent.mkdir(parents=True, exist_ok=True)
                _publish(temporary, final)
                sync_folder(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._share(stage.name, stage.key, anew=True)
        return Entry(folder=final, key=stage.key, outputs=outputs, fresh=True)

    def _share(self, stage_name: str, key: str, *, anew: bool = False) -> None:
        """Put an entry into the remote, unless it is there; with `anew`, in any case."""
        name = _object_name(stage_name, key)
        if self.remote is not None and (anew or self.remote.size(name) is None):
            self.remote.put_pack(name, self.root / stage_name / key[:2] / key)

    def _fetch(self, stage_name: str, key: str) -> Entry | None:
        """Take an entry from the remote; None without one, or if it is not what it should be."""
        if self.remote is None:
            return None
        made: list[Path] = []

        def make_folder() -> Path:
            made.append(make_temporary(self.root, f"fetched-{stage_name}-{key[:12]}"))
            return made[-1]

        name = _object_name(stage_name, key)
        try:
            try:
                found = self.remote.fetch_pack(name, make_folder)
                if found is None:
                    return None
                folder, manifest = found
                if _read_manifest(manifest, key) is None:
                    raise DamagedObjectError(f"{self.remote.url}/{name}: is of another key")
            except DamagedObjectError as error:
                _LOG.warning("not used, and made anew: %s", error)
                return None
            final = self.root / stage_name / key[:2] / key
            with storage_errors(final):
                final.parent.mkdir(parents=True, exist_ok=True)
                _publish(folder, final)
            return read_entry(final)
        finally:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)

    def _remove(self, stage: Stage) -> None:
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


def open_store(workspace: Workspace) -> Store:
    """Return the stage outputs of a workspace, with the remote that its settings name.

    Raises:
        ConfigError, MissingDependencyError: As `remote.open_remote`.
    """
    if not workspace.remote:
        return Store(workspace.store)
    from mmskin_build.remote import open_remote

    return Store(workspace.store, open_remote(workspace.remote))


def _object_name(stage_name: str, key: str) -> str:
    return f"store/{stage_name}/{key[:2]}/{key}.tar"


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
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        return None
    outputs = _read_manifest(manifest, folder.name)
    if outputs is None:
        return None
    for name, output in outputs.items():
        path = folder / name
        try:
            if path.stat().st_size != output.size:
                return None
            if (deep or path.suffix != ".png") and file_sha256(path) != output.sha256:
                return None
        except (OSError, StorageError):
            return None
    return Entry(folder=folder, key=folder.name, outputs=outputs, fresh=False)


def _read_manifest(content: bytes, key: str) -> dict[str, Output] | None:
    """Return the outputs that a manifest lists, or None if it is none of the entry `key`."""
    try:
        manifest = parse_json(content)
        outputs = {name: Output(**value) for name, value in manifest["outputs"].items()}
        described = {name: manifest[name] for name in _DESCRIPTION}
        is_sound = key == str(manifest["key"]) == _digest(described)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return outputs if is_sound else None


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


def stage_version(*rooms: str, libraries: Sequence[str] = ()) -> str:
    """Stand for the code behind a stage: its rooms, the ground, the libraries it rests on."""
    code = code_digest(*rooms, "geometry", "records", "decisions", "store")
    names = (*_LIBRARIES, *libraries)
    return " ".join([__version__, code, *(f"{name}={_version(name)}" for name in names)])


_version = functools.cache(version)  # reads a file each time
