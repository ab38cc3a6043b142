"""Scores of a model on a test set, with all that they hang on: ``scores.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmskin_build import __version__
from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.intervals import Interval
from mmskin_build.evaluate.predictions import Task
from mmskin_build.store import (
    code_digest,
    from_json,
    plain,
    pretty_json,
    storage_errors,
    write_bytes,
)

SCORES = "scores.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One score with its interval (95 %); None where it cannot be known.

    `n` items in `clusters` figures or patients count for it.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Scores of a part of the items: `by` is a field or "all", `value` its value."""

    by: str
    value: str
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a score hangs on.

    `identity` is the digest of the weights, or of the file of answers. `prompt` is the template
    with which a question is put, `decoding` how answers are drawn, `preset` whose definitions the
    scores have. `versions` are those of the packages that count, `code` that of this program.
    `notes` is what a reader must know beside them, a sentence each.
    """

    identity: str
    prompt: str
    decoding: dict[str, str]
    preset: str = ""
    data: str
    data_digest: str
    versions: dict[str, str]
    code: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a model does on a set; the first group is that of all items."""

    task: Task
    set: str
    model: str
    groups: tuple[Group, ...]
    provenance: Provenance
    baselines: dict[str, tuple[Group, ...]] = field(default_factory=dict)


def score_of(name: str, interval: Interval) -> Score:
    """Return an interval as a score."""
    return Score(
        name=name,
        value=interval.value if interval.value == interval.value else None,
        low=interval.low,
        high=interval.high,
        n=interval.n,
        clusters=interval.clusters,
    )


def package_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed, by name."""
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_version() -> str:
    """Return the version of this program with a digest of what scores."""
    return f"{__version__} {code_digest('evaluate', 'vqa', 'skinvl')[:12]}"


def write_result(folder: Path, result: Result) -> None:
    """Write ``scores.json``.

    Raises:
        StorageError: If it cannot be written.
    """
    write_bytes(folder / SCORES, pretty_json(plain(result)))


def read_result(folder: Path) -> Result:
    """Read ``scores.json``.

    Raises:
        SchemaError: If it is missing or no result.
    """
    path = folder / SCORES
    if not path.is_file():
        raise SchemaError(f"{path}: not there; make it with mmskin evaluate")
    with storage_errors(path):
        content = path.read_bytes()
    return from_json(content, Result, str(path))
