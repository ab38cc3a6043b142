"""What `mmskin align` costs against merely reading the same pages, and how soon `--help` answers.

Usage: make bench [BENCH_PDFS="a.pdf b.pdf"] [BENCH_REPEATS=3]

Reading is PyMuPDF's text with fonts, image information with references, and drawings of every page.
Beside it stands PyMuPDF's layout network asked about every page, once: what a second opinion costs
that is not kept for doubts. All run as programs of their own, in turn, so that a busy machine is
busy for all. Counted is the processor time (user and system) of the program and of all workers it
started: once with the start of the interpreter and imports, once for reading alone. Nothing is
asserted; the numbers go to a table and a JSON file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench_machine import processors

READ_PAGES = """
import json, sys, time
import pymupdf
start, pages = time.process_time(), 0
for name in sys.argv[1:]:
    with pymupdf.open(name) as document:
        for page in document:
            page.get_text("dict")
            page.get_image_info(xrefs=True)
            page.get_drawings()
            pages += 1
print(json.dumps({"cpu_s": time.process_time() - start, "pages": pages}))
"""

LAYOUT_PAGES = """
import json, sys, time
import pymupdf
start, pages = time.process_time(), 0
for name in sys.argv[1:]:
    with pymupdf.open(name) as document:
        for page in document:
            page.get_layout()
            pages += 1
threads = [line.split()[1] for line in open("/proc/self/status") if line.startswith("Threads:")]
print(
    json.dumps(
        {"cpu_s": time.process_time() - start, "pages": pages, "threads": int((threads or [0])[0])}
    )
)
"""


def run(command: Sequence[str]) -> tuple[float, float, str, int]:
    """Run a program; return processor seconds with all its children, wall seconds, stdout, code."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, wall, done.stdout, done.returncode


def mmskin(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from mmskin_build.cli import main; main()", *arguments]


def measure(pdfs: Sequence[Path], repeats: int, workers: int) -> dict[str, Any]:
    """Run both programs over all `pdfs`, in turn, `repeats` times."""
    names = [str(path) for path in pdfs]
    rows = []
    for number in range(repeats):
        cpu, wall, out, _ = run([sys.executable, "-c", READ_PAGES, *names])
        alone = json.loads(out)
        with tempfile.TemporaryDirectory() as folder:
            align = mmskin("align", *names, "--out", folder, "--quiet", "--workers", str(workers))
            align_cpu, align_wall, _, code = run(align)
        rows.append(
            {
                "pages": alone["pages"],
                "read_alone_cpu_s": alone["cpu_s"],
                "read_cpu_s": cpu,
                "read_wall_s": wall,
                "align_cpu_s": align_cpu,
                "align_wall_s": align_wall,
                "align_exit_code": code,
            }
        )
        print(f"  run {number + 1} of {repeats} done", file=sys.stderr)
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    return {
        **middle,
        "align_cpu_s_per_page": middle["align_cpu_s"] / middle["pages"],
        "read_alone_cpu_s_per_page": middle["read_alone_cpu_s"] / middle["pages"],
        "ratio_to_reading_alone": middle["align_cpu_s"] / middle["read_alone_cpu_s"],
        "ratio_with_start": middle["align_cpu_s"] / middle["read_cpu_s"],
        "runs": rows,
    }


def measure_layout(pdfs: Sequence[Path], aligned: dict[str, Any]) -> dict[str, float]:
    """Ask the layout network about every page, once, and hold the alignment of all against it.

    Once without the network's start, which reading alone has not either, and once with it.
    """
    cpu, wall, out, _ = run([sys.executable, "-c", LAYOUT_PAGES, *map(str, pdfs)])
    asked = json.loads(out)
    return {
        "cpu_s_per_page": asked["cpu_s"] / asked["pages"],
        "cpu_s": cpu,
        "wall_s": wall,
        "threads": asked["threads"],
        "times_align": asked["cpu_s"] / aligned["align_cpu_s"],
        "times_align_with_start": cpu / aligned["align_cpu_s"],
        "times_align_wall": wall / aligned["align_wall_s"],
    }


def start_time(repeats: int) -> dict[str, float]:
    """How long ``mmskin --help`` takes, in wall seconds; the first run warms the disk's cache."""
    run(mmskin("--help"))
    walls = [run(mmskin("--help"))[1] for _ in range(repeats)]
    return {"median_s": statistics.median(walls), "worst_s": max(walls)}


def demo_book(folder: Path) -> Path:
    """Draw the demo book, for want of given documents."""
    from mmskin_build.demo.book import write_demo_book

    path = folder / "demo.pdf"
    write_demo_book(path, keep_pixels=False)
    return path


def show(name: str, found: dict[str, Any]) -> None:
    print(
        f"{name[:38]:38} {found['pages']:6.0f} {found['read_alone_cpu_s_per_page']:9.4f} "
        f"{found['align_cpu_s_per_page']:9.4f} {found['ratio_to_reading_alone']:7.2f} "
        f"{found['ratio_with_start']:7.2f} {found['align_wall_s']:8.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pdfs", nargs="*", type=Path, help="documents [the demo book]")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-layout", action="store_true", help="leave the network out")
    parser.add_argument("--each", action="store_true", help="also each document alone, once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pdfs = given.pdfs or [demo_book(Path(folder))]
        print(
            f"{'document':38} {'pages':>6} {'read/pg':>9} {'align/pg':>9} {'ratio':>7} "
            f"{'+start':>7} {'wall s':>8}"
        )
        each = {}
        for path in pdfs if given.each else []:
            each[path.name] = measure([path], 1, given.workers)
            show(path.name, each[path.name])
        together = measure(pdfs, given.repeats, given.workers)
        show(f"all {len(pdfs)} in one call", together)
        layout = None if given.no_layout else measure_layout(pdfs, together)
    if layout is not None:
        print(
            f"get_layout() on every page: {layout['cpu_s_per_page']:.4f} s a page, "
            f"{layout['times_align']:.1f} times align ({layout['times_align_with_start']:.1f} with "
            f"its start); wall {layout['wall_s']:.1f} s, {layout['times_align_wall']:.1f} times; "
            f"{layout['threads']:.0f} threads, {processors()} processors"
        )
    start = start_time(max(3, given.repeats))
    print(f"mmskin --help: median {start['median_s']:.3f} s, worst {start['worst_s']:.3f} s")
    print(
        "read/pg, align/pg: processor seconds a page; ratio: align with its start over reading "
        "alone;\n+start: over reading with interpreter and import"
    )
    report = {
        "documents": [path.name for path in pdfs],
        "workers": given.workers,
        "together": together,
        "get_layout": layout,
        "each": each,
        "help": start,
        "machine": {
            "processors": processors(),
            "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
            "python": platform.python_version(),
            "pymupdf": version("pymupdf"),
        },
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
