"""The words around a picture, panel by panel."""

from __future__ import annotations

from builders import make_figure
from mmskin_build.dataset.words import Words, read_words
from mmskin_build.geometry import Bbox
from mmskin_build.records import Panel

PANELS = (
    "(a) Annular plaque on the cheek of a 34-year-old woman. "
    "(b) Granulomas in the dermis (H&E, x100). Courtesy of Dr. L. Venn."
)


def panel(label: str | None = None, text: str | None = None) -> Panel:
    return Panel(bbox=Bbox(0, 0, 9, 9), label=label, text=text)


def words(caption: str, *panels: Panel, index: int = 0, headings: tuple[str, ...] = ()) -> Words:
    figure = make_figure(caption=caption, panels=panels or (panel(),))
    return read_words(figure, figure.panels[index], headings, "eng")


def test_a_single_picture_has_the_whole_caption_cleaned() -> None:
    found = words("Rosacea in a 51-year-old man (see Figure 3). Courtesy of Dr. L. Venn.")
    assert found.caption == "Rosacea in a 51-year-old man."
    assert {item.kind for item in found.removed} == {"cross_reference", "credit"}
    assert found.figure_caption.endswith("Courtesy of Dr. L. Venn.")
    assert (found.demographics.age_years, found.demographics.sex) == (51.0, "male")
    assert found.terms.credit is not None
    assert "face" in found.hints
    assert not found.is_disputed


def test_a_panel_has_its_own_words_vote_and_terms() -> None:
    pair = (
        panel("a", "Annular plaque on the cheek of a 34-year-old woman."),
        panel("b", "Granulomas in the dermis (H&E, x100)."),
    )
    first, second = words(PANELS, *pair), words(PANELS, *pair, index=1)
    assert first.caption == "Annular plaque on the cheek of a 34-year-old woman."
    assert first.demographics.age_years == 34.0
    quoted = [PANELS[e.start : e.end] for e in first.demographics.evidence]
    assert any("34" in quote for quote in quoted)
    assert second.vote == "pathological"
    assert (second.terms.stain, second.terms.magnification) == ("haematoxylin and eosin", "×100")
    assert second.demographics.age_years is None
    assert "face" in first.hints and "face" not in second.hints


def test_a_panel_without_words_of_its_own_takes_none_of_its_neighbors() -> None:
    disputed = words("Sarcoidosis. " + PANELS, panel("a"), panel("b"))
    assert disputed.is_disputed
    assert disputed.caption.startswith("Sarcoidosis.")
    assert "plaque" not in disputed.caption and "Granulomas" not in disputed.caption
    assert disputed.demographics.age_years is None
    assert "face" in disputed.hints
    assert words(PANELS, panel("a"), panel("b")).caption == ""


def test_ages_over_89_leave_every_field() -> None:
    found = words("Pemphigoid in a 94-year-old woman, born in 1915.")
    for text in (found.caption, found.figure_caption):
        assert "94" not in text and "1915" not in text and "90+" in text
    assert found.demographics.age_years is None
    assert found.demographics.age_min == 90.0
    span = next(e for e in found.demographics.evidence if e.field != "sex")
    assert "90+" in found.figure_caption[span.start : span.end]


def test_headings_warn_and_vote_weakly() -> None:
    found = words("Grouped vesicles.", headings=("Diseases of the vulva", "Herpes simplex"))
    assert "genitals" in found.hints
    assert words("Lichen planus.", headings=("Dermoscopy",)).vote in (None, "dermoscopic")


def test_a_figure_that_stayed_whole_where_panels_are_named_keeps_its_words_for_a_person() -> None:
    figure = make_figure(caption=PANELS, panels=(panel(),), flags=("panels_disagree",))
    found = read_words(figure, figure.panels[0], (), "eng")
    assert found.is_disputed
    assert "plaque" in found.caption and "Granulomas" in found.caption
