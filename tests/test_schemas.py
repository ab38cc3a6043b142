from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from builders import make_figure, make_page, make_record
from mmskin_build.dataset.schemas import SCHEMAS, json_schemas, write_schemas
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.records import SCHEMA_VERSION, Reject
from mmskin_build.store import plain

FOLDER = Path(__file__).resolve().parent.parent / "schemas"

EXAMPLES: dict[str, Any] = {
    "figure": make_figure(),
    "record": make_record(),
    "page": make_page(),
    "reject": Reject(item_id="p0001-x1", stage="regions", reason="too_small"),
    "build": BuildSummary(
        books=(BookSummary(id="bk1", title="T", sha256="ab" * 32, status="built"),),
        content_digest="ab" * 32,
    ),
}


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(json_schemas()[f"{name}.schema.json"])
    return schema


def test_the_committed_schemas_are_those_of_the_types() -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    assert committed == json_schemas(), "run `make schemas`, note the change in CHANGELOG.md"


def test_the_changelog_names_the_version() -> None:
    assert f"\n## {SCHEMA_VERSION}\n" in (FOLDER / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_what_is_written_fits_its_schema_and_nothing_more(name: str) -> None:
    written = plain(EXAMPLES[name])
    jsonschema.validate(written, schema_of(name))
    with pytest.raises(jsonschema.ValidationError, match="unexpected"):
        jsonschema.validate({**written, "unexpected": 1}, schema_of(name))
    first = next(iter(schema_of(name)["required"]))
    with pytest.raises(jsonschema.ValidationError, match=first):
        jsonschema.validate({k: v for k, v in written.items() if k != first}, schema_of(name))


def test_schemas_are_written_whole(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "schemas")
    assert {path.name: path.read_bytes() for path in written} == json_schemas()
