"""A whole build: all books through the stages of `steps`, then joined; and what becomes of it.

The local engine (`build`) and the Prefect flow call the same functions in the same order;
``data/work/build.json`` says what the last build made, and is where releases and audits start.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mmskin_build.books import check_book, read_books
from mmskin_build.cache import Entry, Stage, open_store, stage_version
from mmskin_build.config import Config, Workspace
from mmskin_build.dataset.groups import join_groups
from mmskin_build.dataset.manifest import SpotCheck
from mmskin_build.dataset.masks import MaskedPicture
from mmskin_build.dataset.mmskin_o import QuestionSet
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.pictures import Progress as PictureProgress
from mmskin_build.dataset.pictures import no_progress as no_picture_progress
from mmskin_build.dataset.release import check_request, write_release
from mmskin_build.dataset.released import read_manifest, released_versions
from mmskin_build.dataset.summary import BookSummary, BuildSummary, natural_order, reject_book
from mmskin_build.dataset.verdicts import apart_as_released, decide_duplicates, mark_reviewed
from mmskin_build.dataset.withdrawn import find_withdrawn, read_tombstones, reject_withdrawn
from mmskin_build.decisions import standing_decisions
from mmskin_build.errors import (
    AdobeExtractError,
    BookRegistryError,
    InputPdfError,
    ReleaseError,
    SchemaError,
    StorageError,
)
from mmskin_build.images.classify import ScreenedPicture
from mmskin_build.images.duplicates import DuplicateIndex, connect
from mmskin_build.images.fingerprint import Fingerprint
from mmskin_build.questions import decide_answers, find_questions
from mmskin_build.queues import spot_check, write_build_queue
from mmskin_build.records import Alignment, Book, Figure, Page, PageFailure, Record, Reject
from mmskin_build.review.decisions import read_decisions
from mmskin_build.steps import (
    APART,
    FAILURES,
    FIGURES,
    JOINS,
    MASKED,
    PAGES,
    PICTURES,
    RECORDS,
    REJECTS,
    SCREENED,
    STAGES,
    SUMMARY,
    Job,
    Progress,
    align_book,
    assemble_book,
    cut_pictures,
    no_progress,
    open_job,
    read_book,
    records_sha256,
    screen_pictures,
)
from mmskin_build.store import (
    file_sha256,
    find_abandoned,
    from_json,
    read_jsonl,
    storage_errors,
    to_json,
    to_jsonl,
    write_bytes,
    write_jsonl,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOutcome:
    """How a book ended: its summary and the stages that had to be computed this time."""

    summary: BookSummary
    computed: tuple[str, ...] = ()


def build_book(job: Job, book: Book) -> BookOutcome:
    """Take one book through all stages; a file that cannot be used rejects the book."""
    try:
        check_book(job.workspace, book)
        pages = read_book(job, book)
        aligned = align_book(job, book, pages)
        cut = cut_pictures(job, book, aligned)
        screened = screen_pictures(job, book, aligned, cut)
        assembled = assemble_book(job, book, pages, aligned, cut, screened)
    except (InputPdfError, AdobeExtractError) as error:
        return BookOutcome(summary=reject_book(book, str(error)))
    return book_outcome([pages, aligned, cut, screened, assembled])


def book_outcome(entries: Sequence[Entry]) -> BookOutcome:
    """Return how a book ended that went through all `STAGES`; `entries` in their order."""
    stages = {name: entry.key for name, entry in zip(STAGES, entries, strict=True)}
    summary = read_jsonl(entries[-1].path(SUMMARY), BookSummary)[0]
    computed = tuple(name for name, e in zip(STAGES, entries, strict=True) if e.fresh)
    return BookOutcome(summary=dataclasses.replace(summary, stages=stages), computed=computed)


def begin_build(workspace: Workspace) -> tuple[Book, ...]:
    """Clear away what killed runs left and return the books to build, in the order of their ids.

    Raises:
        BookRegistryError: If no book is registered or the registry contradicts itself.
        StorageError: If the work folder cannot be written, or shared storage cannot be used.
    """
    books = sorted(read_books(workspace), key=lambda book: natural_order(book.id))
    if not books:
        raise BookRegistryError(
            f"{workspace.books_toml}: no book has a file yet; "
            "register one with: mmskin books add BOOK.pdf --id bk1"
        )
    with storage_errors(workspace.work):
        workspace.work.mkdir(parents=True, exist_ok=True)
    store = open_store(workspace)
    if store.remote is not None:
        store.remote.check()
    store.sweep()
    for folder in (workspace.work, workspace.data, workspace.review / "queue"):
        for path in find_abandoned(folder):
            path.unlink(missing_ok=True)
    return tuple(books)


def finish_build(
    workspace: Workspace, cfg: Config, outcomes: Sequence[BookOutcome]
) -> BuildSummary:
    """Join the books' records and write ``data/work/build.json``: this is the build to release.

    The queue of the review is written, too.
    """
    joined = join_books(workspace, [o.summary for o in outcomes if o.summary.status == "built"])
    summary = BuildSummary(
        books=tuple(outcome.summary for outcome in outcomes),
        content_digest=joined.outputs[RECORDS].sha256,
        joined=joined.key,
        withdrawn=read_jsonl(joined.path(REJECTS), Reject),
        withdrawn_sha256=withdrawn_sha256(workspace),
    )
    write_bytes(workspace.current, to_json(summary) + b"\n")
    write_build_queue(workspace, cfg, summary, read_books(workspace))
    return summary


def join_books(workspace: Workspace, books: Sequence[BookSummary]) -> Entry:
    """Give the records of all books their groups, near duplicates included: `RECORDS`.

    What was withdrawn, or is a copy of it, is left out: `REJECTS`.

    The index of duplicates grows with the books and is kept in the work folder; what one book adds
    is compared with what is there, and nothing twice.
    """
    store = open_store(workspace)
    assembled = [store.entry("assemble_book", book.stages["assemble_book"]) for book in books]
    screened = [store.entry("screen_pictures", book.stages["screen_pictures"]) for book in books]
    standing = standing_decisions(read_decisions(workspace.review / "decisions")[0])
    verdicts = [s.holds for s in standing.values() if s.holds.field == "duplicate"]
    outputs = [(e, RECORDS) for e in assembled] + [(e, SCREENED) for e in (*screened, *assembled)]
    stage = Stage(
        name="join_books",
        version=stage_version(
            "images", "dataset/groups", "dataset/verdicts", "dataset/withdrawn", "decisions"
        ),
        config_sha256=withdrawn_sha256(workspace),
        inputs={
            "decisions": hashlib.sha256(to_jsonl(verdicts)).hexdigest(),
            **{
                f"{number:05d}": entry.outputs[name].sha256
                for number, (entry, name) in enumerate(outputs)
            },
        },
    )

    def produce(folder: Path) -> None:
        prints = _read_prints((*screened, *assembled))
        decided = decide_duplicates(standing)
        with DuplicateIndex(workspace.duplicates) as index:
            index.add(prints.items())
            joins = tuple(j for j in index.joins() if j.first in prints and j.second in prints)
        pairs = [
            (join.first, join.second)
            for join in joins
            if (join.first, join.second) not in decided.apart
        ]
        same = connect(prints, [*pairs, *sorted(decided.same)])
        made_from: dict[str, str] = {}
        for entry in assembled:
            for made in read_jsonl(entry.path(MASKED), MaskedPicture):
                same[made.image_sha256] = same.get(made.made_from, made.made_from)
                made_from[made.image_sha256] = made.made_from
        records = tuple(
            mark_reviewed(record, decided.by_picture.get(original, ()))
            for entry in assembled
            for record in read_jsonl(entry.path(RECORDS), Record)
            for original in [made_from.get(record.image_sha256, record.image_sha256)]
        )
        gone = find_withdrawn(
            read_tombstones(workspace.withdrawn), prints, (r.image_sha256 for r in records)
        )
        gone |= {made: gone[origin] for made, origin in made_from.items() if origin in gone}
        kept = tuple(record for record in records if record.image_sha256 not in gone)
        rejects = [
            reject_withdrawn(r, gone[r.image_sha256]) for r in records if r.image_sha256 in gone
        ]
        write_jsonl(folder / RECORDS, join_groups(kept, same), durable=False)
        write_jsonl(folder / REJECTS, rejects, durable=False)
        write_jsonl(folder / JOINS, joins, durable=False)
        apart = apart_as_released(decided.apart, made_from)
        write_jsonl(folder / APART, apart, durable=False)

    return store.run(stage, produce)


def withdrawn_sha256(workspace: Workspace) -> str:
    """Return the digest of the list of withdrawn pictures, "" without one."""
    return file_sha256(workspace.withdrawn) if workspace.withdrawn.exists() else ""


def build(
    workspace: Workspace,
    cfg: Config,
    progress: Progress = no_progress,
    *,
    check: bool = False,
) -> tuple[BuildSummary, tuple[BookOutcome, ...]]:
    """Build all registered books in this process and its workers.

    With `check` the digests of kept pictures are compared, and damaged ones cut again; what failed
    for want of time, memory or a worker is tried again.

    Raises:
        BookRegistryError: If there is nothing to build.
        MissingDependencyError: If Tesseract or one of its languages is missing.
        StorageError: If the disk is full or the work folder cannot be written.
    """
    books = begin_build(workspace)
    with open_job(workspace, cfg, progress, check=check) as job:
        outcomes = tuple(build_book(job, book) for book in books)
    return finish_build(workspace, cfg, outcomes), outcomes


def read_build(workspace: Workspace) -> BuildSummary:
    """Return what the last build made.

    Raises:
        ReleaseError: If there was none.
    """
    if not workspace.current.exists():
        raise ReleaseError(f"{workspace.current}: nothing has been built yet; run: mmskin build")
    with storage_errors(workspace.current):
        content = workspace.current.read_bytes()
    return from_json(content, BuildSummary, f"{workspace.current} (mmskin build makes it again)")


def read_build_before(workspace: Workspace) -> BuildSummary | None:
    """Return what the last build made, None where there was none or its file is damaged."""
    try:
        return read_build(workspace)
    except (ReleaseError, SchemaError, StorageError):
        return None


def read_alignment(workspace: Workspace, book: BookSummary) -> Alignment:
    """Return the finished figures, after verdicts, rejects and failures of a built book."""
    store = open_store(workspace)
    pages, aligned, cut = (store.entry(name, book.stages[name]) for name in STAGES[:3])
    assembled = store.entry("assemble_book", book.stages["assemble_book"])
    rejects = (aligned.path(REJECTS), cut.path(REJECTS))
    return Alignment(
        book_sha256=book.sha256,
        page_count=book.page_count,
        figures=read_jsonl(assembled.path(FIGURES), Figure),
        rejects=tuple(chain.from_iterable(read_jsonl(path, Reject) for path in rejects)),
        failures=read_jsonl(pages.path(FAILURES), PageFailure),
    )


def read_pages_of(workspace: Workspace, book: BookSummary) -> tuple[Page, ...]:
    """Return the pages of a built book."""
    entry = open_store(workspace).entry("read_book", book.stages["read_book"])
    return read_jsonl(entry.path(PAGES), Page)


def pictures_folder(workspace: Workspace, book: BookSummary) -> Path:
    """Return the folder with the pictures of a built book, ``<image_sha256>.png``."""
    return open_store(workspace).entry("cut_pictures", book.stages["cut_pictures"]).folder


def picture_entries(workspace: Workspace, book: BookSummary) -> tuple[Entry, Entry]:
    """Return the stage outputs that hold a built book's pictures: as cut, and as masked."""
    store = open_store(workspace)
    cut = store.entry("cut_pictures", book.stages["cut_pictures"])
    return cut, store.entry("assemble_book", book.stages["assemble_book"])


