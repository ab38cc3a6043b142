"""What a person wants to know of a page's text layer, and where letters and caption parts stand.

For the audit only: nothing here changes what was found. The second reader is pdfplumber, which
reads the same text layer with a code of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import pymupdf

from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox, union_all
from mmskin_build.pdf.document import Document, load_page
from mmskin_build.pdf.jobs import PageJob
from mmskin_build.pdf.second_look import read_with_pdfplumber
from mmskin_build.pdf.text import broken_share, read_lines

_LETTER_REACH_PT = 20.0  # from a panel to the letter that is set beside it
_PART_WORDS = 4  # of a caption's part that find its place
_DIGITS = 3

Word = tuple[Bbox, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCaption:
    """A caption on the page: its box in points and its text with the label, as it was taken."""

    bbox: Bbox
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPanel:
    """A panel whose letter (`bbox` None: the panel is on another page) and part are looked for."""

    panel_id: str
    bbox: Bbox | None
    label: str | None
    text: str | None
    caption_bbox: Bbox | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What is to be checked on one page."""

    cfg: PdfConfig
    captions: tuple[CheckedCaption, ...] = ()
    panels: tuple[CheckedPanel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPart:
    """Where a panel's letter, and the first line of its part of the caption, are printed."""

    panel_id: str
    letter_bbox: Bbox | None = None
    part_bbox: Bbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCheck:
    """The text layer of one page.

    `characters` are those that are seen, white space apart, `doubtful_share` the part of them
    without a meaning. `agreement` is for each caption how much of it the second reader has, too,
    in [0, 1]; None where it reads nothing there.
    """

    characters: int
    doubtful_share: float
    agreement: tuple[float | None, ...] = ()
    parts: tuple[PlacedPart, ...] = ()


def check_page(document: Document, job: PageJob[CheckRequest]) -> PageCheck:
    """Check one page; a worker's `work`.

    Raises:
        InputPdfError: If the page is not there or larger than the configured limit.
    """
    request = job.payload
    page = load_page(document, job.page_index, request.cfg)
    lines = read_lines(page)[0]
    other: list[str | None] = [None] * len(request.captions)
    if lines and request.captions:
        other = read_with_pdfplumber(page, [caption.bbox for caption in request.captions])
    words = _words(page)
    return PageCheck(
        characters=sum(len("".join(line.text.split())) for line in lines),
        doubtful_share=round(broken_share(lines), _DIGITS + 1),
        agreement=tuple(
            None if text is None else _agreement(caption.text, text)
            for caption, text in zip(request.captions, other, strict=True)
        ),
        parts=tuple(_place(panel, words) for panel in request.panels),
    )


def _words(page: pymupdf.Page) -> list[Word]:
    turn = page.rotation_matrix
    found = []
    for x0, y0, x1, y1, text, *_ in page.get_text("words", sort=False):
        rect = pymupdf.Rect(x0, y0, x1, y1) * turn
        box = Bbox(float(rect.x0), float(rect.y0), float(rect.x1), float(rect.y1))
        found.append((box.rounded(), str(text)))
    return found


def _agreement(mine: str, other: str) -> float:
    """Share of the shorter text that the other one has in the same order, white space apart."""
    a, b = ("".join(text.split()).casefold() for text in (mine, other))
    if not a or not b:
        return 0.0
    same = sum(m.size for m in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return round(same / min(len(a), len(b)), _DIGITS)


def _place(panel: CheckedPanel, words: Sequence[Word]) -> PlacedPart:
    return PlacedPart(
        panel_id=panel.panel_id,
        letter_bbox=_letter_box(panel, words),
        part_bbox=_part_box(panel, words),
    )


def _letter_box(panel: CheckedPanel, words: Sequence[Word]) -> Bbox | None:
    """The word beside or on the panel that is its letter and nothing else; the nearest one."""
    if panel.bbox is None or not panel.label or len(panel.label) > 2:
        return None
    reach = panel.bbox.expand(_LETTER_REACH_PT)
    found = [
        box
        for box, text in words
        if text.strip("()[].:,").casefold() == panel.label.casefold()
        and box.covered_by(reach) > 0.5
        and (panel.caption_bbox is None or box.covered_by(panel.caption_bbox) < 0.5)
    ]
    return min(found, key=lambda box: (panel.bbox.gap(box), box), default=None)  # type: ignore[union-attr]


def _part_box(panel: CheckedPanel, words: Sequence[Word]) -> Bbox | None:
    """The first words of the panel's part, where they stand together in the caption's box."""
    wanted = [_plain(word) for word in (panel.text or "").split()[:_PART_WORDS]]
    if not wanted or panel.caption_bbox is None:
        return None
    area = panel.caption_bbox.expand(1.5)
    inside = [(box, _plain(text)) for box, text in words if box.covered_by(area) > 0.5]
    for start in range(len(inside) - len(wanted) + 1):
        run = inside[start : start + len(wanted)]
        if [text for _, text in run] == wanted:
            line = [box for box, _ in run if box.y_overlap(run[0][0]) > 0.5 * box.height]
            return union_all(line).rounded()
    return None


def _plain(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).casefold()
