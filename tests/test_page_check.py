"""The audit's checks: the text layer of a page, and where letters and caption parts stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from builders import SHA
from mmskin_build.audit.checks import build_requests, caption_agreement, check_pages
from mmskin_build.config import PdfConfig
from mmskin_build.geometry import Bbox
from mmskin_build.pdf import page_check
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Alignment, Figure, Panel

WORDS = (
    "Figure 1. Tinea. (a) Scaly ring on the trunk",
    "of a child. (b) Hyphae in the horny layer.",
)
LEFT, RIGHT = Bbox(60, 60, 200, 160), Bbox(210, 60, 350, 160)
CAPTION = Bbox(60, 167, 250, 191)
FIGURE = Figure(
    figure_id="p0000-f1",
    status="paired",
    page_index=0,
    bbox=LEFT.union(RIGHT),
    label="Figure 1",
    caption="Tinea. (a) Scaly ring on the trunk of a child. (b) Hyphae in the horny layer.",
    caption_page_index=0,
    caption_bbox=CAPTION,
    confidence=0.99,
    kind="photo",
    panels=(
        Panel(bbox=LEFT, label="a", text="Scaly ring on the trunk of a child"),
        Panel(bbox=RIGHT, label="b", text="Hyphae in the horny layer"),
    ),
)
LIMITS = PdfConfig()


@pytest.fixture
def source(tmp_path: Path) -> PdfSource:
    path = tmp_path / "page.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=300)
        for box, letter in ((LEFT, "a"), (RIGHT, "b")):
            page.draw_rect(tuple(box), fill=(0.8, 0.5, 0.4))
            page.insert_text((box.x0 + 4, box.y0 + 14), letter, fontsize=11)
        for row, text in enumerate(WORDS):
            page.insert_text((60, 176 + 11 * row), text, fontname="helv", fontsize=8.5)
        pdf.save(path)
    return PdfSource(path=path)


def alignment(*figures: Figure) -> Alignment:
    return Alignment(book_sha256=SHA, page_count=1, figures=figures, rejects=())


def test_a_page_is_told_with_its_text_its_letters_and_its_parts(
    source: PdfSource, tmp_path: Path
) -> None:
    with WorkerPool(LIMITS) as pool:
        checks = check_pages(pool, source, alignment(FIGURE), [0], tmp_path / "checks")
    check = checks[0]
    assert check.characters == len("".join(WORDS).replace(" ", "")) + 2
    assert check.doubtful_share == 0.0
    assert check.agreement == (1.0,)
    first, second = check.parts
    assert first.panel_id == "p0000-f1#0"
    assert first.letter_bbox is not None and LEFT.contains(first.letter_bbox)
    assert second.letter_bbox is not None and RIGHT.contains(second.letter_bbox)
    assert first.part_bbox is not None and second.part_bbox is not None
    assert CAPTION.expand(2).contains(first.part_bbox)
    assert first.part_bbox.y0 < second.part_bbox.y0
    assert caption_agreement([FIGURE], checks) == {"p0000-f1": 1.0}


def test_a_caption_that_the_page_does_not_have_agrees_badly(
    source: PdfSource, tmp_path: Path
) -> None:
    wrong = replace(FIGURE, label=None, caption="Nobody wrote 5 % of this, zero, quux & jazz!")
    with WorkerPool(LIMITS) as pool:
        checks = check_pages(pool, source, alignment(wrong), [0], tmp_path / "checks")
    (agreement,) = checks[0].agreement
    assert agreement is not None and agreement < 0.7


def test_pages_are_checked_once_and_again_when_the_figures_change(
    source: PdfSource, tmp_path: Path
) -> None:
    folder, asked = tmp_path / "checks", list[int]()
    with WorkerPool(LIMITS) as pool:
        for figures in ([FIGURE], [FIGURE], [replace(FIGURE, caption="Tinea.")]):
            found = alignment(*figures)
            check_pages(pool, source, found, [0], folder, on_page=asked.append)
    assert asked == [0, 0]
    assert len(list(folder.iterdir())) == 1


def test_a_caption_on_another_page_is_checked_there() -> None:
    figure = replace(FIGURE, caption_page_index=1)
    requests = build_requests([figure], [0, 1], LIMITS)
    assert not requests[0].captions and requests[1].captions[0].bbox == CAPTION
    assert [panel.caption_bbox for panel in requests[0].panels] == [None, None]
    assert [panel.bbox for panel in requests[1].panels] == [None, None]


def test_a_page_without_text_has_no_second_reader(tmp_path: Path) -> None:
    path = tmp_path / "blank.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page(width=400, height=300)
        pdf.save(path)
    with WorkerPool(LIMITS) as pool:
        checks = check_pages(
            pool, PdfSource(path=path), alignment(FIGURE), [0], tmp_path / "checks"
        )
    assert checks[0] == page_check.PageCheck(
        characters=0,
        doubtful_share=0.0,
        agreement=(None,),
        parts=tuple(page_check.PlacedPart(panel_id=f"p0000-f1#{n}") for n in (0, 1)),
    )
