"""Words of a caption that hint at a sensitive picture: hints for the screen, no verdict.

The screen of pictures weighs them; a word alone neither holds nor frees a picture.
"""

from __future__ import annotations

import re
from typing import Literal

from mmskin_build.text.credits import blank_credits

SensitiveCategory = Literal["face", "eyes", "genitals", "breast", "child", "tattoo", "identifier"]

_PATTERNS: tuple[tuple[SensitiveCategory, str], ...] = (
    (
        "face",
        r"\b(?:face|faces|facial|facies|countenance|portrait|physiognomy|profile (?:view|of)"
        r"|head and neck|centro-?facial|malar|butterfly rash|cheeks?|forehead|nose|nasal|chin"
        r"|perioral|heliotrope|rhinophyma|leonine|mask-?like|moon face|craniofacial"
        r"|dysmorphi\w+|hypertelorism|beard area|hirsutism|rosacea|melasma|nasolabial"
        r"|glabella\w*|temples?)\b",
    ),
    (
        "face",
        r"\bgesicht\w*|\bwangen?\b|\bstirn\b|\bnase\b|\bkinn\b|\bvisage\b|\bfront\b(?= d)"
        r"|\bjoues?\b|\bnez\b|\bcara\b|\bfacial(?:es)?\b|\bmejillas?\b|\bfrente\b|\bnariz\b"
        r"|面部|脸|颜面|面颊|额|鼻",
    ),
    (
        "face",
        r"\b(?:before and after|before \([^()]{1,20}\) and after)\b(?=[^.;]{0,60}\b(?:face"
        r"|facial|acne|laser|filler|botulinum|rhinoplasty|lip|cheek|treatment of the face)\b)",
    ),
    ("face", r"\b(?:lips?|cheilitis|mouth|perioral|ears?|auricle|pinna|helix)\b"),
    (
        "eyes",
        r"\b(?:eyes?|eyelids?|eyelash\w*|eyebrows?|periorbital|periocular|orbital|ocular"
        r"|conjunctiv\w+|canthus|madarosis|ectropion|blephar\w+|xanthelasma\w*|iris(?!"
        r" lesion)|sclera\w*|hordeolum|chalazion|trichiasis)\b|\baugen?\w*|\blider?\b"
        r"|\bpaupières?\b|\byeux\b|\bœil\b|\bpárpados?\b|\bojos?\b|眼",
    ),
    (
        "genitals",
        r"\b(?:genital\w*|genitalia|peni(?:s|le)|scrot(?:um|al)|vulv\w+|vagin\w+|labia "
        r"(?:majora|minora)|clitor\w+|glans|foreskin|prepuc\w+|perineum|perineal|perianal"
        r"|anogenital|anal|anus|pubic|pubis|mons pubis|balan\w+|testic\w+|introitus|urethral"
        r" meatus|diaper|napkin (?:area|dermatitis)|groin|inguinal|buttocks?|gluteal|natal"
        r" cleft|intergluteal|chancre|condylom\w+|chancroid)\b",
    ),
    (
        "genitals",
        r"\bpenis\w*|\bskrot\w+|\bgenitalbereich|\banogenital\w*|\bgesäß\w*|\bleiste\w*"
        r"|\bverge\b|\bpérinée\b|\bfesses?\b|\banale?\b|\bpene\b|\bescroto\b|\bnalgas?\b"
        r"|\bingle\w*|生殖器|阴|肛|臀|腹股沟",
    ),
    (
        "breast",
        r"\b(?:breasts?|nipples?|areola\w*|mammary|mastectomy|inframammary|submammary"
        r"|mastitis|gyn[ae]+comastia)\b|\bbrust\w*|\bmamillen?\b|\bsein\b|\bmamelons?\b"
        r"|\bmamas?\b|\bpezón\w*|乳",
    ),
    (
        "child",
        r"\b(?:child(?:ren|'s)?|infants?|infantile|newborns?|neonat\w+|bab(?:y|ies)|toddlers?"
        r"|boys?|girls?|adolescents?|teenage\w*|schoolchild\w*|congenital|diaper|napkin)\b|\b"
        r"(?:[1-9]|1[0-7])[ -]?(?:year|yr)s?[ -]?old\b|\b\d{1,2}[ -]?(?:month|week|day)s?["
        r" -]?old\b|\bkind(?:er|es|ern)?\b|\bsäugling\w*|\bneugeboren\w*|\bmädchen\b"
        r"|\bjungen?\b|\benfants?\b|\bnourrissons?\b|\bnouveau-né\w*|\bniñ[oa]s?\b"
        r"|\blactantes?\b|儿童|婴|患儿|新生儿|男孩|女孩",
    ),
    ("tattoo", r"\btattoo\w*|\bpiercings?\b|\btätowier\w+|\btatouage\w*|\btatuaje\w*|文身|纹身"),
    (
        "identifier",
        r"\b(?:Mr|Mrs|Ms|Miss)\.? (?-i:[A-Z])[\w'’.-]*|\bpatient'?s? (?:name|initials"
        r"|identity)\b|\b(?:hospital|record|chart|medical record|case|patient|accession|MRN"
        r"|NHS)(?: (?:no|number|ID|#)\.?|(?<=MRN))[ :#]{0,3}[A-Z]?\d{3,}|\bMRN\b[ :#]{0,3}\d+"
        r"|\bdate of birth\b|\bborn (?:on|in) \d|\bD\.?O\.?B\b|\bname ?(?:tag|plate|badge"
        r"|label)\b|\b(?:patient|case) [A-Z]\.[A-Z]\.(?:[A-Z]\.)?",
    ),
    (
        "identifier",
        r"\bwell-known (?:actor|actress|politician|artist|singer|athlete)|\bself-?portrait|\b"
        r"(?:king|queen|president|emperor|composer|painter) (?-i:[A-Z])\w+",
    ),
)
_COMPILED = tuple((name, re.compile(text, re.IGNORECASE)) for name, text in _PATTERNS)
_NOT_A_FACE = re.compile(
    r"\b(?:face (?:up|down|mask)|surface|interface|nasal swab|in the face of|face-to-face"
    r"|malar bone)\b",
    re.IGNORECASE,
)


def find_sensitive_words(caption: str) -> tuple[tuple[SensitiveCategory, int, int], ...]:
    """Find words that hint at a sensitive picture.

    Credits are not searched: "Children's Hospital" hints at nothing.

    Args:
        caption: A caption, a panel's part of one, or a heading.

    Returns:
        Category and characters `start` (inclusive) to `end` (exclusive), in order.

    >>> find_sensitive_words("Xanthelasma on the eyelid of a woman.")
    (('eyes', 0, 11), ('eyes', 19, 25))
    """
    words = blank_credits(caption)
    apart = [match.span() for match in _NOT_A_FACE.finditer(words)]
    found = {
        (match.start(), match.end(), name)
        for name, pattern in _COMPILED
        for match in pattern.finditer(words)
        if not any(start <= match.start() and match.end() <= end for start, end in apart)
    }
    return tuple((name, start, end) for start, end, name in sorted(found))
