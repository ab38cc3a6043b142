"""What a target of `fuzz` is: a kind of file, sound ones of it, how they change, what uses them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz_mutations import Mutate, mutate_bytes, mutate_csv, mutate_json, mutate_jsonl
from mmskin_build import cli

Use = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind of file: sound ones, how they are changed, and what uses them.

    `use` works on a path below a folder of its own; a file name is `name`.
    """

    name: str
    seeds: Sequence[bytes]
    mutate: Mutate
    use: Use
    file: str
    weight: int = 10  # how often it is taken, against others; less where a file costs more


def in_a_copy(name: str, source: Path, file: Path, use: Callable[[Path], object]) -> Target:
    """A folder of which one file is changed."""
    known: dict[str, Mutate] = {".json": mutate_json, ".csv": mutate_csv, ".jsonl": mutate_jsonl}
    mutate = known.get(file.suffix, mutate_bytes)

    def use_copy(path: Path) -> None:
        copy = path.parent / "copy"
        shutil.copytree(
            source, copy, copy_function=os.link if name == "checkpoint" else shutil.copy
        )
        target = copy / file.name
        target.unlink()
        shutil.copy(path, target)
        use(copy)

    return Target(
        name=f"{name} {file.name}",
        seeds=[file.read_bytes()],
        mutate=mutate,
        use=use_copy,
        weight=1,
        file="changed" + file.suffix,
    )


def run_command(arguments: Sequence[str]) -> None:
    """Run a command of the program; what it did not expect is an error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        cli.run([*arguments, "--quiet"])
    assert "mmskin: unexpected" not in said.getvalue(), said.getvalue()


def ask_command(arguments: Sequence[str]) -> str:
    """Return what a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert cli.run(arguments) == 0
    return out.getvalue()


def as_jsonl(values: Sequence[Any]) -> bytes:
    """Return values as JSON lines."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)
