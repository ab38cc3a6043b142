"""The command that compares releases: diff."""

from __future__ import annotations

from pathlib import Path

import click

from mmskin_build.cli.console import progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options


@click.command(
    epilog="\b\nExample:\n  mmskin diff 1.0.0 1.1.0\n"
    "  mmskin diff 1.0.0 1.1.0 --format html --out diff.html"
)
@click.argument("a")
@click.argument("b")
@click.option(
    "--format", "form", type=click.Choice(("text", "json", "html")), help="How to tell it [text]."
)
@click.option("--out", type=EXISTING_PATH, help="File to write [standard output].")
@click.option("--name", help="Name of the data set [dataset.name in mmskin.toml, mm-skin].")
@common_options
def diff(
    a: str, b: str, form: str | None, out: Path | None, name: str | None, settings: Settings
) -> None:
    """Tell what differs from release A to release B, and why.

    Both are versions, or folders of releases. Told are records that were added, removed, changed
    by field or moved to another split, and groups that were joined, each with what caused it as
    far as it is recorded: another file of a book, a decision, settings, the program, a duplicate.
    The HTML is one file with thumbnails, which opens from disk.
    """
    from mmskin_build.dataset.diff import diff_html, diff_json, diff_releases, diff_text
    from mmskin_build.dataset.exports import find_release
    from mmskin_build.dataset.manifest import MANIFEST
    from mmskin_build.store import write_bytes

    name = name or settings.cfg.dataset.name
    folders = [
        Path(given)
        if (Path(given) / MANIFEST).is_file()
        else find_release(settings.workspace.releases, name, given)
        for given in (a, b)
    ]
    form = form or ("json" if settings.as_json else "text")
    with progress_bars(settings) as show:

        def tell(what: str, done: int, total: int) -> None:
            show("diff", what, done, total)

        found = diff_releases(folders[0], folders[1], tell)
        if form == "html":
            content = diff_html(found, tell)
        else:
            content = diff_json(found) if form == "json" else diff_text(found).encode()
    if out is None:
        click.echo(content, nl=False)
    else:
        write_bytes(out, content)
        click.echo(f"{out}: {len(content)} bytes", err=True)


COMMANDS = (diff,)
