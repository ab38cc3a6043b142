"""All benchmarks by one command: bench.json, bench.html and a line of history.

Usage: make bench [BENCH=default|full|"cost growth"] [BENCH_PDFS="a.pdf b.pdf"] [BENCH_LABELS=DIR]

Each part is a script of its own with a target of its own (`make bench-pairs` ...), run here one
after the other so that none disturbs another; its JSON stays beside the page. A part that fails is
told, and the others go on; the exit code says so in the end. docs/benchmarks.md tells what the
numbers mean.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cost
from bench_history import Figure, Run, append_run, compare_with, read_history
from bench_machine import children_cpu_s, commit, machine, processors, versions
from bench_page import write_page

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A script of this folder with what it is given, and what of its report is followed."""

    about: str
    script: str
    short: tuple[str, ...] | None  # arguments by default; None is for the full run only
    full: tuple[str, ...]
    figures: Callable[[Any, float], Iterator[Figure]]


def _of_cost(report: Any, reading_s: float) -> Iterator[Figure]:
    together = report["together"]
    ratio = together["ratio_to_reading_alone"]
    yield Figure(name="align against plain reading", value=ratio, unit="ratio")
    if report["get_layout"]:
        share = 1 / report["get_layout"]["times_align"]
        yield Figure(name="align against the layout network", value=share, unit="ratio")


def _of_pairs(report: Any, reading_s: float) -> Iterator[Figure]:
    for name, rows in report["sets"].items():
        ours = rows["mmskin"]
        yield Figure(name=f"F1 of pairs, {name}", value=ours["f1"], unit="share")
        for other in ("layout", "pdfplumber"):
            ratio = ours["cpu_s"] / rows[other]["cpu_s"]
            yield Figure(name=f"cost against {other}, {name}", value=ratio, unit="ratio")


def _of_stages(report: Any, reading_s: float) -> Iterator[Figure]:
    pages = report["stages"]["pages"]
    for name, seconds in report["stages"]["cpu_s"].items():
        yield Figure(name=f"stage {name}", value=seconds / pages / reading_s, unit="readings")
    alone = [row for row in report["books"] if row["workers"] == 1] or report["books"]
    first, last = alone[0], alone[-1]
    growth = last["cpu_s_per_page"] / first["cpu_s_per_page"]
    yield Figure(name=f"a page of {last['books']} books against 1", value=growth, unit="ratio")
    for row in report["books"]:
        if row["books"] == last["books"]:
            worker = max(row["peak_mib"].values())
            name = f"memory of a build, {row['workers']} workers"
            yield Figure(name=name, value=worker, unit="MiB")
    start = report["start"]
    for key, name in (("help_cpu_s", "mmskin --help"), ("first_page_cpu_s", "align of one page")):
        ratio = start[key] / start["import_pymupdf_cpu_s"]
        yield Figure(name=f"{name} against import pymupdf", value=ratio, unit="ratio")


def _of_growth(rows: Any, reading_s: float) -> Iterator[Figure]:
    first, last = rows[0], rows[-1]
    ratio = last["cpu_s_per_page"] / first["cpu_s_per_page"]
    name = f"a page of {last['pages']} against one of {first['pages']}"
    yield Figure(name=name, value=ratio, unit="ratio")
    for role in ("program", "worker"):
        peak = last["peak_mib"].get(role, 0.0)
        name = f"memory of the {role}, {last['pages']} pages"
        yield Figure(name=name, value=peak, unit="MiB")


def _of_panels(report: Any, reading_s: float) -> Iterator[Figure]:
    for name in ("ordinary", "plates"):
        for key, said in (("f1", "F1 of panels"), ("text_exact", "their own words")):
            if report.get(name) and report[name][key] is not None:
                yield Figure(name=f"{said}, {name}", value=report[name][key], unit="share")


def _of_captions(report: Any, reading_s: float) -> Iterator[Figure]:
    for name, rate in report["captions_a_second"].items():
        yield Figure(name=f"1,000 captions, {name}", value=1000 / rate / reading_s, unit="readings")


def _of_questions(rows: Any, reading_s: float) -> Iterator[Figure]:
    cost_s = rows[-1]["ms_a_record"] / 1000
    yield Figure(name="questions of a record", value=cost_s / reading_s, unit="readings")


def _of_none(report: Any, reading_s: float) -> Iterator[Figure]:
    yield from ()


PARTS: dict[str, Part] = {
    "cost": Part(
        about="align against reading the same pages, and against the layout network",
        script="cost.py",
        short=(),
        full=("--repeats", "5"),
        figures=_of_cost,
    ),
    "pairs": Part(
        about="figures with captions, beside what a user would take instead",
        script="side_by_side.py",
        short=("--pages", "2"),
        full=("--pages", "6", "--all-scans"),
        figures=_of_pairs,
    ),
    "stages": Part(
        about="a build by stage, by books and workers; start time",
        script="stages.py",
        short=("--books", "1", "2"),
        full=("--books", "1", "2", "4", "8"),
        figures=_of_stages,
    ),
    "growth": Part(
        about="time and memory a page as a book grows",
        script="growth.py",
        short=("--pages", "50", "200"),
        full=("--pages", "50", "200", "800"),
        figures=_of_growth,
    ),
    "panels": Part(
        about="panels and their words on generated figures",
        script="panels.py",
        short=("--only", "0-59,300-311,360-383"),
        full=(),
        figures=_of_panels,
    ),
    "captions": Part(
        about="captions through the rules of text",
        script="captions.py",
        short=("--seconds", "1"),
        full=(),
        figures=_of_captions,
    ),
    "questions": Part(
        about="questions by rule",
        script="questions.py",
        short=("--records", "700", "1375"),
        full=(),
        figures=_of_questions,
    ),
    "exports": Part(
        about="exports of a release",
        script="exports.py",
        short=("--records", "500"),
        full=(),
        figures=_of_none,
    ),
    "releases": Part(
        about="releases written, verified, compared",
        script="releases.py",
        short=None,
        full=(),
        figures=_of_none,
    ),
    "review": Part(
        about="the review with 50,000 tasks, and through 50 crashes",
        script="review.py",
        short=None,
        full=(),
        figures=_of_none,
    ),
    "scale": Part(
        about="a book on Dask workers, some of them killed",
        script="scale.py",
        short=None,
        full=(),
        figures=_of_none,
    ),
}


