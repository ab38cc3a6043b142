"""How the words of a caption flow: in rows, past indices, into a second column, below a heading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from mmskin_build.figures.caption_marks import CREDIT
from mmskin_build.figures.caption_starts import Start
from mmskin_build.figures.labels import OTHER_LABEL, FigureLabel, parse_label
from mmskin_build.figures.layout import BodyStyle, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox, turn_upright, union_all

SAME_SIZE_PT = 0.45
SCAN_SIZE_SHARE = 0.16  # OCR measures sizes less exactly
PITCH_LIMIT = 1.9  # next line's distance, in heights of a line, inside one caption
PART_GAP = 1.7  # the same less one between the parts of a legend, each with its number or letter
_STAMP_SIZES = 1.5  # of the type of a caption: what is at least so large is printed over it
_HEADING_GAP = 2.4  # heights of a line between a label alone on its line and its words
_LEGEND_SHARE = 0.75  # of the size of a title, in which the words under it are set at least
_CENTER_PT, _INSET_PT = 1.5, 4.0  # by which centers of centered lines differ; and their left edges
_PART = re.compile(r"\s*\(?(?:\d{1,2}|[A-Za-z])(?:[.):,]|\s[–—-])\s*\S")
_WORD = re.compile(r"[^\W\d_]{3}")
_LETTER = re.compile(r"\s*\(?([A-Z])[.):,]?\s+\S")
_HEAD_SHARE = 0.09  # of the page's height, at its top, where a running head stands
_UNDERLINE_PT = 0.5  # by which an underline is longer than its words
_RULE_PT, _RULE_LENGTH_PT = 1.5, 36.0  # a rule's height and least width
_HANGING_EM = 6.0  # between a label and the words that hang in a column beside it
_HANGING_SLACK_PT = 6.0
_ABOVE_PT = 40.0  # between a figure and the two columns of its caption


def lines_below(layout: PageLayout, index: int) -> list[int]:
    """Lines that could continue line `index`: those not above it, nearest first."""
    first = layout.lines[index]
    top = first.bbox.y0 + 0.5 * min(first.height_pt, 1.5 * first.size_pt)  # a label of two lines
    later = [i for i, line in enumerate(layout.lines) if i != index and line.bbox.y1 > top]
    return sorted(later, key=lambda i: (layout.lines[i].bbox.y0, layout.lines[i].bbox.x0))


def fills_row(lines: Sequence[TextLine], first: int, index: int) -> bool:
    """Whether a piece that stands far right in a printed line ends where the lines below it end.

    Narrow justified lines have such gaps: the next line of the paragraph has both its edges.
    """
    left, piece = lines[first], lines[index]
    if piece.bbox.y_overlap(left.bbox) <= 0.5 * min(piece.bbox.height, left.bbox.height):
        return False
    return any(
        line.block == piece.block == left.block
        and line.bbox.y0 > piece.bbox.center[1]
        and abs(line.bbox.x0 - left.bbox.x0) <= 1.0
        and abs(line.bbox.x1 - piece.bbox.x1) <= 1.0
        for line in lines
    )


def find_rules(layout: PageLayout, direction: int) -> list[Bbox]:
    """Level rules as the caption sees them: one divides it from footnotes and tables.

    What lies within a line underlines its words.
    """
    size = layout.page.width_pt, layout.page.height_pt
    boxes = [path.bbox for path in layout.page.paths]
    thin = [box for box in boxes if min(box.width, box.height) <= _RULE_PT]
    turned = [turn_upright(box, direction, *size) for box in thin]
    rules = [box for box in turned if box.height <= _RULE_PT and box.width >= _RULE_LENGTH_PT]
    return [
        rule
        for rule in rules
        if not any(line.bbox.contains(rule, _UNDERLINE_PT) for line in layout.lines)
    ]


def is_fragment(line: TextLine, last: TextLine, box: Bbox) -> bool:
    """Whether `line` is an index or exponent that stands apart in the caption's last line."""
    return (
        line.size_pt < 0.85 * last.size_pt
        and line.bbox.width <= 0.25 * box.width
        and box.x0 - 1 <= line.bbox.x0
        and line.bbox.x1 <= box.x1 + 2 * last.size_pt
        and line.bbox.y_overlap(last.bbox) > 0.3 * line.bbox.height
    )


