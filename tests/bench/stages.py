"""Where the time of a build goes, and what more books and a second worker change.

Usage: make bench-stages   (or: python tests/bench/stages.py --out stages.json)

The demo book goes through the stages of `steps` one after the other, each with its processor
seconds, those of its workers and of Tesseract included. Then `mmskin build` runs as a program of
its own over 1, 2 ... demo books of different seeds, with one worker and with two. Last, how soon
the program is there: `mmskin --help`, and `mmskin align` of a single page, beside the import of
PyMuPDF alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cost
import growth
import pikepdf
import psutil
from bench_machine import children_cpu_s

from mmskin_build.books import add_book, read_books
from mmskin_build.builds import book_outcome, finish_build
from mmskin_build.cache import Entry
from mmskin_build.config import Config, PdfConfig, Workspace
from mmskin_build.demo.book import write_demo_book
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.steps import (
    STAGES,
    align_book,
    assemble_book,
    cut_pictures,
    open_job,
    read_book,
    screen_pictures,
)


def spent_s() -> float:
    """Processor seconds so far: this process, children that ended, children that live."""
    total = time.process_time() + children_cpu_s()
    for child in psutil.Process().children(recursive=True):
        try:
            total += sum(child.cpu_times()[:4])
        except psutil.Error:
            continue
    return float(total)


def measure_stages(folder: Path) -> dict[str, Any]:
    """Build the demo book stage by stage with one worker."""
    workspace = Workspace(folder / "data")
    pages = register(workspace, folder, 1)
    cfg = Config()
    cfg = dataclasses.replace(cfg, workspace=dataclasses.replace(cfg.workspace, workers=1))
    book = read_books(workspace)[0]
    spent: dict[str, float] = {}
    before = spent_s()
    with open_job(workspace, cfg) as job:
        stages: tuple[Callable[..., Entry], ...] = (
            lambda: read_book(job, book),
            lambda pages: align_book(job, book, pages),
            lambda _, aligned: cut_pictures(job, book, aligned),
            lambda _, aligned, cut: screen_pictures(job, book, aligned, cut),
            lambda *before: assemble_book(job, book, *before),
        )
        entries: list[Entry] = []
        for name, stage in zip(STAGES, stages, strict=True):
            entries.append(stage(*entries))
            now = spent_s()
            spent[name], before = now - before, now
    finish_build(workspace, cfg, [book_outcome(entries)])
    spent["join_books"] = spent_s() - before
    return {"pages": pages, "cpu_s": spent, "share": _shares(spent)}


def _shares(spent: dict[str, float]) -> dict[str, float]:
    total = sum(spent.values())
    return {name: seconds / total for name, seconds in spent.items()}


def register(workspace: Workspace, folder: Path, books: int) -> int:
    """Draw demo books of different seeds and register them; return their pages together."""
    pages = 0
    for number in range(1, books + 1):
        path = folder / f"book{number}.pdf"
        pages += write_demo_book(path, seed=number, keep_pixels=False).page_count
        with WorkerPool(PdfConfig(), 1) as pool:
            add_book(workspace, pool, path, book_id=f"bk{number}")
    return pages


def measure_books(folder: Path, books: int, workers: int) -> dict[str, Any]:
    """Build `books` demo books with so many workers, from nothing."""
    workspace = Workspace(folder / "data")
    pages = register(workspace, folder, books)
    command = [*cost.mmskin("build", "--quiet"), "--workers", str(workers)]
    found = growth.run([*command, "--data", str(workspace.data)])
    if found["exit_code"]:
        raise SystemExit(f"mmskin build ended with code {found['exit_code']}")
    return {
        "books": books,
        "workers": workers,
        "pages": pages,
        "cpu_s_per_page": found["cpu_s"] / pages,
        "wall_s_per_page": found["wall_s"] / pages,
        "peak_mib": found["peak_mib"],
    }


def measure_start(folder: Path, repeats: int) -> dict[str, float]:
    """Seconds until `--help` and the figures of one page are there, the disk's cache warm."""
    whole, page = folder / "whole.pdf", folder / "page.pdf"
    write_demo_book(whole, keep_pixels=False)
    with pikepdf.open(whole) as pdf:
        del pdf.pages[6:]
        del pdf.pages[:5]
        pdf.save(page)
    align = cost.mmskin("align", str(page), "--out", str(folder / "out"), "--quiet")
    programs = {
        "help": cost.mmskin("--help"),
        "first_page": [*align, "--workers", "1"],
        "import_pymupdf": [sys.executable, "-c", "import pymupdf"],
    }
    found: dict[str, float] = {}
    for name, command in programs.items():
        runs = [cost.run(command)[:2] for _ in range(repeats + 1)][1:]
        found[f"{name}_cpu_s"] = statistics.median(cpu for cpu, _ in runs)
        found[f"{name}_s"] = statistics.median(wall for _, wall in runs)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--books", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args(arguments)
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "stages"
        folder.mkdir()
        report["stages"] = measure_stages(folder)
        for name, seconds in report["stages"]["cpu_s"].items():
            print(f"{name:18} {seconds:7.1f} s {report['stages']['share'][name]:6.1%}", flush=True)
        report["books"] = []
        for books in given.books:
            for workers in given.workers:
                folder = Path(temporary) / f"{books}-{workers}"
                folder.mkdir()
                report["books"].append(row := measure_books(folder, books, workers))
                print(
                    f"{books} books, {workers} workers: {row['cpu_s_per_page']:.3f} processor and "
                    f"{row['wall_s_per_page']:.3f} wall seconds a page; MiB {row['peak_mib']}",
                    flush=True,
                )
        folder = Path(temporary) / "start"
        folder.mkdir()
        report["start"] = measure_start(folder, 3)
        print(json.dumps(report["start"]))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
