"""A sample of the generated figures of tests/bench: their truth is true, and they are found."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pymupdf
import pytest
from panel_captions import FORMS, draw_caption
from panel_layouts import LAYOUTS, draw_plate
from panel_pages import PAGE_PT, Case, draw_case, draw_single
from panels import FIGURES, judge, normal, rates, run

from mmskin_build.geometry import Bbox

# Objects and rasters; white, black and no gutters; letters in corners, boxes, the text layer, none.
SAMPLE = (0, 1, 3, 6, 7, 10, 12, 13, 14, 22)


@pytest.mark.parametrize("name", [name for name, _ in LAYOUTS])
@pytest.mark.parametrize("gutter", [0, 1, 20])
def test_panels_of_a_plate_lie_apart_and_inside(name: str, gutter: int) -> None:
    for number in range(20):
        plate = draw_plate(random.Random(number), gutter, 1200, name)
        width, height = plate.size_px
        boxes = [Bbox(*map(float, box)) for box in plate.boxes]
        assert len(boxes) >= 2
        for i, box in enumerate(boxes):
            assert Bbox(0, 0, width, height).contains(box)
            assert min(box.width, box.height) > 60
            for other in boxes[:i]:
                assert box.intersect(other).area == 0
                assert box.gap(other) >= gutter


@pytest.mark.parametrize("form", [name for name, _ in FORMS])
def test_each_part_stands_in_its_caption(form: str) -> None:
    for number in range(40):
        caption = draw_caption(random.Random(number), "grid", 4, 2, 2, form)
        assert len(caption.letters) == len(caption.parts) == 4
        for part in caption.parts:
            assert part is None or part in caption.text
        if form == "no parts":
            assert caption.parts == (None,) * 4


def test_equal_numbers_give_equal_pages(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for draw, number in ((draw_case, 5), (draw_single, 305)):
        case = draw(number, tmp_path)
        assert draw(number, tmp_path / "again") == case
        name = f"case{number:03d}.pdf"
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_page_shows_its_caption_and_its_panels(tmp_path: Path) -> None:
    for number in SAMPLE[:4]:
        case = draw_case(number, tmp_path)
        with pymupdf.open(tmp_path / f"case{number:03d}.pdf") as document:
            page = document[0]
            shown = " ".join(page.get_text().split())
            assert case.caption in shown
            images = [Bbox(*info["bbox"]) for info in page.get_image_info()]
        for panel in case.panels:
            box = Bbox(*panel.bbox)
            assert Bbox(0, 0, *PAGE_PT).contains(box)
            assert max(box.covered_by(image) for image in images) > 0.99


def test_the_measure_knows_right_from_wrong(tmp_path: Path) -> None:
    case, figures = next(iter(run([0], tmp_path)))
    row, wrong = judge(case, figures)
    assert wrong == []
    assert rates(row)["ap50_single_point"] == rates(row)["text_exact"] == 1.0
    swapped = Case(
        case.number,
        tuple(
            type(panel)(panel.bbox, panel.letter, other.text)
            for panel, other in zip(case.panels, case.panels[::-1], strict=True)
        ),
        case.caption,
        case.traits,
    )
    row, wrong = judge(swapped, figures)
    assert row["stray"] == len(case.panels) and row["text_right"] == 0
    assert all("STRAY" in line for line in wrong)
    row, wrong = judge(case, ())
    assert rates(row)["recall"] == 0.0 and wrong


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    total = Counter[str]()
    for case, figures in run(SAMPLE, tmp_path_factory.mktemp("figures")):
        total += judge(case, figures)[0]
    return total


def test_panels_of_other_layouts_are_found(sample: Counter[str]) -> None:
    assert rates(sample)["f1"] == 1.0


def test_panels_of_other_layouts_get_their_own_words(sample: Counter[str]) -> None:
    assert sample["text_right"] >= 0.9 * sample["worded"]


def test_no_panel_of_another_layout_gets_strange_words(sample: Counter[str]) -> None:
    assert sample["stray"] == 0


@pytest.mark.slow
def test_most_figures_of_a_longer_row_come_out_right(tmp_path: Path) -> None:
    total = Counter[str]()
    for case, figures in run(range(100, 160), tmp_path):
        total += judge(case, figures)[0]
    found = rates(total)
    assert float(found["f1"] or 0) >= 0.95
    assert float(found["text_exact"] or 0) >= 0.85
    assert float(found["stray"] or 0) <= 0.02


@pytest.mark.slow
def test_single_figures_stay_whole_and_wordless(tmp_path: Path) -> None:
    total = Counter[str]()
    for case, figures in run(range(FIGURES, FIGURES + 30), tmp_path):
        total += judge(case, figures)[0]
    assert total["whole"] >= 0.95 * total["singles"]
    assert total["stray"] == 0


def test_spaces_and_the_final_stop_do_not_count() -> None:
    assert normal(" Papules  (H&E). ") == "Papules (H&E)"
