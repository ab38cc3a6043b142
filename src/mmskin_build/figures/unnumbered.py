"""Captions without a number, known by their place under a picture and by their type.

Only where the type is not that of running text: smaller, italic, or another font; on scanned pages,
where they stand by themselves (`islands`). A heading is
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

from mmskin_build.figures.align import Group, Link, PageMatch
from mmskin_build.figures.caption_flow import flows_on, is_formula, is_legend
from mmskin_build.figures.caption_marks import CREDIT
from mmskin_build.figures.captions import CaptionBlock, join_lines
from mmskin_build.figures.islands import words_alone_under
from mmskin_build.figures.labels import LONE_LABEL, OTHER_LABEL, FigureLabel, parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout, PageLayout
from mmskin_build.figures.own_words import are_names
from mmskin_build.figures.panels import LETTER
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.profile import Side
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.geometry import Bbox, union_all

_REACH_PT = 20.0
_MAX_LINES = 10
MIN_WORDS = 3
_WIDER_SHARE = 1.6  # a caption, set to its column, is at most this much wider than its picture
_CENTERED_SHARE, _CENTER_PT = 2.5, 2.0  # the same where it is centered under its picture
_PRIOR = 0.45
_SIDES: tuple[Side, ...] = ("below", "right", "left")
_SCATTER = 0.12  # of the sizes that a recognizer measures of one type
NUMBERED_MIN = 3  # numbered captions that tell how a book sets its captions
_SIDE_SHARE = 0.1  # of the numbered captions on a side that counts as usual
_HABIT_MIN, _HABIT_SHARE = 4, 0.9  # captions that begin with a number, where that is a label
_NUMBER = re.compile(r"\s*(?P<number>\d{1,3}(?:[.\-–]\d{1,3}){0,2})[.:)]?\s+(?=[^\W\da-z_]|\()")


def usual_sides(matches: Mapping[int, PageMatch]) -> tuple[Side, ...]:
    """Return the sides on which unnumbered captions of a book may stand.

    A book that numbers its figures sets the few others on the sides of those. Other words beside a
    picture are an author's life, a license, the cell of a table. Below they may always stand.
    """
    seen = _sides_of_labelled(matches)
    if seen.total() < NUMBERED_MIN:
        return _SIDES
    common = max(2.0, _SIDE_SHARE * seen.total())
    return tuple(side for side in _SIDES if side == "below" or seen[side] >= common)


def numbers_figures(matches: Mapping[int, PageMatch]) -> bool:
    """Whether a book labels its figures, as far as a few pairs tell."""
    return _sides_of_labelled(matches).total() >= NUMBERED_MIN


def bind_unnumbered(
    layout: PageLayout,
    match: PageMatch,
    book: BookLayout,
    sides: tuple[Side, ...],
    *,
    by_place: bool,
) -> None:
    """Give figures without a caption, or with a bare label, the words on one of `sides`.

    On scanned pages, words that stand by themselves under a picture go to its bare label, or with
    `by_place` to the picture, whatever their type.
    """
    loose = loose_lines(layout, match, book)
    free = without_running(loose, layout, book)
    links = [line.bbox for line in layout.lines if book.is_link(line)]
    scanned = layout.is_scanned
    bare = [group for group in match.groups if group.caption is None]
    blocks = [words_at(group, match, free, links, "below") for group in bare]
    named = are_names([" ".join(line.text for line in block) for block in blocks])
    least = 1 if named else MIN_WORDS
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
            if side == "below" and scanned and (by_place or label is not None):
                lines = words_alone_under(group.bbox, loose)
            else:
                lines = words_at(group, match, free, links, side)
            words = sum(len(line.text.split()) for line in lines)
            if words < least or CREDIT.match(lines[0].text):
                continue
            if LONE_LABEL.match(lines[0].text) and book.body.matches(lines[0]):
                lines = _paragraph(lines[0], layout)
            words_block = caption_of(layout.page_index, lines, book.words)
            if label is None and scanned and words_block.text[:1].islower():
                continue  # the end of a paragraph, its size misjudged
            gap = round(group.bbox.gap(words_block.bbox), 1)
            if label is None:
                group.caption = words_block
                group.link = Link(side, gap, 0.5 + gap / _REACH_PT)
            else:
                group.caption = replace(words_block, label=label.label, prior=label.prior)
                group.notes.append("label stands apart from its words")
            free = [line for line in free if line not in lines]
            loose = [line for line in loose if line not in lines]
            break


def loose_lines(layout: PageLayout, match: PageMatch, book: BookLayout) -> list[TextLine]:
    """The upright lines of a page that are in no caption, and no links."""
    here = [group.caption for group in match.groups if group.caption is not None]
    here = [caption for caption in here if caption.page_index == layout.page_index]
    taken = [caption.bbox for caption in (*here, *match.captions)]
    taken += [words.bbox for group in match.groups for words in group.panel_words]
    return [
        line
        for line in layout.lines
        if line.direction == 0
        and not any(line.bbox.covered_by(box) > 0.5 for box in taken)
        and not book.is_link(line)
    ]


def without_running(
    lines: Sequence[TextLine], layout: PageLayout, book: BookLayout
) -> list[TextLine]:
    """Those that may be words of a caption without a label."""
    scanned = layout.is_scanned
    return [line for line in lines if not _is_running(line, book.body, scanned)]


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


def _sides_of_labelled(matches: Mapping[int, PageMatch]) -> Counter[Side]:
    """On which sides of their pictures the labelled captions of a book stand, and how many."""
    return Counter(
        group.link.side
        for match in matches.values()
        for group in match.groups
        if group.caption is not None and group.caption.label and group.link is not None
    )


def _is_running(line: TextLine, body: BodyStyle, scanned: bool) -> bool:
    """Running text and headings, which no unnumbered caption looks like.

    Where there is no running text, cards have bold titles under their pictures.
    """
    if body.matches(line) and not line.italic:
        return LONE_LABEL.match(line.text) is None
    if line.size_pt > body.size_pt + 0.4:
        return True
    if scanned and body.font and line.size_pt >= (1 - _SCATTER) * body.size_pt:
        return True
    if line.size_pt > body.size_pt + 0.4:
        return True
    if line.bold and body.font and len(line.text.split()) < 12:
        return True
    return bool(parse_label(line.text) or OTHER_LABEL.match(line.text) or LETTER.match(line.text))


def words_at(
    group: Group, match: PageMatch, free: Sequence[TextLine], links: Sequence[Bbox], side: Side
) -> list[TextLine]:
    """The words on a side of a figure: next to it, past a link or credit, or below its row."""
    box = group.bbox
    lines = _block_at(box, free, side)
    if len(lines) == 1 and CREDIT.match(lines[0].text):
        links = [*links, lines[0].bbox]
        free = [line for line in free if line is not lines[0]]
        lines = []
    if not lines and side == "below":
        lines = _block_at(_with_link(box, links), free, side)
    if not lines and side == "below":
        row = (other.bbox.y1 for other in match.groups if _stand_in_a_row(box, other.bbox))
        lines = _block_at(box._replace(y1=max(row, default=box.y1)), free, side)
    return lines


def _stand_in_a_row(a: Bbox, b: Bbox) -> bool:
    return a.y_overlap(b) > 0.5 * min(a.height, b.height)


def _with_link(picture: Bbox, links: Sequence[Bbox]) -> Bbox:
    """The picture and a link of a web page right below it, over the words that follow."""
    near = (link for link in links if link.y0 >= picture.y1 and link.gap(picture) <= _REACH_PT)
    ends = [link.y1 for link in near]
    return Bbox(picture.x0, picture.y0, picture.x1, max([picture.y1, *ends]))


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
        same = line.font == last.font or is_formula(line, last)
        same = same and abs(line.size_pt - last.size_pt) <= 0.4
        same = same or is_legend(line, found)
        step = line.bbox.y0 - last.bbox.y1  # boxes of tightly set lines overlap
        near = -0.3 * line.height_pt <= step <= 0.8 * line.height_pt
        if same and near and line.bbox.x_overlap(area) > 0.3 * min(line.bbox.width, area.width):
            found.append(line)
            area = area.union(line.bbox)
    if area is None or len(found) > _MAX_LINES:
        return []
    if LONE_LABEL.match(found[0].text):
        return found
    centered = abs(area.center[0] - picture.center[0]) <= _CENTER_PT
    share = _CENTERED_SHARE if centered else _WIDER_SHARE
    if side == "below" and area.width > share * picture.width + 12:
        return []
    return found


def _paragraph(first: TextLine, layout: PageLayout) -> list[TextLine]:
    """The lines of the paragraph that `first` begins, in the type of running text."""
    found = [first]
    below = [line for line in layout.lines if line.bbox.y0 > first.bbox.y0 and line.direction == 0]
    for line in sorted(below, key=lambda line: (line.bbox.y0, line.bbox.x0)):
        last = found[-1]
        gap = line.bbox.y0 - last.bbox.y1
        if line.bbox.x_overlap(last.bbox) <= 0:
            continue
        one_block = line.block == last.block
        if line.font != last.font or gap > (0.8 if one_block else 0.45) * line.height_pt:
            break
        closed = re.search(r"[.)]\s*$", last.text) is not None
        if not one_block and closed and not flows_on(line, last, layout.lines):
            break
        found.append(line)
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


def caption_of(page_index: int, lines: Sequence[TextLine], words: frozenset[str]) -> CaptionBlock:
    """Lines without a label as a caption; `words` are those of the book."""
    text = join_lines(lines, words)
    lone = LONE_LABEL.match(text)
    text = text[lone.end() :] if lone is not None else text
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
