"""Questions and answers from the labels of public sets, to train on (SkinVL-Pub, SkinVL-PubMM).

For each set, training and validation apart: pictures are chosen so that frequent classes do not
drown the others, each is asked one question about its label and others about what its labels tell
besides (modality, site, sex, age group, malignancy), by the wordings of MM-Skin-O. Every pair is
checked against the picture's labels as MM-Skin-O's are against their captions (`vqa.ground`).
Pictures of test are never asked about.
"""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmskin_build.config import PublicConfig, VqaConfig, Workspace
from mmskin_build.dataset.splits import hash_place
from mmskin_build.errors import PublicSetError
from mmskin_build.public.about import About
from mmskin_build.public.captions import write_caption
from mmskin_build.public.items import IMAGES, ITEMS, PublicItem, PublicSplit, read_items
from mmskin_build.public.label_questions import build_label_candidates, draw_others
from mmskin_build.public.other_questions import build_other_candidates
from mmskin_build.public.release_sides import Show, no_show
from mmskin_build.public.sets import SETS
from mmskin_build.store import plain, pretty_json, write_bytes
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.choose import Balance, Chosen, choose
from mmskin_build.vqa.ground import check_pair
from mmskin_build.vqa.reasons import Verdict

TRAIN, VALIDATION, SUMMARY = "pub_vqa.json", "pub_vqa_validation.json", "pub_vqa_summary.json"
_FILES: dict[PublicSplit, str] = {"train": TRAIN, "validation": VALIDATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSet:
    """What was asked of a set on one side: pictures there are and were chosen, pairs, refusals."""

    set: str
    split: PublicSplit
    pictures: int
    chosen: int
    pairs: int
    kinds: Mapping[str, int]
    yes: int
    no: int
    refused: Mapping[str, int]
    classes: Mapping[str, int]


def write_questions(
    workspace: Workspace, cfg: PublicConfig, show: Show = no_show
) -> tuple[AskedSet, ...]:
    """Write the questions of all prepared sets in LLaVA's form, beside the sets' folders.

    Raises:
        PublicSetError: If no set is prepared.
        StorageError: If the disk is full or the folder cannot be written.
    """
    asked: list[AskedSet] = []
    talks: dict[PublicSplit, list[dict[str, Any]]] = {split: [] for split in _FILES}
    there = [s.about for s in SETS if (workspace.public / s.about.name / ITEMS).is_file()]
    if not there:
        raise PublicSetError(
            f"{workspace.public}: no public set is prepared; run: mmskin public prepare"
        )
    for about in there:
        items = read_items(workspace.public / about.name)
        for split in _FILES:
            part = [item for item in items if item.split == split]
            if not part:
                continue
            made, told = ask(about, part, {item.label for item in items}, cfg, show)
            talks[split] += made
            asked.append(told)
    for split, name in _FILES.items():
        write_bytes(workspace.public / name, pretty_json(talks[split]))
    write_bytes(workspace.public / SUMMARY, pretty_json([plain(one) for one in asked]))
    return tuple(asked)


def ask(
    about: About,
    items: Sequence[PublicItem],
    labels: set[str],
    cfg: PublicConfig,
    show: Show = no_show,
) -> tuple[list[dict[str, Any]], AskedSet]:
    """Ask about the pictures of one set on one side.

    Args:
        about: The set.
        items: Its pictures on that side; at least one.
        labels: All labels of the set, to choose from.
        cfg: How many, and how classes are balanced.
        show: Told of each picture.

    Returns:
        Conversations in LLaVA's form, and what they are.
    """
    chosen = choose_items(items, cfg)
    ordered = sorted(labels)
    sites = sorted({item.body_site for item in items if item.body_site is not None})
    balance = Balance()
    refused: Counter[str] = Counter()
    talks: list[dict[str, Any]] = []
    pairs = 0
    for number, item in enumerate(chosen, 1):
        others = draw_others(item, ordered, cfg.seed) if about.is_exclusive else ()
        put = _ask_picture(about, item, others, sites, balance, refused, cfg)
        pairs += len(put)
        if put:
            talks.append(_talk(item, put))
        show(about.name, "questions", number, len(chosen))
    return talks, AskedSet(
        set=about.name,
        split=items[0].split,
        pictures=len(items),
        chosen=len(chosen),
        pairs=pairs,
        kinds=dict(sorted(balance.kinds.items())),
        yes=balance.says["yes"],
        no=balance.says["no"],
        refused=dict(sorted(refused.items())),
        classes=dict(sorted(Counter(item.label for item in chosen).items())),
    )


def choose_items(items: Sequence[PublicItem], cfg: PublicConfig) -> list[PublicItem]:
    """Choose pictures of one set so that its classes are balanced; in the order of their names.

    With n pictures in a class and m in the mean of the classes, `none` takes n, `sqrt` the root of
    n times m, `equal` m, and never more than n: a class that has fewer than the mean is kept whole.
    Which ones, a hash of their groups decides, so that more of a class hold those of fewer.
    """
    by_label: dict[str, list[PublicItem]] = defaultdict(list)
    for item in items:
        by_label[item.label].append(item)
    if not by_label:
        return []
    mean = len(items) / len(by_label)
    taken: list[PublicItem] = []
    for members in by_label.values():
        number = len(members)
        due = {
            "none": number,
            "sqrt": math.ceil(math.sqrt(number * mean)),
            "equal": math.ceil(mean),
        }
        most = min(number, due[cfg.balance], cfg.most_of_a_class or number)
        taken += sorted(members, key=lambda item: _order(item, cfg.seed))[:most]
    if cfg.most_of_a_set:
        taken = sorted(taken, key=lambda item: _order(item, cfg.seed))[: cfg.most_of_a_set]
    return sorted(taken, key=lambda item: item.image)


def _order(item: PublicItem, seed: int) -> tuple[float, str]:
    return hash_place(seed, item.set, item.image), item.image


def _ask_picture(
    about: About,
    item: PublicItem,
    others: tuple[str, ...],
    sites: Sequence[str],
    balance: Balance,
    refused: Counter[str],
    cfg: PublicConfig,
) -> list[Chosen]:
    kind = about.label_kind
    caption = write_caption(item, kind, others)
    check = functools.partial(_check, caption, item.modality)
    key = f"{item.set}/{item.image}"
    first = build_label_candidates(item, kind, others, cfg.seed)
    rest = build_other_candidates(item, kind, sites, cfg.seed)
    put: list[Chosen] = []
    for candidates, room in ((first, 1), (rest, cfg.pairs_a_picture - 1)):
        if room > 0:
            settings = VqaConfig(pairs_a_picture=room, seed=cfg.seed)
            found, wrong = choose(
                key, _without_surplus(candidates, balance), balance, check, settings
            )
            put += found
            refused.update(str(verdict.reason) for *_, verdict in wrong)
    return put


def _without_surplus(candidates: Sequence[Candidate], balance: Balance) -> list[Candidate]:
    """The candidates without the answer, yes or no, that has been given more often so far."""
    yes, no = balance.says["yes"], balance.says["no"]
    surplus = None if yes == no else "yes" if yes > no else "no"
    return [candidate for candidate in candidates if candidate.says != surplus or not surplus]


def _check(caption: str, modality: str | None, question: str, answer: str) -> Verdict:
    return check_pair(caption, question, answer, modality=modality, is_visual=True)


def _talk(item: PublicItem, put: Sequence[Chosen]) -> dict[str, Any]:
    turns: list[dict[str, str]] = []
    for chosen in put:
        head = "" if turns else "<image>\n"
        turns.append({"from": "human", "value": head + chosen.question})
        turns.append({"from": "gpt", "value": chosen.answer})
    return {
        "id": f"{item.set}:{item.image}",
        "image": f"{item.set}/{IMAGES}/{item.image}",
        "conversations": turns,
    }
