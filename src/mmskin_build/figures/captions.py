"""Captions: which lines belong to them, and their text as printed.

Where they start is known from `caption_starts`; here a caption takes line after line until style,
gap, a picture, a rule or the next label ends it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmskin_build.figures.caption_flow import (
    PART_GAP,
    PITCH_LIMIT,
    SAME_SIZE_PT,
    SCAN_SIZE_SHARE,
    fills_row,
    find_legend,
    find_overflow,
    find_rules,
    find_second_column,
    flows_on,
    hangs_beside,
    heads_a_panel,
    in_rows,
    is_formula,
    is_fragment,
    is_legend,
    is_part,
    is_stamp,
    lines_below,
    main_style,
    stands_between,
    text_style_of,
)
from mmskin_build.figures.caption_leading import (
    Leading,
    find_leading,
    find_overleaf,
    has_parted,
    keeps_pitch,
    leaves_room,
)
from mmskin_build.figures.caption_runs import split_run
from mmskin_build.figures.caption_starts import (
    LIST_ENTRIES,
    Start,
    choose_starts,
    find_starts,
    is_list_of_figures,
)
from mmskin_build.figures.labels import CONTINUED, OTHER_LABEL, FigureLabel, parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox, turn_back, turn_upright, union_all

_MAX_LINES = 80
_CLOSE_GAP = 0.45  # heights of a line between lines that are set solid
_GAP_SLACK_PT = 0.6  # over the gap between lines of running text
_AGES = ("year", "month", "week", "day")  # before "-old", whose hyphen stays at the end of a line
_TRANSLATION_GAP = 1.8  # heights of a line between a caption and itself in another language


@dataclass(frozen=True, slots=True)
class CaptionBlock:
    """A whole caption on one page. `label` is None for an unnumbered caption.

    `text` is as printed, de-hyphenated, without the label. `prior` is in [0, 1]: how much the block
    looks like a caption before any picture is looked at. `size_pt` is that of its text,
    `part_count` the number of panels that it names, 0 for none. `runs_on` says that it begins
    inside the paragraph of the caption before it.
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
    runs_on: bool = False


@dataclass(frozen=True, slots=True)
class PanelWords:
    """Words under one of a figure's pictures: `text` without the letter, `printed` with it."""

    picture: Bbox
    letter: str
    text: str
    printed: str
    bbox: Bbox


@dataclass(frozen=True, slots=True)
class _Setting:
    """How the page of a caption is set.

    `leading` is the pitch of wide lines in sizes of their type, else 0. `loose` text, turned or on
    a turned page, has no paragraphs to the reader. Nothing follows an `apart` caption in step.
    `column` is what those of the page's `lines` take that begin where the caption does;
    `line_gap_pt` is that between lines of running text.
    """

    body: BodyStyle
    scanned: bool
    leading: float
    loose: bool
    apart: bool
    column: Bbox
    lines: Sequence[TextLine]
    line_gap_pt: float


def find_captions(book: BookLayout, obstacles: Mapping[int, Sequence[Bbox]]) -> list[CaptionBlock]:
    """Find all labeled captions of a book; `obstacles` are the pictures by page index."""
    views = [
        (layout if direction == 0 else layout.turned(direction), direction)
        for layout in book.pages
        for direction in sorted({line.direction for line in layout.lines})
    ]
    starts = [start for view, way in views for start in find_starts(view, way, book.body)]
    by_view: dict[tuple[int, int], list[Start]] = defaultdict(list)
    for start in choose_starts(starts):
        by_view[start.page_index, start.direction].append(start)
    leading = find_leading(book, [(view, by_view[view.page_index, way]) for view, way in views])
    captions: list[CaptionBlock] = []
    upright = {layout.page_index: layout for layout in book.pages}
    for view, direction in views:
        here = by_view.get((view.page_index, direction), [])
        if len(here) >= LIST_ENTRIES and is_list_of_figures(view):
            continue
        heads = {start.line_index for start in here}
        width, height = view.page.width_pt, view.page.height_pt
        pictures = [
            turn_upright(box, direction, width, height) for box in obstacles[view.page_index]
        ]
        translated: set[int] = set()
        for start in here:
            if start.line_index in translated:
                continue
            blocks, members = _extend(view, start, heads, book, pictures, leading)
            after = upright.get(view.page_index + 1)
            if (
                after is not None
                and direction == 0
                and not (pictures or obstacles[after.page_index])
            ):
                taken = {other.line_index for other in by_view.get((after.page_index, 0), ())}
                end, style = blocks[-1], (blocks[-1].font, blocks[-1].size_pt)
                rest = find_overleaf(view, members, after, taken, style, leading.pitch)
                blocks[-1] = replace(end, text=join_lines([end.text, *rest], book.words))
            translated.update(members)
            captions += [
                replace(block, bbox=turn_back(block.bbox, direction, width, height).rounded())
                for block in blocks
            ]
    return captions


