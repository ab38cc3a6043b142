"""How likely a model finds each category's name as the answer to a question on a picture.

A name's score is the mean log probability of the tokens that training would learn of it as an
answer, its end included, so that "melanoma" does not profit from "melanoma metastasis"; it is
averaged over several wordings of the question. All questions and names of a set stand in one row
behind the picture, as a tree: a name sees its question and the picture, a question the picture. So
the picture is read once, each question once, and a name costs its own tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mmskin_build.skinvl.conversation import tokenize_prefix, tokenize_turn
from mmskin_build.skinvl.generate import Answerer
from mmskin_build.skinvl.loss import hidden_states
from mmskin_build.skinvl.pictures import read_pixels

Floats = NDArray[np.float64]

_ROW_TOKENS = 4096  # of a tree; a longer one is cut into several, between names
_BATCH_TOKENS = 16_384  # of all trees that are read at once
_LOGIT_ROWS = 1024  # places whose logits over the vocabulary are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A row of L tokens: the prefix, behind it questions, behind each of them names.

    Attributes:
        ids: (L,).
        positions: (L,), of the rotary embedding.
        mask: (L, L), which place sees which.
        places: (M,), places whose next token belongs to a name.
        targets: (M,), those tokens.
        leaves: (M,), the index of the question times names plus that of the name.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    places: torch.Tensor
    targets: torch.Tensor
    leaves: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Tokens of a tree behind place `after` of segment `parent`."""

    ids: tuple[int, ...]
    learned: tuple[bool, ...]
    parent: int
    leaf: int