def is_formula(line: TextLine, last: TextLine) -> bool:
    """Whether `line` goes on with the paragraph of `last` and has no word: "1.2 ± 0.3 mm."."""
    return line.block == last.block and _WORD.search(line.text) is None


def is_stamp(line: TextLine, lines: Sequence[TextLine], size_pt: float) -> bool:
    """Whether a line in type much larger than `size_pt` is printed over others: "DRAFT"."""
    if line.size_pt < _STAMP_SIZES * size_pt:
        return False
    for other in lines:
        shared = line.bbox.intersect(other.bbox)
        if other is not line and shared.width > 1.0 and shared.height > 0.3 * other.bbox.height:
            return True
    return False


def is_legend(line: TextLine, title: Sequence[TextLine]) -> bool:
    """Whether `line` begins the words under a `title` that is bold, label and all.

    They are a little smaller than the title and no credit.
    """
    last = title[-1]
    if line.bold or CREDIT.match(line.text):
        return False
    if not all(span.bold for one in title for span in one.spans if span.text.strip()):
        return False
    smaller = _LEGEND_SHARE * last.size_pt <= line.size_pt <= last.size_pt + SAME_SIZE_PT
    gap = line.bbox.y0 - last.bbox.y1
    return smaller and gap <= (PITCH_LIMIT - 1) * max(last.height_pt, line.height_pt)


def heads_a_panel(line: TextLine, lines: Sequence[TextLine]) -> bool:
    """Whether `line` begins with a letter and the next letter begins another line level with it.

    "A Before treatment" and "B After it" stand over two panels, and are no legend of a title.
    """
    letter = _LETTER.match(line.text)
    if letter is None:
        return False
    following = chr(ord(letter[1]) + 1)
    return any(
        other.bbox.y_overlap(line.bbox) > 0.5 * line.height_pt
        and (match := _LETTER.match(other.text)) is not None
        and match[1] == following
        for other in lines
    )


def flows_on(line: TextLine, last: TextLine, lines: Sequence[TextLine]) -> bool:
    """Whether a paragraph goes on from `last` to `line` though its sentence ends between them.

    Both are centered, or there was no room in the column for the first word of `line`.
    """
    box, above = line.bbox, last.bbox
    step = abs(box.x0 - above.x0)
    if abs(box.center[0] - above.center[0]) <= _CENTER_PT and step > _INSET_PT:
        beside = (one for one in lines if one.block == line.block and one is not line)
        return all(abs(one.bbox.x0 - box.x0) > _CENTER_PT for one in beside)
    if step > _CENTER_PT:
        return False
    right = max(one.bbox.x1 for one in lines if one.bbox.x_overlap(above) > 0)
    word = line.text.split()[0]
    return right - above.x1 < box.width * len(word) / len(line.text)


def hangs_beside(
    label: TextLine, line: TextLine, body: BodyStyle, pictures: Sequence[Bbox]
) -> bool:
    """Whether the words of a hanging caption begin on `line`, in a column right of their label.

    Both stand within the width of one picture, so that the words are not those of the next column.
    """
    box, word = label.bbox, line.bbox
    if word.y_overlap(box) < 0.5 * min(word.height, box.height) or body.matches(line):
        return False
    if not 0 <= word.x0 - box.x1 <= _HANGING_EM * label.size_pt:
        return False
    return any(
        picture.x0 - _HANGING_SLACK_PT <= box.x0
        and word.x1 <= picture.x1 + _HANGING_SLACK_PT
        and picture.gap(box) <= _ABOVE_PT
        for picture in pictures
    )


