from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from builders import make_alignment, make_figure
from mmskin_build.audit.document import audit_document
from mmskin_build.audit.overlay import COLORS, write_overlays
from mmskin_build.audit.report import pages_of_interest, write_audit
from mmskin_build.audit.table import COLUMNS, write_table
from mmskin_build.config import PdfConfig
from mmskin_build.errors import StorageError
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.isolation import WorkerPool
from mmskin_build.pdf.jobs import PdfSource
from mmskin_build.records import Alignment, Evidence, Overlay, PageFailure, Panel, Reject

NASTY = "</script><img src=x onerror=alert(1)> <!-- & \u2028 'quoted' \"twice\""
SIZES = {page_index: (612.0, 792.0) for page_index in range(10)}


def picture(kind: str = "JPEG", size: tuple[int, int] = (306, 396)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


def two_panels() -> tuple[Panel, ...]:
    mark = Overlay(kind="path", bbox=Bbox(80, 110, 90, 120))
    return (
        Panel(
            bbox=Bbox(72, 100, 220, 300),
            label="a",
            text="before",
            pixel_size=(600, 800),
            source="native",
            overlays=(mark,),
        ),
        Panel(bbox=Bbox(224, 100, 372, 300), label="b", text="after"),
    )


def sample() -> Alignment:
    evidence = (Evidence(name="side", value=f"below {NASTY}", weight=0.6),)
    return make_alignment(
        [
            make_figure("f1", label="Figure 3.1", caption=NASTY, evidence=evidence),
            make_figure("f2", label="Figure 3.3", page_index=1, panels=two_panels()),
            make_figure("f3", status="image_without_caption", page_index=4, confidence=0.5),
            make_figure("f4", label="Figure 3.4", page_index=5, caption_page_index=6),
        ],
        page_count=10,
        rejects=(
            Reject(
                item_id="r1",
                stage="regions",
                reason="furniture",
                detail=NASTY,
                page_index=2,
                bbox=Bbox(10, 10, 50, 30),
            ),
            Reject(item_id="r2", stage="reader", reason="page_skipped"),
        ),
        failures=(PageFailure(page_index=8, reason="page_timed_out", detail=NASTY),),
    )


def write(out: Path, **options: Any) -> Path:
    pictures: dict[int, Path | bytes] = {page_index: picture() for page_index in range(10)}
    options = {"title": "A book", "page_sizes": SIZES} | options
    return write_audit(sample(), options.pop("page_pictures", pictures), out, **options)


def data_of(index: Path) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', index.read_text(), re.S
    )
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_pages_with_anything_found_dropped_or_failed_are_shown() -> None:
    assert pages_of_interest(sample()) == (0, 1, 2, 4, 5, 6, 8)
    assert pages_of_interest(make_alignment()) == ()


def test_the_report_holds_every_item_with_its_evidence(tmp_path: Path) -> None:
    data = data_of(write(tmp_path, page_labels={1: "xii"}, page_flags={1: ("ocr",)}))
    assert [figure["id"] for figure in data["figures"]] == ["f1", "f2", "f3", "f4"]
    assert data["figures"][0]["caption"] == NASTY
    assert data["figures"][0]["evidence"][0]["weight"] == 0.6
    assert data["figures"][1]["panels"][0]["label"] == "a"
    assert data["figures"][1]["panels"][0]["overlays"] == [[80, 110, 90, 120]]
    assert data["figures"][3]["captionPage"] == 6
    assert [reject["id"] for reject in data["rejects"]] == ["r1", "r2"]
    assert data["failures"][0]["page"] == 8
    assert [gap["label"] for gap in data["ledger"]] == ["Figure 3.2"]
    page = data["pages"][1]
    assert (page["index"], page["label"], page["flags"]) == (1, "xii", ["ocr"])


def test_pictures_lie_beside_the_report_once_for_each_page_shown(tmp_path: Path) -> None:
    source = tmp_path / "page.png"
    source.write_bytes(picture("PNG"))
    index = write(tmp_path / "out", page_pictures={0: picture(), 1: source, 3: picture()})
    names = [page["picture"] for page in data_of(index)["pages"]]
    assert names[:3] == ["pages/p00001.jpg", "pages/p00002.png", None]
    on_disk = sorted(path.name for path in (tmp_path / "out" / "pages").iterdir())
    assert on_disk == ["p00001.jpg", "p00002.png"]


def test_a_second_report_leaves_no_picture_of_the_first(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "pages" / "notes.txt").write_text("mine")
    write(tmp_path, page_pictures={0: picture()})
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert names == ["notes.txt", "p00001.jpg"]


def test_the_report_can_hold_its_pictures_itself(tmp_path: Path) -> None:
    index = write(tmp_path, page_pictures={0: picture("WEBP")}, embed=True)
    assert data_of(index)["pages"][0]["picture"].startswith("data:image/webp;base64,")
    assert not (tmp_path / "pages").exists()


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b").read_bytes()


def test_text_of_the_book_never_becomes_markup(tmp_path: Path) -> None:
    html = write(tmp_path, title=NASTY).read_text()
    assert html.count("<script") == 2  # the data and the program
    assert html.count("</script>") == 2
    assert "<img" not in html
    assert "<!--" not in html
    assert NASTY in unescape(html.split("<title>")[1].split("</title>")[0])


