"""Scores of classifiers against scikit-learn and planted truths; which class an answer names."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import norm
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.category_names import build_categories, find_category
from mmskin_build.evaluate.class_metrics import (
    NONE,
    Told,
    calibration,
    confusion,
    from_probabilities,
    score,
)
from mmskin_build.evaluate.class_scores import (
    outcome_scores,
    read_labels,
    score_groups,
    score_shots,
    told_by,
)
from mmskin_build.evaluate.predictions import Prediction, Subgroup
from mmskin_build.evaluate.probe import C_GRID, MIDDLE_C, choose_c, fit_probe
from mmskin_build.evaluate.shots import Learning, draw_shots, learn_from_few

NAMES = ("a", "b", "c")


def drawn(count: int, classes: int, seed: int = 0) -> Told:
    dice = np.random.default_rng(seed)
    truth = dice.integers(0, classes, count)
    truth[:classes] = range(classes)
    shares = dice.random((count, classes)).round(1) + 0.05  # with ties
    return from_probabilities(
        [str(k) for k in range(classes)], truth, shares / shares.sum(axis=1, keepdims=True)
    )


def items(clusters: list[str], **fields: object) -> list[Prediction]:
    return [
        Prediction(
            id=str(at),
            set="s",
            task="supervised",
            image=f"{at}.png",
            reference=str(fields.get("reference", "a")),
            cluster=cluster,
            subgroup=Subgroup(sex="female" if at % 2 else "male"),
        )
        for at, cluster in enumerate(clusters)
    ]


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_those_of_scikit_learn(classes: int, weighted: bool) -> None:
    told = drawn(300, classes)
    shares = told.probabilities
    assert shares is not None
    weights = np.random.default_rng(1).integers(0, 4, (1, 300)) if weighted else np.ones((1, 300))
    how = {"sample_weight": weights[0]}
    found = {name: value[0] for name, value in score(told, weights.astype(float)).items()}
    truth, said = told.truth, told.predicted
    wanted = {
        "accuracy": metrics.accuracy_score(truth, said, **how),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, said, **how),
        "macro_precision": metrics.precision_score(truth, said, average="macro", **how),
        "macro_f1": metrics.f1_score(truth, said, average="macro", **how),
        "auc": np.mean(
            [
                metrics.roc_auc_score(truth == k, shares[:, k], **how)
                for k in (range(1, 2) if classes == 2 else range(classes))
            ]
        ),
        "brier": metrics.brier_score_loss(
            truth, shares, labels=range(classes), scale_by_half=False, **how
        ),
    }
    for name, value in wanted.items():
        assert math.isclose(found[name], value, abs_tol=1e-12), name  # type: ignore[index]


def test_a_weight_counts_as_so_many_pictures() -> None:
    told = drawn(50, 3)
    times = np.random.default_rng(2).integers(0, 3, 50)
    again = np.repeat(np.arange(50), times)
    assert told.probabilities is not None
    longer = from_probabilities(told.classes, told.truth[again], told.probabilities[again])
    heavy = score(told, times[None].astype(float))
    for name, value in score(longer).items():
        assert math.isclose(value[0], heavy[name][0], abs_tol=1e-12), name


def test_the_calibration_error_is_the_gap_of_each_bin() -> None:
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.45, 0.55]])
    told = from_probabilities(["a", "b"], np.array([0, 1, 1, 1]), shares)
    # Bins: two at 0.9, half right; one at 0.7 and one at 0.55, both right.
    assert math.isclose(score(told)["ece"][0], (2 * 0.4 + 0.3 + 0.45) / 4)
    assert [each.pictures for each in calibration(told)] == [1, 1, 2]


def test_a_picture_without_a_class_is_told_wrong_and_shown_apart() -> None:
    told = Told(classes=NAMES, truth=np.array([0, 0, 1]), predicted=np.array([0, NONE, 1]))
    found = score(told)
    assert math.isclose(found["accuracy"][0], 2 / 3) and "auc" not in found
    assert confusion(told).tolist() == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]
    # The third class has no picture and is in no mean.
    assert math.isclose(found["balanced_accuracy"][0], 0.75)


def test_scores_without_meaning_are_none() -> None:
    one = from_probabilities(["a", "b"], np.zeros(4, np.int64), np.full((4, 2), 0.5))
    (group,) = [g for g in score_groups(one, items(list("wxyz"))) if g.by == "all"]
    values = {entry.name: entry.value for entry in group.scores}
    assert values["auc"] is None and values["accuracy"] == 1.0


# ------------------------------------------------------------------------------ the classifier


@pytest.mark.parametrize(("classes", "count", "width"), [(2, 200, 10), (4, 200, 10), (3, 40, 120)])
def test_the_classifier_is_scikit_learns(classes: int, count: int, width: int) -> None:
    dice = np.random.default_rng(0)
    labels = dice.integers(0, classes, count)
    labels[:classes] = range(classes)
    features = dice.normal(size=(count, width)) + 0.5 * dice.normal(size=(classes, width))[labels]
    features[:, 0] = 3.0  # says nothing
    usual = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    wanted = usual.fit(features, labels).predict_proba(features)
    found = fit_probe(features, labels, classes, c=0.1).probabilities(features)
    assert np.allclose(found, wanted, atol=2e-3)


def test_folds_do_not_divide_patients() -> None:
    """Pictures of a patient are alike here and classes are chance: divided, they would be told."""
    dice = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 4)
    labels = dice.integers(0, 2, 40)[groups]
    features = dice.normal(size=(40, 30))[groups] + 0.01 * dice.normal(size=(160, 30))
    _, curve = choose_c(features, labels, groups, 2)
    assert max(area for _, area in curve) < 0.75
    _, divided = choose_c(features, labels, np.arange(160), 2)
    assert max(area for _, area in divided) > 0.95


def test_areas_alike_leave_the_choice_to_the_probabilities() -> None:
    labels = np.repeat([0, 1], 30)
    features = labels[:, None] * 10 + np.random.default_rng(0).normal(size=(60, 3))
    c, curve = choose_c(features, labels, np.arange(60), 2)
    assert {area for _, area in curve} == {1.0} and c == C_GRID[-1]


def test_a_class_that_is_not_learned_gets_nothing() -> None:
    probe = fit_probe(np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2, 3, c=1.0)
    assert (probe.probabilities(np.zeros((2, 3)))[:, 2] == 0).all()


def test_too_few_patients_leave_the_middle_of_the_grid() -> None:
    assert choose_c(np.eye(4), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2) == (MIDDLE_C, ())


def test_few_pictures_are_drawn_of_different_patients_first() -> None:
    labels, groups = np.repeat([0, 1], 12), np.repeat(np.arange(6), 4)
    for seed in range(5):
        rows = draw_shots(labels, groups, 3, seed=(seed,))
        assert (labels[rows] == 0).sum() == 3 and len(set(groups[rows])) == 6
    assert len(draw_shots(labels, groups, 99, seed=(0,))) == 24


# -------------------------------------------------------------------------------- planted truth


def planted(dice: np.random.Generator, patients: int, distance: float, width: int) -> tuple:
    """Two pictures a patient of two Gaussian classes whose means are `distance` apart."""
    labels = np.repeat(dice.integers(0, 2, patients), 2)
    features = dice.normal(size=(2 * patients, width))
    features[:, 0] += distance * labels
    return features, labels, np.repeat(np.arange(patients), 2)


def test_a_planted_classifier_is_found_as_good_as_it_is() -> None:
    distance = 1.5
    dice = np.random.default_rng(7)
    features, labels, groups = planted(dice, 1500, distance, 4)
    c, curve = choose_c(features, labels, groups, 2)
    probe = fit_probe(features, labels, 2, c=c, curve=curve)
    tested, truth, patients = planted(dice, 400, distance, 4)
    told = from_probabilities(["a", "b"], truth, probe.probabilities(tested))
    clusters = [str(p) for p in patients]
    found = {s.name: s for s in score_groups(told, items(clusters))[0].scores}
    bayes = {"accuracy": norm.cdf(distance / 2), "auc": norm.cdf(distance / math.sqrt(2))}
    bayes["balanced_accuracy"] = bayes["accuracy"]
    for name, value in bayes.items():
        low, high = found[name].low, found[name].high
        assert low is not None and high is not None and low <= value <= high, name
        assert high - low < 0.08
    assert math.isclose(max(area for _, area in curve), bayes["auc"], abs_tol=0.02)


def test_the_curve_of_few_rises_to_the_whole() -> None:
    dice = np.random.default_rng(8)
    features, labels, groups = planted(dice, 150, 2.0, 20)
    tested, truth, patients = planted(dice, 150, 2.0, 20)
    learning = Learning(
        classes=("a", "b"),
        features=features,
        labels=labels,
        groups=groups,
        tested=tested,
        truth=truth,
    )
    curve = learn_from_few(learning, shots=(1, 16, 500), draws=3)
    assert [shot.shots for shot in curve] == [1, 16]  # no class has more than 500
    groups_found = score_shots(curve, [str(p) for p in patients])
    few, more = ({s.name: s for s in group.scores}["auc"] for group in groups_found)
    assert few.value is not None and more.value is not None and few.value < more.value < 0.93


def simulated(dice: np.random.Generator, patients: int) -> tuple[Told, list[str]]:
    """Three classes, too sure of themselves; what is told of a patient's pictures goes together."""
    truth = np.repeat(dice.choice(3, size=patients, p=[0.5, 0.3, 0.2]), 2)
    owner = np.repeat(np.arange(patients), 2)
    shared = dice.normal(size=(patients, 3))[owner]
    seen = 1.2 * np.eye(3)[truth] + (shared + dice.normal(size=shared.shape)) / math.sqrt(2)
    shares = softmax(1.6 * (1.2 * seen + np.log([0.5, 0.3, 0.2])), axis=1)
    return from_probabilities(NAMES, truth, shares), [str(p) for p in owner]


