"""How much of a reference an answer repeats: BLEU, METEOR, ROUGE, token recall, BERTScore.

Two presets. ``upstream`` has the definitions of MM-Skin's ``VQA_test.py``: words are what spaces
part, case counts; BLEU of the corpus by nltk with the weights it gives (0.33 three times for
BLEU-3), METEOR by nltk, ROUGE as the F of the package `rouge`, which counts each n-gram once, and
recall of the set of words. ``standard`` has what the field compares by: sacrebleu's tokens (13a,
lower case) for BLEU and METEOR, ROUGE by rouge-score with stems, recall of its words.

An empty text scores 0; upstream's script stops there. METEOR matches synonyms where nltk finds
WordNet (``NLTK_DATA``, ``nltk.download("wordnet")``; no package carries it); elsewhere it matches
words and stems alone and is called ``meteor_exact_stem``.
"""

from __future__ import annotations

import functools
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mmskin_build.errors import MissingDependencyError, ModelError
from mmskin_build.evaluate.intervals import Floats, Statistic

Preset = Literal["standard", "upstream"]
BLEU = ("bleu_1", "bleu_2", "bleu_3", "bleu_4")
_OVERLAPS = ("rouge_1", "rouge_2", "rouge_l", "token_recall")
_BERT = ("bertscore_precision", "bertscore_recall", "bertscore_f1")
PACKAGES = ("bert-score", "nltk", "rouge", "rouge-score", "sacrebleu")
_WEIGHTS: dict[Preset, tuple[tuple[float, ...], ...]] = {
    "standard": tuple((1 / n,) * n for n in range(1, 5)),
    "upstream": ((1.0,), (0.5, 0.5), (0.33, 0.33, 0.33), (0.25,) * 4),
}


@dataclass(frozen=True, slots=True, eq=False)
class TextScores:
    """Each pair's share in the scores of a set.

    `means` is (pairs, names), of which the score is the mean; `counts` is (pairs, 10): n-grams that
    match for n from 1 to 4, n-grams of the answer, words of the answer, words of the reference.
    """

    preset: Preset
    names: tuple[str, ...]
    means: Floats
    counts: Floats

    @property
    def all_names(self) -> tuple[str, ...]:
        """Names of the scores in the order of the statistic's values."""
        return (*BLEU, *self.names)

    def statistic(self, chosen: Sequence[int] | None = None) -> Statistic:
        """Return the statistic of all scores for some of the pairs, by default all."""
        which = np.arange(len(self.means)) if chosen is None else np.asarray(chosen)
        means, counts = self.means[which], self.counts[which]

        def scores(weights: Floats) -> Floats:
            of_means = (weights @ means) / weights.sum(axis=1, keepdims=True)
            return np.concatenate([bleu_of_counts(weights @ counts, self.preset), of_means], axis=1)

        return scores


def bleu_of_counts(counts: Floats, preset: Preset) -> Floats:
    """Return BLEU-1 to 4, (sets, 4), of summed counts, (sets, 10), as in `TextScores`."""
    matches, totals, said, wanted = counts[:, :4], counts[:, 4:8], counts[:, 8], counts[:, 9]
    tiny = sys.float_info.min  # nltk's stand-in for a precision of 0
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(matches > 0, matches / totals, tiny)
        brevity = np.where(said > wanted, 1.0, np.exp(1 - wanted / said))
    logs = np.log(precision)
    columns = []
    for weights in _WEIGHTS[preset]:
        n = len(weights)
        score = brevity * np.exp(logs[:, :n] @ np.asarray(weights))
        whole = matches[:, 0] > 0 if preset == "upstream" else (matches[:, :n] > 0).all(axis=1)
        columns.append(np.where(whole & (said > 0), score, 0.0))
    return np.stack(columns, axis=1)


