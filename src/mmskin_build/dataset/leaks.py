"""Proof that nothing crosses the splits of a release: groups, figures, pictures, captions.

`mmskin release` asks before it publishes, `mmskin verify` of the finished folder. Near duplicates
are sought anew among the pictures of the release alone, by the same comparison that makes groups:
it may join more than the build did, where a pattern that many pictures of the books share is rare
in the release, so a release joins its groups by it, too. Laid on each other are only pictures that
are not together yet: of two groups while a release is made, of two sides when it is verified. Pairs
that a person has looked at and called different are none.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from mmskin_build.dataset.groups import caption_keys, join_groups
from mmskin_build.dataset.pictures import Progress, no_progress
from mmskin_build.dataset.splits import find_leaks
from mmskin_build.dataset.summary import natural_order
from mmskin_build.images.duplicates import connect
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.images.joins import find_joins
from mmskin_build.records import Record

Pair = tuple[str, str]

_SHOWN = 60  # characters of a caption


def find_joins_to_make(
    records: Sequence[Record],
    prints: Mapping[str, Fingerprint],
    told_apart: Collection[Pair] = (),
    progress: Progress = no_progress,
) -> tuple[Pair, ...]:
    """Return near duplicates among records to release that no group has together yet.

    Args:
        records: With the groups of the build.
        prints: Of their pictures, by `image_sha256`.
        told_apart: Pairs that a person called different, the smaller digest first.
        progress: Told of pairs that are compared.

    Returns:
        Pairs of `image_sha256`, the smaller one first, in order.
    """
    return _find_joins({r.image_sha256: r.group_id for r in records}, prints, told_apart, progress)


def find_crossing_joins(
    records: Sequence[Record],
    prints: Mapping[str, Fingerprint],
    told_apart: Collection[Pair] = (),
    progress: Progress = no_progress,
) -> tuple[Pair, ...]:
    """Return near duplicates among released records on two sides; arguments as above."""
    return _find_joins({r.image_sha256: _side(r) for r in records}, prints, told_apart, progress)


def _find_joins(
    place: Mapping[str, str],
    prints: Mapping[str, Fingerprint],
    told_apart: Collection[Pair],
    progress: Progress,
) -> tuple[Pair, ...]:
    """Near duplicates that `place` keeps apart, but no person does."""
    apart = frozenset(told_apart)
    joins = find_joins(
        prints,
        lambda one, other: place[one] != place[other] and (one, other) not in apart,
        functools.partial(progress, "compare pictures"),
    )
    return tuple((join.first, join.second) for join in joins)


def join_released(records: Sequence[Record], joins: Sequence[Pair]) -> tuple[Record, ...]:
    """Join the groups of records that are released together; see `groups.join_groups`."""
    return join_groups(records, connect({r.image_sha256 for r in records}, joins))


def find_crossings(records: Sequence[Record], joins: Sequence[Pair]) -> list[str]:
    """Say what stands on more than one side of a release; nothing in a sound one.

    Args:
        records: Of the release, with their sides.
        joins: Near duplicates among their pictures, as the functions above return them.
    """
    return [
        *find_leaks(records),
        *_crossing_duplicates(records, joins),
        *_crossing_captions(records),
    ]


def _crossing_duplicates(records: Sequence[Record], joins: Sequence[Pair]) -> Iterator[str]:
    first: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.image_sha256, record)
    for pair in joins:
        one, other = sorted((first[name] for name in pair), key=lambda r: natural_order(r.id))
        if one.split != other.split:
            yield (
                f"the pictures of {one.id} ({_side(one)}) and {other.id} ({_side(other)}) are near "
                "duplicates on two sides"
            )


def _crossing_captions(records: Sequence[Record]) -> Iterator[str]:
    there: dict[str, dict[str, str]] = defaultdict(dict)  # caption to a record of each side
    for record in records:
        for key in caption_keys(record):
            there[key].setdefault(_side(record), record.id)
    for key, sides in there.items():
        if len(sides) > 1:
            where = " and ".join(f"{name} ({side})" for side, name in sorted(sides.items()))
            yield f"the caption {key[:_SHOWN]!r} is on two sides, of {where}"


def _side(record: Record) -> str:
    return record.split or "no side"
