"""Scores of texts equal those of the reference packages; what overlap hides is seen."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from mmskin_build.evaluate.answers import JUDGMENTS, judge_answer, matches_closed
from mmskin_build.evaluate.predictions import Prediction

nltk_bleu = pytest.importorskip("nltk.translate.bleu_score")
rouge = pytest.importorskip("rouge")
rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
sacrebleu = pytest.importorskip("sacrebleu")

from mmskin_build.evaluate.text_metrics import score_texts  # noqa: E402

WORDS = [
    *("The", "the", "lesion", "plaques", "plaque", "shows", "scaly,", "scale.", "red", "on"),
    *("trunk", "élevé", "皮疹", "naïve", "β", "2.5", "mm", "well-defined", "It's", "border"),
    *("running", "ran", "Nodule", "nodules", ".", "-", "and", "with", "of"),
]


def text_pairs(number: int = 500) -> tuple[list[str], list[str]]:
    chance = random.Random(1)
    answers, references = [], []
    for _ in range(number):
        right = [chance.choice(WORDS) for _ in range(chance.choice((1, 2, 5, 12, 30)))]
        said = [w if chance.random() < 0.6 else chance.choice(WORDS) for w in right]
        said = said[: chance.choice((1, len(said), len(said)))]
        answers.append(chance.choice((" ", "  ", "\n")).join(said))
        references.append(" ".join(right))
    answers[:6] = ["", " ", "yes", "皮疹", "...", "a. b. c."]
    references[:6] = ["a plaque", "x", "yes", "皮疹", "no", "a. b. d."]
    return answers, references


def values(preset: str) -> dict[str, float]:
    answers, references = text_pairs()
    scores = score_texts(answers, references, preset=preset)
    found = scores.statistic()(np.ones((1, len(answers))))[0]
    return dict(zip(scores.all_names, found, strict=True))


def test_the_preset_upstream_is_what_its_script_computes() -> None:
    answers, references = text_pairs()
    found = values("upstream")
    weights = [(1, 0, 0, 0), (0.5, 0.5, 0, 0), (0.33, 0.33, 0.33, 0), (0.25,) * 4]
    for n, weight in enumerate(weights, 1):
        expected = nltk_bleu.corpus_bleu(
            [[r.split()] for r in references], [a.split() for a in answers], weights=weight
        )
        assert found[f"bleu_{n}"] == pytest.approx(expected, abs=1e-6)
    whole = [
        (a, r)
        for a, r in zip(answers, references, strict=True)
        if a.replace(".", "") != "" and r.replace(".", "") != ""
    ]
    told = rouge.Rouge().get_scores([a for a, _ in whole], [r for _, r in whole], avg=True)
    for name in ("rouge-1", "rouge-2", "rouge-l"):
        expected = told[name]["f"] * len(whole) / len(answers)
        assert found[name.replace("-", "_")] == pytest.approx(expected, abs=1e-6)
    recalls = [
        len(set(a.split()) & set(r.split())) / len(set(r.split()))
        for a, r in zip(answers, references, strict=True)
    ]
    assert found["token_recall"] == pytest.approx(np.mean(recalls), abs=1e-6)


def test_the_standard_preset_equals_sacrebleu_and_rouge_score() -> None:
    answers, references = text_pairs()
    found = values("standard")
    for n in range(1, 5):
        bleu = sacrebleu.BLEU(max_ngram_order=n, smooth_method="none", lowercase=True)
        expected = bleu.corpus_score(answers, [references]).score / 100
        assert found[f"bleu_{n}"] == pytest.approx(expected, abs=1e-6)
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    rows = [scorer.score(r, a) for a, r in zip(answers, references, strict=True)]
    for ours, theirs in (("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")):
        expected = np.mean([row[theirs].fmeasure for row in rows])
        assert found[ours] == pytest.approx(expected, abs=1e-6)


def test_meteor_without_wordnet_says_so_and_matches_stems() -> None:
    scores = score_texts(["running nodules"], ["run nodule"], preset="upstream")
    assert scores.names[0] in ("meteor", "meteor_exact_stem")
    assert scores.means[0, 0] == pytest.approx(1 - 0.5 * (1 / 2) ** 3)


def test_bertscore_of_a_local_model_is_the_packages(tmp_path: Path) -> None:
    bert_score = pytest.importorskip("bert_score")
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "plaque", "scaly"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(tmp_path / "vocab.txt"), model_max_length=64).save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    BertModel(config).save_pretrained(tmp_path)
    answers, references = ["a red plaque", "", "scaly"], ["a scaly plaque", "red", "scaly"]
    scores = score_texts(answers, references, bert=str(tmp_path))
    scorer = bert_score.BERTScorer(model_type=str(tmp_path), num_layers=2, device="cpu")
    p, r, f = scorer.score([answers[0]], [references[0]])
    assert scores.means[0, -3:] == pytest.approx([float(p[0]), float(r[0]), float(f[0])], abs=1e-6)
    assert scores.means[1, -3:].tolist() == [0, 0, 0]
    assert scores.means[2, -1] == pytest.approx(1, abs=1e-5)


# ------------------------------------------------------------------------ what overlap hides


def item(question: str, reference: str, prediction: str, kind: str | None = None) -> Prediction:
    return Prediction(
        id="q", set="s", task="vqa", image="a.png", question=question, reference=reference,
        prediction=prediction, cluster="f", kind=kind,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "reference", "prediction", "right"),
    [
        ("Is there scale?", "Yes, there is scale.", "Yes.", True),
        ("Is there scale?", "No.", "Yes, scale is seen.", False),
        ("Is there scale?", "No.", "", False),
        ("Is it red or blue?", "Red", "red.", True),
        ("Is it red or blue?", "Red", "Blue", False),
        ("Which is it: (A) a papule or (B) a nodule?", "(B) a nodule", "B", True),
        ("Which is it: (A) a papule or (B) a nodule?", "(B) a nodule", "(A)", False),
    ],
)
def test_closed_questions_are_right_or_wrong(
    question: str, reference: str, prediction: str, right: bool
) -> None:
    assert matches_closed(item(question, reference, prediction)) is right


def judged(answer: Prediction, caption: str = "") -> dict[str, float]:
    return dict(zip(JUDGMENTS, judge_answer(answer, caption), strict=True))


def test_contradiction_hedging_and_support_are_seen() -> None:
    caption = "Tinea corporis: an annular plaque on the left arm of a woman."
    good = judged(item("Where is the plaque?", "On the left arm.", "On the left arm."), caption)
    assert (good["grounded"], good["contradicted"], good["hedged"]) == (1, 0, 0)
    side = judged(item("Where is the plaque?", "On the left arm.", "On the right arm."), caption)
    assert (side["grounded"], side["contradicted"]) == (0, 1)
    soft = judged(item("Where is the plaque?", "On the left arm.", "It is difficult to say."))
    assert soft["hedged"] == 1


def test_a_diagnosis_by_another_name_is_named_and_another_disease_is_not() -> None:
    question, right = "What is the diagnosis?", "Basal cell carcinoma."
    assert judged(item(question, right, "This is a BCC."))["diagnosis_named"] == 1
    assert judged(item(question, right, "Melanoma"))["diagnosis_named"] == 0
    assert judged(item(question, right, ""))["diagnosis_named"] == 0
    assert judged(item(question, right, ""))["unanswered"] == 1
