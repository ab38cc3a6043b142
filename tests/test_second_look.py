"""The other readers of a drawn page: layout network, pdfplumber, Tesseract."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from mmskin_build.alignment import look_again as look_at_figures
from mmskin_build.config import Config, FiguresConfig, PdfConfig
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.document import open_document
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import LookRequest, PageJob, PdfSource, SecondLook
from mmskin_build.pdf.second_look import look_again
from mmskin_build.records import Figure, Panel

WORDS = ("Figure 1. Scaly plaques on both", "forearms of a farmer aged 43 years.")
CFG = PdfConfig()


def draw(path: Path, *, crop_pt: float = 0.0, rotation: int = 0, password: str = "") -> Path:
    """A page with a photograph and its caption, and running text below."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=500)
        noise = bytes((x * y * 7 + x * 13 + y) % 251 for y in range(60) for x in range(80))
        pixmap = pymupdf.Pixmap(pymupdf.csGRAY, 80, 60, noise, False)
        page.insert_image((60, 60, 340, 260), pixmap=pixmap)
        for row, text in enumerate(WORDS):
            page.insert_text((60, 276 + 11 * row), text, fontname="helv", fontsize=8.5)
        for row in range(12):
            page.insert_text(
                (60, 330 + 12 * row),
                "Running text about skin goes on for many lines here.",
                fontsize=10,
            )
        if crop_pt:
            page.set_cropbox((crop_pt, crop_pt, 400 - crop_pt, 500 - crop_pt))
        page.set_rotation(rotation)
        secret = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": password}
        pdf.save(path, **(secret if password else {}))
    return path


CAPTION = Bbox(60, 267, 210, 291)


def ask(path: Path, password: str | None = None, **wanted: object) -> SecondLook:
    document = open_document(path, password)
    request = LookRequest(cfg=CFG, language="eng", **wanted)  # type: ignore[arg-type]
    try:
        return look_again(document, PageJob(page_index=0, payload=request))
    finally:
        document.close()


def words(text: str | None) -> list[str]:
    return (text or "").split()


PRINTED = words(" ".join(WORDS))


@pytest.mark.parametrize("crop_pt", [0.0, 12.0])
def test_pdfplumber_reads_the_captions_box_alone(tmp_path: Path, crop_pt: float) -> None:
    path = draw(tmp_path / "page.pdf", crop_pt=crop_pt)
    box = Bbox(*(side - crop_pt for side in CAPTION))
    (reading,) = ask(path, captions=(box,), recognize=False).readings
    assert words(reading.pdfplumber) == PRINTED
    assert reading.bbox == box and reading.tesseract is None


def test_a_turned_page_is_read_where_it_is_displayed(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pdf", rotation=90)
    box = Bbox(500 - CAPTION.y1, CAPTION.x0, 500 - CAPTION.y0, CAPTION.x1)
    (reading,) = ask(path, captions=(box,)).readings
    assert words(reading.tesseract) == PRINTED
    assert words(reading.pdfplumber) in ([], PRINTED)  # turned lines are left to Tesseract


def test_tesseract_reads_what_is_printed(tmp_path: Path) -> None:
    (reading,) = ask(draw(tmp_path / "page.pdf"), captions=(CAPTION,)).readings
    assert words(reading.tesseract) == PRINTED


def test_an_encrypted_file_needs_no_second_password(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pdf", password="skin")
    (reading,) = ask(path, "skin", captions=(CAPTION,), recognize=False).readings
    assert words(reading.pdfplumber) == PRINTED


def test_the_network_is_asked_only_on_request(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pdf")
    assert ask(path).boxes is None
    boxes = ask(path, layout=True).boxes
    assert boxes is not None
    pictures = [box for box in boxes if box.kind == "picture"]
    assert any(box.image_share > 0.9 for box in pictures)
    assert {box.kind for box in boxes} <= {"picture", "caption"}
    assert boxes == ask(path, layout=True).boxes


def test_a_document_is_looked_at_within_its_budget_whatever_the_workers(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pdf")
    picture = Bbox(60, 60, 340, 260)
    figure = Figure(
        figure_id="p0000-f1",
        status="paired",
        page_index=0,
        bbox=picture,
        label="Figure 1",
        caption="Scaly plaques on both forearms of a farmer aged 43 years.",
        caption_page_index=0,
        caption_bbox=CAPTION,
        confidence=0.5,
        kind="photo",
        panels=(Panel(bbox=picture),),
    )
    asked = Config(figures=FiguresConfig(second_look_share=1.0))
    found = []
    for workers in (1, 2):
        with WorkerPool(CFG, workers) as pool:
            assert look_at_figures(pool, PdfSource(path=path), Config(), [figure]) == (figure,)
            found.append(look_at_figures(pool, PdfSource(path=path), asked, [figure]))
    assert found[0] == found[1]
    assert found[0][0].evidence[-1].name == "layout_network"
