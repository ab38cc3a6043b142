"""The books that one owns: ``data/books.toml``.

A book is known by the sha256 of its file. The file may be edited by hand: comments and order are
kept when a book is added. An entry without a path is a book that is wanted but not there yet, as in
``data/books.template.toml``; adding the book fills the entry in.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from pydantic import TypeAdapter, ValidationError
from tomlkit.items import AoT, Table

from mmskin_build.config import Workspace, unknown_key
from mmskin_build.errors import (
    BookRegistryError,
    ChangedBookError,
    ConfigError,
    InputPdfError,
    MissingBookError,
)
from mmskin_build.pdf.adobe import load_extract, part_files
from mmskin_build.pdf.jobs import PageJob, PagePool, PdfSource
from mmskin_build.records import Book
from mmskin_build.store import file_sha256, storage_errors, write_bytes

if TYPE_CHECKING:
    from mmskin_build.remote import Remote

_HEADER = """\
# The books that you own, one [[book]] each; written by `mmskin books add`, may be edited by hand.
# path is relative to the folder of this file unless it is absolute.
"""
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RANGE = re.compile(r"\s*(\d+)\s*(?:[-\u2013]\s*(\d+)\s*)?")
_FIELDS = {f.name: f for f in dataclasses.fields(Book)}
_FROM_FILE = ("path", "sha256", "page_count")


def read_books(workspace: Workspace) -> tuple[Book, ...]:
    """Return the registered books that are owned, in the order of ``books.toml``.

    Raises:
        BookRegistryError: If there is no such file or it contradicts itself.
    """
    if not workspace.books_toml.exists():
        raise BookRegistryError(
            f"{workspace.books_toml}: no book is registered yet; "
            "register one with: mmskin books add BOOK.pdf --id bk1"
        )
    return tuple(book for book in read_registry(workspace.books_toml) if book.path)


_MOST_PAGES = 1_000_000  # far above `pdf.max_pages`: a register may be written by hand


def read_registry(path: Path) -> tuple[Book, ...]:
    """Return all entries of a ``books.toml``, also those without a file (`path` is "").

    Raises:
        BookRegistryError: If the file is no TOML, has an unknown key, a wrong value, an id twice or
            one file under two ids; the message names the entry.
    """
    try:
        with storage_errors(path):
            parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BookRegistryError(f"{path}: not valid TOML: {error}") from None
    for key in parsed:
        if key != "book":
            raise BookRegistryError(unknown_key(str(path), key, ["book"], "key"))
    entries = parsed.get("book", [])
    if not isinstance(entries, list):
        raise BookRegistryError(f"{path}: write [[book]] above each book, with double brackets")
    books = tuple(_parse_entry(entry, path, number) for number, entry in enumerate(entries, 1))
    _refuse_doubles(books, path)
    return books


def _parse_entry(entry: dict[str, Any], path: Path, number: int) -> Book:
    where = f"{path}: book {entry.get('id', f'number {number}')}"
    for key in entry:
        if key not in _FIELDS:
            raise BookRegistryError(unknown_key(where, key, list(_FIELDS), "key"))
    values = {"path": "", "sha256": "", "page_count": 0, **entry}
    try:
        book = TypeAdapter(Book).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BookRegistryError(f"{where}: {key}: {first['msg']}") from None
    if not _ID.fullmatch(book.id):
        raise BookRegistryError(f"{where}: {_ID_RULE}")
    if book.path and not (re.fullmatch("[0-9a-f]{64}", book.sha256) and book.page_count > 0):
        raise BookRegistryError(
            f"{where}: has a path but no sha256 and page_count; remove the path and run: "
            f"mmskin books add {book.path} --id {book.id}"
        )
    try:
        pages_to_read(book)
    except ValueError as error:
        raise BookRegistryError(f"{where}: page_count, skip_pages: {error}") from None
    return book


_ID_RULE = "an id is small letters and digits, a letter first, parts joined by '-': bk15"


def _refuse_doubles(books: Sequence[Book], path: Path) -> None:
    by_id: dict[str, Book] = {}
    by_sha256: dict[str, Book] = {}
    for book in books:
        if book.id in by_id:
            raise BookRegistryError(f"{path}: the id {book.id} stands there twice; change one")
        by_id[book.id] = book
        if book.sha256 and book.sha256 in by_sha256:
            other = by_sha256[book.sha256].id
            raise BookRegistryError(f"{path}: {other} and {book.id} are the same file; remove one")
        by_sha256[book.sha256] = book


def pages_to_read(book: Book) -> tuple[int, ...]:
    """Return the page indices (0-based) of a book without the pages to skip.

    ``skip_pages`` counts from 1, as PDF viewers do: ``("1-4", "12")``.

    Raises:
        ValueError: If an entry is not a page or a range, or lies outside the book.

    >>> pages_to_read(Book(id="bk1", title="", path="", sha256="", page_count=5,
    ...                    skip_pages=("1-2", "5")))
    (2, 3)
    """
    if book.page_count > _MOST_PAGES:
        raise ValueError(f"{book.page_count} pages are more than any PDF has")
    skipped: set[int] = set()
    for entry in book.skip_pages:
        match = _RANGE.fullmatch(entry)
        if match is None:
            raise ValueError(
                f"{entry!r} is not a page or a range; count the file's pages from 1: '1-4' or '12'"
            )
        first = int(match[1])
        last = int(match[2] or match[1])
        if not 1 <= first <= last or (book.page_count and last > book.page_count):
            raise ValueError(f"{entry!r} is not within pages 1 to {book.page_count}")
        skipped.update(range(first - 1, last))
    return tuple(index for index in range(book.page_count) if index not in skipped)


def book_path(workspace: Workspace, book: Book) -> Path:
    """Return where the file of `book` lies."""
    return workspace.data / Path(book.path).expanduser()


def book_source(workspace: Workspace, book: Book) -> PdfSource:
    """Return the file of `book` with the name of its password variable."""
    return PdfSource(path=book_path(workspace, book), password_env=book.password_env)


def adobe_path(workspace: Workspace, book: Book) -> Path | None:
    """Return the folder with Adobe's output for `book`, None where there is none."""
    return None if book.adobe is None else workspace.data / Path(book.adobe).expanduser()


