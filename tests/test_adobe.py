"""Adobe PDF Extract's output as pages: coordinates, lines, figures, and what is refused."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adobe_form import Form, write_extract, write_json
from drawn_pages import draw_page, embed, photograph
from mmskin_build import builds, cli, steps
from mmskin_build.alignment import align_document, cut_figures, read_pages
from mmskin_build.books import add_book, adobe_path, read_books
from mmskin_build.config import Config, Workspace, WorkspaceConfig
from mmskin_build.demo.book import write_demo_book
from mmskin_build.demo.score import DemoScore, read_pixels, score_alignment
from mmskin_build.demo.truth import DemoTruth
from mmskin_build.errors import AdobeExtractError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.adobe import digest_extract, load_extract
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Figure, Line, Page, Panel
from mmskin_build.store import read_jsonl
from tiny_books import draw_book

CFG = Config(workspace=WorkspaceConfig(workers=1))
FACTS = {"page_number": 0, "width": 612, "height": 792, "rotation": 0, "is_scanned": False}
CAPTION = "Figure 2.1 Plaque on the left forearm."


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(CFG.pdf) as workers:
        yield workers


def text(words: str, bounds: list[float], **more: Any) -> dict[str, Any]:
    return {"Path": "//Document/P", "Page": 0, "Text": words, "Bounds": bounds, **more}


def figure(bounds: list[float], **more: Any) -> dict[str, Any]:
    return {"Path": "//Document/Sect/Figure", "Page": 0, "Bounds": bounds, **more}


def read(pool: WorkerPool, pdf: Path, folder: Path, pages: int = 1) -> tuple[Page, ...]:
    extract = load_extract(folder, pages)
    read, failures = read_pages(pool, PdfSource(path=pdf), CFG, range(pages), None, None, extract)
    assert failures == ()
    return read


def lines_of(folder: Path, *elements: dict[str, Any]) -> tuple[Line, ...]:
    """The lines of one page, y downwards from the origin of user space."""
    (page,) = load_extract(write_json(folder, elements, [FACTS]), 1)
    return page.lines


def told(lines: tuple[Line, ...]) -> list[str]:
    return [line.text.rstrip() for line in lines]


# -------------------------------------------------------------------------------- the demo book


Bundle = tuple[Path, DemoTruth]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("adobe") / "demo.pdf"
    return path, write_demo_book(path, seed=4, pages=40)


def align_with(demo: Bundle, pool: WorkerPool, form: Form, out: Path | None = None) -> DemoScore:
    pdf, truth = demo
    figures: dict[int, list[Bbox]] = defaultdict(list)
    scanned: dict[int, list[tuple[str, Bbox]]] = defaultdict(list)
    for true in truth.figures:
        figures[true.page].append(Bbox(*true.bbox))
        if "scan" in true.traps and true.caption and true.caption_bbox:
            scanned[true.page].append((true.caption, Bbox(*true.caption_bbox)))
    folder = write_extract(pdf.parent / form, pdf, figures, form=form, scanned=scanned)
    found = align_document(
        pool,
        PdfSource(path=pdf),
        CFG,
        book_sha256=truth.doc,
        page_indices=range(truth.page_count),
        extract=load_extract(folder, truth.page_count),
        out_dir=out,
    )
    assert found.failures == ()
    pixels = pdf.with_name(truth.pixels_dir) if out else None
    return score_alignment(truth, found, truth_pixels=pixels, exported=out)


def test_the_demo_book_is_aligned_through_the_import(
    demo: Bundle, pool: WorkerPool, tmp_path: Path
) -> None:
    score = align_with(demo, pool, "chars", tmp_path)
    assert (score.located, score.precision) == (1.0, 1.0), score.misses
    assert min(score.f1, score.panels, score.kinds) >= 0.98, score.misses
    assert score.pixels is not None and score.pixels >= 0.98, score.misses


@pytest.mark.parametrize("form", ["styled", "plain"])
def test_boxes_of_paragraphs_alone_are_enough(demo: Bundle, pool: WorkerPool, form: Form) -> None:
    score = align_with(demo, pool, form)
    assert score.located == 1.0, score.misses
    assert score.f1 >= 0.95 and score.panels >= 0.9, score.misses


# --------------------------------------------------------------------------------- coordinates


@pytest.mark.parametrize(
    ("rotate", "shown", "direction"),
    [
        # A CropBox of (100, 50) to (500, 650); the figure lies 20 to the right of its left edge
        # and 100 below its upper one.
        (0, (20, 100, 170, 200), 0),
        (90, (400, 20, 500, 170), 270),
        (180, (230, 400, 380, 500), 180),
        (270, (100, 230, 200, 380), 90),
    ],
)
def test_boxes_are_moved_by_cropbox_and_rotation(
    rotate: int, shown: tuple[float, ...], direction: int, pool: WorkerPool, tmp_path: Path
) -> None:
    pdf = draw_page(
        tmp_path / "page.pdf",
        "q 150 0 0 100 120 450 cm /Im1 Do Q",
        {"Im1": embed(photograph())},
        crop=(100, 50, 500, 650),
        rotate=rotate,
    )
    crop = {"CropBox": [100, 50, 500, 650], "MediaBox": [0, 0, 612, 792]}
    folder = write_json(
        tmp_path,
        [figure([120, 450, 270, 550]), text("Words", [120, 450, 270, 460], TextSize=10)],
        [{**FACTS, "width": 400, "height": 600, "rotation": rotate, "boxes": crop}],
    )
    (page,) = read(pool, pdf, folder)
    (image,), (line,) = page.images, page.lines
    assert image.bbox == pytest.approx(shown, abs=0.1)
    assert line.direction == direction
    assert line.bbox.covered_by(image.bbox) == pytest.approx(1, abs=0.01)
    assert line.bbox.area == pytest.approx(1500, rel=0.01)


def test_user_units_enlarge_the_page(pool: WorkerPool, tmp_path: Path) -> None:
    import pikepdf

    pdf = draw_page(tmp_path / "page.pdf", "")
    with pikepdf.open(pdf, allow_overwriting_input=True) as document:
        document.pages[0].UserUnit = 2
        document.save(pdf)
    folder = write_json(tmp_path, [text("Words", [100, 692, 200, 712])], [FACTS])
    (page,) = read(pool, pdf, folder)
    assert (page.width_pt, page.lines[0].bbox) == (1224, Bbox(200, 160, 400, 200))


def test_turned_text_keeps_its_direction(tmp_path: Path) -> None:
    narrow = [425.9, 313.7, 433.4, 354.9]
    (line,) = lines_of(tmp_path, text("$12,825.00 ", narrow, Rotation=90.0, TextSize=8.0))
    assert line.direction == 270
    assert line.bbox == pytest.approx((425.9, -354.9, 433.4, -313.7), abs=0.01)


# --------------------------------------------------------------------------------------- lines


def test_characters_tell_the_lines(tmp_path: Path) -> None:
    words = "Figure 1 lesions on "
    where = [(i * 6.0, 100.0) for i in range(11)] + [(i * 6.0, 88.0) for i in range(9)]
    boxes = [[x, y, x + 6, y + 14] for x, y in where]
    lines = lines_of(tmp_path, text(words, [0, 88, 66, 114], CharBounds=boxes, TextSize=10))
    # Adobe takes the hyphen out of a broken word; a soft one stands in its place.
    assert told(lines) == ["Figure 1 le\u00ad", "sions on"]
    assert [line.bbox for line in lines] == [Bbox(0, -114, 66, -100), Bbox(0, -102, 48, -88)]


def test_characters_without_boxes_are_no_loss(tmp_path: Path) -> None:
    nowhere = [[0, 0, 0, 0]] * 5
    lines = lines_of(tmp_path, text("Words", [85, 100, 120, 112], CharBounds=nowhere))
    assert told(lines) == ["Words"]


def test_a_paragraph_without_characters_is_divided_evenly(tmp_path: Path) -> None:
    """Box, sizes and text as in a real file: seven lines, 12.6 apart."""
    words = "The original version of the National Code of Practice for Light Vehicles was " * 7
    lines = lines_of(
        tmp_path,
        text(words, [85, 620, 555.6, 710.6], TextSize=11.03, attributes={"LineHeight": 12.625}),
    )
    assert len(lines) == 7
    assert " ".join(told(lines)) == words.strip()
    tops = [line.bbox.y0 for line in lines]
    assert np.diff(tops) == pytest.approx([90.6 / 7] * 6, abs=0.05)
    assert {round(line.bbox.x1) for line in lines[:-1]} == {556}
    assert len({line.block for line in lines}) == 1


def test_one_line_in_a_tall_font_is_one_line(tmp_path: Path) -> None:
    tall = text("Fig. 3 Short.", [85, 700, 200, 740], TextSize=11, attributes={"LineHeight": 13})
    assert told(lines_of(tmp_path, tall)) == ["Fig. 3 Short."]


def test_kids_stand_in_the_lines_of_their_paragraph(tmp_path: Path) -> None:
    label = text("Figure 2. ", [50, 110, 100, 122], TextSize=10, Font={"name": "Bold"})
    rest = text("Plaque on the trunk of a man with mild ", [50, 98, 200, 122], TextSize=10)
    greek = text("γ", [170, 98, 176, 110], TextSize=10)
    parent = {
        "Path": "//Document/P",
        "Page": 0,
        "Bounds": [50, 98, 200, 122],
        "Kids": [{**kid, "Path": f"//Document/P/Span[{i}]"} for i, kid in enumerate((label, rest))]
        + [{**greek, "Path": "//Document/P/StyleSpan"}],
        "attributes": {"LineHeight": 12},
    }
    lines = lines_of(tmp_path, parent)
    assert len(lines) == 2
    assert lines[0].text.startswith("Figure 2. Plaque")
    assert lines[1].text.endswith("mild γ")
    assert [span.bold for span in lines[0].spans] == [True, False]
    assert lines[0].spans[1].bbox.x0 == 100


@pytest.mark.parametrize(
    ("given", "bold", "italic", "name"),
    [
        ({"name": "EAYCDG+Calibri-Bold", "weight": 400}, True, False, "Calibri-Bold"),
        ({"name": "ABCDEF+Foo", "weight": 700, "italic": True}, True, True, "Foo"),
        ({"name": "Times-Roman", "weight": 400, "italic": False}, False, False, "Times-Roman"),
    ],
)
def test_fonts_are_those_of_the_pdf(
    given: dict[str, Any], bold: bool, italic: bool, name: str, tmp_path: Path
) -> None:
    sup = {"TextPosition": "Sup"}
    raised = text("2", [10, 10, 15, 20], Font=given, TextSize=6.004, attributes=sup)
    (span,) = lines_of(tmp_path, raised)[0].spans
    assert (span.bold, span.italic, span.font) == (bold, italic, name)
    assert (span.size_pt, span.superscript) == (6.0, True)


def test_what_is_no_text_of_the_page_is_left_out(tmp_path: Path) -> None:
    box = [10.0, 10.0, 300.0, 24.0]
    lines = lines_of(
        tmp_path,
        figure(box, Text="a b lettering"),
        text("DRAFT", box, Path="//Document/Watermark"),
        text("   ", box),
        text("See (<https://example.org/a>)Figure 2 for ", box),
        {"Path": "//Document/Table/TR/TD", "Page": 0, "Bounds": box},
    )
    assert told(lines) == ["See Figure 2 for"]


# ------------------------------------------------------------------------------------- figures


def test_pictures_are_the_pdfs_own_where_adobe_sees_a_figure(
    pool: WorkerPool, tmp_path: Path
) -> None:
    pixels = photograph(width=240, height=160)
    pdf = draw_page(
        tmp_path / "page.pdf",
        "q 240 0 0 160 60 500 cm /Im1 Do Q q 100 0 0 60 400 100 cm /Im1 Do Q",
        {"Im1": embed(pixels)},
    )
    caption = text(CAPTION, [60, 480, 250, 492], TextSize=9, Font={"name": "Helvetica-Oblique"})
    body = text("Running text. " * 60, [60, 200, 550, 400], TextSize=11, Font={"name": "Times"})
    folder = write_json(tmp_path, [figure([55, 495, 305, 665]), caption, body], [FACTS])
    (page,) = read(pool, pdf, folder)
    assert [image.bbox for image in page.images] == [Bbox(60, 132, 300, 292)]
    assert page.scan_regions == ()
    found = align_document(
        pool,
        PdfSource(path=pdf),
        CFG,
        book_sha256="",
        page_indices=(0,),
        extract=load_extract(folder, 1),
        out_dir=tmp_path / "out",
    )
    (only,) = found.figures
    assert (only.status, only.label) == ("paired", "Figure 2.1")
    (panel,) = only.panels
    assert panel.source == "native"
    assert (read_pixels(tmp_path / "out" / f"{panel.image_sha256}.png") == pixels).all()


def test_figures_on_a_scanned_page_are_cut_out_of_it(pool: WorkerPool, tmp_path: Path) -> None:
    paper = np.full((1584, 1224, 3), 246, np.uint8)
    paper[200:600, 200:800] = photograph(width=600, height=400)
    pdf = draw_page(tmp_path / "page.pdf", "q 612 0 0 792 0 0 cm /Im1 Do Q", {"Im1": embed(paper)})
    box = [100.0, 492.0, 400.0, 692.0]
    caption = text(CAPTION, [100, 470, 290, 482], TextSize=10)
    folder = write_json(tmp_path, [figure(box), caption], [{**FACTS, "is_scanned": True}])
    (page,) = read(pool, pdf, folder)
    (region,) = page.scan_regions
    assert (region.bbox, region.photo_score >= 0.5) == (Bbox(100, 100, 400, 300), True)
    assert (page.text_source, page.flags) == ("ocr", ("adobe",))
    whole = Figure(
        figure_id="f1",
        status="paired",
        page_index=0,
        bbox=region.bbox,
        confidence=1.0,
        kind="photo",
        panels=(Panel(bbox=region.bbox),),
    )
    (cut,), _ = cut_figures(pool, PdfSource(path=pdf), CFG, [whole], tmp_path / "out", None)
    (panel,) = cut.panels
    assert (panel.source, panel.pixel_size) == ("scan", (600, 400))


def test_what_a_clip_path_leaves_is_the_figure(tmp_path: Path) -> None:
    clipped = figure([0, 0, 500, 500], ClipBounds=[100, 100, 200, 200])
    (page,) = load_extract(write_json(tmp_path, [clipped], [FACTS]), 1)
    assert page.figures == (Bbox(100, -200, 200, -100),)


def test_a_rendition_that_is_not_there_is_noted(pool: WorkerPool, tmp_path: Path) -> None:
    pdf = draw_page(tmp_path / "page.pdf", "")
    element = figure([100, 100, 300, 300], filePaths=["figures/fileoutpart0.png"])
    folder = write_json(tmp_path, [element], [FACTS])
    before = digest_extract(folder)
    (page,) = read(pool, pdf, folder)
    assert page.flags == ("adobe", "adobe_rendition_missing")
    (folder / "figures").mkdir()
    (folder / "figures" / "fileoutpart0.png").write_bytes(b"a picture")
    (page,) = read(pool, pdf, folder)
    assert page.flags == ("adobe",)
    assert digest_extract(folder) != before


# ---------------------------------------------------------------------------- what is refused

GOOD = text("Words", [100, 100, 200, 112])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"Bounds": [1, 2, 3]}, r"elements\[1\]\.Bounds"),
        ({"Bounds": ["a", 2, 3, 4]}, r"elements\[1\]\.Bounds\[0\]"),
        ({"Bounds": [200, 100, 100, 112]}, r"elements\[1\]: the box"),
        ({"Bounds": [100, 112, 200, 100]}, r"elements\[1\]: the box"),
        ({"Page": -1}, r"elements\[1\]\.Page"),
        ({"Page": 1}, r"elements\[1\]: Page 1, but the file tells of 1 pages"),
        ({"Page": "0x"}, r"elements\[1\]\.Page"),
        ({"Path": None}, r"elements\[1\]\.Path"),
        ({"Text": 7}, r"elements\[1\]\.Text"),
        ({"TextSize": 0}, r"elements\[1\]\.TextSize"),
        ({"TextSize": 1e308}, r"elements\[1\]\.TextSize"),
        ({"Bounds": [-1e308, 0, 1e308, 9]}, r"elements\[1\]\.Bounds\[0\]"),
        ({"attributes": {"LineHeight": 1e307}}, r"elements\[1\]\.attributes\.LineHeight"),
        ({"Font": "Arial"}, r"elements\[1\]\.Font"),
        ({"CharBounds": [[0, 0, 1]]}, r"elements\[1\]\.CharBounds\[0\]"),
        ({"Text": "", "Kids": [{"Text": "no path"}]}, r"elements\[1\]\.Kids\[0\]\.Path"),
    ],
)
def test_a_malformed_element_is_named(change: dict[str, Any], place: str, tmp_path: Path) -> None:
    folder = write_json(tmp_path, [GOOD, {**GOOD, **change}], [FACTS])
    with pytest.raises(AdobeExtractError, match=rf"structuredData\.json: {place}.*unpacked"):
        load_extract(folder, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"elements": [',
        b'{"pages": [{"blocks": []}]}',
        b'{"elements": [], "extended_metadata": {}}',
        b'{"elements": {}, "extended_metadata": {"page_count": 1}}',
    ],
)
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "structuredData.json").write_bytes(content)
    with pytest.raises(AdobeExtractError, match=r"structuredData\.json: .*not the output of Adobe"):
        load_extract(tmp_path, 1)


@pytest.mark.parametrize(
    "change", [{"TextSize": 5e-324}, {"TextSize": 1e6}, {"attributes": {"LineHeight": 5e-324}},
               {"Rotation": 1e308}, {"Bounds": [-1e6, -1e6, 1e6, 1e6]}],
)  # fmt: skip
def test_the_smallest_and_largest_numbers_make_lines(
    change: dict[str, Any], tmp_path: Path
) -> None:
    assert told(lines_of(tmp_path, {**GOOD, **change})) == ["Words"]


def test_a_file_that_tells_of_endless_pages_is_refused_before_they_are_made(tmp_path: Path) -> None:
    folder = write_json(tmp_path, [GOOD], [FACTS])
    path = folder / "structuredData.json"
    path.write_text(path.read_text().replace('"page_count": 1', f'"page_count": {2**62}'))
    with pytest.raises(AdobeExtractError, match=f"made of {2**62} pages, the PDF has 1"):
        load_extract(folder, 1)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdobeExtractError, match=r"no structuredData\.json in it; give the folder"):
        load_extract(tmp_path, 1)


def test_another_number_of_pages_is_refused(tmp_path: Path) -> None:
    folder = write_json(tmp_path, [GOOD], [FACTS])
    with pytest.raises(AdobeExtractError, match=r"made of 1 pages, the PDF has 2"):
        load_extract(folder, 2)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"width": 595, "height": 842}, "595 x 842 pt, but page index 0 of the PDF is 612 x 792"),
        ({"boxes": {"CropBox": [0, 0, 300, 400]}}, "300 x 400 pt, but page index 0"),
    ],
)
def test_a_page_of_another_size_stops_the_run(
    facts: dict[str, Any], message: str, pool: WorkerPool, tmp_path: Path
) -> None:
    pdf = draw_page(tmp_path / "page.pdf", "")
    folder = write_json(tmp_path, [GOOD], [{**FACTS, **facts}])
    with pytest.raises(AdobeExtractError, match=message):
        read(pool, pdf, folder)


def test_a_turned_page_may_be_told_by_its_shown_sides(pool: WorkerPool, tmp_path: Path) -> None:
    pdf = draw_page(tmp_path / "page.pdf", "", rotate=90)
    folder = write_json(tmp_path, [GOOD], [{**FACTS, "width": 792, "height": 612}])
    assert len(read(pool, pdf, folder)[0].lines) == 1


def test_boxes_outside_of_the_page_stop_the_run(pool: WorkerPool, tmp_path: Path) -> None:
    pdf = draw_page(tmp_path / "page.pdf", "")
    folder = write_json(tmp_path, [text("In pixels", [1700, 2000, 2400, 2040])], [FACTS])
    with pytest.raises(AdobeExtractError, match="1 of 1 lines lie outside of the page"):
        read(pool, pdf, folder)


# ----------------------------------------------------------------------------- the whole program


def draw_extract(pdf: Path, folder: Path, pages: range | None = None) -> Path:
    """The output for one of `tiny_books`: figures where it draws them."""
    boxes = {i: [Bbox(60, 112, 440, 312)] for i in range(12)}
    return write_extract(folder, pdf, boxes, pages=pages)


@pytest.fixture
def workspace(pool: WorkerPool, tmp_path: Path) -> Workspace:
    """A data folder with one book of three pages and Adobe's output for it."""
    workspace = Workspace(tmp_path / "data")
    workspace.data.mkdir()
    pdf = draw_book(workspace.data / "book.pdf", figures=3)
    folder = draw_extract(pdf, workspace.data / "extract")
    add_book(workspace, pool, pdf, book_id="bk3", given={"adobe": folder})
    return workspace


