"""The demo book: the same bytes each time, every promised trap in it, and a truth that is true."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pdfplumber
import pikepdf
import pymupdf
import pytest
from PIL import Image

from mmskin_build.demo.book import LEAST_PAGES, write_demo_book
from mmskin_build.demo.score import read_pixels
from mmskin_build.demo.truth import DemoTruth, FigureTruth, PanelTruth, read_truth, truth_path
from mmskin_build.errors import SchemaError
from mmskin_build.geometry import Bbox, iou, union_all

FULL_PAGES = 40


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    path = tmp_path_factory.mktemp("demo") / "demo.pdf"
    return path, write_demo_book(path, seed=1, pages=FULL_PAGES)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shown_figures(truth: DemoTruth) -> list[FigureTruth]:
    return [f for f in truth.figures if not f.ignore]


def panels_of(truth: DemoTruth) -> list[tuple[FigureTruth, PanelTruth]]:
    return [(figure, panel) for figure in truth.figures for panel in figure.panel_list]


# ----------------------------------------------------------------------------------- writing


def test_same_seed_gives_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "b.pdf", tmp_path / "two" / "b.pdf"
    assert write_demo_book(first, seed=5, pages=14) == write_demo_book(second, seed=5, pages=14)
    assert digest(first) == digest(second)
    assert digest(truth_path(first)) == digest(truth_path(second))
    names = sorted(p.name for p in (tmp_path / "one" / "b_truth").iterdir())
    assert names
    for name in names:
        assert digest(tmp_path / "one/b_truth" / name) == digest(tmp_path / "two/b_truth" / name)


def test_another_seed_gives_another_book(tmp_path: Path) -> None:
    one = write_demo_book(tmp_path / "one.pdf", seed=1, pages=8, keep_pixels=False)
    two = write_demo_book(tmp_path / "two.pdf", seed=2, pages=8, keep_pixels=False)
    assert one.doc != two.doc
    assert {f.caption for f in shown_figures(one)}.isdisjoint(f.caption for f in shown_figures(two))


@pytest.mark.parametrize("pages", [LEAST_PAGES, 9, 21, 27])
def test_a_book_has_exactly_the_pages_asked_for(tmp_path: Path, pages: int) -> None:
    path = tmp_path / "b.pdf"
    truth = write_demo_book(path, pages=pages, keep_pixels=False)
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == pages
    assert truth.page_count == pages
    assert len(truth.page_labels) == pages
    assert not (tmp_path / "b_truth").exists()
    assert all(f.page < pages and (f.caption_page or 0) < pages for f in truth.figures)


def test_longer_books_repeat_the_layouts_with_new_numbers(tmp_path: Path) -> None:
    truth = write_demo_book(tmp_path / "b.pdf", pages=80, keep_pixels=False)
    labels = [f.label for f in shown_figures(truth) if f.label]
    assert "Figure 1.1" in labels and "Figure 8.1" in labels
    assert "Plate I" in labels and "Plate III" in labels
    captions = Counter(f.caption for f in shown_figures(truth) if "plate" not in f.traps)
    assert max(captions.values()) == 1


def test_too_few_pages_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        write_demo_book(tmp_path / "b.pdf", pages=LEAST_PAGES - 1)


def test_truth_is_read_back_as_written(book: tuple[Path, DemoTruth]) -> None:
    path, truth = book
    assert read_truth(truth_path(path)) == truth
    assert truth.doc == digest(path)


def test_a_file_of_another_form_is_no_truth(tmp_path: Path) -> None:
    path = tmp_path / "x.truth.json"
    path.write_text('{"doc": "ab"}', encoding="utf-8")
    with pytest.raises(SchemaError, match="x.truth.json"):
        read_truth(path)


# ------------------------------------------------------------------------------ what is in it


@pytest.mark.parametrize(
    "trap",
    [
        "caption_above", "caption_left", "caption_right", "caption_margin", "caption_facing",
        "letters_inside", "letters_below", "letters_burnt", "one_raster", "panels_(a)", "panels_A,",
        "panels_range", "panels_last", "panels_sides", "panels_places", "panels_together",
        "plate", "continued",
        "strips", "tiles", "vector", "scan", "hidden_text", "page_rotate_90", "typeset_rotated",
        "eye_bar", "arrows", "clip_rect", "clip_ellipse", "cmyk_jpeg", "cmyk_flate", "indexed",
        "jpx", "gray", "soft_mask", "unnumbered", "suffix", "chapter_opener", "hyphenation",
    ],
)  # fmt: skip
def test_every_promised_trap_is_there(book: tuple[Path, DemoTruth], trap: str) -> None:
    assert any(trap in figure.traps for figure in book[1].figures)


def test_most_figures_are_ordinary(book: tuple[Path, DemoTruth]) -> None:
    unusual = {
        "caption_above", "caption_left", "caption_right", "caption_facing", "scan", "plate",
        "page_rotate_90", "typeset_rotated", "unnumbered", "clip_ellipse",
    }  # fmt: skip
    figures = shown_figures(book[1])
    ordinary = sum(unusual.isdisjoint(f.traps) for f in figures)
    assert 0.6 <= ordinary / len(figures) <= 0.75


def test_image_objects_are_of_all_promised_kinds(book: tuple[Path, DemoTruth]) -> None:
    kinds: set[str] = set()
    with pikepdf.open(book[0]) as pdf:
        for page in pdf.pages:
            for image in dict(page.obj.Resources.get("/XObject", {})).values():
                space = image.get("/ColorSpace")
                name = str(space[0] if isinstance(space, pikepdf.Array) else space)
                kinds.add(f"{image.Filter} {name}")
                if "/SMask" in image:
                    kinds.add("soft mask")
                if "/Decode" in image:
                    kinds.add(f"inverted {name}")
    assert kinds >= {
        "/DCTDecode /DeviceRGB",
        "/DCTDecode /DeviceGray",
        "/DCTDecode /DeviceCMYK",
        "inverted /DeviceCMYK",
        "/FlateDecode /DeviceRGB",
        "/FlateDecode /DeviceGray",
        "/FlateDecode /DeviceCMYK",
        "/FlateDecode /Indexed",
        "/JPXDecode None",
        "soft mask",
    }


def test_pages_are_turned_cropped_and_labelled(book: tuple[Path, DemoTruth]) -> None:
    path, truth = book
    with pikepdf.open(path) as pdf:
        turned = [i for i, page in enumerate(pdf.pages) if page.obj.get("/Rotate", 0) == 90]
        assert turned == [f.page for f in truth.figures if "page_rotate_90" in f.traps]
        cropped = [page for page in pdf.pages if page.mediabox != page.cropbox]
        assert cropped
        assert [str(pdf.pages[i].label) for i in range(5)] == ["i", "ii", "iii", "1", "2"]
    assert truth.page_labels[:5] == ("i", "ii", "iii", "1", "2")


def test_scanned_pages_bear_no_text_or_a_bad_one(book: tuple[Path, DemoTruth]) -> None:
    path, truth = book
    scans = {f.page: "hidden_text" in f.traps for f in truth.figures if "scan" in f.traps}
    assert sorted(scans.values()) == [False, False, True]
    with pdfplumber.open(path) as pdf:
        for page, hidden in scans.items():
            words = pdf.pages[page].extract_words()
            assert bool(words) == hidden
            assert "the" not in {word["text"] for word in words}


def test_running_text_begins_paragraphs_with_figure_labels(book: tuple[Path, DemoTruth]) -> None:
    with pdfplumber.open(book[0]) as pdf:
        text = "\n".join(page.extract_text() for page in pdf.pages[3:20])
    assert re.search(r"^ *Fig(ure|\.) \d+[.-]\d+ (shows|illustrates|demonstrates)", text, re.M)


# ----------------------------------------------------------------------------- the truth holds


def test_boxes_lie_on_their_pages_and_do_not_overlap(book: tuple[Path, DemoTruth]) -> None:
    path, truth = book
    with pikepdf.open(path) as pdf:
        sizes = []
        for page in pdf.pages:
            x0, y0, x1, y1 = (float(v) for v in page.cropbox)
            size = (x1 - x0, y1 - y0)
            sizes.append(size[::-1] if page.obj.get("/Rotate", 0) == 90 else size)
    for figure in truth.figures:
        paper = Bbox(0, 0, *sizes[figure.page])
        box = Bbox(*figure.bbox)
        panels = [Bbox(*panel.bbox) for panel in figure.panel_list]
        assert paper.contains(box)
        assert iou(box, union_all(panels)) > 0.999
        assert all(a.intersect(b).is_empty for i, a in enumerate(panels) for b in panels[:i])
        if figure.caption_bbox is not None and figure.caption_page is not None:
            caption = Bbox(*figure.caption_bbox)
            assert Bbox(0, 0, *sizes[figure.caption_page]).contains(caption)
            for other in truth.figures:
                if other.page == figure.caption_page:
                    assert caption.intersect(Bbox(*other.bbox)).is_empty
        for other in truth.figures:
            if other is not figure and other.page == figure.page:
                assert box.intersect(Bbox(*other.bbox)).is_empty


def test_running_text_keeps_off_figures(book: tuple[Path, DemoTruth]) -> None:
    path, truth = book
    letters = {p.label for _, p in panels_of(truth)}
    with pymupdf.open(path) as pdf:
        for figure in truth.figures:
            if figure.kind == "nonphoto" or "scan" in figure.traps:
                continue
            page = pdf[figure.page]
            inside = pymupdf.Rect(Bbox(*figure.bbox).expand(-2.0)) * page.derotation_matrix
            words = {word[4] for word in page.get_text("words", clip=inside)}
            assert words <= letters, (figure.page, figure.label)


def test_captions_are_printed_where_the_truth_says(book: tuple[Path, DemoTruth]) -> None:
    """Read back by another reader, the words in the caption's box are the caption."""

    def squeeze(text: str) -> str:
        return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))

    with pymupdf.open(book[0]) as pdf:
        for figure in shown_figures(book[1]):
            if "scan" in figure.traps:
                continue
            assert figure.caption_page is not None and figure.caption_bbox is not None
            assert figure.caption is not None and figure.caption_text is not None
            assert figure.caption.endswith(figure.caption_text)
            page = pdf[figure.caption_page]
            box = pymupdf.Rect(Bbox(*figure.caption_bbox).expand(1.5)) * page.derotation_matrix
            words = [
                word[4]
                for word in page.get_text("words")
                if box.contains(pymupdf.Point((word[0] + word[2]) / 2, (word[1] + word[3]) / 2))
            ]
            assert squeeze("".join(words)) == squeeze(figure.caption)


