"""Commands around the model of modalities: modality train, modality evaluate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmskin_build.cli.console import Progress, print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options

if TYPE_CHECKING:
    from mmskin_build.images.examples import Labelled

_MODEL_NAME = "modality_model.json"


@click.group()
def modality() -> None:
    """Make the model that tells modalities again, or measure it."""


@modality.command(
    epilog="\b\nExamples:\n  mmskin modality train --from-decisions\n"
    "  mmskin modality train --pictures mine.csv --out data/modality_model.json"
)
@click.option("--pictures", multiple=True, type=EXISTING_PATH, help="CSV: file,class,source.")
@click.option("--from-decisions", is_flag=True, help="Learn from verdicts of the review.")
@click.option(
    "--decisions",
    type=EXISTING_PATH,
    default=Path("manual_review/decisions"),
    show_default=True,
    help="File or folder of decisions.",
)
@click.option("--pictures-in", type=EXISTING_PATH, help="Where decided pictures lie [DATA/work].")
@click.option("--base", type=EXISTING_PATH, help="Model file to add to [the shipped one].")
@click.option("--fresh", is_flag=True, help="Forget what the shipped model has learned.")
@click.option("--note", default="", help="A line for the card: where the pictures come from.")
@click.option("--out", type=EXISTING_PATH, help=f"Model file to write [DATA/{_MODEL_NAME}].")
@common_options
def train(
    pictures: tuple[Path, ...],
    from_decisions: bool,
    decisions: Path,
    pictures_in: Path | None,
    base: Path | None,
    fresh: bool,
    note: str,
    out: Path | None,
    settings: Settings,
) -> None:
    """Make a model file from pictures of your own.

    They are added to what the shipped model knows. A manifest is a CSV file with the columns file
    (relative to it), class (clinical, dermoscopic, pathological, other, radiology, nonphoto) and
    source (a book, a collection: whatever shares one look). With --from-decisions a person's
    verdicts on modality are learned from. The file holds features and weights, no picture, and a
    card that says how it was made and how well it does on sources left out. The same pictures give
    the same file.
    """
    from mmskin_build.images.examples import read_decisions
    from mmskin_build.images.train import gather_examples, train_model
    from mmskin_build.store import pretty_json, write_bytes

    labelled = _labelled(pictures)
    if from_decisions:
        folder = pictures_in or settings.workspace.work
        labelled += read_decisions([decisions], [folder])
    if not labelled and fresh:
        raise click.UsageError("--fresh needs --pictures or --from-decisions")
    target = out or settings.workspace.data / _MODEL_NAME
    with progress_bars(settings) as show:
        tell = _stages(show)
        examples, unread = gather_examples(labelled, base=base, fresh=fresh, progress=tell)
        content = train_model(examples, note=note, progress=tell)
    write_bytes(target, pretty_json(content))
    for line in unread:
        click.echo(f"not read: {line}", err=True)
    if settings.as_json:
        print_json({"out": str(target), "card": content["card"]})
        return
    click.echo(f"{target}: {int(examples.plain.sum())} pictures")
    _print_scores(
        {"in sample": content["card"]["in_sample"], "left out": content["card"]["left_out"]}
    )


@modality.command(
    epilog="\b\nExamples:\n  mmskin modality evaluate\n"
    "  mmskin modality evaluate --pictures mine.csv"
)
@click.option("--pictures", multiple=True, type=EXISTING_PATH, help="CSV: file,class,source.")
@click.option("--base", type=EXISTING_PATH, help="Model file to learn from [the shipped one].")
@click.option("--fresh", is_flag=True, help="Learn from the named pictures and drawn ones only.")
@common_options
def evaluate(
    pictures: tuple[Path, ...], base: Path | None, fresh: bool, settings: Settings
) -> None:
    """Measure the model on sources that it has not seen.

    Each source is left out in turn: those of the model file without --pictures, those of the
    manifests with it, whose pictures are measured again. Picture only, no words. Prints F1 by
    modality, the expected calibration error, the AUC of photographs against drawings and X-rays,
    and the share of X-rays that are called a skin modality with confidence.
    """
    from mmskin_build.images.train import evaluate_sources, gather_examples

    labelled = _labelled(pictures)
    sources = sorted({item.source for item in labelled}) if labelled else None
    with progress_bars(settings) as show:
        tell = _stages(show)
        examples, unread = gather_examples(labelled, base=base, fresh=fresh, progress=tell)
        found = evaluate_sources(examples, sources, progress=tell)
    for line in unread:
        click.echo(f"not read: {line}", err=True)
    if settings.as_json:
        print_json(found)
        return
    _print_scores({"left out": found})
    print_table(
        ["source", "kind", "pictures", "right"],
        [
            [source, kind, entry["pictures"], f"{entry['right']:.3f}"]
            for source, kinds in found["sources"].items()
            for kind, entry in kinds.items()
        ],
    )


def _labelled(manifests: tuple[Path, ...]) -> tuple[Labelled, ...]:
    from mmskin_build.images.examples import read_manifest

    return tuple(item for manifest in manifests for item in read_manifest(manifest))


def _stages(show: Progress) -> Callable[[str, int, int], None]:
    return lambda stage, done, total: show("modality", stage, done, total)


def _print_scores(found: dict[str, dict[str, Any]]) -> None:
    measures: tuple[str, ...] = (
        "pictures",
        "f1_macro",
        "f1_macro_with_other",
        "calibration_error",
        "photo_auc",
    )
    measures += ("radiology_called_skin",)
    kinds = ("clinical", "dermoscopic", "pathological")
    print_table(
        ["", *(name.replace("_", " ") for name in measures), *(f"f1 {kind}" for kind in kinds)],
        [
            [name, *(_shown(scores.get(m)) for m in measures)]
            + [_shown(scores.get("f1", {}).get(kind)) for kind in kinds]
            for name, scores in found.items()
        ],
    )


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


COMMANDS = (modality,)
