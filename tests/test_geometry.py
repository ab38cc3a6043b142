"""Boxes behave like areas on paper, whatever their numbers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.geometry import (
    Bbox,
    iou,
    pt_to_px,
    px_to_pt,
    turn_back,
    turn_upright,
    union_all,
)
from mmskin_build.records import Panel
from mmskin_build.store import from_json, to_json

PAGE = (612.0, 792.0)
coordinate = st.floats(-2000, 2000, allow_nan=False).map(lambda value: round(value, 3))
directions = st.sampled_from([0, 90, 180, 270])


@st.composite
def boxes(draw: st.DrawFn) -> Bbox:
    x0, x1 = sorted((draw(coordinate), draw(coordinate)))
    y0, y1 = sorted((draw(coordinate), draw(coordinate)))
    return Bbox(x0, y0, x1, y1)


@given(boxes(), boxes())
def test_iou_is_symmetric_and_a_share(a: Bbox, b: Bbox) -> None:
    assert iou(a, b) == iou(b, a)
    assert 0.0 <= iou(a, b) <= 1.0


@given(boxes())
def test_iou_with_itself_is_one_unless_there_is_nothing(box: Bbox) -> None:
    assert iou(box, box) == (0.0 if box.is_empty else 1.0)


@given(boxes(), boxes())
def test_boxes_apart_have_no_iou(a: Bbox, b: Bbox) -> None:
    if a.gap(b) > 0:
        assert iou(a, b) == 0.0
        assert a.intersect(b).area == 0.0
        assert a.covered_by(b) == 0.0


@given(boxes(), boxes())
def test_the_common_part_lies_inside_both_where_there_is_one(a: Bbox, b: Bbox) -> None:
    common = a.intersect(b)
    if common.area > 0:
        assert a.contains(common)
        assert b.contains(common)
    assert common.area <= min(a.area, b.area)
    assert common.area == b.intersect(a).area


@given(boxes(), boxes())
def test_the_union_contains_both_and_no_more_than_it_must(a: Bbox, b: Bbox) -> None:
    whole = a.union(b)
    assert whole.contains(a)
    assert whole.contains(b)
    assert whole == b.union(a)
    assert all(side in (*a, *b) for side in whole)


@given(st.lists(boxes(), min_size=1, max_size=6))
def test_the_union_of_many_contains_each(many: list[Bbox]) -> None:
    whole = union_all(many)
    assert all(whole.contains(box) for box in many)


def test_no_box_has_no_union() -> None:
    with pytest.raises(ValueError, match="no boxes"):
        union_all([])


@given(st.integers(0, 20_000), st.floats(36, 2400))
def test_a_pixel_comes_back_from_points_to_within_half_a_pixel(pixel: int, dpi: float) -> None:
    assert abs(pt_to_px(px_to_pt(pixel, dpi), dpi) - pixel) < 0.5


@given(st.floats(0, 14_400), st.floats(36, 2400))
def test_a_point_rounded_to_a_pixel_moves_by_half_a_pixel_at_most(at_pt: float, dpi: float) -> None:
    back_pt = px_to_pt(round(pt_to_px(at_pt, dpi)), dpi)
    assert abs(pt_to_px(back_pt - at_pt, dpi)) <= 0.5 + 1e-6


def test_a_point_is_a_72nd_of_an_inch() -> None:
    assert pt_to_px(72, 300) == 300
    assert px_to_pt(150, 300) == 36


@given(boxes(), directions)
def test_turning_back_undoes_turning_upright(box: Bbox, direction: int) -> None:
    turned = turn_upright(box, direction, *PAGE)
    assert turn_back(turned, direction, *PAGE) == pytest.approx(box)
    assert turned.area == pytest.approx(box.area, abs=1e-3)


@pytest.mark.parametrize(
    ("direction", "first", "second"),
    [
        (0, Bbox(100, 100, 200, 110), Bbox(100, 112, 200, 122)),
        (90, Bbox(100, 300, 110, 400), Bbox(112, 300, 122, 400)),  # read bottom to top
        (180, Bbox(100, 112, 200, 122), Bbox(100, 100, 200, 110)),
        (270, Bbox(112, 300, 122, 400), Bbox(100, 300, 110, 400)),  # read top to bottom
    ],
)
def test_upright_the_second_line_of_a_text_stands_below_the_first(
    direction: int, first: Bbox, second: Bbox
) -> None:
    above, below = (turn_upright(box, direction, *PAGE) for box in (first, second))
    assert below.y0 >= above.y1
    assert (above.x0, above.x1) == (below.x0, below.x1)
    assert above.width == 100


@given(boxes())
def test_json_keeps_a_box_as_a_list_of_four(box: Bbox) -> None:
    panel = Panel(bbox=box)
    data = json.loads(to_json(panel))
    assert data["bbox"] == [box.x0, box.y0, box.x1, box.y1]
    assert from_json(to_json(panel), Panel) == panel


@given(boxes())
def test_rounding_moves_no_side_by_more_than_half_a_hundredth(box: Bbox) -> None:
    for rounded, exact in zip(box.rounded(), box, strict=True):
        assert abs(rounded - exact) <= 0.005 + 1e-9
    assert "-0.0" not in str(Bbox(-0.001, -0.0, 0.001, 0.0).rounded())


@given(boxes(), boxes())
def test_the_gap_is_zero_exactly_where_boxes_meet(a: Bbox, b: Bbox) -> None:
    apart = a.x1 < b.x0 or b.x1 < a.x0 or a.y1 < b.y0 or b.y1 < a.y0
    assert (a.gap(b) > 0) == apart
    assert a.gap(b) == b.gap(a)


def test_the_gap_is_the_shortest_way() -> None:
    assert Bbox(0, 0, 10, 10).gap(Bbox(13, 14, 20, 20)) == 5
    assert Bbox(0, 0, 10, 10).gap(Bbox(13, 2, 20, 20)) == 3
