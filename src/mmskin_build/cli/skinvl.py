"""The commands of the model: convert, train, merge, ask."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from mmskin_build.config import Config
    from mmskin_build.skinvl.plan import Plan
    from mmskin_build.skinvl.sources import Variant

_PACKAGES = ("accelerate", "peft", "safetensors", "sentencepiece", "torch", "transformers")
_TINY = "tiny"


@contextlib.contextmanager
def training_packages() -> Iterator[None]:
    """Say what to install where the extra is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _PACKAGES:
            raise
        raise MissingDependencyError(
            f"{error.name} is not installed; training needs: pip install 'mmskin-build[train]'"
        ) from None


@click.command(
    epilog="\b\nExample:\n  mmskin convert llava-med-v1.5-mistral-7b --out data/models/base"
)
@click.argument("checkpoint", type=EXISTING_PATH)
@click.option("--out", type=EXISTING_PATH, required=True, help="Folder to make.")
@click.option(
    "--vision-tower",
    type=click.Choice(["checkpoint", "openai"]),
    default="checkpoint",
    show_default=True,
    help="The tower inside the checkpoint, or OpenAI's, which LLaVA's own loader takes.",
)
@click.option("--clip", type=EXISTING_PATH, help="Folder of openai/clip-vit-large-patch14-336.")
@common_options
def convert(
    checkpoint: Path, out: Path, vision_tower: Any, clip: Path | None, settings: Settings
) -> None:
    """Make a published LLaVA-Med checkpoint loadable.

    The folder is what `mmskin train`, `merge` and `ask` take; a SkinVL in the same layout converts
    as well. Shard by shard, every tensor read back and compared; a wrong one is refused by name.
    """
    with training_packages():
        from mmskin_build.skinvl.convert import convert_checkpoint
        from mmskin_build.skinvl.model import be_quiet
    be_quiet()
    with step_bar(settings, "shards") as tell:
        done = convert_checkpoint(
            checkpoint,
            out,
            vision_tower=vision_tower,
            clip=clip,
            tell=lambda stage, number, total: tell(number, total, stage),
        )
    if settings.as_json:
        print_json(dataclasses.asdict(done))
        return
    click.echo(
        f"{out}: {done.tensors} tensors, vision tower: {done.vision_tower}, vocabulary "
        f"{done.vocabulary} padded to {done.padded_vocabulary}, {done.dtype}"
    )