def find_pictures(workspace: Workspace, summary: BuildSummary) -> dict[str, Picture]:
    """Return the picture files of a build by `image_sha256`."""
    files: dict[str, Picture] = {}
    for book in summary.books:
        if book.status == "built":
            for entry in picture_entries(workspace, book):
                files |= {
                    Path(name).stem: Picture(path=entry.path(name), sha256=output.sha256)
                    for name, output in entry.outputs.items()
                    if name.startswith(f"{PICTURES}/")
                }
    return files


def read_records(workspace: Workspace, summary: BuildSummary) -> tuple[Record, ...]:
    """Return the records of a build, groups joined across books."""
    entry = open_store(workspace).entry("join_books", summary.joined)
    return read_jsonl(entry.path(RECORDS), Record)


def read_told_apart(workspace: Workspace, summary: BuildSummary) -> tuple[tuple[str, str], ...]:
    """Return pairs of a build's pictures that a person called different, by `image_sha256`."""
    entry = open_store(workspace).entry("join_books", summary.joined)
    return read_jsonl(entry.path(APART), tuple[str, str])


def read_prints(workspace: Workspace, summary: BuildSummary) -> dict[str, Fingerprint]:
    """Return the fingerprints of a build's pictures by `image_sha256`; masked ones have none."""
    store = open_store(workspace)
    return _read_prints(
        [
            store.entry(name, book.stages[name])
            for book in summary.books
            if book.status == "built"
            for name in ("screen_pictures", "assemble_book")
        ]
    )


