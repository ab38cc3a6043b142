"""Functions of ours as Prefect tasks: never cached, tried again only where that may help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from mmskin_build.errors import MmskinError

P = ParamSpec("P")
R = TypeVar("R")


def as_task(function: Callable[P, R], *, retries: int, delay_s: float) -> Task[P, R]:
    """Return a function as a task that is tried again, unless an error of ours ended it."""
    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=retries,
        retry_delay_seconds=delay_s,
        retry_condition_fn=_is_worth_another_try,
    )(function)


def _is_worth_another_try(failed: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Errors of ours stay what they are; others may come from a machine in trouble."""
    try:
        state.result()
    except MmskinError:
        return False
    except Exception:
        return True
    return True
