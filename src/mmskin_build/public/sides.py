"""Training, validation and test of public sets: no patient, lesion or near duplicate crosses.

The rule, in this order:

1. Within a set, pictures of a patient, of a lesion, and near duplicates are one group.
2. Where the makers published a division, a group has their side. A group that they divided goes to
   train if a part of it is there, else to validation. Where they have no validation, one is drawn
   from train, as under 3.
3. Else the groups of each label are put in the order of a hash of their anchor, the smallest ISIC
   id among their pictures or an id of their own; the first `split.test_share` of them are for test,
   the next `split.validation_share` for validation, at least one each where a label has three. Sets
   that share pictures draw by the same ISIC ids, so most of what they share has one side at once.
4. Over all sets, groups are joined that share a picture: near duplicates, the same ISIC id, the
   same lesion of the ISIC Archive. A joined group on several sides goes whole to train if a part of
   it is there, else to validation: nothing that a model may have learned from tests it.
5. Pictures of a release of MM-Skin join in the same way. What shares a picture with its train goes
   to train. What shares one with its validation or test, and would be learned from, is left out.

Adding a set or a release so never moves a picture into test.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmskin_build.config import SplitConfig
from mmskin_build.dataset.splits import SIDES, Side, hash_place
from mmskin_build.images.duplicates import connect
from mmskin_build.public.columns import reject
from mmskin_build.public.drafts import Draft, build_item
from mmskin_build.public.items import PublicItem
from mmskin_build.public.sets import find_set
from mmskin_build.records import Reject

Pair = tuple[str, str]
_LEAST_FOR_ALL_SIDES = 3  # groups of a label


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A picture that is not on the side its own set gave it; `shared_with` says because of what."""

    set: str
    image: str
    before: Side
    after: Side
    shared_with: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """All items on their sides, what was moved, and what was left out because of a release."""

    items: tuple[PublicItem, ...]
    moved: tuple[Moved, ...]
    left_out: tuple[Reject, ...]


def divide(
    drafts: Sequence[Draft],
    duplicates: Iterable[Pair],
    released: Mapping[str, Side],
    cfg: SplitConfig,
) -> Divided:
    """Give each picture its group and side by the rule above.

    Args:
        drafts: Of all prepared sets.
        duplicates: Pairs of near duplicates, by `image_sha256`.
        released: The side of each picture of a release of MM-Skin, by `image_sha256`.
        cfg: Shares and seed.
    """
    pairs = sorted(set(duplicates))
    by_set: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_set[draft.set].append(draft)
    own_sides: dict[str, Side] = {}
    own_groups: dict[str, str] = {}
    for members in by_set.values():
        groups = _own_groups(members, pairs)
        sides = _own_sides(members, groups, cfg)
        own_groups |= groups
        own_sides |= {draft.key: sides[groups[draft.key]] for draft in members}
    return _settle(drafts, _join_all(drafts, pairs, own_groups, released), own_sides, released)


def _own_groups(drafts: Sequence[Draft], pairs: Sequence[Pair]) -> dict[str, str]:
    """The group of each draft of one set, by key."""
    edges: list[Pair] = []
    for draft in drafts:
        edges.append((draft.key, f"\0picture {draft.image_sha256}"))
        if draft.patient is not None:
            edges.append((draft.key, f"\0patient {draft.patient}"))
        if draft.lesion is not None:
            edges.append((draft.key, f"\0lesion {draft.lesion}"))
    names = {name for edge in edges for name in edge}
    # Pairs with a picture of another set name nothing here and do not count.
    edges += [(f"\0picture {one}", f"\0picture {other}") for one, other in pairs]
    top = connect(names, edges)
    return {draft.key: top[draft.key] for draft in drafts}