def _read_prints(screened: Sequence[Entry]) -> dict[str, Fingerprint]:
    return {
        picture.sha256: picture.screening.fingerprint
        for entry in screened
        for picture in read_jsonl(entry.path(SCREENED), ScreenedPicture)
        if picture.sha256 and picture.screening and picture.screening.fingerprint
    }


def make_release(
    workspace: Workspace,
    cfg: Config,
    version: str | None,
    *,
    leave_out_held: bool = False,
    progress: PictureProgress = no_picture_progress,
) -> Path:
    """Release what the last build made as ``data/releases/<name>/<version>`` and return it.

    A version of None is the least that the changes since the last release call for.

    Raises:
        ReleaseError: If nothing has been built, the settings are others than those of the build,
            pictures wait for a decision (see `dataset.release.write_release`), or the version is
            not acceptable.
        StorageError: If the store is damaged or the release cannot be written.
    """
    check_request(workspace.releases / cfg.dataset.name, cfg.dataset.name, version)
    summary = read_build(workspace)
    records = read_records(workspace, summary)
    if summary.withdrawn_sha256 != withdrawn_sha256(workspace):
        raise ReleaseError("pictures were withdrawn since the last build; run: mmskin build")
    if any(record.config_sha256 != records_sha256(cfg) for record in records):
        raise ReleaseError("the settings have changed since the last build; run: mmskin build")
    files = find_pictures(workspace, summary)
    return write_release(
        workspace.releases,
        version,
        cfg=cfg,
        summary=summary,
        books=read_books(workspace),
        records=records,
        pictures={record.id: files[record.image_sha256] for record in records},
        leave_out_held=leave_out_held,
        questions=_read_questions(workspace, cfg, summary, records),
        prints=read_prints(workspace, summary),
        told_apart=read_told_apart(workspace, summary),
        spot_check=_spot_check(workspace),
        progress=progress,
    )


