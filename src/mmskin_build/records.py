"""The types that flow from page to release.

All are frozen, slotted, keyword-only dataclasses; sequences are tuples. Boxes are in points (see
`geometry`). `store.py` turns them into JSON and back, and `schemas/` is generated from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmskin_build.geometry import Bbox

SCHEMA_VERSION = "2.1.0"

TextSource = Literal["digital", "ocr", "none"]
FigureStatus = Literal["paired", "image_without_caption", "caption_without_image"]
FigureKind = Literal["photo", "nonphoto"]
PanelSource = Literal["native", "composed", "rendered", "scan"]
# What a record's pixels come from; `imported` if they were published by somebody else.
RecordSource = Literal["native", "composed", "rendered", "scan", "imported"]
# `imported` is taken over as somebody else told it, with confidence 1.
LabelSource = Literal["rule", "model", "human", "imported"]

# ---------------------------------------------------------------------------------- pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of characters in one font.

    `size_pt` is the font size on the page, `color` is 0xRRGGBB, `confidence` is the reader's own
    in [0, 1] for OCR and None for a digital text layer.
    """

    text: str
    bbox: Bbox
    font: str
    size_pt: float
    bold: bool = False
    italic: bool = False
    superscript: bool = False
    color: int = 0
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Spans on one baseline, in reading order.

    `direction` is the reading direction on the page as displayed: 0 left to right, 90 bottom to
    top, 180 upside down, 270 top to bottom. `block` numbers the reader's own paragraphs.
    """

    spans: tuple[Span, ...]
    bbox: Bbox
    direction: int = 0
    block: int = 0

    @property
    def text(self) -> str:
        """The characters of all spans, as printed."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageObject:
    """One painting of one embedded image.

    `bbox` is what the page shows of it (clip paths and the page's edge applied), `placed_bbox`
    where the whole image would lie, `matrix` maps the unit square (first pixel at its origin) to
    the page. `order` is the painting order on the page, shared with `PathObject`. `upright` says
    that the matrix is a multiple of 90 degrees, with or without mirroring. `clip` is what cuts the
    image: nothing, a rectangle or another shape. `image_key` is equal for equal embedded images.
    """

    bbox: Bbox
    placed_bbox: Bbox
    matrix: tuple[float, float, float, float, float, float]
    width_px: int
    height_px: int
    order: int
    image_key: str
    upright: bool = True
    clip: Literal["none", "rect", "shape"] = "none"
    opacity: float = 1.0
    blended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PathObject:
    """One painted vector path; colors are 0xRRGGBB or None where not filled or not stroked."""

    bbox: Bbox
    order: int
    fill: int | None = None
    stroke: int | None = None
    opacity: float = 1.0
    stroke_width_pt: float = 0.0
    shape: Literal["rect", "line", "path", "shading"] = "path"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRegion:
    """A picture found by its pixels on an image-only page; `photo_score` is in [0, 1]."""

    bbox: Bbox
    photo_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as the rest of the program sees it, whether digital or scanned.

    `page_index` is 0-based, `page_label` the printed number ("" when the PDF has none). `flags` are
    facts about how the page was read (see `pdf.reader.PAGE_FLAGS`), for instance `ocr`,
    `text_layer_broken`, `repaired`. `scan_regions` are set on image-only pages.
    """

    page_index: int
    page_label: str
    width_pt: float
    height_pt: float
    lines: tuple[Line, ...] = ()
    images: tuple[ImageObject, ...] = ()
    paths: tuple[PathObject, ...] = ()
    scan_regions: tuple[ScanRegion, ...] = ()
    text_source: TextSource = "digital"
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHeadings:
    """The headings of chapter and section in force on a page, the largest first, as printed."""

    page_index: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """An entry of the index at the back of a book, on page `page_index`.

    `terms` are the entry and the sub-entries down to this one, as printed without page numbers,
    `pages` the printed numbers that it names, `see` is the entry that it points to ("see ...").
    """

    page_index: int
    terms: tuple[str, ...]
    pages: tuple[str, ...] = ()
    see: str | None = None


# -------------------------------------------------------------------------------- alignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Something that the page paints over a picture; `kind` text, path or image; box in points."""

    kind: Literal["text", "path", "image"]
    bbox: Bbox
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture of a figure.

    `image_sha256` is the digest of the exported pixels (see `store.pixel_digest`), `pixel_size`
    (width, height). `source` tells how the pixels were had: `native` as embedded, `composed` from
    several objects or with what is painted over, `rendered` by the PDF renderer, `scan` cut from a
    page image. `text` is this panel's own part of the caption.
    """

    bbox: Bbox
    label: str | None = None
    text: str | None = None
    image_sha256: str | None = None
    pixel_size: tuple[int, int] | None = None
    source: PanelSource | None = None
    overlays: tuple[Overlay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason for a decision: `name`, its `value` as shown to a person, `weight` in [-1, 1]."""

    name: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of an alignment file: a figure with its caption, or either of them alone.

    `bbox` encloses all panels; it is None for a caption without an image, whose `page_index` is
    that of the caption. `caption` is de-hyphenated and without the label. `confidence` is the
    probability that figure and caption belong together, in [0, 1]; for a single half, that it is
    truly single.
    """

    figure_id: str
    status: FigureStatus
    page_index: int
    bbox: Bbox | None
    label: str | None = None
    caption: str | None = None
    caption_page_index: int | None = None
    caption_bbox: Bbox | None = None
    confidence: float
    kind: FigureKind
    panels: tuple[Panel, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """An item that goes no further. `item_id` is stable, `reason` snake_case, `detail` for people.

    `page_index` and `bbox` say where it lay, for the audit.
    """

    item_id: str
    stage: str
    reason: str
    detail: str = ""
    page_index: int | None = None
    bbox: Bbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailure:
    """A page that could not be read; `reason` is one of `pdf.isolation.FAILURES`."""

    page_index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Everything that was found in one book."""

    book_sha256: str
    page_count: int
    figures: tuple[Figure, ...]
    rejects: tuple[Reject, ...]
    failures: tuple[PageFailure, ...] = ()


