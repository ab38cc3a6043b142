"""Commands of the review: the page itself, how far it is, how far reviewers agree, spot checks."""

from __future__ import annotations

import getpass
import re

import click

from mmskin_build.cli.options import Settings, common_options

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


COMMANDS = (review,)
