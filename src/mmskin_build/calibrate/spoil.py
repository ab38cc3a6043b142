"""What goes wrong in real books, done on purpose to books whose truth is known.

Pairs of a well-made book are right nearly always; a model of doubt needs the ones that are not.
Each kind of harm is a plain function from a labelled book to a labelled book whose truth is still
right: pictures and captions go missing (lost, not licensed, not recognized), captions move away
from their picture or to another one, look-alikes come in, labels are misread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mmskin_build.calibrate.labelled import LabelledBook, TrueFigure
from mmskin_build.figures.labels import parse_label
from mmskin_build.geometry import Bbox, union_all
from mmskin_build.records import ImageObject, Line, Page, ScanRegion, Span

Rng = np.random.Generator
_INSIDE = 0.6  # share of a line or picture inside a box that belongs to it
USUAL_SHARE = 0.02, 0.12  # of the figures that one kind of harm hits
HEAVY_SHARE = 0.10, 0.35  # the same where single halves are wanted, which are rare otherwise
_MISREAD = str.maketrans({"F": "P", "i": "l", "g": "q", "1": "l", "0": "O", "5": "S", "8": "B"})


def spoil_book(
    book: LabelledBook, rng: Rng, share_range: tuple[float, float] = USUAL_SHARE
) -> LabelledBook:
    """Return the book with one to three kinds of harm, each to a few of its figures.

    `share_range` bounds the share of its figures, in [0, 1], that one kind hits.
    """
    kinds = list(HARMS.values())
    for choice in rng.choice(len(kinds), size=int(rng.integers(1, 4)), replace=False):
        harmable = [
            i
            for i, figure in enumerate(book.figures)
            if figure.caption_bbox is not None and not figure.ignore
        ]
        share = rng.uniform(*share_range)
        chosen = [i for i in harmable if rng.random() < share]
        book = kinds[int(choice)](book, chosen, rng)
    return book


def lose_pictures(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Take the pictures of the figures away; their captions stay."""
    pages = {page.page_index: page for page in book.pages}
    for i in chosen:
        figure = book.figures[i]
        page, box = pages[figure.page], figure.bbox.expand(2.0)
        pages[figure.page] = replace(
            page,
            images=tuple(m for m in page.images if m.bbox.covered_by(box) < _INSIDE),
            paths=tuple(m for m in page.paths if m.bbox.covered_by(box) < _INSIDE),
            scan_regions=tuple(m for m in page.scan_regions if m.bbox.covered_by(box) < _INSIDE),
        )
    kept = tuple(figure for i, figure in enumerate(book.figures) if i not in set(chosen))
    return replace(book, pages=_in_order(pages), figures=kept)