@click.command(
    epilog="\b\nExamples:\n  mmskin train --variant mm --model data/models/base --dry-run\n"
    "  mmskin train --variant mm --model data/models/base\n"
    "  mmskin train --variant mm --model tiny\n"
    "  mmskin train --variant mm --model data/models/base --flow\n"
    "  accelerate launch --config_file data/accelerate.template.yaml -m mmskin_build \\\n"
    "    train --variant mm --model DIR"
)
@click.option(
    "--variant",
    type=click.Choice(["mm", "pub", "pubmm"]),
    required=True,
    help="Learn from a release, from public sets, or from both.",
)
@click.option("--model", help="Model folder, or tiny for one made from nothing [data/models/base].")
@click.option("--out", type=EXISTING_PATH, help="Folder of the run [data/models/skinvl-VARIANT].")
@click.option("--release", help="Version of the release [the last].")
@click.option("--data-file", multiple=True, type=EXISTING_PATH, help="LLaVA JSON instead.")
@click.option("--images", type=EXISTING_PATH, help="Folder of its pictures [beside the file].")
@click.option("--skip-broken", is_flag=True, help="Leave out examples that cannot be used.")
@click.option("--resume", is_flag=True, help="Go on from the last whole checkpoint.")
@click.option("--dry-run", is_flag=True, help="Only say steps, memory, time and cost.")
@click.option(
    "--flow",
    "whole",
    is_flag=True,
    help="All of it, with Prefect: questions and a release of the last build, training, merging, "
    "evaluation, one report.",
)
@common_options
def train(
    variant: Any,
    model: str | None,
    out: Path | None,
    release: str | None,
    data_file: tuple[Path, ...],
    images: Path | None,
    skip_broken: bool,
    resume: bool,
    dry_run: bool,
    whole: bool,
    settings: Settings,
) -> None:
    """Fine-tune SkinVL on a release.

    Every setting stands in [train] of mmskin.toml; the defaults are upstream's.

    Exit code 75: stopped by SIGTERM with its state saved; the same command with --resume goes on.
    """
    folder = model or str(settings.workspace.models / "base")
    if folder != _TINY and not Path(folder).is_dir():
        raise ConfigError(
            f"--model {folder}: no such folder; name a model folder (mmskin convert makes one), "
            f"or {_TINY}"
        )
    with training_packages():
        from mmskin_build.skinvl.run import prepare_run
        from mmskin_build.skinvl.train import open_accelerator
        from mmskin_build.skinvl.train import train as train_run
    cfg = settings.cfg
    if whole and (out or data_file or images or dry_run):
        raise click.UsageError("--flow takes no --out, --data-file, --images or --dry-run")
    if skip_broken:
        cfg = dataclasses.replace(cfg, train=dataclasses.replace(cfg.train, broken_examples="skip"))
    if whole:
        _run_flow(settings, cfg, variant, folder, release)
        return
    accelerator = open_accelerator()
    main = accelerator.is_main_process
    with accelerator.main_process_first():
        run = prepare_run(
            variant,
            cfg,
            settings.workspace,
            model=folder,
            out=out,
            release=release,
            data=data_file,
            images=images,
            processes=accelerator.num_processes,
        )
    if main and run.problems and not settings.quiet:
        click.echo(
            f"{len(run.problems)} examples left out; {run.out}/run.json lists them", err=True
        )
    if main and run.device.type == "cpu" and folder != _TINY and not settings.quiet:
        click.echo("no GPU was found: training goes on the CPU, in float32", err=True)
    if dry_run:
        if main:
            _print_plan(run.plan, settings)
        return
    with step_bar(settings, "steps", hidden=not main) as tell:

        def report(entry: dict[str, Any]) -> None:
            words = (
                f"loss {entry['loss']:.3f}  {entry['questions_per_second']:.1f} QA/s  "
                f"MFU {100 * entry['mfu']:.0f} %"
            )
            tell(entry["step"], entry["steps"], words)

        done = train_run(
            run,
            resume=resume,
            report=report,
            say=lambda words: click.echo(words, err=True) if main else None,
            accelerator=accelerator,
        )
    if not main:
        return
    if settings.as_json:
        told = dataclasses.asdict(done)
        print_json({key: str(v) if isinstance(v, Path) else v for key, v in told.items()})
        return
    click.echo(f"{done.steps} steps, loss {done.first_loss:.3f} to {done.last_loss:.3f}")
    click.echo(f"adapter: {done.adapter}")
    click.echo(f"summary: {done.summary}")


