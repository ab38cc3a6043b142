"""Rows become tensors; workers decode pictures ahead of the GPU.

Everything the model needs to know about places is computed here as indices, so that the training
step never asks the device a question.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from mmskin_build.skinvl.pictures import read_pixels
from mmskin_build.skinvl.rows import Row

Batch = dict[str, torch.Tensor]
_AHEAD = 4  # micro batches that each worker prepares


def collate_rows(
    rows: Sequence[Row], pixels: Sequence[torch.Tensor], *, image_id: int, pad_id: int, pad_to: int
) -> Batch:
    """Return rows of one micro batch as tensors, B rows of L tokens.

    Returns:
        `ids`, `positions` (B, L) int64; `pixels` (B, 3, S, S) float32; `picture_index` (B * P),
        flat places of picture tokens; `predict_index`, flat places whose next token is learned, and
        `targets`, those tokens, (N); where rows have branches `mask` (B, 1, L, L) bool, which place
        sees which. Rows without branches need none: they are causal, and padded at the end.
    """
    longest = max(row.length for row in rows)
    length = -(-longest // pad_to) * pad_to
    shape = (len(rows), length)
    ids = np.full(shape, pad_id, dtype=np.int64)
    positions = np.zeros(shape, dtype=np.int64)
    branches = np.full(shape, -1, dtype=np.int64)  # padding sees itself and padding before it
    learned = np.zeros(shape, dtype=np.bool_)
    for at, row in enumerate(rows):
        ids[at, : row.length] = row.ids
        positions[at, : row.length] = row.positions
        branches[at, : row.length] = row.branches
        learned[at, : row.length] = row.learned
    targets = np.flatnonzero(learned)
    batch = {
        "ids": torch.from_numpy(ids),
        "positions": torch.from_numpy(positions),
        "pixels": torch.stack(list(pixels)),
        "picture_index": torch.from_numpy(np.flatnonzero(ids == image_id)),
        "predict_index": torch.from_numpy(targets - 1),
        "targets": torch.from_numpy(ids.reshape(-1)[targets]),
    }
    if branches.max() > 1:
        batch["mask"] = torch.from_numpy(branch_mask(branches))
    return batch


def branch_mask(branches: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
    """Return which place sees which, (B, 1, L, L): what is before it, in the prefix or its branch.

    >>> branch_mask(np.array([[0, 1, 2]]))[0, 0].astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    """
    seen, seer = branches[:, None, None, :], branches[:, None, :, None]
    causal = np.tri(branches.shape[1], dtype=np.bool_)
    mask: np.ndarray[Any, Any] = causal & ((seen == seer) | ((seen == 0) & (seer >= 0)))
    return mask


class MicroBatches(Dataset[Batch]):
    """The micro batches of one process in order, each made when asked for."""

    def __init__(
        self,
        rows: Sequence[Row],
        plan: Sequence[tuple[int, ...]],
        *,
        processor: Any,
        image_id: int,
        pad_id: int,
        pad_to: int,
    ) -> None:
        """Keep what makes a batch out of the indices of `plan`."""
        self._rows, self._plan, self._processor = rows, plan, processor
        self._form = {"image_id": image_id, "pad_id": pad_id, "pad_to": pad_to}

    def __len__(self) -> int:
        """Return the number of micro batches."""
        return len(self._plan)

    def __getitem__(self, index: int) -> Batch:
        """Return one micro batch."""
        rows = [self._rows[at] for at in self._plan[index]]
        pixels = [read_pixels(row.image, self._processor) for row in rows]
        return collate_rows(rows, pixels, **self._form)


def iter_batches(batches: MicroBatches, *, workers: int, pin: bool) -> Iterator[Batch]:
    """Yield the micro batches in order, prepared by `workers` processes (0: in this one).

    There are never more than processors or batches.
    """
    workers = min(workers, os.cpu_count() or 1, len(batches))
    loader: DataLoader[Batch] = DataLoader(
        batches,
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=_AHEAD if workers else None,
        # A fork of a process with other threads, as in flows, may hang, or end with their locks.
        multiprocessing_context="spawn" if workers and threading.active_count() > 1 else None,
    )
    yield from loader
