"""What the stage that makes records needs of people's decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from mmskin_build.alignment import cut_as_drawn
from mmskin_build.config import Config
from mmskin_build.dataset.figure_verdicts import DecidedFigures
from mmskin_build.decisions import Standing
from mmskin_build.pdf.jobs import PagePool, PdfSource
from mmskin_build.records import Book, Reject


def decisions_of_book(
    standing: Mapping[str, Standing], book: Book, pictures: Collection[str]
) -> dict[str, Standing]:
    """Return the decisions that are about a book, whichever file of it, or a picture in it."""
    return {
        key: one
        for key, one in standing.items()
        if one.holds.field not in ("duplicate", "qa", "sample")
        and (
            one.holds.book_sha256 == book.sha256
            or one.holds.book_id == book.id
            or one.holds.image_sha256 in pictures
        )
    }


def cut_decided(
    pool: PagePool, source: PdfSource, cfg: Config, decided: DecidedFigures, out_dir: Path
) -> tuple[DecidedFigures, tuple[Reject, ...]]:
    """Return figures with the pixels that people drew, and a reject for those that fail.

    Raises:
        InputPdfError: If the document cannot be opened.
    """
    wanted = [figure for figure in decided.figures if figure.figure_id in decided.uncut]
    if not wanted:
        return decided, ()
    cut, rejects = cut_as_drawn(pool, source, cfg, wanted, out_dir)
    done = {figure.figure_id: figure for figure in cut}
    failed = {reject.item_id for reject in rejects}
    figures = tuple(
        done.get(figure.figure_id, figure)
        for figure in decided.figures
        if figure.figure_id not in failed
    )
    return replace(decided, figures=figures), rejects
