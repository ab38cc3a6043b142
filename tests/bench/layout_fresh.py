"""Styles drawn after the rules were mended, and looked at only as numbers: held out in full."""

from __future__ import annotations

from layout_figures import Look, Plan, draw_body, folio, place, running_head
from layout_sheet import BLUE, RED, Box, Sheet, Type
from layout_words import make_caption, make_parts, make_title

A4, LETTER = (595.0, 842.0), (612.0, 792.0)
SANS, SANS_B, SANS_I = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
SERIF, SERIF_B, SERIF_I = "Times-Roman", "Times-Bold", "Times-Italic"


def label_line(sheet: Sheet, pages: int) -> None:
    """The label on a line of its own in color, the words below it in smaller type."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    columns = [(48.0, 250.0), (314.0, 250.0)]
    number = 0
    for _ in range(pages):
        running_head(sheet, "Section 4", "Dermatitis", Type(SANS, 8))
        taken = []
        for x, width in columns:
            if sheet.rng.random() < 0.7:
                number += 1
                label, text = f"FIGURE 7-{number}", make_caption(sheet.rng, 2)
                y = sheet.rng.choice((60.0, 380.0))
                box = sheet.photo(Box(x, y, x + width, y + 150))
                sheet.label(label, x, y + 164, Type(SANS_B, 9, RED))
                end, _ = sheet.write([(text, Type(SANS, 8))], x, y + 167, width, 9.6)
                sheet.record(box, label, text)
                sheet.references.append(label)
                taken.append(Box(x, y, x + width, end))
        sheet.fill_around(columns, 56, 745, taken)
        sheet.next_page()


def letters_below(sheet: Sheet, pages: int) -> None:
    """Two pictures with 'A' and 'B' centered below each, one caption across."""
    sheet.set_up(A4, Type(SERIF, 10), 12)
    look = Look(
        Type(SERIF_B, 8.5), Type(SERIF, 8.5), 10.5, "Figure 12\u2013{n}", ". ", letters="{}."
    )
    for number in range(1, pages + 1):
        running_head(sheet, "12", "Nevi", Type(SERIF, 9))
        label, y = f"Figure 12\u2013{number}", sheet.rng.choice((60.0, 420.0))
        text, runs = look.words(sheet, "AB")
        whole = None
        for place_, x in enumerate((60.0, 305.0)):
            box = sheet.photo(Box(x, y, x + 235, y + 160))
            sheet.label("AB"[place_], x + 117, y + 172, Type(SERIF, 9), "center")
            whole = box if whole is None else whole.union(box)
        assert whole is not None
        end, _ = sheet.write([(label + ". ", look.label), *runs], 60, y + 182, 480, 10.5)
        sheet.record(whole, label, text, panels=2)
        sheet.references.append(label)
        sheet.fill_around([(60, 230), (310, 230)], 56, 785, [Box(60, y, 540, end)])
        sheet.next_page()


def stack_and_side(sheet: Sheet, pages: int) -> None:
    """Three pictures of one figure under one another, the caption at their side."""
    sheet.set_up((540, 720), Type(SERIF, 10), 12.5)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Fig. {n}", ". ", letters="({})")
    for number in range(1, pages + 1):
        folio(sheet, Type(SANS, 8))
        label = f"Fig. {number}"
        text, runs = look.words(sheet, "abc")
        whole = None
        for row in range(3):
            box = sheet.photo(Box(60, 60 + row * 124, 290, 60 + row * 124 + 120))
            sheet.label("abc"[row], 66, 76 + row * 124, Type(SANS_B, 10, (1, 1, 1)))
            whole = box if whole is None else whole.union(box)
        assert whole is not None
        sheet.write([(label + ". ", look.label), *runs], 302, 58, 178, 10)
        sheet.record(whole, label, text, panels=3)
        sheet.references.append(label)
        sheet.fill(60, 450, 420, 670)
        sheet.next_page()


def side_bottom(sheet: Sheet, pages: int) -> None:
    """The caption beside its picture, its last line at the height of the picture's lower edge."""
    sheet.set_up(A4, Type(SERIF, 10), 12.5)
    label_type, text_type = Type(SANS_B, 8, BLUE), Type(SANS, 8)
    for number in range(1, pages + 1):
        running_head(sheet, "Cutaneous drug reactions", "Part 2", Type(SANS, 8))
        label, text = f"Figure 2.{number}", make_caption(sheet.rng, 3)
        y = sheet.rng.choice((60.0, 300.0))
        from layout_sheet import to_words

        runs = [(label + " ", label_type), (text, text_type)]
        tall = sheet.measure(to_words(runs), 140, 10)
        box = sheet.photo(Box(210, y, 535, y + 200))
        sheet.write(runs, 60, y + 200 - tall, 140, 10)
        sheet.record(box, label, text)
        sheet.references.append(label)
        sheet.fill_around([(60, 230), (305, 230)], 56, 785, [Box(60, y, 535, y + 200)])
        sheet.next_page()


