"""A tiny model as a classifier: features, likelihoods, answers, the commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skinvl_cases", reason="the extra 'train' is not installed")

import torch

from class_cases import COLORS, draw_lesion, write_prepared_set, write_tables_set
from mmskin_build.cli import run
from mmskin_build.config import Config, GenerateConfig, Workspace
from mmskin_build.errors import SchemaError, TrainingError
from mmskin_build.evaluate import features as features_module
from mmskin_build.evaluate import likelihood as likelihood_module
from mmskin_build.evaluate import zero_shot as zero_shot_module
from mmskin_build.evaluate.class_questions import ask_for_category
from mmskin_build.evaluate.class_sets import ClassSet, read_class_set
from mmskin_build.evaluate.classification import evaluate_supervised, evaluate_zero_shot
from mmskin_build.evaluate.features import extract_features, feature_folder, read_features
from mmskin_build.evaluate.likelihood import build_trees, name_scores, prior_scores
from mmskin_build.evaluate.predictions import PREDICTIONS, read_predictions
from mmskin_build.evaluate.results import Result, read_result
from mmskin_build.evaluate.whole import plan_evaluations, report_evaluations, run_evaluation
from mmskin_build.evaluate.zero_shot import ZeroShot, ask_zero_shot
from mmskin_build.public.tables import TableRow, write_table
from mmskin_build.skinvl.conversation import tokenize_prefix, tokenize_turn
from mmskin_build.skinvl.generate import Answered, Answerer, Asked, load_answerer
from mmskin_build.skinvl.pictures import read_pixels
from mmskin_build.skinvl.tiny import write_tiny_model

SHORT = GenerateConfig(max_new_tokens=4, batch=4)
QUESTIONS = ask_for_category("diagnosis", tuple(COLORS))


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    return load_answerer(write_tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{at}.png" for at in range(5)]
    for at, path in enumerate(paths):
        draw_lesion(path, list(COLORS)[at % 3], seed=at)
    return paths


def drawn_set(data: Path, name: str = "Drawn") -> ClassSet:
    return read_class_set(name, Workspace(data), Config())


# ------------------------------------------------------------------------------------ features


def test_features_are_the_mean_over_what_the_decoder_sees(
    answerer: Answerer, pictures: list[Path], tmp_path: Path
) -> None:
    found, names = extract_features(answerer, pictures, tmp_path / "f")
    pixels = torch.stack([read_pixels(path, answerer.processor) for path in pictures])
    with torch.no_grad():
        seen = answerer.model.get_image_features(pixel_values=pixels).pooler_output
    wanted = torch.stack(list(seen)).mean(dim=1).numpy()
    assert np.allclose(found.of(names), wanted, atol=1e-5) and found.made == 5


def test_features_are_made_once_and_do_not_hang_on_their_neighbors(
    answerer: Answerer, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, names = extract_features(answerer, pictures, tmp_path / "whole")
    monkeypatch.setattr(features_module, "_BLOCK", 2)
    stopped = features_module._pool
    calls = [0]

    def stop(*args: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return stopped(*args)

    monkeypatch.setattr(features_module, "_pool", stop)
    with pytest.raises(KeyboardInterrupt):
        extract_features(answerer, pictures, tmp_path / "parts")
    with (tmp_path / "parts" / "index.jsonl").open("ab") as file:
        file.write(b'{"block":"half a li')
    found, _ = extract_features(answerer, [*pictures[::-1], pictures[0]], tmp_path / "parts")
    assert found.made == 1 and np.array_equal(found.of(names), whole.of(names))
    again, _ = extract_features(answerer, pictures, tmp_path / "parts")
    assert again.made == 0 and np.array_equal(again.of(names), whole.of(names))


def test_a_damaged_block_is_found_and_made_again(
    answerer: Answerer, pictures: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "f"
    first, names = extract_features(answerer, pictures, folder)
    wanted = first.of(names)
    (block,) = (folder / "blocks").iterdir()
    content = bytearray(block.read_bytes())
    content[-3] ^= 1
    block.write_bytes(content)
    assert read_features(folder) == ({}, 1)
    found, _ = extract_features(answerer, pictures, folder)
    assert (found.made, found.damaged) == (5, 1)
    assert np.array_equal(found.of(names), wanted) and read_features(folder)[1] == 0


def test_another_geometry_has_features_of_its_own(answerer: Answerer, tmp_path: Path) -> None:
    other = load_answerer(answerer.folder.folder, geometry="crop")
    assert feature_folder(tmp_path, answerer) != feature_folder(tmp_path, other)


def test_a_picture_that_cannot_be_read_has_none(
    answerer: Answerer, pictures: list[Path], tmp_path: Path
) -> None:
    pictures[1].write_bytes(b"no picture")
    found, names = extract_features(answerer, pictures, tmp_path / "f")
    assert found.unread == {names[1]: "not_a_picture"} and len(found.rows) == 4


# ---------------------------------------------------------------------------------- likelihood


def one_by_one(answerer: Answerer, picture: Path | None, question: str, name: str) -> float:
    folder = answerer.folder
    patches = 0 if picture is None else folder.patches
    before = tokenize_prefix(folder.tokenizer, answerer.template, folder.image_id, patches)
    turn = tokenize_turn(folder.tokenizer, answerer.template, question, name)
    ids = torch.tensor([before.ids + turn.ids])
    given = {}
    if picture is not None:
        given["pixel_values"] = read_pixels(picture, answerer.processor)[None]
    with torch.no_grad():
        logits = answerer.model(input_ids=ids, attention_mask=torch.ones_like(ids), **given).logits
    at = torch.nonzero(torch.tensor(before.learned + turn.learned))[:, 0]
    return float(logits[0].float().log_softmax(-1)[at - 1, ids[0, at]].mean())


@pytest.mark.parametrize("row_tokens", [4096, 300, 150])
def test_names_scored_in_one_row_score_as_one_by_one(
    answerer: Answerer, pictures: list[Path], row_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["melanoma", "melanoma metastasis", "nevus", "basal cell carcinoma"]
    monkeypatch.setattr(likelihood_module, "_ROW_TOKENS", row_tokens)
    trees = build_trees(answerer, QUESTIONS, names, with_picture=True)
    assert (len(trees) == 1) == (row_tokens == 4096)
    wanted = [
        [
            np.mean([one_by_one(answerer, path, asked, name) for asked in QUESTIONS])
            for name in names
        ]
        for path in pictures[:2]
    ]
    assert np.abs(name_scores(answerer, pictures[:2], QUESTIONS, names) - wanted).max() < 1e-5
    prior = [
        np.mean([one_by_one(answerer, None, asked, name) for asked in QUESTIONS]) for name in names
    ]
    assert np.abs(prior_scores(answerer, QUESTIONS, names) - prior).max() < 1e-5


# ------------------------------------------------------------------------------ whole evaluations


def scores(result: Result) -> dict[str, float | None]:
    return {entry.name: entry.value for entry in result.groups[0].scores}


def test_colors_that_the_tower_sees_are_learned(answerer: Answerer, tmp_path: Path) -> None:
    write_prepared_set(tmp_path)
    chosen = drawn_set(tmp_path)
    result = evaluate_supervised(
        answerer, "tiny", chosen, tmp_path / "out", tmp_path / "store", shots=(1, 4), draws=2
    )
    assert result == read_result(tmp_path / "out")
    found = scores(result)
    assert found["auc"] is not None and found["auc"] > 0.95
    assert [group.value for group in result.groups if group.by == "shots"] == ["1", "4"]
    assert {group.by for group in result.groups} >= {"skin_type", "sex", "age_group"}
    assert result.groups[0].scores[0].clusters == 12  # patients, of 24 pictures
    (baseline,) = result.baselines.values()
    assert baseline[0].scores[0].value == pytest.approx(1 / 3)
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert page.count("<svg") == 3 and "<script" not in page and "http:" not in page
    assert "pictures a class to learn from" in page and "calibration" in page
    two = drawn_set(tmp_path, "Drawn_2class")
    again = evaluate_supervised(
        answerer, "tiny", two, tmp_path / "two", tmp_path / "store", shots=()
    )
    assert again.groups[0].scores[0].n == 24 and two.classes == ("benign", "malignant")


def test_supervised_predictions_are_the_same_bytes_again(
    answerer: Answerer, tmp_path: Path
) -> None:
    write_prepared_set(tmp_path)
    for name in ("a", "b"):
        evaluate_supervised(
            answerer, "m", drawn_set(tmp_path), tmp_path / name, tmp_path / f"s{name}", shots=()
        )
    for file in (PREDICTIONS, "scores.json", "index.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_classes_missing_on_one_side_are_told(answerer: Answerer, tmp_path: Path) -> None:
    write_tables_set(tmp_path, sizes=(6, 0, 4))
    train, test = tmp_path / "Drawn_train.csv", tmp_path / "Drawn_test.csv"
    train.write_text("".join(line for line in train.open() if "melanoma'" not in line))
    test.write_text("".join(line for line in test.open() if "nevus'" not in line))
    chosen = read_class_set("Drawn", Workspace(tmp_path), Config(), tables=tmp_path)
    result = evaluate_supervised(answerer, "m", chosen, tmp_path / "o", tmp_path / "s", shots=())
    notes = " ".join(result.provenance.notes)
    assert "without a picture to learn from, told wrong: melanoma" in notes
    assert "without a test picture, in no mean over classes: nevus" in notes
    accuracy = scores(result)["accuracy"]
    assert accuracy is not None and accuracy <= 0.5
    train.write_text("".join(line for line in train.open() if "nevus'" not in line))
    with pytest.raises(TrainingError, match="two classes are needed"):
        evaluate_supervised(
            answerer,
            "m",
            read_class_set("Drawn", Workspace(tmp_path), Config(), tables=tmp_path),
            tmp_path / "o",
            tmp_path / "s",
        )


def test_answers_are_read_and_none_is_lost(
    answerer: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted answerer with known errors: the shares found are those planted."""
    write_prepared_set(tmp_path)
    chosen = drawn_set(tmp_path)
    said = ["It is a {}.", "a melanoma or a nevus", "no {}", "who knows", "", "{}s"]

    def planted(model: Answerer, asked: list[Asked], *_: Any, **__: Any) -> list[Answered]:
        labels = {item.image: item.label for item in chosen.items}
        order = [item.image for item in chosen.of("test")]
        return [
            Answered(
                id=item.id,
                image=item.image,
                question=item.question,
                answer=said[order.index(item.id) % 6].format(labels[item.id]),
            )
            for item in asked
        ]

    monkeypatch.setattr(zero_shot_module, "answer_questions", planted)
    result = evaluate_zero_shot(answerer, "m", chosen, ZeroShot(), SHORT, tmp_path / "o")
    found = scores(result)
    sixth = pytest.approx(1 / 6)
    assert found["accuracy"] == pytest.approx(1 / 3) and found["accuracy_of_named"] == 1.0
    assert found["answers_ambiguous"] == found["answers_denied"] == sixth
    assert found["answers_not_understood"] == found["answers_empty"] == sixth
    lines = read_predictions(tmp_path / "o" / PREDICTIONS)
    assert len(lines) == 24 and sum(line.failure is not None for line in lines) == 4
    assert "4 pictures have no answer" in " ".join(result.provenance.notes)
    # The file of predictions scores the same, as that of any other model would.
    other = [
        "evaluate", "zero-shot", "--set", "Drawn", "--data", str(tmp_path), "--quiet",
        "--predictions", str(tmp_path / "o" / PREDICTIONS), "--out", str(tmp_path / "p"),
    ]  # fmt: skip
    assert run(other) == 0
    same = scores(read_result(tmp_path / "p"))
    assert {key: same[key] for key in found} == found


