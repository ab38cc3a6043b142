"""What a run says while it goes and after it: JSONL, TensorBoard, W&B if asked, a summary page."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from jinja2 import Environment, StrictUndefined

from mmskin_build.errors import MissingDependencyError
from mmskin_build.skinvl.state import iter_log, truncate_log
from mmskin_build.store import storage_errors, write_bytes

LOG, SUMMARY, TENSORBOARD = "log.jsonl", "index.html", "tensorboard"
_SIZE = (760, 260)  # of the plot
_MARGIN = (56, 24)  # left and below, for the numbers
_MEAN_STEPS = 20
_PLOTTED = 2000  # points at most
_TICKS = 5


class Journal:
    """The open logs of a run; one process of a run has one."""

    def __init__(self, folder: Path, *, resumed_at: int, wandb_project: str, title: str) -> None:
        """Open the logs; what they say of steps after `resumed_at` is forgotten.

        Raises:
            MissingDependencyError: If `wandb_project` is given and W&B is not installed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / LOG
        self._file: IO[bytes] | None = None
        self.forget_after(resumed_at)
        self._board = _open_board(folder / TENSORBOARD, resumed_at)
        self._wandb = _open_wandb(wandb_project, title, folder)

    def write(self, entry: Mapping[str, Any]) -> None:
        """Write one line; numbers also go to the boards. The line is on disk afterwards."""
        if self._file is None:
            raise ValueError("the journal is closed")
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        step = int(entry.get("step", 0))
        numbers = {
            key: float(value)
            for key, value in entry.items()
            if key != "step" and isinstance(value, int | float)
        }
        if self._board is not None:
            for key, value in numbers.items():
                self._board.add_scalar(f"train/{key}", value, step)
        if self._wandb is not None:
            self._wandb.log(numbers, step=step)

    def forget_after(self, step: int) -> None:
        """Take back what the JSONL log says of steps after `step`."""
        if self._file is not None:
            self._file.close()
        truncate_log(self._path, step)
        with storage_errors(self._path):
            self._file = self._path.open("ab")

    def close(self) -> None:
        """Close the logs."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._board is not None:
            self._board.close()
        if self._wandb is not None:
            self._wandb.finish()


def _open_board(folder: Path, resumed_at: int) -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        return None  # the JSONL log has the same numbers
    return SummaryWriter(str(folder), purge_step=resumed_at + 1 if resumed_at else None)


def _open_wandb(project: str, title: str, folder: Path) -> Any:
    if not project:
        return None
    try:
        import wandb
    except ImportError:
        raise MissingDependencyError(
            "train.wandb_project is set but W&B is not installed: pip install wandb, or unset it"
        ) from None
    return wandb.init(project=project, name=title, dir=str(folder), resume="allow")


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of a run's log; a line that breaks off is none."""
    path = folder / LOG
    return [entry for _, entry in iter_log(path)] if path.is_file() else []


def write_summary(
    folder: Path,
    *,
    title: str,
    verdict: str,
    tables: Sequence[tuple[str, Sequence[tuple[str, object]]]],
) -> Path:
    """Write the summary page of a run and return it; it opens from disk and fetches nothing."""
    source = files("mmskin_build.skinvl").joinpath("templates/summary.html.j2")
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        source.read_text(encoding="utf-8")
    )
    losses = [float(entry["loss"]) for entry in read_log(folder) if "loss" in entry]
    html = page.render(title=title, verdict=verdict, plot=plot_losses(losses), tables=tables)
    write_bytes(folder / SUMMARY, html.encode())
    return folder / SUMMARY


def plot_losses(losses: Sequence[float]) -> dict[str, Any] | None:
    """Return the points of the loss plot, None if there is no loss.

    >>> plot_losses([2.0, 1.0])["points"]
    '56.0,0.0 760.0,118.0'
    """
    if not losses:
        return None
    width, height = _SIZE
    left, below = _MARGIN
    bottom = height - below
    top = max(losses) or 1.0
    stride = max(1, len(losses) // _PLOTTED)
    chosen = range(0, len(losses), stride)

    def point(index: int, value: float) -> str:
        x = left + (width - left) * index / max(1, len(losses) - 1)
        return f"{x:.1f},{bottom * (1 - value / top):.1f}"

    means = {at: statistics.fmean(losses[max(0, at - _MEAN_STEPS + 1) : at + 1]) for at in chosen}
    return {
        "width": width,
        "height": height,
        "left": left,
        "bottom": bottom,
        "steps": len(losses),
        "first": f"{losses[0]:.3f}",
        "last": f"{losses[-1]:.3f}",
        "window": _MEAN_STEPS,
        "points": " ".join(point(at, losses[at]) for at in chosen),
        "means": " ".join(point(at, value) for at, value in means.items()),
        "ticks": [
            {"y": bottom * at / _TICKS, "label": f"{top * (1 - at / _TICKS):.2f}"}
            for at in range(_TICKS + 1)
        ],
    }
