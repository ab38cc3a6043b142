"""The fenced blocks of a Markdown page, and running them in order as a reader would.

Blocks are ``sh``, ``python``, ``toml`` (written to the file that its marker names) or ``text``
(what a command prints). A marker is a comment on the line above a block:

    <!-- not run: REASON -->     only checked: commands and options exist
    <!-- ends with: CODE -->     the command of the block ends with this exit code
    <!-- file: NAME -->          the block is the content of this file

``python tests/snippets.py PAGE FOLDER`` runs the blocks of a page in an empty folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import click

from mmskin_build.cli import cli

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("sh", "python", "toml", "text")
MARKERS = ("not run", "ends with", "file")
_BLOCK = re.compile(
    r"(?:^<!-- (?P<marker>[a-z ]+): (?P<told>.+?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SERVES = ["mmskin", "review"]  # until Ctrl-C


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A fenced block; `line` is where its text begins, counted from 1."""

    page: str
    line: int
    kind: str
    text: str
    marker: str | None
    told: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> list[list[str]]:
        """The words of each line of a shell block, without remarks."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def read_snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(
            page=page.name,
            line=text.count("\n", 0, found.start("text")) + 1,
            kind=found["kind"],
            text=found["text"],
            marker=found["marker"],
            told=found["told"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def wrong_words(words: list[str]) -> str | None:
    """What is wrong with a command line without running it; None where nothing is."""
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        unknown = [word for word in words[1:] if "=" not in word and word not in targets]
        return f"no target {unknown[0]}" if unknown else None
    if words[0] != "mmskin":
        return None
    command: click.Command = cli
    rest = words[1:]
    while rest and isinstance(command, click.Group) and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        return f"no command {rest[0]}"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in rest:
        option = word.split("=")[0]
        if option.startswith("-") and option not in known | {"--help"}:
            return f"no option {option}"
    return None


def environment(home: Path) -> dict[str, str]:
    """The environment of a reader whose home is `home` and who has activated this environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MMSKIN_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
    return own | {"HOME": str(home), "PATH": path, "OMP_NUM_THREADS": "1"}


def run_snippet(snippet: Snippet, folder: Path, home: Path) -> str:
    """Run one block in `folder` and return what its commands print.

    Raises:
        AssertionError: If it ends otherwise than the page says, with what it printed.
    """
    if snippet.kind == "toml":
        (folder / snippet.told).write_text(snippet.text, encoding="utf-8")
    if snippet.kind not in ("sh", "python") or snippet.marker == "not run":
        return ""
    wanted = int(snippet.told) if snippet.marker == "ends with" else 0
    if snippet.kind == "python":
        return _run([sys.executable, "-c", snippet.text], wanted, snippet, folder, home)
    printed = []
    for line in snippet.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:2] == _SERVES and all(word.startswith("-") for word in words[2:3]):
            _serve(words, snippet, folder, home)
        elif words:
            printed.append(_run(["bash", "-c", line], wanted, snippet, folder, home))
    return "".join(printed)


def _run(command: list[str], wanted: int, snippet: Snippet, folder: Path, home: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment(home), capture_output=True, text=True, check=False
    )
    told = f"{snippet.name}: {command[-1]}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == wanted, f"ended with {done.returncode}, not {wanted}: {told}"
    return done.stdout


def missing_lines(told: str, printed: str) -> list[str]:
    """The lines that a page shows and a command did not print; rules and spaces aside."""
    seen = {" ".join(line.split()) for line in printed.splitlines()}
    shown = [" ".join(line.replace("─", " ").split()) for line in told.splitlines()]
    return [line for line in shown if line and line not in seen]


def _serve(words: list[str], snippet: Snippet, folder: Path, home: Path) -> None:
    """Start a server at a free port, ask it for its page, end it as Ctrl-C does."""
    with subprocess.Popen(
        [*words, "--port", "0"],
        cwd=folder,
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), f"{snippet.name}: {address}"
            with urllib.request.urlopen(address) as page:
                assert page.status == 200, snippet.name
        finally:
            server.send_signal(signal.SIGINT)


def run_page(page: Path, folder: Path, home: Path) -> None:
    """Run all blocks of a page in order; what it shows as printed must have been.

    Raises:
        AssertionError: At the first block that does not do what the page says.
    """
    printed = ""
    for snippet in read_snippets(page):
        if snippet.kind == "text":
            missing = missing_lines(snippet.text, printed)
            assert not missing, f"{snippet.name}: not printed: {missing}; it was:\n{printed}"
        else:
            printed = run_snippet(snippet, folder, home)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the blocks of a page in an empty folder.")
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    run_page(given.page, given.folder, given.folder)
