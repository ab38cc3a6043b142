"""Figures become records: one for each picture that has a caption.

Names follow MM-Skin: book, chapter, figure and the panel's letter, joined by ``_``: Figure 30.26
of bk10 is ``bk10_30_26``, panel c of Figure 736 in bk11 is ``bk11_736_c``. Other labels bear a word
or a letter (``bk1_plate4``, ``bk1_e2``); a figure without a label is known by its page and its
place there (``bk1_p0412_1``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmskin_build import __version__
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.dataset.figure_verdicts import DecidedFigures
from mmskin_build.dataset.judge import REASONS as JUDGED
from mmskin_build.dataset.judge import Judgement, judge_picture
from mmskin_build.dataset.verdicts import REASONS as DECIDED
from mmskin_build.dataset.verdicts import PictureVerdicts, patient_ground, review_of
from mmskin_build.dataset.words import read_words
from mmskin_build.decisions import Decision
from mmskin_build.images.classify import ScreenedPicture
from mmskin_build.records import (
    Book,
    Demographics,
    Figure,
    Label,
    Panel,
    Provenance,
    Record,
    Reject,
    Review,
)

STAGE = "assemble_book"

Box = tuple[int, int, int, int]

#: Why a figure or a panel gives no record.
REASONS = {
    "image_without_caption": "no caption was found for the picture",
    "caption_without_image": "no picture was found for the caption",
    "nonphoto": "a chart, a drawing or a table, not a photograph or micrograph",
    "caption_empty": "the label stands alone, without a text",
    "picture_missing": "the pixels could not be had",
    "picture_unscreened": "the detectors ended on it, so nobody knows what it shows",
    **JUDGED,
    **DECIDED,
}

_PLAIN_WORDS = frozenset({"figure", "figures", "fig", "figs", "abb", "abbildung", "figura"})
_ROMAN = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_CONFIDENCE_DIGITS = 4
_MARK_FROM = 0.5  # score of a mark that is shown to reviewers
_LONGEST_SLUG = 60  # characters; a label that long is no label


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What records need beside the figures of their book.

    `page_labels` are printed page numbers and `headings` those of chapter and section, by page
    index. `screened` is what the detectors said, by `panel_id`. `images` and `privacy` decide what
    becomes of a picture; `config_sha256` is the digest of all settings behind the records.
    `decided` are the verdicts on figures that were applied already, `verdicts` those on pictures.
    """

    page_labels: Mapping[int, str]
    headings: Mapping[int, Sequence[str]]
    screened: Mapping[str, ScreenedPicture]
    images: ImagesConfig
    privacy: PrivacyConfig
    config_sha256: str
    decided: DecidedFigures | None = None
    verdicts: PictureVerdicts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the program makes of one picture, whatever people decided: where the review starts.

    `record_id` is None where there is no record. `is_disputed` says that it is not known which part
    of the caption is the picture's; `boxes` are where something sensitive lies, `marks` where
    something is drawn, in pixels. `ground` is `verdicts.patient_ground`.
    """

    item_id: str
    record_id: str | None
    image_sha256: str
    judgement: Judgement
    boxes: tuple[Box, ...]
    marks: tuple[Box, ...]
    demographics: Demographics
    caption: str
    figure_caption: str
    panel_text: str | None
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The records of a book in the order of its pages, and a reject for all that gave none.

    `masks` are the regions to make unrecognizable before a picture goes anywhere, by record id.
    `judged` is the program's own view of each picture that was seen.
    """

    records: tuple[Record, ...]
    rejects: tuple[Reject, ...]
    masks: Mapping[str, tuple[Box, ...]]
    judged: tuple[Judged, ...] = ()


def panel_id(figure: Figure, index: int) -> str:
    """Name a panel: ``<figure_id>#<number of the panel from 0>``."""
    return f"{figure.figure_id}#{index}"


