"""What is asked about a picture beside its label: modality, site, sex, age group, malignancy."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from mmskin_build.dataset.splits import hash_place
from mmskin_build.public.about import LabelKind
from mmskin_build.public.captions import told_of, write_caption
from mmskin_build.public.items import PublicItem
from mmskin_build.vqa.candidates import Candidate
from mmskin_build.vqa.findings import find_findings
from mmskin_build.vqa.rules import build_candidates
from mmskin_build.vqa.wordings import wordings
from mmskin_build.vqa.yes_no import build_yes_no

# What is asked as of any caption, by topic.
_BY_RULE = frozenset({"modality", "sex", "age_group"})
_PLURAL = ("buttocks", "genitals or groin", "mouth or genitals")
_MALIGNANCY = (
    "Is the lesion benign or malignant?",
    "Would you call the lesion benign or malignant?",
    "What is the lesion: benign or malignant?",
)
_IS_MALIGNANT = ("Is the lesion malignant?", "Would you call the lesion malignant?")
_IS_BENIGN = ("Is the lesion benign?", "Would you call the lesion benign?")


def build_other_candidates(
    item: PublicItem, kind: LabelKind, sites: Sequence[str], seed: int
) -> tuple[Candidate, ...]:
    """Return what is asked about a picture beside its label.

    Args:
        item: The picture.
        kind: What labels of its set name.
        sites: All body sites of its set, to be wrong by.
        seed: Another number takes other sites.
    """
    by_rule = _by_rule(write_caption(item, kind), item.modality)
    return (*by_rule, *_site(item, sites, seed), *_malignancy(item))


@functools.lru_cache(maxsize=4096)
def _by_rule(caption: str, modality: str | None) -> tuple[Candidate, ...]:
    """Pictures with the same labels share it."""
    found = find_findings(told_of(caption, modality))
    made = (*build_candidates(found), *build_yes_no(found))
    return tuple(c for c in made if c.topic in _BY_RULE and c.parent is None)


def _site(item: PublicItem, sites: Sequence[str], seed: int) -> Iterator[Candidate]:
    site = item.body_site
    if site is None or item.modality == "pathological":
        return
    be = "are" if site in _PLURAL else "is"
    affected = f"the {site} {be} affected."
    yield Candidate(
        kind="site",
        topic="site",
        questions=wordings("site", plural=False, noun="lesion"),
        answers=(affected.capitalize(), f"The site is the {site}."),
    )
    yield _yes_no("site", _asked_sites(site), f"Yes, {affected}", "yes")
    others = sorted(
        (other for other in sites if other != site),
        key=lambda other: hash_place(seed, item.set, item.image, other),
    )
    for other in others[:1]:
        yield _yes_no("site", _asked_sites(other), f"No, {affected}", "no")


def _asked_sites(site: str) -> tuple[str, ...]:
    be = "Are" if site in _PLURAL else "Is"
    return (f"{be} the {site} affected?", f"Does the image show the {site}?")


def _malignancy(item: PublicItem) -> Iterator[Candidate]:
    match (item.coarse or "").casefold():
        case "malignant":
            said, wrong = "malignant", _IS_BENIGN
            yield _yes_no("malignancy", _IS_MALIGNANT, "Yes, the lesion is malignant.", "yes")
        case "benign":
            said, wrong = "benign", _IS_MALIGNANT
            yield _yes_no("malignancy", _IS_BENIGN, "Yes, the lesion is benign.", "yes")
        case "non-malignant":
            answer = "No, the lesion is not malignant."
            yield _yes_no("malignancy", _IS_MALIGNANT, answer, "no")
            return
        case _:
            return
    yield _yes_no("malignancy", wrong, f"No, the lesion is {said}.", "no")
    yield Candidate(
        kind="other",
        topic="malignancy",
        questions=_MALIGNANCY,
        answers=(f"The lesion is {said}.",),
    )


def _yes_no(topic: str, questions: Sequence[str], answer: str, says: str) -> Candidate:
    return Candidate(
        kind="yes_no", topic=topic, questions=tuple(questions), answers=(answer,), says=says
    )
