"""What was withdrawn and must not come back: ``data/withdrawn.jsonl``, tombstones without content.

A tombstone names the record, the digest of its pixels and a `Trace` of them, by which copies are
known (see `images.copies`). It holds no pixel, and of the words only the reason that a person gave.
The list is theirs to keep: builds read it, releases and exports are made without what it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.images.copies import MIN_COPY_AGREEING, Trace, find_copies, keys_of
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.records import Record, Reject
from mmskin_build.store import append_lines, read_jsonl, to_json

#: Why a build leaves out what it finds.
REASONS = {"withdrawn": "the picture, or one like it, was withdrawn (`mmskin withdraw`)"}
STAGE = "join_books"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A picture that was withdrawn.

    `record_id` is the id it had, `image_sha256` the digest of its pixels, `withdrawn_on` a date
    (ISO 8601). `trace` is None where the picture has too few features to be known by.
    """

    record_id: str
    image_sha256: str
    trace: Trace | None
    reason: str
    withdrawn_on: str


def read_tombstones(path: Path) -> tuple[Tombstone, ...]:
    """Read the tombstones; a file that is not there has none.

    Raises:
        SchemaError: If a line is none; names the file and the line.
        StorageError: If the file cannot be read.
    """
    return read_jsonl(path, Tombstone) if path.exists() else ()


def add_tombstones(path: Path, tombstones: Iterable[Tombstone]) -> None:
    """Add lines to the file, durably, each one once.

    Raises:
        SchemaError: If the file is damaged.
        StorageError: If it cannot be written.
    """
    known = {tombstone.image_sha256 for tombstone in read_tombstones(path)}
    lines = b"".join(to_json(t) + b"\n" for t in tombstones if t.image_sha256 not in known)
    if not lines:
        return
    append_lines(path, lines)


def find_withdrawn(
    tombstones: Sequence[Tombstone], prints: Mapping[str, Fingerprint], others: Iterable[str] = ()
) -> dict[str, Tombstone]:
    """Return which pictures were withdrawn, or are copies of one that was.

    Args:
        tombstones: What was withdrawn.
        prints: Pictures by digest of their pixels, with what they are known by.
        others: Digests of pictures that have no fingerprint.
    """
    named = {tombstone.image_sha256: tombstone for tombstone in tombstones}
    traces = {digest: t.trace for digest, t in named.items() if t.trace is not None}
    found = {digest: named[original] for digest, original in find_copies(traces, prints).items()}
    found |= {digest: named[digest] for digest in (*prints, *others) if digest in named}
    return found


def find_withdrawn_in(
    index: DuplicateIndex, tombstones: Sequence[Tombstone], digests: Set[str]
) -> dict[str, Tombstone]:
    """Return which of some pictures of an index were withdrawn, or are copies of one that was.

    Only pictures that have a feature's keys in common with what was withdrawn are read.

    Raises:
        StorageError: If the index cannot be read.
    """
    keys = keys_of(t.trace for t in tombstones if t.trace is not None)
    near = index.find_sharing(keys, MIN_COPY_AGREEING)
    prints = {digest: print_ for digest, print_ in near.items() if digest in digests}
    return find_withdrawn(tombstones, prints, digests)


def reject_withdrawn(record: Record, tombstone: Tombstone) -> Reject:
    """Return why a record of a build is left out."""
    is_same = record.image_sha256 == tombstone.image_sha256
    what = "withdrawn" if is_same else f"like {tombstone.record_id}, which was withdrawn"
    return Reject(
        item_id=record.id,
        stage=STAGE,
        reason="withdrawn",
        detail=f"{what} on {tombstone.withdrawn_on}: {tombstone.reason}",
        page_index=record.provenance.page_index,
        bbox=record.provenance.bbox,
    )
