"""A Dask cluster: calls are handed out, and handed out again where a scheduler was lost.

Dask itself gives the work of a lost worker to another. What it does not survive is its scheduler:
then all that was not done is handed out anew as soon as there is one under the same address. Calls
must therefore be such that doing one twice, even at the same time, changes nothing.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from distributed import CancelledError, Client, KilledWorker, LocalCluster, wait
from distributed.comm import CommClosedError

from mmskin_build.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Future

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_S = 120.0  # how long a scheduler that is gone is waited for
_CONNECT_S = 10.0
_PAUSE_S = 1.0
_AHEAD = 2  # calls under way beside those that keep each thread busy

_LOST = (CancelledError, CommClosedError, TimeoutError, ConnectionError)


@contextlib.contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Cluster]:
    """Provide the cluster of a scheduler's address, or one of `workers` processes of this machine.

    Raises:
        ClusterError: If there is no scheduler, or none of its workers comes within two minutes.
    """
    if scheduler is not None:
        cluster = Cluster(scheduler)
        try:
            yield cluster
        finally:
            cluster.close()
        return
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as own:
        cluster = Cluster(own.scheduler_address)
        try:
            yield cluster
        finally:
            cluster.close()


class Cluster:
    """The workers of one scheduler."""

    def __init__(self, scheduler: str) -> None:
        """Connect and wait for the first worker.

        Raises:
            ClusterError: If the scheduler cannot be reached or has no worker.
        """
        # What Dask logs while it looks for a lost scheduler, it also raises.
        for name in ("distributed", "distributed.client", "distributed.utils"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._scheduler = scheduler
        self._listen: tuple[str, Callable[[Any], None]] | None = None
        self._client = self._connect(_CONNECT_S)
        self._await_worker()

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        with contextlib.suppress(*_LOST, OSError):
            self._client.close(timeout=_CONNECT_S)

    def listen(self, topic: str, hear: Callable[[Any], None]) -> None:
        """Call `hear` with everything that workers log under `topic`, in a thread of its own."""
        self._listen = (topic, hear)
        self._client.subscribe_topic(topic, lambda event: hear(event[1]))

    def ask_all(self, function: Callable[[], R]) -> dict[str, R]:
        """Call `function` on every worker that is there; answers by their addresses."""
        answers: dict[str, R] = self._client.run(function)
        return answers

    def map(self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[tuple[int, R]]:
        """Yield (position, result) of each call as it ends.

        A few more calls than there are threads are under way at a time, and `given` is asked for
        the next one only then: what is held, here and by the scheduler, is what is worked on,
        however many calls there are.

        Raises:
            ClusterError: If no scheduler comes back, or a call ended one worker after the other.
            Exception: What a call raised.
        """
        new = enumerate(given)
        again: deque[tuple[int, T]] = deque()
        running: dict[Future[R], tuple[int, T]] = {}
        is_over = False
        while not is_over or again or running:
            try:
                while len(running) < self._threads() + _AHEAD:
                    call = again[0] if again else next(new, None)
                    if call is None:
                        is_over = True
                        break
                    if not again:
                        again.append(call)  # until it is handed out
                    running[self._client.submit(function, call[1], pure=False)] = call
                    again.popleft()
                if not running:
                    continue
                wait(list(running), timeout=None, return_when="FIRST_COMPLETED")
                ended = {future: future.result() for future in list(running) if future.done()}
            except KilledWorker as error:
                raise ClusterError(
                    f"{self._scheduler}: {error.task} ended {error.allowed_failures + 1} workers, "
                    f"the last {error.last_worker.address}; its log says why (often memory: give "
                    "workers more, or set [pdf] memory_limit_mib lower)"
                ) from None
            except _LOST:
                again.extend(running.values())
                running.clear()
                self._reconnect()
                continue
            for future, result in ended.items():
                yield running.pop(future)[0], result

    def _threads(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def _reconnect(self) -> None:
        self.close()
        self._client = self._connect(_PATIENCE_S)
        if self._listen is not None:
            self.listen(*self._listen)
        self._await_worker()

    def _connect(self, patience_s: float) -> Client:
        until = time.monotonic() + patience_s
        while True:
            try:
                return Client(self._scheduler, timeout=_CONNECT_S)
            except (OSError, ValueError) as error:
                if time.monotonic() > until or isinstance(error, ValueError):
                    raise ClusterError(
                        f"{self._scheduler}: no Dask scheduler answers there ({error}); start one "
                        "with: dask scheduler, and workers with: dask worker ADDRESS"
                    ) from None
            time.sleep(_PAUSE_S)

    def _await_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError:
            self.close()
            raise ClusterError(
                f"{self._scheduler}: the scheduler has no worker; start some with: "
                f"dask worker {self._scheduler} --nthreads 1 --nworkers 4"
            ) from None
