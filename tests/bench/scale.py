"""One book on one and on two Dask workers, workers killed meanwhile; what handing out calls costs.

usage: scale.py --out FILE [--pages N] [--rounds N] [--folder DIR]

A scheduler and its workers are programs of their own, a thread each. Each build starts from an
empty store and must end with the same digest: that of one process, one worker, two workers, and
two workers of which three are killed meanwhile, one every `KILL_EVERY_S` seconds, their nannies
starting others; the fourth that ends under one call makes Dask give that call up, and the build
says so. Efficiency is the time on one worker over twice the time on two; the runs alternate, and
the best of each counts, as other programs share the machine. Each run is written as it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from mmskin_build import cli
from mmskin_build.demo.book import write_demo_book
from mmskin_build.errors import EXIT_PARTIAL

KILL_EVERY_S = 20.0
KILLED = 3  # of a build; Dask's own setting for how often a call is tried again
START_S = 300.0


@contextlib.contextmanager
def cluster(
    workers: int, folder: Path, threads: int = 1
) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler with workers of some threads; its address, and the nannies."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    head = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    hand = ["distributed.cli.dask_worker", address, "--nthreads", str(threads)]
    commands = [head] + [
        [*hand, "--local-directory", str(folder / f"worker{number}")] for number in range(workers)
    ]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *command, "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        await_port(port)
        yield address, [psutil.Process(process.pid) for process in started[1:]]
    finally:
        for process in started:
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
            process.kill()
            process.wait()


def await_port(port: int) -> None:
    """Wait until a program answers, which on a busy machine takes its time to start."""
    until = time.monotonic() + START_S
    while True:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
            return
        if time.monotonic() > until:
            raise SystemExit(f"nothing answers at port {port} within {START_S:g} s")
        time.sleep(0.2)


def build(data: Path, *options: str) -> dict[str, Any]:
    """Build from nothing; seconds and the digest."""
    shutil.rmtree(data / "work", ignore_errors=True)
    command = [sys.executable, "-m", "mmskin_build", "build", "--data", str(data), "--json"]
    start = time.perf_counter()
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, EXIT_PARTIAL):
        raise SystemExit(done.stderr)
    return {"seconds": seconds, "digest": json.loads(done.stdout)["content_digest"]}


@contextlib.contextmanager
def killing(nannies: list[psutil.Process]) -> Iterator[list[float]]:
    """Kill the worker of one nanny after the other; when each was killed."""
    over, killed = threading.Event(), list[float]()

    def run() -> None:
        turn = 0
        while len(killed) < KILLED and not over.wait(KILL_EVERY_S):
            workers = [
                child
                for child in nannies[turn % len(nannies)].children()
                if "multiprocessing.spawn" in " ".join(child.cmdline())
            ]
            turn += 1
            for worker in workers:
                worker.kill()
                killed.append(time.perf_counter())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--pages", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=2, help="runs on one and on two workers")
    parser.add_argument("--folder", type=Path, help="keep the book here")
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    runs: dict[str, list[dict[str, Any]]] = {}

    def note(kind: str, made: dict[str, Any], killed: int = 0) -> None:
        runs.setdefault(kind, []).append(made)
        print(f"  {kind}: {made['seconds']:.1f} s", file=sys.stderr)
        given.out.write_text(json.dumps(summarize(given.pages, runs, killed), indent=1) + "\n")

    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        book = (given.folder or work) / f"demo{given.pages}.pdf"
        if not book.exists():
            write_demo_book(book, pages=given.pages, keep_pixels=False)
        data = work / "data"
        assert cli.run(["books", "add", str(book), "--id", "bk1", "--data", str(data), "-q"]) == 0
        for _ in range(given.rounds):
            for workers in (1, 2):
                with cluster(workers, work) as (address, _):
                    made = build(data, "--engine", "dask", "--scheduler", address)
                    note(f"dask{workers}", made)
        note("local", build(data, "--workers", "1"))
        with cluster(2, work) as (address, nannies), killing(nannies) as killed:
            made = build(data, "--engine", "dask", "--scheduler", address)
        note("killed", made, len(killed))
    print(given.out.read_text(), end="")


def summarize(pages: int, runs: dict[str, list[dict[str, Any]]], killed: int) -> dict[str, Any]:
    """The best seconds of each kind of run, whether all ended alike, and the efficiency."""
    best = {kind: min(run["seconds"] for run in some) for kind, some in runs.items()}
    efficient = round(best["dask1"] / (2 * best["dask2"]), 3) if "dask2" in best else None
    return {
        "pages": pages,
        "seconds": {kind: round(seconds, 1) for kind, seconds in best.items()},
        "killed_workers": killed,
        "same_digest": len({run["digest"] for some in runs.values() for run in some}) == 1,
        "efficiency": efficient,
    }


if __name__ == "__main__":
    main()
