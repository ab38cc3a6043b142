"""Layouts of dermatology atlases that are hard to read: what stands where a reader must look twice.

Drawn before the program was seen on any of them; docs/alignment.md tells the score of the first run
apart from that after the rules were mended.
"""

from __future__ import annotations

from layout_figures import Look, Plan, draw_body, folio, place, running_head
from layout_sheet import BLACK, BLUE, RED, Box, Run, Sheet, Type, to_words
from layout_words import make_caption, make_heading, make_parts, make_title
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

A4, LETTER, BOOK = (595.0, 842.0), (612.0, 792.0), (482.0, 680.0)
SANS, SANS_B, SANS_I = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
SERIF, SERIF_B, SERIF_I = "Times-Roman", "Times-Bold", "Times-Italic"
CHINESE, KOREAN = "STSong-Light", "HYGothic-Medium"
for _name in (CHINESE, KOREAN):
    pdfmetrics.registerFont(UnicodeCIDFont(_name))
WHITE = (1.0, 1.0, 1.0)
_CHINESE = (
    "左前臂伸侧红色斑块，上覆银白色鳞屑。",
    "躯干部环形红斑，中央消退。",
    "足底角化过度及皲裂。",
    "头皮瘢痕性脱发，毛囊周围鳞屑。",
    "颊部结节，表面毛细血管扩张。",
)
_KOREAN = (
    "팔꿈치의 은백색 인설을 동반한 홍반성 판",
    "두피의 반흔성 탈모",
    "몸통의 고리 모양 홍반",
    "발바닥의 과각화증과 균열",
    "뺨의 결절과 모세혈관 확장",
)