def _own_sides(
    drafts: Sequence[Draft], groups: Mapping[str, str], cfg: SplitConfig
) -> dict[str, Side]:
    """The side of each group of one set (rules 2 and 3)."""
    members: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        members[groups[draft.key]].append(draft)
    sides: dict[str, Side] = {}
    for name, inside in members.items():
        given = {draft.published for draft in inside} - {None}
        side = next((side for side in SIDES if side in given), None)
        if side is not None:
            sides[name] = side
    test_share, validation_share = cfg.test_share, cfg.validation_share
    if "test" in sides.values():
        test_share = 0.0
    if "validation" in sides.values():
        validation_share = 0.0
    strata: dict[str, list[str]] = defaultdict(list)
    for name, inside in members.items():
        if sides.get(name, "train") == "train":
            strata[_label(inside)].append(name)
    for names in strata.values():
        anchor = {name: min(draft.anchor for draft in members[name]) for name in names}
        order = sorted(names, key=lambda n: (hash_place(cfg.seed, anchor[n]), anchor[n], n))
        test = _number(test_share, len(order))
        validation = _number(validation_share, len(order))
        for place, name in enumerate(order):
            drawn: Side = "test" if place < test else "train"
            sides[name] = "validation" if test <= place < test + validation else drawn
    return sides


def _number(share: float, groups: int) -> int:
    return max(round(share * groups), 1) if share and groups >= _LEAST_FOR_ALL_SIDES else 0


def _label(drafts: Sequence[Draft]) -> str:
    counted = Counter(draft.label for draft in drafts)
    return min(counted, key=lambda label: (-counted[label], label))


def _join_all(
    drafts: Sequence[Draft],
    pairs: Sequence[Pair],
    own_groups: Mapping[str, str],
    released: Mapping[str, Side],
) -> dict[str, str]:
    """The group over all sets of each draft, by key, and of each released picture, by its tie."""
    names: set[str] = {f"\0picture {sha}" for sha in released}
    edges: list[Pair] = []
    for draft in drafts:
        ties = [f"\0picture {draft.image_sha256}", f"\0own {draft.set} {own_groups[draft.key]}"]
        if draft.isic_id is not None:
            ties.append(f"\0isic {draft.isic_id}")
        if draft.lesion is not None:
            ties.append(f"\0lesion {find_set(draft.set).about.family} {draft.lesion}")
        names |= {draft.key, *ties}
        edges += [(draft.key, tie) for tie in ties]
    edges += [(f"\0picture {one}", f"\0picture {other}") for one, other in pairs]
    return connect(names, edges)


def _settle(
    drafts: Sequence[Draft],
    joined: Mapping[str, str],
    own_sides: Mapping[str, Side],
    released: Mapping[str, Side],
) -> Divided:
    members: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        members[joined[draft.key]].append(draft)
    release_sides: dict[str, set[Side]] = defaultdict(set)
    for sha, side in released.items():
        release_sides[joined[f"\0picture {sha}"]].add(side)
    items: list[PublicItem] = []
    moved: list[Moved] = []
    left_out: list[Reject] = []
    for name, inside in members.items():
        sides = {own_sides[draft.key] for draft in inside}
        there = release_sides.get(name, set())
        side = next(s for s in SIDES if s in sides)
        if "train" in there:
            side = "train"
        held = there - {"train"}
        if (held and side == "train") or ("test" in held and side == "validation"):
            detail = f"it shows what a {min(held)} picture of the MM-Skin release shows"
            left_out += [reject("in_test_of_release", draft.key, detail) for draft in inside]
            continue
        group = min(draft.anchor for draft in inside)
        sets = sorted({draft.set for draft in inside})
        for draft in inside:
            items.append(build_item(draft, side, group))
            before = own_sides[draft.key]
            if draft.published in ("validation", "test"):
                before = draft.published
            if before != side:
                others = [other for other in sets if other != draft.set]
                others += ["MM-Skin"] * bool(there)
                shared = ", ".join(others) or draft.set
                moved.append(
                    Moved(
                        set=draft.set,
                        image=draft.image,
                        before=before,
                        after=side,
                        shared_with=shared,
                    )
                )
    return Divided(items=tuple(items), moved=tuple(moved), left_out=tuple(left_out))


def find_leaks(items: Sequence[PublicItem]) -> list[str]:
    """Say which groups, patients, lesions and pictures stand on two sides; none if all is sound."""
    found: list[str] = []
    for what in ("group_id", "patient", "lesion", "image_sha256"):
        sides: dict[str, set[str]] = defaultdict(set)
        for item in items:
            value = getattr(item, what)
            if value is not None:
                own = item.set if what in ("patient", "lesion") else "all sets"
                sides[f"{own}: {what} {value}"].add(item.split)
        found += [
            f"{name} is in {' and in '.join(sorted(there))}"
            for name, there in sorted(sides.items())
            if len(there) > 1
        ]
    return found
