"""Functions of ours as Prefect tasks: never cached, tried again only where that may help.

Whoever uses the GPU holds the one slot of the limit `gpu`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.tasks import Task

from mmskin_build.errors import MmskinError

P = ParamSpec("P")
R = TypeVar("R")

_GPU = "gpu"  # Prefect's name of the limit
_GPU_SLOTS = 1
_LEASE_S = 600.0  # Prefect renews it; a slot of a process that died is free after it


def as_task(function: Callable[P, R], *, retries: int, delay_s: float) -> Task[P, R]:
    """Return a function as a task that is tried again, unless an error of ours ended it."""
    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=retries,
        retry_delay_seconds=delay_s,
        retry_condition_fn=_is_worth_another_try,
    )(function)


@contextmanager
def hold_gpu() -> Iterator[None]:
    """Hold the GPU; a limit that is missing is made, because Prefect would let all run at once."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(_GPU, _GPU_SLOTS)
    with concurrency(_GPU, occupy=1, strict=True, lease_duration=_LEASE_S):
        yield


def _is_worth_another_try(failed: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Errors of ours stay what they are; others may come from a machine in trouble."""
    try:
        state.result()
    except MmskinError:
        return False
    except Exception:
        return True
    return True
