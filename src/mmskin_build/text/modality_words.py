"""What a caption and its headings say of the kind of picture: a vote of words, recorded apart.

Clinical, dermoscopic and pathological words vote for their modality; words for radiographs,
endoscopy, gross specimens and the like for `other`. Words that only tell of a method used
somewhere ("biopsy showed") weigh less than those that tell what the picture is ("H&E, x100").
Where two modalities are told in one caption that is not divided into panels, there is no vote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmskin_build.text.credits import blank_credits
from mmskin_build.text.terms import find_terms

Vote = Literal["clinical", "dermoscopic", "pathological", "other"]

STRONG, WEAK, HEADING = 1.0, 0.4, 0.3
#: The winner's weight, and its lead over the second, for a vote.
ENOUGH, LEAD = 0.6, 0.5

_WORDS: tuple[tuple[Vote, float, str], ...] = (
    (
        "dermoscopic",
        STRONG,
        r"\bdermatoscop\w+|\btrichoscop\w+|\bonychoscop\w+|\bepiluminescence|\bdermatoskop\w+"
        r"|\bauflichtmikroskop\w+|\bdermoscop\w+|\bvideodermoscop\w+|\binflammoscop\w+"
        r"|\bentomodermoscop\w+|皮肤镜|毛发镜",
    ),
    (
        "dermoscopic",
        STRONG,
        r"\b(?:pigment(?:ed)?|atypical|typical) network\b|\bblue-?white (?:veil|structures)\b"
        r"|\bmilia-like cysts\b|\bcomedo-like openings\b|\bleaf-?like areas\b|\barborizing"
        r" vessels\b|\barborising vessels\b|\bparallel (?:ridge|furrow) pattern\b|\bmaple"
        r" leaf-like\b|\b(?:spoke wheel|rosettes|shiny white) (?:areas|lines|streaks"
        r"|structures)\b|\bdotted vessels\b|\bhairpin vessels\b|\bglomerular vessels\b"
        r"|\bblue-?gr[ae]y (?:ovoid nests|globules|dots)\b|\bregression structures\b"
        r"|\bstarburst pattern\b|\bglobular pattern\b|\breticular pattern\b|\bexclamation"
        r" mark hairs\b",
    ),
    (
        "pathological",
        STRONG,
        r"\bhistopatholog\w+|\bhistolog\w+|\bphotomicrograph\w*|\bmicrophotograph\w*"
        r"|\bmicrograph\w*|\b(?:low|high|medium|scanning)[ -](?:power|magnification)\b"
        r"|\bimmunohistochem\w+|\bimmunostain\w*|\bimmunoperoxidase|\bimmunofluorescen\w+"
        r"|\bcytolog\w+|\btzanck|\bsmear\b|\belectron micro\w+|\bultrastructur\w+"
        r"|\bhistopathologie|\bhistologisch\w*|\bhistologique\w*|\bhistológic\w+"
        r"|\banatomopatholog\w+|组织病理|病理",
    ),
    (
        "pathological",
        STRONG,
        r"\bacanthosis\b|\bspongiosis\b|\bparakeratosis\b|\bhyperkeratosis with\b|\bdermal"
        r" papillae\b|\bmelanocyt\w+ nests?\b|\bnests of\b|\binfiltrate (?:of|in|composed"
        r"|consisting|around)|\blymphocytic infiltrate\b|\bperivascular\b|\bkeratinocytes?\b"
        r"|\bgiant cells?\b|\bpalisad\w+|\bmitos[ei]s\b|\bmitotic figures?\b|\bcleft"
        r"(?:ing)?\b|\bacantholy\w+|\bvacuolar (?:change|degeneration|alteration)|\brete"
        r" ridges?\b|\bepidermotropism\b|\bcollagen bundles?\b|\bintraepidermal\b"
        r"|\bsubepidermal\b|\bgranulomas?\b(?= (?:with|composed|in the dermis|around))"
        r"|\bhyphae\b|\bspindle cells?\b",
    ),
    (
        "pathological",
        WEAK,
        r"\bbiops(?:y|ies)\b|\bspecimens?\b|\bsections?\b|\bstain(?:ed|ing|s)?\b|\bbiopsie\b"
        r"|\bbiopsia\b|活检",
    ),
    (
        "clinical",
        STRONG,
        r"\bclinical (?:appearance|photograph\w*|picture|view|presentation|features?"
        r"|findings?|image|aspect|lesions?)\b|\bclinical and (?:dermoscop|dermatoscop|histo"
        r"|microscop|patholog)\w+|\bclinically\b|\bmacroscopic (?:appearance|view)\b"
        r"|\bphotograph (?:of|showing)\b|\bklinisch\w*|\baspect clinique|\bclínic[ao]s?\b|临床",
    ),
    (
        "clinical",
        WEAK,
        r"\bplaques?\b|\bpapules?\b|\bmacules?\b|\bnodules?\b|\bvesicles?\b|\bbullae\b"
        r"|\bblisters?\b|\bpustules?\b|\bulcers?\b|\brash\b|\beruption\b|\berythema"
        r"(?:tous)?\b|\bpatch(?:es)?\b|\bwheals?\b|\bcrust(?:s|ed|ing)?\b|\bscal(?:e|es|ing"
        r"|y)\b|\bexcoriat\w+|\bscars?\b|\balopecia\b|\bulceration\b|\blesions?\b"
        r"|\bpigmentation\b|\bswelling\b|\bon the (?:\w+ )?(?:face|cheek|nose|scalp|trunk"
        r"|back|leg|legs|arm|arms|forearm|hand|hands|foot|feet|palm|palms|sole|soles|chest"
        r"|abdomen|thigh|neck|shin|ear|lip|finger|fingers|buttock|buttocks)\b|红斑|丘疹|斑块",
    ),
    (
        "other",
        STRONG,
        r"\b(?:plain |chest )?(?:radiograph\w*|x-?rays?|roentgen\w*|röntgen\w*|radiograf\w+"
        r"|radiographie)\b|\bMRI\b|\bmagnetic resonance\b|\bCT (?:scan|image|shows"
        r"|angiogra\w+)|\bcomputed tomograph\w+|\bultraso(?:und|nogra\w+)|\bsonogra\w+"
        r"|\bendoscop\w+|\bcolonoscop\w+|\bgastroscop\w+|\bgross (?:specimen|appearance"
        r"|pathology)\b|\bresect(?:ed|ion) specimen\b|\bangiogra\w+|\bscintigra\w+|\bPET(?:["
        r" -/]CT)?\b|\borthopantomogram|\bfundus\b|\bmammogra\w+|\bechocardiogra\w+"
        r"|\bconfocal micro\w+|\boptical coherence|\bthermogra\w+|\bculture (?:plate|on|of)\b"
        r"|\bagar\b|\bautops\w+|\bkaryo(?:type\w*|gram\w*)|\bmetaphases?\b|\b(?:meta|acro|telo)centric"
        r" chromosomes?|\bgel electrophoresis\b|\b(?:Western|Southern|immuno)[ -]?blot\w*"
        r"|\bflow cytomet\w+|X线|超声|磁共振",
    ),
)
_PATTERNS = tuple((vote, weight, re.compile(text, re.IGNORECASE)) for vote, weight, text in _WORDS)
_LARGE_MAGNIFICATION = 25  # dermoscopy ends about there


@dataclass(frozen=True, slots=True, kw_only=True)
class WordEvidence:
    """Words for a modality: characters `start` (inclusive) to `end` (exclusive) of a text.

    `heading` is None for the caption, else the index of the heading.
    """

    vote: Vote
    weight: float
    start: int
    end: int
    heading: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityWords:
    """The vote of the words; None abstains. `weights` has the sum of each modality that is told."""

    vote: Vote | None
    weights: tuple[tuple[Vote, float], ...]
    evidence: tuple[WordEvidence, ...]


def find_modality_words(caption: str, headings: Sequence[str] = ()) -> ModalityWords:
    """Let the words of a caption and of the headings above it vote for a kind of picture.

    Args:
        caption: The picture's own text: the panel's part where there is one.
        headings: Titles of the chapter and section that the picture stands in, the nearest last;
            they alone never decide against the caption.

    Returns:
        The vote with its evidence; None where the words are silent, weak or contradict each other.

    >>> find_modality_words("Acanthosis and spongiosis (H&E, x100).").vote
    'pathological'
    >>> find_modality_words("Clinical and histological features.").vote is None
    True
    """
    evidence = _evidence(blank_credits(caption), None)
    for index, heading in enumerate(headings):
        evidence += _evidence(heading, index)
    weights: dict[Vote, float] = {}
    strong: set[Vote] = set()
    for item in evidence:
        weights[item.vote] = weights.get(item.vote, 0.0) + item.weight
        if item.heading is None and item.weight == STRONG:
            strong.add(item.vote)
    # Words for lesions are in every caption: they count once, and only where nothing else speaks.
    weak_clinical = "clinical" in weights and "clinical" not in strong
    if weak_clinical:
        weights["clinical"] = min(weights["clinical"], 2 * WEAK) if len(weights) == 1 else 0.0
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    vote: Vote | None = None
    if ordered and ordered[0][1] >= ENOUGH and len(strong) <= 1:
        second = ordered[1][1] if len(ordered) > 1 else 0.0
        if ordered[0][1] - second >= LEAD:
            vote = ordered[0][0]
    if strong and vote not in strong:
        vote = None
    return ModalityWords(
        vote=vote,
        weights=tuple((name, round(weight, 3)) for name, weight in ordered),
        evidence=tuple(evidence),
    )


def _evidence(text: str, heading: int | None) -> list[WordEvidence]:
    found: list[WordEvidence] = []
    for vote, weight, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            found.append(
                WordEvidence(
                    vote=vote,
                    weight=weight if heading is None else HEADING * weight,
                    start=match.start(),
                    end=match.end(),
                    heading=heading,
                )
            )
    if heading is None:
        for term in find_terms(text):
            large = term.kind == "magnification" and (
                float(term.value.lstrip("×").split()[0]) > _LARGE_MAGNIFICATION
            )
            if term.kind == "stain" or large:
                found.append(
                    WordEvidence(vote="pathological", weight=STRONG, start=term.start, end=term.end)
                )
    return sorted(found, key=lambda e: (e.start, e.end, e.vote))
