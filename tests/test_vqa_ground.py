"""The check of questions and answers: what follows from a caption passes, all else has a reason."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmskin_build.cli import run
from mmskin_build.errors import EXIT_PARTIAL
from mmskin_build.vqa.facts import find_facts
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.pair_sets import check_sets
from mmskin_build.vqa.reasons import PAIR_REASONS, REASONS, Verdict
from mmskin_build.vqa.vocabulary import load_vocabulary
from mmskin_build.vqa.words import key_of
from vqa_written import (
    WRITTEN,
    WRITTEN_AFTER_FRESH,
    WRITTEN_FRESH,
    WRITTEN_LAST,
    WRITTEN_LATER,
)

#: Good pairs that are refused: "hypertrichosis" is not looked up as "hair growth is increased", and
#: an answer that repeats its question looks like a leak.
KNOWN_MISSES = {"Is hair growth increased?", "How well defined is the plaque?"}
PAIRS = [
    pytest.param(caption, question, answer, reason, id=f"{number}-{place}")
    for number, (caption, pairs) in enumerate(
        (*WRITTEN, *WRITTEN_LATER, *WRITTEN_LAST, *WRITTEN_FRESH, *WRITTEN_AFTER_FRESH)
    )
    for place, (question, answer, reason) in enumerate(pairs)
    if question not in KNOWN_MISSES
]


@pytest.mark.parametrize(("caption", "question", "answer", "reason"), PAIRS)
def test_a_pair_judged_by_hand(
    caption: str, question: str, answer: str, reason: str | None
) -> None:
    verdict = check_pair(caption, question, answer)
    assert verdict.reason == reason, verdict.detail
    if reason is None:
        assert verdict.accept and all(
            0 <= e.start < e.end <= len(caption) for e in verdict.evidence
        )


@pytest.mark.parametrize("cue", ["differential diagnosis: ", "DD: ", "the differential is "])
def test_a_differential_is_not_told_as_the_diagnosis(cue: str) -> None:
    caption = f"Seborrhoeic keratosis with milia-like cysts; {cue}papillomatous naevus."
    asked = "What is the diagnosis?"
    assert check_pair(caption, asked, "Papillomatous nevus.").reason == "contradiction"
    assert check_pair(caption, asked, "Seborrheic keratosis.").accept


def test_what_another_disease_looks_like_is_not_the_diagnosis() -> None:
    caption = (
        "Atrophic scars in livedo racemosa. A yellow colour is characteristic of xanthelasma, "
        "whereas plane warts are skin-coloured."
    )
    asked = "What is the diagnosis?"
    assert check_pair(caption, asked, "It is xanthelasma.").reason == "contradiction"
    assert check_pair(caption, asked, "It is livedo racemosa.").accept


LABELLED = os.environ.get("MMSKIN_VQA_PAIRS")


@pytest.mark.skipif(not LABELLED, reason="MMSKIN_VQA_PAIRS names no file of labelled pairs")
def test_the_labelled_pairs() -> None:
    lines = Path(str(LABELLED)).read_text("utf-8").splitlines()
    pairs = [json.loads(line) for line in lines if line.strip()]
    found = Counter()  # type: ignore[var-annotated]
    for pair in pairs:
        verdict = check_pair(pair["caption"], pair["question"], pair["answer"])
        found["good" if pair["good"] else "bad"] += 1
        found["accepted"] += pair["good"] and verdict.accept
        found["right reason"] += not pair["good"] and verdict.reason == pair["reason"]
    assert found["right reason"] == found["bad"]
    assert found["accepted"] >= found["good"] - 2


CAPTION = "Pearly nodule on the left cheek and a scaly plaque on the right forearm of a boy aged 9."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What color is the plaque?", "The plaque is pearly."),
        ("Where is the nodule?", "It is on the right cheek."),
        ("Is there a nodule?", "No, there is no nodule."),
        ("How old is the boy?", "He is 19 years old."),
        ("Is the nodule scaly?", "Yes, the nodule is scaly."),
        ("Which side of the face is affected?", "The right side is affected."),
    ],
)
def test_words_that_are_all_there_may_still_contradict(question: str, answer: str) -> None:
    assert check_pair(CAPTION, question, answer).reason == "contradiction"


def test_a_swapped_negation_contradicts_in_both_ways() -> None:
    caption = "Papules without scale on the trunk; the face is spared."
    for question, answer in (
        ("Is scale present?", "Yes, scale is present."),
        ("Are there papules?", "No, there are no papules."),
        ("Is the face affected?", "Yes, the face is affected."),
    ):
        assert check_pair(caption, question, answer).reason == "contradiction"
    assert check_pair(caption, "Is the face affected?", "No, the face is spared.").accept


def test_a_silent_caption_is_no_denial() -> None:
    verdict = check_pair("Papules on the trunk.", "Is scale present?", "No, there is no scale.")
    assert verdict.reason == "unsupported"


def test_a_doubt_of_the_caption_must_stay_a_doubt() -> None:
    caption = "Suspected sarcoidosis of the nose."
    assert check_pair(caption, "What is the diagnosis?", "It is sarcoidosis.").reason
    assert check_pair(caption, "What is suspected?", "Sarcoidosis is suspected.").accept


def test_a_disease_of_the_differential_is_not_the_diagnosis() -> None:
    caption = "Lichen planus of the wrist. The differential diagnosis includes psoriasis and lupus."
    assert check_pair(caption, "What is the diagnosis?", "Psoriasis.").reason == "contradiction"
    assert check_pair(caption, "What is the diagnosis?", "Lichen planus.").accept


def test_the_modality_that_is_known_counts() -> None:
    question, answer = "What kind of image is this?", "It is a dermoscopic image."
    assert check_pair("A nodule.", question, answer, modality="dermoscopic").accept
    assert check_pair("A nodule.", question, answer, modality="clinical").reason == "contradiction"


def test_what_no_picture_shows_is_refused_where_pictures_are_asked() -> None:
    pair = ("Tinea after terbinafine.", "Which treatment was given?", "Terbinafine was given.")
    assert check_pair(*pair).accept
    assert check_pair(*pair, is_visual=True).reason == "not_visible"


def test_the_letter_of_a_choice_must_be_that_of_its_words() -> None:
    question = "Which is it: (A) psoriasis, (B) lichen planus?"
    assert check_pair("Lichen planus.", question, "(B) It is lichen planus.").accept
    wrong = check_pair("Lichen planus.", question, "(A) It is lichen planus.")
    assert wrong.reason == "contradiction"


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(PAIR_REASONS)


def test_two_pairs_on_a_picture_neither_repeat_nor_contradict() -> None:
    pairs = [
        ("p", "Where is the plaque?", "On the trunk."),
        ("p", "Where is this plaque seen?", "It is on the trunk."),
        ("p", "Is the plaque scaly?", "Yes, it is scaly."),
        ("p", "Is this plaque scaly?", "No, it is not."),
        ("q", "Where is the plaque?", "On the trunk."),
    ]
    verdicts = check_sets(pairs, [Verdict(accept=True)] * len(pairs))
    assert [v.reason for v in verdicts] == [None, "repeat", None, "contradiction", None]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_no_text_is_too_odd(caption: str, question: str, answer: str) -> None:
    verdict = check_pair(caption, question, answer)
    assert verdict.accept == (verdict.reason is None)


def test_inflections_share_a_key() -> None:
    for one, other in (
        ("stria", "striae"), ("naevus", "nevi"), ("papular", "papules"), ("oedema", "edematous"),
        ("ulcerated", "ulceration"), ("necrotic", "necrosis"), ("scaly", "scales"),
        ("vesicle", "vesicular"), ("tumour", "tumors"), ("bullae", "bullous"),
        ("centre", "central"),
    ):  # fmt: skip
        assert key_of(one) == key_of(other), (one, other)
    for one, other in (("dermatitis", "dermal"), ("shiny", "shin"), ("scab", "scabies")):
        assert key_of(one) != key_of(other), (one, other)


def test_facts_keep_place_status_and_panel() -> None:
    caption = (
        "Morphoea. (a) No scale; three plaques on the thigh. (b) Possible fibrosis (H&E, ×40)."
    )
    facts = find_facts(caption)
    found = {(f.kind, f.name): (f.status, f.panel) for f in facts}
    assert found[("diagnosis", "morphoea")] == ("present", None)
    assert found[("surface", "scale")] == ("absent", "a")
    assert found[("count", "3")] == ("present", "a")
    assert found[("histologic structure", "fibrosis")] == ("uncertain", "b")
    assert found[("magnification", "×40")] == ("present", "b")
    for fact in facts:
        assert caption[fact.evidence.start : fact.evidence.end] == fact.value


def test_the_vocabulary_is_large() -> None:
    known = load_vocabulary()
    assert len({term.name for term in known.terms.values()}) > 1400
    assert {group for kind, group in known.groups if kind == "diagnosis"} >= {"fungal infection"}


# -------------------------------------------------------------------------------- the command


def check(tmp_path: Path, content: bytes) -> tuple[int, list[dict[str, object]]]:
    source, out = tmp_path / "pairs.jsonl", tmp_path / "verdicts.jsonl"
    source.write_bytes(content)
    code = run(["vqa", "check", "--in", str(source), "--out", str(out), "--quiet"])
    return code, [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def line(question: str, answer: str, **more: str) -> bytes:
    pair = {"caption": "Scaly plaque on the trunk.", "question": question, "answer": answer, **more}
    return json.dumps(pair).encode() + b"\n"


def test_verdicts_come_in_the_order_of_the_lines(tmp_path: Path) -> None:
    content = line("Where is it?", "On the trunk.") + line("Where is it?", "On the face.")
    code, verdicts = check(tmp_path, content)
    assert code == 0 and [v["accept"] for v in verdicts] == [True, False]
    assert set(verdicts[0]) == {"accept", "reason", "detail", "evidence"}


def test_a_bad_line_is_answered_and_told_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = line("Where?", "On the trunk.") + b'{"caption": 3}\n\nnot json\n\xff\n'
    code, verdicts = check(tmp_path, content)
    assert code == EXIT_PARTIAL and [v["reason"] for v in verdicts] == [None, *["malformed"] * 3]
    told = capsys.readouterr().err
    assert [f"line {number}:" in told for number in (2, 4, 5)] == [True] * 3


def test_pairs_on_one_picture_are_seen_together(tmp_path: Path) -> None:
    same = line("Where is the plaque?", "On the trunk.")
    assert [v["reason"] for v in check(tmp_path, same * 2)[1]] == [None, "repeat"]
    apart = line("Where is the plaque?", "On the trunk.", record_id="a")
    other = line("Where is the plaque?", "On the trunk.", record_id="b")
    assert [v["reason"] for v in check(tmp_path, apart + other)[1]] == [None, None]
