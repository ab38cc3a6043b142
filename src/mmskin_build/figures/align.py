"""Assign pictures to captions: propose, score, assign; one optimum a page and one a book.

On each page every caption first takes the one picture that fits it best, all captions of the page
together (`assignment`). Pictures left over then join a
neighbor's figure, nearest first, where neither running text nor another caption stands between.
What is left on both sides is matched across neighboring pages (facing page, overleaf) in the order
of the figure numbers, over the whole book at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from mmskin_build.figures.assignment import assign
from mmskin_build.figures.captions import CaptionBlock, PanelWords
from mmskin_build.figures.layout import BodyStyle, PageLayout
from mmskin_build.figures.own_words import OwnWords
from mmskin_build.figures.placement import (
    comes_before,
    fills_column,
    in_line,
    runs_under,
    side_of,
    space_between,
    stands_between,
)
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.profile import Profile, Side
from mmskin_build.figures.regions import Picture
from mmskin_build.figures.stacks import deal_in_order, find_stacked
from mmskin_build.geometry import Bbox, turn_upright, union_all

NO_PAIR = 9.0  # cost above which a caption rather stays alone
_LINK_MAX_PT = 48.0  # farthest gap between panels of one figure
_ROW_MAX_PT = 120.0  # farthest gap in a row of panels over a caption that runs below them all
_LINE_MAX_PT = 72.0  # the same in one row or column, where a caption names more panels
_GAP_SCALE_PT = 22.0  # gap that costs as much as one nat
_BODY_WORDS_A_NAT = 5.0
_SMALL_WORDS_A_NAT = 18.0
_FORBIDDEN = 1e6
_TIE = 1.0  # nats by which two ways to pair may differ, for the order of numbers to decide
_UNUSUAL = 2.0  # nats from which a pair stands in an unusual way
_RECLAIM_PT = 24.0
_DEALT_COST = 1.0  # in nats, of a caption in a block: its number says whose it is, not its place
IN_A_BLOCK = "captions in one block follow the order of the pictures"


@dataclass(frozen=True, slots=True)
class Link:
    """Why a caption goes with a picture: the side it stands on, the gap, and the cost in nats."""

    side: Side
    gap_pt: float
    cost: float
    blocked_words: int = 0


@dataclass(slots=True)
class Group:
    """A figure in the making: pictures of one page, its caption, the link, the next best costs.

    `rival_cost` is the cost of the next best caption for its picture, `rival_picture_cost` that of
    the next best picture for its caption, among those left without one. `panel_words` stand under
    its pictures, outside of the caption: one for each picture, or none.
    """

    page_index: int
    pictures: list[Picture]
    caption: CaptionBlock | None = None
    link: Link | None = None
    rival_cost: float = NO_PAIR
    rival_picture_cost: float = NO_PAIR
    notes: list[str] = field(default_factory=list)
    panel_words: list[PanelWords] = field(default_factory=list)

    @property
    def bbox(self) -> Bbox:
        """Box around all pictures."""
        return union_all(p.bbox for p in self.pictures)


@dataclass(slots=True)
class PageMatch:
    """The result for one page: figures, with or without caption, and captions left alone."""

    groups: list[Group]
    captions: list[CaptionBlock]


def match_page(
    layout: PageLayout,
    pictures: Sequence[Picture],
    captions: Sequence[CaptionBlock],
    body: BodyStyle,
    profile: Profile,
) -> PageMatch:
    """Match the pictures and captions of one page.

    Returns:
        Every picture in exactly one group, every caption in a group or among `captions`.
    """
    page = _PageGeometry(layout, pictures, captions, body)
    dealt = _deal_block(page, pictures, captions, profile)
    if dealt:
        used = {id(picture) for group in dealt for picture in group.pictures}
        named = {id(group.caption) for group in dealt}
        rest = match_page(
            layout,
            [picture for picture in pictures if id(picture) not in used],
            [caption for caption in captions if id(caption) not in named],
            body,
            profile,
        )
        return PageMatch([*dealt, *rest.groups], rest.captions)
    table = [[page.link(picture, caption, profile) for caption in captions] for picture in pictures]
    groups: list[Group] = []
    alone = list(captions)
    seeded: dict[int, Group] = {}
    costs = [
        {row: links[column].cost for row, links in enumerate(table) if links[column].cost < NO_PAIR}
        for column in range(len(captions))
    ]
    chosen = _in_order(assign(costs, alone=NO_PAIR), costs, pictures, captions)
    pairs = sorted((row, column) for column, row in enumerate(chosen) if row is not None)
    for row, column in pairs:
        others = [link.cost for other, link in enumerate(table[row]) if other != column]
        group = Group(
            layout.page_index,
            [pictures[row]],
            captions[column],
            table[row][column],
            min(others, default=NO_PAIR),
        )
        seeded[row] = group
        groups.append(group)
        alone.remove(captions[column])
    free = [i for i in range(len(pictures)) if i not in seeded]
    _grow(page, pictures, free, groups)
    alone.extend(_reclaim(page, groups, profile))
    _gather(page, pictures, free, groups, layout.page_index)
    unclaimed = [pictures.index(p) for g in groups if g.caption is None for p in g.pictures]
    for group in groups:
        if group.caption is not None and unclaimed:
            column = next(i for i, c in enumerate(captions) if c is group.caption)
            group.rival_picture_cost = min(table[row][column].cost for row in unclaimed)
    return PageMatch(groups, alone)


def _deal_block(
    page: _PageGeometry,
    pictures: Sequence[Picture],
    captions: Sequence[CaptionBlock],
    profile: Profile,
) -> list[Group]:
    """Figures of the captions that stand together in a block, where pictures are left for each."""
    block = find_stacked(captions)
    others = [caption for i, caption in enumerate(captions) if i not in block]
    if not block:
        return []
    links = [[page.link(picture, caption, profile) for picture in pictures] for caption in others]
    costs = [{i: link.cost for i, link in enumerate(row) if link.cost < NO_PAIR} for row in links]
    taken = set(assign(costs, alone=NO_PAIR))
    free = [picture for row, picture in enumerate(pictures) if row not in taken]
    dealt = deal_in_order(block, captions, [p.bbox for p in free], page.text)
    groups = []
    for column, rows in dealt.items():
        caption, own = captions[column], [free[row] for row in rows]
        link = page.link(own[0], caption, profile)
        link = replace(link, cost=min(link.cost, _DEALT_COST), blocked_words=0)
        groups.append(Group(page.page_index, own, caption, link, notes=[IN_A_BLOCK]))
    return groups


def _in_order(
    chosen: Sequence[int | None],
    costs: Sequence[Mapping[int, float]],
    pictures: Sequence[Picture],
    captions: Sequence[CaptionBlock],
) -> list[int | None]:
    """Let numbers follow the order of the pictures where distance does not decide.

    Two captions below one another across two pictures fit both alike: the first is the left one's.
    Plates are numbered apart from figures and say nothing of their order.
    """
    rows = list(chosen)
    by_number = sorted(
        (caption.label.prefix, caption.label.parts, column)
        for column, caption in enumerate(captions)
        if caption.label is not None and rows[column] is not None
    )
    for _ in by_number:
        for (kind, low, i), (other, high, j) in pairwise(by_number):
            p, q = rows[i], rows[j]
            if p is None or q is None or kind != other or low == high:
                continue
            if q not in costs[i] or p not in costs[j]:
                continue
            more = costs[i][q] + costs[j][p] - costs[i][p] - costs[j][q]
            if more <= _TIE and comes_before(pictures[q].bbox, pictures[p].bbox):
                rows[i], rows[j] = q, p
    return rows


def _grow(
    page: _PageGeometry, pictures: Sequence[Picture], free: list[int], groups: Sequence[Group]
) -> None:
    """Let unassigned pictures join the nearest figure, nearest pair first."""
    while free:
        best: tuple[float, int, Group] | None = None
        for index in free:
            for group in groups:
                cost = page.join_cost(pictures[index], group)
                if cost < _FORBIDDEN and (best is None or cost < best[0]):
                    best = (cost, index, group)
        if best is None:
            return
        _, index, group = best
        group.pictures.append(pictures[index])
        free.remove(index)


def _reclaim(page: _PageGeometry, groups: list[Group], profile: Profile) -> list[CaptionBlock]:
    """Give pictures back to a figure whose caption names more panels than it has.

    A caption whose own picture is missing (not licensed, lost) otherwise takes a neighbor's panel.
    Returns the captions that are left without a picture.
    """
    alone: list[CaptionBlock] = []
    for group in list(groups):
        caption, link = group.caption, group.link
        if caption is None or link is None or caption.part_count >= 2:
            continue
        for other in groups:
            if other is group or other.caption is None or other.link is None:
                continue
            lacks = other.caption.part_count - len(other.pictures)
            if lacks < len(group.pictures):
                continue
            if any(page.join_cost(p, other) > _RECLAIM_PT for p in group.pictures):
                continue
            unusual = link.cost >= max(_UNUSUAL, other.link.cost + 1.0)
            spans = lacks == len(group.pictures) and all(
                page.link(p, other.caption, profile).cost <= other.link.cost + 1.0
                and other.caption.bbox.x_overlap(p.bbox) >= 0.5 * p.bbox.width
                for p in group.pictures
            )
            if unusual or spans:
                other.pictures.extend(group.pictures)
                groups.remove(group)
                alone.append(caption)
                break
    return alone


def _gather(
    page: _PageGeometry,
    pictures: Sequence[Picture],
    free: Sequence[int],
    groups: list[Group],
    page_index: int,
) -> None:
    """Group what has no caption on its page by nearness alone."""
    for index in free:
        picture = pictures[index]
        for group in groups:
            if group.caption is None and any(
                page.panel_gap(picture, other) <= _LINK_MAX_PT
                and not page.own_words.have_both(picture.bbox, other.bbox)
                for other in group.pictures
            ):
                group.pictures.append(picture)
                break
        else:
            groups.append(Group(page_index, [picture]))


class _PageGeometry:
    """Distances on one page, with what stands in between."""

    def __init__(
        self,
        layout: PageLayout,
        pictures: Sequence[Picture],
        captions: Sequence[CaptionBlock],
        body: BodyStyle,
    ) -> None:
        self.page_index = layout.page_index
        self.width, self.height = layout.page.width_pt, layout.page.height_pt
        self.captions = captions
        self.body = body
        boxes = [caption.bbox.expand(0.5) for caption in captions]
        self.text = [
            line for line in layout.lines if not any(box.contains(line.bbox, 1.0) for box in boxes)
        ]
        self.own_words = OwnWords(self.text, [p.bbox for p in pictures], body, layout.is_scanned)

    def link(self, picture: Picture, caption: CaptionBlock, profile: Profile) -> Link:
        """How a caption stands to a picture, seen in the caption's reading direction."""
        turn = (caption.direction, self.width, self.height)
        box, text = turn_upright(picture.bbox, *turn), turn_upright(caption.bbox, *turn)
        side, gap = side_of(box, text)
        cost = profile.side_cost(side) + max(0.0, gap - profile.gap_pt) / _GAP_SCALE_PT
        if side in ("below", "above"):
            common = text.x_overlap(box) / max(1.0, min(text.width, box.width))
            cost += 1.5 * (1.0 - min(1.0, common))
        elif side in ("left", "right"):
            common = text.y_overlap(box) / max(1.0, min(text.height, box.height))
            cost += 1.5 * (1.0 - min(1.0, common))
        words, small = self._words_between(picture.bbox, caption.bbox)
        cost += min(6.0, words / _BODY_WORDS_A_NAT) + min(3.0, small / _SMALL_WORDS_A_NAT)
        for other in self.captions:
            if other is not caption and stands_between(other.bbox, picture.bbox, caption.bbox):
                cost += 4.0
        return Link(side, round(gap, 1), cost, words)

    def _words_between(self, a: Bbox, b: Bbox) -> tuple[int, int]:
        """Words of running text and of smaller print in the space between two boxes."""
        space = space_between(a, b)
        if space is None:
            return 0, 0
        body = small = 0
        for line in self.text:
            if line.bbox.covered_by(space) > 0.5:
                count = len(line.text.split())
                if self._is_running_text(line):
                    body += count
                elif count > 2:
                    small += count
        return body, small

    def _is_running_text(self, line: TextLine) -> bool:
        return line.size_pt >= self.body.size_pt - 0.4 and len(line.text.strip()) > 12

    def panel_gap(self, a: Picture, b: Picture, most: float = _LINK_MAX_PT) -> float:
        """Gap in points between two possible panels, `_FORBIDDEN` where they cannot be."""
        gap = a.bbox.gap(b.bbox)
        if gap > most:
            return _FORBIDDEN
        across = a.bbox.x_overlap(b.bbox) / max(1.0, min(a.bbox.width, b.bbox.width))
        down = a.bbox.y_overlap(b.bbox) / max(1.0, min(a.bbox.height, b.bbox.height))
        if max(across, down) < 0.15 and gap > 0.6 * _LINK_MAX_PT:
            return _FORBIDDEN
        return gap if self._meet(a, b) else _FORBIDDEN

    def _meet(self, a: Picture, b: Picture) -> bool:
        """Whether neither running text nor a caption stands between two pictures."""
        body, small = self._words_between(a.bbox, b.bbox)
        if body > 2 or small > 12:
            return False
        return not any(stands_between(c.bbox, a.bbox, b.bbox) for c in self.captions)

    def _row_gap(self, picture: Picture, group: Group, upright: tuple[Bbox, Bbox, Bbox]) -> float:
        """Gap in points to a panel far off in the row over one caption, else `_FORBIDDEN`.

        Panels are often set at the two ends of a line. `upright` are the boxes of the picture, the
        figure and the caption, turned as that is read.
        """
        box, whole, text = upright
        gap = whole.gap(box)
        if gap > _ROW_MAX_PT or not runs_under(text, whole, box):
            return _FORBIDDEN
        meets = any(self._meet(picture, other) for other in group.pictures)
        return gap if meets and self.own_words.under(picture.bbox) is None else _FORBIDDEN

    def join_cost(self, picture: Picture, group: Group) -> float:
        """Cost in points of adding `picture` to a figure that has a caption."""
        caption = group.caption
        if caption is None or group.link is None:
            return _FORBIDDEN
        lacks = caption.part_count > len(group.pictures)
        gap = min(
            self.panel_gap(
                picture,
                other,
                _LINE_MAX_PT if lacks and in_line(picture.bbox, other.bbox) else _LINK_MAX_PT,
            )
            for other in group.pictures
        )
        turn = (caption.direction, self.width, self.height)
        text = turn_upright(caption.bbox, *turn)
        box = turn_upright(picture.bbox, *turn)
        whole = turn_upright(group.bbox, *turn)
        if gap >= _FORBIDDEN and group.link.side in ("below", "above"):
            gap = self._row_gap(picture, group, (box, whole, text))
        if gap >= _FORBIDDEN:
            return gap
        grown = whole.union(box)
        # The caption stays outside of its figure, on the side where it is.
        if text.covered_by(grown) > 0.3 and text.covered_by(whole) <= 0.3:
            return _FORBIDDEN
        if group.link.side in ("below", "above") and fills_column(text, whole, box):
            return _FORBIDDEN
        return gap
