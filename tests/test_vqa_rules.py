"""The rules: questions of a caption that its words answer, even over a set, and always the same."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from builders import make_figure, make_record
from mmskin_build.config import VqaConfig
from mmskin_build.dataset.words import read_words
from mmskin_build.demo import text as words
from mmskin_build.qa import QAItem
from mmskin_build.records import Label, Panel, Record
from mmskin_build.text.demographics import extract_demographics
from mmskin_build.vqa.clauses import extend, find_own_sentences
from mmskin_build.vqa.drafts import RulesBackend
from mmskin_build.vqa.generate import Generated, generate_pairs, opening
from mmskin_build.vqa.phrases import find_phrases, find_places_told
from mmskin_build.vqa.reading import read_text
from mmskin_build.vqa.wordings import ASK


def record(caption: str, modality: str = "clinical", record_id: str = "bk1_1_1") -> Record:
    return make_record(
        record_id,
        caption=caption,
        figure_caption=caption,
        demographics=extract_demographics(caption),
        modality=Label(value=modality, confidence=0.95, source="rule"),
    )


def ask(*records: Record, **settings: int) -> Generated:
    cfg = VqaConfig(**settings)
    return generate_pairs(records, RulesBackend(cfg), cfg, {})


def answers(caption: str, modality: str = "clinical") -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for item in ask(record(caption, modality), pairs_a_picture=40).items:
        made.setdefault(item.kind, []).append(item.answer)
    return made


def test_a_clinical_caption_gives_every_kind_that_it_tells() -> None:
    found = answers(
        "Lichen planus. Violaceous, flat-topped papules with Wickham striae on the left wrist of a "
        "42-year-old woman; the mouth is spared."
    )
    assert found["diagnosis"][0].startswith("The diagnosis is lichen planus")
    assert any(
        "violaceous, flat-topped papules with Wickham striae" in a for a in found["morphology"]
    )
    assert any("left wrist" in a for a in found["site"])
    assert found["color"] == ["The flat-topped papules are violaceous."]
    assert found["age"] == ["The patient is female and 42 years old."]
    assert found["sex"] == ["The patient is female and 42 years old."]
    assert {answer.split(",")[0] for answer in found["yes_no"]} == {"Yes", "No"}


def test_a_micrograph_is_asked_about_its_making() -> None:
    found = answers("Acanthosis and numerous eosinophils (Giemsa, ×100).", "pathological")
    assert found["stain"] == [
        "The section is stained with Giemsa and shows acanthosis and numerous eosinophils."
    ]
    assert "×100" in found["magnification"][0]
    assert any("acanthosis" in answer.lower() for answer in found["structure"])
    assert any("eosinophils" in answer.lower() for answer in found["cell"])
    assert "morphology" not in found and "site" not in found


@pytest.mark.parametrize(
    ("caption", "forbidden"),
    [
        ("Papules without scale on the trunk.", ("Yes, there is scale", "scale is visible")),
        ("Possible sarcoidosis of the nose.", ("diagnosis is sarcoidosis",)),
        ("Papules. Similar plaques were found on the heel.", ("heel", "plaques")),
        ("Plaques; the differential diagnosis includes psoriasis.", ("psoriasis",)),
        ("Lichen planus pemphigoides with blisters.", ("diagnosis is lichen planus",)),
        ("Nodule formation in the dermis.", ("a nodule",)),
        ("Scar after excision of melanoma.", ("diagnosis is melanoma", "shows melanoma")),
    ],
)
def test_what_is_not_plainly_said_is_not_told(caption: str, forbidden: tuple[str, ...]) -> None:
    for told in answers(caption).values():
        for answer in told:
            assert not any(words in answer for words in forbidden), answer


def test_no_is_answered_only_where_the_words_shut_it_out() -> None:
    found = ask(record("Papules on the trunk."), pairs_a_picture=40).items
    for item in found:
        if item.answer.startswith("No"):
            assert "photograph" in item.answer or "trunk" in item.answer, item


def test_a_panel_is_asked_about_its_own_words_and_what_is_common() -> None:
    caption = "Morphoea in a man. (a) Ivory white plaque on the thigh. (b) Fibrosis (Giemsa, ×40)."
    base = make_figure()
    panels = (
        Panel(bbox=base.bbox, label="a", text="Ivory white plaque on the thigh"),
        Panel(bbox=base.bbox, label="b", text="Fibrosis (Giemsa, ×40)"),
    )
    figure = dataclasses.replace(base, caption=caption, panels=panels)
    made = []
    for panel, modality in zip(panels, ("clinical", "pathological"), strict=True):
        told = read_words(figure, panel, (), None)
        made.append(
            dataclasses.replace(
                record(caption, modality, f"bk1_1_{panel.label}"),
                caption=told.caption,
                panel_text=told.panel_text,
                removed=told.removed,
                demographics=told.demographics,
            )
        )
    found = ask(*made, pairs_a_picture=40)
    text = {r.id: " ".join(i.answer for i in found.items if i.record_id == r.id) for r in made}
    assert "thigh" in text["bk1_1_a"] and "Giemsa" not in text["bk1_1_a"]
    assert "Giemsa" in text["bk1_1_b"] and "thigh" not in text["bk1_1_b"]
    assert all("morphoea" in told for told in text.values())
    for item in found.items:
        for place in item.evidence:
            assert caption[place.start : place.end].strip()


def test_a_stain_told_for_all_panels_is_asked_of_sections_only() -> None:
    caption = "Morphoea (haematoxylin–eosin). (a) Plaque on the thigh. (b) Fibrosis."
    for modality, is_asked in (("pathological", True), ("other", False)):
        panel = dataclasses.replace(record(caption, modality), panel_text="Plaque on the thigh")
        kinds = {item.kind for item in ask(panel, pairs_a_picture=40).items}
        assert ("stain" in kinds) is is_asked


def test_what_is_of_another_kind_is_called_by_no_modality() -> None:
    for caption, is_asked in (
        ("Micrograph. Arrows show two metacentric chromosomes.", False),
        ("Hair shaft with a torn cuticle, SEM.", False),
        ("Transmission electron micrograph: desmosomes of two keratinocytes.", False),
        ("Hair shaft with a torn cuticle, haematoxylin and eosin.", True),
    ):
        kinds = {item.kind for item in ask(record(caption, "pathological")).items}
        assert ("modality" in kinds) is is_asked, caption


def test_panels_of_one_picture_are_compared() -> None:
    found = answers("Halo naevus. (a) Pigmented papule. (b) White patches.")
    assert found["comparison"] == ["Panel a shows a pigmented papule; panel b shows white patches."]


def test_a_follow_up_comes_after_what_it_speaks_of() -> None:
    items = ask(
        record("Violaceous papules on the left wrist.", record_id="bk1_1_2"), pairs_a_picture=40
    ).items
    place = {item.id: number for number, item in enumerate(items)}
    for item in items:
        if item.kind == "follow_up":
            assert item.follows is not None and place[item.follows] < place[item.id]


def drawn(count: int) -> list[Record]:
    rng = np.random.default_rng(3)
    kinds = ("clinical", "dermoscopic", "pathological")
    made = []
    for number in range(count):
        kind = kinds[int(rng.integers(3))]
        made.append(record(words.make_caption(rng, kind), kind, f"bk1_1_{number}"))  # type: ignore[arg-type]
    return made


@pytest.fixture(scope="module")
def many() -> tuple[list[Record], Generated]:
    records = drawn(150)
    return records, ask(*records)


def test_captions_give_enough_pairs_and_none_is_refused(
    many: tuple[list[Record], Generated],
) -> None:
    report = many[1].report
    assert report.pairs >= 2.4 * report.asked and report.asked >= 0.95 * report.records
    assert report.rejects == {}


def test_yes_and_no_are_even(many: tuple[list[Record], Generated]) -> None:
    items = many[1].items

    def share(chosen: list[QAItem]) -> float:
        said = Counter(i.answer.split(",")[0] for i in chosen if i.kind == "yes_no")
        return said["Yes"] / (said["Yes"] + said["No"])

    assert 0.45 <= share(list(items)) <= 0.55
    half = {record.id for record in many[0][::2]}
    assert 0.45 <= share([i for i in items if i.record_id in half]) <= 0.55


def test_questions_begin_in_many_ways(many: tuple[list[Record], Generated]) -> None:
    items = many[1].items
    for counts in (
        Counter(opening(item.question) for item in items),
        Counter(item.question.split()[0].lower() for item in items),
    ):
        assert len(counts) >= 12 and max(counts.values()) <= 0.25 * len(items)


def test_answers_are_sentences_and_quote_the_caption(
    many: tuple[list[Record], Generated],
) -> None:
    captions = {record.id: record.figure_caption for record in many[0]}
    for item in many[1].items:
        assert item.answer[0].isupper() or item.answer[0] == "(", item
        assert item.answer.endswith(".") and "  " not in item.answer and " a a" not in item.answer
        assert item.question[0].isupper() and item.question[-1] in "?."
        if item.kind != "modality":
            assert item.evidence or item.answer.startswith(("Yes", "No")), item
        for place in item.evidence:
            assert captions[item.record_id][place.start : place.end].strip()


def test_the_same_records_give_the_same_pairs() -> None:
    records = drawn(30)
    assert ask(*records).items == ask(*records).items
    assert ask(*records, seed=1).items != ask(*records).items


def test_wordings_of_a_kind_differ_in_their_first_word() -> None:
    for kind, questions in ASK.items():
        firsts = {question.rpartition("|")[2].split()[0] for question in questions}
        assert len(firsts) >= 4 or kind == "count", kind


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (
            "Scaly plaques over both elbows and the sacrum of a man aged 40 years.",
            "scaly plaques over both elbows and the sacrum",
        ),
        (
            "Pearly nodule on the flexor surface of the left forearm, with rolled borders.",
            "a pearly nodule on the flexor surface of the left forearm, with rolled borders",
        ),
        ("Papules, pustules and nodules on the chin.", "papules, pustules and nodules on the chin"),
        ("Papules, pustules, xyz and abc on the chin.", "papules"),
        ("Vesicles in a linear arrangement.", "vesicles in a linear arrangement"),
        ("Ulcer with loss of the nipple.", "an ulcer with loss of the nipple"),
        # What is denied, past, doubted, or of the person is no part of it.
        ("Papules on the chin without scale.", "papules on the chin"),
        ("Plaques on the back after treatment with dapsone.", "plaques on the back"),
        ("Plaques on the back, possibly with scale.", "plaques on the back"),
        ("Papules in a fisherman.", "papules"),
        ("Papules with pruritus on the leg.", "papules"),
        ("Papules on the trunk resolved within two weeks.", "papules"),
        ("Plaque on the shin with loss of xyz in it.", "a plaque on the shin"),
    ],
)
def test_a_clause_is_taken_over_as_far_as_it_is_seen(caption: str, expected: str) -> None:
    reading = read_text(caption)
    assert extend(reading, find_phrases(reading)[0]).text == expected


def test_only_sentences_of_the_picture_itself_are_taken_over() -> None:
    reading = read_text(
        "Annular plaque. The surface is covered by fine scale. The lesion healed in two weeks. "
        "The arrow shows an ulcer. The patient has psoriasis. There is no crust. "
        "The infiltrate may extend."
    )
    assert find_own_sentences(reading) == ("The surface is covered by fine scale.",)
    told = answers(reading.text)
    assert any("The surface is covered by fine scale." in a for a in told["description"])


def test_no_answer_says_a_thing_twice() -> None:
    found = answers("Morphoea. There are annular plaques on the chin. The border is livid.")
    assert any("The border is livid." in answer for answer in found["description"])
    for told in found.values():
        assert all(answer.count("plaques") < 2 for answer in told)


def test_open_answers_say_more_than_a_word(many: tuple[list[Record], Generated]) -> None:
    words = [
        len(item.answer.split())
        for item in many[1].items
        if item.kind in ("description", "diagnosis", "morphology", "site", "structure", "modality")
    ]
    assert sum(words) / len(words) >= 9


def test_names_keep_their_capitals_and_their_number() -> None:
    told = answers("Bowen's disease of the finger: scaly plaque.")
    assert all("Bowen" in answer for answer in told["diagnosis"])
    assert "The lesions are angiofibromas" in answers("Angiofibromas of the nose.")["diagnosis"][0]


def test_phrases_are_whole_or_none() -> None:
    reading = read_text(
        "A dome-shaped papule, nodule formation and scaly plaques over both elbows."
    )
    assert [p.text for p in find_phrases(reading)][:2] == ["a dome-shaped papule", "scaly plaques"]
    assert [p.text for p in find_places_told(reading)] == ["over both elbows"]
