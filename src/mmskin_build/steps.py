"""The stages in order, and the only place that knows them all.

    book.pdf -> read_book -> align_book -> cut_pictures -> screen_pictures -> assemble_book
                 pages        figures       pictures        what they show     records of a book,
                                                                               verdicts applied

    all books -> finish_build: near duplicates joined across books, data/work/build.json

Each stage of each book is kept in the store under the digests of what it depends on; a stage reads
what the one before wrote, so a resumed build and a fresh one see the same bytes. The local engine
(`build`) and the Prefect flow call the same functions in the same order.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmskin_build.alignment import check_conserved, cut_figures, pair_figures, read_pages
from mmskin_build.books import adobe_path, book_source, pages_to_read
from mmskin_build.cache import Entry, Stage, open_store, read_entry, stage_version
from mmskin_build.config import Config, Workspace, config_sha256
from mmskin_build.dataset.assemble import Surroundings, assemble_records, panel_id
from mmskin_build.dataset.figure_verdicts import decide_figures
from mmskin_build.dataset.masks import MaskedPicture, mask_record
from mmskin_build.dataset.summary import PageNote, summarize_book
from mmskin_build.dataset.verdicts import PictureVerdicts
from mmskin_build.decisions import Standing, standing_decisions
from mmskin_build.errors import StorageError
from mmskin_build.images.classify import (
    ScreenedPicture,
    ScreenFiles,
    is_machine_to_blame,
    screen_files,
)
from mmskin_build.pdf.adobe import digest_extract, load_extract
from mmskin_build.pdf.isolation import MACHINE_FAILURES, WorkerPool
from mmskin_build.pdf.jobs import PagePool
from mmskin_build.records import (
    Book,
    Figure,
    Page,
    PageFailure,
    PageHeadings,
    Record,
    Reject,
)
from mmskin_build.review.applying import cut_decided, decisions_of_book
from mmskin_build.review.decisions import read_decisions
from mmskin_build.screening import first_file, screen_figures
from mmskin_build.store import (
    file_sha256,
    read_jsonl,
    to_json,
    to_jsonl,
    write_jsonl,
)

PAGES, NOTES, FAILURES = "pages.jsonl.gz", "page_notes.jsonl", "failures.jsonl"
FIGURES, REJECTS, PICTURES = "figures.jsonl", "rejects.jsonl", "pictures"
HEADINGS = "headings.jsonl"
INDEX = "index.jsonl"
SCREENED = "screened.jsonl"
RECORDS, SUMMARY, MASKED = "records.jsonl", "summary.jsonl", "masked.jsonl"
JUDGED, OUTCOMES = "judged.jsonl", "outcomes.jsonl"
JOINS, APART = "joins.jsonl", "apart.jsonl"

_DETECTORS = ("scikit-image", "scipy", "onnx", "onnxruntime", "nudenet")

STAGES = ("read_book", "align_book", "cut_pictures", "screen_pictures", "assemble_book")

Progress = Callable[[str, str, int, int], None]
"""Called with book id, stage, pages done and pages in all."""


def no_progress(book_id: str, stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, kw_only=True)  # no slots: `standing` is kept
class Job:
    """What a stage needs: where things lie, the settings, who reads and screens, whom to tell."""

    workspace: Workspace
    cfg: Config
    pool: PagePool
    screen: ScreenFiles = screen_files
    model: Path | None = None  # where the file of `images.modality_model` lies, if not there
    progress: Progress = no_progress
    check: bool = False  # compare the digests of kept pictures, try again what the machine failed

    @functools.cached_property
    def standing(self) -> dict[str, Standing]:
        """What people decided and holds; read once a job."""
        decisions, _ = read_decisions(self.workspace.review / "decisions")
        return standing_decisions(decisions)

    def keep(
        self,
        stage: Stage,
        produce: Callable[[Path], None],
        *,
        is_doubtful: Callable[[Entry], bool] = lambda entry: False,
    ) -> Entry:
        """Return the kept output of `stage`, or make it.

        Where the job checks, an entry that `is_doubtful` is made again: the machine, and not what
        went in, is to blame for a part of it.
        """
        store = open_store(self.workspace)
        kept = store.find(stage, deep=True) if self.check else None
        anew = kept is not None and is_doubtful(kept)
        return store.run(stage, produce, deep=self.check, anew=anew)


@contextmanager
def open_job(
    workspace: Workspace,
    cfg: Config,
    progress: Progress = no_progress,
    *,
    check: bool = False,
) -> Iterator[Job]:
    """Provide a job with a pool of workers, which start when they are first needed."""
    with WorkerPool(cfg.pdf, cfg.workers()) as pool:
        yield Job(
            workspace=workspace,
            cfg=cfg,
            pool=pool,
            progress=progress,
            check=check,
        )


# ------------------------------------------------------------------------- stages of one book


def read_book(job: Job, book: Book) -> Entry:
    """Turn a book's file into pages: `PAGES`, `NOTES`, `FAILURES`."""
    indices = pages_to_read(book)
    language = _language(job, book)
    adobe = adobe_path(job.workspace, book)
    stage = Stage(
        name="read_book",
        version=stage_version("pdf"),
        config_sha256=config_sha256(job.cfg.pdf),
        inputs={
            "book": book.sha256,
            "pages": hashlib.sha256(repr(indices).encode()).hexdigest(),
            "language": language,
            **({} if adobe is None else {"adobe": digest_extract(adobe)}),
        },
    )

    def produce(folder: Path) -> None:
        done = _counting(job, book.id, "read_book", len(indices))
        source = book_source(job.workspace, book)
        extract = None if adobe is None else load_extract(adobe, book.page_count)
        pages, failures = read_pages(job.pool, source, job.cfg, indices, language, done, extract)
        write_jsonl(folder / PAGES, pages, durable=False)
        write_jsonl(folder / FAILURES, failures, durable=False)
        told = ("page_index", "page_label", "width_pt", "height_pt", "flags")
        notes = [PageNote(**{name: getattr(page, name) for name in told}) for page in pages]
        write_jsonl(folder / NOTES, notes, durable=False)

    return job.keep(
        stage,
        produce,
        is_doubtful=lambda kept: _has_failed(read_jsonl(kept.path(FAILURES), PageFailure)),
    )