def plate_of_eight(sheet: Sheet, pages: int) -> None:
    """Eight pictures fill a page under their numbers; their captions stand on the page before."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8.5), Type(SANS, 8.5)
    number = 0
    for _ in range(0, pages, 2):
        running_head(sheet, "Color plates", "Bullous diseases", Type(SANS, 8))
        first, texts = number, []
        y = 70.0
        sheet.fill(60, 70, 235, 730)
        for _ in range(8):
            number += 1
            texts.append(make_caption(sheet.rng, 2))
            runs = [(f"Fig. {number}", bold), (f" {texts[-1]}", text_type)]
            y, _ = sheet.write(runs, 315, y, 235, 11)
            y += 8
        sheet.next_page()
        for cell, text in enumerate(texts):
            x, top = 50 + cell % 2 * 262, 48 + cell // 2 * 178
            box = sheet.photo(Box(x, top, x + 250, top + 156))
            label = f"Fig. {first + cell + 1}"
            sheet.label(label, x, top + 168, bold)
            sheet.record(box, label, text)
        folio(sheet, Type(SANS, 8), 780)
        sheet.next_page()


def silent_plate(sheet: Sheet, pages: int) -> None:
    """Four pictures fill a page without a word; the page opposite has their captions in order."""
    sheet.set_up(BOOK, Type(SERIF, 10), 12)
    bold, text_type = Type(SERIF_B, 9), Type(SERIF, 9)
    number = 0
    for _ in range(0, pages, 2):
        first, texts = number, []
        sheet.fill(50, 60, 382, 380)
        y = 400.0
        for _ in range(4):
            number += 1
            texts.append(make_caption(sheet.rng, 1))
            runs = [(f"Figure {number}. ", bold), (texts[-1], text_type)]
            y, _ = sheet.write(runs, 50, y, 382, 11)
            y += 6
        sheet.next_page()
        for cell, text in enumerate(texts):
            x, top = 40 + cell % 2 * 206, 50 + cell // 2 * 290
            box = sheet.photo(Box(x, top, x + 196, top + 276))
            sheet.record(box, f"Figure {first + cell + 1}", text)
        sheet.next_page()


def margin_turned(sheet: Sheet, pages: int) -> None:
    """The caption runs up the outer margin beside an upright picture; text below."""
    sheet.set_up((540, 720), Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    for number in range(1, pages + 1):
        running_head(sheet, "Atlas of skin", "Nevi", Type(SANS, 8))
        y = sheet.rng.choice((60.0, 330.0))
        box = sheet.photo(Box(70, y, 440, y + 300))
        label, text = f"Figure 5.{number}", make_caption(sheet.rng, 2)
        sheet.canvas.saveState()
        sheet.canvas.translate(448, sheet.height - (y + 300))
        sheet.canvas.rotate(90)
        lines = _broken([(label, bold), (f" {text}", text_type)], 300)
        for row, line in enumerate(lines):
            x = 0.0
            for words, kind in line:
                sheet.canvas.setFont(kind.font, kind.size)
                sheet.canvas.drawString(x, -8 - row * 10, words)
                x += kind.width(words)
        sheet.canvas.restoreState()
        sheet.record(box, label, text)
        sheet.references.append(label)
        if y == 60.0:
            sheet.fill(70, 380, 370, 670)
        else:
            sheet.fill(70, 60, 370, 320)
        sheet.next_page()


def _broken(runs: list[Run], width: float) -> list[list[Run]]:
    """Break runs into lines for text that is drawn in another direction."""
    lines: list[list[Run]] = [[]]
    used = 0.0
    for word in to_words(runs):
        size = sum(kind.width(text) for text, kind in word)
        space = word[0][1].width(" ") if lines[-1] else 0.0
        if lines[-1] and used + space + size > width:
            lines.append([])
            used = space = 0.0
        if lines[-1]:
            lines[-1].append((" ", word[0][1]))
        lines[-1].extend(word)
        used += space + size
    return lines


def wide_caption(sheet: Sheet, pages: int) -> None:
    """A picture in one column, text beside it; its caption runs below across both columns."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    bold, text_type = Type(SERIF_B, 8.5), Type(SERIF, 8.5)
    columns = [(50.0, 240.0), (305.0, 240.0)]
    for number in range(1, pages + 1):
        running_head(sheet, "Journal of Skin", "12 (3) 2019", Type(SANS, 8))
        side = sheet.rng.randrange(2)
        y = sheet.rng.choice((60.0, 300.0))
        x = columns[side][0]
        box = sheet.photo(Box(x, y, x + 240, y + 190))
        label, text = f"Figure {number}", make_caption(sheet.rng, 5)
        runs = [(f"{label}. ", bold), (text, text_type)]
        end, _ = sheet.write(runs, 50, y + 198, 495, 10.5, align="justify")
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.fill(columns[1 - side][0], y, 240, y + 186)
        sheet.fill_around(columns, 56, 785, [Box(50, y, 545, end)])
        sheet.next_page()


