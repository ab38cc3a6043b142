"""Draw the pictures of manual_review/GUIDE.md: schemes made by code, no real page or patient.

python tools/draw_guide.py
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from xml.sax.saxutils import escape

OUT = Path(__file__).resolve().parent.parent / "manual_review" / "guide"
SKIN, LESION, INK, LINE, GOOD, BAD, BLUE = (
    "#e8b99a", "#a8432f", "#1c2430", "#757f8f", "#0b6e4f", "#a31515", "#0b5cad",
)  # fmt: skip


class Sheet:
    """A white sheet of a given size in pixels that things are drawn on."""

    def __init__(self, width: int, height: int, title: str) -> None:
        """Begin with nothing but the title, which screen readers read."""
        self.width, self.height = width, height
        self.parts = [f"<title>{escape(title)}</title>"]
        self.rect(0, 0, width, height, "#ffffff", None)

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        fill: str = "none",
        stroke: str | None = LINE,
        dash: str = "",
        wide: float = 1.5,
    ) -> None:
        """A rectangle."""
        line = f' stroke="{stroke}" stroke-width="{wide}"' if stroke else ""
        line += f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="{fill}"{line}/>'
        )

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str, stroke: str = "") -> None:
        """An ellipse around a point."""
        line = f' stroke="{stroke}" stroke-width="1.5"' if stroke else ""
        self.parts.append(
            f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="{ry:g}" fill="{fill}"{line}/>'
        )

    def text(
        self, x: float, y: float, words: str, size: int = 13, color: str = INK, bold: bool = False
    ) -> None:
        """Words whose first letter stands at a point."""
        weight = ' font-weight="700"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="{size}" '
            f'fill="{color}"{weight}>{escape(words)}</text>'
        )

    def line(
        self, x0: float, y0: float, x1: float, y1: float, color: str = LINE, wide: float = 1.5
    ) -> None:
        """A straight line."""
        self.parts.append(
            f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" stroke="{color}" '
            f'stroke-width="{wide}"/>'
        )

    def arrow(self, x0: float, y0: float, x1: float, y1: float, color: str = INK) -> None:
        """An arrow to the second point."""
        self.line(x0, y0, x1, y1, color, 3)
        turn = math.atan2(y1 - y0, x1 - x0)
        for side in (2.6, -2.6):
            x = round(x1 + 11 * math.cos(turn + side), 1)
            y = round(y1 + 11 * math.sin(turn + side), 1)
            self.line(x1, y1, x, y, color, 3)

    def words(self, x: float, y: float, w: float, lines: int) -> None:
        """Gray bars that stand for printed text."""
        for number in range(lines):
            wide = w if number < lines - 1 else 0.6 * w
            self.rect(x, y + 9 * number, wide, 4, "#c3c9d2", None)

    def skin(self, x: float, y: float, w: float, h: float, lesion: bool = True) -> None:
        """A clinical photograph in short."""
        self.rect(x, y, w, h, SKIN)
        if lesion:
            self.oval(x + 0.55 * w, y + 0.5 * h, 0.18 * w, 0.2 * h, LESION)

    def face(self, x: float, y: float, w: float, h: float) -> None:
        """A drawn face."""
        self.rect(x, y, w, h, "#b9c4d0")
        self.oval(x + w / 2, y + 0.52 * h, 0.27 * w, 0.4 * h, SKIN, INK)
        for side in (-1, 1):
            self.oval(x + w / 2 + side * 0.1 * w, y + 0.42 * h, 0.03 * w, 0.03 * h, INK)
        self.line(x + 0.42 * w, y + 0.7 * h, x + 0.58 * w, y + 0.7 * h, INK, 2)

    def save(self, name: str, folder: Path | None = None) -> None:
        """Write the sheet into a folder, the guide's if none is named."""
        body = "\n".join(self.parts)
        head = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" role="img"'
        text = f'<svg xmlns="http://www.w3.org/2000/svg" {head}>\n{body}\n</svg>\n'
        folder = OUT if folder is None else folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def verdict(sheet: Sheet, x: float, y: float, key: str, words: str, color: str = GOOD) -> None:
    """A key with the verdict that it gives."""
    sheet.rect(x, y - 15, 22, 20, "#ffffff", color)
    sheet.text(x + 6, y, key, 13, color, bold=True)
    sheet.text(x + 30, y, words, 13, color, bold=True)


