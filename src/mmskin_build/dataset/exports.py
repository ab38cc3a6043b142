"""Exports: a release in the form that another program reads.

An export is written under a temporary name and renamed when it is whole. It can be made again from
its release at any time, so it is replaced where that is asked for, and it is not forced to the disk
file by file. ``export.json`` in it says what it was made of. Where a ledger is kept, each export
stands there before it has its name, so that a withdrawal finds it wherever it lies.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mmskin_build import __version__
from mmskin_build.cache import make_temporary, sweep_temporary
from mmskin_build.dataset.export_croissant import write_croissant
from mmskin_build.dataset.export_huggingface import write_huggingface
from mmskin_build.dataset.export_llava import write_llava
from mmskin_build.dataset.export_metadata import write_metadata
from mmskin_build.dataset.export_parquet import write_parquet
from mmskin_build.dataset.export_source import PART_NAMES, PARTS, Progress, Source, open_release
from mmskin_build.dataset.export_upstream import write_upstream
from mmskin_build.dataset.export_webdataset import write_webdataset
from mmskin_build.dataset.released import read_manifest, released_versions
from mmskin_build.dataset.splits import SIDES
from mmskin_build.errors import ReleaseError, ReleaseExistsError, SchemaError, StorageError
from mmskin_build.store import append_lines, parse_json, pretty_json, storage_errors

NOTE = "export.json"
LEDGER = "exports.jsonl"  # in the data folder: what was exported where
SHARD_MB = 500  # of 10^6 bytes; what a shard holds unless asked otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    shard_bytes: int
    embed: bool
    decisions: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """How a form is written, and which options it knows."""

    write: Callable[[Source, Path, _Options], dict[str, int]]
    options: tuple[str, ...] = ("subset", "split")


FORMATS: dict[str, _Format] = {
    "upstream": _Format(write=lambda source, folder, _: write_upstream(source, folder)),
    "llava": _Format(write=lambda source, folder, _: write_llava(source, folder)),
    "huggingface": _Format(
        write=lambda source, folder, o: write_huggingface(
            source, folder, shard_bytes=o.shard_bytes
        ),
        options=("subset", "split", "shard-mb"),
    ),
    "webdataset": _Format(
        write=lambda source, folder, o: write_webdataset(source, folder, shard_bytes=o.shard_bytes),
        options=("subset", "split", "shard-mb"),
    ),
    # These two are of the whole release, for they name its digests.
    "croissant": _Format(
        write=lambda source, folder, _: write_croissant(source, folder), options=()
    ),
    "parquet": _Format(
        write=lambda source, folder, o: write_parquet(source, folder, embed=o.embed),
        options=("subset", "split", "embed"),
    ),
    "metadata": _Format(
        write=lambda source, folder, options: write_metadata(source, folder, options.decisions),
        options=(),
    ),
}


def find_release(releases: Path, name: str, version: str | None) -> Path:
    """Return ``releases/<name>/<version>``, the last version if none is given.

    Raises:
        ReleaseError: If there is none; the message lists those that there are.
    """
    folder = releases / name
    there = released_versions(folder) if folder.is_dir() else []
    if version is None and there:
        return folder / there[-1]
    if version is not None and (version in there or (folder / version).is_dir()):
        return folder / version
    wanted = f"no version {version}" if version is not None else "no release yet"
    listed = f"there are {', '.join(there)}" if there else "make one with: mmskin release 1.0.0"
    raise ReleaseError(f"{folder}: {wanted}; {listed}")


def export_release(
    release: Path,
    to: str,
    out: Path,
    *,
    subset: Sequence[str] = (),
    split: Sequence[str] = (),
    shard_mb: int | None = None,
    embed: bool = False,
    replace: bool = False,
    ledger: Path | None = None,
    decisions: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Write a release in another form and return its folder.

    Args:
        release: ``releases/<name>/<version>``.
        to: One of `FORMATS`.
        out: The folder to make.
        subset: Which of `export_source.PARTS`; none takes all that the release has.
        split: Which of `splits.SIDES`; none takes all.
        shard_mb: Size of the shards in 10^6 bytes, for forms that have any [`SHARD_MB`].
        embed: Pictures inside the table instead of beside it (parquet).
        replace: Exchange the folder if it is there and is an export.
        ledger: A file that is told of the export (``data/exports.jsonl``).
        decisions: The folder with what people decided (``manual_review/decisions``), for metadata.
        progress: Called with pictures done and in all.

    Raises:
        ReleaseError: If the options do not go with the form or leave nothing to export.
        ReleaseExistsError: If `out` is there, and is not to be replaced or is no export.
        VerificationError: If the release is none, or a file of it was changed; names the file.
        SchemaError: If a file of the release does not have its form.
        MissingDependencyError: If the form needs a package that is not installed.
        StorageError: If the disk is full or a folder cannot be written.
    """
    options = _check_options(to, subset, split, shard_mb, embed, decisions)
    _check_place(release, out, replace)
    source = open_release(release, parts=subset, sides=split, progress=progress)
    sweep_temporary(out.parent)
    temporary = make_temporary(out.parent, out.name)
    try:
        with storage_errors(temporary):
            counts = FORMATS[to].write(source, temporary, options)
            note = _note(source, to, counts, options)
            (temporary / NOTE).write_bytes(pretty_json(note))
        if ledger is not None:
            _remember(ledger, source, to, out)
        _publish(temporary, out, replace)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        with suppress(OSError):  # there may be others'
            temporary.parent.rmdir()
    return out