@click.command(
    epilog="\b\nExamples:\n  mmskin merge data/models/skinvl-mm/adapter --base data/models/base "
    "--out data/models/mm\n"
    "  mmskin merge MM/adapter PUB/adapter --linear 0.5 --linear 0.5 --base DIR --out DIR"
)
@click.argument("adapters", nargs=-1, required=True, type=EXISTING_PATH)
@click.option(
    "--base", type=EXISTING_PATH, required=True, help="Model folder they were trained on."
)
@click.option("--out", type=EXISTING_PATH, required=True, help="Folder to make.")
@click.option("--linear", multiple=True, type=float, help="Weight of each adapter in turn [1].")
@click.option(
    "--dare", type=click.FloatRange(0, 1, max_open=True), default=0.0, help="Share dropped."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is dropped.")
@click.option("--no-check", is_flag=True, help="Do not compare logits with the unmerged model.")
@common_options
def merge(
    adapters: tuple[Path, ...],
    base: Path,
    out: Path,
    linear: tuple[float, ...],
    dare: float,
    seed: int,
    no_check: bool,
    settings: Settings,
) -> None:
    """Merge trained adapters into their base.

    In float32, shard by shard; the logits are compared with those of the unmerged model. The
    folder is one that `transformers` loads.
    """
    if linear and len(linear) != len(adapters):
        raise ConfigError(f"{len(adapters)} adapters need {len(adapters)} --linear weights or none")
    with training_packages():
        from mmskin_build.skinvl.merge import merge_adapters
    weights = linear or (1.0,) * len(adapters)
    with step_bar(settings, "shards") as tell:
        done = merge_adapters(
            base,
            list(zip(adapters, weights, strict=True)),
            out,
            dare=dare,
            seed=seed,
            check=not no_check,
            tell=lambda stage, number, total: tell(number, total, stage),
        )
    if settings.as_json:
        print_json({**dataclasses.asdict(done), "folder": str(done.folder)})
        return
    compared = (
        "logits not compared"
        if done.logit_difference is None
        else f"largest difference of logits {done.logit_difference:.2g}"
    )
    click.echo(f"{done.folder}: {done.tensors_changed} tensors changed, {compared}")


@click.command(
    epilog='\b\nExamples:\n  mmskin ask photo.jpg "What is shown?" --model data/models/mm\n'
    "  mmskin ask --data-file vqa.json --answers answers.jsonl --model data/models/mm"
)
@click.argument("image", required=False, type=EXISTING_PATH)
@click.argument("question", required=False)
@click.option("--model", "folder", type=EXISTING_PATH, required=True, help="Model folder.")
@click.option("--adapter", type=EXISTING_PATH, help="Adapter to put on it.")
@click.option("--data-file", type=EXISTING_PATH, help="LLaVA JSON with many questions.")
@click.option("--images", type=EXISTING_PATH, help="Folder of its pictures [beside the file].")
@click.option("--answers", type=EXISTING_PATH, help="JSONL file for the answers to them.")
@click.option("--decoding", type=click.Choice(["greedy", "upstream"]), help="[generate.decoding]")
@common_options
def ask(
    image: Path | None,
    question: str | None,
    folder: Path,
    adapter: Path | None,
    data_file: Path | None,
    images: Path | None,
    answers: Path | None,
    decoding: Any,
    settings: Settings,
) -> None:
    """Ask a trained model about pictures.

    About one picture, or about many; a run that was stopped goes on where it was.
    """
    one = image is not None and question is not None
    if one == (data_file is not None and answers is not None):
        raise click.UsageError("give IMAGE and QUESTION, or --data-file and --answers")
    with training_packages():
        from mmskin_build.skinvl.generate import answer_questions, load_answerer
        from mmskin_build.skinvl.questions import one_question, read_questions
    cfg = settings.cfg.generate
    if decoding is not None:
        cfg = dataclasses.replace(cfg, decoding=decoding)
    if image is not None and question is not None:
        asked = one_question(image, question)
    else:
        asked = read_questions(data_file or Path(), images)
    answerer = load_answerer(folder, adapter=adapter, precision=settings.cfg.train.precision)
    with step_bar(settings, "questions") as tell:
        found = answer_questions(
            answerer, asked, cfg, out=answers, tell=lambda done, total: tell(done, total, "")
        )
    if settings.as_json:
        print_json(
            [dataclasses.asdict(item) for item in found]
            if not one
            else {"question": found[0].question, "answer": found[0].answer}
        )
    elif one:
        click.echo(found[0].answer)
    else:
        click.echo(f"{len(found)} answers in {answers}")


def _run_flow(
    settings: Settings, cfg: Config, variant: Variant, model: str, release: str | None
) -> None:
    from mmskin_build.flows import environment

    environment.prepare(settings.workspace.work)
    from mmskin_build.flows.train_skinvl import run_training

    if not settings.quiet:
        click.echo("questions, release, training, merging, evaluation", err=True)
    merged, report = run_training(settings.workspace, cfg, variant, model, release)
    if settings.as_json:
        print_json({"model": str(merged), "report": str(report)})
        return
    click.echo(f"model: {merged}\nreport: {report}")


def _print_plan(plan: Plan, settings: Settings) -> None:
    told = dataclasses.asdict(plan)
    if settings.as_json:
        print_json(told)
        return
    print_table(["what", "planned"], [[key.replace("_", " "), told[key]] for key in told])


def without_words(tell: Callable[[int, int, str], None]) -> Callable[[int, int], None]:
    """Make a callback of `step_bar` one for work that has only one kind of step."""
    return lambda done, total: tell(done, total, "")


@contextlib.contextmanager
def step_bar(
    settings: Settings, unit: str, *, hidden: bool = False
) -> Iterator[Callable[[int, int, str], None]]:
    """Provide a callback (done, total, words) that draws a bar on stderr, with the time left."""
    if hidden or settings.quiet or settings.as_json or not sys.stderr.isatty():
        yield lambda done, total, words: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bars = Progress(
        TextColumn(unit),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        task = bars.add_task(unit, total=None, words="")
        yield lambda done, total, words: bars.update(task, completed=done, total=total, words=words)


COMMANDS = (convert, train, merge, ask)
