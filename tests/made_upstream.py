"""A folder in the form of the published MM-Skin, with drawn noise for pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

Rgb = np.ndarray[Any, Any]
Row = tuple[str, str, str]

CAPTIONS = {
    "bk1_1": "Violaceous flat-topped papules on the flexor side of the left wrist.",
    "bk1_2_a": "An annular plaque with a raised border and central clearing on the trunk.",
    "bk1_2_b": "Nests of melanocytes along the dermoepidermal junction in a compound nevus.",
    "bk2_c3_4": "A blue-gray veil over a pigmented lesion with an irregular network, dermoscopy.",
    "bk2_5": "Honey-colored crusts around the mouth of a child, typical of impetigo.",
    "bk10_30_26": "Silvery scales on a sharply bordered plaque over the extensor of the elbow.",
}
MODALITIES = ("clinical", "clinical", "pathology", "dermoscopy", "", "Clinical")


def draw(seed: int, side_px: tuple[int, int] = (150, 200)) -> Rgb:
    """Soft noise with enough structure to be known again, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (side_px[0] // 8, side_px[1] // 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, side_px[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def copy_of(rgb: Rgb) -> Rgb:
    """The same picture at another size: a near duplicate."""
    height, width = rgb.shape[:2]
    size = (int(width * 0.85), int(height * 0.85))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def save(path: Path, rgb: Rgb) -> None:
    """Write a picture in the form that its name tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(rgb[..., ::-1]))


def made_pictures() -> dict[str, Rgb]:
    """A picture for each of `CAPTIONS`."""
    return {name: draw(number) for number, name in enumerate(CAPTIONS)}


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table as the published ones are."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def caption_rows() -> list[Row]:
    """The rows of ``caption.csv``."""
    pairs = zip(CAPTIONS.items(), MODALITIES, strict=True)
    return [(f"{name}.png", caption, modality) for (name, caption), modality in pairs]


def make_upstream(
    folder: Path,
    *,
    pictures: Mapping[str, Rgb] | None = None,
    rows: Sequence[Row] | None = None,
    tested: Sequence[str] = ("bk2_5",),
    inside: str = "dataset",
) -> Path:
    """Write the whole folder and return it; all but `tested` have talks of two questions."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rgb in (made_pictures() if pictures is None else pictures).items():
        save(folder / inside / f"{name}.png", rgb)
    table = caption_rows() if rows is None else rows
    write_table(folder / "caption.csv", ("image", "caption", "modality"), table)
    talks = [
        {
            "id": name,
            "image": f"dataset/{name}.png",
            "conversations": [
                {"from": "human", "value": "<image>\nWhat is seen?"},
                {"from": "gpt", "value": caption},
                {"from": "human", "value": "Where is it?"},
                {"from": "gpt", "value": "On the skin."},
            ],
        }
        for name, caption in CAPTIONS.items()
        if name not in tested
    ]
    (folder / "vqa_MM.json").write_text(json.dumps(talks), encoding="utf-8")
    asked = [
        (f"dataset/{name}.png", question, "Crusts.")
        for name in tested
        for question in ("What is shown?", "Which lesion is it?")
    ]
    write_table(folder / "MM-Skin_test.csv", ("image", "question", "answer"), asked)
    return folder
