"""One HTML report a book: every page with figures, boxes, captions, evidence, and what was dropped.

The report is a folder: ``index.html`` with styles, script and data inside it, and ``pages/`` with
the page pictures, which a browser loads only when they come into view. Nothing is fetched from
elsewhere: a content security policy allows this one script, by its digest, and no connection. All
text of the book reaches the page as text nodes, so a caption that holds markup stays a caption.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mmskin_build.audit.checks import caption_agreement, panel_id
from mmskin_build.figures.ledger import figure_ledger
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.page_check import PageCheck
from mmskin_build.records import Alignment, Figure
from mmskin_build.store import storage_errors, write_bytes

LETTER_PT = (612.0, 792.0)  # stands in for a page whose size nobody knows
_SIGNATURES = ((b"\xff\xd8", "jpg", "jpeg"), (b"\x89PNG", "png", "png"), (b"RIFF", "webp", "webp"))


def write_audit(
    alignment: Alignment,
    page_pictures: Mapping[int, Path | bytes],
    out: Path,
    *,
    title: str,
    page_sizes: Mapping[int, tuple[float, float]],
    page_labels: Mapping[int, str] | None = None,
    page_flags: Mapping[int, Sequence[str]] | None = None,
    checks: Mapping[int, PageCheck] | None = None,
    doubtful_below: float = 0.9,
    embed: bool = False,
    sheets: str | None = None,
) -> Path:
    """Write the report of one book into the folder `out` and return its ``index.html``.

    A report that lies there already is replaced. Pages without a picture are shown as blank sheets
    with their boxes; pages on which nothing was found, dropped or failed are left out.

    Args:
        alignment: What was found.
        page_pictures: JPEG, PNG or WebP files or their bytes, by 0-based page index; a file that
            lies in ``out/pages`` under its `picture_name` stays where it is.
        out: Folder for the report.
        title: What the report is called; any text.
        page_sizes: Width and height in points, by page index, as the boxes see them.
        page_labels: Printed page numbers, by page index.
        page_flags: How pages were read (`ocr`, `text_layer_broken`, ...), by page index.
        checks: What is known of the text layer, and where letters and parts stand, by page index.
        doubtful_below: Figures with less confidence count as doubtful; 0 to 1.
        embed: Put the pictures into the HTML file as well, so that the one file is all. For short
            documents: a page adds some 60 kB.

        sheets: File in `out` with the pictures as contact sheets, to be linked.

    Raises:
        StorageError: If the folder cannot be written or a picture cannot be read.
        ValueError: If a picture is of none of the three formats.
    """
    shown = pages_of_interest(alignment)
    folder = out / "pages"
    sources: dict[int, str] = {}
    for page_index in shown:
        if page_index not in page_pictures:
            continue
        given = page_pictures[page_index]
        with storage_errors(out):
            picture = given if isinstance(given, bytes) else given.read_bytes()
        suffix, kind = _picture_kind(picture, page_index)
        if embed:
            sources[page_index] = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
        else:
            path = folder / picture_name(page_index, suffix)
            if given != path:
                write_bytes(path, picture, durable=False)
            sources[page_index] = f"pages/{path.name}"
    _remove_others(folder, keep={Path(source).name for source in sources.values()})
    checks = checks or {}
    agreement = caption_agreement(alignment.figures, checks)
    report = {
        "title": title,
        "sheets": sheets,
        "sha256": alignment.book_sha256,
        "pageCount": alignment.page_count,
        "doubtfulBelow": doubtful_below,
        "pages": [
            {
                "index": page_index,
                "label": (page_labels or {}).get(page_index, ""),
                "size": list(page_sizes.get(page_index, LETTER_PT)),
                "picture": sources.get(page_index),
                "flags": list((page_flags or {}).get(page_index, ())),
                "text": _text_layer(checks.get(page_index)),
            }
            for page_index in shown
        ],
        "figures": [_figure(figure, agreement, checks) for figure in alignment.figures],
        "rejects": [
            {
                "id": reject.item_id,
                "stage": reject.stage,
                "reason": reject.reason,
                "detail": reject.detail,
                "page": reject.page_index,
                "bbox": _box(reject.bbox),
            }
            for reject in alignment.rejects
        ],
        "failures": [
            {"page": failure.page_index, "reason": failure.reason, "detail": failure.detail}
            for failure in alignment.failures
        ],
        "ledger": [
            {
                "kind": gap.kind,
                "label": gap.label,
                "detail": gap.detail,
                "page": gap.page_index,
                "until": gap.until_page_index,
                "ids": list(gap.figure_ids),
            }
            for gap in figure_ledger(alignment.figures)
        ],
    }
    index = out / "index.html"
    write_bytes(index, render_report(report).encode())
    return index


def pages_of_interest(alignment: Alignment) -> tuple[int, ...]:
    """The pages that a report shows: with a figure, a caption, a reject or a failure, ascending."""
    found: set[int | None] = {failure.page_index for failure in alignment.failures}
    found |= {reject.page_index for reject in alignment.rejects}
    for figure in alignment.figures:
        found |= {figure.page_index, figure.caption_page_index}
    return tuple(sorted(page_index for page_index in found if page_index is not None))


def picture_name(page_index: int, suffix: str) -> str:
    """File name of a page's picture; pages count from 1, as a reader of the file counts them."""
    return f"p{page_index + 1:05d}.{suffix}"


