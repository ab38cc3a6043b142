"""Headings say what the pictures of a chapter show."""

from __future__ import annotations

from builders import make_body, make_line, make_page
from mmskin_build.figures.headings import find_headings
from mmskin_build.figures.layout import build_layout
from mmskin_build.records import Line


def texts_by_page(*pages: tuple[Line, ...]) -> dict[int, tuple[str, ...]]:
    layout = build_layout([make_page(n, lines=lines) for n, lines in enumerate(pages)])
    return {found.page_index: found.texts for found in find_headings(layout)}


def chapter(text: str, y0: float = 100.0) -> Line:
    return make_line(text, 72, y0, size_pt=24, block=1)


def section(text: str, y0: float = 200.0) -> Line:
    return make_line(text, 72, y0, size_pt=14, block=2)


def test_a_chapter_holds_until_the_next_and_a_section_within_it() -> None:
    found = texts_by_page(
        (chapter("Melanoma"), section("Dermoscopy"), *make_body()),
        make_body(),
        (section("Histology"), *make_body()),
        (chapter("Naevi"), *make_body()),
    )
    assert found == {
        0: ("Melanoma", "Dermoscopy"),
        1: ("Melanoma", "Dermoscopy"),
        2: ("Melanoma", "Dermoscopy", "Histology"),
        3: ("Melanoma", "Naevi", "Histology"),
    }


def test_a_heading_of_two_lines_is_one() -> None:
    lines = (chapter("Diseases of the"), chapter("oral mucosa", 130), *make_body())
    assert texts_by_page(lines) == {0: ("Diseases of the oral mucosa",)}


def test_captions_numbers_and_running_text_are_no_headings() -> None:
    lines = (chapter("12"), section("Figure 12.1 A large label"), *make_body())
    assert texts_by_page(lines, make_body()) == {}