def coverage(sets: int, patients: int) -> Iterator[tuple[str, float]]:
    whole, _ = simulated(np.random.default_rng(1), 100_000)
    truth = {str(name): value[0] for name, value in score(whole).items()}
    dice = np.random.default_rng(2)
    hits = dict.fromkeys(truth, 0)
    for _ in range(sets):
        told, clusters = simulated(dice, patients)
        for found in score_groups(told, items(clusters))[0].scores:
            assert found.low is not None and found.high is not None
            hits[found.name] += found.low <= truth[found.name] <= found.high
    yield from ((name, count / sets) for name, count in hits.items())


def test_intervals_hold_the_truth_in_most_simulated_sets() -> None:
    assert all(share >= 0.75 for _, share in coverage(12, 60))


@pytest.mark.slow
def test_intervals_hold_the_truth_in_95_of_100_simulated_sets() -> None:
    for name, share in coverage(300, 100):
        # The interval of the calibration error is wider than need be.
        assert 0.93 <= share <= (1.0 if name == "ece" else 0.97), name


# ------------------------------------------------------------------------------------- answers

SKIN = build_categories(
    ["Actinic Keratoses", "Basal Cell Carcinoma", "Benign Keratosis", "Melanoma", "Nevus"]
)


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        ("Actinic keratosis.", "Actinic Keratoses"),
        ("a solar keratosis", "Actinic Keratoses"),
        ("The lesion is most likely a BCC", "Basal Cell Carcinoma"),
        ("MALIGNANT MELANOMA", "Melanoma"),
        ("melanocytic naevi", "Nevus"),
        ("a mole", "Nevus"),
        ("This is not a melanoma but a nevus.", "Nevus"),
        ("Nevus rather than melanoma", "Nevus"),
        ("**Benign keratosis**, unlike melanoma", "Benign Keratosis"),
    ],
)
def test_an_answer_names_its_category(answer: str, category: str) -> None:
    assert find_category(answer, SKIN).category == category


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("Melanoma or nevus.", "ambiguous"),
        ("melanoma vs. nevus", "ambiguous"),
        ("Of Melanoma, Nevus, Benign Keratosis it is the second.", "ambiguous"),
        ("No melanoma.", "denied"),
        ("History of melanoma.", "denied"),
        ("I am sorry, I cannot tell.", "not_understood"),
        ("keratosis", "not_understood"),
        (" ", "empty"),
        ("\ufffd\ufffd \u202e 123", "not_understood"),
    ],
)
def test_what_is_not_understood_is_not_guessed(answer: str, outcome: str) -> None:
    found = find_category(answer, SKIN)
    assert found.outcome == outcome and found.category is None


