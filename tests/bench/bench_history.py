"""The history of benchmark runs: a line a run, and what it says about the newest.

Costs are compared as ratios: processor seconds are divided by those that PyMuPDF takes to read a
page of the demo book in the same run (unit "readings"), so that a busy hour counts on both
sides. Runs are compared with runs on the same machine and of the same extent only.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

LAST_RUNS = 5  # the median of so many stands for what was usual
NOTICEABLE = 1.15  # times the usual cost or memory; what quiet runs differ by is within
NOTICEABLE_SHARE = 0.005  # below the usual quality, which does not vary by itself

Unit = Literal["share", "ratio", "readings", "MiB"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a run; a share is better the higher, everything else the lower."""

    name: str
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: when (UTC, ISO 8601), what code, on what machine, with what versions, what it found.

    `extent` names what was measured and on what: only runs of one extent are alike.
    """

    date: str
    commit: str
    extent: str
    machine: str
    load: float  # processes that wanted to run, a processor, before the run began
    versions: dict[str, str]
    figures: dict[str, float]
    units: dict[str, Unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure beside what was usual: `factor` times it, or for a share the difference."""

    name: str
    unit: Unit
    usual: float
    now: float
    runs: int
    factor: float
    worse: bool
    better: bool


def read_history(path: Path) -> list[Run]:
    """Read the runs so far, oldest first; lines that are no runs are left out."""
    runs = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            runs.append(Run(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return runs


def append_run(path: Path, run: Run) -> None:
    """Add a line for a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(run), sort_keys=True) + "\n")


def alike(history: Sequence[Run], run: Run) -> list[Run]:
    """Return the earlier runs of the same extent on the same machine."""
    return [r for r in history if (r.machine, r.extent) == (run.machine, run.extent)]


def compare_with(history: Sequence[Run], run: Run) -> list[Change]:
    """Compare a run with the median of the last runs like it, figure by figure."""
    last = alike(history, run)[-LAST_RUNS:]
    changes = []
    for name, now in sorted(run.figures.items()):
        before = [r.figures[name] for r in last if name in r.figures]
        if not before:
            continue
        usual, unit = statistics.median(before), run.units[name]
        if unit == "share":
            factor = now - usual
            worse, better = factor < -NOTICEABLE_SHARE, factor > NOTICEABLE_SHARE
        else:
            factor = now / usual if usual else 1.0
            worse, better = factor > NOTICEABLE, factor < 1 / NOTICEABLE
        changes.append(
            Change(
                name=name,
                unit=unit,
                usual=usual,
                now=now,
                runs=len(before),
                factor=factor,
                worse=worse,
                better=better,
            )
        )
    return changes
