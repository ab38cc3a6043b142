"""Which records belong together, across all books: panels of a figure, near duplicates, captions.

A group must not be spread over training and test. A caption that stands twice would tell a model in
training what it is asked in the test, so records that share one belong together as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mmskin_build.dataset.summary import natural_order
from mmskin_build.records import Record

# A caption that is shorter names a disease or a stain, which many unlike pictures have in common.
MIN_CAPTION_LENGTH = 40


def caption_keys(record: Record) -> tuple[str, ...]:
    """Return the captions of a record that no other side may have, letter case and spaces aside."""
    keys = dict.fromkeys(map(_caption_key, (record.caption, record.figure_caption)))
    return tuple(key for key in keys if len(key) >= MIN_CAPTION_LENGTH)


def _caption_key(text: str) -> str:
    return " ".join(text.casefold().split())


def join_groups(records: Sequence[Record], same_picture: Mapping[str, str]) -> tuple[Record, ...]:
    """Give all records of a figure, and of figures that share a picture or caption, one `group_id`.

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
    place = {name: number for number, name in enumerate(names)}
    shared: dict[tuple[str, str], int] = {}  # pictures and captions, after the groups
    ties = [
        (place[record.group_id], shared.setdefault(key, len(names) + len(shared)))
        for record in records
        for key in (
            ("picture", same_picture.get(record.image_sha256, record.image_sha256)),
            *(("caption", text) for text in caption_keys(record)),
        )
    ]
    if not ties:
        return ()
    rows, columns = zip(*ties, strict=True)
    size = len(names) + len(shared)
    graph = coo_matrix((np.ones(len(ties), np.int8), (rows, columns)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    first: dict[int, str] = {}
    for name in names:  # in natural order, so the first one stays
        first.setdefault(int(component[place[name]]), name)
    return tuple(
        dataclasses.replace(record, group_id=first[int(component[place[record.group_id]])])
        for record in records
    )
