"""Builds of a small demo book that are disturbed on purpose, and how each ends.

A run begins with a book that is registered and a store in which some stages are kept. The fault is
done, the command is given again without it, and the end is compared with a build that nobody
disturbed: byte for byte the same, or the program said that it stopped, where, and what to do.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from builders import make_decision
from mmskin_build import builds
from mmskin_build.cache import read_entry
from mmskin_build.config import Config, Workspace, WorkspaceConfig
from mmskin_build.dataset.released import released_versions
from mmskin_build.dataset.verify import verify_release
from mmskin_build.demo.book import write_demo_book
from mmskin_build.steps import STAGES
from mmskin_build.store import to_json

SHIM = Path(__file__).parent / "shim"
PAGES = 10
SETTINGS = Config(workspace=WorkspaceConfig(workers=1))
HANG_S = 300.0  # a command that takes longer hangs; undisturbed it takes seconds
GONE_S = 60.0  # until when workers must have ended after their parent
CLEAR = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 130}  # exit codes of errors that say what to do
VERSION = "1.0.0"
_RELEASE_EACH = 4  # seeds: one in so many builds is released, too, and that compared
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended: its code (negative: by a signal; None: it hung) and what it said."""

    code: int | None
    out: str
    err: str
    stray: int = 0  # processes that it left running


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: one of `GOOD`, or what went wrong, with what was said."""

    outcome: str
    detail: str = ""


GOOD = ("same at once", "stopped, then same", "killed, then same", "told, then same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A finished, undisturbed build: what others start from and are compared with."""

    folder: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "data")


def make_base(folder: Path, pages: int = PAGES) -> Base:
    """Draw the book, build and release it."""
    pdf = folder / "data" / "books" / "demo.pdf"
    pdf.parent.mkdir(parents=True)
    write_demo_book(pdf, pages=pages, keep_pixels=False)
    base = Base(folder=folder)
    for command in (["books", "add", str(pdf), "--id", "demo"], ["build"], release_command()):
        said = run(folder, *command)
        assert said.code == 0, said.err
    return base


def release_command() -> list[str]:
    """Return the command that makes the release of the base."""
    return ["release", VERSION, "--leave-out-held"]


# ----------------------------------------------------------------------------- running commands

Watcher = Callable[[psutil.Process], None]


def run(
    folder: Path,
    *arguments: str,
    fault: dict[str, object] | None = None,
    watcher: Watcher | None = None,
    limits: dict[int, int] | None = None,
) -> Said:
    """Run a command over ``folder/data``; nothing that it starts may outlive it for long."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if fault is not None:
        paths = [str(SHIM), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths), "MMSKIN_FAULT": json.dumps(fault)}

    def limit() -> None:
        for name, value in (limits or {}).items():
            resource.setrlimit(name, (value, value))

    given = [*arguments, "--data", str(folder / "data"), "--workers", "1", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mmskin_build", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
        start_new_session=True,
        preexec_fn=limit,
    )
    family = _Family(psutil.Process(process.pid))
    if watcher is not None:
        threading.Thread(target=watcher, args=(family.parent,), daemon=True).start()
    end = time.monotonic() + HANG_S
    out = err = ""
    while True:
        family.look()
        try:
            out, err = process.communicate(timeout=0.2)
            code: int | None = process.returncode
            break
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                process.kill()
                out, err = process.communicate()
                code = None
                break
    return Said(code=code, out=out, err=err, stray=family.left())


class _Family:
    """All processes that a command started."""

    def __init__(self, parent: psutil.Process) -> None:
        self.parent = parent
        self._seen: dict[int, psutil.Process] = {}

    def look(self) -> None:
        try:
            for child in self.parent.children(recursive=True):
                self._seen.setdefault(child.pid, child)
        except psutil.Error:
            return

    def left(self) -> int:
        """Wait for them; end those that do not by themselves, and count them."""
        _, alive = psutil.wait_procs(list(self._seen.values()), timeout=GONE_S)
        for process in alive:
            process.kill()
        return len(alive)


# -------------------------------------------------------------------------------------- faults


def kill_soon(seed: int, took_s: float, signals: tuple[int, ...]) -> Watcher:
    """Send a signal to the command itself, and to nobody else, at a moment of its run."""
    chance = random.Random(seed)
    after_s, number = chance.uniform(0.05, 1.0) * took_s, chance.choice(signals)

    def watch(parent: psutil.Process) -> None:
        end = time.monotonic() + after_s
        while time.monotonic() < end:
            if not parent.is_running() or parent.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.02)
        with contextlib.suppress(psutil.Error):
            parent.send_signal(number)

    return watch


def kill_workers(seed: int, took_s: float) -> Watcher:
    """Kill one process after another that the command started, a few times."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0.2, 1.0) * took_s for _ in range(chance.randint(1, 4)))

    def watch(parent: psutil.Process) -> None:
        start = time.monotonic()
        for moment in moments:
            while time.monotonic() - start < moment:
                time.sleep(0.02)
            try:
                children = [
                    child
                    for child in parent.children(recursive=True)
                    # Python's own, without work of ours; its loss is only noise on stderr.
                    if "resource_tracker" not in " ".join(child.cmdline())
                ]
                if children:
                    chance.choice(children).kill()
            except psutil.Error:
                return

    return watch


