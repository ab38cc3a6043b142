"""What a page and a picture cost: processor seconds by stage, bytes kept, bytes sent.

usage: footprint.py --out FILE [--pages N | --pdf FILE...]      (make bench-footprint)

A demo book, or a book that is made of PDFs of one's own, goes through the stages one by one, each
with a worker of its own. Processor seconds are those of this program and of all that it started,
Tesseract with them; what starting a worker and opening the book costs is measured first and taken
off, for on a cluster workers stay. Pages that are scans are told apart by reading the others once
more. `tools/scale_table.py` makes its tables of these numbers.
"""

from __future__ import annotations

import argparse
import json
import pickle
import platform
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pikepdf

from mmskin_build import cli, steps
from mmskin_build.alignment import read_pages
from mmskin_build.books import book_source, read_books
from mmskin_build.builds import book_outcome, finish_build
from mmskin_build.cache import Entry
from mmskin_build.config import Config, Workspace, WorkspaceConfig
from mmskin_build.demo.book import write_demo_book
from mmskin_build.images.classify import ScreenedPicture
from mmskin_build.records import Figure, Page, Record
from mmskin_build.store import read_jsonl

R = TypeVar("R")


def cpu_s() -> float:
    """Processor seconds of this program and of all children that have ended."""
    return sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def spent(what: Callable[[], R]) -> tuple[R, float]:
    """The result of a call and the processor seconds it took."""
    before = cpu_s()
    result = what()
    return result, cpu_s() - before


def size(entry: Entry) -> int:
    """Bytes of an entry."""
    return sum(output.size for output in entry.outputs.values())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--pages", type=int, default=200, help="of the demo book")
    parser.add_argument("--pdf", type=Path, nargs="+", help="files to join instead of it")
    given = parser.parse_args()
    cfg = Config(workspace=WorkspaceConfig(workers=1))
    with tempfile.TemporaryDirectory() as name:
        workspace = Workspace(Path(name) / "data")
        pdf = Path(name) / "demo.pdf"
        if given.pdf:
            join_files(given.pdf, pdf)
        else:
            write_demo_book(pdf, pages=given.pages, keep_pixels=False)
        add = ["books", "add", str(pdf), "--id", "bk1", "--data", str(workspace.data), "-q"]
        assert cli.run(add) == 0
        of = f"{len(given.pdf)} PDF files" if given.pdf else "the demo book"
        result = {"of": of, **measure(workspace, cfg, pdf)}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def join_files(files: list[Path], target: Path) -> None:
    """Put the pages of PDF files into one."""
    with pikepdf.new() as joined:
        for path in files:
            with pikepdf.open(path) as pdf:
                joined.add_pages_from(pdf)
        joined.save(target)


def measure(workspace: Workspace, cfg: Config, pdf: Path) -> dict[str, Any]:
    """Take the one book of a workspace through all stages."""
    (book,) = read_books(workspace)
    source = book_source(workspace, book)

    def in_job(what: Callable[[steps.Job], R]) -> R:
        with steps.open_job(workspace, cfg) as job:
            return what(job)

    _, start_s = spent(lambda: in_job(lambda job: job.pool.inspect(source)))
    pages, read_s = spent(lambda: in_job(lambda job: steps.read_book(job, book)))
    read = read_jsonl(pages.path(steps.PAGES), Page)
    digital = [page.page_index for page in read if page.text_source == "digital"]
    _, digital_s = spent(
        lambda: in_job(lambda job: read_pages(job.pool, source, cfg, digital, None, None))
    )
    aligned, align_s = spent(lambda: in_job(lambda job: steps.align_book(job, book, pages)))
    cut, cut_s = spent(lambda: in_job(lambda job: steps.cut_pictures(job, book, aligned)))
    screened, screen_s = spent(
        lambda: in_job(lambda job: steps.screen_pictures(job, book, aligned, cut))
    )
    assembled, assemble_s = spent(
        lambda: in_job(lambda job: steps.assemble_book(job, book, pages, aligned, cut, screened))
    )
    entries = [pages, aligned, cut, screened, assembled]
    _, join_s = spent(lambda: finish_build(workspace, cfg, [book_outcome(entries)]))
    figures = read_jsonl(cut.path(steps.FIGURES), Figure)
    seen = read_jsonl(screened.path(steps.SCREENED), ScreenedPicture)
    tracemalloc.start()
    records = read_jsonl(assembled.path(steps.RECORDS), Record)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    scans = len(read) - len(digital)
    cut_files = [o.size for n, o in cut.outputs.items() if n.startswith(steps.PICTURES)]
    with_pictures = {figure.page_index for figure in figures if figure.panels}
    return {
        "machine": f"{platform.processor() or platform.machine()}, {platform.system()}",
        "date": time.strftime("%Y-%m-%d"),
        "pages": len(read),
        "scanned_pages": scans,
        "pictures": len(cut_files),
        "screened_pictures": len(seen),
        "records": len(records),
        "cpu_s": {
            "start": round(start_s, 2),
            "digital_page": round(max(0.0, digital_s - start_s) / len(digital), 4),
            "scanned_page": round(max(0.0, read_s - digital_s) / max(1, scans), 4),
            "align_page": round(max(0.0, align_s) / len(read), 5),
            "cut_picture": round(max(0.0, cut_s - start_s) / len(cut_files), 4),
            "screen_picture": round(max(0.0, screen_s - start_s) / len(seen), 4),
            "assemble_picture": round(max(0.0, assemble_s - start_s) / len(seen), 4),
            "finish_picture": round(join_s / len(seen), 4),
        },
        "bytes": {
            "pdf_page": round(pdf.stat().st_size / len(read)),
            "pages_page": round(size(pages) / len(read)),
            "figures_page": round(size(aligned) / len(read)),
            "picture": round(sum(cut_files) / len(cut_files)),
            "screened_picture": round(size(screened) / len(seen)),
            "records_picture": round(size(assembled) / len(seen)),
            "read_message_page": round(len(pickle.dumps(read)) / len(read)),
            "cut_message_page": round(len(pickle.dumps(figures)) / len(with_pictures)),
            "record_in_memory": round(held / max(1, len(records))),
            "screen_message_picture": round(len(pickle.dumps(seen)) / len(seen)),
        },
    }


if __name__ == "__main__":
    main()
