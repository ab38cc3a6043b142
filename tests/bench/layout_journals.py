"""Pages of journals, manuscripts and other languages: the other half of `layouts`."""

from __future__ import annotations

from collections.abc import Callable

from layout_figures import Look, Plan, draw_body, folio, place, running_head
from layout_sheet import BLUE, RED, Box, Run, Sheet, Type, to_words
from layout_words import make_caption, make_paragraph, make_title

A4, LETTER = (595.0, 842.0), (612.0, 792.0)
SANS, SANS_B, SANS_I = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
SERIF, SERIF_B, SERIF_I = "Times-Roman", "Times-Bold", "Times-Italic"


def overleaf(sheet: Sheet, pages: int) -> None:
    """Some figures fill the foot of their page; the caption stands at the top of the next."""
    sheet.set_up(A4, Type(SERIF, 10.5), 13)
    look = Look(Type(SERIF_B, 9), Type(SERIF, 9), 11, "Figure {n}", ". ")
    pending: tuple[str, list[Run]] | None = None
    for number, index in enumerate(range(pages), start=1):
        running_head(sheet, "Journal of Skin Research", "Author et al.", Type(SERIF, 8))
        taken = []
        if pending is not None:
            end, _ = sheet.write(pending[1], 60, 60, 475, 11)
            taken.append(Box(60, 60, 535, end))
            pending = None
        if index % 3 == 1 and index < pages - 1:
            box = sheet.photo(Box(60, 300, 535, 785))
            text, runs = look.words(sheet, sentences=3)
            label = f"Figure {number}"
            pending = (text, [(label + ". ", look.label), *runs])
            sheet.record(box, label, text)
            sheet.references.append(label)
            taken.append(box)
        else:
            taken.append(place(sheet, look, str(number), 60, 400, 475, 200))
        sheet.fill_around([(60, 230), (305, 230)], 56, 785, taken)
        sheet.next_page()


def footnotes(sheet: Sheet, pages: int) -> None:
    """Footnotes in the captions' type right below them; running heads right above pictures."""
    sheet.set_up((482, 680), Type(SERIF, 10), 12)
    look = Look(Type(SERIF_B, 8.5), Type(SERIF, 8.5), 10.2, "Figure 1.{n}", " ", align="justify")
    for number in range(1, pages + 1):
        running_head(sheet, "Part One", "Fundamentals of dermatology", Type(SERIF_I, 9), 40)
        taken = []
        foot = 620.0
        sheet.rule(60, foot, 150, foot, 0.5)
        note = f"{number} {make_caption(sheet.rng, 2)}"
        sheet.write([(note, Type(SERIF, 8.5))], 60, foot + 3, 362, 10)
        if sheet.page % 2:
            taken.append(place(sheet, look, str(number), 60, 48, 362, 180))
        else:
            taken.append(place(sheet, look, str(number), 60, foot - 8, 362, 170, up=True))
        sheet.fill_around([(60, 362)], 50, foot - 6, taken)
        sheet.label(str(sheet.page + 1), 422, 670, Type(SERIF, 9), "right")
        sheet.next_page()