def _extend(
    layout: PageLayout,
    start: Start,
    heads: set[int],
    book: BookLayout,
    pictures: Sequence[Bbox],
    leading: Leading,
) -> tuple[list[CaptionBlock], list[int]]:
    """Collect the lines of the caption that `start` begins; also return their indices.

    Captions that run on in one paragraph ("Fig. 1 … Fig. 2 …") are as many blocks.
    """
    lines = layout.lines
    first = lines[start.line_index]
    rest = first.text[start.label.end :].strip()
    members = [start.line_index]
    text_style = text_style_of(first, start.label)
    box = first.bbox
    scanned = layout.is_scanned
    column = [line.bbox for line in lines if abs(line.bbox.x0 - box.x0) <= 2 * first.size_pt]
    setting = _Setting(
        book.body,
        scanned,
        leading.pitch,
        start.direction != 0 or not _has_paragraphs(layout),
        leading.apart or not pictures,
        union_all(column),
        lines,
        book.line_gap_pt,
    )
    rules = find_rules(layout, start.direction)
    for index in lines_below(layout, start.line_index):
        line, last = lines[index], lines[members[-1]]
        if len(members) >= _MAX_LINES:
            break
        if line.direction != first.direction or is_stamp(line, lines, first.size_pt):
            continue  # the lettering of an axis, a watermark
        if book.is_link(line):
            continue
        if _is_translation(line, last, start):
            members.append(index)
            box = box.union(line.bbox)
            text_style = text_style_of(line, start.label)
            continue
        if index in heads:
            if line.bbox.x_overlap(box) <= 0.1 * line.bbox.width:
                continue
            break
        is_second = start.bare and len(members) == 1
        row = fills_row(lines, members[0], index)
        row = row or (is_second and hangs_beside(first, line, book.body, pictures))
        if not row and line.bbox.x_overlap(box) < 0.35 * min(line.bbox.width, box.width):
            continue
        gap = line.bbox.y0 - last.bbox.y1
        if is_fragment(line, last, box):
            members.append(index)
            continue
        if line.bbox.y_overlap(last.bbox) > 0.5 * min(line.bbox.height, last.bbox.height):
            # A piece of the same printed line that stands apart (justified, or a second column).
            justified = line.block == last.block and line.bbox.x1 <= box.x1 + 1
            if line.bbox.x0 - last.bbox.x1 > 3 * first.size_pt and not (row or justified):
                continue
        elif line.bbox.y1 <= last.bbox.y0:
            continue
        part = is_part(line, [lines[i] for i in members], text_style, book.body, scanned)
        limit = PART_GAP if part else max(PITCH_LIMIT - 1, leading.pitch)
        if gap > limit * max(last.height_pt, line.height_pt):
            break
        if any(stands_between(picture, last.bbox, line.bbox) for picture in pictures):
            break
        worded = bool(rest) or len(members) > 1  # some books rule off the label
        if worded and any(stands_between(rule, last.bbox, line.bbox) for rule in rules):
            break
        if OTHER_LABEL.match(line.text) or (parse_label(line.text) and line.bold and not last.bold):
            break
        here = [lines[i] for i in members]
        heads_words = is_second and (row or _heads(first, line, gap))
        legend = not scanned and not book.body.matches(line) and is_legend(line, here)
        legend = legend and not heads_a_panel(line, lines)
        if not (part or heads_words or legend or _fits(line, here, text_style, setting)):
            break
        members.append(index)
        box = box.union(line.bbox)
        if legend or (len(members) == 2 and not rest):
            text_style = (line.font, line.size_pt)
    if start.bare and len(members) == 1:
        below = lines_below(layout, start.line_index)
        under = [i for i in below if lines[i].bbox.x_overlap(first.bbox) > 0]
        members += find_legend(lines, start, under, heads, book.body, pictures) or find_legend(
            lines, start, below, heads, book.body, pictures
        )
    text_style = main_style([lines[i] for i in members], start.label)
    second = find_second_column(layout, members, heads, text_style, book.body, pictures)
    overflow = second or find_overflow(layout, members, heads, text_style, book.body)
    box = union_all(lines[i].bbox for i in (*members, *second))
    printed = [lines[i] for i in (*in_rows(lines, members), *overflow)]
    runs = split_run(printed, start.label)
    blocks = []
    for number, run in enumerate(runs):
        text = join_lines(run, book.words)
        label = parse_label(text)
        end = label.end if label is not None else start.label.end
        body_text = text[end:].strip()
        if start.continued and number == 0:
            body_text = CONTINUED.sub("", body_text, count=1).strip()
        whole = box if len(runs) == 1 else union_all(line.bbox for line in run)
        block = CaptionBlock(
            page_index=layout.page_index,
            bbox=whole.rounded(),
            label=start.label if number == 0 else label,
            continued=start.continued and number == 0,
            text=body_text,
            prior=max(0.05, min(0.99, 0.5 + 0.1 * start.score)),
            direction=start.direction,
            size_pt=text_style[1],
            font=text_style[0],
            part_count=len(split_caption(body_text).parts),
            runs_on=number > 0,
        )
        blocks.append(block)
    return blocks, members


