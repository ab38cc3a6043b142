"""Small records for tests: everything has a default, a test names only what it is about.

Import them by name: ``from builders import make_page``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mmskin_build.decisions import Decision
from mmskin_build.figures.captions import CaptionBlock
from mmskin_build.figures.labels import parse_label
from mmskin_build.figures.panels import part_count
from mmskin_build.geometry import Bbox, turn_back, union_all
from mmskin_build.images.kinds import KINDS
from mmskin_build.images.modality import classify_modality
from mmskin_build.images.photo import classify_photo
from mmskin_build.images.screen import Screening
from mmskin_build.records import (
    Alignment,
    Demographics,
    Figure,
    Flag,
    Flags,
    ImageObject,
    Label,
    Line,
    Page,
    Panel,
    PathObject,
    Provenance,
    Record,
    Review,
    Span,
    Terms,
)

SHA = "ab" * 32


def make_span(
    text: str = "text",
    bbox: Sequence[float] = (72, 100, 300, 110),
    *,
    font: str = "Times-Roman",
    size_pt: float = 10.0,
    **fields: Any,
) -> Span:
    return Span(text=text, bbox=Bbox(*bbox), font=font, size_pt=size_pt, **fields)


def make_line(
    text: str = "A line of text.",
    x0: float = 72.0,
    y0: float = 100.0,
    *,
    size_pt: float = 10.0,
    font: str = "Times-Roman",
    spans: Sequence[Span] | None = None,
    direction: int = 0,
    block: int = 0,
    **span_fields: Any,
) -> Line:
    """One line whose top left is (x0, y0) points; a character is half its size wide."""
    if spans is None:
        bbox = Bbox(x0, y0, x0 + 0.5 * size_pt * len(text), y0 + 1.2 * size_pt)
        spans = [Span(text=text, bbox=bbox, font=font, size_pt=size_pt, **span_fields)]
    return Line(
        spans=tuple(spans),
        bbox=union_all(span.bbox for span in spans),
        direction=direction,
        block=block,
    )


def make_lines(text: str, x0: float = 72.0, y0: float = 100.0, **fields: Any) -> tuple[Line, ...]:
    """One line for each line of `text`, set solid from (x0, y0) points downwards."""
    leading_pt = 1.2 * fields.get("size_pt", 10.0)
    return tuple(
        make_line(part, x0, y0 + number * leading_pt, **fields)
        for number, part in enumerate(text.split("\n"))
    )


def make_image(
    bbox: Sequence[float] = (72, 200, 372, 400),
    *,
    width_px: int = 600,
    height_px: int = 400,
    order: int = 0,
    image_key: str = "image",
    **fields: Any,
) -> ImageObject:
    box = Bbox(*bbox)
    fields.setdefault("placed_bbox", box)
    fields.setdefault("matrix", (box.width, 0.0, 0.0, -box.height, box.x0, box.y1))
    return ImageObject(
        bbox=box,
        width_px=width_px,
        height_px=height_px,
        order=order,
        image_key=image_key,
        **fields,
    )


def make_path(
    bbox: Sequence[float] = (72, 200, 372, 400), *, order: int = 0, **fields: Any
) -> PathObject:
    return PathObject(bbox=Bbox(*bbox), order=order, **fields)


def make_page(
    page_index: int = 0,
    *,
    lines: Sequence[Line] = (),
    images: Sequence[ImageObject] = (),
    paths: Sequence[PathObject] = (),
    width_pt: float = 612.0,
    height_pt: float = 792.0,
    **fields: Any,
) -> Page:
    fields.setdefault("page_label", str(page_index + 1))
    return Page(
        page_index=page_index,
        width_pt=width_pt,
        height_pt=height_pt,
        lines=tuple(lines),
        images=tuple(images),
        paths=tuple(paths),
        **fields,
    )


def make_figure(
    figure_id: str = "p0001_1",
    *,
    status: str = "paired",
    page_index: int = 0,
    label: str | None = "Figure 1.1",
    caption: str | None = "A plaque on the forearm.",
    bbox: Sequence[float] | None = (72, 100, 372, 300),
    caption_bbox: Sequence[float] | None = (72, 306, 372, 330),
    confidence: float = 0.97,
    kind: str = "photo",
    **fields: Any,
) -> Figure:
    """One figure; `status` decides which half is left out."""
    if status == "image_without_caption":
        label = caption = caption_bbox = None
    if status == "caption_without_image":
        bbox = None
    fields.setdefault("caption_page_index", None if caption is None else page_index)
    fields.setdefault("panels", () if bbox is None else (Panel(bbox=Bbox(*bbox)),))
    return Figure(
        figure_id=figure_id,
        status=status,  # type: ignore[arg-type]
        page_index=page_index,
        bbox=None if bbox is None else Bbox(*bbox),
        label=label,
        caption=caption,
        caption_bbox=None if caption_bbox is None else Bbox(*caption_bbox),
        confidence=confidence,
        kind=kind,  # type: ignore[arg-type]
        **fields,
    )


def make_alignment(figures: Sequence[Figure] = (), **fields: Any) -> Alignment:
    fields.setdefault("book_sha256", SHA)
    fields.setdefault("page_count", 1 + max((f.page_index for f in figures), default=0))
    fields.setdefault("rejects", ())
    return Alignment(figures=tuple(figures), **fields)


def make_provenance(**fields: Any) -> Provenance:
    defaults: dict[str, Any] = {
        "book_id": "bk1",
        "book_sha256": SHA,
        "page_index": 0,
        "page_label": "1",
        "bbox": Bbox(72, 100, 372, 300),
        "figure_id": "p0001_1",
        "figure_label": "Figure 1.1",
        "panel": None,
        "source": "native",
    }
    return Provenance(**(defaults | fields))


def make_record(record_id: str = "bk1_1_1", **fields: Any) -> Record:
    defaults: dict[str, Any] = {
        "id": record_id,
        "image": f"images/{record_id}.png",
        "image_sha256": SHA,
        "width_px": 600,
        "height_px": 400,
        "caption": "A plaque on the forearm.",
        "panel_text": None,
        "figure_caption": "A plaque on the forearm.",
        "alignment": Label(value="paired", confidence=0.97, source="model"),
        "modality": None,
        "demographics": Demographics(),
        "terms": Terms(),
        "flags": Flags(),
        "provenance": make_provenance(),
        "group_id": record_id,
        "split": None,
        "review": Review(),
        "config_sha256": SHA,
        "code_version": "0.1.0",
    }
    return Record(**(defaults | fields))


def make_screening(**fields: Any) -> Screening:
    """A harmless clinical photograph, as the detectors see it."""
    kinds = dict.fromkeys(KINDS, 0.006) | {"clinical": 0.97}
    defaults: dict[str, Any] = {
        "kinds": kinds,
        "photo": classify_photo(kinds),
        "modality": classify_modality(kinds),
        "marks": (),
        "annotated": 0.01,
        "severity": "none",
        "sensitive": (Flag(name="face", score=0.02, source="model"),),
        "boxes": {},
        "quality": (),
        "fingerprint": None,
    }
    return Screening(**(defaults | fields))


def make_decision(
    field: str = "modality", value: str = "clinical", *, decision_id: str = "d1", **fields: Any
) -> Decision:
    """One verdict of one reviewer; each has its own id and time unless a test says otherwise."""
    defaults: dict[str, Any] = {
        "reviewer": "ada",
        "decided_at": "2026-01-01T00:00:00.000000Z",
        "image_sha256": SHA,
        "book_sha256": SHA,
        "page_index": 0,
        "bbox": Bbox(72, 100, 372, 300),
    }
    return Decision(id=decision_id, field=field, value=value, **(defaults | fields))  # type: ignore[arg-type]


def make_caption(
    text: str = "A plaque on the forearm.",
    bbox: Sequence[float] = (72, 408, 372, 432),
    *,
    page_index: int = 0,
    label: str | None = "Figure 1.1",
    **fields: Any,
) -> CaptionBlock:
    defaults: dict[str, Any] = {
        "continued": False,
        "prior": 0.9,
        "direction": 0,
        "size_pt": 8.0,
        "font": "Helvetica",
        "part_count": part_count(text),
    }
    return CaptionBlock(
        page_index=page_index,
        bbox=Bbox(*bbox),
        label=None if label is None else parse_label(label),
        text=text,
        **(defaults | fields),
    )


def make_caption_lines(
    label: str,
    text: str,
    x0: float = 72.0,
    y0: float = 408.0,
    *,
    block: int = 1,
    size_pt: float = 8.0,
    font: str = "Helvetica",
    bold_label: bool = True,
) -> tuple[Line, ...]:
    """A printed caption: its label, bold where asked, before the first line of `text`."""
    first, *others = text.split("\n")
    head = make_span(
        f"{label} ",
        (x0, y0, x0 + 0.5 * size_pt * (len(label) + 1), y0 + 1.2 * size_pt),
        font=f"{font}-Bold" if bold_label else font,
        size_pt=size_pt,
        bold=bold_label,
    )
    right = head.bbox.x1 + 0.5 * size_pt * len(first)
    words = make_span(first, (head.bbox.x1, y0, right, head.bbox.y1), font=font, size_pt=size_pt)
    lines = [make_line(spans=(head, words) if first else (head,), block=block)]
    for number, part in enumerate(others, start=1):
        y = y0 + number * 1.2 * size_pt
        lines.append(make_line(part, x0, y, size_pt=size_pt, font=font, block=block))
    return tuple(lines)


def make_body(
    x0: float = 72.0, y0: float = 560.0, *, rows: int = 12, columns: int = 84, block: int = 8
) -> tuple[Line, ...]:
    """Running text in the body style, `columns` characters wide."""
    words = "the course of disease is long and relapses are seen in most patients over years "
    return make_lines(
        "\n".join((words * 4)[row : row + columns].strip() for row in range(rows)),
        x0,
        y0,
        block=block,
    )


def turn_line(
    line: Line, direction: int, width_pt: float = 612.0, height_pt: float = 792.0
) -> Line:
    """Turn a line that was set upright so that it reads in `direction` on the page."""
    turned = (direction, width_pt, height_pt)
    spans = tuple(replace(s, bbox=turn_back(s.bbox, *turned)) for s in line.spans)
    return replace(line, spans=spans, bbox=turn_back(line.bbox, *turned), direction=direction)
