"""Releases of generated records, of any size, with questions as MM-Skin-O has them."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from builders import make_provenance, make_record
from mmskin_build.config import Config, DatasetConfig, SplitConfig
from mmskin_build.dataset.croissant import croissant_json
from mmskin_build.dataset.manifest import CROISSANT, MANIFEST, SUMS, Manifest, Subset
from mmskin_build.dataset.parts import digest_files, sums_page
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.released import read_manifest, read_records
from mmskin_build.dataset.summary import BookSummary, BuildSummary
from mmskin_build.geometry import Bbox
from mmskin_build.records import Book, Demographics, Flag, Flags, Label, Record, Terms, TextEvidence
from mmskin_build.store import file_sha256, pixel_digest, plain, pretty_json

BOOKS = (
    Book(
        id="bk1", title="First book", path="1.pdf", sha256="ab" * 32, page_count=90, publisher="P"
    ),
    Book(id="rook", title="Größe | zwei", path="2.pdf", sha256="cd" * 32, page_count=90),
)
OPEN, OPEN_VQA = "MM-Skin-O.json", "MM-Skin-O_vqa.json"
_SITES = ("left forearm", "scalp", "right lower leg", "palm of the hand", "neck")
_LESIONS = ("violaceous papules", "an annular plaque", "a pigmented nodule", "fine white scales")
_MODALITIES = ("clinical", "dermoscopic", "pathological", None)


def made_record(number: int, rgb: np.ndarray[Any, Any]) -> Record:
    """A record with all kinds of values, and a caption with quotes, commas and line ends."""
    book = BOOKS[number % 2]
    name = f"{book.id}_{number // 40 + 1}_{number}"
    lesion, site = _LESIONS[number % 4], _SITES[number % 5]
    text = f'Lichen, "case {number}": {lesion} on the {site}\nof a 45-year-old woman. 15\u00d7'
    told = number % 3 != 1
    age, sex = text.find("45"), text.find("woman")
    evidence = (
        TextEvidence(start=age, end=age + 2, field="age_years"),
        TextEvidence(start=sex, end=sex + 5, field="sex"),
    )
    modality = _MODALITIES[number % 4]
    return make_record(
        name,
        image_sha256=pixel_digest(rgb),
        width_px=rgb.shape[1],
        height_px=rgb.shape[0],
        caption=text,
        figure_caption=f"{text} (Courtesy of a colleague)",
        panel_text=text if number % 5 == 0 else None,
        modality=None
        if modality is None
        else Label(value=modality, confidence=0.9, source="model"),
        demographics=Demographics(
            age_years=45.0, age_group="adult", sex="female", evidence=evidence
        )
        if told
        else Demographics(),
        terms=Terms(stain="H&E" if number % 4 == 2 else None, magnification="15\u00d7"),
        flags=Flags(sensitive=(Flag(name="face", score=0.1, source="model"),)),
        provenance=make_provenance(
            book_id=book.id,
            book_sha256=book.sha256,
            page_index=number,
            page_label=str(number + 1),
            bbox=Bbox(72.5, 100, 372, 300.25),
            figure_id=f"p{number:04d}_1",
            figure_label=f"Figure {number // 40 + 1}.{number}",
        ),
        group_id=name,
    )


def made_pictures(
    count: int, side_px: tuple[int, int] = (24, 32), *, compressed: bool = True, seed: int = 7
) -> Iterator[tuple[np.ndarray[Any, Any], bytes]]:
    """Noise and its PNG file, each picture unlike the others."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        rgb = rng.integers(0, 255, (*side_px, 3), dtype=np.uint8)
        png = io.BytesIO()
        Image.fromarray(rgb).save(png, "PNG", compress_level=6 if compressed else 0)
        yield rgb, png.getvalue()


