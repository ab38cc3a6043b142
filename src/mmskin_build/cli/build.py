"""Commands that read PDFs: align, build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mmskin_build.cli.at_once import each_at_once
from mmskin_build.cli.console import Progress, in_words, print_json, print_table, progress_bars
from mmskin_build.cli.options import EXISTING_PATH, Settings, common_options
from mmskin_build.errors import EXIT_PARTIAL, InputPdfError, MissingDependencyError


@click.command(epilog="\b\nExample:\n  mmskin align articles/*.pdf --out found/")
@click.argument("pdfs", nargs=-1, required=True, metavar="PDF...", type=EXISTING_PATH)
@click.option("--out", required=True, type=EXISTING_PATH, help="Folder for the results.")
@click.option("--language", help="Tesseract's language codes for scanned pages, as in eng+lat.")
@click.option("--password-env", metavar="NAME", help="Environment variable with the password.")
@click.option(
    "--adobe",
    type=EXISTING_PATH,
    metavar="DIR",
    help="Folder with Adobe PDF Extract's structuredData.json for the one PDF.",
)
@click.option("--pictures", is_flag=True, help="Also write the pictures to OUT/pictures.")
@common_options
def align(
    pdfs: tuple[Path, ...],
    out: Path,
    language: str | None,
    password_env: str | None,
    adobe: Path | None,
    pictures: bool,
    settings: Settings,
) -> int:
    """Find the figures of PDF files and their captions.

    Writes OUT/<sha256>.jsonl, one figure a line, and OUT/<sha256>.rejects.jsonl: what was left out
    and why. A file that cannot be used is listed, and the others go on (exit code 12).
    """
    if adobe is not None and len(pdfs) != 1:
        raise click.UsageError("--adobe is for one PDF at a time")
    from mmskin_build.alignment import align_file
    from mmskin_build.pdf.isolation import WorkerPool
    from mmskin_build.pdf.jobs import PdfSource

    sources = [PdfSource(path=pdf, password_env=password_env) for pdf in pdfs]
    workers = settings.cfg.workers()
    with (
        WorkerPool(settings.cfg.pdf, workers) as pool,
        progress_bars(settings, at_once=workers) as show,
    ):

        def work(source: PdfSource, progress: Progress) -> dict[str, Any] | InputPdfError:
            try:
                counts = align_file(
                    pool,
                    source,
                    settings.cfg,
                    out,
                    language=language,
                    pictures=pictures,
                    adobe=adobe,
                    progress=progress,
                )
            except InputPdfError as error:
                return error
            return {"file": str(source.path), "status": "aligned", **counts}

        results = each_at_once(sources, work, workers, show, pool.close)
    found = [
        {"file": str(source.path), "status": "rejected", "message": str(result)}
        if isinstance(result, InputPdfError)
        else result
        for source, result in zip(sources, results, strict=True)
    ]
    errors = [result for result in results if isinstance(result, InputPdfError)]
    if settings.as_json:
        print_json({"files": found})
    else:
        _print_aligned(found)
    if not errors:
        return 0
    return EXIT_PARTIAL if len(errors) < len(pdfs) else errors[0].exit_code


def _print_aligned(found: list[dict[str, Any]]) -> None:
    good = [entry for entry in found if entry["status"] == "aligned"]
    if good:
        print_table(
            ["file", "pages", "paired", "doubtful", "no caption", "no image", "left out"],
            [
                [
                    Path(entry["file"]).name,
                    entry["pages"],
                    entry["figures"].get("paired", 0),
                    entry["doubtful"],
                    entry["figures"].get("image_without_caption", 0),
                    entry["figures"].get("caption_without_image", 0),
                    in_words(entry["rejects"]),
                ]
                for entry in good
            ],
        )
    for entry in found:
        if entry["status"] == "rejected":
            click.echo(f"rejected: {entry['message']}", err=True)


@click.command(
    epilog="\b\nExample:\n  mmskin books add ~/books/rook.pdf --id bk15\n  mmskin build --workers 8"
)
@click.option(
    "--engine",
    type=click.Choice(["local", "prefect", "dask"]),
    default="local",
    show_default=True,
    help="local: this process and its workers. prefect: the same steps as a flow. "
    "dask: on many machines.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask's scheduler, as in tcp://host:8786 [a cluster of this machine].",
)
@click.option(
    "--check",
    is_flag=True,
    help="Compare the digests of kept pictures, and try again what failed for want of time, "
    "memory or a worker.",
)
@common_options
def build(engine: str, scheduler: str | None, check: bool, settings: Settings) -> int:
    """Build all registered books, from pages to records.

    Can be stopped and started at any time; what is finished is kept, and only what depends on a
    changed book or setting is computed again. A book that cannot be used is listed, and the others
    go on (exit code 12).
    """
    from mmskin_build import builds
    from mmskin_build.queues import report_verdicts

    if scheduler is not None and engine == "local":
        raise click.UsageError("--scheduler needs --engine dask or prefect")
    before = builds.read_build_before(settings.workspace)
    with progress_bars(settings) as show:
        if engine == "prefect":
            from mmskin_build.flows.environment import prepare

            prepare(settings.workspace.work)
            from mmskin_build.flows.build_dataset import run_build

            with _dask_packages():
                summary, outcomes = run_build(
                    settings.workspace,
                    settings.cfg,
                    scheduler=scheduler,
                    check=check,
                )
        elif engine == "dask":
            with _dask_packages():
                from mmskin_build.flows import dask_build

            summary, outcomes = dask_build.run_build(
                settings.workspace,
                settings.cfg,
                show,
                scheduler=scheduler,
                check=check,
            )
        else:
            summary, outcomes = builds.build(settings.workspace, settings.cfg, show, check=check)
    computed = {o.summary.id: list(o.computed) for o in outcomes if o.computed}
    verdicts = report_verdicts(settings.workspace, summary, before)
    if settings.as_json:
        from mmskin_build.store import plain

        done = {"computed": computed, "engine": engine, "verdicts": plain(verdicts)}
        print_json({**plain(summary), **done})
    else:
        _print_build(summary, computed)
        _print_verdicts(verdicts)
    return EXIT_PARTIAL if summary.rejected else 0


@contextlib.contextmanager
def _dask_packages() -> Iterator[None]:
    """Say what to install where the extra is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("dask", "distributed", "prefect_dask"):
            raise
        raise MissingDependencyError(
            f"{error.name} is not installed; a cluster needs: pip install 'mmskin-build[dask]'"
        ) from None


