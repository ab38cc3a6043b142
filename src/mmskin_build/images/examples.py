"""What the model learns from: the features of labelled pictures, never the pictures.

They come from a manifest of one's own pictures, from a person's verdicts in the review, from
pictures drawn by code, and from the shipped model file, which keeps the features that it was
fitted to, so that a few verdicts of one's own add to what is known instead of replacing it.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mmskin_build.decisions import Decision, standing_decisions
from mmskin_build.errors import SchemaError
from mmskin_build.images.augment import augment
from mmskin_build.images.description import describe_picture
from mmskin_build.images.drawn import draw_nonphoto
from mmskin_build.images.drawn_skin import draw_clinical, draw_dermoscopy
from mmskin_build.images.kinds import KINDS
from mmskin_build.images.read import UnreadPicture, read_picture, working_copy
from mmskin_build.store import from_json, storage_errors

RgbImage = NDArray[np.uint8]

DRAWN = "drawn"  # the source of pictures drawn by code; never tested on
CHANGED = 3  # changed copies that are learned from beside each picture
CLOSE = 2  # details of a clinical picture that are learned from beside it, as clinical, too

#: Other words for a kind, as manifests have them.
CLASSES: Mapping[str, str] = {**{kind: kind for kind in KINDS}, "nonphoto": "drawing"}

_DRAWN_COUNTS = {"drawing": 400, "dermoscopic": 480, "clinical": 480}
_SEED = 8
_CLOSE_SEED = 3
_CLOSE_SIDE = (0.3, 0.55)  # of the picture's sides that a detail shows
_STORED = 128  # directions in which examples are stored: those in which they differ most
_STEP = 0.5  # of a stored value, in deviations of one feature; stored in 8 bits
_STORED_LIMIT = 8.0  # deviations beyond which a feature is not stored
_COLUMNS = ("file", "class", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows of features, (examples, features), with what each row is.

    `kinds` are indices into `KINDS`; `plain` is false for changed copies, which are never tested.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float64]
    kinds: NDArray[np.int64]
    sources: tuple[str, ...]
    plain: NDArray[np.bool_]

    def of(self, mask: NDArray[np.bool_]) -> Examples:
        """Return the examples where `mask` is true."""
        return Examples(
            names=self.names,
            rows=self.rows[mask],
            kinds=self.kinds[mask],
            sources=tuple(s for s, kept in zip(self.sources, mask, strict=True) if kept),
            plain=self.plain[mask],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One picture to learn from: its file, one of `KINDS`, and where it comes from."""

    path: Path
    kind: str
    source: str


