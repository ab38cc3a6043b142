"""Titles above a picture go with the legend below it.

"Figure 2. Title" in bold over the picture and its legend in plain type under it, as some journals
and web pages print a figure; "Figure. Title" where an article has but one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmskin_build.figures.align import Group, PageMatch
from mmskin_build.figures.caption_flow import find_rules, stands_between
from mmskin_build.figures.caption_marks import CREDIT
from mmskin_build.figures.captions import CaptionBlock, join_lines
from mmskin_build.figures.labels import LONE_LABEL
from mmskin_build.figures.layout import BookLayout, PageLayout, is_colored
from mmskin_build.figures.own_words import PART_MARK
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.subcaptions import split_caption
from mmskin_build.figures.unnumbered import (
    MIN_WORDS,
    NUMBERED_MIN,
    caption_of,
    loose_lines,
    without_running,
    words_at,
)
from mmskin_build.geometry import Bbox

_EDGE_PT = 12.0  # between the left edges of a picture and of its title or legend
_REACH_PT = 40.0  # between a title and its picture
_HABIT_SHARE = 0.6  # of titles over pictures that have a legend below, where that is a habit


def join_titles(book: BookLayout, matches: Mapping[int, PageMatch]) -> None:
    """Give titles that stand over their pictures the legends below these, in place.

    Black words set to the left edge of title or picture are believed at once, others only where the
    book makes a habit of it.
    """
    titled = 0
    found: list[tuple[Group, CaptionBlock, CaptionBlock, bool]] = []
    for layout in book.pages:
        match = matches[layout.page_index]
        free = without_running(loose_lines(layout, match, book), layout, book)
        free = [line for line in free if not line.bold]
        links = [line.bbox for line in layout.lines if book.is_link(line)]
        for group in match.groups:
            caption = group.caption
            if caption is None or group.link is None:
                continue
            if caption.label is None and group.link.side == "below":
                title = _bare_title(group.bbox, layout, book.words)
                if title is not None:
                    _join(group, title, caption, caption)
            elif _is_title_over(group, caption, layout):
                titled += 1
                lines = words_at(group, match, free, links, "below")
                legend = _legend(group.bbox, lines, layout, book.words)
                if legend is not None:
                    is_sure = _is_aligned(group.bbox, caption.bbox, lines[0].bbox)
                    is_sure &= not any(is_colored(line.color) for line in lines)
                    found.append((group, caption, legend, is_sure))
                    free = [line for line in free if line not in lines]
    is_habit = len(found) >= max(NUMBERED_MIN, _HABIT_SHARE * titled)
    for group, caption, legend, is_sure in found:
        if is_sure or is_habit:
            _join(group, caption.text, legend, caption)


def _join(group: Group, title: str, legend: CaptionBlock, caption: CaptionBlock) -> None:
    """Make title and legend the caption of a figure, with the label of `caption`."""
    stop = "" if title.endswith((".", "?", "!")) else "."
    text = f"{title}{stop} {legend.text}".strip()
    parts = len(split_caption(text).parts)
    group.caption = replace(
        legend, label=caption.label, text=text, prior=caption.prior, part_count=parts
    )
    group.notes.append("title above, legend below")


def _legend(
    picture: Bbox, lines: Sequence[TextLine], layout: PageLayout, words: frozenset[str]
) -> CaptionBlock | None:
    """Lines below a picture as its legend, where they are no credit, footnote or panel's words."""
    if not lines or CREDIT.match(lines[0].text):
        return None
    legend = caption_of(layout.page_index, lines, words)
    if len(legend.text.split()) < MIN_WORDS:
        return None
    if PART_MARK.match(legend.text) and legend.part_count < 2:
        return None
    if any(stands_between(rule, picture, legend.bbox) for rule in find_rules(layout, 0)):
        return None
    return legend


def _is_aligned(picture: Bbox, title: Bbox, legend: Bbox) -> bool:
    return min(title.x0, picture.x0) - _EDGE_PT <= legend.x0 <= picture.x0 + _EDGE_PT


def _is_title_over(group: Group, caption: CaptionBlock, layout: PageLayout) -> bool:
    """Whether a caption is a labelled title, all in bold, above its picture."""
    if caption.label is None or not caption.text or caption.page_index != layout.page_index:
        return False
    if group.link is None or group.link.side != "above" or caption.direction != 0:
        return False
    area = caption.bbox.expand(0.5)
    lines = [line for line in layout.lines if line.bbox.covered_by(area) > 0.9]
    spans = [span for line in lines for span in line.spans if span.text.strip()]
    return bool(spans) and all(span.bold for span in spans)


def _bare_title(picture: Bbox, layout: PageLayout, words: frozenset[str]) -> str | None:
    """The words of a bold title "Figure. …" without a number over the left edge of a picture."""
    for line in layout.lines:
        gap = picture.y0 - line.bbox.y1
        match = LONE_LABEL.match(line.text)
        if match is None or not line.bold or line.direction != 0 or not 0 <= gap <= _REACH_PT:
            continue
        if abs(picture.x0 - line.bbox.x0) > _EDGE_PT:
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
