"""A process that trains, is killed at named steps, and goes on; run by tests and bench.

Usage: skinvl_kill.py FOLDER STEP [STEP ...]. Imports are paid once: each attempt is a fork that
kills itself with SIGKILL after its step, or, for a step given as -N, in the middle of writing its
N-th checkpoint. Prints a digest of the final weights of a run that was never killed, and of the
one that was.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from mmskin_build.skinvl import state
from mmskin_build.skinvl.train import train
from skinvl_cases import make_run, tiny_folder, write_examples


def main(folder: Path, kills: list[int]) -> None:
    """Train once undisturbed, once with kills, and print both digests."""
    tiny_folder(folder / "data" / "models")
    write_examples(folder / "examples")
    # Dropout on, so that the randomness is part of what has to go on.
    settings: dict[str, Any] = {"lora_dropout": 0.1, "micro_rows": 1}
    for out, steps in (("whole", []), ("killed", kills)):
        for kill in [*steps, 0]:
            child = os.fork()
            if child == 0:
                _attempt(folder, out, kill, settings)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            wanted = signal.SIGKILL if kill else 0
            if os.WTERMSIG(status) != wanted or (not kill and status):
                sys.exit(f"{out}: kill {kill} ended with status {status}")
        adapter = folder / "runs" / out / "adapter"
        digest = hashlib.sha256()
        for name in ("adapter_model.safetensors", "projector.safetensors"):
            digest.update((adapter / name).read_bytes())
        last = state.find_checkpoints(folder / "runs" / out / "checkpoints")[0]
        digest.update((last / state.OPTIMIZER).read_bytes())
        print(digest.hexdigest())


def _attempt(folder: Path, out: str, kill: int, settings: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    run = make_run(folder, out, **settings)
    if kill < 0:
        _die_while_writing(-kill)

    def report(entry: dict[str, Any]) -> None:
        if entry["step"] == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    train(run, resume=True, report=report)


def _die_while_writing(number: int) -> None:
    whole, seen = state.write_shard, [0]

    def write(path: Path, tensors: Any) -> None:
        seen[0] += 1
        if seen[0] == 3 * number:  # the last of the three files of that checkpoint, half of it
            path.write_bytes(b"\x10")
            os.kill(os.getpid(), signal.SIGKILL)
        whole(path, tensors)

    state.write_shard = write  # type: ignore[assignment]


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(step) for step in sys.argv[2:]])
