"""Which records belong together, across all books: panels of a figure and near duplicates.

A group must not be spread over training and test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mmskin_build.dataset.summary import natural_order
from mmskin_build.records import Record


def join_groups(records: Sequence[Record], same_picture: Mapping[str, str]) -> tuple[Record, ...]:
    """Give all records of one figure, and of figures that share a picture, one `group_id`.

    It is the first of the joined groups' own ids in natural order, so that a group keeps its name
    when pictures of a later book join it.

    Args:
        records: The records of all books, each with its figure's own `group_id`; any order.
        same_picture: `image_sha256` to the representative of its near duplicates; a picture that
            is missing stands for itself.

    Returns:
        The records in the order given.
    """
    names = sorted({record.group_id for record in records}, key=natural_order)
    pictures = sorted(
        {same_picture.get(record.image_sha256, record.image_sha256) for record in records}
    )
    place = {name: number for number, name in enumerate(names)}
    picture_place = {name: len(names) + number for number, name in enumerate(pictures)}
    ties = [
        (
            place[record.group_id],
            picture_place[same_picture.get(record.image_sha256, record.image_sha256)],
        )
        for record in records
    ]
    if not ties:
        return ()
    rows, columns = zip(*ties, strict=True)
    size = len(names) + len(pictures)
    graph = coo_matrix((np.ones(len(ties), np.int8), (rows, columns)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    first: dict[int, str] = {}
    for name in names:  # in natural order, so the first one stays
        first.setdefault(int(component[place[name]]), name)
    return tuple(
        dataclasses.replace(record, group_id=first[int(component[place[record.group_id]])])
        for record in records
    )
