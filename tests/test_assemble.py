from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import SHA, make_figure, make_screening
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.dataset.assemble import (
    REASONS,
    Surroundings,
    assemble_records,
    panel_id,
    slug_of_label,
)
from mmskin_build.dataset.summary import (
    MANY_FALLBACK_PAGES,
    PageNote,
    natural_order,
    summarize_book,
)
from mmskin_build.geometry import Bbox
from mmskin_build.images.classify import ScreenedPicture
from mmskin_build.records import Book, Figure, PageFailure, Panel, Record, Reject

BOOK = Book(id="bk11", title="T", path="t.pdf", sha256=SHA, page_count=9)


def panel(label: str | None = None, text: str | None = None, x: float = 0.0) -> Panel:
    return Panel(
        bbox=Bbox(72 + x, 100, 172 + x, 300),
        label=label,
        text=text,
        image_sha256="cd" * 32,
        pixel_size=(100, 200),
        source="native",
    )


def figure(number: int, *panels: Panel, **fields: object) -> Figure:
    fields.setdefault("page_index", number)
    return make_figure(f"p{number:04d}-f1", panels=panels or (panel(),), **fields)  # type: ignore[arg-type]


def around(figures: Sequence[Figure], **fields: Any) -> Surroundings:
    """Every picture is a harmless clinical photograph."""
    screened = {
        panel_id(figure, index): ScreenedPicture(
            name=panel_id(figure, index), sha256="cd" * 32, screening=make_screening()
        )
        for figure in figures
        for index in range(len(figure.panels))
    }
    defaults: dict[str, Any] = {
        "page_labels": {index: str(index + 1) for index in range(9)},
        "headings": {},
        "screened": screened,
        "images": ImagesConfig(),
        "privacy": PrivacyConfig(),
        "config_sha256": "c" * 64,
    }
    return Surroundings(**(defaults | fields))


def assemble(*figures: Figure, **fields: Any) -> tuple[tuple[Record, ...], tuple[Reject, ...]]:
    found = assemble_records(BOOK, figures, around(figures, **fields))
    return found.records, found.rejects


def ids(*figures: Figure) -> list[str]:
    return [record.id for record in assemble(*figures)[0]]


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("Figure 30.26", "30_26"),
        ("Fig. 30-26", "30_26"),
        ("FIG. 1–2", "1_2"),
        ("Figure 736", "736"),
        ("Fig. 3-4A", "3_4_a"),
        ("Figure 12.3 (continued)", "12_3_continued"),
        ("eFigure 2", "e2"),
        ("e-Fig. 12.3", "e12_3"),
        ("Plate IV", "plate4"),
        ("PLATE XXXIX", "plate39"),
        ("Plate 12", "plate12"),
        ("Figure S1", "s1"),
        ("Figure A.3", "a3"),
        ("Abb. 3", "3"),
        ("Abbildung 3.1", "3_1"),
        ("Figura 4", "4"),
        ("Рис. 3", "3"),
        ("図 3", "3"),
        ("３.４", "3_4"),
        ("", ""),
        ("Figure", ""),
        ("c", "c"),
        ("i", "i"),
    ],
)
def test_a_printed_label_becomes_part_of_a_name(label: str, slug: str) -> None:
    assert slug_of_label(label) == slug


@given(st.text())
def test_any_label_becomes_a_name_that_is_safe_for_files(label: str) -> None:
    slug = slug_of_label(label)
    assert len(slug) <= 60
    assert all(letter in "abcdefghijklmnopqrstuvwxyz0123456789_" for letter in slug)


def test_names_are_those_of_mm_skin() -> None:
    lettered = figure(1, panel("a"), panel("b", x=110), label="Figure 736")
    assert ids(figure(0, label="Figure 30.26"), lettered) == [
        "bk11_30_26",
        "bk11_736_a",
        "bk11_736_b",
    ]


