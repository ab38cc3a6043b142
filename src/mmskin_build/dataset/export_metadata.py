"""A release without pictures and captions, for whoever owns the same books: see `metadata`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from mmskin_build.dataset.card import cell
from mmskin_build.dataset.export_source import PART_NAMES, Source, read_file
from mmskin_build.dataset.metadata import (
    DECISIONS,
    FORM,
    METADATA,
    PARTS,
    RECORDS,
    Metadata,
    describe_record,
    texts_of,
)
from mmskin_build.dataset.metadata_decisions import refer_decisions
from mmskin_build.dataset.references import CaptionRuns, refer_all
from mmskin_build.errors import ReleaseError, SchemaError
from mmskin_build.store import file_sha256, parse_json, plain, pretty_json

_README = """\
# {name} {version}, metadata only

No picture and no caption is in here: digests of both, boxes on the pages of the books, what was
decided about them, their sides, and questions by reference to characters of the captions.

Who owns the same books, that is the very files, makes the release out of it:

```
mmskin books add BOOK.pdf --id bk1      # for each of the books below
mmskin rebuild --from .
```

| id | title | edition | sha256 of the file |
|---|---|---|---|
{books}

Made by mmskin {code_version}; content digest of the release: `{content_digest}`
"""


def write_metadata(source: Source, folder: Path, decisions: Path | None) -> dict[str, int]:
    """Write the export into `folder` and return its counts.

    Args:
        source: The release.
        folder: Where to.
        decisions: The folder with what people decided; None for none.

    Raises:
        ReleaseError: If the release was imported, so that no book makes it again.
        VerificationError: If a file of the release was changed.
        SchemaError: If a file with questions is not a list of entries on pictures.
        OSError: If the disk is full or the folder cannot be written.
    """
    if any(record.provenance.source == "imported" for record in source.records):
        raise ReleaseError(
            f"{source.folder}: was imported, so no book makes it again from its metadata; "
            "choose another --to"
        )
    manifest, records = source.manifest, source.records
    with (folder / RECORDS).open("wb") as file:
        for done, record in enumerate(records, 1):
            file.write(_line(describe_record(record)))
            source.progress(done, len(records))
    parts = _part_files(source)
    runs = CaptionRuns({record.id: texts_of(record) for record in records})
    books = [book.sha256 for book in manifest.books]
    told = [] if decisions is None else refer_decisions(decisions, records, books, runs)
    with (folder / DECISIONS).open("wb") as file:
        file.writelines(map(_line, told))
    counts = {"records": len(records), "decisions": len(told)}
    if parts:
        (folder / PARTS).mkdir()
        for name in parts:
            entries = _entries(read_file(source, name), name)
            with (folder / PARTS / f"{name}l").open("wb") as file:
                file.writelines(_line(entry) for entry in _by_reference(entries, name, runs))
            counts[name] = len(entries)
    rows = "\n".join(
        f"| {b.id} | {cell(b.title)} | {cell(b.edition)} | `{b.sha256}` |" for b in manifest.books
    )
    named = {key: getattr(manifest, key) for key in ("name", "version", "code_version")}
    page = _README.format(**named, content_digest=manifest.content_digest, books=rows)
    (folder / "README.md").write_text(page, encoding="utf-8")
    metadata = Metadata(
        form=FORM,
        name=manifest.name,
        version=manifest.version,
        content_digest=manifest.content_digest,
        schema_version=manifest.schema_version,
        code_version=manifest.code_version,
        counts=manifest.counts,
        books=manifest.books,
        config=manifest.config,
        config_sha256=manifest.config_sha256,
        parts={name: source.sums[name] for name in parts},
        files={name: file_sha256(folder / name) for name in [RECORDS, DECISIONS, *_listed(parts)]},
    )
    (folder / METADATA).write_bytes(pretty_json(plain(metadata)))
    return counts


def _listed(parts: Iterable[str]) -> list[str]:
    return [f"{PARTS}/{name}l" for name in parts]


def _part_files(source: Source) -> list[str]:
    """The files whose contents do not follow from the records: questions of MM-Skin-O."""
    subset = source.manifest.subsets.get(PART_NAMES["O"])
    if subset is None or not subset.file:
        return []
    talks = str(PurePosixPath(subset.file).with_suffix("")) + "_vqa.json"
    return [subset.file, *([talks] if talks in source.sums else [])]


def _entries(content: bytes, name: str) -> list[dict[str, Any]]:
    try:
        entries = parse_json(content)
    except ValueError as error:
        raise SchemaError(f"{name}: not valid JSON: {error}") from None
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("image"), str):
            raise SchemaError(f"{name} entry {number}: names no picture")
    return entries  # type: ignore[no-any-return]


def _by_reference(
    entries: list[dict[str, Any]], name: str, runs: CaptionRuns
) -> Iterable[dict[str, Any]]:
    for entry in entries:
        owner = PurePosixPath(entry["image"]).stem  # a picture bears the id of its record
        plainly = {key: entry[key] for key in ("id", "record_id", "image") if key in entry}
        rest = {key: value for key, value in entry.items() if key not in plainly}
        told = refer_all(rest, functools.partial(runs.refer, record_id=owner))
        yield {key: plainly[key] if key in plainly else told[key] for key in entry}


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
