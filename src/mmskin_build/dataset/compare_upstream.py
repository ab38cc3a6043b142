"""Which pairs of the published MM-Skin a release has, misses or contradicts.

A published pair is looked up by its picture first: a record with the very pixels, else a near
duplicate (`images.duplicates`). Of several records the one with the most similar caption counts.
If the captions are alike the release has the pair, if not it contradicts it. A pair whose picture
is not there is looked up by its caption, among the records that no published picture has led to and
that stand for one pair only; short captions tell too little to be looked up.

Captions are compared by letters and digits in lower case (RapidFuzz's ``ratio``, a normalized
distance of insertions and deletions). One may be a panel's own part and the other the figure's
whole, so of one picture a caption that lies within the other is alike, too (``partial_ratio``).
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from rapidfuzz import fuzz, process, utils

from mmskin_build.dataset.import_upstream import load_picture
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.summary import count
from mmskin_build.dataset.upstream_folder import UpstreamPair, read_upstream
from mmskin_build.errors import VerificationError
from mmskin_build.images.duplicates import DuplicateIndex
from mmskin_build.images.fingerprint import Fingerprint, fingerprint
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.records import Record, Reject
from mmskin_build.store import plain, pretty_json, storage_errors, write_bytes

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much is done."""

Outcome = Literal["has", "contradicts", "misses"]
By = Literal["pixels", "fingerprint", "caption", "nothing"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
WAYS: tuple[By, ...] = get_args(By)

REPORT, TABLE = "compare.json", "compare.csv"

# Captions at least so similar, of 100, say the same. Of 138 captions of articles and books, a label
# before them left 88 and more, every twentieth letter misread 86 and more; 99 of 100 pairs of
# captions of two documents had less than 51, as a part of each other less than 60.
SAME_CAPTION = 80.0
# Without the picture the words carry the match alone, and captions of one book may be alike: of
# pairs within one document one of 100 had 94 and more.
SAME_CAPTION_ALONE = 90.0
# Shorter captions ("Psoriasis of the scalp.") stand under many pictures; a piece of another caption
# that is roughly like a shorter one is found too easily.
LEAST_CAPTION_CHARS = 40
_AT_ONCE = 64  # pictures added to the index in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPair:
    """A published pair and the record that it was found in.

    `similarity` is that of the captions, `picture_similarity` that of near duplicates, None where
    there is nothing to compare; both captions are given where they differ.
    """

    id: str
    outcome: Outcome
    by: By
    record_id: str | None = None
    similarity: float | None = None
    picture_similarity: float | None = None
    published_caption: str | None = None
    release_caption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All published pairs in natural order; `only_here` are records that no pair was found in.

    `unread` counts by reason the published pictures that could not be read, whose pairs were looked
    up by caption alone.
    """

    release: str
    content_digest: str
    records: int
    pairs: tuple[ComparedPair, ...]
    only_here: tuple[str, ...]
    unread: dict[str, int]
    rejects: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """Pairs of one outcome found in one way, with the mean similarity of their captions."""

    outcome: Outcome
    by: By
    pairs: int
    share: float
    similarity: float


def compare_upstream(
    folder: Path,
    release: Path,
    *,
    progress: Progress = lambda what, done, total: None,
) -> Comparison:
    """Look each published pair up in a release.

    Args:
        folder: With the published MM-Skin; see `upstream_folder`.
        release: ``releases/<name>/<version>``.
        progress: Called with what is being done, and how much of how much is done.

    Raises:
        SchemaError: If the folder has no usable caption table.
        VerificationError: If a picture of the release cannot be read.
        StorageError: If a folder cannot be read.
    """
    found = read_upstream(folder)
    manifest = read_manifest(release)
    records = read_records(release)
    by_pixels: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_pixels[record.image_sha256].append(record)
    compared: dict[str, ComparedPair] = {}
    waiting: list[UpstreamPair] = []
    unread: list[str] = []
    with DuplicateIndex() as index:
        _fill(index, release, by_pixels, progress)
        for done, pair in enumerate(found.pairs, 1):
            loaded = load_picture(pair)
            match: ComparedPair | None = None
            if isinstance(loaded, Reject):
                unread.append(loaded.reason)
            else:
                same = by_pixels.get(loaded.image_sha256)
                match = None if same is None else _compare(pair, same, "pixels")
                if match is None or match.outcome == "contradicts":
                    # A copy of the picture may have the very caption.
                    copy = _compare_copies(pair, loaded.print, index, by_pixels)
                    match = copy if match is None or (copy and copy.outcome == "has") else match
            if match is None:
                waiting.append(pair)
            else:
                compared[pair.id] = match
            progress("compare", done, len(found.pairs))
    used = {match.record_id for match in compared.values()}
    left = [record for record in records if record.id not in used]
    for pair, match in _find_by_caption(waiting, left, progress):
        compared[pair.id] = match
    used = {match.record_id for match in compared.values()}
    return Comparison(
        release=f"{manifest.name} {manifest.version}",
        content_digest=manifest.content_digest,
        records=len(records),
        pairs=tuple(compared[pair.id] for pair in found.pairs),
        only_here=tuple(record.id for record in records if record.id not in used),
        unread=count(unread),
        rejects=count(reject.reason for reject in found.rejects),
    )


def _fill(
    index: DuplicateIndex,
    release: Path,
    by_pixels: Mapping[str, Sequence[Record]],
    progress: Progress,
) -> None:
    """Put the pictures of a release into the index."""
    waiting = iter(sorted(by_pixels))
    done = 0
    while batch := list(islice(waiting, _AT_ONCE)):
        index.add((name, _fingerprint(release / by_pixels[name][0].image)) for name in batch)
        done += len(batch)
        progress("read release", done, len(by_pixels))


def _fingerprint(path: Path) -> Fingerprint:
    read = read_picture(path)
    if isinstance(read, UnreadPicture):
        raise VerificationError(f"{path}: {read.reason} {read.detail}; run mmskin verify on it")
    return fingerprint(read.rgb)


def _compare_copies(
    pair: UpstreamPair,
    print_: Fingerprint,
    index: DuplicateIndex,
    by_pixels: Mapping[str, Sequence[Record]],
) -> ComparedPair | None:
    likeness = {join.second: join.overlap.similarity for join in index.query(print_)}
    records = [record for name in likeness for record in by_pixels[name]]
    if not records:
        return None
    alike = {record.id: likeness[record.image_sha256] for record in records}
    return _compare(pair, records, "fingerprint", alike)


def _compare(
    pair: UpstreamPair,
    records: Sequence[Record],
    by: By,
    likeness: Mapping[str, float] | None = None,
) -> ComparedPair:
    """Compare a pair with the record, of those with its picture, whose caption is most similar."""
    scored = [(measure_captions(pair.caption, record), record) for record in records]
    similarity, record = max(scored, key=lambda item: item[0])  # of equal ones the first
    same = similarity >= SAME_CAPTION
    return ComparedPair(
        id=pair.id,
        outcome="has" if same else "contradicts",
        by=by,
        record_id=record.id,
        similarity=round(similarity, 1),
        picture_similarity=None if likeness is None else round(likeness[record.id], 4),
        published_caption=None if same else pair.caption,
        release_caption=None if same else record.caption,
    )


def measure_captions(published: str, record: Record) -> float:
    """Return how similar the captions of one picture are, 0 to 100."""
    words = utils.default_process(published)
    return max(_measure(words, utils.default_process(text)) for text in _texts(record))


def _measure(one: str, other: str) -> float:
    shorter, longer = sorted((one, other), key=len)
    whole = fuzz.ratio(one, other)
    if shorter and f" {shorter} " in f" {longer} ":
        return 100.0
    if len(shorter) < LEAST_CAPTION_CHARS:
        return whole
    return max(whole, fuzz.partial_ratio(shorter, longer))


def _texts(record: Record) -> tuple[str, ...]:
    return record.caption, record.figure_caption


def _find_by_caption(
    waiting: Sequence[UpstreamPair], records: Sequence[Record], progress: Progress
) -> Iterable[tuple[UpstreamPair, ComparedPair]]:
    """Look pairs up by their words; each record is taken by one pair at most."""
    choices: dict[tuple[int, int], str | None] = {
        (place, part): utils.default_process(text)
        for place, record in enumerate(records)
        for part, text in enumerate(dict.fromkeys(_texts(record)))
    }
    for done, pair in enumerate(waiting, 1):
        words = utils.default_process(pair.caption)
        best = None
        if len(words) >= LEAST_CAPTION_CHARS:
            best = process.extractOne(
                words, choices, scorer=fuzz.ratio, score_cutoff=SAME_CAPTION_ALONE
            )
        if best is None:
            yield pair, ComparedPair(id=pair.id, outcome="misses", by="nothing")
        else:
            _, similarity, (place, _) = best
            for part in range(2):
                choices[place, part] = None  # taken
            yield (
                pair,
                ComparedPair(
                    id=pair.id,
                    outcome="has",
                    by="caption",
                    record_id=records[place].id,
                    similarity=round(similarity, 1),
                ),
            )
        progress("compare captions", done, len(waiting))


def count_outcomes(found: Comparison) -> list[OutcomeCount]:
    """Count the pairs by outcome and by how they were found, in the order of `OUTCOMES`."""
    rows: list[OutcomeCount] = []
    for outcome in OUTCOMES:
        for by in WAYS:
            pairs = [p for p in found.pairs if (p.outcome, p.by) == (outcome, by)]
            if pairs:
                told = [p.similarity for p in pairs if p.similarity is not None]
                rows.append(
                    OutcomeCount(
                        outcome=outcome,
                        by=by,
                        pairs=len(pairs),
                        share=len(pairs) / len(found.pairs),
                        similarity=sum(told) / len(told) if told else 0.0,
                    )
                )
    return rows


def summarize(found: Comparison) -> dict[str, Any]:
    """Return the counts of a comparison, as `compare.json` begins."""
    return {
        "release": found.release,
        "content_digest": found.content_digest,
        "records": found.records,
        "published": len(found.pairs),
        "outcomes": [plain(row) for row in count_outcomes(found)],
        "only_here": len(found.only_here),
        "unread": found.unread,
        "rejects": found.rejects,
        "same_caption": SAME_CAPTION,
        "same_caption_alone": SAME_CAPTION_ALONE,
    }


def write_comparison(found: Comparison, folder: Path) -> None:
    """Write ``compare.json`` and ``compare.csv``, a row a published pair.

    Raises:
        StorageError: If the folder cannot be written.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    page = {
        **summarize(found),
        "pairs": [plain(pair) for pair in found.pairs],
        "records_only_here": list(found.only_here),
    }
    write_bytes(folder / REPORT, pretty_json(page))
    table = io.StringIO()
    columns = tuple(ComparedPair.__dataclass_fields__)
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(pair) for pair in found.pairs)
    write_bytes(folder / TABLE, table.getvalue().encode())