# ---------------------------------------------------------------------------------- records


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A value with the confidence in [0, 1] and the source that it rests on."""

    value: str
    confidence: float
    source: LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A named doubt about a picture, `score` in [0, 1]."""

    name: str
    score: float
    source: LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The doubts about one picture, by kind."""

    sensitive: tuple[Flag, ...] = ()
    annotated: tuple[Flag, ...] = ()
    quality: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEvidence:
    """Characters `start` (inclusive) to `end` (exclusive) of its owner's text show `field`."""

    start: int
    end: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """Age and sex of the patient shown; ages in years."""

    age_years: float | None = None
    age_min: float | None = None
    age_max: float | None = None
    age_group: str | None = None
    sex: str | None = None
    evidence: tuple[TextEvidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a caption says about the making of the picture."""

    stain: str | None = None
    magnification: str | None = None
    credit: str | None = None


RemovedKind = Literal[
    "label", "credit", "cross_reference", "citation", "panel_letter", "page_furniture"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Characters `start` (inclusive) to `end` (exclusive) of the printed text, taken off it."""

    kind: RemovedKind
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityVotes:
    """What a picture and its words say, apart from each other.

    `clinical`, `dermoscopic` and `pathological` are the picture's probabilities; what is missing to
    1 is that of anything else. `words` is what the caption and its headings call the picture.
    """

    clinical: float
    dermoscopic: float
    pathological: float
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a record comes from.

    Of a record of `source` `imported` only the name of the book is known: `book_sha256` and
    `page_label` are empty, `page_index` and `bbox` None. Of all others both are there.
    """

    book_id: str
    book_sha256: str
    page_index: int | None
    page_label: str
    bbox: Bbox | None
    figure_id: str
    figure_label: str | None
    panel: str | None
    source: RecordSource

    def __post_init__(self) -> None:
        """Refuse a record of a book that does not tell its place.

        Raises:
            ValueError: If page or box are missing, and it is not imported.
        """
        if self.source != "imported" and (self.page_index is None or self.bbox is None):
            raise ValueError("page_index and bbox may be null of an imported record only")

    @property
    def place(self) -> tuple[int, Bbox]:
        """Page and box.

        Raises:
            ValueError: If the record is imported.
        """
        if self.page_index is None or self.bbox is None:
            raise ValueError(f"{self.figure_id} of {self.book_id}: an imported record has no place")
        return self.page_index, self.bbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What people decided about a record, and who did so last.

    `accepted` where all verdicts confirm what the program chose, `changed` where one does not.
    `decided_at` is the decision's own time stamp, `decided` names the fields with a verdict.
    """

    state: Literal["unreviewed", "accepted", "changed", "rejected"] = "unreviewed"
    reviewer: str | None = None
    decided_at: str | None = None
    decided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image with its text: a line of the working set, an entry of a release.

    `id` follows MM-Skin's names (`bk10_30_26`, panel `bk11_736_c`). `caption` is what trains the
    model: the panel's text where there is one, else the figure's caption, cleaned. `panel_text` and
    `figure_caption` are as printed, but that ages over 89 are 90+; `removed` is what cleaning took
    off the text behind `caption`. The evidence of `demographics` lies in `figure_caption`.
    `alignment` is the pairing with its confidence. `held` names what a person must decide before
    the picture may be released; it is empty where nothing is in doubt.
    """

    id: str
    image: str
    image_sha256: str
    width_px: int
    height_px: int
    caption: str
    panel_text: str | None
    figure_caption: str
    alignment: Label
    removed: tuple[Removed, ...] = ()
    modality: Label | None
    modality_votes: ModalityVotes | None = None
    demographics: Demographics
    terms: Terms
    flags: Flags
    held: tuple[str, ...] = ()
    provenance: Provenance
    group_id: str
    split: Literal["train", "validation", "test"] | None
    review: Review
    config_sha256: str
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A registered book; paths may be relative to the folder of ``books.toml``.

    `adobe` is a folder with what Adobe PDF Extract made of the file; None reads the file itself.
    """

    id: str
    title: str
    path: str
    sha256: str
    page_count: int
    edition: str = ""
    publisher: str = ""
    rights: str = "owned copy"
    language: str = "eng"
    password_env: str | None = None
    skip_pages: tuple[str, ...] = ()
    adobe: str | None = None