def test_a_figure_without_label_is_known_by_page_and_place() -> None:
    upper = figure(4, label=None, bbox=(72, 50, 372, 90))
    lower = dataclasses.replace(upper, figure_id="p0004-f2", bbox=Bbox(72, 400, 372, 500))
    assert ids(lower, upper) == ["bk11_p0004_1", "bk11_p0004_2"]
    assert assemble(lower, upper)[0][0].provenance.figure_id == "p0004-f1"


def test_panels_without_letters_are_numbered() -> None:
    assert ids(figure(1, panel(), panel(x=110), label="Figure 7")) == ["bk11_7_n1", "bk11_7_n2"]


def test_equal_names_are_told_apart_in_the_order_of_pages() -> None:
    assert ids(figure(5, label="Figure 7"), figure(2, label="Fig. 7")) == ["bk11_7", "bk11_7-2"]
    assert assemble(figure(5), figure(2))[0][0].provenance.page_index == 2


def test_a_panel_and_a_figure_of_one_name_are_told_apart() -> None:
    whole = figure(1, panel("c"), panel("d", x=110), label="Figure 7")
    other = figure(2, label="Figure 7C")
    assert ids(whole, other) == ["bk11_7_c", "bk11_7_d", "bk11_7_c-2"]


def test_a_panel_speaks_for_itself_or_takes_what_holds_for_all() -> None:
    caption = "Lichen planus. (a) Papules. (b) Wickham striae."
    whole = figure(1, panel("a", "Papules."), panel("b", x=110), caption=caption)
    first, second = assemble(whole)[0]
    assert (first.caption, first.panel_text, first.held) == ("Papules.", "Papules.", ())
    assert (second.caption, second.panel_text) == ("Lichen planus.", None)
    assert second.held == ("panels_disputed",)
    assert {r.figure_caption for r in (first, second)} == {caption}
    assert first.group_id == second.group_id == "bk11_1_1"


def test_panels_that_the_caption_does_not_name_share_it() -> None:
    first, second = assemble(figure(1, panel(), panel(x=110), caption="Two views of a nevus."))[0]
    assert first.caption == second.caption == "Two views of a nevus."
    assert first.held == second.held == ()


def test_a_record_bears_what_picture_and_words_say() -> None:
    caption = "Melanoma on the cheek of a 94-year-old man [12]. Courtesy of Dr. L. Venn."
    (record,) = assemble(figure(1, caption=caption))[0]
    assert record.caption == "Melanoma on the cheek of a 90+-year-old man."
    assert {item.kind for item in record.removed} == {"citation", "credit"}
    assert (record.demographics.age_min, record.demographics.sex) == (90.0, "male")
    assert record.modality is not None and record.modality.value == "clinical"
    assert record.modality_votes is not None and record.modality_votes.clinical == 0.97
    assert record.terms.credit == "Courtesy of Dr. L. Venn."


def test_a_picture_that_was_not_screened_gives_no_record() -> None:
    item = figure(1)
    failed = ScreenedPicture(name=panel_id(item, 0), reason="picture_crashed", detail="twice")
    for screened in ({}, {panel_id(item, 0): failed}):
        records, (reject,) = assemble(item, screened=screened)
        assert records == ()
        assert reject.reason == "picture_unscreened"


def test_a_record_says_where_it_comes_from() -> None:
    (record,) = assemble(figure(3, panel("a")))[0]
    origin = record.provenance
    assert (origin.book_id, origin.page_index, origin.page_label) == ("bk11", 3, "4")
    assert (origin.figure_label, origin.panel, origin.source) == ("Figure 1.1", "a", "native")
    assert record.image == f"images/{record.id}.png"
    assert (record.width_px, record.height_px) == (100, 200)


@pytest.mark.parametrize(
    ("bad", "reason", "item"),
    [
        (figure(1, status="image_without_caption"), "image_without_caption", "p0001-f1"),
        (
            make_figure("p0001-f1", status="caption_without_image"),
            "caption_without_image",
            "p0001-f1",
        ),
        (figure(1, kind="nonphoto"), "nonphoto", "p0001-f1"),
        (figure(1, caption="  "), "caption_empty", "p0001-f1"),
        (
            figure(1, panel("a"), dataclasses.replace(panel("b"), image_sha256=None)),
            "picture_missing",
            "p0001-f1#1",
        ),
    ],
)
def test_what_gives_no_record_is_rejected_with_its_reason(
    bad: Figure, reason: str, item: str
) -> None:
    (reject,) = assemble(bad)[1]
    assert (reject.reason, reject.item_id, reject.stage) == (reason, item, "assemble_book")
    assert reject.reason in REASONS


