"""The makers' tables: columns by name, rows with the lines they stand on, codes to names."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmskin_build.errors import PublicSetError
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

_MOST_CELL_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: its cells by column, and where it stands; a column not there is ""."""

    cells: Mapping[str, str]
    where: str

    def __getitem__(self, column: str) -> str:
        """Return a cell without the spaces around it."""
        return self.cells.get(column, "")


def read_table(source: Source, entry: Entry, columns: Sequence[str]) -> list[Line]:
    """Read a table with commas, tabs or semicolons; quotes, a mark of byte order and case are fine.

    Args:
        source: Where the table lies.
        entry: The table.
        columns: What it must have.

    Raises:
        PublicSetError: If a column is missing, or the file is no table.
        StorageError: If it cannot be read.
    """
    raw = source.read_table(entry)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if "\0" in text:
        raise PublicSetError(f"{entry.name}: no text; the makers' table is a CSV file")
    head = text.partition("\n")[0]
    delimiter = max(",\t;", key=head.count)
    csv.field_size_limit(_MOST_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().strip('"').casefold() for name in next(reader, [])]
        for column in columns:
            if column.casefold() not in names:
                raise PublicSetError(_missing_column(entry, column, names))
        return list(_lines(reader, names, entry))
    except csv.Error as error:
        raise PublicSetError(
            f"{entry.name} line {reader.line_num}: {error}; download the table again"
        ) from None


def _lines(reader: Iterator[list[str]], names: Sequence[str], entry: Entry) -> Iterator[Line]:
    for number, cells in enumerate(reader, 2):
        if any(cell.strip() for cell in cells):
            values = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
            yield Line(values, f"{entry.name} line {number}")


def _missing_column(entry: Entry, column: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(column.casefold(), names, n=1)
    meant = f" (is {near[0]!r} meant?)" if near else ""
    there = ", ".join(name for name in names if name) or "none"
    return (
        f"{entry.name}: has no column {column!r}{meant}, only: {there}; take the table as its "
        "makers publish it"
    )


def find_table(source: Source, names: Sequence[str], set_name: str) -> Entry:
    """Return the table that has one of the names.

    Raises:
        PublicSetError: If there is none; the message names a table that may be meant.
    """
    found = source.find(names)
    if found is not None:
        return found
    there = sorted(
        {e.basename for e in source.entries if e.basename.lower().endswith((".csv", ".tab"))}
    )
    near = difflib.get_close_matches(names[0], there, n=1, cutoff=0.5)
    hint = f"; {near[0]} may be it: give it its name back" if near else ""
    raise PublicSetError(
        f"{set_name}: {names[0]} is not in {', '.join(map(str, source.paths))}{hint}; "
        f"`mmskin public list` says where to get it, `mmskin public add {set_name} PATH` adds it"
    )


def reject(reason: str, item: str, detail: str = "") -> Reject:
    """Return what goes no further of a public set."""
    return Reject(item_id=item, stage="public", reason=reason, detail=detail)