def algorithms(sheet: Sheet, pages: int) -> None:
    """Flow charts and plots as vectors beside photographs, captions below."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8, BLUE), Type(SANS, 8), 10, "Figure {n}", ". ")
    number = 0
    columns = [(50.0, 245.0), (317.0, 245.0)]
    for _ in range(pages):
        running_head(sheet, "Guideline", "Treatment algorithms", Type(SANS, 8))
        taken = []
        for x, width in columns:
            if sheet.rng.random() < 0.7:
                number += 1
                plan = Plan(chart=sheet.rng.choice(("chart", "flow", "flow", "")))
                taken.append(
                    place(
                        sheet, look, str(number), x, sheet.rng.choice((62.0, 400.0)), width, 190,
                        plan=plan,
                    )
                )  # fmt: skip
        sheet.fill_around(columns, 58, 740, taken)
        sheet.next_page()


def journal_front(sheet: Sheet, pages: int) -> None:
    """Logos, a license badge, portraits with lives, an advertisement; and true figures."""
    sheet.set_up(A4, Type(SERIF, 9.5), 11.5)
    look = Look(Type(SERIF_B, 8.5), Type(SERIF, 8.5), 10, "Figure {n}", ". ")
    columns = [(48.0, 240.0), (307.0, 240.0)]
    number = 0
    for index in range(pages):
        taken = []
        if index == 0:
            sheet.photo(Box(48, 30, 150, 62), kind="stored")  # the journal's banner
            sheet.label("ORIGINAL ARTICLE", 547, 48, Type(SANS_B, 10, RED), "right")
            sheet.label(make_title(sheet.rng), 48, 100, Type(SANS_B, 15))
            sheet.label("A. Author, B. Writer and C. Editor", 48, 120, Type(SANS, 10))
            sheet.photo(Box(48, 770, 112, 792), kind="stored")  # the license badge
            sheet.write(
                [("This is an open access article under a public license. Copyright 2019.",
                  Type(SANS, 7))],
                118, 772, 170, 8.5,
            )  # fmt: skip
            taken += [Box(48, 30, 547, 130), Box(48, 768, 290, 795)]
        elif index == pages - 1:
            for row in range(3):  # lives of the authors
                y = 70 + row * 120
                sheet.photo(Box(48, y, 120, y + 92), kind="stored")
                name = ("Anna Author", "Ben Writer", "Carla Editor")[row]
                words = [(f"{name} ", Type(SERIF_B, 8.5)), (
                    "received the degree in medicine in 1998 and has worked as a dermatologist "
                    "at the university hospital since. Research interests are immunology and the "
                    "care of chronic wounds.", Type(SERIF, 8.5))]  # fmt: skip
                sheet.write(words, 128, y, 160, 10)
                taken.append(Box(48, y, 288, y + 96))
            frame = Box(307, 480, 547, 780)
            sheet.photo(Box(320, 520, 534, 700), kind="stored")
            sheet.rect(frame, stroke=RED)
            sheet.label("Soft skin in seven days", 427, 508, Type(SANS_B, 14, RED), "center")
            sheet.label("Ask for samples: www.example.org", 427, 730, Type(SANS, 9), "center")
            sheet.label("ADVERTISEMENT", 427, 770, Type(SANS, 7), "center")
            taken.append(frame)
        if 0 < index < pages - 1 or sheet.rng.random() < 0.5:
            number += 1
            x, width = columns[1 if index == pages - 1 else number % 2]
            y = 420.0 if index == 0 else 62.0
            parts = sheet.rng.choice(("", "AB"))
            plan = Plan(max(1, len(parts)), stored=sheet.rng.choice(("jpeg", "strips")))
            taken.append(place(sheet, look, str(number), x, y, width, 150, plan=plan, parts=parts))
        if index:
            running_head(
                sheet, "Author et al.", "Journal of Skin Research 2019; 12", Type(SANS, 7.5)
            )
        sheet.fill_around(columns, 56, 790, taken)
        sheet.next_page()


def drop_capitals(sheet: Sheet, pages: int) -> None:
    """Ornaments and initials as images; captions in italics with 'Fig. 2 –'."""
    sheet.set_up((540, 760), Type(SERIF, 10.5), 13)
    look = Look(Type(SERIF_I, 9), Type(SERIF_I, 9), 11, "Fig. {n}", " \u2013 ", align="center")
    for number in range(1, pages + 1):
        folio(sheet, Type(SERIF, 9))
        sheet.photo(Box(60, 56, 104, 100), kind="stored")
        sheet.photo(Box(230, 40, 310, 50), kind="stored")
        taken = [place(sheet, look, str(number), 130, 360, 280, 190)]
        sheet.fill_around([(112, 368)], 56, 104, [])
        sheet.fill_around([(60, 420)], 106, 700, [Box(60, b.y0, 480, b.y1) for b in taken])
        sheet.next_page()


def _foreign(form: str, after: str, language: str) -> Callable[[Sheet, int], None]:
    def draw(sheet: Sheet, pages: int) -> None:
        sheet.set_up(A4, Type(SERIF, 10), 12, language)
        look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, form, after, language=language)
        columns = [(50.0, 240.0), (305.0, 240.0)]
        number = 0
        for _ in range(pages):
            running_head(sheet, "Dermatologia", "2017", Type(SANS, 8))
            taken = []
            for x, width in columns:
                if sheet.rng.random() < 0.65:
                    number += 1
                    taken.append(
                        place(
                            sheet, look, str(number), x, sheet.rng.choice((62.0, 430.0)), width,
                            sheet.rng.uniform(120, 180),
                        )
                    )  # fmt: skip
            sheet.fill_around(columns, 58, 785, taken)
            sheet.next_page()

    return draw


def _odd_label(form: str, after: str, bold: bool = True) -> Callable[[Sheet, int], None]:
    def draw(sheet: Sheet, pages: int) -> None:
        sheet.set_up(LETTER, Type(SANS, 10), 13)
        label = Type(SANS_B if bold else SANS, 8.5)
        look = Look(label, Type(SANS, 8.5), 10.5, form, after)
        number = 0
        for _ in range(pages):
            running_head(sheet, "A clinical guide", "Unit 3", Type(SANS, 8))
            taken = []
            for y in (60.0, 400.0):
                if sheet.rng.random() < 0.7:
                    number += 1
                    width = sheet.rng.choice((240.0, 320.0, 400.0))
                    taken.append(place(sheet, look, str(number), 106, y, width, 190))
            boxes = [Box(80, b.y0, 532, b.y1) for b in taken]
            sheet.fill_around([(80, 452)], 56, 740, boxes)
            sheet.next_page()

    return draw


def next_column(sheet: Sheet, pages: int) -> None:
    """Captions cut by the foot of their column go on at the top of the next one."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    columns = [(50.0, 240.0), (305.0, 240.0)]
    for number in range(1, pages + 1):
        running_head(sheet, "Vol. 3", "Review", Type(SANS, 8))
        label = f"Figure {number}"
        taken = []
        if sheet.page % 2:
            text = make_caption(sheet.rng, 9)
            box = sheet.photo(Box(50, 560, 290, 730))
            words = [(label + ". ", bold), (text, text_type)]
            _, rest = sheet.write(words, 50, 738, 240, 10, bottom=782)
            end, _ = sheet.write(rest, 305, 60, 240, 10)
            sheet.record(box, label, text)
            taken += [Box(50, 560, 290, 785), Box(305, 58, 545, end)]
            sheet.references.append(label)
        else:
            look = Look(bold, text_type, 10, "Figure {n}", ". ")
            taken.append(place(sheet, look, str(number), 305, 60, 240, 170))
        sheet.fill_around(columns, 58, 785, taken)
        sheet.next_page()


