"""Small sets of drawn pictures with classes, in upstream's tables and as prepared public sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mmskin_build.public.items import IMAGES, PublicItem, write_items
from mmskin_build.public.tables import SPLIT_NAMES, TableRow, table_path, write_table, write_tables

COLORS = {"nevus": (120, 70, 40), "melanoma": (40, 25, 60), "dermatofibroma": (200, 150, 140)}
SPLITS = tuple(SPLIT_NAMES)


def draw_lesion(path: Path, label: str, *, seed: int, noise: int = 30) -> None:
    """Draw a blot on skin whose color tells the class, more or less."""
    dice = np.random.default_rng(seed)
    rgb = np.full((28, 28, 3), (220, 180, 160), np.uint8)
    color = np.array(COLORS[label]) + dice.integers(-noise, noise + 1, 3)
    rgb[6:22, 6:22] = color.clip(0, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path)


def write_tables_set(
    folder: Path, name: str = "Drawn", *, sizes: tuple[int, ...] = (8, 0, 5)
) -> Path:
    """Write pictures and upstream's tables: `sizes` pictures a class for each split."""
    for split, size in zip(SPLITS, sizes, strict=True):
        rows = []
        for at, label in enumerate(COLORS):
            for number in range(size):
                image = f"{name}/{split}_{label}_{number}.png"
                seed = 1000 * SPLITS.index(split) + 100 * at + number
                draw_lesion(folder / image, label, seed=seed)
                rows.append(TableRow(image=image, categories=(label,)))
        write_table(table_path(folder, name, split), rows)
    return folder


def write_prepared_set(data: Path, name: str = "Drawn", *, patients: int = 12) -> Path:
    """Write a prepared set: two pictures a patient and class, with skin type, age and sex."""
    folder = data / "public" / name
    items = []
    for patient in range(3 * patients):
        label = list(COLORS)[patient % 3]
        split = "train" if patient < 2 * patients else "test"
        for number in range(2):
            image = f"{patient}_{number}.png"
            draw_lesion(folder / IMAGES / image, label, seed=10 * patient + number)
            items.append(
                PublicItem(
                    set=name,
                    image=image,
                    image_sha256=f"{patient}{number}",
                    label=label,
                    split=split,
                    group_id=f"p{patient}",
                    patient=f"p{patient}",
                    skin_type=str(1 + patient % 2),
                    age_years=20.0 + patient,
                    age_group="adult",
                    sex="female" if patient % 2 else "male",
                    coarse="malignant" if label == "melanoma" else "benign",
                )
            )
    write_items(folder, items)
    write_tables(folder, name, items, lambda item: item.label)
    write_tables(folder, f"{name}_2class", items, lambda item: item.coarse)
    return folder
