"""Captions: where they start, which lines belong to them, and their text as printed.

A label at the beginning of a line is either a caption or a sentence about a figure. What tells them
apart is learned from the book: captions share one label style and one text style, begin their
paragraph, and each number heads one caption only, while running text returns to a number often.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmskin_build.figures.labels import (
    CONTINUED,
    OTHER_LABEL,
    REFERENCE_TAIL,
    FigureLabel,
    parse_label,
)
from mmskin_build.figures.layout import BodyStyle, BookLayout, PageLayout, TextLine
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox, turn_back, turn_upright, union_all

_SAME_SIZE_PT = 0.45
_SCAN_SIZE_SHARE = 0.16  # OCR measures sizes less exactly
_PITCH_LIMIT = 1.9  # next line's distance, in heights of a line, inside one caption
_ACCEPT = 2.0
_MAX_LINES = 80
_LIST_ENTRIES = 4
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|\S\s{2,}\d{1,4}\s*$")
_PAGE_NUMBER = re.compile(r"[\s.…]*(?:\d{1,4}|[ivxlc]{1,6})\s*")
_HEADING_GAP = 2.4  # heights of a line between a label alone on its line and its words
_PART_GAP = 1.7  # the same between the parts of a legend, each with its number or letter
_PART = re.compile(r"\s*\(?(?:\d{1,2}|[A-Za-z])(?:[.):,]|\s[–—-])\s*\S")
_HEAD_SHARE = 0.09  # of the page's height, at its top, where a running head stands
_ABOVE_PT = 40.0  # between a figure and the two columns of its caption

LabelStyle = tuple[str, bool, str]


@dataclass(frozen=True, slots=True)
class Start:
    """A line that begins with a label and may begin a caption; `bare` when it is nothing else."""

    page_index: int
    direction: int
    line_index: int
    label: FigureLabel
    continued: bool
    bare: bool
    style: LabelStyle
    score: float


@dataclass(frozen=True, slots=True)
class CaptionBlock:
    """A whole caption on one page. `label` is None for an unnumbered caption.

    `text` is as printed, de-hyphenated, without the label. `prior` is in [0, 1]: how much the block
    looks like a caption before any picture is looked at. `size_pt` is that of its text,
    `part_count` the number of panels that it names, 0 for none.
    """

    page_index: int
    bbox: Bbox
    label: FigureLabel | None
    continued: bool
    text: str
    prior: float
    direction: int
    size_pt: float
    font: str
    part_count: int


def find_captions(book: BookLayout, obstacles: Mapping[int, Sequence[Bbox]]) -> list[CaptionBlock]:
    """Find all labeled captions of a book; `obstacles` are the pictures by page index."""
    views = [
        (layout if direction == 0 else layout.turned(direction), direction)
        for layout in book.pages
        for direction in sorted({line.direction for line in layout.lines})
    ]
    starts = [start for view, way in views for start in _find_starts(view, way, book.body)]
    by_view: dict[tuple[int, int], list[Start]] = defaultdict(list)
    for start in _choose(starts):
        by_view[start.page_index, start.direction].append(start)
    captions: list[CaptionBlock] = []
    for view, direction in views:
        here = by_view.get((view.page_index, direction), [])
        if len(here) >= _LIST_ENTRIES and _is_list_of_figures(view):
            continue
        heads = {start.line_index for start in here}
        width, height = view.page.width_pt, view.page.height_pt
        pictures = [
            turn_upright(box, direction, width, height) for box in obstacles[view.page_index]
        ]
        for start in here:
            block = _extend(view, start, heads, book, pictures)
            captions.append(
                replace(block, bbox=turn_back(block.bbox, direction, width, height).rounded())
            )
    return captions


def _is_list_of_figures(layout: PageLayout) -> bool:
    """Whether a page lists figures with their page numbers: leaders, or numbers at line ends."""
    leaders = sum(_LEADER.search(line.text) is not None for line in layout.lines)
    return leaders >= _LIST_ENTRIES


def _is_list_entry(layout: PageLayout, line: TextLine) -> bool:
    """Whether a line names a figure and the page where it stands, as a list of figures does."""
    if re.search(r"(?:\.\s?){4,}[\divxlc]*\s*$|…{2,}", line.text):
        return True
    return any(
        other is not line
        and _PAGE_NUMBER.fullmatch(other.text)
        and other.bbox.x0 > line.bbox.x1
        and other.bbox.y_overlap(line.bbox) > 0.6 * min(other.bbox.height, line.bbox.height)
        and not any(
            between.bbox.x0 > line.bbox.x1
            and between.bbox.x1 < other.bbox.x0
            and between.bbox.y_overlap(line.bbox) > 0.6 * line.bbox.height
            and re.search(r"\w", between.text)
            for between in layout.lines
        )
        for other in layout.lines
    )


def _find_starts(layout: PageLayout, direction: int, body: BodyStyle) -> list[Start]:
    found = []
    for index, line in enumerate(layout.lines):
        label = parse_label(line.text) if line.direction == 0 else None
        if label is None or _is_list_entry(layout, line):
            continue
        rest = line.text[label.end :]
        continued = CONTINUED.match(rest) is not None
        score = _start_score(layout, index, label, rest, continued, body)
        lead = next(span for span in line.spans if span.text.strip())
        style = (_label_form(label), lead.bold, label.separator)
        found.append(
            Start(
                layout.page_index,
                direction,
                index,
                label,
                continued,
                not rest.strip(" .:"),
                style,
                score,
            )
        )
    return found


def _label_form(label: FigureLabel) -> str:
    word = label.text.split()[0]
    shape = "upper" if word.isupper() else "lower" if word.islower() else "title"
    return f"{label.prefix}:{word.lower().rstrip('.')}:{shape}"


def _start_score(
    layout: PageLayout,
    index: int,
    label: FigureLabel,
    rest: str,
    continued: bool,
    body: BodyStyle,
) -> float:
    """Weigh the signs of a caption against those of a sentence; above `_ACCEPT` it is a caption."""
    line = layout.lines[index]
    above = layout.lines[index - 1] if index else None
    inked = [span for span in line.spans if span.text.strip()]
    lead, follower = inked[0], inked[-1]
    for span in inked:
        if span.font != lead.font:
            follower = span
            break
    score = 0.0
    if label.separator:
        score += 1.5
    if lead.bold and not follower.bold:
        score += 2.0
    elif lead.font != follower.font:
        score += 1.0
    if not rest.strip():
        score += 1.0 if len(line.text.strip()) < 25 else 0.0
    if continued:
        score += 2.0
    if not body.matches(line):
        score += 1.0 if abs(line.size_pt - body.size_pt) > 0.35 else 0.7
    if above is None or not _same_paragraph(above, line):
        score += 1.0
    elif not (lead.bold and not follower.bold):
        score -= 2.0
    if not continued and not label.separator and REFERENCE_TAIL.match(rest):
        score -= 3.0 if body.matches(line) else 1.5
    elif re.match(r"^\s*[,;)\]]", rest):
        score -= 3.0
    return score


def _same_paragraph(above: TextLine, line: TextLine) -> bool:
    """Whether `line` follows `above` inside one paragraph of one style."""
    if above.direction != line.direction or abs(above.size_pt - line.size_pt) > _SAME_SIZE_PT:
        return False
    step = line.bbox.y0 - above.bbox.y1
    close = -0.3 * line.height_pt <= step <= 0.55 * line.height_pt
    overlap = line.bbox.x_overlap(above.bbox)
    return close and overlap >= 0.5 * min(line.bbox.width, above.bbox.width)


def _choose(starts: Sequence[Start]) -> list[Start]:
    """Accept starts by score, the book's own label style, and one caption a number."""
    weight: Counter[LabelStyle] = Counter()
    for start in starts:
        if start.score >= _ACCEPT:
            weight[start.style] += 1
    common = weight.most_common(1)[0][1] if weight else 0
    scored: list[tuple[float, Start]] = []
    for start in starts:
        share = weight[start.style] / common if common else 0.0
        bonus = 1.0 if share >= 0.3 and common >= 2 else (-0.7 if common >= 4 else 0.0)
        if start.score + bonus >= _ACCEPT:
            scored.append((start.score + bonus, start))
    best: dict[tuple[str, str | None], float] = {}
    for score, start in scored:
        if not (start.continued or start.bare):
            key = (start.label.key, start.label.letter)
            best[key] = max(best.get(key, score), score)
    chosen: list[Start] = []
    taken: set[tuple[str, str | None]] = set()
    for score, start in scored:
        key = (start.label.key, start.label.letter)
        if start.continued or start.bare:
            chosen.append(start)  # a plate's heading, or a label above its own text
        elif score >= best[key] - 0.01 and key not in taken:
            taken.add(key)
            chosen.append(start)
        elif score >= best[key] - 1.0 and start.style == _style_of(chosen, key):
            # The same number in the same style again: another article, or an unmarked continuation.
            chosen.append(start)
    return chosen


