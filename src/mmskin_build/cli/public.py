"""The commands of public data sets: public list, add, check, prepare, questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmskin_build.cli.console import in_words, print_json, print_table, progress_bars
from mmskin_build.cli.options import Settings, common_options
from mmskin_build.errors import ConfigError, MmskinError

if TYPE_CHECKING:
    from mmskin_build.public.about import PublicSet
    from mmskin_build.public.prepare import Prepared
    from mmskin_build.public.questions import AskedSet

_PATH = click.Path(path_type=Path)


@click.group(
    epilog="""\b
Examples:
  mmskin public list                        which sets there are, what to download and where
  mmskin public add HAM10000 ~/ham10000     a folder, ZIP or TAR files; nothing is downloaded
  mmskin public check                       what is missing
  mmskin public prepare                     pictures, splits, tables, questions
  mmskin train --variant pub --model DIR""",
)
def public() -> None:
    """Prepare public data sets.

    You download what their makers publish; `list` says where. docs/public.md has the licenses and
    how splits are made.
    """


@public.command("list")
@click.argument("names", metavar="[SET]...", nargs=-1)
@common_options
def list_sets(names: tuple[str, ...], settings: Settings) -> None:
    """List the sets, with what to download.

    Which you have, which files each needs, where to get them.
    With SET, that set in full.
    """
    from mmskin_build.public.check import describe_sets

    found = describe_sets(settings.workspace, _named(names))
    if settings.as_json:
        print_json({"sets": found})
        return
    if not names:
        print_table(
            ["set", "modality", "pictures", "classes", "status", "license"],
            [
                [
                    one["set"],
                    one["modality"],
                    one["published_pictures"] or "-",
                    one["published_classes"] or "-",
                    one["status"],
                    one["license"],
                ]
                for one in found
            ],
        )
    for one in found:
        if names or one["status"] == "missing":
            click.echo(f"{one['set']}: {one['source']}")
            for wanted in one["files"]:
                needed = "" if wanted["is_needed"] else " (optional)"
                click.echo(f"    {' or '.join(wanted['names'])}: {wanted['what']}{needed}")
    for one in found if names else []:
        click.echo(f"{one['set']}: {one['title']}; {one['paper']}; {one['license']}")
        click.echo(f"    splits: {one['split']}")
        if one["unverified"]:
            click.echo(f"    not verified: {one['unverified']}")


@public.command()
@click.argument("name", metavar="SET")
@click.argument("paths", metavar="PATH...", type=_PATH, nargs=-1, required=True)
@common_options
def add(name: str, paths: tuple[Path, ...], settings: Settings) -> None:
    """Register where a set lies.

    Name all its folders, archives and tables: they take the place of those that were registered for
    the set. Archives in folders need not be named, nor unpacked.
    """
    from mmskin_build.public.registry import add_set
    from mmskin_build.public.sets import find_set

    places = add_set(settings.workspace, name, paths)
    known = find_set(name).about.name
    if settings.as_json:
        print_json({"set": known, "paths": [str(place) for place in places]})
    else:
        click.echo(f"{known}: {', '.join(map(str, places))}; next: mmskin public check {known}")


@public.command()
@click.argument("names", metavar="[SET]...", nargs=-1)
@common_options
def check(names: tuple[str, ...], settings: Settings) -> int:
    """Say what is missing of registered sets.

    Pictures are not opened. Told are missing files and columns, rows without picture, pictures
    without row, labels that are not known; and whether prepared sets still have their pictures.
    """
    from mmskin_build.public.check import check_set

    found: list[dict[str, Any]] = []
    code = 0
    for one, paths in _registered(settings, names):
        try:
            found.append(check_set(settings.workspace, one, paths))
        except MmskinError as error:
            code = code or error.exit_code
            found.append({"set": one.about.name, "status": "bad", "message": str(error)})
    if settings.as_json:
        print_json({"sets": found})
        return code
    for entry in found:
        if entry["status"] == "bad":
            click.echo(entry["message"], err=True)
            continue
        click.echo(
            f"{entry['set']}: {entry['usable']} of {entry['listed']} rows can be used, "
            f"{len(entry['classes'])} classes; left out: {in_words(entry['rejects'])}"
        )
        for example in entry["examples"]:
            click.echo(f"    {example}")
        if entry["message"]:
            click.echo(f"    {entry['message']}", err=True)
            code = code or 1
    return code


@public.command()
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option("--partial", "is_partial", is_flag=True, help="Also where many pictures are missing.")
@click.option("--no-questions", is_flag=True, help="Write no questions to train on.")
@common_options
def prepare(
    names: tuple[str, ...], is_partial: bool, no_questions: bool, settings: Settings
) -> None:
    """Make registered sets usable.

    Pictures, splits, tables and questions go to data/public/SET: items.jsonl, images/, tables in
    upstream's form, rejects.jsonl with reasons, prepared.json with counts and checksums. Splits
    keep patients, lesions and near duplicates together, over all sets and the last release. A
    stopped run goes on.
    """
    from mmskin_build.public.prepare import prepare as prepare_sets
    from mmskin_build.public.questions import write_questions
    from mmskin_build.store import plain

    chosen = _registered(settings, names)
    with progress_bars(settings) as show:
        made = prepare_sets(
            settings.workspace, settings.cfg, chosen, is_partial=is_partial, show=show
        )
        asked = (
            () if no_questions else write_questions(settings.workspace, settings.cfg.public, show)
        )
    if settings.as_json:
        print_json({**plain(made), "questions": [plain(one) for one in asked]})
    elif not settings.quiet:
        _print_prepared(made)
        _print_asked(asked)
        click.echo(f"written: {settings.workspace.public}")


@public.command()
@common_options
def questions(settings: Settings) -> None:
    """Ask about the prepared sets again.

    For instance with other settings of [public].
    """
    from mmskin_build.public.questions import write_questions
    from mmskin_build.store import plain

    with progress_bars(settings) as show:
        asked = write_questions(settings.workspace, settings.cfg.public, show)
    if settings.as_json:
        print_json({"questions": [plain(one) for one in asked]})
    elif not settings.quiet:
        _print_asked(asked)


def _named(names: Sequence[str]) -> list[PublicSet]:
    from mmskin_build.public.sets import SETS, find_set

    return [find_set(name) for name in names] or list(SETS)


def _registered(
    settings: Settings, names: Sequence[str]
) -> list[tuple[PublicSet, tuple[Path, ...]]]:
    """The sets named, or all that are registered, with where they lie."""
    from mmskin_build.public.registry import read_registry

    registry = read_registry(settings.workspace)
    if not registry:
        raise ConfigError(
            f"{settings.workspace.public_toml}: no public set is registered; see "
            "`mmskin public list`, then: mmskin public add SET PATH..."
        )
    chosen = _named(names)
    for one in chosen if names else []:
        if one.about.name not in registry:
            raise ConfigError(
                f"{one.about.name} is not registered; "
                f"run: mmskin public add {one.about.name} PATH..."
            )
    return [(one, registry[one.about.name]) for one in chosen if one.about.name in registry]


def _print_prepared(made: Prepared) -> None:
    columns = ["set", "pictures", "published", "classes", "groups", "train", "validation", "test"]
    print_table(
        [*columns, "moved", "left out"],
        [
            [
                one.read.set, one.pictures, one.published_pictures or "-", len(one.classes),
                one.groups, *(one.sides.get(side, 0) for side in ("train", "validation", "test")),
                in_words(one.moved), in_words(one.rejects),
            ]
            for one in made.sets
        ],
    )  # fmt: skip
    for one in made.sets:
        for note in one.read.notes:
            click.echo(f"{one.read.set}: {note}")
    if made.release is not None:
        click.echo(f"held to the release {made.release}")


def _print_asked(asked: Sequence[AskedSet]) -> None:
    if asked:
        print_table(
            ["set", "side", "pictures", "asked about", "pairs", "yes", "no", "refused"],
            [
                [
                    one.set, one.split, one.pictures, one.chosen, one.pairs, one.yes,
                    one.no, in_words(one.refused),
                ]
                for one in asked
            ],
        )  # fmt: skip


COMMANDS = (public,)
