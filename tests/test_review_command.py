from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from builders import make_decision, make_record
from mmskin_build.cli import run
from mmskin_build.decisions import standing_decisions
from mmskin_build.review.decisions import DecisionLog
from mmskin_build.review.queue import write_queue
from mmskin_build.review.sample import (
    draw_sample,
    read_spot_check,
    spot_check_words,
    write_sample,
)
from review_desk import make_task

ROOT = Path(__file__).resolve().parent.parent


def test_status_tells_what_is_left_and_what_blocks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = tmp_path / "manual_review"
    tasks = [make_task("sensitive", 1, blocks=True), make_task("modality", 2)]
    write_queue(review / "queue", tasks, ["bk1"])
    (review / "decisions").mkdir()
    (review / "decisions" / "ada.jsonl").write_bytes(b"nonsense\n")
    command = ["review", "status", "--data", str(tmp_path / "data")]
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["left"], found["blocking"]) == (2, 1)
    assert found["bad_lines"][0]["line"] == 1
    assert run(command) == 0
    told = capsys.readouterr()
    assert "a release waits for 1" in told.out and "ada.jsonl line 1" in told.err


def test_agreement_tells_kappa_and_attention(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = DecisionLog(tmp_path / "manual_review" / "decisions")
    log.save(make_decision(decision_id="a"))
    log.save(make_decision(decision_id="b", reviewer="bob", value="other", made_on="a"))
    log.save(make_decision(decision_id="c", known="other", image_sha256="2" * 64))
    assert run(["review", "agreement", "--data", str(tmp_path / "data"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agreement"] == [
        {"field": "modality", "reviewers": ["ada", "bob"], "items": 1, "same": 0, "kappa": 0.0}
    ]
    assert found["attention"] == [{"reviewer": "ada", "known": 1, "right": 0}]


def test_a_name_that_is_no_file_is_a_usage_error(tmp_path: Path) -> None:
    assert run(["review", "--data", str(tmp_path), "--reviewer", "../x"]) == 2


def test_a_sample_is_drawn_evenly_judged_and_told(tmp_path: Path) -> None:
    records = [make_record(f"bk1_{n}", image_sha256=f"{n:064x}") for n in range(60)]
    held = [make_record("bk1_held", held=("face",))]
    tasks = draw_sample([*records, *held], {}, size=20, seed=7)
    assert tasks == draw_sample([*held, *records[::-1]], {}, size=20, seed=7)
    assert tasks != draw_sample(records, {}, size=20, seed=8)
    assert len({task.id for task in tasks}) == 20
    assert "bk1_held" not in {task.record_id for task in tasks}
    assert len(draw_sample(records, {}, size=100, seed=1)) == 60
    assert read_spot_check(tmp_path, {}) is None
    write_sample(tmp_path, tasks, pairs=60, seed=7)
    decisions = [
        make_decision(
            "sample",
            "wrong" if number == 0 else "right",
            decision_id=f"s{number}",
            image_sha256=task.pictures[0].image_sha256,
            ground=task.ground,
            details={"reason": "another caption"} if number == 0 else {},
        )
        for number, task in enumerate(tasks[:10])
    ]
    decisions.append(
        make_decision(
            "sample",
            "wrong",
            decision_id="old",
            image_sha256=tasks[15].pictures[0].image_sha256,
            ground="other words",
        )
    )
    found = read_spot_check(tmp_path, standing_decisions(decisions))
    assert found is not None
    assert (found.pairs, found.drawn, found.judged, found.wrong) == (60, 20, 10, 1)
    assert (found.error_rate, found.low, found.high) == (0.1, 0.0025, 0.445)
    assert found.reasons == {"another caption": 1}
    assert "1 wrong, an error rate of 10.0%" in spot_check_words(found)


def test_the_pictures_of_the_guide_are_what_their_code_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = runpy.run_path(str(ROOT / "tools" / "draw_guide.py"))
    monkeypatch.setitem(drawn["Sheet"].save.__globals__, "OUT", tmp_path)
    drawn["main"]()
    kept = ROOT / "manual_review" / "guide"
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in kept.iterdir()
    }
    guide = (ROOT / "manual_review" / "GUIDE.md").read_text(encoding="utf-8")
    assert all(f"(guide/{path.name})" in guide for path in kept.iterdir())


def test_options_before_a_sub_command_are_not_swallowed(tmp_path: Path) -> None:
    assert run(["review", "--data", str(tmp_path), "status"]) == 2
