"""The command that fits the confidence of pairs: calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmskin_build.cli.console import print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options

if TYPE_CHECKING:
    from mmskin_build.calibrate.examples import Example

_COLUMNS = ("count", "right", "error", "sure", "precision")


@click.command(epilog="\b\nExample:\n  mmskin calibrate --out confidence_model.json")
@click.option("--out", type=EXISTING_PATH, required=True, help="The model file to write.")
@click.option(
    "--books", type=click.IntRange(2), default=8, show_default=True, help="Generated books."
)
@click.option("--corpus", type=EXISTING_PATH, help="Labelled documents: labels/*.json and pdfs/.")
@click.option("--from-decisions", is_flag=True, help="Learn from verdicts of the review, too.")
@common_options
def calibrate(
    out: Path, books: int, corpus: Path | None, from_decisions: bool, settings: Settings
) -> None:
    """Fit and measure the confidence of pairs.

    Draws books, spoils them on purpose (lost pictures, moved and swapped captions, look-alikes),
    aligns them and learns which facts tell right pairs from wrong ones. The same inputs give the
    same file. The shipped model is src/mmskin_build/figures/confidence_model.json. With
    --from-decisions the pairs of the last build that a person decided count, too.
    """
    from mmskin_build.calibrate.run import calibrate as fit
    from mmskin_build.pdf.isolation import WorkerPool
    from mmskin_build.store import pretty_json, write_bytes

    decided = _decided(settings) if from_decisions else []
    with (
        progress_bars(settings) as show,
        WorkerPool(settings.cfg.pdf, settings.cfg.workers()) as pool,
    ):
        content = fit(
            pool, settings.cfg, books=books, corpus=corpus, decided=decided, progress=show
        )
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
    if from_decisions:
        click.echo(f"decided by people: {len(decided)} pairs and single halves")
    click.echo(f"written: {out}")


def _decided(settings: Settings) -> list[Example]:
    from mmskin_build.builds import read_build, read_pages_of
    from mmskin_build.calibrate.decided import decided_examples
    from mmskin_build.decisions import standing_decisions
    from mmskin_build.review.decisions import read_decisions

    decisions, _ = read_decisions(settings.workspace.review / "decisions")
    verdicts = [one.holds for one in standing_decisions(decisions).values()]
    found: list[Example] = []
    for book in read_build(settings.workspace).books:
        mine = [d for d in verdicts if d.field == "figure" and d.book_sha256 == book.sha256]
        if book.status == "built" and mine:
            pages = read_pages_of(settings.workspace, book)
            found += decided_examples(book.sha256, pages, mine, settings.cfg.figures)
    return found


COMMANDS = (calibrate,)