def check_book(workspace: Workspace, book: Book) -> None:
    """Make sure that the file of `book` is there and is the registered one.

    Raises:
        MissingBookError: If it is not at its path.
        ChangedBookError: If its sha256 is another one.
        InputPdfError: If it cannot be read.
        AdobeExtractError: If its folder with Adobe's output holds none.
    """
    path = book_path(workspace, book)
    if not path.exists():
        raise MissingBookError(
            f"{book.id}: {path} is not there; put the file back or correct its path in "
            f"{workspace.books_toml}"
        )
    if not path.is_file():
        raise InputPdfError(f"{book.id}: {path} is not a file; name the PDF itself")
    if file_sha256(path) != book.sha256:
        raise ChangedBookError(
            f"{book.id}: {path} is not the file that was registered (another sha256); restore it, "
            f"or remove path, sha256 and page_count of {book.id} from {workspace.books_toml} and "
            f"run: mmskin books add {path} --id {book.id}"
        )
    adobe = adobe_path(workspace, book)
    if adobe is not None:
        part_files(adobe)


def push_book(workspace: Workspace, book: Book, remote: Remote) -> bool:
    """Put the file of `book` where workers find it by its sha256; False if it is there already.

    Raises:
        InputPdfError, AdobeExtractError: As `check_book`.
        StorageError: If it cannot be put.
    """
    check_book(workspace, book)
    path = book_path(workspace, book)
    name = book_object(book.sha256)
    with storage_errors(path):
        size = path.stat().st_size
    if remote.size(name) == size:
        return False
    remote.put_file(name, path)
    return True


def book_object(sha256: str) -> str:
    """Return the name of a book's file in shared storage."""
    return f"books/{sha256}.pdf"


