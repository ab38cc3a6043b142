"""Small copies of public sets in the form in which their makers publish them; drawn pictures."""

from __future__ import annotations

import csv
import functools
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from drawn_pictures import draw_tissue

Cells = Mapping[str, Any]


@functools.cache
def picture(seed: int, suffix: str = ".jpg", quality: int = 90) -> bytes:
    """A drawn picture's file; another seed is another picture, another quality a near duplicate."""
    rgb = draw_tissue(seed, 96, 72)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    return bytes(cv2.imencode(suffix, rgb[..., ::-1], options)[1])


def table(rows: Sequence[Cells], delimiter: str = ",") -> bytes:
    """A CSV file with the columns of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def zipped(path: Path, members: Mapping[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def edit(folder: Path, name: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change a file, or a member of a ZIP file, by its name; None removes it."""
    for path in sorted(folder.rglob("*")):
        if path.name == name:
            changed = change(path.read_bytes())
            path.unlink()
            if changed is not None:
                path.write_bytes(changed)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = {n: archive.read(n) for n in archive.namelist()}
            kept: dict[str, bytes] = {}
            for member, content in members.items():
                new = change(content) if member.rsplit("/", 1)[-1] == name else content
                if new is not None:
                    kept[member] = new
            if kept != members:
                zipped(path, kept)


def rename(folder: Path, name: str, new: str) -> None:
    """Give another name to a file, or to a member of a ZIP file."""
    for path in sorted(folder.rglob("*")):
        if path.name == name:
            path.rename(path.with_name(new))
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = {n: archive.read(n) for n in archive.namelist()}
            zipped(path, {n.replace(name, new): content for n, content in members.items()})


def tarred(path: Path, members: Mapping[str, bytes], mode: str = "w:gz") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def isic_id(number: int) -> str:
    return f"ISIC_{number:07d}"


