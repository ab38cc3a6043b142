"""Commands that tell: doctor, config, schemas."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import MissingDependencyError


@click.command()
@common_options
def doctor(settings: Settings) -> int:
    """Tell what is installed, what is missing, how to get it."""
    from mmskin_build.doctor import examine

    checks = examine(settings.workspace, settings.cfg)
    if settings.as_json:
        print_json({"checks": [dataclasses.asdict(check) for check in checks]})
    else:
        print_table(
            ["", "what", "found", "what to do"],
            [[check.status, check.name, check.found, check.mend] for check in checks],
        )
    bad = any(check.status == "missing" for check in checks)
    return MissingDependencyError.exit_code if bad else 0


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
