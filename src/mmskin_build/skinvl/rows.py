"""Questions become rows of tokens.

A `shared` row holds the picture once and after it all questions on it, each a branch: branches see
the prefix and themselves, never each other, and their positions begin where the prefix ends, so
that each question gets what it would get in a row of its own. `separate` rows hold one question,
`dialogue` rows the turns of one entry one after another, as upstream trains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmskin_build.skinvl.conversation import (
    Piece,
    RowForm,
    TemplateName,
    tokenize_prefix,
    tokenize_turn,
)
from mmskin_build.skinvl.examples import Conversation, Problem

Ids = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Tokens on one picture; all arrays have the shape (L,).

    `branches` is 0 in the prefix and counts the branches from 1; `positions` are those of the
    rotary embedding. A learned token is never the first of its branch.
    """

    id: str
    image: Path
    ids: Ids
    positions: Ids
    branches: Ids
    learned: Flags
    questions: int

    @property
    def length(self) -> int:
        """Tokens, those of the picture counted."""
        return len(self.ids)


def build_rows(
    conversations: Sequence[Conversation],
    tokenizer: Any,
    *,
    template: TemplateName,
    form: RowForm,
    image_id: int,
    patches: int,
    max_length: int,
    max_questions: int,
) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Turn conversations into rows of at most `max_length` tokens and `max_questions` questions.

    What does not fit into a row of its own is a problem; nothing is ever cut.

    Returns:
        Rows in the order in which their pictures first occur, and what is too long.
    """
    prefix = tokenize_prefix(tokenizer, template, image_id, patches)
    room = max_length - len(prefix.ids)
    units: dict[tuple[Path, int], list[tuple[str, tuple[Piece, ...]]]] = {}
    problems: list[Problem] = []
    for number, talk in enumerate(conversations):
        key = (talk.image, 0 if form == "shared" else number)
        for name, pieces in _cut_talk(talk, tokenizer, template, form):
            size = sum(len(piece.ids) for piece in pieces)
            if size > room:
                detail = f"{len(prefix.ids) + size} tokens, {max_length} are allowed"
                problems.append(Problem(id=name, reason="row_too_long", detail=detail))
            else:
                units.setdefault(key, []).append((name, pieces))
    rows: list[Row] = []
    for (image, _), parts in units.items():
        if form == "dialogue":
            rows += [_dialogue_row(name, image, prefix, pieces) for name, pieces in parts]
            continue
        branches = [(name, piece) for name, (piece,) in parts]
        for group in _fill(branches, room, max_questions if form == "shared" else 1):
            rows.append(_branched_row(image, prefix, group))
    return tuple(rows), tuple(problems)


def _cut_talk(
    talk: Conversation, tokenizer: Any, template: TemplateName, form: RowForm
) -> list[tuple[str, tuple[Piece, ...]]]:
    """Return what may not be parted: each question, or in a dialogue all turns."""
    if form == "dialogue":
        turns = enumerate(talk.turns)
        pieces = (tokenize_turn(tokenizer, template, q, a, first=n == 0) for n, (q, a) in turns)
        return [(talk.id, tuple(pieces))]
    names = (
        [talk.id]
        if len(talk.turns) == 1
        else [f"{talk.id}#{n + 1}" for n in range(len(talk.turns))]
    )
    return [
        (name, (tokenize_turn(tokenizer, template, question, answer),))
        for name, (question, answer) in zip(names, talk.turns, strict=True)
    ]


def _fill(
    branches: Sequence[tuple[str, Piece]], room: int, most: int
) -> list[list[tuple[str, Piece]]]:
    """Put branches into rows in their order, a new row where the last is full."""
    groups: list[list[tuple[str, Piece]]] = []
    left = 0
    for name, piece in branches:
        if not groups or len(piece.ids) > left or len(groups[-1]) >= most:
            groups.append([])
            left = room
        groups[-1].append((name, piece))
        left -= len(piece.ids)
    return groups


def _branched_row(image: Path, prefix: Piece, branches: Sequence[tuple[str, Piece]]) -> Row:
    start = len(prefix.ids)
    pieces = [piece for _, piece in branches]
    sizes = [len(piece.ids) for piece in pieces]
    return Row(
        id=branches[0][0],
        image=image,
        ids=_ids(prefix.ids, *(piece.ids for piece in pieces)),
        positions=_ids(range(start), *(range(start, start + size) for size in sizes)),
        branches=np.repeat(np.arange(len(sizes) + 1, dtype=np.int32), [start, *sizes]),
        learned=_flags(prefix.learned, *(piece.learned for piece in pieces)),
        questions=len(branches),
    )


def _dialogue_row(name: str, image: Path, prefix: Piece, pieces: Sequence[Piece]) -> Row:
    ids = _ids(prefix.ids, *(piece.ids for piece in pieces))
    branches = np.ones(len(ids), dtype=np.int32)
    branches[: len(prefix.ids)] = 0
    return Row(
        id=name,
        image=image,
        ids=ids,
        positions=np.arange(len(ids), dtype=np.int32),
        branches=branches,
        learned=_flags(prefix.learned, *(piece.learned for piece in pieces)),
        questions=len(pieces),
    )


def _ids(*parts: Sequence[int] | range) -> Ids:
    return np.concatenate([np.asarray(part, dtype=np.int32) for part in parts])


def _flags(*parts: Sequence[bool]) -> Flags:
    return np.concatenate([np.asarray(part, dtype=np.bool_) for part in parts])