def _has_failed(ended: Iterable[PageFailure | Reject]) -> bool:
    """Whether the machine, and not the book, is to blame for one of them."""
    return any(one.reason in MACHINE_FAILURES for one in ended)


def align_book(job: Job, book: Book, pages: Entry) -> Entry:
    """Turn pages into figures: `FIGURES`, `REJECTS`, `HEADINGS`, `INDEX`."""
    stage = Stage(
        name="align_book",
        version=stage_version("figures"),
        config_sha256=config_sha256(job.cfg.figures),
        inputs={"pages": pages.outputs[PAGES].sha256},
    )

    def produce(folder: Path) -> None:
        job.progress(book.id, "align_book", 0, 0)
        found = pair_figures(read_jsonl(pages.path(PAGES), Page), job.cfg)
        write_jsonl(folder / FIGURES, found.figures, durable=False)
        write_jsonl(folder / REJECTS, found.rejects, durable=False)
        write_jsonl(folder / HEADINGS, found.headings, durable=False)
        write_jsonl(folder / INDEX, found.index, durable=False)

    return job.keep(stage, produce)


def cut_pictures(job: Job, book: Book, aligned: Entry) -> Entry:
    """Cut the figures' pictures: `FIGURES` complete, `REJECTS`, and the folder `PICTURES`."""
    stage = Stage(
        name="cut_pictures",
        version=stage_version("pdf", "figures"),
        config_sha256=config_sha256(job.cfg.pdf, job.cfg.figures),
        inputs={
            "book": book.sha256,
            "figures": aligned.outputs[FIGURES].sha256,
            "language": _language(job, book),
        },
    )

    def produce(folder: Path) -> None:
        figures = read_jsonl(aligned.path(FIGURES), Figure)
        with_pictures = {figure.page_index for figure in figures if figure.panels}
        done = _counting(job, book.id, "cut_pictures", len(with_pictures))
        source, out_dir = book_source(job.workspace, book), folder / PICTURES
        figures, rejects = cut_figures(
            job.pool, source, job.cfg, figures, out_dir, done, _language(job, book)
        )
        write_jsonl(folder / FIGURES, figures, durable=False)
        write_jsonl(folder / REJECTS, rejects, durable=False)

    return job.keep(
        stage, produce, is_doubtful=lambda kept: _has_failed(read_jsonl(kept.path(REJECTS), Reject))
    )


