"""Patch16: 129,364 tiles of stained skin sections of 386 patients in 16 classes.

Kriegsmann K et al. Deep learning for the detection of anatomical tissue structures and neoplasms of
the skin on scanned histopathological tissue sections. Front Oncol 12:1022967 (2022),
doi:10.3389/fonc.2022.1022967. Data: heiDATA, doi:10.11588/data/7QCR8S, ``data.zip`` with
``data/tiles-v2.csv`` (columns file, class, set, case and others), ``data/class_dict.json`` and
``data/tiles/<class>/<class>_ws_<slide>_<tile>.jpg``. ``set`` is Train, Validation or Test, divided
by patient by the makers.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import defaultdict
from collections.abc import Sequence

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table, reject
from mmskin_build.public.items import PublicSplit
from mmskin_build.public.rows import Pictures, collect_rows, label_of_code
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

LABELS = {
    "nontumor_skin_chondraltissue_chondraltissue": "chondral tissue",
    "nontumor_skin_dermis_dermis": "dermis",
    "nontumor_skin_elastosis_elastosis": "elastosis",
    "nontumor_skin_epidermis_epidermis": "epidermis",
    "nontumor_skin_hairfollicle_hairfollicle": "hair follicle",
    "nontumor_skin_muscle_skeletal": "skeletal muscle",
    "nontumor_skin_necrosis_necrosis": "necrosis",
    "nontumor_skin_nerves_nerves": "nerves",
    "nontumor_skin_sebaceousglands_sebaceousglands": "sebaceous glands",
    "nontumor_skin_subcutis_subcutis": "subcutis",
    "nontumor_skin_sweatglands_sweatglands": "eccrine sweat glands",
    "nontumor_skin_vessel_vessel": "vessels",
    "tumor_skin_epithelial_bcc": "basal cell carcinoma",
    "tumor_skin_epithelial_sqcc": "squamous cell carcinoma",
    "tumor_skin_melanoma_melanoma": "melanoma",
    "tumor_skin_naevus_naevus": "melanocytic nevus",
}
_TABLE = ("tiles-v2.csv", "tiles.csv")
_SPLITS: dict[str, PublicSplit] = {"train": "train", "validation": "validation", "test": "test"}
_SLIDE = re.compile(r"_ws_(\d+)_\d+\.\w+$", re.IGNORECASE)

ABOUT = About(
    name="Patch16",
    title="Patch16, skin tissue and tumors in histology (Kriegsmann)",
    aliases=("kriegsmann", "patch-16"),
    modality="pathological",
    pictures=129_364,
    classes=16,
    license="as heiDATA's page of the set states",
    source="https://doi.org/10.11588/data/7QCR8S",
    paper="doi:10.3389/fonc.2022.1022967",
    wanted=(
        Wanted(names=("data.zip",), what="tiles, in a folder a class"),
        Wanted(names=_TABLE, what="files, classes, cases, sets (in data.zip)"),
    ),
    split="the makers' Train, Validation and Test, by patient",
    family="Patch16",
    label_kind="tissue",
    coarse_table="Patch16_2class",
    unverified="the license; that the column `case` is a patient (where it is missing, the slide "
    "is)",
)


def read(source: Source) -> Reading:
    """Read the set as heiDATA has it.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    table = find_table(source, _TABLE, ABOUT.name)
    lines = read_table(source, table, ("file", "class", "set"))
    pictures = Pictures(source, key=lambda entry: entry.basename.casefold())
    patients = _find_patients(lines)
    read_row = functools.partial(_read_row, patients)
    reading = collect_rows([(lines, read_row)], pictures, _file)
    if not patients:
        note = "neither case nor slide stays on one side; pictures are not grouped by patient"
        reading = dataclasses.replace(reading, notes=(note,))
    return reading


def _find_patients(lines: Sequence[Line]) -> frozenset[str]:
    """The values of the column that names patients: ``case``, else the slide; none if neither does.

    The makers divided by patient, so a column whose values stand on several sides names none, and
    would join what does not belong together.
    """
    for value_of in (_case, _slide):
        sides: dict[str, set[str]] = defaultdict(set)
        for line in lines:
            sides[value_of(line)].add(line["set"].casefold())
        sides.pop("", None)
        if sides and all(len(there) == 1 for there in sides.values()):
            return frozenset(sides)
    return frozenset()


def _case(line: Line) -> str:
    return line["case"]


def _slide(line: Line) -> str:
    match = _SLIDE.search(line["file"])
    return f"ws {match[1]}" if match else ""


def _file(line: Line) -> str:
    return line["file"].replace("\\", "/").rpartition("/")[2]


def _read_row(patients: frozenset[str], line: Line, entry: Entry) -> Row | Reject:
    code = line["class"]
    label = label_of_code(line, code, LABELS)
    if isinstance(label, Reject):
        return label
    split = _SPLITS.get(line["set"].casefold())
    if split is None:
        return reject("split_unknown", line.where, f"set is {line['set']!r}")
    return Row(
        image=f"{code.casefold()}/{entry.basename}",
        entry=entry,
        label=label,
        coarse=code.casefold().partition("_")[0],
        split=split,
        patient=next((name for name in (_case(line), _slide(line)) if name in patients), None),
        modality="pathological",
    )


SET = PublicSet(about=ABOUT, read=read)
