"""The commands that score models: evaluate vqa, compare, and those of classes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmskin_build.cli import evaluate_classify
from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.evaluate_classify import model_name
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.cli.skinvl import step_bar, training_packages, without_words
from mmskin_build.errors import ConfigError

if TYPE_CHECKING:
    from mmskin_build.evaluate.results import Result
    from mmskin_build.evaluate.test_sets import TestSet


@click.group()
def evaluate() -> None:
    """Score models, with intervals and comparisons one can defend."""


@evaluate.command(
    epilog="\b\nExamples:\n  mmskin evaluate vqa --model data/models/mm\n"
    "  mmskin evaluate vqa --answers other.csv --table MM-Skin_test.csv --captions caption.csv"
)
@click.option("--model", type=EXISTING_PATH, help="Model folder.")
@click.option("--adapter", type=EXISTING_PATH, help="Adapter to put on it.")
@click.option("--answers", type=EXISTING_PATH, help="File with any model's answers instead.")
@click.option("--name", help="Name of the model in tables [that of its folder or file].")
@click.option("--release", help="Version of the release [the last].")
@click.option("--data-file", type=EXISTING_PATH, help="LLaVA JSON with questions instead.")
@click.option("--table", type=EXISTING_PATH, help="CSV image,question,answer instead.")
@click.option("--captions", type=EXISTING_PATH, help="Its caption.csv: modality of each picture.")
@click.option("--images", type=EXISTING_PATH, help="Folder of the pictures [beside the file].")
@click.option(
    "--preset",
    type=click.Choice(["standard", "upstream"]),
    default="standard",
    show_default=True,
    help="Definitions of the scores.",
)
@click.option("--bert", help="Model for BERTScore: a folder or a name [left out].")
@click.option("--decoding", type=click.Choice(["greedy", "upstream"]), help="[generate.decoding]")
@click.option("--out", type=EXISTING_PATH, help="Folder [data/evaluations/NAME].")
@common_options
def vqa(
    model: Path | None,
    adapter: Path | None,
    answers: Path | None,
    name: str | None,
    release: str | None,
    data_file: Path | None,
    table: Path | None,
    captions: Path | None,
    images: Path | None,
    preset: Any,
    bert: str | None,
    decoding: Any,
    out: Path | None,
    settings: Settings,
) -> None:
    """Score answers to the questions of a test set.

    Of a model folder, or of a file with any model's answers. A run that was stopped goes on.
    """
    if (model is None) == (answers is None):
        raise click.UsageError("give --model DIR or --answers FILE")
    if data_file is not None and table is not None:
        raise click.UsageError("give --data-file or --table, not both")
    test = _test_set(settings, release, data_file, table, captions, images)
    named = name or model_name(model, adapter, answers)
    folder = out or settings.workspace.data / "evaluations" / named
    if answers is not None:
        from mmskin_build.evaluate.run import score_answer_file

        result = score_answer_file(test, answers, named, folder, preset=preset, bert=bert)
    else:
        with training_packages():
            from mmskin_build.evaluate.ask import evaluate_model
            from mmskin_build.skinvl.generate import load_answerer
        cfg = settings.cfg.generate
        if decoding is not None:
            cfg = dataclasses.replace(cfg, decoding=decoding)
        precision = settings.cfg.train.precision
        answerer = load_answerer(model or Path(), adapter=adapter, precision=precision)
        with step_bar(settings, "questions") as tell:
            result = evaluate_model(
                test,
                answerer,
                named,
                cfg,
                folder,
                preset=preset,
                bert=bert,
                tell=without_words(tell),
            )
    _print_result(result, folder, settings)


@evaluate.command(epilog="\b\nExample:\n  mmskin evaluate compare data/evaluations/*")
@click.argument("folders", nargs=-1, required=True, type=EXISTING_PATH)
@click.option("--out", type=EXISTING_PATH, help="Folder [data/evaluations/comparison].")
@common_options
def compare(folders: tuple[Path, ...], out: Path | None, settings: Settings) -> None:
    """Compare evaluated models on the items that all of them have.

    Paired, clustered by figure or patient, p-values corrected for their number after Holm.
    """
    if len(folders) < 2:
        raise click.UsageError("give two folders or more")
    from mmskin_build.evaluate.compare import compare_folders
    from mmskin_build.evaluate.comparison_page import write_comparison

    found = compare_folders(folders)
    folder = out or settings.workspace.data / "evaluations" / "comparison"
    write_comparison(folder, found)
    if settings.as_json:
        print_json({**dataclasses.asdict(found), "folder": str(folder)})
        return
    rows = [
        [d.model, d.score, f"{d.value:+.4f}", _between(d.low, d.high), _number(d.p_holm),
         _number(d.detectable)]
        for d in found.differences if d.by == "all"
    ]  # fmt: skip
    click.echo(f"{found.set}: {found.n} items that all have, in {found.clusters} clusters")
    print_table(["minus " + found.models[0], "score", "difference", "95 %", "p", "can show"], rows)
    click.echo(f"page: {folder / 'comparison.html'}")


def _test_set(
    settings: Settings, release: str | None, data_file: Path | None, table: Path | None,
    captions: Path | None, images: Path | None,
) -> TestSet:  # fmt: skip
    from mmskin_build.dataset.released import released_versions
    from mmskin_build.evaluate.test_sets import read_llava_set, read_release_set, read_table_set

    if table is not None:
        return read_table_set(table, images, captions)
    if data_file is not None:
        return read_llava_set(data_file, images)
    folder = settings.workspace.releases / settings.cfg.dataset.name
    version = release or next(reversed(released_versions(folder)), None)
    if version is None:
        raise ConfigError(f"{folder}: no release to test on; make one, or give --table FILE")
    return read_release_set(folder / version)


def _print_result(result: Result, folder: Path, settings: Settings) -> None:
    from mmskin_build.store import plain

    if settings.as_json:
        print_json({**plain(result), "folder": str(folder)})
        return
    beside = {n: {s.name: s for s in g[0].scores} for n, g in result.baselines.items()}
    rows = [
        [s.name, _number(s.value), _between(s.low, s.high), s.n]
        + [_number(own[s.name].value) if s.name in own else "-" for own in beside.values()]
        for s in result.groups[0].scores
    ]
    click.echo(f"{result.model} on {result.set}")
    print_table(["score", "value", "95 %", "items", *beside], rows)
    told = result.provenance
    decoding = ", ".join(f"{key} {value}" for key, value in told.decoding.items())
    click.echo(f"prompt: {told.prompt}; decoding: {decoding}")
    click.echo(f"preset: {told.preset}; versions: {told.versions}; code: {told.code}")
    for note in told.notes:
        click.echo(note, err=True)
    click.echo(f"scores: {folder / 'scores.json'}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _between(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.4f} to {high:.4f}"


for command in evaluate_classify.COMMANDS:
    evaluate.add_command(command)

COMMANDS = (evaluate,)
