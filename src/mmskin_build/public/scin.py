"""SCIN: 10,408 pictures of 5,033 cases that people gave by themselves, labelled by dermatologists.

Ward A et al. Creating an empirical dermatology dataset through crowdsourcing with web search
advertisements. JAMA Netw Open 7:e2446615 (2024), arXiv:2402.18545. Data: Google,
https://github.com/google-research-datasets/scin, bucket ``dx-scin-public-data``: folder ``dataset``
with ``scin_cases.csv``, ``scin_labels.csv`` and ``images/<number>.png``. A case has one to three
pictures (``image_1_path`` to ``image_3_path``). Its label is the condition that has the most weight
in ``weighted_skin_condition_label``, a Python dictionary; where two have as much, it has none. A
case may have several conditions, so none of the others is taken to be absent.
"""

from __future__ import annotations

import ast
import math
import re
from pathlib import PurePosixPath

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table, reject
from mmskin_build.public.people import Age, age_group, read_sex, read_skin_type
from mmskin_build.public.rows import Pictures, collect_rows
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

_CASES = ("scin_cases.csv", "dataset_scin_cases.csv")
_LABELS = ("scin_labels.csv", "dataset_scin_labels.csv")
_IMAGES = ("image_1_path", "image_2_path", "image_3_path")
_AGES = re.compile(r"AGE_(\d+)_TO_(\d+)|AGE_(\d+)_OR_ABOVE|AGE_UNDER_(\d+)")
#: Columns of body parts that are plain places; a case with several is told none.
SITES = {
    "body_parts_head_or_neck": "head or neck",
    "body_parts_arm": "arm",
    "body_parts_palm": "palm",
    "body_parts_back_of_hand": "back of the hand",
    "body_parts_torso_front": "front of the torso",
    "body_parts_torso_back": "back of the torso",
    "body_parts_genitalia_or_groin": "genitals or groin",
    "body_parts_buttocks": "buttocks",
    "body_parts_leg": "leg",
    "body_parts_foot_top_or_side": "top or side of the foot",
    "body_parts_foot_sole": "sole of the foot",
}
_TYPES = ("fitzpatrick_skin_type", "dermatologist_fitzpatrick_skin_type_label_1")
_TIE = 1e-6  # of weight

ABOUT = About(
    name="SCIN",
    title="SCIN, Skin Condition Image Network",
    aliases=("google-scin",),
    modality="clinical",
    pictures=10_408,
    classes=None,
    license="SCIN Data Use License",
    source="https://github.com/google-research-datasets/scin (bucket dx-scin-public-data)",
    paper="doi:10.1001/jamanetworkopen.2024.46615",
    wanted=(
        Wanted(names=_CASES, what="cases with pictures, age groups, sex, skin type, body parts"),
        Wanted(names=_LABELS, what="dermatologists' labels with weights"),
        Wanted(names=("images/<number>.png, in a folder or ZIP file",), what="10,408 pictures"),
    ),
    split="by case, which is one person's",
    family="SCIN",
    is_exclusive=False,
    unverified="whether one person gave several cases",
)


def read(source: Source) -> Reading:
    """Read cases, labels and pictures as the bucket has them.

    Raises:
        PublicSetError: If a table or a column is missing.
    """
    cases = find_table(source, _CASES, ABOUT.name)
    labels = find_table(source, _LABELS, ABOUT.name)
    told = {
        line["case_id"]: line
        for line in read_table(source, labels, ("case_id", "weighted_skin_condition_label"))
    }
    lines = [
        Line({**case.cells, "file": case[column]}, f"{case.where} {column}")
        for case in read_table(source, cases, ("case_id", *_IMAGES, "age_group", "sex_at_birth"))
        for column in _IMAGES
        if case[column]
    ]

    def read_row(line: Line, entry: Entry) -> Row | Reject:
        return _read_row(line, entry, told.get(line["case_id"]))

    return collect_rows(
        [(lines, read_row)], Pictures(source), lambda line: PurePosixPath(line["file"]).stem
    )


def _read_row(line: Line, entry: Entry, label_line: Line | None) -> Row | Reject:
    case = line["case_id"]
    if label_line is None:
        return reject("label_missing", line.where, f"case {case} is not in scin_labels.csv")
    label = weightiest(label_line["weighted_skin_condition_label"])
    if label is None:
        return reject("label_missing", line.where, f"case {case} has no one condition")
    sites = [site for column, site in SITES.items() if line[column].upper() == "YES"]
    types = (read_skin_type(place[column]) for place in (line, label_line) for column in _TYPES)
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        patient=case,
        skin_type=next((found for found in types if found), None),
        age=read_age_group(line["age_group"]),
        sex=read_sex(line["sex_at_birth"]),
        body_site=sites[0] if len(sites) == 1 else None,
        modality="clinical",
    )


def weightiest(cell: str) -> str | None:
    """Return the condition with the most weight, in small letters; None for none or a tie.

    >>> weightiest("{'Eczema': 0.4, 'Psoriasis': 0.2}"), weightiest("{'A': 0.5, 'B': 0.5}")
    ('eczema', None)
    """
    try:
        weights = ast.literal_eval(cell or "{}")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(weights, dict):
        return None
    known = sorted(
        ((float(w), str(n)) for n, w in weights.items() if isinstance(w, int | float)), reverse=True
    )
    if not known or (len(known) > 1 and math.isclose(known[0][0], known[1][0], abs_tol=_TIE)):
        return None
    return " ".join(known[0][1].split()).casefold() or None


def read_age_group(cell: str) -> Age:
    """Return the age that a code as AGE_18_TO_29 tells: never a year, its group where it is one.

    >>> read_age_group("AGE_18_TO_29"), read_age_group("AGE_60_TO_69")
    (Age(years=None, group='adult'), Age(years=None, group=None))
    """
    match = _AGES.fullmatch(cell.upper())
    if match is None:
        return Age()
    if match[1]:
        return Age(group=age_group(float(match[1]), float(match[2])))
    return Age(group=age_group(float(match[3]), float(match[3]))) if match[3] else Age()


SET = PublicSet(about=ABOUT, read=read)
