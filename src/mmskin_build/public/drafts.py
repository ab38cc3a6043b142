"""A picture that is in its place, with all that its set tells of it, before the sides are drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mmskin_build.public.about import About, Row
from mmskin_build.public.items import PublicItem, PublicModality, PublicSplit

_ISIC_ID = re.compile(r"(ISIC_\d{7})(?:_downsampled)?\.\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item without group and side; `published` is the side that the makers gave it."""

    set: str
    image: str
    image_sha256: str
    label: str
    coarse: str | None = None
    published: PublicSplit | None = None
    patient: str | None = None
    lesion: str | None = None
    skin_type: str | None = None
    age_years: float | None = None
    age_group: str | None = None
    sex: Literal["male", "female"] | None = None
    body_site: str | None = None
    modality: PublicModality

    @property
    def key(self) -> str:
        """Its name among all sets."""
        return f"{self.set}/{self.image}"

    @property
    def isic_id(self) -> str | None:
        """The id that the ISIC Archive gave the picture, None if its name has none."""
        match = _ISIC_ID.fullmatch(self.image)
        return match[1] if match else None

    @property
    def anchor(self) -> str:
        """What its side is drawn by: the ISIC id, which sets share, else what is its own."""
        own = self.patient or self.lesion or self.image
        return self.isic_id or f"{self.set}:{own}"


def build_draft(about: About, row: Row, image_sha256: str) -> Draft:
    """Return the draft of a row whose picture is in its place."""
    return Draft(
        set=about.name,
        image=row.image,
        image_sha256=image_sha256,
        label=row.label,
        coarse=row.coarse,
        published=row.split,
        patient=row.patient,
        lesion=row.lesion,
        skin_type=row.skin_type,
        age_years=row.age.years,
        age_group=row.age.group,
        sex=row.sex,
        body_site=row.body_site,
        modality=row.modality,
    )


def build_item(draft: Draft, split: PublicSplit, group_id: str) -> PublicItem:
    """Return the item of a draft, on its side."""
    return PublicItem(
        set=draft.set,
        image=draft.image,
        image_sha256=draft.image_sha256,
        label=draft.label,
        split=split,
        group_id=group_id,
        patient=draft.patient,
        lesion=draft.lesion,
        skin_type=draft.skin_type,
        age_years=draft.age_years,
        age_group=draft.age_group,
        sex=draft.sex,
        body_site=draft.body_site,
        coarse=draft.coarse,
        modality=draft.modality,
    )
