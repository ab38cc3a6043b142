"""Commands about the published MM-Skin: import it, compare a release with it."""

from __future__ import annotations

from pathlib import Path

import click

from mmskin_build.cli.console import in_words, print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options


@click.group("import")
def import_group() -> None:
    """Make a release of what somebody else published."""


@import_group.command(
    "upstream", epilog="\b\nExample:\n  mmskin import upstream ~/MM-Skin --resplit"
)
@click.argument("folder", metavar="DIR", type=EXISTING_PATH)
@click.option("--name", default="mmskin-published", show_default=True, help="Name of the data set.")
@click.option("--version", default="1.0.0", show_default=True, help="Version of the release.")
@click.option("--resplit", is_flag=True, help="Mend the published division where it leaks.")
@common_options
def import_upstream(
    folder: Path, name: str, version: str, resplit: bool, settings: Settings
) -> None:
    """Make a release of the published MM-Skin.

    DIR has caption.csv (image, caption, modality) and the pictures, in dataset/ or beside it; it
    may have vqa_MM.json and MM-Skin_test.csv. The release goes to data/releases/NAME/VERSION, what
    could not be used to VERSION.rejects.jsonl beside it. Pictures of the test table test, all
    others train. Where near duplicates or panels of one figure stand on both sides, the release
    says so and mmskin verify finds it unsound; with --resplit all of such a group trains.
    """
    from mmskin_build.dataset.import_upstream import import_upstream as run
    from mmskin_build.dataset.withdrawn import read_tombstones
    from mmskin_build.store import plain

    with progress_bars(settings) as show:
        found = run(
            folder,
            settings.workspace.releases,
            name,
            version,
            resplit=resplit,
            withdrawn=read_tombstones(settings.workspace.withdrawn),
            progress=lambda what, done, total: show("upstream", what, done, total),
        )
    if settings.as_json:
        print_json(plain(found))
        return
    click.echo(f"{found.release}: {found.records} records, {found.questions} questions")
    click.echo(f"sides: {in_words(found.sides)}")
    click.echo(f"left out: {in_words(found.rejects)} ({found.rejects_file})")
    leaks = found.leaks
    if leaks.groups:
        click.echo(
            f"the published division leaks: {leaks.groups} groups on both sides, {leaks.test} "
            f"pictures in test, {leaks.train} in training; "
            + ("all are in training now" if resplit else "--resplit mends that"),
            err=True,
        )


@click.group("compare")
def compare_group() -> None:
    """Compare a release with what somebody else published."""


@compare_group.command(
    "upstream", epilog="\b\nExample:\n  mmskin compare upstream ~/MM-Skin --out compared/"
)
@click.argument("folder", metavar="DIR", type=EXISTING_PATH)
@click.option("--release", "version", metavar="VERSION", help="Which release [the last one].")
@click.option("--name", help="Name of the data set [dataset.name in mmskin.toml, mm-skin].")
@click.option("--out", type=EXISTING_PATH, help="Folder for compare.json and compare.csv.")
@common_options
def compare_upstream(
    folder: Path, version: str | None, name: str | None, out: Path | None, settings: Settings
) -> None:
    """Tell which published pairs a release has, and which not.

    A pair is looked up by its picture: the very pixels, then a near duplicate. The same picture
    with another caption is a contradiction. Only then is it looked up by its caption.
    """
    from mmskin_build.dataset import compare_upstream as steps
    from mmskin_build.dataset.exports import find_release

    workspace = settings.workspace
    release = find_release(workspace.releases, name or settings.cfg.dataset.name, version)
    with progress_bars(settings) as show:
        found = steps.compare_upstream(
            folder,
            release,
            progress=lambda what, done, total: show("upstream", what, done, total),
        )
    if out is not None:
        steps.write_comparison(found, out)
    if settings.as_json:
        print_json(steps.summarize(found))
        return
    print_table(
        ["pairs", "found by", "number", "share", "caption alike"],
        [
            [row.outcome, row.by, row.pairs, f"{row.share:.1%}", f"{row.similarity:.0f}"]
            for row in steps.count_outcomes(found)
        ],
    )
    click.echo(
        f"{len(found.pairs)} published pairs; {found.release} has {found.records} records, "
        f"{len(found.only_here)} of them not published"
    )
    if out is not None:
        click.echo(f"{out / steps.TABLE} has each pair")


COMMANDS = (import_group, compare_group)
