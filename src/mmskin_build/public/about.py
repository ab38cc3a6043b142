"""What each set's module says of its set, and what it reads out of the makers' tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mmskin_build.public.items import PublicModality, PublicSplit
from mmskin_build.public.people import Age
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

#: What a label of a set names, which decides how questions are put.
LabelKind = Literal["disease", "group", "tissue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file that the makers publish: its names there, and what it holds."""

    names: tuple[str, ...]
    what: str
    is_needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A public set as its makers publish it.

    `name` is that of upstream's tables, `aliases` are other names that people use. `pictures` and
    `classes` are the published numbers, None where none was found. `family` is shared by sets whose
    lesion and patient ids are the same namespace. `is_exclusive` tells that a picture with one
    label has none of the others. `label_table` and `coarse_table` name upstream's tables of labels
    (the set's own name by default) and of the coarse division; `table_names` gives the names that
    labels have there, where upstream spells them otherwise. `unverified` says what could
    not be checked, "" for nothing.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    modality: PublicModality
    pictures: int | None
    classes: int | None
    license: str
    source: str
    paper: str
    wanted: tuple[Wanted, ...]
    split: str
    family: str
    label_kind: LabelKind = "disease"
    is_exclusive: bool = True
    coarse_table: str | None = None
    label_table: str | None = None
    table_names: Mapping[str, str] = field(default_factory=dict)
    unverified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the makers' tables tell of one picture.

    `image` is the path that the picture gets in the prepared folder, `entry` where it lies in what
    the user gave. `split` is the makers' own, None where they have none.
    """

    image: str
    entry: Entry
    label: str
    coarse: str | None = None
    split: PublicSplit | None = None
    patient: str | None = None
    lesion: str | None = None
    skin_type: str | None = None
    age: Age = Age()
    sex: Literal["male", "female"] | None = None
    body_site: str | None = None
    modality: PublicModality


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All rows of a set that can be used, and what cannot, with reasons.

    `listed` counts the rows of the tables. `notes` say what a person should know.
    """

    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    listed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """A set with the function that reads it."""

    about: About
    read: Callable[[Source], Reading]
