from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import SHA, make_decision, make_figure, make_screening
from mmskin_build.config import ImagesConfig, PrivacyConfig, ReviewConfig
from mmskin_build.dataset.assemble import Judged
from mmskin_build.dataset.figure_verdicts import CAPTION_TAKEN, Outcome
from mmskin_build.dataset.judge import judge_picture
from mmskin_build.dataset.summary import PageNote
from mmskin_build.decisions import Standing, content_key, standing_decisions
from mmskin_build.geometry import Bbox
from mmskin_build.images.photo import classify_photo
from mmskin_build.images.registration import Overlap
from mmskin_build.records import Book, Demographics, Figure, Flag, Panel
from mmskin_build.review.doubts import BuiltBook, find_tasks, is_drawn
from mmskin_build.review.queue import Placed, answer_tasks, duplicate_tasks
from mmskin_build.review.tasks import Task

BOOK = Book(id="bk1", title="", path="x", sha256=SHA, page_count=9)
ALONE = ReviewConfig(double_share=0.0, known_share=0.0)
DIGEST = "1" * 64


def figure(**fields: Any) -> Figure:
    found = make_figure("p1", page_index=1, **fields)
    if found.bbox is None:
        return found
    panel = Panel(bbox=found.bbox, image_sha256=DIGEST, pixel_size=(60, 40), source="native")
    return replace(found, panels=(panel,))


def judged(vote: str | None = None, disputed: bool = False, **screening: Any) -> Judged:
    judgement = judge_picture(
        make_screening(**screening),
        ImagesConfig(),
        PrivacyConfig(),
        vote=vote,
        is_disputed=disputed,
    )
    return Judged(
        item_id="p1#0",
        record_id="bk1_1_1",
        image_sha256=DIGEST,
        judgement=judgement,
        boxes=(),
        marks=(),
        demographics=Demographics(),
        caption="A plaque.",
        figure_caption="A plaque on the forearm.",
        panel_text=None,
        ground="ground",
    )


def tasks(
    *figures: Figure,
    seen: Judged | None = None,
    outcomes: tuple[Outcome, ...] = (),
    standing: dict[str, Standing] | None = None,
    cfg: ReviewConfig = ALONE,
) -> list[Task]:
    built = BuiltBook(
        book=BOOK,
        figures=figures or (figure(),),
        judged=() if seen is None else (seen,),
        notes=[
            PageNote(page_index=n, page_label=str(n), width_pt=612, height_pt=792) for n in range(4)
        ],
        outcomes=outcomes,
        doubtful_below=0.9,
    )
    return list(find_tasks(built, standing or {}, cfg))


def kinds(found: list[Task]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(task.kind, task.why, task.blocks) for task in found]


FACE = (Flag(name="face", score=0.9, source="model"),)


def test_what_is_sure_is_not_asked() -> None:
    assert tasks(seen=judged()) == []


def test_what_holds_a_picture_is_asked_and_blocks() -> None:
    found = tasks(seen=judged(sensitive=FACE, severity="major"))
    assert kinds(found) == [
        ("sensitive", ("face",), True),
        ("annotated", ("annotated_major",), True),
    ]
    assert found[0].id == content_key("sensitive", image_sha256=DIGEST)
    assert [page.page_index for page in found[0].pages] == [1]


def test_figures_in_doubt_are_asked_with_the_captions_around() -> None:
    near = make_figure("p2", page_index=2, status="caption_without_image", panels=())
    (task,) = tasks(figure(confidence=0.4), replace(near, confidence=0.99))
    assert kinds([task]) == [("figure", ("low_confidence",), False)]
    assert [place.page_index for place in task.captions] == [1, 2]
    assert [page.page_index for page in task.pages] == [0, 1, 2]
    (task,) = tasks(figure(), seen=judged(disputed=True))
    assert kinds([task]) == [("figure", ("panels_disputed",), True)]
    taken = figure(status="image_without_caption", confidence=0.0, flags=(CAPTION_TAKEN,))
    assert tasks(taken)[0].why == (CAPTION_TAKEN,)


def test_charts_in_doubt_are_left_alone() -> None:
    assert tasks(figure(confidence=0.2, kind="nonphoto")) == []


def test_a_picture_left_out_is_asked_about_only_if_that_is_not_sure() -> None:
    def photo(probability: float) -> Any:
        kinds_ = dict.fromkeys(make_screening().kinds, 0.0)
        return classify_photo(kinds_ | {"clinical": probability, "drawing": 1 - probability})

    assert kinds(tasks(seen=judged(photo=photo(0.4)))) == [("modality", ("photo_unsure",), False)]
    assert tasks(seen=judged(photo=photo(0.05))) == []


def test_a_patient_of_the_whole_figure_is_asked_about() -> None:
    told = replace(judged(), figure_caption="(a) A plaque. (b) A 34-year-old woman with a papule.")
    (task,) = tasks(seen=told)
    assert kinds([task]) == [("demographics", ("patient_unsure",), False)]


