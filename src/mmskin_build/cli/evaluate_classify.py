"""The commands that score a model as a classifier: evaluate supervised, evaluate zero-shot."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.cli.skinvl import step_bar, training_packages, without_words
from mmskin_build.errors import ConfigError

if TYPE_CHECKING:
    from mmskin_build.evaluate.class_sets import ClassSet
    from mmskin_build.evaluate.results import Result
    from mmskin_build.skinvl.generate import Answerer

F = TypeVar("F", bound=Callable[..., Any])

_TINY = "tiny"
_SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "auc", "ece", "brier")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is scored: sets, and a model or a file."""

    sets: tuple[ClassSet, ...]
    model: Path | None
    adapter: Path | None
    predictions: Path | None
    name: str  # of the model in tables
    out: Path | None
    settings: Settings

    def folder(self, name: str, task: str) -> Path:
        """Return where the results on a set go."""
        if self.out is not None and len(self.sets) == 1:
            return self.out
        top = self.out or self.settings.workspace.data / "evaluations"
        return top / f"{name}-{task}-{self.name}"

    def answerer(self) -> Answerer:
        """Load the model."""
        from mmskin_build.skinvl.generate import load_answerer

        return load_answerer(
            self.model or Path(),
            adapter=self.adapter,
            precision=self.settings.cfg.train.precision,
        )


def _class_options(command: F) -> F:
    """Add what both commands have; pass it as `chosen`."""

    @click.option("--set", "names", multiple=True, required=True, help="mm-skin, or a set's table.")
    @click.option("--model", help="Model folder, or tiny.")
    @click.option("--adapter", type=EXISTING_PATH, help="Adapter to put on it.")
    @click.option(
        "--predictions", type=EXISTING_PATH, help="Score this file instead of asking a model."
    )
    @click.option("--tables", type=EXISTING_PATH, help="Folder of tables NAME_test.csv.")
    @click.option("--images", type=EXISTING_PATH, help="Folder of their pictures [the same].")
    @click.option("--release", help="Version of the release, for mm-skin [the last].")
    @click.option("--out", type=EXISTING_PATH, help="Folder [data/evaluations/...].")
    @click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn.")
    @common_options
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        names: tuple[str, ...],
        model: str | None,
        adapter: Path | None,
        predictions: Path | None,
        tables: Path | None,
        images: Path | None,
        release: str | None,
        out: Path | None,
        settings: Settings,
        **options: Any,
    ) -> Any:
        if (model is None) == (predictions is None):
            raise click.UsageError("give --model or --predictions, one of them")
        if adapter is not None and model is None:
            raise click.UsageError("--adapter needs --model")
        with training_packages():
            from mmskin_build.evaluate.class_sets import read_class_set
            from mmskin_build.skinvl.tiny import write_tiny_model
        folder = None if model is None else Path(model)
        if model == _TINY:
            folder = write_tiny_model(settings.workspace.models / _TINY)
        elif folder is not None and not folder.is_dir():
            raise ConfigError(f"--model {model}: no such folder; name a model folder, or {_TINY}")
        sets = tuple(
            read_class_set(
                name,
                settings.workspace,
                settings.cfg,
                tables=tables,
                images=images,
                release=release,
            )
            for name in dict.fromkeys(names)
        )
        chosen = _Chosen(
            sets=sets,
            model=folder,
            adapter=adapter,
            predictions=predictions,
            name=model_name(folder, adapter, predictions),
            out=out,
            settings=settings,
        )
        return command(*args, chosen=chosen, **options)

    return cast("F", wrapped)


@click.command(
    epilog="\b\nExamples:\n  mmskin evaluate supervised --set mm-skin --model data/models/mm\n"
    "  mmskin evaluate supervised --set PAD --set DDI_2class --model DIR --adapter DIR\n"
    "  mmskin evaluate supervised --set PAD --tables upstream/ --images pictures/ --model DIR"
)
@click.option(
    "--shots",
    default="1,2,4,8,16",
    show_default=True,
    help="Pictures a class of classifiers that learn from few; none for none of them.",
)
@click.option("--draws", type=click.IntRange(1), default=5, show_default=True, help="Of each.")
@_class_options
def supervised(chosen: _Chosen, shots: str, draws: int, seed: int) -> None:
    """Fit a linear classifier on a model's features.

    On the training pictures of a set, tested on its test pictures: accuracy, balanced accuracy,
    macro precision and F1, AUC, calibration error, Brier score, with intervals by patient. A set is
    mm-skin (modality in the test split of a release), a prepared public set, or a folder with
    upstream's tables. Features are computed once and kept.
    """
    from mmskin_build.evaluate.classification import evaluate_supervised

    counts = _counts(shots)
    results = []
    answerer = None if chosen.predictions else chosen.answerer()
    for found in chosen.sets:
        folder = chosen.folder(found.name, "supervised")
        if answerer is None:
            results.append((folder, _score(chosen, found, "supervised", folder, "words", seed)))
            continue
        with step_bar(chosen.settings, "pictures") as tell:
            result = evaluate_supervised(
                answerer,
                chosen.name,
                found,
                folder,
                chosen.settings.workspace.work / "features",
                shots=counts,
                draws=draws,
                seed=seed,
                tell=without_words(tell),
            )
        results.append((folder, result))
    _print(results, chosen.settings)


