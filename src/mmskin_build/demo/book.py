"""Write the demo book: PDF, truth, and the pixels that a right export gives."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from mmskin_build.demo.assemble import add_images, join_parts
from mmskin_build.demo.chapters import (
    BOOK_TITLE,
    PAGE_HEIGHT_PT,
    PAGE_WIDTH_PT,
    STYLES,
    Chapter,
    Furniture,
    to_roman,
)
from mmskin_build.demo.contents import BACK, FRONT, ROUND, TURNED
from mmskin_build.demo.layouts import Layout, make_text_only
from mmskin_build.demo.render import SCAN_DPI, PdfPages, register_fonts, scan_sheet, skew_box
from mmskin_build.demo.sheet import DrawnFigure, DrawnPanel, PictureOp, Sheet, TextOp
from mmskin_build.demo.stored import store_picture
from mmskin_build.demo.text import TITLES
from mmskin_build.demo.truth import (
    Box,
    DemoTruth,
    FigureTruth,
    NotFigureTruth,
    OrphanTruth,
    PanelTruth,
    truth_path,
    write_truth,
)
from mmskin_build.demo.unusual import garble
from mmskin_build.geometry import Bbox, pt_to_px, union_all

DEFAULT_PAGES = 40
LEAST_PAGES = len(FRONT) + len(BACK) + 1
CROPPED_STYLE = "two columns"
CROP_PT = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A layout in its chapter; `opens` at the chapter's first page."""

    layout: Layout
    chapter: Chapter
    style: str
    opens: bool


@dataclass(slots=True, kw_only=True)
class _Found:
    """Truth gathered page by page."""

    figures: list[FigureTruth] = field(default_factory=list)
    orphans: list[OrphanTruth] = field(default_factory=list)
    not_figures: list[NotFigureTruth] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    chapters: list[tuple[str, int]] = field(default_factory=list)