def screen_pictures(job: Job, book: Book, aligned: Entry, cut: Entry) -> Entry:
    """Ask the detectors about every picture that may become a record: `SCREENED`.

    The words around a picture say what to look for, so captions and headings are inputs, too.
    """
    model = _model(job)
    read_all_words = job.cfg.images.annotated_major == "keep"
    stage = Stage(
        name="screen_pictures",
        version=stage_version("images", "text", "figures", "dataset/words", libraries=_DETECTORS),
        config_sha256="",
        inputs={
            "figures": cut.outputs[FIGURES].sha256,
            "headings": aligned.outputs[HEADINGS].sha256,
            "language": _language(job, book),
            "read_all_words": str(read_all_words),
            **({} if model is None else {"model": file_sha256(model)}),
        },
    )

    def produce(folder: Path) -> None:
        _cut_again_if_damaged(job, book, aligned, cut)
        figures = read_jsonl(cut.path(FIGURES), Figure)
        screened = _screen(job, book, figures, _headings(aligned), [cut.folder / PICTURES])
        write_jsonl(folder / SCREENED, screened, durable=False)

    def is_doubtful(kept: Entry) -> bool:
        return any(map(is_machine_to_blame, read_jsonl(kept.path(SCREENED), ScreenedPicture)))

    return job.keep(stage, produce, is_doubtful=is_doubtful)


def _cut_again_if_damaged(job: Job, book: Book, aligned: Entry, cut: Entry) -> None:
    """A damaged picture would be seen as what it is not, so all are compared before they are read.

    Raises:
        StorageError: If they do not come out as they were.
    """
    if cut.fresh or read_entry(cut.folder, deep=True) is not None:
        return
    if cut_pictures(dataclasses.replace(job, check=True), book, aligned).outputs != cut.outputs:
        raise StorageError(f"{cut.folder}: damaged and cut again; run: mmskin build")


def _screen(
    job: Job,
    book: Book,
    figures: Sequence[Figure],
    headings: Mapping[int, Sequence[str]],
    folders: Sequence[Path],
) -> tuple[ScreenedPicture, ...]:
    """Ask the detectors about the pictures of figures, which lie in the first folder with them."""
    return screen_figures(
        figures,
        headings,
        folders,
        screen=job.screen,
        workers=job.cfg.workers(),
        model_path=_model(job),
        language=_language(job, book),
        read_all_words=job.cfg.images.annotated_major == "keep",
        progress=lambda done, total: job.progress(book.id, "screen_pictures", done, total),
    )


def _model(job: Job) -> Path | None:
    if job.model is not None:
        return job.model
    return Path(job.cfg.images.modality_model) if job.cfg.images.modality_model else None


def _language(job: Job, book: Book) -> str:
    """Tesseract's codes for a book."""
    return book.language or job.cfg.pdf.ocr_language


def _headings(aligned: Entry) -> dict[int, tuple[str, ...]]:
    """Headings by page index."""
    return {h.page_index: h.texts for h in read_jsonl(aligned.path(HEADINGS), PageHeadings)}


