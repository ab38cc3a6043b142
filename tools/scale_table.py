"""What a library of books costs, computed from measured figures and your prices.

Usage: tools/scale_table.py [--write] [--renew FOOTPRINT CALLS [SCALE]] [--cpu-hour PRICE] ...

The figures stand in docs/scale.json; `--renew` takes them from what `make bench-footprint`,
`make bench-calls` and `make bench-scale` have written. `--write` puts the tables into
docs/scale.md. All else are assumptions, each an option; `--help` lists them.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
FIGURES, PAGE = DOCS / "scale.json", DOCS / "scale.md"
BEGIN, END = "<!-- tables: tools/scale_table.py --write -->\n", "<!-- end of tables -->\n"
BOOKS = (1, 10, 100, 1_000, 10_000)
WORKERS = (1, 8, 64, 512)

_RANGE_PAGES, _RANGE_PICTURES = 50, 256  # as in flows/spread.py
_ENTRIES = 5  # of a book, beside those of all books together
_WRITES_AN_OBJECT = 3  # begin, a part, end
_AIMED_EFFICIENCY = 0.85  # until `make bench-scale` has measured it


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What is not measured here: your library and your prices."""

    pages: int = 500  # of a book
    scanned: float = 0.1  # share of pages that are scans
    pictures: float = 0.5  # pictures a page
    machines: int = 4  # that work on one book, and fetch it
    cpu_hour: float = 0.04  # USD for a processor and 4 GB
    gb_month: float = 0.023  # USD for a GB in storage
    thousand_writes: float = 0.005  # USD for 1,000 PUT, POST or LIST
    thousand_reads: float = 0.0004  # USD for 1,000 GET or HEAD
    link_mb_s: float = 125.0  # MB a second between the program and storage: 1 Gbit/s


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some books cost, whoever builds them."""

    cpu_hours: float
    books_gb: float
    store_gb: float
    moved_gb: float
    calls: int
    writes: int
    reads: int
    compute_usd: float
    storage_usd: float  # a month
    requests_usd: float
    program_gb: float  # memory of the program when books are joined


def seconds_of_book(measured: dict[str, Any], given: Assumed) -> tuple[float, float]:
    """Processor seconds of one book: what one worker does alone, and what all can share."""
    cpu, pictures = measured["footprint"]["cpu_s"], given.pages * given.pictures
    alone = given.pages * cpu["align_page"] + pictures * cpu["assemble_picture"]
    page = (1 - given.scanned) * cpu["digital_page"] + given.scanned * cpu["scanned_page"]
    shared = given.pages * page + pictures * (cpu["cut_picture"] + cpu["screen_picture"])
    return alone, shared


def efficiency_of(measured: dict[str, Any]) -> float:
    """How much of a worker is not lost to waiting."""
    return float(measured.get("efficiency") or _AIMED_EFFICIENCY)


def calls_of_book(given: Assumed) -> int:
    """Calls of one book where books outnumber workers."""
    pictures = given.pages * given.pictures
    cut = min(given.pages, pictures)
    ranges = math.ceil(given.pages / _RANGE_PAGES) + math.ceil(cut / _RANGE_PAGES)
    return 1 + ranges + math.ceil(pictures / _RANGE_PICTURES)


def cost_of(books: int, measured: dict[str, Any], given: Assumed) -> Cost:
    """Return what `books` cost."""
    size = measured["footprint"]["bytes"]
    pages, pictures = books * given.pages, books * given.pages * given.pictures
    cpu_s = books * sum(seconds_of_book(measured, given))
    finish_s = pictures * measured["footprint"]["cpu_s"]["finish_picture"]
    cpu_hours = (cpu_s / efficiency_of(measured) + finish_s) / 3600
    books_gb = pages * size["pdf_page"] / 1e9
    found = pages * (size["pages_page"] + size["figures_page"])
    told = pictures * (size["screened_picture"] + size["records_picture"])
    seen = pictures * size["picture"]
    store_gb = (found + told + seen) / 1e9
    passed = books * (calls_of_book(given) - 1 - math.ceil(given.pages / _RANGE_PAGES))
    writes = books * (1 + _ENTRIES) * _WRITES_AN_OBJECT + passed * (_WRITES_AN_OBJECT + 1)
    writes += books * _ENTRIES  # a list where an entry is not there yet
    reads = round(2 * books * _ENTRIES + 2 * passed + 2 * (found + told + 2 * seen) / 2**24)
    # A picture goes to the book's worker, to the store, and to the worker that screens it.
    moved_gb = (1 + given.machines) * books_gb + store_gb + (found + told + 4 * seen) / 1e9
    return Cost(
        cpu_hours=cpu_hours,
        books_gb=books_gb,
        store_gb=store_gb,
        moved_gb=moved_gb,
        calls=books * calls_of_book(given),
        writes=writes,
        reads=reads,
        compute_usd=cpu_hours * given.cpu_hour,
        storage_usd=(books_gb + store_gb) * given.gb_month,
        requests_usd=(writes * given.thousand_writes + reads * given.thousand_reads) / 1000,
        program_gb=pictures * size["record_in_memory"] / 1e9,
    )


def times_of(
    books: int, workers: int, measured: dict[str, Any], given: Assumed
) -> dict[str, float]:
    """Return the hours of each part of a build; all but the last go on at once."""
    alone, shared = seconds_of_book(measured, given)
    a_book = max(1.0, workers / books)  # workers of one book
    book_s = (alone + shared / a_book) / efficiency_of(measured)
    cost = cost_of(books, measured, given)
    size, pictures = measured["footprint"]["bytes"], books * given.pages * given.pictures
    fetched = books * given.pages * size["pages_page"] + pictures * (
        size["screened_picture"] + size["records_picture"]
    )
    cpu = measured["footprint"]["cpu_s"]
    seconds = {
        "workers": book_s * books / min(books, workers),
        "scheduler": cost.calls * measured["calls"]["scheduler_cpu_ms_a_call"] / 1000,
        "sending": (cost.books_gb * 1000 + fetched / 1e6) / given.link_mb_s,
        "joining": pictures * cpu["finish_picture"],
    }
    return {name: value / 3600 for name, value in seconds.items()}


def hours_of(times: dict[str, float]) -> tuple[float, str]:
    """Return how long a build takes, and the part that takes the most of it."""
    at_once = max(times[name] for name in ("workers", "scheduler", "sending"))
    return at_once + times["joining"], max(times, key=lambda name: times[name])


# ------------------------------------------------------------------------------------- tables


def tables(measured: dict[str, Any], given: Assumed) -> str:
    """Return the tables of docs/scale.md."""
    foot, calls = measured["footprint"], measured["calls"]
    cpu, size = foot["cpu_s"], foot["bytes"]
    told = measured.get("efficiency")
    lines = [
        f"Measured on {foot['pages']} pages of {foot['of']}, {foot['scanned_pages']} of them "
        f"scans, with {foot['pictures']} pictures ({foot['date']}, {foot['machine']}):",
        "",
        "| measured | processor s | | measured | bytes |",
        "|---|---|---|---|---|",
    ]
    seconds = {
        "a digital page read": cpu["digital_page"],
        "a scanned page read (OCR)": cpu["scanned_page"],
        "a page's figures and captions paired": cpu["align_page"],
        "a picture cut": cpu["cut_picture"],
        "a picture screened": cpu["screen_picture"],
        "a picture's record": cpu["assemble_picture"],
        "a picture joined with all others": cpu["finish_picture"],
        "a call, in the scheduler": calls["scheduler_cpu_ms_a_call"] / 1000,
        "a call, in the program": calls["program_cpu_ms_a_call"] / 1000,
    }
    kept = {
        "a page of the PDF": size["pdf_page"],
        "a page in the store": size["pages_page"] + size["figures_page"],
        "a picture in the store": size["picture"],
        "what is told of a picture": size["screened_picture"] + size["records_picture"],
        "a page read, as a message": size["read_message_page"],
        "a page cut, as a message": size["cut_message_page"],
        "a picture screened, as a message": size["screen_message_picture"],
        "a record in the program's memory": size["record_in_memory"],
    }
    rows = list(zip(seconds.items(), [*kept.items(), ("", "")], strict=True))
    for (what, value), (which, number) in rows:
        shown = f"{number:,}" if number != "" else ""
        lines.append(f"| {what} | {_short(value)} | | {which} | {shown} |")
    effective = f"{told} (measured)" if told else f"{_AIMED_EFFICIENCY} (aimed at, not measured)"
    lines += [
        "",
        f"Assumed: {given.pages} pages a book, {given.scanned:.0%} of them scans, "
        f"{given.pictures} pictures a page, each book fetched by {given.machines} machines; "
        f"{given.cpu_hour} USD a processor hour, "
        f"{given.gb_month} USD a GB and month, {given.thousand_writes} USD for 1,000 writes and "
        f"{given.thousand_reads} USD for 1,000 reads; {given.link_mb_s:g} MB/s between the "
        f"program and the storage; efficiency of workers {effective}.",
        "",
        "| books | pages | CPU h | books, GB | store, GB | moved, GB | calls | compute, USD | "
        "storage, USD a month | requests, USD | memory to join, GB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for books in BOOKS:
        cost = cost_of(books, measured, given)
        numbers = [
            cost.cpu_hours,
            cost.books_gb,
            cost.store_gb,
            cost.moved_gb,
            cost.calls,
            cost.compute_usd,
            cost.storage_usd,
            cost.requests_usd,
            cost.program_gb,
        ]
        shown = " | ".join(_short(number) for number in numbers)
        lines.append(f"| {books:,} | {books * given.pages:,} | {shown} |")
    lines += [
        "",
        "Hours that a build takes, and what takes the most of them:",
        "",
        "| books | " + " | ".join(f"{n} worker{'s' * (n > 1)}" for n in WORKERS) + " |",
        "|---|" + "---|" * len(WORKERS),
    ]
    for books in BOOKS:
        cells = []
        for workers in WORKERS:
            hours, most = hours_of(times_of(books, workers, measured, given))
            cells.append(f"{_short(hours)}, {most}")
        lines.append(f"| {books:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _short(value: float) -> str:
    """A number to two digits that count, or whole."""
    if value == 0 or value >= 100:
        return f"{round(value):,}"
    digits = max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def put_tables(page: str, made: str) -> str:
    """Return a page with the tables between their marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + made + END + after


def renew(paths: list[Path]) -> dict[str, Any]:
    """Return the figures of what the measurements have written."""
    footprint, calls, *scale = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    calls.pop("seen", None)
    measured: dict[str, Any] = {"footprint": footprint, "calls": calls}
    if scale:
        measured["efficiency"] = scale[0]["efficiency"]
    return measured


def main() -> None:
    """Print the tables, or put them into the documentation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    parser.add_argument("--renew", type=Path, nargs="+", metavar="FILE", help="figures first")
    for field in fields(Assumed):
        option = "--" + field.name.replace("_", "-")
        kind = type(field.default)
        parser.add_argument(option, type=kind, default=field.default, help=f"[{field.default}]")
    options = vars(parser.parse_args())
    write, paths = options.pop("write"), options.pop("renew")
    if paths:
        FIGURES.write_text(json.dumps(renew(paths), indent=1) + "\n", encoding="utf-8")
    made = tables(json.loads(FIGURES.read_text(encoding="utf-8")), Assumed(**options))
    if write:
        PAGE.write_text(put_tables(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main()
