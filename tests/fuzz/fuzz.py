"""Feed changed files to all that reads files, FILES times; print kind by outcome.

Usage: make fuzz [FUZZ_FILES=20000]   (or: python tests/fuzz/fuzz.py --files N --out FOLDER)

Each file is used or refused with an error of this program. Kept in FOLDER with their traceback are
files that raised anything else, took longer than they may, or made the program write outside of the
folder it was given. Runs are seeded: the same seed, number and targets give the same file. PDFs of
the folder MMSKIN_ROBUST join those drawn here. What is done is kept in FOLDER, so that the same
command goes on from there, with what the program is by then; the table tells all of it, and
``fuzz.jsonl`` on which commit each part was done. Exit code 1 if anything was kept.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz_targets import Target, open_targets
from mmskin_build.errors import MmskinError

LIMIT_S = {"pdf": 150.0}  # two tries of a page and the start of a worker; others take milliseconds
_LIMIT_S = 60.0
_PDF_SHARE = 0.15  # of all files: they cost a hundred times the others
_SAVE_EACH = 100  # files: what a run that is cut off does again
DONE, TABLE = "fuzz.jsonl", "fuzz.json"


class _Late(BaseException):
    """A file took longer than it may; no handler of `Exception` sees it."""


@dataclass(slots=True)
class Report:
    """What came of the files, by target and outcome; `bad` names the kept ones."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)


def fuzz(
    *,
    files: int,
    seed: int,
    out: Path,
    first: int = 0,
    only: tuple[str, ...] = (),
    seconds: float = 1e9,
    save: Callable[[int, int, Report], None] = lambda first, after, report: None,
) -> Report:
    """Try changed files number `first` to `files`, or as many as `seconds` allow, over all targets.

    `save` is called every so often with what came of the files since the last call.
    """
    report, since, begun = Report(), Report(), first
    given = os.environ.get("MMSKIN_ROBUST")
    with tempfile.TemporaryDirectory(prefix="mmskin-fuzz-") as name:
        yard = Path(name) / "yard"
        (yard / "tmp").mkdir(parents=True)
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(name) / "torch")  # made by its import
        with (
            _in_folder(yard),
            open_targets(Path(name) / "sound", Path(given) if given else None) as targets,
        ):
            chosen = [t for t in targets.values() if not only or t.name.split()[0] in only]
            end = time.monotonic() + seconds
            for number in range(first, files):
                if time.monotonic() > end:
                    break
                _try(_choose(chosen, f"{seed} {number}"), f"{seed}-{number}", yard, out, since)
                if number + 1 == files or (number + 1) % _SAVE_EACH == 0:
                    save(begun, number + 1, since)
                    report, since, begun = _joined(report, since), Report(), number + 1
        assert not (Path(name) / "sound" / "checkpoint" / "owned").exists(), "a pickle was run"
    return _joined(report, since)


def _joined(one: Report, other: Report) -> Report:
    return Report(counts=one.counts + other.counts, bad=[*one.bad, *other.bad])


def _choose(targets: list[Target], seed: str) -> Target:
    """PDFs with their share, all others by their weights."""
    chance = random.Random(seed)
    pdfs = [target for target in targets if target.name == "pdf"]
    others = [target for target in targets if target.name != "pdf"]
    if pdfs and (not others or chance.random() < _PDF_SHARE):
        return pdfs[0]
    return chance.choices(others, [target.weight for target in others])[0]


def _try(target: Target, name: str, yard: Path, out: Path, report: Report) -> None:
    chance = random.Random(f"{target.name} {name}")
    content = target.mutate(chance, chance.choice(target.seeds))
    place = yard / "place"
    place.mkdir()
    path = place / target.file
    path.write_bytes(content)
    why = ""
    limit_s = LIMIT_S.get(target.name, _LIMIT_S)
    try:
        with _clock(limit_s):
            target.use(path)
        outcome = "used"
    except MmskinError as error:
        outcome = "refused" if str(error) else "refused without a word"
    except _Late:
        outcome, why = "late", traceback.format_exc()
    except Exception as error:
        outcome, why = f"raised {type(error).__name__}", traceback.format_exc()
    stray = [p for p in yard.rglob("*") if place not in (p, *p.parents) and p != yard / "tmp"]
    if stray:
        outcome = f"wrote {stray[0].relative_to(yard)}"
        for one in stray:
            shutil.rmtree(one, ignore_errors=True) if one.is_dir() else one.unlink()
    report.counts[target.name, outcome] += 1
    if outcome not in ("used", "refused"):
        kept = out / f"{target.name.replace(' ', '_')}-{name}"
        kept.mkdir(parents=True, exist_ok=True)
        (kept / target.file).write_bytes(content)
        (kept / "why.txt").write_text(f"{outcome}\n{why}", errors="replace")
        report.bad.append(f"{kept}: {outcome}")
        print(f"{kept}: {outcome}", file=sys.stderr, flush=True)
    for folder in place.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)  # releases are read-only
    shutil.rmtree(place)


@contextlib.contextmanager
def _clock(limit_s: float) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _in_folder(yard: Path) -> Iterator[None]:
    """Work in `yard`, temporary files included, so that what is written astray is seen."""
    before, temporary = Path.cwd(), tempfile.tempdir
    os.chdir(yard)
    tempfile.tempdir = str(yard / "tmp")
    try:
        yield
    finally:
        tempfile.tempdir = temporary
        os.chdir(before)


def main() -> int:
    """Run, print the table and keep the counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="first words of targets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is kept")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    out = given.out.absolute()
    which = {"seed": given.seed, "only": sorted(given.only)}
    commit = _commit()

    def save(first: int, after: int, report: Report) -> None:
        line = {**which, "commit": commit, "first": first, "after": after, "bad": report.bad}
        with (out / DONE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "counts": _by_target(report)}) + "\n")

    done = _read_done(out / DONE, which)
    first = max((line["after"] for line in done), default=0)
    fuzz(
        files=given.files,
        seed=given.seed,
        out=out,
        first=first,
        only=tuple(given.only),
        seconds=given.seconds,
        save=save,
    )
    return _print(_read_done(out / DONE, which), out / TABLE)


def _read_done(path: Path, which: dict[str, object]) -> list[dict[str, Any]]:
    """What was done before with this seed and these targets."""
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if {key: line[key] for key in which} == which]


def _commit() -> str:
    """Which program is tried; with a plus sign where the folder differs from the commit."""
    done = subprocess.run(
        ["git", "describe", "--always", "--exclude=*", "--dirty=+"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip() or "unknown"


def _by_target(report: Report) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for (target, outcome), number in sorted(report.counts.items()):
        table.setdefault(target, {})[outcome] = number
    return table


def _print(done: list[dict[str, Any]], table: Path) -> int:
    report = Report()
    for line in done:
        report.bad += line["bad"]
        for target, outcomes in line["counts"].items():
            for outcome, number in outcomes.items():
                report.counts[target, outcome] += number
    for target, outcomes in _by_target(report).items():
        told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
        print(f"{target:<32} {sum(outcomes.values()):>6}: {told}")
    print("\n".join(report.bad))
    print(f"{sum(report.counts.values())} files, {len(report.bad)} kept")
    table.write_text(json.dumps(_by_target(report), indent=2))
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
