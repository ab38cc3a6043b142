"""The patient of one panel: what its own words say, and what holds for the whole figure.

A panel's own part of the caption wins. What it does not say is taken from the words common to all
panels, if they tell of one patient; or from the panel before, if it shows "the same patient". A
value that might be another panel's patient's is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.records import Demographics, TextEvidence
from mmskin_build.text.demographics import extract_demographics

_SAME = re.compile(
    r"\b(?:the |this )?same (?:patient|person|child|infant|man|woman|boy|girl|individual"
    r"|case|lady|newborn)\b"
    r"|\b(?:derselbe|dieselbe|desselben|derselben|gleiche[rn]?) (?:patient|mann|frau|kind)\w*"
    r"|\b(?:même|mêmes) (?:patiente?|malade|enfant)\b|\bmism[oa] (?:paciente|niñ[oa])\b"
    r"|同一患者|同一病人|同一病例",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:another|different|other|second|third|separate) (?:patient|person|child|infant"
    r"|man|woman|boy|girl|individual|case)\b"
    r"|\bander(?:e|er|en) (?:patient|kind)\w*|\bautre (?:patiente?|malade|enfant)\b"
    r"|\botr[oa] (?:paciente|niñ[oa])\b|另一(?:名)?患者|另一例",
    re.IGNORECASE,
)
_OTHER_TIME = re.compile(
    r"\b(?:years?|months?|decades?) (?:later|earlier|before|after|previously)\b|\bat"
    r" follow-up\b|\bas an? (?:child|adult|infant|newborn)\b"
    r"|\bJahre? (?:später|zuvor|danach)\b|\bans (?:plus tard|après|auparavant)\b|\baños "
    r"(?:después|más tarde|antes)\b|年后|年前",
    re.IGNORECASE,
)
_AGE_FIELDS = ("age_years", "age_min", "age_max", "age_group")


def demographics_of(
    panel_text: str | None,
    figure_caption: str,
    common: str | None = None,
    language: str | None = "eng",
) -> Demographics:
    """Read age and sex of the patient that one panel shows.

    Args:
        panel_text: The panel's own part of the caption; None where the figure is one picture or
            its caption is not divided.
        figure_caption: The whole printed caption without its label.
        common: What holds for all panels; None finds it in `figure_caption`.
        language: Tesseract's codes joined by ``+``, None if not known.

    Returns:
        What is told. The offsets of its evidence are into `figure_caption`; a value whose
        characters are not found there is left out.
    """
    if panel_text is None or not panel_text.strip():
        return extract_demographics(figure_caption, language)
    if panel_text.strip() == figure_caption.strip():
        return extract_demographics(figure_caption, language)
    divided = split_caption(figure_caption)
    own = _placed(extract_demographics(panel_text, language), panel_text, figure_caption)
    if _OTHER.search(panel_text):
        return own
    shared = divided.common if common is None else common
    sources = [_placed(_of_one(extract_demographics(shared, language)), shared, figure_caption)]
    if _SAME.search(panel_text):
        earlier = _part_before(panel_text, divided.parts)
        if earlier is not None:
            before = demographics_of(earlier, figure_caption, shared, language)
            sources.insert(0, _of_one(before))
    keep_age = _OTHER_TIME.search(panel_text) is None
    for source in sources:
        own = _filled(own, source, keep_age=keep_age)
    return own


def _of_one(found: Demographics) -> Demographics:
    """What is told of one patient: "both" is of two, and the panel shows one of them."""
    if found.sex != "both":
        return found
    return replace(found, sex=None, evidence=tuple(e for e in found.evidence if e.field != "sex"))


def _part_before(panel_text: str, parts: Mapping[str, str]) -> str | None:
    """The nearest part before a panel's that does not refer to yet another one."""
    before = None
    for text in parts.values():
        if text.strip() == panel_text.strip():
            return before
        if not _SAME.search(text):
            before = text
    return None


def _filled(own: Demographics, source: Demographics, *, keep_age: bool) -> Demographics:
    """`own` with the age and the sex of `source` where it has none."""
    evidence = list(own.evidence)
    values = {name: getattr(own, name) for name in (*_AGE_FIELDS, "sex")}
    if keep_age and all(values[name] is None for name in _AGE_FIELDS):
        values |= {name: getattr(source, name) for name in _AGE_FIELDS}
        evidence += [item for item in source.evidence if item.field != "sex"]
    if values["sex"] is None:
        values["sex"] = source.sex
        evidence += [item for item in source.evidence if item.field == "sex"]
    return Demographics(**values, evidence=tuple(evidence))


def _placed(found: Demographics, text: str, caption: str) -> Demographics:
    """Move evidence from `text`, a part of `caption`, to the caption; lose what is not there."""
    offset = caption.find(text)
    if offset >= 0:
        moved = [
            TextEvidence(start=e.start + offset, end=e.end + offset, field=e.field)
            for e in found.evidence
        ]
        return replace(found, evidence=tuple(moved))
    kept: list[TextEvidence] = []
    for item in found.evidence:
        start = caption.find(text[item.start : item.end])
        if start >= 0:
            kept.append(
                TextEvidence(start=start, end=start + item.end - item.start, field=item.field)
            )
    fields = {item.field for item in kept}
    values = {name: getattr(found, name) for name in (*_AGE_FIELDS, "sex")}
    if not fields - {"sex"}:
        values |= dict.fromkeys(_AGE_FIELDS)
    if "sex" not in fields:
        values["sex"] = None
    return Demographics(**values, evidence=tuple(kept))
