"""Runs of an evaluation: kept line by line, joined, scored within their interval, compared."""

from __future__ import annotations

import csv
import dataclasses
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from mmskin_build.cli import run
from mmskin_build.errors import SchemaError
from mmskin_build.evaluate.answer_files import join_answers
from mmskin_build.evaluate.predictions import (
    PARTIAL,
    PREDICTIONS,
    Prediction,
    answer_items,
    read_predictions,
)

pytest.importorskip("sacrebleu")
pytest.importorskip("rouge_score")


def items(number: int = 4) -> tuple[Prediction, ...]:
    return tuple(
        Prediction(
            id=f"q{at}", set="s", task="vqa", image=f"images/bk1_{at // 2}.png",
            question=f"Is there scale {at}?", reference="Yes.", cluster=f"f{at // 2}",
        )
        for at in range(number)
    )  # fmt: skip


def say(waiting: Sequence[Prediction], attempt: int) -> list[Prediction]:
    return [dataclasses.replace(item, prediction=f"said {item.id}") for item in waiting]


def test_a_run_killed_in_the_middle_of_a_line_asks_only_what_is_missing(tmp_path: Path) -> None:
    def dies(waiting: Sequence[Prediction], attempt: int) -> list[Prediction]:
        if waiting[0].id == "q2":
            raise KeyboardInterrupt
        return say(waiting, attempt)

    with pytest.raises(KeyboardInterrupt):
        answer_items(items(), dies, tmp_path, "r", batch=1)
    partial = tmp_path / PARTIAL
    partial.write_bytes(partial.read_bytes()[:-7])  # q1's line broke off
    assert not (tmp_path / PREDICTIONS).exists()
    asked: list[str] = []

    def notes(waiting: Sequence[Prediction], attempt: int) -> list[Prediction]:
        asked.extend(item.id for item in waiting)
        return say(waiting, attempt)

    found = answer_items(items(), notes, tmp_path, "r", batch=1)
    assert asked == ["q1", "q2", "q3"]
    assert read_predictions(tmp_path / PREDICTIONS) == found
    assert not partial.exists()
    answer_items(items(), notes, tmp_path, "another model", batch=4)
    assert len(asked) == 7


def test_empty_and_failed_answers_are_asked_again_and_never_kept(tmp_path: Path) -> None:
    tries: list[str] = []

    def poor(waiting: Sequence[Prediction], attempt: int) -> list[Prediction]:
        tries.extend(f"{item.id} {attempt}" for item in waiting)
        told = {"q0": " ", "q1": "yes", "q2": "yes" if attempt else ""}
        return [
            dataclasses.replace(item, failure="too long")
            if item.id == "q3"
            else dataclasses.replace(item, prediction=told[item.id])
            for item in waiting
        ]

    found = answer_items(items(), poor, tmp_path, "r", batch=4)
    assert tries == ["q0 0", "q1 0", "q2 0", "q3 0", "q0 1", "q2 1", "q3 1"]
    assert [item.failure for item in found] == ["no answer", None, None, "too long"]
    again = answer_items(items(), say, tmp_path, "r", batch=4)
    assert [item.prediction for item in again] == ["said q0", "yes", "yes", "said q3"]


def test_other_models_rows_are_joined_and_what_does_not_fit_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    rows = [("q0", "yes"), ("q0", "no"), ("q1", ""), ("q9", "who?"), ("q3", "no")]
    path.write_text("id,prediction\n" + "".join(f"{a},{b}\n" for a, b in rows))
    joined = join_answers(path, items())
    assert [item.prediction for item in joined.predictions] == ["yes", "", "", "no"]
    assert (joined.missing, joined.empty) == (("q2",), ("q1",))
    assert (joined.doubled, joined.unknown, joined.unreadable) == (1, 1, 0)
    assert len(joined.notes()) == 4