def renew_export(
    folder: Path,
    release: Path,
    *,
    ledger: Path | None = None,
    decisions: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Make an export again, with the options that it was made with, in its place.

    Args:
        folder: An export; ``export.json`` in it says how it was made.
        release: What it is to be made of now, for instance after a record was withdrawn.
        ledger: See `export_release`, as for the others.
        decisions: See `export_release`.
        progress: See `export_release`.

    Raises:
        SchemaError: If its ``export.json`` is none.
        MmskinError: See `export_release`.
    """
    path = folder / NOTE
    with storage_errors(path):
        content = path.read_bytes()
    try:
        note = parse_json(content)
        to, chosen = str(note["format"]), dict(note["options"])
        known = FORMATS[to].options
    except (ValueError, KeyError, TypeError):
        raise SchemaError(f"{path}: does not say how the export was made; export again") from None
    there = read_manifest(release).subsets
    subset = [p for p in PARTS if p in chosen["subset"] and there[PART_NAMES[p]].file]
    return export_release(
        release,
        to,
        folder,
        subset=subset if "subset" in known else (),
        split=chosen["split"] if "split" in known else (),
        shard_mb=chosen.get("shard_mb"),
        embed=chosen.get("embed", False),
        replace=True,
        ledger=ledger,
        decisions=decisions,
        progress=progress,
    )


def _check_options(
    to: str,
    subset: Sequence[str],
    split: Sequence[str],
    shard_mb: int | None,
    embed: bool,
    decisions: Path | None,
) -> _Options:
    if to not in FORMATS:
        raise ReleaseError(f"--to {to}: no such form; choose one of {', '.join(FORMATS)}")
    known = FORMATS[to].options
    for option, given in (
        ("subset", bool(subset)),
        ("split", bool(split)),
        ("shard-mb", shard_mb is not None),
        ("embed", embed),
    ):
        if given and option not in known:
            there = [name for name, form in FORMATS.items() if option in form.options]
            raise ReleaseError(
                f"--{option} does not go with --to {to}; it is for {', '.join(there)}"
            )
    for what, given_values, values in (("subset", subset, PARTS), ("split", split, SIDES)):
        for value in given_values:
            if value not in values:
                raise ReleaseError(f"--{what} {value}: choose of {', '.join(values)}")
    megabytes = SHARD_MB if shard_mb is None else shard_mb
    if megabytes < 1:
        raise ReleaseError(f"--shard-mb {megabytes}: a shard holds at least 1 million bytes")
    return _Options(shard_bytes=megabytes * 10**6, embed=embed, decisions=decisions)


def _check_place(release: Path, out: Path, replace: bool) -> None:
    there, own = out.resolve(), release.resolve()
    if there == own or own in there.parents or there in own.parents:
        raise ReleaseError(
            f"{out}: a release is never edited; choose a folder apart from {release}"
        )
    if not out.exists():
        return
    if not replace:
        raise ReleaseExistsError(
            f"{out}: there is something already; --replace exchanges it, --out names another folder"
        )
    if not (out / NOTE).is_file():
        raise ReleaseExistsError(f"{out}: is no export (no {NOTE}), so it is not replaced; move it")


def _note(source: Source, to: str, counts: dict[str, int], options: _Options) -> dict[str, object]:
    manifest = source.manifest
    chosen: dict[str, object] = {"subset": list(source.parts), "split": list(source.sides)}
    if "shard-mb" in FORMATS[to].options:
        chosen["shard_mb"] = options.shard_bytes // 10**6
    if "embed" in FORMATS[to].options:
        chosen["embed"] = options.embed
    return {
        "format": to,
        "release": f"{manifest.name}/{manifest.version}",
        "content_digest": manifest.content_digest,
        "sums_sha256": manifest.sums_sha256,
        "options": chosen,
        "counts": counts,
        "code_version": __version__,
    }


def _remember(ledger: Path, source: Source, to: str, out: Path) -> None:
    """Add a line to the ledger, in one write, unless it is there."""
    release = f"{source.manifest.name}/{source.manifest.version}"
    entry = {"release": release, "to": to, "path": str(out.resolve())}
    line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    with storage_errors(ledger):
        known = ledger.read_bytes() if ledger.exists() else b""
    if line not in known.splitlines(keepends=True):
        append_lines(ledger, line)


def _publish(temporary: Path, out: Path, replace: bool) -> None:
    if not (replace and out.exists()):
        _rename(temporary, out)
        return
    aside = make_temporary(out.parent, "replaced")
    try:
        with storage_errors(out), suppress(FileNotFoundError):
            out.rename(aside / out.name)
        _rename(temporary, out)
    finally:
        if not out.exists() and (aside / out.name).exists():
            (aside / out.name).rename(out)
        shutil.rmtree(aside, ignore_errors=True)


def _rename(temporary: Path, out: Path) -> None:
    try:
        temporary.rename(out)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise ReleaseExistsError(f"{out}: another process has just made it") from None
        raise StorageError(f"{out}: {error.strerror}; check the folder") from error
