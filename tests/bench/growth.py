"""Whether time and memory a page grow with the book.

Usage: make bench-growth [GROWTH_PAGES="50 200 800"]   (or: python tests/bench/growth.py --out FILE)

`mmskin align` runs as a program of its own over demo books of each size, one worker. A scanned page
costs thirty times a digital one, so all books have the same mix of pages: whole rounds of chapters,
without the pages before and after them, of the number of pages that comes nearest. Counted are
processor seconds of the program and of its workers, and the peak of resident memory (VmHWM) of the
program and of the largest worker; Tesseract, which the workers start, is counted apart. Peaks are
read from /proc a few times a second, so Linux is needed.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf
import psutil

from mmskin_build.demo.book import write_demo_book
from mmskin_build.demo.contents import BACK, FRONT, ROUND

_LOOK_EVERY_S = 0.1
_ROUND_PAGES = sum(layout.pages for plan in ROUND for layout in plan.layouts)


def peak_mib(pid: int) -> float:
    """Peak resident memory of a living process, 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)
    return int(found[1]) / 1024 if found else 0.0


def run(command: Sequence[str]) -> dict[str, Any]:
    """Run a program; return seconds, peaks in MiB by role, exit code and its standard output."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peaks: dict[str, float] = defaultdict(float)
    own_cpu = 0.0
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, text=True)
        program = psutil.Process(process.pid)
        while True:
            try:
                process.wait(_LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                own_cpu = _look(program, peaks) or own_cpu
        out.seek(0)
        shown = out.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": cpu,
        "program_cpu_s": own_cpu,
        "peak_mib": dict(sorted(peaks.items())),
        "exit_code": process.returncode,
        "stdout": shown,
    }


def _look(program: psutil.Process, peaks: dict[str, float]) -> float:
    """Note the peaks so far; return the processor seconds of the program itself."""
    try:
        peaks["program"] = max(peaks["program"], peak_mib(program.pid))
        for child in program.children(recursive=True):
            role = "tesseract" if "tesseract" in child.name() else "worker"
            peaks[role] = max(peaks[role], peak_mib(child.pid))
        times = program.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def draw_rounds(wanted_pages: int, folder: Path) -> tuple[Path, int]:
    """Draw whole rounds of chapters, about `wanted_pages`, unless they are there; count them."""
    pages = max(1, round(wanted_pages / _ROUND_PAGES)) * _ROUND_PAGES
    book = folder / f"rounds{pages}.pdf"
    if not book.exists():
        whole = folder / f"demo{pages}.pdf"
        write_demo_book(whole, pages=len(FRONT) + pages + len(BACK), keep_pixels=False)
        with pikepdf.open(whole, access_mode=pikepdf.AccessMode.stream) as pdf:
            del pdf.pages[-len(BACK) :]
            del pdf.pages[: len(FRONT)]
            pdf.save(book, deterministic_id=True)
        whole.unlink()
    return book, pages


def measure(wanted_pages: int, folder: Path) -> dict[str, Any]:
    """Align a demo book of about `wanted_pages` pages."""
    book, pages = draw_rounds(wanted_pages, folder)
    code = "from mmskin_build.cli import main; main()"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", code, "align", str(book), "--out", out]
        found = run([*command, "--quiet", "--json", "--workers", "1"])
        if found["exit_code"]:
            raise SystemExit(f"mmskin align ended with code {found['exit_code']} on {book}")
        figures = sum(len(path.read_bytes().splitlines()) for path in Path(out).glob("*.jsonl"))
    del found["stdout"]
    return {
        "pages": pages,
        "megabytes": book.stat().st_size / 1e6,
        "lines_written": figures,
        "cpu_s_per_page": found["cpu_s"] / pages,
        "program_cpu_s_per_page": found["program_cpu_s"] / pages,
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--pages", type=int, nargs="+", default=[50, 200, 800])
    parser.add_argument("--keep", type=Path, help="folder for the books [a temporary one]")
    given = parser.parse_args()
    rows = []
    print(f"{'pages':>6} {'cpu/page':>9} {'program':>9} {'wall s':>8} {'program':>9} {'worker':>9}")
    print(f"{'':6} {'s':>9} {'s/page':>9} {'':8} {'peak MiB':>9} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for pages in given.pages:
            rows.append(row := measure(pages, folder))
            peaks = row["peak_mib"]
            print(
                f"{pages:6} {row['cpu_s_per_page']:9.4f} {row['program_cpu_s_per_page']:9.4f} "
                f"{row['wall_s']:8.1f} {peaks['program']:9.0f} {peaks['worker']:9.0f}",
                flush=True,
            )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
