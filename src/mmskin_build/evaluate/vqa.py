"""Score answers to questions on pictures: overlap, judgments, by group, beside two guessers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mmskin_build.evaluate.answers import JUDGMENTS, judge_answers, judgment_statistic
from mmskin_build.evaluate.intervals import Floats, Statistic, find_intervals
from mmskin_build.evaluate.predictions import Prediction
from mmskin_build.evaluate.results import Group, Score, score_of
from mmskin_build.evaluate.test_sets import TestSet
from mmskin_build.evaluate.text_metrics import Preset, TextScores, score_texts

#: What scores are told apart by, and how it is read from an item.
GROUPINGS: dict[str, Callable[[Prediction], str | None]] = {
    "modality": lambda item: item.modality,
    "kind": lambda item: item.kind,
    "book": lambda item: item.book,
    "skin_type": lambda item: item.subgroup.skin_type,
    "age_group": lambda item: item.subgroup.age_group,
    "sex": lambda item: item.subgroup.sex,
}
MAJORITY, NEAREST = "majority answer", "nearest question"


class Scored:
    """Each item's share in every score of a set of answers: what intervals and comparisons need."""

    def __init__(self, texts: TextScores, judged: Floats) -> None:
        """Keep what `score_texts` and `judge_answers` found."""
        self._texts, self._judged = texts, judged
        self.names = (*texts.all_names, *JUDGMENTS)

    def statistic(self, chosen: Sequence[int]) -> Statistic:
        """Return the statistic of all scores for some of the items."""
        overlap = self._texts.statistic(chosen)
        shares = judgment_statistic(self._judged[np.asarray(chosen)])
        return lambda weights: np.concatenate([overlap(weights), shares(weights)], axis=1)


def score_items(
    items: Sequence[Prediction],
    captions: Mapping[str, str],
    *,
    preset: Preset = "standard",
    bert: str | None = None,
) -> Scored:
    """Score every answer."""
    texts = score_texts(
        [item.prediction for item in items], [item.reference for item in items],
        preset=preset, bert=bert,
    )  # fmt: skip
    return Scored(texts, judge_answers(items, captions))


def score_groups(
    items: Sequence[Prediction], scored: Scored, *, seed: int = 0
) -> tuple[Group, ...]:
    """Return the scores of all items, of other books if there are several, and of every group.

    Scores that apply to no item of a group are left out.
    """
    everything = list(range(len(items)))
    groups = [Group(by="all", value="", scores=_scores(items, everything, scored, seed))]
    books = [item.book for item in items]
    if None not in books and len(set(books)) > 1:
        groups.append(
            Group(
                by="all, for other books", value="",
                scores=_scores(items, everything, scored, seed, outer=[str(b) for b in books]),
            )
        )  # fmt: skip
    for name, value, chosen in find_groups(items):
        groups.append(Group(by=name, value=value, scores=_scores(items, chosen, scored, seed)))
    return tuple(groups)


def find_groups(items: Sequence[Prediction]) -> tuple[tuple[str, str, list[int]], ...]:
    """Return field, value and places of every group of items, in order."""
    found = []
    for name, read in GROUPINGS.items():
        places: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(items):
            value = read(item)
            if value is not None:
                places[value].append(at)
        found += [(name, value, places[value]) for value in sorted(places)]
    return tuple(found)


def _scores(
    items: Sequence[Prediction], chosen: Sequence[int], scored: Scored, seed: int,
    outer: Sequence[str] | None = None,
) -> tuple[Score, ...]:  # fmt: skip
    clusters = [items[at].cluster for at in chosen]
    found = find_intervals(scored.statistic(chosen), clusters, outer=outer, seed=seed)
    return tuple(
        score_of(name, interval)
        for name, interval in zip(scored.names, found, strict=True)
        if interval.value == interval.value
    )


def guess_answers(test: TestSet) -> dict[str, tuple[Prediction, ...]]:
    """Answer the test set without a look at the pictures, by what the training side says.

    The majority guesser gives the most frequent answer to a kind of question; the nearest one the
    answer to the training question with the most similar words (TF-IDF, cosine), the most frequent
    of several. Empty where there is no training side.
    """
    if not test.train:
        return {}
    by_kind: dict[str | None, Counter[str]] = defaultdict(Counter)
    by_question: dict[str, Counter[str]] = defaultdict(Counter)
    for item in test.train:
        by_kind[item.kind][item.reference] += 1
        by_kind[None][item.reference] += 1
        by_question[item.question][item.reference] += 1
    majority = [
        replace(item, prediction=_most(by_kind.get(item.kind) or by_kind[None]))
        for item in test.items
    ]
    known = sorted(by_question)
    nearest = _nearest([item.question for item in test.items], known)
    retrieved = [
        replace(item, prediction=_most(by_question[known[at]]))
        for item, at in zip(test.items, nearest, strict=True)
    ]
    return {MAJORITY: tuple(majority), NEAREST: tuple(retrieved)}


def _nearest(asked: Sequence[str], known: Sequence[str]) -> list[int]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    made = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")
    learned = made.fit_transform(known)
    block = 256  # questions compared at once, so that memory stays small
    found: list[int] = []
    for start in range(0, len(asked), block):
        alike = made.transform(asked[start : start + block]) @ learned.T
        found += np.asarray(alike.todense()).argmax(axis=1).tolist()
    return found


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda answer: (-counts[answer], answer))