def damage_file(path: Path, how: str, chance: random.Random) -> None:
    """Do to a file what disks do."""
    path.chmod(0o644)
    content = path.read_bytes()
    match how:
        case "truncated":
            path.write_bytes(content[: chance.randrange(len(content) or 1)])
        case "flipped":
            if content:
                flipped = bytearray(content)
                flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
                path.write_bytes(bytes(flipped))
        case "zeroed":  # what some file systems leave after a power cut
            path.write_bytes(bytes(len(content)))
        case "deleted":
            path.unlink()
        case _:
            raise ValueError(how)


def forget_stages(workspace: Workspace, first: int) -> None:
    """Remove what the stages from number `first` on have kept."""
    for stage in (*STAGES, "join_books")[first:]:
        shutil.rmtree(workspace.store / stage, ignore_errors=True)


# ------------------------------------------------------------------------------------ the runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A fault to inject: what runs with it, or what is damaged before the run."""

    fault: dict[str, object] | None = None
    watcher: Watcher | None = None
    limits: dict[int, int] | None = None
    command: tuple[str, ...] = ("build",)


def plan_run(kind: str, seed: int, folder: Path, took_s: float) -> Plan:
    """Prepare `folder`, a copy of the base, for a fault of a kind, and say how to run it."""
    chance = random.Random(f"{kind} {seed}")
    workspace = Workspace(folder / "data")
    first = chance.randrange(len(STAGES) + 1)
    shutil.rmtree(workspace.releases, ignore_errors=True)
    if kind not in ("release_damaged", "work_damaged"):
        workspace.current.unlink()
    command = ("build",) if chance.random() < 0.8 else ("release", VERSION, "--leave-out-held")
    if command[0] == "release":
        shutil.copy(folder.parent / "base" / "data" / "work" / "build.json", workspace.current)
    root = {"root": str(folder / "data")}
    share = (len(STAGES) + 1 - first) / (len(STAGES) + 1)
    match kind:
        case "disk_full":
            fault = {"kind": kind, "after": int(2 ** chance.uniform(0, 8)) - 1, **root}
            forget_stages(workspace, first)
            return Plan(fault=fault, command=command if first == len(STAGES) else ("build",))
        case "file_too_large":
            forget_stages(workspace, first)
            size = int(2 ** chance.uniform(8, 18))
            return Plan(limits={resource.RLIMIT_FSIZE: size})
        case "read_error":
            forget_stages(workspace, first)
            fault = {"kind": kind, "after": int(2 ** chance.uniform(0, 8)) - 1, **root}
            return Plan(fault=fault, command=command if first == len(STAGES) else ("build",))
        case "slow_disk":
            forget_stages(workspace, first)
            return Plan(fault={"kind": kind, "seconds": chance.uniform(0.002, 0.02), **root})
        case "clock":
            forget_stages(workspace, first)
            return Plan(fault={"kind": kind, "seed": seed})
        case "worker_killed":
            forget_stages(workspace, min(first, 3))
            return Plan(watcher=kill_workers(seed, took_s * max(0.5, share)))
        case "build_killed":
            forget_stages(workspace, first)
            return Plan(watcher=kill_soon(seed, took_s * share, (signal.SIGKILL,)))
        case "interrupted":
            forget_stages(workspace, first)
            return Plan(watcher=kill_soon(seed, took_s * share, (signal.SIGINT, signal.SIGTERM)))
        case "memory":
            forget_stages(workspace, min(first, 3))
            return Plan(limits={resource.RLIMIT_AS: chance.randrange(150, 1500) * MIB})
        case "store_damaged":
            files = [path for path in sorted(workspace.store.glob("*/??/*/**/*")) if path.is_file()]
            for path in chance.sample(files, chance.choice((1, 1, 3))):
                how = chance.choice(("truncated", "flipped", "zeroed", "deleted"))
                damage_file(path, how, chance)
            if chance.random() < 0.6:
                forget_stages(workspace, chance.randrange(3, len(STAGES) + 1))
            return Plan()
        case "work_damaged":
            files = [workspace.current, workspace.duplicates]
            files += sorted((workspace.review / "queue").glob("*"))
            how = chance.choice(("truncated", "flipped", "zeroed", "deleted"))
            damage_file(chance.choice(files), how, chance)
            if chance.random() < 0.6:
                forget_stages(workspace, len(STAGES))
            return Plan()
        case "decisions_torn":  # a reviewer's disk was full, or the power failed
            line = to_json(make_decision(decision_id=f"d{seed}")) + b"\n"
            kept = line[: chance.randrange(1, len(line) - 1)]
            torn = chance.choice((kept, bytes(len(kept)), line + kept, b"\xff" + kept + b"\n"))
            path = workspace.review / "decisions" / "ann.jsonl"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(torn)
            forget_stages(workspace, first)
            return Plan()
    raise ValueError(kind)


