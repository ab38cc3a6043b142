"""The commands that score a model: evaluate."""

from __future__ import annotations

import click

from mmskin_build.cli import evaluate_classify


@click.group()
def evaluate() -> None:
    """Score a model, or a file of its answers."""


for command in evaluate_classify.COMMANDS:
    evaluate.add_command(command)

COMMANDS = (evaluate,)
