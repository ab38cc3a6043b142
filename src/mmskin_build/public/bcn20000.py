"""BCN20000: 18,946 dermoscopic pictures of the Hospital Clínic de Barcelona.

Hernández-Pérez C et al. BCN20000: Dermoscopic lesions in the wild. Sci Data 11:641 (2024),
doi:10.1038/s41597-024-03387-w. Data: figshare, doi:10.6084/m9.figshare.24140028, as
``BCN_20k_train.zip``, ``BCN_20k_test.zip``, ``bcn_20k_train.csv``, ``bcn_20k_test.csv``
with codes of diagnoses; and ISIC Archive, collection 249, with ``metadata.csv`` (upstream's
choice). Both are read. Rows without a label (of the test set, in figshare's table) are left out.
"""

from __future__ import annotations

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table, reject
from mmskin_build.public.isic_archive import TABLE_NAMES, find_metadata, read_archive
from mmskin_build.public.people import (
    ISIC_STEP_YEARS,
    is_unknown,
    read_age,
    read_sex,
    read_site,
)
from mmskin_build.public.rows import Pictures, collect_rows, label_of_code
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
_TRAIN, _TEST = "bcn_20k_train.csv", "bcn_20k_test.csv"
_COLUMNS = ("bcn_filename", "age_approx", "anatom_site_general", "lesion_id", "sex")

ABOUT = About(
    name="BCN20000",
    title="BCN20000, Dermoscopic Lesions in the Wild",
    aliases=("bcn",),
    modality="dermoscopic",
    pictures=18_946,
    classes=8,
    license="CC BY-NC 4.0",
    source="https://doi.org/10.6084/m9.figshare.24140028 or "
    "https://api.isic-archive.com/collections/249/",
    paper="doi:10.1038/s41597-024-03387-w",
    wanted=(
        Wanted(names=(_TRAIN, "metadata.csv"), what="labels, lesions, age, sex, site"),
        Wanted(names=("BCN_20k_train.zip", "ISIC_*.jpg, in a folder or ZIP file"), what="pictures"),
        Wanted(names=(_TEST,), what="metadata of the test set, no labels", is_needed=False),
        Wanted(names=("BCN_20k_test.zip",), what="pictures of the test set", is_needed=False),
    ),
    split="by lesion",
    family="isic",
    table_names=TABLE_NAMES,
    unverified="whether the test table has labels; rows without one are left out",
)


def read(source: Source) -> Reading:
    """Read the set as figshare or the ISIC Archive has it.

    Raises:
        PublicSetError: If a table or a column is missing.
    """
    if source.find((_TRAIN,)) is None and find_metadata(source) is not None:
        return read_archive(source, ABOUT.name)
    train = find_table(source, (_TRAIN,), ABOUT.name)
    lines = read_table(source, train, (*_COLUMNS, "diagnosis"))
    test = source.find((_TEST,))
    if test is not None:
        lines += read_table(source, test, ("bcn_filename",))
    return collect_rows(
        [(lines, _read_row)],
        Pictures(source),
        lambda line: line["bcn_filename"].casefold().removesuffix(".jpg"),
    )


def _read_row(line: Line, entry: Entry) -> Row | Reject:
    code = line["diagnosis"]
    if is_unknown(code):
        return reject("label_missing", line.where, line["bcn_filename"])
    label = label_of_code(line, code, LABELS)
    if isinstance(label, Reject):
        return label
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        lesion=line["lesion_id"] or None,
        age=read_age(line["age_approx"], ISIC_STEP_YEARS),
        sex=read_sex(line["sex"]),
        body_site=read_site(line["anatom_site_general"]),
        modality="dermoscopic",
    )


SET = PublicSet(about=ABOUT, read=read)
