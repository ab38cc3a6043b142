"""Figures and captions on generated documents in the styles of many publishers.

Usage: make bench-layouts   (or: python tests/bench/layouts.py --out layouts.json [--styles a,b])

Each style is drawn as a document of its own, with a text layer and again as scan: rasterized,
turned by a part of a degree, with noise and uneven light, gray in part, as JPEG. What draws them
shares no code with what reads them, nor with the demo book; `pairs` says when a figure counts.

Styles in `MENDED_ON` were looked at while rules were mended; those of `layout_fresh` were drawn
afterwards and are held out. The styles of `layout_hard` were drawn last, and mended on as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from layout_books import BOOKS
from layout_fresh import FRESH
from layout_hard import HARD
from layout_journals import JOURNALS
from layout_sheet import Box, Sheet, Truth
from pairs import Found, rates, score
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Figure

STYLES = {**BOOKS, **JOURNALS, **FRESH, **HARD}
MENDED_ON = tuple(sorted({**BOOKS, **JOURNALS, **HARD}))
NOT_READ = ("bilingual", "chinese", "korean")  # as scans: Tesseract needs their language


def draw_document(style: str, seed: int, pages: int, path: Path) -> list[Truth]:
    """Draw `pages` pages in `style` and return what is true of them."""
    number = int(hashlib.sha256(style.encode()).hexdigest()[:6], 16)
    sheet = Sheet(path, seed * 100_003 + number % 100_003)
    STYLES[style](sheet, pages)
    sheet.save()
    return sheet.truths


def scan_document(path: Path, out: Path, truths: Sequence[Truth], seed: int) -> list[Truth]:
    """Write `path` again as images of its pages, as a scanner gives them; move the truth."""
    rng = np.random.default_rng(seed)
    dpi = int(rng.choice((150, 200, 240, 300)))
    gray, quality = rng.random() < 0.35, int(rng.integers(55, 90))
    canvas = Canvas(str(out), invariant=1)
    moved: list[Truth] = []
    with pypdfium2.PdfDocument(path) as document:
        for index in range(len(document)):
            page = document[index]
            wide, high = page.get_size()
            image = np.asarray(page.render(scale=dpi / 72).to_pil().convert("RGB"))
            degrees = float(rng.uniform(-0.7, 0.7))
            turned, turn = spoil(image, degrees, rng)
            picture = Image.fromarray(turned).convert("L" if gray else "RGB")
            name = out.with_suffix(f".{index}.jpg")
            picture.save(name, quality=quality, dpi=(dpi, dpi))
            canvas.setPageSize((wide, high))
            canvas.drawImage(ImageReader(str(name)), 0, 0, wide, high)
            canvas.showPage()
            name.unlink()
            for truth in truths:
                if truth.page == index:
                    box = _turn_box(truth.bbox, turn, dpi / 72, (0.0, 0.0, wide, high))
                    moved.append(Truth(**{**asdict(truth), "bbox": box}))
    canvas.save()
    return moved


def spoil(
    image: np.ndarray[Any, Any], degrees: float, rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Tint, turn, blur and light a page as a scanner does; also return the turn, 2 x 3.

    `image` is ``(H, W, 3) uint8``, `degrees` count counter-clockwise.
    """
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    paper = rng.uniform((236, 232, 220), (254, 253, 250))
    turned = cv2.warpAffine(
        image, turn, (width, height), flags=cv2.INTER_AREA, borderValue=(255, 255, 255)
    ).astype(np.float32)
    turned *= (paper / 255).astype(np.float32)
    light = np.linspace(rng.uniform(0.93, 1), rng.uniform(0.93, 1), width, dtype=np.float32)
    turned *= light[None, :, None]
    turned = cv2.GaussianBlur(turned, (3, 3), 0.5)
    turned += rng.normal(0, rng.uniform(1, 4), turned.shape).astype(np.float32)
    return np.clip(turned, 0, 255).astype(np.uint8), np.asarray(turn)


def _turn_box(
    box: Box, turn: np.ndarray[Any, Any], scale: float, area: tuple[float, float, float, float]
) -> Box:
    x0, y0, x1, y1 = (side * scale for side in box)
    corners = np.array([(x0, y0, 1), (x1, y0, 1), (x0, y1, 1), (x1, y1, 1)]) @ turn.T
    left, top = corners.min(axis=0) / scale
    right, bottom = corners.max(axis=0) / scale
    return Box(
        max(area[0], float(left)),
        max(area[1], float(top)),
        min(area[2], float(right)),
        min(area[3], float(bottom)),
    )


