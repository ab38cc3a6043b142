"""Match what is left after `align` across the page break: facing pages, plates, overleaf.

One assignment a book, sparse: a caption reaches the pages before and after its own and no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mmskin_build.figures.align import NO_PAIR, Group, Link, PageMatch
from mmskin_build.figures.assignment import assign
from mmskin_build.figures.captions import CaptionBlock
from mmskin_build.figures.regions import Picture
from mmskin_build.geometry import reading_order

_LISTED_COST = 2.7  # in nats, of a caption in a list: that of one on the page before its picture
_SMALL_PLATE_PT2 = 4000.0  # a smaller picture is hardly a plate


def match_legends(matches: Mapping[int, PageMatch]) -> None:
    """Deal a list of captions to the pages of pictures after or before it, in place.

    Manuscripts print all captions together and then each figure on a page of its own, often without
    a word. They are matched in order, and only where there are as many of one as of the other.
    """
    run: list[int] = []
    for page in [*sorted(matches), -1]:
        match = matches.get(page)
        listed = match is not None and match.captions and not match.groups
        if listed and (not run or page == run[-1] + 1):
            run.append(page)
            continue
        if run:
            _deal_list(matches, run)
        run = [page] if listed else []


def _deal_list(matches: Mapping[int, PageMatch], run: Sequence[int]) -> None:
    captions = [caption for page in run for caption in matches[page].captions]
    keys = {caption.label.key for caption in captions if caption.label is not None}
    if len(keys) < max(2, len(captions)) or any(caption.continued for caption in captions):
        return
    for first, step in ((run[-1] + 1, 1), (run[0] - 1, -1)):
        pages: list[int] = []
        page = first
        while page in matches and _is_plate(matches[page]):
            pages.append(page)
            page += step
        if len(pages) != len(captions):
            continue
        for page, caption in zip(sorted(pages), captions, strict=True):
            pictures = [picture for group in matches[page].groups for picture in group.pictures]
            link = Link("facing", 0.0, _LISTED_COST)
            group = Group(page, pictures, caption, link, notes=["from a list of captions"])
            matches[page].groups[:] = [group]
        for page in run:
            matches[page].captions.clear()
        return


def _is_plate(match: PageMatch) -> bool:
    """Whether a page has pictures and neither a caption nor one that goes with them."""
    return bool(match.groups) and not match.captions and all(not g.caption for g in match.groups)


def match_neighbors(matches: Mapping[int, PageMatch]) -> None:
    """Match what is left: captions and figures of neighboring pages, in place.

    A caption goes with pictures one page before or after it; order in the book breaks ties, so that
    two captions on a page of captions take the plates before or after them in turn.
    """
    for page in sorted(matches):
        _regroup(matches, page)
    groups = [(page, g) for page in sorted(matches) for g in matches[page].groups if not g.caption]
    by_page: dict[int, list[int]] = defaultdict(list)
    for column, (page, _) in enumerate(groups):
        by_page[page].append(column)
    captions: list[tuple[int, CaptionBlock]] = []
    costs: list[dict[int, float]] = []  # of each caption: column of a group to cost in nats
    for page in sorted(matches):
        for rank, caption in enumerate(matches[page].captions):
            captions.append((page, caption))
            costs.append(
                {
                    column: _facing_cost(
                        caption, groups[column][1], abs(rank - place), neighbor > page
                    )
                    for neighbor in (page - 1, page + 1)
                    for place, column in enumerate(by_page.get(neighbor, ()))
                }
            )
    if not captions or not groups:
        return
    paired = []
    for row, chosen in enumerate(assign(costs, alone=NO_PAIR)):
        if chosen is None:
            continue
        (page, caption), group = captions[row], groups[chosen][1]
        group.caption = caption
        group.link = Link("facing", 0.0, costs[row][chosen])
        rivals = [cost for other, cost in costs[row].items() if other != chosen]
        group.rival_cost = min([*rivals, NO_PAIR])
        matches[page].captions.remove(caption)
        paired.append((group, costs[row]))
    for group, row_costs in paired:
        left = [cost for column, cost in row_costs.items() if groups[column][1].caption is None]
        group.rival_picture_cost = min([*left, NO_PAIR])
    _follow_plates(matches)


def _facing_cost(caption: CaptionBlock, group: Group, rank_step: int, is_after: bool) -> float:
    """Cost in nats of a caption for pictures on a neighboring page.

    `rank_step` is by how many places the two differ in the order of their pages.
    """
    small = 3.0 if group.bbox.area < _SMALL_PLATE_PT2 else 0.0
    doubt = max(0.0, 2.0 * (0.6 - caption.prior))
    return 2.5 + small + 0.8 * rank_step + (0.2 if is_after else 0.0) + doubt


def _regroup(matches: Mapping[int, PageMatch], page: int) -> None:
    """Deal the pictures of a page without captions to the captions left over on a facing page.

    Pictures that stand close look like the panels of one figure; a facing page with as many
    captions (or captions that name as many panels) says that they are several.
    """
    match = matches[page]
    if not match.groups or any(group.caption for group in match.groups):
        return
    pictures = _in_reading_order([p for group in match.groups for p in group.pictures])
    for neighbor in (page + 1, page - 1):
        other = matches.get(neighbor)
        if other is None or len(other.captions) < 2:
            continue
        if any(group.caption is None for group in other.groups):
            continue  # pictures of its own are left for them
        shares = [max(1, caption.part_count) for caption in other.captions]
        if len(other.captions) == len(match.groups) or sum(shares) != len(pictures):
            continue
        match.groups.clear()
        start = 0
        for share in shares:
            match.groups.append(Group(page, pictures[start : start + share]))
            start += share
        return


def _in_reading_order(pictures: Sequence[Picture]) -> list[Picture]:
    order = reading_order([picture.bbox for picture in pictures])
    return [pictures[i] for i in order]


def _follow_plates(matches: Mapping[int, PageMatch]) -> None:
    """Let a caption that names more panels than its page shows own the pages beyond, in place."""
    for page in sorted(matches):
        for group in matches[page].groups:
            caption, link = group.caption, group.link
            if caption is None or link is None or link.side != "facing":
                continue
            step = 1 if page > caption.page_index else -1
            owned, beyond = len(group.pictures), page + step
            while beyond in matches and not matches[beyond].captions:
                others = matches[beyond].groups
                if not others or any(other.caption is not None for other in others):
                    break
                owned += sum(len(other.pictures) for other in others)
                if owned > caption.part_count:
                    break
                for other in others:
                    other.caption, other.link = caption, link
                    other.notes.append("further page of the plate")
                beyond += step