def nature_wide(sheet: Sheet, pages: int) -> None:
    """'Fig. 2 | Title.' under a figure across the page, the caption set in two columns."""
    sheet.set_up((595, 790), Type(SERIF, 9), 11)
    bold, text_type = Type(SANS_B, 7.5), Type(SANS, 7.5)
    columns = [(45.0, 245.0), (305.0, 245.0)]
    for number in range(1, pages + 1):
        running_head(sheet, "Article", "https://example.org/article", Type(SANS, 7))
        label = f"Fig. {number}"
        plan = Plan(3, chart=sheet.rng.choice(("", "chart")), lettered=True, gutter=8)
        box = draw_body(sheet, Box(45, 60, 550, 260), plan)
        title = make_title(sheet.rng)
        parts = " ".join(f"{c}, {make_caption(sheet.rng, 2)}" for c in "abc")
        runs = [(f"{label} | {title}.", bold), (f" {parts}", text_type)]
        tall = sheet.measure(to_words(runs), 245, 9)
        half = round(tall / 9 / 2 + 0.49) * 9
        end, rest = sheet.write(runs, 45, 268, 245, 9, bottom=268 + half)
        if rest:
            sheet.write(rest, 305, 268, 245, 9)
        sheet.record(
            box, label, f"{title}. {parts}", panels=3, kind="nonphoto" if plan.chart else "photo"
        )
        sheet.references.append(label)
        sheet.fill_around(columns, 56, 740, [Box(45, 60, 550, end)])
        sheet.next_page()


def manuscript(sheet: Sheet, pages: int) -> None:
    """A typescript: legends on a page of their own, figures at the end under their numbers."""
    sheet.set_up(LETTER, Type(SERIF, 12), 22)
    for _ in range(max(1, pages - 5)):
        sheet.fill(72, 72, 468, 720)
        folio(sheet, Type(SERIF, 11))
        sheet.next_page()
    sheet.label("Figure legends", 72, 84, Type(SERIF_B, 12))
    y, legends = 100.0, []
    for number in range(1, 5):
        text = make_caption(sheet.rng, 3)
        legends.append(text)
        runs = [(f"Figure {number}. ", Type(SERIF_B, 12)), (text, Type(SERIF, 12))]
        y, _ = sheet.write(runs, 72, y, 468, 22)
        y += 14
    folio(sheet, Type(SERIF, 11))
    sheet.next_page()
    for number, text in enumerate(legends, start=1):
        sheet.label(f"Figure {number}", 72, 84, Type(SERIF, 12))
        box = sheet.photo(Box(90, 110, 520, 110 + sheet.rng.uniform(250, 420)))
        sheet.record(box, f"Figure {number}", text)
        folio(sheet, Type(SERIF, 11))
        sheet.next_page()