def spread(count: int, codes: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Numbers with codes in turn."""
    return ((number, codes[number % len(codes)]) for number in range(count))


# ------------------------------------------------------------------------------ one a set

HAM_CODES = ("nv", "mel", "bkl", "bcc", "akiec", "vasc", "df")


def write_ham10000(folder: Path, count: int = 42, first: int = 24306) -> None:
    """Two pictures a lesion; a part in each archive."""
    rows = [
        {
            "lesion_id": f"HAM_{number // 2:07d}",
            "image_id": isic_id(first + number),
            "dx": HAM_CODES[number // 2 % 7],
            "dx_type": "histo",
            "age": 40.0 + 5 * (number // 2 % 6),
            "sex": ("male", "female", "unknown")[number // 2 % 3],
            "localization": ("back", "face", "unknown", "lower extremity")[number // 2 % 4],
            "dataset": "vidir_modern",
        }
        for number in range(count)
    ]
    put(folder / "HAM10000_metadata.csv", table(rows))
    for part in (1, 2):
        inside = range((part - 1) * count // 2, part * count // 2)
        zipped(
            folder / f"HAM10000_images_part_{part}.zip",
            {f"{isic_id(first + n)}.jpg": picture(1000 + n) for n in inside},
        )


def write_ham10000_test(folder: Path, count: int = 7) -> None:
    """The test set of ISIC 2018, in a column a class."""
    columns = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
    rows = [
        {"image": isic_id(34524 + n), **{c: float(n % 7 == i) for i, c in enumerate(columns)}}
        for n in range(count)
    ]
    put(folder / "ISIC2018_Task3_Test_GroundTruth.csv", table(rows))
    zipped(
        folder / "ISIC2018_Task3_Test_Images.zip",
        {
            f"ISIC2018_Task3_Test_Images/{isic_id(34524 + n)}.jpg": picture(1800 + n)
            for n in range(count)
        },
    )


def write_isic2019(folder: Path, count: int = 48, first: int = 53454, seed: int = 2000) -> None:
    columns = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")
    names = [isic_id(first + n) + "_downsampled" * (n % 5 == 0) for n in range(count)]
    truth = [
        {"image": name, **{c: float(n % 8 == i) for i, c in enumerate(columns)}}
        for n, name in enumerate(names)
    ]
    metadata = [
        {
            "image": name,
            "age_approx": 55.0 if n % 3 else "",
            "anatom_site_general": ("anterior torso", "head/neck", "")[n % 3],
            "lesion_id": f"BCN_{n // 2:07d}" if n % 4 else "",
            "sex": ("female", "male", "")[n % 3],
        }
        for n, name in enumerate(names)
    ]
    put(folder / "ISIC_2019_Training_GroundTruth.csv", table(truth))
    put(folder / "ISIC_2019_Training_Metadata.csv", table(metadata))
    zipped(
        folder / "ISIC_2019_Training_Input.zip",
        {
            "ISIC_2019_Training_Input/ATTRIBUTION.txt": b"CC BY-NC",
            **{
                f"ISIC_2019_Training_Input/{name}.jpg": picture(seed + n)
                for n, name in enumerate(names)
            },
        },
    )


def write_bcn20000(folder: Path, count: int = 48) -> None:
    codes = ("NV", "MEL", "BCC", "BKL", "AK", "SCC", "DF", "VASC")
    rows = [
        {
            "bcn_filename": f"BCN_{n:010d}.jpg",
            "age_approx": 55.0,
            "anatom_site_general": "anterior torso",
            "diagnosis": code,
            "lesion_id": f"BCN_1{n // 16:05d}{n % 8}",
            "capture_date": "2012-05-16",
            "sex": "male",
            "split": "train",
        }
        for n, code in spread(count, codes)
    ]
    put(folder / "bcn_20k_train.csv", table(rows))
    zipped(
        folder / "BCN_20k_train.zip",
        {f"bcn_20k_train/{row['bcn_filename']}": picture(3000 + n) for n, row in enumerate(rows)},
    )


def write_archive(folder: Path, seed: int, count: int, *, is_new: bool) -> None:
    """A download of the ISIC Archive, with the columns of before 2024 or of since then."""
    old = ("nevus", "melanoma", "basal cell carcinoma", "solar lentigo")
    new = ("Nevus", "Melanoma Invasive", "Basal cell carcinoma", "Solar lentigo")
    broad = ("benign", "malignant", "malignant", "benign")
    rows = []
    for n in range(count):
        row: dict[str, Any] = {
            "isic_id": f"ISIC_{seed + n:07d}",
            "attribution": "Hospital",
            "copyright_license": "CC-BY",
            "age_approx": 65 if n % 2 else 45,
            "sex": "female" if n % 2 else "male",
            "image_type": "dermoscopic" if n % 4 else "clinical: close-up",
            "patient_id": f"IP_{n // 3:07d}",
            "lesion_id": f"IL_{seed + n // 2:07d}",
            "fitzpatrick_skin_type": ("I", "II", "III", "")[n % 4],
        }
        kind = n // 3 % 4
        if is_new:
            row |= {"anatom_site_1": "Head and neck", "diagnosis_1": broad[kind].capitalize()}
            row |= {"diagnosis_2": "Some proliferations", "diagnosis_3": new[kind]}
        else:
            row |= {"anatom_site_general": "head/neck", "benign_malignant": broad[kind]}
            row |= {"diagnosis": old[kind]}
        rows.append(row)
    put(folder / "metadata.csv", table(rows))
    put(folder / "attribution.txt", b"Hospital")
    for n, row in enumerate(rows):
        put(folder / "images" / f"{row['isic_id']}.jpg", picture(seed + n))


def write_hiba(folder: Path) -> None:
    write_archive(folder, 4000, 36, is_new=True)


def write_mskcc(folder: Path) -> None:
    write_archive(folder, 5000, 36, is_new=False)


def write_pad(folder: Path, count: int = 36) -> None:
    """One archive as Mendeley gives it: the table, and archives within."""
    codes = ("BCC", "ACK", "NEV", "SEK", "SCC", "MEL")
    rows = [
        {
            "patient_id": f"PAT_{n // 2}",
            "lesion_id": 100 + n,
            "smoke": "",
            "age": 20 + n,
            "gender": ("FEMALE", "MALE", "")[n % 3],
            "fitspatrick": ("2.0", "3.0", "")[n % 3],
            "region": ("FACE", "FOREARM", "CHEST")[n % 3],
            "diagnostic": codes[n // 2 % 6],
            "img_id": f"PAT_{n // 2}_{100 + n}_{n}.png",
            "biopsed": True,
        }
        for n in range(count)
    ]
    parts = {}
    for part in (1, 2, 3):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            for n, row in enumerate(rows):
                if n % 3 == part - 1:
                    name = f"imgs_part_{part}/{row['img_id']}"
                    archive.writestr(name, picture(6000 + n, ".png"))
        parts[f"zr7vgbcyr2-1/images/imgs_part_{part}.zip"] = inner.getvalue()
    zipped(folder / "zr7vgbcyr2-1.zip", {"zr7vgbcyr2-1/metadata.csv": table(rows), **parts})


def write_ddi(folder: Path, count: int = 30) -> None:
    diseases = (("melanocytic-nevi", False), ("basal-cell-carcinoma", True), ("lipoma", False))
    rows = [
        {
            "": n,
            "DDI_ID": n + 1,
            "DDI_file": f"{n + 1:06d}.png",
            "skin_tone": (12, 34, 56)[n % 3],
            "malignant": diseases[n // 3 % 3][1],
            "disease": diseases[n // 3 % 3][0],
        }
        for n in range(count)
    ]
    members = {row["DDI_file"]: picture(7000 + n, ".png") for n, row in enumerate(rows)}
    zipped(folder / "ddidiversedermatologyimages.zip", {"ddi_metadata.csv": table(rows), **members})


def write_fitzpatrick(folder: Path, count: int = 30) -> None:
    labels = (
        ("psoriasis", "inflammatory", "non-neoplastic"),
        ("melanoma", "malignant melanoma", "malignant"),
        ("epidermal nevus", "benign epidermal", "benign"),
    )
    rows = [
        {
            "md5hash": f"{n:032x}",
            "fitzpatrick_scale": (1, 6, -1)[n % 3],
            "fitzpatrick_centaur": 2,
            "label": labels[n // 3 % 3][0],
            "nine_partition_label": labels[n // 3 % 3][1],
            "three_partition_label": labels[n // 3 % 3][2],
            "qc": "3 Wrongly labelled" if n == 4 else "",
            "url": f"https://example.org/{n}.jpg",
            "url_alphanum": f"httpsexampleorg{n}jpg.jpg",
        }
        for n in range(count)
    ]
    put(folder / "fitzpatrick17k.csv", table(rows))
    tarred(
        folder / "finalfitz17k.tar.gz",
        {
            # a part is called by its address, as the makers' script does
            f"finalfitz17k/{row['url_alphanum'] if n % 7 == 0 else row['md5hash'] + '.jpg'}": (
                picture(8000 + n)
            )
            for n, row in enumerate(rows)
        },
    )


def write_dermnet(folder: Path, count: int = 24) -> None:
    groups = ("Bullous Disease Photos", "Urticaria Hives", "Eczema Photos")
    members = {
        f"{'test' if n % 6 == 5 else 'train'}/{groups[n % 3]}/lesion-{n}.jpg": picture(9000 + n)
        for n in range(count)
    }
    zipped(folder / "archive.zip", members)


def write_patch16(folder: Path, count: int = 48) -> None:
    codes = (
        "nontumor_skin_necrosis_necrosis",
        "tumor_skin_epithelial_bcc",
        "nontumor_skin_sebaceousglands_sebaceousglands",
        "tumor_skin_naevus_naevus",
    )
    rows = []
    members = {}
    for n, code in spread(count, codes):
        slide = n // 4
        name = f"{code}_ws_{slide}_{n}.jpg"
        part = ("Train", "Train", "Train", "Train", "Validation", "Test")[slide % 6]
        rows.append({"file": f"data/tiles/{code}/{name}", "class": code, "set": part})
        members[f"data/tiles/{code}/{name}"] = picture(10000 + n)
    zipped(
        folder / "data.zip",
        {"data/class_dict.json": b"{}", "data/tiles-v2.csv": table(rows), **members},
    )


def write_scin(folder: Path, cases: int = 20) -> None:
    labels = ("{'Eczema': 0.6, 'Psoriasis': 0.2}", "{'Urticaria': 1.0}", "{'Insect Bite': 0.7}")
    case_rows, label_rows = [], []
    for n in range(cases):
        images = [f"dataset/images/{100 * n + k}.png" for k in range(1 + n % 3)]
        for k, name in enumerate(images):
            put(folder / name, picture(11000 + 3 * n + k, ".png"))
        case_rows.append(
            {
                "case_id": 5000 + n,
                "age_group": ("AGE_18_TO_29", "AGE_60_TO_69", "AGE_UNKNOWN")[n % 3],
                "sex_at_birth": ("FEMALE", "MALE", "OTHER_OR_UNSPECIFIED")[n % 3],
                "fitzpatrick_skin_type": ("FST2", "NONE_IDENTIFIED")[n % 2],
                "body_parts_arm": "YES" if n % 2 else "",
                "body_parts_leg": "YES" if n % 4 == 1 else "",
                **{f"image_{k + 1}_path": (images + ["", ""])[k] for k in range(3)},
            }
        )
        label_rows.append(
            {
                "case_id": 5000 + n,
                "dermatologist_skin_condition_on_label_name": "[]",
                "weighted_skin_condition_label": "{}" if n == 7 else labels[n % 3],
                "dermatologist_fitzpatrick_skin_type_label_1": "FST4",
            }
        )
    put(folder / "dataset" / "scin_cases.csv", table(case_rows))
    put(folder / "dataset" / "scin_labels.csv", table(label_rows))


@dataclass(frozen=True)
class Made:
    """A set's copy: who writes it, and what is in it."""

    name: str
    write: Callable[[Path], None]
    pictures: int
    classes: Mapping[str, int]
    table: str
    column: str  # one that the table needs
    archive: str | None = None  # one that can be cut off
    rejects: Mapping[str, int] | None = None


MADE: tuple[Made, ...] = (
    Made(
        "SCIN", write_scin, 37, {"eczema": 7, "urticaria": 12, "insect bite": 18},
        "scin_labels.csv", "weighted_skin_condition_label", rejects={"label_missing": 2},
    ),
    Made(
        "DDI", write_ddi, 30, {"melanocytic nevus": 12, "basal cell carcinoma": 9, "lipoma": 9},
        "ddi_metadata.csv", "skin_tone", "ddidiversedermatologyimages.zip",
    ),
    Made(
        "Fitzpatrick", write_fitzpatrick, 29,
        {"psoriasis": 12, "melanoma": 8, "epidermal nevus": 9},
        "fitzpatrick17k.csv", "md5hash", "finalfitz17k.tar.gz", {"label_doubted": 1},
    ),
    Made(
        "PAD", write_pad, 36,
        {
            "basal cell carcinoma": 6, "actinic keratosis": 6, "melanocytic nevus": 6,
            "seborrheic keratosis": 6, "squamous cell carcinoma": 6, "melanoma": 6,
        },
        "metadata.csv", "diagnostic", "zr7vgbcyr2-1.zip",
    ),
    Made(
        "Dermnet", write_dermnet, 24, {"Bullous Disease": 8, "Urticaria Hives": 8, "Eczema": 8},
        "", "", "archive.zip",
    ),
    Made(
        "HAM10000", write_ham10000, 42,
        {
            "melanocytic nevus": 6, "melanoma": 6, "benign keratosis": 6,
            "basal cell carcinoma": 6, "actinic keratosis or Bowen disease": 6,
            "vascular lesion": 6, "dermatofibroma": 6,
        },
        "HAM10000_metadata.csv", "dx", "HAM10000_images_part_2.zip",
    ),
    Made(
        "ISIC", write_isic2019, 48,
        {
            "melanoma": 6, "melanocytic nevus": 6, "basal cell carcinoma": 6,
            "actinic keratosis": 6, "benign keratosis": 6, "dermatofibroma": 6,
            "vascular lesion": 6, "squamous cell carcinoma": 6,
        },
        "ISIC_2019_Training_GroundTruth.csv", "SCC", "ISIC_2019_Training_Input.zip",
    ),
    Made(
        "BCN20000", write_bcn20000, 48,
        {
            "melanoma": 6, "melanocytic nevus": 6, "basal cell carcinoma": 6,
            "actinic keratosis": 6, "benign keratosis": 6, "dermatofibroma": 6,
            "vascular lesion": 6, "squamous cell carcinoma": 6,
        },
        "bcn_20k_train.csv", "diagnosis", "BCN_20k_train.zip",
    ),
    Made(
        "HIBA", write_hiba, 36,
        {
            "melanocytic nevus": 9, "melanoma": 9, "basal cell carcinoma": 9, "solar lentigo": 9,
        },
        "metadata.csv", "isic_id",
    ),
    Made(
        "MSKCC", write_mskcc, 36,
        {
            "melanocytic nevus": 9, "melanoma": 9, "basal cell carcinoma": 9, "solar lentigo": 9,
        },
        "metadata.csv", "sex",
    ),
    Made(
        "Patch16", write_patch16, 48,
        {
            "necrosis": 12, "basal cell carcinoma": 12, "sebaceous glands": 12,
            "melanocytic nevus": 12,
        },
        "tiles-v2.csv", "class", "data.zip",
    ),
)  # fmt: skip