def draw_screen() -> None:
    """The screen of a task and what its parts are for."""
    s = Sheet(760, 380, "The screen of one task: picture, page, words, choices")
    s.rect(10, 10, 740, 34, "#eef1f5")
    s.text(20, 32, "which kind, which book", 12)
    s.rect(230, 20, 150, 12, "#ffffff")
    s.rect(230, 20, 60, 12, BLUE, None)
    s.text(390, 32, "how far, how long", 12)
    s.text(650, 32, "saved / saving", 12, GOOD, bold=True)
    s.text(20, 64, "What is asked, and why", 13, bold=True)
    s.rect(10, 74, 365, 200)
    s.skin(80, 90, 220, 160)
    s.text(20, 268, "the picture: + and - zoom, V shows what is veiled", 12)
    s.rect(385, 74, 365, 200)
    s.words(410, 90, 140, 8)
    s.rect(570, 90, 150, 90, SKIN, GOOD, wide=3)
    s.rect(568, 186, 154, 24, "none", BLUE, "5 3")
    s.words(572, 190, 146, 2)
    s.text(410, 262, "its page: the picture's box, its caption", 12)
    s.rect(10, 284, 740, 34)
    s.rect(150, 290, 210, 20, "#ffe27a", None)
    s.text(20, 305, "the caption, and in yellow the part that is in question", 13)
    for number, words in enumerate(("1 Clinical", "2 Dermoscopic", "3 Pathological")):
        s.rect(10 + 150 * number, 330, 140, 32, "#ffffff", BLUE if number == 0 else LINE)
        s.text(24 + 150 * number, 351, words)
    s.text(470, 351, "S skips    U takes back    ? explains", 12)
    s.save("screen.svg")


def draw_privacy() -> None:
    """What is kept, masked and left out."""
    s = Sheet(760, 210, "Privacy: keep, mask or leave out")
    s.skin(15, 15, 165, 120)
    verdict(s, 15, 165, "1", "keep")
    s.text(15, 190, "skin that shows nobody", 12)
    s.face(205, 15, 165, 120)
    s.oval(270, 92, 12, 9, LESION)
    s.rect(232, 40, 111, 44, "none", "#c2185b", wide=3)
    verdict(s, 205, 165, "2", "mask eyes, nose")
    s.text(205, 190, "the finding stays in sight", 12)
    s.face(395, 15, 165, 120)
    s.rect(440, 58, 75, 14, INK, None)
    verdict(s, 395, 165, "3", "leave out", BAD)
    s.text(395, 190, "a bar over the eyes hides nobody", 12)
    s.skin(585, 15, 160, 120, lesion=False)
    s.rect(600, 100, 120, 22, "#ffffff")
    s.text(606, 116, "NAME  12.3.1961", 12)
    verdict(s, 585, 165, "2", "mask the name")
    s.text(585, 190, "names, numbers, dates, tattoos", 12)
    s.save("privacy.svg")


def draw_figure() -> None:
    """Two pictures, two captions, and which belongs to which."""
    s = Sheet(760, 240, "Which caption belongs to the figure")
    s.rect(15, 15, 220, 210)
    s.rect(35, 30, 85, 70, SKIN, GOOD, wide=3)
    s.words(35, 106, 85, 3)
    s.rect(33, 103, 90, 28, "none", BLUE, "5 3")
    s.skin(140, 30, 85, 70)
    s.words(140, 106, 85, 3)
    s.words(35, 150, 190, 7)
    verdict(s, 255, 60, "Y", "accept")
    s.text(255, 82, "the blue frame is this figure's caption, whole", 12)
    s.rect(15, 15, 220, 210)
    verdict(s, 255, 122, "C", "another caption", BLUE)
    s.text(255, 144, "click it on this page or a neighbor, or type its number; Enter", 12)
    verdict(s, 255, 182, "N", "it has no caption", BLUE)
    s.text(255, 204, "a portrait, an ornament, a picture the text alone speaks of", 12)
    s.save("figure.svg")


def draw_panels() -> None:
    """Panels split, joined, lettered."""
    s = Sheet(760, 210, "Panels: split, join, letters")
    s.rect(15, 15, 210, 110, "none", GOOD, wide=3)
    s.skin(18, 18, 100, 104)
    s.skin(122, 18, 100, 104)
    s.text(24, 36, "a", 15, "#ffffff", bold=True)
    s.text(128, 36, "b", 15, "#ffffff", bold=True)
    verdict(s, 15, 155, "B", "draw a box for each panel")
    s.text(15, 180, "two pictures were taken for one", 12)
    s.skin(275, 15, 210, 110)
    s.line(380, 15, 380, 125, "#c2185b", 3)
    verdict(s, 275, 155, "J", "join to one")
    s.text(275, 180, "one picture was cut in two", 12)
    s.skin(535, 15, 100, 104)
    s.skin(641, 15, 100, 104)
    s.text(541, 33, "a", 15, "#ffffff", bold=True)
    s.text(647, 33, "b", 15, "#ffffff", bold=True)
    s.text(541, 137, "Letter: b", 12, BAD)
    s.text(647, 137, "Letter: a", 12, BAD)
    verdict(s, 535, 165, "L", "type the printed letters")
    s.text(535, 190, "their words go with them", 12)
    s.save("panels.svg")


