"""Commands that pass releases on: export, rebuild."""

from __future__ import annotations

from pathlib import Path

import click

from mmskin_build.cli.console import print_json, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import EXIT_PARTIAL

FORMS = ("upstream", "llava", "huggingface", "webdataset", "croissant", "parquet", "metadata")


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


@click.command(
    epilog="\b\nExample:\n  mmskin export --to huggingface\n"
    "  mmskin export 1.0.0 --to webdataset --split train,validation --shard-mb 200"
)
@click.argument("version", required=False)
@click.option("--to", required=True, type=click.Choice(FORMS), help="What it is for.")
@click.option("--out", type=EXISTING_PATH, help="Folder to make [data/exports/NAME/VERSION/FORM].")
@click.option("--name", help="Name of the data set [dataset.name in mmskin.toml, mm-skin].")
@click.option("--subset", metavar="C,O,D", help="Captions, open questions, age and sex [all].")
@click.option("--split", metavar="SIDES", help="Of train,validation,test [all].")
@click.option("--shard-mb", type=int, help="Size of webdataset's and huggingface's shards [500].")
@click.option("--embed", is_flag=True, help="parquet: pictures inside the table.")
@click.option("--replace", is_flag=True, help="Exchange an export that is there.")
@common_options
def export(
    version: str | None,
    to: str,
    out: Path | None,
    name: str | None,
    subset: str | None,
    split: str | None,
    shard_mb: int | None,
    embed: bool,
    replace: bool,
    settings: Settings,
) -> None:
    """Write a release in the form that another program reads.

    It is the last one unless VERSION is given.

    upstream: the scripts of MM-Skin. llava: LLaVA's training. huggingface: datasets.load_dataset.
    webdataset: tar shards. croissant: mlcroissant. parquet: pandas. metadata: no pictures and no
    captions, for owners of the same books, who make the release of it (mmskin rebuild).
    """
    from mmskin_build.dataset.exports import LEDGER, export_release, find_release

    workspace = settings.workspace
    release = find_release(workspace.releases, name or settings.cfg.dataset.name, version)
    place = workspace.data / "exports" / release.parent.name / release.name / to
    with progress_bars(settings) as show:
        folder = export_release(
            release,
            to,
            out or place,
            subset=_listed(subset),
            split=_listed(split),
            shard_mb=shard_mb,
            embed=embed,
            replace=replace,
            ledger=workspace.data / LEDGER,
            decisions=workspace.review / "decisions",
            progress=lambda done, total: show(to, "export", done, total),
        )
    if settings.as_json:
        import json

        from mmskin_build.dataset.exports import NOTE

        print_json({"export": str(folder), **json.loads((folder / NOTE).read_bytes())})
    else:
        click.echo(f"{folder}: {release.parent.name} {release.name} for {to}")


@click.command(epilog="\b\nExample:\n  mmskin rebuild --from mm-skin-1.0.0-metadata/")
@click.option(
    "--from",
    "metadata",
    required=True,
    type=EXISTING_PATH,
    metavar="METADATA",
    help="Folder of: mmskin export --to metadata.",
)
@click.option("--books", type=EXISTING_PATH, help="Where your books are [data/books.toml].")
@click.option("--partial", is_flag=True, help="Release what is as recorded, if not all is.")
@common_options
def rebuild(metadata: Path, books: Path | None, partial: bool, settings: Settings) -> int:
    """Make a release out of its metadata and your books.

    The books are known by sha256, so your ids for them may be others. They are built with the
    recorded settings in data/rebuilds; what comes out must be what is recorded, to the last pixel
    and letter. Otherwise what differs is listed, and nothing is released without --partial.
    """
    from mmskin_build.rebuild import rebuild as run
    from mmskin_build.store import plain

    with progress_bars(settings) as show:
        found = run(
            settings.workspace,
            metadata,
            registry=books or settings.workspace.books_toml,
            workers=settings.cfg.workspace.workers,
            partial=partial,
            progress=show,
        )
    if settings.as_json:
        print_json(plain(found))
    else:
        click.echo(f"{found.release}: {found.records} records")
        click.echo(f"content digest: {found.content_digest}")
        if found.is_same:
            click.echo("this is the recorded release")
        else:
            click.echo(f"{len(found.differences)} differences from what is recorded", err=True)
    return 0 if found.is_same else EXIT_PARTIAL


COMMANDS = (export, rebuild)
