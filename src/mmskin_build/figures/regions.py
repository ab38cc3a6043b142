"""Pictures of a page: out of image objects, strips, tiles, vector drawings and scans.

A picture is what a reader sees as one: strips and tiles of one photograph come together, and what
a vector drawing consists of does too. Which pictures form a figure is decided in `align`, where the
captions are known. What is no picture of the book (logos, rules, backgrounds) leaves with a reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mmskin_build.figures.labels import OTHER_LABEL, parse_label
from mmskin_build.figures.layout import BodyStyle, BookLayout, PageLayout
from mmskin_build.figures.printed_lines import TextLine
from mmskin_build.figures.tables import TICKS_MIN, are_ruled_cells, is_table, is_text_box
from mmskin_build.geometry import Bbox, union_all
from mmskin_build.records import FigureKind, ImageObject, PathObject, Reject

#: Why an image object is no picture of a figure.
REASONS = {
    "repeated_image": "the same image returns on many pages: a logo or an ornament",
    "page_background": "running text is printed over the image",
    "too_small": "a few points wide or high, or too few pixels to show anything",
}
_SMALLEST_SIDE_PT = 22.0  # an icon, a bullet, an ornament
_SMALLEST_AREA_PT2 = 900.0
_TOUCH_PT = 0.6  # strips and tiles meet within this
_EDGE_PT = 1.2  # and their edges run on within this
_SAME_SCALE = 0.04
_BACKGROUND_SHARE = 0.8  # of the page; with running text on it, no picture
_REPEATS_MIN = 3
_REPEATS_SHARE = 0.15
_SMALL_SHARE = 0.06  # of the page: a logo, an ornament
_MARGIN_SHARE = 0.13  # of the page's height, above and below
_DIGEST_LENGTH = 24
_VECTOR_JOIN_PT = 7.0
_VECTOR_MIN_PATHS = 5
_VECTOR_MIN_SIDE_PT = 36.0
_TOUCH_RULE_PT = 1.5  # what lies closer to a rule touches it


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture on a page; `bbox` is what is visible of it."""

    page_index: int
    bbox: Bbox
    kind: FigureKind
    origin: str  # "image", "strips", "vector", "scan"
    pixels: int = 0


def find_pictures(book: BookLayout) -> tuple[list[list[Picture]], list[Reject]]:
    """Return the pictures of each page of a book, in reading order, and what was left out."""
    repeated = _repeated(book.pages)
    pictures: list[list[Picture]] = []
    rejects: list[Reject] = []
    for layout in book.pages:
        found, dropped = _page_pictures(layout, book.body, repeated)
        pictures.append(sorted(found, key=lambda p: (p.bbox.y0, p.bbox.x0)))
        rejects.extend(dropped)
    return pictures, rejects


_PlaceKey = tuple[int, int, int, int, str]


def _place_key(item: ImageObject, layout: PageLayout) -> _PlaceKey:
    """Where an image lies, and which one it is.

    An atlas sets photograph after photograph in one place and size: only the same image there is
    furniture. In the margins any image is, for running heads change with the chapter.
    """
    x0, y0, x1, y1 = (round(v / 6) for v in item.bbox)
    edge = _MARGIN_SHARE * layout.page.height_pt
    if item.bbox.y1 <= edge or item.bbox.y0 >= layout.page.height_pt - edge:
        return x0, y0, x1, y1, f"{item.width_px}x{item.height_px}"
    return x0, y0, x1, y1, item.image_key


def _repeated(pages: Sequence[PageLayout]) -> frozenset[_PlaceKey | str]:
    """Images that return at one place, or the same small image anywhere, on several pages."""
    places: Counter[_PlaceKey] = Counter()
    keys: dict[str, set[int]] = defaultdict(set)
    for layout in pages:
        for item in layout.page.images:
            small = item.bbox.area < _SMALL_SHARE * layout.area.area
            # "640x480" is no digest (see `painting`): a large image is not told from others by it.
            if small or len(item.image_key) == _DIGEST_LENGTH:
                places[_place_key(item, layout)] += 1
            if small and len(item.image_key) == _DIGEST_LENGTH:
                keys[item.image_key].add(layout.page_index)
    enough = max(_REPEATS_MIN, min(12, round(_REPEATS_SHARE * len(pages))))
    found: set[_PlaceKey | str] = {key for key, count in places.items() if count >= enough}
    found |= {key for key, on in keys.items() if len(on) >= enough}
    return frozenset(found)