@click.command(
    "zero-shot",
    epilog="\b\nExamples:\n  mmskin evaluate zero-shot --set PAD --model data/models/mm\n"
    "  mmskin evaluate zero-shot --set PAD --model DIR --how likelihood --calibrate\n"
    "  mmskin evaluate zero-shot --set PAD --predictions answers.csv",
)
@click.option(
    "--how",
    type=click.Choice(["generate", "likelihood"]),
    default="generate",
    show_default=True,
    help="Read a generated answer, or compare how likely each name is.",
)
@click.option(
    "--preset",
    type=click.Choice(["words", "upstream"]),
    default="words",
    show_default=True,
    help="How answers are read; upstream also decodes as MM-Skin's script.",
)
@click.option("--calibrate", is_flag=True, help="Likelihood less that without a picture.")
@_class_options
def zero_shot(chosen: _Chosen, how: Any, preset: Any, calibrate: bool, seed: int) -> None:
    """Ask a model for the category of each test picture.

    The question lists the categories. What an answer names is read word by word, with synonyms,
    plurals and negation; answers that name several, or none, are counted and never guessed. By
    likelihood nothing has to be read. A run that was stopped goes on where it was.
    """
    from mmskin_build.evaluate.classification import evaluate_zero_shot
    from mmskin_build.evaluate.zero_shot import ZeroShot

    if how == "likelihood" and preset == "upstream":
        raise click.UsageError("--preset upstream reads generated answers; leave out --how")
    if calibrate and how != "likelihood":
        raise click.UsageError("--calibrate needs --how likelihood")
    asked = ZeroShot(how=how, preset=preset, calibrated=calibrate, seed=seed)
    results = []
    answerer = None if chosen.predictions else chosen.answerer()
    for found in chosen.sets:
        folder = chosen.folder(found.name, f"zero-shot-{asked.name}")
        if answerer is None:
            scored = _score(chosen, found, "zero-shot", folder, asked.reading, seed)
            results.append((folder, scored))
            continue
        with step_bar(chosen.settings, "pictures") as tell:
            result = evaluate_zero_shot(
                answerer,
                chosen.name,
                found,
                asked,
                chosen.settings.cfg.generate,
                folder,
                tell=without_words(tell),
            )
        results.append((folder, result))
    _print(results, chosen.settings)


@click.command("all", epilog="\b\nExample:\n  mmskin evaluate all --model data/models/mm")
@click.option("--model", type=EXISTING_PATH, required=True, help="Model folder.")
@common_options
def evaluate_all(model: Path, settings: Settings) -> None:
    """Evaluate a model on all sets there are, one report.

    The release and the prepared public sets, as a Prefect flow; what was finished is not done
    again. The last step of `mmskin train --flow`.
    """
    if not model.is_dir():
        raise ConfigError(f"--model {model}: no such folder; name a model folder")
    from mmskin_build.flows import environment

    environment.prepare(settings.workspace.work)
    with training_packages():
        from mmskin_build.flows.evaluate_skinvl import run_evaluations
    report = run_evaluations(settings.workspace, settings.cfg, model)
    if settings.as_json:
        print_json({"report": str(report)})
        return
    click.echo(f"report: {report}")


def model_name(model: Path | None, adapter: Path | None, predictions: Path | None) -> str:
    """Return how a model is called in tables: its folder, with that of its adapter's run."""
    if predictions is not None:
        return predictions.stem
    name = (model or Path()).resolve().name
    if adapter is None:
        return name
    last = adapter.resolve()
    return f"{name}+{last.parent.name if last.name == 'adapter' else last.name}"


def _counts(shots: str) -> tuple[int, ...]:
    if shots.strip().lower() in ("", "none"):
        return ()
    try:
        counts = tuple(int(part) for part in shots.split(","))
    except ValueError:
        counts = (0,)
    if min(counts) < 1:
        raise click.UsageError(f"--shots {shots}: numbers from 1 with commas between, or none")
    return counts


def _score(
    chosen: _Chosen, found: ClassSet, task: Any, folder: Path, reading: Any, seed: int
) -> Result:
    from mmskin_build.evaluate.classification import score_file

    path = chosen.predictions or Path()
    return score_file(path, chosen.name, found, task, folder, reading=reading, seed=seed)


def _print(results: Sequence[tuple[Path, Result]], settings: Settings) -> None:
    from mmskin_build.store import plain

    if settings.as_json:
        print_json({"results": [{**plain(result), "folder": str(f)} for f, result in results]})
        return
    rows = []
    for _, result in results:
        scores = {score.name: score for score in result.groups[0].scores}
        cells = []
        for name in _SHOWN:
            score = scores.get(name)
            if score is None or score.value is None:
                cells.append("-")
            elif score.low is None or score.high is None:
                cells.append(f"{score.value:.3f}")
            else:
                cells.append(f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})")
        rows.append([result.set, scores["accuracy"].n, *cells])
    print_table(["set", "pictures", *(name.replace("_", " ") for name in _SHOWN)], rows)
    for folder, result in results:
        for note in result.provenance.notes:
            if not settings.quiet:
                click.echo(f"{result.set}: {note}", err=True)
        click.echo(f"{folder / 'index.html'}")


COMMANDS = (supervised, zero_shot, evaluate_all)
