"""ISIC 2019: 25,331 dermoscopic pictures in eight classes, out of HAM10000, BCN20000 and MSK.

Training data of the ISIC challenge 2019, https://challenge.isic-archive.com/data/#2019; Tschandl
2018 (doi:10.1038/sdata.2018.161), Codella 2017 (arXiv:1710.05006), Hernández-Pérez 2024
(doi:10.1038/s41597-024-03387-w). ``ISIC_2019_Training_GroundTruth.csv`` has a column a class,
``ISIC_2019_Training_Metadata.csv`` age, site, lesion and sex. The test set is read if it is given;
its class UNK (none of the others) is left out. Many pictures are called ``..._downsampled``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table
from mmskin_build.public.items import PublicSplit
from mmskin_build.public.one_hot import read_one_hot
from mmskin_build.public.people import ISIC_STEP_YEARS, read_age, read_sex, read_site
from mmskin_build.public.rows import Pictures, ReadRow, collect_rows
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

LABELS = {
    "MEL": "melanoma",
    "NV": "melanocytic nevus",
    "BCC": "basal cell carcinoma",
    "AK": "actinic keratosis",
    "BKL": "benign keratosis",
    "DF": "dermatofibroma",
    "VASC": "vascular lesion",
    "SCC": "squamous cell carcinoma",
}
_TRUTH = "ISIC_2019_{}_GroundTruth.csv"
_METADATA = "ISIC_2019_{}_Metadata.csv"

ABOUT = About(
    name="ISIC",
    title="ISIC 2019, training data of the challenge",
    aliases=("isic2019", "isic-2019"),
    modality="dermoscopic",
    pictures=25_331,
    classes=8,
    license="CC BY-NC 4.0",
    source="https://challenge.isic-archive.com/data/#2019",
    paper="arXiv:1902.03368",
    wanted=(
        Wanted(names=("ISIC_2019_Training_Input.zip",), what="25,331 pictures"),
        Wanted(names=(_TRUTH.format("Training"),), what="labels"),
        Wanted(names=(_METADATA.format("Training"),), what="age, site, lesions, sex"),
        Wanted(names=("ISIC_2019_Test_Input.zip",), what="test pictures", is_needed=False),
        Wanted(names=(_TRUTH.format("Test"),), what="their labels", is_needed=False),
        Wanted(names=(_METADATA.format("Test"),), what="their metadata", is_needed=False),
    ),
    split="the challenge's test set if it is given, else by lesion",
    family="isic",
    table_names={
        "melanoma": "Melanoma",
        "melanocytic nevus": "Nevus",
        "basal cell carcinoma": "Basal Cell Carcinoma",
        "actinic keratosis": "Actinic Keratosis",
        "benign keratosis": "Benign Keratosis-like Lesions",
        "dermatofibroma": "Dermatofibroma",
        "vascular lesion": "Vascular Lesions",
        "squamous cell carcinoma": "Squamous Cell Carcinoma",
    },
)


def read(source: Source) -> Reading:
    """Read the set as the ISIC challenge publishes it.

    Raises:
        PublicSetError: If a table or a column is missing.
    """
    has_test = source.find((_TRUTH.format("Test"),)) is not None
    parts: list[tuple[str, PublicSplit | None]] = [("Training", "train" if has_test else None)]
    if has_test:
        parts.append(("Test", "test"))
    tables: list[tuple[list[Line], ReadRow]] = []
    for part, split in parts:
        truth = find_table(source, (_TRUTH.format(part),), ABOUT.name)
        metadata = find_table(source, (_METADATA.format(part),), ABOUT.name)
        people = {
            line["image"].casefold(): line
            for line in read_table(source, metadata, ("image", "age_approx", "sex"))
        }
        read_row = functools.partial(_read_row, split, people)
        tables.append((read_table(source, truth, ("image", *LABELS)), read_row))
    return collect_rows(tables, Pictures(source), lambda line: line["image"])


def _read_row(
    split: PublicSplit | None, people: Mapping[str, Line], line: Line, entry: Entry
) -> Row | Reject:
    label = read_one_hot(line, LABELS)
    if isinstance(label, Reject):
        return label
    person = people.get(line["image"].casefold(), Line({}, line.where))
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        split=split,
        lesion=person["lesion_id"] or None,
        age=read_age(person["age_approx"], ISIC_STEP_YEARS),
        sex=read_sex(person["sex"]),
        body_site=read_site(person["anatom_site_general"]),
        modality="dermoscopic",
    )


SET = PublicSet(about=ABOUT, read=read)
