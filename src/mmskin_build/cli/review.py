"""Commands of the review: the page itself, how far it is, how far reviewers agree, spot checks."""

from __future__ import annotations

import getpass
import re

import click

from mmskin_build.cli.console import print_json, print_table
from mmskin_build.cli.options import Settings, common_options

_COMMANDLINE = click.core.ParameterSource.COMMANDLINE
_NAME = r"[a-z][a-z0-9-]{0,30}"


def default_reviewer() -> str:
    """Return the name of the user of this machine as a reviewer's."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    name = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:31]
    return name if re.fullmatch(_NAME, name) else "reviewer"


@click.group(
    invoke_without_command=True, epilog="\b\nExamples:\n  mmskin review\n  mmskin review status"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8321, show_default=True)
@click.option("--name", "names", multiple=True, help="Another name that the server answers to.")
@click.option("--reviewer", help="Your name in the decisions [the user of this machine].")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
@common_options
@click.pass_context
def review(
    context: click.Context,
    host: str,
    port: int,
    names: tuple[str, ...],
    reviewer: str | None,
    open_browser: bool,
    settings: Settings,
) -> None:
    """Decide what the program doubts, on a page in the browser.

    The queue is what the last build left in doubt; decisions go to manual_review/decisions, one
    file a reviewer, and the next build applies them. Only this machine reaches the page; with
    another --host it asks for a token, which is part of the address that is printed.
    """
    if context.invoked_subcommand is not None:
        given = [p for p in context.params if context.get_parameter_source(p) is _COMMANDLINE]
        if given:  # they would not reach it
            raise click.UsageError(f"write options behind {context.invoked_subcommand}")
        return
    if reviewer is not None and not re.fullmatch(_NAME, reviewer):
        raise click.UsageError("--reviewer: small letters, digits and '-', a letter first")
    from mmskin_build.review.app import serve

    def on_ready(address: str) -> None:
        click.echo(address)
        if not settings.quiet:
            click.echo("Ctrl-C ends it; every decision is saved as it is made", err=True)
        if open_browser:
            click.launch(address)

    serve(
        settings.workspace,
        settings.cfg,
        host=host,
        port=port,
        names=names,
        reviewer=reviewer or default_reviewer(),
        on_ready=on_ready,
    )


@review.command()
@common_options
def status(settings: Settings) -> None:
    """Say what is left, for how long, and what blocks a release."""
    from mmskin_build.decisions import standing_decisions
    from mmskin_build.queues import spot_check
    from mmskin_build.review.desk import Desk, Filter
    from mmskin_build.review.sample import spot_check_words
    from mmskin_build.review.screens import in_minutes
    from mmskin_build.store import plain

    desk = Desk(settings.workspace)
    whole = desk.progress(Filter())
    by_kind = {kind: desk.progress(Filter(kind=kind)) for kind in desk.kinds()}
    by_book = {book: desk.progress(Filter(book_id=book)) for book in desk.books()}
    disputed = sum(one.is_disputed for one in standing_decisions(desk.log.decisions).values())
    bad = sorted(desk.log.bad_lines.values(), key=lambda line: (line.file, line.line))
    checked = spot_check(settings.workspace)
    if settings.as_json:
        print_json(
            {
                "left": whole.left,
                "done": whole.done,
                "seconds_left": round(whole.seconds_left),
                "blocking": whole.blocking,
                "kinds": {kind: plain(one) for kind, one in by_kind.items()},
                "books": {book: plain(one) for book, one in by_book.items()},
                "decisions": len(desk.log),
                "disputed": disputed,
                "bad_lines": [plain(line) for line in bad],
                "spot_check": None if checked is None else plain(checked),
            }
        )
        return
    print_table(
        ["kind", "left", "done since the build", "block a release", "time left"],
        [
            [kind, one.left, one.done, one.blocking, in_minutes(one.seconds_left)]
            for kind, one in by_kind.items()
        ],
    )
    print_table(
        ["book", "left", "block a release"],
        [[book, one.left, one.blocking] for book, one in by_book.items()],
    )
    click.echo(f"left: {whole.left} tasks, {in_minutes(whole.seconds_left)}")
    if whole.blocking:
        click.echo(
            f"a release waits for {whole.blocking} of them, or goes without (--leave-out-held)"
        )
    else:
        click.echo("nothing keeps a release back; after new decisions run: mmskin build")
    click.echo(f"decided differently by two reviewers: {disputed}")
    if checked is not None:
        click.echo(spot_check_words(checked))
    for line in bad:
        click.echo(f"no decision: {line.file} line {line.line}: {line.message}", err=True)


@review.command()
@common_options
def agreement(settings: Settings) -> None:
    """Say how far reviewers agree, and attend.

    Cohen's kappa by field, and how many known cases each reviewer told right.
    A share of the tasks (review.double_share) is given to two reviewers; known cases
    (review.known_share) with a wrong proposal are mixed in.
    """
    from mmskin_build.decisions import standing_decisions
    from mmskin_build.review.agreement import measure_agreement, measure_attention
    from mmskin_build.review.decisions import read_decisions
    from mmskin_build.store import plain

    decisions, _ = read_decisions(settings.workspace.review / "decisions")
    agreed = measure_agreement(standing_decisions(decisions).values())
    attended = measure_attention(decisions)
    if settings.as_json:
        print_json(
            {
                "agreement": [plain(one) for one in agreed],
                "attention": [plain(one) for one in attended],
            }
        )
        return
    print_table(
        ["field", "reviewers", "both decided", "alike", "kappa"],
        [
            [a.field, ", ".join(a.reviewers), a.items, a.same, "-" if a.kappa is None else a.kappa]
            for a in agreed
        ],
    )
    print_table(
        ["reviewer", "known cases", "told right"],
        [[a.reviewer, a.known, a.right] for a in attended],
    )


@review.command()
@click.option("--size", type=click.IntRange(1), default=200, show_default=True, help="Pairs.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--result", is_flag=True, help="Draw nothing; print what the last sample shows.")
@common_options
def sample(size: int, seed: int, result: bool, settings: Settings) -> None:
    """Draw accepted pairs at random, for a spot check.

    They are tasks of the kind "Spot check" of the review. What was judged gives the error rate of
    all pairs with its 95 % interval.
    """
    from mmskin_build.builds import read_build
    from mmskin_build.queues import draw_spot_check, spot_check
    from mmskin_build.review.sample import spot_check_words
    from mmskin_build.store import plain

    if not result:
        summary = read_build(settings.workspace)
        path, drawn = draw_spot_check(
            settings.workspace, settings.cfg, summary, size=size, seed=seed
        )
        click.echo(f"{path}: {drawn} pairs; judge them with: mmskin review", err=True)
    found = spot_check(settings.workspace)
    if settings.as_json:
        print_json(None if found is None else plain(found))
    elif found is None:
        click.echo("no sample was drawn yet; run: mmskin review sample")
    else:
        click.echo(spot_check_words(found))


COMMANDS = (review,)
