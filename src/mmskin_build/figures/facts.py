"""Facts about a figure and its caption that speak for or against the two belonging together.

Everything that confidence rests on is computed here, each fact one that a person can check on the
page; `confidence` only weighs them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mmskin_build.figures.align import Group, PageMatch
from mmskin_build.figures.captions import CaptionBlock
from mmskin_build.figures.labels import FigureLabel, parse_label
from mmskin_build.figures.layout import BookLayout
from mmskin_build.figures.ledger import Order, figure_ledger, number_order
from mmskin_build.figures.profile import Profile, Side
from mmskin_build.records import Figure

Mention = Literal["near", "far", "none"]

_NEAR_PAGES = 2  # between a figure and the sentence that sends the reader to it
_FAR_PAGES = 8
_BESIDE_PT = 24.0  # how far from a picture its own words stand at most
_ALONE_PT = 100.0  # no other picture on the page
_USUALLY = 0.7  # share of the captions that end with a full stop, in a book where they do
_REFERENCE = re.compile(
    r"\b(?:figures?|figs?|plates?|abb(?:ildung)?)\b\.?\s*[A-Z]?\d+(?:[.\-–]\d+)*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """What is known about a figure and the caption that it was given.

    `side_share` is the share of the book's captions on this `side`, in [0, 1]; `cost` that of the
    link in nats, `caption_margin` by how much the next best caption of the page costs more,
    `picture_margin` the same for the next best picture that has no caption. `form` is how much the
    text looks like a caption, in [0, 1]. `parts` is the number of panels that the caption names,
    `pictures` how many the figure has. `repeated` says that another caption of the book bears the
    same number, `style_share` in [0, 1] how common the form of the label is. `mention` tells how
    far from the figure running text refers to its number. `area_share` is the figure's part of the
    page, `loose_pt` the widest gap between one of its pictures and the next, `apart_pt` the gap to
    the nearest picture that is not of it. `unfinished` says that the caption breaks off, unlike the
    others of the book. `spare_pictures` and `spare_captions` count those left alone on the pages
    concerned.
    """

    side: Side = "below"
    side_share: float = 0.8
    gap_pt: float = 8.0
    cost: float = 0.0
    caption_margin: float = 9.0
    picture_margin: float = 9.0
    form: float = 0.9
    order: Order | None = "follows"
    blocked_words: int = 0
    labeled: bool = True
    parts: int = 0
    pictures: int = 1
    repeated: bool = False
    style_share: float = 1.0
    mention: Mention = "near"
    scanned: bool = False
    words: int = 20
    unfinished: bool = False
    area_share: float = 0.15
    loose_pt: float = 0.0
    apart_pt: float = 100.0
    spare_pictures: int = 0
    spare_captions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneFacts:
    """What is known about a picture without caption or a caption without picture.

    `spare_here` and `spare_beside` count the other halves left alone on its page and on the pages
    beside it; `captioned_share` is the share of the book's figures that have a caption.
    `contested_pt` is how much farther away the nearest other half on the page stands that was given
    to another, than from the one it was given to. `form`, `words`, `repeated`, `order` and
    `mention` are those of a caption. Of a picture are `area_share` and `photo`, `near_words`, the
    words close by that are neither running text nor caption, and `number_missing`: a number that
    is never seen belongs between the captions before and after it.
    """

    half: Literal["picture", "caption"]
    spare_here: int = 0
    spare_beside: int = 0
    captioned_share: float = 1.0
    scanned: bool = False
    contested_pt: float = 100.0
    form: float = 0.5
    words: int = 0
    repeated: bool = False
    order: Order | None = None
    mention: Mention = "none"
    area_share: float = 0.0
    photo: bool = False
    near_words: int = 0
    number_missing: bool = False


class FactFinder:
    """The facts of one book, looked up by figure."""

    def __init__(
        self,
        book: BookLayout,
        matches: Mapping[int, PageMatch],
        profile: Profile,
        figures: Sequence[Figure],
    ) -> None:
        """Take `figures` as they were built from `matches`, before anything is known of them."""
        self._matches = matches
        self._profile = profile
        self._pages = {layout.page_index: layout for layout in book.pages}
        self._body = book.body
        self._order = number_order(figures)
        self._gaps = [
            (gap.page_index, gap.until_page_index)
            for gap in figure_ledger(figures)
            if gap.kind == "missing"
        ]
        blocks = _caption_blocks(matches)
        self._numbers = Counter(
            (c.label.key, c.label.letter) for c in blocks if c.label and not c.continued and c.text
        )
        self._styles = Counter(_label_style(c.label) for c in blocks if c.label)
        self._closed_share = _share([_is_closed(c.text) for c in blocks if c.text])
        self._mentions = _find_mentions(book, blocks)
        pictured = [figure.status == "paired" for figure in figures if figure.bbox is not None]
        self._captioned_share = _share(pictured)

    def of_pair(self, figure_id: str, group: Group) -> PairFacts:
        """Return the facts of a paired figure.

        Raises:
            ValueError: If the group has no caption.
        """
        caption, link = group.caption, group.link
        if caption is None or link is None:
            raise ValueError("only a paired figure can be judged")
        pages = sorted({group.page_index, caption.page_index})
        layout = self._pages[group.page_index]
        label = caption.label
        return PairFacts(
            side=link.side,
            side_share=self._profile.share(link.side),
            gap_pt=link.gap_pt,
            cost=link.cost,
            caption_margin=group.rival_cost - link.cost,
            picture_margin=group.rival_picture_cost - link.cost,
            form=caption.prior,
            order=self._order.get(figure_id),
            blocked_words=link.blocked_words,
            labeled=label is not None,
            parts=caption.part_count,
            pictures=len(group.pictures),
            repeated=self._is_repeated(caption),
            style_share=self._style_share(label),
            mention=self._mention(label, group.page_index),
            scanned=layout.is_scanned,
            words=len(caption.text.split()),
            unfinished=self._is_unfinished(caption),
            area_share=group.bbox.area / max(1.0, layout.area.area),
            loose_pt=_loose_pt(group),
            apart_pt=self._apart_pt(group),
            spare_pictures=sum(self._spare_pictures(page) for page in pages),
            spare_captions=sum(self._spare_captions(page) for page in pages),
        )

    def of_picture(self, group: Group) -> LoneFacts:
        """Return the facts of a picture without a caption."""
        index = group.page_index
        layout = self._pages[index]
        return LoneFacts(
            half="picture",
            spare_here=self._spare_captions(index),
            spare_beside=self._spare_captions(index - 1) + self._spare_captions(index + 1),
            captioned_share=self._captioned_share,
            scanned=layout.is_scanned,
            contested_pt=self._contested_picture_pt(group),
            area_share=group.bbox.area / max(1.0, layout.area.area),
            photo=any(picture.kind == "photo" for picture in group.pictures),
            near_words=self._near_words(group),
            number_missing=any(first <= index <= last for first, last in self._gaps),
        )

    def of_caption(self, figure_id: str, caption: CaptionBlock) -> LoneFacts:
        """Return the facts of a caption without a picture."""
        index = caption.page_index
        return LoneFacts(
            half="caption",
            spare_here=self._spare_pictures(index),
            spare_beside=self._spare_pictures(index - 1) + self._spare_pictures(index + 1),
            captioned_share=self._captioned_share,
            scanned=self._pages[index].is_scanned,
            contested_pt=self._contested_caption_pt(caption),
            form=caption.prior,
            words=len(caption.text.split()),
            repeated=self._is_repeated(caption),
            order=self._order.get(figure_id),
            mention=self._mention(caption.label, index),
        )

    def _spare_pictures(self, page: int) -> int:
        match = self._matches.get(page)
        return 0 if match is None else sum(group.caption is None for group in match.groups)

    def _spare_captions(self, page: int) -> int:
        match = self._matches.get(page)
        return 0 if match is None else len(match.captions)

    def _is_repeated(self, caption: CaptionBlock) -> bool:
        label = caption.label
        return label is not None and self._numbers[label.key, label.letter] > 1

    def _style_share(self, label: FigureLabel | None) -> float:
        if label is None or not self._styles:
            return 0.0
        return self._styles[_label_style(label)] / self._styles.total()

    def _is_unfinished(self, caption: CaptionBlock) -> bool:
        if not caption.text or _is_closed(caption.text):
            return False
        return caption.text.endswith("-") or self._closed_share >= _USUALLY

    def _apart_pt(self, group: Group) -> float:
        gaps = [
            mine.bbox.gap(picture.bbox)
            for other in self._matches[group.page_index].groups
            if other is not group
            for picture in other.pictures
            for mine in group.pictures
        ]
        return min(gaps, default=_ALONE_PT)

    def _contested_picture_pt(self, lone: Group) -> float:
        """How much nearer the captions of the page stand to their own picture than to this one."""
        gaps = [
            min(picture.bbox.gap(caption.bbox) for picture in lone.pictures)
            - min(picture.bbox.gap(caption.bbox) for picture in group.pictures)
            for group in self._matches[lone.page_index].groups
            if (caption := group.caption) is not None and caption.page_index == lone.page_index
        ]
        return min(gaps, default=_ALONE_PT)

    def _contested_caption_pt(self, lone: CaptionBlock) -> float:
        """How much nearer the pictures of the page stand to their own caption than to this one."""
        gaps = [
            min(picture.bbox.gap(lone.bbox) for picture in group.pictures)
            - min(picture.bbox.gap(caption.bbox) for picture in group.pictures)
            for group in self._matches[lone.page_index].groups
            if (caption := group.caption) is not None and caption.page_index == lone.page_index
        ]
        return min(gaps, default=_ALONE_PT)

    def _near_words(self, lone: Group) -> int:
        """Words beside a picture that are neither running text nor part of a caption."""
        match = self._matches[lone.page_index]
        taken = [c.bbox for c in _caption_blocks({0: match}) if c.page_index == lone.page_index]
        return sum(
            len(line.text.split())
            for line in self._pages[lone.page_index].lines
            if not self._body.matches(line)
            and any(
                picture.bbox.gap(line.bbox) <= _BESIDE_PT
                and line.bbox.covered_by(picture.bbox) < 0.5
                for picture in lone.pictures
            )
            and not any(line.bbox.covered_by(box) > 0.5 for box in taken)
        )

    def _mention(self, label: FigureLabel | None, page: int) -> Mention:
        pages = self._mentions.get(label.key, ()) if label is not None else ()
        distance = min((abs(page - other) for other in pages), default=None)
        if distance is None or _NEAR_PAGES < distance <= _FAR_PAGES:
            return "none"
        return "near" if distance <= _NEAR_PAGES else "far"


def _caption_blocks(matches: Mapping[int, PageMatch]) -> list[CaptionBlock]:
    """All captions of a book, each once, though it may run under several pictures."""
    found: dict[int, CaptionBlock] = {}
    for page in sorted(matches):
        match = matches[page]
        for caption in (*(group.caption for group in match.groups), *match.captions):
            if caption is not None:
                found[id(caption)] = caption
    return list(found.values())


def _share(facts: Sequence[bool]) -> float:
    return sum(facts) / len(facts) if facts else 0.0


def _is_closed(text: str) -> bool:
    return text.rstrip(" \"'”’").endswith((".", "!", "?", ")", "]"))


def _loose_pt(group: Group) -> float:
    boxes = [picture.bbox for picture in group.pictures]
    if len(boxes) < 2:
        return 0.0
    return max(min(a.gap(b) for j, b in enumerate(boxes) if j != i) for i, a in enumerate(boxes))


def _label_style(label: FigureLabel) -> tuple[str, str, str]:
    word = re.sub(r"[\d\s].*$", "", label.text)
    return label.prefix, word, label.separator


def _find_mentions(book: BookLayout, blocks: Sequence[CaptionBlock]) -> dict[str, set[int]]:
    """Pages whose running text refers to a figure, by the key of its label."""
    boxes = defaultdict(list)
    for block in blocks:
        boxes[block.page_index].append(block.bbox)
    found: dict[str, set[int]] = defaultdict(set)
    for layout in book.pages:
        for line in layout.lines:
            if any(line.bbox.covered_by(box) > 0.5 for box in boxes[layout.page_index]):
                continue
            for reference in _REFERENCE.findall(line.text):
                label = parse_label(reference)
                if label is not None:
                    found[label.key].add(layout.page_index)
    return found
