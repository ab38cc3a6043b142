from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmskin_build.text.modality_words import find_modality_words


@pytest.mark.parametrize(
    ("caption", "vote"),
    [
        ("Dermoscopy: atypical network and blue-white veil.", "dermoscopic"),
        ("Dermatoscopic view of a nevus.", "dermoscopic"),
        ("Trichoscopy shows yellow dots.", "dermoscopic"),
        ("Acanthosis and spongiosis (H&E, ×100).", "pathological"),
        ("Low-power view of the tumour.", "pathological"),
        ("S100 immunostain of the nodule.", "pathological"),
        ("Biopsy shows a perivascular lymphocytic infiltrate.", "pathological"),
        ("Clinical appearance of lichen planus.", "clinical"),
        ("Erythematous scaly plaques on the elbows.", "clinical"),
        ("Klinisches Bild mit Papeln.", "clinical"),
        ("Chest X-ray with bilateral hilar nodes.", "other"),
        ("MRI of the knee.", "other"),
        ("Karyotype of the child, 45,X.", "other"),
        ("Chromosomes in metaphase.", "other"),
        ("Western blot of type VII collagen.", "other"),
        ("Resected specimen; gross appearance.", "other"),
        ("High-frequency ultrasound of a nodule.", "other"),
        ("Lichen planus.", None),
        ("Clinical and histological features.", None),
        ("Clinical picture (left) and dermoscopy (right).", None),
        ("Dermoscopy and histopathology of a melanoma.", None),
        ("", None),
    ],
)
def test_words_vote_or_abstain(caption: str, vote: str | None) -> None:
    assert find_modality_words(caption).vote == vote


def test_a_heading_alone_does_not_decide() -> None:
    found = find_modality_words("Note the border.", ["Dermoscopy of nevi"])
    assert found.vote is None
    assert [(e.vote, e.heading) for e in found.evidence] == [("dermoscopic", 0)]


def test_a_heading_does_not_overrule_the_caption() -> None:
    found = find_modality_words("Spindle cells (H&E, ×100).", ["Dermoscopy of nevi"])
    assert found.vote == "pathological"


def test_evidence_is_of_the_caption() -> None:
    caption = "A nodule (H&E)."
    found = find_modality_words(caption)
    assert "H&E" in [caption[e.start : e.end] for e in found.evidence]


def test_a_credit_does_not_vote() -> None:
    assert find_modality_words("Courtesy of the Institute of Dermoscopy.").evidence == ()


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=3))
def test_no_text_is_an_error(caption: str, headings: list[str]) -> None:
    for item in find_modality_words(caption, headings).evidence:
        text = caption if item.heading is None else headings[item.heading]
        assert 0 <= item.start < item.end <= len(text)