def _style_of(chosen: Sequence[Start], key: tuple[str, str | None]) -> LabelStyle | None:
    for start in chosen:
        if (start.label.key, start.label.letter) == key:
            return start.style
    return None


def _extend(
    layout: PageLayout,
    start: Start,
    heads: set[int],
    book: BookLayout,
    pictures: Sequence[Bbox],
) -> CaptionBlock:
    """Collect the lines of the caption that `start` begins."""
    lines = layout.lines
    first = lines[start.line_index]
    rest = first.text[start.label.end :].strip()
    members = [start.line_index]
    text_style = _text_style(first, start.label)
    box = first.bbox
    scanned = layout.page.text_source == "ocr"
    for index in _below(layout, start.line_index):
        line, last = lines[index], lines[members[-1]]
        if len(members) >= _MAX_LINES:
            break
        if line.direction != first.direction:
            continue  # the lettering of an axis, a watermark
        if index in heads:
            if line.bbox.x_overlap(box) <= 0.1 * line.bbox.width:
                continue
            break
        if line.bbox.x_overlap(box) < 0.35 * min(line.bbox.width, box.width):
            continue
        gap = line.bbox.y0 - last.bbox.y1
        if _is_fragment(line, last, box):
            members.append(index)
            continue
        if line.bbox.y_overlap(last.bbox) > 0.5 * min(line.bbox.height, last.bbox.height):
            # A piece of the same printed line that stands apart (justified, or a second column).
            if line.bbox.x0 - last.bbox.x1 > 3 * first.size_pt:
                continue
        elif line.bbox.y1 <= last.bbox.y0:
            continue
        part = _is_part(line, text_style, book.body)
        limit = _PART_GAP if part else _PITCH_LIMIT - 1
        if gap > limit * max(last.height_pt, line.height_pt):
            break
        if any(_between(picture, last.bbox, line.bbox) for picture in pictures):
            break
        if OTHER_LABEL.match(line.text) or (parse_label(line.text) and line.bold and not last.bold):
            break
        if not part and not _fits(line, last, text_style, book.body, scanned, box):
            break
        members.append(index)
        box = box.union(line.bbox)
        if len(members) == 2 and not rest:
            text_style = (line.font, line.size_pt)
    if start.bare and len(members) == 1:
        members += _legend(layout, start, heads, book.body, pictures)
    text_style = _main_style([lines[i] for i in members], start.label)
    second = _second_column(layout, members, heads, text_style, book.body, pictures)
    overflow = second or _overflow(layout, members, heads, text_style, book.body)
    box = union_all(lines[i].bbox for i in (*members, *second))
    text = join_lines([lines[i] for i in (*_in_rows(lines, members), *overflow)], book.words)
    label = parse_label(text)
    end = label.end if label is not None else start.label.end
    body_text = text[end:].strip()
    if start.continued:
        body_text = CONTINUED.sub("", body_text, count=1).strip()
    return CaptionBlock(
        page_index=layout.page_index,
        bbox=box.rounded(),
        label=start.label,
        continued=start.continued,
        text=body_text,
        prior=max(0.05, min(0.99, 0.5 + 0.1 * start.score)),
        direction=start.direction,
        size_pt=text_style[1],
        font=text_style[0],
        part_count=len(split_caption(body_text).parts),
    )