def restarted(sheet: Sheet, pages: int) -> None:
    """Numbers begin anew in each short chapter; a chapter opens with a picture without caption."""
    sheet.set_up(BOOK, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Fig. {n}", ". ")
    for page in range(pages):
        chapter, within = divmod(page, 2)
        taken = []
        if within == 0:
            sheet.references.clear()
            sheet.photo(Box(0, 0, 482, 120))
            sheet.label(f"{chapter + 1} {make_heading(sheet.rng)}", 50, 160, Type(SERIF_B, 18))
            taken.append(Box(0, 0, 482, 170))
            taken.append(place(sheet, look, "1", 50, 360, 382, 180))
        else:
            running_head(sheet, f"Chapter {chapter + 1}", "Author", Type(SERIF, 8))
            taken.append(place(sheet, look, "2", 50, 60, 185, 140))
            taken.append(place(sheet, look, "3", 247, 60, 185, 140))
        sheet.fill_around([(50, 382)], 56, 640, taken)
        sheet.next_page()


def changed_side(sheet: Sheet, pages: int) -> None:
    """Captions stand above their pictures in one chapter and below in the next; two a page."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    look = Look(Type(SERIF_B, 9), Type(SERIF, 9), 11, "Figure {n}", ". ", gap=5)
    number = 0
    for page in range(pages):
        side = "above" if page < (pages + 1) // 2 else "below"
        chapter = 1 if side == "above" else 2
        running_head(sheet, f"Chapter {chapter}", "Infections", Type(SERIF, 8))
        y, taken = 60.0, []
        for _ in range(2):
            number += 1
            if page == (pages + 1) // 2 and not taken:
                number = 1
            box = place(
                sheet, look, f"{chapter}.{number}", 130, y, 352, 200,
                side=side, sentences=sheet.rng.randint(1, 3),
            )  # fmt: skip
            taken.append(box)
            y = box.y1 + (12 if sheet.rng.random() < 0.6 else 60)
        sheet.fill_around([(60, 492)], 56, 735, [Box(60, b.y0, 552, b.y1) for b in taken])
        sheet.next_page()


def across_gutter(sheet: Sheet, pages: int) -> None:
    """A picture runs across two pages; its caption stands below the right half only."""
    sheet.set_up(BOOK, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure {n}", " ")
    number = 0
    for _ in range(0, pages, 2):
        number += 1
        taken = [place(sheet, look, str(number), 60, 60, 362, 170)]
        sheet.photo(Box(60, 380, 482, 640))
        taken.append(Box(60, 380, 482, 640))
        sheet.fill_around([(60, 362)], 56, 375, taken)
        sheet.next_page()
        number += 1
        label, text = f"Figure {number}", make_caption(sheet.rng, 2)
        sheet.fill(60, 60, 362, 360)
        box = sheet.photo(Box(0, 380, 422, 600))
        sheet.write([(label, look.label), (f" {text}", look.text)], 60, 606, 362, 10)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.next_page()


def in_a_box(sheet: Sheet, pages: int) -> None:
    """A tinted box with a heading and text of its own holds a figure with its caption."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure {n}", " ")
    number = 0
    for page in range(pages):
        running_head(sheet, "Handbook", "Part II", Type(SANS, 8))
        y = sheet.rng.choice((80.0, 380.0))
        frame = Box(50, y, 545, y + 380)
        sheet.rect(frame, fill=(0.9, 0.94, 0.88), stroke=(0.3, 0.5, 0.3))
        sheet.rect(Box(50, y, 545, y + 22), fill=(0.3, 0.5, 0.3))
        head = Type(SANS_B, 10, WHITE)
        sheet.label(f"Box {page + 1}  {make_heading(sheet.rng)} in practice", 60, y + 15, head)
        kept, sheet.body = sheet.body, Type(SANS, 9)
        sheet.fill(60, y + 30, 220, y + 370)
        sheet.body = kept
        number += 1
        place(sheet, look, f"3.{number}", 300, y + 34, 230, 170, sentences=3)
        taken = [frame]
        if sheet.rng.random() < 0.6:
            number += 1
            top = 480.0 if y < 200 else 70.0
            taken.append(place(sheet, look, f"3.{number}", 60, top, 225, 160))
        sheet.fill_around([(50, 240), (305, 240)], 56, 785, taken)
        sheet.next_page()


