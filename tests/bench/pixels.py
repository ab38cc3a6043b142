"""Exported pictures against the page as an independent renderer shows it.

Usage: make bench-pixels BENCH_PDFS="a folder or files"
       (or: python tests/bench/pixels.py --out pixels.json FILE_OR_FOLDER...)

Each document is aligned with pictures; up to --most panels, spread evenly over the documents, are
compared with what PDFium draws at the picture's own resolution inside the panel's box. The measure
is structural similarity of the grey pictures (Gaussian windows, sigma 1.5). A box is kept to a
hundredth of a point and a picture to whole pixels, so the drawing may be shifted by up to one
pixel: the best of nine shifts counts. What MuPDF draws is compared beside it: where PDFium is below
0.97 and MuPDF is not, the two renderers differ.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pymupdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.errors import MmskinError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.pdf.pixels import PageCutter
from mmskin_build.records import Panel
from mmskin_build.store import file_sha256

ENOUGH = 0.97
# Renderers enlarge a picture to whole pixels of their own; drawn this much smaller, the picture's
# pixels fall on theirs, and nothing is resampled.
INSET_PX = 0.06
Gray = NDArray[np.uint8]


def drawn_by_pdfium(page: pypdfium2.PdfPage, box: Bbox, size: tuple[int, int]) -> Gray:
    """Draw `box` (points from the top left of the page as displayed) to `size` pixels."""
    width, height = size
    sx, sy = (width - 2 * INSET_PX) / box.width, (height - 2 * INSET_PX) / box.height
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_BGRx)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    matrix = pdfium_c.FS_MATRIX(sx, 0, 0, sy, INSET_PX - box.x0 * sx, INSET_PX - box.y0 * sy)
    clip = pdfium_c.FS_RECTF(0, 0, width, height)
    pdfium_c.FPDF_RenderPageBitmapWithMatrix(
        bitmap, page, ctypes.byref(matrix), ctypes.byref(clip), pdfium_c.FPDF_ANNOT
    )
    rgb = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY), np.uint8)


def similarity(exported: Gray, drawn: Gray) -> float:
    """The best structural similarity of nine shifts by up to a pixel."""
    height, width = exported.shape
    if min(height, width) < 16:
        return 1.0 if np.abs(exported.astype(int) - drawn).mean() < 3 else 0.0
    inner = exported[1:-1, 1:-1]
    best = -1.0
    for dy, dx in [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)]:
        moved = drawn[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
        value = structural_similarity(
            inner, moved, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        best = max(best, float(value))
        if best >= 0.99:
            break
    return best


def panels_of(pdfs: Sequence[Path], folder: Path) -> dict[Path, list[tuple[int, Panel]]]:
    """Align each document; its panels with pixels, by page and place."""
    cfg, found = Config(), {}
    with WorkerPool(cfg.pdf, 1) as pool:
        for path in pdfs:
            source = PdfSource(path=path)
            try:
                count = pool.inspect(source).page_count
                aligned = align_document(
                    pool,
                    source,
                    cfg,
                    book_sha256=file_sha256(path),
                    page_indices=range(count),
                    out_dir=folder,
                )
            except MmskinError as error:
                print(f"{path.name}: left out: {error}")
                continue
            found[path] = [
                (figure.page_index, panel)
                for figure in aligned.figures
                for panel in figure.panels
                if panel.image_sha256 and panel.pixel_size
            ]
    return found


def spread(
    found: dict[Path, list[tuple[int, Panel]]], most: int
) -> Iterator[tuple[Path, int, Panel]]:
    """At most `most` panels, as many from each document as there are in turn."""
    share = 1
    while (
        share < max(map(len, found.values()), default=0)
        and sum(min(share + 1, len(panels)) for panels in found.values()) <= most
    ):
        share += 1
    for path, panels in sorted(found.items()):
        step = max(1.0, len(panels) / share)
        chosen = {min(len(panels) - 1, int(i * step)) for i in range(min(share, len(panels)))}
        for index in sorted(chosen):
            yield path, *panels[index]


def compare(path: Path, page_index: int, panel: Panel, folder: Path) -> dict[str, Any]:
    """One row of the report: similarity to both renderers, and what the panel is."""
    exported = cv2.imread(str(folder / f"{panel.image_sha256}.png"), cv2.IMREAD_GRAYSCALE)
    gray = np.asarray(exported, np.uint8)
    size = (gray.shape[1], gray.shape[0])
    by_pdfium = by_mupdf = -1.0
    with pymupdf.open(path) as document, pypdfium2.PdfDocument(path) as other:
        cutter, page = PageCutter(document[page_index]), other[page_index]
        images = [
            painted.item
            for painted in cutter.painting.images
            if panel.bbox.covered_by(painted.item.bbox) > 0.5
        ]
        for box in boxes_of_pixels(cutter, panel, size):
            by_pdfium = max(by_pdfium, similarity(gray, drawn_by_pdfium(page, box, size)))
            sx, sy = (size[0] - 2 * INSET_PX) / box.width, (size[1] - 2 * INSET_PX) / box.height
            rgb = cutter.render(box.expand(INSET_PX / sx, INSET_PX / sy), sx, sy)
            drawn = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
            by_mupdf = max(by_mupdf, similarity(gray, _fit(drawn, size)))
            if min(by_pdfium, by_mupdf) >= ENOUGH:
                break
    return {
        "document": path.name,
        "page_index": page_index,
        "bbox": list(panel.bbox),
        "source": panel.source,
        "size_px": list(size),
        "dpi": round(72 * size[0] / panel.bbox.width),
        "embedded_px": [[item.width_px, item.height_px] for item in images],
        "overlays": len(panel.overlays),
        "two_tone": bool(np.isin(gray, (0, 255)).mean() > 0.995),
        "pdfium": round(by_pdfium, 4),
        "mupdf": round(by_mupdf, 4),
    }


def boxes_of_pixels(cutter: PageCutter, panel: Panel, size: tuple[int, int]) -> list[Bbox]:
    """Where on the page the pixels may lie, likeliest first.

    A panel's box is what the page shows of it; a clip may take a part of a pixel off, which the
    exported picture keeps whole.
    """
    cut = cutter.cut(panel.bbox)
    boxes = [cut.bbox] if cut.rgb.shape[1::-1] == size else []
    boxes += [
        painted.item.placed_bbox
        for painted in cutter.painting.images
        if (painted.item.width_px, painted.item.height_px) == size
        and panel.bbox.covered_by(painted.item.bbox) > 0.9
    ]
    return [*boxes, panel.bbox]


def _fit(drawn: Gray, size: tuple[int, int]) -> Gray:
    if (drawn.shape[1], drawn.shape[0]) == size:
        return drawn
    return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("inputs", nargs="*", type=Path, help="PDF files or folders of them")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the numbers")
    parser.add_argument("--most", type=int, default=200, help="panels that are compared")
    given = parser.parse_args()
    inputs = given.inputs or [Path(word) for word in os.environ.get("BENCH_PDFS", "").split()]
    pdfs = [p for path in inputs for p in (sorted(path.glob("*.pdf")) if path.is_dir() else [path])]
    if not pdfs:
        parser.error("no PDF given; name files or a folder, or set BENCH_PDFS")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        found = panels_of(pdfs, folder)
        rows = []
        for path, page_index, panel in spread(found, given.most):
            rows.append(row := compare(path, page_index, panel, folder))
            if row["pdfium"] < ENOUGH:
                print(
                    f"{row['document'][:40]:40} page {page_index:3} {row['source']:8} "
                    f"{row['size_px']} at {row['dpi']} dpi  PDFium {row['pdfium']:.3f}  "
                    f"MuPDF {row['mupdf']:.3f}{'  two-tone' * row['two_tone']}",
                    flush=True,
                )
    either = [max(row["pdfium"], row["mupdf"]) for row in rows]
    summary = {
        "panels": len(rows),
        "sources": dict(Counter(row["source"] for row in rows)),
        "pdfium_at_least_0.97": sum(row["pdfium"] >= ENOUGH for row in rows),
        "mupdf_at_least_0.97": sum(row["mupdf"] >= ENOUGH for row in rows),
        "either_at_least_0.97": sum(value >= ENOUGH for value in either),
        "median": float(np.median([row["pdfium"] for row in rows])) if rows else None,
    }
    print(json.dumps(summary))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    report = {"summary": summary, "panels": rows}
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