def test_rows_without_ids_are_joined_by_picture_and_question(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    lines = [
        {"image": f"bk1_{at // 2}.png", "question": f"<image>\nIs there  scale {at}?",
         "answer": "Yes.", "prediction": str(at)}
        for at in (3, 2, 1, 0)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"image": "bk')
    joined = join_answers(path, items())
    assert [item.prediction for item in joined.predictions] == ["0", "1", "2", "3"]
    assert joined.unreadable == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,answer\nq0,yes\n", "rename the column"),
        ("name,prediction\nq0,yes\n", "needs id and prediction"),
        ("id,prediction\nx1,yes\n", "is it of another test set"),
        ("id,prediction\n", "holds no row"),
    ],
)
def test_a_file_that_does_not_fit_says_how_to_mend_it(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "other.csv"
    path.write_text(content)
    with pytest.raises(SchemaError, match=words):
        join_answers(path, items())


def write_table(folder: Path, errors: float, name: str, seed: int = 1) -> None:
    """Write a table of yes-or-no questions, and answers that are wrong at a known rate."""
    chance = random.Random(seed)
    rows = [
        (f"dataset/bk{1 + f % 3}_{f}_{'ab'[q % 2]}.png", f"Is sign {q} present?",
         "Yes." if (f + q) % 2 else "No.")
        for f in range(60) for q in range(4)
    ]  # fmt: skip
    with (folder / "test.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "question", "answer"), *rows])
    images = sorted({row[0] for row in rows})
    with (folder / "caption.csv").open("w", newline="") as file:
        told = [(i, ("clinical", "<b>path")[at % 2]) for at, i in enumerate(images)]
        csv.writer(file).writerows([("image", "modality"), *told])
    other = {"Yes.": "No.", "No.": "Yes."}
    wrong = set(chance.sample(range(len(rows)), round(errors * len(rows))))
    said = [(*r[:2], other[r[2]] if at in wrong else r[2]) for at, r in enumerate(rows)]
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows([("image", "question", "prediction"), *said])


def evaluate(folder: Path, name: str) -> dict:
    assert run(
        ["evaluate", "vqa", "--answers", str(folder / name), "--table", str(folder / "test.csv"),
         "--captions", str(folder / "caption.csv"), "--data", str(folder / "data"), "-q"]
    ) == 0  # fmt: skip
    scores = folder / "data" / "evaluations" / Path(name).stem / "scores.json"
    return json.loads(scores.read_text())


def test_a_planted_answerer_is_scored_and_compared(tmp_path: Path, capsys) -> None:
    write_table(tmp_path, 0.3, "worse.csv", seed=2)
    write_table(tmp_path, 0.05, "better.csv")
    results = {name: evaluate(tmp_path, f"{name}.csv") for name in ("worse", "better")}
    for name, right in (("worse", 0.7), ("better", 0.95)):
        whole = {s["name"]: s for s in results[name]["groups"][0]["scores"]}
        assert whole["exact_closed"]["low"] <= right <= whole["exact_closed"]["high"]
        assert whole["exact_closed"]["clusters"] == 60
        assert whole["contradicted"]["low"] <= 1 - right <= whole["contradicted"]["high"]
        assert {g["by"] for g in results[name]["groups"]} >= {"all", "modality", "book"}
        assert results[name]["provenance"]["versions"]["sacrebleu"]
    base = tmp_path / "data" / "evaluations"
    capsys.readouterr()
    arguments = [str(base / "worse"), str(base / "better"), "--data", str(tmp_path / "data")]
    assert run(["evaluate", "compare", *arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = [d for d in told["differences"] if (d["by"], d["score"]) == ("all", "exact_closed")]
    assert row["low"] <= 0.25 <= row["high"]
    assert row["p"] <= row["p_holm"] < 0.05
    page = (base / "comparison" / "comparison.html").read_text()
    assert "<b>path" not in page and "&lt;b&gt;path" in page
    assert "://" not in page
    assert (base / "comparison" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "\\toprule" in (base / "comparison" / "comparison.tex").read_text()
