"""Check the pages of a report once: text layer, second reader, places of letters and parts.

The answers stay beside the page pictures with a note of what was asked; a second report of the same
alignment asks nothing anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmskin_build.config import PdfConfig
from mmskin_build.pdf.jobs import PageJob, PagePool, PdfSource
from mmskin_build.pdf.page_check import (
    CheckedCaption,
    CheckedPanel,
    CheckRequest,
    PageCheck,
    check_page,
)
from mmskin_build.records import Alignment, Figure, PageFailure
from mmskin_build.store import code_digest, from_json, storage_errors, to_json, write_bytes

_BATCH_PAGES = 200


def check_pages(
    pool: PagePool,
    source: PdfSource,
    alignment: Alignment,
    page_indices: Sequence[int],
    folder: Path,
    *,
    cfg: PdfConfig | None = None,
    on_page: Callable[[int], None] | None = None,
) -> dict[int, PageCheck]:
    """Return the check of each page that could be read; answers are kept in `folder`.

    Raises:
        InputPdfError: If the document cannot be opened.
        StorageError: If `folder` cannot be written.
    """
    requests = build_requests(alignment.figures, page_indices, cfg or PdfConfig())
    book = f"{alignment.book_sha256} {code_digest('pdf')}"
    found: dict[int, PageCheck] = {}
    missing: list[int] = []
    for index, request in requests.items():
        path = _path(folder, book, index, request)
        with storage_errors(path):
            if path.is_file():
                found[index] = from_json(path.read_bytes(), PageCheck, str(path))
            else:
                missing.append(index)
    for start in range(0, len(missing), _BATCH_PAGES):
        jobs = [
            PageJob(page_index=index, payload=requests[index])
            for index in missing[start : start + _BATCH_PAGES]
        ]
        for job, check in zip(jobs, pool.run(source, jobs, check_page, on_page), strict=True):
            if isinstance(check, PageFailure):
                continue  # told by the report as a page that could not be read
            found[job.page_index] = check
            path = _path(folder, book, job.page_index, job.payload)
            write_bytes(path, to_json(check), durable=False)
    _remove_others(folder, {_path(folder, book, i, request) for i, request in requests.items()})
    return dict(sorted(found.items()))


def build_requests(
    figures: Sequence[Figure], page_indices: Sequence[int], cfg: PdfConfig
) -> dict[int, CheckRequest]:
    """Return what is to be checked on each page: captions, letters and parts that stand there."""
    captions: dict[int, list[CheckedCaption]] = {index: [] for index in page_indices}
    panels: dict[int, list[CheckedPanel]] = {index: [] for index in page_indices}
    for figure in figures:
        page = figure.caption_page_index
        if page in captions and figure.caption_bbox is not None:
            text = f"{figure.label or ''} {figure.caption or ''}".strip()
            captions[page].append(CheckedCaption(bbox=figure.caption_bbox, text=text))
        for number, panel in enumerate(figure.panels):
            for index in {figure.page_index, page} & panels.keys():
                if index is not None and (panel.label or panel.text):
                    panels[index].append(
                        CheckedPanel(
                            panel_id=panel_id(figure, number),
                            bbox=panel.bbox if index == figure.page_index else None,
                            label=panel.label,
                            text=panel.text,
                            caption_bbox=figure.caption_bbox if index == page else None,
                        )
                    )
    return {
        index: CheckRequest(cfg=cfg, captions=tuple(captions[index]), panels=tuple(panels[index]))
        for index in sorted(captions)
    }


def panel_id(figure: Figure, number: int) -> str:
    """Name a panel of a figure by its place, from 0."""
    return f"{figure.figure_id}#{number}"


def caption_agreement(
    figures: Sequence[Figure], checks: Mapping[int, PageCheck]
) -> dict[str, float | None]:
    """Return how much of each caption the second reader has, too, by figure id."""
    found: dict[str, float | None] = {}
    place: dict[int, int] = {}
    for figure in figures:
        page = figure.caption_page_index
        if page not in checks or figure.caption_bbox is None or page is None:
            continue
        number = place.get(page, 0)
        place[page] = number + 1
        found[figure.figure_id] = checks[page].agreement[number]
    return found


def _path(folder: Path, book: str, index: int, request: CheckRequest) -> Path:
    asked = hashlib.sha256(f"{book} {request!r}".encode()).hexdigest()[:20]
    return folder / f"p{index + 1:05d}-{asked}.json"


def _remove_others(folder: Path, keep: set[Path]) -> None:
    with storage_errors(folder):
        for path in sorted(folder.glob("p[0-9]*-*.json")):
            if path not in keep:
                path.unlink()
