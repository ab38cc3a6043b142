"""Figures with captions as the styles of `layouts` put them together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from layout_sheet import Box, Color, Run, Sheet, Type
from layout_words import make_caption, make_parts, make_title


@dataclass(frozen=True, slots=True)
class Look:
    """How a book sets its captions: `form` makes the label of a number, `after` follows it."""

    label: Type
    text: Type
    leading: float
    form: str = "Figure {n}"
    after: str = " "
    align: str = "left"
    gap: float = 8.0
    bold_letters: bool = False
    letters: str = "({})"
    language: str = "en"

    def runs(self, number: str, text: str) -> list[Run]:
        label = self.form.format(n=number)
        return [(label + self.after, self.label), (text, self.text)]

    def words(
        self, sheet: Sheet, parts: str = "", sentences: int | None = None
    ) -> tuple[str, list[Run]]:
        """Make up a caption: as plain text, and as runs without the label."""
        if not parts:
            count = sentences or sheet.rng.randint(1, 4)
            text = make_caption(sheet.rng, count, self.language)
            return text, [(text, self.text)]
        lead = f"{make_title(sheet.rng)}. "
        runs: list[Run] = [(lead, self.text)]
        letter_type = self.text
        if self.bold_letters:
            bold = {"Times-Roman": "Times-Bold", "Helvetica": "Helvetica-Bold"}
            letter_type = replace(self.text, font=bold.get(self.text.font, self.text.font))
        for letter, words in make_parts(sheet.rng, parts):
            runs += [(self.letters.format(letter) + " ", letter_type), (words + " ", self.text)]
        return "".join(text for text, _ in runs).strip(), runs


@dataclass(frozen=True, slots=True)
class Plan:
    """What a figure shows: panels side by side, a chart or a photograph, and how it is stored."""

    panels: int = 1
    chart: str = ""  # "", "chart", "flow"
    stored: str = "jpeg"
    gutter: float = 4.0
    lettered: bool = False


def draw_body(sheet: Sheet, box: Box, plan: Plan) -> Box:
    """Draw what a figure shows into `box`; return the box that is truly filled."""
    wide = (box.x1 - box.x0 - plan.gutter * (plan.panels - 1)) / plan.panels
    whole: Box | None = None
    for number in range(plan.panels):
        x = box.x0 + number * (wide + plan.gutter)
        cell = Box(x, box.y0, x + wide, box.y1)
        if plan.chart:
            drawn = sheet.chart(cell) if plan.chart == "chart" else sheet.flow_chart(cell)
        else:
            drawn = sheet.photo(cell, stored=plan.stored)
        if plan.lettered:
            kind = Type("Helvetica-Bold", 10, (1, 1, 1) if not plan.chart else (0, 0, 0))
            sheet.label("abcdefgh"[number], cell.x0 + 6, cell.y0 + 14, kind)
        whole = drawn if whole is None else whole.union(drawn)
    assert whole is not None
    return whole


def place(
    sheet: Sheet,
    look: Look,
    number: str,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    plan: Plan | None = None,
    side: str = "below",
    caption_width: float | None = None,
    parts: str = "",
    sentences: int | None = None,
    up: bool = False,
) -> Box:
    """Set a figure with its top left corner at (x, y), or with its bottom there if `up`.

    `side` is where the caption stands: below, above, left or right (then `width` is that of the
    picture alone). Returns the box that both take.
    """
    plan = plan or Plan()
    text, runs = look.words(sheet, parts, sentences)
    label = look.form.format(n=number)
    runs = [(label + look.after, look.label), *runs]
    words_width = caption_width or width
    from layout_sheet import to_words

    tall = sheet.measure(to_words(runs), words_width, look.leading)
    if up:
        y -= height + (look.gap + tall if side in ("below", "above") else 0)
    kind = "nonphoto" if plan.chart else "photo"
    if side == "below":
        box = draw_body(sheet, Box(x, y, x + width, y + height), plan)
        end, _ = sheet.write(
            runs, x, y + height + look.gap, words_width, look.leading, align=look.align
        )
        taken = Box(x, y, x + max(width, words_width), end)
    elif side == "above":
        end, _ = sheet.write(runs, x, y, words_width, look.leading, align=look.align)
        top = end + look.gap
        box = draw_body(sheet, Box(x, top, x + width, top + height), plan)
        taken = Box(x, y, x + width, top + height)
    elif side == "right":
        box = draw_body(sheet, Box(x, y, x + width, y + height), plan)
        end, _ = sheet.write(
            runs, x + width + look.gap, y - 2, words_width, look.leading, align=look.align
        )
        taken = Box(x, y, x + width + look.gap + words_width, max(end, y + height))
    else:
        left = x + words_width + look.gap
        box = draw_body(sheet, Box(left, y, left + width, y + height), plan)
        end, _ = sheet.write(runs, x, y - 2, words_width, look.leading, align=look.align)
        taken = Box(x, y, left + width, max(end, y + height))
    sheet.record(box, label, text, panels=plan.panels, kind=kind)
    sheet.references.append(label)
    return taken


def running_head(sheet: Sheet, left: str, right: str, kind: Type, y: float = 36) -> None:
    """Set the running head and the page number, outer edge first."""
    number = str(sheet.page + 1)
    margin = 46
    if sheet.page % 2:
        sheet.label(number, margin, y, kind)
        sheet.label(left, sheet.width - margin, y, kind, "right")
    else:
        sheet.label(right, margin, y, kind)
        sheet.label(number, sheet.width - margin, y, kind, "right")


def folio(sheet: Sheet, kind: Type, y: float | None = None) -> None:
    """Set the page number at the foot of the page."""
    sheet.label(str(sheet.page + 1), sheet.width / 2, y or sheet.height - 30, kind, "center")


def tint(sheet: Sheet, box: Box, color: Color) -> None:
    """Lay a tint under what is drawn next."""
    sheet.rect(box, fill=color)
