"""Compare an alignment with the truth of the demo book."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from mmskin_build.demo.compare import find_pixel_fault
from mmskin_build.demo.pictures import Rgb
from mmskin_build.demo.truth import DemoTruth, FigureTruth, PanelTruth
from mmskin_build.geometry import Bbox, iou
from mmskin_build.records import Alignment, Figure, Panel

LoadPixels = Callable[[str], Rgb | None]
"""Given the digest of an exported picture, its pixels ``(height, width, 3) uint8`` or None."""

FIGURE_IOU, PANEL_IOU = 0.5, 0.9
SCAN_LIKENESS = 98.0  # per cent of the characters that OCR must read rightly
# Signs that a reader may rightly give in either form.
SAME_SIGNS = str.maketrans({"µ": "μ", "⁵": "5", "²": "2", "³": "3", "\u00ad": None, "\u00a0": " "})


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoScore:
    """How an alignment compares with the truth; `misses` says in words what is wrong.

    A figure is correct when it is located (IoU >= 0.5) and its caption equals the printed one but
    for white space (on scans, but for two characters in a hundred as well); `precision` is over the
    figures found with a caption, `recall` over the true ones. A panel is right when box
    (IoU >= 0.9), letter and text are; `panels` is the share of right ones among all that are true
    or found. `labels` and `kinds` are shares of the true figures with the right one. `pixels` is
    the share of the truth's pictures whose exported pixels hold, None when none were given.
    """

    labelled: int
    predicted: int
    correct: int
    located: float
    precision: float
    recall: float
    f1: float
    labels: float
    kinds: float
    panels: float
    pixels: float | None
    orphan_captions: float
    misses: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Count:
    labelled: int = 0
    located: int = 0
    correct: int = 0
    predicted: int = 0
    labels: int = 0
    kinds: int = 0
    panels_true_or_found: int = 0
    panels_right: int = 0
    pictures: int = 0
    pictures_right: int = 0
    misses: list[str] = field(default_factory=list)


def load_from_folder(folder: Path) -> LoadPixels:
    """Return a loader of pictures named ``<digest>.png`` anywhere below `folder`."""
    paths = {path.stem: path for path in sorted(folder.rglob("*.png"))}

    def load(digest: str) -> Rgb | None:
        path = paths.get(digest)
        return None if path is None else read_pixels(path)

    return load


def read_pixels(path: Path) -> Rgb:
    """Read a picture as ``(height, width, 3) uint8``."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)


def tidy(text: str | None) -> str:
    """Return `text` with white space joined and signs of two forms made one.

    >>> tidy(" 5 µm  across ")
    '5 μm across'
    """
    return " ".join(unicodedata.normalize("NFC", text or "").translate(SAME_SIGNS).split())


def tidy_label(label: str | None) -> str:
    """Return `label` in lower case without spaces and final marks, dashes made one.

    >>> tidy_label("FIG. 3–1.")
    'fig.3-1'
    """
    return re.sub(r"[–—‑]", "-", re.sub(r"\s+", "", label or "")).rstrip(".:").casefold()


