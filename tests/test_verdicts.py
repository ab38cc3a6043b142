from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import SHA, make_decision, make_figure, make_screening
from mmskin_build.config import ImagesConfig, PrivacyConfig
from mmskin_build.dataset.assemble import Surroundings, assemble_records
from mmskin_build.dataset.figure_verdicts import CAPTION_TAKEN, DecidedFigures, decide_figures
from mmskin_build.dataset.verdicts import (
    PictureVerdicts,
    decide_duplicates,
    patient_ground,
    read_patient,
)
from mmskin_build.decisions import CaptionPlace, Decision, PanelVerdict, standing_decisions
from mmskin_build.geometry import Bbox
from mmskin_build.images.classify import ScreenedPicture
from mmskin_build.images.photo import classify_photo
from mmskin_build.records import Book, Figure, Flag, Panel, Record, Reject

BOOK = Book(id="bk1", title="", path="x", sha256=SHA, page_count=9)
BOX = Bbox(72, 100, 372, 300)


def digest(number: int) -> str:
    return f"{number:064x}"


def figure(number: int = 1, **fields: Any) -> Figure:
    """A figure on its own page with one picture."""
    fields.setdefault("caption", f"A plaque number {number} on the forearm.")
    fields.setdefault("label", f"Figure {number}")
    found = make_figure(f"p{number}", page_index=number, **fields)
    if "panels" in fields or found.bbox is None:
        return found
    panel = Panel(
        bbox=found.bbox, image_sha256=digest(number), pixel_size=(60, 40), source="native"
    )
    return replace(found, panels=(panel,))


def place(of: Figure) -> CaptionPlace:
    assert of.caption is not None and of.caption_bbox is not None
    page = of.page_index if of.caption_page_index is None else of.caption_page_index
    return CaptionPlace(page_index=page, bbox=of.caption_bbox, text=of.caption, label=of.label)


def verdict(of: Figure, value: str = "accepted", **fields: Any) -> Decision:
    fields.setdefault("decision_id", f"d-{of.figure_id}-{value}")
    fields.setdefault("caption", place(of) if value == "accepted" else None)
    box = of.bbox or of.caption_bbox
    image = of.panels[0].image_sha256 if of.panels else None
    return make_decision(
        "figure",
        value,
        **({"page_index": of.page_index, "bbox": box, "image_sha256": image} | fields),
    )


def decide(figures: list[Figure], *decisions: Decision, book: Book = BOOK) -> DecidedFigures:
    return decide_figures(figures, standing_decisions(decisions), book)


def assemble(
    figures: list[Figure], *decisions: Decision, flags: tuple[Flag, ...] = (), **screening: Any
) -> tuple[list[Record], list[Reject], PictureVerdicts]:
    standing = standing_decisions(decisions)
    decided = decide_figures(figures, standing, BOOK)
    verdicts = PictureVerdicts(standing=standing, book=BOOK, images=ImagesConfig())
    seen = make_screening(sensitive=flags, **screening)
    around = Surroundings(
        page_labels={},
        headings={},
        screened={
            f"{one.figure_id}#{n}": ScreenedPicture(name="", screening=seen)
            for one in decided.figures
            for n in range(len(one.panels))
        },
        images=ImagesConfig(),
        privacy=PrivacyConfig(),
        config_sha256=SHA,
        decided=decided,
        verdicts=verdicts,
    )
    found = assemble_records(BOOK, decided.figures, around)
    verdicts.note_unseen(
        (f"{one.figure_id}#{n}", one.page_index, panel)
        for one in decided.figures
        for n, panel in enumerate(one.panels)
    )
    return list(found.records), list(found.rejects), verdicts


def about(number: int, field: str, value: str, **fields: Any) -> Decision:
    defaults = {"image_sha256": digest(number), "page_index": number, "bbox": BOX}
    return make_decision(
        field, value, decision_id=f"{field}-{number}-{value}", **(defaults | fields)
    )


# --------------------------------------------------------------------------------------- figures


