"""What the demo book holds: the form of ``<book>.truth.json``.

The file has the form of the hand-made label files (``doc``, ``file``, ``pages``, ``figures`` ...),
with more keys beside. Boxes are in points, origin top left of the CropBox, rotation applied.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from mmskin_build.errors import SchemaError
from mmskin_build.records import FigureKind

Box = tuple[float, float, float, float]
BoxPx = tuple[int, int, int, int]

PixelRule = Literal["exact", "cut", "jpeg", "color", "soft", "outline", "scan", "none"]
"""How exported pixels are compared with the truth.

``exact`` every pixel equal; ``cut`` the same, give or take the edge of a panel cut out of a
raster; ``jpeg`` mean difference of a few grey levels (decoders differ); ``color`` same picture,
colors of an unmanaged CMYK; ``soft`` one level of rounding; ``outline`` as ``jpeg`` inside a curved
clip path and white outside; ``scan`` alike after reduction; ``none`` not compared (drawings).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedTruth:
    """Something that the page paints over a picture; `box_px` in pixels of the panel's picture."""

    kind: Literal["bar", "arrow", "letter"]
    box_px: BoxPx


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTruth:
    """One panel; `pixels` names a PNG in the truth folder, drawn without what is painted over."""

    bbox: Box
    label: str | None
    text: str | None
    pixels: str | None = None
    pixel_size: tuple[int, int] | None = None
    pixels_exact: bool = False
    pixel_rule: PixelRule = "none"
    painted: tuple[PaintedTruth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTruth:
    """One figure on one page; `caption` as printed with its label, `caption_text` without it.

    The pages of a plate, and a figure and its continuation overleaf, are figures of their own.
    `ignore` figures count neither way.
    """

    page: int
    bbox: Box
    label: str | None
    caption: str | None
    caption_text: str | None
    caption_bbox: Box | None
    caption_page: int | None
    panels: int | None
    kind: FigureKind
    ignore: bool
    traps: tuple[str, ...]
    panel_list: tuple[PanelTruth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanTruth:
    """A caption whose picture the book does not show."""

    page: int
    bbox: Box
    label: str
    caption: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFigureTruth:
    """Something that looks like a figure and is none: logo, table, text box, ornament."""

    page: int
    bbox: Box
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTruth:
    """Everything in one demo book; `doc` is the sha256 of the PDF, `pixels_dir` the PNG folder."""

    doc: str
    file: str
    seed: int
    pages: tuple[int, ...]
    page_count: int
    page_labels: tuple[str, ...]
    pixels_dir: str
    figures: tuple[FigureTruth, ...]
    orphan_captions: tuple[OrphanTruth, ...]
    not_figures: tuple[NotFigureTruth, ...]
    fully_labelled: bool = True
    bbox_note: str = field(
        default="union of the visible parts of the panels; letters printed outside lie outside"
    )


def truth_path(book: Path) -> Path:
    """Return where the truth of `book` is written: beside it, ``<name>.truth.json``."""
    return book.with_name(book.name + ".truth.json")


def write_truth(truth: DemoTruth, path: Path) -> None:
    """Write `truth` as JSON, keys in the order of the fields."""
    text = json.dumps(asdict(truth), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read_truth(path: Path) -> DemoTruth:
    """Read what `write_truth` wrote.

    Raises:
        SchemaError: If the file does not have the form of a truth file.
    """
    try:
        return TypeAdapter(DemoTruth).validate_json(path.read_bytes())
    except ValidationError as error:
        raise SchemaError(
            f"{path} is no truth file of a demo book: {error}; write it again with `mmskin demo`"
        ) from error
