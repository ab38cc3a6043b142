"""Captions of a whole opening in one block, on the page that also shows some of its pictures.

The first of them are those of the left page, whose pictures have none there; yet the one that
stands nearest to a picture of its own page looks like its caption. Which neighbor makes an opening
with such a page is the same throughout a book: the side on which the numbers of pictures and
captions agree more often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mmskin_build.figures.align import IN_A_BLOCK, Group, Link, PageMatch
from mmskin_build.figures.captions import CaptionBlock
from mmskin_build.figures.regions import Picture
from mmskin_build.figures.stacks import find_stacked
from mmskin_build.geometry import reading_order

_HABIT_MIN = 2  # openings whose captions all stand on the right page, to believe it
_FACING_COST = 2.5  # nats, as of any caption on a facing page


def deal_openings(matches: Mapping[int, PageMatch]) -> None:
    """Deal blocks of captions to the pictures of their openings in order, in place."""
    blocks = {page: block for page in matches if (block := _block(matches[page]))}
    found = {
        step: [page for page in sorted(blocks) if _is_opening(matches, page, step, blocks[page])]
        for step in (-1, 1)
    }
    if len(found[-1]) == len(found[1]):
        return
    step = max(found, key=lambda side: len(found[side]))
    if step < 0 and len(found[step]) < _HABIT_MIN:
        return
    for page in found[step]:
        if _is_opening(matches, page, step, blocks[page]):
            _deal(matches, page, page + step, blocks[page])


def _block(match: PageMatch) -> list[CaptionBlock]:
    """The captions of a page in their order, where they are one block and some have no picture."""
    captions = [group.caption for group in match.groups if group.caption] + match.captions
    if not match.groups or not match.captions or len({id(c) for c in captions}) < len(captions):
        return []
    order = find_stacked(captions)
    return [captions[i] for i in order] if len(order) == len(captions) else []


def _is_opening(
    matches: Mapping[int, PageMatch], page: int, step: int, block: list[CaptionBlock]
) -> bool:
    """Whether a page and its neighbor have as many pictures as the block on the page captions."""
    other = matches.get(page + step)
    if other is None or other.captions or not other.groups:
        return False
    if any(group.caption is not None for group in other.groups):
        return False
    return len(_pictures(matches[page])) + len(_pictures(other)) == len(block)


def _pictures(match: PageMatch) -> list[Picture]:
    pictures = [picture for group in match.groups for picture in group.pictures]
    return [pictures[i] for i in reading_order([picture.bbox for picture in pictures])]


def _deal(
    matches: Mapping[int, PageMatch], page: int, neighbor: int, block: list[CaptionBlock]
) -> None:
    pages = sorted((page, neighbor))
    pictures = [(index, picture) for index in pages for picture in _pictures(matches[index])]
    for index in pages:
        matches[index].groups.clear()
    matches[page].captions.clear()
    for (index, picture), caption in zip(pictures, block, strict=True):
        link = Link("facing", 0.0, _FACING_COST)
        if index == page:
            gap = round(picture.bbox.gap(caption.bbox), 1)
            link = replace(link, side="below", gap_pt=gap, cost=1.0)
        group = Group(index, [picture], caption, link, notes=[IN_A_BLOCK])
        matches[index].groups.append(group)
