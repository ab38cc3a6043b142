"""Where captions start: lines that begin with a label, and which of them are captions.

A label at the beginning of a line is either a caption or a sentence about a figure. What tells them
apart is learned from the book: captions share one label style and one text style, begin their
paragraph, and each number heads one caption only, while running text returns to a number often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mmskin_build.figures.labels import CONTINUED, REFERENCE_TAIL, FigureLabel, parse_label
from mmskin_build.figures.layout import BodyStyle, PageLayout
from mmskin_build.figures.printed_lines import TextLine

_SAME_SIZE_PT = 0.45
_ACCEPT = 2.0
_SERIES_SCORE, _SERIES_MIN = 1.0, 3  # least score and number of captions known by number alone
LIST_ENTRIES = 4  # captions on a page from which it may be a list of figures
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|\S\s{2,}\d{1,4}\s*$")
_WORD = re.compile(r"[^\W\d_]{3}")
_TITLE_CASE = re.compile(r"\s+[^\W\da-z_]\w*\s")
_PAGE_NUMBER = re.compile(r"[\s.…]*(?:\d{1,4}|[ivxlc]{1,6})\s*")

LabelStyle = tuple[str, bool, str]


@dataclass(frozen=True, slots=True)
class Start:
    """A line that begins with a label and may begin a caption; `bare` when it is nothing else.

    `capital` when its words begin with a capital letter.
    """

    page_index: int
    direction: int
    line_index: int
    label: FigureLabel
    continued: bool
    bare: bool
    style: LabelStyle
    score: float
    capital: bool = False


def is_list_of_figures(layout: PageLayout) -> bool:
    """Whether a page lists figures with their page numbers: leaders, or numbers at line ends."""
    leaders = sum(
        _WORD.search(line.text) is not None and _LEADER.search(line.text) is not None
        for line in layout.lines  # the numbers along an axis are no entries
    )
    return leaders >= LIST_ENTRIES


def _is_list_entry(layout: PageLayout, line: TextLine) -> bool:
    """Whether a line names a figure and the page where it stands, as a list of figures does."""
    if re.search(r"(?:\.\s?){4,}[\divxlc]*\s*$|…{2,}", line.text):
        return True
    return any(
        other is not line
        and _PAGE_NUMBER.fullmatch(other.text)
        and other.bbox.x0 > line.bbox.x1
        and other.bbox.y_overlap(line.bbox) > 0.6 * min(other.bbox.height, line.bbox.height)
        and not any(
            between.bbox.x0 > line.bbox.x1
            and between.bbox.x1 < other.bbox.x0
            and between.bbox.y_overlap(line.bbox) > 0.6 * line.bbox.height
            and re.search(r"\w", between.text)
            for between in layout.lines
        )
        for other in layout.lines
    )


def find_starts(layout: PageLayout, direction: int, body: BodyStyle) -> list[Start]:
    """Return the lines of a page that begin with a label, each with its score.

    `direction` is by how much the page was turned to read it (see `PageLayout.turned`).
    """
    found = []
    for index, line in enumerate(layout.lines):
        label = parse_label(line.text) if line.direction == 0 else None
        if label is None or _is_list_entry(layout, line):
            continue
        rest = line.text[label.end :]
        continued = CONTINUED.match(rest) is not None
        score = _start_score(layout, index, label, rest, continued, body)
        lead = next(span for span in line.spans if span.text.strip())
        style = (_label_form(label), lead.bold, label.separator)
        found.append(
            Start(
                layout.page_index,
                direction,
                index,
                label,
                continued,
                not rest.strip(" .:"),
                style,
                score,
                rest.lstrip()[:1].isupper(),
            )
        )
    return found


def _label_form(label: FigureLabel) -> str:
    word = label.word
    shape = "upper" if word.isupper() else "lower" if word.islower() else "title"
    return f"{label.prefix}:{word.lower().rstrip('.')}:{shape}"


def _start_score(
    layout: PageLayout,
    index: int,
    label: FigureLabel,
    rest: str,
    continued: bool,
    body: BodyStyle,
) -> float:
    """Weigh the signs of a caption against those of a sentence; above `_ACCEPT` it is a caption."""
    line = layout.lines[index]
    above = layout.lines[index - 1] if index else None
    inked = [span for span in line.spans if span.text.strip()]
    lead, follower = inked[0], inked[-1]
    for span in inked:
        if span.font != lead.font:
            follower = span
            break
    score = 0.0
    if label.separator:
        score += 1.5
    if lead.bold and not follower.bold:
        score += 2.0
    elif lead.font != follower.font:
        score += 1.0
    if not rest.strip():
        score += 1.0 if len(line.text.strip()) < 25 else 0.0
    if continued:
        score += 2.0
    if not body.matches(line):
        score += 1.0 if abs(line.size_pt - body.size_pt) > 0.35 else 0.7
    # Recognized text has no font and only a guess at bold; but no sentence begins "Fig. 3 Plaques".
    titled = layout.is_scanned and _TITLE_CASE.match(rest) is not None
    if above is None or not _same_paragraph(above, line):
        score += 2.0 if titled else 1.0
    elif titled and above.text.rstrip().endswith((".", "!", "?", ")")):
        score += 1.0
    elif not (lead.bold and not follower.bold):
        score -= 2.0
    if not continued and not label.separator and REFERENCE_TAIL.match(rest):
        sure = body.matches(line) or layout.is_scanned  # sizes are guessed there
        score -= 3.0 if sure else 1.5
    elif re.match(r"^\s*[,;)\]]", rest):
        score -= 3.0
    return score


def _same_paragraph(above: TextLine, line: TextLine) -> bool:
    """Whether `line` follows `above` inside one paragraph of one style."""
    if above.direction != line.direction or abs(above.size_pt - line.size_pt) > _SAME_SIZE_PT:
        return False
    step = line.bbox.y0 - above.bbox.y1
    close = -0.3 * line.height_pt <= step <= 0.55 * line.height_pt
    overlap = line.bbox.x_overlap(above.bbox)
    return close and overlap >= 0.5 * min(line.bbox.width, above.bbox.width)


def choose_starts(starts: Sequence[Start]) -> list[Start]:
    """Accept starts by score, the book's own label style, and one caption a number."""
    weight: Counter[LabelStyle] = Counter()
    for start in starts:
        if start.score >= _ACCEPT:
            weight[start.style] += 1
    common = weight.most_common(1)[0][1] if weight else 0
    scored: list[tuple[float, Start]] = []
    for start in starts:
        share = weight[start.style] / common if common else 0.0
        bonus = 1.0 if share >= 0.3 and common >= 2 else (-0.7 if common >= 4 else 0.0)
        if start.score + bonus >= _ACCEPT:
            scored.append((start.score + bonus, start))
    if not scored:
        scored = [(start.score, start) for start in _series_of(starts)]
    best: dict[tuple[str, str | None], float] = {}
    for score, start in scored:
        if not (start.continued or start.bare):
            key = (start.label.key, start.label.letter)
            best[key] = max(best.get(key, score), score)
    chosen: list[Start] = []
    taken: set[tuple[str, str | None]] = set()
    for score, start in scored:
        key = (start.label.key, start.label.letter)
        if start.continued or start.bare:
            chosen.append(start)  # a plate's heading, or a label above its own text
        elif score >= best[key] - 0.01 and key not in taken:
            taken.add(key)
            chosen.append(start)
        elif score >= best[key] - 1.0 and start.style == _style_of(chosen, key):
            # The same number in the same style again: another article, or an unmarked continuation.
            chosen.append(start)
    return chosen


def _series_of(starts: Sequence[Start]) -> list[Start]:
    """Starts of a book whose captions nothing but their numbers set off: each once, in order.

    Handouts and slides print them so, in the only type there is.
    """
    found = [start for start in starts if start.score >= _SERIES_SCORE and start.capital]
    growing = all(a.label.parts < b.label.parts for a, b in pairwise(found))
    one_style = len({start.style for start in found}) == 1
    return found if growing and one_style and len(found) >= _SERIES_MIN else []


def _style_of(chosen: Sequence[Start], key: tuple[str, str | None]) -> LabelStyle | None:
    for start in chosen:
        if (start.label.key, start.label.letter) == key:
            return start.style
    return None