def join(parts: Sequence[Examples]) -> Examples:
    """Return all examples in one table.

    Raises:
        ValueError: If there are none or their features differ.
    """
    names = {part.names for part in parts}
    if len(names) != 1:
        raise ValueError(f"examples of {len(names)} sets of features cannot be joined")
    return Examples(
        names=names.pop(),
        rows=np.concatenate([part.rows for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        sources=tuple(source for part in parts for source in part.sources),
        plain=np.concatenate([part.plain for part in parts]),
    )


def read_manifest(path: Path) -> tuple[Labelled, ...]:
    """Read a CSV file with the columns file, class, source; files relative to its folder.

    Rows whose class is none of `CLASSES` are left out: manifests serve other ends, too.

    Raises:
        StorageError: If it cannot be read.
        SchemaError: If a column is missing or no row has a known class.
    """
    with storage_errors(path):
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    rows = list(csv.DictReader(text.splitlines()))
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise SchemaError(f"{path}: no column {', '.join(missing)}; it needs file,class,source")
    found = tuple(
        Labelled(
            path=path.parent / str(row["file"]),
            kind=CLASSES[str(row["class"])],
            source=str(row["source"]),
        )
        for row in rows
        if str(row["class"]) in CLASSES and row["file"]
    )
    if not found:
        raise SchemaError(f"{path}: no row has a class of {', '.join(sorted(CLASSES))}")
    return found


def read_decisions(paths: Sequence[Path], pictures: Sequence[Path]) -> tuple[Labelled, ...]:
    """Read a person's verdicts on modality and find the pictures by their digests.

    The verdict that holds counts (`decisions.standing_decisions`); lines that are no decisions are
    passed over. A book is a source: the part of the record's id before the first underscore.

    Args:
        paths: Files of decisions, JSON lines, or folders of them.
        pictures: Folders in which ``<sha256>.png`` are looked for, at any depth.

    Raises:
        StorageError: If a file cannot be read.
        SchemaError: If no decided picture is found.
    """
    files = [f for p in paths for f in (sorted(p.glob("**/*.jsonl")) if p.is_dir() else [p])]
    given = [decision for path in files for decision in _decisions(path)]
    books = {
        decision.book_sha256: decision.record_id.split("_")[0]
        for decision in given
        if decision.record_id and decision.book_sha256
    }
    decided = [
        one.holds for one in standing_decisions(given).values() if one.holds.field == "modality"
    ]
    where = {file.stem: file for folder in pictures for file in sorted(folder.glob("**/*.png"))}
    found = tuple(
        Labelled(
            path=where[decision.image_sha256 or ""],
            kind=CLASSES[decision.value],
            source=books.get(decision.book_sha256 or "") or (decision.book_sha256 or "review")[:12],
        )
        for decision in sorted(decided, key=lambda d: d.image_sha256 or "")
        if decision.image_sha256 in where and decision.value in CLASSES
    )
    if not found:
        folders = ", ".join(str(folder) for folder in pictures)
        raise SchemaError(
            f"{len(decided)} decisions on modality, and none of their pictures in {folders}; "
            "name the folder of the pictures with --pictures-in"
        )
    return found


def _decisions(path: Path) -> Iterator[Decision]:
    with storage_errors(path):
        lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines, start=1):
        with contextlib.suppress(SchemaError):  # `mmskin review status` tells which
            yield from_json(line, Decision, f"{path} line {number}")


def measure_pictures(
    labelled: Sequence[Labelled],
    names: tuple[str, ...],
    *,
    changed: int = CHANGED,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Examples, tuple[str, ...]]:
    """Measure pictures and altered copies of each; also return what could not be read."""
    rows: list[list[float]] = []
    kinds: list[int] = []
    sources: list[str] = []
    plain: list[bool] = []
    unread: list[str] = []
    for number, item in enumerate(labelled):
        found = read_picture(item.path)
        if isinstance(found, UnreadPicture):
            unread.append(f"{item.path}: {found.reason}")
            continue
        for plain_copy, rgb in _versions(found.rgb, number, changed, item.kind):
            rows.append(list(describe_picture(rgb).values()))
            kinds.append(KINDS.index(item.kind))
            sources.append(item.source)
            plain.append(plain_copy)
        progress(number + 1, len(labelled))
    return _examples(names, rows, kinds, sources, plain), tuple(unread)


def _versions(
    rgb: RgbImage, number: int, changed: int, kind: str
) -> Iterator[tuple[bool, RgbImage]]:
    """The picture itself, altered copies of it, and for a clinical one altered details of it."""
    small = working_copy(rgb)
    yield True, small
    for copy in range(1, changed + 1):
        yield False, augment(small, np.random.default_rng([number, copy]))
    for copy in range(CLOSE if changed and kind == "clinical" else 0):
        rng = np.random.default_rng([number, copy, _CLOSE_SEED])
        side = rng.uniform(*_CLOSE_SIDE)
        height, width = (max(1, int(length * side)) for length in rgb.shape[:2])
        top = rng.integers(0, rgb.shape[0] - height + 1)
        left = rng.integers(0, rgb.shape[1] - width + 1)
        detail = np.ascontiguousarray(rgb[top : top + height, left : left + width])
        yield False, augment(working_copy(detail), rng)


def draw_examples(
    names: tuple[str, ...], progress: Callable[[int, int], None] = lambda done, total: None
) -> Examples:
    """Draw and measure pictures of the kinds that can be drawn; every second one is altered."""
    draw = {"drawing": draw_nonphoto, "dermoscopic": draw_dermoscopy, "clinical": draw_clinical}
    rows: list[list[float]] = []
    kinds: list[int] = []
    for kind, count in _DRAWN_COUNTS.items():
        for number in range(count):
            rng = np.random.default_rng([_SEED, KINDS.index(kind), number])
            rgb = draw[kind](rng)
            rgb = augment(rgb, rng) if number % 2 else rgb
            rows.append(list(describe_picture(rgb).values()))
            kinds.append(KINDS.index(kind))
            progress(len(rows), sum(_DRAWN_COUNTS.values()))
    return _examples(names, rows, kinds, [DRAWN] * len(rows), [False] * len(rows))


def _examples(
    names: tuple[str, ...],
    rows: list[list[float]],
    kinds: list[int],
    sources: list[str],
    plain: list[bool],
) -> Examples:
    return Examples(
        names=names,
        rows=np.array(rows, np.float64).reshape(-1, len(names)),
        kinds=np.array(kinds, np.int64),
        sources=tuple(sources),
        plain=np.array(plain, np.bool_),
    )


# -------------------------------------------------------------------------------- in a model file


def pack_examples(examples: Examples) -> dict[str, Any]:
    """Return examples as JSON: 8 bits for each of the main directions, deflated, in base 64."""
    center, scale = np.median(examples.rows, axis=0), examples.rows.std(axis=0) + 1e-6
    near = np.clip((examples.rows - center) / scale, -_STORED_LIMIT, _STORED_LIMIT)
    with threadpool_limits(1):  # the same sums in the same order
        _, main = np.linalg.eigh(near.T @ near)
        basis = main[:, ::-1][:, :_STORED].astype("<f2")
        steps = np.rint(near @ basis.astype(np.float64) / _STEP)
    sources = sorted(set(examples.sources))
    return {
        "sources": sources,
        "source": " ".join(str(sources.index(source)) for source in examples.sources),
        "kind": "".join(str(kind) for kind in examples.kinds),
        "plain": "".join(str(int(plain)) for plain in examples.plain),
        "center": [round(float(value), 6) for value in center],
        "scale": [round(float(value), 6) for value in scale],
        "basis": _pack(np.ascontiguousarray(basis.T)),
        "rows": _pack(np.ascontiguousarray(np.clip(steps, -127, 127).astype(np.int8).T)),
    }


def _pack(table: NDArray[Any]) -> str:
    return base64.b64encode(zlib.compress(table.tobytes(), 9)).decode("ascii")


def _unpack(text: str, kind: str, columns: int) -> NDArray[np.float64]:
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), kind)
    return flat.reshape(-1, columns).astype(np.float64)


def unpack_examples(content: Mapping[str, Any], where: str) -> Examples:
    """Return the examples of a model file's content; `where` names it in messages.

    Raises:
        SchemaError: If they are not as `pack_examples` writes them.
    """
    try:
        packed, names = content["examples"], tuple(content["features"])
        kinds = np.array([int(kind) for kind in packed["kind"]], np.int64)
        sources = tuple(packed["sources"][int(index)] for index in packed["source"].split())
        plain = np.array([mark == "1" for mark in packed["plain"]], np.bool_)
        basis = _unpack(packed["basis"], "<f2", len(names))
        near = np.einsum("kn,kf->nf", _unpack(packed["rows"], "i1", len(kinds)) * _STEP, basis)
        rows = near * np.array(packed["scale"]) + np.array(packed["center"])
        if not len(rows) == len(kinds) == len(sources) == len(plain):
            raise ValueError("their numbers differ")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, zlib.error) as error:
        raise SchemaError(f"{where}: the examples cannot be read: {error}") from None
    return Examples(names=names, rows=rows, kinds=kinds, sources=sources, plain=plain)
