"""Watches the loss: what is no number, or leaps above the last ones, does not go by unseen."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable

_WINDOW = 64  # losses the median is taken of
_LEAST = 16  # losses before anything counts as a spike
_SLACK = 0.5  # nats a token; a loss near 0 may double without being a spike


class LossGuard:
    """Judges one loss after another against the median of those before it."""

    def __init__(self, spike_factor: float, losses: Iterable[float] = ()) -> None:
        """Begin with the losses that a checkpoint kept."""
        self._factor = spike_factor
        self._losses: deque[float] = deque(losses, maxlen=_WINDOW)

    def judge(self, loss: float, gradient_norm: float) -> str | None:
        """Say what is wrong with a step, in words, or None; a sound loss is remembered."""
        if not math.isfinite(loss):
            return f"the loss is {loss}"
        if not math.isfinite(gradient_norm):
            return f"the gradients have the norm {gradient_norm}"
        if len(self._losses) >= _LEAST:
            usual = statistics.median(self._losses)
            if loss > self._factor * usual + _SLACK:
                return f"the loss is {loss:.3f}, the median of the last ones {usual:.3f}"
        self._losses.append(loss)
        return None

    @property
    def losses(self) -> tuple[float, ...]:
        """The losses of the window, the oldest first."""
        return tuple(self._losses)

    @property
    def mean(self) -> float:
        """The mean of the window, infinity before the first loss."""
        return statistics.fmean(self._losses) if self._losses else math.inf
