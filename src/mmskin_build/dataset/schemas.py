"""JSON Schemas of the files that the program writes, generated from the record types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from mmskin_build.dataset.manifest import Manifest
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.decisions import Decision
from mmskin_build.qa import QAItem
from mmskin_build.records import SCHEMA_VERSION, Figure, Page, Record, Reject
from mmskin_build.store import pretty_json, write_bytes

#: File name without ``.schema.json`` to type and what bears it.
SCHEMAS: dict[str, tuple[Any, str]] = {
    "figure": (Figure, "A line of an alignment: <sha256>.jsonl of mmskin align, figures.jsonl."),
    "reject": (Reject, "A line of <sha256>.rejects.jsonl and rejects.jsonl."),
    "record": (Record, "An entry of MM-Skin-C.json, a line of records.jsonl."),
    "question": (QAItem, "A line of items.jsonl of mmskin vqa; with quotations in MM-Skin-O.json."),
    "page": (Page, "A line of pages.jsonl.gz."),
    "manifest": (Manifest, "manifest.json of a release."),
    "decision": (Decision, "A line of manual_review/decisions/<reviewer>.jsonl."),
    "build": (BuildSummary, "data/work/build.json."),
}

_BASE = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, bytes]:
    """Return the content of each schema file by its name."""
    return {
        f"{name}.schema.json": pretty_json(_schema(kind, about))
        for name, (kind, about) in SCHEMAS.items()
    }


def _schema(kind: Any, about: str) -> dict[str, Any]:
    generated = TypeAdapter(kind).json_schema(mode="serialization")
    generated.pop("description", None)
    head = {"$schema": _BASE, "$comment": f"schema version {SCHEMA_VERSION}", "description": about}
    closed: dict[str, Any] = _closed({**head, **generated})
    return closed


def _closed(schema: Any) -> Any:
    """Allow no other fields than those of the types."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: _closed(value) for key, value in schema.items()}
    if inside.get("type") == "object" and "properties" in inside:
        inside["additionalProperties"] = False
    return inside


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write all schema files into `folder` and return them.

    Raises:
        StorageError: If the folder cannot be written.
    """
    written = []
    for name, content in sorted(json_schemas().items()):
        write_bytes(folder / name, content)
        written.append(folder / name)
    return tuple(written)
