"""A build on workers that share no folder, only an S3 server, gives the same bytes."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from dask_programs import (
    START_S,
    await_port,
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
from mmskin_build.config import Workspace
from mmskin_build.errors import EXIT_PARTIAL, StorageError
from object_servers import s3_server, use_server
from tiny_books import KEEP_EVERYTHING, write_settings

BUCKET = "shared"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 server with an empty bucket, to which this environment points."""
    with s3_server() as address:
        use_server(monkeypatch, address)
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def names(storage: Any, prefix: str) -> list[str]:
    pages = storage.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


def await_object(storage: Any, prefix: str) -> None:
    until = time.monotonic() + START_S
    while not names(storage, prefix):
        assert time.monotonic() < until, f"no {prefix} within {START_S} s"
        time.sleep(0.05)


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[Any]]]:
    """A scheduler with workers in folders of their own; its address, and the workers."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(*scheduler(port)))
        await_port(port)
        hands = [
            stack.enter_context(running(*worker(port, folder / f"machine{number}")))
            for number in range(workers)
        ]
        yield f"tcp://127.0.0.1:{port}", hands


def settings(folder: Path, more: dict[str, Any] | None = None) -> str:
    """A settings file that names the bucket."""
    remote = {"store": {"remote": f"s3://{BUCKET}/first"}}
    return str(write_settings(folder / "remote.toml", {**remote, **(more or {})}))


@pytest.mark.slow
def test_workers_without_a_common_folder_give_the_same_bytes(tmp_path: Path, storage: Any) -> None:
    local = make_data(tmp_path)
    program = tmp_path / "program"
    shutil.copytree(local, program)
    (tmp_path / "2.pdf").write_text("changed")
    first, expected = build(local)
    options = ["--config", settings(tmp_path), "--engine", "dask", "--scheduler"]
    with cluster(tmp_path) as (address, _):
        second, found = build(program, *options, address)
        third, again = build(program, *options, address)
    assert first == second == third == EXIT_PARTIAL
    assert found["content_digest"] == expected["content_digest"]
    made = (program / "work" / "build.json").read_text().replace(str(program), str(local))
    assert made == (local / "work" / "build.json").read_text()
    assert again["computed"] == {}
    assert names(storage, "first/passing/") == []
    left = [
        path for number in (0, 1) for path in (tmp_path / f"machine{number}").rglob("mmskin/.tmp/*")
    ]
    assert left == []


@pytest.mark.slow
def test_a_lost_worker_changes_nothing(tmp_path: Path, storage: Any) -> None:
    local = make_data(tmp_path, books=1, figures=12)
    program = tmp_path / "program"
    shutil.copytree(local, program)
    expected = build(local)[1]["content_digest"]
    with cluster(tmp_path) as (address, hands):
        command = build_command(
            program, "--config", settings(tmp_path), "--engine", "dask", "--scheduler", address
        )
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as building:
            await_object(storage, "first/store/read_book/")
            end(hands[0])
            out, said = building.communicate(timeout=300)
    assert building.returncode == 0, said
    assert json.loads(out)["content_digest"] == expected


@pytest.mark.slow
def test_another_machine_takes_a_whole_build_from_the_storage(tmp_path: Path, storage: Any) -> None:
    one = make_data(tmp_path, books=1)
    two = tmp_path / "two"
    shutil.copytree(one, two)
    options = ["--config", settings(tmp_path, KEEP_EVERYTHING)]
    code, made = build(one, *options)
    assert code == 0 and made["computed"]
    code, taken = build(two, *options)
    assert code == 0 and taken["computed"] == {}
    assert taken["content_digest"] == made["content_digest"]
    # What is not in the folder of this machine comes when it is asked for.
    shutil.rmtree(two / "work" / "store")
    given = ["--data", str(two), *options, "--quiet"]
    assert cli.run(["release", "1.0.0", "--leave-out-held", *given]) == 0


def test_books_are_pushed_once(
    tmp_path: Path, storage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_data(tmp_path)
    given = ["--data", str(data), "--config", settings(tmp_path)]
    assert cli.run(["books", "push", *given]) == 0
    assert "2 pushed, 0 there already" in capsys.readouterr().out
    assert cli.run(["books", "push", *given]) == 0
    assert "0 pushed, 2 there already" in capsys.readouterr().out
    (tmp_path / "2.pdf").write_text("changed")
    assert cli.run(["books", "push", *given]) == EXIT_PARTIAL
    assert len(names(storage, "first/books/")) == 2
    assert cli.run(["books", "push", "--data", str(data)]) == 3  # nowhere to push to


def test_a_storage_that_is_not_there_stops_the_build_and_it_goes_on_later(
    tmp_path: Path, storage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_data(tmp_path, books=1, figures=1)
    nowhere = write_settings(tmp_path / "no.toml", {"store": {"remote": "s3://no-such-bucket/x"}})
    given = ["--data", str(data), "--workers", "1", "--quiet"]
    assert cli.run(["build", *given, "--config", str(nowhere)]) == StorageError.exit_code
    said = capsys.readouterr().err
    assert "s3://no-such-bucket/x/mmskin.json: " in said and "check the address" in said
    assert cli.run(["build", *given, "--config", settings(tmp_path)]) == 0
    assert Workspace(data).current.exists()