def test_the_policy_allows_this_script_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    html = write(tmp_path).read_text()
    policy = html.split('Content-Security-Policy" content="')[1].split('"')[0]
    script = html.split("<script>")[1].split("</script>")[0]
    style = html.split("<style>")[1].split("</style>")[0]
    for text, name in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in unescape(policy)
    assert "default-src 'none'" in unescape(policy)
    assert "unsafe" not in policy
    addresses = set(re.findall(r"https?://[^\s\"'`]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name space, never fetched
    assert "innerHTML" not in script


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colors_meet_wcag_aa(tmp_path: Path, scheme: int) -> None:
    style = write(tmp_path).read_text().split("<style>")[1].split("</style>")[0]
    block = re.findall(r":root \{(.*?)\}", style, re.S)[scheme]
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    texts = ("ink", "soft", "accent", "paired", "doubtful", "image", "caption", "reject", "bad")
    for text in texts:
        for ground in ("paper", "ground"):
            assert _contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    assert _contrast(colors["ink"], colors["mark"]) >= 4.5


@pytest.mark.parametrize("color", COLORS.values())
def test_tags_on_the_page_can_be_read(color: str) -> None:
    assert _contrast(color, "#ffffff") >= 4.5


def test_a_picture_of_another_format_is_refused_by_its_page(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="page 1 is no JPEG"):
        write(tmp_path, page_pictures={0: b"GIF89a"})


def test_a_missing_picture_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere.jpg"):
        write(tmp_path, page_pictures={0: tmp_path / "nowhere.jpg"})


def test_the_table_has_one_row_a_panel(tmp_path: Path) -> None:
    path = write_table(sample(), tmp_path / "book.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert tuple(rows[0]) == COLUMNS
    assert [row["figure_id"] for row in rows] == ["f1", "f2", "f2", "f3", "f4"]
    assert [row["panel"] for row in rows[1:3]] == ["a", "b"]
    assert rows[1]["pixels"] == "600x800"
    assert rows[1]["panel_bbox"] == "72.00 100.00 220.00 300.00"
    assert (rows[4]["page"], rows[4]["caption_page"]) == ("6", "7")
    assert rows[0]["caption"] == NASTY


def test_a_spreadsheet_finds_no_formula_in_the_table(tmp_path: Path) -> None:
    figure = make_figure(caption='=HYPERLINK("x")', label="@1")
    path = write_table(make_alignment([figure]), tmp_path / "book.csv")
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    assert row["caption"] == '\'=HYPERLINK("x")'
    assert row["label"] == "'@1"


def test_overlays_draw_each_box_in_the_color_of_its_status(tmp_path: Path) -> None:
    page = picture("PNG", (612, 792))
    written = write_overlays(
        sample(), {0: page, 2: page, 3: page, 4: page}, tmp_path, page_sizes=SIZES
    )
    assert [path.name for path in written] == ["p00001.png", "p00003.png", "p00005.png"]
    for path, status, edge in zip(
        written,
        ("paired", "reject", "image_without_caption"),
        ((72, 200), (10, 20), (72, 200)),
        strict=True,
    ):
        with Image.open(path) as drawn:
            found = drawn.convert("RGB").getpixel(edge)
        assert bytes(found).hex() == COLORS[status].removeprefix("#")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_browser_draws_the_page_and_runs_nothing_of_the_book(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    index = write(tmp_path)
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        + [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=3000", "--dump-dom"]
        + [index.as_uri()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count('<article class="page"') == 7
    assert 'class="item paired"' in done.stdout
    assert "Figure 3.2 is never seen" in done.stdout
    assert "onerror=alert(1)&gt;" in done.stdout
    assert "<img src=x" not in done.stdout.replace('"', "")


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "ten pages.pdf"
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    for number in range(10):
        canvas.drawString(72, 700, f"Page {number + 1}")
        canvas.showPage()
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[4].rotate(90, relative=False)
        document.save(path)
    return path


def test_a_document_is_drawn_once_and_reported(tmp_path: Path, pdf: Path) -> None:
    drawn: list[int] = []
    with WorkerPool(PdfConfig()) as pool:

        def audit(alignment: Alignment, **options: Any) -> Path:
            drawn.clear()
            return audit_document(
                pool,
                PdfSource(path=pdf),
                alignment,
                tmp_path,
                title="Ten pages",
                on_page=drawn.append,
                **options,
            )

        index = audit(sample(), table=True, overlays=True)
        assert sorted(drawn) == [0, 1, 2, 4, 5, 6, 8]
        sizes = {page["index"]: page["size"] for page in data_of(index)["pages"]}
        assert sizes[0] == [612, 792]
        assert sizes[4] == [792, 612]  # as the page is shown
        with Image.open(tmp_path / "pages" / "p00005.jpg") as page:
            assert page.size == (900, 696)
        assert (tmp_path / "figures.csv").is_file()
        assert (tmp_path / "overlays" / "p00003.png").is_file()

        audit(sample())
        assert drawn == []

        (tmp_path / "pages" / "p00002.jpg").unlink()
        audit(sample())
        assert drawn == [1]

        audit(replace(sample(), book_sha256="cd" * 32))
        assert sorted(drawn) == [0, 1, 2, 4, 5, 6, 8]

        audit(sample(), width_px=450)
        assert len(drawn) == 7


def test_a_page_that_cannot_be_drawn_is_a_blank_sheet(tmp_path: Path, pdf: Path) -> None:
    beyond = make_alignment([make_figure(page_index=0), make_figure("x", page_index=40)])
    with WorkerPool(PdfConfig()) as pool:
        index = audit_document(pool, PdfSource(path=pdf), beyond, tmp_path, title="Too long")
    assert [page["picture"] for page in data_of(index)["pages"]] == ["pages/p00001.jpg", None]