def assemble_records(book: Book, figures: Sequence[Figure], around: Surroundings) -> Assembled:
    """Turn the figures of one book into records.

    Args:
        book: The book they come from.
        figures: Its figures, pixels known; any order.
        around: Everything else that is known of them.

    Returns:
        Each figure in a record of one of its panels or in a reject, named by its id; each panel of
        a figure that gave records in a record or in a reject, named by its `panel_id`.
    """
    records: list[Record] = []
    rejects: list[Reject] = []
    masks: dict[str, tuple[Box, ...]] = {}
    judged: list[Judged] = []
    dropped = frozenset() if around.decided is None else around.decided.dropped
    ordered = sorted(figures, key=_place)
    groups = _figure_names(book.id, ordered)
    # A panel's name may be another figure's: panel c of Figure 7 and Figure 7C are both bk1_7_c.
    names = iter(
        _distinct(
            [
                name
                for figure, group in zip(ordered, groups, strict=True)
                for name in _panel_names(group, figure.panels)
            ]
        )
    )
    for figure, group in zip(ordered, groups, strict=True):
        reason, detail = _why_not(figure), ""
        if figure.figure_id in dropped:
            reason, detail = "rejected_by_reviewer", "figure"
        if reason is not None:
            rejects.append(_reject(figure, figure.figure_id, reason, detail))
        for index, panel in enumerate(figure.panels):
            name = next(names)
            if reason is not None:
                continue
            item_id = panel_id(figure, index)
            made = _make_record(book, figure, panel, group, name, around, item_id, judged)
            if isinstance(made, Reject):
                rejects.append(made)
                continue
            record, boxes = made
            records.append(record)
            if boxes:
                masks[record.id] = boxes
    return Assembled(
        records=tuple(records), rejects=tuple(rejects), masks=masks, judged=tuple(judged)
    )


def _place(figure: Figure) -> tuple[float, ...]:
    box = figure.bbox or figure.caption_bbox
    return (figure.page_index, box.y0, box.x0, box.y1, box.x1) if box else (figure.page_index,)


def _why_not(figure: Figure) -> str | None:
    if figure.status != "paired":
        return figure.status
    if figure.kind == "nonphoto":
        return "nonphoto"
    if not (figure.caption or "").strip() and not any(panel.text for panel in figure.panels):
        return "caption_empty"
    return None if figure.panels else "picture_missing"


def _reject(figure: Figure, item_id: str, reason: str, detail: str = "") -> Reject:
    return Reject(
        item_id=item_id,
        stage=STAGE,
        reason=reason,
        detail=": ".join(part for part in (figure.label, detail) if part),
        page_index=figure.page_index,
        bbox=figure.bbox,
    )


def _make_record(
    book: Book,
    figure: Figure,
    panel: Panel,
    group: str,
    name: str,
    around: Surroundings,
    item_id: str,
    seen: list[Judged],
) -> tuple[Record, tuple[Box, ...]] | Reject:
    """The record of one panel with the boxes to mask in its picture, or why there is none.

    What the program itself makes of the picture is added to `seen`.
    """
    if panel.image_sha256 is None or panel.pixel_size is None or panel.source is None:
        return _reject(figure, item_id, "picture_missing")
    screened = around.screened.get(item_id)
    if screened is None or screened.screening is None:
        detail = "" if screened is None else screened.detail
        return _reject(figure, item_id, "picture_unscreened", detail)
    headings = around.headings.get(figure.page_index, ())
    words = read_words(figure, panel, headings, book.language)
    judged = judge_picture(
        screened.screening,
        around.images,
        around.privacy,
        vote=words.vote,
        is_disputed=words.is_disputed,
    )
    ground = patient_ground(words.figure_caption, words.panel_text)
    seen.append(
        Judged(
            item_id=item_id,
            record_id=None if judged.reject else name,
            image_sha256=panel.image_sha256,
            judgement=judged,
            boxes=tuple(sorted({b for some in screened.screening.boxes.values() for b in some})),
            marks=tuple(sorted({m.box for m in screened.screening.marks if m.score >= _MARK_FROM})),
            demographics=words.demographics,
            caption=words.caption,
            figure_caption=words.figure_caption,
            panel_text=words.panel_text,
            ground=ground,
        )
    )
    patient, applied, changed = words.demographics, list[Decision](), False
    verdicts = around.verdicts
    if verdicts is not None:
        before = len(verdicts.outcomes)
        judged = verdicts.settle(judged, panel.image_sha256, item_id)
        applied += verdicts.fields_of(panel.image_sha256)
        patient, verdict = verdicts.settle_patient(patient, panel.image_sha256, item_id, ground)
        applied += [verdict] if verdict else []
        changed = any(outcome.changed for outcome in verdicts.outcomes[before:])
    figures = around.decided or DecidedFigures(figures=())
    figure_verdict = figures.decided.get(figure.figure_id)
    if figure_verdict is not None:
        applied.append(figure_verdict)
        changed |= figure_verdict.value != "accepted" or figure.figure_id in figures.touched
    if judged.reject is not None:
        return _reject(figure, item_id, *judged.reject)
    if not words.caption and not judged.held:
        return _reject(figure, item_id, "caption_empty")
    record = Record(
        id=name,
        image=f"images/{name}.png",
        image_sha256=panel.image_sha256,
        width_px=panel.pixel_size[0],
        height_px=panel.pixel_size[1],
        caption=words.caption,
        panel_text=words.panel_text,
        figure_caption=words.figure_caption,
        removed=words.removed,
        alignment=Label(
            value=figure.status,
            confidence=round(figure.confidence, _CONFIDENCE_DIGITS),
            source="rule" if figure_verdict is None else "human",
        ),
        modality=judged.modality,
        modality_votes=judged.votes,
        demographics=patient,
        terms=words.terms,
        flags=judged.flags,
        held=judged.held,
        provenance=Provenance(
            book_id=book.id,
            book_sha256=book.sha256,
            page_index=figure.page_index,
            page_label=around.page_labels.get(figure.page_index, ""),
            bbox=panel.bbox.rounded(),
            figure_id=figure.figure_id,
            figure_label=figure.label,
            panel=panel.label,
            source=panel.source,
        ),
        group_id=group,
        split=None,
        review=review_of(applied, changed=changed, before=Review()),
        config_sha256=around.config_sha256,
        code_version=__version__,
    )
    return record, judged.masks


