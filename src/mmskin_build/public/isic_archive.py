"""Downloads of the ISIC Archive: pictures called ``ISIC_0024306.jpg`` and one table of metadata.

The table is ``metadata.csv`` in a download of pictures, or called after the collection where it was
downloaded alone; any table with a column ``isic_id`` is taken. Until 2024 a column ``diagnosis``
had the label ("nevus"), since then ``diagnosis_1`` to ``diagnosis_5`` have it from the broad to the
narrow ("Benign", "Benign melanocytic proliferations", "Nevus"); both are read, and the new names
are given the old ones, which upstream's tables have. Of the new ones the third level is the label;
where it is empty there is none, but for "Benign soft tissue proliferations - Vascular". The
archive's names are an open list: a name that is not in `OLD_NAMES` stays as it is, in small
letters. https://www.isic-archive.com
"""

from __future__ import annotations

from mmskin_build.errors import PublicSetError
from mmskin_build.public.about import Reading, Row
from mmskin_build.public.columns import Line, read_table, reject
from mmskin_build.public.items import PublicModality
from mmskin_build.public.people import (
    ISIC_STEP_YEARS,
    is_unknown,
    read_age,
    read_sex,
    read_site,
    read_skin_type,
)
from mmskin_build.public.rows import Pictures, collect_rows
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

#: The archive's names since 2024, in small letters, and those of before. A narrower kind of
#: melanoma, nevus or carcinoma is told by its broader name, as the old column had it.
OLD_NAMES = {
    "nevus": "melanocytic nevus",
    "melanoma, nos": "melanoma",
    "melanoma invasive": "melanoma",
    "melanoma in situ": "melanoma",
    "basal cell carcinoma": "basal cell carcinoma",
    "squamous cell carcinoma, nos": "squamous cell carcinoma",
    "squamous cell carcinoma, invasive": "squamous cell carcinoma",
    "squamous cell carcinoma in situ": "squamous cell carcinoma",
    "solar or actinic keratosis": "actinic keratosis",
    "lichen planus like keratosis": "lichenoid keratosis",
    "fibroepithelial polyp": "acrochordon",
    "atypical intraepithelial melanocytic proliferation": "atypical intraepithelial melanocytic "
    "proliferation",
    "aimp": "atypical intraepithelial melanocytic proliferation",
    "atypical melanocytic neoplasm": "atypical melanocytic proliferation",
    "lentigo nos": "lentigo",
    "hemangioma": "hemangioma",
    "angioma": "hemangioma",
}
#: What upstream's tables of the archive's sets call labels of ours.
TABLE_NAMES = {
    "melanocytic nevus": "nevus",
    "lentigo": "lentigo NOS",
    "atypical intraepithelial melanocytic proliferation": "AIMP",
}
_HEAD_BYTES = 65536  # of a table, for the names of its columns
_PLAIN = ("other", "unknown", "not reported")  # a diagnosis that is none
# The one group of the second level that is a class where the third is empty.
_VASCULAR = "vascular"
_COARSE = {"benign": "benign", "malignant": "malignant", "indeterminate": "indeterminate"}
_COARSE_OLD = {
    "indeterminate/benign": "indeterminate",
    "indeterminate/malignant": "indeterminate",
}


def read_archive(source: Source, name: str) -> Reading:
    """Read a download of the archive; `name` is that of the set, for messages.

    Raises:
        PublicSetError: If there is no table of metadata.
    """
    entry = find_metadata(source)
    if entry is None:
        raise PublicSetError(
            f"{name}: no table with a column isic_id (metadata.csv) is in "
            f"{', '.join(map(str, source.paths))}; `mmskin public list` says where to get it"
        )
    lines = read_table(source, entry, ("isic_id", "age_approx", "sex"))
    if lines and not {"diagnosis", "diagnosis_1"} & lines[0].cells.keys():
        raise PublicSetError(
            f"{entry.name}: has neither the column 'diagnosis' nor 'diagnosis_1'; download the "
            "metadata of the collection again"
        )
    return collect_rows([(lines, _read_row)], Pictures(source), lambda line: line["isic_id"])


def find_metadata(source: Source) -> Entry | None:
    """Return the table of a download: ``metadata.csv``, else any with a column ``isic_id``."""
    tables = [e for e in source.entries if e.basename.casefold().endswith(".csv")]
    tables.sort(key=lambda e: (e.basename.casefold() != "metadata.csv", e.name.count("/"), e.name))
    for entry in tables:
        head = source.read_table(entry)[:_HEAD_BYTES].partition(b"\n")[0].lower()
        if b"isic_id" in head:
            return entry
    return None


def label_of(line: Line) -> str | None:
    """Return the plain name of a row's diagnosis, None if it has none.

    >>> label_of(Line({"diagnosis_1": "Malignant", "diagnosis_3": "Melanoma, NOS"}, ""))
    'melanoma'
    """
    told = line["diagnosis"]
    if is_unknown(told):
        told = "" if is_unknown(line["diagnosis_3"]) else line["diagnosis_3"]
        if not told and _VASCULAR in line["diagnosis_2"].casefold():
            told = "vascular lesion"
    name = " ".join(told.split()).casefold()
    if not name or name in _PLAIN:
        return None
    return OLD_NAMES.get(name, name.removesuffix(", nos").removesuffix(" nos"))


def _read_row(line: Line, entry: Entry) -> Row | Reject:
    label = label_of(line)
    if label is None:
        return reject("label_missing", line.where, line["isic_id"])
    kind = (line["image_type"] or line["dermoscopic_type"]).casefold()
    modality: PublicModality = "dermoscopic"
    if kind.startswith(("clinical", "tbp", "overview", "close-up")):
        modality = "clinical"
    site = next(
        (
            read_site(line[column])
            for column in ("anatom_site_general", "anatom_site_1")
            if not is_unknown(line[column])
        ),
        None,
    )
    told = (line["benign_malignant"] or line["diagnosis_1"]).casefold()
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        coarse=_COARSE.get(told) or _COARSE_OLD.get(told),
        patient=line["patient_id"] or None,
        lesion=line["lesion_id"] or None,
        skin_type=read_skin_type(line["fitzpatrick_skin_type"]),
        age=read_age(line["age_approx"], ISIC_STEP_YEARS),
        sex=read_sex(line["sex"]),
        body_site=site,
        modality=modality,
    )
