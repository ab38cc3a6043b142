"""Pages of books and atlases: the first half of the styles of `layouts`."""

from __future__ import annotations

from layout_figures import Look, Plan, draw_body, folio, place, running_head, tint
from layout_sheet import BLUE, JAPANESE, RED, Box, Sheet, Type
from layout_words import make_caption, make_heading, make_paragraph, make_parts, make_title

A4, LETTER, BOOK = (595.0, 842.0), (612.0, 792.0), (482.0, 680.0)
SANS, SANS_B, SANS_I = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
SERIF, SERIF_B, SERIF_I = "Times-Roman", "Times-Bold", "Times-Italic"
WHITE = (1.0, 1.0, 1.0)
STORED = ("jpeg", "flate", "strips", "clip")


def elsevier_atlas(sheet: Sheet, pages: int) -> None:
    """Two columns; 'FIGURE 12-3' in blue bold capitals, captions in small sans, some across."""
    sheet.set_up(LETTER, Type(SERIF, 9.5), 11.5)
    look = Look(Type(SANS_B, 8, BLUE), Type(SANS, 8), 9.6, "FIGURE 12-{n}", "  ", bold_letters=True)
    columns = [(48.0, 250.0), (314.0, 250.0)]
    number = 0
    for _ in range(pages):
        running_head(sheet, "Papulosquamous Diseases", "CHAPTER 12", Type(SANS, 8))
        taken = []
        if sheet.rng.random() < 0.4:
            number += 1
            plan = Plan(2, stored=sheet.rng.choice(STORED), lettered=True)
            taken.append(place(sheet, look, str(number), 48, 60, 516, 190, plan=plan, parts="AB"))
        for x, width in columns:
            if sheet.rng.random() < 0.75:
                number += 1
                plan = Plan(stored=sheet.rng.choice(STORED))
                up = sheet.rng.random() < 0.6 or bool(taken)
                y = 740.0 if up else 60.0
                height = sheet.rng.uniform(110, 200)
                taken.append(place(sheet, look, str(number), x, y, width, height, plan=plan, up=up))
        sheet.fill_around(columns, 56, 745, taken)
        sheet.next_page()


