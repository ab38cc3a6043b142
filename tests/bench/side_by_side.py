"""Figures with captions, found by this program and by what a user would take instead.

Usage: make bench-pairs   (or: python tests/bench/side_by_side.py --out pairs.json
       [--pdfs a.pdf b.pdf --labels FOLDER] [--rivals FOLDER])

Everybody gets the same documents in one run, each as a program of its own with one worker, and is
scored by `pairs`. Counted are processor seconds with all that the program starts, start and imports
included, and the peak of resident memory (Linux). The own code of `baselines` is always there;
other people's extractors are run from a virtual environment beside it (make bench-rivals), or told
to be absent.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import growth
import labelled_documents as documents
import pymupdf
from layout_sheet import Box
from pairs import Found, Labelled, rates, read_found, score_document

from mmskin_build.store import file_sha256

HERE = Path(__file__).parent
OURS = "mmskin"
FEW_SCANS, SCAN_PAGES = 6, 2  # a page of a scan costs twenty times one with text
ABOUT = {
    OURS: "mmskin align, one worker",
    "layout": "PyMuPDF's layout network + nearest caption (Tesseract where there is no text)",
    "script": "image objects + nearest text below that begins with Fig",
    "pdfplumber": "pdfplumber's images + nearest block of its lines that begins with Fig",
    "pdfminer": "pdfminer's images + nearest of its text boxes that begins with Fig",
    "opendataloader-pdf": "its images with the captions that it links to them (needs Java)",
    "pdf-figure-table-extractor": "its figures with their captions, drawn at 72 dpi",
}
#: What users may think of, and why it is not in the table.
NOT_RUN = {
    "docling, marker-pdf, MinerU, papermage": "fetch their networks from a model hub at first use",
    "unstructured": "strategy fast gives no pictures, hi_res fetches a network from a model hub",
    "pmo-parser, pdffigures2": "not on PyPI",
    "pymupdf4llm": "stands on the same layout network as `layout`, and links nothing",
    "figcrop": "crops figures and reads their numbers, but gives no caption",
    "figgydeck": "gives captions and pictures without their places on the page",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What an extractor found, a list a document, and what that cost."""

    found: list[list[Found]]
    cpu_s: float
    wall_s: float
    peak_mib: float
    failed: tuple[str, ...] = ()


Extract = Callable[[Sequence[Labelled], Path], Run]


def _spend(commands: Iterable[Sequence[str]]) -> tuple[float, float, float, list[dict[str, Any]]]:
    """Run programs one after the other; return processor and wall seconds, the peak, and each."""
    runs = [growth.run(command) for command in commands]
    peak = max((max(run["peak_mib"].values(), default=0.0) for run in runs), default=0.0)
    return sum(r["cpu_s"] for r in runs), sum(r["wall_s"] for r in runs), peak, runs


def run_ours(given: Sequence[Labelled], out: Path) -> Run:
    """`mmskin align` over all documents in one call."""
    code = "from mmskin_build.cli import main; main()"
    paths = [str(document.path) for document in given]
    command = [sys.executable, "-c", code, "align", *paths, "--out", str(out), "--quiet"]
    cpu, wall, peak, runs = _spend([[*command, "--workers", "1"]])
    found, failed = [], []
    for document in given:
        file = out / f"{file_sha256(document.path)}.jsonl"
        found.append(read_found(file) if file.exists() else [])
        if not file.exists():
            failed.append(f"{document.name}: exit code {runs[0]['exit_code']}")
    return Run(found, cpu, wall, peak, tuple(failed))