def test_the_longest_name_wins() -> None:
    pair = build_categories(["Non-Malignant", "Malignant"])
    for answer in ("non-malignant", "Nonmalignant lesion", "It is non malignant.", "benign"):
        assert find_category(answer, pair).category == "Non-Malignant", answer
    assert find_category("malignant", pair).category == "Malignant"
    assert find_category("not malignant", pair).outcome == "denied"
    spread = build_categories(["melanoma", "melanoma metastasis", "nevus"])
    assert find_category("Melanoma metastases", spread).category == "melanoma metastasis"
    three = build_categories(["benign", "malignant", "non-neoplastic"])
    assert find_category("non-malignant", three).outcome != "named"


def test_kinds_of_pictures_have_other_names_too() -> None:
    kinds = build_categories(["clinical", "dermoscopic", "pathological"])
    for answer, kind in (
        ("a dermoscopy image", "dermoscopic"),
        ("H&E histology", "pathological"),
        ("clinical photograph", "clinical"),
    ):
        assert find_category(answer, kinds).category == kind


def test_upstreams_rule_is_kept_as_it_is() -> None:
    """The first listed name that is a part of the answer, denied or in a longer word."""
    for answer, category in (
        ("not Melanoma, Nevus", "Melanoma"),
        ("Nevus, possibly melanoma", "Melanoma"),
        ("actinic keratosis", "Actinic Keratoses"),
        ("Actinic Keratosis", None),  # its repair knows small letters only
        ("melanomas", "Melanoma"),
        ("BCC", None),
    ):
        assert find_category(answer, SKIN, "exact").category == category, answer
    pair = build_categories(["Malignant", "Non-Malignant"])
    assert find_category("non-malignant", pair, "exact").category == "Malignant"