def chosen(bench: str) -> list[str]:
    """Return the parts of ``default``, ``full`` or a list of names.

    Raises:
        SystemExit: If a name is none of a part.
    """
    if bench == "default":
        return [name for name, part in PARTS.items() if part.short is not None]
    if bench == "full":
        return list(PARTS)
    unknown = [name for name in bench.split() if name not in PARTS]
    if unknown or not bench.split():
        raise SystemExit(
            f"BENCH={bench!r}: give default, full, or names of parts: {' '.join(PARTS)}"
        )
    return [name for name in PARTS if name in bench.split()]


def run_part(name: str, command: Sequence[str], out: Path, log: Path) -> dict[str, Any]:
    """Run a part, its words to a log; return its report with what it took, or why there is none."""
    out.unlink(missing_ok=True)
    before = children_cpu_s()
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as file:
        environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False
        )
    took = {"wall_s": time.perf_counter() - start, "cpu_s": children_cpu_s() - before}
    if done.returncode or not out.exists():
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:] or [""]
        return {**took, "failed": f"exit code {done.returncode}: {last[0]}", "log": str(log)}
    return {**took, "report": json.loads(out.read_text("utf-8"))}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the page and the JSON")
    parser.add_argument("--bench", default="default", help="default, full, or names of parts")
    parser.add_argument("--history", type=Path, help="file with a line a run [OUT/history.jsonl]")
    parser.add_argument("--pdfs", type=Path, nargs="*", default=[], help="documents of your own")
    parser.add_argument("--labels", type=Path, help="folder with their labels, NAME.json each")
    parser.add_argument("--rivals", type=Path, help="virtual environment with other extractors")
    given = parser.parse_args()
    names = chosen(given.bench)
    given.out.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0] / processors()
    if load > 0.5:
        print(f"the machine is busy (load {load:.1f} a processor): trust ratios alone", flush=True)
    parts: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(names, 1):
        print(f"{number}/{len(names)} {name}: {PARTS[name].about} ...", end=" ", flush=True)
        out = given.out / f"{name}.json"
        command = [sys.executable, str(HERE / PARTS[name].script), "--out", str(out)]
        command += (PARTS[name].short if given.bench != "full" else None) or PARTS[name].full
        if name == "pairs":
            command += ["--rivals", str(given.rivals)] if given.rivals else []
            command += ["--pdfs", *map(str, given.pdfs)] if given.pdfs else []
            command += ["--labels", str(given.labels)] if given.labels else []
        parts[name] = run_part(name, command, out, given.out / f"{name}.log")
        wall = parts[name]["wall_s"]
        print(parts[name].get("failed") or "done", f"({wall:.0f} s)", flush=True)
    if given.pdfs:
        print("your documents: what they cost ...", end=" ", flush=True)
        out = given.out / "cost_yours.json"
        command = [sys.executable, str(HERE / "cost.py"), "--out", str(out), *map(str, given.pdfs)]
        command += ["--repeats", "1", "--no-layout"]
        parts["cost of your documents"] = run_part(
            "yours", command, out, given.out / "cost_yours.log"
        )
        print(parts["cost of your documents"].get("failed") or "done", flush=True)
    reading_s = _reading_s(parts)
    figures = [
        figure
        for name in names
        if "report" in parts[name]
        for figure in PARTS[name].figures(parts[name]["report"], reading_s)
    ]
    own = f", {len(given.pdfs)} documents" if given.pdfs else ""
    run = Run(
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        commit=commit(),
        extent=f"{given.bench}{own}",
        machine=machine(),
        load=round(load, 2),
        versions=versions(),
        figures={f.name: round(f.value, 5) for f in figures},
        units={f.name: f.unit for f in figures},
    )
    history = given.history or given.out / "history.jsonl"
    before = read_history(history)
    changes = compare_with(before, run)
    content = {
        "run": {key: getattr(run, key) for key in run.__dataclass_fields__},
        "reading_s_per_page": reading_s,
        "parts": parts,
        "worse": [c.name for c in changes if c.worse],
    }
    (given.out / "bench.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    append_run(history, run)
    write_page(given.out / "bench.html", content, changes, [*before, run])
    for change in changes:
        if change.worse:
            print(f"worse: {change.name}: {change.now:.3f}, usually {change.usual:.3f}")
    print(f"page: {given.out / 'bench.html'}\nhistory: {history}, {len(before) + 1} runs")
    if any("failed" in part for part in parts.values()):
        raise SystemExit(1)


def _reading_s(parts: dict[str, dict[str, Any]]) -> float:
    """Processor seconds in which PyMuPDF reads a page of the demo book, in this run."""
    told = parts.get("cost", {}).get("report")
    if told is not None:
        return float(told["together"]["read_alone_cpu_s_per_page"])
    with tempfile.TemporaryDirectory() as folder:
        book = cost.demo_book(Path(folder))
        said = json.loads(cost.run([sys.executable, "-c", cost.READ_PAGES, str(book)])[2])
    return float(said["cpu_s"] / said["pages"])


if __name__ == "__main__":
    main()