KINDS = (
    "disk_full", "file_too_large", "read_error", "slow_disk", "clock", "worker_killed",
    "build_killed", "interrupted", "memory", "store_damaged", "work_damaged",
    "decisions_torn",
)  # fmt: skip


def run_fault(base: Base, kind: str, seed: int, folder: Path, took_s: float) -> Ended:
    """Build with a fault, look, build again without it, look again."""
    shutil.copytree(base.folder, folder, symlinks=True)
    workspace = Workspace(folder / "data")
    plan = plan_run(kind, seed, folder, took_s)
    decided = decisions_of(workspace)
    said = run(folder, *plan.command, fault=plan.fault, watcher=plan.watcher, limits=plan.limits)
    shown = f"{' '.join(plan.command)}: {said.code}: {said.err.strip()[-400:]}"
    wrong = what_is_wrong(said, killed=kind in ("build_killed", "interrupted"))
    if wrong is None and kind != "store_damaged":
        wrong = half_written(workspace)
    if wrong is not None:
        return Ended(outcome=wrong, detail=shown)
    first = difference(base, folder) if said.code == 0 and plan.command[0] == "build" else ""
    told = "page_" in said.out + said.err or "picture_" in said.out + said.err
    if first and not told:
        return Ended(outcome="silent difference", detail=f"{first}; {shown}")
    try:
        builds.build(workspace, SETTINGS, check=True)
    except Exception as error:  # whatever it is, it is what the run is to tell
        return Ended(outcome="does not go on", detail=f"{shown}; {error!r}")
    second = difference(base, folder)
    if second:
        return Ended(outcome="difference that stays", detail=f"{second}; {shown}")
    released = (workspace.releases / "mm-skin" / VERSION).exists()
    if not released and seed % _RELEASE_EACH == 0:
        try:
            builds.make_release(workspace, SETTINGS, VERSION, leave_out_held=True)
        except Exception as error:  # as above
            return Ended(outcome="cannot be released", detail=f"{shown}; {error!r}")
    if decisions_of(workspace) != decided:
        return Ended(outcome="decisions changed", detail=shown)
    wrong = half_written(workspace) or other_release(base, workspace) or left_over(folder)
    if wrong is not None:
        return Ended(outcome=wrong, detail=shown)
    if said.code == 0:
        return Ended(outcome="told, then same" if first else "same at once")
    if said.code is not None and said.code < 0:
        return Ended(outcome="killed, then same")
    return Ended(outcome="stopped, then same", detail=shown)


def what_is_wrong(said: Said, *, killed: bool) -> str | None:
    """Whether a command that was disturbed ended as it may."""
    if said.code is None:
        return "hang"
    if said.stray:
        return "stray processes"
    if "Traceback" in said.err or "unexpected" in said.err:
        return "unclear stop"
    if said.code == 0 or said.code in CLEAR:
        told = re.search(r"^(mmskin|rejected): ", said.err, re.M)
        return None if said.code == 0 or told else "stop without a word"
    return None if killed and said.code < 0 else "unclear stop"


def half_written(workspace: Workspace) -> str | None:
    """Whether anything under a final name is not whole."""
    for folder in workspace.store.glob("*/??/*"):
        if read_entry(folder, deep=True) is None:
            return "half-written entry"
    if workspace.current.exists():
        builds.read_build(workspace)
    releases = workspace.releases / "mm-skin"
    shown = {path.name for path in releases.glob("*") if path.name != ".tmp"}
    if shown != set(released_versions(releases)):
        return "half-written release"
    if any(verify_release(releases / version).problems for version in shown):
        return "damaged release"
    return None


def decisions_of(workspace: Workspace) -> dict[str, bytes]:
    """What people decided, file by file: no run may touch it."""
    folder = workspace.review / "decisions"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def difference(base: Base, folder: Path) -> str:
    """Where the build in `folder` and its queue differ from the base; "" where they do not."""
    for name in ("data/work/build.json", "manual_review/queue/demo.jsonl"):
        made, wanted = folder / name, base.folder / name
        if not made.exists():
            return f"{name} is missing"
        if made.read_bytes() != wanted.read_bytes():
            return f"{name} differs"
    return ""


def other_release(base: Base, workspace: Workspace) -> str | None:
    name = f"mm-skin/{VERSION}/manifest.json"
    made, wanted = workspace.releases / name, base.workspace.releases / name
    if not made.exists():
        return None
    return None if made.read_bytes() == wanted.read_bytes() else "another release"


def left_over(folder: Path) -> str | None:
    """Whether temporary files are left after all ended well."""
    found = [
        path
        for path in folder.rglob("*")
        if path.name != ".tmp" and re.search(r"\.tmp(/|$)|-journal$|-wal$", path.as_posix())
    ]
    return f"left over: {found[0].relative_to(folder)}" if found else None
