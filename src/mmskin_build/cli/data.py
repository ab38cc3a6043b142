"""Commands about what goes in and what comes out: books, release, verify."""

from __future__ import annotations

from pathlib import Path

import click

from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import MmskinError


@click.group()
def books() -> None:
    """Register the books that you own, list and check them."""


@books.command(epilog="\b\nExample:\n  mmskin books add ~/books/rook.pdf --id bk15")
@click.argument("pdf", type=EXISTING_PATH)
@click.option("--id", "book_id", required=True, help="Short name, first part of each record's id.")
@click.option("--title", help="Title [that of the entry with this id, or the file's name].")
@click.option("--edition", help="Edition, as in '9th ed.'.")
@click.option("--publisher", help="Publisher.")
@click.option("--rights", help="What you may do with it; shown on the card [owned copy].")
@click.option("--language", help="Tesseract's codes for scanned pages, as in eng+lat [eng].")
@click.option("--password-env", metavar="NAME", help="Environment variable with the password.")
@click.option(
    "--skip-pages",
    multiple=True,
    metavar="RANGE",
    help="Pages not to read, counted from 1: '1-4' or '12'; may be given several times.",
)
@common_options
def add(
    pdf: Path,
    book_id: str,
    skip_pages: tuple[str, ...],
    settings: Settings,
    **given: str | None,
) -> None:
    """Register PDF under an id, with its sha256 and number of pages."""
    from mmskin_build.books import add_book
    from mmskin_build.pdf.isolation import WorkerPool
    from mmskin_build.store import plain

    fields = {**given, "skip_pages": skip_pages or None}
    with WorkerPool(settings.cfg.pdf) as pool:
        book = add_book(settings.workspace, pool, pdf, book_id=book_id, given=fields)
    if settings.as_json:
        print_json(plain(book))
    else:
        click.echo(f"{book.id}: {book.title}, {book.page_count} pages, sha256 {book.sha256}")


@books.command("list")
@common_options
def list_books(settings: Settings) -> None:
    """List the registered books, and those of the template that are not there yet."""
    from mmskin_build.books import read_registry
    from mmskin_build.store import plain

    registry = settings.workspace.books_toml
    entries = read_registry(registry) if registry.exists() else ()
    if settings.as_json:
        print_json({"books": [plain(book) for book in entries]})
    elif not entries:
        click.echo("no book yet; register one with: mmskin books add BOOK.pdf --id bk1")
    else:
        print_table(
            ["id", "title", "edition", "pages", "file"],
            [[b.id, b.title, b.edition, b.page_count or "-", b.path or "-"] for b in entries],
        )


@books.command()
@common_options
def check(settings: Settings) -> int:
    """Check that each registered file is there and unchanged."""
    from mmskin_build.books import check_book, read_books

    found: list[dict[str, str]] = []
    code = 0
    for book in read_books(settings.workspace):
        try:
            check_book(settings.workspace, book)
            found.append({"id": book.id, "status": "ok", "message": ""})
        except MmskinError as error:
            code = code or error.exit_code
            found.append({"id": book.id, "status": "bad", "message": str(error)})
    if settings.as_json:
        print_json({"books": found})
    else:
        for entry in found:
            click.echo(entry["message"] or f"{entry['id']}: ok", err=bool(entry["message"]))
    return code


COMMANDS = (books,)
