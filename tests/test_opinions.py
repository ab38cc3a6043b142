"""Other readers are asked only in doubt, move a confidence by a bounded step, and mend captions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import make_line
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.opinions import (
    DISAGREES,
    PROPOSED,
    REREAD,
    choose_reading,
    find_doubts,
    is_poor,
    weigh_opinions,
)
from mmskin_build.geometry import Bbox
from mmskin_build.pdf.jobs import CaptionReading, LayoutBox, SecondLook
from mmskin_build.records import Evidence, Figure, Panel

PICTURE, CAPTION = Bbox(72, 72, 372, 272), Bbox(72, 280, 372, 304)
CFG = FiguresConfig(second_look_share=0.25, reread_share=0.25)


def make_pair(
    page: int = 0, confidence: float = 0.6, caption: str = "A plaque on the scalp."
) -> Figure:
    return Figure(
        figure_id=f"p{page:04d}-f1",
        status="paired",
        page_index=page,
        bbox=PICTURE,
        label="Figure 1",
        caption=caption,
        caption_page_index=page,
        caption_bbox=CAPTION,
        confidence=confidence,
        kind="photo",
        panels=(Panel(bbox=PICTURE),),
    )


LONE_PICTURE = replace(
    make_pair(),
    status="image_without_caption",
    label=None,
    caption=None,
    caption_page_index=None,
    caption_bbox=None,
)
LONE_CAPTION = replace(
    make_pair(), figure_id="p0000-c1", status="caption_without_image", bbox=None, panels=()
)


def look(*boxes: LayoutBox) -> list[SecondLook]:
    return [SecondLook(page_index=0, boxes=boxes)]


def seen(kind: str, bbox: Bbox, text: str = "", image_share: float = 1.0) -> LayoutBox:
    lines = (make_line(text, bbox.x0, bbox.y0),) if text else ()
    return LayoutBox(kind=kind, bbox=bbox, lines=lines, image_share=image_share)


# ---------------------------------------------------------------------------------------- doubts


def test_only_the_pages_of_unsure_figures_are_asked_about() -> None:
    figures = [make_pair(0, 0.99), make_pair(1, 0.5), make_pair(2, 0.95)]
    (doubt,) = find_doubts(figures, 8, CFG)
    assert (doubt.page_index, doubt.layout, doubt.captions) == (1, True, ())


def test_the_least_sure_pages_come_first_within_the_budget() -> None:
    figures = [make_pair(page, 0.1 * page) for page in range(1, 8)]
    assert [doubt.page_index for doubt in find_doubts(figures, 8, CFG)] == [1, 2]
    assert find_doubts(figures[::-1], 8, CFG) == find_doubts(figures, 8, CFG)


def test_a_budget_of_nothing_asks_nobody() -> None:
    none = FiguresConfig(second_look_share=0.0, reread_share=0.0)
    assert find_doubts([make_pair(0, 0.1, "Pl\ufffdque.")], 500, none) == ()


def test_a_short_article_is_not_worth_the_network() -> None:
    assert find_doubts([make_pair(0, 0.1)], 6, FiguresConfig()) == ()


def test_a_caption_without_meaning_is_read_again_however_sure_the_pair_is() -> None:
    (doubt,) = find_doubts([make_pair(3, 0.99, "A pl\ufffdque on the scalp.")], 6, FiguresConfig())
    assert (doubt.page_index, doubt.layout, doubt.captions) == (3, False, (CAPTION,))


def test_a_recognized_page_is_not_recognized_again() -> None:
    scan = (Evidence(name="scan", value="page recognized from a scan", weight=0.0),)
    figure = replace(make_pair(0, 0.1, "Pl\ufffdque."), evidence=scan)
    assert find_doubts([figure], 100, CFG) == ()


# --------------------------------------------------------------------------------- layout network


def test_agreement_raises_and_disagreement_lowers_a_confidence() -> None:
    figure = make_pair()
    (agreed,) = weigh_opinions(
        [figure], look(seen("picture", PICTURE), seen("caption", CAPTION.expand(2)))
    )
    (denied,) = weigh_opinions([figure], look(seen("picture", PICTURE)))
    assert denied.confidence < figure.confidence < agreed.confidence < 1.0
    assert DISAGREES in denied.flags and DISAGREES not in agreed.flags
    assert denied.evidence[-1].value == "sees no caption there"
    assert denied.evidence[-1].weight < 0 < agreed.evidence[-1].weight


def test_pages_that_nobody_was_asked_about_stay_as_they_are() -> None:
    figures = (make_pair(0), make_pair(1))
    assert weigh_opinions(figures, []) == figures
    assert weigh_opinions(figures, look())[1] == figures[1]


def test_a_caption_that_only_the_network_sees_is_proposed_and_stays_doubtful() -> None:
    words = "Grouped vesicles on the lower back of a farmer."
    (found,) = weigh_opinions([LONE_PICTURE], look(seen("caption", CAPTION, words)))
    assert (found.status, found.caption, found.label) == ("paired", words, None)
    assert found.caption_bbox == CAPTION and PROPOSED in found.flags
    assert found.confidence < FiguresConfig().doubtful_below
    assert found.figure_id == LONE_PICTURE.figure_id


@pytest.mark.parametrize(
    "box",
    [
        seen("caption", CAPTION, "Courtesy of a colleague in another town."),
        seen("caption", CAPTION, "Two words"),
        seen("caption", CAPTION, "P\ufffd\ufffd\ufffd \ufffd\ufffd on the scalp of a farmer"),
    ],
    ids=["credit", "too short", "no meaning"],
)
def test_words_that_are_no_caption_are_not_proposed_but_told(box: LayoutBox) -> None:
    (found,) = weigh_opinions([LONE_PICTURE], look(box))
    assert found.status == "image_without_caption" and DISAGREES in found.flags
    assert found.confidence < LONE_PICTURE.confidence


@pytest.mark.parametrize(
    "box", [Bbox(72, 400, 372, 424), Bbox(400, 280, 500, 300)], ids=["far", "diagonal"]
)
def test_a_caption_elsewhere_on_the_page_is_not_proposed(box: Bbox) -> None:
    text = "Grouped vesicles on the lower back."
    (found,) = weigh_opinions([LONE_PICTURE], look(seen("caption", box, text)))
    assert found.status == "image_without_caption"
    assert found.confidence > LONE_PICTURE.confidence


def test_a_caption_that_belongs_to_another_figure_is_not_proposed() -> None:
    other = replace(make_pair(), figure_id="p0000-f2", bbox=Bbox(72, 310, 372, 500))
    text = "A plaque on the scalp."
    found = weigh_opinions([LONE_PICTURE, other], look(seen("caption", CAPTION, text)))
    assert found[0].status == "image_without_caption"


def test_a_picture_that_only_the_network_sees_is_proposed() -> None:
    (found,) = weigh_opinions([LONE_CAPTION], look(seen("picture", PICTURE, image_share=0.1)))
    assert (found.status, found.bbox, found.kind) == ("paired", PICTURE, "nonphoto")
    assert found.panels == (Panel(bbox=PICTURE),) and PROPOSED in found.flags
    (mark,) = weigh_opinions([LONE_CAPTION], look(seen("picture", Bbox(72, 250, 372, 272))))
    assert mark.status == "caption_without_image"


# --------------------------------------------------------------------------------------- readings

LAYER = "Pla\ufffdues with α-keratin (×20), 10³ cells."
PLUMBED = "Plaques with \ufffd-keratin (×20), 10\ufffd cells."
PRINTED = "Plaques with a-keratin (x20), 103 cells."


def test_only_what_has_no_meaning_is_taken_from_another_reader() -> None:
    chosen = choose_reading({"text layer": LAYER, "pdfplumber": PLUMBED, "Tesseract": PRINTED})
    assert chosen.text == "Plaques with α-keratin (×20), 10³ cells."
    assert chosen.reader == "text layer, mended from pdfplumber"
    assert chosen.agrees == ("pdfplumber", "Tesseract")


def test_a_layer_of_wrong_letters_gives_way_as_a_whole() -> None:
    garbled = "3ODTXHV\x03RQ\x03WKH\x03VFDOS\x03RI\x03D\x03IDUPHU"  # glyph numbers for letters
    printed = "Plaques on the scalp of a farmer"
    chosen = choose_reading({"text layer": garbled, "pdfplumber": garbled, "Tesseract": printed})
    assert (chosen.text, chosen.reader) == (printed, "Tesseract")


def test_a_good_layer_is_kept_whatever_others_read() -> None:
    good = "Plaques on the scalp."
    chosen = choose_reading({"text layer": good, "Tesseract": "Plaques on the sca1p."})
    assert (chosen.text, chosen.reader, chosen.agrees) == (good, "text layer", ("Tesseract",))


def test_a_caption_is_read_anew_with_its_label() -> None:
    figure = replace(
        make_pair(0, 0.99), label=None, caption="F\ufffdgure 1. Pla\ufffdues on the scalp."
    )
    reading = CaptionReading(
        bbox=CAPTION,
        pdfplumber="F\ufffdgure 1. Pla\ufffdues\non the scalp.",
        tesseract="Figure 1. Pla-\nques on the scalp.",
    )
    (found,) = weigh_opinions([figure], [SecondLook(page_index=0, readings=(reading,))])
    assert (found.label, found.caption) == ("Figure 1", "Plaques on the scalp.")
    assert REREAD in found.flags and found.confidence == figure.confidence
    assert found.evidence[-1].name == "caption_readings"
    assert "Tesseract" in found.evidence[-1].value


@pytest.mark.parametrize(
    ("text", "poor"),
    [
        ("Plaques on the scalp of a farmer (H&E, ×200).", False),
        ("Expression of CYP3A4, IL-17 and TNF-α.", False),
        ("Plaques on the \uf0b7 scalp.", True),
        ("Sodtxhv rq wkh vfdos ri d iduphu dqg klv zlih", True),
        ("", False),
    ],
)
def test_poor_captions_are_known(text: str, poor: bool) -> None:
    assert is_poor(text) is poor