statuses = st.sampled_from(["paired", "image_without_caption", "caption_without_image"])
any_panels = st.lists(
    st.builds(
        panel, st.sampled_from([None, "a", "b", "A"]), st.sampled_from([None, "Text."])
    ).flatmap(lambda p: st.sampled_from([p, dataclasses.replace(p, image_sha256=None)])),
    min_size=1,
    max_size=3,
)


@st.composite
def any_figures(draw: st.DrawFn) -> list[Figure]:
    return [
        figure(
            number,
            *draw(any_panels),
            page_index=draw(st.integers(0, 3)),
            status=draw(statuses),
            label=draw(st.sampled_from([None, "Figure 1", "Figure 1A", "Plate I"])),
            kind=draw(st.sampled_from(["photo", "nonphoto"])),
            caption=draw(st.sampled_from(["Text.", "", None])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@given(any_figures(), st.randoms())
def test_every_figure_and_panel_ends_once_whatever_the_order(
    figures: list[Figure], random: object
) -> None:
    records, rejects = assemble(*figures)
    names = [record.id for record in records]
    assert len(names) == len(set(names))
    ended = [(r.provenance.figure_id, r.provenance.bbox) for r in records]
    refused = {reject.item_id for reject in rejects}
    for item in figures:
        of_it = [name for name in ended if name[0] == item.figure_id]
        parts = [name for name in refused if name.startswith(f"{item.figure_id}#")]
        assert (item.figure_id in refused) != (len(of_it) + len(parts) == len(item.panels))
    shuffled = list(figures)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    places = [(f.page_index, f.bbox) for f in figures]
    if len(set(places)) == len(places):
        assert assemble(*shuffled) == (records, rejects)


def test_ids_are_sorted_as_people_count() -> None:
    assert sorted(["bk10", "bk1_10", "bk2", "bk1_9"], key=natural_order) == [
        "bk1_9",
        "bk1_10",
        "bk2",
        "bk10",
    ]


def test_a_book_with_many_pages_read_another_way_says_so() -> None:
    def summary(flagged: int, failed: int) -> tuple[str, ...]:
        return summarize_book(
            BOOK,
            notes=[
                PageNote(page_index=i, page_label="", flags=("ocr",) if i < flagged else ())
                for i in range(10 - failed)
            ],
            failures=[PageFailure(page_index=9 - i, reason="r", detail="") for i in range(failed)],
            figures=[],
            records=[],
            rejects=[],
            doubtful_below=0.9,
            fallback_flags=["ocr"],
            max_fallback_share=0.2,
        ).flags

    assert summary(2, 0) == ()
    assert summary(3, 0) == (MANY_FALLBACK_PAGES,)
    assert summary(1, 2) == (MANY_FALLBACK_PAGES,)


def test_a_summary_counts_what_was_found() -> None:
    figures = [figure(1), figure(2, confidence=0.5), figure(3, status="image_without_caption")]
    records, rejects = assemble(*figures)
    summary = summarize_book(
        BOOK,
        notes=[PageNote(page_index=0, page_label="1", flags=("repaired",))],
        failures=[PageFailure(page_index=1, reason="page_crashed", detail="")],
        figures=figures,
        records=records,
        rejects=rejects,
        doubtful_below=0.9,
        fallback_flags=[],
        max_fallback_share=0.9,
    )
    assert summary.page_count == 2
    assert summary.failed_pages == {"page_crashed": 1}
    assert summary.page_flags == {"repaired": 1}
    assert summary.figures == {"image_without_caption": 1, "paired": 2}
    assert (summary.doubtful, summary.records) == (1, 2)
    assert summary.rejects == {"image_without_caption": 1}
