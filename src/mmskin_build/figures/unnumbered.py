"""Captions without a number, known by their place under a picture and by their type.

Only where the type is not that of running text: smaller, italic, or another font. A heading is
larger or bold and never a caption. Words found so also go to a label that stands alone in the
margin; and where nearly all of them begin with a number that grows through the book ("12.3 Tinea"),
that number is the label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from mmskin_build.figures.align import PART_MARK, Group, Link, PageMatch
from mmskin_build.figures.caption_flow import find_rules, stands_between
from mmskin_build.figures.captions import CaptionBlock, join_lines
from mmskin_build.figures.labels import OTHER_LABEL, FigureLabel, parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout, PageLayout, TextLine
from mmskin_build.figures.panels import LETTER
from mmskin_build.figures.profile import Side
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox, union_all

_REACH_PT = 20.0
_MAX_LINES = 10
_MIN_WORDS = 3
_WIDER_SHARE = 1.6  # a caption, set to its column, is at most this much wider than its picture
_PRIOR = 0.45
_EDGE_PT = 12.0  # between the left edges of a picture and of its title or legend
_TITLE_REACH_PT = 40.0
_TITLE_ABOVE = "title above, legend below"
#: How the only figure of an article begins: "Figure. Lichen planus".
_SINGLE = re.compile(r"\s*[Ff]ig(?:ure)?\.\s+(?=[^\W\da-z_]|\()")
_SIDES: tuple[Side, ...] = ("below", "right", "left")
_NUMBERED_MIN = 3  # numbered captions that tell how a book sets its captions
_SIDE_SHARE = 0.1  # of the numbered captions on a side that counts as usual
_HABIT_MIN, _HABIT_SHARE = 4, 0.9  # captions that begin with a number, where that is a label
_NUMBER = re.compile(r"\s*(?P<number>\d{1,3}(?:[.\-–]\d{1,3}){0,2})[.:)]?\s+(?=[^\W\da-z_]|\()")
#: How a line begins that tells whose picture it is, and is no caption.
CREDIT = re.compile(
    r"\s*\(?(?:©|\(c\)|copyright|courtesy|photo(?:graph)?s? (?:by|courtesy)|images? (?:by|courtesy)"
    r"|reproduced|reprinted|adapted|with (?:kind )?permission|source:|from )",
    re.IGNORECASE,
)


def usual_sides(matches: Mapping[int, PageMatch]) -> tuple[Side, ...]:
    """Return the sides on which unnumbered captions of a book may stand.

    A book that numbers its figures sets the few others on the sides of those. Other words beside a
    picture are an author's life, a license, the cell of a table. Below they may always stand.
    """
    seen: Counter[Side] = Counter()
    for match in matches.values():
        for group in match.groups:
            if group.caption is not None and group.caption.label and group.link is not None:
                seen[group.link.side] += 1
    if seen.total() < _NUMBERED_MIN:
        return _SIDES
    common = max(2.0, _SIDE_SHARE * seen.total())
    return tuple(side for side in _SIDES if side == "below" or seen[side] >= common)


def bind_unnumbered(
    layout: PageLayout, match: PageMatch, book: BookLayout, sides: tuple[Side, ...]
) -> None:
    """Give figures without a caption, or with a bare label, the words on one of `sides`."""
    here = [group.caption for group in match.groups if group.caption is not None]
    here = [caption for caption in here if caption.page_index == layout.page_index]
    taken = [caption.bbox for caption in (*here, *match.captions)]
    taken += [words.bbox for group in match.groups for words in group.panel_words]
    free = [
        line
        for line in layout.lines
        if line.direction == 0
        and not any(line.bbox.covered_by(box) > 0.5 for box in taken)
        and not _is_running(line, book.body)
    ]
    for group in sorted(match.groups, key=lambda g: (g.bbox.y0, g.bbox.x0)):
        label = group.caption
        if label is not None and (label.text or label.continued or label.label is None):
            continue
        if all(p.kind == "nonphoto" for p in group.pictures):
            continue
        if label is None and group.panel_words:
            _name_by_panels(layout.page_index, group)
            continue
        for side in sides:
            lines = _block_at(group.bbox, free, side)
            words = sum(len(line.text.split()) for line in lines)
            if words < _MIN_WORDS or CREDIT.match(lines[0].text):
                continue
            words_block = _caption(layout.page_index, lines, book.words)
            recognized = layout.page.text_source == "ocr"
            if label is None and recognized and words_block.text[:1].islower():
                continue  # the end of a paragraph, its size misjudged
            single = _SINGLE.match(words_block.text)
            if single is not None:
                words_block = replace(words_block, text=words_block.text[single.end() :])
            title = _title_above(group.bbox, layout, book.words) if side == "below" else None
            if title is not None:
                words_block = _below_title(title, words_block)
                group.notes.append(_TITLE_ABOVE)
            gap = round(group.bbox.gap(words_block.bbox), 1)
            if label is None:
                group.caption = words_block
                group.link = Link(side, gap, 0.5 + gap / _REACH_PT)
            else:
                group.caption = replace(words_block, label=label.label, prior=label.prior)
                group.notes.append("label stands apart from its words")
            free = [line for line in free if line not in lines]
            break


def append_legends(layout: PageLayout, match: PageMatch, book: BookLayout) -> None:
    """Add the legend below a figure to the title above it, in place: "Figure 2. Title", as some do.

    A title is bold throughout; the legend is set to its left edge in the type of a caption.
    """
    taken = [c.bbox for c in (*(g.caption for g in match.groups), *match.captions) if c]
    taken += [words.bbox for group in match.groups for words in group.panel_words]
    free = [
        line
        for line in layout.lines
        if line.direction == 0
        and not line.bold
        and not any(line.bbox.covered_by(box) > 0.5 for box in taken)
        and not _is_running(line, book.body)
    ]
    for group in match.groups:
        title = group.caption
        if title is None or group.link is None or group.link.side != "above":
            continue
        if title.page_index != layout.page_index or title.direction != 0:
            continue
        heads = [
            line for line in layout.lines if line.bbox.covered_by(title.bbox.expand(0.5)) > 0.9
        ]
        if not heads or not all(line.bold for line in heads):
            continue
        edge = min(title.bbox.x0, group.bbox.x0) - _EDGE_PT, group.bbox.x0 + _EDGE_PT
        aligned = [line for line in free if line.bbox.x1 > edge[0]]
        legend = _block_at(group.bbox, aligned, "below")
        if not legend or not edge[0] <= legend[0].bbox.x0 <= edge[1]:
            continue
        words = _caption(layout.page_index, legend, book.words)
        if len(words.text.split()) < _MIN_WORDS or CREDIT.match(words.text):
            continue
        if PART_MARK.match(words.text) and words.part_count < 2:
            continue  # the words of one panel
        if any(stands_between(rule, group.bbox, words.bbox) for rule in find_rules(layout, 0)):
            continue  # a footnote
        group.caption = _below_title(title.text, replace(title, text=words.text))
        group.notes.append(_TITLE_ABOVE)


def _below_title(title: str, legend: CaptionBlock) -> CaptionBlock:
    """A legend that goes on below the picture after the title above it."""
    stop = "" if not title or title.endswith((".", "?", "!")) else "."
    text = f"{title}{stop} {legend.text}".strip()
    return replace(legend, text=text, part_count=len(split_caption(text).parts))


def _title_above(picture: Bbox, layout: PageLayout, words: frozenset[str]) -> str | None:
    """The words of a bold title "Figure. …" without a number over the left edge of a picture."""
    for line in layout.lines:
        gap = picture.y0 - line.bbox.y1
        match = _SINGLE.match(line.text)
        if match is None or not line.bold or line.direction != 0 or not 0 <= gap <= _TITLE_REACH_PT:
            continue
        if not -_EDGE_PT <= picture.x0 - line.bbox.x0 <= _EDGE_PT:
            continue
        more = [
            other
            for other in layout.lines
            if (other.font, other.size_pt) == (line.font, line.size_pt)
            and line.bbox.y1 - 2 <= other.bbox.y0 < picture.y0
            and abs(other.bbox.x0 - line.bbox.x0) <= _EDGE_PT
        ]
        return join_lines([line, *more], words)[match.end() :]
    return None


def name_by_numbers(matches: Mapping[int, PageMatch]) -> None:
    """Take numbers with which the unnumbered captions of a book begin for their labels, in place.

    Only where they are a habit: nearly all begin with one, and the numbers grow.
    """
    groups = [
        group
        for index in sorted(matches)
        for group in sorted(matches[index].groups, key=lambda g: (round(g.bbox.y0, -1), g.bbox.x0))
        if group.caption is not None and group.caption.label is None
    ]
    found = [(g, match) for g in groups if g.caption and (match := _NUMBER.match(g.caption.text))]
    if len(found) < _HABIT_MIN or len(found) < _HABIT_SHARE * len(groups):
        return
    keys = [tuple(map(int, re.findall(r"\d+", match["number"]))) for _, match in found]
    growing = sum(a < b for a, b in pairwise(keys))
    if len({len(key) for key in keys}) > 1 or growing < _HABIT_SHARE * (len(keys) - 1):
        return
    for group, match in found:
        number = match["number"]
        label = FigureLabel(number, "figure", number.replace(".", "-"), None, "", match.end())
        if group.caption is not None:
            text = group.caption.text[match.end() :]
            group.caption = replace(group.caption, label=label, text=text)


def _is_running(line: TextLine, body: BodyStyle) -> bool:
    """Running text and headings, which no unnumbered caption looks like."""
    if body.matches(line) and not line.italic:
        return True
    if line.size_pt > body.size_pt + 0.4 or (line.bold and len(line.text.split()) < 12):
        return True
    return bool(parse_label(line.text) or OTHER_LABEL.match(line.text) or LETTER.match(line.text))


def _block_at(picture: Bbox, lines: Sequence[TextLine], side: Side) -> list[TextLine]:
    """The lines that begin within reach on `side` and go on in one style."""
    found: list[TextLine] = []
    area: Bbox | None = None
    for line in sorted(lines, key=lambda ln: (ln.bbox.y0, ln.bbox.x0)):
        if area is None or not found:
            if _starts_at(picture, line, side):
                found, area = [line], line.bbox
            continue
        last = found[-1]
        same = line.font == last.font and abs(line.size_pt - last.size_pt) <= 0.4
        step = line.bbox.y0 - last.bbox.y1  # boxes of tightly set lines overlap
        near = -0.3 * line.height_pt <= step <= 0.8 * line.height_pt
        if same and near and line.bbox.x_overlap(area) > 0.3 * min(line.bbox.width, area.width):
            found.append(line)
            area = area.union(line.bbox)
    if area is None or len(found) > _MAX_LINES:
        return []
    if side == "below" and area.width > _WIDER_SHARE * picture.width + 12:
        return []
    return found


def _starts_at(picture: Bbox, line: TextLine, side: Side) -> bool:
    box = line.bbox
    if side == "below":
        inside = box.x_overlap(picture) >= 0.6 * min(box.width, picture.width)
        return inside and -2.0 <= box.y0 - picture.y1 <= _REACH_PT
    beside = box.center[1] >= picture.y0 - 2 and box.center[1] <= picture.y1 + 2
    if side == "right":
        return beside and -1.0 <= box.x0 - picture.x1 <= _REACH_PT
    return beside and -1.0 <= picture.x0 - box.x1 <= _REACH_PT


def _name_by_panels(page_index: int, group: Group) -> None:
    """Make the words under the panels of a figure without a caption its caption, in place."""
    words = sorted(group.panel_words, key=lambda each: each.letter)
    text = " ".join(each.printed for each in words)
    box = union_all(each.bbox for each in words)
    group.caption = CaptionBlock(
        page_index=page_index,
        bbox=box.rounded(),
        label=None,
        continued=False,
        text=text,
        prior=_PRIOR,
        direction=0,
        size_pt=0.0,
        font="",
        part_count=len(split_caption(text).parts),
    )
    group.link = Link("below", 0.0, 0.5)


def _caption(page_index: int, lines: Sequence[TextLine], words: frozenset[str]) -> CaptionBlock:
    text = join_lines(lines, words)
    return CaptionBlock(
        page_index=page_index,
        bbox=union_all(line.bbox for line in lines).rounded(),
        label=None,
        continued=False,
        text=text,
        prior=_PRIOR,
        direction=0,
        size_pt=lines[0].size_pt,
        font=lines[0].font,
        part_count=len(split_caption(text).parts),
    )
