"""PAD-UFES-20: 2,298 smartphone pictures of 1,641 lesions of 1,373 patients in six classes.

Pacheco AGC et al. PAD-UFES-20: A skin lesion dataset composed of patient data and clinical images
collected from smartphones. Data in Brief 32:106221 (2020), doi:10.1016/j.dib.2020.106221. Data:
Mendeley Data, doi:10.17632/zr7vgbcyr2.1: ``metadata.csv`` and ``imgs_part_1.zip`` to
``imgs_part_3.zip``, also all in one ZIP file. Pictures are called ``PAT_<patient>_<lesion>_<number>
.png``. Codes: table 1 of the paper; Bowen disease counts as SCC.
"""

from __future__ import annotations

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table
from mmskin_build.public.people import read_age, read_sex, read_site, read_skin_type
from mmskin_build.public.rows import Pictures, collect_rows, label_of_code
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

LABELS = {
    "ACK": "actinic keratosis",
    "BCC": "basal cell carcinoma",
    "MEL": "melanoma",
    "NEV": "melanocytic nevus",
    "SCC": "squamous cell carcinoma",
    "SEK": "seborrheic keratosis",
}
_METADATA = ("metadata.csv", "PAD-UFES-20_metadata.csv")
_COLUMNS = (
    "patient_id", "lesion_id", "age", "gender", "fitspatrick", "region", "diagnostic", "img_id",
)  # fmt: skip

ABOUT = About(
    name="PAD",
    title="PAD-UFES-20",
    aliases=("pad-ufes-20", "pad-ufes", "padufes20"),
    modality="clinical",
    pictures=2_298,
    classes=6,
    license="CC BY 4.0",
    source="https://doi.org/10.17632/zr7vgbcyr2.1",
    paper="doi:10.1016/j.dib.2020.106221",
    wanted=(
        Wanted(names=_METADATA, what="labels, patients, lesions, age, sex, site, skin type"),
        Wanted(names=("imgs_part_1.zip",), what="pictures"),
        Wanted(names=("imgs_part_2.zip",), what="pictures"),
        Wanted(names=("imgs_part_3.zip",), what="pictures"),
    ),
    split="by patient",
    family="PAD",
)


def read(source: Source) -> Reading:
    """Read the set as Mendeley Data has it.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    table = find_table(source, _METADATA, ABOUT.name)
    lines = read_table(source, table, _COLUMNS)
    pictures = Pictures(source, keep=lambda entry: "_mask" not in entry.basename.casefold())
    return collect_rows(
        [(lines, _read_row)],
        pictures,
        lambda line: line["img_id"].casefold().removesuffix(".png"),
    )


def _read_row(line: Line, entry: Entry) -> Row | Reject:
    label = label_of_code(line, line["diagnostic"], LABELS)
    if isinstance(label, Reject):
        return label
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        patient=line["patient_id"] or None,
        lesion=f"{line['patient_id']} {line['lesion_id']}" if line["lesion_id"] else None,
        skin_type=read_skin_type(line["fitspatrick"]),
        age=read_age(line["age"]),
        sex=read_sex(line["gender"]),
        body_site=read_site(line["region"]),
        modality="clinical",
    )


SET = PublicSet(about=ABOUT, read=read)