def find_legend(
    lines: Sequence[TextLine],
    start: Start,
    below: Sequence[int],
    heads: set[int],
    body: BodyStyle,
    pictures: Sequence[Bbox],
) -> list[int]:
    """The words under a label alone on its line that are set in another type and further off.

    A title in italics, or the legend of a plate under its number: one block, over which the label
    stands, and never running text.
    """
    label = lines[start.line_index]
    found: list[int] = []
    for index in below:
        line = lines[index]
        last = lines[found[-1]] if found else label
        if line.direction != label.direction or index in heads or OTHER_LABEL.match(line.text):
            break
        is_part = _PART.match(line.text) is not None
        if body.matches(line) and not (start.label.prefix.endswith("plate") and (is_part or found)):
            break
        if found:
            like_last = abs(line.size_pt - last.size_pt) <= SAME_SIZE_PT
            limit = PART_GAP if is_part else PITCH_LIMIT - 1
        else:
            like_last = 0.6 * label.size_pt <= line.size_pt <= label.size_pt + SAME_SIZE_PT
            limit = _HEADING_GAP
        gap = line.bbox.y0 - last.bbox.y1
        if not like_last or gap > limit * max(last.height_pt, line.height_pt):
            break
        if any(stands_between(picture, last.bbox, line.bbox) for picture in pictures):
            break
        found.append(index)
    if not found:
        return []
    block = union_all(lines[i].bbox for i in found)
    return found if block.x_overlap(label.bbox) >= 0.5 * label.bbox.width else []


def in_rows(lines: Sequence[TextLine], members: Sequence[int]) -> list[int]:
    """Members as they are read: row by row, the pieces of a row from left to right."""
    rows: list[list[int]] = []
    for index in members:
        box = lines[index].bbox
        tallest = max((lines[i].bbox for i in rows[-1]), key=lambda b: b.height) if rows else None
        if tallest is not None and box.y_overlap(tallest) > 0.5 * min(box.height, tallest.height):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [i for row in rows for i in sorted(row, key=lambda i: lines[i].bbox.x0)]


def main_style(members: Sequence[TextLine], label: FigureLabel) -> tuple[str, float]:
    """Font and size of most of a caption: its title may be bold over more than a line."""
    weights: Counter[tuple[str, float]] = Counter()
    for number, line in enumerate(members):
        style = text_style_of(line, label) if number == 0 else (line.font, line.size_pt)
        weights[style] += len(line.text) - (label.end if number == 0 else 0)
    return weights.most_common(1)[0][0]


def is_part(
    line: TextLine,
    before: Sequence[TextLine],
    style: tuple[str, float],
    body: BodyStyle,
    scanned: bool,
) -> bool:
    """Whether `line` begins a numbered or lettered part in the caption's own style.

    A letter alone ("B Scaly plaques") tells a part only after the one `before` it.
    """
    tolerance = SCAN_SIZE_SHARE * style[1] if scanned else SAME_SIZE_PT
    same = line.font == style[0] and abs(line.size_pt - style[1]) <= tolerance
    if not same or body.matches(line):
        return False
    if _PART.match(line.text) is not None:
        return True
    letter = _LETTER.match(line.text)
    known = [found[1] for other in before if (found := _LETTER.match(other.text))]
    return letter is not None and bool(known) and ord(letter[1]) == ord(known[-1]) + 1