def test_what_is_decided_is_not_asked_again_but_what_is_new_since_is() -> None:
    decision = make_decision(
        "sensitive", "keep", image_sha256=DIGEST, details={"reasons": "face"}, decision_id="d"
    )
    standing = standing_decisions([decision])
    done = (
        Outcome(
            decision_id="d", field="sensitive", reviewer="ada", outcome="applied", item_id="p1#0"
        ),
    )
    assert tasks(seen=judged(sensitive=FACE), outcomes=done, standing=standing) == []
    more = (*FACE, Flag(name="genitals", score=0.8, source="model"))
    found = tasks(seen=judged(sensitive=more), outcomes=done, standing=standing)
    assert [task.asked for task in found] == [("face", "genitals")]


def test_a_verdict_whose_ground_has_changed_is_a_task_even_without_a_doubt() -> None:
    decision = make_decision("modality", "dermoscopic", image_sha256="2" * 64, decision_id="d")
    back = (
        Outcome(
            decision_id="d",
            field="modality",
            reviewer="ada",
            outcome="ground_changed",
            item_id="p1#0",
        ),
    )
    (task,) = tasks(seen=judged(), outcomes=back, standing=standing_decisions([decision]))
    assert task.kind == "modality" and task.before == decision


def test_a_second_reviewer_is_asked_the_same() -> None:
    twice = ReviewConfig(double_share=1.0, known_share=0.0)
    decision = make_decision(
        "annotated",
        "drop",
        image_sha256=DIGEST,
        details={"reasons": "annotated_major"},
        decision_id="d",
    )
    done = (
        Outcome(
            decision_id="d", field="annotated", reviewer="ada", outcome="applied", item_id="p1#0"
        ),
    )
    seen = judged(severity="major")
    before = tasks(seen=seen, cfg=twice)
    after = tasks(seen=seen, outcomes=done, standing=standing_decisions([decision]), cfg=twice)
    assert [replace(task, blocks=True) for task in after] == before
    assert [task.blocks for task in after] == [False]
    both = [decision, replace(decision, id="e", reviewer="bob", made_on="d")]
    assert tasks(seen=seen, outcomes=done, standing=standing_decisions(both), cfg=twice) == []


def test_known_cases_propose_something_wrong() -> None:
    always = ReviewConfig(double_share=0.0, known_share=1.0)
    sure = {"clinical": 0.995}
    kinds_ = dict.fromkeys(make_screening().kinds, 0.001) | sure
    from mmskin_build.images.modality import classify_modality

    seen = judged("clinical", modality=classify_modality(kinds_))
    (task,) = tasks(seen=seen, cfg=always)
    assert task.known == "clinical" and task.proposed != "clinical"
    assert task.why == ("modality_unsure",)  # as for any other


def test_a_draw_is_always_the_same_and_of_about_its_share() -> None:
    names = [str(number) for number in range(4000)]
    drawn = [is_drawn(name, "double", 0.05) for name in names]
    assert drawn == [is_drawn(name, "double", 0.05) for name in names]
    assert 150 < sum(drawn) < 250
    assert not any(is_drawn(name, "double", 0.0) for name in names)


def placed(name: str, digest: str) -> Placed:
    from builders import make_record

    return Placed(record=make_record(name, image_sha256=digest), original=digest)


def test_look_alikes_in_doubt_are_asked_about() -> None:
    from mmskin_build.images.duplicates import Join

    def join(similarity: float) -> Join:
        overlap = Overlap(
            similarity=similarity,
            share=0.9,
            scale=1.0,
            turn_degrees=0.0,
            mirrored=False,
            agreeing=9,
        )
        return Join(first="1" * 64, second="2" * 64, overlap=overlap)

    both = [placed("bk1_1", "1" * 64), placed("bk1_2", "2" * 64)]
    (task,) = duplicate_tasks([join(0.7)], both, {}, ALONE)
    assert [picture.item_id for picture in task.pictures] == ["bk1_1", "bk1_2"]
    assert list(duplicate_tasks([join(0.95)], both, {}, ALONE)) == []
    assert list(duplicate_tasks([join(0.7)], both[:1], {}, ALONE)) == []


def test_doubtful_answers_are_asked_until_decided() -> None:
    item = {"record_id": "bk1_1", "question": "Where?", "answer": "On the arm."}
    lines = [{"item": item, "why": "place"}, {"item": item}, {"item": 3}, {}]
    (task,) = answer_tasks(lines, [placed("bk1_1", DIGEST)], {}, ALONE)
    assert (task.question, task.answer, task.kind) == ("Where?", "On the arm.", "qa")
    decision = make_decision(
        "qa",
        "accepted",
        image_sha256=DIGEST,
        question="Where?",
        answer="On the arm.",
        ground=task.ground,
    )
    standing = standing_decisions([decision])
    assert list(answer_tasks(lines, [placed("bk1_1", DIGEST)], standing, ALONE)) == []
    stale = standing_decisions([replace(decision, ground="old")])
    (again,) = answer_tasks(lines, [placed("bk1_1", DIGEST)], stale, ALONE)
    assert again.before is not None


def test_a_box_of_a_task_is_that_of_its_picture() -> None:
    (task,) = tasks(seen=judged(severity="major"))
    assert task.bbox == Bbox(72, 100, 372, 300) == task.pictures[0].bbox
