"""DDI: 656 clinical pictures of pathologically proven lesions, even over skin types.

Daneshjou R et al. Disparities in dermatology AI performance on a diverse, curated clinical image
set. Sci Adv 8:eabq6147 (2022), doi:10.1126/sciadv.abq6147. Data: Stanford AIMI,
doi:10.71718/kqee-3z39, ``ddidiversedermatologyimages.zip`` with ``ddi_metadata.csv``: a column
without a name, DDI_ID, DDI_file, skin_tone (12, 34, 56: pairs of Fitzpatrick's types), malignant
(True, False), disease (a word joined by hyphens).
"""

from __future__ import annotations

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table, reject
from mmskin_build.public.people import is_unknown
from mmskin_build.public.rows import Pictures, collect_rows
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

_METADATA = "ddi_metadata.csv"
_TONES = ("12", "34", "56")
_MALIGNANT = {
    "true": "Malignant", "1": "Malignant", "false": "Non-Malignant", "0": "Non-Malignant",
}  # fmt: skip
# Names that hyphens do not take apart well.
_NAMES = {
    "melanocytic-nevi": "melanocytic nevus",
    "seborrheic-keratosis-irritated": "irritated seborrheic keratosis",
    "acne-cystic": "cystic acne",
    "melanoma-in-situ": "melanoma in situ",
    "squamous-cell-carcinoma-in-situ": "squamous cell carcinoma in situ",
    "subcutaneous-t-cell-lymphoma": "subcutaneous T-cell lymphoma",
    "eczema-spongiotic-dermatitis": "eczema or spongiotic dermatitis",
}

ABOUT = About(
    name="DDI",
    title="DDI, Diverse Dermatology Images",
    aliases=("ddi-stanford",),
    modality="clinical",
    pictures=656,
    classes=78,
    license="Stanford University Dataset Research Use Agreement, not commercial",
    source="https://doi.org/10.71718/kqee-3z39 (stanfordaimi.azurewebsites.net, after signing in)",
    paper="doi:10.1126/sciadv.abq6147",
    wanted=(
        Wanted(names=(_METADATA,), what="diseases, malignancy, skin types"),
        Wanted(names=("ddidiversedermatologyimages.zip",), what="656 pictures"),
    ),
    split="by picture and near duplicates; the table names no patients",
    family="DDI",
    coarse_table="DDI_2class",
    unverified="whether one patient has several pictures: no table tells it",
)


def read(source: Source) -> Reading:
    """Read the set as Stanford AIMI publishes it.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    table = find_table(source, (_METADATA,), ABOUT.name)
    lines = read_table(source, table, ("DDI_file", "skin_tone", "malignant", "disease"))
    pictures = Pictures(source, key=lambda entry: entry.basename.casefold())
    return collect_rows([(lines, _read_row)], pictures, lambda line: line["ddi_file"])


def _read_row(line: Line, entry: Entry) -> Row | Reject:
    disease = line["disease"].casefold()
    if is_unknown(disease):
        return reject("label_missing", line.where, line["ddi_file"])
    coarse = _MALIGNANT.get(line["malignant"].casefold())
    if coarse is None:
        detail = f"malignant is {line['malignant']!r}, not True or False"
        return reject("label_unknown", line.where, detail)
    tone = line["skin_tone"].removesuffix(".0")
    return Row(
        image=entry.basename,
        entry=entry,
        label=_NAMES.get(disease, disease.replace("-", " ")),
        coarse=coarse,
        skin_type=tone if tone in _TONES else None,
        modality="clinical",
    )


SET = PublicSet(about=ABOUT, read=read)