def score_texts(
    answers: Sequence[str],
    references: Sequence[str],
    *,
    preset: Preset = "standard",
    bert: str | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> TextScores:
    """Score each answer against its reference.

    Args:
        answers: What was said; may be empty.
        references: What is right, in the same order.
        preset: Whose definitions.
        bert: Folder or name of the model for BERTScore; None leaves it out.
        tell: Called with pairs scored and in all.

    Raises:
        MissingDependencyError: If the extra ``evaluate`` is not installed.
        ModelError: If the model for BERTScore cannot be loaded.
    """
    score = _upstream_pair if preset == "upstream" else _standard_pair
    meteor, name = _meteor()
    means, counts = [], []
    for number, (answer, reference) in enumerate(zip(answers, references, strict=True), 1):
        row, tally = score(answer, reference, meteor)
        means.append(row)
        counts.append(tally)
        tell(number, len(answers))
    names: tuple[str, ...] = (name, *_OVERLAPS)
    table = np.asarray(means, np.float64).reshape(len(means), len(names))
    if bert is not None:
        table = np.concatenate([table, bert_scores(answers, references, bert)], axis=1)
        names = (*names, *_BERT)
    return TextScores(preset, names, table, np.asarray(counts, np.float64).reshape(-1, 10))


def bert_scores(answers: Sequence[str], references: Sequence[str], model: str) -> Floats:
    """Return precision, recall and F1 of BERTScore, (pairs, 3); an empty text has 0.

    The layer is the one that the package names for a model of this name, else the last.

    Raises:
        MissingDependencyError: If bert-score is not installed.
        ModelError: If the model cannot be loaded.
    """
    import torch
    from transformers import AutoConfig

    package = _package("bert_score")
    from bert_score.utils import model2layers

    try:
        known = model2layers.get(Path(model).name)
        config = AutoConfig.from_pretrained(model)
        layers = known or config.num_hidden_layers
        device = "cuda" if torch.cuda.is_available() else "cpu"
        scorer = package.BERTScorer(model_type=model, num_layers=layers, device=device)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{model}: cannot be loaded for BERTScore ({str(error).splitlines()[0]}); name a "
            "folder with a model of transformers, for instance bert-base-uncased"
        ) from None
    # A tokenizer that tells no length cuts nothing, and the package hands its "infinity" on.
    longest = getattr(config, "max_position_embeddings", 512)
    scorer._tokenizer.model_max_length = min(scorer._tokenizer.model_max_length, longest)
    found = np.zeros((len(answers), 3))
    both = zip(answers, references, strict=True)
    whole = [at for at, (a, r) in enumerate(both) if a.strip() and r.strip()]
    if whole:
        values = scorer.score([answers[at] for at in whole], [references[at] for at in whole])
        found[whole] = np.stack([value.double().numpy() for value in values], axis=1)
    return found


# --------------------------------------------------------------------------------------- pairs

_Meteor = Callable[[Sequence[str], Sequence[str]], float]
_Pair = tuple[list[float], list[int]]


def _upstream_pair(answer: str, reference: str, meteor: _Meteor) -> _Pair:
    said, wanted = answer.split(), reference.split()
    return [
        meteor(wanted, said),
        *_rouge_by_sets(answer, reference),
        _recall(said, wanted),
    ], _ngram_counts(said, wanted, least=1)


def _rouge_by_sets(answer: str, reference: str) -> tuple[float, ...]:
    try:
        (found,) = _package("rouge").Rouge().get_scores(answer, reference)
    except ValueError:  # a side without a word
        return (0.0, 0.0, 0.0)
    return tuple(float(found[name]["f"]) for name in ("rouge-1", "rouge-2", "rouge-l"))


def _standard_pair(answer: str, reference: str, meteor: _Meteor) -> _Pair:
    tokenize = _sacrebleu_tokenizer()
    said, wanted = (tokenize(text.lower()).split() for text in (answer, reference))
    scorer = _rouge_scorer()
    found = scorer.score(reference, answer)
    words = [scorer._tokenizer.tokenize(text) for text in (answer, reference)]
    return [
        meteor(wanted, said),
        *(float(found[name].fmeasure) for name in ("rouge1", "rouge2", "rougeL")),
        _recall(*words),
    ], _ngram_counts(said, wanted, least=0)


def _ngram_counts(said: Sequence[str], wanted: Sequence[str], *, least: int) -> list[int]:
    """Return the counts of `TextScores`; nltk counts at least 1 n-gram of an answer."""
    matches, totals = [], []
    for n in range(1, 5):
        own = Counter(zip(*(said[at:] for at in range(n)), strict=False))
        right = Counter(zip(*(wanted[at:] for at in range(n)), strict=False))
        matches.append((own & right).total())
        totals.append(max(least, own.total()))
    return [*matches, *totals, len(said), len(wanted)]


def _recall(said: Sequence[str], wanted: Sequence[str]) -> float:
    right = set(wanted)
    return len(right & set(said)) / len(right) if right else 0.0


class _NoSynonyms:
    """Stands in for WordNet where it is not installed."""

    def synsets(self, word: str) -> tuple[()]:
        return ()


@functools.cache
def _meteor() -> tuple[_Meteor, str]:
    """Return METEOR of a reference and an answer in words, and its name."""
    package = _package("nltk.translate.meteor_score")
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
        source, name = wordnet, "meteor"
    except (LookupError, OSError):
        source, name = _NoSynonyms(), "meteor_exact_stem"
    score = package.single_meteor_score

    def meteor(wanted: Sequence[str], said: Sequence[str]) -> float:
        value = float(score(wanted, said, wordnet=source))
        return value if math.isfinite(value) else 0.0

    return meteor, name


@functools.cache
def _sacrebleu_tokenizer() -> Callable[[str], str]:
    _package("sacrebleu")
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    made: Callable[[str], str] = Tokenizer13a()
    return made


@functools.cache
def _rouge_scorer() -> Any:
    kinds = ["rouge1", "rouge2", "rougeL"]
    return _package("rouge_score.rouge_scorer").RougeScorer(kinds, use_stemmer=True)


@functools.cache
def _package(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed; scores need: pip install 'mmskin-build[evaluate]'"
        ) from None
