"""The command line: parse, call, print.

Counts or one JSON object go to stdout, progress and messages to stderr. Nothing heavy is imported
before a command runs, so that ``mmskin --help`` answers at once. Errors end here: a `MmskinError`
becomes its message and exit code, anything else a short line and exit code 1.

In the order in which a user meets them:

1. `options` and `console`: what all commands share, and what a person sees of them; `at_once`:
   several files at a time
2. `demo`; `inspect`: doctor, config, schemas
3. `data`: books, release, verify; `build`: align, build; `audit`
4. `review`; `vqa`; `diff`; `withdraw`; `exports`: export, rebuild; `upstream`: import, compare
5. `classify`, `demographics`: one stage alone; `modality`, `calibrate`: models of the build
6. `public`; `skinvl`: convert, train, merge, ask; `evaluate`, `evaluate_classify`
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from mmskin_build import __version__
from mmskin_build.cli import (
    audit,
    build,
    calibrate,
    classify,
    data,
    demo,
    demographics,
    diff,
    evaluate,
    exports,
    inspect,
    modality,
    public,
    review,
    skinvl,
    upstream,
    vqa,
    withdraw,
)
from mmskin_build.errors import (
    EXIT_INTERRUPTED,
    MissingDependencyError,
    MmskinError,
    ResourceError,
    StorageError,
)

_COLLECT_AFTER = 10_000  # new objects; at Python's 700, taking pages from workers costs twice
_EPILOG = """\b
See it work on a generated book:
  mmskin demo

\b
Do it with your own:
  mmskin books add ~/books/rook.pdf --id bk15
  mmskin build
  mmskin audit
  mmskin review
  mmskin release 1.0.0
  mmskin verify data/releases/mm-skin/1.0.0
  mmskin export --to huggingface

\b
One stage alone, without registering anything:
  mmskin align article.pdf --out found/
  mmskin demographics --in captions.txt --out found.jsonl

\b
A model, after pip install 'mmskin-build[train]':
  mmskin train --variant mm --model tiny

\b
Exit codes:
  0 done                          10 release damaged
  1 unexpected error              11 disk full or not writable
  2 wrong usage                   12 done, but without some
  3 setting or books.toml         13 workers or scheduler lost
  4 a PDF cannot be used          14 a model cannot be used
  5 password missing or bad       15 training refused
  6 book missing or changed       16 out of memory
  7 program or language missing   75 stopped, --resume goes on
  8 a file breaks its schema     130 interrupted
  9 release refused
"""


class _Commands(click.Group):
    """The group of all commands; a reader of our output that goes away is not an error."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of use, not of the alphabet

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # as in `mmskin books list | head -1`
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return result


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="mmskin")
def cli() -> None:
    """Turn dermatology textbooks that you own (PDF) into versioned image-caption data sets.

    Everything is kept in the data folder (./data, or --data, or MMSKIN_DATA). A build that was
    stopped goes on where it was; only what changed is computed again.
    """


for command in (
    *demo.COMMANDS,
    data.books,
    build.build,
    *audit.COMMANDS,
    *review.COMMANDS,
    data.release,
    data.verify,
    *diff.COMMANDS,
    *exports.COMMANDS,
    *withdraw.COMMANDS,
    *upstream.COMMANDS,
    build.align,
    *classify.COMMANDS,
    *modality.COMMANDS,
    *demographics.COMMANDS,
    *vqa.COMMANDS,
    *inspect.COMMANDS,
    *public.COMMANDS,
    *skinvl.COMMANDS,
    *evaluate.COMMANDS,
    *calibrate.COMMANDS,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    gc.freeze()  # what is imported stays, and records make no cycles: collect seldom
    gc.set_threshold(_COLLECT_AFTER)
    code = run(arguments)
    gc.freeze()  # the last collection would go through all libraries once more, for nothing
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        _say(
            "mmskin: Windows is not supported: limits of worker processes and locks of files are "
            "those of POSIX; use WSL 2 or the container (docs/install.md)"
        )
        return MissingDependencyError.exit_code
    try:
        result = cli.main(args=given, prog_name="mmskin", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("mmskin: interrupted; what is finished is kept, the same command goes on from there")
        return EXIT_INTERRUPTED
    except MmskinError as error:
        if "--debug" in given:
            raise
        _say(f"mmskin: {error}")
        return error.exit_code
    except OSError as error:
        if "--debug" in given:
            raise
        from mmskin_build.store import mend_of

        _say(f"mmskin: {error.filename or 'the disk'}: {mend_of(error)}")
        return StorageError.exit_code
    except Exception as error:
        if "--debug" in given:
            raise
        from mmskin_build.pdf.process import is_out_of_memory

        if is_out_of_memory(error):
            _say(
                "mmskin: out of memory; end other programs or give fewer --workers, "
                "and run it again"
            )
            return ResourceError.exit_code
        _say(
            f"mmskin: unexpected {type(error).__name__}: {error}\n"
            "This is a mistake in the program. Run the same command with --debug to see where."
        )
        return 1


def _say(message: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        click.echo(message, err=True)
