"""The words that a picture's labels come to, against which questions on it are checked.

A set that gives each picture one of its labels says by that that the others are not there. Where a
question names one of them, the words deny it; nothing else is denied, and sets whose labels do not
exclude each other deny nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmskin_build.public.about import LabelKind
from mmskin_build.public.items import PublicItem
from mmskin_build.records import Flags, Label, Provenance, Record, Review, Terms
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.vqa.reading import read_text
from mmskin_build.vqa.told import Told

_PICTURES = {
    "clinical": "Clinical photograph",
    "dermoscopic": "Dermoscopic image",
    "pathological": "Histopathological image",
    None: "Image",
}
LABEL_WORDS: dict[LabelKind, str] = {
    "disease": "Diagnosis",
    "group": "Group of diseases",
    "tissue": "Tissue",
}
_COARSE = {
    "malignant": "The lesion is malignant.",
    "benign": "The lesion is benign.",
    "non-malignant": "The lesion is not malignant.",
}


def write_caption(item: PublicItem, kind: LabelKind, denied: Sequence[str] = ()) -> str:
    """Return what the labels of a picture say, in sentences.

    >>> item = PublicItem(set="PAD", image="a.png", image_sha256="", label="melanoma", sex="male",
    ...                   split="train", group_id="", body_site="nose", modality="clinical")
    >>> write_caption(item, "disease", ["lipoma"])
    'Clinical photograph of a male patient. Diagnosis: melanoma. Site: nose. No lipoma.'
    """
    parts = [_PICTURES[item.modality]]
    person = " ".join(part for part in (item.age_group, item.sex) if part)
    if person:
        parts.append(f"of a{'n' * (person[0] in 'aeiou')} {person} patient")
    sentences = [" ".join(parts) + ".", f"{LABEL_WORDS[kind]}: {item.label}."]
    if item.body_site is not None:
        sentences.append(f"Site: {item.body_site}.")
    if item.coarse is not None and item.coarse.casefold() in _COARSE:
        sentences.append(_COARSE[item.coarse.casefold()])
    if denied:
        sentences.append(", no ".join(["No " + denied[0], *denied[1:]]) + ".")
    return " ".join(sentences)


def told_of(caption: str, modality: str | None) -> Told:
    """Return a caption as questions by rule are made of it, on a record that stands for it."""
    record = Record(
        id=caption,
        image="",
        image_sha256="",
        width_px=0,
        height_px=0,
        caption=caption,
        panel_text=None,
        figure_caption=caption,
        alignment=Label(value="paired", confidence=1.0, source="rule"),
        modality=None if modality is None else Label(value=modality, confidence=1.0, source="rule"),
        demographics=extract_demographics(caption),
        terms=Terms(),
        flags=Flags(),
        provenance=Provenance(
            book_id="",
            book_sha256="",
            page_index=None,
            page_label="",
            bbox=None,
            figure_id="",
            figure_label=None,
            panel=None,
            source="imported",
        ),
        group_id="",
        split=None,
        review=Review(),
        config_sha256="",
        code_version="",
    )
    reading = read_text(caption)
    return Told(record=record, reading=reading, own=(0, len(caption)), modality=modality)
