"""Prefect's embedded server, which ends with this process however that ends."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, temporary_settings

from mmskin_build.errors import MmskinError

_MARK = "MMSKIN_FLOW"

# Prefect stops its server when the interpreter ends, which `kill -9` leaves no time for. So a small
# process waits at the other end of a pipe: it reads "done", or the pipe breaks and it ends all that
# inherited the mark of this flow.
_GUARD = """
import os, sys, psutil
if sys.stdin.read() != "done":
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(sys.argv[1]) == sys.argv[2]:
                process.kill()
        except psutil.Error:
            pass
"""


@contextmanager
def embedded_server() -> Iterator[None]:
    """Run a server of our own, unless ``PREFECT_API_URL`` names one.

    Raises:
        MmskinError: If it does not start.
    """
    if PREFECT_API_URL.value():
        yield
        return
    os.environ[_MARK] = secrets.token_hex(16)
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, _MARK, os.environ[_MARK]],
        stdin=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    server = SubprocessASGIServer()
    try:
        _start(server)
        # Tasks may run in other processes, which would start servers of their own.
        with temporary_settings({PREFECT_API_URL: server.api_url}):
            yield
    finally:
        server.stop()
        guard.communicate("done")
        del os.environ[_MARK]


def _start(server: SubprocessASGIServer) -> None:
    try:
        server.start()
    except Exception as error:
        raise MmskinError(
            f"Prefect's server does not start ({error}); --engine local needs none"
        ) from error
