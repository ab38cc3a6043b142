"""Draw docs/pictures/data-flow.svg: how a book becomes a release and a model.

python tools/draw_data_flow.py

The README and docs/architecture.md show it; it needs no program and no network to be seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from draw_guide import BLUE, GOOD, INK, LINE, Sheet

OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDTH, HEIGHT = 1000, 400
BOX_W, BOX_H = 136, 74


class Box(NamedTuple):
    """Something that data become, with the room of the code that makes it."""

    x: float
    y: float
    name: str
    room: str
    lines: tuple[str, ...]
    color: str = INK

    def right(self) -> tuple[float, float]:
        """The middle of the right edge."""
        return self.x + BOX_W, self.y + BOX_H / 2

    def left(self) -> tuple[float, float]:
        """The middle of the left edge."""
        return self.x, self.y + BOX_H / 2

    def top(self) -> tuple[float, float]:
        """The middle of the upper edge."""
        return self.x + BOX_W / 2, self.y

    def bottom(self) -> tuple[float, float]:
        """The middle of the lower edge."""
        return self.x + BOX_W / 2, self.y + BOX_H


PAGES = Box(16, 150, "pages", "pdf/", ("text, images, paths;", "scans by OCR"))
FIGURES = Box(186, 150, "figures", "figures/", ("pictures, captions,", "panels, confidence"))
PICTURES = Box(
    356, 86, "what is shown", "images/", ("modality, marks, faces,", "quality, duplicates")
)
WORDS = Box(356, 214, "what is said", "text/", ("clean words, age, sex,", "stain, hints"))
RECORDS = Box(526, 150, "records", "dataset/", ("one a picture,", "kept or held"))
QUESTIONS = Box(610, 26, "questions", "vqa/", ("by rule or model, each", "checked word by word"))
RELEASE = Box(696, 150, "release", "dataset/", ("MM-Skin-C, -O, -D,", "images, checksums"), GOOD)
EXPORTS = Box(852, 86, "exports", "dataset/", ("for other programs,", "or without pictures"))
MODEL = Box(852, 214, "model", "skinvl/, evaluate/", ("trained, merged,", "scored"))
AUDIT = Box(186, 306, "audit", "audit/", ("every page, with", "boxes and evidence"), BLUE)
REJECTS = Box(
    356, 306, "rejects", "of every room", ("what was left out,", "each with its reason"), BLUE
)
REVIEW = Box(526, 306, "review", "review/", ("people decide what", "is in doubt"), BLUE)
BOXES = (
    PAGES, FIGURES, PICTURES, WORDS, RECORDS, QUESTIONS, RELEASE, EXPORTS, MODEL, AUDIT, REJECTS,
    REVIEW,
)  # fmt: skip


def draw_box(sheet: Sheet, box: Box) -> None:
    """A box with its name, its room and what it holds."""
    sheet.rect(box.x, box.y, BOX_W, BOX_H, "#f5f7fa", box.color)
    sheet.text(box.x + 8, box.y + 19, box.name, 14, box.color, bold=True)
    if box.room:
        sheet.text(box.x + 8, box.y + 35, box.room, 11, LINE)
    for number, line in enumerate(box.lines):
        sheet.text(box.x + 8, box.y + 52 + 14 * number, line, 11)


def draw_flow() -> None:
    """The whole way, from left to right; people and what they look at below."""
    s = Sheet(WIDTH, HEIGHT, "How a book becomes a release and a model")
    s.text(16, 60, "your books, as PDF", 14, INK, bold=True)
    s.arrow(84, 72, *PAGES.top())
    for start, end in (
        (PAGES.right(), FIGURES.left()),
        (FIGURES.right(), PICTURES.left()),
        (FIGURES.right(), WORDS.left()),
        (PICTURES.right(), RECORDS.left()),
        (WORDS.right(), RECORDS.left()),
        (RECORDS.right(), RELEASE.left()),
        (RECORDS.top(), (QUESTIONS.x + 30, QUESTIONS.y + BOX_H)),
        ((QUESTIONS.x + BOX_W - 30, QUESTIONS.y + BOX_H), RELEASE.top()),
        (RELEASE.right(), (EXPORTS.x, EXPORTS.y + BOX_H - 14)),
        (RELEASE.right(), (MODEL.x, MODEL.y + 14)),
        (FIGURES.bottom(), AUDIT.top()),
        ((RECORDS.x + 56, RECORDS.y + BOX_H), (REVIEW.x + 56, REVIEW.y)),
        ((REVIEW.x + 86, REVIEW.y), (RECORDS.x + 86, RECORDS.y + BOX_H)),
    ):
        s.arrow(*start, *end)
    s.text(RECORDS.x + 6, 270, "doubts", 11, LINE)
    s.text(RECORDS.x + 94, 270, "decisions", 11, LINE)
    for box in BOXES:
        draw_box(s, box)
    s.save("data-flow.svg", OUT)


if __name__ == "__main__":
    draw_flow()
