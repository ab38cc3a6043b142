"""The hard layouts of tests/bench are read without a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from layout_hard import HARD
from layouts import draw_document, score

from mmskin_build.alignment import align_document
from mmskin_build.config import Config
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource

PAGES = 4  # two openings of the styles that use facing pages


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(Config().pdf, 1) as workers:
        yield workers


@pytest.mark.parametrize("style", sorted(HARD))
def test_a_hard_layout_is_read(style: str, pool: WorkerPool, tmp_path: Path) -> None:
    truths = draw_document(style, 1, PAGES, path := tmp_path / f"{style}.pdf")
    found = align_document(
        pool, PdfSource(path=path), Config(), book_sha256="0" * 64, page_indices=range(PAGES)
    )
    row, wrong = score(truths, found.figures)
    assert wrong == []
    assert row["correct"] == row["predicted"] == len(truths) > 0
