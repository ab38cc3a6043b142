"""Tables and boxes of text among the vector drawings of a page, told by their rules and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mmskin_build.figures.labels import OTHER_LABEL, parse_label
from mmskin_build.figures.layout import BodyStyle, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.geometry import Bbox
from mmskin_build.records import PathObject

TICKS_MIN = 3  # marks of one length along one line make an axis
_TICK_PT = 8.0  # the longest mark on an axis
_TITLE_REACH_PT = 30.0  # between a table and its title
_EDGE_PT = 3.0  # from the edge of a drawing to a rule that closes it
_CLOSED_SHARE = 0.9  # of an edge that rules run along


def is_table(
    cluster: Sequence[PathObject], inside: Sequence[TextLine], layout: PageLayout, bbox: Bbox
) -> bool:
    """Whether a drawing is a table: by its title, or by rules around many words."""
    if _is_titled_table(layout, bbox):
        return True
    return len(inside) >= 8 and _is_ruled(cluster) and not _has_ticks(cluster)


def are_ruled_cells(cluster: Sequence[PathObject], bbox: Bbox) -> bool:
    """Whether rules alone make a drawing and close it above and below: cells of a table.

    Word processors set pictures and their captions into such cells, side by side.
    """
    if not _is_ruled(cluster) or _has_ticks(cluster):
        return False
    level = [path.bbox for path in cluster if path.bbox.width > path.bbox.height]
    edges = (
        [box for box in level if box.y0 - bbox.y0 <= _EDGE_PT],
        [box for box in level if bbox.y1 - box.y1 <= _EDGE_PT],
    )
    return all(sum(box.width for box in edge) >= _CLOSED_SHARE * bbox.width for edge in edges)


def _is_ruled(cluster: Sequence[PathObject]) -> bool:
    """Whether nearly all of a drawing is straight rules."""
    straight = sum(
        path.shape == "line" or min(path.bbox.width, path.bbox.height) <= 1.5 for path in cluster
    )
    return straight >= 0.9 * len(cluster)


def _is_titled_table(layout: PageLayout, bbox: Bbox) -> bool:
    """Whether the nearest title beside a drawing is a table's and not a figure's."""
    titles = [
        (line.bbox.gap(bbox), OTHER_LABEL.match(line.text) is None)
        for line in layout.lines
        if line.bbox.gap(bbox) <= _TITLE_REACH_PT
        and line.bbox.x_overlap(bbox) > 0
        and (OTHER_LABEL.match(line.text) or parse_label(line.text))
    ]
    return bool(titles) and not min(titles)[1]


def _has_ticks(cluster: Sequence[PathObject]) -> bool:
    """Whether short strokes of one length stand along a line: the marks of an axis.

    The rules of a table are longer, and the dashes of a rule follow one another in its direction.
    """
    marks: Counter[tuple[str, int, int]] = Counter()
    for path in cluster:
        box = path.bbox
        if box.width <= 1.5 < box.height <= _TICK_PT:
            marks["upright", round(box.y0), round(box.y1)] += 1
        elif box.height <= 1.5 < box.width <= _TICK_PT:
            marks["level", round(box.x0), round(box.x1)] += 1
    return any(count >= TICKS_MIN for count in marks.values())


def is_text_box(inside: Sequence[TextLine], bbox: Bbox, body: BodyStyle) -> bool:
    """Whether a drawing is a frame around running text."""
    words = sum(len(line.text.split()) for line in inside if line.size_pt >= body.size_pt - 2)
    return words > 30 and sum(line.bbox.area for line in inside) > 0.25 * bbox.area
