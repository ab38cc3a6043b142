"""Faults in a Python process and in all that it starts, as the variable MMSKIN_FAULT asks for.

Python imports this module at its start where its folder is on PYTHONPATH, so the program under test
needs no hook for it. The variable holds JSON: ``kind`` and what that kind needs.

* ``disk_full``: below ``root`` the write, sync, rename or new folder number ``after``, and all that
  follow, fail for want of space.
* ``read_error``: below ``root`` the read number ``after`` fails, and all later ones of that file.
* ``slow_disk``: below ``root`` each of these takes ``seconds`` longer.
* ``clock``: `time.time` jumps days back and forth, by ``seed``.
* ``no_network``: names are not looked up, nothing is connected or sent but among Unix sockets; each
  try is written to the file ``log``.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import socket
import sys
import time
from pathlib import Path
from typing import Any

_OPEN = io.open


class _Disk:
    """Counts what is done below `root` and makes some of it fail."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.kind = spec["kind"]
        self.root = spec["root"].rstrip("/") + "/"
        self.after = spec.get("after", 0)
        self.seconds = spec.get("seconds", 0.0)
        self.writes = self.reads = 0
        self.broken: str | None = None

    def holds(self, path: Any) -> bool:
        try:
            return os.path.abspath(os.fsdecode(path)).startswith(self.root)  # noqa: PTH100
        except TypeError:  # a descriptor
            return False

    def write(self, path: Any) -> None:
        time.sleep(self.seconds)
        self.writes += 1
        if self.kind == "disk_full" and self.writes > self.after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(path))

    def read(self, path: Any) -> None:
        time.sleep(self.seconds)
        self.reads += 1
        name = os.fsdecode(path)
        if self.kind == "read_error" and (name == self.broken or self.reads == self.after + 1):
            self.broken = name
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)


def _patch_disk(disk: _Disk) -> None:
    class File(io.FileIO):
        def write(self, content: Any) -> int:
            disk.write(self.name)
            return super().write(content)

        def readinto(self, buffer: Any) -> int | None:
            disk.read(self.name)
            return super().readinto(buffer)

        def readall(self) -> bytes:
            disk.read(self.name)
            return super().readall()

        def read(self, size: int | None = -1) -> bytes:
            disk.read(self.name)
            return super().read(-1 if size is None else size)

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
        newline: Any = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if isinstance(file, int) or not disk.holds(file):
            return _OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if set(mode) & set("wxa+"):
            disk.write(file)
        raw = File(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        reads = "r" in mode and "+" not in mode
        kind = io.BufferedReader if reads else io.BufferedRandom if "+" in mode else None
        buffer: Any = (kind or io.BufferedWriter)(raw)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    io.open = builtins.open = opened  # type: ignore[assignment]

    def after_write(real: Any) -> Any:
        def call(target: Any, *args: Any, **more: Any) -> Any:
            is_open = isinstance(target, int)
            path = Path(f"/proc/self/fd/{target}").resolve() if is_open else target
            if disk.holds(path):
                disk.write(path)
            return real(target, *args, **more)

        return call

    for name in ("write", "fsync", "mkdir", "rename", "replace", "sendfile"):
        setattr(os, name, after_write(getattr(os, name)))


def _patch_clock(seed: int) -> None:
    jumps = random.Random(seed)
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + jumps.uniform(-1e7, 1e7)
    time.time_ns = lambda: real_ns() + jumps.randrange(-(10**16), 10**16)


def _patch_network(log: str) -> None:
    def refuse(what: str) -> None:
        with _OPEN(log, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {what} {sys.argv[:2]}\n")
        raise OSError(errno.ENETUNREACH, f"the network is refused: {what}")

    def look_up(*args: Any, **more: Any) -> Any:
        refuse(f"looks up {args[:2]}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        setattr(socket, name, look_up)

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            if self.family != socket.AF_UNIX:
                refuse(f"connects to {address}")
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            if self.family != socket.AF_UNIX:
                refuse(f"connects to {address}")
            return super().connect_ex(address)

        def sendto(self, *args: Any) -> int:
            if self.family != socket.AF_UNIX:
                refuse(f"sends to {args[-1]}")
            return super().sendto(*args)

    socket.socket = Socket  # type: ignore[misc]


def _main() -> None:
    spec = json.loads(os.environ.get("MMSKIN_FAULT") or "{}")
    match spec.get("kind"):
        case "disk_full" | "read_error" | "slow_disk":
            _patch_disk(_Disk(spec))
        case "clock":
            _patch_clock(spec["seed"])
        case "no_network":
            _patch_network(str(Path(spec["log"]).absolute()))


_main()
