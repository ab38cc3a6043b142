"""The command that takes pictures down."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import click

from mmskin_build.cli.console import Progress, print_json, progress_bars
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

    Taken out are RECORD, the same picture in other releases, and near duplicates of it, in prepared
    public sets, too; those of releases are listed before anything is done. data/withdrawn.jsonl
    keeps the ids and what a copy is known by, neither pixels nor words; later builds leave out what
    it names, and copies of that.

    The releases are written anew without the pictures, with new checksums and a word in CHANGES.md.
    The PDF and the work folder, which you own, are not touched.
    """
    from mmskin_build.dataset import withdraw as steps
    from mmskin_build.dataset.exports import LEDGER
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
            workspace.data / LEDGER,
            affected=affected,
            decisions=workspace.review / "decisions",
            progress=progress,
        )
        sets, unknown = _withdraw_from_sets(settings, show)
    scored = steps.find_evaluations(workspace.data / "evaluations", done.releases)
    if settings.as_json:
        told = {"sets": sets, "sets_unknown": unknown, "evaluations": [str(p) for p in scored]}
        print_json({**plain(done), **told})
        return
    for name, ids in done.releases.items():
        click.echo(f"{name}: {len(ids)} removed: {', '.join(ids)}")
    for path in done.exports:
        click.echo(f"made again: {path}")
    for path, why in done.deleted.items():
        click.echo(f"deleted, it could not be made again ({why}): {path}", err=True)
    for path in done.unknown:
        click.echo(f"its release is gone, look into it yourself: {path}", err=True)
    for name, images in sets.items():
        click.echo(f"public set {name}: {len(images)} removed: {', '.join(images)}")
    for name in unknown:
        click.echo(
            f"public set {name}: copies in it cannot be told; run mmskin public prepare {name}",
            err=True,
        )
    for file in scored:
        click.echo(f"asks about what was withdrawn, delete it or evaluate anew: {file}", err=True)
    if not done.releases and not done.exports and not sets:
        click.echo("no release, export or public set has what was withdrawn")


def _withdraw_from_sets(
    settings: Settings, show: Progress
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Prepare public sets anew that have what was withdrawn; the pictures, and unknown sets."""
    from mmskin_build.public.prepare import INDEX, settle
    from mmskin_build.public.takedown import asks_about_others, find_in_sets, prepared_items

    workspace = settings.workspace
    if not prepared_items(workspace):
        return {}, ()
    from mmskin_build.images.duplicates import DuplicateIndex
    from mmskin_build.public.questions import TRAIN, VALIDATION, write_questions

    with DuplicateIndex(workspace.public_work / INDEX) as index:
        found = find_in_sets(workspace, index)
        if found.pictures:
            settle(workspace, settings.cfg, index, show)
    if asks_about_others(workspace, (TRAIN, VALIDATION)):  # also where a run was interrupted
        write_questions(workspace, settings.cfg.public, show)
    return found.pictures, found.unknown


COMMANDS = (withdraw,)