def write_demo_book(
    path: Path, *, seed: int = 1, pages: int = DEFAULT_PAGES, keep_pixels: bool = True
) -> DemoTruth:
    """Write a book of exactly `pages` pages to `path`, and its truth beside it.

    ``<path>.truth.json`` holds the truth, ``<stem>_truth/*.png`` the pixels of each panel (left out
    where not `keep_pixels`). Same seed and pages, same bytes. Forty pages bear every layout; longer
    books repeat them with other content, a round of chapters at a time, so that memory does not
    grow with the book.

    Raises:
        ValueError: If `pages` leaves no room for a chapter page.
    """
    if pages < LEAST_PAGES:
        raise ValueError(f"a demo book has at least {LEAST_PAGES} pages, not {pages}")
    register_fonts()
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels_dir = path.with_name(path.stem + "_truth")
    if keep_pixels:
        pixels_dir.mkdir(exist_ok=True)
    found = _Found()
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for number, steps in enumerate(_plan_parts(seed, pages)):
            parts.append(Path(folder) / f"part{number:04}.pdf")
            _write_part(parts[-1], steps, seed, found, pixels_dir if keep_pixels else None)
        join_parts(
            parts, path, title=BOOK_TITLE, roman_pages=len(FRONT), chapters=tuple(found.chapters)
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    truth = DemoTruth(
        doc=digest,
        file=path.name,
        seed=seed,
        pages=tuple(range(pages)),
        page_count=pages,
        page_labels=tuple(found.labels),
        pixels_dir=pixels_dir.name,
        figures=tuple(found.figures),
        orphan_captions=tuple(found.orphans),
        not_figures=tuple(found.not_figures),
    )
    write_truth(truth, truth_path(path))
    return truth


def _plan_parts(seed: int, pages: int) -> Iterator[list[_Step]]:
    """Yield the steps of one file after the other; together they make `pages` pages."""
    cover = Chapter(
        number=0, title="", style=STYLES["one column"], rng=np.random.default_rng([seed, 0])
    )
    steps = [_Step(layout=f, chapter=cover, style="front", opens=False) for f in FRONT]
    room = pages - len(FRONT) - len(BACK)
    number = plates = 0
    while room > 0:
        for plan in ROUND:
            number += 1
            chapter = Chapter(
                number=number,
                title=TITLES[(number - 1) % len(TITLES)],
                style=STYLES[plan.style],
                rng=np.random.default_rng([seed, number]),
                plate_count=plates,
            )
            plates += 2 * (plan.style == "plates")
            for index, layout in enumerate(plan.layouts):
                if layout.pages > room:  # a spread that no longer fits
                    layout = Layout(make=make_text_only)
                if room == 0:
                    break
                room -= layout.pages
                steps.append(
                    _Step(layout=layout, chapter=chapter, style=plan.style, opens=index == 0)
                )
        if room > 0:
            yield steps
            steps = []
    steps += [_Step(layout=b, chapter=cover, style="back", opens=False) for b in BACK]
    yield steps


def _write_part(
    target: Path, steps: Sequence[_Step], seed: int, found: _Found, pixels_dir: Path | None
) -> None:
    bare = target.with_suffix(".bare.pdf")
    furniture, writer = Furniture(), PdfPages(bare)
    for step in steps:
        first = len(found.labels)
        if step.opens:
            found.chapters.append((f"{step.chapter.number} {step.chapter.title}", first))
        sheets = [_open_sheet(step, first + i) for i in range(step.layout.pages)]
        step.layout.make(step.chapter, sheets)
        for sheet in sheets:
            furniture.dress(sheet, step.chapter.title)
            writer.add(_scan(sheet, seed) if sheet.scan else sheet)
            found.labels.append(sheet.label)
        for sheet in sheets:
            _note_truth(sheet, found, pixels_dir)
    writer.finish()
    add_images(bare, writer.images, target)
    bare.unlink()


def _open_sheet(step: _Step, page_index: int) -> Sheet:
    turned = step.layout.make in TURNED
    in_front = page_index < len(FRONT)
    size = (PAGE_WIDTH_PT, PAGE_HEIGHT_PT)
    return Sheet(
        page_index=page_index,
        width_pt=size[turned],
        height_pt=size[not turned],
        label=to_roman(page_index + 1).lower() if in_front else str(page_index + 1 - len(FRONT)),
        turned_page=turned,
        crop_pt=CROP_PT if step.style == CROPPED_STYLE else 0.0,
        scan=step.style == "scan",
        scan_gray=page_index % 2 == 0,
    )


def _scan(sheet: Sheet, seed: int) -> Sheet:
    """Return the sheet that holds `sheet` as one picture; its truth is moved by the skew."""
    pixels, skew = scan_sheet(sheet, np.random.default_rng([seed, 7919, sheet.page_index]))
    stored = store_picture(pixels, "gray_jpeg" if sheet.scan_gray else "jpeg")
    for figure in sheet.figures:
        for panel in figure.panels:
            panel.box = skew_box(panel.box, sheet, skew)
            left, top, right, bottom = (round(pt_to_px(v, SCAN_DPI)) for v in panel.box)
            panel.pixels = stored.pixels[top:bottom, left:right]
            panel.rule, panel.painted = "scan", []
        if figure.caption_box is not None:
            figure.caption_box = skew_box(figure.caption_box, sheet, skew)
    page = Sheet(page_index=sheet.page_index, width_pt=sheet.width_pt, height_pt=sheet.height_pt)
    if sheet.hidden_text:
        page.ops += [garble(op) for op in sheet.ops if isinstance(op, TextOp)]
    whole = Bbox(0, 0, sheet.width_pt, sheet.height_pt)
    page.ops.append(PictureOp(stored=stored, box=whole))
    return page


# -------------------------------------------------------------------------------------- truth


def _box(box: Bbox) -> Box:
    x0, y0, x1, y1 = box.rounded()
    return x0, y0, x1, y1


def _note_truth(sheet: Sheet, found: _Found, pixels_dir: Path | None) -> None:
    for index, figure in enumerate(sheet.figures):
        found.figures.append(_figure_truth(figure, index, pixels_dir))
    for box, label, caption in sheet.orphans:
        found.orphans.append(
            OrphanTruth(
                page=sheet.page_index,
                bbox=_box(box),
                label=label,
                caption=caption,
                note="image not available",
            )
        )
    found.not_figures += [
        NotFigureTruth(page=sheet.page_index, bbox=_box(box), note=note)
        for box, note in sheet.not_figures
    ]


def _figure_truth(figure: DrawnFigure, index: int, pixels_dir: Path | None) -> FigureTruth:
    panels = tuple(
        _panel_truth(panel, f"p{figure.page_index:05}_f{index}_{number}.png", pixels_dir)
        for number, panel in enumerate(figure.panels)
    )
    return FigureTruth(
        page=figure.page_index,
        bbox=_box(union_all(panel.box for panel in figure.panels)),
        label=figure.label,
        caption=figure.caption,
        caption_text=figure.caption_text,
        caption_bbox=None if figure.caption_box is None else _box(figure.caption_box),
        caption_page=figure.caption_page,
        panels=len(panels),
        kind=figure.kind,
        ignore=figure.ignore,
        traps=tuple(figure.traps),
        panel_list=panels,
    )


def _panel_truth(panel: DrawnPanel, name: str, pixels_dir: Path | None) -> PanelTruth:
    if panel.pixels is None:
        return PanelTruth(bbox=_box(panel.box), label=panel.letter, text=panel.text)
    if pixels_dir is not None:
        Image.fromarray(panel.pixels).save(pixels_dir / name, compress_level=1)
    height, width = panel.pixels.shape[:2]
    return PanelTruth(
        bbox=_box(panel.box),
        label=panel.letter,
        text=panel.text,
        pixels=name if pixels_dir is not None else None,
        pixel_size=(width, height),
        pixels_exact=panel.rule in ("exact", "cut"),
        pixel_rule=panel.rule,
        painted=tuple(panel.painted),
    )
