"""A build on a Dask cluster gives the same bytes, whatever is lost meanwhile."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

from mmskin_build.flows import cluster as cluster_module
from mmskin_build.flows.cluster import Cluster

from dask_programs import (
    await_port,
    await_store,
    build,
    build_command,
    end,
    free_port,
    make_data,
    running,
    scheduler,
    worker,
)
from mmskin_build import cli
from mmskin_build.errors import EXIT_PARTIAL, ClusterError


@pytest.mark.slow
def test_a_cluster_of_this_machine_gives_the_same_bytes_and_rejects_the_same_books(
    tmp_path: Path,
) -> None:
    local = make_data(tmp_path)
    spread = tmp_path / "spread"
    shutil.copytree(local, spread)
    (tmp_path / "2.pdf").write_text("changed")
    first, expected = build(local)
    second, found = build(spread, "--engine", "dask")
    assert first == second == EXIT_PARTIAL
    assert found["content_digest"] == expected["content_digest"]
    made = (spread / "work" / "build.json").read_text().replace(str(spread), str(local))
    assert made == (local / "work" / "build.json").read_text()
    code, again = build(spread, "--engine", "dask")
    assert code == EXIT_PARTIAL and again["computed"] == {}


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["worker", "scheduler"])
def test_what_is_lost_on_the_way_changes_nothing(tmp_path: Path, lost: str) -> None:
    local = make_data(tmp_path, figures=8)
    spread = tmp_path / "spread"
    shutil.copytree(local, spread)
    expected = build(local)[1]["content_digest"]
    port = free_port()
    command = build_command(spread, "--engine", "dask", "--scheduler", f"tcp://127.0.0.1:{port}")
    with contextlib.ExitStack() as stack:
        head = stack.enter_context(running(*scheduler(port)))
        await_port(port)
        hands = [
            stack.enter_context(running(*worker(port, tmp_path / f"worker{number}")))
            for number in (1, 2)
        ]
        building = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        await_store(spread, "read_book")
        end(hands[0])
        if lost == "scheduler":
            end(head)
            end(hands[1])
            stack.enter_context(running(*scheduler(port)))
            stack.enter_context(running(*worker(port, tmp_path / "worker3")))
        out, said = building.communicate(timeout=300)
    assert building.returncode == 0, said
    assert json.loads(out)["content_digest"] == expected


def test_a_scheduler_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster_module, "_CONNECT_S", 0.2)
    data = make_data(tmp_path, books=1, figures=1)
    address = f"tcp://127.0.0.1:{free_port()}"
    options = ["--engine", "dask", "--scheduler", address, "--data", str(data)]
    assert cli.run(["build", *options]) == ClusterError.exit_code
    assert f"{address}: no Dask scheduler answers there" in capsys.readouterr().err


def test_a_scheduler_without_workers_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster_module, "_PATIENCE_S", 0.5)
    port = free_port()
    with running(*scheduler(port)):
        await_port(port)
        with pytest.raises(ClusterError, match="the scheduler has no worker; start some with"):
            Cluster(f"tcp://127.0.0.1:{port}")


@pytest.mark.slow
def test_the_flow_of_prefect_runs_its_tasks_on_a_cluster(tmp_path: Path) -> None:
    local = make_data(tmp_path)
    spread = tmp_path / "spread"
    shutil.copytree(local, spread)
    (tmp_path / "2.pdf").write_text("changed")
    expected = build(local)[1]["content_digest"]
    port = free_port()
    with running(*scheduler(port)), running(*worker(port, tmp_path / "worker")):
        await_port(port)
        address = f"tcp://127.0.0.1:{port}"
        code, found = build(spread, "--engine", "prefect", "--scheduler", address)
    assert code == EXIT_PARTIAL and found["content_digest"] == expected
    made = (spread / "work" / "build.json").read_text().replace(str(spread), str(local))
    assert made == (local / "work" / "build.json").read_text()


def test_calls_are_asked_for_as_places_become_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        def __init__(self, value: int) -> None:
            self.value = value

        def done(self) -> bool:
            return True

        def result(self) -> int:
            return self.value

    class Client:
        def nthreads(self) -> dict[str, int]:
            return {"a": 2, "b": 1}

        def submit(self, function: Any, given: int, *, pure: bool) -> Held:
            return Held(function(given))

    monkeypatch.setattr(cluster_module, "wait", lambda futures, **more: None)
    cluster = object.__new__(Cluster)
    cluster._client = Client()
    asked, most = 0, 0

    def given() -> Iterator[int]:
        nonlocal asked
        for number in range(1000):
            asked += 1
            yield number

    ended = 0
    for position, result in cluster.map(lambda number: -number, given()):
        assert result == -position
        most = max(most, asked - ended)
        ended += 1
    assert ended == 1000 and most <= 3 + cluster_module._AHEAD
