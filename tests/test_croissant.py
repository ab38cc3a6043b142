from __future__ import annotations

import dataclasses
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from made_releases import make_release, read_json, write_anyway
from mmskin_build.dataset.croissant import croissant_json
from mmskin_build.dataset.exports import export_release
from mmskin_build.dataset.manifest import CROISSANT, MANIFEST, SUMS
from mmskin_build.dataset.parts import digest_files, sums_page
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.verify import verify_or_raise
from mmskin_build.store import file_sha256, plain, pretty_json

UNLISTED = {"croissant.json", "manifest.json", "SHA256SUMS"}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_release(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def loaded(release: Path) -> Iterator[Any]:
    import mlcroissant

    logging.getLogger("absl").setLevel(logging.ERROR)
    yield mlcroissant.Dataset(release / CROISSANT)


def test_a_release_describes_itself(release: Path) -> None:
    assert verify_or_raise(release).problems == ()
    assert f"  {CROISSANT}\n" in (release / "SHA256SUMS").read_text()


def test_mlcroissant_validates_it(release: Path) -> None:
    command = [sys.executable, "-m", "mlcroissant.scripts.validate", "--jsonld"]
    done = subprocess.run(
        [*command, str(release / CROISSANT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.strip().startswith("-")]
    assert len(warnings) == 1  # a release has no date, for the sake of the same bytes
    assert "datePublished" in warnings[0]


def test_every_record_of_every_record_set_is_read(release: Path, loaded: Any) -> None:
    records = {record.id: record for record in read_records(release)}
    sets = {found.id: list(loaded.records(found.id)) for found in loaded.metadata.record_sets}
    assert {row["splits/name"] for row in sets["splits"]} == {"train", "validation", "test"}
    assert len(sets["captions"]) == len(records)
    for row in sets["captions"]:
        record = records[row["captions/id"].decode()]
        assert row["captions/caption"].decode() == record.caption
        assert row["captions/split"].decode() == record.split
        assert row["captions/width_px"] == record.width_px
    ids = {row["images/id"].decode() for row in sets["images"]}
    assert ids == set(records)
    assert all(row["images/content"].size == (32, 24) for row in sets["images"])
    asked = [row["questions/answer"].decode() for row in sets["questions"]]
    assert asked == [entry["answer"] for entry in read_json(release / "MM-Skin-O.json")]
    told = [row["demographics/id"].decode() for row in sets["demographics"]]
    assert told == [entry["id"] for entry in read_json(release / "MM-Skin-D.json")]
    assert len(sets["modalities"]) == len(records)
    digests = {row["files/name"]: row["files/sha256"] for row in sets["files"]}
    assert digests == {n: d for n, d in digest_files(release).items() if n not in UNLISTED}


def test_every_table_has_its_digest(release: Path) -> None:
    page = read_json(release / CROISSANT)
    single = [e for e in page["distribution"] if e["@type"] == "cr:FileObject"]
    for entry in single:
        assert entry["sha256"] == file_sha256(release / entry["contentUrl"])
    pages = (path for path in release.rglob("*") if path.is_file() and path.suffix != ".png")
    files = {path.relative_to(release).as_posix() for path in pages}
    assert {entry["contentUrl"] for entry in single} == files - UNLISTED


def test_the_fields_for_responsible_use_come_from_the_manifest(release: Path, loaded: Any) -> None:
    told = loaded.metadata
    assert "nonphoto 4" in told.data_collection_missing_data
    assert "bk1 15" in told.data_collection
    assert any("face: hold" in text for text in told.personal_sensitive_information)
    assert told.data_biases
    assert told.data_limitations
    assert told.data_annotation_protocol
    assert told.data_social_impact
    assert told.data_release_maintenance_plan
    assert told.version == "1.0.0"
    assert "http://mlcommons.org/croissant/1.1" in read_json(release / CROISSANT)["conformsTo"]


def test_it_depends_on_manifest_and_files_alone(release: Path) -> None:
    manifest = read_manifest(release)
    files = {n: d for n, d in digest_files(release).items() if n not in UNLISTED}
    backwards = dict(reversed(files.items()))
    page = croissant_json(manifest, backwards)
    assert page == (release / CROISSANT).read_bytes()
    assert str(release) not in page.decode()


def test_the_export_is_the_release(release: Path, tmp_path: Path) -> None:
    folder = export_release(release, "croissant", tmp_path / "out")
    copied = digest_files(folder)
    copied.pop("export.json")
    assert copied == digest_files(release)


def test_a_release_without_open_questions_has_no_such_record_set(tmp_path: Path) -> None:
    page = json.loads((make_release(tmp_path, 4, questions=False) / CROISSANT).read_bytes())
    assert [found["@id"] for found in page["recordSet"]] == [
        "splits",
        "captions",
        "images",
        "modalities",
        "demographics",
        "files",
    ]


def test_a_release_of_before_gets_one_when_it_is_exported(release: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(release, old)
    (old / CROISSANT).unlink()
    files = {n: d for n, d in digest_files(old).items() if n not in UNLISTED}
    write_anyway(old / SUMS, sums_page(files))
    manifest = dataclasses.replace(read_manifest(old), sums_sha256=file_sha256(old / SUMS))
    write_anyway(old / MANIFEST, pretty_json(plain(manifest)))
    folder = export_release(old, "croissant", tmp_path / "out")
    assert (folder / CROISSANT).read_bytes() == (release / CROISSANT).read_bytes()