def word_document(sheet: Sheet, pages: int) -> None:
    """Captions in the type of the text itself, centered under their pictures."""
    sheet.set_up(A4, Type(SERIF, 11), 14)
    look = Look(Type(SERIF, 11), Type(SERIF, 11), 14, "Figure {n}", ": ", align="center")
    for number in range(1, pages + 1):
        folio(sheet, Type(SERIF, 10))
        plan = Plan(chart=sheet.rng.choice(("", "", "chart")))
        y = sheet.rng.choice((80.0, 250.0, 440.0))
        end = place(sheet, look, str(number), 130, y, 335, 200, plan=plan, sentences=1)
        sheet.fill_around([(72, 451)], 72, 770, [Box(72, y, 523, end.y1)])
        sheet.next_page()


def plos(sheet: Sheet, pages: int) -> None:
    """'Fig 2. Title in bold.' and text in a column indented at the left; charts in part."""
    sheet.set_up(LETTER, Type(SERIF, 10), 13)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    for number in range(1, pages + 1):
        running_head(sheet, "Skin disease in cohorts", "PLOS", Type(SANS, 7))
        label = f"Fig {number}"
        y = sheet.rng.choice((70.0, 300.0))
        plan = Plan(chart=sheet.rng.choice(("", "chart")))
        box = draw_body(sheet, Box(200, y, 575, y + 210), plan)
        title, text = make_title(sheet.rng), make_caption(sheet.rng, 3)
        runs = [(f"{label}. {title}.", bold), (f" {text}", text_type)]
        end, _ = sheet.write(runs, 200, y + 220, 375, 11)
        sheet.label(
            "doi:10.0000/journal.0012.g00" + str(number), 200, end + 9, Type(SANS, 6.5, BLUE)
        )
        sheet.record(box, label, f"{title}. {text}", kind="nonphoto" if plan.chart else "photo")
        sheet.references.append(label)
        sheet.fill_around([(200, 375)], 60, 740, [Box(200, y, 575, end + 14)])
        sheet.next_page()


def captions_above(sheet: Sheet, pages: int) -> None:
    """Captions above their pictures, two figures down a column so that each stands between two."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8.5), Type(SANS, 8.5), 10.5, "Figure 6.{n}", " ", gap=6)
    columns = [(50.0, 240.0), (305.0, 240.0)]
    number = 0
    for _ in range(pages):
        running_head(sheet, "6", "Hair", Type(SANS, 8))
        taken = []
        number += 1
        first = place(sheet, look, str(number), 50, 62, 240, 170, side="above")
        number += 1
        second = place(sheet, look, str(number), 50, first.y1 + 12, 240, 160, side="above")
        taken += [first, second]
        if sheet.rng.random() < 0.5:
            number += 1
            taken.append(place(sheet, look, str(number), 305, 400, 240, 150, side="above"))
        sheet.fill_around(columns, 58, 785, taken)
        sheet.next_page()


def continued(sheet: Sheet, pages: int) -> None:
    """A figure of many panels goes on on the next page under 'Figure 3 (continued)'."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure {n}", ". ", bold_letters=True)
    number = 0
    while sheet.page < pages - 1:
        number += 1
        running_head(sheet, "Chapter 4", "Connective tissue", Type(SANS, 8))
        place(sheet, look, str(number), 50, 60, 512, 420, plan=Plan(2, lettered=True), parts="ABCD")
        truth = sheet.truths[-1]
        sheet.fill_around([(50, 245), (317, 245)], 600, 740, [])
        sheet.next_page()
        running_head(sheet, "Chapter 4", "Connective tissue", Type(SANS, 8))
        box = draw_body(sheet, Box(50, 60, 562, 300), Plan(2, lettered=True))
        sheet.write(
            [(f"Figure {number} ", look.label), ("(continued)", look.text)], 50, 308, 512, 10
        )
        sheet.record(box, truth.label, truth.caption, panels=2)
        sheet.fill_around([(50, 245), (317, 245)], 340, 740, [])
        sheet.next_page()


