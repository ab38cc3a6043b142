"""What is locked goes with AGPL-3.0, and a check that could not be made is not called passed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def audit() -> Any:
    path = ROOT / "tools" / "audit_dependencies.py"
    spec = importlib.util.spec_from_file_location("audit_dependencies", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_licenses_of_the_lock_go_with_agpl(audit: Any) -> None:
    assert len(audit.locked()) > 100
    assert audit.bad_licenses() == []


@pytest.mark.parametrize("told", ["", "Proprietary", "GPL-2.0-only", "PolyForm Noncommercial"])
def test_a_license_that_does_not_fit_is_seen(audit: Any, told: str) -> None:
    assert not audit.COMPATIBLE.search(told)


def test_without_the_service_nothing_is_called_sound(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit_dependencies.py"])
    monkeypatch.setattr(audit, "bad_licenses", lambda: [])
    monkeypatch.setattr(audit, "ask", lambda path: None)  # finds nothing, not even the canary
    assert audit.main() == 0
    assert "NOT CHECKED" in capsys.readouterr().out
    monkeypatch.setattr(audit, "ask", lambda path: "jinja2 2.10 CVE-1 Fix Versions 2.10.1")
    assert audit.main() == 1
