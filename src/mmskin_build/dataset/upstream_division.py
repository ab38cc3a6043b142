"""The division of the published MM-Skin: where it leaks, and how that is mended.

Pictures of the test table test, all others train. A group (near duplicates, panels of a figure)
that stands on both sides leaks; mended, all of it trains, so that a model that was trained on the
published set has seen none of what is left for the test.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmskin_build.config import SplitConfig
from mmskin_build.dataset.export_upstream import TEST
from mmskin_build.dataset.splits import Side, assign_splits
from mmskin_build.dataset.upstream_folder import UpstreamFolder
from mmskin_build.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """How the published division leaks: groups on both sides, and their pictures there.

    `exact` counts the groups in which the very same pixels are on both sides, `questioned` the
    pictures of the test table that training talks ask about.
    """

    groups: int
    train: int
    test: int
    exact: int
    questioned: int


def take_sides(records: Sequence[Record], found: UpstreamFolder) -> tuple[Record, ...]:
    """Give records the published sides: by picture, test if the test table asks about it."""
    return tuple(
        dataclasses.replace(record, split="test" if record.id in found.tested else "train")
        for record in records
    )


def mend_sides(records: Sequence[Record]) -> tuple[Record, ...]:
    """Put each group on one side; training goes before the test (`splits`, rule 2)."""
    before: dict[str, Side] = {}
    for record in records:
        if record.split is not None and before.get(record.image_sha256) != "train":
            before[record.image_sha256] = record.split
    return assign_splits(records, SplitConfig(), before)


def find_division_leaks(records: Iterable[Record], found: UpstreamFolder) -> Leaks:
    """Count what stands on both sides of the published division.

    Args:
        records: With their groups and the published sides.
        found: The folder they are of.
    """
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.group_id].append(record)
    leaking = [g for g in groups.values() if len({record.split for record in g}) > 1]
    known = {record.id for group in groups.values() for record in group}
    return Leaks(
        groups=len(leaking),
        train=sum(record.split == "train" for group in leaking for record in group),
        test=sum(record.split == "test" for group in leaking for record in group),
        exact=sum(_has_twins(group) for group in leaking),
        questioned=len(found.tested & found.trained & known),
    )


def _has_twins(group: Sequence[Record]) -> bool:
    trained = {record.image_sha256 for record in group if record.split == "train"}
    return any(r.image_sha256 in trained for r in group if r.split == "test")


def division_notes(leaks: Leaks, found: UpstreamFolder, resplit: bool) -> dict[str, str]:
    """Return what readers of the release must know of its division; `resplit` if it is mended.

    The notes are by what they are about, as in `Manifest.notes`.
    """
    notes: dict[str, str] = {}
    if not found.has_test_table:
        notes["division"] = f"There is no usable {TEST}, so all pictures are in training."
    if leaks.questioned:
        notes["questions"] = (
            f"{leaks.questioned} pictures of the published test table have questions among the "
            "published training talks, too; all their questions stand on the side of the picture."
        )
    if leaks.groups:
        where = (
            f"{leaks.groups} groups of near duplicates or of one figure ({leaks.test} pictures in "
            f"test, {leaks.train} in training; {leaks.exact} groups with the very same pixels on "
            "both sides)"
        )
        notes["division"] = (
            f"The published division leaks: {where} stood on both sides and are in training here."
            if resplit
            else f"The published division leaks: {where} stand on both sides. "
            "mmskin import upstream --resplit mends that."
        )
    return notes
