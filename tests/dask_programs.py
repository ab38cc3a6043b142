"""Dask's programs and builds as programs of their own, for tests that end some of them."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from mmskin_build import cli
from tiny_books import draw_book

START_S = 300.0


def make_data(folder: Path, books: int = 2, figures: int = 3) -> Path:
    data = folder / "data"
    for number in range(1, books + 1):
        pdf = draw_book(folder / f"{number}.pdf", figures=figures, seed=number)
        add = ["books", "add", str(pdf), "--id", f"bk{number}", "--data", str(data), "--quiet"]
        assert cli.run(add) == 0
    return data


def build_command(data: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "mmskin_build", "build", "--data", str(data), "--json"]
    return [*command, "--workers", "1", *options]


def build(data: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(build_command(data, *options), capture_output=True, text=True)
    assert done.stdout and "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@contextlib.contextmanager
def running(
    *command: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is ended with all that it started."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all that it started, as a machine that is switched off does."""
    family = []
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for one in family:
        with contextlib.suppress(psutil.Error):
            one.kill()


def scheduler(port: int) -> tuple[str, ...]:
    name = "distributed.cli.dask_scheduler"
    return name, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"


def worker(port: int, folder: Path) -> tuple[str, ...]:
    name = "distributed.cli.dask_worker"
    options = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    return name, f"tcp://127.0.0.1:{port}", *options


def await_port(port: int) -> None:
    """Wait until a program answers there."""
    until = time.monotonic() + START_S
    while True:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < until, f"nothing at port {port} within {START_S} s"
        time.sleep(0.1)


def await_store(data: Path, stage: str) -> None:
    """Wait until a build has come to a stage."""
    until = time.monotonic() + START_S
    while not list((data / "work" / "store").glob(f"{stage}/*/*")):
        assert time.monotonic() < until, f"no {stage} within {START_S} s"
        time.sleep(0.05)
