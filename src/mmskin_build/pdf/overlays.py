"""What a page paints over a picture: bars, arrows, letters, stamps."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from mmskin_build.geometry import Bbox
from mmskin_build.pdf.jobs import PanelPart, PixelBox
from mmskin_build.pdf.painting import BORDER_PT, Painting
from mmskin_build.records import Line, Overlay, PathObject

_BAR_WORDS, _BAR_SHARE = 6, 0.3  # words over a bar, and the share of it that they take
_WORD_SPARE = 0.45  # of the height of a line


def find_overlays(
    painting: Painting, lines: Sequence[Line], bbox: Bbox, after: int, own: set[int]
) -> tuple[Overlay, ...]:
    """Return everything painted over `bbox` after the picture itself, clipped to it.

    Args:
        painting: What the page paints.
        lines: Its visible lines of text.
        bbox: The picture, in points.
        after: Painting order of the picture's first object.
        own: Painting orders of the picture's own objects.
    """
    found: list[Overlay] = []
    for path in painting.paths:
        if path.order > after and _touches(path, bbox) and not _is_frame(path, bbox):
            found.append(Overlay(kind="path", bbox=_clip(path.bbox, bbox)))
    for painted in painting.images:
        item = painted.item
        if item.order > after and item.order not in own and _overlap(item.bbox, bbox):
            found.append(Overlay(kind="image", bbox=_clip(item.bbox, bbox)))
    for line in lines:
        if not _meets(line.bbox, bbox):  # no word reaches out of its line
            continue
        for text, box in _words(line):
            if box.covered_by(bbox) > 0.5:
                found.append(Overlay(kind="text", bbox=_clip(box, bbox), text=text))
    return tuple(found)


def place_part(box: PixelBox, size: tuple[int, int], bbox: Bbox) -> Bbox:
    """Where a part of a picture lies on the page; `size` is that of the picture in pixels."""
    sx, sy = bbox.width / size[0], bbox.height / size[1]
    x0, y0, x1, y1 = box
    return Bbox(bbox.x0 + x0 * sx, bbox.y0 + y0 * sy, bbox.x0 + x1 * sx, bbox.y0 + y1 * sy)


def without_bars(
    parts: Sequence[PanelPart], size: tuple[int, int], bbox: Bbox, overlays: Sequence[Overlay]
) -> Sequence[PanelPart]:
    """Leave out bars that bear a caption over a picture; the whole where but one part is left."""
    if len(parts) == 1:
        return parts
    kept = [part for part in parts if not _are_words(place_part(part.box, size, bbox), overlays)]
    return kept if len(kept) > 1 else [PanelPart((0, 0, *size), None)]


def _are_words(bbox: Bbox, overlays: Sequence[Overlay]) -> bool:
    words = [
        overlay.bbox
        for overlay in overlays
        if overlay.text and len(overlay.text) > 1 and overlay.bbox.covered_by(bbox) > 0.5
    ]
    return len(words) >= _BAR_WORDS and sum(w.area for w in words) >= _BAR_SHARE * bbox.area


def _meets(a: Bbox, b: Bbox) -> bool:
    return a.x0 < b.x1 and a.x1 > b.x0 and a.y0 < b.y1 and a.y1 > b.y0


def _touches(path: PathObject, bbox: Bbox) -> bool:
    grown = path.bbox.expand(0.05)  # lines have no area
    return _overlap(grown, bbox)


def _overlap(a: Bbox, b: Bbox) -> bool:
    common = a.intersect(b)
    return common.width > 0.05 and common.height > 0.05


def _clip(inner: Bbox, outer: Bbox) -> Bbox:
    return inner.expand(0.05).intersect(outer).rounded()


def _is_frame(path: PathObject, bbox: Bbox) -> bool:
    """Whether a path only runs along the picture's edges: a drawn border, or one side of it."""
    if path.fill is not None:
        return False
    inside = bbox.expand(-BORDER_PT)
    if path.shape == "rect":
        return path.bbox.contains(inside, 0.0)
    return path.shape == "line" and not _overlap(path.bbox.expand(0.05), inside)


def find_patches(overlays: Sequence[Overlay], bbox: Bbox, size: tuple[int, int]) -> list[PixelBox]:
    """Return the parts of a picture that are painted over, a pixel more at each side.

    Args:
        overlays: What is painted over it.
        bbox: What the picture shows, in points.
        size: Its width and height in pixels.
    """
    width, height = size
    sx, sy = width / bbox.width, height / bbox.height
    patches: list[PixelBox] = []
    for area in _merge_boxes([overlay.bbox for overlay in overlays]):
        x0 = max(0, math.floor((area.x0 - bbox.x0) * sx) - 1)
        y0 = max(0, math.floor((area.y0 - bbox.y0) * sy) - 1)
        x1 = min(width, math.ceil((area.x1 - bbox.x0) * sx) + 1)
        y1 = min(height, math.ceil((area.y1 - bbox.y0) * sy) + 1)
        if x1 > x0 and y1 > y0:
            patches.append((x0, y0, x1, y1))
    return patches


def _merge_boxes(boxes: Sequence[Bbox]) -> list[Bbox]:
    """Unite boxes that meet, so that each place is drawn once."""
    result: list[Bbox] = []
    for box in boxes:
        current = box
        grown = True
        while grown:
            grown = False
            for other in result:
                if current.gap(other) <= 0.5:
                    result.remove(other)
                    current = current.union(other)
                    grown = True
                    break
        result.append(current)
    return result


def _words(line: Line) -> list[tuple[str, Bbox]]:
    """The words of a line with their boxes.

    Inside a span their places are estimated by length, and the boxes made wide enough to hold the
    word wherever it stands: half a letter must not be left out when they are painted.
    """
    found = []
    for span in line.spans:
        spare = _WORD_SPARE * span.bbox.height
        step = span.bbox.width / max(len(span.text), 1)
        for word in re.finditer(r"\S+", span.text):
            x0 = max(span.bbox.x0, span.bbox.x0 + word.start() * step - spare)
            x1 = min(span.bbox.x1, span.bbox.x0 + word.end() * step + spare)
            upright = line.direction in (0, 180)
            box = Bbox(x0, span.bbox.y0, x1, span.bbox.y1) if upright else span.bbox
            found.append((word[0], box))
    return found