def test_an_accepted_pair_is_sure_and_says_who_said_so() -> None:
    (record,), _, _ = assemble([figure(1, confidence=0.3)], verdict(figure(1)))
    assert record.alignment.source == "human" and record.alignment.confidence == 1.0
    assert record.review.state == "accepted" and record.review.decided == ("figure",)
    assert record.review.reviewer == "ada"


def test_another_caption_is_taken_and_none_is_lost() -> None:
    one, two = figure(1), figure(2)
    found = decide([one, two], verdict(one, "caption", caption=place(two)))
    assert [(f.figure_id, f.status, f.caption, f.label) for f in found.figures] == [
        ("p1", "paired", two.caption, "Figure 2"),
        ("p1_caption", "caption_without_image", one.caption, "Figure 1"),
        ("p2", "image_without_caption", None, None),
    ]
    assert CAPTION_TAKEN in found.figures[2].flags
    assert found.touched == {"p1"}


def test_two_captions_are_exchanged() -> None:
    one, two = figure(1), figure(2)
    found = decide(
        [one, two],
        verdict(one, "caption", caption=place(two)),
        verdict(two, "caption", caption=place(one)),
    )
    assert [f.caption for f in found.figures] == [two.caption, one.caption]


def test_a_caption_without_picture_finds_the_one_a_person_shows() -> None:
    bare = figure(1, status="image_without_caption")
    alone = figure(2, status="caption_without_image", panels=())
    (found,) = decide([bare, alone], verdict(bare, "caption", caption=place(alone))).figures
    assert (found.status, found.caption, found.caption_page_index) == ("paired", alone.caption, 2)


def test_no_caption_and_no_figure() -> None:
    one = figure(1)
    found = decide([one], verdict(one, "no_caption"))
    assert [f.status for f in found.figures] == ["image_without_caption", "caption_without_image"]
    records, rejects, _ = assemble([one], verdict(one, "no_figure"))
    assert records == []
    assert [(r.reason, r.detail) for r in rejects if r.item_id == "p1"] == [
        ("rejected_by_reviewer", "figure")
    ]


def test_words_are_edited_and_their_caption_is_still_that_of_the_page() -> None:
    one = figure(1)
    text = "A 95-year-old woman with a plaque."
    (record,), _, _ = assemble([one], verdict(one, details={"text": text}))
    assert record.figure_caption == "A 90+-year-old woman with a plaque."  # top-coded, too
    assert record.review.state == "changed"


def test_panels_are_drawn_joined_and_lettered() -> None:
    one = figure(1, caption="(a) A plaque. (b) A papule.")
    halves = (Bbox(72, 100, 220, 300), Bbox(224, 100, 372, 300))
    drawn = tuple(
        PanelVerdict(bbox=box, label=letter) for box, letter in zip(halves, "ab", strict=True)
    )
    found = decide([one], verdict(one, panels=drawn))
    assert [(p.label, p.text) for p in found.figures[0].panels] == [
        ("a", "A plaque"),
        ("b", "A papule"),
    ]
    assert found.uncut == {"p1"} and found.figures[0].bbox == BOX
    same = decide([one], verdict(one, panels=(PanelVerdict(bbox=BOX, label="a"),)))
    assert same.figures[0].panels[0].image_sha256 == digest(1)  # its pixels are there
    assert same.uncut == frozenset()


def test_panels_that_a_person_drew_are_disputed_no_more() -> None:
    one = figure(1, caption="(a) A plaque. (b) A papule.")
    thirds = [Bbox(72 + 100 * n, 100, 170 + 100 * n, 300) for n in range(3)]
    drawn = tuple(PanelVerdict(bbox=box) for box in thirds)
    (found,) = decide([one], verdict(one, panels=drawn)).figures
    assert "panels_disagree" not in found.flags
    assert {panel.text for panel in found.panels} == {one.caption}