def render_report(report: Mapping[str, Any]) -> str:
    """Return the HTML page around the data of one report."""
    templates = files("mmskin_build.audit") / "templates"
    style = (templates / "report.css").read_text(encoding="utf-8")
    script = (templates / "report.js").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string((templates / "report.html.j2").read_text(encoding="utf-8"))
    # A data block is not executed, but "</script" and "<!--" would end or bend it.
    data = json.dumps(report, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    return template.render(
        title=report["title"],
        sheets=report.get("sheets"),
        style=Markup(style),
        script=Markup(script),
        data=Markup(data),
        style_digest=policy_digest(style),
        script_digest=policy_digest(script),
    )


def policy_digest(text: str) -> str:
    """Return how a content security policy names a style or script inside the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _box(bbox: Bbox | None) -> list[float] | None:
    return None if bbox is None else list(bbox.rounded())


def _text_layer(check: PageCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {"characters": check.characters, "doubtful": check.doubtful_share}


def _figure(
    figure: Figure, agreement: Mapping[str, float | None], checks: Mapping[int, PageCheck]
) -> dict[str, Any]:
    pages = {figure.page_index, figure.caption_page_index}
    placed = [part for page in pages if page in checks for part in checks[page].parts]  # type: ignore[index]
    letters = {part.panel_id: part.letter_bbox for part in placed if part.letter_bbox}
    parts = {part.panel_id: part.part_bbox for part in placed if part.part_bbox}
    return {
        "id": figure.figure_id,
        "status": figure.status,
        "page": figure.page_index,
        "bbox": _box(figure.bbox),
        "label": figure.label,
        "caption": figure.caption,
        "captionPage": figure.caption_page_index,
        "captionBbox": _box(figure.caption_bbox),
        "confidence": figure.confidence,
        "kind": figure.kind,
        "agreement": agreement.get(figure.figure_id),
        "flags": list(figure.flags),
        "panels": [
            {
                "bbox": _box(panel.bbox),
                "label": panel.label,
                "text": panel.text,
                "size": panel.pixel_size,
                "source": panel.source,
                "overlays": [_box(overlay.bbox) for overlay in panel.overlays],
                "letterBbox": _box(letters.get(panel_id(figure, number))),
                "partBbox": _box(parts.get(panel_id(figure, number))),
            }
            for number, panel in enumerate(figure.panels)
        ],
        "evidence": [
            {"name": item.name, "value": item.value, "weight": item.weight}
            for item in figure.evidence
        ],
    }


def _picture_kind(picture: bytes, page_index: int) -> tuple[str, str]:
    for signature, suffix, kind in _SIGNATURES:
        if picture.startswith(signature):
            return suffix, kind
    raise ValueError(f"the picture of page {page_index + 1} is no JPEG, PNG or WebP")


def _remove_others(folder: Path, keep: set[str]) -> None:
    """Delete page pictures of an earlier report; other files are not ours to delete."""
    with storage_errors(folder):
        for path in sorted(folder.glob("p[0-9]*.*")):
            if path.name not in keep and path.suffix in (".jpg", ".png", ".webp"):
                path.unlink()
