"""Training, validation and test: by group, even over books and modalities, and for good.

The rule, in this order:

1. A group with a record of a book that is held out whole goes to test.
2. A group keeps the side that its pictures had in the release before. Where groups of different
   sides have been joined by a new duplicate, the joined group goes to train if one of them was
   there, else to validation: a model that was trained on the release before has seen those
   pictures, so they must not test its successor. The diff to that release tells such moves.
3. The other groups of a stratum (their first record's book and modality) are put in the order of a
   hash of their id and take the sides in turn by the golden ratio sequence, which keeps the shares
   in any run of groups, from a start that a hash of the stratum gives, which keeps them over many
   small strata (additive recurrence, Kuipers and Niederreiter 1974).

Strata never mix books, so the records of a book have the same sides whether other books are there
or not; only a duplicate between books can move a group, as the rule says.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

from mmskin_build.config import SplitConfig
from mmskin_build.dataset.summary import natural_order
from mmskin_build.records import Record

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = get_args(Side)
_GOLDEN = (math.sqrt(5) - 1) / 2


def assign_splits(
    records: Sequence[Record], cfg: SplitConfig, before: Mapping[str, Side]
) -> tuple[Record, ...]:
    """Return the records with their sides, in the order given.

    Args:
        records: All records to release, with the `group_id` of `groups.join_groups`.
        cfg: Shares and held-out books.
        before: The side of each picture in the release before, by `image_sha256`; empty for the
            first release.
    """
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.group_id].append(record)
    sides: dict[str, Side] = {}
    open_groups: list[str] = []
    for name, members in groups.items():
        side = _settled(members, cfg.test_books, before)
        if side is None:
            open_groups.append(name)
        else:
            sides[name] = side
    taken = Counter(_stratum(groups[name]) for name in sides)
    for name in sorted(open_groups, key=lambda name: (hash_place(cfg.seed, name), name)):
        stratum = _stratum(groups[name])
        sides[name] = _side(hash_place(cfg.seed, *stratum) + taken[stratum] * _GOLDEN, cfg)
        taken[stratum] += 1
    return tuple(dataclasses.replace(record, split=sides[record.group_id]) for record in records)


def find_leaks(records: Sequence[Record]) -> list[str]:
    """Say which groups, figures and pictures stand on more than one side; none in a sound release.

    Near duplicates are looked for where groups are made (`images.duplicates`); here every record
    counts as what its group and its pixels say.
    """
    found: list[str] = []
    for what, key in (
        ("the group", lambda r: r.group_id),
        ("the figure", lambda r: f"{r.provenance.book_sha256} {r.provenance.figure_id}"),
        ("the picture", lambda r: r.image_sha256),
    ):
        sides: dict[str, set[str]] = defaultdict(set)
        for record in records:
            sides[key(record)].add(record.split or "no side")
        found.extend(
            f"{what} {name} is in {' and in '.join(sorted(there))}"
            for name, there in sides.items()
            if len(there) > 1
        )
    return found


def _settled(
    members: Sequence[Record], test_books: Collection[str], before: Mapping[str, Side]
) -> Side | None:
    """The side of a group that does not depend on the other groups."""
    if any(record.provenance.book_id in test_books for record in members):
        return "test"
    earlier = {before[r.image_sha256] for r in members if r.image_sha256 in before}
    return next((side for side in SIDES if side in earlier), None)  # SIDES is the order of rule 2


def _stratum(members: Sequence[Record]) -> tuple[str, str]:
    first = min(members, key=lambda record: natural_order(record.id))
    return first.provenance.book_id, first.modality.value if first.modality else ""


def hash_place(seed: int, *names: str) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _side(position: float, cfg: SplitConfig) -> Side:
    place = position % 1.0
    if place < cfg.test_share:
        return "test"
    return "validation" if place < cfg.test_share + cfg.validation_share else "train"