def legend_beside(sheet: Sheet, pages: int) -> None:
    """A grid of lettered pictures; beside it 'A Acne.', 'B Rosacea.' one below the other."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    for number in range(1, pages + 1):
        running_head(sheet, "Facial dermatoses", "9", Type(SANS, 8))
        y, count = sheet.rng.choice((60.0, 330.0)), sheet.rng.choice((4, 6))
        letters = "ABCDEF"[:count]
        whole: Box | None = None
        for cell, letter in enumerate(letters):
            x, top = 50 + cell % 2 * 168, y + cell // 2 * 122
            box = sheet.photo(Box(x, top, x + 164, top + 118))
            sheet.label(letter, x + 5, top + 13, Type(SANS_B, 10, WHITE))
            whole = box if whole is None else whole.union(box)
        assert whole is not None
        label, title = f"FIGURE 9.{number}", make_title(sheet.rng)
        sheet.label(label, 398, y + 8, bold)
        end, _ = sheet.write([(f"{title}.", text_type)], 398, y + 12, 164, 10)
        texts = [f"{title}."]
        for letter, words in make_parts(sheet.rng, letters):
            end, _ = sheet.write([(letter, bold), (f" {words}", text_type)], 398, end + 3, 164, 10)
            texts.append(f"{letter} {words}")
        sheet.record(whole, label, " ".join(texts), panels=count)
        sheet.references.append(label)
        sheet.fill_around([(50, 512)], 56, 740, [Box(50, y, 562, max(end, whole.y1))])
        sheet.next_page()


def label_in_margin(sheet: Sheet, pages: int) -> None:
    """The label stands in the margin level with the picture's top; the words below the picture."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 9, RED), Type(SERIF_I, 9)
    for number in range(1, pages + 1):
        running_head(sheet, "Cutis", "Vasculitis", Type(SANS, 8))
        y = sheet.rng.choice((70.0, 400.0))
        box = sheet.photo(Box(150, y, 545, y + 220))
        label, text = f"Fig. 4.{number}", make_caption(sheet.rng, 2)
        sheet.label(label, 60, y + 9, bold)
        end, _ = sheet.write([(text, text_type)], 150, y + 226, 395, 11)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.fill_around([(150, 395)], 60, 785, [Box(150, y, 545, end)])
        sheet.next_page()


