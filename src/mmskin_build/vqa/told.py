"""What is known of a record: the words on its picture, in place, and what the picture is.

The words are the figure's caption as printed, with spaces where they are not of this picture:
other panels, labels, credits, references. So every offset is one of `Record.figure_caption`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.records import Record
from mmskin_build.text.clean import clean_caption
from mmskin_build.text.credits import blank_credits
from mmskin_build.text.modality_words import find_modality_words
from mmskin_build.vqa.reading import Reading, read_text
from mmskin_build.vqa.vocabulary import Vocabulary

_MODALITIES = ("clinical", "dermoscopic", "pathological")
#: A picture whose modality is disputed is asked nothing about it.
_DISPUTED = "modality_disputed"
# Electrons show what none of the three modalities is a name for.
_ELECTRONS = re.compile(r"\b(?:[ST]EM|[Ee]lectron[ -]?micro\w+|[Uu]ltrastructur\w+)\b")
_SURE = 0.8  # confidence of a model from which its modality is asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The words on one picture (`reading`), and its modality where that is sure.

    `own` are the characters of the panel's own words; the others hold for the whole figure.
    """

    record: Record
    reading: Reading
    own: tuple[int, int]
    modality: str | None
    vocabulary: Vocabulary | None = None

    @property
    def text(self) -> str:
        """The words, as long as the figure's caption."""
        return self.reading.text


def read_told(record: Record, vocabulary: Vocabulary | None = None) -> Told | None:
    """Return what is known of a record, None where its words may be another panel's."""
    text = _words(record)
    start = record.figure_caption.find(record.panel_text) if record.panel_text else 0
    if text is None or not text.strip():
        return None
    label = record.modality
    modality = None
    if label is not None and label.value in _MODALITIES and _DISPUTED not in record.held:
        sure = label.source != "model" or label.confidence >= _SURE
        modality = label.value if sure and not _is_of_another_kind(record, text) else None
    return Told(
        record=record,
        reading=read_text(text, vocabulary),
        own=(start, start + len(record.panel_text or text)),
        modality=modality,
        vocabulary=vocabulary,
    )


def _is_of_another_kind(record: Record, text: str) -> bool:
    """Whether words on the picture tell of radiographs, karyotypes, electrons and the like."""
    told = {evidence.vote for evidence in find_modality_words(text).evidence}
    return "other" in told or _ELECTRONS.search(record.figure_caption) is not None


def _words(record: Record) -> str | None:
    whole = blank_credits(record.figure_caption)
    if "panels_disputed" in record.held:
        return None
    if record.panel_text is None:
        return _without_removed(whole, 0, len(whole), record)
    start = record.figure_caption.find(record.panel_text)
    if start < 0:
        return None
    end = start + len(record.panel_text)
    own = _without_removed(whole, start, end, record)
    common = split_caption(record.figure_caption).common.strip()
    place = record.figure_caption.find(common) if common else -1
    if place < 0 or place < end and start < place + len(common):
        return own
    shown = list(own)
    shown[place : place + len(common)] = whole[place : place + len(common)]
    for item in clean_caption(common).removed:
        for index in range(place + item.start, place + item.end):
            shown[index] = " "
    return _parted("".join(shown), place + len(common), start)


def _without_removed(whole: str, start: int, end: int, record: Record) -> str:
    """Keep characters `start` to `end`, without what cleaning took off them."""
    kept = list(whole[start:end])
    for item in record.removed:
        for index in range(item.start, min(item.end, len(kept))):
            kept[index] = " "
    return " " * start + "".join(kept) + " " * (len(whole) - end)


def _parted(text: str, common_end: int, own_start: int) -> str:
    """Put a full stop into the gap between what is common and what is the panel's own."""
    closed = text[:common_end].rstrip().endswith((".", ";", ":", "!", "?"))
    if not closed and common_end < own_start and not text[common_end:own_start].strip():
        return text[:common_end] + "." + text[common_end + 1 :]
    return text