def test_a_book_is_registered_with_its_extract(workspace: Workspace) -> None:
    (book,) = read_books(workspace)
    assert book.adobe == "extract"
    assert adobe_path(workspace, book) == workspace.data / "extract"


def test_a_book_with_the_extract_of_another_is_not_registered(
    workspace: Workspace, pool: WorkerPool, tmp_path: Path
) -> None:
    other = draw_book(tmp_path / "other.pdf", figures=2)
    folder = workspace.data / "extract"
    with pytest.raises(AdobeExtractError, match="made of 3 pages, the PDF has 2"):
        add_book(workspace, pool, other, book_id="bk4", given={"adobe": folder})
    assert [book.id for book in read_books(workspace)] == ["bk3"]


def test_a_changed_extract_is_read_again(workspace: Workspace) -> None:
    summary, (first,) = builds.build(workspace, CFG)
    assert first.computed == steps.STAGES
    assert summary.books[0].figures == {"paired": 3}
    assert summary.books[0].page_flags == {"adobe": 3}
    assert builds.build(workspace, CFG)[1][0].computed == ()
    path = workspace.data / "extract" / "structuredData.json"
    path.write_text(path.read_text().replace("Plaque", "Papule"))
    summary, (second,) = builds.build(workspace, CFG)
    assert second.computed == steps.STAGES
    captions = [f.caption for f in builds.read_alignment(workspace, summary.books[0]).figures]
    assert captions and all(str(caption).startswith("Papule") for caption in captions)