def test_panel_texts_are_parts_of_their_caption(book: tuple[Path, DemoTruth]) -> None:
    for figure, panel in panels_of(book[1]):
        if panel.text is not None:
            assert panel.text in (figure.caption or "")
            assert len(figure.panel_list) > 1


def test_truth_pixels_are_what_the_page_shows(book: tuple[Path, DemoTruth]) -> None:
    """A renderer, at each picture's own resolution, sees the same outside of what is painted."""
    path, truth = book
    folder = path.parent / truth.pixels_dir
    compared = 0
    with pymupdf.open(path) as pdf:
        for figure, panel in panels_of(truth):
            if panel.pixels is None:
                assert figure.kind == "nonphoto"
                continue
            true = read_pixels(folder / panel.pixels)
            height, width = true.shape[:2]
            assert panel.pixel_size == (width, height)
            box = pymupdf.Rect(panel.bbox)
            zoom = pymupdf.Matrix(width / box.width, height / box.height)
            seen = pdf[figure.page].get_pixmap(matrix=zoom, clip=box)
            picture = Image.frombytes("RGB", (seen.width, seen.height), seen.samples)
            shown = np.asarray(picture.resize((width, height)), dtype=np.int16)
            counted = np.ones((height, width), dtype=bool)
            for item in panel.painted:
                x0, y0, x1, y1 = item.box_px
                assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
                counted[y0:y1, x0:x1] = False
                assert np.abs(true - shown)[y0:y1, x0:x1].max() > 60, "nothing is painted here"
                if item.kind == "bar":
                    assert shown[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].max() < 40
            allowed = 48 if panel.pixel_rule == "color" else 6
            assert np.abs(true - shown)[counted].mean() < allowed, (figure.page, figure.label)
            compared += 1
    assert compared > 80


def test_captions_hold_greek_and_superscripts(book: tuple[Path, DemoTruth]) -> None:
    texts = " ".join(f.caption or "" for f in shown_figures(book[1]))
    assert "TNF-α" in texts and "µm" in texts and "10⁵ organisms per cm²" in texts


def test_a_picture_not_available_leaves_its_caption(book: tuple[Path, DemoTruth]) -> None:
    truth = book[1]
    assert [orphan.note for orphan in truth.orphan_captions] == ["image not available"]
    assert truth.orphan_captions[0].label not in {f.label for f in truth.figures}
    notes = Counter(item.note for item in truth.not_figures)
    assert notes["publisher's logo"] == FULL_PAGES
    assert notes["table"] == 1 and notes["text box"] == 2
