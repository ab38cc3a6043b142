"""Options that several commands share, and what they come to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from mmskin_build.config import Config, Workspace, load_config
from mmskin_build.errors import ResourceError

F = TypeVar("F", bound=Callable[..., Any])

_LEAST_MIB = 384  # of address space: OpenBLAS was seen to ask for memory without end below 250

EXISTING_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options that every command has, and the settings file they point to."""

    cfg: Config
    workspace: Workspace
    quiet: bool
    as_json: bool


def common_options(command: F) -> F:
    """Add --data, --config, --workers, --quiet, --json and --debug; pass them as `settings`."""

    @click.option("--data", type=EXISTING_PATH, envvar="MMSKIN_DATA", help="Data folder [./data].")
    @click.option(
        "--config",
        type=EXISTING_PATH,
        envvar="MMSKIN_CONFIG",
        help="Settings file [./mmskin.toml, if there is one].",
    )
    @click.option("--workers", type=click.IntRange(1), help="Processes [one a processor].")
    @click.option("--quiet", "-q", is_flag=True, help="No progress, only the result.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        data: Path | None,
        config: Path | None,
        workers: int | None,
        quiet: bool,
        as_json: bool,
        debug: bool,
        **options: Any,
    ) -> Any:
        _require_memory()
        cfg = load_config(config)
        if workers is not None:
            cfg = dataclasses.replace(
                cfg, workspace=dataclasses.replace(cfg.workspace, workers=workers)
            )
        if data is not None:
            cfg = dataclasses.replace(
                cfg, workspace=dataclasses.replace(cfg.workspace, data=str(data))
            )
        settings = Settings(
            cfg=cfg,
            workspace=Workspace(Path(cfg.workspace.data), cfg.store.remote),
            quiet=quiet,
            as_json=as_json,
        )
        return command(*args, settings=settings, **options)

    return wrapped  # type: ignore[return-value]


def _require_memory() -> None:
    """Refuse to begin where loading the numerical libraries would fail, or never end.

    Raises:
        ResourceError: If the address space of this process is capped too low (``ulimit -v``).
    """
    import resource  # not there on Windows, which `cli.run` refuses in words

    cap = resource.getrlimit(resource.RLIMIT_AS)[0]
    if cap != resource.RLIM_INFINITY and cap < _LEAST_MIB * 2**20:
        raise ResourceError(
            f"this process may use {cap // 2**20} MiB of address space, {_LEAST_MIB} are the least "
            "(a build takes 1 to 4 GiB); raise the limit: ulimit -v unlimited"
        )
