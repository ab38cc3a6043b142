"""MSKCC: dermoscopic pictures of the Memorial Sloan Kettering Cancer Center in the ISIC Archive.

Upstream takes collection 163 of the archive, https://api.isic-archive.com/collections/163/, which
no paper describes as a set of that name. So any download of the archive that is given is taken.
"""

from __future__ import annotations

from mmskin_build.public.about import About, PublicSet, Reading, Wanted
from mmskin_build.public.isic_archive import TABLE_NAMES, read_archive
from mmskin_build.public.sources import Source

ABOUT = About(
    name="MSKCC",
    title="MSKCC, Memorial Sloan Kettering Cancer Center in the ISIC Archive",
    aliases=("msk",),
    modality="dermoscopic",
    pictures=None,
    classes=None,
    license="CC BY-NC 4.0 or CC0 (each picture's own in the metadata)",
    source="https://api.isic-archive.com/collections/163/",
    paper="none",
    wanted=(
        Wanted(names=("metadata.csv",), what="labels, patients, lesions, age, sex"),
        Wanted(names=("ISIC_*.jpg, in a folder or ZIP file",), what="pictures"),
    ),
    split="by patient, else by lesion",
    family="isic",
    table_names=TABLE_NAMES,
    unverified="numbers of pictures and classes: no maker publishes them",
)


def read(source: Source) -> Reading:
    """Read a download of the ISIC Archive.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    return read_archive(source, ABOUT.name)


SET = PublicSet(about=ABOUT, read=read)
