"""Fitzpatrick17k: 16,577 clinical pictures of 114 conditions with Fitzpatrick skin types.

Groh M et al. Evaluating deep neural networks trained on clinical images in dermatology with the
Fitzpatrick 17k dataset. CVPR Workshops 2021, arXiv:2104.09957. Data:
https://github.com/mattgroh/fitzpatrick17k, ``fitzpatrick17k.csv``: md5hash, fitzpatrick_scale (-1
unknown), fitzpatrick_centaur, label, nine_partition_label, three_partition_label, qc, url,
url_alphanum. The pictures are fetched by the user from the addresses (or asked of the authors) and
are called ``<md5hash>.jpg``, or by ``url_alphanum``; many addresses are gone, so that a part of the
pictures is usual.
"""

from __future__ import annotations

from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import Line, find_table, read_table, reject
from mmskin_build.public.people import is_unknown, read_skin_type
from mmskin_build.public.rows import Pictures, collect_rows
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

_TABLE = "fitzpatrick17k.csv"
_PARTITION = {"malignant": "malignant", "benign": "benign", "non-neoplastic": "non-neoplastic"}
# The makers' verdict on a sample of labels, "3 Wrongly labelled"; such rows teach nothing.
_WRONG = "3"

ABOUT = About(
    name="Fitzpatrick",
    title="Fitzpatrick17k",
    aliases=("fitzpatrick17k", "fitz17k"),
    modality="clinical",
    pictures=16_577,
    classes=114,
    license="table CC BY-NC-SA 3.0; pictures belong to the two atlases they come from",
    source="https://github.com/mattgroh/fitzpatrick17k",
    paper="arXiv:2104.09957",
    wanted=(
        Wanted(names=(_TABLE,), what="conditions, skin types, addresses"),
        Wanted(names=("<md5hash>.jpg, in a folder or ZIP file",), what="the pictures"),
    ),
    split="by picture and near duplicates; the table names no patients",
    family="Fitzpatrick",
    coarse_table="Fitzpatrick",
    label_table="Fitzpatrick_114class",
    unverified="patients; the labels themselves, of which the makers found some wrong",
)


def read(source: Source) -> Reading:
    """Read the makers' table with the pictures that the user has.

    Raises:
        PublicSetError: If the table or a column is missing.
    """
    table = find_table(source, (_TABLE,), ABOUT.name)
    columns = ("md5hash", "fitzpatrick_scale", "label", "three_partition_label")
    lines = read_table(source, table, columns)
    other = {_stem(line["url_alphanum"]): line["md5hash"].casefold() for line in lines}

    def key(entry: Entry) -> str:
        stem = _stem(entry.basename)
        return other.get(stem, stem)

    return collect_rows([(lines, _read_row)], Pictures(source, key), lambda line: line["md5hash"])


def _stem(name: str) -> str:
    return name.casefold().rpartition(".")[0] or name.casefold()


def _read_row(line: Line, entry: Entry) -> Row | Reject:
    label = line["label"].casefold()
    if is_unknown(label):
        return reject("label_missing", line.where, line["md5hash"])
    if line["qc"].startswith(_WRONG):
        return reject("label_doubted", line.where, f"{line['label']}: qc says {line['qc']}")
    return Row(
        image=entry.basename,
        entry=entry,
        label=label,
        coarse=_PARTITION.get(line["three_partition_label"].casefold()),
        skin_type=read_skin_type(line["fitzpatrick_scale"]),
        modality="clinical",
    )


SET = PublicSet(about=ABOUT, read=read)
