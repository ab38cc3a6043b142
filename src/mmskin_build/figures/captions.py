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
from mmskin_build.geometry import Bbox, turn_back, turn_upright

_SAME_SIZE_PT = 0.45
_SCAN_SIZE_SHARE = 0.16  # OCR measures sizes less exactly
_PITCH_LIMIT = 1.9  # next line's distance, in heights of a line, inside one caption
_ACCEPT = 2.0
_MAX_LINES = 80
_LIST_ENTRIES = 4
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|\S\s{2,}\d{1,4}\s*$")

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


def _find_starts(layout: PageLayout, direction: int, body: BodyStyle) -> list[Start]:
    found = []
    for index, line in enumerate(layout.lines):
        label = parse_label(line.text) if line.direction == 0 else None
        if label is None:
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
        if index in heads or line.direction != first.direction:
            if index in heads and line.bbox.x_overlap(box) <= 0.1 * line.bbox.width:
                continue
            break
        if line.bbox.x_overlap(box) < 0.35 * min(line.bbox.width, box.width):
            continue
        gap = line.bbox.y0 - last.bbox.y1
        if line.bbox.y_overlap(last.bbox) > 0.5 * min(line.bbox.height, last.bbox.height):
            # A piece of the same printed line that stands apart (justified, or a second column).
            if line.bbox.x0 - last.bbox.x1 > 3 * first.size_pt:
                continue
        elif line.bbox.y1 <= last.bbox.y0:
            continue
        if gap > (_PITCH_LIMIT - 1) * max(last.height_pt, line.height_pt):
            break
        if any(_between(picture, last.bbox, line.bbox) for picture in pictures):
            break
        if OTHER_LABEL.match(line.text) or (parse_label(line.text) and line.bold and not last.bold):
            break
        if not _fits(line, last, text_style, book.body, scanned, box):
            break
        members.append(index)
        box = box.union(line.bbox)
        if len(members) == 2 and not rest:
            text_style = (line.font, line.size_pt)
    overflow = _overflow(layout, members, heads, text_style, book.body)
    text = join_lines([lines[i] for i in (*members, *overflow)], book.words)
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
            break
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
