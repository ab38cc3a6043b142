"""The figures of a book as CSV, one row a panel (or a figure without any)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from mmskin_build.audit.checks import caption_agreement
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.page_check import PageCheck
from mmskin_build.records import Alignment
from mmskin_build.store import write_bytes

COLUMNS = (
    "figure_id",
    "status",
    "confidence",
    "kind",
    "page",
    "label",
    "caption_page",
    "caption",
    "figure_bbox",
    "caption_bbox",
    "panel",
    "panel_bbox",
    "panel_text",
    "pixels",
    "source",
    "flags",
    "evidence",
    "second_reader",
)
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def write_table(
    alignment: Alignment, path: Path, *, checks: Mapping[int, PageCheck] | None = None
) -> Path:
    """Write the figures to `path` and return it; pages count from 1, boxes are in points.

    `second_reader` is the share of the caption that pdfplumber reads alike, where `checks` has it.
    Text that a spreadsheet would take for a formula gets an apostrophe in front.

    Raises:
        StorageError: If the file cannot be written.
    """
    agreement = caption_agreement(alignment.figures, checks or {})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for figure in alignment.figures:
        for panel in figure.panels or (None,):
            size = panel.pixel_size if panel else None
            caption_page = figure.caption_page_index
            row = (
                figure.figure_id,
                figure.status,
                f"{figure.confidence:.3f}",
                figure.kind,
                str(figure.page_index + 1),
                figure.label or "",
                "" if caption_page is None else str(caption_page + 1),
                figure.caption or "",
                _box(figure.bbox),
                _box(figure.caption_bbox),
                (panel.label if panel else None) or "",
                _box(panel.bbox if panel else None),
                (panel.text if panel else None) or "",
                f"{size[0]}x{size[1]}" if size else "",
                (panel.source if panel else None) or "",
                " ".join(figure.flags),
                "; ".join(f"{e.name}: {e.value} ({e.weight:+.2f})" for e in figure.evidence),
                _share(agreement.get(figure.figure_id)),
            )
            writer.writerow("'" + cell if cell.startswith(_FORMULA_SIGNS) else cell for cell in row)
    write_bytes(path, out.getvalue().encode())
    return path


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _box(bbox: Bbox | None) -> str:
    return "" if bbox is None else " ".join(f"{value:.2f}" for value in bbox)
