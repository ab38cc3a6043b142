"""The command that takes pictures down."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from mmskin_build.cli.console import print_json, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options


@click.command(
    epilog='\b\nExample:\n  mmskin withdraw bk10_30_26 --reason "the face can be recognized"\n'
    "  mmskin withdraw          # go on where a withdrawal was interrupted"
)
@click.argument("records", nargs=-1, metavar="[RECORD]...")
@click.option("--reason", help="Why; kept in the list of what was withdrawn, so name nobody.")
@click.option(
    "--release", "folder", type=EXISTING_PATH, help="Where to look RECORD up [all, newest first]."
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="When it was decided [today].")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
def withdraw(
    records: tuple[str, ...],
    reason: str | None,
    folder: Path | None,
    date: datetime.datetime | None,
    yes: bool,
    settings: Settings,
) -> None:
    """Remove pictures and their text from all releases and exports.

    Taken out are RECORD, the same picture in other releases, and near duplicates of it: they are
    listed before anything is done. data/withdrawn.jsonl keeps the ids and what a copy is known by,
    neither pixels nor words; later builds leave out what it names, and copies of that.

    The releases are written anew without the pictures, with new checksums and a word in CHANGES.md.
    The PDF and the work folder, which you own, are not touched.
    """
    from mmskin_build.dataset import withdraw as steps
    from mmskin_build.dataset.withdrawn import add_tombstones, read_tombstones
    from mmskin_build.store import plain

    workspace = settings.workspace
    if records and not (reason or "").strip():
        raise click.UsageError("say why, with --reason: it is kept with the withdrawal")
    with progress_bars(settings) as show:

        def progress(what: str, done: int, total: int) -> None:
            show("withdraw", what, done, total)

        steps.finish_moves(workspace.releases)
        listed = read_tombstones(workspace.withdrawn)
        targets = steps.find_targets(workspace.releases, records, folder)
        day = (date.date() if date else datetime.date.today()).isoformat()
        new = steps.make_tombstones(targets, reason=reason or "", withdrawn_on=day)
        affected = steps.find_affected(workspace.releases, (*listed, *new), progress)
    if not yes and affected:
        for release, gone in affected.items():
            click.echo(f"{release.parent.name} {release.name}: {', '.join(sorted(gone))}", err=True)
        click.confirm("Remove these records for good?", abort=True, err=True)
    add_tombstones(workspace.withdrawn, new)
    with progress_bars(settings) as show:
        done = steps.withdraw(
            workspace.releases,
            workspace.withdrawn,
            workspace.data / steps.LEDGER,
            affected=affected,
            decisions=workspace.review / "decisions",
            progress=progress,
        )
    if settings.as_json:
        print_json(plain(done))
        return
    for name, ids in done.releases.items():
        click.echo(f"{name}: {len(ids)} removed: {', '.join(ids)}")
    for path in done.exports:
        click.echo(f"made again: {path}")
    for path, why in done.deleted.items():
        click.echo(f"deleted, it could not be made again ({why}): {path}", err=True)
    for path in done.unknown:
        click.echo(f"its release is gone, look into it yourself: {path}", err=True)
    if not done.releases and not done.exports:
        click.echo("no release or export has what was withdrawn")


COMMANDS = (withdraw,)