def renew_release(workspace: Workspace, cfg: Config) -> Path:
    """Return the last release if it is of the last build and its questions, else make the next one.

    What waits for a person's decision is left out.

    Raises:
        ReleaseError: See `make_release`.
        StorageError: See `make_release`.
    """
    summary = read_build(workspace)
    questions = _read_questions(workspace, cfg, summary, read_records(workspace, summary))
    folder = workspace.releases / cfg.dataset.name
    versions = released_versions(folder)
    if versions:
        last = read_manifest(folder / versions[-1])
        note = "" if questions is None else questions.note
        asked = last.subsets["MM-Skin-O"].note if questions is not None else ""
        if last.build_digest == summary.content_digest and asked == note:
            return folder / versions[-1]
    return make_release(workspace, cfg, None, leave_out_held=True)


def _read_questions(
    workspace: Workspace, cfg: Config, summary: BuildSummary, records: Sequence[Record]
) -> QuestionSet | None:
    """The pairs on the records after what people decided about them."""
    found = find_questions(workspace, cfg.vqa, summary)
    if found is None:
        return None
    standing = standing_decisions(read_decisions(workspace.review / "decisions")[0])
    return decide_answers(found, records, standing)


def _spot_check(workspace: Workspace) -> SpotCheck | None:
    found = spot_check(workspace)
    if found is None or found.low is None or found.high is None:
        return None
    return SpotCheck(sampled=found.judged, wrong=found.wrong, low=found.low, high=found.high)
