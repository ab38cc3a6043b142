"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from mmskin_build.books import read_registry
from mmskin_build.cache import Store
from mmskin_build.config import Config, Workspace, processors
from mmskin_build.errors import MmskinError
from mmskin_build.store import write_bytes

Status = Literal["ok", "optional", "missing"]

_PACKAGE = "mmskin-build"
_LOW_DISK_GIB = 5.0  # a build of one large book takes about this much
_EXTRAS = {
    "review": "the review page",
    "vqa": "questions and answers",
    "export": "exports as Parquet and for datasets",
    "train": "training and evaluation",
    "dask": "builds on a Dask cluster",
    "s3": "stage outputs and books in S3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: `found` says what is there, `mend` what to do where it is not."""

    name: str
    status: Status
    found: str
    mend: str = ""


def examine(workspace: Workspace, cfg: Config) -> tuple[Check, ...]:
    """Look at programs, packages, languages, folders and the register of books."""
    return (
        Check(name="python", status="ok", found=".".join(map(str, sys.version_info[:3]))),
        Check(name="processors", status="ok", found=f"{processors()}, {cfg.workers()} used"),
        *_packages(),
        _memory_limit(cfg),
        _tesseract(),
        *_languages(workspace, cfg),
        _folder(workspace.data),
        _disk(workspace),
        *_storage(workspace),
        _registry(workspace),
    )


def _packages() -> Iterator[Check]:
    """Look at what the package says it needs: all of its own, and each extra as a whole."""
    try:
        wanted = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        yield Check(
            name="package",
            status="missing",
            found=f"{_PACKAGE} is not installed",
            mend="make setup, or: pip install -e .",
        )
        return
    missing: dict[str, list[str]] = {}
    for line in wanted:
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        absent = missing.setdefault(extra[1] if extra else "", [])
        if not _is_installed(name):
            absent.append(name)
    for extra_name, absent in missing.items():
        if extra_name == "":
            yield Check(
                name="packages",
                status="missing" if absent else "ok",
                found=f"not installed: {', '.join(absent)}" if absent else "all installed",
                mend="make setup, or: pip install -e ." if absent else "",
            )
        elif extra_name in _EXTRAS:
            yield Check(
                name=f"extra {extra_name}",
                status="optional" if absent else "ok",
                found=f"not installed, for {_EXTRAS[extra_name]}" if absent else "installed",
                mend=f"pip install '{_PACKAGE}[{extra_name}]'" if absent else "",
            )


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _memory_limit(cfg: Config) -> Check:
    limit = f"{cfg.pdf.memory_limit_mib} MiB a page"
    if sys.platform == "linux":
        return Check(name="memory limit", status="ok", found=limit)
    return Check(
        name="memory limit",
        status="optional",
        found=f"{limit}, which this system does not hold a process to",
        mend="read files of strangers in the container (docs/install.md) or on Linux",
    )


def _tesseract() -> Check:
    from mmskin_build.pdf.tesseract import how_to_install

    program = shutil.which("tesseract")
    if program is None:
        return Check(
            name="tesseract",
            status="missing",
            found="not found; scanned pages cannot be read",
            mend=how_to_install(),
        )
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    lines = (said.stdout or said.stderr).splitlines()
    return Check(name="tesseract", status="ok", found=f"{lines[0] if lines else '?'} ({program})")


def _languages(workspace: Workspace, cfg: Config) -> Iterator[Check]:
    from mmskin_build.pdf.tesseract import check_language

    wanted = {cfg.pdf.ocr_language}
    with contextlib.suppress(MmskinError):  # told by the check of the register
        if workspace.books_toml.exists():
            wanted |= {book.language for book in read_registry(workspace.books_toml) if book.path}
    for language in sorted(wanted):
        try:
            check_language(language)
        except MmskinError as error:
            yield Check(
                name=f"language {language}", status="missing", found="not there", mend=str(error)
            )
        else:
            yield Check(name=f"language {language}", status="ok", found="installed")


def _folder(data: Path) -> Check:
    probe = data / ".mmskin-doctor"
    if not data.exists():
        return Check(name="data folder", status="optional", found=f"{data}: made when needed")
    try:
        write_bytes(probe, b"")
        probe.unlink()
    except (MmskinError, OSError) as error:
        return Check(
            name="data folder", status="missing", found=f"{data}: not writable", mend=str(error)
        )
    return Check(name="data folder", status="ok", found=f"{data}: writable")


def _disk(workspace: Workspace) -> Check:
    there = workspace.data.resolve()
    while not there.exists():
        there = there.parent
    free_gib = shutil.disk_usage(there).free / 2**30
    used_gib = Store(workspace.store).size_bytes() / 2**30
    found = f"{free_gib:.1f} GiB free; stage outputs take {used_gib:.2f} GiB"
    if free_gib < _LOW_DISK_GIB:
        mend = f"free some space; {workspace.store} may be deleted and is then computed again"
        return Check(name="disk", status="missing", found=found, mend=mend)
    return Check(name="disk", status="ok", found=found)


def _storage(workspace: Workspace) -> Iterator[Check]:
    """Ask the storage that the settings name, if they name one."""
    if not workspace.remote:
        return
    from mmskin_build.remote import open_remote

    try:
        open_remote(workspace.remote).check()
    except MmskinError as error:
        yield Check(name="storage", status="missing", found="cannot be used", mend=str(error))
    else:
        yield Check(name="storage", status="ok", found=f"{workspace.remote}: read and written")


def _registry(workspace: Workspace) -> Check:
    registry = workspace.books_toml
    if not registry.exists():
        return Check(
            name="books",
            status="optional",
            found="none registered",
            mend="mmskin books add BOOK.pdf --id bk1",
        )
    try:
        entries = read_registry(registry)
    except MmskinError as error:
        return Check(name="books", status="missing", found="cannot be read", mend=str(error))
    owned = sum(1 for book in entries if book.path)
    return Check(name="books", status="ok", found=f"{owned} registered, {len(entries)} listed")