def stacked_series(sheet: Sheet, pages: int) -> None:
    """Two figures under one another at little distance, captions in the text's size in italics."""
    sheet.set_up((500, 720), Type(SERIF, 9.5), 11.5)
    look = Look(Type(SERIF_B, 9.5), Type(SERIF_I, 9.5), 11, "Figure {n}", ". ", gap=5)
    number = 0
    for _ in range(pages):
        running_head(sheet, "Oral medicine", "Chapter 1", Type(SERIF, 8))
        taken = []
        for x in (40.0, 256.0):
            y = 56.0
            for _ in range(sheet.rng.choice((1, 2, 3))):
                number += 1
                box = place(sheet, look, str(number), x, y, 204, sheet.rng.uniform(100, 130))
                taken.append(box)
                y = box.y1 + 8
        sheet.fill_around([(40, 204), (256, 204)], 54, 670, taken)
        sheet.next_page()


def credits(sheet: Sheet, pages: int) -> None:
    """A credit line between picture and caption, in other type; a source in brackets at its end."""
    sheet.set_up(A4, Type(SERIF, 10), 12.5)
    bold, text_type, tiny = Type(SANS_B, 8.5), Type(SANS, 8.5), Type(SANS, 6)
    for number in range(1, pages + 1):
        running_head(sheet, "Atlas", "Infestations", Type(SANS, 8))
        label = f"Figure 21-{number}"
        y = sheet.rng.choice((64.0, 420.0))
        box = sheet.photo(Box(60, y, 380, y + 210))
        sheet.label("© Department of Dermatology", 380, y + 218, tiny, "right")
        text = make_caption(sheet.rng, 2) + " (Courtesy of the regional hospital.)"
        end, _ = sheet.write([(label + " ", bold), (text, text_type)], 60, y + 224, 320, 10.5)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.fill_around([(60, 475)], 56, 780, [Box(60, y, 535, end)])
        sheet.next_page()


def running_paragraphs(sheet: Sheet, pages: int) -> None:
    """Text of the page names figures at the beginning of paragraphs, without one on the page."""
    sheet.set_up(A4, Type(SANS, 9), 11.5)
    look = Look(Type(SANS_B, 8.5), Type(SANS, 8.5), 10.5, "Figure {n}.", " ")
    number = 0
    for index in range(pages):
        running_head(sheet, "Original", "Author", Type(SANS, 8))
        taken = []
        if index % 2 == 0:
            number += 1
            taken.append(place(sheet, look, str(number), 50, 560, 240, 150))
        for x in (50.0, 305.0):
            text = (
                f"Figure {number}. As was shown above, " if index % 4 == 3 else f"Figure {number} "
            )
            text += make_paragraph(sheet.rng, [], sentences=3)
            end, _ = sheet.write([(text, sheet.body)], x, 58, 240, 11.5, align="justify")
            taken.append(Box(x, 58, x + 240, end - 8))
        sheet.fill_around([(50, 240), (305, 240)], 58, 785, taken)
        sheet.next_page()


JOURNALS = {
    "overleaf": overleaf,
    "footnotes": footnotes,
    "algorithms": algorithms,
    "journal_front": journal_front,
    "drop_capitals": drop_capitals,
    "german": _foreign("Abb. {n}", " ", "de"),
    "spanish": _foreign("Figura {n}.", " ", "es"),
    "french": _foreign("Fig. {n}.", " \u2013 ", "fr"),
    "portuguese": _foreign("Figura {n}", " - ", "pt"),
    "image_label": _odd_label("Image {n}", ". "),
    "photo_label": _odd_label("Photo {n}", ": "),
    "slide_label": _odd_label("Slide {n}", ". "),
    "picture_label": _odd_label("Picture {n}", " ", bold=False),
    "supplement": _odd_label("Supplementary Fig. {n}", ". "),
    "next_column": next_column,
    "nature_wide": nature_wide,
    "manuscript": manuscript,
    "word_document": word_document,
    "plos": plos,
    "captions_above": captions_above,
    "continued": continued,
    "stacked_series": stacked_series,
    "credits": credits,
    "running_paragraphs": running_paragraphs,
}