def _print_build(summary: Any, computed: dict[str, list[str]]) -> None:
    from mmskin_build.dataset.summary import add_counts

    print_table(
        [
            "book",
            "title",
            "pages",
            "paired",
            "doubtful",
            "no caption",
            "no image",
            "records",
            "new",
        ],
        [
            [
                book.id,
                book.title,
                book.page_count,
                book.figures.get("paired", 0),
                book.doubtful,
                book.figures.get("image_without_caption", 0),
                book.figures.get("caption_without_image", 0),
                book.records,
                "yes" if book.id in computed else "kept",
            ]
            for book in summary.books
            if book.status == "built"
        ],
    )
    click.echo(f"records: {summary.record_count - len(summary.withdrawn)}")
    click.echo(f"left out: {in_words(add_counts(book.rejects for book in summary.books))}")
    for reject in summary.withdrawn:
        click.echo(f"left out: {reject.item_id}: {reject.detail}")
    for book in summary.books:
        if book.failed_pages:
            click.echo(f"{book.id}: pages that could not be read: {in_words(book.failed_pages)}")
        if book.flags:
            click.echo(f"{book.id}: {', '.join(book.flags)}: {in_words(book.page_flags)}")
    click.echo(f"content digest: {summary.content_digest}")
    for book in summary.rejected:
        click.echo(f"rejected: {book.message}", err=True)


def _print_verdicts(report: Any) -> None:
    for bad in report.bad_lines:
        click.echo(f"no decision: {bad.file} line {bad.line}: {bad.message}", err=True)
    if not any((report.applied, report.came_back, report.lost)):
        return
    click.echo(f"verdicts applied: {in_words(report.applied)}")
    click.echo(f"  other than the program's choice: {in_words(report.changed)}")
    click.echo(f"  new since the build before: {in_words(report.new)}")
    if report.came_back:
        click.echo(f"  came back, their ground has changed: {in_words(report.came_back)}")
    if report.lost:
        click.echo(f"  about what is not there any more: {in_words(report.lost)}")
    if report.disputed:
        click.echo(f"  decided differently by two reviewers: {report.disputed}")