def test_no_answer_is_lost_and_what_was_read_is_counted() -> None:
    texts = ["alpha", "it is beta", "alpha or beta", "not alpha", "what?", ""]
    classes = ("alpha", "beta")
    found = [
        Prediction(
            id=str(at), set="s", task="zero-shot", image="", reference="alpha", cluster=str(at),
            prediction=text,
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip
    labelled, outcomes = read_labels(found, classes)
    assert [p.label for p in labelled] == ["alpha", "beta", None, None, None, None]
    shares = {s.name: s.value for s in outcome_scores(labelled, outcomes)}
    names = ("named", "ambiguous", "denied", "not_understood", "empty")
    assert [round(6 * (shares[f"answers_{name}"] or 0)) for name in names] == [2, 1, 1, 1, 1]
    assert shares["accuracy_of_named"] == 0.5
    assert score(told_by(labelled, classes))["accuracy"][0] == pytest.approx(1 / 6)


def test_probabilities_of_a_file_are_made_to_sum_to_one() -> None:
    odd: list[dict[str, float] | None] = [
        {"a": 2.0, "b": 2.0}, {"a": math.nan, "b": 1.0}, {"x": 1.0}, None,
    ]  # fmt: skip
    found = [
        Prediction(
            id=str(at), set="s", task="supervised", image="", reference="a", cluster="c",
            prediction="a", probabilities=shares,
        )
        for at, shares in enumerate(odd)
    ]  # fmt: skip
    told = told_by(found, ("a", "b"))
    assert told.probabilities is not None and (told.probabilities == 0.5).all()
    with pytest.raises(SchemaError, match="of another set"):
        told_by(found, ("b", "c"))


def test_subgroups_are_scored_if_they_are_large_enough() -> None:
    told = from_probabilities(["a", "b"], np.arange(24) % 2, np.full((24, 2), 0.5))
    found = score_groups(told, items([str(at) for at in range(24)]))
    assert [(group.by, group.value) for group in found] == [
        ("all", "all"), ("sex", "female"), ("sex", "male"),
    ]  # fmt: skip
    few = score_groups(told.part(np.arange(24) < 8), items([str(at) for at in range(8)]))
    assert [group.by for group in few] == ["all"]