def test_moving_a_letter_moves_the_words() -> None:
    panels = tuple(
        Panel(
            bbox=Bbox(72 + 150 * n, 100, 212 + 150 * n, 300),
            label="ab"[n],
            text=("A plaque.", "A papule.")[n],
            image_sha256=digest(n),
            pixel_size=(9, 9),
            source="native",
        )
        for n in range(2)
    )
    one = figure(1, caption="(a) A plaque. (b) A papule.", panels=panels)
    moved = tuple(PanelVerdict(bbox=panels[n].bbox, label="ba"[n]) for n in range(2))
    (found,) = decide([one], verdict(one, panels=moved)).figures
    assert [(p.label, p.text) for p in found.panels] == [("b", "A papule"), ("a", "A plaque")]
    assert [p.image_sha256 for p in found.panels] == [digest(0), digest(1)]


def test_a_moved_box_or_other_words_bring_the_task_back() -> None:
    one = figure(1)
    moved = replace(one, bbox=Bbox(72, 100, 372, 240))
    found = decide([moved], verdict(one))
    assert found.figures == (moved,)
    assert [(o.outcome, o.item_id) for o in found.outcomes] == [("ground_changed", "p1")]
    reworded = replace(one, caption="A papule.")
    assert [o.outcome for o in decide([reworded], verdict(one)).outcomes] == ["ground_changed"]
    assert [o.outcome for o in decide([figure(5)], verdict(one)).outcomes] == ["lost"]


def test_a_better_alignment_elsewhere_leaves_a_verdict_in_force() -> None:
    one, two = figure(1), figure(2)
    chosen = verdict(one, "caption", caption=place(two))
    better = [
        replace(one, caption=two.caption, label=two.label, caption_page_index=2),
        replace(two, status="image_without_caption", caption=None, caption_bbox=None),
    ]
    better[0] = replace(better[0], caption_bbox=two.caption_bbox)
    found = decide(better, chosen)
    assert found.figures[0].caption == two.caption
    assert [o.outcome for o in found.outcomes] == ["applied"]


def test_a_new_file_of_a_book_keeps_verdicts_on_what_it_kept() -> None:
    new = replace(BOOK, sha256="cd" * 32)
    kept, changed = figure(1), figure(2)
    given = [verdict(kept, book_id="bk1"), verdict(changed, book_id="bk1")]
    later = replace(kept, page_index=4, caption_page_index=4)  # three pages were put in front
    panel = replace(changed.panels[0], image_sha256=digest(99))
    found = decide([later, replace(changed, panels=(panel,))], *given, book=new)
    outcomes = {(o.outcome, o.item_id) for o in found.outcomes}
    assert outcomes == {("applied", "p1"), ("ground_changed", "p2")}
    assert decide([later], *given, book=replace(new, id="bk2")).outcomes == ()


# -------------------------------------------------------------------------------------- pictures


def test_a_modality_is_a_persons_and_lifts_what_the_program_left_out() -> None:
    decision = about(1, "modality", "dermoscopic")
    (record,), _, _ = assemble([figure(1)], decision)
    assert record.modality is not None
    assert (record.modality.value, record.modality.source) == ("dermoscopic", "human")
    assert record.review.state == "changed"
    drawing = classify_photo(dict.fromkeys(make_screening().kinds, 0.0) | {"drawing": 1.0})
    assert assemble([figure(1)], photo=drawing)[0] == []
    assert len(assemble([figure(1)], decision, photo=drawing)[0]) == 1


@pytest.mark.parametrize(
    ("value", "reason"), [("other", "other_modality"), ("nonphoto", "not_a_photograph")]
)
def test_no_modality_leaves_the_picture_out(value: str, reason: str) -> None:
    records, rejects, _ = assemble([figure(1)], about(1, "modality", value))
    assert records == [] and [r.reason for r in rejects] == [reason]


FACE = Flag(name="face", score=0.9, source="model")
CHILD = Flag(name="genitals", score=0.9, source="model")


