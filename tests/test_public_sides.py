"""Sides of public sets: nothing crosses them, and what is added never moves into test."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import made_public
from made_public import picture, put
from made_releases import make_release
from mmskin_build.config import Config, DatasetConfig, SplitConfig, Workspace
from mmskin_build.dataset.released import read_records
from mmskin_build.public.drafts import Draft
from mmskin_build.public.items import read_items
from mmskin_build.public.prepare import REPORT, prepare
from mmskin_build.public.sets import find_set
from mmskin_build.public.sides import Divided, divide, find_leaks

CFG = SplitConfig(validation_share=0.2, test_share=0.2)


def sha(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def make_draft(image: str, name: str = "HAM10000", **fields: Any) -> Draft:
    defaults: dict[str, Any] = {
        "image_sha256": sha(image),
        "label": "melanoma",
        "modality": "dermoscopic",
    }
    return Draft(set=name, image=image, **(defaults | fields))


def make_drafts(count: int, name: str = "HAM10000", **fields: Any) -> list[Draft]:
    """Pictures of lesions of two, of four labels."""
    return [
        make_draft(
            f"ISIC_{number:07d}.jpg",
            name,
            **{"lesion": f"HAM_{number // 2}", "label": "abcd"[number // 2 % 4], **fields},
        )
        for number in range(count)
    ]


def sides(made: Divided, name: str) -> dict[str, str]:
    return {item.image: item.split for item in made.items if item.set == name}


def split_all(drafts: Sequence[Draft], pairs: Sequence[tuple[str, str]] = ()) -> Divided:
    made = divide(drafts, pairs, {}, CFG)
    assert find_leaks(made.items) == []
    return made


def test_labels_have_their_shares_and_lesions_stay_together() -> None:
    made = split_all(make_drafts(400))
    assert Counter(item.split for item in made.items) == {
        "train": 240, "validation": 80, "test": 80,
    }  # fmt: skip
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    for item in made.items:
        by_label[item.label][item.split] += 1
    assert all(counted["test"] == 20 for counted in by_label.values())
    assert made.moved == ()


def test_a_few_groups_have_all_sides_and_two_are_trained_on() -> None:
    three = split_all([make_draft(f"{n}.jpg") for n in range(3)])
    assert {item.split for item in three.items} == {"train", "validation", "test"}
    two = split_all([make_draft(f"{n}.jpg") for n in range(2)])
    assert {item.split for item in two.items} == {"train"}


def test_the_order_of_pictures_and_other_sets_change_nothing() -> None:
    drafts = make_drafts(100)
    mixed = drafts[:]
    random.Random(1).shuffle(mixed)
    others = [make_draft(f"{n}.png", "PAD", patient=f"PAT_{n}") for n in range(50)]
    assert sides(split_all(drafts), "HAM10000") == sides(split_all(mixed + others), "HAM10000")
    seeded = divide(drafts, (), {}, SplitConfig(seed=1))
    assert sides(seeded, "HAM10000") != sides(split_all(drafts), "HAM10000")


def test_a_lost_picture_moves_hardly_any_other() -> None:
    drafts = make_drafts(400)
    whole, part = sides(split_all(drafts), "HAM10000"), sides(split_all(drafts[2:]), "HAM10000")
    assert sum(whole[image] != side for image, side in part.items()) <= 4


def test_near_duplicates_in_a_set_are_one_group() -> None:
    drafts = [make_draft(f"{n}.jpg", "DDI") for n in range(30)]
    pairs = [(drafts[n].image_sha256, drafts[n + 1].image_sha256) for n in range(0, 30, 2)]
    made = split_all(drafts, [tuple(sorted(pair)) for pair in pairs])  # type: ignore[misc]
    groups: dict[str, set[str]] = defaultdict(set)
    for item in made.items:
        groups[item.group_id].add(item.image)
    assert sorted(map(len, groups.values())) == [2] * 15


def test_published_sides_stay_and_validation_is_drawn_from_train() -> None:
    drafts = [
        make_draft(f"{n}.jpg", "Dermnet", published="test" if n % 4 == 0 else "train")
        for n in range(80)
    ]
    found = sides(split_all(drafts), "Dermnet")
    assert {image for image, side in found.items() if side == "test"} == {
        f"{n}.jpg" for n in range(0, 80, 4)
    }
    assert Counter(found.values())["validation"] == 12


def test_a_duplicate_on_two_published_sides_goes_to_train() -> None:
    drafts = [
        make_draft("a.jpg", "Dermnet", published="train"),
        make_draft("b.jpg", "Dermnet", published="test"),
        make_draft("c.jpg", "Dermnet", published="test"),
    ]
    made = split_all(drafts, [tuple(sorted((sha("a.jpg"), sha("b.jpg"))))])  # type: ignore[list-item]
    assert sides(made, "Dermnet") == {"a.jpg": "train", "b.jpg": "train", "c.jpg": "test"}
    (moved,) = made.moved
    assert (moved.image, moved.before, moved.after) == ("b.jpg", "test", "train")


def test_sets_that_share_pictures_agree_on_most_of_them() -> None:
    """HAM10000 lies within ISIC 2019, under the same ids, in other files."""
    ham = make_drafts(800)
    isic = [
        dataclasses.replace(draft, set="ISIC", image_sha256=sha(f"isic {draft.image}"))
        for draft in ham
    ] + [make_draft(f"ISIC_{n:07d}.jpg", "ISIC", label="abcd"[n % 4]) for n in range(5000, 5400)]
    made = split_all([*ham, *isic])
    by_id: dict[str, set[str]] = defaultdict(set)
    for item in made.items:
        by_id[item.image].add(item.split)
    assert all(len(found) == 1 for found in by_id.values())
    tested = Counter(item.set for item in made.items if item.split == "test")
    assert tested["HAM10000"] > 0.6 * 0.2 * 800
    assert Counter((m.after, m.before != "train") for m in made.moved).keys() <= {
        ("train", True), ("validation", True),
    }  # fmt: skip


def test_adding_sets_never_moves_a_picture_into_test() -> None:
    dice = random.Random(7)
    sets = [
        [make_draft(f"{n}.jpg", name, image_sha256=sha(f"{name} {n}")) for n in range(60)]
        for name in ("DDI", "Fitzpatrick", "Dermnet", "SCIN")
    ]
    every = [draft for members in sets for draft in members]
    pairs = [tuple(sorted(d.image_sha256 for d in dice.sample(every, 2))) for _ in range(40)]
    before: dict[tuple[str, str], str] = {}
    rank = {"train": 0, "validation": 1, "test": 2}
    for number in range(1, 5):
        drafts = [draft for members in sets[:number] for draft in members]
        made = split_all(drafts, pairs)  # type: ignore[arg-type]
        now = {(item.set, item.image): item.split for item in made.items}
        assert all(rank[now[key]] <= rank[side] for key, side in before.items())
        before = now
    assert any(moved.shared_with != moved.set for moved in made.moved)


def test_a_release_is_kept_apart_from_what_public_sets_share_with_it() -> None:
    drafts = [make_draft(f"{n}.jpg", "DDI") for n in range(40)]
    own = sides(split_all(drafts), "DDI")
    of = {side: [i for i, s in own.items() if s == side] for side in ("train", "test")}
    seen_in_train, seen_in_test = of["test"][0], of["train"][0]
    both_tested = of["test"][1]
    released = {sha("r1"): "train", sha("r2"): "test", sha("r3"): "test"}
    pairs = [
        tuple(sorted(pair))
        for pair in (
            (sha(seen_in_train), sha("r1")),
            (sha(seen_in_test), sha("r2")),
            (sha(both_tested), sha("r3")),
        )
    ]
    made = divide(drafts, pairs, released, CFG)  # type: ignore[arg-type]
    now = sides(made, "DDI")
    assert now[seen_in_train] == "train" and now[both_tested] == "test"
    assert seen_in_test not in now
    (left,) = made.left_out
    assert (left.item_id, left.reason) == (f"DDI/{seen_in_test}", "in_test_of_release")
    assert [(m.image, m.shared_with) for m in made.moved] == [(seen_in_train, "MM-Skin")]


def test_duplicates_over_sets_and_the_release_are_found_in_pictures(tmp_path: Path) -> None:
    """Files that differ, over set borders: coded again, and those of the release itself."""
    workspace = Workspace(tmp_path / "data")
    cfg = Config(dataset=DatasetConfig(name="made"))
    release = make_release(workspace.data)
    records = [r for r in read_records(release) if r.split == "train"]
    for number in range(12):
        folder = tmp_path / "dermnet" / ("test" if number % 4 == 3 else "train")
        put(folder / "Eczema Photos" / f"{number}.jpg", picture(9000 + number))
    shown = tmp_path / "dermnet" / "test" / "Eczema Photos" / "shown.png"
    put(shown, (release / records[0].image).read_bytes())
    made_public.write_ddi(tmp_path / "ddi", 9)
    for number in range(9):  # of Dermnet's test, again, as pictures of DDI
        made_public.edit(
            tmp_path / "ddi",
            f"{number + 1:06d}.png",
            lambda _, number=number: picture(9003 + 4 * (number % 3), quality=50),
        )
    chosen = [(find_set(name), [tmp_path / name.casefold()]) for name in ("Dermnet", "DDI")]
    made = prepare(workspace, cfg, chosen)
    dermnet = {item.image: item for item in read_items(workspace.public / "Dermnet")}
    assert dermnet["test/Eczema Photos/shown.png"].split == "train"
    ddi = read_items(workspace.public / "DDI")
    assert find_leaks([*dermnet.values(), *ddi]) == []
    groups = {item.group_id for item in ddi}
    assert groups <= {item.group_id for item in dermnet.values()} and len(groups) == 3
    assert made.release == "made 1.0.0"
    report = json.loads((workspace.public / REPORT).read_text())
    assert {m["shared_with"] for m in report["moved"]} >= {"MM-Skin"}