def draw_marks() -> None:
    """What is drawn on pictures, and what is not."""
    s = Sheet(760, 210, "Marks: nothing, harmless, leave out")
    s.skin(15, 15, 165, 120)
    for number in range(9):
        s.line(20 + 17 * number, 122, 20 + 17 * number, 132, "#5c3a26", 1)
    verdict(s, 15, 165, "1", "nothing drawn")
    s.text(15, 190, "hairs, a ruler in the photo", 12)
    s.skin(205, 15, 165, 120)
    s.rect(211, 21, 18, 18, "#ffffff")
    s.text(216, 35, "b", 13, bold=True)
    s.line(310, 125, 360, 125, INK, 3)
    verdict(s, 205, 165, "2", "marks, but keep it")
    s.text(205, 190, "a letter, a scale bar, a watermark", 12)
    s.skin(395, 15, 165, 120)
    s.arrow(420, 35, 462, 62)
    verdict(s, 395, 165, "3", "leave out", BAD)
    s.text(395, 190, "arrows and circles tell the answer", 12)
    s.skin(585, 15, 160, 120)
    s.text(600, 40, "epidermis", 13, bold=True)
    s.line(640, 45, 665, 70, INK, 2)
    verdict(s, 585, 165, "3", "leave out", BAD)
    s.text(585, 190, "words in the picture", 12)
    s.save("marks.svg")


def draw_modality() -> None:
    """The three modalities, and what is none of them."""
    s = Sheet(760, 210, "Modality: clinical, dermoscopic, pathological, none")
    rng = random.Random(3)
    s.skin(15, 15, 165, 120)
    verdict(s, 15, 165, "1", "clinical")
    s.text(15, 190, "seen with the bare eye", 12)
    s.rect(205, 15, 165, 120, "#14181f")
    s.oval(287, 75, 58, 58, "#e0a58b")
    for _ in range(40):
        x, y = 287 + rng.uniform(-28, 28), 75 + rng.uniform(-28, 28)
        s.oval(round(x), round(y), 3, 3, "#6b3a24")
    verdict(s, 205, 165, "2", "dermoscopic")
    s.text(205, 190, "dots, network, round edge", 12)
    s.rect(395, 15, 165, 120, "#f2c9dc")
    for _ in range(60):
        s.oval(round(rng.uniform(402, 553)), round(rng.uniform(60, 128)), 3, 4, "#5b2a86")
    s.rect(396, 16, 163, 24, "#c94f8b", None)
    verdict(s, 395, 165, "3", "pathological")
    s.text(395, 190, "stained tissue, magnified", 12)
    s.rect(585, 15, 160, 120, "#ffffff")
    for number, high in enumerate((30, 70, 50, 90)):
        s.rect(605 + 34 * number, 125 - high, 20, high, BLUE, None)
    verdict(s, 585, 165, "5", "no photograph", BAD)
    s.text(585, 190, "4: an X-ray, endoscopy, no skin", 12)
    s.save("modality.svg")


def draw_duplicates() -> None:
    """The same picture, and one that only looks alike."""
    s = Sheet(760, 200, "Duplicates: the same picture or another")
    s.skin(15, 15, 150, 110)
    s.rect(185, 15, 110, 110, SKIN)
    s.oval(238, 70, 34, 30, LESION)
    verdict(s, 15, 155, "Y", "the same")
    s.text(15, 180, "cropped, mirrored, other colors, with an arrow: one photograph", 12)
    s.skin(415, 15, 150, 110)
    s.rect(585, 15, 150, 110, SKIN)
    s.oval(650, 60, 30, 20, LESION)
    s.oval(690, 95, 10, 8, LESION)
    verdict(s, 415, 155, "N", "different")
    s.text(415, 180, "another day, another patient, another field of one slide", 12)
    s.save("duplicates.svg")


def main() -> int:
    """Draw all pictures."""
    for draw in (
        draw_screen,
        draw_privacy,
        draw_figure,
        draw_panels,
        draw_marks,
        draw_modality,
        draw_duplicates,
    ):
        draw()
    print(OUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