def located(figures: Sequence[Figure]) -> list[Found]:
    """Return the figures that have a box, as the scorer takes them."""
    return [
        Found(f.page_index, Box(*f.bbox), f.label, f.caption) for f in figures if f.bbox is not None
    ]


def write_labels(path: Path, truths: Sequence[Truth], pages: int, out: Path) -> None:
    """Write the truth in the form in which labelled documents are kept."""
    figures = [
        {
            "page": t.page,
            "bbox": list(t.bbox),
            "label": t.label,
            "caption": f"{t.label} {t.caption}" if t.label else t.caption,
            "panels": t.panels,
            "kind": t.kind,
        }
        for t in truths
    ]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    label = {"doc": digest, "file": path.name, "pages": list(range(pages)), "figures": figures}
    out.write_text(json.dumps(label, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--styles", help="names, comma-separated; or mended, held")
    parser.add_argument("--seeds", type=int, default=1, help="documents of each style")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--pages", type=int, default=6)
    parser.add_argument("--kinds", default="digital,scan")
    parser.add_argument("--keep", type=Path, help="folder for the documents [a temporary one]")
    given = parser.parse_args()
    names = _names(given.styles)
    rows: dict[tuple[str, str], Counter[str]] = {}
    failures: dict[str, list[str]] = {}
    cfg = Config()
    with tempfile.TemporaryDirectory() as temporary, WorkerPool(cfg.pdf, 1) as pool:
        folder = given.keep or Path(temporary)
        (folder / "labels").mkdir(parents=True, exist_ok=True)
        for style in names:
            for seed in range(given.first_seed, given.first_seed + given.seeds):
                path = folder / f"{style}_{seed}.pdf"
                truths = draw_document(style, seed, given.pages, path)
                documents = {"digital": (path, truths)}
                if "scan" in given.kinds:
                    scan = folder / f"{style}_{seed}_scan.pdf"
                    documents["scan"] = (scan, scan_document(path, scan, truths, seed))
                for kind in given.kinds.split(","):
                    if kind == "scan" and style in NOT_READ:
                        continue
                    file, true = documents[kind]
                    found = align_document(
                        pool,
                        PdfSource(path=file),
                        cfg,
                        book_sha256="0" * 64,
                        page_indices=range(_page_count(file)),
                    )
                    write_labels(
                        file, true, _page_count(file), folder / "labels" / f"{file.stem}.json"
                    )
                    row, wrong = score(true, located(found.figures))
                    rows[style, kind] = rows.get((style, kind), Counter()) + row
                    failures.setdefault(file.stem, []).extend(wrong)
                    print(
                        "\n".join(f"{file.stem}: {line}" for line in wrong) or file.stem, flush=True
                    )
    report = _report(rows)
    _show(report)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    report["failures"] = {name: wrong for name, wrong in failures.items() if wrong}
    given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _names(given: str | None) -> list[str]:
    if given in (None, "all"):
        return sorted(STYLES)
    if given == "mended":
        return list(MENDED_ON)
    if given == "held":
        return [name for name in sorted(STYLES) if name not in MENDED_ON]
    return str(given).split(",")


def _page_count(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def _report(rows: dict[tuple[str, str], Counter[str]]) -> dict[str, Any]:
    report: dict[str, Any] = {"styles": {}}
    sums: dict[str, Counter[str]] = {}
    for (style, kind), row in sorted(rows.items()):
        report["styles"].setdefault(style, {})[kind] = rates(row)
        half = "mended" if style in MENDED_ON else "held"
        for name in (kind, f"{kind} {half}"):
            sums[name] = sums.get(name, Counter()) + row
    report["all"] = {name: rates(row) for name, row in sorted(sums.items())}
    return report


def _show(report: dict[str, Any]) -> None:
    for style, kinds in report["styles"].items():
        cells = [
            f"{kind} F1 {found['f1']:.3f} located {found['located']:.3f}"
            for kind, found in kinds.items()
        ]
        print(f"{style:20} {'   '.join(cells)}")
    for name, found in report["all"].items():
        print(f"{name:20} {found}")


if __name__ == "__main__":
    main()