def _below(layout: PageLayout, index: int) -> list[int]:
    """Lines that could continue line `index`: those not above it, nearest first."""
    first = layout.lines[index]
    later = [
        i
        for i, line in enumerate(layout.lines)
        if i != index and line.bbox.y1 > first.bbox.y0 + 0.5 * first.height_pt
    ]
    return sorted(later, key=lambda i: (layout.lines[i].bbox.y0, layout.lines[i].bbox.x0))


def _is_fragment(line: TextLine, last: TextLine, box: Bbox) -> bool:
    """Whether `line` is an index or exponent that stands apart in the caption's last line."""
    return (
        line.size_pt < 0.85 * last.size_pt
        and line.bbox.width <= 0.25 * box.width
        and box.x0 - 1 <= line.bbox.x0
        and line.bbox.x1 <= box.x1 + 2 * last.size_pt
        and line.bbox.y_overlap(last.bbox) > 0.3 * line.bbox.height
    )


def _legend(
    layout: PageLayout,
    start: Start,
    heads: set[int],
    body: BodyStyle,
    pictures: Sequence[Bbox],
) -> list[int]:
    """The words under a label alone on its line that are set in another type and further off.

    A title in italics, or the legend of a plate under its number: one block, over which the label
    stands, and never running text.
    """
    lines = layout.lines
    label = lines[start.line_index]
    found: list[int] = []
    for index in _below(layout, start.line_index):
        line = lines[index]
        last = lines[found[-1]] if found else label
        if line.direction != label.direction or index in heads or OTHER_LABEL.match(line.text):
            break
        is_part = _PART.match(line.text) is not None
        if body.matches(line) and not (start.label.prefix.endswith("plate") and (is_part or found)):
            break
        if found:
            like_last = abs(line.size_pt - last.size_pt) <= _SAME_SIZE_PT
            limit = _PART_GAP if is_part else _PITCH_LIMIT - 1
        else:
            like_last = 0.6 * label.size_pt <= line.size_pt <= label.size_pt + _SAME_SIZE_PT
            limit = _HEADING_GAP
        gap = line.bbox.y0 - last.bbox.y1
        if not like_last or gap > limit * max(last.height_pt, line.height_pt):
            break
        if any(_between(picture, last.bbox, line.bbox) for picture in pictures):
            break
        found.append(index)
    if not found:
        return []
    block = union_all(lines[i].bbox for i in found)
    return found if block.x_overlap(label.bbox) >= 0.5 * label.bbox.width else []


