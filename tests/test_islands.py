"""On scanned pages, where type says nothing, captions without a label are known by their place."""

from __future__ import annotations

from collections.abc import Sequence

from builders import make_body, make_caption_lines, make_image, make_line, make_lines, make_page
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import align_book
from mmskin_build.geometry import Bbox
from mmskin_build.records import Figure, Line, Page, ScanRegion

Box = tuple[float, float, float, float]

GRID: tuple[Box, ...] = (
    (72, 60, 282, 200),
    (298, 60, 508, 190),
    (72, 250, 282, 380),
    (298, 250, 508, 390),
)
WORDS = (
    "Plaques of the elbow and of both knees",
    "Papules of the palm of the left hand",
    "Ulcers of the shin after an insect bite",
    "Nodules of the nose in an old farmer",
)


def scanned(index: int, pictures: Sequence[Box], *lines: Line) -> Page:
    return make_page(
        index,
        images=[make_image((0, 0, 612, 792))],
        scan_regions=[ScanRegion(bbox=Bbox(*box), photo_score=0.9) for box in pictures],
        lines=lines,
        text_source="ocr",
    )


def as_tuple(box: Bbox) -> Box:
    return box.x0, box.y0, box.x1, box.y1


def align(*pages: Page) -> list[tuple[str | None, list[Box]]]:
    """Captions with the boxes of their panels, behind a page of running text."""
    text = scanned(0, [], *make_body(rows=40))
    figures: Sequence[Figure] = align_book([text, *pages], FiguresConfig()).figures
    return [(f.caption, [as_tuple(panel.bbox) for panel in f.panels]) for f in figures]


def two_lines(words: str, x0: float, y0: float, sizes: Sequence[float]) -> list[Line]:
    """A caption of two lines, as a recognizer measures them."""
    lines = (words, "in the same year.")
    return [
        make_line(text, x0, y0 + 12 * number, size_pt=size)
        for number, (text, size) in enumerate(zip(lines, sizes, strict=True))
    ]


def test_captions_in_the_type_of_running_text_go_to_the_pictures_above_them() -> None:
    lines = []
    for words, box in zip(WORDS, GRID, strict=True):
        lines += two_lines(words, box[0], box[3] + 7, sizes=(10.0, 9.2))
    found = align(scanned(1, GRID, *lines))
    assert found == [
        (f"{words} in the same year.", [box]) for words, box in zip(WORDS, GRID, strict=True)
    ]


def test_a_picture_whose_pale_sides_were_taken_for_paper_keeps_its_caption() -> None:
    trimmed = [(x0 + 25, y0, x1 - 25, y1) for x0, y0, x1, y1 in GRID]
    lines = []
    for words, box in zip(WORDS, GRID, strict=True):
        lines += two_lines(words, box[0], box[3] + 7, sizes=(10.0, 9.6))
    assert [len(boxes) for _, boxes in align(scanned(1, trimmed, *lines))] == [1, 1, 1, 1]


def test_running_text_below_a_picture_is_no_caption() -> None:
    box = (72.0, 60.0, 282.0, 200.0)
    column = make_lines("\n".join(["Treatment was begun and the lesions"] * 12), 72, 206)
    assert align(scanned(1, [box], *column)) == [(None, [box])]


def test_text_wider_than_the_picture_is_no_caption() -> None:
    box = (72.0, 60.0, 282.0, 200.0)
    words = "Treatment was begun and the lesions cleared within some eight weeks, as we had hoped."
    assert align(scanned(1, [box], make_line(words, 72, 206))) == [(None, [box])]


def test_the_rest_of_a_sentence_below_a_picture_is_no_caption() -> None:
    box = (72.0, 60.0, 282.0, 200.0)
    assert align(scanned(1, [box], make_line("and were gone in a year.", 72, 206))) == [
        (None, [box])
    ]


def test_in_a_book_that_labels_its_figures_words_below_a_picture_are_no_caption() -> None:
    box = (72.0, 60.0, 372.0, 200.0)
    labelled = [
        scanned(n, [box], *make_caption_lines(f"Figure {n}.", "Plaques of the elbow.", 72, 206))
        for n in range(1, 5)
    ]
    words = make_line("Treatment was begun at once.", 72, 206)
    assert align(*labelled, scanned(5, [box], words))[-1] == (None, [box])
