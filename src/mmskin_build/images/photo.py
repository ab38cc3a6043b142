"""Photograph or not: charts, drawings, tables and scans are kept out of the data set.

A photograph here is made by visible light, of a patient, a slide or anything else. X-rays, CT, MRI
and electron micrographs are pictures of another kind and are kept apart, as are photographs that
show no skin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PhotoKind = Literal["skin", "other", "radiology", "drawing"]

_SKIN = ("clinical", "dermoscopic", "pathological")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoVote:
    """`probability` of being a photograph or a micrograph, and the most probable sort."""

    probability: float
    sort: PhotoKind


def classify_photo(kinds: Mapping[str, float]) -> PhotoVote:
    """Tell photographs from the rest, by the probabilities of `kinds.classify_kind`.

    >>> classify_photo({"clinical": 0.5, "dermoscopic": 0.1, "pathological": 0.1, "other": 0.2,
    ...                 "radiology": 0.0, "drawing": 0.1})
    PhotoVote(probability=0.9, sort='skin')
    """
    sorts: dict[PhotoKind, float] = {
        "skin": sum(kinds[name] for name in _SKIN),
        "other": kinds["other"],
        "radiology": kinds["radiology"],
        "drawing": kinds["drawing"],
    }
    best = max(sorts, key=lambda sort: sorts[sort])
    return PhotoVote(probability=round(sorts["skin"] + sorts["other"], 4), sort=best)
