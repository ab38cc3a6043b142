"""What other readers say of figures in doubt, weighed against what the book itself told.

Doubt is what the first pass says of itself: a figure, or a single half, whose confidence is below
the configured limit, and a caption whose characters have no meaning. Only the pages of those are
looked at again, the most doubtful first, and no more of them than a share of the book's pages.

The layout network knows captions and pictures, not which belong together. So what it says moves a
confidence by a bounded step, its boxes only propose where the book itself led to nothing, and what
it proposed is always left to a person.

Of several readings of a caption (text layer, pdfplumber, Tesseract) the text layer's is mended
first: where another one agrees with it but for characters without meaning, only these are taken
from that, so that superscripts, Greek and dashes stay. If the caption is then still poor, the
reading with the largest share of meaningful characters times words shaped like words wins; at a tie
the one named first.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from mmskin_build.config import FiguresConfig
from mmskin_build.figures.caption_marks import CREDIT
from mmskin_build.figures.captions import join_lines
from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.jobs import CaptionReading, LayoutBox, SecondLook
from mmskin_build.pdf.text_layer import plausible_share
from mmskin_build.records import Evidence, Figure, Line, Panel

DISAGREES, PROPOSED, REREAD = "layout_disagrees", "layout_proposed", "caption_reread"

# On labelled documents the network sees 94 % of the captions and 86 % of the pictures, and takes
# one block of other text in a hundred for a caption: nearly three nats. But a wrong pair is mostly
# made of a true caption and a true picture, of which it says nothing; a third of that is believed.
_STEP_NATS = 1.0
_PROPOSED = 0.5  # confidence of what only the network saw
_SEEN = 0.5  # share of a box that the network's boxes must cover
_FREE = 0.3  # share of a box of the network that may belong to something known already
_REACH_PT = 24.0  # between a picture and the caption that is proposed for it
_ALONG = 0.5  # common width or height of the two, of the smaller one
_MIN_WORDS = 3
_MIN_SIDE_PT = 36.0  # of a proposed picture
_IMAGE_SHARE = 0.5  # of a proposed picture that image objects cover; below it, it is a drawing

_POOR_TEXT = 0.75  # quality of a caption below which it is read again
_ENOUGH_WORDS = 5  # to judge a caption by the shape of its words
_SAME_TEXT = 0.8  # similarity, characters without meaning apart, from which two readings agree
_CLEARLY = 0.05  # by how much another reading must be better to be taken as a whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A page to look at again: what of, and how sure (in [0, 1]) its least sure figure is.

    `layout` asks the network; `captions` are boxes in points that are to be read again.
    """

    page_index: int
    confidence: float
    layout: bool = False
    captions: tuple[Bbox, ...] = ()


def find_doubts(
    figures: Sequence[Figure], page_count: int, cfg: FiguresConfig
) -> tuple[Doubt, ...]:
    """Choose the pages to look at again, by page.

    Pages recognized by OCR are not asked about: the network sees lettering that they have not, and
    Tesseract has read them already. The same figures give the same pages.
    """
    unsure: dict[int, float] = {}
    unread: dict[int, list[Bbox]] = {}
    for figure in figures:
        if is_recognized(figure):
            continue
        if figure.confidence < cfg.doubtful_below:
            known = unsure.get(figure.page_index, 1.0)
            unsure[figure.page_index] = min(known, figure.confidence)
        page = figure.caption_page_index
        if page is None or figure.caption_bbox is None or not is_poor(_printed(figure)):
            continue
        boxes = unread.setdefault(page, [])
        if figure.caption_bbox not in boxes:
            boxes.append(figure.caption_bbox)
    asked = sorted(unsure, key=lambda page: (unsure[page], page))
    asked = asked[: math.floor(cfg.second_look_share * page_count)]
    most = max(1, math.floor(cfg.reread_share * page_count)) if cfg.reread_share else 0
    reread = sorted(unread)[:most]
    return tuple(
        Doubt(
            page_index=page,
            confidence=unsure.get(page, 1.0),
            layout=page in asked,
            captions=tuple(unread[page]) if page in reread else (),
        )
        for page in sorted({*asked, *reread})
    )


def is_recognized(figure: Figure) -> bool:
    """Whether the figure's page was read by OCR, as its evidence says."""
    return any(item.name == "scan" for item in figure.evidence)


def weigh_opinions(figures: Sequence[Figure], looks: Sequence[SecondLook]) -> tuple[Figure, ...]:
    """Return the figures with what the other readers said of them, in the same order.

    Every figure comes back under its own id; a single half may come back paired with what the
    network proposes, flagged `PROPOSED`.
    """
    by_page = {look.page_index: look for look in looks}
    return tuple(_weighed(figure, figures, by_page) for figure in figures)


