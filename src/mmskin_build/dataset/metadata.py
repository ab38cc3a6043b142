"""A release without its pictures and captions: digests, places and decisions, to build it again.

``records.jsonl`` has all that a record says but its words, which stand as their digests. A part
with questions (``parts/``) has its texts by reference (`references`), and so have the decisions of
people (``decisions.jsonl``). ``metadata.json`` names the books by sha256, the settings, and the
digests of the other files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmskin_build.dataset.manifest import ReleasedBook
from mmskin_build.dataset.versions import parse_version
from mmskin_build.errors import ReleaseError, SchemaError, VerificationError
from mmskin_build.records import Record
from mmskin_build.store import file_sha256, from_json, parse_json, plain, storage_errors, to_json

FORM = "mmskin metadata 1"
METADATA, RECORDS, PARTS = "metadata.json", "records.jsonl", "parts"
DECISIONS = "decisions.jsonl"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXTS = ("caption", "panel_text", "figure_caption")
#: Fields that all records of one program and one set of settings share.
_BY_THE_WAY = frozenset({"code_version", "config_sha256", "record_sha256"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What ``metadata.json`` holds.

    `parts` are the release's files with questions, name to sha256; `files` those of this folder.
    """

    form: str
    name: str
    version: str
    content_digest: str
    schema_version: str
    code_version: str
    counts: dict[str, int]
    books: tuple[ReleasedBook, ...]
    config: dict[str, dict[str, Any]]
    config_sha256: str
    parts: dict[str, str]
    files: dict[str, str]


def describe_record(record: Record) -> dict[str, Any]:
    """Return a record without a word of its captions.

    Texts stand as their sha256; spans of characters stay, since they tell no word. `record_sha256`
    is the digest of the record whole.
    """
    told = plain(record)
    for name in _TEXTS:
        text = told.pop(name)
        told[f"{name}_sha256"] = None if text is None else text_sha256(text)
    for removed in told["removed"]:
        removed["text_sha256"] = text_sha256(removed.pop("text"))
    terms = told.pop("terms")
    told["terms_sha256"] = {k: None if v is None else text_sha256(v) for k, v in terms.items()}
    told["record_sha256"] = hashlib.sha256(to_json(record)).hexdigest()
    return told  # type: ignore[no-any-return]


def text_sha256(text: str) -> str:
    """Return the sha256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def texts_of(record: Record) -> dict[str, str]:
    """Return the texts of a record that references may lead to, the longest first."""
    texts = {"figure_caption": record.figure_caption, "caption": record.caption}
    return texts if record.panel_text is None else texts | {"panel_text": record.panel_text}


def differing_fields(told: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields in which two descriptions differ; program and settings do not count."""
    names = sorted((told.keys() | found.keys()) - _BY_THE_WAY)
    return tuple(
        name.removesuffix("_sha256") if name != "image_sha256" else name
        for name in names
        if told.get(name) != found.get(name)
    )


def read_metadata(folder: Path) -> Metadata:
    """Read ``metadata.json`` and check the digests of the files that it names.

    Raises:
        VerificationError: If the folder holds no metadata, or a file of it was changed.
        SchemaError: If it does not have the form, or is of a later form.
    """
    path = folder / METADATA
    if not path.is_file():
        raise VerificationError(
            f"{folder}: holds no {METADATA}; name the folder that "
            "mmskin export --to metadata has written"
        )
    with storage_errors(path):
        metadata = from_json(path.read_bytes(), Metadata, str(path))
    if metadata.form != FORM:
        raise SchemaError(
            f"{path}: is of the form {metadata.form!r}, this program knows {FORM!r}; "
            "use the version of mmskin that made it"
        )
    _refuse_paths(metadata, path)
    for name, digest in metadata.files.items():
        if not (folder / name).is_file():
            raise VerificationError(f"{folder / name}: missing; get the folder again")
        if file_sha256(folder / name) != digest:
            raise VerificationError(f"{folder / name}: was changed; get the folder again")
    return metadata


def _refuse_paths(metadata: Metadata, path: Path) -> None:
    """Names become files and folders, so they must be no way out of where these belong."""
    names = [metadata.name, *metadata.parts]
    listed = [METADATA, RECORDS, DECISIONS, *(f"{PARTS}/{name}l" for name in metadata.parts)]
    if not all(map(_NAME.fullmatch, names)) or not metadata.files.keys() <= set(listed):
        raise SchemaError(f"{path}: names files that metadata do not have; get the folder again")
    try:
        parse_version(metadata.version)
    except ReleaseError as error:
        raise SchemaError(f"{path}: {error}") from None


def read_descriptions(folder: Path) -> tuple[dict[str, Any], ...]:
    """Return the descriptions of all records in their order.

    Raises:
        SchemaError: If a line is none.
    """
    return tuple(_lines(folder / RECORDS, "image_sha256", "split", "provenance"))


def read_part(folder: Path, name: str) -> list[Any]:
    """Return the entries of a part, texts by reference.

    Raises:
        SchemaError: If a line is none.
    """
    return list(_lines(folder / PARTS / f"{name}l", "image"))


def read_decisions(folder: Path) -> list[dict[str, Any]]:
    """Return what people decided, texts by reference (see `metadata_decisions`).

    Raises:
        SchemaError: If a line is none.
    """
    return list(_lines(folder / DECISIONS, "file", "sha256", "decision"))


def _lines(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    with storage_errors(path):
        lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if line:
            try:
                entry = parse_json(line)
            except ValueError:
                entry = None
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                raise SchemaError(f"{path} line {number}: not an entry with an id")
            lacking = [key for key in keys if key not in entry]
            if lacking:
                raise SchemaError(f"{path} line {number}: has no {', '.join(lacking)}")
            yield entry
