"""Versions of releases: how far a change of the data raises the number.

As Croissant 1.1 has it (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, section
on versions): data that was there and was edited, removed or moved to another split raises the first
number, new data beside the old raise the second, and another packing of the same data the third.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from mmskin_build.dataset.changes import Changes
from mmskin_build.errors import ReleaseError

Step = Literal["major", "minor", "patch"]
FIRST_VERSION = "1.0.0"

_STEPS: tuple[Step, ...] = ("major", "minor", "patch")  # the places of a version
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_SHOWN = 50  # lines of one message


def is_version(text: str) -> bool:
    """Whether a text is three numbers joined by points."""
    return _VERSION.fullmatch(text) is not None


def parse_version(text: str) -> tuple[int, int, int]:
    """Return a semantic version as numbers.

    Raises:
        ReleaseError: If it is not three numbers joined by points.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ReleaseError(f"{text!r} is not a version; write three numbers, as in 1.0.0")
    return int(match[1]), int(match[2]), int(match[3])


def next_version(version: str | None, step: Step) -> str:
    """Return the version that is one step above another; None stands for no release yet.

    >>> [next_version("1.9.3", step) for step in ("major", "minor", "patch")]
    ['2.0.0', '1.10.0', '1.9.4']
    """
    if version is None:
        return FIRST_VERSION
    numbers = list(parse_version(version))
    place = _STEPS.index(step)
    numbers[place:] = [numbers[place] + 1, *[0] * (2 - place)]
    return ".".join(map(str, numbers))


def step_between(old: str, new: str) -> Step:
    """Return which number of a version was raised, the first that differs.

    >>> step_between("1.9.3", "1.10.0")
    'minor'
    """
    pairs = zip(_STEPS, parse_version(old), parse_version(new), strict=True)
    return next((step for step, before, after in pairs if before != after), "patch")


def needed_step(changes: Changes) -> Step:
    """Return the least step that a change of the data calls for."""
    if next(_edits(changes), None) is not None:
        return "major"
    return "minor" if next(_additions(changes), None) is not None else "patch"


def check_step(old: str, new: str, changes: Changes) -> None:
    """Do nothing if the step from one version to the next is large enough.

    Raises:
        ReleaseError: With what calls for the larger step, and the version that would do.
    """
    needed = needed_step(changes)
    if _STEPS.index(step_between(old, new)) <= _STEPS.index(needed):
        return
    found = [*_edits(changes)] if needed == "major" else [*_additions(changes)]
    shown = "\n".join(f"  {line}" for line in found[:_SHOWN])
    more = f"\n  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    what = "edited, removed or moved to another split" if needed == "major" else "added"
    raise ReleaseError(
        f"{new} is too small a step from {old}: data were {what}, so the version must be "
        f"{next_version(old, needed)} at least; mmskin release --next chooses it\n{shown}{more}"
    )


def _edits(changes: Changes) -> Iterator[str]:
    """What readers of the release before would miss or find otherwise."""
    yield from (f"{item.id}: removed" for item in changes.removed)
    yield from (f"{old}: now called {new}" for old, new in changes.renamed)
    for record in changes.changed:
        sides = [field for field in record.fields if field.field == "split"]
        moved = f"moved from {sides[0].before} to {sides[0].after}" if sides else ""
        edited = ", ".join(field.field for field in record.fields if field.field != "split")
        parts = (moved, f"edited ({edited})" if edited else "")
        yield f"{record.id}: {' and '.join(part for part in parts if part)}"
    for part in changes.parts:
        yield from (f"{part.file}: {name} removed" for name in part.removed)
        yield from (f"{part.file}: {name} edited" for name in part.changed)


def _additions(changes: Changes) -> Iterator[str]:
    yield from (f"{item.id}: added" for item in changes.added)
    for part in changes.parts:
        yield from (f"{part.file}: {name} added" for name in part.added)
