"""Disturb builds of a small demo book on purpose, RUNS times; print kind by outcome.

Usage: make bench-faults [FAULT_RUNS=200]   (or: python tests/faults/campaign.py --out FILE)

Runs are seeded and go one after another, each in a folder of its own that is removed where all is
well. What is done is kept in the file given by --out, one JSON line a run; the same command goes on
from there. Exit code 1 if a run ended in another way than it may.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fault_chores import CHORES, prepare_chores, run_chore
from fault_kinds import GOOD, KINDS, Base, make_base, run, run_fault

ALL_KINDS = (*KINDS, *CHORES)


def main() -> int:
    """Do what is left to do and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="JSON lines; continued if there")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument("--kinds", nargs="*", choices=ALL_KINDS, default=ALL_KINDS)
    parser.add_argument("--keep", type=Path, help="folder for what failed")
    given = parser.parse_args()
    done = _read(given.out)
    with tempfile.TemporaryDirectory(prefix="mmskin-faults-") as name:
        base = make_base(Path(name) / "base")
        if any(kind in CHORES for kind in given.kinds):
            prepare_chores(base)
        took_s = _time_a_build(base, Path(name))
        for number in range(given.first, given.runs):
            kind, seed = given.kinds[number % len(given.kinds)], number // len(given.kinds)
            if (kind, seed) in done:
                continue
            folder = Path(name) / "run"
            start = time.monotonic()
            disturb = run_chore if kind in CHORES else run_fault
            ended = disturb(base, kind, seed, folder, took_s)
            line = {"kind": kind, "seed": seed, "outcome": ended.outcome, "detail": ended.detail}
            line["seconds"] = round(time.monotonic() - start, 1)
            with given.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            done[kind, seed] = ended.outcome
            if ended.outcome not in GOOD:
                print(f"{kind} {seed}: {ended.outcome}: {ended.detail}", file=sys.stderr)
                if given.keep is not None:
                    shutil.copytree(folder, given.keep / f"{kind}-{seed}", dirs_exist_ok=True)
            shutil.rmtree(folder)
    return _print(done)


def _read(path: Path) -> dict[tuple[str, int], str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(line["kind"], line["seed"]): line["outcome"] for line in lines}


def _time_a_build(base: Base, scratch: Path) -> float:
    """How long an undisturbed build takes now, in seconds."""
    folder = scratch / "timed"
    shutil.copytree(base.folder, folder)
    shutil.rmtree(folder / "data" / "work")
    start = time.monotonic()
    said = run(folder, "build")
    assert said.code == 0, said.err
    shutil.rmtree(folder)
    return time.monotonic() - start


def _print(done: dict[tuple[str, int], str]) -> int:
    counts = Counter((kind, outcome) for (kind, _), outcome in done.items())
    outcomes = sorted({o for _, o in counts}, key=lambda o: (o not in GOOD, o))
    print(f"{'kind':<16}" + "".join(f"{outcome:>24}" for outcome in outcomes))
    for kind in dict.fromkeys(kind for kind, _ in done):
        print(f"{kind:<16}" + "".join(f"{counts[kind, outcome]:>24}" for outcome in outcomes))
    bad = sum(n for (_, outcome), n in counts.items() if outcome not in GOOD)
    print(f"{len(done)} runs, {bad} of them ended as they may not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
