"""What a release says about itself: ``manifest.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mmskin_build.records import Record
from mmskin_build.store import to_jsonl

CAPTIONS, CAPTION_TABLE = "MM-Skin-C.json", "caption.csv"
DEMOGRAPHICS, DEMOGRAPHICS_VQA = "MM-Skin-D.json", "MM-Skin-D_vqa.json"
QUESTIONS, QUESTIONS_VQA = "MM-Skin-O.json", "MM-Skin-O_vqa.json"
CARD, CHANGES, MANIFEST, SUMS = "README.md", "CHANGES.md", "manifest.json", "SHA256SUMS"
IMAGES, CROISSANT, PLOTS = "images", "croissant.json", "card"

NOTICE = (
    "Programs have looked for faces, names and other features by which a patient could be "
    "recognized, and left out what they doubt. Programs miss some. Look at the pictures before "
    "anybody else does, and do not pass this release on."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedBook:
    """A book that a release was made from; `records` counts its records.

    `language`, `skip_pages` and `adobe` (whether text and figures are Adobe's) say how it was read.
    """

    id: str
    title: str
    edition: str
    publisher: str
    rights: str
    sha256: str
    page_count: int
    records: int
    language: str = "eng"
    skip_pages: tuple[str, ...] = ()
    adobe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The release before this one, which ``CHANGES.md`` compares with."""

    version: str
    content_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """One of MM-Skin's parts: its file and number of entries, or None and why it is not there."""

    file: str | None
    entries: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheck:
    """What people found in a sample of the records: how many, how many of them wrong.

    `low` and `high` are the 95 % interval of the share of wrong records in the whole release.
    """

    sampled: int
    wrong: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A record that was taken out of a finished release (see `dataset.withdraw`)."""

    record_id: str
    reason: str
    withdrawn_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything about a release that is not in its records.

    `content_digest` (see `content_digest`) is the same wherever and however the release was made,
    `build_digest` is that of the build behind it (see `dataset.summary.BuildSummary`);
    `sums_sha256` is that of ``SHA256SUMS``, which covers the bytes of all other files.
    `left_out_held` counts, by reason, the pictures that wait for a person's decision and are not
    in the release. `left_out_books` are the registered books that could not be used, id to title.
    `withdrawn` are records that were in the release once; `spot_check` is None where nobody looked.
    `told_apart` are pairs of pictures, by `image_sha256`, that a person called different: however
    alike they look to the program, they may be on two sides.
    `notes` say what a reader must know of an imported release, by what they are about: `screening`,
    `division`, `questions`.
    """

    name: str
    version: str
    schema_version: str
    code_version: str
    content_digest: str
    build_digest: str
    sums_sha256: str
    parent: Parent | None
    subsets: dict[str, Subset]
    counts: dict[str, int]
    rejects: dict[str, int]
    left_out_held: dict[str, int]
    books: tuple[ReleasedBook, ...]
    left_out_books: dict[str, str]
    config: dict[str, dict[str, Any]]
    config_sha256: str
    withdrawn: tuple[Withdrawn, ...] = ()
    spot_check: SpotCheck | None = None
    told_apart: tuple[tuple[str, str], ...] = ()
    notes: dict[str, str] = field(default_factory=dict)


def content_digest(records: Sequence[Record]) -> str:
    """Return the sha256 of records as JSON lines in their order.

    Records name the digest of their pixels, so it covers pictures and words, and depends neither
    on the encoder of the pictures nor on the folder, the engine or the number of workers.
    """
    return hashlib.sha256(to_jsonl(records)).hexdigest()


def notice_of(manifest: Manifest) -> str:
    """Return what whoever opens the release must know first."""
    return manifest.notes.get("screening", NOTICE)
