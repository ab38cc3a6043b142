"""Commands that tell: doctor, config, schemas."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmskin_build.cli.console import print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import MissingDependencyError, StorageError

if TYPE_CHECKING:
    from mmskin_build.repair import Damage


@click.command()
@click.option("--repair", is_flag=True, help="Mend the work folder; let no build run meanwhile.")
@common_options
def doctor(repair: bool, settings: Settings) -> int:
    """Tell what is installed, missing or damaged, and mend it.

    All stage outputs, queues, decisions and releases of the data folder are looked at. With
    --repair what a build can make again is removed or made again; decisions, books and releases
    are never changed. Every file there is read in full, and how much that was is told. Exit code
    11 where something stays to be mended.
    """
    import time

    from mmskin_build.doctor import examine
    from mmskin_build.repair import STORE, find_damage
    from mmskin_build.repair import repair as mend

    checks = examine(settings.workspace, settings.cfg)
    read_mb, start = 0, time.monotonic()
    with progress_bars(settings) as show:

        def tell(book_id: str, stage: str, done: int, total: int) -> None:
            nonlocal read_mb
            read_mb = total if stage == STORE else read_mb
            show(book_id, stage, done, total)

        if repair:
            damages = mend(settings.workspace, settings.cfg, tell)
        else:
            damages = find_damage(settings.workspace, tell)
    if read_mb and not settings.quiet:
        took_s = time.monotonic() - start
        click.echo(f"{read_mb} MB of stage outputs were read, in {took_s:.0f} s", err=True)
    if settings.as_json:
        print_json(
            {
                "checks": [dataclasses.asdict(check) for check in checks],
                "damages": [dataclasses.asdict(damage) for damage in damages],
            }
        )
    else:
        print_table(
            ["", "what", "found", "what to do"],
            [[check.status, check.name, check.found, check.mend] for check in checks],
        )
        _print_damages(damages, repair)
    if any(check.status == "missing" for check in checks):
        return MissingDependencyError.exit_code
    return StorageError.exit_code if any(not damage.done for damage in damages) else 0


def _print_damages(damages: Sequence[Damage], repaired: bool) -> None:
    if not damages:
        click.echo("work folder: nothing is damaged")
        return
    print_table(
        ["", "what", "where", "found", "mend"],
        [
            [
                "done" if d.done else "to do",
                d.what,
                d.path,
                d.found,
                d.mend,
            ]
            for d in damages
        ],
    )
    if not repaired and any(not damage.by_person for damage in damages):
        click.echo("nothing was changed; mmskin doctor --repair mends it, then: mmskin build")


@click.command()
@common_options
def config(settings: Settings) -> None:
    """Print the settings in force as TOML."""
    values = dataclasses.asdict(settings.cfg)
    if settings.as_json:
        print_json(values)
        return
    import tomlkit

    click.echo(tomlkit.dumps(values).rstrip())


@click.command()
@click.option("--out", default="schemas", show_default=True, type=EXISTING_PATH, help="Folder.")
@common_options
def schemas(out: Path, settings: Settings) -> None:
    """Write the JSON Schemas of all files that the program writes."""
    from mmskin_build.dataset.schemas import write_schemas

    written = [str(path) for path in write_schemas(out)]
    if settings.as_json:
        print_json({"schemas": written})
    else:
        click.echo("\n".join(written))


COMMANDS = (doctor, config, schemas)
