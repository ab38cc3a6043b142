"""The text layer as a reader of the page sees it."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pymupdf
import pytest
from pikepdf import Array, Dictionary, Name

from builders import make_line
from drawn_pages import draw_page
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.text import broken_share, read_lines
from mmskin_build.records import Line

Lines = tuple[Line, ...]


def read(path: Path, content: str, **page: object) -> tuple[Lines, Lines]:
    with pymupdf.open(draw_page(path / "page.pdf", content, **page)) as pdf:  # type: ignore[arg-type]
        return read_lines(pdf[0])


def show(text: str, x: float = 72, y: float = 700, size: float = 10, extra: str = "") -> str:
    return f"BT /F1 {size} Tf {extra} {x} {y} Td ({text}) Tj ET\n"


def test_words_come_with_their_place_font_and_size(tmp_path: Path) -> None:
    (line,), hidden = read(tmp_path, show("Plaques of the elbow", size=12))
    (span,) = line.spans
    assert (line.text, line.direction) == ("Plaques of the elbow", 0)
    assert (span.font, span.size_pt, span.bold, span.italic) == ("Helvetica", 12, False, False)
    assert line.bbox.x0 == pytest.approx(72, abs=1)
    assert line.bbox.y0 < 92 < line.bbox.y1 + 0.01  # the baseline, from the top
    assert hidden == ()


def test_pieces_of_one_style_become_one_span(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 72 700 Td (Pla) Tj (ques ) Tj [(o) -20 (f) -250 (skin)] TJ ET"
    (line,), _ = read(tmp_path, content)
    assert len(line.spans) == 1
    assert line.text == "Plaques of skin"


def test_a_change_of_size_or_color_begins_a_new_span(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 72 700 Td (Figure 1 ) Tj 1 0 0 rg (Red ) Tj 0 g /F1 8 Tf (small) Tj ET"
    (line,), _ = read(tmp_path, content)
    assert [(s.text.strip(), s.size_pt, s.color) for s in line.spans] == [
        ("Figure 1", 10, 0),
        ("Red", 10, 0xFF0000),
        ("small", 8, 0),
    ]


def test_invisible_text_is_kept_apart(tmp_path: Path) -> None:
    content = show("Seen") + show("Unseen", y=600, extra="3 Tr")
    visible, hidden = read(tmp_path, content)
    assert [line.text for line in visible] == ["Seen"]
    assert [line.text for line in hidden] == ["Unseen"]


def test_fully_transparent_text_is_invisible_too(tmp_path: Path) -> None:
    content = show("Seen") + "/Clear gs " + show("Unseen", y=600)
    visible, hidden = read(tmp_path, content, states={"Clear": {"/ca": 0.0, "/CA": 0.0}})
    assert [line.text for line in visible] == ["Seen"]
    assert [line.text for line in hidden] == ["Unseen"]


def test_outlined_text_is_visible(tmp_path: Path) -> None:
    visible, hidden = read(tmp_path, show("Outlined", extra="1 Tr"))
    assert [line.text for line in visible] == ["Outlined"]
    assert hidden == ()


TURNS = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("written", sorted(TURNS))
def test_the_direction_is_that_of_the_page_as_displayed(
    tmp_path: Path, written: int, rotate: int
) -> None:
    # /Rotate turns the page clockwise, directions count the other way.
    content = f"BT /F1 10 Tf {TURNS[written]} 300 400 Tm (Plaques of the elbow) Tj ET"
    (line,), _ = read(tmp_path, content, rotate=rotate)
    assert line.direction == (written - rotate) % 360
    along_x = line.bbox.width > line.bbox.height
    assert along_x == (line.direction in (0, 180))
    with pymupdf.open(tmp_path / "page.pdf") as pdf:
        assert Bbox(0, 0, pdf[0].rect.width, pdf[0].rect.height).contains(line.bbox)


def test_a_turned_page_moves_its_text(tmp_path: Path) -> None:
    (line,), _ = read(tmp_path, show("Near the top left"), rotate=90)
    assert line.bbox.x0 > 650  # the upper edge has become the right one
    assert line.bbox.y0 == pytest.approx(72, abs=1)


def test_text_is_placed_from_the_corner_of_the_crop_box(tmp_path: Path) -> None:
    (line,), _ = read(tmp_path, show("Plaques"), crop=(52, 100, 500, 720))
    assert line.bbox.x0 == pytest.approx(20, abs=1)
    assert line.bbox.y0 < 20 < line.bbox.y1 + 0.01


def test_ligatures_come_apart(tmp_path: Path) -> None:
    # Helvetica has fi and fl; their codes are named by hand.
    path = draw_page(tmp_path / "page.pdf", show("\x01brous in\x02amed"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        names = Array([1, Name("/fi"), Name("/fl")])
        pdf.pages[0].Resources.Font.F1.Encoding = Dictionary(
            BaseEncoding=Name.WinAnsiEncoding, Differences=names
        )
        pdf.save(path)
    with pymupdf.open(path) as pdf:
        (line,), _ = read_lines(pdf[0])
    assert line.text == "fibrous inflamed"


def test_superscripts_are_marked(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 72 700 Td (Plaques of 3 cm) Tj 3 Ts /F1 6 Tf (2) Tj 0 Ts ET"
    (line,), _ = read(tmp_path, content)
    assert [(s.text, s.superscript) for s in line.spans] == [
        ("Plaques of 3 cm", False),
        ("2", True),
    ]


@pytest.mark.parametrize(
    ("font", "bold", "italic"),
    [
        ("Helvetica-Bold", True, False),
        ("ABCDEF+Frutiger-Black", True, False),
        ("MinionPro-Semibold", True, False),
        ("Times-Italic", False, True),
        ("Helvetica-BoldOblique", True, True),
        ("MinionPro-It", False, True),
        ("Helvetica", False, False),
        ("Bodoni", False, False),
    ],
)
def test_the_name_of_a_font_tells_its_style(
    tmp_path: Path, font: str, bold: bool, italic: bool
) -> None:
    path = draw_page(tmp_path / "page.pdf", show("Figure 1"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].Resources.Font.F1.BaseFont = Name(f"/{font}")
        pdf.save(path)
    with pymupdf.open(path) as pdf:
        (line,), _ = read_lines(pdf[0])
    assert (line.spans[0].bold, line.spans[0].italic) == (bold, italic)


def test_blank_lines_are_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path, show("   ")) == ((), ())


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Plaques", 0.0),
        ("", 0.0),
        ("Größe β ×40 图", 0.0),
        ("\ufffd\ufffdab", 0.5),
        ("\ue001\ue002", 1.0),
        ("a b \x02 c", 0.25),
    ],
)
def test_characters_without_meaning_are_counted(text: str, share: float) -> None:
    assert broken_share((make_line(text),)) == share