def baseline(name: str) -> Extract:
    """Return what runs one of `baselines`."""

    def extract(given: Sequence[Labelled], out: Path) -> Run:
        paths = [str(document.path) for document in given]
        script = str(HERE / "baselines.py")
        cpu, wall, peak, runs = _spend([[sys.executable, script, name, str(out), *paths]])
        if runs[0]["exit_code"]:
            return Run([[] for _ in given], cpu, wall, peak, (f"exit code {runs[0]['exit_code']}",))
        said = json.loads(runs[0]["stdout"])
        found = [read_found(out / f"{number}.jsonl") for number in range(len(given))]
        return Run(found, cpu, wall, peak, tuple(said["failed"]))

    return extract


def open_data_loader(program: Path) -> Extract:
    """Return what runs opendataloader-pdf, and takes the captions that it links to images."""

    def extract(given: Sequence[Labelled], out: Path) -> Run:
        paths = [str(document.path) for document in given]
        options = ["-o", str(out), "-f", "json", "--image-output", "off", "-q"]
        cpu, wall, peak, _ = _spend([[str(program), *paths, *options]])
        found, failed = [], []
        for document in given:
            file = out / f"{document.path.stem}.json"
            try:
                found.append(linked_captions(json.loads(file.read_text("utf-8")), document.path))
            except (OSError, ValueError) as error:
                found.append([])
                failed.append(f"{document.name}: {error}")
        return Run(found, cpu, wall, peak, tuple(failed))

    return extract


def linked_captions(content: dict[str, Any], path: Path) -> list[Found]:
    """Read images with the captions linked to them; their boxes count from the page's bottom."""
    entries: list[dict[str, Any]] = []
    queue: list[Any] = [content]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            entries.append(node)
            queue += node.values()
        elif isinstance(node, list):
            queue += node
    captions = {
        e["linked content id"]: e.get("content", "")
        for e in entries
        if e.get("type") == "caption" and "linked content id" in e
    }
    with pymupdf.open(path) as document:
        turns = [page.transformation_matrix * page.rotation_matrix for page in document]
    found = []
    for entry in entries:
        if entry.get("type") == "image" and entry.get("id") in captions:
            index = int(entry["page number"]) - 1
            box = pymupdf.Rect(entry["bounding box"]) * turns[index]
            found.append(Found(index, Box(*box.normalize()), None, captions[entry["id"]]))
    return sorted(found, key=lambda each: (each.page_index, each.bbox))


def figure_table_extractor(program: Path) -> Extract:
    """Return what runs pdf-figure-table-extractor, a document a call as it wants it."""

    def extract(given: Sequence[Labelled], out: Path) -> Run:
        folders = [out / str(number) for number in range(len(given))]
        quiet = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh"]  # it logs each figure
        cpu, wall, peak, _ = _spend(
            [*quiet, str(program), str(d.path), str(f), "--dpi", "72", "--exclude-figure-captions"]
            for d, f in zip(given, folders, strict=True)
        )
        found, failed = [], []
        for document, folder in zip(given, folders, strict=True):
            try:
                assets = json.loads((folder / "manifest.json").read_text("utf-8"))["assets"]
            except (OSError, ValueError) as error:
                assets = []
                failed.append(f"{document.name}: {error}")
            found.append(
                [
                    Found(a["page"] - 1, Box(*a["bbox"]), None, a["caption"])
                    for a in assets
                    if a["kind"] == "figure"
                ]
            )
        return Run(found, cpu, wall, peak, tuple(failed))

    return extract


def extractors(rivals: Path | None) -> tuple[dict[str, Extract], dict[str, str]]:
    """Return who can be run, and who cannot with the reason."""
    there: dict[str, Extract] = {OURS: run_ours}
    there |= {name: baseline(name) for name in ("layout", "script", "pdfplumber", "pdfminer")}
    absent: dict[str, str] = dict(NOT_RUN)
    makers = {
        "opendataloader-pdf": open_data_loader,
        "pdf-figure-table-extractor": figure_table_extractor,
    }
    for name, make in makers.items():
        program = rivals / "bin" / name if rivals else None
        if program is None or not program.exists():
            absent[name] = "not installed; make bench-rivals installs it beside this program"
        elif name == "opendataloader-pdf" and not _has_java():
            absent[name] = "needs Java, which is not installed"
        else:
            there[name] = make(program)
    return there, absent


