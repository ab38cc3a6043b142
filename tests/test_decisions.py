from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest

from builders import SHA, make_decision
from mmskin_build.decisions import (
    Decision,
    ground_digest,
    key_of,
    latest,
    standing_decisions,
    verdict_on_answer,
)
from mmskin_build.errors import StorageError
from mmskin_build.geometry import Bbox
from mmskin_build.review.decisions import Conflict, DecisionLog, read_decisions
from mmskin_build.store import to_json


def lines(folder: Path, reviewer: str = "ada") -> list[bytes]:
    return (folder / f"{reviewer}.jsonl").read_bytes().split(b"\n")


def test_a_decision_is_one_line_and_read_back(tmp_path: Path) -> None:
    decision = make_decision(
        details={"reasons": "face"}, boxes=((1, 2, 30, 40),), field="sensitive"
    )
    assert DecisionLog(tmp_path).save(decision) is None
    assert lines(tmp_path) == [to_json(decision), b""]
    assert read_decisions(tmp_path) == ((decision,), ())


def test_saving_twice_with_one_id_writes_once(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.save(make_decision())
    assert log.save(make_decision()) is None
    assert DecisionLog(tmp_path).save(make_decision()) is None
    assert len(lines(tmp_path)) == 2


def test_a_decision_made_on_an_old_version_is_a_conflict_until_it_is_overridden(
    tmp_path: Path,
) -> None:
    log, other = DecisionLog(tmp_path), DecisionLog(tmp_path)
    first = make_decision(decision_id="a", value="clinical")
    late = make_decision(decision_id="b", value="pathological", reviewer="bob")
    log.save(first)
    assert other.save(late) == Conflict(current=first)
    assert not (tmp_path / "bob.jsonl").exists()
    assert other.save(replace(late, made_on="a", overrides=True)) is None
    log.refresh()
    standing = log.standing(key_of(first))
    assert standing is not None and standing.holds.id == "b"
    assert not standing.is_disputed  # bob knew


def test_the_latest_wins_and_a_known_predecessor_comes_first_whatever_the_clock() -> None:
    early = make_decision(decision_id="a", decided_at="2026-01-01T00:00:09Z")
    later = make_decision(decision_id="b", decided_at="2026-01-01T00:00:01Z", made_on="a")
    unaware = make_decision(decision_id="c", decided_at="2026-01-01T00:00:05Z")
    assert latest([early, later]) == later
    assert latest([later, unaware]) == unaware
    assert latest([]) is None


def test_undoing_brings_the_decision_before_back(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    first = make_decision(decision_id="a")
    log.save(first)
    log.save(make_decision(decision_id="b", value="other", made_on="a"))
    log.save(make_decision(field="undo", value="", decision_id="c", undoes="b"))
    standing = log.standing(key_of(first))
    assert standing is not None and standing.holds.id == "a"
    assert [d.id for d in log.recent("ada")] == ["a"]
    assert len(lines(tmp_path)) == 4  # nothing is deleted
    assert standing_decisions(log.decisions)[key_of(first)].holds == first


def test_different_verdicts_of_two_reviewers_are_a_dispute(tmp_path: Path) -> None:
    one = make_decision(decision_id="a")
    two = make_decision(decision_id="b", value="other", reviewer="bob", made_on="a")
    (standing,) = standing_decisions([one, two]).values()
    assert standing.is_disputed and standing.holds == two
    (agreed,) = standing_decisions([one, replace(two, value="clinical")]).values()
    assert not agreed.is_disputed


def test_known_cases_decide_nothing() -> None:
    assert standing_decisions([make_decision(known="clinical")]) == {}


def test_nonsense_is_told_by_line_and_stays(tmp_path: Path) -> None:
    good = make_decision()
    path = tmp_path / "ada.jsonl"
    nonsense = [b"{", b'{"id": 3}', b"\xff\xfe", b"[]", b'{"id": "x", "field": "nothing"}']
    path.write_bytes(b"\n".join([*nonsense, to_json(good), b""]))
    decisions, bad = read_decisions(tmp_path)
    assert decisions == (good,)
    assert [(line.file, line.line) for line in bad] == [("ada.jsonl", n) for n in range(1, 6)]
    DecisionLog(tmp_path).save(make_decision(decision_id="d2", made_on="d1"))
    assert lines(tmp_path)[:5] == nonsense


@pytest.mark.parametrize("cut", [1, 20, 80])
def test_a_torn_last_line_is_told_and_the_next_decision_is_whole(tmp_path: Path, cut: int) -> None:
    torn = to_json(make_decision(decision_id="torn"))[:-cut]
    (tmp_path / "ada.jsonl").write_bytes(to_json(make_decision()) + b"\n" + torn)
    log = DecisionLog(tmp_path)
    assert [bad.line for bad in log.bad_lines.values()] == [2]
    log.save(make_decision(decision_id="d2", made_on="d1"))
    again, bad = read_decisions(tmp_path)
    assert [d.id for d in again] == ["d1", "d2"]
    assert [line.line for line in bad] == [2]
    assert lines(tmp_path)[1] == torn


def test_a_last_line_that_only_lacks_its_end_counts_once_it_has_one(tmp_path: Path) -> None:
    (tmp_path / "ada.jsonl").write_bytes(to_json(make_decision()))
    log = DecisionLog(tmp_path)
    assert len(log) == 0 and len(log.bad_lines) == 1
    log.save(make_decision(decision_id="d2", field="annotated", value="clean"))
    assert [d.id for d in log.decisions] == ["d1", "d2"] and not log.bad_lines


def test_what_another_process_appends_or_exchanges_is_seen(tmp_path: Path) -> None:
    log, other = DecisionLog(tmp_path), DecisionLog(tmp_path)
    other.save(make_decision(reviewer="bob"))
    assert log.refresh() and len(log) == 1
    assert not log.refresh()
    fresh = tmp_path / "new"
    fresh.write_bytes(to_json(make_decision(decision_id="z", reviewer="bob")) + b"\n")
    fresh.replace(tmp_path / "bob.jsonl")
    log.refresh()
    assert [d.id for d in log.decisions] == ["z"]


def test_a_full_disk_is_an_error_and_the_decision_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = DecisionLog(tmp_path)
    log.save(make_decision())
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: whole(handle, line[:30]))
    second = make_decision(decision_id="d2", field="annotated", value="clean")
    with pytest.raises(StorageError, match="full"):
        log.save(second)
    monkeypatch.setattr(os, "write", whole)
    assert log.save(second) is None
    assert [d.id for d in read_decisions(tmp_path)[0]] == ["d1", "d2"]


@pytest.mark.parametrize("name", ["../ada", "a/b", "", "Ada", "a.b", "x" * 40])
def test_a_name_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        DecisionLog(tmp_path).save(make_decision(reviewer=name))
    assert list(tmp_path.iterdir()) == []


def _write_many(folder: str, reviewer: str, count: int) -> None:
    log = DecisionLog(Path(folder))
    for number in range(count):
        digest = f"{number:064x}"
        decision = make_decision(
            decision_id=f"{reviewer}-{os.getpid()}-{number}", reviewer=reviewer, image_sha256=digest
        )
        found = log.save(decision)
        while isinstance(found, Conflict):  # again where another was quicker once more
            found = log.save(replace(decision, made_on=found.current.id, overrides=True))


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    reviewers = ["ada", "ada", "bob"]
    workers = [spawn.Process(target=_write_many, args=(str(tmp_path), r, 40)) for r in reviewers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    decisions, bad = read_decisions(tmp_path)
    assert bad == ()
    for number in range(40):
        digest = f"{number:064x}"
        (standing,) = standing_decisions(d for d in decisions if d.image_sha256 == digest).values()
        chain = {d.made_on for d in standing.all}
        assert len(standing.all) == 3 and len(chain) == 3  # each knew the one before


def test_a_figure_is_known_by_book_page_and_box_to_the_point() -> None:
    def key(**fields: object) -> str:
        return key_of(make_decision(field="figure", value="accepted", **fields))

    assert key() == key(image_sha256=None) == key(bbox=Bbox(72.3, 100, 372, 300))
    assert len({key(), key(page_index=1), key(book_sha256="cd" * 32)}) == 3


def test_a_decision_names_what_older_readers_look_for() -> None:
    line = json.loads(to_json(make_decision()))
    assert line["image_sha256"] == SHA and line["field"] == "modality"
    assert {"value", "reviewer", "decided_at", "note"} <= line.keys()
    assert isinstance(make_decision(), Decision)


def test_a_verdict_on_an_answer_holds_for_the_caption_it_was_given_on() -> None:
    decision = make_decision(
        "qa", "rejected", question="Where?", answer="Here.", ground=ground_digest("A plaque.")
    )
    standing = standing_decisions([decision])
    about = {"image_sha256": SHA, "question": "Where?", "answer": "Here."}
    assert verdict_on_answer(standing, **about, caption="A plaque.") == decision
    assert verdict_on_answer(standing, **about, caption="A papule.") is None
    assert verdict_on_answer({}, **about, caption="A plaque.") is None
