"""A caption's parts by panel: ``(a) … (b, c) …``, ``A, … B, …``, ``Top left: …``, ``… (right)``.

Each way of marking panels is tried; the one whose letters run on without a gap and name the most
panels wins. The text before the first mark is common to all panels; so is what follows the first
sentence of the last part: captions end with what holds for the whole figure (stain, credit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from mmskin_build.figures.caption_forms import FORMS
from mmskin_build.figures.caption_marks import (
    PAREN_GROUP,
    PLAIN_LOWER,
    PLAIN_UPPER,
    STRONG_LOWER,
    STRONG_UPPER,
    Mark,
    find_chain,
    find_marks,
    join_common,
    letters_in,
    mend_chain,
    sentence_end,
    sentence_start,
    trim_part,
)

_PLACE = (
    r"(?:(?:top|upper|bottom|lower|middle|cent(?:er|re)|far)[\s-]+)?"
    r"(?:left|right|top|bottom|middle|cent(?:er|re)|above|below|upper|lower)"
    r"(?:[\s-]+(?:row|panels?|images?|pictures?|figures?|photographs?|half))?"
)
_PLACE_LEADING = re.compile(
    rf"(?:^|(?<=[.;])\s+)(?:on the )?(?P<place>{_PLACE})\s*[:,]\s+", re.IGNORECASE
)
_PLACE_TRAILING = re.compile(rf"\(\s*(?P<place>{_PLACE})\s*\)", re.IGNORECASE)
_PLACE_PANEL = re.compile(
    r"\b(?P<place>(?:(?:top|upper|bottom|lower)[\s-]+)?(?:left|right|top|bottom|upper|lower|middle))"
    r"(?:[\s-]+hand)?\s+(?:panel|image|picture|photograph|micrograph|half)\b",
    re.IGNORECASE,
)
_PANEL_SHOWS = re.compile(
    r"^(?:The|In the)\s+(?:[\w-]+\s+){1,3}(?:panel|image|picture|photograph|micrograph|half),?\s+"
    r"(?:shows?|depicts?|displays?|illustrates?|demonstrates?|is|gives)?\s*",
    re.IGNORECASE,
)
_CLOCKWISE = re.compile(
    r"\bclockwise(?:,)?\s+(?:from|starting)\s+(?:at\s+)?(?:the\s+)?(?:top|upper)[\s-]+left[^:]*:\s*",
    re.IGNORECASE,
)
_BEFORE_AFTER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<place>before|after)\b[^.;:]{0,40}?[:,]\s+", re.IGNORECASE
)
_MIDDLE_WORDS = 3  # on both sides of a mark in the middle of its sentence
_PARALLEL_WORDS = 4  # a short enumeration: "A (left) and B (right)"


@dataclass(frozen=True, slots=True)
class Subcaptions:
    """The parts of a caption.

    `parts` maps a panel's key to its own text: a lower-case letter (``a``), a place (``top left``),
    or a number as text (``1``) for clockwise lists. `kind` says which; ``rows`` are places of which
    each may hold several panels. Several keys may share one text. `common` is what holds for all
    panels, in order.
    """

    kind: str  # "letters", "places", "rows", "clockwise", "none"
    parts: Mapping[str, str]
    common: str


@lru_cache(maxsize=512)
def split_caption(text: str) -> Subcaptions:
    """Split `text` into the parts of its panels.

    >>> split_caption("Melasma. (a) Papules. (b, c) Plaques. Courtesy of L. Venn.").parts
    {'a': 'Papules', 'b': 'Plaques', 'c': 'Plaques'}
    """
    best: tuple[int, int, dict[str, str], str] | None = None
    for rank, form in enumerate(FORMS):
        marks = form.find(text)
        chain = find_chain(marks)
        if form.may_trail:
            chain = mend_chain(text, marks, chain)
        count = sum(len(mark.keys) for mark in chain)
        if count < 2 or (form.needs_two and len(chain) < 2):
            continue
        trails = form.may_trail and _is_trailing(text, chain)
        mixed = _cut_mixed(text, chain) if rank == 0 else None
        parts, common = mixed or _cut(text, chain, trailing=trails)
        _divide_shared(parts, chain)
        parts = {k: part for k, part in parts.items() if part and not _is_of_another(part, k)}
        if len(parts) >= 2 and (best is None or count > best[0]):
            best = (count, -rank, parts, common)
    listed = _by_list(text)
    if listed is not None and (best is None or len(listed.parts) > best[0]):
        return listed
    if best is not None:
        return Subcaptions("letters", best[2], best[3])
    return _by_place(text)


def _by_list(text: str) -> Subcaptions | None:
    """The panels that one pair of parentheses lists: "Warts (A: hand; B: knee)"."""
    for found in re.finditer(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)", text):
        inner = found[1]
        for pattern in (PLAIN_UPPER, PLAIN_LOWER, STRONG_UPPER, STRONG_LOWER):
            chain = find_chain(find_marks(pattern, inner))
            if len(chain) < 2 or inner[: chain[0].start].strip():
                continue
            parts, rest = _cut(inner, chain, trailing=False)
            if len(parts) >= 2 and not rest:
                common = join_common([text[: found.start()], text[found.end() :]])
                return Subcaptions("letters", parts, common)
    return None


def _is_trailing(text: str, chain: Sequence[Mark]) -> bool:
    """Whether marks stand behind the words that they mark: "…, erosions (b); crusts (c)"."""
    votes = 0
    for mark in chain:
        before, after = text[: mark.start].rstrip(), text[mark.end :].lstrip()
        closes = not after or after[0] in ".;,:)" or after.startswith(("and ", "& "))
        opens = not before or before[-1] in ".:;!?—–" or before.endswith(("):", ")."))
        opens = opens or (not closes and before.endswith((",", " and", " &")))
        if closes and not opens:
            votes += 1
        elif opens:
            votes -= 1
    return votes > 0


def _cut_mixed(text: str, chain: Sequence[Mark]) -> tuple[dict[str, str], str] | None:
    """Cut sentence by sentence where marks lead in some and trail in others; else None.

    "The frog in (a) lateral and (b) dorsal view. The right foot (c) and right hand (d)."
    """
    groups: list[tuple[int, int, list[Mark]]] = []
    for mark in chain:
        start, end = sentence_start(text, mark.start), sentence_end(text, mark.end)
        if groups and groups[-1][0] == start:
            groups[-1][2].append(mark)
        else:
            groups.append((start, end, [mark]))
    ways = [_is_trailing(text, marks) for _, _, marks in groups]
    if len(set(ways)) < 2 or any(len(marks) < 2 for _, _, marks in groups):
        return None
    found: dict[str, str] = {}
    common = [text[: groups[0][0]]]
    for (start, end, marks), trailing in zip(groups, ways, strict=True):
        moved = [replace(m, start=m.start - start, end=m.end - start) for m in marks]
        parts, shared = _cut(text[start:end], moved, trailing=trailing)
        if trailing:
            _shorten_first(parts, moved)
        found.update(parts)
        common.append(shared)
    return found, join_common([*common, text[groups[-1][1] :]])


def _cut(text: str, chain: Sequence[Mark], *, trailing: bool) -> tuple[dict[str, str], str]:
    parts: dict[str, str] = {}
    sentences = _own_sentences(text, chain)
    if sentences is not None:
        for mark, (start, end) in zip(chain, sentences, strict=True):
            for key in mark.keys:
                parts[key] = trim_part(text[start:end])
        return parts, join_common([text[: sentences[0][0]], text[sentences[-1][1] :]])
    if trailing:
        start = sentence_start(text, chain[0].start)
        common = [text[:start]]
        for mark in chain:
            sentence = max(start, sentence_start(text, mark.start))
            if start > 0 and text[start:sentence].strip(" .,;"):
                common.append(text[start:sentence])  # "(b) of sarcoidosis. Close-up (c)"
                start = sentence
            own = re.sub(r"^[\s,;]*(?:and|&)\s+", "", text[start : mark.start])
            for key in mark.keys:
                parts[key] = trim_part(own)
            start = mark.end
        common.append(text[start:])
        if len(chain[0].keys[0]) > 1:
            _shorten_first(parts, chain)
        return {k: v for k, v in parts.items() if v}, join_common(common)
    common = [text[: chain[0].start]]
    for position, mark in enumerate(chain):
        if mark.trails:
            start = _words_before(text, chain[position - 1].end if position else 0, mark)
            own = text[start : mark.end]
        elif position + 1 < len(chain) and chain[position + 1].trails:
            own = text[mark.end : _words_before(text, mark.end, chain[position + 1])]
        elif position + 1 < len(chain):
            own = text[mark.end : chain[position + 1].start]
        else:
            end = sentence_end(text, mark.end)
            while end < len(text):  # "Bottom: … CD4 (left) and CD14 (right) cells …" goes on
                following = sentence_end(text, end + 1)
                if len(mark.keys[0]) < 2 or not _PLACE_TRAILING.search(text[end:following]):
                    break
                end = following
            own = text[mark.end : end]
            common.append(text[end:])
        for key in mark.keys:
            parts[key] = trim_part(own)
    return {k: v for k, v in parts.items() if v}, join_common(common)


def _words_before(text: str, start: int, mark: Mark) -> int:
    """Where the words of a mark in a remark begin: "…, grains (100×), thin walls (E; 600×)"."""
    own = text[start : mark.start]
    for closing in (")", ";", ","):
        at = own.rfind(closing)
        if at >= 0 and own[at + 1 :].strip(" ,;"):
            return start + at + 1
    return start


def _shorten_first(parts: dict[str, str], chain: Sequence[Mark]) -> None:
    """Keep of the first part what stands parallel to the others.

    "Mice infected with strain A (left) and strain B (right)": strain A is on the left.
    """
    first = chain[0].keys[0]
    others = [parts[mark.keys[0]].split() for mark in chain[1:] if mark.keys[0] in parts]
    words = parts[first].split()
    if not others or max(map(len, others)) > _PARALLEL_WORDS:
        return
    lead = others[0][0].lower()
    alike = [
        i
        for i, word in enumerate(words)
        if i > 0 and len(word) >= 4 and (lead.endswith(word.lower()) or word.lower().endswith(lead))
    ]
    if alike:
        kept = words[alike[-1] :]
    elif len(first) > 1 and _are_codes(words[-1], [other[-1] for other in others]):
        kept = words[-max(map(len, others)) :]
    else:
        return
    for key in chain[0].keys:
        parts[key] = " ".join(kept)


def _are_codes(word: str, others: Sequence[str]) -> bool:
    """Whether words are codes of one form, "T40" and "T80": of plain words sense alone decides."""
    forms = {re.sub(r"\d+", "0", re.sub(r"[A-Z]+", "A", each)) for each in (word, *others)}
    return len(forms) == 1 and forms.pop().strip("-+") in ("A0", "A-0", "0A", "0")


def _own_sentences(text: str, chain: Sequence[Mark]) -> list[tuple[int, int]] | None:
    """The sentence around each mark, where every mark stands in the middle of one of its own.

    "The coronal sequence (a) shows a thickening. In the late phase (b), there is contrast."
    """
    found: list[tuple[int, int]] = []
    for mark in chain:
        start, end = sentence_start(text, mark.start), sentence_end(text, mark.end)
        before, after = text[start : mark.start].split(), text[mark.end : end].split()
        if len(before) < _MIDDLE_WORDS or len(after) < _MIDDLE_WORDS or before[-1][-1] in ":;":
            return None
        if found and start < found[-1][1]:
            return None
        found.append((start, end))
    return found if all(text[m.start] == "(" for m in chain) else None


def _divide_shared(parts: dict[str, str], chain: Sequence[Mark]) -> None:
    """Divide what several panels share where their letters return one by one inside it.

    "(g)-(i) Histology: giant cells (g); detail (h); whole lesion (i)".
    """
    for mark in chain:
        if len(mark.keys) < 2 or any(key not in parts for key in mark.keys):
            continue
        inner = find_chain(find_marks(PAREN_GROUP, parts[mark.keys[0]]))
        if tuple(key for m in inner for key in m.keys) != mark.keys:
            continue
        own, _ = _cut(parts[mark.keys[0]], inner, trailing=True)
        if set(own) == set(mark.keys):
            first = own[mark.keys[0]]
            own[mark.keys[0]] = trim_part(first.rsplit(": ", 1)[-1])
            parts.update(own)


def _is_of_another(part: str, key: str) -> bool:
    """Whether a part begins with the mark of a panel that is not its own."""
    mark = PAREN_GROUP.match(part)
    return mark is not None and key not in letters_in(re.sub(r"[()]", " ", mark[0]))


def _by_place(text: str) -> Subcaptions:
    clockwise = _CLOCKWISE.search(text)
    if clockwise is not None:
        end = sentence_end(text, clockwise.end())
        items = [trim_part(p) for p in re.split(r";\s+", text[clockwise.end() : end])]
        if len(items) >= 2 and all(items):
            parts = {str(i + 1): item for i, item in enumerate(items)}
            common = join_common([text[: clockwise.start()], text[end:]])
            return Subcaptions("clockwise", parts, common)
    for pattern, trailing in (
        (_PLACE_LEADING, False),
        (_PLACE_TRAILING, True),
        (_BEFORE_AFTER, False),
    ):
        marks = []
        kind = "places"
        for match in pattern.finditer(text):
            start = match.start() + (len(match[0]) - len(match[0].lstrip()))
            marks.append(Mark(start, match.end(), (_place(match["place"]),)))
            kind = "rows" if match["place"].lower().endswith("row") else kind
        names = [mark.keys[0] for mark in marks]
        if len(marks) >= 2 and len(set(names)) == len(names):
            parts, common = _cut(text, marks, trailing=trailing and _is_trailing(text, marks))
            if len(parts) >= 2:
                return Subcaptions(kind, parts, common)
    return _by_panel_sentences(text) or Subcaptions("none", {}, text.strip())


def _by_panel_sentences(text: str) -> Subcaptions | None:
    """Sentences that name a panel each: "Map (left panel) of … The right panel shows …"."""
    parts: dict[str, str] = {}
    common: list[str] = []
    start = 0
    while start < len(text):
        end = sentence_end(text, start)
        sentence = text[start:end]
        names = {_place(match["place"]) for match in _PLACE_PANEL.finditer(sentence)}
        if len(names) > 1 or (names and names & set(parts)):
            return None
        if names:
            parts[names.pop()] = trim_part(_PANEL_SHOWS.sub("", sentence.strip()))
        else:
            common.append(sentence)
        start = end
    return Subcaptions("places", parts, join_common(common)) if len(parts) >= 2 else None


def split_lone(text: str, letters: Sequence[str]) -> dict[str, str]:
    """Find the words of panels that a caption names alone: "…, with enhancement (c)" and no (a).

    For panels that bear letters of their own; a letter that the caption names twice tells nothing.

    >>> split_lone("Nodule of the leg, with a central ulcer (b). Biopsy: carcinoma.", "ab")
    {'b': 'with a central ulcer'}
    """
    found: dict[str, str] = {}
    for letter in letters:
        marks = list(re.finditer(rf"\(\s*{re.escape(letter)}\s*\)", text, re.IGNORECASE))
        if len(marks) != 1:
            continue
        start = sentence_start(text, marks[0].start())
        words = re.split(r"[,;]\s", text[start : marks[0].start()])[-1]
        if len(words.split()) >= _MIDDLE_WORDS:
            found[letter] = trim_part(words)
    return found


def _place(text: str) -> str:
    words = re.sub(r"[\s-]+", " ", text.lower()).strip()
    words = re.sub(r" (?:row|panels?|images?|pictures?|figures?|photographs?|half)$", "", words)
    words = words.replace("upper", "top").replace("lower", "bottom").replace("center", "centre")
    return {"above": "top", "below": "bottom", "middle": "centre"}.get(words, words)
