"""Distances on a plate of drawings are those to the nearest pixel, asked at outlines alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmskin_build.figures.drawings import _boxes_of, _distances, _Ink, _pixel_distances


def blobs(seed: int) -> np.ndarray:
    """Labels ``(H, W)`` of discs and bars, some filled to the edge of the plate."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((120, 160), np.uint8)
    for _ in range(9):
        x, y = int(rng.integers(0, 160)), int(rng.integers(0, 120))
        cv2.circle(ink, (x, y), int(rng.integers(1, 14)), 1, -1)
    return np.asarray(cv2.connectedComponents(ink)[1], np.int32)


@pytest.mark.parametrize("seed", range(8))
def test_distances_are_those_to_the_nearest_pixel(seed: int) -> None:
    labels = blobs(seed)
    count = int(labels.max()) + 1
    drawn = _Ink.of(labels)
    boxes = _boxes_of(drawn, count)
    y, x = np.indices(labels.shape)
    mark = np.array([40.0, 50.0, 52.0, 63.0])
    to_mark = np.hypot(
        np.maximum(np.maximum(mark[0] - x, x - mark[2]), 0),
        np.maximum(np.maximum(mark[1] - y, y - mark[3]), 0),
    )
    found = _distances(drawn, count, mark)
    for part in range(1, count):
        rows, columns = np.nonzero(labels == part)
        assert boxes[part].tolist() == [
            columns.min(),
            rows.min(),
            columns.max() + 1,
            rows.max() + 1,
        ]
        assert found[part] == pytest.approx(to_mark[labels == part].min())
        field = cv2.distanceTransform((labels != part).astype(np.uint8), cv2.DIST_L2, 3)
        least = np.array([field[labels == other].min() for other in range(1, count)])
        near = _pixel_distances(drawn, boxes, part, 30.0)[1:]
        assert near[least <= 30] == pytest.approx(least[least <= 30])
        assert (near[least > 30] > 30).all()