def test_privacy_is_settled_for_what_was_asked_and_nothing_else() -> None:
    keep = about(1, "sensitive", "keep", details={"reasons": "face"})
    (record,), _, _ = assemble([figure(1)], keep, flags=(FACE,))
    assert record.held == () and record.flags.sensitive[0].source == "human"
    (record,), _, _ = assemble([figure(1)], keep, flags=(FACE, CHILD))
    assert record.held == ("genitals",)


def test_a_mask_without_a_box_masks_nothing_and_holds() -> None:
    mask = about(1, "sensitive", "mask", details={"reasons": "face"})
    (record,), _, _ = assemble([figure(1)], mask, flags=(FACE,))
    assert record.held == ("face",)
    drop = about(1, "sensitive", "drop", details={"reasons": "face"})
    records, rejects, _ = assemble([figure(1)], drop, flags=(FACE,))
    assert records == [] and rejects[0].reason == "rejected_by_reviewer"


def test_marks_are_cleared_kept_or_leave_the_picture_out() -> None:
    def held(value: str) -> list[tuple[str, ...]]:
        decision = about(1, "annotated", value, details={"reasons": "annotated_major"})
        found, _, _ = assemble([figure(1)], decision, severity="major")
        return [record.held for record in found]

    assert assemble([figure(1)], severity="major")[0][0].held == ("annotated_major",)
    assert [held("clean"), held("marks"), held("drop")] == [[()], [()], []]


def test_a_patient_is_a_persons_until_the_words_change() -> None:
    one = figure(1, caption="A 34-year-old woman with a plaque.")
    ground = patient_ground("A 34-year-old woman with a plaque.", None)
    decision = about(
        1, "demographics", "changed", details={"age_years": "43", "sex": "male"}, ground=ground
    )
    (record,), _, _ = assemble([one], decision)
    assert (record.demographics.age_years, record.demographics.sex) == (43.0, "male")
    assert record.demographics.age_group == "adult"
    other = figure(1, caption="A 35-year-old woman with a plaque.")
    (record,), _, verdicts = assemble([other], decision)
    assert record.demographics.age_years == 35.0
    assert [o.outcome for o in verdicts.outcomes] == ["ground_changed"]


def test_an_age_over_89_that_a_person_writes_is_top_coded() -> None:
    found = read_patient({"age_years": "94"})
    assert (found.age_years, found.age_min) == (None, 90.0)


def test_a_picture_cut_anew_brings_its_verdict_back() -> None:
    one = figure(1)
    panel = replace(one.panels[0], image_sha256=digest(77))
    _, _, verdicts = assemble([replace(one, panels=(panel,))], about(1, "modality", "clinical"))
    assert [(o.outcome, o.item_id) for o in verdicts.outcomes] == [("ground_changed", "p1#0")]
    _, _, verdicts = assemble([figure(3)], about(1, "modality", "clinical"))
    assert [o.outcome for o in verdicts.outcomes] == ["lost"]


def test_a_picture_that_gives_no_record_is_neither_lost_nor_back() -> None:
    one = figure(1)
    given = [verdict(one, "no_figure"), about(1, "modality", "clinical")]
    _, _, verdicts = assemble([one], *given)
    assert [o for o in verdicts.outcomes if o.field == "modality"] == []


def test_the_same_picture_in_another_book_bears_the_same_verdict() -> None:
    decision = about(1, "modality", "pathological", book_sha256="ef" * 32, book_id="bk7")
    (record,), _, verdicts = assemble([figure(1)], decision)
    assert record.modality is not None and record.modality.value == "pathological"
    assert [o.outcome for o in verdicts.outcomes] == ["applied"]


def test_duplicates_are_joined_and_parted() -> None:
    same = about(1, "duplicate", "same", other_sha256=digest(2))
    apart = about(4, "duplicate", "different", other_sha256=digest(3))
    found = decide_duplicates(standing_decisions([same, apart]))
    assert found.same == {(digest(1), digest(2))}
    assert found.apart == {(digest(3), digest(4))}
    assert set(found.by_picture) == {digest(n) for n in (1, 2, 3, 4)}