def _in_rows(lines: Sequence[TextLine], members: Sequence[int]) -> list[int]:
    """Members as they are read: row by row, the pieces of a row from left to right."""
    rows: list[list[int]] = []
    for index in members:
        box = lines[index].bbox
        tallest = max((lines[i].bbox for i in rows[-1]), key=lambda b: b.height) if rows else None
        if tallest is not None and box.y_overlap(tallest) > 0.5 * min(box.height, tallest.height):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [i for row in rows for i in sorted(row, key=lambda i: lines[i].bbox.x0)]


def _main_style(members: Sequence[TextLine], label: FigureLabel) -> tuple[str, float]:
    """Font and size of most of a caption: its title may be bold over more than a line."""
    weights: Counter[tuple[str, float]] = Counter()
    for number, line in enumerate(members):
        style = _text_style(line, label) if number == 0 else (line.font, line.size_pt)
        weights[style] += len(line.text) - (label.end if number == 0 else 0)
    return weights.most_common(1)[0][0]


def _is_part(line: TextLine, style: tuple[str, float], body: BodyStyle) -> bool:
    """Whether `line` begins a numbered or lettered part in the caption's own style."""
    same = line.font == style[0] and abs(line.size_pt - style[1]) <= _SAME_SIZE_PT
    return same and not body.matches(line) and _PART.match(line.text) is not None


