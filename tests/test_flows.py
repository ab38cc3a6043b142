"""The Prefect flow gives the same bytes and leaves no server behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from mmskin_build.flows.environment import prepare

from mmskin_build import cli
from mmskin_build.errors import EXIT_PARTIAL, StorageError
from tiny_books import draw_book

PREFECT = [name for name in os.environ if name.startswith("PREFECT_")]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No setting of Prefect's, and none left afterwards."""
    for name in PREFECT:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", "nowhere")  # so that it is restored
    monkeypatch.delenv("PREFECT_HOME")
    return monkeypatch


def test_prefects_files_go_to_the_work_folder(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    with environment.context():
        before = dict(os.environ)
        try:
            prepare(tmp_path / "work")
            assert Path(os.environ["PREFECT_HOME"]) == tmp_path / "work" / "prefect"
            assert (tmp_path / "work" / "prefect").is_dir()
            assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
        finally:
            os.environ.clear()
            os.environ.update(before)


def test_what_the_user_has_set_is_kept(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    try:
        os.environ["PREFECT_LOGGING_LEVEL"] = "DEBUG"
        prepare(tmp_path)
        assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_a_work_folder_that_cannot_be_made_is_told_before_the_server_times_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        prepare(tmp_path / "work")


def make_data(folder: Path) -> Path:
    data = folder / "data"
    for number in (1, 2):
        pdf = draw_book(folder / f"{number}.pdf", figures=2, seed=number)
        add = ["books", "add", str(pdf), "--id", f"bk{number}", "--data", str(data), "--quiet"]
        assert cli.run(add) == 0
    return data


def build(data: Path, engine: str) -> subprocess.CompletedProcess[str]:
    arguments = ["build", "--engine", engine, "--data", str(data), "--json", "--workers", "1"]
    return subprocess.run(
        [sys.executable, "-m", "mmskin_build", *arguments], capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_flow_gives_the_same_bytes_and_rejects_the_same_books(tmp_path: Path) -> None:
    local = make_data(tmp_path)
    flow = tmp_path / "flow"
    shutil.copytree(local, flow)
    (tmp_path / "2.pdf").write_text("changed")
    ended = [build(local, "local"), build(flow, "prefect")]
    assert [done.returncode for done in ended] == [EXIT_PARTIAL, EXIT_PARTIAL]
    assert ended[1].stderr == ""
    made = (flow / "work" / "build.json").read_text().replace(str(flow), str(local))
    assert made == (local / "work" / "build.json").read_text()
    assert json.loads(ended[1].stdout)["computed"] == json.loads(ended[0].stdout)["computed"]
    again = build(flow, "prefect")
    assert json.loads(again.stdout)["computed"] == {}


def is_server(process: psutil.Process) -> bool:
    try:
        return "uvicorn" in process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return False


@pytest.mark.slow
def test_a_killed_flow_leaves_no_server_and_goes_on(tmp_path: Path) -> None:
    data = make_data(tmp_path)
    arguments = ["build", "--engine", "prefect", "--data", str(data), "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mmskin_build", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    mine = psutil.Process(process.pid)
    servers: list[psutil.Process] = []
    while process.poll() is None and not servers:
        servers = [child for child in mine.children(recursive=True) if is_server(child)]
    assert servers
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(servers, timeout=60)
    assert alive == []
    assert build(data, "prefect").returncode == 0
    assert (data / "work" / "build.json").exists()
