"""SIGTERM, noted while a run goes, so that a step is ended and its state is saved."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_asked = False


def stop_asked() -> bool:
    """Whether SIGTERM came since the run began."""
    return _asked


@contextlib.contextmanager
def seen_signals() -> Iterator[None]:
    """Note SIGTERM instead of dying of it, while a run goes."""
    global _asked
    _asked = False

    def note(number: int, frame: FrameType | None) -> None:
        global _asked
        _asked = True

    try:
        before = signal.signal(signal.SIGTERM, note)
    except ValueError:  # not the main thread, as in some flows; SIGTERM then ends the process
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