def make_release(
    folder: Path,
    count: int = 30,
    *,
    version: str = "1.0.0",
    questions: bool = True,
    side_px: tuple[int, int] = (24, 32),
    compressed: bool = True,
) -> Path:
    """Write ``folder/releases/made/<version>`` and return it."""
    shop = folder / "pictures"
    shop.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    pictures: dict[str, Picture] = {}
    for number, (rgb, png) in enumerate(made_pictures(count, side_px, compressed=compressed)):
        record = made_record(number, rgb)
        path = shop / f"{record.id}.png"
        path.write_bytes(png)
        records.append(record)
        pictures[record.id] = Picture(path=path, sha256=file_sha256(path))
    summary = BuildSummary(
        books=tuple(
            BookSummary(
                id=book.id,
                title=book.title,
                sha256=book.sha256,
                status="built",
                records=count // 2,
                rejects={"nonphoto": 2},
            )
            for book in BOOKS
        ),
        content_digest="ef" * 32,
    )
    release = write_release(
        folder / "releases",
        version,
        cfg=Config(dataset=DatasetConfig(name="made"), split=SplitConfig(test_share=0.2)),
        summary=summary,
        books=BOOKS,
        records=records,
        pictures=pictures,
    )
    if questions:
        released = read_records(release)
        add_parts(release, open_questions(released))
    return release


def open_questions(records: tuple[Record, ...]) -> dict[str, list[dict[str, Any]]]:
    """MM-Skin-O of records: two questions on each but the first, with words of the caption."""
    entries: list[dict[str, Any]] = []
    talks: list[dict[str, Any]] = []
    for record in records[1:]:
        start = record.caption.index(": ") + 2
        quote = record.caption[start : record.caption.index(" on the ")]
        site = record.caption[record.caption.index(" on the ") + 4 :].split("\n")[0]
        asked = [
            ("finding", "What lesions are seen?", f"{quote.capitalize()} on {site} are seen."),
            ("site", f"Where is {quote} found?", f"It is on {site}, as the case tells."),
        ]
        for number, (kind, question, answer) in enumerate(asked, 1):
            entries.append(
                {
                    "id": f"{record.id}_q{number}",
                    "record_id": record.id,
                    "image": record.image,
                    "split": record.split,
                    "follows": None,
                    "kind": kind,
                    "question": question,
                    "answer": answer,
                    "evidence": [{"start": start, "end": start + len(quote), "quote": quote}],
                    "source": "template",
                }
            )
        turns = [t for _, q, a in asked for t in (("human", q), ("gpt", a))]
        talk = [{"from": who, "value": text} for who, text in turns]
        talk[0]["value"] = "<image>\n" + talk[0]["value"]
        talks.append({"id": record.id, "image": record.image, "conversations": talk})
    return {OPEN: entries, OPEN_VQA: talks}


def add_parts(release: Path, parts: Mapping[str, list[dict[str, Any]]]) -> None:
    """Put files with questions into a release, and renew what it says of itself."""
    for name, entries in parts.items():
        write_anyway(release / name, pretty_json(entries))
    manifest = read_manifest(release)
    subset = Subset(file=OPEN, entries=len(parts[OPEN]))
    seal(release, dataclasses.replace(manifest, subsets={**manifest.subsets, "MM-Skin-O": subset}))


def seal(release: Path, manifest: Manifest) -> None:
    """Renew ``croissant.json``, ``SHA256SUMS`` and ``manifest.json``."""
    files = digest_files(release)
    for name in (MANIFEST, SUMS, CROISSANT):
        files.pop(name, None)
    write_anyway(release / CROISSANT, croissant_json(manifest, files))
    files[CROISSANT] = file_sha256(release / CROISSANT)
    write_anyway(release / SUMS, sums_page(files))
    sealed = dataclasses.replace(manifest, sums_sha256=file_sha256(release / SUMS))
    write_anyway(release / MANIFEST, pretty_json(plain(sealed)))


def write_anyway(path: Path, content: bytes) -> None:
    """Write a file of a release, which nobody else does."""
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(content)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_bytes())
