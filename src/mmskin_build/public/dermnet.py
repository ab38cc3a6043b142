"""Dermnet: about 19,500 clinical pictures in 23 groups of diseases, from dermnet.com.

No paper; the form is that of https://www.kaggle.com/datasets/shubhamgoel27/dermnet: folders
``train`` and ``test``, in each a folder a group ("Bullous Disease Photos"). A picture's label is
its folder without the words "Photos" and "pictures". No table, no patients: pictures of one case
that look alike are found as near duplicates only. Near duplicates that stand on both sides of the
published division are moved to training.
"""

from __future__ import annotations

from mmskin_build.errors import PublicSetError
from mmskin_build.public.about import About, PublicSet, Reading, Row, Wanted
from mmskin_build.public.columns import reject
from mmskin_build.public.items import PublicSplit
from mmskin_build.public.sources import Entry, Source
from mmskin_build.records import Reject

_SPLITS: dict[str, PublicSplit] = {"train": "train", "test": "test"}
_NOISE = ("Photos", "pictures")
# The 23 folders of the published set, without the words that say nothing.
LABELS = (
    "Acne and Rosacea",
    "Actinic Keratosis Basal Cell Carcinoma and other Malignant Lesions",
    "Atopic Dermatitis",
    "Bullous Disease",
    "Cellulitis Impetigo and other Bacterial Infections",
    "Eczema",
    "Exanthems and Drug Eruptions",
    "Hair Loss Alopecia and other Hair Diseases",
    "Herpes HPV and other STDs",
    "Light Diseases and Disorders of Pigmentation",
    "Lupus and other Connective Tissue diseases",
    "Melanoma Skin Cancer Nevi and Moles",
    "Nail Fungus and other Nail Disease",
    "Poison Ivy and other Contact Dermatitis",
    "Psoriasis Lichen Planus and related diseases",
    "Scabies Lyme Disease and other Infestations and Bites",
    "Seborrheic Keratoses and other Benign Tumors",
    "Systemic Disease",
    "Tinea Ringworm Candidiasis and other Fungal Infections",
    "Urticaria Hives",
    "Vascular Tumors",
    "Vasculitis",
    "Warts Molluscum and other Viral Infections",
)
_KNOWN = {label.casefold(): label for label in LABELS}

ABOUT = About(
    name="Dermnet",
    title="Dermnet, 23 groups of skin diseases",
    aliases=("dermnet-kaggle",),
    modality="clinical",
    pictures=19_559,
    classes=23,
    license="none stated; the pictures belong to dermnet.com",
    source="https://www.kaggle.com/datasets/shubhamgoel27/dermnet",
    paper="none",
    wanted=(
        Wanted(
            names=("archive.zip with train/ and test/, or these folders",),
            what="the pictures, in a folder a group",
        ),
    ),
    split="the published train and test; validation is taken out of train",
    family="Dermnet",
    label_kind="group",
    unverified="the license; patients; that the number of pictures is the same in each copy",
)


def read(source: Source) -> Reading:
    """Read the folders; there is no table, so a picture's place is its row.

    Raises:
        PublicSetError: If there is no picture below a folder ``train`` or ``test``.
    """
    rows: list[Row] = []
    rejects: list[Reject] = []
    seen: set[str] = set()
    listed = 0
    for entry in source.pictures():
        found = _place(entry)
        if found is None:
            rejects.append(reject("picture_without_row", entry.name, "not below train or test"))
            continue
        listed += 1
        split, folder = found
        name = " ".join(word for word in folder.split() if word not in _NOISE)
        label = _KNOWN.get(name.casefold())
        image = f"{split}/{folder}/{entry.basename}"
        if label is None:
            rejects.append(
                reject("label_unknown", entry.name, f"{folder!r} is none of the 23 folders")
            )
        elif image.casefold() in seen:
            rejects.append(reject("picture_repeated", entry.name, "the same name before"))
        else:
            seen.add(image.casefold())
            rows.append(
                Row(
                    image=image,
                    entry=entry,
                    label=label,
                    split=_SPLITS[split],
                    modality="clinical",
                )
            )
    if not rows:
        raise PublicSetError(
            f"{ABOUT.name}: no picture lies below train/GROUP/ or test/GROUP/ in "
            f"{', '.join(map(str, source.paths))}; give the folder that holds train and test, with "
            "the names they were published with"
        )
    return Reading(rows=tuple(rows), rejects=tuple(rejects), listed=listed)


def _place(entry: Entry) -> tuple[str, str] | None:
    parts = entry.name.split("/")
    if len(parts) >= 3 and parts[-3].casefold() in _SPLITS:
        return parts[-3].casefold(), parts[-2]
    return None


SET = PublicSet(about=ABOUT, read=read)
