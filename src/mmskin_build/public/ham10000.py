"""HAM10000: 10,015 dermoscopic pictures of pigmented lesions in seven classes.

Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5:180161 (2018),
doi:10.1038/sdata.2018.161. Data: Harvard Dataverse, doi:10.7910/DVN/DBW86T: two ZIP files with
pictures, ``HAM10000_metadata`` (as CSV or Dataverse's own ``.tab``), and the test set of ISIC 2018
Task 3. The same pictures are on https://challenge.isic-archive.com/data/#2018 with tables that have
a column a class; both are read. Codes: section "Data Records" of the paper.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table
from mmskin_build.public.items import PublicSplit
from mmskin_build.public.one_hot import read_one_hot
from mmskin_build.public.people import ISIC_STEP_YEARS, read_age, read_sex, read_site
from mmskin_build.public.rows import Pictures, ReadRow, collect_rows, label_of_code
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

LABELS = {
    "akiec": "actinic keratosis or Bowen disease",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "melanocytic nevus",
    "vasc": "vascular lesion",
}
# Sites of the table that are adjectives.
_SITES = {"acral": "acral skin", "genital": "genital area"}
_METADATA = ("HAM10000_metadata.csv", "HAM10000_metadata.tab", "HAM10000_metadata")
_TEST = ("ISIC2018_Task3_Test_GroundTruth.csv", "ISIC2018_Task3_Test_GroundTruth.tab")
_CHALLENGE: dict[PublicSplit, str] = {
    "train": "ISIC2018_Task3_Training_GroundTruth.csv",
    "validation": "ISIC2018_Task3_Validation_GroundTruth.csv",
}
_GROUPINGS = "ISIC2018_Task3_Training_LesionGroupings.csv"
_COLUMNS = ("lesion_id", "image_id", "dx", "age", "sex", "localization")

ABOUT = About(
    name="HAM10000",
    title="HAM10000, Human Against Machine with 10000 training images",
    aliases=("ham",),
    modality="dermoscopic",
    pictures=10_015,
    classes=7,
    license="CC BY-NC 4.0",
    source="https://doi.org/10.7910/DVN/DBW86T",
    paper="doi:10.1038/sdata.2018.161",
    wanted=(
        Wanted(names=_METADATA, what="labels, lesions, age, sex, site"),
        Wanted(names=("HAM10000_images_part_1.zip",), what="5,000 pictures"),
        Wanted(names=("HAM10000_images_part_2.zip",), what="5,015 pictures"),
        Wanted(names=_TEST, what="labels of the test set of ISIC 2018", is_needed=False),
        Wanted(
            names=("ISIC2018_Task3_Test_Images.zip", "ISIC2018_Task3_Test_Input.zip"),
            what="1,511 pictures of that test set",
            is_needed=False,
        ),
    ),
    split="the test set of ISIC 2018 Task 3 if it is given, else by lesion",
    family="isic",
    table_names={
        "actinic keratosis or Bowen disease": "Actinic Keratoses",
        "basal cell carcinoma": "Basal Cell Carcinoma",
        "benign keratosis": "Benign Keratosis",
        "dermatofibroma": "Dermatofibroma",
        "melanoma": "Melanoma",
        "melanocytic nevus": "Nevus",
        "vascular lesion": "Vascular lesions",
    },
)


def read(source: Source) -> Reading:
    """Read the set as Harvard Dataverse or the ISIC challenge of 2018 has it.

    Raises:
        PublicSetError: If a table or a column is missing.
    """
    test = source.find(_TEST)
    of_training: PublicSplit | None = None if test is None else "train"
    challenge = source.find((_CHALLENGE["train"],))
    tables: list[tuple[list[Line], ReadRow]] = []
    if source.find(_METADATA) is None and challenge is not None:
        read_row = functools.partial(_read_row, of_training, _read_groupings(source))
        tables.append((read_table(source, challenge, ("image", "NV")), read_row))
        validation = source.find((_CHALLENGE["validation"],))
        if validation is not None:
            read_row = functools.partial(_read_row, "validation", {})
            tables.append((read_table(source, validation, ("image", "NV")), read_row))
    else:
        metadata = find_table(source, _METADATA, ABOUT.name)
        read_row = functools.partial(_read_row, of_training, {})
        tables.append((read_table(source, metadata, _COLUMNS), read_row))
    if test is not None:
        read_row = functools.partial(_read_row, "test", {})
        tables.append((read_table(source, test, ()), read_row))
    pictures = Pictures(source, keep=lambda e: "segmentation" not in e.name.casefold())
    return collect_rows(tables, pictures, lambda line: line["image_id"] or line["image"])


def _read_groupings(source: Source) -> dict[str, str]:
    entry = find_table(source, (_GROUPINGS,), ABOUT.name)
    lines = read_table(source, entry, ("image", "lesion_id"))
    return {line["image"].casefold(): line["lesion_id"] for line in lines}


def _read_row(
    split: PublicSplit | None, lesions: Mapping[str, str], line: Line, entry: Entry
) -> Row | Reject:
    if line["dx"]:
        label = label_of_code(line, line["dx"], LABELS)
    else:
        label = read_one_hot(line, {code.upper(): name for code, name in LABELS.items()})
    if isinstance(label, Reject):
        return label
    site = read_site(line["localization"])
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        split=split,
        lesion=line["lesion_id"] or lesions.get(line["image"].casefold()) or None,
        age=read_age(line["age"], ISIC_STEP_YEARS),
        sex=read_sex(line["sex"]),
        body_site=_SITES.get(site or "", site),
        modality="dermoscopic",
    )


SET = PublicSet(about=ABOUT, read=read)
