"""Whatever happens while a release is written, what stands under a final name is whole."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from made_releases import make_release
from mmskin_build.dataset.released import released_versions
from mmskin_build.dataset.verify import verify_release
from mmskin_build.errors import StorageError

COUNT = 12
TESTS = Path(__file__).parent
WRITE = """\
import sys
from pathlib import Path
from made_releases import make_release
make_release(Path(sys.argv[1]), int(sys.argv[2]), questions=False)
"""


def shown(folder: Path) -> set[str]:
    """The names of releases that anybody sees."""
    there = folder / "releases" / "made"
    return {path.name for path in there.glob("*") if path.name != ".tmp"}


def left(folder: Path) -> list[Path]:
    return list((folder / "releases" / "made" / ".tmp").glob("*"))


class Full:
    """A file on a disk that gets full after a number of writes."""

    def __init__(self, file: IO[bytes], room: Iterator[int]) -> None:
        self._file, self._room = file, room

    def write(self, content: bytes) -> int:
        if next(self._room, None) is None:
            self._file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_full_disk_at_any_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    opened = Path.open
    # 12 pictures, then 13 files of the release: the last write is the manifest.
    room = iter(range(random.Random(seed).randrange(COUNT + 13) if seed else COUNT + 12))

    def full(self: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
        file = opened(self, mode, *args, **more)
        return Full(file, room) if mode == "xb" else file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageError, match="disk is full"):
        make_release(tmp_path, COUNT, questions=False)
    monkeypatch.undo()
    assert shown(tmp_path) == set()
    assert left(tmp_path) == []
    folder = make_release(tmp_path, COUNT, questions=False)
    assert verify_release(folder).problems == ()


@pytest.mark.parametrize(
    "seed", [seed if seed < 2 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(12)]
)
def test_a_killed_release_is_whole_or_not_there(tmp_path: Path, seed: int) -> None:
    command = [sys.executable, "-c", WRITE, str(tmp_path), "30"]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    process = subprocess.Popen(command, env=environment)
    # From the moment on that it begins to write, which a loaded machine reaches late.
    end = time.monotonic() + 60
    while not left(tmp_path) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 1.5))
    process.kill()
    process.wait()
    assert shown(tmp_path) == set(released_versions(tmp_path / "releases" / "made"))
    if not shown(tmp_path):
        subprocess.run(command, env=environment, check=True)
    assert verify_release(tmp_path / "releases" / "made" / "1.0.0").problems == ()
    make_release(tmp_path, 3, version="2.0.0", questions=False)
    assert left(tmp_path) == []  # the next one cleared away what the killed one left


def test_of_two_processes_with_one_version_one_wins(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", WRITE, str(tmp_path), "20"]
    both = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert "ReleaseExistsError" in "".join(said)
    assert verify_release(tmp_path / "releases" / "made" / "1.0.0").problems == ()
    assert left(tmp_path) == []


def test_locale_and_time_zone_change_no_byte(tmp_path: Path) -> None:
    locales = tmp_path / "locales"
    locales.mkdir()
    environment = {"PYTHONPATH": str(TESTS), "LOCPATH": str(locales)}
    made = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(locales / "tr_TR.UTF-8")]
    if shutil.which(made[0]) is None or subprocess.run(made, capture_output=True).returncode:
        pytest.skip("the Turkish locale cannot be made here: no localedef, or no tr_TR for it")
    code = "import locale; locale.setlocale(locale.LC_ALL, '')\n"
    found = []
    for name, settings in (
        ("one", {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"}),
        ("two", {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2"}),
    ):
        folder = tmp_path / name
        subprocess.run(
            [sys.executable, "-c", code + WRITE, str(folder), "10"],
            env=os.environ | environment | settings,
            check=True,
        )
        files = (path for path in (folder / "releases").rglob("*") if path.is_file())
        found.append({p.relative_to(folder).as_posix(): p.read_bytes() for p in files})
    assert len(found[0]) > 20
    assert found[0].keys() == found[1].keys()
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []
