"""Upstream's tables for classification: ``<name>_train.csv``, ``_val.csv``, ``_test.csv``.

The columns are ``image,atributes,categories``, spelled so by upstream; the second and the third
are Python lists. `image` is relative to the folder of all sets, ``<set>/images/...`` in ours. Some
of upstream's own tables spell ``attributes`` and have more columns (``set``): both are read.
"""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.errors import SchemaError
from mmskin_build.public.items import IMAGES, PublicItem, PublicSplit
from mmskin_build.store import storage_errors, write_bytes

COLUMNS = ("image", "atributes", "categories")
_ATTRIBUTES = ("atributes", "attributes")
#: How the split is called in the name of a table.
SPLIT_NAMES: dict[PublicSplit, str] = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row: the picture, and its categories (upstream has rows with none)."""

    image: str
    categories: tuple[str, ...]
    attributes: tuple[str, ...] = ()


def table_path(folder: Path, name: str, split: PublicSplit) -> Path:
    """Return the file of a table; `name` is "HAM10000", "DDI_2class"."""
    return folder / f"{name}_{SPLIT_NAMES[split]}.csv"


def read_table(path: Path) -> tuple[TableRow, ...]:
    """Read a table of upstream's form.

    Raises:
        SchemaError: If it lacks a column or a cell is no list; the message names the line.
        StorageError: If the file cannot be read.
    """
    with storage_errors(path):
        raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: not UTF-8: {error}; save the table as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise SchemaError(f"{path} line {reader.line_num}: {error}; mend the table") from None
    for column in ("image", "categories"):
        if column not in columns:
            raise SchemaError(
                f"{path}: has no column {column!r}, only {', '.join(columns) or 'nothing'}; "
                f"a table has the columns {','.join(COLUMNS)}"
            )
    attributes = next((name for name in _ATTRIBUTES if name in columns), None)
    rows: list[TableRow] = []
    for number, cells in lines:
        where = f"{path} line {number}"
        image = (cells["image"] or "").strip()
        if not image:
            raise SchemaError(f"{where}: names no picture; remove the line")
        rows.append(
            TableRow(
                image=image,
                categories=_listed(cells["categories"], "categories", where),
                attributes=_listed(cells[attributes], attributes, where) if attributes else (),
            )
        )
    return tuple(rows)


def _listed(cell: str | None, column: str, where: str) -> tuple[str, ...]:
    try:
        value = ast.literal_eval((cell or "").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise SchemaError(f"{where}: {column} is {cell!r}, not a Python list such as ['Nevus']")
    return tuple(value)


def write_table(path: Path, rows: Iterable[TableRow]) -> None:
    """Write a table; the file appears whole or not at all.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow((row.image, str(list(row.attributes)), str(list(row.categories))))
    write_bytes(path, text.getvalue().encode(), durable=False)


def write_tables(
    folder: Path,
    name: str,
    items: Sequence[PublicItem],
    category: Callable[[PublicItem], str | None],
) -> list[str]:
    """Write the tables of a set and return their names; items without a category have no row.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    written: list[str] = []
    for split in SPLIT_NAMES:
        rows = [
            TableRow(image=f"{item.set}/{IMAGES}/{item.image}", categories=(named,))
            for item in sorted(items, key=lambda item: item.image)
            if item.split == split and (named := category(item)) is not None
        ]
        path = table_path(folder, name, split)
        write_table(path, rows)
        written.append(path.name)
    return written