def assemble_book(
    job: Job, book: Book, pages: Entry, aligned: Entry, cut: Entry, screened: Entry
) -> Entry:
    """Turn a book's figures into records: `RECORDS`, `REJECTS` of all stages, `SUMMARY`.

    What people decided is applied here: `FIGURES` are those after verdicts, `OUTCOMES` what became
    of each verdict, `JUDGED` what the program itself makes of each picture. Pictures that were
    masked or drawn anew lie in `PICTURES`; `MASKED` says which ones they were made from, `SCREENED`
    what is seen in pictures of figures that a verdict changed.
    """
    settings = records_sha256(job.cfg)
    anywhere = dataclasses.replace(book, path="", adobe=None)  # its file is told by digest
    pictures = {Path(name).stem for name in cut.outputs if name.startswith(f"{PICTURES}/")}
    standing = decisions_of_book(job.standing, book, pictures)
    stage = Stage(
        name="assemble_book",
        version=stage_version("dataset", "text", "images", "figures", "pdf", "review/applying"),
        config_sha256=settings,
        inputs={
            "book": hashlib.sha256(to_json(anywhere)).hexdigest(),
            "notes": pages.outputs[NOTES].sha256,
            "failures": pages.outputs[FAILURES].sha256,
            "left_out": aligned.outputs[REJECTS].sha256,
            "headings": aligned.outputs[HEADINGS].sha256,
            "figures": cut.outputs[FIGURES].sha256,
            "not_cut": cut.outputs[REJECTS].sha256,
            "screened": screened.outputs[SCREENED].sha256,
            "decisions": hashlib.sha256(to_jsonl(s.holds for s in standing.values())).hexdigest(),
        },
    )

    def produce(folder: Path) -> None:
        from mmskin_build.pdf.reader import FALLBACK_FLAGS

        job.progress(book.id, "assemble_book", 0, 0)
        notes = read_jsonl(pages.path(NOTES), PageNote)
        figures = read_jsonl(cut.path(FIGURES), Figure)
        decided = decide_figures(figures, standing, book)
        source = book_source(job.workspace, book)
        decided, not_cut = cut_decided(job.pool, source, job.cfg, decided, folder / PICTURES)
        figures = decided.figures
        seen = {p.name: p for p in read_jsonl(screened.path(SCREENED), ScreenedPicture)}
        new = _screen(
            job,
            book,
            [figure for figure in figures if figure.figure_id in decided.touched],
            _headings(aligned),
            [cut.folder / PICTURES, folder / PICTURES],
        )
        verdicts = PictureVerdicts(standing=standing, book=book, images=job.cfg.images)
        around = Surroundings(
            page_labels={note.page_index: note.page_label for note in notes},
            headings=_headings(aligned),
            screened=seen | {picture.name: picture for picture in new},
            images=job.cfg.images,
            privacy=job.cfg.privacy,
            config_sha256=settings,
            decided=decided,
            verdicts=verdicts,
        )
        found = assemble_records(book, figures, around)
        verdicts.note_unseen(
            (panel_id(figure, index), figure.page_index, panel)
            for figure in figures
            for index, panel in enumerate(figure.panels)
        )
        _check_figures_end(figures, found.records, found.rejects)
        records: list[Record] = []
        masked: list[MaskedPicture] = []
        for record in found.records:
            if record.id in found.masks:
                name = f"{PICTURES}/{record.image_sha256}.png"
                picture = first_file([cut.path(name), folder / name])
                record, made = mask_record(
                    record, found.masks[record.id], picture, folder / PICTURES
                )
                masked.append(made)
            records.append(record)
        before = (aligned.path(REJECTS), cut.path(REJECTS))
        earlier = itertools.chain.from_iterable(read_jsonl(path, Reject) for path in before)
        rejects = [*earlier, *not_cut, *found.rejects]
        summary = summarize_book(
            book,
            notes=notes,
            failures=read_jsonl(pages.path(FAILURES), PageFailure),
            figures=figures,
            records=records,
            rejects=rejects,
            doubtful_below=job.cfg.figures.doubtful_below,
            fallback_flags=FALLBACK_FLAGS,
            max_fallback_share=job.cfg.pdf.max_fallback_share,
        )
        write_jsonl(folder / RECORDS, records, durable=False)
        write_jsonl(folder / MASKED, masked, durable=False)
        write_jsonl(folder / FIGURES, figures, durable=False)
        write_jsonl(folder / SCREENED, new, durable=False)
        write_jsonl(folder / JUDGED, found.judged, durable=False)
        write_jsonl(folder / OUTCOMES, [*decided.outcomes, *verdicts.outcomes], durable=False)
        write_jsonl(folder / REJECTS, rejects, durable=False)
        write_jsonl(folder / SUMMARY, [summary], durable=False)

    return job.keep(stage, produce)


def _check_figures_end(
    figures: Sequence[Figure], records: Sequence[Record], rejects: Sequence[Reject]
) -> None:
    """Each figure must be in a record or in a reject, and nothing else may be there."""
    ended = {record.provenance.figure_id for record in records}
    ended |= {reject.item_id.partition("#")[0] for reject in rejects}
    check_conserved("assemble_book", [figure.figure_id for figure in figures], ended)


def records_sha256(cfg: Config) -> str:
    """Return the digest of all settings that records depend on."""
    return config_sha256(cfg.pdf, cfg.figures, cfg.images, cfg.privacy)


def _counting(job: Job, book_id: str, stage: str, total: int) -> Callable[[int], None]:
    """Tell the progress of one stage of one book; to be called with each finished page."""
    done = itertools.count(1)
    job.progress(book_id, stage, 0, total)
    return lambda page_index: job.progress(book_id, stage, next(done), total)