def _second_column(
    layout: PageLayout,
    members: Sequence[int],
    heads: set[int],
    style: tuple[str, float],
    body: BodyStyle,
    pictures: Sequence[Bbox],
) -> list[int]:
    """Lines beside a caption that go on with it: set in two columns under a figure across both."""
    lines = layout.lines
    font, size = style
    scanned = layout.page.text_source == "ocr"
    tolerance = _SCAN_SIZE_SHARE * size if scanned else _SAME_SIZE_PT
    box = union_all(lines[i].bbox for i in members)
    first = lines[members[0]]
    if font == body.font and abs(size - body.size_pt) <= _SAME_SIZE_PT:
        return []
    beside = sorted(
        (
            i
            for i, ln in enumerate(lines)
            if ln.bbox.x0 > box.x1
            and ln.direction == first.direction
            and ln.bbox.y0 > box.y0 - 0.5 * first.height_pt
            and ln.bbox.y1 < box.y1 + 1.6 * first.height_pt
        ),
        key=lambda i: (lines[i].bbox.y0, lines[i].bbox.x0),
    )
    found: list[int] = []
    for index in beside:
        line = lines[index]
        last_y1 = lines[found[-1]].bbox.y1 if found else box.y0 + 0.5 * first.height_pt
        same = any(s.font == font for s in line.spans) and abs(line.size_pt - size) <= tolerance
        if index in heads or not same or OTHER_LABEL.match(line.text):
            break
        if line.bbox.y0 - last_y1 > 0.8 * line.height_pt:
            break
        found.append(index)
    if not found:
        return []
    right = union_all(lines[i].bbox for i in found)
    if any(
        lines[i].bbox.x_overlap(right) > 0 and -_ABOVE_PT < lines[i].bbox.y0 - box.y0 < box.height
        for i in heads
    ):
        return []  # the caption of another picture
    above = [
        p for p in pictures if 0 <= box.y0 - p.y1 + 4 <= _ABOVE_PT and p.x_overlap(box.union(right))
    ]
    across = above and union_all(above)
    if not across or across.x_overlap(right) < 0.5 * right.width:
        return []
    return found if across.x_overlap(box) >= 0.5 * box.width else []


def _overflow(
    layout: PageLayout,
    members: Sequence[int],
    heads: set[int],
    style: tuple[str, float],
    body: BodyStyle,
) -> list[int]:
    """Lines at the top of the next column that go on with a caption cut by the end of its column.

    Only where the caption's style is not that of running text, so that style alone tells.
    """
    font, size = style
    if font == body.font and abs(size - body.size_pt) <= 0.35:
        return []
    lines = layout.lines
    last = lines[members[-1]]
    in_column = [ln for ln in lines if ln.bbox.x_overlap(last.bbox) > 0.3 * last.bbox.width]
    if any(ln.bbox.y0 > last.bbox.y1 for ln in in_column):
        return []
    left = min(lines[i].bbox.x0 for i in members)
    right = max(lines[i].bbox.x1 for i in members)
    beside = sorted(
        (i for i, ln in enumerate(lines) if ln.bbox.x0 > right or ln.bbox.x1 < left),
        key=lambda i: lines[i].bbox.y0,
    )
    found: list[int] = []
    for index in beside:
        line = lines[index]
        if line.bbox.x0 < right or index in heads:
            break
        same = any(s.font == font for s in line.spans) and abs(line.size_pt - size) <= _SAME_SIZE_PT
        if not same or parse_label(line.text) or OTHER_LABEL.match(line.text):
            break
        if found and line.bbox.y0 - lines[found[-1]].bbox.y1 > 0.9 * line.height_pt:
            if len(found) > 1 or lines[found[0]].bbox.y1 > _HEAD_SHARE * layout.page.height_pt:
                break
            found = []  # it was the running head
        found.append(index)
    return found