def _page_pictures(
    layout: PageLayout, body: BodyStyle, repeated: frozenset[_PlaceKey | str]
) -> tuple[list[Picture], list[Reject]]:
    page = layout.page
    rejects: list[Reject] = []
    if page.scan_regions:
        regions = [
            Picture(
                layout.page_index,
                r.bbox,
                "photo" if r.photo_score >= 0.5 else "nonphoto",
                "scan",
            )
            for r in page.scan_regions
        ]
        return regions, rejects

    def reject(bbox: Bbox, reason: str, detail: str) -> None:
        number = sum(r.page_index == layout.page_index for r in rejects) + 1
        rejects.append(
            Reject(
                item_id=f"p{layout.page_index:04d}-x{number}",
                stage="regions",
                reason=reason,
                detail=detail,
                page_index=layout.page_index,
                bbox=bbox.rounded(),
            )
        )

    kept: list[ImageObject] = []
    for item in page.images:
        if page.text_source == "ocr" and layout.area.covered_by(item.bbox) >= 0.7:
            continue  # the scan of the page itself
        if _place_key(item, layout) in repeated or item.image_key in repeated:
            reject(item.bbox, "repeated_image", "the same picture returns on other pages")
        elif _is_background(item, layout, body):
            reject(item.bbox, "page_background", "running text is printed over it")
        else:
            kept.append(item)
    groups = _join_tiles(kept)
    pictures: list[Picture] = []
    for group in groups:
        bbox = union_all(item.bbox for item in group)
        if min(bbox.width, bbox.height) < _SMALLEST_SIDE_PT or bbox.area < _SMALLEST_AREA_PT2:
            reject(bbox, "too_small", f"{bbox.width:.0f} x {bbox.height:.0f} pt")
            continue
        pixels = sum(item.width_px * item.height_px for item in group)
        origin = "strips" if len(group) > 1 else "image"
        pictures.append(Picture(layout.page_index, bbox, "photo", origin, pixels))
    pictures = _without_covered(pictures)
    drawings, dropped = _drawings(layout, pictures, body)
    for bbox, reason, detail in dropped:
        reject(bbox, reason, detail)
    return _merge_drawings(layout.page_index, pictures, drawings), rejects


def _is_background(item: ImageObject, layout: PageLayout, body: BodyStyle) -> bool:
    """Whether running text stands on the picture: a tinted page, a cover, a box."""
    over = [line for line in layout.lines if line.bbox.covered_by(item.bbox) > 0.8]
    words = sum(len(line.text.split()) for line in over if line.size_pt <= 2 * body.size_pt)
    dense = sum(line.bbox.area for line in over) > 0.12 * item.bbox.area
    large = layout.area.covered_by(item.bbox) >= _BACKGROUND_SHARE
    return (dense and words > 40) or (large and words > 60)


