"""A build that is killed at any moment shows nothing half-written and ends the same."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from mmskin_build import builds, cli
from mmskin_build.cache import read_entry
from mmskin_build.config import Workspace
from mmskin_build.dataset.manifest import MANIFEST
from mmskin_build.dataset.released import released_versions
from mmskin_build.dataset.verify import verify_or_raise
from tiny_books import KEEP_EVERYTHING, draw_book, write_settings

SEEDS = range(20)


def command(data: Path, *arguments: str) -> list[str]:
    settings = write_settings(data.parent / "keep.toml", KEEP_EVERYTHING)
    given = [*arguments, "--data", str(data), "--config", str(settings), "--quiet"]
    return [sys.executable, "-m", "mmskin_build", *given]


def run_and_kill(arguments: Sequence[str], after_s: float) -> bool:
    """Start a command and kill it without warning; False if it had ended before."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        # Workers end by themselves when their parent has gone.
        psutil.wait_procs(children, timeout=60)
        return True
    return False


def check_nothing_half_written(workspace: Workspace) -> None:
    for folder in workspace.store.glob("*/??/*"):
        assert read_entry(folder, deep=True) is not None, f"{folder} is not whole"
    if workspace.current.exists():
        builds.read_build(workspace)
    releases = workspace.releases / "mm-skin"
    shown = {path.name for path in releases.glob("*") if path.name != ".tmp"}
    assert shown == set(released_versions(releases))
    for version in shown:
        verify_or_raise(releases / version)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill")
    data = folder / "data"
    for number in (1, 2):
        pdf = draw_book(folder / f"{number}.pdf", figures=8, seed=number)
        add = ["books", "add", str(pdf), "--id", f"bk{number}", "--data", str(data), "--quiet"]
        assert cli.run(add) == 0
    return data


@pytest.fixture(scope="module")
def undisturbed(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A build and release that nobody disturbed, and how long the build took in seconds."""
    data = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(drawn, data)
    start = time.monotonic()
    subprocess.run(command(data, "build"), check=True, stdout=subprocess.DEVNULL)
    took_s = time.monotonic() - start
    subprocess.run(command(data, "release", "1.0.0"), check=True)
    return data, took_s


@pytest.mark.parametrize(
    "seed", [seed if seed < 2 else pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS]
)
def test_a_killed_build_goes_on_and_ends_the_same(
    drawn: Path, undisturbed: tuple[Path, float], tmp_path: Path, seed: int
) -> None:
    whole, took_s = undisturbed
    workspace = Workspace(tmp_path / "data")
    shutil.copytree(drawn, workspace.data)
    moments = random.Random(seed)
    for _ in range(2):
        run_and_kill(command(workspace.data, "build"), moments.uniform(0.1, 1.0) * took_s)
        check_nothing_half_written(workspace)
    subprocess.run(command(workspace.data, "build"), check=True, stdout=subprocess.DEVNULL)
    expected = builds.read_build(Workspace(whole)).content_digest
    assert builds.read_build(workspace).content_digest == expected
    assert list((workspace.store / ".tmp").iterdir()) == []
    release = command(workspace.data, "release", "1.0.0")
    run_and_kill(release, moments.uniform(0.3, 1.2))
    check_nothing_half_written(workspace)
    if not (workspace.releases / "mm-skin" / "1.0.0").exists():
        subprocess.run(release, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made, other = (
        data / "releases" / "mm-skin" / "1.0.0" / MANIFEST for data in (workspace.data, whole)
    )
    assert made.read_bytes() == other.read_bytes()
