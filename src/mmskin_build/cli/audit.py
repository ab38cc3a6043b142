"""The command that lays open what was found: audit."""

from __future__ import annotations

import click

from mmskin_build.cli.console import print_json, progress_bars
from mmskin_build.cli.options import Settings, common_options
from mmskin_build.errors import EXIT_PARTIAL


@click.command()
@click.argument("book_ids", nargs=-1, metavar="[BOOK_ID]...")
@click.option("--csv", "table", is_flag=True, help="Also write figures.csv.")
@click.option("--overlay", "overlays", is_flag=True, help="Also write a PNG a page with the boxes.")
@common_options
def audit(book_ids: tuple[str, ...], table: bool, overlays: bool, settings: Settings) -> int:
    """Write HTML reports of the last build, one a book.

    They open from disk and show every page with figures, boxes, captions, confidence and evidence,
    what was dropped and why, and the figure numbers that are never seen. A book without a report is
    listed (exit code 12).

    \b
    Example:
      mmskin audit bk15 --csv
    """
    from mmskin_build.reports import write_reports
    from mmskin_build.steps import open_job

    with (
        progress_bars(settings) as show,
        open_job(settings.workspace, settings.cfg, show) as job,
    ):
        reports = write_reports(job, book_ids, table=table, overlays=overlays)
    if settings.as_json:
        print_json(
            {
                "reports": [
                    {
                        "id": report.book_id,
                        "index": None if report.index is None else str(report.index),
                        "ledger": report.gaps,
                        "message": report.message,
                    }
                    for report in reports
                ]
            }
        )
    else:
        for report in reports:
            if report.index is None:
                click.echo(f"no report: {report.message}", err=True)
            else:
                click.echo(f"{report.index}  ledger entries: {report.gaps}")
    return EXIT_PARTIAL if any(report.index is None for report in reports) else 0


COMMANDS = (audit,)
