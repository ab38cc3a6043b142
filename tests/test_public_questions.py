"""Questions on the labels of public sets: grounded, even, balanced, the same each time."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import made_public
from mmskin_build.config import Config, PublicConfig, Workspace, parse_config
from mmskin_build.errors import ConfigError, PublicSetError
from mmskin_build.public.captions import write_caption
from mmskin_build.public.items import PublicItem, read_items
from mmskin_build.public.label_questions import build_label_candidates, draw_others
from mmskin_build.public.prepare import prepare
from mmskin_build.public.questions import (
    TRAIN,
    VALIDATION,
    AskedSet,
    ask,
    choose_items,
    write_questions,
)
from mmskin_build.public.sets import find_set
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.slots import polarity

ALL = PublicConfig(balance="none")


def make_item(image: str = "a.jpg", name: str = "PAD", **fields: Any) -> PublicItem:
    about = find_set(name).about
    defaults: dict[str, Any] = {
        "image_sha256": image,
        "label": "melanoma",
        "split": "train",
        "group_id": image,
        "modality": about.modality,
    }
    return PublicItem(set=name, image=image, **(defaults | fields))


def make_items(name: str, labels: tuple[str, ...], count: int = 60) -> list[PublicItem]:
    """Pictures with labels in turn, and all else that tables tell."""
    return [
        make_item(
            f"{number:04d}.jpg",
            name,
            label=labels[number % len(labels)],
            sex=("male", "female", None)[number % 3],
            age_group=("adult", "elderly", None)[number // 2 % 3],
            body_site=("nose", "thigh", None)[number // 3 % 3],
        )
        for number in range(count)
    ]


LABELS = {
    "PAD": ("melanoma", "melanocytic nevus", "basal cell carcinoma", "seborrheic keratosis"),
    "Dermnet": ("Bullous Disease", "Urticaria Hives", "Acne and Rosacea", "Vascular Tumors"),
    "Patch16": ("nerves", "sebaceous glands", "epidermis", "basal cell carcinoma", "subcutis"),
    "SCIN": ("eczema", "insect bite", "urticaria", "tinea"),
}


def pairs_of(talks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        (talk["image"].rsplit("/", 1)[-1], asked["value"].removeprefix("<image>\n"), told["value"])
        for talk in talks
        for asked, told in zip(*[iter(talk["conversations"])] * 2, strict=True)
    ]


def asked_about(name: str) -> tuple[dict[str, PublicItem], list[tuple[str, str, str]], AskedSet]:
    items = make_items(name, LABELS[name])
    talks, told = ask(find_set(name).about, items, set(LABELS[name]), ALL)
    return {item.image: item for item in items}, pairs_of(talks), told


@pytest.mark.parametrize("name", list(LABELS))
def test_every_pair_follows_from_the_labels(name: str) -> None:
    items, pairs, told = asked_about(name)
    about = find_set(name).about
    assert told.chosen == 60 and told.pairs == len(pairs) >= 120
    for image, question, answer in pairs:
        item = items[image]
        others = [label for label in LABELS[name] if label != item.label and about.is_exclusive]
        caption = write_caption(item, about.label_kind, others)
        verdict = check_pair(caption, question, answer, modality=item.modality, is_visual=True)
        assert verdict.accept, (caption, question, answer, verdict)


@pytest.mark.parametrize("name", list(LABELS))
def test_a_wrong_label_is_never_told(name: str) -> None:
    items, pairs, _ = asked_about(name)
    for image, _, answer in pairs:
        own = items[image].label
        assert not any(label in answer for label in LABELS[name] if label != own)


@pytest.mark.parametrize("name", list(LABELS))
def test_yes_and_no_are_even_and_wordings_vary(name: str) -> None:
    _, pairs, told = asked_about(name)
    said = Counter(polarity(answer) for _, _, answer in pairs)
    assert said["yes"] == told.yes and said["no"] == told.no
    assert abs(told.yes - told.no) <= 1 and told.yes >= 5
    openings = Counter(question.split()[0] for _, question, _ in pairs)
    assert max(openings.values()) < 0.4 * len(pairs) and len(openings) >= 8


def test_choices_offer_labels_of_the_set_and_one_is_right() -> None:
    items, pairs, told = asked_about("PAD")
    found = [(image, q, a) for image, q, a in pairs if "(A)" in q]
    assert told.kinds["choice"] == len(found) >= 5
    for image, question, answer in found:
        assert all(label in question for label in LABELS["PAD"])
        letter = answer[1]
        assert f"({letter}) {items[image].label}" in question


def test_a_label_within_another_is_no_wrong_one() -> None:
    item = make_item(label="melanoma")
    labels = ["melanoma", "melanoma in situ", "lipoma", "acrochordon", "scabies", "psoriasis"]
    others = draw_others(item, labels, 0)
    assert len(others) == 3 and "melanoma in situ" not in others
    assert [c.kind for c in build_label_candidates(item, "disease", (), 0)] == ["diagnosis"]


def test_only_what_a_table_tells_is_asked() -> None:
    item = make_item("a.jpg", "HAM10000")
    cfg = PublicConfig(pairs_a_picture=12, balance="none")
    talks, told = ask(find_set("HAM10000").about, [item], {"melanoma"}, cfg)
    assert set(told.kinds) <= {"diagnosis", "modality", "yes_no"}
    words = json.dumps(talks).casefold()
    assert not any(word in words for word in ("patient is", "affected", "malignant", "benign"))


def test_malignancy_is_asked_where_the_makers_tell_it() -> None:
    said: set[str] = set()
    for number, coarse in enumerate(itertools.islice(itertools.cycle(("benign", "malignant")), 8)):
        item = make_item(f"{number}.jpg", "HIBA", coarse=coarse)
        cfg = PublicConfig(pairs_a_picture=12, balance="none")
        talks, _ = ask(find_set("HIBA").about, [item], {"melanoma"}, cfg)
        told = [answer for _, _, answer in pairs_of(talks) if "the lesion is" in answer.lower()]
        assert all(coarse in answer for answer in told)
        said |= set(told)
    assert len(said) >= 2
    item = make_item("x.jpg", "DDI", coarse="Non-Malignant")
    assert write_caption(item, "disease").endswith("The lesion is not malignant.")


# ------------------------------------------------------------------------------ balance


def counts(items: list[PublicItem], **settings: Any) -> dict[str, int]:
    return dict(Counter(item.label for item in choose_items(items, PublicConfig(**settings))))


def test_classes_are_balanced_as_the_settings_say() -> None:
    items = [
        make_item(f"{label}{n}.jpg", label=label)
        for label, number in (("a", 160), ("b", 30), ("c", 10), ("d", 0))
        for n in range(number)
    ]
    assert counts(items, balance="none") == {"a": 160, "b": 30, "c": 10}
    assert counts(items, balance="equal") == {"a": 67, "b": 30, "c": 10}
    assert counts(items, balance="sqrt") == {"a": 104, "b": 30, "c": 10}
    assert counts(items, balance="none", most_of_a_class=12) == {"a": 12, "b": 12, "c": 10}
    assert sum(counts(items, balance="none", most_of_a_set=50).values()) == 50
    fewer = {i.image for i in choose_items(items, PublicConfig(most_of_a_class=5))}
    more = {i.image for i in choose_items(items, PublicConfig(most_of_a_class=9))}
    assert fewer < more
    assert {i.image for i in choose_items(items, PublicConfig(most_of_a_class=5, seed=1))} != fewer
    assert choose_items([], ALL) == []


def test_a_wrong_balance_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"public\.balance"):
        parse_config({"public": {"balance": "fair"}}, "mmskin.toml")


# ------------------------------------------------------------------------------ files


def test_questions_of_prepared_sets_never_touch_test(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    with pytest.raises(PublicSetError, match="mmskin public prepare"):
        write_questions(workspace, PublicConfig())
    made_public.write_ham10000(tmp_path / "ham")
    made_public.write_patch16(tmp_path / "patch")
    prepare(
        workspace,
        Config(),
        [(find_set("ham"), [tmp_path / "ham"]), (find_set("patch16"), [tmp_path / "patch"])],
    )
    asked = write_questions(workspace, PublicConfig())
    contents = [(workspace.public / name).read_bytes() for name in (TRAIN, VALIDATION)]
    items = {
        f"{item.set}/images/{item.image}": item
        for name in ("HAM10000", "Patch16")
        for item in read_items(workspace.public / name)
    }
    for content, side in zip(contents, ("train", "validation"), strict=True):
        talks = json.loads(content)
        assert talks and {items[talk["image"]].split for talk in talks} == {side}
        assert {items[talk["image"]].set for talk in talks} == {"HAM10000", "Patch16"}
        assert all((workspace.public / talk["image"]).is_file() for talk in talks)
        assert sum(len(t["conversations"]) for t in talks) // 2 == sum(
            one.pairs for one in asked if one.split == side
        )
    write_questions(workspace, PublicConfig())
    assert contents == [(workspace.public / name).read_bytes() for name in (TRAIN, VALIDATION)]
    write_questions(workspace, PublicConfig(seed=1))
    assert contents[0] != (workspace.public / TRAIN).read_bytes()
