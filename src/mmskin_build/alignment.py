"""One document from pages to figures with their pictures, without the store.

Read the pages, pair figures with captions, cut the pictures: `steps` keeps each of the three,
`mmskin align` runs them in one go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmskin_build.config import Config
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.jobs import (
    LookRequest,
    PageJob,
    PagePool,
    PanelPart,
    PdfSource,
    PictureView,
    PixelRequest,
    ReadSettings,
)
from mmskin_build.records import Alignment, Figure, Line, Page, PageFailure, Reject
from mmskin_build.store import file_sha256, write_jsonl

if TYPE_CHECKING:
    from mmskin_build.figures.book import BookFigures
    from mmskin_build.pdf.adobe import AdobePage

_NOT_THE_LAYER = frozenset({"hidden_text_layer", "adobe"})  # flags of pages with other lines
_REACH_PT = 10.0  # pixels shown may reach out of a panel's box by one of theirs


def align_file(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    out: Path,
    *,
    language: str | None = None,
    pictures: bool = False,
    adobe: Path | None = None,
    progress: Callable[[str, str, int, int], None],
) -> dict[str, Any]:
    """Write the alignment of a file that is not registered, and return what was found.

    The figures go to ``out/<sha256>.jsonl``; what was left out, failed pages with it, goes to
    ``out/<sha256>.rejects.jsonl``. Both appear only when the whole file is done.

    Raises:
        InputPdfError: If the file cannot be used; then nothing is written.
        AdobeExtractError: If `adobe`, a folder of Adobe PDF Extract, is not of this file.
        MissingDependencyError: If Tesseract or the language is missing.
        StorageError: If `out` cannot be written.
    """
    page_count = pool.inspect(source).page_count
    extract = None
    if adobe is not None:
        from mmskin_build.pdf.adobe import load_extract

        extract = load_extract(adobe, page_count)
    digest = file_sha256(source.path)
    done = Counter[str]()

    def on_page(stage: str, page_index: int) -> None:
        done[stage] += 1
        progress(source.path.name, stage, done[stage], page_count)

    found = align_document(
        pool,
        source,
        cfg,
        book_sha256=digest,
        page_indices=range(page_count),
        language=language,
        out_dir=out / "pictures" if pictures else None,
        extract=extract,
        on_page=on_page,
    )
    rejects = [*map(page_reject, found.failures), *found.rejects]
    write_jsonl(out / f"{digest}.rejects.jsonl", rejects)
    write_jsonl(out / f"{digest}.jsonl", found.figures)
    doubtful = [f for f in found.figures if f.confidence < cfg.figures.doubtful_below]
    return {
        "sha256": digest,
        "pages": page_count,
        "figures": dict(sorted(Counter(figure.status for figure in found.figures).items())),
        "doubtful": sum(1 for figure in doubtful if figure.status == "paired"),
        "rejects": dict(sorted(Counter(reject.reason for reject in rejects).items())),
    }


def page_reject(failure: PageFailure) -> Reject:
    """Return a failed page as a reject."""
    return Reject(
        item_id=f"page{failure.page_index:05d}",
        stage="read_book",
        reason=failure.reason,
        detail=failure.detail,
        page_index=failure.page_index,
    )


def align_document(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    *,
    book_sha256: str,
    page_indices: Sequence[int],
    language: str | None = None,
    out_dir: Path | None = None,
    extract: Sequence[AdobePage] | None = None,
    on_page: Callable[[str, int], None] | None = None,
) -> Alignment:
    """Read the pages, pair figures with captions, cut the pictures.

    Args:
        pool: Where the PDF is read.
        source: The document.
        cfg: Settings; the parts for pdf and figures are used.
        book_sha256: Digest of the file.
        page_indices: The pages to read, 0-based.
        language: Tesseract's codes; None takes the configured ones.
        out_dir: Where pictures go, ``<image_sha256>.png``; None writes none.
        extract: What Adobe PDF Extract made of all pages; None reads the document itself.
        on_page: Called with the stage's name and the page index after each page.

    Raises:
        InputPdfError: If the document cannot be opened.
        AdobeExtractError: If `extract` is not of this document.
        MissingDependencyError: If Tesseract or the language is missing.
    """
    on_read = _for_stage(on_page, "read_book")
    pages, failures = read_pages(pool, source, cfg, page_indices, language, on_read, extract)
    found = pair_figures(pages, cfg)
    figures, more = cut_figures(
        pool,
        source,
        cfg,
        found.figures,
        out_dir,
        _for_stage(on_page, "cut_pictures"),
        language,
        pages,
    )
    return Alignment(
        book_sha256=book_sha256,
        page_count=len(page_indices),
        figures=figures,
        rejects=(*found.rejects, *more),
        failures=failures,
    )


def read_pages(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    page_indices: Sequence[int],
    language: str | None,
    on_page: Callable[[int], None] | None,
    extract: Sequence[AdobePage] | None = None,
) -> tuple[tuple[Page, ...], tuple[PageFailure, ...]]:
    """Return the pages that could be read and the failures of the others, in page order.

    Raises:
        AdobeExtractError: If `extract`, Adobe's output for all pages, is not of this document.
    """
    from mmskin_build.pdf import work

    settings = ReadSettings(cfg=cfg.pdf, language=language or cfg.pdf.ocr_language)
    results: Sequence[Page | PageFailure]
    if extract is None:
        jobs = [PageJob(page_index=index, payload=settings) for index in page_indices]
        results = pool.run(source, jobs, work.read_page, on_page)
    else:
        from mmskin_build.pdf.adobe_pages import AdobeJob, read_adobe_page

        read = [
            PageJob(page_index=index, payload=AdobeJob(adobe=extract[index], settings=settings))
            for index in page_indices
        ]
        results = pool.run(source, read, read_adobe_page, on_page)
    pages = tuple(result for result in results if isinstance(result, Page))
    failures = tuple(result for result in results if isinstance(result, PageFailure))
    ended = [page.page_index for page in pages] + [failure.page_index for failure in failures]
    check_conserved("read_book", page_indices, ended)
    return pages, failures


def pair_figures(pages: Sequence[Page], cfg: Config) -> BookFigures:
    """Return the figures of a book, what was left out and its headings, from its pages alone."""
    from mmskin_build.figures.book import align_book

    return align_book(pages, cfg.figures)


def look_again(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    figures: Sequence[Figure],
    language: str | None = None,
) -> tuple[Figure, ...]:
    """Return the figures with what other readers say of those in doubt (`figures.opinions`).

    Which pages are asked about depends on the figures alone, not on time or on the workers. A page
    on which another reader fails keeps what the first one said.
    """
    from mmskin_build.figures.opinions import find_doubts, weigh_opinions
    from mmskin_build.pdf import work

    if not figures:
        return ()
    doubts = find_doubts(figures, pool.inspect(source).page_count, cfg.figures)
    jobs = [
        PageJob(
            page_index=doubt.page_index,
            payload=LookRequest(
                cfg=cfg.pdf,
                language=language or cfg.pdf.ocr_language,
                layout=doubt.layout,
                captions=doubt.captions,
            ),
        )
        for doubt in doubts
    ]
    looks = pool.run(source, jobs, work.look_again) if jobs else []
    answers = [look for look in looks if not isinstance(look, PageFailure)]
    looked = weigh_opinions(figures, answers)
    check_conserved(
        "look_again", [f.figure_id for f in figures], [figure.figure_id for figure in looked]
    )
    return looked


def cut_figures(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    figures: Sequence[Figure],
    out_dir: Path | None,
    on_page: Callable[[int], None] | None,
    language: str | None = None,
    pages: Sequence[Page] = (),
) -> tuple[tuple[Figure, ...], tuple[Reject, ...]]:
    """Return the figures with their panels' pixels known, and those whose page failed.

    First the pages in doubt are looked at a second time, for what is cut depends on that. The text
    of `pages`, where they are at hand, is not read again.
    """
    from mmskin_build.figures.panels import bind_panels, named_letters, part_count
    from mmskin_build.pdf import work

    figures = look_again(pool, source, cfg, figures, language)
    by_page: dict[int, list[Figure]] = {}
    for figure in figures:
        if figure.panels:
            by_page.setdefault(figure.page_index, []).append(figure)
    at_hand = {page.page_index: page for page in pages}
    jobs = [
        PageJob(
            page_index=index,
            payload=PixelRequest(
                figures=tuple(on_page_figures),
                expected=tuple(part_count(f.caption or "") for f in on_page_figures),
                letters=tuple(named_letters(f.caption or "") for f in on_page_figures),
                render_dpi=cfg.figures.render_dpi,
                find_panels=_find_panels,
                beside=tuple(_beside(f, at_hand.get(index)) for f in on_page_figures),
                lines=_lines_over(at_hand.get(index), on_page_figures),
                out_dir=out_dir,
            ),
        )
        for index, on_page_figures in sorted(by_page.items())
    ]
    cut: dict[str, Figure] = {}
    rejects: list[Reject] = []
    for job, result in zip(jobs, pool.run(source, jobs, work.cut_figures, on_page), strict=True):
        if isinstance(result, PageFailure):
            rejects.extend(_failed_cut(figure, result) for figure in job.payload.figures)
        else:
            cut.update((figure.figure_id, bind_panels(figure)) for figure in result)
    failed = {reject.item_id for reject in rejects}
    done = tuple(
        cut.get(figure.figure_id, figure) for figure in figures if figure.figure_id not in failed
    )
    check_conserved(
        "cut_pictures",
        [figure.figure_id for figure in figures],
        [figure.figure_id for figure in done] + sorted(failed),
    )
    return done, tuple(rejects)


def cut_as_drawn(
    pool: PagePool,
    source: PdfSource,
    cfg: Config,
    figures: Sequence[Figure],
    out_dir: Path,
) -> tuple[tuple[Figure, ...], tuple[Reject, ...]]:
    """Return figures whose panels a person drew with their pixels known; nothing is looked for."""
    from mmskin_build.pdf import work

    by_page: dict[int, list[Figure]] = {}
    for figure in figures:
        by_page.setdefault(figure.page_index, []).append(figure)
    jobs = [
        PageJob(
            page_index=index,
            payload=PixelRequest(
                figures=tuple(some),
                expected=(0,) * len(some),
                letters=((),) * len(some),
                render_dpi=cfg.figures.render_dpi,
                find_panels=_keep_whole,
                out_dir=out_dir,
            ),
        )
        for index, some in sorted(by_page.items())
    ]
    cut: list[Figure] = []
    rejects: list[Reject] = []
    for job, result in zip(jobs, pool.run(source, jobs, work.cut_figures), strict=True):
        if isinstance(result, PageFailure):
            rejects.extend(_failed_cut(figure, result) for figure in job.payload.figures)
        else:
            cut.extend(result)
    return tuple(cut), tuple(rejects)


def _lines_over(page: Page | None, figures: Sequence[Figure]) -> tuple[Line, ...] | None:
    """The lines of the text layer that reach into figures; None where they are not at hand."""
    if page is None or page.text_source != "digital" or _NOT_THE_LAYER.intersection(page.flags):
        return None
    boxes = [panel.bbox.expand(_REACH_PT) for figure in figures for panel in figure.panels]
    return tuple(line for line in page.lines if any(line.bbox.gap(box) <= 0 for box in boxes))


def _beside(figure: Figure, page: Page | None) -> tuple[tuple[tuple[str, Bbox], ...], ...]:
    """The letters beside each picture of a figure that has fewer of them than panels."""
    from mmskin_build.figures.panels import letters_beside, named_letters

    letters = named_letters(figure.caption or "")
    if page is None or len(figure.panels) >= len(letters) or page.text_source != "digital":
        return ()
    return letters_beside([panel.bbox for panel in figure.panels], page.lines, letters)


def _find_panels(
    views: Sequence[PictureView], expected: int, letters: Sequence[str]
) -> Sequence[Sequence[PanelPart]]:
    """Find panels (`figures.cutting`); its libraries are loaded in the worker that calls it."""
    from mmskin_build.figures.cutting import find_panels

    return find_panels(views, expected, letters)


def _keep_whole(
    views: Sequence[PictureView], expected: int, letters: Sequence[str]
) -> Sequence[Sequence[PanelPart]]:
    """Take each picture as one panel (`figures.cutting`), in the worker that calls it."""
    from mmskin_build.figures.cutting import keep_whole

    return keep_whole(views, expected, letters)


def _failed_cut(figure: Figure, failure: PageFailure) -> Reject:
    return Reject(
        item_id=figure.figure_id,
        stage="cut_pictures",
        reason=failure.reason,
        detail=failure.detail,
        page_index=figure.page_index,
        bbox=figure.bbox,
    )


def _for_stage(
    on_page: Callable[[str, int], None] | None, stage: str
) -> Callable[[int], None] | None:
    return None if on_page is None else lambda page_index: on_page(stage, page_index)


def check_conserved(stage: str, taken: Iterable[object], ended: Iterable[object]) -> None:
    """Make sure that each id that a stage took ended exactly once, as an output or a reject.

    Raises:
        RuntimeError: If one was lost, invented or doubled: a mistake in this program.
    """
    before, after = Counter(taken), Counter(ended)
    if before != after:
        lost, new = list(before - after), list(after - before)
        raise RuntimeError(f"{stage} lost {lost[:5]} and invented {new[:5]}")