def _join_tiles(items: Sequence[ImageObject]) -> list[list[ImageObject]]:
    """Group image objects that are strips or tiles of one photograph.

    They touch without a gap, their edges run on, and they have one resolution. Two photographs set
    edge to edge have that too, but then hardly ever the same extent to the tenth of a point on both
    sides of the seam *and* a strip's proportions; see `_is_seam`.
    """
    items = sorted(items, key=lambda item: (item.bbox.y0, item.bbox.x0))
    parent = list(range(len(items)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, a in enumerate(items):
        for j in range(i + 1, len(items)):
            if items[j].bbox.y0 > a.bbox.y1 + _TOUCH_PT:
                break
            if root(i) != root(j) and _is_seam(a, items[j]):
                parent[root(j)] = root(i)
    groups: dict[int, list[ImageObject]] = defaultdict(list)
    for i, item in enumerate(items):
        groups[root(i)].append(item)
    return list(groups.values())


def _scales(item: ImageObject) -> tuple[float, float]:
    box = item.placed_bbox
    a, b, c, d = item.matrix[:4]
    turned = abs(b) + abs(c) > abs(a) + abs(d)
    wide, high = (item.height_px, item.width_px) if turned else (item.width_px, item.height_px)
    return wide / max(box.width, 1e-6), high / max(box.height, 1e-6)


def _is_seam(a: ImageObject, b: ImageObject) -> bool:
    p, q = a.bbox, b.bbox
    stacked = (
        min(abs(p.y1 - q.y0), abs(q.y1 - p.y0)) <= _TOUCH_PT
        and abs(p.x0 - q.x0) <= _EDGE_PT
        and abs(p.x1 - q.x1) <= _EDGE_PT
    )
    beside = (
        min(abs(p.x1 - q.x0), abs(q.x1 - p.x0)) <= _TOUCH_PT
        and abs(p.y0 - q.y0) <= _EDGE_PT
        and abs(p.y1 - q.y1) <= _EDGE_PT
    )
    if not (stacked or beside):
        return False
    (ax, ay), (bx, by) = _scales(a), _scales(b)
    slack_y = max(_SAME_SCALE, 1.5 / min(a.height_px, b.height_px))
    slack_x = max(_SAME_SCALE, 1.5 / min(a.width_px, b.width_px))
    return abs(ax - bx) <= slack_x * max(ax, bx) and abs(ay - by) <= slack_y * max(ay, by)


def _without_covered(pictures: Sequence[Picture]) -> list[Picture]:
    """Leave out what lies inside a larger picture: an inset, a stamp, a mask."""
    kept = []
    for i, picture in enumerate(pictures):
        inside = any(
            j != i
            and picture.bbox.covered_by(other.bbox) > 0.9
            and (other.bbox.area > picture.bbox.area * 1.02 or j > i)
            for j, other in enumerate(pictures)
        )
        if not inside:
            kept.append(picture)
    return kept


# ------------------------------------------------------------------------------ vector drawings


def _drawings(
    layout: PageLayout, pictures: Sequence[Picture], body: BodyStyle
) -> tuple[list[Bbox], list[tuple[Bbox, str, str]]]:
    """Cluster vector paths into drawings; tables, boxes and rules are told apart."""
    paths = _drawn_paths(layout, pictures)
    dropped: list[tuple[Bbox, str, str]] = []
    drawings: list[Bbox] = []
    for cluster in _cluster(paths):
        bbox = union_all(path.bbox for path in cluster)
        if any(bbox.covered_by(p.bbox.expand(3)) > 0.9 for p in pictures):
            continue  # arrows and bars over a photograph
        if len(cluster) < _VECTOR_MIN_PATHS or min(bbox.width, bbox.height) < _VECTOR_MIN_SIDE_PT:
            continue
        inside = [line for line in layout.lines if line.bbox.covered_by(bbox) > 0.6]
        if is_table(cluster, inside, layout, bbox):
            dropped.append((bbox, "table", "ruled rows of text"))
        elif are_ruled_cells(cluster, bbox) and _holds_picture(bbox, pictures):
            dropped.append((bbox, "table", "ruled cells that hold pictures"))
        elif is_text_box(inside, bbox, body):
            dropped.append((bbox, "text_box", "running text in a frame"))
        else:
            labels = [line.bbox for line in layout.lines if _is_lettering(line, bbox, body)]
            drawings.append(union_all([bbox, *labels]))
    return drawings, dropped


def _holds_picture(bbox: Bbox, pictures: Sequence[Picture]) -> bool:
    return any(picture.bbox.covered_by(bbox) > 0.9 for picture in pictures)


def _drawn_paths(layout: PageLayout, pictures: Sequence[Picture]) -> list[PathObject]:
    """The paths that a drawing may consist of: no ornaments, and no rule that stands alone."""
    paths = [path for path in layout.page.paths if not _is_page_ornament(path, layout, pictures)]
    rules = [path for path in paths if _is_long_rule(path, layout)]
    if not rules:
        return paths
    others = [path for path in paths if not _is_long_rule(path, layout)]
    lone = {id(rule) for rule in rules if not _is_axis(rule, others)}
    return [path for path in paths if id(path) not in lone]


def _is_long_rule(path: PathObject, layout: PageLayout) -> bool:
    box = path.bbox
    longest = max(box.width, box.height)
    return min(box.width, box.height) <= 2.0 and longest > 0.45 * layout.area.width


def _is_axis(rule: PathObject, others: Sequence[PathObject]) -> bool:
    """Whether marks or bars stand on a long rule, as on the axis of a chart."""
    x0, y0, x1, y1 = rule.bbox.expand(_TOUCH_RULE_PT)
    standing = 0
    for other in others:
        box = other.bbox
        if box.x0 <= x1 and box.x1 >= x0 and box.y0 <= y1 and box.y1 >= y0:
            standing += 1
            if standing >= TICKS_MIN:
                return True
    return False


def _is_page_ornament(path: PathObject, layout: PageLayout, pictures: Sequence[Picture]) -> bool:
    """Page tints, frames around text or pictures: nothing a drawing consists of."""
    box, area = path.bbox, layout.area
    if area.covered_by(box) > 0.6:
        return True
    if path.fill is not None and path.stroke is None and path.fill >= 0xFDFDFD and box.area > 2000:
        return True  # white paper under something
    if path.shape == "rect" and box.area > 2500:
        words = sum(
            len(line.text.split()) for line in layout.lines if line.bbox.covered_by(box) > 0.8
        )
        if words > 25 or any(p.bbox.covered_by(box.expand(2)) > 0.95 for p in pictures):
            return True
    return False


def _cluster(paths: Sequence[PathObject]) -> list[list[PathObject]]:
    """Group paths that lie within `_VECTOR_JOIN_PT` of one another.

    Boxes are swept from top to bottom into growing groups, so that a chart of thousands of
    strokes costs about their number times the number of drawings on the page.
    """
    groups: list[tuple[Bbox, list[PathObject]]] = []
    for path in sorted(paths, key=lambda p: (p.bbox.y0, p.bbox.x0)):
        box, members = path.bbox, [path]
        near = [g for g in groups if g[0].gap(path.bbox) <= _VECTOR_JOIN_PT]
        for group in near:
            groups.remove(group)
            box = box.union(group[0])
            members = group[1] + members
        groups.append((box, members))
    merged = True
    while merged:
        merged = False
        for i, (a, _) in enumerate(groups):
            for j in range(i + 1, len(groups)):
                if a.gap(groups[j][0]) <= _VECTOR_JOIN_PT:
                    groups[i] = (a.union(groups[j][0]), groups[i][1] + groups[j][1])
                    del groups[j]
                    merged = True
                    break
            if merged:
                break
    return [members for _, members in groups]


def _is_lettering(line: TextLine, bbox: Bbox, body: BodyStyle) -> bool:
    """Axis labels, legends and callouts: short lines that touch the drawing's edge."""
    words = len(line.text.split())
    if words > 8 or body.matches(line) or OTHER_LABEL.match(line.text) or parse_label(line.text):
        return False
    if line.bbox.gap(bbox) > 6:
        return False
    beside = bbox.y0 <= line.bbox.center[1] <= bbox.y1
    callout = beside and words <= 5 and line.bbox.width <= 0.6 * bbox.width
    return callout or line.bbox.covered_by(bbox.expand(14)) > 0.9


def _merge_drawings(
    page_index: int, pictures: Sequence[Picture], drawings: Sequence[Bbox]
) -> list[Picture]:
    """A drawing that holds pictures is one picture with them; others stand alone."""
    result = list(pictures)
    for bbox in drawings:
        inside = [p for p in result if p.bbox.covered_by(bbox.expand(2)) > 0.9]
        if inside and sum(p.bbox.area for p in inside) > 0.5 * bbox.area:
            continue  # frames and marks around photographs
        for picture in inside:
            result.remove(picture)
        result.append(Picture(page_index, bbox, "nonphoto", "vector"))
    return result
