"""What the words around a picture give its record: caption, patient, terms, votes, hints.

The printed words stay beside the clean ones. Ages over 89 are top-coded before anything else is
derived, so no field of a record can show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from mmskin_build.figures.subcaptions import Subcaptions, split_caption
from mmskin_build.records import Demographics, Figure, Panel, Removed, Terms
from mmskin_build.text.clean import clean_caption
from mmskin_build.text.modality_words import Vote, find_modality_words
from mmskin_build.text.panel_patients import demographics_of
from mmskin_build.text.sensitive_words import SensitiveCategory, find_sensitive_words
from mmskin_build.text.terms import extract_terms
from mmskin_build.text.top_coding import top_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is told about one picture.

    `caption` trains the model; `removed` was taken off it. `figure_caption` and `panel_text` are as
    printed, with ages over 89 as 90+. `demographics` has its evidence in `figure_caption`. `vote`
    is what the words call the picture, `hints` what they warn of. `is_disputed` says that the
    caption names panels and it is not known which of its parts belongs to this one, or that the
    figure is whole where panels were expected. `caption` of one panel of several then has only what
    holds for all of them, and may be empty.
    """

    caption: str
    figure_caption: str
    panel_text: str | None
    removed: tuple[Removed, ...]
    demographics: Demographics
    terms: Terms
    vote: Vote | None
    hints: tuple[SensitiveCategory, ...]
    is_disputed: bool


def read_words(
    figure: Figure, panel: Panel, headings: Sequence[str], language: str | None
) -> Words:
    """Read the words of one panel of a figure.

    Args:
        figure: A figure with a caption.
        panel: One of its panels.
        headings: Of the chapter and section on its page, the largest first.
        language: Tesseract's codes joined by ``+``.
    """
    whole, own, divided = _parts(figure, panel)
    common = divided.common.strip() if divided is not None else ""
    is_apart = own is None and divided is not None and bool(divided.parts)
    is_disputed = is_apart or (own is None and "panels_disagree" in figure.flags)
    text = common if is_apart else own or whole
    found = Demographics()  # where it is not known whose words are whose, nobody's are taken
    if text:
        found = demographics_of(None if text == whole else text, whole, common or None, language)
    figure_caption, found = top_code(whole, found, language)
    text, _ = top_code(text, Demographics(), language)
    clean = clean_caption(text, language, panel=panel.label)
    terms = extract_terms(text)
    if own is not None:
        terms = _with_common(terms, extract_terms(common))
    vote = find_modality_words(text, headings).vote
    if vote is None and own is not None:
        vote = find_modality_words(common, headings).vote
    return Words(
        caption=clean.text,
        figure_caption=figure_caption,
        panel_text=None if own is None else text,
        removed=clean.removed,
        demographics=found,
        terms=terms,
        vote=vote,
        hints=find_hints(figure, panel, headings),
        is_disputed=is_disputed,
    )


def find_hints(
    figure: Figure, panel: Panel, headings: Sequence[str]
) -> tuple[SensitiveCategory, ...]:
    """Find what the words around one panel warn of, as `read_words` does, and nothing else.

    A hint anywhere near the picture counts: it can only make a person look. Where it is not known
    which part of the caption is the picture's, all of it is near.
    """
    whole, own, divided = _parts(figure, panel)
    told = [own or whole, divided.common.strip() if divided is not None else "", *headings]
    return tuple(
        sorted({category for part in told for category, _, _ in find_sensitive_words(part)})
    )


def _parts(figure: Figure, panel: Panel) -> tuple[str, str | None, Subcaptions | None]:
    """The whole caption, the panel's own part, and the caption as its letters divide it."""
    whole, own = (figure.caption or "").strip(), (panel.text or "").strip() or None
    return whole, own, split_caption(whole) if len(figure.panels) > 1 else None


def _with_common(own: Terms, common: Terms) -> Terms:
    """A panel's own terms; what it does not tell holds for the whole figure."""
    values = {f.name: getattr(own, f.name) or getattr(common, f.name) for f in fields(Terms)}
    return Terms(**values)
