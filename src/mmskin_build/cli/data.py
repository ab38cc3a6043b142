"""Commands about what goes in and what comes out: books, release, verify."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import click

from mmskin_build.cli.console import in_words, print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import (
    EXIT_PARTIAL,
    AdobeExtractError,
    ConfigError,
    InputPdfError,
    MmskinError,
)


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
    "--adobe",
    type=EXISTING_PATH,
    metavar="DIR",
    help="Folder with structuredData.json of Adobe PDF Extract: take text and figures from it.",
)
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
    adobe: Path | None,
    skip_pages: tuple[str, ...],
    settings: Settings,
    **given: str | None,
) -> None:
    """Register PDF under an id, with its sha256 and number of pages."""
    from mmskin_build.books import add_book
    from mmskin_build.pdf.isolation import WorkerPool
    from mmskin_build.store import plain

    fields = {**given, "adobe": adobe, "skip_pages": skip_pages or None}
    with WorkerPool(settings.cfg.pdf) as pool:
        book = add_book(settings.workspace, pool, pdf, book_id=book_id, given=fields)
    if settings.as_json:
        print_json(plain(book))
    else:
        click.echo(f"{book.id}: {book.title}, {book.page_count} pages, sha256 {book.sha256}")


@books.command("list")
@common_options
def list_books(settings: Settings) -> None:
    """List the registered books, and those that are wanted."""
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


@books.command()
@common_options
def push(settings: Settings) -> int:
    """Put the books where workers without a shared folder fetch them.

    They go to the storage that store.remote names. A build does so, too; this does it before, from
    where the books are. Books that are there already are not sent again; one that cannot be used
    is listed, and the others go on (exit code 12).
    """
    from mmskin_build.books import push_book, read_books
    from mmskin_build.remote import open_remote

    if not settings.workspace.remote:
        raise ConfigError(
            "store.remote is not set; write it into mmskin.toml, as in s3://bucket/prefix "
            "(docs/scale.md)"
        )
    remote = open_remote(settings.workspace.remote)
    remote.check()
    found: list[dict[str, str]] = []
    for book in read_books(settings.workspace):
        try:
            status = "pushed" if push_book(settings.workspace, book, remote) else "there"
            found.append({"id": book.id, "status": status, "message": ""})
        except (InputPdfError, AdobeExtractError) as error:
            found.append({"id": book.id, "status": "bad", "message": str(error)})
    counts = Counter(entry["status"] for entry in found)
    if settings.as_json:
        print_json({"books": found})
    else:
        for entry in found:
            if entry["message"]:
                click.echo(entry["message"], err=True)
        click.echo(f"{counts['pushed']} pushed, {counts['there']} there already")
    return EXIT_PARTIAL if counts["bad"] else 0


@click.command(
    epilog="\b\nExample:\n  mmskin release --next\n  mmskin verify data/releases/mm-skin/1.0.0"
)
@click.argument("version", required=False)
@click.option("--next", "is_next", is_flag=True, help="Choose the version by what has changed.")
@click.option("--leave-out-held", is_flag=True, help="Leave out what a person has yet to decide.")
@click.option("--name", help="Name of the data set [dataset.name in mmskin.toml, mm-skin].")
@common_options
def release(
    version: str | None,
    is_next: bool,
    leave_out_held: bool,
    name: str | None,
    settings: Settings,
) -> None:
    """Write the last build as an immutable release.

    It goes to data/releases/NAME/VERSION. VERSION counts up from the last one, as in Croissant 1.1:
    records that were edited, removed or moved to another split raise the first number, new ones
    the second, another packing the third; a smaller step is refused, and --next takes the least. A
    release that exists is never changed. Nothing that is on two splits is released: near duplicates
    are sought once more. Pictures that wait for a person's decision, for instance because a face
    may be seen, refuse a release or are left out of it and counted.
    """
    from mmskin_build.builds import make_release
    from mmskin_build.dataset.manifest import NOTICE
    from mmskin_build.dataset.released import read_manifest
    from mmskin_build.store import plain

    cfg = settings.cfg
    if name is not None:
        cfg = dataclasses.replace(cfg, dataset=dataclasses.replace(cfg.dataset, name=name))
    if is_next == (version is not None):
        raise click.UsageError("give either a VERSION, as in 1.0.0, or --next")
    with progress_bars(settings) as show:
        folder = make_release(
            settings.workspace,
            cfg,
            version,
            leave_out_held=leave_out_held,
            progress=lambda what, done, total: show("release", what, done, total),
        )
    manifest = read_manifest(folder)
    if settings.as_json:
        print_json({"release": str(folder), **plain(manifest)})
        return
    click.echo(f"{folder}: {manifest.counts['records']} records")
    click.echo(f"content digest: {manifest.content_digest}")
    if manifest.left_out_held:
        click.echo(f"left out, to be decided: {in_words(manifest.left_out_held)}")
    click.echo(NOTICE, err=True)


@click.command(epilog="\b\nExample:\n  mmskin verify data/releases/mm-skin/1.0.0")
@click.argument("release", type=EXISTING_PATH)
@common_options
def verify(release: Path, settings: Settings) -> None:
    """Prove that a release is what its manifest says.

    Checked are the files' bytes, the records, the counts, the pixels of each picture, and that no
    near duplicate, figure or caption is on two splits.
    """
    from mmskin_build.dataset.verify import verify_or_raise
    from mmskin_build.dataset.withdrawn import read_tombstones
    from mmskin_build.store import plain

    withdrawn = {t.image_sha256 for t in read_tombstones(settings.workspace.withdrawn)}
    with progress_bars(settings) as show:
        found = verify_or_raise(
            release,
            withdrawn=withdrawn,
            progress=lambda what, done, total: show("verify", what, done, total),
        )
    if settings.as_json:
        print_json(plain(found))
    else:
        click.echo(f"{release}: sound, {found.records} records, {found.files} files")
