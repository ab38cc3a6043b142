"""The command that fits the confidence of pairs: calibrate."""

from __future__ import annotations

from pathlib import Path

import click

from mmskin_build.cli.console import print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options

_COLUMNS = ("count", "right", "error", "sure", "precision")


@click.command(epilog="\b\nExample:\n  mmskin calibrate --out confidence_model.json")
@click.option("--out", type=EXISTING_PATH, required=True, help="The model file to write.")
@click.option(
    "--books", type=click.IntRange(2), default=8, show_default=True, help="Generated books."
)
@click.option("--corpus", type=EXISTING_PATH, help="Labelled documents: labels/*.json and pdfs/.")
@common_options
def calibrate(out: Path, books: int, corpus: Path | None, settings: Settings) -> None:
    """Fit and measure the confidence of pairs.

    Draws books, spoils them on purpose (lost pictures, moved and swapped captions, look-alikes),
    aligns them and learns which facts tell right pairs from wrong ones. The same inputs give the
    same file. The shipped model is src/mmskin_build/figures/confidence_model.json.
    """
    from mmskin_build.calibrate.run import calibrate as fit
    from mmskin_build.pdf.isolation import WorkerPool
    from mmskin_build.store import pretty_json, write_bytes

    with (
        progress_bars(settings) as show,
        WorkerPool(settings.cfg.pdf, settings.cfg.workers()) as pool,
    ):
        content = fit(pool, settings.cfg, books=books, corpus=corpus, progress=show)
    write_bytes(out, pretty_json(content))
    if settings.as_json:
        print_json(content)
        return
    pairs = content["measured"]["pair"]
    print_table(
        ["pairs", *_COLUMNS],
        [[name.replace("_", " "), *(pairs[name][c] for c in _COLUMNS)] for name in pairs],
    )
    for name, swaps in content["measured"]["swaps"].items():
        click.echo(f"swapped captions, {name}: {swaps['told']} of {swaps['made']} told")
    click.echo(f"written: {out}")


COMMANDS = (calibrate,)