# --------------------------------------------------------------------------------------- names


def _figure_names(book_id: str, figures: Sequence[Figure]) -> list[str]:
    """Name figures; the second of one label gets ``-2``, the third ``-3``, in the order given."""
    names: list[str] = []
    on_page: dict[int, int] = {}
    for figure in figures:
        slug = slug_of_label(figure.label or "")
        if not slug:
            on_page[figure.page_index] = on_page.get(figure.page_index, 0) + 1
            slug = f"p{figure.page_index:04d}_{on_page[figure.page_index]}"
        names.append(f"{book_id}_{slug}")
    return _distinct(names)


def _panel_names(group: str, panels: Sequence[Panel]) -> list[str]:
    if len(panels) == 1 and not panels[0].label:
        return [group]
    return [
        f"{group}_{slug_of_label(panel.label or '') or f'n{number}'}"
        for number, panel in enumerate(panels, 1)
    ]


def _distinct(names: Sequence[str]) -> list[str]:
    taken = set(names)
    seen: set[str] = set()
    result: list[str] = []
    for name in names:
        new, number = name, 1
        while new in seen or (number > 1 and new in taken):
            number += 1
            new = f"{name}-{number}"
        seen.add(new)
        result.append(new)
    return result


def slug_of_label(label: str) -> str:
    """Turn a printed label into the middle of an id; "" if it names nothing.

    >>> [slug_of_label(x) for x in ("Figure 30.26", "FIG. 1\u20132", "Fig. 3-4A", "Abb. 3")]
    ['30_26', '1_2', '3_4_a', '3']
    >>> [slug_of_label(x) for x in ("eFigure 2", "Plate IV", "Figure S1", "e-Fig. 12.3", "c")]
    ['e2', 'plate4', 's1', 'e12_3', 'c']
    """
    text = unicodedata.normalize("NFKD", label.lower())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"\b(e)-?(?=fig|abb|plate|table|box)", r"\1 ", text)
    words = re.findall(r"[a-z]+|\d+", text)
    slug = ""
    for position, word in enumerate(words):
        if word in _PLAIN_WORDS:
            continue
        # A roman numeral counts only after a word: a panel "c" or "i" is a letter.
        after_word = position > 0 and len(words[position - 1]) > 1
        if after_word and _ROMAN.fullmatch(word):
            word = str(_roman_value(word))
        part = str(int(word)) if word.isdigit() else word
        glued = part.isdigit() and slug[-1:].isalpha()
        slug += part if glued or not slug else f"_{part}"
    return slug[:_LONGEST_SLUG].rstrip("_")


def _roman_value(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)
