from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmskin_build.config import Config, PdfConfig, Workspace
from mmskin_build.doctor import Check, examine


def by_name(workspace: Workspace, cfg: Config | None = None) -> dict[str, Check]:
    return {check.name: check for check in examine(workspace, cfg or Config())}


def test_a_workspace_that_is_not_there_yet_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    checks = by_name(Workspace(tmp_path / "data"))
    assert checks["data folder"].status == "optional"
    assert checks["books"].status == "optional"
    assert checks["packages"].status == "ok"
    assert not (tmp_path / "data").exists()


def test_an_extra_that_is_not_installed_is_optional_and_names_the_command(tmp_path: Path) -> None:
    checks = by_name(Workspace(tmp_path))
    extras = [check for name, check in checks.items() if name.startswith("extra ")]
    assert len(extras) == 6
    for check in extras:
        assert check.status == "ok" or "pip install 'mmskin-build[" in check.mend


def test_a_language_that_is_missing_names_what_to_install(tmp_path: Path) -> None:
    checks = by_name(Workspace(tmp_path), Config(pdf=PdfConfig(ocr_language="tlh")))
    assert checks["language tlh"].status == "missing"
    assert "tesseract-ocr-tlh" in checks["language tlh"].mend


def test_a_missing_tesseract_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    check = by_name(Workspace(tmp_path))["tesseract"]
    assert (check.status, check.mend) == ("missing", "sudo apt install tesseract-ocr")


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    check = by_name(Workspace(tmp_path / "data"))["data folder"]
    assert check.status == "missing"
    assert str(tmp_path / "data") in check.found


def test_a_broken_registry_is_told_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "books.toml").write_text("[[book]\n")
    assert by_name(Workspace(tmp_path))["books"].status == "missing"


def test_a_writable_folder_is_left_as_it_was(tmp_path: Path) -> None:
    assert by_name(Workspace(tmp_path))["data folder"].status == "ok"
    assert list(tmp_path.iterdir()) == []


def test_storage_is_asked_only_where_the_settings_name_it(tmp_path: Path) -> None:
    assert "storage" not in by_name(Workspace(tmp_path))
    there = Workspace(tmp_path, (tmp_path / "shared").as_uri())
    assert by_name(there)["storage"].status == "ok"
    check = by_name(Workspace(tmp_path, "nothing://here"))["storage"]
    assert check.status == "missing" and "nothing" in check.mend
