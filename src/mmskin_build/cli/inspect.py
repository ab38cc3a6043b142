"""Commands that tell: doctor, config, schemas."""

from __future__ import annotations

import dataclasses

import click

from mmskin_build.cli.console import print_json
from mmskin_build.cli.options import Settings, common_options


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


COMMANDS = (config,)
