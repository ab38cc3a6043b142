"""Documents with their truth, in sets: the demo book, publishers' styles, scans, your own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import layouts
from layout_sheet import Box, Truth
from pairs import Labelled

from mmskin_build.demo.book import write_demo_book
from mmskin_build.errors import SchemaError
from mmskin_build.figures.labels import parse_label

UNREADABLE = frozenset({"bilingual"})  # as scan: needs Tesseract's Japanese


def demo_book(folder: Path) -> Iterator[Labelled]:
    """Draw the demo book."""
    path = folder / "demo.pdf"
    truth = write_demo_book(path, keep_pixels=False)
    known = [f for f in truth.figures if not f.ignore and (f.caption_text or f.label)]
    yield Labelled(
        name=path.name,
        path=path,
        pages=frozenset(truth.pages),
        truths=tuple(
            Truth(f.page, Box(*f.bbox), f.label, f.caption_text or "", f.panels, f.kind)
            for f in known
        ),
        ignored=tuple((f.page, Box(*f.bbox)) for f in truth.figures if f not in known),
    )


def styles(
    folder: Path, pages: int, *, scans: bool = False, names: Sequence[str] = tuple(layouts.STYLES)
) -> Iterator[Labelled]:
    """Draw a document in each style, with text or as scans."""
    for style in sorted(names):
        if scans and style in UNREADABLE:
            continue
        path = folder / f"{style}.pdf"
        truths = layouts.draw_document(style, 0, pages, path)
        if scans:
            scan = folder / f"{style}_scan.pdf"
            truths = layouts.scan_document(path, scan, truths, 0)
            path.unlink()
            path = scan
        yield Labelled(path.name, path, frozenset(range(pages)), tuple(truths))


def held_out() -> list[str]:
    """Return the styles that were drawn after the rules were mended for the last time."""
    return [style for style in sorted(layouts.STYLES) if style not in layouts.MENDED_ON]


def your_own(pdfs: Sequence[Path], labels: Path) -> Iterator[Labelled]:
    """Read the labels of PDF files: ``labels/<name of the file>.json``.

    The form: ``{"pages": [0], "figures": [{"page", "bbox", "label", "caption", "panels", "kind",
    "ignore"}]}``, boxes in points from the top left, captions as printed. Files without labels are
    left out.

    Raises:
        SchemaError: If a label file has not that form.
    """
    for path in sorted(pdfs):
        file = labels / f"{path.stem}.json"
        if not file.exists():
            continue
        try:
            told = json.loads(file.read_text("utf-8"))
            known = [(f, _truth(f)) for f in told["figures"]]
            pages = frozenset(int(page) for page in told["pages"])
        except (ValueError, KeyError, TypeError) as error:
            raise SchemaError(
                f"{file}: no label file ({error!r}); it needs pages, figures [page, bbox, label, "
                "caption]"
            ) from error
        yield Labelled(
            name=path.name,
            path=path,
            pages=pages,
            truths=tuple(t for f, t in known if not f.get("ignore") and t.page in pages),
            ignored=tuple((t.page, t.bbox) for f, t in known if f.get("ignore")),
        )


def _truth(figure: dict[str, object]) -> Truth:
    caption = str(figure.get("caption") or "")
    label = parse_label(caption)
    sides = figure["bbox"]
    if not isinstance(sides, list) or len(sides) != 4:
        raise ValueError(f"a box has four numbers, not {sides!r}")
    return Truth(
        page=int(str(figure["page"])),
        bbox=Box(*(float(side) for side in sides)),
        label=str(figure["label"]) if figure.get("label") else None,
        caption=caption[label.end if label else 0 :].strip(),
        panels=None,
        kind=str(figure.get("kind") or ""),
    )
