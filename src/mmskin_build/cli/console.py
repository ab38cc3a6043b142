"""What a person sees: progress bars on stderr, tables on stdout."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from mmskin_build.cli.options import Settings

#: What a stage counts, where that is not pages.
_UNITS = {
    "screen_pictures": "pictures",
    "classify": "pictures",
    "export": "pictures",
    "import": "pictures",
    "compare": "pictures",
    "compare pictures": "pictures",
    "read release": "pictures",
    "look for copies": "pictures",
    "read pictures": "pictures",
    "write pictures": "pictures",
    "sentences": "sentences",
    "questions": "pictures",
    "take in pictures": "pictures",
    "look at pictures": "pictures",
    "checksums": "files",
    "stage outputs": "MB",
}
_PLAIN_WIDTH = 160  # columns where the output is not a terminal


#: Told of a book and a stage how many items are done, of how many.
Progress = Callable[[str, str, int, int], None]


@contextmanager
def progress_bars(settings: Settings, at_once: int = 1) -> Iterator[Progress]:
    """Provide a callback that draws a bar on stderr; any thread may call it.

    Nothing is drawn where stderr is no terminal, with --quiet or with --json.

    Args:
        settings: The options of the command.
        at_once: How many books have a bar, those told of last.
    """
    if settings.quiet or settings.as_json or not sys.stderr.isatty():
        yield lambda book_id, stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[book]}", style="bold"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[tuple[str, str], Any] = {}
    shown: dict[str, Any] = {}  # a bar each book, the one told of last at the end
    turn = threading.Lock()

    def show(book_id: str, stage: str, done: int, total: int) -> None:
        with turn:
            task = tasks.get((book_id, stage))
            if task is None:
                words = stage.replace("_", " ")
                task = bars.add_task(words, book=book_id, rate="", total=total or None)
                tasks[book_id, stage] = task
            if (other := shown.pop(book_id, task)) != task:
                bars.update(other, visible=False)
            while len(shown) >= at_once:
                bars.update(shown.pop(next(iter(shown))), visible=False)
            shown[book_id] = task
            bars.update(task, completed=done, visible=True)
            speed = next((t.speed for t in bars.tasks if t.id == task), None)
            if speed:
                bars.update(task, rate=f"{speed:.1f} {_UNITS.get(stage, 'pages')}/s")

    with bars:
        yield show


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows below their headings; numbers are set to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    Console(width=width, highlight=False).print(table)


def print_json(value: object) -> None:
    """Print one JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts by name in one line, the largest first; "-" for none.

    >>> in_words({"nonphoto": 3, "caption_empty": 5})
    '5 caption_empty, 3 nonphoto'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {name}" for name, number in ordered) or "-"