def add_book(
    workspace: Workspace,
    pool: PagePool,
    pdf: Path,
    *,
    book_id: str,
    given: dict[str, Any] | None = None,
) -> Book:
    """Register `pdf` under `book_id` and return the new entry.

    Args:
        workspace: Its ``books.toml`` is made if it is not there.
        pool: Where the file is opened.
        pdf: The file; kept relative to the data folder if it lies within.
        book_id: A new id, or that of an entry without a file.
        given: Other fields of `Book`; None as a value means "not given".

    Raises:
        BookRegistryError: If the id or the file is registered already.
        InputPdfError: If the file is not a PDF that can be read; also its subclasses for a missing
            file and a missing password.
        AdobeExtractError: If the field ``adobe``, a folder, is not of this file.
        ConfigError: If a field has no valid value.
    """
    if not _ID.fullmatch(book_id):
        raise ConfigError(f"--id {book_id!r}: {_ID_RULE}")
    registry = workspace.books_toml
    entries = read_registry(registry) if registry.exists() else ()
    known = {book.id: book for book in entries}
    if book_id in known and known[book_id].path:
        raise BookRegistryError(
            f"{registry}: {book_id} is {known[book_id].title!r} already; choose another --id"
        )
    fields = {name: value for name, value in (given or {}).items() if value is not None}
    source = PdfSource(path=pdf, password_env=fields.get("password_env"))
    page_count = pool.inspect(source).page_count
    digest = file_sha256(pdf)
    for other in entries:
        if other.sha256 == digest:
            raise BookRegistryError(f"{pdf} is registered as {other.id} already")
    if "adobe" in fields:
        folder = Path(fields["adobe"])
        check_extract(pool, source, folder, page_count)
        fields["adobe"] = _shown_path(workspace, folder)
    before = _as_fields(known[book_id]) if book_id in known else {"title": pdf.stem}
    found = {"path": _shown_path(workspace, pdf), "sha256": digest, "page_count": page_count}
    book = Book(**{**before, **fields, **found, "id": book_id})
    try:
        pages_to_read(book)
    except ValueError as error:
        raise ConfigError(f"--skip-pages {error}") from None
    _write_entry(registry, book)
    return book


def check_extract(pool: PagePool, source: PdfSource, folder: Path, page_count: int) -> None:
    """Make sure that Adobe's output in `folder` is of the document, page by page.

    Raises:
        AdobeExtractError: If it is missing, of another form, or of another document.
    """
    from mmskin_build.pdf.adobe_pages import check_page

    pages = load_extract(folder, page_count)
    jobs = [PageJob(page_index=index, payload=page) for index, page in enumerate(pages)]
    pool.run(source, jobs, check_page)


def _shown_path(workspace: Workspace, pdf: Path) -> str:
    absolute, data = pdf.resolve(), workspace.data.resolve()
    return (absolute.relative_to(data) if absolute.is_relative_to(data) else absolute).as_posix()


def _as_fields(book: Book) -> dict[str, Any]:
    return {name: getattr(book, name) for name in _FIELDS}


def _write_entry(registry: Path, book: Book) -> None:
    """Write `book` into the file: over the entry of that id, else as a new one at the end."""
    with storage_errors(registry):
        text = registry.read_text(encoding="utf-8") if registry.exists() else _HEADER
    document = tomlkit.parse(text)
    tables = document.get("book", tomlkit.aot())
    if not isinstance(tables, AoT):
        raise BookRegistryError(f"{registry}: write each book under its own [[book]] line")
    table = next((t for t in tables if t.get("id") == book.id), None)
    if table is not None:
        _fill(table, book)
        text = tomlkit.dumps(document)
    else:
        table = tomlkit.table()
        _fill(table, book)
        text = f"{text.rstrip()}\n\n{tomlkit.dumps({'book': [table]}).strip()}\n"
    write_bytes(registry, text.encode())


def _fill(table: Table, book: Book) -> None:
    for name, value in _as_fields(book).items():
        default = _FIELDS[name].default
        if name in table or name in ("id", "title", *_FROM_FILE) or value != default:
            if value is None:
                continue
            table[name] = list(value) if isinstance(value, tuple) else value