def find_second_column(
    layout: PageLayout,
    members: Sequence[int],
    heads: set[int],
    style: tuple[str, float],
    body: BodyStyle,
    pictures: Sequence[Bbox],
) -> list[int]:
    """Lines beside a caption that go on with it: set in two columns under a figure across both."""
    lines = layout.lines
    font, size = style
    scanned = layout.is_scanned
    tolerance = SCAN_SIZE_SHARE * size if scanned else SAME_SIZE_PT
    box = union_all(lines[i].bbox for i in members)
    first = lines[members[0]]
    if font == body.font and abs(size - body.size_pt) <= SAME_SIZE_PT:
        return []
    beside = sorted(
        (
            i
            for i, ln in enumerate(lines)
            if ln.bbox.x0 > box.x1
            and ln.direction == first.direction
            and ln.bbox.y0 > box.y0 - 0.5 * first.height_pt
            and ln.bbox.y1 < box.y1 + 1.6 * first.height_pt
        ),
        key=lambda i: (lines[i].bbox.y0, lines[i].bbox.x0),
    )
    found: list[int] = []
    for index in beside:
        line = lines[index]
        last_y1 = lines[found[-1]].bbox.y1 if found else box.y0 + 0.5 * first.height_pt
        same = any(s.font == font for s in line.spans) and abs(line.size_pt - size) <= tolerance
        if index in heads or not same or OTHER_LABEL.match(line.text):
            break
        if line.bbox.y0 - last_y1 > 0.8 * line.height_pt:
            break
        found.append(index)
    if not found:
        return []
    right = union_all(lines[i].bbox for i in found)
    if any(
        lines[i].bbox.x_overlap(right) > 0 and -_ABOVE_PT < lines[i].bbox.y0 - box.y0 < box.height
        for i in heads
    ):
        return []  # the caption of another picture
    first_row = lines[found[0]].bbox
    if any(i in heads and lines[i].bbox.y_overlap(first_row) > 0 for i in beside):
        return []  # its words hang beside their label
    above = [
        p for p in pictures if 0 <= box.y0 - p.y1 + 4 <= _ABOVE_PT and p.x_overlap(box.union(right))
    ]
    across = above and union_all(above)
    if not across or across.x_overlap(right) < 0.5 * right.width:
        return []
    return found if across.x_overlap(box) >= 0.5 * box.width else []


def find_overflow(
    layout: PageLayout,
    members: Sequence[int],
    heads: set[int],
    style: tuple[str, float],
    body: BodyStyle,
) -> list[int]:
    """Lines at the top of the next column that go on with a caption cut by the end of its column.

    Only where the caption's style is not that of running text, so that style alone tells.
    """
    font, size = style
    if font == body.font and abs(size - body.size_pt) <= 0.35:
        return []
    lines = layout.lines
    last = lines[members[-1]]
    in_column = [ln for ln in lines if ln.bbox.x_overlap(last.bbox) > 0.3 * last.bbox.width]
    if any(ln.bbox.y0 > last.bbox.y1 for ln in in_column):
        return []
    left = min(lines[i].bbox.x0 for i in members)
    right = max(lines[i].bbox.x1 for i in members)
    beside = sorted(
        (i for i, ln in enumerate(lines) if ln.bbox.x0 > right or ln.bbox.x1 < left),
        key=lambda i: lines[i].bbox.y0,
    )
    found: list[int] = []
    for index in beside:
        line = lines[index]
        if line.bbox.x0 < right or index in heads:
            break
        same = any(s.font == font for s in line.spans) and abs(line.size_pt - size) <= SAME_SIZE_PT
        if not same or parse_label(line.text) or OTHER_LABEL.match(line.text):
            break
        if found and line.bbox.y0 - lines[found[-1]].bbox.y1 > 0.9 * line.height_pt:
            if len(found) > 1 or lines[found[0]].bbox.y1 > _HEAD_SHARE * layout.page.height_pt:
                break
            found = []  # it was the running head
        found.append(index)
    alone = len(found) == 1 and lines[found[0]].bbox.y1 <= _HEAD_SHARE * layout.page.height_pt
    return [] if alone and re.search(r"[.!?)]\s*$", last.text) else found


def text_style_of(line: TextLine, label: FigureLabel) -> tuple[str, float]:
    """Font and size of the caption's words after the label."""
    passed = 0
    weights: Counter[tuple[str, float]] = Counter()
    for span in line.spans:
        after = max(0, passed + len(span.text) - max(passed, label.end))
        passed += len(span.text)
        if after and span.text.strip():
            weights[span.font, span.size_pt] += after
    return weights.most_common(1)[0][0] if weights else (line.font, line.size_pt)


def stands_between(picture: Bbox, above: Bbox, below: Bbox) -> bool:
    """Whether a picture stands between two lines that follow one another."""
    if picture.x_overlap(above.union(below)) < 0.3 * min(picture.width, below.width):
        return False
    return picture.center[1] > above.y1 and picture.center[1] < below.y0
