"""MM-Skin-O from a build to a release: made once, taken in whole, proved afterwards."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from builders import make_decision, make_provenance, make_record
from mmskin_build.config import Config, DatasetConfig, VqaConfig, Workspace
from mmskin_build.dataset.manifest import content_digest
from mmskin_build.dataset.mmskin_o import (
    QuestionSet,
    build_mmskin_o,
    majority_guesser,
    talk_of_pairs,
    vqa_card,
)
from mmskin_build.dataset.pictures import Picture
from mmskin_build.dataset.release import write_release
from mmskin_build.dataset.released import read_manifest
from mmskin_build.dataset.summary import BuildSummary
from mmskin_build.dataset.verify import verify_release
from mmskin_build.decisions import Decision, ground_digest, standing_decisions
from mmskin_build.qa import QAItem
from mmskin_build.questions import (
    DOUBTFUL,
    ITEMS,
    REJECTED,
    REPORT,
    decide_answers,
    find_doubtful,
    find_questions,
    make_questions,
)
from mmskin_build.records import Label, Record
from mmskin_build.store import file_sha256, pixel_digest
from mmskin_build.text.demographics import extract_demographics

CAPTIONS = (
    "Lichen planus. Violaceous papules on the left wrist of a 42-year-old woman.",
    "Annular plaques on the trunk of a boy aged 9 years with tinea corporis.",
)


def records(folder: Path) -> list[Record]:
    made = []
    for number, caption in enumerate(CAPTIONS, 1):
        rgb = np.random.default_rng(number).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        digest = pixel_digest(rgb)
        Image.fromarray(rgb).save(folder / f"{digest}.png")
        made.append(
            make_record(
                f"bk1_1_{number}",
                image_sha256=digest,
                width_px=30,
                height_px=20,
                caption=caption,
                figure_caption=caption,
                demographics=extract_demographics(caption),
                modality=Label(value="clinical", confidence=0.95, source="rule"),
                alignment=Label(value="paired", confidence=0.8, source="rule"),
                provenance=make_provenance(book_id="bk1", figure_id=f"f{number}"),
            )
        )
    return made


def build_of(made: list[Record]) -> BuildSummary:
    return BuildSummary(books=(), content_digest=content_digest(made))


def test_pairs_are_made_once_and_found_again(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    summary, cfg = build_of(made), VqaConfig()
    assert find_questions(workspace, cfg, summary) is None
    first = make_questions(workspace, cfg, summary, made)
    assert first.is_finished and first.fresh and first.report.asked == 2
    assert first.folder.is_relative_to(workspace.work / "vqa")
    assert {p.name for p in first.folder.iterdir()} >= {ITEMS, REJECTED, DOUBTFUL, REPORT}
    again = make_questions(workspace, cfg, summary, made)
    assert not again.fresh and again.report == first.report
    found = find_questions(workspace, cfg, summary)
    assert found is not None and len(found.items) == first.report.pairs
    assert "by rules" in found.note


def test_other_records_or_settings_need_other_pairs(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    make_questions(workspace, VqaConfig(), build_of(made), made)
    assert find_questions(workspace, VqaConfig(), build_of(made[:1])) is None
    assert find_questions(workspace, VqaConfig(seed=1), build_of(made)) is None
    moved = VqaConfig(base_url="http://elsewhere", concurrency=2)
    assert find_questions(workspace, moved, build_of(made)) is not None


def test_pairs_on_an_unsure_pairing_are_listed_for_a_person(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    done = make_questions(workspace, VqaConfig(), build_of(made), made)
    lines = (done.folder / DOUBTFUL).read_text("utf-8").splitlines()
    assert len(lines) == done.report.doubtful == done.report.pairs
    assert json.loads(lines[0])["why"] == "the caption may not be this picture's"


def test_what_a_model_cannot_finish_is_no_result(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    cfg = VqaConfig(
        backend="openai", model="m", base_url="http://127.0.0.1:9/v1", retries=0, timeout_s=2.0
    )
    done = make_questions(workspace, cfg, build_of(made), made)
    assert not done.is_finished and done.report.failed == 2
    assert find_questions(workspace, cfg, build_of(made)) is None


def release(folder: Path, *, with_questions: bool = True) -> Path:
    made, workspace = records(folder), Workspace(folder / "data")
    summary = build_of(made)
    questions = None
    if with_questions:
        make_questions(workspace, VqaConfig(), summary, made)
        questions = find_questions(workspace, VqaConfig(), summary)
    return write_release(
        workspace.releases,
        "1.0.0",
        cfg=Config(dataset=DatasetConfig(name="s")),
        summary=summary,
        books=(),
        records=made,
        pictures={
            r.id: Picture(
                path=folder / f"{r.image_sha256}.png",
                sha256=file_sha256(folder / f"{r.image_sha256}.png"),
            )
            for r in made
        },
        questions=questions,
    )


def test_a_release_holds_the_pairs_on_their_sides(tmp_path: Path) -> None:
    folder = release(tmp_path)
    entries = json.loads((folder / "MM-Skin-O.json").read_bytes())
    talks = json.loads((folder / "MM-Skin-O_vqa.json").read_bytes())
    sides = {r["id"]: r["split"] for r in json.loads((folder / "MM-Skin-C.json").read_bytes())}
    assert all(entry["split"] == sides[entry["record_id"]] for entry in entries)
    assert read_manifest(folder).subsets["MM-Skin-O"].entries == len(entries) > 5
    assert [talk["id"] for talk in talks] == ["bk1_1_1", "bk1_1_2"]
    for talk in talks:
        turns = talk["conversations"]
        assert turns[0]["value"].startswith("<image>\n") and len(turns) % 2 == 0
        assert [turn["from"] for turn in turns] == ["human", "gpt"] * (len(turns) // 2)
        assert not any("<image>" in turn["value"] for turn in turns[1:])
    quotes = [e["quote"] for entry in entries for e in entry["evidence"]]
    assert quotes and all(any(q in caption for caption in CAPTIONS) for q in quotes)
    assert verify_release(folder).problems == ()
    card = (folder / "README.md").read_text("utf-8")
    assert "## MM-Skin-O" in card and "sees no picture" in card and "by rules" in card


def test_without_pairs_a_release_says_so(tmp_path: Path) -> None:
    folder = release(tmp_path, with_questions=False)
    assert not (folder / "MM-Skin-O.json").exists()
    assert read_manifest(folder).subsets["MM-Skin-O"].file is None
    assert "mmskin vqa" in (folder / "README.md").read_text("utf-8")
    assert verify_release(folder).problems == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda e: {**e, "split": "nowhere"}, "does not agree with its record"),
        (lambda e: {**e, "answer": "It is a melanoma."}, "does not say what"),
        (lambda e: {"id": e["id"]}, "not a list of questions"),
    ],
)
def test_changed_pairs_are_found(tmp_path: Path, change: Any, expected: str) -> None:
    folder = release(tmp_path)
    path = folder / "MM-Skin-O.json"
    entries = json.loads(path.read_bytes())
    entries[0] = change(entries[0])
    path.chmod(0o644)
    path.write_text(json.dumps(entries), "utf-8")
    assert any(expected in problem for problem in verify_release(folder).problems)


def test_pairs_of_other_pixels_or_records_are_left_out(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    make_questions(workspace, VqaConfig(), build_of(made), made)
    found = find_questions(workspace, VqaConfig(), build_of(made))
    assert found is not None
    masked = dataclasses.replace(made[0], image_sha256="0" * 64)
    entries, talks = build_mmskin_o([masked, made[1]], found.items)
    assert {entry["record_id"] for entry in entries} == {"bk1_1_2"} == {t["id"] for t in talks}


def test_a_follow_up_stands_after_its_question() -> None:
    talk = talk_of_pairs(
        "r", "i.png", [("1", None, "A?", "a"), ("2", None, "B?", "b"), ("3", "1", "And?", "c")]
    )
    asked = [turn["value"] for turn in talk["conversations"] if turn["from"] == "human"]
    assert asked == ["<image>\nA?", "And?", "B?"]


def entry(kind: str, question: str, answer: str, split: str) -> dict[str, Any]:
    return {
        "record_id": question, "kind": kind, "question": question, "answer": answer, "split": split
    }  # fmt: skip


def test_the_guesser_knows_only_words() -> None:
    entries = [
        entry("sex", "Sex?", "Male.", "train"),
        entry("sex", "Sex?", "Male.", "train"),
        entry("sex", "Which sex?", "Female.", "train"),
        entry("yes_no", "Is it red?", "Yes, the plaque is red.", "train"),
        entry("sex", "Sex?", "Male.", "test"),
        entry("sex", "Other words?", "Female.", "test"),
        entry("yes_no", "Is it blue?", "Yes, it is blue.", "test"),
        entry("site", "Where?", "There.", "test"),
    ]
    assert majority_guesser(entries) == (2, 4)
    assert any("2 of 4" in line for line in vqa_card(entries, "by hand"))
    assert vqa_card([])[0] == "## MM-Skin-O"


def test_a_set_without_pairs_is_one_too() -> None:
    assert build_mmskin_o([make_record()], QuestionSet(items=()).items) == ([], [])


def test_what_people_decided_about_answers_is_in_the_release(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    summary, cfg = build_of(made), VqaConfig()
    make_questions(workspace, cfg, summary, made)
    found = find_questions(workspace, cfg, summary)
    assert found is not None
    accepted, changed, rejected, stale = found.items[:4]
    captions = {record.id: record.caption for record in made}

    def verdict(item: QAItem, value: str, caption: str, **details: str) -> Decision:
        return make_decision(
            "qa",
            value,
            decision_id=f"{value} {item.id}",
            image_sha256=item.image_sha256,
            question=item.question,
            answer=item.answer,
            ground=ground_digest(caption),
            details=details,
        )

    standing = standing_decisions(
        [
            verdict(accepted, "accepted", captions[accepted.record_id]),
            verdict(changed, "changed", captions[changed.record_id], answer="They are papules."),
            verdict(rejected, "rejected", captions[rejected.record_id], reason="trivial"),
            verdict(stale, "rejected", "another caption"),
        ]
    )
    decided = decide_answers(found, made, standing)
    by_id = {item.id: item for item in decided.items}
    assert by_id[accepted.id] == dataclasses.replace(accepted, source="human")
    assert (by_id[changed.id].answer, by_id[changed.id].source) == ("They are papules.", "human")
    assert by_id[changed.id].evidence == ()
    assert rejected.id not in by_id
    assert by_id[stale.id] == stale
    assert decided.note.endswith("; by people: 1 accepted, 1 changed, 1 rejected")
    assert decide_answers(found, made, {}) == found


def test_doubtful_pairs_are_what_the_review_asks(tmp_path: Path) -> None:
    made, workspace = records(tmp_path), Workspace(tmp_path / "data")
    summary, cfg = build_of(made), VqaConfig()
    assert find_doubtful(workspace, cfg, summary) == []
    folder = make_questions(workspace, cfg, summary, made).folder
    lines = [json.loads(line) for line in (folder / DOUBTFUL).read_text().splitlines()]
    assert find_doubtful(workspace, cfg, summary) == lines
