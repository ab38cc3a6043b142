"""What comes after a build, disturbed on purpose: releases, questions, public sets, evaluations.

A chore is a command and the folders that it writes. It is disturbed, given again without the fault,
and what it wrote is compared byte by byte with what it wrote where nobody disturbed it.
"""

from __future__ import annotations

import csv
import hashlib
import random
import resource
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fault_kinds import (
    MIB,
    VERSION,
    Base,
    Ended,
    Plan,
    Said,
    half_written,
    kill_soon,
    left_over,
    release_command,
    run,
    what_is_wrong,
)
from made_public import write_ham10000

_PICTURES = 14  # of the public set
_QUESTIONS = 40  # of the table that is scored
_GIVEN, _TABLE, _ANSWERS = "given", "questions.csv", "answers.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A command, and what it writes below the folder: removed before, compared afterwards."""

    command: tuple[str, ...]
    writes: tuple[str, ...]


CHORES: Mapping[str, Chore] = {
    "questions_asked": Chore(
        command=("vqa",), writes=("data/work/vqa", "data/work/vqa_replies.sqlite")
    ),
    "release_written": Chore(command=tuple(release_command()), writes=("data/releases",)),
    "exported": Chore(
        command=("export", VERSION, "--to", "huggingface"),
        writes=("data/exports", "data/exports.jsonl"),
    ),
    "public_prepared": Chore(
        command=("public", "prepare", "--partial"), writes=("data/public", "data/work/public")
    ),
    "evaluated": Chore(
        command=("evaluate", "vqa", "--answers", _ANSWERS, "--table", _TABLE),
        writes=("data/evaluations",),
    ),
}
#: Logs of who did what when, and files in which the same rows may lie in other places.
_NOT_COMPARED = ("exports.jsonl", ".sqlite")


def prepare_chores(base: Base) -> Base:
    """Do all chores in the folder of a finished build, undisturbed."""
    write_ham10000(base.folder / _GIVEN, count=_PICTURES)
    rows = [(f"{number}.png", f"What is number {number}?") for number in range(_QUESTIONS)]
    _write_table(base.folder / _TABLE, "answer", [(*row, "A plaque.") for row in rows])
    said = [(*row, "A plaque." if n % 3 else "A nodule.") for n, row in enumerate(rows)]
    _write_table(base.folder / _ANSWERS, "prediction", said)
    _must(base, "public", "add", "HAM10000", str(base.folder / _GIVEN))
    for chore in CHORES.values():
        for path in chore.writes:  # the base has a release, made without questions
            _remove(base.folder / path)
        _must(base, *chore.command)
    return base


def _write_table(path: Path, column: str, rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "question", column))
        writer.writerows(rows)


def _must(base: Base, *command: str) -> None:
    said = run(base.folder, *command)
    assert said.code == 0, said.err


def run_chore(base: Base, name: str, seed: int, folder: Path, took_s: float) -> Ended:
    """Disturb a chore, look, do it again, compare."""
    shutil.copytree(base.folder, folder, symlinks=True)
    chore = CHORES[name]
    for path in chore.writes:
        _remove(folder / path)
    plan = plan_fault(f"{name} {seed}", folder, took_s)
    said = run(folder, *chore.command, fault=plan.fault, watcher=plan.watcher, limits=plan.limits)
    shown = f"{plan.told}: {' '.join(chore.command)}: {said.code}: {said.err.strip()[-400:]}"
    wrong = what_is_wrong(said, killed=plan.watcher is not None)
    wrong = wrong or half_written(Base(folder=folder).workspace)
    if wrong is not None:
        return Ended(outcome=wrong, detail=shown)
    wanted = _digests(base.folder, chore)
    first = _different(wanted, _digests(folder, chore)) if said.code == 0 else ""
    if first:
        return Ended(outcome="silent difference", detail=f"{first}; {shown}")
    again = Said(code=0, out="", err="")
    if said.code != 0 and not _is_done(chore, folder):
        again = run(folder, *chore.command)
    if again.code != 0:
        return Ended(outcome="does not go on", detail=f"{shown}; {again.err[-400:]}")
    second = _different(wanted, _digests(folder, chore))
    if second:
        return Ended(outcome="difference that stays", detail=f"{second}; {shown}")
    wrong = left_over(folder)
    if wrong is not None:
        return Ended(outcome=wrong, detail=shown)
    if said.code == 0:
        return Ended(outcome="same at once")
    outcome = "killed, then same" if (said.code or 0) < 0 else "stopped, then same"
    return Ended(outcome=outcome, detail=shown)


def _is_done(chore: Chore, folder: Path) -> bool:
    """Whether the release was there when the command was ended; it is not written twice."""
    return "release" in chore.command and (folder / "data/releases/mm-skin" / VERSION).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreFault(Plan):
    """A fault, and how it is called."""

    told: str


def plan_fault(seed: str, folder: Path, took_s: float) -> ChoreFault:
    """Choose a fault for a command over ``folder/data``."""
    chance = random.Random(seed)
    kind = chance.choice(
        ("disk_full", "read_error", "slow_disk", "clock", "file_too_large", "killed", "memory")
    )
    root = {"root": str(folder / "data")}
    match kind:
        case "disk_full" | "read_error":
            fault = {"kind": kind, "after": int(2 ** chance.uniform(0, 7)) - 1, **root}
            return ChoreFault(told=kind, fault=fault)
        case "slow_disk":
            return ChoreFault(told=kind, fault={"kind": kind, "seconds": 0.003, **root})
        case "clock":
            return ChoreFault(told=kind, fault={"kind": kind, "seed": chance.randrange(1000)})
        case "file_too_large":
            size = int(2 ** chance.uniform(8, 16))
            return ChoreFault(told=kind, limits={resource.RLIMIT_FSIZE: size})
        case "memory":
            size = chance.randrange(150, 1500) * MIB
            return ChoreFault(told=kind, limits={resource.RLIMIT_AS: size})
    signals = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
    return ChoreFault(told=kind, watcher=kill_soon(chance.randrange(10**6), took_s, signals))


def _remove(path: Path) -> None:
    if path.is_dir():
        for one in path.rglob("*"):
            if one.is_dir():
                one.chmod(0o755)  # releases are read-only
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _digests(folder: Path, chore: Chore) -> dict[str, str]:
    found = {}
    for name in chore.writes:
        top = folder / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not path.name.endswith(_NOT_COMPARED):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found[path.relative_to(folder).as_posix()] = digest
    return found


def _different(wanted: Mapping[str, str], made: Mapping[str, str]) -> str:
    for name in sorted(wanted.keys() | made.keys()):
        if wanted.get(name) != made.get(name):
            what = "missing" if name not in made else "more" if name not in wanted else "differs"
            return f"{name}: {what}"
    return ""
