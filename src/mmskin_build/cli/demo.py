"""The command that shows everything on a generated book: demo."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmskin_build.cli.console import print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.config import Workspace
from mmskin_build.errors import ReleaseError

if TYPE_CHECKING:
    from mmskin_build.dataset.summary import BuildSummary
    from mmskin_build.demo.score import DemoScore

_BOOK_ID = "demo"
_MEASURES = ("f1", "located", "precision", "recall", "labels", "panels", "pixels")
_SHOWN = 20  # misses


@click.command(epilog="\b\nExample:\n  mmskin demo --out ~/demo")
@click.option("--out", type=EXISTING_PATH, help="Folder [data/demo].")
@click.option("--pages", type=click.IntRange(8), default=40, show_default=True, help="Pages.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another book.")
@common_options
def demo(out: Path | None, pages: int, seed: int, settings: Settings) -> int:
    """Show it all on a generated book, scored against its truth.

    The book is drawn by code with the layouts that real books have; nothing in it is real. It is
    registered, built, scored, audited and released. Exit code 1 if the score is not perfect.
    """
    from mmskin_build import builds, steps
    from mmskin_build.books import add_book
    from mmskin_build.demo.book import write_demo_book
    from mmskin_build.demo.score import score_alignment
    from mmskin_build.reports import write_reports

    workspace = Workspace(out or settings.workspace.data / "demo")
    pdf = workspace.data / "demo.pdf"
    click.echo(f"drawing a book of {pages} pages", err=True)
    truth = write_demo_book(pdf, seed=seed, pages=pages)
    workspace.books_toml.unlink(missing_ok=True)
    with (
        progress_bars(settings) as show,
        steps.open_job(workspace, settings.cfg, show) as job,
    ):
        title = "The demo book: drawn by code"
        add_book(workspace, job.pool, pdf, book_id=_BOOK_ID, given={"title": title})
        outcomes = [builds.build_book(job, book) for book in builds.begin_build(workspace)]
        summary = builds.finish_build(workspace, settings.cfg, outcomes)
        (report,) = write_reports(job, table=True)
    (book,) = summary.books
    score = score_alignment(
        truth,
        builds.read_alignment(workspace, book),
        truth_pixels=pdf.with_name(truth.pixels_dir),
        exported=builds.pictures_folder(workspace, book),
    )
    release = _release(workspace, settings, summary)
    perfect = all(getattr(score, name) == 1.0 for name in _MEASURES) and not score.misses
    places = {
        "book": str(pdf),
        "audit": str(report.index),
        "release": str(release),
    }
    if settings.as_json:
        print_json({"perfect": perfect, "score": dataclasses.asdict(score), **places})
    else:
        _print_score(score, perfect)
        for name, place in places.items():
            click.echo(f"{name}: {place}")
    return 0 if perfect else 1


def _release(workspace: Workspace, settings: Settings, summary: BuildSummary) -> Path:
    """Release the demo, unless the last release has the same content already."""
    from mmskin_build.builds import make_release
    from mmskin_build.dataset.released import read_manifest, released_versions

    folder = workspace.releases / settings.cfg.dataset.name
    versions = released_versions(folder)
    last = folder / versions[-1] if versions else None
    if last is not None and read_manifest(last).build_digest == summary.content_digest:
        return last
    try:
        return make_release(workspace, settings.cfg, None, leave_out_held=True)
    except ReleaseError as error:
        raise ReleaseError(f"{error}; or use a new folder: mmskin demo --out DIR") from error


def _print_score(score: DemoScore, perfect: bool) -> None:
    values = [f"{getattr(score, name):.4f}" for name in _MEASURES]
    print_table(["figures", *_MEASURES], [[score.labelled, *values]])
    for miss in score.misses[:_SHOWN]:
        click.echo(f"miss: {miss}")
    if len(score.misses) > _SHOWN:
        click.echo(f"and {len(score.misses) - _SHOWN} more")
    click.echo("equal to the truth" if perfect else "not equal to the truth")


COMMANDS = (demo,)
