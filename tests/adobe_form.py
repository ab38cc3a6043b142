"""What Adobe PDF Extract would write about a PDF: its own text blocks and given figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pymupdf
from pymupdf import mupdf

from mmskin_build.geometry import Bbox, union_all
from mmskin_build.pdf.painting import fz_page

Form = Literal["plain", "styled", "chars"]
"""One text a paragraph; `styled` one a run of a font; `chars` that with a box a character."""


def write_extract(
    folder: Path,
    pdf: Path,
    figures: Mapping[int, Sequence[Bbox]],
    *,
    form: Form = "styled",
    pages: range | None = None,
    scanned: Mapping[int, Sequence[tuple[str, Bbox]]] | None = None,
) -> Path:
    """Write ``structuredData.json`` for `pages` (all) with `figures` in display coordinates.

    `scanned` are pages that Adobe would recognize, with the paragraphs on them.
    """
    elements: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    with pymupdf.open(pdf) as document:
        numbers = pages or range(document.page_count)
        for number, index in enumerate(numbers):
            page = document[index]
            crop, ctm = mupdf.FzRect(), mupdf.FzMatrix()
            mupdf.pdf_page_transform(mupdf.pdf_page_from_fz_page(fz_page(page)), crop, ctm)
            to_user = ~pymupdf.Matrix(ctm.a, ctm.b, ctm.c, ctm.d, ctm.e, ctm.f)
            shown = page.rotation_matrix * to_user
            found = (
                [] if scanned and index in scanned else page.get_text("rawdict", flags=0)["blocks"]
            )
            for lines in (part for block in found for part in _apart(block.get("lines", ()))):
                path = f"//Document/P[{len(elements) + 1}]"
                element = _paragraph(lines, path, shown, form)
                if element is not None:
                    elements.append({**element, "Page": number, "Path": path})
            for text, box in (scanned or {}).get(index, ()):
                path = f"//Document/P[{len(elements) + 1}]"
                bounds = _bounds([box], to_user)
                elements.append({"Bounds": bounds, "Page": number, "Path": path, "Text": text})
            for box in figures.get(index, ()):
                path = f"//Document/Sect/Figure[{len(elements) + 1}]"
                bounds = _bounds([box], to_user)
                elements.append({"Bounds": bounds, "Page": number, "Path": path})
            sides = [crop.x0, crop.y0, crop.x1, crop.y1]
            facts.append(
                {
                    "page_number": number,
                    "width": crop.x1 - crop.x0,
                    "height": crop.y1 - crop.y0,
                    "rotation": page.rotation,
                    "is_scanned": bool(scanned and index in scanned),
                    "boxes": {"CropBox": sides, "MediaBox": sides},
                }
            )
    return write_json(folder, elements, facts)


def write_json(
    folder: Path, elements: Sequence[Mapping[str, Any]], pages: Sequence[Mapping[str, Any]]
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "version": {"schema": "1.1.0", "structure": "1.1081.0"},
        "extended_metadata": {"page_count": len(pages), "language": "en"},
        "elements": elements,
        "pages": pages,
    }
    (folder / "structuredData.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def _apart(lines: Sequence[Any]) -> list[list[Any]]:
    """Part columns, and what stands far apart on one baseline, as letters below panels do."""
    groups: list[list[Any]] = []
    for line in lines:
        x0, y0, _, _ = line["bbox"]
        size = line["spans"][0]["size"]
        before = groups[-1][-1]["bbox"] if groups else None
        if before is not None and line["dir"] == (1.0, 0.0):
            level = abs(y0 - before[1]) < 0.5 * size
            if x0 > before[2] + (2 if level else 0) * size or y0 < before[1] - size:
                before = None
        if before is None:
            groups.append([])
        groups[-1].append(line)
    return groups


def _paragraph(
    lines: Sequence[Any], path: str, shown: pymupdf.Matrix, form: Form
) -> dict[str, Any] | None:
    runs: list[tuple[Any, list[Any]]] = []
    for number, line in enumerate(lines, 1):
        for span in line["spans"]:
            same = runs and runs[-1][0]["font"] == span["font"]
            if not same or form == "plain" and len(runs) > 1:
                runs.append((span, []))
            runs[-1][1].extend(span["chars"])
        last = runs[-1][1][-1]
        broken = last["c"] == "-" and len(runs[-1][1]) > 1 and runs[-1][1][-2]["c"].isalpha()
        if broken and number < len(lines):
            runs[-1][1].pop()  # Adobe takes out the hyphens at line ends
        elif not last["c"].isspace():
            # Between lines stands a space without a box of its own.
            runs[-1][1].append({"c": " ", "bbox": (*last["bbox"][2:], *last["bbox"][2:])})
    if form == "plain" and runs:
        runs = [(runs[0][0], [char for _, chars in runs for char in chars])]
    kids = [_text(span, chars, lines, shown, form) for span, chars in runs]
    if not "".join(kid["Text"] for kid in kids).strip():
        return None
    if len(kids) == 1:
        return kids[0]
    boxes = [Bbox(*char["bbox"]) for _, chars in runs for char in chars if char["c"] != " "]
    paths = [{"Path": f"{path}/Span[{n + 1}]"} for n in range(len(kids))]
    return {
        "Bounds": _bounds(boxes, shown),
        "Kids": [{**kid, **path} for kid, path in zip(kids, paths, strict=True)],
        "attributes": kids[0]["attributes"],
    }


def _text(
    span: Any, chars: Sequence[Any], lines: Sequence[Any], shown: pymupdf.Matrix, form: Form
) -> dict[str, Any]:
    x, y = lines[0]["dir"]
    bold = "Bold" in span["font"]
    inked = [Bbox(*char["bbox"]) for char in chars if char["c"] != " "]
    tops = sorted({round(line["bbox"][1]) for line in lines})
    steps = sorted(b - a for a, b in zip(tops, tops[1:], strict=False))
    element = {
        "Text": "".join(char["c"] for char in chars),
        "Bounds": _bounds(inked or [Bbox(*chars[0]["bbox"])], shown),
        "Font": {
            "name": f"ABCDEF+{span['font']}",
            "italic": "Italic" in span["font"],
            "weight": 700 if bold else 400,
        },
        "TextSize": span["size"],
        "Rotation": {(1, 0): 0.0, (0, -1): 270.0, (-1, 0): 180.0, (0, 1): 90.0}[round(x), round(y)],
        "attributes": {"LineHeight": steps[len(steps) // 2] if steps else span["size"] * 1.2},
    }
    if form == "chars":
        element["CharBounds"] = [_bounds([Bbox(*char["bbox"])], shown) for char in chars]
    return element


def _bounds(boxes: Sequence[Bbox], matrix: pymupdf.Matrix) -> list[float]:
    return [float(v) for v in pymupdf.Rect(union_all(boxes)) * matrix]