def _has_java() -> bool:
    try:
        done = subprocess.run(["java", "-version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def compare(
    given: Sequence[Labelled], who: dict[str, Extract], folder: Path
) -> dict[str, dict[str, Any]]:
    """Run all of `who` over the documents and score them; failures are counted and told."""
    with_pages = sum(_page_count(document.path) for document in given)
    rows: dict[str, dict[str, Any]] = {}
    for name, extract in who.items():
        out = folder / name
        out.mkdir(parents=True)
        ended = extract(given, out)
        row: Counter[str] = Counter()
        for document, found in zip(given, ended.found, strict=True):
            row += score_document(document, found)[0]
        rows[name] = {
            **rates(row),
            "pages": with_pages,
            "cpu_s_per_page": ended.cpu_s / with_pages,
            "wall_s": ended.wall_s,
            "peak_mib": ended.peak_mib,
            "times_ours": ended.cpu_s / (rows[OURS]["cpu_s"] if rows else ended.cpu_s),
            "cpu_s": ended.cpu_s,
            "failed": list(ended.failed),
        }
        show(name, rows[name])
    return rows


def _page_count(path: Path) -> int:
    with pymupdf.open(path) as document:
        return int(document.page_count)


def show(name: str, row: dict[str, Any]) -> None:
    failed = f"  {len(row['failed'])} documents not read" if row["failed"] else ""
    print(
        f"  {name:28} F1 {row['f1']:.3f}  P {row['precision']:.3f}  R {row['recall']:.3f}  "
        f"{row['cpu_s_per_page']:7.3f} s a page  {row['times_ours']:6.2f} times ours  "
        f"{row['peak_mib']:5.0f} MiB{failed}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--pdfs", type=Path, nargs="*", default=[], help="documents of your own")
    parser.add_argument("--labels", type=Path, help="folder with their labels, NAME.json each")
    parser.add_argument("--rivals", type=Path, help="virtual environment with other extractors")
    parser.add_argument("--pages", type=int, default=3, help="of each style")
    parser.add_argument("--styles", help="names, comma-separated [all]")
    parser.add_argument("--sets", help="demo, styles, scans, yours; comma-separated [all]")
    parser.add_argument("--all-scans", action="store_true", help="not only the held-out styles")
    given = parser.parse_args()
    who, absent = extractors(given.rivals)
    names = given.styles.split(",") if given.styles else sorted(documents.layouts.STYLES)
    scanned = (
        names if given.all_scans else [n for n in names if n in documents.held_out()][:FEW_SCANS]
    )
    report: dict[str, Any] = {"about": ABOUT, "absent": absent, "sets": {}}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sets: dict[str, tuple[str, Callable[[Path], Iterable[Labelled]]]] = {
            "demo": ("demo book", documents.demo_book),
            "styles": (
                "publishers' styles",
                lambda at: documents.styles(at, given.pages, names=names),
            ),
            "scans": (
                "styles as scans",
                lambda at: documents.styles(at, SCAN_PAGES, scans=True, names=scanned),
            ),
        }
        if given.pdfs and given.labels:
            sets["yours"] = (
                "your documents",
                lambda at: documents.your_own(given.pdfs, given.labels),
            )
        wanted = given.sets.split(",") if given.sets else list(sets)
        for number, (name, make) in enumerate(sets[key] for key in sets if key in wanted):
            place = folder / str(number)
            place.mkdir()
            labelled = list(make(place))
            if not labelled:
                print(f"{name}: none of the documents has labels in {given.labels}")
                continue
            figures = sum(len(document.truths) for document in labelled)
            print(f"{name}: {len(labelled)} documents, {figures} figures", flush=True)
            report["sets"][name] = compare(labelled, who, folder / f"found{number}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
