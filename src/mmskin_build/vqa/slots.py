"""What a question asks for, and whether it is answered by yes or no."""

from __future__ import annotations

import re
from typing import Literal

# What a question asks for, by its words; the first that fits wins.
Slot = Literal[
    "age", "sex", "count", "site", "side", "color", "cell", "level", "stain", "magnification",
    "modality", "diagnosis", "shape", "border", "organism", "morphology", "size", "duration",
    "none",
]  # fmt: skip


_SLOTS: tuple[tuple[Slot, str], ...] = (
    ("magnification", r"magnif\w+|what power"),
    ("stain", r"stain\w*|dye"),
    ("age", r"how old|what age|\bage\b(?! of the lesion)|age group|decade|stage of life"),
    ("sex", r"\bsex\b|gender|male or female|female or male"),
    ("duration", r"how long|duration|since when|how many (?:days|weeks|months|years)"),
    ("count", r"how many|\bnumber of\b|\bcount\b"),
    (
        "size",
        r"how (?:large|big|wide|long|deep|thick|high)|\bsize\b|diameter|thickness|measure",
    ),
    ("side", r"which side|left or right|right or left"),
    ("color", r"colou?rs?\b|\bhue\b|what shade"),
    (
        "cell",
        r"(?:what|which) (?:\w+ ){0,3}cells?\b|cell types?"
        r"|infiltrate (?:composed|consist|made)",
    ),
    (
        "level",
        r"(?:what|which) (?:\w+ )?(?:level|layer|depth)|level of the skin|where in the skin",
    ),
    ("organism", r"organism|pathogen|parasite|microbe"),
    (
        "modality",
        r"modality|(?:what|which) (?:type|kind|sort) of (?:image|picture|photo\w*|view)"
        r"|how was (?:the|this) (?:image|picture|photo\w*)|imaging|technique",
    ),
    (
        "site",
        r"\bwhere\b|(?:which|what) (?:\w+ ){0,2}(?:parts?|sites?|areas?|regions?|locations?"
        r"|finger|body)\b|location|anatomic\w*|distribut\w*|on which|affected sites?"
        r"|sites? (?:is|are)",
    ),
    (
        "diagnosis",
        r"diagnos\w*|(?:what|which) (?:\w+ ){0,3}(?:condition|disease|disorder|tumou?r"
        r"|dermatosis|infection|entity|neoplasm|variant|type of)\b"
        r"|identify the (?:condition|disease)|name (?:of )?the (?:condition|disease)",
    ),
    ("border", r"border|margin|edge|demarcat\w*|defined|outline"),
    ("shape", r"\bshapes?\b|configur\w*|arrang\w*|pattern"),
    (
        "morphology",
        r"morpholog\w*|look like|appear\w*|describe|primary lesions?|(?:type|kind) of lesion"
        r"|what (?:is|are) (?:seen|shown|visible|present)|what (?:do|does) .{0,40}\bshow"
        r"|features?|findings?|(?:what|which) (?:type|kind)s? of (?:skin )?lesions?"
        r"|how (?:is|are|does|do)\b"
        r"|what (?:lies|is|are|surrounds?|covers?|fills?|can be seen) .{0,24}"
        r"\b(?:in|at|around|below|above|under|over|near|within|between)\b"
        r"|(?:what|which) .{0,30}(?:structures?|vessels|lesions?|changes?|vascular)",
    ),
)
_SLOT_PATTERNS = tuple((slot, re.compile(text, re.IGNORECASE)) for slot, text in _SLOTS)


SLOT_KINDS: dict[Slot, frozenset[str]] = {
    "site": frozenset({"site", "distribution"}),
    "color": frozenset({"color"}),
    "cell": frozenset({"cell"}),
    "level": frozenset({"level"}),
    "modality": frozenset({"modality"}),
    "diagnosis": frozenset({"diagnosis"}),
    "shape": frozenset({"arrangement"}),
    "border": frozenset({"border"}),
    "organism": frozenset({"organism"}),
    "morphology": frozenset(
        {
            "lesion", "arrangement", "color", "surface", "dermoscopic structure",
            "histologic structure", "cell",
        }
    ),
}  # fmt: skip


_YES_NO = re.compile(
    r"^(?:(?:in|on|at|with|for) [^,?]{2,40}, )?(?:is|are|was|were|does|do|did|has|have|had|can"
    r"|could|would|will|isn't|aren't|may)\b",
    re.IGNORECASE,
)


_REQUEST = re.compile(
    r"^(?:can|could|will|would) (?:you|we) (?:please )?(?:name|tell|describe|summari[sz]e|state"
    r"|identify|give"
    r"|explain|compare|count|specify|list|say|point out|characteri[sz]e|determine|recogni[sz]e)\b",
    re.IGNORECASE,
)


_YES = re.compile(r"^\W*(?:yes|correct|true|indeed|right)\b[\s,.;:!–-]*", re.IGNORECASE)


_NO = re.compile(r"^\W*(?:no|incorrect|false)\b(?=\s*(?:[,.;:!–-]|$))[\s,.;:!–-]*", re.IGNORECASE)


_CHOICE = re.compile(r"\bor\b|\boptions?\b|\bchoose\b|(?:^|\s)\(?A[).:]\s", re.IGNORECASE)


#: An option of a choice with its letter.
OPTION = re.compile(r"\(?\b([A-H])[).:] ?([^,;?()]+)")

ELSEWHERE = re.compile(
    r"\b(?:also|too|other|elsewhere|another|additional\w*|as well(?! as))\b", re.IGNORECASE
)


def slot_of(question: str) -> Slot:
    """Return what a question asks for.

    >>> slot_of("On which part of the nose is the nodule?"), slot_of("What colour are the nests?")
    ('site', 'color')
    """
    for slot, pattern in _SLOT_PATTERNS:
        if pattern.search(question):
            return slot
    return "none"


def is_yes_no(question: str) -> bool:
    """Whether a question can be answered by yes or no, and offers no choice."""
    text = question.strip()
    return _YES_NO.match(text) is not None and not (_CHOICE.search(text) or _REQUEST.match(text))


def polarity(answer: str) -> Literal["yes", "no"] | None:
    """Return whether an answer begins with yes or no."""
    if _YES.match(answer):
        return "yes"
    return "no" if _NO.match(answer) else None


def without_polarity(answer: str) -> str:
    """Return an answer without its leading yes or no."""
    return _NO.sub("", _YES.sub("", answer, count=1), count=1)


def offers_choice(question: str) -> bool:
    """Whether a question lists the answers to choose from."""
    return _CHOICE.search(question) is not None