def test_a_book_whose_extract_is_broken_is_listed_and_the_others_go_on(
    workspace: Workspace, pool: WorkerPool, tmp_path: Path
) -> None:
    other = draw_book(tmp_path / "other.pdf", figures=1, seed=5)
    add_book(workspace, pool, other, book_id="bk4")
    (workspace.data / "extract" / "structuredData.json").write_text("{}")
    summary, _ = builds.build(workspace, CFG)
    assert [book.id for book in summary.rejected] == ["bk3"]
    assert "elements: Field required" in summary.rejected[0].message
    assert [book.id for book in summary.books if book.status == "built"] == ["bk4"]


def test_parts_are_put_together_by_number(pool: WorkerPool, tmp_path: Path) -> None:
    pdf = draw_book(tmp_path / "book.pdf", figures=11)
    for number in range(11):
        draw_extract(pdf, tmp_path / "parts" / f"part{number + 1}", range(number, number + 1))
    pages = read(pool, pdf, tmp_path / "parts", 11)
    labels = [next(line.text for line in p.lines if "Figure" in line.text) for p in pages]
    assert [label.split()[1] for label in labels] == [f"2.{n}" for n in range(1, 12)]


def test_align_takes_the_extract_of_one_pdf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pdf = draw_book(tmp_path / "book.pdf", figures=2)
    folder, out = draw_extract(pdf, tmp_path / "extract"), tmp_path / "out"
    given = ["--out", str(out), "--adobe", str(folder), "--workers", "1", "--json"]
    assert cli.run(["align", str(pdf), *given]) == 0
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert told["figures"] == {"paired": 2}
    assert len(read_jsonl(out / f"{told['sha256']}.jsonl", Figure)) == 2
    assert cli.run(["align", str(pdf), str(pdf), *given]) == 2
    assert "one PDF at a time" in capsys.readouterr().err
    (folder / "structuredData.json").write_text("[]")
    assert cli.run(["align", str(pdf), *given]) == 8
    assert "not the output of Adobe PDF Extract" in capsys.readouterr().err
