"""HIBA: 1,616 pictures of the Hospital Italiano de Buenos Aires, dermoscopic and clinical.

Ricci Lara MA et al. A dataset of skin lesion images collected in Argentina for the evaluation of
AI tools in this population. Sci Data 10:712 (2023), doi:10.1038/s41597-023-02630-0. Data: ISIC
Archive, doi:10.34970/587329, collection 175. Patients and lesions have ids. Upstream counts it as
dermoscopic; a part are clinical close-ups, which the column ``image_type`` tells.
"""

from __future__ import annotations

import dataclasses

from mmskin_build.public.about import About, PublicSet, Reading, Wanted
from mmskin_build.public.isic_archive import TABLE_NAMES, read_archive
from mmskin_build.public.sources import Source

ABOUT = About(
    name="HIBA",
    title="HIBA skin lesions, Hospital Italiano de Buenos Aires 2019-2022",
    aliases=("hospital-italiano",),
    modality="dermoscopic",
    pictures=1_616,
    classes=10,
    license="CC BY 4.0 (each picture's own in the metadata)",
    source="https://doi.org/10.34970/587329",
    paper="doi:10.1038/s41597-023-02630-0",
    wanted=(
        Wanted(
            names=(
                "metadata.csv",
                "hospital-italiano-de-buenos-aires-skin-lesions-images-2019-2022.csv",
            ),
            what="labels, patients, lesions, age, sex, skin type",
        ),
        Wanted(names=("ISIC_*.jpg, in a folder or ZIP file",), what="1,616 pictures"),
    ),
    split="by patient",
    family="isic",
    table_names=TABLE_NAMES,
    coarse_table="HIBA_2class",
    unverified="the number of classes",
)

_TWO = ("benign", "malignant")


def read(source: Source) -> Reading:
    """Read the set as the ISIC Archive publishes it; the coarse division is benign and malignant.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    reading = read_archive(source, ABOUT.name)
    rows = tuple(
        row if row.coarse in _TWO else dataclasses.replace(row, coarse=None) for row in reading.rows
    )
    return dataclasses.replace(reading, rows=rows)


SET = PublicSet(about=ABOUT, read=read)
