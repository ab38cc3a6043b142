"""A caption's parts by panel: ``(a) … (b, c) …``, ``A, … B, …``, ``Top left: …``, ``… (right)``.

Each way of marking panels is tried; the one whose letters run on without a gap and name the most
panels wins. The text before the first mark is common to all panels; so is what follows the first
sentence of the last part: captions end with what holds for the whole figure (stain, credit).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_DASH = "-–—‐‑"
_JOINER = rf"(?:\s*(?:,\s*and|,|and|&|{'|'.join(_DASH)}|to)\s*)"
_OPEN = r"\(\s*"
_PAREN_GROUP = re.compile(
    rf"{_OPEN}(?P<letters>[A-Za-z](?:{_JOINER}[A-Za-z])*)\s*\)"
    rf"(?:{_JOINER}{_OPEN}[A-Za-z](?:{_JOINER}[A-Za-z])*\s*\))*"
)
_PAREN_REMARK = re.compile(r"\(\s*(?P<letters>[A-Z])\s*[;,:]\s[^()]*\)")
_CLAUSE = rf"(?:^|(?<=[.;:!?)])\s+|(?<=[{_DASH}])\s+|(?<=\sand)\s+)"
_PLAIN_UPPER = re.compile(
    rf"{_CLAUSE}(?P<letters>[A-Z]['’]?(?:{_JOINER}[A-Z]['’]?(?![\w'’]))*)\s?(?:[,:)]|\.(?!\s?-))\s+(?=\S)"
)
_PLAIN_LOWER = re.compile(
    rf"{_CLAUSE}(?P<letters>[a-z](?:{_JOINER}[a-z](?!\w))*)\s?[,.:)]\s+(?=\S)"
)
_BARE_LOWER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<letters>[a-z](?:\s*,\s*[a-z](?!\w))*)\s+(?=[A-Z(])"
)
_BARE_UPPER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<letters>[A-Z](?:\s*,\s*[A-Z](?!\w))*)\s+(?=[A-Z][a-z])"
)

_PLACE = (
    r"(?:(?:top|upper|bottom|lower|middle|cent(?:er|re)|far)[\s-]+)?"
    r"(?:left|right|top|bottom|middle|cent(?:er|re)|above|below|upper|lower)"
    r"(?:[\s-]+(?:row|panels?|images?|pictures?|figures?|photographs?|half))?"
)
_PLACE_LEADING = re.compile(rf"(?:^|(?<=[.;])\s+)(?P<place>{_PLACE})\s*[:,]\s+", re.IGNORECASE)
_PLACE_TRAILING = re.compile(rf"\(\s*(?P<place>{_PLACE})\s*\)", re.IGNORECASE)
_CLOCKWISE = re.compile(
    r"\bclockwise(?:,)?\s+(?:from|starting)\s+(?:at\s+)?(?:the\s+)?(?:top|upper)[\s-]+left[^:]*:\s*",
    re.IGNORECASE,
)
_BEFORE_AFTER = re.compile(
    r"(?:^|(?<=[.;:])\s+)(?P<place>before|after)\b[^.;:]{0,40}?[:,]\s+", re.IGNORECASE
)
_MIDDLE_WORDS = 3  # on both sides of a mark in the middle of its sentence
_PARALLEL_WORDS = 4  # a short enumeration: "A (left) and B (right)"
_INITIAL = re.compile(
    r"(?:(?:^|[\s(.])(?:of|by|from|and|Dr\.?|Prof\.?|&|[A-Z]\.?|[A-Z][\w.'’-]+,?)\s?|^)[A-Z]\.$"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|Dr|Prof|St|al|sp|spp|var|approx|ca|Fig|Figs|No|Vol|ed|mag|orig"
    r"|resp|incl|viz|no|pp|p))\.$"
)


@dataclass(frozen=True, slots=True)
class Subcaptions:
    """The parts of a caption.

    `parts` maps a panel's key to its own text: a lower-case letter (``a``), a place (``top left``),
    or a number as text (``1``) for clockwise lists. `kind` says which. Several keys may share one
    text. `common` is what holds for all panels, in order.
    """

    kind: str  # "letters", "places", "clockwise", "none"
    parts: Mapping[str, str]
    common: str


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    keys: tuple[str, ...]


def split_caption(text: str) -> Subcaptions:
    """Split `text` into the parts of its panels.

    >>> split_caption("Melasma. (a) Papules. (b, c) Plaques. Courtesy of L. Venn.").parts
    {'a': 'Papules', 'b': 'Plaques', 'c': 'Plaques'}
    """
    best: tuple[int, int, dict[str, str], str] | None = None
    finders: Sequence[Callable[[str], list[_Mark]]] = (
        lambda t: _marks(_PAREN_GROUP, t),
        lambda t: _marks(_PLAIN_UPPER, t),
        lambda t: _marks(_PLAIN_LOWER, t),
        lambda t: _marks(_BARE_LOWER, t),
        lambda t: _marks(_BARE_UPPER, t),
        lambda t: sorted(
            _marks(_PLAIN_UPPER, t) + _marks(_PAREN_REMARK, t), key=lambda mark: mark.start
        ),
    )
    for rank, finder in enumerate(finders):
        chain = _chain(finder(text))
        count = sum(len(mark.keys) for mark in chain)
        if count < 2 or (rank == 2 and len(chain) < 2):
            continue
        parts, common = _cut(text, chain, trailing=rank == 0 and _is_trailing(text, chain))
        _divide_shared(parts, chain)
        parts = {key: part for key, part in parts.items() if not _is_of_another(part, key)}
        if len(parts) >= 2 and (best is None or count > best[0]):
            best = (count, -rank, parts, common)
    if best is not None:
        return Subcaptions("letters", best[2], best[3])
    return _by_place(text)


def letters_in(group: str) -> tuple[str, ...]:
    """Expand a group of letters: ``b–d`` and ``a, c and d``.

    >>> letters_in("a, c–e")
    ('a', 'c', 'd', 'e')
    """
    tokens = re.findall(rf"\b[A-Za-z]\b['’]?|[{_DASH}]", group.replace(" to ", " – "))
    found: list[str] = []
    ranged = False
    for token in tokens:
        if token in _DASH:
            ranged = True
        elif re.fullmatch(r"[A-Za-z]['’]?", token):
            letter = token.lower().replace("’", "'")
            if ranged and found and len(letter) == 1 and len(found[-1]) == 1:
                first, last = ord(found[-1]), ord(letter)
                if first < last <= first + 25:
                    found.extend(chr(code) for code in range(first + 1, last))
            found.append(letter)
            ranged = False
    return tuple(dict.fromkeys(found))


def _marks(pattern: re.Pattern[str], text: str) -> list[_Mark]:
    found = []
    for match in pattern.finditer(text):
        group = text[match.start("letters") : match.end()]
        group = re.sub(r"[()]", " ", group) if "(" in match[0] else match["letters"]
        start = match.start() + (len(match[0]) - len(match[0].lstrip()))
        keys = letters_in(group)
        if keys:
            found.append(_Mark(start, match.end(), keys))
    return found


def _chain(marks: Sequence[_Mark]) -> list[_Mark]:
    """The marks whose letters run on in order without a gap; later mentions are references."""
    best: list[_Mark] = []
    for position, first in enumerate(marks):
        if first.keys[0] != "a" and best:
            continue
        chain, last = [first], first.keys[-1]
        if not _runs_on(first.keys):
            continue
        for mark in marks[position + 1 :]:
            if _follows(last, mark.keys[0]) and _runs_on(mark.keys):
                chain.append(mark)
                last = mark.keys[-1]
        if sum(len(m.keys) for m in chain) > sum(len(m.keys) for m in best):
            best = chain
    every = sorted(key for mark in marks for key in mark.keys)
    longer = len(every) > sum(len(mark.keys) for mark in best)
    if longer and every[0] == "a" and _runs_on(every):
        return list(marks)  # interleaved lists: "A, C, before treatment; B, D, after it"
    return best


def _follows(last: str, following: str) -> bool:
    if following == f"{last}'":
        return True
    return len(following) == 1 and ord(following) == ord(last[0]) + 1


def _runs_on(keys: Sequence[str]) -> bool:
    return all(_follows(a, b) for a, b in zip(keys, keys[1:], strict=False))


def _is_trailing(text: str, chain: Sequence[_Mark]) -> bool:
    """Whether marks stand behind the words that they mark: "…, erosions (b); crusts (c)"."""
    votes = 0
    for mark in chain:
        before, after = text[: mark.start].rstrip(), text[mark.end :].lstrip()
        opens = not before or before[-1] in ".:;!?—–" or before.endswith(("):", ")."))
        closes = not after or after[0] in ".;,:)"
        if closes and not opens:
            votes += 1
        elif opens:
            votes -= 1
    return votes > 0


def _cut(text: str, chain: Sequence[_Mark], *, trailing: bool) -> tuple[dict[str, str], str]:
    parts: dict[str, str] = {}
    sentences = _own_sentences(text, chain)
    if sentences is not None:
        for mark, (start, end) in zip(chain, sentences, strict=True):
            for key in mark.keys:
                parts[key] = _trim(text[start:end])
        return parts, _common([text[: sentences[0][0]], text[sentences[-1][1] :]])
    if trailing:
        start = _sentence_start(text, chain[0].start)
        common = [text[:start]]
        for mark in chain:
            own = re.sub(r"^[\s,;]*(?:and|&)\s+", "", text[start : mark.start])
            for key in mark.keys:
                parts[key] = _trim(own)
            start = mark.end
        common.append(text[start:])
        if len(chain[0].keys[0]) > 1:
            _shorten_first(parts, chain)
        return {k: v for k, v in parts.items() if v}, _common(common)
    common = [text[: chain[0].start]]
    for position, mark in enumerate(chain):
        if position + 1 < len(chain):
            own = text[mark.end : chain[position + 1].start]
        else:
            end = _sentence_end(text, mark.end)
            own = text[mark.end : end]
            common.append(text[end:])
        for key in mark.keys:
            parts[key] = _trim(own)
    return {k: v for k, v in parts.items() if v}, _common(common)


def _shorten_first(parts: dict[str, str], chain: Sequence[_Mark]) -> None:
    """Keep of the first part what stands parallel to the others.

    "Mice infected with strain A (left) and strain B (right)": strain A is on the left.
    """
    first = chain[0].keys[0]
    others = [len(parts[mark.keys[0]].split()) for mark in chain[1:]]
    words = parts[first].split()
    if not others or max(others) > _PARALLEL_WORDS or len(words) <= 2 * max(others) + 2:
        return
    for key in chain[0].keys:
        parts[key] = " ".join(words[-max(others) :])


def _own_sentences(text: str, chain: Sequence[_Mark]) -> list[tuple[int, int]] | None:
    """The sentence around each mark, where every mark stands in the middle of one of its own.

    "The coronal sequence (a) shows a thickening. In the late phase (b), there is contrast."
    """
    found: list[tuple[int, int]] = []
    for mark in chain:
        start, end = _sentence_start(text, mark.start), _sentence_end(text, mark.end)
        before, after = text[start : mark.start].split(), text[mark.end : end].split()
        if len(before) < _MIDDLE_WORDS or len(after) < _MIDDLE_WORDS:
            return None
        if found and start < found[-1][1]:
            return None
        found.append((start, end))
    return found if all(text[m.start] == "(" for m in chain) else None


def _divide_shared(parts: dict[str, str], chain: Sequence[_Mark]) -> None:
    """Divide what several panels share where their letters return one by one inside it.

    "(g)-(i) Histology: giant cells (g); detail (h); whole lesion (i)".
    """
    for mark in chain:
        if len(mark.keys) < 2 or any(key not in parts for key in mark.keys):
            continue
        inner = _chain(_marks(_PAREN_GROUP, parts[mark.keys[0]]))
        if tuple(key for m in inner for key in m.keys) != mark.keys:
            continue
        own, _ = _cut(parts[mark.keys[0]], inner, trailing=True)
        if set(own) == set(mark.keys):
            first = own[mark.keys[0]]
            own[mark.keys[0]] = _trim(first.rsplit(": ", 1)[-1])
            parts.update(own)


def _is_of_another(part: str, key: str) -> bool:
    """Whether a part begins with the mark of a panel that is not its own."""
    mark = _PAREN_GROUP.match(part)
    return mark is not None and key not in letters_in(re.sub(r"[()]", " ", mark[0]))


def _by_place(text: str) -> Subcaptions:
    clockwise = _CLOCKWISE.search(text)
    if clockwise is not None:
        end = _sentence_end(text, clockwise.end())
        items = [_trim(p) for p in re.split(r";\s+", text[clockwise.end() : end])]
        if len(items) >= 2 and all(items):
            parts = {str(i + 1): item for i, item in enumerate(items)}
            common = _common([text[: clockwise.start()], text[end:]])
            return Subcaptions("clockwise", parts, common)
    for pattern, trailing in (
        (_PLACE_LEADING, False),
        (_PLACE_TRAILING, True),
        (_BEFORE_AFTER, False),
    ):
        marks = []
        for match in pattern.finditer(text):
            start = match.start() + (len(match[0]) - len(match[0].lstrip()))
            marks.append(_Mark(start, match.end(), (_place(match["place"]),)))
        names = [mark.keys[0] for mark in marks]
        if len(marks) >= 2 and len(set(names)) == len(names):
            parts, common = _cut(text, marks, trailing=trailing)
            if len(parts) >= 2:
                return Subcaptions("places", parts, common)
    return Subcaptions("none", {}, text.strip())


def _place(text: str) -> str:
    words = re.sub(r"[\s-]+", " ", text.lower()).strip()
    words = re.sub(r" (?:row|panels?|images?|pictures?|figures?|photographs?|half)$", "", words)
    words = words.replace("upper", "top").replace("lower", "bottom").replace("center", "centre")
    return {"above": "top", "below": "bottom", "middle": "centre"}.get(words, words)


def _sentence_end(text: str, start: int) -> int:
    """Where the first sentence after `start` ends; abbreviations and initials do not end one."""
    for match in re.finditer(r"[.!?](?=\s+[^\W\da-z_]|\s*$|\s+\()", text[start:]):
        end = start + match.end()
        if not _is_abbreviation(text[start:end]) and end - start > 2:
            return end
    return len(text)


def _is_abbreviation(text: str) -> bool:
    """Whether the full stop that ends `text` belongs to an abbreviation or an initial.

    "Courtesy of L. Venn" has an initial, "hepatitis B." ends a sentence.
    """
    return bool(_ABBREVIATION.search(text) or _INITIAL.search(text))


def _sentence_start(text: str, end: int) -> int:
    start = 0
    while True:
        following = _sentence_end(text, start)
        if following >= end:
            return start
        start = following


def _trim(text: str) -> str:
    text = re.sub(r"^[\s,;:.)\-–—]+", "", text)
    text = re.sub(r"(?:[\s,;:\-–—(]|\band)+$", "", text)
    return text[:-1].rstrip() if text.endswith(".") and not _is_abbreviation(text) else text


def _common(pieces: Sequence[str]) -> str:
    kept = [re.sub(r"^[\s,;:.)]+|[\s,;:\-–—(]+$", "", piece) for piece in pieces]
    return " ".join(piece for piece in kept if piece)
