"""Where the archives and folders of public sets lie: ``data/public.toml``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmskin_build.config import Workspace, unknown_key
from mmskin_build.errors import ConfigError, PublicSetError
from mmskin_build.public.sets import find_set
from mmskin_build.store import storage_errors, write_bytes

_HEADER = """\
# Where the public data sets that you have lie, one [[set]] each; written by `mmskin public add`.
# Paths are relative to the folder of this file unless they are absolute.
"""


def read_registry(workspace: Workspace) -> dict[str, tuple[Path, ...]]:
    """Return the paths of each registered set, by its name; none if there is no file.

    Raises:
        ConfigError: If the file is no TOML, names a set that is not known, or one twice.
    """
    path = workspace.public_toml
    if not path.exists():
        return {}
    try:
        with storage_errors(path):
            parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in parsed:
        if key != "set":
            raise ConfigError(unknown_key(str(path), key, ["set"], "key"))
    entries = parsed.get("set", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path}: write [[set]] above each set, with double brackets")
    found: dict[str, tuple[Path, ...]] = {}
    for number, entry in enumerate(entries, 1):
        name, places = entry.get("name"), entry.get("paths")
        is_sound = isinstance(places, list) and all(isinstance(p, str) for p in places)
        if not isinstance(name, str) or not places or not is_sound:
            raise ConfigError(f'{path}: set number {number} needs a name and paths = ["..."]')
        known = find_set(name).about.name
        if known in found:
            raise ConfigError(f"{path}: {known} stands there twice; join their paths in one")
        found[known] = tuple(workspace.data / Path(place).expanduser() for place in places)
    return found


def add_set(workspace: Workspace, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
    """Register where a set lies, in place of what was registered for it before.

    Raises:
        ConfigError: If there is no such set.
        PublicSetError: If a path is not there.
    """
    about = find_set(name).about
    for path in paths:
        if not path.exists():
            raise PublicSetError(f"{path}: there is no such file or folder; name what you have")
    places = tuple(_shown(workspace, path) for path in paths)
    registry = {
        known: tuple(_shown(workspace, p) for p in found)
        for known, found in read_registry(workspace).items()
    }
    registry[about.name] = places
    write_bytes(workspace.public_toml, _written(registry).encode())
    return tuple(workspace.data / place for place in places)


def _written(registry: Mapping[str, Sequence[str]]) -> str:
    parts = [_HEADER]
    for name, places in sorted(registry.items()):
        listed = ", ".join(json.dumps(place, ensure_ascii=False) for place in places)
        parts.append(f"\n[[set]]\nname = {json.dumps(name)}\npaths = [{listed}]\n")
    return "".join(parts)


def _shown(workspace: Workspace, path: Path) -> str:
    absolute, data = path.resolve(), workspace.data.resolve()
    return (absolute.relative_to(data) if absolute.is_relative_to(data) else absolute).as_posix()
