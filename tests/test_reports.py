from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from mmskin_build import cli
from mmskin_build.cli.audit import audit
from mmskin_build.errors import EXIT_PARTIAL


def draw_book(path: Path, figures: int) -> None:
    """One photograph a page with its caption below, numbered 2.1, 2.2, 2.4, ..."""
    import numpy as np
    from PIL import Image

    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    for number in range(figures):
        pixels = np.random.default_rng(number).integers(90, 220, (200, 300, 3), dtype=np.uint8)
        canvas.drawImage(ImageReader(Image.fromarray(pixels)), 72, 480, 300, 200)
        canvas.setFont("Helvetica-Bold", 9)
        printed = number + 1 + (number >= 2)
        canvas.drawString(72, 462, f"Figure 2.{printed}")
        canvas.setFont("Helvetica", 9)
        canvas.drawString(130, 462, f"Plaque number {printed} on the left forearm.")
        canvas.setFont("Times-Roman", 11)
        for line in range(24):
            canvas.drawString(72, 420 - 14 * line, "Running text about the course of disease. " * 2)
        canvas.showPage()
    canvas.save()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one built book; its PDF lies beside it."""
    folder = tmp_path_factory.mktemp("audit")
    draw_book(folder / "book.pdf", figures=4)
    data = ["--data", str(folder / "data"), "--workers", "1", "--quiet"]
    assert cli.run(["books", "add", str(folder / "book.pdf"), "--id", "bk1", *data]) == 0
    assert cli.run(["build", *data]) == 0
    return folder


def run_audit(folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    if "audit" not in cli.cli.commands:
        cli.cli.add_command(audit)
    capsys.readouterr()
    code = cli.run(
        ["audit", *arguments, "--data", str(folder / "data"), "--json", "--workers", "1"]
    )
    out = capsys.readouterr().out
    return code, json.loads(out)["reports"] if out else None


def test_the_audit_of_a_build_is_one_report_a_book(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, reports = run_audit(built, "--csv", "--overlay", capsys=capsys)
    (report,) = reports
    assert code == 0
    assert report["ledger"] == 1
    index = Path(report["index"])
    assert index == built / "data" / "work" / "audit" / "bk1" / "index.html"
    assert "Figure 2.3 is never seen" in index.read_text()
    assert "bk1: book" in index.read_text()
    assert len(list(index.parent.glob("pages/*.jpg"))) == 4
    assert (index.parent / "figures.csv").is_file()
    assert len(list(index.parent.glob("overlays/*.png"))) == 4


def test_a_book_that_has_gone_is_named_and_the_run_partial(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = built / "book.pdf"
    away = book.rename(built / "away.pdf")
    try:
        code, reports = run_audit(built, capsys=capsys)
    finally:
        away.rename(book)
    assert code == EXIT_PARTIAL
    assert reports[0]["index"] is None
    assert "book.pdf" in reports[0]["message"]


def test_an_unknown_book_is_refused(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_audit(built, "bk9", capsys=capsys) == (3, None)


def test_without_a_build_there_is_no_audit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_audit(tmp_path, capsys=capsys) == (9, None)