def test_a_stopped_run_goes_on_and_a_broken_picture_alone_fails(
    answerer: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_prepared_set(tmp_path)
    chosen = drawn_set(tmp_path)
    broken = chosen.of("test")[3]
    broken.path.write_bytes(b"no picture")
    monkeypatch.setattr(zero_shot_module, "_LIKELIHOOD_BATCH", 5)
    how = ZeroShot(how="likelihood", calibrated=True)
    whole, calls = zero_shot_module.name_scores, [0]

    def stop(model: Answerer, images: list[Path], *rest: Any) -> Any:
        calls[0] += len(images)
        if calls[0] > 12:
            raise KeyboardInterrupt
        return whole(model, images, *rest)

    monkeypatch.setattr(zero_shot_module, "name_scores", stop)
    with pytest.raises(KeyboardInterrupt):
        ask_zero_shot(answerer, chosen, how, SHORT, tmp_path / "o")
    calls[0] = -1000
    found = ask_zero_shot(answerer, chosen, how, SHORT, tmp_path / "o")
    assert calls[0] < -1000 + 24 + 5  # what was answered before is not asked again
    failed = [item for item in found if item.failure is not None]
    assert [item.id for item in failed] == [broken.image]
    monkeypatch.setattr(zero_shot_module, "name_scores", whole)
    fresh = ask_zero_shot(answerer, chosen, how, SHORT, tmp_path / "fresh")
    assert [item.label for item in fresh] == [item.label for item in found]
    for item in fresh:
        if item.probabilities is not None:
            assert sum(item.probabilities.values()) == pytest.approx(1)


# ------------------------------------------------------------------------------- sets, commands


def test_a_set_tells_what_it_leaves_out_and_what_leaks(tmp_path: Path) -> None:
    write_tables_set(tmp_path, sizes=(3, 0, 3))
    test = tmp_path / "Drawn_test.csv"
    rows = [
        TableRow(image="Drawn/test_nevus_0.png", categories=()),
        TableRow(image="Drawn/test_nevus_1.png", categories=("a", "b")),
        TableRow(image="Drawn/gone.png", categories=("nevus",)),
        TableRow(image="../outside.png", categories=("nevus",)),
        TableRow(image="Drawn/train_nevus_0.png", categories=("nevus",)),
        TableRow(image="Drawn/test_nevus_2.png", categories=("nevus",)),
        TableRow(image="Drawn/test_nevus_2.png", categories=("nevus",)),
    ]
    write_table(test, rows)
    chosen = read_class_set("Drawn", Workspace(tmp_path), Config(), tables=tmp_path)
    assert chosen.left_out == {
        "named twice": 1,
        "outside the folder of pictures": 1,
        "whose file is missing": 1,
        "with several categories": 1,
        "without a category": 1,
    }
    assert len(chosen.of("test")) == 2
    assert any(note.startswith("1 test pictures are of a patient") for note in chosen.notes)
    shutil.rmtree(tmp_path / "Drawn")
    with pytest.raises(SchemaError, match="name their folder with --images"):
        read_class_set("Drawn", Workspace(tmp_path), Config(), tables=tmp_path)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--set", "PAD", "--model", "tiny"], 8, "no set 'PAD'"),
        (["--set", "mm-skin", "--model", "tiny"], 9, "make one: mmskin release"),
        (["--set", "PAD", "--model", "nowhere"], 3, "no such folder"),
        (["--set", "PAD"], 2, "--model or --predictions"),
        (["--set", "PAD", "--tables", ".", "--model", "tiny"], 8, "PAD_test.csv: missing"),
        (["--set", "PAD", "--predictions", "x.csv", "--adapter", "a"], 2, "--adapter needs"),
    ],
)
def test_bad_input_ends_in_a_clear_message(
    options: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("supervised", "zero-shot"):
        assert run(["evaluate", command, *options, "--data", "data"]) == code
        assert words in capsys.readouterr().err


def test_all_evaluations_of_a_model_end_in_one_report(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_prepared_set(tmp_path)
    write_prepared_set(tmp_path, "OneClass", patients=1)
    model = write_tiny_model(workspace.models / "tiny")
    cfg = Config(generate=SHORT)
    (tmp_path / "public" / "OneClass" / "OneClass_train.csv").write_text("image,categories\n")
    planned = plan_evaluations(workspace, cfg)
    assert [p.set for p in planned[::3]] == ["Drawn", "Drawn_2class", "OneClass", "OneClass_2class"]
    chosen = [p for p in planned if p.set in ("Drawn", "OneClass") and p.kind != "generated"]
    done = tuple((p.name, run_evaluation(p, workspace, cfg, model)) for p in chosen)
    assert [name for name, why in done if why] == ["OneClass-supervised"]
    page = report_evaluations(workspace, model, done)
    assert page == tmp_path / "evaluations" / "tiny" / "index.html"
    content = page.read_text("utf-8")
    assert content.count("<h2>") == 3 and "not done: OneClass-supervised" in content
    assert "two classes are needed" in content and "always" in content


def test_the_commands_write_what_they_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prepared_set(tmp_path)
    common = ["--set", "Drawn", "--model", "tiny", "--data", str(tmp_path), "--json"]
    for command in (
        ["supervised", "--shots", "2", "--draws", "1"],
        ["zero-shot", "--how", "likelihood"],
    ):
        assert run(["evaluate", *command, *common]) == 0
        (told,) = json.loads(capsys.readouterr().out)["results"]
        folder = Path(told.pop("folder"))
        assert told == json.loads((folder / "scores.json").read_text())
        assert (folder / "index.html").is_file() and folder.parent == tmp_path / "evaluations"
    assert run(["evaluate", "supervised", *common, "--shots", "two"]) == 2
    assert run(["evaluate", "zero-shot", *common, "--calibrate"]) == 2


def test_the_flow_refuses_what_it_would_not_heed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--variant", "mm", "--model", "tiny", "--flow", "--dry-run"]) == 2
    assert "--flow takes no" in capsys.readouterr().err
