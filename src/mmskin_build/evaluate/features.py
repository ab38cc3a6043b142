"""Features of pictures: what the projector makes of them, written once and mapped from then on.

A picture's features are the mean over its patches of what the decoder sees, as in MM-Skin's
supervised test. They are kept in blocks of rows, ``blocks/<sha256 of its bytes>.npy``, and
``index.jsonl`` says which pictures, by the sha256 of their files, are the rows of each block. A
block is written whole before the index names it, so a run that was stopped goes on behind its last
block; a block whose bytes are not its name is left aside, and its rows are made again. A folder
belongs to one model with its adapter, one geometry and one arithmetic.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mmskin_build.errors import SchemaError
from mmskin_build.images.read import UnreadPicture, read_picture
from mmskin_build.skinvl.generate import Answerer
from mmskin_build.skinvl.loss import picture_features
from mmskin_build.skinvl.pictures import prepare_pixels
from mmskin_build.skinvl.weights import fingerprint
from mmskin_build.store import append_lines, file_sha256, from_json, to_json, write_bytes

Rows = NDArray[np.float32]
Tell = Callable[[int, int], None]

_BATCH = 16  # pictures that go through the tower at once
_BLOCK = 256  # rows of a block, the most that a stopped run loses
_BLOCKS, _INDEX = "blocks", "index.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Features by the sha256 of the picture's file; `unread` says why a picture has none."""

    rows: Mapping[str, Rows]  # (D,) each, views of the mapped blocks
    unread: Mapping[str, str]
    made: int  # rows that were not there
    damaged: int  # blocks that were left aside

    def of(self, pictures: Sequence[str]) -> Rows:
        """Return the features of pictures that have some, (N, D)."""
        return np.stack([self.rows[name] for name in pictures])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    block: str
    pictures: tuple[str, ...]


def feature_folder(folder: Path, answerer: Answerer) -> Path:
    """Return where in `folder` the features of a model lie, by model, geometry and arithmetic."""
    told = [
        fingerprint(answerer.folder.folder),
        answerer.identity,
        answerer.geometry,
        str(answerer.model.dtype),
    ]
    return folder / hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]


def extract_features(
    answerer: Answerer,
    paths: Sequence[Path],
    folder: Path,
    *,
    tell: Tell = lambda done, total: None,
) -> tuple[Features, tuple[str, ...]]:
    """Return the features of pictures, computing those that `folder` does not have.

    A row depends neither on the pictures beside it nor on where a run was stopped: batches always
    have the same size.

    Args:
        answerer: A loaded model.
        paths: Picture files, in any order, the same one more than once if need be.
        folder: From `feature_folder`.
        tell: Called with pictures that have features, and all.

    Returns:
        The features, and for each of `paths` the sha256 by which it is found there.

    Raises:
        StorageError: If a picture's file cannot be read, or the folder cannot be written.
    """
    digests = tuple(file_sha256(path) for path in paths)
    places = dict(zip(digests, paths, strict=True))
    kept, damaged = read_features(folder)
    missing = sorted(set(places) - set(kept))
    unread: dict[str, str] = {}
    tell(len(places) - len(missing), len(places))
    for start in range(0, len(missing), _BLOCK):
        names: list[str] = []
        parts: list[Rows] = []
        block = missing[start : start + _BLOCK]
        for at in range(0, len(block), _BATCH):
            batch = block[at : at + _BATCH]
            read, rows = _pool(answerer, batch, places, unread)
            if read:
                names += read
                parts.append(rows)
            tell(len(places) - len(missing) + start + at + len(batch), len(places))
        if names:
            _write_block(folder, names, np.concatenate(parts))
    if missing:
        kept, _ = read_features(folder)
    rows_of = {name: kept[name] for name in places if name in kept}
    found = Features(rows=rows_of, unread=unread, made=len(missing) - len(unread), damaged=damaged)
    return found, digests


def read_features(folder: Path) -> tuple[dict[str, Rows], int]:
    """Return all features of a folder as views of its mapped blocks, and how many were damaged."""
    found: dict[str, Rows] = {}
    damaged = 0
    index = folder / _INDEX
    for line in index.read_bytes().split(b"\n") if index.is_file() else ():
        try:
            entry = from_json(line, _Block)
        except SchemaError:
            continue  # the line that was being written, or the empty end
        path = folder / _BLOCKS / f"{entry.block}.npy"
        if not path.is_file() or file_sha256(path) != entry.block:
            damaged += 1
            continue
        rows: Rows = np.load(path, mmap_mode="r")
        found.update(zip(entry.pictures, rows, strict=True))
    return found, damaged


def _write_block(folder: Path, names: Sequence[str], rows: Rows) -> None:
    content = io.BytesIO()
    np.save(content, rows)
    block = hashlib.sha256(content.getvalue()).hexdigest()
    write_bytes(folder / _BLOCKS / f"{block}.npy", content.getvalue())
    line = to_json(_Block(block=block, pictures=tuple(names))) + b"\n"
    append_lines(folder / _INDEX, line)


def _pool(
    answerer: Answerer, batch: Sequence[str], places: Mapping[str, Path], unread: dict[str, str]
) -> tuple[list[str], Rows]:
    """Return the pictures of a batch that can be read, and their features, (N, D) float32."""
    names, pixels = [], []
    for name in batch:
        found = read_picture(places[name])
        if isinstance(found, UnreadPicture):
            unread[name] = found.reason
            continue
        names.append(name)
        pixels.append(prepare_pixels(found.rgb, answerer.processor))
    if not names:
        return [], np.zeros((0, 0), np.float32)
    # A batch of another size would take other kernels, whose sums differ in the last digits.
    full = torch.stack([*pixels, *[pixels[-1]] * (_BATCH - len(pixels))])
    with torch.inference_mode():
        seen = picture_features(answerer.model, full.to(answerer.model.device))
        pooled = seen.float().mean(dim=1)[: len(names)]
    return names, pooled.cpu().numpy()
