"""How well confidence tells right from wrong, on documents that the model was not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from mmskin_build.calibrate.examples import Example, Half, examples_of
from mmskin_build.calibrate.fit import fit_model
from mmskin_build.calibrate.labelled import LabelledBook
from mmskin_build.calibrate.spoil import neighbors, swap_captions
from mmskin_build.config import FiguresConfig
from mmskin_build.figures.book import align_book
from mmskin_build.figures.confidence import Model, pair_features
from mmskin_build.figures.facts import PairFacts
from mmskin_build.figures.ledger import figure_ledger

BINS = 10
SURE = 0.9  # as `FiguresConfig.doubtful_below`
FOLDS = 8
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the confidence of `count` results compares with what was right.

    `error` is the expected calibration error over ten bins of equal width, `sure` the share of
    results with confidence >= 0.9, `precision` the share of those that is right, all in [0, 1].
    """

    count: int
    right: float
    error: float
    sure: float
    precision: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaps:
    """How many swaps of two captions were made, and how many the ledger or a doubt tells."""

    made: int
    told_by_order: int
    told_by_doubt: int
    told: int


def calibration(confidence: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Compare confidences with what was right.

    >>> calibration([0.95, 0.95, 0.25, 0.25], [True, True, False, False]).error
    0.15
    """
    p = np.array(confidence, dtype=np.float64)
    y = np.array(right, dtype=np.float64)
    if not p.size:
        return Calibration(count=0, right=0.0, error=0.0, sure=0.0, precision=0.0)
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    error = sum(abs(float(p[bins == b].sum() - y[bins == b].sum())) for b in range(BINS)) / len(p)
    sure = p >= SURE
    return Calibration(
        count=len(p),
        right=round(float(y.mean()), _DIGITS),
        error=round(error, _DIGITS),
        sure=round(float(sure.mean()), _DIGITS),
        precision=round(float(y[sure].mean()), _DIGITS) if sure.any() else 0.0,
    )


def held_out_models(
    half: Half, examples: Sequence[Example], folds: int = FOLDS
) -> dict[str, Model]:
    """Return for each document a model that was fitted without it.

    Documents are dealt to `folds` folds (one each, where they are fewer); a fold's documents are
    left out together.

    Raises:
        ValueError: If there is one document only, or too few examples to fit.
    """
    mine = [e for e in examples if e.half == half]
    documents: NDArray[np.str_] = np.array([e.document for e in mine])
    models: dict[str, Model] = {}
    dealt = GroupKFold(min(folds, len(set(documents.tolist()))))
    for train, test in dealt.split(documents, groups=documents):
        model = fit_model(half, [mine[i] for i in train])
        models |= {str(document): model for document in np.unique(documents[test])}
    return dict(sorted(models.items()))


def judge_examples(
    examples: Iterable[Example], model_of: Callable[[str], Model]
) -> tuple[list[float], list[bool]]:
    """Return confidence and truth of each example, by the model for its document."""
    judged = [(model_of(e.document).probability(e.features), e.right) for e in examples]
    return [confidence for confidence, _ in judged], [right for _, right in judged]


def measure_swaps(
    books: Sequence[LabelledBook],
    model_of: Callable[[str], Model],
    cfg: FiguresConfig,
    each: int,
) -> Swaps:
    """Swap the captions of two neighboring figures, one pair at a time, and see whether it tells.

    A swap counts as made where alignment then gives a picture the wrong caption. It is told where a
    figure with a wrong caption is out of order in the ledger or has a confidence below 0.9.

    Args:
        books: Unspoiled books.
        model_of: The model for a document, fitted without it.
        cfg: Settings of alignment.
        each: Swaps a book at most, spread over it.
    """
    made = by_order = by_doubt = told = 0
    for book in books:
        everywhere = range(len(book.figures))
        pairs = sorted({p for i in everywhere for p in neighbors(book, [i])})
        step = max(1, len(pairs) // each)
        for first, _ in pairs[::step][:each]:
            swapped = swap_captions(book, [first], np.random.default_rng(0))
            wrong = {
                e.figure_id for e in examples_of(swapped, cfg) if e.half == "pair" and not e.right
            }
            if not wrong:
                continue
            found = align_book(swapped.pages, cfg)
            broken = {
                figure_id
                for gap in figure_ledger(found.figures)
                if gap.kind == "out_of_order"
                for figure_id in gap.figure_ids
            }
            model = model_of(book.document)
            doubtful = {
                figure_id
                for figure_id in wrong
                if isinstance(facts := found.facts[figure_id], PairFacts)
                and model.probability(pair_features(facts)) < SURE
            }
            made += 1
            by_order += bool(broken & wrong)
            by_doubt += bool(doubtful)
            told += bool(broken & wrong or doubtful)
    return Swaps(made=made, told_by_order=by_order, told_by_doubt=by_doubt, told=told)