def lose_captions(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Take the captions of the figures away; their pictures stay."""
    pages = {page.page_index: page for page in book.pages}
    figures = list(book.figures)
    for i in chosen:
        figure = figures[i]
        mine = _caption_lines(pages, figure)
        page = pages[_caption_page(figure)]
        kept = tuple(line for line in page.lines if line not in mine)
        pages[page.page_index] = replace(page, lines=kept)
        for j, other in enumerate(figures):
            if other.caption_bbox == figure.caption_bbox and _caption_page(other) == _caption_page(
                figure
            ):
                figures[j] = replace(
                    other, label=None, caption=None, caption_bbox=None, caption_page=None
                )
    return replace(book, pages=_in_order(pages), figures=tuple(figures))


def push_captions(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Set the captions farther away, to any side; they stay on their page."""
    pages = {page.page_index: page for page in book.pages}
    figures = list(book.figures)
    for i in chosen:
        shift = (float(rng.normal(0, 40)), float(rng.normal(0, 90)))
        _move_caption(pages, figures, i, shift)
    return replace(book, pages=_in_order(pages), figures=tuple(figures))


def turn_captions_over(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Set the captions on the next page or the one before, where they stand on this one."""
    pages = {page.page_index: page for page in book.pages}
    figures = list(book.figures)
    for i in chosen:
        target = figures[i].page + (1 if rng.random() < 0.5 else -1)
        if target in pages and _caption_page(figures[i]) == figures[i].page:
            _move_caption(pages, figures, i, (0.0, 0.0), target)
    return replace(book, pages=_in_order(pages), figures=tuple(figures))


def swap_captions(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Exchange the places of the captions of neighboring figures, labels with them."""
    pages = {page.page_index: page for page in book.pages}
    figures = list(book.figures)
    for i, j in neighbors(book, chosen):
        _exchange_places(pages, figures, i, j)
    return replace(book, pages=_in_order(pages), figures=tuple(figures))


def swap_numbers(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Exchange the numbers of neighboring figures: printed out of order, every pair still right."""
    pages = {page.page_index: page for page in book.pages}
    figures = list(book.figures)
    for i, j in neighbors(book, chosen):
        a, b = figures[i].label, figures[j].label
        if a is None or b is None:
            continue
        first, second = _with_label(pages, figures[i], b), _with_label(pages, figures[j], a)
        if first is None or second is None:
            continue
        for figure, lines in ((figures[i], first), (figures[j], second)):
            _replace_lines(pages, _caption_page(figure), lines)
        figures[i], figures[j] = replace(figures[i], label=b), replace(figures[j], label=a)
    return replace(book, pages=_in_order(pages), figures=tuple(figures))


def misread_labels(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Misread characters of the labels, as OCR does."""
    pages = {page.page_index: page for page in book.pages}
    for i in chosen:
        figure = book.figures[i]
        for line in _caption_lines(pages, figure)[:1]:
            span = line.spans[0]
            place = int(rng.integers(0, min(10, len(span.text))))
            text = span.text[:place] + span.text[place].translate(_MISREAD) + span.text[place + 1 :]
            new = replace(line, spans=(replace(span, text=text), *line.spans[1:]))
            _replace_lines(pages, _caption_page(figure), {line: new})
    return replace(book, pages=_in_order(pages))


def add_false_captions(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Set a caption with another number beside a picture that has its own."""
    pages = {page.page_index: page for page in book.pages}
    captioned = [f for f in book.figures if f.caption_bbox is not None]
    for i in chosen:
        figure, donor = book.figures[i], captioned[int(rng.integers(0, len(captioned)))]
        lines = _caption_lines(pages, donor)
        if not lines or donor.caption_bbox is None:
            continue
        target = (
            figure.bbox.x0 + float(rng.normal(0, 30)),
            figure.bbox.y1 + 4 + float(rng.uniform(0, 120))
            if rng.random() < 0.7
            else figure.bbox.y0 - donor.caption_bbox.height - 4,
        )
        shift = target[0] - donor.caption_bbox.x0, target[1] - donor.caption_bbox.y0
        copy = [_moved(line, *shift) for line in lines]
        copy = [_renumbered(line, int(rng.integers(1, 30))) for line in copy]
        landed = _with_lines(pages[figure.page], copy, book.figures)
        if landed is not None:
            pages[figure.page] = landed
    return replace(book, pages=_in_order(pages))


def add_false_pictures(book: LabelledBook, chosen: Sequence[int], rng: Rng) -> LabelledBook:
    """Set a picture that is no figure of the book (an advertisement, an ornament) near a figure."""
    pages = {page.page_index: page for page in book.pages}
    for number, i in enumerate(chosen):
        figure = book.figures[i]
        page = pages[figure.page]
        width, height = (float(v) for v in rng.uniform(50, 240, size=2))
        x0 = figure.bbox.x0 + float(rng.normal(0, 120))
        above = rng.random() < 0.5
        gap = float(rng.uniform(2, 90))
        y0 = figure.bbox.y0 - height - gap if above else figure.bbox.y1 + gap
        box = _on_page(Bbox(x0, y0, x0 + width, y0 + height), page)
        taken = [f.bbox for f in book.figures if f.page == page.page_index]
        taken += [
            f.caption_bbox
            for f in book.figures
            if f.caption_bbox is not None and _caption_page(f) == page.page_index
        ]
        if min(box.width, box.height) < 30 or any(box.intersect(t).area > 4.0 for t in taken):
            continue
        lines = tuple(line for line in page.lines if line.bbox.intersect(box).area < 4.0)
        page = replace(page, lines=lines)
        key = f"{number:08x}{i:08x}{int(rng.integers(0, 2**31)):08x}"
        pages[figure.page] = _with_picture(page, box, key)
    return replace(book, pages=_in_order(pages))


Harm = Callable[[LabelledBook, Sequence[int], Rng], LabelledBook]
HARMS: Mapping[str, Harm] = {
    "pictures lost": lose_pictures,
    "captions lost": lose_captions,
    "captions set farther away": push_captions,
    "captions on the facing page": turn_captions_over,
    "captions of neighbors swapped": swap_captions,
    "numbers of neighbors swapped": swap_numbers,
    "labels misread": misread_labels,
    "false captions": add_false_captions,
    "false pictures": add_false_pictures,
}


def neighbors(book: LabelledBook, chosen: Sequence[int]) -> list[tuple[int, int]]:
    """Pair chosen figures with the next one of the same kind of label; each at most once.

    Only figures with a caption of their own on their own page, printed the same way up.
    """
    plain = [
        (i, label)
        for i, figure in enumerate(book.figures)
        if (label := parse_label(figure.label or "")) is not None
        and figure.caption
        and figure.caption_page == figure.page
        and not figure.ignore
    ]
    plain.sort(key=lambda item: (item[1].prefix, item[1].parts))
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for (i, a), (j, b) in zip(plain, plain[1:], strict=False):
        if i not in chosen or a.prefix != b.prefix or a.parts >= b.parts:
            continue
        if {i, j} & taken or abs(book.figures[i].page - book.figures[j].page) > 3:
            continue
        pairs.append((i, j))
        taken |= {i, j}
    return pairs


# ------------------------------------------------------------------------------------ on one page


def _caption_page(figure: TrueFigure) -> int:
    return figure.page if figure.caption_page is None else figure.caption_page


def _caption_lines(pages: Mapping[int, Page], figure: TrueFigure) -> list[Line]:
    page = pages.get(_caption_page(figure))
    if page is None or figure.caption_bbox is None:
        return []
    box = figure.caption_bbox.expand(1.5)
    return [line for line in page.lines if line.text and line.bbox.covered_by(box) > _INSIDE]


def _replace_lines(pages: dict[int, Page], index: int, new: Mapping[Line, Line]) -> None:
    page = pages[index]
    pages[index] = replace(page, lines=tuple(new.get(line, line) for line in page.lines))


def _move_caption(
    pages: dict[int, Page],
    figures: list[TrueFigure],
    i: int,
    shift: tuple[float, float],
    target: int | None = None,
) -> None:
    """Move a caption by `shift` points, and its truth with it; onto page `target` if given."""
    figure = figures[i]
    mine = _caption_lines(pages, figure)
    if not mine or figure.caption_bbox is None:
        return
    index = _caption_page(figure)
    page = pages[index]
    onto = index if target is None else target
    box = union_all(line.bbox for line in mine)
    dx = min(max(shift[0], 10 - box.x0), pages[onto].width_pt - 10 - box.x1)
    dy = min(max(shift[1], 10 - box.y0), pages[onto].height_pt - 10 - box.y1)
    rest = replace(page, lines=tuple(line for line in page.lines if line not in mine))
    others = [f for k, f in enumerate(figures) if k != i and f.caption_bbox != figure.caption_bbox]
    moved = [_moved(line, dx, dy) for line in mine]
    alone = replace(figure, caption_bbox=None)  # its caption's place is free now
    landed = _with_lines(rest if onto == index else pages[onto], moved, [*others, alone])
    if landed is None:
        return
    pages[index] = rest
    pages[onto] = landed
    for j, other in enumerate(figures):
        if other.caption_bbox == figure.caption_bbox and _caption_page(other) == index:
            figures[j] = replace(other, caption_bbox=_shifted(box, dx, dy), caption_page=onto)


def _with_lines(page: Page, lines: Sequence[Line], figures: Sequence[TrueFigure]) -> Page | None:
    """The page with `lines` in place of the running text there; None where there is no room.

    Room is where none of the `figures` and none of their captions stands.
    """
    box = union_all(line.bbox for line in lines).expand(2.0)
    area = Bbox(0, 0, page.width_pt, page.height_pt)
    taken = [f.bbox for f in figures if f.page == page.page_index]
    taken += [
        f.caption_bbox
        for f in figures
        if f.caption_bbox is not None and _caption_page(f) == page.page_index
    ]
    if not area.contains(box) or any(box.intersect(other).area > 4.0 for other in taken):
        return None
    block = 1 + max((line.block for line in page.lines), default=0)
    kept = [line for line in page.lines if line.bbox.intersect(box).area < 4.0]
    return replace(page, lines=(*kept, *(replace(line, block=block) for line in lines)))


def _exchange_places(pages: dict[int, Page], figures: list[TrueFigure], i: int, j: int) -> None:
    a, b = figures[i], figures[j]
    if a.caption_bbox is None or b.caption_bbox is None:
        return
    mine, other = _caption_lines(pages, a), _caption_lines(pages, b)
    if not mine or not other or set(mine) & set(other):
        return
    there = b.caption_bbox.x0 - a.caption_bbox.x0, b.caption_bbox.y0 - a.caption_bbox.y0
    for figure, gone in ((a, mine), (b, other)):
        page = pages[_caption_page(figure)]
        kept = tuple(line for line in page.lines if line not in gone)
        pages[page.page_index] = replace(page, lines=kept)
    for figure, lines, sign in ((b, mine, 1), (a, other, -1)):
        page = pages[_caption_page(figure)]
        block = 1 + max((line.block for line in page.lines), default=0)
        came = tuple(
            replace(_moved(line, sign * there[0], sign * there[1]), block=block) for line in lines
        )
        pages[page.page_index] = replace(page, lines=(*page.lines, *came))
    places = (a.caption_bbox, a.caption_page), (b.caption_bbox, b.caption_page)
    figures[i] = replace(a, caption_bbox=places[1][0], caption_page=places[1][1])
    figures[j] = replace(b, caption_bbox=places[0][0], caption_page=places[0][1])


def _moved(line: Line, dx: float, dy: float) -> Line:
    spans = tuple(replace(span, bbox=_shifted(span.bbox, dx, dy)) for span in line.spans)
    return replace(line, spans=spans, bbox=_shifted(line.bbox, dx, dy))


def _shifted(box: Bbox, dx: float, dy: float) -> Bbox:
    return Bbox(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy).rounded()


def _with_label(
    pages: Mapping[int, Page], figure: TrueFigure, label: str
) -> dict[Line, Line] | None:
    """The caption's first line with the number of `label`; None where it cannot be set."""
    new, old = parse_label(label), parse_label(figure.label or "")
    if new is None or old is None:
        return None
    for line in _caption_lines(pages, figure):
        if parse_label(line.text) is None:
            continue
        for place, span in enumerate(line.spans):
            text = _exchange_number(span, old.text, new.text)
            if text is not None:
                spans = (*line.spans[:place], replace(span, text=text), *line.spans[place + 1 :])
                return {line: replace(line, spans=spans)}
    return None


def _exchange_number(span: Span, old: str, new: str) -> str | None:
    was, becomes = (re.findall(r"[\d.\-–]*\d", label) for label in (old, new))
    if not was or not becomes or was[-1] not in span.text:
        return None
    return span.text.replace(was[-1], becomes[-1], 1)


def _renumbered(line: Line, number: int) -> Line:
    label = parse_label(line.text)
    if label is None:
        return line
    spans = list(line.spans)
    for place, span in enumerate(spans):
        text = re.sub(r"\d+(?=\D*$)|(?<=[.\-])\d+", str(number), span.text[: label.end], count=1)
        if text != span.text[: label.end]:
            spans[place] = replace(span, text=text + span.text[label.end :])
            return replace(line, spans=tuple(spans))
    return line


def _on_page(box: Bbox, page: Page) -> Bbox:
    return box.intersect(Bbox(0, 0, page.width_pt, page.height_pt)).rounded()


def _with_picture(page: Page, box: Bbox, key: str) -> Page:
    if page.scan_regions or page.text_source == "ocr":
        region = ScanRegion(bbox=box, photo_score=0.9)
        return replace(page, scan_regions=(*page.scan_regions, region))
    item = ImageObject(
        bbox=box,
        placed_bbox=box,
        matrix=(box.width, 0.0, 0.0, -box.height, box.x0, box.y1),
        width_px=round(2 * box.width),
        height_px=round(2 * box.height),
        order=1 + max([*(m.order for m in page.images), *(m.order for m in page.paths)], default=0),
        image_key=key,
    )
    return replace(page, images=(*page.images, item))


def _in_order(pages: Mapping[int, Page]) -> tuple[Page, ...]:
    return tuple(pages[index] for index in sorted(pages))
