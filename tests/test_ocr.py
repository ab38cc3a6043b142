"""Scanned pages: words, sizes and pictures come back where they were printed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageFont

from mmskin_build.config import PdfConfig
from mmskin_build.errors import ConfigError, InputPdfError, MissingDependencyError
from mmskin_build.geometry import Bbox, iou
from mmskin_build.pdf import tesseract
from mmskin_build.pdf.ocr import ScanResult, agrees_with_layer, read_scan
from mmskin_build.pdf.ocr_lines import apart_by_column, split_and_repair, split_columns
from mmskin_build.pdf.reader import PAGE_FLAGS
from mmskin_build.pdf.text_layer import judge_layer, layer_facts, plausible_share
from mmskin_build.records import Line, Span
from scan_sheet import BODY, DPI, LEFT, SIZE_PT, Sheet, px

CFG = PdfConfig()
CAPTION = ("Figure 12: Psoriasis of the elbow in a woman aged 43", "years, before treatment.")


def text_of(result: ScanResult) -> str:
    return " ".join(line.text for line in result.lines)


PHOTO = Bbox(60, 230, 240, 370)


def draw_usual_page() -> Sheet:
    sheet = Sheet()
    sheet.text(BODY, 60)
    sheet.photograph(PHOTO)
    sheet.text(CAPTION, 380, size=8)
    return sheet


@cache
def usual_page() -> ScanResult:
    return read_scan(draw_usual_page().scan(), DPI, CFG, "eng")


def test_the_words_of_a_page_are_read() -> None:
    assert text_of(usual_page()).split() == " ".join(BODY + CAPTION).split()
    assert usual_page().confidence > 0.9
    assert usual_page().flags == ()
    assert usual_page().skew_degrees == 0.0


def test_lines_lie_where_they_are_printed_and_have_their_size() -> None:
    sheet = Sheet()
    lines = {line.text: line for line in usual_page().lines}
    body, caption = lines[BODY[0]], lines[CAPTION[0]]

    assert iou(body.bbox, sheet.text(BODY[:1], 60)) > 0.8
    assert iou(caption.bbox, sheet.text(CAPTION[:1], 380, size=8)) > 0.8
    assert body.spans[0].size_pt == pytest.approx(10, rel=0.15)
    assert caption.spans[0].size_pt == pytest.approx(0.8 * body.spans[0].size_pt, rel=0.07)
    assert body.block != caption.block
    assert all(0.5 < span.confidence <= 1 for span in body.spans)
    assert body.direction == 0


def test_a_photograph_is_found_to_its_edge() -> None:
    [region] = usual_page().regions

    assert iou(region.bbox, PHOTO) > 0.97
    assert region.photo_score >= 0.5


@pytest.mark.parametrize(
    ("paper", "skew", "noise", "shade"),
    [
        ((255, 255, 255), 0.0, 0.0, 0.0),
        ((225, 205, 160), 0.0, 4.0, 0.0),
        ((246, 243, 232), 0.0, 3.0, 50.0),
        ((240, 240, 240), 1.6, 2.0, 0.0),
        ((240, 240, 240), -2.5, 2.0, 20.0),
    ],
)
def test_tint_noise_shade_and_skew_do_no_harm(
    paper: tuple[int, int, int], skew: float, noise: float, shade: float
) -> None:
    sheet = Sheet(paper)
    sheet.text(BODY, 60)
    sheet.photograph(PHOTO)
    sheet.text(CAPTION, 380, size=8)

    result = read_scan(sheet.scan(skew, noise, shade), DPI, CFG, "eng")

    words = " ".join(BODY + CAPTION).split()
    assert len(set(words) - set(text_of(result).split())) <= 1
    assert result.skew_degrees == pytest.approx(skew, abs=0.2)
    assert ("scan_skewed" in result.flags) == (abs(skew) > 0.5)
    [region] = result.regions
    assert iou(region.bbox, turned_box(PHOTO, skew)) > 0.93


def turned_box(box: Bbox, degrees: float) -> Bbox:
    """The box around a box of a page that is turned counter-clockwise about its middle."""
    turn = np.exp(-1j * np.deg2rad(degrees))
    middle = complex(SIZE_PT[0] / 2, SIZE_PT[1] / 2)
    corners = [complex(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
    turned = [(corner - middle) * turn + middle for corner in corners]
    xs, ys = [point.real for point in turned], [point.imag for point in turned]
    return Bbox(min(xs), min(ys), max(xs), max(ys))


def test_skewed_lines_keep_their_height_and_place() -> None:
    result = read_scan(draw_usual_page().scan(skew=2.0), DPI, CFG, "eng")
    straight = {line.text: line for line in usual_page().lines}
    first = next(line for line in result.lines if line.text == BODY[0])

    word, plain = first.spans[0].bbox, straight[BODY[0]].spans[0].bbox
    assert word.height == pytest.approx(plain.height, abs=1.5)
    assert word.center == pytest.approx(turned_box(plain, 2.0).center, abs=1.5)


@pytest.mark.parametrize(("quarters", "direction"), [(1, 90), (2, 180), (3, 270)])
def test_a_page_on_its_side_is_read(quarters: int, direction: int) -> None:
    image = np.rot90(draw_usual_page().scan(), quarters).copy()

    result = read_scan(image, DPI, CFG, "eng")

    assert set(" ".join(BODY).split()) <= set(text_of(result).split())
    assert {line.direction for line in result.lines} == {direction}
    assert "ocr_turned" in result.flags
    body = next(line for line in result.lines if line.text == BODY[0])
    assert (body.bbox.height > body.bbox.width) == (direction != 180)
    height, width = image.shape[:2]
    assert Bbox(0, 0, width * 72 / DPI, height * 72 / DPI).contains(body.bbox)


def test_pictures_apart_by_a_gutter_are_two_and_no_word_in_them_is_text() -> None:
    sheet = Sheet()
    left = sheet.photograph(Bbox(60, 60, 180, 200))
    right = sheet.photograph(Bbox(184, 60, 330, 200))
    sheet.pen.text((px(90), px(120)), "COPYRIGHT", (255, 255, 255), ImageFont.load_default(22))
    sheet.text(BODY, 260)

    result = read_scan(sheet.scan(), DPI, CFG, "eng")

    assert [iou(r.bbox, box) > 0.95 for r, box in zip(result.regions, (left, right), strict=True)]
    assert text_of(result).split() == " ".join(BODY).split()


def test_pale_and_dark_photographs_are_found() -> None:
    sheet = Sheet((250, 250, 250))
    pale = sheet.photograph(Bbox(60, 60, 220, 180), light=140)
    dark = Bbox(60, 240, 220, 360)
    sheet.pen.rectangle(tuple(map(px, dark)), (4, 4, 6))
    sheet.photograph(Bbox(100, 270, 180, 330))

    regions = read_scan(sheet.scan(), DPI, CFG, "eng").regions

    assert [region.photo_score >= 0.5 for region in regions] == [True, True]
    assert iou(regions[0].bbox, pale) > 0.9
    assert iou(regions[1].bbox, dark) > 0.95


def test_text_on_a_tint_is_text() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.pen.rectangle((px(30), px(50), px(390), px(150)), (214, 226, 240))
    sheet.text(BODY, 60)

    result = read_scan(sheet.scan(), DPI, CFG, "eng")

    assert result.regions == ()
    assert text_of(result).split() == " ".join(BODY).split()


@pytest.mark.parametrize("ground", [(30, 60, 140), (222, 230, 244)])
def test_a_caption_on_a_colored_ground_around_its_photograph_is_read(
    ground: tuple[int, int, int],
) -> None:
    sheet = Sheet((255, 255, 255))
    sheet.text(BODY, 60)
    sheet.pen.rectangle((px(50), px(220), px(370), px(440)), ground)
    picture = sheet.photograph(Bbox(62, 232, 358, 390))
    font = ImageFont.load_default(size=8 * DPI / 72)
    ink = (255, 255, 255) if sum(ground) < 300 else (20, 20, 24)
    for number, line in enumerate(CAPTION):
        sheet.pen.text((px(62), px(402 + 11 * number)), line, ink, font)

    result = read_scan(sheet.scan(), DPI, CFG, "eng")

    (region,) = result.regions
    assert iou(region.bbox, picture) > 0.95
    assert " ".join(CAPTION) in text_of(result)


def test_the_dark_margin_of_a_photograph_without_words_stays_its_own() -> None:
    sheet = Sheet((255, 255, 255))
    sheet.text(BODY, 60)
    box = Bbox(62, 232, 358, 440)
    sheet.pen.rectangle(tuple(map(px, box)), (6, 6, 8))
    sheet.photograph(Bbox(100, 270, 320, 390))

    (region,) = read_scan(sheet.scan(), DPI, CFG, "eng").regions

    assert iou(region.bbox, box) > 0.95


def test_skin_to_the_edges_of_the_page_does_not_look_like_paper() -> None:
    rng = np.random.default_rng(5)
    coarse = rng.normal(0, 8, (60, 42, 1)).astype(np.float32)
    texture = np.asarray(coarse.repeat(20, axis=0).repeat(20, axis=1))
    skin = np.clip(np.array([206, 158, 135]) + texture, 0, 255).astype(np.uint8)

    assert not read_scan(skin, DPI, CFG, "eng").on_paper
    assert usual_page().on_paper


def level_line(
    y: int, *words: tuple[str, int, int], high: int = 20, paragraph: int = 0
) -> tesseract.RecognizedLine:
    """A line whose words are text, left and right; it is measured 20 pixels high."""
    boxes = tuple(
        tesseract.RecognizedWord(text=t, box=(x0, y, x1, y + high), confidence=0.9)
        for t, x0, x1 in words
    )
    return tesseract.RecognizedLine(words=boxes, height_px=20.0, paragraph=paragraph)


def test_lines_that_run_across_two_columns_are_cut_at_the_gap() -> None:
    line = level_line
    joined = [
        line(0, ("Fig.", 0, 40), ("5", 46, 60), ("Plaques", 66, 180), ("Fig.", 210, 250)),
        line(26, ("of", 0, 20), ("the", 26, 60), ("elbow.", 66, 170), ("palm.", 210, 280)),
    ]
    alone = line(90, ("A", 0, 10), ("wide", 40, 90), ("line", 96, 130))

    cut = split_columns([*joined, alone])

    assert [" ".join(word.text for word in piece.words) for piece in cut] == [
        "Fig. 5 Plaques",
        "Fig.",
        "of the elbow.",
        "palm.",
        "A wide line",
    ]
    # What stands right of the gap is one paragraph, and not that of the left column.
    assert [piece.paragraph for piece in apart_by_column(cut[:4])] == [0, 1, 0, 1]


def test_a_stroke_seen_in_the_gap_between_two_columns_does_not_join_them() -> None:
    def line(y: int, *words: tuple[str, int, int, float]) -> tesseract.RecognizedLine:
        boxes = tuple(
            tesseract.RecognizedWord(text=t, box=(x0, y, x1, y + 20), confidence=sure)
            for t, x0, x1, sure in words
        )
        return tesseract.RecognizedLine(words=boxes, height_px=20.0, paragraph=0)

    joined = [
        line(0, ("treatment", 0, 100, 0.9), ("Fig. 5:", 140, 200, 0.9)),
        line(26, ("failed.", 0, 100, 0.9), ("—_", 106, 134, 0.0), ("elbow.", 140, 200, 0.9)),
    ]
    cut = [" ".join(word.text for word in piece.words) for piece in split_columns(joined)]
    assert cut == ["treatment", "Fig. 5:", "failed.", "elbow."]


def test_a_caption_cut_from_the_running_text_beside_it_has_a_height_of_its_own() -> None:
    words = (("Figure", 0, 40), ("plaques", 46, 110), ("psoriasis", 200, 280))
    low = level_line(0, *words, high=16)
    text = replace(low.words[-1], box=(200, 0, 280, 20))
    (caption, beside) = split_and_repair(replace(low, words=(*low.words[:2], text)))
    assert (caption.height_px, beside.height_px) == (16.0, 20.0)


def test_columns_that_were_taken_for_one_paragraph_are_two() -> None:
    left = [level_line(y, ("of", 0, 20), ("the", 26, 60)) for y in (0, 26)]
    right = [level_line(y, ("palm", 200, 280)) for y in (2, 28)]
    other = level_line(90, ("below", 0, 60), paragraph=1)
    lines = [left[0], right[0], left[1], right[1], other]

    first, second, third, fourth, last = (p.paragraph for p in apart_by_column(lines))

    assert first == third and second == fourth
    assert len({first, second, last}) == 3


def test_pieces_of_justified_lines_below_one_another_stay_one_paragraph() -> None:
    whole = level_line(0, ("the", 0, 60), ("course", 66, 280))
    pieces = [level_line(26, ("of", 0, 20)), level_line(26, ("disease", 200, 280))]

    assert {line.paragraph for line in apart_by_column([whole, *pieces])} == {0}


def test_a_line_drawing_is_a_picture_but_no_photograph() -> None:
    sheet = Sheet()
    sheet.text(BODY, 60)
    frame = Bbox(80, 200, 300, 340)
    for step in range(6):
        grown = frame.expand(-step * 10)
        sheet.pen.ellipse(tuple(map(px, grown)), outline=(10, 10, 10), width=3)
    sheet.text(CAPTION, 360, size=8)

    result = read_scan(sheet.scan(), DPI, CFG, "eng")

    [region] = result.regions
    assert iou(region.bbox, frame) > 0.9
    assert region.photo_score < 0.5
    inside = [s for line in result.lines for s in line.spans if s.bbox.covered_by(frame) > 0.5]
    assert all(span.confidence >= 0.6 for span in inside)
    assert set(" ".join(BODY + CAPTION).split()) <= set(text_of(result).split())


def test_tables_rules_and_the_scanner_s_edge_are_no_pictures() -> None:
    sheet = Sheet()
    for row in range(6):
        y = 100 + row * 18
        sheet.pen.line((px(40), px(y), px(380), px(y)), (0, 0, 0), 2)
        if row < 5:
            sheet.text(
                (f"Patient {row + 1}   aged {30 + row}   improved   no side effects",), y + 3
            )
    for x in (40, 380):
        sheet.pen.line((px(x), px(100), px(x), px(190)), (0, 0, 0), 2)
    sheet.pen.rectangle((0, 0, px(8), px(SIZE_PT[1])), (15, 15, 15))
    sheet.pen.line((px(40), px(300), px(380), px(300)), (0, 0, 0), 3)

    assert read_scan(sheet.scan(), DPI, CFG, "eng").regions == ()


def test_an_empty_page_is_empty() -> None:
    result = read_scan(Sheet().scan(), DPI, CFG, "eng")

    assert (result.lines, result.regions, result.flags) == ((), (), ())
    assert result.confidence == 0.0


def test_a_page_that_is_one_photograph_is_one_region() -> None:
    sheet = Sheet()
    sheet.photograph(Bbox(0, 0, *SIZE_PT))

    result = read_scan(sheet.scan(), DPI, CFG, "eng")

    [region] = result.regions
    assert iou(region.bbox, Bbox(0, 0, *SIZE_PT)) > 0.95
    assert result.lines == ()


def test_a_blue_photograph_to_the_edges_is_not_taken_for_paper() -> None:
    sheet = Sheet((140, 170, 220))
    sheet.photograph(Bbox(100, 100, 300, 300))

    [region] = read_scan(sheet.scan(), DPI, CFG, "eng").regions

    assert iou(region.bbox, Bbox(0, 0, *SIZE_PT)) > 0.95


def test_a_heading_is_bold() -> None:
    sheet = Sheet()
    sheet.text(("Treatment of the lesions",), 40, size=11, bold=1)
    sheet.text(BODY, 70)

    lines = read_scan(sheet.scan(), DPI, CFG, "eng").lines

    bold = {line.text for line in lines if all(span.bold for span in line.spans)}
    assert bold == {"Treatment of the lesions"}


def test_finer_scans_give_the_same_places() -> None:
    sheet = draw_usual_page()
    large = Image.fromarray(sheet.scan()).resize((sheet.image.width * 3, sheet.image.height * 3))

    result = read_scan(np.asarray(large), DPI * 3, CFG, "eng")

    assert iou(result.regions[0].bbox, PHOTO) > 0.97
    assert text_of(result) == text_of(usual_page())
    assert set(result.flags) <= set(PAGE_FLAGS)


# ----------------------------------------------------------------------------- Tesseract


HOCR = """<html xmlns="http://www.w3.org/1999/xhtml"><body><div class="ocr_page">
<p class="ocr_par"><span class="ocr_caption" title="bbox 10 20 300 50; x_size 30.5">
{words}
</span></p></div></body></html>"""


def recognized(*words: tuple[str, int, int, int]) -> str:
    return HOCR.format(
        words="\n".join(
            f"<span class='ocrx_word' title='bbox {x0} 20 {x1} 50; x_wconf {sure}'>{text}</span>"
            for text, x0, x1, sure in words
        )
    )


def read_words(monkeypatch: pytest.MonkeyPatch, *words: tuple[str, int, int, int]) -> list[str]:
    """Read a page on which Tesseract sees exactly `words`."""
    monkeypatch.setattr(tesseract, "_run", lambda gray, options, limit: recognized(*words))
    lines = read_scan(Sheet().scan(), DPI, CFG, "eng").lines
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        (("Figs", "3"), "Figs 3"),
        (("Ficure", "3:"), "Figure 3:"),
        (("FIGURE", "|:"), "FIGURE 1:"),
        (("FiGure", "l2;"), "Figure 12:"),
        (("Fig.", "4-l."), "Fig. 4-1."),
        (("Figure", "out"), "Figure out"),
        (("Nature", "3"), "Nature 3"),
        (("Ficure", "shows"), "Ficure shows"),
    ],
)
def test_misread_labels_are_mended(
    monkeypatch: pytest.MonkeyPatch, seen: tuple[str, str], meant: str
) -> None:
    words = ((seen[0], 10, 90, 95), (seen[1], 100, 130, 90), ("erythema", 140, 290, 95))

    assert read_words(monkeypatch, *words) == [f"{meant} erythema"]


def test_an_unsure_label_stays_and_lines_of_noise_go(monkeypatch: pytest.MonkeyPatch) -> None:
    caption = (("Ficure", 10, 90, 12), ("6;", 95, 110, 88), ("Nodules", 115, 200, 96))
    noise = (("ee", 10, 30, 15), ("|,", 35, 45, 30), ("Wo", 50, 70, 8))

    assert read_words(monkeypatch, *caption) == ["Figure 6: Nodules"]
    assert read_words(monkeypatch, *noise) == ["|,"]


def test_noise_is_dropped_and_joined_columns_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (("(a)", 10, 40, 95), ("~", 60, 65, 3), ("(b)", 400, 430, 95))

    assert read_words(monkeypatch, *words) == ["(a)", "(b)"]


def test_a_missing_language_is_told_with_its_package() -> None:
    with pytest.raises(MissingDependencyError, match="apt install tesseract-ocr-xyz-vert"):
        read_scan(Sheet().scan(), DPI, CFG, "eng+xyz_vert")
    with pytest.raises(ConfigError, match="'eng, deu' is not a list"):
        read_scan(Sheet().scan(), DPI, CFG, "eng, deu")


def test_a_missing_tesseract_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    tesseract.installed_languages.cache_clear()
    try:
        with pytest.raises(MissingDependencyError, match="apt install tesseract-ocr"):
            read_scan(Sheet().scan(), DPI, CFG, "eng")
    finally:
        tesseract.installed_languages.cache_clear()


def test_a_page_on_which_tesseract_takes_too_long_is_refused() -> None:
    cfg = PdfConfig(page_time_limit_s=0.01)

    with pytest.raises(InputPdfError, match="Tesseract did not end within"):
        read_scan(draw_usual_page().scan(), DPI, cfg, "eng")


# ------------------------------------------------------------------------ hidden text layers


def layer(text: tuple[str, ...], y: float = 60.0) -> tuple[Line, ...]:
    lines = []
    for number, words in enumerate(text):
        top = y + number * 13.5
        box = Bbox(LEFT, top, 380, top + 12)
        span = Span(text=words, bbox=box, font="GlyphLess", size_pt=10)
        lines.append(Line(spans=(span,), bbox=box))
    return tuple(lines)


GARBLED = tuple(
    " ".join(word[::-1].replace("e", "~").replace("a", "1") for word in line.split())
    for line in BODY
)


@pytest.mark.parametrize(
    ("image_share", "visible", "hidden", "broken", "verdict"),
    [
        (1.0, (), (), 0.0, "recognize"),
        (1.0, (), BODY, 0.0, "keep"),
        (1.0, (), GARBLED, 0.0, "recognize"),
        (1.0, (), BODY[:3] + GARBLED[:2], 0.0, "compare"),
        (1.0, (), BODY[:1], 0.0, "compare"),
        (1.0, BODY, (), 0.0, "keep"),
        (0.3, (), (), 0.0, "keep"),
        (0.0, BODY, (), 0.5, "recognize"),
    ],
)
def test_the_text_layer_is_judged(
    image_share: float,
    visible: tuple[str, ...],
    hidden: tuple[str, ...],
    broken: float,
    verdict: str,
) -> None:
    facts = layer_facts(image_share, layer(visible), layer(hidden), broken)

    assert judge_layer(facts) == verdict


@pytest.mark.parametrize(
    "words",
    [
        "Tricho-hepato-enteric syndrome (Figs. 3A and 4B); 2–5 mm papules, IgG4, HLA-DR7, H&E ×100",
        "Die Hautveränderungen bei der 43jährigen Patientin waren nässend; Abb. 3 zeigt 5 % davon",
        "Zmiany skórne u chorego ustąpiły po leczeniu",
        "Сыпь на коже прошла после лечения",
        "皮疹边界清楚，覆盖银白色鳞屑；治疗后消退",
    ],
)
def test_real_words_of_many_kinds_are_plausible(words: str) -> None:
    assert plausible_share(words.split()) >= 0.85


def test_a_strip_decides_in_doubt() -> None:
    image = draw_usual_page().scan()

    assert agrees_with_layer(image, DPI, layer(BODY), CFG, "eng")
    assert not agrees_with_layer(image, DPI, layer(GARBLED), CFG, "eng")
    assert not agrees_with_layer(image, DPI, layer(BODY[::-1], y=430), CFG, "eng")
    assert not agrees_with_layer(image, DPI, (), CFG, "eng")
