"""Measure the review: latency and memory with a long queue, and decisions through crashes.

    make bench-review
    python tests/bench/review.py --tasks 50000 --decisions 1000 --kills 50 --out review.json

The first part asks a server for task pages and next tasks; times are those of a client on the same
machine, connection included. In the second two clients decide while the server is killed with
SIGKILL again and again; what a client was told is saved must be in the files, exactly once.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from mmskin_build.config import Workspace
from mmskin_build.review.desk import Desk
from mmskin_build.review.queue import write_queue
from mmskin_build.review.tasks import Task
from review_desk import Server, ask, decisions_of, make_review, make_task, page_of, start_server

WORDS = "Annular scaly plaque with a raised border and central clearing on the left forearm. " * 3


def long_queue(count: int) -> list[Task]:
    kinds = ("sensitive", "annotated", "modality", "demographics")
    return [
        make_task(
            kinds[number % 4],  # type: ignore[arg-type]
            number % 600,
            image_sha256=f"{number:064x}",
            caption=WORDS,
            page_index=number // 24,
            pages=(page_of(number // 24),),
            group=f"bk1 f{number // 3}",
            gain=(number * 7919 % 1000) / 1000,
            proposed={"sensitive": "keep", "annotated": "drop", "modality": "clinical"}.get(
                kinds[number % 4], "accepted"
            ),
        )
        for number in range(count)
    ]


def milliseconds(some: list[float]) -> dict[str, float]:
    ordered = sorted(some)
    return {
        "median_ms": round(1000 * statistics.median(ordered), 2),
        "p95_ms": round(1000 * ordered[int(0.95 * len(ordered))], 2),
        "most_ms": round(1000 * ordered[-1], 2),
    }


def measure_speed(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    workspace = make_review(folder, long_queue(count))
    begun = time.perf_counter()
    server = start_server(workspace)
    ready_s = time.perf_counter() - begun
    try:
        ids = [row.id for row in Desk(workspace).index.rows]
        rng = random.Random(1)
        times: dict[str, list[float]] = {"task": [], "next": [], "decide": []}
        for number in range(rounds):
            begun = time.perf_counter()
            status, _, content = ask(server.port, "GET", f"/task/{rng.choice(ids)}")
            times["task"].append(time.perf_counter() - begun)
            assert status == 200, content[:200]
            begun = time.perf_counter()
            status, headers, _ = ask(server.port, "GET", "/next")
            times["next"].append(time.perf_counter() - begun)
            assert status == 303
            page = ask(server.port, "GET", headers["location"])[2].decode()
            found = re.search(r'id="data">(.*?)</script>', page)
            assert found is not None
            data = json.loads(found[1])
            answer = {
                "task": data["id"],
                "id": secrets.token_hex(16),
                "value": data["proposed"],
                "ground": data["ground"],
                "made_on": "",
                "details": {},
            }
            begun = time.perf_counter()
            status, _, content = ask(server.port, "POST", "/decide", {"answers": [answer]})
            times["decide"].append(time.perf_counter() - begun)
            assert status == 200, content
            if number == rounds - 1:
                ask(server.port, "GET", "/")
                ask(server.port, "GET", "/gallery?kind=modality")
        memory = psutil.Process(server.process.pid).memory_info().rss / 2**20
    finally:
        server.kill()
    return {
        "tasks": count,
        "rounds": rounds,
        "ready_s": round(ready_s, 2),
        "server_rss_mib": round(memory, 1),
        **{name: milliseconds(some) for name, some in times.items()},
    }


class Crashes:
    """Two clients, one server, and somebody who kills it."""

    def __init__(self, folder: Path, decisions: int, kills: int, seed: int) -> None:
        tasks = [
            make_task("modality", n % 600, image_sha256=f"{n:064x}", proposed="clinical")
            for n in range(decisions)
        ]
        self.workspace = make_review(folder, tasks)
        write_queue(self.workspace.review / "queue", tasks, ["bk1"])
        self.tasks, self.kills, self.rng = tasks, kills, random.Random(seed)
        self.server: Server = start_server(self.workspace)
        self.port = self.server.port
        self.told: dict[str, str] = {}  # decision id to task id
        self.tries = Counter[str]()
        self.mutex = threading.Lock()
        self.done = threading.Event()

    def client(self, name: str, tasks: list[Task]) -> None:
        headers = {"Cookie": f"mmskin_reviewer={name}"}
        for task in tasks:
            answer = {
                "task": task.id,
                "id": secrets.token_hex(16),
                "value": "clinical",
                "ground": task.ground,
                "made_on": "",
                "details": {},
            }
            while True:  # as the page does: the same answer with the same id until it is told
                self.tries[name] += 1
                try:
                    status, _, content = ask(
                        self.port, "POST", "/decide", {"answers": [answer]}, headers, timeout=20
                    )
                except OSError:
                    time.sleep(0.02)
                    continue
                except Exception:  # the answer broke off
                    continue
                if status == 200:
                    with self.mutex:
                        self.told[str(answer["id"])] = task.id
                    break
                assert status in (500, 503), (status, content)

    def run(self) -> dict[str, Any]:
        begun = time.perf_counter()
        half = len(self.tasks) // 2
        clients = [
            threading.Thread(target=self.client, args=("ada", self.tasks[:half])),
            threading.Thread(target=self.client, args=("bob", self.tasks[half:])),
        ]
        for client in clients:
            client.start()
        killed = 0
        step = len(self.tasks) / (self.kills + 1)
        while any(client.is_alive() for client in clients):
            # One kill each time another share of the decisions is made, at a random moment.
            if killed < self.kills and len(self.told) >= (killed + 1) * step - self.rng.random():
                time.sleep(self.rng.random() * 0.02)
                self.server.kill()
                killed += 1
                self.server = start_server(self.workspace, port=self.port)
            time.sleep(0.001)
        self.server.kill()
        lines = Counter(
            json.loads(line)["id"]
            for path in sorted((self.workspace.review / "decisions").glob("*.jsonl"))
            for line in path.read_bytes().splitlines()
            if line.strip() and self._is_whole(line)
        )
        missing = [name for name in self.told if name not in lines]
        double = [name for name, count in lines.items() if count > 1]
        return {
            "decisions": len(self.tasks),
            "kills": killed,
            "acknowledged": len(self.told),
            "tries": sum(self.tries.values()),
            "lines": sum(lines.values()),
            "missing": len(missing),
            "double": len(double),
            "seconds": round(time.perf_counter() - begun, 1),
        }

    @staticmethod
    def _is_whole(line: bytes) -> bool:
        try:
            json.loads(line)
        except ValueError:
            return False
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--decisions", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if options.tasks:
            found["speed"] = measure_speed(Path(folder) / "speed", options.tasks, options.rounds)
            print(json.dumps(found["speed"], indent=2))
        if options.decisions:
            crashes = Crashes(Path(folder) / "crash", options.decisions, options.kills, seed=1)
            found["crashes"] = crashes.run()
            print(json.dumps(found["crashes"], indent=2))
            assert decisions_of(Workspace(Path(folder) / "crash" / "data"))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    crashed = found.get("crashes", {"missing": 0, "double": 0})
    return 1 if crashed["missing"] or crashed["double"] else 0


if __name__ == "__main__":
    sys.exit(main())