def score_alignment(
    truth: DemoTruth,
    alignment: Alignment,
    *,
    truth_pixels: Path | None = None,
    exported: LoadPixels | Path | None = None,
) -> DemoScore:
    """Score `alignment` of the demo book against its `truth`.

    Args:
        truth: What `book.write_demo_book` returned or `truth.read_truth` read.
        alignment: Of the same file.
        truth_pixels: The folder of the truth's PNG files.
        exported: The exported pictures by digest, or a folder of ``<digest>.png``; pixels are
            compared when both are given.

    Raises:
        ValueError: If `alignment` is of another file.
    """
    if alignment.book_sha256 != truth.doc:
        raise ValueError(
            f"the alignment is of {alignment.book_sha256[:12]}, the truth of {truth.doc[:12]}"
        )
    load = load_from_folder(exported) if isinstance(exported, Path) else exported
    count = _Count()
    found_on: dict[int, list[Figure]] = defaultdict(list)
    for found in alignment.figures:
        if found.bbox is not None:
            found_on[found.page_index].append(found)
    true_on: dict[int, list[FigureTruth]] = defaultdict(list)
    for figure in truth.figures:
        true_on[figure.page].append(figure)
    for page in sorted({*found_on, *true_on}):
        pairs, extra = _match_page(true_on[page], found_on[page])
        for false_find in extra:
            if false_find.caption or false_find.label:
                count.predicted += 1
                count.misses.append(f"page {page}: {_name(false_find)} is no figure")
        for figure, partner in pairs:
            _count_figure(count, figure, partner, truth_pixels, load)
    orphans = _count_orphans(count, truth, alignment)
    precision = count.correct / count.predicted if count.predicted else 0.0
    recall = count.correct / count.labelled if count.labelled else 0.0
    total = precision + recall
    return DemoScore(
        labelled=count.labelled,
        predicted=count.predicted,
        correct=count.correct,
        located=_share(count.located, count.labelled),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / total if total else 0.0,
        labels=_share(count.labels, count.labelled),
        kinds=_share(count.kinds, count.labelled),
        panels=_share(count.panels_right, count.panels_true_or_found),
        pixels=_share(count.pictures_right, count.pictures) if count.pictures else None,
        orphan_captions=orphans,
        misses=tuple(count.misses),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _name(figure: Figure) -> str:
    return f"{figure.label or 'a figure without label'} ({(figure.caption or '')[:40]!r})"


def _match_page(
    true: Sequence[FigureTruth], found: Sequence[Figure]
) -> tuple[list[tuple[FigureTruth, Figure | None]], list[Figure]]:
    """Pair true and found figures of a page; ignored ones and their finds drop out."""
    table = np.array([[_figure_iou(t, f) for f in found] for t in true]).reshape(
        len(true), len(found)
    )
    partner: dict[int, int] = {}
    if table.size:
        for row, column in zip(*linear_sum_assignment(-table), strict=True):
            if table[row, column] >= FIGURE_IOU:
                partner[int(row)] = int(column)
    pairs = [
        (figure, found[partner[i]] if i in partner else None)
        for i, figure in enumerate(true)
        if not figure.ignore
    ]
    extra = [f for j, f in enumerate(found) if j not in partner.values()]
    return pairs, extra


def _figure_iou(true: FigureTruth, found: Figure) -> float:
    return 0.0 if found.bbox is None else iou(Bbox(*true.bbox), found.bbox)


def _count_figure(
    count: _Count,
    true: FigureTruth,
    found: Figure | None,
    truth_pixels: Path | None,
    load: LoadPixels | None,
) -> None:
    where = f"page {true.page}, {true.label or 'unnumbered'}"
    count.labelled += 1
    compare_pixels = load is not None and truth_pixels is not None
    if found is None:
        count.misses.append(f"{where}: not located ({', '.join(true.traps)})")
        count.panels_true_or_found += len(true.panel_list)
        if compare_pixels:
            count.pictures += sum(p.pixels is not None for p in true.panel_list)
        return
    count.located += 1
    count.predicted += bool(found.caption or found.label)
    said, printed = tidy(found.caption), tidy(true.caption_text)
    if _is_same_caption(said, printed, scanned="scan" in true.traps):
        count.correct += 1
    else:
        count.misses.append(f"{where}: caption is {said!r} instead of {printed!r}")
    if tidy_label(found.label) == tidy_label(true.label):
        count.labels += 1
    else:
        count.misses.append(f"{where}: label is {found.label!r}")
    if found.kind == true.kind:
        count.kinds += 1
    else:
        count.misses.append(f"{where}: kind is {found.kind}")
    _count_panels(count, where, true.panel_list, found.panels, truth_pixels, load)


def _is_same_caption(said: str, printed: str, *, scanned: bool) -> bool:
    """Whether `said` is what is `printed`; whether "(continued)" is kept is a matter of taste."""
    forms = (printed, printed.removeprefix("(continued) "))
    if scanned:
        return max(fuzz.ratio(said, form) for form in forms) >= SCAN_LIKENESS
    return said in forms


def _count_panels(
    count: _Count,
    where: str,
    true: Sequence[PanelTruth],
    found: Sequence[Panel],
    truth_pixels: Path | None,
    load: LoadPixels | None,
) -> None:
    table = np.array([[iou(Bbox(*t.bbox), f.bbox) for f in found] for t in true])
    partner: dict[int, int] = {}
    if table.size:
        for row, column in zip(*linear_sum_assignment(-table), strict=True):
            if table[row, column] >= PANEL_IOU:
                partner[int(row)] = int(column)
    count.panels_true_or_found += len(true) + len(found) - len(partner)
    if len(found) != len(true):
        count.misses.append(f"{where}: {len(found)} panels instead of {len(true)}")
    for index, panel in enumerate(true):
        guess = found[partner[index]] if index in partner else None
        name = f"{where}, panel {panel.label or index + 1}"
        fault = _find_panel_fault(panel, guess, lettered=len(true) > 1)
        if fault is None:
            count.panels_right += 1
        else:
            count.misses.append(f"{name}: {fault}")
        if load is None or truth_pixels is None or panel.pixels is None:
            continue
        count.pictures += 1
        fault = _find_export_fault(panel, guess, truth_pixels / panel.pixels, load)
        if fault is None:
            count.pictures_right += 1
        else:
            count.misses.append(f"{name} ({panel.pixel_rule}): {fault}")


def _find_panel_fault(true: PanelTruth, found: Panel | None, *, lettered: bool) -> str | None:
    if found is None:
        return f"no panel found at {true.bbox}"
    if lettered and (true.label or "").casefold() != (found.label or "").casefold():
        return f"letter is {found.label!r}"
    said, printed = tidy(found.text).rstrip(".;, "), tidy(true.text).rstrip(".;, ")
    if said != printed:
        return f"text is {said!r} instead of {printed!r}"
    return None


def _find_export_fault(
    true: PanelTruth, found: Panel | None, path: Path, load: LoadPixels
) -> str | None:
    if found is None or found.image_sha256 is None:
        return "no picture exported"
    pixels = load(found.image_sha256)
    if pixels is None:
        return f"exported picture {found.image_sha256[:12]} is not there"
    return find_pixel_fault(read_pixels(path), pixels, true.pixel_rule, true.painted)


def _count_orphans(count: _Count, truth: DemoTruth, alignment: Alignment) -> float:
    """Return the share of captions without picture that were found as such."""
    found = {
        (f.page_index, tidy_label(f.label))
        for f in alignment.figures
        if f.status == "caption_without_image"
    }
    right = 0
    for orphan in truth.orphan_captions:
        if (orphan.page, tidy_label(orphan.label)) in found:
            right += 1
        else:
            count.misses.append(f"page {orphan.page}: caption of {orphan.label} is not kept")
    return _share(right, len(truth.orphan_captions))
