"""What differs between systems is held on each, or told: Linux, macOS, Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmskin_build import config
from mmskin_build.cli import run
from mmskin_build.config import Config, PdfConfig, Workspace
from mmskin_build.doctor import examine
from mmskin_build.pdf import process
from mmskin_build.pdf.tesseract import check_language, how_to_install, installed_languages

#: What Windows has not; none of it may be needed to say so.
_WITHOUT_POSIX = """
import sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
from mmskin_build.cli import run
sys.platform = "win32"
sys.exit(run(["--help"]))
"""


def test_windows_is_refused_in_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_POSIX], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr
    assert "Windows is not supported" in done.stderr
    assert "WSL 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_systems_are_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert run(["--version"]) == 0


def test_a_process_that_is_kept_to_some_processors_starts_as_many_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(sys, "platform", "linux")
    assert Config().workers() == 3
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "sched_getaffinity")
    assert config.processors() == Config().workers() == 64


@pytest.mark.parametrize(
    ("system", "program", "language"),
    [
        ("linux", "sudo apt install tesseract-ocr", "sudo apt install tesseract-ocr-deu"),
        ("darwin", "brew install tesseract", "brew install tesseract-lang"),
    ],
)
def test_what_is_missing_is_installed_by_the_systems_own_means(
    monkeypatch: pytest.MonkeyPatch, system: str, program: str, language: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert (how_to_install(), how_to_install(["deu"])) == (program, language)
    monkeypatch.setattr(sys.modules[check_language.__module__], "installed_languages", set)
    with pytest.raises(process.MmskinError, match=language):
        check_language("deu")


def test_where_memory_cannot_be_limited_doctor_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed_languages()  # asked before the system seems to be another
    for system, status in (("linux", "ok"), ("darwin", "optional")):
        monkeypatch.setattr(sys, "platform", system)
        checks = {c.name: c for c in examine(Workspace(tmp_path / "data"), Config())}
        assert checks["memory limit"].status == status
    assert "container" in checks["memory limit"].mend


def test_a_worker_whose_group_has_ended_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS answers with "no permission" where Linux says that there is no such group."""
    worker = process.WorkerProcess(PdfConfig())

    def refuse(group: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refuse)
    worker.kill()
    assert not worker.is_worn()
