"""Can the text layer of a page be believed, or must the page be recognized anew?

Scanned books often carry an invisible text layer of unknown quality behind the page image. The
facts about a page decide cheaply; only in doubt is a strip of the page recognized and compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from mmskin_build.records import Line

Verdict = Literal["keep", "compare", "recognize"]

_IMAGE_IS_PAGE = 0.75  # share of the page that one image covers when it is a scan of the page
_FEW_CHARACTERS = 40  # a page number, a stamp
_BROKEN = 0.08  # share of meaningless characters
_GOOD_WORDS, _BAD_WORDS = 0.9, 0.6  # share of words that look like words
_ENOUGH_WORDS = 30  # to judge by words at all
_SAME_TEXT = 0.8  # similarity, in [0, 1], from which two readings are of the same text

_VOWELS = frozenset("aeiouyáàâäãåæéèêëíìîïóòôöõøœúùûüýÿ")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}")
_INNER_CAPITAL = re.compile(r"[a-zß-ÿ][A-ZÀ-Þ]")
_CODE = re.compile(r"\d{1,3}[A-Za-z]|[A-Z][A-Za-z]{0,4}\d{1,3}")  # 3A, IgG4
_NUMBER = re.compile(r"[+±<>=≤≥~–×x-]?\d[\d.,:/×x–%°-]*(?:[a-zµ]{1,4}\d?)?")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTER_ALONE = re.compile(r"[AaIiOoYy]|[A-Z]|[a-z]\)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """What decides: counts of characters, spaces apart, and shares in [0, 1].

    `image_share` is the part of the page that its largest image covers, `broken_share` the part of
    all characters that are replacement, private-use or control characters, `plausible_share` see
    `plausible_share`, `hidden_words` the number of words it is about.
    """

    image_share: float
    visible_chars: int
    hidden_chars: int
    broken_share: float
    plausible_share: float
    hidden_words: int


def judge_layer(facts: LayerFacts) -> Verdict:
    """Decide about the text layer of one page.

    A page with real visible text keeps it unless its characters mean nothing. A page image with no
    text is recognized, one with an invisible layer by what the layer's words look like.
    """
    if facts.broken_share > _BROKEN:
        return "recognize"
    if facts.visible_chars >= _FEW_CHARACTERS or facts.image_share < _IMAGE_IS_PAGE:
        return "keep"
    if facts.hidden_chars < _FEW_CHARACTERS:
        return "recognize"
    if facts.plausible_share < _BAD_WORDS:
        return "recognize"
    if facts.plausible_share >= _GOOD_WORDS and facts.hidden_words >= _ENOUGH_WORDS:
        return "keep"
    return "compare"


def plausible_share(words: Iterable[str]) -> float:
    """Share of words that are shaped like words or numbers, in [0, 1]; 1 for no words.

    No dictionary: a Latin word has a vowel, no six consonants in a row, no capital after a small
    letter and at most 28 letters. Words of other scripts count when they are letters throughout.

    >>> plausible_share(["Erythema", "of", "the", "2.5", "cm", "(nodule)."])
    1.0
    >>> plausible_share(["Frythcrna", "0f", "tlic", "rnQdt~le", "]|[", "wdth"])
    0.5
    """
    total = plausible = 0
    for word in words:
        core = word.strip(".,;:!?()[]{}\"'“”‘’«»…*†‡§-–—/")
        if not core:
            # Punctuation alone is common in noise and rare in print.
            total += len(word) > 1
            continue
        total += 1
        plausible += _is_plausible(core)
    return plausible / total if total else 1.0


@lru_cache(maxsize=16_384)
def _is_plausible(core: str) -> bool:
    if any(shape.fullmatch(core) for shape in (_NUMBER, _LETTER_ALONE, _CODE)):
        return True
    if _IDEOGRAPH.search(core):  # no spaces: the "word" is a whole clause
        return True
    parts = re.split(r"[/–—&-]", core)
    if len(parts) > 1:
        return all(not part or _is_plausible(part) for part in parts)
    if not _LATIN_WORD.fullmatch(core) or len(core) > 28:
        return False
    if not all(unicodedata.name(char, "").startswith("LATIN") for char in core if char.isalpha()):
        return True
    if core.isupper() or core[:-1].isupper():  # abbreviations have any letters
        return True
    small = core.lower()
    return (
        any(char in _VOWELS for char in small)
        and not _CONSONANTS.search(small)
        and not _INNER_CAPITAL.search(re.sub(r"^(?:Mc|Mac|De|La|Le|Van)", "", core))
    ) or len(core) <= 2


def layer_facts(
    image_share: float, visible: Sequence[Line], hidden: Sequence[Line], broken_share: float
) -> LayerFacts:
    """Gather the facts about a page; shares in [0, 1], lines as `text.read_lines` gives them."""
    words = [word for line in hidden for word in line.text.split()]
    return LayerFacts(
        image_share=image_share,
        visible_chars=_count(visible),
        hidden_chars=_count(hidden),
        broken_share=broken_share,
        plausible_share=plausible_share(words),
        hidden_words=len(words),
    )


def is_same_text(layer: str, recognized: str) -> bool:
    """Whether two readings of a strip of a page agree but for recognition errors."""
    a, b = ("".join(text.split()).casefold() for text in (layer, recognized))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= _SAME_TEXT


def _count(lines: Sequence[Line]) -> int:
    return sum(len("".join(line.text.split())) for line in lines)
