"""Proof that nothing crosses the splits of a release: groups, figures, pictures, captions.

`mmskin release` asks before it publishes, `mmskin verify` of the finished folder. Near duplicates
are sought anew among the pictures of the release alone, by the same comparison that makes groups:
it may join more than the build did, where a pattern that many pictures of the books share is rare
in the release, so a release joins its groups by it, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from mmskin_build.dataset.groups import caption_keys, join_groups
from mmskin_build.dataset.pictures import Progress, no_progress
from mmskin_build.dataset.splits import find_leaks
from mmskin_build.dataset.summary import natural_order
from mmskin_build.images.duplicates import DuplicateIndex, connect
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.records import Record

Pair = tuple[str, str]

_AT_ONCE = 64  # pictures added to the index in one go
_SHOWN = 60  # characters of a caption


def join_pictures(
    prints: Mapping[str, Fingerprint], progress: Progress = no_progress
) -> tuple[Pair, ...]:
    """Return the pairs of pictures that are near duplicates, by `image_sha256`."""
    waiting, done = iter(sorted(prints)), 0
    with DuplicateIndex() as index:
        while batch := list(islice(waiting, _AT_ONCE)):
            index.add((name, prints[name]) for name in batch)
            done += len(batch)
            progress("compare pictures", done, len(prints))
        return tuple((join.first, join.second) for join in index.joins())


def join_released(records: Sequence[Record], joins: Sequence[Pair]) -> tuple[Record, ...]:
    """Join the groups of records that are released together; see `groups.join_groups`."""
    return join_groups(records, connect({r.image_sha256 for r in records}, joins))


def find_crossings(records: Sequence[Record], joins: Sequence[Pair]) -> list[str]:
    """Say what stands on more than one side of a release; nothing in a sound one.

    Args:
        records: Of the release, with their sides.
        joins: Near duplicates among their pictures, of `join_pictures`.
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