def name_scores(
    answerer: Answerer, images: Sequence[Path], questions: Sequence[str], names: Sequence[str]
) -> Floats:
    """Return the score of each name on each picture, (N, K).

    Args:
        answerer: A loaded model.
        images: N picture files.
        questions: Wordings whose scores are averaged, at least one.
        names: K categories.

    Raises:
        TrainingError: If a picture cannot be read.
    """
    trees = build_trees(answerer, questions, names, with_picture=True)
    longest = max(len(tree.ids) for tree in trees)
    batch = max(1, _BATCH_TOKENS // longest)
    parts = []
    for start in range(0, len(images), batch):
        pixels = torch.stack(
            [read_pixels(path, answerer.processor) for path in images[start : start + batch]]
        )
        parts.append(_read_trees(answerer, trees, pixels, len(questions), len(names)))
    found: Floats = np.concatenate(parts) if parts else np.zeros((0, len(names)))
    return found


def prior_scores(answerer: Answerer, questions: Sequence[str], names: Sequence[str]) -> Floats:
    """Return the scores of names without any picture, (K,): what the model would say anyhow."""
    trees = build_trees(answerer, questions, names, with_picture=False)
    found: Floats = _read_trees(answerer, trees, None, len(questions), len(names))[0]
    return found


def build_trees(
    answerer: Answerer, questions: Sequence[str], names: Sequence[str], *, with_picture: bool
) -> tuple[Tree, ...]:
    """Tokenize all questions with all names; one tree, or several of at most `_ROW_TOKENS`."""
    folder = answerer.folder
    patches = folder.patches if with_picture else 0
    prefix = tokenize_prefix(folder.tokenizer, answerer.template, folder.image_id, patches)
    start = _Part(ids=prefix.ids, learned=prefix.learned, parent=-1, leaf=-1)
    trees: list[list[_Part]] = []
    size = _ROW_TOKENS + 1
    for asked, question in enumerate(questions):
        turns = [
            tokenize_turn(folder.tokenizer, answerer.template, question, name) for name in names
        ]
        common = min(turn.learned.index(True) for turn in turns)
        while len({turn.ids[:common] for turn in turns}) > 1:
            common -= 1
        parent = -1
        for at, turn in enumerate(turns):
            own = len(turn.ids) - common
            if parent < 0 or size + own > _ROW_TOKENS:
                if size + common + own > _ROW_TOKENS:
                    trees.append([start])
                    size = len(prefix.ids)
                parent = len(trees[-1])
                trees[-1].append(
                    _Part(ids=turn.ids[:common], learned=(False,) * common, parent=0, leaf=-1)
                )
                size += common
            leaf = asked * len(names) + at
            trees[-1].append(
                _Part(
                    ids=turn.ids[common:], learned=turn.learned[common:], parent=parent, leaf=leaf
                )
            )
            size += own
    return tuple(_lay_out(parts) for parts in trees)


def _lay_out(parts: Sequence[_Part]) -> Tree:
    """Set the parts of a tree into one row."""
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    sees = np.eye(len(parts), dtype=np.bool_)
    first = np.zeros(len(parts), dtype=np.int64)  # position of the first token of each part
    places, targets, leaves = [], [], []
    for number, part in enumerate(parts):
        if part.parent >= 0:
            sees[number] |= sees[part.parent]
            first[number] = first[part.parent] + len(parts[part.parent].ids)
        for at, (token, learned) in enumerate(zip(part.ids, part.learned, strict=True)):
            if learned:
                before = starts[number] + at - 1 if at else starts[part.parent + 1] - 1
                places.append(int(before))
                targets.append(token)
                leaves.append(part.leaf)
    lengths = np.diff(starts)
    owner = np.repeat(np.arange(len(parts)), lengths)
    mask = sees[owner[:, None], owner[None, :]] & np.tri(int(starts[-1]), dtype=np.bool_)
    positions = first[owner] + np.arange(int(starts[-1])) - starts[:-1][owner]
    return Tree(
        ids=torch.tensor([token for part in parts for token in part.ids]),
        positions=torch.from_numpy(positions),
        mask=torch.from_numpy(mask),
        places=torch.tensor(places),
        targets=torch.tensor(targets),
        leaves=torch.tensor(leaves),
    )


def _read_trees(
    answerer: Answerer,
    trees: Sequence[Tree],
    pixels: torch.Tensor | None,
    questions: int,
    names: int,
) -> Floats:
    """Return mean log probabilities, (B, names), averaged over the questions."""
    rows = 1 if pixels is None else len(pixels)
    total: Floats = np.zeros((rows, questions * names))
    count: Floats = np.zeros(questions * names)
    for tree in trees:
        found = _log_probabilities(answerer, tree, pixels, rows)
        leaves = tree.leaves.numpy()
        for row in range(rows):
            total[row] += np.bincount(leaves, found[row], minlength=questions * names)
        count += np.bincount(leaves, minlength=questions * names)
    scores: Floats = (total / count).reshape(rows, questions, names).mean(axis=1)
    return scores


def _log_probabilities(
    answerer: Answerer, tree: Tree, pixels: torch.Tensor | None, rows: int
) -> Floats:
    """Return the log probability of each token of the names, (B, M)."""
    core: Any = answerer.model
    device = core.device
    length = len(tree.ids)
    batch = {
        "ids": tree.ids.expand(rows, length),
        "positions": tree.positions.expand(rows, length),
        "mask": tree.mask.expand(rows, 1, length, length),
    }
    if pixels is not None:
        picture = torch.nonzero(tree.ids == answerer.folder.image_id)[:, 0]
        batch["picture_index"] = (torch.arange(rows)[:, None] * length + picture).flatten()
        batch["pixels"] = pixels
    with torch.inference_mode():
        hidden = hidden_states(core, {name: part.to(device) for name, part in batch.items()})
        picked = hidden[:, tree.places.to(device)].flatten(0, 1)
        wanted = tree.targets.to(device).repeat(rows)
        losses = [
            functional.cross_entropy(
                core.lm_head(picked[at : at + _LOGIT_ROWS]).float(),
                wanted[at : at + _LOGIT_ROWS],
                reduction="none",
            )
            for at in range(0, len(picked), _LOGIT_ROWS)
        ]
    found: Floats = -torch.cat(losses).double().cpu().numpy().reshape(rows, -1)
    return found