def bled_off(sheet: Sheet, pages: int) -> None:
    """Pictures run off the page on one to three sides and beyond it; captions inside the page."""
    sheet.set_up(BOOK, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    for number in range(1, pages + 1):
        label, text = f"Fig. 2-{number}", make_caption(sheet.rng, 2)
        runs = [(label, bold), (f" {text}", text_type)]
        way = number % 3
        if way == 0:  # over the head of the page
            sheet.photo(Box(-10, -10, 492, 300))
            box = Box(0, 0, 482, 300)
            sheet.write(runs, 60, 306, 362, 10)
            sheet.fill(60, 350, 362, 630)
        elif way == 1:  # over the outer edge, the caption at its inner side
            sheet.photo(Box(250, 60, 500, 330))
            box = Box(250, 60, 482, 330)
            sheet.write(runs, 60, 60, 180, 10)
            sheet.fill(60, 350, 362, 630)
        else:  # over the whole page, the caption in a white box on it
            sheet.photo(Box(-9, -9, 491, 689))
            box = Box(0, 0, 482, 680)
            sheet.rect(Box(40, 600, 300, 650), fill=WHITE)
            sheet.write(runs, 46, 606, 248, 10)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.next_page()


def chinese(sheet: Sheet, pages: int) -> None:
    """'图 3-2' in a Chinese textbook, two pictures a page."""
    sheet.set_up((516, 728), Type(CHINESE, 10.5), 16)
    _asian(sheet, pages, "图 3-{n}", Type(CHINESE, 9), _CHINESE)


def korean(sheet: Sheet, pages: int) -> None:
    """'그림 3-2.' in a Korean textbook, two pictures a page."""
    sheet.set_up((516, 728), Type(KOREAN, 10), 16)
    _asian(sheet, pages, "그림 3-{n}.", Type(KOREAN, 8.5), _KOREAN)


def _asian(sheet: Sheet, pages: int, form: str, kind: Type, texts: tuple[str, ...]) -> None:
    number = 0
    for _ in range(pages):
        folio(sheet, Type(SANS, 8))
        for x, y in ((60.0, 60.0), (270.0, 60.0)):
            number += 1
            box = sheet.photo(Box(x, y, x + 186, y + 150))
            label, text = form.format(n=number), sheet.rng.choice(texts)
            sheet.label(f"{label} {text[:20]}", x, y + 164, kind)
            if text[20:]:
                sheet.label(text[20:], x, y + 176, kind)
            sheet.record(box, label.rstrip("."), text)
        y = 260.0
        while y < 640:
            for _ in range(sheet.rng.randint(3, 6)):
                words = "".join(sheet.rng.sample(texts, 2))
                sheet.label(words[: round(390 / sheet.body.size)], 60, y, sheet.body)
                y += sheet.body_leading
            y += 6
        sheet.next_page()


def note_between(sheet: Sheet, pages: int) -> None:
    """A footnote to the picture in small type, below a short rule, stands before the caption."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    bold, text_type, small = Type(SERIF_B, 9), Type(SERIF, 9), Type(SERIF, 7)
    columns = [(54.0, 244.0), (314.0, 244.0)]
    number = 0
    notes = (
        "* Photograph taken before the first dose.",
        "a Arrowheads point at burrows. b Not to scale.",
        "† Printed with the consent of the patient.",
    )
    for _ in range(pages):
        running_head(sheet, "Archives", "Vol 3", Type(SANS, 8))
        taken = []
        for x, width in columns:
            if sheet.rng.random() < 0.35 and taken:
                continue
            number += 1
            y = sheet.rng.choice((60.0, 360.0))
            label, text = f"Figure {number}", make_caption(sheet.rng, 2)
            box = sheet.photo(Box(x, y, x + width, y + 160))
            if sheet.rng.random() < 0.5:
                sheet.rule(x, y + 165, x + 60, y + 165, 0.4)
            sheet.label(sheet.rng.choice(notes), x, y + 174, small)
            runs = [(f"{label}. ", bold), (text, text_type)]
            end, _ = sheet.write(runs, x, y + 182, width, 11)
            sheet.record(box, label, text)
            sheet.references.append(label)
            taken.append(Box(x, y, x + width, end))
        sheet.fill_around(columns, 56, 740, taken)
        sheet.next_page()


def bare_numbers(sheet: Sheet, pages: int) -> None:
    """'12.3' in bold is all there is of a label; two pictures side by side, sections numbered."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8, BLUE), Type(SANS, 8)
    number = 0
    for page in range(pages):
        running_head(sheet, "12 Pigmentation", "Atlas", Type(SANS, 8))
        y, taken = sheet.rng.choice((60.0, 420.0)), []
        for x in (50.0, 305.0):
            number += 1
            label, text = f"12.{number}", make_caption(sheet.rng, 2)
            box = sheet.photo(Box(x, y, x + 240, y + 170))
            end, _ = sheet.write([(label, bold), (f"  {text}", text_type)], x, y + 177, 240, 10)
            sheet.record(box, None, f"{label} {text}")
            taken.append(Box(x, y, x + 240, end))
        sheet.label(f"12.{page + 1} {make_heading(sheet.rng)}", 50, 350, Type(SERIF_B, 12, BLACK))
        taken.append(Box(50, 335, 545, 355))
        sheet.fill_around([(50, 240), (305, 240)], 56, 785, taken)
        sheet.next_page()


def shared_paragraph(sheet: Sheet, pages: int) -> None:
    """Two pictures side by side; below, across both, one caption after the other as paragraphs."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    number = 0
    for _ in range(pages):
        running_head(sheet, "Pediatric atlas", "Exanthems", Type(SANS, 8))
        y = sheet.rng.choice((60.0, 400.0))
        boxes = [draw_body(sheet, Box(x, y, x + 250, y + 170), Plan()) for x in (50.0, 312.0)]
        end = y + 178.0
        for box in boxes:
            number += 1
            label, text = f"Figure 6-{number}", make_caption(sheet.rng, 2)
            runs = [(f"{label}  ", bold), (text, text_type)]
            end, _ = sheet.write(runs, 50, end, 512, 10)
            end += 3
            sheet.record(box, label, text)
            sheet.references.append(label)
        sheet.fill_around([(50, 250), (312, 250)], 56, 740, [Box(50, y, 562, end)])
        sheet.next_page()


def letters_apart(sheet: Sheet, pages: int) -> None:
    """'Figure 8.3A' and 'Figure 8.3B' are two pictures with a caption each."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure 8.{n}", " ")
    for number in range(1, pages + 1):
        running_head(sheet, "Chapter 8", "Tumors", Type(SANS, 8))
        taken = []
        for place_, letter in enumerate("AB"):
            x, y = 50 + 262 * place_, sheet.rng.choice((60.0, 110.0))
            taken.append(place(sheet, look, f"{number}{letter}", x, y, 250, 170))
        sheet.fill_around([(50, 250), (312, 250)], 56, 740, taken)
        sheet.next_page()