def legend_of_six(sheet: Sheet, pages: int) -> None:
    """Six numbered pictures of one figure and a legend of numbered parts below them."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    bold, text_type = Type(SANS_B, 8), Type(SANS, 8)
    for number in range(1, pages + 1):
        running_head(sheet, "Atlas", "Mycoses", Type(SANS, 8))
        label = f"Fig. 8.{number}"
        whole = None
        for cell in range(6):
            x, y = 50 + cell % 3 * 172, 60 + cell // 3 * 150
            box = sheet.photo(Box(x, y, x + 166, y + 130))
            sheet.label(str(cell + 1), x + 83, y + 142, Type(SANS, 8), "center")
            whole = box if whole is None else whole.union(box)
        assert whole is not None
        parts = " ".join(f"{c} {words}" for c, words in make_parts(sheet.rng, "123456"))
        text = f"{make_title(sheet.rng)}. {parts}"
        end, _ = sheet.write([(label + ". ", bold), (text, text_type)], 50, 362, 512, 10)
        sheet.record(whole, label, text, panels=6)
        sheet.references.append(label)
        sheet.fill_around([(50, 245), (317, 245)], end + 12, 740, [])
        sheet.next_page()


def elsevier_article(sheet: Sheet, pages: int) -> None:
    """'Fig. 1.' with small captions across the page, tables with titles and rules between."""
    sheet.set_up((595, 794), Type(SERIF, 8.5), 10.5)
    look = Look(Type(SERIF_B, 7.5), Type(SERIF, 7.5), 9, "Fig. {n}", ". ", align="justify")
    columns = [(38.0, 252.0), (306.0, 252.0)]
    for number in range(1, pages + 1):
        running_head(sheet, "A. Author et al. / Skin 12 (2015)", "", Type(SERIF, 7.5))
        taken = []
        if sheet.rng.random() < 0.5:
            text, runs = look.words(sheet, sentences=3)
            box = draw_body(
                sheet, Box(120, 56, 475, 220), Plan(chart=sheet.rng.choice(("", "chart")))
            )
            end, _ = sheet.write(
                [(f"Fig. {number}. ", look.label), *runs], 38, 228, 520, 9, align="center"
            )
            sheet.record(box, f"Fig. {number}", text)
            sheet.references.append(f"Fig. {number}")
            taken.append(Box(38, 56, 558, end))
        else:
            taken.append(place(sheet, look, str(number), 38, 56, 252, 170))
        sheet.label(f"Table {number}", 306, 560, Type(SERIF_B, 7.5))
        sheet.label("Findings in both groups.", 306, 570, Type(SERIF, 7.5))
        for row in range(5):
            sheet.rule(306, 576 + row * 14, 558, 576 + row * 14, 0.4)
            if row < 4:
                for column in range(4):
                    sheet.label(
                        f"{row * 7 + column}", 310 + column * 60, 586 + row * 14, Type(SERIF, 7.5)
                    )
        taken.append(Box(306, 550, 558, 636))
        sheet.fill_around(columns, 52, 740, taken)
        sheet.next_page()


def italic_label(sheet: Sheet, pages: int) -> None:
    """Label and caption in italics of the text's font and size; figures at the column's foot."""
    sheet.set_up((500, 720), Type(SERIF, 10), 12)
    look = Look(Type(SERIF_I, 10), Type(SERIF_I, 10), 12, "Figure {n}", ". ", gap=6)
    for number in range(1, pages + 1):
        folio(sheet, Type(SERIF, 9))
        up = sheet.rng.random() < 0.5
        taken = [place(sheet, look, str(number), 60, 660 if up else 56, 380, 180, up=up)]
        sheet.fill_around([(60, 380)], 54, 665, taken)
        sheet.next_page()


def half_page_pairs(sheet: Sheet, pages: int) -> None:
    """Two figures side by side, captions of very different length, again below: an atlas."""
    sheet.set_up(A4, Type(SANS, 9), 11.5)
    look = Look(Type(SANS_B, 8), Type(SANS, 8), 10, "Figure {n}", " ", gap=4)
    number = 0
    for _ in range(pages):
        running_head(sheet, "Atlas", "Genodermatoses", Type(SANS, 8))
        for y in (56.0, 420.0):
            for x in (50.0, 305.0):
                number += 1
                place(
                    sheet, look, str(number), x, y, 240, sheet.rng.uniform(170, 240),
                    sentences=sheet.rng.randint(1, 6),
                )  # fmt: skip
        sheet.next_page()


def credit_between(sheet: Sheet, pages: int) -> None:
    """A caption in two paragraphs: a bold title, then text; a source line in small italics last."""
    sheet.set_up(LETTER, Type(SERIF, 10), 12)
    columns = [(48.0, 250.0), (314.0, 250.0)]
    number = 0
    for _ in range(pages):
        running_head(sheet, "Review", "Vol 5", Type(SANS, 8))
        taken = []
        for x, width in columns:
            if sheet.rng.random() < 0.6:
                number += 1
                label, title = f"Figure {number}", make_title(sheet.rng)
                text = make_caption(sheet.rng, 2)
                y = sheet.rng.choice((60.0, 380.0))
                box = sheet.photo(Box(x, y, x + width, y + 150))
                bold = Type(SANS_B, 8)
                end, _ = sheet.write([(f"{label}. {title}.", bold)], x, y + 156, width, 10)
                end, _ = sheet.write([(text, Type(SANS, 8))], x, end + 2, width, 10)
                sheet.record(box, label, f"{title}. {text}")
                sheet.references.append(label)
                taken.append(Box(x, y, x + width, end))
        sheet.fill_around(columns, 56, 745, taken)
        sheet.next_page()


FRESH = {
    "label_line": label_line,
    "letters_below": letters_below,
    "stack_and_side": stack_and_side,
    "side_bottom": side_bottom,
    "legend_of_six": legend_of_six,
    "elsevier_article": elsevier_article,
    "italic_label": italic_label,
    "half_page_pairs": half_page_pairs,
    "credit_between": credit_between,
}