def wiley_margin(sheet: Sheet, pages: int) -> None:
    """One wide column of text; captions in the outer margin beside the picture, or below it."""
    sheet.set_up((612, 800), Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure 30.{n}", " ")
    number = 0
    for _ in range(pages):
        running_head(sheet, "Chapter 30", "Disorders of pigmentation", Type(SANS, 8))
        left_page = sheet.page % 2 == 1
        text_x = 190.0 if left_page else 50.0
        taken = []
        for y in (60.0, 420.0):
            if sheet.rng.random() < 0.25:
                continue
            number += 1
            height = sheet.rng.uniform(150, 250)
            plan = Plan(stored=sheet.rng.choice(STORED))
            if sheet.rng.random() < 0.65:
                if left_page:
                    place(
                        sheet, look, str(number), 50, y, 372, height,
                        plan=plan, side="left", caption_width=126,
                    )  # fmt: skip
                else:
                    place(
                        sheet, look, str(number), text_x, y, 372, height,
                        plan=plan, side="right", caption_width=126,
                    )  # fmt: skip
                taken.append(Box(text_x, y, text_x + 372, y + height + 4))
            else:
                taken.append(place(sheet, look, str(number), text_x, y, 372, height, plan=plan))
        sheet.fill_around([(text_x, 372)], 56, 750, taken)
        sheet.next_page()


def springer_narrow(sheet: Sheet, pages: int) -> None:
    """'Fig. 3.1' bold, captions over the whole measure under a picture far narrower."""
    sheet.set_up((439, 666), Type(SERIF, 10), 12)
    look = Look(
        Type(SERIF_B, 8.5), Type(SERIF, 8.5), 10, "Fig. 3.{n}", " ",
        align="justify", letters="{}", bold_letters=True,
    )  # fmt: skip
    number = 0
    for _ in range(pages):
        running_head(sheet, "A. Author and B. Writer", "3 Clinical Patterns", Type(SERIF, 8.5))
        taken = []
        if sheet.rng.random() < 0.85:
            number += 1
            width = sheet.rng.choice((160.0, 200.0, 337.0))
            x = 51 + (337 - width) / 2
            height = sheet.rng.uniform(110, 190)
            parts = sheet.rng.choice(("", "ab", "abc"))
            text, runs = look.words(sheet, parts)
            y = 56.0
            plan = Plan(max(1, len(parts)), lettered=bool(parts))
            box = draw_body(sheet, Box(x, y, x + width, y + height), plan)
            label = f"Fig. 3.{number}"
            end, _ = sheet.write(
                [(label + " ", look.label), *runs], 51, y + height + 7, 337, 10, align="justify"
            )
            sheet.record(box, label, text, panels=plan.panels)
            sheet.references.append(label)
            taken.append(Box(51, y, 388, end))
        if sheet.rng.random() < 0.5:  # a small picture with its caption beside it
            number += 1
            taken.append(
                place(
                    sheet, look, str(number), 51, 430, 150, 120,
                    side="right", caption_width=170, sentences=3,
                )
            )  # fmt: skip
        sheet.fill_around([(51, 337)], 54, 620, taken)
        sheet.next_page()


def thieme_grid(sheet: Sheet, pages: int) -> None:
    """Four pictures a page, each with an unnumbered italic caption of its own."""
    sheet.set_up((420, 600), Type(SANS, 9), 11)
    italic = Type(SERIF_I, 9)
    for _ in range(pages):
        if sheet.page % 3 == 0:
            running_head(sheet, "Color atlas", "Infections", Type(SANS, 8))
            sheet.fill_around([(40, 165), (215, 165)], 60, 550, [])
            sheet.next_page()
            continue
        sheet.label(make_heading(sheet.rng), 40, 48, Type(SANS_B, 12))
        folio(sheet, Type(SANS, 8), 585)
        for row in range(2):
            for column in range(2):
                x, y = 40 + column * 178, 64 + row * 258
                height = sheet.rng.uniform(150, 200)
                box = sheet.photo(Box(x, y, x + 162, y + height))
                text = make_caption(sheet.rng, sheet.rng.randint(1, 2))
                sheet.write([(text, italic)], x, y + height + 6, 162, 10.5)
                sheet.record(box, None, text)
        sheet.next_page()


def lippincott_bar(sheet: Sheet, pages: int) -> None:
    """The caption stands above its picture, white on a colored bar."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    head, text_type = Type(SANS_B, 9, WHITE), Type(SANS, 8.5, WHITE)
    number = 0
    columns = [(48.0, 250.0), (314.0, 250.0)]
    for _ in range(pages):
        running_head(sheet, "Section II", "Bullous disorders", Type(SANS_B, 8, BLUE))
        taken = []
        for x, width in columns:
            if sheet.rng.random() < 0.2:
                continue
            number += 1
            label = f"FIGURE 4.{number}"
            text = make_caption(sheet.rng, sheet.rng.randint(1, 3))
            runs = [(label + " ", head), (text, text_type)]
            y = sheet.rng.choice((60.0, 330.0))
            from layout_sheet import to_words

            tall = sheet.measure(to_words(runs), width - 12, 10.5)
            tint(sheet, Box(x, y, x + width, y + tall + 8), BLUE)
            sheet.write(runs, x + 6, y + 3, width - 12, 10.5)
            top = y + tall + 8
            box = sheet.photo(Box(x, top, x + width, top + sheet.rng.uniform(130, 190)))
            sheet.record(box, label, text)
            sheet.references.append(label)
            taken.append(Box(x, y, x + width, box.y1))
        sheet.fill_around(columns, 56, 745, taken)
        sheet.next_page()


def left_caption(sheet: Sheet, pages: int) -> None:
    """'Fig. 6.12-1' left beside each picture, three pictures down the page."""
    sheet.set_up((516, 728), Type(SERIF, 9.5), 12)
    look = Look(Type(SANS_B, 7.5), Type(SANS, 7.5), 9.5, "Fig. 6.12-{n}", "  ")
    number = 0
    for _ in range(pages):
        running_head(sheet, "6.12 Tumors", "Atlas", Type(SANS, 7.5))
        y = 60.0
        while y < 560:
            number += 1
            height = sheet.rng.uniform(130, 190)
            place(
                sheet, look, str(number), 50, y, 290, height, side="left", caption_width=110,
                plan=Plan(sheet.rng.choice((1, 1, 2)), stored=sheet.rng.choice(STORED)),
            )  # fmt: skip
            y += height + sheet.rng.uniform(10, 24)
        if y < 630:
            sheet.fill(50, y + 6, 416, 690)
        sheet.next_page()


def plates(sheet: Sheet, pages: int) -> None:
    """'Plate XII' with numbered pictures on one page, the legend on the page opposite."""
    sheet.set_up((540, 720), Type(SERIF, 10.5), 13)
    roman = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    small = Type(SERIF, 9)
    number = 0
    while sheet.page < pages - 1:
        for _ in range(2):
            running_head(sheet, "Diseases of the skin", "Chapter II", Type(SERIF, 9))
            sheet.fill_around([(60, 420)], 60, 660, [])
            sheet.next_page()
        number += 1
        label = f"Plate {roman[number % 12]}"
        parts = make_parts(sheet.rng, "1234")
        sheet.label(label.upper(), 270, 80, Type(SERIF_B, 11), "center")
        y = 110.0
        for figure, words in parts:
            y, _ = sheet.write([(f"{figure}. {words}", small)], 90, y, 360, 11.5)
            y += 4
        text = " ".join(f"{figure}. {words}" for figure, words in parts)
        sheet.next_page()
        sheet.label(label.upper(), 270, 50, Type(SERIF_B, 11), "center")
        whole = None
        for place_, (x, y) in enumerate([(60, 70), (275, 70), (60, 350), (275, 350)], start=1):
            box = sheet.photo(Box(x, y, x + 205, y + 255))
            sheet.label(str(place_), x + 102, y + 268, Type(SERIF, 9), "center")
            whole = box if whole is None else whole.union(box)
        assert whole is not None
        sheet.record(whole, label, text, panels=4)
        sheet.next_page()


def lettered_lines(sheet: Sheet, pages: int) -> None:
    """Each part of a caption begins a line of its own: 'a: …', 'b: …'."""
    sheet.set_up(A4, Type(SERIF, 10), 12.5)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    number = 0
    columns = [(50.0, 240.0), (305.0, 240.0)]
    for _ in range(pages):
        running_head(sheet, "Dermatopathology", "Chapter 7", Type(SANS, 8))
        taken = []
        for x, width in columns:
            number += 1
            y = sheet.rng.choice((60.0, 300.0))
            label = f"Fig. 7.{number}"
            letters = "ab"[: sheet.rng.choice((2, 2, 2, 1))]
            box = None
            top = y
            for letter in letters:
                cell = sheet.photo(Box(x, top, x + width, top + 120))
                sheet.label(letter, x + 5, top + 13, Type(SANS_B, 11, WHITE))
                box = cell if box is None else box.union(cell)
                top += 124
            assert box is not None
            title = make_title(sheet.rng)
            end, _ = sheet.write(
                [(label + " ", bold), (title + ".", text_type)], x, top + 4, width, 10
            )
            text = title + "."
            for letter, words in make_parts(sheet.rng, letters):
                end, _ = sheet.write([(f"{letter}: ", bold), (words, text_type)], x, end, width, 10)
                text += f" {letter}: {words}"
            sheet.record(box, label, text, panels=len(letters))
            sheet.references.append(label)
            taken.append(Box(x, y, x + width, end))
        sheet.fill_around(columns, 56, 785, taken)
        sheet.next_page()


def turned(sheet: Sheet, pages: int) -> None:
    """Every other page holds one landscape figure, turned by 90 degrees with its caption."""
    sheet.set_up(A4, Type(SERIF, 10.5), 13)
    look = Look(Type(SERIF_B, 9), Type(SERIF, 9), 11, "Figure 5.{n}.", " ")
    for number in range(1, pages + 1):
        label = f"Figure 5.{number}"
        if sheet.page % 2:
            text, runs = look.words(sheet, sentences=3)
            box = sheet.photo(Box(110, 110, 400, 730), turn=True)
            sheet.canvas.saveState()
            sheet.canvas.translate(sheet.width, 0)
            sheet.canvas.rotate(90)
            # The turned page runs from the foot of the real one: x is up, y is left to right.
            size = sheet.page_size
            sheet.page_size = (size[1], size[0])
            sheet.canvas.translate(0, 0)
            words = [(label + ". ", look.label), *runs]
            sheet.write(words, 112, 412, 618, 11)
            sheet.page_size = size
            sheet.canvas.restoreState()
            sheet.record(box, label, text)
        else:
            running_head(sheet, "5 Imaging", "Imaging of the skin", Type(SERIF, 9))
            end = place(sheet, look, str(number), 80, 70, 435, 230)
            sheet.fill_around([(70, 455)], 66, 780, [end])
        sheet.references.append(label)
        sheet.next_page()


def tinted_boxes(sheet: Sheet, pages: int) -> None:
    """Figure and caption together in a tinted frame; boxes of text alone look the same."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8.5, RED), Type(SANS, 8.5), 10.5, "Fig. 2.{n}", " ")
    number = 0
    for _ in range(pages):
        running_head(sheet, "2", "Principles", Type(SANS, 8))
        taken = []
        if sheet.rng.random() < 0.85:
            number += 1
            text, runs = look.words(sheet, sentences=2)
            label = f"Fig. 2.{number}"
            frame = Box(60, 60, 535, 330)
            sheet.rect(frame, fill=(0.93, 0.95, 0.99), stroke=BLUE)
            box = sheet.photo(Box(72, 72, 523, 280), stored=sheet.rng.choice(STORED))
            sheet.write([(label + " ", look.label), *runs], 72, 290, 451, 10.5)
            sheet.record(box, label, text)
            sheet.references.append(label)
            taken.append(frame)
        if sheet.rng.random() < 0.6:
            frame = Box(60, 560, 535, 700)
            sheet.rect(frame, fill=(1.0, 0.95, 0.88))
            sheet.label(
                f"Box 2.{sheet.page + 1} {make_heading(sheet.rng)}", 72, 578, Type(SANS_B, 9.5)
            )
            sheet.write(
                [(make_paragraph(sheet.rng, [], sentences=5), Type(SANS, 9))], 72, 586, 451, 11,
                bottom=695,
            )  # fmt: skip
            taken.append(frame)
        sheet.fill_around([(60, 230), (305, 230)], 56, 780, taken)
        sheet.next_page()


def picture_tables(sheet: Sheet, pages: int) -> None:
    """Tables with pictures in their cells have a title that is no figure's; figures beside them."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure 9-{n}", ". ")
    for number in range(1, pages + 1):
        running_head(sheet, "Chapter 9", "Tropical dermatology", Type(SANS, 8))
        taken = []
        if sheet.page % 2 == 0:
            title = f"Table 9-{sheet.page // 2 + 1}. "
            sheet.write(
                [(title, Type(SANS_B, 9)), ("Common exanthems and their signs", Type(SANS, 9))],
                50, 60, 512, 11,
            )  # fmt: skip
            for row in range(4):
                y = 78 + row * 72
                sheet.rule(50, y, 562, y)
                if row:
                    sheet.photo(Box(56, y + 4, 146, y + 66))
                    sheet.write(
                        [(make_caption(sheet.rng, 2), Type(SANS, 8))],
                        160,
                        y + 8,
                        180,
                        10,
                        bottom=y + 70,
                    )
                    sheet.write(
                        [(make_title(sheet.rng), Type(SANS, 8))], 360, y + 8, 190, 10, bottom=y + 70
                    )
                else:
                    for x, words in ((56, "Appearance"), (160, "Description"), (360, "Cause")):
                        sheet.label(words, x, y + 40, Type(SANS_B, 8))
            sheet.rule(50, 366, 562, 366)
            taken.append(Box(50, 58, 562, 368))
        taken.append(
            place(sheet, look, str(number), 50, 735, 245, sheet.rng.uniform(130, 190), up=True)
        )
        sheet.fill_around([(50, 245), (317, 245)], 56, 740, taken)
        sheet.next_page()


def three_in_a_row(sheet: Sheet, pages: int) -> None:
    """Three numbered figures side by side, each with its own narrow caption."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 7.5), Type(SANS, 7.5), 9, "Fig. {n}", " ", gap=5)
    number = 0
    for _ in range(pages):
        folio(sheet, Type(SERIF, 9))
        taken = []
        y = sheet.rng.choice((60.0, 420.0))
        height = sheet.rng.uniform(110, 160)
        for column in range(3):
            number += 1
            x = 50 + column * 168
            taken.append(place(sheet, look, str(number), x, y, 159, height))
        sheet.fill_around([(50, 240), (305, 240)], 56, 790, taken)
        sheet.next_page()


def wrapped_caption(sheet: Sheet, pages: int) -> None:
    """The caption begins beside its picture and goes on below it over the whole width."""
    sheet.set_up(A4, Type(SERIF, 10.5), 13)
    bold, text_type = Type(SANS_B, 8.5), Type(SANS, 8.5)
    for number in range(1, pages + 1):
        running_head(sheet, "Nails", "Chapter 8", Type(SANS, 8))
        label = f"Figure 8.{number}"
        y = sheet.rng.choice((64.0, 380.0))
        height = sheet.rng.uniform(80, 110)
        box = sheet.photo(Box(60, y, 300, y + height))
        text = make_caption(sheet.rng, 10) + " " + make_caption(sheet.rng, 6)
        words = [(label + ". ", bold), (text, text_type)]
        top, rest = sheet.write(words, 312, y - 1, 223, 10.5, bottom=y + height)
        end = max(y + height + 4, top)
        if rest:
            end, _ = sheet.write(rest, 60, top, 475, 10.5)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.fill_around([(60, 475)], 56, 780, [Box(60, y, 535, end)])
        sheet.next_page()


def case_atlas(sheet: Sheet, pages: int) -> None:
    """'Case 3' with its history; pictures with 'Fig. 2 |' below, a black page ground in part."""
    sheet.set_up((600, 700), Type(SANS, 9.5), 12.5)
    look = Look(Type(SANS_B, 8.5, RED), Type(SANS, 8.5), 11, "Fig. {n}", " | ")
    number = 0
    for _ in range(pages):
        sheet.label(f"Case {sheet.page + 1}", 50, 60, Type(SANS_B, 18, RED))
        sheet.fill(50, 76, 500, 200)
        count = sheet.rng.choice((1, 2))
        for column in range(count):
            number += 1
            width = 500 if count == 1 else 242
            place(
                sheet, look, str(number), 50 + column * 258, 215, width, 250,
                plan=Plan(stored=sheet.rng.choice(STORED)),
            )  # fmt: skip
        sheet.fill(50, 560, 500, 650)
        folio(sheet, Type(SANS, 8))
        sheet.next_page()


def bilingual(sheet: Sheet, pages: int) -> None:
    """Captions in Japanese and English under one label."""
    sheet.set_up((516, 728), Type(SERIF, 10), 13)
    small, japanese = Type(SANS, 8), Type(JAPANESE, 8)
    for number in range(1, pages + 1):
        folio(sheet, Type(SANS, 8))
        label = f"Fig. {number}"
        y = sheet.rng.choice((60.0, 360.0))
        box = sheet.photo(Box(90, y, 426, y + 200))
        first, second = make_caption(sheet.rng, 2, "ja"), make_caption(sheet.rng, 2)
        end, _ = sheet.write(
            [(label + ". ", Type(SANS_B, 8)), (first.replace(" ", ""), japanese)],
            90,
            y + 206,
            336,
            11,
        )
        end, _ = sheet.write([(second, small)], 90, end, 336, 11)
        sheet.record(box, label, first + second)
        sheet.references.append(label)
        sheet.fill_around([(60, 396)], 56, 680, [Box(60, y, 456, end)])
        sheet.next_page()


def tufte_margin(sheet: Sheet, pages: int) -> None:
    """Figures in the column of text, captions ragged in a wide outer margin, often longer."""
    sheet.set_up(LETTER, Type(SERIF, 10), 14)
    look = Look(Type(SERIF, 8), Type(SERIF, 8), 10, "Figure {n}", ": ")
    for number in range(1, pages + 1):
        folio(sheet, Type(SERIF, 9))
        taken = []
        for y in (70.0, 400.0):
            if sheet.rng.random() < 0.7:
                number += 1
                height = sheet.rng.uniform(60, 190)
                plan = Plan(chart=sheet.rng.choice(("", "", "chart")))
                place(
                    sheet, look, str(number), 72, y, 312, max(height, 120 if plan.chart else 60),
                    plan=plan, side="right", caption_width=138,
                    sentences=sheet.rng.randint(1, 5),
                )  # fmt: skip
                taken.append(Box(72, y, 384, y + max(height, 120)))
        sheet.fill_around([(72, 312)], 66, 730, taken)
        sheet.next_page()


def full_bleed(sheet: Sheet, pages: int) -> None:
    """Photographs to the edges of the page, their caption at the foot of the page opposite."""
    sheet.set_up((540, 640), Type(SANS, 10), 13)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    number = 0
    for _ in range(pages // 2):
        label, text = f"Figure {number}", make_caption(sheet.rng, 2)
        sheet.fill(60, 60, 420, 520)
        sheet.rule(60, 548, 200, 548)
        sheet.write([(label + ". ", bold), (text, text_type)], 60, 554, 420, 10.5)
        folio(sheet, Type(SANS, 8), 615)
        sheet.next_page()
        box = sheet.photo(Box(0, 0, 540, 640), kind=sheet.rng.choice(("stored", "lesion")), dpi=120)
        sheet.record(box, label, text)
        sheet.next_page()


def small_capitals(sheet: Sheet, pages: int) -> None:
    """'FIGURE 2.3' in small capitals of two sizes; the caption in the type of the text, smaller."""
    sheet.set_up(BOOK, Type(SERIF, 10), 12)
    large, small, text_type = Type(SERIF, 9), Type(SERIF, 7.2), Type(SERIF, 9)
    for number in range(1, pages + 1):
        running_head(sheet, "THE SKIN IN HEALTH", "ANATOMY", Type(SERIF, 8))
        label = f"FIGURE 2.{number}"
        y = sheet.rng.choice((60.0, 340.0))
        chart = sheet.rng.random() < 0.3
        cell = Box(70, y, 412, y + 170)
        box = sheet.chart(cell) if chart else sheet.photo(cell)
        text = make_caption(sheet.rng, 2)
        runs = [("F", large), ("IGURE ", small), (f"2.{number}  ", large), (text, text_type)]
        end, _ = sheet.write(runs, 60, y + 178, 362, 10.8, align="justify")
        sheet.record(box, label, text, kind="nonphoto" if chart else "photo")
        sheet.references.append(f"Figure 2.{number}")
        sheet.fill_around([(60, 362)], 56, 640, [Box(60, y, 422, end)])
        sheet.next_page()


def letterpress(sheet: Sheet, pages: int) -> None:
    """An old book: 'FIG. 2.—' and a centered caption in the body's own font."""
    sheet.set_up(BOOK, Type(SERIF, 10.5), 12.5)
    look = Look(
        Type(SERIF, 8.5), Type(SERIF, 8.5), 10.5, "FIG. {n}", ".\u2014", align="center", gap=6
    )
    number = 0
    for _ in range(pages):
        running_head(sheet, "DISEASES OF THE SKIN", "THE ERYTHEMAS", Type(SERIF, 9))
        taken = []
        if sheet.rng.random() < 0.85:
            number += 1
            taken.append(
                place(
                    sheet, look, str(number), 91, sheet.rng.choice((60.0, 300.0)), 300,
                    sheet.rng.uniform(150, 260), sentences=1,
                )
            )  # fmt: skip
        sheet.fill_around([(60, 362)], 56, 640, [Box(60, b.y0, 422, b.y1) for b in taken])
        sheet.next_page()


BOOKS = {
    "elsevier_atlas": elsevier_atlas,
    "wiley_margin": wiley_margin,
    "springer_narrow": springer_narrow,
    "thieme_grid": thieme_grid,
    "lippincott_bar": lippincott_bar,
    "left_caption": left_caption,
    "plates": plates,
    "lettered_lines": lettered_lines,
    "turned": turned,
    "tinted_boxes": tinted_boxes,
    "picture_tables": picture_tables,
    "three_in_a_row": three_in_a_row,
    "wrapped_caption": wrapped_caption,
    "case_atlas": case_atlas,
    "bilingual": bilingual,
    "tufte_margin": tufte_margin,
    "full_bleed": full_bleed,
    "small_capitals": small_capitals,
    "letterpress": letterpress,
}