def dark_pages(sheet: Sheet, pages: int) -> None:
    """White words on black pages, as atlases of dermoscopy print them; captions at the side."""
    sheet.set_up(BOOK, Type(SANS, 9, WHITE), 11.5)
    bold, text_type = Type(SANS_B, 8, WHITE), Type(SANS, 8, (0.85, 0.85, 0.85))
    number = 0
    for _ in range(pages):
        sheet.rect(Box(0, 0, 482, 680), fill=BLACK)
        for y in (50.0, 260.0):
            number += 1
            label, text = f"Fig. {number}", make_caption(sheet.rng, 3)
            box = sheet.photo(Box(40, y, 290, y + 180))
            sheet.write([(label, bold), (f"  {text}", text_type)], 304, y, 140, 10)
            sheet.record(box, label, text)
        sheet.fill(40, 470, 400, 640)
        sheet.next_page()


def plate_before(sheet: Sheet, pages: int) -> None:
    """Six numbered pictures fill a left page; their captions stand on the right page, in order."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    bold, text_type = Type(SERIF_B, 9), Type(SERIF, 9)
    number = 0
    for _ in range(0, pages, 2):
        placed = []
        for cell in range(6):
            number += 1
            x, top = 50 + cell % 2 * 250, 50 + cell // 2 * 250
            box = sheet.photo(Box(x, top, x + 240, top + 220))
            sheet.label(f"{number}", x + 120, top + 232, bold, "center")
            placed.append((box, f"Fig. {number}", make_caption(sheet.rng, 1)))
            sheet.record(box, *placed[-1][1:])
        sheet.next_page()
        y = 60.0
        for _, label, text in placed:
            y, _ = sheet.write([(f"{label}. ", bold), (text, text_type)], 60, y, 470, 11)
            y += 5
        sheet.fill(60, y + 20, 470, 780)
        sheet.next_page()


def column_order(sheet: Sheet, pages: int) -> None:
    """Four pictures a page, numbered down the columns, each with a short caption below."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Fig. 11.{n}", "  ", gap=5)
    number = 0
    for _ in range(pages):
        running_head(sheet, "11 Hair", "Atlas", Type(SANS, 8))
        for x in (50.0, 305.0):
            for y in (60.0, 300.0):
                number += 1
                place(sheet, look, str(number), x, y, 240, 190, sentences=sheet.rng.randint(1, 2))
        sheet.fill_around([(50, 240), (305, 240)], 560, 785, [])
        sheet.next_page()


HARD = {
    "letters_apart": letters_apart,
    "dark_pages": dark_pages,
    "plate_before": plate_before,
    "column_order": column_order,
    "plate_of_eight": plate_of_eight,
    "silent_plate": silent_plate,
    "margin_turned": margin_turned,
    "wide_caption": wide_caption,
    "restarted": restarted,
    "changed_side": changed_side,
    "across_gutter": across_gutter,
    "in_a_box": in_a_box,
    "legend_beside": legend_beside,
    "label_in_margin": label_in_margin,
    "bled_off": bled_off,
    "chinese": chinese,
    "korean": korean,
    "note_between": note_between,
    "bare_numbers": bare_numbers,
    "shared_paragraph": shared_paragraph,
}
