"""A picture of a public data set with its label and split: what everything else here reads.

A prepared set is a folder, ``data/public/<set>/``, with ``items.jsonl`` (one `PublicItem` a line),
``images/`` (the pictures' files as published) and upstream's tables (see `tables`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmskin_build.errors import SchemaError
from mmskin_build.store import read_jsonl, write_jsonl

ITEMS, IMAGES = "items.jsonl", "images"

PublicSplit = Literal["train", "validation", "test"]
PublicModality = Literal["clinical", "dermoscopic", "pathological"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicItem:
    """One picture of a public set.

    `set` is the name of the set in upstream's tables ("HAM10000"), `image` the picture's file
    relative to the prepared folder's ``images/``, with ``/``. `image_sha256` is of the pixels
    (`store.pixel_digest`). `label` is a plain name, never the makers' code; `coarse` the name in
    the makers' division into few classes ("malignant"), where they have one. `group_id` joins what
    must not be divided, also over sets: the pictures of a patient, of a lesion, near duplicates.
    `age_group` is one of MM-Skin-D's ("adult"), None where the age may be of two. `skin_type` is
    Fitzpatrick's "1" to "6", or "12", "34", "56" where only pairs of types are told. What a set
    does not tell is None.
    """

    set: str
    image: str
    image_sha256: str
    label: str
    split: PublicSplit
    group_id: str
    patient: str | None = None
    lesion: str | None = None
    skin_type: str | None = None
    age_years: float | None = None
    age_group: str | None = None
    sex: Literal["male", "female"] | None = None
    body_site: str | None = None
    coarse: str | None = None
    modality: PublicModality | None = None


def read_items(folder: Path) -> tuple[PublicItem, ...]:
    """Read the items of a prepared set in the order of its file.

    Raises:
        SchemaError: If the set was not prepared, or a line is no item.
        StorageError: If the file cannot be read.
    """
    path = folder / ITEMS
    if not path.is_file():
        raise SchemaError(
            f"{path}: missing, the set is not prepared; run: mmskin public prepare {folder.name}"
        )
    return read_jsonl(path, PublicItem)


def write_items(folder: Path, items: Iterable[PublicItem]) -> None:
    """Write the items of a set, ordered by picture; the file appears whole or not at all.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    ordered: list[PublicItem] = sorted(items, key=lambda item: item.image)
    write_jsonl(folder / ITEMS, ordered, durable=False)  # it can be made again


def image_path(folder: Path, item: PublicItem) -> Path:
    """Return where the picture of an item lies; `folder` is that of its prepared set."""
    return folder / IMAGES / item.image