def _is_translation(line: TextLine, last: TextLine, start: Start) -> bool:
    """Whether a caption begins again right below itself, its label in another language."""
    label = parse_label(line.text)
    if label is None or label.key != start.label.key or not line.text[label.end :].strip():
        return False
    gap = line.bbox.y0 - last.bbox.y1
    near = -0.3 * line.height_pt <= gap <= _TRANSLATION_GAP * line.height_pt
    other_word = label.word.lower() != start.label.word.lower()
    return near and other_word and line.bbox.x_overlap(last.bbox) > 0


def _has_paragraphs(layout: PageLayout) -> bool:
    """Whether the reader found blocks of several lines: on a turned page each line is one."""
    blocks = Counter(line.block for line in layout.lines if line.direction == 0)
    return not blocks or max(blocks.values()) > 1


def _heads(label: TextLine, line: TextLine, gap: float) -> bool:
    """Whether a label alone on its line and `line` below it are set as one paragraph."""
    near = gap <= _CLOSE_GAP * max(label.height_pt, line.height_pt)
    same_edge = abs(line.bbox.x0 - label.bbox.x0) <= 1.0
    return near and same_edge and line.block == label.block and line.size_pt <= label.size_pt + 0.1


def _fits(
    line: TextLine,
    members: Sequence[TextLine],
    style: tuple[str, float],
    setting: _Setting,
) -> bool:
    """Whether `line`, below `members`, has the caption's style and begins no running text."""
    font, size = style
    last, box = members[-1], union_all(member.bbox for member in members)
    tolerance = SCAN_SIZE_SHARE * size if setting.scanned else SAME_SIZE_PT
    if setting.scanned and line.block == last.block:
        tolerance *= 2  # one paragraph to the recognizer, whatever size it guessed
    largest = max(span.size_pt for span in line.spans if span.text.strip())
    if abs(line.size_pt - size) > tolerance and abs(largest - size) > tolerance:
        return False
    gap, height = line.bbox.y0 - last.bbox.y1, max(last.height_pt, line.height_pt)
    if setting.scanned:
        return gap <= 0.75 * height or line.block == last.block
    like_body = setting.body.matches(line)
    caption_like_body = abs(size - setting.body.size_pt) <= 0.35 and font == setting.body.font
    if like_body and not caption_like_body:
        # The last line may be a formula, which no caption sets in italics: "1.2 ± 0.3 mm."
        return is_formula(line, last) and gap <= _CLOSE_GAP * height
    stopped = re.search(r"[.)]\s*$", last.text) is not None
    if setting.leading and gap > _CLOSE_GAP * height:
        in_step = keeps_pitch(last, line, setting.leading * size)
        ended = (stopped and not setting.apart) or leaves_room(last, line, setting.column)
        return in_step and not ended
    if line.block != last.block and caption_like_body:
        # Nothing but position tells the caption's end: a new block after a closed line ends it.
        short = last.bbox.x1 < box.x1 - 2 * size
        no_blocks = setting.loose or has_parted(members, line)
        if gap <= _CLOSE_GAP * height and not short and not (stopped and not no_blocks):
            return True
        usual = max(_CLOSE_GAP * height, setting.line_gap_pt + _GAP_SLACK_PT)
        return gap <= usual and flows_on(line, last, setting.lines)
    return line.block == last.block or gap <= 0.8 * height


def join_lines(lines: Sequence[TextLine | str], words: frozenset[str]) -> str:
    """Join printed lines to one text; the book's own words say which hyphens go."""
    text = ""
    for line in lines:
        printed = line if isinstance(line, str) else line.text
        piece = re.sub(r"\s+", " ", printed.replace("\u00a0", " ")).strip()
        if not text:
            text = piece
            continue
        broken = re.search(r"([^\W\d_]+)([\u00ad\u2010-])$", text)
        following = re.match(r"[^\W\d_]+", piece)
        if broken and following and following[0][0].islower():
            left, mark, right = broken[1], broken[2], following[0]
            whole, hyphened = (left + right).lower(), f"{left}-{right}".lower()
            keep = mark != "\u00ad" and hyphened in words and whole not in words
            keep = keep or (right.startswith("old") and left.lower() in _AGES)
            text = (text[:-1] + "-" if keep else text[:-1]) + piece
        elif text.endswith(("\u00ad",)):
            text = text[:-1] + piece
        elif re.search(r"[\w\d][-–—/]$", text):
            text += piece
        else:
            text = f"{text} {piece}"
    return text.replace("\u00ad", "").strip()
