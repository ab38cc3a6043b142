"""All steps for one book: pages in, figures and rejects out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmskin_build.config import FiguresConfig
from mmskin_build.figures.align import IN_A_BLOCK, Group, PageMatch, match_page
from mmskin_build.figures.captions import CaptionBlock, find_captions
from mmskin_build.figures.confidence import judge_lone, judge_pair
from mmskin_build.figures.facing import match_legends, match_neighbors
from mmskin_build.figures.facts import FactFinder, LoneFacts, PairFacts
from mmskin_build.figures.galleries import without_running_text
from mmskin_build.figures.headings import find_headings
from mmskin_build.figures.index_pages import find_index
from mmskin_build.figures.layout import BookLayout, build_layout
from mmskin_build.figures.openings import deal_openings
from mmskin_build.figures.panel_words import bind_panel_words
from mmskin_build.figures.panels import find_letters
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.profile import Profile, Side, learn_profile
from mmskin_build.figures.regions import Picture, find_pictures
from mmskin_build.figures.titles import join_titles
from mmskin_build.figures.unnumbered import (
    bind_unnumbered,
    name_by_numbers,
    numbers_figures,
    usual_sides,
)
from mmskin_build.geometry import reading_order, union_all
from mmskin_build.records import (
    Evidence,
    Figure,
    FigureKind,
    IndexEntry,
    Page,
    PageHeadings,
    Panel,
    Reject,
)

_PLATE_REACH = 6  # pages between a plate and its legend


_Origin = Group | CaptionBlock


@dataclass(frozen=True, slots=True)
class BookFigures:
    """The figures of a book by page and place, what was left out, the facts by figure id.

    `headings` are those of chapters and sections, by page; `index` is the one at the book's back.
    """

    figures: tuple[Figure, ...]
    rejects: tuple[Reject, ...]
    profile: Profile
    facts: Mapping[str, PairFacts | LoneFacts]
    headings: tuple[PageHeadings, ...]
    index: tuple[IndexEntry, ...] = ()


def align_book(pages: Sequence[Page], cfg: FiguresConfig) -> BookFigures:
    """Find the figures of one book and their captions.

    Args:
        pages: The pages that could be read, each once, in any order.
        cfg: Settings of this stage, as every stage gets them; none bears on the pairing today.

    Returns:
        Every picture and every caption of the pages exactly once: paired, alone, or rejected.
    """
    book = build_layout(sorted(pages, key=lambda page: page.page_index))
    by_page, rejects = find_pictures(book)
    pictures = {layout.page_index: found for layout, found in zip(book.pages, by_page, strict=True)}
    book = without_running_text(book, pictures)
    captions: dict[int, list[CaptionBlock]] = defaultdict(list)
    obstacles = {index: [p.bbox for p in found] for index, found in pictures.items()}
    for block in find_captions(book, obstacles):
        captions[block.page_index].append(block)
    profile = learn_profile(_clear_pairs(_match_pages(book, pictures, captions, Profile())))
    matches = _match_pages(book, pictures, captions, profile)
    deal_openings(matches)
    _share_bare_labels(matches)
    sides, by_place = usual_sides(matches), not numbers_figures(matches)
    for layout in book.pages:
        bind_panel_words(layout, matches[layout.page_index].groups, book)
        bind_unnumbered(layout, matches[layout.page_index], book, sides, by_place=by_place)
    join_titles(book, matches)
    name_by_numbers(matches)
    match_legends(matches)
    match_neighbors(matches)
    _absorb_continuations(matches)
    drafts, origins = _draft_figures(book, matches)
    finder = FactFinder(book, matches, profile, drafts)
    facts = {draft.figure_id: _facts(draft, origins, finder) for draft in drafts}
    figures = [_judged(draft, facts[draft.figure_id], origins) for draft in drafts]
    return BookFigures(
        tuple(figures), tuple(rejects), profile, facts, find_headings(book), find_index(book)
    )


def _match_pages(
    book: BookLayout,
    pictures: Mapping[int, Sequence[Picture]],
    captions: Mapping[int, Sequence[CaptionBlock]],
    profile: Profile,
) -> dict[int, PageMatch]:
    return {
        layout.page_index: match_page(
            layout,
            pictures[layout.page_index],
            captions.get(layout.page_index, ()),
            book.body,
            profile,
        )
        for layout in book.pages
    }


def _clear_pairs(matches: Mapping[int, PageMatch]) -> list[tuple[Side, float]]:
    """Sides and gaps of the pairs that need no second look."""
    found = []
    for match in matches.values():
        for group in match.groups:
            link = group.link
            if link is None or link.blocked_words or match.captions or IN_A_BLOCK in group.notes:
                continue
            if link.gap_pt <= 40 and group.rival_cost - link.cost >= 1.0:
                found.append((link.side, link.gap_pt))
    return found


def _absorb_continuations(matches: Mapping[int, PageMatch]) -> None:
    """Give the words of a '(continued)' caption without a picture back to its figure."""
    for index in sorted(matches):
        for caption in [c for c in matches[index].captions if c.continued and c.label]:
            for earlier in (index, index - 1, index - 2):
                match = matches.get(earlier)
                target = None if match is None else _owner(match, caption)
                if target is not None and target.caption is not None:
                    text = f"{target.caption.text} {caption.text}".strip()
                    target.caption = replace(target.caption, text=text)
                    target.notes.append(f"caption continued on page index {index}")
                    matches[index].captions.remove(caption)
                    break


def _owner(match: PageMatch, caption: CaptionBlock) -> Group | None:
    for group in match.groups:
        other = group.caption
        if other is None or other.label is None or caption.label is None or other.continued:
            continue
        if other.label.key == caption.label.key:
            return group
    return None


def _share_bare_labels(matches: Mapping[int, PageMatch]) -> None:
    """Give a figure that bears only its label the words that stand elsewhere under that label.

    A plate's heading, or 'Figure 4 (continued)' with the whole caption on the next page.
    """
    groups = [g for index in sorted(matches) for g in matches[index].groups if g.caption]
    alone = [c for index in sorted(matches) for c in matches[index].captions]
    for group in groups:
        caption = group.caption
        if caption is None or caption.text or caption.label is None:
            continue
        blocks = alone + [g.caption for g in groups if g.caption is not None]
        worded = [
            block
            for block in blocks
            if block.text and block.label is not None and block.label.key == caption.label.key
        ]
        near = [b for b in worded if abs(b.page_index - group.page_index) <= _PLATE_REACH]
        if not near and (len(worded) != 1 or worded[0] not in alone):
            continue  # farther off, only where no other caption bears the number
        words = min(worded, key=lambda block: abs(block.page_index - group.page_index))
        group.caption = words
        group.notes.append("bears the label alone")
        if words in matches[words.page_index].captions:
            matches[words.page_index].captions.remove(words)


def _draft_figures(
    book: BookLayout, matches: Mapping[int, PageMatch]
) -> tuple[list[Figure], dict[str, _Origin]]:
    """The figures without their confidence, and by figure id what each was made from."""
    drafts: list[Figure] = []
    origins: dict[str, _Origin] = {}
    for layout in book.pages:
        index = layout.page_index
        match = matches[index]
        captions = [g.caption for g in match.groups if g.caption] + match.captions
        boxes = [c.bbox for c in captions if c.page_index == index]
        lettering = [
            line for line in layout.lines if not any(line.bbox.covered_by(b) > 0.5 for b in boxes)
        ]
        groups = sorted(match.groups, key=lambda g: (g.bbox.y0, g.bbox.x0))
        for number, group in enumerate(groups, start=1):
            drafts.append(_figure(f"p{index:04d}-f{number}", group, lettering))
            origins[drafts[-1].figure_id] = group
        alone = sorted(match.captions, key=lambda c: (c.bbox.y0, c.bbox.x0))
        for number, caption in enumerate(alone, start=1):
            drafts.append(_lonely_caption(f"p{index:04d}-c{number}", caption))
            origins[drafts[-1].figure_id] = caption
    return drafts, origins


def _facts(
    draft: Figure, origins: Mapping[str, _Origin], finder: FactFinder
) -> PairFacts | LoneFacts:
    origin = origins[draft.figure_id]
    if isinstance(origin, CaptionBlock):
        return finder.of_caption(draft.figure_id, origin)
    if origin.caption is None:
        return finder.of_picture(origin)
    return finder.of_pair(draft.figure_id, origin)


def _judged(draft: Figure, facts: PairFacts | LoneFacts, origins: Mapping[str, _Origin]) -> Figure:
    """The figure with its confidence and the evidence for it."""
    judgement = judge_pair(facts) if isinstance(facts, PairFacts) else judge_lone(facts)
    origin = origins[draft.figure_id]
    told = origin.notes if isinstance(origin, Group) else ()
    notes = [Evidence(name="note", value=note, weight=0.0) for note in told]
    return replace(draft, confidence=judgement.confidence, evidence=(*judgement.evidence, *notes))


def _figure(figure_id: str, group: Group, lines: Sequence[TextLine]) -> Figure:
    """A figure whose confidence is not known yet."""
    order = reading_order([picture.bbox for picture in group.pictures])
    pictures = [group.pictures[i] for i in order]
    bbox = union_all(p.bbox for p in pictures).rounded()
    kind: FigureKind = "photo" if any(p.kind == "photo" for p in pictures) else "nonphoto"
    letters = find_letters([p.bbox for p in pictures], lines) if len(pictures) > 1 else {}
    own = {words.picture: words for words in group.panel_words}
    panels = tuple(
        Panel(bbox=p.bbox.rounded(), label=own[p.bbox].letter, text=own[p.bbox].text)
        if p.bbox in own
        else Panel(bbox=p.bbox.rounded(), label=letters.get(i))
        for i, p in enumerate(pictures)
    )
    caption = group.caption
    if caption is None:
        return Figure(
            figure_id=figure_id,
            status="image_without_caption",
            page_index=group.page_index,
            bbox=bbox,
            confidence=0.0,
            kind=kind,
            panels=panels,
        )
    flags = ["continued"] if caption.continued else []
    return Figure(
        figure_id=figure_id,
        status="paired",
        page_index=group.page_index,
        bbox=bbox,
        label=caption.label.text if caption.label else None,
        caption=caption.text,
        caption_page_index=caption.page_index,
        caption_bbox=caption.bbox,
        confidence=0.0,
        kind=kind,
        panels=panels,
        flags=tuple(flags),
    )


def _lonely_caption(figure_id: str, caption: CaptionBlock) -> Figure:
    return Figure(
        figure_id=figure_id,
        status="caption_without_image",
        page_index=caption.page_index,
        bbox=None,
        label=caption.label.text if caption.label else None,
        caption=caption.text,
        caption_page_index=caption.page_index,
        caption_bbox=caption.bbox,
        confidence=0.0,
        kind="photo",
        flags=("continued",) if caption.continued else (),
    )