def _text_style(line: TextLine, label: FigureLabel) -> tuple[str, float]:
    """Font and size of the caption's words after the label."""
    passed = 0
    weights: Counter[tuple[str, float]] = Counter()
    for span in line.spans:
        after = max(0, passed + len(span.text) - max(passed, label.end))
        passed += len(span.text)
        if after and span.text.strip():
            weights[span.font, span.size_pt] += after
    return weights.most_common(1)[0][0] if weights else (line.font, line.size_pt)


def _fits(
    line: TextLine,
    last: TextLine,
    style: tuple[str, float],
    body: BodyStyle,
    scanned: bool,
    box: Bbox,
) -> bool:
    """Whether `line`, below `last`, has the caption's style and does not begin running text."""
    font, size = style
    tolerance = _SCAN_SIZE_SHARE * size if scanned else _SAME_SIZE_PT
    if scanned and line.block == last.block:
        tolerance *= 2  # one paragraph to the recognizer, whatever size it guessed
    largest = max(span.size_pt for span in line.spans if span.text.strip())
    if abs(line.size_pt - size) > tolerance and abs(largest - size) > tolerance:
        return False
    gap, height = line.bbox.y0 - last.bbox.y1, max(last.height_pt, line.height_pt)
    if scanned:
        return gap <= 0.75 * height or line.block == last.block
    like_body = body.matches(line)
    caption_like_body = abs(size - body.size_pt) <= 0.35 and font == body.font
    if like_body and not caption_like_body:
        return False
    if line.block != last.block and caption_like_body:
        # Nothing but position tells the caption's end: a new block after a closed line ends it.
        closed = last.bbox.x1 < box.x1 - 2 * size or re.search(r"[.)]\s*$", last.text) is not None
        return gap <= 0.45 * height and not closed
    return line.block == last.block or gap <= 0.8 * height


def _between(picture: Bbox, above: Bbox, below: Bbox) -> bool:
    """Whether a picture stands between two lines that follow one another."""
    if picture.x_overlap(above.union(below)) < 0.3 * min(picture.width, below.width):
        return False
    return picture.center[1] > above.y1 and picture.center[1] < below.y0


def join_lines(lines: Sequence[TextLine], words: frozenset[str]) -> str:
    """Join printed lines to one text; the book's own words say which hyphens go."""
    text = ""
    for line in lines:
        piece = re.sub(r"\s+", " ", line.text.replace("\u00a0", " ")).strip()
        if not text:
            text = piece
            continue
        broken = re.search(r"([^\W\d_]+)([\u00ad\u2010-])$", text)
        following = re.match(r"[^\W\d_]+", piece)
        if broken and following and following[0][0].islower():
            left, mark, right = broken[1], broken[2], following[0]
            whole, hyphened = (left + right).lower(), f"{left}-{right}".lower()
            keep = mark != "\u00ad" and hyphened in words and whole not in words
            text = (text[:-1] + "-" if keep else text[:-1]) + piece
        elif text.endswith(("\u00ad",)):
            text = text[:-1] + piece
        elif re.search(r"[\w\d][-–—/]$", text):
            text += piece
        else:
            text = f"{text} {piece}"
    return text.replace("\u00ad", "").strip()