def _weighed(figure: Figure, figures: Sequence[Figure], looks: Mapping[int, SecondLook]) -> Figure:
    if is_recognized(figure):
        return figure
    page = figure.caption_page_index
    look = None if page is None else looks.get(page)
    if look is not None:
        for reading in look.readings:
            if reading.bbox == figure.caption_bbox and is_poor(_printed(figure)):
                figure = _reread(figure, reading)
    look = looks.get(figure.page_index)
    if look is None or look.boxes is None:
        return figure
    if figure.status == "paired":
        return _weighed_pair(figure, look.boxes)
    return _weighed_half(figure, figures, look.boxes)


# ------------------------------------------------------------------------------- layout network


def _weighed_pair(figure: Figure, boxes: Sequence[LayoutBox]) -> Figure:
    parts = [("picture", figure.bbox)]
    if figure.caption_page_index == figure.page_index:
        parts.append(("caption", figure.caption_bbox))
    unseen = [kind for kind, box in parts if box is not None and not _is_seen(kind, box, boxes)]
    if unseen:
        return _moved(figure, -_STEP_NATS, f"sees no {' and no '.join(unseen)} there", DISAGREES)
    return _moved(figure, _STEP_NATS, f"sees {' and '.join(kind for kind, _ in parts)}")


def _weighed_half(figure: Figure, figures: Sequence[Figure], boxes: Sequence[LayoutBox]) -> Figure:
    mine, other = figure.bbox, "caption"
    if figure.status == "caption_without_image":
        mine, other = figure.caption_bbox, "picture"
    known = [box for f in figures for box in _boxes_on(f, figure.page_index)]
    free = [
        box
        for box in boxes
        if box.kind == other
        and mine is not None
        and _is_beside(mine, box.bbox)
        and max((box.bbox.covered_by(k) for k in known), default=0.0) <= _FREE
    ]
    if mine is None or not free:
        return _moved(figure, _STEP_NATS, f"sees no {other} beside it either")
    nearest = min(free, key=lambda box: (mine.gap(box.bbox), box.bbox))
    proposed = (_with_caption if other == "caption" else _with_picture)(figure, nearest)
    if proposed is None:
        return _moved(figure, -_STEP_NATS, f"sees a {other} beside it", DISAGREES)
    return proposed


def _with_caption(figure: Figure, box: LayoutBox) -> Figure | None:
    """The picture with the caption that the network sees; None where the words look like none."""
    text = join_lines([_text_line(figure.page_index, line) for line in box.lines], frozenset())
    label = parse_label(text)
    words = text[label.end :].strip() if label is not None else text
    if len(words.split()) < _MIN_WORDS or CREDIT.match(words) or is_poor(words):
        return None
    return replace(
        figure,
        status="paired",
        label=label.text if label is not None else None,
        caption=words,
        caption_page_index=figure.page_index,
        caption_bbox=box.bbox,
        confidence=_PROPOSED,
        evidence=(*figure.evidence, _said("takes the words beside it for its caption", 0.0)),
        flags=(*figure.flags, PROPOSED),
    )


def _with_picture(figure: Figure, box: LayoutBox) -> Figure | None:
    """The caption with the picture that the network sees; None where that is but a mark."""
    if min(box.bbox.width, box.bbox.height) < _MIN_SIDE_PT:
        return None
    return replace(
        figure,
        status="paired",
        bbox=box.bbox,
        kind="photo" if box.image_share >= _IMAGE_SHARE else "nonphoto",
        panels=(Panel(bbox=box.bbox),),
        confidence=_PROPOSED,
        evidence=(*figure.evidence, _said("sees a picture beside it", 0.0)),
        flags=(*figure.flags, PROPOSED),
    )


def _is_seen(kind: str, box: Bbox, boxes: Sequence[LayoutBox]) -> bool:
    return sum(box.covered_by(b.bbox) for b in boxes if b.kind == kind) >= _SEEN


def _is_beside(a: Bbox, b: Bbox) -> bool:
    """Whether two boxes stand side by side or one above the other, close and along one another."""
    if a.gap(b) > _REACH_PT:
        return False
    across = a.x_overlap(b) / max(1.0, min(a.width, b.width))
    down = a.y_overlap(b) / max(1.0, min(a.height, b.height))
    return max(across, down) >= _ALONG


def _boxes_on(figure: Figure, page_index: int) -> list[Bbox]:
    found = [figure.bbox if figure.page_index == page_index else None]
    found.append(figure.caption_bbox if figure.caption_page_index == page_index else None)
    return [box for box in found if box is not None]


def _moved(figure: Figure, step_nats: float, value: str, *flags: str) -> Figure:
    """The figure with its confidence moved by a step in log odds, and the reason told."""
    odds = figure.confidence / max(1e-9, 1.0 - figure.confidence) * math.exp(step_nats)
    return replace(
        figure,
        confidence=round(odds / (1.0 + odds), 4),
        evidence=(*figure.evidence, _said(value, step_nats / 4.0)),
        flags=(*figure.flags, *flags),
    )


def _said(value: str, weight: float) -> Evidence:
    return Evidence(name="layout_network", value=value, weight=weight)


def _text_line(page_index: int, line: Line) -> TextLine:
    first = line.spans[0]
    return TextLine(
        page_index=page_index,
        bbox=line.bbox,
        text=line.text,
        font=first.font,
        size_pt=first.size_pt,
        bold=first.bold,
        italic=first.italic,
        color=first.color,
        direction=line.direction,
        block=line.block,
        spans=line.spans,
    )


# ------------------------------------------------------------------------------- other readings


def is_poor(text: str) -> bool:
    """Whether a caption has characters without meaning, or words that look like none."""
    if any(_is_meaningless(char) for char in set(text)):
        return True
    return len(text.split()) >= _ENOUGH_WORDS and quality(text) < _POOR_TEXT


def quality(text: str) -> float:
    """Share of characters with a meaning times share of words shaped like words, in [0, 1].

    >>> quality("Plaques on both forearms."), quality("Plqcs on bth frxrms.")
    (1.0, 0.25)
    """
    counts = Counter("".join(text.split()))
    if not counts:
        return 0.0
    meant = sum(count for char, count in counts.items() if not _is_meaningless(char))
    return meant / counts.total() * plausible_share(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A caption as decided: its text, who it is from, and who else reads the same."""

    text: str
    reader: str
    agrees: tuple[str, ...] = ()


def choose_reading(readings: Mapping[str, str]) -> Reading:
    """Choose among readings of one caption by reader, the text layer's own first (rule above).

    Raises:
        ValueError: If there is none.
    """
    if not readings:
        raise ValueError("there is no reading to choose from")
    first, layer = next(iter(readings.items()))
    best = Reading(text=layer, reader=first)
    for reader, text in list(readings.items())[1:]:
        if _likeness(best.text, text) < _SAME_TEXT:
            continue
        filled = _filled(best.text, text)
        if quality(filled) > quality(best.text):
            best = Reading(text=filled, reader=f"{best.reader}, mended from {reader}")
    for reader, text in readings.items() if is_poor(best.text) else ():
        if quality(text) > quality(best.text) + _CLEARLY:
            best = Reading(text=text, reader=reader)
    agrees = tuple(
        reader
        for reader, text in readings.items()
        if not best.reader.startswith(reader) and _likeness(text, best.text) >= _SAME_TEXT
    )
    return replace(best, agrees=agrees)


def _reread(figure: Figure, reading: CaptionReading) -> Figure:
    """The figure with the best reading of its caption."""
    whole = _printed(figure)
    others = {"pdfplumber": reading.pdfplumber, "Tesseract": reading.tesseract}
    readings = {"text layer": whole} | {
        reader: _one_line(text) for reader, text in others.items() if text is not None
    }
    chosen = choose_reading(readings)
    agree = f", {' and '.join(chosen.agrees)} alike" if chosen.agrees else ", nobody else alike"
    told = Evidence(name="caption_readings", value=f"{chosen.reader}{agree}", weight=0.0)
    if chosen.text == whole:
        return replace(figure, evidence=(*figure.evidence, told))
    label = parse_label(chosen.text)
    words = chosen.text[label.end :].strip() if label is not None else chosen.text
    return replace(
        figure,
        label=label.text if label is not None else figure.label,
        caption=words,
        evidence=(*figure.evidence, told),
        flags=(*figure.flags, REREAD),
    )


def _one_line(text: str) -> str:
    """Lines of another reader as one text, broken words joined."""
    joined = ""
    for piece in (" ".join(line.split()) for line in text.splitlines()):
        broken = joined.endswith("-") and joined[-2:-1].isalpha() and piece[:1].islower()
        joined = joined[:-1] + piece if broken else f"{joined} {piece}".strip()
    return joined


def _printed(figure: Figure) -> str:
    """The caption as printed, label first, as the other readers see it."""
    return f"{figure.label or ''} {figure.caption or ''}".strip()


def _filled(layer: str, other: str) -> str:
    """The layer's text with its characters without meaning taken from the other reading."""
    pieces = []
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, layer, other, autojunk=False).get_opcodes():
        mine, theirs = layer[a0:a1], other[b0:b1]
        gap = kind == "replace" and all(_is_meaningless(c) or c.isspace() for c in mine)
        pieces.append(theirs if gap and not any(map(_is_meaningless, theirs)) else mine)
    return "".join(pieces)


def _likeness(a: str, b: str) -> float:
    """Similarity of two texts in [0, 1], white space and characters without meaning apart."""
    short, long = (
        "".join(c for c in text if not c.isspace() and not _is_meaningless(c)).casefold()
        for text in (a, b)
    )
    return SequenceMatcher(None, short, long, autojunk=False).ratio()


def _is_meaningless(char: str) -> bool:
    return char == "\ufffd" or (
        unicodedata.category(char) in ("Co", "Cc", "Cn") and not char.isspace()
    )
